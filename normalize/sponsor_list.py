"""Sponsors room: the organizations that vocabulary/organizations.yml knows, and how a name is found among them.

Called by `sponsors`. The file's own head says how to write an entry.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

import yaml

from normalize.schema import SponsorClass
from normalize.sponsor_names import Name, words_of
from normalize.sponsor_words import BUSINESS, COUNTRIES, PLACES, distinctive
from normalize.text import fold


class Known(NamedTuple):
    """One organization of the file."""

    name: str
    class_: SponsorClass
    country_code: str | None
    parent: str | None
    whole: tuple[str, ...]  # spellings that count only as a whole name
    phrases: tuple[str, ...]  # spellings that count wherever they stand in a name


class Match(NamedTuple):
    known: Known
    rule: str


class _Index(NamedTuple):
    whole: dict[str, Known]
    sorted_: dict[tuple[str, ...], Known]
    ordered: dict[tuple[str, ...], Known]
    glued: dict[str, Known]
    longest: int
    ambiguous: frozenset[str]


#: In a name that a longer phrase does not explain, these words say that another organization than the one found is meant.
_STRANGERS: dict[str, frozenset[str]] = {
    "industry": frozenset("hospital university foundation society association college school ministry nhs institute patients employees".split()),
    "university": frozenset("hospital foundation nhs affiliated association society union children network ministry".split()),
    "academic_or_hospital": frozenset("foundation association society friends ministry group".split()),
    "government": frozenset("hospital university foundation association society".split()),
    "network": frozenset("hospital university".split()),
    "other_nonprofit": frozenset("hospital university".split()),
    "individual": frozenset(),
    "unknown": frozenset(),
}
#: Beside one of these the name of a place is the name of its hospital or region.
_LOCAL = frozenset("hospital university regional nhs dept health medical county council".split())
#: What a name is called when two known organizations stand in it.
_PRECEDENCE = {"hospital": 3, "network": 3, "industry": 3, "other_nonprofit": 2, "university": 2, "individual": 1, "government": 1, "unknown": 0}


def _table() -> dict[str, object]:
    text = (Path(__file__).parent / "vocabulary" / "organizations.yml").read_text(encoding="utf-8")
    table: dict[str, object] = yaml.load(text, Loader=yaml.BaseLoader)
    return table


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", " ").split(";") if part.strip()]


@cache
def organizations() -> dict[str, Known]:
    """Name -> organization. A name twice, an unknown class or a parent that the file does not hold: ValueError."""
    table = _table()
    parents = {child: parent for parent, children in table["parents"].items() for child in _split(children)}  # type: ignore[attr-defined]
    out: dict[str, Known] = {}
    for class_ in get_args(SponsorClass):
        for country, entries in (table.get(class_) or {}).items():  # type: ignore[attr-defined]
            for name, spellings in entries.items():
                if name in out:
                    raise ValueError(f"vocabulary/organizations.yml has {name!r} twice")
                parts = _split(spellings)
                whole = tuple(p.removeprefix("=").strip() for p in parts if p.startswith("="))
                phrases = tuple(p for p in parts if not p.startswith("="))
                code = country if len(country) == 2 and country != "--" else None
                out[name] = Known(name, class_, code, parents.get(name), (name, *whole), phrases)
    strays = {name for pair in parents.items() for name in pair} - out.keys()
    if strays:
        raise ValueError(f"vocabulary/organizations.yml has parents or children without an entry: {sorted(strays)}")
    return out


@cache
def ordered_words() -> frozenset[str]:
    """Words beside which the order of words matters: Newcastle University is not the University of Newcastle."""
    return frozenset(str(_table()["order_matters"]).split())


@cache
def _index() -> _Index:
    index = _Index({}, {}, {}, {}, 8, frozenset(fold(part) for part in _split(str(_table()["ambiguous"]))))
    for known in organizations().values():
        for spelling in (*known.whole, *known.phrases):
            if index.whole.setdefault(fold(spelling), known) != known:
                raise ValueError(f"vocabulary/organizations.yml has {spelling!r} under {known.name} and {index.whole[fold(spelling)].name}")
        for spelling in (known.name, *known.phrases):
            words = tuple(words_of(spelling))
            if not words or " ".join(words) in index.ambiguous or (spelling == known.name and not _name_is_phrase(known)):
                continue
            where, key = (index.ordered, words) if ordered_words().intersection(words) else (index.sorted_, tuple(sorted(words)))
            if where.setdefault(key, known) != known:
                raise ValueError(f"vocabulary/organizations.yml: {spelling!r} reads like {where[key].name}, under {known.name}")
            if len("".join(words)) >= 6:
                index.glued.setdefault("".join(words), known)
    return index


def _name_is_phrase(known: Known) -> bool:
    return fold(known.name) not in (fold(w) for w in known.whole[1:])


def _kind(known: Known, words: tuple[str, ...]) -> str:
    if known.class_ == "academic_or_hospital":
        return "university" if "university" in words and "hospital" not in words else "hospital"
    return known.class_


def find(name_raw: str, name: Name) -> Match | None:
    """The known organization that a name names, and by which rule; None when the file knows none or the name says more than one could."""
    index = _index()
    folded = fold(name_raw)
    if folded in index.ambiguous:
        return None
    if folded in index.whole:
        return Match(index.whole[folded], "name in organizations.yml")
    words = name.words
    if not words:
        return None
    if " ".join(words) in index.ambiguous:
        return None
    for abbreviation in name.abbreviations:
        if len(abbreviation) >= 3 and abbreviation in index.whole and abbreviation not in index.ambiguous:
            known = index.whole[abbreviation]
            if known.class_ in ("network", "academic_or_hospital", "government", "other_nonprofit") and abbreviation in map(fold, known.whole + known.phrases):
                initials = "".join(w[0] for w in words)
                if any(fold(p) in folded for p in known.phrases) or abbreviation[0] in initials[:3]:
                    return Match(known, "abbreviation in organizations.yml")
    best: tuple[tuple[int, int, int], Known] | None = None
    taken = -1
    for at in range(len(words)):
        for size in range(min(index.longest, len(words) - at), 0, -1):
            window = words[at : at + size]
            known_ = index.ordered.get(window) or index.sorted_.get(tuple(sorted(window)))
            if known_ is None and size <= 4:
                known_ = index.glued.get("".join(window))
            if known_ is None:
                continue
            if at + size <= taken:
                break
            taken = at + size
            kind = _kind(known_, window)
            strangers = _STRANGERS["academic_or_hospital" if kind == "hospital" else kind]
            rest = [w for w in (*words[:at], *words[at + size :])]
            if strangers.intersection(rest) and not (known_.class_ == "industry" and len(rest) > 12):
                break
            if not distinctive(window) and not _stands(window, rest):
                break
            rank = (_PRECEDENCE.get(kind, 2), -at if kind == "industry" else size, -at)
            if best is None or rank > best[0]:
                best = (rank, known_)
            break
    if best is None:
        return None
    return Match(best[1], "known organization in the name")


def _stands(window: tuple[str, ...], rest: list[str]) -> bool:
    """Whether a spelling of general words and places alone may name its organization in this company.

    A single place needs a hospital, a region or the like beside it; general words without a place must be the whole name; general
    words of business with a short name ("3M Health Care") may have words of business beside them.
    """
    if len(window) == 1 and window[0] in PLACES:
        return not rest or bool(_LOCAL.intersection(rest))
    if any(w in PLACES for w in window):
        return True
    return all(w in BUSINESS or w in PLACES or w in COUNTRIES or w.isdigit() for w in rest)
