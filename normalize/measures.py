"""Numeric and ordinal limits of criteria. Called by `eligibility`; registry-blind."""

from __future__ import annotations

from normalize.schema import Criterion, CriterionMeasure


def measures(raw: str, criteria: tuple[Criterion, ...]) -> tuple[CriterionMeasure, ...]:
    return ()
