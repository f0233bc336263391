"""Kills a refresh at random instants and looks at what is left: nothing acknowledged lost, nothing half published.

    python -m tests.benchmarks.killing --kills 200 --records 2000      with SIGKILL
    python -m tests.benchmarks.killing --kills 40 --signal TERM        with SIGTERM: ends within ten seconds and says where

Real processes of `harvester refresh` read a sample registry over loopback. The catalogue that stands holds the records as they
were; since then a sixth changed, some came and some went. A round kills the refresh of this again and again, until one attempt
ends by itself, and then compares its catalogue with that of a refresh nobody disturbed. Instants are drawn over the whole time,
over the build, and over its last tenth, in which the new catalogue takes the old one's place. Killed is the refresh, its crawl,
or both at once. Used by tests/harvester/test_killing.py with few kills.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct, field

from harvester.archive import Archive
from harvester.build import content_hash
from harvester.care import verify
from harvester.catalogue_tables import TABLES
from harvester.sample.server import SampleServer
from tests.benchmarks.generated import nct, study, trials
from tests.processes import crawl_processes

#: When the kill comes: at any time; after the building of the catalogue began; in the last tenth of that.
INSTANTS = {"anywhere": 2, "building": 1, "swapping": 1}
#: Who is killed, how often of ten.
VICTIMS = {"both": 5, "refresh": 3, "crawl": 2}
#: A refresh and its crawl are gone within so many seconds of a signal.
GONE_WITHIN = 10.0
#: A run that is due in full comes so many days after the one that filled the archive.
DAYS_BETWEEN = 40
#: Kills of one round: more would only kill an attempt that has nothing left to do.
KILLS_A_ROUND = 6


class Attempt(NamedTuple):
    """One refresh: how it ended (None: it was killed first), what it said, and seconds from the signal to its end."""

    status: int | None
    said: str
    seconds: float


class Figures(Struct):
    """What the kills came to."""

    kills: int = 0
    rounds: int = 0
    instants: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)  # where the kill met the refresh
    captures_held: int = 0  # acknowledged captures that were there before a kill and after it
    requests_resumed: int = 0  # first requests of an attempt that went on at the place of the one before
    ends: list[float] = field(default_factory=list)  # seconds from a signal to the end
    faults: list[str] = field(default_factory=list)

    def told(self) -> str:
        lines = [
            f"{self.kills} kills in {self.rounds} rounds; drawn {dict(self.instants)}; met {dict(self.found)}",
            f"{self.captures_held:,} acknowledged captures looked for after a kill, {self.requests_resumed} runs went on at their place",
            f"{len(self.faults)} faults",
            *self.faults,
        ]
        if self.ends:
            lines.insert(
                1, f"from signal to end: median {statistics.median(self.ends):.2f} s, longest {max(self.ends):.2f} s"
            )
        return "\n".join(lines)


class Killing:
    """A data folder as it stood, a registry that went on, and attempts to refresh one from the other."""

    def __init__(
        self, folder: Path, records: int, number: signal.Signals, seed: int, kills_a_round: int = KILLS_A_ROUND
    ) -> None:
        self.folder, self.number, self.rng = folder, number, random.Random(seed)
        self.kills_a_round = kills_a_round
        self.known: tuple[int, int, int] | None = None  # inode, time and size of the catalogue last looked at
        self.figures = Figures()
        drawn = list(trials(records + records // 20))
        before, after = folder / "before" / "ctgov", folder / "after" / "ctgov"
        for shelf in (before, after):
            shelf.mkdir(parents=True)
        for place, trial in enumerate(drawn):
            if place < records:
                (before / f"{nct(trial)}.json").write_bytes(study(trial))
            if place >= records // 50:  # the first of them went
                updated = "2026-02-01" if place % 6 == 0 else "2026-01-15"
                (after / f"{nct(trial)}.json").write_bytes(study(trial, updated))
        self.pages = max(records // 20, 10)

    @contextmanager
    def registry(self, name: str) -> Iterator[SampleServer]:
        with SampleServer(self.folder / name, page_sizes={"ctgov": self.pages}, crawl_delay=0) as server:
            self.config = self.folder / "harvester.toml"
            self.config.write_text(
                f'[registries.ctgov]\nbase_url = "{server.base_url("ctgov")}"\ndelay = 0.0\neverything = true\n'
                "[gates]\nat_least = 1000000\n"
            )
            self.server = server
            yield server

    # ---------------------------------------------------------------------------------------------- attempts

    def start(self, data: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "harvester", "refresh", "--registry", "ctgov"]
        with (self.folder / "said").open("wb") as said:
            return subprocess.Popen(
                [*command, "--config", str(self.config), "--data", str(data)], stdout=said, stderr=subprocess.STDOUT
            )

    def undisturbed(self, data: Path) -> None:
        """Lets a refresh run to its end; notes how long it and its build take."""
        begun = time.monotonic()
        process = self.start(data)
        building = _building(data)
        while not building.exists() and process.poll() is None:
            time.sleep(0.005)
        built_from = time.monotonic()
        if process.wait():
            raise SystemExit(f"the refresh nobody disturbed failed:\n{self.said()}")
        self.seconds, self.build_seconds = time.monotonic() - begun, time.monotonic() - built_from

    def attempt(self, data: Path, instant: str, victim: str) -> Attempt:
        """Starts a refresh and kills it at an instant, unless it ends before."""
        process = self.start(data)
        ended = self._wait(process, data, instant)
        if ended:
            return Attempt(process.returncode, self.said(), 0.0)
        crawls = crawl_processes(process.pid)
        held = acknowledged(data)
        self.figures.found["crawl" if crawls else "build" if _building(data).exists() else "between"] += 1
        struck = time.monotonic()
        if victim == "crawl" and not crawls:
            victim = "refresh"
        if victim in ("both", "refresh"):
            process.send_signal(self.number)
        if victim in ("both", "crawl"):
            for crawl in crawls:
                os.kill(crawl, self.number)
        process.wait(60)
        while any(_lives(crawl) for crawl in crawls):
            if time.monotonic() - struck > 60:
                self.fault(f"a crawl lives a minute after {victim} was killed")
                os.kill(crawls[0], signal.SIGKILL)
            time.sleep(0.01)
        seconds = time.monotonic() - struck
        if victim != "crawl":
            self.figures.ends.append(seconds)
            if seconds > GONE_WITHIN:
                self.fault(f"{seconds:.1f} s from the signal to the end ({instant}, {victim})")
            if self.number == signal.SIGTERM and not self.says_where():
                self.fault(f"SIGTERM ({instant}) ended with status {process.returncode} and said: {self.said()[-300:]}")
        lost = held - acknowledged(data)
        self.figures.captures_held += len(held)
        if lost:
            self.fault(f"{len(lost)} acknowledged captures are missing, such as {min(lost)}")
        return Attempt(None, self.said(), seconds)

    def says_where(self) -> bool:
        """Whether the refresh said that it was stopped, and where; or had done its work before the signal met it."""
        said = self.said()
        return "stopped by a signal" in said or " trials from " in said

    def _wait(self, process: subprocess.Popen[bytes], data: Path, instant: str) -> bool:
        """Waits for the instant; whether the process ended before it."""
        if instant != "anywhere":
            while not _building(data).exists():
                if process.poll() is not None:
                    return True
                time.sleep(0.002)
        begin, end = {"anywhere": (0.1, self.seconds), "building": (0.0, self.build_seconds),
                      "swapping": (0.8 * self.build_seconds, 1.05 * self.build_seconds)}[instant]  # fmt: skip
        try:
            process.wait(self.rng.uniform(begin, end))
        except subprocess.TimeoutExpired:
            return False
        return True

    def said(self) -> str:
        return (self.folder / "said").read_text("utf-8", "replace")

    def fault(self, sentence: str) -> None:
        self.figures.faults.append(sentence)
        print(f"FAULT {sentence}", file=sys.stderr, flush=True)

    # ------------------------------------------------------------------------------------------------ checks

    def check(self, data: Path, hashes: set[str]) -> None:
        """After a kill: both files are whole, and the catalogue is one of those that may be published."""
        for name in ("archive.db", "catalogue.db"):
            with closing(sqlite3.connect(data / name)) as db:
                if (found := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                    self.fault(f"{name}: {found}")
                if broken := db.execute("PRAGMA foreign_key_check").fetchall():
                    self.fault(f"{name}: {len(broken)} references lead nowhere, such as {broken[0]}")
        with Archive(data / "archive.db") as archive:
            for finding in verify(archive):
                self.fault(finding)
        state = (data / "catalogue.db").stat()
        if self.known == (state.st_ino, state.st_mtime_ns, state.st_size):
            return  # the very file that was looked at before
        self.known = (state.st_ino, state.st_mtime_ns, state.st_size)
        if timeless_hash(data / "catalogue.db") not in hashes:
            self.fault("the catalogue is neither the one that stood nor one that may follow it")

    def goes_on(self, place: str | None, logged: int) -> None:
        """The first page that an attempt asked for is the one at which the attempt before it had stopped."""
        asked = [request for request in self.server.requests[logged:] if request.path.endswith("/studies")]
        if not place or not asked:
            return
        if asked[0].parameter("pageToken") != place:
            self.fault(
                f"an attempt began at {asked[0].parameter('pageToken')!r}, not at {place!r}, where the one before stopped"
            )
        self.figures.requests_resumed += 1

    def run(self, kills: int) -> Figures:
        stood, target = self.folder / "stood", self.folder / "target"
        with self.registry("before"):
            self.undisturbed(stood)
        _age(stood / "archive.db", DAYS_BETWEEN)
        with self.registry("after"):
            shutil.copytree(stood, target)
            self.undisturbed(target)
            hashes = {timeless_hash(stood / "catalogue.db"), timeless_hash(target / "catalogue.db")}
            if len(hashes) != 2:
                raise SystemExit("the refresh changed nothing: there is nothing to compare")
            wanted = timeless_hash(target / "catalogue.db")
            hashes.add(self._not_asked_yet(stood, wanted))
            while self.figures.kills < kills:
                self._round(stood, kills, hashes, wanted)
        return self.figures

    def _not_asked_yet(self, stood: Path, wanted: str) -> str:
        """The hash of what is published when the crawl dies that asks for records which went: all but their withdrawal. The
        next refresh asks."""
        data = self.folder / "not-asked"
        shutil.copytree(stood, data)
        self.server.fault("ctgov", "http-400", path="/studies/")
        if self.start(data).wait() != 1:
            self.fault(f"a refresh that could not ask for what went did not end with 1: {self.said()[-300:]}")
        between = timeless_hash(data / "catalogue.db")
        self.server.clear()
        if self.start(data).wait() or timeless_hash(data / "catalogue.db") != wanted:
            self.fault(f"records that went were not asked for by the next refresh: {self.said()[-300:]}")
        return between

    def _round(self, stood: Path, kills: int, hashes: set[str], wanted: str) -> None:
        data = self.folder / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(stood, data)
        self.figures.rounds += 1
        place: str | None = None
        for turn in range(self.kills_a_round + 1):
            [instant] = self.rng.choices(list(INSTANTS), list(INSTANTS.values()))
            [victim] = self.rng.choices(list(VICTIMS), list(VICTIMS.values()))
            logged = len(self.server.requests)
            if turn == self.kills_a_round or self.figures.kills >= kills:
                process = self.start(data)
                process.wait()
                attempt = Attempt(process.returncode, self.said(), 0.0)
            else:
                attempt = self.attempt(data, instant, victim)
            self.goes_on(place, logged)
            self.check(data, hashes)
            if attempt.status is not None:
                break
            self.figures.kills += 1
            self.figures.instants[instant] += 1
            place = place_kept(data)
        if attempt.status:
            self.fault(f"the attempt that nobody killed ended with status {attempt.status}: {attempt.said[-500:]}")
        elif timeless_hash(data / "catalogue.db") != wanted:
            kept = self.folder / f"differs-{self.figures.rounds}"
            shutil.copytree(data, kept)
            self.fault(f"the finished catalogue differs from the undisturbed one: {kept}")
        print(f"{self.figures.kills} kills, {len(self.figures.faults)} faults", file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------ looking at files


def _building(data: Path) -> Path:
    return data / ".catalogue-building.db"


def acknowledged(data: Path) -> set[tuple[object, ...]]:
    """The captures, rejections and verdicts that the archive has committed, as another process reads them."""
    with closing(sqlite3.connect(f"{(data / 'archive.db').as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        captures = set(db.execute("SELECT run_id, sha256, url, fetched_at FROM captures"))
        return captures | set(
            db.execute("SELECT run_id, verdict, announced, stored FROM runs WHERE verdict IS NOT NULL")
        )


def place_kept(data: Path) -> str | None:
    """Where the newest run stopped, when it has to be continued."""
    with closing(sqlite3.connect(data / "archive.db")) as db:
        row = db.execute(
            "SELECT b.place, r.verdict FROM runs r LEFT JOIN bookmarks b USING (run_id) ORDER BY r.run_id DESC LIMIT 1"
        ).fetchone()
    return row[0] if row and row[1] in (None, "failed") else None


def timeless_hash(path: Path) -> str:
    """The hash over a catalogue's content in which no moment of a fetch takes part: two refreshes are never at one time."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(path, copy)
        with closing(sqlite3.connect(copy)) as db, db:
            for table, description in TABLES.items():
                for column in description.columns:
                    if column.name.endswith("_at"):
                        db.execute(f'UPDATE "{table}" SET "{column.name}" = \'then\' WHERE "{column.name}" IS NOT NULL')
        return content_hash(copy)


def _age(archive: Path, days: int) -> None:
    """Moves the runs and captures of an archive so many days back."""
    with closing(sqlite3.connect(archive)) as db, db:
        for table, column in (("runs", "started_at"), ("runs", "finished_at"), ("captures", "fetched_at")):
            db.execute(f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '-{days} days')")


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills a refresh at random instants and looks at what is left.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--signal", choices=("KILL", "TERM"), default="KILL")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killing = Killing(Path(folder), given.records, signal.Signals[f"SIG{given.signal}"], given.seed)
        print(f"{given.kills} kills over {given.records} records, a registry with pages of {killing.pages}")
        figures = killing.run(given.kills)
        print(f"a refresh nobody disturbed takes {killing.seconds:.1f} s, {killing.build_seconds:.1f} s of it building")
        print(figures.told())
    sys.exit(bool(figures.faults))


if __name__ == "__main__":
    main()
