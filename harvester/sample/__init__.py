"""Sample room: registries to try the catalogue on. Records written for the purpose, and a local server that serves them.

`harvester demo` and the tests use `SampleServer`; `write_export` makes the file that a person would download from WHO ICTRP.
"""

from __future__ import annotations

from pathlib import Path

from harvester.sample import ictrp
from harvester.sample.server import RECORDS, ROBOTS_OF_WHO, SampleServer

__all__ = ["RECORDS", "ROBOTS_OF_WHO", "SampleServer", "write_export"]


def write_export(path: Path, records: Path = RECORDS) -> int:
    """Writes the ICTRP export (XML, form of 2024) of the sample trials to `path`; returns how many it holds."""
    texts = [holding.text for holding in ictrp.load(records / "ictrp")]
    path.write_bytes(ictrp.export(texts))
    return len(texts)
