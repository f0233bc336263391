"""What a refresh asks of whom."""

from __future__ import annotations

import pytest

from harvester.config import Config
from harvester.schedule import Wish, plan


@pytest.mark.parametrize(
    ("number", "source"),
    [
        ("NCT90000101", "ctgov"),
        ("2019-099010-27", "euctr"),
        ("EUCTR2019-099010-27-FR", "euctr"),
        ("2024-599010-27-00", "ctis"),
        ("CTIS2024-599010-27-00", "ctis"),
        ("ISRCTN99000017", "isrctn"),
        ("ChiCTR2199000001", "ictrp"),
        ("a number of nobody", "ictrp"),
    ],
)
def test_a_number_is_asked_of_its_registry_and_otherwise_of_who(number: str, source: str) -> None:
    jobs = plan(Config(), Wish(ids=(number,))).jobs
    assert [(job.registry, job.ids) for job in jobs] == [(source, (number,))]
