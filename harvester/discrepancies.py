"""What the records of one trial contradict each other about, as rows of `discrepancies`.

Called by the build after the trial rows. Values are normalized before they are compared (`discrepancy_values`), so only real
differences are rows. Each record is compared with the one that the trial's row follows, the first in `batches.PRECEDENCE` that
says something of the field; WHO ICTRP's copy of a record with that record itself. Records that say the same share a row.

- What makes a difference weigh less (a copy that is just older, a person named for the institution) is in `discrepancy_eases`.
- EUCTR has an entry for each country of a trial. Its recruitment status and its country are that country's: two such entries do
  not contradict each other there, and together they contradict another registry only where none of them agrees with it.
  What they say of the whole trial may differ because they were written at different times: `minor`.
"""

from __future__ import annotations

import math
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal, NamedTuple

from rapidfuzz import fuzz

from harvester import discrepancy_outcomes
from harvester import discrepancy_values as said
from harvester.batches import Batch, Row, batches
from harvester.catalogue import insert_into
from harvester.discrepancy_eases import Severity, are_countries, eased
from harvester.discrepancy_outcomes import Outcomes
from harvester.touched import Touched
from normalize.ages import in_words, is_band
from normalize.dates import earliest, latest

#: Days between two dates of which neither is a plan where the other is not: minor, notable and serious above so many.
DAYS = {
    "date_of_registration": (7, 92, math.inf),
    "date_of_first_enrollment": (31, 92, 365),
    "primary_completion_date": (92, 183, 730),
    "completion_date": (92, 183, 730),
}
#: Sample sizes: minor below the first ratio of the larger to the smaller, serious from the second.
RATIOS = (1.1, 2.0)
#: Primary outcomes that are less alike than this, of 100 (`discrepancy_outcomes.likeness`), are different ones.
LIKENESS = 25
#: Names of organizations that are so similar are spellings of one.
SAME_NAME = 90
#: Beginnings of EUCTR's and CTIS's bands of age, in years; ages in one band agree with it.
BANDS = (0.0, 28 / 365.25, 2.0, 12.0, 18.0, 65.0)

_OPEN, _AHEAD, _SHUT, _PAUSED = "open", "ahead", "shut", "paused"
_STATE = {
    "recruiting": _OPEN, "enrolling_by_invitation": _OPEN, "available": _OPEN, "not_yet_recruiting": _AHEAD,
    "active_not_recruiting": _SHUT, "temporarily_not_available": _PAUSED, "suspended": _PAUSED,
}  # fmt: skip
#: Two states of recruitment -> how much they differ; ended ones stand for themselves. Not listed: they differ notably.
_STATES: dict[frozenset[str], Severity] = {
    frozenset((_OPEN, "completed")): "serious",
    frozenset((_OPEN, "terminated")): "serious",
    frozenset((_OPEN, "withdrawn")): "serious",
    frozenset((_AHEAD, "completed")): "serious",
    frozenset((_AHEAD, "terminated")): "serious",
    frozenset(("completed", "terminated")): "serious",
    frozenset(("completed", "withdrawn")): "serious",
    frozenset(("terminated", "withdrawn")): "minor",
    frozenset((_OPEN, _AHEAD)): "minor",
    frozenset((_SHUT, "completed")): "minor",
}
#: "Not recruiting" (WHO ICTRP) may be any of the others, and beside these little more than "not at the moment".
_NOT_YET_SHUT = frozenset((_OPEN, _AHEAD))


# ------------------------------------------------------------------------------------------- how much two values differ


def _statuses(one: str, two: str) -> Severity | None:
    if one == two:
        return None
    if "not_recruiting" in (one, two):
        return "minor" if {_STATE.get(one), _STATE.get(two)} & _NOT_YET_SHUT else None
    states = frozenset((_STATE.get(one, one), _STATE.get(two, two)))
    return None if len(states) == 1 else _STATES.get(states, "notable")


def _numbers(one: int, two: int) -> Severity | None:
    low, high = sorted((one, two))
    if low == high:
        return None
    ratio = high / low if low else math.inf
    return "minor" if ratio < RATIOS[0] else "serious" if ratio >= RATIOS[1] else "notable"


