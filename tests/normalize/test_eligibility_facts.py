"""Facts on who can take part: what fields say and what the text says, apart, and where the text contradicts a field."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.eligibility_facts import contradictions, facts
from normalize.schema import EligibilityFact, Record
from tests.normalize.entry import record_of


def record(text: str, **fields: Any) -> Record:
    return record_of([("unspecified", text)], **fields)


def said(text: str, **fields: Any) -> list[EligibilityFact]:
    return [fact for fact in facts(record(text, **fields)) if fact.origin == "text"]


def values(text: str, fact: str) -> list[tuple[str | float | None, bool]]:
    return [(one.value or one.years, one.for_all) for one in said(text) if one.fact == fact]


def test_what_a_field_says_and_what_the_text_says_are_rows_of_their_own() -> None:
    rows = facts(
        record(
            "Inclusion Criteria:\n- Men and women aged 20 to 60 years\nExclusion Criteria:\n- Pregnant or lactating women",
            minimum_age_years=20.0,
            minimum_age_raw="20 Years",
            sex="all",
            healthy_volunteers=True,
        )
    )
    assert [(row.origin, row.fact, row.value or row.years) for row in rows] == [
        ("field", "minimum_age", 20.0),
        ("field", "sex", "all"),
        ("field", "healthy_volunteers", "accepted"),
        ("text", "minimum_age", 20.0),
        ("text", "maximum_age", 60.0),
        ("text", "sex", "all"),
        ("text", "pregnancy", "excluded"),
        ("text", "breastfeeding", "excluded"),
    ]


#: (inclusion, exclusion) in the register's language.
LANGUAGES = {
    "French": (
        "- Femmes et hommes âgés de 20 à 60 ans\n- Volontaires sains\n- Consentement éclairé signé par un représentant légal",
        "- Femme enceinte\n- Femmes allaitantes\n- Refus de signer le consentement",
    ),
    "Spanish": (
        "- Hombres y mujeres de 20 a 60 años\n- Voluntarios sanos\n- Consentimiento informado firmado por el representante",
        "- Mujeres embarazadas\n- Lactancia materna\n- Incapacidad de otorgar el consentimiento",
    ),
    "German": (
        "- Männer und Frauen im Alter von 20 bis 60 Jahren\n- Gesunde Probanden\n- Einwilligung der gesetzlichen Vertreter",
        "- Schwangere Frauen\n- Stillende Mütter\n- Fehlende Einwilligung",
    ),
    "Italian": (
        "- Uomini e donne di età tra 20 e 60 anni\n- Volontari sani\n- Consenso informato firmato dai genitori",
        "- Donne in gravidanza\n- Allattamento al seno\n- Rifiuto del consenso",
    ),
    "Portuguese": (
        "- Homens e mulheres com idade entre 20 e 60 anos\n- Voluntários saudáveis\n- Consentimento assinado pelo responsável legal",
        "- Mulheres grávidas\n- Amamentação\n- Recusa do consentimento",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_in_other_languages(language: str) -> None:
    included, excluded = LANGUAGES[language]
    rows = facts(record_of([("inclusion", included), ("exclusion", excluded)]))
    assert [(row.fact, row.value or row.years, row.for_all) for row in rows] == [
        ("minimum_age", 20.0, True),
        ("maximum_age", 60.0, True),
        ("sex", "all", True),
        ("healthy_volunteers", "accepted", True),
        ("pregnancy", "excluded", True),
        ("breastfeeding", "excluded", True),
        ("consent", "by_representative", True),
        ("consent", "personal", True),
    ]


@pytest.mark.parametrize(
    ("inclusion", "value"),
    [
        ("Femmes enceintes de plus de 20 semaines", "required"),
        ("Test de grossesse urinaire négatif", "excluded"),
        ("Mujeres embarazadas sanas", "required"),
        ("Prueba de embarazo en suero negativa", "excluded"),
        ("Schwangere Frauen ab der 20. Woche und mit Zwillingen", "required"),
        ("Frauen, die nicht schwanger sind", "excluded"),
        ("Donne in gravidanza alla settimana di 20", "required"),
        ("Donne non in gravidanza, di sesso femminile", "excluded"),
        ("Gestantes com idade de 20 anos", "required"),
        ("Teste de gravidez negativo", "excluded"),
    ],
)
def test_pregnancy_in_inclusion_criteria_of_other_languages(inclusion: str, value: str) -> None:
    assert [one for one, _ in values(f"Inclusion Criteria:\n- Personas de São Tomé\n- {inclusion}", "pregnancy")] == [
        value
    ]


@pytest.mark.parametrize(
    ("criterion", "fields"),
    [
        ("Patients âgés de 40 ans et plus", {"minimum_age_years": 18.0, "minimum_age_raw": "18 ans"}),
        ("Pacientes mayores de 40 años", {"minimum_age_years": 18.0, "minimum_age_raw": "18 años"}),
        ("Patienten im Alter von mindestens 40 Jahren", {"minimum_age_years": 18.0, "minimum_age_raw": "18 Jahre"}),
        ("Hombres y mujeres de ambos sexos", {"sex": "female", "sex_raw": "F"}),
        ("Gesunde Probanden", {"healthy_volunteers": False}),
        ("Both sexes", {"sex": "male", "sex_raw": "Male"}),
    ],
)
def test_contradictions_in_other_languages(criterion: str, fields: Any) -> None:
    whole = facts(record(f"Inclusion Criteria:\n- Größe 1 und Gewicht\n- {criterion}", **fields))
    assert len(contradictions(whole)) == 1


@pytest.mark.parametrize(
    ("half", "criterion", "value"),
    [
        ("Inclusion", "Pregnant at any stage", "required"),
        ("Inclusion", "Currently pregnant with a history of losses", "required"),
        ("Inclusion", "Ongoing pregnancy of 8 weeks", "required"),
        ("Inclusion", "Positive pregnancy test", "required"),
        ("Inclusion", "Pregnant or planning to be", None),
        ("Inclusion", "Confirmed pregnancy loss", None),
        ("Exclusion", "Positive serum pregnancy test on day 1", "excluded"),
        ("Exclusion", "A urine pregnancy test that is positive", "excluded"),
        ("Exclusion", "Positive urinary hCG", "excluded"),
        ("Inclusion", "Negative blood or urine hCG before the first dose", "excluded"),
        ("Inclusion", "Women in pregnancy planning", None),
        ("Exclusion", "Men with a pregnant partner", None),
        ("Exclusion", "Partner is pregnant", None),
    ],
)
def test_whose_pregnancy_is_meant_and_whether_it_must_be(half: str, criterion: str, value: str | None) -> None:
    found = [one for one, _ in values(f"{half} Criteria:\n- {criterion}", "pregnancy")]
    assert found == ([value] if value else [])


@pytest.mark.parametrize(
    ("half", "criterion", "fact", "value"),
    [
        # who takes part, who is planned, who is near
        ("Inclusion", "Pregnant women are also eligible", "pregnancy", "accepted"),
        ("Inclusion", "Pregnant or nursing women may take part", "pregnancy", "accepted"),
        ("Inclusion", "Adults of both sexes except pregnant women", "pregnancy", "excluded"),
        ("Inclusion", "Neither pregnant nor breastfeeding", "pregnancy", "excluded"),
        ("Inclusion", "Neither pregnant nor breastfeeding", "breastfeeding", "excluded"),
        ("Exclusion", "Wish to become pregnant within a year", "pregnancy", None),
        ("Exclusion", "Women who are or plan to become pregnant", "pregnancy", "excluded"),
        ("Exclusion", "Pregnancy or plans for one", "pregnancy", "excluded"),
        ("Exclusion", "Household contact with a pregnant woman", "pregnancy", None),
        ("Exclusion", "Everyone except pregnant women", "pregnancy", None),
        ("Exclusion", "Non-viable pregnancy", "pregnancy", None),
        ("Exclusion", "Men whose partner is pregnant or breastfeeding", "breastfeeding", None),
        # a mother who does not breastfeed
        ("Exclusion", "Mothers not breastfeeding", "breastfeeding", None),
        ("Exclusion", "Unable to breastfeed", "breastfeeding", None),
        ("Exclusion", "Contraindication to breastfeeding", "breastfeeding", None),
        ("Exclusion", "Must not be breastfeeding", "breastfeeding", "excluded"),
        # a condition for one sex
        ("Inclusion", "Women must be nonpregnant", "sex", None),
        ("Inclusion", "Participants must be women", "sex", "female"),
        ("Inclusion", "Men and women are eligible", "sex", "all"),
        # patients, and who is none
        ("Inclusion", "Otherwise healthy adults with a cough", "healthy_volunteers", None),
        ("Inclusion", "Patients and not healthy volunteers", "healthy_volunteers", None),
        # consent to something else
        ("Inclusion", "Has withdrawn consent for storage", "consent", None),
        ("Inclusion", "Consent to another trial was given", "consent", None),
        ("Inclusion", "Informed consent; may withdraw consent at any time", "consent", "personal"),
    ],
)
def test_what_is_denied_planned_or_of_somebody_else_is_no_fact(
    half: str, criterion: str, fact: str, value: str | None
) -> None:
    assert values(f"{half} criteria:\n- {criterion}", fact) == ([(value, True)] if value else [])


def test_the_words_of_a_fact_are_a_slice_of_the_text() -> None:
    text = "Inclusion Criteria:\n- Healthy male volunteers\n- Written informed consent\n- Age ≥ 18 years"
    rows = said(text)
    assert {row.fact for row in rows} == {"healthy_volunteers", "sex", "consent", "minimum_age"}
    assert all(row.text == text[row.start : row.end] for row in rows)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("Inclusion Criteria:\n- Age ≥ 18 and < 36 years", [("minimum_age", 18, True), ("maximum_age", 36, False)]),
        ("Exclusion Criteria:\n- Age under 18 years", [("minimum_age", 18, True)]),
        ("Exclusion Criteria:\n- Older than 80 years", [("maximum_age", 80, True)]),
        (
            "Inclusion Criteria:\n- Infants aged 6 to 18 months",
            [("minimum_age", 0.5, True), ("maximum_age", 1.5, True)],
        ),
        ("Inclusion Criteria:\n- Aged 30~9999 years old", [("minimum_age", 30, True)]),
    ],
)
def test_ages_are_in_years_and_those_of_exclusion_criteria_turned_round(
    text: str, limits: list[tuple[str, float, bool]]
) -> None:
    assert [(row.fact, row.years, row.inclusive) for row in said(text)] == limits


@pytest.mark.parametrize(
    ("criterion", "value", "for_all"),
    [
        ("Women older than 50 years", 50.0, False),
        ("Controls aged 50 to 60 years", 50.0, False),
        ("Age ≥ 50 years with proven gout", 50.0, True),
        ("Patients aged ≥ 50 years with gout must bring a friend", 50.0, False),
        ("Adults of both sexes, at least 50 years old when signing the consent form", 50.0, True),
    ],
)
def test_a_limit_of_some_participants_is_told_apart(criterion: str, value: float, for_all: bool) -> None:
    assert (value, for_all) in values(f"Inclusion Criteria:\n- {criterion}", "minimum_age")


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("Inclusion Criteria:\n- Male or female", "sex", "all"),
        ("Inclusion Criteria:\n- Women only", "sex", "female"),
        ("Inclusion Criteria:\n- Healthy adult volunteers", "healthy_volunteers", "accepted"),
        ("Exclusion Criteria:\n- Healthy volunteers", "healthy_volunteers", "not_accepted"),
        ("Inclusion Criteria:\n- Pregnant women carrying twins", "pregnancy", "required"),
        ("Inclusion Criteria:\n- A negative urine pregnancy test", "pregnancy", "excluded"),
        ("Exclusion Criteria:\n- Embarazo o lactancia, mujeres embarazadas a término", "pregnancy", "excluded"),
        ("Exclusion Criteria:\n- Nursing mothers", "breastfeeding", "excluded"),
        ("Inclusion Criteria:\n- Able to give informed consent", "consent", "personal"),
        ("Inclusion Criteria:\n- Consent of a parent or guardian", "consent", "by_representative"),
        ("Exclusion Criteria:\n- Refusal to consent", "consent", "personal"),
    ],
)
def test_what_the_criteria_say(text: str, fact: str, value: str) -> None:
    assert [said_value for said_value, _ in values(text, fact)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "Inclusion Criteria:\n- Women of childbearing potential use contraception",  # not: women only
        "Exclusion Criteria:\n- History of ectopic pregnancy",
        "Exclusion Criteria:\n- Lives in a nursing home",
        "Exclusion Criteria:\n- Consented to another study",
    ],
)
def test_what_the_criteria_do_not_say(text: str) -> None:
    assert said(text) == []


# --------------------------------------------------------------------------------------------------------- contradictions


def against(text: str, **fields: Any) -> tuple[str, ...]:
    return contradictions(facts(record(f"Inclusion Criteria:\n{text}", **fields)))


def test_a_contradiction_is_a_sentence_with_both_values() -> None:
    assert against("- Age 18 to 40 years", maximum_age_years=45.0, maximum_age_raw="45 Years") == (
        "The registry's field gives 45 Years as the maximum age, the criteria say “18 to 40 years”.",
    )


@pytest.mark.parametrize(
    ("criterion", "field"),
    [
        ("Age < 36 years", 35.0),
        ("Age < 36 years", 36.0),
        ("Age ≤ 35 years", 36.0),
        ("Age 5 to 18 years", 17.0),
        ("Women under 30 years", 60.0),  # of some
        ("Age under 40 years\n- Cyclists are aged under 60 years", 60.0),  # another limit agrees
    ],
)
def test_upper_limits_that_agree(criterion: str, field: float) -> None:
    assert against(f"- {criterion}", maximum_age_years=field, maximum_age_raw=f"{field} Years") == ()


@pytest.mark.parametrize(
    ("criterion", "field", "agrees"),
    [
        ("Age > 17 years", 18.0, True),
        ("Age > 18 years", 18.0, True),
        ("Age ≥ 18 years", 18.0, True),
        ("Age ≥ 18 years", 21.0, False),
        ("Age ≥ 21 years", 18.0, False),
        ("Infants older than 6 months", 0.5, True),
        ("Age 0 to 14 years", 1 / 365.25, True),
    ],
)
def test_lower_limits(criterion: str, field: float, agrees: bool) -> None:
    found = against(f"- {criterion}", minimum_age_years=field, minimum_age_raw=f"{field} Years")
    assert (found == ()) is agrees


def test_a_field_of_age_bands_is_contradicted_by_a_wider_limit_only() -> None:
    band = {
        "minimum_age_years": 18.0,
        "minimum_age_raw": "Adults (18-64 years)",
        "maximum_age_raw": "Adults (18-64 years)",
    }
    assert against("- Age 40 to 60 years", maximum_age_years=64.0, **band) == ()
    assert len(against("- Age 16 to 60 years", maximum_age_years=64.0, **band)) == 1


def test_sex_and_healthy_volunteers_can_contradict_too() -> None:
    assert len(against("- Male or female", sex="female")) == 1
    assert len(against("- Healthy volunteers", healthy_volunteers=False)) == 1
    assert against("- Male or female\n- Healthy controls", sex="all", healthy_volunteers=False) == ()


@given(st.text(), st.floats(0, 120), st.sampled_from(["all", "female", "male", None]))
def test_any_text_has_facts_that_are_slices_of_it(text: str, years: float, sex: Any) -> None:
    whole = record(f"Inclusion Criteria:\n{text}\nmale consent İ", minimum_age_years=years, sex=sex)
    for fact in facts(whole):
        if fact.origin == "text":
            assert fact.text == (whole.eligibility_raw or "")[fact.start : fact.end]


@pytest.mark.parametrize(
    "text",
    [
        "Spotting during pregnancy",
        "Spotting in the current pregnancy",
        "Jaundice of pregnancy",
        "Termination of the pregnancy planned",
        "Anything that contraindicates pregnancy",
        "Tablets that are contraindicated during pregnancy or breastfeeding",
        "Took part before in an earlier pregnancy",
        "Heterotopic pregnancy",
        "High-risk pregnancy",
    ],
)
def test_what_happens_in_a_pregnancy_excludes_no_pregnancy(text: str) -> None:
    assert facts(record_of([("exclusion", text)])) == ()


@pytest.mark.parametrize(
    "text", ["Women during pregnancy", "In pregnancy", "Evidence of pregnancy", "Women who are in pregnancy", "Period of pregnancy"]
)  # fmt: skip
def test_being_pregnant_is_said_in_many_ways(text: str) -> None:
    assert [(row.fact, row.value) for row in facts(record_of([("exclusion", text)]))] == [("pregnancy", "excluded")]


@pytest.mark.parametrize(
    "text",
    [
        "Women with a singleton pregnancy",
        "Pregnancy between 10 and 14 weeks",
        "Twin pregnancy",
        "10 to 14 weeks pregnant",
        "Patients who are pregnant",
        "Women in early pregnancy (5 to 7 weeks)",
        "Mothers in their third trimester",
        "Positive serum β-hCG two weeks after the transfer",
    ],
)
def test_a_pregnancy_that_is_required(text: str) -> None:
    assert ("pregnancy", "required") in [(row.fact, row.value) for row in facts(record_of([("inclusion", text)]))]


def test_pregnant_women_with_something_are_not_all_pregnant_women() -> None:
    [row] = facts(record_of([("exclusion", "Pregnant women at risk of eclampsia")]))
    assert (row.value, row.for_all) == ("excluded", False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Adults under guardianship or unable to consent", ["personal"]),
        ("Under a measure of legal protection or unable to consent", ["personal"]),
        ("Guardian refuses consent", ["by_representative"]),
        ("Persons in psychiatric care without their consent", []),
    ],
)
def test_whose_consent_an_exclusion_speaks_of(text: str, value: list[str]) -> None:
    assert [row.value for row in facts(record_of([("exclusion", text)]))] == value


def test_the_ages_of_both_partners_are_those_of_some() -> None:
    rows = facts(record_of([("inclusion", "female age ≤ 37 years and male age ≤ 52 years")]))
    assert [(row.years, row.for_all) for row in rows if row.fact == "maximum_age"] == [(37.0, False), (52.0, False)]


@pytest.mark.parametrize("text", ["Of either sex, 20 years or older", "All genders", "Any gender, race or ethnicity"])
def test_that_sex_does_not_matter_is_said_in_many_ways(text: str) -> None:
    assert ("sex", "all") in [(row.fact, row.value) for row in facts(record_of([("inclusion", text)]))]
