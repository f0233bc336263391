"""The trial's row: every value is some record's, by an order that does not depend on arrival, and comes back when sources come and go."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harvester import catalogue
from harvester.catalogue import insert_into
from harvester.catalogue_tables import OF_A_RECORD
from harvester.organizations import name_sponsors
from harvester.rows import RecordKey, RecordProvenance
from harvester.touched import Touched
from harvester.trials import build_trials
from normalize.schema import Condition, Country, Record, RecordSponsor

#: source, registry, number of the records that a trial may have.
PLACES = (
    ("ctgov", "ClinicalTrials.gov", "NCT90000001"),
    ("ictrp", "ClinicalTrials.gov", "NCT90000001"),
    ("isrctn", "ISRCTN", "ISRCTN90000001"),
    ("euctr", "EUCTR", "EUCTR2031-000001-11-FR"),
    ("ictrp", "DRKS", "DRKS90000001"),
)
_DATES = st.sampled_from([None, "2019", "2020-03", "2020-03-12", "2021-01-05"])
_TYPES = st.sampled_from([None, "actual", "anticipated"])
SAYS = st.fixed_dictionaries(
    {
        "public_title": st.sampled_from([None, "One title", "Another title"]),
        "phase": st.sampled_from([None, "1/2", "3"]),
        "recruitment_status": st.sampled_from([None, "unknown", "recruiting", "completed"]),
        "date_of_registration": _DATES,
        "date_of_first_enrollment": _DATES,
        "date_of_first_enrollment_type": _TYPES,
        "completion_date": _DATES,
        "completion_date_type": _TYPES,
        "last_update_date": _DATES,
        "target_sample_size": st.sampled_from([None, 10, 20]),
        "has_results": st.sampled_from([None, True, False]),
        "is_partial": st.booleans(),
        "conditions": st.sampled_from([(), (Condition(condition="Lupus"),), (Condition(condition="Asthma"),)]),
        "countries": st.sampled_from([(), (Country(country_code="FR", country="France", country_raw="France"),)]),
    }
)
TRIAL = st.lists(
    st.tuples(st.sampled_from(range(len(PLACES))), SAYS), min_size=1, max_size=5, unique_by=lambda one: one[0]
)

Said = tuple[int, dict[str, Any]]


def _id(place: int) -> str:
    return f"{PLACES[place][0]}:{PLACES[place][2]}"


def add(db: sqlite3.Connection, said: Sequence[Said]) -> None:
    for place, values in said:
        source, registry, number = PLACES[place]
        record = Record(registry=registry, registry_id=number, **values)
        provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, "test", None)
        db.execute(insert_into("records"), catalogue.record_row(RecordKey(_id(place), "T", source), record, provenance))
        for table, rows in catalogue.child_rows(_id(place), record):
            db.executemany(insert_into(table), rows)


def remove(db: sqlite3.Connection, place: int) -> None:
    for table in ("records", *OF_A_RECORD):
        db.execute(f"DELETE FROM {table} WHERE record_id = ?", (_id(place),))


def row(db: sqlite3.Connection, touched: Touched | None = None) -> dict[str, Any] | None:
    build_trials(db, touched)
    cursor = db.execute("SELECT * FROM trials")
    found = cursor.fetchone()
    return dict(zip([column[0] for column in cursor.description], found, strict=True)) if found else None


def fresh(said: Sequence[Said]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    catalogue.create(db)
    add(db, said)
    return db


@settings(max_examples=12, deadline=None)
@given(TRIAL)
def test_every_value_is_that_of_the_record_it_is_said_to_be_from(said: list[Said]) -> None:
    with closing(fresh(said)) as db:
        trial = row(db)
        assert trial is not None and trial["record_count"] == len(said)
        sources = json.loads(trial["value_sources"] or "{}")
        assert bool(sources) == (len(said) > 1)
        derived = {
            "conditions",
            "countries",
            "keywords",
            "interventions",
            "sponsors",
            "identifiers",
            "prospective_registration",
        }
        for record_id, columns in sources.items():
            for column in set(columns) - derived:
                value = db.execute(f"SELECT {column} FROM records WHERE record_id = ?", (record_id,)).fetchone()[0]
                assert value == trial[column] is not None, (record_id, column)


@settings(max_examples=12, deadline=None)
@given(TRIAL, st.data())
def test_the_row_does_not_depend_on_arrival_and_comes_back_when_a_source_came_and_went(
    said: list[Said], data: Any
) -> None:
    *others, guest = data.draw(st.permutations(said))
    with closing(fresh(said)) as db, closing(fresh(others)) as without:
        whole, alone = row(db), row(without)
        remove(db, guest[0])
        touched = Touched({_id(guest[0])}, {"T"})
        assert row(db, touched) == alone
        add(db, [guest])
        assert row(db, touched) == whole


@settings(max_examples=12, deadline=None)
@given(TRIAL)
def test_a_record_that_says_nothing_changes_no_value(said: list[Said]) -> None:
    silent = next((place for place in range(len(PLACES)) if place not in {place for place, _ in said}), None)
    if silent is None:
        return
    with closing(fresh(said)) as db:
        before = row(db)
        add(db, [(silent, {})])
        after = row(db)
    assert before is not None and after is not None
    of_all = {"record_count", "registries", "identifiers", "value_sources", "sponsors"}
    assert {k: v for k, v in before.items() if k not in of_all} == {k: v for k, v in after.items() if k not in of_all}


def test_a_title_that_says_there_is_none_is_no_title_of_the_trial() -> None:
    titles = {"public_title": "Not available", "scientific_title": "Tea for hiccups"}
    with closing(fresh([(3, titles)])) as db:
        alone = row(db)
        assert alone is not None and (alone["public_title"], alone["scientific_title"]) == (None, "Tea for hiccups")
        add(db, [(4, {"public_title": "Tea against hiccups"})])
        both = row(db)
        assert both is not None and both["public_title"] == "Tea against hiccups"
        assert db.execute("SELECT count(*) FROM records WHERE public_title = 'Not available'").fetchone() == (1,)


def test_a_sponsor_that_is_no_organization_is_no_sponsor_of_the_trial() -> None:
    with closing(fresh([(4, {"record_sponsors": (RecordSponsor(role="primary", name_raw="NIL"),)})])) as db:
        name_sponsors(db, None)
        trial = row(db)
        assert trial is not None and (trial["primary_sponsor"], trial["sponsors"]) == (None, None)
        db.execute("UPDATE record_sponsors SET name_raw = 'Hospital of the Moon'")
        name_sponsors(db, None)
        trial = row(db)
        assert trial is not None and trial["primary_sponsor"] == trial["sponsors"] == "Hospital of the Moon"


def test_dates_that_judge_no_registration_of_their_record_judge_none_of_the_trial() -> None:
    """A trial that came to CTIS from EudraCT was registered there before; ICTRP's first enrollment of EUCTR is the authorisation."""
    silent = {"date_of_registration": "2024-05-06", "date_of_first_enrollment": "2024-05-01"}
    with closing(fresh([(3, silent)])) as db:
        alone = row(db)
        assert alone is not None and alone["prospective_registration"] is None
        add(db, [(4, {"date_of_registration": "2024-05-07"})])
        both = row(db)
        assert both is not None and both["prospective_registration"] is None
        add(db, [(2, {"date_of_first_enrollment": "2024-04", "prospective_registration": False})])
        judged = row(db)
        assert judged is not None and judged["date_of_first_enrollment"] == "2024-04"
        assert judged["prospective_registration"] == 0


