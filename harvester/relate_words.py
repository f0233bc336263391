"""Related-trials room: a row of `related_trials` as a reader is told it. Called by `harvester related` and by the site; reads, writes nothing."""

from __future__ import annotations

import sqlite3
from typing import Any

from harvester.catalogue import query

Row = dict[str, Any]

#: Columns that hold reasons, the words that introduce them, in the order in which a reader weighs them.
_REASONS = {
    "shared_conditions": "Both study",
    "shared_interventions": "Both test",
    "shared_outcomes": "Both measure",
    "population_overlap": "Both accept",
    "shared_criteria": "Same criteria:",
    "shared_design": "Same design:",
    "same_sponsor": "Same sponsor:",
    "same_investigator": "Same investigator:",
    "shared_references": "Both refer to",
}
_NAMED = 3

#: The parts of a score, largest possible first, in words.
PARTS = {
    "intervention_score": "interventions",
    "condition_score": "conditions",
    "title_score": "words of the titles",
    "outcome_score": "outcomes",
    "reference_score": "papers cited",
    "population_score": "participants",
    "design_score": "design",
    "sponsor_score": "sponsor and investigators",
    "criteria_score": "criteria",
}


def related(db: sqlite3.Connection, trial_id: str, limit: int) -> list[Row]:
    """The trials related to a trial, most related first: the columns of `related_trials`, with title, status and phase of each."""
    sql = (
        "SELECT r.*, coalesce(t.public_title, t.scientific_title) AS title, t.recruitment_status, t.phase FROM related_trials r"
        " JOIN trials t ON t.trial_id = r.related_trial_id WHERE r.trial_id = ? ORDER BY r.rank LIMIT ?"
    )
    return query(db, sql, (trial_id, limit))


def reasons(row: Row) -> list[str]:
    """`Both study recurrent miscarriage`, `Both test progesterone`, `Both accept women, 18 to 40 years` ..."""
    told = row | {"shared_references": _others(row)}
    found = [f"{words} {_some(name, told[name])}" for name, words in _REASONS.items() if told[name]]
    return [*_named(row), *found]


def _named(row: Row) -> list[str]:
    """Which of the two names the other's number: a follow-up, an extension, a substudy."""
    numbers = (row["shared_references"] or "").split("\n")
    of_other = [f"This entry names {row['related_trial_id']}"] if row["related_trial_id"] in numbers else []
    return of_other + ([f"Its entry names {row['trial_id']}"] if row["trial_id"] in numbers else [])


def _others(row: Row) -> str:
    lines = (row["shared_references"] or "").split("\n")
    return "\n".join(line for line in lines if line not in (row["trial_id"], row["related_trial_id"]))


def _some(name: str, lines: str) -> str:
    found = lines.split("\n")
    if name == "shared_design":
        found = [line.partition(": ")[2] if not line.startswith("phase") else line.replace(": ", " ") for line in found]
        return ", ".join(found)
    if name == "population_overlap":
        return lines[:1].lower() + lines[1:]
    named = found[:_NAMED]
    return ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]


def listed(row: Row) -> str:
    """A related trial on a terminal: rank, number, score, title, and a line for each reason."""
    phase = f"phase {row['phase']}" if row["phase"] else None
    state = ", ".join(value.replace("_", " ") for value in (row["recruitment_status"], phase) if value)
    head = f"{row['rank']:>3}. {row['related_trial_id']}  {row['score']:.2f}  {row['title'] or ''}"
    return "\n".join([head + (f" ({state})" if state else ""), *(f"       {reason}" for reason in reasons(row))])
