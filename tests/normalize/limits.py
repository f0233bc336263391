"""How tests look at the limits of a text."""

from __future__ import annotations

from normalize.eligibility import parse
from normalize.schema import CriterionMeasure


def measures(text: str) -> tuple[CriterionMeasure, ...]:
    return parse([("inclusion", text)]).measures


def bounds(one: CriterionMeasure) -> str:
    """ ">=18 <36": the bounds as one would write them."""
    lower = "" if one.lower is None else f"{'>=' if one.lower_inclusive else '>'}{one.lower:g}"
    upper = "" if one.upper is None else f"{'<=' if one.upper_inclusive else '<'}{one.upper:g}"
    return f"{lower} {upper}".strip()


def read(text: str) -> list[tuple[str, str, str | None]]:
    return [(one.variable, bounds(one), one.unit) for one in measures(text)]
