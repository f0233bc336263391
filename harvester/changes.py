"""What changed in a record from one version to the next: the rule, and the reader of the table `changes`.

`compared` is pure; `harvester.reading` calls it for every pair of neighbours in a record's history, so that a full build
makes the whole history anew from the archive. `updates` is for `harvester changes`, the site's page and its feeds.

No change is: another order of rows; white space; what a field says that is read from another one (criteria from the
eligibility text, totals from the sample size); a raw value beside a parsed one that changed with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import groupby, islice
from typing import Any, NamedTuple

from msgspec import Struct

from harvester.catalogue_tables import columns_of
from normalize.schema import Record, Row


class Difference(NamedTuple):
    field: str
    old_value: str | None
    new_value: str | None


#: Tables below `records` -> the columns that make a line of each row. Left out: codes and forms that are computed.
LINES: dict[str, tuple[str, ...]] = {
    "secondary_ids": ("id_raw",),
    "conditions": ("condition",),
    "keywords": ("keyword",),
    "arms": ("label", "type", "description"),
    "interventions": ("name", "type", "other_names", "description"),
    "outcomes": ("kind", "measure", "description", "time_frame"),
    "enrollment_counts": ("kind", "scope_value", "count_lower", "count"),
    "record_sponsors": ("role", "name_raw"),
    "countries": ("country_raw",),
    "sites": ("facility", "city", "state", "country_code", "status"),
    "investigators": ("name", "role", "affiliation"),
    "contacts": ("kind", "name", "affiliation", "email", "phone"),
    "publications": ("type", "pmid", "doi", "citation", "url"),
    "documents": ("type", "label", "date", "url"),
    "ethics_reviews": ("status", "date", "committee"),
}
#: Tables that are read from the eligibility text or derived by the registry, and pairs of ordinals: what they say changes with what
#: they are from.
READ_FROM_OTHERS = ("criteria", "criterion_measures", "eligibility_facts", "arm_interventions", "mesh_terms")
#: Rows that only repeat what another field says: numbers found in texts, totals.
_REPEATED: dict[str, Callable[[Any], bool]] = {
    "secondary_ids": lambda row: row.type == "mention",
    "enrollment_counts": lambda row: row.scope == "total",
}
#: Columns that are no content of the entry, or parts of `eligibility_raw`.
_LEFT_OUT = (
    "registry",
    "registry_id",
    "url",
    "processed_date",
    "is_partial",
    "inclusion_criteria",
    "exclusion_criteria",
)
#: Raw column -> what is parsed from it.
_PARSED: dict[str, tuple[str, ...]] = {
    "study_type_raw": ("study_type",),
    "phase_raw": ("phase",),
    "recruitment_status_raw": ("recruitment_status",),
    "sample_size_raw": ("target_sample_size", "actual_enrollment", "enrollment_counts"),
    "minimum_age_raw": ("minimum_age_years",),
    "maximum_age_raw": ("maximum_age_years",),
    "sex_raw": ("sex",),
    "study_design_raw": ("allocation", "intervention_model", "masking", "primary_purpose"),
    "conditions_raw": ("conditions",),
    "interventions_raw": ("interventions",),
    "primary_outcomes_raw": ("outcomes",),
    "secondary_outcomes_raw": ("outcomes",),
}
#: Columns whose words stand in no order that means something.
_WITHOUT_ORDER = ("masked_roles", *(raw for raw in _PARSED if raw.endswith("s_raw")))

SCALARS = tuple(column.name for column in columns_of(Record) if column.name not in _LEFT_OUT)


def compared(before: Record, after: Record) -> list[Difference]:
    """The fields in which two versions of a record differ, in the order of the schema."""
    found = [
        Difference(name, _text(old), _text(new))
        for name in SCALARS
        if (old := getattr(before, name)) != (new := getattr(after, name)) and _words(name, old) != _words(name, new)
    ]
    for table in LINES:
        if getattr(before, table) == getattr(after, table):
            continue
        old_lines, new_lines = _lines(before, table), _lines(after, table)
        if sorted(old_lines) != sorted(new_lines):
            found.append(Difference(table, "\n".join(old_lines) or None, "\n".join(new_lines) or None))
    changed = {difference.field for difference in found}
    return [difference for difference in found if changed.isdisjoint(_PARSED.get(difference.field, ()))]


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return None if value is None else str(value)


def _words(name: str, value: object) -> list[str]:
    words = (_text(value) or "").split()
    return sorted(word.strip(",;") for word in words) if name in _WITHOUT_ORDER else words


def _lines(record: Record, table: str) -> list[str]:
    rows: tuple[Row, ...] = getattr(record, table)
    is_repeated = _REPEATED.get(table, lambda row: False)
    return [_line(row, LINES[table]) for row in rows if not is_repeated(row)]


def _line(row: Row, columns: tuple[str, ...]) -> str:
    cells = (" ".join((_text(getattr(row, column)) or "").split()) for column in columns)
    return " · ".join(cell for cell in cells if cell)


# ----------------------------------------------------------------------------------------------- reading the table


class Update(Struct):
    """What one version of a record brought: `differences` as (field, old value, new value), in the order of the schema.

    Of a record that came in there are none, and no run is told.
    """

    seen_at: str
    record_id: str
    trial_id: str
    registry: str
    registry_id: str
    title: str | None
    run_id: int | None
    differences: list[Difference]


_ORDER = {field: place for place, field in enumerate((*SCALARS, *LINES))}

_SELECT = """
    SELECT c.seen_at, c.record_id, r.trial_id, r.registry, r.registry_id, coalesce(r.public_title, r.scientific_title),
           c.run_id, c.payload_sha256, c.field, c.old_value, c.new_value
    FROM changes c JOIN records r USING (record_id)
"""


def updates(
    db: sqlite3.Connection, where: str = "1", values: tuple[Any, ...] | dict[str, Any] = (), limit: int | None = None
) -> Iterator[Update]:
    """Updates newest first, at most `limit`. `where` narrows them by columns of `changes` c and `records` r."""
    sql = f"{_SELECT} WHERE {where} ORDER BY c.seen_at DESC, c.record_id, c.payload_sha256"
    by_version = groupby(db.execute(sql, values), lambda row: (row[0], row[1], row[7]))
    for _, rows in islice(by_version, limit):
        found = list(rows)
        differences = [Difference(*row[8:]) for row in found]
        differences.sort(key=lambda difference: _ORDER.get(difference.field, len(_ORDER)))
        seen_at, record_id, trial_id, registry, registry_id, title, run_id = found[0][:7]
        yield Update(seen_at, record_id, trial_id, registry, registry_id, title, run_id, differences)


def arrivals(db: sqlite3.Connection, where: str = "1", values: tuple[Any, ...] = (), limit: int = 50) -> list[Update]:
    """Records when they were first seen, newest first. `where` narrows them by columns of `records` r."""
    sql = f"""
        SELECT min(v.first_fetched_at) AS seen_at, r.record_id, r.trial_id, r.registry, r.registry_id,
               coalesce(r.public_title, r.scientific_title)
        FROM records r JOIN versions v USING (record_id) WHERE {where} AND v.problem IS NULL
        GROUP BY r.record_id ORDER BY seen_at DESC, r.record_id LIMIT ?"""
    return [
        Update(seen_at, record_id, trial_id, registry, registry_id, title, None, [])
        for seen_at, record_id, trial_id, registry, registry_id, title in db.execute(sql, (*values, limit))
    ]
