"""Numeric and ordinal limits of criteria: what is limited, between which bounds, in which unit. Called by `eligibility`.

`comparisons` reads the bounds from the text, `variables` and `units` know the vocabulary; here they come together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from normalize import comparisons, units, variables
from normalize.comparisons import Limit
from normalize.schema import Criterion, CriterionMeasure
from normalize.variables import AGE, GESTATIONAL_AGE, Variable

_CLAUSE_END = re.compile(r"[.;](?=\s)|\n\s*\n|[；。]")
_GESTATION_AFTER = re.compile(r"['’\s,]*(?:\d+\sdays?\s)?(?:of\s)?(?:gestation|pregnan|amenorrh|ga\b)", re.IGNORECASE)
_COMPARED = re.compile(r"[\s\w()/-]{0,30}?(?:[<>≥≤=]|\b(?:at least|less|more|greater|below|above|between)\b)")

#: Who can stand before "≥ 18 years" that is an age without saying so.
_PEOPLE = frozenset(
    """patient patients subject subjects participant participants adult adults man men woman women male males female females people person persons
    individual individuals child children volunteer volunteers both sexes sex gender genders adolescent adolescents mother mothers infant infants
    recipient recipients those inpatients outpatients inpatient outpatient pregnant elderly ethnicity race boys girls parents caregivers caregiver
    donors donor relatives students residents smokers nonpregnant veterans employees workers""".split()
)
_LITTLE = frozenset("and or with who are is must be being any all the a an of in aged that have has not either between from were was".split())
_AGE_GOES_ON = re.compile(
    r"\s*(?:$|[,;.)(/&\n]|(?:and|or|who|with|at|undergoing|that|inclusive|male|female|males|females|men|women|patients|in(?!\s(?:duration|remission))|scheduled"
    r"|presenting|on|having|as|treated|were|are|is|to|but|admitted|diagnosed|requiring|subjects|participants|regardless|both|any|when|living|without|able|willing)\b)",
    re.IGNORECASE,
)
_STOP = frozenset(
    """a an the of with who whom whose have has had having is are was were be been being must should will would can cannot may at for and or to in on by as than that
    this these those least more less no not if any all other then both either within over under about approximately from their its his her measured
    defined including such during per only also which when patients patient subjects subject participants participant value values level levels e g i least
    most up does do it they there he she""".split()
)
_UNKNOWN_BEFORE = re.compile(r"[^,;:()\[\].\n]*$")
_UNKNOWN_AFTER = re.compile(r"\s*((?:[^\W\d_][\w'’/-]*\s?){1,5})")
_AFTER_STOPS = frozenset("in within prior before after at during for per and or on who with while if to from since by as is are was were that the despite".split())
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}


def measures(raw: str, criteria: Iterable[tuple[int, Criterion]]) -> tuple[CriterionMeasure, ...]:
    """The limits in criteria of one text, in the order of the text. Each criterion comes with its ordinal."""
    out: list[CriterionMeasure] = []
    texts: dict[int | None, str] = {}
    for ordinal, criterion in criteria:
        texts[ordinal] = criterion.text
        found = comparisons.limits(raw, criterion.start, criterion.end)
        if found:
            lead = texts.get(criterion.parent_ordinal, "")
            out.extend(_of_criterion(raw, ordinal, criterion, found, lead))
    return tuple(out)


def _of_criterion(raw: str, ordinal: int, criterion: Criterion, found: list[Limit], lead: str) -> Iterator[CriterionMeasure]:
    begin = criterion.start
    said: tuple[list[Variable], str] | None = None
    named: list[tuple[Limit, list[Variable], str]] = []
    for place, limit in enumerate(found):
        following = found[place + 1] if place + 1 < len(found) else None
        if following is not None and not limit.unit and following.unit and _connected(raw, limit, following):
            limit.unit, limit.of_age = following.unit, limit.of_age or following.of_age  # "< 18.5 or > 30 kg/m2"
        elif place and not limit.unit and found[place - 1].unit and _connected(raw, found[place - 1], limit):
            limit.unit = found[place - 1].unit
        known, words = _limited(raw, begin, criterion.end, limit, lead)
        if known or (words and not limit.bare):
            named.append((limit, known, words))
    for limit, known, words in _joined(raw, named):
        yield from _rows(raw, ordinal, limit, known, words)


def _connected(raw: str, one: Limit, two: Limit) -> bool:
    return two.start - one.end < 12 and raw[one.end : two.start].strip(" ,;()&-–").lower() in ("", "or", "and", "to", "but", "and/or", "or if", "and is", "or is")


def _joined(raw: str, named: list[tuple[Limit, list[Variable], str]]) -> list[tuple[Limit, list[Variable], str]]:
    """ "≥ 18 and < 36 years" is one limit with two bounds."""
    out: list[tuple[Limit, list[Variable], str]] = []
    for limit, known, words in named:
        if out:
            last, last_known, last_words = out[-1]
            between = raw[last.end : limit.start].strip(" ,&-–()").lower()
            if (
                last.lower is not None and last.upper is None and limit.upper is not None and limit.lower is None
                and between in ("", "and", "to", "but", "and is") and last.lower < limit.upper and limit.start - last.end < 12
                and (known == last_known or not known or not last_known) and last.negated == limit.negated
                and (not last.unit or not limit.unit or last.unit.lower() == limit.unit.lower())
            ):  # fmt: skip
                last.upper, last.upper_inclusive, last.end = limit.upper, limit.upper_inclusive, limit.end
                last.unit = last.unit or limit.unit
                out[-1] = (last, last_known or known, last_words or words)
                continue
        out.append((limit, known, words))
    return out


def _limited(raw: str, begin: int, stop: int, limit: Limit, lead: str) -> tuple[list[Variable], str]:
    """What a limit is about: known variables, or the source's words for it."""
    unit = units.unit(limit.unit) if limit.unit else None
    timed = unit is not None and unit.dimension == "time"
    rest = raw[limit.end : min(stop, limit.end + 70)]
    if timed and _GESTATION_AFTER.match(rest):
        return [GESTATIONAL_AGE], ""
    clause = raw[max(begin, limit.start - 120) : limit.start]
    clause = clause[max(clause.rfind(". "), clause.rfind("; "), clause.rfind(".\n"), clause.rfind(";\n"), clause.rfind("\n\n")) + 1 :]
    if limit.of_age and (timed or unit is None):
        found = variables.before(clause, unit, 5)
        return (found[0] if found and found[0][0].name.endswith("_age") else [AGE]), ""
    found = variables.before(clause, unit, 7 if timed else 12)
    ahead = variables.after(_CLAUSE_END.split(rest)[0], unit, 6)
    if ahead and ahead[1] == 0 and (found is None or found[1] > 0) and not _COMPARED.match(rest[len(ahead[0].name) :]):
        if not rest.lstrip()[:1] in ",;:)" :
            return [ahead[0]], ""
    if found:
        return found[0], ""
    if _age_unsaid(clause, rest, limit, unit):
        return [AGE], ""
    if ahead and not limit.bare:
        return [ahead[0]], ""
    if lead and not WORDS(clause) and (led := variables.before(lead, unit, 8)):
        return led[0], ""
    return [], _words(clause, rest)


