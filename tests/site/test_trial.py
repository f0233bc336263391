"""A trial's page: every section, from which record it comes, what differs, and no registry text that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harvester.site.eligibility import nested
from normalize.eligibility import parse
from normalize.schema import Record
from tests.harvester.test_build import Workshop, study
from tests.site.conftest import InProcess
from tests.site.made import ELIGIBILITY, FULL, HOSTILE_TEXT, make_catalogue

#: The sections that readers of registry pages know, in their order.
ORDER = [
    "results", "basic-information", "contradictions", "titles", "summary", "description", "conditions", "keywords", "design", "arms", "interventions",
    "other-names", "eligibility", "mesh", "participants", "outcomes", "sponsors", "responsible-party", "investigators", "locations", "countries",
    "contacts", "references", "documents", "ethics", "data-sharing", "identifiers", "records", "mentioned", "versions", "quality", "warnings",
]  # fmt: skip


def section(html: str, anchor: str) -> str:
    """The text of a section, tags as blanks."""
    part = html.partition(f'<section id="{anchor}"')[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part.partition(">")[2])).strip()


@pytest.fixture(scope="module")
def html(site: InProcess) -> str:
    return site.html("/trial/NCT01000001")


def test_every_section_stands_in_order_with_an_explanation_and_in_the_contents(html: str) -> None:
    assert re.findall(r'<section id="([^"]+)"', html) == ORDER
    assert html.count('class="explanation"') == len(ORDER)
    for anchor in ORDER:
        assert html.count(f'<a href="#{anchor}">') >= 2, anchor


@pytest.mark.parametrize(
    ("anchor", "text"),
    [
        ("results", "Results are posted, first posted 2 Jan 2026"),
        ("titles", "A Randomized Trial of Aurelin"),
        ("summary", "Whether aurelin lowers the risk"),
        ("conditions", "Recurrent Miscarriage MeSH D000026"),
        ("conditions", "MedDRA 10036586 (PT, version 20.0)"),
        ("design", "Who is masked Participant, Investigator"),
        ("arms", "Active Experimental Aurelin for 12 weeks Gets: Aurelin Drug"),
        ("arms", "Watched No intervention No intervention is named for this group"),
        ("interventions", "In: Active"),
        ("other-names", "AUR-1, Aurelinum"),
        ("eligibility", "Minimum age 18 years Maximum age 40 years Sex Women Healthy volunteers Not accepted"),
        ("participants", "Planned Country France 80"),
        ("outcomes", "Live birth Time frame: 21 months Any living child"),
        ("sponsors", "Nordvik Pharma Secondary sponsor or collaborator"),
        ("locations", "France 1 Hôpital Exemple, Lyon Recruiting"),
        ("contacts", "Public queries Trial Office Example Hospital"),
        ("ethics", "Approved, 1 Dec 2020 CPP Exemple"),
        ("data-sharing", "Plan to share individual data Planned"),
        ("records", "NCT01000001 names 2019-000001-11 in a"),
        ("mentioned", "Acupuncture for nausea"),
        ("warnings", "this is no date"),
        ("mesh", "Conditions Abortion, Habitual D000026 Broader: Abortion, Spontaneous Interventions Aurelin D999999"),
        ("warnings", "Ladies"),
    ],
)
def test_sections_show_what_the_records_say(html: str, anchor: str, text: str) -> None:
    assert text in section(html, anchor)


def test_criteria_and_limits_stand_under_the_heading_that_says_for_whom_they_are(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    workshop = Workshop(tmp_path)
    one = study("NCT90000001")
    one["protocolSection"]["eligibilityModule"]["eligibilityCriteria"] = (
        "Inclusion Criteria:\n\n* Age \\>= 18 years\n\nInclusion Criteria for Controls:\n\n* Age \\>= 40 years"
    )
    workshop.take_in(one)
    workshop.build()
    html = serve(workshop.catalogue).html("/trial/NCT90000001")
    assert re.findall(r"<h4>(.*?)</h4>", html) == ["Inclusion Criteria for Controls"]
    limits = re.findall(r"<tr><td>(&gt;= \d+ years)(.*?)</td>", html)
    assert [(limit, re.sub(r"<[^>]*>", "", under)) for limit, under in limits] == [
        ("&gt;= 18 years", ""),
        ("&gt;= 40 years", "Inclusion Criteria for Controls"),
    ]


def test_criteria_are_nested_lists_and_the_text_stands_whole(html: str) -> None:
    nested = r"Two losses or more:</span><ul class=\"criteria\"><li><span class=\"text\">before 12 weeks</span></li><li><span class=\"text\">unexplained"
    assert re.search(nested, html)
    assert ELIGIBILITY in html


def test_a_limit_is_marked_inside_its_criterion_and_says_how_it_was_read(html: str) -> None:
    marked = 'Woman aged <span class="limit" title="Age: ≥ 18 years">≥18 years<span class="visually-hidden"> (read as Age: ≥ 18 years)'
    assert marked in html
    table = section(html, "eligibility").partition("In the unit for comparing")[2]
    assert table.startswith(" ≥18 years Age ≥ 18 years ≥ 18 years")


def test_limits_that_overlap_share_a_mark_and_the_text_stays_whole() -> None:
    text = "AST and ALT below 2.5 x ULN, BMI not above 30 kg/m2"
    criterion = {"ordinal": 1, "parent_ordinal": None, "text": text, "start": 7}

    def limit(words: str, variable: str, **values: Any) -> dict[str, Any]:
        start = 7 + text.index(words)
        empty = dict.fromkeys(
            ("lower", "upper", "canonical_lower", "canonical_upper", "canonical_unit", "unit", "lower_inclusive")
        )
        read = {
            "criterion_ordinal": 1,
            "upper_inclusive": 0,
            "negated": 0,
            "variable": variable,
            "start": start,
            "end": start + len(words),
        }
        return {**empty, **read, **values}  # fmt: skip

    (node,) = nested(
        [criterion],
        [
            limit("below 2.5 x ULN", "aspartate_aminotransferase", canonical_upper=2.5, canonical_unit="{ULN}"),
            limit("2.5 x ULN", "alanine_aminotransferase", canonical_upper=2.5, canonical_unit="{ULN}"),
            limit("not above 30 kg/m2", "body_mass_index", upper=30.0, unit="kg/m2", negated=1),
        ],
    )
    assert [piece["text"] for piece in node["pieces"]] == [
        "AST and ALT ", "below 2.5 x ULN", ", BMI ", "not above 30 kg/m2",
    ]  # fmt: skip
    assert [piece["limit"] for piece in node["pieces"]] == [
        "",
        "Aspartate aminotransferase: < 2.5 × upper limit of normal; Alanine aminotransferase: < 2.5 × upper limit of normal",
        "",
        "Body mass index: not < 30 kg/m2",
    ]


def test_a_value_names_the_record_it_is_from(html: str) -> None:
    text = section(html, "basic-information")
    assert "3 records belong to this trial. Values are from NCT01000001 unless another record is named" in text
    assert "Phase Phase 2" in text and "Phase Phase 2 from" not in text
    assert "Countries France from NCT01000001 , EUCTR2019-000001-11-FR" in text


def test_a_record_shows_what_spoke_for_it_and_against_it(html: str) -> None:
    text = section(html, "records")
    assert "Speaks for one trial Titles equal : One / One (1.00 of their weight) +2.0 Same phase : 2 / 2 +0.5" in text
    assert "Speaks against it Sizes within 30 % : 240 / 200 −0.5" in text


def test_a_trials_changes_stand_on_its_page(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    workshop = Workshop(tmp_path)
    workshop.take_in(study("NCT90000001", briefTitle="An old title"), name="a.json", mtime=1_767_300_000)
    new = study("NCT90000001", "2026-02-01", briefTitle="A new title")
    new["protocolSection"]["descriptionModule"]["briefSummary"] = "word " * 500
    workshop.take_in(new, name="b.json", mtime=1_770_000_000)
    workshop.build()
    running = serve(workshop.catalogue)
    text = section(running.html("/trial/NCT90000001"), "history")
    assert "Public title An old A new title" in text
    assert "Brief summary changed; the words are on the page of all changes" in text and text.endswith(
        "All changes of this trial · Subscribe to them (Atom)"
    )
    assert "word word" in running.html("/changes?trial=NCT90000001")


def test_values_that_differ_stand_side_by_side_and_equal_ones_do_not(html: str) -> None:
    table = html.partition('<table class="comparison">')[2].partition("</table>")[0]
    rows = {
        re.sub(r"<[^>]*>", "", row.partition("</th>")[0]).strip(): row
        for row in table.partition("<tbody>")[2].split("</tr>")
    }
    assert "NCT01000001 (WHO ICTRP)" in table and "EUCTR2019-000001-11-FR" in table
    assert "<strong>Phase 2/3</strong>" in rows["Phase"]
    assert "<strong>200</strong>" in rows["Participants planned"]
    assert "Unknown (registry: “Ongoing”)" in rows["Recruitment status"]
    # "2021-03" agrees with "2021-03-05", "EXAMPLE HOSPITAL" with "Example Hospital".
    assert "differs" not in rows["First enrollment"] and "differs" not in rows["Primary sponsor"]


def test_a_section_says_from_which_record_it_comes_and_folds_up_the_others(html: str) -> None:
    titles = html.partition('<section id="titles"')[2].partition("</section>")[0]
    assert '<p class="from">From <a href="#record-ctgov-NCT01000001">NCT01000001</a></p>' in titles
    assert "<summary>According to 2 other records</summary>" in titles


def test_numbers_papers_and_documents_are_links(html: str) -> None:
    for link in (
        "https://clinicaltrials.gov/study/NCT01000001",
        "https://www.clinicaltrialsregister.eu/ctr-search/search?query=eudract_number:2019-000001-11",
        "https://pubmed.ncbi.nlm.nih.gov/15482749/",
        "https://doi.org/10.1000/ex(1)",
        "https://example.org/p.pdf",
        "https://data.example.org/aurelia",
    ):
        assert f'href="{link}"' in html, link


def test_what_no_registry_gives_is_said_where_a_reader_looks_for_it(site: InProcess) -> None:
    html = site.html("/trial/IRCT20200101000001N1")
    for anchor in (
        "summary",
        "conditions",
        "interventions",
        "eligibility",
        "outcomes",
        "sponsors",
        "countries",
        "ethics",
    ):
        assert "Not given by WHO ICTRP" in section(html, anchor)
    for anchor in ("keywords", "arms", "locations", "references", "documents", "warnings", "mentioned"):
        assert f'id="{anchor}"' not in html


@pytest.mark.parametrize(
    "number",
    ["nct01000001", "2019-000001-11", "EUCTR2019-000001-11-FR", "ctgov:NCT01000001", "euctr:EUCTR2019-000001-11-FR"],
)
def test_any_number_of_a_record_redirects_to_its_trial(site: InProcess, number: str) -> None:
    answer = site.get(f"/trial/{number}")
    assert (answer.status_code, answer.headers["location"]) == (302, "/trial/NCT01000001")
    assert site.get(f"/trial/{number}.json").headers["location"] == "/trial/NCT01000001.json"


def test_numbers_with_slashes_have_a_page(site: InProcess) -> None:
    for path in ("/trial/CTRI%2F2020%2F04%2F024567", "/trial/CTRI/2020/04/024567"):
        assert "Yoga for back pain" in site.html(path)


def test_a_number_of_two_trials_is_a_choice(site: InProcess) -> None:
    answer = site.get("/trial/U1111-1234-5678")
    assert answer.status_code == 300
    assert "Yoga for back pain" in answer.text and "Yoga for neck pain" in answer.text


def test_an_unknown_number_is_404_with_ways_on(site: InProcess) -> None:
    answer = site.get("/trial/NCT09999999")
    assert answer.status_code == 404
    assert 'href="https://clinicaltrials.gov/study/NCT09999999"' in answer.text
    assert site.get("/trial/NCT09999999.json").json()["ok"] is False


@pytest.mark.parametrize(
    "path", ["/trial/NCT06660000", "/search?q=NCT06660000+script", "/search?q=document", "/catalogue/records"]
)
def test_registry_text_is_escaped_everywhere(site: InProcess, path: str) -> None:
    html = site.html(path)
    assert "document" in html  # the text is there
    assert not re.search(r"<script>document|<img src=x|\b49 =cmd", html)
    assert not re.search(r"""(?:href|src|action)=["']?\s*javascript:""", html, re.IGNORECASE)


