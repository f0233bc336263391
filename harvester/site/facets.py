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

from harvester.catalogue import FACET_COLUMNS
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
        keys = {key_of(value): n for n, value in enumerate(self.values)}
        codes = [keys[value] for value in wanted if value in keys]
        return self._of(np.isin(self.codes, codes))

    def between(self, least: int, most: int) -> Mask:
        """The trials whose value, a number, lies within bounds."""
        codes = [n for n, value in enumerate(self.values) if value is not None and least <= value <= most]
        return self._of(np.isin(self.codes, codes))

    def _of(self, chosen: Mask) -> Mask:
        found = np.zeros(len(self.starts) - 1, dtype=bool)
        found[self.places[chosen]] = True
        return found


def slices(starts: Places, lengths: Places) -> Places:
    """Numbers of all items of slices, one slice after the other."""
    first = np.cumsum(lengths) - lengths
    return np.repeat(starts - first, lengths) + np.arange(int(lengths.sum()))


class Facets(NamedTuple):
    """All facets of a catalogue. `rowids[place]` is the trial's rowid, rising."""

    rowids: Places
    facets: Mapping[str, Facet]
    ranks: Mapping[str, NDArray[np.int64]]  # sort -> place in the order of all trials
    sponsors: Mapping[str, str]  # sponsor_id -> name

    @property
    def all(self) -> Mask:
        return np.ones(len(self.rowids), dtype=bool)

    def places(self, rowids: Places) -> Places:
        return np.searchsorted(self.rowids, rowids)

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


def _facet(texts: Sequence[Hashable], read: Callable[[Any], Sequence[Hashable]]) -> Facet:
    """From a text of each trial, which many trials share: each is read once; what has no value is "not given"."""
    known = {text: n for n, text in enumerate(dict.fromkeys(texts))}
    which = np.fromiter(map(known.__getitem__, texts), dtype=np.int64, count=len(texts))
    codes: dict[Hashable, int] = {}
    read_codes: list[int] = []
    sizes = np.empty(len(known), dtype=np.int64)
    for n, text in enumerate(known):
        values = dict.fromkeys(read(text)) or (None,)
        sizes[n] = len(values)
        read_codes += [codes.setdefault(value, len(codes)) for value in values]
    # The values of a trial are a slice of `read_codes`.
    lengths = sizes[which]
    of_trials = slices((np.cumsum(sizes) - sizes)[which], lengths)
    return Facet(
        tuple(codes), np.concatenate(([0], np.cumsum(lengths))), np.array(read_codes, dtype=np.int32)[of_trials]
    )


def _one(value: Any) -> Sequence[Hashable]:
    return () if value is None else (value,)


def _year(date: str | None) -> Sequence[int]:
    return (int(date[:4]),) if date and date[:4].isdigit() else ()


def _age_groups(limits: tuple[float | None, float | None]) -> Sequence[str]:
    least, most = limits
    if least is None and most is None:
        return ()
    return [name for name, (low, high) in AGE_GROUPS.items() if (least or 0) < high + 1 and (most or 200) >= low]


def _ranks(values: Sequence[Any], order: Sequence[int]) -> NDArray[np.int64]:
    """Place of each trial in the order of a column, largest first, without a value last, equal ones in `order`."""
    given = [n for n in order if values[n] is not None]
    given.sort(key=values.__getitem__, reverse=True)
    ordered = np.array(given + [n for n in order if values[n] is None], dtype=np.int64)
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[ordered] = np.arange(len(order))
    return ranks


@kept
def facets_of(db: sqlite3.Connection) -> Facets:
    """The facets of the catalogue that is open; read at most once for each file."""
    with plain_text(db):
        rows = db.execute(f"SELECT rowid, {', '.join(FACET_COLUMNS)} FROM trials ORDER BY rowid").fetchall()
        codes = dict(
            db.execute("SELECT DISTINCT coalesce(country, country_raw), country_code FROM countries").fetchall()
        )
        sponsor_ids = dict(db.execute("SELECT name_raw, sponsor_id FROM sponsor_aliases").fetchall())
        names = dict(db.execute("SELECT sponsor_id, name FROM sponsors").fetchall())
        flagged: dict[str, list[str]] = {}
        for trial_id, flag in db.execute("SELECT DISTINCT trial_id, flag FROM quality_flags").fetchall():
            flagged.setdefault(trial_id, []).append(flag)
    by_name = list(zip(*rows, strict=True)) or [()] * (len(FACET_COLUMNS) + 1)
    rowids, column = by_name[0], dict(zip(FACET_COLUMNS, by_name[1:], strict=True))

    def several(registries: str) -> Sequence[str]:
        return ("several" if ", " in registries else "one",)

    facets = {
        "status": _facet(column["recruitment_status"], _one),
        "phase": _facet(column["phase"], _one),
        "type": _facet(column["study_type"], _one),
        "country": _facet(
            column["countries"],
            lambda names: [
                code for name in (names or "").splitlines() if (code := codes.get(name) or country(name)[0])
            ],
        ),
        "sponsor": _facet(column["primary_sponsor"], lambda name: _one(sponsor_ids.get(name))),
        "class": _facet(column["sponsor_class"], _one),
        "age": _facet(list(zip(column["minimum_age_years"], column["maximum_age_years"], strict=True)), _age_groups),
        "sex": _facet(column["sex"], _one),
        "year": _facet(column["start_year"], _one),
        "results": _facet(column["has_results"], _one),
        "registry": _facet(column["registries"], lambda names: names.split(", ")),
        "registries": _facet(column["registries"], several),
        "flag": _facet([tuple(flagged.get(trial_id, ())) for trial_id in column["trial_id"]], tuple),
        "registered": _facet(column["date_of_registration"], _year),
    }
    sizes = [
        a if a is not None else b
        for a, b in zip(column["actual_enrollment"], column["target_sample_size"], strict=True)
    ]
    orders = {"start": column["date_of_first_enrollment"], "update": column["last_update_date"], "size": sizes}
    by_id = sorted(range(len(rows)), key=column["trial_id"].__getitem__)
    ranks = {name: _ranks(values, by_id) for name, values in orders.items()}
    return Facets(np.array(rowids, dtype=np.int64), facets, ranks, names)
