"""`/compare`: trials side by side, the same on the page and in its downloads."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harvester.compared import IDS, make
from tests.site.conftest import InProcess
from tests.site.made import HOSTILE_TEXT

TWO = f"/compare?trial={IDS[0]}&trial={IDS[1]}"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    running = InProcess(make(tmp_path_factory.mktemp("compared") / "catalogue.db"))
    yield running
    running.close()


def rows(html: str) -> list[str]:
    return re.findall(r'<tr class="line.*?</tr>', html, re.DOTALL)


def row(html: str, text: str) -> str:
    return next(one for one in rows(html) if text in one)


def test_a_row_has_sign_word_and_difference_of_its_verdict(compared: InProcess) -> None:
    html = compared.html(TWO)
    assert "2 trials side by side" in html
    age = row(html, "Criterion 1")
    assert '<span aria-hidden="true">≈</span> similar' in age and "18 to 40 years against 21 to 45 years" in age
    assert "Women aged <mark>18</mark> to <mark>40</mark> years" in age
    assert "Phase 1/2" in row(html, "Phase") and '<time datetime="2021-03">Mar 2021</time>' in row(
        html, "First enrollment"
    )
    assert "100 to 300" in row(html, "Participants planned")
    assert "Women from 21 years to 40 years old are accepted by all" in html and "may exclude each other" in html


def test_the_table_can_be_read_by_ear_and_keyboard(compared: InProcess) -> None:
    html = compared.html(TWO)
    assert (
        '<caption id="compare-caption"' in html
        and 'role="group" aria-labelledby="compare-caption" tabindex="0"' in html
    )
    assert html.count('<th scope="col"') == 3 and 'scope="rowgroup"' in html
    assert all('<th scope="row">' in one for one in rows(html))


def test_only_differences_is_a_link_and_goes_into_the_downloads(compared: InProcess) -> None:
    html = compared.html(TWO + "&only=differences")
    assert 'class="line same' in compared.html(TWO) and 'class="line same' not in html
    for name in ("compare.csv", "compare-long.csv", "compare.json"):
        assert f"/{name}?trial={IDS[0]}&amp;trial={IDS[1]}&amp;only=differences" in html


def test_the_downloads_hold_what_the_page_shows(compared: InProcess) -> None:
    for only in ("", "&only=differences"):
        answer = compared.get(TWO.replace("/compare", "/compare.csv") + only)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        wide = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        lines = compared.get(TWO.replace("/compare", "/compare.json") + only).json()["lines"]
        said = [one for one in wide if one["field"] not in ("conflicts", "overlap")]
        assert [(one["field"], one["verdict"]) for one in said] == [(one["field"], one["verdict"]) for one in lines]
        assert len(rows(compared.html(TWO + only))) <= len(lines)
    long = compared.get(TWO.replace("/compare", "/compare-long.csv"))
    assert long.text.startswith("trial_id,section,field")


def test_any_number_leads_to_the_address_that_stays(compared: InProcess, site: InProcess) -> None:
    answer = site.get("/compare?trial=2019-000001-11, isrctn20000001&only=differences")
    assert answer.headers["location"] == "/compare?trial=NCT01000001&trial=ISRCTN20000001&only=differences"
    assert compared.get(f"/compare?trial={IDS[0]}&trial=nct02000001").headers["location"] == f"/compare?trial={IDS[0]}"


def test_unknown_and_shared_numbers_are_told_and_the_others_shown(site: InProcess) -> None:
    html = site.html("/compare?trial=NCT01000001&trial=ISRCTN20000001&trial=NCT09999999&trial=U1111-1234-5678")
    assert "No trial here has the number NCT09999999" in html and "is the number of 2 trials" in html
    assert "2 trials side by side" in html and "trial=DRKS00000001" in html
    assert site.get("/compare.csv?trial=NCT09999999").status_code == 404
    assert site.get("/compare.json").status_code == 400


def test_one_trial_or_none_asks_for_more(site: InProcess) -> None:
    assert "Add another trial" in site.html("/compare?trial=NCT01000001")
    html = site.html("/compare")
    assert "See an example" in html and "<table" not in html


def test_a_trial_is_added_and_removed_by_form_and_link(compared: InProcess) -> None:
    html = compared.html(TWO)
    assert html.count(f'<input type="hidden" name="trial" value="{IDS[0]}">') == 1
    assert f'href="/compare?trial={IDS[1]}">Remove' in html and 'id="add" name="trial"' in html


def test_sixty_trials_are_fifty_on_a_page(site: InProcess) -> None:
    html = site.html("/compare?" + "&".join(f"trial=ISRCTN2000{n:04}" for n in range(1, 61)))
    assert "50 trials side by side" in html and "10 more do not fit" in html


def test_hostile_text_is_escaped(site: InProcess) -> None:
    html = site.html("/compare?trial=NCT01000001&trial=NCT06660000&trial=" + "%3Cscript%3E")
    assert (
        "<script>document" not in html
        and "<img" not in html
        and 'href="javascript' not in html
        and "<script></script>" not in html
    )
    assert HOSTILE_TEXT not in html
    wide = site.get("/compare.csv?trial=NCT01000001&trial=NCT06660000").content.decode("utf-8-sig")
    cells = [cell for one in csv.reader(io.StringIO(wide, newline="")) for cell in one]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_headers_let_nothing_foreign_run(compared: InProcess) -> None:
    policy = compared.get(TWO).headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe-inline" not in policy
    html = compared.html(TWO)
    assert not re.search(r"<script(?![^>]*src=)", html) and " style=" not in html and " onclick" not in html


def test_both_static_files_are_served(compared: InProcess) -> None:
    for path in re.findall(r'(?:src|href)="(/-/static-plugins/harvester/compare\.[^"]+)"', compared.html(TWO)):
        assert compared.get(Path(path).as_posix()).status_code == 200
