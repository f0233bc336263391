"""Comparison room: which rows a comparison has, in the order of a trial's page. Data only; read by `compare`.

Three kinds of row: `One` is a column of `trials`; `Many` is a list from a table below the records (countries, publications),
compared as a set; `Aligned` is a list whose items are put side by side one by one (criteria, arms, interventions, outcomes).
A column of `trials` that stands neither here nor in LEFT_OUT comes last under "other", so that no new column is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from harvester.catalogue_tables import TABLES
from normalize.text import fold

Kind = Literal["text", "word", "number", "age", "date", "truth"]

SECTIONS = {
    "identity": "Identity", "status": "Status and dates", "design": "Design", "population": "Population",
    "enrollment": "Enrollment", "interventions": "Interventions", "outcomes": "Outcomes", "sponsors": "Sponsors",
    "places": "Places", "results": "Results and data", "other": "Other",
}  # fmt: skip


class One(NamedTuple):
    """A column of `trials`, compared as `kind` says; `raw` is the column with the registry's words."""

    section: str
    name: str
    label: str
    kind: Kind
    raw: str | None = None
    unless: str | None = None  # a column that, where it has a value, holds what `raw` says

    @property
    def field(self) -> str:
        return self.name


class Many(NamedTuple):
    """Rows of a table of which each is one value: what it is compared by, what is shown, the registry's words."""

    section: str
    table: str
    column: str
    label: str
    key: Callable[[Mapping[str, Any]], Any]
    shown: Callable[[Mapping[str, Any]], Any]
    raw: str | None = None

    @property
    def field(self) -> str:
        return f"{self.table}.{self.column}"


class Aligned(NamedTuple):
    """Rows of a table whose items are put side by side: by `main`, with further columns below it."""

    section: str
    table: str
    main: str
    label: str
    others: Mapping[str, str] = {}
    names: tuple[str, ...] = ()  # columns with other names of the same thing, one a line
    kinds_meet: bool = True  # whether items of different kind (primary, secondary) may be put side by side

    @property
    def field(self) -> str:
        return f"{self.table}.{self.main}"


