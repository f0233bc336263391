"""What makes a contradiction weigh less than its values do: a copy that is old, an entry for one country, a person named for the
institution. Pure; called by `discrepancies`, which lowers the severity and adds the sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from harvester import discrepancy_values as said
from harvester.batches import Row

Severity = Literal["minor", "notable", "serious"]

#: Stages of recruitment in the order in which a trial goes through them. WHO's "not recruiting" may be any.
_STAGES = {
    "not_yet_recruiting": 0, "recruiting": 1, "enrolling_by_invitation": 1, "suspended": 2, "active_not_recruiting": 2,
    "completed": 3, "terminated": 3, "withdrawn": 3,
}  # fmt: skip


class Ease(NamedTuple):
    """When a difference of a field (any: None) weighs less; `to_minor`, or one step."""

    field: str | None
    applies: Callable[[Row, Row], bool]
    sentence: str
    to_minor: bool = True


def are_countries(one: Row, other: Row) -> bool:
    """Whether they are a register's entries for two countries of the trial."""
    return (
        one["registry_id"] != other["registry_id"]
        and one["registry"] == other["registry"]
        and one["registry"] in said.PER_COUNTRY
    )


def _is_old_copy(one: Row, other: Row) -> bool:
    return one["registry_id"] == other["registry_id"] and _updated(other) < _updated(one)


def _updated(record: Row) -> str:
    return record["last_update_date"] or ""


def _tells_earlier_stage(one: Row, other: Row) -> bool:
    older, newer = sorted((one, other), key=_updated)
    stages = [_STAGES.get(record["recruitment_status"]) for record in (older, newer)]
    if None in stages or _is_old_copy(one, other) or not _updated(older) or _updated(older) == _updated(newer):
        return False
    return stages[0] < stages[1]  # type: ignore[operator]


def _counts_a_part(one: Row, other: Row) -> bool:
    fewer, more = sorted((one, other), key=lambda record: record["target_sample_size"])
    return bool(fewer["countries"]) and fewer["countries"] < more["countries"]


def _one_is_a_person(one: Row, other: Row) -> bool:
    organizations = said.sponsor(one), said.sponsor(other)
    return any(each.is_person for each in organizations) and not all(each.is_person for each in organizations)


def _share_a_name(one: Row, other: Row) -> bool:
    return bool(said.sponsor(one).words & said.sponsor(other).words)


EASES = (
    Ease(None, _is_old_copy, "The copy is older than the registry's own entry."),
    Ease(None, are_countries, "They are entries of two countries, and may have been written at different times."),
    Ease("recruitment_status", _tells_earlier_stage, "The older entry tells of an earlier stage.", to_minor=False),
    Ease("target_sample_size", _counts_a_part, "The smaller number is of an entry that names fewer countries, and may be theirs alone."),
    Ease("primary_sponsor", _one_is_a_person, "One of them seems to be a person, who may work for the other."),
    Ease("primary_sponsor", _share_a_name, "Their names have a word in common, and may be those of one organization."),
)  # fmt: skip
_LOWER: dict[Severity, Severity] = {"serious": "notable", "notable": "minor", "minor": "minor"}


def eased(field: str, one: Row, other: Row, severity: Severity) -> tuple[Severity, list[str]]:
    """The severity that is left, and why it is less."""
    reasons = [ease for ease in EASES if ease.field in (None, field) and ease.applies(one, other)]
    if any(ease.to_minor for ease in reasons):
        severity = "minor"
    elif reasons:
        severity = _LOWER[severity]
    return severity, [ease.sentence for ease in reasons]
