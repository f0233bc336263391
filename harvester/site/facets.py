"""Site room: what trials are filtered, counted and sorted by, held in memory: a few numbers a trial, read once for each catalogue.

A facet is a list of pairs (trial, value); counting it under any search is one `bincount`, about a millisecond for 200,000
trials, so counts are exact and never time out. Called by `search`, `home`, `entities`, `downloads` through `facets_of`.
The one statement that reads `trials` goes through an index that holds all its columns (`harvester.catalogue`): the table
itself is wide, whole protocols long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harvester.site.database import kept, plain_text
from normalize.countries import country

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

#: In a filter: trials for which the registries give no value.
NOT_GIVEN = "not_given"
#: Name in the address -> heading, in the order in which the page shows them.
HEADINGS = {
    "status": "Recruitment status", "phase": "Phase", "type": "Study type", "country": "Country", "sponsor": "Sponsor",
    "class": "Sponsor class", "age": "Age group", "sex": "Sex", "year": "Start year", "results": "Results posted",
    "registry": "Registry", "registries": "Registered in", "flag": "Quality flags",
}  # fmt: skip
#: Age groups of ClinicalTrials.gov: years from, years to.
AGE_GROUPS = {"child": (0, 17), "adult": (18, 64), "older_adult": (65, 200)}
SORTS = ("start", "update", "size")

#: Facet -> column of few values. These columns and the registries are read as one text: one object a trial instead of seven.
_FROM_CLOSED = {
    "status": "recruitment_status", "phase": "phase", "type": "study_type", "class": "sponsor_class", "sex": "sex",
    "results": "has_results",
}  # fmt: skip
_CLOSED = (*_FROM_CLOSED.values(), "registries")
_BETWEEN = "\x1f"
#: What is read of each trial, all of it columns of FACET_COLUMNS: through their index, in its order. Ages are one text, too.
_READ = {
    "rowid": "rowid",
    "trial_id": "trial_id",
    "ages": "coalesce(minimum_age_years, '') || ' ' || coalesce(maximum_age_years, '')",
    "closed": " || char(31) || ".join(f"coalesce({column}, '')" for column in _CLOSED),
    "countries": "countries",
    "sponsor": "primary_sponsor",
    "year": "start_year",
    "registered": "date_of_registration",
    "start": "date_of_first_enrollment",
    "update": "last_update_date",
    "size": "coalesce(actual_enrollment, target_sample_size)",
}


class Facet(NamedTuple):
    """Values of each trial: those of trial n (0 is the first) are `values[code]` for `codes[starts[n] : starts[n + 1]]`."""

    values: tuple[Any, ...]  # None: not given
    starts: Places  # one more than there are trials
    codes: NDArray[np.int32]

    def counts(self, among: Places) -> list[tuple[Any, int]]:
        """(value, trials) among some trials, most first; values without a trial left out."""
        counted = np.bincount(self.codes_of(among), minlength=len(self.values))
        held = np.flatnonzero(counted)
        order = held[np.argsort(-counted[held], kind="stable")]
        return [(self.values[code], count) for code, count in zip(order.tolist(), counted[order].tolist(), strict=True)]

    def codes_of(self, among: Places) -> NDArray[np.int32]:
        """Codes of all values of some trials."""
        trials = len(self.starts) - 1
        if len(among) == trials:
            return self.codes
        if len(self.codes) == trials:  # one value a trial
            return self.codes[among]
        starts = self.starts[among]
        return self.codes[slices(starts, self.starts[among + 1] - starts)]

    @property
    def places(self) -> Places:
        """The trial of each code."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def members(self, wanted: Iterable[str]) -> Mask:
        """The trials that have one of the values, as an address writes them."""
        keys = set(wanted)
        return self._of([key_of(value) in keys for value in self.values])

    def between(self, least: int, most: int) -> Mask:
        """The trials whose value, a number, lies within bounds."""
        return self._of([value is not None and least <= value <= most for value in self.values])

    def _of(self, chosen: Sequence[bool]) -> Mask:
        found: Mask = np.array(chosen, dtype=bool)[self.codes]
        return np.logical_or.reduceat(found, self.starts[:-1]) if len(found) else found


def slices(starts: Places, lengths: Places) -> Places:
    """Numbers of all items of slices, one slice after the other."""
    first = np.cumsum(lengths) - lengths
    return np.repeat(starts - first, lengths) + np.arange(int(lengths.sum()))


class Facets(NamedTuple):
    """All facets of a catalogue. A trial's place is that in the order of trial_id: `rowids[place]`, `place_of[rowid]`."""

    rowids: Places
    place_of: Places
    facets: Mapping[str, Facet]
    ranks: Mapping[str, NDArray[np.int64]]  # sort -> place in the order of all trials
    sponsors: Mapping[str, str]  # sponsor_id -> name

    @property
    def all(self) -> Mask:
        return np.ones(len(self.rowids), dtype=bool)

    def places(self, rowids: Places) -> Places:
        found: Places = self.place_of[rowids]
        return found

    def mask(self, rowids: Places) -> Mask:
        found = np.zeros(len(self.rowids), dtype=bool)
        found[self.places(rowids)] = True
        return found

    def sorted(self, among: Places, sort: str) -> Places:
        """rowids of some trials in one of the orders of SORTS."""
        found: Places = self.rowids[among[np.argsort(self.ranks[sort][among])]]
        return found


