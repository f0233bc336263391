"""Related-trials room: the rows of a matrix that have the largest products with a row. Pure; called by `relate`."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sparse_dot_topn import sp_matmul_topn

Whole = NDArray[np.int64]

#: Places beyond those wanted: one for the trial itself, the others show whether a tie goes on past the last.
_SPARE = 4
#: Rows of which all products are held at a time.
_AT_A_TIME = 200
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
    turned = matrix.T.tocsr()
    wanted = min(most + _SPARE, matrix.shape[0])
    best = sp_matmul_topn(matrix[rows], turned, top_n=wanted, threshold=0, sort=True, n_threads=_CORES)
    place = np.repeat(np.arange(len(rows)), np.diff(best.indptr))
    pairs = _ranked(Pairs(rows[place], best.indices.astype(np.int64), best.data.astype(np.int64)), most)
    tied = _cut_through_a_tie(best, rows, pairs, most)
    if not len(tied):
        return pairs
    whole = (matrix[tied] @ turned).tocsr()
    place = np.repeat(np.arange(len(tied)), np.diff(whole.indptr))
    exact = _ranked(Pairs(tied[place], whole.indices.astype(np.int64), whole.data.astype(np.int64)), most)
    kept = ~np.isin(pairs.row, tied)
    return Pairs(*(np.concatenate([a[kept], b]) for a, b in zip(pairs, exact, strict=True)))


def reaching(matrix: csr_matrix, rows: Whole, least: Whole) -> Pairs:
    """Pairs of any other row with one of `rows` of which the product is at least what `least` says for the other row.

    The first of a pair is the other row, into whose neighbours the one of `rows` may come.
    """
    turned = matrix.T.tocsr()
    found = []
    for start in range(0, len(rows), _AT_A_TIME):
        some = rows[start : start + _AT_A_TIME]
        products = (matrix[some] @ turned).tocsr()
        place = some[np.repeat(np.arange(len(some)), np.diff(products.indptr))]
        kept = (products.data >= least[products.indices]) & (products.data > 0) & (products.indices != place)
        found.append(Pairs(products.indices[kept].astype(np.int64), place[kept], products.data[kept].astype(np.int64)))
    return Pairs(*map(np.concatenate, zip(*found, strict=True))) if found else Pairs(*[np.zeros(0, np.int64)] * 3)


def _ranked(pairs: Pairs, most: int) -> Pairs:
    """The best of each row, best first."""
    other = (pairs.row != pairs.other) & (pairs.product > 0)
    row, right, product = (values[other] for values in pairs)
    order = np.lexsort((right, -product, row))
    row, right, product = row[order], right[order], product[order]
    first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else np.zeros(0, np.int64)
    rank = np.arange(len(row)) - np.repeat(first, np.diff(np.r_[first, len(row)]))
    kept = rank < most
    return Pairs(row[kept], right[kept], product[kept])


def _cut_through_a_tie(best: csr_matrix, rows: Whole, pairs: Pairs, most: int) -> Whole:
    """Rows of which the products that were kept end in the value of the last place: there may be more of it."""
    full = np.diff(best.indptr) == most + _SPARE
    least = np.full(int(rows.max(initial=0)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, pairs.row, pairs.product)
    last = best.data[np.maximum(best.indptr[1:] - 1, 0)] if len(best.data) else np.zeros(len(rows))
    return np.asarray(rows[full & (last >= least[rows])])
