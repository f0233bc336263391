"""Values room: age limits in years, from every register's way of writing them.

Called by the normalizers for minimum and maximum age and by the ICTRP ones above all, where nineteen registers meet.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from normalize.text import fold


class Age(NamedTuple):
    """`years` is None for "no limit" and for nothing said; `understood` is False when the text could not be read."""

    years: float | None
    understood: bool


#: How many of a unit make a year. The first letters decide: "Year(s)", "years-old", "age old", "Y", "Yrs".
_PER_YEAR = {
    "year": 1.0,
    "month": 12.0,
    "week": 365.25 / 7,
    "day": 365.25,
    "hour": 365.25 * 24,
    "minute": 365.25 * 24 * 60,
}
_UNITS = {
    **dict.fromkeys(("", "y", "yr", "yrs", "yo", "year", "years", "age", "ages", "aged", "a"), "year"),
    **dict.fromkeys(("m", "mo", "mos", "mth", "mths", "mon", "month", "months"), "month"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "week"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
}
#: Folded texts that say that there is no limit, or nothing.
_NO_LIMIT = frozenset(
    (
        "", "n a", "na", "nd", "no limit", "no limits", "none", "nil", "not applicable", "no minimum age", "no maximum age",
        "no upper limit", "no lower limit", "no age limit", "not available", "not specified", "not stated", "unlimited", "year",
        "years", "year s", "limitless", "without limit", "no restriction", "no", "null",
    )
)  # fmt: skip
# The sentinel of ANZCTR's export for an empty number: "-2147483648 No limit"
_SENTINEL = re.compile(r"-\s*2147483648|-\s*1\b")
_NUMBER_AND_UNIT = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)?)\s*[(\[-]?\s*([A-Za-z]*)")


def parse_age(text: str | None) -> Age:
    """An age limit in years, as a REAL: `18 Years` -> 18.0, `6 Months` -> 0.5, `28 Days` -> 28 / 365.25; a bare number is years."""
    if text is None:
        return Age(None, True)
    folded = fold(text)
    if folded in _NO_LIMIT or folded.endswith("no limit") or _SENTINEL.match(text.strip()):
        return Age(None, True)
    match = _NUMBER_AND_UNIT.search(text)
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        return Age(None, False)
    return Age(float(match[1].replace(",", ".")) / _PER_YEAR[unit], True)
