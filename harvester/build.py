"""archive.db -> catalogue.db: reads what is new, runs the stages in their order, checks, and swaps the new file in.

Called by `harvester build`, `refresh` and `demo`. What a run brought that fell short of what its registry announced is not
shown: the archive leaves it out of `versions`. The catalogue is a product: the same archive gives the same content,
whatever the order in which it was filled. The new file is built beside the old one, checked, and put in its place with
`os.replace`; a reader sees the old one or the new one whole.

How a room takes part: it brings one function `stage(db, touched)` and a line in `STAGES`.

- `db` is the catalogue being built, inside the build's one transaction: a stage neither commits nor opens another one.
  `records`, what hangs below them and `versions` are up to date; so are the tables of the stages before.
- `touched` is None in a full build: the stage's tables are empty and it fills them. Else they hold what the last build
  left, and `touched.records` and `touched.trials` (see `harvester.touched`) say what has changed since.
- With `touched` a stage leaves exactly what a full build would (`content_hash` is equal; a test proves it), at a cost in
  proportion to what changed. References are checked at the end of the transaction, so rows may come in any order.
- No clock: where a rule needs today, it takes the newest `fetched_at`, so that the same archive gives the same content.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import normalize
from harvester import catalogue, gates, readers
from harvester.accounts import tell
from harvester.archive import Archive
from harvester.catalogue_tables import OF_A_RECORD, TABLES
from harvester.checks import FRUITLESS, BuildFailed, check_content, check_whole, transaction, watch
from harvester.config import Gates
from harvester.discrepancies import find_discrepancies
from harvester.link import link_records
from harvester.memory import give_back
from harvester.organizations import name_sponsors
from harvester.position import Position
from harvester.quality import flag_quality
from harvester.reading import Progress, read
from harvester.relate import relate_trials
from harvester.stopping import at
from harvester.touched import Touched, follow
from harvester.trials import build_trials
from harvester.unusable import result_code, sentence
from harvester.written import NOTHING_WRITTEN, Written, store_written
from spiders.payloads import now

__all__ = ["STAGES", "BuildFailed", "Built", "Progress", "Stage", "build", "content_hash"]

logger = logging.getLogger(__name__)

Stage = Callable[[sqlite3.Connection, Touched | None], None]

#: What is made from the records, in this order.
STAGES: tuple[Stage, ...] = (
    link_records,
    name_sponsors,
    build_trials,
    find_discrepancies,
    flag_quality,
    relate_trials,
    gates.measure_fill,
)


class Built(NamedTuple):
    """What a build came to."""

    records: int
    trials: int
    read: int  # payloads that were normalized now; the others were known
    rejected: int
    changed: bool  # False: the archive held nothing new and the file was left alone
    notes: tuple[str, ...] = ()  # sentences: values that no vocabulary knows yet, gates that a person overruled


def build(
    archive_path: Path,
    catalogue_path: Path,
    *,
    full: bool = False,
    publish_contacts: bool = False,
    shares: Gates | None = None,
    accept: bool = False,
    written: Written = NOTHING_WRITTEN,
    progress: Progress = lambda done, total: None,
) -> Built:
    """Brings the catalogue up to date with the archive and with what a person wrote for it (`harvester.written`).

    Raises BuildFailed when a check does not pass.

    With `shares` a catalogue that is worse than the one that stands does not take its place (GatesClosed), unless a person
    says so with `accept`, which is kept in `about` and in the archive.
    """
    with Archive(archive_path) as archive:
        given = _Given(archive, publish_contacts, written, progress)
        facts = _facts(given)
        old = {} if full else _about(catalogue_path)
        if {key: old.get(key) for key in facts} == facts:
            with closing(sqlite3.connect(catalogue_path)) as db:
                return _built(db, read=0, changed=False)
        if not catalogue_path.exists() and archive.is_fruitless():
            raise BuildFailed(FRUITLESS)
        beside = catalogue_path.with_name(f".{catalogue_path.stem}-building.db")
        for leftover in (beside, beside.with_name(beside.name + "-journal")):
            leftover.unlink(missing_ok=True)
        is_step = {key: old.get(key) for key in _RULES} == {key: facts[key] for key in _RULES}
        with _thrown_away_unless_whole(beside), _collector_off():
            if is_step:
                _copy(catalogue_path, beside)
            with closing(sqlite3.connect(beside.absolute().as_uri(), isolation_level=None, uri=True)) as db:
                # The file is thrown away when anything fails, so it needs neither journal nor synchronisation.
                db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
                db.execute(f"PRAGMA cache_size = {_CACHE}")
                touched = _begin_step(db, catalogue_path) if is_step else None
                built = _built(db, read=_fill(db, given, facts, touched), changed=True)
                if shares is not None:
                    built = built._replace(notes=_pass_gates(archive, catalogue_path, db, shares, accept, touched))
            with beside.open("rb+") as handle:
                os.fsync(handle.fileno())
            beside.replace(catalogue_path)  # os.replace: a reader sees the old file or the new one
    return built


@contextmanager
def _thrown_away_unless_whole(file: Path) -> Iterator[None]:
    """Removes the file when what is done within fails or is stopped: a half one would only take room. Raises BuildFailed when
    the disk had no room for it."""
    try:
        yield
    except BaseException as problem:
        file.unlink(missing_ok=True)
        # What the archive refuses names the archive; to write is asked of this file alone.
        if isinstance(problem, sqlite3.OperationalError) and result_code(problem) in _NO_ROOM:
            raise BuildFailed(
                f"{sentence(file, problem)}. A build also needs room for temporary files, in /var/tmp or where SQLITE_TMPDIR says. A "
                "catalogue that stood is still published"
            ) from problem
        raise


def _copy(file: Path, beside: Path) -> None:
    """Copies a file of gigabytes within the system, its room taken first: a quarter less of the processor's time than
    `shutil.copyfile`, and next to nothing where the file system lets copies share their blocks."""
    try:
        with file.open("rb") as there, beside.open("wb") as here:
            os.posix_fallocate(here.fileno(), 0, os.fstat(there.fileno()).st_size)
            while os.copy_file_range(there.fileno(), here.fileno(), _COPIED_AT_ONCE):
                pass
    except (AttributeError, OSError):
        shutil.copyfile(file, beside)  # not every system can; what else was wrong comes up again


_COPIED_AT_ONCE = 1 << 30
#: Kibibytes of the file that SQLite holds: a build writes in the order of keys and reads little twice.
_CACHE = -20_000
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Millions of small objects and hardly a cycle: the collector would take an eighth of the time. What was there before, all
    modules, it need not look through when it is called between two stages either."""
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def _pass_gates(
    archive: Archive,
    catalogue_path: Path,
    db: sqlite3.Connection,
    shares: Gates,
    accept: bool,
    touched: Touched | None,
) -> tuple[str, ...]:
    """What is worth a line about the new catalogue. Raises GatesClosed; what was decided is kept in the archive."""
    closed: list[gates.Closed] = []
    news = []
    if catalogue_path.exists():
        with closing(sqlite3.connect(catalogue_path)) as old:
            try:
                closed = gates.check(old, db, shares, touched)
                news = gates.unknown_values(old, db)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as problem:
                news = [
                    f"{catalogue_path.name} is of another version ({problem}): the gates have nothing to compare with"
                ]
    figures = "; ".join(map(str, closed))
    if closed and not accept:
        archive.note_build(now(), "closed", figures)
        raise gates.GatesClosed(closed)
    archive.note_build(now(), "accepted" if closed else "published", figures)
    overruled = archive.last_build("accepted")
    if overruled:
        db.execute("INSERT INTO about VALUES ('gates_overruled', ?)", (f"{overruled[0]}: {overruled[2]}",))
    return (*news, *([f"published although gates closed: {figures}"] if closed else []))


