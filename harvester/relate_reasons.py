"""Related-trials room: why two trials are related, as rows of `related_trials`. Pure; called by `relate`.

The score is the sum of its parts, each at most what `PARTS` says: products of profiles (`relate_profiles`), and two parts for
the same people and the same design, from a few facts of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harvester.relate_neighbours import Pairs
from harvester.relate_phrases import phrases
from harvester.relate_profiles import PARTS, UNIT, Profiles

Whole = NDArray[np.int64]
Spelled = Callable[[Sequence[str]], Mapping[str, Mapping[int, str]]]

#: Columns of `related_trials` of which the sum is the product of two profiles.
LINEAR = ("intervention_score", "condition_score", "title_score", "outcome_score", "sponsor_score", "reference_score")

#: What the facts can give, in millionths: ages and sex alike; phase, purpose and the rest of the design alike.
_AGES, _SEX, _VOLUNTEERS = 30_000, 10_000, 5_000
_PHASE, _DESIGN = 20_000, 6_000
#: Designs of which the same value counts, `_DESIGN` each.
_DESIGNS = ("study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose")
_ALIKE = ("study_type", "allocation", "intervention_model", "masking", "primary_purpose")

#: A term is named as a reason when it gives at least so many millionths, and at most so many are named.
_NAMED_FROM = 2_000
_NAMED = 6
_MILLION = UNIT * UNIT
#: Pairs whose terms are compared at a time.
_CHUNK = 20_000
_OLDEST = 120.0


class Facts(NamedTuple):
    """The facts of all trials, a column each; 0 stands for "not given" in codes of texts."""

    coded: dict[str, Whole]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    phase: NDArray[np.float64]  # 0.5, 1, 1.5 ... 4; NaN where there is none


def facts_of(profiles: Profiles) -> Facts:
    columns = list(zip(*profiles.facts, strict=True)) or [()] * 11
    coded = {name: _coded(values) for name, values in zip(_DESIGNS, columns, strict=False)}
    coded |= {"sex": _coded(columns[8]), "healthy_volunteers": _coded(columns[9])}
    low = np.array([0.0 if value is None else value for value in columns[6]])
    high = np.array([_OLDEST if value is None else value for value in columns[7]])
    return Facts(coded, low, high, np.array([_step(value) for value in columns[1]]))


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
    low, high = np.maximum(facts.low[row], facts.low[other]), np.minimum(facts.high[row], facts.high[other])
    widest = np.maximum(facts.high[row], facts.high[other]) - np.minimum(facts.low[row], facts.low[other])
    ages = np.clip(high - low, 0, None) / np.maximum(widest, 1)
    sex, volunteers = facts.coded["sex"], facts.coded["healthy_volunteers"]
    alike = _AGES * ages + _SEX * _same(sex, row, other) + _VOLUNTEERS * _same(volunteers, row, other)
    return np.asarray(np.rint(alike)).astype(np.int64)


def design(facts: Facts, row: Whole, other: Whole) -> Whole:
    """Millionths for the same phase (half for the next one) and the same design."""
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
    facts = facts_of(profiles)
    people, plan = population(facts, pairs.row, pairs.other), design(facts, pairs.row, pairs.other)
    total = pairs.product + people + plan
    order = np.lexsort((pairs.other, -total, pairs.row))
    row, other, total, people, plan = (values[order] for values in (pairs.row, pairs.other, total, people, plan))
    rank, before = 0, -1
    for start in range(0, len(row), _CHUNK):
        part = slice(start, start + _CHUNK)
        compared = _compared(profiles, row[part], other[part])
        spellings = spelled([profiles.trials[one] for one in np.unique(row[part]).tolist()])
        numbers = zip(row[part].tolist(), other[part].tolist(), total[part].tolist(), people[part].tolist(), plan[part].tolist(), strict=True)  # fmt: skip
        for (one, two, score, same_people, same_plan), (parts, named) in zip(numbers, compared, strict=True):
            rank = rank + 1 if one == before else 1
            before = one
            words = spellings[profiles.trials[one]]
            told = _told(
                profiles.facts[one], profiles.facts[two], parts, [(w, p, words.get(r, "")) for w, p, r in named]
            )
            yield (
                profiles.trials[one], profiles.trials[two], rank, score / _MILLION, parts[0] / _MILLION, parts[1] / _MILLION,
                parts[2] / _MILLION, parts[3] / _MILLION, same_people / _MILLION, same_plan / _MILLION, (parts[4] + parts[5]) / _MILLION,
                parts[6] / _MILLION, *told,
            )  # fmt: skip


def _compared(profiles: Profiles, row: Whole, other: Whole) -> Iterator[tuple[list[int], list[tuple[int, int, int]]]]:
    """For each pair the millionths of each part, and (millionths, part, root) of what in common gives the most, best first."""
    product = profiles.matrix[row].multiply(profiles.matrix[other]).tocsr()
    product.sort_indices()
    place = np.repeat(np.arange(len(row)), np.diff(product.indptr))
    part, root = np.divmod(product.indices, len(profiles.roots))
    sums = np.bincount(place * len(PARTS) + part, product.data, len(row) * len(PARTS)).astype(np.int64)
    telling = np.flatnonzero((product.data >= _NAMED_FROM) & (part != _SPONSOR))
    order = telling[np.lexsort((root[telling], part[telling], -product.data[telling], place[telling]))]
    ends = np.searchsorted(place[order], np.arange(len(row) + 1)).tolist()
    named = list(
        zip(product.data[order].tolist(), part[order].tolist(), profiles.roots[root[order]].tolist(), strict=True)
    )
    for n, of_parts in enumerate(sums.reshape(len(row), len(PARTS)).tolist()):
        yield of_parts, named[ends[n] : ends[n + 1]]


_INTERVENTION, _CONDITION, _TITLE, _OUTCOME, _SPONSOR, _INVESTIGATOR, _REFERENCE = range(len(PARTS))


def _told(
    one: tuple[Any, ...], two: tuple[Any, ...], parts: list[int], named: list[tuple[int, int, str]]
) -> tuple[str | None, ...]:
    """The columns that give reasons in words, in their order in the table."""
    by_part: list[list[str]] = [[] for _ in PARTS]
    weight: dict[str, int] = {}
    for worth, part, term in named:
        by_part[part].append(term)
        if part <= _OUTCOME:
            weight[term] = weight.get(term, 0) + worth
    terms = sorted(weight, key=weight.__getitem__, reverse=True)[:_NAMED]
    return (
        _lines(phrases(tuple(by_part[_CONDITION]))),
        _lines(phrases(tuple(by_part[_INTERVENTION]))),
        _lines(phrases(tuple(by_part[_OUTCOME]))),
        "\n".join([f"{term}\t{weight[term] / _MILLION:.3f}" for term in terms]) or None,
        _lines(by_part[_REFERENCE]),
        _lines([name for name in one[-1] if name in two[-1]]),
        _lines(by_part[_INVESTIGATOR]),
        _people(one[6:10], two[6:10]),
        _design(one[:6], two[:6]),
    )


def _lines(texts: Sequence[str]) -> str | None:
    return "\n".join(texts[:_NAMED]) or None


@lru_cache(maxsize=100_000)
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


@lru_cache(maxsize=100_000)
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
