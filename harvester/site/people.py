"""Site room: who runs a trial and where: sponsors, investigators, contacts, sites, countries, ethics; and its papers. Pure.

Each function prepares one section; called through the table in `sections`.
"""

from __future__ import annotations

from typing import Any

from harvester.site import labels, links
from harvester.site.entries import Entry, Part, Trial, per_record
from harvester.site.pages import entity_path
from harvester.site.study import given


def sponsors(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "name": row["name_raw"],
            "path": entity_path("sponsor", row["sponsor_id"]),
            "role": labels.word("sponsor_role", row["role"]),
            "class": labels.word("sponsor_class", row["class"]) if row["class"] not in (None, "unknown") else "",
            "country": row["country_raw"],
        }
        for row in entry.below["record_sponsors"]
    ]


def investigators(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"name": row["name"], "role": labels.word("role", row["role"]), "affiliation": row["affiliation"]}
        for row in entry.below["investigators"]
    ]


def contacts(entry: Entry) -> list[dict[str, Any]]:
    """Contacts by kind; e-mail and telephone are in the catalogue only when its maker chose to publish them."""
    found = []
    for kind in ("public", "scientific", "site"):
        rows = [
            {key: row[key] for key in ("name", "affiliation", "email", "phone")}
            for row in entry.below["contacts"]
            if row["kind"] == kind
        ]
        people = [row for n, row in enumerate(rows) if any(row.values()) and row not in rows[:n]]
        if people:
            found.append({"kind": labels.word("contact_kind", kind), "people": people})
    return found


#: More sites than these fold up.
_SITES_OPEN = 15


def sites(entry: Entry) -> list[dict[str, Any]]:
    """Sites by country, countries in the source's order."""
    by_country: dict[str, list[dict[str, Any]]] = {}
    for row in entry.below["sites"]:
        country = labels.country_name(row["country_code"]) if row["country_code"] else "Country not given"
        place = ", ".join(part for part in (row["city"], row["state"]) if part)
        status = row["status"]
        by_country.setdefault(country, []).append(
            {
                "facility": row["facility"] or place or "Place not given",
                "place": place if row["facility"] else "",
                "status": labels.word("recruitment_status", status),
                "tone": labels.STATUS_TONE.get(status, "plain"),
            }
        )
    is_open = len(entry.below["sites"]) <= _SITES_OPEN
    return [
        {"country": country, "sites": found, "count": labels.number(len(found)), "open": is_open}
        for country, found in by_country.items()
    ]


def countries(trial: Trial) -> list[dict[str, Any]]:
    """Countries of recruitment of all records, each with the records that name it."""
    found: dict[str, dict[str, Any]] = {}
    for entry in trial.entries:
        for row in entry.below["countries"]:
            name = row["country"] or row["country_raw"]
            country = found.setdefault(name, {"name": name, "path": None, "records": []})
            if row["country_code"]:
                country["path"] = entity_path("country", row["country_code"])
            if entry.reference not in country["records"]:
                country["records"].append(entry.reference)
    return [
        {**one, "given": trial.given_in(one["records"] if len(one["records"]) < len(trial.entries) else [])}
        for one in found.values()
    ]


def publications(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "text": row["citation"] or row["url"] or row["doi"] or f"PubMed {row['pmid']}",
            "url": links.safe(row["url"]),
            "type": "" if row["type"] == "link" else labels.word("publication", row["type"]),
            "links": [
                {"text": text, "url": url}
                for text, url in (
                    (f"PubMed {row['pmid']}", links.pubmed(row["pmid"])),
                    (f"doi:{row['doi']}", links.doi(row["doi"])),
                )
                if url
            ],
        }
        for row in entry.below["publications"]
    ]


def documents(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "text": row["label"] or labels.word("document", row["type"]) or row["url"] or "Document",
            "type": labels.word("document", row["type"]),
            "date": labels.date(row["date"]),
            "url": links.safe(row["url"]),
        }
        for row in entry.below["documents"]
    ]


def ethics(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"status": row["status"], "date": labels.date(row["date"]), "committee": row["committee"]}
        for row in entry.below["ethics_reviews"]
    ]


def results(trial: Trial) -> list[Part]:
    """One sentence on results, and where they are; then what each record says, where that is more."""
    each = per_record(_results_of)(trial) if len(trial.entries) > 1 or trial.row["has_results"] is None else []
    return [Part([], _results(trial)), *each]


def _results(trial: Trial) -> dict[str, Any]:
    row = trial.row
    found = [
        {"name": entry.name, "url": url}
        for entry in trial.entries
        if entry.row["has_results"] and (url := links.safe(entry.row["results_url"]) or links.safe(entry.row["url"]))
    ]
    unique = list({one["url"]: one for one in found}.values())
    if row["has_results"]:
        date = f", first posted {labels.date(row['results_date'])}" if row["results_date"] else ""
        return {"text": f"Results are posted{date}.", "links": unique}
    if row["has_results"] is not None:
        return {"text": _no_results(trial), "links": []}
    silence = trial.silence[:1].upper() + trial.silence[1:]
    return {"text": f"{silence}: it does not say whether there are results.", "links": []}


def _no_results(trial: Trial) -> str:
    """Who says that there are no results, and who says nothing."""
    registries = dict.fromkeys(entry.row["registry"] for entry in trial.entries)
    telling = {entry.row["registry"] for entry in trial.entries if entry.row["has_results"] is not None}
    silent = [registry for registry in registries if registry not in telling]
    if not silent:
        return (
            "No results are posted at the registry so far."
            if len(registries) == 1
            else "No registry has results so far."
        )
    say = "does" if len(silent) == 1 else "do"
    told = " and ".join(registry for registry in registries if registry in telling)
    return f"No results are posted at {told} so far; {' and '.join(silent)} {say} not say whether there are any."


def _results_of(entry: Entry) -> dict[str, Any]:
    row = entry.row
    if row["has_results"] is None and not row["results_date"] and not row["results_url"]:
        return {}
    facts = (
        ("Results posted", labels.yes_no(row["has_results"])),
        ("First posted", labels.date(row["results_date"])),
        ("Completion", labels.dated(row, "completion_date")),
        ("Page of the results", row["results_url"]),
    )
    return {"facts": given(facts)}
