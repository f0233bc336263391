"""A dated folder of the catalogue that another machine can check, serve and cite. Called by `harvester snapshot`.

catalogue.db     a copy, taken in one piece even while a build goes on
csv/TABLE.csv    every table
metadata.yml     for Datasette
README.md        what it is, the terms of each source, how to check and serve it
CITATION.cff     how to cite it
SHA256SUMS       of all of these; `sha256sum -c SHA256SUMS` checks them without Harvester
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from harvester import __version__
from harvester.catalogue_tables import TABLES
from harvester.citation import catalogue_date, citation, sources
from harvester.export import Selection, sha256_of, write
from harvester.serve import metadata_path
from harvester.unusable import Unusable, result_code

_SUMS = "SHA256SUMS"


class SnapshotError(Exception):
    """The snapshot cannot be written; the message says why, and the way out."""


def default_name(db: sqlite3.Connection) -> str:
    """`harvester-2026-01-06`, after the day of the newest capture. Raises SnapshotError for an empty catalogue."""
    return f"harvester-{_date(db)}"


def snapshot(db: sqlite3.Connection, folder: Path, told: Callable[[int], None] = lambda done: None) -> None:
    """Writes the folder; it appears when it is whole. `told` hears how many tables are written. Raises SnapshotError."""
    if folder.exists():
        raise SnapshotError(f"{folder} is there already: name another folder with -o, or remove it")
    _date(db)  # what is empty is refused before anything is written
    rough = folder.with_name(f".{folder.name}.part")
    if rough.exists():
        shutil.rmtree(rough)  # of a snapshot that was cut off
    try:
        (rough / "csv").mkdir(parents=True)
        _copy(db, rough / "catalogue.db")
        with closing(_open(rough / "catalogue.db")) as copy:
            for done, table in enumerate(TABLES, 1):
                with (rough / "csv" / f"{table}.csv").open("wb") as out:
                    write(copy, Selection(table), "csv", out)
                told(done)
            (rough / "README.md").write_text(_readme(copy), encoding="utf-8")
            (rough / "CITATION.cff").write_text(_citation_file(copy), encoding="utf-8")
        shutil.copyfile(metadata_path(), rough / "metadata.yml")
        (rough / _SUMS).write_text(
            "".join(f"{sha256_of(rough / name)}  {name}\n" for name in _files(rough)), encoding="utf-8"
        )
        rough.rename(folder)
    except OSError as problem:
        cause = problem.strerror or problem
        raise SnapshotError(
            f"{folder} cannot be written ({cause}): make room, or name another folder with -o"
        ) from problem
    finally:
        if rough.exists():
            shutil.rmtree(rough)


def _copy(db: sqlite3.Connection, file: Path) -> None:
    """The catalogue in a new file. Raises OSError when the disk has no room for it: of that SQLite would blame the catalogue."""
    try:
        db.execute("VACUUM INTO ?", (str(file),))
    except sqlite3.OperationalError as problem:
        cause = problem.__cause__ if isinstance(problem, Unusable) else problem
        if isinstance(cause, sqlite3.Error) and result_code(cause) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise OSError(str(cause)) from problem
        raise


def problems(folder: Path) -> list[str]:
    """What is wrong with a snapshot, as sentences; nothing when it is as it was written. Raises SnapshotError."""
    if not (folder / _SUMS).is_file():
        raise SnapshotError(f"{folder} is no snapshot: it has no {_SUMS}")
    lines = (folder / _SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    listed = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    found = [f"{name} is missing" for name in listed if not (folder / name).is_file()]
    found += [f"{name} is not in {_SUMS}: it was added later" for name in _files(folder) if name not in listed]
    found += [
        f"{name} is not what it was: its sha256 differs from {_SUMS}"
        for name, sha256 in listed.items()
        if (folder / name).is_file() and sha256_of(folder / name) != sha256
    ]
    if found:
        return found
    with closing(_open(folder / "catalogue.db")) as db:
        verdict = db.execute("PRAGMA quick_check").fetchone()[0]
        return [] if verdict == "ok" else [f"catalogue.db is damaged: {verdict}"]


def described(folder: Path) -> str:
    """What a snapshot holds, in a sentence."""
    with closing(_open(folder / "catalogue.db")) as db:
        return f"{_count(db, 'trials'):,} trials from {_count(db, 'records'):,} records, catalogue of {_date(db)}"


def _date(db: sqlite3.Connection) -> str:
    date = catalogue_date(db)
    if date is None:
        raise SnapshotError(
            "the catalogue is empty: run `harvester refresh` or `harvester import`, then `harvester build`"
        )
    return date


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _files(folder: Path) -> list[str]:
    """All files of a snapshot but the list of sums, in order."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if name != _SUMS)


def _readme(db: sqlite3.Connection) -> str:
    terms = "\n".join(
        f"- **{row['name']}** ({row['records']:,} records, fetched until {row['last_fetched_at'][:10]}"
        + (f", processed by the source on {row['processed_date']}" if row["processed_date"] else "")
        + f"). Attribution: {row['attribution']}. Licence: {row['licence']}, {row['licence_url']}. {row['terms']}"
        for row in sources(db)
    )
    return f"""# Catalogue of clinical trials, {_date(db)}

{_count(db, "trials"):,} trials from {_count(db, "records"):,} registry records, made with Harvester {__version__}. Not medical advice; no registry endorses it.

## Terms

{terms}

## Citing

{citation(db)} See `CITATION.cff`.

## Checking and serving

    sha256sum -c SHA256SUMS              # or: harvester snapshot --verify .
    datasette catalogue.db -m metadata.yml

With Harvester installed Datasette shows the readers' site, without it the bare tables. `csv/` has every table: UTF-8, RFC 4180; a
text that a spreadsheet would run as a formula, or that begins with an apostrophe, has an apostrophe before it: drop one. What each
column means stands in `metadata.yml`.
"""


def _citation_file(db: sqlite3.Connection) -> str:
    """CITATION.cff 1.2.0."""
    cited: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them and their sources.",
        "type": "dataset",
        "title": f"Catalogue of clinical trials, {_date(db)}",
        "version": _date(db),
        "date-released": _date(db),
        "abstract": citation(db),
        "authors": [{"name": f"Harvester {__version__}"}],
        "references": [
            {
                "type": "database",
                "title": row["name"],
                "authors": [{"name": row["attribution"]}],
                "url": row["page"],
                "date-accessed": row["last_fetched_at"][:10],
                "license-url": row["licence_url"],
                "notes": row["licence"],
            }
            for row in sources(db)
        ],
    }
    return yaml.safe_dump(cited, sort_keys=False, allow_unicode=True, width=100)
