"""What ISRCTN has replaced: it takes nothing out of a field, but puts the new text before the old one, each under a heading.

"Current inclusion criteria as of 08/06/2020: ... _____ Previous inclusion criteria: ..." Only what is current counts; the raw columns
keep the whole. Called by `isrctn.py`, and by the ICTRP modules for the same registry.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from normalize import eligibility
from normalize.closed_lists import CriterionKind
from normalize.eligibility import Eligibility
from normalize.schema import Criterion

_CURRENT = re.compile(
    r"\s*(?:(?:inclusion|exclusion) criteria:\s*)?Current\b[^\n.:]{2,80}?\bas of \d{1,2}/\d{1,2}/\d{4}\s*:",
    re.IGNORECASE,
)
_PREVIOUS = re.compile(r"^[ \t]*(?:_{3,}\s*)?Previous\b[^\n.:]{2,90}:", re.IGNORECASE | re.MULTILINE)
_HALF = re.compile("inclusion|exclusion", re.IGNORECASE)

Span = tuple[int, int]


def _bounds(text: str) -> Span:
    """Where what is current begins and ends; a text without both kinds of heading is current as a whole."""
    heading = _CURRENT.match(text)
    if heading is None:
        return 0, len(text)
    previous = _PREVIOUS.search(text, heading.end())
    return heading.end(), previous.start() if previous else len(text)


def current(text: str) -> str:
    """The current part of a text, without its heading."""
    start, end = _bounds(text)
    return text if (start, end) == (0, len(text)) else text[start:end].rstrip("_ \t\n").strip()


def read(parts: Sequence[tuple[CriterionKind, str]]) -> Eligibility:
    """The criteria of both fields as `eligibility.parse` reads them, without those that were replaced. The raw text stays whole.

    The field says which half it is: headings are copied from one to the other ("Current inclusion criteria as of 07/05/2020" before what excludes, ISRCTN50189673).
    """
    criteria = eligibility.parse([(kind, _headed(kind, text)) for kind, text in parts])
    spans: list[Span] = []
    at = 0
    for _, field in parts:
        end = _bounds(field)[1]
        if end < len(field):
            spans.append((at + end, at + len(field)))
        at += len(field) + 2
    criteria = criteria._replace(raw="\n\n".join(field for _, field in parts) or None)
    if not spans:
        return criteria
    halves = ((half and half[: _bounds(half)[1]].rstrip("_ \t\n")) for half in (criteria.inclusion, criteria.exclusion))
    inclusion, exclusion = (half or None for half in halves)
    return leave_out(criteria, spans)._replace(inclusion=inclusion, exclusion=exclusion)


def _headed(kind: CriterionKind, text: str) -> str:
    """The text with the half that it is in its heading; as many characters as before."""
    heading = _CURRENT.match(text)
    return _HALF.sub(kind, heading[0]) + text[heading.end() :] if heading else text


def leave_out(criteria: Eligibility, spans: Sequence[Span]) -> Eligibility:
    """What stands in these parts of the raw text stays there; its lines are neither criteria nor limits, and end none that begin before."""

    def is_out(at: int) -> bool:
        return any(start <= at < end for start, end in spans)

    kept: dict[int, int] = {}
    for ordinal, criterion in enumerate(criteria.criteria, 1):
        if not is_out(criterion.start):
            kept[ordinal] = len(kept) + 1
    return criteria._replace(
        criteria=tuple(
            replace(_ended(criterion, spans), parent_ordinal=kept.get(criterion.parent_ordinal or 0))
            for ordinal, criterion in enumerate(criteria.criteria, 1)
            if ordinal in kept
        ),
        measures=tuple(
            replace(measure, criterion_ordinal=kept[measure.criterion_ordinal])
            for measure in criteria.measures
            if measure.criterion_ordinal in kept and not is_out(measure.start)
        ),
    )


def _ended(criterion: Criterion, spans: Sequence[Span]) -> Criterion:
    """The criterion up to a part that is left out; what it is parted by ("_____") is none of it."""
    end = min((start for start, _ in spans if criterion.start < start < criterion.end), default=criterion.end)
    text = criterion.text[: end - criterion.start].rstrip("_ \t\n")
    return replace(criterion, text=text, end=criterion.start + len(text)) if end < criterion.end else criterion
