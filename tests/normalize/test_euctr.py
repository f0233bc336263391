"""EUCTR: a download or a page is cut into fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from normalize.euctr import normalize
from normalize.euctr_fields import Field, cut_page, cut_text
from tests.normalize.entry import written
from tests.normalize.euctr import ASTHMA, FIXTURES, changed, payload, read, text_of

#: Left to the tests of eligibility: they change with its rules, not with this registry's.
ELSEWHERE = frozenset(("criteria", "criterion_measures", "inclusion_criteria", "exclusion_criteria"))


def expected(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / name / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "field"),
    [(folder.name, field) for folder in sorted(FIXTURES.iterdir()) for field in expected(folder.name)],
)
def test_fixture(name: str, field: str) -> None:
    assert written(getattr(normalize(payload(name), "text/plain"), field)) == expected(name)[field]


@pytest.mark.parametrize("name", sorted(folder.name for folder in FIXTURES.iterdir()))
def test_fixture_holds_nothing_that_is_not_expected(name: str) -> None:
    record = normalize(payload(name), "text/plain")
    filled = {column for column in record.__struct_fields__ if getattr(record, column) not in (None, ())}
    assert filled - ELSEWHERE == set(expected(name))


def test_the_protocol_page_gives_the_same_record_and_says_that_there_are_no_results() -> None:
    page = normalize(payload(ASTHMA, "html"), "text/html; charset=UTF-8")
    text = normalize(payload(ASTHMA), "text/plain")
    differing = [column for column in page.__struct_fields__ if getattr(page, column) != getattr(text, column)]
    assert differing == ["has_results"]
    assert page.has_results is False


def test_page_and_text_are_cut_into_the_same_fields() -> None:
    """Apart from the head, and the number that opens a sponsor's block on the page alone."""
    text = [field for field in cut_text(text_of(ASTHMA)) if field.code and field.label != "Sponsor"]
    page = [field for field in cut_page(payload(ASTHMA, "html").decode()) if field.code and field.label != "Sponsor"]
    assert page == text


def test_lines_that_look_like_fields_stay_in_the_criteria() -> None:
    raw = read(text_of(ASTHMA)).eligibility_raw
    assert raw is not None
    for line in (
        "1.1 seen by a physician at least twice",
        "A. with reversibility > 12 %",
        "E.3 applies again at week 4",
    ):
        assert line in raw


@pytest.mark.parametrize(
    "line",
    [
        "E.8.1 Controlled: angina for three months",
        "E.5.1 Primary end point(s): as in the protocol",
        "P. End of Trial Status: to be asked of the patient",
        "A.3 Full title of the trial: on the first page of the consent form",
        "Trial Status: not to be taken from this text",
        "E.5 End points reached before",
        "Summary of the criteria",
        "Sponsor 1 must be told",
        "F.2 Gender of the child as in the passport",
        "D.IMP 1: no wash-out",
    ],
)
def test_a_line_of_the_form_in_the_criteria_is_criteria_where_the_order_says_so(line: str) -> None:
    record = changed("2. Age 12 years or older\n", f"2. Age 12 years or older\n{line}\n")
    untouched = read(text_of(ASTHMA))
    assert line in (record.eligibility_raw or "")
    for column in (
        "scientific_title",
        "recruitment_status",
        "intervention_model",
        "completion_date",
        "outcomes",
        "sex",
        "record_sponsors",
    ):
        assert getattr(record, column) == getattr(untouched, column)


def test_a_heading_that_holds_text_is_text() -> None:
    fields = cut_text(
        "A.3 Full title of the trial: A\nB. Sponsor Information\nwas the title of this line\nB.1.1 Name of Sponsor: S"
    )
    assert fields == [
        Field("A.3", "Full title of the trial", None, "A\nB. Sponsor Information\nwas the title of this line"),
        Field("B.1.1", "Name of Sponsor", None, "S"),
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("B.1.3.4\tCountry: France", Field("B.1.3.4", "Country", None, "France")),
        ("F.3.3.1 Women of childbearing potential not using contraception : No", Field("F.3.3.1", "Women of childbearing potential not using contraception", None, "No")),
        ("D.8.1 Is a Placebo used in this Trial? Yes", Field("D.8.1", "Is a Placebo used in this Trial", None, "Yes")),
        ("E.3 Principal inclusion criteria (el): ≥ 1", Field("E.3", "Principal inclusion criteria", "el", "≥ 1")),
        ("E.3 Principal inclusion criteria: : ?1", Field("E.3", "Principal inclusion criteria", None, ": ?1")),
        ("A.7 Trial is part of a Paediatric Investigation Plan: Information not present in EudraCT", Field("A.7", "Trial is part of a Paediatric Investigation Plan", None, "")),
        ("N. Ethics Committee Opinion: Reason(s) for unfavourable opinion: too warm", Field("N.", "Ethics Committee Opinion: Reason(s) for unfavourable opinion", None, "too warm")),
        ("F.4.9 In the whole world: 12", Field("F.4.9", "In the whole world", None, "12", "new")),
    ],
)  # fmt: skip
def test_a_line(line: str, field: Field | None) -> None:
    start = {"F": "F.1.1 Trial has subjects under 18: No\n"}.get(line[0], "")
    assert cut_text(start + line)[1 if start else 0 :] == ([field] if field else [])


def test_a_field_that_the_form_here_does_not_know_is_reported() -> None:
    record = changed("D.8.3 Pharm", "D.8.2 Products that the placebo stands for: 1 and 2\nD.8.3 Pharm")
    assert [w.raw_value for w in record.warnings if w.field == "record"] == [
        "Products that the placebo stands for: 1 and 2"
    ]
    assert "Products that the placebo stands for: 1 and 2" in (record.interventions[2].description or "")


def test_crlf_and_literal_breaks_are_newlines() -> None:
    raw = normalize(payload("EUCTR2031-000077-30-PT"), "text/plain").eligibility_raw
    assert raw is not None
    assert "1. Fever\n2. Open wounds" in raw
    assert "\r" not in raw


def test_languages_of_the_page_are_those_of_the_text() -> None:
    page = payload(ASTHMA, "html").decode()
    title = '<td width="90%">Two medicines or one for asthma</td>\n'
    assert title in page
    both = (
        title.replace("</td>\n", "</td><td>English</td>\n")
        + '</tr>\n<tr>\n<td width="90%">Två medel</td><td>Swedish</td>\n'
    )
    fields = [field for field in cut_page(page.replace(title, both)) if field.code == "A.3.1"]
    assert [(field.language, field.value) for field in fields] == [
        (None, "Two medicines or one for asthma"),
        ("sv", "Två medel"),
    ]
