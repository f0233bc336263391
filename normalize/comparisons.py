"""Comparisons with numbers in running text: bounds and unit, not yet what is limited. Called by `measures`.

"≥ 18", "at least 18 years", "18 years or older", "between 18 and 65", "18-65 years", "ECOG 0 or 1", "145 mmHg ≤ SBP",
"two or more", "NYHA class II-III". Numbers without comparison (doses, days, versions), windows of time ("within 4 weeks",
"over the 7 days before"), calendar years and dates are no limits. A lone "=" is none: WHO ICTRP writes "=" where the
registry had "≥" or "≤" (NCT04335032).
"""

from __future__ import annotations

import re

from msgspec import Struct

from normalize import grades, signs, units
from normalize.limit import Limit

# ------------------------------------------------------------------------------------------------------------- numbers

#: The digits of a number after its first; thousands in groups, or a decimal point or comma.
_MORE_DIGITS = r"(?:[0-9]{0,2}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]{0,2}(?:[\u00a0\u2009\u202f' ][0-9]{3})+(?![0-9]|[,.][0-9])|[0-9]*(?:[.,·][0-9]+)?)"
_DIGITS = rf"[0-9]{_MORE_DIGITS}"
#: What stands before a number (its first digit is looked back over): not "CD4", "PHQ-9", "x10^9", "1.5"; but "Aged18".
_NUMBER = re.compile(rf"[0-9](?:(?<![\w^.,].)|(?<=[Aa]ge.)|(?<=[Aa]ged.))(?<![A-Za-z][-–/.].){_MORE_DIGITS}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_SPELLED = {name: value for value, name in enumerate(units.VOCABULARY["numbers"].split(), 1)} | {
    "fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
}  # fmt: skip

# -------------------------------------------------------------------------------------------------------- before a number

#: "over the 7 days before" is a window, "over the age of 7" a limit.
_OVER_THE = re.compile(r"over\s(?:the|a)\s(?!age)", re.IGNORECASE)
_EXTREME = re.compile(
    r"\b(?:(?P<ge>min(?:imum|imal)?)|(?P<le>max(?:imum|imal)?))\s(?:(?!dose|daily|duration)[\w-]+\s?){1,3}?(?:\s(?:of|is))?[\s:=]*$",
    re.IGNORECASE,
)
#: "weight exceeding the limit of the table (500 pounds)"
_OVER_CAPACITY = re.compile(
    r"\b(?:exceed(?:s|ing|ed)?|above|over|beyond)\s(?:the\s)?(?:[\w-]+\s){0,2}(?:limits?|capacity|maximum)\b[^.;()]{0,60}\($",
    re.IGNORECASE,
)
#: Numbers of things, not limits: "version 10 or higher", "days 2-4".
_NUMBERED_THING = re.compile(
    r"\b(?:version|visits?|days?|weeks?|months?|cycles?|ios|android|windows|phases?|cohorts?|arms?|parts?|groups?|appendix|sections?|tables?|exons?|codons?"
    r"|chromosomes?|covid|protocol|criteri(?:a|on)|no\.?|number|items?|hepatitis|types?|influenza|version of|hiv|steps?|years?|in|since|until)\W*$",
    re.IGNORECASE,
)
_SCALE_BEFORE = re.compile(
    r"\b(?:scale(?:\s(?:of|from))?|on an?|range|ranging|ranges)[\s:(]*(?:of|from)?[\s:(]*$", re.IGNORECASE
)

# -------------------------------------------------------------------------------------------------------- after a number

