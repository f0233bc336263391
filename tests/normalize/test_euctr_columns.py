"""EUCTR: fields become columns; what cannot be read is told."""

from __future__ import annotations

import json
import re

import pytest

from normalize.euctr import normalize
from normalize.schema import Record, Unreadable
from tests.normalize.entry import written
from tests.normalize.euctr import ASTHMA, changed, payload, read, text_of


def warned(record: Record) -> set[str]:
    return {warning.field for warning in record.warnings}


def test_the_link_says_which_record_it_is() -> None:
    record = changed("/trial/2031-000042-17/SE/", "/trial/2031-000042-18/GB/")
    assert record.registry_id == "EUCTR2031-000042-18-GB"
    assert "registry_id" in warned(record)


@pytest.mark.parametrize(
    ("authority", "code"),
    [("Sweden - MPA", "SE"), ("UK - MHRA", "GB"), ("Greece - EOF", "GR"), ("Bulgarian Drug Agency", "BG")],
)
def test_without_a_link_the_authority_says_which_country_it_is(authority: str, code: str) -> None:
    text = re.sub("Link: .*\n", "", text_of(ASTHMA)).replace("Sweden - MPA", authority)
    record = read(text)
    assert (record.registry_id, record.countries[0].country_code) == (f"EUCTR2031-000042-17-{code}", code)
    assert record.url == f"https://www.clinicaltrialsregister.eu/ctr-search/trial/2031-000042-17/{code}/"


def test_without_a_link_and_a_known_country_there_is_no_record() -> None:
    text = re.sub("Link: .*\n", "", text_of(ASTHMA)).replace("Sweden - MPA", "Agency of the Moon")
    with pytest.raises(Unreadable, match=r"2031-000042-17.*Agency of the Moon"):
        read(text)


@pytest.mark.parametrize(
    ("yes", "phase"),
    [("1", "1"), ("12", "1/2"), ("23", "2/3"), ("14", "1/4"), ("24", "2/4"), ("123", "1/2/3"), ("", None)],
)
def test_phases(yes: str, phase: str | None) -> None:
    lines = {"1": "E.7.1 Human pharmacology (Phase I): No", "2": "E.7.2 Therapeutic exploratory (Phase II): Yes", "3": "E.7.3 Therapeutic confirmatory (Phase III): No", "4": "E.7.4 Therapeutic use (Phase IV): Yes"}  # fmt: skip
    text = text_of(ASTHMA)
    for number, line in lines.items():
        assert line in text
        text = text.replace(line, f"{line.rpartition(' ')[0]} {'Yes' if number in yes else 'No'}")
    record = read(text)
    assert record.phase == phase
    assert ("phase" in warned(record)) == (phase is None)


@pytest.mark.parametrize(
    ("head", "status"),
    [("Ongoing", "unknown"), ("Restarted", "unknown"), ("Completed", "completed"), ("Prematurely Ended", "terminated"), ("Temporarily Halted", "suspended"), ("GB - no longer in EU/EEA", "unknown")],
)  # fmt: skip
def test_status(head: str, status: str) -> None:
    record = changed("Trial Status: Completed", f"Trial Status: {head}")
    assert (record.recruitment_status, record.recruitment_status_raw) == (status, head)
    assert ("recruitment_status" in warned(record)) == (head != "Completed")


def test_no_decision_is_taken_for_the_first_enrollment() -> None:
    record = read(text_of(ASTHMA))
    assert record.date_of_first_enrollment is None
    assert record.prospective_registration is None
    assert [review.date for review in record.ethics_reviews] == ["2031-04-02", "2031-03-20"]


def test_the_size_of_a_trial_in_one_country_is_that_of_the_country() -> None:
    text = text_of("EUCTR2031-000077-30-PT")
    assert read(text).target_sample_size == 40
    abroad = text.replace(
        "E.8.5 The trial involves multiple Member States: No", "E.8.5 The trial involves multiple Member States: Yes"
    )
    assert read(abroad).target_sample_size is None


def test_nought_subjects_are_not_a_size() -> None:
    record = changed("F.4.2.2 In the whole clinical trial: 120", "F.4.2.2 In the whole clinical trial: 0")
    assert record.target_sample_size is None
    assert "target_sample_size" in warned(record)
    assert "total" not in {count.scope for count in record.enrollment_counts}


@pytest.mark.parametrize("number", ["about 120", "-3", "١٢", "1.5", "12345678901234567890"])
def test_a_number_that_is_none_is_reported(number: str) -> None:
    record = changed("F.4.2.2 In the whole clinical trial: 120", f"F.4.2.2 In the whole clinical trial: {number}")
    assert record.target_sample_size is None
    assert [w.raw_value for w in record.warnings if w.field == "F.4.2.2"] == [number]


