"""Which trials are related to which, and why: fills `related_trials`.

A stage of `harvester.build`, after `trials`. Every trial has its 20 most related others, never itself. A pair of trials is
compared by their profiles (`relate_profiles`) and a few facts, by nothing else; the 20 are those with the largest products of
profiles (`relate_neighbours`), ranked by these and by the same people and design (`relate_reasons`). So a refresh compares
anew the trials of which the profile or a fact changed, and the others only with these (`relate_update`).

No extra with a sentence model is offered: none was found that comes inside a package, and nothing is downloaded at run time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import partial

import numpy as np

from harvester.catalogue import insert_into
from harvester.relate_neighbours import Pairs, Whole, nearest
from harvester.relate_profiles import Profiles, profiles
from harvester.relate_reasons import related_rows
from harvester.relate_terms import read_terms, spelled
from harvester.relate_update import Update, update
from harvester.touched import Touched

#: Related trials that are kept for each.
MOST = 20


def relate_trials(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `related_trials`. A stage of `harvester.build`."""
    read_terms(db, None if touched is None else touched.trials)
    made = profiles(db)
    changed = np.array(
        [
            n
            for n, (now, (then, _)) in enumerate(zip(made.fingerprints.tolist(), made.before, strict=True))
            if now != then
        ],
        np.int64,
    )
    gone = set() if touched is None else touched.trials - set(made.trials)
    if touched is None:
        pairs = nearest(made.matrix, changed, MOST)
        _write(db, made, changed, pairs)
        _remember(db, made, changed, _least(pairs, len(made.trials)))
    elif len(changed) or gone:
        todo = update(db, made, changed, gone, MOST)
        _apply(db, made, todo)
        least = _least(todo.pairs, len(made.trials))
        least[list(todo.least)] = list(todo.least.values())
        _remember(db, made, [*todo.anew.tolist(), *todo.least], least)


def _write(db: sqlite3.Connection, made: Profiles, rows: Whole, pairs: Pairs) -> None:
    """The rows of `related_trials` of some trials."""
    db.executemany(insert_into("related_trials"), related_rows(made, pairs, partial(spelled, db)))


def _apply(db: sqlite3.Connection, made: Profiles, todo: Update) -> None:
    db.executemany("DELETE FROM related_trials WHERE trial_id = ?", todo.cleared)
    db.executemany("DELETE FROM related_trials WHERE trial_id = ? AND rank = ?", todo.dropped)
    # In two steps, for two trials cannot have one rank even for a moment.
    db.executemany("UPDATE related_trials SET rank = -? WHERE trial_id = ? AND rank = ?", todo.moved)
    db.executemany(
        "UPDATE related_trials SET rank = -rank WHERE trial_id = ? AND rank = -?", [(t, n) for n, t, _ in todo.moved]
    )
    db.executemany(insert_into("related_trials"), todo.rows)
    _write(db, made, todo.anew, todo.pairs)


def _least(pairs: Pairs, trials: int) -> Whole:
    """What the last of `MOST` shares with each trial; 0 for a trial that has fewer."""
    least = np.full(trials, np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.row, pairs.product)
    return np.where(np.bincount(pairs.row, minlength=trials) < MOST, 0, least)


def _remember(db: sqlite3.Connection, made: Profiles, rows: Iterable[int], least: Whole) -> None:
    db.executemany(
        "UPDATE trial_terms SET fingerprint = ?, least = ? WHERE trial_id = ?",
        [(int(made.fingerprints[row]), int(least[row]), made.trials[row]) for row in rows],
    )
