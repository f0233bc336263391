"""Pauses, bounds and borders of a request, as pure functions. What they do on the wire is in tests/spiders."""

from __future__ import annotations

import datetime
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.politeness import gunzip, is_same_registry
from spiders.base import is_loopback
from spiders.faults import seconds_asked

NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"120", 120.0),
        (b" 0 ", 0.0),
        (b"Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        (b"Fri, 20 Nov 2026 12:00:30 -0000", 30.0),
        (b"Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        (b"soon", None),
        (b"-5", None),
        (b"", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: bytes | None, seconds: float | None) -> None:
    assert seconds_asked(header, NOON) == seconds


@given(st.binary(max_size=60))
def test_any_retry_after_is_a_pause_or_none(header: bytes) -> None:
    seconds = seconds_asked(header, NOON)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("url", "target", "same"),
    [
        ("https://a.org/x", "https://a.org/y", True),
        ("https://a.org/x", "https://www.a.org/x", True),
        ("http://a.org/x", "https://a.org/x", True),
        ("https://a.org/x", "http://a.org/x", False),
        ("https://a.org/x", "https://b.org/x", False),
        ("https://a.org/x", "https://a.org.b.org/x", False),
        ("https://a.org/x", "https://a.org@b.org/x", False),
        ("http://127.0.0.1:80/x", "http://127.0.0.1:81/x", False),
        ("https://a.org/x", "ftp://a.org/x", False),
        ("https://a.org/x", "https://a.org:port/x", False),
    ],
)
def test_a_redirect_stays_at_home_or_is_refused(url: str, target: str, same: bool) -> None:
    assert is_same_registry(url, target) is same


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://localhost/x", True),
        ("http://[::1]/x", True),
        ("https://clinicaltrials.gov/api/v2", False),
        ("https://127.0.0.1.example.org/", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, here: bool) -> None:
    assert is_loopback(url) is here


@given(st.lists(st.binary(max_size=300), max_size=3))
def test_gzip_is_undone_whole_whatever_its_members(parts: list[bytes]) -> None:
    assert gunzip(b"".join(gzip.compress(part) for part in parts), 10_000) == b"".join(parts)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_gzip_that_ends_early_is_nothing(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    assert gunzip(packed[: data.draw(st.integers(1, len(packed) - 1))], 10_000) is None


def test_gzip_is_never_undone_beyond_the_limit() -> None:
    packed = gzip.compress(b" " * 1_000_000)
    assert len(gunzip(packed, 1_000) or b"") == 1_001


def test_what_is_no_gzip_is_nothing() -> None:
    assert gunzip(b"<html>", 1_000) is None
