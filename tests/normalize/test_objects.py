"""JSON objects of unknown shape: what has the wrong type is absent and said; odd characters cost no record."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.objects import Notes, Part, decode


def part(**data: object) -> Part:
    return Part(data, "module", Notes([], []))


def said(part: Part) -> list[tuple[str, str | None, str]]:
    return [(warning.field, warning.raw_value, warning.reason) for warning in part.notes.warnings]


def test_text_is_stripped_and_blank_text_is_none() -> None:
    one = part(a="  x ", b="  ", c=None, d=7, e=1.5)
    assert [one.text(key) for key in "abcdef"] == ["x", None, None, "7", "1.5", None]
    assert said(one) == []


@pytest.mark.parametrize(
    ("value", "found"), [([], "a list"), ({}, "an object"), (True, "true or false"), (["x"], "a list")]
)
def test_no_text_is_said(value: object, found: str) -> None:
    one = part(a=value)
    assert one.text("a") is None
    assert [reason for _, _, reason in said(one)] == [f"Expected a text, found {found}: left out."]


@pytest.mark.parametrize(("value", "count"), [(0, 0), (12, 12), (12.0, 12), (None, None)])
def test_counts(value: object, count: int | None) -> None:
    one = part(a=value)
    assert one.count("a") == count and said(one) == []


@pytest.mark.parametrize("value", [-1, 1.5, 2**63, float("nan"), float("inf"), "12", True, []])
def test_what_is_no_count_is_said(value: object) -> None:
    one = part(a=value)
    assert one.count("a") is None and len(said(one)) == 1


def test_parts_below_keep_the_path() -> None:
    one = part(a={"b": [{"c": "x"}, "y", {"c": ["z"]}]})
    rows = one.part("a").parts("b")
    assert [row.text("c") for row in rows] == ["x", None]
    assert said(one) == [
        ("module.a.b", "y", "Expected a list of objects, found a text: left out."),
        ("module.a.b.c", None, "Expected a text, found a list: left out."),
    ]


def test_what_is_absent_is_empty_and_not_said() -> None:
    one = part()
    assert one.part("a").parts("b") == [] and one.texts("a") == [] and one.flag("a") is None and one.number("a") is None
    assert said(one) == []


def test_a_date_that_cannot_be_is_said_for_its_column() -> None:
    one = part(a="2024-13-01", b="2024-03")
    assert one.date("a", "ymd", "start") is None and one.date("b", "ymd", "start") == "2024-03"
    assert said(one) == [("start", "2024-13-01", "module.a is not a date.")]


class Small(TypedDict):
    a: Any


def test_members_that_nobody_reads_are_passed_over() -> None:
    notes = Notes([], [])
    small = msgspec.json.Decoder(Small)
    assert decode(b'{"a": {"b": 1}, "big": {"c": [1e400]}}', notes, small) == {"a": {"b": 1}}
    assert notes.warnings == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" ", "nothing"),
        (b"<HTML>", "an HTML page"),
        (b"\xef\xbb\xbf<?xml?><!-- --><a:b/>", "XML with the root element a:b"),
        (b"PK\x03\x04\x00", "a zip archive"),
        (b"Not found", "text that begins 'Not found'"),
        (b'{"a": 1', "JSON that breaks at character 8 of 7"),
    ],
)
def test_what_is_no_json_is_named(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        decode(body, Notes([], []))


@given(st.binary(max_size=60))
def test_decode_gives_a_value_or_says_why_not(body: bytes) -> None:
    try:
        decode(body, Notes([], []))
    except ValueError as error:
        assert str(error)
