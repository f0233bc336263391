"""The catalogue can be swapped under the running site, be missing, or be something else."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from harvester.site.database import NoCatalogue, catalogue_of
from tests.benchmarks.swapping import BAR, swap
from tests.site.conftest import InProcess
from tests.site.made import BARE, CHINESE, make_catalogue

OLD = [("IRCT20200101000001N1", "ictrp", BARE)]
NEW = [("ChiCTR2100000001", "ictrp", CHINESE)]


def once(seen: Callable[[], bool]) -> bool:
    """Whether something is seen within five seconds."""
    deadline = time.monotonic() + 5
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("immutable", [False, True])
@pytest.mark.parametrize("threads", [0, 3])
def test_a_swapped_catalogue_is_seen_soon_on_all_pages(
    serve: Callable[..., InProcess], tmp_path: Path, immutable: bool, threads: int
) -> None:
    path = make_catalogue(tmp_path / "catalogue.db", OLD)
    site = serve(path, immutable=immutable, num_sql_threads=threads)
    for _ in range(4):  # every thread opens the old file
        assert "A study of which nothing is said" in site.html("/search")
        assert len(site.get("/catalogue/trials.json?_shape=array").json()) == 1
    make_catalogue(tmp_path / "new.db", [*NEW, *OLD]).replace(path)
    assert once(lambda: "Acupuncture for nausea" in site.html("/search"))
    for _ in range(4):  # and from then on by every thread
        assert "Acupuncture for nausea" in site.html("/search")
        assert len(site.get("/catalogue/trials.json?_shape=array").json()) == 2
    assert "2 rows" in site.html("/catalogue?_show_hidden=1").partition("/catalogue/trials")[2]


def test_readers_go_on_with_the_old_catalogue_until_the_new_one_is_read(
    serve: Callable[..., InProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_catalogue(tmp_path / "catalogue.db", OLD)
    site = serve(path)
    assert "A study of which nothing is said" in site.html("/search")
    begun, may_end = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        begun.set()
        may_end.wait(30)

    monkeypatch.setattr(catalogue_of(site.datasette), "_prepare", slow)
    make_catalogue(tmp_path / "new.db", NEW).replace(path)
    assert begun.wait(5)
    assert "A study of which nothing is said" in site.html("/search")
    may_end.set()
    assert once(lambda: "Acupuncture for nausea" in site.html("/search"))


def test_no_request_fails_while_the_catalogue_is_swapped(tmp_path: Path) -> None:
    done = swap(tmp_path, requests=250, swaps=3)
    assert done.failures == () and done.requests >= 250
    assert max(done.seconds) < BAR


def test_without_a_catalogue_the_site_says_what_to_do(serve: Callable[..., InProcess]) -> None:
    site = serve()
    for path in ("/", "/search", "/trial/NCT01000001", "/about", "/search.csv"):
        answer = site.get(path)
        assert answer.status_code == 503 and "harvester refresh" in answer.text, path
    assert site.get("/dictionary").status_code == 200


def test_a_file_that_is_no_catalogue_is_named_so(serve: Callable[..., InProcess], tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE trials (trial_id TEXT)")
    answer = serve(path).get("/")
    assert answer.status_code == 503 and "not a catalogue of this version" in answer.text


def test_an_empty_catalogue_has_pages(serve: Callable[..., InProcess], tmp_path: Path) -> None:
    site = serve(make_catalogue(tmp_path / "catalogue.db", []))
    for path in ("/", "/search", "/search?q=lupus", "/about"):
        assert site.get(path).status_code == 200
    assert site.get("/search.json").json()["trials"] == []


def test_a_dated_snapshot_under_another_name_is_served(serve: Callable[..., InProcess], tmp_path: Path) -> None:
    site = serve(make_catalogue(tmp_path / "catalogue-2026-01-05.db", NEW))
    assert "Acupuncture for nausea" in site.html("/trial/ChiCTR2100000001")


def test_queries_that_take_too_long_are_stopped_with_advice(site: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvester.site.database.PAGE_LIMIT", -1)
    answer = site.get("/search?q=vitamin+asked+for+the+first+time")
    assert answer.status_code == 503 and "more specific words" in answer.text


def test_a_catalogue_that_goes_away_is_missed_on_every_page(serve: Callable[..., InProcess], tmp_path: Path) -> None:
    path = make_catalogue(tmp_path / "catalogue.db", OLD)
    site = serve(path)
    deadline = time.monotonic() + 20
    assert site.get("/").status_code == 200
    while not catalogue_of(site.datasette).answers.get(("http", "localhost", "/")):  # until the page is kept
        assert site.get("/").status_code == 200 and time.monotonic() < deadline
    path.unlink()
    for page in ("/", "/search", "/catalogue/trials", "/search.csv"):
        assert site.get(page).status_code == 503, page


def test_a_file_that_is_taken_away_while_it_is_opened_is_no_catalogue(
    serve: Callable[..., InProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_catalogue(tmp_path / "catalogue.db", OLD)
    site = serve(path)
    assert site.get("/").status_code == 200
    catalogue = catalogue_of(site.datasette)
    look = catalogue.identity

    def look_and_take_away() -> Any:
        found = look()
        path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(catalogue, "identity", look_and_take_away)
    with pytest.raises(NoCatalogue, match="Run `harvester build`"):
        catalogue.open()


def test_limits_are_shown_with_the_list_of_their_criterion(site: InProcess) -> None:
    (row,) = site.get("/catalogue/limits_in_criteria.json?variable=age&_shape=array").json()
    assert (row["trial_id"], row["kind"], row["lower"], row["criterion"]) == (
        "NCT01000001",
        "inclusion",
        18.0,
        "Woman aged ≥18 years",
    )
    assert site.get("/catalogue/limits_in_criteria.json?variable=weight&_shape=array").json() == []
