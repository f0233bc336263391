"""Conditions, interventions and outcomes of a WHO ICTRP record: lists that every source register joins in its own way.

Called by `ictrp.py` alone. ICTRP joins lists with `;` without escaping, and `;` occurs in the text too, so each register's lists are
split by that register's habit and a register without a known habit is not split. Whatever is split, nothing but the separator goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from msgspec.structs import replace

from normalize import vocabularies
from normalize.identifiers import is_junk
from normalize.prose import name_and_rest
from normalize.schema import Arm, ArmIntervention, Condition, Intervention, Keyword, Outcome, OutcomeKind, Unmapped
from normalize.text import breaks, fold

#: Registers of the European medicines agencies: texts made of labelled form fields.
EUROPEAN = frozenset(("EUCTR", "CTIS"))

# ICTRP puts `<br>` behind a source's own line end (`\r<br>`, `\n<br>`; CTRI `<br/ ><br>`): both together are one line end.
_LINE_END = re.compile(r"<br\s*/\s*>\s*(?=<br)|(?:\r\n|\r|\n)(?=<br)", re.IGNORECASE)


def pieces(text: str | None) -> list[str]:
    """The filled elements of a list joined with semicolons."""
    return [piece for piece in (piece.strip() for piece in text.split(";")) if piece] if text else []


def lines(text: str) -> str:
    """The text with ICTRP's `<br>` and every kind of line end as newlines, blank lines kept, stripped."""
    if "<" in text:
        if "<br/" in text:
            text = _LINE_END.sub("", text)
        text = text.replace("\r<br>", "\n").replace("\n<br>", "\n").replace("<br>", "\n")
        if "<b" in text or "<B" in text:
            text = breaks(text)
    return (breaks(text) if "\r" in text else text).strip()


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    return [piece for piece in (piece.strip() for piece in separator.split(text)) if piece]


def between(text: str, labels: Sequence[re.Match[str]]) -> Iterator[tuple[str, str]]:
    """(group 1 of a label, stripped text up to the next label) for each label found; what stands before the first one under ""."""
    if before := text[: labels[0].start() if labels else None].strip():
        yield "", before
    ends = [label.start() for label in labels[1:]]
    for label, end in zip_longest(labels, ends):
        yield label[1], text[label.end() : end].strip()


# --- conditions --------------------------------------------------------------------------------------------------------

_SEMICOLON = re.compile(";")
# ClinicalTrials.gov's list has no blank behind `;`, the registrants' own semicolons have one.
_TIGHT_SEMICOLON = re.compile(r";(?=\S)")
_ENTRY = re.compile(r"[;\n]")
_HEALTH_CONDITION = re.compile(r"(?:\A|\n)Health Condition \d+: ")
# "<free text> <br>MedDRA version: 20.0\nLevel: PT\n...\n;Therapeutic area: Diseases [C] - ..." (EUCTR2012-000467-24-SE)
_EUROPEAN_PART = re.compile(r"(?:\A|<br>|;|\n)[ \t]*(?=MedDRA version:|Therapeutic area:)")
# CTIS2023-507385-11-00 has no blanks between: "20.0Level: PTClassification code: 10007509Term: Cardiac amyloidosisSystem Organ Class: ..."
_MEDDRA = re.compile(
    r"MedDRA version:\s*(?P<version>[\d.]*)\s*Level:\s*(?P<level>LLT|PT|HLT|HLGT|SOC)?\s*Classification code:?\s*(?P<code>\d*)\s*"
    r"Term:(?P<term>.*?)(?P<organ_class>System Organ Class:.*)",
    re.DOTALL,
)
# ICD-10, MeSH tree and plain numbers, with nothing that says what they mean: "E85.1", "C01.748.730", "10007963"
_BARE_CODE = re.compile(r"[A-Z]\d{2}(?:\.\d+)*(?:-[A-Z]?\d{2})?|\d+")


def conditions(text: str, registry: str) -> tuple[list[Condition], list[Keyword]]:
    """TRDS 12: the conditions, and as keywords the codes, classes and keywords that ICTRP writes into the same field; each once."""
    named, terms = _conditions(text, registry)
    return (
        [condition for condition in dict.fromkeys(named) if not is_junk(condition.condition)],
        [Keyword(keyword=term) for term in dict.fromkeys(terms) if not is_junk(term)],
    )


