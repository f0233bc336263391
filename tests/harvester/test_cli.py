"""The command line as a person and a scheduled job meet it: words, exit codes, files."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harvester.cli import main
from harvester.sample import write_export
from harvester.sample.server import ROBOTS_OF_WHO, SampleServer


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder filled by the demo: sample registries, real spiders, real HTTP, on a machine that is told to use a proxy."""
    data = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody listens there
        for name in ("no_proxy", "NO_PROXY"):
            patch.delenv(name, raising=False)
        done = run("demo", "--data", data, "--no-serve")
    assert done.exit_code == 0, done.output
    return data


def test_the_demo_says_what_it_did(demo: Path) -> None:
    again = run("demo", "--data", demo, "--no-serve")
    assert again.exit_code == 0
    assert "ClinicalTrials.gov, all: complete" in again.output
    assert "EU Clinical Trials Register, all: complete" in again.output
    assert "EU Clinical Trials Information System, all: complete" in again.output
    assert "ISRCTN registry, all: complete" in again.output
    assert "WHO ICTRP, ids: " in again.output
    assert " 0 new, 0 changed" in again.output.replace("(", " ")
    assert "nothing new to read" in again.output


def test_the_demo_again_changes_nothing(demo: Path) -> None:
    def records() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(demo / "catalogue.db")) as db:
            return db.execute("SELECT record_id, payload_sha256, fetched_at FROM records ORDER BY 1").fetchall()

    before = records()
    assert run("demo", "--data", demo, "--no-serve").exit_code == 0
    assert records() == before


def test_status_tells_counts_and_last_runs(demo: Path) -> None:
    done = run("status", "--data", demo)
    assert done.exit_code == 0
    assert "trials from" in done.output
    report = json.loads(run("status", "--data", demo, "--json").output)
    assert {registry["source"] for registry in report["registries"]} == {"ctgov", "euctr", "ctis", "isrctn", "ictrp"}
    assert all(run_["verdict"] == "complete" for run_ in report["last_runs"])


