"""SIGKILL at random instants of a refresh: nothing acknowledged is lost, nothing half is published, the next run finishes.

Few kills over few records; `python -m tests.benchmarks.killing` does it with two hundred kills and two thousand records.
"""

from __future__ import annotations

import signal
from pathlib import Path

from tests.benchmarks.killing import Killing

KILLS, RECORDS = 5, 120


def test_a_refresh_killed_anywhere_is_finished_by_the_next_ones(tmp_path: Path) -> None:
    figures = Killing(tmp_path, RECORDS, signal.SIGKILL, seed=1, kills_a_round=KILLS).run(KILLS)
    assert figures.faults == []
    assert figures.kills == KILLS
    assert figures.captures_held >= KILLS * RECORDS
