"""Whole tables of the catalogue as CSV or JSON lines, streamed. Called by `harvester export`."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import msgspec

from harvester.catalogue import TABLES


def rows_of(db: sqlite3.Connection, table: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Column names and rows of a table, in the order of its key; one row in memory at a time."""
    cursor = db.execute(f'SELECT * FROM "{table}" ORDER BY {", ".join(TABLES[table].key)}')
    return [description[0] for description in cursor.description], cursor


def write_csv(names: list[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> int:
    """RFC 4180: header of column names, line breaks kept inside quotes, NULL as an empty cell. The number of rows."""
    writer = csv.writer(out)
    writer.writerow(names)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    return count


def write_jsonl(names: list[str], rows: Iterator[tuple[Any, ...]], out: TextIO) -> int:
    """One JSON object a line. The number of rows."""
    count = 0
    for row in rows:
        out.write(msgspec.json.encode(dict(zip(names, row, strict=True))).decode() + "\n")
        count += 1
    return count


FORMATS: dict[str, Callable[[list[str], Iterator[tuple[Any, ...]], TextIO], int]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
}
