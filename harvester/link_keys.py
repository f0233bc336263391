"""Linking room: which entries are worth comparing. Called by `link`; keeps `link_keys`, the lookup that makes one new record cheap.

A key is something that few trials share: a rare word of a title, two neighbouring weighty words, a sponsor's code, the size
together with the month of the start. Two entries are compared when they share keys worth `ENOUGH`. A key that more than
`MOST_HOLDERS` entries hold is asleep: it leads nowhere. So the work grows with the number of entries and not with its square.

The pairs depend on all entries only through the keys that fall asleep or wake up; when one does, all its holders are looked at
again, and so a step finds exactly the pairs that a full run would.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from harvester.aside import NumbersAside
from harvester.catalogue import refill
from harvester.link_entries import Entry
from harvester.link_titles import is_distinctive, weight, words_of

MOST_HOLDERS = 60
ENOUGH = 2
#: A code counts alone; of the others two are needed. It is told by the lowest bit of the key.
_STRONG = 2
#: Bits of a key, and for the place of an entry beside it.
_KEY, _PLACE = 33, 30
_HOLDER = (1 << _PLACE) - 1
#: Keys that wait until they are put aside.
_WAITING = 500_000
#: Entries that are compared with all at a time.
_COMPARED = 1000


class Held(NamedTuple):
    """Which entries hold which keys."""

    numbers: list[str]  # of the entries, sorted
    registries: NDArray[np.int32]  # of each, as numbers
    pairs: NumbersAside  # a key, and below it in _PLACE bits the place of a holder in `numbers`


def keys_of(entry: Entry) -> frozenset[int]:
    """The keys of an entry, as numbers: odd ones are strong."""
    weak: set[str] = set(entry.interventions)
    for title in entry.titles:
        telling = [word for word in title.words if weight(word) >= 0.5]
        weak.update(filter(is_distinctive, telling))
        weak.update([f"{a}+{b}" if a < b else f"{b}+{a}" for a, b in pairwise(telling)])
    weak.update(word for acronym in entry.acronyms for word in words_of(acronym) if is_distinctive(word))
    weak.update(f"{size} from {start[:7]}" for size in entry.sizes for start in entry.starts if len(start) >= 7)
    strong = {*entry.codes, *(number for _, number in entry.named)}
    # 32 bits of each: two keys that fall together only cost one comparison in vain.
    numbers = [crc32(key.encode("utf-8", "surrogatepass")) * 2 for key in weak]
    return frozenset(numbers + [crc32(key.encode("utf-8", "surrogatepass")) * 2 + 1 for key in strong])


def held(db: sqlite3.Connection, entries: Iterable[Entry]) -> Held:
    """The keys of all entries, which come in order of their numbers."""
    numbers, registries, pairs = list[str](), array("i"), array("q")
    codes: dict[str, int] = {}
    aside = NumbersAside(db, "keys_aside", _KEY + _PLACE)
    for place, entry in enumerate(entries):
        numbers.append(entry.number)
        registries.append(codes.setdefault(entry.registry, len(codes)))
        pairs.extend([(key << _PLACE) + place for key in keys_of(entry)])
        if len(pairs) > _WAITING:
            aside.put(np.sort(np.frombuffer(pairs, np.uint64)))
            pairs = array("q")
    aside.put(np.sort(np.frombuffer(pairs, np.uint64)))
    return Held(numbers, np.frombuffer(registries, np.int32), aside)


def all_pairs(every: Held) -> NDArray[np.int32]:
    """Every pair of entries of different registries that is worth comparing, each once: their places in `numbers`, in order."""
    # Matrices come with scipy: half a second, for which neither the site nor a step that compares a few entries shall wait.
    from scipy.sparse import csr_matrix

    awake = np.concatenate([np.zeros(0, np.int64), *map(_awake, _sorted(every))])
    ends = np.append(0, _ends(awake))
    worths = np.sqrt(np.where(awake >> _PLACE & 1, _STRONG, 1)).astype(np.float32)
    holders = (awake & _HOLDER).astype(np.int32)
    turned = csr_matrix((worths, holders, ends), (len(ends) - 1, len(every.numbers)))
    del awake
    matrix = turned.T.tocsr()
    found = [np.zeros((0, 2), np.int32)]
    for begin in range(0, len(every.numbers), _COMPARED):
        shared = (matrix[begin : begin + _COMPARED] @ turned).tocoo()
        one, other = shared.row + begin, shared.col
        enough = (shared.data > ENOUGH - 0.5) & (one < other) & (every.registries[one] != every.registries[other])
        some = np.column_stack((one[enough], other[enough])).astype(np.int32)
        found.append(some[np.lexsort(some.T[::-1])])
    return np.concatenate(found)


def _sorted(every: Held) -> Iterator[NDArray[np.int64]]:
    """All pairs in order, some at a time; those of a key together."""
    return (np.sort(some).view(np.int64) for some in every.pairs.all())


def _awake(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of some sorted pairs those of keys that lead somewhere."""
    counts = np.diff(_ends(pairs), prepend=0)
    return pairs[np.repeat((counts > 1) & (counts <= MOST_HOLDERS), counts)]


