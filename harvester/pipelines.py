"""Harvester room: what the spiders hand on goes into the archive, in batches, and is counted.

Called by Scrapy for every item of every spider; `harvester.crawl` reads the counts for the verdict. Each spider of a
process has its own pipeline and its own connection: a batch is written in one go, so no write transaction stays open
while another registry's spider is at work.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from harvester import history
from harvester.archive import Archive, Arrival
from harvester.keys import KeyCount
from harvester.politeness import spider_of
from spiders.base import Bookmark, Item, Known, RegistrySpider, Rejected
from spiders.payloads import RawRecord, now

logger = logging.getLogger(__name__)

#: A batch is written when it has so many items, so many bytes, or is so many seconds old.
BATCH_ITEMS = 200
BATCH_BYTES = 8 * 1024 * 1024
BATCH_SECONDS = 5.0

#: When a record arrives twice in a run, the arrival that says more counts.
_WEIGHT: dict[Arrival, int] = {"unchanged": 0, "changed": 1, "new": 2}


class ArchivePipeline:
    """Writes records and rejected bytes into the archive that the setting ARCHIVE names; without it there is no pipeline."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.get("ARCHIVE"):
            raise NotConfigured
        self.crawler = crawler
        self.archive = Archive(Path(crawler.settings["ARCHIVE"]))
        self.run_id = 0
        self.arrivals: dict[str, Arrival] = {}  # registry id -> what its arrival was
        self.rejected = 0
        self.resumed = 0  # records that an unfinished run, or another query of the same refresh, had brought
        self.keys = KeyCount()
        self._brought: dict[str, int] = {}  # registry id -> run that has it already
        self._waiting: list[Item] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._broken = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open_spider(self) -> None:
        spider = spider_of(self.crawler)
        query = spider.asked_for()
        cut_off = history.unfinished(self.archive, spider.name, query, self._oldest_resumed())
        runs = history.runs_after(self.archive, spider.name, self.crawler.settings.getint("LAST_RUN", -1))
        self._brought = history.captured(self.archive, {*runs, *([cut_off] if cut_off else [])})
        self.run_id = spider.run_id = self.archive.start_run(spider.name, query, now(), spider.kind, spider.query)
        spider.have = self._brought.keys()
        spider.never_served = history.never_served(self.archive, spider.name)
        if spider.recheck:
            spider.fresh = history.all_but_stalest(self.archive, spider.name, spider.query, int(spider.recheck))
        if cut_off and (mark := history.place_of(self.archive, cut_off)):
            self._go_on(spider, cut_off, mark)

    def _oldest_resumed(self) -> str:
        """A run that was cut off is continued when it began then or later; records of an older one may have changed."""
        hours = self.crawler.settings.getfloat("RESUME_HOURS")
        oldest = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)
        return oldest.strftime("%Y-%m-%dT%H:%M:%SZ") if hours else "9999"

    def _go_on(self, spider: RegistrySpider, cut_off: int, mark: Bookmark) -> None:
        """Continues a run whose registry is read in pages: what it had is this run's, and the spider starts where it stopped."""
        ids = [registry_id for registry_id, run_id in self._brought.items() if run_id == cut_off]
        self._count(history.adopt(self.archive, self.run_id, spider.name, ids, cut_off).items())
        history.keep_place(self.archive, self.run_id, mark)
        self.archive.commit()
        self.resumed = len(ids)
        self.rejected = spider.rejected = mark.rejected
        spider.seen.update(ids)
        spider.place, spider.announced = mark.place, mark.announced

    def process_item(self, item: Item) -> Item:
        self._waiting.append(item)
        self._bytes += len(item.body) if isinstance(item, RawRecord | Rejected) else 0
        if len(self._waiting) >= BATCH_ITEMS or self._bytes >= BATCH_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BATCH_SECONDS, self.flush)
        return item

    def close_spider(self) -> None:
        self.flush()

    def flush(self) -> None:
        """Stores and commits what is waiting; a disk that refuses ends the spider's run."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting, self._bytes = self._waiting, [], 0
        spider = spider_of(self.crawler)
        if not batch or self._broken:
            return
        stored: list[tuple[str, Arrival]] = []
        try:
            for item in batch:
                stored += self._store(spider, item)
            self.archive.commit()
        except (sqlite3.Error, OSError) as error:
            self._broken = True
            self.archive.db.rollback()
            spider.fault = f"the archive could not be written ({error}): make room or mend it, then run the same again"
            logger.error("%s: %s", spider.name, spider.fault)
            return
        self.rejected += sum(isinstance(item, Rejected) for item in batch)
        self.resumed += sum(isinstance(item, Known) for item in batch)
        self._count(stored)

    def _store(self, spider: RegistrySpider, item: Item) -> Iterable[tuple[str, Arrival]]:
        """Writes one item, without committing it; the records that are stored by it."""
        if isinstance(item, Rejected):
            self.archive.reject(
                self.run_id, item.source, item.registry_id, item.url, item.media_type, item.body, item.reason
            )
            return ()
        if isinstance(item, Bookmark):
            history.keep_place(self.archive, self.run_id, item)
            return ()
        if isinstance(item, Known):
            brought_by = self._brought[item.registry_id]
            return history.adopt(self.archive, self.run_id, spider.name, [item.registry_id], brought_by).items()
        self.keys.add(item.body, item.media_type)
        return [(item.registry_id, self.archive.store(self.run_id, item))]

    def _count(self, stored: Iterable[tuple[str, Arrival]]) -> None:
        for registry_id, arrival in stored:
            known = self.arrivals.get(registry_id)
            if known is None or _WEIGHT[arrival] > _WEIGHT[known]:
                self.arrivals[registry_id] = arrival
