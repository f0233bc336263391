"""Which records are the same trial, and on what evidence: sets `records.trial_id`, fills `trial_links`.

A stage of the build. Records of one number are one entry (`link_entries`). Two entries are one trial when

- one names the other's number in a field for identifiers, or its registry declares it an alias;
- what is known of both speaks for it clearly enough (`link_evidence`): titles first, then sponsor, size, dates, countries ...;
- a person said so (`link_overrides`).

A number in a title or free text is `mentioned` unless the evidence agrees; what falls short is `possible`. Ties become trials in
`link_clusters`, which refuses what breaks a rule. Whether two entries are tied depends on these two alone, and which entries are
compared depends on others only as `link_keys` says: that is why a step, which looks at what changed, ends where a full run does.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby, starmap
from operator import attrgetter, itemgetter
from typing import Literal, NamedTuple

from msgspec.structs import astuple, replace

from harvester import link_keys
from harvester.catalogue import create_indexes, insert_into, refill
from harvester.link_clusters import ALIAS, IDENTIFIER, OVERRIDE, TEXT, Tie, settle
from harvester.link_entries import EntriesAside, Entry, filed_under, number_of, read_entries
from harvester.link_evidence import SAME, weigh, weigh_if_possible
from harvester.registries import REGISTRIES
from harvester.rows import TrialLink
from harvester.touched import Touched


class Reference(NamedTuple):
    """A registry's number that a record names in a field for identifiers, as an alias of its own, or in a text."""

    rank: int
    record_id: str
    number: str
    source_field: str


#: Reference.rank of a number in a text; the others are those of `link_clusters`.
_MENTION = 9

#: Where more than one record in so many changed, linking all is quicker.
_MANY = 4

_Number = tuple[str, str]  # a number and its registry
_Pair = tuple[str, str]  # two numbers, the smaller first
_Decisions = Mapping[_Pair, tuple[str, str | None]]  # verdict and note of a person


def link_records(db: sqlite3.Connection, touched: Touched | None) -> None:
    """Joins all records, or, in a step, those that changed and those that this concerns. Shapes as in `rows.TrialLink`."""
    held = db.execute("SELECT count(*) FROM records").fetchone()[0]
    if touched is None or len(touched.records) * _MANY > held:
        _link_all(db)
    elif touched.records:
        _link_some(db, touched.records)


def _link_all(db: sqlite3.Connection) -> None:
    _file(db, None)
    create_indexes(db, ("record_numbers",))  # by which entries are read, a few at a time
    entries = EntriesAside(db)
    refill(db, "trial_links", ())

    def read() -> Iterator[Entry]:
        for entry in entries.put(read_entries(db)):
            _write(db, _same_number(entry))
            yield entry

    held = link_keys.held(db, read())
    link_keys.write_all(db, held)
    references, decisions = _references(db, None), _decisions(db)
    numbers, places = held.numbers, link_keys.all_pairs(held)
    held.pairs.close()
    del held
    by_texts = (
        (numbers[one], numbers[other]) for one, other in zip(*[memoryview(column) for column in places.T], strict=True)
    )
    named = {*references, *(pair for pair in decisions if pair[0] in entries and pair[1] in entries)}
    pairs = (pair for pair, _ in groupby(merge(by_texts, sorted(named))))
    _write(db, _judge(entries, pairs, references, decisions))
    entries.close()
    _form_trials(db, None)


def _link_some(db: sqlite3.Connection, records: Collection[str]) -> None:
    before = _tied(db, records)
    numbers = _file(db, records)
    entries = {entry.number: entry for entry in read_entries(db, numbers)}
    turned = link_keys.replace(db, numbers, entries.values())
    looked_at = numbers | turned
    before |= _tied(db, _records(db, looked_at))
    references, decisions = _references(db, looked_at), _decisions(db)
    pairs = {(min(n, other), max(n, other)) for n in looked_at for other in link_keys.pairs_of(db, n)}
    registries = _registries(db, {number for pair in pairs for number in pair})
    pairs = {pair for pair in pairs if registries[pair[0]] != registries[pair[1]]}
    pairs |= set(references) | {pair for pair in decisions if looked_at.intersection(pair)}
    others = turned.union(*pairs) - numbers
    entries |= {entry.number: entry for entry in read_entries(db, others)}
    compared = sorted(pair for pair in pairs if all(n in entries for n in pair))
    links = [*_judge(entries, compared, references, decisions)]
    links += [row for number in looked_at if number in entries for row in _same_number(entries[number])]
    gone = json.dumps(sorted({*records, *_records(db, looked_at)}))
    db.execute(
        "DELETE FROM trial_links WHERE record_id IN (SELECT value FROM json_each(?1))"
        " OR other_record_id IN (SELECT value FROM json_each(?1))",
        (gone,),
    )
    _write(db, links)
    _form_trials(db, _tied(db, before | _records(db, looked_at)))


