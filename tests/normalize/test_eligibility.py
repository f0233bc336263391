"""Eligibility texts: which half a line belongs to, where a criterion begins and ends, how deep it is; nothing is lost."""

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

from normalize import numbers, sections
from normalize.eligibility import Eligibility, parse
from normalize.schema import CriterionKind
from normalize.text import searchable


def read(text: str, kind: CriterionKind = "unspecified") -> Eligibility:
    return parse([(kind, text)])


def kinds(text: str, kind: CriterionKind = "unspecified") -> list[tuple[str, str]]:
    return [(criterion.kind[:2], criterion.text) for criterion in read(text, kind).criteria]


def outline(text: str) -> list[tuple[int, int | None, str]]:
    return [(criterion.depth, criterion.parent_ordinal, criterion.text) for criterion in read(text).criteria]


# ------------------------------------------------------------------------------------------------------------ sections


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Inclusion Criteria:", "in"),
        ("EXCLUSION CRITERIA", "ex"),
        ("* INCLUSION CRITERIA:", "in"),
        ("Key Exclusion Criteria:", "ex"),
        ("Inclusion Criteria for walkers", "in"),
        ("Stage Two Shortened Exclusion Criteria specific to Cyclists:", "ex"),
        ("Key Inclusion Criteria - Boats 2a, 2b and 3", "in"),
        ("Exclusion criteria, common (both teams)", "ex"),
        ("Pre-race (bicycle/tricycle) Exclusion Criteria", "ex"),
        ("Criteria for non-inclusion in the control group:", "ex"),
        ("Non inclusion criteria:", "ex"),
        ("Exclusions:", "ex"),
        ("Excluded within 3 weeks of the first visit:", "ex"),
        ("General Medical Exclusions:", "ex"),
        ("Inclution Criteria:", "in"),
        ("Exlusion criteria:", "ex"),
        ("Participants are excluded if they:", "ex"),
        ("People will be included if:", "in"),
        ("Persons with any of the following will not be admitted to the trial:", "ex"),
        (
            "A volunteer who meets one of the following criteria will be excluded from this trial:",
            "ex",
        ),
        ("In order to be eligible to participate, an individual must meet all of the following criteria:", "in"),
        ("Patients must not meet any of the exclusion criteria below to be eligible:", "ex"),
        ("Critères d'inclusion :", "in"),
        ("Critères de non-inclusion", "ex"),
        ("Criterios de exclusión:", "ex"),
        ("Critérios de inclusão:", "in"),
        ("Einschlusskriterien:", "in"),
        ("Ausschlußkriterien", "ex"),
        ("Criteri di esclusione", "ex"),
        ("Exclusiecriteria:", "ex"),
        ("Kryteria włączenia:", "in"),
        ("Kryteria wykluczenia", "ex"),
        ("Kizárási kritériumok:", "ex"),
        ("Beválasztási kritériumok:", "in"),
        ("Κριτήρια αποκλεισμού", "ex"),
        ("Άλλα κριτήρια ένταξης", "in"),
        ("Критерии невключения:", "ex"),
        ("Dahil edilme kriterleri:", "in"),
        ("Inkluderingskriterier:", "in"),
        ("Kriterier för exklusion", "ex"),
        ("Who can take part:", "in"),
        ("Who cannot take part:", "ex"),
        ("排除标准：", "ex"),
        ("選択基準", "in"),
    ],
)
def test_a_heading_opens_its_half_and_is_no_criterion(heading: str, kind: str) -> None:
    assert kinds(f"{heading}\n\n* adult\n* able to walk") == [(kind, "adult"), (kind, "able to walk")]


@pytest.mark.parametrize(
    "line",
    [
        "Patient meets the inclusion criteria of the parent study",
        "Persons who do not fulfil the above inclusion criteria.",
        "Further inclusion/exclusion criteria of the protocol may apply",
        "Not meeting all inclusion criteria stated here",
        "There are no exclusion criteria for these races.",
        "Has been ineligible for transplantation",
        "Riders of heavy bicycles are ineligible. A heavy bicycle is defined as:",
        "Women with a history of exclusion from blood donation:",
        "Sunburn at the time of enrolment with any of the following:",
        "Note: participants with any of the following are not excluded:",
        "A female participant is eligible if she is not pregnant, not breastfeeding and agrees to contraception:",
    ],
)
def test_a_criterion_that_mentions_inclusion_or_exclusion_is_no_heading(line: str) -> None:
    assert kinds(f"Inclusion Criteria:\n- {line}\n- adult") == [("in", line), ("in", "adult")]


def test_without_a_heading_the_kind_is_not_guessed() -> None:
    assert kinds("Adults\nExcluded are none of the neighbours") == [
        ("un", "Adults"),
        ("un", "Excluded are none of the neighbours"),
    ]


def test_what_stands_before_the_first_heading_stays_unspecified() -> None:
    assert kinds("Cohort 1\nInclusion Criteria:\n- adult") == [("un", "Cohort 1"), ("in", "adult")]


