"""One writer at a time, whatever the command; a dead owner's lock is taken over, and both are named."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from harvester.cli import main

_HOLDER = """
import sys, time
from pathlib import Path
from harvester.lock import locked
with locked(Path(sys.argv[1]), "refresh"):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def held(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder's lock."""
    process = subprocess.Popen([sys.executable, "-c", _HOLDER, str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def commands(folder: Path) -> dict[str, list[str]]:
    study = folder / "study.json"
    study.write_text('{"protocolSection": {"identificationModule": {"nctId": "NCT90000001", "briefTitle": "A"}}}')
    (folder / "archive.db").touch()  # build does not look at the lock where there is nothing to build
    return {
        "import": ["import", "ctgov", str(study)],
        "demo": ["demo", "--no-serve"],
        "build": ["build"],
        "refresh": ["refresh", "--registry", "ctgov", "--all"],
    }


@pytest.mark.parametrize("name", ["import", "demo", "build", "refresh"])
def test_a_second_one_is_refused_and_told_whom_to_wait_for(tmp_path: Path, name: str) -> None:
    command = commands(tmp_path)[name]
    with held(tmp_path) as owner:
        done = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert f"another harvester is at work in {tmp_path}: refresh, process {owner.pid} on " in done.stderr
    assert "for 0 minutes" in done.stderr and f"kill {owner.pid}" in done.stderr


def test_the_lock_of_a_killed_one_is_taken_over_and_it_is_named(tmp_path: Path) -> None:
    command = commands(tmp_path)["import"]
    with held(tmp_path) as owner:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        done = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"note: the refresh of process {owner.pid} on " in done.stderr
    assert "begun 0 minutes ago" in done.stderr and "its lock is taken over" in done.stderr
    again = CliRunner().invoke(main, [*command, "--data", str(tmp_path)])
    assert "taken over" not in again.stderr, "what ended in order left nothing to take over"
