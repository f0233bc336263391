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
from harvester.site.finding import find
from harvester.site.pages import Shown, page
from harvester.site.wanted import Wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Sponsors that are named under each flag, those with most trials first.
_SPONSORS = 10


def flags(trial: Trial) -> list[dict[str, Any]]:
    """The flags of a trial, each with its rule and with what its records show; the weightiest first."""
    records = {entry.row["record_id"]: entry.reference for entry in trial.entries}
    found: dict[str, dict[str, Any]] = {}
    for row in trial.flags:
        flag = found.setdefault(row["flag"], {**row, "path": f"/quality#{row['flag']}", "shown": []})
        flag["shown"].append({"detail": row["detail"], "records": [records[row["record_id"]]]})
    return list(found.values())


def _registries(rows: list[queries.Row], flag: str, database: str) -> list[dict[str, str]]:
    """Registries whose entries have a flag, each with the address of the list of these entries, with the evidence."""
    return [
        {
            "name": row["registry"],
            "trials": labels.number(row["trials"]),
            "path": f"/{database}/flagged_trials?{urlencode({'flag': flag, 'registry': row['registry']})}",
        }
        for row in rows
        if row["flag"] == flag
    ]


def _sponsors(db: sqlite3.Connection, search: Wanted) -> list[dict[str, str]]:
    """Primary sponsors of the trials of a search, those with most first, each with the address of its own."""
    found = find(db, search)
    return [
        {
            "name": facet_label("sponsor", sponsor, found.facets.sponsors),
            "trials": labels.number(trials),
            "path": search.toggled("sponsor", sponsor).path,
        }
        for sponsor, trials in found.counts("sponsor")[: _SPONSORS + 1]
        if sponsor
    ][:_SPONSORS]


def _rules(db: sqlite3.Connection, database: str) -> list[dict[str, Any]]:
    registries = queries.flags_by_registry(db)
    rules = queries.quality_rules(db)
    searches = {rule["flag"]: Wanted(filters={"flag": (rule["flag"],)}) for rule in rules}
    return [
        {
            **rule,
            "count": labels.number(rule["trials"]),
            "path": searches[rule["flag"]].path,
            "rows": f"/{database}/flagged_trials?{urlencode({'flag': rule['flag']})}",
            "registries": _registries(registries, rule["flag"], database),
            "sponsors": _sponsors(db, searches[rule["flag"]]),
        }
        for rule in rules
    ]


async def quality(datasette: Datasette, request: Request) -> Response:
    """`/quality`"""
    database = catalogue_of(datasette).name
    return await page(
        datasette, request, lambda db: Shown("quality.html", {"rules": _rules(db, database), "database": database})
    )
