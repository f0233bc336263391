"""WHO ICTRP: designs, conditions, interventions, outcomes and what else registers write in ways of their own."""

from __future__ import annotations

import pytest

from tests.normalize.ictrp import trial


@pytest.mark.parametrize(
    ("register", "design", "found"),
    [
        (
            "ClinicalTrials.gov",
            "Allocation: Non-Randomized. Intervention model: Sequential Assignment. Primary purpose: Basic Science. Masking: Quadruple (Participant, Investigator).",
            ("non_randomized", "sequential", "quadruple", "basic_science"),
        ),
        ("ClinicalTrials.gov", "Intervention model: Single Group Assignment. Masking: None (Open Label).", (None, "single_group", "none", None)),
        ("RPCEC", "Allocation: N/A: single arm study. Masking: Open. Control group: Uncontrolled. Assignment: Single group. Purpose: Treatment", ("na", "single_group", "none", "treatment")),
        ("IRCT", "Randomization: Not randomized, Blinding: Double blinded, Placebo: Used, Assignment: Crossover, Purpose: Prevention, Randomization description: Purpose: of", ("non_randomized", "crossover", "double", "prevention")),
        ("ChiCTR", "Sequential", (None, None, None, None)),  # there it says how cases are enrolled, in observational studies too
        ("EUCTR", "Controlled: no Randomised: no Open: yes Single blind: no Double blind: no Parallel group: no Cross over: no Other: yes", ("non_randomized", "other", "none", None)),
        ("EUCTR", "Controlled: no<br>Randomised: no<br>Open: yes<br>Parallel group: no<br>Number of treatment arms in the trial: 1<br>", ("na", "single_group", "none", None)),
        ("CTIS", "Controlled: no Randomised: no Open: no Single blind: no Double blind: no", (None, None, None, None)),
    ],
)  # fmt: skip
def test_design_is_read_where_it_is_a_form(register: str, design: str, found: tuple[str | None, ...]) -> None:
    record = trial(register, Study_design=design)
    assert (record.allocation, record.intervention_model, record.masking, record.primary_purpose) == found
    assert record.study_design_raw == design.replace("<br>", "\n").strip()


