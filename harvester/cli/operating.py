"""Command line: the commands of who keeps a catalogue running: serve, status, archive."""

from __future__ import annotations

import datetime
import json
from contextlib import ExitStack, closing
from pathlib import Path

import click

from harvester.care import verify
from harvester.cli.common import Failed, config_option, data_option, open_catalogue, read_archive
from harvester.config import Config, Site
from harvester.lock import at_work
from harvester.serve import free_port, serve
from harvester.status import describe, status


@click.command("serve")
@data_option
@config_option
@click.option("--port", default=8001, show_default=True, help="First port to try.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all of this machine's."
)
def serve_command(data: Path, config: Config, port: int, host: str) -> None:
    """Serves the site on this machine, with Datasette. A catalogue that a refresh puts in its place is shown at once."""
    open_catalogue(data).close()
    run_site(data, port, config.site, host)


def run_site(data: Path, port: int, site: Site, host: str = "127.0.0.1") -> None:
    try:
        port = free_port(port, host)
    except OSError as problem:
        raise Failed(str(problem)) from problem
    click.echo(f"The site is on http://{host}:{port} (stop with Ctrl-C)")
    serve(data / "catalogue.db", port, site, host)


@click.command("status")
@data_option
@config_option
@click.option("--json", "as_json", is_flag=True, help="For a machine: figures, and `problems` with a sentence each.")
def status_command(data: Path, config: Config, as_json: bool) -> None:
    """Freshness and completeness of each registry, last runs, rejections, warnings; what a monitor asks.

    Exit code 1 when there is something to look at: a registry whose last complete run is older than `stale_after_days`, a last run
    that failed, was incomplete or cut off, a closed gate, an archive that is not built. stderr says of each which registry,
    how old, and what to do.
    """
    with ExitStack() as stack:
        has_archive = (data / "archive.db").exists()
        archive = stack.enter_context(read_archive(data)) if has_archive else None
        has_catalogue = (data / "catalogue.db").exists()
        db = stack.enter_context(closing(open_catalogue(data))) if has_catalogue or not has_archive else None
        report = status(db, archive, config, datetime.datetime.now(datetime.UTC), at_work(data))
    click.echo(json.dumps(report, indent=2) if as_json else describe(report))
    if report["problems"]:
        raise Failed("\n".join(problem["sentence"] for problem in report["problems"]))


@click.group("archive")
def archive_group() -> None:
    """Care of archive.db."""


@archive_group.command("verify")
@data_option
def verify_command(data: Path) -> None:
    """Unpacks every payload and holds it against its sha256; looks at every capture and every page of the file.

    Exit code 1 when something is damaged, with a sentence that names the record.
    """
    with read_archive(data) as archive:
        findings = list(verify(archive))
    if findings:
        raise Failed("\n".join(findings))
    click.echo("Every payload is what was fetched.")