@pytest.mark.parametrize(
    ("bands", "limits"),
    [
        ("F.1.2 Adults (18-64 years)", (18.0, 64.0)),
        ("F.1.3 Elderly (>=65 years)", (65.0, None)),
        ("F.1.1.5 Children (2-11years)", (2.0, 11.0)),
        ("F.1.1.4 Infants and toddlers (28 days-23 months)", (28 / 365.25, 23 / 12)),
        ("F.1.1.3 Newborns (0-27 days)", (0.0, 27 / 365.25)),
        ("F.1.1 Trial has subjects under 18", (None, 17.0)),
        ("nothing", (None, None)),
    ],
)
def test_ages(bands: str, limits: tuple[float | None, float | None]) -> None:
    lines = (
        re.sub(": Yes$", ": No", line) if line.startswith("F.1") else line for line in text_of(ASTHMA).splitlines()
    )
    record = read("\n".join(lines).replace(f"{bands}: No", f"{bands}: Yes"))
    assert (record.minimum_age_years, record.maximum_age_years) == limits
    assert record.minimum_age_raw == record.maximum_age_raw
    assert (record.minimum_age_raw is None) == (bands == "nothing")


@pytest.mark.parametrize(
    ("female", "male", "sex"),
    [("Yes", "Yes", "all"), ("Yes", "No", "female"), ("No", "Yes", "male"), ("No", "No", None)],
)
def test_sex(female: str, male: str, sex: str | None) -> None:
    record = changed("F.2.1 Female: Yes\nF.2.2 Male: Yes", f"F.2.1 Female: {female}\nF.2.2 Male: {male}")
    assert record.sex == sex
    assert ("sex" in warned(record)) == (sex is None)


def test_an_answer_that_is_neither_yes_nor_no_is_reported() -> None:
    record = changed(
        "E.8.7 Trial has a data monitoring committee: Yes", "E.8.7 Trial has a data monitoring committee: Maybe"
    )
    assert record.has_data_monitoring_committee is None
    assert "E.8.7" in warned(record)


def test_a_status_of_the_sponsor_that_nobody_knows_is_unmapped() -> None:
    record = changed("Status of the sponsor: Commercial", "Status of the sponsor: Half commercial")
    assert record.record_sponsors[1].class_registry is None
    assert ("sponsor_class", "Half commercial") in [(row.vocabulary, row.raw_value) for row in record.unmapped_values]


def test_text_that_says_it_is_english_goes_before_text_that_does_not() -> None:
    record = changed("A.3.2 Name or abbreviated title of the trial where available: TWIN-AIR", "A.3.2 Name or abbreviated title of the trial where available: TVILLING\nA.3.2 Name or abbreviated title of the trial where available (en): TWIN")  # fmt: skip
    assert record.acronym == "TWIN"
    assert "Name or abbreviated title of the trial where available: TVILLING" in (record.detailed_description or "")


def test_every_end_point_of_every_language_is_kept() -> None:
    record = normalize(payload("EUCTR2031-000077-30-PT"), "text/plain")
    assert len(record.outcomes) == 1
    everything = json.dumps(written(record.outcomes), ensure_ascii=False) + (record.detailed_description or "")
    for text in ("Pain at rest", "Dor em repouso", "Day 7", "Dia 7", "Day 28"):
        assert text in everything


def test_two_records_under_one_id_are_two_records() -> None:
    """Poland is twice in 2021-002179-21, with different criteria, and neither says which is newer."""
    other = changed("2. Age 12 years or older", "2. Age 14 years or older")
    assert other.registry_id == read(text_of(ASTHMA)).registry_id
    assert other != read(text_of(ASTHMA))


def test_a_record_that_was_cut_off_is_kept_and_says_so() -> None:
    text = text_of(ASTHMA)
    record = read(text[: text.index("F.2 Gender")])
    assert record.is_partial
    assert "record" in warned(record)
    assert record.scientific_title is not None
    assert not read(text).is_partial


def _without_breaks(name: str) -> str:
    return text_of(name).replace("\n", "")


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        ("", "text/plain", "nothing"),
        (" \n ", "text/html", "nothing"),
        (_without_breaks(ASTHMA), "text/plain", "line breaks are lost"),
        ("Query did not match any clinical trials", "text/plain", "no record of this number"),
        ("<html><p>Query did not match any clinical trials.</p></html>", "text/html", "no record of this number"),
        ("<html><title>Are you human?</title>Solve the CAPTCHA</html>", "text/html", "captcha"),
        ("<html><div>Trials with a EudraCT protocol (1,204)</div></html>", "text/html", "search results"),
        ("<html><div>Trials with a EudraCT protocol (1)</div></html>", "text/plain", "search results"),
        ("<html><td>Global end of trial date</td></html>", "text/html", "a page of results"),
        ("<html><title> Page \n not found </title></html>", "text/html", "'Page not found'"),
        ("<table></table>", "text/html", "without the table"),
        (
            "EudraCT Number:          2031-000042-17\nFull Title:  T\nTrial protocol: SE(Completed)\n",
            "text/plain",
            "summary of a trial",
        ),
        ("once upon a time", "text/plain", "without the fields"),
        ("A.3 Full title of the trial: T", "text/plain", "without link and EudraCT number"),
        (text_of(ASTHMA) * 2, "text/plain", "2 records in one payload"),
        (text_of(ASTHMA), "application/json", "application/json"),
        (text_of(ASTHMA), "", "''"),
    ],
)
def test_unreadable(body: str, media_type: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        normalize(body.encode(), media_type)


def test_bytes_that_are_not_utf8_cost_no_record() -> None:
    body = payload(ASTHMA).replace(b"Lindholm", b"Lindh\xf6lm\x00")
    record = normalize(body, "text/plain; charset=utf-8")
    assert record.record_sponsors[0].name_raw == "Lindh\ufffdlm\ufffd University Hospital"
    assert "record" in warned(record)
