"""Reading room: archive -> the rows of `records`, of what hangs below them, and of `versions`. Called by `harvester.build`.

Only what is new since the last build is looked at, and a payload that was read before by the same rules is not read again.
Which version of a record is shown does not depend on the order of arrival.
"""

from __future__ import annotations

import gc
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from msgspec.structs import replace

import normalize
from harvester import catalogue
from harvester.archive import Archive, Version
from harvester.catalogue import OF_A_RECORD, insert_into
from harvester.checks import FAULT
from harvester.rows import RecordKey, RecordProvenance
from normalize.schema import Record, Unreadable, ValueWarning

Progress = Callable[[int, int], None]  # records looked at, records in all

#: Rows are written in batches of this many records.
_BATCH = 400


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


def read(archive: Archive, db: sqlite3.Connection, publish_contacts: bool, progress: Progress) -> int:
    """Brings the tables up to date with the archive; the number of payloads that had to be read."""
    return _Reader(archive, db, publish_contacts).read_all(progress)


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
            mistake = f"{FAULT} ({type(fault).__name__}: {fault}); please report the record"
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
