"""Limits in criteria: bounds, unit, what is limited, and the number in the unit in which limits are compared."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize import normalize, units, variables
from normalize.eligibility import parse
from tests.normalize.limits import bounds, measures, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # a sign in a registry's HTML escape
        (
            "Ferritin &gt; 12 ug/L and Karnofsky score &gt;= 70",
            [("ferritin", ">12", "ug/L"), ("karnofsky", ">=70", None)],
        ),
        ("Body weight &le; 90 kg", [("body_weight", "<=90", "kg")]),
        # a sign in brackets that repeats the words
        ("Had greater than (>)3 prior lines of therapy", [("prior_therapy_lines", ">3", None)]),
        ("Ferritin less than or equal to (<=) 12 ug/L", [("ferritin", "<=12", "ug/L")]),
        ("Ferritin greater than/equal to 12 ug/L", [("ferritin", ">=12", "ug/L")]),
        # a sign on the word before the number
        ("Itching not resolved to <= Grade 1", [("ctcae_grade", "<=1", None)]),
        ("Severe itching (≥Grade 3) on the drug", [("ctcae_grade", ">=3", None)]),
        # the range of a scale beside the limit on it
        ("Pain NRS (range 0-10) ≥ 4 at rest", [("pain_score", ">=4", None)]),
        ("Pain NRS ≥ 4 (range 0 - 10)", [("pain_score", ">=4", None)]),
        ("VAS score > 3 points (0-10)", [("pain_score", ">3", "points")]),
        ("Able to read at a level superior to grade 9", [("Able to read", ">9", None)]),
        ("ECOG performance status (range 0-2)", [("ecog", ">=0 <=2", None)]),
        # a word or bracket at the comparison
        ("Adults(above 21 years) with gout", [("age", ">21", "years")]),
        (
            "Unable to stop steroids (dose of 15 mg daily or more of prednisone)",
            [("corticosteroid_dose", ">=15", "mg daily")],
        ),
        # the comparison on the second number of a range
        ("Boys aged 9 to <14 years", [("age", ">=9 <14", "years")]),
        ("From 20 to less than 45 years", [("age", ">=20 <45", "years")]),
        ("BMI 26-<31", [("body_mass_index", ">=26 <31", None)]),
        # a second number after a comparison
        ("Age ≥19-66 years", [("age", ">=19 <=66", "years")]),
        ("ECOG ≤ 0-1", [("ecog", "<=1", None)]),
        ("AMH < 0.6-1.2 ng/ml", [("anti_mullerian_hormone", "<1.2", "ng/ml")]),
        ("Creatinine > 1.6-2.0 mg/dl", [("creatinine", ">1.6", "mg/dl")]),
        # negative numbers, and the better one first
        ("T-score between -1.2 and -2.4", [("bone_density_t_score", ">=-2.4 <=-1.2", None)]),
        ("Spherical equivalent -0.75 to -5.00 D", [("refraction", ">=-5 <=-0.75", "D")]),
        ("BCVA 75 to 30 letters", [("visual_acuity", ">=30 <=75", "letters")]),
        # a unit that says what is limited
        ("PVR > 4 Wood units", [("pulmonary_vascular_resistance", ">4", "Wood units")]),
        ("PVR > 150 mL", [("post_void_residual", ">150", "mL")]),
        ("More than 18 drinks per week", [("alcohol_intake", ">18", "drinks per week")]),
        ("At least one but not more than four earlier operations", [("earlier operations", ">=1 <=4", None)]),
        (
            "Heavy tobacco use (e.g. more than 15 cigarettes per day)",
            [("cigarettes_per_day", ">15", "cigarettes per day")],
        ),
        ("Tobacco exposure > 12 pack-years", [("pack_years", ">12", "pack-years")]),
        # once the laboratory's limit, in words
        ("Complement C3 below the lower limit of normal", [("complement_c3", "<1", "lower limit of normal")]),
        ("TSH less than or equal to the ULN", [("tsh", "<=1", "ULN")]),
        (
            "ALT 3.5 times above the upper limit of normal",
            [("alanine_aminotransferase", ">3.5", "upper limit of normal")],
        ),
        ("Vitamin A above the ULN", [("Vitamin A", ">1", "ULN")]),
        # a unit and its short form
        ("A body weight of 55 kilogram (kg) or above", [("body_weight", ">=55", "kilogram")]),
        # the age at which something was is no age of participants
        ("Diagnosed with autism before the age of 4", [("age_at_onset", "<4", None)]),
        ("Onset after 45 years of age", [("age_at_onset", ">45", "years")]),
        (
            "No bleeding for at least 9 months after age 50",
            [("interval", ">=9", "months"), ("age_at_onset", ">50", None)],
        ),
        # ages of the young, in months and days
        ("Children between 4-11 months", [("age", ">=4 <=11", "months")]),
        ("Neonates ≤ 27 days", [("age", "<=27", "days")]),
        ("Term newborns (≥ 37 weeks)", [("gestational_age", ">=37", "weeks")]),
        # an age that is all of the criterion
        ("Are ≥ 6 years", [("age", ">=6", "years")]),
        # a quotient named in full
        (
            "Arterial pressure of oxygen (PaO2) / fraction of inspired oxygen (FiO2) ≤250 mmHg",
            [("oxygenation_index", "<=250", "mmHg")],
        ),
        ("The ratio of PaO2 to FiO2 < 250", [("oxygenation_index", "<250", None)]),
        # the sign before the name
        ("145 mmHg ≤ msSBP", [("systolic_blood_pressure", ">=145", "mmHg")]),
        ("145 mmHg ≤ msSBP < 180 mmHg", [("systolic_blood_pressure", ">=145 <180", "mmHg")]),
        ("18 < Age < 80", [("age", ">18 <80", None)]),
        ("80 > age > 18 years", [("age", ">18 <80", "years")]),
        ("25 ≤ bell radius ≤ 30 mm", [("bell radius", ">=25 <=30", "mm")]),
        ("4*10^9/l≤ WBC ≤ 11*10^9/l", [("white_blood_cells", ">=4 <=11", "*10^9/l")]),
        ("Neutrophils 2*10^9/L≤", [("neutrophils", ">=2", "*10^9/L")]),
        # the laboratory's limit in other words
        (
            "AST above 4 times upper limit of the reference range",
            [("aspartate_aminotransferase", ">4", "upper limit of the reference range")],
        ),
        (
            "ALT > 4 times the upper limit of the laboratory's reference range",
            [("alanine_aminotransferase", ">4", "upper limit of the laboratory's reference range")],
        ),
        ("Lipase > 2 times reference range upper limit", [("lipase", ">2", "upper limit")]),
        # a number in brackets after what it bounds
        ("Weight exceeding the limit of the saddle (300 pounds)", [("body_weight", ">300", "pounds")]),
        # durations
        ("Dizzy spells lasting 20-40sec", [("duration", ">=20 <=40", "sec")]),
        ("Cycling between two and six weeks after surgery", [("interval", ">=2 <=6", "weeks")]),
        ("Saddle sores lasting three months or longer", [("duration", ">=3", "months")]),
        # other languages
        ("Hombres y mujeres de 20 a 60 años", [("age", ">=20 <=60", "años")]),
        ("Pacientes mayores de 40 años", [("age", ">40", "años")]),
        ("Männer und Frauen im Alter von 20 bis 60 Jahren", [("age", ">=20 <=60", "Jahren")]),
        ("Femmes de 20 à 60 ans", [("age", ">=20 <=60", "ans")]),
    ],
)
def test_what_people_write_round_a_number(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert read(text) == expected


# -------------------------------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("Age ≥ 18 years", ">=18", "≥ 18 years"),
        ("Age >= 18 years", ">=18", ">= 18 years"),
        ("Age > or = 18 years", ">=18", "> or = 18 years"),
        ("Age >/= 18 years", ">=18", ">/= 18 years"),
        ("Age ＞18 years", ">18", "＞18 years"),
        ("at least 18 years old", ">=18", "at least 18 years old"),
        ("older than 18 years", ">18", "older than 18 years"),
        ("over the age of 18", ">18", "over the age of 18"),
        ("18 years of age or older", ">=18", "18 years of age or older"),
        ("18 years and above", ">=18", "18 years and above"),
        ("age 18+", ">=18", "18+"),
        ("Age greater than or equal to 23 years", ">=23", "greater than or equal to 23 years"),
        ("age equal to or greater than 21", ">=21", "equal to or greater than 21"),
        ("aged no less than 18 years", ">=18", "no less than 18 years"),
        ("not older than 65 years", "<=65", "not older than 65 years"),
        ("children under 12 years of age", "<12", "under 12 years of age"),
        ("age up to 65 years", "<=65", "up to 65 years"),
        ("Maximum age: 65 years", "<=65", "Maximum age: 65 years"),
        ("aged 18 to 65", ">=18 <=65", "18 to 65"),
        ("18-65 years", ">=18 <=65", "18-65 years"),
        ("18~65 years old", ">=18 <=65", "18~65 years old"),
        ("Aged18-65", ">=18 <=65", "18-65"),
        ("between 18 and 65 years of age", ">=18 <=65", "between 18 and 65 years of age"),
        ("from 18 to 65 years old", ">=18 <=65", "from 18 to 65 years old"),
        ("age ≥ 18 and < 36 years", ">=18 <36", "≥ 18 and < 36 years"),
        ("age ≥18 years, ≤ 65 years", ">=18 <=65", "≥18 years, ≤ 65 years"),
        ("18 <= age", ">=18", "18 <="),
        ("edad entre 18 y 65 años", ">=18 <=65", "entre 18 y 65 años"),
        ("âgés de plus de 18 ans", ">18", "plus de 18 ans"),
        ("Alter mindestens 18 Jahre", ">=18", "mindestens 18 Jahre"),
    ],
)
def test_an_age_limit_is_read_however_it_is_written(text: str, expected: str, words: str) -> None:
    (found,) = measures(text)
    assert (found.variable, bounds(found), found.text) == ("age", expected, words)


@pytest.mark.parametrize(
    "text",
    ["Patients ≥ 18 years with asthma", "Adults (> 18 years)", "Over 16 years", "male, 18-50 years", "Children under 18", "55 and older", "≥18 y.o."],
)  # fmt: skip
def test_an_age_need_not_say_that_it_is_one(text: str) -> None:
    assert [one.variable for one in measures(text)] == ["age"]


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("treated for at least 2 years", "duration"),
        ("surgery more than 5 years ago", "interval"),
        ("no chemotherapy for at least 4 weeks before enrolment", "interval"),
        ("life expectancy of more than 2 years", "life_expectancy"),
    ],
)
def test_a_time_is_not_taken_for_an_age(text: str, variable: str) -> None:
    assert [one.variable for one in measures(text)] == [variable]


@pytest.mark.parametrize(
    ("number", "value"),
    [("100,000", 100_000), ("1,234,567", 1_234_567), ("1.5", 1.5), ("1,5", 1.5), ("0,024", 0.024), ("100\u202f000", 100_000), ("100 000", 100_000)],
)  # fmt: skip
def test_thousands_and_decimals_are_told_apart(number: str, value: float) -> None:
    (found,) = measures(f"platelets > {number} /mm3")
    assert found.lower == value


def test_numbers_may_be_words() -> None:
    assert read("at least three implantation failures") == [("implantation_failures", ">=3", None)]
    assert read("two or more exacerbations") == [("exacerbations", ">=2", None)]


def test_a_denied_limit_is_marked() -> None:
    (found,) = measures("creatinine not above 3 mg/dl")
    assert (found.negated, bounds(found)) == (True, ">3")
    (found,) = measures("creatinine no more than 3 mg/dl")
    assert (found.negated, bounds(found)) == (False, "<=3")


@pytest.mark.parametrize(
    "text",
    [
        "No history of more than 2 miscarriages",
        "Have not had ≥ 4 courses of steroids",
        "Never received more than 3 transfusions",
        "Without more than 5 metastases",
    ],
)
def test_a_limit_may_be_denied_before_its_words(text: str) -> None:
    assert [one.negated for one in measures(text)] == [True]


def test_a_history_that_is_none_denies_no_other_limit() -> None:
    assert [one.negated for one in measures("No history of lupus and more than 2 miscarriages")] == [False]


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("FEV1 reversibility ≥ 13%", "FEV1 reversibility"),
        ("Decrease in hemoglobin > 3 g/dL", "Decrease in hemoglobin"),
        ("FVC decreased by > 11%", "FVC decreased"),
        ("Weight loss > 6%", "weight_change"),
        ("ALT increase > 4 x ULN", "alanine_aminotransferase"),
        ("Creatinine increase to > 2 mg/dL", "creatinine"),
        ("Echocardiography by a physician and LVEF > 45%", "left_ventricular_ejection_fraction"),
    ],
)
def test_how_something_changes_is_no_limit_on_it(text: str, variable: str) -> None:
    assert [one.variable for one in measures(text)] == [variable]


def test_negative_numbers_are_read() -> None:
    assert read("T-score ≤ -2.5") == [("bone_density_t_score", "<=-2.5", None)]


def test_a_unit_written_once_serves_both_limits() -> None:
    assert read("BMI < 18.5 or ≥ 30 kg/m2") == [
        ("body_mass_index", "<18.5", "kg/m2"), ("body_mass_index", ">=30", "kg/m2"),
    ]  # fmt: skip


def test_bounds_with_units_of_their_own_are_two_rows() -> None:
    found = measures("age between 6 months and 18 years")
    assert [(one.lower, one.upper, one.unit, one.canonical_lower, one.canonical_upper) for one in found] == [
        (6, None, "months", 0.5, None), (None, 18, "years", None, 18),
    ]  # fmt: skip


def test_blood_pressure_with_a_slash_is_two_limits() -> None:
    assert read("blood pressure ≥ 140/90 mmHg") == [
        ("systolic_blood_pressure", ">=140", "mmHg"), ("diastolic_blood_pressure", ">=90", "mmHg"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ECOG 0-1", ("ecog", ">=0 <=1")),
        ("Eastern Cooperative Oncology Group (ECOG) status: 0 or 1", ("ecog", ">=0 <=1")),
        ("ECOG PS 0, 1, or 2", ("ecog", ">=0 <=2")),
        ("NYHA class III or IV", ("nyha_class", ">=3 <=4")),
        ("New York Heart Association (NYHA) class II or greater", ("nyha_class", ">=2")),
        ("greater than NYHA class II", ("nyha_class", ">2")),
        ("ASA physical status I-III", ("asa_class", ">=1 <=3")),
        ("toxicity > grade 1", ("ctcae_grade", ">1")),
        ("Child-Pugh score ≤ 7 points", ("child_pugh", "<=7")),
    ],
)
def test_grades_of_a_scale_are_limits(text: str, expected: tuple[str, str]) -> None:
    assert [(one.variable, bounds(one)) for one in measures(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "10 mg of prednisone daily", "type 2 diabetes", "COVID-19", "RECIST 1.1", "day 1 to day 28", "cohort 1-2", "between 2010 and 2017", "since 2015",
        "Age = 18 years", "within 4 weeks of enrolment", "over the 7 days before the visit", "CD4 and IL-6", "at least one of the following:", "a scale of 0-10",
        "version 10 or higher", "call 555-1234", "expression of 1+, 2+ or 3+", "9:00 am", "hepatitis B or C", "A. fumigatus", "NYHA class",
    ],
)  # fmt: skip
def test_numbers_without_comparison_are_no_limits(text: str) -> None:
    assert measures(text) == ()


# ----------------------------------------------------------------------------------------------------- what is limited


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


def test_a_criterion_of_more_numbers_than_are_read_says_so() -> None:
    table = "Doses given so far: " + ", ".join(f"week {n}: {n} mg" for n in range(200))
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


# ---------------------------------------------------------------------------------------------------------- conversion


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("age > 18 months", 1.5, "a"),
        ("age > 18", 18, "a"),
        ("platelets > 100,000/mm3", 100, "10*9/L"),
        ("platelets > 100 K/µL", 100, "10*9/L"),
        ("hemoglobin > 90 g/L", 9, "g/dL"),
        ("creatinine > 177 µmol/L", 2.002224, "mg/dL"),
        ("glucose > 7 mmol/L", 126.112, "mg/dL"),
        ("PaO2 > 8 kPa", 60.00496, "mm[Hg]"),
        ("temperature > 100.4 °F", 38, "Cel"),
        ("weight > 110 pounds", 49.89516071, "kg"),
        ("life expectancy > 12 weeks", 2.759753593, "mo"),
        ("AST > 3 x ULN", 3, "{ULN}"),
        ("BMI > 30", 30, "kg/m2"),
        ("ECOG > 1", 1, "{score}"),
        ("24 h proteinuria > 300 mg", 0.3, "g/d"),
        ("aCL IgG > 30 GPL units", 30, "{GPL}"),
        ("homocysteine > 2 mg/L", 14.794, "umol/L"),
        ("blood phenylalanine > 6 mg/dL", 363.24, "umol/L"),
        ("alcohol > 2 drinks per day", 14, "{drinks}/wk"),
    ],
)
def test_limits_are_compared_in_one_unit(text: str, value: float, unit: str) -> None:
    (found,) = measures(text)
    assert (found.canonical_lower, found.canonical_unit) == (pytest.approx(value, rel=1e-6), unit)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        # as textbooks of laboratory medicine give them, both ways where the vocabulary's unit is the other one
        ("creatinine > 1 mg/dL", 1, "mg/dL"),
        ("creatinine > 88.4 µmol/L", 1, "mg/dL"),
        ("glucose > 5.55 mmol/L", 100, "mg/dL"),
        ("fasting glucose > 7.0 mmol/L", 126, "mg/dL"),
        ("HbA1c > 53 mmol/mol", 7.0, "%"),
        ("HbA1c > 86 mmol/mol", 10.0, "%"),
        ("hemoglobin > 8.69 mmol/L", 14.0, "g/dL"),
        ("bilirubin > 17.1 µmol/L", 1, "mg/dL"),
        ("total cholesterol > 5.17 mmol/L", 200, "mg/dL"),
        ("triglycerides > 1.7 mmol/L", 150, "mg/dL"),
        ("uric acid > 357 µmol/L", 6, "mg/dL"),
        ("calcium > 2.5 mmol/L", 10, "mg/dL"),
        ("phosphate > 1.0 mmol/L", 3.1, "mg/dL"),
        ("magnesium > 1.0 mmol/L", 2.43, "mg/dL"),
        ("BUN > 7.14 mmol/L", 20, "mg/dL"),
        ("albumin > 35 g/L", 3.5, "g/dL"),
        ("CRP > 1 mg/dL", 10, "mg/L"),
        ("vitamin D > 50 nmol/L", 20, "ng/mL"),
        ("testosterone > 10.4 nmol/L", 300, "ng/dL"),
        ("estradiol > 367 pmol/L", 100, "pg/mL"),
        ("neutrophils > 1500/mm3", 1.5, "10*9/L"),
        ("WBC > 3.0 x 10^3/µL", 3.0, "10*9/L"),
        ("platelets > 75 G/L", 75, "10*9/L"),
        ("troponin > 0.04 ng/mL", 40, "ng/L"),
        ("body temperature > 98.6 °F", 37, "Cel"),
        ("height > 6 feet", 182.88, "cm"),
    ],
)
def test_conversions_of_the_laboratory(text: str, value: float, unit: str) -> None:
    (found,) = measures(text)
    assert (found.canonical_lower, found.canonical_unit) == (pytest.approx(value, rel=0.01), unit)


#: UCUM (ucum.org, table of units): atoms that take a prefix, atoms that take none, and an annotation, which may hold anything.
_METRIC = r"g|mol|osm|L|l|m|s|eq|U|\[IU\]|Gy|Hz|cal|Bq|Pa|m\[Hg\]|m\[H2O\]|B"
_OTHERS = r"%|a|mo|wk|d|h|min|Cel|\[degF\]|deg|\[diop\]|\[lb_av\]|\[oz_av\]|\[in_i\]|\[ft_i\]|\[mi_i\]|\[MET\]|\[EU\]|\[arb'U\]|\[wood'U\]|\[beth'U\]|dyn\.s|\[ppm\]|\[ppb\]"
_FACTOR = rf"(?:10\*\d{{1,2}}|(?:[kdcmunpf]?(?:{_METRIC})|{_OTHERS})[235]?|\{{[^{{}}]+\}})"
UCUM = re.compile(rf"(?:{_FACTOR})?(?:/{_FACTOR})*")


def test_the_codes_of_units_are_ucum() -> None:
    codes = set(units.VOCABULARY["units"])
    for code, _, *others in units.VOCABULARY["variables"].values():
        codes |= {code, *(key for other in others for key in other)}
    assert [code for code in sorted(codes) if not UCUM.fullmatch(code)] == []
    assert not UCUM.fullmatch("mg/dl2x")
    assert not UCUM.fullmatch("lbs")


def test_the_vocabulary_knows_what_trials_limit() -> None:
    assert len(units.VOCABULARY["variables"]) >= 300
    assert variables.comparable("hba1c", units.unit("mmol/mol")) == ("%", 0.09148, 2.152)


@pytest.mark.parametrize("text", ["creatinine > 2", "FEV1 > 1.5 L", "lid retraction > 2 mm"])
def test_a_unit_is_not_guessed(text: str) -> None:
    (found,) = measures(text)
    assert found.lower is not None
    assert found.canonical_lower is None
    assert found.canonical_unit is None


def test_every_spelling_of_a_unit_is_read_whole() -> None:
    pattern = re.compile(units.PATTERN)
    for code, (_, _, spellings) in units.VOCABULARY["units"].items():
        for spelling in filter(None, spellings.split("|")):
            found = pattern.match(spelling.replace("\\^", "^"))
            assert found is not None and found.end() == found.endpos, spelling
            assert units.unit(found.group()) is not None, f"{spelling} of {code}"


def test_every_name_of_the_vocabulary_is_found() -> None:
    for name, choices in variables.NAMES.items():
        # "2 h" means a glucose only with a unit of one
        found, away = variables.before(name.upper(), None, 1)
        if not found:
            found, away = variables.before(name.upper(), choices[0].unit, 1)
        assert found and found[-1] in choices and away == 0, name


def test_variables_that_limit_an_age_say_so() -> None:
    names = {one.name for choices in variables.NAMES.values() for one in choices}
    assert {"age", "gestational_age", "donor_age", "age_at_onset"} <= names
    assert {name for name in names if re.search(r"(?<![a-z])age(?![a-z])", name)} == {
        "age", "age_at_onset", "gestational_age", "postmenstrual_age", "donor_age", "maternal_age", "bone_age", "mental_age",
        "partner_age", "age_at_menopause",
    }  # fmt: skip


@given(
    st.sampled_from([("≥", ">=", ""), ("more than", ">", ""), ("<", "", "<"), ("not more than", "", "<=")]),
    st.decimals(min_value=0, max_value=99_999, places=2),
    st.sampled_from(["g/dL", "g/L", "mmol/L"]),
)
def test_a_limit_survives_being_written(sign: tuple[str, str, str], value: object, unit: str) -> None:
    written, lower, upper = sign
    (found,) = measures(f"haemoglobin {written} {value} {unit}")
    assert found.unit == unit
    number = found.lower if lower else found.upper
    assert number == pytest.approx(float(str(value)))
    assert bounds(found).startswith(lower or upper)


def test_a_criterion_written_twice_has_the_same_limits_at_its_own_places() -> None:
    text = "- Cyclists aged 20 to 60 years\n- Platelets ≥ 100 x 10^9/L\n- Cyclists aged 20 to 60 years"
    first, platelets, again = parse([("inclusion", text)]).measures
    assert (first.criterion_ordinal, platelets.criterion_ordinal, again.criterion_ordinal) == (1, 2, 3)
    assert (first.variable, first.lower, first.upper) == (again.variable, again.lower, again.upper) == ("age", 20, 60)
    assert all(text[one.start : one.end] == one.text for one in (first, platelets, again))
