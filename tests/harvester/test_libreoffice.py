"""CSV for spreadsheets as LibreOffice opens it, with all its guessing on: every text comes back, no phase becomes a date."""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harvester.cells import BOM, csv_text, undone
from harvester.compare_forms import wide
from tests.harvester.compared import FIRST, written

SOFFICE = shutil.which("soffice")
pytestmark = pytest.mark.skipif(
    SOFFICE is None, reason="no LibreOffice on this machine: apt-get install libreoffice-calc"
)

#: Separator, quote, UTF-8, first line, columns, English (USA), quoted cells are guessed too, special numbers (dates) are guessed.
_GUESSING = "CSV:44,34,76,1,,1033,false,true"
_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def opened(file: Path) -> list[list[tuple[str, str]]]:
    """Rows of (type, text) of the cells as LibreOffice takes them: s for text, n for a number or a date; no blank cells."""
    command = [str(SOFFICE), "--headless", f"-env:UserInstallation={(file.parent / 'profile').as_uri()}"]
    command += [f"--infilter={_GUESSING}", "--convert-to", "xlsx", "--outdir", str(file.parent), str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(file.with_suffix(".xlsx")) as book:
        strings = [
            "".join(part.text or "" for part in one.iter(f"{_SPACE}t"))
            for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{_SPACE}f")), "a formula was made"
    rows = []
    for row in sheet.iter(f"{_SPACE}row"):
        cells = [(cell.get("t", "n"), cell.findtext(f"{_SPACE}v")) for cell in row.iter(f"{_SPACE}c")]
        rows.append([(kind, strings[int(text)] if kind == "s" else text) for kind, text in cells if text is not None])
    return rows


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("libreoffice"), wide)


def test_a_comparison_opens_as_it_was_written(comparison: Path) -> None:
    with comparison.open(encoding="utf-8-sig", newline="") as handle:
        written = [[cell for cell in row if cell] for row in csv.reader(handle)]
    rows = opened(comparison)
    assert len(rows) == len(written)
    for row, expected in zip(rows, written, strict=True):
        assert [text for kind, text in row if kind == "s"] == [
            c for c, (kind, _) in zip(expected, row, strict=True) if kind == "s"
        ]
    by_field = {row[1][1]: row for row in rows}
    assert undone(by_field["public_title"][2][1]) == FIRST.public_title
    assert by_field["phase"][2] == ("s", "Phase 1/Phase 2") and by_field["phase"][3] == ("s", "Phase 2")
    assert by_field["date_of_first_enrollment"][2] == ("s", "'2021-03")
    assert by_field["why_stopped"][2] == ("s", "'- lack of money")
    assert by_field["countries.country"][2] == ("s", "France\nSpain")


def test_without_apostrophes_libreoffice_would_change_them(tmp_path: Path) -> None:
    """The reason for the rule: a phase becomes a day, a formula runs."""
    file = tmp_path / "bare.csv"
    file.write_text(BOM + csv_text([["phase", "n"], ["1/2", "x"]], lambda value: value), encoding="utf-8", newline="")
    kind, text = opened(file)[1][0]
    assert kind == "n" and text != "1/2"
