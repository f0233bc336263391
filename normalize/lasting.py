"""Whether a limit in years, months or hours is on the age or the duration named before it, or on something else that lasts. Called by `measures`.

"Age ≥ 18 years with asthma for ≥ 12 months" limits an age once; "age at the time of enrolment ≥ 18 years" does.
"""

from __future__ import annotations

import re
from itertools import pairwise

from normalize import units, variables, wording
from normalize.limit import Limit
from normalize.variables import AGE, Variable

TIME_AFTER = re.compile(
    r"\s*(?:prior|before|ago\b|since|after|from\b|post|earlier|preceding|previously|apart|in\sadvance|following"
    r"|(?:(?:must|should|shall)\s)?(?:has|have)\s(?:elapsed|passed|gone\sby))",
    re.IGNORECASE,
)
_YEARS = frozenset(spelling for spelling, unit in units.ATOMS.items() if unit.ucum == "a")
#: Before "age": the age of a part of life, which months after it do not limit.
_OF_LIFE = frozenset(("childbearing", "bearing", "reproductive", "fertile", "school", "any", "working", "legal"))
#: Words between "age" and its limit that leave it one.
_LEAVE_AGE = (
    wording.WORDS["no_name"]
    | wording.WORDS["little"]
    | wording.WORDS["people"]
    | wording.WORDS["qualifiers"]
    | wording.WORDS["beside_age"]
)
_JOINS = frozenset(("and", "or", "with", "who", "having"))


def is_of(variable: Variable, clause: str, rest: str, limit: Limit, away: int) -> bool:
    """Whether the limit that `clause` ends with is on the variable named `away` words before the end; `rest` is what follows it.

    The variable is one of time.
    """
    words = variables.words(clause)
    name_ends = len(words) - away
    compared = len(variables.words(clause[max(0, len(clause) - (limit.number - limit.start)) :]))
    between = words[name_ends : len(words) - compared]
    if variable is not AGE:
        return not _another_begins(between)
    if limit.unit and limit.unit not in _YEARS:
        if name_ends > 1 and words[name_ends - 2] in _OF_LIFE:
            return False
        if len(between) > 1 and TIME_AFTER.match(rest):
            return False
    return all(
        word in _LEAVE_AGE or word.isdigit() or before == "at" for before, word in pairwise(["", *between])
    )  # "age at transplant > 10 years"


def _another_begins(between: list[str]) -> bool:
    """Whether words after a name go on with something else: "life expectancy of 3 months and stable dose for"."""
    for at, word in enumerate(between):
        if word in _JOINS and any(later not in _LEAVE_AGE and not later.isdigit() for later in between[at + 1 :]):
            return any(earlier.isdigit() for earlier in between[:at])
    return False
