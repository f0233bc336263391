"""Comparison room: a comparison as CSV, JSON and a table for the terminal. Pure; called by `harvester compare` and the site.

- wide: a row a line of the comparison, a column a trial. For spreadsheets: begins with a byte order mark, and what a spreadsheet
  would rewrite has an apostrophe before it (`cells`). Several values of a trial stand one a line in the cell.
- long: a row a value, with the registry's words and the record it came from. For pandas, R and DuckDB: plain UTF-8.
- json: the `Comparison` itself.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from harvester.cells import BOM, csv_text, kept_by_spreadsheets
from harvester.compare import Comparison, Line, Value
from harvester.compare_fields import SECTIONS

#: The sign of each verdict, so that none is told by colour alone, and its words.
VERDICTS = {
    "same": ("=", "same"), "similar": ("≈", "similar"), "different": ("≠", "different"),
    "only_in_some": ("◐", "only in some"), "unknown": ("?", "unknown"),
}  # fmt: skip

LONG = ("trial_id", "section", "field", "item", "kind", "ordinal", "value", "raw", "record_id", "verdict")


def plain(value: Any) -> Any:
    """A number without a decimal point when it is whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: Value) -> Any:
    """The value, or the registry's words where they are no value ("No limit")."""
    return plain(value.raw if value.value is None else value.value)


def _cell(values: tuple[Value, ...]) -> Any:
    if len(values) < 2:
        return _shown(values[0]) if values else None
    return "\n".join(str(_shown(value)) for value in values)


def _lines(comparison: Comparison) -> Iterator[Line]:
    """The lines, and before the first criterion those who are accepted by all, and the criteria that exclude each other."""
    told = False
    for line in comparison.lines:
        if line.field == "criteria.text" and not told:
            told = True
            yield from _conflicts(comparison)
        yield line


def _conflicts(comparison: Comparison) -> Iterator[Line]:
    ids = [trial.trial_id for trial in comparison.trials]
    for number, conflict in enumerate(comparison.conflicts, 1):
        sides = {
            conflict.trial_id: Value(value=f"{conflict.kind}: {conflict.text}", ordinal=conflict.ordinal),
            conflict.other_trial_id: Value(
                value=f"{conflict.other_kind}: {conflict.other_text}", ordinal=conflict.other_ordinal
            ),
        }
        yield Line(
            section="population",
            field="conflicts",
            label="May exclude each other",
            kind=None,
            item=number,
            values=tuple((sides[trial_id],) if trial_id in sides else () for trial_id in ids),
            verdict="different",
            note=conflict.reason,
        )


def wide(comparison: Comparison) -> str:
    """CSV for spreadsheets, with BOM."""
    ids = [trial.trial_id for trial in comparison.trials]
    rows: list[list[Any]] = [["section", "field", "item", "kind", *ids, "verdict", "minimum", "maximum", "note"]]
    for line in _lines(comparison):
        rows.append(
            [line.section, line.field, line.item, line.kind, *(_cell(values) for values in line.values), line.verdict,
             plain(line.minimum), plain(line.maximum), line.note]
        )  # fmt: skip
        if line.field == "sex":
            nobody = "different" if comparison.population.is_empty else None
            rows.append(["population", "overlap", None, None, *[None] * len(ids), nobody, None, None, comparison.population.sentence])  # fmt: skip
    return BOM + csv_text(rows, kept_by_spreadsheets)


def long(comparison: Comparison) -> str:
    """CSV for programs: a row a value."""
    rows: list[tuple[Any, ...]] = [LONG]
    for line in _lines(comparison):
        for trial, values in zip(comparison.trials, line.values, strict=True):
            rows += [
                (trial.trial_id, line.section, line.field, line.item, line.kind, value.ordinal, plain(value.value), value.raw,
                 value.record_id, line.verdict)
                for value in values
            ]  # fmt: skip
    return csv_text(rows)


def json(comparison: Comparison) -> str:
    return msgspec.json.format(msgspec.json.encode(comparison), indent=1).decode() + "\n"


def table(comparison: Comparison, width: int = 160) -> str:
    """For the terminal: columns as wide as `width` allows, not narrower than 24 characters."""
    count = len(comparison.trials)
    column = max(24, (width - 40) // count - 2)
    blocks = [_row("", "", [f"{trial.trial_id}\n{trial.title or ''}" for trial in comparison.trials], column)]
    section = ""
    for line in _lines(comparison):
        if line.section != section:
            section = line.section
            blocks.append(f"\n{SECTIONS[section].upper()}")
        sign, words = VERDICTS[line.verdict]
        label = f"{line.label} {line.item}" if line.item and ":" not in line.label else line.label
        cells = [str(_cell(values)) if values else "-" for values in line.values]
        blocks.append(_row(f"{label} ({line.kind})" if line.kind else label, f"{sign} {words}", cells, column))
        if line.note:
            blocks.append(textwrap.indent(textwrap.fill(line.note, max(width - 6, 60)), "      "))
        if line.field == "sex":
            blocks.append(f"   => {comparison.population.sentence}")
    return "\n".join(blocks) + "\n"


def _row(label: str, verdict: str, cells: list[str], column: int) -> str:
    wrapped = [[part for text in cell.splitlines() for part in textwrap.wrap(text, column) or [""]] for cell in cells]
    left = [*textwrap.wrap(label, 22), *([verdict] if verdict else [])]
    lines = zip_longest(left, *wrapped, fillvalue="")
    return "\n".join(
        "  ".join([f"{first:24}", *(f"{cell:{column}}" for cell in rest)]).rstrip() for first, *rest in lines
    )


FORMS: dict[str, Callable[[Comparison], str]] = {"csv": wide, "long": long, "json": json, "table": table}
