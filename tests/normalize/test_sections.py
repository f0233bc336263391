"""Headings of eligibility texts: which line opens which half, what belongs to it, and what follows it on its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize import sections
from normalize.closed_lists import CriterionKind
from normalize.eligibility import Eligibility, parse
from normalize.text import searchable


def read(text: str, kind: CriterionKind = "unspecified") -> Eligibility:
    return parse([(kind, text)])


def kinds(text: str, kind: CriterionKind = "unspecified") -> list[tuple[str, str]]:
    return [(criterion.kind[:2], criterion.text) for criterion in read(text, kind).criteria]


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
    assert kinds("Cyclists welcome\nInclusion Criteria:\n- adult") == [("un", "Cyclists welcome"), ("in", "adult")]


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
        "Inclusion Criteria Cohort B", "Inclusion criteria - Part A", "Inclusion Criteria Phase II only", "Inclusion Criteria - Healthy Volunteers", "INCLUSION CRITERIA - MOTHERS",
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
    text = "Inclusion Criteria:\n- cyclists\nExclusion Criteria:\n- walkers\n{}\nInclusion Criteria:\n- swimmers"
    assert kinds(text.format("Group 2")) == [("in", "cyclists"), ("ex", "walkers"), ("in", "swimmers")]
    assert kinds(text.format("TRIAD protocol")) == [
        ("in", "cyclists"), ("ex", "walkers"), ("un", "TRIAD protocol"), ("in", "swimmers"),
    ]  # fmt: skip
    assert read(text.format("Group 2")).exclusion == read(text.format("TRIAD protocol")).exclusion == "- walkers"


@pytest.mark.parametrize(
    "text",
    [
        "Inclusion Criteria: Women. Exclusion Criteria: Men.",
        "Inclusion Criteria: Women Exclusion Criteria: Men.",
        "Inclusion criteria - Women. Exclusion criteria - Men.",
        "INCLUSION CRITERIA: Women. EXCLUSION CRITERIA: Men.",
    ],
)
def test_a_word_between_two_headings_of_a_line_is_a_criterion(text: str) -> None:
    found = kinds(text)
    assert [(kind, words.rstrip(".")) for kind, words in found] == [("in", "Women"), ("ex", "Men")]


@pytest.mark.parametrize(
    "title",
    [
        "Withdrawal Criteria:",
        "Elimination criteria",
        "Discontinuation and withdrawal criteria:",
        "Criteria for withdrawal from the study:",
        "Criterios de eliminación:",
        "Critères de sortie :",
    ],
)
def test_what_ends_taking_part_is_no_exclusion(title: str) -> None:
    text = f"Inclusion Criteria:\n- adult\nExclusion Criteria:\n- asthma\n{title}\n- moves away"
    assert kinds(text) == [("in", "adult"), ("ex", "asthma"), ("un", "moves away")]
    assert read(text).exclusion == "- asthma"


def test_who_meets_criteria_of_withdrawal_is_a_criterion() -> None:
    text = "Exclusion Criteria:\n- meets withdrawal criteria of alcohol\nWithdrawal criteria of alcohol are met"
    assert [kind for kind, _ in kinds(text)] == ["ex", "ex"]


def test_a_title_in_small_letters_after_a_stop_opens_its_half() -> None:
    assert kinds("Inclusion criteria: women with lupus; exclusion criteria: men. inclusion criteria: girls") == [
        ("in", "women with lupus;"), ("ex", "men."), ("in", "girls"),
    ]  # fmt: skip


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


def test_blanks_after_a_heading_on_its_line_are_no_criterion() -> None:
    assert kinds(":κριτήρια αποκλεισμού\t(3)") == [("ex", "(3)")]


def test_a_question_of_the_form_names_no_group() -> None:
    assert [one.text for one in read("F.1.2 Adults\nInclusion Criteria:").criteria] == ["F.1.2 Adults"]


def test_the_age_form_of_the_european_register_is_neither_half() -> None:
    text = "1. Adults\n\nAre the trial subjects under 18? no\nNumber of subjects for this age range:\nF.1.2 Adults (18-64 years) yes"
    found = read(text, "inclusion")
    assert [one.kind for one in found.criteria] == ["inclusion", "unspecified", "unspecified", "unspecified"]
    assert found.inclusion == "1. Adults"
    assert not found.measures


_WORDS = [
    "Key", "inclusion", "EXCLUSION", "criteria", "Criterios de exclusion", "non", "Patients", "will be", "excluded", "eligible", "if",
    "they", "the following", "Kryteria wlaczenia", "Einschlusskriterien", "poissulkukriteerit", ":", ": -", "Adults", "of age", "-",
    "Critères de sélection", "Критерии исключения", "Kizárási feltételek", "除外基準", "take part?", "Who can", "must", "those who", "crietria", "Excluded", "II.", "(1)", "for", "Cohort B", "take part",
]  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=6), st.booleans())
def test_no_heading_escapes_the_quick_look(words: list[str], bulleted: bool) -> None:
    line = " ".join(words)
    if sections.heading(line, bulleted) is not None:
        assert len(sections.stems(searchable(line))) > 1 or sections.may_have_no_stem(line)


@pytest.mark.parametrize(
    "line",
    [
        "Einschlusskriterien: Radfahrer Ausschlusskriterien: Schwindel",
        "Einschlusskriterien: 1. Radfahrer Ausschlusskriterien: 1. Schwindel",
        "Criterios de inclusión: Radfahrer Criterios de exclusión: Schwindel",
        "Critères d'inclusion : Radfahrer Critères d'exclusion : Schwindel",
    ],
)
def test_titles_of_other_languages_without_a_stop_between_them_lose_no_half(line: str) -> None:
    assert kinds(line) == [("in", "Radfahrer"), ("ex", "Schwindel")]


def test_a_sentence_with_a_title_of_another_language_in_it_is_not_cut() -> None:
    assert kinds("- Erfüllung von den Einschlusskriterien: siehe unten\n- Radfahrer")[-1][1] == "Radfahrer"
    assert kinds("Wichtigste medizinische Einschlusskriterien: Radfahrer") == [("in", "Radfahrer")]


@pytest.mark.parametrize(
    ("ins", "outs"),
    [
        ("Who can take part: cyclists", "Who can't take part: drivers"),
        ("Who can take part? cyclists", "Who cannot take part? drivers"),
        ("Who can participate?\ncyclists", "Who can’t participate?\ndrivers"),
        ("Eligible: cyclists", "Not eligible: drivers"),
        ("Eligible subjects: cyclists", "Ineligible subjects: drivers"),
        ("Patients eligible for inclusion: cyclists", "Patients not eligible for inclusion: drivers"),
        ("Incl.: cyclists", "Excl.: drivers"),
        ("Incl. criteria: cyclists", "Excl. criteria: drivers"),
        ("<b>Inclusion criteria</b>\ncyclists", "<b>Exclusion criteria</b>\ndrivers"),
        ("<strong>Inclusion criteria:</strong> cyclists", "<strong>Exclusion criteria:</strong> drivers"),
    ],
)
def test_a_title_in_plain_words_in_short_or_in_markup_opens_its_half(ins: str, outs: str) -> None:
    assert kinds(f"{ins}\n{outs}") == [("in", "cyclists"), ("ex", "drivers")]
    assert [criterion.heading for criterion in read(f"{ins}\n{outs}").criteria] == [None, None]


@pytest.mark.parametrize(
    "line",
    ["Drivers are not eligible: motor vehicles", "Women eligible for surgery: first or second one", "<b>Age</b> over 18", "incl.: cyclists"],
)  # fmt: skip
def test_what_has_content_of_its_own_is_no_title(line: str) -> None:
    assert kinds(line) == [("un", line)]
