"""The rows that a catalogue holds of a record: they give the record back, and a step writes only those that differ."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import normalize
from harvester import build as build_room
from harvester import catalogue
from harvester.build import content_hash
from harvester.catalogue import insert_into
from harvester.changes import READ_FROM_OTHERS
from harvester.rows import RecordKey, RecordProvenance
from harvester.stored import record_of, rows_of
from tests.harvester.test_build import Workshop, study

FIXTURES = Path(__file__).parent.parent / "fixtures"
MEDIA = {".json": "application/json", ".xml": "application/xml", ".html": "text/html", ".txt": "text/plain", ".csv": "text/csv"}  # fmt: skip
PAYLOADS = sorted(FIXTURES.glob("*/*/payload.*"))


@pytest.mark.parametrize("file", PAYLOADS, ids=lambda file: f"{file.parent.parent.name} {file.parent.name}")
def test_the_rows_of_a_record_give_it_back(file: Path) -> None:
    source = file.parent.parent.name
    record = normalize.normalize(source, file.read_bytes(), MEDIA[file.suffix])
    with closing(sqlite3.connect(":memory:")) as db:
        catalogue.create(db)
        provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, "test", None)
        db.execute(insert_into("records"), catalogue.record_row(RecordKey("x:1", None, source), record, provenance))
        for table, rows in catalogue.child_rows("x:1", record):
            db.executemany(insert_into(table), rows)
        left_out = dict.fromkeys((*READ_FROM_OTHERS, "warnings", "unmapped_values"), ())
        assert record_of(rows_of(db, "x:1")) == replace(record, **left_out)


def test_a_step_writes_only_the_rows_that_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workshop = Workshop(tmp_path)
    workshop.take_in(study("NCT90000001"), study("NCT90000002"))
    workshop.build()
    written: dict[str, int] = {}
    follow = build_room.follow

    def counted(db: sqlite3.Connection) -> Any:
        db.create_function("wrote", 1, lambda table: written.update({table: written.get(table, 0) + 1}))
        for table in ("records", "conditions", "criteria"):
            for what in ("INSERT", "DELETE", "UPDATE"):
                db.execute(
                    f"CREATE TEMP TRIGGER w_{table}_{what} AFTER {what} ON main.{table} BEGIN SELECT wrote('{what} {table}'); END"
                )
        return follow(db)

    monkeypatch.setattr(build_room, "follow", counted)
    later = study("NCT90000002", "2026-02-01")
    later["protocolSection"]["conditionsModule"]["conditions"].append("Thrombophilia")
    workshop.take_in(later, name="later.json")
    workshop.build()
    assert written == {"UPDATE records": 1, "DELETE conditions": 1, "INSERT conditions": 2}
    changes = [("conditions", "Recurrent miscarriage", "Recurrent miscarriage\nThrombophilia")]
    assert workshop.rows("SELECT field, old_value, new_value FROM changes WHERE field = 'conditions'") == changes
    step = content_hash(workshop.catalogue)
    workshop.build(full=True)
    assert content_hash(workshop.catalogue) == step
