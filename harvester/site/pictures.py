"""Site room: the pictures of a search: how its trials spread over years, registries, status, phase and countries.

Called by `home` (all trials) and `entities` (those of a sponsor, condition, intervention or country).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harvester.site.cards import facet_label
from harvester.site.charts import Bar, Cell, bars, columns
from harvester.site.facets import key_of
from harvester.site.finding import Found
from harvester.site.wanted import Wanted

#: Facet -> title of its picture and most bars in it.
_BARS = {
    "status": ("Recruitment status", 8), "phase": ("Phase", 8), "country": ("Countries of recruitment", 10),
    "class": ("Class of the primary sponsor", 8),
}  # fmt: skip
#: Registries that have a colour of their own in the picture by year.
_YEARS_SHOWN = 25


def spread(found: Found, search: Wanted, facet: str) -> dict[str, Any] | None:
    """Bars of one facet, the largest first."""
    title, most = _BARS[facet]
    counted = [(value, count) for value, count in found.counts(facet) if facet != "country" or value is not None]
    return bars(
        title,
        [
            Bar(facet_label(facet, value), count, search.toggled(facet, key_of(value)).path)
            for value, count in counted[:most]
        ],
    )


def by_year(found: Found, search: Wanted) -> dict[str, Any] | None:
    """Columns of the years of first enrollment; None where all began in one year."""
    counted = sorted((year, count) for year, count in found.counts("year") if year is not None)[-_YEARS_SHOWN:]
    cells = [Cell(year, "Trials", count, search.toggled("year", str(year)).path) for year, count in counted]
    return columns("Trials by year of first enrollment", cells) if len(cells) > 1 else None


def registrations(found: Found, search: Wanted) -> dict[str, Any] | None:
    """Columns of the years of registration, by registry. A trial that several registries hold counts in each."""
    years, registries = found.facets.facets["registered"], found.facets.facets["registry"]
    width = len(registries.values)
    among = found.trials[registries.places]
    pairs = years.codes[registries.places][among] * width + registries.codes[among]  # a trial has one year
    counted = np.bincount(pairs, minlength=len(years.values) * width).reshape(len(years.values), width)
    cells = [
        Cell(year, str(registry), int(counted[n, m]), search.toggled("registry", str(registry)).path)
        for n, year in enumerate(years.values)
        if year is not None
        for m, registry in enumerate(registries.values)
        if counted[n, m]
    ]
    last = max((cell.year for cell in cells), default=0)
    return columns("Registrations by year and registry", [cell for cell in cells if cell.year > last - _YEARS_SHOWN])
