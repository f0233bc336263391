"""Readers while the catalogue is replaced under the running site: none may get an error, each new catalogue must be shown soon.

python -m tests.benchmarks.swapping        10,000 requests during 20 swaps
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import httpx
from msgspec.structs import replace

from tests.benchmarks.loading import served
from tests.site.made import CHINESE, MANY, make_catalogue

REQUESTS, SWAPS, READERS = 10_000, 20, 10
#: Seconds within which a new catalogue must be shown.
BAR = 5.0
_TRIAL = CHINESE.registry_id
_PATHS = ("/", "/search?q=vitamin", f"/trial/{_TRIAL}", "/quality", "/catalogue/trials.json", "/search.csv?q=vitamin",
          f"/compare?trial={_TRIAL}&trial={MANY[0].registry_id}", "/catalogue/trials")  # fmt: skip


class Swapped(NamedTuple):
    """What a run came to."""

    requests: int
    failures: tuple[str, ...]
    seconds: tuple[float, ...]  # from each swap until its catalogue was shown

    def __str__(self) -> str:
        return (
            f"{self.requests:,} requests during {len(self.seconds)} swaps: {len(self.failures)} failed;"
            f" a new catalogue was shown after at most {max(self.seconds):.1f} s   bar {BAR:.0f} s"
        )


def _catalogue(path: Path, number: int) -> Path:
    """A catalogue that says which one it is, in the title of a trial."""
    numbered = replace(CHINESE, public_title=f"Catalogue number {number}.")
    return make_catalogue(path, [(record.registry_id, "ictrp", record) for record in (numbered, *MANY)])


async def _run(base: str, catalogue: Path, coming: list[Path], requests: int) -> Swapped:
    failures: list[str] = []
    asked = 0
    is_swapping = True
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:

        async def reader(start: int) -> None:
            nonlocal asked
            for path in cycle(_PATHS[start:] + _PATHS[:start]):
                if asked >= requests and not is_swapping:
                    return
                asked += 1
                try:
                    answer = await client.get(path)
                except httpx.HTTPError as problem:
                    failures.append(f"{path}: {problem!r}")
                    continue
                if answer.status_code != 200:
                    failures.append(f"{path}: {answer.status_code} {answer.text[:200]}")

        async def swapper() -> list[float]:
            nonlocal is_swapping
            seconds = []
            for number, file in enumerate(coming, 1):
                while asked < requests * number / (len(coming) + 1):
                    await asyncio.sleep(0.01)
                file.replace(catalogue)
                begin = time.perf_counter()
                while f"Catalogue number {number}." not in (await client.get(f"/trial/{_TRIAL}")).text:
                    await asyncio.sleep(0.05)
                seconds.append(time.perf_counter() - begin)
            is_swapping = False
            return seconds

        seconds, *_ = await asyncio.gather(swapper(), *(reader(n % len(_PATHS)) for n in range(READERS)))
    return Swapped(asked, tuple(failures), tuple(seconds))


def swap(folder: Path, requests: int, swaps: int) -> Swapped:
    """Serves a catalogue from an empty folder, and replaces it so many times while readers make so many requests."""
    catalogue = _catalogue(folder / "catalogue.db", 0)
    coming = [_catalogue(folder / f"{number}.db", number) for number in range(1, swaps + 1)]
    with served(catalogue) as (base, _):
        return asyncio.run(_run(base, catalogue, coming, requests))


def swapping() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(swap(Path(folder), REQUESTS, SWAPS))


if __name__ == "__main__":
    swapping()
