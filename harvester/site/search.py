"""Site room: `/search`: full text, filters with counts, sorting, paging; and the same search whole as CSV and JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from datasette.app import Datasette
from datasette.utils.asgi import AsgiStream, Request, Response

from harvester.catalogue import TABLES
from harvester.site import labels, links, queries
from harvester.site.cards import card, facet_label
from harvester.site.database import connection_for_download, in_thread, read
from harvester.site.downloads import attachment, csv_text, json_text
from harvester.site.lookup import find_trials, number_in
from harvester.site.matching import LONGEST, Matching, matching
from harvester.site.pages import page, trial_path

PAGE_SIZE = 25
#: Values of a facet that are shown at once; the rest unfold.
_AT_ONCE = 7
_ROWS_A_CHUNK = 200

_HEADINGS = {
    "status": "Recruitment status", "phase": "Phase", "type": "Study type", "registry": "Registry", "country": "Country",
    "sponsor": "Sponsor", "sex": "Sex", "results": "Results posted", "year": "Start year",
}  # fmt: skip
_SORTS = {"relevance": "Relevance", "start": "Start date", "update": "Last update", "size": "Sample size"}


class Wanted(NamedTuple):
    """A search as its address writes it."""

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = {}
    first_year: int | None = None
    last_year: int | None = None
    sort: str = ""
    page: int = 1

    @property
    def matching(self) -> Matching:
        return matching(self.text)

    @property
    def asked(self) -> queries.Asked:
        return queries.Asked(self.matching.expression, self.filters, self.first_year, self.last_year)

    @property
    def order(self) -> str:
        """What it is sorted by; without words there is no relevance."""
        if self.sort in queries.SORTS or (self.sort == "relevance" and self.matching.expression):
            return self.sort
        return "relevance" if self.matching.expression else "update"

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters) or self.first_year is not None or self.last_year is not None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of the address, the page left out."""
        found = [("q", self.text)] if self.text else []
        found += [(name, value) for name in queries.FACETS for value in self.filters.get(name, ())]
        found += [(name, str(year)) for name, year in (("from", self.first_year), ("to", self.last_year)) if year is not None]
        return found + ([("sort", self.sort)] if self.sort else [])

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

    def _without(self, facet: str) -> dict[str, tuple[str, ...]]:
        return {name: values for name, values in self.filters.items() if name != facet}