def _write(db: sqlite3.Connection, links: Iterable[TrialLink]) -> None:
    db.executemany(insert_into("trial_links"), map(astuple, links))


def _key(row: TrialLink) -> tuple[str, str, str]:
    return row.record_id, row.other_record_id, row.evidence


# ------------------------------------------------------------------------------------------------ what there is to link


def _file(db: sqlite3.Connection, records: Collection[str] | None) -> set[str]:
    """Brings `record_numbers` up to date; the numbers of the records, old and new."""
    chosen = "" if records is None else "WHERE record_id IN (SELECT value FROM json_each(:records))"
    given = {"records": json.dumps(sorted(records or ()))}
    numbers = {row[0] for row in db.execute(f"SELECT number FROM record_numbers {chosen}", given)}
    db.execute(f"DELETE FROM record_numbers {chosen}", given)
    rows = [
        (record_id, *number_of(registry_id, registry))
        for record_id, registry_id, registry in db.execute(
            f"SELECT record_id, registry_id, registry FROM records {chosen}", given
        )
    ]
    db.executemany(insert_into("record_numbers"), sorted(rows))
    return numbers | {row[1] for row in rows}


def _references(db: sqlite3.Connection, numbers: Collection[str] | None) -> dict[_Pair, list[Reference]]:
    """Numbers that records name of entries that are held, by the two numbers; of some numbers, those from and to them."""
    columns = (
        "SELECT s.record_id, n.number, s.id_normalized, s.type, s.source_field FROM secondary_ids s"
        " JOIN record_numbers n ON n.record_id = s.record_id WHERE s.registry IS NOT NULL AND s.type IN ('registry', 'alias', 'mention')"
    )
    if numbers is None:
        rows = db.execute(columns).fetchall()
    else:
        given = (json.dumps(sorted(numbers)),)
        rows = db.execute(f"{columns} AND n.number IN (SELECT value FROM json_each(?))", given).fetchall()
        spelt = [f"{number}-{n:02}" for number in numbers if _is_eu_ct(number) for n in range(100)]
        given = (json.dumps(sorted({*numbers, *spelt})),)
        rows += db.execute(f"{columns} AND s.id_normalized IN (SELECT value FROM json_each(?))", given).fetchall()
    named = {filed_under(row[2]) for row in rows}
    held = {
        row[0]
        for row in db.execute("SELECT DISTINCT number FROM record_numbers WHERE number IN (SELECT value FROM json_each(?))",
                              (json.dumps(sorted(named)),))
    }  # fmt: skip
    found: dict[_Pair, list[Reference]] = defaultdict(list)
    for record_id, own, written, kind, source_field in sorted(set(rows)):
        number = filed_under(written)
        if number in held and number != own:
            rank = {"alias": ALIAS, "registry": IDENTIFIER}.get(kind, _MENTION)
            found[min(own, number), max(own, number)].append(Reference(rank, record_id, number, source_field))
    return dict(found)


def _is_eu_ct(number: str) -> bool:
    return len(number) == 14 and number[4:6] == "-5"


def _decisions(db: sqlite3.Connection) -> _Decisions:
    return {
        (one, other): (verdict, note)
        for one, other, verdict, note in db.execute("SELECT number, other_number, verdict, note FROM link_overrides")
    }


def _registries(db: sqlite3.Connection, numbers: Collection[str]) -> dict[str, str]:
    """The registry of each number."""
    sql = "SELECT number, registry FROM record_numbers WHERE number IN (SELECT value FROM json_each(?))"
    return dict(db.execute(sql, (json.dumps(sorted(numbers)),)))


# ------------------------------------------------------------------------------------------------------------- verdicts


