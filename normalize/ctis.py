"""What a trial of the EU's Clinical Trials Information System (CTIS) means: where each field sits in the public portal's JSON.

Called by `normalize.normalize("ctis", ...)` with one answer of `retrieve/{ctNumber}`, alone or merged with the trial's row of the search
(ctrdata stores it so; then one key can hold the value of either). Before the portal's relaunch of 2024-06-17 the application stood at the
top level; else the two structures agree. `ctis_rows` reads the lists, `ctis_population` who may
take part.

What a column gets is decided here:
- Registration is the first decision of a member state. For a trial that came over from EudraCT that says nothing about prospective
  registration: it was registered there before.
- First enrollment is the first start of recruitment that a member state was told of, else the start of the trial in the EU, else the
  estimate of the application. `estimatedGlobalEndDate` is the completion until the end itself is there.
- All numbers of subjects are planned ones, `totalNumberEnrolled` too: it is given for trials that have not started (2022-500244-37-00)
  and is the sum of the member states. The target is that sum and `rowSubjectCount`, the rest of the world.
- Titles, objectives, criteria and end points in other languages follow in `detailed_description`, each with its language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from msgspec.structs import replace

from normalize import ctis_population, eligibility, vocabularies
from normalize import ctis_rows as rows
from normalize.closed_lists import EnrollmentScope
from normalize.dates import is_prospective
from normalize.enrollment import parse_size
from normalize.objects import Notes, Part, decode
from normalize.schema import EnrollmentCount, Keyword, Record, Unreadable

REGISTRY = "CTIS"
_TRIAL = "https://euclinicaltrials.eu/search-for-clinical-trials/?lang=en&EUCT="
_AGAIN = "Fetch https://euclinicaltrials.eu/ctis-public-api/retrieve/ and the EU CT number again."
_NUMBER = re.compile(r"\d{4}-5\d{5}-\d{2}-\d{2}", re.ASCII)

#: `trialPhase` of the application; the search row has the words.
_PHASES = {
    "1": "Human pharmacology (Phase I) - First administration to humans",
    "2": "Human pharmacology (Phase I) - Bioequivalence study",
    "3": "Human pharmacology (Phase I) - Other",
    "4": "Therapeutic exploratory (Phase II)",
    "5": "Therapeutic confirmatory (Phase III)",
    "6": "Therapeutic use (Phase IV)",
    "7": "Phase I and Phase II (Integrated) - First administration to humans",
    "8": "Phase I and Phase II (Integrated) - Bioequivalence study",
    "9": "Phase I and Phase II (Integrated) - Other",
    "10": "Phase II and Phase III (Integrated)",
    "11": "Phase III and Phase IV (Integrated)",
}
#: `allocationMethod` of a period: reference list 57 of the CTIS data dictionary, where 1 and 2 are called "... controlled".
_ALLOCATIONS = {"1": "Randomised", "2": "Non-randomised", "3": "Not applicable"}


def normalize(body: bytes, media_type: str) -> Record:
    """The record that one answer of `retrieve/{ctNumber}` holds, of either structure.

    `media_type` is not needed: the bytes tell. Raises `Unreadable` for anything else, such as the `{}` with which CTIS answers for a
    number that it does not know.
    """
    notes = Notes([], [])
    trial = _trial(body, notes)
    number = str(trial.data["ctNumber"]).strip()
    application = trial.part("authorizedApplication") if "authorizedApplication" in trial.data else trial
    part_one = application.part("authorizedPartI")
    parts_two = application.parts("authorizedPartsII")
    states = application.parts("memberStatesConcerned")
    details = part_one.part("trialDetails")
    identifiers = details.part("clinicalTrialIdentifiers")
    information = details.part("trialInformation")
    population = information.part("populationOfTrialSubjects")
    duration = information.part("trialDuration")
    periods = details.part("protocolInformation").part("studyDesign").parts("periodDetails")
    events = trial.part("events").parts("trialEvents")
    transitioned = any(application.part(key).text("eudraCtCode") for key in ("eudraCt", "eudraCtInfo"))

    if not part_one.data:
        notes.warn("record", None, "The answer has no authorizedPartI, which describes the trial.")
    registered = _first(states, "firstDecisionDate", "date_of_registration") or _any_date(
        trial, ("decisionDateOverall", "authorizationDate"), "date_of_registration"
    )
    enrolled = _first_enrollment(trial, parts_two)
    estimated_start = duration.date("estimatedRecruitmentStartDate", "ymd", "date_of_first_enrollment")
    ended = _any_date(trial.part("events"), ("trialGlobalEndDate",), "completion_date") or _global_end(application)
    estimated_end = _any_date(duration, ("estimatedGlobalEndDate", "estimatedEndDate"), "completion_date")
    counts = _enrollment(part_one, parts_two, trial)
    youngest, oldest, ages = ctis_population.ages(population)
    criteria = eligibility.parse(list(ctis_population.criteria(information.part("eligibilityCriteria"))))
    has_results = _has_results(trial)
    status = _status(trial)
    return Record(
        registry=REGISTRY,
        registry_id=number,
        url=_TRIAL + number,
        public_title=identifiers.text("publicTitle"),
        scientific_title=identifiers.text("fullTitle") or trial.text("title"),
        acronym=_acronym(identifiers.text("shortTitle") or trial.text("shortTitle")),
        brief_summary="\n".join(_objectives(information.part("trialObjective"))) or None,
        detailed_description="\n".join(_translations(identifiers, information)) or None,
        study_type="interventional",  # CTIS registers clinical trials of medicinal products only
        phase=_read("phase", _phase(trial, information), notes),
        phase_raw=_phase(trial, information),
        allocation=_read("allocation", _allocation(periods), notes),
        study_design_raw="\n".join(_design(part_one, information, periods)) or None,
        recruitment_status=_recruitment_status(status, events, notes),
        recruitment_status_raw=status,
        why_stopped="; ".join(_reasons(events)) or None,
        date_of_registration=registered,
        date_of_first_enrollment=enrolled or estimated_start,
        date_of_first_enrollment_type="actual" if enrolled else "anticipated" if estimated_start else None,
        completion_date=ended or estimated_end,
        completion_date_type="actual" if ended else "anticipated" if estimated_end else None,
        last_update_date=_any_date(trial, ("lastUpdated", "lastPublicationUpdate", "publishDate"), "last_update_date"),
        prospective_registration=None if transitioned else _prospective(registered, enrolled, estimated_start),
        target_sample_size=next((count.count for count in counts if count.scope == "total"), None),
        sample_size_raw=", ".join(f"{count.scope_value}: {count.count}" for count in counts if count.scope != "total")
        or None,
        minimum_age_years=youngest,
        maximum_age_years=oldest,
        minimum_age_raw=ages,
        maximum_age_raw=ages,
        sex=_read("sex", ctis_population.sex(population, trial), notes),
        sex_raw=ctis_population.sex(population, trial),
        healthy_volunteers=ctis_population.healthy_volunteers(population),
        study_population=", ".join(ctis_population.groups(population)) or None,
        inclusion_criteria=criteria.inclusion,
        exclusion_criteria=criteria.exclusion,
        eligibility_raw=criteria.raw,
        has_results=has_results,
        results_date=_first(list(_reports(trial)), "submissionDate", "results_date"),
        results_url=_TRIAL + number if has_results else None,
        ipd_sharing=information.part("individualParticipantData").value("planToShareIPD", "ipd_sharing"),
        is_partial=not part_one.data,
        secondary_ids=rows.secondary_ids(trial, application, number),
        conditions=tuple(rows.conditions(information.part("medicalCondition"))),
        keywords=tuple(
            Keyword(keyword=name) for area in part_one.parts("therapeuticAreas") if (name := area.text("name"))
        ),
        arms=tuple(rows.arms(periods)),
        interventions=tuple(rows.interventions(part_one)),
        outcomes=tuple(rows.outcomes(information.part("endPoint"))),
        criteria=criteria.criteria,
        criterion_measures=criteria.measures,
        enrollment_counts=counts,
        record_sponsors=tuple(rows.sponsors(part_one, information)),
        countries=tuple(rows.countries(states, part_one)),
        sites=tuple(rows.sites(parts_two)),
        investigators=tuple(rows.investigators(parts_two)),
        contacts=tuple(rows.contacts(part_one, parts_two)),
        documents=tuple(rows.documents(trial, number)),
        ethics_reviews=tuple(rows.decisions(parts_two)),
        warnings=tuple(dict.fromkeys(notes.warnings)),
        unmapped_values=tuple(dict.fromkeys(notes.unmapped)),
    )


def _read(vocabulary: str, raw: str | None, notes: Notes) -> Any:
    """As `Part.value`, of a text that is not there as such."""
    return vocabularies.read(vocabulary, raw, notes.unmapped)


def _trial(body: bytes, notes: Notes) -> Part:
    try:
        trial = decode(body, notes)
    except ValueError as error:
        raise _unreadable(str(error)) from None
    if not isinstance(trial, dict):
        raise _unreadable("an array" if isinstance(trial, list) else "a bare value")
    if "pagination" in trial:
        raise _unreadable("a page of search results, whose trials have to be fetched one by one")
    if not trial:
        raise _unreadable("an empty object, which is how CTIS answers for a number that it does not know")
    number = trial.get("ctNumber")
    if not isinstance(number, str) or not _NUMBER.fullmatch(number.strip()):
        raise _unreadable(f"the EU CT number {str(number)[:40]!r}, which is not of the form 2023-505001-18-00")
    return Part(trial, "", notes)


def _unreadable(found: str) -> Unreadable:
    return Unreadable(
        f"CTIS: expected one trial as retrieve/{{ctNumber}} answers it, a JSON object; found {found}. {_AGAIN}"
    )


def _any_date(part: Part, keys: tuple[str, ...], column: str) -> str | None:
    """The first of several dates that is there. The search writes DD/MM/YYYY, the rest ISO."""
    return next((date for key in keys if (date := part.date(key, "dmy", column))), None)


def _first(parts: list[Part], key: str, column: str) -> str | None:
    """The earliest date below a key of several objects."""
    return min((date for part in parts if (date := part.date(key, "ymd", column))), default=None)


def _first_enrollment(trial: Part, parts_two: list[Part]) -> str | None:
    """The first start of recruitment in a member state, else the start of the trial in the EU: things that have happened."""
    column = "date_of_first_enrollment"
    periods = chain.from_iterable(_recruitment_periods(part.part("mscInfo")) for part in parts_two)
    return _first(list(periods), "recruitmentStartDate", column) or trial.date("startDateEU", "dmy", column)


def _recruitment_periods(state: Part) -> list[Part]:
    """Those that count. `trialRecruitmentPeriod` keeps what was corrected since: of 2023-505613-24-00 Belgium's 2021-10-31 beside
    2022-10-31, which the portal shows and `activeTrialRecruitmentPeriod` has. A period that has an end was one, before a halt."""
    told, active = state.parts("trialRecruitmentPeriod"), state.part("activeTrialRecruitmentPeriod")
    if not active.data.get("recruitmentStartDate"):
        return told
    return [active, *(period for period in told if period.data.get("recruitmentEndDate"))]


def _prospective(registered: str | None, enrolled: str | None, estimated: str | None) -> bool | None:
    """By the date of first enrollment; an estimated one that is past on the day of registration is an estimate that did not come true, for
    nobody is enrolled before the authorisation."""
    if enrolled:
        return is_prospective(registered, enrolled)
    return is_prospective(registered, estimated) or None


def _global_end(application: Part) -> str | None:
    """`trialGlobalEnd` is an empty list until the trial has ended, then an object, or a list of one."""
    ends = application.data.get("trialGlobalEnd")
    parts = application.parts("trialGlobalEnd") if isinstance(ends, list) else [application.part("trialGlobalEnd")]
    return _first(parts, "globalEndDate", "completion_date")


def _objectives(objective: Part) -> Iterator[str]:
    if main := objective.text("mainObjective"):
        yield f"Main objective: {main}"
    for item in rows.numbered(objective, "secondaryObjectives"):
        if text := item.text("secondaryObjective"):
            yield f"Secondary objective: {text}"


def _translations(identifiers: Part, information: Part) -> Iterator[str]:
    """Whatever is there in another language, in the order of the form: "Polish, full title: ..."."""
    objective, conditions = information.part("trialObjective"), information.part("medicalCondition")
    criteria, end_points = information.part("eligibilityCriteria"), information.part("endPoint")
    for part, key, label in chain(
        ((identifiers, "fullTitle", "full title"), (identifiers, "publicTitle", "public title")),
        ((item, "medicalCondition", "condition") for item in conditions.parts("partIMedicalConditions")),
        ((objective, "mainObjective", "main objective"),),
        (
            (item, "secondaryObjective", "secondary objective")
            for item in rows.numbered(objective, "secondaryObjectives")
        ),
        (
            (item, "principalInclusionCriteria", "inclusion")
            for item in rows.numbered(criteria, "principalInclusionCriteria")
        ),
        (
            (item, "principalExclusionCriteria", "exclusion")
            for item in rows.numbered(criteria, "principalExclusionCriteria")
        ),
        ((item, "endPoint", "primary end point") for item in rows.numbered(end_points, "primaryEndPoints")),
        ((item, "endPoint", "secondary end point") for item in rows.numbered(end_points, "secondaryEndPoints")),
    ):
        for translation in part.parts(f"{key}Translations"):
            if text := translation.text("attributeTranslation"):
                yield f"{translation.text('languageDescription') or 'Other language'}, {label}: {text}"


def _acronym(short: str | None) -> str | None:
    """The short title, unless it is the sponsor's code, which has at least as many figures as letters: "MK-5592-127", "200925"."""
    if short is None or sum(map(str.isdigit, short)) >= sum(map(str.isalpha, short)):
        return None
    return short


