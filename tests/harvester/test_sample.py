"""The sample registries answer as the real ones are documented to."""

from __future__ import annotations

import gzip
import json
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from lxml import etree, html

from harvester.sample import ROBOTS_OF_WHO, SampleServer, write_export
from tests.harvester.asked import euctr, flat, get, isrctn, numbers, page, robots, walk


# ClinicalTrials.gov -----------------------------------------------------------------------------------------------------
def test_ctgov_pages_hold_every_study_once(server: SampleServer) -> None:
    pages = walk(server, pageSize="10", countTotal="true")
    assert [len(each) for each in pages] == [10, 10, 10, 6]
    assert sorted(flat(pages)) == sorted(server.numbers("ctgov"))


def test_ctgov_counts_on_the_first_page_only_and_when_asked(server: SampleServer) -> None:
    first = page(server, countTotal="true")
    second = page(server, countTotal="true", pageToken=str(first["nextPageToken"]))
    assert first["totalCount"] == 36
    assert "totalCount" not in second
    assert "totalCount" not in page(server)
    assert len(numbers(first)) == 10  # the default page
    assert len(numbers(page(server, pageSize="5000"))) == 36


def test_ctgov_tokens_must_be_url_encoded_and_belong_to_one_query(server: SampleServer) -> None:
    token = str(page(server, pageSize="2")["nextPageToken"])
    assert set("+/=") <= set(token)
    address = f"{server.base_url('ctgov')}/studies?pageSize=2&pageToken="
    assert get(address + quote(token, safe=""))[0] == 200
    assert get(address + token)[0] == 400  # a bare plus is a blank
    status, headers, _ = get(address + quote(token, safe="") + "&query.term=lupus")
    assert (status, headers["content-type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"query.cond": "antiphospholipid syndrome"}, {"NCT90000123", "NCT90000125"}),
        ({"query.titles": "AURORA"}, {"NCT90000101", "NCT90000102"}),
        ({"query.term": "IMERR OR LANTERN"}, {"NCT07265505", "NCT90000104"}),
        ({"query.id": "2021-099015-40"}, {"NCT90000115"}),
        ({"filter.ids": "NCT05557201,NCT03970954,NCT00000000"}, {"NCT05557201", "NCT03970954"}),
        ({"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-10-09,MAX]"}, {"NCT90000122", "NCT90000132"}),
        ({"query.term": "unheard-of-word"}, set()),
    ],
)
def test_ctgov_searches(server: SampleServer, query: dict[str, str], found: set[str]) -> None:
    hits = set(numbers(page(server, **query, pageSize="1000")))
    assert hits >= found
    assert len(hits) < 10
    assert bool(hits) == bool(found)


def test_ctgov_ignores_filters_when_a_query_is_nothing_but_numbers(server: SampleServer) -> None:
    query = {"query.term": "NCT05557201 OR NCT03970954", "filter.overallStatus": "RECRUITING"}
    assert set(numbers(page(server, **query))) == {"NCT05557201", "NCT03970954"}