def _ends(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the pairs of each key end."""
    return np.flatnonzero(np.append(pairs[1:] ^ pairs[:-1] > _HOLDER, bool(len(pairs)))) + 1


def pairs_of(db: sqlite3.Connection, number: str) -> list[str]:
    """The entries worth comparing with one, by the stored keys."""
    return [row[0] for row in db.execute(_PAIRS, (number, MOST_HOLDERS))]


_PAIRS = f"""
WITH awake AS MATERIALIZED (
  SELECT key FROM link_keys AS mine WHERE number = ?1 AND ?2 >= (
    SELECT count(*) FROM (SELECT 1 FROM link_keys AS held WHERE held.key = mine.key LIMIT ?2 + 1)))
SELECT number FROM awake CROSS JOIN link_keys USING (key) WHERE number <> ?1
GROUP BY number HAVING sum(iif(key & 1, {_STRONG}, 1)) >= {ENOUGH} ORDER BY number"""


def write_all(db: sqlite3.Connection, every: Held) -> None:
    """Fills `link_keys`."""

    def rows() -> Iterator[tuple[int, str]]:
        for some in _sorted(every):
            yield from zip(
                (some >> _PLACE).tolist(), map(every.numbers.__getitem__, (some & _HOLDER).tolist()), strict=True
            )

    refill(db, "link_keys", rows())


def replace(db: sqlite3.Connection, numbers: Collection[str], entries: Iterable[Entry]) -> set[str]:
    """Stores the new keys of some entries; the other entries whose pairs change because a key fell asleep or woke up."""
    old = {
        (key, number)
        for number in numbers
        for (key,) in db.execute("SELECT key FROM link_keys WHERE number = ?", (number,))
    }
    new = {(key, entry.number) for entry in entries for key in keys_of(entry)}
    change: dict[int, int] = defaultdict(int)  # key -> how many holders more it has now
    for sign, rows in ((-1, old - new), (1, new - old)):
        for key, _ in rows:
            change[key] += sign
    db.executemany("DELETE FROM link_keys WHERE key = ? AND number = ?", sorted(old - new))
    db.executemany("INSERT INTO link_keys VALUES (?, ?)", sorted(new - old))
    turned: set[str] = set()
    for key, more in change.items():
        if more == 0:
            continue
        count = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM link_keys WHERE key = ? LIMIT ?)",
            (key, MOST_HOLDERS + len(numbers) + 1),
        ).fetchone()[0]
        if (count <= MOST_HOLDERS) != (count - more <= MOST_HOLDERS):
            turned.update(row[0] for row in db.execute("SELECT number FROM link_keys WHERE key = ?", (key,)))
    return turned - set(numbers)
