"""WHO ICTRP: what a trial means in its three forms. Fixtures field by field, behaviours, recorded payloads, hostile payloads."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.ictrp import normalize
from normalize.ictrp_elements import NAMES
from normalize.identifiers import is_junk
from normalize.schema import CHILDREN, Record, Unreadable
from normalize.vocabularies import VOCABULARIES

FIXTURES = Path(__file__).parent.parent / "fixtures" / "ictrp"
MEDIA_TYPES = {
    ".xml": "application/xml; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
#: Left to the tests of eligibility: they change with its rules, not with this source's.
ELSEWHERE = ("criteria", "criterion_measures")


def payload(number: str) -> tuple[bytes, str]:
    file = next((FIXTURES / number).glob("payload.*"))
    return file.read_bytes(), MEDIA_TYPES[file.suffix]


def fixture(number: str) -> Record:
    return normalize(*payload(number))


def expected(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def written(value: object) -> object:
    """A value of a record as `expected.json` has it: rows without the columns that are empty."""
    plain = json.loads(msgspec.json.encode(value))
    if not isinstance(plain, list):
        return plain
    return [{name: cell for name, cell in row.items() if cell is not None} for row in plain]


def trial(register: str = "ClinicalTrials.gov", number: str = "NCT09990009", **elements: str) -> Record:
    """The record of a `<Trial>` with these elements; their texts may hold `<br>`, which the export escapes."""
    named = {"TrialID": number, "Source_Register": register, **elements}
    inner = "".join(f"<{name}>{escape(text)}\n    </{name}>" for name, text in named.items())
    return normalize(f"<Trial>{inner}</Trial>".encode(), "application/xml")


def row(**cells: str) -> Record:
    """The record of a header line and one row; names as the export's CSV has them but for the blanks."""
    out = io.StringIO()
    csv.writer(out).writerows([[name.replace("_", " ") for name in cells], list(cells.values())])
    return normalize(out.getvalue().encode(), "text/csv")


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
    for folder in FIXTURES.iterdir():
        record = fixture(folder.name)
        assert record.eligibility_raw is not None
        assert record.criteria
        for criterion in record.criteria:
            assert criterion.text == record.eligibility_raw[criterion.start : criterion.end]


# ---------------------------------------------------------------------------------------------------------- wire forms


@pytest.mark.parametrize("blank", ["<Acronym>   \n </Acronym>", "<Acronym/>", "", "<Acronym>&#x20;</Acronym>"])
def test_missing_empty_and_blank_elements_mean_the_same(blank: str) -> None:
    body = f"<Trial><TrialID>NCT09990009</TrialID><Source_Register>ClinicalTrials.gov</Source_Register>{blank}</Trial>"
    assert normalize(body.encode(), "application/xml") == trial()


def test_the_same_trial_as_xml_and_csv_is_the_same_record() -> None:
    cells = {"TrialID": "NCT09990009", "Source_Register": "ClinicalTrials.gov", "Date_enrollement": "March 2020"}
    assert row(**cells) == trial(Date_enrollement="March 2020")


def test_csv_is_read_by_name_whatever_the_order_and_the_mark() -> None:
    body = "\ufeffPublic title,trial id,Source Register\r\nA,NCT09990009,ClinicalTrials.gov\r\n"
    record = normalize(body.encode(), "text/csv")
    assert (record.registry_id, record.public_title) == ("NCT09990009", "A")


def test_csv_row_with_fewer_cells_is_read_with_a_warning() -> None:
    body = b"TrialID,Source Register,Public title,Acronym\r\nNCT09990009,ClinicalTrials.gov,A\r\n"
    record = normalize(body, "text/csv")
    assert record.public_title == "A"
    assert [warning.field for warning in record.warnings] == ["record"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one\r<br>two", "one\ntwo"),
        ("one\n<br>\n<br>two", "one\n\ntwo"),
        ("one <br/ ><br>two", "one \ntwo"),
        ("one\rtwo<BR />three", "one\ntwo\nthree"),
        ("one&#32;two &#8805; 3", "one two ≥ 3"),
        ("AT&T <5 >6", "AT&T <5 >6"),
    ],
)
def test_line_ends_and_double_escapes_are_undone(text: str, found: str) -> None:
    assert row(TrialID="NCT09990009", Source_Register="ClinicalTrials.gov", Public_title=text).public_title == found


def test_broken_xml_is_read_with_a_warning() -> None:
    body = b"<Trial><TrialID>NCT09990009</TrialID><Public_title>A & B, SpO2 < 93 %\x0b\x00</Public_title><Acronym>X</Trial>"
    record = normalize(body, "application/xml")
    assert record.public_title == "A & B, SpO2 < 93 %\ufffd\ufffd"
    assert "record" in {warning.field for warning in record.warnings}


def test_entities_are_not_resolved() -> None:
    body = b'<!DOCTYPE Trial [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><Trial><TrialID>NCT09990009</TrialID>'
    record = normalize(body + b"<Public_title>&a;&b;</Public_title></Trial>", "application/xml")
    assert record.public_title == "&a;&b;"


def test_another_encoding_is_read_when_it_is_said() -> None:
    body = "<Trial><TrialID>NCT09990009</TrialID><Public_title>Größe</Public_title></Trial>".encode("latin-1")
    assert normalize(body, "application/xml; charset=iso-8859-1").public_title == "Größe"


