"""Command line: the commands of who keeps a catalogue running: serve, status, archive."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import click

from harvester.care import verify
from harvester.cli.common import Failed, data_option, open_archive, open_catalogue
from harvester.serve import free_port, serve
from harvester.status import describe, status


@click.command("serve")
@data_option
@click.option("--port", default=8001, show_default=True, help="First port to try.")
def serve_command(data: Path, port: int) -> None:
    """Serves the site on this machine, with Datasette."""
    open_catalogue(data).close()
    run_site(data, port)


def run_site(data: Path, port: int) -> None:
    try:
        port = free_port(port)
    except OSError as problem:
        raise Failed(str(problem)) from problem
    click.echo(f"The site is on http://127.0.0.1:{port} (stop with Ctrl-C)")
    serve(data / "catalogue.db", port)


@click.command("status")
@data_option
@click.option("--json", "as_json", is_flag=True, help="For a machine.")
def status_command(data: Path, as_json: bool) -> None:
    """Freshness and completeness of each registry, last runs, rejections, warnings.

    Exit code 1 when the last run of a registry failed or was incomplete.
    """
    with closing(open_catalogue(data)) as db:
        report = status(db)
    click.echo(json.dumps(report, indent=2) if as_json else describe(report))
    bad = [run["registry"] for run in report["last_runs"] if run["verdict"] != "complete"]
    if bad:
        raise Failed(f"the last run was not complete: {', '.join(bad)}")


@click.group("archive")
def archive_group() -> None:
    """Care of archive.db."""


@archive_group.command("verify")
@data_option
def verify_command(data: Path) -> None:
    """Unpacks every payload and holds it against its sha256; looks at every capture and every page of the file.

    Exit code 1 when something is damaged, with a sentence that names the record.
    """
    if not (data / "archive.db").exists():
        raise Failed(f"there is no archive in {data}: run `harvester refresh` or `harvester import` first")
    with open_archive(data) as archive:
        try:
            findings = list(verify(archive))
        except sqlite3.DatabaseError as problem:
            raise Failed(f"{data / 'archive.db'} is damaged: {problem}") from problem
    if findings:
        raise Failed("\n".join(findings))
    click.echo("Every payload is what was fetched.")
