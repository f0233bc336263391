"""Comparison room: what to know of a trial's values before comparing them: its records contradict each other, a rule flags them.

Called by `compare`; reads `discrepancies` and `quality_flags` of the catalogue. A remark belongs to a field of one trial.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from harvester.batches import marks

#: Fields of `discrepancies` that a comparison shows under another name.
_FIELDS = {"primary_outcomes": "outcomes.measure", "countries": "countries.country"}
_ORDER = {"serious": 0, "notable": 1, "minor": 2}

_SELECT = """
    SELECT trial_id, 'contradiction', field AS name, field, severity, detail, record_id, other_record_id, ordinal
    FROM discrepancies WHERE trial_id IN ({trials})
    UNION ALL
    SELECT f.trial_id, 'flag', flag, q.field, severity, q.title || ': ' || f.detail, record_id, NULL, q.rowid
    FROM quality_flags f JOIN quality_rules q USING (flag) WHERE f.trial_id IN ({trials})
    ORDER BY 1, 2, 9, 7"""


class Remark(Struct, frozen=True, kw_only=True):
    """A contradiction between two records of a trial, or a quality flag of one of them."""

    trial_id: str
    kind: Literal["contradiction", "flag"]
    name: str  # field of `discrepancies`, or the flag
    field: str  # of the comparison, where it is marked
    severity: Literal["minor", "notable", "serious"]
    text: str  # both values with their records and dates of update; or the rule and its evidence
    record_id: str
    other_record_id: str | None


def remarks(db: sqlite3.Connection, trial_ids: Sequence[str]) -> tuple[Remark, ...]:
    """Of the trials in the order of `trial_ids`, the gravest first."""
    rows = db.execute(_SELECT.format(trials=marks(trial_ids)), [*trial_ids, *trial_ids])
    found = [
        Remark(
            trial_id=trial_id, kind=kind, name=name, field=_FIELDS.get(field, field), severity=severity, text=text,
            record_id=record_id, other_record_id=other,
        )
        for trial_id, kind, name, field, severity, text, record_id, other, _ in rows
    ]  # fmt: skip
    places = {trial_id: place for place, trial_id in enumerate(trial_ids)}
    return tuple(sorted(found, key=lambda remark: (places[remark.trial_id], _ORDER[remark.severity])))