def _phase(trial: Part, information: Part) -> str | None:
    code = information.part("trialCategory").text("trialPhase")
    return trial.text("trialPhase") or (_PHASES.get(code, code) if code else None)


def _allocation(periods: list[Part]) -> str | None:
    """How subjects are allocated; a trial with a randomised period is randomised."""
    codes = sorted(code for period in periods if (code := period.text("allocationMethod")))
    return _ALLOCATIONS.get(codes[0], codes[0]) if codes else None


def _design(part_one: Part, information: Part, periods: list[Part]) -> Iterator[str]:
    """Lines about the design that have no column of their own. Scopes are coded without explanation; only their free text is taken."""
    category = information.part("trialCategory")
    if category.flag("isLowIntervention"):
        yield "Low-intervention trial: yes"
    if text := category.text("justificationOfLowIntervention"):
        yield f"Justification for low-intervention trial: {text}"
    if text := category.text("justificationForTrialCategory") or part_one.text("trialCategoryJustificationComment"):
        yield f"Justification for trial category: {text}"
    for scope in information.part("trialObjective").parts("trialScopes"):
        if text := scope.text("otherDescription"):
            yield f"Scope of the trial: {text}"
    for period in periods:
        said = (period.text("title"), period.text("description"), period.text("blindingDetails"))
        if text := ": ".join(text for text in said if text):
            yield f"Period: {text}"
        if roles := ", ".join(name for role in period.parts("blindedRoles") if (name := role.text("name"))):
            yield f"Masked: {roles}"


