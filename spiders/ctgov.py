"""Source data model
-----------------
ClinicalTrials.gov, API v2 (`https://clinicaltrials.gov/api/v2`): JSON, one object a study. `/studies` answers in pages of
up to 1,000, joined by an opaque token; the last page is the one without a token, and an empty page is not the end. The
first page announces the number of hits (`totalCount`) when asked to. `/studies/{number}` answers one study. Errors (400,
404) are plain text.

Primary identifiers
-------------------
NCT and eight digits. A number that was merged into another study answers 301 to it. 404 is the only "not found".

Update strategy
---------------
`filter.advanced=AREA[LastUpdatePostDate]RANGE[day,MAX]` finds what changed on or after a day. The data are released once a
day; `versionHolder` then changes in every record and means nothing (left out of the fingerprint).

Licence terms
-------------
Public domain (US government): say the source and the date.

Spiders room; run by `harvester.crawl`. Interprets no field.
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

from spiders.base import Item, RegistrySpider, media_type
from spiders.faults import Fault
from spiders.payloads import NotAPage, Note, Piece, looks_like, refusal, rest_of, what_it_is
from spiders.slices import CHUNK, LARGEST, Slice, json_headed

NUMBER = re.compile(r"NCT\d{8}")

#: Numbers in one `filter.ids`. Clients were seen to send 400 (NCT and eight digits and a comma: 2.4 kB at 200).
NUMBERS_A_REQUEST = 200

#: The areas of `query.<area>`; the user's words go to `term`, the website's "other terms", which searches every field.
SEARCH_AREAS = frozenset({"cond", "term", "locn", "titles", "intr", "outc", "spons", "lead", "id", "patient"})

LARGEST_PAGE = 1_000

#: So many pages in a row without a new study are an endless chain.
BARREN_PAGES = 20

SMALL_QUERY = "aspirin"


class CtgovSpider(RegistrySpider):
    """Studies of ClinicalTrials.gov. Arguments of its own: `page_size` (1 to 1000), `search_area` (term, cond, ...)."""

    name = "ctgov"
    registry = "ClinicalTrials.gov"
    live_url = "https://clinicaltrials.gov/api/v2"
    accept = "application/json"
    other_way = (
        "The API is published for use by programs, so a person may decide that robots.txt does not speak of it; or download "
        "studies as JSON from https://clinicaltrials.gov/search and read them with `harvester import ctgov FILE`."
    )

    def __init__(self, page_size: str = str(LARGEST_PAGE), search_area: str = "term", **arguments: str) -> None:
        super().__init__(**arguments)
        self.page_size = page_size
        self.search_area = search_area

    async def by_query(self, query: str) -> AsyncIterator[Item]:
        async for item in self._pages(self._words(query)):
            yield item

    async def by_date(self, since: datetime.date, query: str) -> AsyncIterator[Item]:
        changed = {"filter.advanced": f"AREA[LastUpdatePostDate]RANGE[{since.isoformat()},MAX]"}
        async for item in self._pages({**self._words(query), **changed}):
            yield item

    async def everything(self) -> AsyncIterator[Item]:
        async for item in self._pages({}):
            yield item

    async def by_ids(self, ids: tuple[str, ...]) -> AsyncIterator[Item]:
        numbers = tuple(dict.fromkeys(number.upper() for number in ids))
        if wrong := [number for number in numbers if not NUMBER.fullmatch(number)]:
            raise Fault(f"{', '.join(wrong)}: a number of ClinicalTrials.gov is NCT and eight digits")
        for start in range(0, len(numbers), NUMBERS_A_REQUEST):
            batch = numbers[start : start + NUMBERS_A_REQUEST]
            # No query beside it: a query of nothing but numbers makes the service ignore its filters.
            async for item in self._pages({"filter.ids": ",".join(batch)}):
                yield item
            for number in batch:
                if number not in self.seen:
                    async for item in self._alone(number):
                        yield item

    async def examine(self) -> AsyncIterator[str]:
        response = await self.fetch(self.address("version"))
        version = _json_object(response)
        yield f"API version {version.get('apiVersion', 'not said')}, data of {version.get('dataTimestamp', 'not said')}"
        words = self.query or SMALL_QUERY
        parameters = {**self._words(words), "pageSize": "1", "countTotal": "true"}
        page = _page(await self.fetch(self.address("studies", parameters)))
        yield f"{'no number of' if page.total is None else f'{page.total:,}'} studies are announced for {words!r}"

    def _words(self, query: str) -> dict[str, str]:
        if self.search_area not in SEARCH_AREAS:
            raise Fault(f"search_area must be one of {', '.join(sorted(SEARCH_AREAS))}, not {self.search_area!r}")
        return {f"query.{self.search_area}": query} if query else {}

    async def _pages(self, parameters: dict[str, str]) -> AsyncIterator[Item]:
        """Every page of one search; what it announced is added to `announced`. A token that is no longer valid, because data
        were released since, say, makes it begin again, once."""
        if not self.page_size.isdecimal() or not 1 <= int(self.page_size) <= LARGEST_PAGE:
            raise Fault(f"page_size must be 1 to {LARGEST_PAGE}, not {self.page_size!r}")
        tokens: set[str] = set()
        met: set[str | None] = set()  # studies of this reading
        barren = 0
        turn = {"countTotal": "true"}
        announced_before = self.announced
        if self.place:  # an unfinished run of the same search had read up to this token, and heard the count
            tokens, turn, announced_before = {self.place}, {"pageToken": self.place}, None
        has_begun_again = False
        while True:
            address = self.address("studies", {**parameters, "pageSize": self.page_size, **turn})
            response = await self.fetch(address, () if has_begun_again or not tokens else {400})
            if response.status == 400:
                has_begun_again, self.announced = True, announced_before
                tokens, met, barren, turn = set(), set(), 0, {"countTotal": "true"}
                continue
            page = _page(response)
            if not tokens:
                if page.total is None:
                    self.shortfalls.append(
                        f"{response.url} announced no number of studies, so completeness is not proven"
                    )
                else:
                    self.announce(page.total)
            for item in self.take(page.pieces, response):
                yield item
            fresh = {piece.registry_id for piece in page.pieces} - met
            met |= fresh
            barren = 0 if fresh else barren + 1
            if not page.token:
                return
            if page.token in tokens or barren >= BARREN_PAGES:
                raise Fault(
                    f"the pages of ClinicalTrials.gov never end: page {len(tokens) + 1} leads to pages already read or "
                    "empty ones. Try again later, or split the query"
                )
            tokens.add(page.token)
            turn = {"pageToken": page.token}
            if not self.ids:
                yield self.bookmark(page.token)

    async def _alone(self, number: str) -> AsyncIterator[Item]:
        """A number that its batch did not bring: an old number of another study, or none."""
        response = await self.fetch(self.address(f"studies/{number}"), also={404})
        if response.status == 404:
            self.missing.append(number)
            return
        _json_object(response)
        pieces = list(cut(io.BytesIO(response.body), self.notes.append))
        served = [piece.registry_id for piece in pieces if piece.registry_id]
        self.notes += [f"{number} is an old number of {other}" for other in served if other != number]
        fresh = [piece for piece in pieces if piece.registry_id not in self.seen]
        self.announce(len(fresh))
        for item in self.take(fresh, response, due=number):
            yield item


def _page(response: Response) -> Page:
    try:
        return page_of(response.body)
    except NotAPage as reason:
        raise Fault(
            f"{response.url} did not answer with studies: {reason}. Is base_url right? Try again later"
        ) from None


def _json_object(response: Response) -> dict[str, Any]:
    """The answer as JSON. Raises Fault when it is something else: a page of HTML answers 200 too."""
    try:
        answer = json.loads(response.body, strict=False)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        found = media_type(response)
        raise Fault(
            f"{response.url} answered with {found} where a JSON object was due. Is base_url right? Try again later"
        )
    return answer


# --------------------------------------------------------------------------- what a file or an answer holds


class Page(Struct, frozen=True, kw_only=True):
    """One answer of ClinicalTrials.gov's `/studies`."""

    pieces: list[Piece]
    total: int | None  # totalCount: on the first page only
    token: str | None  # nextPageToken: opaque; missing on the last page


