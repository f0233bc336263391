"""The files of contrib/ do what they say: read by the tools that will read them, their commands run against sample registries."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from harvester.sample.server import SampleServer

ROOT = Path(__file__).resolve().parents[2]
CONTRIB = ROOT / "contrib"
#: Where the project's commands are installed now; the files say /opt/harvester/bin.
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(crawl_delay=0) as server:
        yield server


def configured(server: SampleServer, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "harvester.toml").write_text(
        f'[registries.ctgov]\nbase_url = "{server.base_url("ctgov")}"\ndelay = 0.0\neverything = true\n',
        encoding="utf-8",
    )
    return folder / "harvester.toml"


def localized(text: str, config: Path) -> str:
    return text.replace("/opt/harvester/bin", str(BIN)).replace("/etc/harvester/harvester.toml", str(config))


def shell(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script as GitHub's `shell: bash` runs it; `harvester` is the project's."""
    names = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), **environment}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=names, capture_output=True, text=True, timeout=120)


# --------------------------------------------------------------------------------------------------------- systemd


def unit(name: str) -> dict[str, dict[str, str]]:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(CONTRIB / name, encoding="utf-8")
    return {section: dict(parser[section]) for section in parser.sections()}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
def test_systemd_takes_the_units_and_finds_them_hardened(tmp_path: Path) -> None:
    for name in ("harvester-refresh.service", "harvester-refresh.timer"):
        text = (CONTRIB / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(localized(text, tmp_path / "harvester.toml"), encoding="utf-8")
    files = [str(file) for file in sorted(tmp_path.iterdir())]
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    # The threshold is ten times the exposure level: 2.0 of 10.
    security = ["systemd-analyze", "security", "--offline=true", "--threshold=20", files[0]]
    exposed = subprocess.run(security, capture_output=True, text=True)
    assert exposed.returncode == 0, exposed.stdout[-300:] + exposed.stderr


def test_the_service_lets_tls_work() -> None:
    """Under MemoryDenyWriteExecute every https address ends in `MemoryError: Cannot allocate write+execute memory for
    ffi.callback()` (pyOpenSSL 26.4), and a refresh of live registries waits for answers that cannot come."""
    assert "MemoryDenyWriteExecute" not in unit("harvester-refresh.service")["Service"]


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory, server: SampleServer) -> Path:
    """A data folder that the command of the service filled; harvester.toml is in it."""
    data = tmp_path_factory.mktemp("state") / "harvester"
    config = configured(server, data)
    service = unit("harvester-refresh.service")["Service"]
    name, _, value = service["Environment"].partition("=")
    done = shell(localized(service["ExecStart"], config), data, **{name: value.replace("%S", str(data.parent))})
    assert done.returncode == 0, done.stderr
    return data


def test_the_command_of_the_service_refreshes(refreshed: Path) -> None:
    assert (refreshed / "catalogue.db").exists()
    service = unit("harvester-refresh.service")["Service"]
    assert service["KillMode"] == "mixed", "a second SIGTERM would force the crawl to its end"


# ------------------------------------------------------------------------------------------------------------ cron


def cron_command() -> str:
    lines = (CONTRIB / "harvester.cron").read_text(encoding="utf-8").splitlines()
    [line] = [line for line in lines if re.match(r"[\d*]", line)]
    *when, user, command = line.split(maxsplit=6)
    assert (len(when), user) == (5, "harvester")
    assert all(re.fullmatch(r"\*|\d+", field) for field in when)
    assert "%" not in command, "cron reads a percent sign as the end of the line"
    return command


def test_cron_is_silent_after_a_good_night_and_writes_after_a_bad_one(
    refreshed: Path, tmp_path: Path, server: SampleServer
) -> None:
    def night(data: Path) -> subprocess.CompletedProcess[str]:
        command = localized(cron_command(), data / "harvester.toml").replace("/var/lib/harvester", str(data))
        environment = {**os.environ, "HARVESTER_DATA": str(data)}
        return subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)

    good = night(refreshed)
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    live = "[registries.ctgov]\neverything = true\n"  # and nobody to write to
    (tmp_path / "harvester.toml").write_text(live, encoding="utf-8")
    bad = night(tmp_path)
    assert "no contact is configured" in bad.stdout


