"""Site room: what the catalogue's trials call things: other names of coded conditions, and words for spelling ("did you mean").

Called by `finding`, `entities` and `search`; each made once for each catalogue file.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import extract

from harvester.site.database import kept, plain_text
from normalize.text import fold

#: Shorter words differ from their neighbours by meaning, not by spelling ("liver", "river").
_SHORTEST = 5
#: Similarity from which a word is offered for another: "miscariage" and "miscarriage" have 0.91, "lupus" and "lumbus" 0.67.
_LIKE = 0.78
#: A word is taken for a slip when another one like it is used so many times more often.
_OFTENER = 20
#: Names of one code that a search is widened to.
_MOST_NAMES = 12


class Names(NamedTuple):
    """Names of conditions that registries gave codes to."""

    codes: Mapping[str, frozenset[str]]  # folded name -> MeSH or MedDRA codes
    by_code: Mapping[str, tuple[str, ...]]  # code -> names, the commonest first

    def synonyms(self, text: str) -> tuple[str, ...]:
        """Other names of the condition that a text is the name of, by a code that registries gave to both."""
        name = fold(text)
        found = [
            other for code in sorted(self.codes.get(name, ())) for other in self.by_code[code] if fold(other) != name
        ]
        return tuple(dict.fromkeys(found))[:_MOST_NAMES]

    def same_condition(self, name: str) -> tuple[str, ...]:
        """Folded names of the condition that a folded name is one of, by a code that registries gave to both; itself first."""
        others = (fold(other) for code in sorted(self.codes.get(name, ())) for other in self.by_code[code])
        return tuple(dict.fromkeys((name, *others)))


@kept
def names_of(db: sqlite3.Connection) -> Names:
    """The names of the catalogue that is open."""
    codes: dict[str, set[str]] = defaultdict(set)
    used: dict[str, Counter[str]] = defaultdict(Counter)
    with plain_text(db):
        coded = db.execute(
            "SELECT condition_normalized, coalesce('MeSH ' || mesh_id, 'MedDRA ' || meddra_code), min(condition), count(*)"
            " FROM conditions NOT INDEXED WHERE condition_normalized IS NOT NULL AND (mesh_id IS NOT NULL OR meddra_code IS NOT NULL) GROUP BY 1, 2"
        ).fetchall()
    for name, code, written, times in coded:
        codes[name].add(code)
        used[code][" ".join(written.split())] += times
    return Names(
        {name: frozenset(found) for name, found in codes.items()},
        {
            code: tuple(name for name, _ in sorted(names.items(), key=lambda pair: (-pair[1], pair[0])))
            for code, names in used.items()
        },
    )


class Words(NamedTuple):
    """Words in names of conditions, interventions and sponsors, folded."""

    used: Mapping[str, int]  # word -> names that hold it
    by_length: Mapping[int, Sequence[str]]

    def spelling(self, word: str) -> str | None:
        """The common word that a rare or unknown one was probably meant to be."""
        typed = fold(word)
        if len(typed) < _SHORTEST or not typed.isalpha():
            return None
        near = [known for size in range(len(typed) - 2, len(typed) + 3) for known in self.by_length.get(size, ())]
        found = extract(typed, near, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=_LIKE, limit=8)
        oftener = [
            (self.used[known], score, known)
            for known, score, _ in found
            if self.used[known] > _OFTENER * self.used.get(typed, 0)
        ]
        if not oftener:
            return None
        best = max(score for _, score, _ in oftener)
        return max(one for one in oftener if one[1] >= best - 0.05)[2]


@kept
def words_of(db: sqlite3.Connection) -> Words:
    """The words of the catalogue that is open."""
    used: Counter[str] = Counter()
    with plain_text(db):
        for name, times in _names(db):
            for word in set(name.split()):
                used[word] += times
    by_length: dict[int, list[str]] = defaultdict(list)
    for word in used:
        if len(word) >= _SHORTEST - 2 and word.isalpha():
            by_length[len(word)].append(word)
    return Words(used, by_length)


def _names(db: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """Names of conditions and interventions, folded, and how often each is used; sponsors once for each spelling."""
    for table, column in (("conditions", "condition_normalized"), ("interventions", "name_normalized")):
        yield from db.execute(
            f"SELECT {column}, count(*) FROM {table} WHERE length({column}) < 60 GROUP BY 1"
        ).fetchall()
    for (name,) in db.execute("SELECT name FROM sponsors WHERE length(name) < 80").fetchall():
        yield fold(name), 1
