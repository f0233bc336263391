"""A refresh that was cut off goes on where it stopped; nothing is fetched twice, from a registry or from an inbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from harvester.archive import Archive, Verdict
from harvester.config import Config, RegistryConfig
from harvester.crawl import Job, crawl
from harvester.refresh import Refreshed, refresh
from harvester.sample.server import SampleServer
from harvester.sample.wire import Request
from harvester.schedule import Wish
from tests.spiders.registries import at, write_records

RESUMED: dict[str, str | int | float | bool] = {"RESUME_HOURS": 48}


class Twice(NamedTuple):
    """A run that the registry cut off, and the next one."""

    first: Verdict
    second: Verdict
    asked_first: list[Request]
    asked_second: list[Request]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Twice]]:
    folder = tmp_path_factory.mktemp("resume")
    records = write_records(folder / "records")
    jobs = {
        "pages": Job(registry="ctgov", query="trout", settings=RESUMED),
        "a token that is no longer valid": Job(registry="ctgov", query="Study", settings=RESUMED),
        "a run too old to go on with": Job(registry="ctgov", query="of trout", settings={"RESUME_HOURS": 0}),
        "record by record": Job(registry="ctis", all=True, settings=RESUMED),
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(SampleServer(records, page_sizes={"ctgov": 1}, crawl_delay=0)) for name in jobs
        }
        for name, server in servers.items():
            server.fault(jobs[name].registry, "http-503", after=3)
        ordered = [at(servers[name], job) for name, job in jobs.items()]
        first = crawl(ordered, folder / "archive.db")
        asked = {name: list(server.requests) for name, server in servers.items()}
        for server in servers.values():
            server.clear()
            server.requests.clear()
        servers["a token that is no longer valid"].fault("ctgov", "http-400", times=1)
        second = crawl(ordered, folder / "archive.db")
        yield {
            name: Twice(one, other, asked[name], servers[name].requests)
            for name, one, other in zip(jobs, first, second, strict=True)
        }


def test_pages_are_read_on_from_the_token_where_the_run_stopped(twice: dict[str, Twice]) -> None:
    seen = twice["pages"]
    assert (seen.first.verdict, seen.first.stored) == ("failed", 3)
    assert (seen.second.verdict, seen.second.announced, seen.second.stored) == ("complete", 5, 5)
    assert seen.second.resumed == 3
    tokens = [request.parameter("pageToken") for request in seen.asked_second if request.path != "/robots.txt"]
    assert len(tokens) == 2 and all(tokens), "the count was heard before, and three of five pages need not come again"


def test_a_token_that_is_no_longer_valid_begins_again(twice: dict[str, Twice]) -> None:
    seen = twice["a token that is no longer valid"]
    assert (seen.second.verdict, seen.second.announced, seen.second.stored) == ("complete", 5, 5)
    assert len([request for request in seen.asked_second if request.path != "/robots.txt"]) == 1 + 5


def test_a_run_that_is_too_old_is_not_gone_on_with(twice: dict[str, Twice]) -> None:
    seen = twice["a run too old to go on with"]
    assert (seen.second.verdict, seen.second.stored, seen.second.resumed) == ("complete", 5, 0)


def test_single_records_that_came_are_not_asked_for_again(twice: dict[str, Twice]) -> None:
    def records(requests: list[Request]) -> list[str]:
        return [request.path for request in requests if "/retrieve/" in request.path]

    seen = twice["record by record"]
    assert seen.first.verdict == "failed" and seen.first.stored
    assert (seen.second.verdict, seen.second.stored, seen.second.resumed) == ("complete", 5, seen.first.stored)
    assert len(records(seen.asked_second)) == 5 - seen.first.stored
    assert not set(records(seen.asked_second)) & set(records(seen.asked_first)[: seen.first.stored])


def test_a_record_of_two_topics_is_fetched_once_in_a_refresh_and_again_in_the_next(tmp_path: Path) -> None:
    with SampleServer(write_records(tmp_path / "records"), crawl_delay=0) as server:
        both = [Job(registry="ctis", query=query, last_run=0) for query in ("trout", "Trial")]
        jobs = [at(server, job) for job in both]
        verdicts = crawl(jobs, tmp_path / "archive.db")
        fetched = [request.path for request in server.requests if "/retrieve/" in request.path]
        assert len(fetched) == len(set(fetched)) == 5
        assert [(verdict.verdict, verdict.stored) for verdict in verdicts] == [("complete", 5), ("complete", 5)]
        server.requests.clear()
        crawl([at(server, Job(registry="ctis", query="trout", last_run=2))], tmp_path / "archive.db")
        assert len([request for request in server.requests if "/retrieve/" in request.path]) == 5


def test_a_record_that_is_never_served_is_told_once_as_missing_and_then_noted(tmp_path: Path) -> None:
    with SampleServer(write_records(tmp_path / "records"), crawl_delay=0) as server:
        number = next(iter(server.numbers("ctis")))
        server.fault("ctis", "http-500", path=f"/retrieve/{number}")
        job = at(server, Job(registry="ctis", all=True))
        (first,) = crawl([job], tmp_path / "archive.db")
        (second,) = crawl([job], tmp_path / "archive.db")
        assert (first.verdict, second.verdict) == ("incomplete", "complete")
        assert first.message and f"{number} is listed and not served" in first.message
        assert second.message and f"{number} is listed and not served" in second.message
        assert (second.announced, second.stored, second.rejected) == (5, 4, 1)
        server.clear()
        (third,) = crawl([job], tmp_path / "archive.db")
        assert (third.verdict, third.stored) == ("complete", 5)
        server.fault("ctis", "http-500", path=f"/retrieve/{number}")
        (fourth,) = crawl([job], tmp_path / "archive.db")
        assert fourth.verdict == "incomplete", "it was served once"


# Inboxes -------------------------------------------------------------------------------------------------------------------

EXPORT = """<Trials_downloaded_from_ICTRP><Trial><TrialID>DRKS99000001</TrialID><Public_title>{title}</Public_title></Trial>
</Trials_downloaded_from_ICTRP>"""


def read_inbox(tmp_path: Path) -> Refreshed:
    config = Config(registries={"ictrp": RegistryConfig(inbox=str(tmp_path / "inbox"))})
    return refresh(config, Wish(registries=("ictrp",)), tmp_path / "archive.db", lambda _: None)


def test_a_file_of_an_inbox_is_known_by_its_bytes_whatever_its_name_and_date(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.xml").write_text(EXPORT.format(title="One"))
    assert [done.records for done in read_inbox(tmp_path).imports] == [1]
    (inbox / "a.xml").rename(inbox / "b.xml")
    os.utime(inbox / "b.xml", (1_900_000_000, 1_900_000_000))
    again = read_inbox(tmp_path)
    assert again.imports == [] and "all read before" in again.notes[-1]
    (inbox / "a.xml").write_text(EXPORT.format(title="Two"))
    [changed] = read_inbox(tmp_path).imports
    assert (changed.files, changed.records) == (1, 1)
    assert changed.verdict.changed == 1
    with Archive(tmp_path / "archive.db") as archive:
        assert len(list(archive.versions())) == 2
