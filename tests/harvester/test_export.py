"""Exports hold exactly the rows asked for, in five formats, with a file beside them that says what they are."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet
import pytest
import rispy

from harvester.catalogue_tables import TABLES
from harvester.cells import undone
from harvester.export import ExportError, Selection, columns_of, export, rows_of, write
from harvester.export_files import MissingPackage, _cut
from harvester.references import reference, ris
from tests.site.made import FULL, HOSTILE, make_catalogue

TODAY = "2026-02-03"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_catalogue(tmp_path_factory.mktemp("export") / "catalogue.db")


@pytest.fixture
def db(catalogue: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{catalogue.as_uri()}?mode=ro", uri=True)) as db:
        yield db


def ids(db: sqlite3.Connection, search: str = "", where: str = "") -> list[str]:
    return [row[0] for row in rows_of(db, Selection("trials", search, where))]


def text(db: sqlite3.Connection, selection: Selection, form: str) -> str:
    out = io.BytesIO()
    write(db, selection, form, out)
    return out.getvalue().decode()


# -------------------------------------------------------------------------------------------------------- which rows


def test_a_search_finds_what_the_site_finds(db: sqlite3.Connection) -> None:
    assert ids(db, "miscarriage") == ["NCT01000001"]
    assert len(ids(db, "vitamin")) == 60 and len(ids(db)) == 66
    assert ids(db, '"vitamin study number 7"') == ["ISRCTN20000007"]


def test_rows_below_the_trials_of_a_search(db: sqlite3.Connection) -> None:
    criteria = list(rows_of(db, Selection("criteria", "miscarriage")))
    assert [row[:2] for row in criteria] == [("NCT01000001", "ctgov:NCT01000001")] * len(FULL.criteria)
    assert len(list(rows_of(db, Selection("records", "miscarriage")))) == 3


def test_a_condition_on_columns(db: sqlite3.Connection) -> None:
    assert len(ids(db, "vitamin", "phase = '3' AND start_year >= 2010")) == sum(
        n % 2 and n % 20 >= 10 for n in range(1, 61)
    )
    assert len(ids(db, where="public_title LIKE '%;--%' OR phase = '4'")) == 30


@pytest.mark.parametrize(
    "where",
    ["nonsense = 1", "1) UNION SELECT * FROM trials --", "1; DROP TABLE trials", "(1", "1)", "phase = 'open", "1 /* all */",
     "load_extension('x')", "1 ORDER BY 1"],
)  # fmt: skip
def test_what_is_no_condition_is_refused_with_a_sentence(db: sqlite3.Connection, where: str) -> None:
    with pytest.raises(ExportError, match="condition"):
        list(rows_of(db, Selection("trials", where=where)))
    assert len(ids(db)) == 66


def test_what_cannot_be_searched_is_said(db: sqlite3.Connection) -> None:
    with pytest.raises(ExportError, match="registries is not about trials"):
        rows_of(db, Selection("registries", "miscarriage"))
    with pytest.raises(ExportError, match="holds no word"):
        rows_of(db, Selection("trials", "-- ??"))
    with pytest.raises(ExportError, match="references are made of trials"):
        text(db, Selection("criteria"), "ris")


# -------------------------------------------------------------------------------------------------------------- files


def expected(db: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return list(rows_of(db, Selection(table)))


@pytest.mark.parametrize("table", list(TABLES))
def test_csv_and_json_lines_give_every_cell_back(db: sqlite3.Connection, table: str) -> None:
    rows = expected(db, table)
    header, *lines = csv.reader(io.StringIO(text(db, Selection(table), "csv"), newline=""))
    assert tuple(header) == columns_of(table)
    assert [[undone(cell) for cell in line] for line in lines] == [
        ["" if c is None else str(c) for c in row] for row in rows
    ]
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "@"))]
    objects = [json.loads(line) for line in text(db, Selection(table), "jsonl").splitlines()]
    assert [tuple(one.values()) for one in objects] == rows


def test_parquet_has_the_types_of_the_dictionary(db: sqlite3.Connection, tmp_path: Path) -> None:
    assert export(db, Selection("trials"), "parquet", tmp_path / "t.parquet", TODAY) == 66
    table = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    assert [tuple(row.values()) for row in table.to_pylist()] == expected(db, "trials")
    assert str(table.schema.field("minimum_age_years").type) == "double"
    assert table.schema.field("phase").metadata[b"description"].startswith(b"TRDS 15")


def worksheet(file: Path) -> list[list[str]]:
    """The cells of the first sheet as text, blank where there is none."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    rows = []
    with zipfile.ZipFile(file) as book:
        for row in ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(f"{space}row"):
            assert not list(row.iter(f"{space}f"))
            rows.append(
                ["".join(part.text or "" for part in cell.iter() if part.text) for cell in row.iter(f"{space}c")]
            )
    return rows


