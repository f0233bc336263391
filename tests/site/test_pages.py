"""First page, about, dictionary, and Datasette's own pages: all with the disclaimer and the sources' terms."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from harvester.catalogue import TABLES
from harvester.registries import REGISTRIES
from tests.site.conftest import METADATA, InProcess

CATALOGUE = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["catalogue"]


def test_the_first_page_says_what_is_here_and_how_fresh(site: InProcess) -> None:
    html = site.html("/")
    assert "<strong>66</strong> trials" in html and "<strong>68</strong> registry entries" in html
    assert 'href="/search?status=recruiting"' in html
    assert re.search(r'For example:\s*<a href="/search\?q=Deficiency">', html)
    assert "6 Jan 2026" in html and "WHO ICTRP terms of use" in html


@pytest.mark.parametrize(
    "path",
    ["/", "/search", "/trial/NCT01000001", "/about", "/dictionary", "/quality", "/catalogue", "/catalogue/trials", "/catalogue/conditions",
     "/catalogue/records_with_warnings", "/nowhere", "/trial/NCT09999999", "/catalogue?sql=select+nonsense"],
)  # fmt: skip
def test_every_page_has_disclaimer_terms_and_processing_date(site: InProcess, path: str) -> None:
    html = site.get(path).text
    assert "Not medical advice" in html
    assert re.search(r"<strong>WHO ICTRP</strong>, data processed by the source on 3 Feb 2025", html)
    assert "no marketing, promotional or commercial use" in html
    assert 'href="/dictionary"' in html and 'lang="en"' in html


def test_about_tells_of_runs_rejections_and_unknown_wordings(site: InProcess) -> None:
    html = site.html("/about")
    assert "incomplete" in html and "2 of 3 arrived" in html
    assert "Rejected payloads" in html and 'EU Clinical Trials Register <span class="count">1</span>' in html
    assert 'sex <span class="count">1 in 1 records</span>' in html


def test_the_dictionary_holds_every_column(site: InProcess) -> None:
    html = site.html("/dictionary")
    for name, table in TABLES.items():
        assert f'<h2 id="{name}">' in html
        for column in table.columns:
            assert f"<code>{column.name}</code>" in html


def test_tables_are_described_and_searchable_in_datasette(site: InProcess) -> None:
    html = site.html("/catalogue/trials?_search=miscarriage")
    assert "1 row" in html and "TRDS 9. Title for the public." in html
    assert "One row per real trial" in html


@pytest.mark.parametrize("name", sorted(CATALOGUE["queries"]))
def test_canned_queries_run(site: InProcess, name: str) -> None:
    assert site.get(f"/catalogue/{name}.json?_shape=array").json()


def test_datasette_names_each_source_with_its_licence(site: InProcess) -> None:
    html = site.html("/catalogue")
    for registry in REGISTRIES.values():
        assert f"{registry.attribution} ({registry.licence})" in html


def test_base_url_is_kept_in_every_link(serve: Callable[..., InProcess], catalogue_path: Path) -> None:
    behind = serve(catalogue_path, base_url="/trials/")
    for path in ("/", "/search?q=vitamin", "/trial/NCT01000001"):  # the client writes the base_url before them
        links = re.findall(r'(?:href|action)="(/[^"]*)"', behind.html(path))
        assert links and all(link.startswith("/trials/") for link in links), path
    assert behind.get("/search?q=NCT01000001").headers["location"] == "/trials/trial/NCT01000001"


def test_an_immutable_file_serves_the_same(serve: Callable[..., InProcess], catalogue_path: Path) -> None:
    still = serve(catalogue_path, immutable=True)
    for path in ("/", "/search?q=miscarriage", "/trial/NCT01000001", "/catalogue"):
        assert still.get(path).status_code == 200
    assert len(still.get("/search.json?q=vitamin").json()["trials"]) == 60


def test_plain_datasette_finds_the_plugin(catalogue_path: Path) -> None:
    query = urlencode({"q": "miscarriage"})
    command = [sys.executable, "-m", "datasette", str(catalogue_path), "-m", str(METADATA), "--get", f"/search?{query}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "<mark>Miscarriage</mark>" in ran.stdout
