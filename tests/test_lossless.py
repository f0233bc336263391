"""Every non-blank character of the sources' free text is in the catalogue and in its CSV.

What the payloads say is read here by plain JSON, XML and CSV readers, not by the normalizers.
"""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harvester.archive import Archive
from harvester.build import build
from harvester.cells import undone
from harvester.export import Selection, columns_of, rows_of, write
from harvester.imports import files_of, import_files

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)

Texts = dict[str, list[str]]  # table.column -> texts in order


@pytest.fixture(scope="module")
def catalogue(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lossless")
    with Archive(folder / "archive.db") as archive:
        for source, name in (
            ("ctgov", "ctgov/studies"), ("ctgov", "ctgov/pages"), ("ctgov", "ctgov/partial"), ("ctgov", "ctgov/versions"),
            ("ictrp", "ictrp/xml"), ("ictrp", "ictrp/csv"), ("euctr", "euctr/text"),
        ):  # fmt: skip
            import_files(archive, source, list(files_of([shared / "recorded" / name])))
    build(folder / "archive.db", folder / "catalogue.db")
    return folder


@pytest.fixture(scope="module")
def exported(catalogue: Path) -> dict[str, list[dict[str, str]]]:
    """Tables as their CSV gives them back."""
    csv.field_size_limit(sys.maxsize)
    tables = {}
    with closing(sqlite3.connect(catalogue / "catalogue.db")) as db:
        for table in ("records", "outcomes", "interventions", "arms"):
            file = catalogue / f"{table}.csv"
            with file.open("wb") as out:
                write(db, Selection(table), "csv", out)
            with file.open(encoding="utf-8", newline="") as handle:
                tables[table] = [{name: undone(cell) for name, cell in row.items()} for row in csv.DictReader(handle)]
    return tables


def current(catalogue: Path, source: str) -> Iterator[tuple[str, bytes, str]]:
    """(record_id, payload, media type) of every record that the catalogue shows."""
    with closing(sqlite3.connect(catalogue / "catalogue.db")) as db, Archive(catalogue / "archive.db") as archive:
        for record_id, sha256 in db.execute(
            "SELECT record_id, payload_sha256 FROM records WHERE source = ?", (source,)
        ):
            media_type = archive.db.execute("SELECT media_type FROM payloads WHERE sha256 = ?", (sha256,)).fetchone()[0]
            yield record_id, archive.body(sha256), media_type


def solid(text: str | None) -> str:
    """A text without white space."""
    return "".join((text or "").split())


def _by_record(rows: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    found = defaultdict(list)
    for row in rows:
        found[row["record_id"]].append(row)
    return found


def plain(text: str | None) -> str:
    return solid(_ESCAPED.sub(r"\1", text or ""))


def test_clinicaltrials_gov_loses_no_character(catalogue: Path, exported: dict[str, list[dict[str, str]]]) -> None:
    records = {row["record_id"]: row for row in exported["records"]}
    below = {table: _by_record(exported[table]) for table in ("outcomes", "interventions", "arms")}
    looked_at = 0
    for record_id, body, _ in current(catalogue, "ctgov"):
        protocol: dict[str, Any] = json.loads(body)["protocolSection"]
        row = records[record_id]

        def said(module: str, key: str, protocol: dict[str, Any] = protocol) -> str:
            return plain(protocol.get(module, {}).get(key))

        assert solid(row["public_title"]) == said("identificationModule", "briefTitle"), record_id
        assert solid(row["scientific_title"]) == said("identificationModule", "officialTitle"), record_id
        assert solid(row["brief_summary"]) == said("descriptionModule", "briefSummary"), record_id
        assert solid(row["detailed_description"]) == said("descriptionModule", "detailedDescription"), record_id
        assert solid(row["eligibility_raw"]) == said("eligibilityModule", "eligibilityCriteria"), record_id
        outcomes = protocol.get("outcomesModule", {})
        for kind in ("primary", "secondary", "other"):
            source = outcomes.get(f"{kind}Outcomes", ())
            ours = [r for r in below["outcomes"][record_id] if r["kind"] == kind]
            for column, key in (("measure", "measure"), ("description", "description"), ("time_frame", "timeFrame")):
                assert [solid(r[column]) for r in ours] == [plain(o.get(key)) for o in source], (
                    record_id,
                    kind,
                    column,
                )
        interventions = protocol.get("armsInterventionsModule", {}).get("interventions", ())
        for column, key in (("name", "name"), ("description", "description")):
            assert [solid(r[column]) for r in below["interventions"][record_id]] == [
                plain(i.get(key)) for i in interventions
            ], record_id
        arms = protocol.get("armsInterventionsModule", {}).get("armGroups", ())
        for column, key in (("label", "label"), ("description", "description")):
            assert [solid(r[column]) for r in below["arms"][record_id]] == [plain(a.get(key)) for a in arms], record_id
        looked_at += 1
    assert looked_at == 917


def _ictrp_values(body: bytes, media_type: str) -> dict[str, str]:
    if media_type.startswith("text/csv"):
        csv.field_size_limit(sys.maxsize)
        header, row = csv.reader(body.decode("utf-8-sig").splitlines(keepends=True))
        return {name.replace(" ", "_"): value for name, value in zip(header, row, strict=True)}
    return {element.tag: element.text or "" for element in ElementTree.fromstring(body)}


def test_ictrp_loses_no_character(catalogue: Path, exported: dict[str, list[dict[str, str]]]) -> None:
    records = {row["record_id"]: row for row in exported["records"]}
    looked_at = 0
    for record_id, body, media_type in current(catalogue, "ictrp"):
        values = {name: solid(_BREAK.sub(" ", value)) for name, value in _ictrp_values(body, media_type).items()}
        row = records[record_id]
        assert solid(row["public_title"]) == values["Public_title"], record_id
        assert solid(row["scientific_title"]) == values["Scientific_title"], record_id
        assert solid(row["eligibility_raw"]) == values.get("Inclusion_Criteria", "") + values.get(
            "Exclusion_Criteria", ""
        ), record_id
        for column, name in (
            ("conditions_raw", "Condition"), ("interventions_raw", "Intervention"),
            ("primary_outcomes_raw", "Primary_outcome"), ("secondary_outcomes_raw", "Secondary_outcome"),
        ):  # fmt: skip
            assert solid(row[column]) == values.get(name, ""), (record_id, column)
        looked_at += 1
    assert looked_at == 625


def test_euctr_criteria_lose_no_character(catalogue: Path, exported: dict[str, list[dict[str, str]]]) -> None:
    records = {row["record_id"]: row for row in exported["records"]}
    for record_id, body, _ in current(catalogue, "euctr"):
        text = body.decode("utf-8").replace("\r", "")
        said = "".join(
            re.findall(r"(?ms)^E\.[34] Principal (?:in|ex)clusion criteria[^:\n]*:(.*?)(?=^E\.[345] )", text)
        )
        assert sorted(solid(records[record_id]["eligibility_raw"])) == sorted(solid(_BREAK.sub(" ", said))), record_id


def test_every_cell_of_the_csv_is_the_cell_of_the_table(
    catalogue: Path, exported: dict[str, list[dict[str, str]]]
) -> None:
    with closing(sqlite3.connect(catalogue / "catalogue.db")) as db:
        for table, read_back in exported.items():
            for row, again in zip(rows_of(db, Selection(table)), read_back, strict=True):
                assert ["" if cell is None else str(cell) for cell in row] == [
                    again[name] for name in columns_of(table)
                ]
