"""Harvester room: the rows of the tables that the harvester itself fills; those below `records` are in `normalize.schema`.

A class is the only description of its table: columns, types, data dictionary and the site's column descriptions all come
from it (`harvester.catalogue_tables`). Dates and times are ISO 8601, times in UTC.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct
from typing_extensions import Doc

from normalize.closed_lists import SponsorClass
from normalize.schema import Text


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


class SponsorCandidate(Struct):
    sponsor_id: Annotated[str, Doc("An organization.")]
    other_sponsor_id: Annotated[str, Doc("One that may be the same.")]
    name_raw: Annotated[str, Doc("The spelling of the first that is most like one of the second.")]
    other_name_raw: Annotated[str, Doc("That spelling of the second.")]
    likeness: Annotated[float, Doc("Share of the words' weight that both have, 0 to 1.")]


class SponsorOverride(Struct):
    name_raw: Annotated[str, Doc("A spelling as sources write it.")]
    organization: Annotated[str, Doc("The organization that it names: another spelling, a name or a sponsor_id.")]
    note: Annotated[Text, Doc("Why, in the words of the person who wrote it.")]


class TopicRow(Struct):
    name: Annotated[str, Doc("Name of a topic of the configuration.")]
    query: Annotated[str, Doc("Its query.")]


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
    value_sources: Annotated[
        Text,
        Doc(
            "Which record each value of this row is from, as JSON: record_id -> names of columns. Empty for a trial of one record."
        ),
    ]
    start_year: Annotated[int | None, Doc("Year of first enrollment.")]


class TrialLink(Struct):
    record_id: Annotated[str, Doc("A record.")]
    other_record_id: Annotated[str, Doc("The record it is linked to.")]
    verdict: Annotated[
        Literal["same", "mentioned", "possible", "different"],
        Doc("same trial; only mentioned; possible: worth a person's look; different: a person said so."),
    ]
    evidence: Annotated[
        Literal["mirror", "identifier", "sponsor_code", "text", "override"],
        Doc("Kind of evidence; override is a person's decision (links.csv)."),
    ]
    detail: Annotated[str, Doc("The evidence itself, as a sentence.")]
    score: Annotated[float | None, Doc("Strength of the evidence, 1 for an exact identifier.")]
    spoke_for: Annotated[
        Text, Doc("What spoke for one trial: points, finding, the two values; one a line, the weightiest first.")
    ] = None
    spoke_against: Annotated[Text, Doc("What spoke against it, in the same form.")] = None
    refused: Annotated[
        Text, Doc("Why the two were not joined although the evidence would do: a rule, or a person's decision.")
    ] = None
    is_alias: Annotated[bool, Doc("1 when the registry itself says that one number is an old number of the other.")] = (
        False
    )


class RecordNumber(Struct):
    record_id: Annotated[str, Doc("A record.")]
    number: Annotated[
        str, Doc("The number under which linking files it: of EUCTR without country, of CTIS without resubmission.")
    ]
    registry: Annotated[str, Doc("The registry whose number it is, by its form.")]


class LinkKey(Struct):
    key: Annotated[int, Doc("A rare word, pair of words, code, or size and month of start, as a number.")]
    number: Annotated[str, Doc("Number of a record that holds it, as in `record_numbers`.")]


class LinkOverride(Struct):
    number: Annotated[str, Doc("A registry's number, as in `record_numbers`.")]
    other_number: Annotated[str, Doc("Another one.")]
    verdict: Annotated[Literal["same", "different"], Doc("What a person decided about the two.")]
    note: Annotated[Text, Doc("Why.")]


class Discrepancy(Struct):
    """Two records of one trial say different things; compared after normalizing, so only real differences are here."""

    trial_id: Annotated[str, Doc("The trial.")]
    field: Annotated[str, Doc("Column or table of which the records disagree.")]
    record_id: Annotated[str, Doc("The record whose value stands first: the one the trial's row follows.")]
    value: Annotated[Text, Doc("Its value; empty when it says nothing and the other does.")]
    updated: Annotated[Text, Doc("Its last update.")]
    other_record_id: Annotated[str, Doc("The record that says something else.")]
    other_value: Annotated[Text, Doc("What it says.")]
    other_updated: Annotated[Text, Doc("Its last update.")]
    severity: Annotated[Literal["minor", "notable", "serious"], Doc("How much the difference matters to a reader.")]
    remark: Annotated[
        Text, Doc("What qualifies the difference, as sentences: which copy is old, who else says the same.")
    ]
    detail: Annotated[str, Doc("The difference and the remark in words.")]


class QualityFlag(Struct):
    trial_id: Annotated[str, Doc("The trial.")]
    record_id: Annotated[str, Doc("The record that shows it.")]
    flag: Annotated[str, Doc("Name of the rule, as in `quality_rules`.")]
    detail: Annotated[str, Doc("The evidence, as a sentence with the values.")]


class QualityRule(Struct):
    flag: Annotated[str, Doc("Name of the rule.")]
    title: Annotated[str, Doc("The rule in a few words.")]
    field: Annotated[
        str, Doc("Column of `trials`, or table.column, that a reader must doubt: where a comparison marks it.")
    ]
    rule: Annotated[str, Doc("When the flag is raised, exactly.")]
    reason: Annotated[str, Doc("Why it matters to a reader.")]
    standard: Annotated[str, Doc("The standard it comes from (WHO, ICMJE, FDAAA 801, EU CTR), or whose advice it is.")]
    standard_url: Annotated[Text, Doc("Where the standard stands.")]
    severity: Annotated[Literal["minor", "notable", "serious"], Doc("How much it matters.")]


class Change(Struct):
    record_id: Annotated[str, Doc("A record.")]
    payload_sha256: Annotated[str, Doc("Payload of the version that brought the change, in archive.db.")]
    field: Annotated[str, Doc("Column of `records`, or table of its children, of which the value changed.")]
    old_value: Annotated[Text, Doc("Value in the version before; rows of children one a line.")]
    new_value: Annotated[Text, Doc("Value in the version seen then.")]
    seen_at: Annotated[str, Doc("When the new version was first fetched, or fetched again after another one (UTC).")]
    run_id: Annotated[int, Doc("The run that brought it then.")]


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
    previous_sha256: Annotated[Text, Doc("The version that `changes` compares it with; empty for the first.")]


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
    kind: Annotated[
        Literal["sweep", "changes", "recheck", "numbers", "import"],
        Doc(
            "sweep: all that the query finds; changes: what changed since a day; recheck: what is new, and the known"
            " records seen longest ago; numbers: single records; import: files."
        ),
    ]
    words: Annotated[str, Doc("The words asked for; empty for a whole registry, for numbers and files.")]
    withdrawn: Annotated[int, Doc("Records known before that the registry no longer serves.")]
    resumed: Annotated[int, Doc("Of `stored`, what an unfinished run before had brought.")]
    keys_fingerprint: Annotated[Text, Doc("Fingerprint of the set of keys (fields, elements) in the payloads.")]
    new_keys: Annotated[Text, Doc("Keys that no good run of this registry had before, one a line.")]
    vanished_keys: Annotated[
        Text, Doc("Keys that nearly every payload of the last good run had and none of this one, one a line.")
    ]


class FillRate(Struct):
    """How complete a source's records are, column by column; the gates compare it from build to build."""

    source: Annotated[str, Doc("Source of the records.")]
    field: Annotated[str, Doc("Column of `records`, or table of its children.")]
    records: Annotated[int, Doc("Records of the source.")]
    filled: Annotated[int, Doc("Of these, with a value in the column or a row in the table.")]
    share: Annotated[float, Doc("The second divided by the first.")]


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
