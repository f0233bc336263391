"""Site room: how what a view found becomes a page. Called by every view.

A page is read and written in one call beside the event loop, on one connection to one catalogue. Its template is compiled for
plain calls: where every loop and call can be awaited, as in Datasette's own templates, writing takes twice the time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from datasette.url_builder import Urls
from datasette.utils.asgi import Request, Response
from jinja2 import BytecodeCache, Environment, Template
from jinja2.bccache import Bucket

from harvester.site.database import catalogue_of, read
from harvester.site.footer import footer, sources_named
from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette

_TEMPLATES = Path(__file__).parent / "templates"
#: A browser may keep a page, and asks whether it is still the same before it shows it again.
_CACHED = {"cache-control": "no-cache"}


class Shown(NamedTuple):
    """A page: its template, and what the template writes."""

    template: str
    context: Mapping[str, Any]
    status: int = 200


class Moved(NamedTuple):
    """The page stands elsewhere: a path of this site, without its base_url."""

    path: str


Prepare = Callable[[sqlite3.Connection], Shown | Moved]


class _Urls(Urls):  # type: ignore[misc]  # Datasette is not typed
    """Datasette's addresses as plain text: a page has hundreds, and Datasette's own type of text is slow."""

    def __init__(self, datasette: Datasette) -> None:
        super().__init__(datasette)
        self._base = str(datasette.setting("base_url"))

    def path(self, path: str, format: str | None = None) -> str:
        return str(super().path(path, format)) if format else self._base + path.removeprefix("/")


class _Compiled(BytecodeCache):
    """Templates that were compiled before in this process."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._code.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def compile_templates(datasette: Datasette) -> None:
    """Compiles this room's templates, half a second's work, before a reader waits for it."""
    for path in _TEMPLATES.glob("*.html"):
        _template(datasette, path.name)


def plain(env: Environment) -> Environment:
    """Datasette's environment of templates, without `await` in what it compiles."""
    overlay = env.overlay(enable_async=False, auto_reload=False, bytecode_cache=_COMPILED)
    elsewhere = overlay.getattr

    def attribute(found: Any, name: str) -> Any:
        # Nearly all that a template is given are dicts: what is no attribute of theirs costs Jinja an exception each time.
        return found[name] if type(found) is dict and name in found else elsewhere(found, name)

    overlay.getattr = attribute  # type: ignore[method-assign, assignment]
    return overlay


async def page(datasette: Datasette, request: Request, prepare: Prepare) -> Response:
    """The page that `prepare` finds in the catalogue. Raises NoCatalogue, TooSlow."""
    file = catalogue_of(datasette)
    file.identity()  # a page that is kept is not shown when the catalogue has gone
    answers = file.answers
    address = (request.scheme, request.host, request.full_path)
    known = answers.get(address)
    if known is None:
        frame = await _frame(datasette, request)

        def written(db: sqlite3.Connection) -> tuple[Shown | Moved, str]:
            found = prepare(db)
            if isinstance(found, Moved):
                return found, ""
            end = {"sources": sources_named(db), "database": file.name}
            return found, _written(datasette, found, frame, end)

        found, html = await read(datasette, written)
        if isinstance(found, Moved):
            return Response.redirect(datasette.urls.path(found.path))
        if found.status != 200 or answers is not file.answers:  # the catalogue was replaced meanwhile
            return Response.html(html, status=found.status)
        known = answers.keep(address, html.encode())
    headers = {**_CACHED, "etag": known.etag}
    if request.headers.get("if-none-match") == known.etag:
        return Response("", status=304, headers=headers)
    return Response.html(known.body, headers=headers)


async def unread_page(datasette: Datasette, request: Request, shown: Shown) -> Response:
    """A page that needs no catalogue."""
    html = _written(datasette, shown, await _frame(datasette, request), await footer(datasette))
    return Response.html(html, status=shown.status)


async def message(datasette: Datasette, request: Request, title: str, text: str, status: int) -> Response:
    """A page that only says something: what is not here, and what to do."""
    return await unread_page(datasette, request, saying(title, text, status))


def saying(title: str, text: str, status: int, search: str = "") -> Shown:
    """The page of a message; `search` are words that may find what was meant."""
    return Shown("message.html", {"title": title, "text": text, "search": search}, status)


async def _frame(datasette: Datasette, request: Request) -> dict[str, Any]:
    """What `base.html` needs beside a page's own context; styles and scripts of the operator and of other plugins among it."""
    base = _template(datasette, "base.html")
    return {
        "request": request,
        "urls": _Urls(datasette),
        **{
            kind: await datasette._asset_urls(kind, base, {}, request, None)
            for kind in ("extra_css_urls", "extra_js_urls")
        },
    }


def _template(datasette: Datasette, name: str) -> Template:
    plain_templates: Environment = datasette.jinja_env.globals["plain_templates"]
    return plain_templates.get_template(name)


def _written(datasette: Datasette, shown: Shown, frame: Mapping[str, Any], end: Mapping[str, Any]) -> str:
    return _template(datasette, shown.template).render({**frame, **shown.context, "site_footer": lambda: end})


def trial_path(trial_id: str, suffix: str = "") -> str:
    """`/trial/CTRI%2F2020%2F04%2F024567`: some registries have slashes in their numbers. Without the site's base_url."""
    return f"/trial/{quote(trial_id, safe=':')}{suffix}"


#: Kinds of things that have a page of their own beside trials.
ENTITIES = ("sponsor", "condition", "intervention", "country")
#: Longer names of conditions and interventions are sentences, which no other trial shares.
_LONGEST_NAME = 80


def entity_path(kind: str, key: str | None) -> str | None:
    """`/sponsor/nordvik-pharma`, `/country/FR`: the page of a sponsor_id or a country code; None for none."""
    return f"/{kind}/{quote(key, safe='')}" if key else None


def name_path(kind: str, name: str) -> str | None:
    """`/condition/pregnancy-loss`: the page of a condition or an intervention; None for a sentence, or what holds no letter."""
    folded = fold(name)
    return entity_path(kind, folded.replace(" ", "-")) if len(folded) <= _LONGEST_NAME else None
