"""The demo: sample registries on loopback, harvested with the real spiders. Called by `harvester demo`.

Everything goes the way real records go: HTTP, archive, build. Only the addresses differ.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from harvester.config import Config, RegistryConfig
from harvester.crawl import Progress
from harvester.refresh import Refreshed, Wish, refresh
from harvester.sample import SampleServer, write_export

#: The export file is older than any page fetched by number: 2026-01-01 in seconds since 1970.
EXPORTED = 1_767_225_600


def harvest_samples(archive_path: Path, progress: Callable[[Progress], None]) -> Refreshed:
    """Fills the archive from the sample registries: two over HTTP by search, WHO ICTRP by number and by export file."""
    with SampleServer(page_sizes={"ctgov": 10}, crawl_delay=0.05) as server, tempfile.TemporaryDirectory() as inbox:
        export = Path(inbox) / "ICTRP-Results.xml"
        write_export(export)
        os.utime(export, (EXPORTED, EXPORTED))
        polite = RegistryConfig(delay=0.02)
        config = Config(
            contact="demo@example.org",
            registries={
                "ctgov": _at(server, "ctgov", polite, everything=True),
                "euctr": _at(server, "euctr", polite, everything=True),
                "ictrp": _at(server, "ictrp", polite, ids=server.numbers("ictrp"), inbox=inbox),
            },
        )
        return refresh(config, Wish(), archive_path, progress)


def _at(server: SampleServer, source: str, settings: RegistryConfig, **changes: object) -> RegistryConfig:
    return replace(settings, base_url=server.base_url(source), **changes)