def test_xlsx_makes_no_date_number_or_formula_of_a_text(db: sqlite3.Connection, tmp_path: Path) -> None:
    assert export(db, Selection("records"), "xlsx", tmp_path / "r.xlsx", TODAY) == 68
    header, *rows = worksheet(tmp_path / "r.xlsx")
    assert header == list(columns_of("records"))
    found = next(row for row in rows if "ictrp:NCT01000001" in row)
    assert "2/3" in found and "2021-03" in found
    assert any(HOSTILE.public_title in row for row in rows)
    assert len(_cut("x" * 40_000)) == 32_767 and _cut("x" * 32_767) == "x" * 32_767


def test_references_are_read_back_by_rispy(db: sqlite3.Connection) -> None:
    found = rispy.loads(text(db, Selection("trials"), "ris"))
    assert len(found) == 66
    one = next(entry for entry in found if entry["id"] == "NCT01000001")
    assert one["type_of_reference"] == "DBASE" and one["accession_number"] == "NCT01000001"
    assert one["title"] == FULL.public_title and one["translated_title"] == FULL.scientific_title
    assert one["authors"] == ["Example Hospital,"] and one["year"] == "2021" and one["date"] == "2021/01/10"
    assert one["urls"] == [FULL.url] and one["abstract"] == FULL.brief_summary
    assert "Aurelin" in one["keywords"] and "Recurrent Miscarriage" in one["keywords"]
    assert "Participants: 240 planned" in one["notes"] and any("2019-000001-11" in note for note in one["notes"])


def test_a_reference_is_lines_of_a_tag_each(db: sqlite3.Connection) -> None:
    row = dict(zip(columns_of("trials"), next(iter(rows_of(db, Selection("trials", "miscarriage")))), strict=True))
    lines = ris([{**row, "brief_summary": "two\nlines\r\n\r\nER  - not the end"}]).split("\r\n")
    assert lines[0] == "TY  - DBASE" and lines.count("ER  - ") == 1 and lines[-1] == ""
    assert all(line == "" or line[2:6] == "  - " for line in lines)
    assert "abstract" not in reference({**row, "brief_summary": None})


