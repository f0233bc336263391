"""Complete means: announced = stored + rejected, nothing missing, nothing said against it."""

from __future__ import annotations

from typing import Any

import pytest

from harvester.archive import Arrival, Verdict
from harvester.verdicts import SOME, judge
from spiders.ctgov import CtgovSpider

ARRIVALS: dict[str, Arrival] = {"NCT00000001": "new", "NCT00000002": "changed", "NCT00000003": "unchanged"}


def verdict_of(announced: int | None, rejected: int = 0, gone: list[str] | None = None, **state: Any) -> Verdict:
    spider = CtgovSpider(query="trout")
    spider.announced = announced
    for name, value in state.items():
        setattr(spider, name, value)
    return judge(spider, ARRIVALS, rejected, {}, False, gone or [])


def test_what_arrived_is_counted_by_kind() -> None:
    verdict = verdict_of(3)
    assert verdict.verdict == "complete"
    assert (verdict.stored, verdict.new, verdict.changed, verdict.unchanged) == (3, 1, 1, 1)
    assert verdict.message == "3 of 3 announced records: 1 new, 1 changed."


@pytest.mark.parametrize(
    ("announced", "rejected", "expected"),
    [(3, 0, "complete"), (4, 1, "complete"), (4, 0, "incomplete"), (2, 0, "incomplete"), (None, 0, "incomplete")],
)
def test_stored_and_rejected_must_be_announced(announced: int | None, rejected: int, expected: str) -> None:
    assert verdict_of(announced, rejected).verdict == expected


def test_a_shortfall_is_the_message() -> None:
    verdict = verdict_of(3, shortfalls=["the summaries list fewer trials"])
    assert verdict.verdict == "incomplete"
    assert verdict.message == "the summaries list fewer trials."


def test_a_number_that_was_never_known_is_incomplete_and_a_known_one_is_gone() -> None:
    assert verdict_of(3, missing=["NCT00000009"]).verdict == "incomplete"
    assert verdict_of(3, missing=["NCT00000009"], gone=["NCT00000009"]).verdict == "complete"
    assert verdict_of(3, missing=["EUCTR2011-000001-11"], gone=["EUCTR2011-000001-11-FR"]).verdict == "complete"


def test_a_fault_goes_before_everything_and_says_what_is_kept() -> None:
    verdict = verdict_of(3, fault="the registry is in trouble: try again later")
    assert verdict.verdict == "failed"
    assert verdict.message == "the registry is in trouble: try again later. 3 records that arrived before are kept."


def test_an_error_of_our_own_is_a_failure_that_names_it() -> None:
    stats = {"spider_exceptions/count": 1, "spider_exceptions/KeyError": 1}
    verdict = judge(CtgovSpider(query="trout"), {}, 0, stats, False, [])
    assert verdict.verdict == "failed"
    assert "KeyError" in verdict.message


def test_a_long_list_of_numbers_is_cut_and_counted() -> None:
    verdict = verdict_of(3, missing=[f"NCT{index:08d}" for index in range(SOME + 5)])
    assert "and 5 more" in verdict.message
