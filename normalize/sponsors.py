"""Sponsors room: names of organizations -> one organization. Registry-blind; called by the build with all names of a catalogue.

A name is taken apart (`sponsor_names`), looked for in the list of known organizations (`sponsor_list`), else joined with its
like (`sponsor_joins`). Its class comes from the list, else from the registries (the class that most records give), else from its
words (`sponsor_class`): the list comes first because a hospital ticked as "Commercial" once would else turn to industry.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from normalize.closed_lists import SponsorClass
from normalize.sponsor_class import by_evidence
from normalize.sponsor_file import organizations as known_organizations
from normalize.sponsor_joins import Cluster, Doubtful, Spelled, joined
from normalize.sponsor_list import find
from normalize.sponsor_names import is_nobody, read_name, slug
from normalize.sponsor_overrides import obeyed
from normalize.sponsor_people import is_person
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


class Candidate(NamedTuple):
    """Two organizations of the catalogue that may be one: `likeness` is the shared weight of their words, 0 to 1."""

    sponsor_id: str
    other_sponsor_id: str
    name_raw: str
    other_name_raw: str
    likeness: float


class Sponsors(NamedTuple):
    organizations: list[Organization]
    aliases: list[Alias]
    candidates: list[Candidate]


Counted = TypeVar("Counted", bound=str)


def organizations(uses: Iterable[NameUse], written: Mapping[str, str] | None = None) -> Sponsors:
    """Organizations, the spelling-to-organization table and near misses; nothing depends on the order of `uses`.

    A spelling that names nobody ("N/A", "Sponsor not yet defined") has no alias. `Alias.rule` says how the spelling came to its
    organization and, after a semicolon, where the organization's class is from. `written` is a person's word: spelling -> the
    organization that it names, by another spelling, name or sponsor_id; an organization that nothing else names is a new one.
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
        said = bool(classes[name_raw]) and _most_used(classes[name_raw]) == "individual"
        person = is_person(name_raw, name, said)
        match = find(name_raw, name, person)
        spelled.append(Spelled(name_raw, name._replace(person=True) if person else name, match))
    clusters, doubtful = joined(spelled)
    clusters = obeyed(clusters, written or {})

    found: list[Organization] = []
    aliases: list[Alias] = []
    used: set[str] = set()
    for cluster in sorted(clusters, key=_first_spelling):
        votes: Counter[SponsorClass] = Counter()
        for member, _ in cluster.members:
            votes.update(classes[member.name_raw])
        organization, origin = _organization(cluster, records, votes, used)
        used.add(organization.sponsor_id)
        found.append(organization)
        aliases += [
            Alias(member.name_raw, organization.sponsor_id, f"{rule}; {origin}") for member, rule in cluster.members
        ]
    found += _missing_parents(found)
    return Sponsors(sorted(found), sorted(aliases), _candidates(doubtful, aliases))


def _first_spelling(cluster: Cluster) -> tuple[bool, str, str]:
    names = [member.name_raw for member, _ in cluster.members]
    return cluster.known is None, min(map(fold, names)), min(names)


def _organization(
    cluster: Cluster, records: Counter[str], votes: Counter[SponsorClass], used: set[str]
) -> tuple[Organization, str]:
    """The organization of a cluster, and where its class is from."""
    known = cluster.known
    if known is not None:
        parent = slug(known.parent) if known.parent else None
        row = Organization(slug(known.name), known.name, known.class_, parent, known.country_code)
        return row, "class from organizations.yml"
    shown = cluster.called or _most_used(
        Counter({member.name_raw: records[member.name_raw] for member, _ in cluster.members})
    )
    class_: SponsorClass
    if votes:
        class_, origin = _most_used(votes), "class from the registry"
    else:
        class_, origin = _by_names(cluster.members), "class from words of the name"
    sponsor_id = slug(cluster.called) if cluster.called else _own_slug(cluster.members, used)
    return Organization(sponsor_id, shown, class_, None, None), origin


def _candidates(doubtful: list[Doubtful], aliases: list[Alias]) -> list[Candidate]:
    """The near misses between organizations, each pair once, the likest first."""
    of = {alias.name_raw: alias.sponsor_id for alias in aliases}
    found: dict[tuple[str, str], Candidate] = {}
    for near in doubtful:
        one, other = sorted((near.name_raw, near.other_name_raw), key=lambda name: (of[name], name))
        if of[one] != of[other]:
            found.setdefault((of[one], of[other]), Candidate(of[one], of[other], one, other, near.likeness))
    return list(found.values())


def _missing_parents(found: list[Organization]) -> list[Organization]:
    """Parents that no name of the catalogue names, and theirs: `parent_sponsor_id` must lead to a row."""
    by_id = {slug(known.name): known for known in known_organizations().values()}
    have = {organization.sponsor_id for organization in found}
    wanted = [organization.parent_sponsor_id for organization in found]
    out = []
    while wanted:
        sponsor_id = wanted.pop()
        if sponsor_id is None or sponsor_id in have:
            continue
        have.add(sponsor_id)
        known = by_id[sponsor_id]
        parent = slug(known.parent) if known.parent else None
        out.append(Organization(sponsor_id, known.name, known.class_, parent, known.country_code))
        wanted.append(parent)
    return out


def _by_names(members: list[tuple[Spelled, str]]) -> SponsorClass:
    """The class that most spellings speak for; those that are silent do not count."""
    votes: Counter[SponsorClass] = Counter(by_evidence(member.name_raw, member.name) for member, _ in members)
    del votes["unknown"]
    return _most_used(votes) if votes else "unknown"


def _own_slug(members: list[tuple[Spelled, str]], used: set[str]) -> str:
    """A readable id from the shortest spelling without legal form, so that it changes little when spellings come and go."""
    words = min(("-".join(m.name.words) or slug(m.name_raw) for m, _ in members), key=lambda text: (len(text), text))[
        :80
    ].strip("-")
    candidates = [words, *sorted((slug(m.name_raw)[:120] for m, _ in members), key=lambda text: (len(text), text))]
    for candidate in candidates:
        if candidate not in used:
            return candidate
    number = 2
    while f"{words}-{number}" in used:
        number += 1
    return f"{words}-{number}"


def _most_used(counted: Counter[Counted]) -> Counted:
    return min(counted, key=lambda name: (-counted[name], name))
