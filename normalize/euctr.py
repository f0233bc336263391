"""EUCTR, meaning: one country record of the EU Clinical Trials Register -> Record.

Called by `normalize.normalize`. `euctr_payload.py` says what the bytes are, `euctr_fields.py` cuts them into fields;
`euctr_products.py` reads section D, `euctr_design.py` the questions of E.6 to E.8 and F, this file the rest. The register keeps one record per country of a trial, so one EudraCT number has
several records with several ids, and now and then two with the same id (2021-002179-21-PL).

What a column gets is decided here:
- Titles, objectives, conditions and end points repeat in other languages. The column has the English text (or the first, where
  there is none); the others follow in `brief_summary` (objectives), in `outcomes.description` (end points) and in
  `detailed_description` (titles, conditions), each after the form's label and its language. Criteria keep all languages in the
  order of the register, each with its kind. Other free text of the form stands in `detailed_description` too.
- Dates. The form has no date of first enrollment: `date_of_first_enrollment` stays empty. WHO ICTRP shows the date of the
  authority's decision there (EUCTR2021-000037-14-PL: 20/08/2021, after the ethics opinion of 17/06/2021): before that day nobody
  could be enrolled, and on that day nobody is. Decisions are in `ethics_reviews`.
- Ages come from the age bands that are answered with Yes: Adults (18-64 years) alone is 18 to 64. Narrower limits stand in the
  criteria only, among limits on carers, onset and laboratory values ("not older than 3 months"): `criterion_measures` has them.
- "Contact point designated by the sponsor for further information" is TRDS's contact for public queries.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from normalize import eligibility, euctr_design, euctr_payload, vocabularies
from normalize.closed_lists import CriterionKind, OutcomeKind, SecondaryIdType
from normalize.euctr_fields import Field, Form, blocks, labelled
from normalize.euctr_form import CODES, MEDDRA, SPONSOR
from normalize.euctr_products import products
from normalize.identifiers import is_junk, secondary_ids
from normalize.schema import Condition, Contact, EthicsReview, Keyword, Outcome, Record, RecordSponsor, SecondaryId
from normalize.text import fold

ADDRESS = "https://www.clinicaltrialsregister.eu/ctr-search/trial"

#: Fields of identifiers: what kind of number they hold, and the registry's prefix, which may be left out beside such a label.
IDENTIFIERS: dict[str, tuple[SecondaryIdType, str]] = {
    "A.4.1": ("sponsor_code", ""),
    "A.5.1": ("registry", "ISRCTN"),
    "A.5.2": ("registry", "NCT"),
    "A.5.3": ("utn", ""),
}
#: Texts in which a number of another registry is a mention.
PROSE = (
    "A.3", "A.3.1", "A.3.2", "E.1.1", "E.2.1", "E.2.2", "E.2.3.1", "E.3", "E.4", "E.5.1", "E.5.2", "E.8.2.3.1", "E.8.8", "F.5",
)  # fmt: skip

#: Free text without a column goes into `detailed_description`, as do titles and conditions in other languages than their column,
#: questions worth a line when they are answered with Yes, and time points without an end point; in this order, which is the form's.
TRANSLATED = ("A.3", "A.3.1", "A.3.2", "E.1.1", "E.1.1.1")
NOTABLE = ("A.7", *(f"F.3.3.{number}" for number in range(1, 8)))
REMARKS = ("A.8", "E.2.3.1", "E.8.8", "F.3.3.6.1", "F.3.3.7.1", "F.5", "G.4.1", "G.4.3.4", "H.4.1")
_TIMES = ("E.5.1.1", "E.5.2.1")
_REMARKED = tuple(code for code in CODES if code in {*TRANSLATED, *NOTABLE, *REMARKS, *_TIMES})


def normalize(body: bytes, media_type: str) -> Record:
    """The record of one country record of EUCTR: its text download (`text/plain`) or its protocol page (`text/html`).

    Raises Unreadable when the payload is something else: an empty answer, a page of search results, a captcha, the short
    summary, several records at once, or a text whose line breaks are lost.
    """
    text = euctr_payload.decoded(body, media_type)
    form = Form(euctr_payload.fields(text, media_type))
    if "\ufffd" in text and text.count("\ufffd") > body.count("\ufffd".encode()):
        form.warn("record", None, "Some bytes are no text in the payload's charset: they are U+FFFD here.")
    number, code = euctr_payload.identity(form)
    registry_id = f"EUCTR{number}-{code}"
    country_code = None if code == euctr_payload.THIRD else code
    is_partial = euctr_payload.is_cut_off(form)
    criteria = eligibility.parse(_criteria(form))
    status = _status(form)
    has_results = _has_results(form)
    completed = form.date("P.", "Date of the global end")
    youngest, oldest, bands = euctr_design.ages(form)
    sponsor_blocks = blocks(form.section("B"), SPONSOR)
    record = Record(
        registry="EUCTR",
        registry_id=registry_id,
        url=f"{ADDRESS}/{number}/{country_code or euctr_payload.THIRD.lower()}/",
        public_title=form.value("A.3.1"),
        scientific_title=form.value("A.3"),
        acronym=_acronym(form),
        brief_summary=_objectives(form),
        detailed_description=labelled(_remarks(form)),
        study_type="interventional",
        study_type_raw=form.value("", "Clinical Trial Type"),
        phase=euctr_design.phase(form),
        phase_raw=euctr_design.phase_raw(form),
        allocation=euctr_design.allocation(form),
        intervention_model=euctr_design.intervention_model(form),
        intervention_model_description="\n".join(field.value for field in form.all("E.8.1.7.1")) or None,
        masking=euctr_design.masking(form),
        primary_purpose=euctr_design.primary_purpose(form),
        study_design_raw=euctr_design.design_raw(form),
        recruitment_status=vocabularies.read("recruitment_status", status, form.unmapped),
        recruitment_status_raw=status,
        date_of_registration=form.date("", "Date on which"),
        completion_date=completed,
        completion_date_type="actual" if completed else None,
        target_sample_size=euctr_design.target_sample_size(form),
        sample_size_raw=labelled((field for code in ("F.4.1", "F.4.2.1", "F.4.2.2") for field in form.all(code)), "\n"),
        minimum_age_years=youngest,
        maximum_age_years=oldest,
        minimum_age_raw=bands,
        maximum_age_raw=bands,
        sex=euctr_design.sex(form),
        sex_raw=euctr_design.sex_raw(form),
        healthy_volunteers=form.yes("F.3.1"),
        inclusion_criteria=criteria.inclusion,
        exclusion_criteria=criteria.exclusion,
        eligibility_raw=criteria.raw,
        has_results=has_results,
        results_url=f"{ADDRESS}/{number}/results" if has_results else None,
        has_data_monitoring_committee=form.yes("E.8.7"),
        is_partial=is_partial,
        secondary_ids=_secondary_ids(form, registry_id),
        conditions=tuple(_conditions(form)),
        keywords=_keywords(form),
        interventions=products(form.section("D")),
        outcomes=(*_outcomes(form, "primary", "E.5.1"), *_outcomes(form, "secondary", "E.5.2")),
        criteria=criteria.criteria,
        criterion_measures=criteria.measures,
        eligibility_facts=euctr_design.vulnerable(form),
        enrollment_counts=euctr_design.enrollment(form, country_code),
        record_sponsors=_sponsors(sponsor_blocks, form),
        countries=euctr_design.countries(form, country_code),
        contacts=_contacts(sponsor_blocks),
        ethics_reviews=tuple(_ethics_reviews(form)),
    )
    _warn_of_new_fields(form)
    # A question that several columns need is asked several times.
    return structs.replace(
        record, warnings=tuple(dict.fromkeys(form.warnings)), unmapped_values=tuple(dict.fromkeys(form.unmapped))
    )


def _warn_of_new_fields(form: Form) -> None:
    for field in [field for field in form.fields if field.kind == "new" and field.value]:
        form.warn("record", labelled([field]), f"{field.code} is not a field of the form as this program knows it.")


# ------------------------------------------------------------------------------------------------- columns


def _acronym(form: Form) -> str | None:
    acronym = form.value("A.3.2")
    if acronym is not None and is_junk(acronym):
        form.warn("acronym", acronym, "Says that there is none.")
        return None
    return acronym


def _objectives(form: Form) -> str | None:
    """The objectives in English, then in other languages."""
    fields = [field for code in ("E.2.1", "E.2.2") for field in form.all(code)]
    best = [form.best("E.2.1"), form.best("E.2.2")]
    return labelled(sorted(fields, key=lambda field: not any(field is other for other in best)))


def _remarks(form: Form) -> Iterator[Field]:
    """What stands in no other column, in the order of the form."""
    for code in _REMARKED:
        fields = form.all(code)
        if code in TRANSLATED:
            best = form.best(code)
            fields = [field for field in fields if field is not best]
        elif code in NOTABLE:
            fields = fields if fields and form.yes(code) else []
        elif code in _TIMES:
            fields = [] if form.all(code.removesuffix(".1")) else fields
        for field in fields:
            yield structs.replace(field, label="Investigator network") if code == "G.4.1" else field


def _criteria(form: Form) -> list[tuple[CriterionKind, str]]:
    """All languages, in the order of the register."""
    kinds: dict[str, CriterionKind] = {"E.3": "inclusion", "E.4": "exclusion"}
    return [(kind, field.value) for code, kind in kinds.items() for field in form.all(code)]


def _status(form: Form) -> str | None:
    head, end = form.value("", "Trial Status"), form.value("P.", "End of Trial Status")
    if head and end and head != end:
        form.warn(
            "recruitment_status",
            end,
            f"P. End of Trial Status differs from the Trial Status at the head, {head}, which is taken.",
        )
    return head or end


def _has_results(form: Form) -> bool | None:
    """The protocol page says whether there are results; the text download does not."""
    said = next((field.value for field in form.section("") if field.label == "Trial results"), None)
    if said not in (None, "", "View results"):
        # "Removed from public view" (2005-002909-23-PT)
        form.warn("has_results", said, "Taken as: the register shows no results.")
    return None if said is None else said == "View results"


# ------------------------------------------------------------------------------------------------- tables


def _secondary_ids(form: Form, own: str) -> tuple[SecondaryId, ...]:
    fields: list[tuple[str, str, SecondaryIdType | None]] = []
    for code, (kind, prefix) in IDENTIFIERS.items():
        for field in form.all(code):
            is_bare = len(field.value) == 8 and field.value.isdigit()
            fields.append((code, f"{prefix}{field.value}" if prefix and is_bare else field.value, kind))
    if not form.all("A.4.1") and (head := form.value("", "Sponsor's Protocol Code Number")):
        fields.append(("Sponsor's Protocol Code Number", head, "sponsor_code"))
    for line in (line for field in form.all("A.5.4") for line in field.value.splitlines() if line.strip()):
        # The name of the number, where the line has one, says whose it is: "Name: IND Number: 123".
        name, _, value = line.replace("Identifier:", "Number:").rpartition("Number:")
        fields.append((f"A.5.4 {name.removeprefix('Name:').strip(' ,;')}".strip(), value.strip(), "other"))
    texts = [(code, field.value) for code in PROSE for field in form.all(code)]
    return secondary_ids(fields, texts, own)


def _conditions(form: Form) -> Iterator[Condition]:
    """E.1.1 in English, the same for lay people where it says something else, then the MedDRA terms."""
    seen = set()
    for text in filter(None, (form.value("E.1.1"), form.value("E.1.1.1"))):
        if (folded := fold(text)) not in seen:
            seen.add(folded)
            yield Condition(condition=text, condition_normalized=folded)
    for block in blocks([field for field in form.section("E") if field.code == "E.1.2"], MEDDRA):
        values = {field.label: field.value for field in block if field.value and field.kind != "block"}
        term, code = values.get("Term"), values.get("Classification code")
        if term or code:
            yield Condition(
                condition=term or f"MedDRA {code}",
                condition_normalized=fold(term) if term else None,
                meddra_code=code,
                meddra_version=values.get("Version"),
                meddra_level=values.get("Level"),
            )


def _keywords(form: Form) -> tuple[Keyword, ...]:
    """Therapeutic areas, MedDRA's system organ classes in words, and whether the condition is rare."""
    words = [field.value for field in form.all("E.1.1.2")]
    # Newer records give the class as a code alone ("100000004852"), older ones with its name.
    classes = [
        field.value for field in form.all("E.1.2") if field.label == "System Organ Class" and not field.value.isdigit()
    ]
    words += [f"System Organ Class: {name}" for name in classes]
    if form.yes("E.1.3"):
        words.append("Rare disease")
    return tuple(Keyword(keyword=word) for word in dict.fromkeys(words))


