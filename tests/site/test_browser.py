"""The site in a real browser: what a reader does, and that no page breaks accessibility rules."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.site.browsing import NARROW, WIDE

pytestmark = pytest.mark.browser

#: One whole trial, one with hostile text in every field, one of which almost nothing is said.
COMPARED = "/compare?trial=NCT01000001&trial=NCT06660000&trial=IRCT20200101000001N1"


def test_a_reader_searches_filters_and_opens_a_trial(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="Search trials").fill("vitamin")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("heading", name="60 trials for “vitamin”")).to_be_visible()
    page.get_by_role("link", name="Phase 3").click()
    expect(page.get_by_role("heading", name="30 trials for “vitamin”")).to_be_visible()
    page.get_by_role("link", name="Phase: Phase 3 (remove)").click()
    page.get_by_role("link", name="Vitamin study number 7", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vitamin study number 7")


def test_a_eudract_number_opens_its_trial(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox", name="Search trials").fill("2019-000001-11")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aurelin for Recurrent Miscarriage")
    page.get_by_label("On this page").get_by_role("link", name="Eligibility criteria").click()
    expect(page.get_by_role("heading", name="Eligibility criteria")).to_be_in_viewport()
    page.locator("#eligibility").get_by_text("The text as the registry has it").click()
    expect(page.locator("#eligibility .raw")).to_contain_text("* Woman aged ≥18 years")


def test_two_trials_are_ticked_compared_and_reduced_to_their_differences(page: Page) -> None:
    page.goto("/search?q=vitamin&sort=size")
    for number in ("ISRCTN20000059", "ISRCTN20000058"):
        page.get_by_role("checkbox", name=number).check()
    page.get_by_role("button", name="Compare selected trials").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 trials side by side")
    expect(page.get_by_role("row", name="Study type")).to_be_visible()
    page.get_by_role("link", name="Show only differences").click()
    expect(page.get_by_role("row", name="Study type")).to_be_hidden()
    expect(page.get_by_role("row", name="Participants planned")).to_contain_text("580 to 590")
    assert page.url.endswith("only=differences")
    shown = page.locator("tr.line:visible").count()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV for spreadsheets").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as handle:
        assert len([row for row in csv.DictReader(handle) if row["section"] != "remarks"]) == shown
    page.reload()
    assert page.locator("tr.line").count() == shown


def test_ticks_are_kept_from_page_to_page_and_when_going_back(page: Page) -> None:
    page.goto("/search?q=vitamin&sort=size")
    page.get_by_role("checkbox", name="ISRCTN20000059").check()
    page.get_by_role("link", name="Next").click()
    page.get_by_role("checkbox", name="ISRCTN20000030").check()
    page.get_by_role("link", name="Phase 3").click()
    expect(page.get_by_role("button", name="Compare selected trials (2)")).to_be_visible()
    page.get_by_role("button", name="Compare selected trials (2)").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 trials side by side")
    page.go_back()
    expect(page.get_by_role("checkbox", name="ISRCTN20000059")).to_be_checked()
    page.get_by_role("checkbox", name="ISRCTN20000059").uncheck()
    page.reload()
    expect(page.get_by_role("checkbox", name="ISRCTN20000030")).to_be_checked()
    expect(page.get_by_role("button", name="Compare selected trials (1)")).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=vitamin",
        "/trial/NCT01000001",
        "/trial/NCT06660000",
        "/condition/deficiency",
        "/sponsor/example%20hospital",
        "/dictionary",
        "/about",
        "/sources",
        "/compare",
        COMPARED,
    ],
)
def test_nothing_overflows_a_telephone(browser: Browser, address: str, path: str) -> None:
    context = browser.new_context(base_url=address, viewport=NARROW)
    page = context.new_page()
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    context.close()


def test_filters_open_on_a_telephone(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, viewport=NARROW)
    page = context.new_page()
    page.goto("/search?q=vitamin")
    expect(page.get_by_role("link", name="Phase 3")).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_role("link", name="Phase 3")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=vitamin&phase=3",
        "/search?q=nothingatall",
        "/trial/NCT01000001",
        "/trial/NCT09999999",
        "/condition/deficiency",
        "/sponsor/example%20hospital",
        COMPARED,
        "/about",
        "/sources",
        "/dictionary",
        "/changes",
        "/quality",
        "/catalogue",
        "/catalogue/trials?_facet=phase&phase=3",
        "/catalogue/records",
        "/catalogue/records/ctgov:NCT01000001",
        "/catalogue/sponsors_by_trials",
        "/catalogue?sql=select+trial_id%2C+:a+from+trials&a=1",
        "/catalogue?sql=select+nonsense",
        "/nowhere",
    ],
)
def test_no_page_breaks_accessibility_rules(browser: Browser, address: str, path: str, scheme: str) -> None:
    context = browser.new_context(base_url=address, viewport=WIDE, color_scheme=scheme)
    page = context.new_page()
    page.goto(path)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    context.close()


#: One address of each kind of page.
KINDS = (
    "/", "/search?q=vitamin&phase=3", "/search?q=nothingatall", "/trial/NCT01000001", "/trial/NCT06660000", "/trial/NCT09999999",
    "/condition/deficiency", "/intervention/aurelin", "/sponsor/example%20hospital", "/country/FR", COMPARED, "/compare", "/changes",
    "/quality", "/sources", "/about", "/dictionary", "/catalogue", "/catalogue/trials?_facet=phase",
    "/catalogue/records/ctgov:NCT01000001", "/catalogue/sponsors_by_trials", "/catalogue?sql=select+1",
)  # fmt: skip
#: What stands beyond the right edge, or is cut off by its own box: nothing, unless it can be scrolled to.
CUT_OFF = """async () => {
    await new Promise(laid_out => requestAnimationFrame(() => requestAnimationFrame(laid_out)));
    const scrolls = one => one && (/auto|scroll/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    const hidden = one => one && (one.matches(".skip") || getComputedStyle(one).clipPath === "inset(50%)" || hidden(one.parentElement));
    const found = [];
    for (const one of document.querySelectorAll("body *")) {
        const box = one.getBoundingClientRect();
        if (!box.width || hidden(one) || one.closest("svg, details:not([open]) > :not(summary)")) continue;
        const is_cut = /hidden|clip/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1;
        if (is_cut || (box.right > innerWidth + 1 && !scrolls(one.parentElement))) found.push(one.outerHTML.slice(0, 120));
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} pixels wide`);
    return found;
}"""
MOVES = """() => [...document.querySelectorAll("*")].filter(one => {
    const style = getComputedStyle(one);
    const seconds = `${style.transitionDuration},${style.animationDuration}`.split(",").map(parseFloat);
    return Math.max(...seconds) > 0.01 || style.scrollBehavior !== "auto";
}).map(one => one.outerHTML.slice(0, 120))"""


def test_pages_zoomed_to_200_and_400_per_cent_scroll_one_way_and_nothing_moves_unasked(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    page = context.new_page()
    problems = {}
    for path in KINDS:
        page.goto(path, wait_until="domcontentloaded")
        problems[path, "motion"] = page.evaluate(MOVES)
        for width in (640, 320):  # of 1280 pixels
            page.set_viewport_size({"width": width, "height": 500})
            problems[path, f"{width} pixels"] = page.evaluate(CUT_OFF)
    context.close()
    assert {place: found for place, found in problems.items() if found} == {}


def test_a_printed_search_has_no_controls(page: Page) -> None:
    page.goto("/search?q=vitamin")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="60 trials for “vitamin”")).to_be_visible()
    for control in (".pick", ".search-box", ".compare-bar"):
        expect(page.locator(control).first).to_be_hidden()
