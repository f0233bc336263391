"""What a trial of the ISRCTN registry means: where each field sits in the XML of its API.

Called by `normalize.normalize("isrctn", ...)` with one `fullTrial` element of `api/query/format/default`. Reads the trial top to bottom;
sponsors, funders and contacts stand beside it and are found by the ids in its `parties`.

What a column gets is decided here:
- The registry has no field for the recruitment status: its site reckons it from the dates of recruitment and today. Here it is
  reckoned as of the last update, so that the same payload always gives the same record; where the registrant overrides it
  ("Stopped"), the override counts.
- Newer records divide an outcome into variable, method and time points (`primaryOutcomes/outcomeMeasure`); of older ones the whole
  text (`primaryOutcome`) is one outcome, or one an item where it is a numbered list. The same holds for the design (`interventionalTrialDesign`, `secondaryStudyDesign`).
- What the registry has replaced stays in a field under a heading of its own; only what is current is read (`superseded`).
- `totalFinalEnrolment` is 0 or empty while nobody has been counted.
"""

from __future__ import annotations

import re

from lxml import etree

from normalize import design_words, enrollment, superseded, vocabularies
from normalize import isrctn_rows as rows
from normalize.ages import parse_age
from normalize.closed_lists import CriterionKind
from normalize.countries import each_once
from normalize.dates import is_prospective
from normalize.enrollment import Size, parse_size
from normalize.isrctn_rows import NOTHING, below, content, date_of, path, text_at, texts_at, value_of
from normalize.objects import Notes
from normalize.schema import Record, Unreadable
from normalize.text import fold
from normalize.xml_payload import parse, utf_8

REGISTRY = "ISRCTN"
_TRIAL = "https://www.isrctn.com/ISRCTN"
_AGAIN = "Fetch https://www.isrctn.com/api/trial/ISRCTN and the number, then /format/default, again."
_NUMBER = re.compile(r"(?:ISRCTN)?([0-9]{8})")

_FLAGS = {"true": True, "false": False}
#: `output/@outputType` of summary results, which stand there as a file or a link since basicReport is no longer filled in. Articles are publications.
_RESULTS = frozenset(("basicresults", "plainenglishresults"))


