"""The sample registries answer as the real ones are documented to, and every fault does what its name says."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from lxml import etree, html

from harvester.sample import RECORDS, ROBOTS_OF_WHO, SampleServer, faults, ictrp, write_export
from harvester.sample.euctr_page import protocol
from normalize import normalize


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


STRAIGHT = urllib.request.build_opener(NoRedirect)


@pytest.fixture(scope="module")
def running() -> Iterator[SampleServer]:
    with SampleServer() as server:
        yield server


@pytest.fixture
def server(running: SampleServer) -> Iterator[SampleServer]:
    running.clear()
    running.requests.clear()
    yield running
    running.clear()


def get(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (lower case) and body, redirects not followed."""
    request = urllib.request.Request(address, headers=headers)
    try:
        answer = STRAIGHT.open(request, timeout=10)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def page(server: SampleServer, **query: str) -> dict[str, object]:
    status, _, body = get(f"{server.base_url('ctgov')}/studies?{urlencode(query)}")
    assert status == 200, body
    answered: dict[str, object] = json.loads(body)
    return answered


def numbers(answered: dict[str, object]) -> list[str]:
    studies = answered["studies"]
    assert isinstance(studies, list)
    return [study["protocolSection"]["identificationModule"]["nctId"] for study in studies]


def walk(server: SampleServer, most: int = 50, **query: str) -> list[list[str]]:
    """The numbers of every page, following the tokens."""
    pages = []
    answered = page(server, **query)
    pages.append(numbers(answered))
    while "nextPageToken" in answered and len(pages) < most:
        answered = page(server, **query, pageToken=str(answered["nextPageToken"]))
        pages.append(numbers(answered))
    return pages


def flat(pages: list[list[str]]) -> list[str]:
    return [number for page in pages for number in page]


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


# EU Clinical Trials Register -----------------------------------------------------------------------------------------


def euctr(server: SampleServer, route: str) -> str:
    status, _, body = get(f"{server.base_url('euctr')}/ctr-search/{route}")
    assert status == 200
    return body.decode()


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


# ISRCTN ---------------------------------------------------------------------------------------------------------------


def isrctn(server: SampleServer, **query: str) -> tuple[int, etree._Element]:
    """The number that a search announces, and its answer."""
    status, _, body = get(f"{server.base_url('isrctn')}/query/format/default?{urlencode(query)}")
    assert status == 200
    root = etree.fromstring(body)
    return int(root.get("totalCount") or -1), root


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


# robots.txt and the log -------------------------------------------------------------------------------------------------


def robots(server: SampleServer, registry: str) -> str:
    host = urlsplit(server.base_url(registry)).netloc
    return get(f"http://{host}/robots.txt")[2].decode()


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


# Faults -----------------------------------------------------------------------------------------------------------------


def study(server: SampleServer, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return get(f"{server.base_url('ctgov')}/studies/NCT05557201", **headers)


def test_a_status_comes_so_many_times_and_then_no_more(server: SampleServer) -> None:
    server.fault("ctgov", "http-503", times=2)
    assert [study(server)[0] for _ in range(3)] == [503, 503, 200]


def test_a_fault_can_spare_requests_and_keep_to_paths(server: SampleServer) -> None:
    server.fault("ctgov", "http-500", after=1, path="/studies/")
    assert [study(server)[0] for _ in range(3)] == [200, 500, 500]
    assert get(f"{server.base_url('ctgov')}/version")[0] == 200
    assert "Crawl-delay" in robots(server, "ctgov")
    server.fault("ctgov", "http-500", path="/robots.txt")
    assert "500" in robots(server, "ctgov")


@pytest.mark.parametrize("value", [7, "Fri, 20 Nov 2026 09:00:00 GMT"])
def test_retry_after_comes_in_seconds_or_as_a_date(server: SampleServer, value: int | str) -> None:
    server.fault("ctgov", "http-429", retry_after=value)
    status, headers, _ = study(server)
    assert (status, headers["retry-after"]) == (429, str(value))


@pytest.mark.parametrize("name", ["reset", "no-answer"])
def test_a_connection_ends_without_an_answer(server: SampleServer, name: str) -> None:
    server.fault("ctgov", name, seconds=0.05)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, urllib.error.URLError)):
        study(server)


@pytest.mark.parametrize("name", ["truncated-body", "reset-midway"])
def test_half_a_body_is_no_body(server: SampleServer, name: str) -> None:
    server.fault("ctgov", name)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        study(server)


def test_a_truncated_gzip_cannot_be_unpacked(server: SampleServer) -> None:
    server.fault("ctgov", "truncated-gzip")
    _, headers, body = study(server)
    assert headers["content-encoding"] == "gzip"
    assert len(body) == int(headers["content-length"])
    with pytest.raises(EOFError):
        gzip.decompress(body)


