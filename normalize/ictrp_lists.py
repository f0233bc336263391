"""Conditions and interventions of a WHO ICTRP record: lists that every source register joins in its own way.

Called by `ictrp.py`; `ictrp_outcomes` and `ictrp_design` take the texts apart with the same tools. ICTRP joins lists with `;` without escaping, and `;` occurs in the text too, so each register's lists are
split by that register's habit and a register without a known habit is not split. Whatever is split, nothing but the separator goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from normalize import superseded, vocabularies
from normalize.identifiers import is_junk
from normalize.prose import name_and_rest
from normalize.schema import Arm, ArmIntervention, Condition, Intervention, Keyword, Unmapped
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


def split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The filled pieces between separators."""
    return [piece for piece in (piece.strip() for piece in separator.split(text)) if piece]


def between(text: str, labels: Sequence[re.Match[str]]) -> Iterator[tuple[str, str]]:
    """(group 1 of a label, stripped text up to the next label) for each label found; what stands before the first one under ""."""
    if before := text[: labels[0].start() if labels else None].strip():
        yield "", before
    ends = [label.start() for label in labels[1:]]
    for label, end in zip_longest(labels, ends):
        yield label[1], text[label.end() : end].strip()


# --- conditions --------------------------------------------------------------------------------------------------------

SEMICOLON = re.compile(";")
# ClinicalTrials.gov's list has no blank behind `;`, the registrants' own semicolons have one.
TIGHT_SEMICOLON = re.compile(r";(?=\S)")
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
# ICD-10, MeSH tree, Orphanet and plain numbers, with nothing that says what they mean: "E85.1", "C01.748.730", "10007963",
# "ORPHA:210115 ORPHA:342" (DRKS00032447)
_BARE_CODE = re.compile(r"[A-Z]\d{2}(?:\.\d+)*(?:-[A-Z]?\d{2})?|\d+|ORPHA:\d+(?:\s+ORPHA:\d+)*")
# "B972- Coronavirus as the cause of ..." (CTRI), "J18.9 - Pneumonia, unspecified" (DRKS), "-B342 Coronavirus infection" (REPEC)
_CODED = frozenset(("DRKS", "REPEC"))
_CODE_BEFORE = re.compile(
    r"-?\s*(?P<code>[A-Z]\d{2}(?:\.?\d{1,2})?|null)(?:\s*-\s*|(?<=\d\d)\s+(?=[A-Z]))(?P<name>\S.*)", re.DOTALL
)


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
        return [_condition(name) for name in split(lines(text), TIGHT_SEMICOLON)], []
    if registry == "CTRI":
        return _without_codes(split(lines(text), _HEALTH_CONDITION), [])
    # "<free text> <br><code> <br><code>;<keyword>;<keyword>" (DRKS00021577, ACTRN12620000445976)
    free_text, *further = text.split("<br>")
    names = split(lines(free_text), _ENTRY)
    terms = [term for piece in further for term in split(lines(piece), _ENTRY)]
    named = [name for name in names if not _BARE_CODE.fullmatch(name)]
    if not named:
        named = [term for term in terms if not _BARE_CODE.fullmatch(term)] or names or terms
    keywords = [term for term in (*names, *terms) if term not in named]
    return _without_codes(named, keywords) if registry in _CODED else ([_condition(name) for name in named], keywords)


def _without_codes(names: Sequence[str], keywords: list[str]) -> tuple[list[Condition], list[str]]:
    """Conditions without the code of ICD before each, which becomes a keyword."""
    coded = [(name, _CODE_BEFORE.fullmatch(name)) for name in names]
    codes = [found["code"] for _, found in coded if found]
    return [_condition(found["name"] if found else name) for name, found in coded], [*keywords, *codes]


def _condition(name: str) -> Condition:
    return Condition(condition=name, condition_normalized=fold(name) or None)


def _european_conditions(text: str) -> tuple[list[Condition], list[str]]:
    found: list[Condition] = []
    keywords: list[str] = []
    for part in split(text, _EUROPEAN_PART):
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
# CRiS: "Drug : A;Procedure/Surgery : B"
_CRIS_TYPES = "Behaviou?ral|Biological(?:/Vaccine)?|Combination Product|(?:Medical )?Device|Diagnostic Test|Dietary Supplement|Drug|Genetic|Others?|Procedure(?:/Surgery)?|Radiation"
_CRIS_TYPED = re.compile(rf"(?:\A(?=[A-Z][A-Za-z/ ]{{2,24}}? : )|[;,\n]\s*(?=(?:{_CRIS_TYPES}) : ))([A-Za-z/ ]+?) : ")
# A diagnostic study of ChiCTR: "Gold Standard:<test>;Index test:<test>;" (ChiCTR2000031700)
_DIAGNOSTIC = re.compile(r"(?:\A|;)\s*(Gold Standard|Index test)\s*:")
# A group's name has no colon and ends at its own: used where `Target_size` does not give the names.
_GROUP = re.compile(r"(?:\A|;)\s*([^;:]{1,120}):")
_GROUP_START = re.compile(r"(?:\A|;)\s*")
_COLON = re.compile(r"\s*:")
# DRKS "Group 1: ...<br>Group 2: ...", IRCT "Intervention 1: Intervention group: ... Intervention 2: Control group: ..."; IRCT's single
# group has no number: "Intervention group: ..." (IRCT20100228003449N30).
_NUMBERED = re.compile(r"(?:\A|(?<=\s))((?:Group|Intervention) \d{1,2}): ")
_NAMED_GROUP = re.compile(r"\A((?:[\w-]+ ){1,3}group(?: \w{1,3})?): ", re.IGNORECASE)
# CTRI "Intervention1: <name>: <description><br>Control Intervention1: <name>: <description>"
_NOTHING_GIVEN = re.compile(r"(?:there (?:is|are|will be) )?(?:no|not|none|nil|without|single arm)\b", re.IGNORECASE)
_CTRI = re.compile(r"(?:\A|\n)((?:Control )?Intervention)\d+: ")

