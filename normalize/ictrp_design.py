"""Study_design of a WHO ICTRP record -> allocation, masking, intervention model and purpose, where the text is a form.

Called by `ictrp.py` alone. Two kinds of forms are read: labels with values (`Allocation: Randomized. Intervention model: Parallel
Assignment. ...`) and the yes/no matrix of EUCTR and CTIS (`Controlled: yes Randomised: yes Open: no ...`). Prose is not
interpreted: it stays in `study_design_raw`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from normalize.ictrp_lists import between
from normalize.objects import Notes


class Design(Struct, frozen=True, kw_only=True):
    """TRDS 15 as far as a form says it; every value in the vocabulary of its column of `records`."""

    allocation: str | None = None
    intervention_model: str | None = None
    masking: str | None = None
    masked_roles: str | None = None
    primary_purpose: str | None = None


#: Labels of the forms of ClinicalTrials.gov, RPCEC, DRKS, ANZCTR, LBCTR, IRCT and CRiS, and what stands behind them.
_LABELS = {
    "allocation": "allocation",
    "randomization": "allocation",
    "intervention model": "intervention_model",
    "assignment": "intervention_model",
    "masking": "masking",
    "blinding": "masking",
    "blinding/masking": "masking",
    "primary purpose": "primary_purpose",
    "study design purpose": "primary_purpose",
    "purpose": "primary_purpose",
    **dict.fromkeys(("control", "control group", "placebo", "type of endpoint", "randomization description",
                     "blinding description", "other design features", "duration", "selection", "timing"), ""),
}  # fmt: skip
_LABEL = re.compile(
    rf"(?:\A|[.,;\n][ \t]*)({'|'.join(sorted(map(re.escape, _LABELS), key=len, reverse=True))})[ \t]*:", re.IGNORECASE
)

#: What a value says, first match wins. A value that none matches leaves its column empty: the text stays in `study_design_raw`.
_VALUES: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "allocation": (
        (re.compile(r"quasi", re.IGNORECASE), ""),
        (re.compile(r"\bnon?[- ]?randomi[sz]ed|not randomi[sz]ed", re.IGNORECASE), "non_randomized"),
        (re.compile(r"randomi[sz]ed|\bRCT\b", re.IGNORECASE), "randomized"),
        (re.compile(r"single[- ]arm|\AN/?A\b", re.IGNORECASE), "na"),
    ),
    "intervention_model": (
        (re.compile(r"parallel", re.IGNORECASE), "parallel"),
        (re.compile(r"cross-?\s?over", re.IGNORECASE), "crossover"),
        (re.compile(r"factorial", re.IGNORECASE), "factorial"),
        (re.compile(r"sequential", re.IGNORECASE), "sequential"),
        (re.compile(r"\Asingle\b", re.IGNORECASE), "single_group"),
        (re.compile(r"\Aother\b", re.IGNORECASE), "other"),
    ),
    "masking": (
        (re.compile(r"\A(?:open|none|no\b|not (?:blinded|masked|used))", re.IGNORECASE), "none"),
        (re.compile(r"\Asingle", re.IGNORECASE), "single"),
        (re.compile(r"\Adouble", re.IGNORECASE), "double"),
        (re.compile(r"\Atriple", re.IGNORECASE), "triple"),
        (re.compile(r"\Aquadruple", re.IGNORECASE), "quadruple"),
    ),
    "primary_purpose": (
        (re.compile(r"\Atreatment", re.IGNORECASE), "treatment"),
        (re.compile(r"\Aprevention", re.IGNORECASE), "prevention"),
        (re.compile(r"\Adiagnos", re.IGNORECASE), "diagnostic"),
        (re.compile(r"\Asupportive", re.IGNORECASE), "supportive_care"),
        (re.compile(r"\Ascreening", re.IGNORECASE), "screening"),
        (re.compile(r"\Ahealth (?:care system|services? research)", re.IGNORECASE), "health_services_research"),
        (re.compile(r"\Abasic science", re.IGNORECASE), "basic_science"),
        (re.compile(r"\Adevice feasibility", re.IGNORECASE), "device_feasibility"),
        (re.compile(r"\Aother\b", re.IGNORECASE), "other"),
    ),
}
_ROLES = {
    "participant": "participant",
    "care provider": "care_provider",
    "investigator": "investigator",
    "outcomes assessor": "outcomes_assessor",
}
_ROLE_LIST = re.compile(r"\(([^()]*)\)")

_MATRIX = re.compile(
    r"\b(Controlled|Randomised|Open|Single blind|Double blind|Parallel group|Cross over):\s?(yes|no)\b", re.IGNORECASE
)
_OTHER_MODEL = re.compile(r"\bCross over:\s?\w*\s?Other:\s?yes\b", re.IGNORECASE)
_ONE_ARM = re.compile(r"\bNumber of treatment arms in the trial:\s?1\b")
_BLINDINGS = (("open", "none"), ("single blind", "single"), ("double blind", "double"))
_MODELS = (("parallel group", "parallel"), ("cross over", "crossover"))

Contradiction = tuple[str, tuple[str, ...]]


def read(text: str, notes: Notes) -> Design:
    """The design that the form says; an empty one for prose. A form that contradicts itself leaves a warning."""
    design, contradictions = _read_form(text) if len(text) <= _LONGEST_CACHED else _read(text)
    for column, values in contradictions:
        notes.warn(column, text, f"The design says {' and '.join(values)} at once.")
    return design


def _read(text: str) -> tuple[Design, tuple[Contradiction, ...]]:
    return _matrix(text) if text.startswith("Controlled:") else (_labelled(text), ())


# The forms are a few hundred texts, which most trials share.
_read_form = lru_cache(maxsize=4096)(_read)
_LONGEST_CACHED = 600


def _labelled(text: str) -> Design:
    said: dict[str, str] = {}
    for label, value in between(text, list(_LABEL.finditer(text))):
        column = _LABELS.get(label.lower())
        if column and (value := value.strip(" .;,\n")):
            said.setdefault(column, value)
    return Design(
        allocation=_value("allocation", said),
        intervention_model=_value("intervention_model", said),
        masking=_value("masking", said),
        masked_roles=_roles(said.get("masking", "")),
        primary_purpose=_value("primary_purpose", said),
    )


def _value(column: str, said: dict[str, str]) -> str | None:
    text = said.get(column)
    if text is None:
        return None
    return next((value for pattern, value in _VALUES[column] if pattern.search(text)), None) or None


def _roles(masking: str) -> str | None:
    listed = _ROLE_LIST.search(masking)
    roles = [_ROLES.get(role.strip().lower()) for role in listed[1].split(",")] if listed else []
    return ", ".join(role for role in roles if role) or None


def _matrix(text: str) -> tuple[Design, tuple[Contradiction, ...]]:
    """E.8.1 and E.8.2.4 of EUCTR's form, read as `euctr_design` does. Nothing but `no` is a form that was not filled in
    (CTIS2023-507385-11-00: neither open nor blind)."""
    answers: dict[str, bool] = {}
    for label, answer in _MATRIX.findall(text):
        answers.setdefault(label.lower(), answer.lower() == "yes")
    if not any(answers.values()):
        return Design(), ()
    one_arm = _ONE_ARM.search(text) is not None
    blindings = tuple(value for label, value in _BLINDINGS if answers.get(label))
    models = tuple(value for label, value in _MODELS if answers.get(label))
    if not models and (_OTHER_MODEL.search(text) or one_arm):
        models = ("other",) if _OTHER_MODEL.search(text) else ("single_group",)
    unlike = "na" if one_arm else "non_randomized"
    design = Design(
        allocation=None if "randomised" not in answers else "randomized" if answers["randomised"] else unlike,
        masking=blindings[0] if len(blindings) == 1 else None,
        intervention_model=models[0] if len(models) == 1 else None,
    )
    both = (("masking", blindings), ("intervention_model", models))
    return design, tuple((column, values) for column, values in both if len(values) > 1)
