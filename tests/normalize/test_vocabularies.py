"""The closed lists, and the registers' spellings of their values."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from normalize import closed_lists, vocabularies
from normalize.schema import Unmapped
from normalize.vocabularies import VOCABULARIES, read


def lookup(vocabulary: str, spelling: str) -> str | None:
    """The value of a spelling; None where the list does not know it, which is then reported."""
    unmapped: list[Unmapped] = []
    value = read(vocabulary, spelling, unmapped)
    assert [(one.vocabulary, one.raw_value) for one in unmapped] == ([] if value else [(vocabulary, spelling)])
    return value


@pytest.mark.parametrize(
    ("spelling", "phase"),
    [
        ("PHASE1", "1"),
        ("PHASE1/PHASE2", "1/2"),
        ("EARLY_PHASE1", "early_1"),
        ("Phase 0", "early_1"),
        ("0 (exploratory trials)", "early_1"),
        ("NA", "not_applicable"),
        ("N/A", "not_applicable"),
        ("New Treatment Measure Clinical Study", "not_applicable"),
        ("Diagnostic New Technique Clincal Study", "not_applicable"),
        ("Retrospective study", "not_applicable"),
        ("I", "1"),
        ("Phase-2", "2"),
        ("Phase2", "2"),
        ("IIb", "2"),
        ("III (Phase III study)", "3"),
        ("I+II (Phase I+Phase II)", "1/2"),
        ("Phase I,II", "1/2"),
        ("Phase I/IIa", "1/2"),
        ("2-3", "2/3"),
        ("Phase III/ Phase IV", "3/4"),
        ("Phase 4 (post-marketing)", "4"),
        ("Post-market", "4"),
        ("Bioequivalence", "1"),
        ("Phase I and Phase II (Integrated)- Other", "1/2"),
        ("Human Pharmacology (Phase I)-  Other", "1"),
        ("Therapeutic confirmatory  (Phase III)", "3"),
        ("Fase II", "2"),
        ("Phase I to II", "1/2"),
        ("1/4", "1/4"),
        ("N/A (Not applicable)", "not_applicable"),
    ],
)
def test_phases_of_every_register(spelling: str, phase: str) -> None:
    assert lookup("phase", spelling) == phase


@pytest.mark.parametrize("spelling", ["1-4", "Phase 1-3", "Phase II – IV", "I to III", "phase 0 to phase 2"])
def test_a_span_that_names_its_ends_alone_leaves_open_what_is_between(spelling: str) -> None:
    assert lookup("phase", spelling) is None


@pytest.mark.parametrize(
    ("vocabulary", "spelling", "value"),
    [
        ("recruitment_status", "Recruitment ended", "active_not_recruiting"),
        ("recruitment_status", "Not yet started", "not_yet_recruiting"),
        ("recruitment_status", "Open for recruitment", "recruiting"),
        ("sex", "Women only", "female"),
        ("sex", "Boys", "male"),
        ("sex", "Male or female", "all"),
        ("ipd_sharing", "No - There is not a plan to make this available", "no"),
        ("study_type", "Retrospective study", "observational"),
    ],
)
def test_further_spellings(vocabulary: str, spelling: str, value: str) -> None:
    assert lookup(vocabulary, spelling) == value


@pytest.mark.parametrize(
    ("answers", "phase"),
    [
        ("no yes no no", "2"),
        ("yes yes no no", "1/2"),
        ("yes no no yes", "1/4"),
        ("no yes no yes", "2/4"),
        ("yes yes yes no", "1/2/3"),
    ],
)
@pytest.mark.parametrize("between", ["\n", "<br>", " "])
def test_phases_of_euctr_as_ictrp_prints_them(answers: str, phase: str, between: str) -> None:
    one, two, three, four = answers.split()
    lines = [
        f"Human pharmacology (Phase I): {one}",
        f"Therapeutic exploratory (Phase II): {two}",
        f"Therapeutic confirmatory - (Phase III): {three}",
        f"Therapeutic use (Phase IV): {four}",
    ]
    assert lookup("phase", between.join(lines)) == phase


@pytest.mark.parametrize(
    "spelling", ["Not Specified", "Not selected", "-", "phase five", "Phase 1 of the contract", "no no no no"]
)
def test_a_phase_that_no_rule_reads_is_unknown(spelling: str) -> None:
    assert lookup("phase", spelling) is None


@pytest.mark.parametrize(
    ("spelling", "status"),
    [
        ("NOT_YET_RECRUITING", "not_yet_recruiting"),
        ("Pending", "not_yet_recruiting"),
        ("Recruiting", "recruiting"),
        ("open to recruitment: actively recruiting participa", "recruiting"),
        ("Open public recruiting", "recruiting"),
        ("Not Recruiting", "not_recruiting"),
        ("No longer recruiting", "active_not_recruiting"),
        ("Active, not recruiting", "active_not_recruiting"),
        ("closed: follow-up continuing", "active_not_recruiting"),
        ("Temporarily Halted", "suspended"),
        ("Suspended by CA", "suspended"),
        ("closed: follow-up complete", "completed"),
        ("main results already published", "completed"),
        ("Prematurely Ended", "terminated"),
        ("stopped early", "terminated"),
        ("Cancelled", "withdrawn"),
        ("Ongoing", "unknown"),
        ("Restarted", "unknown"),
        ("Authorised", "unknown"),
        ("GB - no longer in EU/EEA", "unknown"),
        ("Ongoing, recruiting", "recruiting"),
        ("Ongoing, recruitment ended", "active_not_recruiting"),
        ("4", "recruiting"),
        ("8", "completed"),
        ("NO_LONGER_AVAILABLE", "no_longer_available"),
    ],
)
def test_recruitment_status_of_every_register(spelling: str, status: str) -> None:
    assert lookup("recruitment_status", spelling) == status


@pytest.mark.parametrize(
    ("spelling", "sex"),
    [
        ("ALL", "all"),
        ("Both, male and female", "all"),
        ("Male/Female", "all"),
        ("Female, Male", "all"),
        ("<br>Female: yes<br>Male: yes<br>", "all"),
        ("Female: yes Male: no", "female"),
        ("Females", "female"),
        ("F", "female"),
        ("<br>Female: no<br>Male: yes<br>", "male"),
        ("MALE", "male"),
    ],
)
def test_sex_of_every_register(spelling: str, sex: str) -> None:
    assert lookup("sex", spelling) == sex


@pytest.mark.parametrize("spelling", ["-", "--", "Not Specified", "Female: no Male: no"])
def test_a_sex_that_is_not_said_is_reported(spelling: str) -> None:
    unmapped: list[Unmapped] = []
    assert read("sex", spelling, unmapped) is None
    assert unmapped == [Unmapped(vocabulary="sex", raw_value=spelling)]


@pytest.mark.parametrize(
    ("vocabulary", "spelling", "value"),
    [
        ("study_type", "Interventional clinical trial of medicinal product", "interventional"),
        ("study_type", "Observational [Patient Registry]", "observational"),
        ("study_type", "Epidemilogical research", "observational"),
        ("study_type", "Health services reaserch", "other"),
        ("masking", "None (Open Label)", "none"),
        ("masking", "Open (masking not used)", "none"),
        ("masking", "Double (Participant, Investigator)", "double"),
        ("masking", "QUADRUPLE", "quadruple"),
        ("allocation", "Non-randomized controlled trial", "non_randomized"),
        ("allocation", "N/A: single arm study", "na"),
        ("intervention_model", "Single (group)", "single_group"),
        ("intervention_model", "Crossover Assignment", "crossover"),
        ("masked_roles", "Outcome Assessor", "outcomes_assessor"),
        ("primary_purpose", "HEALTH_SERVICES_RESEARCH", "health_services_research"),
        ("sponsor_class", "Hospital/Clinic/Other health care facility", "academic_or_hospital"),
        ("sponsor_class", "FED", "government"),
        ("sponsor_class", "OTHER", "unknown"),
        ("date_type", "ESTIMATED", "anticipated"),
        ("intervention_type", "Procedure/Surgery", "procedure"),
        ("ipd_sharing", "NO", "no"),
    ],
)
def test_other_lists(vocabulary: str, spelling: str, value: str) -> None:
    assert lookup(vocabulary, spelling) == value


def test_a_register_says_blinded_without_saying_how_many() -> None:
    assert lookup("masking", "Blinded (masking used)") is None


def test_blank_is_none_and_not_reported() -> None:
    unmapped: list[Unmapped] = []
    assert read("phase", None, unmapped) is None
    assert read("phase", " \n", unmapped) is None
    assert unmapped == []


def test_lists_are_those_of_the_schema() -> None:
    assert VOCABULARIES["study_type"] == set(get_args(closed_lists.StudyType))
    assert VOCABULARIES["sex"] == set(get_args(closed_lists.Sex))
    assert VOCABULARIES["sponsor_class"] == set(get_args(closed_lists.SponsorClass))
    assert VOCABULARIES["date_type"] == set(get_args(closed_lists.DateType))


@pytest.mark.parametrize("vocabulary", sorted(VOCABULARIES))
def test_every_value_is_a_spelling_of_itself_in_any_case(vocabulary: str) -> None:
    for value in VOCABULARIES[vocabulary]:
        assert lookup(vocabulary, value) == lookup(vocabulary, value.upper()) == value


def test_a_spelling_under_two_values_is_a_fault_of_the_file() -> None:
    with pytest.raises(ValueError, match="Both sexes"):
        vocabularies._index("sex", {"all": ("both sexes",), "female": ("Both sexes",)})


@given(st.sampled_from(sorted(VOCABULARIES)), st.text())
def test_any_text_gives_a_value_of_the_list_or_none(vocabulary: str, raw: str) -> None:
    unmapped: list[Unmapped] = []
    value = read(vocabulary, raw, unmapped)
    assert (value in VOCABULARIES[vocabulary]) if value else (bool(unmapped) == bool(raw.strip()))


def test_the_closed_lists_of_clinicaltrials_gov_are_known_whole(shared: Path) -> None:
    text = (shared / "recorded/ctgov/metadata/ctg-oas-v2.yaml").read_text(encoding="utf-8")
    schemas = yaml.load(text, Loader=yaml.BaseLoader)["components"]["schemas"]
    lists = {
        "Status": "recruitment_status",
        "StudyType": "study_type",
        "Phase": "phase",
        "Sex": "sex",
        "SamplingMethod": "sampling_method",
        "IpdSharing": "ipd_sharing",
        "AgencyClass": "sponsor_class",
        "DateType": "date_type",
        "EnrollmentType": "date_type",
        "DesignAllocation": "allocation",
        "InterventionalAssignment": "intervention_model",
        "PrimaryPurpose": "primary_purpose",
        "ObservationalModel": "observational_model",
        "DesignTimePerspective": "time_perspective",
        "DesignMasking": "masking",
        "WhoMasked": "masked_roles",
        "ArmGroupType": "arm_type",
        "InterventionType": "intervention_type",
        "RecruitmentStatus": "site_status",
    }
    for name, vocabulary in lists.items():
        for value in schemas[name]["enum"]:
            assert lookup(vocabulary, value) in VOCABULARIES[vocabulary], (name, value)


def test_every_spelling_in_the_recorded_exports_is_known_or_says_nothing(shared: Path) -> None:
    columns = {
        "Phase": "phase",
        "Recruitment Status": "recruitment_status",
        "Study type": "study_type",
        "Inclusion gender": "sex",
    }
    unmapped: list[Unmapped] = []
    for path in sorted((shared / "recorded/ictrp/csv").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                for column, vocabulary in columns.items():
                    read(vocabulary, row[column], unmapped)
    assert {entry.raw_value for entry in unmapped} <= {"Not selected", "-"}
