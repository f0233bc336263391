"""How fast relating is: generated catalogues of several sizes in whole, then one trial in a hundred touched and changed.

python -m tests.benchmarks.relating [TRIALS...]      25,000 50,000 100,000 200,000 unless told

Processor time, elapsed time and peak memory of the stage alone, each size in a process of its own; the bar is for 100,000 trials.
"""

from __future__ import annotations

import gc
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from harvester import catalogue
from harvester.link import link_records
from harvester.organizations import name_sponsors
from harvester.relate import relate_trials
from harvester.touched import Touched
from harvester.trials import build_trials
from tests.benchmarks.generated import fill

SIZES = (25_000, 50_000, 100_000, 200_000)


def relating(sizes: Sequence[int] = SIZES) -> None:
    for trials in sizes:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "catalogue.db"
            for work in (_fill, _relate):
                child = os.fork()
                if child == 0:
                    with closing(sqlite3.connect(file, isolation_level=None)) as db:
                        db.executescript(
                            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000"
                        )
                        work(db, trials)
                    sys.stdout.flush()
                    os._exit(0)
                os.waitpid(child, 0)


def _fill(db: sqlite3.Connection, trials: int) -> None:
    db.execute("BEGIN")
    fill(db, trials)
    catalogue.create_indexes(db)
    for stage in (link_records, name_sponsors, build_trials):
        stage(db, None)
    db.execute("COMMIT")


def _relate(db: sqlite3.Connection, trials: int) -> None:
    _timed(db, None, f"relating, {trials:,} trials", "   bar 180 s elapsed, 2,000 MB at 100,000")
    some = [row[0] for row in db.execute("SELECT trial_id FROM trials ORDER BY trial_id")][::100]
    touched = Touched()
    touched.trials.update(some)
    _timed(db, touched, "  1 % touched, unchanged")
    db.execute("BEGIN")
    for place, trial in enumerate(some):
        title = (f" of follow-up {place:05}x", trial)
        db.execute("UPDATE records SET public_title = public_title || ? WHERE trial_id = ?", title)
    db.execute("COMMIT")
    _timed(db, touched, "  a word more in 1 % of titles")
    marks = "record_id IN (SELECT record_id FROM records WHERE trial_id = ?)"
    db.execute("BEGIN")
    db.executemany(f"UPDATE interventions SET name = 'Zorbanimab' WHERE {marks}", [(trial,) for trial in some])
    db.execute("COMMIT")
    _timed(db, touched, "  the same new drug in 1 %")


def _timed(db: sqlite3.Connection, touched: Touched | None, what: str, bar: str = "") -> None:
    gc.disable()  # as a build does
    processor, elapsed = time.process_time(), time.perf_counter()
    db.execute("BEGIN")
    relate_trials(db, touched)
    db.execute("COMMIT")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what:32} {time.process_time() - processor:7.1f} s processor {time.perf_counter() - elapsed:7.1f} s elapsed {peak:7,.0f} MB{bar}"
    )


if __name__ == "__main__":
    relating([int(size) for size in sys.argv[1:]] or SIZES)
