"""Comparison room: trials as a comparison needs them, read in one statement a table. Called by `compare`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harvester.batches import PRECEDENCE, marks
from harvester.catalogue import query
from harvester.compare_fields import PLAN, One

Row = Mapping[str, Any]

#: Lists that all records of a trial fill together; of the others the first record that has one speaks for the trial.
_GATHERED = ("secondary_ids", "enrollment_counts", "record_sponsors", "countries", "sites", "investigators", "publications",
             "documents", "ethics_reviews")  # fmt: skip
#: The tables that have rows in a comparison, and the limits that go with the criteria.
_READ = sorted({row.table for row in PLAN if not isinstance(row, One)} - {"records"} | {"criterion_measures"})


class Studied(NamedTuple):
    """A trial's row, its records in order of precedence, and the rows below them that speak for the trial."""

    row: Row
    records: list[Row]
    below: Mapping[str, list[Row]]
    unread: frozenset[str]  # columns of which a record's value could not be read
    sources: Mapping[str, str]  # column of `trials` -> the record that its value came from

    def record_of(self, column: str) -> str | None:
        """The record that the value of a column came from; None for what is made of all records (`registries`)."""
        if len(self.records) == 1:
            return str(self.records[0]["record_id"])
        return self.sources.get(column)


def _sources(trial: Row) -> dict[str, str]:
    """The first record of each column in `value_sources`."""
    found: dict[str, str] = {}
    for record_id, columns in json.loads(trial["value_sources"] or "{}").items():
        for column in columns:
            found.setdefault(column, record_id)
    return found


def load(db: sqlite3.Connection, trial_ids: Sequence[str]) -> list[Studied]:
    """The trials in the order of `trial_ids`. Raises KeyError for an id that no trial has."""
    trials = {
        row["trial_id"]: row
        for row in query(db, f"SELECT * FROM trials WHERE trial_id IN ({marks(trial_ids)})", trial_ids)
    }
    records: dict[str, list[Row]] = {trial_id: [] for trial_id in trial_ids}
    sql = f"SELECT * FROM records WHERE trial_id IN ({marks(trial_ids)}) ORDER BY {PRECEDENCE}"
    for record in query(db, sql, trial_ids):
        records[record["trial_id"]].append(record)
    record_ids = [record["record_id"] for found in records.values() for record in found]
    below = {name: _by_record(db, name, record_ids) for name in _READ}
    unread = _by_record(db, "warnings", record_ids)
    return [
        Studied(
            trials[trial_id],
            records[trial_id],
            {name: _of_trial(name, found, records[trial_id]) for name, found in below.items()},
            frozenset(row["field"] for record in records[trial_id] for row in unread.get(record["record_id"], ())),
            _sources(trials[trial_id]),
        )
        for trial_id in trial_ids
    ]


def _by_record(db: sqlite3.Connection, table: str, record_ids: Sequence[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    sql = f"SELECT * FROM {table} WHERE record_id IN ({marks(record_ids)}) ORDER BY record_id, ordinal"
    for row in query(db, sql, record_ids):
        found.setdefault(row["record_id"], []).append(row)
    return found


def _of_trial(table: str, found: Mapping[str, list[Row]], records: list[Row]) -> list[Row]:
    """Rows of a table that speak for a trial. Limits go with the criteria they stand in, so all records' are kept."""
    lists = [found[record["record_id"]] for record in records if record["record_id"] in found]
    if table in _GATHERED or table == "criterion_measures":
        return [row for rows in lists for row in rows]
    return lists[0] if lists else []
