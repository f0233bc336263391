"""Related-trials room: what a refresh has to change in `related_trials`. Called by `relate_lists`; reads, leaves the writing to it.

What two trials share depends on their two profiles alone. So a trial that did not change keeps the trials related to it, but
for those that changed or went; and a changed trial comes in where it now shares at least as much as the most distant one.
Only where that leaves room for a trial that was never among the related ones is everything compared again; and also there only the
rows that come are written, with their reasons.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from harvester.relate_neighbours import Pairs
from harvester.relate_profiles import UNIT, Compared, Profiles, compare, kept_profiles
from harvester.relate_reasons import LINEAR, related_rows
from harvester.relate_terms import spelled

_MILLION = UNIT * UNIT


class Update(NamedTuple):
    """What to do, in this order."""

    cleared: list[tuple[str]]  # trials of which all rows go
    dropped: list[tuple[str, int]]  # trial, rank: rows that go
    moved: list[tuple[int, str, int]]  # new rank, trial, old rank
    rows: list[tuple[Any, ...]]  # whole rows that come
    least: list[tuple[int, str]]  # what its last one shares with a trial, the trial


class _Known(NamedTuple):
    """A row that is there: what it is related to, and in millionths what both share and the score."""

    other: str
    rank: int
    product: int
    score: int

    @property
    def place(self) -> tuple[int, str]:
        """Among the related ones of a trial the first have the lowest."""
        return (-self.product, self.other)


#: What comes to a trial: the other one and what both share.
_Arrivals = list[tuple[str, int]]


def update(db: sqlite3.Connection, changed: Profiles, gone: Collection[str], most: int) -> Update:
    """`changed`: the trials of which profile or facts changed; their profiles are kept already."""
    found = compare(db, changed, most)
    stale = {*changed.trials, *gone}
    arrivals: dict[str, _Arrivals] = defaultdict(list)
    for row, other, product in zip(*(values.tolist() for values in found.reached), strict=True):
        arrivals[found.trials[other]].append((changed.trials[row], product))
    known = _known(db, stale, arrivals)
    lists: dict[str, tuple[list[_Known], _Arrivals]] = {
        trial: ([], new) for trial, new in _best(changed, found).items()
    }
    anew: list[str] = []
    for trial in (known.keys() | arrivals.keys()) - stale:
        rows, new = known.get(trial, []), arrivals.get(trial, [])
        kept = [one for one in rows if one.other not in stale]
        ahead = [one.place for one in kept] + [(-product, other) for other, product in new]
        last = max((one.place for one in rows), default=(0, ""))
        # All that were never among the related ones stand behind the last of these.
        if _least(found, trial) and sum(place <= last for place in ahead) < most:
            anew.append(trial)
        else:
            lists[trial] = (kept, new)
    if anew:
        searched = kept_profiles(db, sorted(anew))
        for trial, pairs in _best(searched, compare(db, searched, most)).items():
            names = {other for other, _ in pairs}
            kept = [one for one in known[trial] if one.other in names and one.other not in stale]
            stay = {one.other for one in kept}
            lists[trial] = (kept, [(other, product) for other, product in pairs if other not in stay])
    return _mended(db, known, lists, stale, most)


def _best(some: Profiles, found: Compared) -> dict[str, _Arrivals]:
    best: dict[str, _Arrivals] = {trial: [] for trial in some.trials}
    for row, other, product in zip(*(values.tolist() for values in found.best), strict=True):
        best[some.trials[row]].append((found.trials[other], product))
    return best


def _least(found: Compared, trial: str) -> int:
    return int(found.least[bisect_left(found.trials, trial)])


def _known(db: sqlite3.Connection, stale: set[str], others: Iterable[str]) -> dict[str, list[_Known]]:
    """The rows of all trials that are related to a stale one, and of the others named."""
    wanted = set(others)
    for trial in stale:
        wanted.update(
            row[0] for row in db.execute("SELECT trial_id FROM related_trials WHERE related_trial_id = ?", (trial,))
        )
    shared, score = (f"CAST(round(({sum_}) * {_MILLION}) AS INTEGER)" for sum_ in (" + ".join(LINEAR), "score"))
    sql = f"SELECT related_trial_id, rank, {shared}, {score} FROM related_trials WHERE trial_id = ? ORDER BY rank"
    return {trial: list(map(_Known._make, db.execute(sql, (trial,)))) for trial in sorted(wanted - stale)}


def _mended(
    db: sqlite3.Connection,
    known: dict[str, list[_Known]],
    lists: dict[str, tuple[list[_Known], _Arrivals]],
    stale: set[str],
    most: int,
) -> Update:
    """Puts the arrivals among the rows that stay."""
    todo = Update([(trial,) for trial in sorted(stale)], [], [], [], [])
    coming: list[tuple[str, str, int]] = []
    staying: dict[str, list[_Known]] = {}
    for trial, (kept, new) in lists.items():
        chosen = sorted([one.place for one in kept] + [(-product, other) for other, product in new])[:most]
        names = {other for _, other in chosen}
        staying[trial] = [one for one in kept if one.other in names]
        coming += [(trial, other, product) for other, product in new if other in names]
        todo.least.append((-chosen[-1][0] if len(chosen) == most else 0, trial))
    arrived: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for values in _rows(db, coming):
        arrived[values[0]].append(values)
    for trial, kept in staying.items():
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
    return todo


def _rows(db: sqlite3.Connection, pairs: list[tuple[str, str, int]]) -> Iterable[tuple[Any, ...]]:
    """Whole rows of `related_trials` for pairs of trials and what both share."""
    if not pairs:
        return []
    one, other, product = zip(*pairs, strict=True)
    made = kept_profiles(db, sorted({*one, *other}))
    place = {trial: n for n, trial in enumerate(made.trials)}
    arrays = Pairs(
        *(np.array(values, np.int64) for values in ([place[t] for t in one], [place[t] for t in other], product))
    )
    return related_rows(made, arrays, partial(spelled, db))
