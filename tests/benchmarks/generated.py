"""A generated catalogue of any size, for speed figures: invented trials whose words, sponsors and links are spread as real ones are.

    python -m tests.benchmarks.generated 100000 /tmp/generated.db      records and children only; the stages of a build come after

Everything is drawn from one seed, so the same call gives the same trials. `trials` draws the facts; `study` writes them as
ClinicalTrials.gov's JSON (for an archive), `records` as rows of the schema (for a catalogue, without reading payloads). About
one trial in eight has a second record: WHO ICTRP's copy, a EUCTR record that names the NCT number, or one that does not.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from harvester import catalogue
from harvester.catalogue import insert_into
from harvester.rows import RecordKey, RecordProvenance
from normalize import eligibility, schema
from normalize.schema import Record
from normalize.text import fold

_SYLLABLES = [
    a + b
    for a in ["b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "tr", "pl", "cr"]
    for b in ["a", "e", "i", "o", "u", "an", "er", "il", "on", "us"]
]
_PLAIN = [
    "the",
    "of",
    "in",
    "with",
    "and",
    "for",
    "patients",
    "study",
    "treatment",
    "to",
    "a",
    "effect",
    "after",
    "versus",
    "on",
    "safety",
    "efficacy",
    "trial",
    "clinical",
    "randomized",
    "phase",
    "therapy",
    "compared",
    "placebo",
    "controlled",
    "evaluation",
    "among",
    "adults",
    "children",
    "outcomes",
    "risk",
    "early",
    "use",
    "quality",
    "life",
    "pain",
    "response",
    "dose",
    "daily",
    "weeks",
    "months",
    "surgery",
    "care",
    "combination",
    "recurrent",
    "acute",
    "chronic",
    "severe",
    "moderate",
    "women",
    "men",
]
_SITES = [
    "cancer",
    "carcinoma",
    "syndrome",
    "disease",
    "disorder",
    "infection",
    "failure",
    "deficiency",
    "loss",
    "lupus",
    "arthritis",
    "anemia",
    "injury",
]
_FORMS = [
    "hydrochloride",
    "sodium",
    "mab",
    "nib",
    "vaccine",
    "tablet",
    "infusion",
    "cream",
    "program",
    "device",
    "exercise",
    "education",
]
_COUNTRIES = (("US", "United States"), ("CN", "China"), ("DE", "Germany"), ("FR", "France"), ("ES", "Spain"),
              ("IT", "Italy"), ("GB", "United Kingdom"), ("CA", "Canada"), ("JP", "Japan"), ("IN", "India"),
              ("EG", "Egypt"), ("BR", "Brazil"), ("AU", "Australia"), ("NL", "Netherlands"), ("PL", "Poland"))  # fmt: skip
_STATUSES = (
    "completed",
    "recruiting",
    "unknown",
    "not_yet_recruiting",
    "active_not_recruiting",
    "terminated",
    "withdrawn",
)
_PHASES = ("not_applicable", "2", "1", "3", "4", "1/2", "2/3", "early_1")
_CTGOV_PHASES = {"not_applicable": ["NA"], "early_1": ["EARLY_PHASE1"]}
_KINDS = ("industry", "academic_or_hospital", "government", "other_nonprofit")
_CTGOV_KINDS = ("INDUSTRY", "OTHER", "NIH", "NETWORK")


class Trial(NamedTuple):
    """The facts of one invented trial."""

    number: int
    title: str
    official_title: str
    summary: str
    description: str
    conditions: list[str]
    interventions: list[tuple[str, str]]  # type, name
    outcomes: list[tuple[str, str, str]]  # kind, measure, time frame
    criteria: str
    sponsor: str
    sponsor_kind: int
    countries: list[tuple[str, str]]
    status: str
    phase: str
    registered: str
    start: str
    end: str
    size: int
    sex: str
    ages: tuple[int, int]
    second: str  # "", "ictrp", "euctr with number", "euctr without"


class _Words:
    """Words as a language has them: few stand everywhere, many hardly anywhere."""

    def __init__(self, rng: random.Random, kinds: int) -> None:
        drawn = dict.fromkeys("".join(rng.choices(_SYLLABLES, k=rng.choice((2, 3, 3, 4)))) for _ in range(kinds))
        self._words = [*_PLAIN, *drawn]
        self._heights = list(accumulate(1 / (place + 3) for place in range(len(self._words))))
        self._rng = rng

    def some(self, count: int) -> str:
        return " ".join(self._rng.choices(self._words, cum_weights=self._heights, k=count))

    def rare(self) -> str:
        return self._words[self._rng.randrange(len(_PLAIN), len(self._words))]


def _skewed(rng: random.Random, things: list[Any]) -> Any:
    """One of the things, the first ones much more often."""
    return things[int(len(things) * rng.random() ** 3)]


def trials(count: int, seed: int = 1) -> Iterator[Trial]:
    """`count` invented trials."""
    rng = random.Random(seed)
    words = _Words(rng, 30_000)
    conditions = [f"{words.rare()} {rng.choice(_SITES)}".capitalize() for _ in range(1500)]
    drugs = [f"{words.rare()} {rng.choice(_FORMS)}".strip().capitalize() for _ in range(4000)]
    sponsors = [
        f"{words.rare().capitalize()} {rng.choice(('University Hospital', 'Pharma GmbH', 'Institute', 'Inc.', 'University'))}"
        for _ in range(8000)
    ]
    texts = [_criteria(rng, words) for _ in range(600)]
    for number in range(count):
        studied = list(dict.fromkeys(_skewed(rng, conditions) for _ in range(rng.choice((1, 1, 1, 2, 3)))))
        given = list(dict.fromkeys(_skewed(rng, drugs) for _ in range(rng.choice((1, 1, 2, 2, 3)))))
        year = 2026 - int(24 * rng.random() ** 1.6)
        start = f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        place = int(len(sponsors) * rng.random() ** 3)
        title = f"{given[0]} for {studied[0]}: {words.some(rng.randint(3, 9))}"
        yield Trial(
            number=number,
            title=title,
            official_title=f"{title} {words.some(rng.randint(4, 12))}",
            summary=words.some(rng.randint(40, 160)).capitalize() + ".",
            description=words.some(rng.randint(100, 400)).capitalize() + "." if rng.random() < 0.6 else "",
            conditions=studied,
            interventions=[(rng.choice(("drug", "device", "procedure", "behavioral")), name) for name in given],
            outcomes=[(("primary" if n == 0 else "secondary"), words.some(rng.randint(3, 12)).capitalize(), f"{rng.randint(1, 24)} months")
                      for n in range(rng.randint(1, 7))],
            criteria=rng.choice(texts),
            sponsor=sponsors[place],
            sponsor_kind=place % len(_KINDS),
            countries=list(dict.fromkeys(_skewed(rng, list(_COUNTRIES)) for _ in range(rng.choice((1, 1, 1, 2, 4))))),
            status=_skewed(rng, list(_STATUSES)),
            phase=_skewed(rng, list(_PHASES)),
            registered=f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            start=start,
            end=f"{min(year + rng.randint(1, 5), 2032)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            size=int(10 ** (1 + 3 * rng.random())),
            sex="all" if rng.random() < 0.85 else "female",
            ages=(rng.choice((0, 12, 18, 18, 18, 40, 65)), rng.choice((17, 45, 65, 75, 80, 0))),
            second=rng.choices(("", "ictrp", "euctr with number", "euctr without"), (88, 6, 4, 2))[0],
        )  # fmt: skip


def _criteria(rng: random.Random, words: _Words) -> str:
    def lines(count: int) -> str:
        return "\n".join(
            f"* {line}" for line in [_limit(rng), *(words.some(rng.randint(4, 25)).capitalize() for _ in range(count))]
        )

    return f"Inclusion Criteria:\n\n* Age {rng.choice((18, 21))} to {rng.choice((45, 65, 75))} years\n{lines(rng.randint(2, 7))}\n\nExclusion Criteria:\n\n{lines(rng.randint(3, 10))}"


def _limit(rng: random.Random) -> str:
    name, low, unit = rng.choice(
        (("BMI", 35, "kg/m2"), ("Platelets", 100000, "/mm3"), ("Creatinine", 2, "mg/dL"), ("ECOG", 2, ""))
    )
    return f"{name} {rng.choice(('<', '>', '≤', '≥'))} {low} {unit}".strip()


def nct(trial: Trial) -> str:
    """Its NCT number."""
    return f"NCT{80_000_000 + trial.number:08}"


def study(trial: Trial, updated: str = "2026-01-15") -> bytes:
    """The trial as ClinicalTrials.gov's API v2 answers; another `updated` is a later version of it."""
    number = nct(trial)
    low, high = trial.ages
    protocol: dict[str, Any] = {
        "identificationModule": {
            "nctId": number, "briefTitle": trial.title, "officialTitle": trial.official_title,
            "orgStudyIdInfo": {"id": f"GEN-{trial.number}"}, "organization": {"fullName": trial.sponsor},
        },
        "statusModule": {
            "overallStatus": trial.status.upper(), "startDateStruct": {"date": trial.start, "type": "ACTUAL"},
            "completionDateStruct": {"date": trial.end, "type": "ESTIMATED"}, "studyFirstSubmitDate": trial.registered,
            "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"}, "lastUpdateSubmitDate": updated,
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": trial.sponsor, "class": _CTGOV_KINDS[trial.sponsor_kind]}},
        "descriptionModule": {"briefSummary": trial.summary, **({"detailedDescription": trial.description} if trial.description else {})},
        "conditionsModule": {"conditions": trial.conditions},
        "designModule": {
            "studyType": "INTERVENTIONAL", "phases": _CTGOV_PHASES.get(trial.phase) or [f"PHASE{p}" for p in trial.phase.split("/")],
            "enrollmentInfo": {"count": trial.size, "type": "ESTIMATED"}, "designInfo": {"allocation": "RANDOMIZED", "primaryPurpose": "TREATMENT"},
        },
        "armsInterventionsModule": {"interventions": [{"type": kind.upper(), "name": name} for kind, name in trial.interventions]},
        "outcomesModule": {
            f"{part}Outcomes": [{"measure": measure, "timeFrame": frame} for kind, measure, frame in trial.outcomes if kind == part]
            for part in ("primary", "secondary")
        },
        "eligibilityModule": {
            "eligibilityCriteria": trial.criteria, "sex": trial.sex.upper(), "healthyVolunteers": False,
            **({"minimumAge": f"{low} Years"} if low else {}), **({"maximumAge": f"{high} Years"} if high else {}),
        },
        "contactsLocationsModule": {"locations": [{"facility": f"{trial.sponsor}, {name}", "country": name} for _, name in trial.countries]},
    }  # fmt: skip
    return json.dumps({"protocolSection": protocol, "derivedSection": {}, "hasResults": False}).encode()


