"""Studies on recurrent miscarriage and its neighbours, built into a catalogue. Shared by the tests of related trials."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from harvester.archive import Archive
from harvester.build import build
from harvester.imports import import_files

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


def nct(number: int) -> str:
    return f"NCT9{number:07}"
