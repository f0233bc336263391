"""What leaves the archive, and what never does."""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harvester.archive import Archive, Verdict
from harvester.build import build, content_hash
from harvester.care import verify
from harvester.cli import main
from harvester.config import Retention
from harvester.retention import NotBuilt, apply, plan
from spiders.payloads import RawRecord, cut
from tests.harvester.test_archive import raw

NOW = datetime.datetime(2026, 12, 31, tzinfo=datetime.UTC)


def study(number: str, title: str, updated: str, holder: str = "2026-01-01") -> bytes:
    return json.dumps(
        {
            "protocolSection": {
                "identificationModule": {"nctId": number, "briefTitle": title},
                "statusModule": {"lastUpdatePostDateStruct": {"date": updated}},
            },
            "derivedSection": {"miscInfoModule": {"versionHolder": holder}},
        }
    ).encode()


def fetch(archive: Archive, day: str, *studies: bytes, words: str = "lupus", verdict: str = "complete") -> None:
    """A run that brought these studies on a day."""
    import io

    run = archive.start_run("ctgov", words, f"{day}T00:00:00Z", "sweep", words)
    for body in studies:
        [piece] = cut("ctgov", io.BytesIO(body), lambda note: None)
        assert piece.registry_id
        archive.store(
            run,
            RawRecord(
                source="ctgov", registry_id=piece.registry_id, url="http://127.0.0.1/x", media_type=piece.media_type,
                body=piece.body, fetched_at=f"{day}T00:00:00Z", fingerprint=piece.fingerprint,
            ),
        )  # fmt: skip
    came = Verdict(
        registry="ctgov", query=words, words=words, announced=len(studies), stored=len(studies), verdict=verdict
    )  # type: ignore[arg-type]
    archive.finish_run(run, came, f"{day}T01:00:00Z")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A year of a registry: A unchanged but for noise, B changed twice, C seen once and long ago, D only in a failed run, E every
    second month what it was before."""
    with Archive(tmp_path / "archive.db") as archive:
        a, c = study("NCT90000001", "A", "2026-01-01"), study("NCT90000003", "C", "2026-01-01")
        fetch(archive, "2026-01-01", a, study("NCT90000002", "B one", "2026-01-01"), c)
        fetch(archive, "2026-02-01", study("NCT90000004", "D", "2026-01-01"), verdict="failed")
        for month in range(3, 9):
            noisy = study("NCT90000001", "A", "2026-01-01", holder=f"2026-{month:02}-01")
            turning = study("NCT90000005", f"E {month % 2}", "2026-01-01")
            fetch(archive, f"2026-{month:02}-01", noisy, study("NCT90000002", "B two", "2026-02-20"), turning)
            fetch(archive, f"2026-{month:02}-09", turning)
            fetch(archive, f"2026-{month:02}-02", noisy, words="sle")
        fetch(archive, "2026-12-01", a, study("NCT90000002", "B three", "2026-11-20"), turning)
        run = archive.start_run("ctgov", "x", "2026-01-05T00:00:00Z", "numbers")
        archive.reject(
            run, "ctgov", None, "http://127.0.0.1/x", "text/html", b"<html>" + b"x" * 10_000, "a page of HTML"
        )
        archive.finish_run(run, Verdict(registry="ctgov", query="x", announced=1, rejected=1), "2026-01-05T00:00:01Z")
        yield archive


def built(archive: Archive, full: bool = False) -> str:
    path = archive.path.with_name("catalogue.db")
    archive.commit()
    build(archive.path, path, full=full)
    return content_hash(path)


def compact(archive: Archive, rules: Retention) -> tuple[int, int, int, int]:
    with closing(sqlite3.connect(archive.path.with_name("catalogue.db"))) as catalogue:
        leaving = plan(archive, rules, NOW, catalogue)
    apply(archive, rules, NOW, leaving)
    assert list(verify(archive)) == []
    return leaving.fetches, leaving.payloads, leaving.versions, leaving.rejected


def titles(archive: Archive) -> list[str]:
    bodies = [archive.body(row[0]) for row in archive.db.execute("SELECT sha256 FROM payloads ORDER BY rowid")]
    return [json.loads(body)["protocolSection"]["identificationModule"]["briefTitle"] for body in bodies]


def test_without_rules_nothing_leaves(archive: Archive) -> None:
    built(archive)
    before = archive.db.execute("SELECT count(*) FROM captures").fetchone()
    assert compact(archive, Retention()) == (0, 0, 0, 0)
    assert archive.db.execute("SELECT count(*) FROM captures").fetchone() == before


def test_repeats_leave_and_the_catalogue_stays_the_same_bit_for_bit(archive: Archive) -> None:
    before = built(archive)
    pasts = archive.db.execute("SELECT DISTINCT registry, words FROM runs").fetchall()
    fetches, payloads, versions, _ = compact(archive, Retention(repeats_days=30))
    assert (fetches > 5, payloads >= 4, versions) == (True, True, 0)
    assert built(archive) == built(archive, full=True) == before
    assert set(titles(archive)) == {"A", "B one", "B two", "B three", "C", "D", "E 1", "E 0"}
    assert archive.db.execute("SELECT DISTINCT registry, words FROM runs").fetchall() == pasts
    assert compact(archive, Retention(repeats_days=30))[:2] == (0, 0), "a second time there is nothing left to do"


def test_what_the_next_refresh_needs_to_know_stays(archive: Archive) -> None:
    from harvester.history import all_but_stalest, no_longer_listed

    last_sweep = archive.db.execute("SELECT max(run_id) FROM runs WHERE words = 'lupus'").fetchone()[0]
    before = all_but_stalest(archive, "ctgov", "sle", 0), no_longer_listed(archive, last_sweep, "ctgov", "lupus")
    assert before == ({"NCT90000001"}, ["NCT90000003"])
    built(archive)
    compact(archive, Retention(repeats_days=0))
    assert (
        all_but_stalest(archive, "ctgov", "sle", 0),
        no_longer_listed(archive, last_sweep, "ctgov", "lupus"),
    ) == before


def test_old_versions_leave_only_when_history_days_says_so_and_never_the_shown_or_only_one(archive: Archive) -> None:
    built(archive)
    _, _, versions, _ = compact(archive, Retention(history_days=200))
    assert versions == 1, "B one; B two was seen in August, 152 days before"
    assert {"A", "B two", "B three", "C", "D"} <= set(titles(archive))
    after = built(archive)
    assert after == built(archive, full=True), "the catalogue that knew the version is built anew by itself"
    _, _, versions, _ = compact(archive, Retention(history_days=0))
    assert versions == 2, "B two, and E 1"
    assert {"A", "B three", "C", "D"} <= set(titles(archive))
    with closing(sqlite3.connect(archive.path.with_name("catalogue.db"))) as catalogue:
        shown = {row[0] for row in catalogue.execute("SELECT public_title FROM records")}
    assert shown == {"A", "B three", "C", "E 0"}


def test_history_is_not_cut_without_knowing_what_is_shown(archive: Archive) -> None:
    with pytest.raises(NotBuilt, match="harvester build"):
        plan(archive, Retention(history_days=0), NOW, None)


def test_of_rejected_bytes_the_reason_and_hash_stay(archive: Archive) -> None:
    before = built(archive)
    rejections = archive.rejections()
    assert compact(archive, Retention(rejected_days=30)) == (0, 0, 0, 1)
    assert archive.rejections() == rejections
    assert built(archive, full=True) == before


def test_the_number_of_the_last_fetch_is_never_given_again(archive: Archive) -> None:
    """An export file is captured at its own date: imported last, it can be the oldest."""
    run = archive.start_run("ctgov", "import", "2026-12-02T00:00:00Z", "import")
    archive.store(run, raw(study("NCT90000002", "B zero", "2025-01-01"), "2025-02-01T00:00:00Z", "NCT90000002"))
    archive.finish_run(run, Verdict(registry="ctgov", query="import", announced=1, stored=1), "2026-12-02T00:00:01Z")
    built(archive)
    last = archive.db.execute("SELECT max(capture_id) FROM captures").fetchone()
    compact(archive, Retention(history_days=0, repeats_days=0))
    assert archive.db.execute("SELECT max(capture_id) FROM captures").fetchone() == last


def test_the_command_says_first_and_does_when_told(archive: Archive, tmp_path: Path) -> None:
    built(archive)
    archive.close()
    (tmp_path / "harvester.toml").write_text("[retention]\nrepeats_days = 0\nrejected_days = 0\n", encoding="utf-8")

    def run(*options: str) -> Result:
        command = ["archive", "compact", "--data", str(tmp_path), "--config", str(tmp_path / "harvester.toml")]
        return CliRunner().invoke(main, [*command, *options])

    def counted() -> tuple[int, int]:
        with closing(sqlite3.connect(tmp_path / "archive.db")) as db:
            row = db.execute(
                "SELECT (SELECT count(*) FROM captures), (SELECT sum(length(data)) FROM rejections)"
            ).fetchone()
            return int(row[0]), int(row[1])

    before = counted()
    said = run()
    assert said.exit_code == 0, said.output
    assert "1 rejected answers would leave" in said.stdout and "--apply" in said.stdout
    assert counted() == before
    done = run("--apply")
    assert done.exit_code == 0, done.output
    assert counted()[0] < before[0] and counted()[1] == 0
    assert "archive.db has" in done.stdout
    assert CliRunner().invoke(main, ["archive", "verify", "--data", str(tmp_path)]).exit_code == 0
    archive.db = sqlite3.connect(":memory:")  # the fixture closes what is open
