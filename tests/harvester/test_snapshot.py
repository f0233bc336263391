"""A snapshot can be checked, served and cited on another machine."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from harvester.catalogue_tables import TABLES
from harvester.cli import main
from tests.site.conftest import InProcess
from tests.site.made import make_catalogue


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["snapshot", *map(str, arguments)])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("snapshot")
    (place / "data").mkdir()
    make_catalogue(place / "data" / "catalogue.db")
    done = run("--data", place / "data", "-o", place / "shot")
    assert done.exit_code == 0, done.output
    assert "66 trials from 68 records, catalogue of 2026-01-06" in done.output
    return place / "shot"


@pytest.fixture
def moved(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "elsewhere"))


def test_it_holds_every_table_twice(written: Path) -> None:
    with sqlite3.connect(written / "catalogue.db") as db:
        for table in TABLES:
            with (written / "csv" / f"{table}.csv").open(encoding="utf-8", newline="") as handle:
                rows = sum(1 for _ in csv.reader(handle)) - 1
            assert rows == db.execute(f"SELECT count(*) FROM {table}").fetchone()[0], table
    db.close()


def test_another_machine_finds_it_whole(moved: Path) -> None:
    done = run("--verify", moved)
    assert done.exit_code == 0 and "is as it was written: 66 trials" in done.output
    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=moved, check=False).returncode == 0


def test_a_changed_missing_or_added_file_is_named(moved: Path) -> None:
    with (moved / "csv" / "trials.csv").open("ab") as out:
        out.write(b" ")
    (moved / "csv" / "runs.csv").unlink()
    (moved / "new.txt").write_text("x", encoding="utf-8")
    done = run("--verify", moved)
    assert done.exit_code == 1
    for sentence in ("csv/trials.csv is not what it was", "csv/runs.csv is missing", "new.txt is not in SHA256SUMS"):
        assert sentence in done.output


def test_what_is_no_snapshot_is_said(tmp_path: Path) -> None:
    done = run("--verify", tmp_path)
    assert done.exit_code == 1 and "is no snapshot" in done.output


def test_nothing_is_overwritten(written: Path) -> None:
    done = run("--data", written.parent / "data", "-o", written)
    assert done.exit_code == 1 and "is there already" in done.output


def test_it_is_served_and_cited(moved: Path) -> None:
    site = InProcess(moved / "catalogue.db", immutable=True)
    assert site.get("/trial/NCT01000001").status_code == 200 and "66" in site.html("/")
    site.close()
    cited = yaml.safe_load((moved / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0" and str(cited["date-released"]) == "2026-01-06"
    assert {one["title"] for one in cited["references"]} >= {"ClinicalTrials.gov", "WHO ICTRP"}
    readme = (moved / "README.md").read_text(encoding="utf-8")
    assert "no marketing, promotional or commercial use" in readme and "Not medical advice" in readme


def test_of_an_empty_catalogue_there_is_no_snapshot(tmp_path: Path) -> None:
    make_catalogue(tmp_path / "catalogue.db", [])
    done = run("--data", tmp_path, "-o", tmp_path / "shot")
    assert done.exit_code == 1 and "the catalogue is empty: run `harvester refresh`" in done.output
    assert [file.name for file in tmp_path.iterdir()] == ["catalogue.db"]
