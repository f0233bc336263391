"""First page, about, dictionary, and Datasette's own pages: all with the disclaimer and the sources' terms."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml

from harvester.catalogue_tables import TABLES
from harvester.gates import measure_fill
from harvester.registries import REGISTRIES
from harvester.site.answers import Answers
from harvester.site.home import apart
from tests.site.conftest import METADATA, InProcess
from tests.site.made import COPY, FULL, make_catalogue

CATALOGUE = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["catalogue"]


def test_the_first_page_says_what_is_here_and_how_fresh(site: InProcess) -> None:
    html = site.html("/")
    assert "<strong>66</strong> trials" in html and "<strong>68</strong> registry entries" in html
    assert 'href="/search?status=recruiting"' in html
    assert re.search(r'For example:\s*<a href="/search\?q=Deficiency">', html)
    assert "6 Jan 2026" in html and 'href="/sources"' in html


def test_examples_show_different_things() -> None:
    names = ["COVID-19", "Pneumonia of COVID-19", "Asthma", "Severe asthma", "Lupus"]
    assert apart(names) == ["COVID-19", "Asthma", "Lupus"]


@pytest.mark.parametrize(
    "path",
    ["/", "/search", "/trial/NCT01000001", "/about", "/sources", "/dictionary", "/quality", "/catalogue", "/catalogue/trials", "/catalogue/conditions",
     "/catalogue/records_with_warnings", "/nowhere", "/trial/NCT09999999", "/catalogue?sql=select+nonsense"],
)  # fmt: skip
def test_every_page_has_disclaimer_terms_and_processing_date(site: InProcess, path: str) -> None:
    html = site.get(path).text
    assert "Not medical advice" in html
    assert re.search(r"<strong>WHO ICTRP</strong> \(processed by the source on 3 Feb 2025", html)
    assert "no marketing, promotional or commercial use" in html
    assert 'href="/dictionary"' in html and 'lang="en"' in html


def test_sources_tell_terms_freshness_runs_rejections_and_unknown_wordings(site: InProcess) -> None:
    html = site.html("/sources")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))
    assert "Last refresh 5 Jan 2026 Incomplete 2 of 3 arrived" in text
    assert "Processed by the source 3 Feb 2025" in text and "no marketing, promotional or commercial use" in text
    assert "ClinicalTrials.gov 1 3 Feb 2025" in text and "ChiCTR 1 date not given" in text  # through WHO ICTRP
    assert "EU Clinical Trials Register not known https://example.org/x the page holds no record" in text
    assert "Ladies sex ClinicalTrials.gov 1 NCT01000001" in text
    assert '<a href="/trial/ctgov:NCT01000001">' in html


def test_sources_say_how_complete_each_is(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    path = make_catalogue(tmp_path / "catalogue.db", [("NCT01000001", "ctgov", FULL), ("NCT01000001", "ictrp", COPY)])
    with closing(sqlite3.connect(path)) as db:
        measure_fill(db, None)
        db.execute("UPDATE fill_rates SET share = 0.996 WHERE source = 'ctgov' AND field = 'sex'")
        db.commit()
    coverage = serve(path).html("/sources").partition('<h2 id="coverage"')[2].partition("</section>")[0]
    rows = dict(re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', coverage))
    assert re.findall(r"[<>]? ?[\d]+\u00a0%", rows["Public title"]) == [">100\u00a0%", ">100\u00a0%"]
    assert "&gt; 99\u00a0%" in rows["Sex"] and "0\u00a0%" in rows["Sex"]
    assert {"Eligibility criteria", "Sponsors", "Outcomes"} <= set(rows)


def test_the_operators_contact_is_shown_where_removal_is_asked_for(
    serve: Callable[..., InProcess], catalogue_path: Path
) -> None:
    for contact, link in (
        ("desk@example.org", "mailto:desk@example.org"),
        ("https://example.org/desk", "https://example.org/desk"),
    ):
        running = serve(catalogue_path)
        running.datasette._metadata_local["about_url"] = contact
        assert f'<a href="{link}" rel="noopener">write to the operator' in running.html("/about")


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


@pytest.mark.parametrize("path", ["late_registration", "flagged_trials", "trials/CTRI~2F2020~2F04~2F024567"])
def test_a_trials_number_in_rows_leads_to_its_page(site: InProcess, path: str) -> None:
    found = re.findall(r'href="(/trial/[^"]+)"', site.html(f"/catalogue/{path}"))
    assert found and all(site.get(one).status_code == 200 for one in found)


def test_an_address_that_is_no_page_says_so(site: InProcess) -> None:
    answer = site.get("/nothing")
    assert answer.status_code == 404 and "There is no page at this address" in answer.text
    assert "Database not found" not in answer.text
    assert "Table not found" in site.get("/catalogue/nothing").text


def test_datasettes_pages_lead_to_the_sources_and_its_metadata_names_their_licences(site: InProcess) -> None:
    html = site.html("/catalogue/trials")
    assert (
        'each with its own terms: <a href="/sources">Sources</a>' in html
        and "Reproduction authorised" not in html.partition("<footer")[0]
    )
    source = site.get("/-/metadata.json").json()["databases"]["catalogue"]["source"]
    for registry in REGISTRIES.values():
        assert f"{registry.attribution} ({registry.licence})" in source


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


def test_a_page_asked_for_again_is_the_one_written_before(site: InProcess) -> None:
    first = site.get("/search?q=vitamin")
    again = site.get("/search?q=vitamin", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert site.get("/search?q=vitamin", headers={"if-none-match": '"another"'}).content == first.content
    assert site.get("/search?q=vitamin&page=2").headers["etag"] != first.headers["etag"]


def test_a_page_names_the_host_that_was_asked(site: InProcess) -> None:
    for host in ("trials.example", "other.example"):
        page = site.get("/trial/NCT01000001", headers={"host": host}).text
        assert f'rel="canonical" href="http://{host}/trial/NCT01000001"' in page


def test_pages_are_kept_within_bounds() -> None:
    answers = Answers()
    pages = [answers.keep(number, b"x" * 900_000) for number in range(60)]
    assert answers.get(59) == pages[59] and answers.get(0) is None
    assert answers.get("large") is None and answers.keep("large", b"x" * 2_000_000) and answers.get("large") is None