def normalize(body: bytes, media_type: str) -> Record:
    """The record that one `fullTrial` element holds, with or without its namespace. Raises `Unreadable` for anything else."""
    notes = Notes([], [])
    full = _full_trial(body, media_type, notes)
    trial = full.find(path("trial"))
    number = _NUMBER.fullmatch(text_at(trial, "isrctn") or "") if trial is not None else None
    if trial is None or number is None:
        raise Unreadable(f"The <fullTrial> has no ISRCTN of eight figures, so it cannot be told from others. {_AGAIN}")
    own = REGISTRY + number[1]
    description = below(trial, "trialDescription")
    design = below(trial, "trialDesign")
    people = below(trial, "participants")
    results = below(trial, "results")

    updated = date_of(trial.get("lastUpdated"), "last_update_date", notes)
    assigned = below(trial, "isrctn").get("dateAssigned")
    registered = date_of(assigned, "date_of_registration", notes)
    started = date_of(text_at(people, "recruitmentStart"), "date_of_first_enrollment", notes)
    recruited = date_of(text_at(people, "recruitmentEnd"), "recruitment_status", notes)
    ended = date_of(text_at(design, "overallEndDate"), "completion_date", notes)
    status = text_at(people, "recruitmentStatusOverride") or text_at(design, "overallStatusOverride")
    target = _size(superseded.current(text_at(people, "targetEnrolment") or ""), "target_sample_size", notes)
    actual = _size(text_at(people, "totalFinalEnrolment"), "actual_enrollment", notes)
    fields: tuple[CriterionKind, ...] = ("inclusion", "exclusion")
    criteria = superseded.read([(kind, text) for kind in fields if (text := text_at(people, kind))])
    study_type = value_of("study_type", text_at(design, "primaryStudyDesign"), notes)
    # Records older than the fields have the design in words alone: "Multicentre double-blinded randomised trial".
    secondary_design, in_words = text_at(design, "secondaryStudyDesign"), text_at(design, "studyDesign") or ""
    trial_in_words = in_words if study_type == "interventional" else ""
    study_in_words = in_words if study_type == "observational" else ""
    phases = texts_at(trial, "interventions/intervention/phase")
    return Record(
        registry=REGISTRY,
        registry_id=own,
        url=_TRIAL + number[1],
        public_title=text_at(description, "title"),
        scientific_title=text_at(description, "scientificTitle"),
        acronym=text_at(description, "acronym"),
        brief_summary=_said(text_at(description, "plainEnglishSummary"), "brief_summary", notes),
        detailed_description=text_at(description, "studyHypothesis"),
        study_type=study_type,
        study_type_raw=text_at(design, "primaryStudyDesign"),
        phase=value_of("phase", phases[0] if len(set(phases)) == 1 else " / ".join(phases) or None, notes),
        phase_raw="\n".join(phases) or None,
        allocation=value_of("allocation", text_at(design, "interventionalTrialDesign/allocation"), notes)
        or vocabularies.known("allocation", secondary_design)
        or design_words.allocation(trial_in_words),
        intervention_model=value_of(
            "intervention_model", text_at(design, "interventionalTrialDesign/assignment"), notes
        )
        or design_words.said("intervention_model", trial_in_words),
        masking=value_of("masking", text_at(design, "interventionalTrialDesign/masking"), notes)
        or design_words.said("masking", trial_in_words),
        primary_purpose=_primary_purpose(design, notes),
        observational_model=vocabularies.known("observational_model", secondary_design)
        or design_words.said("observational_model", study_in_words),
        time_perspective=vocabularies.known("time_perspective", secondary_design)
        or design_words.said("time_perspective", study_in_words),
        study_design_raw=_design_raw(design),
        recruitment_status=value_of("recruitment_status", status, notes)
        if status
        else _status(started, recruited, ended, updated),
        recruitment_status_raw=status,
        why_stopped=text_at(design, "reasonAbandoned"),
        date_of_registration=registered,
        date_of_first_enrollment=started,
        completion_date=ended,
        last_update_date=updated,
        prospective_registration=is_prospective(registered, started),
        target_sample_size=target.total,
        actual_enrollment=actual.total,
        sample_size_raw=text_at(people, "targetEnrolment"),
        minimum_age_years=_age(people, "lowerAgeLimit", "minimum_age_years", notes),
        maximum_age_years=_age(people, "upperAgeLimit", "maximum_age_years", notes),
        minimum_age_raw=text_at(people, "lowerAgeLimit") or text_at(people, "ageRange"),
        maximum_age_raw=text_at(people, "upperAgeLimit") or text_at(people, "ageRange"),
        sex=value_of("sex", text_at(people, "gender"), notes),
        sex_raw=text_at(people, "gender"),
        healthy_volunteers=_flag(people, "healthyVolunteersAllowed", "healthy_volunteers", notes),
        inclusion_criteria=criteria.inclusion,
        exclusion_criteria=criteria.exclusion,
        eligibility_raw=criteria.raw,
        primary_outcomes_raw=text_at(description, "primaryOutcome"),
        secondary_outcomes_raw=text_at(description, "secondaryOutcome"),
        has_results=_has_results(trial, results),
        ipd_sharing=_ipd_sharing(trial, results, notes),
        ipd_description=_said(_ipd_description(results), "ipd_description", notes),
        secondary_ids=rows.secondary_ids(trial, own),
        conditions=tuple(rows.conditions(trial)),
        keywords=tuple(rows.keywords(trial)),
        interventions=tuple(rows.interventions(trial, notes)),
        outcomes=tuple(rows.outcomes(description)),
        criteria=criteria.criteria,
        criterion_measures=criteria.measures,
        enrollment_counts=(
            *enrollment.counts(target, "planned", "targetEnrolment"),
            *enrollment.counts(actual, "actual", "totalFinalEnrolment"),
        ),
        record_sponsors=tuple(rows.sponsors(full, trial, notes)),
        countries=tuple(each_once(texts_at(people, "recruitmentCountries/country"), notes.unmapped)),
        sites=tuple(rows.sites(people)),
        contacts=tuple(rows.contacts(full)),
        publications=tuple(rows.publications(results, trial)),
        documents=tuple(rows.documents(results, trial)),
        ethics_reviews=tuple(rows.ethics_reviews(description, notes)),
        warnings=tuple(notes.warnings),
        unmapped_values=tuple(notes.unmapped),
    )


def _full_trial(body: bytes, media_type: str, notes: Notes) -> etree._Element:
    try:
        root = parse(utf_8(body, media_type), "the XML of one ISRCTN trial", _AGAIN, notes)
    except ValueError as error:
        raise Unreadable(f"The ISRCTN trial is {error}. {_AGAIN}") from None
    name = root.tag.rpartition("}")[2]
    if name == "allTrials":
        trials = root.findall(path("fullTrial"))
        if len(trials) == 1:
            return trials[0]
        raise Unreadable(f"Expected one <fullTrial>, found a search answer with {len(trials)} of them. {_AGAIN}")
    if name != "fullTrial":
        raise Unreadable(f"Expected one <fullTrial> of ISRCTN, found <{name}>. {_AGAIN}")
    return root


