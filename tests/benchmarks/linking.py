"""How fast linking is: a generated catalogue in whole, and one record that comes anew. CPU time, one core.

python -m tests.benchmarks.linking [TRIALS]      89,200 unless told: about 100,000 records
"""

from __future__ import annotations

import gc
import sqlite3
import sys
import time
from contextlib import closing
from statistics import median

from harvester import catalogue
from harvester.catalogue_tables import OF_A_RECORD
from harvester.link import link_records
from harvester.touched import Touched
from tests.benchmarks.generated import fill
from tests.benchmarks.table import line

#: Records that are taken out and come again, one by one.
NEWCOMERS = 50


def linking(trials: int = 89_200) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        records = fill(db, trials)
        catalogue.create_indexes(db, ("records", *OF_A_RECORD))
        gc.disable()  # as in a build
        begin = time.process_time()
        link_records(db, None)
        catalogue.create_indexes(db)
        print(line(f"linking, {records:,} records", time.process_time() - begin, "s", at_most=60))
        ids = [row[0] for row in db.execute("SELECT record_id FROM records ORDER BY record_id")]
        times = sorted(_anew(db, record_id) for record_id in ids[:: max(1, records // NEWCOMERS)])
        print(line("linking one new record", median(times), "ms", at_most=50, note=f"slowest {times[-1]:.0f} ms"))


def _anew(db: sqlite3.Connection, record_id: str) -> float:
    """Milliseconds to link a record that was not there before."""
    rows = {
        table: db.execute(f"SELECT * FROM {table} WHERE record_id = ?", (record_id,)).fetchall()
        for table in ("records", *OF_A_RECORD)
    }
    for table in rows:
        db.execute(f"DELETE FROM {table} WHERE record_id = ?", (record_id,))
    link_records(db, Touched(records={record_id}))
    for table, held in rows.items():
        if held:
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(held[0]))})", held)
    begin = time.process_time()
    link_records(db, Touched(records={record_id}))
    return (time.process_time() - begin) * 1000


if __name__ == "__main__":
    linking(int(sys.argv[1]) if len(sys.argv) > 1 else 89_200)
