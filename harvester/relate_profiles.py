"""Related-trials room: the profile of every trial, a row of whole numbers of which the products are the parts of a score.

Called by `relate`. What a term is worth the catalogue teaches: a word that, when it stands in a title, also stands in the field for
interventions names an intervention (count both, divide), and likewise for conditions; how rare it is says how much it tells.

Two rules make the numbers those of the archive, whatever the order in which it was filled, and cheap to bring up to date:

- The *teachers*, trials that are counted, are those registered first: all of a small catalogue; of a large one as many as a
  series in steps of an eighth allows. New registrations come after them and change no weight.
- Weights are coarse: logarithms of frequencies in whole bits, shares in eighths. A word more or less here and there changes none.

Weights are whole thousandths, so a score is a sum of whole millionths: the same to the digit in any order and on any machine.
"""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

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
    Seen,
    count_aliases,
    with_synonyms,
)  # fmt: skip
from harvester.relate_terms import PLACE_BITS, number, of_code

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
#: What is rarer than one in 2**7 tells no more: a word in one trial of a thousand is no better a match than one in a hundred.
_RAREST = 7
#: A weight of 1 in whole numbers; the product of two is in millionths.
UNIT = 1000
#: Smaller weights decide nothing and cost time.
_LEAST = 8

#: What is compared as such. Names of sponsors are among them, for a reason tells them.
FACTS = (
    "study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose", "minimum_age_years", "maximum_age_years",
    "sex", "healthy_volunteers", "sponsors",
)  # fmt: skip

#: A catalogue of no more trials is counted whole.
_SMALL = 20_000


class Profiles(NamedTuple):
    """All trials, sorted by trial_id, and what they are compared by."""

    trials: list[str]
    matrix: csr_matrix  # trial x feature: weights in units; a feature is part * len(roots) + place in roots
    roots: NDArray[np.uint64]  # as in `trial_terms.roots`, without the bits of the column
    facts: list[tuple[Any, ...]]  # study_type ... healthy_volunteers, names of sponsors one a line
    codes: dict[int, str]  # root of a MeSH term -> the term
    fingerprints: Whole
    before: list[tuple[int | None, int | None]]  # fingerprint and least when a trial was last related


def profiles(db: sqlite3.Connection) -> Profiles:
    """The profiles of all trials of `trial_terms`."""
    trials: list[str] = []
    registered: list[str] = []
    facts: list[tuple[Any, ...]] = []
    before: list[tuple[int | None, int | None]] = []
    blobs: list[bytes] = []
    aliases: list[str | None] = []
    sql = f"SELECT trial_id, date_of_registration, roots, aliases, fingerprint, least, {', '.join(FACTS)} FROM trial_terms ORDER BY trial_id"
    for trial, date, found, alias, fingerprint, least, *fact in db.execute(sql):
        trials.append(trial)
        registered.append(date or "~")
        before.append((fingerprint, least))
        blobs.append(found)
        aliases.append(alias)
        facts.append(tuple(fact))
    roots, seen = _gathered(blobs)
    teachers = _teachers(trials, registered)
    taught = count_aliases(alias for alias, teaches in zip(aliases, teachers.tolist(), strict=True) if teaches)
    seen = with_synonyms(seen, teachers, roots, taught)
    matrix = _matrix(seen, _weights(seen, teachers, len(roots), len(trials)), len(trials), len(roots))
    return Profiles(trials, matrix, roots, facts, _codes(db), _fingerprints(matrix, roots, facts), before)


def _codes(db: sqlite3.Connection) -> dict[int, str]:
    terms = db.execute("SELECT DISTINCT term FROM (SELECT DISTINCT mesh_id, term FROM mesh_terms)")
    return {number(of_code(term)): term for (term,) in terms}


def _teachers(trials: list[str], registered: list[str]) -> Flags:
    size = min(len(trials), _SMALL)
    while len(trials) > _SMALL and size * 9 // 8 <= len(trials):
        size = size * 9 // 8
    first = sorted(range(len(trials)), key=lambda place: (registered[place], trials[place]))[:size]
    teachers = np.zeros(len(trials), bool)
    teachers[first] = True
    return teachers


