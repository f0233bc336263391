"""Tables come from the schema classes."""

from __future__ import annotations

import sqlite3

import pytest

from harvester import catalogue
from harvester.catalogue_tables import TABLES
from harvester.rows import RecordKey, RecordProvenance
from harvester.text_index import index_text
from normalize.schema import CHILDREN, Record

PUBLISHED = {
    "records": "record_id trial_id source registry registry_id url public_title scientific_title acronym brief_summary detailed_description study_type study_type_raw phase phase_raw allocation intervention_model masking masked_roles primary_purpose observational_model time_perspective study_design_raw recruitment_status recruitment_status_raw why_stopped date_of_registration date_of_first_enrollment date_of_first_enrollment_type primary_completion_date primary_completion_date_type completion_date completion_date_type last_update_date prospective_registration target_sample_size actual_enrollment sample_size_raw minimum_age_years maximum_age_years minimum_age_raw maximum_age_raw sex sex_raw healthy_volunteers inclusion_criteria exclusion_criteria eligibility_raw has_results results_date results_url ipd_sharing ipd_description fetched_at payload_sha256 normalizer_version withdrawn_from_registry_at",
    "secondary_ids": "record_id ordinal id_raw id_normalized registry type source_field",
    "conditions": "record_id ordinal condition condition_normalized mesh_id meddra_code meddra_version meddra_level",
    "keywords": "record_id ordinal keyword",
    "arms": "record_id ordinal label type description",
    "interventions": "record_id ordinal name name_normalized type description other_names",
    "arm_interventions": "record_id arm_ordinal intervention_ordinal",
    "outcomes": "record_id ordinal kind measure description time_frame",
    "criteria": "record_id ordinal kind depth parent_ordinal text start end",
    "criterion_measures": "record_id criterion_ordinal ordinal variable lower lower_inclusive upper upper_inclusive unit negated text start end",
    "enrollment_counts": "record_id ordinal kind scope scope_value count source_field",
    "record_sponsors": "record_id ordinal sponsor_id role name_raw class_raw",
    "countries": "record_id ordinal country_code country country_raw",
    "sites": "record_id ordinal facility city state country_code status latitude longitude",
    "investigators": "record_id ordinal name role affiliation",
    "contacts": "record_id ordinal kind name affiliation email phone",
    "publications": "record_id ordinal type pmid doi citation",
    "documents": "record_id ordinal type label url date",
    "ethics_reviews": "record_id ordinal status date committee",
    "sponsors": "sponsor_id name class parent_sponsor_id country_code",
    "sponsor_aliases": "name_raw sponsor_id rule",
    "trials": "trial_id primary_sponsor sponsor_class conditions interventions countries record_count registries public_title phase",
    "trial_links": "record_id other_record_id verdict evidence detail score",
    "runs": "run_id registry query started_at finished_at announced stored unchanged rejected verdict message",
    "warnings": "record_id field raw_value reason",
    "unmapped_values": "vocabulary source raw_value records",
    "rejected_payloads": "source registry_id url sha256 reason",
}


@pytest.mark.parametrize("table", PUBLISHED)
def test_the_published_columns_are_there(table: str) -> None:
    missing = set(PUBLISHED[table].split()) - set(TABLES[table].names)
    assert not missing


def test_every_column_is_described() -> None:
    for name, table in TABLES.items():
        assert table.description.endswith("."), name
        for column in table.columns:
            assert column.description.strip(), f"{name}.{column.name}"


def test_types_follow_the_classes() -> None:
    types = {column.name: (column.type, column.required) for column in TABLES["records"].columns}
    assert types["registry_id"] == ("TEXT", True)
    assert types["minimum_age_years"] == ("REAL", False)
    assert types["has_results"] == ("INTEGER", False)
    assert types["target_sample_size"] == ("INTEGER", False)


def test_rows_fit_their_tables() -> None:
    db = sqlite3.connect(":memory:")
    catalogue.create(db)
    catalogue.create_indexes(db)
    index_text(db)
    record = Record(registry="ClinicalTrials.gov", registry_id="NCT90000001", has_results=True)
    key = RecordKey("ctgov:NCT90000001", None, "ctgov")
    provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, "x", None)
    db.execute(catalogue.insert_into("records"), catalogue.record_row(key, record, provenance))
    assert db.execute("SELECT has_results, phase FROM records").fetchone() == (1, None)
    for table in CHILDREN:
        assert db.execute(f"SELECT strict FROM pragma_table_list WHERE name = '{table}'").fetchone() == (1,)
    db.close()
