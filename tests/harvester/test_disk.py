"""A disk that is full or may not be written to: a sentence, and nothing damaged.

Real processes. Full is a limit on the size of a file (RLIMIT_FSIZE), which any user can set, and, where root runs the tests, a real
file system in memory with no room left, or mounted read-only.
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from harvester.archive import Archive
from harvester.build import build, content_hash
from harvester.care import verify
from harvester.imports import files_of, import_files
from harvester.sample import RECORDS
from harvester.sample.server import SampleServer

SAMPLES = str(RECORDS / "ctgov")


def harvester(*arguments: str, largest: int | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command; no file of it grows beyond `largest` bytes."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    command = [sys.executable, "-m", "harvester", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, preexec_fn=limit)


def assert_whole(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def filled(data: Path) -> None:
    with Archive(data / "archive.db") as archive:
        import_files(archive, "ctgov", list(files_of([RECORDS / "ctgov"])))
    build(data / "archive.db", data / "catalogue.db")


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Callable[[str], None]]:
    """A file system in memory at a folder; yields what mounts it again with other options. Skips where nobody may mount."""
    folder.mkdir(exist_ok=True)

    def mount(how: str) -> bool:
        return (
            subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(folder)], capture_output=True).returncode
            == 0
        )

    if os.geteuid() or not shutil.which("mount") or not mount(options):
        pytest.skip("a file system can only be mounted by root")
    try:
        yield lambda how: assert_mounted(mount(f"remount,{how}"))
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def assert_mounted(done: bool) -> None:
    assert done, "the file system could not be mounted again"


def test_an_import_that_finds_no_room_says_so_and_the_next_one_finishes(tmp_path: Path) -> None:
    full = harvester("import", "ctgov", SAMPLES, "--data", str(tmp_path), largest=250_000)
    assert full.returncode == 1
    assert "archive.db: the disk" in full.stderr and "run the same again" in full.stderr, full.stderr
    assert "Traceback" not in full.stderr
    assert_whole(tmp_path / "archive.db")
    with Archive(tmp_path / "archive.db") as archive:
        import_files(archive, "ctgov", list(files_of([RECORDS / "ctgov"])))
        assert list(verify(archive)) == []
        assert len(archive.known("ctgov")) == len(list((RECORDS / "ctgov").glob("*.json")))


def test_a_build_that_finds_no_room_keeps_the_catalogue_and_leaves_no_half_file(tmp_path: Path) -> None:
    filled(tmp_path)
    before = content_hash(tmp_path / "catalogue.db")
    largest = (tmp_path / "catalogue.db").stat().st_size // 2
    full = harvester("build", "--full", "--data", str(tmp_path), largest=largest)
    assert full.returncode == 1
    assert ".catalogue-building.db: the disk" in full.stderr and "still published" in full.stderr, full.stderr
    assert "temporary files, in /var/tmp or where SQLITE_TMPDIR says" in full.stderr
    assert "Traceback" not in full.stderr
    assert content_hash(tmp_path / "catalogue.db") == before
    assert not (tmp_path / ".catalogue-building.db").exists()


def test_a_refresh_on_a_full_disk_says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with SampleServer(page_sizes={"ctgov": 5}, crawl_delay=0) as server, mounted(data, "size=400k") as remount:
        config = tmp_path / "harvester.toml"
        config.write_text(
            f'[registries.ctgov]\nbase_url = "{server.base_url("ctgov")}"\ndelay = 0.0\neverything = true\n'
        )
        command = ["refresh", "--registry", "ctgov", "--config", str(config), "--data", str(data)]
        full = harvester(*command)
        assert full.returncode == 1
        assert "the disk is full: make room" in full.stderr, full.stderr
        assert "Traceback" not in full.stderr
        remount("size=64m")
        assert_whole(data / "archive.db")
        done = harvester(*command)
        assert done.returncode == 0, done.stderr
        assert_whole(data / "archive.db")
        assert_whole(data / "catalogue.db")


def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with mounted(data, "size=16m") as remount:
        filled(data)
        before = content_hash(data / "catalogue.db")
        remount("ro")
        for command in (["refresh", "--registry", "ctgov", "--all"], ["build", "--full"]):
            refused = harvester(*command, "--data", str(data))
            assert refused.returncode == 1
            assert f"the folder {data} cannot be written to" in refused.stderr, refused.stderr
            assert "Traceback" not in refused.stderr
        assert content_hash(data / "catalogue.db") == before


def test_a_file_for_which_there_is_no_room_is_named_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    filled(tmp_path)
    place = tmp_path / "elsewhere"
    place.mkdir()
    workbook = ["export", "criteria", "--format", "xlsx", "-o", str(place / "criteria.xlsx")]
    for command, file in ((workbook, "criteria.xlsx"), (["snapshot", "-o", str(place / "shot")], "shot")):
        full = harvester(*command, "--data", str(tmp_path), largest=10_000)
        assert full.returncode == 1
        assert f"harvester: {place / file} cannot be written" in full.stderr, full.stderr
        assert list(place.iterdir()) == []
