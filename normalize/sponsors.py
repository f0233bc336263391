"""Names of organizations -> one organization. Registry-blind; called by the build with all names of a catalogue."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

from normalize.schema import SponsorClass
from normalize.text import fold


class NameUse(NamedTuple):
    """A spelling, the registry's class of it where one was given, and how many records use it so."""

    name_raw: str
    class_registry: SponsorClass | None
    records: int


class Organization(NamedTuple):
    sponsor_id: str
    name: str
    class_: SponsorClass
    parent_sponsor_id: str | None
    country_code: str | None


class Alias(NamedTuple):
    name_raw: str
    sponsor_id: str
    rule: str


Spelling = TypeVar("Spelling", bound=str)
_BRACKETS = re.compile(r"\s*\([^()]*\)")


def organizations(uses: Iterable[NameUse]) -> tuple[list[Organization], list[Alias]]:
    """Organizations and the spelling-to-organization table; the result does not depend on the order of `uses`."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    classes: dict[str, Counter[SponsorClass]] = defaultdict(Counter)
    aliases = {}
    for use in uses:
        key = fold(_BRACKETS.sub("", use.name_raw)) or fold(use.name_raw)
        if not key:
            continue
        sponsor_id = key.replace(" ", "-")
        spellings[sponsor_id][use.name_raw] += use.records
        if use.class_registry and use.class_registry != "unknown":
            classes[sponsor_id][use.class_registry] += use.records
        aliases[use.name_raw] = Alias(use.name_raw, sponsor_id, "same name, without case, accents and brackets")
    found = [
        Organization(sponsor_id, _most_used(counted), _most_used(classes[sponsor_id]) if classes[sponsor_id] else "unknown", None, None)
        for sponsor_id, counted in sorted(spellings.items())
    ]
    return found, [aliases[name] for name in sorted(aliases)]


def _most_used(counted: Counter[Spelling]) -> Spelling:
    return min(counted, key=lambda name: (-counted[name], name))
