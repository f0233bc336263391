"""CSV as pandas, DuckDB and R read it, each with what the README says of apostrophes and of missing values."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from harvester.cells import undone
from harvester.compare_forms import long
from harvester.export import Selection, write
from normalize.schema import Country, Record
from tests.harvester.compared import written
from tests.site.made import make_catalogue

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


@pytest.fixture(scope="module")
def of_namibia(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Countries of a trial in Namibia, and one whose code nobody knows."""
    folder = tmp_path_factory.mktemp("namibia")
    countries = (Country(country_code="NA", country="Namibia", country_raw="Namibia"), Country(country_raw="None"))
    record = Record(registry="ClinicalTrials.gov", registry_id="NCT01000001", countries=countries)
    with (
        closing(sqlite3.connect(make_catalogue(folder / "c.db", [("NCT01000001", "ctgov", record)]))) as db,
        (folder / "countries.csv").open("wb") as out,
    ):
        write(db, Selection("countries"), "csv", out)
    return folder / "countries.csv"


def test_pandas_takes_an_empty_cell_alone_as_missing(of_namibia: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="no pandas: pip install pandas")
    table = pandas.read_csv(of_namibia, keep_default_na=False, na_values=[""])
    assert table["country_code"].fillna("missing").tolist() == ["NA", "missing"]
    assert table["country_raw"].tolist() == ["Namibia", "None"] and table["ordinal"].tolist() == [1, 2]


@pytest.mark.skipif(RSCRIPT is None, reason="no R on this machine: apt-get install r-base-core")
def test_r_takes_an_empty_cell_alone_as_missing(of_namibia: Path) -> None:
    script = 'cat(is.na(read.csv(commandArgs(TRUE)[1], na.strings = "")$country_code))'
    answer = subprocess.run(
        [str(RSCRIPT), "--vanilla", "-e", script, str(of_namibia)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.stdout == "FALSE TRUE"