def test_ctgov_says_one_study_an_alias_and_an_unknown_number(server: SampleServer) -> None:
    studies = f"{server.base_url('ctgov')}/studies/"
    assert json.loads(get(studies + "nct05557201")[2])["hasResults"] is False
    status, headers, _ = get(studies + "NCT90000926")
    assert (status, headers["location"]) == (301, "/ctgov/api/v2/studies/NCT90000126")
    status, headers, _ = get(studies + "NCT00000001")
    assert (status, headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert get(studies + "EUCTR1")[0] == 400


@pytest.mark.parametrize(
    "query", ["filter.phase=PHASE3", "pageSize=ten", "format=csv", "filter.advanced=AREA[Phase]PHASE3"]
)
def test_ctgov_refuses_what_it_does_not_know_in_plain_text(server: SampleServer, query: str) -> None:
    status, headers, _ = get(f"{server.base_url('ctgov')}/studies?{query}")
    assert (status, headers["content-type"]) == (400, "text/plain; charset=utf-8")


def test_ctgov_cuts_a_study_to_fields_and_says_its_version(server: SampleServer) -> None:
    cut = page(server, **{"filter.ids": "NCT05557201", "fields": "NCTId,HasResults"})
    assert cut["studies"] == [
        {"protocolSection": {"identificationModule": {"nctId": "NCT05557201"}}, "hasResults": False}
    ]
    assert json.loads(get(f"{server.base_url('ctgov')}/version")[2])["apiVersion"] == "2.0.5"


def test_answers_are_compressed_for_those_who_accept_it(server: SampleServer) -> None:
    address = f"{server.base_url('ctgov')}/studies/NCT05557201"
    _, headers, body = get(address, **{"Accept-Encoding": "gzip, br"})
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == get(address)[2]


def test_euctr_announces_and_lists_trials(server: SampleServer) -> None:
    found = euctr(server, "search?query=lupus&page=1")
    assert "Trials with a EudraCT protocol (5)" in found
    assert '<a href="/ctr-search/trial/2021-099015-40/3rd">Outside EU/EEA</a>' in found
    assert "Displaying page 1 of 1." in found


def test_euctr_says_200_and_a_sentence_when_nothing_matches(server: SampleServer) -> None:
    for route in ("search?query=unheard-of-word", "rest/download/trial/2021-099015-40/3RD", "trial/2021-099015-40/AT"):
        assert "Query did not match any clinical trials" in euctr(server, route)


def test_euctr_lists_the_countries_of_a_trial_in_its_summary(server: SampleServer) -> None:
    listed = euctr(server, "rest/download/summary?query=eudract_number:2021-099015-40&page=1&mode=current_page")
    assert re.search(r"^EudraCT Number: +2021-099015-40$", listed, re.MULTILINE)
    assert re.search(
        r"^Trial protocol: +DE\(Completed\) IT\(Trial now transitioned\) Outside EU/EEA\(", listed, re.MULTILINE
    )


def test_euctr_gives_one_country_record_or_all_of_a_query(server: SampleServer) -> None:
    one = euctr(server, "rest/download/trial/2017-001400-29/FR")
    assert one.startswith("Full details")
    assert one.endswith(server.texts("euctr")["2017-001400-29/FR"])
    assert euctr(server, "rest/download/full?query=AURORA&page=1").count("\nSummary\n") == 2
    assert euctr(server, "rest/download/full?query=AURORA&page=2") == ""


def test_euctr_pages_twenty_trials(server: SampleServer) -> None:
    server.fault("euctr", "many-records", count=1_000)
    assert "Trials with a EudraCT protocol (1,007)" in euctr(server, "search?query=")
    listed = [
        re.findall(r"EudraCT Number: +(\S+)", euctr(server, f"rest/download/summary?query=&page={number}"))
        for number in (1, 2, 51, 52)
    ]
    assert [len(each) for each in listed] == [20, 20, 7, 0]
    assert not set(listed[0]) & set(listed[1])


def test_euctr_feed_holds_what_changed(server: SampleServer) -> None:
    assert "<item>" not in euctr(server, "rest/feed/bydates?query=")
    change = {"number": "2018-099072-55/NL", "old": "Temporarily Halted", "new": "Completed"}
    server.fault("euctr", "record-changed", **change)
    feed = etree.fromstring(euctr(server, "rest/feed/bydates?query=").encode())
    assert [item.findtext("guid") for item in feed.iter("item")] == ["2018-099072-55"]


# CTIS -----------------------------------------------------------------------------------------------------------------
def ctis_search(server: SampleServer, page: int, size: int = 100, direction: str = "DESC", **criteria: str) -> Any:
    asked = {
        "pagination": {"page": page, "size": size},
        "sort": {"property": "decisionDate", "direction": direction},
        "searchCriteria": criteria,
    }
    request = urllib.request.Request(
        f"{server.base_url('ctis')}/search", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_ctis_searches_by_post_in_pages_from_1(server: SampleServer) -> None:
    first, second = ctis_search(server, 1, 2), ctis_search(server, 2, 2)
    assert first["pagination"] == {"totalRecords": 3, "currentPage": 1, "totalPages": 2, "nextPage": True}
    assert [row["ctNumber"][:4] for row in first["data"] + second["data"]] == ["2025", "2024", "2023"]
    assert first["data"][0]["lastPublicationUpdate"] == "13/10/2026"
    assert [row["ctNumber"][:4] for row in ctis_search(server, 1, direction="ASC")["data"]] == ["2023", "2024", "2025"]
    assert ctis_search(server, 1, containAll="aspirin CARRIERS")["pagination"]["totalRecords"] == 1
    assert ctis_search(server, 0)["pagination"]["totalRecords"] == 0
    assert get(f"{server.base_url('ctis')}/search")[0] == 405


def test_ctis_yields_ten_thousand_rows_and_does_not_say_so(server: SampleServer) -> None:
    server.fault("ctis", "many-records", count=10_000)
    last, beyond = ctis_search(server, 100), ctis_search(server, 101)
    assert [len(last["data"]), len(beyond["data"])] == [100, 0]
    assert last["pagination"]["totalRecords"] == beyond["pagination"]["totalRecords"] == 10_003


def test_ctis_says_an_empty_object_for_an_unknown_number(server: SampleServer) -> None:
    retrieve = f"{server.base_url('ctis')}/retrieve/"
    assert json.loads(get(retrieve + "2024-599010-27-00")[2])["ctNumber"] == "2024-599010-27-00"
    assert get(retrieve + "2024-599010-27-01")[::2] == (200, b"{}")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("miscarriage", 3),
        ("NCT90000104 OR HEARTH", 2),
        ("lastEdited GE 2021-11-30T08:00:00.000Z", 2),
        ("(miscarriage) AND lastEdited GE 2019-01-01T00:00:00.000Z AND lastEdited LT 2021-11-30T08:00:00.000Z", 1),
        ("unheard-of-word", 0),
    ],
)
def test_isrctn_searches(server: SampleServer, query: str, found: int) -> None:
    total, root = isrctn(server, q=query, limit="100")
    assert (total, len(root)) == (found, found)
    total, root = isrctn(server, q=query, limit="0")
    assert (total, len(root)) == (found, 0)


