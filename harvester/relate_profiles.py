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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from harvester.relate_terms import FIELDS, PLACE_BITS, TITLE_PAIR, entry

Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Part(NamedTuple):
    """A part of the score that is a sum over things in common."""

    most: float  # what it can give
    half: float  # bits that must be known of a trial for it to give half of that
    common: float  # what stands in a larger share of the trials tells nothing


#: Little known of two trials does not make them alike: hence `half`.
PARTS: dict[str, Part] = {
    "intervention": Part(0.45, 4, 0.12),
    "condition": Part(0.22, 9, 0.12),
    "title": Part(0.06, 8, 0.03),
    "outcome": Part(0.06, 12, 0.03),
    "sponsor": Part(0.02, 0, 1),
    "investigator": Part(0.02, 0, 1),
    "reference": Part(0.05, 6, 1),
}
#: What stands in no more than so many trials is never too common.
_FEW = 500
#: A weight of 1 in whole numbers; the product of two is in millionths.
UNIT = 1000
#: Smaller weights decide nothing and cost time.
_LEAST = 8

_SPONSOR = TITLE_PAIR + 1
_TITLE, _CONDITION, _KEYWORD, _NAMED, _DESCRIBED, _OUTCOME, _PERSON, _PAPER = (1 << n for n in range(len(FIELDS)))
_PAIR = 1 << TITLE_PAIR
_FACTS = (
    "study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose", "minimum_age_years", "maximum_age_years",
    "sex", "healthy_volunteers",
)  # fmt: skip

#: A catalogue of no more trials is counted whole.
_SMALL = 20_000


class Profiles(NamedTuple):
    """All trials, sorted by trial_id, and what they are compared by."""

    trials: list[str]
    matrix: csr_matrix  # trial x feature: weights in units; a feature is part * len(roots) + place in roots
    roots: NDArray[np.uint64]  # as in `trial_terms.roots`, without the bits of the column
    facts: list[tuple[Any, ...]]  # study_type ... healthy_volunteers, sponsor names
    fingerprints: Whole
    before: list[tuple[int | None, int | None]]  # fingerprint and least when a trial was last related


class _Seen(NamedTuple):
    """Every (trial, root) with the fields in which it stands, as bits."""

    trial: Whole
    root: Whole
    fields: Whole


def profiles(db: sqlite3.Connection) -> Profiles:
    """The profiles of all trials of `trial_terms`."""
    trials: list[str] = []
    registered: list[str] = []
    facts: list[tuple[Any, ...]] = []
    before: list[tuple[int | None, int | None]] = []
    blobs: list[bytes] = []
    sponsors = _sponsors(db)
    sql = f"SELECT trial_id, date_of_registration, roots, fingerprint, least, {', '.join(_FACTS)} FROM trial_terms ORDER BY trial_id"
    for trial, date, roots, fingerprint, least, *fact in db.execute(sql):
        entries, names = sponsors.get(trial, (b"", ()))
        trials.append(trial)
        registered.append(date or "~")
        before.append((fingerprint, least))
        blobs.append(roots + entries)
        facts.append((*fact, names))
    roots, seen = _gathered(blobs)
    weights = _weights(seen, _teachers(trials, registered), len(roots), len(trials))
    matrix = _matrix(seen, weights, len(trials), len(roots))
    return Profiles(trials, matrix, roots, facts, _fingerprints(matrix, roots, facts), before)


def _sponsors(db: sqlite3.Connection) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """trial -> entries and names of its primary sponsors; read anew each time, for what is one organization can change anywhere."""
    found: dict[str, tuple[bytes, tuple[str, ...]]] = defaultdict(lambda: (b"", ()))
    sql = (
        "SELECT DISTINCT r.trial_id, s.sponsor_id, s.name FROM record_sponsors p JOIN records r USING (record_id)"
        " JOIN sponsors s USING (sponsor_id) WHERE p.role = 'primary' ORDER BY 1, 2"
    )
    for trial, sponsor_id, name in db.execute(sql):
        entries, names = found[trial]
        found[trial] = (entries + entry(f"sponsor {sponsor_id}", _SPONSOR), (*names, name))
    return found


def _teachers(trials: list[str], registered: list[str]) -> Flags:
    size = min(len(trials), _SMALL)
    while len(trials) > _SMALL and size * 9 // 8 <= len(trials):
        size = size * 9 // 8
    first = sorted(range(len(trials)), key=lambda place: (registered[place], trials[place]))[:size]
    teachers = np.zeros(len(trials), bool)
    teachers[first] = True
    return teachers


