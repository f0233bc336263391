"""Site room: where the data come from, under which terms and how fresh: the footer of every page, `/about`, `/dictionary`."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from harvester.catalogue import SEARCHED, TABLES
from harvester.site import labels, links, queries
from harvester.site.database import NoCatalogue, TooSlow, catalogue_of, read
from harvester.site.pages import page

if TYPE_CHECKING:
    from datasette.app import Datasette

_RUNS_SHOWN = 30
#: WHO ICTRP asks that the date on which it processed the data is shown; its pages of single trials do not give it.
_PROCESSED_UNKNOWN = {"ictrp": "a date not given in the pages fetched"}


def described(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `registries` in the words of the page."""
    return {
        **row,
        "page": links.safe(row["page"]),
        "licence_url": links.safe(row["licence_url"]),
        "count": labels.number(row["records"]),
        "fetched": labels.date(row["last_fetched_at"]),
        "processed": labels.date(row["processed_date"]) or _PROCESSED_UNKNOWN.get(row["source"], ""),
    }


def _name(datasette: Datasette) -> str | None:
    """The name of the catalogue among the databases that Datasette has open."""
    try:
        return str(catalogue_of(datasette).name)
    except NoCatalogue:
        return None


async def footer(datasette: Datasette) -> dict[str, Any]:
    """What every page names at its end; no sources when no catalogue can be read, for then the page itself says that."""
    try:
        sources = await read(datasette, queries.sources)
    except (NoCatalogue, TooSlow, sqlite3.DatabaseError):
        sources = []
    return {"sources": [described(row) for row in sources], "database": _name(datasette)}


def _about(db: sqlite3.Connection) -> dict[str, Any]:
    runs = [
        {
            **row,
            "started": labels.date(row["started_at"]),
            "name": labels.word("source", row["registry"]),
            "counts": ", ".join(
                f"{labels.number(row[key])} {key}" for key in ("new", "changed", "unchanged", "rejected")
            ),
            "announced": labels.number(row["announced"]),
            "stored": labels.number(row["stored"]),
            "verdict": row["verdict"] or "cut off",
        }
        for row in queries.runs(db, _RUNS_SHOWN)
    ]
    sources = queries.sources(db)
    return {
        "sources": [described(row) for row in sources],
        "newest": labels.date(max((row["last_fetched_at"] or "" for row in sources), default="")),
        "totals": {key: labels.number(value) for key, value in queries.totals(db).items()},
        "runs": runs,
        "rejections": [{**row, "name": labels.word("source", row["source"])} for row in queries.rejections(db)],
        "unmapped": queries.unmapped(db),
        "warned": queries.warned_fields(db),
        "facts": queries.facts(db),
    }


async def about(datasette: Datasette, request: Request) -> Response:
    """`/about`"""
    context = await read(datasette, _about)
    operator = links.safe(datasette.metadata("about_url"))
    names = {"database": catalogue_of(datasette).name, "operator": operator}
    return await page(datasette, request, "about.html", {**context, **names})


async def dictionary(datasette: Datasette, request: Request) -> Response:
    """`/dictionary`: works without a catalogue, for the tables are known before there is one."""
    context = {"tables": TABLES, "searched": SEARCHED, "database": _name(datasette)}
    return await page(datasette, request, "dictionary.html", context)
