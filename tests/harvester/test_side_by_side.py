"""Readers beside a build: the same catalogue, no reader left behind, and a sentence when one is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harvester import readers
from harvester.archive import Archive
from harvester.build import BuildFailed, build, content_hash
from harvester.imports import files_of, import_files
from harvester.sample import RECORDS
from harvester.unusable import Unusable
from tests.processes import reader_processes


@pytest.fixture(scope="module")
def archive_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("readers") / "archive.db"
    with Archive(path) as archive:
        for source in ("ctgov", "euctr", "ictrp"):
            import_files(archive, source, list(files_of([RECORDS / source])))
    return path


@pytest.fixture
def two_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "hands", lambda archive: 3)
    monkeypatch.setattr(readers, "_LIST", 5)


def test_a_small_archive_is_read_by_the_build_itself(archive_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Archive(archive_path) as archive:
        assert readers.hands(archive) == 1
        monkeypatch.setattr(readers, "_MANY", 1)
        assert 1 <= readers.hands(archive) <= readers._MOST


@pytest.mark.usefixtures("two_readers")
def test_the_catalogue_is_the_one_that_a_single_process_makes(
    archive_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []
    beside = build(archive_path, tmp_path / "beside.db", progress=lambda done, total: seen.append((done, total)))
    monkeypatch.setattr(readers, "hands", lambda archive: 1)
    alone = build(archive_path, tmp_path / "alone.db")
    assert beside == alone
    assert content_hash(tmp_path / "beside.db") == content_hash(tmp_path / "alone.db")
    assert len(seen) > 5
    assert seen[-1] == (alone.records, alone.records)
    assert reader_processes(os.getpid()) == []


@pytest.mark.usefixtures("two_readers")
def test_a_reader_that_is_ended_fails_the_build_with_a_sentence(archive_path: Path, tmp_path: Path) -> None:
    def end_them(done: int, total: int) -> None:
        for pid in reader_processes(os.getpid()):
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(BuildFailed, match=r"was ended from outside .* the old catalogue stands: build again"):
        build(archive_path, tmp_path / "catalogue.db", progress=end_them)
    assert list(tmp_path.iterdir()) == []
    assert reader_processes(os.getpid()) == []


def test_what_is_wrong_with_the_archive_is_raised_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"no database at all" * 100)
    with readers._reader(tmp_path / "archive.db", False) as reader, pytest.raises(Unusable, match=r"archive\.db"):
        readers._ask(reader, [("ctgov", "NCT00000001")])


_BUILD = """
import sys, time
from pathlib import Path
from harvester import readers
from harvester.build import build
from harvester.stopping import stoppable
readers.hands, readers._LIST = lambda archive: 3, 5
def wait(done, total):
    print(done, flush=True)
    time.sleep(60)
with stoppable():
    build(Path(sys.argv[1]), Path(sys.argv[2]), progress=wait)
"""


def test_readers_end_with_a_build_that_is_told_to_stop(archive_path: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _BUILD, str(archive_path), str(tmp_path / "catalogue.db")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"5\n"
    pids = reader_processes(process.pid)
    assert len(pids) == 2
    process.terminate()
    struck = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - struck < 10
    assert process.returncode == 1
    assert b"stopped by a signal" in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids), "a build waits for its readers"
    assert list(tmp_path.iterdir()) == [], "a half catalogue only takes room"


def test_readers_end_with_a_build_that_is_killed(archive_path: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _BUILD, str(archive_path), str(tmp_path / "catalogue.db")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"5\n"
    pids = reader_processes(process.pid)
    assert len(pids) == 2
    process.kill()
    process.communicate()
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < until, "a reader outlived its build"
        time.sleep(0.05)


def test_a_build_and_its_readers_start_without_what_they_have_no_use_for() -> None:
    asked = "import sys, harvester.build, harvester.readers; print(*{'scrapy', 'twisted', 'pandas', 'scipy'}.intersection(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert loaded.split() == []
