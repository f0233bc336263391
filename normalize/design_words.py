"""Values room: what the words of a study's design say, where a register has prose or a list instead of fields.

Called by the normalizers of registers that tell the design so (`ictrp_design`, `isrctn`). Every value is one of the vocabulary of its
column of `records`; a text whose words say two things of one column says nothing.
"""

from __future__ import annotations

import re

#: Column -> words and the value that they say; all that are found in a text have to say the same.
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
        # In a list "open" stands alone (ReBec: "parallel, open with two arms"); UMIN writes "Parallel Randomized Open -no one is blinded".
        (re.compile(r"\bopen[- ]?label|\b(?:un|non-?|not )(?:blind|mask)ed\b|(?:\A|,)\s*open\s*(?=,|\Z|\(masking|with (?:\w+ )?arms?\b)|\bopen\s*-\s*no one", re.IGNORECASE), "none"),
        *((re.compile(rf"\b{number}[- ]?(?:blind|mask)", re.IGNORECASE), number) for number in ("single", "double", "triple", "quadruple")),
        # Who is masked is said, but not how many are: no value of the list. It contradicts an open trial alone.
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


def said(column: str, text: str) -> str | None:
    """The value of `intervention_model`, `masking`, `observational_model` or `time_perspective` that the words say; for `allocation` see below.

    `"Multicentre double-blinded trial"` -> masking `double`; `"open-label and double-blind parts"` -> None, for it says both.
    """
    found = [value for pattern, value in _WORDS.get(column, ()) if pattern.search(text)]
    if "other" in found:
        return "other"
    if "" in found and "none" not in found:
        found.remove("")
    return found[0] or None if len(found) == 1 else None


def allocation(text: str) -> str | None:
    """As `said`; a single arm of which nothing is said of chance has no allocation: `na`."""
    return said("allocation", text) or ("na" if _ONE_GROUP.search(text) and "andomi" not in text else None)
