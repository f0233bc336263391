"""The rows of a CTIS trial: its lists of conditions, products, end points, sponsors, places, people, documents and numbers.

Called by `normalize/ctis.py` alone. Rows keep the source's order, but numbered lists are put in the order of their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

from normalize import identifiers
from normalize.closed_lists import OutcomeKind, SecondaryIdType
from normalize.countries import country, each_once
from normalize.objects import Part
from normalize.schema import (
    Arm,
    Condition,
    Contact,
    Country,
    Document,
    EthicsReview,
    Intervention,
    Investigator,
    Outcome,
    RecordSponsor,
    SecondaryId,
    Site,
)
from normalize.text import fold

_DOCUMENTS = "https://euclinicaltrials.eu/ctis-public-api/documents/"
#: Numbers with a field of their own in `secondaryIdentifyingNumbers`.
_NUMBERS: tuple[tuple[str, SecondaryIdType], ...] = (
    ("nctNumber", "registry"),
    ("isrctnNumber", "registry"),
    ("whoUniversalTrialNumber", "utn"),
)
#: Names under `additionalRegistries` that are no trial registries: numbers of the US regulator and the like (2023-505613-24-00: "IND").
_REGULATOR = re.compile(r"(?i)\b(?:IND|IDE|ID[ -]?RCB|FDA|BfArM|ethics?|CIV-ID)\b")
_OUTCOMES: tuple[tuple[str, OutcomeKind], ...] = (("primaryEndPoints", "primary"), ("secondaryEndPoints", "secondary"))


_CONTACTS: tuple[tuple[str, Literal["public", "scientific"]], ...] = (
    ("publicContacts", "public"),
    ("scientificContacts", "scientific"),
)


def numbered(part: Part, key: str) -> list[Part]:
    """The objects of a list in the order of their `number`; CTIS sends them as texts are sorted, 1, 10, 2."""
    return sorted(part.parts(key), key=lambda item: item.number("number") or 0)


def state(part_two: Part) -> tuple[str | None, str | None]:
    """(ISO code, name as the source writes it) of the member state that a Part II is for."""
    info = part_two.part("mscInfo")
    name = info.text("mscName") or info.text("countryName")
    return (country(name)[0] if name else None), name


def secondary_ids(trial: Part, application: Part, number: str) -> tuple[SecondaryId, ...]:
    """Numbers in the fields for identifiers, then those of associated trials and those mentioned in the texts."""
    return identifiers.secondary_ids(_id_fields(trial, application), _id_texts(application), number)


def _id_fields(trial: Part, application: Part) -> Iterator[tuple[str, str, SecondaryIdType | None]]:
    details = application.part("authorizedPartI").part("trialDetails")
    own = details.part("clinicalTrialIdentifiers")
    for key in ("eudraCt", "eudraCtInfo"):  # since the relaunch, and before
        if code := application.part(key).text("eudraCtCode"):
            yield f"{key}.eudraCtCode", code, "registry"
    given = own.part("secondaryIdentifyingNumbers")
    for key, kind in _NUMBERS:
        if code := given.part(key).text("number"):
            yield f"secondaryIdentifyingNumbers.{key}", code, kind
    for registry in given.parts("additionalRegistries"):
        name = registry.text("otherRegistryName")
        if code := registry.text("number"):
            field = f"additionalRegistries ({name})" if name else "additionalRegistries"
            yield field, code, "regulator" if name and _REGULATOR.search(name) else "registry"
    # The portal shows it as "protocol code"; some sponsors write an acronym there
    short = own.text("shortTitle") or trial.text("shortTitle")
    if short and re.search(r"\d", short):
        yield "shortTitle", short, "sponsor_code"
    for plan in details.part("scientificAdviceAndPip").parts("paediatricInvestigationPlan"):
        if code := plan.text("paediatricInvestigationNumber"):
            yield "paediatricInvestigationNumber", code, "regulator"


def _id_texts(application: Part) -> Iterator[tuple[str, str]]:
    details = application.part("authorizedPartI").part("trialDetails")
    own, information = details.part("clinicalTrialIdentifiers"), details.part("trialInformation")
    for trial in details.parts("associatedClinicalTrials"):
        yield "associatedClinicalTrials", trial.text("ctNumber") or ""
    for key in ("publicTitle", "fullTitle"):
        yield key, own.text(key) or ""
    yield "mainObjective", information.part("trialObjective").text("mainObjective") or ""
    criteria = information.part("eligibilityCriteria")
    for key in ("principalInclusionCriteria", "principalExclusionCriteria"):
        yield key, "\n\n".join(item.text(key) or "" for item in criteria.parts(key))
    for key, _ in _OUTCOMES:
        yield key, "\n\n".join(item.text("endPoint") or "" for item in information.part("endPoint").parts(key))


def conditions(medical: Part) -> Iterator[Condition]:
    """The sponsor's words, then the MedDRA terms; a term that is one of the conditions gives it its code."""
    terms = [term for term in medical.parts("meddraConditionTerms") if term.text("termName")]
    named: set[str] = set()
    for item in medical.parts("partIMedicalConditions"):
        if name := item.text("medicalCondition"):
            named.add(fold(name))
            yield _condition(
                name, next((term for term in terms if fold(term.text("termName") or "") == fold(name)), None)
            )
    for term in terms:
        name = term.text("termName")
        if name and fold(name) not in named:
            yield _condition(name, term)


