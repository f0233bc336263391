"""What a trial of the WHO International Clinical Trials Registry Platform (ICTRP) means: where each field sits in its elements.

Called by `normalize.normalize("ictrp", ...)` with one trial: a `<Trial>` of the XML export, a header line with one row of the CSV
export, or a Trial2.aspx page. `ictrp_elements` makes the three one dict; this file reads it in the order in which the portal prints
a trial; `ictrp_lists`, `ictrp_outcomes`, `ictrp_criteria` and `ictrp_design` take the texts of some twenty source registers apart by each one's habit.

Not read: Internal_Number (ICTRP's own), other_records and Bridged_type (whether ICTRP thinks that another register holds the trial,
not which), addresses and telephone numbers of contacts other than Contact_Tel (no column for them).
ICTRP's own transcoding has lost characters before they reach us: `≥` and `≤` both became `=`, others `?`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from normalize import (
    enrollment,
    ictrp_criteria,
    ictrp_dates,
    ictrp_design,
    ictrp_elements,
    ictrp_lists,
    ictrp_outcomes,
    ictrp_people,
    identifiers,
    vocabularies,
)
from normalize.ages import parse_age
from normalize.countries import each_once, parted
from normalize.dates import is_prospective
from normalize.enrollment import Size, parse_size
from normalize.ictrp_criteria import AgeForm
from normalize.ictrp_elements import unescape
from normalize.ictrp_lists import EUROPEAN, lines, pieces
from normalize.objects import Notes
from normalize.schema import (
    Document,
    EnrollmentCount,
    EthicsReview,
    Record,
    Unmapped,
)

#: Source_Register of the exports and of the portal's page -> short name of the registry. Japan's four registers share "JPRN".
_REGISTRIES = {
    "ANZCTR": "ANZCTR",
    "ChiCTR": "ChiCTR",
    "ClinicalTrials.gov": "ClinicalTrials.gov",
    "CRIS": "CRiS",
    "CRiS": "CRiS",
    "CTIS": "CTIS",
    "Clinical Trials Information System": "CTIS",
    "CTRI": "CTRI",
    "DRKS": "DRKS",
    "German Clinical Trials Register": "DRKS",
    "EUCTR": "EUCTR",
    "EU Clinical Trials Register": "EUCTR",
    "IRCT": "IRCT",
    "ISRCTN": "ISRCTN",
    "ITMCTR": "ITMCTR",
    "LBCTR": "LBCTR",
    "NL-OMON": "NL-OMON",
    "NTR": "NTR",
    "Netherlands Trial Register": "NTR",
    "PACTR": "PACTR",
    "REBEC": "ReBec",
    "ReBec": "ReBec",
    "REPEC": "REPEC",
    "RPCEC": "RPCEC",
    "SLCTR": "SLCTR",
    "TCTR": "TCTR",
}
_JAPANESE = {
    "JPRN-UMIN": "UMIN",
    "JPRN-C": "UMIN",
    "JPRN-jRCT": "jRCT",
    "JPRN-JapicCTI": "JapicCTI",
    "JPRN-JMA": "JMACCT",
}

_ANSWERS = {"yes": True, "no": False}

#: Free texts, in which numbers are mentions.
_TEXTS = (
    "Public_title", "Scientific_title", "Acronym", "Study_design", "Inclusion_Criteria", "Exclusion_Criteria", "Condition",
    "Intervention", "Primary_outcome", "Secondary_outcome", "results_summary",
)  # fmt: skip
#: Free texts on results, which the portal shows since its version 3.6.
_RESULT_TEXTS = {
    "results_summary": "results_summary",
    "results_baseline_char": "baseline_characteristics",
    "results_participant_flow": "participant_flow",
    "results_adverse_events": "adverse_events",
    "results_outcome_measures": "outcome_measures",
}


def normalize(body: bytes, media_type: str) -> Record:
    """The record that one trial of ICTRP holds.

    `body`: application/xml one `<Trial>`; text/csv a header line and one row; text/html a whole Trial2.aspx page. `source` of the
    record is ICTRP, `registry` the register that it comes from. Raises `Unreadable` where no trial can be told.
    """
    notes = Notes([], [])
    elements = ictrp_elements.read(body, media_type, notes)
    get = elements.get
    number = elements["TrialID"]
    registry = _registry(get("Source_Register"), number, notes)
    listed = (ictrp_elements.without_paragraphs(elements) if registry == "NL-OMON" else elements).get

    registered = ictrp_dates.iso(get("Date_registration3") or get("Date_registration"), "date_of_registration", notes)
    enrolled = ictrp_dates.iso(get("Date_enrollement"), "date_of_first_enrollment", notes)
    study_type = _value("study_type", get("Study_type"), notes)
    design_text = _lines(get("Study_design"))
    design = ictrp_design.read(design_text or "", study_type, notes)
    phase = _lines(get("Phase"))
    sex = _lines(get("Inclusion_gender"))
    size = _target(get("Target_size"), notes)
    actual = _size(get("results_actual_enrollment"), "actual_enrollment", notes)
    inclusion, exclusion = _lines(get("Inclusion_Criteria")) or "", _lines(get("Exclusion_Criteria")) or ""
    criteria = ictrp_criteria.read(inclusion, exclusion, registry, notes)
    age_form = ictrp_criteria.age_form(inclusion)
    youngest, oldest = _ages(get("Inclusion_agemin"), get("Inclusion_agemax"), age_form, notes)
    conditions, keywords = ictrp_lists.conditions(unescape(listed("Condition", "")), registry)
    groups = [label for label, _ in size.parts]
    arms, interventions, links = ictrp_lists.interventions(
        unescape(listed("Intervention", "")), registry, groups, notes.unmapped
    )
    has_results = _answer(get("results_yes_no"), "has_results", notes)
    primary, objectives = ictrp_outcomes.outcomes(unescape(listed("Primary_outcome", "")), "primary", registry)
    secondary, further_objectives = ictrp_outcomes.outcomes(
        unescape(listed("Secondary_outcome", "")), "secondary", registry
    )

    return Record(
        registry=registry,
        registry_id=number,
        url=get("web_address"),
        public_title=_lines(get("Public_title")),
        scientific_title=_lines(get("Scientific_title")),
        acronym=_lines(get("Acronym")),
        brief_summary="\n\n".join((*objectives, *further_objectives)) or None,
        study_type=study_type,
        study_type_raw=get("Study_type"),
        phase=_value("phase", phase, notes),
        phase_raw=phase,
        allocation=design.allocation,
        intervention_model=design.intervention_model,
        masking=design.masking,
        masked_roles=design.masked_roles,
        primary_purpose=design.primary_purpose,
        observational_model=design.observational_model,
        time_perspective=design.time_perspective,
        study_design_raw=design_text,
        recruitment_status=_value("recruitment_status", get("Recruitment_Status"), notes),
        recruitment_status_raw=get("Recruitment_Status"),
        date_of_registration=registered,
        date_of_first_enrollment=enrolled,
        completion_date=ictrp_dates.iso(get("results_date_completed"), "completion_date", notes),
        last_update_date=ictrp_dates.iso(get("Last_Refreshed_on"), "last_update_date", notes),
        prospective_registration=_prospective(
            get("Prospective_registration") or get("Retrospective_flag"), registered, enrolled, registry, notes
        ),
        target_sample_size=size.total,
        actual_enrollment=actual.total,
        sample_size_raw=get("Target_size"),
        minimum_age_years=youngest,
        maximum_age_years=oldest,
        minimum_age_raw=get("Inclusion_agemin") or (age_form.bands if age_form else None),
        maximum_age_raw=get("Inclusion_agemax") or (age_form.bands if age_form else None),
        sex=_value("sex", sex, notes),
        sex_raw=sex,
        inclusion_criteria=criteria.inclusion,
        exclusion_criteria=criteria.exclusion,
        eligibility_raw=criteria.raw,
        conditions_raw=_raw(get("Condition")),
        interventions_raw=_raw(get("Intervention")),
        primary_outcomes_raw=_raw(get("Primary_outcome")),
        secondary_outcomes_raw=_raw(get("Secondary_outcome")),
        has_results=has_results,
        results_date=ictrp_dates.of_results(get("results_date_posted"), has_results, notes),
        results_url=_results_url(get("results_url_link"), get("web_address"), has_results, notes),
        ipd_sharing=_value("ipd_sharing", get("results_IPD_plan"), notes),
        ipd_description=_lines(get("results_IPD_description")),
        processed_date=ictrp_dates.iso(get("Export_date"), "processed_date", notes, "mdy"),
        secondary_ids=identifiers.secondary_ids(
            [("Secondary_ID", value, None) for value in pieces(get("Secondary_ID"))],
            [(name, elements[name]) for name in _TEXTS if name in elements],
            number,
        ),
        conditions=tuple(conditions),
        keywords=tuple(keywords),
        arms=tuple(arms),
        interventions=tuple(interventions),
        arm_interventions=tuple(links),
        outcomes=(*primary, *secondary),
        criteria=criteria.criteria,
        criterion_measures=criteria.measures,
        enrollment_counts=tuple(_counts(size, actual, age_form)),
        record_sponsors=tuple(ictrp_people.sponsors(elements)),
        countries=tuple(each_once(_country_names(get("Countries")), notes.unmapped)),
        contacts=tuple(ictrp_people.contacts(elements)),
        documents=tuple(_documents(elements)),
        ethics_reviews=tuple(_ethics_reviews(elements, notes)),
        warnings=tuple(notes.warnings),
        unmapped_values=tuple(notes.unmapped),
    )


def _registry(source: str | None, number: str, notes: Notes) -> str:
    if source == "JPRN":
        for prefix, name in _JAPANESE.items():
            if number.startswith(prefix):
                return name
    elif source in _REGISTRIES:
        return _REGISTRIES[source]
    found = identifiers.canonical(number)
    if source:
        notes.unmapped.append(Unmapped(vocabulary="registry", raw_value=source))
    elif not found:
        notes.warn("registry", number, "Neither Source_Register nor the number tells which register the trial is from.")
    return found.registry if found else source or "unknown"


def _lines(text: str | None) -> str | None:
    return lines(unescape(text)) or None if text else None


def _raw(text: str | None) -> str | None:
    return lines(text) or None if text else None


def _value(vocabulary: str, raw: str | None, notes: Notes) -> Any:
    return vocabularies.read(vocabulary, raw, notes.unmapped)


# Many trials share their ages. No age is longer than this.
_parse_age = lru_cache(maxsize=1024)(parse_age)
_LONGEST_CACHED = 60


def _results_url(link: str | None, page: str | None, has_results: bool | None, notes: Notes) -> str | None:
    """The page of the results; DRKS names a place on every entry's own page, whether or not there are any (DRKS00021577)."""
    if link and not has_results and link.partition("#")[0] == page:
        notes.warn("results_url", link, "The entry's own page, and the entry does not say that there are results.")
        return None
    return link


