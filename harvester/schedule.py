"""Harvester room: which jobs a refresh has, decided from the configuration, the command line and what earlier runs brought.

Called by `harvester.refresh`; pure: the clock and the past are arguments. Holds no rule about a registry but which numbers
it answers to, and how far back it tells what changed.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from harvester.config import Config, ConfigError
from harvester.crawl import Job
from harvester.history import Past
from harvester.registries import BY_NUMBER_ONLY, REGISTRIES, no_search
from normalize.identifiers import canonical
from spiders.euctr import DAYS_OF_FEED

#: Which source to ask for a registry's number; every other registry's numbers are asked of WHO ICTRP.
_ASKED_OF = {"ClinicalTrials.gov": "ctgov", "EUCTR": "euctr", "CTIS": "ctis", "ISRCTN": "isrctn"}
#: Registries that tell what changed in the last days only.
_DAYS_TOLD = {"euctr": DAYS_OF_FEED}
#: A run that began later than this from now says that the clock was set back since.
_CLOCK_SLACK = datetime.timedelta(hours=1)


class Wish(Struct, frozen=True, kw_only=True):
    """What the command line narrows a refresh to; all empty: what the configuration says."""

    registries: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    query: str = ""
    ids: tuple[str, ...] = ()
    everything: bool = False
    full: bool = False  # read queries in full, whatever earlier runs brought


class Plan(Struct, frozen=True, kw_only=True):
    """The jobs of a refresh, and sentences: registries that are left out, and what is odd about the past."""

    jobs: list[Job]
    skipped: list[str]
    notes: list[str]


def plan(
    config: Config,
    wish: Wish,
    pasts: Mapping[tuple[str, str], Past] | None = None,
    now: datetime.datetime | None = None,
) -> Plan:
    """Raises ConfigError for unknown topics, and for a search where there is none. `pasts`: (registry, words) -> when it was read; `now`: with its time zone."""
    now = (now or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    queries = _queries(config, wish)
    asked = wish.registries or tuple(source for source in REGISTRIES if config.registry(source).enabled)
    if wish.query or wish.topics or wish.everything:
        for source in BY_NUMBER_ONLY:
            if source in wish.registries:
                raise ConfigError(no_search(source))
    ids = _ids_by_source(wish)
    jobs: list[Job] = []
    skipped: list[str] = []
    notes: list[str] = []
    for source in asked:
        own = config.registry(source)
        job = job_for(config, source)
        searches: list[Job] = []
        if wish.ids:
            jobs += [replace(job, ids=tuple(ids[source]))] if ids.get(source) else []
            continue
        if source in BY_NUMBER_ONLY:
            pass
        elif wish.everything or (own.everything and not wish.query and not wish.topics):
            searches = [replace(job, all=True)]
        else:
            words = dict.fromkeys(overrides.get(source, query) for query, overrides in queries)
            searches = [replace(job, query=query) for query in words]
        for search in searches:
            past = (pasts or {}).get((source, search.query)) or Past()
            if past.ahead:
                notes.append(
                    f"{REGISTRIES[source].name}: a run began {past.ahead}, which lies ahead: the clock was set back since, so "
                    "that run does not count and what it brought is asked for again"
                )
            if past.doubted:
                notes.append(
                    f"{REGISTRIES[source].name}: a gate closed on {past.doubted} for what it had brought, so it is read in full once more"
                )
            jobs.append(search if wish.full else _narrowed(search, past, now, config))
        if own.ids and not wish.query and not wish.topics:
            jobs.append(replace(job, ids=tuple(own.ids)))
        elif not searches and not own.inbox:
            name = REGISTRIES[source].name
            way = f"an inbox or ids in [registries.{source}]" if source in BY_NUMBER_ONLY else "a topic, or --query"
            skipped.append(f"{name} is left out: it needs {way}")
    return Plan(jobs=jobs, skipped=skipped, notes=notes)


def _narrowed(search: Job, past: Past, now: datetime.datetime, config: Config) -> Job:
    """The search, or only what changed since the last good run, or what is new and the stalest records where a registry no
    longer tells what changed; in full again after `full_sweep_days`."""
    if not past.sweep or now - _moment(past.sweep) >= datetime.timedelta(days=config.full_sweep_days):
        return search
    success = _moment(past.success)
    days_told = _DAYS_TOLD.get(search.registry)
    if days_told is None:
        since = success.date() - datetime.timedelta(days=config.overlap_days)
    elif (now.date() - success.date()).days < days_told:
        since = success.date()  # what the registry tells overlaps by itself
    else:
        return replace(search, recheck=config.recheck_records)
    return replace(search, since=since.isoformat(), all=False)


def latest_moment(now: datetime.datetime | None = None) -> str:
    """The latest moment at which a run can have begun (ISO 8601, UTC), if no clock was set back."""
    now = (now or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    return (now + _CLOCK_SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


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
