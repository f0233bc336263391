"""What is made of the vocabularies is kept until a file of the package changes, and is never needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from normalize import tables


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "compiled"
    monkeypatch.setattr(tables, "_COMPILED", folder)
    monkeypatch.setattr(tables, "version", lambda: "first")
    return folder


def words(made: list[str]) -> dict[str, int]:
    made.append("made")
    return {"hospital": len(made)}


def run(made: list[str]) -> dict[str, int]:
    """As a process of its own: nothing is remembered but what lies in the folder."""

    def listed() -> dict[str, int]:
        return words(made)

    return tables.compiled(listed)()


def test_it_is_made_once(kept: Path) -> None:
    made: list[str] = []
    assert [run(made), run(made)] == [{"hospital": 1}, {"hospital": 1}]
    assert len(list(kept.iterdir())) == 1


def test_it_is_made_anew_when_the_package_changed_and_the_old_one_goes(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    run(made)
    monkeypatch.setattr(tables, "version", lambda: "second")
    assert run(made) == {"hospital": 2}
    assert [file.stem.rpartition("-")[2] for file in kept.iterdir()] == ["second"]


def test_a_broken_file_is_made_anew(kept: Path) -> None:
    made: list[str] = []
    run(made)
    (file,) = kept.iterdir()
    file.write_bytes(file.read_bytes()[:10])
    assert run(made) == {"hospital": 2}
    assert run(made) == {"hospital": 2}


def test_where_nothing_can_be_written_it_is_made_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(tables, "_COMPILED", tmp_path / "file" / "below")
    made: list[str] = []
    assert [run(made), run(made)] == [{"hospital": 1}, {"hospital": 2}]
