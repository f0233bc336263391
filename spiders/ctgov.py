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
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from scrapy.http import Response

from spiders import payloads
from spiders.base import Fault, Item, RegistrySpider, media_type

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
        """Every page of one search; what it announced is added to `announced`."""
        if not self.page_size.isdecimal() or not 1 <= int(self.page_size) <= LARGEST_PAGE:
            raise Fault(f"page_size must be 1 to {LARGEST_PAGE}, not {self.page_size!r}")
        tokens: set[str] = set()
        barren = 0
        turn = {"countTotal": "true"}
        while True:
            response = await self.fetch(self.address("studies", {**parameters, "pageSize": self.page_size, **turn}))
            page = _page(response)
            if not tokens:
                if page.total is None:
                    self.shortfalls.append(
                        f"{response.url} announced no number of studies, so completeness is not proven"
                    )
                else:
                    self.announce(page.total)
            before = len(self.seen) + self.rejected
            for item in self.take(page.pieces, response):
                yield item
            barren = 0 if len(self.seen) + self.rejected > before else barren + 1
            if not page.token:
                return
            if page.token in tokens or barren >= BARREN_PAGES:
                raise Fault(
                    f"the pages of ClinicalTrials.gov never end: page {len(tokens) + 1} leads to pages already read or "
                    "empty ones. Try again later, or split the query"
                )
            tokens.add(page.token)
            turn = {"pageToken": page.token}

    async def _alone(self, number: str) -> AsyncIterator[Item]:
        """A number that its batch did not bring: an old number of another study, or none."""
        response = await self.fetch(self.address(f"studies/{number}"), also={404})
        if response.status == 404:
            self.missing.append(number)
            return
        _json_object(response)
        pieces = list(payloads.cut("ctgov", io.BytesIO(response.body), self.notes.append))
        served = [piece.registry_id for piece in pieces if piece.registry_id]
        self.notes += [f"{number} is an old number of {other}" for other in served if other != number]
        fresh = [piece for piece in pieces if piece.registry_id not in self.seen]
        self.announce(len(fresh))
        for item in self.take(fresh, response, due=number):
            yield item


def _page(response: Response) -> payloads.Page:
    try:
        return payloads.ctgov_page(response.body)
    except payloads.NotAPage as reason:
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
