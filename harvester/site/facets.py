"""Site room: what trials are filtered, counted and sorted by, held in memory: a few numbers a trial, read once for each catalogue.

A facet is a list of pairs (trial, value); counting it under any search is one `bincount`, about a millisecond for 200,000
trials, so counts are exact and never time out. Called by `search`, `home`, `entities`, `downloads` through `facets_of`.
Each column is read through an index of its own (`harvester.catalogue_tables`): the table itself is wide, whole protocols long.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
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

#: Facet -> the column of `trials` that is its value.
_VALUES = {
    "status": "recruitment_status", "phase": "phase", "type": "study_type", "class": "sponsor_class", "sex": "sex",
    "results": "has_results", "year": "start_year",
}  # fmt: skip


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
    """A value for each trial, which many trials share: trial n has `values[which[n]]`."""

    values: Sequence[Any]
    which: Places

    @property
    def numbers(self) -> NDArray[np.float64]:
        """The number of each trial, NaN where it has none."""
        return np.array([np.nan if value is None else value for value in self.values], dtype=np.float64)[self.which]


def _numbers(text: str | None) -> Places:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _facet(column: _Column, read: Callable[[Any], Iterable[Hashable]]) -> Facet:
    """Reads each value of a column once; a trial for which that gives nothing is "not given"."""
    codes: dict[Hashable, int] = {}
    read_codes: list[int] = []
    sizes = np.empty(len(column.values), dtype=np.int64)
    for n, value in enumerate(column.values):
        values = dict.fromkeys(read(value)) or (None,)
        sizes[n] = len(values)
        read_codes += [codes.setdefault(value, len(codes)) for value in values]
    # The values of a trial are a slice of `read_codes`.
    lengths = sizes[column.which]
    of_trials = slices((np.cumsum(sizes) - sizes)[column.which], lengths)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    return Facet(tuple(codes), starts, np.array(read_codes, dtype=np.int32)[of_trials])


def _facet_of(masks: Mapping[Hashable, Mask], trials: int) -> Facet:
    """From the trials that have each value."""
    held = np.zeros((trials, len(masks) + 1), dtype=bool)
    for n, mask in enumerate(masks.values()):
        held[:, n] = mask
    held[:, -1] = ~held.any(axis=1)
    starts = np.concatenate(([0], np.cumsum(held.sum(axis=1))))
    return Facet((*masks, None), starts, np.nonzero(held)[1].astype(np.int32))


def _one(value: Any) -> Sequence[Hashable]:
    return () if value is None else (value,)


def _year(date: str | None) -> Sequence[int]:
    return (int(date[:4]),) if date and date[:4].isdigit() else ()


def _age_groups(least: _Column, most: _Column) -> Mapping[Hashable, Mask]:
    """The trials that accept each age group; those without a limit say nothing of ages."""
    from_, to = least.numbers, most.numbers
    is_given = ~(np.isnan(from_) & np.isnan(to))
    from_, to = np.nan_to_num(from_, nan=0), np.nan_to_num(to, nan=200)
    return {name: is_given & (from_ < high + 1) & (to >= low) for name, (low, high) in AGE_GROUPS.items()}


def _ranks(keys: NDArray[Any]) -> Places:
    """Rank of each trial by a key, the largest first, NaN last, equal ones in the order of trial_id."""
    return _inverse(np.argsort(-keys, kind="stable"))


def _inverse(numbers: Places) -> Places:
    """Number -> its place."""
    places = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.int64)
    places[numbers] = np.arange(len(numbers))
    return places


class _Trials:
    """`trials` column by column. SQLite does the sorting and counting, and hands a column over in one row: two hundred thousand
    rows would be as many objects, and before each of them another thread may take its turn."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        (rowids,) = db.execute(
            "SELECT group_concat(rowid) FROM (SELECT rowid FROM trials ORDER BY trial_id)"
        ).fetchone()
        self.rowids = _numbers(rowids)
        self.place_of = _inverse(self.rowids)

    def column(self, name: str) -> _Column:
        """A column; its values rise, None is the least."""
        values, sizes, rowids = self._grouped(f"SELECT {name} AS value, rowid FROM trials")
        which = np.empty(len(self.rowids), dtype=np.int64)
        which[self.place_of[rowids]] = np.repeat(np.arange(len(values)), sizes)
        return _Column(values, which)

    def masks(self, pairs: str) -> Mapping[Hashable, Mask]:
        """Value -> its trials, of a statement that gives pairs (value, rowid)."""
        values, sizes, rowids = self._grouped(pairs)
        found = {value: np.zeros(len(self.rowids), dtype=bool) for value in values}
        for value, end, size in zip(values, np.cumsum(sizes).tolist(), sizes.tolist(), strict=True):
            found[value][self.place_of[rowids[end - size : end]]] = True
        return found

    def _grouped(self, pairs: str) -> tuple[list[Any], Places, Places]:
        """Values, the number of rowids of each, and the rowids of the first, of the second ..."""
        groups = f"SELECT value, count(*) AS size, group_concat(rowid) AS rowids FROM ({pairs}) GROUP BY value ORDER BY value"
        values, sizes, rowids = self._db.execute(
            f"SELECT json_group_array(value), group_concat(size), group_concat(rowids) FROM ({groups})"
        ).fetchone()
        return msgspec.json.decode(values), _numbers(sizes), _numbers(rowids)

    def pairs(self, key: str, value: str, table: str) -> dict[str, Any]:
        """Two columns of a small table."""
        keys, values = self._db.execute(
            f"SELECT json_group_array(key), json_group_array(value) FROM (SELECT DISTINCT {key} AS key, {value} AS value FROM {table})"
        ).fetchone()
        return dict(zip(msgspec.json.decode(keys), msgspec.json.decode(values), strict=True))


@kept
def facets_of(db: sqlite3.Connection) -> Facets:
    """The facets of the catalogue that is open; read at most once for each file."""
    with plain_text(db):
        trials = _Trials(db)
        codes = trials.pairs("coalesce(country, country_raw)", "country_code", "countries")
        sponsor_ids = trials.pairs("name_raw", "sponsor_id", "sponsor_aliases")
        names = trials.pairs("sponsor_id", "name", "sponsors")
        registries = trials.column("registries")
        planned, actual = (trials.column(name).numbers for name in ("target_sample_size", "actual_enrollment"))
        flagged = trials.masks("SELECT flag AS value, trials.rowid FROM quality_flags JOIN trials USING (trial_id)")

        def countries(lines: str | None) -> Sequence[str]:
            return [code for name in (lines or "").splitlines() if (code := codes.get(name) or country(name)[0])]

        size = len(trials.rowids)
        facets = {
            **{name: _facet(trials.column(column), _one) for name, column in _VALUES.items()},
            "country": _facet(trials.column("countries"), countries),
            "sponsor": _facet(trials.column("primary_sponsor"), lambda name: _one(sponsor_ids.get(name))),
            "age": _facet_of(_age_groups(trials.column("minimum_age_years"), trials.column("maximum_age_years")), size),
            "registry": _facet(registries, lambda text: text.split(", ")),
            "registries": _facet(registries, lambda text: ("several" if ", " in text else "one",)),
            "flag": _facet_of(flagged, size),
            "registered": _facet(trials.column("date_of_registration"), _year),
        }
        ranks = {
            "start": _ranks(trials.column("date_of_first_enrollment").which),
            "update": _ranks(trials.column("last_update_date").which),
            "size": _ranks(np.where(np.isnan(actual), planned, actual)),
        }
    return Facets(trials.rowids, trials.place_of, facets, ranks, names)