# REPEC "Group name:<arm> Type of group;2 N° of participants:200 Intervention(s) description:<what><br>Group name:..." (PER-010-20)
_REPEC = re.compile(r"(?:\A|\s)Group name:")
_REPEC_GROUP = re.compile(
    r"(?P<label>.*?)\s*Type of group\b.*?Intervention\(s\) description:\s*(?P<given>.*)", re.DOTALL
)

# JapicCTI "Intervention name : <name><br>INN of the intervention : <INN><br>Dosage And administration of the intervention : <dose><br>
# Control intervention name : -<br>..." (JPRN-JapicCTI-205238)
_JAPIC = re.compile(
    r"(?:\A|\n)[ \t]*((?:Control )?intervention name|INN of the (?:control )?intervention"
    r"|Dosage And administration of the (?:control )?intervention)[ \t]*:",
    re.IGNORECASE,
)

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
    if registry == "JapicCTI" and _JAPIC.match(text):
        return [], list(_of_japic(text)), []
    if registry in ("DRKS", "IRCT"):
        return _of_numbered_groups(text)
    if registry == "REPEC" and (groups_given := _of_repec(text)):
        return groups_given
    if registry == "ReBec":
        return [], [_categorized(text)] if text else [], []
    if registry == "ISRCTN" and (now := superseded.current(text)) != text:
        return [], [_intervention(name_and_rest(now)[0], description=text)], []
    texts = split(text, SEMICOLON) if registry == "PACTR" else [text]
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
        return (
            [],
            [_intervention(name, "diagnostic_test" if label else None, label) for label, name in tests if name],
            [],
        )
    arms: list[Arm] = []
    given: list[Intervention] = []
    links: list[ArmIntervention] = []
    for label, treatment in _by_names(text, groups) or between(text, list(_GROUP.finditer(text))):
        treatment = treatment.rstrip("; ")
        nothing = is_junk(treatment)  # "Case series:Nil;" (ChiCTR2000031794)
        if label:
            arms.append(Arm(label=label.strip(), description=treatment or None if nothing else None))
        if treatment and not (label and nothing):
            given.append(_intervention(treatment))
            if label:
                links.append(ArmIntervention(arm_ordinal=len(arms), intervention_ordinal=len(given)))
    return arms, given, links


def _by_names(text: str, groups: Sequence[str]) -> list[tuple[str, str]]:
    """What `between` gives, if all names of `groups` follow each other in the text; else nothing."""
    found: list[tuple[str, str]] = []
    name, end = "", 0
    for group in groups:
        for start in _GROUP_START.finditer(text, end):
            if text.startswith(group, start.end()) and (colon := _COLON.match(text, start.end() + len(group))):
                found.append((name, text[end : start.start()].strip()))
                name, end = group, colon.end()
                break
        else:
            return []
    found.append((name, text[end:].strip()))
    return found if groups and found[0][1] else found[1:]


def _of_repec(text: str) -> Interventions | None:
    forms = [_REPEC_GROUP.fullmatch(form) for form in split(text, _REPEC)]
    arms = [Arm(label=form["label"]) for form in forms if form and form["label"]]
    if not forms or len(arms) < len(forms):
        return None
    given = [(ordinal, form["given"].strip()) for ordinal, form in enumerate(forms, 1) if form]
    given = [(ordinal, text) for ordinal, text in given if not is_junk(text)]
    links = [ArmIntervention(arm_ordinal=arm, intervention_ordinal=at) for at, (arm, _) in enumerate(given, 1)]
    return arms, [_free_text(text) for _, text in given], links


def _categorized(text: str) -> Intervention:
    """ReBec joins what is given, its category and its terms: "Plasma, 200 mL;Biological/vaccine;Immunization, Passive" (RBR-4vm3yy)."""
    categories = {vocabularies.known("intervention_type", piece) for piece in pieces(text)[1:]} - {None, "other"}
    found = _free_text(text)
    return _intervention(found.name, categories.pop() if len(categories) == 1 else None, found.description)


def _of_agents(text: str) -> Interventions:
    arms: dict[str, int] = {}
    given: list[Intervention] = []
    links: list[ArmIntervention] = []
    for label, agent in between(text, list(_CTRI.finditer(text))):
        name, _, description = (part.strip() for part in agent.partition(": "))
        if is_junk(name) and is_junk(description):  # "Intervention1: Nil: Nil" (CTRI/2020/05/025160)
            continue
        arm = arms.setdefault(label, len(arms) + 1) if label else 0
        if is_junk(name):  # "Control Intervention1: None: No intervention": an arm to which nothing is given
            if _NOTHING_GIVEN.match(description):
                continue
            name, description = description, ""
        given.append(_intervention(name, description=description))
        if label:
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


def _of_japic(text: str) -> Iterator[Intervention]:
    """The intervention and its control; `-` stands for what is not there."""
    said = [(label.lower(), value) for label, value in between(text, list(_JAPIC.finditer(text)))]
    for start in [place for place, (label, _) in enumerate(said) if label.endswith("name")]:
        name, substance, dose = (*(value for _, value in said[start : start + 3]), "", "")[:3]
        if not is_junk(name):
            yield Intervention(
                name=name,
                name_normalized=fold(name) or None,
                description=None if is_junk(dose) else dose,
                other_names=None if is_junk(substance) or fold(substance) == fold(name) else substance,
            )


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
