"""CTIS's spider and its cut: a list read from both ends, trials one by one, and answers that are none."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from harvester.crawl import Job
from spiders import ctis
from spiders.faults import Fault
from spiders.payloads import Piece
from tests.spiders.registries import Scenario, Seen, assert_complete, assert_says, fault, nothing, run_all

ALL = Job(registry="ctis", all=True)
ONE, TWO = "2024-500001-11-00", "2024-500002-11-00"


def tight(rows: str) -> Job:
    """The whole registry, with pages of one row and so many rows from each end."""
    return Job(registry="ctis", all=True, arguments={"page_size": "1", "most_in_one_order": rows})


SCENARIOS: dict[str, Scenario] = {
    "everything": Scenario(nothing, ALL),
    "pages": Scenario(nothing, Job(registry="ctis", all=True, arguments={"page_size": "2"})),
    "both ends": Scenario(nothing, tight("3")),
    "too many": Scenario(nothing, tight("2")),
    "a query": Scenario(nothing, Job(registry="ctis", query="trial TROUT 500003")),
    "alternatives": Scenario(nothing, Job(registry="ctis", query="trout AND 500003 OR trout 500001 OR trial 500003")),
    "brackets": Scenario(nothing, Job(registry="ctis", query="trout AND (500003 OR 500001)")),
    "no hits": Scenario(nothing, Job(registry="ctis", query="salmon")),
    "changed since": Scenario(nothing, Job(registry="ctis", since="2026-02-02")),
    "changed since, of a query": Scenario(nothing, Job(registry="ctis", query="500001", since="2026-01-01")),
    "numbers": Scenario(nothing, Job(registry="ctis", ids=(ONE, f"CTIS{TWO}", ONE))),
    "an unknown number": Scenario(nothing, Job(registry="ctis", ids=(ONE, "2024-577777-11-00"))),
    "no number of CTIS": Scenario(nothing, Job(registry="ctis", ids=("2024-500001-11", "2015-001314-10"))),
    "wrong page size": Scenario(nothing, Job(registry="ctis", all=True, arguments={"page_size": "999"})),
    "announces more": Scenario(fault("ctis", "announces-more"), ALL),
    "row lost": Scenario(fault("ctis", "record-lost"), ALL),
    "listed and gone": Scenario(fault("ctis", "record-deleted", number=ONE, path="/retrieve"), ALL),
    "another trial": Scenario(
        fault("ctis", "record-changed", number=ONE, old=ONE, new=TWO, path="/retrieve"),
        Job(registry="ctis", ids=(ONE,)),
    ),
    "one of 500": Scenario(fault("ctis", "http-500", path=f"/retrieve/{ONE}"), ALL),
    "one of HTML": Scenario(fault("ctis", "html-instead", path=f"/retrieve/{ONE}"), ALL),
    "HTML for all": Scenario(fault("ctis", "html-instead", path="/retrieve"), ALL),
    "a search of HTML": Scenario(fault("ctis", "html-instead", path="/search"), ALL),
    "one 503": Scenario(fault("ctis", "http-503", path="/search", times=1), ALL),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    yield from run_all(SCENARIOS, tmp_path_factory.mktemp("ctis"))


def searches(seen: Seen) -> list[dict[str, dict[str, object]]]:
    """The bodies of the searches."""
    return [json.loads(request.body) for request in seen.requests if request.path.endswith("/search")]


# What is asked ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "records"),
    [
        ("everything", 5),
        ("pages", 5),
        ("both ends", 5),
        ("a query", 1),
        ("alternatives", 2),
        ("no hits", 0),
        ("changed since", 1),
        ("changed since, of a query", 0),
        ("numbers", 2),
        ("one 503", 5),
    ],
)
def test_every_way_of_asking_brings_what_was_announced(seen: dict[str, Seen], scenario: str, records: int) -> None:
    assert_complete(seen[scenario], records)


def test_a_search_is_a_post_of_json_with_pages_from_1(seen: dict[str, Seen]) -> None:
    asked = [request for request in seen["a query"].requests if request.path.endswith("/search")]
    assert [(request.method, request.headers["content-type"]) for request in asked] == [("POST", "application/json")]
    assert searches(seen["a query"]) == [
        {
            "pagination": {"page": 1, "size": 100},
            "sort": {"property": "decisionDate", "direction": "DESC"},
            "searchCriteria": {"containAll": "trial TROUT 500003"},
        }
    ]
    assert [body["pagination"]["page"] for body in searches(seen["pages"])] == [1, 2, 3]
    assert searches(seen["everything"])[0]["searchCriteria"] == {}


def test_sides_of_an_or_are_searches_of_their_own_for_all_words_of_one_must_be_there(seen: dict[str, Seen]) -> None:
    asked = [body["searchCriteria"]["containAll"] for body in searches(seen["alternatives"])]
    assert asked == ["trout 500003", "trout 500001", "trial 500003"]
    assert len([path for path in seen["alternatives"].paths() if "/retrieve/" in path]) == 2


@pytest.mark.parametrize("query", ["trout NOT salmon", "(trout OR salmon) AND lake", "trout OR OR lake", "OR trout"])
def test_what_the_search_cannot_say_is_refused_with_the_way_out(query: str) -> None:
    with pytest.raises(Fault, match="overrides of the topic"):
        ctis.alternatives(query)


def test_what_one_order_does_not_yield_is_read_from_the_other_end(seen: dict[str, Seen]) -> None:
    asked = [(body["sort"]["direction"], body["pagination"]["page"]) for body in searches(seen["both ends"])]
    assert asked == [("DESC", 1), ("DESC", 2), ("DESC", 3), ("ASC", 1), ("ASC", 2)]


def test_more_than_both_ends_yield_is_refused_before_the_first_trial(seen: dict[str, Seen]) -> None:
    assert_says(seen["too many"], "failed", "announces 5 trials", "4 at most", "split the query")
    assert not any("/retrieve/" in path for path in seen["too many"].paths())


def test_of_all_rows_only_the_changed_trials_are_retrieved(seen: dict[str, Seen]) -> None:
    assert [path for path in seen["changed since"].paths() if "/retrieve/" in path] == [
        "/ctis-public-api/retrieve/2024-500005-11-00"
    ]


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("no number of CTIS", "2024-500001-11, 2015-001314-10"),
        ("wrong page size", "'999'"),
        ("brackets", "knows no NOT and no brackets"),
    ],
)
def test_wrong_arguments_are_refused_before_any_request(seen: dict[str, Seen], scenario: str, words: str) -> None:
    assert_says(seen[scenario], "failed", words)
    assert seen[scenario].requests == []


# What does not agree ---------------------------------------------------------------------------------------------------


def test_an_empty_object_is_a_number_that_is_not_there(seen: dict[str, Seen]) -> None:
    assert_says(seen["an unknown number"], "incomplete", "not found", "2024-577777-11-00")
    assert (seen["an unknown number"].verdict.stored, seen["an unknown number"].verdict.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("announces more", "announced 6 trials and its pages list 5"),
        ("row lost", "5 records were announced and 4 arrived"),
        ("another trial", f"asked for {ONE} and answered with {TWO}"),
    ],
)
def test_what_was_announced_and_does_not_come_is_incomplete(seen: dict[str, Seen], scenario: str, words: str) -> None:
    assert_says(seen[scenario], "incomplete", words)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("listed and gone", "200 OK, application/json: an empty object"),
        ("one of 500", "500 Internal Server Error, text/plain"),
        ("one of HTML", "200 OK, text/html"),
    ],
)
def test_a_trial_that_is_listed_and_not_served_is_kept_as_rejected_and_the_others_are_published(
    seen: dict[str, Seen], scenario: str, words: str
) -> None:
    assert_says(seen[scenario], "incomplete", f"{ONE} is listed and not served", words)
    verdict = seen[scenario].verdict
    assert (verdict.announced, verdict.stored, verdict.rejected, verdict.is_published) == (5, 4, 1, True)


def test_html_again_and_again_ends_the_run(seen: dict[str, Seen]) -> None:
    assert_says(seen["HTML for all"], "failed", "text/html", "2 requests before it", "Try again later")
    assert sum("/retrieve/" in path for path in seen["HTML for all"].paths()) == 3


def test_a_search_that_is_none_is_an_error(seen: dict[str, Seen]) -> None:
    assert_says(seen["a search of HTML"], "failed", "did not answer with a page of trials", "a page of HTML")


# Files -----------------------------------------------------------------------------------------------------------------


def pieces(body: str | bytes) -> list[Piece]:
    stream = io.BytesIO(body if isinstance(body, bytes) else body.encode())
    return list(ctis.cut(stream, lambda note: None))


def trial(number: object, **more: object) -> dict[str, object]:
    return {"ctNumber": number, **more}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps([trial(ONE), trial(TWO)], indent=2),
        "\n".join(map(json.dumps, (trial(ONE), trial(TWO)))),
        "\ufeff" + json.dumps([trial(ONE), trial(TWO)]),
        json.dumps([trial(ONE, title="a\ud800b"), trial(TWO)]),
    ],
    ids=["array", "ndjson", "byte order mark", "lone surrogate"],
)
def test_every_form_of_a_file_gives_its_trials(body: str) -> None:
    assert [piece.registry_id for piece in pieces(body)] == [ONE, TWO]


def test_a_trial_keeps_the_bytes_it_was_served_in() -> None:
    body = '{ "ctNumber" :  "2024-500001-11-00" }'
    assert pieces(body)[0].body == body.encode()


def test_the_time_of_an_import_is_no_change() -> None:
    early, late, other = (
        pieces(json.dumps(trial(ONE, record_last_import=day, title=title)))[0].fingerprint
        for day, title in (("2024-01-01 10:00:00", "a"), ("2026-01-01 10:00:00", "a"), ("2024-01-01 10:00:00", "b"))
    )
    assert early == late != other


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}", "an empty object"),
        ('{"pagination": {}, "data": [{"ctNumber": "2024-500001-11-00"}]}', "a page of search results"),
        ('{"title": "x"}', "ctNumber is missing"),
        ('{"ctNumber": "2015-001314-10"}', "'2015-001314-10' is not of the form"),
        ('{"ctNumber": ["2024-500001-11-00"]}', "is not of the form"),
        ('{"ctNumber": fal5e}', "not readable JSON"),
        ('{"ctNumber": "2024-500001-11-00", "title": ', "ends in the middle of a trial"),
        ("[1, 2]", "holds no object"),
        ("<!DOCTYPE html><html>", "a page of HTML"),
        ("[" * 200_000, "holds no object"),
    ],
)
def test_what_is_said_of_wrong_files(body: str, said: str) -> None:
    found = pieces(body)
    assert [piece.registry_id for piece in found] == [None]
    assert said in str(found[0].reason)


def test_an_empty_array_holds_no_trial_and_is_no_error() -> None:
    assert pieces("[\n]") == []
