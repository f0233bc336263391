"""Where one record ends and the next begins."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.slices import Slice, csv_records, json_headed, json_objects, texts_headed, xml_elements

HEAD = re.compile(rb'\{\s*"first"')
OBJECTS = st.lists(
    st.dictionaries(st.text(), st.text() | st.lists(st.dictionaries(st.text(), st.integers()))), max_size=6
)


class _Trickle(io.BytesIO):
    """A stream that gives a few bytes at a time, as a network or a zip may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(7, size) if size and size > 0 else 7)


@given(OBJECTS)
def test_objects_of_an_array_come_whole_whatever_the_chunks(objects: list[object]) -> None:
    body = json.dumps(objects).encode()
    assert [json.loads(found.body) for found in json_objects(_Trickle(body))] == objects


def test_braces_and_quotes_inside_strings_are_text() -> None:
    body = rb'[{"a": "} { \" } "}, {"b": {"c": "\\"}}]'
    assert [found.body for found in json_objects(io.BytesIO(body))] == [
        rb'{"a": "} { \" } "}',
        rb'{"b": {"c": "\\"}}',
    ]


def test_an_object_cut_off_is_handed_back_as_a_part() -> None:
    assert list(json_objects(io.BytesIO(b'{"a": 1}\n{"b": '))) == [
        Slice(b'{"a": 1}', True),
        Slice(b'{"b": ', False),
    ]


@given(OBJECTS)
def test_objects_with_a_head_come_whole_whatever_the_chunks(objects: list[dict[str, object]]) -> None:
    headed = [{"first": 1} | found for found in objects]
    body = json.dumps(headed).encode()
    assert [json.loads(found.body) for found in json_headed(_Trickle(body), HEAD)] == headed


@pytest.mark.parametrize("broken", [b'{"first": {"b": 1}', b'{"first": "no end, "b": "c"}', b'"stray'])
@pytest.mark.parametrize("stream", [io.BytesIO, _Trickle])
def test_a_missing_brace_or_quotation_mark_costs_only_its_object(broken: bytes, stream: type[io.BytesIO]) -> None:
    whole = [b'{"first": 1}', b'{"first": "x"}', b'{"first": {"y": "z"}}']
    found = list(json_headed(stream(b"[" + b", ".join([whole[0], broken, *whole[1:]]) + b"]"), HEAD))
    assert [piece.body for piece in found if piece.whole] == whole
    parts = [piece.body.startswith(broken) for piece in found if not piece.whole]
    assert parts == [True] * (b"{" in broken)


def test_an_element_that_is_not_closed_costs_only_itself() -> None:
    found = list(xml_elements(_Trickle(b"<T><Trial>a</Trial><Trial>b<Trial>c</Trial><Trial>d"), b"Trial"))
    assert found == [
        Slice(b"<Trial>a</Trial>", True),
        Slice(b"<Trial>b", False),
        Slice(b"<Trial>c</Trial>", True),
        Slice(b"<Trial>d", False),
    ]


def test_other_elements_whose_name_begins_alike_are_no_record() -> None:
    assert list(xml_elements(io.BytesIO(b"<Trials><Trial>a</Trial></Trials>"), b"Trial")) == [
        Slice(b"<Trial>a</Trial>", True)
    ]


def test_line_ends_inside_quotes_belong_to_the_value() -> None:
    body = b'id,text\r\n1,"two\r\nlines ""quoted"""\r\n2,plain\r\n'
    assert [found.body for found in csv_records(io.BytesIO(body))] == [
        b"id,text\r\n",
        b'1,"two\r\nlines ""quoted"""\r\n',
        b"2,plain\r\n",
    ]


def test_a_text_is_cut_before_each_head() -> None:
    import re

    found = list(
        texts_headed(io.BytesIO(b"This file contains\n\nSummary\na\nSummary\nb\n"), re.compile(rb"Summary\s*$"))
    )
    assert found == [
        Slice(b"This file contains\n\n", False),
        Slice(b"Summary\na\n", True),
        Slice(b"Summary\nb\n", True),
    ]
