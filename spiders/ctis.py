"""Source data model
-----------------
EU Clinical Trials Information System (`https://euclinicaltrials.eu/ctis-public-api`): the JSON behind the public portal,
undocumented. `POST search` lists trials in pages (from 1) and announces their number (`pagination.totalRecords`);
`GET retrieve/{number}` answers one trial. A search yields 10,000 rows at most and does not say so: the others are read in
the opposite order, which is good to 20,000. A number that is not there answers 200 and `{}`, some faults are 200 and HTML.

Primary identifiers
-------------------
EU CT number: 2023-505613-24-00, the second block from 500000 on; the last pair counts resubmissions and belongs to it.

Update strategy
---------------
The search knows no date of change to ask for, but each of its rows says when the trial was last updated and last published
(`lastUpdated`, `lastPublicationUpdate`: DD/MM/YYYY). So a run since a day reads all rows, and retrieves the trials of those
that changed; a row without a date that can be read is retrieved too. (There is also a feed of the last 7 days,
`rss/updates.rss`, known from one client only and not used.)

Licence terms
-------------
As EUCTR, reproduction with acknowledgement of the European Medicines Agency; taken to be the same, not checked.

Words of a query go to `searchCriteria.containAll`: a trial must hold all of them, and OR would be one of them. So a query of
alternatives is as many searches. No recorded answer proves that key: it is in addresses of the portal that ctrdata's source
gives, and in other clients' requests. `harvester check` says how many trials it finds. One report wants a
browser's User-Agent; other clients are served under a name and an address of their own, as we ask to be.

Spiders room; run by `harvester.crawl`. Interprets no field but the dates of search rows.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct
from scrapy.http import Response

from spiders.base import OF_ONE_RECORD, Item, RegistrySpider, media_type
from spiders.faults import Fault
from spiders.payloads import Note, Piece, looks_like, refusal, rest_of, what_it_is
from spiders.slices import CHUNK, Slice, json_objects

#: Clients ask for 100 rows; more than 999 was never seen to be answered.
LARGEST_PAGE = 100
#: Rows that one order of a search yields.
MOST_IN_ONE_ORDER = 10_000

ASKED = re.compile(r"(?:CTIS|EUCT)?[- ]?(\d{4}-5\d{5}-\d{2}-\d{2})", re.IGNORECASE | re.ASCII)

#: Words of a query that stand for what the search cannot do, but between whole alternatives.
_OPERATORS = re.compile(r"\b(?:OR|NOT)\b")

SMALL_QUERY = "aspirin"


class CtisSpider(RegistrySpider):
    """Trials of CTIS. Arguments of its own: `page_size` (1 to 100), `most_in_one_order` (rows a search yields)."""

    name = "ctis"
    registry = "CTIS"
    live_url = "https://euclinicaltrials.eu/ctis-public-api"
    accept = "application/json"
    other_way = (
        "Or save trials as JSON by hand (https://euclinicaltrials.eu/ctis-public-api/retrieve/ and the number, in a "
        "browser) and read them with `harvester import ctis FILE`."
    )

    def __init__(
        self, page_size: str = str(LARGEST_PAGE), most_in_one_order: str = str(MOST_IN_ONE_ORDER), **arguments: str
    ) -> None:
        super().__init__(**arguments)
        self.page_size = page_size
        self.most_in_one_order = int(most_in_one_order)

    async def by_query(self, query: str) -> AsyncIterator[Item]:
        rows, lacking = await self._listed(query)
        self.announce(len(rows) + lacking)
        for number in rows:
            async for item in self._listed_trial(number):
                yield item

    async def everything(self) -> AsyncIterator[Item]:
        async for item in self.by_query(""):
            yield item

    async def by_date(self, since: datetime.date, query: str) -> AsyncIterator[Item]:
        rows, _ = await self._listed(query)
        changed = [number for number, row in rows.items() if row.changed_since(since)]
        self.announce(len(changed))
        for number in changed:
            async for item in self._listed_trial(number):
                yield item

    async def by_ids(self, ids: tuple[str, ...]) -> AsyncIterator[Item]:
        asked = [ASKED.fullmatch(number) for number in ids]
        if wrong := [number for number, found in zip(ids, asked, strict=True) if not found]:
            raise Fault(f"{', '.join(wrong)}: a number of CTIS is like 2023-505613-24-00, with its last pair")
        self.announce(0)
        for number in dict.fromkeys(found[1] for found in asked if found):
            if number in self.have:
                self.announce(1)
                yield self.keep(number)
                continue
            response = await self._retrieve(number)
            if _is_unknown(response):
                self.missing.append(number)
                continue
            self.announce(1)
            for item in self._record(response, number):
                yield item

    async def examine(self) -> AsyncIterator[str]:
        for words in alternatives(self.query or SMALL_QUERY):
            yield f"{(await self._page(words, 1, 'DESC', 1)).total:,} trials are announced for {words!r}"

    # ------------------------------------------------------------------------------------------------ the search

    async def _listed(self, query: str) -> tuple[dict[str, Row], int]:
        """The rows of all searches that a query comes to, by number, and how many were announced beyond them. The whole list
        is read before the first trial is, because trials take hours and the list would move."""
        if not self.page_size.isdecimal() or not 1 <= int(self.page_size) <= LARGEST_PAGE:
            raise Fault(f"page_size must be 1 to {LARGEST_PAGE}, not {self.page_size!r}")
        rows: dict[str, Row] = {}
        lacking = 0
        for words in alternatives(query):
            total, found = await self._searched(words, int(self.page_size))
            rows.update(found)
            lacking += total - len(found)
        return rows, lacking

    async def _searched(self, words: str, size: int) -> tuple[int, dict[str, Row]]:
        """The number of trials that one search announces, and its rows by number."""
        rows: dict[str, Row] = {}
        pages_an_order = self.most_in_one_order // size
        total = 0
        for direction in ("DESC", "ASC"):
            for page in range(1, pages_an_order + 1):
                answer = await self._page(words, page, direction, size)
                if page == 1 and direction == "DESC":
                    total = answer.total
                    self._refuse_too_many(total)
                rows.update(answer.rows)
                # Trials decided on one day have no order of their own, so the second order is read until all are there.
                if len(rows) >= total or not answer.listed:
                    break
            if total <= pages_an_order * size:
                break
        if len(rows) != total:
            self.shortfalls.append(
                f"the search announced {total:,} trials and its pages list {len(rows):,}: the list may have moved while it was "
                "read, run the same again"
            )
        return total, rows

    def _refuse_too_many(self, total: int) -> None:
        most = 2 * self.most_in_one_order
        if total > most:
            raise Fault(
                f"CTIS announces {total:,} trials, and its search yields {most:,} at most, from both ends of the list: split the "
                "query into several of fewer trials"
            )

    async def _page(self, words: str, page: int, direction: str, size: int) -> SearchPage:
        """One page of the search. Raises Fault when the answer is none: HTML, or JSON without a number of trials."""
        response = await self.post(
            self.address("search"),
            {
                "pagination": {"page": page, "size": size},
                "sort": {"property": "decisionDate", "direction": direction},
                "searchCriteria": {"containAll": words} if words else {},
            },
        )
        try:
            return _page_of(response.body)
        except ValueError as problem:
            raise Fault(
                f"{response.url} did not answer with a page of trials: {problem}. Is base_url right? Try again later"
            ) from None

    # ------------------------------------------------------------------------------------------------ one trial

    async def _listed_trial(self, number: str) -> AsyncIterator[Item]:
        if number in self.have:
            yield self.keep(number)
            return
        response = await self._retrieve(number)
        for item in self._record(response, number):
            yield item

    async def _retrieve(self, number: str) -> Response:
        return await self.fetch(self.address(f"retrieve/{number}"), also=OF_ONE_RECORD)

    def _record(self, response: Response, number: str) -> Iterator[Item]:
        """The trial of an answer. One that holds none is kept as rejected; several in a row end the run."""
        pieces = list(cut(io.BytesIO(response.body), self.notes.append)) or [_no_trial(response.body, "nothing")]
        if pieces[0].registry_id is None:
            yield from self.unserved(response, number, f"{media_type(response)}: {pieces[0].reason}")
            return
        yield from self.take(pieces, response, due=number)
        if pieces[0].registry_id != number:
            self.shortfalls.append(f"{response.url} was asked for {number} and answered with {pieces[0].registry_id}")


def alternatives(query: str) -> list[str]:
    """The searches that a query comes to: words that must all be there, one search for each side of an OR. Raises Fault for
    what no such searches can say."""
    sides = [" ".join(side.replace(" AND ", " ").split()) for side in re.split(r"\s+OR\s+", query)]
    said = " ".join(sides)
    if (not all(sides) and query) or _OPERATORS.search(said) or (len(sides) > 1 and re.search(r"[()]", said)):
        raise Fault(
            f"CTIS finds trials that hold all words of a query, or of one side of an OR; it knows no NOT and no brackets: give it "
            f'words of its own instead of {query!r} (overrides of the topic: ctis = "...")'
        )
    return list(dict.fromkeys(sides))


def _is_unknown(response: Response) -> bool:
    """Whether CTIS says that there is no such trial: `{}` with status 200; 404 would say the same."""
    return response.status == 404 or response.body.strip() == b"{}"


# --------------------------------------------------------------------------- what a file or an answer holds

_NUMBER = re.compile(r"\d{4}-5\d{5}-\d{2}-\d{2}", re.ASCII)
#: ctrdata adds its own name and the time of each import to what it stores.
_VOLATILE = re.compile(rb'"(record_last_import|ctrname)"\s*:\s*"[^"]*"')


class Row(Struct, frozen=True):
    """What a row of the search says of a trial: number and dates."""

    ctNumber: Any = None
    lastUpdated: Any = None  # DD/MM/YYYY
    lastPublicationUpdate: Any = None  # DD/MM/YYYY, some days after

    def changed_since(self, day: datetime.date) -> bool:
        """Whether the later of its dates is not before a day; so too when neither can be read."""
        dates = [date for text in (self.lastUpdated, self.lastPublicationUpdate) if (date := _date(text))]
        return not dates or max(dates) >= day


class SearchPage(Struct, frozen=True, kw_only=True):
    """One answer of the search."""

    total: int
    listed: int  # rows
    rows: dict[str, Row]  # by number


class _Pagination(Struct):
    totalRecords: int


class _Answer(Struct):
    pagination: _Pagination
    data: list[Row]


class _Trial(Struct):
    ctNumber: Any = None
    pagination: Any = None


_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_trial = msgspec.json.Decoder(_Trial).decode


def _date(text: object) -> datetime.date | None:
    try:
        return datetime.datetime.strptime(str(text), "%d/%m/%Y").date()
    except ValueError:
        return None


def _page_of(body: bytes) -> SearchPage:
    """Raises ValueError with the reason when the body is no page of the search."""
    try:
        answer = _decode_answer(body.removeprefix(b"\xef\xbb\xbf"))
    except _BROKEN as problem:
        raise ValueError(f"{refusal('JSON with pagination and data', body)} ({problem})") from None
    for row in answer.data:
        if not isinstance(row.ctNumber, str) or not _NUMBER.fullmatch(row.ctNumber):
            raise ValueError(f"a row's ctNumber is {row.ctNumber!r}, which is not of the form 2023-505613-24-00")
    rows = {row.ctNumber: row for row in answer.data}
    return SearchPage(total=answer.pagination.totalRecords, listed=len(answer.data), rows=rows)


def cut(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    """Trials as `retrieve` answers them, of either structure: one, an array, or one a line."""
    head = stream.read(CHUNK)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        reason = refusal("a CTIS trial in JSON", head)
        yield Piece(body=rest_of(head, stream), media_type=looks_like(head), reason=reason)
        return
    is_empty = True
    for found in json_objects(stream, start):
        is_empty = False
        yield _slice(found)
    if is_empty and start.split() not in ([b"[]"], [b"[", b"]"]):
        yield _no_trial(start, "the JSON holds no object: save the trial again")


def _slice(found: Slice) -> Piece:
    return (
        _piece(found.body)
        if found.whole
        else _no_trial(found.body, "the file ends in the middle of a trial: save it again")
    )


def _piece(body: bytes) -> Piece:
    try:
        trial = _decode_trial(body)
        number, is_page = trial.ctNumber, trial.pagination is not None
    except _BROKEN as problem:
        try:
            # The standard library reads lone surrogates and control characters, which strict JSON refuses.
            loose = json.loads(body, strict=False)
            number, is_page = loose.get("ctNumber"), "pagination" in loose
        except (ValueError, RecursionError):
            return _no_trial(body, f"the trial is not readable JSON: {problem}")
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        return Piece(body=body, media_type="application/json", registry_id=number, fingerprint=fingerprint(body))
    if is_page:
        return _no_trial(
            body, "a page of search results, which describe no trial in full: fetch the trials by their numbers"
        )
    if re.fullmatch(rb"\{\s*\}", body):
        return _no_trial(body, "an empty object: CTIS answers so for a number that it does not know")
    if number is None:
        return _no_trial(body, f"no trial of CTIS: ctNumber is missing; {what_it_is(body)}")
    return _no_trial(body, f"ctNumber {str(number)[:40]!r} is not of the form 2023-505613-24-00")


def _no_trial(body: bytes, reason: str) -> Piece:
    return Piece(body=body, media_type="application/json", reason=reason)


def fingerprint(body: bytes) -> str:
    """sha256 of a trial without what ctrdata adds to it."""
    return hashlib.sha256(_VOLATILE.sub(rb'"\1":""', body)).hexdigest()
