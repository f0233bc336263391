"""WHO ICTRP: what was counted in recorded payloads is in their records."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from normalize.ictrp import normalize
from normalize.identifiers import is_junk
from normalize.schema import Record, Unreadable


class Recorded(NamedTuple):
    file: str
    elements: dict[str, str]  # as an independent reader sees them, stripped
    record: Record


def _xml(path: Path) -> Iterator[tuple[dict[str, str], bytes, str]]:
    for body in re.findall(rb"<Trial>.*?</Trial>", path.read_bytes(), re.DOTALL):
        elements = {child.tag: (child.text or "").strip() for child in ElementTree.fromstring(body)}
        yield elements, body, "application/xml; charset=utf-8"


def _csv(path: Path) -> Iterator[tuple[dict[str, str], bytes, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for cells in rows:
        out = io.StringIO()
        csv.writer(out).writerows([header, cells])
        names = (name.replace(" ", "_") for name in header)
        yield {name: cell.strip() for name, cell in zip(names, cells, strict=True)}, out.getvalue().encode(), "text/csv"


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Recorded]:
    folder = shared / "recorded" / "ictrp"
    payloads = [(path.name, *piece) for path in sorted(folder.glob("xml/*.xml")) for piece in _xml(path)]
    payloads += [(path.name, *piece) for path in sorted(folder.glob("csv/*.csv")) for piece in _csv(path)]
    return [Recorded(name, elements, normalize(body, kind)) for name, elements, body, kind in payloads]


OLD, NEW = "ICTRP-Results_2020-03-18.xml", "ICTRP-Results_2024-06-09.xml"
FIRST, SECOND = "ICTRP-COVID19_2020-04-07.csv", "ICTRP-COVID19_2020-04-15.csv"


def of(recorded: Iterable[Recorded], file: str) -> list[Record]:
    return [item.record for item in recorded if item.file == file]


@pytest.mark.parametrize(
    ("file", "registries"),
    [
        (OLD, {"ChiCTR": 220, "ClinicalTrials.gov": 62}),
        (NEW, {"ClinicalTrials.gov": 22, "EUCTR": 15, "DRKS": 4, "jRCT": 2, "UMIN": 1, "ChiCTR": 1, "CTIS": 1, "NL-OMON": 1}),
        (FIRST, {"ChiCTR": 276, "ClinicalTrials.gov": 159, "EUCTR": 12, "ANZCTR": 5, "IRCT": 4, "jRCT": 3, "UMIN": 1, "NTR": 3, "ISRCTN": 2, "TCTR": 1}),
        (SECOND, {"ChiCTR": 288, "ClinicalTrials.gov": 239, "EUCTR": 17, "ANZCTR": 7, "NTR": 7, "ISRCTN": 6, "IRCT": 4, "jRCT": 3, "UMIN": 1, "TCTR": 1}),
    ],
)  # fmt: skip
def test_recorded_trials_by_register(recorded: list[Recorded], file: str, registries: dict[str, int]) -> None:
    records = of(recorded, file)
    assert Counter(record.registry for record in records) == registries
    assert len({record.registry_id for record in records}) == len(records)


@pytest.mark.parametrize(
    ("file", "numbers", "total", "texts"),
    [(OLD, 62, 366881, 219), (NEW, 45, 4662, 1), (FIRST, 189, 897291, 275), (SECOND, 282, 1326453, 287)],
)
def test_recorded_sizes(recorded: list[Recorded], file: str, numbers: int, total: int, texts: int) -> None:
    records = of(recorded, file)
    plain = [record for record in records if (record.sample_size_raw or "").isdigit()]
    assert (len(plain), sum(record.target_sample_size or 0 for record in plain)) == (numbers, total)
    groups = [record for record in records if record.sample_size_raw and record not in plain]
    assert len(groups) == texts
    for record in groups:
        arms = [count.count for count in record.enrollment_counts if count.scope == "arm"]
        assert arms or re.fullmatch(r"(?:[^:;]*:0;?)+", record.sample_size_raw or "")
        assert (record.target_sample_size or 0) == sum(arms)


@pytest.mark.parametrize(
    ("file", "statuses", "types", "sexes"),
    [
        (
            OLD,
            {"recruiting": 148, "not_recruiting": 98 + 29, None: 7},
            {"interventional": 116 + 45 + 1, "observational": 84 + 17 + 5, "other": 10 + 2, "basic_science": 2},
            {"all": 215 + 61, "male": 4, "female": 2},
        ),
        (
            NEW,
            {"not_recruiting": 17 + 15, "recruiting": 10, "unknown": 4 + 1},
            {"interventional": 17 + 16, "observational": 7 + 4 + 1 + 1 + 1},
            {"all": 26 + 15 + 3 + 1 + 1, None: 1},
        ),
        (
            FIRST,
            {"recruiting": 219, "not_recruiting": 139 + 88, "unknown": 12, None: 8},
            {
                "interventional": 133 + 119 + 12 + 4 + 1 + 1,
                "observational": 109 + 48 + 7 + 6,
                "other": 16 + 3 + 2,
                "basic_science": 5,
            },
            {"all": 277 + 156 + 12 + 5 + 1, "female": 6, "male": 6, None: 3},
        ),
        (
            SECOND,
            {"recruiting": 274, "not_recruiting": 149 + 125, "unknown": 17, None: 8},
            {
                "interventional": 165 + 136 + 17 + 4 + 1 + 1,
                "observational": 117 + 85 + 12 + 6,
                "other": 17 + 3 + 2,
                "basic_science": 5,
                "expanded_access": 2,
            },
            {"all": 292 + 234 + 17 + 7 + 1, "female": 8, "male": 7, None: 7},
        ),
    ],
)
def test_recorded_statuses_types_and_sexes(
    recorded: list[Recorded],
    file: str,
    statuses: dict[str | None, int],
    types: dict[str | None, int],
    sexes: dict[str | None, int],
) -> None:
    records = of(recorded, file)
    assert Counter(record.recruitment_status for record in records) == statuses
    assert Counter(record.study_type for record in records) == types
    assert Counter(record.sex for record in records) == sexes


@pytest.mark.parametrize(
    ("file", "earliest", "latest", "processed"),
    [
        (OLD, "2005-09-12", "2020-03-16", "2020-03-18"),
        (NEW, "2008-12-01", "2024-04-08", "2024-06-09"),
        (FIRST, "2017-10-25", "2020-04-06", "2020-04-07"),
        (SECOND, "2017-10-25", "2020-04-14", "2020-04-15"),
    ],
)
def test_recorded_dates(recorded: list[Recorded], file: str, earliest: str, latest: str, processed: str) -> None:
    records = of(recorded, file)
    registered = [record.date_of_registration or "" for record in records]
    assert (min(registered), max(registered)) == (earliest, latest)
    assert {record.processed_date for record in records} == {processed}


FILLED: dict[str, Callable[[Record], object]] = {
    "Scientific_title": lambda r: r.scientific_title,
    "Acronym": lambda r: r.acronym,
    "Primary_sponsor": lambda r: any(s.role == "primary" for s in r.record_sponsors),
    "Secondary_Sponsor": lambda r: any(s.role == "secondary" for s in r.record_sponsors),
    "Secondary_ID": lambda r: any(i.source_field == "Secondary_ID" for i in r.secondary_ids),
    "Countries": lambda r: r.countries,
    "Condition": lambda r: r.conditions,
    "Intervention": lambda r: r.interventions or r.arms,
    "Inclusion_Criteria": lambda r: r.eligibility_raw,
    "Primary_outcome": lambda r: any(o.kind == "primary" for o in r.outcomes),
    "Secondary_outcome": lambda r: any(o.kind == "secondary" for o in r.outcomes),
    "Date_enrollement": lambda r: r.date_of_first_enrollment,
    "results_url_link": lambda r: r.results_url or any(warning.field == "results_url" for warning in r.warnings),
    "results_yes_no": lambda r: r.has_results is not None,
    "Ethics_review_status": lambda r: r.ethics_reviews,
    "Last_Refreshed_on": lambda r: r.last_update_date,
    "Date_registration3": lambda r: r.date_of_registration,
    "Export_date": lambda r: r.processed_date,
    "web_address": lambda r: r.url,
    "Phase": lambda r: r.phase_raw,
    "Study_design": lambda r: r.study_design_raw,
}
#: The form's labels and nothing behind them (EUCTR2020-001386-37-IT), or words that there is nothing ("none", "Case series:NA").
LABELS_ALONE = re.compile(r"(?:(?:Main Objective|Secondary Objective|Primary end point\(s\)):[ ;]*)+")


def says_something_of_nothing(text: str) -> bool:
    """Filled, and only to say that there is nothing."""
    return bool(text) and LABELS_ALONE.fullmatch(text) is None and says_nothing(text)


def says_nothing(text: str) -> bool:
    return LABELS_ALONE.fullmatch(text) is not None or is_junk(re.sub(r"</?(?:br|p)>", " ", text))


@pytest.mark.parametrize("element", FILLED)
def test_recorded_elements_that_are_filled_are_read(recorded: list[Recorded], element: str) -> None:
    for item in recorded:
        # An EUCTR number of another country is the record's own number.
        text = item.elements.get(element, "")
        own = element == "Secondary_ID" and text[:14] in item.record.registry_id
        assert bool(FILLED[element](item.record)) == bool(text) or own or says_nothing(text), item.record.registry_id


@pytest.mark.parametrize(
    ("file", "filled"),
    [
        (OLD, [282, 11, 282, 0, 0, 252, 282, 275, 282, 280, 0, 282]),
        (NEW, [47, 7, 47, 5, 40, 46, 47, 44, 47, 47, 42, 46]),
        (FIRST, [466, 72, 466, 0, 0, 407, 466, 445, 466, 465 - 1, 0, 466]),  # one with labels alone
        (SECOND, [573, 115, 573, 0, 0, 499, 573, 540, 573, 570 - 1, 0, 573]),
    ],
)
def test_recorded_filled_counts(recorded: list[Recorded], file: str, filled: list[int]) -> None:
    of_file = [item for item in recorded if item.file == file]
    assert [
        sum(bool(test(item.record)) or says_something_of_nothing(item.elements.get(element, "")) for item in of_file)
        for element, test in list(FILLED.items())[:12]
    ] == filled


def squeezed(text: str | None) -> str:
    """The characters that must not be lost: no white space, no `<br>`, ICTRP's second escaping undone."""
    text = re.sub(r"&#\d+;", lambda match: html.unescape(match[0]), text or "")
    return "".join(re.sub(r"<br\s*/?\s*>", "", text, flags=re.IGNORECASE).split())


