"""Standard streams that take nothing stop no work: what is said is lost, what is done is done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harvester.sample import SampleServer

HARVESTER = f'"{sys.executable}" -m harvester'


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    shell = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.run(shell, cwd=folder, capture_output=True, text=True, timeout=120)


def published(folder: Path) -> int:
    """Records of the catalogue, by what a monitor is told; it must be well."""
    done = run(f"{HARVESTER} status --json", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(json.loads(done.stdout)["counts"]["records"])


@pytest.mark.parametrize(
    "streams",
    [
        "| true", "2>&1 | head -n 1", ">/dev/full 2>&1", "--log-format json 2>/dev/full", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-",
    ],
)  # fmt: skip
def test_a_refresh_that_nobody_listens_to_is_finished(tmp_path: Path, streams: str) -> None:
    with SampleServer(crawl_delay=0.02) as server:
        (tmp_path / "harvester.toml").write_text(
            f'[registries.isrctn]\nbase_url = "{server.base_url("isrctn")}"\ndelay = 0.02\neverything = true\n'
        )
        done = run(f"{HARVESTER} refresh --registry isrctn {streams}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert (tmp_path / "data/.lock").read_bytes() == b""
    assert published(tmp_path) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["status", "archive verify", "export trials"])
def test_an_output_that_takes_nothing_is_a_sentence_where_the_output_is_all(tmp_path: Path, command: str) -> None:
    study = {"protocolSection": {"identificationModule": {"nctId": "NCT90000001"}}}
    (tmp_path / "study.json").write_text(json.dumps(study))
    assert run(f"{HARVESTER} import ctgov study.json && {HARVESTER} build", tmp_path).returncode == 0
    done = run(f"{HARVESTER} {command} >/dev/full", tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert "cannot be written" in done.stderr and "No space left" in done.stderr


def test_data_are_utf8_whatever_the_locale_and_a_terminal_shows_what_it_can(tmp_path: Path) -> None:
    done = run(f"{HARVESTER} demo --no-serve --data .", tmp_path)
    assert done.returncode == 0, done.stderr
    related = f"PYTHONUTF8=0 PYTHONIOENCODING=latin-1 {HARVESTER} related DRKS00099001 --data . --limit 20"
    piped = run(f"{related} | cat", tmp_path)
    assert piped.returncode == 0, piped.stderr
    assert "≥" in piped.stdout
    terminal = ["script", "--quiet", "--return", "--command", related, "/dev/null"]
    shown = subprocess.run(terminal, cwd=tmp_path, capture_output=True, timeout=120)
    assert shown.returncode == 0, shown.stdout
    assert rb"\u2265" in shown.stdout
