"""Export room: rows into files, streamed: CSV, JSON lines, Parquet, XLSX. Called by `export`; knows nothing of what the rows are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import msgspec

from harvester.catalogue import TABLES
from harvester.cells import defused

Rows = Iterator[tuple[Any, ...]]

_BATCH = 2_000
#: What a worksheet holds.
_MOST_ROWS, _LONGEST_CELL = 1_048_575, 32_767
_CUT = " … [cut: a spreadsheet cell holds no more; CSV, JSON lines and Parquet have it whole]"


class MissingPackage(Exception):
    """A format needs a package that is not installed."""

    def __init__(self, form: str, package: str) -> None:
        super().__init__(f"{form} needs the package {package}: pip install 'harvester[export]', or in a checkout pip install '.[export]'")  # fmt: skip


class TooLong(Exception):
    """There are more rows than the format holds."""


def write_csv(names: tuple[str, ...], rows: Rows, out: TextIO) -> int:
    """RFC 4180: header of column names, line breaks kept inside quotes, NULL as an empty cell, formulas defused (`cells`)."""
    writer = csv.writer(out)
    writer.writerow(names)
    count = 0
    for row in rows:
        writer.writerow([defused(value) for value in row])
        count += 1
    return count


def write_jsonl(names: tuple[str, ...], rows: Rows, out: TextIO) -> int:
    """One JSON object a line."""
    count = 0
    for row in rows:
        out.write(msgspec.json.encode(dict(zip(names, row, strict=True))).decode() + "\n")
        count += 1
    return count


def write_parquet(table: str, rows: Rows, file: Path) -> int:
    """Parquet with the types and descriptions of the data dictionary. Raises MissingPackage."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as problem:
        raise MissingPackage("Parquet", "pyarrow") from problem
    types = {"TEXT": pyarrow.string(), "INTEGER": pyarrow.int64(), "REAL": pyarrow.float64()}
    columns = TABLES[table].columns
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


def write_xlsx(table: str, rows: Rows, file: Path) -> int:
    """A worksheet in which every text is text: no date, number or formula is made of it. Raises MissingPackage, TooLong."""
    try:
        import xlsxwriter
    except ImportError as problem:
        raise MissingPackage("XLSX", "XlsxWriter") from problem
    options = {"constant_memory": True, "tmpdir": str(file.parent.resolve())}
    count = 0
    with xlsxwriter.Workbook(str(file), options) as book:
        sheet = book.add_worksheet(table[:31])
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 1)
        for place, name in enumerate(TABLES[table].names):
            sheet.write_string(0, place, name, bold)
        for count, row in enumerate(rows, 1):
            if count > _MOST_ROWS:
                raise TooLong(f"a worksheet holds {_MOST_ROWS:,} rows and {table} has more: choose fewer with --search or --where, or CSV or Parquet")  # fmt: skip
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(count, place, _cut(value))
                elif value is not None:
                    sheet.write_number(count, place, value)
    return count


def _cut(text: str) -> str:
    """The text as far as a cell holds it; XlsxWriter would leave a longer one out."""
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - len(_CUT)] + _CUT
