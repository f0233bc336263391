"""Limits that are told as better or worse: which way they point depends on what is measured. Called by `measures`.

"ECOG 2 or better" is 0 to 2, "Karnofsky 70 or better" is 70 to 100, "mean deviation worse than -12 dB" is below it. Where nobody can
tell, there is no limit.
"""

from __future__ import annotations

from normalize import ratios, units
from normalize.limit import Limit
from normalize.variables import Variable

_MORE_IS_BETTER = frozenset(units.VOCABULARY["more_is_better"].split())
_LESS_IS_BETTER = frozenset(units.VOCABULARY["less_is_better"].split())
#: Units of visual acuity of which more is better.
_OF_SIGHT = (ratios.SNELLEN, "letters", "ETDRS letters")


def settle(text: str, limit: Limit, known: list[Variable]) -> bool:
    """Let a limit that says better or worse point the right way; False where that cannot be told.

    `comparisons` reads both words as "more". Grades in Roman numerals are of scales of which less is better, and read so.
    """
    said = text[limit.start : limit.end].lower()
    better = "better" in said
    if limit.roman or not (better or "worse" in said):
        return True
    more_is_better = _more_is_better(limit, known[0].name if known else "")
    if more_is_better is None:
        return False
    if more_is_better is not better:
        limit.turn()
    return True


def _more_is_better(limit: Limit, name: str) -> bool | None:
    if name in _LESS_IS_BETTER:
        return False
    value = limit.lower if limit.lower is not None else limit.upper
    if name in _MORE_IS_BETTER or limit.unit in _OF_SIGHT or (value is not None and value < 0):
        return True
    return None