@pytest.mark.parametrize(
    ("register", "design", "found"),
    [
        ("CTRI", "Randomized, Crossover Trial<br>  Method of generating randomization sequence:Other  Method of allocation concealment:An Open list of random numbers  Blinding and masking:Participant and Outcome Assessor Blinded", ("randomized", "crossover", "double", None)),
        ("CTRI", "Single Arm Trial  Method of generating randomization sequence:Not Applicable  Method of allocation concealment:Not Applicable  Blinding and masking:Open Label", ("na", "single_group", "none", None)),
        ("CTRI", "Other Method of generating randomization sequence:Not Applicable Method of allocation concealment:Not Applicable Blinding and masking:Not Applicable", (None, None, None, None)),
        ("jRCT", "single arm study, open(masking not used), uncontrolled control, single assignment, prevention purpose", ("na", "single_group", "none", "prevention")),
        ("jRCT", "single arm study, uncontrolled control, parallel assignment", ("na", None, None, None)),  # one arm, and parallel ones
        ("UMIN", "Parallel Randomized Open -no one is blinded", ("randomized", "parallel", "none", None)),
        ("UMIN", "Cross-over Randomized Single blind -assessor(s) are blinded", ("randomized", "crossover", "single", None)),
        ("UMIN", "Parallel Randomized Open -but assessor(s) are blinded", ("randomized", "parallel", None, None)),
        ("UMIN", "Single arm Non-randomized", ("non_randomized", "single_group", None, None)),
        ("PACTR", "Factorial: participants get none, one or more of the interventions,Randomised,Minimisation,Central telephone", ("randomized", "factorial", None, None)),
        ("NTR", "Randomized: No,<br> Masking: Double,<br> Control: Placebo,<br> Group: undefined,<br> Type: 2 or more arms, randomized", ("randomized", None, "double", None)),
        ("NTR", "Randomized: No, Masking: None, Control: Not applicable, Group: undefined, Type: Not applicable", (None, None, "none", None)),
        ("DRKS", "Allocation: Randomized controlled trial;. Masking: Blinded (patient/subject, caregiver, assessor). Control: Placebo. Assignment: Parallel. Study design purpose: Prognosis;", ("randomized", "parallel", "triple", "other")),
        ("ANZCTR", "Purpose: Treatment; Allocation: Randomised controlled trial; Masking: Blinded (masking used);Assignment: Parallel;", ("randomized", "parallel", None, "treatment")),
        ("ISRCTN", "Pragmatic non-randomised cross-over trial, assessor-blinded (Screening)", ("non_randomized", "crossover", None, "screening")),
        ("ReBec", "Prevention trial, single-group, open, single-arm.", ("na", "single_group", "none", None)),
        ("ReBec", "Treatment trial, controlled/randomized, parallel, open with two arms.", ("randomized", "parallel", "none", None)),
        ("CRiS", "Primary Purpose : Treatment, Intervention Model : Parallel , Blinding/Masking : Double, Blinded Subject : Subject, Investigator, Allocation : Non-RCT", ("non_randomized", "parallel", "double", "treatment")),
        ("ReBec", "Randomized and non-randomized parts, open-label and double-blind", (None, None, None, None)),
        ("ChiCTR", "Quasi-randomized controlled", ("non_randomized", None, None, None)),
        ("ChiCTR", "Factorial", (None, None, None, None)),
        ("REPEC", "A randomized trial showed little. " * 20, (None, None, None, None)),  # a protocol's prose, on other trials too
    ],
)  # fmt: skip
def test_design_is_read_where_it_is_a_list_of_statements(
    register: str, design: str, found: tuple[str | None, ...]
) -> None:
    record = trial(register, Study_design=design)
    assert (record.allocation, record.intervention_model, record.masking, record.primary_purpose) == found


@pytest.mark.parametrize(
    ("register", "design", "found"),
    [
        ("ANZCTR", "Purpose: Screening;Duration: Longitudinal;Selection: Case control;Timing: Both;", ("case_control", "other")),
        ("CRiS", "Observational Study Model : Case-only, Time Perspective : Retrospective, Enrollment : 61", ("case_only", "retrospective")),
        ("ChiCTR", "Cohort study", ("cohort", None)),
        ("ISRCTN", "Retrospective/prospective cohort study (Diagnostic)", ("cohort", "other")),
        ("ISRCTN", "Prospective cross-sectional survey (Other)", (None, None)),
        ("ChiCTR", "Single arm", (None, None)),
        ("UMIN", "Parallel Randomized", (None, None)),
    ],
)  # fmt: skip
def test_design_of_an_observational_study(register: str, design: str, found: tuple[str | None, ...]) -> None:
    observational = trial(register, Study_type="Observational", Study_design=design)
    assert (observational.observational_model, observational.time_perspective) == found
    assert (observational.allocation, observational.intervention_model, observational.masking) == (None, None, None)


@pytest.mark.parametrize("design", ["Cohort study", "Prospective case-control trial (Other)"])
def test_words_of_a_trial_say_nothing_of_an_observational_design(design: str) -> None:
    record = trial("ChiCTR", Study_type="Interventional study", Study_design=design)
    assert (record.observational_model, record.time_perspective) == (None, None)


def test_who_is_masked_is_read_from_the_parties_that_are_listed() -> None:
    masking = "Other  Blinding and masking:Participant, Investigator, Outcome Assessor and Date-entry Operator Blinded"
    record = trial("CTRI", Study_design=masking)
    assert record.masked_roles == "participant, investigator, outcomes_assessor"
    assert record.masking == "quadruple"
    said = "Blinding/Masking : Triple, Blinded Subject : Subject, Caregiver, Outcome Accessor, Allocation : RCT"
    assert (
        trial("CRiS", "KCT0009901", Study_design=said).masked_roles == "participant, care_provider, outcomes_assessor"
    )


