"""How fresh and how complete the catalogue is, and what a person should look at. Called by `harvester status`.

The last runs and the gates are read from the archive where there is one: what a closed gate kept back is only there.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import asdict

from harvester.archive import Archive
from harvester.catalogue import query
from harvester.checks import FRUITLESS
from harvester.config import Config
from harvester.lock import Owner
from harvester.registries import BY_NUMBER_ONLY, REGISTRIES
from harvester.schedule import Wish, plan

#: Of `runs`: the newest of each search of a registry (by its words, however it asked), of its single numbers and of its files.
_LAST_RUNS = """
    SELECT max(run_id) AS run_id, registry, kind, query, words, started_at, finished_at, announced, stored, new, changed,
           unchanged, rejected, coalesce(verdict, 'cut off') AS verdict, message
    FROM runs GROUP BY registry, iif(kind IN ('numbers', 'import'), kind, 'search'), words ORDER BY registry, run_id
"""
#: Of `runs`: when a search, or an import, was last complete.
_COMPLETE = """
    SELECT registry, words, kind = 'import' AS is_import, max(finished_at) FROM runs
    WHERE verdict = 'complete' AND kind <> 'numbers' GROUP BY registry, words, is_import
"""


class Problem(NamedTuple):
    """Something to look at. `kind`: cut off, failed, incomplete, stale, no inbox, gate closed, not built, no catalogue."""

    registry: str | None
    kind: str
    sentence: str


def status(
    catalogue: sqlite3.Connection | None,
    archive: Archive | None,
    config: Config,
    now: datetime.datetime,
    owner: Owner | None = None,
) -> dict[str, Any]:
    """Counts, freshness, last runs and problems, as plain values for JSON. `now` with its time zone; `owner`: who is at work.

    At least one of catalogue and archive is there.
    """
    runs_of = archive.db if archive else catalogue
    assert runs_of is not None
    last_runs = query(runs_of, _LAST_RUNS)
    freshness = _freshness(runs_of, config, now)
    last_build = archive.last_build() if archive else None
    problems = [
        *_unfinished(last_runs, config, owner),
        *_stale(freshness),
        *_shut(config),
        *_unpublished(catalogue, archive, last_build, owner),
    ]
    return {
        "ok": not problems,
        "problems": [problem._asdict() for problem in problems],
        "counts": _counts(catalogue),
        "registries": _registries(catalogue, freshness),
        "last_runs": last_runs,
        "last_build": dict(zip(("built_at", "verdict", "message"), last_build, strict=True)) if last_build else None,
        "at_work": asdict(owner) if owner else None,
    }


# ------------------------------------------------------------------------------------------------------- the problems


def _unfinished(last_runs: list[dict[str, Any]], config: Config, owner: Owner | None) -> list[Problem]:
    """Last runs that were not complete: of what the configuration asks for, and of each registry the newest, whatever it was.

    Not an import that went through: what it could not read its own exit code said, it is among the rejected payloads, and to import the
    same files again would bring nothing more.
    """
    wanted = _searches(config)
    newest = {run["registry"]: run["run_id"] for run in last_runs}
    found = []
    for run in last_runs:
        is_search = run["kind"] not in ("numbers", "import")
        is_due = run["run_id"] == newest[run["registry"]] or (
            is_search and (not wanted or (run["registry"], run["words"]) in wanted)
        )
        is_through = run["verdict"] == "complete" or (run["kind"], run["verdict"]) == ("import", "incomplete")
        if is_through or not is_due or (run["verdict"] == "cut off" and owner):
            continue
        name = f"{REGISTRIES[run['registry']].name}, {run['query']}"
        if run["verdict"] == "cut off":
            words = f"the run of {run['started_at']} was cut off before its end: run `harvester refresh` again, it goes on from there"
        else:
            came = "failed" if run["verdict"] == "failed" else f"was {run['verdict']}"
            words = f"the run that ended {run['finished_at']} {came}: {run['message']}"
        found.append(Problem(run["registry"], run["verdict"], f"{name}: {words}"))
    return found


def _stale(freshness: dict[str, dict[str, Any]]) -> list[Problem]:
    found = []
    for source, fresh in freshness.items():
        name, limit, age = REGISTRIES[source].name, fresh["stale_after_days"], fresh["age_days"]
        if age is None:
            words = "no run over all that the configuration asks for was ever complete: run `harvester refresh`"
        elif age < -1:
            words = (
                f"its last complete run ended {fresh['last_complete_at']}, which lies ahead: set this machine's clock"
            )
        elif age > limit:
            way = (
                "download a new export into its inbox"
                if source in BY_NUMBER_ONLY
                else "does the scheduled `harvester refresh` still run, and what does it say"
            )
            words = (
                f"stale: its last complete run ended {fresh['last_complete_at']}, {age:,.1f} days ago, and {limit:g} are allowed "
                f"(stale_after_days): {way}"
            )
        else:
            continue
        found.append(Problem(source, "stale", f"{name}: {words}"))
    return found


def _shut(config: Config) -> Iterator[Problem]:
    """Inboxes that are not there."""
    for source, own in config.registries.items():
        if own.enabled and own.inbox and not Path(own.inbox).is_dir():
            words = f"its inbox {own.inbox} is no folder: make it or mount it, or mend harvester.toml"
            yield Problem(source, "no inbox", f"{REGISTRIES[source].name}: {words}")


def _unpublished(
    catalogue: sqlite3.Connection | None,
    archive: Archive | None,
    last_build: tuple[str, str, str] | None,
    owner: Owner | None,
) -> list[Problem]:
    if last_build and last_build[1] == "closed":
        built_at, _, figures = last_build
        words = (
            f"a gate closed on {built_at}, and the catalogue that stood before is still published: {figures}. When the figure is right "
            "after all, publish it with `harvester build --accept`; else mend the cause and run `harvester refresh` again, which "
            "reads that registry in full once more"
        )
        return [Problem(None, "gate closed", words)]
    if catalogue is None and archive and archive.is_fruitless():
        return [Problem(None, "no catalogue", FRUITLESS)]
    if catalogue is None:
        return [Problem(None, "no catalogue", "there is an archive and no catalogue: run `harvester build`")]
    if archive and not owner and _about(catalogue, "archive_state") != archive.state():
        words = "archive.db holds what catalogue.db does not show yet: run `harvester build`"
        return [Problem(None, "not built", words)]
    return []


# --------------------------------------------------------------------------------------------------------- the figures


def _searches(config: Config) -> set[tuple[str, str]]:
    """(registry, words) of every search that a refresh by this configuration makes."""
    return {(job.registry, job.query) for job in plan(config, Wish()).jobs if not job.ids}


def _freshness(db: sqlite3.Connection, config: Config, now: datetime.datetime) -> dict[str, dict[str, Any]]:
    """source -> when it was last complete, how long ago, how old it may be; for the registries where that says something.

    Judged is what is searched again and again: by the configuration each of its searches, the oldest counts; without one the
    newest search of each registry that was ever searched. Single numbers say nothing about the rest, and files are as fresh as a
    person's downloads: a registry of files is judged when it has a `stale_after_days` of its own.
    """
    complete = {(source, words, bool(is_import)): at for source, words, is_import, at in db.execute(_COMPLETE)}
    wanted = _searches(config)
    found = {}
    for source in REGISTRIES:
        own = config.registry(source)
        searches = [(source, words, False) for registry, words in sorted(wanted) if registry == source]
        files = bool(own.stale_after_days and own.inbox and not searches)
        if not own.enabled:
            continue
        if searches:
            at = min(complete.get(key, "") for key in searches)
        elif files:
            at = complete.get((source, "", True), "")
        else:
            at = max(
                (at for (registry, _, is_import), at in complete.items() if registry == source and not is_import),
                default="",
            )
            if not at or wanted:
                continue
        age = (now - datetime.datetime.fromisoformat(at)).total_seconds() / 86_400 if at else None
        found[source] = {
            "last_complete_at": at or None,
            "age_days": None if age is None else round(age, 2),
            "stale_after_days": own.stale_after_days or config.stale_after_days,
        }
    return found


def _counts(catalogue: sqlite3.Connection | None) -> dict[str, int] | None:
    tables = ("trials", "records", "warnings", "unmapped_values", "rejected_payloads")
    if catalogue is None:
        return None
    return {table: catalogue.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def _registries(catalogue: sqlite3.Connection | None, freshness: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    sql = "SELECT source, name, records, last_fetched_at, processed_date FROM registries ORDER BY source"
    listed = query(catalogue, sql) if catalogue else []
    unjudged = {"last_complete_at": None, "age_days": None, "stale_after_days": None}
    return [row | freshness.get(row["source"], unjudged) for row in listed]


def _about(catalogue: sqlite3.Connection, key: str) -> str | None:
    row = catalogue.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


# ----------------------------------------------------------------------------------------------------- for a person


def describe(report: dict[str, Any]) -> str:
    """The same for a person, a few lines; the problems are said apart."""
    counts = report["counts"]
    lines = [f"{counts['trials']:,} trials from {counts['records']:,} records"] if counts else []
    for registry in report["registries"]:
        fresh = f", last fetched {registry['last_fetched_at']}" if registry["last_fetched_at"] else ""
        complete = f", complete {registry['last_complete_at']}" if registry["last_complete_at"] else ""
        lines.append(f"  {registry['name']}: {registry['records']:,} records{fresh}{complete}")
    lines.append("Last runs")
    for run in report["last_runs"]:
        announced = f" of {run['announced']:,} announced" if run["announced"] is not None else ""
        lines.append(
            f"  {run['registry']}: {run['verdict']}, {run['stored']:,}{announced} stored ({run['new']:,} new,"
            f" {run['changed']:,} changed), {run['rejected']:,} rejected; {run['query']}, {run['started_at']}"
        )
        if run["message"]:
            lines.append(f"    {run['message']}")
    if counts:
        lines.append(
            f"{counts['warnings']:,} warnings, {counts['unmapped_values']:,} unmapped values,"
            f" {counts['rejected_payloads']:,} rejected payloads"
        )
    if report["at_work"]:
        lines.append("At work now: {work}, process {pid} on {host}, since {since}".format(**report["at_work"]))
    return "\n".join(lines)