class _Given(NamedTuple):
    """What a build is made from."""

    archive: Archive
    publish_contacts: bool
    written: Written
    progress: Progress


def _begin_step(db: sqlite3.Connection, before: Path) -> Touched:
    """Watches and follows what is written to a copy of the last build; that itself is attached as `before`."""
    db.execute("ATTACH ? AS before", (f"{before.absolute().as_uri()}?mode=ro",))
    watch(db)
    return follow(db)


def _fill(db: sqlite3.Connection, given: _Given, facts: dict[str, str], touched: Touched | None) -> int:
    """Fills an empty file or, with `touched`, brings a copy of the last build up to date; the number of payloads read."""
    with transaction(db):
        if touched is None:
            catalogue.create(db)
        since = None if touched is None else _position(db)
        if touched is None and (hands := readers.hands(given.archive)) > 1:
            count = readers.read_side_by_side(given.archive, db, given.publish_contacts, given.progress, hands)
        else:
            count = read(given.archive, db, since, given.publish_contacts, given.progress)
        if touched is None:
            catalogue.create_indexes(db, ("records", *OF_A_RECORD))
        store_written(db, given.written, touched)
        if touched is None or touched.records:
            give_back()
            for stage in STAGES:
                at(f"while the build was at its stage {stage.__name__}")
                stage(db, touched)
                gc.collect()  # what a stage leaves behind the next one has room for
                gc.freeze()  # and what lives on is not looked through again: that took most of a small build
                give_back()
            at("at the end of the build")
        if touched is None:
            from harvester.text_index import index_text  # not before: see there

            catalogue.create_indexes(db)
            index_text(db)
        tell(given.archive, db, facts)
    if touched is None:
        db.execute("ANALYZE")
        check_whole(db)
    else:
        db.execute("PRAGMA main.optimize")
    check_content(db)
    return count