def test_a_limit_of_age_goes_before_the_band_that_a_register_ticks() -> None:
    band = "Adults (18-64 years)"
    ticked = {
        "last_update_date": "2021-01-05",
        "minimum_age_years": 18.0,
        "minimum_age_raw": band,
        "maximum_age_years": 64.0,
        "maximum_age_raw": band,
    }
    exact = {
        "last_update_date": "2020-03-12",
        "minimum_age_years": 18.0,
        "minimum_age_raw": "18 Years",
        "maximum_age_years": 41.0,
        "maximum_age_raw": "41 Years",
    }
    with closing(fresh([(3, ticked), (2, exact)])) as both, closing(fresh([(3, ticked)])) as alone:
        trial, only = row(both), row(alone)
    assert trial is not None and only is not None
    assert (trial["minimum_age_raw"], trial["maximum_age_years"], trial["maximum_age_raw"]) == (
        "18 Years",
        41,
        "41 Years",
    )
    assert (only["maximum_age_years"], only["maximum_age_raw"]) == (64, band)


def test_no_limit_is_said_by_the_record_that_says_it() -> None:
    unlimited = {"last_update_date": "2021-01-05", "maximum_age_raw": "No limit"}
    unreadable = {"last_update_date": "2021-01-05", "maximum_age_raw": "18-65"}
    limited = {"last_update_date": "2020-03-12", "maximum_age_years": 100.0, "maximum_age_raw": "100 Years"}
    for first, expected in (
        (unlimited, (None, "No limit")),
        (unreadable, (100, "100 Years")),
        ({}, (100, "100 Years")),
    ):
        with closing(fresh([(2, first), (4, limited)])) as db:
            trial = row(db)
            assert trial is not None and (trial["maximum_age_years"], trial["maximum_age_raw"]) == expected
