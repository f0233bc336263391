"""What a reader comes for, from the first page to the end, in a real browser; the first journey by keyboard alone."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from harvester.relate import relate_trials
from tests.site.browsing import serving
from tests.site.made import EUROPEAN, FULL, MANY, make_catalogue

pytestmark = pytest.mark.browser

ATOM = {"a": "http://www.w3.org/2005/Atom"}


#: A trial like FULL, of which the catalogue says in what it is like it.
LIKE_IT = replace(
    FULL, registry_id="NCT01000002", public_title="Aurelin to prevent another pregnancy loss", secondary_ids=()
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    trials = [("NCT01000001", "ctgov", FULL), ("NCT01000001", "euctr", EUROPEAN), ("NCT01000002", "ctgov", LIKE_IT)]
    trials += [(record.registry_id, "ictrp", record) for record in MANY]
    path = make_catalogue(tmp_path_factory.mktemp("journeys") / "catalogue.db", trials)
    with closing(sqlite3.connect(path)) as db:
        relate_trials(db, None)
        db.commit()
    with serving(path) as found:
        yield found


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until an element of this name has the focus, which must be seen."""
    for _ in range(120):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(e => [e.getAttribute('aria-label') || (e.labels && e.labels[0] || e).textContent.trim(), getComputedStyle(e).outlineStyle])(document.activeElement)"
        )
        if name in focused[0]:
            assert focused[1] != "none", f"the focus on {name} cannot be seen"
            return
    raise AssertionError(f"Tab never came to {name}")


def test_a_misspelt_condition_is_found_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    tab_to(page, "Search trials")
    page.keyboard.type("miscariage")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=miscariage")
    tab_to(page, "miscarriage")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="2 trials for “miscarriage”")).to_be_visible()
    tab_to(page, "Aurelin for Recurrent Miscarriage")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aurelin for Recurrent Miscarriage")


@pytest.mark.parametrize(
    "typed", ["2019-000001-11", "EUCTR2019-000001-11-FR", "euctr2019-000001-11", " 2019-000001-11. "]
)
def test_a_eudract_number_in_any_form_opens_its_trial(page: Page, typed: str) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="Search trials").fill(typed)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aurelin for Recurrent Miscarriage")
    expect(page.locator("#identifiers")).to_contain_text("2019-000001-11")


def test_a_related_trial_is_followed_and_says_why(page: Page) -> None:
    page.goto("/trial/NCT01000001")
    other = page.locator("#related > ul > li").filter(has_text=LIKE_IT.public_title)
    reasons = " ".join(other.locator("ul li").all_text_contents()).lower()
    assert "aurelin" in reasons and "miscarriage" in reasons
    other.get_by_role("link", name=LIKE_IT.public_title).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(LIKE_IT.public_title or "")
    expect(page.locator("#related")).to_contain_text("Aurelin for Recurrent Miscarriage")


def test_three_trials_are_compared_and_the_download_says_the_same(page: Page) -> None:
    numbers = ["ISRCTN20000058", "ISRCTN20000059", "ISRCTN20000060"]
    page.goto("/search?q=vitamin&sort=size")
    for number in numbers:
        page.get_by_role("checkbox", name=number).check()
    page.get_by_role("button", name="Compare selected trials").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 trials side by side")
    shown = page.locator("tr.line").evaluate_all(
        "rows => rows.map(row => ['same', 'similar', 'different', 'only_in_some', 'unknown'].find(one => row.classList.contains(one)))"
    )
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV for spreadsheets").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["section"] != "remarks"]
    assert [row["verdict"] for row in rows] == shown
    assert [name for name in rows[0] if any(number in name for number in numbers)]
    size = next(row for row in rows if row["field"] == "target_sample_size")
    line = page.get_by_role("row", name="Participants planned")
    for value in ("580", "590", "600"):
        assert value in size.values()
        expect(line).to_contain_text(value)


def test_a_search_is_subscribed_to(page: Page) -> None:
    page.goto("/search?q=vitamin&phase=3")
    feed = page.get_by_role("link", name="Subscribe").get_attribute("href")
    answer = page.request.get(feed or "")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.body())
    titles = [entry.findtext("a:title", namespaces=ATOM) or "" for entry in root.findall("a:entry", ATOM)]
    assert len(titles) == 30 and all("Vitamin study number" in title for title in titles)
    alternate = root.find("a:link[@rel='alternate']", ATOM)
    assert alternate is not None
    page.goto(alternate.get("href") or "")
    expect(page.get_by_role("heading", name="30 trials for “vitamin”")).to_be_visible()


def test_the_filters_are_passed_by_keyboard_with_one_key(page: Page) -> None:
    page.goto("/search?q=vitamin")
    tab_to(page, "Skip the filters")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.results') !== null")
