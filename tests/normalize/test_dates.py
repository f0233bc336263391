"""Dates of every register, and prospective registration."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.dates import Order, is_prospective, iso_date


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("2024-03-05", "ymd", "2024-03-05"),
        ("2024-03", "ymd", "2024-03"),
        ("2024", "ymd", "2024"),
        ("2026-08-11T09:00:04", "ymd", "2026-08-11"),
        ("2020-01-01T00:00:00.000Z", "ymd", "2020-01-01"),
        ("2020-06-07 17:53:51", "ymd", "2020-06-07"),
        ("20200127", "dmy", "2020-01-27"),
        ("27/01/2020", "dmy", "2020-01-27"),
        ("27-01-2020", "dmy", "2020-01-27"),
        ("7/1/2020", "dmy", "2020-01-07"),
        ("3/18/2020 6:53:35 PM", "mdy", "2020-03-18"),
        ("06/09/2024 16:01:13", "mdy", "2024-06-09"),
        ("18 October 2023", "dmy", "2023-10-18"),
        ("18-Oct-2023", "dmy", "2023-10-18"),
        ("March 18, 2020", "dmy", "2020-03-18"),
        ("March 2020", "dmy", "2020-03"),
        ("Sept 2020", "dmy", "2020-09"),
        ("10/2023", "dmy", "2023-10"),
        ("May 3,2019", "dmy", "2019-05-03"),
        ("Sep-03-2020", "dmy", "2020-09-03"),
        ("27th of January 2020", "dmy", "2020-01-27"),
        ("2020-Jan-27", "dmy", "2020-01-27"),
        ("2020 January", "ymd", "2020-01"),
        ("2020-01-27+01:00", "ymd", "2020-01-27"),
        ("27/01/2020.", "dmy", "2020-01-27"),
        (" 2020-02-29 \n", "ymd", "2020-02-29"),
    ],
)
def test_reads_the_forms_of_the_registers(text: str, order: Order, iso: str) -> None:
    assert iso_date(text, order) == iso


def test_a_year_that_stands_first_needs_no_order() -> None:
    # JPRN mixes both forms in one field of ICTRP's export
    assert iso_date("2020/01/27", "dmy") == iso_date("27/01/2020", "dmy") == "2020-01-27"


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("31/02/2020", "dmy"),
        ("2021-02-29", "ymd"),
        ("2020-13-01", "ymd"),
        ("03/27/2020", "dmy"),
        ("27/03/2020", "mdy"),
        ("27/03/2020", "ymd"),
        ("0202-03-01", "ymd"),
        ("9999-12-31", "ymd"),
        ("32 March 2020", "dmy"),
        ("Marchy 2020", "dmy"),
        ("05/03/20", "dmy"),
        ("2020-03-05 or later", "ymd"),
        ("N/A", "ymd"),
        ("", "ymd"),
        (None, "ymd"),
    ],
)
def test_impossible_and_unreadable_dates_are_none(text: str | None, order: Order) -> None:
    assert iso_date(text, order) is None


@given(st.text(), st.sampled_from(["ymd", "dmy", "mdy"]))
def test_any_text_gives_an_iso_date_or_none(text: str, order: Order) -> None:
    iso = iso_date(text, order)
    assert iso is None or datetime.date.fromisoformat(iso + "-01-01"[len(iso) - 4 :] if len(iso) < 10 else iso)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 12, 31)))
def test_written_in_the_order_of_its_register_every_day_comes_back(day: datetime.date) -> None:
    iso = day.isoformat()
    assert iso_date(iso, "dmy") == iso
    assert iso_date(day.strftime("%d/%m/%Y"), "dmy") == iso
    assert iso_date(day.strftime("%m/%d/%Y"), "mdy") == iso
    assert iso_date(f"{day:%B} {day.day}, {day.year}", "dmy") == iso


@pytest.mark.parametrize(
    ("registered", "enrolled", "answer"),
    [
        ("2020-03-01", "2020-03-01", True),
        ("2020-03-02", "2020-03-01", False),
        ("2020-03-05", "2020-04", True),
        ("2020-03-05", "2020-02", False),
        ("2020-03-05", "2020-03", None),
        ("2020-03-01", "2020-03", True),
        ("2020-03", "2020", None),
        ("2019", "2020", True),
        (None, "2020", None),
        ("2020", None, None),
    ],
)
def test_registration_is_prospective_on_or_before_the_first_enrollment(
    registered: str | None, enrolled: str | None, answer: bool | None
) -> None:
    assert is_prospective(registered, enrolled) is answer


def test_every_date_in_the_recorded_exports_is_read(shared: Path) -> None:
    year_first = {"ChiCTR", "CRIS", "IRCT", "SLCTR", "NL-OMON"}
    for path in sorted((shared / "recorded/ictrp/csv").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                order: Order = "ymd" if row["Source Register"] in year_first else "dmy"
                registered = iso_date(row["Date registration"], order)
                assert registered == iso_date(row["Date registration3"], "ymd"), row["TrialID"]
                assert iso_date(row["Export date"], "mdy"), row["TrialID"]
                assert iso_date(row["Last Refreshed on"], "dmy"), row["TrialID"]
                if row["Date enrollement"].strip():
                    assert iso_date(row["Date enrollement"], order), row["TrialID"]