# ------------------------------------------------------------------------------------------------------------- columns


def _size(text: str | None, field: str, notes: Notes) -> Size:
    size = parse_size(text)
    if not size.understood:
        notes.warn(field, text, "Not a number of participants in any form that is known.")
    return size if size.total else size._replace(total=None)


def _status(started: str | None, recruited: str | None, ended: str | None, updated: str | None) -> str | None:
    if updated is None or started is None:
        return None
    if ended and ended <= updated:
        return "completed"
    if recruited and recruited <= updated:
        return "active_not_recruiting"
    if started > updated:
        return "not_yet_recruiting"
    return "recruiting" if recruited else None


def _primary_purpose(design: etree._Element, notes: Notes) -> str | None:
    """The purpose, where there is one; of several none is the main one (ISRCTN16025168 has four)."""
    purposes = texts_at(design, "interventionalTrialDesign/purposes/purpose") or texts_at(
        design, "trialTypes/trialType"
    )
    return value_of("primary_purpose", purposes[0], notes) if len(purposes) == 1 else None


def _design_raw(design: etree._Element) -> str | None:
    labelled = (
        ("", texts_at(design, "studyDesign")),
        ("Secondary study design: ", texts_at(design, "secondaryStudyDesign")),
        ("Allocation: ", texts_at(design, "interventionalTrialDesign/allocation")),
        ("Masking: ", texts_at(design, "interventionalTrialDesign/masking")),
        ("Control: ", texts_at(design, "interventionalTrialDesign/control")),
        ("Assignment: ", texts_at(design, "interventionalTrialDesign/assignment")),
        ("Purpose: ", texts_at(design, "interventionalTrialDesign/purposes/purpose")),
        ("Study type: ", texts_at(design, "trialTypes/trialType")),
        ("Setting: ", texts_at(design, "trialSettings/trialSetting")),
    )
    return "\n".join(label + ", ".join(texts) for label, texts in labelled if texts) or None


_NOT_PROVIDED = "not provided at time of registration"
_LONGEST_NOT_PROVIDED = 100


def _said(text: str | None, column: str, notes: Notes) -> str | None:
    """The text, unless it is the registry's sentence for none: "Plain English summary of protocol not provided at time of registration"
    (ISRCTN16025168). It would hide what another registry's entry of the trial has to say."""
    if text and len(text) <= _LONGEST_NOT_PROVIDED and fold(text).endswith(_NOT_PROVIDED):
        notes.warn(column, text, "Says that there is none.")
        return None
    return text


def _has_results(trial: etree._Element, results: etree._Element) -> bool | None:
    """Whether the registry holds summary results; None of an entry without any of the fields for them."""
    outputs = [(output.get("outputType") or "").lower() for output in trial.findall(path("outputs/output"))]
    reports = [below(results, name) for name in ("basicReport", "plainEnglishReport")]
    if not _RESULTS.isdisjoint(outputs) or any(map(content, reports)):
        return True
    return None if reports[0] is NOTHING else False


def _flag(people: etree._Element, name: str, field: str, notes: Notes) -> bool | None:
    text = text_at(people, name)
    if text and text not in _FLAGS:
        notes.warn(field, text, "Neither true nor false.")
    return _FLAGS.get(text or "")


def _ipd_sharing(trial: etree._Element, results: etree._Element, notes: Notes) -> str | None:
    """The plan; of entries without one what the data policy says, where that is yes or no."""
    if plan := text_at(trial, "miscellaneous/ipdSharingPlan"):
        return vocabularies.read("ipd_sharing", plan, notes.unmapped)
    policies = texts_at(results, "dataPolicies/dataPolicy")
    return vocabularies.known("ipd_sharing", policies[0]) if len(policies) == 1 else None


def _ipd_description(results: etree._Element) -> str | None:
    texts = (*texts_at(results, "ipdSharingStatement"), *texts_at(results, "dataPolicies/dataPolicy"))
    return "\n\n".join(dict.fromkeys(texts)) or None


def _age(people: etree._Element, name: str, field: str, notes: Notes) -> float | None:
    age = parse_age(text_at(people, name))
    if not age.understood:
        notes.warn(field, text_at(people, name), "Not an age in any form that is known.")
    return age.years
