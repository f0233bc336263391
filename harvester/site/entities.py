"""Site room: `/sponsor/<id>`, `/condition/<name>`, `/intervention/<name>`, `/country/<code>`: its trials, their pictures, its names.

Each is the search with one filter, so its list, its downloads and its feed are those of the search. Routes are registered by the
plugin; a name in another spelling redirects to the page's own address.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from harvester.site import entity_names, findable, labels, links, pictures
from harvester.site.finding import Found, find
from harvester.site.listing import forms, listed
from harvester.site.pages import Moved, Shown, entity_path, name_path, page, saying
from harvester.site.vocabulary import names_of
from harvester.site.wanted import Wanted, wanted
from normalize.countries import country
from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Names that a list beside the pictures holds.
_NAMED = 8
#: What usually goes together is told of so many trials, those updated last.
_LOOKED_AT = 1_000


class Entity(NamedTuple):
    """One sponsor, condition, intervention or country; `key` ends its address and is the value of the filter."""

    kind: str
    key: str
    title: str
    explanation: str
    details: dict[str, Any]  # what only this kind has, for the template

    @property
    def search(self) -> Wanted:
        return Wanted(filters={self.kind: (self.key,)})

    @property
    def path(self) -> str:
        return entity_path(self.kind, self.key) or ""


# ------------------------------------------------------------------------------------------------------- the four kinds


def _sponsor(db: sqlite3.Connection, text: str) -> Entity | None:
    row = entity_names.sponsor(db, text)
    if row is None:
        return None
    trials = dict(find(db, Wanted()).counts("sponsor"))
    members = [
        {**one, "trials": trials.get(one["sponsor_id"], 0)} for one in entity_names.members(db, row["sponsor_id"])
    ]
    members.sort(key=lambda one: (-one["trials"], one["name"]))
    family = (row["sponsor_id"], *(one["sponsor_id"] for one in members))
    partner = Wanted(filters={"partner": (row["sponsor_id"],)})
    others = find(db, partner).size
    details = {
        "class": labels.word("sponsor_class", row["class"]) if row["class"] != "unknown" else "",
        "country": labels.country_name(row["country_code"]) if row["country_code"] else "",
        "country_path": entity_path("country", row["country_code"]),
        "parent": row["parent"],
        "parent_path": entity_path("sponsor", row["parent_sponsor_id"]),
        "members": [_counted(one["name"], one["trials"], entity_path("sponsor", one["sponsor_id"])) for one in members],
        "family": Wanted(filters={"sponsor": family}).path if members else None,
        "partner": _counted("", others, partner.path) if others else None,
        "spellings": [
            {**one, "records": labels.number(one["records"])} for one in entity_names.spellings(db, row["sponsor_id"])
        ],
    }
    return Entity(
        "sponsor", row["sponsor_id"], row["name"], "Trials of which this organization is the primary sponsor.", details
    )


def _condition(db: sqlite3.Connection, text: str) -> Entity | None:
    name = fold(text)
    title = entity_names.spelling(db, "conditions", name)
    if title is None:
        return None
    names = names_of(db)
    codes = [
        {
            "code": code,
            "url": links.mesh(code),
            "names": [
                {"name": other, "path": name_path("condition", other), "is_own": fold(other) == name}
                for other in names.by_code[code]
            ],
        }
        for code in sorted(names.codes.get(name, ()))
    ]
    explanation = "Trials whose registry entries list this condition" + (
        " or another name with the same code." if len(names.same_condition(name)) > 1 else "."
    )
    details = {"codes": codes, "terms": _terms(db, "conditions", name)}
    return Entity("condition", name.replace(" ", "-"), title, explanation, details)


def _terms(db: sqlite3.Connection, table: str, name: str) -> list[dict[str, Any]]:
    """MeSH terms of a name, each with the search for the trials that have it or a narrower one."""
    found = []
    for row in entity_names.derived_terms(db, table, name):
        search = Wanted(filters={"mesh": (row["mesh_id"],)})
        found.append(_counted(row["term"], find(db, search).size, search.path))
    return found


def _intervention(db: sqlite3.Connection, text: str) -> Entity | None:
    name = fold(text)
    title = entity_names.spelling(db, "interventions", name)
    if title is None:
        return None
    other_names = [
        {"name": other, "path": name_path("intervention", other) if entity_names.spelling(db, "interventions", fold(other)) else None}
        for other in entity_names.other_names(db, name)
    ]  # fmt: skip
    types = [labels.word("intervention_type", type_) for type_ in entity_names.intervention_types(db, name)]
    details = {"types": ", ".join(types), "terms": _terms(db, "interventions", name), "other_names": other_names}
    return Entity(
        "intervention", name.replace(" ", "-"), title, "Trials whose registry entries name this intervention.", details
    )


def _country(db: sqlite3.Connection, text: str) -> Entity | None:
    code, name = country(text.upper() if len(text) == 2 else text)
    if not code or not name or not find(db, Wanted(filters={"country": (code,)})).size:
        return None
    return Entity("country", code, name, f"Trials that recruit, recruited or are to recruit in {name}.", {})


_KINDS: dict[str, Callable[[sqlite3.Connection, str], Entity | None]] = {
    "sponsor": _sponsor,
    "condition": _condition,
    "intervention": _intervention,
    "country": _country,
}

# ------------------------------------------------------------------------------------------------------------- the page


def _counted(name: str, trials: int, path: str | None) -> dict[str, Any]:
    return {"name": name, "count": labels.number(trials), "is_one": trials == 1, "path": path}


def _together(db: sqlite3.Connection, entity: Entity, found: Found) -> list[dict[str, Any]]:
    """What the trials have in common beside this one: lists of names with numbers of trials."""
    rowids = found.ordered(db, "update")[:_LOOKED_AT]
    lists = []
    for kind, table, heading in (
        ("condition", "conditions", "Conditions"),
        ("intervention", "interventions", "Interventions"),
    ):
        own = {fold(entity.key)} | set(names_of(db).same_condition(fold(entity.key)))
        common = [one for one in entity_names.common(db, table, rowids) if fold(one.name) not in own][:_NAMED]
        lists.append((heading, [_counted(one.name, one.trials, name_path(kind, one.name)) for one in common]))
    if entity.kind != "sponsor":
        counted = [(key, count) for key, count in found.counts("sponsor") if key is not None][:_NAMED]
        sponsors = [_counted(found.names.get(key, key), n, entity_path("sponsor", key)) for key, n in counted]
        lists.append(("Primary sponsors", sponsors))
    return [{"heading": heading, "rows": rows} for heading, rows in lists if rows]


def _page(
    db: sqlite3.Connection, kind: str, text: str, asked_for: Wanted, address: Callable[[str], str]
) -> Shown | Moved:
    entity = _KINDS[kind](db, text)
    if entity is None:
        return saying(
            f"No {kind} “{text}” here",
            f"No trial of this catalogue has the {kind} {text}.",
            404,
            text.replace("-", " "),
        )
    if entity.key != text:
        return Moved(entity.path)
    return Shown("entity.html", {**_context(db, entity, asked_for), "address": address(entity.path)})


def _context(db: sqlite3.Connection, entity: Entity, asked_for: Wanted) -> dict[str, Any]:
    """What the page shows."""
    kind, search = entity.kind, entity.search
    found = find(db, search)
    recruiting = search.toggled("status", "recruiting")
    facets = ("status", "phase", "class" if kind == "country" else "country")
    count = labels.number(found.size)
    return {
        "kind": kind,
        "heading": kind.capitalize(),
        "title": entity.title,
        "explanation": entity.explanation,
        **entity.details,
        **listed(db, found, "update", asked_for, entity.path),
        **forms(search),
        "path": entity.path,
        "recruiting": _counted("", find(db, recruiting).size, recruiting.path),
        "charts": [pictures.by_year(found, search), *(pictures.spread(found, search, facet) for facet in facets)],
        "together": _together(db, entity, found),
        "looked_at": labels.number(_LOOKED_AT) if found.size > _LOOKED_AT else "",
        "hidden": search.pairs,
        "q": "",
        "search_label": "Search within these trials",
        "told": {
            "@context": "https://schema.org",
            "@type": "CollectionPage",
            "name": f"{entity.title}: clinical trials",
            "description": f"{count} clinical {'trial' if found.size == 1 else 'trials'}. {entity.explanation}",
        },
    }  # fmt: skip


async def entity(datasette: Datasette, request: Request) -> Response:
    """The page of one sponsor, condition, intervention or country."""
    kind, text = request.url_vars["kind"], unquote(request.url_vars["name"])
    asked_for = wanted(request)
    place = Wanted(page=asked_for.page, picked=asked_for.picked)
    return await page(
        datasette, request, lambda db: _page(db, kind, text, place, partial(findable.address, datasette, request))
    )
