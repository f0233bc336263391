"""Harvester room: what may leave the archive, by the rules of `[retention]`, and giving the room back to the disk. Called by
`harvester archive compact`, which holds the lock.

Three things grow: fetches that brought nothing new, bytes that became no record, old versions. Nothing goes unless a rule says so.
Whatever the rules say, these stay: a record's only version and the one that is shown; each version's first payload, its first and
last fetch and each at which it came back, from which the history and its dates are made; the last fetch of each record by each
query, and every fetch of each query's newest good runs, from which the next refresh knows what to ask.
"""

from __future__ import annotations

import datetime
import sqlite3

from msgspec import Struct

from harvester.archive import PUBLISHED, Archive
from harvester.config import Retention
from harvester.unusable import Unusable


class NotBuilt(Exception):
    """Which versions are old is not known. The message says what to do."""


class Leaving(Struct):
    """What leaves, in numbers. `bytes`: of packed payloads, and of pages of the file that are empty already."""

    fetches: int = 0
    payloads: int = 0
    versions: int = 0
    rejected: int = 0
    bytes: int = 0


#: Every fetch, as far as choosing needs it. `version`: payloads that differ in nothing that means something.
_FETCHES = f"""
CREATE TEMP TABLE fetches AS
SELECT c.capture_id, c.run_id, c.fetched_at, c.sha256, r.registry, r.kind, r.words, coalesce({PUBLISHED}, 0) AS is_published,
       dense_rank() OVER (ORDER BY p.source, p.registry_id) AS record,
       dense_rank() OVER (ORDER BY p.source, p.registry_id, p.fingerprint) AS version
FROM captures c JOIN payloads p USING (sha256) JOIN runs r USING (run_id)
"""

#: The fetches that stay whatever the rules say: by (partition, order) the first row of each partition.
_FIRST_OF = (
    ("version, is_published", "fetched_at, sha256, capture_id"),
    ("version, is_published", "fetched_at DESC, run_id DESC, capture_id"),
    ("version, is_published", "run_id, capture_id"),
    ("record", "fetched_at DESC, run_id DESC, capture_id"),
    ("record, registry, words, is_published", "fetched_at DESC, capture_id"),
)

#: And those that brought another version than the fetch before.
_TURNS = """
INSERT OR IGNORE INTO staying SELECT capture_id FROM (
  SELECT capture_id, version <> lag(version) OVER (PARTITION BY record, is_published ORDER BY fetched_at, run_id, sha256) AS is_turn
  FROM fetches) WHERE is_turn
"""

_STAYING = "CREATE TEMP TABLE staying (capture_id INTEGER PRIMARY KEY)"

_OF_NEWEST_RUNS = """
INSERT OR IGNORE INTO staying SELECT capture_id FROM fetches WHERE run_id IN (
  SELECT max(run_id) FROM runs WHERE verdict = 'complete' GROUP BY registry, kind, words)
"""

#: Versions that are not shown and were last seen before the shown one and before a day. Records of which nothing is shown stay whole.
_OLD_VERSIONS = """
CREATE TEMP TABLE old_versions AS
SELECT f.version FROM fetches f JOIN (
  SELECT record, max(version) AS version, max(fetched_at) AS seen FROM fetches
  WHERE version IN (SELECT g.version FROM fetches g JOIN shown USING (sha256)) GROUP BY record) current USING (record)
GROUP BY f.version HAVING f.version <> current.version AND max(f.fetched_at) < current.seen AND max(f.fetched_at) < ?
"""

_LEAVING_FETCHES = "CREATE TEMP TABLE leaving (capture_id INTEGER PRIMARY KEY)"

#: A payload leaves with its last fetch, unless another one is stored as its difference from it.
_LEAVING_PAYLOADS = """
CREATE TEMP TABLE leaving_payloads AS
SELECT p.sha256, length(p.data) AS packed FROM payloads p
WHERE p.sha256 IN (SELECT sha256 FROM fetches JOIN leaving USING (capture_id))
  AND NOT EXISTS (SELECT 1 FROM fetches f WHERE f.sha256 = p.sha256 AND f.capture_id NOT IN (SELECT capture_id FROM leaving))
"""
_SPARED_BASES = """
DELETE FROM leaving_payloads WHERE sha256 IN (
  SELECT base_sha256 FROM payloads WHERE base_sha256 IS NOT NULL AND sha256 NOT IN (SELECT sha256 FROM leaving_payloads))
"""


