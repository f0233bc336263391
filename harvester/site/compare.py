"""Site room: `/compare?trial=A&trial=B`: trials side by side; `.csv`, `-long.csv` and `.json` hold exactly what the page shows.

Takes any number of any record; the address that stays has the trials' own ids. Everything shown comes from one `Comparison`
(`harvester.compare`); here it only gets words.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from harvester import compare_forms
from harvester.compare import Comparison, Line, Value, compare
from harvester.compare_fields import SECTIONS, One, plan
from harvester.compare_forms import VERDICTS, plain
from harvester.site import labels, links, queries
from harvester.site.database import read
from harvester.site.downloads import headers_for
from harvester.site.finding import find
from harvester.site.lookup import find_trials
from harvester.site.pages import page, trial_path
from harvester.site.wanted import Wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

#: More columns than these are for the command line.
MOST = 50
#: Longer texts and lists fold.
_LONG_TEXT, _TEXT_BEGINNING, _LONG_LIST = 700, 280, 12

_ONLY = "differences"
_EXAMPLES = 3


class Asked(NamedTuple):
    """What the address of a comparison names."""

    numbers: tuple[str, ...]
    only_differences: bool

    def path(self, base: str = "/compare") -> str:
        pairs = [("trial", number) for number in self.numbers] + ([("only", _ONLY)] if self.only_differences else [])
        return f"{base}?{urlencode(pairs)}" if pairs else base

    def without(self, trial_id: str) -> Asked:
        return self._replace(numbers=tuple(number for number in self.numbers if number != trial_id))


class Chosen(NamedTuple):
    """The trials behind the numbers, and the numbers that lead to none or to several."""

    asked: Asked  # with the trials' own ids
    unknown: tuple[str, ...]
    several: Mapping[str, list[str]]
    left_out: int  # trials beyond MOST


def asked(request: Request) -> Asked:
    """Reads an address: `trial` as often as there are trials, or several numbers in one, with commas between."""
    numbers = (part.strip()[:200] for text in request.args.getlist("trial") for part in re.split(r"[,;\n]", text))
    return Asked(tuple(dict.fromkeys(number for number in numbers if number)), request.args.get("only") == _ONLY)


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


# ------------------------------------------------------------------------------------------------------------ words

_KINDS = {row.name: row.kind for row in plan() if isinstance(row, One)}


def _words(line: Line, value: Value) -> str:
    """A value as a reader sees it; without one the registry's words, in quotation marks."""
    if value.value is None:
        return f"“{value.raw}”" if value.raw else "no name given"
    column = line.field.rpartition(".")[2]
    kind = _KINDS.get(line.field) or ("word" if column == "type" else "text")
    if kind == "date":
        return labels.date(str(value.value))
    if kind == "truth":
        return labels.yes_no(value.value)
    if kind == "age":
        return labels.age(float(value.value))
    if kind == "number":
        return labels.number(plain(value.value))
    if line.field == "phase":
        return labels.phase(str(value.value))
    if line.field == "masked_roles":
        return ", ".join(labels.word("masked_roles", role) for role in str(value.value).split(", "))
    if kind == "word" and line.field != "registries":
        return labels.word(column, str(value.value))
    return str(value.value)


