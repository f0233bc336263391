"""What can go wrong at a registry: what the user reads, what is stored, what is published. docs/refresh.md has the same table.

Every fault has a registry of its own on loopback, with five studies that other faults do not have, in one archive and one catalogue.
All are read once while all is well. Then the faults are switched on, the second study of each registry changes, and all are read again
by one crawl of real spiders.
"""

from __future__ import annotations

import datetime
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from harvester.archive import Archive, Verdict
from harvester.build import build
from harvester.care import verify
from harvester.config import Gates
from harvester.crawl import Job, crawl
from harvester.sample.faults import NEW_STATUS
from harvester.sample.server import SampleServer
from tests.spiders.registries import QUICK, study

ROOT = Path(__file__).resolve().parents[2]
STUDIES, CHANGED, A_PAGE = 5, 2, 2


class Fault(NamedTuple):
    """A fault of the sample registry, and what must come of it. `published`: what the catalogue shows of the changed study."""

    name: str  # of the sample's fault; empty: something about the job
    options: dict[str, Any]
    verdict: Literal["complete", "incomplete", "failed"]
    reads: str  # words of the message
    stored: int  # studies of the run that are in the archive
    published: Literal["new", "old"]
    settings: tuple[tuple[str, float], ...] = ()  # of the crawl


PAGES = {"path": "/studies"}

FAULTS: dict[str, Fault] = {
    "5xx for minutes": Fault("http-503", PAGES | {"after": 1}, "failed", "503 Service Unavailable", 2, "old"),
    "429 with seconds": Fault("http-429", PAGES | {"times": 1, "retry_after": 1}, "complete", "5 of 5", 5, "new"),
    "429 with a date": Fault("http-429", PAGES | {"times": 1, "retry_after": "soon"}, "complete", "5 of 5", 5, "new"),
    "429 for hours": Fault("http-429", PAGES | {"retry_after": 7200}, "failed", "asks to come back after 7200", 0, "old"),
    "403 for all": Fault("http-403", PAGES, "failed", "it refuses this client", 0, "old"),
    "connections reset": Fault("reset", PAGES, "failed", "the connection", 0, "old"),
    "a body that is cut": Fault("truncated-body", PAGES, "failed", "the answer broke off before its end", 0, "old"),
    "gzip that is cut": Fault("truncated-gzip", PAGES, "failed", "compression breaks off", 0, "old"),
    "a slow drip": Fault("slow-drip", PAGES | {"pause": 0.01}, "complete", "5 of 5", 5, "new"),
    "no answer": Fault("no-answer", PAGES | {"seconds": 30}, "failed", "no answer in time", 0, "old", (("DOWNLOAD_TIMEOUT", 0.3),)),
    "HTML with status 200": Fault("html-instead", PAGES, "failed", "a page of HTML", 0, "old"),
    "a wrong charset": Fault("wrong-charset", PAGES, "complete", "5 of 5", 5, "new"),
    "a redirect to another host": Fault("foreign-redirect", PAGES, "failed", "another host: refused", 0, "old"),
    "a gzip bomb": Fault("gzip-bomb", PAGES | {"megabytes": 3}, "failed", "DOWNLOAD_MAXSIZE", 0, "old", (("DOWNLOAD_MAXSIZE", 1_000_000),)),
    "pages without end": Fault("endless-pages", {}, "failed", "never end", 5, "old"),
    "a record on two pages": Fault("record-twice", {}, "complete", "5 of 5", 5, "new"),
    "a record lost between pages": Fault("record-lost", {}, "incomplete", "5 records were announced and 4 arrived", 4, "old"),
    "more announced than served": Fault("announces-more", {}, "incomplete", "6 records were announced and 5 arrived", 5, "old"),
    "an empty page with a token": Fault("empty-page", {}, "complete", "5 of 5", 5, "new"),
    "a page token that expires": Fault("http-400", PAGES | {"after": 1, "times": 1}, "complete", "5 of 5", 5, "new"),
    "a new value in some records": Fault("new-status", {"every": 100}, "complete", "5 of 5", 5, "new"),
    "a host name that is not known": Fault("", {"base_url": "http://registry.invalid/api/v2"}, "failed", "the host name is not known", 0, "old"),
}  # fmt: skip

