"""Records that a registry would never serve, browsed in Chromium on every kind of page: nothing runs, nothing breaks the layout."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from lxml import etree
from playwright.sync_api import Browser, Page

from harvester.catalogue import insert_into
from harvester.catalogue_tables import TABLES
from harvester.relate import relate_trials
from tests.site.browsing import NARROW, WIDE, complaints, serving
from tests.site.made import filled_record, make_catalogue

pytestmark = pytest.mark.browser

RUN = "document.title='run'"
MARKUP = (
    f'<script>{RUN}</script><img src=x onerror="{RUN}"><svg onload={RUN}><a href=javascript:{RUN}>go</a>'
    f"\"' onmouseover={RUN} x='</textarea></title></style></script><script>{RUN}</script><!-- {{{{ 7*7 }}}} {{% raw %}} ]]> &#0; &lt;"
)
ORDER = "\u202egnirps \u2066\u200f\u2067 abc\x00def\x07\x1b[31m \u2028 \ufeff\ud7ff \ufffe\U0001f9ea"
LONG = "w" * 20_000
TEXTS = {"NCT06660001": MARKUP, "NCT06660002": ORDER, "NCT06660003": LONG}
ALL = "&".join(f"trial={number}" for number in TEXTS)
PAGES = (
    "/", "/search", "/search?q=script", "/search?q=abc&status=recruiting", "/search?q=%3Cscript%3E%E2%80%AE",
    f"/compare?{ALL}", f"/compare?{ALL}&only=differences", "/changes", "/quality", "/sources", "/about", "/dictionary",
    "/catalogue", "/catalogue?sql=select+*+from+records", "/catalogue/sponsors_by_trials", "/nowhere/%3Cscript%3E",
    *(f"/trial/{number}" for number in TEXTS),
    *(f"/changes?trial={number}" for number in TEXTS),
    *(f"/catalogue/records/ctgov:{number}" for number in TEXTS),
    *(f"/catalogue/{table}" for table in TABLES),
    "/catalogue/records?_facet=acronym&_search=script",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    records = [
        (number, "ctgov", filled_record(number, text, f"javascript:{RUN}//{text}")) for number, text in TEXTS.items()
    ]
    path = make_catalogue(tmp_path_factory.mktemp("hostile") / "catalogue.db", records)
    with closing(sqlite3.connect(path)) as db:
        for number, text in TEXTS.items():
            values = {
                "record_id": f"ctgov:{number}",
                "field": "public_title",
                "seen_at": "2026-01-06T10:00:00Z",
                "run_id": 1,
            }
            row = [values.get(name, text) for name in TABLES["changes"].names]
            db.execute(insert_into("changes"), row)
        relate_trials(db, None)
        db.commit()
    with serving(path) as address:
        yield address


def _entities(page: Page) -> list[str]:
    """The first page of each kind that the trials' pages lead to: sponsor, condition, intervention, country."""
    paths: dict[str, str] = {}
    for number in TEXTS:
        page.goto(f"/trial/{number}")
        for kind in ("sponsor", "condition", "intervention", "country"):
            for link in page.locator(f"main a[href^='/{kind}/']").all()[:1]:
                paths.setdefault(kind, link.get_attribute("href") or "")
    assert len(paths) >= 3, paths
    return list(paths.values())


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_runs_and_nothing_breaks(browser: Browser, hostile: str, viewport: dict[str, int]) -> None:
    context = browser.new_context(base_url=hostile, viewport=viewport)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_navigation_timeout(120_000)  # megabytes of one trial, on a busy machine
    found = complaints(page)
    problems = []
    for path in (*PAGES, *_entities(page)):
        found.clear()
        answer = page.goto(path)
        assert answer is not None and answer.status < 500, path
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            problems.append(f"{path}: {width} pixels wide")
        if page.title() == "run" or page.locator("main img, a[href^='javascript:' i]").count():
            problems.append(f"{path}: registry text became markup")
        # A page that is not there is an error of the browser's console, too.
        problems += [f"{path}: {text[:300]}" for text in found if not (answer.status == 404 and "404" in text)]
    context.close()
    assert problems == []


def test_feeds_of_hostile_records_are_well_formed(browser: Browser, hostile: str) -> None:
    context = browser.new_context(base_url=hostile)
    for path in ("/changes.atom", "/search.atom?q=script", *(f"/trial/{number}.atom" for number in TEXTS)):
        answer = context.request.get(path)
        assert answer.status == 200 and etree.fromstring(answer.body()).tag.endswith("feed")
    context.close()
