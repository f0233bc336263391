"""harvester.toml: what to harvest, as whom, and how politely. Read by the command line; every key is optional.

Files and folders that it names (`sponsors`, `links`, `inbox`) are looked for beside it, wherever the command was started: a
scheduled job begins in `/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from harvester.registries import BY_NUMBER_ONLY, REGISTRIES, no_search


class ConfigError(Exception):
    """harvester.toml cannot be used; the message names the file, the key and what to write instead."""


#: No calendar and no database can count on without end.
Days = Annotated[float, Meta(ge=0, le=100_000)]
WholeDays = Annotated[int, Meta(ge=0, le=100_000)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Topic(Struct, forbid_unknown_fields=True):
    """One query in the user's words; `overrides` gives a registry a query of its own."""

    name: str
    query: str
    overrides: dict[str, str] = field(default_factory=dict)


class RegistryConfig(Struct, forbid_unknown_fields=True):
    """How one registry is asked. Times in seconds."""

    enabled: bool = True
    base_url: str | None = None  # a local server instead of the registry's own address
    delay: Seconds = 1.0  # between two requests; a longer Crawl-delay of its robots.txt goes before
    obey_robots: bool = True
    verify_tls: bool = True
    download_handler: str | None = None  # dotted path of another Scrapy download handler for https
    page_size: Annotated[int, Meta(ge=1)] | None = None
    everything: bool = False  # the whole registry instead of the topics
    ids: list[str] = field(default_factory=list)  # single records
    inbox: str | None = None  # folder of export files that a person puts there
    stale_after_days: Days | None = (
        None  # instead of the common one; for a registry of files: since the last good import
    )


class Gates(Struct, forbid_unknown_fields=True):
    """What a new catalogue may lose before it is not published. Shares from 0 to 1."""

    fill_rate_fall: Share = 0.1  # of all records of a source, those that no longer fill a column
    changed_fill_fall: Share = 0.8  # of the records that changed in this build
    count_fall: Share = 0.1  # records of a source, trials, records that a registry announces for a query
    at_least: Count = 5  # fewer records than these never close a gate


class Site(Struct, forbid_unknown_fields=True):
    """Whom readers of the site may write to, and what they may do with SQL of their own."""

    contact: str | None = None  # page or e-mail address for corrections and removals; shown on the site
    sql: bool = True  # False: tables and the queries that stand there can be read, no other query run
    sql_seconds: Seconds = 5.0  # a query that takes longer is stopped
    sql_rows: Count = 5000  # more rows than these are not shown; a table's CSV has all

    @property
    def settings(self) -> dict[str, Any]:
        """The same as Datasette's settings."""
        return {
            "default_allow_sql": self.sql,
            "sql_time_limit_ms": round(self.sql_seconds * 1000),
            "max_returned_rows": self.sql_rows,
        }


class Retention(Struct, forbid_unknown_fields=True):
    """What `harvester archive compact` takes away once it is so many days old; None: never. See `harvester.retention`."""

    repeats_days: Days | None = None  # fetches that brought nothing new, but for the first and last of each version
    rejected_days: Days | None = None  # bytes that became no record; their sha256 and the reason stay
    history_days: Days | None = None  # versions that are no longer shown: their changes are lost


class Config(Struct, forbid_unknown_fields=True):
    """The whole file."""

    contact: str | None = None  # e-mail or page, sent in the User-Agent
    publish_contacts: bool = False
    sponsors: str | None = None  # CSV file of a person's decisions on which organization a spelling names
    links: str | None = None  # CSV file of a person's decisions on which records are one trial
    full_sweep_days: Days = 30  # a query is read in full again after so many days, else only what changed
    overlap_days: WholeDays = 3  # what changed is asked for from so many days before the last good run on
    recheck_records: Count = (
        500  # known records that a run asks for again where a registry no longer tells what changed
    )
    stale_after_days: Days = 8  # `harvester status` warns when the last complete run is older
    webhook: str | None = None  # address that is told what a refresh came to; $NAME in it is an environment variable
    gates: Gates = field(default_factory=Gates)
    retention: Retention = field(default_factory=Retention)
    site: Site = field(default_factory=Site)
    topics: list[Topic] = field(default_factory=list)
    registries: dict[str, RegistryConfig] = field(default_factory=dict)

    def registry(self, source: str) -> RegistryConfig:
        """The settings of a registry, the defaults where the file says nothing."""
        return self.registries.get(source) or RegistryConfig()


