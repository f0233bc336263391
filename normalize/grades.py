"""Limits without a figure: grades in Roman numerals ("NYHA class II-III"), once the laboratory's limit ("bilirubin ≤ ULN").

Called by `comparisons`, which reads those with figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from normalize import signs
from normalize.limit import Limit

_LIMIT = re.compile(r"(?:ULN|UNL|LLN|(?:upper|lower)\slimits?\sof\s(?:the\s)?(?:normal|reference)(?:\srange)?)\b")
#: Between a comparison and it.
_WHOSE = re.compile(r"(?:\b(?:the|institutional|laboratory|local|lab)\s){1,3}$")
_WHOSE_ENDS = ("the", "institutional", "laboratory", "local", "lab")
#: What makes a multiple of it.
_MULTIPLES = ("x", "X", "×", "*", "times", "fold")
_SCALES = (
    "NYHA", "ASA ", "Killip", "GOLD", "Tanner", "Hurley", "KL ", "Heart Association", "esthesiologists", "Cardiovascular Society", "CCS", "GMFCS", "itzpatrick", "Kellgren", "Mallampati", "Hoehn"
)  # fmt: skip
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}
_GRADE = "(?:I{1,3}|IV|VI?|[ⅠⅡⅢⅣⅤ])"
_NUMERAL = re.compile(r"[IVⅠⅡⅢⅣⅤ](?<![\w-].)[IV]{0,3}(?![\w'’])")
_GRADES = re.compile(r"I{1,3}(?!V)|IV|VI?|[ⅠⅡⅢⅣⅤ]")
_ROMAN_GRADES = re.compile(
    rf"""(?:(?P<sign>[<>≥≤]\s?=?)\s?|\b(?P<phrase>at\sleast|(?:greater|more|higher|less|lower)\sthan|above|over|below)\s)?
    (?:(?:[Cc]lass|[Gg]rade|[Ss]tage|[Ll]evel|[Tt]ype)\s)?(?<![\w-])
    (?P<grades>{_GRADE}(?:\s*(?:,|/|[-–—~&]|\b(?:to|or|and|through)\b)+\s*(?:(?:or|and)\s)?(?:[Cc]lass\s|[Gg]rade\s)?{_GRADE}(?!\w))*)(?![\w'’])
    (?:\s(?:or|and)\s(?:(?P<more>higher|greater|above|more|worse|over)|(?P<less>lower|less|below|better)))?""",
    re.VERBOSE,
)
#: More mentions of one scale in one criterion are no limits.
_MOST_MENTIONS = 300


def may_be_in(text: str) -> bool:
    """A quick look: whether it is worth looking for such limits in a criterion."""
    if "ULN" in text or "LLN" in text or "imit of" in text:
        return True
    if ("I" in text or "V" in text or not text.isascii()) and _NUMERAL.search(text):
        for scale in _SCALES:
            if scale in text:
                return True
    return False


def has_more(text: str) -> bool:
    """Whether a criterion names one scale more often than it is looked at."""
    return any(text.count(scale) > _MOST_MENTIONS for scale in _SCALES)


def limits(text: str) -> Iterator[Limit]:
    """Those of one criterion; they may overlap."""
    if "ULN" in text or "LLN" in text or "imit of" in text:
        yield from _at_laboratory_limit(text)
    for scale in _SCALES:
        if scale in text:
            at = text.find(scale)
            for _ in range(_MOST_MENTIONS):
                if at < 0:
                    break
                yield from _in_roman(text, at)
                at = text.find(scale, at + 1)


def _at_laboratory_limit(text: str) -> list[Limit]:
    """ "bilirubin ≤ ULN", "C3 below the lower limit of normal": once the laboratory's limit."""
    found = []
    for match in _LIMIT.finditer(text):
        start = match.start()
        if text.endswith(_WHOSE_ENDS, 0, max(0, start - 1)) and (
            whose := _WHOSE.search(text, max(0, start - 45), start)
        ):
            start = whose.start()
        if text[max(0, start - 8) : start].rstrip().endswith(_MULTIPLES):
            continue  # "2.5 x ULN", "3 times the ULN"
        compared = signs.before(text, 0, start)
        if compared is None or compared.side == "from":
            continue
        limit = Limit(compared.start, match.start(), match.end())
        limit.bound(compared.side, 1.0)
        limit.negated = compared.denied
        limit.unit = match[0]
        found.append(limit)
    return found


def _in_roman(text: str, begin: int) -> list[Limit]:
    """ "NYHA class III or IV", "ASA I-II", "≥ NYHA II": the grades of the scale that is named at `begin`."""
    match = _ROMAN_GRADES.search(text, begin, begin + 90)
    if match is None:
        return []
    grades = [_ROMAN[grade] for grade in _GRADES.findall(match["grades"])]
    limit = Limit(match.start(), match.start("grades"), match.end())
    limit.roman = True
    said = match["sign"] or match["phrase"]
    earlier = None if said else signs.before(text, max(0, begin - 40), begin)
    if earlier and earlier.side != "from":
        limit.start = earlier.start  # "greater than NYHA class II"
        limit.bound(earlier.side, float(grades[0]))
    elif len(grades) == 1 and (match["more"] or match["less"]):
        limit.bound("ge" if match["more"] else "le", float(grades[0]))
    elif len(grades) == 1 and said:
        limit.bound(signs.PHRASES.get(" ".join(said.lower().split())) or signs.side(said), float(grades[0]))
    elif len(grades) > 1 and grades == sorted(grades):
        limit.between(float(grades[0]), float(grades[-1]))
    else:
        return []
    return [limit]