@pytest.mark.parametrize(("said", "date"), [("Yes", "2024-05-06"), ("No", None), ("", None)])
def test_a_date_of_results_counts_where_there_are_results(said: str, date: str | None) -> None:
    """CRiS writes the date of registration there, RPCEC one that it hopes for."""
    record = trial("CRiS", results_yes_no=said, results_date_posted="06/05/2024")
    assert record.results_date == date
    assert [warning.field for warning in record.warnings] == ([] if date else ["results_date"])


@pytest.mark.parametrize(("register", "judged"), [("EUCTR", None), ("CTIS", None), ("DRKS", False)])
def test_a_day_of_decision_judges_no_registration(register: str, judged: bool | None) -> None:
    """What ICTRP shows as the first enrollment of the European registers is the day on which the trial was authorised."""
    record = trial(register, Date_registration3="20240506", Date_enrollement="01/05/2024", Retrospective_flag="No")
    assert (record.date_of_first_enrollment, record.prospective_registration) == ("2024-05-01", judged)
    assert [warning.field for warning in record.warnings] == ([] if judged is False else ["date_of_first_enrollment"])


@pytest.mark.parametrize("text", ["0", "Target condition:0;Difficult condition:0"])
def test_a_target_of_nobody_is_none(text: str) -> None:
    record = trial(Target_size=text)
    assert (record.target_sample_size, record.enrollment_counts, record.sample_size_raw) == (None, (), text)
    assert [warning.raw_value for warning in record.warnings] == [text]


def test_conditions_are_named_once_and_never_called_none() -> None:
    record = trial(Condition="Asthma;Cough;Asthma;None")
    assert [row.condition for row in record.conditions] == ["Asthma", "Cough"]
    assert [row.keyword for row in trial("ISRCTN", Condition="Asthma <br>Not Applicable").keywords] == []


def test_a_design_that_contradicts_itself_is_a_warning() -> None:
    record = trial("EUCTR", Study_design="Controlled: yes Randomised: yes Open: yes Single blind: no Double blind: yes")
    assert record.masking is None
    assert [warning.field for warning in record.warnings] == ["masking"]


@pytest.mark.parametrize(
    ("register", "text", "conditions", "keywords"),
    [
        ("ClinicalTrials.gov", "Asthma;Heart Failure, Systolic;Fever; dry", ["Asthma", "Heart Failure, Systolic", "Fever; dry"], []),
        ("DRKS", " <br>E85.1 <br>G63;Polyneuropathy;E85.1", ["Polyneuropathy"], ["E85.1", "G63"]),
        ("DRKS", "Fevers<br>ORPHA:210115 ORPHA:342;ORPHA:51", ["Fevers"], ["ORPHA:210115 ORPHA:342", "ORPHA:51"]),
        ("DRKS", "Fevers\nORPHA:342 ORPHA:51 <br>E85.0;E85.0", ["Fevers"], ["ORPHA:342 ORPHA:51", "E85.0"]),
        ("IRCT", "Asthma. <br>Asthma, unspecified;J45.9", ["Asthma."], ["Asthma, unspecified", "J45.9"]),
        ("PACTR", "<br>Respiratory;Respiratory", ["Respiratory"], []),
        ("CTRI", "Health Condition 1: J45- Asthma\nHealth Condition 2: O- Medical and Surgical", ["Asthma", "O- Medical and Surgical"], ["J45"]),
        ("CTRI", "Health Condition 1: null- Healthy volunteers", ["Healthy volunteers"], []),
        ("DRKS", "Gout;M10.9 - Gout, unspecified", ["Gout", "Gout, unspecified"], ["M10.9"]),
        ("REPEC", "-M109 Gout, unspecified", ["Gout, unspecified"], ["M109"]),
        ("DRKS", "H1N1 influenza;B12 deficiency", ["H1N1 influenza", "B12 deficiency"], []),
        ("TCTR", "Gout\r\nPain <br>Joint <br>Diet", ["Gout", "Pain"], ["Joint", "Diet"]),
        ("EUCTR", "Asthma; severe;Therapeutic area: Diseases [C]", ["Asthma; severe"], ["Diseases [C]"]),
        (
            "CTIS",
            "Asthma <br>MedDRA version: 20.0Level: PTClassification code: 10003553Term: AsthmaSystem Organ Class: 1;MedDRA version: 20.0Level: PTClassification code: 10003553Term: AsthmaSystem Organ Class: 1",
            ["Asthma", "Asthma"],
            ["System Organ Class: 1"],
        ),
    ],
)  # fmt: skip
def test_conditions_by_each_registers_habit(
    register: str, text: str, conditions: list[str], keywords: list[str]
) -> None:
    record = trial(register, Condition=text)
    assert [row.condition for row in record.conditions] == conditions
    assert [row.keyword for row in record.keywords] == keywords


