"""EUCTR: what a country record means. Fixtures field by field, cutting of fields, oddities, recorded and hostile payloads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.euctr import normalize
from normalize.euctr_fields import Field, cut_page, cut_text
from normalize.schema import Record, Unreadable
from normalize.vocabularies import VOCABULARIES

FIXTURES = Path(__file__).parent.parent / "fixtures" / "euctr"
ASTHMA = "EUCTR2031-000042-17-SE"
#: Left to the tests of eligibility: they change with its rules, not with this registry's.
ELSEWHERE = frozenset(("criteria", "criterion_measures", "inclusion_criteria", "exclusion_criteria"))


def payload(name: str, form: str = "txt") -> bytes:
    return (FIXTURES / name / f"payload.{form}").read_bytes()


def text_of(name: str) -> str:
    return payload(name).decode("utf-8")


def read(text: str) -> Record:
    return normalize(text.encode(), "text/plain; charset=utf-8")


def expected(name: str) -> dict[str, Any]:
    return json.loads((FIXTURES / name / "expected.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def written(value: object) -> object:
    """A value of a record as `expected.json` has it: rows without the columns that are empty."""
    plain = json.loads(msgspec.json.encode(value))
    return (
        [{name: cell for name, cell in row.items() if cell is not None} for row in plain]
        if isinstance(plain, list)
        else plain
    )


def changed(old: str, new: str) -> Record:
    """The asthma record with one piece of its text replaced."""
    text = text_of(ASTHMA)
    assert old in text
    return read(text.replace(old, new, 1))


def solid(text: str | None) -> str:
    """A text without white space."""
    return "".join((text or "").split())


def warned(record: Record) -> set[str]:
    return {warning.field for warning in record.warnings}


# ------------------------------------------------------------------------------------------------------------ fixtures


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


# ------------------------------------------------------------------------------------------------------------ cutting


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


# ------------------------------------------------------------------------------------------------------------ columns


def test_the_link_says_which_record_it_is() -> None:
    record = changed("/trial/2031-000042-17/SE/", "/trial/2031-000042-18/GB/")
    assert record.registry_id == "EUCTR2031-000042-18-GB"
    assert "registry_id" in warned(record)


@pytest.mark.parametrize(
    ("authority", "code"),
    [("Sweden - MPA", "SE"), ("UK - MHRA", "GB"), ("Greece - EOF", "GR"), ("Bulgarian Drug Agency", "BG")],
)
def test_without_a_link_the_authority_says_which_country_it_is(authority: str, code: str) -> None:
    text = re.sub("Link: .*\n", "", text_of(ASTHMA)).replace("Sweden - MPA", authority)
    record = read(text)
    assert (record.registry_id, record.countries[0].country_code) == (f"EUCTR2031-000042-17-{code}", code)
    assert record.url == f"https://www.clinicaltrialsregister.eu/ctr-search/trial/2031-000042-17/{code}/"


def test_without_a_link_and_a_known_country_there_is_no_record() -> None:
    text = re.sub("Link: .*\n", "", text_of(ASTHMA)).replace("Sweden - MPA", "Agency of the Moon")
    with pytest.raises(Unreadable, match=r"2031-000042-17.*Agency of the Moon"):
        read(text)


@pytest.mark.parametrize(
    ("yes", "phase"),
    [("1", "1"), ("12", "1/2"), ("23", "2/3"), ("14", "1/4"), ("24", "2/4"), ("123", "1/2/3"), ("", None)],
)
def test_phases(yes: str, phase: str | None) -> None:
    lines = {"1": "E.7.1 Human pharmacology (Phase I): No", "2": "E.7.2 Therapeutic exploratory (Phase II): Yes", "3": "E.7.3 Therapeutic confirmatory (Phase III): No", "4": "E.7.4 Therapeutic use (Phase IV): Yes"}  # fmt: skip
    text = text_of(ASTHMA)
    for number, line in lines.items():
        assert line in text
        text = text.replace(line, f"{line.rpartition(' ')[0]} {'Yes' if number in yes else 'No'}")
    record = read(text)
    assert record.phase == phase
    assert ("phase" in warned(record)) == (phase is None)


@pytest.mark.parametrize(
    ("head", "status"),
    [("Ongoing", "unknown"), ("Restarted", "unknown"), ("Completed", "completed"), ("Prematurely Ended", "terminated"), ("Temporarily Halted", "suspended"), ("GB - no longer in EU/EEA", "unknown")],
)  # fmt: skip
def test_status(head: str, status: str) -> None:
    record = changed("Trial Status: Completed", f"Trial Status: {head}")
    assert (record.recruitment_status, record.recruitment_status_raw) == (status, head)
    assert ("recruitment_status" in warned(record)) == (head != "Completed")


def test_no_decision_is_taken_for_the_first_enrollment() -> None:
    record = read(text_of(ASTHMA))
    assert record.date_of_first_enrollment is None
    assert record.prospective_registration is None
    assert [review.date for review in record.ethics_reviews] == ["2031-04-02", "2031-03-20"]


def test_the_size_of_a_trial_in_one_country_is_that_of_the_country() -> None:
    text = text_of("EUCTR2031-000077-30-PT")
    assert read(text).target_sample_size == 40
    abroad = text.replace(
        "E.8.5 The trial involves multiple Member States: No", "E.8.5 The trial involves multiple Member States: Yes"
    )
    assert read(abroad).target_sample_size is None


def test_nought_subjects_are_not_a_size() -> None:
    record = changed("F.4.2.2 In the whole clinical trial: 120", "F.4.2.2 In the whole clinical trial: 0")
    assert record.target_sample_size is None
    assert "target_sample_size" in warned(record)


@pytest.mark.parametrize("number", ["about 120", "-3", "١٢", "1.5", "12345678901234567890"])
def test_a_number_that_is_none_is_reported(number: str) -> None:
    record = changed("F.4.2.2 In the whole clinical trial: 120", f"F.4.2.2 In the whole clinical trial: {number}")
    assert record.target_sample_size is None
    assert [w.raw_value for w in record.warnings if w.field == "F.4.2.2"] == [number]


@pytest.mark.parametrize(
    ("bands", "limits"),
    [
        ("F.1.2 Adults (18-64 years)", (18.0, 64.0)),
        ("F.1.3 Elderly (>=65 years)", (65.0, None)),
        ("F.1.1.5 Children (2-11years)", (2.0, 11.0)),
        ("F.1.1.4 Infants and toddlers (28 days-23 months)", (28 / 365.25, 23 / 12)),
        ("F.1.1.3 Newborns (0-27 days)", (0.0, 27 / 365.25)),
        ("F.1.1 Trial has subjects under 18", (None, 17.0)),
        ("nothing", (None, None)),
    ],
)
def test_ages(bands: str, limits: tuple[float | None, float | None]) -> None:
    lines = (
        re.sub(": Yes$", ": No", line) if line.startswith("F.1") else line for line in text_of(ASTHMA).splitlines()
    )
    record = read("\n".join(lines).replace(f"{bands}: No", f"{bands}: Yes"))
    assert (record.minimum_age_years, record.maximum_age_years) == limits
    assert record.minimum_age_raw == record.maximum_age_raw
    assert (record.minimum_age_raw is None) == (bands == "nothing")


@pytest.mark.parametrize(
    ("female", "male", "sex"),
    [("Yes", "Yes", "all"), ("Yes", "No", "female"), ("No", "Yes", "male"), ("No", "No", None)],
)
def test_sex(female: str, male: str, sex: str | None) -> None:
    record = changed("F.2.1 Female: Yes\nF.2.2 Male: Yes", f"F.2.1 Female: {female}\nF.2.2 Male: {male}")
    assert record.sex == sex
    assert ("sex" in warned(record)) == (sex is None)


def test_an_answer_that_is_neither_yes_nor_no_is_reported() -> None:
    record = changed(
        "E.8.7 Trial has a data monitoring committee: Yes", "E.8.7 Trial has a data monitoring committee: Maybe"
    )
    assert record.has_data_monitoring_committee is None
    assert "E.8.7" in warned(record)


def test_a_status_of_the_sponsor_that_nobody_knows_is_unmapped() -> None:
    record = changed("Status of the sponsor: Commercial", "Status of the sponsor: Half commercial")
    assert record.record_sponsors[1].class_registry is None
    assert ("sponsor_class", "Half commercial") in [(row.vocabulary, row.raw_value) for row in record.unmapped_values]


def test_text_that_says_it_is_english_goes_before_text_that_does_not() -> None:
    record = changed("A.3.2 Name or abbreviated title of the trial where available: TWIN-AIR", "A.3.2 Name or abbreviated title of the trial where available: TVILLING\nA.3.2 Name or abbreviated title of the trial where available (en): TWIN")  # fmt: skip
    assert record.acronym == "TWIN"
    assert "Name or abbreviated title of the trial where available: TVILLING" in (record.detailed_description or "")


def test_every_end_point_of_every_language_is_kept() -> None:
    record = normalize(payload("EUCTR2031-000077-30-PT"), "text/plain")
    assert len(record.outcomes) == 1
    everything = json.dumps(written(record.outcomes), ensure_ascii=False) + (record.detailed_description or "")
    for text in ("Pain at rest", "Dor em repouso", "Day 7", "Dia 7", "Day 28"):
        assert text in everything


def test_two_records_under_one_id_are_two_records() -> None:
    """Poland is twice in 2021-002179-21, with different criteria, and neither says which is newer."""
    other = changed("2. Age 12 years or older", "2. Age 14 years or older")
    assert other.registry_id == read(text_of(ASTHMA)).registry_id
    assert other != read(text_of(ASTHMA))


# ------------------------------------------------------------------------------------------------------------ unreadable


def test_a_record_that_was_cut_off_is_kept_and_says_so() -> None:
    text = text_of(ASTHMA)
    record = read(text[: text.index("F.2 Gender")])
    assert record.is_partial
    assert "record" in warned(record)
    assert record.scientific_title is not None
    assert not read(text).is_partial


def _without_breaks(name: str) -> str:
    return text_of(name).replace("\n", "")


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        ("", "text/plain", "nothing"),
        (" \n ", "text/html", "nothing"),
        (_without_breaks(ASTHMA), "text/plain", "line breaks are lost"),
        ("Query did not match any clinical trials", "text/plain", "no record of this number"),
        ("<html><p>Query did not match any clinical trials.</p></html>", "text/html", "no record of this number"),
        ("<html><title>Are you human?</title>Solve the CAPTCHA</html>", "text/html", "captcha"),
        ("<html><div>Trials with a EudraCT protocol (1,204)</div></html>", "text/html", "search results"),
        ("<html><div>Trials with a EudraCT protocol (1)</div></html>", "text/plain", "search results"),
        ("<html><td>Global end of trial date</td></html>", "text/html", "a page of results"),
        ("<html><title> Page \n not found </title></html>", "text/html", "'Page not found'"),
        ("<table></table>", "text/html", "without the table"),
        (
            "EudraCT Number:          2031-000042-17\nFull Title:  T\nTrial protocol: SE(Completed)\n",
            "text/plain",
            "summary of a trial",
        ),
        ("once upon a time", "text/plain", "without the fields"),
        ("A.3 Full title of the trial: T", "text/plain", "without link and EudraCT number"),
        (text_of(ASTHMA) * 2, "text/plain", "2 records in one payload"),
        (text_of(ASTHMA), "application/json", "application/json"),
        (text_of(ASTHMA), "", "''"),
    ],
)
def test_unreadable(body: str, media_type: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        normalize(body.encode(), media_type)


def test_bytes_that_are_not_utf8_cost_no_record() -> None:
    body = payload(ASTHMA).replace(b"Lindholm", b"Lindh\xf6lm\x00")
    record = normalize(body, "text/plain; charset=utf-8")
    assert record.record_sponsors[0].name_raw == "Lindh\ufffdlm\ufffd University Hospital"
    assert "record" in warned(record)


# ------------------------------------------------------------------------------------------------------------ properties

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


# ------------------------------------------------------------------------------------------------------------ recorded payloads


def _cut(download: str) -> list[str]:
    """The records of a text download."""
    return [f"Summary{part}" for part in re.split(r"(?m)^Summary(?=\nEudraCT Number:)", download)[1:]]


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Record]:
    download = (shared / "recorded/euctr/text/2021-002179-21.txt").read_text(encoding="utf-8")
    return [normalize(part.encode(), "text/plain") for part in _cut(download)]


def test_recorded_download_holds_seven_records_of_six_countries(recorded: list[Record]) -> None:
    assert [record.registry_id[-2:] for record in recorded] == ["FR", "ES", "GR", "PL", "PL", "PT", "HU"]
    assert {record.registry_id[:-3] for record in recorded} == {"EUCTR2021-002179-21"}
    assert recorded[3] != recorded[4]
    assert all(
        record.recruitment_status_raw == "Ongoing" and record.recruitment_status == "unknown" for record in recorded
    )
    assert not any(record.is_partial for record in recorded)


def test_recorded_criteria_lose_no_character(recorded: list[Record]) -> None:
    raws = [record.eligibility_raw or "" for record in recorded]
    counts = [[len(solid(raw)), *(raw.count(sign) for sign in "≥≤><=%")] for raw in raws]
    assert counts == [
        [7218, 7, 2, 9, 9, 0, 2],
        [13884, 14, 4, 18, 14, 0, 4],
        [14558, 14, 4, 19, 14, 0, 4],
        [7117, 7, 2, 9, 7, 0, 2],
        [6737, 7, 2, 7, 6, 0, 2],
        [13313, 13, 4, 18, 14, 0, 3],
        [6608, 7, 2, 9, 7, 0, 2],
    ]


def test_recorded_products_and_sponsors(recorded: list[Record]) -> None:
    for record in recorded:
        assert [row.name for row in record.interventions] == ["Masitinib", "Masitinib", "Placebo", "Placebo"]
        assert [row.role for row in record.record_sponsors] == ["primary", "funder"]
        assert record.phase == "3"
        assert not record.unmapped_values
        assert not record.warnings


def test_recorded_text_is_in_the_record_whatever_its_field(recorded: list[Record], shared: Path) -> None:
    """Every text of the free-text fields, in every language, is whole somewhere in the record."""
    download = (shared / "recorded/euctr/text/2021-002179-21.txt").read_text(encoding="utf-8")
    looked_at = 0
    for part, record in zip(_cut(download), recorded, strict=True):
        values = [value for value in msgspec.to_builtins(record).values() if value]
        texts = [v for v in values if isinstance(v, str)] + [
            cell for rows in values if isinstance(rows, (list, tuple)) for row in rows for cell in row.values() if isinstance(cell, str)
        ]  # fmt: skip
        everything = [solid(text) for text in texts]
        for field in cut_text(part):
            if len(field.value) > 20 and field.code not in ("", "E.8.6.3"):
                assert any(solid(field.value) in text for text in everything), (record.registry_id, field)
                looked_at += 1
    assert looked_at > 100


@pytest.mark.parametrize(
    ("file", "registry_id", "rows", "products", "size", "ages"),
    [
        ("2005-002909-23_PT.html", "EUCTR2005-002909-23-PT", 136, 1, 2420, (18.0, None)),
        ("2011-005852-33_3rd.html", "EUCTR2011-005852-33-3RD", 144, 1, 30, (0.0, 23 / 12)),
        ("2015-000590-12_DE.html", "EUCTR2015-000590-12-DE", 481, 10, 744, (18.0, None)),
    ],
)
def test_recorded_pages(
    shared: Path, file: str, registry_id: str, rows: int, products: int, size: int, ages: tuple[float, float | None]
) -> None:
    body = (shared / "recorded/euctr/html" / file).read_bytes()
    record = normalize(body, "text/html; charset=UTF-8")
    assert record.registry_id == registry_id
    assert len(record.interventions) == products
    assert record.target_sample_size == size
    assert (record.minimum_age_years, record.maximum_age_years) == ages
    assert not record.unmapped_values
    assert not record.is_partial
    # Blocks of the page are headings, not rows of class "tricell".
    assert sum(bool(field.code) for field in cut_page(body.decode())) - _blocks(body.decode()) == rows


def _blocks(page: str) -> int:
    return len(
        re.findall(r'class="cellBlue">\s*(?:B\.Sponsor|D\.IMP|D\.3\.8 to|D\.8 Placebo|E\.1\.2 Medical|G\.4 )', page)
    )


def test_recorded_downloads_without_line_breaks_are_unreadable(shared: Path) -> None:
    for file in (shared / "recorded/euctr/malformed").iterdir():
        with pytest.raises(Unreadable, match=r"line breaks are lost|summary of a trial"):
            normalize(file.read_bytes(), "text/plain")


def test_recorded_search_page_is_unreadable(shared: Path) -> None:
    for file in (shared / "recorded/euctr/search").iterdir():
        with pytest.raises(Unreadable, match="search results"):
            normalize(file.read_bytes(), "text/html")
