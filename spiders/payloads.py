"""Cuts what a registry serves (a page, an export file, a download) into the bytes of single records.

Called by the spiders for each answer and by `harvester import` for each file. Knows where a record begins and ends and
which number it carries; interprets no other field.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from spiders.slices import CHUNK, LARGEST, Slice, csv_records, json_objects, texts_headed, xml_elements


class RawRecord(Struct, frozen=True, kw_only=True):
    """One record as its registry served it, on its way into the archive."""

    source: str  # ctgov, ictrp, euctr
    registry_id: str  # NCT05557201, EUCTR2017-001400-29-FR
    url: str  # where it was fetched; for imported files `import:` and the name of the file
    media_type: str  # with charset where one was said
    body: bytes
    fetched_at: str  # ISO 8601, UTC, seconds: 2026-11-21T08:30:00Z
    fingerprint: str  # sha256 of the body without the parts that change without meaning


class Piece(Struct, frozen=True, kw_only=True):
    """One record's bytes cut from an answer, or bytes that hold none and the reason why."""

    body: bytes
    media_type: str
    registry_id: str | None = None
    fingerprint: str = ""
    reason: str | None = None  # a sentence; set when the bytes are no record


class Page(Struct, frozen=True, kw_only=True):
    """One answer of ClinicalTrials.gov's `/studies`."""

    pieces: list[Piece]
    total: int | None  # totalCount: on the first page only
    token: str | None  # nextPageToken: opaque; missing on the last page


class NotAPage(Exception):
    """The answer is not what the interface promises. The message is a sentence that says what it is."""


Note = Callable[[str], None]

# --------------------------------------------------------------------------------------------- ClinicalTrials.gov

#: `/studies/{nctId}` accepts 1 to 8 digits after zeros; a stored record always has eight.
_NCT = re.compile(r"NCT\d{8}")
#: derivedSection.miscInfoModule.versionHolder changes with every data release and means nothing.
_VERSION_HOLDER = re.compile(rb'"versionHolder"\s*:\s*"[^"]*"')


class _Identification(Struct):
    nctId: Any = None


class _Protocol(Struct):
    identificationModule: _Identification | None = None


class _Study(Struct):
    protocolSection: _Protocol | None = None


class _Answer(Struct):
    studies: list[msgspec.Raw] | None = None
    nextPageToken: str | None = None
    totalCount: int | None = None
    protocolSection: msgspec.Raw | None = None