# ------------------------------------------------------------------------------------------------ what it is built from

#: Facts that decide whether rows of the old catalogue can stay.
_RULES = (
    "schema",
    "normalizer_version",
    "builder_version",
    "publish_contacts",
    "sponsor_overrides",
    "archive_forgotten",
)


def _facts(given: _Given) -> dict[str, str]:
    written = given.written
    return {
        "archive_state": given.archive.state(),
        "archive_forgotten": str(given.archive.forgotten()),
        "archive_position": given.archive.position().as_text(),
        "normalizer_version": normalize.version(),
        "builder_version": _builder_version(),
        "schema": hashlib.sha256(repr(TABLES).encode()).hexdigest()[:12],
        "publish_contacts": str(given.publish_contacts).lower(),
        "written": hashlib.sha256(repr(written).encode()).hexdigest()[:12],
        "sponsor_overrides": hashlib.sha256(repr(written.sponsor_overrides).encode()).hexdigest()[:12],
    }


def _position(db: sqlite3.Connection) -> Position:
    """How far the build that made this catalogue had read the archive."""
    return Position.from_text(db.execute("SELECT value FROM about WHERE key = 'archive_position'").fetchone()[0])


@cache
def _builder_version() -> str:
    """Twelve hex digits that change whenever a file of this package does that may take part in a build."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _about(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as db:
        try:
            return dict(db.execute("SELECT key, value FROM about"))
        except (sqlite3.DatabaseError, UnicodeDecodeError) as problem:
            logger.warning("%s is not a catalogue of this version (%s): building it anew", path.name, problem)
            return {}


def _built(db: sqlite3.Connection, read: int, changed: bool) -> Built:
    records, trials, rejected = (
        int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        for table in ("records", "trials", "rejected_payloads")
    )
    return Built(records, trials, read, rejected, changed)


#: Which run brought something depends on the order in which the archive was filled; what a catalogue says does not.
_OF_RUNS = ("runs", "about")


def content_hash(path: Path) -> str:
    """sha256 over the rows of all tables but `runs` and `about`, sorted, numbers of runs left out: equal for catalogues of
    equal content."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(path)) as db:
        for table, description in sorted(TABLES.items()):
            if table in _OF_RUNS:
                continue
            digest.update(table.encode())
            columns = ", ".join(f'"{name}"' for name in description.names if name != "run_id")
            for row in db.execute(f'SELECT {columns} FROM "{table}" ORDER BY {", ".join(description.key)}'):
                digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
