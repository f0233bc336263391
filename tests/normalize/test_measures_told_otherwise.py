"""Limits that a quick reader gets wrong: told as better or worse, of a part of a scale, of another thing of the same name, denied, or in another language's figures."""

from __future__ import annotations

import pytest

from tests.normalize.limits import bounds, measures, read


@pytest.mark.parametrize(
    ("text", "variable", "expected"),
    [
        # of which less is better
        ("ECOG performance status of 1 or better", "ecog", "<=1"),
        ("ECOG better than 3", "ecog", "<3"),
        ("Rankin scale 3 or worse before the stroke", "modified_rankin", ">=3"),
        ("Healing to grade 1 or better", "ctcae_grade", "<=1"),
        ("EDSS 6.0 or better", "expanded_disability_status", "<=6"),
        ("Hearing loss of 45 dB or worse", "hearing_threshold", ">=45"),
        ("Visual acuity of 0.2 logMAR or better", "visual_acuity_logmar", "<=0.2"),
        # and more
        ("Karnofsky 80 or better", "karnofsky", ">=80"),
        ("Karnofsky status 50 or worse", "karnofsky", "<=50"),
        ("MMSE worse than 21", "mmse", "<21"),
        ("Vision of 40 letters or worse, BCVA worse than 30 letters", "visual_acuity", "<30"),
        ("T-score worse than -2.0 at the spine", "bone_density_t_score", "<-2"),
        ("Mean deviation worse than -6 dB", "Mean deviation", "<-6"),
        ("20/100 or worse in the better eye", "visual_acuity", "<=0.2"),
    ],
)
def test_better_and_worse_point_the_way_that_the_scale_does(text: str, variable: str, expected: str) -> None:
    one = measures(text)[-1]
    assert (one.variable, bounds(one)) == (variable, expected)


def test_better_makes_no_limit_where_nobody_can_tell_which_way_it_points() -> None:
    assert read("Itchiness index of 12 or better") == []


@pytest.mark.parametrize(
    "text",
    [
        "MADRS item 10 > 2",
        "HAM-D item 1 (sad mood) score ≥ 3",
        "MDS-UPDRS part III of at least 15",
        "GCS motor score < 6",
        "WOMAC pain subscale ≥ 5",
        "Oral CDAI > 12",
        "Oxygenation index of 18 or more on day 2",
        "Pupil height > 5 mm",
        "Iliac bone height ≥ 9 mm",
        "Duct diameter ≥ 2 mm",
        "Nausea VAS > 30 mm",
        "Fatigue NRS ≥ 5",
        "Vaginal pH > 4.5 after delivery",
        "CKD stage ≥ 4 with Child-Pugh A, CKD stage ≥ 4",
        "PSA rise ≥ 1 ng/mL above nadir",
        "Hemoglobin drop > 2 g/dL",
        "Fall in FEV1 ≥ 20 %",
        "Creatinine > 2 x baseline",
        "Wagner grade 1-2",
        "Grade 3 to 4 glioma",
        "Tönnis grade ≤ 1",
        "SOFA ≥ 2 above baseline",
        "IPSS quality of life score ≥ 4",
    ],
)
def test_a_part_a_change_or_a_namesake_is_no_limit_of_the_thing_itself(text: str) -> None:
    found = measures(text)
    assert found
    assert all(one.canonical_unit is None for one in found)


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("HDRS (17 items) ≥ 18", "hamilton_depression"),
        ("CDAI between 220 and 400", "crohns_activity"),
        ("Crohn's disease with CDAI > 250", "crohns_activity"),
        ("Longest diameter ≥ 12 mm", "tumor_size"),
        ("Tumour ≤ 4 cm", "tumor_size"),
        ("Good hearing, height > 150 cm", "body_height"),
        ("Back pain VAS ≥ 45 mm", "pain_score"),
        ("qSOFA ≥ 2", "quick_sofa"),
        ("HCT-CI ≤ 4", "transplant_comorbidity_index"),
        ("NRS-2002 ≥ 3", "nutritional_risk_screening"),
        ("Mayo endoscopic subscore ≥ 2", "mayo_endoscopic_subscore"),
        ("ODI ≥ 12/h", "oxygen_desaturation_index"),
        ("ODI ≥ 40 %", "oswestry"),
        ("Tuberculin skin test ≥ 10 mm", "tuberculin_skin_test"),
        ("Iron saturation < 18 %", "transferrin_saturation"),
        ("Nausea grade ≥ 2", "ctcae_grade"),
        ("Weight-for-age below -2 SD", "weight_standard_score"),
        ("BMI percentile ≥ 90", "body_mass_index_percentile"),
        ("In the second trimester (14-27 weeks)", "gestational_age"),
        ("SpO2/FiO2 ≤ 300", "saturation_oxygen_ratio"),
        ("Waist-to-hip ratio > 0.85", "waist_hip_ratio"),
        ("IPSS-R score > 3.5", "revised_prognostic_score"),
        ("Age ≥ 18 years and ≥ 6 months after the operation", "interval"),
        ("Older than 3 months but not older than 4 years", "age"),
        ("Height velocity < 4 cm/year", "height_velocity"),
        ("Heavy drinking days ≥ 4 a month", "heavy_drinking_days"),
        ("At least a 5th-grade reading level", "school_grade"),
        ("FEV1 falls below 70 %", "fev1"),
        ("From 20 to 80 inflammatory lesions", "number_of_lesions"),
        ("Fasting glucose ≥ 5.1 mmol/L or 2h ≥ 8.5 mmol/L", "postprandial_glucose"),
    ],
)
def test_names_that_several_things_have(text: str, variable: str) -> None:
    assert measures(text)[-1].variable == variable