def test_markup_like_text_of_a_page_is_kept() -> None:
    page = (
        '<html><span id="DataList3_ctl01_TrialIDLabel">NCT09990009</span><span id="DataList3_ctl01_Public_titleLabel">'
        "Age <x and BMI <30 <p>new</p></span></html>"
    )
    assert normalize(page.encode(), "text/html").public_title == "Age <x and BMI <30 <p>new</p>"


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        (b'<html><table id="DataList3"><span>Main</span></table></html>', "text/html", "knows no trial of this number"),
        (b"<html><title>Are you human?</title></html>", "text/html", "titled 'Are you human?'"),
        (b"<Trial><Public_title>A</Public_title></Trial>", "application/xml", "has no TrialID"),
        (b"<Trial><TrialID> </TrialID></Trial>", "application/xml", "has no TrialID"),
        (b"<html><body>Server Error</body></html>", "application/xml", "Expected one <Trial> element, found <html>"),
        (b"Server Error", "application/xml", "Expected the XML of one ICTRP trial"),
        (b"", "application/xml", "Expected the XML of one ICTRP trial"),
        (b"", "text/csv", "found 0 lines"),
        (b"TrialID,Public title\r\n", "text/csv", "found 1 lines"),
        (b"TrialID,Public title\r\nabc,d,e\r\n", "text/csv", "3 cells where its header has 2"),
        (b"{}", "application/json", "Expected an ICTRP trial as"),
        (b"<Trial/>", "application/xml; charset=klingon", "klingon"),
    ],
)
def test_what_is_no_trial_is_refused_with_a_sentence(body: bytes, media_type: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        normalize(body, media_type)


# ---------------------------------------------------------------------------------------------------------- behaviours


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


@pytest.mark.parametrize(
    ("register", "design", "found"),
    [
        (
            "ClinicalTrials.gov",
            "Allocation: Non-Randomized. Intervention model: Sequential Assignment. Primary purpose: Basic Science. Masking: Quadruple (Participant, Investigator).",
            ("non_randomized", "sequential", "quadruple", "basic_science"),
        ),
        ("ClinicalTrials.gov", "Intervention model: Single Group Assignment. Masking: None (Open Label).", (None, "single_group", "none", None)),
        ("RPCEC", "Allocation: N/A: single arm study. Masking: Open. Control group: Uncontrolled. Assignment: Single group. Purpose: Treatment", ("na", "single_group", "none", "treatment")),
        ("IRCT", "Randomization: Not randomized, Blinding: Double blinded, Placebo: Used, Assignment: Crossover, Purpose: Prevention, Randomization description: Purpose: of", ("non_randomized", "crossover", "double", "prevention")),
        ("ChiCTR", "Sequential", (None, None, None, None)),  # there it says how cases are enrolled, in observational studies too
        ("EUCTR", "Controlled: no Randomised: no Open: yes Single blind: no Double blind: no Parallel group: no Cross over: no Other: yes", ("non_randomized", "other", "none", None)),
        ("EUCTR", "Controlled: no<br>Randomised: no<br>Open: yes<br>Parallel group: no<br>Number of treatment arms in the trial: 1<br>", ("na", "single_group", "none", None)),
        ("CTIS", "Controlled: no Randomised: no Open: no Single blind: no Double blind: no", (None, None, None, None)),
    ],
)  # fmt: skip
def test_design_is_read_where_it_is_a_form(register: str, design: str, found: tuple[str | None, ...]) -> None:
    record = trial(register, Study_design=design)
    assert (record.allocation, record.intervention_model, record.masking, record.primary_purpose) == found
    assert record.study_design_raw == design.replace("<br>", "\n").strip()


@pytest.mark.parametrize(
    ("register", "design", "found"),
    [
        ("CTRI", "Randomized, Crossover Trial<br>  Method of generating randomization sequence:Other  Method of allocation concealment:An Open list of random numbers  Blinding and masking:Participant and Outcome Assessor Blinded", ("randomized", "crossover", "double", None)),
        ("CTRI", "Single Arm Trial  Method of generating randomization sequence:Not Applicable  Method of allocation concealment:Not Applicable  Blinding and masking:Open Label", ("na", "single_group", "none", None)),
        ("CTRI", "Other Method of generating randomization sequence:Not Applicable Method of allocation concealment:Not Applicable Blinding and masking:Not Applicable", (None, None, None, None)),
        ("jRCT", "single arm study, open(masking not used), uncontrolled control, single assignment, prevention purpose", ("na", "single_group", "none", "prevention")),
        ("jRCT", "single arm study, uncontrolled control, parallel assignment", ("na", None, None, None)),  # one arm, and parallel ones
        ("UMIN", "Parallel Randomized Open -no one is blinded", ("randomized", "parallel", "none", None)),
        ("UMIN", "Cross-over Randomized Single blind -assessor(s) are blinded", ("randomized", "crossover", "single", None)),
        ("UMIN", "Parallel Randomized Open -but assessor(s) are blinded", ("randomized", "parallel", None, None)),
        ("UMIN", "Single arm Non-randomized", ("non_randomized", "single_group", None, None)),
        ("PACTR", "Factorial: participants get none, one or more of the interventions,Randomised,Minimisation,Central telephone", ("randomized", "factorial", None, None)),
        ("NTR", "Randomized: No,<br> Masking: Double,<br> Control: Placebo,<br> Group: undefined,<br> Type: 2 or more arms, randomized", ("randomized", None, "double", None)),
        ("NTR", "Randomized: No, Masking: None, Control: Not applicable, Group: undefined, Type: Not applicable", (None, None, "none", None)),
        ("DRKS", "Allocation: Randomized controlled trial;. Masking: Blinded (patient/subject, caregiver, assessor). Control: Placebo. Assignment: Parallel. Study design purpose: Prognosis;", ("randomized", "parallel", "triple", "other")),
        ("ANZCTR", "Purpose: Treatment; Allocation: Randomised controlled trial; Masking: Blinded (masking used);Assignment: Parallel;", ("randomized", "parallel", None, "treatment")),
        ("ISRCTN", "Pragmatic non-randomised cross-over trial, assessor-blinded (Screening)", ("non_randomized", "crossover", None, "screening")),
        ("ReBec", "Prevention trial, single-group, open, single-arm.", ("na", "single_group", "none", None)),
        ("ReBec", "Randomized and non-randomized parts, open-label and double-blind", (None, None, None, None)),
        ("ChiCTR", "Quasi-randomized controlled", ("non_randomized", None, None, None)),
        ("ChiCTR", "Factorial", (None, None, None, None)),
        ("REPEC", "A randomized trial showed little. " * 20, (None, None, None, None)),  # a protocol's prose, on other trials too
    ],
)  # fmt: skip
def test_design_is_read_where_it_is_a_list_of_statements(
    register: str, design: str, found: tuple[str | None, ...]
) -> None:
    record = trial(register, Study_design=design)
    assert (record.allocation, record.intervention_model, record.masking, record.primary_purpose) == found


@pytest.mark.parametrize(
    ("register", "design", "found"),
    [
        ("ANZCTR", "Purpose: Screening;Duration: Longitudinal;Selection: Case control;Timing: Both;", ("case_control", "other")),
        ("CRiS", "Observational Study Model : Case-only, Time Perspective : Retrospective, Enrollment : 61", ("case_only", "retrospective")),
        ("ChiCTR", "Cohort study", ("cohort", None)),
        ("ISRCTN", "Retrospective/prospective cohort study (Diagnostic)", ("cohort", "other")),
        ("ISRCTN", "Prospective cross-sectional survey (Other)", (None, None)),
        ("ChiCTR", "Single arm", (None, None)),
        ("UMIN", "Parallel Randomized", (None, None)),
    ],
)  # fmt: skip
def test_design_of_an_observational_study(register: str, design: str, found: tuple[str | None, ...]) -> None:
    observational = trial(register, Study_type="Observational", Study_design=design)
    assert (observational.observational_model, observational.time_perspective) == found
    assert (observational.allocation, observational.intervention_model, observational.masking) == (None, None, None)


@pytest.mark.parametrize("design", ["Cohort study", "Prospective case-control trial (Other)"])
def test_words_of_a_trial_say_nothing_of_an_observational_design(design: str) -> None:
    record = trial("ChiCTR", Study_type="Interventional study", Study_design=design)
    assert (record.observational_model, record.time_perspective) == (None, None)


def test_who_is_masked_is_read_from_the_parties_that_are_listed() -> None:
    masking = "Other  Blinding and masking:Participant, Investigator, Outcome Assessor and Date-entry Operator Blinded"
    record = trial("CTRI", Study_design=masking)
    assert record.masked_roles == "participant, investigator, outcomes_assessor"
    assert record.masking == "quadruple"


@pytest.mark.parametrize(("said", "date"), [("Yes", "2024-05-06"), ("No", None), ("", None)])
def test_a_date_of_results_counts_where_there_are_results(said: str, date: str | None) -> None:
    """CRiS writes the date of registration there, RPCEC one that it hopes for."""
    record = trial("CRiS", results_yes_no=said, results_date_posted="06/05/2024")
    assert record.results_date == date
    assert [warning.field for warning in record.warnings] == ([] if date else ["results_date"])


@pytest.mark.parametrize(("register", "judged"), [("EUCTR", None), ("CTIS", None), ("DRKS", False)])
def test_a_day_of_decision_judges_no_registration(register: str, judged: bool | None) -> None:
    """What ICTRP shows as the first enrollment of the European registers is the day on which the trial was authorised."""
    record = trial(register, Date_registration3="20240506", Date_enrollement="01/05/2024", Retrospective_flag="No")
    assert (record.date_of_first_enrollment, record.prospective_registration) == ("2024-05-01", judged)
    assert [warning.field for warning in record.warnings] == ([] if judged is False else ["date_of_first_enrollment"])


@pytest.mark.parametrize("text", ["0", "Target condition:0;Difficult condition:0"])
def test_a_target_of_nobody_is_none(text: str) -> None:
    record = trial(Target_size=text)
    assert (record.target_sample_size, record.enrollment_counts, record.sample_size_raw) == (None, (), text)
    assert [warning.raw_value for warning in record.warnings] == [text]


def test_conditions_are_named_once_and_never_called_none() -> None:
    record = trial(Condition="Asthma;Cough;Asthma;None")
    assert [row.condition for row in record.conditions] == ["Asthma", "Cough"]
    assert [row.keyword for row in trial("ISRCTN", Condition="Asthma <br>Not Applicable").keywords] == []


def test_a_design_that_contradicts_itself_is_a_warning() -> None:
    record = trial("EUCTR", Study_design="Controlled: yes Randomised: yes Open: yes Single blind: no Double blind: yes")
    assert record.masking is None
    assert [warning.field for warning in record.warnings] == ["masking"]


@pytest.mark.parametrize(
    ("register", "text", "conditions", "keywords"),
    [
        ("ClinicalTrials.gov", "Asthma;Heart Failure, Systolic;Fever; dry", ["Asthma", "Heart Failure, Systolic", "Fever; dry"], []),
        ("DRKS", " <br>E85.1 <br>G63;Polyneuropathy;E85.1", ["Polyneuropathy"], ["E85.1", "G63"]),
        ("DRKS", "Fevers<br>ORPHA:210115 ORPHA:342;ORPHA:51", ["Fevers"], ["ORPHA:210115 ORPHA:342", "ORPHA:51"]),
        ("DRKS", "Fevers\nORPHA:342 ORPHA:51 <br>E85.0;E85.0", ["Fevers"], ["ORPHA:342 ORPHA:51", "E85.0"]),
        ("IRCT", "Asthma. <br>Asthma, unspecified;J45.9", ["Asthma."], ["Asthma, unspecified", "J45.9"]),
        ("PACTR", "<br>Respiratory;Respiratory", ["Respiratory"], []),
        ("CTRI", "Health Condition 1: J45- Asthma\nHealth Condition 2: O- Medical and Surgical", ["J45- Asthma", "O- Medical and Surgical"], []),
        ("TCTR", "Gout\r\nPain <br>Joint <br>Diet", ["Gout", "Pain"], ["Joint", "Diet"]),
        ("EUCTR", "Asthma; severe;Therapeutic area: Diseases [C]", ["Asthma; severe"], ["Diseases [C]"]),
        (
            "CTIS",
            "Asthma <br>MedDRA version: 20.0Level: PTClassification code: 10003553Term: AsthmaSystem Organ Class: 1;MedDRA version: 20.0Level: PTClassification code: 10003553Term: AsthmaSystem Organ Class: 1",
            ["Asthma", "Asthma"],
            ["System Organ Class: 1"],
        ),
    ],
)  # fmt: skip
def test_conditions_by_each_registers_habit(
    register: str, text: str, conditions: list[str], keywords: list[str]
) -> None:
    record = trial(register, Condition=text)
    assert [row.condition for row in record.conditions] == conditions
    assert [row.keyword for row in record.keywords] == keywords


@pytest.mark.parametrize(
    ("register", "text", "interventions"),
    [
        ("ClinicalTrials.gov", "Drug: A;Device: B; with C", [("A", "drug", None), ("B; with C", "device", None)]),
        ("CRiS", "Drug : A 10 mg", [("A 10 mg", "drug", None)]),
        ("ChiCTR", "Gold Standard:PCR; twice;Index test:Saliva;", [("PCR; twice", "diagnostic_test", "Gold Standard"), ("Saliva", "diagnostic_test", "Index test")]),
        ("ChiCTR", "Case series:None;", []),
        ("CTRI", "Intervention1: A: 5 mg<br>Control Intervention1: Placebo: Sugar", [("A", None, "5 mg"), ("Placebo", None, "Sugar")]),
        ("PACTR", ";A;B", [("A", None, None), ("B", None, None)]),
        ("CTRI", "Intervention1: Nil: Nil<br>Control Intervention1: Not applicable: Not applicable<br>", []),
        ("NTR", "none", []),
        ("PACTR", ";A;Not Applicable", [("A", None, None)]),
        ("IRCT", "Intervention 1: A group: rest. Intervention 2: B group: walks.", [("rest.", None, None), ("walks.", None, None)]),
        ("DRKS", "Group 1: A<br>Group 2: B", [("A", None, None), ("B", None, None)]),
        ("NL-OMON", "<p>Walks of an hour</p><br>", [("Walks of an hour", None, None)]),
        ("NL-OMON", "<p></p>", []),
        ("ISRCTN", "First line" + " x" * 120 + "<br>Second", [("First line" + " x" * 120 + "\nSecond", None, None)]),
        ("ISRCTN", "A short line.<br>" + "y" * 200, [("A short line.", None, "y" * 200)]),
        ("ISRCTN", "One sentence, e.g. This. " + "Y" * 200, [("One sentence, e.g. This.", None, "Y" * 200)]),
        ("CTIS", "Product Name: A,Product Code: P1,Other descriptive name: ,Product Name: B,Strength: 3 mg, 5 mg", [("A", None, "Product Name: A,Product Code: P1,Other descriptive name:"), ("B", None, "Product Name: B,Strength: 3 mg, 5 mg")]),
        ("EUCTR", "<br>Trade Name: A<br>INN or Proposed INN: a<br><br>more<br><br>Pharmaceutical Form: Gel<br><br>", [("A", None, "Trade Name: A\nINN or Proposed INN: a\n\nmore"), ("Pharmaceutical Form: Gel", None, None)]),
        ("SLCTR", "Unknown; register: habit", [("Unknown; register: habit", None, None)]),
    ],
)  # fmt: skip
def test_interventions_by_each_registers_habit(register: str, text: str, interventions: list[tuple[str, ...]]) -> None:
    record = trial(register, Intervention=text)
    assert [(row.name, row.type, row.description) for row in record.interventions] == interventions


@pytest.mark.parametrize(
    ("register", "text", "arms"),
    [
        ("IRCT", "Intervention 1: Intervention group: rest. Intervention 2: Control group 2: walks.", [("Intervention group", "rest."), ("Control group 2", "walks.")]),
        ("IRCT", "Intervention group: x daily.", [("Intervention group", "x daily.")]),
        ("IRCT", "Intervention 1: Those who: x.", [("Intervention 1", "Those who: x.")]),
        ("DRKS", "Group 1: A<br>Group 2: none", [("Group 1", "A"), ("Group 2", None)]),
        ("DRKS", "Observation only", [(None, "Observation only")]),
    ],
)  # fmt: skip
def test_numbered_groups_are_arms(register: str, text: str, arms: list[tuple[str | None, str | None]]) -> None:
    record = trial(register, Intervention=text)
    given = {
        link.arm_ordinal: record.interventions[link.intervention_ordinal - 1].name for link in record.arm_interventions
    }
    labelled = [(arm.label, given.get(place)) for place, arm in enumerate(record.arms, 1)]
    assert (labelled or [(None, row.name) for row in record.interventions]) == arms


def test_the_form_of_japiccti_has_a_name_a_substance_and_a_dose() -> None:
    form = (
        "Intervention name : Selenase (T-1)<br>INN of the intervention : Selenite<br>"
        "Dosage And administration of the intervention : Oral<br>Control intervention name : -<br>"
        "INN of the control intervention : -<br>Dosage And administration of the control intervention : -"
    )
    record = trial("JPRN", "JPRN-JapicCTI-999901", Intervention=form)
    assert [(row.name, row.other_names, row.description) for row in record.interventions] == [
        ("Selenase (T-1)", "Selenite", "Oral")
    ]
    control = form.replace("Control intervention name : -", "Control intervention name : Sugar")
    assert [row.name for row in trial("JPRN", "JPRN-JapicCTI-999901", Intervention=control).interventions] == [
        "Selenase (T-1)",
        "Sugar",
    ]


def test_groups_of_chictr_without_their_names_are_told_by_their_colons() -> None:
    record = trial("ChiCTR", Target_size="30", Intervention="A:one;B:two; three;")
    assert [arm.label for arm in record.arms] == ["A", "B"]
    assert [intervention.name for intervention in record.interventions] == ["one", "two; three"]
    assert [(link.arm_ordinal, link.intervention_ordinal) for link in record.arm_interventions] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("register", "text", "outcomes"),
    [
        ("ClinicalTrials.gov", "Death;Oxygen; invasive", [("Death", None, None), ("Oxygen; invasive", None, None)]),
        ("ChiCTR", "a; b;c;", [("a", None, None), ("b", None, None), ("c", None, None)]),
        ("ANZCTR", "Death[day 28];Stay; mean[at discharge]", [("Death", "day 28", None), ("Stay; mean", "at discharge", None)]),
        ("TCTR", "Time [Timeframe one day]", [("Time", "one day", None)]),
        ("TCTR", "Fever [Timeframe Day 1]\t\t;Cough [Timeframe Day 2]", [("Fever", "Day 1", None), ("Cough", "Day 2", None)]),
        ("RPCEC", "Deaths (%). Measurement time: day 28.", [("Deaths (%).", "day 28.", None)]),
        ("RPCEC", "A. Measurement time: day 1. B. Measurement time: day 2.", [("A. Measurement time: day 1. B. Measurement time: day 2.", None, None)]),
        ("LBCTR", "Name: Fear (of dogs; of cats);Timepoints: one month;Measure: Scale A;Name: Sleep;Timepoints: ;Measure: Diary", [("Fear (of dogs; of cats)", "one month", "Scale A"), ("Sleep", None, "Diary")]),
        ("REPEC", "Outcome name:Deaths<br>Measure:Number of them<br>Timepoints:5 months", [("Deaths", "5 months", "Number of them")]),
        ("ChiCTR", "Pulse;None;NA", [("Pulse", None, None)]),
        ("IRCT", "Pain. Timepoint: Day 1; day 3. Method of measurement: VAS.;Cough. Timepoint: Daily. Method of measurement: Asked.", [("Pain.", "Day 1; day 3.", "VAS."), ("Cough.", "Daily.", "Asked.")]),
        ("IRCT", "Fear. Timepoint: day 1. Method of measurement: Asked.;Grief; anger. Timepoint: day 2. Method of measurement: Scale.", [("Fear.", "day 1.", "Asked."), ("Grief; anger.", "day 2.", "Scale.")]),
        ("CTRI", "WalkTimepoint: day 1; day 2;Sleep; restTimepoint: day 3", [("WalkTimepoint: day 1; day 2;Sleep; restTimepoint: day 3", None, None)]),
        ("CTRI", "Cure; (1) andTimepoint: day 5", [("Cure; (1) and", "day 5", None)]),
        ("ISRCTN", "1. a; b<br>2. c", [("1. a; b\n2. c", None, None)]),
        ("EUCTR", "Timepoint(s) of evaluation of this end point: day 9", [("Timepoint(s) of evaluation of this end point: day 9", None, None)]),
        ("EUCTR", "Main Objective: a;Primary end point(s): b;Main Objective: c", [("b;Main Objective: c", None, None)]),
    ],
)  # fmt: skip
def test_outcomes_by_each_registers_habit(register: str, text: str, outcomes: list[tuple[str, ...]]) -> None:
    record = trial(register, Primary_outcome=text)
    assert [(row.measure, row.time_frame, row.description) for row in record.outcomes] == outcomes


