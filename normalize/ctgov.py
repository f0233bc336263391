"""What a study of ClinicalTrials.gov's API v2 means: where each field sits in its JSON.

Called by `normalize.normalize("ctgov", ...)` with one study, the bytes as the registry served them. Reads a study top to bottom, in
the order of its modules. Which texts are Markdown is what the API's `/studies/metadata` says ("markup"); titles, names and time frames
are plain text. Not read: `resultsSection`, `versionHolder` (new with every data release), `removedCountries`,
and two keys of 2023 that are in no specification: `locations_nested`, a copy of `locations`, and `interventionMappedName`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypedDict

import msgspec

from normalize import ctgov_rows as rows
from normalize import eligibility, vocabularies
from normalize.ages import parse_age
from normalize.closed_lists import EnrollmentKind
from normalize.countries import each_once
from normalize.ctgov_rows import markup
from normalize.dates import is_prospective
from normalize.enrollment import parse_size
from normalize.objects import Notes, Part, decode
from normalize.schema import EnrollmentCount, Keyword, Record, Unmapped, Unreadable

REGISTRY = "ClinicalTrials.gov"
_STUDY = "https://clinicaltrials.gov/study/"
_AGAIN = "Fetch https://clinicaltrials.gov/api/v2/studies/ and the NCT number again."


class _Answer(TypedDict, total=False):
    """The members of an answer that are read. What else it has is passed over, for results are often the most of it."""

    protocolSection: Any
    derivedSection: Any
    documentSection: Any
    hasResults: Any
    studies: Any  # those of a page, which is no study


_ANSWER = msgspec.json.Decoder(_Answer)
_NUMBER = re.compile(r"NCT(?!0{8})\d{8}", re.ASCII)

#: What a foreign form means: words of its description, the explanation and the way out.
_FOREIGN: tuple[tuple[str, str], ...] = (
    ("clinical_study", f"That is the classic site's form, which ended on 2024-06-25. {_AGAIN}"),
    ("element rss", f"That is a feed of hits, not a study. {_AGAIN}"),
    ("FullStudiesResponse", f"That is the classic API (v1), which ended on 2024-06-25. {_AGAIN}"),
    ("StudyFieldsResponse", f"That is the classic API (v1), which ended on 2024-06-25. {_AGAIN}"),
    ("NCT Number", "That is the website's CSV, whose columns are the user's choice: download the studies as JSON."),
    ("single values are lists", f"R's jsonlite writes so. {_AGAIN}"),
    ("a page", "Give the page to `harvester import ctgov`, which takes it apart."),
    ("an array", "Give the array to `harvester import ctgov`, which takes it apart."),
    ("a zip", "Give the archive to `harvester import ctgov`, which opens it."),
)

#: What every whole answer holds; an answer to a request with `fields=` mostly does not. `()`: anything in the module.
_ALWAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("identificationModule", ("briefTitle",)),
    ("statusModule", ("overallStatus", "studyFirstSubmitDate", "lastUpdatePostDateStruct")),
    ("sponsorCollaboratorsModule", ("leadSponsor",)),
    ("descriptionModule", ()),
    ("conditionsModule", ()),
    ("designModule", ("studyType",)),
    ("eligibilityModule", ()),
)
#: What the registry shows even of a device study whose posting is delayed (status WITHHELD).
_WITHHELD = ("identificationModule", "statusModule")

_ENROLLMENT_KINDS: dict[str | None, EnrollmentKind] = {"ACTUAL": "actual", "ESTIMATED": "planned"}
#: `infoTypes` as the registry's site shows them; ICF, SAP and CSR it shows so.
_IPD_KINDS = {"STUDY_PROTOCOL": "Study protocol", "ANALYTIC_CODE": "Analytic code"}
_ENDED = frozenset(("COMPLETED", "TERMINATED", "WITHDRAWN"))


def normalize(body: bytes, media_type: str) -> Record:
    """The record that one study of API v2 holds.

    `body`: one JSON object with `protocolSection`, whole or cut by the request's `fields=`; then `is_partial` is true and a warning on
    "record" names what is missing. `media_type` is not needed: the bytes tell. Raises `Unreadable` for anything else, with a sentence
    that says what it is and the way out.
    """
    notes = Notes([], [])
    study = _study(body, notes)
    protocol = study.part("protocolSection")
    identification = protocol.part("identificationModule")
    number = _registry_number(identification)
    status = protocol.part("statusModule")
    sponsorship = protocol.part("sponsorCollaboratorsModule")
    oversight = protocol.part("oversightModule")
    description = protocol.part("descriptionModule")
    topics = protocol.part("conditionsModule")
    design = protocol.part("designModule")
    design_info = design.part("designInfo")
    masking = design_info.part("maskingInfo")
    population = protocol.part("eligibilityModule")
    people_and_places = protocol.part("contactsLocationsModule")
    locations = people_and_places.parts("locations")
    references = protocol.part("referencesModule")
    sharing = protocol.part("ipdSharingStatementModule")

    registered = status.date("studyFirstSubmitDate", "ymd", "date_of_registration")
    start, primary_end, end = (
        status.part(key) for key in ("startDateStruct", "primaryCompletionDateStruct", "completionDateStruct")
    )
    started = start.date("date", "ymd", "date_of_first_enrollment")
    missing = ", ".join(_missing(study, protocol))
    if missing:
        notes.warn("record", None, f"A part of a study only (an answer cut with fields=); missing: {missing}.")
    enrolled = _enrollment(design.part("enrollmentInfo"), status.text("overallStatus"), bool(missing))
    arms, interventions, links = rows.arms(protocol.part("armsInterventionsModule"))
    criteria_text = markup(population, "eligibilityCriteria")
    criteria = eligibility.parse([("unspecified", criteria_text)] if criteria_text else [])
    has_results = study.flag("hasResults")
    return Record(
        registry=REGISTRY,
        registry_id=number,
        url=_STUDY + number,
        public_title=identification.text("briefTitle"),
        scientific_title=identification.text("officialTitle"),
        acronym=identification.text("acronym"),
        brief_summary=markup(description, "briefSummary"),
        detailed_description=markup(description, "detailedDescription"),
        study_type=design.value("studyType", "study_type"),
        study_type_raw=design.text("studyType"),
        phase=vocabularies.read("phase", _phases(design), notes.unmapped),
        phase_raw=_phases(design),
        allocation=design_info.value("allocation", "allocation"),
        intervention_model=design_info.value("interventionModel", "intervention_model"),
        intervention_model_description=markup(design_info, "interventionModelDescription"),
        masking=masking.value("masking", "masking"),
        masked_roles=_values(masking, "whoMasked", "masked_roles"),
        masking_description=markup(masking, "maskingDescription"),
        primary_purpose=design_info.value("primaryPurpose", "primary_purpose"),
        observational_model=design_info.value("observationalModel", "observational_model"),
        time_perspective=design_info.value("timePerspective", "time_perspective"),
        study_design_raw="\n".join(_further_design(design)) or None,
        recruitment_status=status.value("overallStatus", "recruitment_status"),
        recruitment_status_raw=status.text("overallStatus"),
        why_stopped=markup(status, "whyStopped"),
        date_of_registration=registered
        or status.part("studyFirstPostDateStruct").date("date", "ymd", "date_of_registration"),
        date_of_first_enrollment=started,
        date_of_first_enrollment_type=start.value("type", "date_type"),
        primary_completion_date=primary_end.date("date", "ymd", "primary_completion_date"),
        primary_completion_date_type=primary_end.value("type", "date_type"),
        completion_date=end.date("date", "ymd", "completion_date"),
        completion_date_type=end.value("type", "date_type"),
        last_update_date=status.part("lastUpdatePostDateStruct").date("date", "ymd", "last_update_date")
        or status.date("lastUpdateSubmitDate", "ymd", "last_update_date"),
        verification_date=status.date("statusVerifiedDate", "ymd", "verification_date"),
        # The first submission is the registration, as the journals' editors (ICMJE) and WHO ICTRP, which shows that date, count it;
        # review and posting follow days later.
        prospective_registration=is_prospective(registered, started),
        target_sample_size=enrolled.count if enrolled and enrolled.kind == "planned" else None,
        actual_enrollment=enrolled.count if enrolled and enrolled.kind == "actual" else None,
        sample_size_raw=_enrollment_raw(design.part("enrollmentInfo")),
        minimum_age_years=_age(population, "minimumAge", "minimum_age_years"),
        maximum_age_years=_age(population, "maximumAge", "maximum_age_years"),
        minimum_age_raw=population.text("minimumAge"),
        maximum_age_raw=population.text("maximumAge"),
        sex=population.value("sex", "sex"),
        sex_raw=_sex_raw(population),
        healthy_volunteers=population.flag("healthyVolunteers"),
        study_population=markup(population, "studyPopulation"),
        sampling_method=population.value("samplingMethod", "sampling_method"),
        inclusion_criteria=criteria.inclusion,
        exclusion_criteria=criteria.exclusion,
        eligibility_raw=criteria.raw,
        has_results=has_results,
        results_date=status.part("resultsFirstPostDateStruct").date("date", "ymd", "results_date"),
        results_url=f"{_STUDY}{number}?tab=results" if has_results else None,
        ipd_sharing=sharing.value("ipdSharing", "ipd_sharing"),
        ipd_description="\n\n".join(_sharing_plan(sharing)) or None,
        ipd_time_frame=markup(sharing, "timeFrame"),
        ipd_access_criteria=markup(sharing, "accessCriteria"),
        ipd_url=rows.address(sharing, "url"),
        responsible_party=_responsible_party(sponsorship),
        has_data_monitoring_committee=oversight.flag("oversightHasDmc"),
        is_fda_regulated=_either(oversight.flag("isFdaRegulatedDrug"), oversight.flag("isFdaRegulatedDevice")),
        is_partial=bool(missing),
        secondary_ids=rows.secondary_ids(protocol, number),
        conditions=tuple(rows.conditions(topics, study.part("derivedSection").part("conditionBrowseModule"))),
        keywords=tuple(Keyword(keyword=keyword) for keyword in topics.texts("keywords")),
        mesh_terms=tuple(rows.mesh_terms(study.part("derivedSection"))),
        arms=arms,
        interventions=interventions,
        arm_interventions=links,
        outcomes=tuple(rows.outcomes(protocol.part("outcomesModule"))),
        criteria=criteria.criteria,
        criterion_measures=criteria.measures,
        enrollment_counts=(enrolled,) if enrolled else (),
        record_sponsors=tuple(rows.sponsors(sponsorship)),
        countries=tuple(each_once((location.text("country") for location in locations), notes.unmapped)),
        sites=tuple(rows.sites(locations)),
        investigators=tuple(rows.investigators(people_and_places)),
        contacts=tuple(rows.contacts(people_and_places, locations)),
        publications=tuple(rows.publications(references)),
        documents=tuple(rows.documents(study, references, number)),
        warnings=tuple(dict.fromkeys(notes.warnings)),
        unmapped_values=tuple(dict.fromkeys(notes.unmapped)),
    )


def _study(body: bytes, notes: Notes) -> Part:
    try:
        study = decode(body, notes, _ANSWER)
    except ValueError as error:
        raise _unreadable(str(error)) from None
    if isinstance(study, list):
        raise _unreadable(f"an array of {len(study)}")
    if not isinstance(study, dict):
        raise _unreadable("a bare value")
    whole = Part(study, "", notes)
    if "studies" in study:
        first = next(iter(whole.parts("studies")), whole).part("protocolSection").part("identificationModule")
        rewritten = isinstance(first.data.get("nctId"), list)
        raise _unreadable("a page whose single values are lists" if rewritten else "a page of studies")
    if not isinstance(study.get("protocolSection"), dict):
        study = dict(decode(body, notes))  # type: ignore[call-overload]
        raise _unreadable(f"an object without protocolSection that has {', '.join(sorted(study)) or 'nothing'}")
    return whole


def _registry_number(identification: Part) -> str:
    number = identification.data.get("nctId")
    if number is None:
        raise _unreadable("a fragment of a study, without an NCT number")
    if isinstance(number, list):
        raise _unreadable("a study whose single values are lists")
    if not isinstance(number, str) or not _NUMBER.fullmatch(number.strip()):
        raise _unreadable(f"the NCT number {str(number)[:40]!r}, which is not NCT and eight digits")
    return number.strip()


def _unreadable(found: str) -> Unreadable:
    way_out = next((way_out for words, way_out in _FOREIGN if words in found), _AGAIN)
    return Unreadable(
        f"ClinicalTrials.gov: expected one study of API v2, a JSON object with protocolSection; found {found}. {way_out}"
    )


def _missing(study: Part, protocol: Part) -> Iterator[str]:
    withheld = protocol.part("statusModule").data.get("overallStatus") == "WITHHELD"
    for name, keys in _ALWAYS:
        module = protocol.part(name).data
        if withheld and name not in _WITHHELD:
            continue
        if not module:
            yield name
        else:
            yield from (f"{name}.{key}" for key in keys if not module.get(key))
    if "hasResults" not in study.data:
        yield "hasResults"


def _values(part: Part, key: str, vocabulary: str) -> str | None:
    values = (vocabularies.read(vocabulary, text, part.notes.unmapped) for text in part.texts(key))
    return ", ".join(value for value in values if value) or None


# Most studies share a few ages.
_parse_age = lru_cache(maxsize=1024)(parse_age)
_LONGEST_CACHED = 60


def _age(population: Part, key: str, column: str) -> float | None:
    text = population.text(key)
    if text is None:
        return None
    age = _parse_age(text) if len(text) <= _LONGEST_CACHED else parse_age(text)
    if not age.understood:
        population.notes.warn(column, text, "Not an age of the form `18 Years`.")
    return age.years


def _either(first: bool | None, second: bool | None) -> bool | None:
    """Whether one of two statements holds; None when neither does and one is not made."""
    return True if first or second else None if first is None or second is None else False


def _phases(design: Part) -> str | None:
    return "/".join(design.texts("phases")) or None


def _further_design(design: Part) -> Iterator[str]:
    """Lines about the design that have no column of their own."""
    if design.flag("patientRegistry"):
        yield "Patient registry: yes"
    if duration := design.text("targetDuration"):
        yield f"Target follow-up: {duration}"
    specimens = design.part("bioSpec")
    if retention := specimens.text("retention"):
        yield f"Biospecimens: {retention}"
    if described := markup(specimens, "description"):
        yield f"Biospecimen description: {described}"
    access = design.part("expandedAccessTypes")
    if types := [key for key in ("individual", "intermediate", "treatment") if access.flag(key)]:
        yield f"Expanded access: {', '.join(types)}"


def _enrollment(info: Part, status: str | None, is_partial: bool) -> EnrollmentCount | None:
    """The number of participants, planned or actual; one number is all that an entry gives.

    Without a type it is the planned one, and a warning says so: the field was the target before there was a type, and entries of that time
    have none (NCT00200928, completed in 2005, last updated in 2006). Only where the study has ended and the answer is a part, so that the
    type may just not have been asked for, it is neither.
    """
    count, kind = info.count("count"), info.text("type")
    if count is None:
        return None
    if parse_size(str(count)).total is None:
        info.notes.warn("sample_size_raw", count, "A number that stands for none.")
        return None
    if kind is None and is_partial and status in _ENDED:
        info.notes.warn("sample_size_raw", count, "The answer is a part and does not say whether planned or actual.")
        return None
    if count == 0 and kind != "ACTUAL":
        info.notes.warn("target_sample_size", count, "Nobody plans for no participants.")
        return None
    if kind is None:
        info.notes.warn(
            "target_sample_size", count, "The entry does not say whether planned or actual: taken as planned."
        )
    elif kind not in _ENROLLMENT_KINDS:
        info.notes.unmapped.append(Unmapped(vocabulary="enrollment_type", raw_value=kind))
        return None
    known = _ENROLLMENT_KINDS.get(kind, "planned")
    return EnrollmentCount(kind=known, scope="total", count=count, source_field="enrollmentInfo.count")


def _enrollment_raw(info: Part) -> str | None:
    return " ".join(text for key in ("count", "type") if (text := info.text(key))) or None


def _sex_raw(population: Part) -> str | None:
    """`FEMALE`, and what the entry says of gender where it chooses participants by that."""
    based = "gender based" if population.flag("genderBased") else None
    return (
        "; ".join(text for text in (population.text("sex"), based, markup(population, "genderDescription")) if text)
        or None
    )


def _sharing_plan(sharing: Part) -> Iterator[str]:
    if plan := markup(sharing, "description"):
        yield plan
    if kinds := sharing.texts("infoTypes"):
        yield f"Supporting information: {', '.join(_IPD_KINDS.get(kind, kind) for kind in kinds)}"


def _responsible_party(sponsorship: Part) -> str | None:
    """`Principal investigator: Jane Doe, Professor, University of X`; for a sponsor its name; older entries have no role."""
    party = sponsorship.part("responsibleParty")
    role = party.text("type")
    keys = ("investigatorFullName", "investigatorTitle", "investigatorAffiliation", "oldNameTitle", "oldOrganization")
    who = ", ".join(text for key in keys if (text := party.text(key)))
    if role == "SPONSOR" and not who:
        who = sponsorship.part("leadSponsor").text("name") or ""
    return ": ".join(text for text in (role and role.replace("_", " ").capitalize(), who) if text) or None
