"""The checks that a new catalogue passes before it takes the old one's place. Called by `harvester.build`.

A full build looks at every page and every reference. A step looks at what it wrote: references are counted by SQLite itself
while the step writes (`PRAGMA foreign_keys`, deferred to the commit), each page is checked as it is read
(`PRAGMA cell_size_check`), and what it left alone passed the checks of an earlier build.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

#: How the problem of a payload begins on which the harvester itself failed.
FAULT = "a rule of the harvester failed on it"


#: What is told where an archive `is_fruitless`.
FRUITLESS = (
    "no run so far brought a record that can be shown, so there is no catalogue to publish yet: `harvester status` tells what came of "
    "each run; mend the cause and run `harvester refresh` again"
)


class BuildFailed(Exception):
    """The new catalogue did not pass its checks; the old one stands. The message says which check."""


def watch(db: sqlite3.Connection) -> None:
    """Before a step begins to write: from now on SQLite checks pages that are read and references that are written."""
    db.executescript("PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction. Raises BuildFailed when at its end a reference leads nowhere."""
    db.executescript("BEGIN; PRAGMA defer_foreign_keys = ON")
    yield
    try:
        db.execute("COMMIT")
    except sqlite3.IntegrityError as problem:
        check_references(db)
        raise BuildFailed(f"{problem}; the old catalogue stands") from problem


def check_whole(db: sqlite3.Connection) -> None:
    """Raises BuildFailed unless every page of the file is whole and every reference has its row."""
    verdict = db.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise BuildFailed(f"the new catalogue is damaged ({verdict}); the old one stands. Is the disk full?")
    check_references(db)


def check_references(db: sqlite3.Connection) -> None:
    """Raises BuildFailed unless every reference has its row."""
    broken = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise BuildFailed(f"{broken[0]} points to a row of {broken[2]} that is not there; the old catalogue stands")


def check_content(db: sqlite3.Connection) -> None:
    """Raises BuildFailed when no record of a source could be read, or a record belongs to no trial. Reads indexes and short rows."""
    failed = db.execute(
        "SELECT substr(record_id, 1, instr(record_id, ':') - 1) AS source, max(problem) FROM versions"
        " GROUP BY source HAVING sum(problem LIKE ?) = count(*)",
        (FAULT + "%",),
    ).fetchone()
    if failed:
        raise BuildFailed(f"no record of {failed[0]} could be read: {failed[1]}; the old catalogue stands")
    unformed = db.execute("SELECT count(*) FROM records WHERE trial_id IS NULL").fetchone()[0]
    if unformed:
        raise BuildFailed(f"{unformed} records belong to no trial; the old catalogue stands")
