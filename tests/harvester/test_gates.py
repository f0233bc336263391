"""What a registry or a rule loses is not published; what is only new is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harvester.cli import main
from harvester.lock import Locked, locked
from harvester.sample.server import SampleServer


def refresh(folder: Path, server: SampleServer, *options: str) -> Result:
    (folder / "harvester.toml").write_text(
        f'[registries.ctgov]\nbase_url = "{server.base_url("ctgov")}"\ndelay = 0.0\n', encoding="utf-8"
    )
    command = ["refresh", "--registry", "ctgov", "--all", "--config", str(folder / "harvester.toml")]
    return CliRunner().invoke(main, [*command, "--data", str(folder / "data"), *(options or ("--full",))])


def filled(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / "catalogue.db")) as db:
        return int(db.execute("SELECT count(eligibility_raw) FROM records").fetchone()[0])


def test_a_renamed_key_keeps_the_old_catalogue_until_a_person_accepts(tmp_path: Path) -> None:
    with SampleServer(crawl_delay=0) as server:
        assert refresh(tmp_path, server).exit_code == 0
        before = filled(tmp_path)
        server.fault("ctgov", "renamed-key")
        closed = refresh(tmp_path, server)
        assert closed.exit_code == 1
        assert "ClinicalTrials.gov: eligibility_raw is filled in 0 of" in closed.output
        sentence = next(line for line in closed.output.splitlines() if "eligibility_raw" in line)
        assert sentence.count("eligibility_raw is filled in") == 1, "a column is named once"
        assert "--accept" in closed.output
        assert filled(tmp_path) == before > 0
        assert refresh(tmp_path, server, "--full", "--accept").exit_code == 0
        assert filled(tmp_path) == 0
    with closing(sqlite3.connect(tmp_path / "data" / "catalogue.db")) as db:
        [(told,)] = db.execute("SELECT value FROM about WHERE key = 'gates_overruled'")
        assert "eligibility_raw" in told
        keys = [row[0] or "" for row in db.execute("SELECT new_keys FROM runs ORDER BY run_id")]
        assert "eligibilityText" in keys[1]


@pytest.mark.parametrize("fault", ["record-deleted", "renamed-key"])
def test_what_a_registry_served_wrong_for_a_night_is_mended_by_the_next_refresh(tmp_path: Path, fault: str) -> None:
    with SampleServer(crawl_delay=0) as server:
        assert refresh(tmp_path, server).exit_code == 0
        before = filled(tmp_path)
        for number in server.numbers("ctgov")[:12]:  # served when asked for by number, and not listed
            server.fault("ctgov", fault, times=1, **({"number": number} if fault == "record-deleted" else {}))
        closed = refresh(tmp_path, server)
        assert closed.exit_code == 1 and "reads that registry in full once more" in closed.output
        server.clear()
        mended = refresh(tmp_path, server, "-v")
        assert mended.exit_code == 0, mended.output
        assert "note: ClinicalTrials.gov: a gate closed on 20" in mended.output
        assert "ClinicalTrials.gov, all: complete; 36 of 36" in mended.output
        assert filled(tmp_path) == before
        assert "all since 20" in refresh(tmp_path, server, "-v").output


def test_a_registry_that_failed_is_told_beside_a_gate_that_closed(tmp_path: Path) -> None:
    with SampleServer(crawl_delay=0) as server:
        bases = {name: f'[registries.{name}]\nbase_url = "{server.base_url(name)}"\n' for name in ("ctgov", "isrctn")}
        (tmp_path / "harvester.toml").write_text(
            "".join(f"{base}delay = 0.0\neverything = true\n" for base in bases.values())
        )
        options = ["--config", str(tmp_path / "harvester.toml"), "--data", str(tmp_path / "data")]
        night = ["refresh", "--registry", "ctgov", "--registry", "isrctn", "--full", *options]
        assert CliRunner().invoke(main, night).exit_code == 0
        server.fault("ctgov", "renamed-key")
        server.fault("isrctn", "html-instead")
        done = CliRunner().invoke(main, night)
    assert done.exit_code == 1
    assert "ISRCTN registry failed: " in done.stderr and "page of HTML" in done.stderr
    assert "ClinicalTrials.gov: eligibility_raw is filled in 0 of" in done.stderr


def test_a_record_that_a_sweep_no_longer_lists_is_asked_for_and_withdrawn(tmp_path: Path) -> None:
    with SampleServer(crawl_delay=0) as server:
        assert refresh(tmp_path, server).exit_code == 0
        number = server.numbers("ctgov")[0]
        server.fault("ctgov", "record-deleted", number=number)
        done = refresh(tmp_path, server)
        assert done.exit_code == 0, done.output
    with closing(sqlite3.connect(tmp_path / "data" / "catalogue.db")) as db:
        gone = db.execute("SELECT registry_id FROM records WHERE withdrawn_from_registry_at IS NOT NULL").fetchall()
        assert gone == [(number,)]
        assert db.execute("SELECT sum(withdrawn) FROM runs").fetchone() == (1,)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path, "refresh"), pytest.raises(Locked, match="refresh, process"), locked(tmp_path, "build"):
        pass
    with locked(tmp_path, "build") as lock:
        assert lock.taken_over is None
