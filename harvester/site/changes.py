"""Site room: what changed and when: `/changes`, newest first, of all trials or of one (`?trial=`). The feeds are in `feeds`."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from harvester.changes import LINES, Difference, Update, updates
from harvester.differences import lines, pieces
from harvester.site.database import read
from harvester.site.pages import page, trial_path

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Updates on the page.
_MOST = 50


def heading(field: str) -> str:
    return field.removesuffix("_raw").replace("_", " ").capitalize()


def _shown(difference: Difference) -> dict[str, Any]:
    """A difference as the page writes it: items of a list gone and come, or words of a text."""
    field, old, new = difference
    if field in LINES:
        removed, added = lines(old, new)
        return {"heading": heading(field), "removed": removed, "added": added}
    return {"heading": heading(field), "pieces": pieces(old or "", new or "")}


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


def changes_path(trial_id: str | None) -> str:
    """The address of the changes of one trial, or of all."""
    return f"/changes?{urlencode({'trial': trial_id})}" if trial_id else "/changes"


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
