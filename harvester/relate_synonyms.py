"""Related-trials room: names that mean one thing, learned from the catalogue. Pure; called by `relate_profiles`.

Registries give codes to some records (MeSH, MedDRA); registrants define abbreviations and list other names. So `recurrent pregnancy
loss` and `recurrent miscarriage`, seen in enough records that are coded `Abortion, Habitual`, mean that code also where nobody gave
it. Only teachers are counted (see `relate_profiles`); a rule needs a clear majority, so one record more or less seldom moves it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from harvester.relate_phrases import root, terms
from harvester.relate_terms import FIELDS, TITLE_PAIR, number

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

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


class Seen(NamedTuple):
    """Every (trial, root) with the fields in which it stands, as bits."""

    trial: NDArray[Any]
    root: NDArray[Any]
    fields: NDArray[Any]

    def standing(self, fields: int) -> Flags:
        """Where a term stands in one of the fields."""
        return np.asarray((self.fields & fields) != 0)


def with_synonyms(
    seen: Seen, teachers: Flags, roots: NDArray[np.uint64], aliases: Mapping[tuple[str, str], int]
) -> Seen:
    """What is seen, and what it means: long forms where a short form stands, codes and their classes where names mean them.

    `aliases`: (short form or other name, what it stands for) -> how many teachers say so.
    """
    seen = _joined(seen, _spelled_out(seen, teachers, roots, aliases))
    size = (len(teachers), len(roots))
    for name, code, meant, of_code in (
        (CONDITION_NAME, CONDITION_CODE, MEANT_CONDITION, CONDITION_CLASS),
        (INTERVENTION_NAME, INTERVENTION_CODE, MEANT_INTERVENTION, INTERVENTION_CLASS),
    ):
        taught = teachers[seen.trial]
        codes = _implied(seen, seen.standing(name) & taught, seen.standing(code) & taught, size)
        given = _applied(seen, seen.standing(name), codes, size)
        seen = _joined(seen, Seen(*given, np.full(len(given[0]), meant)))
        # Of a record with several codes one cannot say which class is whose.
        alone = np.bincount(seen.trial[seen.standing(code)], minlength=size[0]) == 1
        classes = _implied(seen, seen.standing(code) & teachers[seen.trial] & alone[seen.trial],
                           seen.standing(of_code) & teachers[seen.trial] & alone[seen.trial], size)  # fmt: skip
        given = _applied(seen, seen.standing(meant), classes, size)
        seen = _joined(seen, Seen(*given, np.full(len(given[0]), of_code)))
    return seen


def _spelled_out(
    seen: Seen, teachers: Flags, roots: NDArray[np.uint64], aliases: Mapping[tuple[str, str], int]
) -> Seen:
    """What long forms add where their short forms stand, in the same fields."""
    where = seen.standing(TITLE | CONDITION | KEYWORD | NAMED | DESCRIBED)
    standing = np.bincount(seen.root[where & teachers[seen.trial]], minlength=len(roots))
    found: list[tuple[int, int]] = []
    for short, long_forms in _by_short_form(aliases).items():
        place = _place(roots, short)
        long, times = min(long_forms.items(), key=lambda item: (-item[1], item[0]))
        defined = sum(long_forms.values())
        if place is None or times < _MAJORITY * (defined + 1) or defined < _DEFINED * standing[place]:
            continue
        found += [(place, other) for term in long if (other := _place(roots, term)) is not None and other != place]
    if not found:
        return Seen(*[np.zeros(0, np.int64)] * 3)
    short_root, long_root = (np.array(values, np.int64) for values in zip(*found, strict=True))
    order = np.argsort(short_root, kind="stable")
    short_root, long_root = short_root[order], long_root[order]
    first, last = np.searchsorted(short_root, seen.root, "left"), np.searchsorted(short_root, seen.root, "right")
    times_each = np.where(where, last - first, 0)
    of = np.repeat(np.arange(len(seen.root)), times_each)
    begin = np.repeat(first - np.r_[0, np.cumsum(times_each)[:-1]], times_each)
    return Seen(seen.trial[of], long_root[begin + np.arange(len(of))], seen.fields[of])


def _by_short_form(aliases: Mapping[tuple[str, str], int]) -> dict[str, Counter[tuple[str, ...]]]:
    """Short form as a term -> what it stands for as terms -> how often; of a short form that is one word or a pair."""
    found: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for (short, long), times in aliases.items():
        of_short, of_long = terms(short, pairs=True), tuple(sorted(terms(long, pairs=True)))
        if len(of_short) in (1, 3) and of_long:
            found[of_short[len(of_short) // 2]][of_long] += times
    return found


def _place(roots: NDArray[np.uint64], term: str) -> int | None:
    wanted = np.uint64(number(root(term)))
    place = int(np.searchsorted(roots, wanted))
    return place if place < len(roots) and roots[place] == wanted else None


def _implied(seen: Seen, source: Flags, target: Flags, size: tuple[int, int]) -> csr_matrix:
    """root -> roots of `target` that stand in most trials in which it stands in `source` and that have any of them."""
    able = np.zeros(size[0], bool)
    able[seen.trial[target]] = True
    source = source & able[seen.trial]
    left, right = _stands(seen, source, size), _stands(seen, target, size)
    both = (left.T @ right).tocoo()
    count = np.bincount(seen.root[source], minlength=size[1])
    kept = (both.data >= _MAJORITY * (count[both.row] + 1)) & (both.row != both.col)
    place = (both.row[kept], both.col[kept])
    return csr_matrix((np.ones(int(kept.sum()), np.int32), place), shape=(size[1], size[1]))


def _applied(seen: Seen, where: Flags, implied: csr_matrix, size: tuple[int, int]) -> tuple[Whole, Whole]:
    """(trial, root) of what the terms of each trial imply."""
    found = (_stands(seen, where, size) @ implied).tocoo()
    return found.row.astype(np.int64), found.col.astype(np.int64)


def _stands(seen: Seen, where: Flags, size: tuple[int, int]) -> csr_matrix:
    place = (seen.trial[where], seen.root[where])
    return csr_matrix((np.ones(int(where.sum()), np.int32), place), shape=size)


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


def count_aliases(columns: Iterable[str | None]) -> Counter[tuple[str, str]]:
    """How many of `trial_terms.aliases` hold each pair."""
    found: Counter[tuple[str, str]] = Counter()
    for column in columns:
        for line in column.split("\n") if column else ():
            short, _, long = line.partition("\t")
            found[short, long] += 1
    return found
