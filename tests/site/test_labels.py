"""Words for values, and addresses for numbers."""

from __future__ import annotations

import pytest

from harvester.site import labels, links
from harvester.site.facts import with_raw
from normalize.vocabularies import VOCABULARIES


@pytest.mark.parametrize(
    ("years", "text"),
    [(18.0, "18 years"), (1.0, "1 year"), (1.5, "18 months"), (0.5, "6 months"), (7 / 365.25, "7 days"), (None, "")],
)
def test_ages_in_the_unit_people_use(years: float | None, text: str) -> None:
    assert labels.age(years) == text


@pytest.mark.parametrize(
    ("iso", "text"),
    [("2024-03-05", "5 Mar 2024"), ("2024-03", "Mar 2024"), ("2024", "2024"), ("2026-01-05T10:00:00Z", "5 Jan 2026"), (None, ""), ("2024-99", "2024-99")],
)  # fmt: skip
def test_dates_stay_as_partial_as_they_are(iso: str | None, text: str) -> None:
    assert labels.date(iso) == text


def test_every_value_of_a_vocabulary_has_words_without_underscores() -> None:
    for vocabulary, values in VOCABULARIES.items():
        for value in values:
            shown = labels.phase(value) if vocabulary == "phase" else labels.word(vocabulary, value)
            assert shown and "_" not in shown and (shown[0].isupper() or shown[0].isdigit())


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:x", "java\nscript:x", "data:text/html,x", "//evil", "https:", "http://[", "x", "", None]
)  # fmt: skip
def test_only_whole_web_addresses_become_links(url: str | None) -> None:
    assert links.safe(url) is None


def test_web_addresses_stay() -> None:
    assert links.safe("HTTPS://example.org/a?b=c#d") == "HTTPS://example.org/a?b=c#d"


@pytest.mark.parametrize(
    ("registry", "number", "page"),
    [
        ("ClinicalTrials.gov", "NCT01000001", "https://clinicaltrials.gov/study/NCT01000001"),
        ("CTRI", "CTRI/2020/04/024567", "https://trialsearch.who.int/Trial2.aspx?TrialID=CTRI%2F2020%2F04%2F024567"),
        ("UMIN", "UMIN000000001", "https://trialsearch.who.int/Trial2.aspx?TrialID=JPRN-UMIN000000001"),
        ("WHO UTN", "U1111-1234-5678", None),
        (None, "EX-7", None),
    ],
)
def test_numbers_lead_to_their_registries(registry: str | None, number: str, page: str | None) -> None:
    assert links.registry_page(registry, number) == page


def test_papers() -> None:
    assert links.pubmed("15482749") == "https://pubmed.ncbi.nlm.nih.gov/15482749/"
    assert links.pubmed("1/../x") is None and links.pubmed(None) is None
    assert links.doi('10.1000/a"b') == "https://doi.org/10.1000/a%22b"
    assert links.doi("javascript:x") is None


@pytest.mark.parametrize(
    ("value", "raw", "text"),
    [
        ("Unknown", "Ongoing", "Unknown (registry: “Ongoing”)"),
        ("Recruiting", "Recruiting", "Recruiting"),
        ("Recruiting", "4", "Recruiting"),  # a code of the registry says nothing to a reader
        ("", "4", "“4”"),
        ("Unknown", None, "Unknown"),
    ],
)
def test_the_registrys_words_stand_beside_where_they_say_something_else(value: str, raw: str | None, text: str) -> None:
    assert with_raw(value, raw) == text
