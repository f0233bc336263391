"""CSV and JSON hold exactly what was searched or shown, whole."""

from __future__ import annotations

import csv
import io
import json
import zipfile

from harvester.catalogue_tables import TABLES
from harvester.site.downloads import headers_for
from tests.site.conftest import InProcess
from tests.site.made import ELIGIBILITY, HOSTILE_TEXT


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
