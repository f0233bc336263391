"""The command line: `harvester --help` is the manual.

Data go to stdout, progress and messages to stderr. Exit codes: 0 done and complete, 1 something failed or is incomplete
(the message says which registry, why, and what to do), 2 wrong usage.
"""

from __future__ import annotations

import datetime
import json
import shutil
import sqlite3
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import asdict

from harvester import __version__
from harvester.archive import Archive, Verdict
from harvester.build import BuildFailed, Built, build
from harvester.care import verify
from harvester.catalogue import TABLES
from harvester.changes import Update, updates
from harvester.config import Config, ConfigError, load
from harvester.crawl import Progress
from harvester.export import FORMATS, ExportError, Selection, export, write
from harvester.export_files import MissingPackage, TooLong
from harvester.imports import files_of, import_files, refused
from harvester.link_overrides import OverridesUnusable
from harvester.lock import Locked, describe_takeover, locked
from harvester.refresh import Refreshed, refresh
from harvester.registries import REGISTRIES
from harvester.schedule import Wish, job_for
from harvester.serve import free_port, serve
from harvester.status import describe, status
from harvester.written import written

Command = TypeVar("Command", bound=Callable[..., Any])


class Failed(click.ClickException):
    """Something failed or is incomplete: exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"harvester: {self.format_message()}", err=True)


def data_option(command: Command) -> Command:
    """`--data DIR`, the folder of archive.db and catalogue.db."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="HARVESTER_DATA",
        default=Path("data"),
        show_default="./data, or HARVESTER_DATA",
        help="Folder of archive.db and catalogue.db.",
    )(command)


def config_option(command: Command) -> Command:
    """`--config FILE`, read into a Config."""
    return click.option(
        "--config",
        callback=lambda context, parameter, value: _config(value),
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        show_default="./harvester.toml if there is one",
        help="Configuration file.",
    )(command)


def _config(path: Path | None) -> Config:
    try:
        return load(path)
    except ConfigError as problem:
        raise click.UsageError(str(problem)) from problem


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """One catalogue of clinical trials from many registries.

    Fetched politely, kept whole, normalized into one schema, linked, and published with Datasette.

    Start with `harvester demo`. For real registries write a harvester.toml, see what they say to `harvester check`,
    then `harvester refresh` and `harvester serve`.
    """


@main.command("demo")
@data_option
@click.option("--port", default=8001, show_default=True, help="First port to try.")
@click.option("--no-serve", is_flag=True, help="End after the build.")
def demo_command(data: Path, port: int, no_serve: bool) -> None:
    """Shows it all on sample registries, without any network.

    Starts sample registries on this machine, harvests them with the real spiders over HTTP, builds the catalogue and
    serves the site.
    """
    from harvester.demo import harvest_samples  # the sample room is not needed by any other command

    done = _harvested(lambda progress: harvest_samples(data / "archive.db", progress))
    click.echo(sentence(run_build(data, Config())))
    _raise_unless_complete(done.verdicts)
    if not no_serve:
        _serve(data, port)


