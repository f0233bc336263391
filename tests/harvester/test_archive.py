"""Every byte kept, every fetch noted, nothing acknowledged lost."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester import history
from harvester.archive import Archive, Verdict
from harvester.build import build
from harvester.care import verify
from harvester.position import Position
from harvester.unusable import Unusable
from spiders.payloads import RawRecord


def raw(
    body: bytes, fetched_at: str = "2026-01-01T00:00:00Z", registry_id: str = "NCT90000001", marker: str = ""
) -> RawRecord:
    return RawRecord(
        source="ctgov",
        registry_id=registry_id,
        url="http://127.0.0.1/x",
        media_type="application/json",
        body=body,
        fetched_at=fetched_at,
        fingerprint=marker or hashlib.sha256(body).hexdigest(),
    )


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive.db")


def test_bytes_come_back_as_they_were(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    bodies = [b"\x00\xff{}", b"a" * 100_000, b"a" * 100_000 + b"b"]
    for body in bodies:
        archive.store(run, raw(body))
    assert [archive.body(hashlib.sha256(body).hexdigest()) for body in bodies] == bodies


def test_what_arrives_is_new_changed_or_unchanged(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    arrivals = [
        archive.store(run, raw(b"one", marker="m1")),
        archive.store(run, raw(b"one, other date", "2026-01-02T00:00:00Z", marker="m1")),
        archive.store(run, raw(b"two", "2026-01-03T00:00:00Z", marker="m2")),
    ]
    assert arrivals == ["new", "unchanged", "changed"]


def test_a_change_without_meaning_is_kept_but_is_no_version(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    archive.store(run, raw(b"holder 2", "2026-01-02T00:00:00Z", marker="m"))
    archive.store(run, raw(b"holder 1", "2026-01-01T00:00:00Z", marker="m"))
    archive.finish_run(run, Verdict(registry="ctgov", query="q", announced=1, stored=1), "2026-01-03T00:00:00Z")
    (version,) = archive.versions()
    assert version.sha256 == hashlib.sha256(b"holder 1").hexdigest(), "the first captured one stands for the version"
    assert (version.first_fetched_at, version.last_fetched_at) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    assert archive.body(hashlib.sha256(b"holder 2").hexdigest()) == b"holder 2"


def test_a_later_version_costs_little(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    body = os.urandom(50_000)
    archive.store(run, raw(body))
    archive.store(run, raw(body + b"changed"))
    sizes = [row[0] for row in archive.db.execute("SELECT length(data) FROM payloads ORDER BY rowid")]
    assert sizes[0] > 40_000
    assert sizes[1] < 200


def test_the_same_capture_twice_is_one(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    states = []
    for _ in range(2):
        archive.store(run, raw(b"one"))
        states.append(archive.state())
    assert states[0] == states[1]


def test_a_damaged_payload_is_noticed(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    archive.store(run, raw(b"one"))
    archive.store(run, raw(b"two", registry_id="NCT90000002"))
    archive.db.execute("UPDATE payloads SET data = (SELECT data FROM payloads WHERE registry_id = 'NCT90000002')")
    with pytest.raises(ValueError, match="damaged"):
        archive.body(hashlib.sha256(b"one").hexdigest())


@pytest.mark.parametrize("damage", [b"no zstd", b""])
def test_a_damaged_version_holds_up_no_later_one(archive: Archive, damage: bytes) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    archive.store(run, raw(b"one"))
    archive.db.execute("UPDATE payloads SET data = ?", (damage,))
    assert archive.store(run, raw(b"two")) == "changed"
    assert archive.body(hashlib.sha256(b"two").hexdigest()) == b"two"
    assert len(list(verify(archive))) == 1


def test_a_text_that_damage_made_unreadable_is_named(archive: Archive) -> None:
    archive.store(archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z"), raw(b"one"))
    archive.commit()
    archive.db.execute("PRAGMA foreign_keys = OFF")
    archive.db.execute("UPDATE payloads SET sha256 = CAST(x'6166ff' AS TEXT)")
    with pytest.raises(Unusable, match="it is damaged"):
        archive.db.execute("SELECT sha256 FROM payloads").fetchall()
    assert any(r"payload af\xff cannot be read" in finding for finding in verify(archive))


def test_an_absence_counts_only_after_the_last_capture(archive: Archive) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    archive.store(run, raw(b"one", "2026-01-05T00:00:00Z"))
    archive.mark_absent(run, "ctgov", "NCT90000001", "2026-01-04T00:00:00Z")
    assert archive.absences() == {}
    later = archive.start_run("ctgov", "q", "2026-01-06T00:00:00Z")
    archive.mark_absent(later, "ctgov", "NCT90000001", "2026-01-06T00:00:00Z")
    assert archive.absences() == {("ctgov", "NCT90000001"): "2026-01-06T00:00:00Z"}


def test_within_one_second_the_later_run_is_right(archive: Archive) -> None:
    first, second = (archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z") for _ in range(2))
    archive.store(first, raw(b"one", "2026-01-05T00:00:00Z"))
    archive.mark_absent(second, "ctgov", "NCT90000001", "2026-01-05T00:00:00Z")
    assert set(archive.absences()) == {("ctgov", "NCT90000001")}


@pytest.mark.parametrize(
    ("verdict", "published"),
    [
        (Verdict(registry="ctgov", query="q", announced=1, stored=1), True),
        (Verdict(registry="ctgov", query="q", announced=2, stored=1, rejected=1), True),
        (Verdict(registry="ctgov", query="q", announced=2, stored=1, verdict="incomplete"), False),
        (Verdict(registry="ctgov", query="q", announced=1, stored=1, verdict="failed"), False),
        (Verdict(registry="ctgov", query="q", stored=1, verdict="incomplete"), False),
        (None, False),
    ],
    ids=["all", "all with a rejected one", "fewer than announced", "failed", "nothing announced", "cut off"],
)
def test_what_fell_short_waits_for_a_run_that_does_not(
    archive: Archive, verdict: Verdict | None, published: bool
) -> None:
    run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
    archive.store(run, raw(b"one"))
    if verdict is not None:
        archive.finish_run(run, verdict, "2026-01-01T00:00:01Z")
        assert verdict.is_published is published
    assert len(list(archive.versions())) == int(published)
    again = archive.start_run("ctgov", "q", "2026-01-02T00:00:00Z")
    archive.store(again, raw(b"one", "2026-01-02T00:00:00Z"))
    archive.finish_run(again, Verdict(registry="ctgov", query="q", announced=1, stored=1), "2026-01-02T00:00:01Z")
    assert len(list(archive.versions())) == 1


def test_a_file_imported_again_after_a_kill_is_published(archive: Archive) -> None:
    killed = archive.start_run("ctgov", "import", "2026-01-01T00:00:00Z")
    archive.store(killed, raw(b"one"))
    again = archive.start_run("ctgov", "import", "2026-01-02T00:00:00Z")
    archive.store(again, raw(b"one"))
    archive.finish_run(again, Verdict(registry="ctgov", query="import", announced=1, stored=1), "2026-01-02T00:00:01Z")
    assert len(list(archive.versions())) == 1


def test_a_verdict_is_kept(archive: Archive) -> None:
    run = archive.start_run("ctgov", "lupus", "2026-01-01T00:00:00Z")
    archive.finish_run(
        run, Verdict(registry="ctgov", query="lupus", announced=7, stored=7, verdict="complete"), "2026-01-02T00:00:00Z"
    )
    assert archive.runs(("announced", "verdict", "stored", "finished_at")) == [
        (7, "complete", 7, "2026-01-02T00:00:00Z")
    ]


#: `runs` as an archive of form 0 has it, before runs said how they asked.
_RUNS_OF_OLD = """
DROP TABLE runs;
CREATE TABLE runs (
    run_id INTEGER PRIMARY KEY, registry TEXT NOT NULL, query TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
    announced INTEGER, stored INTEGER NOT NULL DEFAULT 0, new INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, verdict TEXT, message TEXT
) STRICT;
INSERT INTO runs VALUES
    (1, 'ctgov', 'lupus', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', 1, 1, 1, 0, 0, 0, 3, 0, 900, 'complete', 'all is well');
PRAGMA user_version = 0;
"""


def test_an_archive_of_the_first_form_is_shown_whole_and_its_topics_pass_for_no_whole_registry(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        archive.store(archive.start_run("ctgov", "lupus", "2026-01-01T00:00:00Z"), raw(b"one"))
        archive.commit()
        archive.db.execute("PRAGMA foreign_keys = OFF")
        archive.db.executescript(_RUNS_OF_OLD)
    with Archive(path) as archive:
        assert history.pasts(archive, "9999") == {}
    assert build(path, tmp_path / "catalogue.db").read == 1
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as db:
        row = "SELECT query, announced, withdrawn, verdict, message FROM runs"
        assert db.execute(row).fetchall() == [("lupus", 1, 0, "complete", "all is well")]


_WRITER = """
import sys
from pathlib import Path
from tests.harvester.test_archive import raw
from harvester.archive import Archive
archive = Archive(Path(sys.argv[1]))
run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
for number in range(100_000):
    archive.store(run, raw(b"body %d" % number, registry_id="NCT%08d" % number))
    if number % 10 == 9:
        archive.commit()
        print(number + 1, flush=True)
"""


def test_killed_at_any_instant_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert writer.stdout is not None
    acknowledged = 0
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged >= 200:
            break
    writer.send_signal(signal.SIGKILL)
    for line in writer.stdout:
        acknowledged = int(line)
    writer.wait()
    writer.stdout.close()
    with Archive(path) as archive:
        assert len(archive.known("ctgov")) >= acknowledged
        assert archive.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "archive.db").mkdir()
    with pytest.raises(sqlite3.OperationalError):
        Archive(tmp_path / "archive.db")


@given(last_capture=st.integers(0), runs=st.frozensets(st.integers(1, 60)))
def test_a_position_is_a_short_text(last_capture: int, runs: frozenset[int]) -> None:
    position = Position(last_capture, runs)
    assert Position.from_text(position.as_text()) == position


def test_runs_that_follow_each_other_are_a_range() -> None:
    assert Position(7, frozenset(range(1, 5000)) - {42}).as_text() == "7 1-41 43-4999"
