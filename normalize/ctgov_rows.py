"""The rows of a ClinicalTrials.gov study: its lists of arms, outcomes, sponsors, places, people, publications and numbers.

Called by `normalize/ctgov.py` alone, each function with the module of the study that holds the list. Rows keep the source's order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

from normalize import identifiers, vocabularies
from normalize.closed_lists import OutcomeKind, SecondaryIdType, SponsorRole
from normalize.countries import country
from normalize.objects import Part
from normalize.schema import (
    Arm,
    ArmIntervention,
    Condition,
    Contact,
    Document,
    Intervention,
    Investigator,
    MeshTerm,
    Outcome,
    Publication,
    RecordSponsor,
    SecondaryId,
    Site,
)
from normalize.text import fold, unmarkdown

_LARGE_DOCUMENTS = "https://cdn.clinicaltrials.gov/large-docs/"
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>]+", re.ASCII)

#: Types of `orgStudyIdInfo` and `secondaryIdInfos` that say what kind of number it is; OTHER and no type say nothing, the form decides
#: (EudraCT numbers stand under OTHER too).
_ID_TYPES: dict[str | None, SecondaryIdType] = {
    "EUDRACT_NUMBER": "registry",
    "CTIS": "registry",
    "REGISTRY": "registry",
    **dict.fromkeys(("NIH", "FDA", "VA", "CDC", "AHRQ", "SAMHSA", "OTHER_GRANT"), "funder"),
}
_FIGURE = re.compile(r"\d")
#: Regulators and ethics committees, and the names of their numbers, as registrants write them in `domain` or `id`.
_REGULATOR = re.compile(
    r"(?i)\b(?:ID[ -]?RCB|ANSM|AFSSAPS|CPP|AEMPS|Swissmedic|Swissethics|BASEC|IRB|institutional review board|ethics?|IRAS"
    r"|health research authority|human research authority|IND|IDE|MHRA|BfArM|Paul-Ehrlich-Institut|CIV-ID|ministry of health)\b"
)
#: Texts in which other trials are mentioned, or this one by another registry's number.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("identificationModule", ("briefTitle", "officialTitle", "acronym")),
    ("statusModule", ("whyStopped", "expandedAccessInfo")),
    ("descriptionModule", ("briefSummary", "detailedDescription")),
    ("conditionsModule", ("conditions", "keywords")),
    ("armsInterventionsModule", ("armGroups", "interventions")),
    ("outcomesModule", ("primaryOutcomes", "secondaryOutcomes", "otherOutcomes")),
    ("eligibilityModule", ("eligibilityCriteria", "studyPopulation")),
    ("referencesModule", ("references", "seeAlsoLinks", "availIpds")),
    ("ipdSharingStatementModule", ("description",)),
)
_OUTCOMES: tuple[tuple[str, OutcomeKind], ...] = (
    ("primaryOutcomes", "primary"),
    ("secondaryOutcomes", "secondary"),
    ("otherOutcomes", "other"),
)
_MESH_FIELDS: tuple[Literal["condition", "intervention"], ...] = ("condition", "intervention")
_DOCUMENT_PARTS = {
    "hasProtocol": "protocol",
    "hasSap": "statistical_analysis_plan",
    "hasIcf": "informed_consent",
}


def markup(part: Part, key: str) -> str | None:
    text = part.text(key)
    return unmarkdown(text) if text else None


def address(part: Part, key: str) -> str | None:
    """An address, its parameters parted by plain ampersands: some entries have `&amp;` there (a link of NCT03931954), which leads nowhere."""
    text = part.text(key)
    return text.replace("&amp;", "&") if text else None


def lower(part: Part, key: str) -> str | None:
    text = part.text(key)
    return text.lower() if text else None


def secondary_ids(protocol: Part, number: str) -> tuple[SecondaryId, ...]:
    """Numbers in the fields for identifiers, then those mentioned in the texts."""
    return identifiers.secondary_ids(_id_fields(protocol.part("identificationModule")), _id_texts(protocol), number)


def _id_fields(identification: Part) -> Iterator[tuple[str, str, SecondaryIdType | None]]:
    for alias in identification.texts("nctIdAliases"):
        yield "nctIdAliases", alias, "alias"
    own = identification.part("orgStudyIdInfo")
    if code := own.text("id"):
        yield "orgStudyIdInfo", code, _ID_TYPES.get(own.text("type"), "sponsor_code")
    for info in identification.parts("secondaryIdInfos"):
        code, issuer, kind = info.text("id"), info.text("domain"), info.text("type")
        if code is None:
            info.left_out("secondary_ids", "id")
            continue
        if issuer and _FIGURE.search(issuer) and not _FIGURE.search(code):
            code, issuer = (
                issuer,
                code,
            )  # filled in the wrong way round: id "ANSM", domain "2016-A01851-50" (NCT03003572)
        hint = _ID_TYPES.get(kind)
        if hint in (None, "registry") and _REGULATOR.search(f"{issuer} {code}"):
            hint = "regulator"
        yield f"secondaryIdInfos ({issuer or kind})" if issuer or kind else "secondaryIdInfos", code, hint


def _id_texts(protocol: Part) -> Iterator[tuple[str, str]]:
    """Texts in which trials are mentioned, each list as one: the parser of identifiers is called a dozen times, not a hundred."""
    for module, keys in _TEXTS:
        data = protocol.part(module).data
        for key in keys if data else ():
            if key in data and (text := "\n\n".join(_strings(data[key]))):
                yield f"{module}.{key}", unmarkdown(text)


def _strings(json: object) -> list[str]:
    """All texts within a JSON value, in order, however deep."""
    if type(json) is str:
        return [json]
    found: list[str] = []
    waiting: list[Iterator[object]] = [iter((json,))]
    while waiting:
        for value in waiting[-1]:
            if type(value) is str:
                found.append(value)
            elif type(value) is list:
                waiting.append(iter(value))
                break
            elif type(value) is dict:
                waiting.append(iter(value.values()))
                break
        else:
            waiting.pop()
    return found


#: Descriptors of MeSH with smaller numbers have six digits, those with larger ones nine.
_SIX_DIGITS_BELOW = 66_400


def _descriptor(mesh: Part) -> str | None:
    """The descriptor of a term as MeSH writes it: answers of 2023 have D000001943 for D001943."""
    said = mesh.text("id")
    digits = said[1:] if said and said[0] == "D" else ""
    if len(digits) == 9 and digits.isdecimal() and int(digits) < _SIX_DIGITS_BELOW:
        return f"D{int(digits):06}"
    return said


def conditions(topics: Part, browse: Part) -> Iterator[Condition]:
    """The conditions of the entry, each with its MeSH descriptor where the registry derived one from just these words.

    A descriptor belongs to a condition that is its term, its term turned round (`Carcinoma, Renal Cell`), or, in answers up to 2025, the
    words in which the registry says to have found it. Descriptors that the registry derived in other ways are no conditions of the entry.
    """
    descriptors: dict[str, str] = {}
    terms: dict[str, str] = {}
    for mesh in browse.parts("meshes"):
        term, mesh_id = mesh.text("term"), _descriptor(mesh)
        if term and mesh_id:
            terms[term] = mesh_id
            descriptors[fold(term)] = mesh_id
            descriptors.setdefault(fold(" ".join(reversed(term.split(", ")))), mesh_id)
    for leaf in browse.parts("browseLeaves"):
        term, found = leaf.text("name"), leaf.text("asFound")
        if term in terms and found:
            descriptors.setdefault(fold(found), terms[term])
    for condition in topics.texts("conditions"):
        folded = fold(condition)
        yield Condition(condition=condition, condition_normalized=folded or None, mesh_id=descriptors.get(folded))


def mesh_terms(derived: Part) -> Iterator[MeshTerm]:
    """What the registry derived in MeSH's terms: those of the conditions, those above them, and the same of the interventions."""
    for field in _MESH_FIELDS:
        browse = derived.part(f"{field}BrowseModule")
        for key, is_ancestor in (("meshes", False), ("ancestors", True)):
            for mesh in browse.parts(key):
                mesh_id, term = _descriptor(mesh), mesh.text("term")
                if mesh_id and term:
                    yield MeshTerm(field=field, mesh_id=mesh_id, term=term, is_ancestor=is_ancestor)


