"""A record that says who may take part and nothing else, for the tests of what is read from that."""

from __future__ import annotations

from typing import Any

from normalize import eligibility
from normalize.closed_lists import CriterionKind
from normalize.schema import Record


def record_of(texts: list[tuple[CriterionKind, str]], **fields: Any) -> Record:
    """The record whose criteria are these texts, each the half that it is said to be."""
    read = eligibility.parse(texts)
    return Record(
        registry="R",
        registry_id="R1",
        eligibility_raw=read.raw,
        criteria=read.criteria,
        criterion_measures=read.measures,
        **fields,
    )
