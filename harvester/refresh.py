"""What a refresh asks of whom: configuration and command line -> jobs for the crawl, and files of the inboxes.

Called by `harvester refresh`, `check` and `demo`. Holds no rule about a registry but which numbers it answers to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from harvester.archive import Archive, Verdict
from harvester.config import Config, ConfigError
from harvester.crawl import Job, Progress, crawl
from harvester.imports import Imported, files_of, import_files
from harvester.registries import REGISTRIES
from normalize.identifiers import canonical

#: Registries that only answer for single numbers: a query there is a person's export, put into the inbox.
BY_NUMBER_ONLY = ("ictrp",)
#: Which source to ask for a registry's number; every other registry's numbers are asked of WHO ICTRP.
_ASKED_OF = {"ClinicalTrials.gov": "ctgov", "EUCTR": "euctr", "CTIS": "ctis", "ISRCTN": "isrctn"}


class Wish(Struct, frozen=True, kw_only=True):
    """What the command line narrows a refresh to; all empty: what the configuration says."""

    registries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    query: str = ""
    ids: tuple[str, ...] = ()
    everything: bool = False


class Refreshed(Struct, kw_only=True):
    """What a refresh came to, before the build."""

    verdicts: list[Verdict]
    imports: list[Imported]
    skipped: list[str]


def plan(config: Config, wish: Wish) -> tuple[list[Job], list[str]]:
    """The jobs of a refresh, and a sentence for each registry that is left out. Raises ConfigError for unknown names."""
    queries = _queries(config, wish)
    asked = wish.registries or tuple(source for source in REGISTRIES if config.registry(source).enabled)
    ids = _ids_by_source(wish)
    jobs: list[Job] = []
    skipped: list[str] = []
    for source in asked:
        own = config.registry(source)
        job = job_for(config, source)
        before = len(jobs)
        if wish.ids:
            if ids.get(source):
                jobs.append(replace(job, ids=tuple(ids[source])))
            continue
        if wish.everything or (own.everything and not wish.query and not wish.topics):
            jobs.append(replace(job, all=True))
        elif source not in BY_NUMBER_ONLY or source in wish.registries:
            jobs += [replace(job, query=overrides.get(source, query)) for query, overrides in queries]
        if own.ids and not wish.query and not wish.topics:
            jobs.append(replace(job, ids=tuple(own.ids)))
        if len(jobs) == before and not own.inbox:
            name = REGISTRIES[source].name
            way = f"an inbox or ids in [registries.{source}]" if source in BY_NUMBER_ONLY else "a topic, or --query"
            skipped.append(f"{name} is left out: it needs {way}")
    return jobs, skipped


def job_for(config: Config, source: str) -> Job:
    """How a registry is asked, without what is asked."""
    own = config.registry(source)
    return Job(
        registry=source,
        base_url=own.base_url or "",
        contact=config.contact or "",
        delay=own.delay,
        obey_robots=own.obey_robots,
        verify_tls=own.verify_tls,
        download_handler=own.download_handler or "",
        arguments={"page_size": str(own.page_size)} if own.page_size else {},
    )


def refresh(
    config: Config,
    wish: Wish,
    archive_path: Path,
    progress: Callable[[Progress], None],
    log_level: str = "CRITICAL",
) -> Refreshed:
    """Fetches and imports; a registry that fails does not stop the others. Raises ConfigError when nothing is asked for."""
    jobs, skipped = plan(config, wish)
    inboxes = {} if wish.ids or wish.query or wish.topics else _inboxes(config, wish.registries)
    if not jobs and not inboxes:
        raise ConfigError(
            "there is nothing to refresh: write topics into harvester.toml, or give --query, --id or --all. "
            + "; ".join(skipped)
        )
    imports = []
    with Archive(archive_path) as archive:
        for source, folder in inboxes.items():
            imports.append(import_files(archive, source, list(files_of([folder]))))
    verdicts = crawl(jobs, archive_path, progress, log_level) if jobs else []
    return Refreshed(verdicts=[*(i.verdict for i in imports if i.verdict), *verdicts], imports=imports, skipped=skipped)


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


def _queries(config: Config, wish: Wish) -> list[tuple[str, dict[str, str]]]:
    if wish.query:
        return [(wish.query, {})]
    known = {topic.name: topic for topic in config.topics}
    for name in wish.topics:
        if name not in known:
            raise ConfigError(
                f"there is no topic {name!r} in the configuration; there are: {', '.join(known) or 'none'}"
            )
    return [(topic.query, topic.overrides) for topic in config.topics if not wish.topics or topic.name in wish.topics]


def _ids_by_source(wish: Wish) -> dict[str, list[str]]:
    """Numbers by the source to ask; one registry named on the command line gets them all."""
    if len(wish.registries) == 1:
        return {wish.registries[0]: list(wish.ids)}
    found: dict[str, list[str]] = {}
    for number in wish.ids:
        known = canonical(number)
        found.setdefault(_ASKED_OF.get(known.registry if known else "", "ictrp"), []).append(number)
    return found
