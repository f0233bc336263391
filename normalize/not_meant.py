"""Names of the vocabulary that stand before a limit and are not what it is on: a part of a ratio, what is measured at the same hour of another test. Called by `measures`."""

from __future__ import annotations

import re

from normalize import variables, wording
from normalize.limit import Limit
from normalize.units import Unit
from normalize.variables import Variable

#: Words farther off name nothing that a bare number is on: "HR+ tumours who had endocrine-based therapy and received at least 2".
_FAR = 8
#: Two names at the end of a clause, one over the other.
_PAIR = re.compile(r"([^\W\d_][\w-]*)\s?/\s?([^\W\d_][\w-]*)\s*\(?$")
#: Of which a criterion speaks where "2 h ≥ 153 mg/dL" is one on it, and not on lactate.
_OF_GLUCOSE = re.compile(r"gl[uy][ck]|gtt\b|sugar|zucker|fasting|prandial|diabet|\bgdm\b", re.IGNORECASE)
_AFTER_GLUCOSE = variables.NAMES["2 h"][0]
#: "Fatty liver of pregnancy (≥ 6 of the criteria)" counts no pregnancies.
_IN_PREGNANCY = re.compile(
    r"(?<!number\s)\b(?:of|in|during|after|before)\s(?:an?\s|the\s)?pregnancy[\s:,(]*(?:[\w-]+\s){0,3}$", re.IGNORECASE
)
_PREGNANCIES = variables.NAMES["pregnancy"][0]
_LOSSES = variables.NAMES["pregnancy losses"][0]
#: Before a number of pregnancies, and after it: they are lost.
_LOST = re.compile(r"\b(?:loss(?:es)?\sof|lost)\s$", re.IGNORECASE)
_ENDED = re.compile(
    r"\s(?:(?:that|which)\s)?(?:(?:were\s)?lost|end(?:ed|ing)\s(?:in|with)\s(?:an?\s)?(?:early\s|spontaneous\s)?(?:miscarriage|loss|abortion))",
    re.IGNORECASE,
)


def is_so(text: str, limit: Limit, clause: str, unit: Unit | None, found: list[Variable], away: int) -> bool:
    """Whether a limit of `text` is not on what its `clause` names last, `away` words before the end."""
    first = found[0]
    if unit is None and first.unit.dimension != "score":
        if limit.bare and first.unit.dimension != "time" and text[limit.number].isalpha() and not limit.roman:
            return True  # "fever and two or three signs"
        if away > _FAR:
            return True
        if first.unit.dimension != "ratio" and _is_ratio(clause[: len(clause) - (limit.number - limit.start)], found):
            return True
    if first is _AFTER_GLUCOSE:
        return _OF_GLUCOSE.search(text) is None
    if first is _PREGNANCIES:
        return _IN_PREGNANCY.search(text, max(0, limit.start - 40), limit.start) is not None
    return False


def lost(text: str, limit: Limit, variable: Variable, after: str) -> Variable:
    """What a number of `variable` counts: "loss of two or more pregnancies" counts losses. `after` is what follows the name."""
    if variable is _PREGNANCIES and (_LOST.search(text, max(0, limit.start - 12), limit.start) or _ENDED.match(after)):
        return _LOSSES
    return variable


def _is_ratio(clause: str, found: list[Variable]) -> bool:
    """ "LH/FSH > 2", "neutrophil-to-lymphocyte ratio > 3": whether what is limited is a ratio that has no name of its own, and not `found`."""
    if found[0].name in variables.RATIOS:
        return False
    if not wording.WORDS["ratios"].isdisjoint(variables.words(clause)[-8:]):
        return True
    pair = _PAIR.search(clause, max(0, len(clause) - 60)) if len(found) == 1 else None
    if pair is None:
        return False
    above, below = (variables.before(name, None, 1)[0] for name in pair.groups())
    return bool(above) and (not below or above[0] is not below[0])
