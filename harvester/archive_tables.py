"""The tables of archive.db, as data. Used by `harvester.archive`, which says what they hold."""

from __future__ import annotations

#: Number of this file's form, kept in it as `user_version`; one more whenever a table or column is added. A file of a larger one
#: is not opened.
FORM = 2
TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run_id INTEGER PRIMARY KEY, registry TEXT NOT NULL, query TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
    announced INTEGER, stored INTEGER NOT NULL DEFAULT 0, new INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0, retries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    verdict TEXT, message TEXT, kind TEXT NOT NULL DEFAULT 'sweep', words TEXT NOT NULL DEFAULT '',
    withdrawn INTEGER NOT NULL DEFAULT 0, resumed INTEGER NOT NULL DEFAULT 0, keys_fingerprint TEXT,
    new_keys TEXT, vanished_keys TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS payloads (
    sha256 TEXT PRIMARY KEY, source TEXT NOT NULL, registry_id TEXT NOT NULL, media_type TEXT NOT NULL,
    fingerprint TEXT NOT NULL, base_sha256 TEXT REFERENCES payloads(sha256), size INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payloads_of_record ON payloads(source, registry_id);
CREATE TABLE IF NOT EXISTS captures (
    capture_id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(run_id),
    sha256 TEXT NOT NULL REFERENCES payloads(sha256), url TEXT NOT NULL, fetched_at TEXT NOT NULL, head TEXT,
    UNIQUE (sha256, run_id, fetched_at, url)
) STRICT;
CREATE INDEX IF NOT EXISTS captures_of_run ON captures(run_id);
CREATE TABLE IF NOT EXISTS rejections (
    rejection_id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(run_id), source TEXT NOT NULL,
    registry_id TEXT, url TEXT NOT NULL, sha256 TEXT NOT NULL, media_type TEXT NOT NULL, reason TEXT NOT NULL,
    data BLOB NOT NULL, UNIQUE (source, url, sha256)
) STRICT;
CREATE TABLE IF NOT EXISTS absences (
    source TEXT NOT NULL, registry_id TEXT NOT NULL, run_id INTEGER NOT NULL REFERENCES runs(run_id),
    seen_at TEXT NOT NULL, PRIMARY KEY (source, registry_id, run_id)
) STRICT;
CREATE TABLE IF NOT EXISTS bookmarks (
    run_id INTEGER PRIMARY KEY REFERENCES runs(run_id), place TEXT NOT NULL, announced INTEGER,
    rejected INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS followed_up (
    run_id INTEGER PRIMARY KEY REFERENCES runs(run_id)
) STRICT;
CREATE TABLE IF NOT EXISTS payload_keys (
    run_id INTEGER NOT NULL REFERENCES runs(run_id), key TEXT NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS imported_files (
    source TEXT NOT NULL, sha256 TEXT NOT NULL, run_id INTEGER NOT NULL REFERENCES runs(run_id),
    PRIMARY KEY (source, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS compactions (
    compaction_id INTEGER PRIMARY KEY, compacted_at TEXT NOT NULL, fetches INTEGER NOT NULL, payloads INTEGER NOT NULL,
    versions INTEGER NOT NULL, rejected INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS builds (
    build_id INTEGER PRIMARY KEY, built_at TEXT NOT NULL, verdict TEXT NOT NULL, message TEXT NOT NULL
) STRICT;
"""
#: Columns that tables of an older archive lack. How a run of then asked is not known: as one for numbers it proves of no search that
#: it was ever read in full.
LATER_COLUMNS = {
    "runs": {
        "kind": "TEXT NOT NULL DEFAULT 'numbers'", "words": "TEXT NOT NULL DEFAULT ''",
        "withdrawn": "INTEGER NOT NULL DEFAULT 0", "resumed": "INTEGER NOT NULL DEFAULT 0",
        "keys_fingerprint": "TEXT", "new_keys": "TEXT", "vanished_keys": "TEXT",
    },
    "captures": {"head": "TEXT"},
}  # fmt: skip