def test_the_file_beside_says_what_it_is(db: sqlite3.Connection, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    export(db, Selection("trials", "vitamin", "phase = '3'"), "csv", file, TODAY)
    meta = json.loads((tmp_path / "some.csv.meta.json").read_text(encoding="utf-8"))
    assert (meta["rows"], meta["search"], meta["where"], meta["exported"]) == (30, "vitamin", "phase = '3'", TODAY)
    assert meta["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest() and meta["bytes"] == file.stat().st_size
    assert meta["catalogue"]["date"] == "2026-01-06" and meta["catalogue"]["trials"] == 66
    assert {source["licence"] for source in meta["sources"]} >= {"Public domain (US government)"}
    assert "WHO ICTRP (fetched until 2026-01-06, processed by the source on 2025-02-03)" in meta["citation"]
    assert meta["columns"]["phase"].startswith("TRDS 15")


def test_a_failing_export_leaves_the_old_file(db: sqlite3.Connection, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("old", encoding="utf-8")
    with pytest.raises(ExportError):
        export(db, Selection("trials", where="nonsense = 1"), "csv", file, TODAY)
    assert file.read_text(encoding="utf-8") == "old" and [p.name for p in tmp_path.iterdir()] == ["old.csv"]


@pytest.mark.parametrize(("form", "package"), [("parquet", "pyarrow"), ("xlsx", "xlsxwriter")])
def test_a_missing_package_is_told_with_the_way_out(
    db: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=r"pip install '\.\[export\]' in the checkout"):
        export(db, Selection("trials"), form, tmp_path / "x", TODAY)


@pytest.fixture
def with_bytes(catalogue: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(shutil.copy(catalogue, tmp_path / "bytes.db"))) as db:
        db.execute("INSERT INTO term_worth VALUES (1, x'fbef', x'00')")
        yield db


def test_bytes_are_base64_where_a_format_has_only_text(with_bytes: sqlite3.Connection, tmp_path: Path) -> None:
    selection = Selection("term_worth")
    assert text(with_bytes, selection, "csv").splitlines()[1] == "1,'++8=,AA=="  # + begins a formula
    assert json.loads(text(with_bytes, selection, "jsonl"))["roots"] == "++8="
    export(with_bytes, selection, "xlsx", tmp_path / "t.xlsx", TODAY)
    assert worksheet(tmp_path / "t.xlsx")[1] == ["1", "++8=", "AA=="]
    export(with_bytes, selection, "parquet", tmp_path / "t.parquet", TODAY)
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet").to_pylist() == [
        {"bucket": 1, "roots": b"\xfb\xef", "worth": b"\x00"}
    ]


def test_a_condition_that_fails_on_a_later_row_is_told(db: sqlite3.Connection) -> None:
    rows = rows_of(
        db, Selection("trials", where="CASE trial_id WHEN 'NCT01000001' THEN abs(-9223372036854775808) ELSE 1 END")
    )
    with pytest.raises(ExportError, match="integer overflow"):
        list(rows)


def test_an_empty_catalogue_gives_an_empty_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(make_catalogue(tmp_path / "empty.db", []))) as db:
        assert export(db, Selection("criteria"), "csv", tmp_path / "c.csv", TODAY) == 0
    meta = json.loads((tmp_path / "c.csv.meta.json").read_text(encoding="utf-8"))
    assert (meta["catalogue"]["date"], meta["sources"], meta["citation"]) == (None, [], None)


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_file_that_cannot_be_written_is_an_error_of_the_system(
    db: sqlite3.Connection, tmp_path: Path, form: str
) -> None:
    with pytest.raises(OSError, match="No such file"):
        export(db, Selection("criteria"), form, tmp_path / "missing" / "c", TODAY)


def test_a_search_by_an_abbreviation_says_what_it_looked_for_too(db: sqlite3.Connection, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    widened = export(db, Selection("trials", "RM"), "csv", file, TODAY)
    meta = json.loads((tmp_path / "some.csv.meta.json").read_text(encoding="utf-8"))
    assert widened and meta["looked_for_too"] == ["recurrent miscarriage"]
    assert export(db, Selection("trials", "RM", exact=True), "csv", file, TODAY) == 0
    meta = json.loads((tmp_path / "some.csv.meta.json").read_text(encoding="utf-8"))
    assert meta["looked_for_too"] == []


def test_rows_of_a_record_say_of_which_trial_and_limits_of_which_list(db: sqlite3.Connection) -> None:
    selection = Selection("criterion_measures", where="trial_id = 'NCT01000001' AND criterion_kind = 'inclusion'")
    header, *lines = csv.reader(io.StringIO(text(db, selection, "csv"), newline=""))
    assert header[:3] == ["trial_id", "criterion_kind", "record_id"]
    assert [line[:3] for line in lines] == [["NCT01000001", "inclusion", "ctgov:NCT01000001"]]
    assert columns_of("trials")[0] == columns_of("trial_links")[0] == columns_of("outcomes")[0] == "trial_id"
    assert "trial_id" not in columns_of("sponsors") and columns_of("records").count("trial_id") == 1


def test_a_worksheet_can_be_filtered_by_its_header(db: sqlite3.Connection, tmp_path: Path) -> None:
    export(db, Selection("trials"), "xlsx", tmp_path / "t.xlsx", TODAY)
    with zipfile.ZipFile(tmp_path / "t.xlsx") as book:
        assert b'<autoFilter ref="A1:BU67"/>' in book.read("xl/worksheets/sheet1.xml")