def test_the_field_gives_the_kind_and_a_heading_in_it_another() -> None:
    assert kinds("Adults\n\nExclusion criteria:\nPregnancy", "inclusion") == [("in", "Adults"), ("ex", "Pregnancy")]


def test_every_field_begins_with_its_own_kind() -> None:
    found = parse([("inclusion", "Inclusion criteria: adults"), ("exclusion", "none"), ("inclusion", "walks")])
    assert [(one.kind, one.text) for one in found.criteria] == [
        ("inclusion", "adults"), ("exclusion", "none"), ("inclusion", "walks"),
    ]  # fmt: skip
    assert found.raw == "Inclusion criteria: adults\n\nnone\n\nwalks"


def test_a_heading_may_share_its_line_with_criteria() -> None:
    assert kinds("Inclusion criteria: 1. Riders;\n2. Walkers.\nExclusion Criteria <21 years") == [
        ("in", "Riders;"), ("in", "Walkers."), ("ex", "<21 years"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "content"),
    [
        ("Inclusion criteria for riders: adult, able to walk", "adult, able to walk"),
        ("Exclusion criteria of both teams： dizziness", "dizziness"),
        ("- Exclusion criteria for women with bells: deafness", "deafness"),
        ("Inclusion criteria - adult with a bicycle", "adult with a bicycle"),
        ("Key Inclusion Criteria adult with a bicycle", "adult with a bicycle"),
        ("Exclusion Criteria Riders with dizziness", "Riders with dizziness"),
        ("INCLUSION CRITERIA AGE OVER 18 YEARS", "AGE OVER 18 YEARS"),
        ("Inclusion Criteria 18-65 years old", "18-65 years old"),
        ("Exclusion criteria were dizziness and deafness", "dizziness and deafness"),
        ("Exclusion criteria include dizziness", "dizziness"),
        ("Critères d'inclusion adulte avec vélo", "adulte avec vélo"),
        ("Ausschlusskriterien Schwindel", "Schwindel"),
        ("排除标准 头晕", "头晕"),
        ("Kriteria Eksklusi: pusing", "pusing"),
        ("The following riders will be excluded: novices, children", "novices, children"),
        ("The following are excluded - novices", "novices"),
        ("Participants are excluded if they have: dizziness", "dizziness"),
        ("Maternal inclusion criteria: one child", "one child"),
        ("Riders of bicycles exclusion criteria: dizziness", "dizziness"),
        ("Excluded: novices", "novices"),
        ("Exclusion - novices", "novices"),
        ("B) Exclusion criteria novices", "novices"),
        ("Exclusion crietria: novices", "novices"),
        ("Incusion criteria: adult", "adult"),
        ("Exclusive criteria: novices", "novices"),
        ("Reasons for exclusion: novices", "novices"),
        ("Criteria of inclusion: adult", "adult"),
    ],
)
def test_what_follows_a_title_on_its_line_is_not_lost(line: str, content: str) -> None:
    kind = "in" if "inclus" in line.lower() or "incus" in line.lower() else "ex"
    assert kinds(line) == [(kind, content)]
    assert kinds(f"{line}\n* one more") == [(kind, content), (kind, "one more")]


@pytest.mark.parametrize(
    "title",
    [
        "Inclusion Criteria Cohort B", "Inclusion criteria - Part A", "Inclusion Criteria Phase II only", "Inclusion Criteria - Healthy Volunteers",
        "Inclusion criteria (all riders)", "Inclusion criteria for riders", "Inclusion criteria, common to all", "Criterios de inclusión para casos",
        "[Inclusion criteria]", "#Inclusion Criteria#", "II. Inclusion criteria", "To be eligible, participants must:", "Eligible participants are those who:", "Who can take part?",
    ],
)  # fmt: skip
def test_a_title_with_what_belongs_to_it_holds_no_criterion(title: str) -> None:
    assert kinds(f"{title}\n* adult") == [("in", "adult")]


def test_the_second_half_of_a_sentence_is_a_half() -> None:
    text = "The inclusion criteria are: adult, able to walk; the exclusion criteria are: dizziness"
    assert kinds(text) == [("in", "adult, able to walk;"), ("ex", "dizziness")]


def test_a_title_with_long_content_loses_none() -> None:
    content = ", ".join(f"illness {number}" for number in range(60))
    assert kinds(f"Exclusion criteria for riders with bells: {content}") == [("ex", content)]


def test_numbered_titles_part_the_halves_around_numbered_lists() -> None:
    text = "I. Inclusion criteria\n1. adult\n2. able to walk\nII. Exclusion criteria\n1. dizziness"
    assert kinds(text) == [("in", "adult"), ("in", "able to walk"), ("ex", "dizziness")]


def test_all_numbers_after_a_title_on_its_line_are_items() -> None:
    text = "Inclusion criteria (1) adult (2) able to walk\nExclusion criteria (1) dizziness"
    assert kinds(text) == [("in", "adult"), ("in", "able to walk"), ("ex", "dizziness")]


@pytest.mark.parametrize(
    "line",
    ["Exclusion criteria not met", "Inclusion criteria will be checked at the first visit", "Exclusion criteria are the same as for adults",
     "Inclusion criteria of the first race were met"],
)  # fmt: skip
def test_what_is_said_of_the_criteria_is_a_criterion(line: str) -> None:
    assert kinds(line) == [("un", line)]


