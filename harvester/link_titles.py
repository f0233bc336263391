"""Linking room: titles cut into weighted words, and how alike two of them are. Pure; called by `link_entries` and `link_evidence`."""

from __future__ import annotations

import re
from functools import lru_cache
from math import fsum
from typing import NamedTuple

from rapidfuzz import fuzz

from harvester.link_words import ANOTHER_TRIAL, COMMON, DESIGN, EMPTY, SPELLINGS
from normalize.text import fold

_SPELLINGS = tuple((hints, re.compile(pattern), name) for hints, pattern, name in SPELLINGS)
#: The same title in two languages stands in one field, parted by blank lines or a run of blanks (EUCTR, through WHO ICTRP).
_LANGUAGES = re.compile(r"\s{3,}|\n\n")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "iia": "2a", "iib": "2b", "iiia": "3a", "iiib": "3b"}
_BRITISH = ("random", "hospital", "immun", "nebul", "optim", "steril", "character")
_DISTINCTIVE = 1.0


class Title(NamedTuple):
    """One title: its weighty words in order and each once, its numerals, its text without blanks."""

    text: str
    words: tuple[str, ...]
    numerals: frozenset[str]
    squeezed: str


class Likeness(NamedTuple):
    """How two titles compare; weights are sums over words."""

    one: Title
    other: Title
    dice: float  # 0 to 1: weight in common, against the mean weight
    contained: float  # 0 to 1: weight in common, against the title that says less
    letters: float  # 0 to 1: by letters, without blanks: sees through typing errors and compound words
    shared: float  # weight in common
    only_one: tuple[str, ...]
    only_other: tuple[str, ...]

    @property
    def exchanged(self) -> float:
        """Weight of telling words that each has and the other lacks: a drug or disease put in the place of another."""
        left, right = ([w for w in map(weight, only) if w >= 0.5] for only in (self.only_one, self.only_other))
        return min(fsum(left), fsum(right))


def titles_of(text: str) -> list[Title]:
    """The titles that a field holds: one, or one a language."""
    parts = [part for part in _LANGUAGES.split(text.strip()) if part]
    titles = [_title(part) for part in parts] if len(parts) > 1 else []
    return [title for title in titles if fsum(map(weight, title.words)) >= 1.5] or [_title(text)]


def _title(text: str) -> Title:
    words = words_of(text)
    numerals = frozenset(_ROMAN.get(w, w.lstrip("0") or "0") for w in words if w.isdigit() or w in _ROMAN)
    return Title(text, tuple(filter(weight, dict.fromkeys(words))), numerals, "".join(words))


def words_of(text: str) -> list[str]:
    """The words of a text, folded, one spelling for British and American, singular."""
    folded = fold(text)
    for hints, pattern, name in _SPELLINGS:
        for hint in hints:
            if hint in folded:
                folded = pattern.sub(name, folded)
                break
    return list(map(_stem, folded.split()))


@lru_cache(200_000)
def _stem(word: str) -> str:
    if len(word) < 5:
        return word
    if word.startswith(_BRITISH):
        word = word.replace("is", "iz") if "iz" not in word else word
    word = word.replace("oe", "e").replace("ae", "e").replace("our", "or")
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("centre"):
        return word[:-2] + "er"
    return word[:-3] + "er" if word.endswith("centric") else word


_DESIGN_STEMS = DESIGN | {_stem(word) for word in DESIGN}
_COMMON_STEMS = COMMON | {_stem(word) for word in COMMON}


@lru_cache(200_000)
def weight(word: str) -> float:
    """0 for words that say nothing, 0.2 for design, 0.3 for numerals and letters, 0.5 for common medicine, 1 for the rest."""
    if word in EMPTY:
        return 0.0
    if word in _DESIGN_STEMS:
        return 0.2
    if word.isdigit() or len(word) == 1:
        return 0.3
    return 0.5 if word in _COMMON_STEMS else _DISTINCTIVE


def is_distinctive(word: str) -> bool:
    """Whether few trials share the word: a drug, a code, a name."""
    return len(word) >= 4 and weight(word) == _DISTINCTIVE


def compare(one: Title, other: Title) -> Likeness:
    """How alike two titles are; words that differ by a typing error or an ending count as one."""
    both = set(one.words).intersection(other.words)
    shared = fsum(map(weight, both))  # exact, so that the order of a set does not matter
    only_one, right = [], [word for word in other.words if word not in both]
    for word in one.words:
        if word in both:
            continue
        match = _misspelt(word, right)
        if match is None:
            only_one.append(word)
        else:
            right.remove(match)
            shared += min(weight(word), weight(match))
    one_left, other_left = fsum(map(weight, only_one)), fsum(map(weight, right))
    dice = 2 * shared / (2 * shared + one_left + other_left) if shared else 0.0
    contained = shared / (shared + min(one_left, other_left)) if shared else 0.0
    letters = fuzz.ratio(one.squeezed, other.squeezed) / 100
    return Likeness(one, other, dice, contained, letters, shared, tuple(only_one), tuple(right))


def _misspelt(word: str, among: list[str]) -> str | None:
    """The first of the words that is the same but for a typing error or an ending; short words and codes have none."""
    if len(word) < 5 or not word.isalpha():
        return None
    first = word[0]
    return next(
        (w for w in among if w[0] == first and len(w) > 4 and w.isalpha() and fuzz.ratio(word, w) >= _ONE_WORD), None
    )


_ONE_WORD = 84  # of 100: "pregabalin" and "pregablin", "remifentanil" and "remifentanyl"


_MARKS = {_stem(word): group for group, words in ANOTHER_TRIAL.items() for word in words.split()}


def marks(words: tuple[str, ...]) -> frozenset[str]:
    """Kinds of another trial that the words name: "extension", "age group" ..."""
    return frozenset(_MARKS[word] for word in words if word in _MARKS)
