"""The site under load: 20 readers at once on one process over 200,000 generated trials; the slowest of twenty answers of each page.

    python -m tests.benchmarks.loading                    makes the catalogue (some minutes) in a temporary folder
    python -m tests.benchmarks.loading catalogue.db       an existing catalogue

Measured twice. Readers as they are look at a page before they ask for the next one, a second or two each time (a hasty one: who
reads a trial takes minutes). Readers that never pause ask as soon as they are answered: then twenty pages are always being made,
and an answer takes twenty times the processor time of one, whatever the program; it is the harder figure and tells the pace. No
two addresses are the same but the home page's, so a page that is kept helps that one only.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx

from harvester import catalogue
from harvester.organizations import name_sponsors
from harvester.quality import flag_quality
from harvester.serve import free_port
from harvester.text_index import index_text
from harvester.trials import build_trials
from tests.benchmarks.generated import fill
from tests.benchmarks.table import line

TRIALS, READERS, REQUESTS = 200_000, 20, 150  # requests for each kind of page
#: Kinds of readers -> seconds for which they look at a page, from and to.
PAUSES = {"who look": (1.0, 2.0), "who never pause": (0.0, 0.0)}
#: Kind of page -> milliseconds within which 95 of 100 answers must come.
BARS = {"trial": 100, "compare of 5": 200, "search with facets": 300, "home": 50}


class Load(NamedTuple):
    """What one kind of page came to; milliseconds."""

    page: str
    readers: str
    requests: int
    errors: int
    median: float
    p95: float
    processor: float  # of the server, for one answer

    def __str__(self) -> str:
        note = (
            f"median {self.median:,.0f}, processor {self.processor:.1f}, {self.requests} requests, {self.errors} errors"
        )
        return line(f"{self.page}, {READERS} {self.readers}", self.p95, "ms", at_most=BARS[self.page], note=note)


def make(path: Path, trials: int) -> None:
    """A catalogue without links and relations: every record that is no copy is a trial of its own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000; BEGIN")
        fill(db, trials)
        db.execute("UPDATE records SET trial_id = registry_id")
        catalogue.create_indexes(db)
        name_sponsors(db, None)
        build_trials(db, None)
        flag_quality(db, None)
        index_text(db)
        db.execute("COMMIT")
        db.execute("ANALYZE")


@contextmanager
def served(path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of a site over a catalogue, and its process, once it answers."""
    port = free_port(8400)
    code = (
        "import sys; from pathlib import Path; from harvester.config import Site; from harvester.serve import serve;"
        f" serve(Path(sys.argv[1]), {port}, Site())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    try:
        begin = time.perf_counter()
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/robots.txt", timeout=300).raise_for_status()
                break
            except httpx.TransportError:
                if process.poll() is not None or time.perf_counter() - begin > 300:
                    raise
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(30)


def addresses(path: Path, rng: random.Random) -> dict[str, list[str]]:
    """Kind of page -> addresses that readers ask for."""
    with closing(sqlite3.connect(path)) as db:
        ids = [row[0] for row in db.execute("SELECT trial_id FROM trials ORDER BY rowid LIMIT 3000")]
        names = [row[0] for row in db.execute("SELECT condition FROM conditions ORDER BY record_id LIMIT 4000")]
    some = rng.sample(ids, REQUESTS)
    words = [word.lower() for name in rng.choices(names, k=REQUESTS) for word in [rng.choice(name.split())]]
    searches = [
        [("q", word), *rng.choice(([], [("phase", "2")], [("status", "recruiting"), ("country", "US")]))]
        for word in words
    ]
    return {
        "trial": [f"/trial/{quote(one)}" for one in some],
        "compare of 5": ["/compare?" + urlencode([("trial", one) for one in rng.sample(ids, 5)]) for _ in some],
        "search with facets": ["/search?" + urlencode(pairs) for pairs in searches],
        "home": ["/"] * REQUESTS,
    }


async def _get(base: str, path: str) -> int:
    """Asks for a page and reads it whole; its status. A client that did more would be measured in the site's place."""
    parts = urlsplit(base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


async def _load(base: str, page: str, readers: str, paths: list[str], process: int) -> Load:
    """Readers take turns with the addresses."""
    todo, times, errors = list(paths), [], 0
    pauses = random.Random(2)
    begin = _processor(process)

    async def reader() -> None:
        nonlocal errors
        await asyncio.sleep(pauses.uniform(0, PAUSES[readers][1]))  # they do not come all at once
        while todo:
            path = todo.pop()
            start = time.perf_counter()
            status = await _get(base, path)
            times.append(1000 * (time.perf_counter() - start))
            errors += status != 200
            await asyncio.sleep(pauses.uniform(*PAUSES[readers]))

    await asyncio.gather(*(reader() for _ in range(READERS)))
    times.sort()
    spent = 1000 * (_processor(process) - begin) / len(paths)
    return Load(page, readers, len(paths), errors, times[len(times) // 2], times[int(len(times) * 0.95)], spent)


def _processor(process: int) -> float:
    """Seconds of processor time that a process has taken."""
    parts = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def measure(path: Path) -> Iterator[Load]:
    """Every kind of page, one after the other, each kind of readers on a site of its own."""
    for readers in PAUSES:
        with served(path) as (base, process):
            httpx.get(f"{base}/search", timeout=300).raise_for_status()
            for page, paths in addresses(path, random.Random(1)).items():
                yield asyncio.run(_load(base, page, readers, paths, process.pid))


def first_answer(path: Path) -> float:
    """Seconds of processor time from the start of a site until its first page with counts is there."""
    with served(path) as (base, process):
        httpx.get(f"{base}/search", timeout=300).raise_for_status()
        return _processor(process.pid)


def loading(path: Path | None = None) -> None:
    """Prints every figure beside its bar."""
    with tempfile.TemporaryDirectory() as folder:
        if path is None:
            path = Path(folder) / "catalogue.db"
            make(path, TRIALS)
        print(line("first page after start", first_answer(path), "s", at_most=5, note="processor time"))
        for load in measure(path):
            print(load, flush=True)


if __name__ == "__main__":
    loading(Path(sys.argv[1]) if sys.argv[1:] else None)
