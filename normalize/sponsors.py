"""Sponsors room: names of organizations -> one organization. Registry-blind; called by the build with all names of a catalogue.

A name is taken apart (`sponsor_names`), looked for in the list of known organizations (`sponsor_list`), else joined with its
like (`sponsor_joins`). Its class comes from the list, else from the registries (the class that most records give), else from its
words (`sponsor_class`): the list comes first because a hospital ticked as "Commercial" once would else turn to industry.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from normalize.schema import SponsorClass
from normalize.sponsor_class import by_evidence
from normalize.sponsor_joins import Spelled, joined
from normalize.sponsor_list import find
from normalize.sponsor_list import organizations as known_organizations
from normalize.sponsor_names import is_nobody, read_name
from normalize.text import fold


class NameUse(NamedTuple):
    """A spelling, the registry's class of it where one was given, and how many records use it so."""

    name_raw: str
    class_registry: SponsorClass | None
    records: int


class Organization(NamedTuple):
    sponsor_id: str
    name: str
    class_: SponsorClass
    parent_sponsor_id: str | None
    country_code: str | None


class Alias(NamedTuple):
    name_raw: str
    sponsor_id: str
    rule: str


Counted = TypeVar("Counted", bound=str)


def organizations(uses: Iterable[NameUse]) -> tuple[list[Organization], list[Alias]]:
    """Organizations and the spelling-to-organization table; the result does not depend on the order of `uses`.

    A spelling that names nobody ("N/A", "Sponsor not yet defined") has no alias. `Alias.rule` says how the spelling came to its
    organization and, after a semicolon, where the organization's class is from.
    """
    records: Counter[str] = Counter()
    classes: dict[str, Counter[SponsorClass]] = defaultdict(Counter)
    for use in uses:
        if is_nobody(use.name_raw):
            continue
        records[use.name_raw] += use.records
        if use.class_registry and use.class_registry != "unknown":
            classes[use.name_raw][use.class_registry] += use.records
    spelled = []
    for name_raw in sorted(records):
        name = read_name(name_raw)
        spelled.append(Spelled(name_raw, name, find(name_raw, name)))

    found: list[Organization] = []
    aliases: list[Alias] = []
    used: set[str] = set()
    clusters = sorted(
        joined(spelled),
        key=lambda c: (
            c.known is None,
            min(fold(m.name_raw) for m, _ in c.members),
            min(m.name_raw for m, _ in c.members),
        ),
    )
    for cluster in clusters:
        names = Counter({member.name_raw: records[member.name_raw] for member, _ in cluster.members})
        shown = _most_used(names)
        votes: Counter[SponsorClass] = Counter()
        for name_raw in names:
            votes.update(classes[name_raw])
        known = cluster.known
        class_: SponsorClass
        if known is not None:
            class_, origin = known.class_, "class from organizations.yml"
        elif votes:
            class_, origin = _most_used(votes), "class from the registry"
        else:
            class_, origin = _by_names(cluster.members), "class from words of the name"
        sponsor_id = _slug(known.name) if known else _own_slug(cluster.members, used)
        used.add(sponsor_id)
        found.append(
            Organization(
                sponsor_id,
                known.name if known else shown,
                class_,
                _slug(known.parent) if known and known.parent else None,
                known.country_code if known else None,
            )
        )
        aliases += [Alias(member.name_raw, sponsor_id, f"{rule}; {origin}") for member, rule in cluster.members]
    found += _missing_parents(found)
    return sorted(found), sorted(aliases)


def _missing_parents(found: list[Organization]) -> list[Organization]:
    """Parents that no name of the catalogue names, and theirs: `parent_sponsor_id` must lead to a row."""
    by_id = {_slug(known.name): known for known in known_organizations().values()}
    have = {organization.sponsor_id for organization in found}
    wanted = [organization.parent_sponsor_id for organization in found]
    out = []
    while wanted:
        sponsor_id = wanted.pop()
        if sponsor_id is None or sponsor_id in have:
            continue
        have.add(sponsor_id)
        known = by_id[sponsor_id]
        parent = _slug(known.parent) if known.parent else None
        out.append(Organization(sponsor_id, known.name, known.class_, parent, known.country_code))
        wanted.append(parent)
    return out


def _by_names(members: list[tuple[Spelled, str]]) -> SponsorClass:
    """The class that most spellings speak for; those that are silent do not count."""
    votes: Counter[SponsorClass] = Counter(by_evidence(member.name_raw, member.name) for member, _ in members)
    del votes["unknown"]
    return _most_used(votes) if votes else "unknown"


def _slug(name: str) -> str:
    return fold(name).replace(" ", "-")


def _own_slug(members: list[tuple[Spelled, str]], used: set[str]) -> str:
    """A readable id from the shortest spelling without legal form, so that it changes little when spellings come and go."""
    words = min(("-".join(m.name.words) or _slug(m.name_raw) for m, _ in members), key=lambda text: (len(text), text))[
        :80
    ].strip("-")
    candidates = [words, *sorted((_slug(m.name_raw)[:120] for m, _ in members), key=lambda text: (len(text), text))]
    for candidate in candidates:
        if candidate not in used:
            return candidate
    number = 2
    while f"{words}-{number}" in used:
        number += 1
    return f"{words}-{number}"


def _most_used(counted: Counter[Counted]) -> Counted:
    return min(counted, key=lambda name: (-counted[name], name))
