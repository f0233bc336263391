"""Cells of CSV: nothing is run, nothing is rewritten, everything can be undone."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.cells import csv_text, defused, kept_by_spreadsheets, undone


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30", "-5 degrees", "- aged 18", "@now", "\t=1", "\r=1", "＝1", "'quoted"]
)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == kept_by_spreadsheets(text) == "'" + text


@pytest.mark.parametrize(
    "text",
    ["1/2", "3/4", "2024-03", "3.4.2020", "1-2-20", "12:30", "007", "1E5", "MARCH1", "5 May", "TRUE", "123456789012", "1 1/2", "10%", "(5)"],
)  # fmt: skip
def test_what_a_spreadsheet_would_rewrite_is_kept_in_its_own_files_only(text: str) -> None:
    assert kept_by_spreadsheets(text) == "'" + text
    assert defused(text) == text


@pytest.mark.parametrize(
    "value", ["2024-03-05", "2", "Phase 2", "2017-001400-29", "≥ 18", "May", "", None, -5, -3.2, 0]
)
def test_everything_else_is_left_alone(value: object) -> None:
    assert kept_by_spreadsheets(value) == defused(value) == value


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    for cell in (defused, kept_by_spreadsheets):
        assert undone(cell(text)) == text
        assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_line_breaks_and_quotes_stay() -> None:
    text = csv_text([("a", 'two\nlines, "quoted"'), (None, -1)])
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", 'two\nlines, "quoted"'], ["", "-1"]]
