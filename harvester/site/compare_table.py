"""Site room: the table of a comparison as the page's template shows it, and how much of it. Pure; called by `compare`.

A page says all that is compared, but not every text whole: what a cell holds is cut so that fifty trials weigh little more than
five (`Room`), and the page says how. Items that only one trial has (criteria, outcomes) share a row of lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from harvester.compare import Comparison, Line, Value
from harvester.compare_fields import SECTIONS, One, plan
from harvester.compare_forms import VERDICTS, plain
from harvester.compare_remarks import Remark
from harvester.site import labels, links
from harvester.site.pages import trial_path
from normalize.ages import is_band

#: Bytes that the table may have before it is cut; head and frame of the page come on top.
ENOUGH = 130_000
#: Bytes of markup: of a value, an item of a list, a cell without values, a row's head, a remark; about.
_A_CELL, _AN_ITEM, _A_GAP, _A_ROW, _A_REMARK = 12, 6, 12, 185, 130


class Room(NamedTuple):
    """How much of a comparison is on the page.

    Characters of a text, values of a cell, rows of a list (criteria, outcomes ..., those first that most trials share). `cuts`: what is
    more is left out, not folded.
    """

    text: int
    values: int
    rows: int
    cuts: bool = True

    @property
    def has_sides(self) -> bool:
        """Whether descriptions and the like of arms, interventions and outcomes are shown."""
        return self.text > 250


#: A text that folds shows so much of itself.
_BEGINNING = 280
#: The most generous that keeps the page light is taken.
_WHOLE = Room(700, 12, 1 << 30, cuts=False)
ROOMS = (
    _WHOLE, Room(4000, 60, 1000), Room(2000, 40, 500), Room(1000, 25, 300), Room(600, 15, 150), Room(400, 12, 80),
    Room(250, 8, 60), Room(160, 6, 40), Room(120, 4, 25), Room(100, 3, 15), Room(90, 2, 8), Room(80, 2, 5),
    Room(70, 1, 3), Room(60, 1, 1), Room(45, 1, 1),
)  # fmt: skip


def room_for(comparison: Comparison) -> Room:
    """How much a page of this comparison can show."""
    rows = [(lines, _list_of(lines[0]), _sizes(lines)) for lines in _together(comparison.lines)]
    remarks = _A_REMARK * len(comparison.remarks)
    return next((room for room in ROOMS if remarks + _weight(rows, room) <= ENOUGH), ROOMS[-1])


def _sizes(lines: list[Line]) -> list[list[list[int]]]:
    """Bytes of the texts of each value of each cell of a row: of an item, what is said of it too."""
    cells: list[list[list[int]]] = [[] for _ in lines[0].values]
    for line in lines:
        for found, values in zip(cells, line.values, strict=True):
            if found and _is_side(line):
                found[-1] += map(_bytes, values)
            else:
                found += ([_bytes(value)] for value in values)
    return cells


def _bytes(value: Value) -> int:
    text = value.raw if value.value is None else value.value
    return len(text.encode()) if isinstance(text, str) else 8


def _weight(rows: Sequence[tuple[list[Line], str | None, list[list[list[int]]]]], room: Room) -> int:
    """Bytes of a table, about."""
    text, values = (room.text, room.values) if room.cuts else (1 << 30, 1 << 30)
    counts: Counter[str] = Counter()
    weight = 0
    for lines, name, cells in rows:
        counts[name or ""] += 1
        if (name and counts[name] > room.rows) or (_is_side(lines[0]) and not room.has_sides):
            continue
        parts = None if room.has_sides else 1
        gaps = sum(1 for before, cell in pairwise([[[0]], *cells]) if not cell and before)
        weight += _A_ROW + _A_GAP * gaps
        for cell in filter(None, cells):
            weight += _A_CELL + sum(min(size, text) + _AN_ITEM for item in cell[:values] for size in item[:parts])
    return weight


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
        age = labels.age(float(value.value))
        return f"{age} (age band: {value.raw})" if is_band(value.raw) else age
    if kind == "number":
        return labels.number(plain(value.value))
    if line.field == "phase":
        return labels.phase(str(value.value))
    if line.field == "masked_roles":
        return ", ".join(labels.word("masked_roles", role) for role in str(value.value).split(", "))
    if line.field == "secondary_ids.id_normalized" and value.raw and _marks_aside(value.raw) == str(value.value):
        return value.raw  # a code with its dashes
    if kind == "word" and line.field != "registries":
        return labels.word(column, str(value.value))
    return str(value.value)


def _marks_aside(code: str) -> str:
    return "".join(filter(str.isalnum, code)).upper()


def _pieces(text: str, marks: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """A text cut where it differs from the others'."""
    found, at = [], 0
    for start, end in marks:
        found += [{"text": text[at:start], "differs": False}, {"text": text[start:end], "differs": True}]
        at = end
    return [piece for piece in [*found, {"text": text[at:], "differs": False}] if piece["text"]]


