"""WHO ICTRP: the wire forms, and records written in them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from normalize.ictrp import normalize
from normalize.schema import Record, Unreadable
from tests.normalize.entry import written
from tests.normalize.ictrp import FIXTURES, payload, row, trial

#: Left to the tests of eligibility: they change with its rules, not with this source's.
ELSEWHERE = ("criteria", "criterion_measures")


def fixture(number: str) -> Record:
    return normalize(*payload(number))


def expected(number: str) -> dict[str, Any]:
    return json.loads((FIXTURES / number / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("number", "field"),
    [(folder.name, field) for folder in sorted(FIXTURES.iterdir()) for field in expected(folder.name)],
)
def test_fixture(number: str, field: str) -> None:
    assert written(getattr(fixture(number), field)) == expected(number)[field]


@pytest.mark.parametrize("number", sorted(folder.name for folder in FIXTURES.iterdir()))
def test_fixture_holds_nothing_that_is_not_expected(number: str) -> None:
    record = fixture(number)
    filled = {name for name in record.__struct_fields__ if getattr(record, name) not in (None, ())}
    assert filled - set(ELSEWHERE) == set(expected(number))


def test_criteria_are_slices_of_the_eligibility_text() -> None:
    for folder in FIXTURES.iterdir():
        record = fixture(folder.name)
        assert record.eligibility_raw is not None
        assert record.criteria
        for criterion in record.criteria:
            assert criterion.text == record.eligibility_raw[criterion.start : criterion.end]


@pytest.mark.parametrize("blank", ["<Acronym>   \n </Acronym>", "<Acronym/>", "", "<Acronym>&#x20;</Acronym>"])
def test_missing_empty_and_blank_elements_mean_the_same(blank: str) -> None:
    body = f"<Trial><TrialID>NCT09990009</TrialID><Source_Register>ClinicalTrials.gov</Source_Register>{blank}</Trial>"
    assert normalize(body.encode(), "application/xml") == trial()


def test_the_same_trial_as_xml_and_csv_is_the_same_record() -> None:
    cells = {"TrialID": "NCT09990009", "Source_Register": "ClinicalTrials.gov", "Date_enrollement": "March 2020"}
    assert row(**cells) == trial(Date_enrollement="March 2020")


def test_csv_is_read_by_name_whatever_the_order_and_the_mark() -> None:
    body = "\ufeffPublic title,trial id,Source Register\r\nA,NCT09990009,ClinicalTrials.gov\r\n"
    record = normalize(body.encode(), "text/csv")
    assert (record.registry_id, record.public_title) == ("NCT09990009", "A")


def test_csv_row_with_fewer_cells_is_read_with_a_warning() -> None:
    body = b"TrialID,Source Register,Public title,Acronym\r\nNCT09990009,ClinicalTrials.gov,A\r\n"
    record = normalize(body, "text/csv")
    assert record.public_title == "A"
    assert [warning.field for warning in record.warnings] == ["record"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one\r<br>two", "one\ntwo"),
        ("one\n<br>\n<br>two", "one\n\ntwo"),
        ("one <br/ ><br>two", "one \ntwo"),
        ("one\rtwo<BR />three", "one\ntwo\nthree"),
        ("one&#32;two &#8805; 3", "one two ≥ 3"),
        ("AT&T <5 >6", "AT&T <5 >6"),
    ],
)
def test_line_ends_and_double_escapes_are_undone(text: str, found: str) -> None:
    assert row(TrialID="NCT09990009", Source_Register="ClinicalTrials.gov", Public_title=text).public_title == found


def test_broken_xml_is_read_with_a_warning() -> None:
    body = b"<Trial><TrialID>NCT09990009</TrialID><Public_title>A & B, SpO2 < 93 %\x0b\x00</Public_title><Acronym>X</Trial>"
    record = normalize(body, "application/xml")
    assert record.public_title == "A & B, SpO2 < 93 %\ufffd\ufffd"
    assert "record" in {warning.field for warning in record.warnings}


def test_entities_are_not_resolved() -> None:
    body = b'<!DOCTYPE Trial [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><Trial><TrialID>NCT09990009</TrialID>'
    record = normalize(body + b"<Public_title>&a;&b;</Public_title></Trial>", "application/xml")
    assert record.public_title == "&a;&b;"


def test_another_encoding_is_read_when_it_is_said() -> None:
    body = "<Trial><TrialID>NCT09990009</TrialID><Public_title>Größe</Public_title></Trial>".encode("latin-1")
    assert normalize(body, "application/xml; charset=iso-8859-1").public_title == "Größe"


def test_markup_like_text_of_a_page_is_kept() -> None:
    page = (
        '<html><span id="DataList3_ctl01_TrialIDLabel">NCT09990009</span><span id="DataList3_ctl01_Public_titleLabel">'
        "Age <x and BMI <30 <p>new</p></span></html>"
    )
    assert normalize(page.encode(), "text/html").public_title == "Age <x and BMI <30 <p>new</p>"


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        (b'<html><table id="DataList3"><span>Main</span></table></html>', "text/html", "knows no trial of this number"),
        (b"<html><title>Are you human?</title></html>", "text/html", "titled 'Are you human?'"),
        (b"<Trial><Public_title>A</Public_title></Trial>", "application/xml", "has no TrialID"),
        (b"<Trial><TrialID> </TrialID></Trial>", "application/xml", "has no TrialID"),
        (b"<html><body>Server Error</body></html>", "application/xml", "Expected one <Trial> element, found <html>"),
        (b"Server Error", "application/xml", "Expected the XML of one ICTRP trial"),
        (b"", "application/xml", "Expected the XML of one ICTRP trial"),
        (b"", "text/csv", "found 0 lines"),
        (b"TrialID,Public title\r\n", "text/csv", "found 1 lines"),
        (b"TrialID,Public title\r\nabc,d,e\r\n", "text/csv", "3 cells where its header has 2"),
        (b"{}", "application/json", "Expected an ICTRP trial as"),
        (b"<Trial/>", "application/xml; charset=klingon", "klingon"),
    ],
)
def test_what_is_no_trial_is_refused_with_a_sentence(body: bytes, media_type: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        normalize(body, media_type)
