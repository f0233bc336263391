"""Sponsors of a catalogue: every spelling of `record_sponsors` gets its organization. A stage of `harvester.build`.

The rules are `normalize.sponsors`, which looks at all spellings at once: an organization's name and class come from all
records that use it.
"""

from __future__ import annotations

import sqlite3

from harvester.catalogue import refill
from harvester.touched import Touched
from normalize.sponsors import NameUse, organizations


def name_sponsors(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `sponsors` and `sponsor_aliases`, and `record_sponsors.sponsor_id`."""
    uses = db.execute("SELECT name_raw, class_registry, count(*) FROM record_sponsors GROUP BY 1, 2 ORDER BY 1, 2")
    sponsors, aliases = organizations(NameUse(*row) for row in uses)
    refill(db, "sponsors", sponsors)
    refill(db, "sponsor_aliases", aliases)
    db.execute(
        "UPDATE record_sponsors SET sponsor_id ="
        " (SELECT sponsor_id FROM sponsor_aliases a WHERE a.name_raw = record_sponsors.name_raw)"
    )
