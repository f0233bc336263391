"""The EU Clinical Trials Register's spider: what is announced, listed and served has to agree, country by country."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest

from harvester.crawl import Job
from harvester.sample.server import SampleServer
from spiders.euctr import Listed, listed_trials
from tests.spiders.registries import Scenario, Seen, assert_complete, assert_says, fault, nothing, robots, run_all

TODAY = datetime.datetime.now(datetime.UTC).date()
ALL = Job(registry="euctr", all=True)
RECORDS = "/ctr-search/rest/download/trial/"


def changed(number: str) -> Callable[[SampleServer], object]:
    return fault("euctr", "record-changed", number=number, old="Asthma", new="Severe asthma")


def withdrawn(number: str) -> Callable[[SampleServer], object]:
    """Listed with its country still, and no longer served."""
    return fault("euctr", "record-deleted", number=number, path="rest/download/trial")


def dateless(number: str) -> Callable[[SampleServer], object]:
    """Without the dates that the register searches by."""

    def arrange(server: SampleServer) -> None:
        for label in ("Date of Competent Authority Decision", "Date on which this record was first entered"):
            server.fault("euctr", "record-changed", number=number, old=label, new="Left out")

    return arrange


def many_of_html(server: SampleServer) -> None:
    """Four pages of trials; from the third record on every download is a page for people."""
    server.fault("euctr", "many-records", count=70)
    server.fault("euctr", "html-instead", path=RECORDS, after=2)


SCENARIOS: dict[str, Scenario] = {
    "everything": Scenario(nothing, ALL),
    "a query": Scenario(nothing, Job(registry="euctr", query="asthma")),
    "two pages": Scenario(fault("euctr", "many-records", count=21), ALL),
    "slices": Scenario(nothing, Job(registry="euctr", all=True, arguments={"most_a_search": "1"})),
    "slices and a trial without a date": Scenario(
        dateless("2014-000002-22/GB"), Job(registry="euctr", all=True, arguments={"most_a_search": "1"})
    ),
    "no match": Scenario(nothing, Job(registry="euctr", query="unheard of")),
    "an empty query": Scenario(nothing, Job(registry="euctr", query="  ")),
    "a trial": Scenario(nothing, Job(registry="euctr", ids=("2011-000001-11",))),
    "two countries": Scenario(nothing, Job(registry="euctr", ids=("EUCTR2011-000001-11-FR", "2011-000001-11/3rd"))),
    "a country that is not there": Scenario(nothing, Job(registry="euctr", ids=("EUCTR2011-000001-11-ES",))),
    "a trial that is not there": Scenario(nothing, Job(registry="euctr", ids=("2099-000001-11", "2014-000002-22"))),
    "no EudraCT number": Scenario(nothing, Job(registry="euctr", ids=("NCT00000001",))),
    "changed": Scenario(
        changed("2014-000002-22/GB"), Job(registry="euctr", since=(TODAY - datetime.timedelta(days=3)).isoformat())
    ),
    "nothing changed": Scenario(nothing, Job(registry="euctr", since=TODAY.isoformat())),
    "changed long ago": Scenario(nothing, Job(registry="euctr", since="2020-01-01")),
    "feed of another kind": Scenario(
        fault("euctr", "html-instead", path="bydates"), Job(registry="euctr", since=TODAY.isoformat())
    ),
    "announces more": Scenario(fault("euctr", "announces-more", path="/search"), ALL),
    "a summary without a trial": Scenario(fault("euctr", "record-lost", path="summary"), ALL),
    "an empty summary": Scenario(fault("euctr", "empty-body", path="summary"), ALL),
    "a country withdrawn": Scenario(withdrawn("2011-000001-11/FR"), ALL),
    "a country of 404": Scenario(fault("euctr", "http-404", path=f"{RECORDS}2014"), ALL),
    "a country of 500": Scenario(fault("euctr", "http-500", path=f"{RECORDS}2014"), ALL),
    "a register in trouble": Scenario(many_of_html, ALL),
    "a country of HTML": Scenario(fault("euctr", "html-instead", path=f"{RECORDS}2014"), ALL),
    "a country twice": Scenario(fault("euctr", "country-twice"), ALL),
    "another page": Scenario(fault("euctr", "html-instead", path="/search"), ALL),
    "robots": Scenario(robots("euctr", "User-agent: Harvester\nDisallow: /euctr/ctr-search/rest\n"), ALL),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    yield from run_all(SCENARIOS, tmp_path_factory.mktemp("euctr"))


def records_asked(seen: Seen) -> list[str]:
    return [path.partition(RECORDS)[2] for path in seen.paths() if RECORDS in path]


# What is asked ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "records"),
    [
        ("everything", 4),
        ("a query", 1),
        ("two pages", 25),
        ("slices", 4),
        ("a trial", 3),
        ("two countries", 2),
        ("changed", 1),
        ("nothing changed", 0),
    ],
)
def test_every_way_of_asking_brings_what_was_announced(seen: dict[str, Seen], scenario: str, records: int) -> None:
    assert_complete(seen[scenario], records)


def test_every_country_is_a_download_of_its_own_and_the_third_country_is_in_lower_case(seen: dict[str, Seen]) -> None:
    assert sorted(records_asked(seen["everything"])) == [
        "2011-000001-11/3rd", "2011-000001-11/DE", "2011-000001-11/FR", "2014-000002-22/GB",
    ]  # fmt: skip


def test_summaries_are_read_page_by_page(seen: dict[str, Seen]) -> None:
    pages = [request.parameter("page") for request in seen["two pages"].requests if "summary" in request.path]
    assert pages == ["1", "2"]


def test_a_search_of_too_many_trials_is_split_by_dates(seen: dict[str, Seen]) -> None:
    spans = {(r.parameter("dateFrom"), r.parameter("dateTo")) for r in seen["slices"].requests if "summary" in r.path}
    assert len(spans) == 2
    assert all(spans)


def test_a_trial_that_no_span_of_dates_finds_is_missed_and_told(seen: dict[str, Seen]) -> None:
    told = seen["slices and a trial without a date"]
    assert_says(told, "incomplete", "announced 2 trials", "list 1", "--id")
    assert told.verdict.stored == 3


def test_no_match_is_zero_and_no_error(seen: dict[str, Seen]) -> None:
    assert_complete(seen["no match"], 0)


def test_an_empty_query_is_refused_before_it_becomes_the_whole_register(seen: dict[str, Seen]) -> None:
    assert_says(seen["an empty query"], "failed", "exactly one way")
    assert seen["an empty query"].requests == []


def test_numbers_and_countries_that_are_not_there_are_named(seen: dict[str, Seen]) -> None:
    assert_says(seen["a country that is not there"], "incomplete", "not found", "EUCTR2011-000001-11-ES")
    assert_says(seen["a trial that is not there"], "incomplete", "not found", "EUCTR2099-000001-11")
    assert seen["a trial that is not there"].verdict.stored == 1


def test_a_number_of_another_registry_is_refused(seen: dict[str, Seen]) -> None:
    assert_says(seen["no EudraCT number"], "failed", "NCT00000001", "2015-001314-10")
    assert seen["no EudraCT number"].requests == []


def test_changes_are_known_for_seven_days_only(seen: dict[str, Seen]) -> None:
    assert_says(seen["changed long ago"], "failed", "last 7 days", "without a date")
    assert seen["changed long ago"].requests == []


def test_a_feed_that_is_none_is_an_error(seen: dict[str, Seen]) -> None:
    assert_says(seen["feed of another kind"], "failed", "feed")


# What does not agree -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("announces more", "announced 3 trials and the summaries list 2"),
        ("a summary without a trial", "announced 2 trials and the summaries list 1"),
        ("an empty summary", "lists no trial"),
        ("a country withdrawn", "EUCTR2011-000001-11-FR is listed and not served"),
        ("a country of 404", "EUCTR2014-000002-22-GB is listed and not served"),
        ("a country of 500", "EUCTR2014-000002-22-GB is listed and not served"),
        ("a country of HTML", "EUCTR2014-000002-22-GB is listed and not served"),
    ],
)
def test_what_was_announced_and_does_not_come_is_incomplete(seen: dict[str, Seen], scenario: str, words: str) -> None:
    assert_says(seen[scenario], "incomplete", words)


@pytest.mark.parametrize(
    "scenario", ["a country withdrawn", "a country of 404", "a country of 500", "a country of HTML"]
)
def test_a_country_that_does_not_come_is_kept_as_rejected_and_the_others_are_published(
    seen: dict[str, Seen], scenario: str
) -> None:
    verdict = seen[scenario].verdict
    assert (verdict.announced, verdict.stored, verdict.rejected, verdict.is_published) == (4, 3, 1, True)


def test_a_register_that_serves_nothing_any_more_is_not_asked_on(seen: dict[str, Seen]) -> None:
    assert_says(seen["a register in trouble"], "failed", "a page of HTML", "2 requests before it", "Try again later")
    assert len(records_asked(seen["a register in trouble"])) == 2 + 3


def test_a_country_twice_in_one_answer_is_one_record(seen: dict[str, Seen]) -> None:
    assert_complete(seen["a country twice"], 4)


def test_a_page_without_a_number_of_trials_is_an_error(seen: dict[str, Seen]) -> None:
    assert_says(seen["another page"], "failed", "announces no number of trials")


def test_a_robots_refusal_of_the_downloads_is_an_error_with_a_way_out(seen: dict[str, Seen]) -> None:
    assert_says(seen["robots"], "failed", "robots.txt forbids", "harvester import euctr")


# The summary -------------------------------------------------------------------------------------------------------------


def test_the_list_of_countries_is_read_from_the_last_field_of_a_trial() -> None:
    summary = (
        "EudraCT Number:          2011-000001-11\r\nFull Title:              Trial protocol: XX(a title may say so)\r\n"
        "Trial protocol:          SE(Completed) GB(GB - no longer in EU/EEA) \r\n DE(Ongoing) Outside EU/EEA(Ongoing) \r\n"
        "Link:                    https://www.clinicaltrialsregister.eu/ctr-search/search?query=eudract_number:2011-000001-11\r\n"
        "\r\nEudraCT Number: 2014-000002-22\r\nTrial protocol: \r\nLink: none\r\n"
    )
    assert listed_trials(summary) == [
        Listed("2011-000001-11", ("SE", "GB", "DE", "3RD")),
        Listed("2014-000002-22", ()),
    ]


def test_a_summary_whose_line_breaks_are_lost_is_read_all_the_same() -> None:
    summary = "EudraCT Number: 2011-000001-11Sponsor Name: ATrial protocol: SE(Completed) PT(Prematurely Ended) Link: https://a"
    assert listed_trials(summary) == [Listed("2011-000001-11", ("SE", "PT"))]
