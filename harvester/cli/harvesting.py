"""Command line: the commands that fetch, file and build: demo, refresh, check, import, build."""

from __future__ import annotations

import json
import sqlite3
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import click
from msgspec.structs import asdict

from harvester import unusable
from harvester.archive import Archive, Verdict
from harvester.build import BuildFailed, Built, build
from harvester.cli.common import Failed, alone, config_option, data_option, not_empty, port_option
from harvester.cli.operating import run_site
from harvester.cli.telling import Teller, reported
from harvester.config import Config, ConfigError, Site
from harvester.crawl import Job, Progress
from harvester.imports import files_of, import_files, refused, size_of
from harvester.logs import Logs
from harvester.refresh import Refreshed, refresh
from harvester.registries import BY_NUMBER_ONLY, REGISTRIES
from harvester.schedule import Wish, job_for, plan
from harvester.stopping import at
from harvester.unusable import Unusable
from harvester.written import Written, written


@click.command("demo")
@data_option
@port_option
@click.option("--no-serve", is_flag=True, help="End after the build.")
def demo_command(data: Path, port: int, no_serve: bool) -> None:
    """Shows it all on sample registries, without any network.

    Starts sample registries on this machine, harvests them with the real spiders over HTTP, builds the catalogue and
    serves the site.
    """
    from harvester.demo import harvest_samples  # the sample room is not needed by any other command

    teller = Teller()
    with alone(data, "demo") as lock:
        done = _harvested(teller, lambda progress: harvest_samples(data / "archive.db", progress, lock))
        click.echo(sentence(run_build(data, Config())))
    _raise_unless_complete(done.verdicts)
    if not no_serve:
        run_site(data, port, Site())


@click.command("refresh")
@data_option
@config_option
@click.option(
    "--registry", "registries", multiple=True, type=click.Choice(sorted(REGISTRIES)), help="Only this registry."
)
@click.option("--topic", "topics", multiple=True, callback=not_empty, help="Only this topic of the configuration.")
@click.option("--query", callback=not_empty, help="These words instead of the topics.")
@click.option("--id", "ids", multiple=True, callback=not_empty, help="Only this record, by any registry's number.")
@click.option("--all", "everything", is_flag=True, help="The whole registry. Days, for a large one.")
@click.option("--full", is_flag=True, help="Read queries in full, not only what changed since the last good run.")
@click.option("--no-build", is_flag=True, help="Fill the archive only.")
@click.option("--accept", is_flag=True, help="Publish although a gate closes; it is recorded.")
@click.option("-v", "--verbose", count=True, help="What the spiders do; twice for all of it.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: on stderr one object a line and nothing else.",
)
def refresh_command(
    data: Path, config: Config, registries: tuple[str, ...], topics: tuple[str, ...], query: str | None, ids: tuple[str, ...],
    everything: bool, full: bool, no_build: bool, accept: bool, verbose: int, log_format: str,
) -> None:  # fmt: skip
    """Fetches what is new or changed and builds: what a scheduled job runs.

    Without options it does what harvester.toml says: its topics at every registry, registries marked `everything`, and
    the new export files in inboxes. A query that was read in full lately is only asked for what changed since; one that was
    cut off goes on where it stopped. Exit code 1 when a registry failed or is incomplete (what arrived is kept), or when the
    new catalogue would be worse than the one that stands (which is then kept; --accept overrules). The last line sums it up,
    and the key `webhook` tells it to a web address.

    Example: harvester refresh --registry ctgov --query "recurrent miscarriage"
    """
    if sum(map(bool, (topics, query, ids, everything))) > 1:
        raise click.UsageError("--topic, --query, --id and --all each say what to fetch: give one of them")
    wish = Wish(registries=registries, topics=topics, query=query or "", ids=ids, everything=everything, full=full)
    teller = Teller(as_json=log_format == "json")
    least = "WARNING" if teller.as_json else "CRITICAL"
    logs = Logs((least, "INFO", "DEBUG")[min(verbose, 2)], teller.as_json)
    with reported(teller, logs.level, config.webhook) as report:
        if not no_build:
            _decided(config)  # a file of decisions that cannot be used is said before the fetching, not hours later
        with alone(data, "refresh", teller.note) as lock:
            try:
                done = _harvested(
                    teller, lambda progress: refresh(config, wish, data / "archive.db", progress, logs, lock)
                )
            except ConfigError as problem:
                raise click.UsageError(str(problem)) from problem
            report.runs, report.notes = done.verdicts, [*done.notes]
            if not no_build and not any(verdict.stopped for verdict in done.verdicts):
                try:
                    report.built = run_build(data, config, accept=accept, is_quiet=teller.as_json)
                except (Failed, Unusable) as problem:
                    raise Failed("\n".join([*_failures(done.verdicts), str(problem)])) from problem
                report.notes += report.built.notes
                _tell(teller, report.built)
        _raise_unless_complete(done.verdicts)


