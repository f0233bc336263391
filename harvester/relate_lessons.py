"""Related-trials room: what the trials of a catalogue teach about its terms, kept in `term_meanings` and `term_worth`. Called by `relate_lists`.

The *teachers*, trials that are counted, are those registered first: all of a small catalogue; of a large one as many as a series in
steps of an eighth allows. New registrations come after them and change nothing. A refresh looks which roots the teachers that
changed say other things of, counts these again in one pass over `trial_roots`, and names the trials to which that matters: the
lessons are those of a full build, whatever the order in which the archive was filled.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harvester.catalogue import insert_into, refill
from harvester.relate_said import SaidAside, buckets_of, said_by
from harvester.relate_synonyms import (
    EVERY_SET,
    KINDS,
    MEANING,
    SAYING,
    Flags,
    Meanings,
    Roots,
    Seen,
    Whole,
    as_pairs,
    gathered,
    learn,
    meaning,
    meant_by,
    told_apart,
    with_meanings,
)
from harvester.relate_terms import PLACE_BITS, Before, Reread, what_is_known
from harvester.relate_worth import Worth, learn_worth, unheard_of

#: A catalogue of no more trials is counted whole.
_SMALL = 20_000
#: Rows of `trial_roots` that are looked through at a time.
_AT_A_TIME = 4000

#: Date of registration and number: by these trials are told which teach.
_Registered = tuple[str, str]
_EVERYBODY: _Registered = ("\U0010ffff", "")


def last_teacher(registered: Collection[_Registered]) -> _Registered:
    """The trial after which, in the order of registration, no other one teaches."""
    if len(registered) <= _SMALL:
        return _EVERYBODY
    return sorted(registered)[_in_eighths(len(registered), _SMALL) - 1]


def _in_eighths(count: int, start: int) -> int:
    """The largest of a series in steps of an eighth that is not larger than `count`."""
    size = min(count, start)
    while size * 9 // 8 <= count and size >= 8:
        size = size * 9 // 8
    return size


def counted(trials: int) -> int:
    """How many teachers a catalogue of so many trials has, coarsely: frequencies refer to it."""
    return max(_in_eighths(trials, _SMALL if trials > _SMALL else 8), 1)


# ------------------------------------------------------------------------------------------------------- a full build


def teach(db: sqlite3.Connection) -> int:
    """Learns from all trials, a few thousand at a time; how many teachers there are, coarsely."""
    registered = db.execute("SELECT registered, trial_id FROM trial_roots").fetchall()
    last, total = last_teacher(registered), counted(len(registered))
    del registered
    short_forms = _short_forms(db, None, last)
    shorts = np.array(sorted(short_forms), np.uint64)
    found = _entries(db, shorts, last, everywhere=MEANING | SAYING)
    roots, seen = gathered(found.trial, found.entries, shorts)
    meanings = learn(seen, found.teachers, roots, short_forms)
    del short_forms, found, roots, seen
    _write_meanings(db, meanings)
    said = SaidAside(db)
    for rows in in_batches(db.execute("SELECT roots FROM trial_roots WHERE (registered, trial_id) <= (?, ?)", last)):
        roots, seen = _meant([blob for (blob,) in rows], meanings)
        said.put(roots, said_by(seen))
    for roots, of_them in said.all():
        _write_worth(db, roots, learn_worth(of_them, len(roots), total), unheard_of(total))
    said.close()
    return total


def _meant(blobs: Sequence[bytes], meanings: Meanings) -> tuple[Roots, Seen]:
    """What is seen of trials with these `roots`, and what it means."""
    entries = np.frombuffer(b"".join(blobs), "<u8")
    roots, seen = gathered(owners(blobs), entries, meant_by(entries >> np.uint64(PLACE_BITS), meanings))
    return roots, with_meanings(seen, roots, meanings)


def _short_forms(db: sqlite3.Connection, among: Iterable[int] | None, last: _Registered) -> dict[int, dict[str, int]]:
    """What short forms stand for, and how many teachers say so; of all short forms or of some."""
    sql = (
        "SELECT short, long, count(*) FROM trial_aliases JOIN trial_roots USING (trial_id)"
        " WHERE (registered, trial_id) <= (?, ?){} GROUP BY short, long ORDER BY short, long"
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = (
        db.execute(sql.format(""), last).fetchall()
        if among is None
        else [row for short in among for row in db.execute(sql.format(" AND short = ?"), (*last, short))]
    )
    for short, long, times in rows:
        found[short][long] = times
    return found


# ---------------------------------------------------------------------------------------------------------- a refresh


def learn_again(db: sqlite3.Connection, reread: Reread) -> set[str] | None:
    """Brings the lessons up to date; the trials, beside those read again, to which a lesson matters that is another one now.

    None when there are so many more or fewer trials that every frequency refers to another number: then all is to be made anew.
    """
    now = db.execute("SELECT registered, trial_id FROM trial_roots ORDER BY registered, trial_id").fetchall()
    then = [one for one in now if one[1] not in reread.trials]
    then += [(before.registered, trial) for trial, before in reread.before.items()]
    total = counted(len(now))
    if total != counted(len(then)):
        return None
    last, last_then = last_teacher(now), last_teacher(then)  # both are sorted all but for a few
    turned = {one[1] for one in now if min(last, last_then) < one <= max(last, last_then)} - reread.trials
    trials = sorted(reread.trials | turned)
    after = what_is_known(db, trials)
    before = {
        trial: known for trial, known in (what_is_known(db, turned) | reread.before).items()
        if (known.registered, trial) <= last_then
    }  # fmt: skip
    old = _read_meanings(db)
    said = _Said(trials, before, {t: known for t, known in after.items() if (known.registered, t) <= last})
    new = _learn_meanings(db, said, old, last)
    other_meanings = told_apart(old, new)
    roots = np.unique(
        np.concatenate((said.other_entries(old, new), meant_by(other_meanings, old), meant_by(other_meanings, new)))
    )
    if not len(roots):
        return set()
    affected = np.unique(np.concatenate((meaning(other_meanings, old), meaning(other_meanings, new))))
    wanted = np.unique(np.concatenate((affected, meaning(roots, old), meaning(roots, new))))
    found = _entries(db, wanted, last)
    known, seen = gathered(found.trial, found.entries, meant_by(wanted, new))
    everything = with_meanings(seen, known, new)
    by_teachers = said_by(_taken(everything, found.teachers[everything.trial]))
    worth = learn_worth(by_teachers, len(known), total)[np.searchsorted(known, roots)]
    other_worth = roots[worth != read_worth(db, roots, total)]
    _write_meanings(db, new, old)
    _write_worth(db, roots, worth, unheard_of(total))
    is_affected = np.isin(known, affected)[seen.root]
    is_other = np.isin(known, other_worth)[everything.root]
    places = np.union1d(seen.trial[is_affected], everything.trial[is_other])
    return {found.trials[place] for place in places.tolist()}


class _Said:
    """What the teachers that a refresh touches said before and say after it, each as a trial of its own in `seen`."""

    def __init__(self, trials: list[str], before: Mapping[str, Before], after: Mapping[str, Before]) -> None:
        self._trials, self.before, self.after = trials, before, after
        blobs = [of[trial].roots if trial in of else b"" for of in (before, after) for trial in trials]
        self._owner = owners(blobs)
        self._written = np.frombuffer(b"".join(blobs), "<u8")
        self.roots, self._seen = gathered(self._owner, self._written, np.zeros(0, np.uint64))

    def other_sources(self) -> Roots:
        """Names and codes in trials of which names, codes or classes changed."""
        seen = self._seen
        among = _taken(seen, seen.standing(MEANING | SAYING))
        changed = np.isin(
            seen.trial % max(len(self._trials), 1), among.trial[self._differing(among)] % max(len(self._trials), 1)
        )
        return np.asarray(self.roots[np.unique(seen.root[changed & seen.standing(MEANING)])])

    def other_entries(self, old: Meanings, new: Meanings) -> Roots:
        """Roots of which they say other things, with what they mean."""
        roots, seen = gathered(
            self._owner, self._written, np.union1d(meant_by(self.roots, old), meant_by(self.roots, new))
        )
        is_before = seen.trial < len(self._trials)
        halves = [
            with_meanings(_taken(seen, is_before), roots, old),
            with_meanings(_taken(seen, ~is_before), roots, new),
        ]
        both = Seen(*map(np.concatenate, zip(*halves, strict=True)))
        return np.asarray(roots[np.unique(both.root[self._differing(both)])])

    def _differing(self, seen: Seen) -> Flags:
        """Where the other half does not say the same of the same trial."""
        key = (seen.trial % max(len(self._trials), 1)).astype(np.int64) * (
            int(seen.root.max(initial=0)) + 1
        ) + seen.root
        _, place, times = np.unique(key * EVERY_SET + seen.fields, return_inverse=True, return_counts=True)
        return np.asarray(times[place] == 1)


def _taken(seen: Seen, where: Flags) -> Seen:
    return Seen(*(values[where] for values in seen))


def _learn_meanings(db: sqlite3.Connection, said: _Said, old: Meanings, last: _Registered) -> Meanings:
    """The rules, where those about what the touched teachers say are learned again."""
    shorts = {short for of in (said.before, said.after) for known in of.values() for short in known.short_forms}
    shorts |= {
        root for root in said.other_entries(old, old).tolist()
        if db.execute("SELECT 1 FROM trial_aliases WHERE short = ?", (root,)).fetchone()
    }  # fmt: skip
    sources = np.union1d(said.other_sources(), np.array(sorted(shorts), np.uint64))
    if not len(sources):
        return old
    found = _entries(db, sources, last, with_codes=True)
    roots, seen = gathered(found.trial, found.entries, sources)
    learned = learn(seen, found.teachers, roots, _short_forms(db, sorted(shorts), last))
    new = {}
    for kind in KINDS:
        stay, come = (
            pairs[np.isin(pairs[:, 0], sources) == again]
            for pairs, again in ((old[kind], False), (learned[kind], True))
        )
        new[kind] = as_pairs(map(tuple, np.concatenate((stay, come)).tolist()))
    return new


class _Entries(NamedTuple):
    """Entries of `trial_roots` that were looked for, and whose they are."""

    trials: list[str]
    teachers: Flags
    trial: NDArray[np.int64]
    entries: NDArray[np.uint64]


_SAYING_PLACES = np.array([bool(SAYING >> place & 1) for place in range(1 << PLACE_BITS)])
_MEANING_PLACES = np.array([bool(MEANING >> place & 1) for place in range(1 << PLACE_BITS)])


def _entries(
    db: sqlite3.Connection, roots: Roots, last: _Registered, *, with_codes: bool = False, everywhere: int = 0
) -> _Entries:
    """The entries of some roots in all trials; where a name or code is among them, with all codes and classes of the trial.
    With all entries of the fields that are asked for `everywhere`."""
    is_asked = np.array([bool(everywhere >> place & 1) for place in range(1 << PLACE_BITS)])
    among = Among(roots)
    trials: list[str] = []
    teachers: list[bool] = []
    owned, kept = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    for rows in in_batches(db.execute("SELECT trial_id, registered, roots FROM trial_roots ORDER BY trial_id")):
        blobs = [blob for _, _, blob in rows]
        entries, owner = np.frombuffer(b"".join(blobs), "<u8"), owners(blobs)
        place = (entries & np.uint64((1 << PLACE_BITS) - 1)).astype(np.intp)
        hits, _ = among.found(entries >> np.uint64(PLACE_BITS))
        is_wanted = is_asked[place]
        is_wanted[hits] = True
        if with_codes:
            is_coded = np.zeros(len(rows), bool)
            is_coded[owner[hits[_MEANING_PLACES[place[hits]]]]] = True
            is_wanted |= _SAYING_PLACES[place] & is_coded[owner]
        hits = np.flatnonzero(is_wanted)
        some, number = np.unique(owner[hits], return_inverse=True)
        owned.append(number + len(trials))
        kept.append(entries[hits])
        trials += [rows[n][0] for n in some.tolist()]
        teachers += [(rows[n][1], rows[n][0]) <= last for n in some.tolist()]
    return _Entries(trials, np.array(teachers, bool), np.concatenate(owned), np.concatenate(kept))


def in_batches(cursor: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_AT_A_TIME):
        yield rows


class Among:
    """Some numbers, sorted, to find among many: most of the others are told apart by a few of their bits."""

    _BITS = np.uint64((1 << 20) - 1)

    def __init__(self, some: NDArray[np.uint64], shift: int = 0) -> None:
        self._some, self._shift = some, np.uint64(shift)
        self._may_be = np.zeros(int(self._BITS) + 1, bool)
        self._may_be[self._key(some)] = True

    def _key(self, numbers: NDArray[np.uint64]) -> NDArray[np.intp]:
        return ((numbers >> self._shift) & self._BITS).astype(np.intp)

    def found(self, numbers: NDArray[np.uint64]) -> tuple[Whole, Whole]:
        """The places of numbers that are among them, and their places there."""
        where = np.flatnonzero(self._may_be[self._key(numbers)])
        place = np.searchsorted(self._some, numbers[where])
        right = np.append(self._some, np.uint64(0))[place] == numbers[where]
        return where[right], place[right]


def owners(blobs: Sequence[bytes], width: int = 8) -> Whole:
    """Which of the blobs each of their numbers is in."""
    return np.repeat(np.arange(len(blobs)), np.fromiter(map(len, blobs), np.int64, len(blobs)) // width)


# ---------------------------------------------------------------------------------------------------------- the tables


def _read_meanings(db: sqlite3.Connection) -> Meanings:
    found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
    for kind, root, meant in db.execute("SELECT kind, root, meaning FROM term_meanings"):
        found[kind].append((root, meant))
    return {kind: as_pairs(pairs) for kind, pairs in found.items()}


def _write_meanings(db: sqlite3.Connection, meanings: Meanings, before: Meanings | None = None) -> None:
    if before is None or len(told_apart(before, meanings)):
        refill(db, "term_meanings", [(kind, *pair) for kind in KINDS for pair in meanings[kind].tolist()])


def read_worth(db: sqlite3.Connection, roots: Roots, total: int) -> Worth:
    """What some roots are worth."""
    worth = np.full(len(roots), unheard_of(total))
    buckets = buckets_of(roots)
    for bucket in np.unique(buckets).tolist():
        known, said = _bucket(db, bucket)
        if len(known):
            wanted = np.flatnonzero(buckets == bucket)
            place = np.minimum(np.searchsorted(known, roots[wanted]), len(known) - 1)
            there = known[place] == roots[wanted]
            worth[wanted[there]] = said[place[there]]
    return worth


def _bucket(db: sqlite3.Connection, bucket: int) -> tuple[Roots, Worth]:
    row = db.execute("SELECT roots, worth FROM term_worth WHERE bucket = ?", (bucket,)).fetchone() or (b"", b"")
    return np.frombuffer(row[0], "<u8"), np.frombuffer(row[1], "<u4")


def _write_worth(db: sqlite3.Connection, roots: Roots, worth: Worth, unheard: np.uint32) -> None:
    """Keeps what some roots, sorted, are worth, beside what is kept of others; nothing of those of which the teachers say nothing."""
    buckets = buckets_of(roots)
    for bucket in np.unique(buckets).tolist():
        known, said = _bucket(db, bucket)
        mine = slice(*np.searchsorted(buckets, [bucket, bucket + 1]))
        stays = ~np.isin(known, roots[mine], assume_unique=True)
        together = np.concatenate((known[stays], roots[mine])), np.concatenate((said[stays], worth[mine]))
        told = together[1] != unheard
        order = np.argsort(together[0][told])
        row = tuple(values[told][order] for values in together)
        db.execute("DELETE FROM term_worth WHERE bucket = ?", (bucket,))
        if len(row[0]):
            values = (bucket, row[0].astype("<u8").tobytes(), row[1].astype("<u4").tobytes())
            db.execute(insert_into("term_worth"), values)


def seen_in(db: sqlite3.Connection, trials: Sequence[str], total: int) -> tuple[Roots, Seen, Worth]:
    """What is seen of some trials (sorted), and what their roots are worth, by the lessons as they are."""
    chosen = "trial_id IN (SELECT value FROM json_each(?)) ORDER BY trial_id"
    blobs = [blob for (blob,) in db.execute(f"SELECT roots FROM trial_roots WHERE {chosen}", (json.dumps(trials),))]
    roots, seen = _meant(blobs, _read_meanings(db))
    return roots, seen, read_worth(db, roots, total)
