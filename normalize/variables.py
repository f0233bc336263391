"""What eligibility criteria limit: the vocabulary of variables, and finding one among words. Called by `measures`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from normalize import units
from normalize.text import plain
from normalize.units import Unit

_WORD = re.compile(r"[^\W_]+")
#: Letters in lower case and figures; all else divides words.
_ASCII = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def words(text: str) -> list[str]:
    """The words of a text in lower case ("ς" at the end of a Greek one is "σ")."""
    if not text.isascii():
        text = plain(text)
        if not text.isascii():
            return _WORD.findall(text.casefold())
    return text.encode().translate(_ASCII).decode().split()


class Variable(NamedTuple):
    """An entry of vocabulary/measures.yml."""

    name: str
    unit: Unit  # the canonical unit
    others: dict[
        str, tuple[float, float] | None
    ]  # UCUM code -> factor and offset to the canonical unit, None where there are none
    implied: bool  # a limit without unit is in the canonical one


def _canonical(code: str) -> Unit:
    if code in ("{score}", "{count}", "{ratio}"):
        return Unit(code, "ratio" if code == "{ratio}" else "score", 1.0)
    found = units.ucum(code)
    if found is None:
        raise ValueError(f"vocabulary/measures.yml: normalize/units.py does not know the unit {code}.")
    return found


def _factors(others: list[dict[str, str]]) -> dict[str, tuple[float, float] | None]:
    """UCUM code -> factor and offset to the canonical unit ("0.09148 + 2.152"); the file's `none`: used but cannot be converted."""
    found: dict[str, tuple[float, float] | None] = {}
    for code, said in (pair for other in others for pair in other.items()):
        factor, _, offset = said.partition("+")
        found[code] = None if said == "none" else (float(factor), float(offset or 0))
    return found


def _vocabulary() -> dict[str, tuple[Variable, ...]]:
    """Name in lower case, words with a blank between -> the variables that are called so ("lesion": its size, their number)."""
    names: dict[str, tuple[Variable, ...]] = {}
    implied = frozenset(units.VOCABULARY["implied"].split())
    for name, (code, spellings, *others) in units.VOCABULARY["variables"].items():
        unit = _canonical(code)
        variable = Variable(name, unit, _factors(others), name in implied or unit.dimension in ("score", "ratio"))
        for spelling in {" ".join(words(text)) for text in (*spellings.split("|"), name.replace("_", " "))}:
            names[spelling] = (*names.get(spelling, ()), variable)
    return names


NAMES = _vocabulary()
_BY_NAME = {variable.name: variable for variables in NAMES.values() for variable in variables}
#: Those that are called a ratio.
RATIOS = frozenset(variable.name for name, variables in NAMES.items() if "ratio" in name for variable in variables)
AGE = NAMES["age"][0]
AGE_AT_ONSET = NAMES["age at onset"][0]
PARTNER_AGE = NAMES["partner age"][0]
GESTATIONAL_AGE = NAMES["gestational age"][0]
SYSTOLIC = NAMES["systolic blood pressure"][0]
DIASTOLIC = NAMES["diastolic blood pressure"][0]
BLOOD_PRESSURE = NAMES["blood pressure"][0]
#: Those that say only that something lasts or lies apart, or how bad an event is: no sign that two criteria are about one thing.
VAGUE = ("duration", "interval", "ctcae_grade")
_CAPITALS = frozenset(units.VOCABULARY["capitals"].split())
_WITH_UNIT = frozenset(name.strip() for name in units.VOCABULARY["with_unit"].split("|"))
#: Scale -> the lowest and highest sensible limit on it.
SCALES = {
    name: (float(low), float(high))
    for name, low, high in (line.split() for line in units.VOCABULARY["scales"].split("|"))
}
#: Name that many things have -> the words beside which it is what the vocabulary takes it for.
_GENERIC = {
    name: frozenset(entry["beside"].split())
    for entry in units.VOCABULARY["generic"].values()
    for name in entry["names"].strip().split("|")
}
_GENERIC_ENDS = frozenset(name.rpartition(" ")[2] for name in _GENERIC)
_BESIDE_ANY = frozenset(units.VOCABULARY["generic_beside"].split())
_SCORED_AFTER = frozenset(units.VOCABULARY["generic_after"].split())


