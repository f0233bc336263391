"""Comparisons with numbers in running text: bounds and unit, not yet what is limited. Called by `measures`.

"≥ 18", "at least 18 years", "18 years or older", "between 18 and 65", "18-65 years", "ECOG 0 or 1", "145 mmHg ≤ SBP",
"two or more". Numbers without comparison (doses, days, versions), windows of time ("within 4 weeks"), calendar years and
dates are no limits. A lone "=" is none: WHO ICTRP writes "=" where the registry had "≥" or "≤" (NCT04335032).
"""

from __future__ import annotations

import re

from normalize import units

#: The digits of a number after its first; thousands in groups, or a decimal point or comma.
_MORE_DIGITS = r"(?:[0-9]{0,2}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]{0,2}(?:[\u00a0\u2009\u202f' ][0-9]{3})+(?![0-9]|[,.][0-9])|[0-9]*(?:[.,·][0-9]+)?)"
_DIGITS = rf"[0-9]{_MORE_DIGITS}"
_SPELLED = {name: value for value, name in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)} | {
    "fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
}  # fmt: skip
_SPELLED_WORD = "|".join(_SPELLED)
#: What stands before a number (its first digit is looked back over): not "CD4", "PHQ-9", "x10^9", "1.5"; but "Aged18".
_NOT_INSIDE = r"(?:(?<![\w^.,].)|(?<=[Aa]ge.)|(?<=[Aa]ged.))(?<![A-Za-z][-–/.].)"
_NUMBER = re.compile(rf"[0-9]{_NOT_INSIDE}{_MORE_DIGITS}")
_NUMBER_OR_WORD = re.compile(rf"[0-9]{_NOT_INSIDE}{_MORE_DIGITS}|\b(?:{_SPELLED_WORD})\b", re.IGNORECASE)
_SPELLED_AFTER = ("least ", "than ", "most ", "inimum of ", "inimum ", "over ", "under ", "up to ", "etween ")
_SPELLED_BEFORE = (" or more", " or greater", " or fewer", " or less", " or older")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")

# Signs and phrases before a number
_SIGNS = "<>≥≤≧≦＞＜⩾⩽˃˂﹥﹤"
_GREATER = frozenset(">≥≧＞⩾˃﹥")
_OR_EQUAL = frozenset("≥≤≧≦⩾⩽")
_SIGN = rf"(?:[{_SIGNS}](?:\s?/?\s?(?:or\s?)?[=＝]{{1,2}})?|[=＝]\s?/?\s?[<>＜＞])"
_SIGN_BEFORE = re.compile(rf"(?<![-–=]){_SIGN}\s*$")
_SIGN_AFTER = re.compile(rf"\s?({_SIGN})\s?(?=[^\W\d_])")

