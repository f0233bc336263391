"""WHO ICTRP: registers, dates, ages and criteria."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.normalize.ictrp import trial


@pytest.mark.parametrize(
    ("source", "number", "registry"),
    [
        ("EU Clinical Trials Register", "EUCTR2018-099901-41-FR", "EUCTR"),
        ("EUCTR", "EUCTR2018-099901-41-FR", "EUCTR"),
        ("Clinical Trials Information System", "CTIS2023-599901-11-00", "CTIS"),
        ("JPRN", "JPRN-UMIN000999901", "UMIN"),
        ("JPRN", "JPRN-jRCTs031999901", "jRCT"),
        ("JPRN", "JPRN-jRCT2031999901", "jRCT"),
        ("JPRN", "JPRN-JapicCTI-999901", "JapicCTI"),
        ("JPRN", "JPRN-JMA-IIA99901", "JMACCT"),
        ("REBEC", "RBR-9zz9z9", "ReBec"),
        ("Netherlands Trial Register", "NL9999", "NTR"),
        ("CRIS", "KCT0999901", "CRiS"),
    ],
)
def test_registry_is_the_short_name_of_the_source_register(source: str, number: str, registry: str) -> None:
    record = trial(source, number)
    assert (record.registry, record.registry_id, record.unmapped_values) == (registry, number, ())


def test_an_unknown_register_is_told_by_the_number_and_reported() -> None:
    record = trial("Register of the Moon", "DRKS00999901")
    assert record.registry == "DRKS"
    assert [(value.vocabulary, value.raw_value) for value in record.unmapped_values] == [
        ("registry", "Register of the Moon")
    ]


@pytest.mark.parametrize(
    ("flag", "registered", "enrolled", "prospective", "warned"),
    [
        ("Yes", "20200401", "April 2, 2020", True, False),
        ("Yes", "20200401", "April 1, 2020", True, False),
        ("No", "20200401", "March 31, 2020", False, False),
        ("Yes", "20200401", "March 31, 2020", False, True),
        ("No", "20200401", "April 2, 2020", True, True),
        ("No", "20200415", "April 2020", False, False),
        ("Yes", "20200415", "", True, False),
        ("", "20200415", "", None, False),
    ],
)
def test_dates_decide_whether_registration_was_prospective(
    flag: str, registered: str, enrolled: str, prospective: bool | None, warned: bool
) -> None:
    record = trial(Retrospective_flag=flag, Date_registration3=registered, Date_enrollement=enrolled)
    assert record.prospective_registration is prospective
    assert bool(record.warnings) is warned


@pytest.mark.parametrize(
    ("written_date", "iso"),
    [
        ("18-10-2020", "2020-10-18"),
        ("2020/10/18", "2020-10-18"),
        ("2020-10-18 00:00:00", "2020-10-18"),
        ("18/10/2020", "2020-10-18"),
    ],
)
def test_dates_of_every_register(written_date: str, iso: str) -> None:
    assert trial(Date_registration=written_date, Date_enrollement=written_date).date_of_registration == iso


def test_the_csv_modules_limit_is_lifted_where_a_row_is_read_and_not_before() -> None:
    asked = "import csv; limit = csv.field_size_limit(); import normalize.ictrp; assert csv.field_size_limit() == limit"
    subprocess.run([sys.executable, "-c", asked], check=True, timeout=60)


def test_a_place_on_the_entrys_own_page_is_no_page_of_results() -> None:
    page = "https://register.example.org/trial/1"
    said = {"web_address": page, "results_url_link": f"{page}#results"}
    silent, loud = trial(**said), trial(results_yes_no="Yes", **said)
    assert (silent.results_url, loud.results_url) == (None, f"{page}#results")
    assert [warning.field for warning in silent.warnings] == ["results_url"]
    assert (
        trial(web_address=page, results_url_link="https://results.example.org/1").results_url
        == "https://results.example.org/1"
    )


def test_a_date_that_is_none_is_a_warning() -> None:
    record = trial(
        Date_enrollement="soon",
        Ethics_review_status="Approved",
        Ethics_review_approval_date="01/01/1900",
        Last_Refreshed_on="1 January 1970",
    )
    assert record.date_of_first_enrollment is None
    assert record.ethics_reviews[0].date is None
    fields = {"date_of_first_enrollment", "ethics_reviews", "last_update_date"}
    assert {warning.field for warning in record.warnings} == fields


def test_export_date_has_the_month_first() -> None:
    assert trial(Export_date="3/4/2020 11:53:35 PM").processed_date == "2020-03-04"
    assert trial(Export_date="06/09/2024 16:01:13").processed_date == "2024-06-09"


def test_oldest_age_group_of_ctis_has_no_end() -> None:
    record = trial("CTIS", "CTIS2023-599901-11-00", Inclusion_agemin="18", Inclusion_agemax="65+")
    assert (record.minimum_age_years, record.maximum_age_years, record.maximum_age_raw) == (18.0, None, "65+")


@pytest.mark.parametrize("age", ["0", "??", "old"])
def test_an_upper_age_that_cannot_be_meant_is_a_warning(age: str) -> None:
    record = trial(Inclusion_agemax=age)
    assert record.maximum_age_years is None
    assert [warning.field for warning in record.warnings] == ["maximum_age_years"]


def age_form(minors: str, adults: str, elderly: str) -> str:
    return (
        f"Inclusion criteria: <br>Asthma<br>Are the trial subjects under 18? {minors}<br>F.1.2 Adults (18-64 years) {adults}"
        f"<br>F.1.3 Elderly (>=65 years) {elderly}<br>"
    ).replace("<br>F.1.2 ", "<br>Number of subjects for this age range: <br>F.1.2 ").replace(
        "<br>F.1.3 ", "<br>F.1.2.1 Number of subjects for this age range 5<br>F.1.3 "
    ) + "F.1.3.1 Number of subjects for this age range <br>"


@pytest.mark.parametrize(
    ("answers", "youngest", "oldest"),
    [
        (("no", "yes", "yes"), 18.0, None),
        (("no", "yes", "no"), 18.0, 64.0),
        (("no", "no", "yes"), 65.0, None),
        (("yes", "no", "no"), None, 17.0),
        (("yes", "yes", "no"), None, 64.0),
        (("no", "no", "no"), None, None),
    ],
)
def test_ages_of_euctr_are_those_of_its_bands(
    answers: tuple[str, str, str], youngest: float | None, oldest: float | None
) -> None:
    record = trial("EUCTR", "EUCTR2018-099901-41-FR", Inclusion_Criteria=age_form(*answers))
    assert (record.minimum_age_years, record.maximum_age_years) == (youngest, oldest)
    assert [(count.scope_value, count.count) for count in record.enrollment_counts] == [("Adults (18-64 years)", 5)]


def test_age_form_of_euctr_is_kept_as_text_but_is_no_criterion() -> None:
    exclusion = "Exclusion criteria: <br>- Pregnancy<br>- Of:<br>  - one<br>  - two"
    record = trial(
        "EUCTR", "EUCTR2018-099901-41-FR", Inclusion_Criteria=age_form("no", "yes", "no"), Exclusion_Criteria=exclusion
    )
    assert record.eligibility_raw is not None
    assert "F.1.2.1 Number of subjects for this age range 5" in record.eligibility_raw
    assert record.inclusion_criteria == "Asthma"
    assert [criterion.text for criterion in record.criteria][:2] == ["Asthma", "Pregnancy"]
    for criterion in record.criteria:
        assert criterion.text == record.eligibility_raw[criterion.start : criterion.end]
        parent = record.criteria[criterion.parent_ordinal - 1] if criterion.parent_ordinal else None
        assert parent is None or parent.text.startswith("Of")
    for measure in record.criterion_measures:
        criterion = record.criteria[measure.criterion_ordinal - 1]
        assert criterion.start <= measure.start <= measure.end <= criterion.end


def test_limits_whose_sign_ictrp_lost_are_a_warning_and_no_measure() -> None:
    """ICTRP writes `=` for `≥` and for `≤`."""
    text = "Inclusion Criteria:<br><br> - Age = 18 years<br> - eGFR =30 ml/min<br> - ECOG <= 2<br> - BMI > or = 20<br> - Hb >/= 9 g/dL"
    record = trial(Inclusion_Criteria=text)
    warnings = [warning for warning in record.warnings if warning.field == "criterion_measures"]
    assert [warning.raw_value for warning in warnings] == ["= 18 years; =30 ml/min"]
    assert all(not measure.text.startswith("=") for measure in record.criterion_measures)


def test_one_field_with_both_headings_is_taken_apart() -> None:
    record = trial(
        Inclusion_Criteria="\r<br>Inclusion Criteria:\r<br>\r<br> - A\r<br>\r<br>Exclusion Criteria:\r<br>\r<br> - B"
    )
    assert [(criterion.kind, criterion.text) for criterion in record.criteria] == [
        ("inclusion", "A"),
        ("exclusion", "B"),
    ]
