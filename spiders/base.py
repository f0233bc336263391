"""Spiders room: what every spider shares. Arguments, one polite request at a time, counting what was announced and served.

A spider says which bytes to fetch and hands them on unread: `RawRecord` for a record, `Rejected` for bytes that hold none.
It asks one thing after the other from `start()`, so a registry never sees two requests of ours at once, and every request
goes through Scrapy's downloader with the middlewares of `harvester.politeness`. Whatever ends a run early is a `Fault`,
a sentence; what makes a run incomplete is listed in `shortfalls`. `harvester.crawl` makes the verdict of it.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from http import HTTPStatus
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode, urlsplit

import scrapy
from msgspec import Struct
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.settings import BaseSettings

from spiders.faults import CONNECTION_ERRORS, Fault, connection_sentence, status_of, status_sentence
from spiders.payloads import Piece, RawRecord, now

#: Name and version in the User-Agent; the contact of the configuration follows in brackets.
AGENT = "Harvester/0.1"


#: Flag of a response whose compression broke off; set by `harvester.politeness`.
CUT_OFF = "cut off"

#: So many numbers are spelled out in the description of a run.
MOST_SPELLED = 100

#: So many things in a row that were due and did not come are a fault of the registry, or of its firewall, not of records.
STUMBLES_IN_A_ROW = 3

#: Statuses of one record that do not end a run: it is not there, or the registry fails at just this record.
OF_ONE_RECORD = frozenset({404, 500})


class _Stopped(Exception):
    """The crawl is being closed: Scrapy would queue a further request and never send it."""


class Rejected(Struct, frozen=True, kw_only=True):
    """Bytes that stood where a record was due, with the reason why they are none."""

    source: str
    registry_id: str | None
    url: str
    media_type: str
    body: bytes
    reason: str


class Known(Struct, frozen=True, kw_only=True):
    """A record that is listed and that this run need not fetch: an unfinished run, or another query, just did."""

    registry_id: str


class Bookmark(Struct, frozen=True, kw_only=True):
    """Everything before `place` was handed on: a run that is cut off can be continued there."""

    place: str  # the spider's own words
    announced: int | None
    rejected: int


Item = RawRecord | Rejected | Known | Bookmark


class RegistrySpider(scrapy.Spider):
    """One registry. A subclass names it and says how to ask by query, by numbers, by date and for everything.

    Arguments are text, as `scrapy crawl -a` gives them: `query`; `ids` (separated by commas or blanks); `since` (ISO date),
    alone or narrowing a query; `all` ("1"); `base_url`; `probe` ("1": one small request that says how things stand);
    `recheck` (a number: besides new records only so many of the known ones, those seen longest ago).

    What need not be fetched is said before the start: `have` (this run has it already), `fresh` (known, and not asked for this
    time), `never_served` (was asked for before and never came), `place` (where an unfinished run over the same query stopped,
    in the words of its `Bookmark`).
    """

    registry: ClassVar[str]  # its name in messages
    live_url: ClassVar[str]  # where it lives; `base_url` leads elsewhere
    accept: ClassVar[str] = "*/*"  # media types asked for
    other_way: ClassVar[str] = ""  # how a person gets the records when programs are refused

    query: str = ""
    since: str = ""
    all: str = ""
    base_url: str = ""
    probing: str = ""
    recheck: str = ""

    def __init__(self, ids: str = "", probe: str = "", **arguments: str) -> None:
        super().__init__(**arguments)
        self.query = self.query.strip()
        self.ids: tuple[str, ...] = tuple(dict.fromkeys(ids.replace(",", " ").split()))
        self.probing = probe
        self.base_url = (self.base_url or self.live_url).rstrip("/")
        self.announced: int | None = None  # records the registry said it has for us
        self.seen: set[str] = set()  # registry ids handed on
        self.rejected = 0
        self.stumbles = 0  # things in a row that were due and did not come
        self.run_id = 0  # number of the run, given by whoever files it; for the log
        self.have: Collection[str] = frozenset()
        self.fresh: Collection[str] = frozenset()
        self.never_served: Collection[str] = frozenset()
        self.place = ""
        self.missing: list[str] = []  # asked for by number and not there
        self.fault: str | None = None  # what ended the run
        self.shortfalls: list[str] = []  # what makes it incomplete
        self.notes: list[str] = []  # what is worth a line and no failure
        self.facts: list[str] = []  # what a probe met

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        contact = settings.get("CONTACT")
        settings.set("USER_AGENT", f"{AGENT} (+{contact})" if contact else AGENT, priority="spider")

    # ----------------------------------------------------------------------------------- what a subclass says

    def by_query(self, query: str) -> AsyncIterator[Item]:
        """All records that the registry finds for the user's words."""
        raise NotImplementedError

    def by_ids(self, ids: tuple[str, ...]) -> AsyncIterator[Item]:
        """The records of these numbers; those that are not there go to `missing`."""
        raise NotImplementedError

    def by_date(self, since: datetime.date, query: str) -> AsyncIterator[Item]:
        """All records (that also match the query, unless it is empty) changed on or after a day."""
        raise NotImplementedError

    def everything(self) -> AsyncIterator[Item]:
        """The whole registry."""
        raise NotImplementedError

    def examine(self) -> AsyncIterator[str]:
        """One small request; says in sentences what it met."""
        raise NotImplementedError

    # -------------------------------------------------------------------------------------------- one run

    async def start(self) -> AsyncIterator[Any]:
        """The run, told once: refuse what is wrong, then hand on what the registry serves. Never raises a Fault."""
        try:
            self._refuse_strangers()
            if self.probing:
                async for fact in self.examine():
                    self.facts.append(fact)
                return
            async for item in self._way():
                if self.fault:  # the archive could not be written
                    return
                yield item
        except _Stopped:
            return
        except Fault as fault:
            self.fault = str(fault)
            self.logger.error("%s: %s", self.registry, fault)
        # Scrapy asks whether a spider is idle when start() ends, and then only every five seconds: the last items need some
        # turns of the event loop to pass the pipeline.
        for _ in range(10):
            await asyncio.sleep(0.002)

    def asked_for(self) -> str:
        """The run in a few words, as the table `runs` keeps it."""
        numbers = " ".join(("ids:", *self.ids[:MOST_SPELLED])) if self.ids else ""
        if len(self.ids) > MOST_SPELLED:
            numbers += f" and {len(self.ids) - MOST_SPELLED:,} more"
        way = self.query or numbers or "all"
        if self.recheck:
            return f"{way}, new ones and the {self.recheck} seen longest ago"
        return f"{way} since {self.since}" if self.since else way

    @property
    def kind(self) -> Literal["sweep", "changes", "recheck", "numbers"]:
        """How the run asks, in the words of the table `runs`."""
        if self.ids:
            return "numbers"
        return "changes" if self.since else "recheck" if self.recheck else "sweep"

    def _way(self) -> AsyncIterator[Item]:
        ways = [bool(self.query), bool(self.ids), self.all == "1"]
        if sum(ways) > 1 or not (any(ways) or self.since) or (self.ids and self.since):
            raise Fault(
                "say which records to fetch in exactly one way: a query, numbers (ids), all, or a date (since); "
                "a date may also narrow a query"
            )
        if self.since:
            try:
                day = datetime.date.fromisoformat(self.since)
            except ValueError:
                raise Fault(f"since must be a date such as 2026-01-31, not {self.since!r}") from None
            return self.by_date(day, self.query)
        if self.ids:
            return self.by_ids(self.ids)
        return self.by_query(self.query) if self.query else self.everything()

    def _refuse_strangers(self) -> None:
        """No request leaves for a live registry without somebody to write to."""
        contact = self.settings.get("CONTACT") or ""
        if not contact.isprintable():
            raise Fault(
                "the contact holds characters that cannot stand in a header: give an e-mail address or a web page"
            )
        if not contact and not is_loopback(self.base_url):
            raise Fault(
                "no contact is configured, and registries want to know who asks: set contact (an e-mail address or a web "
                "page) in harvester.toml; nothing was requested"
            )

    # ----------------------------------------------------------------------------------------- asking, taking

    def address(self, path: str, parameters: dict[str, str] | None = None) -> str:
        """The URL of a path below base_url; parameters are URL-encoded in their order."""
        url = f"{self.base_url}/{path}" if path else self.base_url
        return f"{url}?{urlencode(parameters)}" if parameters else url

    async def fetch(self, url: str, also: Collection[int] = ()) -> Response:
        """The answer to one GET, tried again as the settings say. Raises Fault for any status but 200 and those in `also`."""
        request = Request(url, headers={"Accept": self.accept}, callback=NO_CALLBACK, dont_filter=True)
        return await self._answer(request, also)

    async def post(self, url: str, payload: object) -> Response:
        """The answer to one POST of JSON, for a registry that is searched so. Raises Fault for any status but 200."""
        request = Request(
            url,
            method="POST",
            body=json.dumps(payload, ensure_ascii=False).encode(),
            headers={"Accept": self.accept, "Content-Type": "application/json"},
            callback=NO_CALLBACK,
            dont_filter=True,
        )
        return await self._answer(request, ())

    async def _answer(self, request: Request, also: Collection[int]) -> Response:
        url = request.url
        if not self.crawler.crawling:
            raise _Stopped
        try:
            response = await self.crawler.engine.download_async(request)
        except CONNECTION_ERRORS as error:
            raise Fault(f"{url}: {connection_sentence(error)}") from error
        if self.probing:
            self.facts.append(
                f"{response.url} answered {response.status}, {media_type(response)}, {len(response.body):,} bytes"
            )
        if CUT_OFF in response.flags:
            raise Fault(f"{url}: the answer's compression breaks off before its end: try again later")
        if response.status != 200 and response.status not in also:
            raise Fault(status_sentence(response))
        return response

    def take(self, pieces: Iterable[Piece], response: Response, due: str | None = None) -> Iterator[Item]:
        """The pieces of an answer as items, counted; `due` is the number that was asked for, where it was one."""
        for piece in pieces:
            if piece.registry_id is None:
                self.rejected += 1
                yield Rejected(
                    source=self.name,
                    registry_id=due,
                    url=response.url,
                    media_type=piece.media_type,
                    body=piece.body,
                    reason=piece.reason or "the bytes hold no record",
                )
                continue
            self.seen.add(piece.registry_id)
            self.stumbles = 0
            yield RawRecord(
                source=self.name,
                registry_id=piece.registry_id,
                url=response.url,
                media_type=piece.media_type,
                body=piece.body,
                fetched_at=now(),
                fingerprint=piece.fingerprint,
                head=_head(response) if piece.body == response.body else "",
            )

    def unserved(self, response: Response, due: str, reason: str) -> Iterator[Item]:
        """A record that is listed and does not come: what came in its place is kept, so that the others can be published.

        It makes the first run incomplete; where it did not come before either, reading all again tomorrow would not bring it.
        """
        self.rejected += 1
        yield Rejected(
            source=self.name,
            registry_id=due,
            url=response.url,
            media_type=media_type(response),
            body=response.body,
            reason=reason,
        )
        sentence = f"{due} is listed and not served: {response.url} answered with {status_of(response)}, {reason}"
        if due in self.never_served:
            self.notes.append(f"{sentence}, as whenever it was asked for")
        else:
            self.stumble(sentence)

    def stumble(self, sentence: str) -> None:
        """Something that was due did not come, so the run is incomplete. Raises Fault when it happens again and again."""
        self.shortfalls.append(sentence)
        self.stumbles += 1
        if self.stumbles >= STUMBLES_IN_A_ROW:
            raise Fault(
                f"{sentence}; it was the same with the {STUMBLES_IN_A_ROW - 1} requests before it. Try again later, with a "
                "longer delay"
            )

    def keep(self, registry_id: str) -> Known:
        """A listed record of `have`, counted like one that was fetched."""
        self.seen.add(registry_id)
        return Known(registry_id=registry_id)

    def bookmark(self, place: str) -> Bookmark:
        """Says that everything before a place was handed on."""
        return Bookmark(place=place, announced=self.announced, rejected=self.rejected)

    def announce(self, records: int) -> None:
        """Adds to the number of records that the registry says it has for this run."""
        self.announced = (self.announced or 0) + records


def media_type(response: Response) -> str:
    """What an answer says it is."""
    return (response.headers.get("Content-Type") or b"no media type").decode("latin-1")


def _head(response: Response) -> str:
    """Status line and headers of an answer as they came, but for cookies, which are a visitor's own."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {response.status} {phrase}"]
    for name, values in response.headers.items():
        if name.lower() != b"set-cookie":
            lines += [f"{name.decode('latin-1')}: {value.decode('latin-1')}" for value in values]
    return "\r\n".join(lines)


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