@main.command("refresh")
@data_option
@config_option
@click.option(
    "--registry", "registries", multiple=True, type=click.Choice(sorted(REGISTRIES)), help="Only this registry."
)
@click.option("--topic", "topics", multiple=True, help="Only this topic of the configuration.")
@click.option("--query", default="", help="These words instead of the topics.")
@click.option("--id", "ids", multiple=True, help="Only this record, by any registry's number.")
@click.option("--all", "everything", is_flag=True, help="The whole registry. Days, for a large one.")
@click.option("--full", is_flag=True, help="Read queries in full, not only what changed since the last good run.")
@click.option("--no-build", is_flag=True, help="Fill the archive only.")
@click.option("--accept", is_flag=True, help="Publish although a gate closes; it is recorded.")
@click.option("-v", "--verbose", count=True, help="What the spiders do; twice for all of it.")
def refresh_command(
    data: Path, config: Config, registries: tuple[str, ...], topics: tuple[str, ...], query: str, ids: tuple[str, ...],
    everything: bool, full: bool, no_build: bool, accept: bool, verbose: int,
) -> None:  # fmt: skip
    """Fetches what is new or changed and builds: what a scheduled job runs.

    Without options it does what harvester.toml says: its topics at every registry, registries marked `everything`, and
    the new export files in inboxes. A query that was read in full lately is only asked for what changed since; one that was
    cut off goes on where it stopped. Exit code 1 when a registry failed or is incomplete (what arrived is kept), or when the
    new catalogue would be worse than the one that stands (which is then kept; --accept overrules).

    Example: harvester refresh --registry ctgov --query "recurrent miscarriage"
    """
    wish = Wish(registries=registries, topics=topics, query=query, ids=ids, everything=everything, full=full)
    level = ("CRITICAL", "INFO", "DEBUG")[min(verbose, 2)]
    with _alone(data, "refresh") as lock:
        try:
            done = _harvested(lambda progress: refresh(config, wish, data / "archive.db", progress, level, lock))
        except ConfigError as problem:
            raise click.UsageError(str(problem)) from problem
        if not no_build and not any(verdict.stopped for verdict in done.verdicts):
            _tell(run_build(data, config, accept=accept))
    _raise_unless_complete(done.verdicts)


@contextmanager
def _alone(data: Path, work: str) -> Iterator[int]:
    """Holds the lock of the data folder; yields its open file. Raises Failed when somebody else is at work there."""
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(locked(data, work))
        except Locked as problem:
            raise Failed(str(problem)) from problem
        except OSError as problem:
            raise Failed(
                f"the folder {data} cannot be written to ({problem}): make room, or give another --data"
            ) from problem
        if lock.taken_over:
            click.echo(f"note: {describe_takeover(lock.taken_over)}", err=True)
        yield lock.file


def _tell(built: Built) -> None:
    for note in built.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(sentence(built))


def _harvested(run: Callable[[Callable[[Progress], None]], Refreshed]) -> Refreshed:
    """Runs a refresh with a progress bar over all its jobs and says what came of each."""
    announced: dict[int, int] = {}
    arrived: dict[int, int] = {}
    with click.progressbar(length=1, file=sys.stderr, label="Harvesting") as bar:

        def progress(report: Progress) -> None:
            arrived[report.job] = report.stored + report.rejected
            announced[report.job] = max(report.announced or 0, arrived[report.job])
            bar.length = max(sum(announced.values()), 1)
            bar.update(sum(arrived.values()) - bar.pos)

        try:
            done = run(progress)
        except (sqlite3.Error, OSError) as problem:
            raise Failed(f"the archive cannot be written: {problem}") from problem
        bar.update((bar.length or 1) - bar.pos)
    for verdict in done.verdicts:
        click.echo(_line(verdict))
    for sentence_ in done.notes:
        click.echo(f"note: {sentence_}", err=True)
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
    bad = [verdict for verdict in verdicts if verdict.verdict != "complete"]
    if bad:
        raise Failed("\n".join(f"{REGISTRIES[v.registry].name} {v.verdict}: {v.message}{_kept(v)}" for v in bad))


def _kept(verdict: Verdict) -> str:
    waits = verdict.stored and not verdict.is_published
    return " Nothing of this run is published; what arrived is kept in the archive." if waits else ""


@main.command("check")
@config_option
@click.argument("registry", required=False, type=click.Choice(sorted(REGISTRIES)))
@click.option("--json", "as_json", is_flag=True, help="For a machine.")
def check_command(config: Config, registry: str | None, as_json: bool) -> None:
    """Asks each registry one polite thing and says what a refresh would meet.

    Exit code 1 when a refresh would fail, with the way out.
    """
    from harvester.check import check

    sources = [registry] if registry else [source for source in REGISTRIES if config.registry(source).enabled]
    reports = check([job_for(config, source) for source in sources])
    if as_json:
        click.echo(json.dumps([asdict(report) for report in reports], indent=2))
    else:
        for report in reports:
            click.echo(f"{REGISTRIES[report.registry].name}: {'ok' if report.ok else 'a refresh would fail'}")
            click.echo("".join(f"  {line}\n" for line in report.lines), nl=False)
    failing = [REGISTRIES[report.registry].name for report in reports if not report.ok]
    if failing:
        raise Failed(f"a refresh would fail at {', '.join(failing)}")