def _answer(text: str | None, field: str, notes: Notes) -> bool | None:
    if not text:
        return None
    answer = _ANSWERS.get(text.lower())
    if answer is None:
        notes.warn(field, text, "Neither Yes nor No.")
    return answer


def _prospective(
    flag: str | None, registered: str | None, enrolled: str | None, registry: str, notes: Notes
) -> bool | None:
    """What the two dates say; the flag only where they leave it open.

    Retrospective_flag means the contrary of its name: "Yes" where registration came on or before first enrollment
    (ChiCTR2000029789), "No" where it came after (ChiCTR2000029953); it is now called Prospective_registration. For
    ClinicalTrials.gov it is "Yes" in 2020 even for NCT00173563, registered eight months after its start.

    The European registers have no date of first enrollment of their own that ICTRP shows: Date_enrollement is the day of the later of the
    authority's and the ethics committee's decision (EUCTR2021-000037-14-DK), and says nothing of enrollment, nor does the flag made from it.
    """
    if registry in EUROPEAN:
        if enrolled:
            reason = "The day of the authority's or the ethics committee's decision: ICTRP shows no date of enrollment of this register."
            notes.warn("date_of_first_enrollment", enrolled, reason)
        return None
    said = _answer(flag, "prospective_registration", notes)
    by_dates = is_prospective(registered, enrolled)
    if by_dates is None:
        return said
    if said is not None and said != by_dates:
        reason = "ICTRP's flag contradicts its dates of registration and first enrollment, which decide."
        notes.warn("prospective_registration", flag, reason)
    return by_dates


