"""EUCTR, design and population: the questions of sections E.6 to E.8 and F of the form, most of them answered with Yes or No.

Called by `euctr.py`, one function a column or table. The raw columns repeat the answers in the form's words.
"""

from __future__ import annotations

from collections.abc import Iterable

from normalize.closed_lists import FactName, Sex
from normalize.countries import country
from normalize.euctr_fields import Form, labelled
from normalize.euctr_form import CODES
from normalize.schema import Country, EligibilityFact, EnrollmentCount, Unmapped

PHASES = {"E.7.1": "1", "E.7.2": "2", "E.7.3": "3", "E.7.4": "4"}
MASKINGS = {"E.8.1.2": "none", "E.8.1.3": "single", "E.8.1.4": "double"}
MODELS = {"E.8.1.5": "parallel", "E.8.1.6": "crossover"}
PURPOSES = {"E.6.1": "diagnostic", "E.6.2": "prevention", "E.6.3": "treatment"}
SEXES: dict[tuple[bool | None, bool | None], Sex] = {
    (True, True): "all",
    (True, False): "female",
    (False, True): "male",
}


def _codes(*beginnings: str) -> tuple[str, ...]:
    return tuple(code for code in CODES if code.startswith(beginnings) and code != "E.8.6.3")  # which lists countries


#: The parts of the design's raw text: heading and fields. Of the scopes only those that apply are named.
_SCOPE = _codes("E.6.")
DESIGN = {
    "Scope of the trial": _SCOPE,
    "Design of the trial": _codes("E.8.1"),
    "Comparator of controlled trial": _codes("E.8.2"),
    "Sites": _codes("E.8.3", "E.8.4", "E.8.5", "E.8.6"),
    "Initial estimate of the duration of the trial": _codes("E.8.9"),
}

#: Age bands: question, its number of subjects, youngest and oldest age in years (no oldest: no limit). The limits are those printed.
AGE_BANDS: tuple[tuple[str, str, float, float | None], ...] = (
    ("F.1.1.1", "F.1.1.1.1", 0.0, 0.0),  # in utero
    ("F.1.1.2", "F.1.1.2.1", 0.0, 27 / 365.25),  # preterm newborn infants
    ("F.1.1.3", "F.1.1.3.1", 0.0, 27 / 365.25),
    ("F.1.1.4", "F.1.1.4.1", 28 / 365.25, 23 / 12),
    ("F.1.1.5", "F.1.1.5.1", 2.0, 11.0),
    ("F.1.1.6", "F.1.1.6.1", 12.0, 17.0),
    ("F.1.2", "F.1.2.1", 18.0, 64.0),
    ("F.1.3", "F.1.3.1", 65.0, None),
)
#: Questions about vulnerable people: the fact that they tell, and what Yes and No mean.
VULNERABLE: dict[str, tuple[FactName, tuple[str, str]]] = {
    "F.3.3.3": ("pregnancy", ("accepted", "excluded")),
    "F.3.3.4": ("breastfeeding", ("accepted", "excluded")),
    "F.3.3.6": ("consent", ("by_representative", "personal")),
}
_MINORS = ("F.1.1", "Trial has subjects under 18")
_SUBJECTS = "Number of subjects"


def phase(form: Form) -> str | None:
    """`2`, `1/2`, `2/4` ...: any combination of the four questions."""
    phases = form.chosen(PHASES)
    if not phases:
        form.warn("phase", phase_raw(form), "No phase of E.7.1 to E.7.4 is answered with Yes.")
    return "/".join(phases) or None


def phase_raw(form: Form) -> str | None:
    """The four answers and what is said of a first administration, of bioequivalence and of other types."""
    return _answers(form, sorted((*PHASES, "E.7.1.1", "E.7.1.2", "E.7.1.3", "E.7.1.3.1")), no=tuple(PHASES))


def allocation(form: Form) -> str | None:
    randomised = form.yes("E.8.1.1")
    if randomised is None:
        return None
    return "randomized" if randomised else "na" if form.number("E.8.2.4") == 1 else "non_randomized"


def intervention_model(form: Form) -> str | None:
    models = form.chosen(MODELS) or form.chosen({"E.8.1.7": "other"})
    return _only(form, "intervention_model", models) or (
        "single_group" if not models and form.number("E.8.2.4") == 1 else None
    )


def masking(form: Form) -> str | None:
    return _only(form, "masking", form.chosen(MASKINGS))


def primary_purpose(form: Form) -> str | None:
    """Diagnosis, prophylaxis or therapy, where one of them alone is the scope; the form asks for scopes, not for the main one."""
    purposes = form.chosen(PURPOSES)
    return purposes[0] if len(purposes) == 1 else None


def design_raw(form: Form) -> str | None:
    """Scope, design, comparator, arms, sites and planned duration, each under its heading."""
    parts = []
    for heading, codes in DESIGN.items():
        if answers := _answers(form, codes, no=() if codes is _SCOPE else codes):
            parts.append(f"{heading}\n{answers}")
    return "\n\n".join(parts) or None


