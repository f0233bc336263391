"""Age limits in years."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.ages import is_band, parse_age


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("18 Years", 18),
        ("18", 18),
        ("18Y", 18),
        ("18 years old", 18),
        ("20years-old", 20),
        (">= 20age old", 20),
        ("<= 82age old", 82),
        ("18(Year)", 18),
        ("19 Year(s)", 19),
        ("18 years.", 18),
        ("99 years and older", 99),
        ("65+", 65),
        ("≥ 18 Years", 18),
        ("18 Years (Adult)", 18),
        ("0", 0),
        ("0.1", 0.1),
        ("0,5", 0.5),
        ("18 Months", 1.5),
        ("6 Month(s)", 0.5),
        ("1 year 6 months", 1.5),
        ("37 Weeks", 37 * 7 / 365.25),
        ("28 Days", 28 / 365.25),
        ("6 mois", 0.5),
        ("18 jaar", 18),
        ("1 Hour", 1 / 24 / 365.25),
        ("15 Minutes", 15 / 1440 / 365.25),
    ],
)
def test_reads_units_in_words_and_letters(text: str, years: float) -> None:
    age = parse_age(text)
    assert age.understood
    assert age.years == pytest.approx(years)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "N/A",
        "No limit",
        "no maximum age",
        "None",
        "ND",
        "-",
        "/",
        "Years",
        "-2147483648 No limit",
        "0 N/A (No limit)",
        "No Limit(Year)",
        "No limit (Month)",
        "Any age",
        "No age restriction",
    ],
)
def test_no_limit_and_nothing_said_are_understood(text: str | None) -> None:
    assert parse_age(text) == (None, True)


@pytest.mark.parametrize(
    "text",
    ["??", "18-65", "18 to 65 Years", "adult", "37 weeks gestation", "-5", "2147483647", "999 Years", "18 parsecs"],
)
def test_what_is_no_one_age_is_not_understood(text: str) -> None:
    assert parse_age(text) == (None, False)


def test_a_number_whose_unit_was_lost_is_kept_but_reported() -> None:
    assert parse_age("2??") == (2.0, False)


@given(st.text())
def test_any_text_gives_an_age_of_a_human_being(text: str) -> None:
    years, understood = parse_age(text)
    assert years is None or 0 <= years <= 150
    assert isinstance(understood, bool)


@given(st.integers(0, 150))
def test_years_and_months_agree(years: int) -> None:
    assert parse_age(f"{years} Years").years == pytest.approx(parse_age(f"{years * 12} Months").years)


@pytest.mark.parametrize(
    "raw",
    [
        "Adults (18-64 years)",
        "Adolescents (12-17 years), Adults (18-64 years)",
        "Infants and toddlers (28 days-23 months)",
        "Children (2-11years)",
        "Elderly (>=65 years)",
        "18-64 years, 65+ years",
    ],
)
def test_what_registers_tick_are_bands(raw: str) -> None:
    assert is_band(raw)


@pytest.mark.parametrize("raw", [None, "18 Years", ">= 20age old", "20years-old", "N/A (No limit)", "65+", "-"])
def test_limits_are_no_bands(raw: str | None) -> None:
    assert not is_band(raw)
