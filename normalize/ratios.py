"""Numbers that are written as a ratio of two: dilutions ("1:80") and visual acuity ("20/40", "6/12"). Pure.

Called by `numbers`, which reads each as one number, and by `comparisons` and `measures`, for which the way it is written is its unit.
A titre is told by its dilution, 1:80 by 80; visual acuity by the fraction, 20/40 by 0.5, so that a smaller number is a worse eye.
"""

from __future__ import annotations

import re

#: What follows the first digit of one; and one as a whole.
#: Dilutions are also written with a slash, those that no scale ends with: "1/160".
MORE = (
    r"(?:(?<=1)\s?:\s?(?:[4-9]|[1-9][0-9]{1,5})(?![0-9:]|[.,][0-9])|(?<=1)/(?:16|20|32|40|64|80|128|160|256|320|512|640|1024|1280|2560|5120)(?![0-9/]|[.,][0-9])"
    r"|(?<=2)0/[1-9][0-9]{1,2}(?![0-9/])|(?<=6)/(?:[5-9]|12|15|18|19|24|30|36|38|48|60|75|90|95|120)(?![0-9/]))"
)
WHOLE = rf"[126]{MORE}"
_TWO = re.compile(r"([0-9]+)(?:\s?:\s?|/)([0-9]+)")

#: Names of the two in vocabulary/measures.yml.
TITRE = "titer"
SNELLEN = "Snellen"


def unit(number: str) -> str:
    """How a number is written: `TITRE`, `SNELLEN`, or "" for any other."""
    if ":" in number or number.startswith("1/"):
        return TITRE
    return SNELLEN if "/" in number and _TWO.fullmatch(number) else ""


def value(number: str) -> float | None:
    """The number that a ratio means; None for any other number."""
    two = _TWO.fullmatch(number) if ":" in number or "/" in number else None
    if two is None:
        return None
    return float(two[2]) if unit(number) == TITRE else round(int(two[1]) / int(two[2]), 4)
