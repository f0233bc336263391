"""Ages that do not say that they are ages: "Patients ≥ 18 years", "Children under 18", "18-64". Called by `measures`."""

from __future__ import annotations

import re

from normalize import variables, wording
from normalize.limit import Limit
from normalize.units import Unit

#: How a criterion goes on after an age.
_AGE_GOES_ON = re.compile(
    r"""\s*(?:$|[,;.)(/&\n，。；]|(?:and|or|who|with|at|undergoing|that|inclusive|male|female|males|females|men|women|patients|in(?!\s(?:duration|remission|the))
    |scheduled|presenting|on|having|as|treated|were|are|is|to|but|admitted|diagnosed|requiring|subjects|participants|regardless|both|any|when|living|without
    |able|willing|con|que|y|et|avec|qui|ayant|mit|und|oder|ou|o|lub|eller|die|com|e)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
#: After years: when a person is so old.
_AT_ENTRY = re.compile(
    r"\s?(?:at|on)\s(?:the\s)?(?:time\sof\s|moment\sof\s|date\sof\s|day\sof\s)?(?:the\s)?(?:study\s)?(?:inclusion|enrol+ment|entry|screening|consent|informed\sconsent|registration|recruitment|randomi[sz]ation|baseline)\b",
    re.IGNORECASE,
)
_OR_OLDER = re.compile(r"\s?(?:and|or)\s(?:older|younger)\b", re.IGNORECASE)
#: What a criterion begins with that goes on as an age: "Are ≥ 6 years".
_ARE = (["are"], ["is"], ["be"], ["must", "be"])

#: The last word before an age that needs no other name.
_JOINS: tuple[list[str], ...] = ([], ["and"], ["or"], ["is"], ["are"], ["be"])


def is_one(clause: str, limit: Limit, rest: str, unit: Unit | None) -> bool:
    """ "Patients ≥ 18 years", "Over 16 years", "Children under 18": an age that does not say that it is one."""
    in_years = unit is not None and unit.ucum == "a"
    if in_years and _OR_OLDER.match(rest):
        return True
    if unit is None:
        if limit.bare or not limit.within(10, 110):
            return False
    elif unit.ucum not in ("a", "mo", "d", "h"):
        return False
    words = variables.words(clause[: max(0, len(clause) - (limit.number - limit.start))])
    if in_years and words[-1:] in _JOINS and limit.latest() >= 12 and _AT_ENTRY.match(rest):
        return True
    is_all, are = words in _ARE, False
    while words and words[-1] in wording.WORDS["little"]:
        are |= words.pop() in ("are", "is", "be")
    young = words and words[-1] in wording.WORDS["young"]
    if unit is not None and unit.ucum != "a" and not young:
        return False
    if unit is not None and limit.latest() < 12 and not (is_all or young):  # "≥ 6 years" can be how long something is
        return False
    return (are or words[-1] in wording.WORDS["people"] if words else unit is not None) and _AGE_GOES_ON.match(
        rest
    ) is not None


def is_all(text: str, limit: Limit) -> bool:
    """ "Above 18", "18-64": whether a criterion is nothing but a number that can be an age."""
    return (
        limit.within(14, 100)
        and all(value == int(value) for value in (limit.lower, limit.upper) if value is not None)
        and text.strip(" .,;:-") == text[limit.start : limit.end].strip()
    )
