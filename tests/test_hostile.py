"""Broken and hostile input, from file to catalogue: a clear row or a clear message, never a traceback, never a lost neighbour."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harvester.cli import main
from tests.harvester.test_build import study

NEIGHBOUR = study("NCT90000009")

Change = Callable[[dict[str, Any]], None]


def _at(*path: str, value: object) -> Change:
    """A change that puts `value` where `path` leads below protocolSection."""

    def change(entry: dict[str, Any]) -> None:
        place = entry["protocolSection"]
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = value

    return change


def _renamed(entry: dict[str, Any]) -> None:
    entry["protocolSection"]["statusModul"] = entry["protocolSection"].pop("statusModule")


CASES: dict[str, tuple[Change, str]] = {
    "unknown status": (_at("statusModule", "overallStatus", value="PAUSED"), "SELECT count(*) FROM unmapped_values WHERE vocabulary = 'recruitment_status' AND raw_value = 'PAUSED'"),
    "unknown phase": (_at("designModule", "phases", value=["PHASE9"]), "SELECT count(*) FROM unmapped_values WHERE vocabulary = 'phase'"),
    "impossible date": (_at("statusModule", "startDateStruct", value={"date": "2020-02-31"}), "SELECT count(*) FROM warnings WHERE field LIKE 'date_of_first_enrollment%' AND raw_value = '2020-02-31'"),
    "list for a module": (_at("statusModule", value=["x"]), "SELECT count(*) FROM warnings"),
    "number for a title": (_at("identificationModule", "briefTitle", value=7), "SELECT count(*) FROM records WHERE registry_id = 'NCT90000001'"),
    "a renamed module": (_renamed, "SELECT count(*) FROM warnings WHERE field = 'record' AND reason LIKE '%statusModule%'"),
    "two megabytes of text": (_at("descriptionModule", "detailedDescription", value="word " * 400_000), "SELECT count(*) FROM records WHERE length(detailed_description) > 1900000"),
    "NUL bytes": (_at("identificationModule", "briefTitle", value="a\x00b"), "SELECT count(*) FROM records WHERE public_title = 'a\ufffdb'"),
    "a lone surrogate": (_at("identificationModule", "briefTitle", value="a\ud800b"), "SELECT count(*) FROM records WHERE public_title = 'a\ufffdb'"),
    "sentinel enrollment": (_at("designModule", "enrollmentInfo", value={"count": 99999999, "type": "ESTIMATED"}), "SELECT count(*) FROM records WHERE registry_id = 'NCT90000001' AND target_sample_size IS NULL"),
}  # fmt: skip


def harvest(folder: Path, source: str, name: str, content: bytes) -> sqlite3.Connection:
    (folder / name).write_bytes(content)
    for arguments in (["import", source, str(folder / name)], ["build"]):
        done = CliRunner().invoke(main, [*arguments, "--data", str(folder / "data")])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return sqlite3.connect(folder / "data" / "catalogue.db")


@pytest.mark.parametrize("case", CASES)
def test_a_strange_study_is_told_and_its_neighbour_lives(tmp_path: Path, case: str) -> None:
    change, told = CASES[case]
    strange = copy.deepcopy(study("NCT90000001"))
    change(strange)
    page = json.dumps({"studies": [strange, NEIGHBOUR]}).encode()
    with closing(harvest(tmp_path, "ctgov", "page.json", page)) as db:
        assert db.execute("SELECT count(*) FROM records WHERE registry_id = 'NCT90000009'").fetchone() == (1,)
        assert db.execute(told).fetchone()[0] >= 1


EXPORT = """<?xml version='1.0' encoding='{charset}' ?><Trials_downloaded_from_ICTRP>
<Trial><TrialID>DRKS90000001</TrialID><Source_Register>German Clinical Trials Register</Source_Register><Public_title>{title}</Public_title></Trial>
<Trial><TrialID>DRKS90000002</TrialID><Source_Register>German Clinical Trials Register</Source_Register><Public_title>Neighbour</Public_title></Trial>
</Trials_downloaded_from_ICTRP>"""


@pytest.mark.parametrize(
    ("title", "charset", "kept"),
    [
        ("Größe", "utf-8", "Größe"),
        ("Größe", "iso-8859-1", "Größe"),
        ("a &undefined; b", "utf-8", None),
        ("<b>bold</b> <i>text", "utf-8", None),
        ("x" * 2_000_000, "utf-8", "x" * 2_000_000),
    ],
    ids=["utf-8", "latin-1", "undefined entity", "broken markup", "two megabytes"],
)
def test_a_strange_trial_of_an_export_costs_no_neighbour(
    tmp_path: Path, title: str, charset: str, kept: str | None
) -> None:
    body = EXPORT.format(charset=charset, title=title).encode(charset)
    with closing(harvest(tmp_path, "ictrp", "export.xml", body)) as db:
        assert db.execute("SELECT public_title FROM records WHERE registry_id = 'DRKS90000002'").fetchone() == (
            "Neighbour",
        )
        found = db.execute("SELECT public_title FROM records WHERE registry_id = 'DRKS90000001'").fetchone()
        if kept is not None:
            assert found == (kept,)
        else:
            told = db.execute("SELECT count(*) FROM warnings WHERE record_id = 'ictrp:DRKS90000001'").fetchone()[0]
            told += db.execute("SELECT count(*) FROM rejected_payloads WHERE registry_id = 'DRKS90000001'").fetchone()[
                0
            ]
            assert told >= 1


@pytest.mark.parametrize("source", ["ctgov", "ictrp", "euctr", "ctis", "isrctn"])
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 2000, b"<html><body>captcha</body></html>", b"{", b"[[[[[[", b"<Trial>", b"a;b;c\n1;2;3\n", "Ünïcödé".encode("utf-16"), b"\xff\xfe\xfd"],
    ids=["empty", "nul", "captcha", "brace", "brackets", "open tag", "other csv", "utf-16", "no text"],
)  # fmt: skip
def test_what_is_no_record_is_rejected_with_a_reason(tmp_path: Path, source: str, content: bytes) -> None:
    harvest(tmp_path, "ctgov", "page.json", json.dumps({"studies": [NEIGHBOUR]}).encode()).close()
    with closing(harvest(tmp_path, source, "file", content)) as db:
        assert db.execute("SELECT count(*) FROM records").fetchone() == (1,)
        ((reason,),) = db.execute("SELECT reason FROM rejected_payloads").fetchall()
        assert len(reason) > 10
