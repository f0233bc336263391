"""catalogue.db: how its tables are made, and how rows get in. Called by the build and its stages, and by whoever opens a catalogue.

What tables and columns there are is data, in `harvester.catalogue_tables`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from msgspec.structs import astuple

from harvester.catalogue_tables import TABLES, Table, columns_of
from harvester.rows import RecordKey, RecordProvenance
from normalize.schema import CHILDREN, Record

# What sqlite3 has no adapter for it asks for one, value by value and in vain: seven times the work of writing a number.
sqlite3.register_adapter(type(None), {None: None}.__getitem__)
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(bytes, bytes)


@cache
def insert_into(table: str) -> str:
    """The INSERT statement for a row of a table, in the order of its columns."""
    return (
        f'INSERT INTO "{table}" ({_quoted(TABLES[table].names)}) VALUES ({", ".join("?" * len(TABLES[table].names))})'
    )


def write_over(table: str, but: str = "") -> str:
    """The INSERT statement for a row that takes the place of the one with its key, where there is one; `but` is the column of that
    which stays as it is."""
    names = [name for name in TABLES[table].names if name not in (*TABLES[table].key, but)]
    values = ", ".join(f'"{name}" = excluded."{name}"' for name in names)
    return f"{insert_into(table)} ON CONFLICT ({_quoted(TABLES[table].key)}) DO UPDATE SET {values}"


def create(db: sqlite3.Connection) -> None:
    """All tables, without their indexes: those are made after the rows are in."""
    for name, table in TABLES.items():
        db.execute(_definition(name, table))


def _definition(name: str, table: Table) -> str:
    """CREATE TABLE. Rows found by several columns are kept in their order and nowhere else: with a rowid SQLite would write each
    key twice."""
    leads_to = {column: f' REFERENCES "{other}"("{its}")' for column, other, its in table.references}
    parts = [
        f'"{column.name}" {column.type}{" NOT NULL" if column.required else ""}{leads_to.get(column.name, "")}'
        for column in table.columns
    ]
    parts.append(f"PRIMARY KEY ({_quoted(table.key)})")
    options = "STRICT, WITHOUT ROWID" if len(table.key) > 1 else "STRICT"
    return f'CREATE TABLE "{name}" ({", ".join(parts)}) {options}'


def create_indexes(db: sqlite3.Connection, of: Iterable[str] = TABLES) -> None:
    """The indexes by which the site, and a build's stages, filter and join; of some tables or of all. Those that are there stay."""
    for name in of:
        for columns in TABLES[name].indexes:
            index = f"idx_{name}_{'_'.join(columns)}"
            db.execute(f'CREATE INDEX IF NOT EXISTS "{index}" ON "{name}" ({_quoted(columns)})')


def query(db: sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows by the names of their columns."""
    cursor = db.execute(sql, values)
    names = [description[0] for description in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def lacking(db: sqlite3.Connection) -> str | None:
    """A column that this version has and the file has not ("trials.acronym"); None when it has all."""
    columns = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
    there = set(db.execute(columns))
    wanted = ((name, column) for name, table in TABLES.items() for column in table.names)
    return next((".".join(pair) for pair in wanted if pair not in there), None)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def refill(db: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]]) -> None:
    """Replaces all rows of a table."""
    db.execute(f'DELETE FROM "{table}"')
    db.executemany(insert_into(table), rows)


_SCALARS = tuple(column.name for column in columns_of(Record))
_scalars_of = attrgetter(*_SCALARS)
_children_of = attrgetter(*CHILDREN)


def record_row(key: RecordKey, record: Record, provenance: RecordProvenance) -> tuple[Any, ...]:
    """One row of `records`."""
    return (*astuple(key), *_scalars_of(record), *astuple(provenance))


def child_rows(record_id: str, record: Record) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """(table, rows) of everything that hangs below a record."""
    for name, rows in zip(CHILDREN, _children_of(record), strict=True):
        if rows:
            extra = (None,) if name == "record_sponsors" else ()
            # Added, tuples are there in two thirds of the time that stars take.
            yield name, [(record_id, n) + extra + astuple(row) for n, row in enumerate(rows, 1)]  # noqa: RUF005
    if record.warnings:
        yield "warnings", [(record_id, n, *astuple(row)) for n, row in enumerate(record.warnings, 1)]
    if record.unmapped_values:
        yield "unmapped_in_records", [(record_id, n, *astuple(row)) for n, row in enumerate(record.unmapped_values, 1)]


def filled(record: Record) -> int:
    """How much a record says: filled columns and rows of its children."""
    columns = _scalars_of(record)
    return len(columns) - columns.count(None) + sum(map(len, _children_of(record)))
