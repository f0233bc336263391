"""Files that a person downloaded -> archive.db. Called by `harvester import` and, for inboxes, by `harvester refresh`.

A file is cut into records by `spiders.payloads` and each is filed with the file's own date as the time of capture (a date that lies
ahead is today), so that importing the same files again, later or in another order, gives the same archive content. A file that
cannot be read is kept as a refusal and does not stop the others.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, field

from harvester.archive import Archive, Verdict
from harvester.history import is_imported
from harvester.keys import KeyCount
from harvester.verdicts import some
from spiders.payloads import Piece, RawRecord, cut, now

#: Records between two commits: a kill costs at most the reading of so many, which the next import does again.
_BATCH = 500


class Refusal(Struct, frozen=True):
    """Bytes of a file that became no record."""

    file: str
    registry_id: str | None
    reason: str


class Imported(Struct):
    """What an import came to."""

    verdict: Verdict
    files: int = 0
    records: int = 0
    ids: set[str] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def files_of(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """(file, name to show) of files and, for folders, everything below them in the order of names, also by links; hidden ones left
    out.

    A folder that cannot be looked into and a link that leads nowhere are among them: reading them tells what is wrong.
    """
    for path in paths:
        if not path.is_dir():
            yield path, _shown(path.name)
            continue
        for file in sorted(_below(path)):
            parts = file.relative_to(path).parts
            if not any(part.startswith(".") for part in parts):
                yield file, _shown("/".join(parts) or path.name)


def _shown(name: str) -> str:
    """A file's name as text that can be stored and printed: bytes that are no UTF-8 and control characters are spelled out."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _below(path: Path) -> list[Path]:
    found: list[Path] = []
    entered: set[tuple[int, int]] = set()  # folders, so that a link to one above ends

    def shut(problem: OSError) -> None:
        found.append(Path(problem.filename))

    for folder, folders, names in os.walk(path, onerror=shut, followlinks=True):
        here = Path(folder).stat()
        if (here.st_dev, here.st_ino) in entered:
            folders.clear()
            continue
        entered.add((here.st_dev, here.st_ino))
        folders.sort()  # of two ways to a folder always the same one
        found += [file for name in names if _may_be_read(file := Path(folder, name))]
    return found


def _may_be_read(file: Path) -> bool:
    """Whether it is no socket, pipe or device."""
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return True


def size_of(file: Path) -> int:
    """Bytes of a file; 0 when it cannot be looked at."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def import_files(
    archive: Archive, source: str, files: list[tuple[Path, str]], progress: Callable[[int], None] = lambda read: None
) -> Imported:
    """Files the records of `source` that the files hold. Unreadable ones are kept with their reason, never dropped.

    `progress` is told how many bytes of the files have been read.
    """
    query = f"import of {len(files)} file{'s' if len(files) != 1 else ''}"
    verdict = Verdict(registry=source, query=query, kind="import")
    verdict.run_id = archive.start_run(source, query, now(), verdict.kind)
    done, keys = Imported(verdict), KeyCount()
    read: list[str] = []  # sha256 of each file
    for file, name in files:
        done.files += 1
        try:
            stream = _opened(file, archive)
        except OSError as problem:
            reason = f"it cannot be read ({problem.strerror or problem}): mend that and import it again"
            _refuse(archive, done, name, Piece(body=b"", media_type="application/octet-stream", reason=reason))
            continue
        with stream:
            read.append(hashlib.file_digest(stream, "sha256").hexdigest())
            stream.seek(0)
            _import_file(archive, done, stream, name, keys, progress)
            verdict.bytes += os.fstat(stream.fileno()).st_size
        progress(verdict.bytes)
    verdict.stored = verdict.new + verdict.changed + verdict.unchanged
    verdict.rejected = len(done.refusals)
    verdict.announced = verdict.stored + verdict.rejected
    if done.notes:
        verdict.verdict = "incomplete"
        verdict.message = some(done.notes)
    if done.refusals:
        verdict.verdict = "incomplete"
        reasons = {refusal.file: refusal.reason for refusal in reversed(done.refusals)}  # of each file the first
        verdict.message = f"{refused(done)}: " + some([f"{file} ({reasons[file]})" for file in reversed(reasons)])
    keys.settle(archive, verdict.run_id, verdict)
    # Only with the verdict: files of a run that is cut off are read again.
    archive.db.executemany(
        "INSERT OR IGNORE INTO imported_files VALUES (?, ?, ?)", [(source, sha256, verdict.run_id) for sha256 in read]
    )
    archive.finish_run(verdict.run_id, verdict, now())
    return done


def _opened(file: Path, archive: Archive) -> BufferedReader:
    """Raises OSError where there is nothing to read; for what is not read either, it says why."""
    if not _may_be_read(file):
        raise OSError("it is no file but a pipe or a device: save what it brings in a file")
    if file.resolve().parent == archive.path.resolve().parent and file.name.startswith(_OWN):
        raise OSError("it is a file of the harvester itself: keep what is to be read in a folder of its own")
    return file.open("rb")


#: How files begin that the harvester keeps in its data folder; hidden ones are not read anyway.
_OWN = ("archive.db", "catalogue.db")


def new_files(archive: Archive, source: str, files: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Those of the files whose bytes were not imported before, under whatever name, and those that cannot be read."""
    return [(file, name) for file, name in files if not _was_read(archive, source, file)]


def _was_read(archive: Archive, source: str, file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return is_imported(archive, source, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError:
        return False


def refused(done: Imported) -> str:
    """How many entries became no record, as words."""
    count = len(done.refusals)
    return f"{count:,} {'entry' if count == 1 else 'entries'} could not be read"


def _import_file(
    archive: Archive, done: Imported, stream: BinaryIO, name: str, keys: KeyCount, progress: Callable[[int], None]
) -> None:
    verdict = done.verdict
    fetched_at = _utc(min(os.fstat(stream.fileno()).st_mtime, time.time()))
    for piece in cut(verdict.registry, stream, lambda note: done.notes.append(f"{name}: {note}")):
        if piece.reason is not None or piece.registry_id is None:
            _refuse(archive, done, name, piece)
            continue
        keys.add(piece.body, piece.media_type)
        record = RawRecord(
            source=verdict.registry,
            registry_id=piece.registry_id,
            url=f"import:{name}",
            media_type=piece.media_type,
            body=piece.body,
            fetched_at=fetched_at,
            fingerprint=piece.fingerprint,
        )
        arrival = archive.store(verdict.run_id, record)
        setattr(verdict, arrival, getattr(verdict, arrival) + 1)
        done.records += 1
        done.ids.add(piece.registry_id)
        if done.records % _BATCH == 0:
            archive.commit()
            progress(verdict.bytes + stream.tell())


def _refuse(archive: Archive, done: Imported, name: str, piece: Piece) -> None:
    reason = piece.reason or "no record"
    run_id, source = done.verdict.run_id, done.verdict.registry
    archive.reject(run_id, source, piece.registry_id, f"import:{name}", piece.media_type, piece.body, reason)
    done.refusals.append(Refusal(name, piece.registry_id, reason))


def _utc(timestamp: float) -> str:
    return datetime.datetime.fromtimestamp(timestamp, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
