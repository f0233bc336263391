"""What leaves the spiders' room: single records as bytes. And how a file becomes them: `cut`.

Called by the spiders for each answer and by `harvester import` for each file; `spiders/<registry>.py` knows where a record of
its registry begins and ends and which number it carries. Nobody here interprets another field.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, BinaryIO

from msgspec import Struct

from spiders.slices import LARGEST


class RawRecord(Struct, frozen=True, kw_only=True):
    """One record as its registry served it, on its way into the archive."""

    source: str  # ctgov, ictrp, euctr
    registry_id: str  # NCT05557201, EUCTR2017-001400-29-FR
    url: str  # where it was fetched; for imported files `import:` and the name of the file
    media_type: str  # with charset where one was said
    body: bytes
    fetched_at: str  # ISO 8601, UTC, seconds: 2026-11-21T08:30:00Z
    fingerprint: str  # sha256 of the body without the parts that change without meaning
    head: str = ""  # status line and headers of the answer, when the record is the whole of it


def now() -> str:
    """The time in UTC, in seconds, as the archive keeps it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Piece(Struct, frozen=True, kw_only=True):
    """One record's bytes cut from an answer, or bytes that hold none and the reason why."""

    body: bytes
    media_type: str
    registry_id: str | None = None
    fingerprint: str = ""
    reason: str | None = None  # a sentence; set when the bytes are no record


class NotAPage(Exception):
    """The answer is not what the interface promises. The message is a sentence that says what it is."""


Note = Callable[[str], None]


def cut(source: str, stream: BinaryIO, note: Note) -> Iterator[Piece]:
    """The records of a file that a person downloaded, in its order; `note` is told what is no error but worth a line.

    A zip is opened and each member cut. Memory stays bounded by the largest record, whatever the size of the file.
    """
    if stream.read(4) == b"PK\x03\x04":
        stream.seek(0)
        yield from _cut_zip(source, stream, note)
        return
    stream.seek(0)
    if not stream.read(1):
        yield Piece(body=b"", media_type="application/octet-stream", reason="the file is empty")
        return
    stream.seek(0)
    yield from _registry(source).cut(stream, note)


def _registry(source: str) -> ModuleType:
    """`spiders/<source>.py`, whose `cut` knows the registry's files."""
    return import_module(f"spiders.{source}")


#: Bytes of a member's header in a zip, without its name (APPNOTE.TXT 4.3.7).
_ZIP_HEADER = 30


def _cut_zip(source: str, stream: BinaryIO, note: Note) -> Iterator[Piece]:
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as problem:
        reason = f"the zip is broken ({problem}): download it again"
        stream.seek(0)
        yield Piece(body=rest_of(b"", stream), media_type="application/zip", reason=reason)
        return
    for member in archive.infolist():
        if member.is_dir() or not member.file_size:
            continue
        try:
            with archive.open(member) as inside:
                yield from _registry(source).cut(inside, note)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as problem:
            reason = f"{member.filename} in the zip cannot be unpacked: {problem}"
            stream.seek(member.header_offset)  # what is kept is the member as it is packed, its header before it
            packed = stream.read(min(member.compress_size + _ZIP_HEADER + len(member.filename.encode()), LARGEST))
            yield Piece(body=packed, media_type="application/zip", reason=reason)


class Joined(io.RawIOBase):
    """A stream whose first bytes were read already, put together again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :] if self._head else b""
        buffer[: len(piece)] = piece
        return len(piece)


def rest_of(head: bytes, stream: BinaryIO) -> bytes:
    return head + stream.read(LARGEST - len(head))


def looks_like(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if start.startswith(b"<"):
        return "application/xml"
    return "application/json" if start.startswith((b"{", b"[")) else "application/octet-stream"


def refusal(wanted: str, head: bytes) -> str:
    return f"expected {wanted}, found {what_it_is(head)}"


#: What the first bytes of a wrong answer look like, and what to say of it.
_LOOKS_LIKE: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), words)
    for pattern, words in (
        (rb"\s*$", "nothing but blanks"),
        (rb".{0,3000}(captcha|are you a robot|challenge-platform|verify you are human)", "a captcha page: the registry asks for a person; try later or download by hand"),
        (rb".{0,400}<clinical_study", "the XML of the classic ClinicalTrials.gov, ended in June 2024: download JSON"),
        (rb".{0,400}<(rss|feed)\b", "a news feed"),
        (rb".{0,600}<Trials_downloaded_from_ICTRP", "an ICTRP export: use `harvester import ictrp`"),
        (rb".{0,600}<(allTrials|fullTrial)", "an ISRCTN answer: use `harvester import isrctn`"),
        (rb"\s*\{\s*\"(FullStudiesResponse|StudyFieldsResponse)", "an answer of the classic API v1, ended in June 2024: download JSON of API v2"),
        (rb"(\xef\xbb\xbf)?\s*<(!doctype html|html)", "a page of HTML"),
        (rb"(\xef\xbb\xbf)?\s*<", "XML of another kind"),
        (rb"(\xef\xbb\xbf)?\"?NCT Number", "the website's CSV, whose columns are the user's choice: download JSON"),
        (rb"PK\x03\x04", "a zip"),
        (rb"\x1f\x8b", "gzip: unpack it first"),
        (rb"\s*[\[{]", "JSON of another shape"),
        (rb".*\x00", "binary data"),
    )
)  # fmt: skip


def what_it_is(head: bytes) -> str:
    """A few words for bytes that are not what was due."""
    start = head[:4000]
    for pattern, words in _LOOKS_LIKE:
        if pattern.match(start):
            return words
    return "text of another kind"