@pytest.mark.parametrize(
    ("register", "text", "interventions"),
    [
        ("ClinicalTrials.gov", "Drug: A;Device: B; with C", [("A", "drug", None), ("B; with C", "device", None)]),
        ("CRiS", "Drug : A 10 mg", [("A 10 mg", "drug", None)]),
        ("CRiS", "Drug : A;Procedure/Surgery : B<br>Others : C", [("A", "drug", None), ("B", "procedure", None), ("C", "other", None)]),
        ("CRiS", "Drug : A against B : two to one", [("A against B : two to one", "drug", None)]),
        ("ReBec", "Plasma;Biological/vaccine;Immunization, Passive", [("Plasma;Biological/vaccine;Immunization, Passive", "biological", None)]),
        ("CTRI", "Intervention1: A: 5 mg<br>Control Intervention1: None: No intervention", [("A", None, "5 mg")]),
        ("CTRI", "Intervention1: Nil: Walks of an hour<br>Control Intervention1: Nil: There is no comparator", [("Walks of an hour", None, None)]),
        ("ChiCTR", "Gold Standard:PCR; twice;Index test:Saliva;", [("PCR; twice", "diagnostic_test", "Gold Standard"), ("Saliva", "diagnostic_test", "Index test")]),
        ("ChiCTR", "Case series:None;", []),
        ("CTRI", "Intervention1: A: 5 mg<br>Control Intervention1: Placebo: Sugar", [("A", None, "5 mg"), ("Placebo", None, "Sugar")]),
        ("PACTR", ";A;B", [("A", None, None), ("B", None, None)]),
        ("CTRI", "Intervention1: Nil: Nil<br>Control Intervention1: Not applicable: Not applicable<br>", []),
        ("NTR", "none", []),
        ("PACTR", ";A;Not Applicable", [("A", None, None)]),
        ("IRCT", "Intervention 1: A group: rest. Intervention 2: B group: walks.", [("rest.", None, None), ("walks.", None, None)]),
        ("DRKS", "Group 1: A<br>Group 2: B", [("A", None, None), ("B", None, None)]),
        ("NL-OMON", "<p>Walks of an hour</p><br>", [("Walks of an hour", None, None)]),
        ("NL-OMON", "<p></p>", []),
        ("ISRCTN", "First line" + " x" * 120 + "<br>Second", [("First line" + " x" * 120 + "\nSecond", None, None)]),
        ("ISRCTN", "A short line.<br>" + "y" * 200, [("A short line.", None, "y" * 200)]),
        ("ISRCTN", "One sentence, e.g. This. " + "Y" * 200, [("One sentence, e.g. This.", None, "Y" * 200)]),
        ("CTIS", "Product Name: A,Product Code: P1,Other descriptive name: ,Product Name: B,Strength: 3 mg, 5 mg", [("A", None, "Product Name: A,Product Code: P1,Other descriptive name:"), ("B", None, "Product Name: B,Strength: 3 mg, 5 mg")]),
        ("EUCTR", "<br>Trade Name: A<br>INN or Proposed INN: a<br><br>more<br><br>Pharmaceutical Form: Gel<br><br>", [("A", None, "Trade Name: A\nINN or Proposed INN: a\n\nmore"), ("Pharmaceutical Form: Gel", None, None)]),
        ("SLCTR", "Unknown; register: habit", [("Unknown; register: habit", None, None)]),
    ],
)  # fmt: skip
def test_interventions_by_each_registers_habit(register: str, text: str, interventions: list[tuple[str, ...]]) -> None:
    record = trial(register, Intervention=text)
    assert [(row.name, row.type, row.description) for row in record.interventions] == interventions