#: `/studies/{nctId}` accepts 1 to 8 digits after zeros; a stored record always has eight.
_NCT = re.compile(r"NCT\d{8}")
#: How a study opens; nothing inside one does.
_HEAD = re.compile(rb'\{\s*"protocolSection"')
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


#: What decoding broken JSON raises; nesting of a hundred thousand brackets is broken too.
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_study = msgspec.json.Decoder(_Study).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_lines = msgspec.json.Decoder(msgspec.Raw).decode_lines


def page_of(body: bytes) -> Page:
    """The studies of one `/studies` answer. Raises NotAPage when it is not one."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{"):
        raise NotAPage(f"expected a JSON page of studies, found {what_it_is(body)}")
    try:
        answer = _decode_answer(start)
    except _BROKEN as problem:
        return _broken_page(start, problem)
    if answer.studies is None:
        raise NotAPage('the JSON has no "studies": ' + what_it_is(body))
    pieces = [_ctgov_piece(bytes(raw)) for raw in answer.studies]
    return Page(pieces=pieces, total=answer.totalCount, token=answer.nextPageToken)


def _broken_page(body: bytes, problem: Exception) -> Page:
    """Studies of a page that strict JSON refuses (a lone surrogate, a broken study): each is judged for itself."""
    listed = re.search(rb'"studies"\s*:\s*\[', body)
    if not listed:
        raise NotAPage(f'the JSON is broken ({problem}) and has no "studies"') from problem
    slices = list(json_headed(io.BytesIO(), _HEAD, body[listed.end() :]))
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
        return Piece(body=body, media_type="application/json", registry_id=found, fingerprint=fingerprint(body))
    if found is None:
        reason = f"no study of API v2: protocolSection.identificationModule.nctId is missing; {what_it_is(body)}"
    elif isinstance(found, list):
        reason = "every scalar is a list of one (a page re-written by R's jsonlite): export it again with auto_unbox"
    else:
        reason = f"nctId {found!r} is not of the form NCT and eight digits"
    return Piece(body=body, media_type="application/json", reason=reason)


def cut(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    head = stream.read(CHUNK)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        yield Piece(
            body=rest_of(head, stream), media_type=looks_like(head), reason=refusal("a JSON study or page", head)
        )
        return
    text = start + stream.read(LARGEST - len(head))
    if len(text) < LARGEST - (len(head) - len(start)):
        yield from _cut_ctgov_text(text, note)
        return
    listed = re.search(rb'"studies"\s*:\s*\[', start)
    study = re.search(rb'"protocolSection"', start)
    if listed and (not study or listed.start() < study.start()):
        text = text[listed.end() :]
    for found in json_headed(stream, _HEAD, text):
        yield _ctgov_slice(found)


def _cut_ctgov_text(body: bytes, note: Note) -> Iterator[Piece]:
    """A whole file in memory: a study, a page, an array, or one study a line."""
    try:
        if body.startswith(b"["):
            yield from (_ctgov_piece(bytes(raw)) for raw in _decode_array(body))
            return
        answer = _decode_answer(body)
    except _BROKEN:
        yield from _cut_lines(body)
        return
    if answer.studies is None:
        yield _ctgov_piece(body)
        return
    if answer.totalCount is not None and answer.totalCount > len(answer.studies):
        note(f"the page holds {len(answer.studies):,} of {answer.totalCount:,} announced studies: incomplete")
    yield from (_ctgov_piece(bytes(raw)) for raw in answer.studies)


def _cut_lines(body: bytes) -> Iterator[Piece]:
    """One study a line; or, where the JSON is broken, the studies of it that are whole."""
    try:
        lines = _decode_lines(body)
    except _BROKEN:
        listed = re.search(rb'"studies"\s*:\s*\[', body)
        study = body.find(b'"protocolSection"')
        begin = listed.end() if listed and (study < 0 or listed.start() < study) else 0
        pieces = [_ctgov_slice(found) for found in json_headed(io.BytesIO(), _HEAD, body[begin:])]
        reason = "the JSON is cut off or broken and holds no whole study: download it again"
        yield from pieces or [Piece(body=body, media_type="application/json", reason=reason)]
    else:
        yield from (_ctgov_piece(bytes(raw)) for raw in lines)


def _ctgov_slice(found: Slice) -> Piece:
    if found.whole:
        return _ctgov_piece(found.body)
    reason = "the study breaks off before its end: download it again"
    return Piece(body=found.body, media_type="application/json", reason=reason)


def fingerprint(body: bytes) -> str:
    """sha256 of a study without its version holder."""
    return hashlib.sha256(_VERSION_HOLDER.sub(b'"versionHolder":""', body)).hexdigest()
