"""Outcomes of a WHO ICTRP record: lists that every source register joins in its own way, and the forms of some.

Called by `ictrp.py` alone. As in `ictrp_lists`, a register without a known habit is not split, and nothing but the separator goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from normalize import numbered, superseded
from normalize.closed_lists import OutcomeKind
from normalize.ictrp_lists import EUROPEAN, SEMICOLON, TIGHT_SEMICOLON, between, lines, split
from normalize.identifiers import is_junk
from normalize.schema import Outcome

# ANZCTR: "<outcome>[<time>];<outcome>[<time>]" (ACTRN12620000438954)
_BRACKETED = re.compile(r"(?<=\])\s*;")
# IRCT: "<outcome>. Timepoint: <time>. Method of measurement: <method>.;<outcome>. Timepoint: ..." (IRCT20100228003449N30)
# The method ends in a full stop; semicolons within an outcome's own name ("Anxiety; depression") part nothing.
_BEFORE_TIMED = re.compile(r"(?<=\.)\s*;(?=(?:(?!\.\s*;).)+? Timepoint: )", re.DOTALL)
#: How each register's list of outcomes is separated; the others give one text, which is not split.
_OUTCOME_SEPARATORS = {
    "ClinicalTrials.gov": TIGHT_SEMICOLON,
    **dict.fromkeys(("ANZCTR", "TCTR"), _BRACKETED),
    "IRCT": _BEFORE_TIMED,
    **dict.fromkeys(("ChiCTR", "ITMCTR", "CRiS", "ReBec"), SEMICOLON),
}
#: Registers whose outcomes end in a time frame in brackets, and the word before it; TCTR: "<outcome> [Timeframe <time>]" (TCTR20200321001).
_TIME_IN_BRACKETS = {"ANZCTR": "", "TCTR": "Timeframe "}
#: Registers whose outcomes name their time points and the method.
_TIME_BY_LABEL = frozenset(("IRCT", "CTRI"))
#: RPCEC: "<outcome>. Measurement time: <time>." (RPCEC00000313)
_MEASUREMENT_TIME = "Measurement time:"
_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z])")
#: SLCTR: one a line, each with its time in brackets, "<outcome> [Time frame: <time>]" or "<outcome> [<time>]" (SLCTR/2020/011)
_BRACKETED_LINE = re.compile(r"(?<=\])[ \t]*\n")
_TIMED = re.compile(
    r"\s*(?:time ?(?:frame|points?)?\s*[:\-]?\s*)?(?P<time>.*?\b(?:baseline|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|discharge|visits?|end|enrol\w+|"
    r"follow[- ]?up|intervention|surgery)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
#: Registers whose outcomes are forms, each beginning with its name: LBCTR "Name: <outcome>;Timepoints: <time>;Measure: <method>"
#: (LBCTR2020043459), REPEC the same line by line (PER-010-20).
_OUTCOME_FORMS = {
    "LBCTR": re.compile(r"(?:\A|;)\s*(Name|Timepoints|Measure):"),
    "REPEC": re.compile(r"(?:\A|\n)\s*(Outcome name|Timepoints|Measure):"),
}

_OBJECTIVES = ("Main Objective", "Secondary Objective")
_TIME_POINTS = "Timepoint(s) of evaluation of this end point"
_EUROPEAN_LABEL = re.compile(
    r"(?:\A|;|\n)[ \t]*(Main Objective|Secondary Objective|(?:Primary|Secondary) end point\(s\)|"
    r"Timepoint\(s\) of evaluation of this end point)\s*:"
)


def outcomes(text: str, kind: OutcomeKind, registry: str) -> tuple[list[Outcome], list[str]]:
    """TRDS 19 or 20, and the objectives that EUCTR and CTIS write into the same field, each with its label."""
    text = lines(text)
    if registry == "ISRCTN":
        text = superseded.current(text)
    if not text:
        return [], []
    found, objectives = _outcomes(text, kind, registry)
    return [outcome for outcome in found if not is_junk(outcome.measure)], objectives


def _outcomes(text: str, kind: OutcomeKind, registry: str) -> tuple[list[Outcome], list[str]]:
    if registry in EUROPEAN:
        return _end_points(text, kind)
    if (form := _OUTCOME_FORMS.get(registry)) and form.match(text):
        return list(_form_outcomes(text, kind, form)), []
    separator = _OUTCOME_SEPARATORS.get(registry)
    if separator:
        return [_outcome(piece, kind, registry) for piece in split(text, separator)], []
    found = [_outcome(piece, kind, registry) for piece in _LISTS.get(registry, _whole)(text)]
    return [replace(outcome, measure=item) for outcome in found for item in numbered.items(outcome.measure)], []


def _whole(text: str) -> list[str]:
    return [text]


def _bracketed_lines(text: str) -> list[str]:
    items = numbered.items(text)
    return items if len(items) > 1 else split(text, _BRACKETED_LINE)


def _timed_sentences(text: str) -> list[str]:
    """RPCEC's outcomes that run on: "Pain. Measurement time: at 6 weeks. Function. Measurement time: ...". Where each time is one sentence and
    each outcome is one, it is sure where the next outcome begins."""
    first, *others = text.split(_MEASUREMENT_TIME)
    between = [_SENTENCE.split(other.strip()) for other in others]
    if len(between) < 2 or any(len(pieces) != 2 for pieces in between[:-1]):
        return [text]
    measures = [first, *(measure for _, measure in between[:-1])]
    times = [time for time, _ in between[:-1]] + [others[-1]]
    return [
        f"{measure.strip()} {_MEASUREMENT_TIME} {time.strip()}" for measure, time in zip(measures, times, strict=True)
    ]


#: Registers whose lists have no sign between, and how they are told apart.
_LISTS = {"RPCEC": _timed_sentences, "SLCTR": _bracketed_lines}


def _outcome(text: str, kind: OutcomeKind, registry: str) -> Outcome:
    word = _TIME_IN_BRACKETS.get(registry)
    if word is not None and text.endswith("]"):
        measure, _, time = text[:-1].rpartition("[")
        if measure.strip() and time.startswith(word) and "]" not in time:
            return Outcome(kind=kind, measure=measure.strip(), time_frame=time.removeprefix(word).strip() or None)
    if registry == "SLCTR" and text.endswith("]"):
        measure, _, time = text[:-1].rpartition("[")
        if measure.strip() and (timed := _TIMED.fullmatch(time)):
            return Outcome(kind=kind, measure=measure.strip(), time_frame=timed["time"].strip())
    if registry == "RPCEC" and text.count(_MEASUREMENT_TIME) == 1:  # several outcomes run on without a sign between
        measure, _, time = text.partition(_MEASUREMENT_TIME)
        if measure.strip():
            return Outcome(kind=kind, measure=measure.strip(), time_frame=time.strip() or None)
    if (
        registry in _TIME_BY_LABEL and text.count("Timepoint:") == 1
    ):  # of several it is not said where the next outcome begins
        measure, _, rest = text.partition("Timepoint:")
        time, _, method = rest.partition("Method of measurement:")
        if measure.strip():
            return Outcome(
                kind=kind, measure=measure.strip(), description=method.strip() or None, time_frame=time.strip() or None
            )
    return Outcome(kind=kind, measure=text)


def _form_outcomes(text: str, kind: OutcomeKind, form: re.Pattern[str]) -> Iterator[Outcome]:
    outcome: Outcome | None = None
    for label, value in between(text, list(form.finditer(text))):
        if label == "Timepoints" and outcome:
            outcome = replace(outcome, time_frame=value or None)
        elif label == "Measure" and outcome:
            outcome = replace(outcome, description=value or None)
        else:
            if outcome:
                yield outcome
            outcome = Outcome(kind=kind, measure=value)
    if outcome:
        yield outcome


def _end_points(text: str, kind: OutcomeKind) -> tuple[list[Outcome], list[str]]:
    """The fields come in any order (EUCTR2020-001243-15-BE begins with the time points); a label counts where it first stands."""
    first: dict[str, re.Match[str]] = {}
    for label in _EUROPEAN_LABEL.finditer(text):
        first.setdefault(label[1], label)
    said = dict(between(text, list(first.values())))
    objectives = [f"{label}: {said[label]}" for label in _OBJECTIVES if said.get(label)]
    measures = [text for label, text in said.items() if text and label not in _OBJECTIVES and label != _TIME_POINTS]
    times = said.get(_TIME_POINTS)
    if times and not measures:
        return [Outcome(kind=kind, measure=f"{_TIME_POINTS}: {times}")], objectives
    return [Outcome(kind=kind, measure=measure, time_frame=times or None) for measure in measures], objectives