def records(drawn: Iterable[Trial]) -> Iterator[tuple[str, Record]]:
    """(source, record) of every trial, and of its second record where it has one."""
    read: dict[str, eligibility.Eligibility] = {}
    for trial in drawn:
        if trial.criteria not in read:
            read[trial.criteria] = eligibility.parse([("unspecified", trial.criteria)])
        record = _record(trial, read[trial.criteria])
        yield "ctgov", record
        if trial.second == "ictrp":
            yield "ictrp", replace(record, last_update_date="2025-11-02", recruitment_status="unknown")
        elif trial.second:
            yield "euctr", _european(trial, record)


def _european(trial: Trial, record: Record) -> Record:
    number = f"20{trial.number % 20 + 4:02}-0{trial.number % 100_000:05}-{trial.number % 89 + 10}"
    named = schema.SecondaryId(
        id_raw=nct(trial),
        id_normalized=nct(trial),
        registry="ClinicalTrials.gov",
        type="registry",
        source_field="A.5.2",
    )
    return replace(
        record, registry="EUCTR", registry_id=f"EUCTR{number}-DE", public_title=None, scientific_title=trial.official_title,
        recruitment_status="unknown", secondary_ids=(named,) if trial.second == "euctr with number" else (),
    )  # fmt: skip


def _record(trial: Trial, criteria: eligibility.Eligibility) -> Record:
    low, high = trial.ages
    kind = _KINDS[trial.sponsor_kind]
    return Record(
        registry="ClinicalTrials.gov", registry_id=nct(trial), url=f"https://clinicaltrials.gov/study/{nct(trial)}",
        public_title=trial.title, scientific_title=trial.official_title, brief_summary=trial.summary,
        detailed_description=trial.description or None, study_type="interventional", phase=trial.phase,
        allocation="randomized", primary_purpose="treatment", recruitment_status=trial.status,
        date_of_registration=trial.registered, date_of_first_enrollment=trial.start, date_of_first_enrollment_type="actual",
        completion_date=trial.end, completion_date_type="anticipated", last_update_date="2026-01-15",
        prospective_registration=trial.registered <= trial.start, target_sample_size=trial.size, sample_size_raw=str(trial.size),
        minimum_age_years=low or None, maximum_age_years=high or None, sex=trial.sex, healthy_volunteers=False,
        inclusion_criteria=criteria.inclusion, exclusion_criteria=criteria.exclusion, eligibility_raw=criteria.raw, has_results=False,
        secondary_ids=(schema.SecondaryId(id_raw=f"GEN-{trial.number}", id_normalized=f"GEN-{trial.number}", type="sponsor_code", source_field="orgStudyIdInfo"),),
        conditions=tuple(schema.Condition(condition=name, condition_normalized=fold(name)) for name in trial.conditions),
        interventions=tuple(schema.Intervention(name=name, name_normalized=fold(name), type=kind_) for kind_, name in trial.interventions),
        outcomes=tuple(schema.Outcome(kind=kind_, measure=measure, time_frame=frame) for kind_, measure, frame in trial.outcomes),  # type: ignore[arg-type]
        criteria=criteria.criteria, criterion_measures=criteria.measures,
        enrollment_counts=(schema.EnrollmentCount(kind="planned", scope="total", count=trial.size, source_field="enrollmentInfo"),),
        record_sponsors=(schema.RecordSponsor(role="primary", name_raw=trial.sponsor, class_registry=kind),),  # type: ignore[arg-type]
        countries=tuple(schema.Country(country_code=code, country=name, country_raw=name) for code, name in trial.countries),
        sites=tuple(schema.Site(facility=f"{trial.sponsor}, {name}", country_code=code) for code, name in trial.countries),
    )  # fmt: skip


def fill(db: sqlite3.Connection, count: int, seed: int = 1) -> int:
    """Creates the tables and writes the records of `count` trials; how many records that were. The stages come after."""
    catalogue.create(db)
    known: set[str] = set()
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for source, record in records(trials(count, seed)):
        key = RecordKey(f"{source}:{record.registry_id}", None, source)
        if key.record_id in known:
            continue
        known.add(key.record_id)
        provenance = RecordProvenance("2026-02-01T00:00:00Z", "0" * 64, "generated", None)
        rows.setdefault("records", []).append(catalogue.record_row(key, record, provenance))
        for table, more in catalogue.child_rows(key.record_id, record):
            rows.setdefault(table, []).extend(more)
        if len(known) % 2000 == 0:
            _write(db, rows)
    _write(db, rows)
    return len(known)


def _write(db: sqlite3.Connection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    for table, more in rows.items():
        db.executemany(insert_into(table), more)
    rows.clear()


def main() -> None:
    count, path = int(sys.argv[1]), Path(sys.argv[2])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000; BEGIN")
        made = fill(db, count)
        catalogue.create_indexes(db)
        db.execute("COMMIT")
    print(f"{made:,} records in {path}")


if __name__ == "__main__":
    main()
