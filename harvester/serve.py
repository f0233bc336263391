"""Serves a catalogue with Datasette. Called by `harvester serve` and `demo`; `datasette catalogue.db -m metadata.yml` does the same."""

from __future__ import annotations

import asyncio
import errno
import socket
from pathlib import Path

from harvester.config import Site

#: In a checkout metadata.yml lies at the top; in an installed package inside it.
_METADATA = (Path(__file__).parent.parent / "metadata.yml", Path(__file__).parent / "metadata.yml")


def metadata_path() -> Path:
    """Where metadata.yml lies. Raises FileNotFoundError when the installation lacks it."""
    for path in _METADATA:
        if path.exists():
            return path
    raise FileNotFoundError("metadata.yml is missing from this installation: install harvester again")


def free_port(first: int, host: str = "127.0.0.1") -> int:
    """`first`, or the next port that nobody uses. Raises OSError when twenty in a row are taken."""
    last = min(first + 19, 65_535)
    for port in range(first, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as problem:
                if problem.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise OSError(
                        f"{host} is no address of this machine ({problem.strerror}): give another --host"
                    ) from problem
                continue
            return port
    raise OSError(f"the ports {first} to {last} are all taken or reserved: choose another with --port")


def serve(catalogue: Path, port: int, site: Site, host: str = "127.0.0.1") -> None:
    """Serves until interrupted."""
    import uvicorn  # these two take half a second to load, and no other command needs them
    import yaml
    from datasette.app import Datasette

    metadata = yaml.safe_load(metadata_path().read_text(encoding="utf-8"))
    if site.contact:
        metadata["about_url"] = site.contact
    datasette = Datasette(files=[str(catalogue)], metadata=metadata, settings={**metadata["settings"], **site.settings})
    asyncio.run(datasette.invoke_startup())  # reading the catalogue begins before the first reader comes
    uvicorn.run(datasette.app(), host=host, port=port, log_level="warning", lifespan="on")
