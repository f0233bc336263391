"""archive.db -> catalogue.db: reads what is new, links, forms trials, and swaps the new file in.

Called by `harvester build`, `refresh` and `demo`. What a run brought that fell short of what its registry announced is not
shown: the archive leaves it out of `versions`. The catalogue is a product: the same archive gives the same content,
whatever the order in which it was filled. A payload that was read before by the same rules is not read again. The new file
is built beside the old one, checked, and put in its place with `os.replace`; a reader sees the old one or the new one whole.
"""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import astuple, replace

import normalize
from harvester import catalogue
from harvester.archive import Archive, Version
from harvester.catalogue import OF_A_RECORD, insert_into
from harvester.link import Numbered, Reference, link
from harvester.registries import REGISTRIES
from harvester.relate import relate_trials
from harvester.rows import RecordKey, RecordProvenance
from harvester.trials import build_trials
from normalize.schema import Record, Unreadable, ValueWarning
from normalize.sponsors import NameUse, organizations

Progress = Callable[[int, int], None]  # records looked at, records in all

#: Rows are written in batches of this many records.
_BATCH = 400


class Built(NamedTuple):
    """What a build came to."""

    records: int
    trials: int
    read: int  # payloads that were normalized now; the others were known
    rejected: int
    changed: bool  # False: the archive held nothing new and the file was left alone


class BuildFailed(Exception):
    """The new catalogue did not pass its checks; the old one stands. The message says which check."""


#: How the problem of a payload begins on which the harvester itself failed.
_FAULT = "a rule of the harvester failed on it"


class _Seen(NamedTuple):
    """One version of a record as far as choosing needs it."""

    sha256: str
    update_date: str | None
    processed_date: str | None  # when the source made the file, as WHO ICTRP's exports say
    last_fetched_at: str
    is_partial: bool
    filled: int
    problem: str | None

    @property
    def rank(self) -> tuple[bool, str, str, int, str]:
        """The current version has the highest: never an accident of arrival, and never partial before whole."""
        captured = self.processed_date or self.last_fetched_at
        return (not self.is_partial, self.update_date or "", captured, self.filled, self.sha256)


def build(
    archive_path: Path,
    catalogue_path: Path,
    *,
    full: bool = False,
    publish_contacts: bool = False,
    progress: Progress = lambda done, total: None,
) -> Built:
    """Brings the catalogue up to date with the archive. Raises BuildFailed when a check does not pass."""
    with Archive(archive_path) as archive:
        facts = _facts(archive, publish_contacts)
        old = {} if full else _about(catalogue_path)
        if old == facts:
            with closing(sqlite3.connect(catalogue_path)) as db:
                return Built(*_counts(db), read=0, rejected=_count(db, "rejected_payloads"), changed=False)
        beside = catalogue_path.with_name(f".{catalogue_path.stem}-building.db")
        for leftover in (beside, beside.with_name(beside.name + "-journal")):
            leftover.unlink(missing_ok=True)
        known = {key: old.get(key) for key in _RULES} == {key: facts[key] for key in _RULES}
        if known:
            shutil.copyfile(catalogue_path, beside)
        with closing(sqlite3.connect(beside, isolation_level=None)) as db:
            # The file is thrown away when anything fails, so it needs neither journal nor synchronisation.
            db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000; BEGIN")
            if not known:
                catalogue.create(db)
            read = _Reader(archive, db, publish_contacts).read_all(progress)
            catalogue.create_indexes(db)
            _form_trials(db)
            _tell(archive, db, facts)
            catalogue.index_text(db)
            db.execute("COMMIT")
            db.execute("ANALYZE")
            _check(db)
            built = Built(*_counts(db), read=read, rejected=_count(db, "rejected_payloads"), changed=True)
    with beside.open("rb+") as handle:
        os.fsync(handle.fileno())
    beside.replace(catalogue_path)  # os.replace: a reader sees the old file or the new one
    return built


