"""The site in a real browser: what a reader does, that hostile text does not run, and that no page breaks accessibility rules."""

from __future__ import annotations

import csv
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
import yaml
from axe_playwright_python.sync_playwright import Axe
from datasette.app import Datasette
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.site.conftest import METADATA

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: One whole trial, one with hostile text in every field, one of which almost nothing is said.
COMPARED = "/compare?trial=NCT01000001&trial=NCT06660000&trial=IRCT20200101000001N1"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def address(catalogue_path: Path) -> Iterator[str]:
    metadata = yaml.safe_load(METADATA.read_text(encoding="utf-8"))
    app = Datasette(files=[str(catalogue_path)], metadata=metadata).app()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="on", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport=WIDE)
    yield context.new_page()
    context.close()


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


def test_a_hostile_record_runs_nothing(page: Page) -> None:
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: ran.append(request.url) if "127.0.0.1" not in request.url else None)
    for path in ("/trial/NCT06660000", COMPARED, "/search?q=document", "/catalogue/records?_search=run", "/about"):
        page.goto(path)
        assert page.title() != "run"
        assert page.locator("main img").count() == 0
    assert ran == []


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
        "/dictionary",
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
