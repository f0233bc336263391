"""WHO ICTRP: broken and hostile payloads."""

from __future__ import annotations

import csv
import io

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.ictrp import normalize
from normalize.ictrp_elements import NAMES
from normalize.schema import CHILDREN, Unreadable
from normalize.vocabularies import VOCABULARIES
from tests.normalize.ictrp import FIXTURES, payload, trial

COLUMNS = ("study_type", "phase", "recruitment_status", "sex", "allocation", "intervention_model", "masking", "primary_purpose", "ipd_sharing")  # fmt: skip


def assert_sound(body: bytes, media_type: str) -> None:
    try:
        record = normalize(body, media_type)
    except Unreadable as refusal:
        assert str(refusal).endswith(".")
        return
    for column in COLUMNS:
        assert getattr(record, column) in {None, *VOCABULARIES[column]}
    msgspec.json.encode(record)
    for name, kind in CHILDREN.items():
        assert all(type(row) is kind for row in getattr(record, name))
    for criterion in record.criteria:
        assert record.eligibility_raw is not None
        assert criterion.text == record.eligibility_raw[criterion.start : criterion.end]
    assert record == normalize(body, media_type)


PAYLOADS = [payload(folder.name) for folder in sorted(FIXTURES.iterdir())]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(PAYLOADS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.binary(max_size=12)), min_size=1, max_size=4),
)
def test_mutated_payloads_are_records_or_unreadable(
    given_payload: tuple[bytes, str], edits: list[tuple[float, int, bytes]]
) -> None:
    body, media_type = given_payload
    for place, length, inserted in edits:
        start = int(place * len(body))
        body = body[:start] + inserted + body[start + length :]
    assert_sound(body, media_type)


FRAGMENTS = st.sampled_from(
    ["<br>", ";", ":", "\n", "[", "]", "(", "&#32;", "&", "<", "F.1.2 Adults yes", "Timepoint: ", "Product Name: ", "MedDRA version: ",
     "Primary end point(s): ", "Group 1: ", "Controlled: yes ", "Open: yes", "Term:", "0", "7", "Drug: ", "\u0660", "\U0001f9ea", " "]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(
        ["ClinicalTrials.gov", "EUCTR", "CTIS", "ChiCTR", "ANZCTR", "IRCT", "CTRI", "DRKS", "JPRN", "PACTR", "Moon"]
    ),
    st.dictionaries(
        st.sampled_from([name for name in NAMES if name not in ("TrialID", "Source_Register")]),
        st.lists(FRAGMENTS | st.text(max_size=6), max_size=14).map("".join),
        max_size=12,
    ),
)
def test_any_text_in_any_element_is_a_record(register: str, elements: dict[str, str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["TrialID", "Source Register", *elements], ["X1", register, *elements.values()]])
    assert_sound(out.getvalue().encode("utf-8", "surrogatepass"), "text/csv")


@pytest.mark.parametrize(
    "filler",
    [
        " ",
        "\n",
        ";",
        "<br>",
        "[",
        "Product Name: x\n\n",
        "Group 1: ",
        "<",
        "&",
        "(",
        "F.1.2 ",
        "MedDRA version: ",
        " ;Timepoint: ",
    ],
)
@pytest.mark.parametrize("register", ["EUCTR", "IRCT", "ChiCTR"])
def test_a_long_text_takes_no_long_time(register: str, filler: str) -> None:
    """50,000 characters in each list: a pattern that backtracks would take minutes."""
    text = "a" + filler * (50_000 // len(filler)) + "b"
    record = trial(
        register, Condition=text, Intervention=text, Primary_outcome=text, Study_design="Controlled: no" + text
    )
    assert record.registry_id == "NCT09990009"
