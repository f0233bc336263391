"""WHO's portal: single pages for those who may, and a sentence about the export for everything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harvester.crawl import Job
from harvester.sample.server import ROBOTS_OF_WHO
from tests.spiders.registries import Scenario, Seen, assert_complete, assert_says, fault, nothing, robots, run_all

CTRI = "CTRI/2020/01/000001"

SCENARIOS: dict[str, Scenario] = {
    "records": Scenario(nothing, Job(registry="ictrp", ids=("ISRCTN00000001", CTRI))),
    "not there": Scenario(nothing, Job(registry="ictrp", ids=("ISRCTN00000001", "ISRCTN77777777"))),
    "bare EudraCT": Scenario(nothing, Job(registry="ictrp", ids=("2011-000001-11",))),
    "captcha": Scenario(fault("ictrp", "html-instead"), Job(registry="ictrp", ids=("ISRCTN00000001",))),
    "no access": Scenario(
        fault("ictrp", "foreign-redirect", path="/Trial2.aspx", location="/NoAccess.aspx"),
        Job(registry="ictrp", ids=("ISRCTN00000001",)),
    ),
    "WHO's robots.txt": Scenario(robots("ictrp", ROBOTS_OF_WHO), Job(registry="ictrp", ids=("ISRCTN00000001",))),
    "a query": Scenario(nothing, Job(registry="ictrp", query="asthma")),
    "a date": Scenario(nothing, Job(registry="ictrp", since="2026-01-01")),
    "all": Scenario(nothing, Job(registry="ictrp", all=True)),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    yield from run_all(SCENARIOS, tmp_path_factory.mktemp("ictrp"))


def test_records_are_fetched_by_number(seen: dict[str, Seen]) -> None:
    assert_complete(seen["records"], 2)
    assert seen["records"].parameters("TrialID") == ["ISRCTN00000001", CTRI]


def test_a_page_without_data_is_a_number_that_is_not_there(seen: dict[str, Seen]) -> None:
    assert_says(seen["not there"], "incomplete", "not found", "ISRCTN77777777")
    assert (seen["not there"].verdict.stored, seen["not there"].verdict.rejected) == (1, 0)


def test_a_bare_eudract_number_is_refused_with_the_reason(seen: dict[str, Seen]) -> None:
    assert_says(seen["bare EudraCT"], "failed", "2011-000001-11", "per country")
    assert seen["bare EudraCT"].requests == []


def test_a_page_that_is_not_the_portals_is_an_error(seen: dict[str, Seen]) -> None:
    assert_says(seen["captcha"], "failed", "Trial2.aspx")


def test_a_portal_that_leads_elsewhere_refuses_us_and_does_not_say_that_the_number_is_gone(
    seen: dict[str, Seen],
) -> None:
    assert_says(seen["no access"], "failed", "ISRCTN00000001", "NoAccess.aspx", "refuses this client")
    assert seen["no access"].verdict.withdrawn == 0


def test_the_portals_robots_txt_is_obeyed_and_the_export_explained(seen: dict[str, Seen]) -> None:
    assert_says(
        seen["WHO's robots.txt"], "failed", "robots.txt forbids", "harvester import ictrp", "obey_robots = false"
    )
    assert seen["WHO's robots.txt"].paths() == ["/robots.txt"]


@pytest.mark.parametrize("scenario", ["a query", "a date", "all"])
def test_what_only_a_person_can_do_is_explained_and_not_tried(seen: dict[str, Seen], scenario: str) -> None:
    assert_says(seen[scenario], "failed", "export", "harvester import ictrp")
    assert seen[scenario].requests == []
