"""What changed from one version of a record to the next: what is told, what is not, and that it can be made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harvester.build import content_hash
from harvester.changes import LINES, READ_FROM_OTHERS, Difference, compared
from harvester.differences import Piece, lines, pieces
from normalize.schema import CHILDREN, Condition, Country, Outcome, Record, SecondaryId
from tests.harvester.test_build import Workshop, study

BEFORE = Record(
    registry="ClinicalTrials.gov",
    registry_id="NCT90000001",
    phase="2",
    phase_raw="PHASE2",
    target_sample_size=100,
    has_results=False,
    brief_summary="Whether it works.",
    eligibility_raw="Adults\nwith lupus",
    inclusion_criteria="Adults\nwith lupus",
    conditions_raw="Lupus; Miscarriage",
    conditions=(Condition(condition="Lupus"), Condition(condition="Miscarriage")),
    countries=(Country(country_raw="France"), Country(country_raw="Spain")),
    outcomes=(Outcome(kind="primary", measure="Live birth", time_frame="9 months"),),
)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"phase": "2/3", "phase_raw": "PHASE2, PHASE3"}, [("phase", "2", "2/3")]),
        ({"phase_raw": "Phase II"}, [("phase_raw", "PHASE2", "Phase II")]),
        ({"target_sample_size": None}, [("target_sample_size", "100", None)]),
        ({"has_results": True}, [("has_results", "no", "yes")]),
        ({"minimum_age_years": 18.0, "minimum_age_raw": "18 Years"}, [("minimum_age_years", None, "18")]),
        ({"countries": (Country(country_raw="Spain"),)}, [("countries", "France\nSpain", "Spain")]),
        (
            {"outcomes": (Outcome(kind="primary", measure="Live  birth", time_frame="24\nmonths"),)},
            [("outcomes", "primary · Live birth · 9 months", "primary · Live birth · 24 months")],
        ),
        (
            {"eligibility_raw": "Adults", "inclusion_criteria": "Adults"},
            [("eligibility_raw", "Adults\nwith lupus", "Adults")],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_field_that_differs_is_told_once(change: dict[str, Any], found: list[tuple[str, ...]]) -> None:
    assert compared(BEFORE, replace(BEFORE, **change)) == [Difference(*one) for one in found]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"countries": BEFORE.countries[::-1]},
        {"conditions": BEFORE.conditions[::-1], "conditions_raw": "Miscarriage; Lupus"},
        {"brief_summary": "Whether\nit  works. "},
        {
            "secondary_ids": (
                SecondaryId(
                    id_raw="NCT90000002",
                    id_normalized="NCT90000002",
                    registry="ClinicalTrials.gov",
                    type="mention",
                    source_field="x",
                ),
            )
        },
        {"processed_date": "2026-01-01", "url": "https://example.org/other"},
    ],
    ids=["nothing", "order", "order in a raw text too", "white space", "a number found in a text", "the file's date"],
)
def test_what_means_nothing_is_no_change(change: dict[str, Any]) -> None:
    assert compared(BEFORE, replace(BEFORE, **change)) == []


def test_every_table_below_records_is_compared_or_left_out_with_a_reason() -> None:
    assert sorted((*LINES, *READ_FROM_OTHERS)) == sorted(CHILDREN)


def test_words_that_stayed_are_cut_between_differences() -> None:
    old = "one two " + "x " * 60 + "end"
    assert [(kind, text.strip()[:7]) for kind, text in pieces(old, old.replace("two", "2"))] == [
        ("same", "one"),
        ("removed", "two"),
        ("added", "2"),
        ("same", "x x x x"),
        ("left_out", "…"),
    ]
    assert pieces("a b", "a b") == [Piece("same", "a b")]
    assert lines("a\nb\nb", "b\nc") == (["a", "b"], ["c"])


# ------------------------------------------------------------------------------------------------- from the archive

JANUARY, FEBRUARY, MARCH = 1_767_300_000, 1_770_000_000, 1_772_400_000


def told(workshop: Workshop) -> list[tuple[Any, ...]]:
    return workshop.rows("SELECT field, old_value, new_value, seen_at FROM changes ORDER BY seen_at, field")


def test_history_is_made_from_all_versions_step_by_step_or_at_once(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    workshop.take_in(study("NCT90000001"), study("NCT90000002"), name="a.json", mtime=JANUARY)
    workshop.build()
    assert told(workshop) == []
    workshop.take_in(study("NCT90000001", "2026-02-01", acronym="NEW"), name="b.json", mtime=FEBRUARY)
    workshop.build()
    workshop.take_in(study("NCT90000001", "2026-03-01", acronym="NEWER"), name="c.json", mtime=MARCH)
    assert workshop.build().read == 1, "the newest version; the one before it the catalogue holds"
    history = [row for row in told(workshop) if row[0] == "acronym"]
    assert [row[1:3] for row in history] == [(None, "NEW"), ("NEW", "NEWER")]
    assert history[0][3] < history[1][3]
    assert workshop.rows("SELECT DISTINCT run_id FROM changes ORDER BY 1") == [(2,), (3,)]
    step_by_step = content_hash(workshop.catalogue)
    workshop.build(full=True)
    assert content_hash(workshop.catalogue) == step_by_step


def test_a_version_between_two_others_that_comes_late_finds_its_place(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    for name, mtime, updated, acronym in (
        ("a.json", JANUARY, "2026-01-01", "OLD"),
        ("c.json", MARCH, "2026-03-01", "NEWER"),
        ("b.json", FEBRUARY, "2026-02-01", "NEW"),
    ):
        workshop.take_in(study("NCT90000001", updated, acronym=acronym), name=name, mtime=mtime)
        workshop.build()
    assert [row[1:3] for row in told(workshop) if row[0] == "acronym"] == [("OLD", "NEW"), ("NEW", "NEWER")]
    step_by_step = content_hash(workshop.catalogue)
    workshop.build(full=True)
    assert content_hash(workshop.catalogue) == step_by_step


@pytest.mark.parametrize("between", [True, False], ids=["a build after each fetch", "one build"])
@pytest.mark.parametrize(
    ("acronyms", "history"),
    [
        (["OLD", "NEW", "OLD"], [("OLD", "NEW", "02"), ("NEW", "OLD", "03")]),
        (["OLD", "NEW", "OLD", "OLD", "NEW"], [("OLD", "NEW", "02"), ("NEW", "OLD", "03"), ("OLD", "NEW", "05")]),
        (["OLD", "NEW", "OLD", "LAST"], [("OLD", "NEW", "02"), ("NEW", "OLD", "03"), ("OLD", "LAST", "04")]),
        (["OLD", "OLD", "NEW", "NEW"], [("OLD", "NEW", "03")]),
    ],
    ids=["back", "to and fro", "back and on", "no return"],
)
def test_a_version_that_comes_back_is_a_change(
    tmp_path: Path, acronyms: list[str], history: list[tuple[str, str, str]], between: bool
) -> None:
    workshop = Workshop(tmp_path)
    for day, acronym in enumerate(acronyms, 1):
        workshop.take_in(study("NCT90000001", acronym=acronym), name=f"{day}.json", mtime=JANUARY + 86_400 * (day - 1))
        if between or day == 1:
            workshop.build()
    workshop.build()
    assert [(old, new, seen_at[8:10]) for _, old, new, seen_at in told(workshop)] == history
    assert workshop.rows("SELECT acronym FROM records") == [(acronyms[-1],)]
    step_by_step = content_hash(workshop.catalogue)
    workshop.build(full=True)
    assert content_hash(workshop.catalogue) == step_by_step


OLD, NEW = study("NCT90000001", acronym="OLD"), study("NCT90000001", "2026-02-01", acronym="NEW")


def take_in_day_by_day(workshop: Workshop, *files: tuple[object, int]) -> None:
    """Files of these studies and times, a build after each."""
    for place, (entry, mtime) in enumerate(files):
        workshop.take_in(entry, name=f"{place}.json", mtime=mtime)
        workshop.build()


def test_an_old_file_that_is_read_again_brings_nothing_back(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    take_in_day_by_day(workshop, (OLD, JANUARY), (NEW, FEBRUARY), (OLD, MARCH))
    assert [row[1:3] for row in told(workshop) if row[0] == "acronym"] == [("OLD", "NEW")]


def test_a_version_that_turns_out_to_be_older_is_told_at_its_day(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    take_in_day_by_day(workshop, (OLD, JANUARY), (NEW, MARCH), (NEW, FEBRUARY))
    assert {row[3][:7] for row in told(workshop)} == {"2026-02"}
    step_by_step = content_hash(workshop.catalogue)
    workshop.build(full=True)
    assert content_hash(workshop.catalogue) == step_by_step


def test_parts_of_an_entry_and_versions_served_at_once_are_no_change(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    partial = {"protocolSection": {"identificationModule": {"nctId": "NCT90000001"}, "designModule": {}}}
    twice = study("NCT90000001"), study("NCT90000001", acronym="TWICE")
    workshop.take_in(*twice, name="a.json", mtime=JANUARY)
    workshop.take_in(partial, name="b.json", mtime=FEBRUARY)
    workshop.take_in(*reversed(twice), name="c.json", mtime=MARCH)
    workshop.build()
    assert told(workshop) == []


def test_addresses_of_people_stay_out_of_the_history(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    for name, mtime, updated, email in (
        ("a.json", JANUARY, "2026-01-01", "ann@example.org"),
        ("b.json", FEBRUARY, "2026-02-01", "ben@example.org"),
    ):
        entry = study("NCT90000001", updated)
        entry["protocolSection"]["contactsLocationsModule"] = {"centralContacts": [{"name": "Ann", "email": email}]}
        workshop.take_in(entry, name=name, mtime=mtime)
    workshop.build()
    assert [row[0] for row in told(workshop)] == ["last_update_date"]
    workshop.build(publish_contacts=True)
    assert "contacts" in [row[0] for row in told(workshop)]
