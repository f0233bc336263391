"""A small catalogue made of records written here, linked in whole or step by step. Shared by the tests of linking."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from harvester import catalogue
from harvester.catalogue import insert_into
from harvester.catalogue_tables import OF_A_RECORD
from harvester.link import link_records
from harvester.rows import RecordKey, RecordProvenance, TrialLink
from harvester.touched import Touched
from normalize.schema import Country, Intervention, Outcome, Record, RecordSponsor, SecondaryId

#: The tables that linking fills.
TABLES = ("trial_links", "record_numbers", "link_keys")

_REGISTRIES = {"ctgov": "ClinicalTrials.gov", "euctr": "EUCTR", "ctis": "CTIS", "isrctn": "ISRCTN", "ictrp": "ICTRP"}


def named(
    number: str, registry: str | None = "EUCTR", kind: str = "registry", field: str = "secondaryIdInfos"
) -> SecondaryId:
    """A number in a field for identifiers, or of another type."""
    return SecondaryId(id_raw=number, id_normalized=number, registry=registry, type=kind, source_field=field)  # type: ignore[arg-type]


def record(registry_id: str, title: str | None = None, *, source: str = "ctgov", sponsor: str | None = None, size: int | None = None,
           start: str | None = None, countries: str = "", phase: str | None = None, outcome: str | None = None, given: str | None = None,
           ids: Iterable[SecondaryId] = (), acronym: str | None = None) -> tuple[str, Record]:  # fmt: skip
    """(source, record) with what linking looks at."""
    return source, Record(
        registry=_REGISTRIES[source], registry_id=registry_id, scientific_title=title, acronym=acronym, phase=phase,
        target_sample_size=size, date_of_first_enrollment=start, secondary_ids=tuple(ids),
        record_sponsors=(RecordSponsor(role="primary", name_raw=sponsor),) if sponsor else (),
        countries=tuple(Country(country_code=code, country_raw=code) for code in countries.split()),
        outcomes=(Outcome(kind="primary", measure=outcome),) if outcome else (),
        interventions=(Intervention(name=given),) if given else (),
    )  # fmt: skip


class Linked:
    """A catalogue in memory; `add` and `remove` do what a build does to `records`, then `link` or `step` links."""

    def __init__(self, *records: tuple[str, Record]) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        catalogue.create(self.db)
        catalogue.create_indexes(self.db)
        self._touched: set[str] = set()
        self.add(*records)

    def add(self, *records: tuple[str, Record]) -> None:
        for source, of_source in records:
            record_id = f"{source}:{of_source.registry_id}"
            self.remove(record_id)
            provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, "test", None)
            key = RecordKey(record_id, None, source)
            self.db.execute(insert_into("records"), catalogue.record_row(key, of_source, provenance))
            for table, rows in catalogue.child_rows(record_id, of_source):
                self.db.executemany(insert_into(table), rows)

    def remove(self, record_id: str) -> None:
        self._touched.add(record_id)
        for table in ("records", *OF_A_RECORD):
            self.db.execute(f"DELETE FROM {table} WHERE record_id = ?", (record_id,))

    def decide(self, *overrides: tuple[str, str, str, str | None]) -> None:
        self.db.executemany(insert_into("link_overrides"), overrides)

    def link(self) -> Linked:
        link_records(self.db, None)
        self._touched.clear()
        return self

    def step(self) -> Linked:
        link_records(self.db, Touched(records=set(self._touched)))
        self._touched.clear()
        return self

    def trial_of(self) -> dict[str, str]:
        return dict(self.db.execute("SELECT record_id, trial_id FROM records"))

    def together(self, *record_ids: str) -> bool:
        trial_of = self.trial_of()
        return len({trial_of[record_id] for record_id in record_ids}) == 1

    def links(self) -> list[TrialLink]:
        return [TrialLink(*row) for row in self.db.execute("SELECT * FROM trial_links ORDER BY 1, 2, 4")]

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that linking wrote, sorted."""
        held = {table: sorted(self.db.execute(f"SELECT * FROM {table}"), key=repr) for table in TABLES}
        return held | {"records": sorted(self.trial_of().items())}
