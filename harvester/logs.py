"""Harvester room: the log as JSON, one object a line on stderr, for whoever collects logs. Used by the command line and, for what
Scrapy and the spiders say, by the crawl's process.

Each line has `time` (ISO 8601, UTC, milliseconds), `level`, `event`, `registry`, `run` (null where there is none), `message`, `logger`,
and the event's own fields beside them.
"""

from __future__ import annotations

import datetime
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Struct


class Logs(Struct, frozen=True):
    """What of the log is written, and how."""

    level: str = "CRITICAL"  # what Scrapy and the spiders say, from this level on
    as_json: bool = False  # else text for people


QUIET = Logs()


class JsonLines(logging.Formatter):
    """A record of Python's logging as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        spider = getattr(record, "spider", None) or getattr(getattr(record, "crawler", None), "spider", None)
        line: dict[str, Any] = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "log"),
            "registry": getattr(record, "registry", None) or getattr(spider, "name", None),
            "run": getattr(record, "run", None) or getattr(spider, "run_id", None) or None,
            "message": record.getMessage(),
            "logger": record.name,
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class _ToStderr(logging.Handler):
    """Writes to what stderr is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


@contextmanager
def json_lines(level: str) -> Iterator[None]:
    """Within, everything from `level` on that any library logs, and everything of ours from INFO on, is a line of JSON."""
    root, ours = logging.getLogger(), logging.getLogger("harvester")
    before = root.level, ours.level
    least = logging.getLevelNamesMapping()[level]
    handler = _ToStderr()
    handler.setFormatter(JsonLines())
    # Not by the root's level: a logger that has a level of its own, as Scrapy's have, hands on what that level lets pass.
    handler.addFilter(lambda record: record.levelno >= least or record.name.partition(".")[0] == "harvester")
    root.addHandler(handler)
    root.setLevel(level)
    ours.setLevel(min(logging.INFO, least))
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])
