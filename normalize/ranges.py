"""Ranges of two numbers and lists of neighbouring ones: "18-65 years", "between 6 and 12", "18 to < 40", "ECOG 0 or 1". Called by `comparisons`."""

from __future__ import annotations

import re

from normalize import gestation, numbers, ratios, signs, units
from normalize.limit import Limit
from normalize.unit_after import WEEKS, UnitAfter, take_unit, unit_at

#: How the second number follows the first, or its unit.
SECOND = re.compile(
    r"\s*(?:(?P<sign>[-–—−~～‐‑]{1,2}|\b(?:to|through|thru|until|up\sto)\b)|(?P<and>\b(?:and|y|et|und|e|a|à|bis|i|και|és|do|en|og|och|ja|ve|до)\b|&))\s*"
    rf"(?:(?P<minus>[-−–](?=\d))|(?P<below>(?:[<＜≤≦⩽﹤]\s?[=＝]?|(?:less|younger|lower)\sthan\b|under\b|below\b)\s?))?(?P<to>{gestation.WITH_DAYS}|{ratios.WHOLE}|{numbers.DIGITS}|(?:{'|'.join(numbers.SPELLED)})(?![\w-]))",
    re.IGNORECASE,
)
#: How they begin.
_BEGINNINGS = "- – — − ~ ～ ‐ ‑ ( & to through thru until up and y et und e a à bis i και és do en og och ja ve до"
BEGINNINGS = frozenset(_BEGINNINGS.split())
#: Words of a range that say that it is one; the others ("18-65", "from 2 to 4") can be something else.
_RANGE_WORDS = ("betw", "in b", "entr", "zwis", "rang", "pomi", "międ", "μετα")
#: Units of ranges that are written with the better eye first.
_FALLING = (ratios.SNELLEN, "letters", "ETDRS letters")
_ONES = [name for name, value in numbers.SPELLED.items() if float(value) < 10]
_LIST = re.compile(
    rf"\s*(?:,\s*(?:or|and)?|/|\bor\b|\band\b)\s*(\d|{'|'.join(_ONES)})(?![\w.,/-]\d)(?!\w)", re.IGNORECASE
)
#: A second number after one that is compared.
DASHED = re.compile(rf"\s?[-–—]\s?({numbers.DIGITS})(?![\d/:]|[-–]\d)")
DASHES = frozenset("-–—")
#: The diastolic pressures after the systolic ones: "130-139/80-89".
_DIASTOLIC = re.compile(r"\s?/\s?([4-9][0-9]|1[0-4][0-9])\s?[-–—]\s?([4-9][0-9]|1[0-4][0-9])(?![0-9/])")
_SCALE_BEFORE = re.compile(
    r"\b(?:scale(?:\s(?:of|from))?|on an?|range|ranging|ranges)[\s:(]*(?:of|from)?[\s:(]*$", re.IGNORECASE
)
_SCALE_AFTER = re.compile(r"[\s-]*(?:points?\b|vas\b|nrs\b|scale|numeric|visual|likert|rating)", re.IGNORECASE)
#: Between a limit and the range of its instrument: without a bracket, and with one.
_INSTRUMENT = (
    re.compile(r"(?:\s[\w'’/-]+){0,6}\s(?:scale|questionnaire|index|score|instrument)[\s,]*", re.IGNORECASE),
    re.compile(r"(?:\spoints?)?\s(?:on|in|by|of|using)(?:\s[\w'’/-]+){1,6}\s\(", re.IGNORECASE),
)
#: How a limit begins after the range of its scale.
_COMPARING = (
    *signs.SIGNS,
    "of at least",
    "at least",
    "of more",
    "more than",
    "of less",
    "less than",
    "greater",
    "above",
    "below",
    "over",
)


