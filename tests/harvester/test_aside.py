"""Numbers put aside in a temporary table come back, those that are equal together, however they were put there."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from harvester.aside import NumbersAside


@pytest.mark.parametrize(("at_once", "times"), [(1, 256), (8_000, 4), (8_000_000, 1)])
def test_numbers_put_aside_come_back_in_the_order_of_their_highest_bits(
    monkeypatch: pytest.MonkeyPatch, at_once: int, times: int
) -> None:
    monkeypatch.setattr("harvester.aside._AT_ONCE", at_once)
    rng = np.random.default_rng(7)
    numbers = rng.integers(0, 1 << 62, 3000).astype(np.uint64)
    numbers[:500] = numbers[500:1000]
    with closing(sqlite3.connect(":memory:")) as db:
        aside = NumbersAside(db, "some_aside", 62)
        for part in np.array_split(numbers, 7):
            aside.put(np.sort(part))
        buckets = list(aside.all())
        assert len(buckets) == pytest.approx(times, abs=1)
        assert (np.concatenate([np.sort(bucket) for bucket in buckets]) == np.sort(numbers)).all()
        aside.close()
        assert not db.execute("SELECT name FROM sqlite_temp_master").fetchall()


def test_what_is_kept_beside_a_number_stays_with_it() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        aside = NumbersAside(db, "some_aside", 8)
        aside.put(np.array([3, 200], np.uint64), np.array([30, 2000], np.uint64))
        aside.put(np.array([3], np.uint64), np.array([31], np.uint64))
        assert [some.reshape(-1, 2).tolist() for some in aside.all()] == [[[3, 30], [3, 31], [200, 2000]]]
