"""The page of changes, its feeds, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner
from lxml import etree

from harvester.cli import main
from tests.harvester.test_build import Workshop, study
from tests.site.conftest import InProcess


def made(folder: Path) -> Workshop:
    workshop = Workshop(folder)
    workshop.take_in(study("NCT90000001", briefTitle="One <b> old"), name="a.json", mtime=1_767_300_000)
    workshop.take_in(study("NCT90000001", "2026-02-01", briefTitle="One <b> new"), name="b.json", mtime=1_770_000_000)
    workshop.build()
    return workshop


def test_old_and_new_words_stand_marked_and_escaped(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    site = serve(made(tmp_path).catalogue)
    html = site.html("/changes")
    assert "One &lt;b&gt;<del> old</del><ins> new</ins>" in html
    assert html == site.html("/changes").replace("<b>", "&lt;b&gt;")
    assert "No change has been seen yet" in site.html("/changes?trial=NCT99999999")


def test_feeds_are_atom(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    site = serve(made(tmp_path).catalogue)
    for path in ("/changes.atom", "/trial/NCT90000001.atom"):
        answer = site.get(path)
        assert answer.headers["content-type"].startswith("application/atom+xml")
        root = etree.fromstring(answer.content)
        names = [child.tag.partition("}")[2] for child in root]
        assert names == ["title", "id", "link", "link", "updated", "author", "entry"]
        entry = {child.tag.partition("}")[2]: child.text for child in root[-1]}
        assert entry["title"] == "NCT90000001: One <b> new"
        assert "Public title: One <b> old -> One <b> new" in (entry["summary"] or "")
        assert entry["updated"] == root[4].text


def test_the_command_tells_the_same(tmp_path: Path) -> None:
    made(tmp_path)
    run = CliRunner().invoke(main, ["changes", "--data", str(tmp_path), "--json"])
    (line,) = run.stdout.splitlines()
    assert ["public_title", "One <b> old", "One <b> new"] in json.loads(line)["differences"]
    assert CliRunner().invoke(main, ["changes", "--data", str(tmp_path), "--since", "2027-01-01"]).stdout == ""
    assert CliRunner().invoke(main, ["changes", "--data", str(tmp_path), "--since", "soon"]).exit_code == 2
