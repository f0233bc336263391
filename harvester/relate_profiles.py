"""Related-trials room: the profile of every trial, a row of whole numbers of which the products are the parts of a score.

Called by `relate`. What a term is worth the catalogue teaches: a word that, when it stands in a title, also stands in the field for
interventions names an intervention (count both, divide), and likewise for conditions; how rare it is says how much it tells.

Two rules make the numbers those of the archive, whatever the order in which it was filled, and cheap to bring up to date:

- The *teachers*, trials that are counted, are those registered first: all of a small catalogue; of a large one as many as a
  series in steps of an eighth allows. New registrations come after them and change no weight.
- Weights are coarse: logarithms of frequencies in halves, shares in eighths. A word more or less here and there changes none.

Weights are whole thousandths, so a score is a sum of whole millionths: the same to the digit in any order and on any machine.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from hashlib import blake2b
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from harvester.relate_terms import root

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

#: Parts of a score that are sums over things in common: the most it can give, and how much must be known of a trial for it to
#: give half of that (bits of information; a trial of which little is known is not wholly like another of which little is known).
PARTS: dict[str, tuple[float, float]] = {
    "intervention": (0.45, 4.0),
    "condition": (0.22, 9.0),
    "title": (0.06, 8.0),
    "outcome": (0.06, 12.0),
    "sponsor": (0.02, 0.0),
    "investigator": (0.02, 0.0),
    "reference": (0.05, 6.0),
}
#: A weight of 1 in whole numbers; the product of two is in millionths.
UNIT = 1000
#: Smaller weights decide nothing and cost time.
_LEAST = 5

_TITLE, _CONDITION, _INTERVENTION, _DESCRIBED, _OUTCOME, _PERSON, _PAPER, _SPONSOR = (1 << bit for bit in range(8))
_FIELDS = {
    "title": _TITLE, "conditions": _CONDITION, "interventions": _INTERVENTION, "described": _DESCRIBED, "outcomes": _OUTCOME,
    "investigators": _PERSON, "publications": _PAPER,
}  # fmt: skip
_FACTS = (
    "study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose", "minimum_age_years", "maximum_age_years",
    "sex", "healthy_volunteers",
)  # fmt: skip

#: A catalogue of no more trials is counted whole.
_SMALL = 20_000


class Profiles(NamedTuple):
    """All trials, sorted by trial_id, and what they are compared by."""

    trials: list[str]
    matrix: csr_matrix  # trial x feature: weights in units; a feature is part * roots + root
    spelling: csr_matrix  # of the same pattern: 1 + index in `spellings`
    spellings: list[str]
    roots: int
    facts: list[tuple[Any, ...]]  # study_type ... healthy_volunteers, sponsor names
    fingerprints: Whole


class _Seen(NamedTuple):
    """Every (trial, root) with the fields in which it stands."""

    trial: Whole
    root: Whole
    fields: Whole
    spelling: Whole


def profiles(db: sqlite3.Connection) -> Profiles:
    """The profiles of all trials of `trial_terms`."""
    names = ", ".join(_FIELDS)
    number: dict[str, int] = defaultdict(count().__next__)
    trials: list[str] = []
    registered: list[str] = []
    facts: list[tuple[Any, ...]] = []
    found: list[tuple[int, int, list[int]]] = []
    sponsors = _sponsors(db)
    for trial, date, *values in db.execute(
        f"SELECT trial_id, date_of_registration, {names}, {', '.join(_FACTS)} FROM trial_terms ORDER BY trial_id"
    ):
        place = len(trials)
        trials.append(trial)
        registered.append(date or "~")
        sponsor_ids, sponsor_names = sponsors.get(trial, ((), ()))
        facts.append((*values[len(_FIELDS) :], sponsor_names))
        for bit, text in zip(_FIELDS.values(), values, strict=False):
            if text:
                found.append((place, bit, [number[term] for term in text.split("\n")]))
        if sponsor_ids:
            found.append((place, _SPONSOR, [number[f"sponsor:{one}"] for one in sponsor_ids]))
    spellings = list(number)
    rooted: dict[str, int] = defaultdict(count().__next__)
    root_of = np.fromiter((rooted[root(spelling)] for spelling in spellings), np.int64, len(spellings))
    seen = _gathered(found, root_of, len(rooted))
    weights = _weights(seen, _teachers(trials, registered), len(rooted), len(trials))
    return _assembled(trials, seen, weights, spellings, len(rooted), facts)


def _sponsors(db: sqlite3.Connection) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """trial -> ids and names of its primary sponsors."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    sql = (
        "SELECT DISTINCT r.trial_id, s.sponsor_id, s.name FROM record_sponsors p JOIN records r USING (record_id)"
        " JOIN sponsors s USING (sponsor_id) WHERE p.role = 'primary' ORDER BY 1, 2"
    )
    for trial, sponsor_id, name in db.execute(sql):
        found[trial].append((sponsor_id, name))
    return {trial: (tuple(i for i, _ in some), tuple(n for _, n in some)) for trial, some in found.items()}