def _same_number(entry: Entry) -> Iterable[TrialLink]:
    """Links from the first record of a number to each other one."""
    first, first_id = entry.records[0], entry.registry_ids[0]
    source = first.partition(":")[0]
    for other, other_id in zip(entry.records[1:], entry.registry_ids[1:], strict=True):
        other_source = other.partition(":")[0]
        if other_source == source:
            detail = f"{first_id} and {other_id} are records of one number, {entry.number}"
            yield TrialLink(first, other, "same", "identifier", detail, 1.0)
        else:
            detail = f"{REGISTRIES[source].name} and {REGISTRIES[other_source].name} both hold {entry.number}"
            yield TrialLink(first, other, "same", "mirror", detail, 1.0)


def _judge(
    entries: Mapping[str, Entry] | EntriesAside,
    pairs: Iterable[_Pair],
    references: Mapping[_Pair, list[Reference]],
    decisions: _Decisions,
) -> Iterator[TrialLink]:
    """The links of pairs of entries, sorted and each once, before the guards."""
    for number, with_others in groupby(pairs, itemgetter(0)):
        one = entries[number]
        for pair in with_others:
            other = entries[pair[1]]
            link = _link(one, other, references.get(pair, []))
            if link:
                yield link
            if pair in decisions:
                verdict, note = decisions[pair]
                detail = f"a person decided: {note or 'no reason is given'}"
                decided: Literal["same", "different"] = "same" if verdict == "same" else "different"
                yield TrialLink(one.records[0], other.records[0], decided, "override", detail, 1.0)


def _link(one: Entry, other: Entry, references: list[Reference]) -> TrialLink | None:
    named = min(references, default=None)
    if named is not None:
        evidence = weigh(one, other, is_mentioned=named.rank == _MENTION)
        speaks = (evidence.lines(speaking_for=True), evidence.lines(speaking_for=False))
        target = other if named.number == other.number else one
        record_id, other_id = named.record_id, target.records[0]
        named_by = dict(zip((*one.records, *other.records), (*one.registry_ids, *other.registry_ids), strict=True))[
            record_id
        ]
        detail = f"{named_by} names {named.number} in {named.source_field}"
        if named.rank != _MENTION:
            is_alias = named.rank == ALIAS
            return TrialLink(record_id, other_id, "same", "identifier", detail, 1.0, *speaks, is_alias=is_alias)
        if evidence.score < SAME:
            return TrialLink(record_id, other_id, "mentioned", "identifier", detail, evidence.score, *speaks)
        return TrialLink(
            record_id, other_id, "same", "text", f"{detail}, and what is known of both agrees", evidence.score, *speaks
        )
    found = weigh_if_possible(one, other)
    if found is None:
        return None
    kind: Literal["sponsor_code", "text"] = "sponsor_code" if "code shared" in found.names() else "text"
    first, second = sorted((one, other), key=lambda entry: entry.records[0])
    detail = f"{first.registry_ids[0]} and {second.registry_ids[0]} do not name each other; what is known of both is compared"
    verdict: Literal["same", "possible"] = "same" if found.score >= SAME else "possible"
    speaks = (found.lines(speaking_for=True), found.lines(speaking_for=False))
    return TrialLink(first.records[0], second.records[0], verdict, kind, detail, found.score, *speaks)


# --------------------------------------------------------------------------------------------------------------- trials

#: Links that join two records, or would but for a guard.
_TIES = "(verdict = 'same' OR refused IS NOT NULL)"


def _tied(db: sqlite3.Connection, records: Collection[str]) -> set[str]:
    """The records, and all that ties lead to from them."""
    found, new = set(records), set(records)
    while new:
        given = json.dumps(sorted(new))
        reached = {
            row[0]
            for row in db.execute(
                f"SELECT other_record_id FROM trial_links WHERE record_id IN (SELECT value FROM json_each(?1)) AND {_TIES}"
                f" UNION SELECT record_id FROM trial_links WHERE other_record_id IN (SELECT value FROM json_each(?1)) AND {_TIES}",
                (given,),
            )
        }
        new = reached - found
        found |= new
    return found


def _records(db: sqlite3.Connection, numbers: Collection[str]) -> set[str]:
    chosen = "SELECT record_id FROM record_numbers WHERE number IN (SELECT value FROM json_each(?))"
    return {row[0] for row in db.execute(chosen, (json.dumps(sorted(numbers)),))}


