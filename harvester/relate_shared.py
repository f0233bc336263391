"""Related-trials room: what pairs of trials have in common, and how it is told. Pure; called by `relate_reasons`.

All pairs of a chunk are looked at together: a thing in common is an entry of arrays, and words come in where a reader needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from harvester.relate_lessons import Among
from harvester.relate_phrases import outcomes, phrases, root
from harvester.relate_profiles import UNIT, Profiles, part_and_root
from harvester.relate_synonyms import Flags, Roots, Whole, distinct
from harvester.relate_terms import PLACE_BITS, Spellings
from harvester.relate_worth import PARTS

#: Says of some trials, sorted, how they write their terms.
Spelled = Callable[[Sequence[str]], Spellings]

INTERVENTION, CONDITION, TITLE, OUTCOME, SPONSOR, INVESTIGATOR, REFERENCE, CRITERIA = range(len(PARTS))
MILLION = UNIT * UNIT
#: A term is named as a reason when it gives at least so many millionths, and at most so many are named.
_NAMED_FROM = 2_000
_NAMED = 6
#: A word alone, or a pair, must give so many millionths to be told as what both test or study: `hydroxychloroquine` does, `samples` not.
#: Of criteria a trial has many, and they give little.
_TOLD_FROM = {"intervention": (30_000, 10_000), "condition": (10_000, _NAMED_FROM), "criteria": (300, 300)}
_WORD_TOLD, _PAIR_TOLD = np.array([_TOLD_FROM.get(name, (_NAMED_FROM, _NAMED_FROM)) for name in PARTS]).T
_LEAST_NAMED = np.minimum(_NAMED_FROM, np.minimum(_WORD_TOLD, _PAIR_TOLD))
#: At most so many of them are MeSH terms: the most telling, so that their classes stand only where little else is shared.
_CODES_NAMED = 2


class Things(NamedTuple):
    """What pairs have in common and can be told: pair by pair, what gives most first, and of equal ones part by part."""

    pair: Whole
    part: Whole
    worth: Whole  # millionths
    text: Whole  # how it is written: a place in `texts`
    place: Whole  # where it stands in reading order
    is_code: Flags
    texts: list[str]


def compared(profiles: Profiles, row: Whole, other: Whole, spelled: Spelled) -> tuple[Whole, Things]:
    """For each pair the millionths of each part, and what in common gives the most, in the words of the first of the two; what only
    a synonym brings in stands in those of the other, if it is written anywhere."""
    own, whose = np.unique(row, return_inverse=True)
    mine, others = profiles.matrix[own], profiles.matrix[other]
    product = mine[whose].multiply(others).tocsr()
    # The same once more with the places of the own things in the place of their weights.
    numbered = csr_matrix((np.arange(1, mine.nnz + 1), mine.indices, mine.indptr), mine.shape)
    others.data[:] = 1
    thing = numbered[whose].multiply(others).tocsr().data - 1
    pair, worth = np.repeat(np.arange(len(row)), np.diff(product.indptr)), product.data.astype(np.int64)
    parts, roots = part_and_root(profiles.features[mine.indices])
    part = parts[thing]
    sums = np.bincount(pair * len(PARTS) + part, worth, len(row) * len(PARTS)).astype(np.int64)
    telling = np.flatnonzero((worth >= _LEAST_NAMED[part]) & (part != SPONSOR))
    best = telling[in_order(pair[telling], MILLION - worth[telling], part[telling])]
    pair, part, worth, thing = pair[best], part[best], worth[best], thing[best]

    texts = _Texts()
    is_used = np.zeros(mine.nnz, bool)
    is_used[thing] = True
    used, thing = np.flatnonzero(is_used), (np.cumsum(is_used) - 1)[thing]
    roots, holder = roots[used], np.searchsorted(mine.indptr, used, "right") - 1
    place, text = texts.of(spelled([profiles.trials[one] for one in own.tolist()]), holder, roots)
    coded = {root: texts.number(profiles.codes[root]) for root in roots.tolist() if root in profiles.codes}
    code = np.array([coded.get(root, -1) for root in roots.tolist()], np.int64)
    text = np.where(text < 0, code, text)
    place, text, is_code = place[thing], text[thing], code[thing] >= 0
    lacking = np.flatnonzero(text < 0)
    if len(lacking):
        lenders, whose = np.unique(other[pair[lacking]], return_inverse=True)
        of_lenders = spelled([profiles.trials[one] for one in lenders.tolist()])
        place[lacking], text[lacking] = texts.of(of_lenders, whose, roots[thing[lacking]])
    kept = text >= 0
    things = Things(pair[kept], part[kept], worth[kept], text[kept], place[kept], is_code[kept], texts.all())
    return sums.reshape(len(row), len(PARTS)), things


def in_order(*keys: Whole) -> Whole:
    """Where entries stand when sorted by some keys, none of them negative; of equal ones the first is first. All keys and the place
    in one number, for these are sorted much faster than places by keys: of a chunk they have less than 63 bits, since what two
    trials share gives at least `_LEAST_NAMED` and a million millionths together."""
    packed, taken = np.zeros(len(keys[0]), np.int64), 0
    for key in (*keys, np.arange(len(packed))):
        bits = int(key.max(initial=0)).bit_length()
        packed, taken = packed << bits | key, taken + bits
    if taken > 63:
        raise OverflowError(f"the keys of these {len(packed):,} entries need {taken} bits, and 63 are there")
    packed.sort()
    return packed & ((1 << bits) - 1)


class _Texts:
    """How things are written, each spelling once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def all(self) -> list[str]:
        return list(self._numbers)

    def of(self, spellings: Spellings, whose: Whole, roots: Roots) -> tuple[Whole, Whole]:
        """Where roots stand first among the terms of the trial `whose` each is, and how they are written there: -1 for nowhere."""
        lengths = np.array(spellings.lengths, np.int64)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        known = distinct(roots)
        where, which = Among(known).found(np.frombuffer(spellings.roots, "<u8") >> np.uint64(PLACE_BITS))
        key = owner[where] * len(known) + which
        order = in_order(key)
        key, where = key[order], where[order]
        is_first = np.diff(key, prepend=-1) != 0
        key, where = key[is_first], where[is_first]
        wanted = whose * len(known) + np.searchsorted(known, roots)
        at = np.searchsorted(key, wanted)
        there = np.append(key, -1)[at] == wanted
        place, text = np.full(len(roots), -1), np.full(len(roots), -1)
        at = where[at[there]]
        place[there] = at - (np.cumsum(lengths) - lengths)[whose[there]]
        ends = np.flatnonzero(np.frombuffer(spellings.terms + b"\n", "u1") == ord("\n"))
        begins = np.append(0, ends + 1)
        written = [spellings.terms[a:b] for a, b in zip(begins[at].tolist(), ends[at].tolist(), strict=True)]
        text[there] = [self.number(term.decode()) for term in written]
        return place, text