#: What decoding broken JSON raises; nesting of a hundred thousand brackets is broken too.
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_study = msgspec.json.Decoder(_Study).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def ctgov_page(body: bytes) -> Page:
    """The studies of one `/studies` answer. Raises NotAPage when it is not one."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{"):
        raise NotAPage(f"expected a JSON page of studies, found {_what_it_is(body)}")
    try:
        answer = _decode_answer(start)
    except _BROKEN as problem:
        return _broken_page(start, problem)
    if answer.studies is None:
        raise NotAPage('the JSON has no "studies": ' + _what_it_is(body))
    pieces = [_ctgov_piece(bytes(raw)) for raw in answer.studies]
    return Page(pieces=pieces, total=answer.totalCount, token=answer.nextPageToken)


def _broken_page(body: bytes, problem: Exception) -> Page:
    """Studies of a page that strict JSON refuses (a lone surrogate, a broken study): each is judged for itself."""
    listed = re.search(rb'"studies"\s*:\s*\[', body)
    if not listed:
        raise NotAPage(f'the JSON is broken ({problem}) and has no "studies"') from problem
    slices = list(json_objects(io.BytesIO(), body[listed.end() :]))
    total = re.search(rb'"totalCount"\s*:\s*(\d+)', body[: listed.start()] + body[-400:])
    token = re.search(rb'"nextPageToken"\s*:\s*"([^"]+)"', body[: listed.start()] + body[-400:])
    if not all(piece.whole for piece in slices):
        raise NotAPage(f"the page is cut off in the middle of a study ({len(body):,} bytes arrived)") from problem
    return Page(
        pieces=[_ctgov_piece(piece.body) for piece in slices],
        total=int(total[1]) if total else None,
        token=token[1].decode() if token else None,
    )


def _ctgov_piece(body: bytes) -> Piece:
    try:
        study = _decode_study(body)
        number = study.protocolSection and study.protocolSection.identificationModule
        found = number.nctId if number else None
    except _BROKEN as problem:
        try:
            # The standard library reads lone surrogates and control characters, which strict JSON refuses.
            found = json.loads(body, strict=False)["protocolSection"]["identificationModule"]["nctId"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return Piece(body=body, media_type="application/json", reason=f"the study is not readable JSON: {problem}")
    if isinstance(found, str) and _NCT.fullmatch(found):
        return Piece(
            body=body, media_type="application/json", registry_id=found, fingerprint=fingerprint("ctgov", body)
        )
    if found is None:
        reason = f"no study of API v2: protocolSection.identificationModule.nctId is missing; {_what_it_is(body)}"
    elif isinstance(found, list):
        reason = "every scalar is a list of one (a page re-written by R's jsonlite): export it again with auto_unbox"
    else:
        reason = f"nctId {found!r} is not of the form NCT and eight digits"
    return Piece(body=body, media_type="application/json", reason=reason)


def _cut_ctgov(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    head = stream.read(CHUNK)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        yield Piece(body=_rest(head, stream), media_type=_media_type(head), reason=_refusal("a JSON study or page", head))
        return
    rest = stream.read(LARGEST - len(head))
    if len(head) + len(rest) < LARGEST:
        yield from _cut_ctgov_text(start + rest, note)
        return
    listed = re.search(rb'"studies"\s*:\s*\[', start)
    study = re.search(rb'"protocolSection"', start)
    begin = listed.end() if listed and (not study or listed.start() < study.start()) else 0
    for found in json_objects(stream, start[begin:] + rest):
        yield _ctgov_slice(found)


def _cut_ctgov_text(body: bytes, note: Note) -> Iterator[Piece]:
    """A whole file in memory: a study, a page, an array, or one study a line."""
    try:
        if body.startswith(b"["):
            yield from (_ctgov_piece(bytes(raw)) for raw in _decode_array(body))
            return
        answer = _decode_answer(body)
    except _BROKEN:
        listed = re.search(rb'"studies"\s*:\s*\[', body)
        study = body.find(b'"protocolSection"')
        begin = listed.end() if listed and (study < 0 or listed.start() < study) else 0
        empty = True
        for found in json_objects(io.BytesIO(), body[begin:]):
            empty = False
            yield _ctgov_slice(found)
        if empty:
            reason = "the JSON is cut off or broken and holds no whole study: download it again"
            yield Piece(body=body, media_type="application/json", reason=reason)
        return
    if answer.studies is None:
        yield _ctgov_piece(body)
        return
    if answer.totalCount is not None and answer.totalCount > len(answer.studies):
        note(f"the page holds {len(answer.studies):,} of {answer.totalCount:,} announced studies: incomplete")
    yield from (_ctgov_piece(bytes(raw)) for raw in answer.studies)


def _ctgov_slice(found: Slice) -> Piece:
    if found.whole:
        return _ctgov_piece(found.body)
    reason = "the file ends in the middle of a study: download it again"
    return Piece(body=found.body, media_type="application/json", reason=reason)


# ------------------------------------------------------------------------------------------------------ WHO ICTRP

_TRIAL_ID = re.compile(rb"<TrialID>\s*(?:<!\[CDATA\[)?\s*([^<\]]*?)\s*(?:\]\]>\s*)?</TrialID>")
_TRIAL_ID_LABEL = re.compile(rb'id="DataList3_ctl01_TrialIDLabel"[^>]*>(?:\s|<[^>]*>)*([^<]*?)\s*<')
_PORTAL_PAGE = re.compile(rb"(?i)<!doctype html|<html|\bDataList\d|aspnetForm|<table|<span")
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_VOLATILE_XML = re.compile(rb"<(Export_date|Internal_Number)>[^<]*</\1>")
_VOLATILE_HTML = re.compile(rb'<input type="hidden"[^>]*>')


def _cut_ictrp(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    head = stream.read(CHUNK)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    whole = io.BufferedReader(_Joined(head, stream), CHUNK)
    if _PORTAL_PAGE.search(start):
        yield ictrp_page(whole.read(LARGEST))
    elif start.startswith(b"<") or b"<Trial>" in start:
        yield from _cut_ictrp_xml(whole, head)
    elif re.match(rb'"?(TrialID|Trial ID|Internal Number)\b', start, re.IGNORECASE) or b"TrialID" in start[:2000]:
        yield from _cut_ictrp_csv(whole)
    else:
        yield Piece(body=_rest(head, stream), media_type=_media_type(head), reason=_refusal("an ICTRP export", head))


def ictrp_page(body: bytes) -> Piece:
    """The record of one `Trial2.aspx` page; a page without TrialID is what the portal answers for an unknown number."""
    found = _TRIAL_ID_LABEL.search(body)
    number = found[1].decode("utf-8", "replace").strip() if found else ""
    media_type = "text/html; charset=utf-8"
    if number:
        return Piece(body=body, media_type=media_type, registry_id=number, fingerprint=fingerprint("ictrp", body))
    known = re.search(rb"DataList|Trial2\.aspx|aspnetForm", body)
    reason = (
        "the page holds no TrialID: WHO's portal answers an unknown number this way"
        if known
        else _refusal("a Trial2.aspx page", body)
    )
    return Piece(body=body, media_type=media_type, reason=reason)


def _cut_ictrp_xml(stream: BinaryIO, head: bytes) -> Iterator[Piece]:
    declared = _DECLARED.search(head[:400])
    media_type = f"application/xml; charset={declared[1].decode().lower() if declared else 'utf-8'}"
    empty = True
    for found in xml_elements(stream, b"Trial"):
        empty = False
        number = _TRIAL_ID.search(found.body)
        if found.whole and number and number[1]:
            yield Piece(
                body=found.body,
                media_type=media_type,
                registry_id=number[1].decode("utf-8", "replace"),
                fingerprint=fingerprint("ictrp", found.body),
            )
            continue
        where = f" (TrialID {number[1].decode('utf-8', 'replace')})" if number else ""
        reason = "the <Trial> has no TrialID" if found.whole else f"the <Trial> is not closed{where}: export it again"
        yield Piece(body=found.body, media_type=media_type, reason=reason)
    if empty and b"<Trials_downloaded_from_ICTRP" not in head:
        yield Piece(body=head, media_type=_media_type(head), reason=_refusal("an ICTRP XML export", head))


def _cut_ictrp_csv(stream: BinaryIO) -> Iterator[Piece]:
    media_type = "text/csv; charset=utf-8"
    records = csv_records(stream)
    header = next(records).body
    names = next(csv.reader([header.decode("utf-8-sig", "replace")]))
    column = next((i for i, name in enumerate(names) if name.strip().replace("_", "").lower() == "trialid"), None)
    if column is None:
        yield Piece(body=header, media_type=media_type, reason="the CSV has no column TrialID: export it from WHO ICTRP again")
        return
    for found in records:
        body = header + found.body
        cells = next(csv.reader(io.StringIO(found.body.decode("utf-8", "replace"), newline="")), [])
        number = cells[column].strip() if len(cells) > column else ""
        if found.whole and number:
            print_of_row = hashlib.sha256()
            for name, cell in zip(names, cells, strict=False):
                if name not in ("Export date", "Internal Number"):
                    print_of_row.update(f"{name}\0{cell}\0".encode("utf-8", "surrogatepass"))
            yield Piece(body=body, media_type=media_type, registry_id=number, fingerprint=print_of_row.hexdigest())
        else:
            reason = "the row has no TrialID" if found.whole else "the file ends inside a quoted value: export it again"
            yield Piece(body=body, media_type=media_type, reason=reason)


# ---------------------------------------------------------------------------------------------------------- EUCTR

#: The country codes of the register's own search form; Greece is GR, "Outside EU/EEA" is 3rd.
EUCTR_COUNTRIES = {
    "Austria": "AT", "Belgium": "BE", "Bulgaria": "BG", "Croatia": "HR", "Cyprus": "CY", "Czech Republic": "CZ",
    "Czechia": "CZ", "Denmark": "DK", "Estonia": "EE", "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR",
    "Hungary": "HU", "Iceland": "IS", "Ireland": "IE", "Italy": "IT", "Latvia": "LV", "Liechtenstein": "LI",
    "Lithuania": "LT", "Luxembourg": "LU", "Malta": "MT", "Netherlands": "NL", "Norway": "NO", "Poland": "PL",
    "Portugal": "PT", "Romania": "RO", "Slovakia": "SK", "Slovenia": "SI", "Spain": "ES", "Sweden": "SE", "UK": "GB",
    "United Kingdom": "GB",
}  # fmt: skip
_EUCTR_LINK = re.compile(rb"/ctr-search/trial/(\d{4}-\d{6}-\d{2})/([A-Za-z]{2}|3rd|3RD)\b")
_EUCTR_HEAD = re.compile(rb"Summary\s*$")
_EUCTR_NUMBER = re.compile(rb"EudraCT Number:\s*(?:</td>\s*<td[^>]*>)?\s*(\d{4}-\d{6}-\d{2})")
_EUCTR_AUTHORITY = re.compile(rb"National Competent Authority:\s*(?:</td>\s*<td[^>]*>)?\s*([A-Za-z ]+?)\s+-\s")
_EUCTR_OUTSIDE = re.compile(rb"Clinical Trial Type:\s*(?:</td>\s*<td[^>]*>)?\s*Outside EU/EEA")


def euctr_record(body: bytes, media_type: str) -> Piece:
    """The country record that a text download or a protocol page holds, named by its link or its authority."""
    if re.search(rb"Query did not match any clinical trials", body):
        return Piece(body=body, media_type=media_type, reason="the register answered: query did not match any clinical trials")
    number, link = _EUCTR_NUMBER.search(body), None
    if media_type.startswith("text/plain"):
        link = _EUCTR_LINK.search(body)
        if number and body.count(b"\n") < 20:
            reason = "all line breaks are lost, so fields cannot be told apart: download the record again as text"
            return Piece(body=body, media_type=media_type, reason=reason)
    country = link[2].decode().upper() if link else None
    authority = _EUCTR_AUTHORITY.search(body)
    if country is None and authority:
        country = EUCTR_COUNTRIES.get(authority[1].decode())
    if country is None and _EUCTR_OUTSIDE.search(body):
        country = "3RD"
    if number and country:
        registry_id = f"EUCTR{number[1].decode()}-{country}"
        return Piece(body=body, media_type=media_type, registry_id=registry_id, fingerprint=fingerprint("euctr", body))
    if number:
        reason = f"EudraCT number {number[1].decode()} without the country of the record: download the full details"
    else:
        reason = _refusal("an EUCTR country record (full details as text, or a protocol page)", body)
    return Piece(body=body, media_type=media_type, reason=reason)


def _cut_euctr(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    head = stream.read(CHUNK)
    whole = io.BufferedReader(_Joined(head, stream), CHUNK)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield euctr_record(whole.read(LARGEST), "text/html; charset=utf-8")
        return
    if b"\nSummary" not in head and not head.startswith(b"Summary"):
        yield euctr_record(whole.read(LARGEST), "text/plain; charset=utf-8")
        return
    for found in texts_headed(whole, _EUCTR_HEAD):
        if found.whole or _EUCTR_NUMBER.search(found.body):  # the download opens with a sentence that is no record
            yield euctr_record(found.body, "text/plain; charset=utf-8")


# ------------------------------------------------------------------------------------------------- every registry

_CUTTERS: dict[str, Callable[[BinaryIO, Note], Iterator[Piece]]] = {
    "ctgov": _cut_ctgov,
    "ictrp": _cut_ictrp,
    "euctr": _cut_euctr,
}


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
    yield from _CUTTERS[source](stream, note)


def _cut_zip(source: str, stream: BinaryIO, note: Note) -> Iterator[Piece]:
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as problem:
        reason = f"the zip is broken ({problem}): download it again"
        yield Piece(body=_rest(b"", stream), media_type="application/zip", reason=reason)
        return
    for member in archive.infolist():
        if member.is_dir() or not member.file_size:
            continue
        try:
            with archive.open(member) as inside:
                yield from _CUTTERS[source](inside, note)  # type: ignore[arg-type]
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as problem:
            reason = f"{member.filename} in the zip cannot be unpacked: {problem}"
            yield Piece(body=member.filename.encode(), media_type="application/zip", reason=reason)


def fingerprint(source: str, body: bytes) -> str:
    """sha256 of a body without what changes at every release or export and means nothing."""
    if source == "ctgov":
        body = _VERSION_HOLDER.sub(b'"versionHolder":""', body)
    elif source == "ictrp":
        body = _VOLATILE_XML.sub(b"", body) if body.startswith(b"<Trial>") else _VOLATILE_HTML.sub(b"", body)
    return hashlib.sha256(body).hexdigest()


class _Joined(io.RawIOBase):
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


def _rest(head: bytes, stream: BinaryIO) -> bytes:
    return head + stream.read(LARGEST - len(head))


def _media_type(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if start.startswith(b"<"):
        return "application/xml"
    return "application/json" if start.startswith((b"{", b"[")) else "application/octet-stream"


def _refusal(wanted: str, head: bytes) -> str:
    return f"expected {wanted}, found {_what_it_is(head)}"


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


def _what_it_is(head: bytes) -> str:
    """A few words for bytes that are not what was due."""
    start = head[:4000]
    for pattern, words in _LOOKS_LIKE:
        if pattern.match(start):
            return words
    return "text of another kind"
