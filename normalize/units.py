"""Units of measurement in running text: their UCUM code and conversion. Called by `measures`; knows no variable.

The spellings are in vocabulary/measures.yml. A unit is an atom ("mg"), an atom over others ("mL/min/1.73 m2", "cells per
µL"), a power of ten of something ("x 10^9/L"), or a multiple of a laboratory's limit ("x ULN").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from normalize.tables import table

VOCABULARY: dict[str, Any] = table("measures")


class Unit(NamedTuple):
    """A unit: its UCUM code, the dimension it measures, and how many of the dimension's base units it is."""

    ucum: str
    dimension: str
    factor: float


def _spellings() -> dict[str, Unit]:
    atoms: dict[str, Unit] = {}
    for code, (dimension, factor, spellings) in VOCABULARY["units"].items():
        for spelling in filter(None, spellings.split("|")):
            atoms[spelling.replace("\\^", "^")] = Unit(code, dimension, float(factor))
    for spelling, atom in list(atoms.items()):
        if len(spelling) > 3 and spelling.islower() and re.fullmatch(r"[a-z][a-z -]+", spelling):
            for written in (spelling.upper(), spelling.capitalize(), spelling.title()):
                atoms.setdefault(written, atom)  # "6 MONTHS", "20 Pack-Years"
    return atoms


ATOMS = _spellings()
_ATOMS_LOW = {spelling.lower(): atom for spelling, atom in reversed(ATOMS.items())}
_BY_CODE = {code: Unit(code, kind, float(factor)) for code, (kind, factor, _) in VOCABULARY["units"].items()}


def _any_of(spellings: list[str]) -> str:
    """A pattern for any of the spellings, the longest that fits: one branch a character, for there are hundreds."""
    branches: dict[str, list[str]] = {}
    for spelling in spellings:
        branches.setdefault(spelling[:1], []).append(spelling[1:])
    parts = []
    for first, rests in branches.items():
        if first:
            parts.append((r"\s?" if first == " " else re.escape(first)) + (_any_of(rests) if any(rests) else ""))
    inner = parts[0] if len(parts) == 1 else "(?:" + "|".join(parts) + ")"
    return f"(?:{inner})?" if "" in branches else inner


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_ATOM = rf"{_any_of(sorted(ATOMS))}(?:(?<=%)|(?![^\W\d_]))"
_PER = r"\s?(?:/|÷|\bper\b|\bPER\b|\beach\b|\ba(?=\s(?:day|week|month|year|night)))\s?"
_BODY_SURFACE = r"1[.,]73\s?(?:m\^?\s?[2²]?|㎡|m\(2\))?"
_UNDER = rf"(?:{_PER}(?:(?:{_BODY_SURFACE}|(?:24|1)\s?-?\s?(?:hours?|hrs?|h)|high[\s-]power(?:ed)? field|hpf|HPF|creatinine|occasion|night|eye)(?![^\W\d_])|{_ATOM})|\s(?:daily|weekly)(?![^\W\d_]))"
_TIMES_TEN = r"(?:[x×*✕∙·•]\s?10\s?(?:\^|\*\*?|[eE]|exp)?\s?\(?[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}\)?|\s?10\s?(?:\^|\*|[eE])\s?[0-9]{1,2}|10[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}|\s10(?:3|6|9|12)(?=\s?/)|[eE][0-9]{1,2})"
_INVERSE = r"(?:\s?[.·∙*⋅]\s?(?:m|mL|min|L|kg)\s?[-−–]\s?[12])"
_LIMIT = (
    r"(?!\s?[mywdkghpb%/°µ])(?:-?\s?fold|times|[xX×*∙·]|\()?\s?(?:(?:greater|higher|more|above)\s(?:than\s)?)?(?:the\s)?"
    r"(?:(?:institutional|institution's|laboratory|laboratory's|local|lab|site|site's|study|reference|normal|age|adjusted|specific|respective"
    r"|upper|of|the|institution|range)[\s-]\s{0,24}){0,4}"
    r"(?P<limit>ULN|UNL|ULRR|LSN|LNS|OGN|LLN|LNL|ULNs|IULN"
    r"|(?:[uU]pper|[lL]ower)\s(?:limits?\s|normal\s|end\s|reference\s|institutional\s|level\s|range\s|laboratory\s){1,2}(?:of\s|for\s)?(?:the\s)?"
    r"(?:(?:institutional|institution's|laboratory|laboratory's|reference|local)\s){0,2}(?:normal(?:\svalues?|\srange|\slimits?)?|limits?|range|reference\srange|reference|age)?"
    r"|normal\supper\slimits?|maximum\s(?:limits?\sof\s(?:the\s)?)?normal(?:\s(?:limits?|values?|range))?|upper\slimits?"
    r"|(?:(?<=[xX×]\s)|(?<=times\s)|(?<=[xX×])|(?<=times\sthe\s)|(?<=[xX×]\sthe\s))normal(?:\s(?:limits?|values?|range|levels?))?)(?![^\W\d_])"
)

#: What can follow a number as its unit. The group `limit` is the laboratory's limit in "times the upper limit of normal".
PATTERN = (
    rf"(?:{_LIMIT}|(?:{_TIMES_TEN}\s?)?{_ATOM}{_INVERSE}?{_UNDER}{{0,3}}|{_TIMES_TEN}{_UNDER}{{0,3}}|{_UNDER}{{1,3}})"
)

