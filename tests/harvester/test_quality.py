"""Quality flags: every rule by a record that shows it and by one that comes close; a step leaves what a full run would."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest

from harvester import catalogue
from harvester.catalogue import insert_into
from harvester.catalogue_tables import BY_DATE, OF_A_RECORD
from harvester.quality import FROM_INDEX, flag_quality
from harvester.quality_rules import RULES
from harvester.rows import RecordKey, RecordProvenance
from harvester.touched import Touched
from normalize.schema import Country, EligibilityFact, EnrollmentCount, Outcome, Publication, Record

#: The day of the newest capture in these tests.
TODAY = "2026-03-01"

#: A trial that no rule finds fault with.
SOUND: dict[str, Any] = {
    "study_type": "interventional",
    "phase": "3",
    "recruitment_status": "completed",
    "date_of_registration": "2020-01-01",
    "date_of_first_enrollment": "2020-02-01",
    "prospective_registration": True,
    "primary_completion_date": "2022-06-30",
    "completion_date": "2022-12-31",
    "last_update_date": "2023-01-31",
    "has_results": True,
    "outcomes": (Outcome(kind="primary", measure="Live birth"),),
}
SAME = "Women of 18 to 40 years; at least two losses"
LINES = [
    "Known bleeding disorder, or treatment against clotting for another reason",
    "Kidneys that clear less than 30 ml of creatinine a minute",
    "Platelets below 50 x 10^9/L at the last two visits",
    "Another trial of a medicine within the last three months",
    "Not able to follow the visits that the protocol asks for",
    "Any disease that in the eyes of the investigator makes taking part unsafe",
]


def _count(scope: str, count: int, value: str | None = None, kind: str = "planned") -> EnrollmentCount:
    return EnrollmentCount(kind=kind, scope=scope, scope_value=value, count=count, source_field="a field")  # type: ignore[arg-type]


def _range(lower: int, upper: int) -> EnrollmentCount:
    return EnrollmentCount(kind="planned", scope="total", count=upper, count_lower=lower, source_field="a field")


def _band(count: int, band: str, field: str) -> EnrollmentCount:
    return EnrollmentCount(kind="planned", scope="age_band", scope_value=band, count=count, source_field=field)


def _countries(*codes: str) -> tuple[Country, ...]:
    return tuple(Country(country_code=code, country_raw=code) for code in codes)


def _age(fact: str, contradiction: str | None) -> tuple[EligibilityFact, ...]:
    return (EligibilityFact(fact=fact, origin="text", contradiction=contradiction),)  # type: ignore[arg-type]


class Judged:
    """A catalogue in memory whose records are written and judged as a build does it; each record is a trial unless moved."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        catalogue.create(self.db)
        catalogue.create_indexes(self.db)
        self.db.execute("ATTACH ':memory:' AS before")
        self._done()

    def add(
        self, number: str, source: str = "ctgov", fetched: str = TODAY, trial: str | None = None, **said: Any
    ) -> None:
        record_id = f"{source}:{number}"
        self.remove(record_id)
        record = Record(registry="A registry", registry_id=number, **{**SOUND, **said})
        provenance = RecordProvenance(f"{fetched}T12:00:00Z", "0" * 64, "test", None)
        row = catalogue.record_row(RecordKey(record_id, trial or number, source), record, provenance)
        self.db.execute(insert_into("records"), row)
        for table, rows in catalogue.child_rows(record_id, record):
            self.db.executemany(insert_into(table), rows)
        self.touched.records.add(record_id)
        self.touched.trials.add(trial or number)

    def remove(self, record_id: str) -> None:
        for table in ("records", *OF_A_RECORD):
            self.db.execute(f"DELETE FROM {table} WHERE record_id = ?", (record_id,))
        self.touched.records.add(record_id)

    def step(self) -> list[tuple[Any, ...]]:
        flag_quality(self.db, self.touched)
        self._done()
        return self.flags()

    def full(self) -> list[tuple[Any, ...]]:
        self.db.execute("DELETE FROM quality_flags")
        flag_quality(self.db, None)
        self._done()
        return self.flags()

    def _done(self) -> None:
        """What is written from now on is the next step."""
        self.touched = Touched()
        self.db.execute("DROP TABLE IF EXISTS before.records")
        self.db.execute("CREATE TABLE before.records AS SELECT source, fetched_at FROM main.records")

    def flags(self) -> list[tuple[Any, ...]]:
        return self.db.execute("SELECT * FROM quality_flags ORDER BY trial_id, flag, record_id").fetchall()


