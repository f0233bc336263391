"""Harvester room: connections to the files of a data folder that say why a file refuses, as a sentence with the way out.

Used by `harvester.archive` for archive.db and by the command line for catalogue.db.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

#: Seconds to wait for another program that holds the file locked.
PATIENCE = 30.0

#: Primary result code of SQLite (https://www.sqlite.org/rescode.html) -> what it means, and what to do.
_MEANINGS: dict[int, str] = {
    sqlite3.SQLITE_BUSY: "another program holds it locked: `fuser {path}` names the process; end it or wait, then run the same again",
    sqlite3.SQLITE_LOCKED: "another program holds it locked: `fuser {path}` names the process; end it or wait, then run the same again",
    sqlite3.SQLITE_READONLY: "it may not be written to: mend the rights of the file and its folder, or give another --data",
    sqlite3.SQLITE_PERM: "it may not be read: mend the rights of the file and its folder, or give another --data",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: is {folder} a folder that this user may read and write to",
    sqlite3.SQLITE_FULL: "the disk is full: make room, then run the same again; what was stored before is whole",
    sqlite3.SQLITE_IOERR: "the disk failed while it was read or written: look at the disk, then run the same again",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is damaged: it does not begin as a database does",
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

#: What to do about damage, by file: what was fetched cannot be made anew, the catalogue can.
_MENDED = {
    "archive.db": "`harvester archive verify` names the records that are hurt; bring back a copy, or move it away and run "
    "`harvester refresh --full`, which fetches everything again and loses the history",
    "catalogue.db": "`harvester build --full` makes it anew from the archive",
}


def result_code(problem: Exception) -> int:
    """SQLite's primary result code of an error, 0 when it has none (errors that Python's own module raises). A text that is no UTF-8,
    in a row or in SQLite's own message, is damage: none is ever written."""
    if isinstance(problem, UnicodeDecodeError) or str(problem).startswith("Could not decode to UTF-8"):
        return sqlite3.SQLITE_CORRUPT
    return (getattr(problem, "sqlite_errorcode", None) or 0) & 0xFF


def sentence(path: Path, problem: sqlite3.Error | OSError | UnicodeDecodeError) -> str:
    """Names the file, the cause and the way out."""
    if isinstance(problem, OSError):
        return f"{path} cannot be used ({problem.strerror or problem}): mend the rights of {path.parent}, or give another --data"
    code = result_code(problem)
    meaning = _MEANINGS.get(code)
    if meaning is None:
        return f"{path}: {problem}"
    words = f"{path}: {meaning.format(path=path, folder=path.parent)} ({problem})"
    mended = _MENDED.get(path.name)
    return f"{words}: {mended}" if code in _DAMAGE and mended else words


class Unusable(sqlite3.OperationalError):
    """A file is damaged, locked, may not be read or written, or is of a newer form. The message says so, and the way out."""


def explained(path: Path, work: Callable[Given, Answer], *given: Given.args, **named: Given.kwargs) -> Answer:
    """What the work returns. Raises Unusable for what is wrong with the file; other errors as they are."""
    try:
        return work(*given, **named)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as problem:
        if isinstance(problem, OSError) or result_code(problem) in _MEANINGS:
            raise Unusable(sentence(path, problem)) from problem
        raise


class _Cursor(sqlite3.Cursor):
    connection: Connection

    def execute(self, *given: Any) -> Self:
        return explained(self.connection.path, super().execute, *given)

    def executemany(self, *given: Any) -> Self:
        return explained(self.connection.path, super().executemany, *given)

    def __next__(self) -> Any:
        return explained(self.connection.path, super().__next__)

    def fetchone(self) -> Any:
        return explained(self.connection.path, super().fetchone)

    def fetchall(self) -> list[Any]:
        return explained(self.connection.path, super().fetchall)


class Connection(sqlite3.Connection):
    """A connection whose errors name the file."""

    path: Path

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, *given: Any) -> _Cursor:
        cursor: _Cursor = self.cursor().execute(*given)
        return cursor

    def executemany(self, *given: Any) -> _Cursor:
        cursor: _Cursor = self.cursor().executemany(*given)
        return cursor

    def executescript(self, script: str, /) -> Any:
        return explained(self.path, super().executescript, script)

    def commit(self) -> None:
        explained(self.path, super().commit)


def connect(path: Path) -> Connection:
    """For reading and writing; the file is made where it is missing. Raises Unusable."""
    return _connected(path, path.resolve().as_uri())


def connect_to_read(path: Path) -> Connection:
    """For reading only, also in a folder that may not be written to. Raises Unusable.

    In write-ahead mode SQLite makes a file beside the database even for reading; where the folder takes none, the database is read as
    a file that nobody changes, provided that no write-ahead log is left to be read with it.
    """
    log = path.with_name(path.name + "-wal")
    is_fixed = not os.access(path.parent, os.W_OK) and not log.exists()
    return _connected(path, f"{path.resolve().as_uri()}?mode=ro" + ("&immutable=1" if is_fixed else ""))


def _connected(path: Path, uri: str) -> Connection:
    connection: Connection = explained(path, sqlite3.connect, uri, uri=True, timeout=PATIENCE, factory=Connection)
    connection.path = path
    return connection
