"""Sponsors of a catalogue: every spelling of `record_sponsors` gets its organization. A stage of `harvester.build`.

The rules are `normalize.sponsors`, which looks at all spellings at once: an organization's name and class come from all
records that use it. A step in which no spelling comes more or less often than before leaves them as they are.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from harvester.catalogue import refill
from harvester.touched import Touched
from normalize.sponsors import NameUse, organizations

_SHOWN = "SELECT name_raw, class, name FROM sponsor_aliases JOIN sponsors USING (sponsor_id)"
_NAME = """
    UPDATE record_sponsors
    SET sponsor_id = (SELECT sponsor_id FROM sponsor_aliases a WHERE a.name_raw = record_sponsors.name_raw)"""


def name_sponsors(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `sponsors`, `sponsor_aliases` and `sponsor_candidates`, and `record_sponsors.sponsor_id`. New records may change
    the class or the name of an organization: then every trial that names it is touched."""
    if touched is None:
        _find_organizations(db)
        db.execute(_NAME)
        return
    if not any(touched.sponsors.values()):
        _name_written(db, touched.records)
        return
    before = set(db.execute(_SHOWN))
    _find_organizations(db)
    _name_written(db, touched.records)
    turned = {name for name, _, _ in before ^ set(db.execute(_SHOWN))}
    moved = db.execute(
        "SELECT DISTINCT s.name_raw FROM record_sponsors s LEFT JOIN sponsor_aliases a USING (name_raw)"
        " WHERE s.sponsor_id IS NOT a.sponsor_id"
    )
    turned.update(name for (name,) in moved.fetchall())
    if turned:
        among = "name_raw IN (SELECT value FROM json_each(?))"
        given = (json.dumps(sorted(turned)),)
        db.execute(f"{_NAME} WHERE {among}", given)
        touched.trials.update(
            trial_id
            for (trial_id,) in db.execute(
                "SELECT DISTINCT trial_id FROM records JOIN record_sponsors USING (record_id)"
                f" WHERE {among} AND trial_id IS NOT NULL",
                given,
            )
        )


def _find_organizations(db: sqlite3.Connection) -> None:
    uses = db.execute("SELECT name_raw, class_registry, count(*) FROM record_sponsors GROUP BY 1, 2 ORDER BY 1, 2")
    written = dict(db.execute("SELECT name_raw, organization FROM sponsor_overrides"))
    found = organizations((NameUse(*row) for row in uses), written)
    refill(db, "sponsors", found.organizations)
    refill(db, "sponsor_aliases", found.aliases)
    refill(db, "sponsor_candidates", found.candidates)


def _name_written(db: sqlite3.Connection, records: Collection[str]) -> None:
    """Rows that were written anew have no organization yet."""
    db.execute(f"{_NAME} WHERE record_id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(records)),))
