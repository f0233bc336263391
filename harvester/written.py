"""What a person wrote for the build: topics, and the decisions that go before the rules of linking and of sponsors.

Read from harvester.toml and the files it names by `harvester.cli`; the build stores it as tables, which the stages follow and
the site shows. Links have their own file of rules, `harvester.link_overrides`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from harvester.catalogue import refill
from harvester.config import Config, ConfigError
from harvester.decisions import read_decisions
from harvester.link_overrides import Override, read_overrides, store_overrides
from harvester.touched import Touched


class SponsorDecision(NamedTuple):
    """A row of `sponsor_overrides`."""

    name_raw: str
    organization: str
    note: str | None


class Written(NamedTuple):
    """Everything that the configuration says about the catalogue's content."""

    link_overrides: tuple[Override, ...] = ()
    sponsor_overrides: tuple[SponsorDecision, ...] = ()
    topics: tuple[tuple[str, str], ...] = ()  # name, query


NOTHING_WRITTEN = Written()


def written(config: Config) -> Written:
    """Raises ConfigError when a file cannot be used."""
    return Written(
        read_overrides(Path(config.links) if config.links else None),
        _sponsors(config.sponsors) if config.sponsors else (),
        tuple((topic.name, topic.query) for topic in config.topics),
    )


def store_written(db: sqlite3.Connection, what: Written, touched: Touched | None) -> None:
    """Fills the tables that hold what a person wrote."""
    store_overrides(db, what.link_overrides, touched)
    refill(db, "sponsor_overrides", what.sponsor_overrides)
    refill(db, "topics", what.topics)


def _sponsors(file: str) -> tuple[SponsorDecision, ...]:
    """The file's decisions, sorted: columns name_raw (a spelling exactly as `sponsor_aliases` has it), organization, note."""
    found: dict[str, SponsorDecision] = {}
    for place, row in read_decisions(Path(file), SponsorDecision._fields, "sponsors"):
        name_raw, organization = row["name_raw"], row["organization"].strip()
        if not name_raw.strip() or not organization:
            raise ConfigError(f"{place}: a spelling and the organization it names must both stand there")
        decision = SponsorDecision(name_raw, organization, row["note"].strip() or None)
        if found.setdefault(name_raw, decision).organization != organization:
            raise ConfigError(f"{place}: another line says that {name_raw!r} is {found[name_raw].organization!r}")
    return tuple(found[name_raw] for name_raw in sorted(found))
