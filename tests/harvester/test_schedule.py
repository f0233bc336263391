"""Which jobs a refresh has: from the configuration, what earlier runs brought, and what time it is."""

from __future__ import annotations

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harvester import history
from harvester.archive import Archive, Verdict
from harvester.config import Config, RegistryConfig, Topic
from harvester.crawl import Job
from harvester.history import Past
from harvester.schedule import Plan, Wish, latest_moment, plan

NOON = datetime.datetime(2026, 3, 20, 12, 0, tzinfo=datetime.UTC)
TROUT = Config(topics=[Topic(name="fish", query="trout")], full_sweep_days=30, overlap_days=3, recheck_records=500)


def ago(days: float) -> str:
    return (NOON - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def planned(registry: str, past: Past | None, now: datetime.datetime = NOON, wish: Wish | None = None) -> Plan:
    pasts = {(registry, "trout"): past} if past else {}
    return plan(TROUT, wish or Wish(registries=(registry,)), pasts, now)


def asked(job: Job) -> tuple[str, str, int]:
    return job.query, job.since, job.recheck


@pytest.mark.parametrize(
    ("registry", "past", "expected"),
    [
        ("ctgov", None, ("trout", "", 0)),
        ("ctgov", Past(sweep=ago(5), success=ago(1)), ("trout", "2026-03-16", 0)),
        ("ctgov", Past(sweep=ago(29.9), success=ago(1)), ("trout", "2026-03-16", 0)),
        ("ctgov", Past(sweep=ago(30), success=ago(1)), ("trout", "", 0)),
        ("ctgov", Past(sweep="", success=ago(1)), ("trout", "", 0)),
        ("euctr", Past(sweep=ago(20), success=ago(6)), ("trout", "2026-03-14", 0)),
        ("euctr", Past(sweep=ago(20), success=ago(8)), ("trout", "", 500)),
        ("euctr", Past(sweep=ago(31), success=ago(1)), ("trout", "", 0)),
    ],
    ids=["never read", "overlap", "last day of a month", "swept again", "never swept", "the feed reaches back", "older than the feed", "euctr swept"],
)  # fmt: skip
def test_a_query_is_asked_for_what_changed_unless_it_is_due_in_full(
    registry: str, past: Past | None, expected: tuple[str, str, int]
) -> None:
    [job] = planned(registry, past).jobs
    assert asked(job) == expected


def test_a_person_can_ask_for_all_of_it() -> None:
    [job] = planned("ctgov", Past(ago(5), ago(1)), wish=Wish(registries=("ctgov",), full=True)).jobs
    assert asked(job) == ("trout", "", 0)


def test_a_whole_registry_is_asked_for_what_changed_too() -> None:
    config = Config(registries={"ctgov": RegistryConfig(everything=True)})
    [job] = plan(config, Wish(registries=("ctgov",)), {("ctgov", ""): Past(ago(5), ago(1))}, NOON).jobs
    assert (job.all, job.since) == (False, "2026-03-16")


def test_a_registry_gets_its_own_words_and_its_single_numbers() -> None:
    config = Config(
        topics=[Topic(name="fish", query="trout", overrides={"euctr": "salmo"}), Topic(name="again", query="trout")],
        registries={"ctgov": RegistryConfig(ids=["NCT00000001"]), "isrctn": RegistryConfig(enabled=False)},
    )
    jobs = plan(config, Wish()).jobs
    assert [(job.registry, job.query, job.ids) for job in jobs] == [
        ("ctgov", "trout", ()), ("ctgov", "", ("NCT00000001",)), ("euctr", "salmo", ()), ("euctr", "trout", ()), ("ctis", "trout", ()),
    ]  # fmt: skip


# Clocks --------------------------------------------------------------------------------------------------------------------


def test_a_run_that_lies_ahead_does_not_count_and_is_told() -> None:
    found = planned("ctgov", Past(sweep=ago(5), success=ago(1), ahead=ago(-400)))
    assert asked(found.jobs[0]) == ("trout", "2026-03-16", 0)
    assert "lies ahead: the clock was set back" in found.notes[0]
    assert asked(planned("ctgov", Past(ahead=ago(-400))).jobs[0]) == ("trout", "", 0)


def test_only_runs_of_a_clock_that_was_ahead_are_left_out(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        for begun, kind in ((ago(9), "sweep"), (ago(2), "changes"), (ago(-0.02), "changes"), (ago(-300), "sweep")):
            run_id = archive.start_run("ctgov", "trout", begun, kind, "trout")  # type: ignore[arg-type]
            archive.finish_run(run_id, Verdict(registry="ctgov", query="trout"), begun)
        assert history.pasts(archive, latest_moment(NOON)) == {
            ("ctgov", "trout"): Past(sweep=ago(9), success=ago(-0.02), ahead=ago(-300))
        }


def test_a_gate_that_stays_closed_makes_a_registry_be_read_in_full_once(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:

        def swept(begun: str) -> None:
            for registry in ("ctgov", "euctr"):
                run_id = archive.start_run(registry, "trout", begun, "sweep", "trout")
                archive.finish_run(run_id, Verdict(registry=registry, query="trout"), begun)

        def doubted() -> dict[str, str]:
            return {registry: past.doubted for (registry, _), past in history.pasts(archive, "9999").items()}

        swept(ago(9))
        archive.note_build(ago(9), "published", "")
        assert doubted() == {"ctgov": "", "euctr": ""}
        for days in (8, 7):
            archive.note_build(ago(days), "closed", "ClinicalTrials.gov: trouts fell; The catalogue: trials fell")
            assert doubted() == {"ctgov": ago(8), "euctr": ""}
        swept(ago(6))
        archive.note_build(ago(6), "closed", "ClinicalTrials.gov: trouts fell")
        assert doubted() == {"ctgov": "", "euctr": ""}
        archive.note_build(ago(5), "accepted", "ClinicalTrials.gov: trouts fell")
        assert doubted() == {"ctgov": "", "euctr": ""}


@pytest.mark.parametrize("registry", ["ctgov", "euctr"])
@pytest.mark.parametrize(
    "local",
    [
        datetime.datetime(2026, 3, 29, 1, 59, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime.datetime(2026, 3, 29, 3, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=0),
        datetime.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        datetime.datetime(2026, 4, 5, 0, 10, tzinfo=ZoneInfo("Pacific/Auckland")),
    ],
    ids=str,
)
def test_what_is_asked_does_not_depend_on_the_time_of_the_place(registry: str, local: datetime.datetime) -> None:
    """A job at night, every day, over the change to and from daylight saving time."""
    universal = local.astimezone(datetime.UTC)
    for hours in (1, 23, 24, 25, 6 * 24 + 23.5, 7 * 24 + 0.5, 30 * 24 - 0.5, 30 * 24 + 0.5):
        moment = (universal - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        past = Past(moment, moment)
        assert planned(registry, past, local) == planned(registry, past, universal)
        assert latest_moment(local) == latest_moment(universal)
