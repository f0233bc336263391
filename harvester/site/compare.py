"""Site room: `/compare?trial=A&trial=B`: trials side by side; `.csv`, `-long.csv`, `.xlsx` and `.json` hold what the page shows, whole.

Takes any number of any record; the address that stays has the trials' own ids. Everything shown comes from one `Comparison`
(`harvester.compare`); `compare_table` gives it words.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from harvester.compare import compare
from harvester.compare_forms import FORMS, VERDICTS
from harvester.compare_population import Conflict
from harvester.compare_remarks import Remark
from harvester.site import compare_table, queries
from harvester.site.database import read
from harvester.site.downloads import MAKES_XLSX, XLSX, headers_for
from harvester.site.finding import find
from harvester.site.lookup import find_trials, numbers_in
from harvester.site.pages import Moved, Shown, page, trial_path
from harvester.site.wanted import MOST_PICKED, Wanted
from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette

#: More columns than these are for the command line.
MOST = MOST_PICKED

_ONLY = "differences"
#: What an address can give.
_GIVEN = ("trial", "remove", "only")
_EXAMPLES = 3
#: Points on which criteria may exclude each other; more are in the downloads.
_POINTS = 30
#: Address -> name in the page, form, media type. XLSX only where its package is installed.
_DOWNLOADS = {
    "/compare.csv": ("CSV for spreadsheets", "csv", "text/csv; charset=utf-8"),
    "/compare.xlsx": ("Excel", "xlsx", XLSX),
    "/compare-long.csv": ("CSV for programs", "long", "text/csv; charset=utf-8"),
    "/compare.json": ("JSON", "json", "application/json; charset=utf-8"),
}
if not MAKES_XLSX:
    del _DOWNLOADS["/compare.xlsx"]


class Asked(NamedTuple):
    """What the address of a comparison names."""

    numbers: tuple[str, ...]
    only_differences: bool

    def path(self, base: str = "/compare") -> str:
        pairs = [("trial", number) for number in self.numbers] + ([("only", _ONLY)] if self.only_differences else [])
        return f"{base}?{urlencode(pairs)}" if pairs else base


class Chosen(NamedTuple):
    """The trials behind the numbers, and the numbers that lead to none or to several."""

    asked: Asked  # with the trials' own ids
    unknown: tuple[str, ...]
    several: Mapping[str, list[str]]
    left_out: int  # trials beyond MOST


def _parts(text: str) -> list[str]:
    """The numbers of one field: with anything between where all are known to be numbers, else with commas or line breaks."""
    numbers = [number.normalized for number in numbers_in(text)]
    return numbers if len(numbers) > 1 else [part.strip()[:200] for part in re.split(r"[,;\n]", text)]


def asked(request: Request) -> Asked:
    """Reads an address: `trial` as often as there are trials, or several numbers in one; `remove` takes one out."""
    numbers = (part for text in request.args.getlist("trial") for part in _parts(text))
    unwanted = {"", *request.args.getlist("remove")}
    return Asked(tuple(dict.fromkeys(n for n in numbers if n not in unwanted)), request.args.get("only") == _ONLY)


def chosen(db: sqlite3.Connection, asked_for: Asked) -> Chosen:
    """Finds the trials."""
    ids: list[str] = []
    unknown: list[str] = []
    several: dict[str, list[str]] = {}
    for number in asked_for.numbers[: 2 * MOST]:
        found = find_trials(db, number)
        if len(found) == 1:
            ids += found
        elif found:
            several[number] = found
        else:
            unknown.append(number)
    ids = list(dict.fromkeys(ids))
    return Chosen(asked_for._replace(numbers=tuple(ids[:MOST])), tuple(unknown), several, len(ids[MOST:]))


def _context(db: sqlite3.Connection, found: Chosen) -> dict[str, Any]:
    now = found.asked
    context: dict[str, Any] = {
        "numbers": now.numbers,
        "unknown": [{"number": number, "search": Wanted(text=number).path} for number in found.unknown],
        "several": [
            {"number": number, "trials": [{"id": one, "path": trial_path(one), "add": now._replace(numbers=(*now.numbers, one)).path()} for one in ids]}
            for number, ids in found.several.items()
        ],
        "left_out": found.left_out,
        "most": MOST,
        "only": now.only_differences,
        "clear": Asked((), False).path(),
        "can_add": len(now.numbers) < MOST,
    }  # fmt: skip
    if not now.numbers:
        newest = find(db, Wanted()).ordered(db, "update")[:_EXAMPLES]
        examples = tuple(row["trial_id"] for row in queries.cards(db, newest))
        return {**context, "trials": [], "example": Asked(examples, False).path() if len(examples) > 1 else None}
    whole = compare(db, now.numbers)
    verdicts: list[str] = [line.verdict for line in whole.lines]
    comparison = whole.only_differences() if now.only_differences else whole
    room = compare_table.room_for(comparison)
    points = _points(comparison.conflicts)
    return {
        **context,
        "trials": [
            {
                "trial_id": trial.trial_id,
                "title": compare_table.beginning(trial.title or trial.trial_id, room),
                "path": trial_path(trial.trial_id),
                "remarks": _counted([one for one in whole.remarks if one.trial_id == trial.trial_id]),
            }
            for trial in comparison.trials
        ],
        "population": comparison.population,
        "points": [_point(group, room) for group in points[:_POINTS]],
        "points_left_out": len(points[_POINTS:]),
        "points_count": len(points),
        "sections": compare_table.sections(comparison, room),
        "room": room,
        "counts": [
            {"verdict": name, "sign": sign, "words": words, "count": verdicts.count(name)}
            for name, (sign, words) in VERDICTS.items()
        ],
        "downloads": [(name, now.path(path)) for path, (name, _, _) in _DOWNLOADS.items()],
        "switch": now._replace(only_differences=not now.only_differences).path(),
    }


def _points(conflicts: Sequence[Conflict]) -> list[list[Conflict]]:
    """Conflicts of the same two trials about the same thing together: a limit that is stated twice is one point."""
    found: dict[Any, list[Conflict]] = {}
    for one in conflicts:
        about = one.about or (fold(one.text), fold(one.other_text))
        found.setdefault((one.trial_id, one.other_trial_id, about), []).append(one)
    return list(found.values())


def _point(conflicts: list[Conflict], room: compare_table.Room) -> dict[str, Any]:
    """One point: what it is about, and what each of the two trials says, every criterion once."""
    first = conflicts[0]
    sides = (
        (first.trial_id, [(one.kind, one.text) for one in conflicts]),
        (first.other_trial_id, [(one.other_kind, one.other_text) for one in conflicts]),
    )
    return {
        "about": first.about or first.reason,
        "sides": [
            {"trial_id": trial_id, "criteria": [{"kind": kind, "text": compare_table.beginning(text, room)} for kind, text in dict.fromkeys(said)]}
            for trial_id, said in sides
        ],
    }  # fmt: skip


#: Kind of remark -> anchor on the trial's page, its name, the names of several.
_REMARKS = {"contradiction": ("contradictions", "contradiction", "contradictions"), "flag": ("quality", "quality flag", "quality flags")}  # fmt: skip


def _counted(remarks: Sequence[Remark]) -> list[dict[str, str]]:
    """`2 contradictions`, `1 quality flag`, each with the place on the trial's page."""
    counts: Counter[str] = Counter(kind for kind, _ in {(one.kind, one.name) for one in remarks})
    return [
        {"words": f"{counts[kind]} {one if counts[kind] == 1 else several}", "anchor": anchor}
        for kind, (anchor, one, several) in _REMARKS.items()
        if counts[kind]
    ]


