"""Command line: what a command says while it works, for a person or as JSON lines, and how a refresh is accounted for."""

from __future__ import annotations

import logging
import os
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

import click
from msgspec.structs import asdict

from harvester.archive import Verdict
from harvester.cli.common import Failed
from harvester.cli.streams import lasting
from harvester.logs import json_lines
from harvester.report import Report, posted, summary
from harvester.webhook import NotTold, post
from spiders.payloads import now

_LEVELS = {"info": logging.INFO, "note": logging.WARNING, "error": logging.ERROR}


class Teller:
    """Says sentences: to a person on stdout, notes on stderr; or as lines of JSON on stderr, where nothing else then stands."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def say(
        self, event: str, sentence: str, level: Literal["info", "note", "error"] = "info", verdict: Verdict | None = None,
        **fields: object,
    ) -> None:  # fmt: skip
        """A sentence; `verdict` is that of the run it is about, `fields` are further figures for a machine."""
        if self.as_json:
            extra: dict[str, object] = {"event": event, "fields": fields}
            if verdict:
                figures = asdict(verdict)
                extra |= {"registry": figures.pop("registry"), "run": figures.pop("run_id")}
                extra["fields"] = {"cause": figures.pop("message"), **figures, **fields}
                level = "info" if verdict.verdict == "complete" else "error"
            logging.getLogger("harvester").log(_LEVELS[level], "%s", sentence, extra=extra)
        elif level == "info":
            click.echo(sentence)
        else:
            click.echo(f"note: {sentence}" if level == "note" else f"harvester: {sentence}", err=True)

    def note(self, sentence: str) -> None:
        """Something that is no failure and worth a line."""
        self.say("note", sentence, "note")


@contextmanager
def reported(teller: Teller, level: str, webhook: str | None) -> Iterator[Report]:
    """A refresh that fills its report: whatever happens, it ends with one line that sums it up, and the webhook is told.

    An error that is a sentence ends the command here, after these.
    """
    report = Report(began=now())
    with lasting(), json_lines(level) if teller.as_json else nullcontext():
        problem: Exception | None = None
        try:
            yield report
        except click.ClickException as error:
            report.failure, report.exit_code, problem = error.format_message(), error.exit_code, error
            _show(teller, error)
        except (sqlite3.Error, OSError) as error:
            report.failure, report.exit_code, problem = str(error), 1, error
            _show(teller, Failed(str(error)))
        except Exception as error:
            report.failure, report.exit_code = (
                f"an error of the harvester itself ({type(error).__name__}: {error}): please report it",
                1,
            )
            _end(teller, report, webhook)
            if not teller.as_json:
                raise
            teller.say("failed", report.failure, "error", traceback=traceback.format_exc())
            raise click.exceptions.Exit(1) from error
        _end(teller, report, webhook)
        if problem:
            raise click.exceptions.Exit(report.exit_code) from problem


def _show(teller: Teller, error: click.ClickException) -> None:
    if teller.as_json:
        teller.say("failed", error.format_message(), "error", exit_code=error.exit_code)
    else:
        error.show()


def _end(teller: Teller, report: Report, webhook: str | None) -> None:
    report.ended = now()
    if webhook:
        try:
            post(webhook, posted(report), os.environ)
        except NotTold as problem:
            teller.note(str(problem))
    line = summary(report)
    if teller.as_json:
        catalogue = report.built._asdict() if report.built else None
        teller.say("refreshed", line, verdict_of_all=report.verdict, exit_code=report.exit_code, catalogue=catalogue)
    click.echo(line)
