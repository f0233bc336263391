"""Sponsors room: spellings that read the same as one node, and what tells two nodes apart or alike. Called by `sponsor_joins`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from normalize.sponsor_file import ordered_words
from normalize.sponsor_names import Name
from normalize.sponsor_words import BUSINESS, DIRECTIONS, distinctive
from normalize.text import fold


class Node(NamedTuple):
    """Spellings that read the same: the words of the organization, and its places."""

    words: tuple[str, ...]
    places: frozenset[str]
    countries: frozenset[str]
    company: bool
    person: bool


def node_of(name_raw: str, name: Name) -> Node:
    words = name.base
    if not distinctive(words) or len("".join(words)) < 3:
        # Nothing but general words: the places and countries are the name.
        words = name.words or (fold(name_raw),)
    if not ordered_words().intersection(name.places):
        words = tuple(sorted(set(words)))
    return Node(words, name.places, name.countries, name.company, name.person)


def order(node: Node) -> tuple[tuple[str, ...], list[str], list[str], bool, bool]:
    return node.words, sorted(node.places), sorted(node.countries), node.company, node.person


def numerals(node: Node) -> frozenset[str]:
    """The numbers in a name and, of what is no company, the points of the compass: they tell two organizations apart."""
    return frozenset(w for w in node.words if w.isdigit() or (w in DIRECTIONS and not node.company))


def apart(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and not (one <= other or other <= one)


def pairs_without_conflict(group: list[Node], company: bool) -> Iterator[tuple[Node, Node]]:
    """Pairs to join: all of a company's, else those without a place with the one place there is, and places that hold one another."""
    if company:
        yield from ((group[0], other) for other in group[1:])
        return
    placed = [n for n in group if n.places]
    bare = [n for n in group if not n.places]
    if all(not apart(a.places, b.places) for a in placed for b in placed[:20]):
        yield from ((group[0], other) for other in group[1:])
        return
    yield from ((bare[0], other) for other in bare[1:])
    for one in placed:
        for other in placed:
            if one.places < other.places:
                yield one, other


def without_business(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(w for w in words if w not in BUSINESS)


def letters_of(text: str) -> str:
    return "".join(c for c in text.lower() if c.isascii() and c.isalpha())


def has_initials(abbreviation: str, folded: str) -> bool:
    """Whether the letters of an abbreviation stand in this order in the name, from a first letter of a word on."""
    starts = "".join(word[0] for word in folded.split())
    return abbreviation[0] in starts


def near_pairs(group: list[tuple[str, Node]]) -> Iterator[tuple[tuple[str, Node], tuple[str, Node]]]:
    """All pairs of a small group; neighbours in the alphabet of a large one."""
    reach = len(group) if len(group) <= 60 else 8
    for at, one in enumerate(group):
        for other in group[at + 1 : at + 1 + reach]:
            if one[0] != other[0]:
                yield one, other


def likeness_of(one: Node, other: Node, weigh: Callable[[str], float]) -> float:
    """Shared weight over all weight (weighted Jaccard) of the words."""
    a, b = set(one.words), set(other.words)
    shared = sum(weigh(w) for w in a & b)
    return shared / (shared + sum(weigh(w) for w in a ^ b)) if shared else 0.0