# ------------------------------------------------------------------------------------------------------------ views


def _page(db: sqlite3.Connection, asked_for: Asked, given: Sequence[str]) -> Shown | Moved:
    """`given` are the names of what the address gives."""
    found = chosen(db, asked_for)
    removes = "remove" in given
    is_whole = not (found.unknown or found.several or found.left_out)
    if is_whole and (removes or found.asked.numbers != asked_for.numbers):
        return Moved(found.asked.path())
    strange = [] if asked_for.numbers else [name[:40] for name in given if name not in _GIVEN]
    return Shown("compare.html", {**_context(db, found), "strange": strange})


async def compare_page(datasette: Datasette, request: Request) -> Response:
    """`/compare`"""
    asked_for, given = asked(request), list(request.args)
    return await page(datasette, request, lambda db: _page(db, asked_for, given))


def _download(path: str, form: str, media_type: str) -> Callable[[Datasette, Request], Awaitable[Response]]:
    name = f"comparison{path.removeprefix('/compare')}"

    async def view(datasette: Datasette, request: Request) -> Response:
        asked_for = asked(request)

        def answer(db: sqlite3.Connection) -> Response:
            found = chosen(db, asked_for)
            missing = [*found.unknown, *found.several]
            if missing or not found.asked.numbers:
                problem = f"no single trial here has the number {', '.join(missing)}" if missing else "give trials as ?trial=...&trial=..."  # fmt: skip
                return Response.json({"ok": False, "error": problem}, status=404 if missing else 400)
            headers = headers_for(name) if form != "json" else {}
            whole = compare(db, found.asked.numbers)
            shown = whole.only_differences() if asked_for.only_differences else whole
            return Response(FORMS[form](shown), headers=headers, content_type=media_type)

        return await read(datasette, answer)

    return view


ROUTES: list[tuple[str, Callable[..., Awaitable[Any]]]] = [
    (r"/compare$", compare_page),
    *((f"{re.escape(path)}$", _download(path, form, media)) for path, (_, form, media) in _DOWNLOADS.items()),
]
