"""Bounds of limits: signs, words, numbers, ranges, denials."""

from __future__ import annotations

import pytest

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
