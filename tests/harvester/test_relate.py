"""Related trials: the right ones first, with reasons a clinician accepts, the same to the digit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from harvester import (
    relate_reasons,
    relate_worth,
)
from harvester.catalogue_tables import TABLES
from harvester.cli import main
from harvester.relate import MOST
from harvester.relate_words import reasons, related
from tests.harvester.relating import STUDIES, Workshop, nct, study


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("related"))
    made.take(STUDIES)
    return made


@pytest.fixture
def db(workshop: Workshop) -> Iterator[sqlite3.Connection]:
    with closing(workshop.open()) as opened:
        yield opened


def test_the_same_drug_for_the_same_disease_comes_first(db: sqlite3.Connection) -> None:
    first, *others = related(db, nct(1), MOST)
    assert first["related_trial_id"] == nct(2)
    assert {nct(3), nct(4)} <= {row["related_trial_id"] for row in others}
    assert related(db, nct(5), 1)[0]["related_trial_id"] == nct(6)


def test_reasons_name_what_both_have(db: sqlite3.Connection) -> None:
    told = reasons(related(db, nct(1), 1)[0])
    assert told[:2] == ["Both study recurrent miscarriage", "Both test progesterone"]
    assert "Both accept women, 18 to 40 years" in told
    assert "Same sponsor: Example University" in told


def test_criteria_that_match_are_told_by_limits_and_by_words(tmp_path: Path) -> None:
    asked = {
        1: "Inclusion Criteria:\n\n* BMI ≤ 30 kg/m2\n\nExclusion Criteria:\n\n* Uterine septum on ultrasound.",
        2: "Inclusion Criteria:\n\n* Body mass index at most 30 kg/m2\n\nExclusion Criteria:\n\n* uterine septum on ultrasound\n* BMI < 17 kg/m2",
        3: "Inclusion Criteria:\n\n* BMI ≤ 35 kg/m2\n* Uterine septum on ultrasound",
        20: "Inclusion Criteria for Controls:\n\n* BMI ≤ 30 kg/m2\n\nExclusion Criteria:\n\n* Smokers of pipes",  # not of everybody
    }
    women = {"sex": "FEMALE", "minimumAge": "18 Years", "maximumAge": "40 Years"}
    workshop = Workshop(tmp_path)
    workshop.take(
        [
            study(n, f"Drug {n} in recurrent miscarriage", ["Recurrent miscarriage"], [f"Drug{n}"], eligibilityModule=women | {"eligibilityCriteria": text})
            for n, text in asked.items()
        ]
        + STUDIES[3:]
    )  # fmt: skip
    with closing(workshop.open()) as db:
        found = {row["related_trial_id"]: row for row in related(db, nct(1), MOST)}
    same = found[nct(2)]
    for other in (found[nct(3)], found[nct(20)]):
        assert same["criteria_score"] > 0 and other["criteria_score"] == 0 and not other["shared_criteria"]
    assert set(same["shared_criteria"].split("\n")) == {
        "body mass index ≤ 30 kg/m2", "excluded: Uterine septum on ultrasound",
    }  # fmt: skip
    assert any(reason.startswith("Same criteria: ") for reason in reasons(same))


def test_a_trial_that_names_another_says_so(tmp_path: Path) -> None:
    follow_up = study(2, f"Children of mothers in {nct(1)}", ["Child development"], [], sponsor="Another Hospital")
    workshop = Workshop(tmp_path)
    workshop.take([STUDIES[0], follow_up, *STUDIES[8:]])
    with closing(workshop.open()) as db:
        there = related(db, nct(2), MOST)[0]
        back = next(row for row in related(db, nct(1), MOST) if row["related_trial_id"] == nct(2))
    assert f"This entry names {nct(1)}" in reasons(there)
    assert f"Its entry names {nct(1)}" in reasons(back)


def test_the_parts_of_a_score_cannot_pass_one() -> None:
    people, design = relate_reasons.MOST_FOR_PEOPLE, relate_reasons.MOST_FOR_DESIGN
    assert sum(part.most for part in relate_worth.PARTS.values()) + (people + design) / 1e6 == pytest.approx(1)


def test_a_placebo_in_both_is_no_relation(db: sqlite3.Connection) -> None:
    for row in db.execute("SELECT shared_interventions, shared_terms FROM related_trials"):
        assert "placebo" not in f"{row}".lower()


def test_a_blood_sample_and_a_questionnaire_are_no_intervention_in_common(tmp_path: Path) -> None:
    looking = {
        "interventionBrowseModule": {
            "meshes": [{"id": "D001800", "term": "Blood Specimen Collection"}],
            "ancestors": [{"id": "D013048", "term": "Specimen Handling"}],
        }
    }

    def seen(number: int, title: str, condition: str) -> dict[str, object]:
        looked_at = study(number, title, [condition], ["Blood sample", "Questionnaires"], sponsor=f"Hospital {number}")
        return {**looked_at, "derivedSection": looking}

    workshop = Workshop(tmp_path)
    workshop.take([seen(31, "Markers of lupus", "Lupus erythematosus"), seen(32, "Markers of gout", "Gout"), *STUDIES])
    with closing(workshop.open()) as db:
        first, *others = related(db, nct(31), MOST)
        assert reasons(first)[0] == "Both study lupus"
        assert all(not row["shared_interventions"] for row in [first, *others])


def test_a_score_is_the_sum_of_its_parts_and_ranks_follow_it(db: sqlite3.Connection) -> None:
    parts = [name for name in TABLES["related_trials"].names if name.endswith("_score")]
    rows = db.execute(f"SELECT trial_id, rank, score, {', '.join(parts)} FROM related_trials ORDER BY 1, 2").fetchall()
    assert all(score == pytest.approx(sum(values), abs=1e-9) and 0 < score <= 1 for _, _, score, *values in rows)
    for (trial, rank, score, *_), (next_trial, next_rank, next_score, *_) in pairwise(rows):
        assert (next_rank, next_score <= score) == (rank + 1, True) if trial == next_trial else next_rank == 1


def test_no_trial_is_related_to_itself_or_twice(db: sqlite3.Connection) -> None:
    pairs = db.execute("SELECT trial_id, related_trial_id FROM related_trials").fetchall()
    assert len(set(pairs)) == len(pairs)
    assert all(one != two for one, two in pairs)


def test_the_command_prints_reasons_and_json(workshop: Workshop) -> None:
    run = CliRunner().invoke(main, ["related", nct(1), "--limit", "2", "--data", str(workshop.folder)])
    assert run.exit_code == 0
    assert f"1. {nct(2)}" in run.output and "Both test progesterone" in run.output and "3. " not in run.output
    answer = CliRunner().invoke(main, ["related", f"ctgov:{nct(1)}", "--json", "--data", str(workshop.folder)])
    assert [row["rank"] for row in json.loads(answer.output)][:2] == [1, 2]


def test_the_command_says_what_to_do_about_an_unknown_number(workshop: Workshop) -> None:
    run = CliRunner().invoke(main, ["related", "NCT09999999", "--data", str(workshop.folder)])
    assert run.exit_code == 1
    assert "harvester refresh --id NCT09999999" in run.output


def test_a_name_in_two_lines_shifts_no_reason(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    first = study(
        1,
        "Progesterone in recurrent miscarriage",
        ["Recurrent miscarriage"],
        ["Progesterone"],
        sponsor="Group\nHospital",
    )
    workshop.take([first, *STUDIES[1:]])
    with closing(workshop.open()) as db:
        assert reasons(related(db, nct(1), 1)[0])[:2] == ["Both study recurrent miscarriage", "Both test progesterone"]


def test_a_pair_of_trials_has_one_score_from_both_sides(db: sqlite3.Connection) -> None:
    score = {
        (one, two): value
        for one, two, value in db.execute("SELECT trial_id, related_trial_id, score FROM related_trials")
    }
    both = [(score[pair], score[pair[::-1]]) for pair in score if pair[::-1] in score]
    assert both and all(one == two for one, two in both)