@main.command("import")
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
    sizes = sum(file.stat().st_size for file, _ in files)
    with (
        _archive(data) as archive,
        click.progressbar(length=max(sizes, 1), file=sys.stderr, label="Reading files") as bar,
    ):
        done = import_files(archive, source, files, lambda read: bar.update(read - bar.pos))
    verdict = done.verdict
    if as_json and verdict is not None:
        report = asdict(verdict) | {"files": done.files, "records": done.records, "distinct_ids": len(done.ids)}
        report |= {"refusals": [asdict(refusal) for refusal in done.refusals], "notes": done.notes}
        click.echo(json.dumps(report, indent=2))
    elif verdict is not None:
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
        raise Failed(f"{source}: {refused(done)}; the bytes are kept in the archive")


@main.command("build")
@data_option
@config_option
@click.option("--full", is_flag=True, help="Read every payload again instead of only what is new.")
@click.option("--accept", is_flag=True, help="Publish although a gate closes; it is recorded.")
def build_command(data: Path, config: Config, full: bool, accept: bool) -> None:
    """Brings catalogue.db up to date with archive.db.

    A catalogue that is worse than the one that stands (see [gates] of the configuration) is not published.
    """
    if (data / "archive.db").exists():
        with _alone(data, "build"):
            _tell(run_build(data, config, full, accept))
    else:
        run_build(data, config)


def run_build(data: Path, config: Config, full: bool = False, accept: bool = False) -> Built:
    """Builds with a progress bar. Raises Failed when a check of the new catalogue does not pass."""
    if not (data / "archive.db").exists():
        raise Failed(f"there is no archive in {data}: run `harvester refresh` or `harvester import` first")
    with click.progressbar(length=1, file=sys.stderr, label="Building the catalogue") as bar:

        def progress(done: int, total: int) -> None:
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
                written=written(config),
                progress=progress,
            )
        except ConfigError as problem:
            raise click.UsageError(str(problem)) from problem
        except (BuildFailed, OverridesUnusable, sqlite3.Error, OSError) as problem:
            raise Failed(f"building {data / 'catalogue.db'} failed: {problem}") from problem
        bar.update((bar.length or 1) - bar.pos)
    return built


def sentence(built: Built) -> str:
    """What a build came to, for a person."""
    if not built.changed:
        return f"Nothing new: the catalogue holds {built.trials:,} trials from {built.records:,} records."
    refused = f", {built.rejected:,} payloads rejected" if built.rejected else ""
    read = f"{built.read:,} payloads read" if built.read else "nothing new to read"
    return f"{built.trials:,} trials from {built.records:,} records ({read}{refused})."


@main.command("serve")
@data_option
@click.option("--port", default=8001, show_default=True, help="First port to try.")
def serve_command(data: Path, port: int) -> None:
    """Serves the site on this machine, with Datasette."""
    open_catalogue(data).close()
    _serve(data, port)


def _serve(data: Path, port: int) -> None:
    try:
        port = free_port(port)
    except OSError as problem:
        raise Failed(str(problem)) from problem
    click.echo(f"The site is on http://127.0.0.1:{port} (stop with Ctrl-C)")
    serve(data / "catalogue.db", port)


