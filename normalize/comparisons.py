"""Comparisons with numbers in running text: bounds and unit, not yet what is limited. Called by `measures`.

"≥ 18", "at least 18 years", "18 years or older", "between 18 and 65", "18-65 years", "ECOG 0 or 1", "145 mmHg ≤ SBP",
"two or more", "NYHA class II-III". Numbers without comparison (doses, days, versions), windows of time ("within 4 weeks",
"over the 7 days before"), calendar years and dates are no limits. A lone "=" is none: WHO ICTRP writes "=" where the
registry had "≥" or "≤" (NCT04335032).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import attrgetter

from normalize import denials, gestation, grades, numbers, ranges, signs, units
from normalize.limit import Limit
from normalize.unit_after import OLD_BEGINNINGS, UnitAfter, take_unit, unit_at, unit_before, unit_of

# -------------------------------------------------------------------------------------------------------- before a number

#: "over the 7 days before" is a window, "over the age of 7" a limit.
_OVER_THE = re.compile(r"over\s(?:the|a)\s(?!age)", re.IGNORECASE)
_OVER_TIME = re.compile(
    r"(?:\b(?:scores?|averaged?|mean|sum|total|measured|assessed|recorded|readings?|measurements?|episodes?|times|doses?|loss|gain|decrease|increase)|[0-9]\s?(?:kg|%|points))\s$",
    re.IGNORECASE,
)
_EXTREME = re.compile(
    r"\b(?:(?P<ge>min(?:imum|imal)?)|(?P<le>max(?:imum|imal)?))\s(?:(?!dose|daily|duration)[\w-]+\s?){1,3}?(?:\s(?:of|is))?[\s:=]*$",
    re.IGNORECASE,
)
#: "weight exceeding the limit of the table (500 pounds)"
_OVER_CAPACITY = re.compile(
    r"\b(?:exceed(?:s|ing|ed)?|above|over|beyond)\s(?:the\s)?(?:[\w-]+\s){0,2}(?:limits?|capacity|maximum)\b[^.;()]{0,60}\($",
    re.IGNORECASE,
)
#: "2.5 times above the upper limit of normal"
_ABOVE_LIMIT = re.compile(
    r"[\s-]*(?:fold|times|[xX×])\s(?:above|over|greater|higher|more)\b.*(?:[lL]imit|[nN]ormal|LN|NL).*"
)
_BEFORE_OR_AFTER = re.compile(r"\b(before|after)\s(?:the\s)?$", re.IGNORECASE)
#: Between two pressures that one comparison is for.
_TO_DIASTOLIC = re.compile(
    r"\s?(?:mm\s?Hg\s?)?\(?(?:systolic|SBP)\)?(?:\s(?:blood\s)?pressure|\sBP)?[\s,]*(?:and/or|or|and)\s"
    r"|\s?(?:mm\s?Hg\s?)?[\s,]*(?:and/or|or|and)\s(?:a\s)?(?:diastolic|DBP)(?:\s(?:blood\s)?pressure|\sBP)?(?:\sof)?\s"
)
#: Numbers of things, not limits: "version 10 or higher", "days 2-4".
_NUMBERED_THING = re.compile(
    r"\b(?:version|visits?|days?|weeks?|months?|cycles?|ios|android|windows|phases?|cohorts?|arms?|parts?|groups?|appendix|sections?|tables?|exons?|codons?"
    r"|chromosomes?|covid|protocol|criteri(?:a|on)|no\.?|number|items?|hepatitis|types?|influenza|version of|hiv|steps?|years?|in|since|until)\W*$",
    re.IGNORECASE,
)
#: Before "years", "group" or "weeks": the numbers after these are an age.
_AGE_OF = re.compile(r"\b(?:ages?\s(?:in\s|\(\s?)?|gestational\s|pregnancy\s)$", re.IGNORECASE)
#: What is pointed at, not counted: "meets any of the above 4 conditions".
_REFERRED = re.compile(r"\s(?:items?|conditions?|criteri(?:a|on)|requirements?)\b", re.IGNORECASE)
# -------------------------------------------------------------------------------------------------------- after a number

_AFTER = re.compile(
    r"""\s*(?:\(?(?:inclusive|incl\.?)\)?\s*|\((?:[A-Za-z/]{1,6}|\d{1,2})\)\s*)?(?:(?:,\s)?(?:and|or|&|/|y|o|et|ou|und|oder)\s?
    (?:(?P<more>older|more|greater|higher|upwards?|up|longer|better|worse|larger|onwards?|más|plus|mehr|älter|superior(?:es)?|mayor(?:es)?)
    |(?P<less>younger|less|fewer|lower|shorter|smaller|earlier|menos|moins|weniger)
    |(?P<above>over|above|beyond)(?!\s*\(?[\d<>≥≤=])|(?P<below>below|under)(?!\s*\(?[\d<>≥≤=]))\b(?!\s*(?:than|then|the\sage|age|to\b|or\sequal))
    |(?P<plus>\+)(?![\d+])|\s?(?P<min>minimum)\b|\s?(?P<max>maximum)\b|(?:on|up)wards?\b)""",
    re.IGNORECASE | re.VERBOSE,
)
#: "2+ prior lines", not the grades of a stain or a test strip, "1+, 2+ or 3+".
_COUNTS = re.compile(r"\s?(?!or\b|and\b|by\b|on\b|in\b|to\b)[a-z]")
_SLASH = re.compile(rf"\s?/\s?({numbers.DIGITS})")
_NO_LIMIT_AFTER = re.compile(
    r"\s?(?:[/:]\s?\d|(?:am|pm|a\.m|p\.m)\b|of\s(?:the\s)?(?:following|these|below|criteria|above|last\s[0-9]|previous\s[0-9]|past\s[0-9])|(?:de\s(?:los|las)\ssiguientes|des\s\w+\ssuivants|der\sfolgenden|dei\sseguenti|dos\sseguintes)\b|of\sthe\s(?:two|three|four|five|six)\s?[).,;]"
    r"|of\s(?!the\s|an?\s|any\s)[^,.;:()\n]{1,40},\s[^.;:()\n]{1,80}?\b(?:and|or)\s|hand\b|or\sboth|another)",
    re.IGNORECASE,
)
#: "at least one of fever > 38 °C and cough": which ones is said, not how many; "risk ≥ 1 in 100": a share.
_ONE_OF = re.compile(r"\sof\s(?!the\s|their\s|his\s|her\s|these\s|those\s|[0-9])|\sin\s[0-9]")
#: How it begins.
_NO_LIMIT_BEGINNINGS = frozenset(
    ("/", ":", "am", "pm", "a", "p", "of", "de", "des", "der", "dei", "dos", "hand", "or", "another")
)
#: The next word or sign.
_NEXT = re.compile(r"\s*([^\W\d_]+|[^\s\w])")
#: How what is looked for after a number, or its unit, begins: `_AFTER`, a range, any of them.
_WORDS_AFTER = "( , & / + inclusive incl and or y o et ou und oder minimum maximum onward onwards upward upwards"
_AFTER_BEGINNINGS = frozenset(_WORDS_AFTER.split())
_GOES_ON = frozenset((*ranges.BEGINNINGS, *_AFTER_BEGINNINGS, *signs.SIGNS, "=", "＝"))
#: All that may matter behind a unit: other numbers with units are neither limits nor ages.
_MATTERS = _GOES_ON | OLD_BEGINNINGS


#: Units of what `_dated` reads.
_DATED_IN = frozenset(spelling for spelling, unit in units.ATOMS.items() if unit.ucum in ("a", "wk"))
#: Units that may follow "or more": "35 or fewer weeks"; no "second", which is also an ordinal.
_TIMES = frozenset(
    spelling for spelling, unit in units.ATOMS.items() if unit.ucum in ("a", "mo", "wk", "d", "h") and len(spelling) > 2
)


_ALL_TIMES = frozenset(spelling for spelling, unit in units.ATOMS.items() if unit.dimension == "time")


_START = attrgetter("start")


def has_more(text: str) -> bool:
    """Whether a criterion holds more numbers, or names a scale more often, than are looked at for limits."""
    written = len(numbers.in_figures(text, numbers.MOST + 1)) + len(numbers.in_words(text))
    return written > numbers.MOST or grades.has_more(text)


def limits(text: str, in_words: bool) -> list[Limit]:
    """The comparisons of one criterion, in order, not overlapping; without `in_words` none of its numbers is in words."""
    found: list[Limit] = []
    all_numbers = numbers.in_figures(text)
    if in_words and (more := numbers.in_words(text)):
        all_numbers = sorted([*all_numbers, *more], key=re.Match.start)[: numbers.MOST]
    done = 0
    for number in all_numbers:
        start, end = number.span(1)
        if start >= done and end - start <= 18:
            limit = _limit(text, done, number)
            if limit is None and found:
                limit = _carried(text, found[-1], number)
            if limit:
                if not limit.unit:
                    limit.unit = unit_before(text, done, limit.start)
                if found:
                    denials.carry_over(text, found[-1], limit)
                found.append(limit)
                done = limit.end
    if not grades.may_be_in(text):
        return found
    for limit in grades.limits(text):
        at = bisect_left(found, limit.start, key=_START)
        if (at == 0 or found[at - 1].end <= limit.start) and (at == len(found) or limit.end <= found[at].start):
            found.insert(at, limit)
    return found


def _limit(text: str, begin: int, number: re.Match[str]) -> Limit | None:
    """The comparison that a number stands in; it does not reach before `begin`."""
    start, end = number.span(1)
    minus = text[start - 1] in signs.MINUSES and signs.is_negative(text, begin, start)
    before = signs.before(text, begin, start - 1 if minus else start)
    if before is None:
        return _uncompared(text, begin, number)
    follows = number[2] or number[4]
    slash = None
    if follows is not None and follows.lower() in _NO_LIMIT_BEGINNINGS:
        slash = _SLASH.match(text, end)
        if slash is None and _NO_LIMIT_AFTER.match(text, end):
            return None
    if before.side == "gt" and text[before.start] in "oO" and _OVER_THE.match(text, before.start, start):
        return None
    if number[2] in _ALL_TIMES and before.side == "gt" and _is_window(text, before.start, start):
        return None
    if before.side == "gt" and text[before.start] in "aA" and _REFERRED.match(text, end):
        return None
    value = numbers.value(number[1])
    if value == 1 and follows in ("of", "in") and (before.side == "ge" or follows == "in") and _ONE_OF.match(text, end):
        return None
    if slash and (value == 1 or text.startswith(" of ", slash.end())):
        return None  # "risk > 1/150", "more than 2/3 of the lesions"
    limit = Limit(before.start, start, end)
    denying = denials.before(text, begin, before.start)
    limit.negated = before.denied or (bool(denying) and denials.is_denied(denying))
    limit.of_age = before.of_age
    if before.side == "from":
        return _two_sided(text, begin, limit, value, unit_of(text, end, number))
    limit.bound(before.side, -value if minus else value)
    limit.bare = before.side == "le" and text[before.start : before.start + 2].lower() in ("up", "ma")
    if slash:
        limit.second = numbers.value(slash[1])
        limit.end = slash.end()
        take_unit(limit, unit_at(text, limit.end))
    elif (
        follows in ranges.DASHES
        and not numbers.is_year(value)
        and (to := ranges.DASHED.match(text, end))
        and numbers.value(to[1]) > value
    ):
        ranges.take_second(limit, numbers.value(to[1]), text[before.start] in signs.SIGNS)
        limit.end = to.end()
        take_unit(limit, unit_at(text, limit.end))
    else:
        take_unit(limit, unit_of(text, end, number))
    limit.perhaps_year = not limit.unit and numbers.is_year(value)
    if denying and not limit.negated and (limit.unit not in _ALL_TIMES or gestation.is_said(text, limit)):
        limit.negated = denials.denies_all(denying)
    return limit


def _is_window(text: str, start: int, number: int) -> bool:
    """ "Urticaria activity score over 7 days": whether a time says of when something is, not how long it lasts."""
    return (
        text[start:number].lower() == "over "
        and _OVER_TIME.search(text, start - 14 if start > 14 else 0, start) is not None
    )


def _uncompared(text: str, begin: int, number: re.Match[str]) -> Limit | None:
    """A number without a comparison before it: one may follow, or a range."""
    start, end = number.span(1)
    if text[start - 1 : start] == "(" and (over := _OVER_CAPACITY.search(text, max(begin, start - 90), start)):
        limit = Limit(over.start(), start, end)
        limit.bound("gt", numbers.value(number[1]))
        take_unit(limit, unit_of(text, end, number))
        return limit if limit.unit else None
    if number[2] is None and number[4] == "/" and (pressures := _pressures(text, number)):
        return pressures
    if _DATED_IN.intersection(number.group(2, 4)) and (dated := _dated(text, begin, number)):
        return dated
    near = start - 40 if start - 40 > begin else begin
    extreme = text.find("imum", near, start) >= 0 and _EXTREME.search(text, near, start)
    if not extreme and number[3] is None and number[2] in units.ALONE and (number[4] or "").lower() not in _MATTERS:
        return None  # "4 weeks before": most numbers
    unit = unit_of(text, end, number)
    if unit.end > end + 10 and _ABOVE_LIMIT.fullmatch(text, end, unit.end):
        limit = Limit(start, start, end)
        limit.bound("gt", numbers.value(number[1]))
        take_unit(limit, unit)
        return limit
    if not (extreme or _goes_on(text, end, unit, number)):
        return None
    if (number[2] or number[4] or "").lower() in _NO_LIMIT_BEGINNINGS and _NO_LIMIT_AFTER.match(text, end):
        return None
    value = numbers.value(number[1])
    limit = Limit(start, start, end)
    if found := _two_sided(text, begin, limit, value, unit):
        return None if not found.unit and _is_numbered(text, begin, start) else found
    if extreme:
        limit.bound("ge" if extreme["ge"] else "le", value)
        limit.bare = True
        take_unit(limit, unit)
        return limit
    found = ranges.listed(text, limit, value)
    return None if found and _NO_LIMIT_AFTER.match(text, found.end) else found


def _is_numbered(text: str, begin: int, at: int) -> bool:
    """ "Visits 2 to 4": whether a number tells which one something is; not "age (years): 18-40", "age group 18-40"."""
    thing = _NUMBERED_THING.search(text, max(begin, at - 14), at)
    return thing is not None and not _AGE_OF.search(text, max(begin, thing.start() - 14), thing.start())


def _pressures(text: str, number: re.Match[str]) -> Limit | None:
    """Two pressures that a comparison follows: "140/90 or higher", "160/100 mmHg and above"."""
    start, end = number.span(1)
    slash = _SLASH.match(text, end)
    if slash is None or not 70 <= numbers.value(number[1]) <= 300 or numbers.value(slash[1]) < 30:
        return None
    limit = Limit(start, start, slash.end())
    unit = unit_at(text, slash.end())
    found = _postfix(text, limit, numbers.value(number[1]), unit, _next(text, unit.end))
    if found:
        found.second = numbers.value(slash[1])
    return found


def _carried(text: str, last: Limit, number: re.Match[str]) -> Limit | None:
    """ "≥ 140 mmHg systolic or 90 mmHg diastolic": the comparison of the first pressure is that of the second."""
    start, end = number.span(1)
    if text[last.end : start].isspace() or _TO_DIASTOLIC.fullmatch(text, last.end, start) is None:
        return None
    limit = Limit(start, start, end)
    value = numbers.value(number[1])
    if not (side := last.side()):
        return None
    limit.bound(side, value)
    limit.carried = True
    take_unit(limit, unit_of(text, end, number))
    return limit


def _dated(text: str, begin: int, number: re.Match[str]) -> Limit | None:
    """When something is: "birth before 37 weeks of gestation", "losses before the 10th week", "onset before 18 years of age"."""
    start, end = number.span(1)
    said = _BEFORE_OR_AFTER.search(text, max(begin, start - 11), start)
    if said is None:
        return None
    limit = Limit(said.start(), start, end)
    limit.bound("lt" if said[1][0] in "bB" else "gt", numbers.value(number[1]))
    take_unit(limit, unit_of(text, end, number))
    limit.of_pregnancy = gestation.is_said(text, limit)
    denying = denials.before(text, begin, limit.start)
    limit.negated = bool(denying) and denials.denies_all(denying)
    return limit if limit.of_pregnancy or limit.of_age or gestation.weeks(number[1]) is not None else None


def _goes_on(text: str, at: int, unit: UnitAfter, tail: re.Match[str]) -> bool:
    """A quick look: whether a text goes on after a number, or its unit, as one that becomes a comparison by it."""
    word, then = tail.group(2, 4)
    follows = word or then
    if follows is None:
        return False
    if follows.lower() in _GOES_ON or (word and text[tail.start(2) - 1] == "-"):
        return True
    if unit.end == at:
        return False
    if unit.end != tail.end(2):
        tail = numbers.tail(text, unit.end)
        then = tail[2] or tail[4]
    elif tail[3] and tail[3][-1] == "(":
        return True  # "50 kilogram (kg) or above"
    return then is not None and then.lower() in _GOES_ON


def _two_sided(text: str, begin: int, limit: Limit, value: float, unit: UnitAfter) -> Limit | None:
    """A number that a second one or a comparison follows, with or without its unit between."""
    follows = _next(text, limit.end)
    to = ranges.SECOND.match(text, limit.end) if follows in ranges.BEGINNINGS else None
    if to is not None:
        unit = UnitAfter("", limit.end, False)
    elif unit.end > limit.end:
        if unit.text in gestation.UNITS and (said := gestation.OF_PREGNANCY.match(text, unit.end)):
            unit = UnitAfter(unit.text, said.end(), False)
        follows = _next(text, unit.end)
        to = ranges.SECOND.match(text, unit.end) if follows in ranges.BEGINNINGS else None
    if to is not None and (found := ranges.between(text, begin, limit, value, unit, to)):
        return found
    return None if numbers.is_year(value) else _postfix(text, limit, value, unit, follows)


def _next(text: str, at: int) -> str:
    """The next word, in lower case, or sign."""
    follows = _NEXT.match(text, at)
    return follows[1].lower() if follows else ""


def _postfix(text: str, limit: Limit, value: float, unit: UnitAfter, follows: str) -> Limit | None:
    """ "18 years or older", "25 or more", "18+", "145 mmHg ≤ SBP"; `follows` is the next word after the unit, or sign."""
    after = _AFTER.match(text, unit.end) if follows in _AFTER_BEGINNINGS else None
    if after and not (after["plus"] and value < 5 and not unit.text and not _COUNTS.match(text, after.end())):
        limit.bound("le" if after["less"] or after["max"] or after["below"] else "ge", value)
        take_unit(limit, unit)
        said = after.group().lower()
        limit.of_age = limit.of_age or "old" in said or "young" in said
        limit.end = after.end()
        if after["plus"] and not unit.text:
            take_unit(limit, unit_at(text, limit.end))  # "18+ years"
        elif not unit.text and (later := unit_at(text, limit.end)).text in _TIMES:
            take_unit(limit, later)  # "35 or fewer weeks"
        return limit
    sign = signs.SIGN_AFTER.match(text, unit.end) if limit.start == limit.number else None
    if sign is None:
        return None
    limit.bound({"ge": "le", "gt": "lt", "le": "ge", "lt": "gt"}[signs.side(sign[1])], value)
    take_unit(limit, unit)
    limit.end = sign.end(1)
    limit.ahead = text[sign.end() : sign.end() + 1].isalpha()
    return limit
