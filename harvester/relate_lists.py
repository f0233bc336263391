"""Related-trials room: the rows of `related_trials`, all of them written or those mended that a refresh changes. Called by `relate`."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from functools import partial

import numpy as np

from harvester.catalogue import insert_into
from harvester.relate_neighbours import Pairs, Whole, nearest
from harvester.relate_profiles import Profiles, profiles
from harvester.relate_reasons import related_rows
from harvester.relate_terms import spelled
from harvester.relate_update import Update, update


def write_lists(db: sqlite3.Connection, most: int) -> None:
    """The `most` related trials of every trial, into an empty table."""
    made = profiles(db)
    everything = np.arange(len(made.trials))
    pairs = nearest(made.matrix, everything, most)
    _write(db, made, pairs)
    _remember(db, made, everything, _least(pairs, len(made.trials), most))


def mend_lists(db: sqlite3.Connection, reread: Collection[str], most: int) -> None:
    """The same, where the table holds those of the last build, and the rows of `trial_terms` that were `reread` came, went or changed."""
    made = profiles(db)
    now, then = made.fingerprints.tolist(), [fingerprint for fingerprint, _ in made.before]
    changed = np.array([n for n, both in enumerate(zip(now, then, strict=True)) if both[0] != both[1]], np.int64)
    gone = set(reread) - set(made.trials)
    if not len(changed) and not gone:
        return
    todo = update(db, made, changed, gone, most)
    _apply(db, made, todo)
    least = _least(todo.pairs, len(made.trials), most)
    least[list(todo.least)] = list(todo.least.values())
    _remember(db, made, [*todo.anew.tolist(), *todo.least], least)


def _write(db: sqlite3.Connection, made: Profiles, pairs: Pairs) -> None:
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
    _write(db, made, todo.pairs)


def _least(pairs: Pairs, trials: int, most: int) -> Whole:
    """What the last of `most` shares with each trial; 0 for a trial that has fewer."""
    least = np.full(trials, np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.row, pairs.product)
    return np.where(np.bincount(pairs.row, minlength=trials) < most, 0, least)


def _remember(db: sqlite3.Connection, made: Profiles, rows: Iterable[int], least: Whole) -> None:
    db.executemany(
        "UPDATE trial_terms SET fingerprint = ?, least = ? WHERE trial_id = ?",
        [(int(made.fingerprints[row]), int(least[row]), made.trials[row]) for row in rows],
    )
