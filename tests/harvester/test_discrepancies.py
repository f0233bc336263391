"""What records of one trial contradict each other about: each rule by an example, and what only looks like a difference."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from harvester import catalogue
from harvester.archive import Archive
from harvester.build import build, content_hash
from harvester.catalogue import insert_into
from harvester.discrepancies import find_discrepancies
from harvester.imports import files_of, import_files
from harvester.link_overrides import read_overrides
from harvester.organizations import name_sponsors
from harvester.rows import RecordKey, RecordProvenance
from harvester.written import Written
from normalize.schema import Country, Outcome, Record, RecordSponsor

NCT, ISRCTN = "NCT90000001", "ISRCTN90000001"
FRENCH, SPANISH = "EUCTR2031-000001-11-FR", "EUCTR2031-000001-11-ES"
_REGISTRIES = {"NCT": "ClinicalTrials.gov", "ISR": "ISRCTN", "EUC": "EUCTR", "DRK": "DRKS"}


class Found(NamedTuple):
    """A row of `discrepancies` without what the tests do not look at."""

    field: str
    record: str
    other: str
    severity: str
    detail: str


def entry(registry_id: str, source: str | None = None, **says: Any) -> tuple[str, Record]:
    """(source, record); the source is the registry itself, or `ictrp`."""
    registry = _REGISTRIES[registry_id[:3]]
    own = {"ClinicalTrials.gov": "ctgov"}.get(registry, registry.lower())
    return source or own, Record(registry=registry, registry_id=registry_id, **says)


def found(*entries: tuple[str, Record]) -> list[Found]:
    """What these entries of one trial contradict each other about."""
    with closing(sqlite3.connect(":memory:")) as db:
        catalogue.create(db)
        for source, record in entries:
            key = RecordKey(f"{source}:{record.registry_id}", "T", source)
            provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, "test", None)
            db.execute(insert_into("records"), catalogue.record_row(key, record, provenance))
            for table, rows in catalogue.child_rows(key.record_id, record):
                db.executemany(insert_into(table), rows)
        name_sponsors(db, None)
        find_discrepancies(db, None)
        sql = "SELECT field, record_id, other_record_id, severity, detail FROM discrepancies ORDER BY ordinal"
        return [Found(*row) for row in db.execute(sql)]


def severity(field: str, *entries: tuple[str, Record]) -> str | None:
    """The severity of the one row of a field; no other field may have a row."""
    rows = found(*entries)
    assert [row.field for row in rows] in ([], [field]), rows
    return rows[0].severity if rows else None


@pytest.mark.parametrize(
    ("field", "one", "other", "expected"),
    [
        ("recruitment_status", "recruiting", "completed", "serious"),
        ("recruitment_status", "not_yet_recruiting", "terminated", "serious"),
        ("recruitment_status", "completed", "withdrawn", "serious"),
        ("recruitment_status", "recruiting", "suspended", "notable"),
        ("recruitment_status", "recruiting", "not_yet_recruiting", "minor"),
        ("recruitment_status", "active_not_recruiting", "completed", "minor"),
        ("recruitment_status", "terminated", "withdrawn", "minor"),
        ("recruitment_status", "recruiting", "not_recruiting", "minor"),
        ("recruitment_status", "not_yet_recruiting", "not_recruiting", "minor"),
        ("recruitment_status", "completed", "not_recruiting", None),
        ("recruitment_status", "recruiting", "enrolling_by_invitation", None),
        ("recruitment_status", "recruiting", "unknown", None),
        ("recruitment_status", "recruiting", None, None),
        ("study_type", "interventional", "observational", "notable"),
        ("phase", "1", "3", "serious"),
        ("phase", "2", "3", "notable"),
        ("phase", "2/3", "3", "minor"),
        ("phase", "early_1", "1", None),
        ("phase", "3", "not_applicable", None),
        ("target_sample_size", 100, 200, "serious"),
        ("target_sample_size", 100, 150, "notable"),
        ("target_sample_size", 100, 105, "minor"),
        ("target_sample_size", 100, 100, None),
        ("actual_enrollment", 0, 40, "serious"),
        ("date_of_first_enrollment", "2020-01-10", "2022-01-10", "serious"),
        ("date_of_first_enrollment", "2020-01-10", "2020-06-10", "notable"),
        ("date_of_first_enrollment", "2020-01-10", "2020-03-10", "minor"),
        ("date_of_first_enrollment", "2020-01-10", "2020-01-30", None),
        ("date_of_first_enrollment", "2020-01-10", "2020-02", None),
        ("completion_date", "2020-01", "2023-01", "serious"),
        ("date_of_registration", "2019-01-01", "2021-01-01", None),  # each registry has its own
        ("prospective_registration", True, False, "minor"),
        ("minimum_age_years", 16.0, 18.0, "serious"),
        ("minimum_age_years", 18.0, 21.0, "notable"),
        ("maximum_age_years", 64.0, 65.0, "minor"),
        ("maximum_age_years", 75.0, 75.05, None),
        ("sex", "female", "male", "serious"),
        ("sex", "female", "all", "notable"),
        ("has_results", True, False, "notable"),
    ],
)
def test_two_registries_are_compared_by_meaning(field: str, one: Any, other: Any, expected: str | None) -> None:
    assert severity(field, entry(NCT, **{field: one}), entry(ISRCTN, **{field: other})) == expected


@pytest.mark.parametrize(
    ("field", "given", "band", "expected"),
    [
        ("maximum_age_years", 65.0, 64.0, None),
        ("maximum_age_years", 18.0, 17.0, None),
        ("maximum_age_years", 12.0, 11.0, None),
        ("minimum_age_years", 17.0, 18.0, None),
        ("minimum_age_years", 40.0, 18.0, None),
        ("minimum_age_years", 12.0, 18.0, "notable"),
        ("maximum_age_years", 80.0, 64.0, "notable"),
    ],
)
def test_a_limit_within_a_band_of_age_or_at_its_edge_agrees_with_it(
    field: str, given: float, band: float, expected: str | None
) -> None:
    assert severity(field, entry(NCT, **{field: given}), entry(FRENCH, **{field: band})) == expected


def test_a_band_of_age_is_told_as_one() -> None:
    band = {"maximum_age_years": 64.0, "maximum_age_raw": "Adults (18-64 years)"}
    (row,) = found(entry(NCT, maximum_age_years=80.0), entry(FRENCH, **band))
    assert "“80 years”" in row.detail and "“64 years (age band: Adults (18-64 years))”" in row.detail
    (row,) = found(entry(NCT, minimum_age_years=1.0), entry(ISRCTN, minimum_age_years=1.5))
    assert "“1 year”" in row.detail and "“18 months”" in row.detail


def test_no_upper_limit_contradicts_a_limit() -> None:
    (row,) = found(entry(NCT, maximum_age_raw="N/A (No limit)"), entry(ISRCTN, maximum_age_years=70.0))
    assert (row.field, row.severity) == ("maximum_age_years", "notable")
    assert "“no limit”" in row.detail and "“70 years”" in row.detail
    assert not found(entry(NCT, maximum_age_raw="No limit"), entry(ISRCTN, maximum_age_years=100.0))


def test_a_plan_that_came_differently_is_no_contradiction() -> None:
    def end(registry_id: str, date: str, kind: str) -> tuple[str, Record]:
        return entry(registry_id, completion_date=date, completion_date_type=kind)

    field = "completion_date"
    assert severity(field, end(NCT, "2022-06-01", "actual"), end(ISRCTN, "2021-06-01", "anticipated")) is None
    assert severity(field, end(NCT, "2026-06-01", "actual"), end(ISRCTN, "2021-06-01", "anticipated")) == "minor"


@pytest.mark.parametrize("source", ["euctr", "ictrp"])
def test_first_enrollment_and_what_follows_from_it_are_not_compared_with_euctr(source: str) -> None:
    ours = entry(NCT, date_of_first_enrollment="2020-01-10", prospective_registration=True)
    theirs = entry(FRENCH, source, date_of_first_enrollment="2024-01-10", prospective_registration=False)
    assert not found(ours, theirs)


def test_the_day_of_authorisation_that_a_copy_of_ctis_shows_is_no_first_enrollment() -> None:
    ours = entry(NCT, date_of_first_enrollment="2020-01-10")
    copy = (
        "ictrp",
        Record(registry="CTIS", registry_id="CTIS2031-500001-11-00", date_of_first_enrollment="2024-01-10"),
    )
    own = ("ctis", Record(registry="CTIS", registry_id="2031-500001-11-00", date_of_first_enrollment="2024-01-10"))
    assert not found(ours, copy)
    assert [row.field for row in found(ours, own)] == ["date_of_first_enrollment"]


def test_entries_of_two_countries_may_have_ended_at_different_times() -> None:
    going_on, ended = entry(FRENCH, recruitment_status="recruiting"), entry(SPANISH, recruitment_status="completed")
    assert not found(going_on, ended)
    assert not found(entry(NCT, recruitment_status="recruiting"), going_on, ended), "one of them agrees"
    rows = found(entry(NCT, recruitment_status="recruiting"), ended, entry(FRENCH, recruitment_status="completed"))
    assert [(row.record, row.severity) for row in rows] == [(f"ctgov:{NCT}", "serious")]
    assert rows[0].detail.endswith(" One more of its entries says the same.")


def test_countries_count_together_where_a_register_has_an_entry_for_each() -> None:
    def at(registry_id: str, *codes: str) -> tuple[str, Record]:
        countries = tuple(Country(country_code=code, country=code, country_raw=code) for code in codes)
        return entry(registry_id, countries=countries)

    assert not found(at(NCT, "FR", "ES", "US"), at(FRENCH, "FR"), at(SPANISH, "ES"))
    assert [row.severity for row in found(at(NCT, "US"), at(FRENCH, "FR"), at(SPANISH, "ES"))] == ["notable"]
    assert severity("countries", at(NCT, "US"), at(ISRCTN, "GB")) == "serious"
    assert severity("countries", at(NCT, "US", "GB"), at(ISRCTN, "GB")) == "minor"


def test_a_copy_that_is_older_is_minor_and_says_so() -> None:
    (row,) = found(
        entry(NCT, recruitment_status="completed", last_update_date="2025-01-01"),
        entry(NCT, "ictrp", recruitment_status="recruiting", last_update_date="2023-01-01"),
    )
    assert (row.record, row.other, row.severity) == (f"ctgov:{NCT}", f"ictrp:{NCT}", "minor")
    assert row.detail == (
        f"Recruitment status: {NCT} says “completed” (updated 2025-01-01), WHO ICTRP's copy of {NCT} says “recruiting”"
        " (updated 2023-01-01). The copy is older than the registry's own entry."
    )


def test_a_copy_is_held_against_its_original_also_in_the_date_of_registration() -> None:
    original = entry(NCT, date_of_registration="2021-01-01", last_update_date="2025-01-01")
    copy = entry(NCT, "ictrp", date_of_registration="2021-02-01", last_update_date="2025-01-01")
    assert severity("date_of_registration", original, copy) == "minor"


def test_a_size_that_may_be_the_number_enrolled_is_not_held_against_the_plan() -> None:
    original = entry(NCT, target_sample_size=100, recruitment_status="completed")
    copy = entry(NCT, "ictrp", target_sample_size=40, recruitment_status="not_recruiting")
    assert not found(original, copy)


def measuring(registry_id: str, measure: str | None) -> tuple[str, Record]:
    return entry(registry_id, outcomes=(Outcome(kind="primary", measure=measure),) if measure else ())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Live birth after 24 weeks of gestation", "live birth after 24 weeks gestation", None),
        ("Live birth after 24 weeks of gestation", "Overall survival at five years", "notable"),
        ("Live birth after 24 weeks of gestation", None, "notable"),
        ("All-cause mortality at day 28", "Number of patients who died until day 28, by arm", None),  # one event
        ("ICU admission", "Share of patients who must be admitted to intensive care because their lungs fail", None),
        ("Relapses", "Time from the last day of treatment to the first recurrence that a second reader confirms", None),
        ("Le nombre de naissances dans les 24 semaines pour la mère", "Number of live births in the 24 weeks of the trial for all of the women", None),  # two languages
        ("Change of the pain score from baseline", "Quality of sleep", "notable"),
    ],
)  # fmt: skip
def test_primary_outcomes_are_compared_by_their_words(one: str, other: str | None, expected: str | None) -> None:
    assert severity("primary_outcomes", measuring(NCT, one), measuring(ISRCTN, other)) == expected


@pytest.mark.parametrize(
    ("sponsor", "others", "expected"),
    [
        ("EXAMPLE  UNIVERSITY", (), None),
        ("Nordvik Pharma", (), "notable"),
        ("Nordvik Pharma", ("Example University",), "minor"),
        ("Dr. Ada Nordvik", (), "minor"),
        ("Ada Nordvik", (), "minor"),
    ],
)
def test_sponsors_are_compared_as_organizations(sponsor: str, others: tuple[str, ...], expected: str | None) -> None:
    assert severity("primary_sponsor", by(NCT, "Example University"), by(ISRCTN, sponsor, others)) == expected


def by(registry_id: str, primary: str, secondary: tuple[str, ...] = ()) -> tuple[str, Record]:
    helpers = tuple(RecordSponsor(role="secondary", name_raw=name) for name in secondary)
    return entry(registry_id, record_sponsors=(RecordSponsor(role="primary", name_raw=primary), *helpers))


def test_initials_are_the_name_and_a_shared_word_makes_it_doubtful() -> None:
    name = "Nordvik Foundation for the Health of Mothers"
    assert severity("primary_sponsor", by(NCT, name), by(ISRCTN, "NFHM")) is None
    (row,) = found(by(NCT, "Hospital of Nordvik"), by(ISRCTN, "Nordvik Research Foundation"))
    assert row.severity == "minor" and "a word in common" in row.detail


def test_an_older_entry_that_tells_an_earlier_stage_weighs_less() -> None:
    def at(registry_id: str, status: str, updated: str) -> tuple[str, Record]:
        return entry(registry_id, recruitment_status=status, last_update_date=updated)

    (row,) = found(at(NCT, "completed", "2024-01-01"), at(ISRCTN, "recruiting", "2022-01-01"))
    assert row.severity == "notable" and row.detail.endswith("The older entry tells of an earlier stage.")
    (row,) = found(at(NCT, "completed", "2022-01-01"), at(ISRCTN, "recruiting", "2024-01-01"))
    assert row.severity == "serious"


def test_the_size_of_an_entry_for_fewer_countries_may_be_theirs_alone() -> None:
    def sized(registry_id: str, size: int, *codes: str) -> tuple[str, Record]:
        countries = tuple(Country(country_code=code, country=code, country_raw=code) for code in codes)
        return entry(registry_id, target_sample_size=size, countries=countries)

    def judged(size: int, *codes: str) -> dict[str, str]:
        return {
            row.field: row.severity for row in found(sized(NCT, 1000, "FR", "ES", "IT"), sized(ISRCTN, size, *codes))
        }

    assert judged(100, "FR")["target_sample_size"] == "minor"
    assert judged(3000, "FR")["target_sample_size"] == judged(100, "FR", "GB")["target_sample_size"] == "serious"


def test_a_trial_is_registered_in_time_when_it_was_so_anywhere() -> None:
    def begun(registry_id: str, registered: str, start: str) -> tuple[str, Record]:
        in_time = registered <= start
        return entry(registry_id, date_of_registration=registered, date_of_first_enrollment=start, prospective_registration=in_time)  # fmt: skip

    field = "prospective_registration"
    assert severity(field, begun(NCT, "2020-01-01", "2020-02-01"), begun(ISRCTN, "2020-06-01", "2020-02-01")) is None
    assert severity(field, begun(NCT, "2020-01-20", "2020-02-01"), begun(ISRCTN, "2020-06-01", "2020-01-10")) == "minor"


# ------------------------------------------------------------------------------------------------------ step by step


class Workshop:
    """An archive, links.csv and the catalogue made of both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.links = folder / "links.csv"
        self.catalogue = folder / "catalogue.db"

    def take(self, day: int, **statuses: str) -> None:
        """Studies by number and status, fetched on a day of January."""
        studies = [
            {
                "protocolSection": {
                    "identificationModule": {"nctId": number, "briefTitle": "A trial"},
                    "statusModule": {"overallStatus": status, "lastUpdatePostDateStruct": {"date": f"2026-01-{day:02}"}},
                    "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Example University", "class": "OTHER"}},
                }
            }
            for number, status in statuses.items()
        ]  # fmt: skip
        file = self.folder / f"day{day}.json"
        file.write_text(json.dumps(studies), encoding="utf-8")
        os.utime(file, (1_767_225_600 + day * 86_400,) * 2)
        with Archive(self.folder / "archive.db") as archive:
            import_files(archive, "ctgov", list(files_of([file])))

    def join(self, *pairs: tuple[str, str]) -> None:
        lines = [f"{one},{other},same,one protocol" for one, other in pairs]
        self.links.write_text("\n".join(["record,other,verdict,note", *lines]) + "\n", encoding="utf-8")

    def build(self, *, full: bool = False) -> str:
        decided = Written(link_overrides=read_overrides(self.links))
        build(self.folder / "archive.db", self.catalogue, written=decided, full=full)
        return content_hash(self.catalogue)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.catalogue)) as db:
            return db.execute(sql).fetchall()

    def contradictions(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT trial_id, field, severity FROM discrepancies ORDER BY 1, 2")


def test_step_by_step_trials_and_contradictions_are_those_of_a_full_build(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    workshop.take(1, NCT90000001="RECRUITING", NCT90000002="RECRUITING", NCT90000003="RECRUITING", NCT90000004="RECRUITING")  # fmt: skip
    workshop.join(("NCT90000001", "NCT90000002"), ("NCT90000003", "NCT90000004"))
    workshop.build()
    assert workshop.contradictions() == []
    rowids = dict(workshop.rows("SELECT trial_id, rowid FROM trials"))

    workshop.take(2, NCT90000002="COMPLETED", NCT90000005="RECRUITING")
    stepwise = workshop.build()
    assert workshop.contradictions() == [("NCT90000001", "recruitment_status", "notable")]
    assert rowids.items() <= dict(workshop.rows("SELECT trial_id, rowid FROM trials")).items(), (
        "full-text search knows them"
    )
    assert stepwise == workshop.build(full=True)

    workshop.take(3, NCT90000004="TERMINATED")
    workshop.join(("NCT90000003", "NCT90000004"))
    stepwise = workshop.build()
    assert workshop.contradictions() == [("NCT90000003", "recruitment_status", "notable")], (
        "the first two are two trials"
    )
    assert stepwise == workshop.build(full=True)
