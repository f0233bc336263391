"""The pages of sponsors, conditions, interventions and countries: their trials, names, pictures, and the ways to and from them."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harvester.site.pages import ENTITIES, name_path
from normalize.schema import Condition, MeshTerm, Record
from tests.site.conftest import InProcess
from tests.site.made import FULL, make_catalogue
from tests.site.test_findable import LOC
from tests.site.test_search import titles
from tests.site.test_trial import section

CODED = [
    ("NCT01000001", "ctgov", FULL),
    ("NCT01000002", "ctgov", Record(registry="ClinicalTrials.gov", registry_id="NCT01000002", public_title="Habitual losses", conditions=(
        Condition(condition="Habitual abortion", condition_normalized="habitual abortion", mesh_id="D000026"),))),
    ("NCT01000003", "ctgov", Record(registry="ClinicalTrials.gov", registry_id="NCT01000003", public_title="Uncoded losses", conditions=(
        Condition(condition="recurrent miscarriage", condition_normalized="recurrent miscarriage"),))),
]  # fmt: skip


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_a_sponsors_page_has_its_trials_and_says_which_spellings_count(site: InProcess) -> None:
    html = site.html("/sponsor/example%20hospital")
    assert titles(html) == ["Aurelin for Recurrent Miscarriage"]
    assert "2 spellings of the name count as one" in html
    spellings = plain(html.partition("Spellings of the name</caption>")[2].partition("</table>")[0])
    assert "Example Hospital 1 exact" in spellings and "EXAMPLE HOSPITAL 1 exact" in spellings
    assert site.get("/sponsor/EXAMPLE%20HOSPITAL").headers["location"] == "/sponsor/example%20hospital"


def test_a_secondary_sponsor_leads_to_the_trials_it_helps(site: InProcess) -> None:
    html = site.html("/sponsor/nordvik%20pharma")
    assert "0</strong> trials" in html and titles(html) == []
    assert 'href="/search?partner=nordvik+pharma">1 trial</a> with it as secondary sponsor' in html
    found = site.html("/search?partner=nordvik+pharma")
    assert titles(found) == ["Aurelin for Recurrent Miscarriage"]
    assert "Secondary sponsor or funder: Nordvik Pharma" in found


def test_a_sponsors_family_is_named_and_searched_together(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    path = make_catalogue(tmp_path / "catalogue.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE sponsors SET parent_sponsor_id = 'nordvik pharma' WHERE sponsor_id = 'example hospital'")
        db.commit()
    running = serve(path)
    assert '<a href="/sponsor/nordvik%20pharma">Nordvik Pharma</a>' in running.html("/sponsor/example%20hospital")
    parent = running.html("/sponsor/nordvik%20pharma")
    assert re.search(r"EXAMPLE HOSPITAL</a> <span class=\"count\">1</span>", parent)
    assert "sponsor=nordvik+pharma&amp;sponsor=example+hospital" in parent


def test_a_condition_takes_in_the_names_with_its_code(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    running = serve(make_catalogue(tmp_path / "catalogue.db", CODED))
    html = running.html("/condition/habitual-abortion")
    assert sorted(titles(html)) == ["Aurelin for Recurrent Miscarriage", "Habitual losses", "Uncoded losses"]
    assert 'href="https://meshb.nlm.nih.gov/record/ui?ui=D000026"' in html
    assert '<a href="/condition/recurrent-miscarriage">Recurrent Miscarriage</a>' in html
    assert titles(running.html("/search?condition=habitual-abortion&exact=1")) == ["Habitual losses"]


def test_an_intervention_shows_its_kind_other_names_and_company(site: InProcess) -> None:
    html = site.html("/intervention/aurelin")
    assert titles(html) == ["Aurelin for Recurrent Miscarriage"]
    assert "MeSH term that registries derive Aurelin: 1 trial" in plain(html)
    assert "Kind Drug" in plain(html) and "AUR-1; Aurelinum" in plain(html)
    assert '<a href="/sponsor/example%20hospital">' in html


def test_pages_hold_every_trial_once(site: InProcess) -> None:
    pages = [titles(site.html(f"/condition/deficiency?page={n}")) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({title for page in pages for title in page}) == 60
    assert titles(site.html("/condition/deficiency?page=99")) == pages[2]
    assert "<figure" in site.html("/condition/deficiency") and "<figure" not in site.html(
        "/condition/deficiency?page=2"
    )


def test_pictures_and_the_search_within_lead_to_searches_that_find_as_many(site: InProcess) -> None:
    html = site.html("/condition/deficiency")
    assert '<input type="hidden" name="condition" value="deficiency">' in html
    bars = re.findall(r'<a href="(/search[^"]*)" aria-label="[^"]*: ([\d,]+) trials?"', html)
    assert len(bars) > 20
    for path, count in bars[::5]:
        assert f'id="found">{count} trial' in site.html(path.replace("&amp;", "&"))
    within = site.html("/search?q=%22number+7%22&condition=deficiency")
    assert titles(within) == ["Vitamin study number 7"] and "Condition: deficiency" in within
    assert '<a href="/condition/deficiency">deficiency</a>' in within


def test_downloads_are_of_exactly_these_trials(site: InProcess) -> None:
    html = site.html("/condition/deficiency")
    for form in ("csv", "json", "ris"):
        assert f'href="/search.{form}?condition=deficiency"' in html
    found = list(csv.DictReader(io.StringIO(site.get("/search.csv?condition=deficiency").text, newline="")))
    assert len({row["trial_id"] for row in found}) == len(found) == 60
    assert {row["conditions"] for row in found} == {"Deficiency"}
    assert site.get("/search.json?condition=deficiency").json()["search"] == [["condition", "deficiency"]]


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/country/gb", "/country/GB"),
        ("/country/United%20Kingdom", "/country/GB"),
        ("/condition/D%C3%A9ficiency", "/condition/deficiency"),
        ("/intervention/Aurelin", "/intervention/aurelin"),
    ],
)
def test_other_spellings_lead_to_the_page(site: InProcess, typed: str, path: str) -> None:
    answer = site.get(typed)
    assert (answer.status_code, answer.headers["location"]) == (302, path)
    assert site.get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/sponsor/nobody", "/condition/none", "/intervention/-", "/country/ZZ", "/country/JP"]
)
def test_what_is_not_here_is_404(site: InProcess, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404 and "No trial of this catalogue" in answer.text


def test_what_is_not_here_can_be_searched_for(site: InProcess) -> None:
    html = site.get("/condition/recurrent-bleeding-%3Cb%3E").text
    assert 'href="/search?q=recurrent%20bleeding%20%3Cb%3E"' in html and "<b>" not in html


def test_a_trials_names_lead_to_pages_that_hold_it(site: InProcess) -> None:
    html = site.html("/trial/NCT01000001")
    paths = set(re.findall(rf'href="(/(?:{"|".join(ENTITIES)})/[^"]+)"', html))
    assert {path.split("/")[1] for path in paths} == set(ENTITIES)
    assert {"/condition/recurrent-miscarriage", "/intervention/aurelin", "/country/FR"} <= paths
    for path in paths:
        assert "Aurelin for Recurrent Miscarriage" in site.html(path) or "secondary sponsor" in site.html(path)
    assert "Nordvik Pharma" in section(html, "sponsors")


def test_a_sentence_or_a_sign_is_no_name() -> None:
    assert name_path("condition", "Non-Small Cell Lung Cancer (NSCLC)") == "/condition/non-small-cell-lung-cancer-nsclc"
    assert name_path("condition", "乳腺癌") == "/condition/%E4%B9%B3%E8%85%BA%E7%99%8C"
    assert name_path("condition", "patients who " * 10) is name_path("condition", "<>") is None


def test_search_engines_find_the_pages_once(site: InProcess) -> None:
    index = [one.text or "" for one in ElementTree.fromstring(site.html("/sitemap.xml")).iter(LOC)]
    assert [f"http://localhost/sitemap-{kind}.xml" for kind in ENTITIES] == index[-4:]
    for kind in ENTITIES:
        paths = [one.text or "" for one in ElementTree.fromstring(site.html(f"/sitemap-{kind}.xml")).iter(LOC)]
        assert len(set(paths)) == len(paths)
        # No code is like the hostile record's, and no intervention has two records here.
        paths = [path.removeprefix("http://localhost") for path in paths if "script" not in path]
        assert paths or kind == "intervention"
        assert {path for path in paths if site.get(path).status_code != 200} == set()
    assert "http://localhost/condition/deficiency" in site.html("/sitemap-condition.xml")
    html = site.html("/condition/deficiency?page=2")
    assert '<link rel="canonical" href="http://localhost/condition/deficiency">' in html
    assert '<meta property="og:title" content="Deficiency: clinical trials">' in html
    assert "<title>Deficiency · Condition · 60 trials · Harvester</title>" in html


def test_a_condition_leads_to_all_trials_with_its_mesh_term_or_a_narrower_one(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    terms = (MeshTerm(field="condition", mesh_id="D000022", term="Abortion, Spontaneous"),)
    losses = Record(
        registry="ClinicalTrials.gov", registry_id="NCT01000004", public_title="Early losses", mesh_terms=terms,
        conditions=(Condition(condition="Early loss", condition_normalized="early loss"),),
    )  # fmt: skip
    running = serve(make_catalogue(tmp_path / "catalogue.db", [*CODED, ("NCT01000004", "ctgov", losses)]))
    html = running.html("/condition/early-loss")
    assert titles(html) == ["Early losses"]
    assert '<a href="/search?mesh=D000022">Abortion, Spontaneous: 2 trials</a>' in html
    found = running.html("/search?mesh=D000022")  # the other one has a narrower term
    assert sorted(titles(found)) == ["Aurelin for Recurrent Miscarriage", "Early losses"]
    assert "MeSH term: Abortion, Spontaneous" in found
    assert titles(running.html("/search?mesh=D000026")) == ["Aurelin for Recurrent Miscarriage"]
    assert 'href="/search?mesh=D000022"' in running.html("/trial/NCT01000001")
