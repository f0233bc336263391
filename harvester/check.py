"""Harvester room: what a refresh would meet. Called by `harvester check`.

One small request a registry (and robots.txt before it), through the same downloader, middlewares and settings as a crawl,
without the tries again; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from msgspec import Struct

from harvester.crawl import Job, run
from harvester.logs import QUIET


class Report(Struct, frozen=True, kw_only=True):
    """What one registry answered. `lines` are sentences; the last one says the way out when `ok` is False."""

    registry: str
    ok: bool
    lines: list[str]


def check(jobs: Sequence[Job], idle: Collection[str] = ()) -> list[Report]:
    """Asks each registry one small thing; a report a job, in their order. A job's query, or its first id, is what is asked.

    `idle`: registries that a refresh asks for nothing, so that their refusal makes none fail."""
    probes = [msgspec.structs.replace(job, probe=True) for job in jobs]
    reports = []
    for job, outcome in zip(jobs, run(probes, None, None, QUIET), strict=True):
        is_served = outcome.verdict.verdict == "complete"
        if is_served:
            last = "a refresh would be served"
        elif job.registry in idle:
            last = f"a refresh asks it for nothing, for no ids are configured, and would not be served: {outcome.verdict.message}"
        else:
            last = f"a refresh would fail: {outcome.verdict.message}"
        lines = [*_manners(job), *outcome.facts, last]
        reports.append(Report(registry=job.registry, ok=is_served or job.registry in idle, lines=lines))
    return reports


def _manners(job: Job) -> list[str]:
    """How the registry would be asked, as far as the configuration decides it."""
    return [
        f"asked as {job.contact}" if job.contact else "asked without a contact",
        "robots.txt is obeyed" if job.obey_robots else "robots.txt is not asked for (obey_robots = false)",
        "TLS certificates are verified" if job.verify_tls else "TLS certificates are not verified (verify_tls = false)",
        *([f"the download handler is {job.download_handler}"] if job.download_handler else []),
    ]