def days_between(one: str, two: str) -> int:
    """Days that lie between two dates at least; partial dates stand for all their days. `2024-03`, `2024-04-10` -> 10."""
    if earliest(one) > earliest(two):
        one, two = two, one
    return max(0, (date.fromisoformat(earliest(two)) - date.fromisoformat(latest(one))).days)


def _dates(column: str) -> Callable[[said.Dated, said.Dated], Severity | None]:
    minor, notable, serious = DAYS[column]

    def judge(one: said.Dated, two: said.Dated) -> Severity | None:
        days = days_between(one.date, two.date)
        # A plan that came differently is an old entry, no contradiction.
        if one.kind and two.kind and one.kind != two.kind:
            return "minor" if days > serious else None
        return "serious" if days > serious else "notable" if days > notable else "minor" if days > minor else None

    return judge


def _band(years: float) -> int:
    return bisect_right(BANDS, years)


def _ages(one: said.AgeLimit, two: said.AgeLimit) -> Severity | None:
    if one.is_band or two.is_band:
        # A band ends at 64 where another registry writes 65, or begins at 18 where it writes 17.
        is_edge = abs(one.years - two.years) <= 1
        return None if is_edge or _band(one.years) == _band(two.years) else "notable"
    apart = abs(one.years - two.years) if one.years != two.years else 0.0
    if apart <= 0.1:
        return None
    if (one.years < 18) != (two.years < 18):
        return "serious"
    return "minor" if apart <= 1 else "notable"


def _sexes(one: str, two: str) -> Severity | None:
    return None if one == two else "notable" if "all" in (one, two) else "serious"


def _phases(one: frozenset[int], two: frozenset[int]) -> Severity | None:
    if one == two:
        return None
    if one & two:
        return "minor"
    return "notable" if min(abs(a - b) for a in one for b in two) == 1 else "serious"


def _outcomes(one: Outcomes, two: Outcomes) -> Severity | None:
    if not one.measures or not two.measures:
        return None if one.measures == two.measures else "notable"
    if not discrepancy_outcomes.are_comparable(one, two):
        return None
    return "notable" if discrepancy_outcomes.likeness(one, two) < LIKENESS else None


def _organizations(one: said.Organization, two: said.Organization) -> Severity | None:
    if one.sponsor_id == two.sponsor_id or fuzz.token_set_ratio(one.name, two.name) >= SAME_NAME:
        return None
    if _abbreviates(one, two) or _abbreviates(two, one):
        return None
    owners = {one.sponsor_id, one.parent} & {two.sponsor_id, two.parent} - {None}
    return "minor" if owners or one.sponsor_id in two.others or two.sponsor_id in one.others else "notable"


def _abbreviates(short: said.Organization, long: said.Organization) -> bool:
    """ "FFIS" (EUCTR2020-001409-21-ES) is the Fundacion para la Formacion e Investigacion Sanitarias de la Region de Murcia."""
    return len(short.name) > 2 and " " not in short.name and long.initials.startswith(short.name)


def _places(one: said.Places, two: said.Places) -> Severity | None:
    extra = (one.codes - two.codes if not two.is_part else set()) | (
        two.codes - one.codes if not one.is_part else set()
    )
    if not extra:
        return None
    return "minor" if one.codes & two.codes else "notable" if one.is_part or two.is_part else "serious"


def _always(severity: Severity) -> Callable[[Any, Any], Severity | None]:
    def judge(one: Any, two: Any) -> Severity | None:
        return None if one == two else severity

    return judge


# ------------------------------------------------------------------------------------------------------------ the rules


class Rule(NamedTuple):
    """A field, and when two records differ in it."""

    field: str  # column or table
    name: str  # what the sentence calls it
    said: Callable[[Row], Any]  # None: says nothing
    judge: Callable[[Any, Any], Severity | None]
    of: Literal["trial", "country", "number"] = "trial"  # what a value holds for; `number`: each registry has its own


