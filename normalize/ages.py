"""Values room: age limits in years, from every register's way of writing them.

Called by the normalizers for minimum and maximum age; ICTRP's needs most of it, where the spellings of nineteen registers meet.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from normalize.text import fold


class Age(NamedTuple):
    """`years` is None for "no limit" and for nothing said; `understood` is False when the text could not be read, or not whole."""

    years: float | None
    understood: bool


_NONE = Age(None, True)
_NOT_UNDERSTOOD = Age(None, False)

#: How many of a unit make a year.
_PER_YEAR = {
    "year": 1.0,
    "month": 12.0,
    "week": 365.25 / 7,
    "day": 365.25,
    "hour": 365.25 * 24,
    "minute": 365.25 * 24 * 60,
}
#: The words and letters behind a number. "age" is jRCT's ("20age old"); a bare number is years.
_UNITS = {
    **dict.fromkeys(
        (
            "",
            "y",
            "yr",
            "yrs",
            "yo",
            "year",
            "years",
            "age",
            "aged",
            "ano",
            "anos",
            "ans",
            "anni",
            "jahr",
            "jahre",
            "jaar",
        ),
        "year",
    ),
    **dict.fromkeys(
        (
            "mo",
            "mos",
            "mth",
            "mths",
            "month",
            "months",
            "mes",
            "meses",
            "mois",
            "mesi",
            "monat",
            "monate",
            "maand",
            "maanden",
        ),
        "month",
    ),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks", "woche", "wochen", "weken", "semanas"), "week"),
    **dict.fromkeys(("d", "day", "days", "dia", "dias", "tag", "tage", "jour", "jours"), "day"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
    "m": "month",  # ReBec: "6M" beside "18Y" and "30D"
}
#: Words that may stand round a number and unit and change nothing, folded.
_WORDS_BESIDE = """
    s year years old age ages aged of and or over above older more up to under below younger less than at least most minimum maximum min max from
    inclusive completed adult adults child children senior
"""
_BESIDE = frozenset(_WORDS_BESIDE.split())
#: Folded texts that say that there is no limit, or nothing at all. "Years" alone is ANZCTR's for an empty number.
_NO_LIMIT = frozenset(
    (
        "n a", "na", "nd", "n d", "none", "nil", "no", "null", "no limit", "no limits", "no age limit", "no minimum age", "no maximum age",
        "no upper limit", "no lower limit", "no minimum", "no maximum", "no restriction", "without limit", "unlimited", "limitless",
        "not applicable", "not available", "not specified", "not stated", "not defined", "year", "years", "year s", "months", "weeks",
        "days", "any", "any age", "all", "all ages", "no restrictions", "no age restriction", "no age restrictions", "no age limits", "no min", "no max",
        "infinite", "infinity",
    )
)  # fmt: skip
_NUMBER = re.compile(r"(?<![0-9.,])([0-9]{1,6}(?:[.,][0-9]{1,4})?)(?![0-9])\s*[(\[-]?\s*([^\W\d_]*)")
_UNIT_BEHIND = re.compile(r" (?:year|month|week|day)s?(?: s)?$")
#: Nobody is older; 999 and 2147483647 are places kept for a limit.
_OLDEST = 150.0
#: Characters; a longer text is prose.
_LONGEST = 200


def parse_age(text: str | None) -> Age:
    """An age limit in years: `18 Years` -> 18.0, `6 Month(s)` -> 0.5, `28 Days` -> 28 / 365.25, `75Y` -> 75.0, `>= 20age old` -> 20.0.

    A bare number is years; `1 year 6 months` is added up. A sign before the number is not looked at, for the field says which limit it
    is. "N/A", "No limit", "-2147483648 No limit" (ANZCTR) and "-" are `Age(None, True)`; two numbers that are no sum, an unknown
    unit and ages beyond 150 years are `Age(None, False)`. `2??` (ChiCTR2000033347, the unit lost on the way) is `Age(2.0, False)`.
    """
    value = (text or "").strip()
    if len(value) > _LONGEST:
        return _NOT_UNDERSTOOD
    folded = fold(value)
    said = _UNIT_BEHIND.sub("", folded)  # CRiS: "No Limit(Year)"
    if folded in _NO_LIMIT or said in _NO_LIMIT or said.endswith("no limit") or (not folded and "?" not in value):
        return _NONE
    ages: list[tuple[float, str]] = []
    for number, word in _NUMBER.findall(value):
        unit = _unit(fold(word))
        if unit is None:
            return _NOT_UNDERSTOOD
        ages.append((float(number.replace(",", ".")), unit))
    rest = fold(_NUMBER.sub(" ", value)).split()
    if not ages or value.startswith("-") or not _BESIDE.issuperset(rest) or not _is_one_age(ages):
        return _NOT_UNDERSTOOD
    years = sum(number / _PER_YEAR[unit] for number, unit in ages)
    return Age(years, "?" not in value) if years <= _OLDEST else _NOT_UNDERSTOOD


def _unit(word: str) -> str | None:
    return _UNITS.get(word) or ("year" if word in _BESIDE else None)


def _is_one_age(ages: list[tuple[float, str]]) -> bool:
    """One number, or several of smaller and smaller units: 1 year 6 months."""
    order = list(_PER_YEAR)
    places = [order.index(unit) for _, unit in ages]
    return all(before < after for before, after in pairwise(places))


#: "Adults (18-64 years)", "Infants and toddlers (28 days-23 months)", "Elderly (>=65 years)", "65+ years".
_BAND = re.compile(r"\d(?: [a-z]+)?-\d+ ?(?:years|months|days)\b|\(>= ?\d+ years\)|\d\+ years\b", re.IGNORECASE)


def is_band(raw: str | None) -> bool:
    """Whether a registry ticked age bands, as EUCTR and CTIS have them, where others write the limit of the protocol."""
    return raw is not None and _BAND.search(raw) is not None


def in_words(years: float) -> str:
    """`40.0` -> `40 years`, `1.5` -> `18 months`, `0.0192` -> `7 days`."""
    for unit, in_a_year in (("year", 1.0), ("month", 12.0), ("day", 365.25)):
        number = round(years * in_a_year, 1)
        if number == int(number) and (number >= 1 or unit == "day"):
            return f"{int(number)} {unit}{'' if number == 1 else 's'}"
    return f"{years:.3g} years"