@pytest.mark.parametrize(
    ("register", "text", "arms"),
    [
        ("IRCT", "Intervention 1: Intervention group: rest. Intervention 2: Control group 2: walks.", [("Intervention group", "rest."), ("Control group 2", "walks.")]),
        ("IRCT", "Intervention group: x daily.", [("Intervention group", "x daily.")]),
        ("IRCT", "Intervention 1: Those who: x.", [("Intervention 1", "Those who: x.")]),
        ("DRKS", "Group 1: A<br>Group 2: none", [("Group 1", "A"), ("Group 2", None)]),
        ("DRKS", "Observation only", [(None, "Observation only")]),
    ],
)  # fmt: skip
def test_numbered_groups_are_arms(register: str, text: str, arms: list[tuple[str | None, str | None]]) -> None:
    record = trial(register, Intervention=text)
    given = {
        link.arm_ordinal: record.interventions[link.intervention_ordinal - 1].name for link in record.arm_interventions
    }
    labelled = [(arm.label, given.get(place)) for place, arm in enumerate(record.arms, 1)]
    assert (labelled or [(None, row.name) for row in record.interventions]) == arms


def test_the_form_of_japiccti_has_a_name_a_substance_and_a_dose() -> None:
    form = (
        "Intervention name : Selenase (T-1)<br>INN of the intervention : Selenite<br>"
        "Dosage And administration of the intervention : Oral<br>Control intervention name : -<br>"
        "INN of the control intervention : -<br>Dosage And administration of the control intervention : -"
    )
    record = trial("JPRN", "JPRN-JapicCTI-999901", Intervention=form)
    assert [(row.name, row.other_names, row.description) for row in record.interventions] == [
        ("Selenase (T-1)", "Selenite", "Oral")
    ]
    control = form.replace("Control intervention name : -", "Control intervention name : Sugar")
    assert [row.name for row in trial("JPRN", "JPRN-JapicCTI-999901", Intervention=control).interventions] == [
        "Selenase (T-1)",
        "Sugar",
    ]


