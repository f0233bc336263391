"""Which records are one trial: numbers first, then what is known of both, guarded, with reasons."""

from __future__ import annotations

import pytest

from harvester.link_clusters import MOST_NUMBERS
from harvester.link_entries import EntriesAside, read_entries
from tests.harvester.linked import Linked, named, record

TITLE = "Ziralumab against placebo in adults with refractory quintarian fever: a randomized double-blind trial"
FACTS = {"sponsor": "Example Pharma", "size": 123, "start": "2020-04-01", "countries": "FR DE"}


# ------------------------------------------------------------------------------------------------------------ by numbers


def test_a_mirror_is_the_same_trial() -> None:
    linked = Linked(
        record("NCT90000001"), record("NCT90000001", source="ictrp"), record("NCT90000002", source="ictrp")
    ).link()
    assert linked.trial_of() == {
        "ctgov:NCT90000001": "NCT90000001",
        "ictrp:NCT90000001": "NCT90000001",
        "ictrp:NCT90000002": "NCT90000002",
    }
    (only,) = linked.links()
    assert (only.verdict, only.evidence, only.detail) == (
        "same",
        "mirror",
        "ClinicalTrials.gov and WHO ICTRP both hold NCT90000001",
    )


def test_country_records_of_one_eudract_number_are_one_trial() -> None:
    numbers = ("EUCTR2019-000001-11-FR", "EUCTR2019-000001-11-3RD")
    linked = Linked(*(record(n, source="euctr") for n in numbers), record(numbers[0], source="ictrp")).link()
    assert set(linked.trial_of().values()) == {"2019-000001-11"}


def test_resubmissions_of_an_eu_ct_number_are_one_trial() -> None:
    linked = Linked(
        record("2023-505613-24-00", source="ctis"),
        record("2023-505613-24-01", source="ictrp"),
        record("NCT90000001", ids=[named("2023-505613-24-02", "CTIS")]),
    ).link()
    assert set(linked.trial_of().values()) == {"NCT90000001"}


@pytest.mark.parametrize("direction", [1, -1])
def test_an_identifier_joins_and_the_nct_number_names_the_trial(direction: int) -> None:
    pair = [("NCT90000001", "ctgov", "ClinicalTrials.gov"), ("EUCTR2019-000001-11-FR", "euctr", "EUCTR")][::direction]
    (one, source, _), (other, other_source, registry) = pair
    number = other.removeprefix("EUCTR").removesuffix("-FR")
    linked = Linked(
        record(one, source=source, ids=[named(number, registry)]), record(other, source=other_source)
    ).link()
    assert set(linked.trial_of().values()) == {"NCT90000001"}
    assert linked.links()[0].detail == f"{one} names {number} in secondaryIdInfos"


def test_two_nct_numbers_are_two_trials_unless_one_is_an_alias() -> None:
    def both(kind: str) -> Linked:
        ids = [named("NCT90000001", "ClinicalTrials.gov", kind)]
        return Linked(record("NCT90000001"), record("NCT90000002", ids=ids)).link()

    parent = both("registry")
    assert not parent.together("ctgov:NCT90000001", "ctgov:NCT90000002")
    (link,) = parent.links()
    assert link.verdict == "mentioned"
    assert link.refused == "a trial has one number at ClinicalTrials.gov: NCT90000001 and NCT90000002"
    assert set(both("alias").trial_of().values()) == {"NCT90000001"}


def test_two_nct_numbers_do_not_meet_over_a_common_eudract_number() -> None:
    linked = Linked(
        record("NCT90000001", ids=[named("2019-000001-11")]),
        record("NCT90000002", ids=[named("2019-000001-11")]),
        record("EUCTR2019-000001-11-FR", source="euctr"),
    ).link()
    assert not linked.together("ctgov:NCT90000001", "ctgov:NCT90000002")


def test_a_number_in_a_text_is_another_trial_unless_what_is_known_of_both_agrees() -> None:
    mention = [named("ISRCTN90000001", "ISRCTN", "mention", "briefSummary")]
    other = Linked(
        record("NCT90000001", "Walking after ziralumab", ids=mention), record("ISRCTN90000001", TITLE, source="isrctn")
    ).link()
    assert [(row.verdict, row.evidence) for row in other.links()] == [("mentioned", "identifier")]
    same = Linked(
        record("NCT90000001", TITLE, ids=mention), record("ISRCTN90000001", TITLE.upper(), source="isrctn")
    ).link()
    (link,) = same.links()
    assert (link.verdict, link.evidence) == ("same", "text")
    assert "names ISRCTN90000001 in briefSummary" in link.detail


