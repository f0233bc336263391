"""Tables of the catalogue, whole or those of a search, into a file. Called by `harvester export` and `snapshot`.

A search is written as on the site and finds the same trials, in the same order; `where` is a condition on the table's columns. Rows
are streamed: nothing holds more than a batch. Beside a file stands `FILE.meta.json` with what it is, from when, and under which terms.
"""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

import msgspec

from harvester import __version__
from harvester.catalogue_tables import TABLES, Column
from harvester.citation import about, citation, sources
from harvester.export_files import write_csv, write_jsonl, write_parquet, write_xlsx
from harvester.references import write_ris
from harvester.unusable import Unusable

Rows = Iterator[tuple[Any, ...]]


class ExportError(Exception):
    """What was asked for cannot be exported; the message says why, and the way out."""


class Selection(NamedTuple):
    """What to export: a table, and which of its rows."""

    table: str
    search: str = ""
    where: str = ""
    exact: bool = False  # the words as they are, without other words for the same


#: What an export puts before a table's own columns, with the SQL that gives it: rows of a record say of which trial, limits of which list.
_TRIAL_ID = Column("trial_id", "TEXT", False, "The trial of the record. A trial with several records has rows of each.")
_KIND = Column(
    "criterion_kind", "TEXT", False, "List of the criterion that holds the limit: inclusion, exclusion or unspecified."
)
_OF_RECORD = "(SELECT trial_id FROM records WHERE records.record_id = {0}.record_id)"
_OF_CRITERION = (
    "(SELECT kind FROM criteria WHERE criteria.record_id = {0}.record_id AND criteria.ordinal = {0}.criterion_ordinal)"
)


def _beside(table: str) -> dict[Column, str]:
    """Columns that come before those of a table, each with its SQL."""
    names = TABLES[table].names
    found = {_TRIAL_ID: _OF_RECORD} if "record_id" in names and "trial_id" not in names else {}
    if "criterion_ordinal" in names:
        found[_KIND] = _OF_CRITERION
    return {column: sql.format(f'"{table}"') for column, sql in found.items()}


def exported_columns(table: str) -> tuple[Column, ...]:
    """The columns of an export: those of the table, and before them what its rows need to be read alone."""
    return (*_beside(table), *TABLES[table].columns)


def columns_of(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in exported_columns(table))


def rows_of(db: sqlite3.Connection, selection: Selection) -> Rows:
    """The rows, in the order of the table's key; trials of a search in the order of the search.

    Raises ExportError when the table has no trials to search, when nothing searchable was written, or when `where` is no condition
    on the table's columns; while rows are read, when it cannot be worked out for one of them.
    """
    table, search, where, exact = selection
    conditions = []
    order = ", ".join(TABLES[table].key)
    beside = "".join(f"{sql} AS {column.name}, " for column, sql in _beside(table).items())
    source = f'(SELECT {beside}"{table}".* FROM "{table}") AS "{table}"' if beside else f'"{table}"'
    if search:
        _find(db, search, exact)
        if table == "trials":
            source, order = "found CROSS JOIN trials ON trials.rowid = found.trial", "place"
        else:
            conditions.append(_of_trials_found(table))
    if where:
        conditions.append(f"({_condition(where)})")
    columns = ", ".join(f'"{table}"."{name}"' for name in columns_of(table))
    sql = f"SELECT {columns} FROM {source} WHERE {' AND '.join(conditions) or '1'} ORDER BY {order}"
    db.set_authorizer(_reading_only)
    try:
        with _condition_blamed(selection):
            return _each(db.execute(sql), selection)
    finally:
        db.set_authorizer(None)


def _each(rows: Rows, selection: Selection) -> Rows:
    with _condition_blamed(selection):
        for row in rows:  # noqa: UP028 - `yield from` would close the cursor, also of a database that is closed
            yield row


@contextmanager
def _condition_blamed(selection: Selection) -> Iterator[None]:
    """What SQLite refuses is the fault of `where`, where there is one and the file itself is sound. Raises ExportError."""
    try:
        yield
    except Unusable:
        raise
    except sqlite3.DatabaseError as problem:
        if not selection.where:
            raise
        raise ExportError(
            f"--where {selection.where!r} is no condition on {selection.table}: {problem}. Its columns are "
            f"{', '.join(columns_of(selection.table))}."
        ) from problem