@pytest.mark.parametrize(
    "text",
    [
        "No lesion > 2 cm",
        "Up to four nodules, none larger than 3 cm",
        "Must not have creatinine > 2 mg/dL",
        "Without any lymph node > 15 mm",
        "Free of metastases larger than 1 cm",
    ],
)
def test_what_nothing_reaches_is_denied(text: str) -> None:
    assert measures(text)[-1].negated


@pytest.mark.parametrize(
    "text",
    [
        "No more than 3 lesions",
        "No chemotherapy and platelets > 90 x 10^9/L",
        "Without seizures for ≥ 6 months",
        "No contraindication, LVEF > 40 %",
    ],
)
def test_a_no_of_something_else_denies_no_limit(text: str) -> None:
    assert not measures(text)[-1].negated


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("Age ≥ 20 years with asthma for at least 12 months", ["age", "duration"]),
        ("Age ≥ 50 and amenorrhoeic for ≥ 12 months", ["age", "duration"]),
        ("Women of childbearing age must use contraception for at least 3 months", ["duration"]),
        ("Aged 20 years or more, on dialysis > 3 months", ["age", "dialysis"]),
        ("Old stroke ≥ 6 months", ["Old stroke"]),
        ("Age ≥ 20 (sub-studies 2 and 3)", ["age"]),
        ("Age at transplant 2 to 30 years", ["age"]),
        ("Life expectancy ≥ 6 months and stable dose for ≥ 4 weeks", ["life_expectancy", "duration"]),
        ("Women of reproductive age (20-45 years)", ["age"]),
        ("Age at the time of signing the consent ≥ 20 years", ["age"]),
        ("Life expectancy as judged by the physician > 4 months", ["life_expectancy"]),
    ],
)
def test_what_lasts_beside_an_age_is_no_age(text: str, variables: list[str]) -> None:
    assert [one.variable for one in measures(text)] == variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Age at seizure onset ≤ 12 years", "<=12"),
        ("Aged 40 years or younger at diagnosis", "<=40"),
        ("< 21 years of age at the time of first diagnosis", "<21"),
        ("≤ 45 years at onset", "<=45"),
    ],
)
def test_an_age_at_onset_is_no_age_now(text: str, expected: str) -> None:
    (one,) = measures(text)
    assert (one.variable, bounds(one)) == ("age_at_onset", expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Girls aged 4 years 6 months to 9 years 11 months", (4.5, 9.9167)),
        ("Aged 12 years to 17 years and 364 days", (12, 17.9966)),
        ("Women from 18 to 42 years and 11 months", (18, 42.9167)),
    ],
)
def test_ages_in_years_and_months(text: str, expected: tuple[float, float]) -> None:
    (one,) = measures(text)
    assert (one.variable, one.canonical_lower, one.canonical_upper) == ("age", *expected)
    assert one.text in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BMI at or above the 90th percentile", [("body_mass_index", ">=90", "percentile")]),
        (
            "Anticardiolipin IgG > 40 GPL or > 99th percentile",
            [("anticardiolipin", ">40", "GPL"), ("anticardiolipin", ">99", "percentile")],
        ),
        ("Ferritin at or below 15 ng/mL", [("ferritin", "<=15", "ng/mL")]),
        ("Pain of 4/10 or higher", [("pain_score", ">=4", None)]),
        ("MoCA 22/30 or less", [("moca", "<=22", None)]),
        ("ANA titre 1/160 or more", [("antinuclear_antibodies", ">=160", "titer")]),
        ("Widal agglutination > 1/80", [("Widal agglutination", ">80", "titer")]),
        ("MRD ≥ 10^-4", [("MRD", ">=0.0001", None)]),
        ("MRD < 10⁻³ in blood", [("MRD", "<0.001", None)]),
        ("GOLD stage II-III", [("gold_stage", ">=2 <=3", None)]),
        ("Killip class III/IV", [("killip_class", ">=3 <=4", None)]),
        ("ECOG ≤ 1 and at least 4 weeks from surgery", [("ecog", "<=1", None), ("interval", ">=4", "weeks")]),
        ("MMSE ≥ 25 and at least 9 years of education", [("mmse", ">=25", None), ("education", ">=9", "years")]),
        ("UACR > 250 mg/gCr", [("urine_albumin_creatinine_ratio", ">250", "mg/gCr")]),
        ("Tanner stage ≥ II", [("tanner_stage", ">=2", None)]),
        ("Serum osmolality < 270 mOsm/kg", [("Serum osmolality", "<270", "mOsm/kg")]),
        ("HIV RNA > 4 log10 copies/mL", [("viral_load", ">4", "log10 copies/mL")]),
        ("Back ache for more than half a year", [("duration", ">0.5", "year")]),
        ("Over 5 weeks of age and younger than 20 weeks", [("age", ">5 <20", "weeks")]),
        (
            "Blood pressure of 150/95 mmHg or above",
            [("systolic_blood_pressure", ">=150", "mmHg"), ("diastolic_blood_pressure", ">=95", "mmHg")],
        ),
        (
            "Office blood pressure 130-139/80-89 mmHg",
            [("systolic_blood_pressure", ">=130 <=139", "mmHg"), ("diastolic_blood_pressure", ">=80 <=89", "mmHg")],
        ),
    ],
)
def test_numbers_that_are_told_in_a_way_of_their_own(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "variable", "expected"),
    [
        ("Neutrófilos > 1.500/mm3", "neutrophils", ">1500"),
        ("Neutrofili ≥ 1.800 /mm3", "neutrophils", ">=1800"),
        ("Geburtsgewicht unter 1.500 g", "birth_weight", "<1500"),
        ("Nicht mehr als 2 Fehlgeburten", "miscarriages", "<=2"),
        ("Pas plus de 3 fausses couches", "miscarriages", "<=3"),
        ("No más de 2 abortos", "miscarriages", "<=2"),
        ("Non più di 4 aborti", "miscarriages", "<=4"),
        ("Não mais de 2 abortos", "miscarriages", "<=2"),
        ("Edad gestacional < 34 semanas", "gestational_age", "<34"),
        ("Età gestazionale ≥ 30 settimane", "gestational_age", ">=30"),
        ("Peso ao nascer < 1800 g", "birth_weight", "<1800"),
        ("Pacientes mayores de 21 y menores de 60 años", "age", ">21 <60"),
        ("Femmes âgées d'au moins 20 ans", "age", ">=20"),
        ("Età uguale o superiore a 21 anni", "age", ">=21"),
        ("Alter größer oder gleich 21 Jahre", "age", ">=21"),
        ("Ouder dan 21 jaar", "age", ">21"),
        ("Idade igual ou superior a 21 anos", "age", ">=21"),
        ("Bloeddruk > 170/95 mmHg", "diastolic_blood_pressure", ">95"),
        ("ALAT ≤ 2,5 x LSN", "alanine_aminotransferase", "<=2.5"),
        ("FEVG < 45 %", "left_ventricular_ejection_fraction", "<45"),
    ],
)
def test_other_languages(text: str, variable: str, expected: str) -> None:
    one = measures(text)[-1]
    assert (one.variable, bounds(one)) == (variable, expected)
    assert one.canonical_unit is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not younger than 20 or older than 60 years", [(">=20", False), ("<=60", False)]),
        ("weight not more than 95 kg or less than 50 kg", [("<=95", False), (">=50", False)]),
        ("pulse not lower than 55, or higher than 95 bpm", [(">=55", False), ("<=95", False)]),
        ("weight not < 50 kg or > 95 kg", [("<50", True), (">95", True)]),
        ("must not be under 20 or over 60 years", [("<20", True), (">60", True)]),
        ("ALT not > 2 x ULN or AST > 3 x ULN", [(">2", True), (">3", False)]),
        ("not pregnant or age > 40 years", [(">40", False)]),
        ("smokers or not, > 40 years", [(">40", False)]),
    ],
)
def test_what_denies_one_comparison_denies_the_next_of_the_same_thing(
    text: str, expected: list[tuple[str, bool]]
) -> None:
    assert [(bounds(one), one.negated) for one in measures(text)] == expected


