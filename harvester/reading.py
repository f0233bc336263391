"""Reading room: archive -> the rows of `records`, of what hangs below them, of `versions` and `changes`. Called by `harvester.build`
and, in processes of their own, by `harvester.readers`.

Only records with something new since the last build are looked at. Of a payload that was read before by the same rules the
catalogue holds what it says, when it is the one shown (`harvester.stored`); another one is read again only to be compared with
a newer one. Which version of a record is shown, and its history, do not depend on the order of arrival.
"""

from __future__ import annotations

import gc
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise, zip_longest
from typing import Any, NamedTuple

from msgspec.structs import astuple, replace

import normalize
from harvester import catalogue, privacy
from harvester.archive import Archive, Version
from harvester.catalogue import insert_into, write_over
from harvester.catalogue_tables import OF_A_RECORD
from harvester.changes import compared
from harvester.checks import FAULT
from harvester.position import Position
from harvester.rows import Change, RecordKey, RecordProvenance
from harvester.stored import Rows, record_of, rows_of
from normalize.schema import Record, Unreadable, ValueWarning

Progress = Callable[[int, int], None]  # records looked at, records in all

#: Rows are written in batches of this many records.
_BATCH = 400
#: A record that is there stays of its trial until linking says otherwise.
_WRITE_RECORD = write_over("records", but="trial_id")


class Chunk(NamedTuple):
    """What was read of some records."""

    rows: dict[str, list[tuple[Any, ...]]]  # table -> new rows
    records: int
    read: int  # payloads


class _Seen(NamedTuple):
    """One version of a record as far as choosing needs it; the beginning of its row in `versions`."""

    sha256: str
    first_fetched_at: str
    last_fetched_at: str
    update_date: str | None
    processed_date: str | None  # when the source made the file, as WHO ICTRP's exports say
    is_partial: bool
    filled: int
    problem: str | None

    @property
    def rank(self) -> tuple[bool, str, str, int, str]:
        """The current version has the highest: never an accident of arrival, and never partial before whole."""
        captured = self.processed_date or self.last_fetched_at
        return (not self.is_partial, self.update_date or "", captured, self.filled, self.sha256)


class _Said(NamedTuple):
    """What the registry says from a time on."""

    at: str
    run_id: int
    seen: _Seen


class _Stored(NamedTuple):
    """What the catalogue holds of a version."""

    seen: _Seen
    is_current: bool
    previous_sha256: str | None


def read(
    archive: Archive, db: sqlite3.Connection, since: Position | None, publish_contacts: bool, progress: Progress
) -> int:
    """Brings the tables up to date with the archive; the number of payloads that had to be read.

    `since` is how far the archive was read by the build that filled `db`, None when `db` is empty.
    """
    return Reader(archive, db, publish_contacts).read(since, progress)


