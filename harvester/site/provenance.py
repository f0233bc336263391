"""Site room: where a trial's facts come from: numbers, records, why they belong together, versions, doubtful values. Pure.

Each function prepares one section from the whole trial; called through the table in `sections`.
"""

from __future__ import annotations

from typing import Any

from harvester.site import labels, links
from harvester.site.entries import Entry, Trial
from harvester.site.lookup import number_in
from harvester.site.pages import trial_path


def identifiers(trial: Trial) -> list[dict[str, Any]]:
    """Every number of the trial once, with its registry's page, its kind and the records that give it. Mentions come last."""
    found: dict[tuple[str, bool], dict[str, Any]] = {}

    def add(number: str, registry: str | None, kind: str, entry: Entry, shown: str) -> None:
        one = found.setdefault(
            (number, kind == "mention"),
            {
                "number": shown,
                "registry": registry,
                "kind": kind,
                "url": links.registry_page(registry, number),
                "records": [],
            },
        )
        if entry.reference not in one["records"]:
            one["records"].append(entry.reference)

    for entry in trial.entries:
        number = number_in(entry.row["registry_id"])
        if number:
            add(number.normalized, number.registry, "Number of a record below", entry, number.normalized)
        else:
            add(
                entry.row["registry_id"],
                entry.row["registry"],
                "Number of a record below",
                entry,
                entry.row["registry_id"],
            )
    for entry in trial.entries:
        for row in entry.below["secondary_ids"]:
            if row["type"] != "mention" or (row["id_normalized"], False) not in found:
                shown = row["id_normalized"] if row["registry"] else row["id_raw"]
                add(row["id_normalized"], row["registry"], row["type"], entry, shown)
    held = {key: one for key, one in found.items() if not (key[1] and (key[0], False) in found)}
    return [
        {**one, "kind": labels.word("id_type", one["kind"]), "given": trial.given_in(one["records"])}
        for one in sorted(held.values(), key=lambda one: one["kind"] == "mention")
    ]


def _why(trial: Trial, entry: Entry) -> list[dict[str, Any]]:
    """Why a record belongs to the trial: sentences, each with what spoke for it and against it where records were weighed."""
    record_id = entry.row["record_id"]
    links_ = [
        link
        for link in trial.links
        if link["verdict"] == "same" and record_id in (link["record_id"], link["other_record_id"])
    ]
    by_detail = {link["detail"]: link for link in links_}
    return [
        {
            "detail": detail,
            "findings": [
                {"heading": heading, "findings": found}
                for heading, column in (("Speaks for one trial", "spoke_for"), ("Speaks against it", "spoke_against"))
                if (found := _findings(link[column]))
            ],
        }
        for detail, link in by_detail.items()
    ]


def _findings(lines: str | None) -> list[dict[str, str]]:
    """`+2.0 titles equal: one / other` a line, as `harvester.link_evidence` writes them: name, values, points."""
    found = []
    for line in (lines or "").splitlines():
        points, _, said = line.partition(" ")
        name, _, values = said.partition(": ")
        found.append({"name": name[:1].upper() + name[1:], "said": values, "points": points.replace("-", "−")})
    return found


def records(trial: Trial) -> list[dict[str, Any]]:
    return [
        {
            "anchor": entry.anchor,
            "registry": entry.row["registry"],
            "registry_id": entry.row["registry_id"],
            "source": labels.source_of(entry.row["source"], entry.row["registry"]),
            "url": links.safe(entry.row["url"]),
            "registered": labels.date(entry.row["date_of_registration"]),
            "updated": labels.date(entry.row["last_update_date"]),
            "verified": labels.date(entry.row["verification_date"]),
            "fetched": labels.date(entry.row["fetched_at"]),
            "processed": labels.date(entry.row["processed_date"]),
            "withdrawn": labels.date(entry.row["withdrawn_from_registry_at"]),
            "is_partial": bool(entry.row["is_partial"]),
            "why": _why(trial, entry),
        }
        for entry in trial.entries
    ]


def mentioned(trial: Trial) -> list[dict[str, Any]]:
    """Other trials of the catalogue that are named here, or name this one, without being this one."""
    own = trial.row["trial_id"]
    found: dict[str, dict[str, Any]] = {}
    for link in trial.links:
        other_id = link["other_trial_id"] if link["trial_id"] == own else link["trial_id"]
        other = trial.others.get(other_id)
        if other is None:
            continue
        one = found.setdefault(
            other_id,
            {
                "trial_id": other_id,
                "path": trial_path(other_id),
                "title": other["title"] or other_id,
                "status": labels.word("recruitment_status", other["recruitment_status"]),
                "why": [],
            },
        )
        if link["detail"] not in one["why"]:
            one["why"].append(link["detail"])
    return list(found.values())


def versions(trial: Trial) -> list[dict[str, Any]]:
    """The versions of each record, newest first."""
    return [
        {
            "record": entry.reference,
            # EUCTR tells only when a record was first entered.
            "updated": labels.date(row["update_date"])
            + (" (first entry)" if row["update_date"] and row["record_id"].startswith("euctr:") else ""),
            "first": labels.date(row["first_fetched_at"]),
            "last": labels.date(row["last_fetched_at"]),
            "note": _note(row),
            "sha256": row["payload_sha256"],
            "path": f"/payload/{row['payload_sha256']}",
        }
        for entry in trial.entries
        for row in trial.versions
        if row["record_id"] == entry.row["record_id"]
    ]


def _note(row: dict[str, Any]) -> str:
    notes = [
        "shown here" if row["is_current"] else "",
        "only a part of the entry" if row["is_partial"] else "",
        f"could not be read: {row['problem']}" if row["problem"] else "",
    ]
    return "; ".join(note for note in notes if note)


def warnings(trial: Trial) -> list[dict[str, Any]]:
    """Values that are doubtful, could not be read, or are in no list, by record."""
    found = []
    for entry in trial.entries:
        rows = [
            {"field": row["field"].replace("_", " "), "raw": row["raw_value"], "reason": row["reason"]}
            for row in entry.below["warnings"]
        ]
        rows += [
            {
                "field": row["vocabulary"].replace("_", " "),
                "raw": row["raw_value"],
                "reason": "this wording is in no list of the catalogue, so the value is left empty",
            }
            for row in entry.below["unmapped_in_records"]
        ]
        if rows:
            found.append({"record": entry.reference, "warnings": rows})
    return found