def _whole(text: str | None, least: int, most: int) -> int | None:
    """A number written in an address, None when it is none or out of bounds."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most else None


def wanted(request: Request) -> Wanted:
    """Reads an address. What it does not understand it leaves out."""
    args = request.args
    filters = {name: tuple(dict.fromkeys(v for v in args.getlist(name) if v)) for name in queries.FACETS}
    return Wanted(
        text=" ".join((args.get("q") or "")[:LONGEST].replace("\x00", " ").split()),
        filters={name: values for name, values in filters.items() if values},
        first_year=_whole(args.get("from"), 1900, 2200),
        last_year=_whole(args.get("to"), 1900, 2200),
        sort=args.get("sort") if args.get("sort") in _SORTS else "",
        page=_whole(args.get("page"), 1, 1_000_000) or 1,
    )


def _facets(db: sqlite3.Connection, search: Wanted) -> list[dict[str, Any]]:
    found = []
    for name, heading in _HEADINGS.items():
        chosen = search.filters.get(name, ())
        values = []
        for value, count in queries.facet_counts(db, name, search.asked):
            key = queries.NOT_GIVEN if value is None else str(value)
            values.append(
                {
                    "label": facet_label(name, value),
                    "count": labels.number(count),
                    "path": search.toggled(name, key).path,
                    "chosen": key in chosen,
                }
            )
        if name == "year":
            values.sort(key=lambda value: value["label"] if value["label"][:1].isdigit() else "", reverse=True)
        values.sort(key=lambda value: not value["chosen"])
        found.append({"name": name, "heading": heading, "first": values[:_AT_ONCE], "more": values[_AT_ONCE:], "open": bool(chosen)})
    return found


def _chips(search: Wanted) -> list[dict[str, str]]:
    """The filters that are on, each with the address without it."""
    found = [
        {"label": f"{_HEADINGS[name]}: {facet_label(name, None if value == queries.NOT_GIVEN else value)}", "path": search.toggled(name, value).path}
        for name, values in search.filters.items()
        for value in values
    ]
    if search.first_year is not None:
        found.append({"label": f"Start from {search.first_year}", "path": search._replace(first_year=None, page=1).path})
    if search.last_year is not None:
        found.append({"label": f"Start to {search.last_year}", "path": search._replace(last_year=None, page=1).path})
    return found


def _advice(db: sqlite3.Connection, search: Wanted) -> list[dict[str, Any]]:
    """What could be tried when nothing was found, each with what it would find."""
    found = []
    read = search.matching
    tries = []
    if search.is_filtered:
        tries.append(("Search without the filters", Wanted(text=search.text)))
    if read.any_term:
        any_words = " OR ".join(term.text for term in read.terms)
        tries.append(("Look for trials with any of the words", search._replace(text=any_words, page=1)))
    if len(read.terms) > 1:
        tries += [(f"Only {term.text}", Wanted(text=term.text)) for term in read.terms]
    for what, other in tries:
        count = queries.count(db, other.asked)
        found.append({"what": what, "count": labels.number(count), "path": other.path if count else None})
    return found


def _results(db: sqlite3.Connection, search: Wanted) -> dict[str, Any]:
    count = queries.count(db, search.asked)
    pages = max(1, -(-count // PAGE_SIZE))
    search = search._replace(page=min(search.page, pages))
    rowids = queries.hits(db, search.asked, search.order, PAGE_SIZE, (search.page - 1) * PAGE_SIZE)
    match = search.asked.match
    marked = queries.matches(db, match, rowids) if match and rowids else {}
    unpaged = search._replace(page=1)
    number = number_in(search.text) if search.text else None
    return {
        "q": search.text,
        "count": labels.number(count),
        "is_one": count == 1,
        "page": search.page,
        "pages": labels.number(pages),
        "previous": search._replace(page=search.page - 1).path if search.page > 1 else None,
        "next": search._replace(page=search.page + 1).path if search.page < pages else None,
        "trials": [card(row, marked.get(row["rowid"])) for row in queries.cards(db, rowids)],
        "facets": _facets(db, search),
        "chips": _chips(search),
        "clear": Wanted(text=search.text, sort=search.sort).path,
        "sorts": [
            {"label": label, "path": unpaged._replace(sort=name).path, "current": name == search.order}
            for name, label in _SORTS.items()
            if name != "relevance" or match
        ],
        "hidden": [pair for pair in search.pairs if pair[0] != "q"],
        "hidden_for_years": [pair for pair in search.pairs if pair[0] not in ("from", "to")],
        "first_year": search.first_year,
        "last_year": search.last_year,
        "csv": unpaged.path_as("/search.csv"),
        "json": unpaged.path_as("/search.json"),
        "advice": [] if count else _advice(db, search),
        "unknown_number": None
        if number is None
        else {"text": number.normalized, "registry": number.registry, "url": links.registry_page(number.registry, number.normalized)},
        "nothing_typed": bool(search.text) and match is None,
    }  # fmt: skip


async def search(datasette: Datasette, request: Request) -> Response:
    """`/search`: a number that one trial has leads there; everything else is looked for."""
    asked_for = wanted(request)
    if asked_for.text and number_in(asked_for.text):
        found = await read(datasette, lambda db: find_trials(db, asked_for.text))
        if len(found) == 1:
            return Response.redirect(trial_path(datasette, found[0]))
    context = await read(datasette, lambda db: _results(db, asked_for))
    return await page(datasette, request, "search.html", context)


# ----------------------------------------------------------------------------------------------- the whole search


def _in_chunks(datasette: Datasette, asked_for: Wanted, as_text: Any) -> Any:
    """The rows of a search as pieces of text, all from one catalogue."""

    async def chunks() -> AsyncIterator[str]:
        with connection_for_download(datasette) as db:
            rowids = await in_thread(datasette, lambda: queries.hits(db, asked_for.asked, asked_for.order))
            yield as_text.head(len(rowids), db)
            for start in range(0, len(rowids), _ROWS_A_CHUNK):
                some = rowids[start : start + _ROWS_A_CHUNK]
                yield await in_thread(datasette, lambda some=some: as_text.rows(queries.whole_trials(db, some), some is rowids))
            yield as_text.tail
    return chunks
