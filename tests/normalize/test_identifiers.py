"""Registry numbers in every form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.identifiers import canonical, find, is_junk, secondary_ids


@pytest.mark.parametrize(
    ("text", "registry", "normalized"),
    [
        ("NCT01234567", "ClinicalTrials.gov", "NCT01234567"),
        ("nct 01234567", "ClinicalTrials.gov", "NCT01234567"),
        ("NCT#01234567", "ClinicalTrials.gov", "NCT01234567"),
        ("NCT No. 01234567", "ClinicalTrials.gov", "NCT01234567"),
        ("NCTO1234567", "ClinicalTrials.gov", "NCT01234567"),
        ("2017-001400-29", "EUCTR", "2017-001400-29"),
        ("2017‐001400‐29", "EUCTR", "2017-001400-29"),
        ("2017 - 001400 - 29", "EUCTR", "2017-001400-29"),
        ("EUCTR2017-001400-29-FR", "EUCTR", "2017-001400-29"),
        ("EUCTR2011-005852-33-3RD", "EUCTR", "2011-005852-33"),
        ("CTIS2020-005891-36-00", "EUCTR", "2020-005891-36"),
        ("CTIS2023-507385-11-00", "CTIS", "2023-507385-11-00"),
        ("2023-507385-11-01", "CTIS", "2023-507385-11-01"),
        ("2023-507385-11", "CTIS", "2023-507385-11-00"),
        ("ISRCTN12345678", "ISRCTN", "ISRCTN12345678"),
        ("ISRCTN : 12345678", "ISRCTN", "ISRCTN12345678"),
        ("ACTRN12620000492954p", "ANZCTR", "ACTRN12620000492954p"),
        ("ChiCTR2000029308", "ChiCTR", "ChiCTR2000029308"),
        ("CHICTR-2000029308", "ChiCTR", "ChiCTR2000029308"),
        ("ChiCTR-TRC-08000219", "ChiCTR", "ChiCTR-TRC-08000219"),
        ("ChiCTRTRC08000219", "ChiCTR", "ChiCTR-TRC-08000219"),
        ("ITMCTR2100004428", "ITMCTR", "ITMCTR2100004428"),
        ("KCT0005005", "CRiS", "KCT0005005"),
        ("CTRI/2020/03/024000", "CTRI", "CTRI/2020/03/024000"),
        ("CTRI/2020/03/24000", "CTRI", "CTRI/2020/03/024000"),
        ("CTRI/2020/3/024000", "CTRI", "CTRI/2020/03/024000"),
        ("U1111 1234 5678", "WHO UTN", "U1111-1234-5678"),
        ("U111112345678", "WHO UTN", "U1111-1234-5678"),
        ("UTN: 1111-1234-5678", "WHO UTN", "U1111-1234-5678"),
        ("Universal Trial Number (UTN): 1111-1234-5678", "WHO UTN", "U1111-1234-5678"),
        ("CTRI/2008/091/000176", "CTRI", "CTRI/2008/091/000176"),
        ("DRKS00003246", "DRKS", "DRKS00003246"),
        ("DRKS-ID: DRKS00003246", "DRKS", "DRKS00003246"),
        ("IRCT20130812014333N145", "IRCT", "IRCT20130812014333N145"),
        ("IRCT20130812014333 N145", "IRCT", "IRCT20130812014333N145"),
        ("EUCTR2011-005852-33-3rd", "EUCTR", "2011-005852-33"),
        ("JPRN-JapicCTI-205238", "JapicCTI", "JapicCTI-205238"),
        ("JMA-IIA00012", "JMACCT", "JMA-IIA00012"),
        ("JPRN-jRCTs031180001", "jRCT", "jRCTs031180001"),
        ("JRCT1080220001", "jRCT", "jRCT1080220001"),
        ("JPRN-UMIN000012345", "UMIN", "UMIN000012345"),
        ("JPRN-C000000123", "UMIN", "C000000123"),
        ("LBCTR2020043459", "LBCTR", "LBCTR2020043459"),
        ("NTR1234", "NTR", "NTR1234"),
        ("NL-OMON20000", "NL-OMON", "NL-OMON20000"),
        ("PACTR202004801273802", "PACTR", "PACTR202004801273802"),
        ("RBR-6m69fc", "ReBec", "RBR-6m69fc"),
        ("PER-034-15", "REPEC", "PER-034-15"),
        ("RPCEC00000306", "RPCEC", "RPCEC00000306"),
        ("SLCTR/2020/007", "SLCTR", "SLCTR/2020/007"),
        ("TCTR20200601002", "TCTR", "TCTR20200601002"),
        ("U1111-1234-5678", "WHO UTN", "U1111-1234-5678"),
    ],
)
def test_finds_every_registry_in_a_text(text: str, registry: str, normalized: str) -> None:
    sentence = f"A follow-up of the trial ({text}), see there."
    (found,) = find(sentence)
    assert (found.registry, found.normalized) == (registry, normalized)
    assert sentence[found.start : found.end] == found.raw


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("NL8501", "NL8501"),
        ("NTR12", "NTR12"),
        ("C000000123", "C000000123"),
        ("RBR6m69fc", "RBR-6m69fc"),
        ("NCT 0123 4567", "NCT01234567"),
        ("EudraCT No.: 2005-000666-39", "2005-000666-39"),
        ("UTN U1111-1131-9971", "U1111-1131-9971"),
        ("1111-1131-9971", "U1111-1131-9971"),
        (" EUCTR2017-001400-29-FR. ", "2017-001400-29"),
    ],
)
def test_a_whole_field_may_hold_a_short_form(text: str, normalized: str) -> None:
    found = canonical(text)
    assert found is not None
    assert found.normalized == normalized
    assert text[found.start : found.end] == found.raw


@pytest.mark.parametrize(
    "text",
    ["", "12345678", "NCT00000000", "2020-000000-00", "CTIS2020-000000-17-00", "NCT012345678", "XNCT01234567", "2018-A01972-53", "NL47781.018.14", "NL-12-34", "D5670C00002", "10.1186/123456",
     "2017-001400-291", "1817-001400-29", "2017-101400-29", "control 1234", "ABC-NTR", "111111319971", "2111-1131-9971", "CTRI/2020/03/2400"],
)  # fmt: skip
def test_other_codes_are_no_registry_numbers(text: str) -> None:
    assert canonical(text) is None
    assert find(f"see {text} there") == []


@pytest.mark.parametrize(
    "text", ["ChiCTR: ChiCTR2000029308", "ChiCTR number 2000029308", "ChiCTR ID 2000029308", "ChiCTR no. 2000029308"]
)
def test_words_before_a_number_are_no_part_of_it(text: str) -> None:
    assert [found.normalized for found in find(text)] == ["ChiCTR2000029308"]


def test_several_numbers_come_in_the_order_of_the_text() -> None:
    text = "ISRCTN12345678, NCT01234567; 2017-001400-29/NCT07654321 and U1111-1234-5678"
    assert [found.normalized for found in find(text)] == [
        "ISRCTN12345678",
        "NCT01234567",
        "2017-001400-29",
        "NCT07654321",
        "U1111-1234-5678",
    ]


def test_numbers_far_apart_are_all_found() -> None:
    text = (" filler 12345 " * 50).join(["NCT01234567", "PER-034-15", "CTRI/2020/03/024000", "NTR1234"])
    assert [found.registry for found in find(text)] == ["ClinicalTrials.gov", "REPEC", "CTRI", "NTR"]


@given(st.text() | st.from_regex(r"(NCT|ISRCTN|20[12]\d-|[ -]|\d{4,8}){0,8}", fullmatch=True))
def test_what_is_found_is_a_slice_that_reads_the_same_alone(text: str) -> None:
    ends = 0
    for found in find(text):
        assert found.start >= ends
        assert text[found.start : found.end] == found.raw
        alone = canonical(found.raw)
        assert alone is not None
        assert alone.normalized == found.normalized
        ends = found.end


@given(st.text())
def test_normalizing_twice_changes_nothing(text: str) -> None:
    found = canonical(text)
    if found:
        again = canonical(found.normalized)
        assert again is not None
        assert again.normalized == found.normalized


def test_a_long_text_without_numbers_is_cheap() -> None:
    text = (
        "Adults aged 18 to 65 years, ECOG 0-2, platelets >= 100,000/mm3, creatinine 1.5 mg/dL, functional class II. "
        * 95
    )
    rounds = 20
    started = time.perf_counter()
    for _ in range(rounds):
        assert find(text) == []
    assert (time.perf_counter() - started) / rounds < 0.001  # about 0.06 ms; the rest is for a busy machine


@pytest.mark.parametrize(
    "text",
    ["Nil known", "N/A", "none", "None reported", "No aplica", "Not applicable", "pending", "000000", "-", "", " ? "],
)
def test_junk_says_nothing(text: str) -> None:
    assert is_junk(text)


@pytest.mark.parametrize("text", ["1589", "none-such-01", "A-0", "NCT01234567"])
def test_short_codes_are_no_junk(text: str) -> None:
    assert not is_junk(text)


def _types(*fields: tuple[str, str, object], own: str = "NCT09999999") -> list[tuple[str, str]]:
    return [(row.id_normalized, row.type) for row in secondary_ids(fields, [], own)]  # type: ignore[arg-type]


def test_a_registry_number_is_known_by_its_form_whatever_the_hint() -> None:
    fields = [
        ("OTHER", "2017-001400-29", "other"),
        ("OTHER", "U1111-1234-5678", "funder"),
        ("code", "NCT01234567", "sponsor_code"),
    ]
    assert _types(*fields) == [("2017-001400-29", "registry"), ("U1111-1234-5678", "utn"), ("NCT01234567", "registry")]


def test_other_codes_have_the_type_of_their_hint() -> None:
    fields = [
        ("a", "R01 CA-12345", "funder"),
        ("b", "CRUKD/22/002", None),
        ("c", "KEYMAKER", None),
        ("d", "NCT01111111", "alias"),
    ]
    assert _types(*fields) == [
        ("R01CA12345", "funder"),
        ("CRUKD22002", "sponsor_code"),
        ("KEYMAKER", "other"),
        ("NCT01111111", "alias"),
    ]


def test_a_joined_list_is_taken_apart_and_junk_is_left_out() -> None:
    value = "U1111-1234-5678;2017-001400-29-DK; AB-123 ;Nil known;"
    assert _types(("Secondary_ID", value, None)) == [
        ("U1111-1234-5678", "utn"),
        ("2017-001400-29", "registry"),
        ("AB123", "sponsor_code"),
    ]


def test_a_day_is_no_sponsors_code() -> None:
    assert _types(("Secondary_ID", "2020-01-15", None)) == [("20200115", "other")]


def test_words_behind_a_number_that_name_the_next_one_leave_it_alone() -> None:
    assert _types(("Secondary_ID", "NCT01111111 - parent study NCT01234567", None)) == [
        ("NCT01111111", "registry"),
        ("NCT01234567", "mention"),
    ]


def test_a_code_beside_a_registry_number_is_kept() -> None:
    assert _types(("x", "AB-029 (EudraCT 2017-001400-29)", None)) == [
        ("2017-001400-29", "registry"),
        ("AB029", "sponsor_code"),
    ]
    assert _types(("x", "NCT01234567 dated 20/01/2011", None)) == [("NCT01234567", "registry")]


@pytest.mark.parametrize(
    "value",
    [
        "Extension of NCT01234567",
        "long-term follow-up study of NCT01234567",
        "Parent study: NCT01234567",
        "Sub-study to NCT01234567",
        "rollover from trial NCT01234567",
        "Preceding trial NCT01234567",
        "Related to NCT01234567",
        "NCT01234567 (parent study)",
        "NCT01234567 - the main trial",
    ],
)
def test_words_beside_a_number_in_a_field_make_it_another_trials(value: str) -> None:
    assert ("NCT01234567", "mention") in _types(("Secondary_ID", value, None))


@pytest.mark.parametrize(
    "value", ["ClinicalTrials.gov NCT01234567", "Study number NCT01234567", "Main id: NCT01234567"]
)
def test_other_words_before_a_number_leave_it_the_trials_own(value: str) -> None:
    assert ("NCT01234567", "registry") in _types(("Secondary_ID", value, None))


def test_a_field_named_after_a_registry_may_leave_out_the_prefix() -> None:
    assert _types(("A.5.1 ISRCTN number", "12345678", None)) == [("ISRCTN12345678", "registry")]
    assert _types(("Grant", "12345678", "funder")) == [("12345678", "funder")]


@pytest.mark.parametrize(
    ("own", "written"),
    [
        ("EUCTR2017-001400-29-FR", "2017-001400-29"),
        ("NCT01234567", "NCT 01234567"),
        ("CTIS2023-507385-11-00", "2023-507385-11-01"),
        ("JPRN-UMIN000012345", "UMIN000012345"),
    ],
)
def test_the_own_number_is_left_out_in_any_form(own: str, written: str) -> None:
    assert secondary_ids([("a", written, None)], [("b", f"see {written}")], own) == ()


def test_fields_come_before_texts_and_each_number_and_type_once() -> None:
    rows = secondary_ids(
        [("a", "NCT01234567", None), ("b", "NCT01234567", None)],
        [("title", "Extension of NCT01234567 and NCT01234567"), ("summary", "ISRCTN12345678")],
        "NCT09999999",
    )
    assert [(row.id_normalized, row.type, row.source_field) for row in rows] == [
        ("NCT01234567", "registry", "a"),
        ("NCT01234567", "mention", "title"),
        ("ISRCTN12345678", "mention", "summary"),
    ]


@given(st.lists(st.tuples(st.text(), st.text(), st.none())), st.lists(st.tuples(st.text(), st.text())), st.text())
def test_no_input_raises_and_no_row_is_blank(
    fields: list[tuple[str, str, None]], texts: list[tuple[str, str]], own: str
) -> None:
    for row in secondary_ids(fields, texts, own):
        assert row.id_raw.strip()
        assert row.id_normalized.strip()
