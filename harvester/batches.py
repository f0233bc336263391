"""Trials in batches, each with its records and what hangs below them: how the stages of a build read the catalogue.

Called by `trials` and `discrepancies`; the comparison takes the order of records from here. A batch costs a few queries however many trials it holds, and the same
path serves a full build and one of a few trials. Reads only.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from normalize.ictrp_lists import EUROPEAN

Row = dict[str, Any]

#: The order in which the records of a trial speak for it. A record that its registry serves before one it has withdrawn; a
#: whole record before a part; the registry itself before WHO ICTRP's copy; the later update before the earlier.
PRECEDENCE = "withdrawn_from_registry_at IS NOT NULL, is_partial, source = 'ictrp', coalesce(last_update_date, '') DESC, record_id"

#: Trials a batch: few queries for many trials, and the protocols of a batch fit into memory easily.
_SIZE = 500


def tells_enrollment(record: Row) -> bool:
    """Whether the record's date of first enrollment is one.

    For entries of the European registers WHO ICTRP shows the day of the authority's decision there (EUCTR2021-000037-14-PL: 20/08/2021);
    of these registers CTIS alone tells the date, in its own entries.
    """
    return record["registry"] not in EUROPEAN or record["source"] == "ctis"


class Batch(NamedTuple):
    """Some trials with their records, in order of PRECEDENCE."""

    db: sqlite3.Connection
    trials: dict[str, list[Row]]

    def below(self, select: str) -> dict[str, list[tuple[Any, ...]]]:
        """record_id -> rows of a query whose first column is the record_id; it holds `IN ({records})` and its own order."""
        records = [row["record_id"] for rows in self.trials.values() for row in rows]
        found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for part in _parts(records):
            for row in self.db.execute(select.format(records=marks(part)), part):
                found[row[0]].append(row[1:])
        return found


def marks(values: Collection[Any]) -> str:
    """Question marks for a statement."""
    return ", ".join("?" * len(values))


def batches(
    db: sqlite3.Connection, columns: Sequence[str], trials: Iterable[str] | None, at_least: int = 1
) -> Iterator[Batch]:
    """The given trials (all: None) in order of their ids, those with `at_least` so many records, with these columns of them.

    Trials without a record are left out. A batch is read when it is asked for: the caller may write between two.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f"SELECT {names} FROM records WHERE trial_id IN ({{}}) ORDER BY trial_id, {PRECEDENCE}"
    if trials is None:
        counted = db.execute("SELECT trial_id FROM records GROUP BY trial_id HAVING count(*) >= ?", (at_least,))
        trials = [row[0] for row in counted]
    for part in _parts(sorted(trials)):
        cursor = db.execute(sql.format(marks(part)), part)
        rows = [dict(zip(columns, row, strict=True)) for row in cursor]
        grouped = {trial: list(group) for trial, group in groupby(rows, lambda row: row["trial_id"])}
        yield Batch(db, {trial: group for trial, group in grouped.items() if len(group) >= at_least})


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _SIZE] for start in range(0, len(values), _SIZE))