def _pieces(text: str, marks: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """A text cut where it differs from the others'."""
    found, at = [], 0
    for start, end in marks:
        found += [{"text": text[at:start], "differs": False}, {"text": text[start:end], "differs": True}]
        at = end
    return [piece for piece in [*found, {"text": text[at:], "differs": False}] if piece["text"]]


def _shown(line: Line, value: Value) -> dict[str, Any]:
    text = _words(line, value)
    is_date = _KINDS.get(line.field) == "date"
    return {
        "pieces": _pieces(text, value.marks),
        "beginning": text[:_TEXT_BEGINNING].rsplit(" ", 1)[0] if len(text) > _LONG_TEXT else "",
        "datetime": value.value if is_date else None,
        "url": links.safe(text) if line.field.endswith("url") else None,
    }


def _row(line: Line) -> dict[str, Any]:
    sign, words = VERDICTS[line.verdict]
    ends = [
        _words(line, Value(value=end)) if _KINDS.get(line.field) in ("date", "age", "number") else ""
        for end in (line.minimum, line.maximum)
        if end is not None
    ]
    is_side = line.item is not None and ":" in line.label
    return {
        "label": line.label.partition(": ")[2].capitalize() if is_side else line.label,
        "number": line.item if not is_side else None,
        "kind": labels.word("kind", line.kind) if line.kind and not is_side else "",
        "is_side": is_side,
        "verdict": line.verdict,
        "sign": sign,
        "words": words
        if line.verdict != "only_in_some"
        else f"only in {sum(map(bool, line.values))} of {len(line.values)}",
        "spread": " to ".join(ends) if len(set(ends)) > 1 else "",
        "note": line.note,
        "cells": [
            {
                "first": [_shown(line, value) for value in values[:_LONG_LIST]],
                "more": [_shown(line, value) for value in values[_LONG_LIST:]],
                "below": [],
            }
            if values
            else None
            for values in line.values
        ],
    }


def _sections(comparison: Comparison) -> list[dict[str, Any]]:
    """Rows by section. What is said of an item that only one trial has stands in its cell, not in rows of their own."""
    rows: dict[str, list[dict[str, Any]]] = {}
    is_alone = False
    for line in comparison.lines:
        row = _row(line)
        if not row["is_side"]:
            is_alone = line.item is not None and sum(map(bool, line.values)) == 1
        if row["is_side"] and is_alone:
            for cell, above in zip(row["cells"], rows[line.section][-1]["cells"], strict=True):
                if cell:
                    above["below"] += [{"label": row["label"], "value": value} for value in cell["first"]]
        else:
            rows.setdefault(line.section, []).append(row)
    return [{"anchor": name, "heading": SECTIONS[name], "rows": found} for name, found in rows.items()]


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
    return {
        **context,
        "trials": [
            {
                "trial_id": trial.trial_id,
                "title": trial.title or trial.trial_id,
                "registries": trial.registries,
                "path": trial_path(trial.trial_id),
                "remove": now.without(trial.trial_id).path(),
            }
            for trial in comparison.trials
        ],
        "population": comparison.population,
        "conflicts": comparison.conflicts,
        "sections": _sections(comparison),
        "counts": [
            {"verdict": name, "sign": sign, "words": words, "count": verdicts.count(name)}
            for name, (sign, words) in VERDICTS.items()
        ],
        "wide": now.path("/compare.csv"),
        "long": now.path("/compare-long.csv"),
        "json": now.path("/compare.json"),
        "switch": now._replace(only_differences=not now.only_differences).path(),
    }


# ------------------------------------------------------------------------------------------------------------ views


async def compare_page(datasette: Datasette, request: Request) -> Response:
    """`/compare`"""
    asked_for = asked(request)
    found = await read(datasette, lambda db: chosen(db, asked_for))
    is_whole = not (found.unknown or found.several or found.left_out)
    if is_whole and found.asked.numbers != asked_for.numbers:
        return Response.redirect(datasette.urls.path(found.asked.path()))
    context = await read(datasette, lambda db: _context(db, found))
    return await page(datasette, request, "compare.html", context)


def _download(
    form: Callable[[Comparison], str], name: str, media_type: str
) -> Callable[[Datasette, Request], Awaitable[Response]]:
    async def view(datasette: Datasette, request: Request) -> Response:
        asked_for = asked(request)

        def answer(db: sqlite3.Connection) -> Response:
            found = chosen(db, asked_for)
            missing = [*found.unknown, *found.several]
            if missing or not found.asked.numbers:
                problem = f"no single trial here has the number {', '.join(missing)}" if missing else "give trials as ?trial=...&trial=..."  # fmt: skip
                return Response.json({"ok": False, "error": problem}, status=404 if missing else 400)
            headers = headers_for(name) if media_type == "text/csv" else {"X-Content-Type-Options": "nosniff"}
            whole = compare(db, found.asked.numbers)
            shown = whole.only_differences() if asked_for.only_differences else whole
            return Response(form(shown), headers=headers, content_type=f"{media_type}; charset=utf-8")

        return await read(datasette, answer)

    return view


ROUTES: list[tuple[str, Callable[..., Awaitable[Any]]]] = [
    (r"/compare$", compare_page),
    (r"/compare\.csv$", _download(compare_forms.wide, "comparison.csv", "text/csv")),
    (r"/compare-long\.csv$", _download(compare_forms.long, "comparison-long.csv", "text/csv")),
    (r"/compare\.json$", _download(compare_forms.json, "comparison.json", "application/json")),
]
