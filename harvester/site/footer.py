"""Site room: what every page names at its end: the sources with their terms and dates, and the way to the tables.

Called by `pages` for this room's own pages, and by the plugin for Datasette's.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from harvester.site import labels, links, queries
from harvester.site.database import NoCatalogue, TooSlow, catalogue_of, kept, read

if TYPE_CHECKING:
    from datasette.app import Datasette

#: WHO ICTRP asks that the date on which it processed the data is shown; its pages of single trials do not give it.
_PROCESSED_UNKNOWN = {"ictrp": "a date that its pages do not give"}


def described(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `registries` in the words of a page."""
    return {
        **row,
        "page": links.safe(row["page"]),
        "licence_url": links.safe(row["licence_url"]),
        "count": labels.number(row["records"]),
        "fetched": labels.date(row["last_fetched_at"]),
        "processed": labels.date(row["processed_date"]) or _PROCESSED_UNKNOWN.get(row["source"], ""),
    }


@kept
def sources_named(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The sources that have records here."""
    return [described(row) for row in queries.sources(db)]


def database_name(datasette: Datasette) -> str | None:
    """The name of the catalogue among the databases that Datasette has open."""
    try:
        return str(catalogue_of(datasette).name)
    except NoCatalogue:
        return None


async def footer(datasette: Datasette) -> dict[str, Any]:
    """What a page names that reads no catalogue itself; no sources when none can be read, for then the page says that."""
    try:
        sources = await read(datasette, sources_named)
    except (NoCatalogue, TooSlow, sqlite3.DatabaseError):
        sources = []
    return {"sources": sources, "database": database_name(datasette)}
