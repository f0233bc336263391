"""CTIS: what an answer of the EU portal means, in its structure of today and in that before 2024-06-17."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.ctis import normalize
from normalize.schema import Record, Unreadable
from normalize.vocabularies import VOCABULARIES
from tests.normalize.entry import written

FIXTURES = Path(__file__).parent.parent / "fixtures" / "ctis"
TODAY, BEFORE = "2024-599001-11-00", "2022-599002-12-00"
#: Left to the tests of eligibility: they change with its rules, not with this registry's.
ELSEWHERE = ("criteria", "criterion_measures")


def payload(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "payload.json").read_bytes())  # type: ignore[no-any-return]


def expected(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def read(trial: object) -> Record:
    return normalize(json.dumps(trial).encode(), "application/json")


@pytest.mark.parametrize(
    ("number", "field"), [(number, field) for number in (TODAY, BEFORE) for field in expected(number)]
)
def test_fixture(number: str, field: str) -> None:
    assert written(getattr(read(payload(number)), field)) == expected(number)[field]


@pytest.mark.parametrize("number", [TODAY, BEFORE])
def test_fixture_holds_nothing_that_is_not_expected(number: str) -> None:
    record = read(payload(number))
    filled = {name for name in record.__struct_fields__ if getattr(record, name) not in (None, ())}
    assert filled - set(ELSEWHERE) == set(expected(number))


def test_criteria_have_the_half_of_their_field() -> None:
    record = read(payload(TODAY))
    assert [(criterion.kind, criterion.text) for criterion in record.criteria] == [
        ("inclusion", "Haemoglobin < 10 g/dL"),
        ("inclusion", "Weight ≥ 50 kg"),
        ("inclusion", "Consent"),
        ("exclusion", "Pregnancy"),
    ]


def test_a_trial_from_eudract_is_not_called_retrospective() -> None:
    trial = payload(TODAY)
    trial["authorizedApplication"]["authorizedPartsII"][1]["mscInfo"]["trialRecruitmentPeriod"] = [
        {"recruitmentStartDate": "2021-01-29"}
    ]
    assert read(trial).prospective_registration is False
    trial["authorizedApplication"]["eudraCt"] = {"isTransitioned": True, "eudraCtCode": "2019-009999-63"}
    assert read(trial).prospective_registration is None


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ([], "2024-07-02"),
        ([{"recruitmentStartDate": "2023-07-02"}], "2024-07-02"),  # mended since
        ([{"recruitmentStartDate": "2023-07-02", "recruitmentEndDate": "2023-09-01"}], "2023-07-02"),  # before a halt
    ],
)
def test_a_start_of_recruitment_that_was_mended_does_not_count(told: list[dict[str, str]], first: str) -> None:
    trial = payload(TODAY)
    for part in trial["authorizedApplication"]["authorizedPartsII"]:
        active = {"recruitmentStartDate": "2024-07-02"}
        part["mscInfo"] |= {"trialRecruitmentPeriod": [*told, active], "activeTrialRecruitmentPeriod": active}
    assert read(trial).date_of_first_enrollment == first


@pytest.mark.parametrize(("estimate", "prospective"), [("2023-01-09", None), ("2024-06-01", True)])
def test_an_estimate_that_did_not_come_true_does_not_judge_the_registration(
    estimate: str, prospective: bool | None
) -> None:
    trial = payload(TODAY)
    trial.pop("startDateEU", None)
    application = trial["authorizedApplication"]
    for part in application["authorizedPartsII"]:
        part["mscInfo"].pop("trialRecruitmentPeriod", None)
    information = application["authorizedPartI"]["trialDetails"]["trialInformation"]
    information["trialDuration"]["estimatedRecruitmentStartDate"] = estimate
    record = read(trial)
    assert (record.date_of_first_enrollment, record.date_of_first_enrollment_type) == (estimate, "anticipated")
    assert record.prospective_registration is prospective


@pytest.mark.parametrize(
    ("short", "acronym"),
    [("FZL-101", None), ("204817", None), ("ABCDEF-2031-01", None), ("LANTERN-Lung04", "LANTERN-Lung04"), ("HARE ALL 2031", "HARE ALL 2031")],
)  # fmt: skip
def test_a_protocol_code_is_no_acronym(short: str, acronym: str | None) -> None:
    trial = payload("2024-599001-11-00")
    details = trial["authorizedApplication"]["authorizedPartI"]["trialDetails"]
    details["clinicalTrialIdentifiers"]["shortTitle"] = short
    assert read(trial).acronym == acronym


def test_a_trial_that_ended_early_in_one_country_only_is_completed() -> None:
    trial = payload(TODAY)
    del trial["events"]["trialEvents"][0]["earlyTerminationReason"]
    assert read(trial).recruitment_status == "completed"


def test_the_target_is_not_summed_when_a_country_says_no_number() -> None:
    trial = payload(TODAY)
    del trial["authorizedApplication"]["authorizedPartsII"][0]["recruitmentSubjectCount"]
    record = read(trial)
    assert record.target_sample_size is None
    assert "target_sample_size" in {warning.field for warning in record.warnings}
    assert read(trial | {"totalNumberEnrolled": "20"}).target_sample_size == 50


def test_a_target_of_nobody_is_none() -> None:
    trial = payload(TODAY)
    for state in trial["authorizedApplication"]["authorizedPartsII"]:
        state["recruitmentSubjectCount"] = 0
    trial["authorizedApplication"]["authorizedPartI"] |= {"rowSubjectCount": 0}
    record = read(trial)
    assert record.target_sample_size is None
    assert "target_sample_size" in {warning.field for warning in record.warnings}
    assert {count.scope for count in record.enrollment_counts} == {"country", "region"}


def test_finer_age_bands_stand_for_their_category() -> None:
    trial = payload(TODAY)
    population = trial["authorizedApplication"]["authorizedPartI"]["trialDetails"]["trialInformation"]
    population["populationOfTrialSubjects"] = {
        "ageRanges": [{"ageRangeCategoryCode": "2"}],
        "ageRangeSecondaryIds": [{"ageRangeCategoryCode": "2", "ctAgeRangeCode": code} for code in "213"],
    }
    record = read(trial)
    assert (record.minimum_age_years, record.maximum_age_years) == (0.0, 23 / 12)


@pytest.mark.parametrize("bands", [["4"], ["3", "4"], ["3"], ["1"], []])
def test_ages_go_from_the_lowest_band_to_the_highest(bands: list[str]) -> None:
    trial = payload(BEFORE)
    information = trial["authorizedPartI"]["trialDetails"]["trialInformation"]
    information["populationOfTrialSubjects"] = {"ageRanges": [{"ageRangeCategory": code} for code in bands]}
    record = read(trial)
    limits = {"4": (65.0, None), "3,4": (18.0, None), "3": (18.0, 64.0), "1": (0.0, 0.0), "": (None, None)}
    assert (record.minimum_age_years, record.maximum_age_years) == limits[",".join(bands)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{}", "a number that it does not know"),
        (b"<html><body>Service unavailable</body></html>", "an HTML page"),
        (b'{"pagination": {"totalRecords": 2}, "data": []}', "a page of search results"),
        (b"[]", "an array"),
        (b'{"ctNumber": "2019-001234-29"}', "'2019-001234-29'"),
        (b'{"ctNumber": 7}', "'7'"),
        (b'{"ctNumber": "2024-5', "JSON that breaks"),
    ],
)
def test_what_is_no_trial_is_refused_with_a_sentence(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=r"^CTIS: expected one trial .+; found .+\. Fetch .+\.$") as refusal:
        normalize(body, "application/json")
    assert words in str(refusal.value)


def test_a_trial_without_its_application_is_partial() -> None:
    record = read({"ctNumber": TODAY, "ctPublicStatusCode": 4})
    assert record.is_partial and record.recruitment_status == "recruiting"
    assert [warning.field for warning in record.warnings] == ["record"]


# ---------------------------------------------------------------------------------------------------- recorded payloads


def recorded(shared: Path) -> dict[str, tuple[dict[str, Any], Record]]:
    paths = sorted((shared / "recorded" / "ctis").glob("*/*.json"))
    return {path.stem: (json.loads(path.read_bytes()), normalize(path.read_bytes(), "")) for path in paths}


def test_recorded_trials_hold_what_was_counted_in_them(shared: Path) -> None:
    figures = {
        name: (
            record.recruitment_status,
            len(record.ethics_reviews),
            sum(c.count for c in record.enrollment_counts if c.scope == "country"),
        )
        for name, (_, record) in recorded(shared).items()
    }
    assert figures == {
        "2022-500244-37-00__2026-08-09": ("not_yet_recruiting", 1, 150),
        "2022-502516-37-00__2023-11-23": ("recruiting", 1, 12),
        "2022-502516-37-00__2024-01-07": ("recruiting", 1, 12),
        "2023-505613-24-00__2025-03-11": ("recruiting", 3, 13),
        "2023-505613-24-00__2026-08-09": ("recruiting", 3, 13),
        "2024-510663-34-00__2025-03-11": ("recruiting", 1, 7),
        "2024-510663-34-00__2026-08-09": ("recruiting", 2, 11),
    }


def test_no_recorded_text_in_any_language_is_lost(shared: Path) -> None:
    for trial, record in recorded(shared).values():
        stored = "\n".join(squeezed(text) for text in texts(msgspec.to_builtins(record), EVERY))
        application = trial.get("authorizedApplication", trial)["authorizedPartI"]["trialDetails"]
        for text in texts({key: application[key] for key in ("clinicalTrialIdentifiers", "trialInformation")}, READ):
            assert squeezed(text) in stored, (record.registry_id, text)


#: Keys whose texts are read, in any language.
READ = re.compile(
    "(full|public|short)Title|attributeTranslation|.*Objective|principal.*Criteria|endPoint|medicalCondition|termName"
)


EVERY = re.compile(".*")


def texts(value: object, keys: re.Pattern[str], key: str = "") -> Iterator[str]:
    """The texts below such keys, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, keys, name)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner, keys, key)
    elif isinstance(value, str) and keys.fullmatch(key):
        yield value


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


# ----------------------------------------------------------------------------------------------------- hostile payloads

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["31/02/2024", "NCT90000005", "\u0000", "99"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(places(payload(TODAY)))), ANYTHING)
def test_any_broken_trial_is_a_record_or_refused(path: tuple[Any, ...], value: object) -> None:
    trial = copy.deepcopy(payload(TODAY))
    place: Any = trial
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    try:
        record = read(trial)
    except Unreadable as refusal:
        assert str(refusal).startswith("CTIS: ")
        return
    assert "\\u0000" not in msgspec.json.encode(record).decode()
    for column in ("phase", "allocation", "recruitment_status", "sex", "ipd_sharing"):
        assert getattr(record, column) in VOCABULARIES[column] | {None}
    assert {sponsor.class_registry for sponsor in record.record_sponsors} <= VOCABULARIES["sponsor_class"] | {None}
    assert all(0 <= count.count < 2**63 for count in record.enrollment_counts)
