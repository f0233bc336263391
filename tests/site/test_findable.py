"""What search engines read: robots, sitemap, and a trial in schema.org, with hostile text kept inside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from harvester.site import findable
from harvester.site.pages import ENTITIES
from tests.site.conftest import InProcess

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
LASTMOD = "{http://www.sitemaps.org/schemas/sitemap/0.9}lastmod"


def linked_data(html: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    )
    return found


def test_robots_opens_trials_and_closes_pages_made_for_a_question(site: InProcess) -> None:
    text = site.html("/robots.txt")
    robots = RobotFileParser()
    robots.parse(text.splitlines())
    for path in ("/", "/trial/NCT01000001", "/about", "/catalogue/trials"):
        assert robots.can_fetch("*", path), path
    for path in ("/search?q=vitamin", "/search.csv", "/compare?trial=NCT01000001", "/-/versions"):
        assert not robots.can_fetch("*", path), path
    assert "Disallow: /catalogue/*?" in text.splitlines()
    assert robots.site_maps() == ["http://localhost/sitemap.xml"]


def test_the_sitemap_holds_every_trial_once(site: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findable, "PAGE", 50)  # 66 trials: two pages
    pages = [one.text or "" for one in ElementTree.fromstring(site.html("/sitemap.xml")).iter(LOC)]
    pages = pages[: -len(ENTITIES)]
    assert pages == ["http://localhost/sitemap-1.xml", "http://localhost/sitemap-2.xml"]
    parts = [ElementTree.fromstring(site.html(page.removeprefix("http://localhost"))) for page in pages]
    addresses = [one.text or "" for part in parts for one in part.iter(LOC)]
    assert len(addresses) == len(set(addresses)) == 66
    assert "http://localhost/trial/NCT01000001" in addresses
    assert "2025-12-19" in [one.text for part in parts for one in part.iter(LASTMOD)]
    assert site.get("/sitemap-3.xml").status_code == site.get("/sitemap-0.xml").status_code == 404


def test_addresses_keep_the_base_url(serve: Callable[..., InProcess], catalogue_path: Path) -> None:
    behind = serve(catalogue_path, base_url="/trials/")
    assert "Disallow: /trials/search\n" in behind.html("/robots.txt")
    assert "<loc>http://localhost/trials/sitemap-1.xml</loc>" in behind.html("/sitemap.xml")
    assert '<link rel="canonical" href="http://localhost/trials/trial/NCT01000001">' in behind.html(
        "/trial/NCT01000001"
    )


def test_a_trial_is_told_in_schema_org_and_previews(site: InProcess) -> None:
    html = site.html("/trial/NCT01000001")
    assert '<link rel="canonical" href="http://localhost/trial/NCT01000001">' in html
    assert '<meta property="og:title" content="Aurelin for Recurrent Miscarriage">' in html
    assert '<meta property="og:description" content="Whether aurelin lowers the risk of another loss.">' in html
    study = linked_data(html)
    assert study["@type"] == "MedicalTrial" and study["status"] == "https://schema.org/Recruiting"
    assert study["url"] == "http://localhost/trial/NCT01000001"
    assert {"@type": "MedicalCondition", "name": "Recurrent Miscarriage"} in study["healthCondition"]
    assert "https://clinicaltrials.gov/study/NCT01000001" in study["sameAs"]
    assert "AURELIA" in study["alternateName"] and "NCT01000001" in study["identifier"]


def test_registry_text_cannot_end_the_data(site: InProcess) -> None:
    html = site.html("/trial/NCT06660000")
    data = html.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert not re.search("[<>&]", data)
    assert "<" in linked_data(html)["name"]


def test_about_says_how_to_cite_and_whom_to_write_to(serve: Callable[..., InProcess], catalogue_path: Path) -> None:
    running = serve(catalogue_path)
    html = running.html("/about")
    assert "data fetched until 6 Jan 2026" in html and "speak with a physician" in html
    assert "write to the operator of this site, with" in re.sub(r"\s+", " ", html)
    for contact, is_linked in (("https://example.org/contact", True), ("javascript:alert(1)", False)):
        running = serve(catalogue_path)
        running.datasette._metadata_local["about_url"] = contact
        html = running.html("/about")
        assert (f'<a href="{contact}" rel="noopener">write to the operator' in html) == is_linked
        assert "javascript:" not in html
