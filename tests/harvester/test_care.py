"""Damage in the archive is found and named."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from harvester.archive import Archive
from harvester.cli import main
from tests.harvester.test_archive import raw


def test_damage_is_named_and_ends_with_1(tmp_path: Path) -> None:
    with Archive(tmp_path / "archive.db") as archive:
        run = archive.start_run("ctgov", "q", "2026-01-01T00:00:00Z")
        for body in (b"one", b"one and more"):
            archive.store(run, raw(body))
        archive.store(run, raw(b"two", registry_id="NCT90000002"))
    whole = CliRunner().invoke(main, ["archive", "verify", "--data", str(tmp_path)])
    assert (whole.exit_code, whole.stdout) == (0, "Every payload is what was fetched.\n")
    with Archive(tmp_path / "archive.db") as archive:
        archive.db.execute("UPDATE payloads SET data = x'00' WHERE registry_id = 'NCT90000002'")
    damaged = CliRunner().invoke(main, ["archive", "verify", "--data", str(tmp_path)])
    assert damaged.exit_code == 1
    assert damaged.stderr.count("\n") == 1
    assert "ctgov:NCT90000002" in damaged.stderr
