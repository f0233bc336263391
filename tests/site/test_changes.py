"""The page of changes, its feeds, and the command."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

from harvester.cli import main
from harvester.site import feeds
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


def test_changes_are_told_in_the_words_of_the_trials_page(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    workshop = Workshop(tmp_path)
    before, after = study("NCT90000001"), study("NCT90000001", "2026-02-01")
    after["protocolSection"]["statusModule"]["overallStatus"] = "ENROLLING_BY_INVITATION"
    workshop.take_in(before, name="a.json", mtime=1_767_300_000)
    workshop.take_in(after, name="b.json", mtime=1_770_000_000)
    workshop.build()
    html = serve(workshop.catalogue).html("/changes")
    assert "<dt>Recruitment status</dt>" in html and "<dt>Last update</dt>" in html
    assert "<del>Recruiting</del>" in html and "<ins>Enrolling by invitation</ins>" in html
    assert '<time datetime="2026-02-02">2 Feb 2026</time>' in html


def test_the_first_page_shows_no_change_that_is_a_new_date_alone(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    workshop = made(tmp_path)
    workshop.take_in(study("NCT90000002"), name="c.json", mtime=1_770_100_000)
    workshop.take_in(study("NCT90000002", "2026-02-03"), name="d.json", mtime=1_770_200_000)
    workshop.build()
    site = serve(workshop.catalogue)
    lately = site.html("/").partition("What changed lately")[2].partition("</section>")[0]
    assert re.findall(r'class="quiet">(NCT\d+) · ([^·]+) ·', lately) == [("NCT90000001", "public title")]
    assert "NCT90000002" in site.html("/changes")


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


def entries(site: InProcess, path: str) -> list[dict[str, str]]:
    answer = site.get(path)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.content)
    found = root.findall("{*}entry")
    assert root.findtext("{*}updated") == max(entry.findtext("{*}updated") for entry in found)
    return [{child.tag.partition("}")[2]: child.text or "" for child in entry} for entry in found]


def test_a_searchs_feed_tells_what_is_new_and_what_changed_in_its_trials(
    tmp_path: Path, serve: Callable[..., InProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = made(tmp_path)
    workshop.take_in(study("NCT90000002", briefTitle="Two"), name="c.json", mtime=1_770_100_000)
    workshop.build()
    site = serve(workshop.catalogue)
    news = ["New: NCT90000002: Two", "NCT90000001: One <b> new", "New: NCT90000001: One <b> new"]
    for most in (20_000, 0):  # trial by trial, and through all changes
        monkeypatch.setattr(feeds, "_ONE_BY_ONE", most)
        assert [entry["title"] for entry in entries(site, "/search.atom")] == news
        assert [entry["title"] for entry in entries(site, "/search.atom?q=one")] == news[1:]
        assert [entry["title"] for entry in entries(site, "/search.atom?sponsor=example-university&q=two")] == news[:1]
    assert len({entry["id"] for entry in entries(site, "/search.atom")}) == 3
    assert entries(site, "/search.atom?condition=recurrent-miscarriage&phase=2") == entries(
        site, "/search.atom?phase=2"
    )
    title = etree.fromstring(site.get("/search.atom?q=one&phase=2").content).findtext("{*}title")
    assert title == "Trials: one; Phase: Phase 2"


def test_pages_offer_the_feed_of_what_they_show(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    site = serve(made(tmp_path).catalogue)
    for path, feed in (
        ("/search?q=one&phase=2", "/search.atom?q=one&amp;phase=2"),
        ("/sponsor/example-university", "/search.atom?sponsor=example-university"),
        ("/condition/recurrent-miscarriage", "/search.atom?condition=recurrent-miscarriage"),
    ):
        html = site.html(path)
        assert re.search(rf'<link rel="alternate" type="application/atom.xml" [^>]*href="{re.escape(feed)}">', html)
        assert f'<a href="{feed}">Subscribe' in html


def test_changes_beyond_those_shown_stand_in_the_table(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    assert '<a href="/catalogue/changes">All of them as a table' in serve(made(tmp_path).catalogue).html("/changes")


def test_topics_stand_on_the_first_page_with_count_and_feed(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    workshop = made(tmp_path)
    with closing(sqlite3.connect(workshop.catalogue)) as db:
        assert '<h2 id="topics"' not in serve(workshop.catalogue).html("/")
        db.execute("INSERT INTO topics VALUES ('Losses & more', 'recurrent miscarriage')")
        db.commit()
    html = serve(workshop.catalogue).html("/")
    topics = html.partition('<h2 id="topics"')[2].partition("</section>")[0]
    assert '<a href="/search?q=recurrent+miscarriage">Losses &amp; more</a>' in topics
    assert "<strong>1</strong> trial " in topics and ">1 recruiting<" in topics
    assert 'href="/search.atom?q=recurrent+miscarriage"' in topics


def test_the_command_tells_the_same(tmp_path: Path) -> None:
    made(tmp_path)
    run = CliRunner().invoke(main, ["changes", "--data", str(tmp_path), "--json"])
    (line,) = run.stdout.splitlines()
    assert ["public_title", "One <b> old", "One <b> new"] in json.loads(line)["differences"]
    assert CliRunner().invoke(main, ["changes", "--data", str(tmp_path), "--since", "2027-01-01"]).stdout == ""
    assert CliRunner().invoke(main, ["changes", "--data", str(tmp_path), "--since", "soon"]).exit_code == 2
