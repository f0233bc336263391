"""Site room: the first page: one search box, what is in the catalogue and how fresh it is, and ways into it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from harvester.site import labels, pictures, queries
from harvester.site.changes import heading
from harvester.site.database import kept
from harvester.site.finding import find
from harvester.site.footer import database_name
from harvester.site.listing import forms
from harvester.site.pages import Shown, page, trial_path
from harvester.site.sources import verdict
from harvester.site.wanted import Wanted
from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette

_EXAMPLE_CONDITIONS = 3
_CHANGES = 8


@kept
def first_page(db: sqlite3.Connection) -> dict[str, Any]:
    """What the first page shows; made once for each catalogue file."""
    everything = Wanted()
    found = find(db, everything)
    totals = queries.totals(db)
    newest = [row["trial_id"] for row in queries.cards(db, found.ordered(db, "update")[:1])]
    examples = [*apart(queries.common_conditions(db, 10 * _EXAMPLE_CONDITIONS))[:_EXAMPLE_CONDITIONS], *newest]
    return {
        "trials": labels.number(found.size),
        "records": labels.number(totals["records"]),
        "recruiting": labels.number(dict(found.counts("status")).get("recruiting", 0)),
        "recruiting_path": Wanted(filters={"status": ("recruiting",)}).path,
        "registry_count": len([1 for value, _ in found.counts("registry") if value]),
        "topics": [_topic(db, row) for row in queries.topics(db)],
        "examples": [{"text": text, "path": Wanted(text=text).path} for text in examples],
        "charts": [
            pictures.registrations(found, everything),
            *(pictures.spread(found, everything, facet) for facet in ("status", "phase", "country", "class")),
        ],
        "fresh": [_fresh(row) for row in queries.freshness(db)],
        "changes": [_change(row) for row in queries.recent_changes(db, _CHANGES)],
    }


def apart(names: list[str]) -> list[str]:
    """Those that share no word with one before them: "COVID-19" and "Pneumonia of COVID-19" show one thing twice."""
    used: set[str] = set()
    found = []
    for name in names:
        words = set(fold(name).split())
        if used.isdisjoint(words):
            found.append(name)
            used |= words
    return found


def _topic(db: sqlite3.Connection, row: dict[str, Any]) -> dict[str, Any]:
    search = Wanted(text=row["query"])
    recruiting = search.toggled("status", "recruiting")
    size = find(db, search).size
    return {
        "name": row["name"],
        "count": labels.number(size),
        "is_one": size == 1,
        "recruiting": labels.number(find(db, recruiting).size),
        "recruiting_path": recruiting.path,
        **forms(search),
    }


def _fresh(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "count": labels.number(row["records"]),
        "fetched": row["last_fetched_at"],
        "run": row["started_at"],
        **verdict(row),
    }


def _change(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": row["title"] or row["trial_id"],
        "path": trial_path(row["trial_id"]),
        "trial_id": row["trial_id"],
        "fields": ", ".join(heading(field).lower() for field in row["fields"].split(",")),
        "seen": row["seen_at"],
    }


async def home(datasette: Datasette, request: Request) -> Response:
    """`/`"""
    database = database_name(datasette)
    return await page(datasette, request, lambda db: Shown("home.html", {**first_page(db), "database": database}))