def test_groups_of_chictr_without_their_names_are_told_by_their_colons() -> None:
    record = trial("ChiCTR", Target_size="30", Intervention="A:one;B:two; three;")
    assert [arm.label for arm in record.arms] == ["A", "B"]
    assert [intervention.name for intervention in record.interventions] == ["one", "two; three"]
    assert [(link.arm_ordinal, link.intervention_ordinal) for link in record.arm_interventions] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("register", "text", "outcomes"),
    [
        ("ClinicalTrials.gov", "Death;Oxygen; invasive", [("Death", None, None), ("Oxygen; invasive", None, None)]),
        ("ChiCTR", "a; b;c;", [("a", None, None), ("b", None, None), ("c", None, None)]),
        ("ANZCTR", "Death[day 28];Stay; mean[at discharge]", [("Death", "day 28", None), ("Stay; mean", "at discharge", None)]),
        ("TCTR", "Time [Timeframe one day]", [("Time", "one day", None)]),
        ("TCTR", "Fever [Timeframe Day 1]\t\t;Cough [Timeframe Day 2]", [("Fever", "Day 1", None), ("Cough", "Day 2", None)]),
        ("RPCEC", "Deaths (%). Measurement time: day 28.", [("Deaths (%).", "day 28.", None)]),
        ("RPCEC", "A. Measurement time: day 1. B. Measurement time: day 2.", [("A.", "day 1.", None), ("B.", "day 2.", None)]),
        ("RPCEC", "A. Measurement time: daily. By day 9. B. Measurement time: day 2.", [("A. Measurement time: daily. By day 9. B. Measurement time: day 2.", None, None)]),
        ("SLCTR", "Pain (VAS) [Time frame: 6 weeks]<br>Sleep [ at baseline ]<br>", [("Pain (VAS)", "6 weeks", None), ("Sleep", "at baseline", None)]),
        ("SLCTR", "Pain [VAS]", [("Pain [VAS]", None, None)]),
        ("LBCTR", "Name: Fear (of dogs; of cats);Timepoints: one month;Measure: Scale A;Name: Sleep;Timepoints: ;Measure: Diary", [("Fear (of dogs; of cats)", "one month", "Scale A"), ("Sleep", None, "Diary")]),
        ("REPEC", "Outcome name:Deaths<br>Measure:Number of them<br>Timepoints:5 months", [("Deaths", "5 months", "Number of them")]),
        ("ChiCTR", "Pulse;None;NA", [("Pulse", None, None)]),
        ("IRCT", "Pain. Timepoint: Day 1; day 3. Method of measurement: VAS.;Cough. Timepoint: Daily. Method of measurement: Asked.", [("Pain.", "Day 1; day 3.", "VAS."), ("Cough.", "Daily.", "Asked.")]),
        ("IRCT", "Fear. Timepoint: day 1. Method of measurement: Asked.;Grief; anger. Timepoint: day 2. Method of measurement: Scale.", [("Fear.", "day 1.", "Asked."), ("Grief; anger.", "day 2.", "Scale.")]),
        ("CTRI", "WalkTimepoint: day 1; day 2;Sleep; restTimepoint: day 3", [("WalkTimepoint: day 1; day 2;Sleep; restTimepoint: day 3", None, None)]),
        ("CTRI", "Cure; (1) andTimepoint: day 5", [("Cure; (1) and", "day 5", None)]),
        ("ISRCTN", "<br>   1. a; b:<br>  1.1. d<br>   2. c<br>", [("a; b:\n  1.1. d", None, None), ("c", None, None)]),
        ("DRKS", "- a<br>- b", [("a", None, None), ("b", None, None)]),
        ("DRKS", "At week 6:<br>1. a<br>2. b", [("At week 6:\n1. a\n2. b", None, None)]),
        ("DRKS", "1. a<br>2. b<br>All at week 6", [("1. a\n2. b\nAll at week 6", None, None)]),
        ("ISRCTN", "1. a<br><br>Added 04/05/2022:<br>2. b", [("1. a\n\nAdded 04/05/2022:\n2. b", None, None)]),
        ("UMIN", "1. a<br>3. b", [("1. a\n3. b", None, None)]),
        ("CTRI", "1) a <br/ ><br>2) b <br/ ><br>Timepoint: day 5", [("a", "day 5", None), ("b", "day 5", None)]),
        ("EUCTR", "Timepoint(s) of evaluation of this end point: day 9", [("Timepoint(s) of evaluation of this end point: day 9", None, None)]),
        ("EUCTR", "Main Objective: a;Primary end point(s): b;Main Objective: c", [("b;Main Objective: c", None, None)]),
    ],
)  # fmt: skip
def test_outcomes_by_each_registers_habit(register: str, text: str, outcomes: list[tuple[str, ...]]) -> None:
    record = trial(register, Primary_outcome=text)
    assert [(row.measure, row.time_frame, row.description) for row in record.outcomes] == outcomes


