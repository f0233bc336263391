"""Comparison room: chosen trials side by side. Called by `harvester compare` and the site's `/compare`; reads the catalogue.

`compare` makes one `Comparison`; the page, JSON and both CSV forms (`compare_forms`) show nothing else. Its lines are the rows of
`compare_fields` in the order of a trial's page. Verdicts are computed on normalized values, the registries' words kept beside:

- same: every trial gives it, and they agree (a date given to the month agrees with a day in it);
- similar: items put side by side that say nearly the same, with what differs marked;
- different: two trials give values that disagree;
- only_in_some: those that give it agree, or are alike, but not all give it;
- unknown: no trial gives it, or one gives words that could not be read, so that nothing can be said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from harvester.compare_align import Item, Limit, aligned, differing, essence, kind_of, words_alike
from harvester.compare_fields import Aligned, Kind, Many, One, plan
from harvester.compare_load import Row, Studied, load
from harvester.compare_population import Conflict, Population, conflicts, overlap
from harvester.compare_remarks import Remark, remarks
from normalize.text import fold

Verdict = Literal["same", "similar", "different", "only_in_some", "unknown"]
Scalar = str | float | int | None

_KIND_ORDER = {"inclusion": 0, "exclusion": 1, "primary": 0, "secondary": 1}


class Value(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value of one trial: as the catalogue stores it, in the registry's words, and where it comes from."""

    value: Scalar
    raw: str | None = None
    record_id: str | None = None
    ordinal: int | None = None
    marks: tuple[tuple[int, int], ...] = ()  # slices of the value's text that the other trials do not have


class Line(Struct, frozen=True, kw_only=True):
    """A row of the comparison: one field, or one of the items put side by side, with the values of each trial."""

    section: str
    field: str  # column of `trials`, or table.column, as in the data dictionary
    label: str
    kind: str | None  # inclusion, exclusion; primary, secondary, other
    item: int | None  # number of the row within its table, from 1
    values: tuple[tuple[Value, ...], ...]  # of each trial, in order; none when it does not say
    verdict: Verdict
    minimum: Scalar = None  # of numbers and dates
    maximum: Scalar = None
    note: str | None = None  # the difference in words


class Heading(Struct, frozen=True, kw_only=True):
    """A trial as the head of its column."""

    trial_id: str
    title: str | None
    registries: str


class Comparison(Struct, frozen=True, kw_only=True):
    trials: tuple[Heading, ...]
    population: Population
    conflicts: tuple[Conflict, ...]
    remarks: tuple[Remark, ...]
    lines: tuple[Line, ...]

    def only_differences(self) -> Comparison:
        """Without the lines on which all agree or on which nobody says anything."""
        return replace(self, lines=tuple(line for line in self.lines if line.verdict not in ("same", "unknown")))


def compare(db: sqlite3.Connection, trial_ids: Sequence[str]) -> Comparison:
    """The trials side by side, a column each in the order given. Raises KeyError for an id that is no trial_id."""
    trials = load(db, list(dict.fromkeys(trial_ids)))
    ids = [trial.row["trial_id"] for trial in trials]
    to_know = remarks(db, ids)
    lines: list[Line] = []
    found: tuple[Conflict, ...] = ()
    for row in plan():
        if isinstance(row, One):
            lines.append(_one(row, trials))
        elif isinstance(row, Many):
            lines.append(_many(row, trials))
        else:
            items = _items(row, trials)
            alike = words_alike(items)
            lines += _aligned(row, trials, aligned(items, row.kinds_meet, alike))
            if row.table == "criteria":
                found = _without_repeats(conflicts(ids, items, alike) + _pregnancy_conflicts(trials))
    return Comparison(
        trials=tuple(
            Heading(
                trial_id=trial.row["trial_id"],
                title=trial.row["public_title"] or trial.row["scientific_title"],
                registries=trial.row["registries"],
            )
            for trial in trials
        ),
        population=overlap([trial.row for trial in trials]),
        conflicts=found,
        remarks=to_know,
        lines=tuple(line for line in lines if any(line.values)),
    )


def _without_repeats(found: Sequence[Conflict]) -> tuple[Conflict, ...]:
    return tuple({frozenset(((c.trial_id, c.ordinal), (c.other_trial_id, c.other_ordinal))): c for c in found}.values())


def _pregnancy_conflicts(trials: Sequence[Studied]) -> tuple[Conflict, ...]:
    """Trials of which one takes only the pregnant, or breastfeeding, and the other keeps them out."""
    sides: dict[tuple[str, str], dict[str, Row]] = {}
    for trial in sorted(trials, key=lambda trial: str(trial.row["trial_id"])):
        criteria = {(row["record_id"], row["ordinal"]): row for row in trial.below["criteria"]}
        for fact in trial.below["eligibility_facts"]:
            criterion = criteria.get((fact["record_id"], fact["criterion_ordinal"]))
            if criterion and fact["for_all"] and fact["fact"] in ("pregnancy", "breastfeeding"):
                sides.setdefault((fact["fact"], fact["value"]), {}).setdefault(trial.row["trial_id"], criterion)
    return tuple(
        Conflict(
            trial_id=one, ordinal=asks["ordinal"], kind=asks["kind"], text=asks["text"],
            other_trial_id=other, other_ordinal=keeps_out["ordinal"], other_kind=keeps_out["kind"], other_text=keeps_out["text"],
            reason=f"{fact}: required against excluded", about=fact,
        )
        for fact in ("pregnancy", "breastfeeding")
        for one, asks in sides.get((fact, "required"), {}).items()
        for other, keeps_out in sides.get((fact, "excluded"), {}).items()
        if one != other
    )  # fmt: skip