def key_of(value: Any) -> str:
    """A value as an address writes it."""
    return NOT_GIVEN if value is None else str(value)


class _Column(NamedTuple):
    """A text for each trial, which many trials share: trial n has `texts[which[n]]`."""

    texts: Sequence[Any]
    which: Places


def _column(texts: Sequence[Hashable]) -> _Column:
    known = {text: n for n, text in enumerate(dict.fromkeys(texts))}
    return _Column(list(known), np.fromiter(map(known.__getitem__, texts), dtype=np.int64, count=len(texts)))


def _facet(column: _Column, read: Callable[[Any], Sequence[Hashable]]) -> Facet:
    """Reads each text once; a trial whose text has no value is "not given"."""
    codes: dict[Hashable, int] = {}
    read_codes: list[int] = []
    sizes = np.empty(len(column.texts), dtype=np.int64)
    for n, text in enumerate(column.texts):
        values = dict.fromkeys(read(text)) or (None,)
        sizes[n] = len(values)
        read_codes += [codes.setdefault(value, len(codes)) for value in values]
    # The values of a trial are a slice of `read_codes`.
    lengths = sizes[column.which]
    of_trials = slices((np.cumsum(sizes) - sizes)[column.which], lengths)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Facet(tuple(codes), starts, np.array(read_codes, dtype=np.int32)[of_trials])


def _one(value: Any) -> Sequence[Hashable]:
    return () if value is None else (value,)


def _year(date: str | None) -> Sequence[int]:
    return (int(date[:4]),) if date and date[:4].isdigit() else ()


def _age_groups(limits: str) -> Sequence[str]:
    least, _, most = limits.partition(" ")
    if not least and not most:
        return ()
    return [
        name for name, (low, high) in AGE_GROUPS.items() if float(least or 0) < high + 1 and float(most or 200) >= low
    ]


def _ranks(column: _Column) -> Places:
    """Rank of each trial by a column, largest first, without a value last, equal ones in the order of trial_id."""
    given = sorted((value for value in column.texts if value is not None), reverse=True)
    height = {value: n for n, value in enumerate(given)} | {None: len(given)}
    heights = np.array([height[value] for value in column.texts], dtype=np.int64)
    return _inverse(np.argsort(heights[column.which], kind="stable"))


def _inverse(numbers: Places) -> Places:
    """Number -> its place."""
    places = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    places[numbers] = np.arange(len(numbers))
    return places


def _closed(name: str) -> Callable[[str], Sequence[Hashable]]:
    """Reads one column of _CLOSED."""
    place = _CLOSED.index(name)
    return lambda text: _one(text.split(_BETWEEN)[place] or None)


def _registries(text: str) -> Sequence[str]:
    return text.split(_BETWEEN)[_CLOSED.index("registries")].split(", ")


@kept
def facets_of(db: sqlite3.Connection) -> Facets:
    """The facets of the catalogue that is open; read at most once for each file."""
    with plain_text(db):
        rows = db.execute(f"SELECT {', '.join(_READ.values())} FROM trials ORDER BY trial_id").fetchall()
        codes = dict(
            db.execute("SELECT DISTINCT coalesce(country, country_raw), country_code FROM countries").fetchall()
        )
        sponsor_ids = dict(db.execute("SELECT name_raw, sponsor_id FROM sponsor_aliases").fetchall())
        names = dict(db.execute("SELECT sponsor_id, name FROM sponsors").fetchall())
        flagged: dict[str, list[str]] = {}
        for trial_id, flag in db.execute("SELECT DISTINCT trial_id, flag FROM quality_flags").fetchall():
            flagged.setdefault(trial_id, []).append(flag)
    numbers, trial_ids, *others = list(zip(*rows, strict=True)) or [()] * len(_READ)
    rowids = np.array(numbers, dtype=np.int64)
    columns = {name: _column(texts) for name, texts in zip(list(_READ)[2:], others, strict=True)}

    def countries(lines: str | None) -> Sequence[str]:
        return [code for name in (lines or "").splitlines() if (code := codes.get(name) or country(name)[0])]

    facets = {
        **{name: _facet(columns["closed"], _closed(column)) for name, column in _FROM_CLOSED.items()},
        "country": _facet(columns["countries"], countries),
        "sponsor": _facet(columns["sponsor"], lambda name: _one(sponsor_ids.get(name))),
        "age": _facet(columns["ages"], _age_groups),
        "year": _facet(columns["year"], _one),
        "registry": _facet(columns["closed"], _registries),
        "registries": _facet(columns["closed"], lambda text: ("several" if len(_registries(text)) > 1 else "one",)),
        "flag": _facet(_column([tuple(flagged.get(trial_id, ())) for trial_id in trial_ids]), tuple),
        "registered": _facet(columns["registered"], _year),
    }
    return Facets(rowids, _inverse(rowids), facets, {name: _ranks(columns[name]) for name in SORTS}, names)
