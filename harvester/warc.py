"""Harvester room: the archive as a WARC file (ISO 28500), so that others can prove what was fetched. Called by
`harvester archive export`; reads, writes nothing but the file. Needs warcio.

Each fetch is a record with its address and time. A payload that is the whole of an answer is a `response` with the status and headers
as they came; one that was cut from a page of many, or from a file that a person downloaded, is a `resource`, for the archive keeps of
these no answer that it could claim to be. The same payload again is a `revisit`. The same archive gives the same file.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from harvester import __version__
from harvester.archive import Archive

#: Space of names for the records' numbers.
_SPACE = uuid.UUID("7d0c2a34-5b0e-4c55-9a1c-0d6a3c1f8e42")
#: Headers that describe how the bytes travelled, not the bytes that are kept: they get a prefix, as web archives do it.
_OF_THE_WAY = ("content-encoding", "transfer-encoding", "content-length")

_FETCHES = """
SELECT c.capture_id, c.sha256, c.url, c.fetched_at, c.head, p.media_type, p.source, p.registry_id, f.url, f.fetched_at,
       c.capture_id = f.capture_id
FROM captures c JOIN payloads p USING (sha256)
JOIN (SELECT min(d.capture_id) AS capture_id, d.sha256, d.url, d.fetched_at FROM captures d JOIN payloads q USING (sha256)
      WHERE (?1 = '' OR q.source = ?1) AND d.fetched_at >= ?2 GROUP BY d.sha256) f USING (sha256)
WHERE (?1 = '' OR p.source = ?1) AND c.fetched_at >= ?2 ORDER BY c.capture_id
"""


class NoWarcio(Exception):
    """warcio is not installed. The message says how to get it."""


class _Fetch(NamedTuple):
    capture_id: int
    sha256: str
    url: str
    fetched_at: str
    head: str | None
    media_type: str
    source: str
    registry_id: str
    first_url: str
    first_fetched_at: str
    is_first: int


def export(
    archive: Archive, file: Path, source: str = "", since: str = "", progress: Callable[[int], None] = lambda done: None
) -> dict[str, int]:
    """Writes the fetches (of one source, of a day and later); the number of records by type. The file is there whole or not at all.
    Raises NoWarcio."""
    try:
        from warcio.statusandheaders import StatusAndHeaders
        from warcio.warcwriter import WARCWriter
    except ImportError as problem:
        raise NoWarcio("a WARC file needs the package warcio: pip install '.[warc]' in the checkout") from problem
    counts: dict[str, int] = {}
    beside = file.with_name(f".{file.name}-writing")
    try:
        with beside.open("wb") as out:
            writer = WARCWriter(out, gzip=file.suffix == ".gz", warc_version="1.1")
            writer.write_record(_information(writer, file, archive))
            for done, row in enumerate(archive.db.execute(_FETCHES, (source, since)), 1):
                record = _record(writer, StatusAndHeaders, archive, _Fetch(*row))
                counts[record.rec_type] = counts.get(record.rec_type, 0) + 1
                writer.write_record(record)
                progress(done)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return counts


def fetches(archive: Archive, source: str = "", since: str = "") -> int:
    """How many records `export` will write."""
    rows = archive.db.execute(
        "SELECT count(*) FROM captures JOIN payloads USING (sha256) WHERE (?1 = '' OR source = ?1) AND fetched_at >= ?2",
        (source, since),
    )
    return int(rows.fetchone()[0])


def _information(writer: Any, file: Path, archive: Archive) -> Any:
    newest = archive.db.execute("SELECT max(fetched_at) FROM captures").fetchone()[0]
    record = writer.create_warcinfo_record(
        file.name,
        {
            "software": f"Harvester/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "description": "Records of clinical trial registries as they were fetched. A resource is a record cut from a page or a file.",
        },
    )
    record.rec_headers.replace_header("WARC-Record-ID", _number(f"warcinfo {file.name} {newest}"))
    record.rec_headers.replace_header("WARC-Date", newest or "1970-01-01T00:00:00Z")
    return record


def _record(writer: Any, headers_of: Any, archive: Archive, fetch: _Fetch) -> Any:
    url = _uri(fetch.url)
    headers = {
        "WARC-Record-ID": _number(f"{fetch.capture_id} {fetch.sha256} {fetch.url} {fetch.fetched_at}"),
        "WARC-Date": fetch.fetched_at,
        "Harvester-Record": f"{fetch.source}:{fetch.registry_id}",
    }
    digest = f"sha256:{fetch.sha256}"
    http = _http(headers_of, fetch.head) if fetch.head else None
    if not fetch.is_first:
        refers_to = (_uri(fetch.first_url), fetch.first_fetched_at)
        return writer.create_revisit_record(url, digest, *refers_to, http_headers=http, warc_headers_dict=headers)
    body = archive.body(fetch.sha256)
    return writer.create_warc_record(
        url,
        "response" if http else "resource",
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type="" if http else fetch.media_type,
        warc_headers_dict=headers | {"WARC-Payload-Digest": digest},
        http_headers=http,
    )


def _http(headers_of: Any, head: str) -> Any:
    """The status line and headers of an answer, as `spiders.base` wrote them down."""
    status, *lines = head.split("\r\n")
    protocol, _, words = status.partition(" ")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    named = [(f"X-Archive-Orig-{name}" if name.lower() in _OF_THE_WAY else name, value) for name, value in pairs]
    return headers_of(words, named, protocol=protocol)


def _uri(address: str) -> str:
    """An address as WARC takes it: `import:` and the name of a file is a URI when its odd characters are escaped."""
    return quote(address, safe=":/?#[]@!$&'()*+,;=%~")


def _number(text: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(_SPACE, text)}>"
