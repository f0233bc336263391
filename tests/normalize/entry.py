"""Records for the tests of the normalizers: how one is written down, and one that says who may take part and nothing else."""

from __future__ import annotations

import json
from typing import Any

import msgspec

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


def written(value: object) -> object:
    """A value of a record as `expected.json` has it: rows without the columns that are empty."""
    plain = json.loads(msgspec.json.encode(value))
    if not isinstance(plain, list):
        return plain
    return [{name: cell for name, cell in row.items() if cell is not None} for row in plain]
