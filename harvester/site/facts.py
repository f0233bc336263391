"""Site room: the key facts of a trial, and beside them the values in which a record differs. Pure; called by `trial`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from harvester.site import labels
from harvester.site.cards import sample_size, some
from harvester.site.entries import Entry, Trial
from harvester.site.pages import entity_path
from harvester.site.queries import Row
from normalize.ages import is_band
from normalize.text import fold


class _Fact(NamedTuple):
    label: str
    column: str  # of `trials`
    shown: Callable[[Row], str]
    compared: Callable[[Row], Any]
    is_date: bool = False


def _dated(label: str, column: str) -> _Fact:
    return _Fact(label, column, lambda row: labels.dated(row, column), lambda row: row[column], is_date=True)


def with_raw(value: str, raw: str | None) -> str:
    """`Unknown (registry: "Ongoing")`: the registry's own words where they say something else."""
    is_code = bool(value) and re.search(r"[^\W\d_]", raw or "") is None  # CTIS writes "4"
    if not raw or len(raw) > 80 or fold(raw) == fold(value) or is_code:
        return value or (raw or "")
    return f"{value} (registry: “{raw}”)" if value else f"“{raw}”"


def age_limit(row: Row, side: str) -> str:
    """The `minimum` or `maximum` age; the registry's words where they are no age ("N/A (No limit)"), and where they are age bands."""
    years, raw = row[f"{side}_age_years"], row[f"{side}_age_raw"]
    if years is None:
        return with_raw("", raw)
    return f"{labels.age(years)} (age band: {raw})" if is_band(raw) else labels.age(years)


def _status(row: Row) -> str:
    return with_raw(labels.word("recruitment_status", row["recruitment_status"]), row["recruitment_status_raw"])


def _registered(row: Row) -> str:
    kind = {1: " (before or on first enrollment)", 0: " (after first enrollment)"}.get(
        row["prospective_registration"], ""
    )
    return labels.date(row["date_of_registration"]) + (kind if row["date_of_registration"] else "")


def _planned(row: Row) -> str:
    if row["target_sample_size"] is None:
        return with_raw("", row["sample_size_raw"]) if row["actual_enrollment"] is None else ""
    return labels.number(row["target_sample_size"])


def _by_nature(row: Row) -> None:
    """Records of one trial differ here by nature: each registry has its own date, each EUCTR record its own country."""


_FACTS = (
    _Fact("Recruitment status", "recruitment_status", _status, lambda row: row["recruitment_status"]),
    _Fact("Why it stopped", "why_stopped", lambda row: row["why_stopped"] or "", lambda row: fold(row["why_stopped"] or "")),
    _Fact("Phase", "phase", lambda row: with_raw(labels.phase(row["phase"]), None if row["phase"] else row["phase_raw"]), lambda row: row["phase"]),
    _Fact("Study type", "study_type", lambda row: labels.word("study_type", row["study_type"]) or with_raw("", row["study_type_raw"]), lambda row: row["study_type"]),
    _Fact("Participants planned", "target_sample_size", _planned, lambda row: row["target_sample_size"]),
    _Fact("Participants enrolled", "actual_enrollment", lambda row: labels.number(row["actual_enrollment"]), lambda row: row["actual_enrollment"]),
    _dated("First enrollment", "date_of_first_enrollment"),
    _dated("Primary completion", "primary_completion_date"),
    _dated("Completion", "completion_date"),
    _Fact("Registered", "date_of_registration", _registered, _by_nature),
    _Fact("Primary sponsor", "primary_sponsor", lambda row: row["primary_sponsor"] or "", lambda row: fold(row["primary_sponsor"] or "").replace(" ", "")),
    _Fact("Countries", "countries", lambda row: some(row["countries"]), _by_nature),
    _Fact("Minimum age", "minimum_age_years", lambda row: age_limit(row, "minimum"), lambda row: row["minimum_age_years"]),
    _Fact("Maximum age", "maximum_age_years", lambda row: age_limit(row, "maximum"), lambda row: row["maximum_age_years"]),
    _Fact("Sex", "sex", lambda row: labels.word("sex", row["sex"]) or with_raw("", row["sex_raw"]), lambda row: row["sex"]),
    _Fact("Results posted", "has_results", lambda row: labels.yes_no(row["has_results"]), lambda row: row["has_results"]),
)  # fmt: skip
#: Rows that a reader does not miss when no registry fills them.
_OPTIONAL = ("Why it stopped", "Participants enrolled", "Primary completion")


