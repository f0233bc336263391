"""Folding, cleaning and undoing the escapes of the transport."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.text import breaks, clean, fold, unmarkdown


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Non-Small  Cell Lung Cancer (NSCLC)", "non small cell lung cancer nsclc"),
        ("Métastases hépatiques", "metastases hepatiques"),
        ("Łódź, Ærø, Weißenfels", "lodz aero weissenfels"),
        ("Avastin™", "avastin"),
        ("IL-2 ≥ 5 µg/m²", "il 2 5 μg m2"),
        ("ＣＯＶＩＤ－１９", "covid 19"),
        ("新型冠状病毒", "新型冠状病毒"),
        (" \t\n—!", ""),
    ],
)
def test_folds_case_accents_and_punctuation(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == " ".join(folded.split())


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("  a  b \n", "a  b"),
        ("\u00a0\u2003", None),
        ("", None),
        (None, None),
        (["a"], None),
        ({"a": 1}, None),
        (0, "0"),
        (2.5, "2.5"),
        (True, "true"),
        (False, "false"),
        ("a\x00b\ud800c", "a\ufffdb\ufffdc"),
    ],
)
def test_cleans_scalars_only(value: object, cleaned: str | None) -> None:
    assert clean(value) == cleaned


@given(st.text(alphabet=st.characters()))
def test_cleaned_text_can_be_stored_and_keeps_every_character(text: str) -> None:
    cleaned = clean(text) or ""
    cleaned.encode("utf-8")
    assert len(cleaned) == len(text.strip())


def test_literal_breaks_and_foreign_line_ends_become_newlines() -> None:
    assert breaks("a<br>b<BR />c<br/>d\r\ne\rf\ng") == "a\nb\nc\nd\ne\nf\ng"
    assert breaks("x < break") == "x < break"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"ANC \>= 1.5 and \< 3", "ANC >= 1.5 and < 3"),
        (r"\* item \[a\_b\]", "* item [a_b]"),
        (r"C:\data \\", "C:\\data \\"),
        (r"age \≥ 18", r"age \≥ 18"),
    ],
)
def test_undoes_backslashes_before_ascii_punctuation_only(text: str, plain: str) -> None:
    assert unmarkdown(text) == plain