def _form_trials(db: sqlite3.Connection, records: Collection[str] | None) -> None:
    """Settles the ties of all records, or of some that are tied to no others: verdicts and `records.trial_id`."""
    some = "IN (SELECT value FROM json_each(:records))"
    given = {"records": json.dumps(sorted(records or ()))}
    registries: dict[str, str] = {}
    ties: dict[Tie, TrialLink] = {}
    apart: set[frozenset[str]] = set()
    # A link that leads to other records than these is no tie: those of a tie are settled together.
    chosen = "" if records is None else f"WHERE l.record_id {some} AND other_record_id {some}"
    for first, second, link in _links(db, chosen, given):
        one, other = sorted((first, second))
        if link.verdict == "different":
            apart.add(frozenset((one[0], other[0])))
        elif one[0] != other[0] and (link.verdict == "same" or link.refused):
            ties[Tie(_rank(link), round(1 - (link.score or 0), 3), one[0], other[0])] = link
            registries |= (one, other)
    settled = settle(registries, ties, apart)
    changed = []
    for tie, link in ties.items():
        after = _settled(link, settled.refused.get(tie))
        if after != link:
            changed.append((after.verdict, after.refused, *_key(after)))
    db.executemany(
        "UPDATE trial_links SET verdict = ?, refused = ? WHERE record_id = ? AND other_record_id = ? AND evidence = ?",
        changed,
    )
    chosen = "" if records is None else f"WHERE n.record_id {some}"
    filed = db.execute(
        "SELECT number, n.registry, registry_id, record_id, trial_id FROM record_numbers n JOIN records USING (record_id)"
        f" {chosen} ORDER BY number, record_id",
        given,
    )
    tied: dict[str, list[_Filed]] = defaultdict(list)

    def moved() -> Iterator[tuple[str, str]]:
        for number, group in groupby(starmap(_Filed, filed), attrgetter("number")):
            if number in settled.trial_of:
                tied[settled.trial_of[number]] += group
            else:
                yield from _moved(list(group))  # most numbers are a trial alone, and of many nothing is held
        for rows in tied.values():
            yield from _moved(rows)

    db.executemany("UPDATE records SET trial_id = ? WHERE record_id = ?", moved())


def _links(db: sqlite3.Connection, chosen: str, given: dict[str, str]) -> Iterator[tuple[_Number, _Number, TrialLink]]:
    """Links with the number and registry that each of their records is filed under."""
    sql = (
        "SELECT a.number, a.registry, b.number, b.registry, l.* FROM trial_links l JOIN record_numbers a USING (record_id)"
        f" JOIN record_numbers b ON b.record_id = other_record_id {chosen}"
        " ORDER BY l.record_id, other_record_id, evidence"
    )
    for number, registry, other_number, other_registry, *row in db.execute(sql, given):
        yield (number, registry), (other_number, other_registry), TrialLink(*row)


def _rank(link: TrialLink) -> int:
    if link.evidence == "override":
        return OVERRIDE
    if link.evidence in ("text", "sponsor_code"):
        return TEXT
    return ALIAS if link.is_alias else IDENTIFIER


def _settled(link: TrialLink, reason: str | None) -> TrialLink:
    """The link as it stands after the guards: refused, or joined."""
    if reason is None:
        return replace(link, verdict="same", refused=None)
    return replace(link, verdict="mentioned" if link.evidence == "identifier" else "possible", refused=reason)


class _Filed(NamedTuple):
    """A record as far as the name of its trial needs it."""

    number: str
    registry: str
    registry_id: str
    record_id: str
    trial_id: str | None


def _moved(trial: list[_Filed]) -> list[tuple[str, str]]:
    """The records of a trial that do not stand under its name yet, and that name."""
    name = _trial_id(trial)
    return [(name, row.record_id) for row in trial if row.trial_id != name]


def _trial_id(records: list[_Filed]) -> str:
    """The NCT number if one of the records has one, else the EudraCT or EU CT number, else the first registry id."""
    for registries in (("ClinicalTrials.gov",), ("EUCTR", "CTIS")):
        held = [
            row.registry_id if row.registry == "CTIS" else row.number for row in records if row.registry in registries
        ]
        if held:
            return min(held)
    return min(row.registry_id for row in records)
