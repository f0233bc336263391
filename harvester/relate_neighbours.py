"""Related-trials room: the rows of a matrix that have the largest products with a row. Pure; called by `relate_lists`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Whole = NDArray[np.int64]

#: Places beyond those wanted: one for the trial itself, the others show whether a tie goes on past the last.
_SPARE = 20
#: Rows that are turned at a time, and those of which all products with these are held.
_TURNED, _AT_A_TIME = 25_000, 40
#: Pairs that wait until the best of their rows are chosen.
_WAITING = 300_000
_CORES = min(os.cpu_count() or 1, 2)


class Pairs(NamedTuple):
    """Pairs of rows and their products, one an entry."""

    row: Whole
    other: Whole
    product: Whole


def nearest(matrix: csr_matrix, rows: Whole, most: int) -> Pairs:
    """The `most` other rows with the largest positive products with each of `rows`; of equal ones the first.

    `matrix` holds whole numbers, so a product does not depend on the order of adding up.
    """
    # Not before: a refresh compares without it, and loading takes a tenth of a second.
    from sparse_dot_topn import sp_matmul_topn, zip_sp_matmul_topn

    wanted = min(most + _SPARE, matrix.shape[0])
    best = zip_sp_matmul_topn(
        wanted,
        [
            sp_matmul_topn(matrix[rows], turned, top_n=wanted, threshold=0, sort=True, n_threads=_CORES)
            for _, turned in _turned(matrix)
        ],
    )
    place = np.repeat(np.arange(len(rows)), np.diff(best.indptr))
    pairs = _ranked(Pairs(rows[place], best.indices.astype(np.int64), best.data.astype(np.int64)), most)
    least = np.full(matrix.shape[0], np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.row, pairs.product)
    tied = rows[_cut_through_a_tie(best, wanted, least[rows])]
    if wanted < most + _SPARE or not len(tied):
        return pairs
    exact = _best_of_many((_kept(some, some.product >= least[some.row]) for some in _products(matrix, tied)), most)
    return joined([_kept(pairs, ~np.isin(pairs.row, tied)), exact])


def _turned(matrix: csr_matrix) -> Iterator[tuple[int, csr_matrix]]:
    """The matrix turned, some of its rows at a time, and the place of the first of these."""
    for start in range(0, max(matrix.shape[0], 1), _TURNED):
        yield start, matrix[start : start + _TURNED].T.tocsr()


def _products(matrix: csr_matrix, rows: Whole) -> Iterator[Pairs]:
    """All positive products of `rows` with other rows, those of a few rows at a time: they are many."""
    for first, turned in _turned(matrix):
        for start in range(0, len(rows), _AT_A_TIME):
            some = rows[start : start + _AT_A_TIME]
            products = (matrix[some] @ turned).tocsr()
            place = some[np.repeat(np.arange(len(some)), np.diff(products.indptr))]
            pairs = Pairs(place, products.indices.astype(np.int64) + first, products.data.astype(np.int64))
            yield _kept(pairs, (pairs.row != pairs.other) & (pairs.product > 0))


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