def between(text: str, begin: int, limit: Limit, value: float, unit: UnitAfter, to: re.Match[str]) -> Limit | None:
    """ "18-65 years", "8yr-18yrs", "from 30 to 75 years old", "(16-24) weeks"."""
    opening = text[limit.start : limit.number]
    upper = -numbers.value(to["to"]) if to["minus"] else numbers.value(to["to"])
    negative = (opening or to["minus"]) and signs.is_negative(text, begin, limit.number)
    value = -value if negative else value
    end = to.end()
    diastolic = _DIASTOLIC.match(text, end) if 70 <= value < upper <= 250 else None
    if diastolic:
        limit.second, limit.second_upper = float(diastolic[1]), float(diastolic[2])
        end = diastolic.end()
    date = text[end : end + 1] in ("-", "/") and text[end + 1 : end + 2].isdigit()
    scale = _is_of_instrument(text, begin, limit.start, opening) or (
        value == 0 and _is_from_zero(text, begin, limit.start, end, opening)
    )
    if (to["and"] and not opening) or date or scale:
        return None
    if "(" in opening and text[end : end + 1] == ")":
        end += 1
    second = unit_at(text, end)
    if not second.text and to["to"][0].isdigit() and to["to"][-1].isalpha():
        second = UnitAfter(WEEKS, end, False)
    elif written := ratios.unit(to["to"]):
        second = UnitAfter(written, end, False)
    mixed = bool(unit.text and second.text) and units.unit(unit.text) != units.unit(second.text)
    if upper < value and not mixed and (opening[:4].lower() in _RANGE_WORDS or negative or second.text in _FALLING):
        value, upper = upper, value  # "between 150 and 90", "20/40 to 20/320", "-0.5 to -6 D"
    if upper <= value and not mixed:
        return None
    if (
        not opening
        and text[limit.start - 1 : limit.start] in ("-", "–")
        and text[limit.start - 2 : limit.start - 1].isdigit()
    ):
        return None  # "study 506-06-21"
    if not opening and not unit.text and not second.text and signs.COMPARED.match(text, end):
        return None  # "amyloid beta 1-42 < 600 pg/mL": a name
    if numbers.is_year(value) and numbers.is_year(upper) and not (unit.text or second.text):
        return None
    limit.between(value, upper)
    if to["below"] and signs.is_strict(to["below"]):
        limit.upper_inclusive = False  # "18 to < 40 years"
    limit.unit = unit.text
    limit.of_age = limit.of_age or unit.of_age
    take_unit(limit, second)
    if mixed:
        limit.unit, limit.upper_unit = unit.text, second.text
    limit.bare = opening[:4].lower() not in _RANGE_WORDS and not to["below"]
    if negative and not opening:
        limit.start -= 1
    return limit


def _is_from_zero(text: str, begin: int, start: int, end: int, opening: str) -> bool:
    """ "0-10 numeric rating scale", "on a scale of 0 to 10": whether a range that begins with nought is that of a scale."""
    if opening:
        return opening[:4].lower() == "rang" and _is_scale(text, start, end)
    return bool(
        _SCALE_AFTER.match(text, end)
        or _SCALE_BEFORE.search(text, start - 20 if start - 20 > begin else begin, start)
        or _is_scale(text, start, end)
    )


def _is_of_instrument(text: str, begin: int, start: int, opening: str) -> bool:
    """ "≥ 1 on a scale from 0 to 3", "> 36 on the FSS (range 9-63)": whether a range after a limit is what its instrument can say."""
    if not opening or not begin:
        return False
    between = text[begin:start]
    return (
        len(between) <= 60
        and _INSTRUMENT[opening[:4].lower() == "rang" and between.endswith("(")].fullmatch(between) is not None
    )


def _is_scale(text: str, start: int, end: int) -> bool:
    """ "UAS7 (range 0-42) ≥ 16", "NRS ≥ 4 (range 0-10)": whether a range in brackets stands beside the limit, and is none itself."""
    if text[start - 1 : start] != "(" or text[end : end + 1] != ")":
        return False
    follows = text[end + 1 :].lstrip()[:12].lower()
    before = text[: start - 1].rstrip()
    return before[-1:].isdigit() or before.endswith((" points", " point")) or follows.startswith(_COMPARING)


def take_second(limit: Limit, second: float, by_sign: bool) -> None:
    """ "Age ≥ 18-65 years" is a range; of "AMH < 0.5-1.1 ng/mL", "at least 2-3 cm", "> 1.5-2 mg/dL" the wider bound holds."""
    if limit.upper is not None:
        limit.upper = max(limit.upper, second)
    elif limit.lower is not None and by_sign and second >= 1.5 * limit.lower:
        limit.upper, limit.upper_inclusive = second, True


def listed(text: str, limit: Limit, value: float) -> Limit | None:
    """ "ECOG 0 or 1", "0, 1, or 2", "two or three": neighbouring grades, or numbers of things, are a range."""
    last, at = value, limit.end
    if not 0 <= value <= 9 or (at > limit.number + 1 and text[limit.number].isdigit()):
        return None
    while item := _LIST.match(text, at):
        if numbers.value(item[1]) != last + 1:
            return None
        last, at = last + 1, item.end()
    if last == value:
        return None
    limit.end = at
    limit.between(value, last)
    limit.bare = True
    return limit
