"""Source data model
-----------------
WHO ICTRP (`https://trialsearch.who.int`): a portal over some twenty registers, ASP.NET pages, no API. One page a record
(`Trial2.aspx?TrialID=`). An unknown number answers HTTP 200 with all headings and no TrialID. Searching and exporting need
a session of forms; a person does that, and `harvester import ictrp` reads the export. This spider asks for single pages.

Primary identifiers
-------------------
TrialID as each register's records are filed: NCT01234567, ISRCTN12345678, ChiCTR2100045397 (no hyphen), JPRN-UMIN000012345,
CTRI/2020/04/024773. EU trials are filed per country: EUCTR2017-001400-29-FR exists, the bare EudraCT number does not.

Update strategy
---------------
None for programs: WHO updates the portal weekly and offers exports to persons. Export the query again, import it again.

Licence terms
-------------
Attribution "WHO ICTRP" with the date WHO processed the data; no marketing, promotional or commercial use; no WHO name or
emblem. robots.txt forbids every address to programs: a person with WHO's permission sets obey_robots = false.

Spiders room; run by `harvester.crawl`. Interprets no field.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO
from urllib.parse import urlsplit

from scrapy.http import Response

from spiders.base import Item, RegistrySpider
from spiders.faults import Fault
from spiders.payloads import Joined, Note, Piece, looks_like, refusal, rest_of
from spiders.slices import CHUNK, LARGEST, csv_records, xml_elements

BARE_EUDRACT = re.compile(r"(?:EUCTR)?\d{4}-\d{6}-\d{2}", re.IGNORECASE)

#: What every page of the portal has, also the one of an unknown number; a captcha or an error page has not.
PORTAL = re.compile(rb"DataList\d|Trial2\.aspx|aspnetForm")

EXPORT = (
    "Search https://trialsearch.who.int by hand, export the result as XML or CSV, and read it with "
    "`harvester import ictrp FILE`, or put it into the folder configured as the inbox of ictrp."
)

SMALL_QUERY = "ChiCTR2100045397"


class IctrpSpider(RegistrySpider):
    """Single pages of WHO's portal."""

    name = "ictrp"
    registry = "WHO ICTRP"
    live_url = "https://trialsearch.who.int"
    accept = "text/html"
    other_way = EXPORT

    async def by_ids(self, ids: tuple[str, ...]) -> AsyncIterator[Item]:
        if bare := [number for number in ids if BARE_EUDRACT.fullmatch(number)]:
            raise Fault(
                f"{', '.join(bare)}: ICTRP keeps EU trials per country and knows no bare EudraCT number: ask for "
                "EUCTR2017-001400-29-FR or the like"
            )
        for number in ids:
            async for item in self._record(number):
                yield item

    def by_query(self, query: str) -> AsyncIterator[Item]:
        raise self._only_by_hand("searched")

    def by_date(self, since: datetime.date, query: str) -> AsyncIterator[Item]:
        raise self._only_by_hand("asked for changes")

    def everything(self) -> AsyncIterator[Item]:
        raise self._only_by_hand("read as a whole")

    async def examine(self) -> AsyncIterator[str]:
        number = self.ids[0] if self.ids else SMALL_QUERY
        response = await self._page(number)
        piece = record_of_page(response.body)
        yield f"the page of {number} {'holds a record' if piece.registry_id else 'holds no record of that number'}"
        yield "single records only: a query has to be exported by hand"

    async def _record(self, number: str) -> AsyncIterator[Item]:
        if number in self.have:
            self.announce(1)
            yield self.keep(number)
            return
        response = await self._page(number)
        piece = record_of_page(response.body)
        if piece.registry_id is None:
            self.announce(0)
            self.missing.append(number)
            return
        self.announce(1)
        if piece.registry_id.casefold() != number.casefold():
            self.shortfalls.append(f"the portal was asked for {number} and answered with {piece.registry_id}")
        for item in self.take([piece], response):
            yield item

    async def _page(self, number: str) -> Response:
        """The portal's page of a number. Raises Fault when it is another one: taken for the page of an unknown number, a refusal
        would mark records as withdrawn."""
        response = await self.fetch(self.address("Trial2.aspx", {"TrialID": number}))
        if not urlsplit(response.url).path.endswith("/Trial2.aspx"):
            raise Fault(
                f"the portal was asked for {number} and led to {response.url}: it refuses this client. {EXPORT}"
            )
        piece = record_of_page(response.body)
        if piece.registry_id is None and not PORTAL.search(response.body):
            raise Fault(f"{response.url}: {piece.reason}. {EXPORT}")
        return response

    def _only_by_hand(self, what: str) -> Fault:
        return Fault(f"WHO's portal cannot be {what} by a program: it offers no interface for that. {EXPORT}")


# --------------------------------------------------------------------------- what a file or an answer holds

