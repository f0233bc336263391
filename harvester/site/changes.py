"""Site room: what changed and when: `/changes`, newest first, of all trials or of one (`?trial=`), and a trial's last changes.

The feeds are in `feeds`; `history` prepares one section of a trial's page and is called through the table in `sections`.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from harvester.changes import LINES, Difference, Update, updates
from harvester.compare_fields import PLAN, Many, One
from harvester.differences import lines, pieces
from harvester.site import labels
from harvester.site.entries import Trial
from harvester.site.footer import database_name
from harvester.site.pages import Shown, page, trial_path

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Updates on the page.
_MOST = 50
#: Longer texts are compared word by word on the page of changes only: for a whole protocol that takes long.
_SHORT = 2_000


#: Columns as a comparison has them, with the kind of their values.
_COLUMNS = {row.name: row for row in PLAN if isinstance(row, One)}
#: Names of columns and of tables below the records, those that a comparison names by the rows around them last.
_HEADINGS = {
    **{row.table: row.label for row in PLAN if isinstance(row, Many)},
    "ipd_description": "Data sharing plan", "ipd_access_criteria": "Access to shared data",
    **{f"{name}_type": f"{_COLUMNS[name].label}: actual or anticipated" for name in _COLUMNS if f"{name}_type" in _COLUMNS},
}  # fmt: skip
_TRUTH = {"1": "Yes", "0": "No"}
_STORED_WORD = re.compile(r"[a-z]+(?:_[a-z]+)+")


def heading(field: str) -> str:
    """What a reader calls a column or a table below the records."""
    if field in _HEADINGS:
        return _HEADINGS[field]
    return _COLUMNS[field].label if field in _COLUMNS else field.removesuffix("_raw").replace("_", " ").capitalize()


def _readable(field: str, value: str | None) -> str:
    """A value as the trial's page writes it."""
    if not value:
        return ""
    match _COLUMNS[field].kind:
        case "date":
            return labels.date(value)
        case "truth":
            return _TRUTH.get(value, value)
        case "word" if field == "phase":
            return labels.phase(value)
        case "word":
            return ", ".join(labels.word(field, one) for one in value.split(", "))
    return value


def _plain(line: str) -> str:
    """An item of a list, the values of closed lists without underscores."""
    parts = line.split(" · ")
    return " · ".join(part.replace("_", " ") if _STORED_WORD.fullmatch(part) else part for part in parts)


def _shown(difference: Difference, longest: int | None = None) -> dict[str, Any]:
    """A difference as the page writes it: items of a list gone and come, or words of a text; only its name when it is longer."""
    field, old, new = difference
    if longest is not None and len(old or "") + len(new or "") > longest:
        return {"heading": heading(field), "is_long": True}
    if field in LINES:
        removed, added = ([_plain(line) for line in side] for side in lines(old, new))
        return {"heading": heading(field), "removed": removed, "added": added}
    if field in _COLUMNS and _COLUMNS[field].kind != "text":
        old, new = _readable(field, old), _readable(field, new)
        return {"heading": heading(field), "removed": [old] if old else [], "added": [new] if new else []}
    return {"heading": heading(field), "pieces": pieces(old or "", new or "")}


def _card(update: Update, longest: int | None = None) -> dict[str, Any]:
    return {
        "title": update.title or update.registry_id,
        "path": trial_path(update.trial_id),
        "record": f"{update.registry}, {update.registry_id}",
        "seen": update.seen_at[:10],
        "differences": [_shown(difference, longest) for difference in update.differences],
    }


def history(trial: Trial) -> dict[str, Any] | None:
    """The last changes of a trial; long texts are named, not compared. None: no change has been seen."""
    if not trial.updates:
        return None
    trial_id = trial.row["trial_id"]
    return {
        "updates": [_card(update, _SHORT) for update in trial.updates],
        "path": changes_path(trial_id),
        "feed": trial_path(trial_id, ".atom"),
    }


def _page(db: sqlite3.Connection, trial_id: str | None, database: str | None) -> Shown:
    where, values = ("r.trial_id = ?", (trial_id,)) if trial_id else ("1", ())
    context = {
        "trial_id": trial_id,
        "trial": trial_path(trial_id) if trial_id else None,
        "feed": trial_path(trial_id, ".atom") if trial_id else "/changes.atom",
        "updates": [_card(update) for update in updates(db, where, values, _MOST)],
        "most": _MOST,
        "database": database,
    }
    return Shown("changes.html", context)


def changes_path(trial_id: str | None) -> str:
    """The address of the changes of one trial, or of all."""
    return f"/changes?{urlencode({'trial': trial_id})}" if trial_id else "/changes"


async def changes(datasette: Datasette, request: Request) -> Response:
    """`/changes`"""
    trial_id = request.args.get("trial") or None
    database = database_name(datasette)
    return await page(datasette, request, lambda db: _page(db, trial_id, database))
