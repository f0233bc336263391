"""What a person wrote for the build: files that the configuration names."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from harvester.archive import Archive
from harvester.build import build
from harvester.config import Config, ConfigError, Topic
from harvester.imports import files_of, import_files
from harvester.written import written

SAMPLE = Path(__file__).resolve().parents[1] / "fixtures" / "ctgov"


def _config(folder: Path, lines: str) -> Config:
    file = folder / "sponsors.csv"
    file.write_text(lines, encoding="utf-8")
    return Config(sponsors=str(file), topics=[Topic(name="lupus", query="lupus nephritis")])


def _built(folder: Path, config: Config) -> list[tuple[str, ...]]:
    build(folder / "archive.db", folder / "catalogue.db", written=written(config))
    with closing(sqlite3.connect(folder / "catalogue.db")) as db:
        assert db.execute("SELECT name, query FROM topics").fetchall() == [("lupus", "lupus nephritis")]
        return db.execute("SELECT name_raw, sponsor_id, rule FROM sponsor_aliases ORDER BY 1").fetchall()


def test_a_decision_about_a_sponsor_survives_builds_and_goes_with_its_line(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        import_files(archive, "ctgov", list(files_of([SAMPLE])))
    before = _built(tmp_path, _config(tmp_path, "name_raw,organization,note\n"))
    name = before[0][0]
    decided = _config(tmp_path, f'name_raw,organization,note\n"{name}",Valdoria Holding,its owner since 2024\n')
    for _ in range(2):
        after = _built(tmp_path, decided)
        assert after[0][:2] == (name, "valdoria-holding") and after[0][2].startswith("written by hand")
        assert [row for row in after if row[0] != name] == [row for row in before if row[0] != name]
    assert _built(tmp_path, _config(tmp_path, "name_raw,organization,note\n")) == before


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("name,organization\nX,Y\n", "the first line must be name_raw,organization,note"),
        ("name_raw,organization,note\nX,,\n", "line 2: a spelling and the organization it names must both stand there"),
        ("name_raw,organization,note\nX,Y,\nX,Z,\n", "line 3: another line says that 'X' is 'Y'"),
    ],
)
def test_a_file_that_cannot_be_used_is_answered_with_a_sentence(tmp_path: Path, lines: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        written(_config(tmp_path, lines))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sponsors in harvester\.toml names it"):
        written(Config(sponsors=str(tmp_path / "none.csv")))
