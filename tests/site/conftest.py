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

    def get(self, path: str) -> httpx.Response:
        answer: httpx.Response = self._loop.run_until_complete(self.datasette.client.get(path))
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


@pytest.fixture(scope="session")
def catalogue_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_catalogue(tmp_path_factory.mktemp("site") / "catalogue.db")


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
