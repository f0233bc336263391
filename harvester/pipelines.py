"""Harvester room: what the spiders hand on goes into the archive, in batches, and is counted.

Called by Scrapy for every item of every spider; `harvester.crawl` reads the counts for the verdict. Each spider of a
process has its own pipeline and its own connection: a batch is written in one go, so no write transaction stays open
while another registry's spider is at work.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from harvester.archive import Archive, Arrival
from harvester.politeness import spider_of
from spiders.base import Item, Rejected, now

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
        self._waiting: list[Item] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._broken = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open_spider(self) -> None:
        spider = spider_of(self.crawler)
        self.run_id = self.archive.start_run(spider.name, spider.asked_for(), now())

    def process_item(self, item: Item) -> Item:
        self._waiting.append(item)
        self._bytes += len(item.body)
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
                if isinstance(item, Rejected):
                    self.archive.reject(
                        self.run_id, item.source, item.registry_id, item.url, item.media_type, item.body, item.reason
                    )
                else:
                    stored.append((item.registry_id, self.archive.store(self.run_id, item)))
            self.archive.commit()
        except (sqlite3.Error, OSError) as error:
            self._broken = True
            self.archive.db.rollback()
            spider.fault = f"the archive could not be written ({error}): make room or mend it, then run the same again"
            logger.error("%s: %s", spider.name, spider.fault)
            return
        self.rejected += len(batch) - len(stored)
        for registry_id, arrival in stored:
            known = self.arrivals.get(registry_id)
            if known is None or _WEIGHT[arrival] > _WEIGHT[known]:
                self.arrivals[registry_id] = arrival
