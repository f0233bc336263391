"""Harvester room: which keys payloads have, so that a change of a registry's interface is seen the day it happens.

Called by the pipeline and by imports for every payload. Knows forms (JSON, XML, CSV, HTML, lines with codes), no registry.
A key that is new is told; a key that nearly every payload had and none has any more is told too. Neither fails a run: whether
a column became empty is judged when the catalogue is built (`harvester.gates`).
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter

from harvester.archive import Archive, Verdict

#: A key has vanished when at least this share of the last good run's payloads had it, and none of this run's.
NEARLY_ALL = 0.9
#: Fewer payloads than this say nothing about a key that is not there.
ENOUGH = 10
#: The key under which the number of payloads is counted.
_PAYLOADS = ""

_FORMS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("json", re.compile(rb'"([A-Za-z_][\w.-]{0,79}+)" ?:')),
    ("html", re.compile(rb'\bid="([A-Za-z_][\w-]{0,79}+)"')),
    ("xml", re.compile(rb"<([A-Za-z_][\w.-]{0,79}+)[\s/>]")),
    ("text/plain", re.compile(rb"^([A-Z]\.\d+(?:\.\d+)*)\b", re.MULTILINE)),
)


def keys_of(body: bytes, media_type: str) -> set[bytes]:
    """The names of a payload's fields or elements, in UTF-8; empty for a form that has none."""
    if media_type.startswith("text/csv"):
        header = body.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
        names = next(csv.reader(header.splitlines()), [])
        return {name.strip().encode() for name in names if name.strip()}
    for form, pattern in _FORMS:
        if form in media_type:
            return set(pattern.findall(body))
    return set()


class KeyCount:
    """How many of a run's payloads have each key."""

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()
        self._payloads = 0

    def add(self, body: bytes, media_type: str) -> None:
        self._counts.update(keys_of(body, media_type))
        self._payloads += 1

    def settle(self, archive: Archive, run_id: int, verdict: Verdict) -> None:
        """Writes the counts of a run that is ending, and into its verdict what is new and what vanished."""
        keys = {key.decode() for key in self._counts}
        if not keys:
            return
        archive.db.executemany(
            "INSERT OR REPLACE INTO payload_keys VALUES (?, ?, ?)",
            [
                (run_id, _PAYLOADS, self._payloads),
                *((run_id, key.decode(), count) for key, count in self._counts.items()),
            ],
        )
        verdict.keys_fingerprint = hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:12]
        known = {
            row[0]
            for row in archive.db.execute(
                "SELECT DISTINCT key FROM payload_keys JOIN runs USING (run_id)"
                " WHERE registry = ? AND verdict = 'complete' AND run_id <> ?",
                (verdict.registry, run_id),
            )
        }
        if known:
            verdict.new_keys = sorted(keys - known)
        if self._payloads >= ENOUGH:
            verdict.vanished_keys = sorted(_usual(archive, verdict.registry, run_id) - keys)


def _usual(archive: Archive, registry: str, run_id: int) -> set[str]:
    """Keys that nearly every payload of the last good run had, when it brought enough payloads."""
    last = archive.db.execute(
        "SELECT run_id, records FROM payload_keys JOIN runs USING (run_id) WHERE registry = ? AND verdict = 'complete'"
        " AND run_id <> ? AND key = ? AND records >= ? ORDER BY run_id DESC LIMIT 1",
        (registry, run_id, _PAYLOADS, ENOUGH),
    ).fetchone()
    if last is None:
        return set()
    rows = archive.db.execute(
        "SELECT key FROM payload_keys WHERE run_id = ? AND records >= ?", (last[0], NEARLY_ALL * last[1])
    )
    return {row[0] for row in rows} - {_PAYLOADS}
