"""Command line: the commands of who keeps a catalogue running: serve, status, archive."""

from __future__ import annotations

import datetime
import json
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import click

from harvester.archive import DAMAGED, Archive
from harvester.care import verify
from harvester.cli.common import (
    Failed,
    alone,
    config_option,
    data_option,
    first_day,
    open_catalogue,
    port_option,
    read_archive,
)
from harvester.config import Config, Site
from harvester.lock import at_work
from harvester.registries import REGISTRIES
from harvester.retention import Leaving, NotBuilt, apply, plan
from harvester.serve import free_port, serve
from harvester.status import describe, status


@click.command("serve")
@data_option
@config_option
@port_option
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


@archive_group.command("compact")
@data_option
@config_option
@click.option("--apply", "is_applied", is_flag=True, help="Do it; without, only say what would leave.")
def compact_command(data: Path, config: Config, is_applied: bool) -> None:
    """Takes away what the rules of [retention] let go, and gives unused room back to the disk.

    Without --apply nothing is changed. No rule takes the only version of a record or the one that is shown; the history of changes
    stays whole unless `history_days` is set.
    """
    read_archive(data).close()
    now = datetime.datetime.now(datetime.UTC)
    with alone(data, "compact"), Archive(data / "archive.db") as archive:
        try:
            with ExitStack() as stack:
                has_catalogue = (data / "catalogue.db").exists()
                catalogue = stack.enter_context(closing(open_catalogue(data))) if has_catalogue else None
                leaving = plan(archive, config.retention, now, catalogue)
        except NotBuilt as problem:
            raise Failed(str(problem)) from problem
        if is_applied:
            before = (data / "archive.db").stat().st_size
            apply(archive, config.retention, now, leaving)
            after = (data / "archive.db").stat().st_size
            click.echo(f"{_left('left', leaving)}; archive.db has {_size(after)}, before {_size(before)}.")
        else:
            click.echo(f"{_left('would leave', leaving)}, some {_size(leaving.bytes)}. Do it with --apply.")
    if is_applied and leaving.versions:
        click.echo("note: the next `harvester build` reads everything anew, for the history is shorter", err=True)


def _left(verb: str, leaving: Leaving) -> str:
    return (
        f"{leaving.fetches:,} fetches, {leaving.payloads:,} payloads ({leaving.versions:,} old versions) and the bytes of"
        f" {leaving.rejected:,} rejected answers {verb}"
    )


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"


@archive_group.command("export")
@data_option
@click.option("--registry", help="Only this source.", type=click.Choice(sorted(REGISTRIES)))
@click.option(
    "--since", default="", help="Only what was fetched on this day or later (2026-01-31), or in the last days (7d)."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("archive.warc.gz"),
    show_default=True,
    help="File; without .gz it is not compressed.",
)
def export_command(data: Path, registry: str | None, since: str, output: Path) -> None:
    """Writes what was fetched as a WARC file (ISO 28500): address, time and bytes of every fetch, with sha256.

    An answer that is one record is a `response` with its headers; a record cut from a page or a file is a `resource`; the same
    bytes again are a `revisit`. Needs pip install '.[warc]'.

    Example: harvester archive export --registry euctr -o euctr.warc.gz
    """
    from harvester.warc import NoWarcio, export, fetches

    source, day = registry or "", first_day(since)
    with read_archive(data) as archive:
        total = fetches(archive, source, day)
        try:
            with click.progressbar(length=max(total, 1), file=sys.stderr, label="Writing fetches") as bar:
                counts = export(archive, output, source, day, lambda done: bar.update(done - bar.pos))
        except NoWarcio as problem:
            raise Failed(str(problem)) from problem
        except OSError as problem:
            raise Failed(f"{output} cannot be written: {problem.strerror or problem}") from problem
        except DAMAGED as problem:
            raise Failed(
                f"{problem}: `harvester archive verify` names every record that is hurt; nothing was written"
            ) from problem
    click.echo(
        f"{output}: "
        + (", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items())) or "nothing was fetched")
    )


@archive_group.command("show")
@data_option
@click.argument("sha256")
def show_command(data: Path, sha256: str) -> None:
    """Writes one payload to stdout, byte for byte as its source sent it.

    SHA256 stands on a trial's page under "History of versions", and as `payload_sha256` in `records` and `versions`.
    It may hold e-mail addresses and telephone numbers, which are not published unless the configuration says so.
    """
    with read_archive(data) as archive:
        try:
            body = archive.body(sha256)
        except KeyError:
            raise Failed(
                f"{data / 'archive.db'} holds no payload {sha256}: give the whole sha256, 64 hex digits"
            ) from None
        except DAMAGED as problem:
            raise Failed(
                f"{data / 'archive.db'}: {problem}; `harvester archive verify` lists what else is"
            ) from problem
    click.echo(body, nl=False)