def enrollment(form: Form, country_code: str | None) -> tuple[EnrollmentCount, ...]:
    """Planned subjects by age band, in the country of the record, in the EEA and in the whole trial."""
    questions = {code: question for question, code, *_ in AGE_BANDS}
    places = [
        ("F.1.1", _SUBJECTS, "age_band", "Under 18"),
        *((code, _SUBJECTS, "age_band", None) for code in questions),
        ("F.4.1", None, "country", country_code),
        ("F.4.2.1", None, "region", "EEA"),
        ("F.4.2.2", None, "total", None),
    ]
    counted = ((code, scope, value, form.number(code, label)) for code, label, scope, value in places)
    return tuple(
        EnrollmentCount(
            kind="planned",
            scope=scope,  # type: ignore[arg-type]
            scope_value=_label(form, questions[code]) if code in questions else value,
            count=count,
            source_field=code,
        )
        for code, scope, value, count in counted
        if count or (count == 0 and scope != "total")  # `target_sample_size` warns of a whole of 0
    )


def target_sample_size(form: Form) -> int | None:
    """Planned subjects of the whole trial: F.4.2.2, or of the country where the trial is in no other."""
    whole = form.number("F.4.2.2")
    if whole == 0:
        form.warn("target_sample_size", "0", "A trial is not planned with 0 subjects: F.4.2.2 is taken as not given.")
        whole = None
    in_one_country = form.yes("E.8.5") is False and not form.yes("E.8.6.1") and not form.yes("E.8.6.2")
    return whole or (form.number("F.4.1") or None if in_one_country else None)


def ages(form: Form) -> tuple[float | None, float | None, str | None]:
    """(youngest in years, oldest in years, the bands answered with Yes); the form knows no other limits than those of its bands."""
    bands = [(code, lower, upper) for code, _, lower, upper in AGE_BANDS if form.yes(code)]
    labels = [_label(form, code) or code for code, _, _ in bands]
    lowest: list[float | None] = [lower for _, lower, _ in bands]
    highest: list[float | None] = [upper for _, _, upper in bands]
    if form.yes(*_MINORS) and not any(code.startswith("F.1.1.") for code, _, _ in bands):
        # Older records say that there are minors, not of which age.
        form.warn(
            "minimum_age_years",
            _MINORS[1],
            "The trial has subjects under 18, but no age band under 18 is answered with Yes.",
        )
        labels, lowest, highest = ["Under 18", *labels], [None, *lowest], [17.0, *highest]
    raw = ", ".join(labels) or None
    youngest = None if None in lowest else min(lowest, default=None)  # type: ignore[type-var]
    oldest = None if None in highest else max(highest, default=None)  # type: ignore[type-var]
    return youngest, oldest, raw


def vulnerable(form: Form) -> tuple[EligibilityFact, ...]:
    """What F.3.3 says of pregnant and nursing women and of those who cannot consent themselves."""
    answers = ((fact, values, code, form.yes(code)) for code, (fact, values) in VULNERABLE.items())
    return tuple(
        EligibilityFact(
            fact=fact, origin="field", value=values[not answer], text=f"{_label(form, code)}: {form.value(code)}"
        )
        for fact, values, code, answer in answers
        if answer is not None
    )


def sex(form: Form) -> Sex | None:
    answers = (form.yes("F.2.1"), form.yes("F.2.2"))
    if answers not in SEXES and answers != (None, None):
        form.warn("sex", sex_raw(form), "Whether women and men can take part is not said by these answers.")
    return SEXES.get(answers)


def sex_raw(form: Form) -> str | None:
    return _answers(form, ("F.2.1", "F.2.2"), no=("F.2.1", "F.2.2"))


def countries(form: Form, country_code: str | None) -> tuple[Country, ...]:
    """The country of the record, then those of E.8.6.3, one a line; the register lists there countries of the EEA too."""
    rows: dict[str, Country] = {}
    if country_code is not None:
        authority = form.value("A.1") or form.value("", "National Competent Authority") or country_code
        rows[country_code] = Country(country_code=country_code, country=country(country_code)[1], country_raw=authority)
    for line in (line.strip() for field in form.all("E.8.6.3") for line in field.value.splitlines()):
        code, name = country(line)
        if line and (code or line) not in rows:
            rows[code or line] = Country(country_code=code, country=name, country_raw=line)
            if code is None:
                form.unmapped.append(Unmapped(vocabulary="country", raw_value=line))
    return tuple(rows.values())


def _label(form: Form, code: str) -> str | None:
    return next((field.label for field in form.section(code[:1]) if field.code == code), None)


def _answers(form: Form, codes: Iterable[str], no: Iterable[str]) -> str | None:
    """The filled fields of these codes as lines; questions answered with No only where they are in `no`."""
    return labelled((field for code in codes for field in form.all(code) if field.value != "No" or code in no), "\n")


def _only(form: Form, column: str, values: list[str]) -> str | None:
    """The one value that is answered with Yes; more of them contradict each other."""
    if len(values) > 1:
        form.warn(column, ", ".join(values), "Answers that exclude each other are all Yes.")
    return values[0] if len(values) == 1 else None
