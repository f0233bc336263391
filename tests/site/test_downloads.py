"""CSV and JSON hold exactly what was searched or shown, whole."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from harvester.catalogue_tables import TABLES
from harvester.cells import undone
from harvester.site.downloads import headers_for
from harvester.site.table_csv import BrokenOff, defusing
from normalize.schema import Outcome, Record, Site
from tests.site.conftest import InProcess
from tests.site.made import ELIGIBILITY, HOSTILE_TEXT, make_catalogue

#: Texts of a registry that a spreadsheet would run, or that hold what CSV quotes.
FORMULAS = ['=cmd|"/C calc"!A1', '-5 or less, as "measured"', "'quoted'", "one,\n@two", "+1 day"]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_of_a_search_has_every_trial_and_column(site: InProcess) -> None:
    answer = site.get("/search.csv?q=vitamin&phase=3&sort=size")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    found = rows(answer.text)
    assert len(found) == 30
    assert tuple(found[0]) == TABLES["trials"].names
    assert found[0]["public_title"] == "Vitamin study number 59"


def test_csv_of_all_trials_is_rfc_4180_and_lossless(site: InProcess) -> None:
    text = site.get("/search.csv").text
    assert text.count("\r\n") == 67 and not text.startswith("\ufeff")
    by_id = {row["trial_id"]: row for row in rows(text)}
    assert len(by_id) == 66
    assert by_id["NCT01000001"]["eligibility_raw"] == ELIGIBILITY
    assert by_id["NCT06660000"]["public_title"] == HOSTILE_TEXT


def test_json_of_a_search_names_search_and_sources(site: InProcess) -> None:
    answer = site.get("/search.json?q=vitamin&phase=3").json()
    assert answer["count"] == len(answer["trials"]) == 30
    assert answer["search"] == [["q", "vitamin"], ["phase", "3"]]
    assert {source["attribution"] for source in answer["sources"]} >= {"WHO ICTRP"}
    assert site.get("/search.json?q=nothingatall").json()["trials"] == []


def test_references_of_a_search_are_its_trials(site: InProcess) -> None:
    answer = site.get("/search.ris?q=vitamin&phase=3")
    assert answer.headers["content-type"].startswith("application/x-research-info-systems")
    assert answer.text.count("TY  - DBASE\r\n") == 30 and "TI  - Vitamin study number 59\r\n" in answer.text
    assert "/search.ris?q=vitamin" in site.html("/search?q=vitamin")


def test_json_of_a_trial_has_every_table_of_its_records(site: InProcess) -> None:
    answer = json.loads(site.get("/trial/NCT01000001.json").text)
    assert answer["trial"]["trial_id"] == "NCT01000001"
    full = next(record for record in answer["records"] if record["record_id"] == "ctgov:NCT01000001")
    assert len(answer["records"]) == 3
    assert [row["text"] for row in full["criteria"]][-1] == "Pregnant now"
    assert full["conditions"][0]["mesh_id"] == "D000026"
    assert {link["verdict"] for link in answer["trial_links"]} == {"same", "mentioned"}


def test_csv_of_a_trial_is_one_value_a_line(site: InProcess) -> None:
    found = rows(site.get("/trial/NCT01000001.csv").text)
    assert list(found[0]) == ["trial_id", "record_id", "table", "ordinal", "column", "value"]
    values = {(row["record_id"], row["table"], row["ordinal"], row["column"]): row["value"] for row in found}
    assert values["ctgov:NCT01000001", "criteria", "3", "text"] == "before 12 weeks"
    assert values["ictrp:NCT01000001", "records", "3", "phase"] == "2/3"
    assert values["", "trials", "1", "public_title"] == "Aurelin for Recurrent Miscarriage"
    assert all(row["trial_id"] == "NCT01000001" for row in found)


def test_names_of_files_cannot_break_the_header() -> None:
    assert (
        headers_for('CTRI/2020/04/1"\r\nX: y.csv')["Content-Disposition"]
        == 'attachment; filename="CTRI-2020-04-1---X--y.csv"'
    )


def test_a_search_as_a_worksheet_keeps_every_phase(site: InProcess) -> None:
    answer = site.get("/search.xlsx?q=vitamin&phase=3&sort=size")
    assert answer.headers["content-disposition"] == 'attachment; filename="trials.xlsx"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 31 and "<f>" not in sheet and "<t>ISRCTN20000059</t>" in sheet
    assert "/search.xlsx?q=vitamin" in site.html("/search?q=vitamin")


@pytest.fixture(scope="module")
def of_formulas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """A site that shows two rows a page, of a registry that writes formulas."""
    record = Record(
        registry="ClinicalTrials.gov",
        registry_id="NCT01000001",
        minimum_age_years=18.0,
        outcomes=tuple(Outcome(kind="primary", measure=measure) for measure in FORMULAS),
        sites=(Site(facility="A", country_code="FR", latitude=-12.5, longitude=1e-05),),
    )
    file = make_catalogue(tmp_path_factory.mktemp("formulas") / "catalogue.db", [("NCT01000001", "ctgov", record)])
    running = InProcess(file, default_page_size=2, max_returned_rows=3)
    yield running
    running.close()


def test_the_csv_of_a_table_has_every_row_and_no_formula(of_formulas: InProcess) -> None:
    page = of_formulas.html("/catalogue/outcomes")
    link = re.search(r'<a href="([^"]*)">CSV</a>', page)
    assert link and re.search(r'name="_stream" checked', page)
    answer = of_formulas.get(unescape(link[1]))
    assert (
        answer.headers["content-type"] == "text/csv; charset=utf-8"
        and "attachment" in answer.headers["content-disposition"]
    )
    found = [row["measure"] for row in rows(answer.text)]
    assert found == ['\'=cmd|"/C calc"!A1', '\'-5 or less, as "measured"', "''quoted'", "one,\n@two", "'+1 day"]
    assert [undone(cell) for cell in found] == FORMULAS


def test_numbers_of_a_table_stay_numbers(of_formulas: InProcess) -> None:
    (row,) = rows(of_formulas.get("/catalogue/sites.csv").text)
    assert (row["latitude"], row["longitude"]) == ("-12.5", "1e-05")


def test_the_csv_of_a_query_has_no_formula(of_formulas: InProcess) -> None:
    found = rows(of_formulas.get("/catalogue.csv?sql=select+'=1'+as+a,+-1+as+b,+''+as+c").text)
    assert found == [{"a": "'=1", "b": "-1", "c": ""}]
    html = of_formulas.html("/catalogue?sql=select+measure+from+outcomes")
    assert "The first 3 rows: there are more" in html and "no more than these" in html


def test_a_table_that_cannot_be_written_to_its_end_breaks_off() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"a,b\r\n", "more_body": True})
        await send({"type": "http.response.body", "body": b"SQL query took too long", "more_body": True})

    async def ignore(message: Any) -> None:
        pass

    with pytest.raises(BrokenOff, match="took too long"):
        asyncio.run(defusing(app, lambda path: False)({"path": "/catalogue/outcomes.csv"}, None, ignore))
