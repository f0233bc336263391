"""Full-text search over the rows of `trials`. Called by `harvester.build` at the end of a full build.

Not imported before it is needed: sqlite-utils loads pandas wherever it finds it, 75 MB that the stages before have no use for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from sqlite_utils import Database
from sqlite_utils.db import Table

from harvester.catalogue_tables import SEARCHED

#: Bytes of the index that are gathered in memory before they are written: with SQLite's own 1 MB twice the work would be merging.
_AT_ONCE = 16 << 20


class _Trials(Table):
    def populate_fts(self, columns: Iterable[str]) -> Table:
        self.db.execute("INSERT INTO trials_fts (trials_fts, rank) VALUES ('hashsize', ?)", (_AT_ONCE,))
        return super().populate_fts(columns)


def index_text(db: sqlite3.Connection) -> None:
    """Indexes all trials, accents removed. From then on SQLite keeps the index in step with what they say."""
    trials = _Trials(Database(db), "trials")
    trials.enable_fts(SEARCHED, tokenize="unicode61 remove_diacritics 2", create_triggers=True)
    trials.optimize()
    # A step writes trials anew of which mostly a status or a date changed: their words are not read twice for that.
    (update,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'trials_au'").fetchone()
    differs = " OR ".join(f'old."{column}" IS NOT new."{column}"' for column in SEARCHED)
    db.execute("DROP TRIGGER trials_au")
    db.execute(update.replace(" BEGIN", f" WHEN {differs} BEGIN", 1))
