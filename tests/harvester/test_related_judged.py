"""Are related trials those that a clinician would look for? Judged pairs of sample trials on recurrent pregnancy loss and lupus.

The judgements are the project's own: 3 the same question, 2 the same disease with another means or the same means in a neighbouring
disease, 1 worth a look, 0 nothing in common but the field. A trial that is not among the related ones stands behind all that are.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations
from pathlib import Path

import pytest

import harvester
from harvester.archive import Archive
from harvester.build import build
from harvester.imports import files_of, import_files
from harvester.relate import MOST
from harvester.relate_words import related

RECORDS = Path(harvester.__file__).parent / "sample" / "records"

#: Trial -> related trial -> grade. NCT numbers without "NCT90000".
JUDGED: dict[str, dict[str, int]] = {
    # Hydroxychloroquine in unexplained recurrent pregnancy loss; 102 follows its children.
    "101": {"102": 3, "123": 2, "103": 2, "104": 1, "122": 0, "130": 0},
    # Prednisolone and aspirin in recurrent miscarriage.
    "103": {"ChiCTR2199000001": 3, "105": 2, "106": 2, "119": 1, "125": 0, "DRKS00099001": 0},
    # A new antibody in lupus nephritis.
    "115": {"116": 3, "117": 2, "2023-599041-36-00": 2, "129": 1, "110": 0, "109": 0},
    # Hydroxychloroquine in pregnant women with lupus.
    "118": {"CTRI/2021/09/990001": 3, "119": 2, "123": 1, "101": 1, "112": 0, "109": 0},
    # Intralipid in recurrent implantation failure.
    "110": {"IRCT20990101090001N1": 3, "114": 2, "112": 2, "113": 1, "128": 0, "119": 0},
    # Support calls after recurrent pregnancy loss.
    "109": {"ISRCTN99000025": 3, "ACTRN12699000001998": 2, "107": 1, "104": 1, "115": 0, "125": 0},
    # Mesenchymal stem cells in refractory lupus.
    "127": {"2017-001400-29": 3, "128": 2, "117": 1, "129": 1, "111": 0, "106": 0},
    # Low-dose interleukin-2 in lupus.
    "129": {"NCT03970954": 2, "127": 1, "117": 1, "116": 1, "131": 0, "114": 0},
    # A cohort of unexplained recurrent miscarriage.
    "NCT05557201": {"107": 2, "108": 2, "NCT03970954": 2, "131": 1, "120": 0, "122": 0},
    # TNF blockade in antiphospholipid pregnancy.
    "124": {"126": 3, "JPRN-UMIN000099001": 2, "123": 2, "125": 1, "109": 0, "112": 0},
    # Exercise against fatigue in lupus; the German one names the disease by its ICD code alone.
    "130": {"DRKS00099001": 3, "129": 1, "127": 1, "115": 1, "104": 0, "111": 0},
}

#: Pairs of different grades in the right order, and mean discounted gain over the judged ones of a trial.
ORDERED_RIGHT = 0.88
GAIN = 0.93


def number(short: str) -> str:
    return f"NCT90000{short}" if short.isdigit() else short


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("judged")
    with Archive(folder / "archive.db") as archive:
        for source in ("ctgov", "ictrp", "euctr", "ctis", "isrctn"):
            import_files(archive, source, list(files_of([RECORDS / source])))
    build(folder / "archive.db", folder / "catalogue.db")
    with closing(sqlite3.connect(folder / "catalogue.db")) as opened:
        yield opened


def places(db: sqlite3.Connection, trial: str) -> dict[str, int]:
    """Related trial -> rank; of the judged ones that are not related, the place behind all."""
    ranked = {row["related_trial_id"]: int(row["rank"]) for row in related(db, number(trial), MOST)}
    return {other: ranked.get(number(other), MOST + 1) for other in JUDGED[trial]}


def test_every_judged_trial_is_in_the_sample(db: sqlite3.Connection) -> None:
    trials = {trial for (trial,) in db.execute("SELECT trial_id FROM trials")}
    assert {number(name) for trial, judged in JUDGED.items() for name in (trial, *judged)} <= trials
    assert sum(map(len, JUDGED.values())) >= 60


def test_pairs_of_different_grades_stand_in_the_right_order(db: sqlite3.Connection) -> None:
    right, total, wrong = 0.0, 0, []
    for trial, judged in JUDGED.items():
        place = places(db, trial)
        for one, two in combinations(sorted(judged, key=judged.__getitem__, reverse=True), 2):
            if judged[one] == judged[two]:
                continue
            total += 1
            right += (place[one] < place[two]) + 0.5 * (place[one] == place[two])
            if place[one] >= place[two]:
                wrong.append(f"{trial}: {two} ({judged[two]}) before {one} ({judged[one]})")
    assert right / total >= ORDERED_RIGHT, "\n".join(wrong)


def test_the_best_ones_stand_first(db: sqlite3.Connection) -> None:
    gains = {}
    for trial, judged in JUDGED.items():
        place = places(db, trial)
        found = [judged[other] for other in sorted(judged, key=lambda other: (place[other], judged[other]))]
        gains[trial] = gain(found) / gain(sorted(found, reverse=True))
    assert sum(gains.values()) / len(gains) >= GAIN, gains


def gain(grades: list[int]) -> float:
    return sum(grade / math.log2(place) for place, grade in enumerate(grades, 2))


def test_the_reasons_of_the_same_question_name_it(db: sqlite3.Connection) -> None:
    for trial, judged in JUDGED.items():
        rows = {row["related_trial_id"]: row for row in related(db, number(trial), MOST)}
        best = [rows[number(other)] for other, grade in judged.items() if grade == 3 and number(other) in rows]
        assert all(row["shared_conditions"] or row["shared_interventions"] for row in best), trial