def test_a_blank_after_a_decimal_point_parts_no_number() -> None:
    assert read("lymphocytes < 0. 8 x 10^9/L") == [("lymphocytes", "<0.8", "x 10^9/L")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("At least 30 days must have elapsed since the last ride", "interval"),
        ("unless more than 4 months have passed", "interval"),
        ("after completing no more than 5 months of rowing", "rowing"),
        ("fulfilling at least 5 weeks of steady rowing without pause", "steady rowing"),
    ],
)
def test_what_a_time_limits(text: str, name: str) -> None:
    assert [one.variable for one in measures(text)] == [name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SYMPTOMS FOR MORE THAN 5 MONTHS", ("duration", ">5", "MONTHS")),
        ("AGE LESS THAN 8 MONTHS", ("age", "<8", "MONTHS")),
        ("WEIGHT OVER 45 KILOGRAMS", ("body_weight", ">45", "KILOGRAMS")),
        ("PLATELETS < 90,000 PER CUMM", ("platelets", "<90000", "PER CUMM")),
        ("AT LEAST TWO MISCARRIAGES", ("miscarriages", ">=2", None)),
        ("smoking ≥ 15 Pack-Years", ("pack_years", ">=15", "Pack-Years")),
        ("FEVER > 38.2 DEGREES", ("body_temperature", ">38.2", "DEGREES")),
    ],
)
def test_capitals_change_nothing(text: str, expected: tuple[str, str, str | None]) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "cough and fever (at least one of the two)",
        "positive for at least two of lupus anticoagulant, cardiolipin antibodies and glycoprotein antibodies",
    ],
)
def test_some_of_what_is_named_one_by_one_are_no_limit(text: str) -> None:
    assert read(text) == []


