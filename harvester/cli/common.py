"""Command line: what commands share: options, the lock, opening the data folder, and failing with a sentence."""

from __future__ import annotations

import datetime
import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from harvester.archive import Archive
from harvester.catalogue import lacking
from harvester.cli.streams import lasting, open_streams
from harvester.config import Config, ConfigError, load
from harvester.lock import Locked, describe_takeover, locked
from harvester.stopping import Stopped, stoppable
from harvester.unusable import Unusable, connect_to_read

Command = TypeVar("Command", bound=Callable[..., Any])


class Failed(click.ClickException):
    """Something failed or is incomplete: exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        click.echo(f"harvester: {self.format_message()}", err=True)


class Commands(click.Group):
    """Commands that read the data folder's databases: what a damaged, locked or newer file refuses becomes a sentence, and so does
    an output that takes nothing."""

    def main(self, *given: Any, **named: Any) -> Any:
        open_streams()
        return super().main(*given, **named)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        for word in args if args[:1] != ["import"] else []:  # a file on the disk may have any name
            spelled = os.fsencode(word).decode("utf-8", "backslashreplace")
            if spelled != word:
                raise click.UsageError(
                    f"{spelled!r} is no UTF-8: write it in UTF-8, or give the file or folder another name"
                )
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except Unusable as problem:
            raise Failed(str(problem)) from problem
        except OSError as problem:
            if problem.errno == errno.EPIPE:
                raise  # `| head` has seen enough: click ends quietly
            raise Failed(f"the output cannot be written, or a file not be read: {problem}") from problem


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


def port_option(command: Command) -> Command:
    """`--port P`, the first port to try."""
    return click.option(
        "--port", default=8001, show_default=True, type=click.IntRange(1, 65_535), help="First port to try."
    )(command)


def not_empty(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """The value of an option. Raises UsageError for one without a word: what an empty variable of a script leaves would pass for an
    option that was not given."""
    given: tuple[str, ...] = (value,) if isinstance(value, str) else value or ()
    if not all(words.strip() for words in given):
        raise click.UsageError(f"{parameter.opts[0]} is empty: write what to fetch, or leave it out")
    return value


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


@contextmanager
def alone(data: Path, work: str, note: Callable[[str], None] | None = None) -> Iterator[int]:
    """Holds the lock of the data folder; yields its open file. Raises Failed when somebody else is at work there, and when a
    signal asks for the end. Within, nothing that is said can fail."""
    with ExitStack() as stack:
        stack.enter_context(lasting())
        try:
            lock = stack.enter_context(locked(data, work))
        except Locked as problem:
            raise Failed(str(problem)) from problem
        except OSError as problem:
            raise Failed(
                f"the folder {data} cannot be written to ({problem}): make room, mend its rights, or give another --data"
            ) from problem
        if lock.taken_over:
            told = describe_takeover(lock.taken_over)
            note(told) if note else click.echo(f"note: {told}", err=True)
        try:
            with stoppable():
                yield lock.file
        except Stopped as stopped:
            raise Failed(str(stopped)) from stopped


def open_catalogue(data: Path) -> sqlite3.Connection:
    """The catalogue, read-only. Raises Failed when there is none, or one of another version."""
    path = data / "catalogue.db"
    if not path.exists():
        way = "build" if (data / "archive.db").exists() else "refresh"
        raise Failed(f"there is no catalogue in {data}: run `harvester {way}`, or `harvester demo` to see one")
    db = connect_to_read(path)
    if column := lacking(db):
        db.close()
        raise Failed(f"{path} is no catalogue of this version (it has no {column}): `harvester build` makes it anew")
    return db


def read_archive(data: Path) -> Archive:
    """The archive, for reading. Raises Failed when there is none, Unusable when it refuses."""
    path = data / "archive.db"
    if not path.exists():
        raise Failed(f"there is no archive in {data}: run `harvester refresh` or `harvester import` first")
    return Archive.read(path)


def first_day(since: str) -> str:
    """The first day meant by `--since`: a day, or so many days ago. Raises UsageError when it is none."""
    if not since:
        return ""
    try:
        if since.endswith("d"):
            return str(datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=int(since[:-1])))
        return str(datetime.date.fromisoformat(since))
    except (ValueError, OverflowError) as problem:
        raise click.UsageError(f"--since {since}: write a day, 2026-01-31, or a number of days, 7d") from problem


def trial_named(db: sqlite3.Connection, number: str) -> str:
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