def _shown(line: Line, value: Value, room: Room) -> dict[str, Any] | str:
    """A value with its marks and its link; only its text when there is no more to it, as there is mostly not."""
    text = _words(line, value)
    is_long = len(text) > room.text
    if not (is_long or value.marks or line.field.endswith("url")):
        return text
    return {
        "pieces": _pieces(_cut(text, room.text), ()) if is_long and room.cuts else _pieces(text, value.marks),
        "beginning": _cut(text, _BEGINNING) if is_long and not room.cuts else "",
        "url": links.safe(text) if line.field.endswith("url") else None,
    }


def _cut(text: str, most: int) -> str:
    return text[:most].rsplit(" ", 1)[0] + " …"


# ------------------------------------------------------------------------------------------------------------- rows


def _is_side(line: Line) -> bool:
    """Whether the line says more of an item: `Arm: description`."""
    return ":" in line.label


def _is_of_one(line: Line) -> bool:
    """Whether the line is an item that only one trial has."""
    return line.item is not None and not _is_side(line) and sum(map(bool, line.values)) == 1


def _list_of(line: Line) -> str | None:
    """The list that an item stands in: `criteria inclusion`; None for a field, and for the items that only one trial has."""
    return f"{line.field.partition('.')[0]} {line.kind}" if line.item is not None and not _is_of_one(line) else None


