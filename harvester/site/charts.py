"""Site room: pictures of counts, as the shapes that `_charts.html` draws in SVG: no script, each bar a link to the search behind it.

Pure; called by `home` and `entities`. Lengths are in units of the picture's viewBox.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from harvester.site import labels


class Bar(NamedTuple):
    label: str
    trials: int
    path: str


_WIDTH, _LABEL, _COUNT, _ROW = 360, 138, 52, 22
_LONGEST_LABEL = 23


def bars(title: str, rows: Sequence[Bar]) -> dict[str, Any] | None:
    """Horizontal bars, one a row."""
    if not rows:
        return None
    most = max(bar.trials for bar in rows)
    room = _WIDTH - _LABEL - _COUNT
    return {
        "kind": "bars",
        "title": title,
        "width": _WIDTH,
        "height": len(rows) * _ROW,
        "left": _LABEL,
        "bars": [
            {
                "label": bar.label if len(bar.label) <= _LONGEST_LABEL else bar.label[: _LONGEST_LABEL - 1].rstrip() + "…",
                "name": f"{bar.label}: {_trials(bar.trials)}",
                "count": labels.number(bar.trials),
                "path": bar.path,
                "y": n * _ROW,
                "length": max(1.5, round(bar.trials / most * room, 1)),
            }
            for n, bar in enumerate(rows)
        ],
    }  # fmt: skip


_TALL, _WIDE, _FOOT, _AXIS = 190, 560, 22, 44
#: Series that have a colour of their own; the others share one.
_SERIES = 6


class Cell(NamedTuple):
    """How many trials one series has in one year."""

    year: int
    series: str
    trials: int
    path: str


def columns(title: str, cells: Sequence[Cell]) -> dict[str, Any] | None:
    """Columns by year, stacked by series; the smaller series are drawn as one."""
    if not cells:
        return None
    totals: dict[str, int] = defaultdict(int)
    for cell in cells:
        totals[cell.series] += cell.trials
    order = sorted(totals, key=lambda series: (-totals[series], series))
    colours = {series: f"c{n}" if n <= _SERIES else "c0" for n, series in enumerate(order, 1)}
    years = range(min(cell.year for cell in cells), max(cell.year for cell in cells) + 1)
    by_year = {
        year: sorted((c for c in cells if c.year == year), key=lambda c: order.index(c.series)) for year in years
    }
    most = max(sum(cell.trials for cell in found) for found in by_year.values())
    step = (_WIDE - _AXIS) / len(years)
    drawn, rows = [], []
    for n, (year, found) in enumerate(by_year.items()):
        top = float(_TALL)
        for cell in found:
            height = cell.trials / most * (_TALL - 14)
            top -= height
            drawn.append(
                {
                    "x": round(_AXIS + n * step + step * 0.1, 1),
                    "y": round(top, 1),
                    "width": round(step * 0.8, 1),
                    "height": round(max(height, 0.8), 1),
                    "colour": colours[cell.series],
                    "name": f"{year}, {cell.series}: {_trials(cell.trials)}"
                    if len(order) > 1
                    else f"{year}: {_trials(cell.trials)}",
                    "path": cell.path,
                }
            )
        counts = {cell.series: labels.number(cell.trials) for cell in found}
        rows.append({"year": year, "counts": [counts.get(series, "0") for series in order]})
    every = max(1, round(len(years) / 8))
    named = [series for series in order if colours[series] != "c0"]
    legend = [{"name": series, "colour": colours[series]} for series in named]
    return {
        "kind": "columns",
        "title": title,
        "width": _WIDE,
        "height": _TALL + _FOOT,
        "floor": _TALL,
        "left": _AXIS,
        "bars": drawn,
        "most": labels.number(most),
        "ticks": [
            {"x": round(_AXIS + (n + 0.5) * step, 1), "text": year} for n, year in enumerate(years) if n % every == 0
        ],
        "legend": legend + ([{"name": "Others", "colour": "c0"}] if len(named) < len(order) else []),
        "series": order,
        "rows": rows[::-1],
    }


def _trials(count: int) -> str:
    return f"{labels.number(count)} trial{'' if count == 1 else 's'}"