@main.command("compare")
@click.argument("trials", nargs=-1, required=True, metavar="TRIAL TRIAL...")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "long", "json"]), default="table", show_default=True
)
@click.option("--only-differences", is_flag=True, help="Without the rows on which all agree.")
@click.option("-o", "--output", type=click.File("wb", lazy=True), default="-", help="File; default stdout.")
@data_option
def compare_command(trials: tuple[str, ...], form: str, only_differences: bool, output: Any, data: Path) -> None:
    """Puts trials side by side: design, population, criteria, interventions, outcomes, with a verdict a row.

    Each TRIAL is any number of any of its records, in any form.

    \b
    table  for the terminal
    csv    a row a field, a column a trial; made for spreadsheets
    long   a row a value, with the registry's words and the record it came from; for pandas, R, DuckDB
    json   everything

    Example: harvester compare NCT03970954 2017-001400-29 --format csv -o compared.csv
    """
    from harvester.compare import compare
    from harvester.compare_forms import FORMS, table

    with closing(open_catalogue(data)) as db:
        comparison = compare(db, [_trial(db, number) for number in trials])
    if len(comparison.trials) < 2:
        raise Failed(f"a comparison needs two trials; {' and '.join(trials)} is one: {comparison.trials[0].trial_id}")
    if only_differences:
        comparison = comparison.only_differences()
    width = shutil.get_terminal_size((160, 50)).columns
    text = table(comparison, width) if form == "table" else FORMS[form](comparison)
    output.write(text.encode())


def _trial(db: sqlite3.Connection, number: str) -> str:
    """The trial that a number names. Raises Failed when it names none or several."""
    from harvester.site.lookup import find_trials

    found = find_trials(db, number)
    if not found:
        raise Failed(
            f"no trial here has the number {number}: `harvester refresh --id {number}` fetches it, a search on the site finds trials by words"
        )
    if len(found) > 1:
        raise Failed(f"{number} is the number of {len(found)} trials: name one of {', '.join(found)}")
    return found[0]


@main.command("related")
@click.argument("number", metavar="TRIAL")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For a machine: every part of each score.")
@data_option
def related_command(number: str, limit: int, as_json: bool, data: Path) -> None:
    """The trials most related to TRIAL (any of its numbers), with the reasons.

    Example: harvester related NCT05557201 --limit 5
    """
    from harvester.relate_words import listed, reasons, related

    with closing(open_catalogue(data)) as db:
        trial = _trial(db, number)
        found = related(db, trial, limit)
    if as_json:
        click.echo(json.dumps([row | {"reasons": reasons(row)} for row in found], indent=2, ensure_ascii=False))
    elif found:
        click.echo("\n".join(map(listed, found)))
    else:
        click.echo(f"nothing in {data} is related to {trial}", err=True)


@main.command("export")
@click.argument("table", type=click.Choice(list(TABLES)), metavar="TABLE")
@click.option(
    "--search", default="", help="Only what belongs to the trials that the site's search finds with these words."
)
@click.option("--where", default="", help="Only rows that meet this SQL condition on the table's columns.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default stdout.")
@data_option
def export_command(table: str, search: str, where: str, form: str, output: Path | None, data: Path) -> None:
    """Writes a TABLE of the catalogue, every row and every character, or the rows of a search.

    Tables: trials, records, criteria, outcomes, secondary_ids ... The site's dictionary describes every one; an unknown
    TABLE is answered with the whole list. With -o, FILE.meta.json says beside the file what it is, from when, under which
    terms, and how to cite it.

    \b
    csv      UTF-8; texts that a spreadsheet would run have an apostrophe before them
    jsonl    an object a line, texts as they are
    parquet  typed columns; needs pip install '.[export]'
    xlsx     for Excel, all text as text; needs pip install '.[export]'
    ris      trials as references for Zotero, Covidence, EndNote

    Example: harvester export trials --search "lupus pregnancy" --where "start_year >= 2020" --format xlsx -o lupus.xlsx
    """
    selection = Selection(table, search, where)
    with closing(open_catalogue(data)) as db:
        try:
            if output is None:
                count = write(db, selection, form, sys.stdout.buffer)
            else:
                count = export(db, selection, form, output, date.today().isoformat())
        except BrokenPipeError:
            raise  # `| head` has seen enough: click ends quietly
        except (ExportError, MissingPackage, TooLong, OSError) as problem:
            raise Failed(str(problem)) from problem
    click.echo(f"{count:,} rows of {table}", err=True)


