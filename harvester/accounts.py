"""The tables that say how complete and how fresh a catalogue is: runs, rejections, unmapped values, registries, about.

Called by `harvester.build` at the end of every build; small, and made anew each time.
"""

from __future__ import annotations

import sqlite3

from harvester.archive import Archive
from harvester.catalogue import refill
from harvester.registries import REGISTRIES


def tell(archive: Archive, db: sqlite3.Connection, facts: dict[str, str]) -> None:
    """The tables that say how complete and how fresh the catalogue is."""
    db.execute("DELETE FROM unmapped_values")
    db.execute(
        "INSERT INTO unmapped_values SELECT vocabulary, source, raw_value, count(DISTINCT record_id), min(record_id)"
        " FROM unmapped_in_records JOIN records USING (record_id) GROUP BY vocabulary, source, raw_value"
    )
    refused = [tuple(rejection) for rejection in archive.rejections()]
    refused += [
        (*str(record_id).split(":", 1), f"archive:{record_id}", sha256, problem)
        for record_id, sha256, problem in db.execute(
            "SELECT record_id, payload_sha256, problem FROM versions WHERE problem IS NOT NULL ORDER BY 1, 2"
        )
    ]
    refill(db, "rejected_payloads", refused)
    refill(db, "runs", archive.runs())
    rows = []
    for registry in REGISTRIES.values():
        counted = db.execute(
            "SELECT count(*), max(processed_date), (SELECT max(last_fetched_at) FROM versions WHERE record_id LIKE ? || ':%')"
            " FROM records WHERE source = ?",
            (registry.source, registry.source),
        ).fetchone()
        rows.append(
            (registry.source, registry.name, registry.page, registry.licence, registry.licence_url,
             registry.attribution, registry.terms, counted[0], counted[2], counted[1])
        )  # fmt: skip
    refill(db, "registries", rows)
    refill(db, "about", sorted(facts.items()))
