"""Source data model
-----------------
EU Clinical Trials Register (`https://www.clinicaltrialsregister.eu`): no API. A trial has one record per country. The search
page announces the number of trials; the summary download lists them, 20 a page, with their countries; each country record
is a text download of its own. All answers are HTTP 200, also "Query did not match any clinical trials".

Primary identifiers
-------------------
EudraCT number and country: 2015-001314-10 and FR, here EUCTR2015-001314-10-FR. A trial outside the EU/EEA is `3rd` in
addresses (lower case) and EUCTR2011-005852-33-3RD as a record.

Update strategy
---------------
A feed of what was added or changed in the last 7 days (`rest/feed/bydates`). Further back nothing says what changed: ask
again for the whole query. An empty query is the whole register, so it is only sent for `all`. Searches of more than 10,000
trials are read in slices of dates.

Licence terms
-------------
Reproduction authorised with acknowledgement of the European Medicines Agency.

Spiders room; run by `harvester.crawl`. Interprets no field but the list of countries, which are addresses.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO, NamedTuple

from spiders.base import OF_ONE_RECORD, Item, RegistrySpider
from spiders.faults import Fault
from spiders.payloads import Joined, Note, Piece, refusal
from spiders.slices import CHUNK, LARGEST, texts_headed

TRIALS_A_PAGE = 20  # fixed by the register
MOST_A_SEARCH = 10_000
DAYS_OF_FEED = 7

#: No trial of the register began earlier: the directive it serves is of 2001, the register of 2004.
FIRST_DAY = datetime.date(1980, 1, 1)
#: Dates of first enrolment can lie ahead.
YEARS_AHEAD = 10

ASKED = re.compile(r"(?:EUCTR)?(\d{4}-\d{6}-\d{2})(?:[-/]([A-Z]{2}|3RD))?", re.IGNORECASE)
_COUNT = re.compile(r"Trials with a EudraCT protocol\s*+\(\s*+(\d[\d.,'\s]*+)\)")
_NO_MATCH = "did not match any clinical trials"
_NUMBER_LINE = re.compile(r"EudraCT Number:\s*(\d{4}-\d{6}-\d{2})")
_COUNTRY = re.compile(r"\b([A-Z]{2})\s?\(|(Outside EU/EEA)")
_FEED_ITEM = re.compile(r"<item\b.*?</item>", re.DOTALL)
#: An entry's trial stands in its link; its title can name other trials.
_FEED_NUMBER = re.compile(r"eudract_number:(\d{4}-\d{6}-\d{2})")

SMALL_QUERY = "aspirin"


class Listed(NamedTuple):
    """A trial of a summary: its EudraCT number and the countries that have a record of it (FR, 3RD)."""

    number: str
    countries: tuple[str, ...]


class EuctrSpider(RegistrySpider):
    """Country records of the EU Clinical Trials Register. Argument of its own: `most_a_search`, above which dates split."""

    name = "euctr"
    registry = "EU Clinical Trials Register"
    live_url = "https://www.clinicaltrialsregister.eu"
    accept = "text/html, text/plain;q=0.9, */*;q=0.5"
    other_way = (
        "Download trials as text (full details) from https://www.clinicaltrialsregister.eu/ctr-search/search by hand and "
        "read them with `harvester import euctr FILE`."
    )

    def __init__(self, most_a_search: str = str(MOST_A_SEARCH), **arguments: str) -> None:
        super().__init__(**arguments)
        self.most_a_search = int(most_a_search)
        self.trials: set[str] = set()  # EudraCT numbers read

    async def by_query(self, query: str) -> AsyncIterator[Item]:
        total = await self._count({"query": query})
        if total <= self.most_a_search:
            async for item in self._listed({"query": query}, total, set()):
                yield item
            return
        listed: set[str] = set()
        async for search, trials in self._slices(query):
            async for item in self._listed(search, trials, listed):
                yield item
        if len(listed) < total:
            self.shortfalls.append(
                f"the register announced {total:,} trials, and the searches by date list {len(listed):,} (a trial without a date is in none): "
                "ask for the others by their EudraCT numbers (--id) or by words of theirs (--query)"
            )

    async def everything(self) -> AsyncIterator[Item]:
        async for item in self.by_query(""):
            yield item

    async def by_date(self, since: datetime.date, query: str) -> AsyncIterator[Item]:
        if (datetime.datetime.now(datetime.UTC).date() - since).days > DAYS_OF_FEED:
            raise Fault(
                f"the register tells what changed in the last {DAYS_OF_FEED} days only, and {since} is longer ago: ask for "
                "the query (or all) without a date"
            )
        response = await self.fetch(self.address("ctr-search/rest/feed/bydates", {"query": query}))
        feed = response.body.decode("utf-8", "replace")
        if "<rss" not in feed[:2000]:
            raise Fault(
                f"{response.url} did not answer with a feed of changes: ask for the query (or all) without a date"
            )
        self.announce(0)
        for entry in _FEED_ITEM.findall(feed):
            if number := _FEED_NUMBER.search(entry):
                async for item in self._trial(number[1]):
                    yield item
            else:
                self.shortfalls.append(f"an entry of the feed of changes names no EudraCT number: {entry[:200]}")

    async def by_ids(self, ids: tuple[str, ...]) -> AsyncIterator[Item]:
        asked: dict[str, set[str]] = {}
        for number in ids:
            parts = ASKED.fullmatch(number)
            if not parts:
                raise Fault(f"{number}: a number of the register is like 2015-001314-10 or EUCTR2015-001314-10-FR")
            asked.setdefault(parts[1], set()).add((parts[2] or "").upper())
        self.announce(0)
        for number, countries in asked.items():
            async for item in self._trial(number, set() if "" in countries else countries):
                yield item

    async def examine(self) -> AsyncIterator[str]:
        words = self.query or SMALL_QUERY
        yield f"{await self._count({'query': words}):,} trials are announced for {words!r}"

    # ------------------------------------------------------------------------------------------------ trials

    async def _trial(self, number: str, wanted: set[str] | None = None) -> AsyncIterator[Item]:
        """One trial by its number: all its countries, or those wanted. What is not there goes to `missing`."""
        if number in self.trials:
            return
        self.trials.add(number)
        search = {"query": f"eudract_number:{number}"}
        found = await self._summary(search, 1) if await self._count(search) else []
        countries = next((trial.countries for trial in found if trial.number == number), ())
        if not countries:
            self.missing += [f"EUCTR{number}-{country}" for country in sorted(wanted or ())] or [f"EUCTR{number}"]
            return
        self.missing += [f"EUCTR{number}-{country}" for country in sorted((wanted or set()) - set(countries))]
        async for item in self._countries(Listed(number, tuple(c for c in countries if not wanted or c in wanted))):
            yield item

    async def _slices(self, query: str) -> AsyncIterator[tuple[dict[str, str], int]]:
        """The spans of dates that a query of too many trials is read in, and the trials that each announces."""
        last_day = datetime.date.today().replace(month=12, day=31)
        spans = [(FIRST_DAY, last_day.replace(year=last_day.year + YEARS_AHEAD))]
        while spans:
            first, last = spans.pop()
            search = {"query": query, "dateFrom": first.isoformat(), "dateTo": last.isoformat()}
            trials = await self._count(search)
            if trials > self.most_a_search and first < last:
                middle = first + (last - first) // 2
                spans += [(middle + datetime.timedelta(days=1), last), (first, middle)]
                continue
            yield search, trials

    async def _listed(self, search: dict[str, str], announced: int, listed: set[str]) -> AsyncIterator[Item]:
        """Every trial of one search, page by page of its summary; their numbers are added to `listed`."""
        self.announce(0)
        numbers: set[str] = set()
        for page in range(1, -(-announced // TRIALS_A_PAGE) + 1):
            for trial in await self._summary(search, page):
                numbers.add(trial.number)
                if trial.number not in self.trials:
                    self.trials.add(trial.number)
                    async for item in self._countries(trial):
                        yield item
        listed |= numbers
        if len(numbers) != announced:
            self.shortfalls.append(
                f"the search page announced {announced:,} trials and the summaries list {len(numbers):,} "
                f"(query {search['query']!r}): run the same again"
            )

    async def _count(self, search: dict[str, str]) -> int:
        """The number of trials that the search page announces."""
        response = await self.fetch(self.address("ctr-search/search", {**search, "page": "1"}))
        html = response.body.decode("utf-8", "replace")
        if number := _COUNT.search(html):
            return int(re.sub(r"\D", "", number[1]))
        if _NO_MATCH in html:
            return 0
        raise Fault(
            f"{response.url} announces no number of trials and does not say that there are none: the page has changed, or it "
            "is no search page. Is base_url right?"
        )

    async def _summary(self, search: dict[str, str], page: int) -> list[Listed]:
        """The trials of one page of the summary download."""
        parameters = {**search, "page": str(page), "mode": "current_page"}
        response = await self.fetch(self.address("ctr-search/rest/download/summary", parameters))
        trials = listed_trials(response.body.decode("utf-8", "replace"))
        if trials:
            self.stumbles = 0
        else:
            self.stumble(f"{response.url} lists no trial where some were announced")
        return trials

    # ---------------------------------------------------------------------------------------- country records

    async def _countries(self, trial: Listed) -> AsyncIterator[Item]:
        if not trial.countries:
            self.shortfalls.append(f"the summary lists EudraCT {trial.number} without a country")
        due = {country: f"EUCTR{trial.number}-{country}" for country in trial.countries}
        wanted = {country: registry_id for country, registry_id in due.items() if registry_id not in self.fresh}
        self.announce(len(wanted))
        for country, registry_id in wanted.items():
            if registry_id in self.have:
                yield self.keep(registry_id)
                continue
            async for item in self._record(trial.number, country):
                yield item

    async def _record(self, number: str, country: str) -> AsyncIterator[Item]:
        """One country's record; anything else that comes in its place makes the run incomplete."""
        due = f"EUCTR{number}-{country}"
        place = "3rd" if country == "3RD" else country
        address = self.address(f"ctr-search/rest/download/trial/{number}/{place}")
        response = await self.fetch(address, also=OF_ONE_RECORD)
        pieces = list(cut(io.BytesIO(response.body), self.notes.append))
        rejected = self.rejected
        if all(piece.registry_id is None for piece in pieces):
            taken = self.unserved(response, due, pieces[0].reason or "nothing")
        else:
            taken = self.take(pieces, response, due)
        for item in taken:
            yield item
        if due not in self.seen and self.rejected == rejected:
            self.shortfalls.append(f"{response.url} was asked for {due} and answered with another record")


