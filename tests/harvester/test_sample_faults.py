"""Every fault of the sample registries does what its name says."""

from __future__ import annotations

import gzip
import http.client
import time
import urllib.error
import urllib.request
import zlib
from urllib.parse import urlsplit

import pytest

from harvester.sample import SampleServer, faults
from tests.harvester.asked import euctr, flat, get, page, robots, study, walk


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
