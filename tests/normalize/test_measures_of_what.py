"""What a limit is a limit on."""

from __future__ import annotations

import json

import pytest

from normalize import normalize
from normalize.eligibility import parse
from tests.normalize.limits import bounds, measures, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Leukocytes < 4000 / mm3", [("white_blood_cells", "<4000", "/ mm3")]),
        ("AMH < 1 ng/ml", [("anti_mullerian_hormone", "<1", "ng/ml")]),
        ("creatinine ≤ 1.5 x ULN", [("creatinine", "<=1.5", "ULN")]),
        ("bilirubin ≤ ULN", [("total_bilirubin", "<=1", "ULN")]),
        ("ALT and AST < 2.5 times the upper limit of normal", [
            ("alanine_aminotransferase", "<2.5", "upper limit of normal"), ("aspartate_aminotransferase", "<2.5", "upper limit of normal")]),
        ("LVEF <40%", [("left_ventricular_ejection_fraction", "<40", "%")]),
        ("PaO2 < 70 mmHg and / or PaCO2 > 50 mmHg", [
            ("arterial_oxygen_pressure", "<70", "mmHg"), ("arterial_carbon_dioxide_pressure", ">50", "mmHg")]),
        ("less than 14 weeks of amenorrhea", [("gestational_age", "<14", "weeks")]),
        ("24 to 34 weeks of gestation", [("gestational_age", ">=24 <=34", "weeks")]),
        ("HbA1c 7.0–10.5 %", [("hba1c", ">=7 <=10.5", "%")]),
        ("hypertension (≥ 140 mmHg systolic)", [("systolic_blood_pressure", ">=140", "mmHg")]),
        ("total score > 20 on the MMSE", [("mmse", ">20", None)]),
        ("at least one measurable lesion ≥ 10 mm", [("number_of_lesions", ">=1", None), ("tumor_size", ">=10", "mm")]),
        ("clotting (INR > 1.5) or platelets < 50 x 10^9/L", [("international_normalized_ratio", ">1.5", None), ("platelets", "<50", "x 10^9/L")]),
    ],
)  # fmt: skip
def test_a_limit_is_one_on_the_variable_that_is_named_beside_it(
    text: str, expected: list[tuple[str, str, str | None]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ANA ≥ 1:80 on two visits", ("antinuclear_antibodies", ">=80", "{titer}")),
        ("Antinuclear antibodies at 1:160 or higher", ("antinuclear_antibodies", ">=160", "{titer}")),
        ("HAI titre of less than 1 : 40", ("hemagglutination_inhibition_titer", "<40", "{titer}")),
        ("Anti-dsDNA titer > 1:10", ("anti_dsdna", ">10", None)),
        ("Anti-XYZ titers between 1:40 and 1:320", ("Anti-XYZ titers", ">=40 <=320", None)),
    ],
)
def test_titres_are_read_by_their_dilution(text: str, expected: tuple[str, str, str | None]) -> None:
    (one,) = measures(text)
    assert (one.variable, bounds(one), one.canonical_unit) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BCVA 20/40 or better", ">=0.5"),
        ("Visual acuity worse than 20/200", "<0.1"),
        ("BCVA of 20/200 or worse", "<=0.1"),
        ("BCVA between 20/40 and 20/320", ">=0.0625 <=0.5"),
        ("Visual acuity 20/50 to 20/400 in the left eye", ">=0.05 <=0.4"),
        ("Corrected visual acuity of at least 6/12", ">=0.5"),
    ],
)
def test_visual_acuity_is_read_as_a_fraction_of_which_less_is_worse(text: str, expected: str) -> None:
    (one,) = measures(text)
    assert (one.variable, bounds(one), one.unit, one.canonical_unit) == ("visual_acuity", expected, "Snellen", None)