def listed_trials(summary: str) -> list[Listed]:
    """The trials of a summary download in its order. The list of countries is the last field but the link:
    `Trial protocol: SE(Completed) GB(GB - no longer in EU/EEA) Outside EU/EEA(Ongoing)`."""
    heads = list(_NUMBER_LINE.finditer(summary))
    trials = []
    ends = [*(head.start() for head in heads[1:]), len(summary)]
    for head, end in zip(heads, ends, strict=False):
        block = summary[head.end() : end]
        _, found, protocols = block.rpartition("Trial protocol:")
        listed = re.split(r"Link:|Trial results:", protocols)[0] if found else ""
        codes = [code or "3RD" for code, _ in _COUNTRY.findall(listed)]
        trials.append(Listed(head[1], tuple(dict.fromkeys(codes))))
    return trials


# --------------------------------------------------------------------------- what a file or an answer holds

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
_EUCTR_OPENING = re.compile(
    rb"Summary\s++(EudraCT Number|Sponsor's Protocol Code|National Competent|Clinical Trial Type|Trial Status|Link):?"
)
_EUCTR_NUMBER = re.compile(rb"EudraCT Number:\s*+(?:</td>\s*+<td[^>]*>\s*+)?(\d{4}-\d{6}-\d{2})")
_EUCTR_AUTHORITY = re.compile(
    rb"National Competent Authority:\s*+(?:</td>\s*+<td[^>]*>\s*+)?([A-Za-z]++(?: [A-Za-z]++)*+)\s++-\s"
)
_EUCTR_OUTSIDE = re.compile(rb"Clinical Trial Type:\s*+(?:</td>\s*+<td[^>]*>\s*+)?Outside EU/EEA")


