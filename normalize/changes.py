"""Limits on how something changes, or on a part of it, which are none on the thing itself. Called by `measures`."""

from __future__ import annotations

import re
from itertools import pairwise

from normalize import variables, wording
from normalize.limit import Limit
from normalize.units import Unit

#: After a limit: from where it is counted.
_FROM_BASELINE = re.compile(
    r"\s?(?:(?:above|over|below|from|higher\sthan|lower\sthan)\s(?:the\s|their\s)?(?:[\w-]+\s)?|(?:[x×]|times|-?fold)\s(?:the\s|their\s)?)(?:baseline|nadir|pre-?treatment)\b",
    re.IGNORECASE,
)


def is_of_change(clause: str, rest: str, limit: Limit, unit: Unit | None, away: int) -> bool:
    """Whether it is limited how what is named changes: "FEV1 reversibility ≥ 12 %", "SCr increases by > 0.3 mg/dL", "decrease in Hb ≥ 2 g/dL",
    "PSA ≥ 2 ng/mL above nadir".

    A multiple of the laboratory's limit is no change. `rest` is what follows the limit; `away`: how many words of the clause follow the name.
    """
    if unit is not None and unit.dimension in ("uln", "lln"):
        return False
    if ("baseline" in rest or "nadir" in rest or "treatment" in rest) and _FROM_BASELINE.match(rest):
        return True
    if not _may_say_change(clause):
        return False
    if clause[len(clause) - (limit.number - limit.start) :].startswith(("below", "above", "under")):
        return False  # "whose FEV1 falls below 70 %"
    words = variables.words(clause)
    before = variables.words(clause[: max(0, len(clause) - (limit.number - limit.start))])
    if before[-1:] == ["to"]:
        return False  # "increase to > 2 mg/dL"
    after_name, near = before[len(words) - away :], before[-5:]
    changes = wording.WORDS["changes"]
    return (
        after_name[-1:] == ["by"]
        or not changes.isdisjoint(after_name)
        or any(word in changes and then in ("in", "of") for word, then in pairwise(near))
    )


def _may_say_change(clause: str) -> bool:
    """A quick look for words of change."""
    return (
        "crease" in clause
        or "hang" in clause
        or "educ" in clause
        or "eclin" in clause
        or "ari" in clause
        or "evers" in clause
        or " by" in clause
        or "drop" in clause
        or "Drop" in clause
        or "fall" in clause
        or "Fall" in clause
        or "rise" in clause
        or "Rise" in clause
    )


def is_of_part(clause: str, away: int) -> bool:
    """Whether it is a part of a scale that is limited, which has a range of its own: "MADRS item 10 > 2", "UPDRS part III ≥ 20"; not "HDRS (17 items) ≥ 18"."""
    if away == 0:
        return False
    words = variables.words(clause)
    return any(
        word in wording.WORDS["parts"] and not (word.startswith("item") and before.isdigit())
        for before, word in pairwise(words[-away - 1 :])
    )
