"""For whom or when the criteria under a heading hold: which headings say so, and which criteria they rule."""

from __future__ import annotations

import pytest

from normalize.eligibility import parse
from normalize.eligibility_facts import facts
from normalize.heading_scope import scope
from tests.normalize.entry import record_of


def headings(text: str) -> list[tuple[str | None, str]]:
    return [(one.heading, one.text) for one in parse([("unspecified", text)]).criteria]


@pytest.mark.parametrize(
    "heading",
    [
        "Inclusion Criteria for Riders",
        "Exclusion criteria (women)",
        "Donor Inclusion Criteria",
        "Inclusion Criteria - Arm 3 only",
        "Intraoperative Exclusion Criteria",
        "Exclusion criteria at the second visit",
        "Grandmothers who meet the following criteria are eligible",
        "Exclusion criteria for all cohorts with asthma",
        "Critères d'inclusion pour les témoins",
        "Criterios de exclusión de las donantes",
        "Inclusion Criteria for Cases",
        "Group 2",
    ],
)
def test_a_heading_that_names_some_is_kept_as_it_is_written(heading: str) -> None:
    assert scope(f"{heading}:") == (heading, False)


@pytest.mark.parametrize(
    "heading",
    [
        "Key Inclusion Criteria:",
        "Other exclusion criteria",
        "Inclusion Criteria (each of the following):",
        "Subjects will be excluded if any of the following apply:",
        "Patients are not eligible in any of the following cases:",
        "People must meet each of the following conditions to be eligible for randomization:",
        "Otros criterios de exclusión",
        "Άλλα κριτήρια ένταξης",
        "Trial Subjects",
    ],
)
def test_a_heading_that_says_nothing_more_is_of_no_account(heading: str) -> None:
    assert scope(heading) == (None, False)


@pytest.mark.parametrize(
    "heading",
    [
        "Exclusion Criteria for all groups:",
        "Inclusion criteria, both arms",
        "Common Inclusion Criteria for All Participants",
    ],
)
def test_a_heading_can_say_that_it_is_for_all(heading: str) -> None:
    assert scope(heading) == (None, True)


def test_criteria_keep_the_heading_above_them_until_the_next() -> None:
    text = "Inclusion Criteria for Riders:\n- owns a bicycle\n- adult\nInclusion Criteria for Walkers:\n- owns shoes\nExclusion Criteria:\n- swims"
    assert headings(text) == [
        ("Inclusion Criteria for Riders", "owns a bicycle"),
        ("Inclusion Criteria for Riders", "adult"),
        ("Inclusion Criteria for Walkers", "owns shoes"),
        (None, "swims"),
    ]


def test_a_title_and_what_follows_it_on_its_line() -> None:
    assert headings("Exclusion criteria for riders: asthma, gout") == [
        ("Exclusion criteria for riders", "asthma, gout")
    ]


def test_a_line_before_both_halves_names_the_group_of_both() -> None:
    text = """Cohort 1
Inclusion Criteria:
- rides
Exclusion Criteria:
- walks

Cohort 2:
Inclusion Criteria:
- swims
Exclusion Criteria:
- rows
Exclusion Criteria for both cohorts:
- flies"""
    assert headings(text) == [
        ("Cohort 1", "rides"), ("Cohort 1", "walks"), ("Cohort 2", "swims"), ("Cohort 2", "rows"), (None, "flies"),
    ]  # fmt: skip
    found = parse([("unspecified", text)])
    assert found.inclusion == "Cohort 1\nInclusion Criteria:\n- rides\n\nCohort 2:\nInclusion Criteria:\n- swims"
    assert found.exclusion == "- walks\n\n- rows\n\nExclusion Criteria for both cohorts:\n- flies"


def test_what_excludes_once_for_all_groups_excludes_from_all() -> None:
    text = "Group A\nInclusion Criteria:\n- rides\nGroup B\nInclusion Criteria:\n- walks\nExclusion Criteria:\n- swims"
    assert headings(text) == [("Group A", "rides"), ("Group B", "walks"), (None, "swims")]


def test_a_heading_in_a_list_rules_what_is_indented_below_it() -> None:
    text = "Inclusion Criteria:\n* adult\n* Controls are excluded if:\n  * they ride\n* walks"
    assert headings(text) == [(None, "adult"), ("Controls are excluded if", "they ride"), (None, "walks")]


def test_criteria_under_different_headings_are_not_nested_in_each_other() -> None:
    text = "Inclusion Criteria for Riders:\n1. any of:\n2. adult\nInclusion Criteria for Walkers:\n* shoes"
    assert [one.parent_ordinal for one in parse([("unspecified", text)]).criteria][-1] is None


@pytest.mark.parametrize(
    "label", ["Controls", "Cohort 2", "Healthy volunteers", "Male partner", "Neonates", "Pregnant women"]
)
def test_a_group_named_within_a_half_holds_what_is_listed_below_it(label: str) -> None:
    found = parse(
        [("unspecified", f"Inclusion Criteria:\n* adult\n{label}\n* rides\n* walks\nExclusion Criteria:\n* swims")]
    )
    assert [(one.text, one.depth, one.parent_ordinal) for one in found.criteria] == [
        ("adult", 0, None), (label, 0, None), ("rides", 1, 2), ("walks", 1, 2), ("swims", 0, None),
    ]  # fmt: skip


def test_what_is_said_of_some_contradicts_no_field() -> None:
    text = "Inclusion Criteria{}:\n- Age 18 to 60 years\nExclusion Criteria:\n- asthma"
    of_all, of_some = (
        facts(record_of([("unspecified", text.format(title))], maximum_age_years=45.0, maximum_age_raw="45 Years"))
        for title in ("", " for Controls")
    )
    assert [fact.for_all for fact in of_all if fact.origin == "text"] == [True, True]
    assert [fact.for_all for fact in of_some if fact.origin == "text"] == [False, False]
    assert [bool(fact.contradiction) for fact in of_all if fact.fact == "maximum_age" and fact.origin == "text"] == [
        True
    ]
    assert not any(fact.contradiction for fact in of_some)


def test_pregnant_women_above_other_exclusions_are_one_of_them() -> None:
    found = parse([("exclusion", "Pregnant women\n- Smokers\n- Divers")])
    assert [(one.text, one.depth) for one in found.criteria] == [("Pregnant women", 0), ("Smokers", 0), ("Divers", 0)]
