"""What eligibility criteria limit: the vocabulary of variables, and finding one among words. Called by `measures`."""

from __future__ import annotations

import re
from typing import NamedTuple

from normalize import units
from normalize.units import Unit

WORD = re.compile(r"[^\W_]+")


class Variable(NamedTuple):
    """An entry of vocabulary/measures.yml."""

    name: str
    unit: Unit  # the canonical unit
    others: dict[str, float | None]  # UCUM code -> factor to the canonical unit, None where there is none


def _canonical(code: str) -> Unit:
    if code in ("{score}", "{count}"):
        return Unit(code, "score", 1.0)
    found = units.ucum(code)
    if found is None:
        raise ValueError(f"vocabulary/measures.yml: normalize/units.py does not know the unit {code}.")
    return found


def _vocabulary() -> dict[str, Variable]:
    names: dict[str, Variable] = {}
    for name, (code, spellings, *others) in units.VOCABULARY["variables"].items():
        variable = Variable(name, _canonical(code), dict(others[0]) if others else {})
        for spelling in (*spellings.split("|"), name.replace("_", " ")):
            names.setdefault(" ".join(WORD.findall(spelling.lower())), variable)
    return names


NAMES = _vocabulary()
AGE = NAMES["age"]
GESTATIONAL_AGE = NAMES["gestational age"]
_CAPITALS = frozenset(units.VOCABULARY["capitals"].split())


def _lengths(place: int) -> dict[str, tuple[int, ...]]:
    """Word -> how many words the names have that it ends (place -1) or begins (place 0), longest first."""
    lengths: dict[str, set[int]] = {}
    for name in NAMES:
        words = name.split()
        lengths.setdefault(words[place], set()).add(len(words))
    return {word: tuple(sorted(counts, reverse=True)) for word, counts in lengths.items()}


_ENDING = _lengths(-1)
_BEGINNING = _lengths(0)


def fits(variable: Variable, unit: Unit | None) -> bool:
    """Whether a limit with this unit can be one on the variable."""
    if unit is None or unit.dimension in ("uln", "lln", "percentile", "sd"):
        return True
    own = variable.unit
    if unit.dimension == own.dimension or unit.ucum in variable.others:
        return True
    if own.dimension == "score":
        return unit.dimension in ("score", "letters", "one")
    return own.dimension.endswith("/volume") and unit.dimension.endswith("/volume")


def _at_end(words: list[str], low: list[str], end: int) -> tuple[Variable, int] | None:
    """The longest name that ends before word `end`, and its number of words."""
    for length in _ENDING.get(low[end - 1], ()):
        if length <= end:
            variable = NAMES.get(" ".join(low[end - length : end]))
            if variable and not (length == 1 and low[end - 1] in _CAPITALS and words[end - 1].islower()):
                return variable, length
    return None


def before(text: str, unit: Unit | None, reach: int) -> tuple[list[Variable], int] | None:
    """The variables that the words of `text` name last, within `reach` words of its end, and how far off they are.

    Several where they are named together: "ALT and AST", "AST/ALT".
    """
    words = WORD.findall(text)
    low = [word.lower() for word in words]
    for end in range(len(low), max(0, len(low) - reach), -1):
        found = _at_end(words, low, end)
        if found is None or not fits(found[0], unit):
            continue
        variables = [found[0]]
        at = end - found[1]
        while at > 0 and found[0].unit.dimension != "score":
            if low[at - 1] in ("and", "or", "both", "either"):
                at -= 1
                continue
            other = _at_end(words, low, at)
            if other is None or (other[0].unit.ucum != found[0].unit.ucum):
                break
            if other[0] not in variables:
                variables.insert(0, other[0])
            at -= other[1]
        return variables, len(low) - end
    return None


def after(text: str, unit: Unit | None, reach: int) -> tuple[Variable, int] | None:
    """The first variable that the words of `text` name, beginning within `reach` words, and how far off it is."""
    words = WORD.findall(text)
    low = [word.lower() for word in words]
    for start in range(min(reach, len(low))):
        for length in _BEGINNING.get(low[start], ()):
            variable = NAMES.get(" ".join(low[start : start + length]))
            if variable and fits(variable, unit) and not (length == 1 and low[start] in _CAPITALS and words[start].islower()):
                return variable, start
    return None


def canonical(variable: Variable, value: float, unit: Unit | None) -> float | None:
    """A limit on a variable in the variable's canonical unit; None where the unit is not given or cannot be converted."""
    if unit is None:
        return value if variable.unit.dimension == "score" or variable.unit.dimension == "one" or variable is AGE else None
    if (converted := units.convert(value, unit, variable.unit)) is not None:
        return converted
    factor = variable.others.get(unit.ucum)
    if factor is None:
        for code, known in variable.others.items():  # mg/L where the vocabulary has umol/L and mg/dL
            other = units.ucum(code)
            if known is not None and other is not None and (converted := units.convert(value, unit, other)) is not None:
                return converted * known
        return None
    return value * factor
