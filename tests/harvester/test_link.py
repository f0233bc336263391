"""Which records are one trial: exact evidence only, guarded, whatever the order."""

from __future__ import annotations

import random

from harvester.link import Linked, Numbered, Reference, link


def joined(*records: str, references: tuple[Reference, ...] = ()) -> Linked:
    return link([Numbered(r, r.split(":")[0], r.split(":")[1]) for r in records], references)


def names(record_id: str, number: str, registry: str = "EUCTR", type_: str = "registry") -> Reference:
    return Reference(record_id, number, registry, type_, "secondaryIdInfos")


def test_a_mirror_is_the_same_trial() -> None:
    linked = joined("ctgov:NCT90000001", "ictrp:NCT90000001", "ictrp:NCT90000002")
    assert linked.trial_of == {
        "ctgov:NCT90000001": "NCT90000001",
        "ictrp:NCT90000001": "NCT90000001",
        "ictrp:NCT90000002": "NCT90000002",
    }
    (only,) = linked.links
    assert (only.verdict, only.evidence, only.detail) == ("same", "mirror", "ctgov and ictrp both serve NCT90000001")


def test_country_records_of_one_eudract_number_are_one_trial() -> None:
    linked = joined("euctr:EUCTR2019-000001-11-FR", "euctr:EUCTR2019-000001-11-3RD", "ictrp:EUCTR2019-000001-11-FR")
    assert set(linked.trial_of.values()) == {"2019-000001-11"}


def test_an_identifier_joins_and_the_nct_number_names_the_trial() -> None:
    linked = joined(
        "ctgov:NCT90000001", "euctr:EUCTR2019-000001-11-FR", references=(names("ctgov:NCT90000001", "2019-000001-11"),)
    )
    assert set(linked.trial_of.values()) == {"NCT90000001"}
    assert linked.links[0].detail == "NCT90000001 names 2019-000001-11 in secondaryIdInfos"


def test_a_mention_in_text_is_another_trial() -> None:
    linked = joined(
        "ctgov:NCT90000001",
        "ctgov:NCT90000002",
        references=(names("ctgov:NCT90000002", "NCT90000001", "ClinicalTrials.gov", "mention"),),
    )
    assert len(set(linked.trial_of.values())) == 2
    assert [row.verdict for row in linked.links] == ["mentioned"]


def test_two_nct_numbers_are_two_trials_unless_one_is_an_alias() -> None:
    records = ("ctgov:NCT90000001", "ctgov:NCT90000002")
    parent = joined(*records, references=(names("ctgov:NCT90000002", "NCT90000001", "ClinicalTrials.gov"),))
    assert len(set(parent.trial_of.values())) == 2
    assert "a trial has one number at ClinicalTrials.gov" in parent.links[0].detail
    alias = joined(*records, references=(names("ctgov:NCT90000002", "NCT90000001", "ClinicalTrials.gov", "alias"),))
    assert set(alias.trial_of.values()) == {"NCT90000001"}


def test_two_nct_numbers_do_not_meet_over_a_common_eudract_number() -> None:
    linked = joined(
        "ctgov:NCT90000001",
        "ctgov:NCT90000002",
        "euctr:EUCTR2019-000001-11-FR",
        references=(names("ctgov:NCT90000001", "2019-000001-11"), names("ctgov:NCT90000002", "2019-000001-11")),
    )
    assert linked.trial_of["ctgov:NCT90000001"] != linked.trial_of["ctgov:NCT90000002"]


def test_sponsor_codes_join_nothing() -> None:
    linked = joined(
        "ictrp:DRKS90000001",
        "ictrp:ISRCTN90000001",
        references=(names("ictrp:DRKS90000001", "001", "", "sponsor_code"),),
    )
    assert linked.links == []


def test_the_order_of_arrival_changes_nothing() -> None:
    records = [f"ctgov:NCT9000000{n}" for n in range(5)] + [f"euctr:EUCTR2019-00000{n}-11-FR" for n in range(5)]
    references = [names(f"ctgov:NCT9000000{n}", f"2019-00000{m}-11") for n in range(5) for m in range(n, 5)]
    results = []
    for seed in range(5):
        random.Random(seed).shuffle(records)
        random.Random(seed).shuffle(references)
        results.append(joined(*records, references=tuple(references)))
    assert all(result == results[0] for result in results)
