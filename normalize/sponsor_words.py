"""Sponsors room: the words of organization names. Tables read once from vocabulary/organization_words.yml and places.yml.

What a word means in English, which words say nothing, which are places. Called by `sponsor_names` and its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import pycountry
from rapidfuzz.distance import OSA

from normalize.closed_lists import SponsorClass
from normalize.tables import table
from normalize.text import fold

_WORDS = table("organization_words")

STOP = frozenset(_WORDS["stop"].split())
COMPANY_FORMS = frozenset(_WORDS["legal"]["company"].split())
LEGAL_FORMS = COMPANY_FORMS | frozenset(_WORDS["legal"]["other"].split())
_TRANSLATIONS = {word: english for english, words in _WORDS["translations"].items() for word in words.split()}
#: Words of business are compared as translated.
BUSINESS = frozenset(t for word in _WORDS["business"].split() for t in _TRANSLATIONS.get(word, word).split())
DEPARTMENT = frozenset(t for word in _WORDS["department"].split() for t in _TRANSLATIONS.get(word, word).split())
SPECIALTIES = frozenset(t for word in _WORDS["specialties"].split() for t in _TRANSLATIONS.get(word, word).split())
HEADS = {word: kind for kind, words in _WORDS["heads"].items() for word in words.split()}
STREETS = frozenset(_WORDS["streets"].split())
TITLES = frozenset(_WORDS["titles"].split())
QUALIFIERS = frozenset(_WORDS["qualifiers"].split())
OTHER_KINDS = frozenset(_WORDS["other_kinds"].split())
DIRECTIONS = frozenset(_WORDS["directions"].split())
LOCAL = frozenset(_WORDS["local"].split())
STRANGERS = {kind: frozenset(words.split()) for kind, words in _WORDS["strangers"].items()}
EVIDENCE: tuple[tuple[SponsorClass, frozenset[str]], ...] = tuple(
    (class_, frozenset(words.split())) for class_, words in _WORDS["evidence"]
)
#: Words of companies of the trade: pharmacy, biotechnology, diagnostics; those that no department of a hospital has.
TRADE = frozenset(word for class_, words in EVIDENCE if class_ == "industry" for word in words)
COMMERCE = TRADE - {"laboratories", "medicines", "diagnostics"} | {"products", "bioscience"}
#: Words of hospitals' names that are those of many towns ("St. Johannes Hospital").
PATRONS = frozenset(_WORDS["common_names"].split()) | {"saint"}
GIVEN_NAMES = frozenset(_WORDS["given_names"].split())
SURNAMES = frozenset(_WORDS["surnames"].split())
NOBODY = frozenset(fold(text) for text in _WORDS["nobody"].split("|"))


def _glued(text: str) -> str:
    return fold(text).replace(" ", "")


def _cities() -> Iterator[tuple[str, str]]:
    """(spelling, place as one word)."""
    for entry in table("places")["cities"].split(";"):
        name, _, spellings = entry.strip().partition("=")
        for spelling in (name, *filter(None, spellings.split(","))):
            yield fold(spelling), _glued(name)


def _countries() -> Iterator[tuple[str, str]]:
    """(spelling, country as one word)."""
    for country in pycountry.countries:
        names = {country.name, getattr(country, "common_name", country.name), country.name.split(",")[0]}
        for name in names:
            yield fold(name), _glued(getattr(country, "common_name", country.name.split(",")[0]))
    for alpha_2, spellings in table("countries")["spellings"].items():
        found = pycountry.countries.get(alpha_2=alpha_2)
        if found is None or alpha_2 == "CN":  # the list of ICTRP's spellings of China holds its cities
            continue
        for spelling in spellings:
            yield fold(spelling), _glued(getattr(found, "common_name", found.name.split(",")[0]))
    yield from (("usa", "unitedstates"), ("us", "unitedstates"), ("uk", "unitedkingdom"), ("england", "unitedkingdom"))
    yield from (("scotland", "unitedkingdom"), ("wales", "unitedkingdom"), ("pr china", "china"), ("prc", "china"))
    yield from ((name, "germany") for name in ("deutschland",))
    yield from (
        ("espana", "spain"),
        ("italia", "italy"),
        ("polska", "poland"),
        ("sverige", "sweden"),
        ("danmark", "denmark"),
    )
    yield from (
        ("osterreich", "austria"),
        ("nederland", "netherlands"),
        ("the netherlands", "netherlands"),
        ("norge", "norway"),
    )


_CITY = dict(_cities())
_COUNTRY = {spelling: name for spelling, name in _countries() if spelling not in _CITY and len(spelling) > 1}
PLACES = frozenset(_CITY.values())
#: Country as one word -> ISO 3166-1 alpha-2.
COUNTRY_CODES = {
    _glued(getattr(country, "common_name", country.name.split(",")[0])): country.alpha_2
    for country in pycountry.countries
}
#: ISO 3166-1 alpha-2 -> country as one word.
NAMED = {code: country for country, code in COUNTRY_CODES.items()}
COUNTRIES = frozenset(_COUNTRY.values()) - PLACES
#: State or province as one word -> ISO 3166-1 alpha-2 of its country.
STATES = {_glued(state): code for code, states in table("places")["states"].items() for state in states.split(";")}

#: Several words -> what they mean; by their first word, the longest first.
_PHRASES: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
for _spelling, _english in [*_CITY.items(), *_COUNTRY.items(), *_WORDS["phrases"].items()]:
    _parts = tuple(_spelling.split())
    if len(_parts) > 1 or _spelling in _WORDS["phrases"]:
        _PHRASES.setdefault(_parts[0], []).append((_parts, tuple(_english.split())))
for _rows in _PHRASES.values():
    _rows.sort(key=lambda row: (-len(row[0]), row))

_ENGLISH = frozenset(word for meaning in _TRANSLATIONS.values() for word in meaning.split())
#: Words that tell no organization from another.
GENERIC = (
    frozenset(f"{_WORDS['common_names']} {_WORDS['generic']}".split())
    | SPECIALTIES
    | _ENGLISH
    | BUSINESS
    | DEPARTMENT
    | frozenset(HEADS)
    | STOP
    | LEGAL_FORMS
    | frozenset({"asl", "irccs"})
)
_LONG_WORDS: dict[str, list[str]] = {}
for _word in sorted({*_TRANSLATIONS, *_ENGLISH, *BUSINESS, "technical", "affiliated", "foundation"}):
    if len(_word) >= 8:
        _LONG_WORDS.setdefault(_word[0], []).append(_word)


@lru_cache(maxsize=200_000)
def _mended(word: str) -> str:
    """A long general word without its typing error ("universiatires"); other words as they are.

    One error in 8 to 11 letters, two from 12 on, never in the first letter ("Monasterio" is a name, two letters from "ministerio").
    """
    if len(word) < 8 or word in _TRANSLATIONS or word in GENERIC or word in _CITY or word in _COUNTRY:
        return word
    allowed = 1 if len(word) < 12 else 2
    best = min(
        (
            (OSA.distance(word, known, score_cutoff=allowed), known)
            for known in _LONG_WORDS.get(word[0], ())
            if abs(len(known) - len(word)) <= allowed
        ),
        default=(allowed + 1, ""),
    )
    return best[1] if best[0] <= allowed else word


_HOSPITAL = re.compile(
    "(.{4,}?)(?:ziekenhuis|krankenhaus|sjukhuset|sjukhus|sykehuset|sykehus|sygehuset|sygehus|klinikum|hospital|spital)"
)


@lru_cache(maxsize=200_000)
def _in_english(word: str) -> tuple[str, ...]:
    word = _mended(word)
    if word in _TRANSLATIONS:
        return tuple(_TRANSLATIONS[word].split())
    place = _CITY.get(word) or _COUNTRY.get(word)
    compound = None if place else _HOSPITAL.fullmatch(word)
    if compound:  # "Maasstadziekenhuis", "Nordlandssykehuset"
        stem = compound[1]
        town = _CITY.get(stem) or _CITY.get(stem.removesuffix("s"))
        return (*((town,) if town else _in_english(stem)), "hospital")
    return (place or word,)


def english(words: Sequence[str]) -> list[str]:
    """Folded words of any language -> English words; places as one word each; stop words and legal forms still among them."""
    out: list[str] = []
    at = 0
    while at < len(words):
        for parts, meaning in _PHRASES.get(words[at], ()):
            if tuple(words[at : at + len(parts)]) == parts:
                out.extend(meaning)
                at += len(parts)
                break
        else:
            out.extend(_in_english(words[at]))
            at += 1
    return out


def distinctive(words: Iterable[str]) -> list[str]:
    """The words that can tell one organization from another: no general words, places, numerals or single letters."""
    return [
        w
        for w in words
        if w not in GENERIC and w not in PLACES and w not in COUNTRIES and len(w) > 2 and not w.isdigit()
    ]
