"""Site room: the words a reader sees for the values that the catalogue stores. Data and lookups, no SQL.

Called by every module that prepares a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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

#: Words within names of measures that are not written in lower case.
_MEASURE_WORDS = {word.lower(): word for word in (
    "NYHA", "CCS", "ASA", "CTCAE", "FEV1", "FVC", "HbA1c", "IgE", "LDL", "HDL", "TSH", "FSH", "PSA", "BNP", "MELD", "NIHSS", "MMSE", "MoCA",
    "MADRS", "HADS", "PANSS", "AUDIT", "CIWA", "WOMAC", "DAS28", "BASDAI", "SLEDAI", "PASI", "EASI", "SCORAD", "COPD", "GOLD", "GINA", "UPDRS",
    "APACHE", "II", "SOFA", "NEWS", "WHO", "COVID", "ASPECTS", "CD4", "QT", "QRS", "PR", "pH", "B12", "NRS", "C3", "EPDS", "SLICC",
)}  # fmt: skip
_MEASURES = {
    "fev1_fvc_ratio": "FEV1/FVC ratio", "nt_probnp": "NT-proBNP", "phq_9": "PHQ-9", "gad_7": "GAD-7", "y_bocs": "Y-BOCS", "snot_22": "SNOT-22",
    "ses_cd": "SES-CD", "als_frs": "ALS-FRS", "mg_adl": "MG-ADL", "fib_4": "FIB-4", "has_bled": "HAS-BLED", "adas_cog": "ADAS-Cog",
    "homa_ir": "HOMA-IR", "igf_1": "IGF-1", "ki_67": "Ki-67", "cha2ds2_vasc": "CHA2DS2-VASc", "ca_19_9": "CA 19-9", "ca_125": "CA 125",
    "pd_l1_tps": "PD-L1 TPS", "pd_l1_cps": "PD-L1 CPS", "ecog": "ECOG performance status", "karnofsky": "Karnofsky performance status",
    "lansky": "Lansky performance status", "interval": "Time before or after", "a_beta": "Amyloid beta",
}  # fmt: skip
#: UCUM units whose code is not what is printed.
_UNITS = {
    "a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "Cel": "°C", "mm[Hg]": "mmHg",
    "cm[H2O]": "cmH₂O", "{ULN}": "× upper limit of normal", "{LLN}": "× lower limit of normal", "{score}": "", "{count}": "", "{ratio}": "", "{titer}": "", "{MoM}": "MoM",
    "{pack_years}": "pack years", "{drinks}/wk": "drinks/week", "10*9/L": "×10⁹/L", "10*6/mL": "×10⁶/mL", "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "kg/m2": "kg/m²", "g/m2": "g/m²", "m2": "m²", "cm2": "cm²", "/mm2": "/mm²", "deg": "°", "[diop]": "dioptres", "[ppb]": "ppb", "[ppm]": "ppm",
    "/min": "per minute", "/d": "per day", "min/wk": "minutes/week",
}  # fmt: skip

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


def measure(variable: str) -> str:
    """`body_mass_index` -> `Body mass index`, `fev1` -> `FEV1`; what the vocabulary does not know as it stands."""
    if variable in _MEASURES:
        return _MEASURES[variable]
    text = " ".join(_MEASURE_WORDS.get(word, word) for word in variable.split("_"))
    return text if text.startswith("pH") else text[:1].upper() + text[1:]


def unit(code: str | None) -> str:
    """`kg/m2` -> `kg/m²`, `{ULN}` -> `× upper limit of normal`; blank for scores and counts."""
    if not code:
        return ""
    known = _UNITS.get(code)
    return known if known is not None else re.sub(r"\bu(?=[gmLl])", "µ", code.replace("[IU]", "IU"))


def date(value: str | None) -> str:
    """`2024-03-05` -> `5 Mar 2024`, `2024-03` -> `Mar 2024`; anything else as it stands."""
    match = _DATE.match(value or "")
    if not match or (match[2] and not 1 <= int(match[2]) <= 12):
        return value or ""
    parts = [str(int(match[3])) if match[3] else "", _MONTHS[int(match[2]) - 1] if match[2] else "", match[1]]
    return " ".join(part for part in parts if part)


def dated(row: Mapping[str, Any], column: str) -> str:
    """`Mar 2027 (anticipated)`: a date of a record or a trial with its type."""
    text, kind = date(row[column]), row.get(f"{column}_type")
    return f"{text} ({kind})" if text and kind else text


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
