"""Numeric and ordinal limits of criteria: what is limited, between which bounds, in which unit. Called by `eligibility`; `unread` by `normalize`.

`comparisons` reads the bounds from the text, `variables` and `units` know the vocabulary, `limit_pairs` what belongs together; here they come
together; where the vocabulary knows no name, `unknown` takes the source's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from normalize import (
    better,
    changes,
    comparisons,
    gestation,
    grades,
    lasting,
    limit_pairs,
    not_meant,
    numbers,
    ratios,
    respelled,
    units,
    unknown,
    unsaid_age,
    variables,
    wording,
)
from normalize.limit import Limit
from normalize.limit_pairs import Named
from normalize.schema import Criterion, CriterionMeasure, ValueWarning
from normalize.units import Unit
from normalize.variables import (
    AGE,
    AGE_AT_ONSET,
    BLOOD_PRESSURE,
    DIASTOLIC,
    GESTATIONAL_AGE,
    PARTNER_AGE,
    SYSTOLIC,
    Variable,
)

#: After a name: it is what comes next that is limited by it ("hemoglobin ≥ 9 g/dL platelets ≥ 100").
_COMPARED_NEXT = re.compile(r"[^,.;\n]{0,30}?(?:[<>≥≤]|\b(?:at least|less|more|greater|below|above|between)\b)")
#: "aged < 50 years at diagnosis", "age at migraine onset < 50": when something was, no participant's age now.
_AT_ONSET = re.compile(
    r"[\s,]*\(?(?:at|by)\s(?:the\s)?(?:time\sof\s)?(?:(?:first|initial|original|[\w-]+)\s){0,2}(?:onset|diagnosis)\b",
    re.IGNORECASE,
)
_AGE_AT = re.compile(r"\b[aA]ge\s(?:at|of)\s(?:[\w-]+\s){1,4}(?:onset|diagnosis)\b[^,;.]{0,12}$")
_AGE_AT_EVENT = re.compile(
    r"\b[aA]ge\sat\s(?:(?:the|his|her|their|time\sof|first|last)\s){0,3}[\w-]+(?:\s[\w-]+)?[\s:(]*$"
)
#: "male partner aged 18 to 55", "the wife is younger than 38"; "female partner" is mostly the one who takes part.
_PARTNER_BEFORE = re.compile(
    r"\b(?<!female\s)(?:partner|husband|wife|spouse)(?:['’]s)?(?:\s(?:who|that|is|are|was|be|must|should|has|have|with|of|an?|the|ages?|aged))*[\s:(]*$",
    re.IGNORECASE,
)
#: "a 6th-grade reading level"
_SCHOOL_GRADE = re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)[\s-]grade")
_CTCAE_GRADE = variables.NAMES["ctcae grade"][0]
_SCHOOL = variables.NAMES["school grade"][0]
#: Whose weight a limit of so many grams is, where no name says what it is.
_NEWBORN = re.compile(r"\b(?:newborns?|neonat\w+|infants?|preterms?|bab(?:y|ies)|born)\b", re.IGNORECASE)
_BIRTH_WEIGHT = variables.NAMES["birth weight"][0]

_FIGURE = ord("0")  # of a text made `searchable`

#: A limit as it is read from a criterion: the columns of CriterionMeasure after its first, in their order, with places in the
#: criterion's own text.
_Read = tuple[str, float | None, bool | None, float | None, bool | None, str | None, bool, float | None, float | None, str | None, int, int]  # fmt: skip


def measures(
    low: bytes, criteria: Sequence[Criterion], without: re.Pattern[str] | None
) -> tuple[CriterionMeasure, ...]:
    """The limits in the criteria of a text, in its order; `low` is the text made `searchable`; criteria that begin `without` have none."""
    out: list[CriterionMeasure] = []
    hints = iter([*numbers.hints_of_words(low), len(low)])
    hint = next(hints)
    may_be_half = b" half a" in low
    for ordinal, criterion in enumerate(criteria, 1):
        at, end, text = criterion.start, criterion.end, criterion.text
        while hint < at:
            hint = next(hints)
        in_words = hint < end
        if not in_words and _FIGURE not in low[at:end] and not may_be_half and not grades.may_be_in(text):
            continue
        if without is not None and without.match(text):
            continue
        parent = criterion.parent_ordinal
        lead = criteria[parent - 1].text if parent else ""
        read = _of_criterion if end - at <= _LONGEST_KEPT else _of_criterion.__wrapped__
        for (
            variable,
            lower,
            lower_inclusive,
            upper,
            upper_inclusive,
            unit,
            negated,
            canonical_lower,
            canonical_upper,
            code,
            begin,
            stop,
        ) in read(text, lead, in_words):
            out.append(
                CriterionMeasure(
                    criterion_ordinal=ordinal,
                    variable=variable,
                    lower=lower,
                    lower_inclusive=lower_inclusive,
                    upper=upper,
                    upper_inclusive=upper_inclusive,
                    unit=unit,
                    negated=negated,
                    canonical_lower=canonical_lower,
                    canonical_upper=canonical_upper,
                    canonical_unit=code,
                    text=text[begin:stop],
                    start=at + begin,
                    end=at + stop,
                )
            )
    return tuple(out)


def unread(criteria: Iterable[Criterion]) -> Iterator[ValueWarning]:
    """A warning for each criterion of so many numbers that only the first are read."""
    for ordinal, criterion in enumerate(criteria, 1):
        if len(criterion.text) > 2 * numbers.MOST and comparisons.has_more(criterion.text):
            yield ValueWarning(
                field="criterion_measures",
                raw_value=criterion.text[:80],
                reason=f"Criterion {ordinal} holds more than {numbers.MOST} numbers: limits are read from the first ones only.",
            )


#: Characters; longer criteria are hardly written twice.
_LONGEST_KEPT = 1000


# The country records of one EUCTR trial share most of their criteria, as do the versions of any record, and "Age ≥ 18 years"
# stands in thousands of trials.
@lru_cache(maxsize=16384)
def _of_criterion(text: str, lead: str, in_words: bool) -> tuple[_Read, ...]:
    """The limits of a criterion that is nested under `lead` ("" for none)."""
    plainer, gone = respelled.plainer(text)
    rows = _of_plain(plainer, lead, in_words)
    if not gone:
        return rows
    return tuple([(*row[:-2], respelled.place(row[-2], gone), respelled.place(row[-1], gone)) for row in rows])


def _of_plain(text: str, lead: str, in_words: bool) -> tuple[_Read, ...]:
    found = comparisons.limits(text, in_words)
    if not found:
        return ()
    if len(found) > 1:
        limit_pairs.share_units(text, found)
    named: list[Named] = []
    says_better = "etter" in text or "orse" in text
    for limit in found:
        known, words = _limited(text, limit, named, lead, says_better)
        if known or words:
            named.append((limit, known, words))
    if len(named) > 1:
        named = limit_pairs.joined(text, named)
    rows: list[_Read] = []
    for limit, known, words in named:
        _add_rows(rows, text, limit, known, words)
    return tuple(rows)


# ------------------------------------------------------------------------------------------------------ what is limited


def _limited(text: str, limit: Limit, before: list[Named], lead: str, says_better: bool) -> tuple[list[Variable], str]:
    """What a limit is about: variables of the vocabulary, or else the source's words for it; neither where it is no limit.

    `before` are the limits of the criterion before this one, `lead` is the criterion that it is nested under; `says_better`: it
    may say "better" or "worse" somewhere.
    """
    number = limit.number
    unit = units.unit(limit.unit) if limit.unit else None
    rest = text[limit.end : limit.end + 70]
    clause = text[number - 130 if number > 130 else 0 : number]
    if ". " in clause or "; " in clause:
        clause = clause[max(clause.rfind(". "), clause.rfind("; ")) + 1 :]
    if "\n" in clause:
        clause = clause[max(clause.rfind(".\n"), clause.rfind(";\n"), clause.rfind("\n\n")) + 1 :]
    last = before[-1] if before else None
    if last and (own := wording.own_name(text, max(last[0].end, number - len(clause)), limit.start)) is not None:
        clause = text[own:number]
    counted = False
    if unit is None and not limit.of_age:
        spelled = text[number].isalpha() and not limit.roman
        if some := wording.one_of(rest):
            return [], some
        counted = wording.counts(rest) or (spelled and rest[1:2].isalpha())
    known = _known(text, limit, lead, clause, rest, unit, counted)
    if says_better and not better.settle(text, limit, known):
        return [], ""
    if known == [AGE] and _PARTNER_BEFORE.search(text, limit.start - 60 if limit.start > 60 else 0, limit.start):
        return [PARTNER_AGE], ""
    if known:
        return known, ""
    if (
        limit.perhaps_year
        or limit.unit == ratios.SNELLEN
        or (limit.unit == ratios.TITRE and ("ratio" in clause or "isk" in clause))
    ):
        return [], ""
    if limit.roman or (limit.bare and not unknown.is_range_of_something(clause, unit)):
        return [], ""
    if (
        last
        and not counted
        and not (unit and unit.dimension == "time" and lasting.TIME_AFTER.match(rest))
        and (
            last[0].unit.lower() == limit.unit.lower()
            or (last[1] == [AGE] and "old" in text[limit.start : limit.number])
        )
        and limit_pairs.between(text, last[0], limit) in limit_pairs.CONNECTIVES
    ):
        return last[1], last[2]
    left = text[max(last[0].end if last else 0, number - len(clause)) : limit.start]
    return unknown.described(text, limit, left, rest, unit, counted, before)


def _known(
    text: str, limit: Limit, lead: str, clause: str, rest: str, unit: Unit | None, counted: bool
) -> list[Variable]:
    """The variables of the vocabulary that a limit is about.

    `clause` is what it is in, up to its first number, `rest` what follows it; `counted`: it says how many ("at least two lesions").
    """
    timed = unit is not None and unit.dimension == "time"
    if (
        limit.ahead
        and (name := limit_pairs.NAMED_AHEAD.match(rest))
        and (named := variables.before(name[1], unit, 6)[0])
    ):
        return named
    if "grade" in rest and _SCHOOL_GRADE.match(text, limit.number):
        return [_SCHOOL]
    weeks = unit.ucum in ("wk", "d") if unit is not None else gestation.has_days(text, limit)
    if weeks and (limit.of_pregnancy or gestation.is_said(text, limit)):
        return [GESTATIONAL_AGE]
    if limit.perhaps_year:
        # "ferritin > 2000"; "hypertension > 2005" is a year.
        return [one for one in variables.before(clause, unit, 1)[0] if "/" in one.unit.dimension]
    found, away = variables.before(clause, unit, 2 if counted else 6 if limit.bare else 9 if timed else 14)
    if found and not_meant.is_so(text, limit, clause, unit, found, away):
        found = []
    if (
        unit is None
        and found
        and "ge a" in clause
        and found[0].unit.dimension != "time"
        and _AGE_AT_EVENT.search(clause, 0, len(clause) - (limit.number - limit.start))
    ):
        return []  # "age at first pregnancy < 20"
    if (
        found
        and unit is None
        and found[0].unit.dimension != "score"
        and "grade" in text[limit.start : limit.number].lower()
    ):
        found = [_CTCAE_GRADE]  # "anaemia ≥ grade 3"
    if found and found[0] is _CTCAE_GRADE and _is_of_other_grade(clause, rest):
        found = []
    if found and not found[0].name.endswith("_change") and changes.is_of_change(clause, rest, limit, unit, away):
        found = []
    if away and found and found[0].unit.dimension == "score" and changes.is_of_part(clause, away):
        found = []
    if (
        found
        and found[0].name in variables.SCALES
        and not variables.can_be_limited_to(found[0], limit.lower, limit.upper, unit)
    ):
        return []  # "reads at grade 8 or above", "CDAI > 10"
    if limit.ahead and found and away < 2:
        limit.turn()  # "wheal 3 mm ≥ negative control": it is the wheal that is compared
    if found and found[0] is AGE and ("nset" in clause or "iagnos" in clause) and _AGE_AT.search(clause):
        return [AGE_AT_ONSET]
    if (
        found
        and found[0].unit.dimension == "time"
        and (timed or unit is None)
        and not limit.of_age
        and not lasting.is_of(found[0], clause, rest, limit, away)
    ):
        found = []  # "age ≥ 18 years and asthma for ≥ 6 months"
    if limit.roman:
        return found[:1] if found and found[0].name in wording.WORDS["roman_scales"] else []
    if (
        text[limit.start] in "bBaApP"
        and limit_pairs.BEFORE_OR_AFTER.match(text, limit.start)
        and (limit.of_age or "age" in text[limit.start : limit.number].lower())
    ):
        return [AGE_AT_ONSET]
    if (timed or unit is None) and ("nset" in rest or "iagnos" in rest) and _AT_ONSET.match(rest):
        is_age = limit.of_age or (found[0] is AGE if found else unit is not None and unit.ucum == "a")
        return [AGE_AT_ONSET] if is_age else found
    if limit.of_age and (timed or unit is None):
        return found if found and found[0].name.endswith("_age") and away < 7 else [AGE]
    follows = rest.lstrip(" ")
    if follows[:1].isalpha() or follows[:1] == "-":
        ahead = variables.after(follows, unit, 3 if counted else 2)
        if (
            ahead
            and not (ahead.variable is AGE and limit_pairs.BEFORE_OR_AFTER.match(follows))
            and (not found or ahead.away == 0)
            and variables.can_be_limited_to(ahead.variable, limit.lower, limit.upper, unit)
            and (counted or limit.carried or not _COMPARED_NEXT.match(follows, ahead.end))
        ):
            return [not_meant.lost(text, limit, ahead.variable, follows[ahead.end :])]
    if not found and limit.unit and not timed and not text[: limit.start].rstrip(" (:").endswith(("index", "score")):
        found = variables.before(limit.unit, unit, 3)[0]  # "more than 20 cigarettes a day"
    if found:
        return found
    if weeks and gestation.has_days(text, limit):
        return [GESTATIONAL_AGE]
    if unit is not None and unit.ucum == "g" and limit.within(400, 6000) and _NEWBORN.search(text):
        return [_BIRTH_WEIGHT]
    if unsaid_age.is_one(clause, limit, rest, unit) or (unit is None and not lead and unsaid_age.is_all(text, limit)):
        return [AGE]
    if lead and not limit.bare and not counted and len(clause) < 40:
        return variables.before(lead, unit, 8)[0]
    return []


def _is_of_other_grade(clause: str, rest: str) -> bool:
    """ "Wagner grade 1-2", "grade 3 glioma": whether grades are of something else than adverse events."""
    if "oxic" in clause or "dverse" in clause or "CTC" in clause:
        return False
    beside = {*variables.words(clause)[-5:], *variables.words(rest[:40])[:3]}
    return not wording.WORDS["other_grades"].isdisjoint(beside)


_Bound = tuple[float | None, bool | None]
_NO_BOUND: _Bound = (None, None)


def _add_rows(rows: list[_Read], text: str, limit: Limit, known: list[Variable], words: str) -> None:
    """Add the rows that a limit becomes: one for each variable, and for each bound that has a unit of its own."""
    lower = (limit.lower, limit.lower_inclusive)
    upper = (limit.upper, limit.upper_inclusive)
    if limit.second is not None and known and known[0] in (BLOOD_PRESSURE, SYSTOLIC, DIASTOLIC):
        rows.append(_row(text, limit, SYSTOLIC, "", lower, upper, limit.unit))
        lower = (limit.second if limit.lower is not None else None, limit.lower_inclusive)
        upper = (limit.second_upper or limit.second if limit.upper is not None else None, limit.upper_inclusive)
        known = [DIASTOLIC]
    for variable in known or (None,):
        if limit.upper_unit:
            rows.append(_row(text, limit, variable, words, lower, _NO_BOUND, limit.unit))
            rows.append(_row(text, limit, variable, words, _NO_BOUND, upper, limit.upper_unit))
        else:
            rows.append(_row(text, limit, variable, words, lower, upper, limit.unit))


def _row(
    text: str, limit: Limit, variable: Variable | None, words: str, lower: _Bound, upper: _Bound, unit: str
) -> _Read:
    name, low, high, code = words, None, None, None
    if variable is not None:
        name = variable.name
        compared = variables.comparable(name, units.unit(unit) if unit else None)
        if compared is not None:
            low, high, code = compared.of(lower[0]), compared.of(upper[0]), compared.unit
    end = limit.start + len(text[limit.start : limit.end].rstrip())
    return (name, *lower, *upper, unit or None, limit.negated, low, high, code, limit.start, end)