def test_a_slow_answer_arrives_whole(server: SampleServer) -> None:
    whole = study(server)[2]
    server.fault("ctgov", "slow-drip", pause=0.01)
    began = time.monotonic()
    assert study(server)[2] == whole
    assert time.monotonic() - began > 0.15


def test_html_comes_with_200_in_place_of_json(server: SampleServer) -> None:
    server.fault("ctgov", "html-instead")
    status, headers, body = study(server)
    assert (status, headers["content-type"]) == (200, "text/html; charset=UTF-8")
    assert body.startswith(b"<!DOCTYPE html>")
    server.clear()
    server.fault("ctgov", "empty-body")
    assert study(server)[2] == b""


def test_charset_and_bytes_can_disagree_both_ways(server: SampleServer) -> None:
    server.fault("ctgov", "wrong-charset", times=1)
    _, headers, body = study(server)
    assert headers["content-type"] == "application/json; charset=ISO-8859-1"
    assert "Hôpitaux" in body.decode()
    server.fault("ctgov", "wrong-bytes", times=1)
    _, headers, body = study(server)
    assert headers["content-type"].endswith("charset=UTF-8")
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_a_redirect_leads_to_another_host_and_following_it_shows(server: SampleServer) -> None:
    server.fault("ctgov", "foreign-redirect", times=1)
    status, headers, _ = study(server)
    assert (status, urlsplit(headers["location"]).hostname) == (302, "localhost")
    get(headers["location"].replace("localhost", "127.0.0.1"))
    assert server.requests[-1].path == "/elsewhere"
    server.fault("ctgov", "redirect-loop", times=1)
    assert study(server)[1]["location"] == "/ctgov/api/v2/studies/NCT05557201"


def test_a_gzip_bomb_is_small_on_the_wire_and_large_unpacked(server: SampleServer) -> None:
    server.fault("ctgov", "gzip-bomb", megabytes=20)
    _, headers, body = study(server)
    assert headers["content-encoding"] == "gzip"
    assert len(body) < 60_000
    assert len(zlib.decompress(body, wbits=31)) == 20 << 20


@pytest.mark.parametrize(("name", "length"), [("oversized-body", str(3 << 20)), ("oversized-stream", None)])
def test_an_oversized_body_comes_with_and_without_its_length(
    server: SampleServer, name: str, length: str | None
) -> None:
    server.fault("ctgov", name, megabytes=3)
    _, headers, body = study(server)
    assert headers.get("content-length") == length
    assert len(body) == 3 << 20


def test_paging_goes_wrong_in_every_way_it_does(server: SampleServer) -> None:
    honest = flat(walk(server, pageSize="10"))

    def read(name: str, **options: int) -> list[list[str]]:
        server.clear()
        server.fault("ctgov", name, **options)
        return walk(server, most=20, pageSize="10")

    twice = flat(read("record-twice"))
    assert (len(twice), set(twice)) == (37, set(honest))
    assert len(flat(read("record-lost"))) == 35
    shifted = flat(read("record-shifted"))
    assert (len(shifted), len(set(shifted))) == (36, 35)
    assert [len(each) for each in read("empty-page")] == [10, 10, 10, 0, 6]
    assert len(read("endless-pages")) == 20
    server.clear()
    server.fault("ctgov", "announces-more", by=3)
    assert page(server, countTotal="true")["totalCount"] == 39


@pytest.mark.parametrize(
    ("registry", "address", "found"),
    [
        ("ctgov", "/studies/NCT05557201", '"overallStatus":"PAUSED_FOR_REVIEW"'),
        ("euctr", "/ctr-search/rest/download/trial/2017-001400-29/FR", "Trial Status: Paused for review"),
        ("ctis", "/retrieve/2023-599041-36-00", '"ctPublicStatus":"Paused for review"'),
        ("isrctn", "/trial/ISRCTN99000033/format/default", "<recruitmentStatusOverride>Paused for review<"),
        ("ictrp", "/Trial2.aspx?TrialID=NCT05557201", "Paused for review"),
    ],
)
def test_a_registry_learns_a_new_status(server: SampleServer, registry: str, address: str, found: str) -> None:
    server.fault(registry, "new-status")
    assert found in get(server.base_url(registry) + address)[2].decode()


def test_a_key_is_renamed_a_record_deleted_another_changed(server: SampleServer) -> None:
    server.fault("ctgov", "renamed-key")
    assert b'"eligibilityText":' in study(server)[2]
    server.fault("ctgov", "record-deleted", number="NCT03970954")
    server.fault("ctgov", "record-changed", number="NCT05557201", old='"count":700', new='"count":750')
    assert page(server, countTotal="true")["totalCount"] == 35
    assert b'"count":750' in study(server)[2]


