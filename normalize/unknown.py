"""Limits on what the vocabulary does not know: the source's own words for it, or, of a bare time, how long it is. Called by `measures`."""

from __future__ import annotations

import re

from normalize import lasting, limit_pairs, variables, wording
from normalize.limit import Limit
from normalize.limit_pairs import Named
from normalize.units import Unit
from normalize.variables import Variable

_DURATION = variables.NAMES["duration"][0]
_INTERVAL = variables.NAMES["interval"][0]
#: Dimensions of units that a range has in a criterion but hardly in a dose or a duration.
_MEASURED = frozenset(
    ("angle", "length", "pressure", "temperature", "%", "refraction", "mass/area", "score", "percentile", "uln")
)
_BARE_TIME = re.compile(r"[0-9]+ (?:hours?|days?|weeks?|months?|years?)")
_SCORE_BEFORE = re.compile(
    r"\b(?:scores?|grades?|scale|index|ratio|rate|levels?|count)(?:\s(?:of|from|is|was|range|ranging|between|must be))*\s*[:(]?\s*$",
    re.IGNORECASE,
)
_ACRONYM_BEFORE = re.compile(
    r"\b(?!COVID|DSM|ICD|CTCAE|RECIST|NCI|NCT|WHO|HIV|HCV|HBV|HPV|BRCA|PART|PHASE|ICH|GCP|TNM|AJCC|UICC|NIH|FDA|IRB)[A-Z][A-Z0-9-]{2,}\s*(?:scores?|class|grades?)?\s*[:(]?\s*$"
)


def _also(last: Named, unit: Unit | None) -> tuple[list[Variable], str]:
    """ "FEV1 ≥ 10 % and ≥ 180 mL": what the limit before is about, where it can have this unit too."""
    known = [variable for variable in last[1] if variables.fits(variable, unit)]
    return known, "" if known else last[2]


def described(
    text: str, limit: Limit, left: str, rest: str, unit: Unit | None, counted: bool, before: list[Named]
) -> tuple[list[Variable], str]:
    """What a limit is about that the vocabulary does not know; of a bare time, how long it is or how far from something."""
    timed = unit is not None and unit.dimension == "time"
    follows = rest.lstrip(" ")
    if limit.ahead and (name := limit_pairs.NAMED_AHEAD.match(rest)):
        return [], name[1].strip()
    said = wording.after(follows) if counted else ""
    if said:
        return [], said
    if timed and lasting.TIME_AFTER.match(follows):
        return [_INTERVAL], ""
    last_word = left.rstrip(" (").rpartition(" ")[2].lower()
    if timed and not follows.startswith("of ") and (not last_word or last_word in wording.WORDS["no_name"]):
        return [_DURATION], ""
    if timed and left.endswith("(") and last_word in wording.WORDS["how_long"]:
        return [_DURATION], ""  # "long-term (> 6 months)"
    words = wording.before(left) or ("" if counted else wording.after(follows))
    if timed and follows.startswith("of ") and last_word in wording.WORDS["no_name"]:
        words = wording.after(follows) or words  # "after completing no more than 5 weeks of rowing"
    if (
        not words
        and before
        and not counted
        and limit_pairs.between(text, before[-1][0], limit) in limit_pairs.CONNECTIVES
    ):
        return _also(before[-1], unit)
    if _BARE_TIME.fullmatch(words):
        return [], ""  # "12 months (6 months if over 35)"
    far = (
        variables.after(follows, unit, 6) if not words or words.lower().endswith(("score", "scores", "scale")) else None
    )
    if far is not None:
        return [far.variable], ""  # "a total score of > 20 on the MMSE"
    return ([_DURATION], "") if timed and not words else ([], words)


def is_range_of_something(clause: str, unit: Unit | None) -> bool:
    """Whether a range without comparison limits something that the vocabulary does not know."""
    if unit is not None:
        return unit.dimension in _MEASURED or unit.dimension.endswith("/volume")
    near = clause[-40:]
    return bool(_SCORE_BEFORE.search(near) or _ACRONYM_BEFORE.search(near))