def test_isrctn_refuses_a_search_without_words_and_serves_single_trials(server: SampleServer) -> None:
    base = server.base_url("isrctn")
    assert get(f"{base}/query/format/default?q=&limit=0")[0] == 400
    one = etree.fromstring(get(f"{base}/trial/ISRCTN99000017/format/default")[2])
    assert one.tag == "{http://www.67bricks.com/isrctn}fullTrial"
    assert get(f"{base}/trial/ISRCTN99000018/format/default")[0] == 404


# WHO ICTRP --------------------------------------------------------------------------------------------------------------
def trial2(server: SampleServer, number: str) -> html.HtmlElement:
    status, _, body = get(f"{server.base_url('ictrp')}/Trial2.aspx?{urlencode({'TrialID': number})}")
    assert status == 200
    return html.document_fromstring(body.decode())


def test_ictrp_shows_a_trial_by_element_ids(server: SampleServer) -> None:
    shown = trial2(server, "ChiCTR2199000001")
    assert shown.get_element_by_id("DataList3_ctl01_TrialIDLabel").text == "ChiCTR2199000001"
    assert shown.get_element_by_id("DataList3_ctl01_Target_sizeLabel").text == "Treatment group:50;Control group:50;"
    assert len(shown.get_element_by_id("DataList3_ctl01_Scientific_titleLabel").text) == 2_000
    assert len(shown.get_element_by_id("DataList6_ctl01_Inclusion_criteriaLabel").findall("br")) == 3


def test_ictrp_shows_headings_without_data_for_an_unknown_number(server: SampleServer) -> None:
    nothing = trial2(server, "EUCTR2017-001400-29")  # without country
    assert nothing.get_element_by_id("DataList3", None) is not None
    assert not nothing.xpath("//*[contains(@id, 'TrialIDLabel')]")


def test_the_export_holds_every_trial_in_the_form_of_2024(tmp_path: Path) -> None:
    count = write_export(tmp_path / "ICTRP-Results.xml")
    root = etree.parse(tmp_path / "ICTRP-Results.xml").getroot()
    assert root.tag == "Trials_downloaded_from_ICTRP"
    assert len(root.findall("Trial")) == count == 12
    for trial in root:
        assert str(trial.findtext("TrialID")).endswith("\n    ")
        assert len(str(trial.findtext("Scientific_title")).removesuffix("\n    ")) == 2_000


def test_every_registry_is_a_host_with_a_robots_file_of_its_own(server: SampleServer) -> None:
    names = ("ctgov", "euctr", "ctis", "isrctn", "ictrp")
    assert len({urlsplit(server.base_url(name)).netloc for name in names}) == len(names)
    assert "Crawl-delay: 1\n" in robots(server, "ctgov")
    assert "Disallow:\n" in robots(server, "euctr")
    assert "Disallow: /\n" not in robots(server, "ictrp")


def test_the_real_robots_file_of_who_can_be_put_in_place(server: SampleServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server.robots, "ictrp", ROBOTS_OF_WHO)
    assert robots(server, "ictrp") == "User-agent: *\nDisallow: /\n"


def test_requests_are_logged_with_what_was_asked(server: SampleServer) -> None:
    get(f"{server.base_url('ctgov')}/studies?query.term=a%20b", **{"User-Agent": "harvester (me@example.org)"})
    logged = server.requests[-1]
    assert (logged.registry, logged.method, logged.path) == ("ctgov", "GET", "/ctgov/api/v2/studies")
    assert logged.parameter("query.term") == "a b"
    assert logged.headers["user-agent"] == "harvester (me@example.org)"
    assert 0 <= time.monotonic() - logged.at < 10
