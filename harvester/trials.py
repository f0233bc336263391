"""The trial row: the best value of each field over all records of a trial, and which record each value comes from.

Called by the build after linking and naming sponsors. A field takes its value from the first record that has one, in the
order of `batches.PRECEDENCE`; values that belong together (a date and its type, a parsed value and the raw one) come from the
same record. Where a field has a better reason than that order, it stands in `_CHOICES`:

- dates: actual before anticipated; then 2024-03-12 before 2024-03, where the two agree; of first enrollment, the day of authorisation
  that WHO ICTRP shows for European records last;
- registration: the earliest, for a trial is registered once it is registered anywhere (ICMJE);
- recruitment status: an entry for one country that has ended does not end the trial while another country's goes on, and
  `unknown` gives way to what another registry knows;
- ages: a limit before the bands that European registers tick, which begin or end where the protocol need not;
- results: a registry that has them before one that has none.

A title that says that there is none ("Not available") gives way to nothing: the site then shows the other title.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

from harvester.batches import Batch, Row, batches, tells_enrollment
from harvester.catalogue import write_over
from harvester.catalogue_tables import TABLES
from harvester.touched import Touched
from normalize.ages import is_band
from normalize.dates import is_prospective
from normalize.identifiers import is_junk

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
    ("has_results", "results_date", "results_url"),
    ("ipd_sharing", "ipd_description", "ipd_time_frame", "ipd_access_criteria", "ipd_url"),
)

#: Lists: column of `trials` -> (the rows below a record that it names, whether the first record that has some speaks alone).
_LISTS = {
    "conditions": ("SELECT record_id, condition FROM conditions WHERE record_id IN ({records})", True),
    "keywords": ("SELECT record_id, keyword FROM keywords WHERE record_id IN ({records})", True),
    "interventions": ("SELECT record_id, name FROM interventions WHERE record_id IN ({records})", True),
    "countries": ("SELECT record_id, coalesce(country, country_raw) FROM countries WHERE record_id IN ({records})", False),
    # What is no organization ("none", "NIL") was given none.
    "sponsors": ("SELECT record_id, name_raw FROM record_sponsors WHERE sponsor_id IS NOT NULL AND record_id IN ({records})", False),
    "identifiers": (
        "SELECT record_id, id_normalized FROM secondary_ids WHERE type <> 'mention' AND record_id IN ({records})",
        False,
    ),
}  # fmt: skip
_IN_ORDER = " ORDER BY record_id, ordinal"
_PRIMARY = """
    SELECT record_id, name_raw, class FROM record_sponsors JOIN sponsors USING (sponsor_id)
    WHERE role = 'primary' AND record_id IN ({records})"""

_NAMES = TABLES["trials"].names
_row = itemgetter(*_NAMES)
#: A trial that is there keeps its rowid, by which full-text search knows it.
_WRITE = write_over("trials")


def build_trials(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `trials` from `records` and what hangs below them; `records.trial_id` must be set. A stage of `harvester.build`."""
    trials = None if touched is None else sorted(touched.trials)
    if trials is not None:
        gone = "DELETE FROM trials WHERE trial_id = ?1 AND NOT EXISTS (SELECT 1 FROM records WHERE trial_id = ?1)"
        db.executemany(gone, [(trial,) for trial in trials])
    for batch in batches(db, TABLES["records"].names, trials):
        db.executemany(_WRITE, _rows(batch))


def _rows(batch: Batch) -> Iterator[tuple[Any, ...]]:
    lists = {column: (batch.below(sql + _IN_ORDER), alone) for column, (sql, alone) in _LISTS.items()}
    primary = batch.below(_PRIMARY + _IN_ORDER)
    for trial_id, records in batch.trials.items():
        trial, sources = _best_values(records)
        for column, (rows, alone) in lists.items():
            said = [
                (record["record_id"], [row[0] for row in rows.get(record["record_id"], ()) if row[0]])
                for record in records
            ]
            said = [(record_id, values) for record_id, values in said if values][: 1 if alone else None]
            trial[column] = "\n".join(dict.fromkeys(value for _, values in said for value in values)) or None
            sources[column] = [record_id for record_id, _ in said]
        own = [trial_id, *(record["registry_id"] for record in records)]
        trial["identifiers"] = "\n".join(dict.fromkeys([*own, *(trial["identifiers"] or "").splitlines()]))
        named = next((record["record_id"] for record in records if record["record_id"] in primary), None)
        trial["primary_sponsor"], trial["sponsor_class"] = primary[named][0] if named else (None, None)
        sources["primary_sponsor"] = sources["sponsor_class"] = [named] if named else []
        trial["registries"] = ", ".join(dict.fromkeys(record["registry"] for record in records))
        trial["record_count"] = len(records)
        start = trial["date_of_first_enrollment"]
        trial["start_year"] = int(start[:4]) if start else None
        trial["value_sources"] = _by_record(records, sources) if len(records) > 1 else None
        yield _row(trial)


def _by_record(records: list[Row], sources: dict[str, list[str]]) -> str:
    """`{"ctgov:NCT05557201": ["phase", "sex"], ...}`: records in their order, columns in the table's."""
    columns: dict[str, list[str]] = {record["record_id"]: [] for record in records}
    for name in _NAMES:
        for record_id in sources.get(name, ()):
            columns[record_id].append(name)
    return json.dumps({record_id: names for record_id, names in columns.items() if names}, separators=(",", ":"))