#: Rows of the table whose test stands elsewhere, with its name and the words that the user reads.
ELSEWHERE: dict[str, tuple[str, str]] = {
    "a certificate that cannot be verified": ("test_crawl.py::test_certificates_are_verified_unless_configured_otherwise", "its TLS certificate could not be verified"),
    "a renamed key": ("test_gates.py::test_a_renamed_key_keeps_the_old_catalogue_until_a_person_accepts", "is filled in 0 of"),
    "a record that is gone": ("test_gates.py::test_a_record_that_a_sweep_no_longer_lists_is_asked_for_and_withdrawn", "no longer served"),
    "a record that is listed and not served": ("../spiders/test_ctis.py::test_a_trial_that_is_listed_and_not_served_is_kept_as_rejected_and_the_others_are_published", "is listed and not served"),
    "robots.txt forbids it": ("../spiders/test_ctgov.py::test_a_robots_refusal_is_an_error_with_a_way_out", "robots.txt forbids"),
    "SIGTERM or Ctrl-C": ("test_stopping.py::test_sigterm_during_the_build_keeps_the_catalogue_and_says_where", "stopped by a signal"),
    "SIGKILL, or the power fails": ("test_killing.py::test_a_refresh_killed_anywhere_is_finished_by_the_next_ones", "its lock is taken over"),
    "the disk is full": ("test_disk.py::test_a_refresh_on_a_full_disk_says_so_and_goes_on_when_there_is_room", "the disk is full: make room"),
    "the folder may not be written to": ("test_disk.py::test_a_folder_that_may_not_be_written_to_is_named", "cannot be written to"),
    "the clock was set back": ("test_schedule.py::test_a_run_that_lies_ahead_does_not_count_and_is_told", "lies ahead: the clock was set back"),
    "summer time begins or ends": ("test_schedule.py::test_what_is_asked_does_not_depend_on_the_time_of_the_place", "all times are UTC"),
    "two at once": ("test_gates.py::test_one_writer_at_a_time", "another harvester is at work"),
}  # fmt: skip


class Came(NamedTuple):
    """What came of a fault."""

    verdict: Verdict
    title: str | None  # of the changed study, in the catalogue
    stored: int
    paths: list[str]
    unknown: list[tuple[str, int]]  # values that no vocabulary knows, and in how many records of the catalogue


def number(place: int, index: int) -> str:
    return f"NCT92{place:03}{index:03}"


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Came]]:
    folder = tmp_path_factory.mktemp("faults")
    archive_path, catalogue_path = folder / "archive.db", folder / "catalogue.db"
    servers: dict[str, SampleServer] = {}
    with ExitStack() as stack:
        for place, name in enumerate(FAULTS):
            shelf = folder / str(place) / "ctgov"
            shelf.mkdir(parents=True)
            for index in range(1, STUDIES + 1):
                text = json.dumps(study(number(place, index), index), ensure_ascii=False)
                (shelf / f"{index}.json").write_text(text.replace("of trout", f"of Forelle Größe q{place}"), "utf-8")
            server = SampleServer(shelf.parent, page_sizes={"ctgov": A_PAGE}, crawl_delay=0)
            servers[name] = stack.enter_context(server)
        crawl([_job(place, servers[name]) for place, name in enumerate(FAULTS)], archive_path)
        build(archive_path, catalogue_path, shares=Gates())
        for place, (name, fault) in enumerate(FAULTS.items()):
            servers[name].requests.clear()
            servers[name].fault(
                "ctgov", "record-changed", number=number(place, CHANGED), old="Study", new="Changed study"
            )
            if fault.name:
                servers[name].fault("ctgov", fault.name, **_dated(fault.options))
        jobs = [_job(place, servers[name], fault) for place, (name, fault) in enumerate(FAULTS.items())]
        verdicts = crawl(jobs, archive_path)
        build(archive_path, catalogue_path, shares=Gates())
        with closing(sqlite3.connect(catalogue_path)) as db, Archive(archive_path) as archive:
            titles = dict(db.execute("SELECT registry_id, public_title FROM records"))
            unknown = db.execute("SELECT raw_value, records FROM unmapped_values").fetchall()
            counted = dict(archive.db.execute("SELECT run_id, count(DISTINCT sha256) FROM captures GROUP BY run_id"))
            assert list(verify(archive)) == []
        yield {
            name: Came(verdict, titles.get(number(place, CHANGED)), counted.get(verdict.run_id, 0), [r.path for r in servers[name].requests], unknown)
            for place, (name, verdict) in enumerate(zip(FAULTS, verdicts, strict=True))
        }  # fmt: skip


