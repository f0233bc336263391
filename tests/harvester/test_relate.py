"""Related trials: the right ones first, with reasons a clinician accepts, the same to the digit, and cheap to bring up to date."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harvester import (
    relate_lessons,
    relate_lists,
    relate_neighbours,
    relate_profiles,
    relate_reasons,
    relate_terms,
    relate_worth,
)
from harvester.archive import Archive
from harvester.build import build, content_hash
from harvester.catalogue import create
from harvester.catalogue_tables import TABLES
from harvester.cli import main
from harvester.imports import import_files
from harvester.relate import MOST, relate_trials
from harvester.relate_phrases import abbreviations, outcomes, phrases, root, terms
from harvester.relate_words import reasons, related
from harvester.touched import Touched

Row = dict[str, Any]


def study(
    number: int, title: str, conditions: list[str], interventions: list[str], sponsor: str = "Example University", **more: Any
) -> Row:  # fmt: skip
    """A study as ClinicalTrials.gov writes it; `more` are modules that replace or join those here."""
    protocol = {
        "identificationModule": {"nctId": f"NCT9{number:07}", "briefTitle": title},
        "statusModule": {"overallStatus": "RECRUITING", "studyFirstSubmitDate": f"2020-01-{number % 28 + 1:02}"},
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": sponsor, "class": "OTHER"}},
        "conditionsModule": {"conditions": conditions},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": ["PHASE3"],
            "designInfo": {"allocation": "RANDOMIZED"},
        },
        "armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": name} for name in interventions]},
        "outcomesModule": {"primaryOutcomes": [{"measure": "Live birth after 24 weeks"}]},
        "eligibilityModule": {"sex": "FEMALE", "minimumAge": "18 Years", "maximumAge": "40 Years"},
    }
    return {"protocolSection": protocol | more, "hasResults": False}


STUDIES = [
    study(1, "Progesterone in recurrent miscarriage", ["Recurrent miscarriage"], ["Progesterone", "Placebo"]),
    study(2, "Vaginal progesterone for women with recurrent miscarriage", ["Recurrent miscarriage"], ["Micronized progesterone"]),
    study(3, "Heparin in recurrent miscarriage", ["Recurrent miscarriage"], ["Enoxaparin", "Placebo"]),
    study(4, "Progesterone for preterm birth", ["Preterm birth"], ["Progesterone"]),
    study(5, "Hydroxychloroquine (HCQ) in lupus", ["Lupus erythematosus"], ["Hydroxychloroquine", "Placebo"], sponsor="Pharma Example"),
    study(6, "HCQ levels in lupus pregnancy", ["Lupus erythematosus"], ["Hidroxicloroquina"], sponsor="Pharma Example"),
    study(7, "Belimumab in lupus nephritis", ["Lupus nephritis"], ["Belimumab", "Placebo"]),
    study(8, "Belimumab after rituximab in lupus", ["Lupus erythematosus"], ["Belimumab", "Rituximab"]),
    study(9, "Aspirin against preeclampsia", ["Preeclampsia"], ["Aspirin", "Placebo"]),
    study(10, "Yoga for low back pain", ["Low back pain"], ["Yoga"], eligibilityModule={"sex": "ALL", "minimumAge": "60 Years"}),
    study(11, "Exercise against low back pain", ["Low back pain"], ["Exercise"], eligibilityModule={"sex": "ALL", "minimumAge": "70 Years"}),
    study(12, "A registry of twins", ["Healthy"], []),
]  # fmt: skip


class Workshop:
    """An archive and its catalogue, filled step by step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def take(self, studies: list[Row], *, full: bool = False) -> None:
        file = self.folder / "studies.ndjson"
        file.write_text("\n".join(map(json.dumps, studies)))
        with Archive(self.folder / "archive.db") as archive:
            import_files(archive, "ctgov", [(file, file.name)] if studies else [])
        build(self.folder / "archive.db", self.folder / "catalogue.db", full=full)

    def open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "catalogue.db")

    def content(self) -> list[tuple[Any, ...]]:
        with closing(self.open()) as db:
            return db.execute("SELECT * FROM related_trials ORDER BY trial_id, rank").fetchall()

    def lessons(self) -> list[list[tuple[Any, ...]]]:
        with closing(self.open()) as db:
            return [
                db.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall()
                for name in ("term_meanings", "term_worth")
            ]

    def profiles(self) -> dict[str, int]:
        with closing(self.open()) as db:
            return dict(db.execute("SELECT trial_id, fingerprint FROM trial_profiles"))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop(tmp_path_factory.mktemp("related"))
    made.take(STUDIES)
    return made


@pytest.fixture
def db(workshop: Workshop) -> Iterator[sqlite3.Connection]:
    with closing(workshop.open()) as opened:
        yield opened


def nct(number: int) -> str:
    return f"NCT9{number:07}"


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
    same, other = found[nct(2)], found[nct(3)]
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


def test_a_pair_of_trials_has_one_score_from_both_sides(db: sqlite3.Connection) -> None:
    score = {
        (one, two): value
        for one, two, value in db.execute("SELECT trial_id, related_trial_id, score FROM related_trials")
    }
    both = [(score[pair], score[pair[::-1]]) for pair in score if pair[::-1] in score]
    assert both and all(one == two for one, two in both)


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
        (relate_profiles, {"_AT_A_TIME": 7}),
        (relate_neighbours, {"_AT_A_TIME": 3, "_TURNED": 11, "_SPARE": 1}),
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
