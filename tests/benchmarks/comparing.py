"""How long a comparison of ten trials with sixty criteria each takes: criteria of invented words, a third of them shared by all."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from harvester.compare import compare
from normalize import eligibility
from normalize.schema import Record
from tests.site.made import make_catalogue

TRIALS, CRITERIA, ROUNDS = 10, 60, 7
_WORDS = [
    f"{a}{b}{c}"
    for a in ("car", "neu", "hep", "ost", "gas")
    for b in ("di", "ro", "ta")
    for c in ("tis", "pathy", "oma", "nia")
]
_LIMITS = (
    "Age of {} to 70 years",
    "Platelets < {} x 10^9/L",
    "Body mass index below {} kg/m2",
    "Creatinine > {} µmol/L",
)


def _text(trial: int, shared: random.Random) -> str:
    own = random.Random(trial)
    lines = []
    for number in range(CRITERIA):
        words = (shared if number % 3 == 0 else own).choices(_WORDS, k=9)
        limit = _LIMITS[number % 4].format(20 + own.randrange(3)) if number % 5 == 0 else ""
        lines.append(f"- {' '.join(words)} {limit}".rstrip())
    half = CRITERIA // 2
    return "\n".join(["Inclusion Criteria:", *lines[:half], "Exclusion Criteria:", *lines[half:]])


def milliseconds() -> float:
    """Processor time of the quickest of some rounds."""
    trials = []
    for number in range(TRIALS):
        read = eligibility.parse([("unspecified", _text(number, random.Random(7)))])
        record = Record(
            registry="ClinicalTrials.gov",
            registry_id=f"NCT0300{number:04}",
            eligibility_raw=read.raw,
            criteria=read.criteria,
            criterion_measures=read.measures,
        )
        trials.append((record.registry_id, "ctgov", record))
    ids = [trial_id for trial_id, _, _ in trials]
    times = []
    with tempfile.TemporaryDirectory() as folder:
        path = make_catalogue(Path(folder) / "catalogue.db", trials)
        with closing(sqlite3.connect(path)) as db:
            for _ in range(ROUNDS):
                begin = time.process_time()
                compare(db, ids)
                times.append(time.process_time() - begin)
    return 1000 * min(times)
