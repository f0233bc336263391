"""The tables that say how complete and how fresh a catalogue is: runs, rejections, unmapped values, registries, about.

Called by `harvester.build` at the end of every build; small, and made anew each time.
"""

from __future__ import annotations

import sqlite3

from harvester.archive import Archive
from harvester.catalogue import refill
from harvester.catalogue_tables import TABLES
from harvester.registries import REGISTRIES


def tell(archive: Archive, db: sqlite3.Connection, facts: dict[str, str]) -> None:
    """The tables that say how complete and how fresh the catalogue is."""
    db.execute("DELETE FROM unmapped_values")
    db.execute(
        "INSERT INTO unmapped_values SELECT vocabulary, substr(record_id, 1, instr(record_id, ':') - 1) AS source,"
        " raw_value, count(DISTINCT record_id), min(record_id) FROM unmapped_in_records GROUP BY vocabulary, source, raw_value"
    )
    refused = [tuple(rejection) for rejection in archive.rejections()]
    refused += [
        (*str(record_id).split(":", 1), f"archive:{record_id}", sha256, problem)
        for record_id, sha256, problem in db.execute(
            "SELECT record_id, payload_sha256, problem FROM versions WHERE problem IS NOT NULL ORDER BY 1, 2"
        )
    ]
    refill(db, "rejected_payloads", refused)
    refill(db, "runs", archive.runs(TABLES["runs"].names))
    # Of `versions`, whose rows are short: a row of `records` fills several pages.
    counted = {
        source: counts
        for source, *counts in db.execute(
            "SELECT substr(record_id, 1, instr(record_id, ':') - 1), sum(is_current), max(last_fetched_at),"
            " max(CASE WHEN is_current THEN processed_date END) FROM versions GROUP BY 1"
        )
    }
    rows = [
        (
            r.source,
            r.name,
            r.page,
            r.licence,
            r.licence_url,
            r.attribution,
            r.terms,
            *counted.get(r.source, (0, None, None)),
        )
        for r in REGISTRIES.values()
    ]
    refill(db, "registries", rows)
    refill(db, "about", sorted(facts.items()))
