"""Site room: feeds (Atom): what changed in all trials, in one trial, and what is new or changed in the trials of any search.

A topic's feed and a sponsor's are those of their searches. Routes: `/changes.atom`, `/trial/<trial_id>.atom`, `/search.atom`.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response
from lxml import etree

from harvester.changes import Update, arrivals, updates
from harvester.site.cards import filters_in_words
from harvester.site.changes import changes_path, heading
from harvester.site.database import read
from harvester.site.findable import address
from harvester.site.finding import Found, find
from harvester.site.pages import trial_path
from harvester.site.wanted import Wanted, wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

_MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"
#: Characters that XML cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Of so many trials the changes are looked up trial by trial; of more all changes are read, newest first, until enough are theirs.
_ONE_BY_ONE = 20_000


async def feed(datasette: Datasette, request: Request) -> Response:
    """`/changes.atom` and `/trial/<trial_id>.atom`: the changes of all records, or of one trial's."""
    trial_id = unquote(request.url_vars["number"]) if "number" in request.url_vars else None
    where, values = ("r.trial_id = ?", (trial_id,)) if trial_id else ("1", ())
    found = await read(datasette, lambda db: list(updates(db, where, values, _MOST)))
    title = f"Changes of {trial_id}" if trial_id else "Changes in trial registries"
    own = trial_path(trial_id, ".atom") if trial_id else "/changes.atom"
    return _answer(datasette, request, title, own, changes_path(trial_id), found)


async def search_feed(datasette: Datasette, request: Request) -> Response:
    """`/search.atom`: records of the trials of a search that came in or changed, newest first."""
    search = wanted(request)
    title, found = await read(datasette, lambda db: _news(db, search))
    return _answer(datasette, request, title, search.path_as("/search.atom"), search.path, found)


def _news(db: sqlite3.Connection, search: Wanted) -> tuple[str, list[Update]]:
    """The feed's title and its entries."""
    trials = find(db, search)
    where, values = _of_these(trials)
    news = [*updates(db, where, values, _MOST), *arrivals(db, where, values, _MOST)]
    news.sort(key=lambda update: (update.seen_at, update.record_id), reverse=True)
    words = [search.text, *(label for label, _ in filters_in_words(search, trials.names))]
    return "Trials: " + ("; ".join(word for word in words if word) or "all"), news[:_MOST]


def _of_these(found: Found) -> tuple[str, tuple[str, ...]]:
    """The condition on `records` r that only the trials found pass, with its values."""
    if found.size == len(found.facets.rowids):
        return "1", ()
    rowids = json.dumps(found.facets.rowids[found.trials].tolist())
    # A plus keeps SQLite from going through the index on trial_id.
    column = "r.trial_id" if found.size <= _ONE_BY_ONE else "+r.trial_id"
    return f"{column} IN (SELECT trial_id FROM trials WHERE rowid IN (SELECT value FROM json_each(?)))", (rowids,)


def _answer(datasette: Datasette, request: Request, title: str, own: str, html: str, found: list[Update]) -> Response:
    own, html, base = (address(datasette, request, path) for path in (own, html, "/"))
    return Response(atom(title, own, html, base, found), content_type="application/atom+xml; charset=utf-8")


def atom(title: str, own: str, html: str, base: str, found: list[Update]) -> str:
    """An Atom feed (RFC 4287) of updates; `base` is the site's address."""
    root = etree.fromstring(f'<feed xmlns="{_ATOM}"/>')

    def add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
        element = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        element.text = None if text is None else _NO_XML.sub("\ufffd", text)
        return element

    add(root, "title", title)
    add(root, "id", own)
    add(root, "link", rel="self", href=own)
    add(root, "link", rel="alternate", href=html)
    add(root, "updated", max((update.seen_at for update in found), default="1970-01-01T00:00:00Z"))
    add(add(root, "author"), "name", "Harvester")
    for update in found:
        entry = add(root, "entry")
        is_new = "" if update.differences else "New: "
        add(entry, "title", f"{is_new}{update.registry_id}: {update.title or update.trial_id}")
        add(entry, "id", f"{base.rstrip('/')}{trial_path(update.trial_id)}#{update.record_id}@{update.seen_at}")
        add(entry, "link", rel="alternate", href=base.rstrip("/") + trial_path(update.trial_id))
        add(entry, "updated", update.seen_at)
        add(entry, "summary", _summary(update))
    return etree.tostring(root, encoding="unicode", pretty_print=True)


def _summary(update: Update) -> str:
    if not update.differences:
        return f"First seen here: the entry {update.registry_id} of {update.registry}."
    changed = (
        f"{heading(d.field)}: {d.old_value or 'nothing'} -> {d.new_value or 'nothing'}" for d in update.differences
    )
    return "\n".join(changed)
