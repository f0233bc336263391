"""ISRCTN, rows: the lists of a trial, one function a table of the schema, and how elements of its XML are read.

Called by `isrctn.py`. Sponsors, funders and contacts stand beside the trial in `fullTrial` and are found by the ids in its `parties`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from lxml import etree

from normalize import numbered, superseded, vocabularies
from normalize.closed_lists import OutcomeKind, SecondaryIdType
from normalize.countries import country
from normalize.dates import iso_date
from normalize.identifiers import is_junk
from normalize.identifiers import secondary_ids as find_secondary_ids
from normalize.objects import Notes
from normalize.prose import name_and_rest
from normalize.schema import (
    Condition,
    Contact,
    Document,
    EthicsReview,
    Intervention,
    Keyword,
    Outcome,
    Publication,
    RecordSponsor,
    SecondaryId,
    Site,
)
from normalize.text import breaks, fold
from normalize.xml_payload import inner_text

#: `secondaryNumber/@numberType`. Others name a funder or registry in words ("EU Horizon Europe Research and Innovation Programme").
_NUMBER_TYPES: dict[str, SecondaryIdType] = {
    "nct": "registry",
    "ctis": "registry",
    "eudract": "registry",
    "iras": "regulator",
    "cpms": "other",
    "protocol serial number": "sponsor_code",
    "grant code": "funder",
}
#: Fields of older records, which newer ones repeat as secondary numbers.
_NUMBERS: tuple[tuple[str, SecondaryIdType], ...] = (
    ("eudraCTNumber", "registry"),
    ("clinicalTrialsGovNumber", "registry"),
    ("irasNumber", "regulator"),
    ("protocolSerialNumber", "sponsor_code"),
)
_OUTCOMES: tuple[tuple[OutcomeKind, str, str], ...] = (
    ("primary", "primaryOutcomes", "primaryOutcome"),
    ("secondary", "secondaryOutcomes", "secondaryOutcome"),
)
_PROSE = (
    "title", "scientificTitle", "studyHypothesis", "plainEnglishSummary", "primaryOutcome", "secondaryOutcome", "inclusion", "exclusion",
    "publicationDetails",
)  # fmt: skip
_PUBMED = re.compile(r"(?:ncbi\.nlm\.nih\.gov/pubmed|pubmed\.ncbi\.nlm\.nih\.gov)/(\d{1,9})")
_DOI = re.compile(r"doi\.org/(10\.\d{4,9}/[^\s\"<>]+)")
_ADDRESS = re.compile(r"https?://[^\s\"<>]+")


# -------------------------------------------------------------------------------------------------------------- reading


@cache
def path(names: str) -> str:
    """`a/b` in whatever namespace: a slice of the answer has lost the declaration of its root."""
    return "/".join(f"{{*}}{name}" for name in names.split("/"))


NOTHING = etree.Element("nothing")


def below(element: etree._Element, names: str) -> etree._Element:
    """The element at a path, an empty one where there is none."""
    found = element.find(path(names))
    return NOTHING if found is None else found


def content(element: etree._Element) -> str | None:
    return breaks(inner_text(element)).strip() or None


def text_at(element: etree._Element, names: str) -> str | None:
    """The text at a path, stripped; None when there is none."""
    found = element.find(path(names))
    return None if found is None else content(found)


def texts_at(element: etree._Element, names: str) -> list[str]:
    return [text for text in map(content, element.findall(path(names))) if text]


def value_of(vocabulary: str, raw: str | None, notes: Notes) -> Any:
    return vocabularies.read(vocabulary, raw, notes.unmapped)


def date_of(text: str | None, field: str, notes: Notes) -> str | None:
    date = iso_date(text, "ymd")
    if text and date is None:
        notes.warn(field, text, "Not a date in the form year-month-day.")
    return date


# -------------------------------------------------------------------------------------------------------------- tables


def conditions(trial: etree._Element) -> Iterator[Condition]:
    """One a line, as registrants list them."""
    for text in texts_at(trial, "conditions/condition/description"):
        for line in filter(None, map(str.strip, text.split("\n"))):
            yield Condition(condition=line, condition_normalized=fold(line) or None)


def keywords(trial: etree._Element) -> Iterator[Keyword]:
    classes = (
        text
        for condition in trial.findall(path("conditions/condition"))
        for name in ("diseaseClass1", "diseaseClass2")
        for text in texts_at(condition, name)
    )
    return (Keyword(keyword=text) for text in dict.fromkeys(classes))


def interventions(trial: etree._Element, notes: Notes) -> Iterator[Intervention]:
    """Named by its drugs or devices where they are given, else by the beginning of the description."""
    for element in trial.findall(path("interventions/intervention")):
        text, names = text_at(element, "description"), text_at(element, "drugNames")
        now = superseded.current(text or "")
        name, description = (names or name_and_rest(now)[0], text) if names or now != text else name_and_rest(now)
        if name:
            yield Intervention(
                name=name,
                name_normalized=fold(name) or None,
                type=value_of("intervention_type", text_at(element, "interventionType"), notes),
                description=description,
            )


def outcomes(description: etree._Element) -> Iterator[Outcome]:
    for kind, divided, whole in _OUTCOMES:
        for element in description.findall(path(f"{divided}/outcomeMeasure")):
            if variable := text_at(element, "variable"):
                method, time_frame = text_at(element, "method"), text_at(element, "timepoints")
                yield Outcome(kind=kind, measure=variable, description=method, time_frame=time_frame)
        for item in numbered.items(superseded.current(text_at(description, whole) or "")):
            if item:
                yield Outcome(kind=kind, measure=item)


def sponsors(full: etree._Element, trial: etree._Element, notes: Notes) -> Iterator[RecordSponsor]:
    """Sponsors in the order of the trial's parties, the first of them primary; then the funders."""
    sponsors = {element.get("id"): element for element in full.findall(path("sponsor"))}
    funders = {element.get("id"): element for element in full.findall(path("funder"))}
    primary = True
    for key in texts_at(trial, "parties/sponsorId"):
        element = sponsors.get(key, NOTHING)
        if name := text_at(element, "organisation"):
            kind = text_at(element, "sponsorType") or text_at(element, "commercialStatus")
            yield RecordSponsor(
                role="primary" if primary else "secondary",
                name_raw=name,
                class_raw=kind,
                class_registry=value_of("sponsor_class", kind, notes),
            )
            primary = False
    for key in texts_at(trial, "parties/funderId"):
        if name := text_at(funders.get(key, NOTHING), "name"):
            yield RecordSponsor(role="funder", name_raw=name)