def _gathered(blobs: list[bytes]) -> tuple[NDArray[np.uint64], Seen]:
    """The roots that are used, and where they stand."""
    entries = np.frombuffer(b"".join(blobs), "<u8")
    numbers = entries >> np.uint64(PLACE_BITS)
    order = np.argsort(numbers)
    numbers = numbers[order]
    is_new = np.r_[True, numbers[1:] != numbers[:-1]][: len(numbers)]
    roots = numbers[is_new]
    root = np.empty(len(entries), np.int64)
    root[order] = np.cumsum(is_new) - 1
    del numbers, order
    # All three in one number, for these are sorted much faster than places by a key.
    packed = np.repeat(np.arange(len(blobs)) * len(roots), [len(blob) // 8 for blob in blobs]) + root
    packed <<= PLACE_BITS
    packed |= (entries & np.uint64(_PLACES)).view(np.int64)
    del root
    packed.sort()
    fields = np.left_shift(1, (packed & _PLACES).astype(np.int32))
    packed >>= PLACE_BITS
    first = np.flatnonzero(np.diff(packed, prepend=-1))
    trial, root = np.divmod(packed[first], max(len(roots), 1))
    return roots, Seen(
        trial.astype(np.int32), root.astype(np.int32), np.bitwise_or.reduceat(fields, first) if len(first) else fields
    )


_PLACES = (1 << PLACE_BITS) - 1


def _weights(seen: Seen, teachers: Flags, roots: int, trials: int) -> list[tuple[Whole, Real]]:
    """For every part, which of `seen` count in it and their weights, of which the squares of a trial's add up to no more than `most`."""
    taught = teachers[seen.trial]
    total = max(int(teachers.sum()), 1)
    # What depends on the fields alone is said once of every set of fields, then looked up.
    every = np.arange(EVERY_SET)

    def counted(where: Flags) -> Real:
        return np.bincount(seen.root[where & taught], minlength=roots).astype(float)

    def information(where: Flags, common: float) -> Real:
        """Whole bits that a term tells by being there; a term that no teacher uses is taken for used once."""
        count = counted(where)
        bits = np.minimum(np.rint(np.log2(total / np.maximum(count, 1))), _RAREST)
        return np.where(count > max(_FEW, common * total), 0.0, bits)

    def within(fields: int) -> Flags:
        """Whether a set has one of the fields."""
        return np.asarray((every & fields) != 0)

    in_title, in_treats, in_ails = within(TITLE | PAIR), within(NAMED | DESCRIBED), within(CONDITION | KEYWORD)
    titles = counted(in_title[seen.fields])

    def role(field: Flags) -> Real:
        """How surely a term names what the field is for: the share of titles with it that have it there too."""
        return np.asarray(np.rint(8 * (counted((in_title & field)[seen.fields]) + 0.1) / (titles + 1)) / 8)

    treats, ails = role(in_treats), role(in_ails)
    named, condition, keyword = within(NAMED), within(CONDITION), within(KEYWORD)
    trust = np.select([in_title & named, in_title & in_treats, named, in_title | in_treats], [1.5, 1.2, 1.0, 0.7], 0.0)
    trust_ails = np.select([in_title & condition, condition, in_title, keyword], [1.5, 1.0, 0.7, 0.5], 0.0)

    def coded(code: int, meant: int, above: int) -> tuple[Flags, Real]:
        """Where codes stand that tell something, and how much they count: the registry's own, what words mean, classes of these."""
        own, inferred, classes = within(code), within(meant), within(above)
        is_class = classes & ~(own | inferred)
        few = counted((own | inferred | classes)[seen.fields]) <= max(_FEW, _CLASS * total)
        telling = (own | inferred)[seen.fields] | (is_class[seen.fields] & few[seen.root])
        return telling, np.select([own, inferred, is_class], _CODES, 0.0)

    treated, trust_treated = coded(INTERVENTION_CODE, MEANT_INTERVENTION, INTERVENTION_CLASS)
    ailing, trust_ailing = coded(CONDITION_CODE, MEANT_CONDITION, CONDITION_CLASS)
    is_code = np.zeros(roots, bool)
    is_code[seen.root[treated | ailing]] = True
    no_code = np.zeros(len(seen.root), bool)
    same = np.ones(EVERY_SET)
    # For each part: the fields of which terms count, which codes do, what share of a term does, and by the fields in which it stands.
    plain: dict[str, tuple[Flags, Flags, Real | float, Real]] = {
        "intervention": (
            in_title | in_treats,
            treated,
            np.where(is_code, 1, treats),
            np.maximum(trust, trust_treated),
        ),
        "condition": (
            in_title | in_ails,
            ailing,
            np.where(is_code, 1, np.maximum(ails - treats, 0)),
            np.maximum(trust_ails, trust_ailing),
        ),
        "title": (within(TITLE), no_code, 1 - np.maximum(treats, ails), same),
        "outcome": (within(OUTCOME), no_code, 1.0, same),
        "sponsor": (within(SPONSOR), no_code, 1.0, same),
        "investigator": (within(PERSON), no_code, 1.0, same),
        "reference": (within(PAPER), no_code, 1.0, same),
        "criteria": (within(CRITERION), no_code, 1.0, same),
    }
    weights = []
    for name, part in PARTS.items():
        fields, codes, share, trusted = plain[name]
        where = fields[seen.fields] | codes
        kept = np.flatnonzero(where)
        of_root = share * (information(where, part.common) if part.half else np.ones(roots))
        weight = of_root[seen.root[kept]] * trusted[seen.fields[kept]]
        length = np.sqrt(np.bincount(seen.trial[kept], weight**2, minlength=trials) + part.half**2)
        weights.append((kept, np.sqrt(part.most) * weight / np.maximum(length, 1e-9)[seen.trial[kept]]))
    return weights


def _matrix(seen: Seen, weights: list[tuple[Whole, Real]], trials: int, roots: int) -> csr_matrix:
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
    # Many trials have the same facts.
    hashed = {
        fact: blake2b(repr(fact).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for fact in dict.fromkeys(facts)
    }
    of_facts = np.frombuffer(b"".join([hashed[fact] for fact in facts]), "<u8")
    return np.asarray((sums[matrix.indptr[1:]] - sums[matrix.indptr[:-1]] + of_facts).view(np.int64))