def test_sponsor_codes_are_never_enough() -> None:
    code = [named("ZR 4711-03", None, "sponsor_code")]
    linked = Linked(
        record("NCT90000001", "Ziralumab in quintarian fever", ids=code),
        record("ISRCTN90000001", "Walking after stroke", source="isrctn", ids=code),
    ).link()
    assert not linked.together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")


def test_a_sponsor_code_strengthens_and_a_bare_number_does_not() -> None:
    def score(code: str) -> float | None:
        ids = [named(code, None, "sponsor_code")]
        linked = Linked(
            record("NCT90000001", "Ziralumab in quintarian fever of adults", ids=ids, sponsor="Example Pharma"),
            record("ISRCTN90000001", "Quintarian fever: ziralumab for adults", source="isrctn", ids=ids, sponsor="Example Pharma"),
        ).link()  # fmt: skip
        return linked.links()[0].score

    with_code, without = score("ZR4711-03"), score("001")
    assert with_code is not None and without is not None and with_code > without
    assert score("2012") == without


# -------------------------------------------------------------------------------------- by what is known of both records


def test_records_that_do_not_name_each_other_are_joined_with_reasons() -> None:
    linked = Linked(
        record("NCT90000001", TITLE, **FACTS), record("ISRCTN90000001", TITLE + " (FEVERFEW)", source="isrctn", **FACTS)
    ).link()
    assert linked.together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")
    (link,) = linked.links()
    assert (link.verdict, link.evidence) == ("same", "text")
    assert link.score is not None and link.score > 0.95
    assert link.spoke_for is not None and "+1.5 same size: 123 / 123" in link.spoke_for.splitlines()
    assert link.spoke_against is None


OTHERS = {
    "another phase and number": {"title": TITLE.replace("a randomized", "phase III, a randomized").replace("refractory", "refractory type 2")},
    "an extension of it": {"title": "Long-term extension of " + TITLE},
    "another drug": {"title": TITLE.replace("Ziralumab", "Betoxifen")},
    "another disease": {"title": TITLE.replace("quintarian fever", "sardonic gout")},
    "the elderly": {"title": TITLE.replace("adults", "elderly patients")},
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERS)
def test_a_trial_of_like_title_is_kept_apart(case: str) -> None:
    facts = {"sponsor": "Example Pharma", "size": 400, "start": "2021-09-01", "countries": "FR PL"}
    linked = Linked(
        record("NCT90000001", TITLE.replace("double-blind trial", "double-blind trial, phase II"), **FACTS),
        record("ISRCTN90000001", OTHERS[case]["title"], source="isrctn", **facts),
    ).link()
    assert not linked.together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")


def test_short_titles_alone_do_not_join() -> None:
    linked = Linked(
        record("NCT90000001", "Plasma in COVID-19", sponsor="Example University", size=40, start="2020-04-01", countries="FR"),
        record("ISRCTN90000001", "Plasma in COVID-19", source="isrctn", sponsor="Sample Clinic", size=300, start="2020-06-01", countries="IR"),
    ).link()  # fmt: skip
    assert not linked.together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")


def test_a_translated_title_is_found_by_drug_size_and_date_but_left_to_a_person() -> None:
    linked = Linked(
        record("NCT90000001", "Ziralumab in quintarian fever", **FACTS, given="Ziralumab"),
        record("EUCTR2019-000001-11-DE", "Ziralumab bei quintarischem Fieber", source="euctr", **FACTS, given="Ziralumab"),
    ).link()  # fmt: skip
    (link,) = linked.links()
    assert link.verdict in ("same", "possible")
    assert link.spoke_for is not None and "same sponsor" in link.spoke_for


def test_who_names_another_partner_is_not_joined_by_its_text() -> None:
    linked = Linked(
        record("NCT90000001", TITLE, sponsor="Example Pharma"),
        record("ISRCTN90000001", TITLE, source="isrctn", sponsor="Example Pharma", ids=[named("NCT90000077", "ClinicalTrials.gov")]),
    ).link()  # fmt: skip
    assert not linked.together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")
    assert any(
        "names another number of that registry: NCT90000077" in (row.spoke_against or "") for row in linked.links()
    )


