"""ClinicalTrials.gov: studies written here become records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from normalize.ctgov import normalize
from normalize.schema import Record, Unreadable
from tests.normalize.ctgov import FIXTURES, read, study
from tests.normalize.entry import written

#: Left to the tests of eligibility: they change with its rules, not with this registry's.
ELSEWHERE = ("criteria", "criterion_measures")


def fixture(number: str) -> Record:
    return normalize((FIXTURES / number / "payload.json").read_bytes(), "application/json")


def expected(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def warned(record: Record) -> set[str]:
    return {warning.field for warning in record.warnings} - {"record"}


@pytest.mark.parametrize(
    ("number", "field"),
    [(folder.name, field) for folder in sorted(FIXTURES.iterdir()) for field in expected(folder.name)],
)
def test_fixture(number: str, field: str) -> None:
    assert written(getattr(fixture(number), field)) == expected(number)[field]


@pytest.mark.parametrize("number", sorted(folder.name for folder in FIXTURES.iterdir()))
def test_fixture_holds_nothing_that_is_not_expected(number: str) -> None:
    record = fixture(number)
    filled = {name for name in record.__struct_fields__ if getattr(record, name) not in (None, ())}
    assert filled - set(ELSEWHERE) == set(expected(number))


def test_criteria_are_slices_of_the_eligibility_text() -> None:
    record = fixture("NCT90000001")
    assert record.eligibility_raw is not None
    assert next(criterion.kind for criterion in record.criteria) == "inclusion"
    slices = [(part.start, part.end, part.text) for part in record.criteria]
    slices += [(part.start, part.end, part.text) for part in record.criterion_measures]
    assert all(record.eligibility_raw[start:end] == text for start, end, text in slices)


def test_a_mesh_descriptor_is_written_as_mesh_writes_it() -> None:
    meshes = [{"id": said, "term": said} for said in ("D000000026", "D000026", "D000067029", "D000066399")]
    rows = read(study() | {"derivedSection": {"conditionBrowseModule": {"meshes": meshes}}}).mesh_terms
    assert [row.mesh_id for row in rows] == ["D000026", "D000026", "D000067029", "D066399"]


def test_derived_mesh_terms_say_what_they_describe_and_which_stand_above() -> None:
    derived = {
        "conditionBrowseModule": {
            "meshes": [{"id": "D000026", "term": "Abortion, Habitual"}, {"id": "D000000"}],
            "ancestors": [{"id": "D000022", "term": "Abortion, Spontaneous"}],
        },
        "interventionBrowseModule": {"meshes": [{"id": "D006886", "term": "Hydroxychloroquine"}]},
    }
    rows = read(study() | {"derivedSection": derived}).mesh_terms
    assert [(row.field, row.mesh_id, row.term, row.is_ancestor) for row in rows] == [
        ("condition", "D000026", "Abortion, Habitual", False),
        ("condition", "D000022", "Abortion, Spontaneous", True),
        ("intervention", "D006886", "Hydroxychloroquine", False),
    ]


@pytest.mark.parametrize(
    ("info", "status", "target", "actual"),
    [
        ({"count": 10, "type": "ACTUAL"}, "COMPLETED", None, 10),
        ({"count": 0, "type": "ACTUAL"}, "WITHDRAWN", None, 0),
        ({"count": 10, "type": "ESTIMATED"}, "RECRUITING", 10, None),
        ({"count": 10}, "RECRUITING", 10, None),
        ({"count": 10}, "COMPLETED", None, None),  # a part of a study: the type may not have been asked for
        ({"count": 10, "type": "GUESSED"}, "COMPLETED", None, None),
        ({"count": 99999999, "type": "ESTIMATED"}, "RECRUITING", None, None),
        ({"count": 0, "type": "ESTIMATED"}, "NOT_YET_RECRUITING", None, None),  # nobody plans for none
        ({"count": 0}, "WITHDRAWN", None, None),
        ({"type": "ACTUAL"}, "COMPLETED", None, None),
    ],
)
def test_enrollment_goes_by_its_type(info: dict[str, Any], status: str, target: int | None, actual: int | None) -> None:
    record = read(study(design={"enrollmentInfo": info}, status={"overallStatus": status}))
    assert (record.target_sample_size, record.actual_enrollment) == (target, actual)
    assert [count.count for count in record.enrollment_counts] == [n for n in (target, actual) if n is not None]


def test_enrollment_that_is_not_understood_is_said() -> None:
    untyped = read(study(design={"enrollmentInfo": {"count": 10}}))
    assert warned(untyped) == {"target_sample_size"}
    unknown = read(study(design={"enrollmentInfo": {"count": 10, "type": "GUESSED"}}))
    assert [(value.vocabulary, value.raw_value) for value in unknown.unmapped_values] == [
        ("enrollment_type", "GUESSED")
    ]
    assert unknown.sample_size_raw == "10 GUESSED"


@pytest.mark.parametrize(
    ("submitted", "start", "prospective"),
    [
        ("2020-02-10", "2020-03-02", True),
        ("2020-03-02", "2020-03-02", True),
        ("2020-03-05", "2020-03-02", False),
        ("2020-03-05", "2020-03", None),
        ("2020-03-05", "2020-04", True),
        (None, "2020-04", None),
    ],
)
def test_registration_counts_from_the_first_submission(
    submitted: str | None, start: str, prospective: bool | None
) -> None:
    status = {"studyFirstSubmitDate": submitted, "studyFirstPostDateStruct": {"date": "2020-03-09"}}
    record = read(study(status={**status, "startDateStruct": {"date": start}}))
    assert record.prospective_registration is prospective
    assert record.date_of_registration == (submitted or "2020-03-09")


def test_a_date_that_cannot_be_is_none_and_said() -> None:
    record = read(study(status={"startDateStruct": {"date": "2020-02-31"}, "statusVerifiedDate": "soon"}))
    assert record.date_of_first_enrollment is None and record.verification_date is None
    assert [(w.field, w.raw_value) for w in record.warnings if w.field != "record"] == [
        ("date_of_first_enrollment", "2020-02-31"),
        ("verification_date", "soon"),
    ]


def test_an_unknown_value_is_none_and_unmapped() -> None:
    record = read(
        study(status={"overallStatus": "PAUSED"}, design={"phases": ["PHASE9"]}, eligibility={"sex": "ANY_SEX"})
    )
    assert (record.recruitment_status, record.recruitment_status_raw) == (None, "PAUSED")
    assert (record.phase, record.phase_raw) == (None, "PHASE9")
    assert {(value.vocabulary, value.raw_value) for value in record.unmapped_values} == {
        ("recruitment_status", "PAUSED"),
        ("phase", "PHASE9"),
        ("sex", "ANY_SEX"),
    }


def test_interventions_of_one_name_keep_their_own_arms() -> None:
    arms = [{"label": label, "interventionNames": ["Drug: Placebo"]} for label in ("A", "B")]
    drugs = [{"type": "DRUG", "name": "Placebo", "armGroupLabels": [label]} for label in ("A", "B")]
    record = read(study(armsInterventions={"armGroups": arms, "interventions": drugs}))
    assert [(link.arm_ordinal, link.intervention_ordinal) for link in record.arm_interventions] == [(1, 1), (2, 2)]


def test_an_arm_that_does_not_exist_is_said() -> None:
    drug = {"type": "DRUG", "name": "Placebo", "armGroupLabels": ["C"]}
    record = read(study(armsInterventions={"armGroups": [{"label": "A"}], "interventions": [drug]}))
    assert record.arm_interventions == () and warned(record) == {"arm_interventions"}


def test_an_intervention_without_name_is_left_out_and_said() -> None:
    interventions = [{"type": "DRUG", "description": "once daily"}, {"name": "Aspirin", "armGroupLabels": ["A"]}]
    record = read(study(armsInterventions={"armGroups": [{"label": "A"}], "interventions": interventions}))
    assert [item.name for item in record.interventions] == ["Aspirin"]
    assert [(link.arm_ordinal, link.intervention_ordinal) for link in record.arm_interventions] == [(1, 1)]
    assert [w.raw_value for w in record.warnings if w.field == "interventions"] == [
        "type: DRUG; description: once daily"
    ]


@pytest.mark.parametrize(
    ("citation", "doi"),
    [
        ("J Trials. 2024. doi: 10.9999/jt.2024.17. Epub 2023.", "10.9999/jt.2024.17"),
        ("J Trials (https://doi.org/10.9999/S0140-6736(20)30183-5)", "10.9999/S0140-6736(20)30183-5"),
        ("J Trials. 1999;10(3):100-10.", None),
    ],
)
def test_doi_is_found_in_the_citation(citation: str, doi: str | None) -> None:
    record = read(study(references={"references": [{"type": "RESULT", "citation": citation}]}))
    assert [publication.doi for publication in record.publications] == [doi]


@pytest.mark.parametrize(
    ("name", "kind", "known"),
    [
        ("James Lind, M.D.", "OTHER", "individual"),
        ("JAMES LIND M.D.", None, "individual"),
        ("Lind Institute", "OTHER", "unknown"),
        ("James Lind, M.D.", "INDUSTRY", "industry"),
    ],
)
def test_a_sponsor_who_is_the_investigator_is_a_person(name: str, kind: str | None, known: str) -> None:
    party = {"type": "SPONSOR_INVESTIGATOR", "investigatorFullName": "James Lind, M.D."}
    record = read(study(sponsorCollaborators={"responsibleParty": party, "leadSponsor": {"name": name, "class": kind}}))
    assert [(sponsor.class_raw, sponsor.class_registry) for sponsor in record.record_sponsors] == [(kind, known)]


@pytest.mark.parametrize(
    ("party", "sentence"),
    [
        ({"type": "SPONSOR"}, "Sponsor: Lind Institute"),
        (
            {"type": "SPONSOR_INVESTIGATOR", "investigatorFullName": "Bo Lind", "investigatorTitle": "Director"},
            "Sponsor investigator: Bo Lind, Director",
        ),
        (
            {"oldNameTitle": "Bo Lind, Director", "oldOrganization": "Lind Institute"},
            "Bo Lind, Director, Lind Institute",
        ),
        ({}, None),
    ],
)
def test_responsible_party_is_readable(party: dict[str, str], sentence: str | None) -> None:
    record = read(study(sponsorCollaborators={"responsibleParty": party, "leadSponsor": {"name": "Lind Institute"}}))
    assert record.responsible_party == sentence


def test_only_markdown_fields_lose_their_backslashes() -> None:
    record = read(
        study(
            outcomes={
                "primaryOutcomes": [{"measure": r"A \> B", "description": r"A \> B, C:\temp", "timeFrame": r"\*"}]
            },
            description={"briefSummary": r"1\. \<5 \[mg\]"},
        )
    )
    assert record.brief_summary == "1. <5 [mg]"
    (outcome,) = record.outcomes
    assert (outcome.measure, outcome.description, outcome.time_frame) == (r"A \> B", r"A > B, C:\temp", r"\*")


def test_the_copies_of_2023_are_ignored() -> None:
    locations = [{"facility": "A", "country": "France"}]
    record = read(study(contactsLocations={"locations": locations, "locations_nested": locations * 3}))
    assert len(record.sites) == 1 and warned(record) == set()


def test_a_whole_answer_is_not_partial_and_a_withheld_one_neither() -> None:
    payload = json.loads((FIXTURES / "NCT90000001" / "payload.json").read_bytes())
    assert not read(payload).is_partial
    del payload["protocolSection"]["designModule"]["studyType"]
    cut = read(payload)
    assert cut.is_partial
    assert "designModule.studyType" in cut.warnings[0].reason and cut.warnings[0].field == "record"
    withheld = {key: payload["protocolSection"][key] for key in ("identificationModule", "statusModule")}
    withheld["statusModule"]["overallStatus"] = "WITHHELD"
    assert not read({"protocolSection": withheld, "hasResults": False}).is_partial


@pytest.mark.parametrize(
    "module", ["status", "design", "eligibility", "contactsLocations", "armsInterventions", "references"]
)
@pytest.mark.parametrize(
    "wrong", [[], ["x"], [{}], "x", 3, True, {"locations": {}}, {"armGroups": [[]]}, {"references": "x"}]
)
def test_a_module_of_the_wrong_type_is_empty(module: str, wrong: object) -> None:
    record = read(study(**{module: wrong, "conditions": {"conditions": ["Asthma"]}}))
    assert record.registry_id == "NCT90000004"
    assert [condition.condition for condition in record.conditions] == ["Asthma"]


def test_a_module_of_the_wrong_type_is_said() -> None:
    record = read(study(status=["RECRUITING"], conditions={"conditions": ["Asthma", 7, None]}))
    assert [(w.field, w.reason) for w in record.warnings if w.field != "record"] == [
        ("protocolSection.statusModule", "Expected an object, found a list: left out."),
        ("protocolSection.conditionsModule.conditions", "Expected a list of texts, found a number: left out."),
        ("protocolSection.conditionsModule.conditions", "Expected a list of texts, found null: left out."),
    ]


@pytest.mark.parametrize(
    "title",
    [rb"A\ud800B", rb"A\u0000B", b"A\x00B", b"A\xffB"],
    ids=["lone surrogate", "escaped NUL", "NUL", "not UTF-8"],
)
def test_characters_that_cannot_be_stored_cost_no_study(title: bytes) -> None:
    body = json.dumps(study()).encode().replace(b'"NCT90000004"', b'"NCT90000004", "briefTitle": "' + title + b'"')
    record = normalize(body, "application/json")
    assert record.public_title == "A\ufffdB"
    assert any("cannot be stored" in warning.reason for warning in record.warnings)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "found nothing"),
        (b"<!DOCTYPE html><html><title>Error</title></html>", "an HTML page"),
        (b"<?xml version='1.0'?><!-- old -->\n<clinical_study rank='1'/>", "classic site's form"),
        (b"<rss version='2.0'><channel/></rss>", "feed of hits"),
        (b"PK\x03\x04....", "harvester import ctgov"),
        (b"NCT Number,Study Title\nNCT90000004,x\n", "the website's CSV"),
        (b"NCT number NCT99999999 not found", "text that begins 'NCT number NCT99999999"),
        (b'{"protocolSection": {"identification', "JSON that breaks at character"),
        (b'{"a": ' + b"[" * 100_000, "nested too deep"),
        (b"[1, 2]", "an array of 2"),
        (b"17", "a bare value"),
        (b"{}", "an object without protocolSection that has nothing"),
        (b'{"protocolSection": []}', "an object without protocolSection"),
        (b'{"FullStudiesResponse": {}}', "the classic API (v1)"),
        (b'{"StudyFieldsResponse": {}}', "the classic API (v1)"),
        (b'{"studies": []}', "a page of studies"),
        (b'{"studies": [{"protocolSection": {"identificationModule": {"nctId": ["NCT90000004"]}}}]}', "R's jsonlite"),
        (b'{"protocolSection": {"identificationModule": {"nctId": ["NCT90000004"]}}}', "R's jsonlite"),
        (b'{"protocolSection": {"descriptionModule": {"briefSummary": "x"}}}', "without an NCT number"),
        (b'{"protocolSection": {"identificationModule": {"nctId": "NCT000001"}}}', "'NCT000001'"),
        (b'{"protocolSection": {"identificationModule": {"nctId": "NCT00000000"}}}', "'NCT00000000'"),
    ],
)
def test_what_is_no_study_is_refused_with_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(
        Unreadable, match=r"^ClinicalTrials\.gov: expected one study of API v2.+; found .+\. .+\.$"
    ) as refusal:
        normalize(body, "application/json")
    assert words in str(refusal.value)
