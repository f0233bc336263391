"""Processes of a running harvest, for the tests and benches that stop them."""

from __future__ import annotations

from pathlib import Path


def crawl_processes(parent: int | None = None) -> list[int]:
    """Processes of running crawls, by what the system says of them; of one parent, or of all."""
    return _running(b"from harvester.crawl import child", parent)


def reader_processes(parent: int) -> list[int]:
    """Processes that read payloads for a build, `parent`."""
    return _running(b"from harvester.readers import child", parent)


def _running(call: bytes, parent: int | None) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            ancestor = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        if call in command and parent in (None, ancestor):
            found.append(int(folder.name))
    return found