def sites(people: etree._Element) -> Iterator[Site]:
    for centre in people.findall(path("trialCentres/trialCentre")):
        site = Site(
            facility=text_at(centre, "name"),
            city=text_at(centre, "city"),
            state=text_at(centre, "state"),
            country_code=country(text_at(centre, "country") or "")[0],
        )
        if site != Site():
            yield site


_CONTACT_KINDS: tuple[Literal["public", "scientific"], ...] = ("public", "scientific")


def contacts(full: etree._Element) -> Iterator[Contact]:
    for element in full.findall(path("contact")):
        kinds = {kind.lower() for kind in texts_at(element, "contactTypes/contactType")} or {"public"}
        name = " ".join(part for tag in ("title", "forename", "surname") for part in texts_at(element, tag)) or None
        email, phone = text_at(element, "contactDetails/email"), text_at(element, "contactDetails/telephone")
        if name or email or phone:
            for kind in _CONTACT_KINDS:
                if any(kind in said for said in kinds):
                    yield Contact(kind=kind, name=name, email=email, phone=phone)


def publications(results: etree._Element, trial: etree._Element) -> Iterator[Publication]:
    """`publicationDetails`, one a line; then outputs that are elsewhere and not in it ("2023 Abstract results in https://doi.org/... (added ...)")."""
    lines = [line.strip() for line in (text_at(results, "publicationDetails") or "").split("\n") if line.strip()]
    for line in lines:
        yield _publication("protocol" if "protocol article" in line.lower() else "result", line)
    for output in trial.findall(path("outputs/output")):
        link = output.find(path("externalLink"))
        address = (link.get("url") or content(link)) if link is not None else None
        if address and not any(address in line for line in lines):
            said = " ".join(filter(None, (text_at(output, "description"), address)))
            yield _publication((output.get("outputType") or "link").lower(), said)
    if website := text_at(trial, "trialDescription/trialWebsite"):
        yield Publication(type="link", url=website)


def _publication(kind: str, citation: str) -> Publication:
    pmid, doi, address = _PUBMED.search(citation), _DOI.search(citation), _ADDRESS.search(citation)
    return Publication(
        type=kind,
        pmid=pmid[1] if pmid else None,
        doi=doi[1].rstrip(".,;)") if doi else None,
        citation=citation,
        url=address[0].rstrip(".,;)") if address else None,
    )


def documents(results: etree._Element, trial: etree._Element) -> Iterator[Document]:
    for name, kind in (("basicReport", "basic_results"), ("plainEnglishReport", "plain_english_results")):
        if text := text_at(results, name):
            yield Document(type=kind, label=text)
    text = text_at(trial, "participants/patientInfoSheet")
    # "Not available in web format, ..." (ISRCTN12949496)
    if text and not text.startswith("Not available"):
        yield Document(type="participant_information_sheet", label=text)
    for file in trial.findall(path("attachedFiles/attachedFile")):
        label = text_at(file, "name")
        if label or file.get("downloadUrl"):
            kind = fold(text_at(file, "description") or "").replace(" ", "_")
            yield Document(type=kind or None, label=label, url=file.get("downloadUrl"))


def ethics_reviews(description: etree._Element, notes: Notes) -> Iterator[EthicsReview]:
    found = False
    for committee in description.findall(path("ethicsCommittees/ethicsCommittee")):
        name = text_at(committee, "committeeName") or content(committee)
        date = date_of(committee.get("statusDate"), "ethics_reviews", notes)
        if name or date:
            found = True
            yield EthicsReview(status=committee.get("approvalStatus"), date=date, committee=name)
    text = text_at(description, "ethicsApproval")
    required = text_at(description, "ethicsApprovalRequired")
    if not found and text and not is_junk(text):
        yield EthicsReview(status=required, committee=text)
    elif not found and required:
        yield EthicsReview(status=required)


def secondary_ids(trial: etree._Element, own: str) -> tuple[SecondaryId, ...]:
    fields: list[tuple[str, str, SecondaryIdType | None]] = []
    for element in trial.findall(path("externalRefs/secondaryNumbers/secondaryNumber")):
        kind = (element.get("numberType") or "").lower()
        if value := content(element):
            fields.append(("secondaryNumber", value, _NUMBER_TYPES.get(kind, "other") if kind else None))
    known = bool(fields)
    for name, hint in _NUMBERS:
        # CPMS's number shares protocolSerialNumber with the sponsor's own (ISRCTN62918594); the list has them apart.
        if (value := text_at(trial, f"externalRefs/{name}")) and not (known and name == "protocolSerialNumber"):
            fields.append((name, value, hint))
    texts = [(name, text) for name in _PROSE for element in trial.iter(f"{{*}}{name}") if (text := content(element))]
    return find_secondary_ids(fields, texts, own)
