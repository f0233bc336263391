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
import io
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

from spiders import payloads
from spiders.base import Fault, Item, RegistrySpider

TRIALS_A_PAGE = 20  # fixed by the register
MOST_A_SEARCH = 10_000
DAYS_OF_FEED = 7

#: No trial of the register began earlier: the directive it serves is of 2001, the register of 2004.
FIRST_DAY = datetime.date(1980, 1, 1)
#: Dates of first enrolment can lie ahead.
YEARS_AHEAD = 10

ASKED = re.compile(r"(?:EUCTR)?(\d{4}-\d{6}-\d{2})(?:[-/]([A-Z]{2}|3RD))?", re.IGNORECASE)
_COUNT = re.compile(r"Trials with a EudraCT protocol\s*\(\s*(\d[\d.,'\s]*)\)")
_NO_MATCH = "did not match any clinical trials"
_NUMBER_LINE = re.compile(r"EudraCT Number:\s*(\d{4}-\d{6}-\d{2})")
_COUNTRY = re.compile(r"\b([A-Z]{2})\s?\(|(Outside EU/EEA)")
_FEED_ITEM = re.compile(r"<item\b.*?</item>", re.DOTALL)
_FEED_NUMBER = re.compile(r"\d{4}-\d{6}-\d{2}")

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
        async for search, trials in self._slices(query):
            async for item in self._listed(search, trials):
                yield item

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
        if "<rss" not in feed[:2000] and "<feed" not in feed[:2000]:
            raise Fault(
                f"{response.url} did not answer with a feed of changes: ask for the query (or all) without a date"
            )
        self.announce(0)
        for entry in _FEED_ITEM.findall(feed):
            if number := _FEED_NUMBER.search(entry):
                async for item in self._trial(number[0]):
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
        """The searches that a query is read with, and the trials that each announces: the query itself, or spans of dates."""
        total = await self._count({"query": query})
        if total <= self.most_a_search:
            yield {"query": query}, total
            return
        last_day = datetime.date.today().replace(month=12, day=31)
        spans = [(FIRST_DAY, last_day.replace(year=last_day.year + YEARS_AHEAD))]
        counted = 0
        while spans:
            first, last = spans.pop()
            search = {"query": query, "dateFrom": first.isoformat(), "dateTo": last.isoformat()}
            trials = await self._count(search)
            if trials > self.most_a_search and first < last:
                middle = first + (last - first) // 2
                spans += [(middle + datetime.timedelta(days=1), last), (first, middle)]
                continue
            counted += trials
            yield search, trials
        if counted != total:
            self.shortfalls.append(
                f"the register announced {total:,} trials, but its dates lead to {counted:,} (a trial without a date is in no "
                "slice): split the query into several of fewer trials"
            )

    async def _listed(self, search: dict[str, str], announced: int) -> AsyncIterator[Item]:
        """Every trial of one search, page by page of its summary."""
        self.announce(0)
        numbers: set[str] = set()
        for page in range(1, -(-announced // TRIALS_A_PAGE) + 1):
            for trial in await self._summary(search, page):
                numbers.add(trial.number)
                if trial.number not in self.trials:
                    self.trials.add(trial.number)
                    async for item in self._countries(trial):
                        yield item
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
        if not trials:
            self.shortfalls.append(f"{response.url} lists no trial where some were announced: run the same again")
        return trials

    # ---------------------------------------------------------------------------------------- country records

    async def _countries(self, trial: Listed) -> AsyncIterator[Item]:
        self.announce(len(trial.countries))
        if not trial.countries:
            self.shortfalls.append(f"the summary lists EudraCT {trial.number} without a country")
        for country in trial.countries:
            async for item in self._record(trial.number, country):
                yield item

    async def _record(self, number: str, country: str) -> AsyncIterator[Item]:
        """One country's record; anything else that comes in its place makes the run incomplete."""
        due = f"EUCTR{number}-{country}"
        place = "3rd" if country == "3RD" else country
        response = await self.fetch(self.address(f"ctr-search/rest/download/trial/{number}/{place}"), also={404})
        if response.status == 404 or _NO_MATCH.encode() in response.body:
            self.shortfalls.append(f"{due} is announced by the summary and not served ({response.url})")
            return
        rejected = self.rejected
        for item in self.take(payloads.cut("euctr", io.BytesIO(response.body), self.notes.append), response, due):
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
