"""Site room: a search as its address writes it, and addresses of searches. Pure; called by `search`, `home`, `downloads`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote_plus, urlencode

from datasette.utils.asgi import Request

from harvester.site import facets
from harvester.site.facets import HEADINGS
from harvester.site.matching import LONGEST, Matching, matching

#: Filters of more values than a page could list: name in the address -> heading. `finding` looks their trials up in an index.
INDEXED = {
    "condition": "Condition",
    "intervention": "Intervention",
    "partner": "Secondary sponsor or funder",
    "mesh": "MeSH term",
}
FILTERS = {**HEADINGS, **INDEXED}
#: What a comparison holds on a page.
MOST_PICKED = 50
SORTS = {"relevance": "Relevance", "start": "Start date", "update": "Last update", "size": "Sample size"}


#: Stands for any value of a facet; no search holds it.
_ANY = "\x00"


class Wanted(NamedTuple):
    """A search as its address writes it."""

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = {}
    first_year: int | None = None
    last_year: int | None = None
    sort: str = ""
    exact: bool = False  # the words as typed, without other names of a condition
    page: int = 1
    picked: tuple[str, ...] = ()  # trials ticked to be compared, on whichever page they stood

    @property
    def matching(self) -> Matching:
        return matching(self.text)

    @property
    def order(self) -> str:
        """What it is sorted by; without words there is no relevance."""
        if self.sort in facets.SORTS or (self.sort == "relevance" and self.matching.parts):
            return self.sort
        return "relevance" if self.matching.parts else "update"

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters) or self.first_year is not None or self.last_year is not None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of the address, the page left out."""
        found = [("q", self.text)] if self.text else []
        found += [(name, value) for name in FILTERS for value in self.filters.get(name, ())]
        found += [
            (name, str(year)) for name, year in (("from", self.first_year), ("to", self.last_year)) if year is not None
        ]
        found += ([("exact", "1")] if self.exact else []) + ([("sort", self.sort)] if self.sort else [])
        return found + [("trial", trial_id) for trial_id in self.picked]

    @property
    def path(self) -> str:
        return self.path_as("/search")

    def path_as(self, base: str) -> str:
        pairs = self.pairs + ([("page", str(self.page))] if self.page > 1 else [])
        return f"{base}?{urlencode(pairs)}" if pairs else base

    def toggled(self, facet: str, value: str) -> Wanted:
        """The search with one value of a facet more, or without it when it was there."""
        held = self.filters.get(facet, ())
        changed = tuple(v for v in held if v != value) if value in held else (*held, value)
        return self._replace(filters={**self.filters, facet: changed} if changed else self._without(facet), page=1)

    def toggling(self, facet: str) -> Callable[[str], str]:
        """The path of `toggled` for each of many values, all but the value written once."""
        held = self.filters.get(facet, ())
        before, _, after = self.toggled(facet, _ANY).path.partition(quote_plus(_ANY))

        def path(value: str) -> str:
            return self.toggled(facet, value).path if value in held else f"{before}{quote_plus(value)}{after}"

        return path

    def _without(self, facet: str) -> dict[str, tuple[str, ...]]:
        return {name: values for name, values in self.filters.items() if name != facet}


def _whole(text: str | None, least: int, most: int) -> int | None:
    """A number written in an address, None when it is none or out of bounds."""
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most
        else None
    )


def _text(typed: str) -> str:
    """What was typed, in one line; of what is too long no word is cut in two."""
    text = " ".join(typed.replace("\x00", " ").split())
    return text if len(text) <= LONGEST else text[:LONGEST].rpartition(" ")[0]


def wanted(request: Request) -> Wanted:
    """Reads an address. What it does not understand it leaves out."""
    args = request.args
    filters = {name: tuple(dict.fromkeys(v for v in args.getlist(name) if v and _ANY not in v)) for name in FILTERS}
    return Wanted(
        text=_text(args.get("q") or ""),
        filters={name: values for name, values in filters.items() if values},
        first_year=_whole(args.get("from"), 1900, 2200),
        last_year=_whole(args.get("to"), 1900, 2200),
        exact=args.get("exact") == "1",
        sort=args.get("sort") if args.get("sort") in SORTS else "",
        page=_whole(args.get("page"), 1, 1_000_000) or 1,
        picked=tuple(dict.fromkeys(number[:200] for number in args.getlist("trial") if number))[:MOST_PICKED],
    )