@pytest.mark.parametrize(
    "text",
    [
        "Randomised 1:4 or 1:5",
        "inspiration to expiration ratio < 1:4",
        "seen after 1:30 pm",
        "20/40 in the worse eye",
    ],
)
def test_other_ratios_are_no_limits(text: str) -> None:
    assert measures(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ferritin > 2000", [("ferritin", ">2000", None)]),
        ("White blood cells < 2000", [("white_blood_cells", "<2000", None)]),
        ("Hypertension known > 2005", []),
        ("Operated on < 2010", []),
    ],
)
def test_a_number_like_a_year_is_one_but_for_right_after_something_measured(
    text: str, expected: list[tuple[str, str, str | None]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Blood pressure ≥ 140 mmHg systolic or 90 mmHg diastolic", (">=140", ">=90")),
        ("Seated systolic BP > 150 mmHg and/or diastolic BP 95 mmHg", (">150", ">95")),
        ("BP below 90 mm Hg systolic and 60 mm Hg diastolic", ("<90", "<60")),
        ("BP below 90 mm Hg systolic and 60 mm Hg diastolic measured at least twice", ("<90", "<60")),
    ],
)
def test_one_comparison_is_for_both_pressures(text: str, expected: tuple[str, str]) -> None:
    systolic, diastolic = expected
    found = [(one.variable, bounds(one)) for one in measures(text)]
    assert found == [("systolic_blood_pressure", systolic), ("diastolic_blood_pressure", diastolic)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # of whom a limit is does not part it from the next
        ("QTcF > 455 ms in men or > 465 ms in women", [("corrected_qt", ">455", "ms"), ("corrected_qt", ">465", "ms")]),
        ("QTcF: male < 455 ms; female < 465 ms", [("corrected_qt", "<455", "ms"), ("corrected_qt", "<465", "ms")]),
        # one name for two units
        ("FEV1 ≥ 10% and ≥ 180 mL", [("fev1", ">=10", "%"), ("fev1", ">=180", "mL")]),
        ("uracil ≥ 20 ng/ml and < 120 ng/mL", [("uracil", ">=20 <120", "ng/ml")]),
        # a name after another limit is its own
        ("TSH > 4 mIU/L or anti-TPO > 60 IU/mL", [("tsh", ">4", "mIU/L"), ("anti_thyroid_peroxidase", ">60", "IU/mL")]),
        ("TSH > 4 mIU/L, anti-XYQ > 60 IU/mL", [("tsh", ">4", "mIU/L"), ("anti-XYQ", ">60", "IU/mL")]),
        ("PaO2/FiO2 < 250, and/or consolidated lobes > 40%", [
            ("oxygenation_index", "<250", None), ("consolidated lobes", ">40", "%")]),
        ("Quick test (PT < 60%, Factor VII < 40%)", [("prothrombin_time", "<60", "%"), ("Factor VII", "<40", "%")]),
        ("Temperature ≥ 37.4 °C axillary, oral ≥ 37.9 °C", [("body_temperature", ">=37.4", "°C"), ("body_temperature", ">=37.9", "°C")]),
        ("ferritin < 20 ng/mL, or in women < 15 ng/mL", [("ferritin", "<20", "ng/mL"), ("ferritin", "<15", "ng/mL")]),
        # bounds the wrong way round
        ("Systolic pressure between 160 and 95 mmHg", [("systolic_blood_pressure", ">=95 <=160", "mmHg")]),
        # what a sign after a number compares is named before it or after it
        ("a wheal 4 mm ≥ saline control", [("wheal_diameter", ">=4", "mm")]),
        ("95 mmHg ≤ SBP", [("systolic_blood_pressure", ">=95", "mmHg")]),
        # powers and thousands as they get through
        ("Platelets ≥ 90 109/L", [("platelets", ">=90", "109/L")]),
        ("Platelets ≥ 80.000/µL", [("platelets", ">=80000", "/µL")]),
        ("BMI below 19 kg/m ²", [("body_mass_index", "<19", "kg/m ²")]),
        ("ALT > 4 times of\n      ULN", [("alanine_aminotransferase", ">4", "ULN")]),
        ("At least 9 %hemolysis", [("hemolysis", ">=9", "%")]),
        # what is counted may come before
        ("Received ≥ 3 prior biologic drugs", [("prior biologic drugs", ">=3", None)]),
        ("Two or more second or first trimester losses", [("miscarriages", ">=2", None)]),
        # the laboratory's limit in other words
        ("ALT > 4 times the normal range", [("alanine_aminotransferase", ">4", "normal range")]),
        ("AST > 4 times Upper limit of normal", [("aspartate_aminotransferase", ">4", "Upper limit of normal")]),
        ("Lipase > 4 times the maximum normal value", [("lipase", ">4", "maximum normal value")]),
        # a grade is none of the variable
        ("Neutropenia ≥ grade 4", [("ctcae_grade", ">=4", None)]),
        # words that name nothing
        ("Documentation of ≥ 9 % weight loss", [("weight_change", ">=9", "%")]),
        # ages that do not say that they are
        ("Above 21", [("age", ">21", None)]),
        ("25-60", [("age", ">=25 <=60", None)]),
        ("People of 21yo or above", [("age", ">=21", "y")]),
        ("Children from 6 years upwards", [("age", ">=6", "years")]),
        ("volunteers of good health, who are between 20 and 50 years", [("age", ">=20 <=50", "years")]),
        ("able to perform spirometry (≥ 6 years and older)", [("age", ">=6", "years")]),
    ],
)  # fmt: skip
def test_what_stands_round_a_limit_decides_what_it_is_about(
    text: str, expected: list[tuple[str, str, str | None]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Any of the above 5 conditions",
        "meets above 3 items",
        "took part in study XY-207-11-24",
        "amyloid beta 1-42 in liquor",
    ],
)
def test_what_is_pointed_at_or_numbered_is_no_limit(text: str) -> None:
    assert read(text) == []