# -------------------------------------------------------------------------------------------------------------- in words


def told(things: Things, pairs: int) -> dict[int, list[str | None]]:
    """Part -> what of it each pair shares, in words."""
    is_word = np.array([text.isalnum() for text in things.texts], bool)[things.text]
    is_meddra = np.array([text.startswith("MedDRA ") for text in things.texts], bool)[things.text]
    enough = things.worth >= np.where(is_word, _WORD_TOLD[things.part], _PAIR_TOLD[things.part])
    kept = things.is_code | (enough & ~(is_meddra & (things.part == CONDITION)))
    packed = np.column_stack((things.text, np.where(things.is_code, _CODE, things.place))).astype(np.int32)
    found: dict[int, list[str | None]] = {}
    for part in (INTERVENTION, CONDITION, OUTCOME, INVESTIGATOR, REFERENCE, CRITERIA):
        some = np.flatnonzero(kept & (things.part == part))
        pair, numbers, width = things.pair[some], packed[some].tobytes(), 2 * packed.itemsize
        begins = np.flatnonzero(np.diff(pair, prepend=-1))
        bounds = (np.append(begins, len(pair)) * width).tolist()
        shared = [numbers[begin:end] for begin, end in pairwise(bounds)]
        said = {key: _say(part, key, things.texts) for key in set(shared)}  # many pairs share the same
        of_pairs: list[str | None] = [None] * pairs
        for one, key in zip(pair[begins].tolist(), shared, strict=True):
            of_pairs[one] = said[key]
        found[part] = of_pairs
    return found


