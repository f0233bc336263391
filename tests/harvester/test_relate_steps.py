"""Related trials: a refresh leaves what a full build gives, at a cost in proportion to what changed."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from harvester import (
    relate_lessons,
    relate_lists,
    relate_neighbours,
    relate_profiles,
    relate_reasons,
    relate_terms,
    relate_worth,
)
from harvester.build import content_hash
from harvester.catalogue import create
from harvester.relate import MOST, relate_trials
from harvester.touched import Touched
from tests.harvester.relating import Row, Workshop, nct, study

DRUGS = [
    f"{a}{b}" for a in ("alu", "bero", "cani", "dova", "eli", "fru") for b in ("mab", "nib", "pril", "statin", "vir")
]
DISEASES = [
    "lupus nephritis",
    "recurrent miscarriage",
    "preterm birth",
    "low back pain",
    "iron deficiency",
    "chronic endometritis",
]


def invented(number: int, rng: random.Random, updated: str = "2026-01-01") -> Row:
    drugs, disease = rng.sample(DRUGS, rng.choice((1, 1, 2))), rng.choice(DISEASES)
    title = f"{' and '.join(drugs)} in {disease}" if rng.random() < 0.8 else f"Care of {disease}"
    made = study(number, title, [disease], [*drugs, "Placebo"], sponsor=f"Hospital {rng.randrange(9)}")
    made["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"] = {"date": updated}
    short, defines = f"{drugs[0][:2].upper()}ST", rng.random() < 0.3
    summary = f"{drugs[0]} sulfate therapy ({short})." if defines else "As in the title."
    made["protocolSection"]["descriptionModule"] = {"briefSummary": summary}
    if rng.random() < 0.3:
        made["protocolSection"]["armsInterventionsModule"]["interventions"].append({"type": "DRUG", "name": short})
    if rng.random() < 0.5:
        # Registries code some records: what these teach must come out alike, too.
        codes, above = [{"id": "D000001", "term": f"{disease}, Any"}], [{"id": "D000002", "term": "Diseases"}]
        made["derivedSection"] = {"conditionBrowseModule": {"meshes": codes, "ancestors": above}}
    return made


@pytest.mark.parametrize("teachers", [40, 10_000])
def test_a_refresh_leaves_what_a_full_build_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, teachers: int
) -> None:
    monkeypatch.setattr(relate_lessons, "_SMALL", teachers)
    rng = random.Random(7)
    first = [invented(number, rng) for number in range(1, 151)]
    changed = [invented(number, rng, updated="2026-02-01") for number in range(60, 67)]
    came = [invented(number, rng) for number in range(151, 160)]
    step_by_step = Workshop(tmp_path / "steps")
    for studies in (first, changed, came):
        step_by_step.take(studies)
    at_once = Workshop(tmp_path / "once")
    at_once.take([*came, *first[:59], *first[66:], *changed])
    assert len(at_once.content()) > 100 * MOST
    assert step_by_step.content() == at_once.content()
    assert step_by_step.lessons() == at_once.lessons()
    step_by_step.take([], full=True)
    assert step_by_step.content() == at_once.content()


@pytest.mark.parametrize("seed", range(4))
def test_what_a_changed_trial_teaches_reaches_all_that_it_matters_to(tmp_path: Path, seed: int) -> None:
    """Weights, codes and short forms learned in steps are those learned at once, also for trials that nobody touched."""
    rng = random.Random(seed)
    first = [invented(number, rng) for number in range(1, 161)]
    workshop = Workshop(tmp_path)
    workshop.take(first)
    before, profiles = workshop.lessons(), workshop.profiles()
    # Five that said nothing of a drug that many test name it in their titles, and what was coded is coded otherwise.
    changed = [invented(number, rng, updated="2026-02-01") for number in rng.sample(range(1, 161), 5)]
    for made in changed:
        made["protocolSection"]["identificationModule"]["briefTitle"] = f"{rng.choice(DRUGS)} alone (ALST)"
        made["derivedSection"] = {"conditionBrowseModule": {"meshes": [{"id": "D000003", "term": "Another, Any"}]}}
    touched = {made["protocolSection"]["identificationModule"]["nctId"] for made in changed}
    workshop.take(changed)
    after, now = workshop.lessons(), workshop.profiles()
    assert after != before
    assert any(now[trial] != profiles[trial] for trial in now.keys() - touched)
    content = content_hash(workshop.folder / "catalogue.db")
    workshop.take([], full=True)
    assert workshop.lessons() == after
    assert content_hash(workshop.folder / "catalogue.db") == content


def test_many_more_trials_are_compared_all_anew(tmp_path: Path) -> None:
    rng = random.Random(5)
    workshop = Workshop(tmp_path)
    workshop.take([invented(number, rng) for number in range(1, 60)])
    workshop.take([invented(number, rng) for number in range(60, 72)])
    content = content_hash(workshop.folder / "catalogue.db")
    workshop.take([], full=True)
    assert content_hash(workshop.folder / "catalogue.db") == content


def test_how_many_are_held_at_a_time_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    workshop = Workshop(tmp_path)
    workshop.take([invented(number, rng) for number in range(1, 40)])
    for room, few in (
        (relate_terms, {"_BATCH": 9}),
        (relate_lessons, {"_AT_A_TIME": 8}),
        (relate_worth, {"_AT_A_TIME": 30}),
        (relate_profiles, {"_AT_A_TIME": 7, "_TURNED": 11}),
        (relate_neighbours, {"_AT_A_TIME": 3, "_SPARE": 1}),
        (relate_reasons, {"_CHUNK": 50}),
        (relate_lists, {"_AT_A_TIME": 13}),
    ):
        for name, value in few.items():
            monkeypatch.setattr(room, name, value)
    tables = (
        "trial_terms",
        "trial_roots",
        "trial_aliases",
        "term_meanings",
        "term_worth",
        "trial_profiles",
        "related_trials",
    )
    with closing(workshop.open()) as db, db:
        before = [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]
        db.executescript("DELETE FROM trial_terms; DELETE FROM trial_roots; DELETE FROM trial_aliases")
        relate_trials(db, None)
        assert [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables] == before
        assert all(before[-3:])


def test_a_catalogue_without_trials_relates_none() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        create(db)
        relate_trials(db, None)
        assert not db.execute("SELECT * FROM related_trials").fetchall()


def test_a_trial_that_goes_leaves_the_lists_of_others(tmp_path: Path) -> None:
    rng = random.Random(3)
    workshop = Workshop(tmp_path)
    workshop.take([invented(number, rng) for number in range(1, 60)])
    with closing(workshop.open()) as db, db:
        touched = Touched()
        touched.trials.update({nct(5), nct(6)})
        db.execute("DELETE FROM trials WHERE trial_id IN (?, ?)", (nct(5), nct(6)))
        db.execute("UPDATE records SET trial_id = NULL WHERE trial_id IN (?, ?)", (nct(5), nct(6)))
        relate_trials(db, touched)
        after = db.execute("SELECT * FROM related_trials ORDER BY trial_id, rank").fetchall()
        db.executescript("DELETE FROM trial_terms; DELETE FROM trial_roots; DELETE FROM trial_aliases")
        relate_trials(db, None)
        assert db.execute("SELECT * FROM related_trials ORDER BY trial_id, rank").fetchall() == after
        assert not any(nct(5) in row or nct(6) in row for row in after)