# --------------------------------------------------------------------------------------------------- GitHub Actions


def steps() -> list[dict[str, Any]]:
    workflow = yaml.safe_load((CONTRIB / "github-actions.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    [job] = workflow["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def scripts() -> dict[str, str]:
    return {step["name"]: step["run"] for step in steps() if "run" in step}


def test_the_workflow_carries_the_archive_on_and_publishes_the_catalogue_whatever_happens() -> None:
    by_action = {step["uses"].split("@")[0]: step for step in steps() if "uses" in step}
    restore, save = by_action["actions/cache/restore"], by_action["actions/cache/save"]
    assert (restore["with"]["path"], restore["with"]["key"]) == (save["with"]["path"], save["with"]["key"])
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    upload = by_action["actions/upload-artifact"]
    assert "data/catalogue.db" in upload["with"]["path"].split()
    assert {step.get("if") for step in (save, upload)} == {"always()"}
    assert all("${{" not in script for script in scripts().values()), "an expression in a script can be an injection"


def test_the_steps_of_the_workflow_run_in_their_order(tmp_path: Path) -> None:
    """Refresh and summary, as a good day and a day on which a gate closes. Install is `make`'s own line, tried by hand."""
    runs = scripts()
    assert list(runs) == ["Install", "Refresh", "Say what came of it"]
    assert "harvester refresh $ACCEPT " in runs["Refresh"], "a person who overrules a gate starts the workflow by hand"
    assert runs["Install"].endswith("--constraint constraints.txt .")
    summary = tmp_path / "summary.md"
    names = {"HARVESTER_DATA": "data", "ACCEPT": "", "GITHUB_STEP_SUMMARY": str(summary)}
    with SampleServer(crawl_delay=0) as server:
        configured(server, tmp_path)
        good = shell(runs["Refresh"], tmp_path, **names)
        assert good.returncode == 0, good.stdout + good.stderr
        assert shell(runs["Say what came of it"], tmp_path, **names).returncode == 0
        assert "ClinicalTrials.gov, all: complete" in summary.read_text(encoding="utf-8")
        published = (tmp_path / "data" / "catalogue.db").read_bytes()

        server.fault("ctgov", "renamed-key")
        config = tmp_path / "harvester.toml"
        config.write_text("full_sweep_days = 0\n" + config.read_text(encoding="utf-8"), encoding="utf-8")
        closed = shell(runs["Refresh"], tmp_path, **names)
        assert closed.returncode == 1, closed.stdout + closed.stderr
        summary.unlink()
        assert shell(runs["Say what came of it"], tmp_path, **names).returncode == 0
        said = summary.read_text(encoding="utf-8")
        assert "eligibility_raw is filled in 0 of" in said and "a gate closed on" in said
        assert (tmp_path / "data" / "catalogue.db").read_bytes() == published


# ------------------------------------------------------------------------------------------------------- container


def instructions() -> list[tuple[str, str]]:
    lines = (CONTRIB / "Containerfile").read_text(encoding="utf-8").splitlines()
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines if line and not line.startswith("#")
    ]


def test_the_container_copies_what_an_installation_needs_and_runs_as_nobody_in_particular() -> None:
    found = instructions()
    copied = [name for word, rest in found if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]]
    assert all((ROOT / name).exists() for name in copied)
    assert {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", "metadata.yml"} < set(copied)
    assert {"harvester", "normalize", "spiders"} < set(copied)
    words = [word for word, _ in found]
    assert dict(found)["USER"] not in ("0", "root")
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert dict(found)["VOLUME"] == "/data"


def test_the_health_check_of_the_container_tells_well_from_ill(refreshed: Path, tmp_path: Path) -> None:
    [health] = [rest for word, rest in instructions() if word == "HEALTHCHECK"]
    command = " ".join(yaml.safe_load(health.partition("CMD ")[2]))
    assert shell(command, tmp_path, HARVESTER_DATA=str(tmp_path)).returncode == 1, "there is no catalogue yet"
    assert shell(command, refreshed, HARVESTER_DATA=str(refreshed)).returncode == 0
