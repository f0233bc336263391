"""The search page: words, numbers, filters with counts, order, pages, and what it says when nothing is found."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from harvester.site import other_words
from harvester.site.facets import facets_of
from normalize.schema import Condition, MeshTerm, Record
from normalize.text import fold
from tests.site.conftest import InProcess
from tests.site.made import make_catalogue


def titles(html: str) -> list[str]:
    cards = re.findall(r'<li class="trial-card">\s*<h3><a [^>]*>(.*?)</a>', html, re.DOTALL)
    return [re.sub(r"<.*?>", "", card) for card in cards]


def counts(html: str, facet: str) -> dict[str, int]:
    part = html.partition(f'id="facet-{facet}"')[2].partition("</section>")[0]
    rows = re.findall(
        r'<li><a [^>]*><span class="box" aria-hidden="true"></span>(.*?)</a> <span class="count">([\d,]+)<', part
    )
    return {label: int(count.replace(",", "")) for label, count in rows}


def test_words_find_trials_and_are_marked(site: InProcess) -> None:
    html = site.html("/search?q=miscarriages")
    assert titles(html) == ["Aurelin for Recurrent Miscarriage"]
    assert "Recurrent <mark>Miscarriage</mark></a>" in html


@pytest.mark.parametrize(
    ("typed", "trial"),
    [
        ("NCT01000001", "NCT01000001"),
        ("nct 01000001", "NCT01000001"),
        ("2019-000001-11", "NCT01000001"),
        ("EUCTR2019-000001-11-FR", "NCT01000001"),
        ("euctr2019-000001-11-fr", "NCT01000001"),
        ("chictr2100000001", "ChiCTR2100000001"),
        ("CTRI/2020/04/024567", "CTRI%2F2020%2F04%2F024567"),
        ("https://clinicaltrials.gov/study/NCT01000001?tab=results", "NCT01000001"),
        ("clinicaltrials.gov/ct2/show/NCT01000001", "NCT01000001"),
        ("https://www.clinicaltrialsregister.eu/ctr-search/trial/2019-000001-11/FR", "NCT01000001"),
        ("https://trialsearch.who.int/Trial2.aspx?TrialID=ChiCTR2100000001", "ChiCTR2100000001"),
    ],
)
def test_a_number_leads_to_its_trial(site: InProcess, typed: str, trial: str) -> None:
    answer = site.get(f"/search?{urlencode({'q': typed})}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/trial/{trial}")


def test_addresses_without_one_number_are_words(site: InProcess) -> None:
    for typed in ("https://clinicaltrials.gov/search?cond=lupus", "example.org/NCT01000001/NCT01000002"):
        assert site.get(f"/search?{urlencode({'q': typed})}").status_code == 200


def test_the_letter_behind_numbers_of_anzctr_is_none_of_theirs(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    record = Record(registry="ANZCTR", registry_id="ACTRN12699000001998", public_title="Walking after loss")
    australian = serve(make_catalogue(tmp_path / "catalogue.db", [(record.registry_id, "ictrp", record)]))
    answer = australian.get("/search?q=ACTRN12699000001998p")
    assert (answer.status_code, answer.headers["location"]) == (302, "/trial/ACTRN12699000001998")


def test_a_number_that_several_trials_share_is_said_to_be_so(site: InProcess) -> None:
    html = site.html("/search?q=U1111-1234-5678")
    assert "Several trials here have the number U1111-1234-5678 (WHO UTN)" in html
    assert sorted(titles(html)) == ["Yoga for back pain", "Yoga for neck pain"]


def test_a_number_that_is_not_here_says_so_and_where_to_look(site: InProcess) -> None:
    html = site.html("/search?q=NCT09999999")
    assert "No trial here has the number NCT09999999 (ClinicalTrials.gov)." in html
    assert 'href="https://clinicaltrials.gov/study/NCT09999999"' in html


def test_filters_count_under_all_filters_but_their_own(site: InProcess) -> None:
    html = site.html("/search?q=vitamin&phase=3")
    assert titles(html) and "30 trials" in html
    assert counts(html, "phase") == {"Phase 3": 30, "Phase 4": 30}
    assert counts(html, "status") == {"Completed": 20, "Terminated": 10}
    assert counts(html, "country") == {"United Kingdom": 30}
    assert counts(html, "registry") == {"ISRCTN": 30}


def test_two_values_of_a_filter_are_either_two_filters_are_both(site: InProcess) -> None:
    assert "60 trials" in site.html("/search?q=vitamin&phase=3&phase=4")
    assert "10 trials" in site.html("/search?q=vitamin&phase=3&status=terminated")
    assert "0 trials" in site.html("/search?q=vitamin&phase=3&country=FR")


def test_trials_without_a_value_can_be_filtered(site: InProcess) -> None:
    html = site.html("/search?status=not_given")
    assert "A study of which nothing is said" in titles(html)
    assert "Aurelin for Recurrent Miscarriage" not in titles(html)


def test_start_years_bound_the_search(site: InProcess) -> None:
    assert "6 trials" in site.html("/search?q=vitamin&from=2001&to=2002")
    assert "Start from 2001" in site.html("/search?q=vitamin&from=2001")


def test_pages_hold_every_trial_once(site: InProcess) -> None:
    pages = [titles(site.html(f"/search?q=vitamin&page={n}")) for n in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert len({title for page in pages for title in page}) == 60
    assert titles(site.html("/search?q=vitamin&page=99")) == pages[2]


def test_order(site: InProcess) -> None:
    assert titles(site.html("/search?q=vitamin&sort=size"))[0] == "Vitamin study number 60"
    assert titles(site.html("/search?sort=start"))[0] == "Aurelin for Recurrent Miscarriage"
    assert titles(site.html("/search?sort=nonsense")) == titles(site.html("/search"))


def test_nothing_found_says_what_to_try(site: InProcess) -> None:
    html = site.html("/search?q=miscariage+yoga&status=recruiting")
    assert "No trial has all of this" in html
    assert re.search(r'<a href="[^"]*">Only yoga</a> \(2\)', html)
    assert "Only miscariage" not in html  # that would find nothing either
    assert re.search(r'Did you mean <a href="[^"]*"><strong>miscarriage</strong></a>\? \(1 trial\)', html)


@pytest.mark.parametrize(
    "query",
    ['q="', "q=(", "q=AND", "q=%00", "q=" + "a" * 3000, "page=-1", "page=x", "from=abc", "phase=%27", "country=%F0%9F"],
)
def test_strange_addresses_are_answered(site: InProcess, query: str) -> None:
    assert site.get(f"/search?{query}").status_code == 200


def test_what_was_typed_is_escaped(site: InProcess) -> None:
    html = site.html("/search?q=<script>alert(1)</script>&status=<b>x")
    assert "<script>alert" not in html and "<b>x" not in html


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('sponsor:"Example Hospital"', True),
        ("condition:miscarriage", True),
        ("title:aurelin country:france", True),
        ("intervention:aurelin", True),
        ("sponsor:aurelin", False),
        ("aurelin -miscarriage", False),
    ],
)
def test_a_prefix_looks_in_one_field(site: InProcess, typed: str, found: bool) -> None:
    assert ("Aurelin for Recurrent Miscarriage" in titles(site.html(f"/search?{urlencode({'q': typed})}"))) is found


@pytest.mark.parametrize("filter_", ["age=adult", "class=academic_or_hospital", "registries=several", "sex=female"])
def test_every_facet_filters(site: InProcess, filter_: str) -> None:
    assert titles(site.html(f"/search?q=aurelin&{filter_}")) == ["Aurelin for Recurrent Miscarriage"]
    assert titles(site.html("/search?q=aurelin&age=child")) == []


def test_ticked_trials_stay_ticked_on_other_pages_and_under_other_filters(site: InProcess) -> None:
    html = site.html("/search?q=vitamin&sort=size&page=2&trial=ISRCTN20000059&trial=ISRCTN20000030&trial=%22%3E%3Cb%3E")
    assert 'Compare selected trials<span id="picked-count"> (3)' in html and '"><b>' not in html
    assert re.search(r'value="ISRCTN20000059" checked> ISRCTN20000059', html)
    assert re.search(r'value="ISRCTN20000030" form="picked" checked', html)
    links = [unescape(path) for path in re.findall(r'href="(/search[^"]*)"', html)]
    kept = [path for path in links if "trial=ISRCTN20000059&trial=ISRCTN20000030" in path]
    assert any("page=3" in path for path in kept) and any("phase=" in path for path in kept)
    assert not [path for path in links if path.startswith("/search.") and "trial=" in path]
    assert html.count('<input type="hidden" name="trial" value="ISRCTN20000059">') == 2  # the search box, the years
    without_script = html.partition("<noscript>")[2].partition("</noscript>")[0]
    assert (
        'name="q" value="vitamin"' in without_script and 'formaction="/search" name="page" value="3"' in without_script
    )


def test_facets_are_read_through_indexes_and_not_from_whole_trials(catalogue_path: Path) -> None:
    statements: list[str] = []
    with closing(sqlite3.connect(catalogue_path)) as db:
        db.set_trace_callback(statements.append)
        facets_of(db)
        db.set_trace_callback(None)
        plans = [row[3] for read in statements for row in db.execute(f"EXPLAIN QUERY PLAN {read}")]
    of_trials = [step for step in plans if step.startswith(("SCAN trials", "SEARCH trials"))]
    assert len(of_trials) > 10 and all("COVERING INDEX" in step for step in of_trials), of_trials


def _trial(number: str, title: str, condition: str, criteria: str, mesh: tuple[str, str]) -> tuple[str, str, Record]:
    record = Record(
        registry="ClinicalTrials.gov",
        registry_id=number,
        public_title=title,
        eligibility_raw=criteria,
        conditions=(Condition(condition=condition, condition_normalized=fold(condition)),),
        mesh_terms=(MeshTerm(field="condition", mesh_id=mesh[0], term=mesh[1]),),
    )
    return number, "ctgov", record


HABITUAL = ("D000026", "Abortion, Habitual")


@pytest.fixture
def of_losses(tmp_path: Path, serve: Callable[[Path], InProcess]) -> InProcess:
    miscarriage, criteria = "Recurrent Miscarriage", "No allergy to heparin. Recurrent miscarriage is a reason to ask."
    trials = [
        _trial("NCT01000011", "Recurrent miscarriage: miscarriage after miscarriage", miscarriage, criteria, HABITUAL),
        _trial("NCT01000012", "Heparin after recurrent losses", "Pregnancy Loss", "Two miscarriages", HABITUAL),
        _trial("NCT01000013", "Heparin after habitual abortion", "Habitual abortion", "Adults", HABITUAL),
        _trial("NCT01000014", "Aspirin after habitual abortion", "Habitual abortion", "Two miscarriages", HABITUAL),
        _trial(
            "NCT01000015",
            "Progesterone in bleeding",
            "Threatened miscarriage",
            "Adults",
            ("D000033", "Abortion, Threatened"),
        ),
    ]
    return serve(make_catalogue(tmp_path / "catalogue.db", trials))


def test_trials_of_a_drug_come_before_those_whose_criteria_name_it(of_losses: InProcess) -> None:
    html = of_losses.html("/search?q=heparin+recurrent+miscarriage")
    assert titles(html)[0] == "Heparin after recurrent losses"
    assert len(titles(html)) == 2


def test_the_text_shown_holds_the_word_that_nothing_else_shows(of_losses: InProcess) -> None:
    html = of_losses.html("/search?q=heparin+recurrent+miscarriage")
    told = dict(zip(titles(html), re.findall(r'<p class="match">(.*?)</p>', html, re.DOTALL), strict=True))
    assert "<mark>miscarriages</mark>" in told["Heparin after recurrent losses"]
    assert "<mark>heparin</mark>" in told["Recurrent miscarriage: miscarriage after miscarriage"]


def test_a_word_at_the_end_of_a_long_list_of_conditions_is_shown(
    tmp_path: Path, serve: Callable[[Path], InProcess]
) -> None:
    condition = (
        "Fevers of many names that come back, inflammation without infection and diseases like it, chilblain lupus"
    )
    found = serve(make_catalogue(tmp_path / "catalogue.db", [_trial("NCT01000016", "Fevers", condition, "", HABITUAL)]))
    told = re.findall(r'<p class="match">(.*?)</p>', found.html("/search?q=lupus"), re.DOTALL)
    assert len(told) == 1 and "Conditions:" in told[0] and "<mark>lupus</mark>" in told[0]


def test_the_mesh_term_of_a_condition_leads_to_trials_that_call_it_otherwise(of_losses: InProcess) -> None:
    html = of_losses.html("/search?q=recurrent+miscarriage")
    said = re.search(
        r'Registries file “recurrent miscarriage” under the MeSH term <a href="(.*?)">Abortion, Habitual</a>: 2 trials there',
        html,
    )
    assert said and len(titles(of_losses.html(unescape(said[1])))) == 4
    with_drug = of_losses.html("/search?q=heparin+recurrent+miscarriage")
    assert "</a>: 1 trial for “heparin” there is not found by these words" in with_drug
    assert "under the MeSH term" not in of_losses.html("/search?mesh=D000026&q=recurrent+miscarriage")


def test_only_words_to_leave_out_are_said_to_be_no_search(site: InProcess) -> None:
    assert "says only what to leave out, and not what to look for" in site.html("/search?q=-miscarriage")


def test_a_spelling_of_a_sponsor_leads_to_its_trials_under_all_spellings(site: InProcess) -> None:
    html = site.html("/search?q=exAMPLE+hospital")
    said = re.search(r'<a href="(/sponsor/[^"]*)">[^<]*</a> is the primary sponsor of (\d+) trials?, however', html)
    assert said and f"<strong>{said[2]}</strong> trial" in site.html(said[1])
    assert "is the primary sponsor of" not in site.html("/search?q=vitamin")


def _named(number: str, title: str, criteria: str = "Adults") -> tuple[str, str, Record]:
    return (
        number,
        "ctgov",
        Record(registry="ClinicalTrials.gov", registry_id=number, public_title=title, eligibility_raw=criteria),
    )


@pytest.fixture(scope="module")
def of_abbreviations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    trials = [
        _named("NCT01000021", "Low-molecular-weight heparin in thrombophilia"),
        _named("NCT01000022", "LMWH in obesity"),
        _named("NCT01000023", "Warfarin in obesity", "No LMWH in the last week"),
        _named("NCT01000024", "Rituximab in refractory nephritis", "LN of class III or IV"),
        _named("NCT01000025", "Belimumab in lupus nephritis"),
        _named("NCT01000026", "Iron for anaemia after childbirth"),
    ]
    running = InProcess(make_catalogue(tmp_path_factory.mktemp("other-words") / "catalogue.db", trials))
    yield running
    running.close()


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("LMWH", [21, 22, 23]),
        ("lmwhs", [21, 22, 23]),
        ("low molecular weight heparin", [21, 22, 23]),
        ("title:LMWH", [21, 22]),
        ("LMWH obesity", [22, 23]),
        ("warfarin OR LMWH", [21, 22, 23]),
        ("LN", [24, 25]),
        ("lupus nephritis", [25]),  # LN is also a lymph node
        ("anemia", [26]),
        ("sponsor:LMWH", []),
    ],
)
def test_an_abbreviation_and_its_full_name_find_the_same(
    of_abbreviations: InProcess, typed: str, numbers: list[int]
) -> None:
    html = of_abbreviations.html(f"/search?{urlencode({'q': typed})}")
    assert sorted(re.findall(r'href="/trial/NCT010000(\d\d)"', html)) == [str(number) for number in numbers]


def test_a_widened_search_says_so_and_leads_to_the_words_as_typed(of_abbreviations: InProcess) -> None:
    html = of_abbreviations.html("/search?q=LMWH")
    assert "low molecular weight heparin (for “LMWH”)" in html and "1 of the trials has only these other words" in html
    as_typed = re.search(r'<a href="([^"]*)">Only the words as typed', html)
    assert as_typed and titles(of_abbreviations.html(unescape(as_typed[1]))) == [
        "LMWH in obesity",
        "Warfarin in obesity",
    ]
    assert "Looked for too" not in of_abbreviations.html("/search?q=obesity")
    said = of_abbreviations.get("/search.json?q=LMWH").json()
    assert (said["looked_for_too"], said["count"]) == (["low molecular weight heparin"], 3)


def test_a_thing_stands_in_one_line_of_other_words() -> None:
    said = Counter(fold(words) for thing in other_words.SAME for words in thing)
    assert [words for words, times in said.items() if times > 1] == []
    assert {fold(thing[0]) for thing in other_words.SPELLED_OUT}.isdisjoint(said)


@pytest.mark.parametrize("between", [", ", " ", "\n", ";", " or ", "\t", "", " / "])
def test_several_numbers_find_their_trials_in_the_order_typed(site: InProcess, between: str) -> None:
    typed = between.join(["ChiCTR2100000001", "NCT01000001"])
    html = site.html(f"/search?{urlencode({'q': typed})}")
    assert re.findall(r'<h3><a href="/trial/([^"]*)"', html) == ["ChiCTR2100000001", "NCT01000001"]
    compare = re.search(r'<a href="([^"]*)">compare them side by side', html)
    assert compare and "2 trials side by side" in site.html(unescape(compare[1]))


def test_of_several_numbers_those_that_are_not_here_are_named(site: InProcess) -> None:
    typed = "2019-000001-11 NCT09999999 https://clinicaltrials.gov/study/NCT01000001 ISRCTN99999999"
    html = site.html(f"/search?{urlencode({'q': typed})}")
    assert len(titles(html)) == 1 and "4 registry numbers; 1 trial here has them" in html
    assert 'No trial here has <a href="https://clinicaltrials.gov/study/NCT09999999"' in html
    assert ">ISRCTN99999999</a> (links lead to the registry)" in html
    none = site.html("/search?q=NCT09999999+NCT09999998")
    assert "no trial here has any of them" in none and titles(none) == []


def test_a_list_of_numbers_can_be_filtered_sorted_and_saved(site: InProcess) -> None:
    query = urlencode({"q": "ChiCTR2100000001 NCT01000001"})
    assert "Sorted by:" in site.html(f"/search?{query}") and '<strong aria-current="true">As typed' in site.html(
        f"/search?{query}"
    )
    assert len(titles(site.html(f"/search?{query}&registry=ChiCTR"))) == 1
    assert [row["trial_id"] for row in site.get(f"/search.json?{query}").json()["trials"]] == [
        "ChiCTR2100000001",
        "NCT01000001",
    ]


def test_a_number_typed_twice_leads_to_its_trial(site: InProcess) -> None:
    answer = site.get("/search?q=NCT01000001+nct+01000001")
    assert (answer.status_code, answer.headers["location"]) == (302, "/trial/NCT01000001")


def test_numbers_among_words_are_offered_alone(site: InProcess) -> None:
    html = site.html(f"/search?{urlencode({'q': 'see NCT01000001 and ChiCTR2100000001 zebrafish'})}")
    alone = re.search(r'<a href="([^"]*)">Only the registry numbers</a> \(2\)', html)
    assert alone and len(titles(site.html(unescape(alone[1])))) == 2


def test_words_beyond_those_that_are_looked_for_are_said_to_be_left_out(site: InProcess) -> None:
    assert "Only the first 30 words were looked for, not the 5 after them" in site.html(
        "/search?q=" + "+".join(["vitamin"] * 35)
    )


def test_a_list_that_is_too_long_loses_whole_numbers(site: InProcess) -> None:
    numbers = [f"NCT{number:08}" for number in range(2_000_000, 2_000_400)]
    html = site.html("/search?q=" + "+".join(numbers))
    assert re.search(r"3\d\d registry numbers; no trial here", html)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("recruiting miscarriage", "Recruitment status: Recruiting"),
        ("miscarriage phase II", "Phase: Phase 2"),
        ("Phase 2 recruiting miscarriage", "Phase: Phase 2; Recruitment status: Recruiting"),
        ("miscarriage interventional with results", "Study type: Interventional; Results posted: Yes"),
    ],
)
def test_words_that_say_what_a_filter_says_are_offered_as_filters(site: InProcess, typed: str, said: str) -> None:
    html = site.html(f"/search?{urlencode({'q': typed})}")
    offer = re.search(rf'As filters \(<a href="([^"]*)">{said}</a>\) with the words “miscarriage”: 1 trial\.', html)
    assert offer and titles(site.html(unescape(offer[1]))) == ["Aurelin for Recurrent Miscarriage"]
    assert "As filters" not in site.html("/search?q=miscarriage")


def test_filters_that_find_nothing_are_not_offered(site: InProcess) -> None:
    assert "As filters" not in site.html("/search?q=suspended+miscarriage")


@pytest.mark.parametrize("path", ["/", "/search", "/search?q=vitamin"])
def test_a_search_box_leads_to_how_to_search(site: InProcess, path: str) -> None:
    assert '<a href="/about#search">How to search</a>' in site.html(path)


def test_what_how_to_search_shows_is_understood(site: InProcess) -> None:
    html = site.html("/about")
    shown = [
        unescape(typed)
        for typed in re.findall(
            r"<dt><code>(.*?)</code></dt><dd>", html.partition('id="search"')[2].partition("</dl>")[0]
        )
    ]
    assert len(shown) == 8
    for typed in shown:
        answer = site.html(f"/search?{urlencode({'q': typed})}")
        assert "holds no word or number" not in answer and ("registry numbers" in answer) is typed.startswith("NCT")
    assert "LMWH = low molecular weight heparin" in html and "LN = lupus nephritis" in html


def test_or_stands_between_all_words_before_it_and_all_after_it(of_losses: InProcess) -> None:
    one, other = "recurrent miscarriage", "habitual abortion"
    found = [
        set(titles(of_losses.html(f"/search?{urlencode({'q': typed})}"))) for typed in (one, other, f"{one} OR {other}")
    ]
    assert found[2] == found[0] | found[1] and found[0] and found[1]
    within = titles(of_losses.html(f"/search?{urlencode({'q': f'heparin ({one} OR {other})'})}"))
    assert set(within) == {title for title in found[2] if title != "Aspirin after habitual abortion"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("heparin miscarriage OR losses", "Read as “heparin miscarriage” or “losses”."),
        ("heparin OR losses", ""),
        ("heparin (miscarriage OR losses)", ""),
        ("NCT01000011 OR NCT01000012", ""),
    ],
)
def test_how_or_was_read_is_said_where_it_could_be_read_otherwise(of_losses: InProcess, typed: str, said: str) -> None:
    html = of_losses.html(f"/search?{urlencode({'q': typed})}")
    assert said in html if said else "Read as" not in html
