"""Harvester room: runs spiders and says what came of it. Called by `harvester.refresh`, `harvester.check` and the demo.

`crawl` starts a process of its own, because Twisted's reactor runs once a process; within it different registries are read
side by side, and several jobs for one registry one after the other, so that no registry sees two connections. The verdict
comes from what the spider and the archive counted, never from Scrapy's exit code, which is 0 when a crawl fails.

The two processes talk in lines of JSON: the order goes in on stdin, `Progress` and `Outcome` come back on stdout.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from asyncio import Task
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings
from twisted.internet.task import LoopingCall

from harvester.archive import Archive, Verdict
from harvester.beside import beside
from harvester.logs import QUIET, Logs, json_lines
from harvester.pipelines import ArchivePipeline
from harvester.verdicts import STOPPED, judge
from spiders.base import MOST_SPELLED, RegistrySpider
from spiders.payloads import now

#: Seconds from a signal to the second one, which forces the end; longer than a batch waits for the archive.
FORCED_AFTER = 7.0


class Job(Struct, frozen=True, kw_only=True):
    """What to fetch from one registry, and how. Exactly one of query, ids, all; or since, which may narrow a query."""

    registry: str  # name of the spider: ctgov, euctr, ictrp
    query: str = ""
    ids: tuple[str, ...] = ()
    since: str = ""  # ISO date
    all: bool = False
    recheck: int = 0  # of a query or all: only new records, and so many of the known ones, those seen longest ago
    #: The last run before the refresh: what runs after it brought is not fetched again; -1: all is fetched.
    last_run: int = -1
    probe: bool = False  # one small request instead (harvester check)
    base_url: str = ""  # empty: the live registry
    contact: str = ""  # e-mail address or web page, for the User-Agent
    delay: float | None = None  # seconds between two requests; None: the settings' own
    obey_robots: bool = True
    verify_tls: bool = True
    download_handler: str = ""  # another Scrapy download handler, by its import path
    arguments: dict[str, str] = {}  # further arguments of the spider: page_size, search_area
    settings: dict[str, str | int | float | bool] = {}  # further Scrapy settings, by name


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """How far a job is. `job` is its place in the list that `crawl` was given."""

    job: int
    registry: str
    announced: int | None
    stored: int
    rejected: int
    requests: int


class Outcome(Struct, frozen=True, kw_only=True, tag="outcome"):
    """What came of a job: the verdict, and the sentences of a probe."""

    job: int
    verdict: Verdict
    facts: list[str]


class _Order(Struct, frozen=True, kw_only=True):
    jobs: list[Job]
    archive: str
    logs: Logs
    caller: int  # process that gives the order


_decode_message = msgspec.json.Decoder(Progress | Outcome).decode


def crawl(
    jobs: Sequence[Job],
    archive_path: Path,
    progress: Callable[[Progress], None] | None = None,
    logs: Logs = QUIET,
    lock: int | None = None,
) -> list[Verdict]:
    """Runs the jobs and stores what they fetch; one verdict a job, in their order. Never raises for what a registry does.

    SIGINT and SIGTERM stop the crawl, with what was stored committed and verdicts that say so; a second one forces it.
    `lock` is the open file of the data folder's lock: the crawl's process holds it too, so that nobody takes the folder over
    while it still writes, even when this process was killed.
    """
    return [outcome.verdict for outcome in run(jobs, archive_path, progress, logs, lock)]


def run(
    jobs: Sequence[Job],
    archive_path: Path | None,
    progress: Callable[[Progress], None] | None,
    logs: Logs,
    lock: int | None = None,
) -> list[Outcome]:
    """`crawl` with all that is known of each job; without an archive nothing is stored."""
    order = _Order(jobs=list(jobs), archive=str(archive_path or ""), logs=logs, caller=os.getpid())
    outcomes: dict[int, Outcome] = {}
    with beside(
        "from harvester.crawl import child; child()",
        pass_fds=() if lock is None else (lock,),
    ) as process:
        assert process.stdin and process.stdout
        try:
            with _signals_passed_on(process) as signals_met, process.stdin as stdin:
                stdin.write(msgspec.json.encode(order) + b"\n")
                stdin.flush()
                for line in process.stdout:
                    message = _decode_message(line)
                    if isinstance(message, Outcome):
                        outcomes[message.job] = message
                    elif progress:
                        progress(message)
        finally:
            if process.poll() is None and len(outcomes) < len(jobs):
                process.terminate()
            process.wait()
    ended = [outcomes.get(place) or _no_outcome(place, job, process.returncode) for place, job in enumerate(jobs)]
    for outcome in ended:
        outcome.verdict.stopped = bool(signals_met)
    return ended


def _no_outcome(place: int, job: Job, status: int) -> Outcome:
    words = f"signal {-status}" if status < 0 else f"status {status}"
    hint = " (is memory short?)" if status == -signal.SIGKILL else ""
    message = f"the crawl's process ended with {words}{hint} before this registry was done: run the same again, with -v to see why"
    return Outcome(job=place, verdict=_failed(job, message), facts=[])


@contextmanager
def _signals_passed_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """SIGINT and SIGTERM go to the crawl's process, which stops cleanly; this one waits for its verdicts. Yields what came."""
    met: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # Python lets only the main thread set handlers
        yield met
        return

    def pass_on(number: int, frame: object) -> None:
        met.append(number)
        end()
        # A request that waits for its turn in the downloader can keep a graceful end for ever: a second signal forces it, after
        # the batch that waited for the archive is written.
        force = threading.Timer(FORCED_AFTER, end)
        force.daemon = True
        force.start()

    def end() -> None:
        if process.poll() is None:
            process.terminate()

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield met
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ------------------------------------------------------------------------------------------ in the crawl's process


