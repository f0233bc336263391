"""What trials are compared by: roots, terms, phrases, abbreviations, codes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harvester.relate import MOST
from harvester.relate_phrases import abbreviations, outcomes, phrases, root, terms
from harvester.relate_words import related
from tests.harvester.relating import Row, Workshop, nct, study


@pytest.mark.parametrize(
    "spellings",
    [
        ("hydroxychloroquine", "hydroxychloroquin", "hidroxicloroquina", "hydroxycloroquine"),
        ("azithromycin", "azythromycine", "azitromicina"),
        ("estrogen", "oestrogen"),
        ("miscarriages", "miscarriage"),
    ],
)
def test_spellings_of_one_word_have_one_root(spellings: tuple[str, ...]) -> None:
    assert len(set(map(root, spellings))) == 1


def test_different_substances_keep_different_roots() -> None:
    names = (
        "chloroquine",
        "hydroxychloroquine",
        "prednisone",
        "prednisolone",
        "vitamin c",
        "vitamin d",
        "interferon",
        "interleukin",
    )
    assert len(set(map(root, names))) == len(names)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Vitamin C versus matching Placebo in Recurrent Pregnancy-Loss",
         ["vitamin", "vitamin C", "recurrent", "recurrent pregnancy", "pregnancy", "pregnancy-loss", "loss"]),
        ("Hydroxychloroquine 200 mg, twice daily", ["hydroxychloroquine"]),
        ("Aspirin 81mg/day (ASA)", ["aspirin", "ASA"]),
        ("Prednisolone 0.5-1 mg/kg for 14 days", ["prednisolone"]),
        ("25-hydroxyvitamin D3 10,000 IU weekly", ["25-hydroxyvitamin", "hydroxyvitamin", "hydroxyvitamin D3", "D3"]),
        ("Diabetes type 2 in 19 patients", ["diabetes", "diabetes type", "type", "type 2", "patients"]),
        ("ASPIRIN AND HEPARIN", ["aspirin", "heparin"]),
        ("IL-6 and TNF-α", ["IL-6", "TNF", "TNF-α"]),
    ],
)  # fmt: skip
def test_terms_are_words_and_neighbours_without_doses_comparators_and_grammar(text: str, found: list[str]) -> None:
    assert terms(text, pairs=True) == found


@pytest.mark.parametrize(
    ("found", "worth", "told"),
    [
        (("recurrent pregnancy", "pregnancy loss", "loss"), (1, 2, 3), ("recurrent pregnancy loss",)),
        (("lupus nephritis", "systemic lupus", "lupus erythematosus"), (1, 3, 2), ("systemic lupus erythematosus", "lupus nephritis")),
        (("lupus erythematosus", "erythematosus, systemic", "lupus"), (3, 2, 1), ("lupus erythematosus, systemic",)),
        (("children", "treatment", "adverse events"), (3, 2, 1), ()),
        (("HCQ", "hydroxychloroquine"), (1, 2), ("hydroxychloroquine", "HCQ")),
    ],
)  # fmt: skip
def test_phrases_are_joined_and_words_that_tell_nothing_left_out(
    found: tuple[str, ...], worth: tuple[int, ...], told: tuple[str, ...]
) -> None:
    assert phrases(found, worth) == told


def test_of_outcomes_phrases_are_told_and_words_that_name_one() -> None:
    assert outcomes(("live birth", "weight", "mortality"), (3, 2, 1)) == ("live birth", "mortality")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hydroxychloroquine (HCQ) after recurrent pregnancy loss (RPL)", {"HCQ": "Hydroxychloroquine", "RPL": "recurrent pregnancy loss"}),
        ("Women with antiphospholipid syndrome [APS]", {"APS": "antiphospholipid syndrome"}),
        ("Tablets (oral) for a study (NCT90000101) of Example Hospital (Paris)", {}),
    ],
)  # fmt: skip
def test_abbreviations_are_those_that_the_text_defines(text: str, found: dict[str, str]) -> None:
    assert abbreviations(text) == found


def coded(number: int, title: str, condition: str, codes: list[str], **more: Any) -> Row:
    made = study(number, title, [condition], [], sponsor=f"Hospital {number}", **more)
    meshes = [{"id": f"D{sum(map(ord, code)):06}", "term": code} for code in codes]
    above = [{"id": "D011248", "term": "Pregnancy Complications"}] if codes else []
    return made | {"derivedSection": {"conditionBrowseModule": {"meshes": meshes, "ancestors": above}}}


def test_names_that_are_coded_alike_meet_also_where_nobody_coded_them(tmp_path: Path) -> None:
    names = ("Recurrent pregnancy loss", "Repeated miscarriage")
    taught = [coded(n, f"Cohort {n}", names[n % 2], ["Abortion, Habitual"]) for n in range(1, 9)]
    others = [coded(n, f"Cohort {n}", "Lupus", ["Lupus Erythematosus, Systemic"]) for n in range(20, 40)]
    workshop = Workshop(tmp_path)
    workshop.take([*taught, *others, coded(50, "Care at home", names[0], []), coded(51, "Genes", names[1], [])])
    with closing(workshop.open()) as db:
        found = {row["related_trial_id"]: row for row in related(db, nct(50), MOST)}
    assert "Abortion, Habitual (MeSH)" in found[nct(51)]["shared_conditions"]
    assert not any("Lupus" in (row["shared_conditions"] or "") for row in found.values())


def test_an_abbreviation_that_others_define_is_read_as_its_long_form(tmp_path: Path) -> None:
    defining = [
        study(n, f"Hydroxychloroquine (HCQ) for condition {n}", [f"Condition {n}"], ["HCQ"]) for n in range(1, 5)
    ]
    others = [study(n, f"Aspirin for condition {n}", [f"Condition {n}"], ["Aspirin"]) for n in range(10, 20)]
    workshop = Workshop(tmp_path)
    workshop.take(
        [
            *defining,
            *others,
            study(30, "HCQ levels", ["Lupus"], ["HCQ"]),
            study(31, "Malaria", ["Malaria"], ["Hydroxychloroquine"]),
        ]
    )
    with closing(workshop.open()) as db:
        row = next(row for row in related(db, nct(30), MOST) if row["related_trial_id"] == nct(31))
    assert "hydroxychloroquine" in row["shared_interventions"]
