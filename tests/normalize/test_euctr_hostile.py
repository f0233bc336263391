"""EUCTR: broken and hostile payloads, and what holds for all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.euctr import normalize
from normalize.schema import Record, Unreadable
from normalize.vocabularies import VOCABULARIES
from tests.normalize.euctr import ASTHMA, changed, payload, solid, text_of

LINES = text_of(ASTHMA).splitlines()
HTML = payload(ASTHMA, "html").decode()


def _holds(record: Record) -> None:
    for column, vocabulary in (
        ("recruitment_status", "recruitment_status"),
        ("sex", "sex"),
        ("masking", "masking"),
        ("allocation", "allocation"),
    ):
        value = getattr(record, column)
        assert value is None or value in VOCABULARIES[vocabulary]
    for criterion in record.criteria:
        assert (record.eligibility_raw or "")[criterion.start : criterion.end] == criterion.text
    msgspec.json.encode(record)


edits = st.lists(
    st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from(("delete", "double", "move", "blank", "text")), st.integers(0, len(LINES) - 1), st.text(max_size=30)),
    max_size=12,
)  # fmt: skip


@given(edits, st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_edit_of_lines_gives_a_record_or_a_reason(changes: list[tuple[int, str, int, str]], is_cut: bool) -> None:
    lines = list(LINES)
    for at, kind, other, text in changes:
        at, other = min(at, len(lines) - 1), min(other, len(lines) - 1)
        match kind:
            case "delete" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(other, lines[at])
            case "move":
                lines.insert(other, lines.pop(at))
            case "blank":
                lines[at] = lines[at].partition(":")[0]
            case _:
                lines.insert(at, text)
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    try:
        record = normalize(body[: len(body) // 2] if is_cut else body, "text/plain")
    except Unreadable as reason:
        assert str(reason).endswith(".")
    else:
        _holds(record)


@given(st.integers(0, len(HTML)), st.integers(0, 3000), st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_damage_to_a_page_gives_a_record_or_a_reason(at: int, length: int, text: str) -> None:
    try:
        record = normalize((HTML[:at] + text + HTML[at + length :]).encode("utf-8", "surrogatepass"), "text/html")
    except Unreadable as reason:
        assert str(reason).endswith(".")
    else:
        _holds(record)


@given(
    st.binary(max_size=200),
    st.sampled_from(("text/plain", "text/html", "text/html; charset=utf-7", "text/plain;charset=x")),
)
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_a_record_or_a_reason(body: bytes, media_type: str) -> None:
    with pytest.raises(Unreadable):
        normalize(body, media_type)


visible = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="<")


@given(st.lists(st.text(visible, max_size=40), max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_character_of_the_criteria_is_kept(lines: list[str]) -> None:
    text = "".join(f"{number} {line}\n" for number, line in enumerate(lines))
    record = changed("3. Written consent", text + "3. Written consent")
    assert solid(text) in solid(record.eligibility_raw)
