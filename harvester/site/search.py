"""Site room: `/search`: full text, filters with counts, sorting, paging. A number that one trial has leads to the trial."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from harvester.site import labels, links, queries
from harvester.site.cards import card, facet_label
from harvester.site.database import read
from harvester.site.lookup import find_trials, number_in
from harvester.site.matching import Matching
from harvester.site.pages import page, trial_path
from harvester.site.wanted import HEADINGS, SORTS, Wanted, wanted
from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette

PAGE_SIZE = 25
#: Values of a facet that are shown at once; the rest unfold.
_AT_ONCE = 7
#: rapidfuzz's ratio from which a word is offered for another: "miscariage" and "miscarriage" have 95, "lupus" and "lumbus" 73.
_LIKE = 80


def _facets(db: sqlite3.Connection, search: Wanted) -> list[dict[str, Any]]:
    found = []
    for name, heading in HEADINGS.items():
        chosen = search.filters.get(name, ())
        values: list[dict[str, Any]] = []
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
        if not values and name != "year":
            continue
        found.append(
            {
                "name": name,
                "heading": heading,
                "first": values[:_AT_ONCE],
                "more": values[_AT_ONCE:],
                "open": bool(chosen),
            }
        )
    return found


def _chips(search: Wanted) -> list[dict[str, str]]:
    """The filters that are on, each with the address without it."""
    found = [
        {
            "label": f"{HEADINGS[name]}: {facet_label(name, None if value == queries.NOT_GIVEN else value)}",
            "path": search.toggled(name, value).path,
        }
        for name, values in search.filters.items()
        for value in values
    ]
    if search.first_year is not None:
        found.append(
            {"label": f"Start from {search.first_year}", "path": search._replace(first_year=None, page=1).path}
        )
    if search.last_year is not None:
        found.append({"label": f"Start to {search.last_year}", "path": search._replace(last_year=None, page=1).path})
    return found


def _similar(db: sqlite3.Connection, read: Matching) -> list[str]:
    """For each word that is in no trial, the condition's or intervention's word that is most like it."""
    unknown = [term.text for term in read.terms if not queries.count(db, queries.Asked(term.match, {}))]
    known = sorted({word for name in queries.names(db) for word in name.split()}) if unknown else []
    best = (extractOne(fold(text), known, scorer=ratio, score_cutoff=_LIKE) for text in unknown)
    return list(dict.fromkeys(match[0] for match in best if match))


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
    tries += [(f"Did you mean {word}?", Wanted(text=word)) for word in _similar(db, read)]
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
            for name, label in SORTS.items()
            if name != "relevance" or match
        ],
        "hidden": [pair for pair in search.pairs if pair[0] != "q"],
        "hidden_for_years": [pair for pair in search.pairs if pair[0] not in ("from", "to")],
        "first_year": search.first_year,
        "last_year": search.last_year,
        "csv": unpaged.path_as("/search.csv"),
        "ris": unpaged.path_as("/search.ris"),
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
            return Response.redirect(datasette.urls.path(trial_path(found[0])))
    context = await read(datasette, lambda db: _results(db, asked_for))
    return await page(datasette, request, "search.html", context)
