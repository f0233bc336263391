"""Linking room: what linking knows of one registry number, whoever serves it. Called by `link`; reads records and their children.

An entry is all records of one number: ClinicalTrials.gov's own and WHO ICTRP's copy of it, the country records of one EudraCT
number. They are one trial by definition, so only entries are compared with each other.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from msgspec import msgpack

from harvester.link_titles import Title, is_distinctive, titles_of, words_of
from normalize.identifiers import canonical
from normalize.sponsor_list import find
from normalize.sponsor_names import Name, read_name
from normalize.sponsor_people import is_person, may_be_a_person
from normalize.text import fold


class Organization(NamedTuple):
    """A sponsor as far as comparing needs it."""

    raw: str
    name: Name
    known: str | None  # its name in the list of known organizations
    parent: str | None
    is_person: bool


class Entry(NamedTuple):
    """Everything that speaks for or against another entry being the same trial."""

    number: str
    registry: str
    records: tuple[str, ...]  # record_ids, sorted
    registry_ids: tuple[str, ...]  # as the registry writes them, in the order of `records`
    titles: tuple[Title, ...]
    acronyms: frozenset[str]
    primary_sponsors: tuple[Organization, ...]
    sponsors: tuple[Organization, ...]  # all of them
    codes: frozenset[str]  # sponsor codes and UTNs that tell trials apart
    named: frozenset[tuple[str, str]]  # (registry, number) in fields for identifiers
    sizes: frozenset[int]
    starts: tuple[str, ...]
    countries: frozenset[str]
    phases: frozenset[str]
    study_types: frozenset[str]
    outcomes: str  # the beginning of the primary outcomes
    interventions: frozenset[str]  # distinctive words of their names


class EntriesAside:
    """Entries put aside in a temporary table, a kilobyte each: in memory they would grow with the catalogue, as objects sixfold."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute("CREATE TEMP TABLE entries_aside (number TEXT PRIMARY KEY, packed BLOB NOT NULL) STRICT")

    def put(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they come, each put aside before it is handed on."""
        coming = iter(entries)
        while some := list(islice(coming, _AT_ONCE)):
            self._db.executemany("INSERT INTO entries_aside VALUES (?, ?)", [(one.number, _pack(one)) for one in some])
            yield from some

    def __contains__(self, number: str) -> bool:
        return self._packed(number) is not None

    def __getitem__(self, number: str) -> Entry:
        packed = self._packed(number)
        if packed is None:
            raise KeyError(number)
        return _unpack(packed)

    def _packed(self, number: str) -> bytes | None:
        row = self._db.execute("SELECT packed FROM entries_aside WHERE number = ?", (number,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        self._db.execute("DROP TABLE entries_aside")


_pack, _unpack = msgpack.Encoder().encode, msgpack.Decoder(Entry).decode

#: More titles than this of one number (translations of country records) are not compared.
_TITLES = 5


def number_of(registry_id: str, registry: str) -> tuple[str, str]:
    """(number, registry) under which linking files a record: `EUCTR2017-001400-29-FR` is filed under `2017-001400-29`.

    An EU CT number stands without the pair that counts resubmissions. `registry` is that of the record where the number's form
    does not tell it.
    """
    found = canonical(registry_id)
    if found is None:
        return registry_id, registry
    return _EU_CT_NUMBER.sub(r"\1", found.normalized), found.registry


_EU_CT_NUMBER = re.compile(r"^([0-9]{4}-5[0-9]{5}-[0-9]{2})-[0-9]{2}$")


def filed_under(number: str) -> str:
    """The number under which a record of a registry's number, in any form, is filed."""
    return number_of(number, "")[0]


def read_entries(db: sqlite3.Connection, numbers: Collection[str] | None = None) -> Iterator[Entry]:
    """Entries in order of their numbers; `numbers` None reads all. `record_numbers` must be filled."""
    if numbers is None:
        numbers = [row[0] for row in db.execute("SELECT DISTINCT number FROM record_numbers")]
    ordered = sorted(numbers)
    for start in range(0, len(ordered), _AT_ONCE):
        yield from _read(db, ordered[start : start + _AT_ONCE])


#: Numbers whose rows are in memory at once.
_AT_ONCE = 500


def _read(db: sqlite3.Connection, numbers: Sequence[str]) -> Iterator[Entry]:
    given = (json.dumps(numbers),)
    below = {
        table: _grouped(
            db.execute(
                f"SELECT record_id, {columns} FROM {table} {_CHOSEN} AND {which} ORDER BY 1, ordinal",
                given,
            )
        )
        for table, (columns, which) in _CHILDREN.items()
    }
    filed: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    registries: dict[str, str] = {}
    for row in db.execute(
        "SELECT number, n.registry, record_id, registry_id, public_title, scientific_title, acronym, target_sample_size,"
        f" actual_enrollment, date_of_first_enrollment, phase, study_type FROM records JOIN record_numbers n USING (record_id) {_CHOSEN}",
        given,
    ):
        filed[row[0]].append(row[2:])
        registries[row[0]] = row[1]
    for number in sorted(filed):
        yield _entry(number, registries[number], sorted(filed[number]), below)


_CHOSEN = "WHERE record_id IN (SELECT record_id FROM record_numbers WHERE number IN (SELECT value FROM json_each(?)))"
#: Table below `records` -> (its columns, which of its rows) that linking looks at.
_CHILDREN = {
    "record_sponsors": ("role, name_raw", "true"),
    "countries": ("country_code", "country_code IS NOT NULL"),
    "outcomes": ("measure", "kind = 'primary'"),
    "interventions": ("name, other_names", "true"),
    "secondary_ids": ("id_normalized, registry, type", "true"),
}


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    groups: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        groups[row[0]].append(row[1:])
    return groups


def _entry(
    number: str, registry: str, rows: list[tuple[Any, ...]], below: dict[str, dict[str, list[tuple[Any, ...]]]]
) -> Entry:
    records = tuple(row[0] for row in rows)

    def rows_of(table: str) -> Iterator[tuple[Any, ...]]:
        for record_id in records:
            yield from below[table].get(record_id, ())

    texts = dict.fromkeys(text for row in rows for text in (row[3], row[2]) if text)
    titles = {title.squeezed: title for text in texts for title in titles_of(text)}
    sponsors = dict.fromkeys((role == "primary", name) for role, name in rows_of("record_sponsors"))
    ids = list(rows_of("secondary_ids"))
    outcomes = " ".join(measure for (measure,) in rows_of("outcomes"))
    given = " ".join(f"{name} {others or ''}" for name, others in rows_of("interventions"))
    return Entry(
        number=number,
        registry=registry,
        records=records,
        registry_ids=tuple(row[1] for row in rows),
        titles=tuple(titles.values())[:_TITLES],
        acronyms=frozenset(filter(None, (fold(row[4] or "") for row in rows))),
        primary_sponsors=tuple(_organization(name) for primary, name in sponsors if primary),
        sponsors=tuple(_organization(name) for _, name in sponsors),
        codes=frozenset(code for code, of, kind in ids if kind == "utn" or (not of and is_telling(code, kind))),
        named=frozenset((of, filed_under(code)) for code, of, kind in ids if of and kind in ("registry", "alias")),
        sizes=frozenset(size for row in rows for size in row[5:7] if size),
        starts=tuple(dict.fromkeys(row[7] for row in rows if row[7])),
        countries=frozenset(code for (code,) in rows_of("countries")),
        phases=frozenset(row[8] for row in rows if row[8] and row[8] != "not_applicable"),
        study_types=frozenset(row[9] for row in rows if row[9]),
        outcomes=outcomes[:600],
        interventions=frozenset(filter(is_distinctive, words_of(given[:600]))),
    )


def is_telling(code: str, kind: str) -> bool:
    """Whether a sponsor's code tells trials apart: "001", "Version 2" and "2012-05" do not, "CA180-035" does."""
    if kind not in ("sponsor_code", "other") or len(code) < 5:
        return False
    return sum(map(str.isdigit, code)) >= 3 and not _DATE.fullmatch(code)


_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:[01][0-9])?(?:[0-3][0-9])?|[0-3]?[0-9][01][0-9](?:19|20)[0-9]{2}")


@lru_cache(50_000)
def _organization(raw: str) -> Organization:
    name = read_name(raw)
    match = find(raw, name, is_person(raw, name, False))
    known, parent = (match.known.name, match.known.parent) if match else (None, None)
    return Organization(raw, name, known, parent, name.person or (known is None and may_be_a_person(raw, name)))
