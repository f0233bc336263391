"""Numbers of participants."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.enrollment import Size, counts, parse_size


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
        ("Total: 50", 50),
    ],
)
def test_reads_one_number(text: str, total: int) -> None:
    assert parse_size(text) == Size(total)


def test_a_range_gives_the_number_planned_for_and_keeps_both_ends() -> None:
    for text in ("10-20", "10 to 20 patients", "about 10 – 20"):
        assert parse_size(text) == Size(20, lower=10)
    (row,) = counts(parse_size("1,000-1,200"), "planned", "target")
    assert (row.scope, row.count_lower, row.count, row.is_sum) == ("total", 1000, 1200, False)
    assert not parse_size("20-10").understood


@pytest.mark.parametrize(
    ("text", "total", "each"),
    [
        ("120 (60 per arm)", 120, 60),
        ("400, 200 in each arm", 400, 200),
        ("90 (30 patients per group)", 90, 30),
        ("1,200 (400 for each treatment group)", 1200, 400),
        ("120 (60 per month)", 120, None),
    ],
)
def test_a_number_for_each_arm_stands_beside_the_total(text: str, total: int, each: int | None) -> None:
    assert parse_size(text) == Size(total, each=each)
    rows = [(row.scope, row.scope_value, row.count) for row in counts(parse_size(text), "planned", "target")]
    assert rows == [("total", None, total), *([("arm", "each arm", each)] if each else [])]


@pytest.mark.parametrize(
    ("text", "total", "code", "count"),
    [
        ("Planned Sample Size: 100; UK Sample Size: 50", 100, "GB", 50),
        ('Total Sample Size="1200" Sample Size from India="800"', 1200, "IN", 800),
        ("Planned Sample Size: 1,000; South Africa Sample Size: 250", 1000, "ZA", 250),
    ],
)
def test_a_countrys_number_stands_beside_the_total(text: str, total: int, code: str, count: int) -> None:
    rows = list(counts(parse_size(text), "planned", "target"))
    assert [(row.scope, row.scope_value, row.count) for row in rows] == [
        ("total", None, total),
        ("country", code, count),
    ]
    assert not any(row.is_sum for row in rows)


def test_groups_behind_a_total_are_its_parts() -> None:
    assert parse_size("Total:90;A:45;B:45;") == Size(90, (("A", 45), ("B", 45)))


def test_a_sum_says_that_it_is_one() -> None:
    total, *arms = counts(parse_size("Case group:50;Control group:60;"), "planned", "target")
    assert total.is_sum and total.count == 110 and not any(arm.is_sum for arm in arms)


def test_groups_are_added_up() -> None:
    assert parse_size("Case group:50;Control group:60;") == Size(
        110, (("Case group", 50), ("Control group", 60)), is_sum=True
    )
    assert parse_size("Case series：40；") == Size(40, (("Case series", 40),), is_sum=True)


def test_a_total_among_groups_is_no_group() -> None:
    assert parse_size("Riders: 40, Walkers: 30; total: 70") == Size(70, (("Riders", 40), ("Walkers", 30)))
    (total, part) = counts(parse_size("UK: 90; Global: 310"), "planned", "target")
    assert (total.scope, total.count, total.is_sum) == ("total", 310, False)
    assert (part.scope, part.scope_value, part.count) == ("country", "GB", 90)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 patients and 20 controls", Size(50, (("patients", 30), ("controls", 20)), is_sum=True)),
        ("40 mothers + 40 newborns", Size(80, (("mothers", 40), ("newborns", 40)), is_sum=True)),
        ("2 x 35", Size(70, is_sum=True, each=35)),
        ("65人", Size(65)),
    ],
)
def test_groups_in_words_are_added_up(text: str, expected: Size) -> None:
    assert parse_size(text) == expected


def test_labels_may_hold_colons_semicolons_and_figures() -> None:
    size = parse_size("Severe; ventilated:8;Group 2 (1:1):9;")
    assert size == Size(17, (("Severe; ventilated", 8), ("Group 2 (1:1)", 9)), is_sum=True)


def test_groups_of_which_the_last_is_cut_off_are_reported() -> None:
    assert parse_size("Arm A:20;Arm B:30;Arm C with a na") == Size(
        50, (("Arm A", 20), ("Arm B", 30)), understood=False, is_sum=True
    )


@pytest.mark.parametrize("text", [None, "", " ", "N/A", "Not applicable"])
def test_nothing_said_is_understood(text: str | None) -> None:
    assert parse_size(text) == Size(None)


@pytest.mark.parametrize(
    "text",
    ["99999999", "9999999", "2147483647", "-1", "Inclusion at 2 months", "All patients", "50%", "1.5", "30 couples", "30 eyes of 20 patients", "50/50", "1e3",
     "9" * 5000, "A:99999999;B:2"],
)  # fmt: skip
def test_sentinels_and_prose_are_not_understood(text: str) -> None:
    assert parse_size(text) == Size(None, understood=False)


@pytest.mark.parametrize(
    "text",
    [
        "Arm one: 24 Arm two: 36",  # nothing parts the groups
        "Arm one:24/Arm two:36",
        "Stage A: 24 Stage B: 36; Stage C: 12",
        "2:1",
        "1:1:1",
        "72 patients allocated 2:1",
        "Planned: 90; Recruited: 71",  # the same people twice
        "Minimum: 40; Maximum: 60",
        "Gold Standard:88;Index test:88;",
        "Riders: 10; total: 60; all: 70",
        "20210314",  # a day
        "99999",
        "60 + 60 = 150",
        "80 samples",
    ],
)
def test_a_number_that_counts_no_group_is_none(text: str) -> None:
    assert parse_size(text) == Size(None, understood=False)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("Swimmers: 30; Runners: 30; Total number of participants: 60", 60),
        ("All countries: 400; Norway: 50", 400),
        ("150 (of whom in Norway: 50)", 150),
        ("72 (with 20% dropout)", 72),
        ("72.0", 72),
        ("We plan to recruit 72 patients", 72),
        ("72 evaluable patients", 72),
        ("Number of patients: 72", 72),
        ("N: 72", 72),
        ("Low dose: n=12; High dose: 13 patients", 25),
        ("12 + 12 + 24 = 48", 48),
        ("three groups of 24", 72),
    ],
)
def test_the_total_is_told_from_what_stands_beside_it(text: str, total: int) -> None:
    size = parse_size(text)
    assert (size.total, size.understood) == (total, True)


def test_between_two_numbers_is_a_range() -> None:
    assert parse_size("between 40 and 60") == parse_size("from 40 to 60 patients") == Size(60, lower=40)
    assert parse_size("40 ~ 60") == Size(60, lower=40)


def test_a_word_for_the_number_is_no_group() -> None:
    (row,) = counts(parse_size("Number: 72"), "planned", "target")
    assert (row.scope, row.count, row.is_sum) == ("total", 72, False)


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("60 per arm", 60),
        ("45 patients per group", 45),
        ("n=30 in each group", 30),
        ("24/arm", 24),
        ("Each group: 30", 30),
        ("number per arm:30;", 30),
    ],
)
def test_the_number_of_every_arm_is_not_that_of_the_trial(text: str, each: int) -> None:
    assert parse_size(text) == Size(None, understood=False, each=each)
    rows = [(row.scope, row.scope_value, row.count) for row in counts(parse_size(text), "planned", "target")]
    assert rows == [("arm", "each arm", each)]


@pytest.mark.parametrize(
    ("text", "total", "each"),
    [
        ("2 groups, 30 each", 60, 30),
        ("Two arms with 45 patients each", 90, 45),
        ("three groups of 20", 60, 20),
        ("30 patients in each of two groups", 60, 30),
        ("40 x 3", 120, 40),
        ("3 x 40 = 120", 120, 40),
    ],
)
def test_groups_of_one_size_are_multiplied(text: str, total: int, each: int) -> None:
    assert parse_size(text) == Size(total, is_sum=True, each=each)
    assert parse_size("3 x 40 = 130").total is None


@pytest.mark.parametrize(
    "text",
    ["60 couples", "30 dyads", "40 eyes", "Couples: 60", "Number of eyes: 40", "Clusters: 20", "Embryos:100;", "Families: 20; Samples: 80"],
)  # fmt: skip
def test_what_counts_no_participants_gives_no_number_of_them(text: str) -> None:
    assert parse_size(text) == Size(None, understood=False)


@pytest.mark.parametrize(
    ("text", "total"),
    [("Clusters: 20; Participants: 400", 400), ("Eyes: 40; Patients: 20", 20), ("Patients: 100; Samples: 300", 100)],
)
def test_participants_are_told_from_what_else_is_counted(text: str, total: int) -> None:
    assert parse_size(text).total == total
    assert parse_size("Eye drops:40;Eye ointment:40;").total == 80  # groups


def test_people_may_be_described() -> None:
    assert parse_size("80 patients with severe asthma") == Size(80)
    assert parse_size("90 women undergoing IVF") == Size(90)
    for text in ("60 patients with placebo in the control arm", "60 samples with growth", "60 patients treated"):
        assert parse_size(text).total is None


def test_a_target_and_the_one_before_it_are_not_added() -> None:
    assert parse_size("Current target as of 01/02/2022: 80; Previous target: 60").total is None
    assert parse_size("Previous smokers: 30; Current smokers: 30").total == 60


def test_those_expected_to_drop_out_are_no_group() -> None:
    assert parse_size("Group A: 30; Group B: 30; Dropout: 6").total is None


def test_countries_are_no_arms() -> None:
    rows = [
        (row.scope, row.scope_value, row.count, row.is_sum)
        for row in counts(parse_size("Norway: 50; Chile: 30"), "planned", "t")
    ]
    assert rows == [("total", None, 80, True), ("country", "NO", 50, False), ("country", "CL", 30, False)]


def test_the_number_of_one_country_is_not_that_of_the_trial() -> None:
    for text in ("UK Sample Size: 50", "United Kingdom: 50", 'Sample Size from India="50"'):
        size = parse_size(text)
        assert (size.total, size.understood) == (None, False)
        assert [(row.scope, row.count) for row in counts(size, "planned", "t")] == [("country", 50)]


def test_initials_of_a_group_are_no_country() -> None:
    # The codes of Egypt and the Congo
    size = parse_size("EG:30;CG:32;")
    assert size == Size(62, (("EG", 30), ("CG", 32)), is_sum=True)
    assert [row.scope for row in counts(size, "planned", "t")] == ["total", "arm", "arm"]


@given(st.text() | st.from_regex(r"([A-Za-z ]{0,5}:\d{1,4};){0,4}[a-z]{0,3}", fullmatch=True))
def test_a_sum_is_the_sum_of_its_parts(text: str) -> None:
    size = parse_size(text)
    assert size.total is None or size.total >= 0
    if size.is_sum:
        assert size.total == sum(count for _, count in (*size.parts, *size.places))


def test_a_long_hostile_text_costs_nothing() -> None:
    started = time.perf_counter()
    for text in (" " * 2_000_000 + ":", "a:" * 900_000, "1" * 2_000_000, "(" * 1_900):
        parse_size(text)
    assert time.perf_counter() - started < 1