def found(source: str = "ctgov", **said: Any) -> dict[str, str]:
    """flag -> detail of a sound record that says something else here and there."""
    judged = Judged()
    judged.add("NCT90000001", source, **said)
    return {flag: detail for _, _, flag, detail in judged.full()}


#: What a record says instead -> the flag that it gets and words of its detail.
RAISES: list[tuple[dict[str, Any], str, str]] = [
    ({"prospective_registration": False, "date_of_registration": "2020-03"}, "registered_after_enrollment", "Registered 2020-03, first enrollment 2020-02-01"),
    ({"prospective_registration": False, "date_of_first_enrollment": None}, "registered_after_enrollment", "The registry itself says"),
    ({"inclusion_criteria": SAME, "exclusion_criteria": f"- {SAME.upper()}."}, "inclusion_equals_exclusion", "Women of 18 to 40"),
    ({"enrollment_counts": (_count("total", 100), _count("arm", 60, "A"), _count("arm", 50, "B"))}, "enrollment_parts_do_not_add_up", "In total 100 planned, but 2 arms have 110 together."),
    ({"countries": _countries("FR", "DE"), "enrollment_counts": (_count("total", 9), _count("country", 5, "FR"), _count("country", 5, "DE"))}, "enrollment_parts_do_not_add_up", "2 countries have 10"),
    ({"enrollment_counts": (_count("total", 100), _count("country", 120, "FR"))}, "enrollment_parts_do_not_add_up", "In total 100 planned, but FR alone has 120."),
    ({"enrollment_counts": (_count("total", 100), _count("region", 101, "EEA"))}, "enrollment_parts_do_not_add_up", "EEA alone has 101."),
    ({"enrollment_counts": (_count("total", 100), _count("country", 40, "FR"), _band(30, "Adults", "F.1.2.1"), _band(20, "Elderly", "F.1.3.1"))}, "enrollment_parts_do_not_add_up", "In total 100 planned, but 2 age bands have 50 together."),
    ({"enrollment_counts": (_count("total", 100), _band(60, "Under 18", "F.1.1"), _band(60, "Adults", "F.1.2.1"))}, "enrollment_parts_do_not_add_up", "2 age bands have 120 together."),
    ({"enrollment_counts": (_range(80, 100), _count("arm", 40, "A"), _count("arm", 39, "B"))}, "enrollment_parts_do_not_add_up", "In total 80 to 100 planned, but 2 arms have 79 together."),
    ({"completion_date": "2020-01"}, "completion_before_start", "First enrollment 2020-02-01, completion 2020-01."),
    ({"primary_completion_date": "2019"}, "completion_before_start", "primary completion 2019"),
    ({"recruitment_status": "recruiting", "last_update_date": "2026-01"}, "recruiting_past_completion", "Said to be recruiting, completion 2022-12-31"),
    ({"recruitment_status": "recruiting", "last_update_date": "2026-01", "completion_date": "2025-02"}, "recruiting_past_completion", "2025-02"),
    ({"has_results": False}, "results_overdue", "Completed 2022-06-30, no results."),
    ({"has_results": False, "publications": (Publication(type="background"),)}, "results_overdue", ", no results."),
    ({"has_results": False, "publications": (Publication(type="result", pmid="1"),)}, "results_overdue", "no results at the registry; an article on them is listed."),
    ({"has_results": False, "phase": None, "recruitment_status": "terminated"}, "results_overdue", "no results"),
    ({"has_results": False, "recruitment_status": "unknown", "primary_completion_date_type": "actual"}, "results_overdue", "no results"),
    ({"outcomes": (Outcome(kind="secondary", measure="Weight"),)}, "no_primary_outcome", "A registry names no primary outcome"),
    ({"eligibility_facts": _age("minimum_age", "The text says 16 years, the field 18.")}, "age_text_against_field", "The text says 16 years"),
    ({"recruitment_status": "withdrawn", "actual_enrollment": 3}, "withdrawn_with_enrollment", "with 3 enrolled"),
    ({"recruitment_status": "active_not_recruiting", "verification_date": "2024-02"}, "stale_record", "last confirmed 2024-02"),
    ({"inclusion_criteria": "\n".join(LINES), "exclusion_criteria": "\n".join([*LINES[:3], "Under guardianship", *LINES[3:]])}, "inclusion_equals_exclusion", "Known bleeding"),
]  # fmt: skip

