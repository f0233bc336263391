"""Related-trials room: what a refresh has to change in `related_trials`. Called by `relate`; reads, leaves the writing to it.

What two trials share depends on their two profiles alone. So a trial that did not change keeps the trials related to it, but
for those that changed or went; and a changed trial comes in where it now shares at least as much as the most distant one.
Only where that leaves room for a trial that was never among the related ones is everything compared again; and also there only the
rows that come are written, with their reasons.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harvester.relate_neighbours import Pairs, Whole, nearest, reaching
from harvester.relate_profiles import UNIT, Profiles
from harvester.relate_reasons import LINEAR, related_rows
from harvester.relate_terms import spelled

_MILLION = UNIT * UNIT


class Update(NamedTuple):
    """What to do, in this order."""

    cleared: list[tuple[str]]  # trials of which all rows go
    dropped: list[tuple[str, int]]  # trial, rank: rows that go
    moved: list[tuple[int, str, int]]  # new rank, trial, old rank
    rows: list[tuple[Any, ...]]  # whole rows that come
    anew: Whole  # trials of which all rows come anew
    pairs: Pairs  # and what is related to them now
    least: dict[int, int]  # trials of which rows were mended -> what their last one shares


class _Known(NamedTuple):
    """A row that is there: what it is related to, and in millionths what both share and the score."""

    other: str
    rank: int
    product: int
    score: int


def update(db: sqlite3.Connection, made: Profiles, changed: Whole, gone: Collection[str], most: int) -> Update:
    place = {trial: n for n, trial in enumerate(made.trials)}
    is_changed = np.zeros(len(made.trials), bool)
    is_changed[changed] = True
    least = np.array([least or 0 for _, least in made.before], np.int64)
    coming = reaching(made.matrix, changed, least)
    coming = Pairs(*(values[~is_changed[coming.row]] for values in coming))
    arrivals: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, other, product in zip(*(values.tolist() for values in coming), strict=True):
        arrivals[row].append((other, product))
    stale = {made.trials[n] for n in changed.tolist()} | set(gone)
    known = _known(db, stale, (made.trials[row] for row in arrivals))

    anew: list[int] = changed.tolist()
    mended: dict[int, tuple[list[_Known], list[tuple[int, int]]]] = {}
    for trial, rows in known.items():
        if trial in stale or trial not in place:
            continue
        row = place[trial]
        kept = [one for one in rows if one.other not in stale]
        new, last = arrivals.get(row, []), max((-one.product, one.other) for one in rows)
        ahead = [(-one.product, one.other) for one in kept] + [(-product, made.trials[other]) for other, product in new]
        # All that were never among the related ones stand behind the last of these.
        if int(least[row]) and sum(place <= last for place in ahead) < most:
            anew.append(row)
        else:
            mended[row] = (kept, new)
    mended |= {row: ([], new) for row, new in arrivals.items() if made.trials[row] not in known}

    whole = np.array(sorted(anew), np.int64)
    found = nearest(made.matrix, whole, most)
    for row, pairs in _by_row(found, whole[~is_changed[whole]]).items():
        names = {made.trials[other] for other, _ in pairs}
        kept = [one for one in known[made.trials[row]] if one.other in names and one.other not in stale]
        stay = {one.other for one in kept}
        mended[row] = (kept, [(other, product) for other, product in pairs if made.trials[other] not in stay])
    found = Pairs(*(values[is_changed[found.row]] for values in found))
    todo = Update([(trial,) for trial in sorted(stale)], [], [], [], changed, found, {})
    _mend(db, made, known, mended, most, todo)
    return todo


def _by_row(pairs: Pairs, rows: Whole) -> dict[int, list[tuple[int, int]]]:
    """row -> others and products, for some rows, also those without any."""
    found: dict[int, list[tuple[int, int]]] = {row: [] for row in rows.tolist()}
    for row, other, product in zip(*(values.tolist() for values in pairs), strict=True):
        if row in found:
            found[row].append((other, product))
    return found


def _known(db: sqlite3.Connection, stale: set[str], others: Any) -> dict[str, list[_Known]]:
    """The rows of all trials that are related to a stale one, and of the others named."""
    wanted = set(others)
    for trial in stale:
        wanted.update(
            row[0] for row in db.execute("SELECT trial_id FROM related_trials WHERE related_trial_id = ?", (trial,))
        )
    shared, score = (f"CAST(round(({sum_}) * {_MILLION}) AS INTEGER)" for sum_ in (" + ".join(LINEAR), "score"))
    sql = f"SELECT related_trial_id, rank, {shared}, {score} FROM related_trials WHERE trial_id = ? ORDER BY rank"
    return {trial: list(map(_Known._make, db.execute(sql, (trial,)))) for trial in sorted(wanted)}


def _mend(
    db: sqlite3.Connection, made: Profiles, known: dict[str, list[_Known]],
    mended: dict[int, tuple[list[_Known], list[tuple[int, int]]]], most: int, todo: Update,
) -> None:  # fmt: skip
    """Puts the arrivals among the rows that stay."""
    pairs: list[tuple[int, int, int]] = []
    staying: dict[int, list[_Known]] = {}
    for row, (kept, new) in mended.items():
        shares = [(-one.product, one.other) for one in kept] + [
            (-product, made.trials[other]) for other, product in new
        ]
        chosen = sorted(shares)[:most]
        names = {other for _, other in chosen}
        staying[row] = [one for one in kept if one.other in names]
        pairs += [(row, other, product) for other, product in new if made.trials[other] in names]
        todo.least[row] = -chosen[-1][0] if len(chosen) == most else 0
    arrays = Pairs(*(np.array(values, np.int64) for values in zip(*pairs, strict=True))) if pairs else None
    arrived: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for values in related_rows(made, arrays, partial(spelled, db)) if arrays else ():
        arrived[values[0]].append(values)
    for row, kept in staying.items():
        trial = made.trials[row]
        stay = {one.rank for one in kept}
        todo.dropped.extend((trial, one.rank) for one in known.get(trial, []) if one.rank not in stay)
        order: list[tuple[int, str, int, tuple[Any, ...] | None]] = [
            (-one.score, one.other, one.rank, None) for one in kept
        ]
        order += [(-round(values[3] * _MILLION), values[1], 0, values) for values in arrived[trial]]
        for rank, (_, _, old, whole) in enumerate(sorted(order, key=lambda item: item[:2]), 1):
            if whole is not None:
                todo.rows.append((*whole[:2], rank, *whole[3:]))
            elif old != rank:
                todo.moved.append((rank, trial, old))
