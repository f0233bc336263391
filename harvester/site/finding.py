"""Site room: from a search to its trials: words through SQLite's full-text search, filters and order through `facets`.

Called by `search`, `home`, `entities`, `downloads`, `compare`.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from harvester.catalogue_tables import SEARCHED
from harvester.site import queries
from harvester.site.database import kept, plain_text
from harvester.site.facets import Facets, Mask, Places, facets_of
from harvester.site.lookup import find_trials, numbers_in
from harvester.site.matching import Matching
from harvester.site.other_words import other_words
from harvester.site.vocabulary import names_of
from harvester.site.wanted import INDEXED, Wanted
from normalize.identifiers import Found as Number
from normalize.text import fold

#: How much a match in a column says about what a trial is about.
_WEIGHTS = {
    "trial_id": 20, "identifiers": 20, "public_title": 10, "scientific_title": 8, "acronym": 12, "conditions": 8,
    "keywords": 6, "interventions": 6, "primary_sponsor": 3, "sponsors": 2, "brief_summary": 3,
    "detailed_description": 1, "eligibility_raw": 0.5, "countries": 0.5,
}  # fmt: skip
#: Up to so many trials are ranked one by one (bm25, some 5 microseconds each); more are ranked by where the words stand.
_RANKED_ONE_BY_ONE = 4_000
#: Columns that say what a trial is about -> what a word there is worth.
_ABOUT = {"public_title conditions": 4, "scientific_title acronym interventions keywords": 2, "brief_summary": 1}
_WITH = "SELECT DISTINCT trials.rowid FROM {} JOIN records USING (record_id) JOIN trials USING (trial_id) WHERE {} IN (SELECT value FROM json_each(?))"
#: Filter of INDEXED -> rowids of the trials that have one of some values, a JSON list.
_BY_INDEX = {
    "condition": _WITH.format("conditions", "condition_normalized"),
    "intervention": _WITH.format("interventions", "name_normalized"),
    "partner": _WITH.format("record_sponsors", "role <> 'primary' AND sponsor_id"),
    "mesh": _WITH.format("mesh_terms", "mesh_id"),  # a record has its narrower terms' broader ones, too
}
#: What stands in no more trials than these, or in a fifth of all, tells what a trial is about; "women" and "treatment" do not.
_ALWAYS_TELLING = 1_000
#: Searches whose trials are remembered, so that a filter or a next page costs nothing.
_REMEMBERED = 64


@dataclass(frozen=True)
class Found:
    """What a search found. `filters[name]` are the trials that pass one filter."""

    facets: Facets
    matching: Matching
    by_words: Mask
    filters: Mapping[str, Mask]
    names: Mapping[str, str]  # of organizations, and of MeSH terms that are a filter
    listed: Places | None = None  # rowids in the order in which their numbers were typed

    def _among(self, without: str = "") -> Mask:
        found = self.by_words
        for name, mask in self.filters.items():
            if name != without:
                found = found & mask
        return found

    @cached_property
    def trials(self) -> Mask:
        return self._among()

    @cached_property
    def places(self) -> Places:
        """The trials as numbers, rising."""
        return np.flatnonzero(self.trials)

    @property
    def size(self) -> int:
        return len(self.places)

    def counts(self, facet: str) -> list[tuple[Any, int]]:
        """(value, trials) of a facet under all filters but its own, most first."""
        among = np.flatnonzero(self._among(without=facet)) if facet in self.filters else self.places
        return self.facets.facets[facet].counts(among)

    def ordered(self, db: sqlite3.Connection, order: str) -> list[int]:
        """rowids of the trials found; `order` is one of `facets.SORTS` or `relevance`."""
        best_first = self._best_first(db) if order == "relevance" else None
        if best_first is None:
            ranked = self.facets.sorted(self.places, order)
        else:
            ranked = best_first[self.trials[self.facets.places(best_first)]] if self.filters else best_first
        found: list[int] = ranked.tolist()
        return found

    def _best_first(self, db: sqlite3.Connection) -> Places | None:
        """rowids in the order of numbers that were typed, else of how well words match; None where neither was typed."""
        expression = self.matching.expression
        return self.listed if expression is None else _by_relevance(db, self.facets, self.matching, expression)


def find(db: sqlite3.Connection, search: Wanted) -> Found:
    """The trials of a search: of the words, or of a list of registry numbers."""
    facets = facets_of(db)
    filters = {name: _passing(db, facets, search, name) for name in search.filters}
    if search.first_year is not None or search.last_year is not None:
        years = facets.facets["year"].between(search.first_year or 0, search.last_year or 9999)
        filters["year"] = years & filters.get("year", facets.all)
    terms = queries.term_names(db, search.filters["mesh"]) if "mesh" in filters else {}
    names = {**facets.sponsors, **terms} if terms else facets.sponsors
    numbers = numbers_in(search.text)
    if len(numbers) > 1:
        listed = _numbered(db, search.text, numbers)
        return Found(facets, Matching(), facets.mask(listed), filters, names, listed)
    matching = search.matching
    if not search.exact and matching.parts:
        matching = matching.widened(other_words, names_of(db).synonyms)
    expression = matching.expression
    by_words = facets.all if expression is None else facets.mask(_matched(db, expression))
    return Found(facets, matching, by_words, filters, names)


def _numbered(db: sqlite3.Connection, text: str, numbers: Sequence[Number]) -> Places:
    """rowids of the trials that have one of the numbers, in their order."""

    def found() -> Places:
        trials = dict.fromkeys(trial for number in numbers for trial in find_trials(db, number.normalized))
        return np.array(queries.rowids(db, list(trials)), dtype=np.int64)

    return _remembered(db, "numbered", text, found)


def _passing(db: sqlite3.Connection, facets: Facets, search: Wanted, name: str) -> Mask:
    """The trials that pass one filter."""
    values = search.filters[name]
    if name not in INDEXED:
        return facets.facets[name].members(values)
    if name in ("condition", "intervention"):
        values = tuple(fold(value) for value in values)
    if name == "condition" and not search.exact:
        same_condition = names_of(db).same_condition
        values = tuple(dict.fromkeys(other for value in values for other in same_condition(value)))
    return facets.mask(_by_index(db, name, json.dumps(values)))


def _by_index(db: sqlite3.Connection, name: str, values: str) -> Places:
    return _remembered(db, name, values, lambda: _rowids(db, _BY_INDEX[name], values))


@kept
def _memory(db: sqlite3.Connection) -> dict[tuple[str, str], Places]:
    """Expression -> rowids, for the searches made last; one for each catalogue file."""
    return {}


def _remembered(db: sqlite3.Connection, kind: str, expression: str, read: Callable[[], Places]) -> Places:
    memory, key = _memory(db), (kind, expression)
    found = memory.get(key)
    if found is None:
        found = read()
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[key] = found
    return found


def _rowids(db: sqlite3.Connection, sql: str, expression: str) -> Places:
    with plain_text(db):
        # As one text: SQLite writes a hundred thousand numbers quicker than it hands them over one by one.
        (numbers,) = db.execute(f"SELECT group_concat(rowid) FROM ({sql})", (expression,)).fetchone()
    return np.fromstring(numbers or "", dtype=np.int64, sep=",")


_MATCHING = "SELECT rowid FROM trials_fts WHERE trials_fts MATCH ?"


def _matched(db: sqlite3.Connection, expression: str) -> Places:
    """rowids of the trials that match, in the order of the file."""
    return _remembered(db, "matched", expression, lambda: _rowids(db, _MATCHING, expression))


def _by_relevance(db: sqlite3.Connection, facets: Facets, matching: Matching, expression: str) -> Places:
    """The same, best first: by where the words stand; then by bm25 when they are few, else the latest update first."""
    matched = _matched(db, expression)
    if len(matched) <= _RANKED_ONE_BY_ONE:
        return _remembered(db, "ranked", expression, lambda: _ranked(db, facets, matching, expression))
    score = np.zeros(len(facets.rowids), dtype=np.int64)
    for columns, worth in _ABOUT.items():
        score[facets.places(_matched(db, f"{{{columns}}} : ({expression})"))] += worth
    places = facets.places(matched)
    return facets.rowids[places[np.lexsort((facets.ranks["update"][places], -score[places]))]]


def _ranked(db: sqlite3.Connection, facets: Facets, matching: Matching, expression: str) -> Places:
    """A trial of heparin goes before one that only keeps out who takes heparin: what counts first is which of the words, the rare ones
    above all, stand where a trial says what it is about, and then bm25.
    """
    weights = ", ".join(str(_WEIGHTS.get(name, 1)) for name in SEARCHED)
    ranked = _rowids(db, f"{_MATCHING} ORDER BY bm25(trials_fts, {weights}), rowid", expression)
    score = np.zeros(len(ranked))
    size = len(facets.rowids)
    most = max(size // 5, _ALWAYS_TELLING)
    for part in matching.parts:
        times = _times(db, part.match, most + 1)
        if times <= most:
            about = _rowids(db, _MATCHING, f"({{{' '.join(_ABOUT)}}} : ({part.match})) AND ({expression})")
            score += math.log(2 + size / (1 + times)) * np.isin(ranked, about)
    for columns, worth in _ABOUT.items():
        score += worth / 10 * np.isin(ranked, _rowids(db, _MATCHING, f"{{{columns}}} : ({expression})"))
    return ranked[np.argsort(-score, kind="stable")]


def _times(db: sqlite3.Connection, expression: str, most: int) -> int:
    """How many trials match, as far as `most`."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM trials_fts WHERE trials_fts MATCH ? LIMIT ?)"
    return int(db.execute(sql, (expression, most)).fetchone()[0])


def occurs(db: sqlite3.Connection, expression: str, least: int) -> bool:
    """Whether at least so many trials match."""
    return _times(db, expression, least) >= least
