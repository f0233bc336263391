"""A real browser on a running site: what the browser tests share. The fixtures are in `conftest`."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from datasette.app import Datasette
from playwright.sync_api import Page

from harvester.serve import metadata_path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@contextmanager
def serving(catalogue: Path, **settings: Any) -> Iterator[str]:
    """The address of a site over a catalogue, in a thread beside the test."""
    metadata = yaml.safe_load(metadata_path().read_text(encoding="utf-8"))
    app = Datasette(files=[str(catalogue)], metadata=metadata, settings=settings).app()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


def complaints(page: Page) -> list[str]:
    """Fills, while the page is used, with what should never happen: errors in the console (a breach of the
    Content-Security-Policy is one), dialogs, requests to another host."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("dialog", lambda dialog: (found.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda asked: found.append(asked.url) if "//127.0.0.1:" not in asked.url else None)
    return found
