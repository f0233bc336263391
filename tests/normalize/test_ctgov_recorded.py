"""ClinicalTrials.gov: what was counted in recorded studies is in their records."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from normalize.ctgov import normalize
from normalize.schema import Record, Unreadable
from tests.normalize.ctgov import read, study


def test_an_address_has_plain_ampersands() -> None:
    escaped, plain = "https://share.example.org/get?study=1&amp;file=2", "https://share.example.org/get?study=1&file=2"
    record = read(
        study(
            references={
                "seeAlsoLinks": [{"label": "Plan", "url": escaped}],
                "availIpds": [{"type": "Data", "url": escaped}],
            },
            ipdSharingStatement={"url": escaped},
        )
    )
    assert (record.publications[0].url, record.documents[0].url, record.ipd_url) == (plain, plain, plain)


def recorded_studies(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def recorded_arrays(folder: Path) -> list[dict[str, Any]]:
    return [one for path in sorted(folder.glob("array-*.json")) for one in json.loads(path.read_bytes())]


@pytest.fixture(scope="module")
def studies(shared: Path) -> list[tuple[dict[str, Any], Record]]:
    return [(payload, read(payload)) for payload in recorded_studies(shared / "recorded" / "ctgov" / "studies")]


@pytest.fixture(scope="module")
def arrays(shared: Path) -> list[tuple[dict[str, Any], Record]]:
    return [(payload, read(payload)) for payload in recorded_arrays(shared / "recorded" / "ctgov" / "pages")]


def tally(records: list[Record]) -> dict[str, Any]:
    """The figures that an independent program counted in the recorded payloads, as the records have them."""
    interventions = [item for record in records for item in record.interventions]
    publications = [p for r in records for p in r.publications if p.type in ("background", "result", "derived")]
    sponsors = [sponsor for record in records for sponsor in record.record_sponsors]
    return {
        "ids": len({record.registry_id for record in records}),
        "has_results": sum(record.has_results is True for record in records),
        "documents": sum(document.type != "individual_participant_data" for r in records for document in r.documents),
        "planned": sum(record.target_sample_size or 0 for record in records),
        "actual": sum(record.actual_enrollment or 0 for record in records),
        "counts": Counter(count.kind for record in records for count in record.enrollment_counts),
        "locations": sum(len(record.sites) for record in records),
        "points": sum(site.latitude is not None for record in records for site in record.sites),
        "countries": len({country.country_code for record in records for country in record.countries}),
        "outcomes": Counter(outcome.kind for record in records for outcome in record.outcomes),
        "arms": sum(len(record.arms) for record in records),
        "interventions": Counter(item.type for item in interventions),
        "other_names": sum(len(item.other_names.split("\n")) for item in interventions if item.other_names),
        "conditions": sum(len(record.conditions) for record in records),
        "keywords": sum(len(record.keywords) for record in records),
        "lead": Counter(sponsor.class_raw for sponsor in sponsors if sponsor.role == "primary"),
        "collaborators": sum(sponsor.role == "secondary" for sponsor in sponsors),
        "officials": sum(len(record.investigators) for record in records),
        "central": sum(contact.kind == "public" for record in records for contact in record.contacts),
        "references": (len(publications), sum(publication.pmid is not None for publication in publications)),
        "status": Counter(record.recruitment_status for record in records),
        "stopped": sum(record.why_stopped is not None for record in records),
        "study_type": Counter(record.study_type for record in records),
        "phase": Counter(record.phase for record in records),
        "sex": Counter(record.sex for record in records),
        "ages": (
            sum(record.minimum_age_years is not None for record in records),
            sum(record.maximum_age_years is not None for record in records),
        ),
        "healthy": Counter(record.healthy_volunteers for record in records),
        "start": Counter(len(record.date_of_first_enrollment or "") for record in records),
        "start_type": Counter(record.date_of_first_enrollment_type for record in records),
        "ipd": Counter(record.ipd_sharing for record in records),
        "criteria": sum(record.eligibility_raw is not None for record in records),
        "updated": (min(r.last_update_date or "9" for r in records), max(r.last_update_date or "" for r in records)),
        "partial": sum(record.is_partial for record in records),
        "unmapped": sum(len(record.unmapped_values) for record in records),
    }


# fmt: off
STUDIES = {
    "ids": 580, "has_results": 79, "documents": 75, "planned": 2_122_457 + 386, "actual": 69_306,
    "counts": {"actual": 346, "planned": 225 + 5},  # five without a type are taken as planned
    "locations": 4522, "points": 4374, "countries": 65,  # 66 spellings: Turkey has two
    "outcomes": {"primary": 1115, "secondary": 3412, "other": 272}, "arms": 1256,
    "interventions": {
        "drug": 510, "biological": 186, "other": 149, "dietary_supplement": 61, "procedure": 42, "diagnostic_test": 38, "device": 22,
        "behavioral": 12, "combination_product": 4, "radiation": 2,
    },
    "other_names": 504, "conditions": 989, "keywords": 1619,
    "lead": {"OTHER": 359, "INDUSTRY": 184, "NIH": 22, "OTHER_GOV": 15}, "collaborators": 400, "officials": 561, "central": 251,
    "references": (816, 805),
    "status": {
        "completed": 298, "unknown": 92, "recruiting": 90, "not_yet_recruiting": 32, "active_not_recruiting": 28, "terminated": 21,
        "withdrawn": 16, "enrolling_by_invitation": 2, "no_longer_available": 1,
    },
    "stopped": 37, "study_type": {"interventional": 436, "observational": 143, "expanded_access": 1},
    "phase": {None: 144, "not_applicable": 113, "2": 95, "1": 79, "3": 46, "1/2": 40, "4": 39, "2/3": 14, "early_1": 10},
    "sex": {"all": 557, "female": 15, "male": 8}, "ages": (539, 379), "healthy": {False: 441, True: 124, None: 15},
    "start": {10: 361, 7: 215, 0: 4}, "start_type": {"actual": 334, None: 176, "anticipated": 70},
    "ipd": {None: 267, "no": 182, "yes": 81, "undecided": 50}, "criteria": 580,
    "updated": ("2005-06-24", "2026-06-02"), "partial": 0, "unmapped": 0,
}
ARRAYS = {
    "ids": 280, "has_results": 13, "documents": 22, "planned": 49_136 + 40, "actual": 41_287, "counts": {"planned": 175 + 1, "actual": 104},
    "locations": 1950, "points": 1909, "countries": 54, "outcomes": {"primary": 604, "secondary": 1432, "other": 129}, "arms": 497,
    "interventions": {
        "drug": 226, "device": 110, "other": 76, "procedure": 34, "behavioral": 26, "biological": 11, "diagnostic_test": 10, "radiation": 8,
        "dietary_supplement": 3, "combination_product": 2, "genetic": 1,
    },
    "other_names": 145, "conditions": 531, "keywords": 765,
    "lead": {"OTHER": 158, "INDUSTRY": 116, "NETWORK": 4, "OTHER_GOV": 2, "FED": 1, "INDIV": 1}, "collaborators": 160, "officials": 238,
    "central": 228, "references": (396, 369),
    "status": {
        "recruiting": 119, "completed": 82, "not_yet_recruiting": 38, "active_not_recruiting": 16, "unknown": 12, "terminated": 9,
        "withdrawn": 4, "enrolling_by_invitation": 2,
    },
    "stopped": 12, "study_type": {"interventional": 225, "observational": 57},
    "phase": {"not_applicable": 118, None: 57, "2": 32, "1": 23, "1/2": 19, "3": 19, "4": 7, "2/3": 5, "early_1": 2},
    "sex": {"all": 273, "female": 7, "male": 2}, "ages": (268, 158), "healthy": {False: 244, True: 27, None: 11},
    "start": {10: 248, 7: 34}, "start_type": {"actual": 213, "anticipated": 48, None: 21},
    "ipd": {"no": 136, None: 88, "yes": 41, "undecided": 17}, "criteria": 282,
    "updated": ("2006-12-22", "2025-12-05"), "partial": 0, "unmapped": 0,
}


# fmt: on
@pytest.mark.parametrize("what", STUDIES)
def test_recorded_studies_hold_what_was_counted_in_them(
    studies: list[tuple[dict[str, Any], Record]], what: str
) -> None:
    assert tally([record for _, record in studies])[what] == STUDIES[what]


@pytest.mark.parametrize("what", ARRAYS)
def test_recorded_arrays_hold_what_was_counted_in_them(arrays: list[tuple[dict[str, Any], Record]], what: str) -> None:
    assert tally([record for _, record in arrays])[what] == ARRAYS[what]


def visible(texts: object) -> str:
    """Non-blank characters of all texts in a JSON value, Markdown escapes undone."""
    if isinstance(texts, str):
        return re.sub(r"\s", "", re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", texts))
    if isinstance(texts, dict):
        return "".join(visible(value) for value in texts.values())
    return "".join(visible(value) for value in texts) if isinstance(texts, (list, tuple)) else ""


def long_texts(protocol: dict[str, Any], record: Record) -> Iterator[tuple[object, object]]:
    """What the registry wrote beside what the record has."""
    for module, key, column in (
        ("identificationModule", "briefTitle", "public_title"),
        ("identificationModule", "officialTitle", "scientific_title"),
        ("descriptionModule", "briefSummary", "brief_summary"),
        ("descriptionModule", "detailedDescription", "detailed_description"),
        ("eligibilityModule", "eligibilityCriteria", "eligibility_raw"),
        ("eligibilityModule", "studyPopulation", "study_population"),
        ("statusModule", "whyStopped", "why_stopped"),
    ):
        yield protocol.get(module, {}).get(key), getattr(record, column)
    outcomes = protocol.get("outcomesModule", {})
    for key, kind in (("primaryOutcomes", "primary"), ("secondaryOutcomes", "secondary"), ("otherOutcomes", "other")):
        yield (
            [[o.get("measure"), o.get("description"), o.get("timeFrame")] for o in outcomes.get(key, [])],
            [[o.measure, o.description, o.time_frame] for o in record.outcomes if o.kind == kind],
        )
    module = protocol.get("armsInterventionsModule", {})
    yield (
        [[i["name"], i.get("description"), i.get("otherNames")] for i in module.get("interventions", [])],
        [[i.name, i.description, i.other_names] for i in record.interventions],
    )
    yield (
        [[arm.get("label"), arm.get("description")] for arm in module.get("armGroups", [])],
        [[arm.label, arm.description] for arm in record.arms],
    )


def test_no_visible_character_of_the_long_texts_is_lost(
    studies: list[tuple[dict[str, Any], Record]], arrays: list[tuple[dict[str, Any], Record]]
) -> None:
    for payload, record in studies + arrays:
        for source, stored in long_texts(payload["protocolSection"], record):
            assert re.sub(r"\s", "", "".join(flat(stored))) == visible(source), record.registry_id
    source = "".join(payload["protocolSection"]["eligibilityModule"]["eligibilityCriteria"] for payload, _ in studies)
    assert len(re.sub(r"\s", "", source)) == 1_002_529


def flat(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from flat(item)


def test_recorded_parts_of_studies_are_partial(shared: Path) -> None:
    folder = shared / "recorded" / "ctgov"
    partial: Counter[str] = Counter()
    for path in sorted((folder / "pages").glob("page-*.json")):
        for payload in json.loads(path.read_bytes())["studies"]:
            partial["page" if read(payload).is_partial else path.name] += 1
    # The pages with whole studies, as counted; all others were asked for with fields=
    assert partial == {"page-5.json": 2, "page-full-10.json": 5, "page-full-3.json": 2, "page": 59}
    assert normalize((folder / "partial" / "NCT02576665.json").read_bytes(), "application/json").is_partial
    assert not any(read(json.loads(path.read_bytes())).is_partial for path in (folder / "versions").rglob("*.json"))


def test_recorded_payloads_that_are_no_study_are_refused(shared: Path) -> None:
    files = [path for path in sorted((shared / "recorded" / "ctgov" / "malformed").rglob("*")) if path.is_file()]
    for path in files:
        with pytest.raises(Unreadable):
            normalize(path.read_bytes(), "application/octet-stream")
    assert len(files) == 62