_TRIAL_ID = re.compile(rb"<TrialID>\s*+(?:<!\[CDATA\[\s*+)?([^<\]]*)(?:\]\]>\s*+)?</TrialID>")
_TRIAL_ID_LABEL = re.compile(rb'id="DataList3_ctl01_TrialIDLabel"[^>]*>(?:\s*+<[^>]*>)*\s*+([^<]*)<')
_PORTAL_PAGE = re.compile(rb"(?i)<!doctype html|<html|\bDataList\d|aspnetForm|<table|<span")
_CSV_HEADER = re.compile(rb'"?(TrialID|Trial ID|Internal Number)\b|.{0,2000}?TrialID', re.IGNORECASE | re.DOTALL)
#: An export of a search that found nothing.
_NO_TRIALS = re.compile(rb"<Trials_downloaded_from_ICTRP[^<]*</Trials_downloaded_from_ICTRP\s*>")
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_VOLATILE_XML = re.compile(rb"<(Export_date|Internal_Number)>[^<]*</\1>")
_VOLATILE_HTML = re.compile(rb'<input type="hidden"[^>]*>')


def cut(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    head = stream.read(CHUNK)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    whole = io.BufferedReader(Joined(head, stream), CHUNK)
    # Exports first: the text of a trial can hold `<span>` and the like.
    if b"<Trial>" in start:
        yield from _cut_ictrp_xml(whole, head)
    elif not start.startswith(b"<") and _CSV_HEADER.match(start):
        yield from _cut_ictrp_csv(whole)
    elif _PORTAL_PAGE.search(start):
        yield record_of_page(whole.read(LARGEST))
    elif start.startswith(b"<"):
        yield from _cut_ictrp_xml(whole, head)
    else:
        yield Piece(body=rest_of(head, stream), media_type=looks_like(head), reason=refusal("an ICTRP export", head))


def record_of_page(body: bytes) -> Piece:
    """The record of one `Trial2.aspx` page; a page without TrialID is what the portal answers for an unknown number."""
    found = _TRIAL_ID_LABEL.search(body)
    number = found[1].decode("utf-8", "replace").strip() if found else ""
    media_type = "text/html; charset=utf-8"
    if number:
        return Piece(body=body, media_type=media_type, registry_id=number, fingerprint=fingerprint(body))
    known = re.search(rb"DataList|Trial2\.aspx|aspnetForm", body)
    reason = (
        "the page holds no TrialID: WHO's portal answers an unknown number this way"
        if known
        else refusal("a Trial2.aspx page", body)
    )
    return Piece(body=body, media_type=media_type, reason=reason)


def _cut_ictrp_xml(stream: BinaryIO, head: bytes) -> Iterator[Piece]:
    declared = _DECLARED.search(head[:400])
    media_type = f"application/xml; charset={declared[1].decode().lower() if declared else 'utf-8'}"
    empty = True
    for found in xml_elements(stream, b"Trial"):
        empty = False
        labelled = _TRIAL_ID.search(found.body)
        number = labelled[1].decode("utf-8", "replace").strip() if labelled else ""
        if found.whole and number:
            yield Piece(
                body=found.body,
                media_type=media_type,
                registry_id=number,
                fingerprint=fingerprint(found.body),
            )
            continue
        where = f" (TrialID {number})" if number else ""
        reason = "the <Trial> has no TrialID" if found.whole else f"the <Trial> is not closed{where}: export it again"
        yield Piece(body=found.body, media_type=media_type, reason=reason)
    if empty and not _NO_TRIALS.search(head):
        yield Piece(body=head, media_type=looks_like(head), reason=refusal("an ICTRP XML export with a trial", head))


def _cut_ictrp_csv(stream: BinaryIO) -> Iterator[Piece]:
    media_type = "text/csv; charset=utf-8"
    records = csv_records(stream)
    header = next(records).body
    names = _cells(header.decode("utf-8-sig", "replace"))
    column = next((i for i, name in enumerate(names) if name.strip().replace("_", "").lower() == "trialid"), None)
    if column is None:
        yield Piece(
            body=header, media_type=media_type, reason="the CSV has no column TrialID: export it from WHO ICTRP again"
        )
        return
    empty = True
    for found in records:
        empty = False
        body = header + found.body
        cells = _cells(found.body.decode("utf-8", "replace"))
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
    if empty:
        reason = "the CSV has no row below its header, or its header is broken: export it from WHO ICTRP again"
        yield Piece(body=header, media_type=media_type, reason=reason)


def _cells(record: str) -> list[str]:
    """The cells of the first record of a text; none where the reader gives up."""
    try:
        return next(csv.reader(io.StringIO(record, newline="")), [])
    except csv.Error:
        return []


def fingerprint(body: bytes) -> str:
    """sha256 of a trial without the date and number of its export, or of a page without the state of its form."""
    volatile = _VOLATILE_XML if body.startswith(b"<Trial") else _VOLATILE_HTML
    return hashlib.sha256(volatile.sub(b"", body)).hexdigest()
