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

import datetime
import re
from collections.abc import AsyncIterator

from spiders import payloads
from spiders.base import Fault, Item, RegistrySpider

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
        response = await self.fetch(self.address("Trial2.aspx", {"TrialID": number}))
        piece = payloads.ictrp_page(response.body)
        if piece.registry_id is None and not PORTAL.search(response.body):
            raise Fault(f"{response.url}: {piece.reason}")
        yield f"the page of {number} {'holds a record' if piece.registry_id else 'holds no record of that number'}"
        yield "single records only: a query has to be exported by hand"

    async def _record(self, number: str) -> AsyncIterator[Item]:
        response = await self.fetch(self.address("Trial2.aspx", {"TrialID": number}))
        piece = payloads.ictrp_page(response.body)
        if piece.registry_id is None:
            if not PORTAL.search(response.body):
                raise Fault(f"{response.url}: {piece.reason}. {EXPORT}")
            self.announce(0)
            self.missing.append(number)
            return
        self.announce(1)
        if piece.registry_id.casefold() != number.casefold():
            self.shortfalls.append(f"the portal was asked for {number} and answered with {piece.registry_id}")
        for item in self.take([piece], response):
            yield item

    def _only_by_hand(self, what: str) -> Fault:
        return Fault(f"WHO's portal cannot be {what} by a program: it offers no interface for that. {EXPORT}")
