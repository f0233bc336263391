"""Site room: one trial as the site holds it while it prepares the page: its row, its records and what hangs below each.

Called by `trial`; read by the modules that prepare sections.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harvester.changes import Update, updates
from harvester.relate import MOST
from harvester.relate_words import related
from harvester.site import labels, queries
from harvester.site.queries import Row

#: More records than these are counted instead of named.
_NAMED = 3
#: Changes that a trial's page shows.
_UPDATES = 5


class Entry(NamedTuple):
    """A record with the rows of every table below it."""

    row: Row
    below: Mapping[str, list[Row]]

    @property
    def name(self) -> str:
        """`NCT05557201 (ClinicalTrials.gov)`"""
        return f"{self.row['registry_id']} ({labels.source_of(self.row['source'], self.row['registry'])})"

    @property
    def anchor(self) -> str:
        return "record-" + re.sub(r"[^A-Za-z0-9]+", "-", self.row["record_id"])

    @property
    def reference(self) -> dict[str, str]:
        """What a page needs to point to the record."""
        served_by = " (WHO ICTRP)" if self.row["source"] == "ictrp" else ""
        return {"name": self.name, "short": self.row["registry_id"] + served_by, "anchor": self.anchor}


class Trial(NamedTuple):
    """A trial, its records in order of precedence, and what is known of them."""

    row: Row
    entries: list[Entry]
    links: list[Row]
    versions: list[Row]
    updates: list[Update]  # the last ones, newest first
    discrepancies: list[Row]
    flags: list[Row]
    related: list[Row]
    others: dict[str, Row]  # trials that are linked or mentioned, by trial_id: title and status

    @property
    def disputed(self) -> frozenset[str]:
        """The fields about which its records contradict each other, minor differences left out."""
        return frozenset(row["field"] for row in self.discrepancies if row["severity"] != "minor")

    @property
    def is_partial(self) -> bool:
        """Whether of every entry only a part was fetched."""
        return all(entry.row["is_partial"] for entry in self.entries)

    @property
    def silence(self) -> str:
        """What to say of a field without a value: a registry may say what an export of it, or a part of an entry, does not."""
        if self.is_partial:
            return "not in the part of the entry that was fetched"
        if all(entry.row["source"] == "ictrp" for entry in self.entries):
            return "not given by WHO ICTRP"
        return "not given by the registry"

    def source_of(self, column: str) -> list[dict[str, str]]:
        """The records that the trial's value of a column is from; none where all is from the only one."""
        sources = json.loads(self.row["value_sources"] or "{}")
        return [entry.reference for entry in self.entries if column in sources.get(entry.row["record_id"], ())]

    def given_in(self, records: list[dict[str, str]]) -> dict[str, Any]:
        """Which records give something: their names when they are few, else how many they are."""
        if len(records) <= _NAMED:
            return {"records": records, "text": ""}
        count = "all" if len(records) == len(self.entries) else f"{len(records)} of {len(self.entries)}"
        return {"records": [], "text": f"{count} records"}


class Part(NamedTuple):
    """What one record says in a section, or several with the same words; `records` is empty when it is of all."""

    records: list[dict[str, str]]
    content: Any


Parts = Callable[[Trial], list[Part]]


def per_record(prepare: Callable[[Entry], Any]) -> Parts:
    """Parts of a section that each record fills for itself; records that say the same share a part."""

    def parts(trial: Trial) -> list[Part]:
        found: dict[str, Part] = {}
        for entry in trial.entries:
            content = prepare(entry)
            if content:
                found.setdefault(repr(content), Part([], content)).records.append(entry.reference)
        return list(found.values())

    return parts


def of_trial(prepare: Callable[[Trial], Any]) -> Parts:
    """The one part of a section that gathers what all records say."""

    def parts(trial: Trial) -> list[Part]:
        content = prepare(trial)
        return [Part([], content)] if content else []

    return parts


def load(db: sqlite3.Connection, trial_id: str) -> Trial | None:
    """A trial whole; None when there is none of this id."""
    row = queries.trial(db, trial_id)
    if row is None:
        return None
    below = queries.below_records(db, trial_id)
    classes = queries.sponsor_classes(db, trial_id)
    for sponsor in below["record_sponsors"]:
        sponsor["class"] = classes.get(sponsor["sponsor_id"]) or sponsor["class_registry"]
    entries = [
        Entry(
            record, {table: [r for r in rows if r["record_id"] == record["record_id"]] for table, rows in below.items()}
        )
        for record in queries.records_of(db, trial_id)
    ]
    links = queries.links_of(db, trial_id)
    linked = {link[side] for link in links for side in ("trial_id", "other_trial_id")} - {trial_id, None}
    others = {other["trial_id"]: other for other in queries.titles(db, linked)}
    return Trial(
        row,
        entries,
        links,
        queries.versions_of(db, trial_id),
        list(updates(db, "r.trial_id = ?", (trial_id,), _UPDATES)),
        queries.discrepancies_of(db, trial_id),
        queries.flags_of(db, trial_id),
        related(db, trial_id, MOST),
        others,
    )
