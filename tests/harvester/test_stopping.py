"""A signal ends work within ten seconds, with a sentence that says where it was, and damages nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from harvester.archive import Archive
from harvester.build import build
from harvester.imports import files_of, import_files
from harvester.sample import RECORDS
from harvester.stopping import Stopped, at, stoppable


def test_a_signal_is_raised_where_the_work_is_and_says_so() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.raises(Stopped, match=r"stopped by a signal while it counted sheep: .* run the same again"),
        stoppable(),
    ):
        at("while it counted sheep")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert signal.getsignal(signal.SIGTERM) == before


# Where another test switched SQLite's tracebacks of callbacks on, what is raised in one is also told as unraisable.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_is_no_fault_of_a_record_and_none_of_sqlite() -> None:
    def stopped_in_a_callback(number: int) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return number

    with closing(sqlite3.connect(":memory:")) as db:
        db.create_function("stopped", 1, stopped_in_a_callback)
        with pytest.raises(Stopped), stoppable():
            db.execute("SELECT stopped(1)").fetchall()
    assert not issubclass(Stopped, Exception)


def test_a_call_that_python_cannot_interrupt_is_ended_at_the_limit() -> None:
    code = (
        "import os, signal, sqlite3, threading\n"
        "from harvester import stopping\n"
        "stopping.LIMIT = 0.3\n"
        "with stopping.stoppable():\n"
        "    stopping.at('in one long statement')\n"
        "    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    sqlite3.connect(':memory:').execute('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT max(i) FROM n').fetchall()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "stopped by a signal in one long statement" in done.stderr


def test_ctrl_c_while_the_command_is_still_loaded_is_a_sentence(tmp_path: Path) -> None:
    code = (
        "import importlib.abc, os, signal, sys\n"
        "class Strike(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'harvester.build':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Strike())\n"
        "sys.argv = ['harvester', 'refresh']\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job ignores it
        "from harvester.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "harvester: stopped by a signal before it began: nothing was done\n"
    assert not list(tmp_path.iterdir())


def test_sigterm_during_the_build_keeps_the_catalogue_and_says_where(tmp_path: Path) -> None:
    archive_path, catalogue_path = tmp_path / "archive.db", tmp_path / "catalogue.db"
    with Archive(archive_path) as archive:
        import_files(archive, "ctgov", list(files_of([RECORDS / "ctgov"])))
    build(archive_path, catalogue_path)
    before = catalogue_path.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "harvester", "build", "--full", "--data", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    beside = tmp_path / ".catalogue-building.db"
    while not beside.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.terminate()
    struck = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - struck < 10
    assert process.returncode == 1
    assert "stopped by a signal" in said
    assert "a catalogue that stood is still published" in said
    assert catalogue_path.read_bytes() == before
    assert not beside.exists(), "a half catalogue only takes room"
    assert (tmp_path / ".lock").read_bytes() == b"", "who stops in order releases the lock"