@pytest.mark.parametrize(("file", "characters"), [(OLD, 232051), (NEW, 63423), (FIRST, 388377), (SECOND, 481074)])
def test_recorded_criteria_are_whole(recorded: list[Recorded], file: str, characters: int) -> None:
    breaks = 0
    for item in recorded:
        if item.file == file:
            both = item.elements.get("Inclusion_Criteria", "") + item.elements.get("Exclusion_Criteria", "")
            breaks += both.count("<br>")
            assert squeezed(item.record.eligibility_raw) == squeezed(both)
    total = sum(len(squeezed(record.eligibility_raw)) for record in of(recorded, file))
    assert total + breaks * len("<br>") == characters


def test_recorded_lists_are_whole_before_they_are_taken_apart(recorded: list[Recorded]) -> None:
    for item in recorded:
        for element, column in RAW_LISTS.items():
            text = "".join(item.elements.get(element, "").replace("<br>", "").split())
            assert "".join((getattr(item.record, column) or "").split()) == text


RAW_LISTS = {
    "Condition": "conditions_raw",
    "Intervention": "interventions_raw",
    "Primary_outcome": "primary_outcomes_raw",
    "Secondary_outcome": "secondary_outcomes_raw",
}


def test_recorded_titles_and_designs_are_whole(recorded: list[Recorded]) -> None:
    for item in recorded:
        pairs = {
            "Public_title": item.record.public_title,
            "Scientific_title": item.record.scientific_title,
            "Acronym": item.record.acronym,
            "Study_design": item.record.study_design_raw,
            "Phase": item.record.phase_raw,
            "Target_size": item.record.sample_size_raw,
        }
        for element, value in pairs.items():
            assert squeezed(value) == squeezed(item.elements.get(element))