def load(path: Path | None) -> Config:
    """Reads a configuration; without a path, `harvester.toml` of this folder where there is one. Raises ConfigError."""
    if path is None:
        path = Path("harvester.toml")
        if not path.exists() and not path.is_symlink():  # a link that leads nowhere is a mistake, not "no file"
            return Config()
    try:
        # Some editors begin a file with a mark of its encoding.
        config = msgspec.toml.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), type=Config)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path} is not written in UTF-8 ({problem.reason}): save it as UTF-8") from problem
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as problem:
        raise ConfigError(f"{path}: {_in_words(str(problem))}. The README lists every key.") from problem
    if mistake := next(_mistakes(config), None):
        raise ConfigError(f"{path}: {mistake}")
    return _beside(path.parent, config)


def _mistakes(config: Config) -> Iterator[str]:
    """What is wrong with a file whose keys and kinds of values are right."""
    for source in [*config.registries, *(name for topic in config.topics for name in topic.overrides)]:
        if source not in REGISTRIES:
            yield f"there is no registry {source!r}; the registries are {', '.join(REGISTRIES)}"
    names = [topic.name for topic in config.topics]
    for topic in config.topics:
        if names.count(topic.name) > 1:
            yield f"two topics are called {topic.name!r}: each needs a name of its own"
        if not all(words.strip() for words in (topic.query, *topic.overrides.values())):
            yield f"the topic {topic.name!r} has a query without a word: write what to search for"
        for source in BY_NUMBER_ONLY:
            if source in topic.overrides:
                yield f"the topic {topic.name!r} has words for {source}: {no_search(source)}"
    for key, name in (("links", config.links), ("sponsors", config.sponsors)):
        if name is not None and not name.strip():
            yield f"{key} is empty: name a file, or leave the key out"
    for source, own in config.registries.items():
        if own.base_url is not None and not _is_base(own.base_url):
            yield (
                f"base_url of {source} must begin with https:// or http:// and name a server, without a password, ? or #, and is "
                f"{own.base_url!r}"
            )
        if own.inbox is not None and not own.inbox.strip():
            yield f"inbox of {source} is empty: name a folder, or leave the key out"
        if own.everything and source in BY_NUMBER_ONLY:
            yield f"everything of {source} cannot be asked for: {no_search(source)}"
        if not all(number.strip() for number in own.ids):
            yield f"ids of {source} holds a number without a digit or letter: write the number, or leave it out"


def _is_base(address: str) -> bool:
    """Whether paths can be appended to an address, and it leads somewhere."""
    try:
        parts = urlsplit(address)
        is_server = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False
    is_plain = address.isprintable() and not re.search(r"[\s?#]", address)
    return address.startswith(("http://", "https://")) and is_server and is_plain


#: How msgspec calls the kinds of values of TOML, and how a person does.
_KINDS = {
    "str": "text in quotes", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
    "object": "a table", "null": "nothing",
}  # fmt: skip


def _in_words(problem: str) -> str:
    """msgspec's sentence, for who wrote the file: ``Expected `int`, got `str` - at `$.registries[...].page_size` ``."""
    words, _, place = problem.partition(" - at `$.")
    where = f" ({place.rstrip('`').replace('[...]', '.*')})" if place else ""
    if unknown := re.fullmatch(r"Object contains unknown field `(.+)`", words):
        homes = {key.name: home for table, home in _HOMES.items() for key in msgspec.structs.fields(table)}
        if home := homes.get(unknown[1]):  # TOML puts a line below a [table] into that table
            return f"`{unknown[1]}` stands in the wrong place{where}: it belongs {home}"
        near = get_close_matches(unknown[1], homes, 1)
        return f"there is no key `{unknown[1]}`{where}" + (f"; is `{near[0]}` meant?" if near else "")
    if missing := re.fullmatch(r"Object missing required field `(.+)`", words):
        return f"the key `{missing[1]}` is missing{where}"
    named = re.sub(r"`([a-z]+)(?: \| null)?`", lambda kind: _KINDS.get(kind[1], kind[0]), words)
    return (named[:1].lower() + named[1:] if place else named) + where


#: Where the keys of each table stand. A name that two tables have is told of the last.
_HOMES: dict[type[Struct], str] = {
    Topic: "below [[topics]]",
    RegistryConfig: "below a [registries.NAME]",
    Gates: "below [gates]",
    Site: "below [site]",
    Retention: "below [retention]",
    Config: "at the top of the file, above the first [table]",
}


def _beside(folder: Path, config: Config) -> Config:
    """The configuration with its relative paths beginning in a folder."""

    def found(name: str | None) -> str | None:
        return None if name is None else str(folder / name)

    registries = {source: replace(one, inbox=found(one.inbox)) for source, one in config.registries.items()}
    return replace(config, sponsors=found(config.sponsors), links=found(config.links), registries=registries)
