"""Sample room: CTIS's public interface as the sample server speaks it, over the trials of `records/ctis`.

Called by `server` for each request; pure but for `load`, which reads the data files. The rules are those of a maintained
client and of recorded answers: a search is a POST of JSON with pages from 1 and 10,000 rows at most, which it does not say;
a number that is not there answers 200 and `{}`.
"""

from __future__ import annotations

import datetime
import json
from functools import cache
from pathlib import Path
from typing import Any

from harvester.sample.wire import Answer, Holding, Request, Reshape, Shelf, listing, plain

BASE = "/ctis-public-api"
PAGE_SIZE = 100
MOST_ROWS = 10_000

#: What the portal's search form knows; a criterion of another name is refused here, to show a misspelt one.
CRITERIA = frozenset({"containAll", "containAny", "containNot", "title", "number", "medicalCondition", "sponsor"})


def load(folder: Path) -> tuple[Holding, ...]:
    """The trials of a folder in the order of their file names, each as the compact JSON that the portal sends."""
    trials = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))]
    return tuple(Holding(trial["ctNumber"], compact(trial)) for trial in trials)


def renumbered(holding: Holding, index: int) -> Holding:
    """A copy of a trial under another number, for sample registries of any size."""
    number = f"2024-5{index:05d}-98-00"
    return Holding(number, holding.text.replace(holding.number, number))


def answer(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """What the portal says to one request; `page_size` is the largest page it gives."""
    route = request.path.removeprefix(BASE)
    if route == "/search":
        return search(shelf, request, reshape, page_size)
    if request.method == "POST":
        return plain(405, "Method not allowed")
    if route.startswith("/retrieve/"):
        number = route.removeprefix("/retrieve/")
        return json_text(next((held.text for held in shelf.holdings if held.number == number), "{}"))
    return plain(404, "Not found")


def search(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """One page of the trials that match, as rows."""
    if request.method != "POST":
        return plain(405, "Method not allowed")
    try:
        asked = json.loads(request.body)
        page, size = int(asked["pagination"]["page"]), min(int(asked["pagination"]["size"]), page_size)
        criteria, backwards = asked["searchCriteria"], asked["sort"]["direction"] == "DESC"
        words = str(criteria.get("containAll") or "").lower().split()
    except (ValueError, LookupError, TypeError, AttributeError):
        return plain(400, "The body must be JSON with pagination, sort and searchCriteria")
    if unknown := sorted(set(criteria) - CRITERIA):
        return plain(400, f"Unknown criterion: {unknown[0]}")
    if page < 1 or size < 1:
        return page_of([], 0, page, 0)  # page 0 is no error: it finds nothing
    hits = [held for held in shelf.holdings if all(word in held.text.lower() for word in words)]
    hits.sort(key=lambda held: decided(held.text), reverse=backwards)
    found = reshape(listing(tuple(hit.number for hit in hits), size))
    numbers, _ = found.page(page) if (page - 1) * size < MOST_ROWS else ((), False)
    texts = {held.number: held.text for held in hits}
    return page_of([row(texts[number]) for number in numbers], found.announced, page, len(found.pages()))


def page_of(rows: list[dict[str, Any]], total: int, page: int, pages: int) -> Answer:
    pagination = {"totalRecords": total, "currentPage": page, "totalPages": pages, "nextPage": page < pages}
    return json_text(compact({"pagination": pagination, "data": rows}))


def row(text: str) -> dict[str, Any]:
    """What the search shows of a trial; dates are DD/MM/YYYY there."""
    trial = parsed(text)
    identifiers = trial["authorizedApplication"]["authorizedPartI"]["trialDetails"]["clinicalTrialIdentifiers"]
    published = datetime.date.fromisoformat(trial["publishDate"][:10])
    return {
        "ctNumber": trial["ctNumber"],
        "ctStatus": trial["ctPublicStatusCode"],
        "ctTitle": identifiers["fullTitle"],
        "shortTitle": identifiers.get("shortTitle"),
        "decisionDateOverall": f"{datetime.date.fromisoformat(decided(text)[:10]):%d/%m/%Y}",
        "lastUpdated": f"{published - datetime.timedelta(days=1):%d/%m/%Y}",
        "lastPublicationUpdate": f"{published:%d/%m/%Y}",
    }


def decided(text: str) -> str:
    """The first decision of a member state, by which the search sorts."""
    states = parsed(text)["authorizedApplication"]["memberStatesConcerned"]
    return min(str(state["firstDecisionDate"]) for state in states)


@cache
def parsed(text: str) -> Any:
    return json.loads(text)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_text(text: str) -> Answer:
    return Answer(text.encode(), "application/json")
