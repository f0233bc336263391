"""Names of countries, as the registers write them."""

from __future__ import annotations

import csv
from pathlib import Path

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.countries import country, parted


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Spain - AEMPS", "ES"),
        ("UK - MHRA", "GB"),
        ("Czech Republic - SUKL", "CZ"),
        ("Netherlands - Competent Authority", "NL"),
        ("GB - no longer in EU/EEA", "GB"),
        ("Korea, Republic of", "KR"),
        ("KOREA", "KR"),
        ("Korea, North", "KP"),
        ("Turkey (Türkiye)", "TR"),
        ("TURKEY", "TR"),
        ("Iran, Islamic Republic of", "IR"),
        ("Iran (Islamic Republic of)", "IR"),
        ("England", "GB"),
        ("Northern Ireland", "GB"),
        ("USA", "US"),
        ("P.R.China", "CN"),
        ("china?", "CN"),
        ("Viet Nam", "VN"),
        ("PR China", "CN"),
        ("State of Palestine", "PS"),
        ("Srilanka", "LK"),
        ("Taiwan, Province Of China", "TW"),
        ("Hong Kong", "HK"),
        ("Kosovo", "XK"),
        ("Swaziland", "SZ"),
        ("Macedonia", "MK"),
        ("Congo", "CG"),
        ("Congo, The Democratic Republic of the", "CD"),
        ("Côte d'Ivoire", "CI"),
        ("Cote D'Ivoire", "CI"),
        ("Palestinian Territory", "PS"),
        ("Saint Martin (French part)", "MF"),
        ("Réunion", "RE"),
        ("DE", "DE"),
        ("GBR", "GB"),
    ],
)
def test_knows_the_spellings_of_the_registers(text: str, code: str) -> None:
    assert country(text)[0] == code


@pytest.mark.parametrize(
    "text",
    ["Europe", "ASIA", "Worldwide", "European Union", "Former Serbia and Montenegro", "Former Yugoslavia", "Netherlands Antilles", "??", "", "-",
     "and", "are", "Outside EU/EEA", "Japan,North America", "Asia(except Japan)", "x" * 100_000],
)  # fmt: skip
def test_regions_former_countries_and_other_words_have_no_code(text: str) -> None:
    assert country(text) == (None, None)


def test_names_are_for_readers() -> None:
    assert country("Korea, Republic of") == ("KR", "South Korea")
    assert country("Russian Federation") == ("RU", "Russia")
    assert country("UK") == ("GB", "United Kingdom")


def test_every_name_of_iso_leads_to_its_code() -> None:
    for entry in pycountry.countries:
        for name in (entry.name, entry.alpha_2, entry.alpha_3, entry.name.upper()):
            assert country(name)[0] == entry.alpha_2


@given(st.text())
def test_any_text_gives_a_code_with_a_name_or_neither(text: str) -> None:
    code, name = country(text)
    assert (code is None) == (name is None)


def test_every_country_in_the_recorded_exports_is_known(shared: Path) -> None:
    unknown: set[str] = set()
    for path in sorted((shared / "recorded/ictrp/csv").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                unknown |= {name for name in row["Countries"].split(";") if name.strip() and country(name)[0] is None}
    assert {name for name in unknown if "Asia" not in name} <= {"??"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Japan,Korea, Democratic People's Republic of,Chad",
            ["Japan", "Korea, Democratic People's Republic of", "Chad"],
        ),
        ("Korea (Republic of),Japan", ["Korea (Republic of)", "Japan"]),
        ("Japan,Hong Kong,China", ["Japan", "Hong Kong", "China"]),
        ("Hong Kong, China", ["Hong Kong, China"]),
        ("Russia (Moscow, Kazan), Chad", ["Russia (Moscow, Kazan)", "Chad"]),
        ("Europe, worldwide", ["Europe, worldwide"]),
    ],
)
def test_names_with_a_comma_stay_whole_in_a_list_of_commas(text: str, names: list[str]) -> None:
    assert parted(text) == names