def _together(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that share a row: items that only one trial has, by table and kind, with what is said of them; others alone."""
    item: tuple[str, int | None] = ("", None)

    def key(line: Line) -> object:
        nonlocal item
        table = line.field.partition(".")[0]
        if _is_of_one(line):
            item = (table, line.item)
        return (table, line.kind) if item == (table, line.item) else id(line)

    return (list(group) for _, group in groupby(lines, key))


def _cell(shown: list[dict[str, Any] | str], room: Room) -> dict[str, Any] | None:
    if not shown:
        return None
    more = shown[room.values :]
    return {
        "first": shown[: room.values],
        "more": [] if room.cuts else more,
        "left_out": len(more) if room.cuts else 0,
        "remarks": [],
    }


def _row(lines: list[Line], room: Room) -> dict[str, Any]:
    line = lines[0]
    sign, words = VERDICTS[line.verdict]
    ends = [
        _words(line, Value(value=end)) if _KINDS.get(line.field) in ("date", "age", "number") else ""
        for end in (line.minimum, line.maximum)
        if end is not None
    ]
    row: dict[str, Any] = {
        "field": line.field,
        "label": _side(line) if _is_side(line) else line.label,
        "number": None if _is_side(line) else line.item,
        "kind": labels.word("kind", line.kind) if line.kind and not _is_side(line) else "",
        "is_side": _is_side(line),
        "verdict": line.verdict,
        "sign": sign,
        "words": words
        if line.verdict != "only_in_some"
        else f"only in {sum(map(bool, line.values))} of {len(line.values)}",
        "spread": " to ".join(ends) if len(set(ends)) > 1 else "",
        "note": line.note,
    }
    if _is_of_one(line):
        items = sum(map(_is_of_one, lines))
        if items > 1:
            row.update(number=None, words=f"{items} that no other has")
        return {**row, "cells": _lists(lines, room)}
    return {**row, "cells": [_cell([_shown(line, one, room) for one in values], room) for values in line.values]}


def _lists(lines: list[Line], room: Room) -> list[dict[str, Any] | None]:
    """Cells with the items of each trial, what is said of an item below it."""
    items: list[list[Any]] = [[] for _ in lines[0].values]
    for line in lines:
        is_side = _is_side(line)
        for found, values in zip(items, line.values, strict=True):
            if not values:
                continue
            shown = _shown(line, values[0], room)
            if not is_side:
                found.append(shown)
                continue
            if isinstance(found[-1], str):
                found[-1] = {"pieces": _pieces(found[-1], ())}
            found[-1].setdefault("below", []).append({"label": _side(line), "value": shown})
    return [_cell(found, room) for found in items]


def _side(line: Line) -> str:
    return line.label.partition(": ")[2].capitalize()


# ------------------------------------------------------------------------------------------------------------ remarks

#: Severity -> its sign.
_SIGNS = {"serious": "▲", "notable": "◆", "minor": "●"}


def _mark(rows: Sequence[dict[str, Any]], places: dict[str, int], remarks: Sequence[Remark]) -> None:
    """Puts each remark into the cell that it is about: once a trial and name, the gravest; none where the field has no row."""
    by_field: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_field.setdefault(row["field"], []).append(row)
    told: set[tuple[str, str]] = set()
    for remark in remarks:
        found, place = by_field.get(remark.field), places[remark.trial_id]
        if not found or (remark.trial_id, remark.name) in told:
            continue
        told.add((remark.trial_id, remark.name))
        cells = next((row["cells"] for row in found if row["cells"][place]), found[0]["cells"])
        cells[place] = cells[place] or {"first": [], "more": [], "left_out": 0, "remarks": []}
        is_flag = remark.kind == "flag"
        cells[place]["remarks"].append(
            {
                "sign": _SIGNS[remark.severity],
                "severity": remark.severity,
                "words": remark.text.partition(":")[0] if is_flag else "Its records disagree",
                "path": trial_path(remark.trial_id, f"#{'flag' if is_flag else 'contradiction'}-{remark.name}"),
            }
        )


def _merged(cells: list[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """Cells without anything beside each other as one, of so many columns; a cell that holds one text as this text."""
    found: list[dict[str, Any]] = []
    for cell in cells:
        if cell:
            is_text = len(cell["first"]) == 1 and isinstance(cell["first"][0], str)
            is_more = cell["more"] or cell["left_out"] or cell["remarks"]
            found.append({"text": cell["first"][0]} if is_text and not is_more else cell)
        elif found and "columns" in found[-1]:
            found[-1]["columns"] += 1
        else:
            found.append({"columns": 1})
    return found


def sections(comparison: Comparison, room: Room) -> list[dict[str, Any]]:
    """The rows of the page by section, and how many are left out."""
    counts: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    rows: dict[str, list[dict[str, Any]]] = {}
    lines_shown = [line for line in comparison.lines if room.has_sides or not _is_side(line)]
    for lines in _together(lines_shown):
        name, section = _list_of(lines[0]), lines[0].section
        counts[name or ""] += 1
        if name and counts[name] > room.rows:
            left_out[section] += 1
        else:
            rows.setdefault(section, []).append(_row(lines, room))
    places = {trial.trial_id: place for place, trial in enumerate(comparison.trials)}
    _mark([row for found in rows.values() for row in found], places, comparison.remarks)
    return [
        {
            "anchor": name,
            "heading": SECTIONS[name],
            "rows": [{**row, "cells": _merged(row["cells"])} for row in found],
            "left_out": left_out[name],
        }
        for name, found in rows.items()
    ]


def beginning(text: str, room: Room) -> str:
    """A text of the page's head, cut where the table's texts are."""
    return _cut(text, room.text) if room.cuts and len(text) > room.text else text
