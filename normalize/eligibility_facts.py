"""Who can take part, as plain facts: ages, sex, healthy volunteers, pregnancy, breastfeeding, consent. Called by `normalize.normalize`.

What a registry's fields say and what its text says are rows of their own (`origin`), so that neither hides the other. Where
they cannot both be right, the row of the text says so in `contradiction`, a sentence; nothing else is needed to list them:

    SELECT record_id, contradiction FROM eligibility_facts
    WHERE contradiction IS NOT NULL AND fact IN ('minimum_age', 'maximum_age')

Registry-blind. Precision goes before recall: a limit of some participants ("women over 50") contradicts nothing, nor does one
beside a limit that agrees, nor a narrower limit where the field knows age bands only (EUCTR, CTIS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec.structs import replace

from normalize.closed_lists import CriterionKind, FactName
from normalize.schema import Criterion, CriterionMeasure, EligibilityFact, Record
from normalize.tables import table
from normalize.text import plain

_VOCABULARY = table("eligibility_facts")


def _pattern(name: str) -> re.Pattern[str]:
    """The fragments of the vocabulary as one pattern; their line breaks are no part of them."""
    return re.compile(re.sub(r" (?=[|(])", "", _VOCABULARY[name]), re.IGNORECASE)


_MEN = frozenset(_VOCABULARY["men"].split())
_WOMEN = frozenset(_VOCABULARY["women"].split())
_PLAIN = frozenset(" ".join(_VOCABULARY["plain"].values()).split()) | _MEN | _WOMEN
#: What says more of one sex than that it is meant.
_CONDITIONS = frozenset(("must", "should", "shall", "will", "eligible"))
_WORD = re.compile(r"[^\W\d_]+")
_OLDEST = 120.0  # years; more is a slip of the pen ("25~3568 years old", NCT02406469)
#: After the limit: what all participants have in common may follow ("≥ 18 years with proven gout").
_GOES_ON = re.compile(
    r"[\s,]*(?:\([^()]{0,60}\)[\s,]*)?(?:with|diagnosed|undergoing|admitted|hospitali[sz]ed|presenting|scheduled|suffering|having)\b",
    re.IGNORECASE,
)
#: What makes a rule for some of a sentence.
_FOR_SOME = re.compile(
    r"\b(?:if|unless|except|cohorts?|arms?|groups?|parts?|phase|controls?|sub-?stud\w+|stage|caregivers?|parents?|donors?|partners?|must|should|require\w*|need\w*)\b",
    re.IGNORECASE,
)
#: After "pregnant": which of them are meant ("pregnant women at risk of pre-eclampsia").
_SOME_OF_THEM = re.compile(
    r"\s(?:wom[ae]n|patients?|females?|participants?|subjects?|mothers?)\s(?:with|(?:in|at)\s(?:\w+\s)?risk|having|suffering|taking|treated|on|under|before|after|beyond|below|less|more|over)\b",
    re.IGNORECASE,
)
_BOTH_SEXES = _pattern("both_sexes")
_HEALTHY = _pattern("healthy")
_PREGNANT = _pattern("pregnant")
_ANOTHER_PREGNANCY = _pattern("another_pregnancy")
_NOT_PREGNANT = _pattern("not_pregnant")
_MUST_BE_PREGNANT = _pattern("must_be_pregnant")
_BREASTFEEDING = _pattern("breastfeeding")
_NOT_BREASTFEEDING = _pattern("not_breastfeeding")
_ACCEPTED = _pattern("accepted")
_NO_BREASTFEEDING = _pattern("no_breastfeeding")
_NOT_HEALTHY = _pattern("not_healthy")
_CONSENT = _pattern("consent")
_ANOTHER_CONSENT = _pattern("another_consent")
_CONSENT_TO_ANOTHER = _pattern("consent_to_another")
_REPRESENTATIVE = _pattern("representative")
_WAIVED = _pattern("waived")
_CANNOT = _pattern("cannot")

#: Word stems that lead to a criterion worth reading: a quick look before the patterns. English alone, and all languages.
_STEMS: dict[FactName, tuple[str, ...]] = {
    name: tuple(stems["en"].split("|")) for name, stems in _VOCABULARY["stems"].items()
}
_ALL_STEMS: dict[FactName, tuple[str, ...]] = {
    name: (*_STEMS[name], *stems["other"].split("|")) for name, stems in _VOCABULARY["stems"].items()
}
#: One of these is in every text in another language.
_OTHER_LANGUAGE = (" de ", " di ", " und ", " der ")


def facts(record: Record) -> tuple[EligibilityFact, ...]:
    """The facts of a record: those that its normalizer found in fields of the registry's own, its other fields, its text.

    Each is there once for each thing said, in the order of the text; ages are in years.
    """
    stated = (*_of_fields(record), *record.eligibility_facts)
    said = [*_ages(record), *_others(record)]
    unlike = _contradicted(record, said)
    seen: dict[tuple[object, ...], EligibilityFact] = {}
    for fact in said:
        key = (fact.fact, fact.value, fact.years, fact.inclusive, fact.for_all)
        if key not in seen:
            seen[key] = replace(fact, contradiction=unlike[fact.fact]) if fact.for_all and fact.fact in unlike else fact
    return (*stated, *seen.values())


# ----------------------------------------------------------------------------------------------------------- from fields


def _age_fields(record: Record) -> tuple[tuple[FactName, float | None, str | None], ...]:
    return (
        ("minimum_age", record.minimum_age_years, record.minimum_age_raw),
        ("maximum_age", record.maximum_age_years, record.maximum_age_raw),
    )


def _of_fields(record: Record) -> Iterator[EligibilityFact]:
    for name, years, raw in _age_fields(record):
        if years is not None:
            yield EligibilityFact(fact=name, origin="field", years=years, inclusive=True, text=raw)
    if record.sex is not None:
        yield EligibilityFact(fact="sex", origin="field", value=record.sex, text=record.sex_raw)
    if record.healthy_volunteers is not None:
        value = "accepted" if record.healthy_volunteers else "not_accepted"
        yield EligibilityFact(fact="healthy_volunteers", origin="field", value=value)


# ------------------------------------------------------------------------------------------------------------- from text


def _ages(record: Record) -> Iterator[EligibilityFact]:
    """Age limits of inclusion criteria, and of exclusion criteria turned round."""
    criteria = record.criteria
    measures = [
        measure for measure in record.criterion_measures if measure.variable == "age" and measure.canonical_unit == "a"
    ]
    for measure in measures:
        criterion = criteria[measure.criterion_ordinal - 1]
        turned = measure.negated is (criterion.kind != "exclusion")
        low, high = measure.canonical_lower, measure.canonical_upper
        if criterion.kind == "unspecified" or (turned and low is not None and high is not None):
            continue
        for_all = _holds_for_all(
            record, criterion, [one for one in measures if one.criterion_ordinal == measure.criterion_ordinal]
        )
        for years, inclusive, is_lower in (
            (low, measure.lower_inclusive, True),
            (high, measure.upper_inclusive, False),
        ):
            if years is not None and years <= _OLDEST:
                yield EligibilityFact(
                    fact="minimum_age" if is_lower is not turned else "maximum_age",
                    origin="text",
                    years=years,
                    inclusive=bool(inclusive) is not turned,
                    for_all=for_all,
                    criterion_ordinal=measure.criterion_ordinal,
                    text=measure.text,
                    start=measure.start,
                    end=measure.end,
                )


def _holds_for_all(record: Record, criterion: Criterion, limits: Sequence[CriterionMeasure]) -> bool:
    """Whether age limits are those of everyone: nothing round them says who is meant."""
    if (
        criterion.depth
        or criterion.heading
        or any(
            _differ(one.canonical_lower, two.canonical_lower) or _differ(one.canonical_upper, two.canonical_upper)
            for one, two in pairwise(limits)
        )
    ):
        return False
    begin = limits[0].start - criterion.start
    before, after = criterion.text[:begin], criterion.text[limits[-1].end - criterion.start :]
    between = " ".join(
        criterion.text[one.end - criterion.start : two.start - criterion.start] for one, two in pairwise(limits)
    )
    words = set(_WORD.findall(f"{before} {between} {after}".lower()))
    if not words <= _PLAIN:
        goes_on = criterion.kind == "inclusion" and _GOES_ON.match(after)
        words = set(_WORD.findall(f"{before} {between}".lower()))
        if not goes_on or not words <= _PLAIN or _FOR_SOME.search(after):
            return False
    return _of_both_sexes(words, record)


def _differ(one: float | None, two: float | None) -> bool:
    """Whether two bounds are of different people: "women ≤ 38, men ≤ 50"; "under 18 (< 18)" says one twice."""
    return one is not None and two is not None and one != two


def _of_both_sexes(words: set[str], record: Record) -> bool:
    men, women = not words.isdisjoint(_MEN), not words.isdisjoint(_WOMEN)
    return men is women or record.sex == ("male" if men else "female")


def _others(record: Record) -> Iterator[EligibilityFact]:
    """What the criteria say beside ages, fact by fact, each at the place of its first word."""
    raw = record.eligibility_raw
    if not raw:
        return
    foreign = not plain(raw).isascii() or any(word in raw for word in _OTHER_LANGUAGE)
    found = []
    for ordinal, criterion in enumerate(record.criteria, 1):
        if criterion.kind != "unspecified":
            look = _said if len(criterion.text) <= _LONGEST_KEPT else _said.__wrapped__
            for said in look(criterion.kind, criterion.text, foreign):
                found.append((ordinal, *said))
    if not found:
        return
    for ordinal, name, value, for_all, start, end in sorted(found, key=lambda one: _ORDER[one[1]]):
        criterion = record.criteria[ordinal - 1]
        yield EligibilityFact(
            fact=name,
            origin="text",
            value=value,
            for_all=for_all and not criterion.depth and not criterion.heading,
            criterion_ordinal=ordinal,
            text=criterion.text[start:end],
            start=criterion.start + start,
            end=criterion.start + end,
        )


#: Characters; longer criteria are hardly written twice.
_LONGEST_KEPT = 1000


@lru_cache(maxsize=16384)
def _said(kind: CriterionKind, text: str, foreign: bool) -> tuple[tuple[FactName, str, bool, int, int], ...]:
    """The facts in a criterion: name, value, whether of all participants, slice of the text."""
    low = f" {plain(text).lower()}"
    found: list[tuple[FactName, str, bool, int, int]] = []
    for name, stems in (_ALL_STEMS if foreign else _STEMS).items():
        for stem in stems:
            if stem in low:
                if said := _READERS[name](kind, text):
                    found.append((name, *said))
                break
    return tuple(found)


_Value = tuple[str, bool, int, int]  # value, whether of all participants, slice of the criterion


def _sex(kind: CriterionKind, text: str) -> _Value | None:
    """ "Male or female", "Women aged 18 to 45 years": criteria that say nothing but who is meant."""
    if kind != "inclusion" or len(text) > 160:
        return None
    words = _WORD.findall(text.lower())
    if not _PLAIN.issuperset(words):
        return None
    men, women = not _MEN.isdisjoint(words), not _WOMEN.isdisjoint(words)
    if _BOTH_SEXES.search(text):
        men = women = True
    if men is not women and _is_condition(words):
        return None
    if men or women:
        return "all" if men and women else "male" if men else "female", True, 0, len(text)
    return None


def _is_condition(words: Sequence[str]) -> bool:
    """ "Women must not be pregnant", "Women are eligible": of one sex it says more than that it is meant; not "Participants must be women"."""
    low = [word.lower() for word in words]
    of_sex = min(at for at, word in enumerate(low) if word in _MEN or word in _WOMEN)
    return any(word in _CONDITIONS for word in low[of_sex:])


def _healthy(kind: CriterionKind, text: str) -> _Value | None:
    match = _HEALTHY.search(text)
    if match is None or _NOT_HEALTHY.search(text, 0, match.start()):
        return None
    value = "accepted" if kind == "inclusion" else "not_accepted"
    return value, match.start() == 0 and not match["controls"] and not _FOR_SOME.search(text), *match.span()


def _pregnancy(kind: CriterionKind, text: str) -> _Value | None:
    if kind == "exclusion":
        if _NOT_PREGNANT.search(text):
            return None
        for said in _PREGNANT.finditer(text):
            if not _ANOTHER_PREGNANCY.search(text, 0, said.start()):
                return "excluded", not _SOME_OF_THEM.match(text, said.end()), *said.span()
        return None
    if match := _NOT_PREGNANT.search(text):
        return "excluded", True, *match.span()
    if (match := _PREGNANT.search(text)) and _ACCEPTED.match(text, match.end()):
        return None if _ANOTHER_PREGNANCY.search(text, 0, match.start()) else ("accepted", True, *match.span())
    must = _MUST_BE_PREGNANT.match(text)
    return ("required", True, *must.span()) if must else None


def _breastfeeding(kind: CriterionKind, text: str) -> _Value | None:
    if kind == "exclusion":
        for match in _BREASTFEEDING.finditer(text):
            if not _NO_BREASTFEEDING.search(text, 0, match.start()):
                return "excluded", True, *match.span()
        return None
    not_so = _NOT_BREASTFEEDING.search(text)
    return ("excluded", True, *not_so.span()) if not_so else None


def _consent(kind: CriterionKind, text: str) -> _Value | None:
    match = next(
        (
            found
            for found in _CONSENT.finditer(text)
            if not (_ANOTHER_CONSENT.search(text, 0, found.start()) or _CONSENT_TO_ANOTHER.match(text, found.end()))
        ),
        None,
    )
    if match is None or (kind == "exclusion" and not _CANNOT.search(text)):
        return None
    waived = _WAIVED.search(text)
    return (
        "waived" if waived else "by_representative" if _REPRESENTATIVE.search(text) else "personal",
        True,
        *match.span(),
    )


_READERS: dict[FactName, Callable[[CriterionKind, str], _Value | None]] = {
    "sex": _sex,
    "healthy_volunteers": _healthy,
    "pregnancy": _pregnancy,
    "breastfeeding": _breastfeeding,
    "consent": _consent,
}
_ORDER = {name: rank for rank, name in enumerate(_READERS)}


# --------------------------------------------------------------------------------------------------------- contradictions


def contradictions(facts: Iterable[EligibilityFact]) -> tuple[str, ...]:
    """The sentences that say where a record's text and its fields cannot both be right."""
    return tuple(dict.fromkeys(fact.contradiction for fact in facts if fact.contradiction))


