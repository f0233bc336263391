"""Sample room: ISRCTN's API as the sample server speaks it, over the trials of `records/isrctn`.

Called by `server` for each request; pure but for `load`, which reads the data files. The rules are those of recorded answers
and of clients: no pages, `limit=0` counts, a search without words is refused. What the real registry answers for an unknown
number was not observed; the sample says 404.
"""

from __future__ import annotations

import re
from pathlib import Path

from harvester.sample.wire import Answer, Holding, Request, Reshape, Shelf, listing, plain

BASE = "/api"
NAMESPACE = 'xmlns="http://www.67bricks.com/isrctn"'
DEFAULT_LIMIT = 10

NUMBER = re.compile(r"<isrctn [^>]*>(\d{8})</isrctn>")
EDITED = re.compile(r'<trial [^>]*lastUpdated="([^"]+)"')
BOUND = re.compile(r"lastEdited (GE|LT) ([\dT:.Z-]+)")


def load(folder: Path) -> tuple[Holding, ...]:
    """The trials of a folder in the order of their file names, each as the text of its `<fullTrial>` element."""
    texts = [file.read_text("utf-8").strip() for file in sorted(folder.glob("*.xml"))]
    return tuple(Holding(f"ISRCTN{found[1]}", text) for text in texts if (found := NUMBER.search(text)))


def renumbered(holding: Holding, index: int) -> Holding:
    """A copy of a trial under another number, for sample registries of any size."""
    digits = f"98{index:06d}"
    return Holding(f"ISRCTN{digits}", holding.text.replace(holding.number.removeprefix("ISRCTN"), digits))


def answer(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """What the registry says to one request; it has no pages, so `page_size` does not matter."""
    route = request.path.removeprefix(BASE)
    if route == "/query/format/default":
        return search(shelf, request, reshape)
    if found := re.fullmatch(r"/trial/(ISRCTN\d{8})/format/default", route):
        for held in shelf.holdings:
            if held.number == found[1]:
                return xml(held.text.replace("<fullTrial>", f"<fullTrial {NAMESPACE}>", 1))
    return plain(404, "Not found")


def search(shelf: Shelf, request: Request, reshape: Reshape) -> Answer:
    """The trials that match, as many as `limit` says."""
    query, limit = request.parameter("q"), request.parameter("limit", str(DEFAULT_LIMIT))
    if not query.strip() or not limit.isdecimal():
        return plain(400, "Query parameter q is missing, or limit is no number")
    hits = [held for held in shelf.holdings if says(held.text, query)]
    found = reshape(listing(tuple(hit.number for hit in hits), max(int(limit), 1)))
    texts = {held.number: held.text for held in hits}
    trials = "\n".join(texts[number] for number in found.numbers[: int(limit)])
    return xml(f'<allTrials {NAMESPACE} totalCount="{found.announced}">{trials}</allTrials>')


def says(text: str, query: str) -> bool:
    """Whether a trial was edited within the bounds of a query and holds all words of one of its alternatives; quotes keep a
    phrase."""
    edited = EDITED.search(text)
    for bound, moment in BOUND.findall(query):
        if not edited or (edited[1] < moment) == (bound == "GE"):
            return False
    for alternative in re.split(r"\s+OR\s+", BOUND.sub("", query)):
        words = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|([^\s"()]+)', alternative)]
        if all(word.lower() in text.lower() for word in words if word != "AND"):
            return True
    return False


def xml(text: str) -> Answer:
    return Answer(text.encode(), "application/xml; charset=UTF-8")
