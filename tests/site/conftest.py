"""The site in process: pages are asked for through Datasette's own client, without a port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from datasette.app import Datasette
from playwright.sync_api import Browser, Page, sync_playwright

from tests.site.browsing import ARGUMENTS, CHROMIUM, WIDE, serving
from tests.site.made import make_catalogue

METADATA = Path(__file__).parents[2] / "metadata.yml"


class InProcess:
    """A running site; `get` gives the answer to a path."""

    def __init__(self, *files: Path, immutable: bool = False, **settings: Any) -> None:
        paths = [str(file) for file in files]
        metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
        self._loop = asyncio.new_event_loop()
        self.datasette = Datasette(
            files=[] if immutable else paths,
            immutables=paths if immutable else [],
            metadata=metadata,
            settings=settings,
        )

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        answer: httpx.Response = self._loop.run_until_complete(self.datasette.client.get(path, headers=headers))
        return answer

    def html(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.text

    def close(self) -> None:
        if self.datasette.executor is not None:
            self.datasette.executor.shutdown()
        for database in self.datasette.databases.values():
            database.close()
        self._loop.close()


@pytest.fixture(scope="module")  # while it is open its event loop runs: no page can be asked for in process
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def catalogue_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_catalogue(tmp_path_factory.mktemp("site") / "catalogue.db")


@pytest.fixture(scope="module")
def address(catalogue_path: Path) -> Iterator[str]:
    with serving(catalogue_path) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport=WIDE)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def site(catalogue_path: Path) -> Iterator[InProcess]:
    running = InProcess(catalogue_path)
    yield running
    running.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., InProcess]]:
    """Starts further sites, and stops them after the test."""
    running: list[InProcess] = []

    def start(*files: Path, immutable: bool = False, **settings: Any) -> InProcess:
        running.append(InProcess(*files, immutable=immutable, **settings))
        return running[-1]

    yield start
    for one in running:
        one.close()