@main.command("snapshot")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write; default harvester-DATE.")
@click.option(
    "--verify",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write nothing; say whether a snapshot is as it was written.",
)
@data_option
def snapshot_command(output: Path | None, verify: Path | None, data: Path) -> None:
    """Writes the catalogue as a dated folder that another machine can check, serve and cite.

    It holds catalogue.db, a CSV file of every table, metadata.yml, the terms of the sources, CITATION.cff and SHA256SUMS.

    \b
    Example: harvester snapshot -o catalogue-of-march
             harvester snapshot --verify catalogue-of-march
             datasette catalogue-of-march/catalogue.db -m catalogue-of-march/metadata.yml
    """
    from harvester.snapshot import SnapshotError, default_name, described, problems, snapshot

    try:
        if verify is not None:
            found = problems(verify)
            if found:
                raise Failed(f"{verify} is not as it was written:\n" + "\n".join(found))
            click.echo(f"{verify} is as it was written: {described(verify)}")
            return
        with closing(open_catalogue(data)) as db:
            folder = output or Path(default_name(db))
            with click.progressbar(length=len(TABLES), file=sys.stderr, label="Writing tables") as bar:
                snapshot(db, folder, lambda done: bar.update(done - bar.pos))
        click.echo(f"{folder}: {described(folder)}")
    except (SnapshotError, ValueError, sqlite3.Error, OSError) as problem:
        raise Failed(str(problem)) from problem


@main.group("archive")
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
    with _archive(data) as archive:
        try:
            findings = list(verify(archive))
        except sqlite3.DatabaseError as problem:
            raise Failed(f"{data / 'archive.db'} is damaged: {problem}") from problem
    if findings:
        raise Failed("\n".join(findings))
    click.echo("Every payload is what was fetched.")


@main.command("changes")
@data_option
@click.option("--since", default="", help="Seen on this day or later (2026-01-31), or in the last days (7d).")
@click.option("--trial", "trial_id", default="", help="Only this trial, by its trial_id.")
@click.option("--json", "as_json", is_flag=True, help="One update a line, for a machine.")
def changes_command(data: Path, since: str, trial_id: str, as_json: bool) -> None:
    """What changed in the registries' entries, field by field, newest first.

    Example: harvester changes --since 7d
    """
    where, values = (
        "c.seen_at >= :since AND (:trial = '' OR r.trial_id = :trial)",
        {"since": _day(since), "trial": trial_id},
    )
    with closing(open_catalogue(data)) as db:
        for update in updates(db, where, values):
            click.echo(json.dumps(asdict(update), ensure_ascii=False) if as_json else _told(update))


def _day(since: str) -> str:
    """The first day meant by `--since`. Raises UsageError when it is none."""
    if not since:
        return ""
    try:
        if since.endswith("d"):
            return str(datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=int(since[:-1])))
        return str(datetime.date.fromisoformat(since))
    except (ValueError, OverflowError) as problem:
        raise click.UsageError(f"--since {since}: write a day, 2026-01-31, or a number of days, 7d") from problem


def _told(update: Update) -> str:
    lines = [f"{update.seen_at}  {update.record_id}  {update.title or ''}"]
    for field, old, new in update.differences:
        before, after = (textwrap.shorten(value or "nothing", 100, placeholder=" ...") for value in (old, new))
        lines.append(f"  {field}: {before} -> {after}")
    return "\n".join(lines)


@main.command("status")
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


def open_catalogue(data: Path) -> sqlite3.Connection:
    """The catalogue, read-only. Raises Failed when there is none."""
    path = data / "catalogue.db"
    if not path.exists():
        raise Failed(f"there is no catalogue in {data}: run `harvester build`, or `harvester demo` to see one")
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _archive(data: Path) -> Archive:
    try:
        return Archive(data / "archive.db")
    except (sqlite3.Error, OSError) as problem:
        raise Failed(f"{data / 'archive.db'} cannot be opened for writing: {problem}") from problem
