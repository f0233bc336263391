"""Command line: the commands that read the catalogue: compare, related, export, snapshot, changes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import textwrap
from collections.abc import Collection
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import click
from msgspec.structs import asdict

from harvester.catalogue_tables import TABLES
from harvester.changes import Update, updates
from harvester.cli.common import Failed, data_option, first_day, open_catalogue, trial_named
from harvester.export import FORMATS, ExportError, Selection, export, looked_for_too, write
from harvester.export_files import MissingPackage, TooLong

_BY_NAME = "Default: as the name of the file ends, else {}."
_COMPARED_AS = ("table", "csv", "long", "xlsx", "json")


def _form(asked: str | None, file: str, forms: Collection[str], otherwise: str) -> str:
    """The format that is asked for, else the one that a file of this name has: a table in `compared.csv` would be a trap."""
    ending = Path(file).suffix.removeprefix(".").lower()
    return asked or (ending if ending in forms else otherwise)


@click.command("compare")
@click.argument("trials", nargs=-1, required=True, metavar="TRIAL TRIAL...")
@click.option("--format", "form", type=click.Choice(_COMPARED_AS), help=_BY_NAME.format("table"))
@click.option("--only-differences", is_flag=True, help="Without the rows on which all agree.")
@click.option("-o", "--output", type=click.File("wb", lazy=True), default="-", help="File; default stdout.")
@data_option
def compare_command(trials: tuple[str, ...], form: str | None, only_differences: bool, output: Any, data: Path) -> None:
    """Puts trials side by side: design, population, criteria, interventions, outcomes, with a verdict a row.

    Each TRIAL is any number of any of its records, in any form.

    \b
    table  for the terminal
    csv    a row a field, a column a trial; made for spreadsheets
    long   a row a value, with the registry's words and the record it came from; for pandas, R, DuckDB
    xlsx   csv and long as two worksheets, all text as text; needs pip install '.[export]'
    json   everything

    Example: harvester compare NCT03970954 2017-001400-29 -o compared.csv
    """
    from harvester.compare import compare
    from harvester.compare_forms import FORMS, table

    with closing(open_catalogue(data)) as db:
        comparison = compare(db, [trial_named(db, number) for number in trials])
    if len(comparison.trials) < 2:
        raise Failed(f"a comparison needs two trials; {' and '.join(trials)} is one: {comparison.trials[0].trial_id}")
    if only_differences:
        comparison = comparison.only_differences()
    width = shutil.get_terminal_size((160, 50)).columns
    chosen = _form(form, output.name, _COMPARED_AS, "table")
    try:
        output.write(table(comparison, width).encode() if chosen == "table" else FORMS[chosen](comparison))
    except (MissingPackage, TooLong) as problem:
        raise Failed(str(problem)) from problem


@click.command("related")
@click.argument("number", metavar="TRIAL")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1_000_000), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For a machine: every part of each score.")
@data_option
def related_command(number: str, limit: int, as_json: bool, data: Path) -> None:
    """The trials most related to TRIAL (any of its numbers), with the reasons.

    Example: harvester related NCT05557201 --limit 5
    """
    from harvester.relate_words import listed, reasons, related

    with closing(open_catalogue(data)) as db:
        trial = trial_named(db, number)
        found = related(db, trial, limit)
    if as_json:
        click.echo(json.dumps([row | {"reasons": reasons(row)} for row in found], indent=2, ensure_ascii=False))
    elif found:
        click.echo("\n".join(map(listed, found)))
    else:
        click.echo(f"nothing in {data} is related to {trial}", err=True)


@click.command("export")
@click.argument("table", type=click.Choice(list(TABLES)), metavar="TABLE")
@click.option(
    "--search", default="", help="Only what belongs to the trials that the site's search finds with these words."
)
@click.option("--exact", is_flag=True, help="--search for the words as they are, without other words for the same.")
@click.option("--where", default="", help="Only rows that meet this SQL condition on the table's columns.")
@click.option("--format", "form", type=click.Choice(FORMATS), help=_BY_NAME.format("csv"))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default stdout.")
@data_option
def export_command(
    table: str, search: str, exact: bool, where: str, form: str | None, output: Path | None, data: Path
) -> None:
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

    Example: harvester export trials --search "lupus pregnancy" --where "start_year >= 2020" -o lupus.xlsx
    """
    selection = Selection(table, search, where, exact)
    chosen = _form(form, str(output or ""), FORMATS, "csv")
    with closing(open_catalogue(data)) as db:
        try:
            if output in (None, Path("-")):
                count = write(db, selection, chosen, sys.stdout.buffer)
            else:
                count = export(db, selection, chosen, output, date.today().isoformat())
            too = looked_for_too(db, selection)
        except BrokenPipeError:
            raise  # `| head` has seen enough: click ends quietly
        except (ExportError, MissingPackage, TooLong) as problem:
            raise Failed(str(problem)) from problem
        except OSError as problem:
            raise Failed(f"{output or 'stdout'} cannot be written: {problem.strerror or problem}") from problem
    if too:
        click.echo(f"Looked for too: {'; '.join(too)} (--exact for the words alone)", err=True)
    click.echo(f"{count:,} row{'' if count == 1 else 's'} of {table}", err=True)


@click.command("snapshot")
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


@click.command("changes")
@data_option
@click.option("--since", default="", help="Seen on this day or later (2026-01-31), or in the last days (7d).")
@click.option("--trial", default="", help="Only this trial, by any of its numbers.")
@click.option("--json", "as_json", is_flag=True, help="One update a line, for a machine.")
def changes_command(data: Path, since: str, trial: str, as_json: bool) -> None:
    """What changed in the registries' entries, field by field, newest first.

    Example: harvester changes --since 7d
    """
    where = "c.seen_at >= :since AND (:trial = '' OR r.trial_id = :trial)"
    found = False
    with closing(open_catalogue(data)) as db:
        values = {"since": first_day(since), "trial": trial_named(db, trial) if trial else ""}
        for update in updates(db, where, values):
            found = True
            click.echo(json.dumps(asdict(update), ensure_ascii=False) if as_json else _told(update))
    if not found:
        click.echo(f"no entry in {data} changed" + f" since {values['since']}" * bool(since), err=True)


def _told(update: Update) -> str:
    lines = [f"{update.seen_at}  {update.record_id}  {update.title or ''}"]
    for field, old, new in update.differences:
        before, after = (textwrap.shorten(value or "nothing", 100, placeholder=" ...") for value in (old, new))
        lines.append(f"  {field}: {before} -> {after}")
    return "\n".join(lines)
