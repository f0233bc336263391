"""Files that a person downloaded -> archive.db. Called by `harvester import` and, for inboxes, by `harvester refresh`.

A file is cut into records by `spiders.payloads` and each is filed with the file's own date as the time of capture, so that
importing the same files again, later or in another order, gives the same archive content.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct, field

from harvester.archive import Archive, Verdict
from harvester.history import is_imported
from harvester.keys import KeyCount
from harvester.verdicts import some
from spiders.payloads import RawRecord, cut, now

#: Records between two commits: a kill costs at most the reading of so many, which the next import does again.
_BATCH = 500


class Refusal(Struct, frozen=True):
    """Bytes of a file that became no record."""

    file: str
    registry_id: str | None
    reason: str


class Imported(Struct):
    """What an import came to."""

    files: int = 0
    records: int = 0
    ids: set[str] = field(default_factory=set)
    verdict: Verdict | None = None
    refusals: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def files_of(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """(file, name to show) of files and, for folders, everything below them in the order of names; hidden ones left out."""
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for file in sorted(path.rglob("*")):
            relative = file.relative_to(path)
            if file.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield file, relative.as_posix()


def import_files(
    archive: Archive, source: str, files: list[tuple[Path, str]], progress: Callable[[int], None] = lambda read: None
) -> Imported:
    """Files the records of `source` that the files hold. Unreadable ones are kept with their reason, never dropped.

    `progress` is told how many bytes of the files have been read.
    """
    done = Imported(
        verdict=Verdict(registry=source, query=f"import of {len(files)} file{'s' if len(files) != 1 else ''}")
    )
    verdict = done.verdict
    assert verdict is not None
    verdict.kind = "import"
    verdict.run_id = run_id = archive.start_run(source, verdict.query, now(), verdict.kind)
    keys = KeyCount()
    for file, name in files:
        done.files += 1
        _import_file(archive, run_id, source, file, name, done, verdict, keys, progress)
        verdict.bytes += file.stat().st_size
        progress(verdict.bytes)
    verdict.stored = verdict.new + verdict.changed + verdict.unchanged
    verdict.rejected = len(done.refusals)
    verdict.announced = verdict.stored + verdict.rejected
    if done.notes:
        verdict.verdict = "incomplete"
        verdict.message = some(done.notes)
    if done.refusals:
        verdict.verdict = "incomplete"
        verdict.message = f"{refused(done)}: {some(list(dict.fromkeys(refusal.file for refusal in done.refusals)))}"
    keys.settle(archive, run_id, verdict)
    # Only with the verdict: files of a run that is cut off are read again.
    archive.db.executemany(
        "INSERT OR IGNORE INTO imported_files VALUES (?, ?, ?)",
        [(source, sha256_of(file), run_id) for file, _ in files],
    )
    archive.finish_run(run_id, verdict, now())
    return done


def new_files(archive: Archive, source: str, files: list[tuple[Path, str]]) -> list[tuple[Path, str]]:
    """Those of the files whose bytes were not imported before, under whatever name."""
    return [(file, name) for file, name in files if not is_imported(archive, source, sha256_of(file))]


def sha256_of(file: Path) -> str:
    """sha256 of a file's bytes, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def refused(done: Imported) -> str:
    """How many entries became no record, as words."""
    count = len(done.refusals)
    return f"{count:,} {'entry' if count == 1 else 'entries'} could not be read"


def _import_file(
    archive: Archive,
    run_id: int,
    source: str,
    file: Path,
    name: str,
    done: Imported,
    verdict: Verdict,
    keys: KeyCount,
    progress: Callable[[int], None],
) -> None:
    url = f"import:{name}"
    fetched_at = _utc(file.stat().st_mtime)
    with file.open("rb") as stream:
        for piece in cut(source, stream, lambda note: done.notes.append(f"{name}: {note}")):
            if piece.reason is not None or piece.registry_id is None:
                reason = piece.reason or "no record"
                archive.reject(run_id, source, piece.registry_id, url, piece.media_type, piece.body, reason)
                done.refusals.append(Refusal(name, piece.registry_id, reason))
                continue
            keys.add(piece.body, piece.media_type)
            arrival = archive.store(
                run_id,
                RawRecord(
                    source=source,
                    registry_id=piece.registry_id,
                    url=url,
                    media_type=piece.media_type,
                    body=piece.body,
                    fetched_at=fetched_at,
                    fingerprint=piece.fingerprint,
                ),
            )
            setattr(verdict, arrival, getattr(verdict, arrival) + 1)
            done.records += 1
            done.ids.add(piece.registry_id)
            if done.records % _BATCH == 0:
                archive.commit()
                progress(verdict.bytes + stream.tell())


def _utc(timestamp: float) -> str:
    return datetime.datetime.fromtimestamp(timestamp, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