def test_regions_are_reported_and_countries_with_commas_are_not_split() -> None:
    record = trial("JPRN", "JPRN-UMIN000999901", Countries="Japan,Asia(except Japan),Europe;Korea, Republic of")
    assert [country.country_code for country in record.countries] == ["JP", None, None, "KR"]
    assert {value.raw_value for value in record.unmapped_values} == {"Asia(except Japan)", "Europe"}


def test_several_ethics_reviews() -> None:
    record = trial(
        Ethics_review_status="Approved;Not approved",
        Ethics_review_approval_date="02/03/2020;04/05/2020",
        Ethics_review_contact_name="Board A;Board B",
        Ethics_review_contact_address="1 Road; Town",
    )
    assert [(review.status, review.date, review.committee) for review in record.ethics_reviews] == [
        ("Approved", "2020-03-02", "Board A, 1 Road"),
        ("Not approved", "2020-05-04", "Board B, Town"),
    ]


def test_results_texts_and_actual_enrollment_of_the_newer_export() -> None:
    record = trial(Target_size="100", results_actual_enrollment="97", results_summary="Well.", results_yes_no="Yes")
    assert (record.target_sample_size, record.actual_enrollment, record.has_results) == (100, 97, True)
    assert [(count.kind, count.count) for count in record.enrollment_counts] == [("planned", 100), ("actual", 97)]
    assert [(document.type, document.label) for document in record.documents] == [("results_summary", "Well.")]