def _condition(name: str, term: Part | None) -> Condition:
    return Condition(
        condition=name,
        condition_normalized=fold(name) or None,
        meddra_code=term.text("classificationCode") if term else None,
        meddra_version=term.text("version") if term else None,
        meddra_level=term.text("level") if term else None,
    )


def arms(periods: list[Part]) -> Iterator[Arm]:
    for period in periods:
        for arm in period.parts("armDetails"):
            yield Arm(label=arm.text("title"), description=arm.text("description"))


def interventions(part_one: Part) -> Iterator[Intervention]:
    """The products by role, each once: CTIS repeats them in `products`, and one product in several strengths as several."""
    groups = part_one.parts("productRoleGroupInfos")
    described = [(group.text("productRoleName"), product) for group in groups for product in group.parts("products")]
    if not described:
        described = [(None, product) for product in part_one.parts("products")]
    yield from dict.fromkeys(row for role, product in described if (row := _product(role, product)))


def _product(role: str | None, product: Part) -> Intervention | None:
    dictionary = product.part("productDictionaryInfo")
    substance = _said(product, "jsonActiveSubstanceNames") or _said(dictionary, "activeSubstanceName")
    code = _said(dictionary, "sponsorProductCode") or _said(product, "sponsorProductCodeEdit")
    name = _said(product, "productName") or _said(dictionary, "prodName") or substance or code
    if name is None:
        product.left_out("interventions", "productName")
        return None
    description = {
        "Role": role,
        "Form": _said(product, "pharmaceuticalFormDisplay") or _said(dictionary, "pharmForm"),
        "Route": ", ".join(product.texts("routes")),
        "Strength": _said(dictionary, "strength"),
        "Maximum daily dose": _amount(product, "maxDailyDoseAmount", "doseUom"),
        "Maximum total dose": _amount(product, "maxTotalDoseAmount", "doseUomTotal"),
        "ATC": _said(dictionary, "atcCode"),
    }
    others = (substance, code, _said(dictionary, "productOtherName"), _said(dictionary, "euMpNumber"))
    return Intervention(
        name=name,
        name_normalized=fold(name) or None,
        type="drug",  # what CTIS registers, medicinal products; biological ones are not told apart
        description="; ".join(f"{label}: {value}" for label, value in description.items() if value) or None,
        other_names="\n".join(dict.fromkeys(other for other in others if other and fold(other) != fold(name))) or None,
    )


def _said(part: Part, key: str) -> str | None:
    """The text, unless it says that there is none ("N/A", "-")."""
    text = part.text(key)
    return None if text is None or identifiers.is_junk(text) else text


def _amount(product: Part, key: str, unit_key: str) -> str | None:
    amount, unit = product.text(key), product.text(unit_key)
    return f"{amount} {unit}" if amount and unit else amount


def outcomes(end_points: Part) -> Iterator[Outcome]:
    """End points are one text each: what is measured, how and when are not told apart."""
    for key, kind in _OUTCOMES:
        for end_point in numbered(end_points, key):
            if measure := end_point.text("endPoint"):
                yield Outcome(kind=kind, measure=measure)
            else:
                end_point.left_out("outcomes", "endPoint")


