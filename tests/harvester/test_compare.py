"""A comparison says what is the same, what differs and by how much; its forms say the same as it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import compare_forms
from harvester.catalogue_tables import TABLES
from harvester.cells import BOM, kept_by_spreadsheets, undone
from harvester.compare import UNREADABLE, Comparison, Line, compare, verdict
from harvester.compare_align import Item, aligned, differing
from harvester.compare_fields import Aligned, Many, One, plan
from harvester.compare_population import overlap
from tests.harvester.compared import IDS, compared, make


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = make(tmp_path_factory.mktemp("compare") / "catalogue.db")
    with closing(sqlite3.connect(path)) as db:
        yield db


@pytest.fixture(scope="module")
def two(db: sqlite3.Connection) -> Comparison:
    return compare(db, IDS[:2])


def line(comparison: Comparison, field: str, text: str = "") -> Line:
    """The line of a field in which one of the trials says `text`."""
    found = [
        line
        for line in comparison.lines
        if line.field == field and any(text in str(value.value) for values in line.values for value in values)
    ]
    assert len(found) == 1, (field, text, len(found))
    return found[0]


def said(line: Line) -> list[list[object]]:
    return [[value.value for value in values] for values in line.values]


# ------------------------------------------------------------------------------------------------------------ fields


def test_every_row_is_in_the_data_dictionary_and_every_column_of_trials_has_its_place() -> None:
    for row in plan():
        table, column = ("trials", row.name) if isinstance(row, One) else (row.table, row.field.split(".")[1])
        assert column in TABLES[table].names, (table, column)
        if isinstance(row, One):
            assert row.raw is None or row.raw in TABLES["trials"].names
        if isinstance(row, Aligned):
            assert set(row.others) <= set(TABLES[row.table].names)
    assert len({row.field for row in plan()}) == len(plan())
    assert not [row.field for row in plan() if isinstance(row, One) and row.section == "other"]
    assert {row.table for row in plan() if isinstance(row, Many)} <= set(TABLES)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["2", "2"], "same"),
        (["2", "3"], "different"),
        (["2", None], "only_in_some"),
        (["2", None, "3"], "different"),
        ([None, None], "unknown"),
        (["2", UNREADABLE], "unknown"),
        (["2", "3", UNREADABLE], "different"),
    ],
)
def test_verdicts(keys: list[object], expected: str) -> None:
    assert verdict(keys) == expected


def test_a_date_to_the_month_agrees_with_a_day_in_it(two: Comparison) -> None:
    start = line(two, "date_of_first_enrollment")
    assert (start.verdict, start.minimum, start.maximum) == ("same", "2021-03", "2021-03-15")


def test_numbers_have_their_spread(two: Comparison) -> None:
    size = line(two, "target_sample_size")
    assert (size.verdict, size.minimum, size.maximum) == ("different", 100, 300)


def test_no_limit_is_a_limit_that_differs(two: Comparison) -> None:
    highest = line(two, "maximum_age_years")
    assert highest.verdict == "different"
    assert said(highest) == [[40.0], [None]] and highest.values[1][0].raw == "No limit"


def test_words_that_could_not_be_read_are_unknown_and_kept(db: sqlite3.Connection) -> None:
    phase = line(compare(db, [IDS[0], IDS[2]]), "phase")
    assert phase.verdict == "unknown"
    assert phase.values[1][0].raw == "Phase: one and a half" and phase.values[1][0].record_id == "ctgov:NCT02000003"


def test_two_spellings_of_a_sponsor_agree(two: Comparison) -> None:
    assert line(two, "primary_sponsor").verdict == "same"


def test_lists_are_compared_as_sets(two: Comparison) -> None:
    countries = line(two, "countries.country")
    assert countries.verdict == "different" and countries.note == "In all: Spain"
    assert countries.values[1][0].raw == "Spanien"


def test_what_the_texts_say_of_consent_and_pregnancy_is_a_row(two: Comparison) -> None:
    facts = line(two, "eligibility_facts.value")
    assert facts.verdict == "different" and facts.note == "In all: consent: personal"
    assert [sorted(map(str, values)) for values in said(facts)] == [
        ["consent: personal"],
        ["consent: personal", "pregnancy: excluded"],
    ]


# ---------------------------------------------------------------------------------------------------------- criteria


def test_criteria_that_say_the_same_are_shared(two: Comparison) -> None:
    for text in ("Written informed consent", "Diabetes mellitus"):
        assert line(two, "criteria.text", text).verdict == "same"


def test_limits_are_compared_in_canonical_units(two: Comparison) -> None:
    platelets = line(two, "criteria.text", "Platelets")
    assert platelets.verdict == "same" and said(platelets)[1] == ["Platelets <100,000 /mm3"]
    assert line(two, "criteria.text", "BMI").verdict == "same"


def test_similar_criteria_have_their_difference_marked(two: Comparison) -> None:
    age = line(two, "criteria.text", "18 to 40")
    assert age.verdict == "similar" and age.note == "age: 18 to 40 years against 21 to 45 years"
    marked = [[str(value.value)[start:end] for start, end in value.marks] for (value,) in age.values]
    assert marked == [["18", "40"], ["21", "45"]]


def test_a_criterion_of_one_trial_stands_alone(two: Comparison) -> None:
    alone = line(two, "criteria.text", "Epilepsy")
    assert alone.verdict == "only_in_some" and said(alone) == [[], ["Epilepsy"]] and alone.kind == "exclusion"


def test_inclusion_never_stands_beside_exclusion_but_is_told(two: Comparison) -> None:
    heparin = [line for line in two.lines if line.field == "criteria.text" and "Heparin" in str(said(line))]
    assert [line.verdict for line in heparin] == ["only_in_some", "only_in_some"]
    (conflict,) = two.conflicts
    assert {conflict.kind, conflict.other_kind} == {"inclusion", "exclusion"} and "Heparin" in conflict.text


def test_disjoint_limits_exclude_each_other(db: sqlite3.Connection) -> None:
    reasons = [conflict.reason for conflict in compare(db, [IDS[0], IDS[2]]).conflicts]
    assert reasons == ["age: “18 to 40 years” against “46 to 50 years”"]


@pytest.mark.parametrize(("title", "conflicts", "verdict"), [("", 1, "same"), (" for Controls", 0, "similar")])
def test_what_holds_for_some_excludes_nobody_else_and_is_not_the_same(
    tmp_path: Path, title: str, conflicts: int, verdict: str
) -> None:
    found = compared(
        tmp_path,
        f"Inclusion Criteria{title}:\n- Women aged 18 to 40 years\n- Written consent",
        "Inclusion Criteria:\n- Women aged 50 to 60 years\n- Written consent",
    )
    consent, *_ = (line for line in found.lines if line.values[0] and line.values[0][0].value == "Written consent")
    headings = [line for line in found.lines if line.field == "criteria.heading"]
    assert (len(found.conflicts), consent.verdict, bool(headings)) == (conflicts, verdict, bool(title))


def test_pregnancy_required_here_and_excluded_there_is_told(db: sqlite3.Connection) -> None:
    (conflict,) = (one for one in compare(db, IDS[1:]).conflicts if "pregnancy" in one.reason)
    assert (conflict.text, conflict.other_text) == ("Pregnant women", "Pregnancy")
    assert conflict.reason == "pregnancy: required against excluded"


def test_other_names_bring_interventions_together(two: Comparison) -> None:
    drug = line(two, "interventions.name")
    assert said(drug) == [["Tresamide"], ["TRE-1"]] and drug.verdict == "similar"


def test_an_outcome_may_be_primary_here_and_secondary_there(two: Comparison) -> None:
    birth = line(two, "outcomes.measure", "Live birth")
    assert said(birth) == [["Live birth"], ["Live birth"]]
    assert birth.verdict == "similar" and birth.note == "primary against secondary"
    assert line(two, "outcomes.time_frame", "10 months").verdict == "different"


def test_the_order_of_naming_changes_columns_only(db: sqlite3.Connection) -> None:
    def rows(ids: tuple[str, ...]) -> set[tuple[str, frozenset[str]]]:
        found = compare(db, ids)
        return {
            (line.field + line.verdict, frozenset(str(value.value) + ids[n] for n, values in enumerate(line.values) for value in values))
            for line in found.lines
        }  # fmt: skip

    expected = rows(IDS)
    for ids in permutations(IDS):
        assert rows(ids) == expected


_texts = st.lists(st.sampled_from(["aged 18", "aged 21", "no diabetes", "diabetes", "consent", "informed consent", "", "aged 18"]), max_size=5)  # fmt: skip


@given(st.lists(_texts, min_size=1, max_size=4))
def test_every_item_stands_in_one_row_and_a_row_has_one_of_a_trial(lists: list[list[str]]) -> None:
    items = [Item(trial, n, "inclusion", text) for trial, texts in enumerate(lists) for n, text in enumerate(texts)]
    rows = aligned(items, kinds_meet=False)
    assert sorted(item for row in rows for item in row) == sorted(items)
    assert all(len({item.trial for item in row}) == len(row) for row in rows)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_marks_are_slices_in_order(texts: list[str]) -> None:
    for text, marks in zip(texts, differing(texts), strict=True):
        ends = [place for mark in marks for place in mark]
        assert ends == sorted(ends) and all(0 <= place <= len(text) for place in ends)


# -------------------------------------------------------------------------------------------------------- population


def _people(lowest: float | None, highest: float | None, sex: str | None, trial_id: str = "A") -> dict[str, object]:
    return {"trial_id": trial_id, "minimum_age_years": lowest, "maximum_age_years": highest, "sex": sex}


def test_the_population_that_all_accept() -> None:
    both = overlap([_people(18.0, 40.0, "all"), _people(21.0, None, "female")])
    assert (both.minimum_age_years, both.maximum_age_years, both.sex) == (21.0, 40.0, "female")
    assert both.sentence == "Women from 21 years to 40 years old are accepted by all, as far as age and sex go."


def test_ages_that_are_bands_are_said_to_be_such() -> None:
    band = {**_people(18.0, 64.0, "female", "B"), "maximum_age_raw": "Adults (18-64 years)"}
    sentence = overlap([_people(16.0, None, "female"), band]).sentence
    assert sentence.endswith(" The ages of B are age bands: the protocol's limits can be narrower.")


def test_nobody_is_accepted_by_all() -> None:
    ages = overlap([_people(18.0, 40.0, "all", "A"), _people(46.0, 50.0, "all", "B")])
    assert ages.is_empty and "upper age limit of A is 40 years, the lower one of B 46 years" in ages.sentence
    assert overlap([_people(None, None, "male"), _people(None, None, "female")]).is_empty
    assert not overlap([_people(None, None, None)]).is_empty


# ------------------------------------------------------------------------------------------------------------- forms


def test_the_wide_form_has_a_row_a_line_and_a_column_a_trial(two: Comparison) -> None:
    text = compare_forms.wide(two)
    assert text.startswith(BOM)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    by_field = {(row["field"], row["item"]): row for row in rows}
    assert len(rows) == len(two.lines) + len(two.conflicts) + 1 + len(two.remarks)
    title = by_field["public_title", ""][IDS[0]]
    assert title.startswith("'=") and undone(title) == two.lines[0].values[0][0].value
    assert by_field["phase", ""][IDS[0]] == "Phase 1/Phase 2" and by_field["phase", ""]["verdict"] == "different"
    assert by_field["countries.country", ""][IDS[0]] == "France\nSpain"
    assert by_field["overlap", ""]["note"] == two.population.sentence
    assert by_field["maximum_age_years", ""][IDS[1]] == "No limit"
    assert by_field["minimum_age_years", ""]["minimum"] == "18"


@pytest.mark.parametrize(
    ("phase", "words"),
    [("2", "Phase 2"), ("2/3", "Phase 2/Phase 3"), ("early_1", "Early Phase 1"), ("not_applicable", "Not applicable")],
)
def test_a_phase_is_words_for_spreadsheets(phase: str, words: str) -> None:
    assert compare_forms.phase_in_words(phase) == words and kept_by_spreadsheets(words) == words


def test_the_long_form_has_a_row_a_value_with_its_record(two: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(compare_forms.long(two), newline="")))
    assert tuple(rows[0]) == compare_forms.LONG
    values = sum(len(values) for line in two.lines for values in line.values)
    assert len(rows) == values + 2 * len(two.conflicts) + len(two.remarks)
    phase = next(row for row in rows if row["field"] == "phase" and row["trial_id"] == IDS[0])
    assert (phase["value"], phase["raw"], phase["record_id"]) == ("1/2", "PHASE1, PHASE2", "ctgov:NCT02000001")
    stopped = next(row for row in rows if row["field"] == "why_stopped")
    assert stopped["value"] == "'- lack of money"
    of_no_record = {row["field"] for row in rows if not row["record_id"]}
    assert of_no_record == {"conflicts"}


def test_flags_and_contradictions_come_last_with_field_severity_and_record(two: Comparison) -> None:
    (remark,) = two.remarks
    assert (remark.trial_id, remark.name, remark.field) == (IDS[1], "no_primary_outcome", "outcomes.measure")
    *_, row = csv.DictReader(io.StringIO(compare_forms.long(two), newline=""))
    assert (row["section"], row["field"], row["kind"]) == ("remarks", "quality_flags.no_primary_outcome", "serious")
    assert (row["trial_id"], row["record_id"], row["verdict"]) == (IDS[1], f"ctgov:{IDS[1]}", "")
    assert row["value"].startswith("No primary outcome: ") and row["value"] in compare_forms.wide(two)
    assert "No primary outcome: " in compare_forms.table(two, 500)


def test_the_workbook_has_both_forms_and_no_apostrophes(two: Comparison, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter", reason="no XlsxWriter: pip install '.[export]'")
    file = tmp_path / "compared.xlsx"
    file.write_bytes(compare_forms.FORMS["xlsx"](two))
    with zipfile.ZipFile(file) as book:
        wide, long = (book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
    assert wide.count("<row ") == 1 + len(list(compare_forms.wide_rows(two))[1:])
    assert long.count("<row ") == len(list(compare_forms.long_rows(two)))
    assert (
        "<t>Phase 1/Phase 2</t>" in wide
        and "<t>1/2</t>" in long
        and "<t>- lack of money</t>" in wide
        and "<f>" not in wide + long
    )


def test_json_is_the_comparison(two: Comparison) -> None:
    again = json.loads(compare_forms.json(two))
    assert [trial["trial_id"] for trial in again["trials"]] == list(IDS[:2])
    assert len(again["lines"]) == len(two.lines)


def test_the_table_names_every_trial_and_verdict(two: Comparison) -> None:
    text = compare_forms.table(two, 100)
    assert IDS[0] in text and "≈ similar" in text and "◐ only in some" in text and two.population.sentence in text


def test_only_differences(two: Comparison) -> None:
    assert {line.verdict for line in two.only_differences().lines} == {"similar", "different", "only_in_some"}


def test_ten_times_sixty_criteria_are_quick() -> None:
    """The figure itself is for `make bench`; here it only must not fall into another class."""
    items = [Item(trial, n, "inclusion", f"criterion {n} asks for word{n} and thing{n * trial % 7}") for trial in range(10) for n in range(60)]  # fmt: skip
    rows = aligned(items, kinds_meet=False)
    assert len(rows) < 300 and max(map(len, rows)) == 10


def test_the_files_are_plain_text(tmp_path: Path, two: Comparison) -> None:
    file = tmp_path / "compared.csv"
    file.write_text(compare_forms.wide(two), encoding="utf-8", newline="")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf") and "été".encode() in file.read_bytes()
