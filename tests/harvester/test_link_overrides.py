"""A person's decisions about links: read from a file, kept over rebuilds, refused with a sentence when they cannot be used."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from harvester.cli import main
from harvester.config import ConfigError
from harvester.link_overrides import Override, read_overrides


def write(folder: Path, text: str) -> Path:
    file = folder / "links.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_numbers_are_read_in_any_form(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "record,other,verdict,note\nNCT 90000001,euctr:EUCTR2019-000001-11-FR,Same,protocol\nNCT90000002,NCT90000001,different,\n",
    )
    assert read_overrides(file) == (
        Override("2019-000001-11", "NCT90000001", "same", "protocol"),
        Override("NCT90000001", "NCT90000002", "different", None),
    )
    assert read_overrides(None) == ()


def test_a_note_keeps_its_lines(tmp_path: Path) -> None:
    file = write(tmp_path, 'record,other,verdict,note\nNCT90000001,NCT90000002,same,"one sponsor,\none drug"\n')
    assert read_overrides(file)[0].note == "one sponsor,\none drug"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("NCT90000001,NCT90000002,perhaps,", "line 2: the verdict is 'perhaps'; write same or different"),
        ("NCT90000001,,same,", "line 2: a number is missing"),
        ("NCT90000001,ictrp:NCT90000001,different,", "line 2: both are NCT90000001"),
        ("NCT90000001,NCT90000002,same,\nNCT90000002,NCT90000001,different,", "line 3: another line says"),
        ("NCT90000001,NCT90000002,same,one sponsor, one drug", "line 2: .* a text with a comma stands in quotes"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read_overrides(write(tmp_path, f"record,other,verdict,note\n{line}\n"))


def test_a_line_that_python_does_not_read_is_told(tmp_path: Path) -> None:
    limit = csv.field_size_limit(100)  # one for the whole process, and WHO's exports lift it
    try:
        with pytest.raises(ConfigError, match="line 2: field larger than field limit"):
            read_overrides(write(tmp_path, f"record,other,verdict,note\nNCT90000001,NCT90000002,same,{'x' * 200}\n"))
    finally:
        csv.field_size_limit(limit)


def test_a_file_without_its_heading_or_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the first line must be record,other,verdict,note"):
        read_overrides(write(tmp_path, "NCT90000001,NCT90000002,same,\n"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_overrides(tmp_path / "nowhere.csv")


def test_a_decision_takes_effect_at_the_next_build_and_goes_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def study(number: str) -> dict[str, object]:
        return {"protocolSection": {"identificationModule": {"nctId": number, "briefTitle": f"Trial {number}"}}, "hasResults": False}  # fmt: skip

    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies.json").write_text(json.dumps([study("NCT90000001"), study("NCT90000002")]))
    (tmp_path / "harvester.toml").write_text('links = "links.csv"\n')
    decisions = write(tmp_path, "record,other,verdict,note\n")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.output

    def trials() -> list[tuple[str, int]]:
        with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
            return db.execute("SELECT trial_id, record_count FROM trials ORDER BY 1").fetchall()

    run("import", "ctgov", "studies.json")
    run("build")
    assert trials() == [("NCT90000001", 1), ("NCT90000002", 1)]
    decisions.write_text("record,other,verdict,note\nNCT90000001,NCT90000002,same,registered twice\n")
    run("build")
    assert trials() == [("NCT90000001", 2)]
    run("build", "--full")
    assert trials() == [("NCT90000001", 2)]
    decisions.write_text("record,other,verdict,note\n")
    run("build")
    assert trials() == [("NCT90000001", 1), ("NCT90000002", 1)]
    decisions.write_text("no heading\n")
    failed = CliRunner().invoke(main, ["build", "--data", str(tmp_path)])
    assert failed.exit_code == 2
    assert "links.csv: the first line must be" in failed.output
