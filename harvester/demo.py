"""The demo: sample registries on loopback, harvested with the real spiders. Called by `harvester demo`.

Everything goes the way real records go: HTTP, archive, build. Only the addresses differ.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harvester.config import Config, RegistryConfig
from harvester.crawl import Progress
from harvester.refresh import Refreshed, refresh
from harvester.registries import REGISTRIES
from harvester.sample import SampleServer
from harvester.schedule import Wish


def harvest_samples(archive_path: Path, progress: Callable[[Progress], None], lock: int | None = None) -> Refreshed:
    """Fills the archive from the sample registries: four of them whole, WHO ICTRP by number, as it answers in reality. `lock`: as
    in `crawl`."""
    with SampleServer(page_sizes={"ctgov": 10}, crawl_delay=0.05) as server:
        registries = {
            source: RegistryConfig(base_url=server.base_url(source), delay=0.02, everything=source != "ictrp")
            for source in REGISTRIES
        }
        registries["ictrp"].ids = server.numbers("ictrp")
        everything = Wish(full=True)  # as the first time, however often it is shown
        config = Config(contact="demo@example.org", registries=registries)
        return refresh(config, everything, archive_path, progress, lock=lock)
