"""How fast the trial row, contradictions and quality flags are: over a generated catalogue in whole, and after one record changed.

    python -m tests.benchmarks.judging [TRIALS]      100,000 unless told

CPU time, one core; linking and sponsors go before and are not counted.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing

from harvester import catalogue
from harvester.discrepancies import find_discrepancies
from harvester.link import link_records
from harvester.organizations import name_sponsors
from harvester.quality import flag_quality
from harvester.touched import Touched
from harvester.trials import build_trials
from tests.benchmarks.generated import fill

STAGES: dict[str, Callable[[sqlite3.Connection, Touched | None], None]] = {
    "trial rows": build_trials,
    "contradictions": find_discrepancies,
    "quality flags": flag_quality,
}


def judging(trials: int = 100_000) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        records = fill(db, trials)
        catalogue.create_indexes(db)
        link_records(db, None)
        name_sponsors(db, None)
        for name, stage in STAGES.items():
            begin = time.process_time()
            stage(db, None)
            print(f"{f'{name}, {records:,} records':32} {time.process_time() - begin:9.1f} s")
        one = db.execute("SELECT record_id, trial_id FROM records ORDER BY record_id DESC LIMIT 1").fetchone()
        for name, stage in STAGES.items():
            begin = time.process_time()
            stage(db, Touched({one[0]}, {one[1]}))
            print(f"{f'{name}, one record changed':32} {(time.process_time() - begin) * 1000:9.0f} ms")


if __name__ == "__main__":
    judging(*map(int, sys.argv[1:2]))