def arms(module: Part) -> tuple[tuple[Arm, ...], tuple[Intervention, ...], tuple[ArmIntervention, ...]]:
    """Arms, interventions and which arm gets which.

    An intervention names its arms (`armGroupLabels`). Where it does not, the arms' `interventionNames` are followed (`Drug: Aspirin`): the
    weaker tie, since several interventions of one study can share type and name (NCT01835197 has five `Drug: Placebo`).
    """
    arms: list[Arm] = []
    by_label: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    for group in module.parts("armGroups"):
        label = group.text("label")
        arms.append(Arm(label=label, type=group.value("type", "arm_type"), description=markup(group, "description")))
        if label:
            by_label.setdefault(label, []).append(len(arms))
        for name in group.texts("interventionNames"):
            by_name.setdefault(name.casefold(), []).append(len(arms))
    interventions: list[Intervention] = []
    links: set[tuple[int, int]] = set()
    for item in module.parts("interventions"):
        title = item.text("name")
        if title is None:
            item.left_out("interventions", "name")
            continue
        kind = item.text("type")
        interventions.append(
            Intervention(
                name=title,
                name_normalized=fold(title) or None,
                type=vocabularies.read("intervention_type", kind, module.notes.unmapped),
                description=markup(item, "description"),
                other_names="\n".join(item.texts("otherNames")) or None,
            )
        )
        labels = item.texts("armGroupLabels")
        for label in labels:
            if arms and label not in by_label:
                module.notes.warn(
                    "arm_interventions", label, f"The intervention {title} names an arm that the study does not have."
                )
            links.update((arm, len(interventions)) for arm in by_label.get(label, ()))
        if not labels:
            full_name = f"{kind.replace('_', ' ') if kind else ''}: {title}".casefold()
            links.update((arm, len(interventions)) for arm in by_name.get(full_name, ()))
    pairs = (ArmIntervention(arm_ordinal=arm, intervention_ordinal=item) for arm, item in sorted(links))
    return tuple(arms), tuple(interventions), tuple(pairs)


