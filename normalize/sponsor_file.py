"""Sponsors room: vocabulary/organizations.yml, read. Called by `sponsor_list`, which finds its organizations in names, and by `sponsors`.

The file's own head says how to write an entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, get_args

from normalize.closed_lists import SponsorClass
from normalize.sponsor_names import words_of
from normalize.tables import compiled, table
from normalize.text import fold


class Known(NamedTuple):
    """One organization of the file."""

    name: str
    class_: SponsorClass
    country_code: str | None
    parent: str | None
    whole: tuple[str, ...]  # spellings that count only as a whole name
    phrases: tuple[str, ...]  # spellings that count wherever they stand in a name


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", " ").split(";") if part.strip()]


@compiled
def organizations() -> dict[str, Known]:
    """Name -> organization. A name twice, an unknown class or a parent that the file does not hold: ValueError."""
    listed = table("organizations")
    parents = {child: parent for parent, children in listed["parents"].items() for child in _split(children)}
    out: dict[str, Known] = {}
    for class_ in get_args(SponsorClass):
        for country, entries in (listed.get(class_) or {}).items():
            for name, spellings in entries.items():
                if name in out:
                    raise ValueError(f"vocabulary/organizations.yml has {name!r} twice")
                parts = _split(spellings)
                whole = tuple(p.removeprefix("=").strip() for p in parts if p.startswith("="))
                phrases = tuple(p for p in parts if not p.startswith("="))
                code = country if len(country) == 2 and country != "--" else None
                out[name] = Known(name, class_, code, parents.get(name), (name, *whole), phrases)
    for child, parent in sorted(parents.items()):
        if child not in out:  # a company known only by its name
            if parent not in out:
                raise ValueError(f"vocabulary/organizations.yml has no entry for {parent!r}, the parent of {child!r}")
            out[child] = Known(child, out[parent].class_, None, parent, (child,), ())
    return out


@compiled
def ordered_words() -> frozenset[str]:
    """Words beside which the order of words matters: Newcastle University is not the University of Newcastle."""
    return frozenset(table("organizations")["order_matters"].split())


@compiled
def ordinary() -> frozenset[str]:
    """Words that are a company's name only in the company of words of its trade."""
    return frozenset(table("organizations")["ordinary"].split())


def ambiguous() -> Iterator[str]:
    """Names that mean more than one organization: as written, and with their words in the order of the alphabet."""
    for part in map(fold, _split(table("organizations")["ambiguous"])):
        words = words_of(part)
        yield from (part, " ".join(words), " ".join(sorted(words)))


@compiled
def together() -> list[tuple[frozenset[str], Known]]:
    """Names of organizations that sponsor trials as one, and the organization that they are together."""
    known = organizations()
    return [(frozenset(_split(parts)), known[name]) for name, parts in table("organizations")["together"].items()]


@compiled
def own_words() -> dict[str, frozenset[str]]:
    """Name of an organization -> the words of its spellings."""
    return {
        known.name: frozenset(w for spelling in (*known.whole, *known.phrases) for w in words_of(spelling))
        for known in organizations().values()
    }
