"""Which trials are related to which, and why: fills `related_trials`.

Called by the build after `trials` is filled. Every trial has its 20 most related others, never itself. A pair of trials is
compared by their profiles (`relate_profiles`) and a few facts, by nothing else; the nearest 20 are those with the largest
products of profiles (`relate_neighbours`), ranked by these and by the same people and design (`relate_reasons`).
"""

from __future__ import annotations

import sqlite3

import numpy as np

from harvester.catalogue import insert_into
from harvester.relate_neighbours import nearest
from harvester.relate_profiles import profiles
from harvester.relate_reasons import related_rows
from harvester.relate_terms import read_terms
from harvester.touched import Touched

#: Related trials that are kept for each.
MOST = 20


def relate_trials(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `related_trials`. A stage of `harvester.build`."""
    read_terms(db, None if touched is None else touched.trials)
    made = profiles(db)
    db.execute("DELETE FROM related_trials")
    if made.trials:
        pairs = nearest(made.matrix, np.arange(len(made.trials)), MOST)
        db.executemany(insert_into("related_trials"), related_rows(made, pairs))
    db.executemany(
        "UPDATE trial_terms SET fingerprint = ? WHERE trial_id = ?",
        zip(made.fingerprints.tolist(), made.trials, strict=True),
    )
