"""The tables of catalogue.db, as data, made from the schema classes. Used by whoever asks what tables and columns there are.

Those below `records` come from `normalize.schema`, those that the harvester itself fills from `harvester.rows` and
`harvester.relate_rows`. How rows get into them is in `harvester.catalogue`.
"""

from __future__ import annotations

import types
from functools import cache
from typing import Literal, NamedTuple, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields
from typing_extensions import Doc

from harvester.relate_rows import (
    RelatedTrial,
    TermMeaning,
    TermWorth,
    TrialAlias,
    TrialProfile,
    TrialRoots,
    TrialTerms,
)
from harvester.rows import (
    About,
    Change,
    Discrepancy,
    FillRate,
    LinkKey,
    LinkOverride,
    QualityFlag,
    QualityRule,
    RecordKey,
    RecordNumber,
    RecordProvenance,
    RegistryRow,
    RejectedPayload,
    Run,
    Sponsor,
    SponsorAlias,
    SponsorCandidate,
    SponsorOverride,
    TopicRow,
    TrialLink,
    TrialSummary,
    UnmappedValue,
    ValueWarningRow,
    VersionRow,
)
from normalize.schema import CHILDREN, Record


class Column(NamedTuple):
    name: str
    type: str  # TEXT, INTEGER, REAL or BLOB
    required: bool
    description: str


class Table(NamedTuple):
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...] = ()  # (column, table, its column)
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


_TYPES = {str: "TEXT", int: "INTEGER", bool: "INTEGER", float: "REAL", bytes: "BLOB"}


@cache
def columns_of(kind: type[Struct]) -> tuple[Column, ...]:
    """The columns that a schema class stands for; fields that hold rows of other tables are none."""
    found = []
    for field in fields(kind):
        if get_origin(field.type) is tuple:
            continue
        annotated, *extras = get_args(field.type)
        choices = get_args(annotated) if get_origin(annotated) in (Union, types.UnionType) else (annotated,)
        kinds = {type(get_args(c)[0]) if get_origin(c) is Literal else c for c in choices if c is not type(None)}
        description = next(extra.documentation for extra in extras if isinstance(extra, Doc))
        required = type(None) not in choices
        name = field.name.rstrip("_")
        found.append(Column(name, "REAL" if float in kinds else _TYPES[kinds.pop()], required, description))
    return tuple(found)


_RECORD_ID = Column("record_id", "TEXT", True, "The record that the row belongs to.")
_ORDINAL = Column("ordinal", "INTEGER", True, "Place in the source's order, from 1.")
_TRIAL_ID = Column(
    "trial_id",
    "TEXT",
    True,
    "The NCT number if one of its records has one, else the EudraCT or EU CT number, else the first registry id.",
)
_SPONSOR_ID = Column("sponsor_id", "TEXT", False, "The organization, once its spelling is known.")
#: Columns of `records` that say which record it is, not what the trial is.
_OF_A_RECORD_ONLY = (
    "registry", "registry_id", "is_partial", "conditions_raw", "interventions_raw", "primary_outcomes_raw",
    "secondary_outcomes_raw",
)  # fmt: skip

_CHILD_DESCRIPTIONS = {
    "secondary_ids": "TRDS 3. Every identifier found, in fields for identifiers and in text.",
    "conditions": "TRDS 12. Health conditions studied, with the registry's codes.",
    "keywords": "Keywords of the registrants.",
    "mesh_terms": "MeSH terms that the registry derived from conditions and interventions, and those above them in MeSH's tree.",
    "arms": "Arms, groups or cohorts.",
    "interventions": "TRDS 13. What is given, done or observed.",
    "arm_interventions": "Which intervention belongs to which arm.",
    "outcomes": "TRDS 19 and 20. What is measured, how and when.",
    "criteria": "TRDS 14. Eligibility criteria one by one, with their place in the source's text.",
    "criterion_measures": "Numeric and ordinal limits found in the criteria.",
    "eligibility_facts": "TRDS 14. Ages, sex, healthy volunteers, pregnancy and consent: what fields say and what the text says, apart.",
    "enrollment_counts": "TRDS 17. Planned and actual numbers, in total and by country, region, age band or arm.",
    "record_sponsors": "TRDS 4 to 6. Sponsors and funders of each record.",
    "countries": "TRDS 11. Countries of recruitment.",
    "sites": "Places of recruitment.",
    "investigators": "Investigators and officials.",
    "contacts": "TRDS 7 and 8. Contacts for public and scientific queries; e-mail and telephone only when configured.",
    "publications": "References and links.",
    "documents": "Protocols, analysis plans and consent forms.",
    "ethics_reviews": "TRDS 21. Decisions of ethics committees and authorities.",
}
_CHILD_INDEXES: dict[str, tuple[tuple[str, ...], ...]] = {
    "secondary_ids": (("id_normalized",),),
    "conditions": (("condition_normalized",), ("mesh_id",)),
    "mesh_terms": (("mesh_id", "term"),),
    "interventions": (("name_normalized",),),
    "record_sponsors": (("sponsor_id",),),
    "countries": (("country_code",),),
}


