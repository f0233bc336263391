"""Site room: `/trial/<number>`: one trial with everything that is known of it; `.json` and `.csv` hold the same, whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from harvester.site import findable, links, queries
from harvester.site.cards import badges
from harvester.site.database import read
from harvester.site.downloads import trial_csv, trial_json
from harvester.site.entries import Trial, load
from harvester.site.facts import snapshot
from harvester.site.lookup import find_trials, number_in
from harvester.site.pages import Moved, Shown, page, trial_path
from harvester.site.sections import sections
from harvester.site.wanted import Wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

_DOWNLOADS: dict[str, Callable[[sqlite3.Connection, str], Response]] = {".json": trial_json, ".csv": trial_csv}


def _whole(trial: Trial) -> dict[str, Any]:
    row, trial_id = trial.row, trial.row["trial_id"]
    return {
        "trial_id": trial_id,
        "json": trial_path(trial_id, ".json"),
        "csv": trial_path(trial_id, ".csv"),
        "title": row["public_title"] or row["scientific_title"] or trial_id,
        "acronym": row["acronym"],
        "badges": badges(row),
        "snapshot": snapshot(trial),
        "sections": sections(trial),
        "is_partial": trial.is_partial,
        "silence": trial.silence,
        "records": [entry.reference for entry in trial.entries],
        "told": findable.study(trial),
    }


def _elsewhere(db: sqlite3.Connection, number: str) -> Shown | Moved:
    """For a number that is no trial_id: the way to its trial, a choice of trials, or where else to look."""
    found = find_trials(db, number)
    if len(found) == 1 and found[0] != number:
        return Moved(trial_path(found[0]))
    choice = queries.titles(db, found)
    known = number_in(number)
    context = {
        "number": number,
        "choice": [{**one, "path": trial_path(one["trial_id"])} for one in choice],
        "search": Wanted(text=number).path,
        "registry": known.registry if known else None,
        "url": links.registry_page(known.registry, known.normalized) if known else None,
    }
    return Shown("no_trial.html", context, status=300 if choice else 404)


async def _download(datasette: Datasette, number: str, suffix: str) -> Response:
    """The trial as a file."""

    def answer(db: sqlite3.Connection) -> Response:
        if queries.trial(db, number):
            return _DOWNLOADS[suffix](db, number)
        found = find_trials(db, number)
        if len(found) == 1 and found[0] != number:
            return Response.redirect(datasette.urls.path(trial_path(found[0], suffix)))
        problem = (
            f"{number} is the number of {len(found)} trials" if found else f"no trial here has the number {number}"
        )
        return Response.json({"ok": False, "error": problem, "trials": found}, status=300 if found else 404)

    return await read(datasette, answer)


async def trial(datasette: Datasette, request: Request) -> Response:
    """`/trial/<trial_id>`; any number of one of its records redirects there."""
    number = unquote(request.url_vars["number"])
    suffix = next((suffix for suffix in _DOWNLOADS if number.endswith(suffix)), "")
    if suffix:
        return await _download(datasette, number.removesuffix(suffix), suffix)
    address = findable.address(datasette, request, trial_path(number))

    def prepare(db: sqlite3.Connection) -> Shown | Moved:
        found = load(db, number)
        return Shown("trial.html", {**_whole(found), "address": address}) if found else _elsewhere(db, number)

    return await page(datasette, request, prepare)