_UNIT = re.compile(
    rf"\s{{0,2}}-?(?:(?:st|nd|rd|th)\s)?(?:(?:gestational|consecutive|completed|calendar|full)\s)?({units.PATTERN})"
)
#: A word that can be a unit; the group `more` says that more of it may follow: a power, another unit.
_UNIT_WORD = re.compile(
    r"\s{0,2}-?([^\W\d_]+|%(?![^\W\d_]))(?P<more>\s?(?:[/÷^0-9(]|[.·∙*⋅]\s?[mLk]|per\b|each\b|a\s(?:day|week|month|year|night)))?"
)
_BEFORE_UNITS = frozenset(("st", "nd", "rd", "th", "gestational", "consecutive", "completed", "calendar", "full"))
_OLD = re.compile(
    r"(?:\.?\s?o\b\.?|[\s,-]*(?:of\sage|in\sage|aged?\b|old\b|of\slife\b|/\s?o\b|de\sedad|d['’]âge|alt\b|de\sidade|di\setà))",
    re.IGNORECASE,
)
_BEFORE_OLD = frozenset("-,./oO")
_AFTER = re.compile(
    r"""\s*(?:\(?(?:inclusive|incl\.?)\)?\s*)?(?:(?:,\s)?(?:and|or|&|/|y|o|et|ou|und|oder)\s?
    (?:(?P<more>older|more|greater|higher|upwards?|up|longer|better|larger|onwards?|más|plus|mehr|älter|superior(?:es)?|mayor(?:es)?)
    |(?P<less>younger|less|fewer|lower|shorter|smaller|earlier|menos|moins|weniger)
    |(?P<above>over|above|beyond)(?!\s*\(?[\d<>≥≤=])|(?P<below>below|under)(?!\s*\(?[\d<>≥≤=]))\b(?!\s*(?:than|then|the\sage|age|to\b|or\sequal))
    |(?P<plus>\+)(?![\d+])|\s?(?P<min>minimum)\b|\s?(?P<max>maximum)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
#: "2+ prior lines", not the grades of a stain or a test strip, "1+, 2+ or 3+".
_COUNTS = re.compile(r"\s?(?!or\b|and\b|by\b|on\b|in\b|to\b)[a-z]")
_RANGE = re.compile(
    r"\s*(?:\(inclusive\)\s*)?(?:(?P<sign>[-–—−~～‐‑]{1,2}|\b(?:to|through|thru|until|up\sto)\b)|(?P<and>\b(?:and|y|et|und|e|a|à|bis|i|και|és|do)\b|&))\s*"
    rf"(?P<minus>[-−–](?=\d))?(?P<to>{_DIGITS}|(?:{'|'.join(_SPELLED)})(?![\w-]))",
    re.IGNORECASE,
)
#: Words of a range that say that it is one; the others ("18-65", "from 2 to 4") can be something else.
_RANGE_WORDS = ("betw", "in b", "entr", "zwis", "rang", "pomi", "międ", "μετα")
_LIST = re.compile(r"\s*(?:,\s*(?:or|and)?|/|\bor\b|\band\b)\s*(\d)(?![\w.,/-]\d)(?!\w)", re.IGNORECASE)
_SLASH = re.compile(rf"\s?/\s?({_DIGITS})")
_NO_LIMIT_AFTER = re.compile(
    r"\s?(?:[/:]\s?\d|(?:am|pm|a\.m|p\.m)\b|of\s(?:the\s)?(?:following|these|below|criteria|above)|hand\b|or\sboth|another)",
    re.IGNORECASE,
)
_SCALE_AFTER = re.compile(r"[\s-]*(?:points?\b|vas\b|nrs\b|scale|numeric|visual|likert|rating)", re.IGNORECASE)
#: A quick look: how a text goes on after a number, or its unit, that becomes a comparison by it.
_NEXT = re.compile(r"\s*([^\W\d_]+|[^\s\w])")
_WORDS_GOING_ON = "- – — − ~ ～ ‐ ‑ + & / , ( < > = ＝ to through thru until up and y et und e a à bis i και és do or o ou oder minimum maximum inclusive incl"
_GOES_ON = frozenset((*_WORDS_GOING_ON.split(), *signs.SIGNS))


class _Unit(Struct, frozen=True, gc=False):
    """What follows a number as its unit, "" for none; whether it says that it is an age ("years old")."""

    text: str
    end: int
    of_age: bool


#: What stands before a number in words that is compared, and after one.
_SPELLED_AFTER = ("least ", "than ", "inimum of ", "over ", "up to ", "etween ")
_SPELLED_BEFORE = (" or more", " or fewer", " or older", " or greater", " or longer", " or less", " or higher")
#: More numbers in one criterion are a table of data: the first ones are read, and the record gets a warning.
MOST_NUMBERS = 300
_FIGURES = bytes(48 if 48 <= code <= 57 else 32 for code in range(256))


def figures(text: str) -> bytes:
    """A byte for each character, a nought for every figure: bytes are searched faster than text."""
    return text.encode("ascii", "replace").translate(_FIGURES)


def may_be_in(text: str, figures: bytes) -> bool:
    """A quick look: whether it is worth looking for limits in a criterion."""
    if b"0" in figures:
        return True
    for hint in _SPELLED_AFTER:
        if hint in text:
            return True
    if " or " in text:
        for hint in _SPELLED_BEFORE:
            if hint in text:
                return True
    return grades.may_be_in(text)


def has_more(text: str) -> bool:
    """Whether a criterion holds more numbers, or names a scale more often, than are looked at for limits."""
    if len(text) <= 2 * MOST_NUMBERS:
        return False
    return len(_numbers(text, figures(text), MOST_NUMBERS + 1)) > MOST_NUMBERS or grades.has_more(text)


def _numbers(text: str, figures: bytes, most: int) -> list[tuple[int, int]]:
    """Where the first numbers in figures stand."""
    numbers: list[tuple[int, int]] = []
    at = figures.find(b"0")
    while at >= 0 and len(numbers) < most:
        number = _NUMBER.match(text, at)
        if number:
            numbers.append(number.span())
        at = figures.find(b"0", number.end() if number else at + 1)
    return numbers


def limits(text: str, figures: bytes) -> list[Limit]:
    """The comparisons of one criterion, in order, not overlapping."""
    found: list[Limit] = []
    numbers = _numbers(text, figures, MOST_NUMBERS)
    if spelled := _spelled_out(text):
        numbers = sorted({*numbers, *spelled})
    done = 0
    for start, end in numbers:
        if start >= done and end - start <= 18 and (limit := _limit(text, done, start, end)):
            found.append(limit)
            done = limit.end
    for limit in grades.limits(text):
        if all(limit.end <= one.start or limit.start >= one.end for one in found):
            found.append(limit)
            found.sort(key=lambda one: one.start)
    return found


def _spelled_out(text: str) -> list[tuple[int, int]]:
    """Where numbers in words stand in comparisons: "at least two", "three or more"."""
    found = []
    for hint in _SPELLED_AFTER:
        if hint in text:
            at = text.find(hint)
            while at >= 0:
                at += len(hint)
                word = text[at : at + 9].partition(" ")[0].rstrip(",;")
                if word.lower() in _SPELLED:
                    found.append((at, at + len(word)))
                at = text.find(hint, at)
    if " or " in text:
        for hint in _SPELLED_BEFORE:
            at = text.find(hint)
            while at >= 0:
                for word in text[max(0, at - 22) : at].split()[-2:]:
                    if word.lower() in _SPELLED:
                        start = text.rfind(word, 0, at)
                        found.append((start, start + len(word)))
                at = text.find(hint, at + 1)
    return found


def _value(text: str) -> float:
    """The number that a text means: thousands separators, decimal commas, words."""
    if text.isdigit():
        return float(text)
    if text[0].isalpha():
        return float(_SPELLED[text.lower()])
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    for blank in "\u00a0\u2009\u202f' ":
        text = text.replace(blank, "")
    return float(text.replace(",", ".").replace("·", "."))


def _is_year(value: float) -> bool:
    return 1900 <= value <= 2100 and value == int(value)


def _limit(text: str, begin: int, start: int, end: int) -> Limit | None:
    """The comparison that the number `text[start:end]` stands in; it does not reach before `begin`."""
    minus = (
        begin < start and text[start - 1] in "-−–" and (start - 1 == begin or text[start - 2] in f" ({signs.SIGNS}=")
    )
    before = signs.before(text, begin, start - 1 if minus else start)
    if before is None:
        return _uncompared(text, begin, start, end)
    slash = _SLASH.match(text, end)
    if (slash is None and _NO_LIMIT_AFTER.match(text, end)) or (
        before.side == "gt" and _OVER_THE.match(text, before.start, start)
    ):
        return None
    value = _value(text[start:end])
    limit = Limit(before.start, start, end)
    limit.negated, limit.of_age = before.denied, before.of_age
    if before.side == "from":
        return _two_sided(text, begin, limit, value, _unit(text, limit.end))
    limit.bound(before.side, -value if minus else value)
    limit.bare = before.side == "le" and text[before.start : before.start + 2].lower() in ("up", "ma")
    if slash:
        limit.second = _value(slash[1])
        limit.end = slash.end()
    _take_unit(limit, _unit(text, limit.end))
    return limit if limit.unit or not _is_year(value) else None


def _uncompared(text: str, begin: int, start: int, end: int) -> Limit | None:
    """A number without a comparison before it: one may follow, or a range."""
    if text[start - 1 : start] == "(" and (over := _OVER_CAPACITY.search(text, max(begin, start - 90), start)):
        limit = Limit(over.start(), start, end)
        limit.bound("gt", _value(text[start:end]))
        _take_unit(limit, _unit(text, end))
        return limit if limit.unit else None
    extreme = text.find("imum", max(begin, start - 40), start) >= 0 and _EXTREME.search(
        text, max(begin, start - 40), start
    )
    unit = _unit(text, end)
    if not (extreme or _goes_on(text, end) or (unit.end > end and _goes_on(text, unit.end))):
        return None
    if _NO_LIMIT_AFTER.match(text, end):
        return None
    value = _value(text[start:end])
    limit = Limit(start, start, end)
    if found := _two_sided(text, begin, limit, value, unit):
        return None if not found.unit and _NUMBERED_THING.search(text, max(begin, start - 14), start) else found
    if extreme:
        limit.bound("ge" if extreme["ge"] else "le", value)
        limit.bare = True
        _take_unit(limit, unit)
        return limit
    return _listed(text, limit, value)


def _goes_on(text: str, at: int) -> bool:
    follows = _NEXT.match(text, at)
    return follows is not None and follows[1].lower() in _GOES_ON


def _unit(text: str, at: int) -> _Unit:
    """The unit that stands at a place, where one does, and whether an age is said after it."""
    name, end = "", at
    word = _UNIT_WORD.match(text, at)
    if word is not None and word["more"] is None and word[1] in units.ALONE:
        name, end = word[1], word.end()
    elif (
        word is None or word[1] in units.BEGINNINGS or word[1] in _BEFORE_UNITS or word[1][0] in "xX" or "LN" in word[1]
    ):
        unit = _UNIT.match(text, at)
        if unit:
            name, end = (unit["limit"] or unit[1]).strip(), unit.end(1)
    follows = text[end : end + 1]
    old = _OLD.match(text, end) if follows in _BEFORE_OLD or follows.isspace() else None
    if old and (name or old.group()[0] in " -,\n"):
        return _Unit(name, old.end(), True)
    return _Unit(name, end, False)


def _take_unit(limit: Limit, unit: _Unit) -> None:
    limit.unit = unit.text or limit.unit
    limit.end = unit.end
    limit.of_age = limit.of_age or unit.of_age


def _two_sided(text: str, begin: int, limit: Limit, value: float, unit: _Unit) -> Limit | None:
    """A number that a second one or a comparison follows, with or without its unit between."""
    to = _RANGE.match(text, limit.end)
    if to is not None:
        unit = _Unit("", limit.end, False)
    elif unit.end > limit.end:
        to = _RANGE.match(text, unit.end)
    if to is not None and (found := _range(text, begin, limit, value, unit, to)):
        return found
    return None if _is_year(value) else _postfix(text, limit, value, unit)


def _range(text: str, begin: int, limit: Limit, value: float, unit: _Unit, to: re.Match[str]) -> Limit | None:
    """ "18-65 years", "8yr-18yrs", "from 40 to 80 years old", "(16-24) weeks"."""
    opening = text[limit.start : limit.number]
    upper = -_value(to["to"]) if to["minus"] else _value(to["to"])
    end = to.end()
    date = text[end : end + 1] in ("-", "/") and text[end + 1 : end + 2].isdigit()
    scale = (
        value == 0
        and not opening
        and (_SCALE_AFTER.match(text, end) or _SCALE_BEFORE.search(text, max(begin, limit.start - 20), limit.start))
    )
    if (to["and"] and not opening) or date or scale:
        return None
    if "(" in opening and text[end : end + 1] == ")":
        end += 1
    second = _unit(text, end)
    mixed = bool(unit.text and second.text) and units.unit(unit.text) != units.unit(second.text)
    if upper <= value and not mixed:
        return None
    if _is_year(value) and _is_year(upper) and not (unit.text or second.text):
        return None
    limit.between(value, upper)
    limit.unit = unit.text
    limit.of_age = limit.of_age or unit.of_age
    _take_unit(limit, second)
    if mixed:
        limit.unit, limit.upper_unit = unit.text, second.text
    limit.bare = opening[:4].lower() not in _RANGE_WORDS
    return limit


def _postfix(text: str, limit: Limit, value: float, unit: _Unit) -> Limit | None:
    """ "18 years or older", "25 or more", "18+", "145 mmHg ≤ SBP"."""
    after = _AFTER.match(text, unit.end)
    if after and not (after["plus"] and value < 5 and not unit.text and not _COUNTS.match(text, after.end())):
        limit.bound("le" if after["less"] or after["max"] or after["below"] else "ge", value)
        _take_unit(limit, unit)
        said = after.group().lower()
        limit.of_age = limit.of_age or "old" in said or "young" in said
        limit.end = after.end()
        if after["plus"] and not unit.text:
            _take_unit(limit, _unit(text, limit.end))  # "18+ years"
        return limit
    sign = signs.SIGN_AFTER.match(text, unit.end) if limit.start == limit.number else None
    if sign is None:
        return None
    limit.bound({"ge": "le", "gt": "lt", "le": "ge", "lt": "gt"}[signs.side(sign[1])], value)
    _take_unit(limit, unit)
    limit.end = sign.end(1)
    limit.ahead = text[sign.end() : sign.end() + 1].isalpha()
    return limit


def _listed(text: str, limit: Limit, value: float) -> Limit | None:
    """ "ECOG 0 or 1", "0, 1, or 2": neighbouring grades are a range."""
    last, at = value, limit.number + 1
    if not text[limit.number].isdigit() or text[at : at + 1].isdigit():
        return None
    while item := _LIST.match(text, at):
        if float(item[1]) != last + 1:
            return None
        last, at = last + 1, item.end()
    if last == value:
        return None
    limit.end = at
    limit.between(value, last)
    limit.bare = True
    return limit