def _as_trial(entry: Entry) -> Row:
    """A record with the readable columns that only trials have."""
    sponsors = (row["name_raw"] for row in entry.below["record_sponsors"] if row["role"] == "primary")
    countries = dict.fromkeys(row["country"] or row["country_raw"] for row in entry.below["countries"])
    return {**entry.row, "primary_sponsor": next(sponsors, None), "countries": "\n".join(countries)}


def _differs(fact: _Fact, trial: Trial, other: Row) -> bool:
    one, two = fact.compared(trial.row), fact.compared(other)
    raw = fact.column.replace("_years", "_raw")
    if "_age_" in raw and (None in (one, two) or is_band(trial.row[raw]) or is_band(other[raw])):
        # A band says no other limit than the one within it; "no limit" is one more thing to say.
        shown = {fact.shown(trial.row), fact.shown(other)}
        return fact.column in trial.disputed and len(shown) == 2 and "" not in shown
    if one in (None, "") or two in (None, "") or one == two:
        return False
    # "2024-03" and "2024-03-05" agree.
    return not (fact.is_date and (one.startswith(two) or two.startswith(one)))


def comparison(trial: Trial) -> dict[str, Any]:
    """The table of key facts: the best value of each, and a column for each record that differs in one.

    Records with the same values share a column.
    """
    records = [(entry, _as_trial(entry)) for entry in trial.entries] if len(trial.entries) > 1 else []
    columns: dict[tuple[str, ...], dict[str, Any]] = {}
    for entry, row in records:
        if any(_differs(fact, trial, row) for fact in _FACTS):
            cells = tuple(fact.shown(row) for fact in _FACTS)
            columns.setdefault(cells, {"records": [], "row": row})["records"].append(entry.reference)
    main = [trial.entries[0].reference]
    rows = []
    for n, fact in enumerate(_FACTS):
        best = fact.shown(trial.row)
        others = [
            {"text": cells[n], "differs": _differs(fact, trial, column["row"])} for cells, column in columns.items()
        ]
        if best or any(other["text"] for other in others) or fact.label not in _OPTIONAL:
            row = {"label": fact.label, "best": best, "others": others, "is_disputed": fact.column in trial.disputed}
            sources = trial.source_of(fact.column) if best else []
            rows.append({**row, "from": trial.given_in(sources) if sources != main else None})
    return {
        "columns": [column["records"] for column in columns.values()],
        "rows": rows,
        "records": len(trial.entries),
        "main": main,
    }


def snapshot(trial: Trial) -> list[dict[str, Any]]:
    """The few facts at the top of the page; `is_disputed` where registries contradict each other."""
    row = trial.row
    facts = {
        "Status": ("recruitment_status", _status(row)),
        "Phase": ("phase", labels.phase(row["phase"])),
        "Participants": ("target_sample_size", sample_size(row)),
        "Type": ("study_type", labels.word("study_type", row["study_type"])),
        "First enrollment": ("date_of_first_enrollment", labels.dated(row, "date_of_first_enrollment")),
        "Completion": ("completion_date", labels.dated(row, "completion_date")),
        "Sponsor": ("primary_sponsor", row["primary_sponsor"] or ""),
        "Registries": ("registries", row["registries"]),
    }
    return [
        {
            "label": label,
            "value": value,
            "path": _sponsor_path(trial) if column == "primary_sponsor" else None,
            "is_disputed": column in trial.disputed,
        }
        for label, (column, value) in facts.items()
    ]


def _sponsor_path(trial: Trial) -> str | None:
    name = trial.row["primary_sponsor"]
    sponsors = (row for entry in trial.entries for row in entry.below["record_sponsors"])
    return next((entity_path("sponsor", row["sponsor_id"]) for row in sponsors if row["name_raw"] == name), None)
