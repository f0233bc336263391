"""Related-trials room: the profile of a trial, a row of whole numbers of which the products are the parts of a score.

Called by `relate_lists` and `relate_update`. What a term weighs in a profile the catalogue teaches (`relate_lessons`); profiles are
kept in `trial_profiles`, so that a refresh weighs anew only those that changed and looks through the others in passes.

Weights are whole thousandths, so a score is a sum of whole millionths: the same to the digit in any order and on any machine.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from harvester.aside import NumbersAside
from harvester.catalogue import insert_into
from harvester.relate_lessons import Among, in_batches, seen_in
from harvester.relate_neighbours import Pairs, best_of, joined
from harvester.relate_synonyms import Roots, Seen, Whole, distinct
from harvester.relate_terms import PLACE_BITS, number, of_code
from harvester.relate_worth import PARTS, weigh

#: A weight of 1 in whole numbers; the product of two is in millionths.
UNIT = 1000
#: Smaller weights decide nothing and cost time.
_LEAST = 8
#: Bits for the part of a score in a feature.
_PART_BITS = 3

#: Profiles that are made at a time.
_AT_A_TIME = 4000
#: Trials, at least, of which a matrix is put aside: turned, it has a line for every feature.
_TURNED = 25_000
_KEPT = "SELECT trial_id, least, features, weights FROM trial_profiles ORDER BY trial_id"

#: What is compared as such.
FACTS = (
    "study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose", "minimum_age_years", "maximum_age_years",
    "sex", "healthy_volunteers",
)  # fmt: skip


class Profiles(NamedTuple):
    """Some trials, or all, sorted by trial_id, and what they are compared by."""

    trials: list[str]
    matrix: csr_matrix  # trial x feature, sorted: weights in units
    features: NDArray[np.uint64]  # of each column: root, then the bits for the part of the score
    facts: list[tuple[Any, ...]]  # study_type ... healthy_volunteers
    sponsors: list[str | None]  # their names, one a line: a reason tells them
    codes: dict[int, str]  # root of a MeSH term -> the term


def part_and_root(features: NDArray[np.uint64]) -> tuple[Whole, Roots]:
    return (features & np.uint64((1 << _PART_BITS) - 1)).astype(np.int64), features >> np.uint64(_PART_BITS)


def some_of(made: Profiles, rows: list[int]) -> Profiles:
    return made._replace(
        trials=[made.trials[row] for row in rows],
        matrix=made.matrix[rows],
        facts=[made.facts[row] for row in rows],
        sponsors=[made.sponsors[row] for row in rows],
    )


def keep_all(db: sqlite3.Connection, trials: list[str], total: int) -> None:
    """Makes and keeps the profiles of all trials by the lessons that are kept."""
    for start in range(0, len(trials), _AT_A_TIME):
        made = new_profiles(db, trials[start : start + _AT_A_TIME], total)
        keep(db, made, range(len(made.trials)))


def new_profiles(db: sqlite3.Connection, trials: list[str], total: int) -> Profiles:
    """The profiles of some trials by the lessons that are kept."""
    roots, seen, worth = seen_in(db, trials, total)
    matrix = _matrix(seen, weigh(seen, worth, len(trials)), len(trials), len(roots))
    features = np.concatenate([(roots << np.uint64(_PART_BITS)) | np.uint64(part) for part in range(len(PARTS))])
    return Profiles(trials, matrix, features, *_facts(db, trials), {})


class ProfilesAside:
    """The profiles that are kept of all trials, without features that one trial alone has, for nobody shares these. As matrices of some
    trials they wait in a temporary table, as they are and turned: in memory they would grow with the catalogue."""

    def __init__(self, db: sqlite3.Connection, trials: list[str]) -> None:
        self._db, self._trials, self._features = db, trials, _features_of_several(db)
        (self._facts, self._sponsors), self._codes = _facts(db, trials), _codes(db)
        self._firsts: list[int] = []  # the first trial of each matrix
        db.execute(
            "CREATE TEMP TABLE profiles_aside (first INTEGER PRIMARY KEY, matrix BLOB NOT NULL, turned BLOB NOT NULL) STRICT"
        )
        among, first = Among(self._features, shift=_PART_BITS), 0
        waiting: list[csr_matrix] = []
        for rows in in_batches(db.execute(_KEPT)):
            waiting.append(_columns(rows, among, self._width))
            if sum(some.shape[0] for some in waiting) >= _TURNED:
                first += self._put(first, waiting)
                waiting = []
        self._put(first, waiting)

    @property
    def _width(self) -> int:
        return max(len(self._features), 1)

    def _put(self, first: int, waiting: list[csr_matrix]) -> int:
        """Puts some trials aside, those from `first` on; how many they are."""
        if not waiting:
            return 0
        matrix = vstack(waiting, "csr")
        matrix.sort_indices()
        self._firsts.append(first)
        self._db.execute(
            "INSERT INTO profiles_aside VALUES (?, ?, ?)", (first, _packed(matrix), _packed(matrix.T.tocsr()))
        )
        return int(matrix.shape[0])

    def turned(self) -> Iterator[csr_matrix]:
        """All matrices turned, one after another."""
        for begin, end in pairwise([*self._firsts, len(self._trials)]):
            yield self._read("turned", begin, (self._width, end - begin))

    def some(self, rows: Whole) -> Profiles:
        """The profiles of some trials; their places, sorted."""
        matrices = [csr_matrix((0, self._width), dtype=np.int32)]
        for begin, end in pairwise([*self._firsts, len(self._trials)]):
            here = rows[np.searchsorted(rows, begin) : np.searchsorted(rows, end)]
            if len(here):
                matrices.append(self._read("matrix", begin, (end - begin, self._width))[here - begin])
        places = rows.tolist()
        return Profiles(
            [self._trials[row] for row in places], vstack(matrices, "csr"), self._features,
            [self._facts[row] for row in places], [self._sponsors[row] for row in places], self._codes,
        )  # fmt: skip

    def _read(self, which: str, first: int, shape: tuple[int, int]) -> csr_matrix:
        packed = self._db.execute(f"SELECT {which} FROM profiles_aside WHERE first = ?", (first,)).fetchone()[0]
        numbers, lines = np.frombuffer(packed, np.int32), shape[0] + 1
        ends, (columns, weights) = numbers[:lines], numbers[lines:].reshape(2, -1)
        return csr_matrix((weights, columns, ends), shape=shape, copy=False)

    def close(self) -> None:
        self._db.execute("DROP TABLE profiles_aside")


def _packed(matrix: csr_matrix) -> bytes:
    return np.concatenate((matrix.indptr, matrix.indices, matrix.data), dtype=np.int32).tobytes()


def _features_of_several(db: sqlite3.Connection) -> Roots:
    aside = NumbersAside(db, "features_aside", 64 - PLACE_BITS + _PART_BITS)
    for rows in in_batches(db.execute(_KEPT)):
        aside.put(np.sort(_features([row[2] for row in rows])[0]))
    shared = [np.zeros(0, np.uint64)]
    for numbers in aside.all():
        found = np.sort(numbers)
        shared.append(distinct(found[1:][found[1:] == found[:-1]]))
    aside.close()
    return np.concatenate(shared)


def kept_profiles(db: sqlite3.Connection, trials: list[str]) -> Profiles:
    """The profiles that are kept of some trials."""
    blobs, weights = [], []
    for trial in trials:
        one, other = db.execute("SELECT features, weights FROM trial_profiles WHERE trial_id = ?", (trial,)).fetchone()
        blobs.append(one)
        weights.append(other)
    found, ends = _features(blobs)
    features, column = np.unique(found, return_inverse=True)
    data = np.frombuffer(b"".join(weights), "<u2").astype(np.int32)
    matrix = csr_matrix((data, column, ends), shape=(len(trials), max(len(features), 1)))
    matrix.sort_indices()
    return Profiles(trials, matrix, features, *_facts(db, trials), _codes(db))


def _features(blobs: Sequence[bytes]) -> tuple[Roots, Whole]:
    """Features one after another, and where those of each trial end, with a 0 before."""
    lengths = np.fromiter(map(len, blobs), np.int64, len(blobs)) // 8
    return np.frombuffer(b"".join(blobs), "<u8"), np.r_[0, np.cumsum(lengths)]


def _facts(db: sqlite3.Connection, trials: Sequence[str]) -> tuple[list[tuple[Any, ...]], list[str | None]]:
    """Facts and sponsors. Many trials have the same, which are held once."""
    facts, sponsors = [], []
    once: dict[Any, Any] = {}
    chosen = "trial_id IN (SELECT value FROM json_each(?)) ORDER BY trial_id"
    sql = f"SELECT sponsors, {', '.join(FACTS)} FROM trial_terms WHERE {chosen}"
    for sponsor, *fact in db.execute(sql, (json.dumps(trials),)):
        facts.append(once.setdefault(tuple(fact), tuple(fact)))
        sponsors.append(once.setdefault(sponsor, sponsor))
    return facts, sponsors


def _codes(db: sqlite3.Connection) -> dict[int, str]:
    terms = db.execute("SELECT DISTINCT term FROM (SELECT DISTINCT mesh_id, term FROM mesh_terms)")
    return {number(of_code(term)): term for (term,) in terms}


def _matrix(seen: Seen, weights: Iterable[tuple[Whole, Any]], trials: int, roots: int) -> csr_matrix:
    rows, columns, values = [], [], []
    for part, (kept, weight) in enumerate(weights):
        whole = np.rint(UNIT * weight).astype(np.int32)
        kept, whole = kept[whole >= _LEAST], whole[whole >= _LEAST]
        rows.append(seen.trial[kept])
        columns.append(part * roots + seen.root[kept])
        values.append(whole)
    place = (np.concatenate(rows), np.concatenate(columns))
    matrix = csr_matrix((np.concatenate(values), place), shape=(trials, max(len(PARTS) * roots, 1)))
    matrix.sort_indices()
    return matrix


# ------------------------------------------------------------------------------------------------- what is kept of them


def keep(db: sqlite3.Connection, made: Profiles, rows: Iterable[int]) -> None:
    """Writes some rows of profiles, in the place of those that were kept; what their last neighbour shares is not known yet."""
    matrix = made.matrix
    features = made.features[matrix.indices].astype("<u8")
    weights, prints, ends = matrix.data.astype("<u2"), fingerprints(made).tolist(), matrix.indptr.tolist()
    db.executemany(
        insert_into("trial_profiles").replace("INSERT", "INSERT OR REPLACE"),
        (
            (made.trials[row], prints[row], 0, features[ends[row] : ends[row + 1]].tobytes(), weights[ends[row] : ends[row + 1]].tobytes())
            for row in rows
        ),
    )  # fmt: skip


_MIX = np.uint64(0x9E3779B97F4A7C15)


def fingerprints(made: Profiles) -> Whole:
    """A number for each trial that changes with any weight or fact of it."""
    part, root = part_and_root(made.features[made.matrix.indices])
    mixed = (root + part.astype(np.uint64) * np.uint64(UNIT) + made.matrix.data.astype(np.uint64)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    sums = np.zeros(len(mixed) + 1, np.uint64)
    np.cumsum(mixed, out=sums[1:])
    facts = [(*fact, sponsors) for fact, sponsors in zip(made.facts, made.sponsors, strict=True)]
    hashed = [blake2b(repr(fact).encode("utf-8", "surrogatepass"), digest_size=8).digest() for fact in facts]
    of_facts = np.frombuffer(b"".join(hashed), "<u8")
    return np.asarray((sums[made.matrix.indptr[1:]] - sums[made.matrix.indptr[:-1]] + of_facts).view(np.int64))


class Compared(NamedTuple):
    """All trials as some were compared with them."""

    trials: list[str]  # sorted; the places in it are `other` in the pairs
    least: Whole  # what the last neighbour of each shares with it
    best: Pairs  # row among those compared, other, product: the largest of each row
    reached: Pairs  # those at least as large as what `least` says of the other; rows among those compared are no others


def compare(db: sqlite3.Connection, some: Profiles, most: int) -> Compared:
    """Compares some trials with all whose profiles are kept, in one pass over these and in memory for a few thousand."""
    features, column = np.unique(some.features[some.matrix.indices], return_inverse=True)
    shape = (len(some.trials), max(len(features), 1))
    left = csr_matrix((some.matrix.data.astype(np.int32), column, some.matrix.indptr), shape=shape)
    among = Among(features, shift=_PART_BITS)
    trials: list[str] = []
    least: list[int] = []
    best = nothing = Pairs(*[np.zeros(0, np.int64)] * 3)
    reached, floor = [nothing], np.zeros(len(some.trials), np.int64)
    for rows in in_batches(db.execute(_KEPT)):
        products = (left @ _columns(rows, among, shape[1]).T).tocsr()
        row, other, product = np.repeat(np.arange(shape[0]), np.diff(products.indptr)), products.indices, products.data
        names = [row[0] for row in rows]
        own = _own(some.trials, names)
        known = np.fromiter([row[1] for row in rows], np.int64, len(rows))
        comes = (own[other] < 0) & (product >= known[other]) & (product > 0)
        reached.append(_pairs(row[comes], other[comes] + len(trials), product[comes]))
        # Of equal ones the first count, and those are in the batches before.
        better = (product > floor[row]) & (own[other] != row)
        best = best_of(joined((best, _pairs(row[better], other[better] + len(trials), product[better]))), most)
        floor = np.zeros(shape[0], np.int64)
        full = np.bincount(best.row, minlength=shape[0]) == most
        last = np.flatnonzero(np.diff(best.row, append=-1))
        floor[best.row[last]] = best.product[last]
        floor[~full] = 0
        trials += names
        least += known.tolist()
    return Compared(trials, np.array(least, np.int64), best, joined(reached))


def _own(some: list[str], names: list[str]) -> Whole:
    """For each of some names the place of the same one among `some`, -1 where there is none; both are sorted."""
    own = np.full(len(names), -1)
    for place in range(bisect_left(some, names[0]), bisect_right(some, names[-1])):
        there = bisect_left(names, some[place])
        if names[there] == some[place]:
            own[there] = place
    return own


def _pairs(row: NDArray[Any], other: NDArray[Any], product: NDArray[Any]) -> Pairs:
    return Pairs(row.astype(np.int64), other.astype(np.int64), product.astype(np.int64))


def _columns(rows: list[tuple[Any, ...]], among: Among, width: int) -> csr_matrix:
    found, ends = _features([row[2] for row in rows])
    kept, column = among.found(found)
    data = np.frombuffer(b"".join([row[3] for row in rows]), "<u2")[kept].astype(np.int32)
    return csr_matrix((data, column, np.searchsorted(kept, ends)), shape=(len(rows), width))