def conditions_of(record: Record) -> list[str | None]:
    coded = [part for row in record.conditions for part in (row.meddra_code, row.meddra_version, row.meddra_level)]
    return [*(row.condition for row in record.conditions), *(row.keyword for row in record.keywords), *coded]


def interventions_of(record: Record) -> list[str | None]:
    arms = [part for arm in record.arms for part in (arm.label, arm.description)]
    return [*arms, *(part for row in record.interventions for part in (row.name, row.description))]


def outcomes_of(record: Record) -> list[str | None]:
    objectives = re.split(r"(?:\A|\n\n)(?:Main|Secondary) Objective: ", record.brief_summary or "")
    return [*objectives, *(part for row in record.outcomes for part in (row.measure, row.description, row.time_frame))]


#: What may vanish when a list is taken apart: its separators and the labels of its parts, which became columns.
SEPARATORS = {
    "conditions": "MedDRAversion:|Level:|Classificationcode:?|Term:|Therapeuticarea:",
    "interventions": "(?:Behavioral|Biological|CombinationProduct|Device|DiagnosticTest|DietarySupplement|Drug|Genetic|Other|Procedure"
    r"|Radiation):|(?:Group|Intervention)\d+:|:",
    "outcomes": r"MainObjective:|SecondaryObjective:|(?:Primary|Secondary)endpoint\(s\):|Timepoint\(s\)ofevaluationofthisendpoint:"
    r"|Timepoint:|Methodofmeasurement:|Timeframe|[\[\]]|(?:(?<=[;\0])|\A)\d{1,2}[.)]",
}


