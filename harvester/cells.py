"""Cells of every CSV file that the harvester writes: the command line's and the site's. Pure.

A spreadsheet runs a cell that begins with `=`, `+`, `-`, `@`, and turns `1/2` into a date and `007` into a number. Such texts get an
apostrophe before them, and so does a text that begins with an apostrophe. To undo it, drop one apostrophe from the
beginning of each cell that has one (`undone`); nothing else is changed. Numbers are never touched.

- `defused`: what could be run. In all CSV files.
- `kept_by_spreadsheets`: what could be run, and what would be shown as something else. In files made for spreadsheets,
  which also begin with BOM, for without it Excel does not see that they are UTF-8.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

BOM = "\ufeff"

#: First characters of a formula, in Excel, LibreOffice and Google Sheets; wide ones are Excel's in Japanese.
_RUN = re.compile(r"[=+\-@\t\r\n＝＋－＠']")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_REWRITTEN = re.compile(
    rf"""\d{{1,4}}\s?[/.-]\s?\d{{1,2}}(?:\s?[/.]\s?\d{{1,4}})?    # 1/2, 2024-03, 3.4.2020: a date; 2024-03-05 is one
    |\d{{1,2}}-\d{{1,2}}-\d{{2,4}}
    |\d+:\d+(?::\d+)?                                             # a time
    |0\d+|\d{{12,}}                                               # 007, and numbers longer than a spreadsheet keeps
    |\d+(?:\.\d+)?e\d+                                            # 1E5
    |\d+\s\d+/\d+|\d+,\d+|[\d.,]+\s?%|\([\d.,]+\)|[$£€]\s?[\d.,]+   # 1 1/2; 1,5; 10%; (5) is -5; $5
    |\d{{1,2}}[\s-]?{_MONTH}(?:[\s-]?\d{{2,4}})?|{_MONTH}[\s-]?\d{{1,4}}   # MARCH1 is a gene
    |true|false""",
    re.IGNORECASE | re.VERBOSE,
)


def defused(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would run."""
    return f"'{value}" if isinstance(value, str) and _RUN.match(value) else value


def kept_by_spreadsheets(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would run or show as a date, a time or a number."""
    if isinstance(value, str) and _REWRITTEN.fullmatch(value):
        return f"'{value}"
    return defused(value)


def undone(cell: str) -> str:
    """The text that became the cell."""
    return cell.removeprefix("'")


def csv_text(rows: Iterable[Sequence[Any]], cell: Callable[[Any], Any] = defused) -> str:
    """Rows as lines of RFC 4180: line breaks kept inside quotes, nothing for None."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
