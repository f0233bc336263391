"""Sponsors room: spellings of unknown organizations joined with their like. Called by `sponsors`.

Every step is a table of keys and the spellings that share one; a join is refused where places or numerals differ or where two
known organizations would become one. Nothing depends on the order in which names arrive.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rapidfuzz.distance import OSA

from normalize.sponsor_file import Known
from normalize.sponsor_file import organizations as known_organizations
from normalize.sponsor_list import Match, is_ambiguous, is_of_commerce, loses_its_name
from normalize.sponsor_names import Name, read_name, repaired
from normalize.sponsor_nodes import (
    Node,
    apart,
    has_initials,
    letters_of,
    likeness_of,
    near_pairs,
    node_of,
    numerals,
    order,
    pairs_without_conflict,
    without_business,
)
from normalize.sponsor_words import BUSINESS, GENERIC, NAMED, PLACES, distinctive
from normalize.tables import compiled
from normalize.text import fold


class Spelled(NamedTuple):
    """A spelling taken apart, and the known organization found in it."""

    name_raw: str
    name: Name
    match: Match | None


class Cluster(NamedTuple):
    """One organization: its spellings, each with the rule that brought it."""

    known: Known | None
    members: list[tuple[Spelled, str]]
    called: str | None = None  # its name, where a person wrote it


SAME = "same words, without case, accents, order and legal form"
#: From this share of the words' weight on two names are one; from the lower one on a person may want to look.
_ALIKE, _DOUBTFUL = 0.8, 0.6
_KINDS = frozenset(
    [
        "hospital",
        "university",
        "foundation",
        "society",
        "association",
        "group",
        "ministry",
        "network",
        "nhs",
        "institute",
        "school",
        "college",
        "academy",
        "agency",
        "trust",
    ]
)
#: "Northeastern University" is not Northwestern University.
_COMPASS = re.compile("(?:north|south)(?:east|west)")


class Doubtful(NamedTuple):
    """Two spellings that were not joined although they are alike: for a person to look at."""

    name_raw: str
    other_name_raw: str
    likeness: float  # shared weight of words over all weight, 0 to 1


def joined(spelled: list[Spelled]) -> tuple[list[Cluster], list[Doubtful]]:
    """One cluster for each organization, and the near misses; `spelled` is sorted by spelling."""
    found: dict[str, list[tuple[Spelled, str]]] = defaultdict(list)
    nodes: dict[Node, list[Spelled]] = defaultdict(list)
    for one in spelled:
        if one.match:
            found[one.match.known.name].append((one, one.match.rule))
        else:
            nodes[node_of(one.name_raw, one.name)].append(one)
    joins = _Joins(nodes, _known_nodes())
    joins.run()
    for members in joins.clusters():
        known = members.known
        if known is not None:
            found[known.name] += members.members
    list_ = known_organizations()
    clusters = [Cluster(list_[name], members) for name, members in sorted(found.items())]
    return [*clusters, *(c for c in joins.clusters() if c.known is None)], joins.doubtful()


@compiled
def _known_nodes() -> dict[Node, Known]:
    """The spellings of organizations.yml as if they stood in the catalogue, so that near spellings find them."""
    out: dict[Node, Known] = {}
    for known in known_organizations().values():
        for spelling in (*known.whole, *known.phrases):
            if len(fold(spelling)) < 6 or loses_its_name(spelling):
                continue
            node = node_of(spelling, read_name(spelling))
            if len(node.words) == 1 and node.places:
                continue  # "United Bristol" would be anything united
            if not is_ambiguous(node.words):
                out.setdefault(node, known)
    return out


class _Joins:
    """Union of nodes under guards. Roots are nodes; `rule` remembers what brought a node to its cluster."""

    def __init__(self, nodes: dict[Node, list[Spelled]], known: dict[Node, Known]) -> None:
        self.spelled = nodes
        self.nodes = sorted({*nodes, *known}, key=order)
        self.parent: dict[Node, Node] = {n: n for n in self.nodes}
        self.known: dict[Node, Known | None] = {n: known.get(n) for n in self.nodes}
        self.places: dict[Node, frozenset[str]] = {n: n.places for n in self.nodes}
        self.countries: dict[Node, frozenset[str]] = {n: self._countries(n) for n in self.nodes}
        self.rule: dict[Node, str] = {}
        first: dict[str, Node] = {}
        for node in self.nodes:
            label = self.known[node]
            if label is not None:
                other = first.setdefault(label.name, node)
                self.parent[node] = other
                self.places[other] |= node.places
                self.countries[other] |= node.countries
        self.frequency = Counter(w for n in self.nodes for w in set(n.words))
        self._near: list[tuple[Node, Node, float]] = []

    def _countries(self, node: Node) -> frozenset[str]:
        """Countries that a name says, and that of a known organization that is no company."""
        known = self.known[node]
        own = NAMED.get(known.country_code or "") if known is not None and known.class_ != "industry" else None
        return node.countries | {own} if own else node.countries

    def root(self, node: Node) -> Node:
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, one: Node, other: Node, rule: str) -> None:
        a, b = self.root(one), self.root(other)
        if a == b:
            return
        if self.known[a] is not None and self.known[b] is not None:
            return
        if is_ambiguous(one.words) or is_ambiguous(other.words):
            return
        if self._is_hospital(a) != self._is_hospital(b) and (
            is_of_commerce((*one.words, *other.words)) or one.company or other.company
        ):
            return  # "Duke Therapeutics" is not of Duke University, nor "Karolinska Development AB" of Karolinska Institutet
        if numerals(one) != numerals(other) or one.person != other.person:
            return
        if not (one.company or other.company) and (
            apart(self.places[a], self.places[b]) or apart(self.countries[a], self.countries[b])
        ):
            return
        if self.known[b] is not None or (self.known[a] is None and order(b) < order(a)):
            a, b = b, a
        self.parent[b] = a
        self.places[a] = self.places[a] | self.places[b]
        self.countries[a] = self.countries[a] | self.countries[b]
        for node in (one, other):
            self.rule.setdefault(node, rule)

    def _is_hospital(self, root: Node) -> bool:
        known = self.known[root]
        return known is not None and known.class_ == "academic_or_hospital"

    def clusters(self) -> list[Cluster]:
        members: dict[Node, list[tuple[Spelled, str]]] = defaultdict(list)
        for node in self.nodes:
            for one in self.spelled.get(node, ()):
                members[self.root(node)].append((one, self.rule.get(node, SAME)))
        return [Cluster(self.known[root], found) for root, found in members.items()]

    def doubtful(self) -> list[Doubtful]:
        """Names of the catalogue that stayed apart although most of their words are the same, by guard or by weight."""
        found: dict[tuple[Node, Node], Doubtful] = {}
        for one, other, likeness in self._near:
            pair = self.root(one), self.root(other)
            if pair[0] != pair[1] and one in self.spelled and other in self.spelled:
                near = Doubtful(self.spelled[one][0].name_raw, self.spelled[other][0].name_raw, round(likeness, 2))
                best = found.get(pair)
                if best is None or near.likeness > best.likeness:
                    found[pair] = near
        return sorted(found.values(), key=lambda near: (-near.likeness, near))

    def run(self) -> None:
        self._same_words()
        self._glued()
        self._accents_lost()
        self._abbreviations()
        self._places_missing()
        self._more_words()
        self._typing_errors()
        self._weighted()

    # ------------------------------------------------------------------------------------------------ steps

    def _share(self, keys: Iterable[tuple[object, Node]], rule: str) -> None:
        groups: dict[object, list[Node]] = defaultdict(list)
        for key, node in keys:
            groups[key].append(node)
        for group in groups.values():
            for other in group[1:]:
                self.join(group[0], other, rule)

    def _same_words(self) -> None:
        self._share((((n.words, n.places), n) for n in self.nodes), SAME)

    def _glued(self) -> None:
        """ "Astra Zeneca" and "AstraZeneca": the same letters, split otherwise."""

        def keys() -> Iterator[tuple[object, Node]]:
            for node in self.nodes:
                yield (node.words, node.places), node
                for one in self.spelled.get(node, ()):
                    letters = "".join(one.name.base)
                    if len(letters) >= 7 and distinctive(one.name.base):
                        yield (letters, node.places), node

        self._share(keys(), "same letters, words split otherwise")

    def _accents_lost(self) -> None:
        """A transport that cannot carry accents drops the letters: "Fundacin" for "Fundación"."""

        def keys() -> Iterator[tuple[object, Node]]:
            for node in self.nodes:
                known = self.known[node]
                for spelling in (*known.whole, *known.phrases) if known else ():
                    if not spelling.isascii():
                        yield letters_of(spelling), node
                for one in self.spelled.get(node, ()):
                    for letters in {letters_of(one.name_raw), letters_of(repaired(one.name_raw))}:
                        if len(letters) >= 8:
                            yield letters, node

        self._share(keys(), "same letters, those with accents lost")

    def _abbreviations(self) -> None:
        """A bare abbreviation is the one organization that gives it beside its name."""
        claims: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            for one in self.spelled.get(node, ()):
                for abbreviation in one.name.abbreviations:
                    if len(abbreviation) >= 3 and len(node.words) > 1:
                        claims[abbreviation].append(node)
        bare = {n.words[0]: n for n in self.nodes if len(n.words) == 1 and n in self.spelled}
        for abbreviation, nodes in sorted(claims.items()):
            groups: dict[Node, list[Node]] = defaultdict(list)
            for node in nodes:
                groups[self.root(node)].append(node)
            if len(groups) > 1 and len(abbreviation) >= 4:
                for other in nodes[1:]:
                    if likeness_of(nodes[0], other, self._weight) >= 0.45:
                        self.join(nodes[0], other, "same abbreviation beside a like name")
            if (
                abbreviation in bare
                and len({self.root(n) for n in nodes}) == 1
                and has_initials(abbreviation, self._first(nodes[0]))
            ):
                self.join(nodes[0], bare[abbreviation], "abbreviation given beside the name")

    def _first(self, node: Node) -> str:
        return fold(self.spelled[node][0].name_raw)

    def _places_missing(self) -> None:
        """The same distinctive words, once with a place and once without, where only one place is known."""
        groups: dict[tuple[str, ...], list[Node]] = defaultdict(list)
        for node in self.nodes:
            if distinctive(node.words):
                groups[node.words].append(node)
        for group in groups.values():
            for one, other in pairs_without_conflict(group, company=any(n.company for n in group)):
                self.join(one, other, "same words, a place added")

    def _more_words(self) -> None:
        """One name is the other with words of business, or a hospital with its university."""
        by_core: dict[tuple[str, ...], list[Node]] = defaultdict(list)
        for node in self.nodes:
            core = without_business(node.words)
            if distinctive(core):
                by_core[core].append(node)
        for core, group in by_core.items():
            barest = [n for n in group if n.words == core]
            fuller = {tuple(w for w in n.words if w not in core) for n in group} - {()}
            if not barest and len(fuller) > 1:
                continue
            chain = sorted(group, key=lambda n: (len(n.words), order(n)))
            if barest and (len(fuller) == 1 or sum(len(w) for w in core) >= 6):
                for other in chain:
                    self.join(chain[0], other, "same name, words of business added")
            elif len(fuller) == 1:
                for other in chain:
                    self.join(chain[0], other, SAME)
        hospitals = {n.words: n for n in self.nodes if "hospital" in n.words}
        for node in self.nodes:
            if "hospital" in node.words and "university" in node.words:
                for words in (
                    {"university"},
                    {"university", "medical"},
                    {"university", "affiliated"},
                    {"university", "medical", "affiliated"},
                    {"university", "medicine", "school"},
                ):
                    shorter = tuple(w for w in node.words if w not in words)
                    if shorter in hospitals and distinctive(shorter):
                        self.join(hospitals[shorter], node, "hospital with and without its university")

    def _typing_errors(self) -> None:
        """One word differs by a letter or two, which no second name of the catalogue spells so."""
        rest: dict[tuple[object, ...], list[tuple[str, Node]]] = defaultdict(list)
        for node in self.nodes:
            if node.person:
                continue
            for at, word in enumerate(node.words):
                if (
                    len(word) >= 6
                    and word not in GENERIC
                    and word not in PLACES
                    and not word.isdigit()
                    and not _COMPASS.match(word)
                ):
                    others = (*node.words[:at], *node.words[at + 1 :])
                    if len(others) >= 2 or any(w in GENERIC for w in others):
                        rest[others, ""].append((word, node))
                    elif len(word) >= 7:
                        rest[others, word[0]].append((word, node))
        for group in rest.values():
            group.sort()
            for (word, node), (next_word, other) in near_pairs(group):
                alone = all(
                    w in BUSINESS for w in node.words if w != word
                )  # a company's one word: Pharvaris, Pharmaxis
                allowed = 1 if alone or len(word) < 9 else 2
                if word[0] != next_word[0] and word[1:] != next_word[1:]:
                    continue
                if alone and (len(word) < 8 or word[:3] != next_word[:3]):
                    continue
                if min(self.frequency[word], self.frequency[next_word]) > 2:
                    continue
                if OSA.distance(word, next_word, score_cutoff=allowed) <= allowed:
                    self.join(node, other, "typing error")

    def _weighted(self) -> None:
        """Names that share nearly all the weight of their words; rare words weigh most, general words next to nothing."""
        blocks: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.person:
                continue
            rare = sorted(distinctive(node.words), key=lambda w: (self.frequency[w], w))[:3]
            for word in rare:
                if self.frequency[word] <= 200:
                    blocks[word].append(node)
        for word in sorted(blocks):
            block = blocks[word]
            for at, one in enumerate(block):
                for other in block[at + 1 :]:
                    if _KINDS.intersection(one.words) != _KINDS.intersection(other.words):
                        continue
                    if self.root(one) == self.root(other):
                        continue
                    likeness = likeness_of(one, other, self._weight)
                    if likeness >= _ALIKE:
                        self.join(one, other, "nearly the same words, weighed by rarity")
                    if likeness >= _DOUBTFUL:
                        self._near.append((one, other, likeness))

    def _weight(self, word: str) -> float:
        if word in GENERIC:
            return 0.35
        return math.log((len(self.nodes) + 10_000) / (1 + self.frequency[word])) / math.log(10_000)