RULES = (
    Rule("recruitment_status", "Recruitment status", said.status, _statuses, of="country"),
    Rule("study_type", "Study type", said.column("study_type"), _always("notable")),
    Rule("phase", "Phase", said.phases, _phases),
    Rule("target_sample_size", "Participants planned", said.planned, _numbers),
    Rule("actual_enrollment", "Participants enrolled", said.column("actual_enrollment"), _numbers, of="country"),
    Rule("date_of_registration", "Registration", said.dated("date_of_registration"), _dates("date_of_registration"), of="number"),
    Rule("date_of_first_enrollment", "First enrollment", said.first_enrollment, _dates("date_of_first_enrollment")),
    Rule("primary_completion_date", "Primary completion", said.dated("primary_completion_date"), _dates("primary_completion_date")),
    Rule("completion_date", "Completion", said.dated("completion_date"), _dates("completion_date"), of="country"),
    Rule("prospective_registration", "Registered before first enrollment", said.registered_in_time, _always("minor"), of="country"),
    Rule("minimum_age_years", "Minimum age", said.minimum_age, _ages),
    Rule("maximum_age_years", "Maximum age", said.maximum_age, _ages),
    Rule("sex", "Sex", said.column("sex"), _sexes),
    Rule("primary_outcomes", "Primary outcome", said.primary_outcomes, _outcomes),
    Rule("primary_sponsor", "Primary sponsor", said.sponsor, _organizations),
    Rule("countries", "Countries", said.countries, _places, of="country"),
    Rule("has_results", "Results posted", said.column("has_results"), _always("notable")),
)  # fmt: skip

_COLUMNS = (
    "record_id", "trial_id", "source", "registry", "registry_id", "is_partial", "last_update_date", "recruitment_status",
    "study_type", "phase", "target_sample_size", "actual_enrollment", "date_of_registration", "date_of_first_enrollment",
    "date_of_first_enrollment_type", "primary_completion_date", "primary_completion_date_type", "completion_date",
    "completion_date_type", "prospective_registration", "minimum_age_years", "minimum_age_raw", "maximum_age_years",
    "maximum_age_raw", "sex", "has_results",
)  # fmt: skip
_SPONSORS = """
    SELECT record_id, sponsor_id, role, name_raw, parent_sponsor_id, class FROM record_sponsors LEFT JOIN sponsors USING (sponsor_id)
    WHERE record_id IN ({records}) ORDER BY record_id, role <> 'primary', ordinal"""
_COUNTRIES = (
    "SELECT record_id, country_code, country FROM countries WHERE country_code IS NOT NULL AND record_id IN ({records})"
)
_OUTCOMES = """
    SELECT record_id, measure, description FROM outcomes WHERE kind = 'primary' AND record_id IN ({records})
    ORDER BY record_id, ordinal"""