def _tell(teller: Teller, built: Built) -> None:
    for note in built.notes:
        teller.note(note)
    teller.say("built", sentence(built), catalogue=built._asdict())


def _harvested(teller: Teller, run: Callable[[Callable[[Progress], None]], Refreshed]) -> Refreshed:
    """Runs a refresh with a progress bar over all its jobs and says what came of each."""
    announced: dict[int, int] = {}
    arrived: dict[int, int] = {}
    with click.progressbar(length=1, file=sys.stderr, label="Harvesting", hidden=teller.as_json) as bar:

        def progress(report: Progress) -> None:
            arrived[report.job] = report.stored + report.rejected
            announced[report.job] = max(report.announced or 0, arrived[report.job])
            bar.length = max(sum(announced.values()), 1)
            bar.update(sum(arrived.values()) - bar.pos)

        try:
            done = run(progress)
        except OSError as problem:
            raise Failed(f"the archive cannot be written: {problem}") from problem
        bar.update((bar.length or 1) - bar.pos)
    for verdict in done.verdicts:
        teller.say("run", _line(verdict), verdict=verdict)
    for sentence_ in done.notes:
        teller.note(sentence_)
    return done


def _line(verdict: Verdict) -> str:
    announced = f" of {verdict.announced:,} announced" if verdict.announced is not None else ""
    query = textwrap.shorten(verdict.query, 60, placeholder=" ...")
    return (
        f"{REGISTRIES[verdict.registry].name}, {query}: {verdict.verdict}; {verdict.stored:,}{announced} records "
        f"({verdict.new:,} new, {verdict.changed:,} changed, {verdict.unchanged:,} unchanged)"
        + (f", {verdict.rejected:,} rejected" if verdict.rejected else "")
    )


def _raise_unless_complete(verdicts: list[Verdict]) -> None:
    if failures := _failures(verdicts):
        raise Failed("\n".join(failures))


def _failures(verdicts: list[Verdict]) -> list[str]:
    """A sentence for each run that was not complete."""
    bad = (verdict for verdict in verdicts if verdict.verdict != "complete")
    return [f"{REGISTRIES[v.registry].name} {v.verdict}: {v.message}{_kept(v)}" for v in bad]


def _kept(verdict: Verdict) -> str:
    waits = verdict.stored and not verdict.is_published
    return " Nothing of this run is published; what arrived is kept in the archive." if waits else ""