def test_a_range_in_a_name_is_no_limit() -> None:
    assert read("Amyloid beta 1-42 < 550 pg/mL") == [("amyloid_beta_42", "<550", "pg/mL")]


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("At least nineteen (19) years of age", ("age", ">=19", "years"), "At least nineteen (19) years of age"),
        ("Aged ≥ 19 (nineteen) years", ("age", ">=19", "years"), "≥ 19 (nineteen) years"),
        (
            "Between twenty (20) and sixty-four (64) years old",
            ("age", ">=20 <=64", "years"),
            "Between twenty (20) and sixty-four (64) years old",
        ),
        ("Two (2) or more losses", ("miscarriages", ">=2", None), "Two (2) or more"),
        (
            "Between 19 (inclusive) and 66 years (inclusive)",
            ("age", ">=19 <=66", "years"),
            "Between 19 (inclusive) and 66 years (inclusive)",
        ),
        ("HBV DNA < 10^4 copies/mL", ("viral_load", "<10000", "copies/mL"), "< 10^4 copies/mL"),
        ("HBV DNA ≥ 10³ copies/mL", ("viral_load", ">=1000", "copies/mL"), "≥ 10³ copies/mL"),
        ("Platelets < 90 10^9/L", ("platelets", "<90", "10^9/L"), "< 90 10^9/L"),
        ("Low back pain for at least five (5) months", ("duration", ">=5", "months"), "at least five (5) months"),
    ],
)
def test_the_words_of_a_limit_are_those_of_the_text_however_they_are_read(
    text: str, expected: tuple[str, str, str | None], words: str
) -> None:
    last = measures(f"(A) Written &gt;= 1. {text}")[-1]
    assert (last.variable, bounds(last), last.unit, last.text) == (*expected, words)


def test_a_limit_goes_on_over_the_break_of_a_line() -> None:
    text = (
        "- Residents of the islands, not pregnant at the first visit and in good general health, aged 21\n"
        "         years or over, with a systolic pressure at rest of less than 95\n"
        "         mmHg, and ALT > 4 times upper limit of\n"
        "         normal"
    )
    assert read(text) == [
        ("age", ">=21", "years"),
        ("systolic_blood_pressure", "<95", "mmHg"),
        ("alanine_aminotransferase", ">4", "upper limit of normal"),
    ]
    assert measures(text)[0].text == "21\n         years or over"