# ------------------------------------------------------------------------------------------ which record a value is from


def _first(column: str, records: list[Row]) -> Row | None:
    return next((record for record in records if record[column] is not None), None)


def _date(column: str, records: list[Row]) -> Row | None:
    kind = f"{column}_type"
    known = [record for record in records if record[column] is not None]
    chosen = next((record for record in known if record.get(kind) == "actual"), known[0] if known else None)
    if chosen is None:
        return None
    agreeing = [r for r in known if r.get(kind) == chosen.get(kind) and r[column].startswith(chosen[column])]
    return max(agreeing, key=lambda record: len(record[column]))


def _start(column: str, records: list[Row]) -> Row | None:
    """As `_date`, with the day of authorisation only where no record has a day of enrollment."""
    return _date(column, [record for record in records if tells_enrollment(record)]) or _date(column, records)


_FIGURE = re.compile(r"\d")


def _age(column: str, records: list[Row]) -> Row | None:
    raw = column.replace("_years", "_raw")
    # "No limit" is said as well as a limit is; what holds a figure and is none could not be read.
    said = [r for r in records if r[column] is not None or (r[raw] and (is_band(r[raw]) or not _FIGURE.search(r[raw])))]
    return next((r for r in said if not is_band(r[raw])), None) or next(iter(said), None)


def _earliest(column: str, records: list[Row]) -> Row | None:
    known = [record for record in records if record[column] is not None]
    return min(known, key=lambda record: (record[column][:4], record[column] + "-99"), default=None)


#: Statuses that nothing follows.
ENDED = frozenset(("completed", "terminated", "withdrawn", "no_longer_available", "approved_for_marketing"))


def _status(column: str, records: list[Row]) -> Row | None:
    chosen = _first(column, records)
    if chosen is not None and chosen[column] in ENDED:
        siblings = [r for r in records if (r["source"], r["registry"]) == (chosen["source"], chosen["registry"])]
        chosen = next((r for r in siblings if r[column] is not None and r[column] not in ENDED), chosen)
    if chosen is not None and chosen[column] == "unknown":
        others = (r for r in records if r["registry"] != chosen["registry"])
        chosen = next((r for r in others if r[column] not in (None, "unknown")), chosen)
    return chosen


def _yes(column: str, records: list[Row]) -> Row | None:
    return next((record for record in records if record[column]), None) or _first(column, records)


_CHOICES: dict[str, Callable[[str, list[Row]], Row | None]] = {
    "date_of_first_enrollment": _start,
    "primary_completion_date": _date,
    "completion_date": _date,
    "date_of_registration": _earliest,
    "recruitment_status": _status,
    "minimum_age_years": _age,
    "maximum_age_years": _age,
    "has_results": _yes,
}
_LEADS = {group[0]: group for group in _TOGETHER}
_FOLLOWERS = {column for group in _TOGETHER for column in group[1:]}
#: Columns that `trials` takes from `records`.
_TAKEN = tuple(name for name in _NAMES if name in TABLES["records"].names and name != "trial_id")


_TITLES = ("public_title", "scientific_title")
_LONGEST_NO_TITLE = 30


def _without_empty_titles(record: Row) -> Row:
    said = ((name, record[name]) for name in _TITLES if record[name] is not None)
    empty = [name for name, title in said if len(title) <= _LONGEST_NO_TITLE and is_junk(title)]
    return {**record, **dict.fromkeys(empty)} if empty else record


def _best_values(records: list[Row]) -> tuple[Row, dict[str, list[str]]]:
    """The trial's values, and for each column with one the record it is from."""
    records = [_without_empty_titles(record) for record in records]
    if len(records) == 1:
        return dict(records[0]), {}  # its normalizer judged the registration by the same dates
    best: Row = dict.fromkeys(_TAKEN)
    best["trial_id"] = records[0]["trial_id"]
    sources: dict[str, list[str]] = {}
    for name in _TAKEN:
        if name in _FOLLOWERS:
            continue
        group = _LEADS.get(name, (name,))
        chosen = _CHOICES.get(name, _first)(name, records)
        # No record has the leading value: whatever the first one says instead ("N/A (No limit)").
        chosen = chosen or next((r for r in records if any(r[column] is not None for column in group)), None)
        if chosen is not None:
            for column in group:
                best[column] = chosen[column]
                if chosen[column] is not None:
                    sources[column] = [chosen["record_id"]]
    start = next((r for r in records if [r["record_id"]] == sources.get("date_of_first_enrollment")), None)
    if (start is None or not _is_left_open(start)) and _judge_registration(best):
        dates = (sources["date_of_registration"][0], sources["date_of_first_enrollment"][0])
        sources["prospective_registration"] = list(dict.fromkeys(dates))
    return best, sources


def _is_left_open(record: Row) -> bool:
    """Whether the record's dates could judge its registration and may not: its start is none, or, as of a trial that came to CTIS from
    EudraCT, it was registered elsewhere before.
    """
    dates = (record["date_of_registration"], record["date_of_first_enrollment"])
    return record["prospective_registration"] is None and is_prospective(*dates) is not None


def _judge_registration(best: Row) -> bool:
    """Whether the trial was registered in time follows from the two dates chosen; a registry's own flag stands where they are silent.

    False where they are.
    """
    judged = is_prospective(best["date_of_registration"], best["date_of_first_enrollment"])
    if judged is not None:
        best["prospective_registration"] = int(judged)
    return judged is not None
