"""What follows a number as its unit, or stands in brackets before it, and whether it says that the number is an age. Called by `comparisons`.

`units` knows the spellings; a number that is written as a ratio or in weeks and days has its unit in itself.
"""

from __future__ import annotations

import re
import string

from normalize import numbers, ratios, units
from normalize.limit import Limit

_UNIT = re.compile(
    rf"\s{{0,2}}-?(?:(?:st|nd|rd|th)\s)?(?:(?:gestational|consecutive|continuous|completed|calendar|full)\s)?({units.PATTERN})"
)
_BEFORE_UNITS = frozenset(
    ("st", "nd", "rd", "th", "gestational", "consecutive", "continuous", "completed", "calendar", "full")
)
_OLD = re.compile(
    r"(?:\.?\s?o\b\.?|[\s,-]*(?:of\sage|in\sage|aged?\b|old\b|of\slife\b|/\s?o\b|de\sedad|d['’]âge|alt\b|de\sidade|di\setà))",
    re.IGNORECASE,
)
_BEFORE_OLD = frozenset("-,./oO")
#: What follows a blank in what it matches.
_AFTER_BLANK = frozenset("oOiIaAdD/,-") | frozenset(string.whitespace)
#: How what it matches begins: the word or sign that follows next.
OLD_BEGINNINGS = frozenset(("o", "of", "in", "age", "aged", "old", "de", "d", "alt", "di", "/", ".", ",", "-"))
#: How a unit that is no word begins.
_SIGNS = frozenset("×*✕∙·•/÷(-") | units.BEGINNINGS_OF_SIGNS
#: After a Spanish "y", which is "and".
_NOT_YEARS = ("menor", "mayor", "hasta", "inferior", "superior")
#: The unit of a number of weeks and days that names them itself.
WEEKS = "weeks"


#: "Age (months): 6-24", "age in years 18 to 40": the unit stands before the number; not "culture(s)".
_UNIT_BEFORE = re.compile(
    rf"(?:[\w%](?: |(?!\(s\)))\((?:in )?(?P<in_brackets>{units.PATTERN})\)|\bage in (?P<of_age>years|months|weeks|days))(?:\s?[:=]|\s(?:of|is|was|values?))?\s*$",
    re.IGNORECASE,
)


class UnitAfter:
    """What follows a number as its unit, "" for none; whether it says that it is an age ("years old")."""

    def __init__(self, text: str, end: int, of_age: bool) -> None:
        self.text = text
        self.end = end
        self.of_age = of_age


def unit_at(text: str, at: int) -> UnitAfter:
    """The unit that stands at a place, where one does."""
    return unit_of(text, at, numbers.tail(text, at))


def unit_of(text: str, at: int, tail: re.Match[str]) -> UnitAfter:
    """The unit that stands at a place, where one does, and whether an age is said after it; `tail` is what stands there."""
    word, more, then = tail.group(2, 3, 4)
    name, end = "", at
    number = tail[1]
    if number and not number.isdigit():
        if number[0].isdigit() and number[-1].isalpha():
            return UnitAfter(WEEKS, at, False)  # "6 weeks + 3 days"
        if written := ratios.unit(number):
            return UnitAfter(written, at, False)
    if word is None:
        is_unit = then is None or then in _SIGNS
        follows = then
    elif more is None and word in units.ALONE:
        is_unit = False
        name, end = word, tail.end(2)
        if word == "y" and then and then.startswith(_NOT_YEARS):
            return UnitAfter("", at, False)  # "mayores de 18 y menores de 65 años"
        if word in ("yo", "YO"):
            return UnitAfter(word[0], end, True)  # years, old
        follows = then
    else:
        is_unit = word in units.BEGINNINGS or word in _BEFORE_UNITS or word[0] in "xX" or "LN" in word
        follows = word
    if is_unit and (unit := _UNIT.match(text, at)):
        name, end = (unit["limit"] or unit[1]).strip(), unit.end(1)
    elif follows is None or follows.lower() not in OLD_BEGINNINGS:
        return UnitAfter(name, end, False)
    before_old = text[end : end + 1]
    old = None
    if before_old in _BEFORE_OLD or (before_old.isspace() and text[end + 1 : end + 2] in _AFTER_BLANK):
        old = _OLD.match(text, end)
    if old and (name or old.group()[0] in " -,\n"):
        return UnitAfter(name, old.end(), True)
    return UnitAfter(name, end, False)


def unit_before(text: str, begin: int, at: int) -> str:
    """The unit that is told before a limit, with the name of what is limited: "Age (months): 6-24"; "" where none is."""
    near = at - 28 if at - 28 > begin else begin
    if text.rfind(")", max(near, at - 8), at) < 0 and text.rfind("ge in ", near, at) < 0:
        return ""
    said = _UNIT_BEFORE.search(text, near, at)
    if said is None:
        return ""
    name = said["in_brackets"] or said["of_age"]
    unit = units.unit(name)
    return "" if unit is None or unit.dimension in ("score", "letters", "one", "packs/time", "uln", "lln") else name


def take_unit(limit: Limit, unit: UnitAfter) -> None:
    limit.unit = unit.text or limit.unit
    limit.end = unit.end
    limit.of_age = limit.of_age or unit.of_age
