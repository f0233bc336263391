"""Who may take part in a CTIS trial: ages, sex, groups, and the criteria as numbered lists. Called by `normalize/ctis.py` alone."""

from __future__ import annotations

from collections.abc import Iterator

from normalize.closed_lists import CriterionKind
from normalize.ctis_rows import numbered
from normalize.objects import Part
from normalize.schema import Unmapped
from normalize.text import fold

#: `ageRangeCategoryCode` -> words, youngest and oldest age in years (no oldest: no limit).
_AGES: dict[str, tuple[str, float, float | None]] = {
    "1": ("In utero", 0.0, 0.0),
    "2": ("0-17 years", 0.0, 17.0),
    "3": ("18-64 years", 18.0, 64.0),
    "4": ("65+ years", 65.0, None),
}
#: `ctAgeRangeCode`, the finer bands within a category. Code 9 of the years before the relaunch is not explained anywhere.
_FINER_AGES: dict[str, tuple[str, float, float | None]] = {
    "1": ("Preterm newborn infants", 0.0, 27 / 365.25),
    "2": ("Newborns (0-27 days)", 0.0, 27 / 365.25),
    "3": ("Infants and toddlers (28 days-23 months)", 28 / 365.25, 23 / 12),
    "4": ("Children (2-11 years)", 2.0, 11.0),
    "5": ("Adolescents (12-17 years)", 12.0, 17.0),
    "6": ("18-64 years", 18.0, 64.0),
    "7": ("65-84 years", 65.0, 84.0),
    "8": ("85+ years", 85.0, None),
}
_SEXES: dict[tuple[bool | None, bool | None], str] = {
    (True, True): "Female, Male",
    (True, False): "Female",
    (False, True): "Male",
}


def ages(population: Part) -> tuple[float | None, float | None, str | None]:
    """(youngest in years, oldest in years, the bands in words). Finer bands stand for their category where all of them are known."""
    bands: list[tuple[str, float, float | None]] = []
    finer: dict[str | None, list[str]] = {}
    for item in population.parts("ageRangeSecondaryIds"):
        code = item.text("ctAgeRangeCode") or item.text("ctAgeRange") or ""
        finer.setdefault(item.text("ageRangeCategoryCode") or item.text("ageRangeCategory"), []).append(code)
    for item in population.parts("ageRanges"):
        category = item.text("ageRangeCategoryCode") or item.text("ageRangeCategory")
        codes = finer.get(category, [])
        if codes and all(code in _FINER_AGES for code in codes):
            bands.extend(_FINER_AGES[code] for code in codes)
        elif category in _AGES:
            bands.append(_AGES[category])
        else:
            population.notes.unmapped.append(Unmapped(vocabulary="age_group", raw_value=category or ""))
            return None, None, category
    bands = sorted(dict.fromkeys(bands), key=lambda band: band[1])
    if not bands:
        return None, None, None
    oldest = [upper for _, _, upper in bands]
    return (
        bands[0][1],
        None if None in oldest else max(filter(None, oldest), default=0.0),
        ", ".join(words for words, *_ in bands),
    )


def sex(population: Part, trial: Part) -> str | None:
    answers = (population.flag("isFemaleSubjects"), population.flag("isMaleSubjects"))
    return _SEXES.get(answers) or trial.text("gender")


def groups(population: Part) -> list[str]:
    """ "Patients", "Healthy volunteers"; whether vulnerable people are among them."""
    groups = [name for group in population.parts("clinicalTrialGroups") if (name := group.text("name"))]
    return [*groups, "Vulnerable population"] if population.flag("isVulnerablePopulationSelected") else groups


def healthy_volunteers(population: Part) -> bool | None:
    groups = [fold(name) for group in population.parts("clinicalTrialGroups") if (name := group.text("name"))]
    return any("healthy" in group for group in groups) if groups else None


def criteria(criteria: Part) -> Iterator[tuple[CriterionKind, str]]:
    """Each half as a numbered list, in the order of its numbers: CTIS sends 1, 10, 11, 2."""
    halves: tuple[tuple[str, CriterionKind], ...] = (
        ("principalInclusionCriteria", "inclusion"),
        ("principalExclusionCriteria", "exclusion"),
    )
    for key, kind in halves:
        lines = [
            f"{item.text('number') or '*'}. {text}" for item in numbered(criteria, key) if (text := item.text(key))
        ]
        if lines:
            yield kind, "\n".join(lines)