def _line(row: One | Many | Aligned, **said: Any) -> Line:
    """A line of a row of the plan."""
    return Line(**{"section": row.section, "field": row.field, "label": row.label, "kind": None, "item": None, **said})


# --------------------------------------------------------------------------------------------------------- one value


def _one(row: One, trials: list[Studied]) -> Line:
    values, keys = [], []
    for trial in trials:
        value, raw = trial.row[row.name], trial.row[row.raw] if row.raw else None
        if value is None and row.unless and trial.row[row.unless] is not None:
            raw = None
        is_given = value is not None or raw is not None
        column = row.name if value is not None or not row.raw else row.raw
        values.append((Value(value=value, raw=raw, record_id=trial.record_of(column)),) if is_given else ())
        keys.append(_key(row, trial, value, raw) if is_given else None)
    spread = [trial.row[row.name] for trial in trials if trial.row[row.name] is not None]
    has_spread = row.kind in ("number", "age", "date") and len(spread) > 1
    return _line(
        row,
        values=tuple(values),
        verdict=verdict(keys, _dates_agree if row.kind == "date" else None),
        minimum=min(spread) if has_spread else None,
        maximum=max(spread) if has_spread else None,
    )


#: Stands for words that could not be read: whether they agree with anything is unknown.
UNREADABLE = object()


def _key(row: One, trial: Studied, value: Any, raw: str | None) -> Any:
    """What a value is compared by."""
    if row.name == "primary_sponsor":
        return _organization(trial, value)
    if value is None:  # "No limit" is no age, but understood; of other fields only what could not be read has no value
        return "no limit" if row.kind == "age" and row.name not in trial.unread else UNREADABLE
    return _COMPARED[row.kind](value)


_COMPARED: dict[Kind, Callable[[Any], Any]] = {
    "text": lambda value: fold(str(value)),
    "word": lambda value: value,
    "number": lambda value: value,
    "age": lambda value: round(value, 4),
    "date": lambda value: value,
    "truth": bool,
}


def _organization(trial: Studied, name: str) -> str:
    """The organization behind a sponsor's name, so that two spellings of it agree."""
    rows = (row for row in trial.below["record_sponsors"] if row["name_raw"] == name and row["sponsor_id"])
    return next((str(row["sponsor_id"]) for row in rows), fold(name))


