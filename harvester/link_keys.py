"""Linking room: which entries are worth comparing. Called by `link`; keeps `link_keys`, the lookup that makes one new record cheap.

A key is something that few trials share: a rare word of a title, two neighbouring weighty words, a sponsor's code, the size
together with the month of the start. Two entries are compared when they share keys worth `ENOUGH`. A key that more than
`MOST_HOLDERS` entries hold is asleep: it leads nowhere. So the work grows with the number of entries and not with its square.

The pairs depend on all entries only through the keys that fall asleep or wake up; when one does, all its holders are looked at
again, and so a step finds exactly the pairs that a full run would.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix

from harvester.link_entries import Entry
from harvester.link_titles import is_distinctive, weight, words_of

MOST_HOLDERS = 60
ENOUGH = 2
#: A code counts alone; of the others two are needed. It is told by the lowest bit of the key.
_STRONG = 2


def keys_of(entry: Entry) -> frozenset[int]:
    """The keys of an entry, as numbers: odd ones are strong."""
    weak: set[str] = set(entry.interventions)
    for title in entry.titles:
        telling = [word for word in title.words if weight(word) >= 0.5]
        weak.update(word for word in telling if is_distinctive(word))
        weak.update(f"{a}+{b}" if a < b else f"{b}+{a}" for a, b in pairwise(telling))
    weak.update(word for acronym in entry.acronyms for word in words_of(acronym) if is_distinctive(word))
    weak.update(f"{size} from {start[:7]}" for size in entry.sizes for start in entry.starts if len(start) >= 7)
    strong = {*entry.codes, *(number for _, number in entry.named)}
    return frozenset([*(_number(key) * 2 for key in weak), *(_number(key) * 2 + 1 for key in strong)])


def _number(key: str) -> int:
    """The key as 46 bits: two keys that fall together only cost one comparison in vain."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).digest()) >> 2


def worth(key: int) -> int:
    """What sharing the key counts."""
    return _STRONG if key & 1 else 1


def all_pairs(keys: dict[str, frozenset[int]]) -> Iterator[tuple[str, str]]:
    """Every pair of entries worth comparing, each once, the smaller number first."""
    held = Counter(key for of_entry in keys.values() for key in of_entry)
    awake = {key: n for n, key in enumerate(k for k, count in held.items() if 1 < count <= MOST_HOLDERS)}
    numbers = sorted(keys)
    columns, ends = [], [0]
    for number in numbers:
        columns += sorted(awake[key] for key in keys[number] if key in awake)
        ends.append(len(columns))
    worths = np.array([worth(key) for key in awake], dtype=np.float32)
    matrix = csr_matrix(
        (np.sqrt(worths[columns]) if columns else [], columns, ends), (len(numbers), max(1, len(awake)))
    )
    for begin in range(0, len(numbers), 4000):
        shared = (matrix[begin : begin + 4000] @ matrix.T).tocoo()
        enough = (shared.data > ENOUGH - 0.5) & (shared.row + begin < shared.col)
        for one, other in zip(shared.row[enough] + begin, shared.col[enough], strict=True):
            yield numbers[one], numbers[other]


def pairs_of(db: sqlite3.Connection, number: str) -> Iterator[str]:
    """The entries worth comparing with one, by the stored keys."""
    shared: Counter[str] = Counter()
    for (key,) in db.execute("SELECT key FROM link_keys WHERE number = ?", (number,)).fetchall():
        holders = _holders(db, key)
        if len(holders) <= MOST_HOLDERS:
            shared.update({other: worth(key) for other in holders})
    del shared[number]
    yield from sorted(other for other, count in shared.items() if count >= ENOUGH)


def _holders(db: sqlite3.Connection, key: int) -> list[str]:
    """Those who hold a key, at most one more than may."""
    return [row[0] for row in db.execute("SELECT number FROM link_keys WHERE key = ? LIMIT ?", (key, MOST_HOLDERS + 1))]


def write_all(db: sqlite3.Connection, keys: dict[str, frozenset[int]]) -> None:
    """Fills `link_keys`."""
    db.execute("DELETE FROM link_keys")
    rows = sorted((key, number) for number, of_entry in keys.items() for key in of_entry)
    db.executemany("INSERT INTO link_keys VALUES (?, ?)", rows)


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
