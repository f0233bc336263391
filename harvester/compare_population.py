"""Comparison room: the people whom several trials accept, and criteria that exclude each other. Pure; called by `compare`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from harvester.compare_align import Item, Limit, Matrix
from normalize.ages import in_words, is_band
from normalize.text import fold

#: Words this much alike are about the same thing.
_SAME_THING = 0.7
#: Criteria with limits that exclude each other must have at least this much in common beside the limits.
_SAME_SUBJECT = 0.3
_DENYING_WORDS = "no not without never absence absent free negative neither nor denies lack lacking kein keine sans sin"
_DENIALS = frozenset(_DENYING_WORDS.split())
_WOMEN_AND_MEN = {"all": {"female", "male"}, "female": {"female"}, "male": {"male"}}


class Population(Struct, frozen=True, kw_only=True):
    """Ages and sexes that all trials accept, by their age and sex fields; None where no trial sets a limit."""

    minimum_age_years: float | None
    maximum_age_years: float | None
    sex: str | None  # all, female, male; None when no trial says or none is accepted by all
    is_empty: bool  # nobody is accepted by all
    sentence: str


class Conflict(Struct, frozen=True, kw_only=True):
    """Two criteria that nobody seems to meet together."""

    trial_id: str
    ordinal: int
    kind: str
    text: str
    other_trial_id: str
    other_ordinal: int
    other_kind: str
    other_text: str
    reason: str
    about: str | None = None  # what both limit: a variable, pregnancy; None where one asks for what the other keeps out


def overlap(rows: Sequence[Mapping[str, Any]]) -> Population:
    """Of rows with minimum_age_years, maximum_age_years, sex (rows of `trials` or `records`). A limit not given limits nothing."""
    lowest = max((row["minimum_age_years"] for row in rows if row["minimum_age_years"] is not None), default=None)
    highest = min((row["maximum_age_years"] for row in rows if row["maximum_age_years"] is not None), default=None)
    sexes = {row["sex"] for row in rows if row["sex"]}
    accepted = set.intersection(*(_WOMEN_AND_MEN[sex] for sex in sexes)) if sexes else {"female", "male"}
    is_empty = not accepted or (lowest is not None and highest is not None and lowest > highest)
    sex = None if not sexes or not accepted else "all" if len(accepted) == 2 else next(iter(accepted))
    return Population(
        minimum_age_years=lowest,
        maximum_age_years=highest,
        sex=sex,
        is_empty=is_empty,
        sentence=(_nobody(rows, accepted) if is_empty else _everybody(lowest, highest, sex)) + _bands(rows),
    )


def _everybody(lowest: float | None, highest: float | None, sex: str | None) -> str:
    people = {"female": "Women", "male": "Men", "all": "Women and men"}.get(sex or "", "People")
    if lowest is not None and lowest == highest:
        ages = f" of {in_words(lowest)}"
    elif lowest is not None and highest is not None:
        ages = f" from {in_words(lowest)} to {in_words(highest)} old"
    elif lowest is not None:
        ages = f" of {in_words(lowest)} and older"
    else:
        ages = f" up to {in_words(highest)} old" if highest is not None else " of any age"
    return f"{people}{ages} are accepted by all, as far as age and sex go."


def _bands(rows: Sequence[Mapping[str, Any]]) -> str:
    """Of which trials the ages are bands, as EUCTR and CTIS have them."""
    raw = ("minimum_age_raw", "maximum_age_raw")
    banded = [str(row["trial_id"]) for row in rows if any(is_band(row.get(column)) for column in raw)]
    return f" The ages of {', '.join(banded)} are age bands: the protocol's limits can be narrower." if banded else ""


def _nobody(rows: Sequence[Mapping[str, Any]], accepted: set[str]) -> str:
    if not accepted:
        return "Nobody is accepted by all: one of them accepts women only, another men only."
    oldest = min(
        (row for row in rows if row["maximum_age_years"] is not None), key=lambda row: row["maximum_age_years"]
    )
    youngest = max(
        (row for row in rows if row["minimum_age_years"] is not None), key=lambda row: row["minimum_age_years"]
    )
    return (
        f"Nobody is accepted by all: the upper age limit of {oldest['trial_id']} is {in_words(oldest['maximum_age_years'])}, "
        f"the lower one of {youngest['trial_id']} {in_words(youngest['minimum_age_years'])}."
    )


# ------------------------------------------------------------------------------------------------------- conflicts


class _Range(NamedTuple):
    """What a criterion lets a person's value be."""

    lower: float | None
    lower_inclusive: bool
    upper: float | None
    upper_inclusive: bool

    def misses(self, other: _Range) -> bool:
        return self._lies_below(other) or other._lies_below(self)

    def _lies_below(self, other: _Range) -> bool:
        if self.upper is None or other.lower is None:
            return False
        return self.upper < other.lower or (
            self.upper == other.lower and not (self.upper_inclusive and other.lower_inclusive)
        )