def test_an_export_has_every_row(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "trials.csv"
    assert run("export", "trials", "--data", demo, "-o", file).exit_code == 0
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    counts = json.loads(run("status", "--data", demo, "--json").output)["counts"]
    assert len(rows) == counts["trials"] > 0
    lines = run("export", "trials", "--data", demo, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["trial_id"] for line in lines] == [row["trial_id"] for row in rows]


def test_trials_are_compared_by_any_number_of_any_record(demo: Path, tmp_path: Path) -> None:
    by_own = run("compare", "NCT90000101", "NCT90000104", "--data", demo, "--format", "json")
    by_other = run("compare", "EUCTR2019-099010-27-ES", "isrctn 99000017", "--data", demo, "--format", "json")
    assert by_own.exit_code == by_other.exit_code == 0
    assert by_own.stdout == by_other.stdout
    file = tmp_path / "compared.csv"
    assert run("compare", "NCT90000101", "NCT90000104", "--data", demo, "--format", "csv", "-o", file).exit_code == 0
    with file.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert {"NCT90000101", "NCT90000104", "verdict"} <= set(rows[0])
    assert len(rows) >= len(json.loads(by_own.stdout)["lines"])


def test_without_a_format_the_name_of_the_file_chooses(demo: Path, tmp_path: Path) -> None:
    def written(*command: str, to: str) -> bytes:
        file = tmp_path / to
        assert run(*command, "--data", demo, "-o", file).exit_code == 0
        return file.read_bytes()

    compare = ("compare", "NCT90000101", "NCT90000104")
    as_csv = written(*compare, "--format", "csv", to="asked")
    assert written(*compare, to="compared.csv") == as_csv
    assert written(*compare, to="compared.txt") == written(*compare, "--format", "table", to="other.csv")
    assert json.loads(written(*compare, to="compared.JSON"))["lines"]
    assert json.loads(written("export", "trials", to="trials.jsonl").splitlines()[0])["trial_id"]
    assert written("export", "trials", to="trials").startswith(written("export", "trials", to="trials.csv")[:20])


def test_a_number_that_nobody_has_is_told_with_the_way_out(demo: Path) -> None:
    done = run("compare", "NCT90000101", "NCT99999999", "--data", demo)
    assert done.exit_code == 1
    assert (
        "no trial here has the number NCT99999999" in done.output
        and "harvester refresh --id NCT99999999" in done.output
    )
    assert run("compare", "NCT90000101", "NCT90000101", "--data", demo).exit_code == 1


def test_an_export_of_who_ictrp_goes_in_from_a_file(tmp_path: Path) -> None:
    records = write_export(tmp_path / "ICTRP-Results.xml")
    done = run("import", "ictrp", tmp_path / "ICTRP-Results.xml", "--data", tmp_path / "data")
    assert done.exit_code == 0
    assert f"1 file: {records} records read, {records} distinct ids ({records} new" in done.output
    assert run("build", "--data", tmp_path / "data").exit_code == 0


def test_a_refresh_reads_the_inbox_and_says_who_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inbox").mkdir()
    write_export(tmp_path / "inbox" / "ICTRP-Results.xml")
    (tmp_path / "harvester.toml").write_text('[registries.ictrp]\ninbox = "inbox"\n')
    done = run("refresh", "--data", tmp_path / "data")
    assert done.exit_code == 0, done.output
    assert "WHO ICTRP, import of 1 file: complete" in done.output
    assert "ClinicalTrials.gov is left out: it needs a topic, or --query" in done.output


def test_an_inbox_is_read_alone_beside_topics_and_what_is_no_record_is_told_with_the_reason(tmp_path: Path) -> None:
    config, data, export = tmp_path / "harvester.toml", tmp_path / "data", tmp_path / "inbox" / "ICTRP-Results.xml"
    export.parent.mkdir()
    write_export(export)
    config.write_text('[[topics]]\nname = "trial"\nquery = "trial"\n[registries.ictrp]\ninbox = "inbox"\n')
    whole = export.read_bytes()
    export.write_bytes(whole[:-200])  # as it is while it is copied
    refresh = ("refresh", "--registry", "ictrp", "--config", config, "--data", data)
    half = run(*refresh)
    assert half.exit_code == 1
    assert (
        "WHO ICTRP incomplete: 1 entry could not be read: ICTRP-Results.xml (the <Trial> is not closed" in half.output
    )
    export.write_bytes(whole)
    done = run(*refresh)
    assert done.exit_code == 0, done.output
    assert "1 of 1 runs complete" in done.output


def test_a_missing_inbox_and_a_query_without_a_hit_are_told_and_stop_nothing(tmp_path: Path) -> None:
    with SampleServer(crawl_delay=0) as server:
        config, data = tmp_path / "harvester.toml", tmp_path / "data"
        config.write_text(
            "".join(f'[[topics]]\nname = "{words}"\nquery = "{words}"\n' for words in ("trial", "salmon"))
            + "".join(f"[registries.{name}]\nenabled = false\n" for name in ("ctgov", "euctr", "ctis"))
            + f'[registries.isrctn]\ndelay = 0.0\nbase_url = "{server.base_url("isrctn")}"\n'
            + '[registries.ictrp]\ninbox = "share"\n'
        )
        done = run("refresh", "--config", config, "--data", data)
    assert done.exit_code == 1
    assert "WHO ICTRP failed: its inbox" in done.output and "ISRCTN registry, trial: complete" in done.output
    assert "3 trials from 3 records" in done.output
    assert "ISRCTN registry has nothing for 'salmon'" in done.output
    assert "share is no folder" in run("status", "--config", config, "--data", data).output
    (tmp_path / "share").mkdir()
    assert run("status", "--config", config, "--data", data).exit_code == 0


def test_a_first_refresh_of_which_nothing_can_be_shown_publishes_no_catalogue(tmp_path: Path) -> None:
    data, config = tmp_path / "data", tmp_path / "harvester.toml"
    with SampleServer(crawl_delay=0) as server:
        config.write_text(
            "".join(
                f'[registries.{name}]\ndelay = 0.0\nbase_url = "{server.base_url(name)}"\n'
                for name in ("ctgov", "isrctn")
            )
        )
        server.fault("ctgov", "html-instead")
        server.fault("isrctn", "announces-more")
        asked = (
            "refresh",
            "--config",
            config,
            "--data",
            data,
            "--query",
            "trial",
            "--registry",
            "isrctn",
            "--registry",
            "ctgov",
        )
        failed = run(*asked)
        assert failed.exit_code == 1
        assert "ClinicalTrials.gov failed: " in failed.output
        assert "no run so far brought a record that can be shown" in failed.output
        assert "no new catalogue is published" in failed.output
        assert not (data / "catalogue.db").exists()
        assert run("build", "--data", data).exit_code == 1
        status = run("status", "--data", data)
        assert status.exit_code == 1
        assert "run `harvester refresh` again" in status.output and "`harvester build`" not in status.output
        server.clear()
        assert run(*asked).exit_code == 0
        assert (data / "catalogue.db").exists()


def test_a_query_that_finds_nothing_is_no_failure(tmp_path: Path) -> None:
    with SampleServer(crawl_delay=0) as server:
        config = tmp_path / "harvester.toml"
        config.write_text(f'[registries.isrctn]\ndelay = 0.0\nbase_url = "{server.base_url("isrctn")}"\n')
        done = run(
            "refresh", "--config", config, "--data", tmp_path / "data", "--registry", "isrctn", "--query", "salmon"
        )
    assert done.exit_code == 0, done.output
    assert "0 trials from 0 records" in done.output


def test_an_import_with_refusals_ends_with_1_and_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html></html>")
    done = run("import", "ctgov", tmp_path / "page.html", "--data", tmp_path / "data")
    assert done.exit_code == 1
    assert "page.html: expected a JSON study or page, found a page of HTML" in done.output


def test_an_import_of_less_than_a_page_announces_says_so_and_ends_with_0(tmp_path: Path) -> None:
    study = {"protocolSection": {"identificationModule": {"nctId": "NCT90000001", "briefTitle": "Riders"}}}
    (tmp_path / "page.json").write_text(json.dumps({"totalCount": 21, "studies": [study]}))
    done = run("import", "ctgov", tmp_path / "page.json", "--data", tmp_path / "data")
    assert done.exit_code == 0
    assert "holds 1 of 21 announced studies: incomplete" in done.output


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["build"], 1, "run `harvester refresh` or `harvester import` first"),
        (["status"], 1, "there is no catalogue in"),
        (["serve"], 1, "there is no catalogue in"),
        (["refresh"], 2, "there is nothing to refresh"),
        (["refresh", "--topic", "x"], 2, "there is no topic 'x'"),
        (["refresh", "--query", "x", "--all"], 2, "give one of them"),
        (["refresh", "--query", ""], 2, "--query is empty"),
        (
            ["refresh", "--registry", "ictrp", "--query", "x"],
            2,
            "`harvester import ictrp FILE`, or put it into the `inbox`",
        ),
        (["refresh", "--registry", "ictrp", "--registry", "ctgov", "--all"], 2, "WHO ICTRP has no search for programs"),
        (["refresh", "--id", "NCT90000001", "--id", " "], 2, "--id is empty"),
        (["refresh", "--topic", ""], 2, "--topic is empty"),
        (["related", "NCT90000001", "--limit", "99999999999999999999"], 2, "is not in the range"),
        (["import", "ictrp", "."], 1, "there is no file in ."),
        (["serve", "--port", "99999"], 2, "is not in the range"),
        (["import", "nowhere", "."], 2, "'nowhere' is not one of"),
        (["export", "nothing"], 2, "'nothing' is not one of"),
    ],
)
def test_mistakes_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    options = [] if arguments[0] == "check" else ["--data", str(tmp_path / "data")]
    done = run(*arguments, *options)
    assert done.exit_code == status
    assert said in done.output


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["changes", "--trial", "NCT99999999"], 1, "no trial here has the number NCT99999999"),
        (["changes", "--since", "2999-01-01"], 0, "changed since 2999-01-01"),
        (["changes", "--since", "2026-13-01"], 2, "write a day"),
        (["archive", "export", "--since", "2026-13-01", "-o", "x.warc"], 2, "write a day"),
        (
            ["export", "trials", "-o", "/proc/none/trials.csv"],
            1,
            "/proc/none/trials.csv cannot be written: No such file",
        ),
        (["serve", "--host", "192.0.2.1"], 1, "192.0.2.1 is no address of this machine"),
    ],
)
def test_mistakes_beside_a_catalogue_are_sentences(demo: Path, arguments: list[str], status: int, said: str) -> None:
    done = run(*arguments, "--data", demo)
    assert done.exit_code == status, done.output
    assert said in done.output


