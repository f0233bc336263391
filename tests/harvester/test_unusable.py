"""A damaged, locked, read-only or newer file is told with a sentence and the way out, whatever the command; nothing is changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from harvester import unusable
from harvester.cli import main

STUDY = '{"protocolSection": {"identificationModule": {"nctId": "NCT9000000%d", "briefTitle": "A"}}}'

#: Every command that opens the archive; {file} is an export file.
COMMANDS = {
    "refresh": ["refresh", "--registry", "ctgov", "--all"],
    "import": ["import", "ctgov", "{file}"],
    "build": ["build"],
    "status": ["status"],
    "verify": ["archive", "verify"],
    "compact": ["archive", "compact"],
    "export": ["archive", "export", "-o", "{folder}/a.warc"],
}
#: Every command that opens the catalogue.
READERS = {
    "status": ["status"],
    "changes": ["changes"],
    "table": ["export", "trials"],
    "compare": ["compare", "NCT90000001", "NCT90000002"],
    "related": ["related", "NCT90000001"],
    "snapshot": ["snapshot", "-o", "{folder}/snapshot"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for number in range(1, 4):
        (folder / f"{number}.json").write_text(STUDY % number)
    files = [str(file) for file in sorted(folder.glob("*.json"))]
    for command in (["import", "ctgov", *files], ["build"]):
        done = CliRunner().invoke(main, [*command, "--data", str(folder / "data")])
        assert done.exit_code == 0, done.output
    return folder / "data"


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def told(data: Path, command: list[str]) -> str:
    """What a command that must fail says; one sentence, no traceback."""
    (data.parent / "study.json").write_text(STUDY % 9)
    arguments = [part.format(file=data.parent / "study.json", folder=data.parent) for part in command]
    done = CliRunner().invoke(main, [*arguments, "--data", str(data)])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    return done.stderr


def mark_newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 99")


def overwrite(file: Path) -> None:
    file.write_bytes(b"this is no database " * 1000)


def damage_a_page(file: Path) -> None:
    """One page in the middle of the file, as a bad disk leaves it."""
    with closing(sqlite3.connect(file)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('payloads', 'trials')").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with file.open("r+b") as handle:
        handle.seek((page - 1) * size)
        handle.write(b"\xff" * size)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (mark_newer, "was written by a newer harvester (form 99; this one knows"),
        (overwrite, "it is damaged: it does not begin as a database does"),
    ],
)
def test_an_archive_that_cannot_be_opened(data: Path, name: str, break_it: Callable[[Path], None], said: str) -> None:
    break_it(data / "archive.db")
    before = (data / "archive.db").read_bytes()
    words = told(data, COMMANDS[name])
    assert f"{data / 'archive.db'}" in words and said in words
    assert (data / "archive.db").read_bytes() == before


@pytest.mark.parametrize("name", ["import", "build", "verify", "compact", "export"])
def test_an_archive_with_a_bad_page(data: Path, name: str) -> None:
    damage_a_page(data / "archive.db")
    command = [*COMMANDS[name], "--full"] if name == "build" else COMMANDS[name]
    words = told(data, command)
    assert "archive.db" in words and "damaged" in words
    if name != "verify":
        assert "`harvester archive verify` names the records that are hurt" in words


@pytest.mark.parametrize(("name", "break_it"), [("table", damage_a_page), *((name, overwrite) for name in READERS)])
def test_a_damaged_catalogue_is_made_anew(data: Path, name: str, break_it: Callable[[Path], None]) -> None:
    break_it(data / "catalogue.db")
    words = told(data, READERS[name])
    assert f"{data / 'catalogue.db'}: it is damaged" in words and "`harvester build --full` makes it anew" in words
    done = CliRunner().invoke(main, ["build", "--full", "--data", str(data)])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(main, ["export", "trials", "--data", str(data)]).exit_code == 0


def garble(file: Path) -> None:
    """Bytes of the schema that are no text any more."""
    schema = file.read_bytes()
    assert b"CREATE TABLE" in schema
    file.write_bytes(schema.replace(b"CREATE TABLE", b"CREATE \xa0ABLE"))


@pytest.mark.parametrize("name", ["import", "build", "status", "compact"])
def test_an_archive_whose_schema_is_no_text(data: Path, name: str) -> None:
    garble(data / "archive.db")
    words = told(data, COMMANDS[name])
    assert f"{data / 'archive.db'}: it is damaged" in words and "`harvester archive verify`" in words


@pytest.mark.parametrize("name", READERS)
def test_a_catalogue_whose_schema_is_no_text_is_made_anew(data: Path, name: str) -> None:
    garble(data / "catalogue.db")
    assert f"{data / 'catalogue.db'}: it is damaged" in told(data, READERS[name])
    done = CliRunner().invoke(main, ["build", "--data", str(data)])
    assert done.exit_code == 0, done.output


def test_compacting_what_is_damaged_changes_nothing_and_says_so(data: Path) -> None:
    with closing(sqlite3.connect(data / "archive.db")) as db:
        db.execute("UPDATE captures SET sha256 = 'gone'")
        db.commit()
    (data.parent / "harvester.toml").write_text("[retention]\nrejected_days = 1\n")
    words = told(data, ["archive", "compact", "--apply", "--config", "{folder}/harvester.toml"])
    assert "nothing was changed" in words and "`harvester archive verify`" in words


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    ("statement", "column"),
    [("DROP TABLE runs", "runs.run_id"), ("ALTER TABLE records DROP COLUMN why_stopped", "records.why_stopped")],
)
def test_a_catalogue_of_another_version_is_made_anew(data: Path, name: str, statement: str, column: str) -> None:
    with closing(sqlite3.connect(data / "catalogue.db")) as db:
        db.execute(statement)
    words = told(data, READERS[name])
    assert f"{data / 'catalogue.db'} is no catalogue of this version (it has no {column}): `harvester build`" in words


def test_an_empty_file_is_no_catalogue(data: Path) -> None:
    (data / "catalogue.db").write_bytes(b"")
    assert "is no catalogue of this version" in told(data, ["export", "trials"])
    assert CliRunner().invoke(main, ["build", "--data", str(data)]).exit_code == 0
    assert CliRunner().invoke(main, ["export", "trials", "--data", str(data)]).exit_code == 0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(unusable, "PATIENCE", 0.1)
    yield


@pytest.mark.parametrize("name", ["import", "status", "verify", "compact"])
def test_an_archive_that_another_program_holds_locked(data: Path, name: str, impatient: None) -> None:
    with closing(sqlite3.connect(data / "archive.db", isolation_level=None)) as other:
        other.executescript("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM bookmarks")
        words = told(data, COMMANDS[name])
    assert f"{data / 'archive.db'}: another program holds it locked" in words and "fuser" in words


def test_in_a_folder_that_may_not_be_written_to_what_only_reads_works(made: Path, tmp_path: Path) -> None:
    """Root may write anywhere, so it gives up that right first."""
    humble = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("this is root, and setpriv is not there to give up its rights")
        humble = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]
    data = Path(shutil.copytree(made, tmp_path / "data"))
    (tmp_path / "study.json").write_text(STUDY % 9)
    for file in data.iterdir():
        file.chmod(0o444)
    data.chmod(0o555)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        line = [*humble, sys.executable, "-m", "harvester", *command, "--data", str(data)]
        return subprocess.run(line, capture_output=True, text=True)

    try:
        for reading in (("status",), ("archive", "verify"), ("export", "trials")):
            done = run(*reading)
            assert done.returncode == 0, done.stderr
        refused = run("import", "ctgov", str(tmp_path / "study.json"))
        assert refused.returncode == 1
        assert f"the folder {data} cannot be written to" in refused.stderr and "--data" in refused.stderr
    finally:
        data.chmod(0o755)
