"""What a refresh does before the build: files of the inboxes, jobs of the crawl, and a question for each record that went.

Called by `harvester refresh` and the demo. Which jobs there are is decided in `harvester.schedule`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harvester import history
from harvester.archive import Archive, Verdict
from harvester.config import Config, ConfigError
from harvester.crawl import Progress, crawl
from harvester.imports import Imported, files_of, import_files, new_files
from harvester.logs import QUIET, Logs
from harvester.registries import BY_NUMBER_ONLY, REGISTRIES
from harvester.schedule import Wish, job_for, latest_moment, plan
from harvester.stopping import at


class Refreshed(Struct, kw_only=True):
    """What a refresh came to, before the build. `notes` are sentences that are no failure."""

    verdicts: list[Verdict]
    imports: list[Imported]
    notes: list[str]


def refresh(
    config: Config,
    wish: Wish,
    archive_path: Path,
    progress: Callable[[Progress], None],
    logs: Logs = QUIET,
    lock: int | None = None,
) -> Refreshed:
    """Fetches and imports; a registry that fails does not stop the others. Raises ConfigError when nothing is asked for."""
    at("while it read inboxes and fetched")
    inboxes = {} if wish.ids or wish.query or wish.topics else _inboxes(config, wish.registries)
    planned = plan(config, wish)
    if not planned.jobs and not inboxes:
        raise ConfigError(
            "there is nothing to refresh: write topics into harvester.toml (looked for where the command starts; --config names another), or give --query, --id or --all. "
            + "; ".join(planned.skipped)
        )
    with Archive(archive_path) as archive:
        planned = plan(config, wish, history.pasts(archive, latest_moment()))
        notes = [*planned.skipped, *planned.notes]
        imports = []
        shut = []
        for source, folder in inboxes.items():
            if not folder.is_dir():
                shut.append(_shut(source, folder))
                continue
            files = list(files_of([folder]))
            if fresh := new_files(archive, source, files):
                imports.append(import_files(archive, source, fresh))
            else:
                held = f"{len(files)} file{'s' * (len(files) != 1)}, all read before" if files else "it is empty"
                notes.append(f"{REGISTRIES[source].name}: nothing new in the inbox {folder} ({held})")
        last_run = history.last_run(archive)
    jobs = [replace(job, last_run=last_run) for job in planned.jobs]
    verdicts = [*shut, *(done.verdict for done in imports)]
    verdicts += crawl(jobs, archive_path, progress, logs, lock) if jobs else []
    if any(verdict.stopped for verdict in verdicts):
        return Refreshed(verdicts=verdicts, imports=imports, notes=notes)
    notes += [_nothing_found(verdict) for verdict in verdicts if _is_barren(verdict)]
    verdicts += _ask_what_became_of_missing(config, archive_path, {job.registry for job in jobs}, last_run, logs, lock)
    return Refreshed(verdicts=verdicts, imports=imports, notes=notes)


def _ask_what_became_of_missing(
    config: Config, archive_path: Path, registries: set[str], last_run: int, logs: Logs, lock: int | None
) -> list[Verdict]:
    """Asks by number for each record that the last complete sweep of a query no longer lists: it is served, or withdrawn.

    A sweep whose refresh was cut off before this is followed up by the next one."""
    sweeps: dict[str, list[int]] = {}
    missing: dict[str, dict[str, None]] = {}
    with Archive(archive_path) as archive:
        for run_id, registry, words in history.sweeps_to_follow_up(archive):
            if registry in registries and registry not in BY_NUMBER_ONLY:
                sweeps.setdefault(registry, []).append(run_id)
                ids = history.no_longer_listed(archive, run_id, registry, words)
                missing.setdefault(registry, {}).update(dict.fromkeys(ids))
    jobs = [
        replace(job_for(config, source), ids=tuple(ids), last_run=last_run) for source, ids in missing.items() if ids
    ]
    verdicts = crawl(jobs, archive_path, lambda _: None, logs, lock) if jobs else []
    failed = {verdict.registry for verdict in verdicts if verdict.verdict == "failed"}
    with Archive(archive_path) as archive:
        for registry, runs in sweeps.items():
            if registry not in failed:
                history.follow_up(archive, runs)
    return verdicts


def _inboxes(config: Config, registries: Iterable[str]) -> dict[str, Path]:
    found = {}
    for source in tuple(registries) or tuple(REGISTRIES):
        inbox = config.registry(source).inbox
        if inbox and config.registry(source).enabled:
            found[source] = Path(inbox)
    return found


def _shut(source: str, folder: Path) -> Verdict:
    """Of an inbox that is not there (a share that was not mounted, say): other registries go on. `harvester status` looks for
    itself, so the run is not filed."""
    message = f"its inbox {folder} is no folder: make it or mount it, or mend harvester.toml"
    return Verdict(registry=source, query=f"import from {folder}", kind="import", verdict="failed", message=message)


def _is_barren(verdict: Verdict) -> bool:
    return bool(verdict.kind == "sweep" and verdict.words and verdict.verdict == "complete" and verdict.announced == 0)


def _nothing_found(verdict: Verdict) -> str:
    """A query that a registry does not understand looks like one that finds nothing."""
    return (
        f"{REGISTRIES[verdict.registry].name} has nothing for {verdict.words!r}: if that cannot be, give it words of its own in "
        f"the topic's overrides"
    )