def test_the_better_of_two_candidates_gets_the_trial() -> None:
    linked = Linked(
        record("NCT90000001", TITLE, **FACTS),
        record("NCT90000002", TITLE, **(FACTS | {"size": 130, "countries": "FR PL"})),
        record("ISRCTN90000001", TITLE, source="isrctn", **FACTS),
    ).link()
    assert linked.together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")
    refused = [row for row in linked.links() if row.refused]
    assert [(row.record_id, row.verdict) for row in refused] == [("ctgov:NCT90000002", "possible")]


def test_texts_do_not_join_two_numbers_of_one_registry() -> None:
    linked = Linked(
        record("DRKS90000001", TITLE, source="ictrp", **FACTS), record("DRKS90000002", TITLE, source="ictrp", **FACTS)
    ).link()
    assert linked.links() == []


# ---------------------------------------------------------------------------------------------------------------- guards


def test_a_trial_of_too_many_numbers_is_cut_at_its_weakest_link_and_flagged() -> None:
    numbers = [f"DRKS9{n:07}" for n in range(MOST_NUMBERS)]
    ids = [named(number, "DRKS") for number in numbers[1:]]
    chain = [
        record(numbers[0], TITLE, source="ictrp", ids=ids, **FACTS),
        *(record(n, source="ictrp") for n in numbers[1:]),
    ]
    assert Linked(*chain).link().together(*(f"ictrp:{number}" for number in numbers))
    linked = Linked(*chain, record("ISRCTN90000001", TITLE, source="isrctn", **FACTS)).link()
    assert linked.together(*(f"ictrp:{number}" for number in numbers))
    (cut,) = [row for row in linked.links() if row.refused]
    assert (cut.verdict, cut.evidence) == ("possible", "text")
    assert cut.refused is not None and "cut at its weakest link" in cut.refused


def test_a_person_joins_and_parts() -> None:
    texts = (record("NCT90000001", TITLE, **FACTS), record("ISRCTN90000001", TITLE, source="isrctn", **FACTS))
    parted = Linked(*texts)
    parted.decide(("ISRCTN90000001", "NCT90000001", "different", "the extension"))
    assert not parted.link().together("ctgov:NCT90000001", "isrctn:ISRCTN90000001")
    assert {row.evidence: row.verdict for row in parted.links()} == {"override": "different", "text": "possible"}
    joined = Linked(record("NCT90000001", "One"), record("NCT90000002", "Two"), record("NCT90000003", "Three"))
    joined.decide(("NCT90000001", "NCT90000002", "same", None), ("NCT90000002", "NCT90000077", "same", None))
    joined.link()
    assert joined.together("ctgov:NCT90000001", "ctgov:NCT90000002")
    assert not joined.together("ctgov:NCT90000001", "ctgov:NCT90000003")


def test_parts_that_a_person_keeps_apart_do_not_meet_over_a_third() -> None:
    linked = Linked(
        record("NCT90000001", ids=[named("ISRCTN90000001", "ISRCTN")]),
        record("ISRCTN90000001", source="isrctn"),
        record("DRKS90000001", source="ictrp", ids=[named("ISRCTN90000001", "ISRCTN")]),
    )
    linked.decide(("DRKS90000001", "NCT90000001", "different", None))
    linked.link()
    assert not linked.together("ctgov:NCT90000001", "ictrp:DRKS90000001")
    assert {row.refused for row in linked.links() if row.refused} == {"a person keeps DRKS90000001 and NCT90000001 apart"}  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- in memory


def test_entries_put_aside_are_read_back_as_they_were() -> None:
    linked = Linked(
        record("NCT90000001", TITLE, **FACTS, outcome="Days of fever", given="Zìralumab", acronym="ZIRA"),
        record("NCT90000001", TITLE, source="ictrp"),
        record("EUCTR2019-000001-11-FR", source="euctr", ids=[named("NCT90000001", "ClinicalTrials.gov")]),
    ).link()
    aside = EntriesAside(linked.db)
    entries = list(aside.put(read_entries(linked.db)))
    assert [entry.number for entry in entries] == ["2019-000001-11", "NCT90000001"]
    assert [aside[entry.number] for entry in entries] == entries
    with pytest.raises(KeyError, match="NCT90000002"):
        aside["NCT90000002"]