def _find(db: sqlite3.Connection, search: str, exact: bool) -> None:
    """Puts the trials of a search, as the site finds them, into the temporary table `found`."""
    from harvester.site.finding import find  # Datasette comes with it, and half a second
    from harvester.site.wanted import Wanted

    wanted = Wanted(text=search, exact=exact)
    if not wanted.matching.parts:
        raise ExportError(f"--search {search!r} holds no word or number that can be looked for")
    rowids = find(db, wanted).ordered(db, wanted.order)
    db.execute("DROP TABLE IF EXISTS temp.found")
    db.execute("CREATE TEMP TABLE found (place INTEGER PRIMARY KEY, trial INTEGER)")
    db.executemany("INSERT INTO found VALUES (?, ?)", enumerate(rowids, 1))


def looked_for_too(db: sqlite3.Connection, selection: Selection) -> tuple[str, ...]:
    """Other words for what a search names, and other names of its conditions, that were looked for too."""
    if not selection.search:
        return ()
    from harvester.site.finding import find
    from harvester.site.wanted import Wanted

    return find(db, Wanted(text=selection.search, exact=selection.exact)).matching.also


def _of_trials_found(table: str) -> str:
    """The condition that a row belongs to a trial that was found. Raises ExportError for tables that are of no trial."""
    trials = "SELECT trial_id FROM trials JOIN found ON trials.rowid = found.trial"
    names = TABLES[table].names
    if "trial_id" in names:
        return f'"{table}".trial_id IN ({trials})'
    if "record_id" in names:
        return f'"{table}".record_id IN (SELECT record_id FROM records WHERE trial_id IN ({trials}))'
    raise ExportError(f"{table} is not about trials: leave --search out")


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def _condition(where: str) -> str:
    """The condition, when it is one and nothing else: parentheses close, nothing follows or is commented out."""
    bare = _QUOTED.sub("", where)
    depth = 0
    for character in bare:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    if depth or any(sign in bare for sign in (";", "--", "/*", "'", '"')):
        raise ExportError(f"--where {where!r} is no condition: it must be one SQL expression, as in \"phase = '2' AND start_year >= 2020\"")  # fmt: skip
    return where


def _reading_only(action: int, *_: Any) -> int:
    """An authorizer that lets a statement read, and nothing else."""
    reads = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in reads else sqlite3.SQLITE_DENY


# ------------------------------------------------------------------------------------------------------------ files

#: Formats that are text, and may go to stdout.
TEXT: dict[str, Callable[[tuple[str, ...], Rows, TextIO], int]] = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "ris": write_ris,
}
#: Formats that need a file.
BINARY: dict[str, Callable[[str, Sequence[Column], Rows, Path], int]] = {"parquet": write_parquet, "xlsx": write_xlsx}
FORMATS = (*TEXT, *BINARY)


def write(db: sqlite3.Connection, selection: Selection, form: str, out: BinaryIO) -> int:
    """Writes a text format to a stream. The number of rows."""
    if form in BINARY:
        raise ExportError(f"{form} needs a file: give one with -o")
    if form == "ris" and selection.table != "trials":
        raise ExportError(
            f"references are made of trials: harvester export trials --format ris (not {selection.table})"
        )
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        return TEXT[form](columns_of(selection.table), rows_of(db, selection), text)
    finally:
        text.detach()  # flushes, and leaves the caller's stream open


def export(db: sqlite3.Connection, selection: Selection, form: str, file: Path, today: str) -> int:
    """Writes a file, and FILE.meta.json beside it; `today` is an ISO date. The number of rows.

    A file that was there before is replaced only when the new one is whole. Raises ExportError, MissingPackage, TooLong, OSError.
    """
    rough = file.with_name(f".{file.name}.part")
    try:
        if form in BINARY:
            count = BINARY[form](selection.table, exported_columns(selection.table), rows_of(db, selection), rough)
        else:
            with rough.open("wb") as out:
                count = write(db, selection, form, out)
        meta = {"file": file.name, **_meta(db, selection, form, count, rough, today)}
        rough.replace(file)
        beside = file.with_name(f"{file.name}.meta.json")
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(meta), indent=2) + b"\n")
    finally:
        rough.unlink(missing_ok=True)
    return count


def sha256_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _meta(
    db: sqlite3.Connection, selection: Selection, form: str, count: int, file: Path, today: str
) -> dict[str, Any]:
    columns = {column.name: column.description for column in exported_columns(selection.table)}
    return {
        "format": form,
        "table": selection.table,
        "description": TABLES[selection.table].description,
        "search": selection.search or None,
        "looked_for_too": looked_for_too(db, selection),
        "where": selection.where or None,
        "rows": count,
        "bytes": file.stat().st_size,
        "sha256": sha256_of(file),
        "exported": today,
        "harvester_version": __version__,
        "catalogue": about(db),
        "sources": sources(db),
        "citation": citation(db),
        "columns": None if form == "ris" else columns,
        "apostrophes": "A text cell that begins with an apostrophe got it against spreadsheets: drop one." if form == "csv" else None,
    }  # fmt: skip
