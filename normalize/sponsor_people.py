"""Sponsors room: whether a name is a person's, so that no organization is found in it. Called by `sponsors`.

Investigators are sponsors of their own trials, and many have the name of a company or a hospital: Hiroshi Takeda, Christian Meyer.
"""

from __future__ import annotations

import re

from normalize.sponsor_names import TITLE, Name, repaired, words_of
from normalize.sponsor_words import COUNTRIES, GENERIC, GIVEN_NAMES, HEADS, PLACES, SURNAMES
from normalize.text import fold

_DEGREES = re.compile(r"[\s,]+(?:M\.?\s?D|Ph\.?\s?D|M\.?\s?Sc|M\.?\s?P\.?\s?H|MBBS|FRCP|DO|RN)\b\.?", re.IGNORECASE)
#: Two to four words, each with a capital or an initial: "Hiroshi Takeda", "Jørgen B. Dahl", "Marianne Kiszka-Kanowitz", "TAKEDA Hiroshi".
_WORDS = re.compile(r"[^\W\d_][\w'’-]*\.?(?:,?\s+[^\W\d_][\w'’-]*\.?){1,3}")

#: Parts of long words that name organizations: "Hochgebirgsklinik", "Allergiestiftung".
_ORGANIZED = re.compile(
    "clini|klini|hospital|spital|sykehus|sygehus|sjukhus|sairaal|ziekenhuis|krankenhaus|stiftung|stichting|institut|zentrum|centr|universi|gesellschaft"
    "|verein|praxis|praktijk|pharma|forsch|health|group|gruppe"
)


def is_person(name_raw: str, name: Name, said: bool) -> bool:
    """Whether a sponsor's name is nothing but a person's.

    `said`: the registry gives its class as individual, which holds for any name without a company's form or a word that heads an
    organization's. Else it may be a person's and has a title, a common given name or, of two words, a common surname.
    """
    if said:
        return not name.company and HEADS.keys().isdisjoint(name.words)
    titled = name.person and "," not in name_raw  # "Prof. Quandt, Charité"
    words = fold(name_raw).split()
    named = not GIVEN_NAMES.isdisjoint(words) or (len(words) == 2 and not SURNAMES.isdisjoint(words))
    return may_be_a_person(name_raw, name) and (titled or named)


def may_be_a_person(name_raw: str, name: Name) -> bool:
    """Whether a name has two to four words, with capitals or as initials, none of them a place or a word of organizations ("Jieming QU")."""
    text = _DEGREES.sub("", TITLE.sub("", repaired(name_raw))).strip(" .,")
    return (
        not name.company
        and _ORGANIZED.search(fold(text)) is None
        and _WORDS.fullmatch(text) is not None
        and all(w in GIVEN_NAMES or not (w in GENERIC or w in PLACES or w in COUNTRIES) for w in words_of(text))
    )
