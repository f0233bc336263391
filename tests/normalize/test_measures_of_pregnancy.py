"""Limits in trials of reproduction and pregnancy: weeks of gestation, what happened in earlier pregnancies, what is counted and measured."""

from __future__ import annotations

import pytest

from tests.normalize.limits import bounds, measures, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gestational age ≥ 37+0 weeks", ">=37"),
        ("Ultrasound between 11+0 and 13+6 weeks", ">=11 <=13.8571"),
        ("Labour from 34 0/7 to 36 6/7 weeks", ">=34 <=36.8571"),
        ("Viable pregnancy of 6 weeks + 0 days to 8 weeks + 6 days", ">=6 <=8.8571"),
        ("Twins at 16w0d-20w5d", ">=16 <=20.7143"),
        ("Cerclage placed at < 23+5 weeks", "<23.7143"),
        ("Growth restriction from 20+0 weeks onwards", ">=20"),
        ("Two births before 37 weeks of gestation", "<37"),
        ("Loss of the fetus after 12 weeks of pregnancy", ">12"),
        ("Being 12 or fewer weeks pregnant", "<=12"),
        ("Gestational age 5+0~8+6 weeks", ">=5 <=8.8571"),
        ("Gestational weeks 37-41+6", ">=37 <=41.8571"),
        ("Death of the fetus, a loss at or beyond 10 weeks", ">=10"),
        ("Miscarriages at or before 9 weeks of gestation", "<=9"),
        ("Born between 26 + 0 weeks of amenorrhea and 31 + 6 weeks of amenorrhea", ">=26 <=31.8571"),
        ("Enfants nés prématurés (< 32 SA)", "<32"),
        ("Einlinge ab 20+0 SSW bis 33+6 SSW", ">=20 <=33.8571"),
    ],
)
def test_pregnancies_are_counted_in_weeks_and_days(text: str, expected: str) -> None:
    (one,) = measures(text)
    assert (one.variable, bounds(one), one.canonical_unit) == ("gestational_age", expected, "wk")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Singleton pregnancy 12-16 weeks", ">=12 <=16"),
        ("Pregnant women between 24 and 34 weeks", ">=24 <=34"),
        ("Pregnant (≥ 20 weeks)", ">=20"),
    ],
)
def test_weeks_after_a_pregnancy_are_weeks_of_it(text: str, expected: str) -> None:
    (one,) = measures(text)
    assert (one.variable, bounds(one)) == ("gestational_age", expected)


@pytest.mark.parametrize("text", ["Last pregnancy < 6 weeks ago", "Pregnancy ≥ 12 weeks before the first visit"])
def test_how_long_ago_a_pregnancy_was_is_no_age_of_it(text: str) -> None:
    assert [one.variable for one in measures(text)] == ["interval"]


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("Partner's age > 50 years", "partner_age"),
        ("≥2 times of spontaneous abortion", "miscarriages"),
        ("Biochemical pregnancy ≥2 times", "biochemical_pregnancies"),
        ("More than 2 induced abortions", "induced_abortions"),
        ("Two to four losses", "miscarriages"),
        ("Male partner aged 18-55", "partner_age"),
        ("The husband must be younger than 60 years", "partner_age"),
        ("Female partner aged 20 to 38", "age"),
        ("Age at menopause < 40", "age_at_menopause"),
        ("No more than 3 previous embryo transfers", "embryo_transfers"),
        ("At least one fetal death", "fetal_deaths"),
        ("Total motile sperm count < 5 million", "total_motile_sperm_count"),
        ("Cervix ≤ 25 mm on ultrasound", "cervical_length"),
        ("Uterine artery PI > 1.5 MoM", "uterine_artery_pulsatility_index"),
        ("Intramural fibroids > 5 cm", "fibroid_size"),
    ],
)
def test_what_is_limited_in_trials_of_reproduction_has_a_name_of_its_own(text: str, variable: str) -> None:
    assert [one.variable for one in measures(text)] == [variable]


def test_a_weight_at_birth_is_no_weight_of_a_participant() -> None:
    assert read("Birth weight < 2500 g") == [("birth_weight", "<2500", "g")]
    assert read("Estimated fetal weight below the 10th percentile")[0][0] == "estimated_fetal_weight"


@pytest.mark.parametrize(
    "text", ["Gleason 4+3 disease", "induction by 7+3 chemotherapy", "HER2 2+ or 3+", "loss before 3 weeks of leave"]
)
def test_other_sums_are_no_weeks_and_days(text: str) -> None:
    assert "gestational_age" not in [one.variable for one in measures(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Previous preterm birth < 34 weeks", "<34"),
        ("Infants born at > 36 weeks", ">36"),
        ("Preterm labour between 25 and 33 weeks", ">=25 <=33"),
        ("Miscarriages (after 12 weeks)", ">12"),
        ("Recurrent losses before the 10th week", "<10"),
        ("A fetal death ≥ 10 weeks", ">=10"),
        ("Singleton pregnancy between 11+0 and 13+6", ">=11 <=13.8571"),
    ],
)
def test_what_happens_in_a_pregnancy_is_told_by_its_weeks(text: str, expected: str) -> None:
    (one,) = measures(text)
    assert (one.variable, bounds(one)) == ("gestational_age", expected)


