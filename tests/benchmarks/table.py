"""The lines that `make bench` prints: a figure, its bar, whether it holds, and how many times the floor's time it takes."""

from __future__ import annotations

HEAD = f"{'what':40} {'figure':>12} {'':8} {'bar':>10}   {'':8} {'x floor':>8}"


def line(
    what: str,
    figure: float,
    unit: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    floor: float | None = None,
    note: str = "",
) -> str:
    """One line. `floor` is the pace of the least work that does the same, in the same unit (something a second)."""
    bar = at_least if at_least is not None else at_most
    holds = "" if bar is None else "holds" if (figure >= bar if at_least is not None else figure <= bar) else "MISSED"
    times = "" if floor is None else f"{floor / figure:.1f}"
    sign = "" if bar is None else ("≥ " if at_least is not None else "≤ ") + _number(bar)
    return f"{what:40} {_number(figure):>12} {unit:8} {sign:>10}   {holds:8} {times:>8}   {note}".rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"