def test_a_size_that_is_no_number_is_a_warning() -> None:
    record = trial("RPCEC", Target_size="All patients of the year")
    assert (record.target_sample_size, record.sample_size_raw) == (None, "All patients of the year")
    assert [warning.field for warning in record.warnings] == ["target_sample_size"]


# ----------------------------------------------------------------------------------------------------- recorded payloads


class Recorded(NamedTuple):
    file: str
    elements: dict[str, str]  # as an independent reader sees them, stripped
    record: Record


def _xml(path: Path) -> Iterator[tuple[dict[str, str], bytes, str]]:
    for body in re.findall(rb"<Trial>.*?</Trial>", path.read_bytes(), re.DOTALL):
        elements = {child.tag: (child.text or "").strip() for child in ElementTree.fromstring(body)}
        yield elements, body, "application/xml; charset=utf-8"


def _csv(path: Path) -> Iterator[tuple[dict[str, str], bytes, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for cells in rows:
        out = io.StringIO()
        csv.writer(out).writerows([header, cells])
        names = (name.replace(" ", "_") for name in header)
        yield {name: cell.strip() for name, cell in zip(names, cells, strict=True)}, out.getvalue().encode(), "text/csv"


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Recorded]:
    folder = shared / "recorded" / "ictrp"
    payloads = [(path.name, *piece) for path in sorted(folder.glob("xml/*.xml")) for piece in _xml(path)]
    payloads += [(path.name, *piece) for path in sorted(folder.glob("csv/*.csv")) for piece in _csv(path)]
    return [Recorded(name, elements, normalize(body, kind)) for name, elements, body, kind in payloads]


OLD, NEW = "ICTRP-Results_2020-03-18.xml", "ICTRP-Results_2024-06-09.xml"
FIRST, SECOND = "ICTRP-COVID19_2020-04-07.csv", "ICTRP-COVID19_2020-04-15.csv"


def of(recorded: Iterable[Recorded], file: str) -> list[Record]:
    return [item.record for item in recorded if item.file == file]


@pytest.mark.parametrize(
    ("file", "registries"),
    [
        (OLD, {"ChiCTR": 220, "ClinicalTrials.gov": 62}),
        (NEW, {"ClinicalTrials.gov": 22, "EUCTR": 15, "DRKS": 4, "jRCT": 2, "UMIN": 1, "ChiCTR": 1, "CTIS": 1, "NL-OMON": 1}),
        (FIRST, {"ChiCTR": 276, "ClinicalTrials.gov": 159, "EUCTR": 12, "ANZCTR": 5, "IRCT": 4, "jRCT": 3, "UMIN": 1, "NTR": 3, "ISRCTN": 2, "TCTR": 1}),
        (SECOND, {"ChiCTR": 288, "ClinicalTrials.gov": 239, "EUCTR": 17, "ANZCTR": 7, "NTR": 7, "ISRCTN": 6, "IRCT": 4, "jRCT": 3, "UMIN": 1, "TCTR": 1}),
    ],
)  # fmt: skip
def test_recorded_trials_by_register(recorded: list[Recorded], file: str, registries: dict[str, int]) -> None:
    records = of(recorded, file)
    assert Counter(record.registry for record in records) == registries
    assert len({record.registry_id for record in records}) == len(records)


@pytest.mark.parametrize(
    ("file", "numbers", "total", "texts"),
    [(OLD, 62, 366881, 219), (NEW, 45, 4662, 1), (FIRST, 189, 897291, 275), (SECOND, 282, 1326453, 287)],
)
def test_recorded_sizes(recorded: list[Recorded], file: str, numbers: int, total: int, texts: int) -> None:
    records = of(recorded, file)
    plain = [record for record in records if (record.sample_size_raw or "").isdigit()]
    assert (len(plain), sum(record.target_sample_size or 0 for record in plain)) == (numbers, total)
    groups = [record for record in records if record.sample_size_raw and record not in plain]
    assert len(groups) == texts
    for record in groups:
        arms = [count.count for count in record.enrollment_counts if count.scope == "arm"]
        assert arms or re.fullmatch(r"(?:[^:;]*:0;?)+", record.sample_size_raw or "")
        assert (record.target_sample_size or 0) == sum(arms)


@pytest.mark.parametrize(
    ("file", "statuses", "types", "sexes"),
    [
        (
            OLD,
            {"recruiting": 148, "not_recruiting": 98 + 29, None: 7},
            {"interventional": 116 + 45 + 1, "observational": 84 + 17 + 5, "other": 10 + 2, "basic_science": 2},
            {"all": 215 + 61, "male": 4, "female": 2},
        ),
        (
            NEW,
            {"not_recruiting": 17 + 15, "recruiting": 10, "unknown": 4 + 1},
            {"interventional": 17 + 16, "observational": 7 + 4 + 1 + 1 + 1},
            {"all": 26 + 15 + 3 + 1 + 1, None: 1},
        ),
        (
            FIRST,
            {"recruiting": 219, "not_recruiting": 139 + 88, "unknown": 12, None: 8},
            {
                "interventional": 133 + 119 + 12 + 4 + 1 + 1,
                "observational": 109 + 48 + 7 + 6,
                "other": 16 + 3 + 2,
                "basic_science": 5,
            },
            {"all": 277 + 156 + 12 + 5 + 1, "female": 6, "male": 6, None: 3},
        ),
        (
            SECOND,
            {"recruiting": 274, "not_recruiting": 149 + 125, "unknown": 17, None: 8},
            {
                "interventional": 165 + 136 + 17 + 4 + 1 + 1,
                "observational": 117 + 85 + 12 + 6,
                "other": 17 + 3 + 2,
                "basic_science": 5,
                "expanded_access": 2,
            },
            {"all": 292 + 234 + 17 + 7 + 1, "female": 8, "male": 7, None: 7},
        ),
    ],
)
def test_recorded_statuses_types_and_sexes(
    recorded: list[Recorded],
    file: str,
    statuses: dict[str | None, int],
    types: dict[str | None, int],
    sexes: dict[str | None, int],
) -> None:
    records = of(recorded, file)
    assert Counter(record.recruitment_status for record in records) == statuses
    assert Counter(record.study_type for record in records) == types
    assert Counter(record.sex for record in records) == sexes


@pytest.mark.parametrize(
    ("file", "earliest", "latest", "processed"),
    [
        (OLD, "2005-09-12", "2020-03-16", "2020-03-18"),
        (NEW, "2008-12-01", "2024-04-08", "2024-06-09"),
        (FIRST, "2017-10-25", "2020-04-06", "2020-04-07"),
        (SECOND, "2017-10-25", "2020-04-14", "2020-04-15"),
    ],
)
def test_recorded_dates(recorded: list[Recorded], file: str, earliest: str, latest: str, processed: str) -> None:
    records = of(recorded, file)
    registered = [record.date_of_registration or "" for record in records]
    assert (min(registered), max(registered)) == (earliest, latest)
    assert {record.processed_date for record in records} == {processed}


FILLED: dict[str, Callable[[Record], object]] = {
    "Scientific_title": lambda r: r.scientific_title,
    "Acronym": lambda r: r.acronym,
    "Primary_sponsor": lambda r: any(s.role == "primary" for s in r.record_sponsors),
    "Secondary_Sponsor": lambda r: any(s.role == "secondary" for s in r.record_sponsors),
    "Secondary_ID": lambda r: any(i.source_field == "Secondary_ID" for i in r.secondary_ids),
    "Countries": lambda r: r.countries,
    "Condition": lambda r: r.conditions,
    "Intervention": lambda r: r.interventions or r.arms,
    "Inclusion_Criteria": lambda r: r.eligibility_raw,
    "Primary_outcome": lambda r: any(o.kind == "primary" for o in r.outcomes),
    "Secondary_outcome": lambda r: any(o.kind == "secondary" for o in r.outcomes),
    "Date_enrollement": lambda r: r.date_of_first_enrollment,
    "results_url_link": lambda r: r.results_url or any(warning.field == "results_url" for warning in r.warnings),
    "results_yes_no": lambda r: r.has_results is not None,
    "Ethics_review_status": lambda r: r.ethics_reviews,
    "Last_Refreshed_on": lambda r: r.last_update_date,
    "Date_registration3": lambda r: r.date_of_registration,
    "Export_date": lambda r: r.processed_date,
    "web_address": lambda r: r.url,
    "Phase": lambda r: r.phase_raw,
    "Study_design": lambda r: r.study_design_raw,
}


#: The form's labels and nothing behind them (EUCTR2020-001386-37-IT), or words that there is nothing ("none", "Case series:NA").
LABELS_ALONE = re.compile(r"(?:(?:Main Objective|Secondary Objective|Primary end point\(s\)):[ ;]*)+")


def says_something_of_nothing(text: str) -> bool:
    """Filled, and only to say that there is nothing."""
    return bool(text) and LABELS_ALONE.fullmatch(text) is None and says_nothing(text)


def says_nothing(text: str) -> bool:
    return LABELS_ALONE.fullmatch(text) is not None or is_junk(re.sub(r"</?(?:br|p)>", " ", text))


@pytest.mark.parametrize("element", FILLED)
def test_recorded_elements_that_are_filled_are_read(recorded: list[Recorded], element: str) -> None:
    for item in recorded:
        # An EUCTR number of another country is the record's own number.
        text = item.elements.get(element, "")
        own = element == "Secondary_ID" and text[:14] in item.record.registry_id
        assert bool(FILLED[element](item.record)) == bool(text) or own or says_nothing(text), item.record.registry_id


@pytest.mark.parametrize(
    ("file", "filled"),
    [
        (OLD, [282, 11, 282, 0, 0, 252, 282, 275, 282, 280, 0, 282]),
        (NEW, [47, 7, 47, 5, 40, 46, 47, 44, 47, 47, 42, 46]),
        (FIRST, [466, 72, 466, 0, 0, 407, 466, 445, 466, 465 - 1, 0, 466]),  # one with labels alone
        (SECOND, [573, 115, 573, 0, 0, 499, 573, 540, 573, 570 - 1, 0, 573]),
    ],
)
def test_recorded_filled_counts(recorded: list[Recorded], file: str, filled: list[int]) -> None:
    of_file = [item for item in recorded if item.file == file]
    assert [
        sum(bool(test(item.record)) or says_something_of_nothing(item.elements.get(element, "")) for item in of_file)
        for element, test in list(FILLED.items())[:12]
    ] == filled


def squeezed(text: str | None) -> str:
    """The characters that must not be lost: no white space, no `<br>`, ICTRP's second escaping undone."""
    text = re.sub(r"&#\d+;", lambda match: html.unescape(match[0]), text or "")
    return "".join(re.sub(r"<br\s*/?\s*>", "", text, flags=re.IGNORECASE).split())


@pytest.mark.parametrize(("file", "characters"), [(OLD, 232051), (NEW, 63423), (FIRST, 388377), (SECOND, 481074)])
def test_recorded_criteria_are_whole(recorded: list[Recorded], file: str, characters: int) -> None:
    breaks = 0
    for item in recorded:
        if item.file == file:
            both = item.elements.get("Inclusion_Criteria", "") + item.elements.get("Exclusion_Criteria", "")
            breaks += both.count("<br>")
            assert squeezed(item.record.eligibility_raw) == squeezed(both)
    total = sum(len(squeezed(record.eligibility_raw)) for record in of(recorded, file))
    assert total + breaks * len("<br>") == characters


def test_recorded_lists_are_whole_before_they_are_taken_apart(recorded: list[Recorded]) -> None:
    for item in recorded:
        for element, column in RAW_LISTS.items():
            text = "".join(item.elements.get(element, "").replace("<br>", "").split())
            assert "".join((getattr(item.record, column) or "").split()) == text


RAW_LISTS = {
    "Condition": "conditions_raw",
    "Intervention": "interventions_raw",
    "Primary_outcome": "primary_outcomes_raw",
    "Secondary_outcome": "secondary_outcomes_raw",
}


def test_recorded_titles_and_designs_are_whole(recorded: list[Recorded]) -> None:
    for item in recorded:
        pairs = {
            "Public_title": item.record.public_title,
            "Scientific_title": item.record.scientific_title,
            "Acronym": item.record.acronym,
            "Study_design": item.record.study_design_raw,
            "Phase": item.record.phase_raw,
            "Target_size": item.record.sample_size_raw,
        }
        for element, value in pairs.items():
            assert squeezed(value) == squeezed(item.elements.get(element))


def conditions_of(record: Record) -> list[str | None]:
    coded = [part for row in record.conditions for part in (row.meddra_code, row.meddra_version, row.meddra_level)]
    return [*(row.condition for row in record.conditions), *(row.keyword for row in record.keywords), *coded]


def interventions_of(record: Record) -> list[str | None]:
    arms = [part for arm in record.arms for part in (arm.label, arm.description)]
    return [*arms, *(part for row in record.interventions for part in (row.name, row.description))]


def outcomes_of(record: Record) -> list[str | None]:
    objectives = re.split(r"(?:\A|\n\n)(?:Main|Secondary) Objective: ", record.brief_summary or "")
    return [*objectives, *(part for row in record.outcomes for part in (row.measure, row.description, row.time_frame))]


#: What may vanish when a list is taken apart: its separators and the labels of its parts, which became columns.
SEPARATORS = {
    "conditions": "MedDRAversion:|Level:|Classificationcode:?|Term:|Therapeuticarea:",
    "interventions": "(?:Behavioral|Biological|CombinationProduct|Device|DiagnosticTest|DietarySupplement|Drug|Genetic|Other|Procedure"
    r"|Radiation):|(?:Group|Intervention)\d+:|:",
    "outcomes": r"MainObjective:|SecondaryObjective:|(?:Primary|Secondary)endpoint\(s\):|Timepoint\(s\)ofevaluationofthisendpoint:"
    r"|Timepoint:|Methodofmeasurement:|Timeframe|[\[\]]",
}


@pytest.mark.parametrize(
    ("elements", "parts", "separators"),
    [
        (("Condition",), conditions_of, "conditions"),
        (("Intervention",), interventions_of, "interventions"),
        (("Primary_outcome", "Secondary_outcome"), outcomes_of, "outcomes"),
    ],
)
def test_recorded_lists_lose_nothing_but_separators(
    recorded: list[Recorded], elements: tuple[str, ...], parts: Any, separators: str
) -> None:
    for item in recorded:
        texts = [item.elements.get(element, "") for element in elements]
        if item.record.registry == "NL-OMON":
            texts = [re.sub("</?p>", "", text) for text in texts]
        whole = rest = ";".join(squeezed(text) for text in texts)
        for part in sorted({squeezed(part) for part in parts(item.record)} - {""}, key=len, reverse=True):
            assert part in whole, (item.record.registry_id, part)
            rest = rest.replace(part, "\0")
        rest = re.sub(SEPARATORS[separators], ";", rest)
        assert all(is_junk(re.sub("^[Nn]ot", "not ", part)) for part in re.split(r"[;\0]", rest)), (
            item.record.registry_id,
            rest,
        )


def test_recorded_lists_keep_their_order(recorded: list[Recorded]) -> None:
    for item in recorded:
        lists = {
            "Condition": [row.condition for row in item.record.conditions],
            "Intervention": [row.name for row in item.record.interventions],
            "Primary_outcome": [row.measure for row in item.record.outcomes if row.kind == "primary"],
            "Secondary_outcome": [row.measure for row in item.record.outcomes if row.kind == "secondary"],
        }
        if item.record.registry in ("EUCTR", "CTIS"):
            del lists["Intervention"]  # a product has its name behind other fields
        for element, values in lists.items():
            text, position = squeezed(item.elements.get(element)), 0
            for value in values:
                position = text.find(squeezed(value), position)
                assert position >= 0, (item.record.registry_id, value)
                position += len(squeezed(value))


def test_recorded_groups_of_chictr_are_arms(recorded: list[Recorded]) -> None:
    """Names of groups are the same in Target_size and Intervention, but for diagnostic studies."""
    for item in recorded:
        if (
            item.record.registry == "ChiCTR"
            and item.record.interventions
            and "Index test" not in item.elements["Intervention"]
        ):
            sized = [count.scope_value for count in item.record.enrollment_counts if count.scope == "arm"]
            assert [arm.label for arm in item.record.arms] == sized, item.record.registry_id


def test_recorded_values_that_no_vocabulary_knows(recorded: list[Recorded]) -> None:
    unmapped = {(value.vocabulary, value.raw_value) for item in recorded for value in item.record.unmapped_values}
    assert unmapped <= {
        ("phase", "Not selected"),
        ("country", "Europe"),
        ("country", "Asia(except Japan)"),
        ("country", "??"),
    }


def test_recorded_page_of_one_trial(shared: Path) -> None:
    body = (shared / "recorded/ictrp/html/Trial2_ChiCTR2100045397.html").read_bytes()
    record = normalize(body, "text/html; charset=utf-8")
    assert (record.registry, record.registry_id, record.target_sample_size) == ("ChiCTR", "ChiCTR2100045397", 158)
    assert (record.date_of_registration, record.date_of_first_enrollment) == ("2021-04-14", "2021-06-01")
    assert [contact.kind for contact in record.contacts] == ["scientific", "public"]
    assert len(record.arms) == len(record.interventions) == len(record.outcomes) == 2
    assert record.prospective_registration is True


def test_recorded_page_of_an_unknown_number(shared: Path) -> None:
    body = (shared / "recorded/ictrp/html/Trial2_not-found_abridged.html").read_bytes()
    with pytest.raises(Unreadable, match="knows no trial of this number"):
        normalize(body, "text/html; charset=utf-8")


# ---------------------------------------------------------------------------------------------------- hostile payloads

COLUMNS = ("study_type", "phase", "recruitment_status", "sex", "allocation", "intervention_model", "masking", "primary_purpose", "ipd_sharing")  # fmt: skip


def assert_sound(body: bytes, media_type: str) -> None:
    try:
        record = normalize(body, media_type)
    except Unreadable as refusal:
        assert str(refusal).endswith(".")
        return
    for column in COLUMNS:
        assert getattr(record, column) in {None, *VOCABULARIES[column]}
    msgspec.json.encode(record)
    for name, kind in CHILDREN.items():
        assert all(type(row) is kind for row in getattr(record, name))
    for criterion in record.criteria:
        assert record.eligibility_raw is not None
        assert criterion.text == record.eligibility_raw[criterion.start : criterion.end]
    assert record == normalize(body, media_type)


PAYLOADS = [payload(folder.name) for folder in sorted(FIXTURES.iterdir())]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(PAYLOADS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.binary(max_size=12)), min_size=1, max_size=4),
)
def test_mutated_payloads_are_records_or_unreadable(
    given_payload: tuple[bytes, str], edits: list[tuple[float, int, bytes]]
) -> None:
    body, media_type = given_payload
    for place, length, inserted in edits:
        start = int(place * len(body))
        body = body[:start] + inserted + body[start + length :]
    assert_sound(body, media_type)