def test_a_heading_may_stand_in_the_middle_of_a_line() -> None:
    assert kinds("Inclusion Criteria:\n- Signed consent Exclusion criteria: pregnancy\n- anaemia") == [
        ("in", "Signed consent"), ("ex", "pregnancy"), ("ex", "anaemia"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "INCLUSION: 1) cyclists 2) adults EXCLUSION: 1) walkers",
        "Main criteria for inclusion: cyclists. adults. Main criteria for exclusion: walkers",
        "The inclusion criteria were as follows: (1) cyclists (2) adults. The exclusion criteria were: (1) walkers",
        "Criterios de inclusión: cyclists. adults. Criterios de exclusión: walkers",
        "Critérios de inclusão: cyclists; adults; Critérios de exclusão: walkers",
        "Einschlusskriterien: cyclists. adults. Ausschlusskriterien: walkers",
        "纳入标准：cyclists；adults。排除标准：walkers",
    ],
)
def test_both_halves_may_share_a_line(line: str) -> None:
    found = kinds(line)
    assert {"adults" in text for kind, text in found if kind == "in"} >= {True}
    assert [text for kind, text in found if kind == "ex"] == ["walkers"]
    assert {kind for kind, _ in found} == {"in", "ex"}


@pytest.mark.parametrize(
    "line", ["Reasons for exclusion: see the protocol", "Any reason for Exclusion: ask", "exclusion: none of the group"]
)
def test_an_exclusion_that_is_spoken_of_in_a_criterion_hides_no_heading(line: str) -> None:
    text = f"Riders with {line}"
    assert kinds(f"Inclusion Criteria:\n- {text}\n- adult")[0] == ("in", text)


def test_the_line_before_another_groups_inclusion_excludes_no_one() -> None:
    text = "Inclusion Criteria:\n- cyclists\nExclusion Criteria:\n- walkers\nGroup 2\nInclusion Criteria:\n- swimmers"
    assert kinds(text) == [("in", "cyclists"), ("ex", "walkers"), ("un", "Group 2"), ("in", "swimmers")]
    assert parse([("unspecified", text)]).exclusion == "- walkers"


def test_several_groups_each_have_both_halves() -> None:
    text = "Patient Inclusion Criteria:\n- ill\nPatient Exclusion Criteria:\n- well\nDonor Inclusion Criteria\n- well\nDonor Exclusion Criteria\n- ill"
    assert kinds(text) == [("in", "ill"), ("ex", "well"), ("in", "well"), ("ex", "ill")]


def test_a_heading_among_list_items_rules_only_what_is_below_it() -> None:
    text = "Inclusion Criteria:\n* adult\n* Patients will be excluded if they have any of the following:\n   * asthma\n* walks"
    assert kinds(text) == [("in", "adult"), ("ex", "asthma"), ("in", "walks")]


def test_a_heading_broken_by_the_line_width_is_one_heading() -> None:
    text = """Inclusion Criteria:

  A volunteer must meet each of the following conditions to be eligible to take part in the
  trial:
   1. The subject has a diagnosis that was confirmed by a physician at least one year before
      the start of the study, and a record of it.
   2. The subject can come to the clinic at least once a month, alone or accompanied by a
      relative."""
    assert [one.text[:15] for one in read(text).criteria] == ["The subject has", "The subject can"]


def test_the_age_form_of_the_european_register_is_neither_half() -> None:
    text = "1. Adults\n\nAre the trial subjects under 18? no\nNumber of subjects for this age range:\nF.1.2 Adults (18-64 years) yes"
    found = read(text, "inclusion")
    assert [one.kind for one in found.criteria] == ["inclusion", "unspecified", "unspecified", "unspecified"]
    assert found.inclusion == "1. Adults"
    assert not found.measures


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


def test_items_after_a_colon_on_the_same_line_are_nested() -> None:
    assert outline("- Severe, any of: (1) shock; (2) coma\n- Adult") == [
        (0, None, "Severe, any of:"), (1, 1, "shock;"), (1, 1, "coma"), (0, None, "Adult"),
    ]  # fmt: skip


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
_OUTSIDE = re.compile(r"(?i)[\W_]*(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]|[ivx]{1,5}|o)\W{0,3}[\W_]*){0,3}")
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


_WORDS = [
    "Key", "inclusion", "EXCLUSION", "criteria", "Criterios de exclusion", "non", "Patients", "will be", "excluded", "eligible", "if",
    "they", "the following", "Kryteria wlaczenia", "Einschlusskriterien", "poissulkukriteerit", ":", ": -", "Adults", "of age", "-",
    "Critères de sélection", "Критерии исключения", "Kizárási feltételek", "除外基準",
]  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=6), st.booleans())
def test_no_heading_escapes_the_quick_look(words: list[str], bulleted: bool) -> None:
    line = " ".join(words)
    if sections.heading(line, bulleted) is not None:
        assert len(sections.stems(searchable(line))) > 1 or sections.may_have_no_stem(line)


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