def _dates_agree(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def verdict(keys: Sequence[Any], agree: Callable[[Any, Any], bool] | None = None) -> Verdict:
    """Of what the trials' values are compared by; None where a trial does not say."""
    known = [key for key in keys if key is not None and key is not UNREADABLE]
    if any(not (agree(known[0], key) if agree else known[0] == key) for key in known[1:]):
        return "different"
    if not known or any(key is UNREADABLE for key in keys):
        return "unknown"
    # Dates to the month can agree with the first and yet not with each other.
    if agree and any(not agree(one, key) for one in known for key in known):
        return "different"
    return "same" if len(known) == len(keys) else "only_in_some"


# --------------------------------------------------------------------------------------------------- several values


def _many(row: Many, trials: list[Studied]) -> Line:
    found: list[dict[Any, Value]] = []
    for trial in trials:
        rows: Sequence[Row] = trial.records if row.table == "records" else trial.below[row.table]
        values: dict[Any, Value] = {}
        for n, one in enumerate(rows, 1):
            shown = row.shown(one)
            if shown and _counts(row, one):
                place = one.get("ordinal", n)
                raw = one[row.raw] if row.raw else None
                values.setdefault(row.key(one), Value(value=shown, raw=raw, record_id=one["record_id"], ordinal=place))
        found.append(values)
    keys = [frozenset(values) or None for values in found]
    common = set.intersection(*(set(values) for values in found)) if all(found) else set()
    in_common = [str(value.value) for key, value in found[0].items() if key in common]
    result = verdict(keys)
    return _line(
        row,
        values=tuple(tuple(values.values()) for values in found),
        verdict=result,
        note="In all: " + "; ".join(in_common) if in_common and result == "different" else None,
    )


def _counts(row: Many, one: Row) -> bool:
    """Numbers that are only mentioned are other trials'; plain totals, ages and sex have rows of their own."""
    if row.table == "secondary_ids":
        return bool(one["type"] != "mention")
    if row.table == "eligibility_facts":
        return one["fact"] in ("pregnancy", "breastfeeding", "consent") and one["value"] is not None
    if row.table == "enrollment_counts":
        return bool(one["scope"] != "total" or one["count_lower"] is not None or one["is_sum"])
    return True


# ----------------------------------------------------------------------------------------------------- side by side


def _items(row: Aligned, trials: list[Studied]) -> list[Item]:
    """The items of all trials, ordered by trial_id and the source's order, whatever the order of the columns."""
    places = sorted(range(len(trials)), key=lambda place: str(trials[place].row["trial_id"]))
    return [
        Item(
            place,
            one["ordinal"],
            one.get("kind") or "",
            one[row.main] or "",
            _limits(trials[place], one) if row.table == "criteria" else (),
            tuple(name for column in row.names for name in (one[column] or "").splitlines()),
            not one.get("heading"),
        )
        for place in places
        for one in trials[place].below[row.table]
        if any(one[column] for column in (row.main, *row.others))
    ]


def _limits(trial: Studied, criterion: Row) -> tuple[Limit, ...]:
    start = criterion["start"]
    return tuple(
        Limit(
            measure["variable"],
            *(
                (measure["canonical_lower"], bool(measure["lower_inclusive"]), measure["canonical_upper"], bool(measure["upper_inclusive"]), measure["canonical_unit"])
                if measure["canonical_unit"]
                else (measure["lower"], bool(measure["lower_inclusive"]), measure["upper"], bool(measure["upper_inclusive"]), measure["unit"])
            ),
            bool(measure["negated"]),
            bool(measure["canonical_unit"]),
            measure["text"],
            measure["start"] - start,
            measure["end"] - start,
        )
        for measure in trial.below["criterion_measures"]
        if measure["record_id"] == criterion["record_id"] and measure["criterion_ordinal"] == criterion["ordinal"]
    )  # fmt: skip


def _aligned(row: Aligned, trials: list[Studied], found: list[list[Item]]) -> list[Line]:
    """Lines of items put side by side: by kind, what most trials share first, then in the order of the columns."""

    def place(items: list[Item]) -> tuple[Any, ...]:
        first = min((item.trial, item.ordinal) for item in items)
        return _KIND_ORDER.get(kind_of(items), 2), -len(items), first

    below = [{one["ordinal"]: one for one in trial.below[row.table]} for trial in trials]
    lines = []
    for number, items in enumerate(sorted(found, key=place), 1):
        held: list[Row | None] = [None] * len(trials)
        for item in items:
            held[item.trial] = below[item.trial][item.ordinal]
        lines.append(_main_line(row, number, items, held))
        for column, label in row.others.items():
            line = _side_line(row, number, items, held, column, label)
            if any(line.values):
                lines.append(line)
    return lines


def _main_line(row: Aligned, number: int, items: list[Item], held: Sequence[Row | None]) -> Line:
    marks: dict[int, tuple[tuple[int, int], ...]] = {}
    says_same = len({essence(item) for item in items}) == 1
    if not says_same:
        marks = dict(zip((item.trial for item in items), differing([item.text for item in items]), strict=True))
    in_all = len(items) == len(held)
    return _line(
        row,
        kind=kind_of(items) or None,
        item=number,
        values=tuple(
            (Value(value=one[row.main], record_id=one["record_id"], ordinal=one["ordinal"], marks=marks.get(n, ())),) if one else ()
            for n, one in enumerate(held)
        ),
        verdict="only_in_some" if not in_all else "same" if says_same else "similar",
        note=_difference(items) if not says_same else None,
    )  # fmt: skip


def _difference(items: list[Item]) -> str | None:
    """Kinds and limits in which items differ, in the words of the texts: `age: ≥ 18 years against ≥ 21 years`."""
    parts = []
    kinds = list(dict.fromkeys(item.kind for item in sorted(items) if item.kind))
    if len(kinds) > 1:
        parts.append(" against ".join(kinds))
    variables = dict.fromkeys(limit.variable for item in sorted(items) for limit in item.limits)
    for variable in variables:
        limits = [limit for item in sorted(items) for limit in item.limits if limit.variable == variable]
        texts = {limit.bounds: limit.text for limit in reversed(limits)}
        if len(texts) > 1:
            parts.append(
                f"{variable.replace('_', ' ')}: "
                + " against ".join(texts[b] for b in dict.fromkeys(limit.bounds for limit in limits))
            )
    return "; ".join(parts) or None


def _side_line(
    row: Aligned, number: int, items: list[Item], held: Sequence[Row | None], column: str, label: str
) -> Line:
    values = tuple(
        (Value(value=one[column], record_id=one["record_id"], ordinal=one["ordinal"]),) if one and one[column] else ()
        for one in held
    )
    return _line(
        row,
        field=f"{row.table}.{column}",
        label=f"{row.label}: {label}",
        kind=kind_of(items) or None,
        item=number,
        values=values,
        verdict=verdict([fold(str(value[0].value)) if value else None for value in values]),
    )