#: What comes close and is no fault.
SOUND_ONES: dict[str, dict[str, Any]] = {
    "nothing said": {},
    "criteria that begin alike": {"inclusion_criteria": "\n".join(LINES), "exclusion_criteria": "\n".join([LINES[0], *LINES[:0:-1]])},
    "an observational study": {"prospective_registration": False, "study_type": "observational", "outcomes": ()},
    "began before registration was asked for": {"prospective_registration": False, "date_of_first_enrollment": "2005-06-30"},
    "texts that say nothing": {"inclusion_criteria": "Not applicable", "exclusion_criteria": "not applicable."},
    "texts of one beginning": {"inclusion_criteria": SAME, "exclusion_criteria": SAME.replace("two", "six")},
    "arms that add up": {"enrollment_counts": (_count("total", 110), _count("arm", 60, "A"), _count("arm", 50, "B"))},
    "arms that add up to a number of the range": {"enrollment_counts": (_range(80, 100), _count("arm", 40, "A"), _count("arm", 50, "B"))},
    "a number for each arm": {"enrollment_counts": (_count("total", 100), _count("arm", 50, "each arm"), _count("arm", 40, "each arm"))},
    "age bands of the whole trial": {"enrollment_counts": (_count("total", 90), _band(30, "Under 18", "F.1.1"), _band(10, "Children", "F.1.1.5.1"), _band(60, "Adults", "F.1.2.1"))},
    "age bands of a country whose number is not told": {"enrollment_counts": (_count("total", 90), _band(30, "Adults", "F.1.2.1"), _band(10, "Elderly", "F.1.3.1"))},
    "age bands of the country": {"enrollment_counts": (_count("total", 90), _count("country", 40, "FR"), _band(30, "Adults", "F.1.2.1"), _band(10, "Elderly", "F.1.3.1"))},
    "one arm": {"enrollment_counts": (_count("total", 100), _count("arm", 60, "A"))},
    "planned arms, actual total": {"enrollment_counts": (_count("total", 9, kind="actual"), _count("arm", 6), _count("arm", 5))},
    "a country without a number": {"countries": _countries("FR", "DE", "IT"), "enrollment_counts": (_count("total", 99), _count("country", 5, "FR"), _count("country", 5, "DE"))},
    "the rest of the world apart": {"countries": _countries("FR", "DE"), "enrollment_counts": (_count("total", 99), _count("country", 5, "FR"), _count("country", 5, "DE"), _count("region", 89, "rest"))},
    "completed in the month it began": {"completion_date": "2020-02", "primary_completion_date": "2020"},
    "recruiting a little late": {"recruitment_status": "recruiting", "completion_date": "2025-03", "last_update_date": "2026-01"},
    "not due yet": {"has_results": False, "primary_completion_date": "2025"},
    "phase 1": {"has_results": False, "phase": "1"},
    "a source that cannot say": {"has_results": None},
    "a plan, status unknown": {"has_results": False, "recruitment_status": "unknown", "primary_completion_date_type": "anticipated"},
    "withdrawn, owes nothing": {"has_results": False, "recruitment_status": "withdrawn", "actual_enrollment": 0},
    "a part of the entry": {"outcomes": (), "is_partial": True},
    "outcomes as one text": {"outcomes": (), "primary_outcomes_raw": "Live birth"},
    "ages that agree": {"eligibility_facts": _age("minimum_age", None)},
    "a contradiction of sexes": {"eligibility_facts": _age("sex", "The text says men.")},
    "verified long ago, updated since": {"recruitment_status": "active_not_recruiting", "verification_date": "2020-01", "last_update_date": "2024-03"},
    "old and finished": {"last_update_date": "2015"},
}  # fmt: skip


@pytest.mark.parametrize(("said", "flag", "words"), RAISES)
def test_a_record_that_shows_it_is_flagged_with_its_values(said: dict[str, Any], flag: str, words: str) -> None:
    flags = found(**said)
    assert list(flags) == [flag]
    assert words in flags[flag]


@pytest.mark.parametrize("case", SOUND_ONES)
def test_what_comes_close_is_not_flagged(case: str) -> None:
    assert found(**SOUND_ONES[case]) == {}


def test_every_rule_has_a_case_and_a_standard_with_an_address() -> None:
    assert {rule.told.flag for rule in RULES} == {flag for _, flag, _ in RAISES}
    assert all(rule.told.standard and str(rule.told.standard_url).startswith("https://") for rule in RULES)


def test_results_of_another_record_of_the_trial_count() -> None:
    judged = Judged()
    judged.add("NCT90000001", has_results=False, trial="T")
    assert [flag for _, _, flag, _ in judged.full()] == ["results_overdue"]
    judged.add("2020-000001-11", "euctr", trial="T")
    assert judged.step() == judged.full() == []


