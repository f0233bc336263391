"""`check`: one small request a registry says what a refresh would meet, in words, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harvester.check import Report, check
from harvester.crawl import Job
from harvester.sample.server import ROBOTS_OF_WHO, SampleServer
from tests.spiders.registries import at, write_records


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Report], SampleServer, SampleServer]]:
    records = write_records(tmp_path_factory.mktemp("check") / "records")
    with SampleServer(records, crawl_delay=0.1) as well, SampleServer(records, crawl_delay=0) as ill:
        ill.fault("ctgov", "http-403", path="/version")
        ill.fault("euctr", "html-instead")
        ill.robots["ictrp"] = ROBOTS_OF_WHO
        jobs = {
            "ctgov": at(well, Job(registry="ctgov", query="trout", contact="me@example.org")),
            "euctr": at(well, Job(registry="euctr", query="asthma", verify_tls=False)),
            "ictrp": at(well, Job(registry="ictrp", ids=("ISRCTN00000001",))),
            "403": at(ill, Job(registry="ctgov")),
            "html": at(ill, Job(registry="euctr")),
            "robots": at(ill, Job(registry="ictrp")),
            "ctis": at(ill, Job(registry="ctis", query="trout")),
            "isrctn": at(ill, Job(registry="isrctn", query="trout")),
            "no contact": Job(registry="ctgov", base_url="http://registry.invalid"),
        }
        yield dict(zip(jobs, check(list(jobs.values())), strict=True)), well, ill


Reports = tuple[dict[str, Report], SampleServer, SampleServer]


def assert_reports(report: Report, ok: bool, *words: str) -> None:
    assert report.ok is ok, report.lines
    for word in words:
        assert word in "\n".join(report.lines)


def test_a_registry_that_serves_is_described(reports: Reports) -> None:
    assert_reports(
        reports[0]["ctgov"], True,
        "asked as me@example.org", "robots.txt is obeyed", "Crawl-delay 0.1 s is kept", "API version 2.0.5",
        "answered 200, application/json", "5 studies are announced for 'trout'",
    )  # fmt: skip
    assert_reports(
        reports[0]["euctr"], True, "TLS certificates are not verified", "1 trials are announced for 'asthma'"
    )
    assert_reports(reports[0]["ictrp"], True, "ISRCTN00000001 holds a record", "exported by hand")
    assert_reports(reports[0]["ctis"], True, "answered 200, application/json", "5 trials are announced for 'trout'")
    assert_reports(reports[0]["isrctn"], True, "answered 200, application/xml", "5 trials are announced for 'trout'")


def test_a_check_is_robots_txt_and_hardly_more(reports: Reports) -> None:
    paths = [request.path.rpartition("/")[2] for request in reports[1].requests]
    assert sorted(paths) == ["Trial2.aspx", "robots.txt", "robots.txt", "robots.txt", "search", "studies", "version"]


def test_a_refusal_says_the_way_out_after_one_try(reports: Reports) -> None:
    assert_reports(reports[0]["403"], False, "403 Forbidden", "1 try", "download_handler")
    assert_reports(reports[0]["robots"], False, "robots.txt forbids", "harvester import ictrp", "obey_robots = false")
    assert_reports(reports[0]["html"], False, "announces no number of trials")
    assert [request.path for request in reports[2].requests].count("/ctgov/api/v2/version") == 1


def test_a_check_has_manners_too(reports: Reports) -> None:
    assert_reports(reports[0]["no contact"], False, "no contact is configured")


def test_a_check_stores_nothing(reports: Reports, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not list(Path(tmp_path_factory.getbasetemp()).glob("check*/**/*.db"))
