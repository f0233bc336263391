"""ClinicalTrials.gov's spider against a server that speaks its interface, with all that can go wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import pytest
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import DownloadFailedError

from harvester.crawl import Job
from spiders.faults import connection_sentence
from tests.spiders.registries import Scenario, Seen, assert_complete, assert_says, fault, nothing, robots, run_all

ALL = Job(registry="ctgov", all=True)
FORBIDDEN = "User-agent: *\nDisallow: /ctgov/api/\n"

SCENARIOS: dict[str, Scenario] = {
    "everything": Scenario(nothing, ALL),
    "a query": Scenario(nothing, Job(registry="ctgov", query="Study 3")),
    "a query of titles": Scenario(nothing, Job(registry="ctgov", query="trout", arguments={"search_area": "titles"})),
    "no hits": Scenario(nothing, Job(registry="ctgov", query="salmon")),
    "changed since": Scenario(nothing, Job(registry="ctgov", since="2026-01-01")),
    "changed since, of a query": Scenario(nothing, Job(registry="ctgov", query="trout", since="2026-01-01")),
    "numbers": Scenario(nothing, Job(registry="ctgov", ids=("nct00000002", "NCT00000004"))),
    "an old number": Scenario(nothing, Job(registry="ctgov", ids=("NCT00009999",))),
    "an unknown number": Scenario(nothing, Job(registry="ctgov", ids=("NCT00000002", "NCT77777777"))),
    "no number at all": Scenario(nothing, Job(registry="ctgov", ids=("ISRCTN00000001",))),
    "two ways": Scenario(nothing, Job(registry="ctgov", query="trout", all=True)),
    "no way": Scenario(nothing, Job(registry="ctgov", query=" ")),
    "no date": Scenario(nothing, Job(registry="ctgov", since="yesterday")),
    "page size": Scenario(nothing, Job(registry="ctgov", all=True, arguments={"page_size": "1"})),
    "wrong page size": Scenario(nothing, Job(registry="ctgov", all=True, arguments={"page_size": "many"})),
    "empty page": Scenario(fault("ctgov", "empty-page"), ALL),
    "endless": Scenario(fault("ctgov", "endless-pages"), ALL),
    "announces more": Scenario(fault("ctgov", "announces-more"), ALL),
    "record twice": Scenario(fault("ctgov", "record-twice"), ALL),
    "record shifted": Scenario(fault("ctgov", "record-shifted"), ALL),
    "one 429": Scenario(fault("ctgov", "http-429", path="/studies", times=1, retry_after=1), ALL),
    "429 for hours": Scenario(fault("ctgov", "http-429", path="/studies", retry_after=7200), ALL),
    "one 503": Scenario(fault("ctgov", "http-503", path="/studies", after=1, times=1), ALL),
    "503 storm": Scenario(fault("ctgov", "http-503", path="/studies", after=1), ALL),
    "403 for all": Scenario(fault("ctgov", "http-403", path="/studies"), ALL),
    "a token that expires": Scenario(
        lambda server: (
            server.fault("ctgov", "many-records", count=45),
            server.fault("ctgov", "http-400", path="/studies", after=23, times=1),
        ),
        ALL,
    ),
    "400": Scenario(fault("ctgov", "http-400", path="/studies"), ALL),
    "html": Scenario(fault("ctgov", "html-instead", path="/studies"), ALL),
    "html for one": Scenario(
        fault("ctgov", "html-instead", path="/studies/"), Job(registry="ctgov", ids=("NCT77777777",))
    ),
    "empty body": Scenario(fault("ctgov", "empty-body", path="/studies"), ALL),
    "one reset": Scenario(fault("ctgov", "reset", path="/studies", times=1), ALL),
    "one cut off": Scenario(fault("ctgov", "reset-midway", path="/studies", times=1), ALL),
    "one truncated gzip": Scenario(fault("ctgov", "truncated-gzip", path="/studies", times=1), ALL),
    "truncated gzip": Scenario(fault("ctgov", "truncated-gzip", path="/studies"), ALL),
    "oversized": Scenario(
        fault("ctgov", "oversized-body", path="/studies", megabytes=3),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_MAXSIZE": 1_000_000}),
    ),
    "oversized stream": Scenario(
        fault("ctgov", "oversized-stream", path="/studies", megabytes=3),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_MAXSIZE": 1_000_000}),
    ),
    "gzip bomb": Scenario(
        fault("ctgov", "gzip-bomb", path="/studies", megabytes=3),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_MAXSIZE": 1_000_000}),
    ),
    "foreign redirect": Scenario(fault("ctgov", "foreign-redirect", path="/studies"), ALL),
    "redirect loop": Scenario(fault("ctgov", "redirect-loop", path="/studies"), ALL),
    "silence": Scenario(
        fault("ctgov", "no-answer", path="/studies", seconds=30),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_TIMEOUT": 0.2}),
    ),
    "robots": Scenario(robots("ctgov", FORBIDDEN), ALL),
    "robots overruled": Scenario(robots("ctgov", FORBIDDEN), Job(registry="ctgov", all=True, obey_robots=False)),
    "robots in trouble": Scenario(fault("ctgov", "http-503", path="/robots.txt"), ALL),
    "a page for robots.txt": Scenario(fault("ctgov", "html-instead", path="/robots.txt"), ALL),
    "robots kept from us": Scenario(fault("ctgov", "http-403", path="/robots.txt"), ALL),
    "crawl delay": Scenario(robots("ctgov", "User-agent: *\nCrawl-delay: 0.15\n"), ALL),
    "delay": Scenario(nothing, Job(registry="ctgov", all=True, delay=0.15)),
    "contact": Scenario(nothing, Job(registry="ctgov", query="salmon", contact="somebody@example.org")),
    "no contact": Scenario(nothing, Job(registry="ctgov", all=True, base_url="http://registry.invalid/api/v2")),
    "odd contact": Scenario(nothing, Job(registry="ctgov", all=True, contact="a\r\nX-Header: b")),
    "nobody listens": Scenario(nothing, Job(registry="ctgov", all=True, base_url="http://127.0.0.1:9/api/v2")),
    "no such handler": Scenario(nothing, Job(registry="ctgov", all=True, download_handler="nowhere.Handler")),
    "another handler": Scenario(
        nothing,
        Job(
            registry="ctgov",
            all=True,
            download_handler="scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler",
        ),
    ),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    yield from run_all(SCENARIOS, tmp_path_factory.mktemp("ctgov"))


# What is asked ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "records"),
    [
        ("everything", 5),
        ("a query", 1),
        ("a query of titles", 5),
        ("no hits", 0),
        ("changed since", 1),
        ("changed since, of a query", 1),
        ("numbers", 2),
        ("page size", 5),
    ],
)
def test_every_way_of_asking_brings_what_was_announced(seen: dict[str, Seen], scenario: str, records: int) -> None:
    assert_complete(seen[scenario], records)


def test_words_go_to_query_term_unless_configured(seen: dict[str, Seen]) -> None:
    assert seen["a query"].parameters("query.term") == ["Study 3"]
    assert seen["a query of titles"].parameters("query.titles") == ["trout"] * 3


def test_a_date_asks_for_what_was_posted_since(seen: dict[str, Seen]) -> None:
    expected = "AREA[LastUpdatePostDate]RANGE[2026-01-01,MAX]"
    assert seen["changed since"].parameters("filter.advanced") == [expected]
    assert seen["changed since, of a query"].parameters("query.term") == ["trout"]


def test_numbers_are_asked_for_in_one_request_and_in_capitals(seen: dict[str, Seen]) -> None:
    assert seen["numbers"].parameters("filter.ids") == ["NCT00000002,NCT00000004"]


def test_an_old_number_brings_its_study_and_is_noted(seen: dict[str, Seen]) -> None:
    assert_complete(seen["an old number"], 1)
    assert "NCT00009999 is an old number of NCT00000001" in seen["an old number"].verdict.message


def test_an_unknown_number_is_reported_by_name(seen: dict[str, Seen]) -> None:
    assert_says(seen["an unknown number"], "incomplete", "not found", "NCT77777777")
    assert seen["an unknown number"].verdict.stored == 1


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("no number at all", "ISRCTN00000001"),
        ("two ways", "exactly one way"),
        ("no way", "exactly one way"),
        ("no date", "'yesterday'"),
        ("wrong page size", "'many'"),
    ],
)
def test_wrong_arguments_are_refused_before_any_request(seen: dict[str, Seen], scenario: str, words: str) -> None:
    assert_says(seen[scenario], "failed", words)
    assert seen[scenario].requests == []


# Pages -----------------------------------------------------------------------------------------------------------------


def test_pages_are_joined_by_the_opaque_token(seen: dict[str, Seen]) -> None:
    tokens = seen["everything"].parameters("pageToken")
    assert tokens[0] == ""
    assert all("+/" in token and token.endswith("==") for token in tokens[1:])  # it arrived as it was sent
    assert seen["everything"].parameters("countTotal") == ["true", "", ""]


def test_an_empty_page_with_a_token_is_not_the_end(seen: dict[str, Seen]) -> None:
    assert_complete(seen["empty page"], 5)
    assert len(seen["empty page"].requests) == len(seen["everything"].requests) + 1


def test_pages_that_never_end_are_an_error(seen: dict[str, Seen]) -> None:
    assert_says(seen["endless"], "failed", "never end")


def test_fewer_studies_than_announced_are_incomplete(seen: dict[str, Seen]) -> None:
    assert_says(seen["announces more"], "incomplete", "6 records were announced and 5 arrived")


def test_a_study_on_two_pages_counts_once(seen: dict[str, Seen]) -> None:
    assert_complete(seen["record twice"], 5)


def test_a_study_twice_does_not_hide_one_that_never_came(seen: dict[str, Seen]) -> None:
    assert_says(seen["record shifted"], "incomplete", "5 records were announced and 4 arrived")


# What is tried again, and what is not ------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["one 429", "one 503", "one cut off", "one truncated gzip", "one reset"])
def test_what_passes_is_tried_again(seen: dict[str, Seen], scenario: str) -> None:
    assert_complete(seen[scenario], 5)
    assert len(seen[scenario].requests) == len(seen["everything"].requests) + 1


def test_retry_after_is_honoured(seen: dict[str, Seen]) -> None:
    assert seen["one 429"].verdict.retries == 1
    assert max(seen["one 429"].gaps()) >= 1


def test_a_retry_after_of_hours_ends_the_run_at_once(seen: dict[str, Seen]) -> None:
    assert_says(seen["429 for hours"], "failed", "429", "come back after 7200")
    assert seen["429 for hours"].verdict.retries == 0


def test_a_storm_of_503_fails_and_keeps_what_arrived(seen: dict[str, Seen]) -> None:
    assert_says(seen["503 storm"], "failed", "503 Service Unavailable", "3 tries", "try again later", "2 records")
    assert seen["503 storm"].verdict.stored == 2


def test_a_registry_that_refuses_the_client_says_the_way_out(seen: dict[str, Seen]) -> None:
    assert_says(seen["403 for all"], "failed", "403 Forbidden", "3 tries", "download_handler")


def test_a_token_that_is_no_longer_valid_makes_the_reading_begin_again(seen: dict[str, Seen]) -> None:
    assert_complete(seen["a token that expires"], 50)
    counts = [request.parameter("countTotal") for request in seen["a token that expires"].requests]
    assert counts.count("true") == 2
    assert len(counts) == 1 + 24 + 25


def test_a_misunderstood_request_is_not_repeated_and_quotes_the_registry(seen: dict[str, Seen]) -> None:
    assert_says(seen["400"], "failed", "400 Bad Request", "The sample registry answers 400")
    assert seen["400"].verdict.retries == 0


def test_silence_fails_after_all_tries(seen: dict[str, Seen]) -> None:
    assert_says(seen["silence"], "failed", "no answer in time")
    assert seen["silence"].verdict.retries == 2


def test_a_closed_port_fails_with_the_cause(seen: dict[str, Seen]) -> None:
    assert_says(seen["nobody listens"], "failed", "refused")


# What is no answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "words"),
    [("html", "a page of HTML"), ("html for one", "text/html"), ("empty body", "nothing but blanks")],
)
def test_something_else_with_status_200_is_an_error_that_names_it(
    seen: dict[str, Seen], scenario: str, words: str
) -> None:
    assert_says(seen[scenario], "failed", words)


@pytest.mark.parametrize("scenario", ["oversized", "oversized stream", "gzip bomb"])
def test_bodies_are_bounded_before_and_after_unpacking(seen: dict[str, Seen], scenario: str) -> None:
    assert_says(seen[scenario], "failed", "DOWNLOAD_MAXSIZE", "page_size")


def test_a_compression_that_breaks_off_is_never_taken_for_the_whole(seen: dict[str, Seen]) -> None:
    assert_says(seen["truncated gzip"], "failed", "breaks off")


def test_a_redirect_to_another_host_is_refused(seen: dict[str, Seen]) -> None:
    assert_says(seen["foreign redirect"], "failed", "another host", "base_url")
    assert "/elsewhere" not in seen["foreign redirect"].paths()


def test_a_redirect_loop_ends(seen: dict[str, Seen]) -> None:
    assert_says(seen["redirect loop"], "failed", "redirections")


# Manners -----------------------------------------------------------------------------------------------------------------


def test_robots_txt_comes_first_and_once(seen: dict[str, Seen]) -> None:
    assert seen["everything"].paths()[0] == "/robots.txt"
    assert seen["everything"].paths().count("/robots.txt") == 1


def test_a_robots_refusal_is_an_error_with_a_way_out(seen: dict[str, Seen]) -> None:
    assert_says(seen["robots"], "failed", "robots.txt forbids", "obey_robots = false", "harvester import ctgov")
    assert seen["robots"].paths() == ["/robots.txt"]


def test_a_person_can_overrule_robots_txt(seen: dict[str, Seen]) -> None:
    assert_complete(seen["robots overruled"], 5)
    assert "/robots.txt" not in seen["robots overruled"].paths()


def test_rules_that_cannot_be_read_forbid_everything(seen: dict[str, Seen]) -> None:
    assert_says(seen["robots in trouble"], "failed", "503", "rules are unknown")
    assert set(seen["robots in trouble"].paths()) == {"/robots.txt"}


def test_rules_that_are_kept_from_us_forbid_nothing(seen: dict[str, Seen]) -> None:
    assert_complete(seen["robots kept from us"], 5)
    assert_complete(seen["a page for robots.txt"], 5)


@pytest.mark.parametrize("scenario", ["crawl delay", "delay"])
def test_the_distance_between_requests_is_kept(seen: dict[str, Seen], scenario: str) -> None:
    # One that arrives late on a busy machine shortens the distance to the next.
    assert median(seen[scenario].gaps()) >= 0.14


def test_the_user_agent_says_who_asks(seen: dict[str, Seen]) -> None:
    agents = {request.headers["user-agent"] for request in seen["contact"].requests}
    assert agents == {"Harvester/0.1 (+somebody@example.org)"}


def test_without_a_contact_nothing_is_asked_of_a_live_host(seen: dict[str, Seen]) -> None:
    assert_says(seen["no contact"], "failed", "no contact", "nothing was requested")
    assert seen["no contact"].verdict.requests == 0


def test_a_contact_cannot_smuggle_headers(seen: dict[str, Seen]) -> None:
    assert_says(seen["odd contact"], "failed", "contact")
    assert seen["odd contact"].requests == []


def test_a_download_handler_that_is_not_there_is_told(seen: dict[str, Seen]) -> None:
    assert_says(seen["no such handler"], "failed", "is the download_handler of this registry right", "nowhere")


def test_a_proxy_that_refuses_is_named() -> None:
    assert "https_proxy" in connection_sentence(TunnelError("Could not open CONNECT tunnel with proxy [407]"))


def test_why_an_answer_broke_off_is_said_without_twisteds_objects() -> None:
    reason = "[<twisted.python.failure.Failure twisted.internet.error.ConnectionDone: Connection was closed cleanly.>]"
    sentence = connection_sentence(DownloadFailedError(reason))
    assert sentence == "the connection broke: try again later (Connection was closed cleanly.)"


def test_another_download_handler_can_be_set(seen: dict[str, Seen]) -> None:
    assert_complete(seen["another handler"], 5)
