"""The common schema: what one registry's entry says, in the field's standard words.

Every normalizer returns a `Record`; every table of the catalogue that describes a record is one of the classes below.
Names are those of the WHO Trial Registration Data Set 1.3.1 (TRDS), then ClinicalTrials.gov's. The `Doc` of a field is
its entry in the data dictionary, its column description on the site and its documentation here: there is no other copy.

`None` means "the source does not say". A value that could not be read is `None` *and* a `ValueWarning` or an `Unmapped`.
Dates are ISO 8601 text and may be partial (`2024`, `2024-03`). Ordinals count from 1 in the order of the source.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct
from typing_extensions import Doc

from normalize.closed_lists import (
    CriterionKind,
    DateType,
    EnrollmentKind,
    EnrollmentScope,
    FactName,
    OutcomeKind,
    SecondaryIdType,
    Sex,
    SponsorClass,
    SponsorRole,
    StudyType,
)

Text = str | None
Number = int | None


class Unreadable(Exception):
    """The payload cannot become a record at all. The message is a sentence that says why; the bytes are kept."""


class Row(Struct, frozen=True, kw_only=True):
    """One row of a table that hangs below `records`."""


class ValueWarning(Row, frozen=True, kw_only=True):
    field: Annotated[str, Doc("Column or table that the value was meant for.")]
    raw_value: Annotated[Text, Doc("The value as the source gave it.")] = None
    reason: Annotated[str, Doc("Why it could not be read, as a sentence.")]


class Unmapped(Row, frozen=True, kw_only=True):
    vocabulary: Annotated[str, Doc("The closed list that does not know the value: phase, recruitment_status, sex ...")]
    raw_value: Annotated[str, Doc("The value as the source gave it.")]


class SecondaryId(Row, frozen=True, kw_only=True):
    id_raw: Annotated[str, Doc("The identifier as the source writes it.")]
    id_normalized: Annotated[str, Doc("The identifier in its registry's canonical form (NCT01234567).")]
    registry: Annotated[Text, Doc("Registry that issued it; empty for codes of sponsors, funders and regulators.")] = (
        None
    )
    type: Annotated[SecondaryIdType, Doc("What kind of number it is, by the field it stood in and its form.")]
    source_field: Annotated[str, Doc("Where it was seen, in the registry's own field names.")]


class Condition(Row, frozen=True, kw_only=True):
    condition: Annotated[str, Doc("TRDS 12. Health condition or problem studied.")]
    condition_normalized: Annotated[Text, Doc("The condition folded for comparison: lower case, no punctuation.")] = (
        None
    )
    mesh_id: Annotated[Text, Doc("MeSH descriptor that the registry assigned.")] = None
    meddra_code: Annotated[Text, Doc("MedDRA code that the registry gives.")] = None
    meddra_version: Annotated[Text, Doc("Version of MedDRA the code is from.")] = None
    meddra_level: Annotated[Text, Doc("MedDRA level: LLT, PT, HLT, HLGT or SOC.")] = None


class Keyword(Row, frozen=True, kw_only=True):
    keyword: Annotated[str, Doc("A keyword of the registrant.")]


class MeshTerm(Row, frozen=True, kw_only=True):
    field: Annotated[Literal["condition", "intervention"], Doc("What it describes.")]
    mesh_id: Annotated[str, Doc("MeSH descriptor that the registry derived from the entry.")]
    term: Annotated[str, Doc("Its name.")]
    is_ancestor: Annotated[bool, Doc("1 when it stands above a derived one in MeSH's tree.")] = False


class Arm(Row, frozen=True, kw_only=True):
    label: Annotated[Text, Doc("Name of the arm, group or cohort.")] = None
    type: Annotated[
        Text, Doc("Role of the arm (experimental, active_comparator, placebo_comparator ...), lower case.")
    ] = None
    description: Annotated[Text, Doc("What happens in the arm.")] = None


class Intervention(Row, frozen=True, kw_only=True):
    name: Annotated[str, Doc("TRDS 13. Name of the intervention.")]
    name_normalized: Annotated[Text, Doc("The name folded for comparison: lower case, no punctuation.")] = None
    type: Annotated[Text, Doc("Kind of intervention (drug, device, procedure ...), lower case.")] = None
    description: Annotated[Text, Doc("What is given or done: dose, form, route, frequency.")] = None
    other_names: Annotated[Text, Doc("Other names, one a line: brands, codes, substances.")] = None


class ArmIntervention(Row, frozen=True, kw_only=True):
    arm_ordinal: Annotated[int, Doc("Ordinal of the arm.")]
    intervention_ordinal: Annotated[int, Doc("Ordinal of the intervention.")]


class Outcome(Row, frozen=True, kw_only=True):
    kind: Annotated[OutcomeKind, Doc("TRDS 19 and 20: primary, secondary or other.")]
    measure: Annotated[str, Doc("What is measured.")]
    description: Annotated[Text, Doc("How it is measured.")] = None
    time_frame: Annotated[Text, Doc("When it is measured.")] = None


class Criterion(Row, frozen=True, kw_only=True):
    kind: Annotated[CriterionKind, Doc("TRDS 14. inclusion, exclusion, or unspecified where the text does not say.")]
    depth: Annotated[int, Doc("Level in a nested list; 0 is the outermost.")] = 0
    parent_ordinal: Annotated[Number, Doc("Ordinal of the criterion it is nested under.")] = None
    heading: Annotated[
        Text,
        Doc(
            'The heading above it where that says for whom or when it holds ("Inclusion Criteria for Controls", "Cohort 2"); empty where it holds for all.'
        ),
    ] = None
    text: Annotated[str, Doc("The criterion, without its bullet: exactly `eligibility_raw[start:end]`.")]
    start: Annotated[int, Doc("First character in `eligibility_raw`, counted from 0.")]
    end: Annotated[int, Doc("Character after the last in `eligibility_raw`.")]


class CriterionMeasure(Row, frozen=True, kw_only=True):
    criterion_ordinal: Annotated[int, Doc("Ordinal of the criterion that holds the limit.")]
    variable: Annotated[str, Doc("What is limited: a name of the measures vocabulary, else the source's words.")]
    lower: Annotated[float | None, Doc("Lower bound in `unit`.")] = None
    lower_inclusive: Annotated[bool | None, Doc("1 when the lower bound itself is allowed.")] = None
    upper: Annotated[float | None, Doc("Upper bound in `unit`.")] = None
    upper_inclusive: Annotated[bool | None, Doc("1 when the upper bound itself is allowed.")] = None
    unit: Annotated[Text, Doc("Unit as the source writes it.")] = None
    negated: Annotated[bool, Doc('1 when the text denies the limit ("not above 3").')] = False
    canonical_lower: Annotated[float | None, Doc("Lower bound converted to `canonical_unit`.")] = None
    canonical_upper: Annotated[float | None, Doc("Upper bound converted to `canonical_unit`.")] = None
    canonical_unit: Annotated[Text, Doc("UCUM unit in which limits on this variable are compared.")] = None
    text: Annotated[str, Doc("The words read: exactly `eligibility_raw[start:end]`.")]
    start: Annotated[int, Doc("First character in `eligibility_raw`, counted from 0.")]
    end: Annotated[int, Doc("Character after the last in `eligibility_raw`.")]


class EligibilityFact(Row, frozen=True, kw_only=True):
    fact: Annotated[
        FactName,
        Doc("minimum_age, maximum_age, sex, healthy_volunteers, pregnancy, breastfeeding or consent."),
    ]
    origin: Annotated[
        Literal["field", "text"], Doc("field for what a field of the registry says, text for what the criteria say.")
    ]
    value: Annotated[
        Text,
        Doc(
            "What is said, unless it is an age. Sex: all, female, male; healthy volunteers: accepted, not_accepted; pregnancy and breastfeeding: excluded, required, accepted; consent: personal, by_representative, waived."
        ),
    ] = None
    years: Annotated[float | None, Doc("Age limit in years.")] = None
    inclusive: Annotated[bool | None, Doc("1 when the age itself is allowed.")] = None
    for_all: Annotated[bool, Doc("0 when it is said of some participants only, or that cannot be told.")] = True
    contradiction: Annotated[
        Text, Doc("Why this and the registry's field cannot both be right, as a sentence; empty where they can.")
    ] = None
    criterion_ordinal: Annotated[Number, Doc("Ordinal of the criterion that says it.")] = None
    text: Annotated[Text, Doc("The words read; of the text exactly `eligibility_raw[start:end]`.")] = None
    start: Annotated[Number, Doc("First character in `eligibility_raw`, counted from 0.")] = None
    end: Annotated[Number, Doc("Character after the last in `eligibility_raw`.")] = None


class EnrollmentCount(Row, frozen=True, kw_only=True):
    kind: Annotated[EnrollmentKind, Doc("TRDS 17. planned (target) or actual; never added to each other.")]
    scope: Annotated[EnrollmentScope, Doc("What the number counts: total, country, region, age_band or arm.")]
    scope_value: Annotated[Text, Doc("Which country (ISO code), region, age band or arm.")] = None
    count: Annotated[int, Doc("Number of participants; of a range its upper end.")]
    source_field: Annotated[str, Doc("Where it stood, in the registry's own field names.")]
    count_lower: Annotated[Number, Doc("Lower end, where the source gives a range.")] = None
    is_sum: Annotated[bool, Doc("Whether `count` was added up here from the parts that the source gives.")] = False


class RecordSponsor(Row, frozen=True, kw_only=True):
    role: Annotated[SponsorRole, Doc("TRDS 4 to 6. primary sponsor, secondary sponsor or funder.")]
    name_raw: Annotated[str, Doc("Name as the source writes it.")]
    class_raw: Annotated[Text, Doc("The registry's own class of the organization.")] = None
    class_registry: Annotated[SponsorClass | None, Doc("The registry's class in the common vocabulary.")] = None
    country_raw: Annotated[Text, Doc("Country of the organization as the source writes it.")] = None


class Country(Row, frozen=True, kw_only=True):
    country_code: Annotated[Text, Doc("TRDS 11. ISO 3166-1 alpha-2 code of a country of recruitment.")] = None
    country: Annotated[Text, Doc("English short name of the country.")] = None
    country_raw: Annotated[str, Doc("Country as the source writes it.")]


class Site(Row, frozen=True, kw_only=True):
    facility: Annotated[Text, Doc("Hospital, clinic or other place.")] = None
    city: Annotated[Text, Doc("City.")] = None
    state: Annotated[Text, Doc("State or province.")] = None
    country_code: Annotated[Text, Doc("ISO 3166-1 alpha-2 code.")] = None
    status: Annotated[Text, Doc("Recruitment status of the site, lower case.")] = None
    latitude: Annotated[float | None, Doc("Degrees north.")] = None
    longitude: Annotated[float | None, Doc("Degrees east.")] = None


class Investigator(Row, frozen=True, kw_only=True):
    name: Annotated[str, Doc("Name of the investigator or official.")]
    role: Annotated[Text, Doc("Role (principal_investigator, study_chair, study_director ...), lower case.")] = None
    affiliation: Annotated[Text, Doc("Organization of the person.")] = None


class Contact(Row, frozen=True, kw_only=True):
    kind: Annotated[
        Literal["public", "scientific", "site"], Doc("TRDS 7 and 8: public or scientific queries, or one site.")
    ]
    name: Annotated[Text, Doc("Name of the person or office.")] = None
    affiliation: Annotated[Text, Doc("Organization of the person.")] = None
    email: Annotated[Text, Doc("E-mail; published only with publish_contacts = true.")] = None
    phone: Annotated[Text, Doc("Telephone; published only with publish_contacts = true.")] = None


class Publication(Row, frozen=True, kw_only=True):
    type: Annotated[Text, Doc("background, result, derived, or link; lower case.")] = None
    pmid: Annotated[Text, Doc("PubMed number.")] = None
    doi: Annotated[Text, Doc("Digital object identifier, without address.")] = None
    citation: Annotated[Text, Doc("Citation or label as the source writes it.")] = None
    url: Annotated[Text, Doc("Address, where the source gives one.")] = None


class Document(Row, frozen=True, kw_only=True):
    type: Annotated[
        Text, Doc("Kind of document (protocol, statistical_analysis_plan, informed_consent ...), lower case.")
    ] = None
    label: Annotated[Text, Doc("Title of the document.")] = None
    url: Annotated[Text, Doc("Address of the document.")] = None
    date: Annotated[Text, Doc("Date of the document.")] = None


class EthicsReview(Row, frozen=True, kw_only=True):
    status: Annotated[Text, Doc("TRDS 21. Decision, as the source writes it.")] = None
    date: Annotated[Text, Doc("Date of the decision.")] = None
    committee: Annotated[Text, Doc("Committee or authority that decided.")] = None


class Record(Struct, frozen=True, kw_only=True):
    """One registry's entry as one source served it: the columns of `records` that the payload fills, and its children."""

    registry: Annotated[str, Doc("Registry that holds the entry (for ICTRP: the source register).")]
    registry_id: Annotated[str, Doc("TRDS 1. The registry's number of the trial.")]
    url: Annotated[Text, Doc("Page of the entry at its registry.")] = None
    public_title: Annotated[Text, Doc("TRDS 9. Title for the public.")] = None
    scientific_title: Annotated[Text, Doc("TRDS 10. Scientific title as in the protocol.")] = None
    acronym: Annotated[Text, Doc("TRDS 10. Acronym of the trial.")] = None
    brief_summary: Annotated[Text, Doc("What the trial is about and why; for EUCTR its objectives.")] = None
    detailed_description: Annotated[Text, Doc("The longer description of background and procedures.")] = None
    study_type: Annotated[
        StudyType | None, Doc("TRDS 15. interventional, observational, expanded_access, basic_science, other.")
    ] = None
    study_type_raw: Annotated[Text, Doc("Study type as the source writes it.")] = None
    phase: Annotated[
        Text, Doc("TRDS 15. early_1, 1, 1/2, 2, 2/3, 3, 3/4, 4, other combinations in this form, or not_applicable.")
    ] = None
    phase_raw: Annotated[Text, Doc("Phase as the source writes it.")] = None
    allocation: Annotated[Text, Doc("TRDS 15. randomized, non_randomized or na.")] = None
    intervention_model: Annotated[
        Text, Doc("TRDS 15. single_group, parallel, crossover, factorial, sequential or other.")
    ] = None
    intervention_model_description: Annotated[Text, Doc("The model in the registrant's words.")] = None
    masking: Annotated[Text, Doc("TRDS 15. none, single, double, triple, quadruple.")] = None
    masked_roles: Annotated[
        Text, Doc("Who is masked: participant, care_provider, investigator, outcomes_assessor; joined with ', '.")
    ] = None
    masking_description: Annotated[Text, Doc("The masking in the registrant's words.")] = None
    primary_purpose: Annotated[
        Text,
        Doc(
            "TRDS 15. treatment, prevention, diagnostic, supportive_care, screening, health_services_research, basic_science, device_feasibility, other."
        ),
    ] = None
    observational_model: Annotated[Text, Doc("cohort, case_control, case_only ...; lower case.")] = None
    time_perspective: Annotated[Text, Doc("prospective, retrospective, cross_sectional or other.")] = None
    study_design_raw: Annotated[Text, Doc("Design as the source writes it, where it is free text.")] = None
    recruitment_status: Annotated[Text, Doc("TRDS 18. Recruitment status in the common vocabulary.")] = None
    recruitment_status_raw: Annotated[Text, Doc("Recruitment status as the source writes it.")] = None
    why_stopped: Annotated[Text, Doc("Reason for stopping early.")] = None
    date_of_registration: Annotated[Text, Doc("TRDS 2. Date of registration.")] = None
    date_of_first_enrollment: Annotated[Text, Doc("TRDS 16. Date of first enrollment (study start).")] = None
    date_of_first_enrollment_type: Annotated[DateType | None, Doc("actual or anticipated.")] = None
    primary_completion_date: Annotated[Text, Doc("Last data for the primary outcome.")] = None
    primary_completion_date_type: Annotated[DateType | None, Doc("actual or anticipated.")] = None
    completion_date: Annotated[Text, Doc("TRDS 22. Completion date of the study.")] = None
    completion_date_type: Annotated[DateType | None, Doc("actual or anticipated.")] = None
    last_update_date: Annotated[Text, Doc("Last update that the source gives.")] = None
    verification_date: Annotated[Text, Doc("When the registrant last confirmed the entry.")] = None
    prospective_registration: Annotated[
        bool | None, Doc("1 when registered on or before first enrollment, 0 when after.")
    ] = None
    target_sample_size: Annotated[Number, Doc("TRDS 17. Planned number of participants.")] = None
    actual_enrollment: Annotated[Number, Doc("TRDS 17. Number of participants enrolled.")] = None
    sample_size_raw: Annotated[Text, Doc("Sample size as the source writes it.")] = None
    minimum_age_years: Annotated[
        float | None, Doc("TRDS 14. Lower age limit in years (18 months = 1.5); empty for no limit.")
    ] = None
    maximum_age_years: Annotated[float | None, Doc("TRDS 14. Upper age limit in years; empty for no limit.")] = None
    minimum_age_raw: Annotated[Text, Doc("Lower age limit as the source writes it.")] = None
    maximum_age_raw: Annotated[Text, Doc("Upper age limit as the source writes it.")] = None
    sex: Annotated[Sex | None, Doc("TRDS 14. all, female or male.")] = None
    sex_raw: Annotated[Text, Doc("Sex as the source writes it.")] = None
    healthy_volunteers: Annotated[bool | None, Doc("1 when healthy volunteers are accepted.")] = None
    study_population: Annotated[Text, Doc("Population that an observational study draws from.")] = None
    sampling_method: Annotated[Text, Doc("How an observational study samples; lower case.")] = None
    inclusion_criteria: Annotated[Text, Doc("TRDS 14. Key inclusion criteria.")] = None
    exclusion_criteria: Annotated[Text, Doc("TRDS 14. Key exclusion criteria.")] = None
    eligibility_raw: Annotated[
        Text, Doc("The whole eligibility text; `criteria.start` and `end` count its characters.")
    ] = None
    conditions_raw: Annotated[Text, Doc("Conditions as the source writes them, where they come as one text.")] = None
    interventions_raw: Annotated[Text, Doc("Interventions as the source writes them, where they come as one text.")] = (
        None
    )
    primary_outcomes_raw: Annotated[
        Text, Doc("Primary outcomes as the source writes them, where they come as one text.")
    ] = None
    secondary_outcomes_raw: Annotated[
        Text, Doc("Secondary outcomes as the source writes them, where they come as one text.")
    ] = None
    has_results: Annotated[bool | None, Doc("TRDS 23. 1 when the registry holds summary results.")] = None
    results_date: Annotated[Text, Doc("TRDS 23. When results were first posted.")] = None
    results_url: Annotated[Text, Doc("TRDS 23. Page of the results.")] = None
    ipd_sharing: Annotated[Text, Doc("TRDS 24. Plan to share individual participant data: yes, no or undecided.")] = (
        None
    )
    ipd_description: Annotated[Text, Doc("TRDS 24. The plan in the registrant's words.")] = None
    ipd_time_frame: Annotated[Text, Doc("TRDS 24. When data will be shared.")] = None
    ipd_access_criteria: Annotated[Text, Doc("TRDS 24. With whom and how data will be shared.")] = None
    ipd_url: Annotated[Text, Doc("TRDS 24. Where data can be asked for.")] = None
    responsible_party: Annotated[
        Text, Doc("Who answers for the entry: sponsor, or an investigator with title and affiliation.")
    ] = None
    has_data_monitoring_committee: Annotated[bool | None, Doc("1 when a data monitoring committee is appointed.")] = (
        None
    )
    is_fda_regulated: Annotated[bool | None, Doc("1 when a drug or device regulated by the US FDA is studied.")] = None
    processed_date: Annotated[Text, Doc("When the source processed the registry's data (WHO ICTRP's export date).")] = (
        None
    )
    is_partial: Annotated[
        bool, Doc("1 when the payload held only a part of the entry (an answer cut with fields=).")
    ] = False

    secondary_ids: tuple[SecondaryId, ...] = ()
    conditions: tuple[Condition, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    mesh_terms: tuple[MeshTerm, ...] = ()
    arms: tuple[Arm, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    arm_interventions: tuple[ArmIntervention, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    criterion_measures: tuple[CriterionMeasure, ...] = ()
    eligibility_facts: tuple[EligibilityFact, ...] = ()
    enrollment_counts: tuple[EnrollmentCount, ...] = ()
    record_sponsors: tuple[RecordSponsor, ...] = ()
    countries: tuple[Country, ...] = ()
    sites: tuple[Site, ...] = ()
    investigators: tuple[Investigator, ...] = ()
    contacts: tuple[Contact, ...] = ()
    publications: tuple[Publication, ...] = ()
    documents: tuple[Document, ...] = ()
    ethics_reviews: tuple[EthicsReview, ...] = ()
    warnings: tuple[ValueWarning, ...] = ()
    unmapped_values: tuple[Unmapped, ...] = ()


#: Tables below `records`, in the order of the schema, and the class of their rows.
CHILDREN: dict[str, type[Row]] = {
    "secondary_ids": SecondaryId,
    "conditions": Condition,
    "keywords": Keyword,
    "mesh_terms": MeshTerm,
    "arms": Arm,
    "interventions": Intervention,
    "arm_interventions": ArmIntervention,
    "outcomes": Outcome,
    "criteria": Criterion,
    "criterion_measures": CriterionMeasure,
    "eligibility_facts": EligibilityFact,
    "enrollment_counts": EnrollmentCount,
    "record_sponsors": RecordSponsor,
    "countries": Country,
    "sites": Site,
    "investigators": Investigator,
    "contacts": Contact,
    "publications": Publication,
    "documents": Document,
    "ethics_reviews": EthicsReview,
}
