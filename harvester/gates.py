"""Harvester room: whether a new catalogue may take the place of the old one. Called by the build, before the swap.

`measure_fill` is a stage of the build: how many records of each source fill each column and have rows in each child table.
`check` compares two catalogues and says which gates close; pure but for reading them. What a gate is for: a key that a
registry renamed leaves a column empty, a cap or a lost token leaves records out, a rule of ours goes wrong. A value that no
vocabulary knows closes nothing as long as few records have it; it is told (`unknown_values`).
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from harvester import catalogue
from harvester.checks import BuildFailed
from harvester.config import Gates
from harvester.registries import REGISTRIES
from harvester.touched import Touched
from normalize.schema import CHILDREN

#: A column that no record of a source fills any more closes the gate when so many did.
EMPTIED_FROM = 3

WAY_OUT = (
    "Look at the registry's page and at `harvester status`; when the figure is right after all, publish it with "
    "`harvester build --accept`, else mend the cause and run the refresh again, which reads that registry in full once more. The "
    "catalogue that stood is still published."
)


class Closed(NamedTuple):
    """A gate that closed: which source, what of it is less, and the figure as a sentence."""

    source: str  # or "catalogue"
    what: str  # a column or table that it fills, "records", or a query
    figure: str

    def __str__(self) -> str:
        name = REGISTRIES[self.source].name if self.source in REGISTRIES else "The catalogue"
        return f"{name}: {self.figure}"


class GatesClosed(BuildFailed):
    """The new catalogue is worse than the one that stands. The message names each gate, its figure and the way out."""

    def __init__(self, closed: Sequence[Closed]) -> None:
        super().__init__(f"{'; '.join(map(str, closed))}. {WAY_OUT}")


class _Fill(NamedTuple):
    """Of so many records of a source, how many fill each column or child table."""

    records: int
    filled: dict[str, int]


def measure_fill(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Stage of the build: writes `fill_rates`. In a step what the records that changed filled before, and fill now, is set off
    against the rates that stand; the catalogue before the step is the attached database `before` (`harvester.build`)."""
    if touched is None:
        rates = _measure(db)
    else:
        records = sorted(touched.records)
        rates = _difference(_rates(db), _measure(db, records, "before"), _measure(db, records))
    rows = [
        (source, field, fill.records, filled, round(filled / fill.records, 6))
        for source, fill in sorted(rates.items())
        for field, filled in sorted(fill.filled.items())
    ]
    catalogue.refill(db, "fill_rates", rows)


def check(
    old: sqlite3.Connection, new: sqlite3.Connection, shares: Gates, touched: Touched | None = None
) -> list[Closed]:
    """The gates that close when `new` is to take the place of `old`, one for each figure of a source; none for a catalogue that held
    nothing. `touched` is the step that made the new one of the old one; None: any record may differ."""
    changed, added = _differences(old, new, None if touched is None else touched.records)
    before, after = _rates(old), _rates(new)
    closed = [
        *_counts(old, new, shares),
        *_announced(old, new, shares),
        *_emptied(before, after),
        *_falls(before, after, shares.fill_rate_fall, shares.at_least, _ALL),
        *_falls(_measure(old, changed), _measure(new, changed), shares.changed_fill_fall, shares.at_least, "of the records that changed now"),
        *_missing_in_new(before, _measure(new, added)),
    ]  # fmt: skip
    first: dict[tuple[str, str], Closed] = {}
    for gate in closed:
        first.setdefault((gate.source, gate.what), gate)
    return list(first.values())


def unknown_values(old: sqlite3.Connection | None, new: sqlite3.Connection) -> list[str]:
    """A sentence for each value that no vocabulary knows and that the old catalogue did not have."""
    known = set(old.execute("SELECT vocabulary, source, raw_value FROM unmapped_values")) if old else set()
    return [
        f"{REGISTRIES[source].name} has a {vocabulary} that is not known yet, {value!r}, in {records:,} "
        f"record{'s' if records != 1 else ''} ({example}): left empty there, and kept as it was written"
        for vocabulary, source, value, records, example in new.execute(
            "SELECT vocabulary, source, raw_value, records, example_record_id FROM unmapped_values"
            " ORDER BY records DESC, vocabulary, source, raw_value"
        )
        if (vocabulary, source, value) not in known
    ]


