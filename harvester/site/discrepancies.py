"""Site room: what the records of a trial contradict each other about. Pure.

Prepares one section of a trial's page; called through the table in `sections`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harvester.discrepancies import RULES
from harvester.site import labels
from harvester.site.entries import Trial
from harvester.site.queries import Row

#: Severity -> its word, a sign of its own shape, the tone of its badge; in the order of the page.
_SEVERITIES = {
    "serious": ("Serious", "▲", "stopped"),
    "notable": ("Notable", "◆", "soon"),
    "minor": ("Minor", "●", "plain"),
}
_NAMES = {rule.field: rule.name for rule in RULES}


def _word(vocabulary: str) -> Callable[[str], str]:
    return lambda value: labels.word(vocabulary, value.replace(" ", "_"))


def _date(value: str) -> str:
    day, _, kind = value.partition(" ")
    return f"{labels.date(day)} {kind}".rstrip()


#: Fields whose values are shown in other words than the table's.
_SHOWN: dict[str, Callable[[str], str]] = {
    "recruitment_status": _word("recruitment_status"),
    "study_type": _word("study_type"),
    "sex": _word("sex"),
    "phase": lambda value: labels.phase(value.replace(" ", "_")),
    "target_sample_size": lambda value: labels.number(int(value)),
    "actual_enrollment": lambda value: labels.number(int(value)),
    "date_of_registration": _date,
    "date_of_first_enrollment": _date,
    "primary_completion_date": _date,
    "completion_date": _date,
    "prospective_registration": str.capitalize,
    "has_results": str.capitalize,
}


def discrepancies(trial: Trial) -> dict[str, list[dict[str, Any]]] | None:
    """The contradictions, the gravest first; `folded` are the minor ones where there are others. None: there is none."""
    references = {entry.row["record_id"]: entry.reference for entry in trial.entries}
    rows = sorted(trial.discrepancies, key=lambda row: list(_SEVERITIES).index(row["severity"]))
    if not rows:
        return None
    anchored = {row["field"]: row for row in reversed(rows)}
    grave = [row for row in rows if row["severity"] != "minor"]
    folded = [row for row in rows if row not in grave] if grave else []
    return {
        "shown": [_contradiction(row, references, row is anchored[row["field"]]) for row in grave or rows],
        "folded": [_contradiction(row, references, row is anchored[row["field"]]) for row in folded],
    }


def _contradiction(row: Row, references: dict[str, dict[str, str]], is_first: bool) -> dict[str, Any]:
    """As the template shows it; the first of a field can be pointed to."""
    word, sign, tone = _SEVERITIES[row["severity"]]
    shown = _SHOWN.get(row["field"], str)
    sides = [
        {
            "record": references[row[f"{side}record_id"]],
            "value": shown(row[f"{side}value"]) if row[f"{side}value"] else "",
            "updated": labels.date(row[f"{side}updated"]),
        }
        for side in ("", "other_")
    ]
    return {
        "anchor": f"contradiction-{row['field']}" if is_first else "",
        "name": _NAMES[row["field"]],
        "word": word,
        "sign": sign,
        "tone": tone,
        "sides": sides,
        "remark": row["remark"],
    }
