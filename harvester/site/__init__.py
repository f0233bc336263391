"""Site room: the Datasette plugin that shows a catalogue to readers: its routes and hooks, each a few lines.

Found by Datasette through the entry point `datasette: harvester`, so `harvester serve` and a plain
`datasette catalogue.db -m metadata.yml` give the same site. Reads the catalogue, writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from datasette import hookimpl
from datasette.utils.asgi import Request, Response
from jinja2 import Environment
from markupsafe import Markup

from harvester.site import compare, database, findable, labels
from harvester.site.changes import changes
from harvester.site.downloads import MAKES_XLSX, search_csv, search_json, search_ris, search_xlsx
from harvester.site.entities import entity
from harvester.site.facets import facets_of
from harvester.site.feeds import feed, search_feed
from harvester.site.footer import footer
from harvester.site.home import first_page, home
from harvester.site.pages import ENTITIES, compile_templates, message, plain, trial_path
from harvester.site.payloads import payload
from harvester.site.quality import quality
from harvester.site.safety import App, guarded
from harvester.site.search import search
from harvester.site.sources import about, dictionary, sources
from harvester.site.table_csv import defusing
from harvester.site.trial import trial
from harvester.site.vocabulary import names_of, words_of

if TYPE_CHECKING:
    from datasette.app import Datasette

F = TypeVar("F", bound=Callable[..., Any])
_hook = cast("Callable[[F], F]", hookimpl)

_STATIC = Path(__file__).parent / "static"
#: The header's links, as far as their pages exist.
_NAVIGATION = (
    ("/search", "Search"), ("/compare", "Compare"), ("/changes", "Changes"), ("/quality", "Quality"), ("/sources", "Sources"),
    ("/dictionary", "Dictionary"), ("/about", "About"),
)  # fmt: skip


def _static(kind: str) -> dict[str, str]:
    """Name -> address of each style or script, with a mark of its content so that no browser keeps an old one."""
    return {
        path.stem: f"-/static-plugins/harvester/{path.name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        for path in sorted(_STATIC.glob(f"*.{kind}"))
    }


@_hook
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    return [
        (r"/$", home),
        (r"/search$", search),
        (r"/search\.csv$", search_csv),
        *([(r"/search\.xlsx$", search_xlsx)] if MAKES_XLSX else []),
        (r"/search\.ris$", search_ris),
        (r"/search\.json$", search_json),
        (r"/search\.atom$", search_feed),
        (r"/trial/(?P<number>.+)\.atom$", feed),
        (r"/trial/(?P<number>.+)$", trial),
        (rf"/(?P<kind>{'|'.join(ENTITIES)})/(?P<name>[^/]+)$", entity),
        (r"/payload/(?P<sha256>[0-9a-f]{64})$", payload),
        (r"/changes$", changes),
        (r"/changes\.atom$", feed),
        *compare.ROUTES,
        (r"/quality$", quality),
        (r"/sources$", sources),
        (r"/about$", about),
        (r"/robots\.txt$", findable.robots),
        (r"/sitemap\.xml$", findable.sitemaps),
        (rf"/sitemap-(?P<kind>{'|'.join(ENTITIES)})\.xml$", findable.sitemap_of_kind),
        (r"/sitemap-(?P<number>\d{1,6})\.xml$", findable.sitemap),
        (r"/dictionary$", dictionary),
    ]


def _has_page(path: str) -> bool:
    """Whether the site answers at an address."""
    return any(re.match(pattern, path.partition("?")[0]) for pattern, _ in register_routes())


def _prepare(datasette: Datasette, db: database.Reading) -> None:
    """Makes what pages share of a catalogue, before a reader waits for it."""
    compile_templates(datasette)
    for make in (facets_of, names_of, first_page):
        make(db)


@_hook
def startup(datasette: Datasette) -> None:
    database.adopt(datasette, prepare=partial(_prepare, datasette), then=words_of)  # few searches need the words


@_hook
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    base = datasette.setting("base_url").rstrip("/")
    return lambda app: guarded(defusing(app, lambda path: _has_page(path.removeprefix(base))))


@_hook
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    # Datasette's own pages, and its error pages, which get no other context, have the same header and footer.
    async def site_footer() -> dict[str, Any]:
        return await footer(datasette)

    env.globals["site_footer"] = site_footer
    env.globals["site_style"], env.globals["site_script"] = _static("css"), _static("js")
    env.globals["has_page"] = _has_page
    env.globals["readable_date"] = labels.date
    env.globals["plain_templates"] = plain(env)
    env.globals["site_nav"] = [(path, name) for path, name in _NAVIGATION if _has_page(path)]


@_hook
def render_cell(value: object, column: str, table: str | None) -> str | None:
    """In rows of a query, and of `trials` itself, a trial's number leads to its page; other tables lead to the row of `trials`."""
    if column != "trial_id" or table not in (None, "trials") or not isinstance(value, str):
        return None
    return Markup('<a href="{}">{}</a>').format(trial_path(value), value)


@_hook
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Any:
    """Says in a sentence what is wrong with the catalogue; everything else is left to Datasette."""

    async def answer() -> Response | None:
        if isinstance(exception, database.NoCatalogue):
            return await message(datasette, request, "There is no catalogue to show", str(exception), 503)
        if isinstance(exception, database.TooSlow):
            return await message(datasette, request, "The search was stopped", str(exception), 503)
        if getattr(exception, "title", None) == "SQL Interrupted":  # Datasette's own page of it has a script within
            seconds = datasette.setting("sql_time_limit_ms") / 1000
            text = f"The query took more than {seconds:g} seconds. Ask for fewer rows, or download the catalogue."
            if request.path.endswith(".json"):
                return Response.json({"ok": False, "error": text, "status": 400}, status=400)
            return await message(datasette, request, "The query was stopped", text, 400)
        return None

    return answer