_LETTERS = re.compile(r"[^\W\d_]+|%")
#: Words that a text matching `PATTERN` can begin with; a number before another word has no unit.
BEGINNINGS = frozenset(
    """x X e E per each a fold times greater higher more above the institutional institution laboratory local lab site study reference normal
    age adjusted specific respective upper lower Upper Lower maximum of ULN UNL ULRR LLN LNL ULNs IULN LSN LNS OGN""".split()  # noqa: SIM905
) | {match[0] for spelling in ATOMS if (match := _LETTERS.match(spelling))}
#: Those of them that are a unit whole, whatever follows but a power or another unit.
ALONE = frozenset(spelling for spelling in ATOMS if _LETTERS.fullmatch(spelling)) - {
    match[0] for spelling in (*ATOMS, "times ") if (match := _LETTERS.match(spelling)) and match[0] != spelling
}

#: What spellings that begin with no word begin with: "°".
BEGINNINGS_OF_SIGNS = frozenset(spelling[0] for spelling in ATOMS if not spelling[0].isalpha())

_HOURS = re.compile(r"(24|1)\s?-?\s?h")
_SPLIT = re.compile(r"\s*(?:/|÷|\bper\b|\bPER\b|\beach\b|\ba\b(?=\s))\s*")
#: "mg daily": a day.
_EVERY = {" daily": " per day", " weekly": " per week"}
_TEN = re.compile(r"\s*(?:[x×*✕∙·•]\s?)?(?:10\s?(?:\^|\*\*?|[eE]|exp)?\s?\(?([0-9]{1,2})\)?|[eE]([0-9]{1,2}))\s*")
_LOWER_LIMIT = re.compile(r"\b(?:lln|lnl)\b|lower", re.IGNORECASE)
_UPPER_LIMIT = re.compile(r"uln|\blsn\b|\blns\b|\bogn\b|\bunl\b|ulrr|upper|limit|normal", re.IGNORECASE)
_INVERTED = re.compile(r"\s?[.·∙*⋅]?\s?(m|mL|min|L|kg)\s?[-−–]\s?([12])$")


#: Units of things that are counted: UCUM has none for them.
_COUNTED = frozenset(("{cells}", "{copies}", "{beats}", "{breaths}", "{times}", "{cigarettes}"))
_ONE = Unit("", "one", 1.0)


@lru_cache(maxsize=4096)
def unit(text: str) -> Unit | None:
    """The unit that a text from `PATTERN` names; None for one without a UCUM reading ("/hpf")."""
    plain = text.translate(_SUPERSCRIPTS).strip()
    for adverb, each in _EVERY.items():
        plain = plain.replace(adverb, each)
    if _LOWER_LIMIT.search(plain):
        return Unit("{LLN}", "lln", 1.0)
    if _UPPER_LIMIT.search(plain):
        return Unit("{ULN}", "uln", 1.0)
    if (found := _atom(text)) is not None:
        return found
    power, factor = "", 1.0
    if ten := _TEN.match(plain):
        exponent = int(ten[1] or ten[2])
        power, factor = f"10*{exponent}", 10.0**exponent
        plain = plain[ten.end() :]
    if inverse := _INVERTED.search(plain):
        plain = f"{plain[: inverse.start()]}/{inverse[1]}{inverse[2].strip('1')}"
    above, *below = _SPLIT.split(plain)
    top = _atom(above) if above.strip() else _ONE
    if top is None:
        return None
    code = power if power and top.dimension == "one" else "" if top.ucum in _COUNTED else power + top.ucum
    return _over(below, code, top.dimension, factor * top.factor)


def _over(below: list[str], code: str, dimension: str, factor: float) -> Unit | None:
    """A unit divided by others, as they are written."""
    for part in below:
        if part.startswith("1") and "73" in part:
            code += "/{1.73_m2}"  # a body surface that a rate is standardized to
            continue
        hours = _HOURS.match(part)
        under = _BY_CODE["d" if hours[1] == "24" else "h"] if hours else _atom(part)
        if under is None:
            return None
        code += "/" + under.ucum
        dimension += "/" + under.dimension
        factor /= under.factor
    return Unit(code, dimension, factor)


def _atom(text: str) -> Unit | None:
    text = text.strip()
    return ATOMS.get(text) or _ATOMS_LOW.get(" ".join(text.lower().split()))


def conversion(of: Unit, to: Unit) -> tuple[float, float]:
    """Factor and offset that turn a number in one unit into one in another of the same dimension."""
    if of.ucum == to.ucum:
        return 1.0, 0.0
    if of.dimension == "temperature":
        return (1 / 1.8, -32 / 1.8) if of.ucum == "[degF]" else (1.8, 32.0)
    return of.factor / to.factor, 0.0


@lru_cache(maxsize=1024)
def ucum(code: str) -> Unit | None:
    """The unit of a UCUM code as this vocabulary writes them ("mg/dL", "10*9/L", "mL/min/{1.73_m2}")."""
    above, *below = code.split("/")
    power = re.match(r"10\*(\d+)", above)
    top = Unit(above, "one", 10.0 ** int(power[1])) if power else _BY_CODE.get(above) if above else _ONE
    if top is None:
        return None
    dimension, factor = top.dimension, top.factor
    for part in below:
        if part == "{1.73_m2}":
            continue
        if part not in _BY_CODE:
            return None
        dimension += "/" + _BY_CODE[part].dimension
        factor /= _BY_CODE[part].factor
    return Unit(code, dimension, factor)
