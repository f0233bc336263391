"""Site room: the words a reader sees for the values that the catalogue stores. Data and lookups, no SQL.

Called by every module that prepares a page.
"""

from __future__ import annotations

import re

from harvester.registries import REGISTRIES
from normalize.ages import in_words
from normalize.countries import country

#: Spellings that are not the value with blanks for underscores.
_WORDS: dict[str, dict[str, str]] = {
    "recruitment_status": {"active_not_recruiting": "Active, not recruiting"},
    "phase": {"early_1": "Early phase 1", "not_applicable": "Not applicable"},
    "sponsor_class": {
        "academic_or_hospital": "University or hospital",
        "other_nonprofit": "Other non-profit",
    },
    "sex": {"all": "All", "female": "Women", "male": "Men"},
    "age_group": {
        "child": "Children (to 17 years)",
        "adult": "Adults (18 to 64 years)",
        "older_adult": "Older adults (from 65 years)",
    },
    "registries": {"one": "One registry", "several": "Several registries"},
    "allocation": {"na": "Not applicable", "non_randomized": "Not randomized"},
    "masking": {"none": "None (open label)"},
    "sponsor_role": {
        "primary": "Primary sponsor",
        "secondary": "Secondary sponsor or collaborator",
        "funder": "Funder",
    },
    "contact_kind": {"public": "Public queries", "scientific": "Scientific queries", "site": "Site"},
    "id_type": {
        "registry": "Registry number",
        "alias": "Earlier number",
        "mention": "Mentioned in text",
        "utn": "WHO Universal Trial Number",
        "sponsor_code": "Sponsor's code",
        "funder": "Funder's number",
        "regulator": "Regulator's or ethics committee's number",
        "other": "Other number",
    },
    "source": {registry.source: registry.name for registry in REGISTRIES.values()},
    "ipd_sharing": {"yes": "Planned", "no": "Not planned", "undecided": "Undecided"},
    "evidence": {
        "mirror": "two sources serve the same entry",
        "identifier": "a registry number",
        "sponsor_code": "the sponsor's code",
        "text": "similar text",
    },
}

#: Colour of a status: what a reader must see first.
STATUS_TONE = {
    "recruiting": "open", "enrolling_by_invitation": "open", "available": "open", "not_yet_recruiting": "soon",
    "completed": "done", "terminated": "stopped", "withdrawn": "stopped", "suspended": "stopped",
}  # fmt: skip

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?![\d-])")


def word(vocabulary: str, value: str | None) -> str:
    """`active_not_recruiting` -> `Active, not recruiting`; blank for none."""
    if not value:
        return ""
    known = _WORDS.get(vocabulary, {}).get(value)
    if known:
        return known
    text = value.replace("_", " ")
    return text[:1].upper() + text[1:]


def phase(value: str | None) -> str:
    """`1/2` -> `Phase 1/2`; `not_applicable` -> `Not applicable`."""
    if value and value[0].isdigit():
        return f"Phase {value}"
    return word("phase", value)


def date(value: str | None) -> str:
    """`2024-03-05` -> `5 Mar 2024`, `2024-03` -> `Mar 2024`; anything else as it stands."""
    match = _DATE.match(value or "")
    if not match or (match[2] and not 1 <= int(match[2]) <= 12):
        return value or ""
    parts = [str(int(match[3])) if match[3] else "", _MONTHS[int(match[2]) - 1] if match[2] else "", match[1]]
    return " ".join(part for part in parts if part)


def age(years: float | None) -> str:
    """`40.0` -> `40 years`; blank for none."""
    return "" if years is None else in_words(years)


def number(value: int | float | None) -> str:
    """`12345` -> `12,345`; blank for none."""
    return "" if value is None else f"{value:,}"


def yes_no(value: object) -> str:
    """Truth values of the database: 1, 0 or nothing."""
    return "" if value is None else "Yes" if value else "No"


def country_name(code: str) -> str:
    """`FR` -> `France`; an unknown code as it stands."""
    return country(code)[1] or code


def source_of(source: str, registry: str) -> str:
    """Who served a record: `ClinicalTrials.gov`, or `EUCTR, as served by WHO ICTRP`."""
    return f"{registry}, as served by WHO ICTRP" if source == "ictrp" else word("source", source)
