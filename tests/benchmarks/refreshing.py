"""What a refresh costs beside a full build: the archive of a generated registry, of which one record in a hundred changes.

    python -m tests.benchmarks.refreshing [STUDIES]      10,000 unless told; the goal is set for 100,000

CPU time of one process, fetching left out. Each build is a child process, so that its peak memory is its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from harvester.archive import Archive
from harvester.build import build
from harvester.config import Gates
from harvester.imports import import_files
from tests.benchmarks.generated import Trial, study, trials
from tests.benchmarks.table import line

#: One record in so many changes.
EVERY = 100


class Cost(NamedTuple):
    """CPU seconds and peak memory in MB of a piece of work."""

    seconds: float
    memory: float


def cost(work: Callable[[], object]) -> Cost:
    """Runs the work in a child process."""
    child = os.fork()
    if child == 0:
        work()
        sys.stdout.flush()
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    if status:
        raise ChildProcessError(f"the work ended with status {status}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def changed(trial: Trial) -> Trial:
    """A later state of a trial, as registries see them: another status, size and end; one in five also another title."""
    title = f"{trial.title}, amended" if trial.number // EVERY % 5 == 0 else trial.title
    return trial._replace(status="completed", size=trial.size + 7, end="2026-01-31", title=title)


def take_in(archive_path: Path, drawn: Iterable[Trial], updated: str) -> None:
    """Imports the trials as ClinicalTrials.gov's studies, fetched on the day of their update: a refresh is of another day."""
    file = archive_path.with_suffix(".ndjson")
    with file.open("wb") as out:
        for trial in drawn:
            out.write(study(trial, updated) + b"\n")
    at = datetime.fromisoformat(f"{updated}T12:00:00+00:00").timestamp()
    os.utime(file, (at, at))
    with Archive(archive_path) as archive:
        import_files(archive, "ctgov", [(file, file.name)])
    file.unlink()


def refreshing(studies: int = 10_000, folder: Path | None = None) -> None:
    """Prints the cost of a full build, of one after a change of every hundredth record, and of one after none."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        archive, catalogue = Path(place) / "archive.db", Path(place) / "catalogue.db"
        take_in(archive, trials(studies), "2026-01-15")

        def built() -> None:
            build(archive, catalogue, shares=Gates())

        full = cost(built)
        take_in(archive, (changed(t) for t in trials(studies) if t.number % EVERY == 0), "2026-02-20")
        step, unchanged = cost(built), cost(built)
    print(
        line(
            f"full build of {studies:,} studies",
            studies / full.seconds,
            "/s",
            note=f"{full.seconds:.1f} s, {full.memory:,.0f} MB",
        )
    )
    for name, one, bar in (("1 % changed", step, 3), ("unchanged", unchanged, 1)):
        note = f"{one.seconds:.2f} s, {one.memory:,.0f} MB"
        print(
            line(f"build of {studies:,}, {name}", 100 * one.seconds / full.seconds, "% of it", at_most=bar, note=note)
        )


if __name__ == "__main__":
    refreshing(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
