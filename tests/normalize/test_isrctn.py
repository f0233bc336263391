"""ISRCTN: what a trial means. Fixtures field by field, behaviours, recorded payloads, hostile payloads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.isrctn import normalize
from normalize.schema import CHILDREN, Record, Unreadable
from normalize.vocabularies import VOCABULARIES
from tests.normalize.entry import written

FIXTURES = Path(__file__).parent.parent / "fixtures" / "isrctn"
MEDIA_TYPE = "application/xml; charset=utf-8"
#: Left to the tests of eligibility: they change with its rules, not with this registry's.
ELSEWHERE = ("criteria", "criterion_measures")
NAMESPACE = "{http://www.67bricks.com/isrctn}"


def payload(number: str) -> bytes:
    return (FIXTURES / number / "payload.xml").read_bytes()


def fixture(number: str) -> Record:
    return normalize(payload(number), MEDIA_TYPE)


def expected(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def trial(inner: str, updated: str = "2024-06-30") -> Record:
    body = f'<fullTrial><trial lastUpdated="{updated}"><isrctn>99990009</isrctn>{inner}</trial></fullTrial>'
    return normalize(body.encode(), MEDIA_TYPE)


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


# ---------------------------------------------------------------------------------------------------------- behaviours


def test_the_namespace_and_the_search_answer_round_it_do_not_matter() -> None:
    element = payload("ISRCTN99990001")
    answer = b'<allTrials xmlns="http://www.67bricks.com/isrctn" totalCount="11">' + element + b"</allTrials>"
    assert normalize(answer, MEDIA_TYPE) == normalize(element, MEDIA_TYPE)


@pytest.mark.parametrize(
    ("dates", "status"),
    [
        (("2024-07-01", "2024-12-31", "2025-12-31"), "not_yet_recruiting"),
        (("2024-01-01", "2024-12-31", "2025-12-31"), "recruiting"),
        (("2023-01-01", "2024-06-30", "2025-12-31"), "active_not_recruiting"),
        (("2022-01-01", "2023-12-31", "2024-06-01"), "completed"),
        (("2024-01-01", "", ""), None),
        (("", "", ""), None),
    ],
)
def test_status_is_reckoned_as_of_the_last_update(dates: tuple[str, str, str], status: str | None) -> None:
    start, end, over = dates
    people = f"<participants><recruitmentStart>{start}</recruitmentStart><recruitmentEnd>{end}</recruitmentEnd></participants>"
    record = trial(f"{people}<trialDesign><overallEndDate>{over}</overallEndDate></trialDesign>")
    assert (record.recruitment_status, record.recruitment_status_raw) == (status, None)


def test_an_override_of_the_status_counts() -> None:
    record = trial("<participants><recruitmentStatusOverride>Suspended</recruitmentStatusOverride></participants>")
    assert (record.recruitment_status, record.recruitment_status_raw) == ("suspended", "Suspended")


@pytest.mark.parametrize(("text", "actual"), [("", None), ("0", None), ("25", 25)])
def test_nobody_counted_yet_is_no_enrollment(text: str, actual: int | None) -> None:
    record = trial(f"<participants><totalFinalEnrolment>{text}</totalFinalEnrolment></participants>")
    assert record.actual_enrollment == actual
    assert record.warnings == ()


@pytest.mark.parametrize(
    ("fields", "has_results"),
    [
        ("", None),
        ("<results><basicReport /></results>", False),
        ("<results><basicReport>Table 1</basicReport></results>", True),
        ("<results><basicReport /><plainEnglishReport>It helped</plainEnglishReport></results>", True),
        ('<results><basicReport /></results><outputs><output outputType="basicresults"><localFile /></output></outputs>', True),
        ('<results><basicReport /></results><outputs><output outputType="resultsarticle"><externalLink /></output></outputs>', False),
    ],
)  # fmt: skip
def test_summary_results_stand_in_a_report_or_among_the_outputs(fields: str, has_results: bool | None) -> None:
    assert trial(fields).has_results is has_results


@pytest.mark.parametrize(("said", "allowed", "warned"), [("true", True, 0), ("false", False, 0), ("Maybe", None, 1)])
def test_whether_healthy_volunteers_are_allowed(said: str, allowed: bool | None, warned: int) -> None:
    record = trial(f"<participants><healthyVolunteersAllowed>{said}</healthyVolunteersAllowed></participants>")
    assert (record.healthy_volunteers, len(record.warnings)) == (allowed, warned)


def test_the_registrys_sentence_for_no_text_is_none() -> None:
    empty = "Plain English summary of protocol not provided at time of registration"
    said = trial(f"<trialDescription><plainEnglishSummary>{empty}</plainEnglishSummary></trialDescription>")
    assert said.brief_summary is None
    assert [(warning.field, warning.raw_value) for warning in said.warnings] == [("brief_summary", empty)]


@pytest.mark.parametrize(
    ("policy", "plan"), [("Not expected to be made available", "no"), ("Available on request", None)]
)
def test_a_data_policy_tells_the_plan_where_it_is_yes_or_no(policy: str, plan: str | None) -> None:
    record = trial(f"<results><dataPolicies><dataPolicy>{policy}</dataPolicy></dataPolicies></results>")
    assert (record.ipd_sharing, record.ipd_description) == (plan, policy)


def test_of_several_purposes_none_is_the_main_one() -> None:
    purposes = "<purposes><purpose>Treatment</purpose><purpose>Prevention</purpose></purposes>"
    record = trial(f"<trialDesign><interventionalTrialDesign>{purposes}</interventionalTrialDesign></trialDesign>")
    assert (record.primary_purpose, record.study_design_raw) == (None, "Purpose: Treatment, Prevention")


@pytest.mark.parametrize(
    ("kind", "words", "found"),
    [
        ("Interventional", "Two-centre randomised double-masked cross-over trial", ("randomized", "crossover", "double", None, None)),
        ("Interventional", "Open-label single-arm pilot", ("na", "single_group", "none", None, None)),
        ("Interventional", "Pilot within a prospective cohort", (None, None, None, None, None)),
        ("Observational", "Retrospective case-control study with randomised controls", (None, None, None, "case_control", "retrospective")),
    ],
)  # fmt: skip
def test_older_records_have_the_design_in_words(kind: str, words: str, found: tuple[str | None, ...]) -> None:
    design = f"<primaryStudyDesign>{kind}</primaryStudyDesign><studyDesign>{words}</studyDesign>"
    record = trial(f"<trialDesign>{design}</trialDesign>")
    said = (record.allocation, record.intervention_model, record.masking, record.observational_model)
    assert (*said, record.time_perspective) == found
    assert record.study_design_raw == words


def test_a_field_counts_before_the_words() -> None:
    fields = "<interventionalTrialDesign><masking>Open (masking not used)</masking></interventionalTrialDesign>"
    words = "<primaryStudyDesign>Interventional</primaryStudyDesign><studyDesign>Single-blind trial</studyDesign>"
    assert trial(f"<trialDesign>{words}{fields}</trialDesign>").masking == "none"


@pytest.mark.parametrize(
    ("text", "count"), [("Not available in web format, please ask", 0), ("http://example.org/sheet.pdf", 1)]
)
def test_a_sheet_that_is_not_there_is_no_document(text: str, count: int) -> None:
    record = trial(f"<participants><patientInfoSheet>{text}</patientInfoSheet></participants>")
    assert len(record.documents) == count


def test_a_secondary_design_that_is_no_allocation_is_not_reported() -> None:
    record = trial("<trialDesign><secondaryStudyDesign>Longitudinal study</secondaryStudyDesign></trialDesign>")
    assert (record.allocation, record.observational_model, record.unmapped_values) == (None, None, ())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'<allTrials totalCount="0" xmlns="http://www.67bricks.com/isrctn"></allTrials>',
            "a search answer with 0 of them",
        ),
        (b"<allTrials><fullTrial/><fullTrial/></allTrials>", "a search answer with 2 of them"),
        (b"<html><body>Sorry</body></html>", "found <html>"),
        (b"<fullTrial><trial/></fullTrial>", "no ISRCTN of eight figures"),
        (b"<fullTrial><trial><isrctn>1234</isrctn></trial></fullTrial>", "no ISRCTN of eight figures"),
        (b"", "found something else"),
        (b"Too many requests", "found something else"),
    ],
)
def test_what_is_no_trial_is_refused_with_a_sentence(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        normalize(body, MEDIA_TYPE)


def test_another_encoding_is_read_when_it_is_said() -> None:
    body = "<fullTrial><trial><isrctn>99990009</isrctn><trialDescription><title>Größe</title></trialDescription></trial></fullTrial>"
    assert normalize(body.encode("latin-1"), "application/xml; charset=latin-1").public_title == "Größe"
    with pytest.raises(Unreadable, match="said to be in klingon"):
        normalize(body.encode(), "application/xml; charset=klingon")


# ----------------------------------------------------------------------------------------------------- recorded payloads


def test_recorded_trials(shared: Path) -> None:
    found: dict[str, Record] = {}
    for path in sorted((shared / "recorded" / "isrctn" / "xml").glob("*.xml")):
        root = ElementTree.fromstring(path.read_bytes())
        for element in root.iter(f"{NAMESPACE}fullTrial"):
            record = normalize(ElementTree.tostring(element), MEDIA_TYPE)
            found[record.registry_id] = record
            assert record == normalize(path.read_bytes(), MEDIA_TYPE)
            assert record.unmapped_values == ()
            assert {warning.reason for warning in record.warnings} <= {"Says that there is none."}
            texts = json.loads(msgspec.json.encode(record))
            said = "".join(
                json.dumps(texts, ensure_ascii=False).replace("\\n", "").replace("\\t", "").replace('\\"', '"').split()
            )
            for name in ("title", "scientificTitle", "studyHypothesis", "plainEnglishSummary", "inclusion", "exclusion", "description",
                         "primaryOutcome", "secondaryOutcome", "variable", "method", "timepoints", "publicationDetails"):  # fmt: skip
                for node in element.iter(f"{NAMESPACE}{name}"):
                    for line in (node.text or "").split("\n"):
                        assert "".join(line.split()) in said, (record.registry_id, name)
    assert set(found) == {"ISRCTN54285094", "ISRCTN62918594", "ISRCTN16025168"}
    sizes = {number: (record.target_sample_size, record.actual_enrollment) for number, record in found.items()}
    assert sizes == {"ISRCTN54285094": (600, None), "ISRCTN62918594": (81, 25), "ISRCTN16025168": (210, None)}
    identifiers = {row.id_normalized for row in found["ISRCTN62918594"].secondary_ids if row.type == "registry"}
    assert identifiers == {"NCT05057013", "2020-005891-36"}


def test_recorded_answer_without_a_trial(shared: Path) -> None:
    with pytest.raises(Unreadable, match="a search answer with 0 of them"):
        normalize((shared / "recorded/isrctn/xml/search_empty.xml").read_bytes(), MEDIA_TYPE)


# ---------------------------------------------------------------------------------------------------- hostile payloads

COLUMNS = ("study_type", "phase", "recruitment_status", "sex", "allocation", "intervention_model", "masking", "primary_purpose", "ipd_sharing")  # fmt: skip
PAYLOADS = [payload(folder.name) for folder in sorted(FIXTURES.iterdir())]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(PAYLOADS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.binary(max_size=12)), min_size=1, max_size=4),
)
def test_mutated_payloads_are_records_or_unreadable(body: bytes, edits: list[tuple[float, int, bytes]]) -> None:
    for place, length, inserted in edits:
        start = int(place * len(body))
        body = body[:start] + inserted + body[start + length :]
    try:
        record = normalize(body, MEDIA_TYPE)
    except Unreadable as refusal:
        assert str(refusal).endswith(".")
        return
    for column in COLUMNS:
        assert getattr(record, column) in {None, *VOCABULARIES[column]}
    for name, kind in CHILDREN.items():
        assert all(type(row) is kind for row in getattr(record, name))
    assert msgspec.json.encode(record) == msgspec.json.encode(normalize(body, MEDIA_TYPE))


# ---------------------------------------------------------------------------------------------------- what was replaced

REPLACED = (
    "<participants><inclusion>Current inclusion criteria as of 04/05/2022:\n1. Age over 30 years\n2. Migraine\n\n_____\n\n"
    "Previous inclusion criteria:\n1. Age over 25 years\n2. Migraine</inclusion>"
    "<exclusion>Current exclusion criteria as of 04/05/2022:\n1. Pregnant\n\nPrevious exclusion criteria as of 01/02/2022:\n1. HbA1c &gt; 9%\n\n"
    "Previous exclusion criteria:\n1. Smokers</exclusion>"
    "<targetEnrolment>Current target as of 04/05/2022: 80\n\nPrevious target: 60</targetEnrolment></participants>"
)


def test_criteria_that_were_replaced_are_none() -> None:
    record = trial(REPLACED)
    assert [criterion.text for criterion in record.criteria] == ["Age over 30 years", "Migraine", "Pregnant"]
    assert [(measure.criterion_ordinal, measure.variable, measure.lower) for measure in record.criterion_measures] == [
        (1, "age", 30)
    ]
    assert record.exclusion_criteria is not None
    assert record.exclusion_criteria.endswith("1. Pregnant")
    assert record.eligibility_raw is not None
    assert "Age over 25 years" in record.eligibility_raw
    assert "Smokers" in record.eligibility_raw
    for criterion in record.criteria:
        assert record.eligibility_raw[criterion.start : criterion.end] == criterion.text


def test_the_field_says_which_half_it_is() -> None:
    record = trial(
        "<participants><inclusion>Migraine</inclusion><exclusion>Current inclusion criteria as of 04/05/2022:\n1. Smokers</exclusion></participants>"
    )
    assert [(criterion.kind, criterion.text) for criterion in record.criteria] == [
        ("inclusion", "Migraine"),
        ("exclusion", "Smokers"),
    ]
    assert record.eligibility_raw == "Migraine\n\nCurrent inclusion criteria as of 04/05/2022:\n1. Smokers"


def test_a_target_that_was_replaced_is_none() -> None:
    assert trial(REPLACED).target_sample_size == 80


def test_outcomes_and_interventions_that_were_replaced_are_none() -> None:
    record = trial(
        "<trialDescription><primaryOutcome>Current primary outcome measures as of 04/05/2022:\n1. Pain\n2. Sleep\n\n______\n\n"
        "Previous primary outcome measure:\nHeadache days</primaryOutcome></trialDescription>"
        "<interventions><intervention><description>Current interventions as of 04/05/2022:\nYoga\n\nPrevious interventions:\nWalks"
        "</description></intervention></interventions>"
    )
    assert [outcome.measure for outcome in record.outcomes] == ["Pain", "Sleep"]
    assert record.primary_outcomes_raw is not None
    assert "Headache days" in record.primary_outcomes_raw
    (given,) = record.interventions
    assert given.name == "Yoga"
    assert given.description is not None
    assert "Walks" in given.description


@pytest.mark.parametrize(
    "text", ["Previous stroke: none in 6 months", "Current smokers\nPrevious smokers: any", "Previous inclusion criteria:\n1. Adults"]
)  # fmt: skip
def test_what_is_current_or_previous_of_itself_is_read(text: str) -> None:
    record = trial(f"<participants><inclusion>{text}</inclusion></participants>")
    assert record.inclusion_criteria is not None
    assert text.split("\n")[-1].removeprefix("1. ") in record.inclusion_criteria
    assert record.criteria
