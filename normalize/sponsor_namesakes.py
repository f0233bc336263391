"""Sponsors room: names in which a known organization's words stand and which are another's. Called by `sponsor_list`."""

from __future__ import annotations

import re

from normalize.sponsor_names import words_of
from normalize.sponsor_words import COUNTRIES, GENERIC, HEADS, PLACES

# What stands right before "University", and whether "of" follows: "Ryerson University, Toronto", "Indiana University of Pennsylvania".
_UNIVERSITY = re.compile(r"((?:[^\W\d_][\w'’-]*[ \t]+){1,4})University\b([ \t]+of\b)?", re.IGNORECASE)


def universities(name_raw: str) -> frozenset[str]:
    """Words by which a university is told from that of its town: "Ryerson", "Indiana", but none of "Medical University of Vienna".

    Where "of" follows only a place is one: "ACCORD University of Edinburgh".
    """
    named: set[str] = set()
    for before, of in _UNIVERSITY.findall(name_raw):
        words = words_of(before)
        named.update(w for w in words if w in PLACES or w in COUNTRIES)
        named.update(w for w in words[-1:] if w not in GENERIC and not of)
    return frozenset(named)


def is_town_of_another(words: tuple[str, ...], at: int, size: int, named: frozenset[str]) -> bool:
    """Whether a run of words is but the kind and the town of a university in `named`: "Ryerson University, Toronto" is not the University of
    Toronto."""
    run = words[at : at + size]
    town = run[0] == "university" and all(w in PLACES for w in run[1:])
    return town and bool(named.intersection(words[:at]) - set(run))


def is_a_company_of_its_own(words: tuple[str, ...], at: int) -> bool:
    """Whether a company has no more than this one word of a hospital or university in its name ("Karolinska Development AB")."""
    rest = [*words[:at], *words[at + 1 :]]
    return bool(rest) and not any(HEADS.get(w) for w in rest)