def test_hostile_text_is_on_the_page_whole(site: InProcess) -> None:
    escaped = (
        HOSTILE_TEXT.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
    )
    assert site.html("/trial/NCT06660000").count(escaped) > 40


def test_pages_forbid_foreign_scripts_and_hold_none(site: InProcess) -> None:
    answer = site.get("/trial/NCT01000001")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert scripts == ['<script type="application/ld+json">']  # data, which no browser runs
    assert " style=" not in answer.text
    assert not re.search(
        r'<link (?!rel="canonical")[^>]*href="(?:https?:)?//', answer.text
    )  # a canonical address is not loaded


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("Gestational age 30+0 to 36+6 weeks", "Gestational age: ≥ 30 and ≤ 36+6 weeks"),
        ("Gestational age < 24.5 weeks", "Gestational age: < 24.5 weeks"),
        ("Serum ferritin < 24.5714 ng/mL", "Ferritin: < 24.5714 ng/mL"),
        ("ANA ≥ 1:80", "Antinuclear antibodies: ≥ 1:80"),
        ("BCVA 20/40 or better", "Visual acuity: ≥ 20/40"),
    ],
)
def test_limits_are_told_as_they_are_counted(text: str, limit: str) -> None:
    read = parse([("inclusion", text)])
    criteria, limits = (
        [{"ordinal": n, **msgspec.structs.asdict(one)} for n, one in enumerate(rows, 1)]
        for rows in (read.criteria, read.measures)
    )
    (criterion,) = nested(criteria, limits)
    assert [piece["limit"] for piece in criterion["pieces"] if piece["limit"]] == [limit]


