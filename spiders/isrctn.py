"""Source data model
-----------------
ISRCTN (`https://www.isrctn.com/api`): XML, namespace `http://www.67bricks.com/isrctn`, one `fullTrial` element a trial.
`query/format/default?q=` answers a search with `allTrials`, which announces the number of hits (`totalCount`); `limit` says
how many to send, 0 for none. There are no pages: a search of many trials is read in spans of the date of its last edit.
`trial/{number}/format/default` answers one trial.

Primary identifiers
-------------------
ISRCTN and eight digits; the XML has the digits alone (`<isrctn>54285094</isrctn>`).

Update strategy
---------------
`lastEdited GE 2026-01-31T00:00:00.000Z`, alone or joined to a query with AND; `LT` is the other bound (both were seen to work
in September 2026). A date without a time is passed over, and the search then finds everything.

Licence terms
-------------
CC BY 4.0, metadata CC0.

A search without words is refused (400, by one client's observation), so the whole registry is asked for as all trials ever
edited; a trial without that date would be missing. A field name that the registry does not know is no error there: the
search then finds nothing, or everything. What an unknown number answers was not observed: 404, or an answer without a trial.

Spiders room; run by `harvester.crawl`. Interprets no field.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

from scrapy.http import Response

from spiders.base import Item, RegistrySpider
from spiders.faults import Fault
from spiders.payloads import Joined, Note, Piece, looks_like, refusal, rest_of
from spiders.slices import CHUNK, Slice, xml_elements

#: Trials in one answer, some 20 kB each.
MOST_AN_ANSWER = 200

#: No trial was edited earlier: the registry began in 2000.
FIRST_DAY = datetime.datetime(1990, 1, 1)
#: No span is halved below this, however many trials were edited in it.
SHORTEST_SPAN = datetime.timedelta(minutes=1)

ASKED = re.compile(r"(?:ISRCTN)?[- ]?(\d{8})", re.IGNORECASE | re.ASCII)

SMALL_QUERY = "aspirin"


class IsrctnSpider(RegistrySpider):
    """Trials of ISRCTN. Argument of its own: `most_an_answer`, above which dates split a search."""

    name = "isrctn"
    registry = "ISRCTN"
    live_url = "https://www.isrctn.com/api"
    accept = "application/xml, text/xml;q=0.9"
    other_way = (
        "Or save the answer of https://www.isrctn.com/api/query/format/default?q=...&limit=... in a browser and read it "
        "with `harvester import isrctn FILE`."
    )

    def __init__(self, most_an_answer: str = str(MOST_AN_ANSWER), **arguments: str) -> None:
        super().__init__(**arguments)
        self.most_an_answer = int(most_an_answer)

    async def by_query(self, query: str) -> AsyncIterator[Item]:
        async for item in self._search(query, query, FIRST_DAY):
            yield item

    async def by_date(self, since: datetime.date, query: str) -> AsyncIterator[Item]:
        first = datetime.datetime.combine(since, datetime.time.min)
        async for item in self._search(_edited(query, first), query, first):
            yield item

    async def everything(self) -> AsyncIterator[Item]:
        async for item in self._search(_edited("", FIRST_DAY), "", FIRST_DAY):
            yield item

    async def by_ids(self, ids: tuple[str, ...]) -> AsyncIterator[Item]:
        asked = [ASKED.fullmatch(number) for number in ids]
        if wrong := [number for number, found in zip(ids, asked, strict=True) if not found]:
            raise Fault(f"{', '.join(wrong)}: a number of ISRCTN is ISRCTN and eight digits")
        self.announce(0)
        for number in dict.fromkeys(f"ISRCTN{found[1]}" for found in asked if found):
            if number in self.have:
                self.announce(1)
                yield self.keep(number)
                continue
            response = await self.fetch(self.address(f"trial/{number}/format/default"), also={404})
            if response.status == 404:
                self.missing.append(number)
                continue
            pieces = _pieces(response)
            if not pieces:
                self.missing.append(number)
                continue
            self.announce(len(pieces))
            for item in self.take(pieces, response, due=number):
                yield item
            if all(piece.registry_id != number for piece in pieces):
                self.shortfalls.append(
                    f"{response.url} was asked for {number} and answered with another trial, or none whole"
                )

    async def examine(self) -> AsyncIterator[str]:
        words = self.query or SMALL_QUERY
        yield f"{await self._count(words):,} trials are announced for {words!r}"

    # ------------------------------------------------------------------------------------------------ searches

    async def _search(self, search: str, query: str, since: datetime.datetime) -> AsyncIterator[Item]:
        """All trials of a search, in one answer or, where these are too many, those of the query in spans of dates."""
        if (
            self.place
        ):  # an unfinished run of the same search had read all spans before this moment, and heard the count
            total, since = self.announced or 0, datetime.datetime.fromisoformat(self.place)
        else:
            total = await self._count(search)
            self.announce(total)
        if total <= self.most_an_answer:
            async for item in self._answer_of(search, total):
                yield item
            return
        # A day ahead, for trials that are edited while this runs.
        spans = [(since, datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(days=1))]
        met = 0
        while spans:
            first, last = spans.pop()
            span = _edited(query, first, last)
            trials = await self._count(span)
            if trials > self.most_an_answer and last - first > SHORTEST_SPAN:
                middle = (first + (last - first) / 2).replace(microsecond=0)
                spans += [(middle, last), (first, middle)]
                continue
            met += trials
            if met > 2 * total + self.most_an_answer:  # some are edited while this runs, and counted in two spans
                raise Fault(
                    f"ISRCTN announced {total:,} trials, and the spans of dates up to {last:%Y-%m-%d} alone hold {met:,}: it no "
                    "longer keeps to the bounds of lastEdited. Split the query into several of fewer trials"
                )
            async for item in self._answer_of(span, trials):
                yield item
            yield self.bookmark(last.isoformat())
        if len(self.seen) + self.rejected < total:
            self.shortfalls.append(
                f"the registry announced {total:,} trials, but its dates of last edit lead to {len(self.seen):,} (a trial "
                "without that date is in no span): split the query into several of fewer trials"
            )

    async def _answer_of(self, search: str, trials: int) -> AsyncIterator[Item]:
        """The trials that one request brings."""
        if not trials:
            return
        response = await self.fetch(self.address("query/format/default", {"q": search, "limit": str(trials)}))
        for item in self.take(_pieces(response), response):
            yield item

    async def _count(self, search: str) -> int:
        """The number of trials that a search announces."""
        response = await self.fetch(self.address("query/format/default", {"q": search, "limit": "0"}))
        if (total := _announced(response.body)) is None:
            raise Fault(
                f"{response.url} announces no number of trials: {refusal('an ISRCTN answer', response.body)}. Is base_url "
                "right, is the query one that the registry understands? Try again later"
            )
        return total


def _edited(query: str, first: datetime.datetime, before: datetime.datetime | None = None) -> str:
    """The search for trials whose last edit is not before `first`, and before `before`; of a query, or of all."""
    bounds = [f"lastEdited GE {first.isoformat(timespec='seconds')}.000Z"]
    if before:
        bounds.append(f"lastEdited LT {before.isoformat(timespec='seconds')}.000Z")
    return " AND ".join([f"({query})", *bounds] if query else bounds)


def _pieces(response: Response) -> list[Piece]:
    """What an answer of the registry holds; too few trials show in the numbers. Raises Fault for an answer of another kind."""
    if not _ROOT.search(response.body[:4000]):
        raise Fault(f"{response.url}: {refusal('an ISRCTN answer', response.body)}. Is base_url right? Try again later")
    return list(cut(io.BytesIO(response.body), lambda note: None))


# --------------------------------------------------------------------------- what a file or an answer holds

_ROOT = re.compile(rb"<(allTrials|fullTrial)[\s>]")
_TOTAL = re.compile(rb"""<allTrials\s[^>]*?\btotalCount\s*=\s*["'](\d{1,9})["']""")
_NUMBER = re.compile(rb"<isrctn(?:\s[^>]*)?>\s*(?:ISRCTN)?([0-9]{8})\s*</isrctn>")
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")


def _announced(body: bytes) -> int | None:
    """The number of hits that an answer says its search has."""
    found = _TOTAL.search(body[:4000])
    return int(found[1]) if found else None


def cut(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    """The trials of one answer, whether it is of a search or of one trial. A search that found nothing holds none.

    The declaration of the namespace stays with the root of the answer: a `fullTrial` is handed on in the bytes it came in.
    """
    head = stream.read(CHUNK)
    if not _ROOT.search(head[:4000]):
        reason = refusal("an ISRCTN answer in XML", head)
        yield Piece(body=rest_of(head, stream), media_type=looks_like(head), reason=reason)
        return
    declared = _DECLARED.search(head[:400])
    media_type = f"application/xml; charset={declared[1].decode().lower() if declared else 'utf-8'}"
    trials = 0
    for found in xml_elements(io.BufferedReader(Joined(head, stream), CHUNK), b"fullTrial"):
        trials += 1
        yield _piece(found, media_type)
    total = _announced(head)
    if total is not None and trials < total:
        note(f"the answer holds {trials:,} of {total:,} announced trials: incomplete")


def _piece(found: Slice, media_type: str) -> Piece:
    number = _NUMBER.search(found.body)
    registry_id = f"ISRCTN{number[1].decode()}" if number else None
    if found.whole and registry_id:
        return Piece(
            body=found.body, media_type=media_type, registry_id=registry_id, fingerprint=fingerprint(found.body)
        )
    where = f" ({registry_id})" if registry_id else ""
    reason = (
        "the <fullTrial> has no ISRCTN of eight digits"
        if found.whole
        else f"the <fullTrial> is not closed{where}: fetch it again"
    )
    return Piece(body=found.body, media_type=media_type, reason=reason)


def fingerprint(body: bytes) -> str:
    """sha256 of a trial. Nothing of it was seen to change without meaning: `version` and `lastUpdated` are the registrant's."""
    return hashlib.sha256(body).hexdigest()
