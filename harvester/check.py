"""Harvester room: what a refresh would meet. Called by `harvester check`.

One small request a registry (and robots.txt before it), through the same downloader, middlewares and settings as a crawl,
without the tries again; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from harvester.crawl import Job, run
from harvester.logs import QUIET


class Report(Struct, frozen=True, kw_only=True):
    """What one registry answered. `lines` are sentences; the last one says the way out when `ok` is False."""

    registry: str
    ok: bool
    lines: list[str]


def check(jobs: Sequence[Job]) -> list[Report]:
    """Asks each registry one small thing; a report a job, in their order. A job's query, or its first id, is what is asked."""
    probes = [msgspec.structs.replace(job, probe=True) for job in jobs]
    reports = []
    for job, outcome in zip(jobs, run(probes, None, None, QUIET), strict=True):
        ok = outcome.verdict.verdict == "complete"
        lines = [*_manners(job), *outcome.facts]
        lines.append("a refresh would be served" if ok else f"a refresh would fail: {outcome.verdict.message}")
        reports.append(Report(registry=job.registry, ok=ok, lines=lines))
    return reports


def _manners(job: Job) -> list[str]:
    """How the registry would be asked, as far as the configuration decides it."""
    return [
        f"asked as {job.contact}" if job.contact else "asked without a contact",
        "robots.txt is obeyed" if job.obey_robots else "robots.txt is not asked for (obey_robots = false)",
        "TLS certificates are verified" if job.verify_tls else "TLS certificates are not verified (verify_tls = false)",
        *([f"the download handler is {job.download_handler}"] if job.download_handler else []),
    ]
