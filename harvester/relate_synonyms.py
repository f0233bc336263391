"""Related-trials room: names that mean one thing, learned from the catalogue. Pure; called by `relate_lessons`.

Registries give codes to some records (MeSH, MedDRA); registrants define abbreviations and list other names. So `recurrent pregnancy
loss` and `recurrent miscarriage`, seen in enough records that are coded `Abortion, Habitual`, mean that code also where nobody gave
it. Only teachers are counted (see `relate_lessons`); a rule needs a clear majority, so one record more or less seldom moves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from harvester.relate_terms import FIELDS, PLACE_BITS, TITLE_PAIR

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
#: Roots of terms, as in `trial_roots` without the bits of the column; sorted, each once.
Roots = NDArray[np.uint64]
#: Kind of rule -> pairs (root, root of what it means), sorted.
Meanings = dict[str, NDArray[np.uint64]]

#: Of those that could say so, this share must (one more that does not is added): two of two, three of four.
_MAJORITY = 0.6
#: An abbreviation or other name must be defined by this share of the trials in which it stands: else it is a word of its own.
_DEFINED = 0.1

#: The fields as bits, then what is learned: a code that the name of a condition means, and of an intervention.
(
    TITLE, CONDITION, KEYWORD, NAMED, DESCRIBED, OUTCOME, PERSON, PAPER, CONDITION_CODE, INTERVENTION_CODE, CONDITION_CLASS,
    INTERVENTION_CLASS, CONDITION_NAME, INTERVENTION_NAME, SPONSOR, CRITERION,
) = (1 << n for n in range(len(FIELDS)))  # fmt: skip
PAIR = 1 << TITLE_PAIR
MEANT_CONDITION, MEANT_INTERVENTION = 1 << TITLE_PAIR + 1, 1 << TITLE_PAIR + 2
#: So many sets of these there can be.
EVERY_SET = 1 << TITLE_PAIR + 3

SHORT_FORM = "short form"
#: Where short forms are read.
_SPELLED_OUT = TITLE | CONDITION | KEYWORD | NAMED | DESCRIBED
#: What is coded -> its names, its codes, its codes that names mean, the classes of its codes.
_CODED = {
    "condition": (CONDITION_NAME, CONDITION_CODE, MEANT_CONDITION, CONDITION_CLASS),
    "intervention": (INTERVENTION_NAME, INTERVENTION_CODE, MEANT_INTERVENTION, INTERVENTION_CLASS),
}
KINDS = (SHORT_FORM, *(kind for what in _CODED for kind in (what, f"{what} class")))
#: Fields of which the terms mean a code or class, and those that say so.
MEANING = CONDITION_NAME | INTERVENTION_NAME | CONDITION_CODE | INTERVENTION_CODE
SAYING = CONDITION_CODE | INTERVENTION_CODE | CONDITION_CLASS | INTERVENTION_CLASS


class Seen(NamedTuple):
    """Every (trial, root) with the fields in which it stands, as bits; sorted. Trials and roots by their places."""

    trial: NDArray[Any]
    root: NDArray[Any]
    fields: NDArray[Any]

    def standing(self, fields: int) -> Flags:
        """Where a term stands in one of the fields."""
        return np.asarray((self.fields & fields) != 0)


_PLACES = (1 << PLACE_BITS) - 1


def distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """`np.unique`, which takes forty times as long for many numbers that are hardly ever equal."""
    numbers = np.sort(numbers)
    return numbers[_is_new(numbers)]


def _is_new(numbers: NDArray[Any]) -> Flags:
    return np.asarray(np.r_[True, numbers[1:] != numbers[:-1]][: len(numbers)])


def gathered(trial: NDArray[Any], entries: NDArray[np.uint64], more: Roots) -> tuple[Roots, Seen]:
    """The roots of some entries of `trial_roots`, with those of `more`, and where they stand; `trial` says whose each entry is."""
    numbers = np.concatenate((entries >> np.uint64(PLACE_BITS), more))
    order = np.argsort(numbers)
    numbers = numbers[order]
    is_new = _is_new(numbers)
    roots = numbers[is_new]
    root = np.empty(len(numbers), np.int64)
    root[order] = np.cumsum(is_new) - 1
    del numbers, order
    # All three in one number, for these are sorted much faster than places by a key.
    packed = trial * np.int64(len(roots)) + root[: len(entries)]
    packed <<= PLACE_BITS
    packed |= (entries & np.uint64(_PLACES)).view(np.int64)
    del root
    packed.sort()
    fields = np.left_shift(1, (packed & _PLACES).astype(np.int32))
    packed >>= PLACE_BITS
    first = np.flatnonzero(np.diff(packed, prepend=-1))
    of, place = np.divmod(packed[first], max(len(roots), 1))
    sets = np.bitwise_or.reduceat(fields, first) if len(first) else fields
    return roots, Seen(of.astype(np.int32), place.astype(np.int32), sets)


# ------------------------------------------------------------------------------------------------------------ learning


def learn(seen: Seen, teachers: Flags, roots: Roots, short_forms: Mapping[int, Mapping[str, int]]) -> Meanings:
    """What the teachers say.

    `short_forms`: root of a short form or other name -> roots of what it stands for, as in `trial_aliases` -> how many of them say so.
    """
    size, taught = (len(teachers), len(roots)), teachers[seen.trial]
    found = {SHORT_FORM: _long_forms(seen, taught, roots, short_forms)}
    for kind, (name, code, _, of_code) in _CODED.items():
        given = seen.standing(code) & taught
        # Of a record with several codes one cannot say which class is whose.
        alone = np.bincount(seen.trial[given], minlength=size[0]) == 1
        found[kind] = _implied(seen, seen.standing(name) & taught, given, roots, size)
        found[f"{kind} class"] = _implied(
            seen, given & alone[seen.trial], seen.standing(of_code) & taught & alone[seen.trial], roots, size
        )
    return found


def _long_forms(
    seen: Seen, taught: Flags, roots: Roots, short_forms: Mapping[int, Mapping[str, int]]
) -> NDArray[np.uint64]:
    standing = np.bincount(seen.root[seen.standing(_SPELLED_OUT) & taught], minlength=len(roots))
    found: list[tuple[int, int]] = []
    for short, long_forms in short_forms.items():
        place = int(np.searchsorted(roots, np.uint64(short)))
        stands = standing[place] if place < len(roots) and int(roots[place]) == short else 0
        long, times = min(long_forms.items(), key=lambda item: (-item[1], item[0]))
        defined = sum(long_forms.values())
        if times >= _MAJORITY * (defined + 1) and defined >= _DEFINED * stands:
            found += [(short, int(other)) for other in long.split() if int(other) != short]
    return as_pairs(found)


def _implied(seen: Seen, source: Flags, target: Flags, roots: Roots, size: tuple[int, int]) -> NDArray[np.uint64]:
    """(root, root of `target`) where the second stands in most trials in which the first is a `source` and that have any target."""
    able = np.zeros(size[0], bool)
    able[seen.trial[target]] = True
    source = source & able[seen.trial]
    left, right = _stands(seen, source, size), _stands(seen, target, size)
    both = (left.T @ right).tocoo()
    count = np.bincount(seen.root[source], minlength=size[1])
    kept = (both.data >= _MAJORITY * (count[both.row] + 1)) & (both.row != both.col)
    return np.unique(np.column_stack((roots[both.row[kept]], roots[both.col[kept]])), axis=0)


def _stands(seen: Seen, where: Flags, size: tuple[int, int]) -> csr_matrix:
    place = (seen.trial[where], seen.root[where])
    return csr_matrix((np.ones(int(where.sum()), np.int32), place), shape=size)


def as_pairs(found: Iterable[tuple[int, int]]) -> NDArray[np.uint64]:
    return np.array(sorted(found), np.uint64).reshape(-1, 2)


# ------------------------------------------------------------------------------------------------------------ applying


def with_meanings(seen: Seen, roots: Roots, meanings: Meanings) -> Seen:
    """What is seen, and what it means: long forms where a short form stands, codes and their classes where names mean them.

    `roots` holds all that may be meant (`meant_by`).
    """
    given, of = _given(seen, seen.standing(_SPELLED_OUT), roots, meanings[SHORT_FORM])
    seen = _joined(seen, Seen(seen.trial[of], given, seen.fields[of]))
    for kind, (name, _, meant, of_code) in _CODED.items():
        for source, rules, field in ((name, meanings[kind], meant), (meant, meanings[f"{kind} class"], of_code)):
            given, of = _given(seen, seen.standing(source), roots, rules)
            seen = _joined(seen, Seen(seen.trial[of], given, np.full(len(of), field, np.int32)))
    return seen


def _given(seen: Seen, where: Flags, roots: Roots, rules: NDArray[np.uint64]) -> tuple[Whole, Whole]:
    """What the terms imply that stand `where`, and which of them do."""
    short, long = (np.searchsorted(roots, rules[:, side]) for side in (0, 1))
    known = np.append(roots, np.uint64(0))[short] == rules[:, 0]
    short, long = short[known], long[known]
    begins = np.searchsorted(short, np.arange(len(roots) + 1))
    of = np.flatnonzero(where & (np.diff(begins) > 0)[seen.root]) if len(short) else np.zeros(0, np.int64)
    first = begins[seen.root[of]]
    times = begins[seen.root[of] + 1] - first
    rule = np.repeat(first - np.r_[0, np.cumsum(times)[:-1]][: len(of)], times) + np.arange(int(times.sum()))
    return long[rule], np.repeat(of, times)


def _joined(seen: Seen, more: Seen) -> Seen:
    """Each (trial, root) once, sorted, with all its fields. `seen` is so already, `more` need not be."""
    if not len(more.trial):
        return seen
    width = int(max(seen.root.max(initial=0), more.root.max())) + 1
    key, coming = (some.trial.astype(np.int64) * width + some.root for some in (seen, more))
    order = np.argsort(coming)
    first = np.flatnonzero(np.diff(coming[order], prepend=-1))
    fields, coming = np.bitwise_or.reduceat(more.fields[order], first), coming[order][first]
    place = np.searchsorted(key, coming)
    known = np.append(key, -1)[place] == coming
    together = seen.fields.copy()
    together[place[known]] |= fields[known]
    new = ~known
    trial, root = np.divmod(coming[new], width)
    return Seen(
        *(
            np.insert(values, place[new], some)
            for values, some in ((seen.trial, trial), (seen.root, root), (together, fields[new]))
        )
    )


def meant_by(roots: Roots, meanings: Meanings) -> Roots:
    """These roots and all that they mean."""
    return _followed(roots, np.concatenate([meanings[kind] for kind in KINDS]))


def meaning(roots: Roots, meanings: Meanings) -> Roots:
    """These roots and all that mean them."""
    return _followed(roots, np.concatenate([meanings[kind] for kind in KINDS])[:, ::-1])


def _followed(roots: Roots, pairs: NDArray[np.uint64]) -> Roots:
    roots, before = distinct(roots), -1
    while before < len(roots):
        before = len(roots)
        there = np.append(roots, np.uint64(0))[np.searchsorted(roots, pairs[:, 0])] == pairs[:, 0]
        roots = distinct(np.r_[roots, pairs[there, 1]])
    return roots


def told_apart(one: Meanings, other: Meanings) -> Roots:
    """The roots that do not mean the same in both."""
    changed = [
        row[0] for kind in KINDS for row in set(map(tuple, one[kind].tolist())) ^ set(map(tuple, other[kind].tolist()))
    ]
    return np.unique(np.array(changed, np.uint64))
