"""An entry as its source sent it: from the site where contacts are published, else from the operator."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from harvester.cli import main
from tests.harvester.test_build import Workshop, study
from tests.site.conftest import InProcess


def made(folder: Path, contacts: str) -> tuple[Workshop, bytes]:
    workshop = Workshop(folder)
    workshop.take_in(study("NCT90000001", briefTitle="Cœur & <b>"), name="a.json")
    workshop.build()
    with closing(sqlite3.connect(workshop.catalogue)) as db:
        db.execute("UPDATE about SET value = ? WHERE key = 'publish_contacts'", (contacts,))
        db.commit()
    return workshop, b"& <b>"


def path_of(site: InProcess) -> str:
    found = re.search(r'href="(/payload/[0-9a-f]{64})"', site.html("/trial/NCT90000001"))
    assert found
    return found[1]


def test_a_version_is_given_byte_for_byte_where_contacts_are_published(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    workshop, words = made(tmp_path, "true")
    site = serve(workshop.catalogue)
    answer = site.get(path_of(site))
    assert answer.status_code == 200 and words in answer.content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="ctgov-NCT90000001-')
    shown = CliRunner().invoke(main, ["archive", "show", path_of(site).rpartition("/")[2], "--data", str(tmp_path)])
    assert shown.stdout_bytes == answer.content
    workshop.archive.rename(tmp_path / "moved.db")
    assert site.get(path_of(site)).status_code == 404


def test_elsewhere_the_page_says_who_gives_it_out(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    workshop, words = made(tmp_path, "false")
    site = serve(workshop.catalogue)
    answer = site.get(path_of(site))
    assert answer.status_code == 403 and words not in answer.content
    assert f"harvester archive show {path_of(site).rpartition('/')[2]}" in answer.text


def test_what_is_no_version_here_is_not_given(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    workshop, _ = made(tmp_path, "true")
    assert serve(workshop.catalogue).get("/payload/" + "0" * 64).status_code == 404
    unknown = CliRunner().invoke(main, ["archive", "show", "0123", "--data", str(tmp_path)])
    assert unknown.exit_code == 1 and "64 hex digits" in unknown.stderr


def test_a_damaged_archive_is_told_and_not_an_error_of_the_site(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    workshop, _ = made(tmp_path, "true")
    site = serve(workshop.catalogue)
    with closing(sqlite3.connect(workshop.archive)) as db:
        db.execute("UPDATE payloads SET data = x'00'")
        db.commit()
    told = site.get(path_of(site))
    assert told.status_code == 500 and "harvester archive verify" in told.text
    for beside in tmp_path.glob("archive.db-*"):
        beside.unlink()
    workshop.archive.write_bytes(b"no database at all " * 400)
    assert "harvester archive verify" in site.get(path_of(site)).text
