"""Related-trials room: why two trials are related, as rows of `related_trials`. Pure; called by `relate_lists` and `relate_update`.

The score is the sum of its parts, each at most what `PARTS` says: products of profiles (`relate_profiles`), and two parts for
the same people and the same design, from a few facts of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harvester.relate_neighbours import Pairs
from harvester.relate_phrases import outcomes, phrases, root
from harvester.relate_profiles import FACTS, UNIT, Profiles, part_and_root
from harvester.relate_terms import Spelling, Spellings
from harvester.relate_worth import PARTS

Whole = NDArray[np.int64]
Spelled = Callable[[Sequence[str]], Mapping[str, Spellings]]

#: Columns of `related_trials` of which the sum is the product of two profiles.
LINEAR = (
    "intervention_score",
    "condition_score",
    "title_score",
    "outcome_score",
    "sponsor_score",
    "reference_score",
    "criteria_score",
)

#: What the facts can give, in millionths: ages and sex alike; phase, purpose and the rest of the design alike.
_AGES, _SEX, _VOLUNTEERS = 20_000, 10_000, 5_000
_PHASE, _DESIGN = 20_000, 6_000
#: Designs of which the same value counts, `_DESIGN` each.
_DESIGNS = ("study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose")
_ALIKE = ("study_type", "allocation", "intervention_model", "masking", "primary_purpose")
MOST_FOR_PEOPLE = _AGES + _SEX + _VOLUNTEERS
MOST_FOR_DESIGN = _PHASE + len(_ALIKE) * _DESIGN

#: A term is named as a reason when it gives at least so many millionths, and at most so many are named.
_NAMED_FROM = 2_000
_NAMED = 6
#: A word alone, or a pair, must give so many millionths to be told as what both test or study: `hydroxychloroquine` does, `samples` not.
#: Of criteria a trial has many, and they give little.
_TOLD_FROM = {"intervention": (30_000, 10_000), "condition": (10_000, _NAMED_FROM), "criteria": (300, 300)}
#: At most so many of them are MeSH terms: the most telling, so that their classes stand only where little else is shared.
_CODES_NAMED = 2
_MILLION = UNIT * UNIT
#: Pairs whose terms are compared at a time.
_CHUNK = 4_000
_OLDEST = 120.0


class Facts(NamedTuple):
    """The facts of all trials, a column each, for each kind of trial that has the same; 0 stands for "not given" in codes of texts."""

    kind: Whole  # of each trial
    kinds: list[tuple[Any, ...]]  # study_type ... healthy_volunteers
    coded: dict[str, Whole]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    phase: NDArray[np.float64]  # 0.5, 1, 1.5 ... 4; NaN where there is none


def facts_of(profiles: Profiles) -> Facts:
    number: dict[tuple[Any, ...], int] = {}
    kind = np.array([number.setdefault(fact, len(number)) for fact in profiles.facts], np.int64)
    columns = list(zip(*number, strict=True)) or [()] * len(FACTS)
    coded = {name: _coded(values) for name, values in zip(_DESIGNS, columns, strict=False)}
    coded |= {"sex": _coded(columns[8]), "healthy_volunteers": _coded(columns[9])}
    low = np.array([0.0 if value is None else value for value in columns[6]])
    high = np.array([_OLDEST if value is None else value for value in columns[7]])
    return Facts(kind, list(number), coded, low, high, np.array([_step(value) for value in columns[1]]))


def _coded(values: tuple[Any, ...]) -> Whole:
    number = {value: place for place, value in enumerate(sorted({v for v in values if v is not None}), 1)}
    return np.array([number.get(value, 0) for value in values], np.int64)


def _step(phase: str | None) -> float:
    """`1/2` -> 1.5, `early_1` -> 0.5, `not_applicable` -> NaN."""
    if phase in (None, "not_applicable"):
        return float("nan")
    if phase == "early_1":
        return 0.5
    steps = [int(step) for step in phase.split("/")]
    return sum(steps) / len(steps)


def population(facts: Facts, row: Whole, other: Whole) -> Whole:
    """Millionths for the same ages, sex and volunteers."""
    row, other = facts.kind[row], facts.kind[other]
    low, high = np.maximum(facts.low[row], facts.low[other]), np.minimum(facts.high[row], facts.high[other])
    widest = np.maximum(facts.high[row], facts.high[other]) - np.minimum(facts.low[row], facts.low[other])
    ages = np.clip(high - low, 0, None) / np.maximum(widest, 1)
    sex, volunteers = facts.coded["sex"], facts.coded["healthy_volunteers"]
    alike = _AGES * ages + _SEX * _same(sex, row, other) + _VOLUNTEERS * _same(volunteers, row, other)
    return np.asarray(np.rint(alike)).astype(np.int64)


def design(facts: Facts, row: Whole, other: Whole) -> Whole:
    """Millionths for the same phase (half for the next one) and the same design."""
    row, other = facts.kind[row], facts.kind[other]
    apart = np.abs(facts.phase[row] - facts.phase[other])
    alike = _PHASE * np.nan_to_num(np.clip(1 - apart / 2, 0, None) * (apart <= 1))
    for name in _ALIKE:
        alike = alike + _DESIGN * _same(facts.coded[name], row, other)
    return np.asarray(np.rint(alike)).astype(np.int64)


def _same(codes: Whole, row: Whole, other: Whole) -> NDArray[np.bool_]:
    return np.asarray((codes[row] == codes[other]) & (codes[row] != 0))


# ---------------------------------------------------------------------------------------------------------- the rows


def related_rows(profiles: Profiles, pairs: Pairs, spelled: Spelled) -> Iterator[tuple[Any, ...]]:
    """Rows of `related_trials` for pairs, those of a trial together and in the order of their scores.

    `spelled` gives the spellings of trials: a reason is told in the words of the trial to which the other is related.
    """
    facts, words = facts_of(profiles), _Words(spelled, profiles.codes)
    people, plan = population(facts, pairs.row, pairs.other), design(facts, pairs.row, pairs.other)
    total = pairs.product + people + plan
    order = np.lexsort((pairs.other, -total, pairs.row))
    row, other, total, people, plan = (values[order] for values in (pairs.row, pairs.other, total, people, plan))
    ranks = np.arange(len(row)) - np.searchsorted(row, row) + 1
    accepted = _Alike(_people, [kind[6:10] for kind in facts.kinds], facts.kind)
    designed = _Alike(_design, [kind[:6] for kind in facts.kinds], facts.kind)
    for start in range(0, len(row), _CHUNK):
        part = slice(start, start + _CHUNK)
        sums, shared = _compared(profiles, row[part], other[part])
        own = [profiles.trials[one] for one in row[part].tolist()]
        words.turn_to(sorted(set(own)))
        scores = np.column_stack(
            [
                total[part],
                *sums[:, :_SPONSOR].T,
                people[part],
                plan[part],
                sums[:, _SPONSOR] + sums[:, _INVESTIGATOR],
                sums[:, _REFERENCE],
                sums[:, _CRITERIA],
            ]
        )
        for trial, one, two, rank, values, in_common, sponsored, both_accept, same_design in zip(
            own, row[part].tolist(), other[part].tolist(), ranks[part].tolist(), (scores / _MILLION).tolist(), shared,
            (sums[:, _SPONSOR] > 0).tolist(), accepted.told(row[part], other[part]), designed.told(row[part], other[part]), strict=True,
        ):  # fmt: skip
            told = words.told(trial, profiles.trials[two], in_common)
            sponsors = _sponsors(profiles.sponsors[one], profiles.sponsors[two]) if sponsored else None
            yield (
                trial, profiles.trials[two], rank, *values, told.get(_CONDITION), told.get(_INTERVENTION), told.get(_OUTCOME),
                words.terms(trial, profiles.trials[two], in_common), told.get(_REFERENCE), sponsors, told.get(_INVESTIGATOR),
                both_accept, told.get(_CRITERIA), same_design,
            )  # fmt: skip


class _Alike:
    """What is said of two trials by a few facts: the same for all pairs with the same facts, so said once of each."""

    def __init__(self, said: Callable[[Any, Any], str | None], kinds: list[tuple[Any, ...]], kind: Whole) -> None:
        number: dict[tuple[Any, ...], int] = {}
        self._kind = np.array([number.setdefault(some, len(number)) for some in kinds], np.int64)[kind]
        self._say, self._kinds = said, list(number)
        self._said: dict[int, str | None] = {}

    def told(self, row: Whole, other: Whole) -> list[str | None]:
        pairs = (self._kind[row] * len(self._kinds) + self._kind[other]).tolist()
        for pair in set(pairs).difference(self._said):
            one, two = divmod(pair, len(self._kinds))
            self._said[pair] = self._say(self._kinds[one], self._kinds[two])
        return [self._said[pair] for pair in pairs]


class _Shared(NamedTuple):
    """What in common gives the most to a pair."""

    #: Millionths and root of each thing in a part that words explain; those that give most first.
    worth: Sequence[int]
    roots: Sequence[int]
    #: Part -> its things, best first: each root, and below it in two bits whether it gives enough for a word and for a pair.
    parts: dict[int, tuple[int, ...]]


def _compared(profiles: Profiles, row: Whole, other: Whole) -> tuple[Whole, list[_Shared]]:
    """For each pair the millionths of each part, and what in common gives the most."""
    product = profiles.matrix[row].multiply(profiles.matrix[other]).tocsr()
    product.sort_indices()
    place = np.repeat(np.arange(len(row)), np.diff(product.indptr))
    part, root = part_and_root(profiles.features[product.indices])
    sums = np.bincount(place * len(PARTS) + part, product.data, len(row) * len(PARTS)).astype(np.int64)
    telling = np.flatnonzero((product.data >= _LEAST_NAMED[part]) & (part != _SPONSOR))
    place, part, root, worth = place[telling], part[telling], root[telling], product.data[telling]
    best = np.lexsort((part, -worth, place))  # of equal ones the first roots, for so they stand
    explained = best[part[best] <= _OUTCOME]
    worths, roots = worth[explained].tolist(), root[explained].tolist()
    bounds = np.searchsorted(place[explained], np.arange(len(row) + 1)).tolist()
    shared = [_Shared(worths[a:b], roots[a:b], {}) for a, b in pairwise(bounds)]
    best = best[part[best] != _TITLE]
    best = best[np.argsort((place * len(PARTS) + part)[best], kind="stable")]
    enough = _FOR_A_WORD * (worth >= _WORD_TOLD[part]) + _FOR_A_PAIR * (worth >= _PAIR_TOLD[part])
    things = ((root << np.uint64(2)) | enough.astype(np.uint64))[best].tolist()
    whose = (place * len(PARTS) + part)[best]
    begins, ends = np.flatnonzero(np.diff(whose, prepend=-1)), np.flatnonzero(np.diff(whose, append=-1)) + 1
    for key, a, b in zip(whose[begins].tolist(), begins.tolist(), ends.tolist(), strict=True):
        shared[key // len(PARTS)].parts[key % len(PARTS)] = tuple(things[a:b])
    return sums.reshape(len(row), len(PARTS)), shared


_INTERVENTION, _CONDITION, _TITLE, _OUTCOME, _SPONSOR, _INVESTIGATOR, _REFERENCE, _CRITERIA = range(len(PARTS))
_WORD_TOLD, _PAIR_TOLD = np.array([_TOLD_FROM.get(name, (_NAMED_FROM, _NAMED_FROM)) for name in PARTS]).T
_LEAST_NAMED = np.minimum(_NAMED_FROM, np.minimum(_WORD_TOLD, _PAIR_TOLD))
#: Bits of a thing in `_Shared.parts`.
_FOR_A_WORD, _FOR_A_PAIR = 2, 1


class _Words:
    """What trials share, in the words of the first of two; what only a synonym brings in stands in the other, if it is written anywhere."""

    def __init__(self, spelled: Spelled, codes: Mapping[int, str]) -> None:
        self._spelled, self._codes = spelled, codes
        self._lent: dict[tuple[str, int], Spelling | None] = {}

    def turn_to(self, trials: Sequence[str]) -> None:
        """From now on the first of two is one of these."""
        self._spellings = dict(self._spelled(trials))
        self._said: dict[tuple[str, int, tuple[int, ...]], str | None] = {}

    def told(self, one: str, two: str, shared: _Shared) -> dict[int, str | None]:
        """Part -> what of it they share, in words. With many others a trial shares the same."""
        found, mine = {}, self._spellings[one]
        for part, things in shared.parts.items():
            key = (one, part, things)
            if key not in self._said:
                roots = [thing >> 2 for thing in things]
                spellings = [mine.of(root) or self._lend(two, root) for root in roots]
                text = self._say(part, things, spellings)
                if any(root not in mine.places and root not in self._codes for root in roots):
                    found[part] = text  # another one may lend another word
                    continue
                self._said[key] = text
            found[part] = self._said[key]
        return found

    def _lend(self, trial: str, root: int) -> Spelling | None:
        if root in self._codes:
            return 0, self._codes[root]
        key = (trial, root)
        if key not in self._lent:
            if trial not in self._spellings:
                self._spellings |= self._spelled([trial])
            self._lent[key] = self._spellings[trial].of(root)
        return self._lent[key]

    def _say(self, part: int, things: Sequence[int], spellings: Sequence[Spelling | None]) -> str | None:
        written, coded = [], []
        for thing, spelling in zip(things, spellings, strict=True):
            if spelling is None:
                continue
            if thing >> 2 in self._codes:
                coded.append(spelling[1])
            elif thing & (_FOR_A_WORD if spelling[1].isalnum() else _FOR_A_PAIR):
                written.append(spelling)
        if part == _CONDITION:
            written = [spelling for spelling in written if not spelling[1].startswith("MedDRA ")]
        if part in (_CONDITION, _INTERVENTION):
            return _names(*_reading(written), tuple(coded))
        return _outcomes(*_reading(written)) if part == _OUTCOME else _lines([term for _, term in written])

    def terms(self, one: str, two: str, shared: _Shared) -> str | None:
        """The terms that explain most of a score, and how much each gives: `progesterone\t0.211`, one a line."""
        weight: dict[str, int] = {}
        places, written = self._spellings[one]
        for worth, thing in zip(shared.worth, shared.roots, strict=True):
            if thing in places:
                term = written[places[thing]]
            elif spelling := self._lend(two, thing):
                term = spelling[1]
            else:
                continue
            weight[term] = weight.get(term, 0) + worth
        terms = sorted(weight, key=weight.__getitem__, reverse=True)[:_NAMED]
        return "\n".join([f"{term}\t{weight[term] / _MILLION:.3f}" for term in terms]) or None


@lru_cache(maxsize=20_000)
def _outcomes(terms: tuple[str, ...], worth: tuple[int, ...]) -> str | None:
    return _lines(outcomes(terms, worth))


def _sponsors(one: str | None, two: str | None) -> str | None:
    others = (two or "").split("\n")
    return _lines([name for name in (one or "").split("\n") if name and name in others])


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
def _names(terms: tuple[str, ...], worth: tuple[int, ...], codes: tuple[str, ...]) -> str | None:
    """Phrases, then the MeSH terms that say something else: `recurrent miscarriage`, `Abortion, Habitual (MeSH)`."""
    told = phrases(terms, worth)[: _NAMED - _CODES_NAMED]
    known = [set(root(name).split()) for name in told]
    new = [code for code in codes if not any(known_words >= set(root(code).split()) for known_words in known)]
    return _lines([*told, *(f"{code} (MeSH)" for code in new[:_CODES_NAMED])])


def _lines(texts: Sequence[str]) -> str | None:
    return "\n".join(texts[:_NAMED]) or None


def _people(one: tuple[Any, ...], two: tuple[Any, ...]) -> str | None:
    """`Women, 18 to 40 years, healthy volunteers`: whom both accept, of low, high, sex and volunteers; None when too little is said
    or there is nobody."""
    (low, high, sex, healthy), (other_low, other_high, other_sex, other_healthy) = one, two
    sexes = {sex, other_sex} - {"all", None}
    lows, highs = [v for v in (low, other_low) if v is not None], [v for v in (high, other_high) if v is not None]
    if len(sexes) == 2 or (lows and highs and max(lows) > min(highs)):
        return None
    anybody = "All sexes" if sex and other_sex else ""
    who = {"female": "Women", "male": "Men"}.get(next(iter(sexes), None) or "", anybody)
    ages = _ages(max(lows, default=None), min(highs, default=None))
    return ", ".join(filter(None, (who, ages, "healthy volunteers" if healthy and other_healthy else ""))) or None


def _design(one: tuple[str | None, ...], two: tuple[str | None, ...]) -> str | None:
    """What is alike in study_type, phase, allocation, intervention_model, masking and purpose, one a line."""
    alike = [
        name
        for name, a, b in zip(_DESIGNS, one, two, strict=True)
        if a == b and a not in (None, "na", "not_applicable", "other")
    ]
    return _lines([f"{name.replace('_', ' ')}: {one[_DESIGNS.index(name)]}".replace("_", " ") for name in alike])


def _ages(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g} years"
    if low is not None:
        return f"{low:g} years and older"
    return f"up to {high:g} years" if high is not None else ""