def _lengths(place: int, beside: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Word that names end (place -1) or begin (0) with -> word beside it in the name -> their numbers of words, longest first.

    Under "" are the names of one word, which may have any word beside them.
    """
    found: dict[str, dict[str, set[int]]] = {}
    for name in NAMES:
        words = name.split()
        found.setdefault(words[place], {"": set()}).setdefault(words[beside] if len(words) > 1 else "", set()).add(
            len(words)
        )
    return {
        word: {next_to: tuple(sorted(lengths | besides[""], reverse=True)) for next_to, lengths in besides.items()}
        for word, besides in found.items()
    }


#: After a name: it is what binds or attacks that which is limited ("insulin antibodies", "LDL receptor").
_OF_ANOTHER = frozenset(("receptor", "receptors", "antibody", "antibodies", "autoantibody", "autoantibodies"))
_JOINING = frozenset(("and", "or", "both", "either", "et", "ou", "y", "und", "oder"))
_ENDING = _lengths(-1, -2)
_BEGINNING = _lengths(0, 1)


def fits(variable: Variable, unit: Unit | None) -> bool:
    """Whether a limit with this unit can be one on the variable."""
    if unit is None:
        return True
    own = variable.unit
    if unit.dimension == own.dimension or unit.ucum in variable.others:
        return True
    if own.dimension == "score":
        counts = own.ucum == "{count}"
        return unit.dimension == "letters" or unit.dimension in (("one", "one/time") if counts else ("percentile",))
    if unit.dimension in ("uln", "lln"):
        return (own.dimension in ("ratio", "time") and not variable.name.endswith("age")) or "/" in own.dimension
    if unit.dimension == "one":
        return own.dimension.startswith("one/")  # "platelets ≥ 100 x 10^9"
    return unit.dimension in ("percentile", "sd") or (
        own.dimension.endswith("/volume") and unit.dimension.endswith("/volume")
    )


def _called(name: str, unit: Unit | None, text: str) -> Variable | None:
    """The variable of this name that a limit with this unit can be on; `text` shows whether the name has its capitals."""
    variables = NAMES.get(name)
    if variables is None or (name in _CAPITALS and name in text and name.upper() not in text):
        return None
    only_counts = unit is None and name in _WITH_UNIT
    for variable in variables:
        if fits(variable, unit) and not (only_counts and variable.unit.dimension != "score"):
            return variable
    return None


def _at_end(low: list[str], end: int, unit: Unit | None, text: str) -> tuple[Variable, int] | None:
    """The variable of the longest name that ends before word `end`, and the name's number of words."""
    endings = _ENDING.get(low[end - 1])
    if endings is None:
        return None
    for length in endings.get(low[end - 2] if end > 1 else "", endings[""]):
        if length <= end and (variable := _called(" ".join(low[end - length : end]), unit, text)):
            return variable, length
    return None


def before(text: str, unit: Unit | None, reach: int) -> tuple[list[Variable], int]:
    """The variables that the words of `text` name last, within `reach` words of its end, and how far off they are.

    None: an empty list. Several where they are named together: "ALT and AST", "AST/ALT".
    """
    low = words(text)
    count = len(low)
    for away, word in enumerate(low[: -reach - 1 : -1]):
        if word in _ENDING and (found := _at_end(low, count - away, unit, text)):
            if word in _GENERIC_ENDS and _is_another(text, low, count - away, found[1]):
                return [], 0
            if away and low[count - away] in _OF_ANOTHER and not found[0].name.startswith("anti"):
                return [], 0
            variables = [found[0]]
            if found[0].unit.dimension != "score":
                _named_together(low, count - away - found[1], unit, text, variables)
            return variables, away
    return [], 0


def _named_together(low: list[str], at: int, unit: Unit | None, text: str, variables: list[Variable]) -> None:
    """Add those that are named right before word `at` and compared in the same way."""
    same = variables[0].unit.ucum
    multiple = unit is not None and unit.dimension in ("uln", "lln")
    joined = multiple or same == "U/L"
    while at > 0:
        if low[at - 1] in _JOINING:
            joined = True
            at -= 1
            continue
        other = _at_end(low, at, unit, text)
        if other is None or not (other[0] in variables or (joined and (multiple or other[0].unit.ucum == same))):
            return
        if other[0] not in variables:
            variables.insert(0, other[0])
        at -= other[1]


def _is_another(text: str, low: list[str], end: int, length: int) -> bool:
    """Whether a name that many things have is that of something else: "pupil diameter", "alveolar bone height", "cough VAS"."""
    name = " ".join(low[end - length : end])
    beside = _GENERIC.get(name)
    if beside is None:
        return False
    if low[end : end + 1] and low[end] in _SCORED_AFTER:
        return True
    if end == length:
        return False
    ahead = text[: text.lower().rfind(name)].rstrip()
    if not ahead[-1:].isalnum():
        return False
    word = low[end - length - 1]
    return not (word in beside or word in _BESIDE_ANY or len(word) < 2 or word.isdigit())


class Ahead(NamedTuple):
    """A variable that is named after a limit."""

    variable: Variable
    away: int  # how many words off its name begins
    end: int  # where its name ends in the text


def after(text: str, unit: Unit | None, reach: int) -> Ahead | None:
    """The first variable that the words of `text` name, beginning within `reach` words.

    What follows a number without unit is counted or scored by it, not measured.
    """
    low = words(text)
    count = len(low)
    for start, word in enumerate(low[:reach]):
        beginnings = _BEGINNING.get(word)
        if beginnings is None:
            continue
        for length in beginnings.get(low[start + 1] if start + 1 < count else "", beginnings[""]):
            name = " ".join(low[start : start + length])
            variable = _called(name, unit, text)
            if variable is not None and unit is None:
                variable = next((one for one in NAMES[name] if one.unit.dimension == "score"), None)
            if variable is not None:
                ends = [word.end() for word in _WORD.finditer(text)]
                return Ahead(variable, start, ends[min(start + length, len(ends)) - 1])
    return None


def can_be_limited_to(variable: Variable, lower: float | None, upper: float | None, unit: Unit | None) -> bool:
    """Whether a number without unit, or of points, can be a limit on a variable; 10 is none of Crohn's disease activity."""
    scale = SCALES.get(variable.name)
    if scale is None or (unit is not None and unit.dimension != "score"):
        return True
    return all(scale[0] <= value <= scale[1] for value in (lower, upper) if value)


class Comparable(NamedTuple):
    """How limits on a variable are compared: in which unit, and what makes of a number as written one in that unit."""

    unit: str
    factor: float
    offset: float

    def of(self, value: float | None) -> float | None:
        """The number in `unit`; ten significant digits, for 100.4 °F are 38 °C and no 38.00000000000001."""
        if value is None or (self.factor == 1.0 and self.offset == 0.0):
            return value
        return float(f"{value * self.factor + self.offset:.10g}")


@lru_cache(maxsize=4096)
def comparable(name: str, unit: Unit | None) -> Comparable | None:
    """How a limit on the variable of this name, written in `unit`, is compared with others.

    In the variable's canonical unit; a multiple of the laboratory's limit stays one. None where the unit is not given or
    cannot be converted.
    """
    variable = _BY_NAME[name]
    own = variable.unit
    if unit is None:
        return Comparable(own.ucum, 1.0, 0.0) if variable.implied else None
    if unit.dimension in ("uln", "lln"):
        return Comparable(unit.ucum, 1.0, 0.0)
    if own.ucum == "{count}" and unit.dimension == "one" and unit.factor == 1.0:
        return Comparable(own.ucum, 1.0, 0.0)  # "at least 2 attacks"
    if unit.dimension == own.dimension:
        factor, offset = units.conversion(unit, own)
        return Comparable(own.ucum, factor, offset)
    for code, molar in variable.others.items():
        other = units.ucum(code)
        if molar is not None and other is not None and other.dimension == unit.dimension:
            factor, offset = molar
            return Comparable(own.ucum, units.conversion(unit, other)[0] * factor, offset)
    return None
