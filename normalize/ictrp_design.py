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

from normalize import vocabularies
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

#: What words say that stand in a text, column by column; all that are found have to say the same.
_WORDS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "allocation": (
        (re.compile(r"\b(?:non?|not|quasi)[- ]?randomi[sz]ed\b", re.IGNORECASE), "non_randomized"),
        (re.compile(r"(?<!non[- ])(?<!not )(?<!no )(?<!quasi[- ])\b(?:randomi[sz]ed|RCT)\b", re.IGNORECASE), "randomized"),
    ),
    "intervention_model": (
        (re.compile(r"\bparallel\b", re.IGNORECASE), "parallel"),
        (re.compile(r"\bcross[- ]?over\b", re.IGNORECASE), "crossover"),
        # The whole word of ChiCTR says how cases are enrolled, in observational studies too; "Sequential" likewise.
        (re.compile(r"\bfactorial\b(?!\Z)", re.IGNORECASE), "factorial"),
        (re.compile(r"\bsingle[- ](?:arm|group|assignment)\b", re.IGNORECASE), "single_group"),
    ),
    "masking": (
        # In a list "open" stands alone (ReBec); UMIN writes "Open -no one is blinded".
        (re.compile(r"\bopen[- ]?label|\b(?:un|non-?|not )(?:blind|mask)ed\b|(?:\A|,)\s*open\s*(?=,|\Z|\(masking|-no one)", re.IGNORECASE), "none"),
        *((re.compile(rf"\b{number}[- ]?(?:blind|mask)", re.IGNORECASE), number) for number in ("single", "double", "triple", "quadruple")),
        # Who is masked is said, but not how many are: no value of the list.
        (re.compile(r"\b(?:assessor|observer|evaluator|rater|analyst|patient|participant|investigator|subject)s?(?:\(s\))?[- ](?:are )?(?:blind|mask)", re.IGNORECASE), ""),
    ),
    "observational_model": (
        (re.compile(r"\bcohort\b", re.IGNORECASE), "cohort"),
        (re.compile(r"\bcase[- ]control", re.IGNORECASE), "case_control"),
        (re.compile(r"\bcase[- ](?:only|series|study)\b", re.IGNORECASE), "case_only"),
    ),
    "time_perspective": (
        (re.compile(r"\bretrospective\b.{1,9}\bprospective\b|\bprospective\b.{1,9}\bretrospective\b|\bambispective\b", re.IGNORECASE), "other"),
        (re.compile(r"\bprospective\b", re.IGNORECASE), "prospective"),
        (re.compile(r"\bretrospective\b", re.IGNORECASE), "retrospective"),
        (re.compile(r"\bcross[- ]sectional\b", re.IGNORECASE), "cross_sectional"),
    ),
}  # fmt: skip
_ONE_GROUP = re.compile(r"\bsingle[- ](?:arm|group)\b", re.IGNORECASE)
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


def read(text: str, notes: Notes) -> Design:
    """The design that the text states. A yes/no matrix that contradicts itself leaves a warning."""
    design, contradictions = _read_form(text) if len(text) <= _LONGEST_CACHED else _read(text)
    for column, values in contradictions:
        notes.warn(column, text, f"The design says {' and '.join(values)} at once.")
    return design


def _read(text: str) -> tuple[Design, tuple[Contradiction, ...]]:
    return _matrix(text) if text.startswith("Controlled:") else (_stated(text), ())


# The forms are a few hundred texts, which most trials share.
_read_form = lru_cache(maxsize=4096)(_read)
_LONGEST_CACHED = 600


def _stated(text: str) -> Design:
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
    arms = f"{statements}\n{said.get('type', '')}".strip()
    roles, masking = _masked(said.get("masking", ""))
    return Design(
        allocation=_value("allocation", said) or _allocation(arms),
        intervention_model=_value("intervention_model", said) or _words("intervention_model", arms),
        masking=_value("masking", said) or masking or _words("masking", statements),
        masked_roles=roles,
        primary_purpose=_value("primary_purpose", said) or _purpose(statements),
        observational_model=_value("observational_model", said) or _words("observational_model", statements),
        time_perspective=_value("time_perspective", said) or _words("time_perspective", statements),
    )


def _value(column: str, said: dict[str, str]) -> str | None:
    """The value behind a label: one of the vocabulary, else what its words say."""
    text = said.get(column)
    return (vocabularies.known(column, text) or _words(column, text)) if text else None


def _words(column: str, text: str) -> str | None:
    found = [value for pattern, value in _WORDS.get(column, ()) if pattern.search(text)]
    if "other" in found:
        return "other"
    return found[0] or None if len(found) == 1 else None


def _allocation(text: str) -> str | None:
    return _words("allocation", text) or ("na" if _ONE_GROUP.search(text) and "andomi" not in text else None)


def _purpose(statements: str) -> str | None:
    values = {vocabularies.known("primary_purpose", statement) for statement in _STATEMENTS.split(statements)}
    purposes = values - {None, "other"}
    return purposes.pop() if len(purposes) == 1 else None


def _masked(masking: str) -> tuple[str | None, str | None]:
    """(roles that are masked, how many parties those are), where the parties are listed."""
    match = _PARTIES.match(masking)
    parties = [party.strip() for party in _AND.split(match["behind"] or match["before"])] if match else []
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
