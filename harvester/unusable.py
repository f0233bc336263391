"""Harvester room: why SQLite refuses a file of the data folder, as a sentence with the way out.

Used by `harvester.archive` for archive.db and by the command line for catalogue.db; pure.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

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


def sentence(path: Path, problem: sqlite3.Error | OSError) -> str:
    """Names the file, the cause and the way out."""
    if isinstance(problem, OSError):
        return f"{path} cannot be used ({problem.strerror or problem}): mend the rights of {path.parent}, or give another --data"
    code = (getattr(problem, "sqlite_errorcode", None) or 0) & 0xFF
    meaning = _MEANINGS.get(code)
    if meaning is None:
        return f"{path}: {problem}"
    words = f"{path}: {meaning.format(path=path, folder=path.parent)} ({problem})"
    mended = _MENDED.get(path.name)
    return f"{words}: {mended}" if code in _DAMAGE and mended else words
