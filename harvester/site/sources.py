"""Site room: where the data come from, under which terms, how fresh and how complete: `/sources`, `/about`, `/dictionary`."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.utils.asgi import Request, Response

from harvester.catalogue_tables import SEARCHED, TABLES
from harvester.site import labels, links, queries
from harvester.site.footer import database_name, sources_named
from harvester.site.matching import FIELDS
from harvester.site.other_words import SAME, SPELLED_OUT
from harvester.site.pages import Shown, page, trial_path, unread_page

if TYPE_CHECKING:
    from datasette.app import Datasette

_RUNS_SHOWN = 30
#: Rejected payloads and unknown wordings that the page lists; the tables have all.
_DOUBTS_SHOWN = 40
#: A run's message of more characters folds up.
_LONGEST_MESSAGE = 160
#: Colour of a run's verdict.
_TONES = {"complete": "open", "incomplete": "soon", "failed": "stopped"}
#: Column of `records` or table below it -> what a reader calls it: the parts by which a registry's entries are judged.
_PARTS = {
    "public_title": "Public title", "scientific_title": "Scientific title", "brief_summary": "Brief summary", "conditions": "Conditions",
    "interventions": "Interventions", "arms": "Study groups", "study_type": "Study type", "phase": "Phase", "allocation": "Allocation",
    "masking": "Masking", "recruitment_status": "Recruitment status", "date_of_registration": "Date of registration",
    "date_of_first_enrollment": "First enrollment", "primary_completion_date": "Primary completion", "target_sample_size": "Participants planned",
    "actual_enrollment": "Participants enrolled", "eligibility_raw": "Eligibility criteria", "criteria": "Criteria as a list",
    "criterion_measures": "Limits read from criteria", "minimum_age_years": "Minimum age", "sex": "Sex", "outcomes": "Outcomes",
    "record_sponsors": "Sponsors", "countries": "Countries", "sites": "Sites", "secondary_ids": "Other numbers", "publications": "References",
    "ethics_reviews": "Ethics review", "has_results": "Whether there are results", "ipd_sharing": "Data sharing",
}  # fmt: skip


def _run(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `runs` in the words of the page."""
    kinds = ("new", "changed", "unchanged", "rejected")
    return {
        **row,
        "name": labels.word("source", row["registry"]),
        "counts": ", ".join(f"{labels.number(row[kind])} {kind}" for kind in kinds if row[kind]) or "nothing new",
        "announced": labels.number(row["announced"]),
        "stored": labels.number(row["stored"]),
        **verdict(row),
    }


def verdict(row: dict[str, Any]) -> dict[str, Any]:
    """What a run came to, with a tone for its colour; blank where there was none. Long messages fold up."""
    said = row["verdict"] or ("cut off" if row["started_at"] else "")
    message = row["message"] or ""
    return {
        "verdict": said,
        "tone": _TONES.get(said, "plain"),
        "message": message,
        "is_long": len(message) > _LONGEST_MESSAGE,
    }


def _coverage(db: sqlite3.Connection, sources: list[str]) -> list[dict[str, Any]]:
    """Of each part of an entry the share of records that fill it, source by source."""
    shares = {(row["source"], row["field"]): row["share"] for row in queries.fill_rates(db)}
    return [
        {"name": name, "shares": [_percent(shares.get((source, field))) for source in sources]}
        for field, name in _PARTS.items()
        if any((source, field) in shares for source in sources)
    ]


def _percent(share: float | None) -> str:
    """`96 %`, kept on one line; never 0 or 100 for what is only nearly so."""
    if share is None:
        return ""
    if 0 < share < 0.01:
        return "< 1\u00a0%"
    return "> 99\u00a0%" if 0.99 < share < 1 else f"{round(share * 100)}\u00a0%"


def _sources(db: sqlite3.Connection) -> dict[str, Any]:
    found = sources_named(db)
    held: dict[str, list[dict[str, Any]]] = {}
    for row in queries.held(db):
        dates = [labels.date(row[side]) for side in ("first_processed", "last_processed")]
        processed = " to ".join(dict.fromkeys(date for date in dates if date))
        held.setdefault(row["source"], []).append(
            {**row, "count": labels.number(row["records"]), "processed": processed}
        )
    last = {row["source"]: {**row, **verdict(row)} for row in queries.freshness(db)}
    return {
        "sources": [{**row, "held": held.get(row["source"], []), "last": last.get(row["source"])} for row in found],
        "totals": {key: labels.number(value) for key, value in queries.totals(db).items()},
        "coverage": _coverage(db, [row["source"] for row in found]),
        "runs": [_run(row) for row in queries.runs(db, _RUNS_SHOWN)],
        "rejected": [
            {**row, "name": labels.word("source", row["source"]), "link": links.safe(row["url"])}
            for row in queries.rejected(db, _DOUBTS_SHOWN)
        ],
        "unmapped": [
            {
                **row,
                "list": row["vocabulary"].replace("_", " "),
                "name": labels.word("source", row["source"]),
                "count": labels.number(row["records"]),
                "path": trial_path(row["example_record_id"]),
            }
            for row in queries.unmapped(db, _DOUBTS_SHOWN)
        ],
        "warned": [{**row, "name": row["field"].replace("_", " ")} for row in queries.warned_fields(db)],
    }


async def sources(datasette: Datasette, request: Request) -> Response:
    """`/sources`"""
    database = database_name(datasette)
    return await page(datasette, request, lambda db: Shown("sources.html", {**_sources(db), "database": database}))


#: What can be typed into the search, and what it does.
_SEARCH_HELP = (
    ("heparin miscarriage", "both words, anywhere"),
    ('"pregnancy loss"', "the words side by side"),
    ("miscarriage OR pregnancy loss", "the words before OR, or all of those after it"),
    ("heparin (miscarriage OR stillbirth)", "parentheses say how far OR goes"),
    ("lupus -nephritis", "without a word; also NOT nephritis"),
    ("immun*", "every word that begins so"),
    ("title:heparin", f"in one place only: {', '.join(FIELDS)}"),
    ("NCT01234567 2019-000001-11", "registry numbers, one or many, in any form: their trials"),
)


def _about(db: sqlite3.Connection) -> dict[str, Any]:
    found = queries.sources(db)
    return {
        "sources": found,
        "newest": labels.date(max((row["last_fetched_at"] or "" for row in found), default="")),
        "totals": {key: labels.number(value) for key, value in queries.totals(db).items()},
        "search_help": _SEARCH_HELP,
        "same": SAME,
        "spelled_out": SPELLED_OUT,
        "facts": [{**row, "name": row["key"].replace("_", " ")} for row in queries.facts(db)],
    }


_MAIL = re.compile(r"[^\s@:/?]+@[^\s@:/?]+")


def contact_url(contact: str | None) -> str | None:
    """The address behind the operator's contact: a page, or an e-mail address; None for anything else."""
    if contact and _MAIL.fullmatch(contact):
        return f"mailto:{quote(contact, safe='@.+-_')}"
    return links.safe(contact)


async def about(datasette: Datasette, request: Request) -> Response:
    """`/about`"""
    operator = contact_url(datasette.metadata("about_url"))
    return await page(datasette, request, lambda db: Shown("about.html", {**_about(db), "operator": operator}))


async def dictionary(datasette: Datasette, request: Request) -> Response:
    """`/dictionary`: works without a catalogue, for the tables are known before there is one."""
    context = {"tables": TABLES, "searched": SEARCHED, "database": database_name(datasette)}
    return await unread_page(datasette, request, Shown("dictionary.html", context))
