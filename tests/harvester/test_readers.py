"""The long CSV of a comparison as pandas, DuckDB and R read it, each with what the README says undoes the apostrophes."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from harvester.cells import undone
from harvester.compare_forms import long
from tests.harvester.compared import written

RSCRIPT = shutil.which("Rscript")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("readers"), long)


@pytest.fixture(scope="module")
def values(comparison: Path) -> list[str]:
    """Texts of column `value` as they are in the catalogue; the awkward ones are among them."""
    with comparison.open(encoding="utf-8", newline="") as handle:
        cells = [row["value"] for row in csv.DictReader(handle)]
    assert any("\n" in cell for cell in cells) and any(cell.startswith("'-") for cell in cells)
    assert any(not cell.isascii() for cell in cells)
    return [undone(cell) for cell in cells]


def test_pandas_reads_every_value(comparison: Path, values: list[str]) -> None:
    pandas = pytest.importorskip("pandas", reason="no pandas: pip install pandas")
    table = pandas.read_csv(comparison, dtype=str, keep_default_na=False)
    assert table["value"].str.replace("^'", "", regex=True).tolist() == values


def test_duckdb_reads_every_value(comparison: Path, values: list[str]) -> None:
    duckdb = pytest.importorskip("duckdb", reason="no DuckDB: pip install duckdb")
    undoing = "regexp_replace(coalesce(value, ''), '^''', '')"
    rows = duckdb.execute(f"select {undoing} from read_csv(?, all_varchar = true)", [str(comparison)]).fetchall()
    assert [text for (text,) in rows] == values


@pytest.mark.skipif(RSCRIPT is None, reason="no R on this machine: apt-get install r-base-core")
def test_r_reads_every_value(comparison: Path, values: list[str]) -> None:
    script = """
    table <- read.csv(commandArgs(TRUE)[1], colClasses = "character", encoding = "UTF-8", na.strings = character())
    for (x in table$value) cat(utf8ToInt(sub("^'", "", x)), "\n")
    """
    answer = subprocess.run(
        [str(RSCRIPT), "--vanilla", "-e", script, str(comparison)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    read = ["".join(map(chr, map(int, line.split()))) for line in answer.stdout.splitlines()]
    assert read == values, answer.stderr
