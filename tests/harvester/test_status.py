"""What a monitor is told: stale, cut off, failed, gate closed, not built."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harvester.archive import Archive, Kind, Verdict
from harvester.cli import main
from harvester.config import Config, RegistryConfig, Topic
from harvester.status import status

NOW = datetime.datetime(2026, 3, 31, 12, tzinfo=datetime.UTC)
LUPUS = Config(topics=[Topic(name="lupus", query="lupus")], registries={"euctr": RegistryConfig(enabled=False)})


def run(archive: Archive, day: str, verdict: str | None = "complete", kind: Kind = "sweep", words: str = "lupus", registry: str = "ctgov") -> None:  # fmt: skip
    run_id = archive.start_run(registry, words or kind, f"{day}T02:00:00Z", kind, words)
    if verdict:
        came = Verdict(registry=registry, query=words, announced=0, verdict=verdict, message=f"{verdict} it was.")  # type: ignore[arg-type]
        archive.finish_run(run_id, came, f"{day}T03:00:00Z")


def problems(archive: Archive, config: Config = LUPUS) -> list[tuple[str | None, str]]:
    report = status(None, archive, config, NOW)
    return [
        (problem["registry"], problem["kind"]) for problem in report["problems"] if problem["kind"] != "no catalogue"
    ]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive.db")


OTHERS = [("ctis", "stale"), ("isrctn", "stale")]  # asked for by the configuration and never read


def test_a_registry_is_stale_when_its_last_complete_run_is_old(archive: Archive) -> None:
    run(archive, "2026-03-20")
    assert problems(archive) == [("ctgov", "stale"), *OTHERS]
    [told, *_] = status(None, archive, LUPUS, NOW)["problems"]
    assert (
        "ClinicalTrials.gov: stale: its last complete run ended 2026-03-20T03:00:00Z, 11.4 days ago, and 8"
        in told["sentence"]
    )
    run(archive, "2026-03-28", kind="changes")
    assert problems(archive) == OTHERS


def test_a_registry_may_have_an_age_of_its_own(archive: Archive) -> None:
    run(archive, "2026-03-20")
    config = Config(topics=LUPUS.topics, registries={"ctgov": RegistryConfig(stale_after_days=30)})
    assert ("ctgov", "stale") not in problems(archive, config)


def test_single_numbers_and_files_are_no_freshness(archive: Archive) -> None:
    run(archive, "2026-03-20")
    run(archive, "2026-03-30", kind="numbers", words="")
    run(archive, "2026-03-30", kind="import", words="")
    assert problems(archive) == [("ctgov", "stale"), *OTHERS]


def test_of_two_topics_the_older_counts(archive: Archive) -> None:
    config = Config(topics=[*LUPUS.topics, Topic(name="other", query="other")])
    run(archive, "2026-03-20")
    run(archive, "2026-03-30", words="other")
    assert ("ctgov", "stale") in problems(archive, config)


def test_files_of_who_are_judged_when_they_have_an_age(archive: Archive, tmp_path: Path) -> None:
    run(archive, "2026-01-10", kind="import", words="", registry="ictrp")
    inbox = RegistryConfig(inbox=str(tmp_path))
    off = {source: RegistryConfig(enabled=False) for source in ("ctgov", "euctr", "ctis", "isrctn")}
    assert problems(archive, Config(registries={**off, "ictrp": inbox})) == []
    inbox.stale_after_days = 60
    assert problems(archive, Config(registries={**off, "ictrp": inbox})) == [("ictrp", "stale")]
    inbox.inbox = str(tmp_path / "not mounted")
    assert problems(archive, Config(registries={**off, "ictrp": inbox})) == [("ictrp", "stale"), ("ictrp", "no inbox")]


def test_without_a_configuration_what_was_searched_is_judged(archive: Archive) -> None:
    run(archive, "2026-03-20")
    assert problems(archive, Config()) == [("ctgov", "stale")]


@pytest.mark.parametrize("verdict", ["failed", "incomplete", None])
def test_a_last_run_that_was_not_complete_is_told_until_one_is(archive: Archive, verdict: str | None) -> None:
    run(archive, "2026-03-29")
    run(archive, "2026-03-30", verdict)
    assert problems(archive, Config()) == [("ctgov", verdict or "cut off")]
    run(archive, "2026-03-31")
    assert problems(archive, Config()) == []


def test_an_import_that_could_not_read_all_is_told_once_and_shown_among_the_runs(archive: Archive) -> None:
    run(archive, "2026-03-29")
    run(archive, "2026-03-30", "incomplete", kind="import", words="")
    assert problems(archive, Config()) == []
    assert [each["verdict"] for each in status(None, archive, Config(), NOW)["last_runs"]] == ["complete", "incomplete"]
    run(archive, "2026-03-31", None, kind="import", words="")
    assert problems(archive, Config()) == [("ctgov", "cut off")]


def test_another_topic_does_not_hide_a_failed_one(archive: Archive) -> None:
    config = Config(topics=[*LUPUS.topics, Topic(name="other", query="other")])
    run(archive, "2026-03-29")
    run(archive, "2026-03-30", "failed")
    run(archive, "2026-03-30", words="other")
    assert ("ctgov", "failed") in problems(archive, config)


def test_a_topic_that_is_no_longer_asked_for_is_forgotten_with_the_next_run(archive: Archive) -> None:
    run(archive, "2026-03-29", "failed", words="gone")
    assert ("ctgov", "failed") in problems(archive)
    run(archive, "2026-03-30")
    assert problems(archive) == OTHERS


def test_a_clock_that_was_set_back_is_told(archive: Archive) -> None:
    run(archive, "2026-04-20")
    report = status(None, archive, Config(), NOW)
    assert "which lies ahead: set this machine's clock" in report["problems"][0]["sentence"]


def test_a_closed_gate_is_told_from_the_archive_until_it_is_overruled(archive: Archive) -> None:
    run(archive, "2026-03-30")
    archive.note_build("2026-03-30T04:00:00Z", "closed", "ClinicalTrials.gov: acronym is filled in 0 of 9")
    [problem] = status(None, archive, Config(), NOW)["problems"]
    assert problem["kind"] == "gate closed"
    assert "acronym is filled in 0 of 9" in problem["sentence"] and "--accept" in problem["sentence"]
    archive.note_build("2026-03-30T05:00:00Z", "accepted", "")
    assert [each["kind"] for each in status(None, archive, Config(), NOW)["problems"]] == ["no catalogue"]


def test_a_run_that_is_under_way_is_no_problem_and_one_whose_process_is_gone_is(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        run(archive, "2026-03-30", None)
    sleeper = subprocess.Popen(["sleep", "60"])
    owner = {"work": "refresh", "pid": sleeper.pid, "since": "2026-03-30T02:00:00Z"}
    owner["host"] = subprocess.run(["hostname"], capture_output=True, text=True).stdout.strip()
    (tmp_path / ".lock").write_text(json.dumps(owner), encoding="utf-8")

    def kinds() -> list[str]:
        done = cli(tmp_path, "--json")
        return [problem["kind"] for problem in json.loads(done.stdout)["problems"]]

    try:
        assert kinds() == ["no catalogue"]
    finally:
        sleeper.kill()
        sleeper.wait()
    assert kinds() == ["cut off", "no catalogue"]


def cli(data: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["status", "--data", str(data), *options])


def test_what_is_fetched_and_not_built_is_told(tmp_path: Path) -> None:
    file = tmp_path / "study.json"
    file.write_text('{"protocolSection": {"identificationModule": {"nctId": "NCT90000001", "briefTitle": "A"}}}')
    data = tmp_path / "data"
    imported = CliRunner().invoke(main, ["import", "ctgov", str(file), "--data", str(data)])
    assert imported.exit_code == 0, imported.output
    done = cli(data)
    assert done.exit_code == 1 and "run `harvester build`" in done.stderr
    assert CliRunner().invoke(main, ["build", "--data", str(data)]).exit_code == 0
    assert cli(data).exit_code == 0, cli(data).output
    (data / "archive.db").unlink()
    assert cli(data).exit_code == 0, "a catalogue alone has its runs too"