def plan(archive: Archive, rules: Retention, now: datetime.datetime, catalogue: sqlite3.Connection | None) -> Leaving:
    """What would leave; it is marked in temporary tables, for `apply`. Raises NotBuilt when old versions are to leave and the
    catalogue, which knows which version is shown, is not up to date."""
    db = archive.db
    for table in ("fetches", "staying", "shown", "old_versions", "leaving", "leaving_payloads"):
        db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    for statement in (_FETCHES, _STAYING, _OF_NEWEST_RUNS, _TURNS, _LEAVING_FETCHES):
        db.execute(statement)
    db.execute("CREATE INDEX temp.fetches_of_payload ON fetches(sha256)")
    for partition, order in _FIRST_OF:
        db.execute(
            "INSERT OR IGNORE INTO staying SELECT capture_id FROM (SELECT capture_id,"
            f" row_number() OVER (PARTITION BY {partition} ORDER BY {order}) AS place FROM fetches) WHERE place = 1"
        )
    leaving = Leaving(bytes=_empty(db))
    if rules.repeats_days is not None:
        db.execute(
            "INSERT INTO leaving SELECT capture_id FROM fetches WHERE fetched_at < ?"
            " AND capture_id NOT IN (SELECT capture_id FROM staying)",
            (_before(now, rules.repeats_days),),
        )
    if rules.history_days is not None:
        _mark_shown(archive, catalogue)
        db.execute(_OLD_VERSIONS, (_before(now, rules.history_days),))
        leaving.versions = _one(db, "SELECT count(*) FROM old_versions")
        db.execute(
            "INSERT OR IGNORE INTO leaving SELECT capture_id FROM fetches WHERE version IN (SELECT version FROM old_versions)"
        )
    # SQLite would give the number of the last fetch to the next one, which the build would then take for known.
    db.execute("DELETE FROM leaving WHERE capture_id = (SELECT max(capture_id) FROM captures)")
    db.execute(_LEAVING_PAYLOADS)
    db.execute(_SPARED_BASES)
    leaving.fetches = _one(db, "SELECT count(*) FROM leaving")
    leaving.payloads = _one(db, "SELECT count(*) FROM leaving_payloads")
    leaving.bytes += _one(db, "SELECT coalesce(sum(packed), 0) FROM leaving_payloads")
    if rules.rejected_days is not None:
        leaving.rejected, packed = db.execute(
            f"SELECT count(*), coalesce(sum(length(data)), 0) FROM rejections WHERE {_OLD_REJECTED}",
            (_before(now, rules.rejected_days),),
        ).fetchone()
        leaving.bytes += packed
    return leaving


#: Of `rejections`: bytes that are still there and came before a day. The row itself stays, with its reason and sha256.
_OLD_REJECTED = "length(data) > 0 AND run_id IN (SELECT run_id FROM runs WHERE started_at < ?)"


def apply(archive: Archive, rules: Retention, now: datetime.datetime, leaving: Leaving) -> None:
    """Takes away what `plan` marked, all of it or nothing, keeps that it was done, and gives the room back to the disk."""
    db = archive.db
    db.commit()
    # Else each payload would be looked for among all differences; what stays was chosen for it.
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("DELETE FROM captures WHERE capture_id IN (SELECT capture_id FROM leaving)")
    db.execute("DELETE FROM payloads WHERE sha256 IN (SELECT sha256 FROM leaving_payloads)")
    if rules.rejected_days is not None:
        db.execute(f"UPDATE rejections SET data = x'' WHERE {_OLD_REJECTED}", (_before(now, rules.rejected_days),))
    db.execute(
        "INSERT INTO compactions (compacted_at, fetches, payloads, versions, rejected) VALUES (?, ?, ?, ?, ?)",
        (now.strftime("%Y-%m-%dT%H:%M:%SZ"), leaving.fetches, leaving.payloads, leaving.versions, leaving.rejected),
    )
    broken = db.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        db.rollback()
        raise Unusable(
            f"{archive.path}: compacting would leave a row of {broken[0]} without its row of {broken[2]}, so nothing was changed. "
            "`harvester archive verify` names what is damaged; bring back a copy"
        )
    db.commit()
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _mark_shown(archive: Archive, catalogue: sqlite3.Connection | None) -> None:
    row = catalogue.execute("SELECT value FROM about WHERE key = 'archive_state'").fetchone() if catalogue else None
    if catalogue is None or row is None or row[0] != archive.state():
        raise NotBuilt(
            "history_days is set, and catalogue.db, which knows the version that is shown of each record, is not up to date: run "
            "`harvester build` first"
        )
    archive.db.execute("CREATE TEMP TABLE shown (sha256 TEXT PRIMARY KEY)")
    archive.db.executemany(
        "INSERT INTO shown VALUES (?)",
        catalogue.execute("SELECT DISTINCT payload_sha256 FROM versions WHERE is_current"),
    )


def _before(now: datetime.datetime, days: float) -> str:
    return (now - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _empty(db: sqlite3.Connection) -> int:
    return _one(db, "PRAGMA freelist_count") * _one(db, "PRAGMA page_size")


def _one(db: sqlite3.Connection, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])
