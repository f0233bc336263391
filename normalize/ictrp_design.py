"""Study_design of a WHO ICTRP record -> allocation, masking, model, purpose and time perspective, as far as it states them.

Called by `ictrp.py` alone. Three ways of writing are read: labels with values (`Allocation: Randomized. Intervention model: Parallel
Assignment. ...`), the yes/no matrix of EUCTR and CTIS (`Controlled: yes Randomised: yes Open: no ...`), and statements one after the
other (`Randomized, Parallel Group Trial`, `single arm study, open(masking not used), ...`). A text that says two things of one column
leaves it empty, and so does one too long to be a design: it stays in `study_design_raw`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from normalize import design_words, vocabularies
from normalize.ictrp_lists import between
from normalize.objects import Notes


class Design(Struct, frozen=True, kw_only=True):
    """TRDS 15 as far as the text says it; every value in the vocabulary of its column of `records`."""

    allocation: str | None = None
    intervention_model: str | None = None
    masking: str | None = None
    masked_roles: str | None = None
    primary_purpose: str | None = None
    observational_model: str | None = None
    time_perspective: str | None = None


#: Labels of the forms of ClinicalTrials.gov, RPCEC, DRKS, ANZCTR, LBCTR, IRCT, CRiS, NTR and CTRI, and what stands behind them.
_LABELS = {
    "allocation": "allocation",
    "randomization": "allocation",
    "type": "type",  # NTR
    "intervention model": "intervention_model",
    "assignment": "intervention_model",
    "group": "intervention_model",
    "masking": "masking",
    "blinding": "masking",
    "blinding/masking": "masking",
    "blinding and masking": "masking",
    "blinded subject": "masked",  # CRiS
    "primary purpose": "primary_purpose",
    "study design purpose": "primary_purpose",
    "purpose": "primary_purpose",
    "observational study model": "observational_model",
    "observational model": "observational_model",
    "selection": "observational_model",  # ANZCTR
    "time perspective": "time_perspective",
    "timing": "time_perspective",  # ANZCTR
    **dict.fromkeys(("control", "control group", "placebo", "type of endpoint", "randomization description", "randomized",
                     "blinding description", "other design features", "duration", "enrollment", "biospecimen retention",
                     "method of generating randomization sequence", "method of allocation concealment"), ""),
}  # fmt: skip
#: CTRI parts its labels by blanks alone.
_LABEL = re.compile(
    rf"(?:\A|[.,;\n][ \t]*|\s(?=Method of|Blinding and))({'|'.join(sorted(map(re.escape, _LABELS), key=len, reverse=True))})[ \t]*:",
    re.IGNORECASE,
)

#: ISRCTN's trial type ends the text in brackets, jRCT's and NL-OMON's purpose is one of a list.
_STATEMENTS = re.compile(r"[,;()]")
#: Longer texts are a protocol's prose, in which other studies' designs occur too (REPEC).
_LONGEST_STATEMENTS = 500

#: The masked parties, before or behind the word: "Blinded (patient/subject, assessor)" (DRKS), "Participant and Investigator Blinded" (CTRI).
_PARTIES = re.compile(r"(?:\A[^()]*\((?P<behind>[^()]*)\)|\A(?P<before>[^()]+?) Blinded\Z)", re.IGNORECASE)
_AND = re.compile(r",| and ")
_BY_NUMBER = ("single", "double", "triple", "quadruple")

_MATRIX = re.compile(
    r"\b(Controlled|Randomised|Open|Single blind|Double blind|Parallel group|Cross over):\s?(yes|no)\b", re.IGNORECASE
)
_OTHER_MODEL = re.compile(r"\bCross over:\s?\w*\s?Other:\s?yes\b", re.IGNORECASE)
_ONE_ARM = re.compile(r"\bNumber of treatment arms in the trial:\s?1\b")
_BLINDINGS = (("open", "none"), ("single blind", "single"), ("double blind", "double"))
_MODELS = (("parallel group", "parallel"), ("cross over", "crossover"))

Contradiction = tuple[str, tuple[str, ...]]


def read(text: str, study_type: str | None, notes: Notes) -> Design:
    """The design that the text states of a study of this type. A yes/no matrix that contradicts itself leaves a warning.

    Of an observational study, words say what it observes and when, and nothing of allocation and masking: ChiCTR's "Single arm" is there
    a group of patients.
    """
    observational = study_type == "observational"
    reader = _read_form if len(text) <= _LONGEST_CACHED else _read
    design, contradictions = reader(text, observational)
    for column, values in contradictions:
        notes.warn(column, text, f"The design says {' and '.join(values)} at once.")
    return design


def _read(text: str, observational: bool) -> tuple[Design, tuple[Contradiction, ...]]:
    return _matrix(text) if text.startswith("Controlled:") else (_stated(text, observational), ())


# The forms are a few hundred texts, which most trials share.
_read_form = lru_cache(maxsize=4096)(_read)
_LONGEST_CACHED = 600


def _stated(text: str, observational: bool) -> Design:
    """What stands behind labels, and for columns without one what the words before the first label say."""
    said: dict[str, str] = {}
    for label, value in between(text, list(_LABEL.finditer(text))):
        column = _LABELS.get(label.lower(), "") if label else "statements"
        if column and (value := value.strip(" .;,\n")):
            said.setdefault(column, value)
    statements = said.get("statements", "")
    if len(statements) > _LONGEST_STATEMENTS:
        statements = ""
    # NTR says "Randomized: No" of all its trials; its type tells: "2 or more arms, randomized" (NL8485).
    arms = "" if observational else f"{statements}\n{said.get('type', '')}".strip()
    of_study, of_trial = (statements, "") if observational else ("", statements)
    roles, masking = _masked(said.get("masking", ""), said.get("masked", ""))
    return Design(
        allocation=_value("allocation", said) or design_words.allocation(arms),
        intervention_model=_value("intervention_model", said) or design_words.said("intervention_model", arms),
        masking=_value("masking", said) or masking or design_words.said("masking", of_trial),
        masked_roles=roles,
        primary_purpose=_value("primary_purpose", said) or _purpose(statements),
        observational_model=_value("observational_model", said) or design_words.said("observational_model", of_study),
        time_perspective=_value("time_perspective", said) or design_words.said("time_perspective", of_study),
    )


def _value(column: str, said: dict[str, str]) -> str | None:
    """The value behind a label: one of the vocabulary, else what its words say."""
    text = said.get(column)
    return (vocabularies.known(column, text) or design_words.said(column, text)) if text else None


def _purpose(statements: str) -> str | None:
    values = {vocabularies.known("primary_purpose", statement) for statement in _STATEMENTS.split(statements)}
    purposes = values - {None, "other"}
    return purposes.pop() if len(purposes) == 1 else None


def _masked(masking: str, listed: str) -> tuple[str | None, str | None]:
    """(roles that are masked, how many parties those are), where the parties are listed: below a label of their own, or beside the masking."""
    match = _PARTIES.match(masking)
    named = listed or (match["behind"] or match["before"] if match else "")
    parties = [party.strip() for party in _AND.split(named)] if named else []
    roles = [role for party in parties if (role := vocabularies.known("masked_roles", party))]
    return ", ".join(dict.fromkeys(roles)) or None, _BY_NUMBER[min(len(parties), 4) - 1] if roles else None


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