def WORDS(text: str) -> list[str]:
    return variables.WORD.findall(text)


def _age_unsaid(clause: str, rest: str, limit: Limit, unit: units.Unit | None) -> bool:
    """ "Patients ≥ 18 years", "Over 16 years", "Children under 18": an age that does not say that it is one."""
    bounds = [value for value in (limit.lower, limit.upper) if value is not None]
    if unit is None and not all(10 <= value <= 110 for value in bounds):
        return False
    if unit is not None and (unit.ucum != "a" or max(bounds) < 12):
        return False
    words = [word.lower() for word in WORDS(clause)]
    while words and words[-1] in _LITTLE:
        words.pop()
    if not words:
        return unit is not None and bool(_AGE_GOES_ON.match(rest))
    return words[-1] in _PEOPLE and bool(_AGE_GOES_ON.match(rest))


def _words(clause: str, rest: str) -> str:
    """The source's words for something that the vocabulary does not know: those before the limit, else those after it."""
    left = clause.rstrip(" (")
    match = _UNKNOWN_BEFORE.search(left)
    words = match.group().split() if match else []
    while words and words[-1].lower().strip("'\"-") in _STOP:
        words.pop()
    words = words[-6:]
    while words and words[0].lower().strip("'\"-") in _STOP:
        words.pop(0)
    if words:
        return " ".join(words)
    after = _UNKNOWN_AFTER.match(rest)
    for word in after[1].split() if after else []:
        if word.lower() in _AFTER_STOPS:
            break
        words.append(word)
    while words and words[0].lower() in ("of", "a", "the"):
        words.pop(0)
    return " ".join(words)


def _rows(raw: str, ordinal: int, limit: Limit, known: list[Variable], words: str) -> Iterator[CriterionMeasure]:
    text = raw[limit.start : limit.end].rstrip()
    unit = units.unit(limit.unit) if limit.unit else None
    for variable in known or [None]:
        lower = variables.canonical(variable, limit.lower, unit) if variable and limit.lower is not None else None
        upper = variables.canonical(variable, limit.upper, unit) if variable and limit.upper is not None else None
        yield CriterionMeasure(
            criterion_ordinal=ordinal,
            variable=variable.name if variable else words,
            lower=limit.lower,
            lower_inclusive=limit.lower_inclusive,
            upper=limit.upper,
            upper_inclusive=limit.upper_inclusive,
            unit=limit.unit or None,
            negated=limit.negated,
            canonical_lower=lower,
            canonical_upper=upper,
            canonical_unit=variable.unit.ucum if variable and (lower is not None or upper is not None) else None,
            text=text,
            start=limit.start,
            end=limit.start + len(text),
        )
