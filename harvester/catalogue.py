"""catalogue.db: its tables, made from the schema classes, and how rows get in and out of them.

The tables below `records` come from `normalize.schema`; those that the harvester itself fills are the classes here. A
class is the only description of its table: columns, types, data dictionary and the site's column descriptions all come
from it.
"""

from __future__ import annotations

import sqlite3
import types
from collections.abc import Iterator
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import astuple, fields
from sqlite_utils import Database
from typing_extensions import Doc

from normalize.schema import CHILDREN, Record, SponsorClass, Text

# -------------------------------------------------------------------------------------- tables the harvester fills


class RecordKey(Struct):
    """What the catalogue knows of a record before reading it."""

    record_id: Annotated[str, Doc("`source:registry_id`, the key of a record.")]
    trial_id: Annotated[Text, Doc("The trial that this record belongs to.")]
    source: Annotated[str, Doc("Source that served the record: ctgov, ictrp, euctr.")]


class RecordProvenance(Struct):
    """Where a record came from."""

    fetched_at: Annotated[str, Doc("When these bytes were first fetched (UTC); for imported files the file's date.")]
    payload_sha256: Annotated[str, Doc("sha256 of the payload in archive.db that this row was read from.")]
    normalizer_version: Annotated[str, Doc("Fingerprint of the rules that read the payload.")]
    withdrawn_from_registry_at: Annotated[
        Text, Doc("When the registry was first found not to serve the record any more.")
    ]


class Sponsor(Struct):
    sponsor_id: Annotated[str, Doc("Key of an organization, made from its name.")]
    name: Annotated[str, Doc("The spelling used most.")]
    class_: Annotated[
        SponsorClass,
        Doc("industry, government, academic_or_hospital, network, individual, other_nonprofit or unknown."),
    ]
    parent_sponsor_id: Annotated[Text, Doc("Organization that owns it, where known.")]
    country_code: Annotated[Text, Doc("ISO 3166-1 alpha-2 code of its seat, where known.")]


class SponsorAlias(Struct):
    name_raw: Annotated[str, Doc("A spelling as sources write it.")]
    sponsor_id: Annotated[str, Doc("The organization it names.")]
    rule: Annotated[str, Doc("The rule by which the spelling was joined to it.")]


class TrialSummary(Struct):
    """What a trial has beyond the best values of its records."""

    primary_sponsor: Annotated[Text, Doc("TRDS 5. Name of the primary sponsor.")]
    sponsor_class: Annotated[Text, Doc("Class of the primary sponsor.")]
    sponsors: Annotated[Text, Doc("All sponsors and funders, one a line.")]
    conditions: Annotated[Text, Doc("TRDS 12. Conditions, one a line.")]
    interventions: Annotated[Text, Doc("TRDS 13. Interventions, one a line.")]
    countries: Annotated[Text, Doc("TRDS 11. Countries of recruitment, one a line.")]
    keywords: Annotated[Text, Doc("Keywords, one a line.")]
    identifiers: Annotated[Text, Doc("Every number of the trial and of its records, one a line.")]
    registries: Annotated[str, Doc("Registries that hold the trial, joined with ', '.")]
    record_count: Annotated[int, Doc("Number of records of the trial.")]
    start_year: Annotated[int | None, Doc("Year of first enrollment.")]


class TrialLink(Struct):
    record_id: Annotated[str, Doc("A record.")]
    other_record_id: Annotated[str, Doc("The record it is linked to.")]
    verdict: Annotated[Literal["same", "mentioned"], Doc("same trial, or only mentioned.")]
    evidence: Annotated[Literal["mirror", "identifier", "sponsor_code", "text"], Doc("Kind of evidence.")]
    detail: Annotated[str, Doc("The evidence itself, as a sentence.")]
    score: Annotated[float | None, Doc("Strength of the evidence, 1 for an exact identifier.")]


class VersionRow(Struct):
    record_id: Annotated[str, Doc("A record.")]
    payload_sha256: Annotated[str, Doc("Payload of one of its versions, in archive.db.")]
    first_fetched_at: Annotated[str, Doc("When this version was first fetched (UTC).")]
    last_fetched_at: Annotated[str, Doc("When this version was last seen (UTC).")]
    update_date: Annotated[Text, Doc("The registry's update date in it (for EUCTR the date of first entry).")]
    processed_date: Annotated[Text, Doc("When the source made the file it came in (WHO ICTRP's export date).")]
    is_partial: Annotated[bool, Doc("1 when it holds only a part of the entry.")]
    filled: Annotated[int, Doc("Number of columns and rows that it fills.")]
    is_current: Annotated[bool, Doc("1 for the version that `records` shows.")]
    problem: Annotated[Text, Doc("Why it could not be read, when it could not.")]