def test_what_isrctn_has_replaced_is_not_read() -> None:
    record = trial(
        "ISRCTN",
        "ISRCTN99990003",
        Inclusion_Criteria="Inclusion criteria: <br>   Current inclusion criteria as of 08/06/2022:<br><br>   1. Age over 30 years<br><br>   _____<br><br>"
        "   Previous inclusion criteria from 01/06/2022 to 08/06/2022:<br><br>   1. Age over 25 years",
        Exclusion_Criteria="Exclusion criteria: Smokers",
        Primary_outcome="<br>   Current primary outcome measure as of 08/06/2022:<br>   Pain<br><br>   Previous primary outcome measure:<br>   Sleep",
        Intervention="<br>   Current interventions as of 08/06/2022:<br>   Yoga<br><br>   Previous interventions:<br>   Walks",
    )
    assert [measure.lower for measure in record.criterion_measures] == [30]
    assert [criterion.kind for criterion in record.criteria] == ["inclusion", "exclusion"]
    assert "25 years" not in (record.inclusion_criteria or "")
    assert "25 years" in (record.eligibility_raw or "")
    assert [outcome.measure for outcome in record.outcomes] == ["Pain"]
    assert [given.name for given in record.interventions] == ["Yoga"]


def test_groups_of_repec_are_arms() -> None:
    text = (
        "Group name:Usual care Type of group;2 N° of participants:40 Intervention(s) description:Advice. "
        "<br>Group name:Yoga Type of group;1 N° of participants:40 Intervention(s) description:Yoga twice a week"
    )
    record = trial("REPEC", "PER-999-24", Intervention=text)
    assert [arm.label for arm in record.arms] == ["Usual care", "Yoga"]
    assert [given.name for given in record.interventions] == ["Advice.", "Yoga twice a week"]
    assert [(link.arm_ordinal, link.intervention_ordinal) for link in record.arm_interventions] == [(1, 1), (2, 2)]


def test_an_arm_to_which_nothing_is_given_is_one() -> None:
    record = trial(
        "CTRI", "CTRI/2024/01/099999", Intervention="Intervention1: A: b<br>Control Intervention1: None: No drug"
    )
    assert [arm.label for arm in record.arms] == ["Intervention", "Control Intervention"]
    assert [(link.arm_ordinal, link.intervention_ordinal) for link in record.arm_interventions] == [(1, 1)]


def test_regions_are_reported_and_countries_with_commas_are_not_split() -> None:
    record = trial("JPRN", "JPRN-UMIN000999901", Countries="Japan,Asia(except Japan),Europe;Korea, Republic of")
    assert [country.country_code for country in record.countries] == ["JP", None, None, "KR"]
    assert {value.raw_value for value in record.unmapped_values} == {"Asia(except Japan)", "Europe"}
    named = "Malaysia,Korea, Democratic People's Republic of,Congo, the Democratic Republic of the,Taiwan, Province of China"
    record = trial("SLCTR", "SLCTR/2020/099", Countries=named)
    assert [country.country_code for country in record.countries] == ["MY", "KP", "CD", "TW"]
    assert record.unmapped_values == ()


def test_several_ethics_reviews() -> None:
    record = trial(
        Ethics_review_status="Approved;Not approved",
        Ethics_review_approval_date="02/03/2020;04/05/2020",
        Ethics_review_contact_name="Board A;Board B",
        Ethics_review_contact_address="1 Road; Town",
    )
    assert [(review.status, review.date, review.committee) for review in record.ethics_reviews] == [
        ("Approved", "2020-03-02", "Board A, 1 Road"),
        ("Not approved", "2020-05-04", "Board B, Town"),
    ]


def test_results_texts_and_actual_enrollment_of_the_newer_export() -> None:
    record = trial(Target_size="100", results_actual_enrollment="97", results_summary="Well.", results_yes_no="Yes")
    assert (record.target_sample_size, record.actual_enrollment, record.has_results) == (100, 97, True)
    assert [(count.kind, count.count) for count in record.enrollment_counts] == [("planned", 100), ("actual", 97)]
    assert [(document.type, document.label) for document in record.documents] == [("results_summary", "Well.")]


def test_a_size_that_is_no_number_is_a_warning() -> None:
    record = trial("RPCEC", Target_size="All patients of the year")
    assert (record.target_sample_size, record.sample_size_raw) == (None, "All patients of the year")
    assert [warning.field for warning in record.warnings] == ["target_sample_size"]
