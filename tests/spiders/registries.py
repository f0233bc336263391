"""Small registries for the tests: a few records of each kind, and one crawl over many scenarios at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from harvester.archive import Verdict
from harvester.crawl import Job, crawl
from harvester.registries import REGISTRIES
from harvester.sample.server import SampleServer
from harvester.sample.wire import Request

#: Tries again as a crawl does, in hundredths of its time.
QUICK: dict[str, str | int | float | bool] = {
    "RETRY_TIMES": 2,
    "PAUSE_BASE": 0.02,
    "PAUSE_CAP": 3.0,
    "DOWNLOAD_TIMEOUT": 5,
    "RESUME_HOURS": 0,  # scenarios of one query share an archive
}


class Scenario(NamedTuple):
    """What goes wrong at a registry, and what is asked of it."""

    arrange: Callable[[SampleServer], object]
    job: Job


class Seen(NamedTuple):
    """What came of a scenario: the verdict, and the requests that the registry logged."""

    verdict: Verdict
    requests: list[Request]

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def parameters(self, name: str) -> list[str]:
        return [request.parameter(name) for request in self.requests if request.path != "/robots.txt"]

    def gaps(self) -> list[float]:
        times = [request.at for request in self.requests]
        return [later - earlier for earlier, later in pairwise(times)]


def nothing(server: SampleServer) -> None:
    """All is well."""


def fault(registry: str, name: str, **options: Any) -> Callable[[SampleServer], object]:
    """Switches a fault of the sample server on."""
    return lambda server: server.fault(registry, name, **options)


def robots(registry: str, text: str) -> Callable[[SampleServer], object]:
    """Gives a registry another robots.txt."""
    return lambda server: server.robots.update({registry: text})


def assert_complete(seen: Seen, records: int) -> None:
    """So many records were announced, and so many are in the archive."""
    verdict = seen.verdict
    assert (verdict.verdict, verdict.announced, verdict.stored) == ("complete", records, records), verdict.message


def assert_says(seen: Seen, verdict: str, *words: str) -> None:
    """The verdict, and a message that holds the words."""
    assert seen.verdict.verdict == verdict, seen.verdict.message
    for word in words:
        assert word in seen.verdict.message


def write_records(folder: Path) -> Path:
    """Five studies (one with an old number, one changed in 2026), two EU trials in four countries, two ICTRP trials, five
    trials each of CTIS and ISRCTN (the fifth of them changed in 2026)."""
    for registry in REGISTRIES:
        (folder / registry).mkdir(parents=True)
    for index in range(1, 6):
        number = f"NCT0000000{index}"
        (folder / "ctgov" / f"{number}.json").write_text(json.dumps(study(number, index)), encoding="utf-8")
        number = f"2024-50000{index}-11-00"
        (folder / "ctis" / f"{number}.json").write_text(json.dumps(eu_trial(number, index)), encoding="utf-8")
        number = f"ISRCTN0000000{index}"
        (folder / "isrctn" / f"{number}.xml").write_text(full_trial(number, index), encoding="utf-8")
    for number, place, title in (
        ("2011-000001-11", "DE", "Heart failure in adults"),
        ("2011-000001-11", "FR", "Heart failure in adults"),
        ("2011-000001-11", "3rd", "Heart failure in adults"),
        ("2014-000002-22", "GB", "Asthma in adults"),
    ):
        (folder / "euctr" / f"{number}-{place}.txt").write_text(country_record(number, place, title), encoding="utf-8")
    for number in ("ISRCTN00000001", "CTRI/2020/01/000001"):
        text = f"<Trial><TrialID>{number}</TrialID><Public_title>A trial of nothing much</Public_title></Trial>"
        (folder / "ictrp" / f"{number.replace('/', '-')}.xml").write_text(text, encoding="utf-8")
    return folder


def study(number: str, index: int) -> dict[str, object]:
    identification: dict[str, object] = {"nctId": number, "briefTitle": f"Study {index} of trout"}
    if index == 1:
        identification["nctIdAliases"] = ["NCT00009999"]
    day = "2026-02-01" if index == 5 else "2020-01-01"
    status = {"overallStatus": "RECRUITING", "lastUpdatePostDateStruct": {"date": day}}
    return {"protocolSection": {"identificationModule": identification, "statusModule": status}}


def eu_trial(number: str, index: int) -> dict[str, object]:
    published = "2026-02-02" if index == 5 else "2025-01-01"
    titles = {"fullTitle": f"Trial {index} of trout"}
    return {
        "ctNumber": number,
        "publishDate": f"{published}T03:00:00.1",
        "ctPublicStatusCode": 4,
        "authorizedApplication": {
            "authorizedPartI": {"trialDetails": {"clinicalTrialIdentifiers": titles}},
            "memberStatesConcerned": [{"mscName": "France", "firstDecisionDate": f"2024-0{index}-01T10:00:00.000"}],
        },
    }


def full_trial(number: str, index: int) -> str:
    edited = "2026-02-01T10:00:00.123Z" if index == 5 else f"202{index}-01-01T10:00:00.123Z"
    return (
        f'<fullTrial><trial lastUpdated="{edited}"><isrctn dateAssigned="2020-01-01T00:00:00.000Z">{number[6:]}</isrctn>'
        f"<trialDescription><title>Trial {index} of trout</title></trialDescription></trial></fullTrial>"
    )


def country_record(number: str, place: str, title: str) -> str:
    started = f"{number[:4]}-05-01"
    lines = [
        "Summary",
        f"EudraCT Number: {number}",
        "Sponsor's Protocol Code Number: CODE-1",
        "National Competent Authority: none",
        "Trial Status: Ongoing",
        f"Date on which this record was first entered in the EudraCT database: {started}",
        f"Link: https://www.clinicaltrialsregister.eu/ctr-search/trial/{number}/{place}/",
        "",
        "A. Protocol Information",
        f"A.2 EudraCT number: {number}",
        f"A.3 Full title of the trial: {title}",
        *(f"E.{n} Line {n}: text" for n in range(1, 20)),
        f"N. Date of Competent Authority Decision: {started}",
        "P. End of Trial Status: Ongoing",
    ]
    return "\n".join(lines) + "\n"


def run_all(scenarios: dict[str, Scenario], folder: Path) -> Iterator[dict[str, Seen]]:
    """Runs every scenario against a server of its own, all in one crawl; yields what was seen while servers still stand."""
    records = write_records(folder / "records")
    with ExitStack() as stack:
        servers: dict[str, SampleServer] = {}
        jobs: list[Job] = []
        for name, scenario in scenarios.items():
            server = SampleServer(records, page_sizes={"ctgov": 2, "euctr": 20}, crawl_delay=0)
            servers[name] = stack.enter_context(server)
            scenario.arrange(server)
            jobs.append(at(server, scenario.job))
        verdicts = crawl(jobs, folder / "archive.db")
        yield {name: Seen(verdict, servers[name].requests) for name, verdict in zip(scenarios, verdicts, strict=True)}


def at(server: SampleServer, job: Job) -> Job:
    """The job, sent to a sample server and in a hurry."""
    base_url = job.base_url or server.base_url(job.registry)
    return replace(job, base_url=base_url, delay=job.delay or 0, settings=QUICK | job.settings)
