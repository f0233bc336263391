"""Related-trials room: what trials say of terms: in how many of them a root stands in which fields. Called by `relate_lessons`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from harvester.aside import NumbersAside
from harvester.relate_synonyms import EVERY_SET, Roots, Seen, Whole, distinct
from harvester.relate_terms import PLACE_BITS

#: What is worth of roots is filed by their first bits.
_BUCKET = np.uint64(64 - PLACE_BITS - 8)
_TIMES_BITS = np.uint64(32)


class Said(NamedTuple):
    """In how many trials a root stands in exactly this set of fields. Roots by their places."""

    key: Whole  # root * EVERY_SET + fields; sorted, each once
    times: Whole


NOTHING_SAID = Said(np.zeros(0, np.int64), np.zeros(0, np.int64))


def said_by(seen: Seen) -> Said:
    """What trials say in which this is seen."""
    return Said(*np.unique(seen.root.astype(np.int64) * EVERY_SET + seen.fields, return_counts=True))


def buckets_of(roots: Roots) -> Whole:
    """The bucket of each."""
    return (roots >> _BUCKET).astype(np.int64)


class SaidAside:
    """What trials say, put aside by the roots."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._aside = NumbersAside(db, "said_aside", 64 - PLACE_BITS)
        self.close = self._aside.close

    def put(self, roots: Roots, said: Said) -> None:
        """What some trials say of `roots`, which are sorted."""
        root, fields = np.divmod(said.key, EVERY_SET)
        self._aside.put(roots[root], (fields << 32 | said.times).astype(np.uint64))

    def all(self) -> Iterator[tuple[Roots, Said]]:
        """What all of them say together: of some roots, sorted, at a time."""
        return map(_together, self._aside.all())


def _together(numbers: Roots) -> tuple[Roots, Said]:
    rows = numbers.reshape(-1, 2)
    roots = distinct(rows[:, 0])
    key = np.searchsorted(roots, rows[:, 0]) * EVERY_SET + (rows[:, 1] >> _TIMES_BITS).astype(np.int64)
    order = np.argsort(key)
    key, times = key[order], (rows[:, 1] & np.uint64((1 << 32) - 1)).astype(np.int64)[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return roots, Said(key[first], np.add.reduceat(times, first) if len(first) else times)
