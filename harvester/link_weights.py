"""Linking room: what each piece of evidence weighs. Data only; `link_evidence` adds the points of all findings to `START`.

Points are log-odds. They began as the coefficients of a logistic regression over hand-checked pairs of registry records (about
500 of Thiele 2021 and Axfors 2024, and pairs of WHO's COVID-19 export; only the developers' halves of `../shared/gold`), were
rounded to quarters, made monotone within a group, and set by judgement where the pairs hold too few cases; the reason says so.

Titles in two languages share no rare words and are not met by text: of five such pairs in those halves none is joined without a
number, three with one. Where a record gives its title in both languages, the English one is compared.
"""

from __future__ import annotations

#: Before any evidence: of two entries that share rare words most are not one trial.
START = -1.5

#: finding -> (points, what a reader is told, why)
WEIGHTS: dict[str, tuple[float, str, str]] = {
    # ------------------------------------------------------------------------------------------------------- titles
    "title equal": (2.0, "titles equal", "registrants copy titles from one registry into the next"),
    "title near": (1.0, "titles nearly equal", "one has a few words more"),
    "title alike": (0.5, "titles alike", "reworded for the other registry"),
    "title partly": (-0.5, "titles alike in part", "trials of one drug have as much in common"),
    "title other": (-1.5, "titles differ", "all but a few pairs of one trial share half of their titles' weight"),
    "title contained": (0.5, "one title holds the other", "registries cut long titles and append acronyms; extensions do too"),
    "letters equal": (1.0, "titles equal by letters", "the words in the same order too"),
    "letters alike": (0.5, "titles alike by letters", "compound words and typing errors hide equal words"),
    "title says much": (1.5, "long titles in common", "long titles do not meet by chance"),
    "title says enough": (0.5, "titles share telling words", "short titles may meet by chance"),
    "title says little": (-0.5, "short titles in common", "by judgement: a disease and a common treatment are many trials' title"),
    "words exchanged": (-1.0, "words exchanged in the titles", "a drug or disease in the place of another; counted by weight, at most 3"),
    "numerals differ": (-1.0, "numerals of the titles differ", "phases, doses and numbers of sibling trials"),
    "numerals of one": (-0.25, "numerals in one title only", "often left out, sometimes what tells siblings apart"),
    "another trial by its words": (-1.0, "only one names", "extension, follow-up, sub-study, other age group; at most twice"),
    "acronym": (1.0, "acronym", "by judgement: programmes share acronyms too"),
    # ------------------------------------------------------------------------------------------ who, and which numbers
    "sponsor same": (1.0, "same sponsor", "sponsors differ by country and owner, so their agreement weighs more than their difference"),
    "sponsor alike": (0.25, "sponsors alike", "departments and affiliates"),
    "sponsor near": (0.0, "sponsors of one place", "a university and its hospital"),
    "sponsor a person": (0.0, "sponsor is a person", "investigators register at ClinicalTrials.gov what their hospital sponsors in Europe"),
    "sponsor other": (-1.0, "other sponsor", "affiliates and cooperative groups sign for each other"),
    "code shared": (2.0, "same sponsor code or UTN", "by judgement: never enough alone, programmes share codes"),
    "number shared": (2.0, "both name the same number", "by judgement: both may name their parent trial"),
    "number of another": (-3.0, "names another number of that registry", "by judgement: who registered twice named the partner"),
    "mentioned": (1.5, "one mentions the other in its text", "by judgement: half of such pairs are one trial (IntoValue)"),
    # --------------------------------------------------------------------------------------------------- the trial itself
    "size equal": (1.5, "same size", "sizes that are not round hardly meet by chance"),
    "size equal, round": (1.0, "same round size", "many trials plan 60 or 100"),
    "size near": (-0.25, "sizes within 10 %", "planned against actual"),
    "size alike": (-0.5, "sizes within 30 %", "planned against actual"),
    "size other": (-1.0, "sizes differ up to twofold", "seen in pairs of one trial, more often in others"),
    "size far": (-2.25, "sizes differ more than twofold", "by judgement: parts of a platform and copies of a protocol share title, month and country, not size"),
    "start near": (0.5, "starts within a month", "planned against actual"),
    "start alike": (0.0, "starts within 100 days", "one country starts after another"),
    "start other": (-0.75, "starts within a year", "sibling trials follow each other"),
    "start far": (-1.0, "starts more than a year apart", "sibling trials follow each other"),
    "countries same": (1.0, "countries of one are among those of the other", "registries list few or all"),
    "countries some": (-0.5, "some countries in common", "sibling trials share some"),
    "countries other": (-1.5, "no country in common", "registries of one trial disagree rarely"),
    "phase same": (0.5, "same phase", "half of all trials share it with each other"),
    "phase part": (0.0, "phases overlap", "2 against 2/3"),
    "phase other": (-0.75, "other phase", "registrants do disagree about it"),
    "study type other": (-0.5, "other study type", "by judgement: registries sort post-marketing studies differently"),
    "outcome same": (0.5, "same primary outcome", "copied like titles, when named at all"),
    "outcome alike": (0.0, "primary outcomes alike", "worded anew"),
    "outcome other": (-0.5, "other primary outcome", "EUCTR puts objectives in the same field"),
    "intervention shared": (0.5, "interventions share names", "trials of one drug do too"),
    "intervention other": (-0.75, "no name of an intervention in common", "brand names and codes hide equal drugs"),
}  # fmt: skip
