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
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from normalize.schema import Criterion, CriterionMeasure, EligibilityFact, FactName, Record

#: Words that say nothing but who is meant: a limit among them holds for all participants.
_PLAIN_WORDS = """
    a an the and or of in at on to for is are be been was must should shall will have has any all each every both either only between from
    age aged ages years year old yrs yr y o older younger over under above below than least most inclusive exclusive range ranging
    patient patients subject subjects participant participants individual individuals person persons people volunteer volunteers adult adults
    male males female females man men woman women gender genders sex sexes boys girls children child ambulatory outpatients inpatients
    healthy nonpregnant non pregnant eligible human humans race ethnicity ethnic background regardless gender
    time date day signing signature providing provision giving informed consent icf form screening enrollment enrolment inclusion
    randomization randomisation study entry registration visit baseline consenting when obtaining prior before first trial who
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())
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
_MEN = frozenset(("male", "males", "man", "men", "boys"))
_WOMEN = frozenset(("female", "females", "woman", "women", "girls"))

_HEALTHY = re.compile(
    r"\bhealthy\s(?:(?:adult|male|female|human|normal|non-?smoking|young|elderly|and|or|chinese|japanese|caucasian)\s){0,4}"
    r"(?:volunteers?|subjects?|participants?|individuals?|persons?|people|adults?|men|women|males?|females?|(?P<controls>controls?))\b",
    re.IGNORECASE,
)
_PREGNANT = re.compile(
    r"""(?<!non-)(?<!non\s)\bpregnant\b|\bpregnancy(?:\s?(?:[,;./)]|$)|\s(?:or|and)\s(?:breast|lactat|nurs|puerp))|\b(?:current|known|confirmed|ongoing|existing)\spregnancy
    |embaraz|enceintes?\b|grossesse|schwanger|gravid|grávida|zwanger|ciąż""",
    re.IGNORECASE | re.VERBOSE,
)
_ANOTHER_PREGNANCY = re.compile(
    r"\b(?:history|previous|prior|past|ectopic|molar|multiple|twin|last)\b[^.;]{0,30}$", re.IGNORECASE
)
_NOT_PREGNANT = re.compile(
    r"\b(?:not|non)[\s-](?:be\s|currently\s|known\sto\sbe\s){0,2}pregnan|negative\s(?:[\w-]+\s){0,4}pregnancy\stest|pregnancy\stests?\s(?:[\w-]+\s){0,5}negative",
    re.IGNORECASE,
)
_MUST_BE_PREGNANT = re.compile(
    r"(?:(?:healthy|adult|nulliparous|multiparous|singleton|term|all|low-risk)\s){0,3}(?:pregnant\s(?:wom[ae]n|patients?|females?|mothers?|participants?|subjects?|adults?|people|persons?)\b"
    r"|(?:single(?:ton)?|viable|intrauterine)\s(?:[\w-]+\s){0,2}pregnancy\b)",
    re.IGNORECASE,
)
_BREASTFEEDING = re.compile(
    r"\bbreast[\s-]?feed|\blactating\b|\blactation\b|\bnursing\b(?!\s(?:home|facilit|staff|care|stud|school|assist))|\blactancia|\ballait|\bstillend",
    re.IGNORECASE,
)
_NOT_BREASTFEEDING = re.compile(
    r"\b(?:not|non)[\s-](?:be\s|currently\s|\w+\s(?:or|and|nor)\s){0,3}(?:breast|lactat|nurs)", re.IGNORECASE
)
_REPRESENTATIVE = re.compile(
    r"\b(?:legal|guardian|parent|representative|surrogate|proxy|proxies|next\sof\skin|relatives?|famil|tutor|parents|gesetzlich)",
    re.IGNORECASE,
)
_WAIVED = re.compile(r"\b(?:waive[rd]|deferred|delayed|exception\sfrom)\b", re.IGNORECASE)
_CANNOT = re.compile(
    r"\b(?:unable|inab|incapab|incapac|not\s(?:able|willing|capable)|unwill|refus|lack|without|absence|fail|no\b|cannot|declin|impossib|not\b)",
    re.IGNORECASE,
)

#: Words that lead to a criterion worth reading, in lower case: a quick look before the patterns. In texts beyond ASCII also
#: those of other languages.
_STEMS: dict[FactName, tuple[str, ...]] = {
    "sex": ("male", "women", " men", "\nmen"),
    "healthy_volunteers": ("healthy ",),
    "pregnancy": ("pregnan",),
    "breastfeeding": ("breast", "lactating", "lactation", "nursing"),
    "consent": ("consent",),
}
_FOREIGN_STEMS: dict[FactName, tuple[str, ...]] = {
    **_STEMS,
    "pregnancy": ("pregnan", "embaraz", "enceinte", "grossesse", "schwanger", "gravid", "grávid", "zwanger", "ciąż"),
    "breastfeeding": (*_STEMS["breastfeeding"], "lactanc", "allait", "stillend"),
    "consent": (*_STEMS["consent"], "einwilligung", "einverständnis"),
}


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
    if criterion.depth or any(one.lower is not None and two.lower is not None for one, two in pairwise(limits)):
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


def _of_both_sexes(words: set[str], record: Record) -> bool:
    men, women = not words.isdisjoint(_MEN), not words.isdisjoint(_WOMEN)
    return men is women or record.sex == ("male" if men else "female")


def _others(record: Record) -> Iterator[EligibilityFact]:
    """What the criteria say beside ages, a fact at the place of its first word."""
    raw, criteria = record.eligibility_raw, record.criteria
    if not raw or not criteria:
        return
    low = raw.lower()
    if len(low) != len(raw):
        low = raw  # a letter that is two in lower case: places would not fit
    starts = [criterion.start for criterion in criteria]
    for name, stems in (_STEMS if raw.isascii() else _FOREIGN_STEMS).items():
        ordinals: dict[int, None] = {}
        for stem in stems:
            at = low.find(stem)
            while at >= 0:
                ordinal = bisect_right(starts, at)
                if ordinal and at < criteria[ordinal - 1].end:
                    ordinals[ordinal] = None
                    at = criteria[ordinal - 1].end - 1
                at = low.find(stem, at + 1)
        for ordinal in sorted(ordinals):
            criterion = criteria[ordinal - 1]
            if criterion.kind != "unspecified" and (said := _READERS[name](criterion)):
                value, for_all, start, end = said
                yield EligibilityFact(
                    fact=name,
                    origin="text",
                    value=value,
                    for_all=for_all and not criterion.depth,
                    criterion_ordinal=ordinal,
                    text=criterion.text[start:end],
                    start=criterion.start + start,
                    end=criterion.start + end,
                )


_Said = tuple[str, bool, int, int]  # value, whether of all participants, slice of the criterion


def _sex(criterion: Criterion) -> _Said | None:
    """ "Male or female", "Women aged 18 to 45 years": criteria that say nothing but who is meant."""
    if criterion.kind != "inclusion" or len(criterion.text) > 160:
        return None
    words = _WORD.findall(criterion.text.lower())
    if not _PLAIN.issuperset(words):
        return None
    men, women = not _MEN.isdisjoint(words), not _WOMEN.isdisjoint(words)
    if men or women:
        return "all" if men and women else "male" if men else "female", True, 0, len(criterion.text)
    return None


def _healthy(criterion: Criterion) -> _Said | None:
    match = _HEALTHY.search(criterion.text)
    if match is None:
        return None
    value = "accepted" if criterion.kind == "inclusion" else "not_accepted"
    return value, match.start() == 0 and not match["controls"] and not _FOR_SOME.search(criterion.text), *match.span()


def _pregnancy(criterion: Criterion) -> _Said | None:
    text = criterion.text
    if criterion.kind == "exclusion":
        match = _PREGNANT.search(text)
        if match is None or _ANOTHER_PREGNANCY.search(text, 0, match.start()) or _NOT_PREGNANT.search(text):
            return None
        return "excluded", True, *match.span()
    if match := _NOT_PREGNANT.search(text):
        return "excluded", True, *match.span()
    match = _MUST_BE_PREGNANT.match(text)
    return ("required", True, *match.span()) if match else None


def _breastfeeding(criterion: Criterion) -> _Said | None:
    pattern = _BREASTFEEDING if criterion.kind == "exclusion" else _NOT_BREASTFEEDING
    match = pattern.search(criterion.text)
    return ("excluded", True, *match.span()) if match else None


_CONSENT = re.compile(r"consent\w*|einwilligung\w*|einverständnis\w*", re.IGNORECASE)


def _consent(criterion: Criterion) -> _Said | None:
    text = criterion.text
    match = _CONSENT.search(text)
    if match is None or (criterion.kind == "exclusion" and not _CANNOT.search(text)):
        return None
    waived = _WAIVED.search(text)
    return (
        "waived" if waived else "by_representative" if _REPRESENTATIVE.search(text) else "personal",
        True,
        *match.span(),
    )


_READERS = {
    "sex": _sex,
    "healthy_volunteers": _healthy,
    "pregnancy": _pregnancy,
    "breastfeeding": _breastfeeding,
    "consent": _consent,
}


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
