"""ClinicalTrials.gov: what a study of API v2 means. Fixtures field by field, behaviours, recorded payloads, hostile payloads."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.ctgov import normalize
from normalize.schema import CHILDREN, Record, Unreadable
from normalize.vocabularies import VOCABULARIES

FIXTURES = Path(__file__).parent.parent / "fixtures" / "ctgov"
#: Left to the tests of eligibility: they change with its rules, not with this registry's.
ELSEWHERE = ("criteria", "criterion_measures")


def fixture(number: str) -> Record:
    return normalize((FIXTURES / number / "payload.json").read_bytes(), "application/json")


def expected(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def written(value: object) -> object:
    """A value of a record as `expected.json` has it: rows without the columns that are empty."""
    plain = json.loads(msgspec.json.encode(value))
    return (
        [{name: cell for name, cell in row.items() if cell is not None} for row in plain]
        if isinstance(plain, list)
        else plain
    )


def study(**modules: object) -> dict[str, Any]:
    """A study with its number and the modules given, without the suffix `Module`."""
    protocol: dict[str, Any] = {"identificationModule": {"nctId": "NCT90000004"}}
    return {"protocolSection": protocol | {f"{name}Module": module for name, module in modules.items()}}


def read(payload: object) -> Record:
    return normalize(json.dumps(payload).encode(), "application/json")


def warned(record: Record) -> set[str]:
    return {warning.field for warning in record.warnings} - {"record"}


# ------------------------------------------------------------------------------------------------------------ fixtures


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


# ---------------------------------------------------------------------------------------------------------- behaviours


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


# ------------------------------------------------------------------------------------------------------------- refusals


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


# ---------------------------------------------------------------------------------------------------- recorded payloads


def test_an_address_has_plain_ampersands() -> None:
    escaped, plain = "https://share.example.org/get?study=1&amp;file=2", "https://share.example.org/get?study=1&file=2"
    record = read(
        study(
            references={
                "seeAlsoLinks": [{"label": "Plan", "url": escaped}],
                "availIpds": [{"type": "Data", "url": escaped}],
            },
            ipdSharingStatement={"url": escaped},
        )
    )
    assert (record.publications[0].url, record.documents[0].url, record.ipd_url) == (plain, plain, plain)


def recorded_studies(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def recorded_arrays(folder: Path) -> list[dict[str, Any]]:
    return [one for path in sorted(folder.glob("array-*.json")) for one in json.loads(path.read_bytes())]


@pytest.fixture(scope="module")
def studies(shared: Path) -> list[tuple[dict[str, Any], Record]]:
    return [(payload, read(payload)) for payload in recorded_studies(shared / "recorded" / "ctgov" / "studies")]


@pytest.fixture(scope="module")
def arrays(shared: Path) -> list[tuple[dict[str, Any], Record]]:
    return [(payload, read(payload)) for payload in recorded_arrays(shared / "recorded" / "ctgov" / "pages")]


def tally(records: list[Record]) -> dict[str, Any]:
    """The figures that an independent program counted in the recorded payloads, as the records have them."""
    interventions = [item for record in records for item in record.interventions]
    publications = [p for r in records for p in r.publications if p.type in ("background", "result", "derived")]
    sponsors = [sponsor for record in records for sponsor in record.record_sponsors]
    return {
        "ids": len({record.registry_id for record in records}),
        "has_results": sum(record.has_results is True for record in records),
        "documents": sum(document.type != "individual_participant_data" for r in records for document in r.documents),
        "planned": sum(record.target_sample_size or 0 for record in records),
        "actual": sum(record.actual_enrollment or 0 for record in records),
        "counts": Counter(count.kind for record in records for count in record.enrollment_counts),
        "locations": sum(len(record.sites) for record in records),
        "points": sum(site.latitude is not None for record in records for site in record.sites),
        "countries": len({country.country_code for record in records for country in record.countries}),
        "outcomes": Counter(outcome.kind for record in records for outcome in record.outcomes),
        "arms": sum(len(record.arms) for record in records),
        "interventions": Counter(item.type for item in interventions),
        "other_names": sum(len(item.other_names.split("\n")) for item in interventions if item.other_names),
        "conditions": sum(len(record.conditions) for record in records),
        "keywords": sum(len(record.keywords) for record in records),
        "lead": Counter(sponsor.class_raw for sponsor in sponsors if sponsor.role == "primary"),
        "collaborators": sum(sponsor.role == "secondary" for sponsor in sponsors),
        "officials": sum(len(record.investigators) for record in records),
        "central": sum(contact.kind == "public" for record in records for contact in record.contacts),
        "references": (len(publications), sum(publication.pmid is not None for publication in publications)),
        "status": Counter(record.recruitment_status for record in records),
        "stopped": sum(record.why_stopped is not None for record in records),
        "study_type": Counter(record.study_type for record in records),
        "phase": Counter(record.phase for record in records),
        "sex": Counter(record.sex for record in records),
        "ages": (
            sum(record.minimum_age_years is not None for record in records),
            sum(record.maximum_age_years is not None for record in records),
        ),
        "healthy": Counter(record.healthy_volunteers for record in records),
        "start": Counter(len(record.date_of_first_enrollment or "") for record in records),
        "start_type": Counter(record.date_of_first_enrollment_type for record in records),
        "ipd": Counter(record.ipd_sharing for record in records),
        "criteria": sum(record.eligibility_raw is not None for record in records),
        "updated": (min(r.last_update_date or "9" for r in records), max(r.last_update_date or "" for r in records)),
        "partial": sum(record.is_partial for record in records),
        "unmapped": sum(len(record.unmapped_values) for record in records),
    }


# fmt: off
STUDIES = {
    "ids": 580, "has_results": 79, "documents": 75, "planned": 2_122_457 + 386, "actual": 69_306,
    "counts": {"actual": 346, "planned": 225 + 5},  # five without a type are taken as planned
    "locations": 4522, "points": 4374, "countries": 65,  # 66 spellings: Turkey has two
    "outcomes": {"primary": 1115, "secondary": 3412, "other": 272}, "arms": 1256,
    "interventions": {
        "drug": 510, "biological": 186, "other": 149, "dietary_supplement": 61, "procedure": 42, "diagnostic_test": 38, "device": 22,
        "behavioral": 12, "combination_product": 4, "radiation": 2,
    },
    "other_names": 504, "conditions": 989, "keywords": 1619,
    "lead": {"OTHER": 359, "INDUSTRY": 184, "NIH": 22, "OTHER_GOV": 15}, "collaborators": 400, "officials": 561, "central": 251,
    "references": (816, 805),
    "status": {
        "completed": 298, "unknown": 92, "recruiting": 90, "not_yet_recruiting": 32, "active_not_recruiting": 28, "terminated": 21,
        "withdrawn": 16, "enrolling_by_invitation": 2, "no_longer_available": 1,
    },
    "stopped": 37, "study_type": {"interventional": 436, "observational": 143, "expanded_access": 1},
    "phase": {None: 144, "not_applicable": 113, "2": 95, "1": 79, "3": 46, "1/2": 40, "4": 39, "2/3": 14, "early_1": 10},
    "sex": {"all": 557, "female": 15, "male": 8}, "ages": (539, 379), "healthy": {False: 441, True: 124, None: 15},
    "start": {10: 361, 7: 215, 0: 4}, "start_type": {"actual": 334, None: 176, "anticipated": 70},
    "ipd": {None: 267, "no": 182, "yes": 81, "undecided": 50}, "criteria": 580,
    "updated": ("2005-06-24", "2026-06-02"), "partial": 0, "unmapped": 0,
}
ARRAYS = {
    "ids": 280, "has_results": 13, "documents": 22, "planned": 49_136 + 40, "actual": 41_287, "counts": {"planned": 175 + 1, "actual": 104},
    "locations": 1950, "points": 1909, "countries": 54, "outcomes": {"primary": 604, "secondary": 1432, "other": 129}, "arms": 497,
    "interventions": {
        "drug": 226, "device": 110, "other": 76, "procedure": 34, "behavioral": 26, "biological": 11, "diagnostic_test": 10, "radiation": 8,
        "dietary_supplement": 3, "combination_product": 2, "genetic": 1,
    },
    "other_names": 145, "conditions": 531, "keywords": 765,
    "lead": {"OTHER": 158, "INDUSTRY": 116, "NETWORK": 4, "OTHER_GOV": 2, "FED": 1, "INDIV": 1}, "collaborators": 160, "officials": 238,
    "central": 228, "references": (396, 369),
    "status": {
        "recruiting": 119, "completed": 82, "not_yet_recruiting": 38, "active_not_recruiting": 16, "unknown": 12, "terminated": 9,
        "withdrawn": 4, "enrolling_by_invitation": 2,
    },
    "stopped": 12, "study_type": {"interventional": 225, "observational": 57},
    "phase": {"not_applicable": 118, None: 57, "2": 32, "1": 23, "1/2": 19, "3": 19, "4": 7, "2/3": 5, "early_1": 2},
    "sex": {"all": 273, "female": 7, "male": 2}, "ages": (268, 158), "healthy": {False: 244, True: 27, None: 11},
    "start": {10: 248, 7: 34}, "start_type": {"actual": 213, "anticipated": 48, None: 21},
    "ipd": {"no": 136, None: 88, "yes": 41, "undecided": 17}, "criteria": 282,
    "updated": ("2006-12-22", "2025-12-05"), "partial": 0, "unmapped": 0,
}
# fmt: on


@pytest.mark.parametrize("what", STUDIES)
def test_recorded_studies_hold_what_was_counted_in_them(
    studies: list[tuple[dict[str, Any], Record]], what: str
) -> None:
    assert tally([record for _, record in studies])[what] == STUDIES[what]


@pytest.mark.parametrize("what", ARRAYS)
def test_recorded_arrays_hold_what_was_counted_in_them(arrays: list[tuple[dict[str, Any], Record]], what: str) -> None:
    assert tally([record for _, record in arrays])[what] == ARRAYS[what]


def visible(texts: object) -> str:
    """Non-blank characters of all texts in a JSON value, Markdown escapes undone."""
    if isinstance(texts, str):
        return re.sub(r"\s", "", re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", texts))
    if isinstance(texts, dict):
        return "".join(visible(value) for value in texts.values())
    return "".join(visible(value) for value in texts) if isinstance(texts, (list, tuple)) else ""


def long_texts(protocol: dict[str, Any], record: Record) -> Iterator[tuple[object, object]]:
    """What the registry wrote beside what the record has."""
    for module, key, column in (
        ("identificationModule", "briefTitle", "public_title"),
        ("identificationModule", "officialTitle", "scientific_title"),
        ("descriptionModule", "briefSummary", "brief_summary"),
        ("descriptionModule", "detailedDescription", "detailed_description"),
        ("eligibilityModule", "eligibilityCriteria", "eligibility_raw"),
        ("eligibilityModule", "studyPopulation", "study_population"),
        ("statusModule", "whyStopped", "why_stopped"),
    ):
        yield protocol.get(module, {}).get(key), getattr(record, column)
    outcomes = protocol.get("outcomesModule", {})
    for key, kind in (("primaryOutcomes", "primary"), ("secondaryOutcomes", "secondary"), ("otherOutcomes", "other")):
        yield (
            [[o.get("measure"), o.get("description"), o.get("timeFrame")] for o in outcomes.get(key, [])],
            [[o.measure, o.description, o.time_frame] for o in record.outcomes if o.kind == kind],
        )
    module = protocol.get("armsInterventionsModule", {})
    yield (
        [[i["name"], i.get("description"), i.get("otherNames")] for i in module.get("interventions", [])],
        [[i.name, i.description, i.other_names] for i in record.interventions],
    )
    yield (
        [[arm.get("label"), arm.get("description")] for arm in module.get("armGroups", [])],
        [[arm.label, arm.description] for arm in record.arms],
    )


def test_no_visible_character_of_the_long_texts_is_lost(
    studies: list[tuple[dict[str, Any], Record]], arrays: list[tuple[dict[str, Any], Record]]
) -> None:
    for payload, record in studies + arrays:
        for source, stored in long_texts(payload["protocolSection"], record):
            assert re.sub(r"\s", "", "".join(flat(stored))) == visible(source), record.registry_id
    source = "".join(payload["protocolSection"]["eligibilityModule"]["eligibilityCriteria"] for payload, _ in studies)
    assert len(re.sub(r"\s", "", source)) == 1_002_529


def flat(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from flat(item)


def test_recorded_parts_of_studies_are_partial(shared: Path) -> None:
    folder = shared / "recorded" / "ctgov"
    partial: Counter[str] = Counter()
    for path in sorted((folder / "pages").glob("page-*.json")):
        for payload in json.loads(path.read_bytes())["studies"]:
            partial["page" if read(payload).is_partial else path.name] += 1
    # The pages with whole studies, as counted; all others were asked for with fields=
    assert partial == {"page-5.json": 2, "page-full-10.json": 5, "page-full-3.json": 2, "page": 59}
    assert normalize((folder / "partial" / "NCT02576665.json").read_bytes(), "application/json").is_partial
    assert not any(read(json.loads(path.read_bytes())).is_partial for path in (folder / "versions").rglob("*.json"))


def test_recorded_payloads_that_are_no_study_are_refused(shared: Path) -> None:
    files = [path for path in sorted((shared / "recorded" / "ctgov" / "malformed").rglob("*")) if path.is_file()]
    for path in files:
        with pytest.raises(Unreadable):
            normalize(path.read_bytes(), "application/octet-stream")
    assert len(files) == 62


# ----------------------------------------------------------------------------------------------------- hostile payloads

WHOLE = json.loads((FIXTURES / "NCT90000001" / "payload.json").read_bytes())
WHOLE_TEXT = json.dumps(WHOLE).encode()
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["2024-02-30", "NCT90000005", "0", "\u0000", "<br>", "18 Parsecs", "ACTUAL"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
VOCABULARY_COLUMNS = {
    "allocation", "intervention_model", "masking", "primary_purpose", "observational_model", "time_perspective", "phase", "study_type",
    "recruitment_status", "sex", "ipd_sharing", "sampling_method",
}  # fmt: skip
DATE_TYPES = ("date_of_first_enrollment_type", "primary_completion_date_type", "completion_date_type")


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def change(payload: Any, path: tuple[Any, ...], value: object) -> None:
    """Puts `value` at `path`, or drops what is there; nothing when an earlier change has removed the place."""
    for key in path[:-1]:
        try:
            payload = payload[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(payload, dict) and value == "drop":
        payload.pop(path[-1], None)
    elif isinstance(payload, dict) or (isinstance(payload, list) and path[-1] in range(len(payload))):
        payload[path[-1]] = value


def hold(record: Record) -> None:
    """What is true of every record, however broken its payload."""
    stored = msgspec.json.encode(record).decode()  # fails on a lone surrogate
    assert "\\u0000" not in stored
    assert re.fullmatch(r"NCT\d{8}", record.registry_id)
    for column in VOCABULARY_COLUMNS:
        assert getattr(record, column) in VOCABULARIES[column] | {None}, column
    assert all(getattr(record, column) in ("actual", "anticipated", None) for column in DATE_TYPES)
    assert set(filter(None, (record.masked_roles or "").split(", "))) <= VOCABULARIES["masked_roles"]
    assert {arm.type for arm in record.arms} <= VOCABULARIES["arm_type"] | {None}
    assert {item.type for item in record.interventions} <= VOCABULARIES["intervention_type"] | {None}
    assert {site.status for site in record.sites} <= VOCABULARIES["site_status"] | {None}
    assert {sponsor.class_registry for sponsor in record.record_sponsors} <= VOCABULARIES["sponsor_class"] | {None}
    assert all(isinstance(row, CHILDREN[name]) for name in CHILDREN for row in getattr(record, name))
    assert all(0 <= count.count < 2**63 for count in record.enrollment_counts)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(places(WHOLE))), st.just("drop") | ANYTHING), min_size=1, max_size=4))
def test_any_broken_study_is_a_record_or_refused(changes: list[tuple[tuple[str | int, ...], object]]) -> None:
    payload = copy.deepcopy(WHOLE)
    for path, value in changes:
        change(payload, path, value)
    try:
        hold(read(payload))
    except Unreadable as refusal:
        assert str(refusal).startswith("ClinicalTrials.gov: ")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, len(WHOLE_TEXT) - 1).map(lambda end: WHOLE_TEXT[:end]))
def test_any_bytes_are_a_record_or_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^ClinicalTrials\.gov: "):
        normalize(body, "application/json")


@settings(max_examples=30, deadline=None)
@given(ANYTHING)
def test_the_same_payload_gives_the_same_record(value: object) -> None:
    payload = json.dumps(study(description={"briefSummary": value}, outcomes=value)).encode()
    assert normalize(payload, "") == normalize(payload, "")
