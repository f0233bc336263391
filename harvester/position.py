"""How far an archive goes, as a build shows it and the catalogue keeps it. Made by `harvester.archive`, held by `harvester.build`."""

from __future__ import annotations

from typing import NamedTuple, Self


class Position(NamedTuple):
    """How much of an archive a build has shown: `Archive.position` then and now tell what is new."""

    last_capture: int
    published: frozenset[int]  # runs

    def as_text(self) -> str:
        """`1207 1-40 42-42`: the last capture, then the runs as ranges. A catalogue tells it, and in years runs are thousands."""
        ranges: list[list[int]] = []
        for run in sorted(self.published):
            if ranges and ranges[-1][1] == run - 1:
                ranges[-1][1] = run
            else:
                ranges.append([run, run])
        return " ".join([str(self.last_capture), *(f"{first}-{last}" for first, last in ranges)])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What `as_text` wrote."""
        last_capture, *ranges = text.split()
        ends = (map(int, one.split("-")) for one in ranges)
        return cls(int(last_capture), frozenset(run for first, last in ends for run in range(first, last + 1)))