def _ages(
    lowest: str | None, highest: str | None, form: AgeForm | None, notes: Notes
) -> tuple[float | None, float | None]:
    """Lower and upper limit in years; EUCTR fills neither field, its limits are those of the age bands it answers with yes."""
    if form and not lowest and not highest:
        return form.youngest, form.oldest
    return _age(lowest, "minimum_age_years", notes), _highest_age(highest, notes)


def _age(text: str | None, field: str, notes: Notes) -> float | None:
    if text is None:
        return None
    age = _parse_age(text) if len(text) <= _LONGEST_CACHED else None
    if age is None or not age.understood:
        notes.warn(field, text, "Not an age in any form that is known.")
    return age.years if age else None


def _highest_age(text: str | None, notes: Notes) -> float | None:
    if text and text.endswith("+"):
        return None  # "65+" is CTIS's oldest age group, which has no end (CTIS2023-507385-11-00)
    years = _age(text, "maximum_age_years", notes)
    if years == 0:
        notes.warn("maximum_age_years", text, "An upper age limit of 0 cannot be meant.")
        return None
    return years


def _size(text: str | None, field: str, notes: Notes) -> Size:
    if text is None:
        return Size(None)
    size = parse_size(text)
    if not size.understood:
        notes.warn(field, text, "Not a number of participants in any form that is known.")
    return size