def test_a_country_record_comes_twice(server: SampleServer) -> None:
    server.fault("euctr", "country-twice")
    doubled = euctr(server, "rest/download/full?query=eudract_number:2017-001400-29")
    assert doubled.count("/trial/2017-001400-29/FR/") == 2
    assert doubled.count("A.3 Full title of the trial: Amended:") == 1


def test_a_registry_can_be_of_any_size(server: SampleServer) -> None:
    server.fault("ctgov", "many-records", count=2_500)
    pages = walk(server, pageSize="1000")
    assert [len(each) for each in pages] == [1_000, 1_000, 536]
    assert len(set(flat(pages))) == 2_536


def test_an_unknown_fault_is_refused_with_the_names_of_all(server: SampleServer) -> None:
    with pytest.raises(ValueError, match="gzip-bomb"):
        server.fault("ctgov", "typo")
    assert not {name for name in faults.NAMES if name.startswith("http-")} - {"http-status"}


# Records ----------------------------------------------------------------------------------------------------------------

#: Records that are meant to leave a warning, and the column it is about. All others must be read without one.
WARNED = {
    "ctgov:NCT90000126": {"target_sample_size"},  # enrollment without a type
    "ctgov:NCT90000130": {"target_sample_size"},
    "ictrp:ACTRN12699000001998": {"target_sample_size"},  # 0
    "ictrp:JPRN-UMIN000099001": {"ethics_reviews"},  # 01/01/1900
    "isrctn:ISRCTN99000033": {"brief_summary"},  # "Not provided at time of registration"
    # WHO writes "=" for both signs: the limits of these criteria have no direction there.
    # And for EUCTR's records the day of the authority's decision as that of first enrollment.
    "ictrp:EUCTR2017-001400-29-FR": {"date_of_first_enrollment"},
    "ictrp:EUCTR2019-099010-27-ES": {"criterion_measures", "date_of_first_enrollment"},
    "ictrp:EUCTR2019-099010-27-FR": {"criterion_measures", "date_of_first_enrollment"},
}


def payloads() -> Iterator[tuple[str, str, bytes, str]]:
    """Every record in every form in which it can be met: source, number, bytes, media type."""
    server = SampleServer()
    server.close()
    for number, text in server.texts("ctgov").items():
        yield "ctgov", number, text.encode(), "application/json"
    for number, text in server.texts("euctr").items():
        name = "EUCTR" + number.upper().replace("/", "-")
        yield "euctr", name, text.encode(), "text/plain; charset=utf-8"
        yield "euctr", name, protocol(text).encode(), "text/html; charset=utf-8"
    for number, text in server.texts("ictrp").items():
        exported = re.search(rb"<Trial>.*</Trial>", ictrp.export([text]), re.DOTALL)
        assert exported
        yield "ictrp", number, exported[0], "application/xml"
        yield "ictrp", number, ictrp.trial_page(ictrp.elements(text)).encode(), "text/html; charset=utf-8"
    for number, text in server.texts("ctis").items():
        yield "ctis", number, text.encode(), "application/json"
    for number, text in server.texts("isrctn").items():
        yield "isrctn", number, text.encode(), "application/xml; charset=utf-8"


@pytest.mark.parametrize(
    "payload", [pytest.param(each, id=f"{each[0]}-{each[1]}-{each[3].split(';')[0]}") for each in payloads()]
)
def test_every_record_is_read_with_no_warning_but_the_intended(payload: tuple[str, str, bytes, str]) -> None:
    source, number, body, media_type = payload
    record = normalize(source, body, media_type)
    assert record.registry_id == number
    assert record.criteria
    assert not record.unmapped_values
    assert {warning.field for warning in record.warnings} == WARNED.get(f"{source}:{number}", set()), record.warnings


def test_there_are_sixty_six_records_and_the_readme_names_the_awkward_ones() -> None:
    files = [file for kind in ("json", "txt", "xml") for file in RECORDS.glob(f"*/*.{kind}")]
    assert len(files) == 66
    told = (RECORDS / "README.md").read_text("utf-8")
    numbers = [re.findall(r"NCT\d+|UMIN\d+|ACTRN\d+|ISRCTN\d+|\d{4}-\d{6}-\d{2}", key)[0] for key in WARNED]
    assert [number for number in numbers if number not in told] == []


def test_no_record_holds_a_contact_that_could_be_real() -> None:
    texts = [file.read_text("utf-8") for file in RECORDS.glob("*/*")]
    addresses = {address for text in texts for address in re.findall(r"[\w.+-]+@[\w.-]+\.\w+", text)}
    assert addresses
    assert {address for address in addresses if not address.endswith("example.org")} == set()