def record_of(body: bytes, media_type: str) -> Piece:
    """The country record that a text download or a protocol page holds, named by its link or its authority."""
    if re.search(rb"Query did not match any clinical trials", body):
        return Piece(
            body=body, media_type=media_type, reason="the register answered: query did not match any clinical trials"
        )
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
        return Piece(
            body=body, media_type=media_type, registry_id=registry_id, fingerprint=hashlib.sha256(body).hexdigest()
        )
    if number:
        reason = f"EudraCT number {number[1].decode()} without the country of the record: download the full details"
    else:
        reason = refusal("an EUCTR country record (full details as text, or a protocol page)", body)
    return Piece(body=body, media_type=media_type, reason=reason)


def _records(stream: BinaryIO) -> Iterator[bytes]:
    """A download cut into its records, what stands before the first among them. Free text can have a line `Summary` as well: a
    record begins where its number, or another line of its head, follows."""
    pending = b""
    for found in texts_headed(stream, _EUCTR_HEAD):
        if pending and not _EUCTR_OPENING.match(found.body) and len(pending) + len(found.body) <= LARGEST:
            pending += found.body
            continue
        if pending:
            yield pending
        pending = found.body
    if pending:
        yield pending


def cut(stream: BinaryIO, note: Note) -> Iterator[Piece]:
    head = stream.read(CHUNK)
    whole = io.BufferedReader(Joined(head, stream), CHUNK)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield record_of(whole.read(LARGEST), "text/html; charset=utf-8")
        return
    if b"\nSummary" not in head and not head.startswith(b"Summary"):
        yield record_of(whole.read(LARGEST), "text/plain; charset=utf-8")
        return
    empty = True
    preface = b""
    for body in _records(whole):
        if body.startswith(b"Summary") or _EUCTR_NUMBER.search(body):
            empty = False
            yield record_of(body, "text/plain; charset=utf-8")
        else:  # the download opens with a sentence that is no record
            preface = preface or body
    if empty:
        yield record_of(preface, "text/plain; charset=utf-8")