def _conditions(text: str, registry: str) -> tuple[list[Condition], list[str]]:
    if registry in EUROPEAN:
        return _european_conditions(text)
    if registry == "ClinicalTrials.gov":
        return [_condition(name) for name in _split(lines(text), _TIGHT_SEMICOLON)], []
    if registry == "CTRI":
        return [_condition(name) for name in _split(lines(text), _HEALTH_CONDITION)], []
    # "<free text> <br><code> <br><code>;<keyword>;<keyword>" (DRKS00021577, ACTRN12620000445976)
    free_text, *further = text.split("<br>")
    names = _split(lines(free_text), _ENTRY)
    terms = [term for piece in further for term in _split(lines(piece), _ENTRY)]
    if not names:
        named = [term for term in terms if not _BARE_CODE.fullmatch(term)]
        names = list(dict.fromkeys(named or terms))
    return [_condition(name) for name in names], [term for term in terms if term not in names]


def _condition(name: str) -> Condition:
    return Condition(condition=name, condition_normalized=fold(name) or None)


def _european_conditions(text: str) -> tuple[list[Condition], list[str]]:
    found: list[Condition] = []
    keywords: list[str] = []
    for part in _split(text, _EUROPEAN_PART):
        part = lines(part)
        if part.startswith("Therapeutic area:"):
            keywords.append(part.removeprefix("Therapeutic area:").strip())
        elif (coded := _MEDDRA.fullmatch(part)) and (coded["term"].strip() or coded["code"]):
            term = coded["term"].strip()
            found.append(
                Condition(
                    condition=term or f"MedDRA {coded['code']}",
                    condition_normalized=fold(term) or None,
                    meddra_code=coded["code"] or None,
                    meddra_version=coded["version"] or None,
                    meddra_level=coded["level"],
                )
            )
            keywords.append(coded["organ_class"])
        else:
            found.append(_condition(part))
    return found, keywords


# --- interventions -----------------------------------------------------------------------------------------------------

_TYPES = "Behavioral|Biological|Combination Product|Device|Diagnostic Test|Dietary Supplement|Drug|Genetic|Other|Procedure|Radiation"
_TYPED = re.compile(rf"(?:\A|;)\s*({_TYPES}): ?")
_CRIS_TYPED = re.compile(r"\A([A-Z][A-Za-z/ ]{2,24}?) : ")
# A diagnostic study of ChiCTR: "Gold Standard:<test>;Index test:<test>;" (ChiCTR2000031700)
_DIAGNOSTIC = re.compile(r"(?:\A|;)\s*(Gold Standard|Index test)\s*:")
# A group's name has no colon and ends at its own: used where `Target_size` does not give the names.
_GROUP = re.compile(r"(?:\A|;)\s*([^;:]{1,120}):")
# DRKS "Group 1: ...<br>Group 2: ...", IRCT "Intervention 1: Intervention group: ... Intervention 2: Control group: ..."; IRCT's single
# group has no number: "Intervention group: ..." (IRCT20100228003449N30).
_NUMBERED = re.compile(r"(?:\A|(?<=\s))((?:Group|Intervention) \d{1,2}): ")
_NAMED_GROUP = re.compile(r"\A((?:[\w-]+ ){1,3}group(?: \w{1,3})?): ", re.IGNORECASE)
# CTRI "Intervention1: <name>: <description><br>Control Intervention1: <name>: <description>"
_CTRI = re.compile(r"(?:\A|\n)((?:Control )?Intervention)\d+: ")