def _joined(*columns: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: ", ".join(str(row[column]) for column in columns if row[column])


def _folded(*columns: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda row: fold(" ".join(str(row[column] or "") for column in columns))


def _count(row: Mapping[str, Any]) -> str:
    place = f"{row['scope'].replace('_', ' ')} {row['scope_value'] or ''}".strip()
    lower = f"{row['count_lower']} to " if row["count_lower"] is not None else ""
    return f"{row['kind']}, {place}: {lower}{row['count']}{' (added up)' if row['is_sum'] else ''}"


def _fact(row: Mapping[str, Any]) -> str:
    return f"{row['fact']}: {row['value']}".replace("_", " ")


def _paper(row: Mapping[str, Any]) -> str:
    numbers = [f"PMID {row['pmid']}" if row["pmid"] else "", f"doi:{row['doi']}" if row["doi"] else ""]
    return ". ".join(part for part in (row["citation"] or row["url"] or "", *numbers) if part)


def _sponsor(row: Mapping[str, Any]) -> Any:
    return row["role"], row["sponsor_id"] or fold(row["name_raw"])


PLAN: tuple[One | Many | Aligned, ...] = (
    One("identity", "public_title", "Public title", "text"),
    One("identity", "scientific_title", "Scientific title", "text"),
    One("identity", "acronym", "Acronym", "text"),
    Many("identity", "records", "registry_id", "Registry numbers", lambda row: row["registry_id"], lambda row: row["registry_id"]),
    Many("identity", "secondary_ids", "id_normalized", "Other numbers", lambda row: row["id_normalized"], lambda row: row["id_normalized"], "id_raw"),
    One("identity", "registries", "Registries", "word"),
    One("identity", "url", "Page at the registry", "text"),
    One("identity", "brief_summary", "Brief summary", "text"),
    One("identity", "detailed_description", "Detailed description", "text"),
    Many("identity", "conditions", "condition", "Conditions", lambda row: row["condition_normalized"] or fold(row["condition"]), lambda row: row["condition"]),
    Many("identity", "keywords", "keyword", "Keywords", _folded("keyword"), lambda row: row["keyword"]),
    One("status", "recruitment_status", "Recruitment status", "word", "recruitment_status_raw"),
    One("status", "why_stopped", "Why it stopped", "text"),
    One("status", "date_of_registration", "Registered", "date"),
    One("status", "prospective_registration", "Registered before the start", "truth"),
    One("status", "date_of_first_enrollment", "First enrollment", "date"),
    One("status", "date_of_first_enrollment_type", "First enrollment is", "word"),
    One("status", "primary_completion_date", "Primary completion", "date"),
    One("status", "primary_completion_date_type", "Primary completion is", "word"),
    One("status", "completion_date", "Completion", "date"),
    One("status", "completion_date_type", "Completion is", "word"),
    One("status", "last_update_date", "Last update", "date"),
    One("status", "verification_date", "Last confirmed", "date"),
    One("design", "study_type", "Study type", "word", "study_type_raw"),
    One("design", "phase", "Phase", "word", "phase_raw"),
    One("design", "allocation", "Allocation", "word"),
    One("design", "intervention_model", "Intervention model", "word"),
    One("design", "intervention_model_description", "The model in words", "text"),
    One("design", "primary_purpose", "Primary purpose", "word"),
    One("design", "masking", "Masking", "word"),
    One("design", "masked_roles", "Who is masked", "word"),
    One("design", "masking_description", "The masking in words", "text"),
    One("design", "observational_model", "Observational model", "word"),
    One("design", "time_perspective", "Time perspective", "word"),
    One("design", "study_design_raw", "Design as the registry writes it", "text"),
    One("design", "has_data_monitoring_committee", "Data monitoring committee", "truth"),
    One("design", "is_fda_regulated", "Regulated by the US FDA", "truth"),
    Aligned("design", "arms", "label", "Arm", {"type": "type", "description": "description"}),
    One("population", "minimum_age_years", "Minimum age", "age", "minimum_age_raw"),
    One("population", "maximum_age_years", "Maximum age", "age", "maximum_age_raw"),
    One("population", "sex", "Sex", "word", "sex_raw"),
    One("population", "healthy_volunteers", "Healthy volunteers", "truth"),
    One("population", "study_population", "Study population", "text"),
    One("population", "sampling_method", "Sampling", "word"),
    Many("population", "eligibility_facts", "value", "Pregnancy, breastfeeding, consent", _fact, _fact, "text"),
    Aligned("population", "criteria", "text", "Criterion", {"heading": "under the heading"}, kinds_meet=False),
    One("enrollment", "target_sample_size", "Participants planned", "number", "sample_size_raw", "actual_enrollment"),
    One("enrollment", "actual_enrollment", "Participants enrolled", "number"),
    Many("enrollment", "enrollment_counts", "count", "Numbers in parts", _count, _count),
    Aligned("interventions", "interventions", "name", "Intervention", {"type": "type", "description": "description", "other_names": "other names"}, ("other_names",)),
    Aligned("outcomes", "outcomes", "measure", "Outcome", {"time_frame": "time frame", "description": "description"}),
    One("sponsors", "primary_sponsor", "Primary sponsor", "text"),
    One("sponsors", "sponsor_class", "Class of the primary sponsor", "word"),
    Many("sponsors", "record_sponsors", "name_raw", "All sponsors and funders", _sponsor, lambda row: f"{row['name_raw']} ({row['role']})"),
    One("sponsors", "responsible_party", "Responsible party", "text"),
    Many("sponsors", "investigators", "name", "Investigators", _folded("name"), _joined("name", "affiliation")),
    Many("places", "countries", "country", "Countries", lambda row: row["country_code"] or fold(row["country_raw"]), lambda row: row["country"] or row["country_raw"], "country_raw"),
    Many("places", "sites", "facility", "Sites", _folded("facility", "city", "country_code"), _joined("facility", "city", "country_code")),
    One("results", "has_results", "Results posted", "truth"),
    One("results", "results_date", "Results first posted", "date"),
    One("results", "results_url", "Page of the results", "text"),
    Many("results", "publications", "citation", "Publications", lambda row: row["pmid"] or row["doi"] or fold(row["citation"] or row["url"] or ""), _paper),
    Many("results", "documents", "label", "Documents", _folded("type", "label", "url"), _joined("label", "date", "url")),
    Many("results", "ethics_reviews", "status", "Ethics review", _folded("status", "committee"), _joined("status", "date", "committee")),
    One("results", "ipd_sharing", "Plan to share individual data", "word"),
    One("results", "ipd_description", "The plan", "text"),
    One("results", "ipd_time_frame", "When data are shared", "text"),
    One("results", "ipd_access_criteria", "With whom and how", "text"),
    One("results", "ipd_url", "Where to ask for data", "text"),
)  # fmt: skip

#: Columns of `trials` that are no row of their own: the trial's own number, readable copies of lists above, the eligibility text
#: that stands criterion by criterion, and what follows from other columns.
LEFT_OUT = frozenset(
    ("trial_id", "conditions", "keywords", "interventions", "countries", "sponsors", "identifiers", "inclusion_criteria",
     "exclusion_criteria", "eligibility_raw", "record_count", "start_year", "processed_date", "value_sources")
)  # fmt: skip


def plan() -> tuple[One | Many | Aligned, ...]:
    """PLAN, and after it the columns of `trials` that it does not know."""
    known = {name for row in PLAN if isinstance(row, One) for name in (row.name, row.raw)} | LEFT_OUT
    more = [column for column in TABLES["trials"].columns if column.name not in known]
    kinds: dict[str, Kind] = {"TEXT": "text", "INTEGER": "number", "REAL": "number"}
    return (
        *PLAN,
        *(One("other", c.name, c.name.replace("_", " ").capitalize(), kinds[c.type]) for c in more),
    )