class Reader:
    """Reads the versions that are new, chooses the current one of each record, and writes its rows."""

    def __init__(self, archive: Archive, db: sqlite3.Connection, publish_contacts: bool) -> None:
        self._archive, self._db, self._publish_contacts = archive, db, publish_contacts
        self._absent = archive.absences()
        self._shown_absent: dict[str, str] = dict(
            db.execute(
                # `> ''`, not `IS NOT NULL`: SQLite would read all records, for most have no value in the index.
                "SELECT record_id, withdrawn_from_registry_at FROM records WHERE withdrawn_from_registry_at > ''"
            )
        )
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._stale: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        self._seen_again: list[tuple[str, str, str]] = []
        self._read = 0

    def read(self, since: Position | None, progress: Progress) -> int:
        if since is None:
            news = None
            total = self._archive.db.execute("SELECT count(DISTINCT source || registry_id) FROM payloads").fetchone()[0]
        else:
            news = self._archive.news(since) | self._absences_not_shown()
            total = len(news)
        done, gone = 0, set(news or ())
        for done, (key, versions) in enumerate(_by_record(self._archive.versions(news)), 1):
            gone.discard(key)
            self._one(*key, list(versions), is_new=news is None)
            if done % _BATCH == 0:
                self._write()
                progress(done, total)
        for key in gone:  # the only run that brought it is no longer published
            self._one(*key, [], is_new=False)
        self._write()
        progress(done, total)
        return self._read

    def read_new(self, records: list[tuple[str, str]]) -> Chunk:
        """What a full build writes of these records, by (source, registry id); they are not written."""
        before = self._read
        for key, versions in _by_record(self._archive.versions(records)):
            self._one(*key, list(versions), is_new=True)
        chunk = Chunk(dict(self._rows), len(records), self._read - before)
        self._rows.clear()
        _free_cycles()
        return chunk

    def _absences_not_shown(self) -> set[tuple[str, str]]:
        """Records found absent, or served again, since they were last written."""
        there = {f"{source}:{registry_id}": at for (source, registry_id), at in self._absent.items()}
        turned = {record_id for record_id, _ in self._shown_absent.items() ^ there.items()}
        return {(source, registry_id) for source, _, registry_id in (record_id.partition(":") for record_id in turned)}

    def _one(self, source: str, registry_id: str, versions: list[Version], is_new: bool) -> None:
        record_id = f"{source}:{registry_id}"
        withdrawn = self._absent.get((source, registry_id))
        stored = {} if is_new else self._stored(record_id)
        records: dict[str, Record] = {}
        seen = [self._look(version, stored, records) for version in versions]
        readable = [look for look in seen if look.problem is None]
        current = max(readable, key=lambda look: look.rank) if readable else None
        by_sha256 = {version.sha256: version for version in versions}
        history = self._history(source, registry_id, readable, by_sha256)
        has_returns = len(history) > len({said.seen.sha256 for said in history})
        if stored and not has_returns and self._is_shown(record_id, current, withdrawn, seen, stored):
            self._seen_again += [(look.last_fetched_at, record_id, look.sha256) for look in seen]
            return
        steps = list(pairwise(history))
        previous = {
            after.seen.sha256: before.seen.sha256 for before, after in reversed(steps) if after.seen != history[0].seen
        }
        if stored:
            self._stale["versions"].append((record_id,))
        self._rows["versions"] += [
            (record_id, *look[:-1], look is current, look.problem, previous.get(look.sha256)) for look in seen
        ]
        held = rows_of(self._db, record_id) if stored else {}
        come: Rows = {}
        if current is not None:
            record = self._record(by_sha256[current.sha256], records)
            record = replace(record, warnings=(*record.warnings, *_served_twice(current, seen)))
            provenance = RecordProvenance(current.first_fetched_at, current.sha256, normalize.version(), withdrawn)
            come["records"] = [catalogue.record_row(RecordKey(record_id, None, source), record, provenance)]
            come |= catalogue.child_rows(record_id, record)
        self._replace(record_id, held, come)
        has_moved = has_returns or self._had_returns(record_id, stored)
        standing = set() if has_moved else _standing(steps, stored)
        self._stale["changes"] += [(record_id, sha256) for sha256 in stored if sha256 not in standing]
        steps = [(before, after) for before, after in steps if after.seen.sha256 not in standing]
        if steps and held:
            records.setdefault(next(sha256 for sha256, one in stored.items() if one.is_current), record_of(held))
        for before, after in steps:
            old, new = (self._record(by_sha256[said.seen.sha256], records) for said in (before, after))
            self._rows["changes"] += [
                astuple(Change(record_id, after.seen.sha256, *difference, after.at, after.run_id))
                for difference in compared(old, new)
            ]

    def _replace(self, record_id: str, held: Rows, come: Rows) -> None:
        """Notes which rows are to be written and deleted, where a record has these and shall have those."""
        for table in held.keys() | come.keys():
            if held.get(table) == come.get(table):
                continue
            if table in held and (table != "records" or not come):  # a record that stays is written over
                self._stale[table].append((record_id,))
            self._rows[table] += come.get(table, [])

    def _history(
        self, source: str, registry_id: str, readable: list[_Seen], versions: dict[str, Version]
    ) -> list[_Said]:
        """The versions that follow each other. Parts of an entry take no part; a version may come back."""
        first = [
            _Said(look.first_fetched_at, versions[look.sha256].run_id, look) for look in readable if not look.is_partial
        ]
        first.sort(key=lambda said: (said.at, said.seen.rank))
        if all(before.seen.last_fetched_at <= after.at for before, after in pairwise(first)):
            return _one_at_a_time(first)
        whole = {said.seen.sha256: said.seen for said in first}
        rows = self._archive.sightings(source, registry_id)
        stands_for = {fingerprint: whole[sha256] for fingerprint, sha256, _, _ in rows if sha256 in whole}
        fetches = [_Said(at, run, stands_for[marker]) for marker, _, at, run in rows if marker in stands_for]
        fetches.sort(key=lambda said: (said.at, said.seen.rank, -said.run_id))
        last_of_run = {said.run_id: said.seen for said in fetches}  # a run may be served two versions, again and again
        return _one_at_a_time(
            [said for said in fetches if said.at == said.seen.first_fetched_at or said.seen == last_of_run[said.run_id]]
        )

    def _had_returns(self, record_id: str, stored: dict[str, _Stored]) -> bool:
        """Whether a stored change tells that a version came back: it was seen later than the version first was."""
        if len(stored) < 2:
            return False
        told = self._db.execute(
            "SELECT DISTINCT payload_sha256, seen_at FROM changes WHERE record_id = ?", (record_id,)
        )
        return any(stored[sha256].seen.first_fetched_at != seen_at for sha256, seen_at in told if sha256 in stored)

    def _stored(self, record_id: str) -> dict[str, _Stored]:
        return {
            sha256: _Stored(
                _Seen(sha256, first, last, updated, processed, bool(is_partial), filled, problem),
                bool(is_current),
                previous,
            )
            for _, sha256, first, last, updated, processed, is_partial, filled, is_current, problem, previous in (
                self._db.execute("SELECT * FROM versions WHERE record_id = ?", (record_id,))
            )
        }

    def _is_shown(
        self,
        record_id: str,
        current: _Seen | None,
        withdrawn: str | None,
        seen: list[_Seen],
        stored: dict[str, _Stored],
    ) -> bool:
        """Whether nothing is new but the time at which the versions were last seen, and that changes nothing else."""
        if stored.keys() != {look.sha256 for look in seen}:
            return False
        before = [stored[look.sha256].seen for look in seen]
        if any(one.first_fetched_at != other.first_fetched_at for one, other in zip(before, seen, strict=True)):
            return False
        if current is not None:
            then = stored[current.sha256]
            if not then.is_current or _served_with(current, seen) != _served_with(then.seen, before):
                return False
        return self._shown_absent.get(record_id) == withdrawn

    def _look(self, version: Version, stored: dict[str, _Stored], records: dict[str, Record]) -> _Seen:
        sha256, first, last = version.sha256, version.first_fetched_at, version.last_fetched_at
        if sha256 in stored:
            return stored[sha256].seen._replace(first_fetched_at=first, last_fetched_at=last)
        try:
            record = self._record(version, records)
        except Unreadable as problem:
            return _Seen(sha256, first, last, None, None, False, 0, str(problem))
        except Exception as fault:  # noqa: BLE001 - a mistake of ours in one record must not cost its neighbours
            mistake = f"{FAULT} ({type(fault).__name__}: {fault}); please report the record"
            return _Seen(sha256, first, last, None, None, False, 0, mistake)
        # EUCTR gives no update date: its date of first entry stands for it.
        updated = record.last_update_date or (record.date_of_registration if version.source == "euctr" else None)
        filled = catalogue.filled(record)
        return _Seen(sha256, first, last, updated, record.processed_date, record.is_partial, filled, None)

    def _record(self, version: Version, records: dict[str, Record]) -> Record:
        """What a version says, as far as it may be published; `records` are those of its record read already."""
        if version.sha256 not in records:
            self._read += 1
            record = normalize.normalize(version.source, self._archive.body(version.sha256), version.media_type)
            if not self._publish_contacts:
                record = privacy.published(record)
            records[version.sha256] = record
        return records[version.sha256]

    def _write(self) -> None:
        for table in ("records", "versions", *OF_A_RECORD):
            self._db.executemany(f'DELETE FROM "{table}" WHERE record_id = ?', self._stale[table])
        self._db.executemany("DELETE FROM changes WHERE record_id = ? AND payload_sha256 = ?", self._stale["changes"])
        for table, rows in self._rows.items():
            self._db.executemany(_WRITE_RECORD if table == "records" else insert_into(table), rows)
        self._db.executemany(
            "UPDATE versions SET last_fetched_at = ? WHERE record_id = ? AND payload_sha256 = ?", self._seen_again
        )
        self._stale.clear()
        self._rows.clear()
        self._seen_again.clear()
        _free_cycles()