def test_a_nested_limit_is_one_on_what_its_parent_names() -> None:
    assert [one.variable for one in measures("- Haemoglobin:\n   - ≥ 9 g/dL for women\n   - ≥ 10 g/dL for men")] == [
        "hemoglobin"
    ] * 2


def test_what_the_vocabulary_does_not_know_keeps_its_words() -> None:
    assert read("lid retraction ≥ 2 mm") == [("lid retraction", ">=2", "mm")]
    assert read("Active lymph node (>1.5cm)") == [("Active lymph node", ">1.5", "cm")]
    assert read("fewer than 3 bus rides") == [("bus rides", "<3", None)]
    assert read("hormones for less than 4 weeks before pregnancy") == [("interval", "<4", "weeks")]


def test_a_name_that_is_also_a_word_needs_its_capitals() -> None:
    assert read("ACT ≥ 20") == [("asthma_control_test", ">=20", None)]
    assert [one.variable for one in measures("the act > 20")] != ["asthma_control_test"]


@pytest.mark.parametrize(
    "table",
    [", ".join(f"week {n}: {n} mg" for n in range(200)), "at least two rides, " * 301],
    ids=["figures", "words"],
)
def test_a_criterion_of_more_numbers_than_are_read_says_so(table: str) -> None:
    study = {
        "protocolSection": {
            "identificationModule": {"nctId": "NCT90000001"},
            "eligibilityModule": {"eligibilityCriteria": f"Inclusion Criteria:\n\n* Age ≥ 18 years\n* {table}"},
        }
    }
    record = normalize("ctgov", json.dumps(study).encode(), "application/json")
    [warning] = [one for one in record.warnings if one.field == "criterion_measures"]
    assert warning.reason == "Criterion 2 holds more than 300 numbers: limits are read from the first ones only."


def test_a_limit_knows_its_criterion() -> None:
    found = parse([("inclusion", "adults\nBMI > 30"), ("exclusion", "weight > 150 kg")])
    assert [(one.criterion_ordinal, one.text) for one in found.measures] == [(2, "> 30"), (3, "> 150 kg")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EULAR/ACR 2019 score of ≥ 10", [("acr_eular_criteria_score", ">=10", None)]),
        ("ACR > 30 mg/g", [("urine_albumin_creatinine_ratio", ">30", "mg/g")]),
        ("CLASI-A ≥ 9", [("clasi_activity", ">=9", None)]),
        ("NIH activity index > 3", [("nephritis_activity_index", ">3", None)]),
        ("Chronicity index < 6/12", []),
        ("dRVVT ratio > 1.3", [("lupus_anticoagulant_ratio", ">1.3", None)]),
        ("anti-cardiolipin IgG > 25 GPL", [("anticardiolipin", ">25", "GPL")]),
        ("PhGA of at least 2", [("investigator_global_assessment", ">=2", None)]),
    ],
)
def test_scores_of_lupus_have_names_of_their_own(text: str, expected: list[object]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fulfilling at least 4 of 11 ACR criteria", "ACR criteria"),
        ("Meets at least four of the 1997 ACR criteria", "ACR criteria"),
        ("At least 2 of the 3 Sydney criteria for the syndrome", "Sydney criteria"),
        ("at least 3 of 9 Fried (frailty) features", "Fried (frailty) features"),
    ],
)
def test_some_of_a_number_of_criteria_are_counted_by_their_name(text: str, name: str) -> None:
    assert [one.variable for one in measures(text)] == [name]


def test_some_of_what_is_listed_below_are_no_limit() -> None:
    assert read("at least 2 of the following 3 features") == read("at least 2 of 3 of these criteria") == []


@pytest.mark.parametrize(
    "text",
    [
        "Global rating ≥ 2 on a scale from 0 to 4",
        "Total of 8 or higher on a scale ranging from 0 to 30",
        "Tiredness > 30 on the Leaf (range 9-63)",
        "Tiredness > 30 points on the Leaf index from 9 to 63",
    ],
)
def test_what_an_instrument_can_say_is_no_limit(text: str) -> None:
    assert len(measures(text)) == 1
