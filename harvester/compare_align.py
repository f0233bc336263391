"""Comparison room: items of several trials (criteria, arms, interventions, outcomes) put side by side. Pure; called by `compare`.

How alike two items are: their words, weighted by how rare they are among all items compared (cosine), halved with rapidfuzz's
ratio of the sorted words; where both set limits, the agreement of the limits in canonical units counts more than the words. Each
pair of trials is assigned one to one (Hungarian method); the pairs found are then merged into rows, best first, one item of
a trial a row. Nothing depends on the order in which trials are named: items are taken in the order of their trial_id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cpdist
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from normalize import units
from normalize.text import fold
from normalize.variables import VAGUE

Matrix = npt.NDArray[np.float32]

#: From here on two items are taken for the same thing, said differently.
THRESHOLD = 0.5
#: Pairs with fewer words in common than this are not looked at closer.
_WORTH_A_LOOK = 0.15
#: What limits count against words when both items set limits; what a limit with other bounds counts against an equal one.
_LIMITS, _OTHER_BOUNDS = 0.6, 0.75
#: One sets a limit, the other none.
_ONE_LIMIT = 0.85
#: Two rows become one when their items are this much of the threshold alike on average.
_ROWS_ALIKE = 0.8

_SMALL_WORDS = """
    a an the of or and in on at to for with by from is are be been was were as that this who which their his her its has have had any all
    must should will may can patient patients subject subjects participant participants
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_SIGNS = {"≥": " ge ", "≧": " ge ", "≤": " le ", "≦": " le ", ">": " gt ", "<": " lt ", "＞": " gt ", "＜": " lt "}
_SIGN = re.compile("[<>]\\s?=|[" + "".join(_SIGNS) + "]")
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*|[<>]\s?=|[" + "".join(_SIGNS) + "]")


class Limit(NamedTuple):
    """A limit of a criterion; bounds in the canonical unit where there is one."""

    variable: str
    lower: float | None
    lower_inclusive: bool
    upper: float | None
    upper_inclusive: bool
    unit: str | None
    negated: bool
    is_known: bool  # the variable is one of the measures vocabulary
    text: str
    start: int  # within the item's text
    end: int

    @property
    def bounds(self) -> tuple[Any, ...]:
        """What two limits are compared by."""
        return (
            self.variable,
            None if self.lower is None else (round(self.lower, 4), self.lower_inclusive),
            None if self.upper is None else (round(self.upper, 4), self.upper_inclusive),
            None if self.is_known else self.unit,
            self.negated,
        )

    @property
    def tells(self) -> bool:
        return self.is_known and self.variable not in VAGUE


class Item(NamedTuple):
    """One criterion, arm, intervention or outcome of the trial at place `trial`."""

    trial: int
    ordinal: int
    kind: str
    text: str
    limits: tuple[Limit, ...] = ()
    names: tuple[str, ...] = ()
    is_of_all: bool = True  # False of a criterion under a heading that says for whom or when it holds


def words(text: str) -> list[str]:
    """Words for comparison: folded, without the small ones, plurals as singulars."""
    return [_singular(word) for word in fold(text).split() if word not in _SMALL]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui" else word


def _sign_word(match: re.Match[str]) -> str:
    sign = match[0]
    return (" ge " if sign[0] == ">" else " le ") if len(sign) > 1 else _SIGNS[sign]


def essence(item: Item) -> tuple[Any, ...]:
    """What two items must share to say the same: kind, whether it holds for all, limits in canonical units, and all other words with signs, in any order.

    The words that only name what is limited are left out: "BMI below 35" says the same as "body mass index < 35".
    """
    rest = item.text
    for limit in sorted(item.limits, key=lambda limit: -limit.start):
        rest = rest[: limit.start] + " " + rest[limit.end :]
    naming = {word for limit in item.limits if limit.is_known for word in _words_for(limit.variable)}
    others = sorted(word for word in words(_SIGN.sub(_sign_word, rest)) if word not in naming)
    return item.kind, item.is_of_all, frozenset(limit.bounds for limit in item.limits), tuple(others)


@cache
def _words_for(variable: str) -> frozenset[str]:
    """The words by which registrants name a variable: bmi, body, mass, index. None for one that the vocabulary lost."""
    _, names, *_ = units.VOCABULARY["variables"].get(variable, (None, ""))
    return frozenset(words(names))


def differing(texts: Sequence[str]) -> list[tuple[tuple[int, int], ...]]:
    """For each text the slices whose words are in fewer than half of the others; neighbours are one slice."""
    found = [[(match.start(), match.end(), _token(match[0])) for match in _WORD.finditer(text)] for text in texts]
    held = Counter(word for tokens in found for word in {word for _, _, word in tokens})
    marked = []
    for tokens in found:
        slices: list[tuple[int, int]] = []
        after_mark = False
        for start, end, word in tokens:
            is_rare = word not in _SMALL and 2 * (held[word] - 1) < len(texts) - 1
            if is_rare and after_mark:
                slices[-1] = (slices[-1][0], end)
            elif is_rare:
                slices.append((start, end))
            after_mark = is_rare
        marked.append(tuple(slices))
    return marked


def _token(text: str) -> str:
    return _singular(fold(text)) or _SIGN.sub(_sign_word, text).strip()


# ------------------------------------------------------------------------------------------------------ how alike