@pytest.mark.parametrize("text", ["Delivery < 12 weeks", "Miscarriage > 12 weeks ago", "Stillbirth ≥ 40 days before"])
def test_how_long_ago_a_birth_was_is_no_week_of_a_pregnancy(text: str) -> None:
    assert "gestational_age" not in [one.variable for one in measures(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RPL (≥ 3 losses)", [("miscarriages", ">=3", None)]),
        ("Two or more failed clinical pregnancies", [("miscarriages", ">=2", None)]),
        ("Parity ≤ 3 and no more than 1 live birth", [("parity", "<=3", None), ("live_births", "<=1", None)]),
        ("Prior cesarean deliveries 2 or more", [("cesarean_sections", ">=2", None)]),
        ("Gravida ≥ 2", [("pregnancies", ">=2", None)]),
        ("Endometrium ≥ 8 mm", [("endometrial_thickness", ">=8", "mm")]),
        ("Regular cycles (25-34 days)", [("menstrual_cycle_length", ">=25 <=34", "days")]),
        ("Menstrual blood loss > 90 mL", [("blood_loss", ">90", "mL")]),
        ("Fundal height > 41 cm", [("fundal_height", ">41", "cm")]),
        ("Infertility for 14 months or more", [("disease_duration", ">=14", "months")]),
        ("PAPP-A < 0.5 MoM", [("papp_a", "<0.5", "MoM")]),
        ("Bile acids > 30 µmol/L", [("bile_acids", ">30", "µmol/L")]),
        ("aCL IgG or IgM > 35 units", [("anticardiolipin", ">35", "units")]),
        ("Hydroxychloroquine ≤ 300 mg/day", [("hydroxychloroquine_dose", "<=300", "mg/day")]),
    ],
)
def test_what_is_counted_and_measured_before_and_in_a_pregnancy(
    text: str, expected: list[tuple[str, str, str | None]]
) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Al menos dos abortos previos",
        "Au moins deux fausses couches",
        "Mindestens zwei Fehlgeburten",
        "Almeno 2 aborti",
        "Pelo menos dois abortamentos",
        "Ten minste 2 miskramen",
    ],
)
def test_miscarriages_are_counted_in_other_languages(text: str) -> None:
    assert read(text) == [("miscarriages", ">=2", None)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cervix ≤ 20 mm between 17 and 23 weeks", ">=17 <=23"),
        ("Twins between 15 and 25 weeks", ">=15 <=25"),
        ("Women between 9 and 13 weeks with a live fetus", ">=9 <=13"),
        ("Oligohydramnios between 25 and 33 weeks", ">=25 <=33"),
        ("Nulliparous women between 10 and 12 weeks", ">=10 <=12"),
        ("Women between 19 and 21 weeks coming for the anomaly scan", ">=19 <=21"),
    ],
)
def test_a_range_of_weeks_beside_what_only_a_pregnancy_has_is_of_one(text: str, expected: str) -> None:
    assert ("gestational_age", expected, "weeks") in read(text)


@pytest.mark.parametrize(
    "text",
    [
        "Infusions of 12-24 weeks, not pregnant",
        "Fetal scans every 2 to 4 weeks",
        "Breastfeeding for 6 to 8 weeks after a pregnancy",
        "Stable dose for 8-12 weeks before pregnancy",
        "Placenta stored within 4-6 weeks",
    ],
)
def test_how_long_something_lasts_is_no_week_of_pregnancy(text: str) -> None:
    assert "gestational_age" not in [name for name, _, _ in read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("menos de 15 semanas de gestación", ("gestational_age", "<15", "semanas")),
        ("moins de 15 semaines de grossesse", ("gestational_age", "<15", "semaines")),
        ("meno di 15 settimane di gestazione", ("gestational_age", "<15", "settimane")),
        ("weniger als 15 Wochen der Schwangerschaft", ("gestational_age", "<15", "Wochen")),
        ("au moins 4 pertes foetales", ("miscarriages", ">=4", None)),
        ("FSH < 11 mUI/ml", ("fsh", "<11", "mUI/ml")),
        ("LH/FSH ratio > 3", ("LH/FSH ratio", ">3", None)),
        ("LH/FSH > 3", ("LH/FSH", ">3", None)),
        ("LH to FSH ratio > 3", ("LH to FSH ratio", ">3", None)),
        ("Neutrophil-to-lymphocyte ratio ≥ 4", ("Neutrophil-to-lymphocyte ratio", ">=4", None)),
        ("Verhältnis sFlt-1/PlGF > 38", ("sflt1_plgf_ratio", ">38", None)),
        ("PaO2/FiO2 < 300", ("oxygenation_index", "<300", None)),
    ],
)
def test_pregnancy_and_hormones_in_other_languages_and_as_ratios(
    text: str, expected: tuple[str, str, str | None]
) -> None:
    assert read(text) == [expected]


