"""What a catalogue holds of a record, and the record that these rows were written from. Called by `harvester.reading`; reads only.

A step compares with it: rows that are there already are not written again, and the version that is shown is not read again.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from msgspec import convert

from harvester.catalogue_tables import OF_A_RECORD, TABLES
from harvester.changes import LINES
from normalize.schema import Record

#: Table -> the rows of one record as they were written, in their order; tables without a row are left out.
Rows = dict[str, list[tuple[Any, ...]]]

#: Columns that a stage of the build fills later.
_LATER = ("trial_id", "sponsor_id")


def rows_of(db: sqlite3.Connection, record_id: str) -> Rows:
    """The rows of a record in `records` and in the tables below it; what stages have filled since is left out."""
    found = ((table, db.execute(_select(table), (record_id,)).fetchall()) for table in ("records", *OF_A_RECORD))
    return {table: rows for table, rows in found if rows}


@cache
def _select(table: str) -> str:
    columns = ", ".join("NULL" if name in _LATER else f'"{name}"' for name in TABLES[table].names)
    return f'SELECT {columns} FROM "{table}" WHERE record_id = ? ORDER BY {TABLES[table].key[-1]}'


def record_of(rows: Rows) -> Record:
    """The record of which `catalogue.record_row` and `catalogue.child_rows` made the rows, as far as `changes.compared` looks at it."""
    (row,) = rows["records"]
    said: dict[str, Any] = dict(zip(TABLES["records"].names, row, strict=True))
    for table in LINES:
        said[table] = [dict(zip(TABLES[table].names, row, strict=True)) for row in rows.get(table, ())]
    return convert(said, Record, strict=False)  # SQLite has no booleans
