"""What a full build spends on each of its stages: processor time of all processes, and the peak memory of the one that writes.

    python -m tests.benchmarks.building [STUDIES]            generated studies, 20,000 unless told
    python -m tests.benchmarks.building ARCHIVE.DB           of an archive that is there

The last line is the whole build; what the stages leave of it are SQLite's own figures (ANALYZE), the search index and the swap.
Peaks are Linux's, begun anew for each stage (/proc/self/clear_refs).
"""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harvester import build as building
from harvester import catalogue, readers
from harvester.config import Gates
from tests.benchmarks.generated import trials
from tests.benchmarks.refreshing import take_in

#: Functions of a full build, each by the module through which the build calls it; the stages come by themselves.
_WATCHED = (
    (readers, "read_side_by_side"),
    (building, "read"),
    (catalogue, "create_indexes"),
    (building, "tell"),
    (building, "check_whole"),
    (building, "_pass_gates"),
)


class Spent:
    """Notes what the functions it watches take."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float, float]] = []  # name, seconds, peak in MB

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def watching(*given: Any, **named: Any) -> Any:
            Path("/proc/self/clear_refs").write_text("5")
            begin = processor_seconds()
            result = function(*given, **named)
            self.stages.append((function.__name__, processor_seconds() - begin, peak()))
            return result

        return watching


def processor_seconds() -> float:
    """Of this process and of those it started that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak() -> float:
    """Megabytes that this process held at most since the peak was last begun anew."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def of(archive: Path, folder: Path) -> None:
    """Builds the archive's catalogue in a folder and prints the table."""
    spent = Spent()
    building.STAGES = tuple(map(spent.watched, building.STAGES))
    for module, name in _WATCHED:
        setattr(module, name, spent.watched(getattr(module, name)))
    begin = processor_seconds()
    built = building.build(archive, folder / "catalogue.db", full=True, shares=Gates(), accept=True)
    whole = processor_seconds() - begin
    peaks = [peak(), *(held for _, _, held in spent.stages)]
    rest = whole - sum(seconds for _, seconds, _ in spent.stages)
    rows = [*spent.stages, ("the rest", rest, peaks[0]), (f"{built.records:,} records", whole, max(peaks))]
    for name, seconds, held in rows:
        print(f"{name:24}{seconds:9.2f} s{1000 * seconds / built.records:9.3f} ms a record{held:9.0f} MB")


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else "20000"
    with tempfile.TemporaryDirectory() as place:
        archive = Path(given)
        if given.isdigit():
            archive = Path(place) / "archive.db"
            take_in(archive, trials(int(given)), "2026-01-15")
        of(archive, Path(place))


if __name__ == "__main__":
    main()
