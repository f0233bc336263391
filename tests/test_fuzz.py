"""Damaged payloads of every registry: no exception escapes, none is lost, each takes bounded time.

A few hundred here; `python -m tests.benchmarks.fuzzing` tries a hundred thousand of each registry.
"""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harvester.archive import Archive
from harvester.build import build
from harvester.imports import import_files
from harvester.registries import REGISTRIES
from spiders.payloads import cut
from tests.benchmarks.fuzzing import damaged, fuzz, tables, tried, whole
from tests.spiders.registries import country_record

PAYLOADS, RECORDED_PAYLOADS, FILES = 150, 60, 25


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    with closing(tables()) as db:
        yield db


@pytest.mark.parametrize("source", REGISTRIES)
def test_damaged_samples_become_records_or_refusals(source: str) -> None:
    figures = fuzz(source, whole(source, recorded=False), PAYLOADS)
    assert not figures.faults, figures.told()
    assert figures.records > PAYLOADS / 4 and figures.refused > 0, "the damage is neither nothing nor everything"


@pytest.mark.parametrize("source", REGISTRIES)
def test_damaged_recorded_payloads_become_records_or_refusals(shared: Path, source: str) -> None:
    figures = fuzz(source, whole(source), RECORDED_PAYLOADS, first=1_000_000)
    assert not figures.faults, figures.told()


@pytest.mark.parametrize("source", REGISTRIES)
@settings(max_examples=40)
@given(
    body=st.binary(min_size=1, max_size=400)
    | st.text(min_size=1, max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_a_record_or_a_refusal(source: str, body: bytes, db: sqlite3.Connection) -> None:
    assume(b"".join(body.lstrip(b"\xef\xbb\xbf").split()) != b"[]")
    records, refused = tried(db, source, body)
    assert records + refused >= 1


@pytest.mark.parametrize("source", ["ctgov", "ctis"])
def test_a_list_of_nothing_is_an_export_without_a_hit(source: str) -> None:
    assert list(cut(source, io.BytesIO(b"[ ]\n"), lambda note: None)) == []


# Each of these escaped once, or was lost.
@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("isrctn", b"<fullTrial><trial><isrctn>99000017</isrctn><trialDescription><title>a&#xD800;b & c</title></trialDescription></trial></fullTrial>"),
        ("ictrp", b"<Trial><TrialID>DRKS99000001</TrialID><Public_title>a\xed\xa0\x80b</Public_title></Trial>"),
        ("ictrp", b"TrialID,Public title\rSource Register\nDRKS99000001,A trial,x\n"),
        ("ictrp", b'TrialID,"Public title\nDRKS99000001,A trial\n'),
        ("ictrp", b"<Trials_downloaded_from_ICTRP>\n<Tri"),
        ("ictrp", b"</Trials_downloaded_from_ICTRP>"),
        ("euctr", b"Summary\rEudraCT Number:"),
        ("euctr", country_record("2014-099002-22", "GB", "A trial").replace("N. Date", f"D.3.11.7 Plasma derived medicinal product: No\nD.{'9' * 5_000}.11.8 Extractive medicinal product: No\nN. Date").encode()),
    ],
    ids=["reference to a surrogate", "surrogate", "return in a header", "open quote in a header", "export cut before a trial", "end of an export", "summary of nothing", "code of five thousand figures"],
)  # fmt: skip
def test_what_once_escaped_is_a_record_or_a_refusal(source: str, body: bytes, db: sqlite3.Connection) -> None:
    records, refused = tried(db, source, body)
    assert records + refused == 1


@pytest.mark.parametrize("source", REGISTRIES)
def test_every_damaged_file_is_found_again_in_the_catalogue(source: str, tmp_path: Path) -> None:
    files = []
    pieces = 0
    for place, body in damaged(source, whole(source, recorded=False), FILES, first=2_000_000):
        file = tmp_path / f"{place}"
        file.write_bytes(body)
        os.utime(file, (1_767_225_600 + place, 1_767_225_600 + place))
        files.append((file, file.name))
        pieces += len(list(cut(source, io.BytesIO(body), lambda note: None)))
    with Archive(tmp_path / "archive.db") as archive:
        done = import_files(archive, source, files)
        kept = archive.db.execute("SELECT count(*) FROM captures").fetchone()[0]
        refused = archive.db.execute("SELECT count(*) FROM rejections").fetchone()[0]
    assert done.records + len(done.refusals) == pieces
    assert (kept, refused) == (done.records, len(done.refusals))
    build(tmp_path / "archive.db", tmp_path / "catalogue.db")
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        seen = db.execute("SELECT record_id, payload_sha256, problem FROM versions").fetchall()
        readable = {record_id for record_id, _, problem in seen if problem is None}
        assert {row[0] for row in db.execute("SELECT record_id FROM records")} == readable
        told = {row[0] for row in db.execute("SELECT sha256 FROM rejected_payloads")}
        assert {sha256 for _, sha256, problem in seen if problem is not None} <= told
        assert not [problem for _, _, problem in seen if problem and "a rule of the harvester failed" in problem]
