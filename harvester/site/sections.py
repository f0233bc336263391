"""Site room: the sections of a trial's page, in order: heading, the sentence under it, how it is prepared and shown.

Called by `trial`. The last column says whether a reader misses the section when no registry fills it: it then stands there and
says so; the others are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from harvester.site import facts, people, provenance, study
from harvester.site.changes import history
from harvester.site.discrepancies import discrepancies
from harvester.site.eligibility import eligibility
from harvester.site.entries import Entry, Part, Parts, Trial, of_trial, per_record
from harvester.site.quality import flags
from harvester.site.related import related_trials


class Section(NamedTuple):
    """A section as the template shows it; `kind` names a macro of `_sections.html`."""

    anchor: str
    heading: str
    explanation: str
    kind: str
    first: Part | None
    others: list[Part]  # what other records say instead, folded up
    others_heading: str
    is_disputed: bool  # registries contradict each other about it


class _Plan(NamedTuple):
    anchor: str
    heading: str
    explanation: str
    kind: str
    parts: Parts
    is_missed: bool


def _text(column: str) -> Parts:
    def prepare(entry: Entry) -> Any:
        return entry.row[column]

    return per_record(prepare)


_PLANS = (
    _Plan("results", "Results", "Whether outcomes have been made public at a registry, and where to read them.", "results", people.results, True),
    _Plan("basic-information", "Basic information", "The trial in figures and dates. Where registries disagree, their values stand side by side.", "comparison", of_trial(facts.comparison), True),
    _Plan("contradictions", "Where registries contradict each other", "What records of this trial say differently; other spellings, units and less exact dates are no difference. Serious: the trial reads otherwise. Notable: look at both records. Minor: mostly an old copy, or a small difference.", "discrepancies", of_trial(discrepancies), False),
    _Plan("titles", "Titles", "How the trial is called, for the public and in its protocol.", "facts", per_record(study.titles), True),
    _Plan("summary", "Brief summary", "What the trial is about and why it is done, in the words of those who run it.", "text", _text("brief_summary"), True),
    _Plan("description", "Detailed description", "Background, aims and procedures at length; what the registry has in other languages.", "description", per_record(study.description), False),
    _Plan("conditions", "Conditions", "The diseases or problems studied, with the codes that the registry assigned.", "conditions", per_record(study.conditions), True),
    _Plan("keywords", "Keywords", "Words that the registrant chose for finding the trial.", "keywords", per_record(study.keywords), False),
    _Plan("design", "Study design", "How participants are assigned, who knows the assignment, and what the trial is for.", "facts", per_record(study.design), True),
    _Plan("arms", "Study groups", "The arms or cohorts, and what each of them gets.", "arms", per_record(study.arms), False),
    _Plan("interventions", "Interventions", "What is given, done or observed.", "interventions", per_record(study.interventions), True),
    _Plan("other-names", "Other names of the interventions", "Brands, codes and substances under which the same thing is known.", "other_names", per_record(study.other_names), False),
    _Plan("eligibility", "Eligibility criteria", "Who can take part and who cannot. Lists are set as the registry's text orders them; the text itself is below them.", "eligibility", per_record(eligibility), True),
    _Plan("mesh", "MeSH terms", "Terms of the US National Library of Medicine's thesaurus that the registry derived from the entry.", "mesh_terms", per_record(study.mesh_terms), False),
    _Plan("participants", "Planned and actual participants", "Numbers by country, region, age or arm, as far as the registry breaks them down.", "participants", per_record(study.participants), False),
    _Plan("outcomes", "Outcomes", "What is measured, how and when, to judge the interventions.", "outcomes", per_record(study.outcomes), True),
    _Plan("sponsors", "Sponsors", "Who answers for the trial and who pays or helps.", "sponsors", per_record(people.sponsors), True),
    _Plan("responsible-party", "Responsible party", "Who vouches to the registry for what it holds on the trial.", "text", _text("responsible_party"), False),
    _Plan("investigators", "Investigators", "The people who lead the trial, with their institutions.", "investigators", per_record(people.investigators), False),
    _Plan("locations", "Locations", "Hospitals and other places that take part, by country, with the recruitment status of each where it is given.", "sites", per_record(people.sites), False),
    _Plan("countries", "Countries", "Where participants are, were or will be recruited.", "countries", of_trial(people.countries), True),
    _Plan("contacts", "Contacts", "Whom to ask, by name and institution. E-mail addresses and telephone numbers stand on the registry's own page.", "contacts", per_record(people.contacts), True),
    _Plan("references", "References", "Papers and pages that the registry ties to the trial.", "publications", per_record(people.publications), False),
    _Plan("documents", "Documents", "Protocols, analysis plans, consent forms.", "documents", per_record(people.documents), False),
    _Plan("ethics", "Ethics review", "Decisions of ethics committees and authorities.", "ethics", per_record(people.ethics), True),
    _Plan("data-sharing", "Data sharing", "Whether the data of individual participants will be shared, and how to get them.", "facts", per_record(study.data_sharing), True),
    _Plan("related", "Related trials", "The trials of this catalogue that are most like this one, and in what: conditions, interventions, outcomes, people, design. Whether they agree is for you to judge.", "related", of_trial(related_trials), False),
    _Plan("identifiers", "Identifiers", "Every number under which the trial is known, with the page of its registry.", "identifiers", of_trial(provenance.identifiers), True),
    _Plan("records", "Records of this trial", "The registry entries that this page joins, when they were fetched, and why they belong together.", "records", of_trial(provenance.records), True),
    _Plan("mentioned", "Trials that are mentioned", "Other trials here that name this one or are named by it, but are trials of their own.", "mentioned", of_trial(provenance.mentioned), False),
    _Plan("history", "What changed", "What registries changed in their entries on this trial while this catalogue looked, newest first.", "history", of_trial(history), False),
    _Plan("versions", "History of versions", "What the registries served over time. Every version is kept byte for byte; its fingerprint leads to it.", "versions", of_trial(provenance.versions), False),
    _Plan("quality", "Quality flags", "What to know before trusting these entries, by rules with a published standard. Dates are compared as far as they are given.", "quality", of_trial(flags), False),
    _Plan("warnings", "Doubtful values", "Values that could not be read, contradict themselves or are in no list. They are shown as the registry wrote them.", "warnings", of_trial(provenance.warnings), False),
)  # fmt: skip


#: Section -> fields of `discrepancies` that belong to it.
_DISPUTED = {
    "eligibility": ("minimum_age_years", "maximum_age_years", "sex"), "outcomes": ("primary_outcomes",), "sponsors": ("primary_sponsor",),
    "countries": ("countries",), "results": ("has_results",),
}  # fmt: skip


def _section(plan: _Plan, parts: list[Part], disputed: frozenset[str]) -> Section:
    others = parts[1:]
    records = [record["short"] for part in others for record in part.records]
    other = "other " if parts and parts[0].records else ""
    heading = f"According to {records[0]}" if len(records) == 1 else f"According to {len(records)} {other}records"
    is_disputed = not disputed.isdisjoint(_DISPUTED.get(plan.anchor, ()))
    return Section(*plan[:4], parts[0] if parts else None, others, heading, is_disputed)


def sections(trial: Trial) -> list[Section]:
    """All sections that have something to say, and those that a reader would miss."""
    prepared = ((plan, plan.parts(trial)) for plan in _PLANS)
    return [_section(plan, parts, trial.disputed) for plan, parts in prepared if parts or plan.is_missed]