class ValueWarningRow(Struct):
    record_id: Annotated[str, Doc("A record.")]
    field: Annotated[str, Doc("Column or table that the value was meant for.")]
    raw_value: Annotated[Text, Doc("The value as the source gave it.")]
    reason: Annotated[str, Doc("Why it is doubtful or could not be read.")]


class UnmappedValue(Struct):
    vocabulary: Annotated[str, Doc("The closed list that does not know the value.")]
    source: Annotated[str, Doc("Source that used the value.")]
    raw_value: Annotated[str, Doc("The value as the source gave it.")]
    records: Annotated[int, Doc("Number of records that use it.")]
    example_record_id: Annotated[str, Doc("One of them.")]


class RejectedPayload(Struct):
    source: Annotated[str, Doc("Source that served it.")]
    registry_id: Annotated[Text, Doc("Number of the record, where it could be told.")]
    url: Annotated[str, Doc("Address or file it came from.")]
    sha256: Annotated[str, Doc("sha256 of the bytes, which archive.db keeps.")]
    reason: Annotated[str, Doc("Why it became no record.")]


class Run(Struct):
    run_id: Annotated[int, Doc("Number of the run.")]
    registry: Annotated[str, Doc("Registry that was asked.")]
    query: Annotated[str, Doc("What was asked for.")]
    started_at: Annotated[str, Doc("Start (UTC).")]
    finished_at: Annotated[Text, Doc("End (UTC); empty when the run was cut off.")]
    announced: Annotated[
        int | None, Doc("Number of records that the registry announced; for imports, what the files held.")
    ]
    stored: Annotated[int, Doc("Number of records that arrived.")]
    new: Annotated[int, Doc("Of these, never seen before.")]
    changed: Annotated[int, Doc("Of these, changed since the last run.")]
    unchanged: Annotated[int, Doc("Of these, unchanged.")]
    rejected: Annotated[int, Doc("Payloads that became no record.")]
    requests: Annotated[int, Doc("Requests made.")]
    retries: Annotated[int, Doc("Of these, repeated ones.")]
    bytes: Annotated[int, Doc("Bytes received.")]
    verdict: Annotated[Text, Doc("complete, incomplete or failed.")]
    message: Annotated[Text, Doc("The cause, and the way out.")]


class RegistryRow(Struct):
    source: Annotated[str, Doc("Short name of the source.")]
    name: Annotated[str, Doc("Name of the registry or portal.")]
    page: Annotated[str, Doc("Its page.")]
    licence: Annotated[str, Doc("Licence of its data.")]
    licence_url: Annotated[str, Doc("Where the licence stands.")]
    attribution: Annotated[str, Doc("How to name the source.")]
    terms: Annotated[str, Doc("What its terms ask for.")]
    records: Annotated[int, Doc("Records of this source in the catalogue.")]
    last_fetched_at: Annotated[Text, Doc("Newest capture from this source (UTC).")]
    processed_date: Annotated[Text, Doc("Newest date on which the source processed its data (WHO ICTRP).")]


class About(Struct):
    key: Annotated[str, Doc("Name of a fact about this catalogue.")]
    value: Annotated[str, Doc("The fact.")]


# ------------------------------------------------------------------------------------------------------ the tables


class Column(NamedTuple):
    name: str
    type: str  # TEXT, INTEGER or REAL
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


_TYPES = {str: "TEXT", int: "INTEGER", bool: "INTEGER", float: "REAL"}