def _outcomes(form: Form, kind: OutcomeKind, code: str) -> tuple[Outcome, ...]:
    """One end point text with its time points; other languages are its description. The form does not separate end points."""
    best = form.best(code)
    if best is None:
        return ()
    time = form.best(f"{code}.1")
    others = [field for field in (*form.all(code), *form.all(f"{code}.1")) if field is not best and field is not time]
    return (
        Outcome(kind=kind, measure=best.value, description=labelled(others), time_frame=time.value if time else None),
    )


def _sponsors(sponsor_blocks: list[list[Field]], form: Form) -> tuple[RecordSponsor, ...]:
    """Sponsors, the first as primary sponsor, then those who give money or material."""
    sponsors: list[RecordSponsor] = []
    funders: list[RecordSponsor] = []
    for block in sponsor_blocks:
        held = {field.code: field.value for field in reversed(block) if field.value}
        if name := held.get("B.1.1"):
            kind = held.get("B.3.1 and B.3.2")
            sponsors.append(
                RecordSponsor(
                    role="secondary" if sponsors else "primary",
                    name_raw=name,
                    class_raw=kind,
                    class_registry=vocabularies.read("sponsor_class", kind, form.unmapped),  # type: ignore[arg-type]
                    country_raw=held.get("B.1.3.4"),
                )
            )
        supports = [field for field in block if field.code in ("B.4.1", "B.4.2") and field.value]
        for field, after in zip(supports, [*supports[1:], None], strict=False):
            if field.code == "B.4.1":
                home = after.value if after and after.code == "B.4.2" else None
                funders.append(RecordSponsor(role="funder", name_raw=field.value, country_raw=home))
    return (*sponsors, *funders)