def _job(place: int, server: SampleServer, fault: Fault | None = None) -> Job:
    address = fault.options.get("base_url") if fault else None
    return Job(
        registry="ctgov", query=f"q{place}", base_url=address or server.base_url("ctgov"), delay=0,
        contact="somebody@example.org" if address else "", settings=QUICK | dict(fault.settings if fault else ()),
    )  # fmt: skip


def _dated(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with a date in two seconds where they say `soon`."""
    if options.get("retry_after") != "soon":
        return options
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    return options | {"retry_after": then.strftime("%a, %d %b %Y %H:%M:%S GMT")}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_read_stored_and_published_as_the_table_says(came: dict[str, Came], name: str) -> None:
    fault, seen = FAULTS[name], came[name]
    assert seen.verdict.verdict == fault.verdict, seen.verdict.message
    assert fault.reads in seen.verdict.message
    assert seen.stored == fault.stored == seen.verdict.stored
    assert seen.title is not None
    assert seen.title.startswith("Changed study" if fault.published == "new" else "Study"), seen.title
    assert "of Forelle Größe" in seen.title, "whatever the header says of its charset"


def test_a_status_that_is_new_in_one_record_of_a_hundred_is_told_and_costs_nothing_else(came: dict[str, Came]) -> None:
    [(value, records)] = came["a new value in some records"].unknown
    assert f'"{value}"' in NEW_STATUS["ctgov"][1]
    assert round(100 * records / (STUDIES * len(FAULTS))) == 1


def test_no_fault_leads_to_another_host(came: dict[str, Came]) -> None:
    assert not [path for seen in came.values() for path in seen.paths if "elsewhere" in path]


def _rows() -> dict[str, str]:
    """Rows of the table in docs/refresh.md: what happens -> the whole row."""
    text = (ROOT / "docs" / "refresh.md").read_text("utf-8").split("## What happens when…", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| when")]
    return {row.split("|")[1].strip(): row for row in rows}


def test_the_table_of_the_documents_has_every_fault_and_no_other() -> None:
    assert sorted(_rows()) == sorted([*FAULTS, *ELSEWHERE])


@pytest.mark.parametrize("name", [*FAULTS, *ELSEWHERE])
def test_the_table_quotes_what_is_read_and_says_what_is_published(name: str) -> None:
    row = _rows()[name]
    if name in ELSEWHERE:
        test, words = ELSEWHERE[name]
        file, _, function = test.partition("::")
        assert re.search(rf"^def {function}\(", (Path(__file__).parent / file).read_text("utf-8"), re.MULTILINE)
        assert words in row
        return
    fault = FAULTS[name]
    assert fault.reads in row or fault.verdict == "complete"
    assert f"| {fault.verdict}" in row
    *_, published, _ = row.split("|")
    assert published.strip().startswith("what is new" if fault.published == "new" else "what stood")