_PRODUCT_LABELS = (
    "Trade Name", "Product Name", "Product Code", "Pharmaceutical Form", "INN or Proposed INN", "CAS Number",
    "Current Sponsor code", "Other descriptive name", "EV Substance Code", "Strength", "Concentration unit", "Concentration type",
    "Concentration number", "Pharmaceutical form of the placebo", "Route of administration of the placebo",
)  # fmt: skip
#: What a product is called, best first; the others become its other names. A form ("Tablet") is all that some products have.
_PRODUCT_NAMES = (
    "Product Name", "Trade Name", "INN or Proposed INN", "Other descriptive name", "Product Code", "Current Sponsor code",
)  # fmt: skip
_PRODUCT_LABEL = re.compile(rf"(?:\A|\n|,)[ \t]*({'|'.join(map(re.escape, _PRODUCT_LABELS))}):")
# EUCTR puts a blank line between products (EUCTR2020-001366-11-ES), CTIS a comma before every field of one.
_PRODUCT = re.compile(r"(?<=\n\n)(?=[A-Z])|,(?=Product Name:)")

Interventions = tuple[list[Arm], list[Intervention], list[ArmIntervention]]


def interventions(text: str, registry: str, groups: Sequence[str], unmapped: list[Unmapped]) -> Interventions:
    """TRDS 13: interventions, and the arms that they belong to where the register says so.

    `groups`: names of the arms as `Target_size` gives them, in its order; ChiCTR uses the same names in both fields.
    """
    text = lines(text)
    if registry in EUROPEAN:
        return [], list(_products(text)), []
    if registry == "ClinicalTrials.gov":
        return [], list(_typed(text, _TYPED, unmapped)), []
    if registry == "CRiS":
        return [], list(_typed(text, _CRIS_TYPED, unmapped)), []
    if registry in ("ChiCTR", "ITMCTR"):
        return _of_groups(text, groups)
    if registry == "CTRI":
        return _of_agents(text)
    if registry in ("DRKS", "IRCT"):
        return _of_numbered_groups(text)
    texts = _split(text, _SEMICOLON) if registry == "PACTR" else [text]
    return [], [_free_text(piece) for piece in texts if not is_junk(piece)], []  # "none" (NL8460)


def _intervention(name: str, kind: str | None = None, description: str | None = None) -> Intervention:
    return Intervention(name=name, name_normalized=fold(name) or None, type=kind, description=description or None)


def _free_text(text: str) -> Intervention:
    name, description = name_and_rest(text)
    return _intervention(name, description=description)


def _typed(text: str, pattern: re.Pattern[str], unmapped: list[Unmapped]) -> Iterator[Intervention]:
    for label, name in between(text, list(pattern.finditer(text))):
        if name:
            yield _intervention(name, vocabularies.read("intervention_type", label or None, unmapped))


def _of_groups(text: str, groups: Sequence[str]) -> Interventions:
    diagnostic = list(_DIAGNOSTIC.finditer(text))
    if diagnostic:
        tests = [(label, name.rstrip("; ")) for label, name in between(text, diagnostic)]
        return [], [_intervention(name, label.lower() or None) for label, name in tests if name], []
    arms: list[Arm] = []
    given: list[Intervention] = []
    links: list[ArmIntervention] = []
    for label, treatment in between(text, _group_starts(text, groups)):
        treatment = treatment.rstrip("; ")
        nothing = is_junk(treatment)  # "Case series:Nil;" (ChiCTR2000031794)
        if label:
            arms.append(Arm(label=label.strip(), description=treatment or None if nothing else None))
        if treatment and not (label and nothing):
            given.append(_intervention(treatment))
            if label:
                links.append(ArmIntervention(arm_ordinal=len(arms), intervention_ordinal=len(given)))
    return arms, given, links


def _group_starts(text: str, groups: Sequence[str]) -> list[re.Match[str]]:
    """Where each group begins: at its name if all names of `groups` follow each other in the text, else at what looks like a name."""
    starts: list[re.Match[str]] = []
    end = 0
    for group in groups:
        start = re.compile(rf"(?:\A|;)\s*({re.escape(group)})\s*:").search(text, end)
        if start is None:
            return list(_GROUP.finditer(text))
        starts.append(start)
        end = start.end()
    return starts or list(_GROUP.finditer(text))


