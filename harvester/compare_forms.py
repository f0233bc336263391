"""Comparison room: a comparison as CSV, JSON and a table for the terminal. Pure; called by `harvester compare` and the site.

- wide: a row a line of the comparison, a column a trial. For spreadsheets: begins with a byte order mark, and what a spreadsheet
  would rewrite has an apostrophe before it (`cells`); phases, yes and no are words. Several values of a trial stand one a line in the cell.
- long: a row a value, with the registry's words and the record it came from. For pandas, R and DuckDB: plain UTF-8.
- xlsx: both, a worksheet each; text stays text without apostrophes.
- json: the `Comparison` itself.

What a reader should know of a trial's own values, contradictions between its records and quality flags, comes last in both CSV forms:
section `remarks`, field `discrepancies.` and the field or `quality_flags.` and the flag, kind the severity, no verdict.
"""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from harvester.cells import BOM, csv_text, kept_by_spreadsheets
from harvester.compare import Comparison, Line, Value
from harvester.compare_fields import PLAN, SECTIONS, One
from harvester.compare_remarks import Remark
from harvester.export_files import Sheet, write_workbook

#: The sign of each verdict, so that none is told by colour alone, and its words.
VERDICTS = {
    "same": ("=", "same"), "similar": ("≈", "similar"), "different": ("≠", "different"),
    "only_in_some": ("◐", "only in some"), "unknown": ("?", "unknown"),
}  # fmt: skip

#: Fields that say yes or no.
_TRUTHS = frozenset(one.name for one in PLAN if isinstance(one, One) and one.kind == "truth")
#: Characters of a column of the wide worksheet.
_COLUMN_WIDTH = 32

LONG = ("trial_id", "section", "field", "item", "kind", "ordinal", "value", "raw", "record_id", "verdict")


def plain(value: Any) -> Any:
    """A number without a decimal point when it is whole."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: Value) -> Any:
    """The value, or the registry's words where they are no value ("No limit")."""
    return plain(value.raw if value.value is None else value.value)


def _cell(line: Line, values: tuple[Value, ...]) -> Any:
    if line.field == "phase" and values and values[0].value:
        return phase_in_words(str(values[0].value))
    if line.field in _TRUTHS and values and values[0].value is not None:
        return "yes" if values[0].value else "no"
    if len(values) < 2:
        return _shown(values[0]) if values else None
    return "\n".join(str(_shown(value)) for value in values)


def phase_in_words(phase: str) -> str:
    """As WHO's data set and ClinicalTrials.gov write it, and as no spreadsheet takes it for a day: `1/2` -> `Phase 1/Phase 2`."""
    if not phase[0].isdigit():
        return {"early_1": "Early Phase 1"}.get(phase, phase.replace("_", " ").capitalize())
    return "/".join(f"Phase {part}" for part in phase.split("/"))


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


def _remarks(comparison: Comparison) -> dict[tuple[str, str], list[Remark]]:
    """(field, severity) -> the remarks that share a row."""
    found: dict[tuple[str, str], list[Remark]] = {}
    for remark in comparison.remarks:
        table = "discrepancies" if remark.kind == "contradiction" else "quality_flags"
        found.setdefault((f"{table}.{remark.name}", remark.severity), []).append(remark)
    return found


def wide_rows(comparison: Comparison) -> Iterator[list[Any]]:
    """The wide form, header first."""
    ids = [trial.trial_id for trial in comparison.trials]
    yield ["section", "field", "item", "kind", *ids, "verdict", "minimum", "maximum", "note"]
    for line in _lines(comparison):
        yield [
            line.section, line.field, line.item, line.kind, *(_cell(line, values) for values in line.values), line.verdict,
            plain(line.minimum), plain(line.maximum), line.note,
        ]  # fmt: skip
        if line.field == "sex":
            nobody = "different" if comparison.population.is_empty else None
            yield ["population", "overlap", None, None, *[None] * len(ids), nobody, None, None, comparison.population.sentence]  # fmt: skip
    for (field, severity), remarks in _remarks(comparison).items():
        said = ["\n".join(one.text for one in remarks if one.trial_id == trial_id) or None for trial_id in ids]
        yield ["remarks", field, None, severity, *said, None, None, None, None]


def long_rows(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    """The long form, header first."""
    yield LONG
    for line in _lines(comparison):
        for trial, values in zip(comparison.trials, line.values, strict=True):
            for value in values:
                yield (
                    trial.trial_id, line.section, line.field, line.item, line.kind, value.ordinal, plain(value.value), value.raw,
                    value.record_id, line.verdict,
                )  # fmt: skip
    for (field, severity), remarks in _remarks(comparison).items():
        for one in remarks:
            yield one.trial_id, "remarks", field, None, severity, None, one.text, None, one.record_id, None


def wide(comparison: Comparison) -> str:
    """CSV for spreadsheets, with BOM."""
    return BOM + csv_text(wide_rows(comparison), kept_by_spreadsheets)


def long(comparison: Comparison) -> str:
    """CSV for programs: a row a value."""
    return csv_text(long_rows(comparison))


def xlsx(comparison: Comparison) -> bytes:
    """A workbook of both forms. Raises MissingPackage, TooLong."""
    (wide_header, *wide_body), (long_header, *long_body) = wide_rows(comparison), long_rows(comparison)
    sheets = [Sheet("wide", wide_header, wide_body, _COLUMN_WIDTH), Sheet("long", long_header, long_body)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "comparison.xlsx"
        write_workbook(sheets, file)
        return file.read_bytes()


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
        cells = [str(_cell(line, values)) if values else "-" for values in line.values]
        blocks.append(_row(f"{label} ({line.kind})" if line.kind else label, f"{sign} {words}", cells, column))
        if line.note:
            blocks.append(textwrap.indent(textwrap.fill(line.note, max(width - 6, 60)), "      "))
        if line.field == "sex":
            blocks.append(f"   => {comparison.population.sentence}")
    if comparison.remarks:
        blocks.append("\nCONTRADICTIONS AND QUALITY FLAGS")
        said = (f"{one.trial_id}, {one.severity}: {one.text}" for one in comparison.remarks)
        blocks += [textwrap.fill(" ".join(text.split()), width, subsequent_indent="    ") for text in said]
    return "\n".join(blocks) + "\n"


def _row(label: str, verdict: str, cells: list[str], column: int) -> str:
    wrapped = [[part for text in cell.splitlines() for part in textwrap.wrap(text, column) or [""]] for cell in cells]
    left = [*textwrap.wrap(label, 22), *([verdict] if verdict else [])]
    lines = zip_longest(left, *wrapped, fillvalue="")
    return "\n".join(
        "  ".join([f"{first:24}", *(f"{cell:{column}}" for cell in rest)]).rstrip() for first, *rest in lines
    )


#: What `harvester compare --format` and the site's downloads write, `table` aside.
FORMS: dict[str, Callable[[Comparison], bytes]] = {
    "csv": lambda comparison: wide(comparison).encode(),
    "long": lambda comparison: long(comparison).encode(),
    "xlsx": xlsx,
    "json": lambda comparison: json(comparison).encode(),
}