BANDED = Record(
    registry="EUCTR",
    registry_id="EUCTR2019-000001-11-FR",
    minimum_age_years=18.0,
    minimum_age_raw="Adults (18-64 years)",
    maximum_age_years=64.0,
    maximum_age_raw="Adults (18-64 years)",
    sex="all",
)


def test_age_bands_of_european_registers_are_said_to_be_bands_and_contradict_no_limit_within_them(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    both = [("NCT01000001", "ctgov", FULL), ("NCT01000001", "euctr", BANDED)]
    html = serve(make_catalogue(tmp_path / "both.db", both)).html("/trial/NCT01000001")
    ages = re.findall(r'<th scope="row">M\w+ age.*?</tr>', html, re.DOTALL)
    assert len(ages) == 2 and all("(age band: Adults (18-64 years))" in one for one in ages)
    assert not any("differs" in one for one in ages)
    alone = serve(make_catalogue(tmp_path / "alone.db", [("2019-000001-11", "euctr", BANDED)]))
    for anchor in ("basic-information", "eligibility"):
        text = section(alone.html("/trial/2019-000001-11"), anchor)
        assert "Maximum age 64 years (age band: Adults (18-64 years))" in text


@pytest.mark.parametrize(
    ("american", "european", "sentence"),
    [
        (False, None, "No results are posted at ClinicalTrials.gov so far; EUCTR does not say whether there are any."),
        (False, False, "No registry has results so far."),
        (None, None, "Not given by the registry: it does not say whether there are results."),
        (False, True, "Results are posted."),
    ],
)
def test_what_a_registry_does_not_say_of_results_is_not_said_for_it(
    tmp_path: Path, serve: Callable[[Path], InProcess], american: bool | None, european: bool | None, sentence: str
) -> None:
    one = msgspec.structs.replace(FULL, has_results=american, results_date=None, results_url=None)
    two = msgspec.structs.replace(BANDED, has_results=european)
    trials = [("NCT01000001", "ctgov", one), ("NCT01000001", "euctr", two)]
    html = serve(make_catalogue(tmp_path / "catalogue.db", trials)).html("/trial/NCT01000001")
    assert sentence in section(html, "results")


@pytest.mark.parametrize(
    ("source", "is_partial", "words"),
    [
        ("ctgov", False, "not given by the registry"),
        ("ictrp", False, "not given by WHO ICTRP"),
        ("ctgov", True, "not in the part of the entry that was fetched"),
    ],
)
def test_who_does_not_say_what_is_missing(
    tmp_path: Path, serve: Callable[[Path], InProcess], source: str, is_partial: bool, words: str
) -> None:
    record = Record(registry="ClinicalTrials.gov", registry_id="NCT01000001", phase="2", is_partial=is_partial)
    html = serve(make_catalogue(tmp_path / "catalogue.db", [("NCT01000001", source, record)])).html(
        "/trial/NCT01000001"
    )
    assert f"Recruitment status {words}" in section(html, "basic-information")
    assert section(html, "summary").endswith(f"{words[:1].upper()}{words[1:]}.")
    assert (
        "Only a part of this entry was fetched" in html.partition("</header>")[2].partition("</header>")[0]
    ) is is_partial


def test_a_completion_that_is_only_anticipated_is_said_to_be_so(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    record = msgspec.structs.replace(
        FULL, has_results=False, completion_date="2027-03", completion_date_type="anticipated"
    )
    html = serve(make_catalogue(tmp_path / "catalogue.db", [("NCT01000001", "ctgov", record)])).html(
        "/trial/NCT01000001"
    )
    assert "Completion Mar 2027 (anticipated)" in section(html, "basic-information") and "Study completed" not in html


def test_no_limit_of_age_is_marked_where_another_registry_has_one(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    unlimited = msgspec.structs.replace(FULL, maximum_age_years=None, maximum_age_raw="N/A")
    trials = [("NCT01000001", "ctgov", unlimited), ("NCT01000001", "euctr", BANDED)]
    html = serve(make_catalogue(tmp_path / "catalogue.db", trials)).html("/trial/NCT01000001")
    row = html.partition('<th scope="row">Maximum age')[2].partition("</tr>")[0]
    assert "“N/A”" in row and 'class="differs"' in row and "registries disagree" in row


def test_a_long_description_is_folded_and_other_languages_stand_apart(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    long = "\n".join(f"Paragraph {number} tells how visits go on." for number in range(200))
    translated = "Spanish, full title: Un ensayo\nPolish, full title: Badanie\nSpanish, inclusion: Mujeres\nadultas"
    described = [
        ("NCT01000001", "ctgov", msgspec.structs.replace(FULL, detailed_description=long)),
        ("2024-500001-11-00", "ctis", Record(registry="CTIS", registry_id="2024-500001-11-00", detailed_description=translated)),
    ]  # fmt: skip
    site = serve(make_catalogue(tmp_path / "catalogue.db", described))
    whole = section(site.html("/trial/NCT01000001"), "description")
    shown, _, rest = whole.partition("The rest of the text")
    assert 500 < len(shown) < 2_000 and "Paragraph 0 " in shown
    assert all(f"Paragraph {number} tells how visits go on." in shown + rest for number in range(200))
    said = section(site.html("/trial/2024-500001-11-00"), "description")
    assert said.endswith(
        "Spanish 48 characters full title: Un ensayo inclusion: Mujeres adultas Polish 19 characters full title: Badanie"
    )


def test_results_stand_in_one_place(html: str) -> None:
    assert [heading for heading in re.findall(r"<h2[^>]*>(.*?)</h2>", html) if "esults" in heading] == ["Results"]
