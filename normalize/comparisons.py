"""Comparisons with numbers in running text: bounds and unit, not yet what is limited. Called by `measures`.

"≥ 18", "at least 18 years", "18 years or older", "between 18 and 65", "18-65 years", "ECOG 0 or 1", "145 mmHg ≤ SBP",
"two or more". Numbers without comparison (doses, days, versions), windows of time ("within 4 weeks"), calendar years and
dates are no limits. A lone "=" is none: WHO ICTRP writes "=" where the registry had "≥" or "≤" (NCT04335032).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import product

from normalize import units

# ------------------------------------------------------------------------------------------------------------- numbers

#: The digits of a number after its first; thousands in groups, or a decimal point or comma.
_MORE_DIGITS = r"(?:[0-9]{0,2}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]{0,2}(?:[\u00a0\u2009\u202f' ][0-9]{3})+(?![0-9]|[,.][0-9])|[0-9]*(?:[.,·][0-9]+)?)"
_DIGITS = rf"[0-9]{_MORE_DIGITS}"
#: What stands before a number (its first digit is looked back over): not "CD4", "PHQ-9", "x10^9", "1.5"; but "Aged18".
_NOT_INSIDE = r"(?:(?<![\w^.,].)|(?<=[Aa]ge.)|(?<=[Aa]ged.))(?<![A-Za-z][-–/.].)"
_NUMBER = re.compile(rf"[0-9]{_NOT_INSIDE}{_MORE_DIGITS}")
_SPELLED = {name: value for value, name in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)} | {
    "fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
}  # fmt: skip
_SPELLED_AFTER = ("least ", "than ", "inimum of ", "over ", "up to ", "etween ")
_SPELLED_BEFORE = (" or more", " or fewer", " or older")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")

# --------------------------------------------------------------------------------------------- signs and phrases before

_SIGNS = "<>≥≤≧≦＞＜⩾⩽˃˂﹥﹤"
_GREATER = frozenset(">≥≧＞⩾˃﹥")
_OR_EQUAL = frozenset("≥≤≧≦⩾⩽=＝")
_SIGN = rf"(?:[{_SIGNS}](?:\s?/?\s?(?:or\s?)?[=＝]{{1,2}})?|[=＝]\s?/?\s?[<>＜＞])"
_SIGN_BEFORE = re.compile(rf"(?<![-–=]){_SIGN}\s*$")
_SIGN_AFTER = re.compile(rf"\s?({_SIGN})\s?(?=[^\W\d_])")

_GREATER_WORDS = "more greater higher larger older longer bigger later heavier".split()
_LESS_WORDS = "less lower fewer smaller younger shorter earlier lighter".split()


def _phrases() -> dict[str, str]:
    """Phrase -> the side of the number after it that it allows: ge, gt, le, lt; from for "between"."""
    table = {
        "ge": "at least|at the least|minimum|minimum of|minimal|min|min.|a minimum of|superior or equal to|au moins|al menos|por lo menos"
        "|mindestens|almeno|pelo menos|co najmniej|legalább|τουλάχιστον|mayor o igual a|mayor o igual de|mayor o igual que|mayores o iguales a"
        "|supérieur ou égal à|supérieure ou égale à|maior ou igual a|above or equal to|over or equal to",
        "gt": "over|above|exceed|exceeds|exceeding|exceeded|in excess of|superior to|beyond|upwards of|upward of|plus de|más de|mas de|mayor de|mayores de"
        "|mayor a|mayor que|mehr als|älter als|über|più di|mais de|maior de|maior que|maiores de|supérieur à|supérieure à|powyżej|worse than|better than",
        "le": "at most|at the most|maximum|maximum of|maximal|max|max.|a maximum of|up to|up to and including|inferior or equal to|not exceed|not to exceed"
        "|not exceeding|does not exceed|doesn't exceed|not exceeded|höchstens|au plus|como máximo|menor o igual a|menor o igual de|menor o igual que"
        "|inférieur ou égal à|inférieure ou égale à|menor ou igual a|below or equal to|under or equal to",
        "lt": "below|under|inferior to|moins de|menos de|menor de|menores de|menor a|menor que|weniger als|jünger als|unter|meno di|inférieur à"
        "|inférieure à|poniżej|before the age of",
        "from": "between|betwen|in between|from|range|range of|range from|ranges|ranges from|ranged|ranged from|ranging|ranging from|ranging between|entre"
        "|zwischen|tra|de|pomiędzy|między|μεταξύ|within the range of",
    }
    out = {phrase: side for side, phrases in table.items() for phrase in phrases.split("|")}
    for words, strict, equal, denied in ((_GREATER_WORDS, "gt", "ge", "le"), (_LESS_WORDS, "lt", "le", "ge")):
        for word, than in product(words, ("than", "then")):
            out[f"{word} {than}"] = strict
            out |= {f"{no} {word} {than}": denied for no in ("no", "not")}
        for word, equals, to in product((*words, "above" if strict == "gt" else "below"), ("equal", "equals", "="), (" to", " than", "")):
            out |= {f"{word} than or {equals}{to}": equal, f"{word} or {equals}{to}": equal, f"{word} then or {equals}{to}": equal}
        for word, equals, to in product((*words, "above" if strict == "gt" else "below"), ("equal", "equal to", "equals", "="), (" to", " than", "")):
            out[f"{equals} or {word}{to}"] = equal
    return out


_PHRASES = _phrases()
#: The last word of a phrase -> how many words the phrases with it have, longest first.
_PHRASE_LENGTHS = {
    last: tuple(sorted({len(phrase.split()) for phrase in _PHRASES if phrase.split()[-1] == last}, reverse=True))
    for last in {phrase.split()[-1] for phrase in _PHRASES}
}
#: Words that may stand between a phrase and its number: "over the age of 18", "a minimum score of 5", "> grade 2".
_FILLERS = frozenset(
    """the a an of is in approximately about age ages average total mean score scores value level grade class stage nyha ecog gina asa step duration
    period interval range ctcae type""".split()
)
_OVER_THE = re.compile(r"over\s(?:the|a)\s(?!age)", re.IGNORECASE)  # "over the 7 days before" is a window
_DENIED = frozenset(("not", "never", "nor", "isn't", "aren't"))

# -------------------------------------------------------------------------------------------------------- after a number

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
    rf"(?P<minus>[-−–](?=\d))?(?P<to>{_DIGITS})",
    re.IGNORECASE,
)
_LIST = re.compile(r"\s*(?:,\s*(?:or|and)?|/|\bor\b|\band\b)\s*(\d)(?![\w.,/-]\d)(?!\w)", re.IGNORECASE)
_SLASH = re.compile(rf"\s?/\s?({_DIGITS})")
_NO_LIMIT_AFTER = re.compile(
    r"\s?(?:[/:]\s?\d|(?:am|pm|a\.m|p\.m)\b|of\s(?:the\s)?(?:following|these|below|criteria|above)|hand\b|or\sboth|another)", re.IGNORECASE
)
_UNIT = re.compile(rf"\s{{0,2}}-?(?:(?:st|nd|rd|th)\s)?(?:(?:gestational|consecutive|completed|calendar|full)\s)?({units.PATTERN})")
_OLD = re.compile(r"(?:\.?\s?o\b\.?|[\s,-]*(?:of\sage|in\sage|aged?\b|old\b|of\slife\b|/\s?o\b|de\sedad|d['’]âge|alt\b|de\sidade|di\setà))", re.IGNORECASE)
#: A quick look: what a number without a comparison before it must be followed by to become one.
_MAY_GO_ON = re.compile(
    r"\s{0,2}(?:[^\s\d]{1,14}(?:\s(?:of\s\w+|old|\w{1,9}))?\s{0,2})??"
    r"(?:[-–—−~～‐‑+<>≥≤＜＞=/,&(]|(?:to|or|and|through|thru|until|up|y|o|a|à|e|et|ou|und|oder|bis|i|minimum|maximum|inclusive)\b)"
)
_EXTREME = re.compile(
    r"\b(?:(?P<ge>min(?:imum|imal)?)|(?P<le>max(?:imum|imal)?))\s(?:(?!dose|daily|duration)[\w-]+\s?){1,3}?(?:\s(?:of|is))?[\s:=]*$", re.IGNORECASE
)
_SCALE_AFTER = re.compile(r"[\s-]*(?:points?\b|vas\b|nrs\b|scale|numeric|visual|likert|rating)", re.IGNORECASE)
_SCALE_BEFORE = re.compile(r"\b(?:scale(?:\s(?:of|from))?|on an?|range|ranging|ranges)[\s:(]*(?:of|from)?[\s:(]*$", re.IGNORECASE)
_NUMBERED_THING = re.compile(
    r"\b(?:version|visits?|days?|weeks?|months?|cycles?|ios|android|windows|phases?|cohorts?|arms?|parts?|groups?|appendix|sections?|tables?|exons?|codons?"
    r"|chromosomes?|covid|protocol|criteri(?:a|on)|no\.?|number|items?|hepatitis|types?|influenza|version of|hiv|steps?|years?|in|since|until)\W*$",
    re.IGNORECASE,
)


_AT_LIMIT = re.compile(
    r"(?P<sign>[<>≥≤]\s?=?)\s?(?:the\s|institutional\s|laboratory\s|local\s|lab\s)*(?P<limit>ULN|UNL|LLN|(?:upper|lower)\slimits?\sof\s(?:the\s)?(?:normal|reference)(?:\srange)?)"
)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}
_GRADE = "(?:I{1,3}|IV|VI?|[ⅠⅡⅢⅣⅤ])"
_ROMAN_SCALES = ("NYHA", "ASA ", "Heart Association", "esthesiologists", "Cardiovascular Society", "GMFCS", "itzpatrick", "Kellgren", "Mallampati", "Hoehn")
_ROMAN_GRADES = re.compile(
    rf"""(?:(?P<sign>[<>≥≤]\s?=?)\s?|\b(?P<phrase>at\sleast|(?:greater|more|higher|less|lower)\sthan|above|over|below)\s)?
    (?:(?:[Cc]lass|[Gg]rade|[Ss]tage|[Ll]evel|[Tt]ype)\s)?(?<![\w-])
    (?P<grades>{_GRADE}(?:\s*(?:,|/|[-–—~&]|\b(?:to|or|and|through)\b)+\s*(?:(?:or|and)\s)?(?:[Cc]lass\s|[Gg]rade\s)?{_GRADE}(?!\w))*)(?![\w'’])
    (?:\s(?:or|and)\s(?:(?P<more>higher|greater|above|more|worse|over)|(?P<less>lower|less|below|better)))?""",
    re.VERBOSE,
)


class Limit:
    """A number, or two, with what they bound."""

    __slots__ = ("bare", "end", "lower", "lower_inclusive", "negated", "number", "of_age", "roman", "second", "start", "unit", "upper", "upper_inclusive")

    def __init__(self, start: int, number: int, end: int) -> None:
        self.start = start  # first character of the comparison
        self.number = number  # first character of its first number
        self.end = end
        self.lower: float | None = None
        self.lower_inclusive: bool | None = None
        self.upper: float | None = None
        self.upper_inclusive: bool | None = None
        self.unit = ""  # as it is written
        self.negated = False
        self.of_age = False  # says "older", "years old", "of age"
        self.second: float | None = None  # the number after a slash
        self.roman = False  # its numbers are Roman
        self.bare = False  # a range, list or "up to": a limit only where something known is limited

    def bound(self, side: str, value: float) -> None:
        """Set the bound that a comparison of this side (ge, gt, le, lt) makes of a number."""
        if side[0] == "g":
            self.lower, self.lower_inclusive = value, side == "ge"
        else:
            self.upper, self.upper_inclusive = value, side == "le"


class _Before:
    """A comparison that stands before a number."""

    __slots__ = ("negated", "of_age", "side", "start")

    def __init__(self, side: str, start: int, negated: bool = False, of_age: bool = False) -> None:
        self.side = side
        self.start = start
        self.negated = negated
        self.of_age = of_age


def limits(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, list[Limit]]]:
    """For each of the spans of `text` (ascending, apart) that holds comparisons: its place and they, in order, not overlapping.

    A comparison never reaches over the end of a span.
    """
    found: dict[int, list[Limit]] = {}
    numbers = [number.span() for number in _NUMBER.finditer(text)]
    if spelled := _spelled_out(text):
        numbers = sorted({*numbers, *spelled})
    place, done = 0, -1
    for start, end in numbers:
        if start < done:
            continue
        while place < len(spans) and start >= spans[place][1]:
            place += 1
        if place == len(spans):
            break
        begin, stop = spans[place]
        if start >= begin and (limit := _limit(text, max(begin, done), stop, start, end)):
            found.setdefault(place, []).append(limit)
            done = limit.end
    if "ULN" in text or "LLN" in text or "imit of" in text:
        _add(found, spans, _at_laboratory_limit(text))
    for scale in _ROMAN_SCALES:
        at = text.find(scale)
        while at >= 0:
            place = bisect_right(spans, (at, len(text))) - 1
            if place >= 0 and at < spans[place][1]:
                _add(found, spans, _in_roman(text, at, spans[place][1]))
            at = text.find(scale, at + 1)
    return iter(sorted(found.items()))


def _add(found: dict[int, list[Limit]], spans: Sequence[tuple[int, int]], more: list[Limit]) -> None:
    """Put further limits among those found, where they lie in a span and do not overlap."""
    for limit in more:
        place = bisect_right(spans, (limit.start, limit.end)) - 1
        if place >= 0 and limit.end <= spans[place][1]:
            there = found.setdefault(place, [])
            if all(limit.end <= one.start or limit.start >= one.end for one in there):
                there.append(limit)
                there.sort(key=lambda one: one.start)


def _at_laboratory_limit(text: str) -> list[Limit]:
    """ "bilirubin ≤ ULN": once the laboratory's limit."""
    found = []
    for match in _AT_LIMIT.finditer(text):
        limit = Limit(match.start(), match.start("limit"), match.end())
        limit.bound(_side(match["sign"]), 1.0)
        limit.unit = match["limit"]
        found.append(limit)
    return found


def _in_roman(text: str, begin: int, stop: int) -> list[Limit]:
    """ "NYHA class III or IV", "ASA I-II", "≥ NYHA II": the grades of the scale that is named at `begin`."""
    match = _ROMAN_GRADES.search(text, begin, min(stop, begin + 90))
    if match is None:
        return []
    grades = [_ROMAN[grade] for grade in re.findall(r"I{1,3}(?!V)|IV|VI?|[ⅠⅡⅢⅣⅤ]", match["grades"])]
    limit = Limit(match.start(), match.start("grades"), match.end())
    limit.roman = True
    before = match["sign"] or match["phrase"]
    if before is None and (earlier := _before(text, max(0, begin - 40), begin)) and earlier.side != "from":
        limit.start, before = earlier.start, None  # "greater than NYHA class II"
        limit.bound(earlier.side, float(grades[0]))
    elif len(grades) == 1 and (before or match["more"] or match["less"]):
        side = "ge" if match["more"] else "le" if match["less"] else _PHRASES.get(" ".join(before.lower().split())) or _side(before)
        limit.bound(side, float(grades[0]))
    elif len(grades) > 1 and grades == sorted(grades):
        limit.lower, limit.lower_inclusive, limit.upper, limit.upper_inclusive = float(grades[0]), True, float(grades[-1]), True
    else:
        return []
    return [limit]


def _spelled_out(text: str) -> list[tuple[int, int]]:
    """Where numbers in words stand in comparisons: "at least two", "three or more"."""
    found = set()
    for hint in _SPELLED_AFTER:
        at = text.find(hint)
        while at >= 0:
            at += len(hint)
            word = text[at : at + 9].partition(" ")[0]
            if word.lower() in _SPELLED:
                found.add((at, at + len(word)))
            at = text.find(hint, at)
    for hint in _SPELLED_BEFORE:
        at = text.find(hint)
        while at >= 0:
            for word in text[max(0, at - 22) : at].split()[-2:]:
                if word.lower() in _SPELLED:
                    start = text.rfind(word, 0, at)
                    found.add((start, start + len(word)))
            at = text.find(hint, at + 1)
    return sorted(found)


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


def _side(sign: str) -> str:
    return ("l" if _GREATER.isdisjoint(sign) else "g") + ("t" if _OR_EQUAL.isdisjoint(sign) else "e")


def _is_year(value: float) -> bool:
    return 1900 <= value <= 2100 and value == int(value)


def _limit(text: str, begin: int, stop: int, start: int, end: int) -> Limit | None:
    """The comparison that the number `text[start:end]` stands in; it lies in `text[begin:stop]`."""
    minus = begin < start and text[start - 1] in "-−–" and (start - 1 == begin or text[start - 2] in f" ({_SIGNS}=")
    before = _before(text, begin, start - 1 if minus else start)
    if before is None:
        return _uncompared(text, begin, stop, start, end)
    if _NO_LIMIT_AFTER.match(text, end, stop) and not _SLASH.match(text, end, stop):
        return None
    value = _value(text[start:end])
    limit = Limit(before.start, start, end)
    limit.negated, limit.of_age = before.negated, before.of_age
    if before.side == "from":
        return _range(text, begin, stop, limit, value) or _postfix(text, stop, limit, value)
    if before.side == "gt" and _OVER_THE.match(text, before.start, start):
        return None
    limit.bound(before.side, -value if minus else value)
    limit.bare = before.side == "le" and text[before.start : before.start + 2].lower() in ("up", "ma")
    if slash := _SLASH.match(text, end, stop):
        limit.second = _value(slash[1])  # "≥ 140/90 mmHg", "> 4/10"
        limit.end = slash.end()
    _read_unit(text, stop, limit)
    return limit if limit.unit or not _is_year(value) else None


def _uncompared(text: str, begin: int, stop: int, start: int, end: int) -> Limit | None:
    """A number without a comparison before it: one may follow, or a range."""
    extreme = text.find("imum", max(begin, start - 40), start) >= 0 and _EXTREME.search(text, max(begin, start - 40), start)
    if not extreme and not _MAY_GO_ON.match(text, end, stop):
        return None
    if _NO_LIMIT_AFTER.match(text, end, stop):
        return None
    value = _value(text[start:end])
    limit = Limit(start, start, end)
    if found := _range(text, begin, stop, limit, value) or _postfix(text, stop, limit, value):
        return None if not found.unit and _NUMBERED_THING.search(text, max(begin, start - 14), start) else found
    if extreme:
        limit.bound("ge" if extreme["ge"] else "le", value)
        _read_unit(text, stop, limit)
        limit.bare = True
        return limit
    return _listed(text, stop, limit, value)


def _before(text: str, begin: int, start: int) -> _Before | None:
    """The comparison that ends where a number starts."""
    at = start
    while at > begin and text[at - 1] in " \t\u00a0\n":
        at -= 1
    if at == begin:
        return None
    last = text[at - 1]
    if last in _SIGNS or last in "=＝":
        sign = _SIGN_BEFORE.search(text, max(begin, at - 8), at)
        return _Before(_side(sign.group()), sign.start()) if sign else None
    window = max(begin, at - 60)
    end_word = text[window:at].rsplit(None, 1)[-1].strip("(:[,").lower()
    if end_word and end_word not in _PHRASE_LENGTHS and end_word not in _FILLERS:
        return None
    left = text[window:at].lower()
    words = left.split()
    if window > begin and words and not text[window - 1].isspace():
        words.pop(0)  # cut in two by the window
    while words and words[-1] in ("(", "[", ":", "-", "="):
        words.pop()
    bare = [word.strip("(:[,") for word in words]
    end = len(bare)
    fillers = 0
    while end > 0:
        word = bare[end - 1]
        for length in _PHRASE_LENGTHS.get(word, ()):
            side = _PHRASES.get(" ".join(bare[end - length : end])) if length <= end else None
            if side is not None:
                denied = end > length and (bare[end - length - 1] in _DENIED or (end > length + 1 and bare[end - length - 1] == "be" and bare[end - length - 2] in _DENIED))
                of_age = bare[end - length].startswith(("old", "young")) or "age" in bare[end:] or "ages" in bare[end:]
                return _Before(side, window + _place(left, bare[end - length :], words[end - length :]), denied, of_age)
        if fillers and word[-1:] in _SIGNS and word:
            sign = _SIGN_BEFORE.search(left, 0, _place(left, bare[end - 1 :], words[end - 1 :]) + len(words[end - 1]))
            return _Before(_side(sign.group()), window + sign.start()) if sign else None
        if word not in _FILLERS or fillers == 4:
            return None
        fillers += 1
        end -= 1
    return None


def _place(left: str, bare: list[str], words: list[str]) -> int:
    """Where the last `words` of `left` begin."""
    at = len(left)
    for word in reversed(words):
        at = left.rfind(word, 0, at)
    return at + words[0].find(bare[0])


def _read_unit(text: str, stop: int, limit: Limit) -> None:
    unit = _UNIT.match(text, limit.end, stop)
    if unit:
        limit.unit = (unit["limit"] or unit[1]).strip()
        limit.end = unit.end(1)
    old = _OLD.match(text, limit.end, stop)
    if old and (limit.unit or old.group()[0] in " -,\n"):
        limit.of_age = True
        limit.end = old.end()


def _range(text: str, begin: int, stop: int, limit: Limit, value: float) -> Limit | None:
    """ "18-65 years", "8yr-18yrs", "from 40 to 80 years old", "(16-24) weeks": the number at `limit.end` and a second one."""
    end, of_age = limit.end, limit.of_age
    opening = text[limit.start : limit.number]
    to = _RANGE.match(text, end, stop)
    if to is None:
        _read_unit(text, stop, limit)
        to = _RANGE.match(text, limit.end, stop) if limit.end > end else None
    unit = limit.unit
    limit.end, limit.unit = end, ""
    if to is None or (to["and"] and not opening) or _goes_on_as_date(text, to.end(), stop):
        limit.of_age = of_age
        return None
    upper = -_value(to["to"]) if to["minus"] else _value(to["to"])
    if upper <= value or (not opening and value == 0 and _describes_scale(text, begin, limit.start, to.end(), stop)):
        limit.of_age = of_age
        return None
    limit.end = to.end()
    if text[limit.end : limit.end + 1] == ")" and "(" in opening:
        limit.end += 1
    _read_unit(text, stop, limit)
    limit.unit = limit.unit or unit
    if _is_year(value) and _is_year(upper) and not limit.unit:
        limit.end, limit.of_age = end, of_age
        return None
    limit.lower, limit.lower_inclusive = value, True
    limit.upper, limit.upper_inclusive = upper, True
    limit.bare = opening[:4].lower() not in ("betw", "in b", "entr", "zwis", "rang", "pomi", "międ", "μετα")
    return limit


def _describes_scale(text: str, begin: int, start: int, end: int, stop: int) -> bool:
    """ "on a 0-10 scale", "(range 0-42)": what there is, not what is allowed."""
    return _SCALE_AFTER.match(text, end, stop) is not None or _SCALE_BEFORE.search(text, max(begin, start - 20), start) is not None


def _goes_on_as_date(text: str, at: int, stop: int) -> bool:
    return at + 1 < stop and text[at] in "-/" and text[at + 1].isdigit()


def _postfix(text: str, stop: int, limit: Limit, value: float) -> Limit | None:
    """ "18 years or older", "25 or more", "18+", "145 mmHg ≤ SBP"."""
    if _is_year(value):
        return None
    end, of_age = limit.end, limit.of_age
    _read_unit(text, stop, limit)
    after = _AFTER.match(text, limit.end, stop)
    if after is not None and not (after["plus"] and value < 5 and not limit.unit and not _COUNTS.match(text, after.end(), stop)):
        limit.bound("le" if after["less"] or after["max"] or after["below"] else "ge", value)
        said = after.group().lower()
        limit.of_age = limit.of_age or "old" in said or "young" in said
        limit.end = after.end()
        if after["plus"] and not limit.unit:
            _read_unit(text, stop, limit)  # "18+ years"
        return limit
    sign = _SIGN_AFTER.match(text, limit.end, stop)
    if sign is None or limit.start != limit.number:
        limit.unit, limit.end, limit.of_age = "", end, of_age
        return None
    limit.bound({"ge": "le", "gt": "lt", "le": "ge", "lt": "gt"}[_side(sign[1])], value)
    limit.end = sign.end(1)
    return limit


def _listed(text: str, stop: int, limit: Limit, value: float) -> Limit | None:
    """ "ECOG 0 or 1", "0, 1, or 2": neighbouring grades are a range."""
    last, at = value, limit.number + 1
    if not text[limit.number].isdigit() or (at < stop and text[at].isdigit()):
        return None
    while item := _LIST.match(text, at, stop):
        if float(item[1]) != last + 1:
            return None
        last, at = last + 1, item.end()
    if last == value:
        return None
    limit.end = at
    limit.lower, limit.lower_inclusive, limit.upper, limit.upper_inclusive = value, True, last, True
    limit.bare = True
    return limit
