"""Related-trials room: the rows of `related_trials`, all of them written or those mended that a refresh changes. Called by `relate`."""

from __future__ import annotations

import sqlite3
from functools import partial

import numpy as np

from harvester.catalogue import insert_into
from harvester.memory import give_back
from harvester.relate_lessons import counted, learn_again, teach
from harvester.relate_neighbours import Pairs, nearest
from harvester.relate_profiles import ProfilesAside, fingerprints, keep, keep_all, new_profiles, some_of
from harvester.relate_reasons import related_rows
from harvester.relate_synonyms import Whole, distinct
from harvester.relate_terms import Reread, spelled
from harvester.relate_update import Update, update

#: Trials of which the rows are written at a time.
_AT_A_TIME = 2_500
#: Where more than one trial in so many is to be compared anew, comparing all is quicker.
_MANY = 4


def write_lists(db: sqlite3.Connection, most: int) -> None:
    """The `most` related trials of every trial; what the tables hold is no matter."""
    for table in ("related_trials", "trial_profiles", "term_meanings", "term_worth"):
        db.execute(f"DELETE FROM {table}")
    trials = [trial for (trial,) in db.execute("SELECT trial_id FROM trial_roots ORDER BY trial_id")]
    keep_all(db, trials, teach(db))
    give_back()
    every = ProfilesAside(db, trials)
    give_back()
    for start in range(0, len(trials), _AT_A_TIME):
        mine = np.arange(start, min(start + _AT_A_TIME, len(trials)))
        pairs = nearest(every.some(mine).matrix, start, every.turned, most)
        used = distinct(np.concatenate((pairs.row, pairs.other)))
        places = Pairs(np.searchsorted(used, pairs.row), np.searchsorted(used, pairs.other), pairs.product)
        db.executemany(insert_into("related_trials"), related_rows(every.some(used), places, partial(spelled, db)))
        least = _least(pairs, len(mine), start, most)
        _remember(db, list(zip(least.tolist(), trials[start:], strict=False)))
        give_back()
    every.close()


def mend_lists(db: sqlite3.Connection, reread: Reread, most: int) -> None:
    """The same, where the tables hold those of the last build, and some trials were `reread`."""
    trials = int(db.execute("SELECT count(*) FROM trial_roots").fetchone()[0])
    affected = learn_again(db, reread) if len(reread.trials) * _MANY < trials else None
    if affected is None or len(reread.trials | affected) * _MANY >= trials:
        write_lists(db, most)
        return
    gone = sorted(
        trial for trial in reread.trials if not _one(db, "SELECT 1 FROM trial_roots WHERE trial_id = ?", trial)
    )
    db.executemany("DELETE FROM trial_profiles WHERE trial_id = ?", [(trial,) for trial in gone])
    made = new_profiles(db, sorted((reread.trials | affected) - set(gone)), counted(trials))
    then = [_one(db, "SELECT fingerprint FROM trial_profiles WHERE trial_id = ?", trial) for trial in made.trials]
    changed = [row for row, now in enumerate(fingerprints(made).tolist()) if (now,) != then[row]]
    if changed or gone:
        keep(db, made, changed)
        _apply(db, update(db, some_of(made, changed), gone, most))


def _one(db: sqlite3.Connection, sql: str, trial: str) -> tuple[int] | None:
    row: tuple[int] | None = db.execute(sql, (trial,)).fetchone()
    return row


def _apply(db: sqlite3.Connection, todo: Update) -> None:
    db.executemany("DELETE FROM related_trials WHERE trial_id = ?", todo.cleared)
    db.executemany("DELETE FROM related_trials WHERE trial_id = ? AND rank = ?", todo.dropped)
    # In two steps, for two trials cannot have one rank even for a moment.
    db.executemany("UPDATE related_trials SET rank = -? WHERE trial_id = ? AND rank = ?", todo.moved)
    db.executemany(
        "UPDATE related_trials SET rank = -rank WHERE trial_id = ? AND rank = -?", [(t, n) for n, t, _ in todo.moved]
    )
    db.executemany(insert_into("related_trials"), todo.rows)
    _remember(db, todo.least)


def _least(pairs: Pairs, trials: int, first: int, most: int) -> Whole:
    """What the last of `most` shares with each of some trials, those from `first` on; 0 for a trial that has fewer."""
    least = np.full(trials, np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.row - first, pairs.product)
    return np.where(np.bincount(pairs.row - first, minlength=trials) < most, 0, least)


def _remember(db: sqlite3.Connection, least: list[tuple[int, str]]) -> None:
    db.executemany("UPDATE trial_profiles SET least = ? WHERE trial_id = ?", least)