@pytest.mark.parametrize(
    ("elements", "parts", "separators"),
    [
        (("Condition",), conditions_of, "conditions"),
        (("Intervention",), interventions_of, "interventions"),
        (("Primary_outcome", "Secondary_outcome"), outcomes_of, "outcomes"),
    ],
)
def test_recorded_lists_lose_nothing_but_separators(
    recorded: list[Recorded], elements: tuple[str, ...], parts: Any, separators: str
) -> None:
    for item in recorded:
        texts = [item.elements.get(element, "") for element in elements]
        if item.record.registry == "NL-OMON":
            texts = [re.sub("</?p>", "", text) for text in texts]
        whole = rest = ";".join(squeezed(text) for text in texts)
        for part in sorted({squeezed(part) for part in parts(item.record)} - {""}, key=len, reverse=True):
            assert part in whole, (item.record.registry_id, part)
            rest = rest.replace(part, "\0")
        rest = re.sub(SEPARATORS[separators], ";", rest)
        assert all(is_junk(re.sub("^[Nn]ot", "not ", part)) for part in re.split(r"[;\0]", rest)), (
            item.record.registry_id,
            rest,
        )


def test_recorded_lists_keep_their_order(recorded: list[Recorded]) -> None:
    for item in recorded:
        lists = {
            "Condition": [row.condition for row in item.record.conditions],
            "Intervention": [row.name for row in item.record.interventions],
            "Primary_outcome": [row.measure for row in item.record.outcomes if row.kind == "primary"],
            "Secondary_outcome": [row.measure for row in item.record.outcomes if row.kind == "secondary"],
        }
        if item.record.registry in ("EUCTR", "CTIS"):
            del lists["Intervention"]  # a product has its name behind other fields
        for element, values in lists.items():
            text, position = squeezed(item.elements.get(element)), 0
            for value in values:
                position = text.find(squeezed(value), position)
                assert position >= 0, (item.record.registry_id, value)
                position += len(squeezed(value))


def test_recorded_groups_of_chictr_are_arms(recorded: list[Recorded]) -> None:
    """Names of groups are the same in Target_size and Intervention, but for diagnostic studies."""
    for item in recorded:
        if (
            item.record.registry == "ChiCTR"
            and item.record.interventions
            and "Index test" not in item.elements["Intervention"]
        ):
            sized = [count.scope_value for count in item.record.enrollment_counts if count.scope == "arm"]
            assert [arm.label for arm in item.record.arms] == sized, item.record.registry_id


def test_recorded_values_that_no_vocabulary_knows(recorded: list[Recorded]) -> None:
    unmapped = {(value.vocabulary, value.raw_value) for item in recorded for value in item.record.unmapped_values}
    assert unmapped <= {
        ("phase", "Not selected"),
        ("country", "Europe"),
        ("country", "Asia(except Japan)"),
        ("country", "??"),
    }


def test_recorded_page_of_one_trial(shared: Path) -> None:
    body = (shared / "recorded/ictrp/html/Trial2_ChiCTR2100045397.html").read_bytes()
    record = normalize(body, "text/html; charset=utf-8")
    assert (record.registry, record.registry_id, record.target_sample_size) == ("ChiCTR", "ChiCTR2100045397", 158)
    assert (record.date_of_registration, record.date_of_first_enrollment) == ("2021-04-14", "2021-06-01")
    assert [contact.kind for contact in record.contacts] == ["scientific", "public"]
    assert len(record.arms) == len(record.interventions) == len(record.outcomes) == 2
    assert record.prospective_registration is True


def test_recorded_page_of_an_unknown_number(shared: Path) -> None:
    body = (shared / "recorded/ictrp/html/Trial2_not-found_abridged.html").read_bytes()
    with pytest.raises(Unreadable, match="knows no trial of this number"):
        normalize(body, "text/html; charset=utf-8")