def _allowed(kind: str, limit: Limit) -> _Range | None:
    """The values that a criterion with this limit allows; None where they are no single range."""
    if (kind == "exclusion") == limit.negated:
        return _Range(limit.lower, limit.lower_inclusive, limit.upper, limit.upper_inclusive)
    if (limit.lower is None) == (limit.upper is None):
        return None
    if limit.lower is not None:
        return _Range(None, False, limit.lower, not limit.lower_inclusive)
    return _Range(limit.upper, not limit.upper_inclusive, None, False)


def _once(item: Item) -> dict[str, Limit]:
    """Limits by variable; a variable that is limited twice ("or > 1.5 with ...") has no single range."""
    counts = Counter(limit.variable for limit in item.limits)
    return {limit.variable: limit for limit in item.limits if limit.tells and counts[limit.variable] == 1}


class _Read(NamedTuple):
    """A criterion as it is held against others."""

    item: Item
    limits: dict[str, Limit]
    demands: bool | None


def _by_limits(one: _Read, other: _Read) -> tuple[str, str] | None:
    """What two criteria limit to ranges that do not meet, and how."""
    for variable in sorted(one.limits.keys() & other.limits.keys()):
        limit, against = one.limits[variable], other.limits[variable]
        allowed, also = _allowed(one.item.kind, limit), _allowed(other.item.kind, against)
        if allowed and also and allowed.misses(also):
            name = variable.replace("_", " ")
            return name, f"{name}: “{limit.text}” against “{against.text}”"
    return None


def _demands(item: Item) -> bool | None:
    """Whether a criterion asks for what it speaks of, or keeps it out. None for "no ..." among exclusions: often a slip."""
    is_denied = not _DENIALS.isdisjoint(fold(item.text).split())
    if item.kind == "exclusion":
        return None if is_denied else False
    return not is_denied


def _worth_a_look(read: Sequence[_Read], alike: Matrix) -> npt.NDArray[np.bool_]:
    """Which pairs may collide: of two trials, of known kind, both of all participants, and both with limits or one asking and one keeping out."""
    trials = np.array([one.item.trial for one in read])
    is_sorted = np.array([one.item.kind != "unspecified" and one.item.is_of_all for one in read], dtype=bool)
    is_limited = np.array([bool(one.limits) for one in read], dtype=bool)
    sides = np.array([0 if one.demands is None else 1 if one.demands else -1 for one in read])
    by_limits = np.logical_and.outer(is_limited, is_limited) & (alike >= _SAME_SUBJECT)
    by_words = (np.multiply.outer(sides, sides) < 0) & (alike >= _SAME_THING)
    of_two = np.not_equal.outer(trials, trials) & np.logical_and.outer(is_sorted, is_sorted)
    return np.triu((by_limits | by_words) & of_two, 1)


def conflicts(trial_ids: Sequence[str], items: Sequence[Item], alike: Matrix) -> tuple[Conflict, ...]:
    """Pairs of criteria of two trials that seem to exclude each other. `alike` is `words_alike(items)`."""
    read = [_Read(item, _once(item), _demands(item)) for item in items]
    found = []
    for i, j in np.argwhere(_worth_a_look(read, alike)).tolist():
        one, other = items[i], items[j]
        about, reason = _by_limits(read[i], read[j]) or (None, None)
        if not reason and alike[i, j] >= _SAME_THING and not (one.limits or other.limits):
            are_opposite = {read[i].demands, read[j].demands} == {True, False}
            reason = "one asks for what the other keeps out" if are_opposite else None
        if reason:
            found.append(
                Conflict(
                    trial_id=trial_ids[one.trial],
                    ordinal=one.ordinal,
                    kind=one.kind,
                    text=one.text,
                    other_trial_id=trial_ids[other.trial],
                    other_ordinal=other.ordinal,
                    other_kind=other.kind,
                    other_text=other.text,
                    reason=reason,
                    about=about,
                )
            )
    return tuple(found)