def test_a_portuguese_no_denies_nothing() -> None:
    assert [one.negated for one in measures("no momento da inclusão IMC ≥ 28")] == [False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serum IgE to hazel of ≥ 0.5 kUA/L", [("specific_ige", ">=0.5", "kUA/L")]),
        ("total IgE > 90 kilounits/L", [("total_ige", ">90", "kilounits/L")]),
        ("receiving long-term (> 5 months) heparin", [("duration", ">5", "months")]),
        ("HR+ tumours whose owners had endocrine therapy and have since received at least 4 rides", [("rides", ">=4", None)]),
        ("Urticaria Activity Score over 7 days (range 0-42) >= 18", [("urticaria_activity", ">=18", None)]),
        ("fever over 4 days", [("fever", ">4", "days")]),
        ("at least one of SaO2 < 91 % or a respiratory rate > 25/min", [("oxygen_saturation", "<91", "%"), ("respiratory_rate", ">25", "/min")]),
        ("smoking over 2 packs of cigarettes daily", [("cigarettes_per_day", ">2", "packs of cigarettes daily")]),
        ("viral load < 150 cop/ml", [("viral_load", "<150", "cop/ml")]),
        ("with lupus and less than 25 years at the time of inclusion", [("age", "<25", "years")]),
        ("menopause > 15 years at inclusion", [("menopause", ">15", "years")]),
        ("on ≥ 2 typical and/or atypical neuroleptics", [("typical and/or atypical neuroleptics", ">=2", None)]),
    ],
)  # fmt: skip
def test_what_else_a_number_may_seem_to_limit(text: str, expected: list[object]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("leeftijd tussen 20 en 70 jaar", (">=20 <=70", "jaar")),
        ("wiek od 20 do 70 lat", (">=20 <=70", "lat")),
        ("возраст от 20 до 70 лет", (">=20 <=70", "лет")),
        ("alder mellem 20 og 70 år", (">=20 <=70", "år")),
        ("ålder mellan 20 och 70 år", (">=20 <=70", "år")),
        ("alder minst 20 år", (">=20", "år")),
        ("20 Year(s) to 70 Year(s)", (">=20 <=70", "Year(s)")),
        ("Age: 20Y-70Y", (">=20 <=70", "Y")),
    ],
)
def test_ages_in_more_languages(text: str, expected: tuple[str, str]) -> None:
    assert read(text) == [("age", *expected)]


