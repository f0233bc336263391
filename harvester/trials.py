"""The trial row: the best value of each field over all records of a trial.

Called by the build after linking. Precedence, the same for every field: a whole record before a partial one, the registry
itself before WHO ICTRP's copy of it, the later update before the earlier, then the record id. A field takes its value from
the first record in that order that has one; values that belong together (a date and its type, a parsed value and the raw
one) come from the same record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from harvester.catalogue import TABLES, insert_into
from harvester.touched import Touched

#: Columns that are read together: the first one decides which record they come from.
_TOGETHER: tuple[tuple[str, ...], ...] = (
    ("study_type", "study_type_raw"),
    ("phase", "phase_raw"),
    ("masking", "masked_roles", "masking_description"),
    ("intervention_model", "intervention_model_description"),
    ("recruitment_status", "recruitment_status_raw"),
    ("date_of_first_enrollment", "date_of_first_enrollment_type"),
    ("primary_completion_date", "primary_completion_date_type"),
    ("completion_date", "completion_date_type"),
    ("target_sample_size", "sample_size_raw"),
    ("minimum_age_years", "minimum_age_raw"),
    ("maximum_age_years", "maximum_age_raw"),
    ("sex", "sex_raw"),
    ("eligibility_raw", "inclusion_criteria", "exclusion_criteria"),
    ("ipd_sharing", "ipd_description", "ipd_time_frame", "ipd_access_criteria", "ipd_url"),
)
_LEADER = {column: group[0] for group in _TOGETHER for column in group[1:]}

#: Readable lists: column of `trials` -> the rows below a record that it names, in the source's order.
_LISTS = {
    "conditions": "SELECT record_id, condition FROM conditions",
    "keywords": "SELECT record_id, keyword FROM keywords",
    "interventions": "SELECT record_id, name FROM interventions",
    "countries": "SELECT record_id, coalesce(country, country_raw) FROM countries",
    "sponsors": "SELECT record_id, name_raw FROM record_sponsors",
}
_IDENTIFIERS = "SELECT record_id, id_normalized FROM secondary_ids WHERE type <> 'mention'"
#: Lists of which the first record that has one speaks for the trial; the others are gathered from all records.
_FROM_ONE_RECORD = ("conditions", "keywords", "interventions")


def build_trials(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `trials` from `records` and what hangs below them; `records.trial_id` must be set. A stage of `harvester.build`."""
    if touched is None:
        db.executemany(insert_into("trials"), _rows(db.execute("SELECT * FROM records ORDER BY trial_id"), db))
        return
    for trial_id in sorted(touched.trials):
        db.execute("DELETE FROM trials WHERE trial_id = ?", (trial_id,))
        records = db.execute("SELECT * FROM records WHERE trial_id = ?", (trial_id,))
        db.executemany(insert_into("trials"), list(_rows(records, db)))


def _rows(cursor: sqlite3.Cursor, db: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    names = TABLES["trials"].names
    below = {column: _Below(db, sql) for column, sql in {**_LISTS, "identifiers": _IDENTIFIERS}.items()}
    classes = dict(db.execute("SELECT a.name_raw, s.class FROM sponsor_aliases a JOIN sponsors s USING (sponsor_id)"))
    primary = _Below(db, "SELECT record_id, name_raw FROM record_sponsors WHERE role = 'primary'")
    columns = [description[0] for description in cursor.description]
    for trial_id, group in groupby(
        (dict(zip(columns, row, strict=True)) for row in cursor), lambda row: row["trial_id"]
    ):
        records = _by_precedence(list(group))
        trial = {name: _best(name, records) for name in names if name in records[0]}
        for column, rows in below.items():
            trial[column] = _list(column, records, rows)
        own = [trial_id, *(record["registry_id"] for record in records)]
        trial["identifiers"] = "\n".join(dict.fromkeys([*own, *(trial["identifiers"] or "").splitlines()]))
        sponsor = next((found[0] for record in records if (found := primary.of(record["record_id"]))), None)
        trial["primary_sponsor"], trial["sponsor_class"] = sponsor, classes.get(sponsor)
        trial["registries"] = ", ".join(dict.fromkeys(record["registry"] for record in records))
        trial["record_count"] = len(records)
        start = trial["date_of_first_enrollment"]
        trial["start_year"] = int(start[:4]) if start else None
        trial["trial_id"] = trial_id
        yield tuple(trial[name] for name in names)


class _Below:
    """Texts that hang below a record, read from one query when asked for."""

    def __init__(self, db: sqlite3.Connection, sql: str) -> None:
        self._db = db
        self._sql = f"{sql} {'AND' if 'WHERE' in sql else 'WHERE'} record_id = ? ORDER BY ordinal"

    def of(self, record_id: str) -> list[str]:
        return [row[1] for row in self._db.execute(self._sql, (record_id,)) if row[1]]


def _by_precedence(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    records.sort(key=lambda record: str(record["record_id"]))
    records.sort(key=lambda record: record["last_update_date"] or "", reverse=True)
    records.sort(key=lambda record: (record["is_partial"], record["source"] == "ictrp"))
    return records


def _best(column: str, records: list[dict[str, Any]]) -> Any:
    leader = _LEADER.get(column, column)
    chosen = next((record for record in records if record[leader] is not None), None)
    if chosen is None:
        chosen = next((record for record in records if record[column] is not None), records[0])
    return chosen[column]


def _list(column: str, records: list[dict[str, Any]], rows: _Below) -> str | None:
    gathered: list[str] = []
    for record in records:
        gathered += rows.of(record["record_id"])
        if gathered and column in _FROM_ONE_RECORD:
            break
    return "\n".join(dict.fromkeys(gathered)) or None
