"""Harvester room: numbers put aside in a temporary table while a build counts or sorts them: in memory they would grow with the
catalogue. Used by `link_keys`, `relate_profiles` and `relate_said`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BUCKETS = 256
#: Bytes of buckets that are read at once, and the rest of the last of them: what is done with each costs the same for a few.
_AT_ONCE = 8_000_000


class NumbersAside:
    """Numbers, filed by their highest bits: so those that are equal, or differ in their lowest bits only, come back together."""

    def __init__(self, db: sqlite3.Connection, table: str, bits: int) -> None:
        """`bits`: those of the largest number."""
        self._db, self._table, self._shift = db, table, np.uint64(bits - 8)
        db.execute(f"CREATE TEMP TABLE {table} (bucket INTEGER NOT NULL, numbers BLOB NOT NULL) STRICT")

    def put(self, numbers: NDArray[np.uint64], beside: NDArray[np.uint64] | None = None) -> None:
        """Some numbers, sorted, and what else is to be kept of each."""
        rows = numbers if beside is None else np.column_stack((numbers, beside))
        ends = np.searchsorted(numbers >> self._shift, np.arange(_BUCKETS + 1, dtype=np.uint64)).tolist()
        some = ((bucket, rows[ends[bucket] : ends[bucket + 1]].tobytes()) for bucket in range(_BUCKETS))
        self._db.executemany(f"INSERT INTO {self._table} VALUES (?, ?)", (row for row in some if row[1]))

    def all(self) -> Iterator[NDArray[np.uint64]]:
        """All numbers, some buckets at a time, the lowest first; within these in any order, each followed by what was kept of it."""
        self._db.execute(f"CREATE INDEX IF NOT EXISTS temp.{self._table}_bucket ON {self._table} (bucket)")
        rows: Iterator[tuple[int, Any]] = self._db.execute(f"SELECT bucket, numbers FROM {self._table} ORDER BY bucket")
        waiting: list[bytes] = []
        for _, bucket in groupby(rows, itemgetter(0)):
            waiting.append(b"".join(blob for _, blob in bucket))
            if sum(map(len, waiting)) >= _AT_ONCE:
                yield np.frombuffer(b"".join(waiting), np.uint64)
                waiting = []
        if waiting:
            yield np.frombuffer(b"".join(waiting), np.uint64)

    def close(self) -> None:
        self._db.execute(f"DROP TABLE {self._table}")