def _child(name: str) -> Table:
    extra = (_SPONSOR_ID,) if name == "record_sponsors" else ()
    return Table(
        _CHILD_DESCRIPTIONS[name],
        (_RECORD_ID, _ORDINAL, *extra, *columns_of(CHILDREN[name])),
        ("record_id", "ordinal"),
        (("record_id", "records", "record_id"),),
        _CHILD_INDEXES.get(name, ()),
    )


def _trial_columns() -> tuple[Column, ...]:
    best = tuple(c for c in columns_of(Record) if c.name not in _OF_A_RECORD_ONLY)
    return (_TRIAL_ID, *best, *columns_of(TrialSummary))


#: Columns of `trials` that the site filters, counts and sorts by: through an index each, for rows are whole protocols long.
_FACETS = (
    "recruitment_status", "phase", "study_type", "sponsor_class", "sex", "start_year", "has_results", "record_count",
    "registries", "countries", "primary_sponsor", "minimum_age_years", "maximum_age_years", "date_of_registration",
    "date_of_first_enrollment", "last_update_date", "target_sample_size", "actual_enrollment",
)  # fmt: skip
#: What quality rules that need today read of every record whenever that moves: an index holds it all, for rows are wide.
BY_DATE = (
    "source", "fetched_at", "processed_date", "record_id", "trial_id", "study_type", "phase", "recruitment_status",
    "primary_completion_date", "primary_completion_date_type", "completion_date", "completion_date_type", "has_results",
    "last_update_date", "verification_date",
)  # fmt: skip