def test_a_copy_is_judged_on_the_day_it_was_made() -> None:
    old = {"recruitment_status": "recruiting", "completion_date": None, "primary_completion_date": None}
    assert list(found("ictrp", last_update_date="2022-01-01", **old)) == ["stale_record"]
    assert found("ictrp", last_update_date="2022-01-01", processed_date="2023-06-01", **old) == {}


def test_today_is_the_newest_capture_of_the_source_and_moves_with_it() -> None:
    judged = Judged()
    judged.add("NCT90000001", has_results=False, primary_completion_date="2024-01-15", fetched="2025-01-10")
    judged.add("ISRCTN90000001", "isrctn", fetched="2026-01-01")
    assert judged.step() == judged.full() == []
    judged.add("NCT90000002", fetched="2025-01-16")
    assert [row[1:3] for row in judged.step()] == [("ctgov:NCT90000001", "results_overdue")]
    judged.remove("ctgov:NCT90000002")
    assert judged.step() == judged.full() == []


def test_step_by_step_leaves_what_a_full_run_does() -> None:
    judged = Judged()
    for n, (said, _, _) in enumerate(RAISES):
        judged.add(f"NCT{90000000 + n}", **said)
    assert len(judged.full()) == len(RAISES)
    judged.add("NCT90000000")  # mended
    judged.add("NCT90000001", **RAISES[2][0])  # another fault
    judged.add("NCT90000003", trial="NCT90000005", **RAISES[3][0])  # the same, of another trial
    judged.remove("ctgov:NCT90000004")
    judged.add("NCT90000099", **RAISES[5][0])  # new
    step = judged.step()
    assert ("NCT90000005", "ctgov:NCT90000003", "enrollment_parts_do_not_add_up", RAISES[3][2]) in step
    assert step == judged.full()
    assert len(step) == len(RAISES) - 1


def test_rules_that_need_today_read_indexes_and_no_wide_row() -> None:
    db = Judged().db

    def reads(sql: str) -> list[str]:
        plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql)]
        return [read for read in plan if re.match(r"(SCAN|SEARCH) (main.records|records|o) ", read)]

    db.execute("CREATE TEMP TABLE newest (source TEXT PRIMARY KEY, day TEXT)")
    (read,) = reads(FROM_INDEX)
    assert f"USING COVERING INDEX idx_records_{'_'.join(BY_DATE)}" in read
    db.execute(f"CREATE TEMP TABLE dated AS {FROM_INDEX}")
    looked_up = [read for rule in RULES if rule.by_date for read in reads(rule.evidence.format(judged="true"))]
    assert looked_up and all("USING COVERING INDEX idx_records_trial_id_has_results" in read for read in looked_up)


def test_a_step_in_which_today_stays_judges_no_other_record_and_one_in_which_it_moves_writes_only_what_comes() -> None:
    judged = Judged()
    judged.add("NCT90000001", has_results=False, primary_completion_date="2024-01-15", fetched="2025-01-10")
    judged.add("NCT90000002", has_results=False, primary_completion_date="2023-01-15", fetched="2025-01-10")
    assert [row[1] for row in judged.step()] == ["ctgov:NCT90000002"]
    written: list[str] = []
    judged.db.create_function("note", 1, written.append)
    judged.db.execute("CREATE TEMP TRIGGER w AFTER INSERT ON main.quality_flags BEGIN SELECT note(new.record_id); END")
    judged.add("NCT90000003", has_results=False, primary_completion_date="2023-01-15", fetched="2025-01-10")
    judged.step()
    assert written == ["ctgov:NCT90000003"]
    judged.add("NCT90000003", fetched="2025-01-20")
    step = judged.step()
    assert written == ["ctgov:NCT90000003", "ctgov:NCT90000001"]
    assert step == judged.full()


def test_a_date_of_which_only_the_month_or_year_is_known_is_passed_on_the_same_day_in_a_step() -> None:
    judged = Judged()
    for n, date in enumerate(("2023", "2024", "2024-01", "2024-02", "2024-01-09", "2024-01-15", "2024-01-16")):
        judged.add(f"NCT9000001{n}", has_results=False, primary_completion_date=date, fetched="2025-01-10")
        judged.add(f"NCT9000002{n}", recruitment_status="recruiting", completion_date=date, fetched="2025-01-10")
    judged.step()
    seen = []
    for day in ("2025-01-16", "2025-01-17", "2025-02-01", "2025-03-01", "2026-01-01", "2025-01-20"):
        judged.add("NCT90000099", fetched=day)
        seen.append(judged.step())
        assert seen[-1] == judged.full()
    assert [len(flags) for flags in seen] == [6, 8, 17, 19, 21, 8]  # from February on none was confirmed for two years
