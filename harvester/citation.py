"""Export room: what a file taken from the catalogue must say: its sources with their terms, their dates, and how to cite it all.

Called by `export` and `snapshot`. Reads the catalogue.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from harvester import __version__
from harvester.catalogue import query


def sources(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Sources that have records here, with licence, attribution, terms and dates."""
    return query(db, "SELECT * FROM registries WHERE records > 0 ORDER BY source")


def catalogue_date(db: sqlite3.Connection) -> str | None:
    """The day (ISO) of the newest capture in the catalogue; None for an empty one."""
    newest: str | None = db.execute("SELECT max(last_fetched_at) FROM registries WHERE records > 0").fetchone()[0]
    return newest and newest[:10]


def about(db: sqlite3.Connection) -> dict[str, Any]:
    """Date, counts and facts of the catalogue; an empty one has no date."""
    counts = {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("trials", "records")}
    facts = dict(db.execute("SELECT key, value FROM about ORDER BY key").fetchall())
    return {"date": catalogue_date(db), **counts, **facts}


def citation(db: sqlite3.Connection) -> str | None:
    """One sentence to cite the catalogue by, with the attribution and date of each source; None for an empty one."""
    named = "; ".join(
        f"{row['attribution']} (fetched until {row['last_fetched_at'][:10]}"
        + (f", processed by the source on {row['processed_date']})" if row["processed_date"] else ")")
        for row in sources(db)
    )
    if not named:
        return None
    return f"Catalogue of clinical trials of {catalogue_date(db)}, made with Harvester {__version__} from {named}."
