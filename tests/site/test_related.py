"""Related trials on a trial's page: their titles, why they are related, and the way to compare."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from harvester.catalogue import insert_into
from harvester.catalogue_tables import TABLES
from tests.site.conftest import InProcess
from tests.site.made import BARE, FULL, HOSTILE_TEXT, make_catalogue
from tests.site.test_trial import section


def test_a_related_trial_stands_with_its_reasons_and_a_link_to_compare(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    path = make_catalogue(
        tmp_path / "catalogue.db", [("NCT01000001", "ctgov", FULL), (BARE.registry_id, "ictrp", BARE)]
    )
    said = {
        "trial_id": "NCT01000001", "related_trial_id": BARE.registry_id, "rank": 1, "score": 0.5,
        "shared_conditions": "lupus nephritis\nlupus", "same_sponsor": HOSTILE_TEXT,
    }  # fmt: skip
    row = [said.get(c.name, 0.0 if c.type == "REAL" else None) for c in TABLES["related_trials"].columns]
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(insert_into("related_trials"), row)
    site = serve(path)
    part = section(site.html("/trial/NCT01000001"), "related")
    assert "Both study lupus nephritis and lupus" in part
    assert f"Compare this trial with {BARE.registry_id}" in part
    html = site.html("/trial/NCT01000001").partition('<section id="related"')[2]
    assert f'href="/compare?trial=NCT01000001&amp;trial={BARE.registry_id}"' in html
    assert "<script>" not in html


def test_a_trial_without_related_ones_has_no_such_section(tmp_path: Path, serve: Callable[..., InProcess]) -> None:
    site = serve(make_catalogue(tmp_path / "catalogue.db", [("NCT01000001", "ctgov", FULL)]))
    assert 'id="related"' not in site.html("/trial/NCT01000001")
