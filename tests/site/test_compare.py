"""`/compare`: trials side by side, the same on the page and in its downloads."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from normalize import eligibility
from normalize.schema import Record, SecondaryId
from tests.harvester.compared import IDS, make
from tests.site.conftest import InProcess
from tests.site.made import BARE, FULL, HOSTILE_TEXT, make_catalogue
from tests.site.test_discrepancies import BRITISH

CONTRADICTED = [("NCT01000001", "ctgov", FULL), ("NCT01000001", "isrctn", BRITISH), (BARE.registry_id, "ictrp", BARE)]
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
    assert "Phase 1/2" in row(html, "Phase") and "<td>Mar 2021</td>" in row(html, "First enrollment")
    assert "100 to 300" in row(html, "Participants planned")
    assert "Women from 21 years to 40 years old are accepted by all" in html and "may exclude each other" in html


def test_criteria_that_may_exclude_each_other_are_one_point_for_each_limit(
    serve: Callable[..., InProcess], tmp_path: Path
) -> None:
    def record(number: str, inclusion: str, exclusion: str) -> tuple[str, str, Record]:
        read = eligibility.parse([("inclusion", inclusion), ("exclusion", exclusion)])
        said = {"eligibility_raw": read.raw, "criteria": read.criteria, "criterion_measures": read.measures}
        return number, "ctgov", Record(registry="ClinicalTrials.gov", registry_id=number, **said)

    adults = record("NCT02000001", "Age 18 years or older", "Allergy to peanuts")
    children = record("NCT02000002", "Age 0 to 12 years", "Age > 12 years")
    html = serve(make_catalogue(tmp_path / "catalogue.db", [adults, children])).html(
        "/compare?trial=NCT02000001&trial=NCT02000002"
    )
    assert "1 point on which criteria may exclude each other" in html
    point = re.sub(
        r"\s+", " ", re.sub("<[^>]*>", "", html.partition("may exclude each other</summary>")[2].partition("</li>")[0])
    )
    assert point == (
        " Age: NCT02000001 inclusion “Age 18 years or older” against"
        " NCT02000002 inclusion “Age 0 to 12 years”; exclusion “Age &gt; 12 years”"
    )


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
    for name in ("compare.csv", "compare-long.csv", "compare.xlsx", "compare.json"):
        assert f"/{name}?trial={IDS[0]}&amp;trial={IDS[1]}&amp;only=differences" in html


def test_the_downloads_hold_what_the_page_shows(compared: InProcess) -> None:
    for only in ("", "&only=differences"):
        answer = compared.get(TWO.replace("/compare", "/compare.csv") + only)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        wide = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
        lines = compared.get(TWO.replace("/compare", "/compare.json") + only).json()["lines"]
        said = [one for one in wide if one["field"] not in ("conflicts", "overlap") and one["section"] != "remarks"]
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


def test_an_address_that_names_no_trial_as_one_says_how_to(site: InProcess) -> None:
    html = site.get("/compare?trials=NCT01000001,NCT01000002").text
    assert "gives trials, which this page does not know" in html and "<code>/compare?trial=…&amp;trial=…</code>" in html
    assert "does not know" not in site.get("/compare?trial=&only=differences").text


def test_a_trial_is_added_and_removed_by_form_and_link(compared: InProcess) -> None:
    html = compared.html(TWO)
    assert html.count(f'<input type="hidden" name="trial" value="{IDS[0]}">') == 1
    assert f'name="remove" value="{IDS[0]}">Remove' in html and 'id="add" name="trial"' in html
    removed = compared.get(f"{TWO}&trial={IDS[2]}&remove={IDS[0]}&trial=").headers["location"]
    assert removed == f"/compare?trial={IDS[1]}&trial={IDS[2]}"
    assert "Add another trial" in compared.html(f"/compare?trial={IDS[1]}")


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


def test_a_flagged_value_says_so_in_its_cell_and_leads_to_the_place_on_the_trials_page(compared: InProcess) -> None:
    html = compared.html(TWO)
    path = f"/trial/{IDS[1]}#flag-no_primary_outcome"
    outcome = row(html, "Outcome 1")
    assert f'href="{path}"' in outcome and "No primary outcome" in outcome and html.count(path) == 1
    assert f'href="/trial/{IDS[1]}#quality">1 quality flag</a>' in html
    assert 'id="flag-no_primary_outcome"' in compared.html(f"/trial/{IDS[1]}")


def test_a_cell_says_where_a_trials_own_records_disagree(
    tmp_path: Path, serve: Callable[..., InProcess], compared: InProcess
) -> None:
    running = serve(make_catalogue(tmp_path / "catalogue.db", CONTRADICTED))
    html = running.html("/compare?trial=NCT01000001&trial=IRCT20200101000001N1")
    sex = row(html, '"field">Sex')
    assert 'href="/trial/NCT01000001#contradiction-sex"' in sex and "Its records disagree" in sex
    assert re.search(r'#contradictions">\d+ contradictions</a>', html)
    assert 'id="contradiction-sex"' in running.html("/trial/NCT01000001")
    assert "discrepancies.sex" in running.get("/compare.csv?trial=NCT01000001&trial=IRCT20200101000001N1").text
    assert "records disagree" not in compared.html(TWO)


def _long_one(number: int) -> Record:
    """A trial with criteria of its own, one that all have, and long texts."""
    text = "Inclusion Criteria:\n- Written informed consent\n" + "".join(
        f"- {chr(97 + number % 26) * 9} {chr(97 + n) * 7} {'of a long explanation ' * 9}\n" for n in range(12)
    )
    read = eligibility.parse([("unspecified", text)])
    return Record(
        registry="ISRCTN", registry_id=f"ISRCTN3000{number:04}", public_title=f"Long trial {number}", brief_summary="A long story. " * 300,
        eligibility_raw=read.raw, criteria=read.criteria,
    )  # fmt: skip


def test_a_page_stays_light_says_what_it_cut_and_the_download_has_it(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    made = [_long_one(number) for number in range(50)]
    running = serve(make_catalogue(tmp_path / "catalogue.db", [(one.registry_id, "isrctn", one) for one in made]))
    ids = [f"trial={one.registry_id}" for one in made]
    five, fifty = (running.html("/compare?" + "&".join(ids[:count])) for count in (5, 50))
    assert len(five) < 100_000 and "texts are cut" not in five and "A long story. " * 300 in five
    assert len(fifty) < 200_000 and "texts are cut at" in fifty and "A long story. " * 300 not in fifty
    whole = running.get("/compare.csv?" + "&".join(ids)).text
    assert whole.count("A long story. " * 300) == 50


def test_items_that_only_one_trial_has_share_a_row_of_their_kind(compared: InProcess) -> None:
    lists = [one for one in rows(compared.html(TWO)) if '"field">Criterion' in one and "that no other has" in one]
    assert ["Exclusion" in one for one in lists] == [False, True]
    assert "3 that no other has" in lists[1] and "<ul><li>Epilepsy<li>Pregnancy</ul>" in lists[1]


def test_codes_keep_their_dashes_and_a_number_of_enrolled_is_no_plan(
    serve: Callable[..., InProcess], tmp_path: Path
) -> None:
    code = SecondaryId(id_raw="AB-12/c", id_normalized="AB12C", type="sponsor_code", source_field="s")
    said = {"actual_enrollment": 41, "sample_size_raw": "41 ACTUAL", "secondary_ids": (code,)}
    records = [
        (number, "ctgov", Record(registry="ClinicalTrials.gov", registry_id=number, **said))
        for number in ("NCT02000001", "NCT02000002")
    ]
    running = serve(make_catalogue(tmp_path / "catalogue.db", records))
    html = running.html("/compare?trial=NCT02000001&trial=NCT02000002")
    assert "AB-12/c" in row(html, "Other numbers") and "AB12C" not in html
    assert "41" in row(html, "Participants enrolled") and "41 ACTUAL" not in html


def test_yes_and_no_are_words_in_the_csv_for_spreadsheets(site: InProcess) -> None:
    text = site.get("/compare.csv?trial=NCT01000001&trial=NCT06660000").text.removeprefix("\ufeff")
    said = {row["field"]: row["NCT01000001"] for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert (said["has_results"], said["healthy_volunteers"]) == ("yes", "no")


@pytest.mark.parametrize("between", [" ", ", ", "\n", " and "])
def test_several_numbers_in_one_field_are_several_trials(site: InProcess, between: str) -> None:
    html = site.html(f"/compare?{urlencode({'trial': between.join(['nct 01000001', 'NCT06660000'])})}")
    assert "2 trials side by side" in html and "No trial here has" not in html