@click.command("check")
@config_option
@click.argument("registry", required=False, type=click.Choice(sorted(REGISTRIES)))
@click.option("--json", "as_json", is_flag=True, help="For a machine.")
def check_command(config: Config, registry: str | None, as_json: bool) -> None:
    """Asks each registry one polite thing and says what a refresh would meet.

    It asks how many records there are for the first query of the configuration, or for a word of its own. Exit code 1 when a
    refresh would fail, with the way out. A registry that is switched off is not asked; a refusal of WHO ICTRP
    counts when the configuration has `ids` for it, or when it is the REGISTRY named.
    """
    from harvester.check import check

    sources = [registry] if registry else [source for source in REGISTRIES if config.registry(source).enabled]
    planned: dict[str, Job] = {}
    for job in plan(config, Wish()).jobs:
        planned.setdefault(job.registry, job)
    idle = [source for source in BY_NUMBER_ONLY if not registry and source not in planned]
    reports = check([planned.get(source) or job_for(config, source) for source in sources], idle)
    if as_json:
        click.echo(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        for report in reports:
            click.echo(f"{REGISTRIES[report.registry].name}: {'ok' if report.ok else 'a refresh would fail'}")
            click.echo("".join(f"  {line}\n" for line in report.lines), nl=False)
    failing = [REGISTRIES[report.registry].name for report in reports if not report.ok]
    if failing:
        raise Failed(f"a refresh would fail at {', '.join(failing)}")


@click.command("import")
@click.argument("source", type=click.Choice(sorted(REGISTRIES)))
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@data_option
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on stdout.")
def import_command(source: str, paths: tuple[Path, ...], data: Path, as_json: bool) -> None:
    """Files records of SOURCE from files a person downloaded; folders are read whole.

    \b
    ctgov   JSON of a study, a page or an array, NDJSON, or a zip of these
    ictrp   XML or CSV export, saved Trial2.aspx page
    euctr   text download of full details, or protocol page
    ctis    JSON of a trial, an array, or NDJSON
    isrctn  XML answer of the registry's interface

    Example: harvester import ictrp ICTRP-Results.xml
    """
    files = list(files_of(paths))
    if not files:
        raise Failed(f"there is no file in {', '.join(map(str, paths))} (hidden ones are left out): nothing was read")
    sizes = sum(size_of(file) for file, _ in files)
    with (
        alone(data, "import"),
        Archive(data / "archive.db") as archive,
        click.progressbar(length=max(sizes, 1), file=sys.stderr, label="Reading files") as bar,
    ):
        done = import_files(archive, source, files, lambda read: bar.update(read - bar.pos))
    verdict = done.verdict
    if as_json:
        report = asdict(verdict) | {"files": done.files, "records": done.records, "distinct_ids": len(done.ids)}
        report |= {"refusals": [asdict(refusal) for refusal in done.refusals], "notes": done.notes}
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(
            f"{done.files:,} file{'s' if done.files != 1 else ''}: {done.records:,} records read, {len(done.ids):,} distinct ids "
            f"({verdict.new:,} new, {verdict.changed:,} changed, {verdict.unchanged:,} unchanged), "
            f"{verdict.rejected:,} rejected"
        )
    for note in done.notes:
        click.echo(f"note: {note}", err=True)
    for refusal in done.refusals:
        click.echo(f"rejected: {refusal.file}: {refusal.reason}", err=True)
    if done.refusals:
        raise Failed(f"{source}: {refused(done)}; what bytes there were are kept in the archive")


@click.command("build")
@data_option
@config_option
@click.option("--full", is_flag=True, help="Read every payload again instead of only what is new.")
@click.option("--accept", is_flag=True, help="Publish although a gate closes; it is recorded.")
def build_command(data: Path, config: Config, full: bool, accept: bool) -> None:
    """Brings catalogue.db up to date with archive.db.

    A catalogue that is worse than the one that stands (see [gates] of the configuration) is not published.
    """
    if (data / "archive.db").exists():
        with alone(data, "build"):
            _tell(Teller(), run_build(data, config, full, accept))
    else:
        run_build(data, config)


def run_build(data: Path, config: Config, full: bool = False, accept: bool = False, is_quiet: bool = False) -> Built:
    """Builds with a progress bar. Raises Failed when a check of the new catalogue does not pass."""
    if not (data / "archive.db").exists():
        raise Failed(f"there is no archive in {data}: run `harvester refresh` or `harvester import` first")
    with click.progressbar(length=1, file=sys.stderr, label="Building the catalogue", hidden=is_quiet) as bar:

        def progress(done: int, total: int) -> None:
            at(f"when {done:,} of {total:,} records were read for the catalogue")
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        try:
            built = build(
                data / "archive.db",
                data / "catalogue.db",
                full=full,
                publish_contacts=config.publish_contacts,
                shares=config.gates,
                accept=accept,
                written=_decided(config),
                progress=progress,
            )
        except Unusable:
            raise
        except sqlite3.Error as problem:
            raise Failed(f"building failed: {unusable.sentence(data / 'catalogue.db', problem)}") from problem
        except (BuildFailed, OSError) as problem:
            raise Failed(f"building {data / 'catalogue.db'} failed: {problem}") from problem
        bar.update((bar.length or 1) - bar.pos)
    return built


def _decided(config: Config) -> Written:
    """What a person wrote for the build. Raises UsageError when a file that the configuration names cannot be used."""
    try:
        return written(config)
    except ConfigError as problem:
        raise click.UsageError(str(problem)) from problem


def sentence(built: Built) -> str:
    """What a build came to, for a person."""
    if not built.changed:
        return f"Nothing new: the catalogue holds {built.trials:,} trials from {built.records:,} records."
    refused = f", {built.rejected:,} payloads rejected" if built.rejected else ""
    read = f"{built.read:,} payloads read" if built.read else "nothing new to read"
    return f"{built.trials:,} trials from {built.records:,} records ({read}{refused})."
