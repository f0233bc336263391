"""Criteria of a WHO ICTRP record, and the age form that EUCTR's inclusion criteria end in.

Called by `ictrp.py` alone. The halves and the single criteria are the work of `eligibility`; here stands what only ICTRP does to the
text: ClinicalTrials.gov's both halves in one field, EUCTR's section F behind the inclusion criteria, `≥` and `≤` lost to `=`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from normalize import eligibility, superseded
from normalize.closed_lists import CriterionKind
from normalize.eligibility import Eligibility
from normalize.objects import Notes


class AgeForm(Struct, frozen=True, kw_only=True):
    """EUCTR's questions F.1.1 to F.1.3. Limits in years; an open end, or one that the form does not tell, is None."""

    youngest: float | None
    oldest: float | None
    bands: str | None  # those answered with yes, in the form's words
    counts: tuple[tuple[str, int], ...]  # (band, planned number of subjects)


# "Are the trial subjects under 18? no / Number of subjects for this age range: / F.1.2 Adults (18-64 years) yes / F.1.2.1 Number of
# subjects for this age range 175 / F.1.3 Elderly (>=65 years) yes / F.1.3.1 Number of ..." (EUCTR2020-001270-29-GB)
_FIRST_QUESTION = "Are the trial subjects under 18?"
_FORM = re.compile(rf"^[ \t]*{re.escape(_FIRST_QUESTION)}", re.MULTILINE)
_NUMBER = r"[ \t]*Number of subjects for this age range:?[ \t]*(\d{1,9}(?!\S))?"
#: Question, its number of subjects, name of the band as `euctr_design` calls it, ages. Of minors the form does not say how young.
_BANDS = (
    (re.compile(rf"under 18\?[ \t]*(yes|no)?[ \t]*\n{_NUMBER}", re.MULTILINE), "Under 18", None, 17.0),
    (
        re.compile(rf"F\.1\.2 [^\n]{{0,60}}?(yes|no)?[ \t]*\n[ \t]*F\.1\.2\.1{_NUMBER}", re.MULTILINE),
        "Adults (18-64 years)",
        18.0,
        64.0,
    ),
    (
        re.compile(rf"F\.1\.3 [^\n]{{0,60}}?(yes|no)?[ \t]*\n[ \t]*F\.1\.3\.1{_NUMBER}", re.MULTILINE),
        "Elderly (>=65 years)",
        65.0,
        None,
    ),
)


def _form(inclusion: str) -> re.Match[str] | None:
    """The beginning of the age form; few texts have one, and looking for its words first is cheap."""
    return _FORM.search(inclusion) if _FIRST_QUESTION in inclusion else None


def age_form(inclusion: str) -> AgeForm | None:
    """The age form at the end of EUCTR's inclusion criteria; None where there is none."""
    form = _form(inclusion)
    if form is None:
        return None
    answers = [(pattern.search(inclusion, form.start()), *band) for pattern, *band in _BANDS]
    chosen = [(name, lowest, highest) for answer, name, lowest, highest in answers if answer and answer[1] == "yes"]
    return AgeForm(
        youngest=chosen[0][1] if chosen else None,
        oldest=chosen[-1][2] if chosen else None,
        bands=", ".join(name for name, _, _ in chosen) or None,
        counts=tuple((name, int(answer[2])) for answer, name, _, _ in answers if answer and answer[2]),
    )


def read(inclusion: str, exclusion: str, registry: str, notes: Notes) -> Eligibility:
    """The criteria of both fields, each field with its line ends as newlines; empty texts for fields that are not filled."""
    parts: list[tuple[CriterionKind, str]] = []
    if inclusion:
        # ClinicalTrials.gov's whole text stands in Inclusion_Criteria, with its own headings.
        whole = not exclusion and (registry == "ClinicalTrials.gov" or _EXCLUSION_HEADING.search(inclusion) is not None)
        parts.append(("unspecified" if whole else "inclusion", inclusion))
    if exclusion:
        parts.append(("exclusion", exclusion))
    criteria = superseded.read(parts) if registry == "ISRCTN" else eligibility.parse(parts)
    if form := _form(inclusion):
        criteria = _without_form(criteria, form.start(), len(inclusion))
    if "=" in inclusion or "=" in exclusion:
        _warn_of_lost_signs(f"{inclusion[: form.start() if form else None]}\n{exclusion}", notes)
    return criteria


_EXCLUSION_HEADING = re.compile(r"^[^\w\n]{0,40}(?:key |main )?exclusion criteria\b", re.IGNORECASE | re.MULTILINE)


def _without_form(criteria: Eligibility, start: int, end: int) -> Eligibility:
    """The age form, `raw[start:end]`, stays in the raw text; its lines are neither criteria nor limits."""
    inclusion = criteria.inclusion
    if inclusion and (form := _form(inclusion)):
        inclusion = inclusion[: form.start()].rstrip() or None
    return superseded.leave_out(criteria, [(start, end)])._replace(inclusion=inclusion)


# "= 18", not the "< = 18", ">/= 18" or "> or = 18" that registrants write themselves
_LONE_SIGN = re.compile(r"=(?<![<>=!/]=)(?<![<>/]\s=)(?<!\bor=)(?<!\bor\s=)\s?\d[\d.,]*(?:\s?[A-Za-z%/]+)?")


def _warn_of_lost_signs(text: str, notes: Notes) -> None:
    """`=` may have been `≥` or `≤` before ICTRP lost it ("Age = 18 years", NCT04343898): such a limit has no known direction."""
    if lost := list(dict.fromkeys(_LONE_SIGN.findall(text))):
        reason = "ICTRP writes = for both ≥ and ≤, so these limits have no known direction: the text has them, criterion_measures not."
        notes.warn("criterion_measures", "; ".join(lost), reason)
