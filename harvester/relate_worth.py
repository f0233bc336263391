"""Related-trials room: what a term is worth as a catalogue teaches it, and the weights of a trial's terms. Pure; called by `relate_lessons`.

A word that, when it stands in a title, also stands in the field for interventions names an intervention (count both, divide), and
likewise for conditions; how rare it is says how much it tells. Worth is coarse: logarithms of frequencies in whole bits, shares in
eighths, so that a word more or less here and there changes none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harvester.relate_said import NOTHING_SAID, Said
from harvester.relate_synonyms import (
    CONDITION,
    CONDITION_CLASS,
    CONDITION_CODE,
    CRITERION,
    DESCRIBED,
    EVERY_SET,
    INTERVENTION_CLASS,
    INTERVENTION_CODE,
    KEYWORD,
    MEANT_CONDITION,
    MEANT_INTERVENTION,
    NAMED,
    OUTCOME,
    PAIR,
    PAPER,
    PERSON,
    SPONSOR,
    TITLE,
    Flags,
    Seen,
    Whole,
)  # fmt: skip

Real = NDArray[np.float64]
#: What teachers say of a root, packed (`_PACKED`).
Worth = NDArray[np.uint32]


class Part(NamedTuple):
    """A part of the score that is a sum over things in common."""

    most: float  # what it can give
    half: float  # bits that must be known of a trial for it to give half of that
    common: float  # what stands in a larger share of the trials tells nothing


#: Little known of two trials does not make them alike: hence `half`.
PARTS: dict[str, Part] = {
    "intervention": Part(0.44, 2, 0.12),
    "condition": Part(0.24, 6, 0.12),
    "title": Part(0.06, 8, 0.02),
    "outcome": Part(0.06, 12, 0.02),
    "sponsor": Part(0.02, 0, 1),
    "investigator": Part(0.02, 0, 1),
    "reference": Part(0.065, 4, 1),
    "criteria": Part(0.01, 12, 0.03),
}
#: What stands in no more than so many trials is never too common.
_FEW = 500
#: What a MeSH term counts that the registry gave, that words mean, and one that stands above these.
_CODES = [1.2, 1.0, 0.4]
#: A class that stands in a larger share of the trials tells nothing.
_CLASS = 0.02
#: Roots that are counted at a time.
_AT_A_TIME = 100_000
#: What is rarer than one in 2**7 tells no more: a word in one trial of a thousand is no better a match than one in a hundred.
_RAREST = 7

#: What is packed in a `Worth`, from the lowest bit: roles in eighths; whether a class is rare enough; bits of information by part.
_PACKED = {"treats": 4, "ails": 4, "rare intervention class": 1, "rare condition class": 1} | {
    name: 3 for name, part in PARTS.items() if part.half
}

# What depends on the fields alone is said once of every set of fields, then looked up.
_EVERY = np.arange(EVERY_SET)


def _within(fields: int) -> Flags:
    """Whether a set has one of the fields."""
    return np.asarray((_EVERY & fields) != 0)


_TITLES, _TREATS, _AILS = TITLE | PAIR, NAMED | DESCRIBED, CONDITION | KEYWORD
#: The words that count in a part.
_WORDS = {
    "intervention": _TITLES | _TREATS,
    "condition": _TITLES | _AILS,
    "title": TITLE,
    "outcome": OUTCOME,
    "sponsor": SPONSOR,
    "investigator": PERSON,
    "reference": PAPER,
    "criteria": CRITERION,
}
#: The codes that count in a part: the registry's own, what words mean, classes of these.
_CODES_OF = {
    "intervention": (INTERVENTION_CODE, MEANT_INTERVENTION, INTERVENTION_CLASS),
    "condition": (CONDITION_CODE, MEANT_CONDITION, CONDITION_CLASS),
}
_ANY_CODE = sum(code for codes in _CODES_OF.values() for code in codes)


def learn_worth(said: Said, roots: int, total: int) -> Worth:
    """What teachers say of each root; `total` is how many teachers there are in all, coarsely."""
    worth = np.zeros(roots, np.uint32)
    for first in range(0, roots, _AT_A_TIME):
        begin, end = np.searchsorted(said.key, [first * EVERY_SET, (first + _AT_A_TIME) * EVERY_SET])
        root, fields = np.divmod(said.key[begin:end], EVERY_SET)
        some = worth[first : first + _AT_A_TIME]
        some[:] = _worth(root - first, fields, said.times[begin:end], len(some), total)
    return worth


def _worth(root: Whole, fields: Whole, times: Whole, roots: int, total: int) -> Worth:
    def counted(where: Flags) -> Whole:
        there = where[fields]
        return np.bincount(root[there], times[there], minlength=roots).astype(np.int64)

    in_titles = _within(_TITLES)
    titles = counted(in_titles)

    def role(fields: int) -> Real:
        """How surely a term names what the field is for: the share of titles with it that have it there too."""
        return np.asarray(np.rint(8 * (counted(in_titles & _within(fields)) + 0.1) / (titles + 1)))

    said: dict[str, NDArray[np.generic]] = {"treats": role(_TREATS), "ails": role(_AILS)}
    for name, part in PARTS.items():
        if not part.half:
            continue
        count = counted(_within(_WORDS[name]) & ~_within(_ANY_CODE))
        if name in _CODES_OF:
            own, meant, above = _CODES_OF[name]
            coded = counted(_within(own | meant))
            classes = counted(_within(above) & ~_within(own | meant))
            rare = coded + classes <= max(_FEW, _CLASS * total)
            said[f"rare {name} class"] = rare
            count = count + coded + np.where(rare, classes, 0)
        # A term that no teacher uses is taken for used once.
        bits = np.clip(np.rint(np.log2(total / np.maximum(count, 1))), 0, _RAREST)
        said[name] = np.where(count > max(_FEW, part.common * total), 0, bits)
    packed, shift = np.zeros(roots, np.uint32), 0
    for name, width in _PACKED.items():
        packed |= said[name].astype(np.uint32) << np.uint32(shift)
        shift += width
    return packed


def unheard_of(total: int) -> np.uint32:
    """What a root is worth of which the teachers say nothing."""
    return np.uint32(learn_worth(NOTHING_SAID, 1, total)[0])


def _unpacked(worth: Worth) -> dict[str, Real]:
    found, shift = {}, 0
    for name, width in _PACKED.items():
        found[name] = ((worth >> np.uint32(shift)) & np.uint32((1 << width) - 1)).astype(float)
        shift += width
    return found


def weigh(seen: Seen, worth: Worth, trials: int) -> Iterator[tuple[Whole, Real]]:
    """For every part, which of `seen` count in it and their weights, of which the squares of a trial's add up to no more than `most`."""
    said = _unpacked(worth)
    treats, ails = said["treats"] / 8, said["ails"] / 8
    share = {
        "intervention": treats,
        "condition": np.maximum(ails - treats, 0),
        "title": 1 - np.maximum(treats, ails),
    }
    in_title, in_treats, named = _within(_TITLES), _within(_TREATS), _within(NAMED)
    condition, keyword = _within(CONDITION), _within(KEYWORD)
    trusted = {
        "intervention": np.select(
            [in_title & named, in_title & in_treats, named, in_title | in_treats], [1.5, 1.2, 1.0, 0.7], 0.0
        ),
        "condition": np.select([in_title & condition, condition, in_title, keyword], [1.5, 1.0, 0.7, 0.5], 0.0),
    }
    is_code = _within(_ANY_CODE)
    for name, part in PARTS.items():
        where, trust = _within(_WORDS[name])[seen.fields], trusted.get(name)
        of_root = np.ones(len(worth)) if not part.half else said[name]
        if name in _CODES_OF:
            own, meant, above = map(_within, _CODES_OF[name])
            is_class = above & ~(own | meant)
            where |= (own | meant)[seen.fields] | (is_class[seen.fields] & (said[f"rare {name} class"] > 0)[seen.root])
            trust = np.maximum(trusted[name], np.select([own, meant, is_class], _CODES, 0.0))
        kept = np.flatnonzero(where)
        weight = of_root[seen.root[kept]]
        if name in share:
            weight = np.where(is_code[seen.fields[kept]], 1.0, share[name][seen.root[kept]]) * weight
        if trust is not None:
            weight = weight * trust[seen.fields[kept]]
        length = np.sqrt(np.bincount(seen.trial[kept], weight**2, minlength=trials) + part.half**2)
        yield kept, np.sqrt(part.most) * weight / np.maximum(length, 1e-9)[seen.trial[kept]]