TABLES: dict[str, Table] = {
    "trials": Table(
        "One row per real trial: the best value of each field over all its records.",
        _trial_columns(),
        ("trial_id",),
        indexes=tuple((name,) for name in _FACETS),
    ),
    "records": Table(
        "One row per registry entry as one source served it.",
        (*columns_of(RecordKey), *columns_of(Record), *columns_of(RecordProvenance)),
        ("record_id",),
        (("trial_id", "trials", "trial_id"),),
        (
            ("trial_id", "has_results"),
            ("registry",),
            ("registry_id",),
            ("recruitment_status",),
            ("phase",),
            ("withdrawn_from_registry_at",),
            BY_DATE,
        ),
    ),
    **{name: _child(name) for name in CHILDREN},
    "sponsors": Table("Organizations, one row for all spellings.", columns_of(Sponsor), ("sponsor_id",)),
    "sponsor_aliases": Table(
        "Spellings of organizations and the rule that joined them.",
        columns_of(SponsorAlias),
        ("name_raw",),
        (("sponsor_id", "sponsors", "sponsor_id"),),
        (("sponsor_id",),),
    ),
    "sponsor_candidates": Table(
        "Organizations that may be one, for a person to look at.",
        columns_of(SponsorCandidate),
        ("sponsor_id", "other_sponsor_id"),
        (("sponsor_id", "sponsors", "sponsor_id"), ("other_sponsor_id", "sponsors", "sponsor_id")),
        (("other_sponsor_id",),),
    ),
    "sponsor_overrides": Table(
        "What a person wrote about spellings of sponsors; it goes before every rule.",
        columns_of(SponsorOverride),
        ("name_raw",),
    ),
    "topics": Table("The topics of the configuration.", columns_of(TopicRow), ("name",)),
    "trial_links": Table(
        "Why two records are one trial, or only mention each other.",
        columns_of(TrialLink),
        ("record_id", "other_record_id", "evidence"),
        (("record_id", "records", "record_id"), ("other_record_id", "records", "record_id")),
        (("other_record_id",),),
    ),
    "link_overrides": Table(
        "What a person decided about two numbers (links.csv).",
        columns_of(LinkOverride),
        ("number", "other_number"),
    ),
    "record_numbers": Table(
        "The number under which linking files each record.",
        columns_of(RecordNumber),
        ("record_id",),
        (("record_id", "records", "record_id"),),
        (("number",),),
    ),
    "link_keys": Table(
        "What few records share, by which linking finds those worth comparing.",
        columns_of(LinkKey),
        ("key", "number"),
        (),
        (("number",),),
    ),
    "discrepancies": Table(
        "What the records of a trial contradict each other about.",
        (*columns_of(Discrepancy)[:1], _ORDINAL, *columns_of(Discrepancy)[1:]),
        ("trial_id", "ordinal"),
        (
            ("trial_id", "trials", "trial_id"),
            ("record_id", "records", "record_id"),
            ("other_record_id", "records", "record_id"),
        ),
        (("field",), ("record_id",), ("other_record_id",)),
    ),
    "quality_rules": Table("The rules behind quality flags.", columns_of(QualityRule), ("flag",)),
    "quality_flags": Table(
        "What a reader should know before trusting a trial's entry.",
        columns_of(QualityFlag),
        ("trial_id", "flag", "record_id"),
        (("trial_id", "trials", "trial_id"), ("record_id", "records", "record_id"), ("flag", "quality_rules", "flag")),
        (("flag",), ("record_id",)),
    ),
    "related_trials": Table(
        "The trials most related to each trial, and why.",
        columns_of(RelatedTrial),
        ("trial_id", "rank"),
        (("trial_id", "trials", "trial_id"), ("related_trial_id", "trials", "trial_id")),
        (("related_trial_id",),),
    ),
    "trial_terms": Table(
        "What trials are compared by to find related ones: their words, field by field, and a few facts.",
        columns_of(TrialTerms),
        ("trial_id",),
        (("trial_id", "trials", "trial_id"),),
    ),
    "trial_roots": Table(
        "The words of `trial_terms` as numbers that their spellings share.",
        columns_of(TrialRoots),
        ("trial_id",),
        (("trial_id", "trials", "trial_id"),),
        (("registered", "trial_id"),),
    ),
    "trial_aliases": Table(
        "The abbreviations and other names of `trial_terms` as the same numbers.",
        columns_of(TrialAlias),
        ("trial_id", "short", "long"),
        (("trial_id", "trials", "trial_id"),),
        (("short",),),
    ),
    "trial_profiles": Table(
        "What each trial's terms weigh in a comparison.",
        columns_of(TrialProfile),
        ("trial_id",),
        (("trial_id", "trials", "trial_id"),),
    ),
    "term_meanings": Table(
        "Which terms mean others, as the trials registered first teach.",
        columns_of(TermMeaning),
        ("kind", "root", "meaning"),
    ),
    "term_worth": Table("What terms tell, as the trials registered first teach.", columns_of(TermWorth), ("bucket",)),
    "changes": Table(
        "What changed in a record from one version to the next.",
        columns_of(Change),
        ("record_id", "payload_sha256", "field", "seen_at"),
        (("record_id", "records", "record_id"),),
        (("seen_at",), ("field",)),
    ),
    "versions": Table(
        "Every version of every record in the archive, and which one is shown.",
        columns_of(VersionRow),
        ("record_id", "payload_sha256"),
        indexes=(("payload_sha256",),),
    ),
    "warnings": Table(
        "Values that could not be read or are doubtful.",
        (*columns_of(ValueWarningRow)[:1], _ORDINAL, *columns_of(ValueWarningRow)[1:]),
        ("record_id", "ordinal"),
        (("record_id", "records", "record_id"),),
    ),
    "unmapped_values": Table(
        "Values that no vocabulary knows.", columns_of(UnmappedValue), ("vocabulary", "source", "raw_value")
    ),
    "unmapped_in_records": Table(
        "Values that no vocabulary knows, record by record.",
        (_RECORD_ID, _ORDINAL, *columns_of(UnmappedValue)[0:1], *columns_of(UnmappedValue)[2:3]),
        ("record_id", "ordinal"),
        (("record_id", "records", "record_id"),),
    ),
    "rejected_payloads": Table(
        "What could not become a record, and why.", columns_of(RejectedPayload), ("source", "url", "sha256")
    ),
    "fill_rates": Table("How complete the records of each source are.", columns_of(FillRate), ("source", "field")),
    "runs": Table("What each refresh came to.", columns_of(Run), ("run_id",)),
    "registries": Table("Sources, their terms and how fresh they are.", columns_of(RegistryRow), ("source",)),
    "about": Table("What this catalogue was built from.", columns_of(About), ("key",)),
}

#: Columns of `trials` that the search looks through, best first.
SEARCHED = (
    "trial_id", "identifiers", "public_title", "scientific_title", "acronym", "conditions", "keywords", "interventions",
    "primary_sponsor", "sponsors", "brief_summary", "detailed_description", "eligibility_raw", "countries",
)  # fmt: skip

#: Tables whose rows belong to one record and come and go with it.
OF_A_RECORD = (*CHILDREN, "warnings", "unmapped_in_records")
