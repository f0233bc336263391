"""Which records are the same trial, and on what evidence.

A stage of the build (`link_records`), and the pure rule (`link`). Only exact evidence joins records:

- mirror: two sources serve the same registry's number (ClinicalTrials.gov itself and WHO ICTRP's copy of it);
- identifier: country records of one EudraCT number; an alias number that its registry declares; a registry's number that
  stands in another record's field for identifiers.

A number in a title or free text, and one that would join two NCT numbers or two EudraCT numbers without an alias, links as
`mentioned`. The result does not depend on the order in which records come.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec.structs import astuple

from harvester.catalogue import refill
from harvester.rows import TrialLink
from harvester.touched import Touched
from normalize.identifiers import canonical


class Numbered(NamedTuple):
    """A record and the number under which its registry holds it."""

    record_id: str
    source: str
    registry_id: str


class Reference(NamedTuple):
    """A registry's number that a record names; `type` as in `secondary_ids`."""

    record_id: str
    id_normalized: str
    registry: str
    type: str
    source_field: str


class Linked(NamedTuple):
    trial_of: dict[str, str]  # record_id -> trial_id
    links: list[TrialLink]


class _Edge(NamedTuple):
    rank: int  # strongest first: mirror, same number, alias, identifier
    record_id: str
    other_record_id: str
    evidence: Literal["mirror", "identifier"]
    detail: str


#: Registries of which a trial has one number; two of them in one trial need an alias.
_ONE_NUMBER_A_TRIAL = ("ClinicalTrials.gov", "EUCTR")
_ALIAS_RANK = 2


def link_records(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Sets `records.trial_id` and fills `trial_links`. A stage of `harvester.build`."""
    trial_of = dict(db.execute("SELECT record_id, trial_id FROM records"))
    linked = link(
        (Numbered(*row) for row in db.execute("SELECT record_id, source, registry_id FROM records")),
        (
            Reference(*row)
            for row in db.execute(
                "SELECT record_id, id_normalized, registry, type, source_field FROM secondary_ids WHERE registry IS NOT NULL"
            )
        ),
    )
    db.executemany(
        "UPDATE records SET trial_id = ? WHERE record_id = ?",
        [(trial, record) for record, trial in linked.trial_of.items() if trial_of[record] != trial],
    )
    refill(db, "trial_links", [astuple(row) for row in linked.links])


def link(records: Iterable[Numbered], references: Iterable[Reference]) -> Linked:
    """Joins records into trials. `references` are the secondary ids that carry a registry."""
    numbers: dict[str, tuple[str, str]] = {}  # record_id -> (registry, number)
    holders: dict[str, list[Numbered]] = defaultdict(list)
    ids: dict[str, str] = {}
    for record in sorted(records):
        found = canonical(record.registry_id)
        number = found.normalized if found else record.registry_id
        numbers[record.record_id] = (found.registry if found else record.source, number)
        holders[number].append(record)
        ids[record.record_id] = record.registry_id
    edges = [edge for number in holders for edge in _same_number(number, holders[number])]
    mentions: dict[tuple[str, str], TrialLink] = {}
    for reference in sorted(set(references)):
        others = holders.get(reference.id_normalized)
        if (
            not others
            or reference.record_id not in numbers
            or numbers[reference.record_id][1] == reference.id_normalized
        ):
            continue
        other = others[0].record_id
        named = f"{ids[reference.record_id]} names {reference.id_normalized} in {reference.source_field}"
        if reference.type in ("registry", "alias"):
            rank = _ALIAS_RANK if reference.type == "alias" else _ALIAS_RANK + 1
            edges.append(_Edge(rank, reference.record_id, other, "identifier", named))
        elif reference.type == "mention":
            link_ = TrialLink(reference.record_id, other, "mentioned", "identifier", named, None)
            mentions.setdefault((reference.record_id, other), link_)
    clusters = _Clusters(numbers)
    links: dict[tuple[str, str, str], TrialLink] = {}
    for edge in sorted(edges):
        conflict = clusters.join(edge)
        key = (edge.record_id, edge.other_record_id, edge.evidence)
        if conflict is None:
            links.setdefault(key, TrialLink(*key[:2], "same", edge.evidence, edge.detail, 1.0))
        else:
            links.setdefault(
                key, TrialLink(*key[:2], "mentioned", edge.evidence, f"{edge.detail}, but {conflict}", None)
            )
    for mention in mentions.values():
        links.setdefault((mention.record_id, mention.other_record_id, mention.evidence), mention)
    trial_of = {
        record_id: trial_id
        for members in clusters.members()
        for trial_id in [_trial_id(members, numbers, ids)]
        for record_id in members
    }
    return Linked(trial_of, [links[key] for key in sorted(links)])


def _same_number(number: str, records: list[Numbered]) -> Iterable[_Edge]:
    """Edges from the first record of a number to each other one."""
    first = records[0]
    for other in records[1:]:
        if other.source == first.source:
            detail = f"{first.registry_id} and {other.registry_id} are records of one number, {number}"
            yield _Edge(1, first.record_id, other.record_id, "identifier", detail)
        else:
            detail = f"{first.source} and {other.source} both serve {number}"
            yield _Edge(0, first.record_id, other.record_id, "mirror", detail)


class _Clusters:
    """Records joined so far; refuses a join that would give a trial two numbers of one registry."""

    def __init__(self, numbers: dict[str, tuple[str, str]]) -> None:
        self._parent = {record_id: record_id for record_id in numbers}
        self._numbers = {
            record_id: {number} if number[0] in _ONE_NUMBER_A_TRIAL else set() for record_id, number in numbers.items()
        }

    def join(self, edge: _Edge) -> str | None:
        """Joins the two records' clusters; the reason, as words, when that is refused."""
        one, other = self._root(edge.record_id), self._root(edge.other_record_id)
        if one == other:
            return None
        both = self._numbers[one] | self._numbers[other]
        if edge.rank != _ALIAS_RANK:
            for registry in _ONE_NUMBER_A_TRIAL:
                held = sorted(number for name, number in both if name == registry)
                added = (
                    len({n for r, n in self._numbers[one] if r == registry}),
                    len({n for r, n in self._numbers[other] if r == registry}),
                )
                if all(added) and len(held) > max(added):
                    return f"a trial has one number at {registry}: {' and '.join(held)}"
        first, second = sorted((one, other))
        self._parent[second] = first
        self._numbers[first] = both
        return None

    def members(self) -> Iterable[list[str]]:
        clusters: dict[str, list[str]] = defaultdict(list)
        for record_id in sorted(self._parent):
            clusters[self._root(record_id)].append(record_id)
        return clusters.values()

    def _root(self, record_id: str) -> str:
        while self._parent[record_id] != record_id:
            self._parent[record_id] = self._parent[self._parent[record_id]]
            record_id = self._parent[record_id]
        return record_id


def _trial_id(members: list[str], numbers: dict[str, tuple[str, str]], ids: dict[str, str]) -> str:
    """The NCT number if one of the records has one, else the EudraCT or EU CT number, else the first registry id."""
    for registries in (("ClinicalTrials.gov",), ("EUCTR", "CTIS")):
        held = sorted(numbers[record_id][1] for record_id in members if numbers[record_id][0] in registries)
        if held:
            return held[0]
    return min(ids[record_id] for record_id in members)
