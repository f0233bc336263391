"""Related-trials room: why two trials are related, as rows of `related_trials`. Pure; called by `relate_lists` and `relate_update`.

The score is the sum of its parts, each at most what `PARTS` says: products of profiles (`relate_profiles`), and two parts for
the same people and the same design, from a few facts of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harvester.relate_neighbours import Pairs
from harvester.relate_profiles import FACTS, Profiles
from harvester.relate_shared import (
    CONDITION,
    CRITERIA,
    INTERVENTION,
    INVESTIGATOR,
    MILLION,
    OUTCOME,
    REFERENCE,
    SPONSOR,
    Spelled,
    compared,
    lines,
    terms,
    told,
)  # fmt: skip
from harvester.relate_synonyms import Whole

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
    facts = facts_of(profiles)
    people, plan = population(facts, pairs.row, pairs.other), design(facts, pairs.row, pairs.other)
    total = pairs.product + people + plan
    order = np.lexsort((pairs.other, -total, pairs.row))
    row, other, total, people, plan = (values[order] for values in (pairs.row, pairs.other, total, people, plan))
    ranks = np.arange(len(row)) - np.searchsorted(row, row) + 1
    accepted = _Alike(_people, [kind[6:10] for kind in facts.kinds], facts.kind)
    designed = _Alike(_design, [kind[:6] for kind in facts.kinds], facts.kind)
    for start in range(0, len(row), _CHUNK):
        part = slice(start, start + _CHUNK)
        ones, others = row[part], other[part]
        sums, things = compared(profiles, ones, others, spelled)
        scores = (
            total[part], *sums[:, :SPONSOR].T, people[part], plan[part],
            sums[:, SPONSOR] + sums[:, INVESTIGATOR], sums[:, REFERENCE], sums[:, CRITERIA],
        )  # fmt: skip
        shared = told(things, len(ones))
        sponsors = [
            _sponsors(profiles.sponsors[one], profiles.sponsors[two]) if gives else None
            for one, two, gives in zip(ones.tolist(), others.tolist(), sums[:, SPONSOR].tolist(), strict=True)
        ]
        yield from zip(
            [profiles.trials[one] for one in ones.tolist()], [profiles.trials[two] for two in others.tolist()], ranks[part].tolist(),
            *((score / MILLION).tolist() for score in scores), shared[CONDITION], shared[INTERVENTION], shared[OUTCOME], terms(things, len(ones)),
            shared[REFERENCE], sponsors, shared[INVESTIGATOR], accepted.told(ones, others), shared[CRITERIA],
            designed.told(ones, others), strict=True,
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


@lru_cache(maxsize=20_000)
def _sponsors(one: str | None, two: str | None) -> str | None:
    others = (two or "").split("\n")
    return lines([name for name in (one or "").split("\n") if name and name in others])


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
    return lines([f"{name.replace('_', ' ')}: {one[_DESIGNS.index(name)]}".replace("_", " ") for name in alike])


def _ages(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g} years"
    if low is not None:
        return f"{low:g} years and older"
    return f"up to {high:g} years" if high is not None else ""
