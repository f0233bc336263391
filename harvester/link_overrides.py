"""Linking room: what a person decided about two records. Called by `written`; read from the file that `links` in harvester.toml names.

    record,other,verdict,note
    NCT01234567,ISRCTN12345678,same,the protocol names both
    NCT01234567,2012-001234-56,different,the extension

`record` and `other` are registry numbers in any form, or record ids (`ctgov:NCT01234567`). A decision is about numbers, so it
survives every rebuild and stands for all records of a number; one about a number that is not in the catalogue waits for it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal, NamedTuple, cast

from harvester.catalogue import refill
from harvester.config import ConfigError
from harvester.decisions import read_decisions
from harvester.link_entries import filed_under
from harvester.registries import REGISTRIES
from harvester.touched import Touched


class Override(NamedTuple):
    """A row of `link_overrides`; `number` comes before `other_number`."""

    number: str
    other_number: str
    verdict: Literal["same", "different"]
    note: str | None


_COLUMNS = ("record", "other", "verdict", "note")


def read_overrides(path: Path | None) -> tuple[Override, ...]:
    """The decisions of a file, sorted. Raises ConfigError."""
    if path is None:
        return ()
    found: dict[tuple[str, str], Override] = {}
    for place, row in read_decisions(path, _COLUMNS, "links"):
        verdict = row["verdict"].strip().lower()
        if verdict not in ("same", "different"):
            raise ConfigError(f"{place}: the verdict is {row['verdict']!r}; write same or different")
        one, other = sorted(_number(row[column], place) for column in ("record", "other"))
        if one == other:
            raise ConfigError(f"{place}: both are {one}; records of one number are one trial")
        decided = Override(one, other, cast(Literal["same", "different"], verdict), row["note"].strip() or None)
        if found.setdefault((one, other), decided).verdict != verdict:
            raise ConfigError(f"{place}: another line says that {one} and {other} are {found[one, other].verdict}")
    return tuple(sorted(found.values(), key=lambda override: override[:2]))


def _number(written: str, place: str) -> str:
    source, colon, rest = written.strip().partition(":")
    text = rest if colon and source in REGISTRIES else written.strip()
    if not text:
        raise ConfigError(f"{place}: a number is missing")
    return filed_under(text)


def store_overrides(db: sqlite3.Connection, overrides: tuple[Override, ...], touched: Touched | None) -> None:
    """Fills `link_overrides`; in a step the records about which a decision came, went or changed count as touched."""
    stored = {Override(*row) for row in db.execute("SELECT number, other_number, verdict, note FROM link_overrides")}
    if stored == set(overrides):
        return
    refill(db, "link_overrides", overrides)
    if touched is not None:
        for override in stored ^ set(overrides):
            touched.records.update(
                row[0]
                for row in db.execute("SELECT record_id FROM record_numbers WHERE number IN (?, ?)", override[:2])
            )
