"""Words before a comparison that deny what it bounds: "no history of more than 2", "must not have ALT > 90". Called by `comparisons`."""

from __future__ import annotations

import re

from normalize.limit import Limit

#: Before a comparison: what it bounds is denied.
_DENIED = re.compile(
    r"\b(?:no\s(?:[\w-]+\s)?(?:history|evidence|record|presence)\s(?:of|with)|(?:not|never)\s(?:had|have|received|undergone|smoked|taken|used)|without(?:\shistory\sof)?)"
    r"\s(?:an?\s)?$"
)
#: The same right before a comparison, for all but times ("without seizures ≥ 6 months" is how long): "no lesion > 3 cm", "must not have ALT > 90".
_NOTHING = re.compile(
    r"(?:\b(?:no|none|without|absence\sof|free\s(?:of|from))|\b(?:must|should|shall|may|can|do|does)\s?n[o']t\shave)"
    r"(?:\s(?!(?:and|or|with|if|unless|but|for|within|since|in|at|during|on|after|before|to|than|more|less|that|who|whose|is|are|was|has|have|limits?|restrictions?"
    r"|contraindications?|need|requirement|change|caso|momento|in[ií]cio|dia|per[ií]odo|m[eê]s|ano|m[ií]nimo|m[aá]ximo)\b)[\w/-]+){0,5}\s?(?:of\s)?$"
)
#: How a comparison begins that is one by denying another.
_DENIES = re.compile(r"not?\s(?!at\sleast)", re.IGNORECASE)
_CONTRARY = {"ge": "lt", "gt": "le", "le": "gt", "lt": "ge"}
#: Between two comparisons of one thing that one word denies.
_ALSO_DENIED = re.compile(r"\s*,?\s*(?:or|nor|and)\s(?:be\s)?", re.IGNORECASE)
_DENIED_ENDS = (
    " of ",
    " with ",
    " had ",
    " have ",
    " received ",
    " undergone ",
    " smoked ",
    " taken ",
    " used ",
    "without ",
    " a ",
    " an ",
)


def carry_over(text: str, last: Limit, limit: Limit) -> None:
    """ "not younger than 18 or older than 65", "not < 45 or > 90": what denies the first comparison denies the second."""
    if limit.start - last.end > 12 or limit.negated or _ALSO_DENIED.fullmatch(text, last.end, limit.start) is None:
        return
    first_side, side = last.side(), limit.side()
    if not first_side or not side:
        return
    first, second = last.lower or last.upper or 0.0, limit.lower or limit.upper or 0.0
    if last.negated:  # what lies between is left
        limit.negated = first_side[0] != side[0] and (first < second if side[0] == "g" else first > second)
        return
    then = first_side[0] == side[0] and (first < second if side[0] == "g" else first > second)
    if then and _DENIES.match(text, last.start):
        limit.lower = limit.upper = limit.lower_inclusive = limit.upper_inclusive = None
        limit.bound(_CONTRARY[side], second)


def before(text: str, begin: int, at: int) -> str:
    """What stands before a comparison, in lower case, if it may deny something: a quick look; "" for all else."""
    left = text[at - 60 if at - 60 > begin else begin : at].lower()
    denies = "no" in left or "without" in left or "never" in left or "free" in left or "absence" in left
    return left if denies else ""


def is_denied(left: str) -> bool:
    """ "No history of more than 2 miscarriages", "have not had ≥ 3 courses": whether what is compared is denied."""
    if left.endswith(" not ") and not left.endswith(" or not "):
        return True
    return left.endswith(_DENIED_ENDS) and _DENIED.search(left[-40:]) is not None


def denies_all(left: str) -> bool:
    """Whether what stands before denies right there: "no lesion > 3 cm"; of a time it says how long instead."""
    return _NOTHING.search(left) is not None
