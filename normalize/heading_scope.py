"""For whom or when the criteria under a heading hold ("Inclusion Criteria for Controls", "Cohort 2"). Called by `eligibility`; registry-blind.

A heading's words are held against those that say nothing but which half begins: what is left names a part of the
participants or of the study, so that the criteria below it are not those of everyone. Words in vocabulary/headings.yml.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from normalize import foreign_titles
from normalize.headings import FRAME, VOCABULARY

_SOME = frozenset(VOCABULARY["some"].split())
_SAYS_NOTHING = (FRAME | frozenset(VOCABULARY["title"].split())) - _SOME
_PARTS = r"(?:participants?|patients?|subjects?|individuals?|volunteers?|people|groups?|cohorts?|arms?|parts?|phases?|stages?|sub-?stud(?:y|ies)|randomi[sz]ations?)"
_ALL = re.compile(
    rf"\b(?:all|both|each|every)\s(?:of\s)?(?:the\s)?(?:study\s|trial\s|treatment\s)?{_PARTS}\b", re.IGNORECASE
)
#: "in any of the following cases" means no case in contrast to a control.
_CASES = re.compile(r"\b(?:following|these|such|those|any)\s(?:of\s)?(?:the\s)?cases?\b", re.IGNORECASE)
_TAKE_PART = re.compile(r"\btake\spart\b")  # no part of the study
_WORD = re.compile(r"[^\W\d_][\w'’/]*")


class Scope(NamedTuple):
    """What a heading says beside which half begins."""

    says: str | None  # the heading as it is written, where it names some of the participants or of the study
    is_for_all: bool  # it says that the criteria are those of all ("... for all cohorts")


NO_SCOPE = Scope(None, False)


def _says_nothing(low: str) -> bool:
    return _SAYS_NOTHING.issuperset(_WORD.findall(low))


# The country records of one trial, and the trials of one sponsor, have the same headings.
@lru_cache(maxsize=1024)
def scope(heading: str) -> Scope:
    """What a heading says of those whom the criteria below it concern."""
    rest, of_all = _ALL.subn(" ", heading)
    rest = _TAKE_PART.sub(" ", _CASES.sub(" ", rest).lower().replace("’", "'"))
    if _says_nothing(rest) or _says_nothing(foreign_titles.without(rest)):
        return Scope(None, of_all > 0)
    return Scope(heading.strip(" \n:：-–*_"), False)
