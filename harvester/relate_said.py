"""Related-trials room: what trials say of terms: in how many of them a root stands in which fields. Called by `relate_lessons`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from harvester.relate_synonyms import EVERY_SET, Roots, Seen, Whole, distinct
from harvester.relate_terms import PLACE_BITS

#: What is filed by roots is filed in so many buckets, by their first bits.
_BUCKETS = 256
_BUCKET = np.uint64(64 - PLACE_BITS - 8)
#: What is said aside in so many rows is read at once, and the rest of its bucket.
_AT_ONCE = 500_000
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
    """What trials say, put aside in a temporary table by the buckets of the roots: in memory it would grow with the catalogue."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute("CREATE TEMP TABLE said_aside (bucket INTEGER NOT NULL, said BLOB NOT NULL) STRICT")

    def put(self, roots: Roots, said: Said) -> None:
        """What some trials say of `roots`, which are sorted."""
        root, fields = np.divmod(said.key, EVERY_SET)
        rows = np.column_stack((roots[root], (fields << 32 | said.times).astype(np.uint64)))
        ends = np.searchsorted(buckets_of(rows[:, 0]), np.arange(_BUCKETS + 1)).tolist()
        some = ((bucket, rows[ends[bucket] : ends[bucket + 1]].tobytes()) for bucket in range(_BUCKETS))
        self._db.executemany("INSERT INTO said_aside VALUES (?, ?)", (row for row in some if row[1]))

    def all(self) -> Iterator[tuple[Roots, Said]]:
        """What all of them say together: of some roots, sorted, at a time."""
        self._db.execute("CREATE INDEX temp.said_aside_bucket ON said_aside (bucket)")
        waiting: list[bytes] = []
        last = held = 0
        for bucket, blob in self._db.execute("SELECT bucket, said FROM said_aside ORDER BY bucket"):
            if bucket != last and held >= _AT_ONCE:
                yield _together(waiting)
                waiting, held = [], 0
            waiting.append(blob)
            last, held = bucket, held + len(blob) // 16
        yield _together(waiting)

    def close(self) -> None:
        self._db.execute("DROP TABLE said_aside")


def _together(blobs: list[bytes]) -> tuple[Roots, Said]:
    rows = np.frombuffer(b"".join(blobs), np.uint64).reshape(-1, 2)
    roots = distinct(rows[:, 0])
    key = np.searchsorted(roots, rows[:, 0]) * EVERY_SET + (rows[:, 1] >> _TIMES_BITS).astype(np.int64)
    order = np.argsort(key)
    key, times = key[order], (rows[:, 1] & np.uint64((1 << 32) - 1)).astype(np.int64)[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    return roots, Said(key[first], np.add.reduceat(times, first) if len(first) else times)