def words_alike(items: Sequence[Item]) -> Matrix:
    """Square matrix, 0 to 1: how much the words of two items are alike; 0 where they are not worth a look."""
    texts = [words(item.text) or fold(item.text).split() for item in items]
    vocabulary = {word: n for n, word in enumerate(sorted({word for text in texts for word in text}))}
    count = len(items)
    if not vocabulary:
        return np.zeros((count, count), dtype=np.float32)
    columns = [vocabulary[word] for text in texts for word in sorted(set(text))]
    rows = np.repeat(np.arange(count), [len(set(text)) for text in texts])
    held = np.bincount(columns, minlength=len(vocabulary))
    weights = np.log1p(count / held)[columns].astype(np.float32)
    lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=count)).astype(np.float32)
    matrix = csr_array((weights / lengths[rows], (rows, columns)), shape=(count, len(vocabulary)))
    cosines: Matrix = np.asarray((matrix @ matrix.T).todense(), dtype=np.float32)
    one, other = np.nonzero(np.triu(cosines >= _WORTH_A_LOOK, 1))
    ordered = [" ".join(sorted(text)) for text in texts]
    ratios = cpdist([ordered[n] for n in one], [ordered[n] for n in other], scorer=ratio, dtype=np.float32, workers=1)
    alike = np.zeros_like(cosines)
    alike[one, other] = (cosines[one, other] + ratios / 100) / 2
    return alike + alike.T


def _limits_agree(one: Item, other: Item) -> float | None:
    """0 to 1: how far the limits agree; None when one of them sets none that tells."""
    first = {limit.variable: limit.bounds for limit in one.limits if limit.tells}
    second = {limit.variable: limit.bounds for limit in other.limits if limit.tells}
    if not first or not second:
        return None
    both = first.keys() & second.keys()
    agreed = sum(1.0 if first[variable] == second[variable] else _OTHER_BOUNDS for variable in both)
    return (agreed / min(len(first), len(second)) + agreed / len(first.keys() | second.keys())) / 2


def _with_limits(items: Sequence[Item], alike: Matrix) -> Matrix:
    """The words' likeness blended with that of the limits."""
    blended = alike.copy()
    sets_limits = [n for n, item in enumerate(items) if any(limit.tells for limit in item.limits)]
    if not sets_limits:
        return blended
    is_limited = np.zeros(len(items), dtype=bool)
    is_limited[sets_limits] = True
    blended[np.logical_xor.outer(is_limited, is_limited)] *= _ONE_LIMIT
    for i, j in combinations(sets_limits, 2):
        agreed = _limits_agree(items[i], items[j])
        if agreed is not None:
            blended[i, j] = blended[j, i] = (1 - _LIMITS) * alike[i, j] + _LIMITS * agreed
    return blended


def _same_names(items: Sequence[Item], alike: Matrix) -> None:
    """Items that share one of their names are the same thing, whatever else they are called."""
    holders: dict[str, list[int]] = {}
    for n, item in enumerate(items):
        for name in {fold(name) for name in (item.text, *item.names)} - {""}:
            holders.setdefault(name, []).append(n)
    for found in holders.values():
        for i, j in combinations(found, 2):
            alike[i, j] = alike[j, i] = max(alike[i, j], 1.0 if fold(items[i].text) == fold(items[j].text) else 0.95)


# ------------------------------------------------------------------------------------------------------ side by side


def _assigned(items: Sequence[Item], alike: Matrix) -> list[tuple[float, int, int]]:
    """Pairs of items of two trials, one to one within each pair of trials: (likeness, item, other item)."""
    places: dict[int, list[int]] = {}
    for n, item in enumerate(items):
        places.setdefault(item.trial, []).append(n)
    pairs = []
    for one, other in combinations(places.values(), 2):
        block = alike[np.ix_(one, other)]
        block = np.where(block >= THRESHOLD, block, 0)
        if block.any():
            pairs += [
                (float(block[r, c]), one[r], other[c])
                for r, c in zip(*linear_sum_assignment(block, maximize=True), strict=True)
                if block[r, c]
            ]
    return pairs


def aligned(items: Sequence[Item], kinds_meet: bool, alike: Matrix | None = None) -> list[list[Item]]:
    """Rows of items that say the same or nearly the same, at most one of a trial; every item stands in one row.

    `items` must be ordered by something other than the order in which the trials were named. `kinds_meet` lets a primary
    outcome stand beside a secondary one; inclusion never stands beside exclusion. `alike` is `words_alike(items)` when the
    caller has it.
    """
    if not items:
        return []
    score = _with_limits(items, words_alike(items) if alike is None else alike)
    if any(item.names for item in items):
        _same_names(items, score)
    kinds = np.array([item.kind for item in items])
    if not kinds_meet:
        open_kind = kinds == "unspecified"
        score[~(np.equal.outer(kinds, kinds) | np.logical_or.outer(open_kind, open_kind))] = 0
    rows: list[list[int]] = [[n] for n in range(len(items))]
    row_of = list(range(len(items)))
    for _, i, j in sorted(_assigned(items, score), key=lambda pair: (-round(pair[0], 5), pair[1], pair[2])):
        one, other = rows[row_of[i]], rows[row_of[j]]
        if one is other or {items[n].trial for n in one} & {items[n].trial for n in other}:
            continue
        if not kinds_meet and len({items[n].kind for n in (*one, *other)} - {"unspecified"}) > 1:
            continue
        if score[np.ix_(one, other)].mean() >= _ROWS_ALIKE * THRESHOLD:
            one += other
            for n in other:
                row_of[n] = row_of[i]
            other.clear()
    return [[items[n] for n in row] for row in rows if row]


def kind_of(row: Sequence[Item]) -> str:
    """The kind that most items of a row have; `unspecified` only when all are."""
    counts = Counter(item.kind for item in row if item.kind != "unspecified")
    return min(counts, key=lambda kind: (-counts[kind], kind)) if counts else row[0].kind