def _contacts(sponsor_blocks: list[list[Field]]) -> tuple[Contact, ...]:
    contacts: dict[Contact, None] = {}
    for block in sponsor_blocks:
        held = {field.code: field.value for field in reversed(block) if field.value}
        town = " ".join(held[code] for code in ("B.5.3.3", "B.5.3.2") if code in held)
        affiliation = ", ".join(filter(None, (held.get("B.5.1"), held.get("B.5.3.1"), town, held.get("B.5.3.4"))))
        contact = Contact(
            kind="public",
            name=held.get("B.5.2"),
            affiliation=affiliation or None,
            email=held.get("B.5.6"),
            phone=held.get("B.5.4"),
        )
        if contact != Contact(kind="public"):
            contacts[contact] = None
    return tuple(contacts)


def _ethics_reviews(form: Form) -> Iterator[EthicsReview]:
    """The decisions of the competent authority and of the ethics committee."""
    authority = form.value("A.1") or form.value("", "National Competent Authority") or "Competent authority"
    reasons = [field.value for field in form.all("N.") if field.label.startswith("Ethics Committee Opinion: Reason")]
    for committee, decision, dated, remarks in (
        (authority, "Competent Authority Decision", "Date of Competent Authority Decision", []),
        ("Ethics committee", "Ethics Committee Opinion of", "Date of Ethics Committee Opinion", reasons),
    ):
        status = ": ".join(filter(None, (form.value("N.", decision), *remarks))) or None
        date = form.date("N.", dated)
        if status or date:
            yield EthicsReview(status=status, date=date, committee=committee)