def child() -> None:
    """The crawl's process: reads the order from stdin, runs it, writes messages to what was stdout."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=_Order)
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)  # whatever a library prints must not get between the messages
        _reach_this_machine_without_a_proxy()
        settings = Settings()
        settings.setmodule("harvester.settings", priority="project")
        settings.set("ARCHIVE", order.archive, priority="cmdline")
        settings.set("LOG_LEVEL", order.logs.level, priority="cmdline")
        settings.set("LOG_INSTALL_ROOT_HANDLER", not order.logs.as_json, priority="cmdline")
        with json_lines(order.logs.level) if order.logs.as_json else nullcontext():
            process = AsyncCrawlerProcess(settings)
            LoopingCall(_outlive_nobody, order.caller).start(1.0)
            turns = _Turns(process, order.jobs, out)
            for registry in dict.fromkeys(job.registry for job in order.jobs):
                turns.begin(deque(place for place, job in enumerate(order.jobs) if job.registry == registry))
            process.start()
            turns.close()


def _reach_this_machine_without_a_proxy() -> None:
    """The sample registries are on loopback, and what http_proxy names would look for them on its own machine."""
    named = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    os.environ["no_proxy"] = ",".join(filter(None, (named, "127.0.0.1", "localhost", "::1")))


def _outlive_nobody(caller: int) -> None:
    """Stops the crawl when the process that gave the order is gone. Asked by the reactor itself: a thread of its own could
    be handed the signals that are to wake the reactor."""
    if os.getppid() != caller:
        os.kill(os.getpid(), signal.SIGTERM)


class _Turns:
    """The jobs of a process: which is running, which is done."""

    def __init__(self, process: AsyncCrawlerProcess, jobs: list[Job], out: BinaryIO) -> None:
        self.process, self.jobs, self.out = process, jobs, out
        self.crawlers: dict[int, Crawler] = {}
        self.done: set[int] = set()

    def begin(self, places: deque[int]) -> None:
        """Starts the first of one registry's jobs; each that ends starts the next."""
        if not places:
            return
        place = places.popleft()
        job = self.jobs[place]
        try:
            spider = self.process.spider_loader.load(job.registry)
        except KeyError:
            known = ", ".join(sorted(self.process.spider_loader.list()))
            self.finish(place, f"there is no registry {job.registry!r}: known are {known}")
            self.begin(places)
            return
        crawler = Crawler(spider, _settings_of(job, self.process.settings))
        crawler.signals.connect(lambda: self.report(place), signals.response_received, weak=False)
        self.crawlers[place] = crawler

        def ended(task: Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            self.finish(
                place,
                f"the crawl could not start ({error}): is there room on the disk, may it be written to?"
                if error
                else None,
            )
            if not _was_stopped(crawler):
                self.begin(places)

        self.process.crawl(crawler, **_arguments_of(job)).add_done_callback(ended)

    def report(self, place: int) -> None:
        """Sends how far a job is."""
        crawler = self.crawlers[place]
        spider = crawler.spider
        if isinstance(spider, RegistrySpider):
            progress = Progress(
                job=place,
                registry=spider.name,
                announced=spider.announced,
                stored=len(spider.seen),
                rejected=spider.rejected,
                requests=crawler.stats.get_value("downloader/request_count", 0),
            )
            self.send(progress)

    def finish(self, place: int, error: str | None = None) -> None:
        """Sends the outcome of a job, once."""
        if place in self.done:
            return
        self.done.add(place)
        job, crawler = self.jobs[place], self.crawlers.get(place)
        spider = crawler.spider if crawler else None
        if error or not crawler or not isinstance(spider, RegistrySpider):
            self.send(Outcome(job=place, verdict=_failed(job, error or STOPPED), facts=[]))
            return
        self.send(Outcome(job=place, verdict=_settle(spider, crawler), facts=spider.facts))

    def close(self) -> None:
        """Sends the outcome of every job that a signal kept from its end or from its start."""
        for place in range(len(self.jobs)):
            self.finish(place)

    def send(self, message: Progress | Outcome) -> None:
        with suppress(BrokenPipeError):  # nobody listens any more: `_outlive_nobody` stops the crawl
            self.out.write(msgspec.json.encode(message) + b"\n")
            self.out.flush()


def _settings_of(job: Job, common: Settings) -> Settings:
    settings = common.copy()
    ours: dict[str, Any] = {
        "CONTACT": job.contact,
        "LAST_RUN": job.last_run,
        "ROBOTSTXT_OBEY": job.obey_robots,
        "DOWNLOAD_VERIFY_CERTIFICATES": job.verify_tls,
        **job.settings,
    }
    if job.delay is not None:
        ours["DOWNLOAD_DELAY"] = job.delay
    if job.download_handler:
        ours["DOWNLOAD_HANDLERS"] = dict.fromkeys(("http", "https"), job.download_handler)
    if job.probe:
        ours |= {"RETRY_TIMES": 0, "ARCHIVE": ""}
    settings.setdict(ours, priority="cmdline")
    return settings


def _arguments_of(job: Job) -> dict[str, str]:
    return {
        **job.arguments,
        "query": job.query,
        "ids": " ".join(job.ids),
        "since": job.since,
        "all": "1" if job.all else "",
        "recheck": str(job.recheck or ""),
        "probe": "1" if job.probe else "",
        "base_url": job.base_url,
    }


def _settle(spider: RegistrySpider, crawler: Crawler) -> Verdict:
    """The verdict of a spider that has ended, written into the archive where there is one."""
    stats = crawler.stats.get_stats()
    stopped = _was_stopped(crawler)
    pipeline = crawler.get_item_pipeline(ArchivePipeline)
    if pipeline is None:
        return judge(spider, {}, 0, stats, stopped, [])
    try:
        gone = [] if spider.fault or stopped else _gone(spider, pipeline.archive)
        for registry_id in gone:
            pipeline.archive.mark_absent(pipeline.run_id, spider.name, registry_id, now())
        verdict = judge(spider, pipeline.arrivals, pipeline.rejected, stats, stopped, gone)
        verdict.run_id, verdict.resumed = pipeline.run_id, pipeline.resumed
        pipeline.keys.settle(pipeline.archive, pipeline.run_id, verdict)
        pipeline.archive.finish_run(pipeline.run_id, verdict, now())
        pipeline.archive.close()
    except sqlite3.Error as error:
        spider.fault = f"the archive could not be written ({error}): make room or mend it, then run the same again"
        return judge(spider, pipeline.arrivals, pipeline.rejected, stats, stopped, [])
    return verdict


def _was_stopped(crawler: Crawler) -> bool:
    return crawler.stats.get_value("finish_reason") in (None, "shutdown")


def _gone(spider: RegistrySpider, archive: Archive) -> list[str]:
    """Records the archive knows that the registry, asked for them by number, no longer serves. EUCTR2015-001314-10 stands
    for all countries of that trial."""
    if not spider.missing:
        return []
    missing = set(spider.missing)
    return sorted(
        registry_id
        for registry_id in archive.known(spider.name)
        if registry_id in missing or registry_id.rpartition("-")[0] in missing
    )


def _failed(job: Job, message: str) -> Verdict:
    asked = job.query or " ".join(("ids:", *job.ids[:MOST_SPELLED])) if job.query or job.ids else "all"
    return Verdict(registry=job.registry, query=asked, words=job.query, verdict="failed", message=message)