def _status(trial: Part) -> str | None:
    """The public status. The record's own `ctStatus`, "Authorised", says nothing of recruiting (2023-505613-24-00)."""
    return trial.text("ctPublicStatus") or trial.text("ctPublicStatusCode") or trial.text("ctStatus")


def _recruitment_status(status: str | None, events: list[Part], notes: Notes) -> str | None:
    """The status in the common vocabulary; ended before its time in every member state is terminated."""
    value = vocabularies.read("recruitment_status", status, notes.unmapped)
    early = [bool(event.data.get("earlyTerminationReason")) for event in events]
    return "terminated" if value == "completed" and early and all(early) else value


def _reasons(events: list[Part]) -> Iterator[str]:
    """Why the trial ended early, each reason that member states were told once."""
    yield from dict.fromkeys(name for event in events if (name := event.part("earlyTerminationReason").text("name")))


def _enrollment(part_one: Part, parts_two: list[Part], trial: Part) -> tuple[EnrollmentCount, ...]:
    """Planned subjects of the whole trial, of each member state and of the rest of the world.

    The whole is their sum. It is left out, with a warning, when a member state says no number and `totalNumberEnrolled`, the number in all
    member states, is missing too, or when countries outside the EU/EEA take part without a number.
    """
    source = "authorizedPartsII.recruitmentSubjectCount"
    by_state = [(rows.state(part), part.count("recruitmentSubjectCount")) for part in parts_two]
    counts = [_planned("country", code or name, count, source) for (code, name), count in by_state if count is not None]
    europe: int | None = sum(count.count for count in counts)
    if not counts or len(counts) < len(by_state):
        size = parse_size(trial.text("totalNumberEnrolled"))
        europe = size.total
        if not size.understood:
            reason = "Not a number of participants in any form that is known."
            trial.notes.warn("target_sample_size", trial.text("totalNumberEnrolled"), reason)
    elsewhere = part_one.count("rowSubjectCount")
    if elsewhere is not None:
        counts.append(_planned("region", "rest of the world", elsewhere, "authorizedPartI.rowSubjectCount"))
    elif part_one.data.get("rowCountriesInfo"):
        europe = None
    if europe == 0 and not elsewhere:
        trial.notes.warn("target_sample_size", "0", "Nobody plans for no participants.")
        return tuple(counts)
    if europe is not None:
        whole = _planned("total", None, europe + (elsewhere or 0), f"{source} + rowSubjectCount")
        return (replace(whole, is_sum=len(counts) > 1), *counts)
    if counts:
        trial.notes.warn(
            "target_sample_size", None, "The planned number of a part of the countries is missing: no sum."
        )
    return tuple(counts)


def _planned(scope: EnrollmentScope, value: str | None, count: int, source_field: str) -> EnrollmentCount:
    return EnrollmentCount(kind="planned", scope=scope, scope_value=value, count=count, source_field=source_field)


def _has_results(trial: Part) -> bool | None:
    """Whether summaries or study reports are there; `resultsFirstReceived` of the search row where the record does not say."""
    if any(_reports(trial)):
        return True
    return {"Yes": True, "No": False}.get(
        trial.text("resultsFirstReceived") or "", False if trial.data.get("results") else None
    )


def _reports(trial: Part) -> Iterator[Part]:
    results = trial.part("results")
    for key in ("summaryResults", "laypersonResults", "clinicalStudyReports"):
        yield from results.parts(key)
