"""What the bytes mean: pure functions of a payload, without network, clock, database, settings or logging."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

from msgspec.structs import replace

from normalize.eligibility_facts import facts
from normalize.schema import Record


def normalize(source: str, body: bytes, media_type: str) -> Record:
    """The record that a payload of `source` holds.

    `body` is one record as the registry served it, `media_type` its type with charset (`text/csv; charset=utf-8`).
    The same payload always gives the same record. Raises `normalize.schema.Unreadable` when it holds none.
    """
    record: Record = import_module(f"normalize.{source}").normalize(body, media_type)
    return replace(record, eligibility_facts=facts(record))


@cache
def version() -> str:
    """Twelve hex digits that change whenever a rule or a vocabulary of this package does."""
    room = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted((*room.glob("*.py"), *room.glob("vocabulary/*.yml"))):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
