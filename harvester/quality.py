"""Quality flags: what a reader should know before trusting an entry, as rows of `quality_rules` and `quality_flags`.

A stage of the build, after the trial rows. The rules are data, in `harvester.quality_rules`; here they are applied.

There is no clock. Today is the day of the newest capture from a record's source, or, where the source says when it processed
the registry's data (WHO ICTRP), that day: a copy is not late because it was copied long ago. Today moves with every refresh,
so the rules that need it judge all records in every build; they read nothing but one index (`catalogue.BY_DATE`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec.structs import astuple

from harvester.catalogue import BY_DATE, refill
from harvester.quality_rules import RULES, Rule, same_text
from harvester.touched import Touched

#: The newest capture of each source.
_NEWEST = "CREATE TEMP TABLE newest AS SELECT source, max(fetched_at) AS fetched_at FROM main.records GROUP BY source"
#: The columns of BY_DATE, and today. Read from their index, whatever SQLite thinks of it: the rows themselves are wide.
_DATED = f"""
CREATE TEMP VIEW dated AS
SELECT {", ".join(name for name in BY_DATE if name not in ("source", "fetched_at"))},
       coalesce(processed_date, substr(newest.fetched_at, 1, 10)) AS today
FROM main.records INDEXED BY idx_records_{"_".join(BY_DATE)} JOIN newest USING (source)
"""


def flag_quality(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Judges the records by every rule; `records.trial_id` must be set. A stage of `harvester.build`."""
    refill(db, "quality_rules", [astuple(rule.told) for rule in RULES])
    db.create_function("same_text", 2, same_text, deterministic=True)
    make_dated(db)
    if touched is None:
        _raise(db, RULES, "record_id IS NOT NULL")
    else:
        _choose(db, touched)
        db.execute("DELETE FROM quality_flags WHERE record_id IN (SELECT record_id FROM judged)")
        _raise(db, (rule for rule in RULES if not rule.by_date), "record_id IN (SELECT record_id FROM judged)")
        for rule in RULES:
            if rule.by_date:
                db.execute("DELETE FROM quality_flags WHERE flag = ?", (rule.told.flag,))
        _raise(db, (rule for rule in RULES if rule.by_date), "record_id IS NOT NULL")
        db.execute("DROP TABLE judged")
    db.execute("DROP VIEW dated")
    db.execute("DROP TABLE newest")


def make_dated(db: sqlite3.Connection) -> None:
    """Makes `dated`, from which rules read that need today."""
    db.execute(_NEWEST)
    db.execute(_DATED)


def _choose(db: sqlite3.Connection, touched: Touched) -> None:
    """`judged`: what was written or deleted, and what belongs to another trial now."""
    db.execute("CREATE TEMP TABLE judged (record_id TEXT PRIMARY KEY)")
    db.executemany("INSERT INTO judged VALUES (?)", ((record_id,) for record_id in sorted(touched.records)))
    db.executemany(
        "INSERT OR IGNORE INTO judged SELECT record_id FROM records WHERE trial_id = ?",
        ((trial_id,) for trial_id in sorted(touched.trials)),
    )


def _raise(db: sqlite3.Connection, rules: Iterable[Rule], judged: str) -> None:
    for rule in rules:
        db.execute(
            "INSERT INTO quality_flags (trial_id, record_id, flag, detail)"
            f" SELECT r.trial_id, found.record_id, ?, found.detail FROM ({rule.evidence.format(judged=judged)}) AS found"
            " JOIN records AS r ON r.record_id = found.record_id",
            (rule.told.flag,),
        )
