"""Trials written for the tests of the comparison: three on the same condition, with criteria that agree, nearly agree and collide."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from harvester.compare import Comparison, compare
from normalize import eligibility
from normalize.eligibility_facts import facts
from normalize.schema import Arm, Country, Intervention, Outcome, Record, RecordSponsor, SecondaryId
from tests.site.made import make_catalogue

_FIRST = """Inclusion Criteria:
- Women aged 18 to 40 years
- Two or more earlier losses of unknown cause
- Body mass index below 35 kg/m2
- Written informed consent
Exclusion Criteria:
- Diabetes mellitus
- Heparin taken during the last month
- Platelets < 100 x 10^9/L"""
_SECOND = """Inclusion Criteria:
- Women aged 21 to 45 years
- Written informed consent
- BMI < 35 kg/m2
- Heparin taken during the last month
Exclusion Criteria:
- Platelets <100,000 /mm3
- Diabetes mellitus
- Epilepsy
- Pregnancy"""
_THIRD = """Inclusion Criteria:
- Women aged 46 to 50 years
- Written informed consent was given
- Pregnant women
Exclusion Criteria:
- Diabetes mellitus"""


def _record(number: int, text: str, **said: Any) -> Record:
    read = eligibility.parse([("unspecified", text)])
    record = Record(
        registry="ClinicalTrials.gov",
        registry_id=f"NCT0200000{number}",
        study_type="interventional",
        sex="female",
        eligibility_raw=read.raw,
        criteria=read.criteria,
        criterion_measures=read.measures,
        **said,
    )
    return replace(record, eligibility_facts=facts(record))


FIRST = _record(
    1, _FIRST,
    public_title="=HYPERLINK(\"http://x\") Tresamide after losses\nsecond line, été",
    phase="1/2", phase_raw="PHASE1, PHASE2",
    date_of_first_enrollment="2021-03", completion_date="2022-01-01",
    target_sample_size=100, minimum_age_years=18.0, minimum_age_raw="18 Years", maximum_age_years=40.0, maximum_age_raw="40 Years",
    why_stopped="- lack of money",
    arms=(Arm(label="Tresamide", type="experimental", description="50 mg a day"), Arm(label="Placebo", type="placebo_comparator")),
    interventions=(Intervention(name="Tresamide", other_names="TRE-1", type="drug"),),
    outcomes=(Outcome(kind="primary", measure="Live birth", time_frame="10 months"), Outcome(kind="secondary", measure="Loss before week 12")),
    countries=(Country(country_code="FR", country="France", country_raw="France"), Country(country_code="ES", country="Spain", country_raw="Spain")),
    record_sponsors=(RecordSponsor(role="primary", name_raw="Example Hospital"),),
    secondary_ids=(SecondaryId(id_raw="EX-1", id_normalized="EX1", type="sponsor_code", source_field="x"),),
)  # fmt: skip
SECOND = _record(
    2, _SECOND,
    public_title="TRE-1 in the second trimester", phase="2",
    date_of_first_enrollment="2021-03-15", target_sample_size=300,
    minimum_age_years=21.0, minimum_age_raw="21 Years", maximum_age_years=None, maximum_age_raw="No limit",
    arms=(Arm(label="Placebo", type="placebo_comparator"),),
    interventions=(Intervention(name="TRE-1", type="drug"),),
    outcomes=(Outcome(kind="secondary", measure="Live birth", time_frame="2 years"),),
    countries=(Country(country_code="ES", country="Spain", country_raw="Spanien"),),
    record_sponsors=(RecordSponsor(role="primary", name_raw="EXAMPLE HOSPITAL"),),
)  # fmt: skip
THIRD = _record(
    3,
    _THIRD,
    public_title="Older women",
    phase_raw="Phase: one and a half",
    minimum_age_years=46.0,
    maximum_age_years=50.0,
)

IDS = ("NCT02000001", "NCT02000002", "NCT02000003")


def make(path: Path) -> Path:
    return make_catalogue(path, [(record.registry_id, "ctgov", record) for record in (FIRST, SECOND, THIRD)])


def written(folder: Path, form: Callable[[Comparison], str]) -> Path:
    """A file with the comparison of all three in a form of CSV."""
    file = folder / "compared.csv"
    with closing(sqlite3.connect(make(folder / "catalogue.db"))) as db:
        file.write_text(form(compare(db, IDS)), encoding="utf-8", newline="")
    return file


def compared(folder: Path, *texts: str) -> Comparison:
    """The comparison of trials of which nothing is known but their eligibility texts."""
    records = [_record(number, text) for number, text in enumerate(texts, 1)]
    file = make_catalogue(folder / "catalogue.db", [(one.registry_id, "ctgov", one) for one in records])
    with closing(sqlite3.connect(file)) as db:
        return compare(db, [one.registry_id for one in records])