def _free_cycles() -> None:
    """A build has no collector (`build._collector_off`), and parsed pages are cycles: 100 kB each that nobody else would free."""
    gc.collect(0)


def _by_record(versions: Iterator[Version]) -> Iterator[tuple[tuple[str, str], Iterator[Version]]]:
    return groupby(versions, lambda version: (version.source, version.registry_id))


def _one_at_a_time(said: list[_Said]) -> list[_Said]:
    """Of what was said, in the order of time, what was new then.

    Of versions that the registry served at once with the same date only the one that would be shown counts, and a version comes
    back only when it is not an older state than the one before: a person may import an old file.
    """
    found: list[_Said] = []
    for one, after in zip_longest(said, said[1:]):
        if after is not None and (one.at, one.seen.update_date) == (after.at, after.seen.update_date):
            continue
        if one.seen in [earlier.seen for earlier in found]:
            last = found[-1]
            if one.seen == last.seen or _age(one) < _age(last):
                continue
        found.append(one)
    return found


def _age(said: _Said) -> tuple[str, str]:
    return (said.seen.update_date or "", said.seen.processed_date or said.at)


def _standing(steps: list[tuple[_Said, _Said]], stored: dict[str, _Stored]) -> set[str]:
    """The versions whose changes are stored as they are: what they were compared with, and when they came, is the same."""
    return {
        after.seen.sha256
        for before, after in steps
        if (was := stored.get(after.seen.sha256))
        and (was.previous_sha256, was.seen.first_fetched_at) == (before.seen.sha256, after.at)
    }


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