def test_a_dose_a_day_in_french() -> None:
    assert read("prednisone ≤ 15 mg/j") == [("corticosteroid_dose", "<=15", "mg/j")]


@pytest.mark.parametrize(
    "text", ["al menos 3 de los siguientes", "mindestens 2 der folgenden", "no later than due date"]
)
def test_no_limit_in_other_languages(text: str) -> None:
    assert read(text) == []


def test_a_time_is_no_name_of_what_is_limited() -> None:
    assert [one.variable for one in measures("Infertility for at least 12 months (6 months if over 35)")] == [
        "disease_duration"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Age (years): 21-37", ("age", ">=21 <=37", "years")),
        ("Age (months): 6-24", ("age", ">=6 <=24", "months")),
        ("Age in years: 18 to 40", ("age", ">=18 <=40", "years")),
        ("Age group 18-45", ("age", ">=18 <=45", None)),
        ("BMI (kg/m2): 19-29", ("body_mass_index", ">=19 <=29", "kg/m2")),
        ("ALT (U/L) > 40", ("alanine_aminotransferase", ">40", "U/L")),
        ("Platelet count (10^9/L): >= 120", ("platelets", ">=120", "10^9/L")),
        ("BMI (kg/m2) of 19-29", ("body_mass_index", ">=19 <=29", "kg/m2")),
        ("Karnofsky (KPS) >= 70", ("karnofsky", ">=70", None)),
        ("Smoker's index (pack / years) > 10", ("pack_years", ">10", None)),
    ],
)
def test_a_unit_may_stand_in_brackets_before_the_number(text: str, expected: tuple[str, str, str | None]) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["Frauen unter 20 Jahren oder über 40 Jahren", "Femmes de moins de 20 ans ou de plus de 40 ans", "Mujeres menores de 20 años o mayores de 40 años"],
)  # fmt: skip
def test_ages_on_both_sides_of_an_or(text: str) -> None:
    assert [(one.variable, one.lower, one.upper) for one in measures(text)] == [("age", None, 20), ("age", 40, None)]


@pytest.mark.parametrize("text", ["Creatinine > 3 x baseline", "Creatinine > 3 times the baseline"])
def test_a_multiple_of_the_baseline_is_no_limit_on_the_thing_itself(text: str) -> None:
    (limit,) = measures(text)
    assert (limit.variable, limit.lower, limit.canonical_lower) == ("Creatinine", 3, None)
    assert limit.unit is not None and limit.unit.endswith("baseline")


def test_the_partner_between_two_ages() -> None:
    assert read("Woman aged 19-41 years and partner between 20 and 62") == [
        ("age", ">=19 <=41", "years"),
        ("partner_age", ">=20 <=62", None),
    ]


def test_a_plural_in_brackets_is_no_unit() -> None:
    (limit,) = measures("positive culture(s) of at least one species")
    assert limit.unit is None


def test_a_domain_of_an_index_keeps_its_letter() -> None:
    assert read("at least 1 BILAG A") == [("BILAG A", ">=1", None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a minimum of three long or short rides", ("long or short rides", ">=3", None)),
        ("at least 3 lesions or nodules", ("number_of_lesions", ">=3", None)),
        ("CD4 count above 200 cells per cubic millimetre", ("cd4_cells", ">200", "cells per cubic millimetre")),
        ("Urine PCR above 40 mg/mmol", ("urine_protein_creatinine_ratio", ">40", "mg/mmol")),
        ("tender and swollen joint count of at least 5 each", ("swollen_joint_count", ">=5", None)),
    ],
)
def test_what_is_counted_or_measured_keeps_its_whole_name(text: str, expected: tuple[str, str, str | None]) -> None:
    assert read(text) == [expected]


def test_how_many_of_the_last_measurements_is_no_limit() -> None:
    assert read("Phe > 7 mg/dL in at least 2 of the last 6 measurements") == [("phenylalanine", ">7", "mg/dL")]