def sponsors(part_one: Part, information: Part) -> Iterator[RecordSponsor]:
    """The primary sponsor, co-sponsors, and who pays. Third parties, such as laboratories, are contractors."""
    for sponsor in part_one.parts("sponsors"):
        contacts = (*sponsor.parts("publicContacts"), *sponsor.parts("scientificContacts"))
        organisation = next(
            (
                part
                for part in (sponsor.part("organisation"), *(c.part("organisation") for c in contacts))
                if part.text("name")
            ),
            None,
        )
        if organisation is None:
            sponsor.left_out("record_sponsors", "name")
            continue
        addresses = (address.part("address").text("countryName") for address in sponsor.parts("addresses"))
        yield RecordSponsor(
            role="primary" if sponsor.flag("primary") else "secondary",
            name_raw=organisation.text("name") or "",
            class_raw=organisation.text("type"),
            class_registry=organisation.value("type", "sponsor_class"),
            country_raw=next(filter(None, addresses), None),
        )
    for support in information.parts("sourceOfMonetarySupport"):
        if name := support.text("organisationName"):
            yield RecordSponsor(role="funder", name_raw=name)


def countries(states: list[Part], part_one: Part) -> Iterator[Country]:
    """Member states concerned, then countries outside the EU/EEA, each once."""
    named = [
        *((state, "mscName") for state in states),
        *((row, "name") for row in part_one.parts("rowCountriesInfo")),
    ]
    return each_once((part.text(key) or part.text("countryName") for part, key in named), part_one.notes.unmapped)


def sites(parts_two: list[Part]) -> Iterator[Site]:
    for part in parts_two:
        for site in part.parts("trialSites"):
            address = site.part("organisationAddressInfo").part("address")
            name = address.text("countryName")
            code = country(name)[0] if name else None
            yield Site(facility=_facility(site), city=address.text("city"), country_code=code or state(part)[0])


def _facility(site: Part) -> str | None:
    """Hospital and department; "na" is no department (2022-500244-37-00)."""
    hospital = site.part("organisationAddressInfo").part("organisation").text("name")
    return ", ".join(text for text in (hospital, _said(site, "departmentName")) if text) or None


def investigators(parts_two: list[Part]) -> Iterator[Investigator]:
    """The investigator of each site."""
    for part in parts_two:
        for site in part.parts("trialSites"):
            if name := _person(site):
                yield Investigator(name=name, role="site_investigator", affiliation=_facility(site))


def _person(site: Part) -> str | None:
    person = site.part("personInfo")
    return " ".join(text for key in ("firstName", "lastName") if (text := person.text(key))) or None


def contacts(part_one: Part, parts_two: list[Part]) -> Iterator[Contact]:
    """Contacts of each sponsor (TRDS 7 and 8), then the person of each site."""
    for sponsor in part_one.parts("sponsors"):
        for key, kind in _CONTACTS:
            for person in sponsor.parts(key):
                yield Contact(
                    kind=kind,
                    name=person.text("functionalName"),
                    affiliation=person.part("organisation").text("name"),
                    email=person.text("functionalEmailAddress"),
                    phone=person.text("telephone"),
                )
    for part in parts_two:
        for site in part.parts("trialSites"):
            person = site.part("personInfo")
            if person.data:
                email, phone = person.text("email"), person.text("telephone")
                yield Contact(kind="site", name=_person(site), affiliation=_facility(site), email=email, phone=phone)


def documents(trial: Part, number: str) -> Iterator[Document]:
    """Published documents. Their address answers with JSON that names where the file is."""
    for document in trial.parts("documents"):
        uuid, kind = document.text("uuid"), document.text("documentTypeLabel")
        yield Document(
            type=fold(kind.removesuffix("(for publication)")).replace(" ", "_") if kind else None,
            label=document.text("title"),
            url=f"{_DOCUMENTS}{number}/{quote(uuid, safe='')}/download" if uuid else None,
        )


def decisions(parts_two: list[Part]) -> Iterator[EthicsReview]:
    """What each member state decided: one decision of authority and ethics committee together."""
    for part in parts_two:
        info = part.part("mscInfo")
        date = part.date("decisionDate", "dmy", "ethics_reviews") or info.date(
            "firstDecisionDate", "dmy", "ethics_reviews"
        )
        status = part.text("applicationStatusCode")
        if status or date:
            yield EthicsReview(status=status, date=date, committee=state(part)[1])
