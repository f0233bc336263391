"""Sponsors room: a person's word on single spellings, which goes before every rule. Called by `sponsors`."""

from __future__ import annotations

from collections.abc import Mapping

from normalize.sponsor_file import organizations as known_organizations
from normalize.sponsor_joins import Cluster, Spelled
from normalize.sponsor_names import slug

RULE = "written by hand"


def obeyed(clusters: list[Cluster], written: Mapping[str, str]) -> list[Cluster]:
    """The clusters with each spelling of `written` moved to the organization that stands beside it there.

    That organization is looked for by every spelling of the catalogue and of organizations.yml, and by its key; all are looked
    for before any spelling moves, so that the order of lines decides nothing. One that nothing else names is a new one of that name.
    """
    if not written:
        return clusters
    keys = _keys(clusters)
    listed = {slug(name): known for known in known_organizations().values() for name in (*known.whole, *known.phrases)}
    moved: dict[str, list[tuple[Spelled, str]]] = {}
    kept: list[Cluster] = []
    for cluster in clusters:
        staying = [(one, rule) for one, rule in cluster.members if one.name_raw not in written]
        for one, _ in cluster.members:
            if one.name_raw in written:
                moved.setdefault(slug(written[one.name_raw]), []).append((one, RULE))
        kept.append(cluster._replace(members=staying))
    names = {slug(target): target for target in sorted(written.values(), reverse=True)}
    for key, members in sorted(moved.items()):
        if key in keys:
            kept[keys[key]].members.extend(members)
        elif key in listed:
            kept.append(Cluster(listed[key], members))
        else:
            kept.append(Cluster(None, members, names[key]))
    return _merged([cluster for cluster in kept if cluster.members])


def _keys(clusters: list[Cluster]) -> dict[str, int]:
    """Key of a spelling, a name or an organization -> place of its cluster."""
    keys: dict[str, int] = {}
    for place, cluster in enumerate(clusters):
        for one, _ in cluster.members:
            keys.setdefault(slug(one.name_raw), place)
            keys.setdefault("-".join(one.name.words), place)
    for place, cluster in enumerate(clusters):
        if cluster.known is not None:
            for name in (cluster.known.name, *cluster.known.whole, *cluster.known.phrases):
                keys[slug(name)] = place
    return keys


def _merged(clusters: list[Cluster]) -> list[Cluster]:
    """Several spellings of one listed organization that no rule had found lead to one cluster."""
    of: dict[str, Cluster] = {}
    out = []
    for cluster in clusters:
        first = of.setdefault(cluster.known.name, cluster) if cluster.known else cluster
        if first is cluster:
            out.append(cluster)
        else:
            first.members.extend(cluster.members)
    return out
