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
from harvester.crawl import Job, Progress, crawl
from harvester.imports import Imported, files_of, import_files, new_files
from harvester.registries import REGISTRIES
from harvester.schedule import BY_NUMBER_ONLY, Wish, job_for, plan
from spiders.base import now


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
    log_level: str = "CRITICAL",
    lock: int | None = None,
) -> Refreshed:
    """Fetches and imports; a registry that fails does not stop the others. Raises ConfigError when nothing is asked for."""
    begun = now()
    inboxes = {} if wish.ids or wish.query or wish.topics else _inboxes(config, wish.registries)
    planned = plan(config, wish)
    if not planned.jobs and not inboxes:
        raise ConfigError(
            "there is nothing to refresh: write topics into harvester.toml, or give --query, --id or --all. "
            + "; ".join(planned.skipped)
        )
    with Archive(archive_path) as archive:
        planned = plan(config, wish, history.pasts(archive))
        notes = [*planned.skipped, *planned.notes]
        imports = []
        for source, folder in inboxes.items():
            files = list(files_of([folder]))
            if fresh := new_files(archive, source, files):
                imports.append(import_files(archive, source, fresh))
            else:
                notes.append(
                    f"{REGISTRIES[source].name}: nothing new in the inbox {folder} ({len(files)} files, all read before)"
                )
    jobs = [replace(job, begun=begun) for job in planned.jobs]
    verdicts = [done.verdict for done in imports if done.verdict]
    verdicts += crawl(jobs, archive_path, progress, log_level, lock) if jobs else []
    if any(verdict.stopped for verdict in verdicts):
        return Refreshed(verdicts=verdicts, imports=imports, notes=notes)
    with Archive(archive_path) as archive:
        questions = _what_became_of(archive, config, verdicts)
    if questions:
        verdicts += crawl(
            [replace(job, begun=begun) for job in questions], archive_path, lambda _: None, log_level, lock
        )
    return Refreshed(verdicts=verdicts, imports=imports, notes=notes)


def _what_became_of(archive: Archive, config: Config, verdicts: Iterable[Verdict]) -> list[Job]:
    """For each complete sweep the records that it no longer lists: asked for by number, a record is served or withdrawn."""
    gone: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.kind == "sweep" and verdict.verdict == "complete" and verdict.registry not in BY_NUMBER_ONLY:
            ids = history.no_longer_listed(archive, verdict.run_id, verdict.registry, verdict.words)
            gone.setdefault(verdict.registry, []).extend(ids)
    return [replace(job_for(config, source), ids=tuple(dict.fromkeys(ids))) for source, ids in gone.items() if ids]


def _inboxes(config: Config, registries: Iterable[str]) -> dict[str, Path]:
    found = {}
    for source in tuple(registries) or tuple(REGISTRIES):
        inbox = config.registry(source).inbox
        if inbox and config.registry(source).enabled:
            folder = Path(inbox)
            if not folder.is_dir():
                raise ConfigError(
                    f"the inbox of {REGISTRIES[source].name}, {inbox}, is not a folder: make it, or mend harvester.toml"
                )
            found[source] = folder
    return found
