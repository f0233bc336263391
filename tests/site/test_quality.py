"""The page of quality flags, the lists it leads to, and a trial's own flags."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

from harvester.quality_rules import RULES
from tests.site.conftest import InProcess
from tests.site.made import FULL, make_catalogue
from tests.site.test_discrepancies import BRITISH


def test_every_flag_is_explained_with_its_standard(site: InProcess) -> None:
    html = unescape(site.html("/quality"))
    for rule in RULES:
        told = rule.told
        assert f'id="{told.flag}"' in html and f'href="{told.standard_url}"' in html
        assert told.title in html and told.rule in html and told.reason in html and told.standard in html


def test_a_flag_leads_to_its_evidence_and_a_registry_to_the_search_for_its_trials(site: InProcess) -> None:
    html = site.html("/quality")
    part = html.partition('<h2 id="registered_after_enrollment"')[2].partition("</section>")[0]
    evidence = re.search(r'href="([^"]*)">the evidence', part)
    assert evidence
    rows = site.get(unescape(evidence[1]).replace("?", ".json?") + "&_shape=array").json()
    assert ("ChiCTR2100000001", "Registered 2021-02-02, first enrollment 2019-05-01.") in [
        (row["trial_id"], row["detail"]) for row in rows
    ]
    assert (
        'href="/search?registry=ChiCTR&amp;flag=registered_after_enrollment">ChiCTR</a> <span class="count">1<' in part
    )


def test_a_sponsor_leads_to_its_own_trials_only(site: InProcess) -> None:
    html = site.html("/quality").partition('<h2 id="no_primary_outcome"')[2].partition("</section>")[0]
    found = re.search(
        r'href="(/search[^"]*sponsor=[^"]*)">EXAMPLE HOSPITAL</a> <span class="count">1<', html, re.IGNORECASE
    )
    assert found
    trials = site.get(unescape(found[1]).replace("?", ".json?")).json()["trials"]
    assert [trial["trial_id"] for trial in trials] == ["NCT01000001"]


def test_every_count_of_a_flag_is_that_of_the_list_it_leads_to(site: InProcess) -> None:
    links = re.findall(r'href="(/search[^"]*flag=[^"]*)">[^<]*</a> <span class="count">(\d+)<', site.html("/quality"))
    assert links
    for path, count in links:
        assert site.get(unescape(path).replace("?", ".json?")).json()["count"] == int(count), path


def test_a_trial_lists_its_flags_with_rule_and_evidence(site: InProcess) -> None:
    html = site.html("/trial/ChiCTR2100000001")
    part = html.partition('<section id="quality"')[2].partition("</section>")[0]
    assert 'href="/quality#registered_after_enrollment"' in part
    assert "Registered 2021-02-02, first enrollment 2019-05-01." in part
    assert "Rule: Interventional;" in part


def test_a_sound_trial_has_no_such_section(site: InProcess) -> None:
    assert '<section id="quality"' not in site.html("/trial/DRKS00000001")


def test_contradictions_between_registries_are_listed_with_both_values(
    tmp_path: Path, serve: Callable[..., InProcess]
) -> None:
    trials = [("NCT01000001", "ctgov", FULL), ("NCT01000001", "isrctn", BRITISH)]
    running = serve(make_catalogue(tmp_path / "catalogue.db", trials))
    link = re.search(r'href="(/catalogue/contradictions)">1 trial, with both values</a>', running.html("/quality"))
    assert link
    rows = running.get(f"{link[1]}.json?_shape=array").json()
    assert rows[0]["severity"] == "serious" and [rows[0]["value"], rows[0]["other_value"]] == [
        "recruiting",
        "completed",
    ]
    assert '<a href="/trial/NCT01000001">NCT01000001</a>' in running.html(link[1])


def test_trials_without_a_flag_are_said_to_have_none(site: InProcess) -> None:
    facet = site.html("/search").partition('id="facet-flag"')[2].partition("</section>")[0]
    assert "</span>None</a>" in facet and "Not given" not in facet
