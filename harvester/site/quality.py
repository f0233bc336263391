"""Site room: `/quality` explains every quality flag, with its standard and who has how many; a trial's page lists its own."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from harvester.site import labels, queries
from harvester.site.cards import facet_label
from harvester.site.database import catalogue_of
from harvester.site.entries import Trial
from harvester.site.finding import Found, find
from harvester.site.pages import Shown, page
from harvester.site.wanted import Wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Values of a facet that are named under each flag, those with most trials first.
_NAMED = 10


def flags(trial: Trial) -> list[dict[str, Any]]:
    """The flags of a trial, each with its rule and with what its records show; the weightiest first."""
    records = {entry.row["record_id"]: entry.reference for entry in trial.entries}
    found: dict[str, dict[str, Any]] = {}
    for row in trial.flags:
        flag = found.setdefault(row["flag"], {**row, "path": f"/quality#{row['flag']}", "shown": []})
        flag["shown"].append({"detail": row["detail"], "records": [records[row["record_id"]]]})
    return list(found.values())


def _named(found: Found, search: Wanted, facet: str) -> list[dict[str, str]]:
    """Values of a facet among the trials of a search, those with most first, each with the search for its own."""
    return [
        {
            "name": facet_label(facet, value, found.names),
            "trials": labels.number(trials),
            "path": search.toggled(facet, value).path,
        }
        for value, trials in found.counts(facet)[: _NAMED + 1]
        if value
    ][:_NAMED]


def _rules(db: sqlite3.Connection, database: str) -> list[dict[str, Any]]:
    told = []
    for rule in queries.quality_rules(db):
        search = Wanted(filters={"flag": (rule["flag"],)})
        found = find(db, search)
        told.append(
            {
                **rule,
                "count": labels.number(found.size),
                "path": search.path,
                "rows": f"/{database}/flagged_trials?{urlencode({'flag': rule['flag']})}",
                "registries": _named(found, search, "registry"),
                "sponsors": _named(found, search, "sponsor"),
            }
        )
    return told


async def quality(datasette: Datasette, request: Request) -> Response:
    """`/quality`"""
    database = catalogue_of(datasette).name
    return await page(
        datasette,
        request,
        lambda db: Shown(
            "quality.html",
            {
                "rules": _rules(db, database),
                "contradicted": labels.number(queries.contradicted(db)),
                "database": database,
            },
        ),
    )
