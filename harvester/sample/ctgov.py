"""Sample room: ClinicalTrials.gov's API v2 as the sample server speaks it, over the studies of `records/ctgov`.

Called by `server` for each request; pure but for `load`, which reads the data files. The rules are those of the official
OpenAPI and of recorded answers: pages joined by an opaque token, the count on the first page only, errors in plain text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from harvester.sample.wire import Answer, Holding, Request, Reshape, Shelf, listing, plain

BASE = "/ctgov/api/v2"
PAGE_SIZE = 1_000  # the largest page; a longer one is cut to it
DEFAULT_PAGE_SIZE = 10

VERSION = {"apiVersion": "2.0.5", "dataTimestamp": "2026-11-20T09:00:05"}

# Between two pages of one query these may change, the others must not.
FREE_PARAMETERS = frozenset({"pageSize", "pageToken", "countTotal"})
KNOWN_PARAMETERS = FREE_PARAMETERS | {
    "format", "markupFormat", "fields", "sort", "filter.ids", "filter.advanced", "filter.overallStatus",
    "query.term", "query.cond", "query.titles", "query.intr", "query.id", "query.spons",
}  # fmt: skip

# Where a query parameter looks: paths below `protocolSection`; an empty path is the whole record.
SEARCHED: dict[str, tuple[str, ...]] = {
    "query.term": ("",),
    "query.cond": ("conditionsModule",),
    "query.titles": (
        "identificationModule.briefTitle", "identificationModule.officialTitle", "identificationModule.acronym",
    ),
    "query.intr": ("armsInterventionsModule",),
    "query.id": ("identificationModule",),
    "query.spons": ("sponsorCollaboratorsModule",),
}  # fmt: skip

# `fields` of the API: the short names that the sample knows, as paths from the top of a study.
FIELDS: dict[str, str] = {
    "NCTId": "protocolSection.identificationModule.nctId",
    "BriefTitle": "protocolSection.identificationModule.briefTitle",
    "OverallStatus": "protocolSection.statusModule.overallStatus",
    "LastUpdatePostDate": "protocolSection.statusModule.lastUpdatePostDateStruct.date",
    "StudyFirstPostDate": "protocolSection.statusModule.studyFirstPostDateStruct.date",
    "EnrollmentCount": "protocolSection.designModule.enrollmentInfo.count",
    "Condition": "protocolSection.conditionsModule.conditions",
    "HasResults": "hasResults",
}

NCT = re.compile(r"NCT\d{8}", re.IGNORECASE)
RANGE = re.compile(r"AREA\[(\w+)\]RANGE\[\s*([\d-]+|MIN)\s*,\s*([\d-]+|MAX)\s*\]")


def load(folder: Path) -> tuple[Holding, ...]:
    """The studies of a folder in the order of their file names, each as the compact JSON that the service sends."""
    studies = [json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))]
    return tuple(
        Holding(study["protocolSection"]["identificationModule"]["nctId"], compact(study)) for study in studies
    )


def renumbered(holding: Holding, index: int) -> Holding:
    """A copy of a study under another number, for sample registries of any size."""
    number = f"NCT8{index:07d}"
    return Holding(number, holding.text.replace(holding.number, number))


def answer(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """What the service says to one request; `page_size` is the largest page it gives."""
    route = request.path.removeprefix(BASE)
    if route == "/version":
        return json_answer(VERSION)
    if route == "/studies":
        return search(shelf, request, reshape, page_size)
    if study := re.fullmatch(r"/studies/([^/]+)", route):
        return single(shelf, request, study[1])
    return plain(404, "Not found")


def single(shelf: Shelf, request: Request, asked: str) -> Answer:
    """`/studies/{nctId}`: the study, a 301 from an old number to it, a 400 or a 404."""
    number = asked.upper()
    if not NCT.fullmatch(number):
        return plain(400, f"Path parameter `nctId` has incorrect format: {asked}")
    for holding in shelf.holdings:
        if holding.number == number:
            return json_answer(cut(holding.text, request.parameter("fields")))
    for holding in shelf.holdings:
        if number in parsed(holding.text)["protocolSection"]["identificationModule"].get("nctIdAliases", []):
            query = f"?{urlencode(request.query)}" if request.query else ""
            return Answer(b"", "text/plain", 301, {"Location": f"{BASE}/studies/{holding.number}{query}"})
    return plain(404, f"NCT number {number} not found")


def search(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """`/studies`: one page of the studies that match."""
    if unknown := sorted({name for name, _ in request.query} - KNOWN_PARAMETERS):
        return plain(400, f"Unknown query parameter: {unknown[0]}")
    if request.parameter("format", "json") != "json":
        return plain(400, "This sample serves JSON only")
    asked = request.parameter("pageSize", "0")
    if not asked.isdigit():
        return plain(400, f"Query parameter `pageSize` must be a number: {asked}")
    try:
        hits = matching(shelf, request)
    except ValueError as fault:
        return plain(400, str(fault))
    number, size = 1, min(int(asked) or DEFAULT_PAGE_SIZE, page_size)
    if token := request.parameter("pageToken"):
        if (place := place_of(request, token)) is None:
            return plain(
                400, "Query parameter `pageToken` is invalid, or another parameter changed since the page before"
            )
        number, size = place
    found = reshape(listing(tuple(hit.number for hit in hits), size))
    numbers, more = found.page(number)
    texts = {holding.number: holding.text for holding in shelf.holdings}
    answered: dict[str, Any] = {"studies": [cut(texts[each], request.parameter("fields")) for each in numbers]}
    if more:
        answered["nextPageToken"] = token_of(request, number + 1, size)
    if number == 1 and request.parameter("countTotal") == "true":
        answered["totalCount"] = found.announced
    return json_answer(answered)


def matching(shelf: Shelf, request: Request) -> list[Holding]:
    """The studies that a query finds. Raises ValueError with a sentence when the query cannot be read."""
    hits = list(shelf.holdings)
    only_numbers = False
    for name, paths in SEARCHED.items():
        query = request.parameter(name)
        if not query.strip():
            continue
        # A query of nothing but NCT numbers makes the service ignore every filter.
        only_numbers = only_numbers or all(NCT.fullmatch(word) for word in re.split(r"[\s,]+|\bOR\b", query) if word)
        hits = [hit for hit in hits if says(hit.text, paths, query)]
    if not only_numbers:
        if ids := request.parameter("filter.ids"):
            wanted = {each.strip().upper() for each in re.split(r"[,|]", ids)}
            hits = [hit for hit in hits if hit.number in wanted]
        if statuses := request.parameter("filter.overallStatus"):
            allowed = set(re.split(r"[,|]", statuses))
            hits = [hit for hit in hits if status_module(hit.text)["overallStatus"] in allowed]
        if expression := request.parameter("filter.advanced"):
            hits = [hit for hit in hits if in_range(hit.text, expression)]
    return in_order(hits, request.parameter("sort"))


def in_order(hits: list[Holding], sort: str) -> list[Holding]:
    if not sort:
        return hits
    field, _, direction = sort.partition(":")
    if field not in FIELDS or direction not in ("", "asc", "desc"):
        raise ValueError(f"Query parameter `sort` is not known to this sample: {sort}")
    return sorted(hits, key=lambda hit: str(value_at(parsed(hit.text), FIELDS[field])), reverse=direction == "desc")


def says(text: str, paths: tuple[str, ...], query: str) -> bool:
    """Whether a study holds the words: `OR` between alternatives, all other words must be there, quotes keep a phrase."""
    section = parsed(text)["protocolSection"]
    held = " ".join(compact(value_at(section, path)) for path in paths).lower()
    for alternative in re.split(r"\s+OR\s+", query):
        words = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|([^\s",()]+)', alternative)]
        if all(word.lower() in held for word in words if word != "AND"):
            return True
    return False


def in_range(text: str, expression: str) -> bool:
    """`AREA[LastUpdatePostDate]RANGE[2026-01-01,MAX]`, several joined with AND."""
    if RANGE.sub("", expression).replace("AND", "").strip():
        raise ValueError(f"Query parameter `filter.advanced` is not known to this sample: {expression}")
    for area, lower, upper in RANGE.findall(expression):
        if area not in FIELDS:
            raise ValueError(f"Search area {area} is not known to this sample")
        held = str(value_at(parsed(text), FIELDS[area]))
        if (lower != "MIN" and held < lower) or (upper != "MAX" and held > upper):
            return False
    return True


def token_of(request: Request, page: int, size: int) -> str:
    """The token of a page: a seal of the query and a place, in characters of which some must be URL-encoded."""
    return "ZV+/" + base64.b64encode(seal(request) + page.to_bytes(4) + size.to_bytes(4)).decode()


def place_of(request: Request, token: str) -> tuple[int, int] | None:
    """Page and page size that a token stands for; None when it is not one of this query."""
    try:
        held = base64.b64decode(token.removeprefix("ZV+/"), validate=True)
    except ValueError:
        return None
    if not token.startswith("ZV+/") or len(held) != 16 or held[:8] != seal(request):
        return None
    return int.from_bytes(held[8:12]), int.from_bytes(held[12:])


def seal(request: Request) -> bytes:
    """Eight bytes of the parameters that must stay the same from page to page."""
    kept = sorted((name, value) for name, value in request.query if name not in FREE_PARAMETERS)
    return hashlib.sha256(repr(kept).encode()).digest()[:8]


def cut(text: str, fields: str) -> Any:
    """The study, or only the fields asked for. A field that the sample does not know is left out."""
    study = parsed(text)
    if not fields:
        return study
    part: dict[str, Any] = {}
    for name in re.split(r"[,|]", fields):
        path = FIELDS.get(name, name).split(".")
        value = value_at(study, ".".join(path))
        if value in ("", None):
            continue
        inner = part
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = value
    return part


def value_at(tree: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        if not isinstance(tree, dict) or step not in tree:
            return ""
        tree = tree[step]
    return tree


def status_module(text: str) -> Any:
    return parsed(text)["protocolSection"]["statusModule"]


@cache
def parsed(text: str) -> Any:
    return json.loads(text)


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_answer(value: Any) -> Answer:
    return Answer(compact(value).encode(), "application/json")
