"""Harvester room: what a whole refresh came to: one line for a person, and the same for a webhook. Pure; filled by the command line."""

from __future__ import annotations

import datetime
from typing import Literal

from msgspec import Struct, field

from harvester.archive import Verdict
from harvester.build import Built
from harvester.registries import REGISTRIES


class Report(Struct):
    """A refresh from its beginning to its end. Times are ISO 8601, UTC."""

    began: str
    ended: str = ""
    exit_code: int = 0
    failure: str = ""  # sentences: which registry, why, what to do
    runs: list[Verdict] = field(default_factory=list)
    built: Built | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Literal["complete", "failed"]:
        return "failed" if self.exit_code else "complete"


def summary(report: Report) -> str:
    """One line: whether it is complete, how long it took, what arrived, what is published."""
    runs = report.runs
    bad = list(dict.fromkeys(REGISTRIES[run.registry].name for run in runs if run.verdict != "complete"))
    good = sum(run.verdict == "complete" for run in runs)
    new, changed, withdrawn = (sum(getattr(run, kind) for run in runs) for kind in ("new", "changed", "withdrawn"))
    came = (
        f"{sum(run.stored for run in runs):,} records came ({new:,} new, {changed:,} changed), {withdrawn:,} withdrawn"
    )
    word = "Refresh complete" if not report.exit_code else "Refresh NOT complete"
    parts = (
        [f"{good} of {len(runs)} runs complete" + (f" (not: {', '.join(bad)})" if bad else ""), came] if runs else []
    )
    return f"{word} after {_duration(report)}: {'; '.join([*parts, _published(report)])}."


def _published(report: Report) -> str:
    built = report.built
    if built is None:
        return "no new catalogue is published" if report.failure else "the catalogue was not built"
    what = "a new catalogue is published" if built.changed else "the catalogue is as it was"
    return f"{what}, {built.trials:,} trials from {built.records:,} records"


def _duration(report: Report) -> str:
    began, ended = (datetime.datetime.fromisoformat(moment) for moment in (report.began, report.ended))
    seconds = max(int((ended - began).total_seconds()), 0)  # a clock that was set back in between
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def posted(report: Report) -> dict[str, object]:
    """What a webhook gets; `text` is the whole verdict as words, which Slack, Mattermost and others show."""
    return {
        "text": "\n".join(filter(None, (summary(report), report.failure))),
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "began": report.began,
        "ended": report.ended,
        "failure": report.failure or None,
        "runs": report.runs,
        "catalogue": report.built._asdict() if report.built else None,
        "notes": report.notes,
    }
