"""Quality flags: what a reader should know before trusting an entry, as rows of `quality_rules` and `quality_flags`.

A stage of the build, after the trial rows. The rules are data, in `harvester.quality_rules`; here they are applied.

There is no clock. Today is the day of the newest capture from a record's source, or, where the source says when it processed
the registry's data (WHO ICTRP), that day: a copy is not late because it was copied long ago. Where a refresh moves today, the
rules that need it judge of the records that did not change those of which a date has passed since: they are found by one pass
over an index (`catalogue_tables.BY_DATE`), for rows are wide.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from msgspec.structs import astuple

from harvester.catalogue import refill
from harvester.catalogue_tables import BY_DATE
from harvester.quality_rules import RULES, Rule, same_text
from harvester.registries import REGISTRIES
from harvester.touched import Touched

#: Conditions that choose the records to look at.
_ALL = "record_id IS NOT NULL"
_JUDGED = "record_id IN (SELECT record_id FROM judged)"
_BY_DATE = tuple(rule for rule in RULES if rule.by_date)
_OTHERS = tuple(rule for rule in RULES if not rule.by_date)
#: The columns of BY_DATE, and today. All records are read from the index, whatever SQLite thinks of it: the rows themselves are wide.
_DATED = f"""
SELECT {", ".join(name for name in BY_DATE if name not in ("source", "fetched_at"))},
       coalesce(processed_date, newest.day) AS today
FROM {{records}} JOIN newest USING (source)"""
FROM_INDEX = _DATED.format(records=f"main.records INDEXED BY idx_records_{'_'.join(BY_DATE)}")
#: Those of a source for which today is another day, and of which a date came to be long ago in between.
_PASSED = f"""{FROM_INDEX}
WHERE source = :source AND processed_date IS NULL AND ({" OR ".join(f"({r.by_date.came})" for r in _BY_DATE if r.by_date)})"""
_OF_JUDGED = _DATED.format(records="judged CROSS JOIN main.records USING (record_id)")


def flag_quality(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Judges the records by every rule; `records.trial_id` must be set. A stage of `harvester.build`, in a step of which the
    catalogue before it is the attached database `before`."""
    refill(db, "quality_rules", [astuple(rule.told) for rule in RULES])
    db.create_function("same_text", 2, same_text, deterministic=True)
    today = _newest(db, "main")
    db.execute("CREATE TEMP TABLE newest (source TEXT PRIMARY KEY, day TEXT)")
    db.executemany("INSERT INTO newest VALUES (?, ?)", today.items())
    if touched is None:
        _raise(db, _OTHERS, _ALL)
        _raise_by_date(db, FROM_INDEX)
    else:
        _choose(db, touched)
        db.execute(f"DELETE FROM quality_flags WHERE {_JUDGED}")
        _raise(db, _OTHERS, _JUDGED)
        _raise_by_date(db, _OF_JUDGED)
        db.execute("DROP TABLE judged")
        _follow_today(db, _newest(db, "before"), today)
    db.execute("DROP TABLE newest")


def _follow_today(db: sqlite3.Connection, before: dict[str, str], today: dict[str, str]) -> None:
    """Raises the flags that records get only because today is another day for their source."""
    moved = [source for source, day in before.items() if today.get(source, day) != day]
    if any(today[source] < before[source] for source in moved):
        db.executemany("DELETE FROM quality_flags WHERE flag = ?", [(rule.told.flag,) for rule in _BY_DATE])
        _raise_by_date(db, FROM_INDEX)
        return
    for source in moved:
        _raise_by_date(db, _PASSED, {"source": source, "before": before[source], "today": today[source]})


def _newest(db: sqlite3.Connection, schema: str) -> dict[str, str]:
    """The day of the newest capture of each source, from the beginning of an index."""
    found = {
        source: db.execute(f"SELECT max(fetched_at) FROM {schema}.records WHERE source = ?", (source,)).fetchone()[0]
        for source in REGISTRIES
    }
    return {source: at[:10] for source, at in found.items() if at}


def _raise_by_date(db: sqlite3.Connection, dated: str, given: Mapping[str, str] = {}) -> None:
    """By the rules that need today, of the records that the statement gives."""
    db.execute(f"CREATE TEMP TABLE dated AS {dated}", given)
    _raise(db, _BY_DATE, _ALL)
    db.execute("DROP TABLE dated")


def _choose(db: sqlite3.Connection, touched: Touched) -> None:
    """`judged`: what was written or deleted, and what belongs to another trial now."""
    db.execute("CREATE TEMP TABLE judged (record_id TEXT PRIMARY KEY)")
    db.executemany("INSERT INTO judged VALUES (?)", ((record_id,) for record_id in sorted(touched.records)))
    db.executemany(
        "INSERT OR IGNORE INTO judged SELECT record_id FROM records WHERE trial_id = ?",
        ((trial_id,) for trial_id in sorted(touched.trials)),
    )


def _raise(db: sqlite3.Connection, rules: Iterable[Rule], judged: str) -> None:
    """Writes the flags that are not there."""
    for rule in rules:
        db.execute(
            "INSERT INTO quality_flags (trial_id, record_id, flag, detail)"
            f" SELECT r.trial_id, found.record_id, ?, found.detail FROM ({rule.evidence.format(judged=judged)}) AS found"
            " JOIN records AS r ON r.record_id = found.record_id WHERE true ON CONFLICT DO NOTHING",
            (rule.told.flag,),
        )
