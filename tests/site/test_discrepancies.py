"""Where registries contradict each other: both values, both records, both dates, and severity in a word."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from normalize.schema import Outcome, Record
from tests.site.conftest import InProcess
from tests.site.made import BARE, FULL, HOSTILE_TEXT, make_catalogue
from tests.site.test_trial import section

BRITISH = Record(
    registry="ISRCTN",
    registry_id="ISRCTN10000002",
    recruitment_status="completed",
    phase="2/3",
    sex="all",
    date_of_first_enrollment="2021-09",
    last_update_date="2024-02-03",
    outcomes=(Outcome(kind="primary", measure=HOSTILE_TEXT),),
)


@pytest.fixture
def html(tmp_path: Path, serve: Callable[..., InProcess]) -> str:
    trials = [("NCT01000001", "ctgov", FULL), ("NCT01000001", "isrctn", BRITISH), (BARE.registry_id, "ictrp", BARE)]
    return serve(make_catalogue(tmp_path / "catalogue.db", trials)).html("/trial/NCT01000001")


@pytest.mark.parametrize(
    "text",
    [
        "Recruitment status ▲ Serious NCT01000001 updated 19 Dec 2025 Recruiting ISRCTN10000002 updated 3 Feb 2024 Completed",
        "First enrollment ◆ Notable NCT01000001 updated 19 Dec 2025 5 Mar 2021 (actual) ISRCTN10000002 updated 3 Feb 2024 Sep 2021",
        "Sex ◆ Notable NCT01000001 updated 19 Dec 2025 Women ISRCTN10000002 updated 3 Feb 2024 All",
        "1 minor difference Phase ● Minor NCT01000001 updated 19 Dec 2025 Phase 2 ISRCTN10000002 updated 3 Feb 2024 Phase 2/3",
        "The words are alike by",
    ],
)
def test_both_records_stand_with_value_and_date(html: str, text: str) -> None:
    assert text in section(html, "contradictions")


def test_the_gravest_come_first_and_signs_are_not_read_aloud(html: str) -> None:
    part = html.partition('<section id="contradictions"')[2].partition("</section>")[0]
    severities = re.findall(r"</span>(Serious|Notable|Minor)</span>", part)
    assert severities == sorted(severities, key=["Serious", "Notable", "Minor"].index)
    assert part.count('<span aria-hidden="true">') == len(severities) > 3
    assert '<a href="#record-isrctn-ISRCTN10000002">ISRCTN10000002</a>' in part


def test_values_of_registries_are_text(html: str) -> None:
    part = html.partition('<section id="contradictions"')[2].partition("</section>")[0]
    assert "&lt;script&gt;" in part and "<script" not in part


def test_old_copies_are_minor_and_say_why(site: InProcess) -> None:
    text = section(site.html("/trial/NCT01000001"), "contradictions")
    assert (
        "Participants planned ● Minor NCT01000001 updated 19 Dec 2025 240 NCT01000001 (WHO ICTRP) updated 1 Jan 2025 200"
        in text
    )
    assert "The copy is older than the registry's own entry." in text.replace("&#39;", "'")


def test_the_json_of_a_trial_holds_them(site: InProcess) -> None:
    rows = site.get("/trial/NCT01000001.json").json()["discrepancies"]
    assert {"phase", "target_sample_size"} <= {row["field"] for row in rows}


def test_a_trial_of_one_record_has_no_such_section(site: InProcess) -> None:
    assert 'id="contradictions"' not in site.html("/trial/IRCT20200101000001N1")


def test_contradictions_are_marked_where_they_occur(html: str, site: InProcess) -> None:
    mark = '<a class="disputed" href="#contradictions">registries disagree</a>'
    head = html.partition('<dl class="snapshot">')[2].partition("</dl>")[0]
    assert (
        f"Recruiting {mark}" in head and head.count(mark) == 2
    )  # status and first enrollment; the phase is a minor one
    assert "Sex registries disagree" in section(html, "basic-information")
    assert "Registries contradict each other here" in section(html, "eligibility")
    assert mark not in site.html("/trial/ChiCTR2100000001")