# --------------------------------------------------------------------------------------------------------- the gates


def _counts(old: sqlite3.Connection, new: sqlite3.Connection, shares: Gates) -> Iterator[Closed]:
    def counted(db: sqlite3.Connection) -> dict[str, int]:
        trials = db.execute("SELECT count(*) FROM trials").fetchone()[0]
        return {"catalogue": trials} | dict(db.execute("SELECT source, count(*) FROM records GROUP BY source"))

    now = counted(new)
    for source, before in counted(old).items():
        after = now.get(source, 0)
        if _fell(before, after, shares.count_fall, shares.at_least):
            what = "trials" if source == "catalogue" else "records"
            yield Closed(source, what, f"{what} fell from {before:,} to {after:,} (more than {shares.count_fall:.0%})")


def _announced(old: sqlite3.Connection, new: sqlite3.Connection, shares: Gates) -> Iterator[Closed]:
    """What a registry announces for a query, in the last good sweep of each catalogue."""

    def sweeps(db: sqlite3.Connection) -> dict[tuple[str, str], int]:
        return {
            (registry, words): announced
            for registry, words, announced, _ in db.execute(
                "SELECT registry, words, announced, max(run_id) FROM runs WHERE kind = 'sweep' AND verdict = 'complete'"
                " GROUP BY registry, words"
            )
        }

    now = sweeps(new)
    for (registry, words), before in sweeps(old).items():
        after = now.get((registry, words), before)
        if _fell(before, after, shares.count_fall, shares.at_least):
            asked = f"for {words!r}" if words else "in all"
            yield Closed(
                registry,
                words,
                f"it announced {after:,} records {asked}, {before:,} the time before (fell by more than {shares.count_fall:.0%})",
            )


def _emptied(before: dict[str, _Fill], after: dict[str, _Fill]) -> Iterator[Closed]:
    """Columns that no record of a source fills any more."""
    for source, field, old, new in _in_both(before, after):
        if not new.filled.get(field) and old.filled[field] >= EMPTIED_FROM and new.records >= EMPTIED_FROM:
            yield _less(source, field, old, new, _ALL)


def _falls(
    before: dict[str, _Fill], after: dict[str, _Fill], share: float, at_least: int, whose: str
) -> Iterator[Closed]:
    """Columns whose fill rate fell by more than a share of itself."""
    for source, field, old, new in _in_both(before, after):
        expected = old.filled[field] / old.records * new.records
        if _fell(expected, new.filled.get(field, 0), share, at_least):
            yield _less(source, field, old, new, whose)


def _in_both(before: dict[str, _Fill], after: dict[str, _Fill]) -> Iterator[tuple[str, str, _Fill, _Fill]]:
    """(source, column or table that it filled, fill before, fill after) of each source that still has records."""
    for source, old in before.items():
        if source in after:
            for field in old.filled:
                yield source, field, old, after[source]


#: Whose fill rate a figure is about.
_ALL = "of all its records"


def _less(source: str, field: str, old: _Fill, new: _Fill, whose: str) -> Closed:
    now, before = new.filled.get(field, 0), old.filled[field]
    figure = f"{field} is filled in {now:,} of {new.records:,} {whose}, before in {before:,} of {old.records:,}"
    return Closed(source, field, figure)


#: A column that nearly every record fills is missing in new records when none of so many fills it.
_NEARLY_ALL, _NEW_RECORDS = 0.95, 20