def columns_of(kind: type[Struct]) -> tuple[Column, ...]:
    """The columns that a schema class stands for; fields that hold rows of other tables are none."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for field in fields(kind):
        if get_origin(hints[field.name]) is tuple:
            continue
        annotated, *extras = get_args(hints[field.name])
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
    "arms": "Arms, groups or cohorts.",
    "interventions": "TRDS 13. What is given, done or observed.",
    "arm_interventions": "Which intervention belongs to which arm.",
    "outcomes": "TRDS 19 and 20. What is measured, how and when.",
    "criteria": "TRDS 14. Eligibility criteria one by one, with their place in the source's text.",
    "criterion_measures": "Numeric and ordinal limits found in the criteria.",
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


_FACETS = (
    "recruitment_status",
    "phase",
    "study_type",
    "sponsor_class",
    "sex",
    "start_year",
    "has_results",
    "record_count",
)

TABLES: dict[str, Table] = {
    "trials": Table(
        "One row per real trial: the best value of each field over all its records.",
        _trial_columns(),
        ("trial_id",),
        indexes=(*((name,) for name in _FACETS), ("last_update_date",), ("primary_sponsor",)),
    ),
    "records": Table(
        "One row per registry entry as one source served it.",
        (*columns_of(RecordKey), *columns_of(Record), *columns_of(RecordProvenance)),
        ("record_id",),
        (("trial_id", "trials", "trial_id"),),
        (("trial_id",), ("registry",), ("registry_id",), ("recruitment_status",), ("phase",)),
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
    "trial_links": Table(
        "Why two records are one trial, or only mention each other.",
        columns_of(TrialLink),
        ("record_id", "other_record_id", "evidence"),
        (("record_id", "records", "record_id"), ("other_record_id", "records", "record_id")),
        (("other_record_id",),),
    ),
    "versions": Table(
        "Every version of every record in the archive, and which one is shown.",
        columns_of(VersionRow),
        ("record_id", "payload_sha256"),
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
    "runs": Table("What each refresh came to.", columns_of(Run), ("run_id",)),
    "registries": Table("Sources, their terms and how fresh they are.", columns_of(RegistryRow), ("source",)),
    "about": Table("What this catalogue was built from.", columns_of(About), ("key",)),
}

#: Columns of `trials` that the search looks through, best first.
SEARCHED = (
    "trial_id", "identifiers", "public_title", "scientific_title", "acronym", "conditions", "keywords", "interventions",
    "primary_sponsor", "sponsors", "brief_summary", "detailed_description", "eligibility_raw",
)  # fmt: skip

#: Tables whose rows belong to one record and come and go with it.
OF_A_RECORD = (*CHILDREN, "warnings", "unmapped_in_records")


@cache
def insert_into(table: str) -> str:
    """The INSERT statement for a row of a table, in the order of its columns."""
    names = ", ".join(f'"{name}"' for name in TABLES[table].names)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(TABLES[table].names))})'


def create(db: sqlite3.Connection) -> None:
    """All tables, without their indexes: those are made after the rows are in."""
    tables = Database(db)
    for name, table in TABLES.items():
        tables.table(name).create(
            {column.name: column.type for column in table.columns},
            pk=table.key if len(table.key) > 1 else table.key[0],
            not_null={column.name for column in table.columns if column.required},
            foreign_keys=table.references,
            strict=True,
        )


def create_indexes(db: sqlite3.Connection) -> None:
    """Every index that the site filters and joins by."""
    tables = Database(db)
    for name, table in TABLES.items():
        for columns in table.indexes:
            tables.table(name).create_index(columns, if_not_exists=True)


def index_text(db: sqlite3.Connection) -> None:
    """Full-text search over `trials`, accents removed; made anew from the rows that are there."""
    trials = Database(db).table("trials")
    if trials.detect_fts():
        trials.disable_fts()
    trials.enable_fts(SEARCHED, tokenize="unicode61 remove_diacritics 2")
    trials.optimize()


_SCALARS = tuple(column.name for column in columns_of(Record))
_scalars_of = attrgetter(*_SCALARS)
_children_of = attrgetter(*CHILDREN)


def record_row(key: RecordKey, record: Record, provenance: RecordProvenance) -> tuple[Any, ...]:
    """One row of `records`."""
    return (*astuple(key), *_scalars_of(record), *astuple(provenance))


def child_rows(record_id: str, record: Record) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """(table, rows) of everything that hangs below a record."""
    for name, rows in zip(CHILDREN, _children_of(record), strict=True):
        if rows:
            extra = (None,) if name == "record_sponsors" else ()
            yield name, [(record_id, n, *extra, *astuple(row)) for n, row in enumerate(rows, 1)]
    if record.warnings:
        yield "warnings", [(record_id, n, *astuple(row)) for n, row in enumerate(record.warnings, 1)]
    if record.unmapped_values:
        yield "unmapped_in_records", [(record_id, n, *astuple(row)) for n, row in enumerate(record.unmapped_values, 1)]


def filled(record: Record) -> int:
    """How much a record says: filled columns and rows of its children."""
    columns = sum(getattr(record, name) is not None for name in _SCALARS)
    return columns + sum(len(getattr(record, name)) for name in CHILDREN)
