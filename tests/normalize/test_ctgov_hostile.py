"""ClinicalTrials.gov: broken and hostile payloads."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.ctgov import normalize
from normalize.schema import CHILDREN, Record, Unreadable
from normalize.vocabularies import VOCABULARIES
from tests.normalize.ctgov import FIXTURES, read, study

WHOLE = json.loads((FIXTURES / "NCT90000001" / "payload.json").read_bytes())
WHOLE_TEXT = json.dumps(WHOLE).encode()
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["2024-02-30", "NCT90000005", "0", "\u0000", "<br>", "18 Parsecs", "ACTUAL"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
VOCABULARY_COLUMNS = {
    "allocation", "intervention_model", "masking", "primary_purpose", "observational_model", "time_perspective", "phase", "study_type",
    "recruitment_status", "sex", "ipd_sharing", "sampling_method",
}  # fmt: skip
DATE_TYPES = ("date_of_first_enrollment_type", "primary_completion_date_type", "completion_date_type")


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def change(payload: Any, path: tuple[Any, ...], value: object) -> None:
    """Puts `value` at `path`, or drops what is there; nothing when an earlier change has removed the place."""
    for key in path[:-1]:
        try:
            payload = payload[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(payload, dict) and value == "drop":
        payload.pop(path[-1], None)
    elif isinstance(payload, dict) or (isinstance(payload, list) and path[-1] in range(len(payload))):
        payload[path[-1]] = value


def hold(record: Record) -> None:
    """What is true of every record, however broken its payload."""
    stored = msgspec.json.encode(record).decode()  # fails on a lone surrogate
    assert "\\u0000" not in stored
    assert re.fullmatch(r"NCT\d{8}", record.registry_id)
    for column in VOCABULARY_COLUMNS:
        assert getattr(record, column) in VOCABULARIES[column] | {None}, column
    assert all(getattr(record, column) in ("actual", "anticipated", None) for column in DATE_TYPES)
    assert set(filter(None, (record.masked_roles or "").split(", "))) <= VOCABULARIES["masked_roles"]
    assert {arm.type for arm in record.arms} <= VOCABULARIES["arm_type"] | {None}
    assert {item.type for item in record.interventions} <= VOCABULARIES["intervention_type"] | {None}
    assert {site.status for site in record.sites} <= VOCABULARIES["site_status"] | {None}
    assert {sponsor.class_registry for sponsor in record.record_sponsors} <= VOCABULARIES["sponsor_class"] | {None}
    assert all(isinstance(row, CHILDREN[name]) for name in CHILDREN for row in getattr(record, name))
    assert all(0 <= count.count < 2**63 for count in record.enrollment_counts)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(places(WHOLE))), st.just("drop") | ANYTHING), min_size=1, max_size=4))
def test_any_broken_study_is_a_record_or_refused(changes: list[tuple[tuple[str | int, ...], object]]) -> None:
    payload = copy.deepcopy(WHOLE)
    for path, value in changes:
        change(payload, path, value)
    try:
        hold(read(payload))
    except Unreadable as refusal:
        assert str(refusal).startswith("ClinicalTrials.gov: ")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.integers(0, len(WHOLE_TEXT) - 1).map(lambda end: WHOLE_TEXT[:end]))
def test_any_bytes_are_a_record_or_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"^ClinicalTrials\.gov: "):
        normalize(body, "application/json")


@settings(max_examples=30, deadline=None)
@given(ANYTHING)
def test_the_same_payload_gives_the_same_record(value: object) -> None:
    payload = json.dumps(study(description={"briefSummary": value}, outcomes=value)).encode()
    assert normalize(payload, "") == normalize(payload, "")
