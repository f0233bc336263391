"""Site room: `/quality` explains every quality flag, with its standard and who has how many; a trial's page lists its own."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from harvester.site import labels, queries
from harvester.site.database import catalogue_of
from harvester.site.entries import Trial
from harvester.site.pages import Shown, page

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


def _counts(rows: list[queries.Row], flag: str, key: str, database: str) -> list[dict[str, str]]:
    """Who has how many trials with a flag, each with the address of the list of them."""
    return [
        {
            "name": row[key],
            "trials": labels.number(row["trials"]),
            "path": f"/{database}/flagged_trials?{urlencode({'flag': flag, key: row[key]})}",
        }
        for row in rows
        if row["flag"] == flag
    ]


def _rules(db: sqlite3.Connection, database: str) -> list[dict[str, Any]]:
    registries, sponsors = queries.flags_by_registry(db), queries.flags_by_sponsor(db, _SPONSORS)
    return [
        {
            **rule,
            "count": labels.number(rule["trials"]),
            "path": f"/{database}/flagged_trials?{urlencode({'flag': rule['flag']})}",
            "rows": f"/{database}/quality_flags?{urlencode({'flag': rule['flag']})}",
            "registries": _counts(registries, rule["flag"], "registry", database),
            "sponsors": _counts(sponsors, rule["flag"], "sponsor", database),
        }
        for rule in queries.quality_rules(db)
    ]


async def quality(datasette: Datasette, request: Request) -> Response:
    """`/quality`"""
    database = catalogue_of(datasette).name
    return await page(
        datasette, request, lambda db: Shown("quality.html", {"rules": _rules(db, database), "database": database})
    )