def find_discrepancies(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Fills `discrepancies`; the trials' records, sponsors and rows must stand. A stage of `harvester.build`."""
    trials = None if touched is None else sorted(touched.trials)
    db.executemany("DELETE FROM discrepancies WHERE trial_id = ?", [(trial,) for trial in trials or ()])
    for batch in batches(db, _COLUMNS, trials, at_least=2):
        for trial_id, records in _whole(batch):
            rows = (row for rule in RULES for row in _contradictions(rule, records))
            db.executemany(insert_into("discrepancies"), [(trial_id, n, *row) for n, row in enumerate(rows, 1)])


def _whole(batch: Batch) -> Iterator[tuple[str, list[Row]]]:
    """The trials of a batch, their records with sponsors, countries and primary outcomes."""
    sponsors, places, outcomes = (batch.below(sql) for sql in (_SPONSORS, _COUNTRIES, _OUTCOMES))
    for trial_id, records in batch.trials.items():
        for record in records:
            key = record["record_id"]
            record["sponsors"], record["outcomes"] = sponsors.get(key, []), outcomes.get(key, [])
            record["names"] = dict(places.get(key, ()))
        registered = [record["date_of_registration"] for record in records if record["date_of_registration"]]
        for record in records:
            record["first_registration"] = min(registered, key=latest, default=None)
            record["names"] = {code: name for one in _siblings(record, records) for code, name in one["names"].items()}
            record["countries"] = frozenset(record["names"])
        yield trial_id, records


def _siblings(record: Row, records: list[Row]) -> list[Row]:
    """The entries of all countries where a register has one for each; else the record alone."""
    if record["registry"] not in said.PER_COUNTRY:
        return [record]
    return [
        other for other in records if (other["registry"], other["source"]) == (record["registry"], record["source"])
    ]


# ---------------------------------------------------------------------------------------------------- one field of a trial


def _contradictions(rule: Rule, records: list[Row]) -> Iterator[tuple[Any, ...]]:
    """Rows of one field, without trial and ordinal."""
    speaking = [(record, value) for record in records if (value := rule.said(record)) is not None]
    found: dict[tuple[str, str, str, Any], tuple[Row, Row, Severity, list[Row]]] = {}
    for place, (other, value) in enumerate(speaking):
        before = speaking[:place]
        original = next((pair for pair in before if pair[0]["registry_id"] == other["registry_id"]), None)
        first = original or (before[0] if before and rule.of != "number" else None)
        if first is None:
            continue
        severity = rule.judge(first[1], value)
        if severity is None or (
            rule.of == "country" and original is None and _agree_somewhere(rule, first[0], other, records)
        ):
            continue
        key = (first[0]["record_id"], other["registry"], other["source"], value)
        found.setdefault(key, (first[0], other, severity, []))[3].append(other)
    for one, other, weight, same in found.values():
        severity, reasons = eased(rule.field, one, other, weight)
        remark = _remark(rule, one, other, len(same) - 1, reasons)
        detail = " ".join(filter(None, (_sentence(rule, one, other), remark)))
        yield (
            rule.field, one["record_id"], shown(rule.field, one), one["last_update_date"], other["record_id"],
            shown(rule.field, other), other["last_update_date"], severity, remark, detail,
        )  # fmt: skip


def _agree_somewhere(rule: Rule, one: Row, other: Row, records: list[Row]) -> bool:
    """Whether the entries of some countries agree, or leave it open, where those of others do not."""
    if are_countries(one, other):
        return True
    pairs = [(rule.said(a), rule.said(b)) for a in _siblings(one, records) for b in _siblings(other, records)]
    return any(a is None or b is None or rule.judge(a, b) is None for a, b in pairs)


def shown(field: str, record: Row) -> str | None:
    """The value as text, in the catalogue's words."""
    if field == "primary_outcomes":
        return "\n".join(row[0] for row in record["outcomes"]) or None
    if field == "primary_sponsor":
        return str(record["sponsors"][0][2])
    if field == "countries":
        return ", ".join(sorted(name or code for code, name in record["names"].items()))
    value = said.registered_in_time(record) if field == "prospective_registration" else record[field]
    if field.endswith("_age_years"):
        return _age(value, record[field.replace("_years", "_raw")])
    if value is None:
        return None
    if field in ("has_results", "prospective_registration"):
        return "yes" if value else "no"
    kind = record.get(f"{field}_type")
    return f"{value} ({kind})" if kind else str(value).replace("_", " ")


def _age(years: float | None, raw: str | None) -> str:
    text = "no limit" if years is None else in_words(years)
    return f"{text} (age band: {raw})" if is_band(raw) else text


_LONGEST = 160


def _name(record: Row) -> str:
    return f"WHO ICTRP's copy of {record['registry_id']}" if record["source"] == "ictrp" else str(record["registry_id"])


def _words(text: str | None) -> str:
    if text is None:
        return "nothing"
    line = " / ".join(text.splitlines())
    return f"“{line[:_LONGEST].rstrip()}…”" if len(line) > _LONGEST else f"“{line}”"


def _sentence(rule: Rule, one: Row, other: Row) -> str:
    says = [
        f"{_name(record)} says {_words(shown(rule.field, record))}"
        + (f" (updated {record['last_update_date']})" if record["last_update_date"] else "")
        for record in (one, other)
    ]
    return f"{rule.name}: {says[0]}, {says[1]}."


def _remark(rule: Rule, one: Row, other: Row, more: int, reasons: list[str]) -> str | None:
    remarks = []
    if more:
        remarks.append(
            f"{more} more of its entries say the same." if more > 1 else "One more of its entries says the same."
        )
    if rule.field == "primary_outcomes" and one["outcomes"] and other["outcomes"]:
        likeness = discrepancy_outcomes.likeness(rule.said(one), rule.said(other))
        remarks.append(f"The words are alike by {likeness:.0f} of 100.")
    return " ".join([*remarks, *reasons]) or None