@pytest.mark.parametrize("option", ["-o", "--search", "--where"])
def test_what_is_no_text_is_refused_before_anything_is_done(demo: Path, tmp_path: Path, option: str) -> None:
    word = os.fsencode(tmp_path / "caf") + b"\xe9.csv"
    command = [sys.executable, "-m", "harvester", "export", "trials", "--data", str(demo), option, word]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and r"\xe9.csv' is no UTF-8" in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dash_is_stdout(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("export", "trials", "--data", demo, "-o", "-")
    assert done.exit_code == 0 and done.stdout == run("export", "trials", "--data", demo).stdout
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_decisions_that_cannot_be_used_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "harvester.toml").write_text('links = "links.csv"\n')
    done = run("refresh", "--id", "NCT05557201", "--data", tmp_path / "data")
    assert done.exit_code == 2
    assert "links.csv cannot be read" in done.output
    assert not (tmp_path / "data").exists()


def test_a_check_asks_for_the_first_query_and_fails_only_where_a_refresh_would(tmp_path: Path) -> None:
    """WHO's portal forbids programs, and a refresh that has no ids for it asks it for nothing."""
    with SampleServer(crawl_delay=0) as server:
        server.robots["ictrp"] = ROBOTS_OF_WHO
        config = tmp_path / "harvester.toml"
        text = (
            '[[topics]]\nname = "loss"\nquery = "lupus"\noverrides = { ctis = "no such word" }\n'
            + "".join(f"[registries.{name}]\nenabled = false\n" for name in ("euctr", "isrctn"))
            + "".join(
                f'[registries.{name}]\ndelay = 0.0\nbase_url = "{server.base_url(name)}"\n'
                for name in ("ctgov", "ctis", "ictrp")
            )
        )
        config.write_text(text)
        done = run("check", "--config", config)
        assert done.exit_code == 0, done.output
        assert "studies are announced for 'lupus'" in done.output
        assert "0 trials are announced for 'no such word'" in done.output
        assert "WHO ICTRP: ok" in done.output and "a refresh asks it for nothing" in done.output
        config.write_text(text + 'ids = ["ISRCTN99000017"]\n')
        assert "a refresh would fail at WHO ICTRP" in run("check", "--config", config).output


def test_a_live_registry_is_not_asked_without_a_contact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("refresh", "--registry", "ctgov", "--id", "NCT05557201", "--data", tmp_path / "data", "--no-build")
    assert done.exit_code == 1
    assert "no contact is configured" in done.output


def test_every_command_has_help_with_one_sentence_first() -> None:
    for name, command in main.commands.items():
        text = (command.help or "").strip()
        assert text.split("\n")[0].endswith((".", "harvester.")), name


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "harvester", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("harvester ") or "0.1" in done.stdout


def test_scrapy_lists_the_spiders() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.split() == ["ctgov", "ctis", "euctr", "ictrp", "isrctn"]
