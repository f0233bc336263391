"""Site room: what search engines and previews read: `/robots.txt`, `/sitemap.xml`, and a trial in the words of schema.org.

Routes are registered by the plugin; `study` is called by `trial`, and `_findable.html` writes it into the head of the page.
"""

from __future__ import annotations

import sqlite3
import textwrap
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response
from markupsafe import escape

from harvester.site import entity_names, links, queries
from harvester.site.database import catalogue_of, read
from harvester.site.entries import Trial
from harvester.site.finding import find
from harvester.site.pages import ENTITIES, entity_path, name_path, trial_path
from harvester.site.wanted import Wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Trial addresses in one page of the sitemap; the protocol allows 50,000.
PAGE = 20_000
#: Most sponsors, conditions, interventions in a page of the sitemap of their own.
_MOST = 50_000
#: Pages made anew for every question: without end for a crawler, and nothing that a trial's page does not hold. {} is the database.
_CLOSED = ("/search", "/compare", "/payload/", "/-/", "/{}?*", "/{}/*?", "/{}.db")
#: https://www.sitemaps.org/protocol.html
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: Our status -> https://schema.org/MedicalStudyStatus
_STATUS = {
    "recruiting": "Recruiting", "not_yet_recruiting": "NotYetRecruiting", "completed": "Completed", "terminated": "Terminated",
    "active_not_recruiting": "ActiveNotRecruiting", "enrolling_by_invitation": "EnrollingByInvitation",
    "suspended": "Suspended", "withdrawn": "Withdrawn",
}  # fmt: skip
#: Characters of a description that search engines and previews show.
_DESCRIPTION = 200


def address(datasette: Datasette, request: Request, path: str) -> str:
    """The whole address of a path of this site, with host and base_url."""
    return str(datasette.absolute_url(request, datasette.urls.path(path)))


async def robots(datasette: Datasette, request: Request) -> Response:
    """`/robots.txt`: trials may be read; pages made for a question may not."""
    database = catalogue_of(datasette).route or catalogue_of(datasette).name
    closed = [f"Disallow: {datasette.urls.path(path.format(database))}" for path in _CLOSED]
    allowed = f"Allow: {datasette.urls.path('/trial/')}"
    lines = ["User-agent: *", allowed, *closed, "", f"Sitemap: {address(datasette, request, '/sitemap.xml')}"]
    return Response.text("\n".join(lines) + "\n")


def _xml(root: str, entry: str, addresses: list[tuple[str, str | None]]) -> Response:
    """A sitemap, or an index of sitemaps: addresses with the date of their last change."""
    entries = (
        f"<{entry}><loc>{escape(loc)}</loc>{f'<lastmod>{escape(changed)}</lastmod>' if changed else ''}</{entry}>\n"
        for loc, changed in addresses
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{"".join(entries)}</{root}>\n'
    return Response(body, content_type="application/xml; charset=utf-8")


async def sitemaps(datasette: Datasette, request: Request) -> Response:
    """`/sitemap.xml`: the index of the pages below."""
    trials = (await read(datasette, queries.totals))["trials"]
    pages = range(1, -(-trials // PAGE) + 1)
    parts = [*map(str, pages), *ENTITIES]
    return _xml("sitemapindex", "sitemap", [(address(datasette, request, f"/sitemap-{n}.xml"), None) for n in parts])


async def sitemap(datasette: Datasette, request: Request) -> Response:
    """`/sitemap-<n>.xml`, from 1: `PAGE` trials with the date of their last update; 404 beyond the last one."""
    number = int(request.url_vars["number"])
    rows = await read(datasette, lambda db: queries.trial_updates(db, PAGE, (number - 1) * PAGE)) if number else []
    if not rows:
        return Response.text(f"There is no page {number} of the sitemap; see /sitemap.xml.\n", status=404)
    found = [(address(datasette, request, trial_path(row["trial_id"])), row["last_update_date"]) for row in rows]
    return _xml("urlset", "url", found)


async def sitemap_of_kind(datasette: Datasette, request: Request) -> Response:
    """`/sitemap-sponsor.xml` and the like: the pages of sponsors, conditions, interventions or countries with most trials."""
    paths = await read(datasette, lambda db: _paths(db, request.url_vars["kind"]))
    return _xml("urlset", "url", [(address(datasette, request, path), None) for path in paths])


def _paths(db: sqlite3.Connection, kind: str) -> list[str]:
    if kind in ("sponsor", "country"):
        counted = find(db, Wanted()).counts(kind)[:_MOST]
        return [path for key, _ in counted if (path := entity_path(kind, key))]
    names = entity_names.often_used(db, f"{kind}s", _MOST)
    return [path for name in names if (path := name_path(kind, name))]


def study(trial: Trial) -> dict[str, Any]:
    """The trial as https://schema.org/MedicalTrial without `url`; what the registries do not give is left out."""
    row = trial.row
    title = row["public_title"] or row["scientific_title"] or row["trial_id"]
    summary = row["brief_summary"] or row["scientific_title"] or title
    status = _STATUS.get(row["recruitment_status"])
    given = {
        "name": title,
        "alternateName": [name for name in (row["acronym"], row["scientific_title"]) if name and name != title],
        "description": textwrap.shorten(summary, _DESCRIPTION, placeholder=" …"),
        "identifier": list(dict.fromkeys([row["trial_id"], *(one.row["registry_id"] for one in trial.entries)])),
        "status": f"https://schema.org/{status}" if status else None,
        "healthCondition": _named("MedicalCondition", row["conditions"]),
        "studyLocation": _named("Country", row["countries"]),
        "sponsor": {"@type": "Organization", "name": row["primary_sponsor"]} if row["primary_sponsor"] else None,
        "sameAs": [url for one in trial.entries if (url := links.safe(one.row["url"]))],
    }
    return {
        "@context": "https://schema.org",
        "@type": "MedicalTrial",
        **{name: value for name, value in given.items() if value},
    }


def _named(type_: str, lines: str | None) -> list[dict[str, str]]:
    return [{"@type": type_, "name": name} for name in (lines or "").splitlines()]