_CODE = -1


def _say(part: int, shared: bytes, texts: list[str]) -> str | None:
    """What both share of a part. `shared`: places in `texts`, those that give most first, each with where it stands in reading order,
    or `_CODE` for a MeSH term."""
    numbers = memoryview(shared).cast("i").tolist()
    things = [(place, texts[text]) for text, place in zip(numbers[::2], numbers[1::2], strict=True)]
    written = [thing for thing in things if thing[0] != _CODE]
    if part in (CONDITION, INTERVENTION):
        return _names(*_reading(written), tuple([text for place, text in things if place == _CODE]))
    return _outcomes(*_reading(written)) if part == OUTCOME else lines([text for _, text in written])


def _reading(found: list[tuple[int, str]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Terms in reading order and what each is worth, as a place from the last: equal for pairs of trials that share the same.

    `found`: place and term of each, those worth most first.
    """
    if not found:
        return (), ()
    if len(found) == 1:
        return (found[0][1],), (0,)
    ranked = {term: -rank for rank, (_, term) in enumerate(found)}
    terms = tuple([term for _, term in sorted(found)])
    return terms, tuple([ranked[term] for term in terms])


@lru_cache(maxsize=20_000)
def _outcomes(terms: tuple[str, ...], worth: tuple[int, ...]) -> str | None:
    return lines(outcomes(terms, worth))


@lru_cache(maxsize=20_000)
def _names(terms: tuple[str, ...], worth: tuple[int, ...], codes: tuple[str, ...]) -> str | None:
    """Phrases, then the MeSH terms that say something else: `recurrent miscarriage`, `Abortion, Habitual (MeSH)`."""
    told = phrases(terms, worth)[: _NAMED - _CODES_NAMED]
    known = [set(root(name).split()) for name in told]
    new = [code for code in codes if not any(known_words >= set(root(code).split()) for known_words in known)]
    return lines([*told, *(f"{code} (MeSH)" for code in new[:_CODES_NAMED])])


def lines(texts: Sequence[str]) -> str | None:
    return "\n".join(texts[:_NAMED]) or None


def terms(things: Things, pairs: int) -> list[str | None]:
    """The terms that explain most of each score, and how much each gives: `progesterone\t0.211`, one a line."""
    some, texts = things.part <= OUTCOME, things.texts
    pair, text, worth = things.pair[some], things.text[some], things.worth[some]
    together = in_order(pair, text)
    key = pair[together] * len(texts) + text[together]
    begins = np.flatnonzero(np.diff(key, prepend=-1))
    weight = np.add.reduceat(worth[together], begins) if len(begins) else worth
    first = together[begins]
    place = first - np.searchsorted(pair, np.arange(pairs))[pair[first]]
    pair, text = pair[first], text[first]
    order = in_order(pair, MILLION - weight, place)
    pair, text, weight = pair[order], text[order], weight[order]
    bounds = np.searchsorted(pair, np.arange(pairs + 1))
    named = np.flatnonzero(np.arange(len(pair)) - bounds[pair] < _NAMED)
    written = [
        f"{texts[one]}\t{_thousandths(gives)}"
        for one, gives in zip(text[named].tolist(), weight[named].tolist(), strict=True)
    ]
    ends = np.searchsorted(named, bounds).tolist()
    return ["\n".join(written[begin:end]) or None for begin, end in pairwise(ends)]


@lru_cache(maxsize=20_000)
def _thousandths(weight: int) -> str:
    return f"{weight / MILLION:.3f}"