def outcomes(module: Part) -> Iterator[Outcome]:
    for key, kind in _OUTCOMES:
        for outcome in module.parts(key):
            measure = outcome.text("measure")
            if measure is None:
                outcome.left_out("outcomes", "measure")
                continue
            description, time_frame = markup(outcome, "description"), outcome.text("timeFrame")
            yield Outcome(kind=kind, measure=measure, description=description, time_frame=time_frame)


def sponsors(sponsorship: Part) -> Iterator[RecordSponsor]:
    """The registry's class says OTHER of most people too; a sponsor who is the investigator responsible is one (NCT03039101)."""
    person = fold(sponsorship.part("responsibleParty").text("investigatorFullName") or "")
    lead = [sponsorship.part("leadSponsor")] if sponsorship.data.get("leadSponsor") else []
    groups: tuple[tuple[list[Part], SponsorRole], ...] = (
        (lead, "primary"),
        (sponsorship.parts("collaborators"), "secondary"),
    )
    for sponsors, role in groups:
        for sponsor in sponsors:
            name = sponsor.text("name")
            if name is None:
                sponsor.left_out("record_sponsors", "name")
                continue
            known = sponsor.value("class", "sponsor_class")
            if person and known in (None, "unknown") and fold(name) == person:
                known = "individual"
            yield RecordSponsor(role=role, name_raw=name, class_raw=sponsor.text("class"), class_registry=known)


def sites(locations: list[Part]) -> Iterator[Site]:
    for location in locations:
        point = location.part("geoPoint")
        nation = location.text("country")
        yield Site(
            facility=location.text("facility"),
            city=location.text("city"),
            state=location.text("state"),
            country_code=country(nation)[0] if nation else None,
            status=location.value("status", "site_status"),
            latitude=point.number("lat"),
            longitude=point.number("lon"),
        )


def investigators(module: Part) -> Iterator[Investigator]:
    for official in module.parts("overallOfficials"):
        name = official.text("name")
        if name is None:
            official.left_out("investigators", "name")
            continue
        role = lower(official, "role")
        yield Investigator(name=name, role=role, affiliation=official.text("affiliation"))


def contacts(module: Part, locations: list[Part]) -> Iterator[Contact]:
    """Central contacts answer the public (TRDS 7); those of a location are affiliated with its facility."""
    for person in module.parts("centralContacts"):
        yield Contact(kind="public", name=person.text("name"), email=person.text("email"), phone=_phone(person))
    for location in locations:
        facility = location.text("facility")
        for person in location.parts("contacts"):
            yield Contact(
                kind="site",
                name=person.text("name"),
                affiliation=facility,
                email=person.text("email"),
                phone=_phone(person),
            )


def _phone(person: Part) -> str | None:
    return " ext. ".join(text for key in ("phone", "phoneExt") if (text := person.text(key))) or None


def publications(references: Part) -> Iterator[Publication]:
    for reference in references.parts("references"):
        citation = reference.text("citation")
        kind = lower(reference, "type")
        yield Publication(type=kind, pmid=reference.text("pmid"), doi=_doi(citation or ""), citation=citation)
        for notice in reference.parts("retractions"):
            yield Publication(type="retraction", pmid=notice.text("pmid"), citation=notice.text("source"))
    for link in references.parts("seeAlsoLinks"):
        yield Publication(type="link", citation=markup(link, "label"), url=address(link, "url"))


def _doi(citation: str) -> str | None:
    """The first DOI in a citation, without the punctuation of the sentence; a bracket stays where the DOI opened it."""
    match = _DOI.search(citation) if "10." in citation else None
    if match is None:
        return None
    doi = match[0].rstrip(".,;:]}'")
    return doi.rstrip(")") if doi.count(")") > doi.count("(") else doi


def documents(study: Part, references: Part, number: str) -> Iterator[Document]:
    for large in study.part("documentSection").part("largeDocumentModule").parts("largeDocs"):
        kinds = [kind for key, kind in _DOCUMENT_PARTS.items() if large.flag(key)]
        name = large.text("filename")
        yield Document(
            type="_and_".join(kinds) or None,
            label=large.text("label"),
            url=f"{_LARGE_DOCUMENTS}{number[-2:]}/{number}/{quote(name, safe='')}" if name else None,
            date=large.date("date", "ymd", "documents"),
        )
    for shared in references.parts("availIpds"):
        kind = shared.text("type")
        label = ": ".join(text for text in (kind, shared.text("id"), markup(shared, "comment")) if text)
        yield Document(type="individual_participant_data", label=label or None, url=address(shared, "url"))
