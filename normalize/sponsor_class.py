"""Sponsors room: the class of an organization by evidence in its name. Called by `sponsors` where no registry and no list gives one."""

from __future__ import annotations

import re

from normalize.closed_lists import SponsorClass
from normalize.sponsor_names import Name
from normalize.sponsor_words import EVIDENCE
from normalize.text import fold

_PHARMA = re.compile(
    r"\w*pharm\w*|\w*farma\w*|bio(?:med|tech|scien|pharm|logic|thera)\w*|\w+(?:therapeutics|genetics|biotics|biologics)"
)
_STUDY_GROUP = re.compile(
    r"\b(?:study|cancer|oncology|lymphoma|leukemia|trials?|research|cooperative|working)\b.*\bgroup\b|\bgroup\b.*\b(?:study|cancer|lymphoma|leukemia|research|trials?)\b"
)


def by_evidence(name_raw: str, name: Name) -> SponsorClass:
    """The class that the words of a name speak for; unknown when they are silent."""
    words = frozenset(name.words)
    if _STUDY_GROUP.search(" ".join(name.words)) and not name.company:
        return "network"
    for class_, evidence in EVIDENCE[:1]:
        if words & evidence:
            return class_
    if name.company:
        return "industry"
    for class_, evidence in EVIDENCE[1:]:
        if words & evidence:
            return class_
    if any(_PHARMA.fullmatch(word) for word in fold(name_raw).split()):
        return "industry"
    return "individual" if name.person else "unknown"
