"""Export room: rows into files, streamed: CSV, JSON lines, Parquet, XLSX. Called by `export` and `compare_forms`.

Knows nothing of what the rows are. Bytes (of `trial_roots`, `term_worth`, `trial_profiles`) are base64 where a format has only text.
"""

from __future__ import annotations

import csv
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import msgspec

from harvester.catalogue_tables import Column
from harvester.cells import defused

Rows = Iterator[tuple[Any, ...]]

_BATCH = 2_000
#: What a worksheet holds.
_MOST_ROWS, _LONGEST_CELL = 1_048_575, 32_767
_CUT = " … [cut: a spreadsheet cell holds no more; CSV, JSON lines and Parquet have it whole]"


class MissingPackage(Exception):
    """A format needs a package that is not installed."""

    def __init__(self, form: str, package: str) -> None:
        super().__init__(f"{form} needs the package {package}: pip install '.[export]' in the checkout")  # fmt: skip


class TooLong(Exception):
    """There are more rows than the format holds."""


def write_csv(names: tuple[str, ...], rows: Rows, out: TextIO) -> int:
    """RFC 4180: header of column names, line breaks kept inside quotes, NULL as an empty cell, formulas defused (`cells`)."""
    writer = csv.writer(out)
    writer.writerow(names)
    count = 0
    for row in rows:
        writer.writerow([defused(_text_of_bytes(value)) for value in row])
        count += 1
    return count


def _text_of_bytes(value: Any) -> Any:
    """The value; bytes as text, as `msgspec` writes them into JSON."""
    return b64encode(value).decode() if isinstance(value, bytes) else value


def write_jsonl(names: tuple[str, ...], rows: Rows, out: TextIO) -> int:
    """One JSON object a line."""
    count = 0
    for row in rows:
        out.write(msgspec.json.encode(dict(zip(names, row, strict=True))).decode() + "\n")
        count += 1
    return count


def write_parquet(table: str, columns: Sequence[Column], rows: Rows, file: Path) -> int:
    """Parquet with the types and descriptions of the data dictionary. Raises MissingPackage."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as problem:
        raise MissingPackage("Parquet", "pyarrow") from problem
    types = {"TEXT": pyarrow.string(), "INTEGER": pyarrow.int64(), "REAL": pyarrow.float64(), "BLOB": pyarrow.binary()}
    schema = pyarrow.schema(
        [pyarrow.field(c.name, types[c.type], not c.required, {"description": c.description}) for c in columns]
    )
    count = 0
    with pyarrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(rows, _BATCH)):
            writer.write_batch(
                pyarrow.record_batch(
                    [
                        pyarrow.array(values, kind)
                        for values, kind in zip(zip(*batch, strict=True), schema.types, strict=True)
                    ],
                    schema=schema,
                )
            )
            count += len(batch)
    return count


class Sheet(NamedTuple):
    """A worksheet; with `width` (characters) every column is so wide and its text wraps."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    width: int | None = None


def write_xlsx(table: str, columns: Sequence[Column], rows: Rows, file: Path) -> int:
    """A table as a worksheet. Raises MissingPackage, TooLong."""
    return write_workbook([Sheet(table, [column.name for column in columns], rows)], file)


def write_workbook(sheets: Iterable[Sheet], file: Path) -> int:
    """Worksheets in which every text is text: no date, number or formula is made of it. The rows of all.

    Rows are streamed to the disk. Raises MissingPackage; TooLong when a worksheet cannot hold all rows; OSError.
    """
    try:
        import xlsxwriter
        import xlsxwriter.exceptions
    except ImportError as problem:
        raise MissingPackage("XLSX", "XlsxWriter") from problem
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".", dir=file.parent.resolve()) as folder,
            xlsxwriter.Workbook(str(file), {"constant_memory": True, "tmpdir": folder}) as book,
        ):
            return _write_sheets(book, sheets)
    except xlsxwriter.exceptions.FileCreateError as problem:
        raise problem.args[0] from problem  # the OSError that it stands for


def _write_sheets(book: Any, sheets: Iterable[Sheet]) -> int:
    written = 0
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name[:31])
        page.freeze_panes(1, 1)
        shape = wrapped if sheet.width else None
        if sheet.width:
            page.set_column(0, len(sheet.header) - 1, sheet.width)
        for place, name in enumerate(sheet.header):
            page.write_string(0, place, name, bold)
        for number, row in enumerate(sheet.rows, 1):
            if number > _MOST_ROWS:
                raise TooLong(f"a worksheet holds {_MOST_ROWS:,} rows and {sheet.name} has more: choose fewer with --search or --where, or CSV or Parquet")  # fmt: skip
            for place, value in enumerate(map(_text_of_bytes, row)):
                if isinstance(value, str):
                    page.write_string(number, place, _cut(value), shape)
                elif value is not None:
                    page.write_number(number, place, value, shape)
            written += 1
        page.autofilter(0, 0, page.dim_rowmax or 0, len(sheet.header) - 1)
    return written


def _cut(text: str) -> str:
    """The text as far as a cell holds it; XlsxWriter would leave a longer one out."""
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - len(_CUT)] + _CUT
