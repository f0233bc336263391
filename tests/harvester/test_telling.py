"""What a refresh says: to a person, as JSON lines, and to a webhook that may be out of order."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harvester.cli import main
from harvester.lock import locked
from harvester.logs import json_lines
from harvester.sample.server import SampleServer
from harvester.webhook import NotTold, post


class Listener(ThreadingHTTPServer):
    """A web address that keeps what it is told and answers with `status`."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-token"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/secret-token" and self.headers["Content-Type"] == "application/json"
        self.server.told.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def registries() -> Iterator[SampleServer]:
    with SampleServer(crawl_delay=0) as server:
        yield server


def configuration(folder: Path, server: SampleServer, first: str = "") -> Path:
    file = folder / "harvester.toml"
    file.write_text(
        f"{first}\n" + "".join(f'[registries.{source}]\nbase_url = "{server.base_url(source)}"\ndelay = 0.0\n' for source in ("ctgov", "isrctn")),
        encoding="utf-8",
    )  # fmt: skip
    return file


def refresh(folder: Path, *options: str) -> Result:
    command = ["refresh", "--config", str(folder / "harvester.toml"), "--data", str(folder / "data"), "--no-build"]
    return CliRunner().invoke(main, [*command, *options])


ISRCTN = ("--registry", "isrctn", "--all")


def test_the_webhook_is_told_of_a_good_refresh_and_of_one_that_could_not_begin(
    tmp_path: Path, registries: SampleServer, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_HOOK", listener.url)
    configuration(tmp_path, registries, 'webhook = "$OUR_HOOK"')
    good = refresh(tmp_path, *ISRCTN)
    assert good.exit_code == 0, good.output
    [told] = listener.told
    assert (told["verdict"], told["exit_code"], told["failure"]) == ("complete", 0, None)
    assert [(run["registry"], run["verdict"], run["stored"]) for run in told["runs"]] == [("isrctn", "complete", 3)]
    assert told["text"] == good.stdout.splitlines()[-1]
    with locked(tmp_path / "data", "build"):
        busy = refresh(tmp_path, *ISRCTN)
    assert busy.exit_code == 1
    assert listener.told[1]["verdict"] == "failed"
    assert "another harvester is at work" in listener.told[1]["text"]


def test_the_webhook_is_told_of_a_registry_that_failed(tmp_path: Path, listener: Listener) -> None:
    with SampleServer(crawl_delay=0) as server:
        server.fault("isrctn", "html-instead")
        configuration(tmp_path, server, f'webhook = "{listener.url}"')
        failed = refresh(tmp_path, *ISRCTN)
    assert failed.exit_code == 1
    [told] = listener.told
    assert told["runs"][0]["verdict"] == "failed"
    assert "ISRCTN registry failed: " in told["failure"]
    assert failed.stdout.splitlines()[-1].startswith("Refresh NOT complete after ")
    assert "0 of 1 runs complete (not: ISRCTN registry)" in failed.stdout


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ("$NOWHERE_SET", "needs the environment variable NOWHERE_SET, which is not set"),
        ("file:///etc/passwd", "no address that begins with https://"),
        ("http://127.0.0.1:1/secret", "the webhook at 127.0.0.1 could not be told"),
    ],
)
def test_a_webhook_that_cannot_be_told_is_a_note_and_no_failure(
    tmp_path: Path, registries: SampleServer, monkeypatch: pytest.MonkeyPatch, hook: str, said: str
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    configuration(tmp_path, registries, f'webhook = "{hook}"')
    with locked(tmp_path / "data", "build"):  # the shortest refresh there is
        done = refresh(tmp_path, *ISRCTN)
    assert (
        f"note: {said}" in done.stderr
        or f"note: webhook {said}" in done.stderr
        or f"note: webhook is {said}" in done.stderr
    )
    assert "secret" not in done.output
    assert "another harvester is at work" in done.stderr and done.exit_code == 1


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_told_without_the_secret(listener: Listener, status: int) -> None:
    listener.status = status
    with pytest.raises(NotTold, match=f"the webhook at 127.0.0.1 answered {status}") as told:
        post(listener.url, {}, {})
    assert "secret" not in str(told.value)


def test_the_json_log_is_json_and_nothing_else_with_scrapys_lines_in_it(tmp_path: Path) -> None:
    """In a process of its own, as a service manager runs it."""
    with SampleServer(crawl_delay=0) as server:
        server.fault("isrctn", "html-instead")
        config = configuration(tmp_path, server)
        command = [
            sys.executable,
            "-m",
            "harvester",
            "refresh",
            "--all",
            "--registry",
            "ctgov",
            "--registry",
            "isrctn",
            "-v",
        ]
        command += ["--config", str(config), "--data", str(tmp_path / "data"), "--log-format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stdout.count("\n") == 1 and done.stdout.startswith("Refresh NOT complete after ")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert all({"time", "level", "event", "registry", "run", "message", "logger"} <= line.keys() for line in lines)
    runs = {line["registry"]: line for line in lines if line["event"] == "run"}
    assert (runs["ctgov"]["verdict"], runs["ctgov"]["level"], runs["ctgov"]["stored"]) == ("complete", "info", 36)
    assert (runs["isrctn"]["verdict"], runs["isrctn"]["level"]) == ("failed", "error")
    assert runs["isrctn"]["cause"]
    of_scrapy = [line for line in lines if line["logger"].startswith("scrapy.") and line["registry"] == "ctgov"]
    assert {line["run"] for line in of_scrapy} >= {runs["ctgov"]["run"]}, "Scrapy's lines say which run they belong to"
    assert [line["event"] for line in lines[-3:]] == ["built", "failed", "refreshed"]
    assert lines[-1]["exit_code"] == 1 and lines[-1]["catalogue"]["records"] == 36


def test_the_json_log_of_a_quiet_night_holds_our_lines_and_others_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    scrapys, ours = logging.getLogger("scrapy.of.a.test"), logging.getLogger("harvester.of.a.test")
    scrapys.setLevel(logging.DEBUG)  # as Scrapy sets its own
    with json_lines("WARNING"):
        scrapys.info("Versions")
        scrapys.warning("slow")
        ours.info("next try in 5 s")
        ours.debug("a detail")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["slow", "next try in 5 s"]


def test_wrong_usage_is_json_too_and_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "harvester.toml").touch()
    done = refresh(tmp_path, "--log-format", "json")
    assert done.exit_code == 2
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(event["event"], event["level"]) for event in events] == [("failed", "error"), ("refreshed", "info")]
    assert "there is nothing to refresh" in events[0]["message"]
