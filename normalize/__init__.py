"""What the bytes mean: pure functions of a payload, without network, clock, database, settings or logging."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from msgspec.structs import replace

from normalize.eligibility_facts import facts
from normalize.measures import unread
from normalize.schema import Record
from normalize.tables import version

__all__ = ["normalize", "version"]


def normalize(source: str, body: bytes, media_type: str) -> Record:
    """The record that a payload of `source` holds.

    `body` is one record as the registry served it, `media_type` its type with charset (`text/csv; charset=utf-8`).
    The same payload always gives the same record. Raises `normalize.schema.Unreadable` when it holds none.
    """
    record: Record = _of(source).normalize(body, media_type)
    return replace(record, eligibility_facts=facts(record), warnings=(*record.warnings, *unread(record.criteria)))


@cache
def _of(source: str) -> ModuleType:
    return import_module(f"normalize.{source}")