def _contradicted(record: Record, said: Sequence[EligibilityFact]) -> dict[FactName, str]:
    """Fact -> what is wrong, for the facts of which the text and a field of the registry cannot both be right."""
    found: dict[FactName, str] = {}
    is_band = record.minimum_age_raw is not None and record.minimum_age_raw == record.maximum_age_raw
    for name, field, raw in _age_fields(record):
        limits = [fact for fact in said if fact.fact == name]
        general = {(fact.years, fact.inclusive) for fact in limits if fact.for_all}
        if field is None or len(general) != 1 or any(_agrees(fact, field) for fact in limits):
            continue
        limit = next(fact for fact in limits if fact.for_all)
        assert limit.years is not None
        if is_band and (limit.years > field) is (name == "minimum_age"):
            continue  # narrower than the band
        word = "minimum" if name == "minimum_age" else "maximum"
        found[name] = (
            f"The registry's field gives {raw or f'{field:g} years'} as the {word} age, the criteria say “{limit.text}”."
        )
    volunteers = [fact for fact in said if fact.fact == "healthy_volunteers" and fact.for_all]
    if record.healthy_volunteers is False and volunteers and {fact.value for fact in volunteers} == {"accepted"}:
        found["healthy_volunteers"] = (
            f"The registry's field says that healthy volunteers are not accepted, the criteria say “{volunteers[0].text}”."
        )
    sexes = {fact.value for fact in said if fact.fact == "sex"}
    if record.sex in ("female", "male") and sexes and record.sex not in sexes:
        words = next(fact.text for fact in said if fact.fact == "sex")
        found["sex"] = f"The registry's field says {record.sex} only, the criteria say “{words}”."
    return found


def _agrees(fact: EligibilityFact, field: float) -> bool:
    """Whether a limit in the text and one in a field may be the same.

    "< 36" is 35 or 36 in a field of whole years, "≤ 35" likewise, "5 to 18" is often up to the 18th birthday; "> 17" is
    17 or 18, "≥ 18" is 18, and from birth is from the first day.
    """
    years = fact.years
    assert years is not None
    step = 1.0 if years >= 3 else 1 / 12
    slack = max(0.02 * years, 0.01)
    if fact.fact == "maximum_age":
        return years - step - slack <= field <= years + slack + (step if fact.inclusive else 0.0)
    return years - slack <= field <= years + slack + (0.0 if fact.inclusive else step)
