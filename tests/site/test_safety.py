"""What a browser is told and what readers may do: headers of every answer, read-only files, bounds of SQL, nothing private."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harvester.config import Site
from harvester.site.safety import HEADERS
from tests.site.conftest import InProcess

SLOW = "/catalogue.json?sql=with+recursive+n(i)+as+(select+1+union+all+select+i%2B1+from+n)+select+count(*)+from+n"
PAGES = (
    "/", "/search?q=vitamin", "/trial/NCT01000001", "/compare?trial=NCT01000001&trial=NCT06660000", "/changes", "/quality",
    "/about", "/dictionary", "/condition/nausea", "/country/FR", "/catalogue", "/catalogue/trials", "/catalogue/records/ctgov:NCT06660000",
    "/catalogue?sql=select+1", "/catalogue/sponsors_by_trials", "/nowhere", "/catalogue?sql=select+nonsense",
)  # fmt: skip
FILES = (
    "/search.csv?q=vitamin", "/search.json", "/trial/NCT01000001.json", "/compare.csv?trial=NCT01000001", "/changes.atom",
    "/catalogue/trials.json", "/catalogue/trials.csv?_stream=on", "/-/static-plugins/harvester/site.css", "/robots.txt",
    "/sitemap.xml", "/-/static/app.css",
)  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, *FILES])
def test_every_answer_says_what_a_browser_may_do(site: InProcess, path: str) -> None:
    headers = site.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_script_or_style_within(site: InProcess, path: str) -> None:
    html = site.get(path).text
    scripts = re.findall(r"<script\b[^>]*>", html)
    assert all(" src=" in tag or 'type="application/ld+json"' in tag for tag in scripts)
    assert not re.search(r"<style\b|<[a-z]+\b[^>]*\s(?:style|on[a-z]+)=\"", html)


def test_a_page_weighs_little(site: InProcess) -> None:
    for path in PAGES:
        html = site.get(path).text
        parts = set(re.findall(r'(?:href|src)="(/-/static[^"]*)"', html))
        assert len(html.encode()) + sum(len(site.get(part).content) for part in parts) <= 200_000, path


@pytest.mark.parametrize("sql", ["delete from trials", "insert into about values ('a', 'b')", "attach 'x.db' as x", "pragma query_only = 0", "vacuum"])  # fmt: skip
def test_nobody_writes(site: InProcess, catalogue_path: Path, sql: str) -> None:
    before = catalogue_path.read_bytes()
    assert site.get(f"/catalogue.json?sql={sql}").status_code == 400
    assert catalogue_path.read_bytes() == before


def test_a_query_is_bounded_in_time_rows_and_memory(serve: Callable[..., InProcess], catalogue_path: Path) -> None:
    site = serve(catalogue_path, **Site(sql_seconds=0.2, sql_rows=10).settings)
    assert site.get(SLOW).json()["error"].startswith("The query took more than 0.2 seconds")
    page = site.get(SLOW.replace(".json", ""))
    assert page.status_code == 400 and "The query was stopped" in page.text
    found = site.get("/catalogue.json?sql=select+trial_id+from+trials").json()
    assert len(found["rows"]) == 10 and found["truncated"]
    assert "too big" in site.get("/catalogue.json?sql=select+length(zeroblob(900000000))").json()["error"]


def test_sql_can_be_switched_off(serve: Callable[..., InProcess], catalogue_path: Path) -> None:
    site = serve(catalogue_path, **Site(sql=False).settings)
    assert site.get("/catalogue?sql=select+1").status_code == 403
    assert site.get("/catalogue/trials.json?_where=1").status_code == 403
    for path in ("/catalogue", "/catalogue/trials", "/catalogue/sponsors_by_trials"):
        html = site.html(path)
        assert "<textarea" not in html and "?sql=" not in html


def test_no_page_tells_of_the_machine(site: InProcess, catalogue_path: Path) -> None:
    for path in (*PAGES, *FILES):
        text = site.get(path).text
        assert str(catalogue_path.parent) not in text and site.datasette._secret not in text, path
