"""ISRCTN's spider and its cut: counted first, then asked for at once or in spans of dates."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from harvester.crawl import Job
from spiders import isrctn
from spiders.payloads import Piece
from tests.spiders.registries import Scenario, Seen, assert_complete, assert_says, fault, full_trial, nothing, run_all

ALL = Job(registry="isrctn", all=True)
ONE, TWO = "ISRCTN00000001", "ISRCTN00000002"

SCENARIOS: dict[str, Scenario] = {
    "everything": Scenario(nothing, ALL),
    "spans": Scenario(nothing, Job(registry="isrctn", all=True, arguments={"most_an_answer": "2"})),
    "spans of a query": Scenario(
        nothing, Job(registry="isrctn", query="trial OR trout", arguments={"most_an_answer": "2"})
    ),
    "spans since": Scenario(
        nothing, Job(registry="isrctn", since="2023-01-01", query="trout", arguments={"most_an_answer": "1"})
    ),
    "all at once": Scenario(
        fault("isrctn", "record-changed", number=ONE, old="2021-01-01", new="2022-01-01"),
        Job(registry="isrctn", all=True, arguments={"most_an_answer": "1"}),
    ),
    "a query": Scenario(nothing, Job(registry="isrctn", query='"Trial 3"')),
    "no hits": Scenario(nothing, Job(registry="isrctn", query="salmon")),
    "changed since": Scenario(nothing, Job(registry="isrctn", since="2026-02-01")),
    "changed since, of a query": Scenario(nothing, Job(registry="isrctn", query="00000001", since="2026-01-01")),
    "numbers": Scenario(nothing, Job(registry="isrctn", ids=(ONE, "isrctn00000002", "00000001"))),
    "an unknown number": Scenario(nothing, Job(registry="isrctn", ids=(ONE, "ISRCTN77777777"))),
    "no number of ISRCTN": Scenario(nothing, Job(registry="isrctn", ids=("NCT00000001",))),
    "another trial": Scenario(
        fault("isrctn", "record-changed", number=ONE, old=">00000001<", new=">00000002<"),
        Job(registry="isrctn", ids=(ONE,)),
    ),
    "announces more": Scenario(fault("isrctn", "announces-more"), ALL),
    "a trial lost": Scenario(fault("isrctn", "record-lost"), ALL),
    "bounds that are passed over": Scenario(fault("isrctn", "announces-more", by=1_000), ALL),
    "html": Scenario(fault("isrctn", "html-instead"), ALL),
    "html for one": Scenario(fault("isrctn", "html-instead"), Job(registry="isrctn", ids=(ONE,))),
    "html after the count": Scenario(fault("isrctn", "html-instead", after=1), ALL),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    yield from run_all(SCENARIOS, tmp_path_factory.mktemp("isrctn"))


# What is asked ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "records"),
    [
        ("everything", 5),
        ("spans", 5),
        ("spans of a query", 5),
        ("spans since", 3),
        ("all at once", 5),
        ("a query", 1),
        ("no hits", 0),
        ("changed since", 1),
        ("changed since, of a query", 0),
        ("numbers", 2),
    ],
)
def test_every_way_of_asking_brings_what_was_announced(seen: dict[str, Seen], scenario: str, records: int) -> None:
    assert_complete(seen[scenario], records)


def test_a_search_is_counted_and_then_asked_for_as_a_whole(seen: dict[str, Seen]) -> None:
    assert seen["a query"].parameters("q") == ['"Trial 3"'] * 2
    assert seen["a query"].parameters("limit") == ["0", "1"]
    assert seen["no hits"].parameters("limit") == ["0"]


def test_everything_is_asked_for_as_all_that_was_ever_edited(seen: dict[str, Seen]) -> None:
    assert set(seen["everything"].parameters("q")) == {"lastEdited GE 1990-01-01T00:00:00.000Z"}


def test_a_date_is_joined_to_the_query(seen: dict[str, Seen]) -> None:
    assert set(seen["changed since"].parameters("q")) == {"lastEdited GE 2026-02-01T00:00:00.000Z"}
    expected = "(00000001) AND lastEdited GE 2026-01-01T00:00:00.000Z"
    assert set(seen["changed since, of a query"].parameters("q")) == {expected}


def test_a_search_of_too_many_trials_is_read_in_spans_of_dates(seen: dict[str, Seen]) -> None:
    asked = [request for request in seen["spans of a query"].requests if request.parameter("limit", "0") != "0"]
    assert len(asked) > 2
    assert all(request.parameter("limit") in ("1", "2") for request in asked)
    assert all(request.parameter("q").startswith("(trial OR trout) AND lastEdited GE ") for request in asked)
    first = next(q for q in seen["spans since"].parameters("q") if "LT" in q)
    assert first.startswith("(trout) AND lastEdited GE 2023-01-01T00:00:00.000Z AND lastEdited LT ")


def test_trials_of_one_moment_are_asked_for_together_however_many(seen: dict[str, Seen]) -> None:
    assert "2" in seen["all at once"].parameters("limit")


def test_a_number_of_another_registry_is_refused(seen: dict[str, Seen]) -> None:
    assert_says(seen["no number of ISRCTN"], "failed", "NCT00000001", "eight digits")
    assert seen["no number of ISRCTN"].requests == []


# What does not agree ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("an unknown number", "not found by the registry, check the number: ISRCTN77777777"),
        ("another trial", f"asked for {ONE} and answered with another trial"),
        ("announces more", "6 records were announced and 5 arrived"),
        ("a trial lost", "5 records were announced and 4 arrived"),
    ],
)
def test_what_was_announced_and_does_not_come_is_incomplete(seen: dict[str, Seen], scenario: str, words: str) -> None:
    assert_says(seen[scenario], "incomplete", words)


def test_dates_that_no_longer_split_a_search_end_the_run(seen: dict[str, Seen]) -> None:
    assert_says(seen["bounds that are passed over"], "failed", "no longer keeps to the bounds of lastEdited")


@pytest.mark.parametrize("scenario", ["html", "html for one", "html after the count"])
def test_something_else_with_status_200_is_an_error_that_names_it(seen: dict[str, Seen], scenario: str) -> None:
    assert_says(seen[scenario], "failed", "an ISRCTN answer", "a page of HTML")


# Files -----------------------------------------------------------------------------------------------------------------

ROOT = '<allTrials xmlns="http://www.67bricks.com/isrctn" totalCount="%d">%s</allTrials>'


def pieces(text: str) -> tuple[list[Piece], list[str]]:
    notes: list[str] = []
    return list(isrctn.cut(io.BytesIO(text.encode()), notes.append)), notes


def test_an_answer_gives_its_trials_in_their_own_bytes() -> None:
    one, two = full_trial(ONE, 1), full_trial(TWO, 2)
    found, notes = pieces(ROOT % (2, f"\n  {one}\n  {two}\n"))
    assert [(piece.registry_id, piece.body.decode()) for piece in found] == [(ONE, one), (TWO, two)]
    assert {piece.media_type for piece in found} == {"application/xml; charset=utf-8"}
    assert notes == []


def test_the_answer_of_one_trial_may_have_no_list_round_it() -> None:
    text = full_trial(ONE, 1).replace("<fullTrial>", '<fullTrial xmlns="http://www.67bricks.com/isrctn">')
    found, notes = pieces(f'<?xml version="1.0" encoding="ISO-8859-1"?>\n{text}')
    assert [(piece.registry_id, piece.media_type) for piece in found] == [(ONE, "application/xml; charset=iso-8859-1")]
    assert notes == []


def test_an_answer_without_a_trial_holds_none_and_is_no_error() -> None:
    assert pieces('<allTrials totalCount="0" xmlns="http://www.67bricks.com/isrctn"></allTrials>') == ([], [])


def test_an_answer_that_holds_fewer_than_announced_is_noted() -> None:
    found, notes = pieces(ROOT % (1_100, full_trial(ONE, 1)))
    assert len(found) == 1
    assert notes == ["the answer holds 1 of 1,100 announced trials: incomplete"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html><body>Sorry</body></html>", "a page of HTML"),
        ("<Trials_downloaded_from_ICTRP><Trial>", "an ICTRP export"),
        ('{"a": 1}', "JSON of another shape"),
        (ROOT % (1, "<fullTrial><trial></trial></fullTrial>"), "no ISRCTN of eight digits"),
        (full_trial(ONE, 1)[:-12], f"not closed ({ONE})"),
    ],
)
def test_what_is_said_of_wrong_files(text: str, said: str) -> None:
    found, _ = pieces(text)
    assert [piece.registry_id for piece in found] == [None]
    assert said in str(found[0].reason)


def test_a_trial_that_was_edited_is_a_change() -> None:
    first, again, later = (
        pieces(ROOT % (1, text))[0][0].fingerprint
        for text in (full_trial(ONE, 1), full_trial(ONE, 1), full_trial(ONE, 2))
    )
    assert first == again != later