def _missing_in_new(before: dict[str, _Fill], added: dict[str, _Fill]) -> Iterator[Closed]:
    for source, new in added.items():
        old = before.get(source)
        if old is None or new.records < _NEW_RECORDS:
            continue
        for field, filled in old.filled.items():
            if filled >= _NEARLY_ALL * old.records and not new.filled.get(field):
                yield Closed(
                    source,
                    field,
                    f"{field} is filled in none of {new.records:,} new records, before in {filled:,} of {old.records:,}",
                )


def _fell(before: float, after: float, share: float, at_least: int) -> bool:
    lost = before - after
    return lost >= at_least and lost > share * before


# ------------------------------------------------------------------------------------------------------- the figures


def _columns(db: sqlite3.Connection) -> list[str]:
    """Columns of `records` that may be empty, but for those that the catalogue itself fills."""
    ours = ("trial_id", "withdrawn_from_registry_at")
    return [
        name
        for _, name, _, required, *_ in db.execute("PRAGMA table_info(records)")
        if not required and name not in ours
    ]


def _rates(db: sqlite3.Connection) -> dict[str, _Fill]:
    """The fill rates as the build wrote them."""
    found: dict[str, _Fill] = {}
    for source, field, records, filled in db.execute("SELECT source, field, records, filled FROM fill_rates"):
        found.setdefault(source, _Fill(records, {})).filled[field] = filled
    return found


def _difference(rates: dict[str, _Fill], gone: dict[str, _Fill], come: dict[str, _Fill]) -> dict[str, _Fill]:
    """The rates after some records went and others came; a table is left out where no record of a source has rows in it."""
    after: dict[str, _Fill] = {}
    nothing = _Fill(0, {})
    for source in sorted(rates.keys() | come.keys()):
        was, minus, plus = (fills.get(source, nothing) for fills in (rates, gone, come))
        records = was.records - minus.records + plus.records
        filled = (
            (field, was.filled.get(field, 0) - minus.filled.get(field, 0) + plus.filled.get(field, 0))
            for field in was.filled.keys() | plus.filled.keys()
        )
        if records:
            after[source] = _Fill(records, _filled(filled))
    return after


def _measure(db: sqlite3.Connection, only: Sequence[str] | None = None, schema: str = "main") -> dict[str, _Fill]:
    """Fill rates by source, of all records or of some; `schema` is the attached database to look at."""
    where, given = "", tuple[str, ...]()
    if only is not None:
        where, given = " WHERE r.record_id IN (SELECT value FROM json_each(?))", (json.dumps(only),)
    columns = _columns(db)
    counts = [f'count(r."{name}")' for name in columns]
    counts += [f'sum(EXISTS (SELECT 1 FROM {schema}."{t}" c WHERE c.record_id = r.record_id))' for t in CHILDREN]
    sql = f"SELECT r.source, count(*), {', '.join(counts)} FROM {schema}.records r{where} GROUP BY r.source"
    return {
        source: _Fill(records, _filled(zip((*columns, *CHILDREN), filled, strict=True)))
        for source, records, *filled in db.execute(sql, given)
    }


def _filled(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How many records fill each column or table; a table in which none has a row is left out."""
    return {field: count for field, count in counted if count or field not in CHILDREN}


def _differences(
    old: sqlite3.Connection, new: sqlite3.Connection, among: Collection[str] | None
) -> tuple[list[str], list[str]]:
    """(records whose shown payload is another one, records that are new), by walking both lists side by side."""
    shown = "SELECT record_id, payload_sha256, {} FROM versions WHERE is_current{} ORDER BY record_id, payload_sha256"
    only, given = "", tuple[str, ...]()
    if among is not None:
        only, given = " AND record_id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(among)),)
    changed, added = [], []
    both = heapq.merge(old.execute(shown.format(0, only), given), new.execute(shown.format(1, only), given))
    for record_id, rows in groupby(both, lambda row: row[0]):
        versions = list(rows)
        if len({sha256 for _, sha256, _ in versions}) > 1:
            changed.append(record_id)
        elif len(versions) == 1 and versions[0][2]:
            added.append(record_id)
    return changed, added
