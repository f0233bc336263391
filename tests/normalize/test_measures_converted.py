"""Limits in one unit, and the vocabulary of variables and units."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize import units, variables
from normalize.eligibility import parse
from tests.normalize.limits import bounds, measures


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("age > 18 months", 1.5, "a"),
        ("age > 18", 18, "a"),
        ("platelets > 100,000/mm3", 100, "10*9/L"),
        ("platelets > 100 K/µL", 100, "10*9/L"),
        ("hemoglobin > 90 g/L", 9, "g/dL"),
        ("creatinine > 177 µmol/L", 2.002224, "mg/dL"),
        ("glucose > 7 mmol/L", 126.112, "mg/dL"),
        ("PaO2 > 8 kPa", 60.00496, "mm[Hg]"),
        ("temperature > 100.4 °F", 38, "Cel"),
        ("weight > 110 pounds", 49.89516071, "kg"),
        ("life expectancy > 12 weeks", 2.759753593, "mo"),
        ("AST > 3 x ULN", 3, "{ULN}"),
        ("BMI > 30", 30, "kg/m2"),
        ("ECOG > 1", 1, "{score}"),
        ("24 h proteinuria > 300 mg", 0.3, "g/d"),
        ("aCL IgG > 30 GPL units", 30, "{GPL}"),
        ("homocysteine > 2 mg/L", 14.794, "umol/L"),
        ("blood phenylalanine > 6 mg/dL", 363.24, "umol/L"),
        ("alcohol > 2 drinks per day", 14, "{drinks}/wk"),
    ],
)
def test_limits_are_compared_in_one_unit(text: str, value: float, unit: str) -> None:
    (found,) = measures(text)
    assert (found.canonical_lower, found.canonical_unit) == (pytest.approx(value, rel=1e-6), unit)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        # as textbooks of laboratory medicine give them, both ways where the vocabulary's unit is the other one
        ("creatinine > 1 mg/dL", 1, "mg/dL"),
        ("creatinine > 88.4 µmol/L", 1, "mg/dL"),
        ("glucose > 5.55 mmol/L", 100, "mg/dL"),
        ("fasting glucose > 7.0 mmol/L", 126, "mg/dL"),
        ("HbA1c > 53 mmol/mol", 7.0, "%"),
        ("HbA1c > 86 mmol/mol", 10.0, "%"),
        ("hemoglobin > 8.69 mmol/L", 14.0, "g/dL"),
        ("bilirubin > 17.1 µmol/L", 1, "mg/dL"),
        ("total cholesterol > 5.17 mmol/L", 200, "mg/dL"),
        ("triglycerides > 1.7 mmol/L", 150, "mg/dL"),
        ("uric acid > 357 µmol/L", 6, "mg/dL"),
        ("calcium > 2.5 mmol/L", 10, "mg/dL"),
        ("phosphate > 1.0 mmol/L", 3.1, "mg/dL"),
        ("magnesium > 1.0 mmol/L", 2.43, "mg/dL"),
        ("BUN > 7.14 mmol/L", 20, "mg/dL"),
        ("albumin > 35 g/L", 3.5, "g/dL"),
        ("CRP > 1 mg/dL", 10, "mg/L"),
        ("vitamin D > 50 nmol/L", 20, "ng/mL"),
        ("testosterone > 10.4 nmol/L", 300, "ng/dL"),
        ("estradiol > 367 pmol/L", 100, "pg/mL"),
        ("neutrophils > 1500/mm3", 1.5, "10*9/L"),
        ("WBC > 3.0 x 10^3/µL", 3.0, "10*9/L"),
        ("platelets > 75 G/L", 75, "10*9/L"),
        ("troponin > 0.04 ng/mL", 40, "ng/L"),
        ("body temperature > 98.6 °F", 37, "Cel"),
        ("height > 6 feet", 182.88, "cm"),
    ],
)
def test_conversions_of_the_laboratory(text: str, value: float, unit: str) -> None:
    (found,) = measures(text)
    assert (found.canonical_lower, found.canonical_unit) == (pytest.approx(value, rel=0.01), unit)


#: UCUM (ucum.org, table of units): atoms that take a prefix, atoms that take none, and an annotation, which may hold anything.
_METRIC = r"g|mol|osm|L|l|m|s|eq|U|\[IU\]|Gy|Hz|cal|Bq|Pa|m\[Hg\]|m\[H2O\]|B"
_OTHERS = r"%|a|mo|wk|d|h|min|Cel|\[degF\]|deg|\[diop\]|\[lb_av\]|\[oz_av\]|\[in_i\]|\[ft_i\]|\[mi_i\]|\[MET\]|\[EU\]|\[arb'U\]|\[wood'U\]|\[beth'U\]|dyn\.s|\[ppm\]|\[ppb\]"
_FACTOR = rf"(?:10\*\d{{1,2}}|(?:[kdcmunpf]?(?:{_METRIC})|{_OTHERS})[235]?|\{{[^{{}}]+\}})"
UCUM = re.compile(rf"(?:{_FACTOR})?(?:/{_FACTOR})*")


def test_the_codes_of_units_are_ucum() -> None:
    codes = set(units.VOCABULARY["units"])
    for code, _, *others in units.VOCABULARY["variables"].values():
        codes |= {code, *(key for other in others for key in other)}
    assert [code for code in sorted(codes) if not UCUM.fullmatch(code)] == []
    assert not UCUM.fullmatch("mg/dl2x")
    assert not UCUM.fullmatch("lbs")


def test_the_vocabulary_knows_what_trials_limit() -> None:
    assert len(units.VOCABULARY["variables"]) >= 300
    assert variables.comparable("hba1c", units.unit("mmol/mol")) == ("%", 0.09148, 2.152)


@pytest.mark.parametrize("text", ["creatinine > 2", "FEV1 > 1.5 L", "lid retraction > 2 mm"])
def test_a_unit_is_not_guessed(text: str) -> None:
    (found,) = measures(text)
    assert found.lower is not None
    assert found.canonical_lower is None
    assert found.canonical_unit is None


def test_every_spelling_of_a_unit_is_read_whole() -> None:
    pattern = re.compile(units.PATTERN)
    for code, (_, _, spellings) in units.VOCABULARY["units"].items():
        for spelling in filter(None, spellings.split("|")):
            found = pattern.match(spelling.replace("\\^", "^"))
            assert found is not None and found.end() == found.endpos, spelling
            assert units.unit(found.group()) is not None, f"{spelling} of {code}"


def test_every_name_of_the_vocabulary_is_found() -> None:
    for name, choices in variables.NAMES.items():
        # "2 h" means a glucose only with a unit of one
        found, away = variables.before(name.upper(), None, 1)
        if not found:
            found, away = variables.before(name.upper(), choices[0].unit, 1)
        assert found and found[-1] in choices and away == 0, name


def test_variables_that_limit_an_age_say_so() -> None:
    names = {one.name for choices in variables.NAMES.values() for one in choices}
    assert {"age", "gestational_age", "donor_age", "age_at_onset"} <= names
    assert {name for name in names if re.search(r"(?<![a-z])age(?![a-z])", name)} == {
        "age", "age_at_onset", "gestational_age", "postmenstrual_age", "donor_age", "maternal_age", "bone_age", "mental_age",
        "partner_age", "age_at_menopause",
    }  # fmt: skip


@given(
    st.sampled_from([("≥", ">=", ""), ("more than", ">", ""), ("<", "", "<"), ("not more than", "", "<=")]),
    st.decimals(min_value=0, max_value=99_999, places=2),
    st.sampled_from(["g/dL", "g/L", "mmol/L"]),
)
def test_a_limit_survives_being_written(sign: tuple[str, str, str], value: object, unit: str) -> None:
    written, lower, upper = sign
    (found,) = measures(f"haemoglobin {written} {value} {unit}")
    assert found.unit == unit
    number = found.lower if lower else found.upper
    assert number == pytest.approx(float(str(value)))
    assert bounds(found).startswith(lower or upper)


def test_a_criterion_written_twice_has_the_same_limits_at_its_own_places() -> None:
    text = "- Cyclists aged 20 to 60 years\n- Platelets ≥ 100 x 10^9/L\n- Cyclists aged 20 to 60 years"
    first, platelets, again = parse([("inclusion", text)]).measures
    assert (first.criterion_ordinal, platelets.criterion_ordinal, again.criterion_ordinal) == (1, 2, 3)
    assert (first.variable, first.lower, first.upper) == (again.variable, again.lower, again.upper) == ("age", 20, 60)
    assert all(text[one.start : one.end] == one.text for one in (first, platelets, again))
