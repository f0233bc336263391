"""Harvester room: what a run came to, as a pure function of what was counted. Called by `harvester.crawl` at a run's end."""

from __future__ import annotations

from typing import Any

from harvester.archive import Arrival, Verdict
from spiders.base import RegistrySpider

STOPPED = "stopped by a signal before the end; what was stored is kept: run the same again"

#: So many names or notes are spelled out in a message.
SOME = 20


def judge(
    spider: RegistrySpider,
    arrivals: dict[str, Arrival],
    rejected: int,
    stats: dict[str, Any],
    is_stopped: bool,
    gone: list[str],
) -> Verdict:
    """The verdict of one run. Complete means: the registry said how many records it has for us, and so many were stored
    or kept as rejected; a number that was asked for and is not there is complete knowledge only of a record known before."""
    kinds = list(arrivals.values())
    verdict = Verdict(
        registry=spider.name,
        query=spider.asked_for(),
        kind=spider.kind,
        words=spider.query,
        withdrawn=len(gone),
        announced=spider.announced,
        stored=len(kinds),
        new=kinds.count("new"),
        changed=kinds.count("changed"),
        unchanged=kinds.count("unchanged"),
        rejected=rejected,
        requests=stats.get("downloader/request_count", 0),
        retries=stats.get("retry/count", 0),
        bytes=stats.get("downloader/response_bytes", 0),
    )
    kept = f" {len(kinds):,} records that arrived before are kept." if kinds else ""
    if spider.fault or is_stopped or stats.get("spider_exceptions/count"):
        verdict.verdict = "failed"
        verdict.message = (spider.fault or (STOPPED if is_stopped else _own_error(stats))).rstrip(".") + "." + kept
        return verdict
    problems = [*spider.shortfalls, *_not_found(spider.missing, gone), *_miscount(verdict)]
    if spider.probing:
        problems = []
    verdict.verdict = "incomplete" if problems else "complete"
    tally = f"{verdict.stored:,} of {verdict.announced or 0:,} announced records: {verdict.new:,} new, {verdict.changed:,} changed"
    lines = [
        *problems[:SOME],
        *([f"and {len(problems) - SOME:,} more of this kind"] if len(problems) > SOME else []),
    ] or [tally]
    if rejected:
        lines.append(f"{rejected:,} answers held no record and are kept as rejected")
    if gone:
        lines.append(f"no longer served, their rows are kept: {some(gone)}")
    verdict.message = ". ".join([*lines, *spider.notes[:SOME]]) + "."
    return verdict


def _own_error(stats: dict[str, Any]) -> str:
    kinds = [
        key.partition("/")[2] for key in stats if key.startswith("spider_exceptions/") and not key.endswith("/count")
    ]
    return (
        f"the spider met an error of its own ({', '.join(kinds)}): run the same with -v, and report what the log says"
    )


def _not_found(missing: list[str], gone: list[str]) -> list[str]:
    unknown = [
        number for number in missing if not any(known == number or known.startswith(f"{number}-") for known in gone)
    ]
    return [f"not found by the registry, check the number: {some(unknown)}"] if unknown else []


def _miscount(verdict: Verdict) -> list[str]:
    if verdict.announced is None:
        return ["the registry announced no number of records, so completeness is not proven: run the same again"]
    arrived = verdict.stored + verdict.rejected
    if arrived == verdict.announced:
        return []
    return [
        f"{verdict.announced:,} records were announced and {arrived:,} arrived ({verdict.rejected:,} of them rejected): the "
        "registry may have changed while it was read, run the same again"
    ]


def some(names: list[str]) -> str:
    more = f" and {len(names) - SOME:,} more" if len(names) > SOME else ""
    return ", ".join(names[:SOME]) + more