def _gathered(blobs: list[bytes]) -> tuple[NDArray[np.uint64], _Seen]:
    """The roots that are used, and where they stand."""
    entries = np.frombuffer(b"".join(blobs), "<u8")
    trial = np.repeat(np.arange(len(blobs)), np.fromiter((len(blob) // 8 for blob in blobs), np.int64, len(blobs)))
    field = np.left_shift(1, (entries & np.uint64((1 << PLACE_BITS) - 1)).astype(np.int64))
    roots, root = np.unique(entries >> np.uint64(PLACE_BITS), return_inverse=True)
    key = trial * max(len(roots), 1) + root
    order = np.argsort(key, kind="stable")
    key, field = key[order], field[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    fields = np.bitwise_or.reduceat(field, first) if len(first) else first
    return roots, _Seen(trial[order][first], root[order][first], fields)


def _weights(seen: _Seen, teachers: Flags, roots: int, trials: int) -> list[tuple[Whole, Real]]:
    """For every part, which of `seen` count in it and their weights, of which the squares of a trial's add up to no more than `most`."""
    taught = teachers[seen.trial]
    total = max(int(teachers.sum()), 1)

    def standing(fields: int) -> Flags:
        """Where a term stands in one of the fields."""
        return np.asarray((seen.fields & fields) != 0)

    def counted(where: Flags) -> Real:
        return np.bincount(seen.root[where & taught], minlength=roots).astype(float)

    def information(where: Flags, common: float) -> Real:
        """Bits that a term tells by being there, in halves; a term that no teacher uses is taken for used once."""
        count = counted(where)
        bits = np.rint(2 * np.log2(total / np.maximum(count, 1))) / 2
        return np.where(count > max(_FEW, common * total), 0.0, bits)

    in_title, in_treats, in_ails = (
        standing(_TITLE | _PAIR),
        standing(_NAMED | _DESCRIBED),
        standing(_CONDITION | _KEYWORD),
    )
    titles = counted(in_title)

    def role(field: Flags) -> Real:
        """How surely a term names what the field is for: the share of titles with it that have it there too, and the other way round."""
        both = counted(in_title & field)
        of_titles = np.rint(8 * (both + 0.1) / (titles + 1)) / 8
        of_field = np.rint(8 * (both + 0.1) / (counted(field) + 1)) / 8
        return np.asarray(of_titles * np.sqrt(of_field))

    treats, ails = role(in_treats), role(in_ails)
    named, condition, keyword = standing(_NAMED), standing(_CONDITION), standing(_KEYWORD)
    trust = np.select([in_title & named, in_title & in_treats, named, in_title | in_treats], [1.5, 1.2, 1.0, 0.7], 0.0)
    trust_ails = np.select([in_title & condition, condition, in_title, keyword], [1.5, 1.0, 0.7, 0.5], 0.0)
    plain: dict[str, tuple[Flags, Real, Real | float]] = {
        "intervention": (in_title | in_treats, treats, trust),
        "condition": (in_title | in_ails, np.maximum(ails - treats, 0), trust_ails),
        "title": (standing(_TITLE), 1 - np.maximum(treats, ails), 1.0),
        "outcome": (standing(_OUTCOME), np.ones(roots), 1.0),
        "sponsor": (standing(1 << _SPONSOR), np.ones(roots), 1.0),
        "investigator": (standing(_PERSON), np.ones(roots), 1.0),
        "reference": (standing(_PAPER), np.ones(roots), 1.0),
    }
    weights = []
    for name, part in PARTS.items():
        where, share, trusted = plain[name]
        kept = np.flatnonzero(where)
        of_root = share * (information(where, part.common) if part.half else 1.0)
        weight = (of_root[seen.root] * trusted)[kept]
        length = np.sqrt(np.bincount(seen.trial[kept], weight**2, minlength=trials) + part.half**2)
        weights.append((kept, np.sqrt(part.most) * weight / np.maximum(length, 1e-9)[seen.trial[kept]]))
    return weights


def _matrix(seen: _Seen, weights: list[tuple[Whole, Real]], trials: int, roots: int) -> csr_matrix:
    rows, columns, values = [], [], []
    for part, (kept, weight) in enumerate(weights):
        whole = np.rint(UNIT * weight).astype(np.int32)
        kept, whole = kept[whole >= _LEAST], whole[whole >= _LEAST]
        rows.append(seen.trial[kept])
        columns.append(part * roots + seen.root[kept])
        values.append(whole)
    place = (np.concatenate(rows), np.concatenate(columns))
    matrix = csr_matrix((np.concatenate(values), place), shape=(trials, max(len(PARTS) * roots, 1)))
    matrix.sort_indices()
    return matrix


_MIX = np.uint64(0x9E3779B97F4A7C15)


def _fingerprints(matrix: csr_matrix, roots: NDArray[np.uint64], facts: list[tuple[Any, ...]]) -> Whole:
    """A number for each trial that changes with any weight or fact of it."""
    part, root = np.divmod(matrix.indices, max(len(roots), 1))
    mixed = (roots[root] + part.astype(np.uint64) * np.uint64(UNIT) + matrix.data.astype(np.uint64)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    sums = np.zeros(len(mixed) + 1, np.uint64)
    np.cumsum(mixed, out=sums[1:])
    hashed = (blake2b(repr(fact).encode("utf-8", "surrogatepass"), digest_size=8).digest() for fact in facts)
    of_facts = np.frombuffer(b"".join(hashed), "<u8")
    return np.asarray((sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]] + of_facts).view(np.int64))
