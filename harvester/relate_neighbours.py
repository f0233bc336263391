"""Related-trials room: the rows of a matrix that have the largest products with a row. Pure; called by `relate_lists`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Whole = NDArray[np.int64]

#: Places beyond those wanted: one for the trial itself, the others show whether a tie goes on past the last.
_SPARE = 20
#: Rows of which all products with some others are held.
_AT_A_TIME = 40
#: Pairs that wait until the best of their rows are chosen.
_WAITING = 300_000
_CORES = min(os.cpu_count() or 1, 2)


class Pairs(NamedTuple):
    """Pairs of rows and their products, one an entry."""

    row: Whole
    other: Whole
    product: Whole


def nearest(some: csr_matrix, first: int, turned: Callable[[], Iterable[csr_matrix]], most: int) -> Pairs:
    """The `most` other rows of a matrix with the largest positive products with each of `some` of its rows, which are those from `first`
    on; of equal ones the first. `turned` gives all rows, some at a time and turned.

    The matrix holds whole numbers, so a product does not depend on the order of adding up.
    """
    # Not before: a refresh compares without it, and loading takes a tenth of a second.
    from sparse_dot_topn import sp_matmul_topn, zip_sp_matmul_topn

    wanted = most + _SPARE
    best = csr_matrix((some.shape[0], 0), dtype=some.dtype)
    for others in turned():
        found = sp_matmul_topn(some, others, top_n=wanted, threshold=0, sort=True, n_threads=_CORES)
        best = zip_sp_matmul_topn(wanted, [best, found])
    place = np.repeat(np.arange(some.shape[0]), np.diff(best.indptr))
    pairs = _ranked(Pairs(first + place, best.indices.astype(np.int64), best.data.astype(np.int64)), most)
    least = np.full(some.shape[0], np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.row - first, pairs.product)
    tied = np.flatnonzero(_cut_through_a_tie(best, wanted, least))
    if not len(tied):
        return pairs
    at_least = (
        _kept(these, these.product >= least[these.row - first]) for these in _products(some, first, tied, turned())
    )
    return joined([_kept(pairs, ~np.isin(pairs.row - first, tied)), _best_of_many(at_least, most)])


def _products(some: csr_matrix, first: int, which: Whole, turned: Iterable[csr_matrix]) -> Iterator[Pairs]:
    """All positive products of some rows of `some` with other rows, those of a few rows at a time: they are many."""
    before = 0
    for others in turned:
        for start in range(0, len(which), _AT_A_TIME):
            rows = which[start : start + _AT_A_TIME]
            products = (some[rows] @ others).tocsr()
            place = first + rows[np.repeat(np.arange(len(rows)), np.diff(products.indptr))]
            pairs = Pairs(place, products.indices.astype(np.int64) + before, products.data.astype(np.int64))
            yield _kept(pairs, (pairs.row != pairs.other) & (pairs.product > 0))
        before += others.shape[1]


def _kept(pairs: Pairs, which: NDArray[np.bool_]) -> Pairs:
    return Pairs(*(values[which] for values in pairs))


def joined(some: Iterable[Pairs]) -> Pairs:
    """Some pairs one after another."""
    return Pairs(*map(np.concatenate, zip(Pairs(*[np.zeros(0, np.int64)] * 3), *some, strict=True)))


def _ranked(pairs: Pairs, most: int) -> Pairs:
    return best_of(_kept(pairs, (pairs.row != pairs.other) & (pairs.product > 0)), most)


def best_of(pairs: Pairs, most: int) -> Pairs:
    """Of each row those with the largest products, best first; of equal ones the first others."""
    row, right, product = pairs
    order = np.lexsort((right, -product, row))
    row, right, product = row[order], right[order], product[order]
    first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.zeros(0, np.int64)
    rank = np.arange(len(row)) - np.repeat(first, np.diff(np.r_[first, len(row)]))
    kept = rank < most
    return Pairs(row[kept], right[kept], product[kept])


def _best_of_many(some: Iterable[Pairs], most: int) -> Pairs:
    """`best_of` pairs that are too many to be held at once."""
    best: list[Pairs] = []
    for pairs in some:
        best.append(pairs)
        if sum(len(one.row) for one in best) > _WAITING:
            best = [best_of(joined(best), most)]
    return best_of(joined(best), most)


def _cut_through_a_tie(best: csr_matrix, wanted: int, least: Whole) -> NDArray[np.bool_]:
    """Whether the products that were kept of a row end in the value of its last place: there may be more of it."""
    full = np.diff(best.indptr) == wanted
    cut = np.zeros(len(full), bool)
    cut[full] = best.data[best.indptr[1:][full] - 1] >= least[full]
    return cut