def _target(text: str | None, notes: Notes) -> Size:
    """The number planned for, which is never 0: of a withdrawn study ClinicalTrials.gov's is the number enrolled (NCT02152644)."""
    size = _size(text, "target_sample_size", notes)
    if size.total == 0:
        notes.warn("target_sample_size", text, "Nobody plans for no participants.")
        return Size(None)
    return size


def _counts(size: Size, actual: Size, form: AgeForm | None) -> Iterator[EnrollmentCount]:
    """Target_size is the target, whatever became of it: of a completed trial ClinicalTrials.gov's number may be the actual one."""
    yield from enrollment.counts(size, "planned", "Target_size")
    for band, count in form.counts if form else ():
        yield EnrollmentCount(
            kind="planned", scope="age_band", scope_value=band, count=count, source_field="Inclusion_Criteria"
        )
    yield from enrollment.counts(actual, "actual", "results_actual_enrollment")


def _country_names(text: str | None) -> Iterator[str]:
    """UMIN joins its regions with commas ("Japan,Asia(except Japan),Australia,Europe", JPRN-UMIN000039686), SLCTR its countries."""
    for name in pieces(text):
        yield from parted(name)


def _documents(elements: dict[str, str]) -> Iterator[Document]:
    if address := elements.get("results_url_protocol"):
        yield Document(type="protocol", url=address)
    for element, kind in _RESULT_TEXTS.items():
        if text := _lines(elements.get(element)):
            yield Document(type=kind, label=text)


_ETHICS = (
    "Ethics_review_status",
    "Ethics_review_approval_date",
    "Ethics_review_contact_name",
    "Ethics_review_contact_address",
)


def _ethics_reviews(elements: dict[str, str], notes: Notes) -> Iterator[EthicsReview]:
    """One review a committee: the lists are as long as that of the dates, else their text belongs to the first review."""
    if not any(name in elements for name in _ETHICS):
        return
    dates = elements.get("Ethics_review_approval_date", "").split(";")
    statuses = _matching(elements.get("Ethics_review_status", ""), len(dates))
    names = _matching(elements.get("Ethics_review_contact_name", ""), len(dates))
    addresses = _matching(elements.get("Ethics_review_contact_address", ""), len(dates))
    for date, status, name, address in zip(dates, statuses, names, addresses, strict=True):
        # Several registers are shifted by a column: an e-mail for the name, the committee for the address (DRKS00018881).
        committee = ", ".join(part for part in (name, address) if part and "@" not in part)
        day = ictrp_dates.iso(date.strip(), "ethics_reviews", notes)
        if status or day or committee:
            yield EthicsReview(status=status or None, date=day, committee=committee or None)


def _matching(text: str, count: int) -> Sequence[str]:
    cells = [cell.strip() for cell in text.split(";")]
    return cells if len(cells) == count else [text, *[""] * (count - 1)]
