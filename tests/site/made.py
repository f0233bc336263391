"""Records written for the site's tests, and a catalogue made of them without archive or build."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import astuple, fields

from harvester import catalogue
from harvester.catalogue import insert_into
from harvester.discrepancies import find_discrepancies
from harvester.quality import flag_quality
from harvester.registries import REGISTRIES
from harvester.rows import RecordKey, RecordProvenance, TrialLink, VersionRow
from harvester.text_index import index_text
from harvester.trials import build_trials
from normalize.schema import (
    CHILDREN,
    Arm,
    ArmIntervention,
    Condition,
    Contact,
    Country,
    Criterion,
    CriterionMeasure,
    Document,
    EnrollmentCount,
    EthicsReview,
    Intervention,
    Investigator,
    Keyword,
    MeshTerm,
    Outcome,
    Publication,
    Record,
    RecordSponsor,
    SecondaryId,
    Site,
    Unmapped,
    ValueWarning,
)
from normalize.text import fold

ELIGIBILITY = (
    "Inclusion Criteria:\n* Woman aged ≥18 years\n* Two losses or more:\n  * before 12 weeks\n  * unexplained\n"
    "Exclusion Criteria:\n* Pregnant now"
)


def _criterion(kind: Any, text: str, depth: int = 0, parent: int | None = None) -> Criterion:
    start = ELIGIBILITY.index(text)
    return Criterion(kind=kind, depth=depth, parent_ordinal=parent, text=text, start=start, end=start + len(text))


FULL = Record(
    registry="ClinicalTrials.gov",
    registry_id="NCT01000001",
    url="https://clinicaltrials.gov/study/NCT01000001",
    public_title="Aurelin for Recurrent Miscarriage",
    scientific_title="A Randomized Trial of Aurelin in Women With Unexplained Recurrent Miscarriage",
    acronym="AURELIA",
    brief_summary="Whether aurelin lowers the risk of another loss.",
    detailed_description="First paragraph.\n\nSecond paragraph.",
    study_type="interventional",
    study_type_raw="INTERVENTIONAL",
    phase="2",
    phase_raw="PHASE2",
    allocation="randomized",
    intervention_model="parallel",
    masking="double",
    masked_roles="participant, investigator",
    primary_purpose="prevention",
    recruitment_status="recruiting",
    recruitment_status_raw="RECRUITING",
    date_of_registration="2021-01-10",
    date_of_first_enrollment="2021-03-05",
    date_of_first_enrollment_type="actual",
    completion_date="2027-06",
    completion_date_type="anticipated",
    last_update_date="2025-12-19",
    prospective_registration=True,
    target_sample_size=240,
    minimum_age_years=18.0,
    minimum_age_raw="18 Years",
    maximum_age_years=40.0,
    maximum_age_raw="40 Years",
    sex="female",
    sex_raw="FEMALE",
    healthy_volunteers=False,
    eligibility_raw=ELIGIBILITY,
    has_results=True,
    results_date="2026-01-02",
    results_url="https://clinicaltrials.gov/study/NCT01000001?tab=results",
    ipd_sharing="yes",
    ipd_url="https://data.example.org/aurelia",
    responsible_party="Sponsor: Example Hospital",
    secondary_ids=(
        SecondaryId(id_raw="2019-000001-11", id_normalized="2019-000001-11", registry="EUCTR", type="registry", source_field="a"),
        SecondaryId(id_raw="EX-7", id_normalized="EX7", type="sponsor_code", source_field="orgStudyIdInfo"),
        SecondaryId(id_raw="ISRCTN10000001", id_normalized="ISRCTN10000001", registry="ISRCTN", type="mention", source_field="b"),
    ),
    conditions=(
        Condition(condition="Recurrent Miscarriage", condition_normalized="recurrent miscarriage", mesh_id="D000026"),
        Condition(
            condition="Pregnancy loss",
            condition_normalized="pregnancy loss",
            meddra_code="10036586",
            meddra_version="20.0",
            meddra_level="PT",
        ),
    ),
    keywords=(Keyword(keyword="Immune tolerance"),),
    mesh_terms=(
        MeshTerm(field="condition", mesh_id="D000026", term="Abortion, Habitual"),
        MeshTerm(field="condition", mesh_id="D000022", term="Abortion, Spontaneous", is_ancestor=True),
        MeshTerm(field="intervention", mesh_id="D999999", term="Aurelin"),
    ),
    arms=(
        Arm(label="Active", type="experimental", description="Aurelin for 12 weeks"),
        Arm(label="Watched", type="no_intervention"),
    ),
    interventions=(Intervention(name="Aurelin", name_normalized="aurelin", type="drug", description="200 mg a day", other_names="AUR-1\nAurelinum"),),
    arm_interventions=(ArmIntervention(arm_ordinal=1, intervention_ordinal=1),),
    outcomes=(
        Outcome(kind="primary", measure="Live birth", description="Any living child", time_frame="21 months"),
        Outcome(kind="secondary", measure="Pre-eclampsia", time_frame="Delivery"),
    ),
    criteria=(
        _criterion("inclusion", "Woman aged ≥18 years"),
        _criterion("inclusion", "Two losses or more:"),
        _criterion("inclusion", "before 12 weeks", 1, 2),
        _criterion("inclusion", "unexplained", 1, 2),
        _criterion("exclusion", "Pregnant now"),
    ),
    criterion_measures=(
        CriterionMeasure(
            criterion_ordinal=1, variable="age", lower=18.0, lower_inclusive=True, unit="years", canonical_lower=18.0, canonical_unit="a",
            text="≥18 years", start=ELIGIBILITY.index("≥18"), end=ELIGIBILITY.index("≥18") + len("≥18 years"),
        ),
    ),
    enrollment_counts=(
        EnrollmentCount(kind="planned", scope="total", count=240, source_field="enrollmentInfo"),
        EnrollmentCount(kind="planned", scope="country", scope_value="FR", count=80, source_field="x"),
    ),
    record_sponsors=(
        RecordSponsor(role="primary", name_raw="Example Hospital", class_registry="academic_or_hospital"),
        RecordSponsor(role="secondary", name_raw="Nordvik Pharma", class_registry="industry"),
    ),
    countries=(Country(country_code="FR", country="France", country_raw="France"),),
    sites=(Site(facility="Hôpital Exemple", city="Lyon", country_code="FR", status="recruiting"),),
    investigators=(Investigator(name="Camille Exemple", role="principal_investigator", affiliation="Example Hospital"),),
    contacts=(Contact(kind="public", name="Trial Office", affiliation="Example Hospital"),),
    publications=(
        Publication(type="background", pmid="15482749", citation="Exemple C. On loss."),
        Publication(type="result", doi="10.1000/ex(1)", citation="Exemple C. On gain."),
    ),
    documents=(Document(type="protocol", label="Protocol", url="https://example.org/p.pdf", date="2021-01-01"),),
    ethics_reviews=(EthicsReview(status="Approved", date="2020-12-01", committee="CPP Exemple"),),
    warnings=(ValueWarning(field="completion_date", raw_value="soon", reason="this is no date"),),
    unmapped_values=(Unmapped(vocabulary="sex", raw_value="Ladies"),),
)  # fmt: skip

COPY = Record(
    registry="ClinicalTrials.gov",
    registry_id="NCT01000001",
    public_title="Aurelin for Recurrent Miscarriage",
    study_type="interventional",
    phase="2/3",
    phase_raw="Phase 2/Phase 3",
    recruitment_status="recruiting",
    date_of_first_enrollment="2021-03",
    last_update_date="2025-01-01",
    target_sample_size=200,
    processed_date="2025-02-03",
    record_sponsors=(RecordSponsor(role="primary", name_raw="EXAMPLE HOSPITAL"),),
)
EUROPEAN = Record(
    registry="EUCTR",
    registry_id="EUCTR2019-000001-11-FR",
    url="https://www.clinicaltrialsregister.eu/ctr-search/trial/2019-000001-11/FR",
    public_title="Aurelin after losses",
    phase="2",
    recruitment_status="unknown",
    recruitment_status_raw="Ongoing",
    countries=(Country(country_code="FR", country="France", country_raw="France - ANSM"),),
)
CHINESE = Record(
    registry="ChiCTR",
    registry_id="ChiCTR2100000001",
    public_title="Acupuncture for nausea",
    study_type="interventional",
    recruitment_status="completed",
    date_of_registration="2021-02-02",
    date_of_first_enrollment="2019-05-01",
    prospective_registration=False,
    conditions=(Condition(condition="Nausea", condition_normalized="nausea"),),
)
INDIAN = Record(
    registry="CTRI",
    registry_id="CTRI/2020/04/024567",
    public_title="Yoga for back pain",
    study_type="observational",
    secondary_ids=(
        SecondaryId(id_raw="U1111-1234-5678", id_normalized="U1111-1234-5678", registry="WHO UTN", type="utn", source_field="s"),
    ),
)  # fmt: skip
SAME_UTN = Record(
    registry="DRKS",
    registry_id="DRKS00000001",
    public_title="Yoga for neck pain",
    secondary_ids=INDIAN.secondary_ids,
)
BARE = Record(registry="IRCT", registry_id="IRCT20200101000001N1", scientific_title="A study of which nothing is said")

HOSTILE_TEXT = '<script>document.title="run"</script><img src=x onerror=alert(1)>"\'&amp;{{ 7*7 }} =cmd()'


def filled(kind: type[Struct], text: str, url: str, **known: Any) -> Any:
    """A row of a schema class with `text` wherever the class takes free text, and `url` where it takes an address."""
    values: dict[str, Any] = {}
    for field in fields(kind):
        annotation = get_type_hints(kind)[field.name]
        choices = get_args(annotation) if get_origin(annotation) in (Union, type(str | None)) else (annotation,)
        literals = [choice for choice in choices if get_origin(choice) is Literal]
        if get_origin(annotation) is tuple:
            continue
        if literals:
            values[field.name] = get_args(literals[0])[0]
        elif "url" in field.name:
            values[field.name] = url
        elif str in choices:
            values[field.name] = text
        elif field.required:
            values[field.name] = 1
    return kind(**{**values, **known})


def filled_record(registry_id: str, text: str, url: str) -> Record:
    """A record with `text` in every field, and in every field of a row of each table below it."""
    record: Record = filled(
        Record,
        text,
        url,
        registry="ClinicalTrials.gov",
        registry_id=registry_id,
        phase="2",
        phase_raw=None,
        recruitment_status="recruiting",
        has_results=True,
        date_of_first_enrollment="2020-01-01",
        last_update_date="2020-01-01",
        warnings=(filled(ValueWarning, text, url),),
        unmapped_values=(filled(Unmapped, text, url),),
        **{name: (filled(kind, text, url),) for name, kind in CHILDREN.items()},
    )
    return record


HOSTILE = filled_record("NCT06660000", HOSTILE_TEXT, "javascript:document.title='run'")

#: Enough trials for three pages of a list.
MANY = [
    Record(
        registry="ISRCTN",
        registry_id=f"ISRCTN2000{n:04}",
        public_title=f"Vitamin study number {n}",
        study_type="interventional",
        phase="3" if n % 2 else "4",
        recruitment_status="completed" if n % 3 else "terminated",
        date_of_first_enrollment=f"{2000 + n % 20}-01-01",
        target_sample_size=n * 10,
        conditions=(Condition(condition="Deficiency", condition_normalized="deficiency"),),
        countries=(Country(country_code="GB", country="United Kingdom", country_raw="UK"),),
    )
    for n in range(1, 61)
]

_TRIALS: list[tuple[str, str, Record]] = [
    ("NCT01000001", "ctgov", FULL),
    ("NCT01000001", "ictrp", COPY),
    ("NCT01000001", "euctr", EUROPEAN),
    ("ChiCTR2100000001", "ictrp", CHINESE),
    ("CTRI/2020/04/024567", "ictrp", INDIAN),
    ("DRKS00000001", "ictrp", SAME_UTN),
    ("IRCT20200101000001N1", "ictrp", BARE),
    ("NCT06660000", "ctgov", HOSTILE),
    *((record.registry_id, "ictrp", record) for record in MANY),
]

_LINKS = [
    TrialLink("ctgov:NCT01000001", "ictrp:NCT01000001", "same", "mirror", "ClinicalTrials.gov and WHO ICTRP both hold NCT01000001", 1.0),
    TrialLink("ctgov:NCT01000001", "euctr:EUCTR2019-000001-11-FR", "same", "identifier", "NCT01000001 names 2019-000001-11 in a", 1.0,
              spoke_for="+2.0 titles equal: One / One (1.00 of their weight)\n+0.5 same phase: 2 / 2", spoke_against="-0.5 sizes within 30 %: 240 / 200"),
    TrialLink("ictrp:ChiCTR2100000001", "ctgov:NCT01000001", "mentioned", "identifier", "ChiCTR2100000001 names NCT01000001 in b", None),
]  # fmt: skip


def make_catalogue(path: Path, trials: list[tuple[str, str, Record]] = _TRIALS) -> Path:
    """A catalogue file with (trial_id, source, record) rows, all tables filled that the site reads."""
    with closing(sqlite3.connect(path)) as db:
        catalogue.create(db)
        for trial_id, source, record in trials:
            record_id = f"{source}:{record.registry_id}"
            provenance = RecordProvenance("2026-01-05T10:00:00Z", "ab" * 32, "1", None)
            db.execute(
                insert_into("records"), catalogue.record_row(RecordKey(record_id, trial_id, source), record, provenance)
            )
            for table, rows in catalogue.child_rows(record_id, record):
                db.executemany(insert_into(table), rows)
            version = VersionRow(
                record_id,
                "ab" * 32,
                "2026-01-05T10:00:00Z",
                "2026-01-06T09:00:00Z",
                record.last_update_date,
                None,
                False,
                9,
                True,
                None,
                None,
            )
            db.execute(insert_into("versions"), astuple(version))
        names = {sponsor.name_raw for _, _, record in trials for sponsor in record.record_sponsors}
        for name in sorted(names):
            db.execute(insert_into("sponsor_aliases"), (name, fold(name), "exact"))
            db.execute(
                "INSERT OR IGNORE INTO sponsors VALUES (?, ?, 'academic_or_hospital', NULL, NULL)", (fold(name), name)
            )
        db.execute(
            "UPDATE record_sponsors SET sponsor_id = (SELECT sponsor_id FROM sponsor_aliases a WHERE a.name_raw = record_sponsors.name_raw)"
        )
        known = {record_id for (record_id,) in db.execute("SELECT record_id FROM records")}
        links = [astuple(link) for link in _LINKS if {link.record_id, link.other_record_id} <= known]
        db.executemany(insert_into("trial_links"), links)
        for registry in REGISTRIES.values():
            count, processed = db.execute(
                "SELECT count(*), max(processed_date) FROM records WHERE source = ?", (registry.source,)
            ).fetchone()
            db.execute(
                insert_into("registries"),
                (
                    registry.source,
                    registry.name,
                    registry.page,
                    registry.licence,
                    registry.licence_url,
                    registry.attribution,
                    registry.terms,
                    count,
                    "2026-01-06T09:00:00Z",
                    processed,
                ),
            )
        db.execute(
            insert_into("runs"),
            (
                1,
                "ctgov",
                "miscarriage",
                "2026-01-05T10:00:00Z",
                None,
                3,
                2,
                2,
                0,
                0,
                1,
                4,
                0,
                999,
                "incomplete",
                "2 of 3 arrived",
                "sweep",
                "miscarriage",
                0,
                0,
                None,
                None,
                None,
            ),
        )
        db.execute(
            insert_into("rejected_payloads"),
            ("euctr", None, "https://example.org/x", "cd" * 32, "the page holds no record"),
        )
        db.execute(insert_into("unmapped_values"), ("sex", "ctgov", "Ladies", 1, "ctgov:NCT01000001"))
        db.execute(insert_into("about"), ("normalizer_version", "1"))
        catalogue.create_indexes(db)
        build_trials(db, None)
        flag_quality(db, None)
        find_discrepancies(db, None)
        index_text(db)
        db.commit()
    return path
