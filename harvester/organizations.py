"""Sponsors of a catalogue: every spelling of `record_sponsors` gets its organization. A stage of `harvester.build`.

The rules are `normalize.sponsors`, which looks at all spellings at once: an organization's name and class come from all
records that use it.
"""

from __future__ import annotations

import sqlite3

from harvester.catalogue import refill
from harvester.touched import Touched
from normalize.sponsors import NameUse, organizations

_CLASSES = "SELECT name_raw, class FROM sponsor_aliases JOIN sponsors USING (sponsor_id)"


def name_sponsors(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `sponsors`, `sponsor_aliases` and `sponsor_candidates`, and `record_sponsors.sponsor_id`. New records may change
    the class of an organization: then every trial that names it is touched."""
    before = set(db.execute(_CLASSES))
    uses = db.execute("SELECT name_raw, class_registry, count(*) FROM record_sponsors GROUP BY 1, 2 ORDER BY 1, 2")
    written = dict(db.execute("SELECT name_raw, organization FROM sponsor_overrides"))
    found = organizations((NameUse(*row) for row in uses), written)
    refill(db, "sponsors", found.organizations)
    refill(db, "sponsor_aliases", found.aliases)
    refill(db, "sponsor_candidates", found.candidates)
    sponsor_of = {alias.name_raw: alias.sponsor_id for alias in found.aliases}
    named = db.execute("SELECT DISTINCT name_raw, sponsor_id FROM record_sponsors").fetchall()
    turned = {name for name, sponsor_id in named if sponsor_of.get(name) != sponsor_id}
    if touched is not None:
        turned |= {name for name, _ in before ^ set(db.execute(_CLASSES))}
    if not turned:
        return
    db.execute("CREATE TEMP TABLE turned (name_raw TEXT PRIMARY KEY)")
    db.executemany("INSERT INTO turned VALUES (?)", [(name,) for name in turned])
    db.execute(
        "UPDATE record_sponsors SET sponsor_id ="
        " (SELECT sponsor_id FROM sponsor_aliases a WHERE a.name_raw = record_sponsors.name_raw)"
        " WHERE name_raw IN (SELECT name_raw FROM turned)"
    )
    if touched is not None:
        touched.trials.update(
            trial_id
            for (trial_id,) in db.execute(
                "SELECT DISTINCT trial_id FROM records JOIN record_sponsors USING (record_id)"
                " WHERE name_raw IN (SELECT name_raw FROM turned) AND trial_id IS NOT NULL"
            )
        )
    db.execute("DROP TABLE turned")
