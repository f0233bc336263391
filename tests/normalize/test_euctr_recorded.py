"""EUCTR: recorded payloads lose nothing."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from normalize.euctr import normalize
from normalize.euctr_fields import cut_page, cut_text
from normalize.schema import Record, Unreadable
from tests.normalize.euctr import solid


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