_OR_EQUAL_TO = r"\s(?:than\s)?or\s(?:equals?|=)(?:\s(?:to|than))?"
_EQUAL_OR = r"(?:equals?|=)\s?(?:to\s)?or\s"
_PHRASES = {
    "ge": rf"""at\sleast|(?:no|not)\s(?:less|fewer|lower|younger|shorter|smaller|earlier)\s(?:than|then)|min(?:imum|imal|\.)?(?:\sof)?:?
        |(?:greater|more|higher|larger|older|longer|bigger|above|over){_OR_EQUAL_TO}
        |{_EQUAL_OR}(?:greater|more|higher|above|older|over|larger|longer|superior|>)(?:\s(?:than|to))?
        |superior\sor\sequal\sto|au\smoins|(?:al|por\slo)\smenos|mindestens|almeno|pelo\smenos|co\snajmniej|legalább|τουλάχιστον
        |may[oó]r(?:es)?\so\sigual(?:es)?\s(?:de|a|que)|sup[ée]rieure?s?\sou\s[ée]gale?s?\sà|maior(?:es)?\sou\sigual\s(?:a|que)""",
    "gt": r"""(?:more|greater|higher|larger|older|longer|bigger|later|heavier|worse|better)\s(?:than|then)|over|above|exceed(?:s|ing|ed)?
        |in\sexcess\sof|superior\sto|beyond|upwards?\sof
        |plus\sde|m[áa]s\sde|may[oó]r(?:es)?\s(?:de|a|que)|mehr\sals|älter\sals|über|più\sdi|mais\sde|maior(?:es)?\s(?:de|a|que)
        |sup[ée]rieure?s?\sà|powyżej""",
    "le": rf"""at\s(?:the\s)?most|(?:no|not)\s(?:more|greater|higher|larger|longer|older|later)\s(?:than|then)|max(?:imum|imal|\.)?(?:\sof)?:?
        |up\sto(?:\sand\sincluding)?|(?:less|lower|smaller|fewer|younger|shorter|below|under){_OR_EQUAL_TO}
        |{_EQUAL_OR}(?:less|lower|below|younger|smaller|shorter|fewer|under|inferior|<)(?:\s(?:than|to))?
        |(?:not|doesn?['’]?t?)\s(?:to\s)?exceed(?:s|ing)?|inferior\sor\sequal\sto|höchstens|au\splus|como\smáximo
        |menor(?:es)?\so\sigual(?:es)?\s(?:de|a|que)|inf[ée]rieure?s?\sou\s[ée]gale?s?\sà|menor(?:es)?\sou\sigual\s(?:a|que)""",
    "lt": r"""(?:less|lower|fewer|smaller|younger|shorter|earlier)\s(?:than|then)|below|under|inferior\sto
        |moins\sde|menos\sde|menor(?:es)?\s(?:de|a|que)|weniger\sals|jünger\sals|unter|meno\sdi|inf[ée]rieure?s?\sà|poniżej""",
    "from": r"between|betwen|from|rang(?:e|es|ed|ing)(?:\s(?:of|from|between))?:?|entre|zwischen|tra|de|pomiędzy|między|μεταξύ",
}  # fmt: skip
_FILLER = r"""(?:\s(?:the|an?|or|of|is|in|approximately|about))*
    (?:\s(?:ages?|average|total|mean|score|value|level|grade|class|stage|nyha|ecog|gina|asa|step|scores|duration|period|interval)(?:\s(?:of|range))?){0,2}"""
_PHRASE_BEFORE = re.compile(
    r"\b(?:" + "|".join(rf"(?P<{side}>{phrases})" for side, phrases in _PHRASES.items()) + rf"){_FILLER}[\s(:]*$",
    re.IGNORECASE | re.VERBOSE,
)
#: The last words that a phrase can have: a quick look before the pattern.
_PHRASE_ENDS = frozenset(
    """than then least most over above below under exceed exceeds exceeding exceeded beyond to of age ages average total mean score value level
    grade class stage nyha ecog gina asa step scores between betwen from range ranges ranged ranging the a an or is in approximately about
    minimum minimal min maximum maximal max duration period interval including equal equals moins plus menos de que mindestens almeno más mas
    als über unter di mais à powyżej poniżej najmniej legalább τουλάχιστον entre zwischen tra pomiędzy między μεταξύ höchstens máximo = < >""".split()
)
_NOT_BEFORE = re.compile(r"\b(?:not|nor|never)(?:\s(?:be|being|to be|have|having))?\s*$|n['’]t(?:\s(?:be|have))?\s*$", re.IGNORECASE)
_EXTREME = re.compile(
    r"\b(?:(?P<ge>min(?:imum|imal)?|lowest)|(?P<le>max(?:imum|imal)?|highest))\s(?:(?!dose|daily|duration)[\w-]+\s?){1,3}?(?:\s(?:of|is))?[\s:=]*$",
    re.IGNORECASE,
)

