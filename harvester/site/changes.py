"""Site room: what changed and when: `/changes`, newest first, of all trials or of one (`?trial=`), with a feed each."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from datasette.utils.asgi import Request, Response
from lxml import etree

from harvester.changes import LINES, Difference, Update, updates
from harvester.differences import lines, pieces
from harvester.site.database import read
from harvester.site.pages import page, trial_path

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Updates on a page and in a feed.
_MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"
#: Characters that XML cannot hold.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _heading(field: str) -> str:
    return field.removesuffix("_raw").replace("_", " ").capitalize()


def _shown(difference: Difference) -> dict[str, Any]:
    """A difference as the page writes it: items of a list gone and come, or words of a text."""
    field, old, new = difference
    if field in LINES:
        removed, added = lines(old, new)
        return {"heading": _heading(field), "removed": removed, "added": added}
    return {"heading": _heading(field), "pieces": pieces(old or "", new or "")}


def _card(update: Update) -> dict[str, Any]:
    return {
        "title": update.title or update.registry_id,
        "path": trial_path(update.trial_id),
        "record": f"{update.registry}, {update.registry_id}",
        "seen": update.seen_at[:10],
        "differences": [_shown(difference) for difference in update.differences],
    }


def _found(db: sqlite3.Connection, trial_id: str | None) -> list[Update]:
    where, values = ("r.trial_id = ?", (trial_id,)) if trial_id else ("1", ())
    return list(updates(db, where, values, _MOST))


async def changes(datasette: Datasette, request: Request) -> Response:
    """`/changes`"""
    trial_id = request.args.get("trial") or None
    found = await read(datasette, lambda db: _found(db, trial_id))
    context = {
        "trial_id": trial_id,
        "trial": trial_path(trial_id) if trial_id else None,
        "feed": trial_path(trial_id, ".atom") if trial_id else "/changes.atom",
        "updates": [_card(update) for update in found],
        "most": _MOST,
    }
    return await page(datasette, request, "changes.html", context)


async def feed(datasette: Datasette, request: Request) -> Response:
    """`/changes.atom` and `/trial/<trial_id>.atom`"""
    trial_id = unquote(request.url_vars["number"]) if "number" in request.url_vars else None
    found = await read(datasette, lambda db: _found(db, trial_id))
    base = f"{request.scheme}://{request.host}"
    page_path = "/changes" + (f"?{urlencode({'trial': trial_id})}" if trial_id else "")
    title = f"Changes of {trial_id}" if trial_id else "Changes in trial registries"
    body = atom(
        title, base + request.path, base + datasette.urls.path(page_path), base + datasette.urls.path(""), found
    )
    return Response(body, content_type="application/atom+xml; charset=utf-8")


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
        add(entry, "title", f"{update.registry_id}: {update.title or update.trial_id}")
        add(entry, "id", f"{base.rstrip('/')}{trial_path(update.trial_id)}#{update.record_id}@{update.seen_at}")
        add(entry, "link", rel="alternate", href=base.rstrip("/") + trial_path(update.trial_id))
        add(entry, "updated", update.seen_at)
        changed = (
            f"{_heading(d.field)}: {d.old_value or 'nothing'} -> {d.new_value or 'nothing'}" for d in update.differences
        )
        add(entry, "summary", "\n".join(changed))
    return etree.tostring(root, encoding="unicode", pretty_print=True)
