"""ClinicalTrials.gov's spider against a server that speaks its interface, with all that can go wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harvester.crawl import Job
from harvester.sample.server import SampleServer
from tests.spiders.registries import Scenario, Seen, archived, nothing, run_all

ALL = Job(registry="ctgov", all=True)
NUMBERS = {f"NCT0000000{index}" for index in range(1, 6)}


def fault(name: str, **options: object) -> object:
    return lambda server: server.fault("ctgov", name, **options)


def forbid(server: SampleServer) -> None:
    server.robots["ctgov"] = "User-agent: *\nDisallow: /ctgov/api/\n"


def slow_down(server: SampleServer) -> None:
    server.robots["ctgov"] = "User-agent: *\nCrawl-delay: 0.3\n"


def two_hosts(location: str) -> object:
    return fault("foreign-redirect", path="/studies", location=location)


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
    "empty page": Scenario(fault("empty-page"), ALL),
    "endless": Scenario(fault("endless-pages"), ALL),
    "announces more": Scenario(fault("announces-more"), ALL),
    "record twice": Scenario(fault("record-twice"), ALL),
    "record shifted": Scenario(fault("record-shifted"), ALL),
    "one 429": Scenario(fault("http-429", path="/studies", times=1, retry_after=1), ALL),
    "429 for hours": Scenario(fault("http-429", path="/studies", retry_after=7200), ALL),
    "one 503": Scenario(fault("http-503", path="/studies", after=1, times=1), ALL),
    "503 storm": Scenario(fault("http-503", path="/studies", after=1), ALL),
    "403 for all": Scenario(fault("http-403", path="/studies"), ALL),
    "400": Scenario(nothing, Job(registry="ctgov", all=True, base_url="")),
    "html": Scenario(fault("html-instead", path="/studies"), ALL),
    "html for one": Scenario(fault("html-instead", path="/studies/"), Job(registry="ctgov", ids=("NCT77777777",))),
    "empty body": Scenario(fault("empty-body", path="/studies"), ALL),
    "one reset": Scenario(fault("reset", path="/studies", times=1), ALL),
    "one cut off": Scenario(fault("reset-midway", path="/studies", times=1), ALL),
    "one truncated gzip": Scenario(fault("truncated-gzip", path="/studies", times=1), ALL),
    "truncated gzip": Scenario(fault("truncated-gzip", path="/studies"), ALL),
    "oversized": Scenario(
        fault("oversized-body", path="/studies", megabytes=3),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_MAXSIZE": 1_000_000}),
    ),
    "oversized stream": Scenario(
        fault("oversized-stream", path="/studies", megabytes=3),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_MAXSIZE": 1_000_000}),
    ),
    "gzip bomb": Scenario(
        fault("gzip-bomb", path="/studies", megabytes=3),
        Job(registry="ctgov", all=True, settings={"DOWNLOAD_MAXSIZE": 1_000_000}),
    ),
    "foreign redirect": Scenario(fault("foreign-redirect", path="/studies"), ALL),
    "redirect loop": Scenario(fault("redirect-loop", path="/studies"), ALL),
    "silence": Scenario(
        fault("no-answer", path="/studies", seconds=30), Job(registry="ctgov", all=True, settings={"DOWNLOAD_TIMEOUT": 0.2})
    ),
    "robots": Scenario(forbid, ALL),
    "robots overruled": Scenario(forbid, Job(registry="ctgov", all=True, obey_robots=False)),
    "robots in trouble": Scenario(fault("http-503", path="/robots.txt"), ALL),
    "robots kept from us": Scenario(fault("http-403", path="/robots.txt"), ALL),
    "crawl delay": Scenario(slow_down, ALL),
    "delay": Scenario(nothing, Job(registry="ctgov", all=True, delay=0.3)),
    "contact": Scenario(nothing, Job(registry="ctgov", query="salmon", contact="somebody@example.org")),
    "no contact": Scenario(nothing, Job(registry="ctgov", all=True, base_url="http://registry.invalid/api/v2")),
    "odd contact": Scenario(nothing, Job(registry="ctgov", all=True, contact="a\r\nX-Header: b")),
    "nobody listens": Scenario(nothing, Job(registry="ctgov", all=True, base_url="http://127.0.0.1:9/api/v2")),
    "another handler": Scenario(
        nothing,
        Job(registry="ctgov", all=True, download_handler="scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    return tmp_path_factory.mktemp("ctgov")


@pytest.fixture(scope="module")
def seen(folder) -> Iterator[dict[str, Seen]]:  # type: ignore[no-untyped-def]
    yield from run_all(SCENARIOS, folder)


def assert_complete(seen: Seen, announced: int) -> None:
    assert (seen.verdict.verdict, seen.verdict.announced, seen.verdict.stored) == ("complete", announced, announced), (
        seen.verdict
    )


def assert_failed(seen: Seen, *words: str) -> None:
    assert seen.verdict.verdict == "failed"
    for word in words:
        assert word in seen.verdict.message


def test_dump(seen):
    for name, one in seen.items():
        print(f"{name:28} {one.verdict.verdict:10} {one.verdict.announced} {one.verdict.stored} r{one.verdict.rejected} req{one.verdict.requests}/{len(one.requests)} retry{one.verdict.retries} {one.verdict.message}")