# After a number
_AFTER = re.compile(
    r"""\s*(?:\(?(?:inclusive|incl\.?)\)?\s*)?(?:(?:,\s)?(?:and|or|&|/|y|o|et|ou|und|oder)\s?
    (?:(?P<more>older|over|above|more|greater|higher|upwards?|up|longer|better|beyond|larger|onwards?|más|plus|mehr|älter|superior(?:es)?|mayor(?:es)?)
    |(?P<less>younger|less|fewer|lower|below|under|shorter|smaller|earlier|menos|moins|weniger))\b
    (?!\s*(?:than|then|the\sage|age|to\b|or\sequal|\(?[\d<>≥≤=]))
    |(?P<plus>\+)(?![\d+])|\s?(?P<min>minimum)\b|\s?(?P<max>maximum)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_RANGE = re.compile(
    r"\s*(?:(?P<sign>[-–—−~～‐‑]{1,2}|\b(?:to|through|thru|until|up\sto)\b)|(?P<and>\b(?:and|y|et|und|e|a|à|bis|i|και|és|do)\b|&))\s*"
    rf"(?P<minus>[-−–](?=\d))?(?P<to>{_DIGITS})",
    re.IGNORECASE,
)
_LIST = re.compile(r"\s*(?:,\s*(?:or|and)?|/|\bor\b|\band\b)\s*(\d)(?![\w.,/-]\d)(?!\w)", re.IGNORECASE)
_SLASH = re.compile(rf"\s?/\s?({_DIGITS})")
_NO_LIMIT_AFTER = re.compile(r"\s?(?:[/:]\s?\d|(?:am|pm|a\.m|p\.m)\b|(?:of\s(?:the\s)?(?:following|these|below|criteria|above)|hand\b|or\sboth|another))", re.IGNORECASE)
_UNIT = re.compile(r"\s{0,2}-?(" + units.PATTERN + ")")
_OLD = re.compile(r"[\s,-]*(?:of\sage|in\sage|old\b|of\slife\b|y/o|de\sedad|d['’]âge|alt\b|de\sidade|di\setà)", re.IGNORECASE)


#: A quick look: what a number without a comparison before it must be followed by to become one.
_MAY_GO_ON = re.compile(
    r"\s{0,2}(?:[^\s\d]{1,14}(?:\s(?:of\s\w+|old|\w{1,9}))?\s{0,2})??(?:[-–—−~～‐‑+<>≥≤＜＞=/,&]|(?:to|or|and|through|thru|until|up|y|o|a|à|e|et|ou|und|oder|bis|i|minimum|maximum|inclusive)\b)"
)


class Limit:
    """A number, or two, with what they bound. Spans count the characters of the text given to `limits`."""

    __slots__ = ("bare", "end", "lower", "lower_inclusive", "negated", "of_age", "start", "unit", "upper", "upper_inclusive")

    def __init__(self, start: int, end: int) -> None:
        self.start = start  # first character of the comparison
        self.end = end
        self.lower: float | None = None
        self.lower_inclusive: bool | None = None
        self.upper: float | None = None
        self.upper_inclusive: bool | None = None
        self.unit = ""  # as it is written
        self.negated = False
        self.of_age = False  # says "older", "years old", "of age"
        self.bare = False  # a range, list or "up to": a limit only where something known is limited

    def bound(self, side: str, value: float) -> None:
        """Set the bound that a comparison of this side (ge, gt, le, lt) makes of a number."""
        if side[0] == "g":
            self.lower, self.lower_inclusive = value, side == "ge"
        else:
            self.upper, self.upper_inclusive = value, side == "le"


def _value(text: str) -> float:
    """The number that a text means: thousands separators, decimal commas, words."""
    if text[0].isalpha():
        return float(_SPELLED[text.lower()])
    if _THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    for blank in "\u00a0\u2009\u202f' ":
        text = text.replace(blank, "")
    return float(text.replace(",", ".").replace("·", "."))


def _side(sign: str) -> str:
    greater = not _GREATER.isdisjoint(sign)
    equal = "=" in sign or "＝" in sign or not _OR_EQUAL.isdisjoint(sign)
    return ("g" if greater else "l") + ("e" if equal else "t")


def limits(text: str, begin: int, stop: int) -> list[Limit]:
    """The comparisons in `text[begin:stop]`, in order, without overlap."""
    pattern = _NUMBER_OR_WORD if _spells_out(text[begin:stop]) else _NUMBER
    found: list[Limit] = []
    done = begin
    for number in pattern.finditer(text, begin, stop):
        if number.start() < done:
            continue
        limit = _limit(text, done, stop, number)
        if limit is not None:
            found.append(limit)
            done = limit.end
    return found


def _spells_out(text: str) -> bool:
    """Whether a comparison in `text` has its number in words: "at least two", "three or more"."""
    for hint in _SPELLED_AFTER:
        at = text.find(hint)
        while at >= 0:
            at += len(hint)
            if text[at : at + 9].partition(" ")[0].lower() in _SPELLED:
                return True
            at = text.find(hint, at)
    for hint in _SPELLED_BEFORE:
        at = text.find(hint)
        while at >= 0:
            if any(word.lower() in _SPELLED for word in text[max(0, at - 22) : at].split()[-2:]):
                return True
            at = text.find(hint, at + 1)
    return False


def _limit(text: str, begin: int, stop: int, number: re.Match[str]) -> Limit | None:
    start, end = number.span()
    minus = begin < start and text[start - 1] in "-−–" and (start - 1 == begin or text[start - 2] in f" ({_SIGNS}=")
    compared = _before(text, begin, start - 1 if minus else start)
    if _NO_LIMIT_AFTER.match(text, end, stop) and not (compared and _SLASH.match(text, end, stop)):
        return None
    value = _value(number.group())
    if compared is None:
        return _uncompared(text, begin, stop, start, end, value)
    side, opening, negated, of_age = compared
    limit = Limit(opening, end)
    limit.negated = negated
    limit.of_age = of_age
    value = -value if minus else value
    if side == "from":
        return _range(text, stop, limit, value, between=True) or _postfix(text, stop, limit, value)
    limit.bound(side, value)
    limit.bare = side == "le" and text[opening : opening + 2].lower() in ("up", "ma")
    _read_unit(text, stop, limit)
    return limit if limit.unit or not _is_year(value) else None


def _uncompared(text: str, begin: int, stop: int, start: int, end: int, value: float) -> Limit | None:
    """A number without a comparison before it: one may follow, or a range."""
    if not _MAY_GO_ON.match(text, end, stop) and text.find("imum", max(begin, start - 40), start) < 0:
        return None
    limit = Limit(start, end)
    if found := _range(text, stop, limit, value, between=False) or _postfix(text, stop, limit, value):
        return found
    extreme = _EXTREME.search(text, max(begin, start - 40), start)
    if extreme:
        limit = Limit(start, end)
        limit.bound("ge" if extreme["ge"] else "le", value)
        _read_unit(text, stop, limit)
        limit.bare = True
        return limit
    return _listed(text, stop, start, end, value)


def _before(text: str, begin: int, start: int) -> tuple[str, int, bool, bool] | None:
    """The comparison that ends at `start`: side, its first character, denied or not, whether it says that it is of age."""
    at = start
    while at > begin and text[at - 1] in " \t\u00a0":
        at -= 1
    if at == begin:
        return None
    last = text[at - 1]
    if last in _SIGNS or last in "=＝":
        sign = _SIGN_BEFORE.search(text, max(begin, at - 8), at)
        return (_side(sign.group()), sign.start(), False, False) if sign else None
    window = max(begin, at - 56)
    left = text[window:at]
    word = left.rstrip("( :\n\t").rsplit(None, 1)
    if not word or (word[-1].lower().rstrip(".:") not in _PHRASE_ENDS and word[-1].lower() not in _PHRASE_ENDS):
        return None
    phrase = _PHRASE_BEFORE.search(left)
    if phrase is None:
        return None
    side = phrase.lastgroup or ""
    said = phrase.group().lower()
    negated = _NOT_BEFORE.search(left, 0, phrase.start()) is not None
    return side, window + phrase.start(), negated, "old" in said or "young" in said or " age" in said


def _read_unit(text: str, stop: int, limit: Limit) -> None:
    unit = _UNIT.match(text, limit.end, stop)
    if unit:
        limit.unit = unit[1].strip()
        limit.end = unit.end(1)
    old = _OLD.match(text, limit.end, stop)
    if old:
        limit.of_age = True
        limit.end = old.end()


def _range(text: str, stop: int, limit: Limit, value: float, *, between: bool) -> Limit | None:
    """ "18-65 years", "8yr-18yrs", "from 40 to 80 years old", "(16-24) weeks": the number at `limit.end` and a second one."""
    start, end, of_age = limit.start, limit.end, limit.of_age
    to = _RANGE.match(text, end, stop)
    if to is None:
        _read_unit(text, stop, limit)
        to = _RANGE.match(text, limit.end, stop) if limit.end > end else None
    unit = limit.unit
    if to is None or (to["and"] and not between) or (to.end() < stop and text[to.end()] in "-/" and text[to.end() + 1 : to.end() + 2].isdigit()):
        limit.end, limit.unit, limit.of_age = end, "", of_age
        return None
    upper = _value(to["to"])
    if to["minus"]:
        upper = -upper
    limit.end = to.end()
    if text[limit.end : limit.end + 1] == ")" and "(" in text[start:end]:
        limit.end += 1
    limit.unit = ""
    _read_unit(text, stop, limit)
    limit.unit = limit.unit or unit
    if upper <= value or (_is_year(value) and _is_year(upper) and not limit.unit):
        limit.end, limit.unit, limit.of_age = end, "", of_age
        return None
    limit.lower, limit.lower_inclusive = value, True
    limit.upper, limit.upper_inclusive = upper, True
    limit.bare = not between or text[start : start + 4].lower() not in ("betw", "entr", "zwis", "rang")
    return limit


def _postfix(text: str, stop: int, limit: Limit, value: float) -> Limit | None:
    """ "18 years or older", "25 or more", "18+"."""
    if _is_year(value):
        return None
    _read_unit(text, stop, limit)
    after = _AFTER.match(text, limit.end, stop)
    if after is None:
        sign = _SIGN_AFTER.match(text, limit.end, stop)
        if sign is None or text[limit.start : limit.start + 1].isalpha():
            return None
        limit.bound({"ge": "le", "gt": "lt", "le": "ge", "lt": "gt"}[_side(sign[1])], value)  # "145 mmHg ≤ SBP"
        limit.end = sign.end(1)
        return limit
    limit.bound("le" if after["less"] or after["max"] else "ge", value)
    limit.of_age = limit.of_age or "old" in after.group() or "young" in after.group()
    limit.end = after.end()
    if after["plus"] and not limit.unit:
        _read_unit(text, stop, limit)  # "18+ years"
    return limit


def _listed(text: str, stop: int, start: int, end: int, value: float) -> Limit | None:
    """ "ECOG 0 or 1", "0, 1, or 2": neighbouring grades are a range."""
    if end - start != 1:
        return None
    last, at = value, end
    while item := _LIST.match(text, at, stop):
        if float(item[1]) != last + 1:
            return None
        last, at = last + 1, item.end()
    if last == value:
        return None
    limit = Limit(start, at)
    limit.lower, limit.lower_inclusive, limit.upper, limit.upper_inclusive = value, True, last, True
    limit.bare = True
    return limit


def _is_year(value: float) -> bool:
    return 1900 <= value <= 2100 and value == int(value)
