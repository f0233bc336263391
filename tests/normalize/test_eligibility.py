"""Eligibility texts: where a criterion begins and ends, how deep it is, the readable halves; nothing is lost. Headings: `test_sections`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize import numbers
from normalize.closed_lists import CriterionKind
from normalize.eligibility import Eligibility, parse
from normalize.text import searchable


def read(text: str, kind: CriterionKind = "unspecified") -> Eligibility:
    return parse([(kind, text)])


def outline(text: str) -> list[tuple[int, int | None, str]]:
    return [(criterion.depth, criterion.parent_ordinal, criterion.text) for criterion in read(text).criteria]


def test_nothing_gives_nothing() -> None:
    assert parse([]) == parse([("inclusion", " \n"), ("exclusion", "")]) == Eligibility()


# ---------------------------------------------------------------------------------------------------- readable halves


def test_the_halves_keep_the_structure_of_their_lists() -> None:
    found = read("Inclusion Criteria:\n\n* adult:\n\n  * can walk\n\nExclusion Criteria:\n\n1. blind\n2. deaf\n")
    assert found.inclusion == "* adult:\n\n  * can walk"
    assert found.exclusion == "1. blind\n2. deaf"


def test_a_heading_that_says_more_than_its_half_stays_readable() -> None:
    found = read(
        "Inclusion Criteria for riders:\n- ill\nExclusion criteria\n- x\nInclusion Criteria for walkers:\n- well"
    )
    assert found.inclusion == "Inclusion Criteria for riders:\n- ill\n\nInclusion Criteria for walkers:\n- well"


# ------------------------------------------------------------------------------------------------------------ criteria


@pytest.mark.parametrize(
    "bullets",
    [
        "1. 2. 3.", "1) 2) 3)", "(1) (2) (3)", "a) b) c)", "a. b. c.", "i. ii. iii.", "A. B. C.", "1.1. 1.2. 1.3.", "- - -", "– – –",
        "* * *", "• • •", "· · ·", "▪ ▪ ▪", "➢ ➢ ➢", "o\t o\t o\t", "1- 2- 3-", "1、 2、 3、", "[1] [2] [3]", "-\xa0 -\xa0 -\xa0", "\uf0b7 \uf0b7 \uf0b7",
    ],
)  # fmt: skip
def test_bullets_of_every_style_are_left_out(bullets: str) -> None:
    first, second, third = bullets.split(" ")
    assert outline(f"{first} Adult\n{second} Blind\n{third} Calm") == [
        (0, None, "Adult"), (0, None, "Blind"), (0, None, "Calm"),
    ]  # fmt: skip


def test_what_only_looks_like_a_bullet_stays() -> None:
    assert [text for _, _, text in outline("E. coli in urine\n5-FU before\n1.5 x ULN or less\n-5 degrees\no2 demand")] == [
        "E. coli in urine", "5-FU before", "1.5 x ULN or less", "-5 degrees", "o2 demand",
    ]  # fmt: skip


def test_two_bullets_on_one_item_are_both_left_out() -> None:
    assert [text for _, _, text in outline("  -  1. Adult\n  -  2. Blind")] == ["Adult", "Blind"]


def test_depth_follows_indentation() -> None:
    assert outline("* Severe asthma:\n\n  * steroids\n    * by mouth\n  * oxygen\n* Adult") == [
        (0, None, "Severe asthma:"), (1, 1, "steroids"), (2, 2, "by mouth"), (1, 1, "oxygen"), (0, None, "Adult"),
    ]  # fmt: skip


def test_depth_follows_the_style_where_all_begin_at_the_margin() -> None:
    text = "1. Bicycle with one of:\n- bell\n- horn\n2. Friend who:\no\t Lives near\no\t Drives\n3. Adult"
    assert outline(text) == [
        (0, None, "Bicycle with one of:"), (1, 1, "bell"), (1, 1, "horn"),
        (0, None, "Friend who:"), (1, 4, "Lives near"), (1, 4, "Drives"), (0, None, "Adult"),
    ]  # fmt: skip


def test_a_line_that_ends_in_a_colon_leads_the_lines_below_it() -> None:
    assert outline("Disease related:\n1. Stable\n2. Mild\nOther:\n3. Adult") == [
        (0, None, "Disease related:"), (1, 1, "Stable"), (1, 1, "Mild"), (0, None, "Other:"), (1, 4, "Adult"),
    ]  # fmt: skip


def test_two_halves_have_no_common_parent() -> None:
    found = read("Inclusion Criteria:\n1. any of:\n   a. one\nExclusion Criteria:\n   a. two").criteria
    assert [(one.kind, one.depth, one.parent_ordinal) for one in found] == [
        ("inclusion", 0, None), ("inclusion", 1, 1), ("exclusion", 0, None),
    ]  # fmt: skip


def test_letters_and_roman_numerals_are_told_apart_by_their_neighbours() -> None:
    text = "g. seventh\nh. eighth\ni. ninth\nj. tenth"
    assert {depth for depth, _, _ in outline(text)} == {0}
    text = "1. one of:\ni. first\nii. second\n2. two"
    assert [depth for depth, _, _ in outline(text)] == [0, 1, 1, 0]


def test_a_line_that_goes_on_belongs_to_its_criterion() -> None:
    assert [text for _, _, text in outline("* Asthma that is\n  treated daily\n* Adult")] == [
        "Asthma that is\n  treated daily", "Adult",
    ]  # fmt: skip
    assert [text for _, _, text in outline("1. Asthma, not\ntreated\n2. Adult")] == ["Asthma, not\ntreated", "Adult"]


def test_a_text_broken_at_a_width_is_put_together() -> None:
    text = """          -  Confirmed infection with the virus in a respiratory specimen, tested no more than two

             weeks before; a second test is not needed

          -  Pneumonia, seen in a scan of the chest that was made after the first visit to the clinic in

             Wuhan or elsewhere, and no other explanation for the pneumonia that is found in the scan"""
    assert [text[:12] for _, _, text in outline(text)] == ["Confirmed in", "Pneumonia, s"]


def test_lines_without_bullets_are_criteria_of_their_own() -> None:
    assert [text for _, _, text in outline("age over 18\nsigned consent\nMale")] == [
        "age over 18",
        "signed consent",
        "Male",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "1. Adults; 2. Walkers; 3. Talkers.",
        "(1) Adults; (2) Walkers; (3) Talkers.",
        "1) Adults 2) Walkers 3) Talkers.",
        "a) Adults, b) Walkers, and c) Talkers.",
        "• Adults • Walkers • Talkers.",
    ],
)
def test_items_run_together_on_a_line_are_told_apart(line: str) -> None:
    texts = [text.rstrip(",; .").removesuffix(", and") for _, _, text in outline(line)]
    assert texts == ["Adults", "Walkers", "Talkers"]


@pytest.mark.parametrize("lead", ["Severe, any of:", "Severe, any of the following"])
def test_items_after_what_leads_them_on_the_same_line_are_nested(lead: str) -> None:
    assert outline(f"- {lead} (1) shock; (2) coma\n- Adult") == [
        (0, None, lead), (1, 1, "shock;"), (1, 1, "coma"), (0, None, "Adult"),
    ]  # fmt: skip


def test_a_letter_after_years_begins_an_item() -> None:
    assert [text for _, _, text in outline("a) Over 18 years b) Walkers c) Talkers")] == ["Over 18 years", "Walkers", "Talkers"]  # fmt: skip
    assert len(outline("1. Steroids for 3 months 2. Surgery\n3. Adult")) == 2


def test_a_number_in_a_sentence_begins_no_item() -> None:
    assert [text for _, _, text in outline("1. Cancer of stage 2. Surgery was done\n2. Adult")] == [
        "Cancer of stage 2. Surgery was done", "Adult",
    ]  # fmt: skip
    assert [text for _, _, text in outline("1. ECOG 0, 1 or 2.5 points")] == ["ECOG 0, 1 or 2.5 points"]


# ------------------------------------------------------------------------------------------------------------ any text

_FRAGMENTS = st.sampled_from(
    ["1.", "2)", "(3)", "a)", "- ", "* ", "• ", "o\t", "\n", "\n\n", "\n    ", ":", ";", "(", ")", "((", "Inclusion Criteria:", "exclusion criteria",
     "Exclusion Criteria: ", "Patients are excluded if they:", "≥", "< ", "at least ", "18 years", "or older", "between ", " and ", "1,000", "1.5 x ULN",
     "ECOG 0-1", "NYHA II", "İ", "\x00", "\ud800", "κριτήρια αποκλεισμού", "排除标准：", "–", "140/90", "9" * 30, "two or more", "F.1.2 Adults", "E. coli", "\t", "\u2028"]
)  # fmt: skip
_TEXTS = st.one_of(st.lists(_FRAGMENTS, max_size=40).map("".join), st.text(max_size=200))
#: What may lie outside every criterion: bullets, enumerators, punctuation, headings (tested by what they look like).
_OUTSIDE = re.compile(r"(?i)[\W_①-⓿❶-➓üØ]*(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]|[ivx]{1,5}|o)\W{0,3}[\W_]*){0,3}")
_HEADING_LIKE = re.compile(r"(?i)clusion|exclu|includ|eligib|αποκλεισμού|排除|criteri")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["inclusion", "exclusion", "unspecified"]), _TEXTS), max_size=3))
def test_any_text_is_read_without_loss(parts: list[tuple[CriterionKind, str]]) -> None:
    found = parse(parts)
    assert found.raw == ("\n\n".join(text for _, text in parts if text.strip()) or None)
    raw = found.raw or ""
    for one in found.criteria:
        assert one.text == raw[one.start : one.end] == one.text.strip() != ""
        parent = found.criteria[one.parent_ordinal - 1] if one.parent_ordinal else None
        assert one.depth == (parent.depth + 1 if parent else 0)
        assert parent is None or parent.kind == one.kind
    for before, after in pairwise(found.criteria):
        assert before.end <= after.start
    for measure in found.measures:
        assert measure.text == raw[measure.start : measure.end] == measure.text.strip() != ""
        holder = found.criteria[measure.criterion_ordinal - 1]
        assert holder.start <= measure.start <= measure.end <= holder.end
    bounds = [0, *(at for one in found.criteria for at in (one.start, one.end)), len(raw)]
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        for line in raw[start:end].split("\n"):
            assert _OUTSIDE.fullmatch(line.strip()) or _HEADING_LIKE.search(line), f"lost: {line!r}"


@given(_TEXTS)
@settings(max_examples=50, deadline=None)
def test_the_same_text_gives_the_same_criteria(text: str) -> None:
    assert read(text) == read(text)


@pytest.mark.parametrize(
    "unit",
    ["1", "1. a ", "(1)", "- a\n", "• ", "((((", "≥ 1 ", "1 - 2 ", "\n", "a:\n", "Inclusion criteria: ", "1,111,", "é criteria ", "x the upper limit of ", "stage 2. ",
     "and ", "  \n", "NYHA II or ", "İ", "criteri\xe9 de "],
)  # fmt: skip
def test_repeated_pieces_take_time_in_proportion(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * (length // len(unit) + 1))[:length]
        begun = time.process_time()
        read(text)
        return time.process_time() - begun

    assert min(seconds(10_000) for _ in range(2)) < 0.25  # five times what the slowest takes


# ------------------------------------------------------------------------------------------------------- recorded texts


def _recorded(shared: Path) -> Iterator[str]:
    def texts(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(text := node.get("eligibilityCriteria"), str):
                yield re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
            for value in node.values():
                yield from texts(value)
        elif isinstance(node, list):
            for value in node:
                yield from texts(value)

    for file in sorted((shared / "recorded" / "ctgov" / "pages").glob("array-*.json")):
        yield from texts(json.loads(file.read_bytes()))


@given(
    st.lists(
        st.sampled_from(["at least", "more than", "two", "Three", "ten", "or more", "or older", "lesions", ",", "\n"]),
        max_size=8,
    )
)
def test_no_number_in_words_escapes_the_quick_look(words: list[str]) -> None:
    text = " ".join(words)
    if numbers.in_words(text):
        assert numbers.hints_of_words(searchable(text))


def test_recorded_texts_have_both_halves_and_lose_little(shared: Path) -> None:
    with_both = count = covered = total = 0
    for text in _recorded(shared):
        found = read(text)
        count += 1
        with_both += bool(found.inclusion and found.exclusion)
        covered += sum(len("".join(one.text.split())) for one in found.criteria)
        total += len("".join(text.split()))
    assert count > 100
    assert with_both > 0.9 * count
    assert covered > 0.95 * total  # the rest are headings and bullets
