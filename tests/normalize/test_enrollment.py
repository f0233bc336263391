"""Numbers of participants."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.enrollment import parse_size


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("120", 120),
        ("0", 0),
        ("1,200", 1200),
        ("1 000", 1000),
        ("approx. 1 000", 1000),
        ("n=120", 120),
        ("At least 200 participants", 200),
        ("120 (60 per arm)", 120),
        ("400, 200 in each arm", 400),
        ("Planned Sample Size: 100; UK Sample Size: 50", 100),
        ("Total: 50", 50),
        ("Total:90;A:45;B:45;", 90),
    ],
)
def test_reads_one_number(text: str, total: int) -> None:
    assert parse_size(text) == (total, (), True, False)


def test_a_range_gives_the_number_planned_for() -> None:
    assert parse_size("10-20").total == parse_size("10 to 20 patients").total == 20


def test_groups_are_added_up() -> None:
    assert parse_size("Case group:50;Control group:60;") == (
        110,
        (("Case group", 50), ("Control group", 60)),
        True,
        True,
    )
    assert parse_size("Case series：40；") == (40, (("Case series", 40),), True, True)


def test_labels_may_hold_colons_semicolons_and_figures() -> None:
    size = parse_size("Severe; ventilated:8;Group 2 (1:1):9;")
    assert size == (17, (("Severe; ventilated", 8), ("Group 2 (1:1)", 9)), True, True)


def test_groups_of_which_the_last_is_cut_off_are_reported() -> None:
    assert parse_size("Arm A:20;Arm B:30;Arm C with a na") == (50, (("Arm A", 20), ("Arm B", 30)), False, True)


@pytest.mark.parametrize("text", [None, "", " ", "N/A", "Not applicable"])
def test_nothing_said_is_understood(text: str | None) -> None:
    assert parse_size(text) == (None, (), True, False)


@pytest.mark.parametrize(
    "text",
    ["99999999", "9999999", "2147483647", "-1", "Inclusion at 2 months", "All patients", "50%", "1.5", "30 patients and 30 controls", "50/50", "1e3",
     "9" * 5000, "A:99999999;B:2"],
)  # fmt: skip
def test_sentinels_and_prose_are_not_understood(text: str) -> None:
    assert parse_size(text) == (None, (), False, False)


@given(st.text() | st.from_regex(r"([A-Za-z ]{0,5}:\d{1,4};){0,4}[a-z]{0,3}", fullmatch=True))
def test_a_sum_is_the_sum_of_its_parts(text: str) -> None:
    size = parse_size(text)
    assert size.total is None or size.total >= 0
    if size.is_sum:
        assert size.total == sum(count for _, count in size.parts)


def test_a_long_hostile_text_costs_nothing() -> None:
    started = time.perf_counter()
    for text in (" " * 2_000_000 + ":", "a:" * 900_000, "1" * 2_000_000, "(" * 1_900):
        parse_size(text)
    assert time.perf_counter() - started < 1