def test_earlier_losses_are_counted_whatever_follows() -> None:
    assert read("at least 2 prior pregnancy losses at ≥ 11 weeks") == [
        ("miscarriages", ">=2", None), ("gestational_age", ">=11", "weeks"),
    ]  # fmt: skip


def test_an_age_at_an_event_counts_no_events() -> None:
    assert read("age at first pregnancy < 21") == [("age at first pregnancy", "<21", None)]


def test_the_values_of_a_glucose_tolerance_test_have_their_hours() -> None:
    assert read("75 g OGTT: fasting ≥ 92 mg/dl, 1-h ≥ 180 mg/dl or 2 h ≥ 153 mg/dl") == [
        ("fasting_glucose", ">=92", "mg/dl"), ("postprandial_glucose", ">=180", "mg/dl"), ("postprandial_glucose", ">=153", "mg/dl"),
    ]  # fmt: skip
    assert read("Lactate at 2 h > 4 mmol/L") == [("Lactate at 2 h", ">4", "mmol/L")]


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("Fatty liver of pregnancy (≥ 6 Swansea criteria)", "Swansea criteria"),
        ("Vomiting in pregnancy (PUQE ≥ 7)", "PUQE"),
        ("History of ≥ 2 pregnancies", "pregnancies"),
        ("TSH receptor antibodies > 3 x ULN", "tsh_receptor_antibodies"),
        ("Insulin antibodies > 10 U/mL", "Insulin antibodies"),
        ("TPO antibodies > 34 IU/mL", "anti_thyroid_peroxidase"),
        ("Anti-β2GP1 IgG > 40 SGU", "anti_beta2_glycoprotein"),
        ("Anti-β2 glycoprotein I IgG or IgM > 99th percentile", "anti_beta2_glycoprotein"),
        ("Rubella IgG < 10 IU/mL", "Rubella IgG"),
        ("Total IgG < 4 g/L", "immunoglobulin_g"),
        ("VAS fatigue ≥ 5/10", "VAS fatigue"),
        ("Cervix dilated 4-6 cm", "cervical_dilation"),
        ("Infants < 1500 g", "birth_weight"),
    ],
)
def test_what_stands_beside_a_name_can_make_it_another(text: str, variable: str) -> None:
    assert [one.variable for one in measures(text)] == [variable]


@pytest.mark.parametrize(
    "text",
    ["Risk of pre-eclampsia ≥ 1 in 100", "Risk > 1/150", "Risk of trisomy > 1:150", "More than 2/3 of the lesions", "At least 1/2 tablet"],
)  # fmt: skip
def test_a_share_is_no_limit_on_its_numerator(text: str) -> None:
    assert measures(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two or three miscarriages", [("miscarriages", ">=2 <=3")]),
        ("Women with three or four losses", [("miscarriages", ">=3 <=4")]),
        ("Three or more miscarriages", [("miscarriages", ">=3")]),
        ("Loss of two or more pregnancies", [("miscarriages", ">=2")]),
        ("Women who lost at least 3 pregnancies", [("miscarriages", ">=3")]),
        ("At least two pregnancies that ended in miscarriage", [("miscarriages", ">=2")]),
        ("At least two pregnancies", [("pregnancies", ">=2")]),
        ("At least four failed IVF-ET attempts", [("implantation_failures", ">=4")]),
        ("2 or more consecutive RPL", [("miscarriages", ">=2")]),
        ("One or more preterm births", [("preterm_births", ">=1")]),
        ("Uterine NK cells > 6 %", [("uterine_nk_cells", ">6")]),
        ("Preterm < 33 weeks", [("gestational_age", "<33")]),
    ],
)
def test_what_is_counted_of_earlier_pregnancies(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.variable, bounds(one)) for one in measures(text)] == expected


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("No earlier delivery before 36 weeks", True),
        ("No live birth beyond 25 weeks", True),
        ("Without term delivery > 37 weeks", True),
        ("Delivery before 36 weeks", False),
        ("No more than 12 weeks of gestation", False),
    ],
)
def test_what_is_denied_in_a_week_of_pregnancy(text: str, denied: bool) -> None:
    (limit,) = measures(text)
    assert (limit.variable, limit.negated) == ("gestational_age", denied)


@pytest.mark.parametrize(
    "text", ["Fever and two or three signs", "Lupus with 2 or 3 of the following", "Two or three of these criteria"]
)
def test_how_many_of_some_things_is_no_limit_on_another(text: str) -> None:
    assert measures(text) == ()
