"""Limits of one criterion that belong together: two bounds of one limit, a unit said once for both. Called by `measures`."""

from __future__ import annotations

import re
from itertools import pairwise

from normalize import signs, units, variables, wording
from normalize.limit import Limit
from normalize.variables import Variable

#: A limit and what it is about: variables of the vocabulary, or else the source's words.
Named = tuple[Limit, list[Variable], str]

#: What a limit before its name limits: "< age", "≤ mean sitting SBP", up to the next sign, number or clause.
NAMED_AHEAD = re.compile(rf"\s*([^\W\d_][^,;:()\[\].\n{re.escape(signs.SIGNS)}]{{0,48}})")
#: "diagnosed before the age of 3", "onset after 40 years of age": when something was, no participant's age now.
BEFORE_OR_AFTER = re.compile(r"(?:before|after|prior\sto)\b", re.IGNORECASE)
CONNECTIVES = frozenset(
    (
        "",
        "or",
        "and",
        "to",
        "et",
        "y",
        "und",
        "e",
        "ou",
        "oder",
        "but",
        "and/or",
        "and is",
        "or is",
        "or are",
        "ou de",
        "o de",
    )
)


#: "> 455 ms in men and > 465 ms in women": of whom a limit is does not part it from the next.
_OF_WHOM = re.compile(
    r"\b(?:(?:for|in)\s)?(?:the\s)?(?:adult\s)?(?:males?|females?|men|women|boys|girls)\b(?:\s(?:patients|subjects|participants))?"
)


def between(text: str, one: Limit, two: Limit) -> str | None:
    """The words between two limits that stand close together, in lower case."""
    apart = two.start - one.end
    if apart >= 40:
        return None
    words = text[one.end : two.start].lower()
    if apart >= 14 or "male" in words:
        words, said = _OF_WHOM.subn("", words)
        if not said and apart >= 14:
            return None
    return words.strip(" \t\n.,;:()&-–—/")


def share_units(text: str, found: list[Limit]) -> None:
    """ "< 18.5 or > 30 kg/m2", "≥ 18 years and ≤ 65": a limit without unit takes that of the one beside it."""
    for one, two in pairwise(found):
        if bool(one.unit) != bool(two.unit) and (one.ahead or between(text, one, two) in CONNECTIVES):
            if one.ahead and not _around_a_name(text, one, two):
                continue
            if BEFORE_OR_AFTER.match(text, two.start):
                continue
            if not one.unit and _is_of_another_unit(text, one, two.unit):
                continue  # "ECOG ≤ 2 and at least 3 weeks from surgery"
            if one.unit and not wording.counts(text[two.end : two.end + 40]):
                two.unit = one.unit
            elif two.unit:
                one.unit, one.of_age = two.unit, one.of_age or two.of_age


def _is_of_another_unit(text: str, one: Limit, unit: str) -> bool:
    """Whether what is named right before a limit cannot last as long as the limit beside it."""
    time = units.unit(unit)
    if time is None or time.dimension != "time":
        return False
    named, _ = variables.before(text[max(0, one.start - 60) : one.start], None, 2)
    return bool(named) and not variables.fits(named[0], time)


def joined(text: str, named: list[Named]) -> list[Named]:
    """ "≥ 18 and < 36 years" is one limit with two bounds."""
    out: list[Named] = []
    for limit, known, words in named:
        if out and _completes(text, out[-1], (limit, known, words)):
            last, last_known, last_words = out[-1]
            if limit.lower is not None:
                last.lower, last.lower_inclusive = limit.lower, limit.lower_inclusive
                limit.upper, limit.upper_inclusive = last.upper, last.upper_inclusive
            last.upper, last.upper_inclusive, last.end = limit.upper, limit.upper_inclusive, limit.end
            last.unit = last.unit or limit.unit
            out[-1] = (last, last_known or known, last_words or words)
        else:
            out.append((limit, known, words))
    return out


_AND = frozenset(("", "and", "to", "but", "and is", "et", "y", "und", "e"))


def _completes(text: str, one: Named, two: Named) -> bool:
    """Whether the second limit is the upper bound to the first's lower."""
    low, high = one[0], two[0]
    ahead = low.ahead and _around_a_name(text, low, high)
    if ahead and low.lower is None:
        low, high = high, low  # "80 > age > 18"
    if low.lower is None or low.upper is not None or high.upper is None or high.lower is not None:
        return False
    same_unit = not low.unit or not high.unit or low.unit.lower() == high.unit.lower()
    same_variable = one[1] == two[1] or not one[1] or not two[1]
    return (
        low.lower < high.upper
        and low.negated == high.negated
        and same_unit
        and (ahead or (same_variable and between(text, low, high) in _AND))
    )


def _around_a_name(text: str, one: Limit, two: Limit) -> bool:
    """ "18 < age < 80": whether nothing but a name stands between two limits."""
    name = NAMED_AHEAD.match(text, one.end)
    return name is not None and name.end() >= two.start