FRAGMENTS = st.sampled_from(
    ["<br>", ";", ":", "\n", "[", "]", "(", "&#32;", "&", "<", "F.1.2 Adults yes", "Timepoint: ", "Product Name: ", "MedDRA version: ",
     "Primary end point(s): ", "Group 1: ", "Controlled: yes ", "Open: yes", "Term:", "0", "7", "Drug: ", "\u0660", "\U0001f9ea", " "]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(
        ["ClinicalTrials.gov", "EUCTR", "CTIS", "ChiCTR", "ANZCTR", "IRCT", "CTRI", "DRKS", "JPRN", "PACTR", "Moon"]
    ),
    st.dictionaries(
        st.sampled_from([name for name in NAMES if name not in ("TrialID", "Source_Register")]),
        st.lists(FRAGMENTS | st.text(max_size=6), max_size=14).map("".join),
        max_size=12,
    ),
)
def test_any_text_in_any_element_is_a_record(register: str, elements: dict[str, str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["TrialID", "Source Register", *elements], ["X1", register, *elements.values()]])
    assert_sound(out.getvalue().encode("utf-8", "surrogatepass"), "text/csv")


@pytest.mark.parametrize(
    "filler",
    [
        " ",
        "\n",
        ";",
        "<br>",
        "[",
        "Product Name: x\n\n",
        "Group 1: ",
        "<",
        "&",
        "(",
        "F.1.2 ",
        "MedDRA version: ",
        " ;Timepoint: ",
    ],
)
@pytest.mark.parametrize("register", ["EUCTR", "IRCT", "ChiCTR"])
def test_a_long_text_takes_no_long_time(register: str, filler: str) -> None:
    """50,000 characters in each list: a pattern that backtracks would take minutes."""
    text = "a" + filler * (50_000 // len(filler)) + "b"
    record = trial(
        register, Condition=text, Intervention=text, Primary_outcome=text, Study_design="Controlled: no" + text
    )
    assert record.registry_id == "NCT09990009"
