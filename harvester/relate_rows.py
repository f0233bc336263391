"""Related-trials room: the rows of its tables: what is related, what it was compared by, and what terms are worth.

A class is the only description of its table, as in `harvester.rows`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Struct
from typing_extensions import Doc

from normalize.schema import Text


class RelatedTrial(Struct):
    trial_id: Annotated[str, Doc("The trial.")]
    related_trial_id: Annotated[str, Doc("A trial related to it, never another record of the same trial.")]
    rank: Annotated[int, Doc("From 1, the most related.")]
    score: Annotated[float, Doc("Sum of the parts below, 0 to 1.")]
    intervention_score: Annotated[float, Doc("Part for interventions in common.")]
    condition_score: Annotated[float, Doc("Part for conditions in common.")]
    title_score: Annotated[float, Doc("Part for distinctive words of titles in common.")]
    outcome_score: Annotated[float, Doc("Part for outcomes in common.")]
    population_score: Annotated[float, Doc("Part for the same people: age, sex, volunteers.")]
    design_score: Annotated[float, Doc("Part for the same design and phase.")]
    sponsor_score: Annotated[float, Doc("Part for the same sponsor organization or investigator.")]
    reference_score: Annotated[float, Doc("Part for publications that both cite and trials that both name.")]
    criteria_score: Annotated[float, Doc("Part for the same criteria of eligibility.")]
    shared_conditions: Annotated[Text, Doc("Conditions in common, one a line.")]
    shared_interventions: Annotated[Text, Doc("Interventions in common, one a line.")]
    shared_outcomes: Annotated[Text, Doc("Outcome concepts in common, one a line.")]
    shared_terms: Annotated[Text, Doc("Distinctive terms in common, one a line: term, tab, weight.")]
    shared_references: Annotated[
        Text,
        Doc(
            "PubMed numbers or DOIs that both cite, and numbers of trials that both name or one of them has, one a line."
        ),
    ]
    same_sponsor: Annotated[Text, Doc("The sponsor organization of both.")]
    same_investigator: Annotated[Text, Doc("The investigator of both.")]
    population_overlap: Annotated[Text, Doc("Ages and sexes that both accept, in words.")]
    shared_criteria: Annotated[
        Text, Doc("Criteria of eligibility in common, by limits or by words, one a line; those that tell most first.")
    ]
    shared_design: Annotated[Text, Doc("What is alike in their design, one a line: what, colon, value.")]


class TrialTerms(Struct):
    """What a trial is compared with others by; kept so that a refresh reads only the trials that changed."""

    trial_id: Annotated[str, Doc("The trial.")]
    title: Annotated[Text, Doc("Words and pairs of neighbouring words of its titles, one a line.")]
    conditions: Annotated[Text, Doc("Those of its conditions.")]
    keywords: Annotated[Text, Doc("Those of its keywords.")]
    interventions: Annotated[Text, Doc("Those of its interventions' names.")]
    described: Annotated[Text, Doc("Words of longer descriptions that stand where a name should.")]
    outcomes: Annotated[Text, Doc("Those of its outcomes.")]
    investigators: Annotated[Text, Doc("Names of investigators, folded, one a line.")]
    publications: Annotated[
        Text,
        Doc(
            "Its numbers and those of trials that it names, PubMed numbers or DOIs of papers that it cites; one a line."
        ),
    ]
    condition_codes: Annotated[Text, Doc("MeSH terms that the registry derived from its conditions, one a line.")]
    intervention_codes: Annotated[Text, Doc("Those of its interventions.")]
    condition_classes: Annotated[Text, Doc("MeSH terms above those of its conditions, one a line.")]
    intervention_classes: Annotated[Text, Doc("Those above the ones of its interventions.")]
    condition_names: Annotated[Text, Doc("Its conditions as names: their roots, sorted, one name a line.")]
    intervention_names: Annotated[Text, Doc("The same of its interventions and their other names.")]
    sponsors: Annotated[Text, Doc("Names of its primary sponsors' organizations, one a line.")]
    criteria: Annotated[
        Text,
        Doc("Its criteria that hold for everybody: limits in canonical units, and those of a few words; one a line."),
    ]
    aliases: Annotated[
        Text,
        Doc(
            "Abbreviations that it defines and other names that it lists: short form, tab, what it stands for; one a line."
        ),
    ]
    date_of_registration: Annotated[Text, Doc("As in `trials`.")]
    study_type: Annotated[Text, Doc("As in `trials`.")]
    phase: Annotated[Text, Doc("As in `trials`.")]
    allocation: Annotated[Text, Doc("As in `trials`.")]
    intervention_model: Annotated[Text, Doc("As in `trials`.")]
    masking: Annotated[Text, Doc("As in `trials`.")]
    primary_purpose: Annotated[Text, Doc("As in `trials`.")]
    minimum_age_years: Annotated[float | None, Doc("As in `trials`.")]
    maximum_age_years: Annotated[float | None, Doc("As in `trials`.")]
    sex: Annotated[Text, Doc("As in `trials`.")]
    healthy_volunteers: Annotated[bool | None, Doc("As in `trials`.")]


class TrialRoots(Struct):
    """The same as numbers, narrow, so that a refresh looks through all trials in no time."""

    trial_id: Annotated[str, Doc("The trial.")]
    registered: Annotated[
        str, Doc("Its date of registration; `~` when it has none. The first ones teach what terms are worth.")
    ]
    roots: Annotated[
        bytes,
        Doc(
            "For each term of `trial_terms`, column by column, 8 bytes: 59 bits that its spellings share, 5 bits for the column."
        ),
    ]
    read_from: Annotated[int, Doc("Of all that its terms were read from: they are read again when it has changed.")]


class TrialAlias(Struct):
    trial_id: Annotated[str, Doc("A trial that defines an abbreviation or lists another name.")]
    short: Annotated[int, Doc("Root of the short form, as in `trial_roots`.")]
    long: Annotated[str, Doc("Roots of the terms of what it stands for, sorted.")]


class TermMeaning(Struct):
    kind: Annotated[
        Literal["short form", "condition", "condition class", "intervention", "intervention class"],
        Doc("What for what: a long form for a short one, a code for a name, a class for a code."),
    ]
    root: Annotated[int, Doc("Root of a term.")]
    meaning: Annotated[int, Doc("Root of a term that stands wherever the first one does.")]


class TermWorth(Struct):
    bucket: Annotated[int, Doc("First 8 bits of the roots.")]
    roots: Annotated[bytes, Doc("Roots of terms of which the teachers say something, sorted, 8 bytes each.")]
    worth: Annotated[bytes, Doc("What they say of each, packed in 4 bytes: roles in eighths, information in bits.")]


class TrialProfile(Struct):
    trial_id: Annotated[str, Doc("The trial.")]
    fingerprint: Annotated[
        int, Doc("Of its weighted terms and facts: its pairs are compared anew when it has changed.")
    ]
    least: Annotated[
        int,
        Doc("Millionths that its most distant related trial shares with it; a trial that shares more comes in."),
    ]
    features: Annotated[bytes, Doc("Its weighted terms, 8 bytes each: root, then 3 bits for the part of the score.")]
    weights: Annotated[bytes, Doc("The weight of each in thousandths, 2 bytes each.")]