def _teachers(trials: list[str], registered: list[str]) -> NDArray[np.bool_]:
    size = min(len(trials), _SMALL)
    while size * 9 // 8 <= len(trials) and len(trials) > _SMALL:
        size = size * 9 // 8
    first = sorted(range(len(trials)), key=lambda place: (registered[place], trials[place]))[:size]
    teachers = np.zeros(len(trials), bool)
    teachers[first] = True
    return teachers


def _gathered(found: list[tuple[int, int, list[int]]], root_of: Whole, roots: int) -> _Seen:
    lengths = np.fromiter((len(some) for _, _, some in found), np.int64, len(found))
    trial = np.repeat(np.fromiter((place for place, _, _ in found), np.int64, len(found)), lengths)
    field = np.repeat(np.fromiter((bit for _, bit, _ in found), np.int64, len(found)), lengths)
    spelling = np.fromiter((one for _, _, some in found for one in some), np.int64, int(lengths.sum()))
    key = trial * roots + root_of[spelling]
    order = np.argsort(key, kind="stable")
    key, field, spelling = key[order], field[order], spelling[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.zeros(0, np.int64)
    key = key[first]
    return _Seen(
        key // roots, key % roots, np.bitwise_or.reduceat(field, first) if len(first) else first, spelling[first]
    )


def _weights(seen: _Seen, teachers: NDArray[np.bool_], roots: int, trials: int) -> list[tuple[NDArray[np.bool_], Real]]:
    """For every part, which of `seen` count in it and their weights, of which the squares of a trial's add up to no more than 1."""
    taught = teachers[seen.trial]
    total = max(int(teachers.sum()), 1)

    def standing(field: int) -> NDArray[np.bool_]:
        """Where a term stands in a field, or in one of several that are joined."""
        return np.asarray((seen.fields & field) != 0)

    def counted(where: NDArray[np.bool_]) -> Real:
        return np.bincount(seen.root[where & taught], minlength=roots).astype(float)

    def information(where: NDArray[np.bool_]) -> Real:
        """Bits that a term tells by being there, in halves; a term that no teacher uses is taken for used once."""
        return np.asarray(np.rint(2 * np.log2(total / np.maximum(counted(where), 1))) / 2)

    treats = _INTERVENTION | _DESCRIBED
    in_title, in_treats, in_condition = standing(_TITLE), standing(treats), standing(_CONDITION)
    titles = counted(in_title)

    def role(both: NDArray[np.bool_], field: NDArray[np.bool_]) -> Real:
        """How surely a term names what the field is for: the share of titles with it that have it there too, and the other way round."""
        common = counted(both)
        of_titles = np.rint(8 * (common + 0.1) / (titles + 1)) / 8
        of_field = np.rint(8 * (common + 0.1) / (counted(field) + 1)) / 8
        return np.asarray(of_titles * np.sqrt(of_field))

    treating, ailing = role(in_title & in_treats, in_treats), role(in_title & in_condition, in_condition)
    tells = information(in_title | in_treats)
    tells_condition = information(in_title | in_condition)
    named = standing(_INTERVENTION)
    trust = np.select(
        [in_title & named, in_title & in_treats, named, in_title, in_treats], [1.5, 1.2, 1.0, 0.7, 0.7], 0.0
    )
    trust_condition = np.select([in_title & in_condition, in_condition, in_title], [1.5, 1.0, 0.7], 0.0)
    plain = {
        "intervention": (in_title | in_treats, (tells * treating)[seen.root] * trust),
        "condition": (in_title | in_condition, (tells_condition * ailing)[seen.root] * trust_condition),
        "title": (in_title, (tells * (1 - np.maximum(treating, ailing)))[seen.root]),
        "outcome": (standing(_OUTCOME), information(standing(_OUTCOME))[seen.root]),
        "sponsor": (standing(_SPONSOR), np.ones(len(seen.root))),
        "investigator": (standing(_PERSON), np.ones(len(seen.root))),
        "reference": (standing(_PAPER), information(standing(_PAPER))[seen.root]),
    }
    weights = []
    for part, (most, half) in PARTS.items():
        where, weight = plain[part]
        length = np.sqrt(np.bincount(seen.trial, np.where(where, weight, 0) ** 2, minlength=trials) + half**2)
        where = where & (weight > 0)
        weights.append((where, np.where(where, np.sqrt(most) * weight / np.maximum(length, 1e-9)[seen.trial], 0)))
    return weights


def _assembled(
    trials: list[str], seen: _Seen, weights: list[tuple[NDArray[np.bool_], Real]], spellings: list[str], roots: int,
    facts: list[tuple[Any, ...]],
) -> Profiles:  # fmt: skip
    rows: list[Whole] = []
    columns: list[Whole] = []
    values: list[NDArray[np.int32]] = []
    spelled: list[NDArray[np.int32]] = []
    for part, (where, weight) in enumerate(weights):
        whole = np.rint(UNIT * weight).astype(np.int32)
        kept = np.flatnonzero(where & (whole >= _LEAST))
        rows.append(seen.trial[kept])
        columns.append(part * roots + seen.root[kept])
        values.append(whole[kept])
        spelled.append(seen.spelling[kept].astype(np.int32) + 1)
    place = (np.concatenate(rows), np.concatenate(columns))
    shape = (len(trials), len(PARTS) * roots)
    matrix = csr_matrix((np.concatenate(values), place), shape=shape)
    spelling_at = csr_matrix((np.concatenate(spelled), place), shape=shape)
    matrix.sort_indices()
    spelling_at.sort_indices()
    return Profiles(
        trials,
        matrix,
        spelling_at,
        spellings,
        roots,
        facts,
        _fingerprints(matrix, spelling_at, spellings, roots, facts),
    )


_MIX = np.uint64(0x9E3779B97F4A7C15)


def _fingerprints(
    matrix: csr_matrix, spelling_at: csr_matrix, spellings: list[str], roots: int, facts: list[tuple[Any, ...]]
) -> Whole:
    """A number for each trial that changes with any weight, spelling or fact of it."""
    used = np.unique(spelling_at.data)
    hashed = np.zeros(len(spellings) + 1, np.uint64)
    hashed[used] = [_hash(spellings[place - 1]) for place in used.tolist()]
    part = (matrix.indices // max(roots, 1)).astype(np.uint64)
    mixed = (hashed[spelling_at.data] + part * np.uint64(UNIT) + matrix.data.astype(np.uint64)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    sums = np.zeros(len(matrix.indices) + 1, np.uint64)
    np.cumsum(mixed, out=sums[1:])
    of_facts = np.array([_hash(repr(fact)) for fact in facts], np.uint64)
    return np.asarray((sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]] + of_facts).view(np.int64))


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