def _of_agents(text: str) -> Interventions:
    arms: dict[str, int] = {}
    given: list[Intervention] = []
    links: list[ArmIntervention] = []
    for label, agent in between(text, list(_CTRI.finditer(text))):
        name, _, description = agent.partition(": ")
        if is_junk(name) and is_junk(description):  # "Intervention1: Nil: Nil" (CTRI/2020/05/025160)
            continue
        given.append(_intervention(name.strip(), description=description.strip()))
        if label:
            arm = arms.setdefault(label, len(arms) + 1)
            links.append(ArmIntervention(arm_ordinal=arm, intervention_ordinal=len(given)))
    return [Arm(label=label) for label in arms], given, links


def _of_numbered_groups(text: str) -> Interventions:
    arms: list[Arm] = []
    given: list[Intervention] = []
    links: list[ArmIntervention] = []
    for number, treatment in between(text, list(_NUMBERED.finditer(text))):
        group = _NAMED_GROUP.match(treatment)
        label = group[1] if group else number
        if label:
            arms.append(Arm(label=label))
        treatment = treatment[group.end() :].strip() if group else treatment
        if not is_junk(treatment):
            given.append(_free_text(treatment))
            if label:
                links.append(ArmIntervention(arm_ordinal=len(arms), intervention_ordinal=len(given)))
    return arms, given, links


def _products(text: str) -> Iterator[Intervention]:
    block = ""
    for piece in _PRODUCT.split(text):
        # A blank line inside a value: what follows it begins with no label.
        if block and not _PRODUCT_LABEL.match(piece):
            block += piece
            continue
        if block.strip():
            yield _product(block.strip())
        block = piece
    if block.strip():
        yield _product(block.strip())


def _product(block: str) -> Intervention:
    fields: dict[str, list[str]] = {}
    for label, value in between(block, list(_PRODUCT_LABEL.finditer(block))):
        if not is_junk(value):
            fields.setdefault(label, []).append(value)
    names: dict[str, str] = {}
    for label in _PRODUCT_NAMES:
        for name in fields.get(label, ()):
            names.setdefault(fold(name), name)
    if not names:
        # Some are nothing but a form: "Pharmaceutical Form: Film-coated tablet" (EUCTR2014-001957-17-SE).
        return _free_text(block)
    name, *others = names.values()
    return Intervention(
        name=name, name_normalized=fold(name) or None, description=block, other_names="\n".join(others) or None
    )


# --- outcomes ----------------------------------------------------------------------------------------------------------

# ANZCTR: "<outcome>[<time>];<outcome>[<time>]" (ACTRN12620000438954)
_BRACKETED = re.compile(r"(?<=\])\s*;")
# IRCT: "<outcome>. Timepoint: <time>. Method of measurement: <method>.;<outcome>. Timepoint: ..." (IRCT20100228003449N30)
_BEFORE_TIMED = re.compile(r";(?=[^;]+? Timepoint: )")
#: How each register's list of outcomes is separated; the others give one text, which is not split.
_OUTCOME_SEPARATORS = {
    "ClinicalTrials.gov": _TIGHT_SEMICOLON,
    **dict.fromkeys(("ANZCTR", "TCTR"), _BRACKETED),
    "IRCT": _BEFORE_TIMED,
    **dict.fromkeys(("ChiCTR", "ITMCTR", "CRiS", "ReBec"), _SEMICOLON),
}
#: Registers whose outcomes end in a time frame in brackets, and the word before it; TCTR: "<outcome> [Timeframe <time>]" (TCTR20200321001).
_TIME_IN_BRACKETS = {"ANZCTR": "", "TCTR": "Timeframe "}
#: Registers whose outcomes name their time points and the method.
_TIME_BY_LABEL = frozenset(("IRCT", "CTRI"))
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
    return [_outcome(piece, kind, registry) for piece in (_split(text, separator) if separator else [text])], []


def _outcome(text: str, kind: OutcomeKind, registry: str) -> Outcome:
    word = _TIME_IN_BRACKETS.get(registry)
    if word is not None and text.endswith("]"):
        measure, _, time = text[:-1].rpartition("[")
        if measure.strip() and time.startswith(word) and "]" not in time:
            return Outcome(kind=kind, measure=measure.strip(), time_frame=time.removeprefix(word).strip() or None)
    if registry in _TIME_BY_LABEL:
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