# ------------------------------------------------------------------------------------------------ what it is built from

#: Facts that decide whether rows of the old catalogue can stay.
_RULES = ("schema", "normalizer_version", "publish_contacts")


def _facts(archive: Archive, publish_contacts: bool) -> dict[str, str]:
    return {
        "archive_state": archive.state(),
        "normalizer_version": normalize.version(),
        "schema": hashlib.sha256(repr(catalogue.TABLES).encode()).hexdigest()[:12],
        "publish_contacts": str(publish_contacts).lower(),
    }


def _about(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as db:
        try:
            return dict(db.execute("SELECT key, value FROM about"))
        except sqlite3.DatabaseError as problem:
            print(f"{path.name} is not a catalogue of this version ({problem}): building it anew", file=sys.stderr)
            return {}


# --------------------------------------------------------------------------------------------------- reading payloads


class _Reader:
    """Reads the versions that are new, chooses the current one of each record, and writes its rows."""

    def __init__(self, archive: Archive, db: sqlite3.Connection, publish_contacts: bool) -> None:
        self._archive, self._db, self._publish_contacts = archive, db, publish_contacts
        self._absent = archive.absences()
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._stale: dict[str, list[tuple[str]]] = {"records": [], "versions": []}
        self._read = 0

    def read_all(self, progress: Progress) -> int:
        """Goes through the archive record by record; the number of payloads that had to be read."""
        gc.disable()  # millions of small objects and no cycles: the collector would take an eighth of the time
        try:
            return self._read_records(progress)
        finally:
            gc.enable()

    def _read_records(self, progress: Progress) -> int:
        total = self._archive.db.execute("SELECT count(DISTINCT source || registry_id) FROM payloads").fetchone()[0]
        by_record = groupby(self._archive.versions(), lambda version: (version.source, version.registry_id))
        done = 0
        for done, (_, versions) in enumerate(by_record, 1):
            self._one(list(versions))
            if done % _BATCH == 0:
                self._write()
                progress(done, total)
        self._write()
        progress(done, total)
        return self._read

    def _one(self, versions: list[Version]) -> None:
        source, registry_id = versions[0].source, versions[0].registry_id
        record_id = f"{source}:{registry_id}"
        withdrawn = self._absent.get((source, registry_id))
        stored = {row[1]: row for row in self._db.execute("SELECT * FROM versions WHERE record_id = ?", (record_id,))}
        if withdrawn is None and all(v.sha256 in stored and stored[v.sha256][3] == v.last_fetched_at for v in versions):
            return
        records: dict[str, Record] = {}
        seen = [self._look(version, stored, records) for version in versions]
        readable = [look for look in seen if look.problem is None]
        current = max(readable, key=lambda look: look.rank) if readable else None
        first = {version.sha256: version.first_fetched_at for version in versions}
        self._rows["versions"] += [
            (record_id, look.sha256, first[look.sha256], look.last_fetched_at, look.update_date, look.processed_date,
             look.is_partial, look.filled, look is current, look.problem)
            for look in seen
        ]  # fmt: skip
        self._stale["versions"].append((record_id,))
        if withdrawn is None and not records and current and self._shown(record_id, current, seen, stored):
            return  # the same version was only seen again
        self._stale["records"].append((record_id,))
        if current is None:
            return
        version = next(version for version in versions if version.sha256 == current.sha256)
        record = records.get(current.sha256) or self._normalized(version)
        record = replace(record, warnings=(*record.warnings, *_served_twice(current, seen)))
        if not self._publish_contacts:
            record = replace(record, contacts=tuple(replace(c, email=None, phone=None) for c in record.contacts))
        provenance = RecordProvenance(version.first_fetched_at, current.sha256, normalize.version(), withdrawn)
        self._rows["records"].append(catalogue.record_row(RecordKey(record_id, None, source), record, provenance))
        for table, rows in catalogue.child_rows(record_id, record):
            self._rows[table] += rows

    def _shown(self, record_id: str, current: _Seen, seen: list[_Seen], stored: dict[str, tuple[Any, ...]]) -> bool:
        """Whether the rows of the record are those of `current` already, with the same other versions beside it."""
        shown = self._db.execute(
            "SELECT payload_sha256, withdrawn_from_registry_at FROM records WHERE record_id = ?", (record_id,)
        ).fetchone()
        if shown != (current.sha256, None):
            return False
        before = [look._replace(last_fetched_at=stored[look.sha256][3]) for look in seen]
        then = next(look for look in before if look.sha256 == current.sha256)
        return _served_with(current, seen) == _served_with(then, before)

    def _look(self, version: Version, stored: dict[str, tuple[Any, ...]], records: dict[str, Record]) -> _Seen:
        if version.sha256 in stored:
            _, sha256, _, _, update_date, processed, is_partial, filled, _, problem = stored[version.sha256]
            return _Seen(sha256, update_date, processed, version.last_fetched_at, bool(is_partial), filled, problem)
        try:
            record = self._normalized(version)
        except Unreadable as problem:
            return _Seen(version.sha256, None, None, version.last_fetched_at, False, 0, str(problem))
        except Exception as fault:  # noqa: BLE001 - a mistake of ours in one record must not cost its neighbours
            mistake = f"{_FAULT} ({type(fault).__name__}: {fault}); please report the record"
            return _Seen(version.sha256, None, None, version.last_fetched_at, False, 0, mistake)
        records[version.sha256] = record
        # EUCTR gives no update date: its date of first entry stands for it.
        update_date = record.last_update_date or (record.date_of_registration if version.source == "euctr" else None)
        filled = catalogue.filled(record)
        return _Seen(
            version.sha256, update_date, record.processed_date, version.last_fetched_at, record.is_partial, filled, None
        )

    def _normalized(self, version: Version) -> Record:
        self._read += 1
        return normalize.normalize(version.source, self._archive.body(version.sha256), version.media_type)

    def _write(self) -> None:
        for table in ("records", "versions", *OF_A_RECORD):
            stale = self._stale["versions" if table == "versions" else "records"]
            self._db.executemany(f'DELETE FROM "{table}" WHERE record_id = ?', stale)
        for table, rows in self._rows.items():
            self._db.executemany(insert_into(table), rows)
        for stale in self._stale.values():
            stale.clear()
        self._rows.clear()


def _served_with(current: _Seen, seen: list[_Seen]) -> list[str]:
    """The other versions that the registry gives the same date and served at the same time, by their sha256.

    Parts of an entry differ in what was asked for, so they contradict nothing.
    """
    if current.is_partial:
        return []
    return sorted(
        look.sha256
        for look in seen
        if look.problem is None and look.sha256 != current.sha256 and look.rank[:3] == current.rank[:3]
    )


def _served_twice(current: _Seen, seen: list[_Seen]) -> Iterator[ValueWarning]:
    for other in _served_with(current, seen):
        yield ValueWarning(
            field="record",
            raw_value=other,
            reason="the registry served this record twice at once with different text and the same date: shown is the"
            " version with more filled fields; the other stays in the archive",
        )


# ------------------------------------------------------------------------------------------------ trials and summaries


def _form_trials(db: sqlite3.Connection) -> None:
    linked = link(
        (Numbered(*row) for row in db.execute("SELECT record_id, source, registry_id FROM records")),
        (
            Reference(*row)
            for row in db.execute(
                "SELECT record_id, id_normalized, registry, type, source_field FROM secondary_ids WHERE registry IS NOT NULL"
            )
        ),
    )
    db.executemany(
        "UPDATE records SET trial_id = ? WHERE record_id = ?",
        [(trial, record) for record, trial in linked.trial_of.items()],
    )
    _refill(db, "trial_links", [astuple(row) for row in linked.links])
    uses = db.execute("SELECT name_raw, class_registry, count(*) FROM record_sponsors GROUP BY 1, 2 ORDER BY 1, 2")
    sponsors, aliases = organizations(NameUse(*row) for row in uses)
    _refill(db, "sponsors", sponsors)
    _refill(db, "sponsor_aliases", aliases)
    db.execute(
        "UPDATE record_sponsors SET sponsor_id ="
        " (SELECT sponsor_id FROM sponsor_aliases a WHERE a.name_raw = record_sponsors.name_raw)"
    )
    build_trials(db)
    relate_trials(db)


def _tell(archive: Archive, db: sqlite3.Connection, facts: dict[str, str]) -> None:
    """The tables that say how complete and how fresh the catalogue is."""
    db.execute("DELETE FROM unmapped_values")
    db.execute(
        "INSERT INTO unmapped_values SELECT vocabulary, source, raw_value, count(DISTINCT record_id), min(record_id)"
        " FROM unmapped_in_records JOIN records USING (record_id) GROUP BY vocabulary, source, raw_value"
    )
    refused = [tuple(rejection) for rejection in archive.rejections()]
    refused += [
        (*str(record_id).split(":", 1), f"archive:{record_id}", sha256, problem)
        for record_id, sha256, problem in db.execute(
            "SELECT record_id, payload_sha256, problem FROM versions WHERE problem IS NOT NULL ORDER BY 1, 2"
        )
    ]
    _refill(db, "rejected_payloads", refused)
    _refill(db, "runs", archive.runs())
    rows = []
    for registry in REGISTRIES.values():
        counted = db.execute(
            "SELECT count(*), max(processed_date), (SELECT max(last_fetched_at) FROM versions WHERE record_id LIKE ? || ':%')"
            " FROM records WHERE source = ?",
            (registry.source, registry.source),
        ).fetchone()
        rows.append(
            (registry.source, registry.name, registry.page, registry.licence, registry.licence_url,
             registry.attribution, registry.terms, counted[0], counted[2], counted[1])
        )  # fmt: skip
    _refill(db, "registries", rows)
    _refill(db, "about", sorted(facts.items()))


def _refill(db: sqlite3.Connection, table: str, rows: Any) -> None:
    db.execute(f'DELETE FROM "{table}"')
    db.executemany(insert_into(table), rows)


# -------------------------------------------------------------------------------------------------------------- checks


def _check(db: sqlite3.Connection) -> None:
    """Raises BuildFailed unless the file is whole and every reference has its row."""
    verdict = db.execute("PRAGMA quick_check").fetchone()[0]
    if verdict != "ok":
        raise BuildFailed(f"the new catalogue is damaged ({verdict}); the old one stands. Is the disk full?")
    broken = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise BuildFailed(f"{broken[0]} points to a row of {broken[2]} that is not there; the old catalogue stands")
    failed = db.execute(
        "SELECT substr(record_id, 1, instr(record_id, ':') - 1) AS source, max(problem) FROM versions"
        " GROUP BY source HAVING sum(problem LIKE ?) = count(*)",
        (_FAULT + "%",),
    ).fetchone()
    if failed:
        raise BuildFailed(f"no record of {failed[0]} could be read: {failed[1]}; the old catalogue stands")
    unformed = db.execute("SELECT count(*) FROM records WHERE trial_id IS NULL").fetchone()[0]
    if unformed:
        raise BuildFailed(f"{unformed} records belong to no trial; the old catalogue stands")


def _counts(db: sqlite3.Connection) -> tuple[int, int]:
    return _count(db, "records"), _count(db, "trials")


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def content_hash(path: Path) -> str:
    """sha256 over the rows of all tables but `runs` and `about`, sorted: equal for catalogues of equal content."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(path)) as db:
        for table, description in sorted(catalogue.TABLES.items()):
            if table in ("runs", "about"):
                continue
            digest.update(table.encode())
            for row in db.execute(f'SELECT * FROM "{table}" ORDER BY {", ".join(description.key)}'):
                digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
