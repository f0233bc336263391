"""Site room: every SQL statement of the site, and nothing else. Functions take an open connection and give rows.

Called by `home`, `search`, `lookup`, `trial`, `sources`. The trials table is wide (whole protocols): counts and filters
therefore go through its indexes, `+rowid` keeps SQLite from fetching each row, and only the rows shown are read whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from harvester.catalogue import OF_A_RECORD, SEARCHED, TABLES
from harvester.site.matching import END, MARK

Row = dict[str, Any]

#: In a filter: trials for which the registries give no value.
NOT_GIVEN = "not_given"


def _rows(db: sqlite3.Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    return [dict(row) for row in db.execute(sql, values)]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


# ------------------------------------------------------------------------------------------------------------- search


class Facet(NamedTuple):
    """What trials can be filtered and counted by: two statements, with {marks} and {where} to be filled."""

    members: str
    counts: str


def _column(name: str) -> Facet:
    return Facet(
        f"SELECT rowid FROM trials WHERE {name} IN ({{marks}})",
        f"SELECT {name}, count(*) FROM trials WHERE {{where}} GROUP BY {name}",
    )


#: Name in the address -> how it is filtered and counted, in the order in which the page shows them.
FACETS = {
    "status": _column("recruitment_status"),
    "phase": _column("phase"),
    "type": _column("study_type"),
    "registry": Facet(
        "SELECT trials.rowid FROM records JOIN trials USING (trial_id) WHERE records.registry IN ({marks})",
        "SELECT records.registry, count(DISTINCT trials.rowid) FROM records JOIN trials USING (trial_id)"
        " WHERE {where} GROUP BY records.registry",
    ),
    "country": Facet(
        "SELECT trials.rowid FROM countries JOIN records USING (record_id) JOIN trials USING (trial_id)"
        " WHERE countries.country_code IN ({marks})",
        "SELECT country_code, count(DISTINCT trials.rowid) FROM countries JOIN records USING (record_id)"
        " JOIN trials USING (trial_id) WHERE {where} AND country_code IS NOT NULL GROUP BY country_code",
    ),
    "sponsor": _column("sponsor_class"),
    "sex": _column("sex"),
    "results": _column("has_results"),
    "year": _column("start_year"),
}
#: Columns that a filter for "not given" looks at; registry is always there, and a trial without a country has no row.
_NULLABLE = {"status": "recruitment_status", "phase": "phase", "type": "study_type", "sponsor": "sponsor_class",
             "sex": "sex", "results": "has_results", "year": "start_year"}  # fmt: skip

SORTS = {
    "start": "date_of_first_enrollment IS NULL, date_of_first_enrollment DESC, trial_id",
    "update": "last_update_date IS NULL, last_update_date DESC, trial_id",
    "size": "coalesce(actual_enrollment, target_sample_size) IS NULL, coalesce(actual_enrollment, target_sample_size) DESC, trial_id",
}

#: How much a match in a column says about what a trial is about.
_WEIGHTS = {
    "trial_id": 20, "identifiers": 20, "public_title": 10, "scientific_title": 8, "acronym": 12, "conditions": 8,
    "keywords": 6, "interventions": 6, "primary_sponsor": 3, "sponsors": 2, "brief_summary": 3,
    "detailed_description": 1, "eligibility_raw": 0.5,
}  # fmt: skip


class Asked(NamedTuple):
    """A search as the statements need it."""

    match: str | None
    filters: Mapping[str, Sequence[str]]
    first_year: int | None = None
    last_year: int | None = None


def _where(asked: Asked, without: str | None = None) -> tuple[str, list[Any]]:
    """Conditions on `trials.rowid` and their values; `without` leaves one facet's own filter out."""
    conditions: list[str] = []
    values: list[Any] = []
    if asked.match is not None:
        conditions.append("SELECT rowid FROM trials_fts WHERE trials_fts MATCH ?")
        values.append(asked.match)
    for name, wanted in asked.filters.items():
        if name == without:
            continue
        given = [value for value in wanted if value != NOT_GIVEN]
        members = FACETS[name].members.format(marks=_marks(given))
        if NOT_GIVEN in wanted and name in _NULLABLE:
            members += f" UNION ALL SELECT rowid FROM trials WHERE {_NULLABLE[name]} IS NULL"
        conditions.append(members)
        values += given
    if without != "year" and (asked.first_year is not None or asked.last_year is not None):
        conditions.append("SELECT rowid FROM trials WHERE start_year BETWEEN ? AND ?")
        values += [asked.first_year or 0, asked.last_year or 9999]
    return " AND ".join(f"+trials.rowid IN ({condition})" for condition in conditions) or "1", values


def count(db: sqlite3.Connection, asked: Asked) -> int:
    where, values = _where(asked)
    return int(db.execute(f"SELECT count(*) FROM trials WHERE {where}", values).fetchone()[0])


def facet_counts(db: sqlite3.Connection, facet: str, asked: Asked) -> list[tuple[Any, int]]:
    """(value, trials) of one facet under all filters but its own, most first; None for trials without a value."""
    where, values = _where(asked, without=facet)
    found = db.execute(FACETS[facet].counts.format(where=where), values)
    return sorted(((row[0], row[1]) for row in found), key=lambda pair: (-pair[1], str(pair[0])))


def hits(db: sqlite3.Connection, asked: Asked, sort: str, limit: int = -1, offset: int = 0) -> list[int]:
    """rowids of the trials found, in order; `sort` is a name of SORTS or `relevance`."""
    where, values = _where(asked)
    if sort in SORTS:
        sql = f"SELECT rowid FROM trials WHERE {where} ORDER BY {SORTS[sort]} LIMIT ? OFFSET ?"
        return [row[0] for row in db.execute(sql, (*values, limit, offset))]
    weights = ", ".join(str(_WEIGHTS.get(name, 1)) for name in SEARCHED)
    filters, values = _where(asked._replace(match=None))
    filters = filters.replace("+trials.rowid", "+trials_fts.rowid")
    sql = (
        f"SELECT rowid FROM trials_fts WHERE trials_fts MATCH ? AND {filters}"
        f" ORDER BY bm25(trials_fts, {weights}), rowid LIMIT ? OFFSET ?"
    )
    return [row[0] for row in db.execute(sql, (asked.match, *values, limit, offset))]


_CARD = (
    "trial_id", "public_title", "scientific_title", "acronym", "recruitment_status", "recruitment_status_raw", "phase",
    "study_type", "date_of_first_enrollment", "target_sample_size", "actual_enrollment", "primary_sponsor", "conditions",
    "countries", "registries", "record_count", "has_results", "last_update_date",
)  # fmt: skip


def cards(db: sqlite3.Connection, rowids: Sequence[int]) -> list[Row]:
    """What a list shows of some trials, in the order of `rowids`."""
    sql = f"SELECT rowid, {', '.join(_CARD)} FROM trials WHERE rowid IN ({_marks(rowids)})"
    by_rowid = {row["rowid"]: row for row in _rows(db, sql, rowids)}
    return [by_rowid[rowid] for rowid in rowids]


#: Columns in which a match is worth showing; the others stand on the card anyhow.
SHOWN_MATCHES = (
    "identifiers", "acronym", "scientific_title", "conditions", "keywords", "interventions", "brief_summary", "sponsors",
    "detailed_description", "eligibility_raw",
)  # fmt: skip


def matches(db: sqlite3.Connection, match: str, rowids: Sequence[int]) -> dict[int, Row]:
    """rowid -> title and pieces of the columns that matched, matches between MARK and END."""
    title = SEARCHED.index("public_title")
    snippets = ", ".join(
        f"snippet(trials_fts, {SEARCHED.index(name)}, ?1, ?2, ' … ', 28) AS {name}" for name in SHOWN_MATCHES
    )
    sql = (
        f"SELECT rowid, highlight(trials_fts, {title}, ?1, ?2) AS public_title, {snippets} FROM trials_fts"
        f" WHERE trials_fts MATCH ?3 AND rowid IN ({_marks(rowids)})"
    )
    return {row["rowid"]: row for row in _rows(db, sql, (MARK, END, match, *rowids))}


def names(db: sqlite3.Connection) -> list[str]:
    """Names of conditions and interventions, folded: the words that a reader is likely to have meant."""
    sql = (
        "SELECT condition_normalized FROM conditions WHERE length(condition_normalized) < 60"
        " UNION SELECT name_normalized FROM interventions WHERE length(name_normalized) < 60"
    )
    return [row[0] for row in db.execute(sql)]


def whole_trials(db: sqlite3.Connection, rowids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """All columns of some trials in the order of TABLES["trials"], in the order of `rowids`."""
    names = ", ".join(f'"{name}"' for name in TABLES["trials"].names)
    found = db.execute(f"SELECT rowid, {names} FROM trials WHERE rowid IN ({_marks(rowids)})", rowids)
    by_rowid = {row[0]: tuple(row)[1:] for row in found}
    return (by_rowid[rowid] for rowid in rowids)


# ------------------------------------------------------------------------------------------------------- one trial


def trials_numbered(db: sqlite3.Connection, numbers: Sequence[str]) -> list[str]:
    """Trials that have one of the numbers as their own id or as that of a record (`registry_id` or `record_id`)."""
    marks = _marks(numbers)
    sql = (
        f"SELECT trial_id FROM trials WHERE trial_id IN ({marks})"
        f" UNION SELECT trial_id FROM records WHERE registry_id IN ({marks})"
        f" UNION SELECT trial_id FROM records WHERE record_id IN ({marks}) ORDER BY 1"
    )
    return [row[0] for row in db.execute(sql, [*numbers] * 3) if row[0]]


def trials_with_prefix(db: sqlite3.Connection, prefix: str) -> list[str]:
    """Trials of the records whose number begins so: the countries of one EudraCT number."""
    sql = "SELECT DISTINCT trial_id FROM records WHERE registry_id >= ? AND registry_id < ? ORDER BY 1"
    return [row[0] for row in db.execute(sql, (prefix, prefix + "\U0010ffff")) if row[0]]


def trials_naming(db: sqlite3.Connection, number: str) -> list[str]:
    """Trials that give the number in a field for identifiers."""
    sql = (
        "SELECT DISTINCT trial_id FROM secondary_ids JOIN records USING (record_id)"
        " WHERE id_normalized = ? AND type <> 'mention' ORDER BY 1"
    )
    return [row[0] for row in db.execute(sql, (number,)) if row[0]]


#: The order of `harvester.trials`: whole records first, registries before WHO ICTRP's copies, then the latest update.
_PRECEDENCE = "is_partial, source = 'ictrp', coalesce(last_update_date, '') DESC, record_id"


def trial(db: sqlite3.Connection, trial_id: str) -> Row | None:
    found = _rows(db, "SELECT * FROM trials WHERE trial_id = ?", (trial_id,))
    return found[0] if found else None


def records_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    return _rows(db, f"SELECT * FROM records WHERE trial_id = ? ORDER BY {_PRECEDENCE}", (trial_id,))


def below_records(db: sqlite3.Connection, trial_id: str) -> dict[str, list[Row]]:
    """Table -> rows of all records of a trial, by record and ordinal."""
    return {
        table: _rows(
            db,
            f"SELECT * FROM {table} WHERE record_id IN (SELECT record_id FROM records WHERE trial_id = ?)"
            " ORDER BY record_id, ordinal",
            (trial_id,),
        )
        for table in OF_A_RECORD
    }


def sponsor_classes(db: sqlite3.Connection, trial_id: str) -> dict[str, str]:
    """sponsor_id -> class of the organizations of a trial."""
    sql = (
        "SELECT sponsor_id, class FROM sponsors WHERE sponsor_id IN"
        " (SELECT sponsor_id FROM record_sponsors JOIN records USING (record_id) WHERE trial_id = ?)"
    )
    return {row[0]: row[1] for row in db.execute(sql, (trial_id,))}


def links_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    """Links of a trial's records among each other and to records of other trials, with both sides' trial and number."""
    sql = """
        SELECT l.*, a.trial_id AS trial_id, a.registry_id AS registry_id, b.trial_id AS other_trial_id,
               b.registry_id AS other_registry_id
        FROM trial_links l JOIN records a ON a.record_id = l.record_id JOIN records b ON b.record_id = l.other_record_id
        WHERE l.record_id IN (SELECT record_id FROM records WHERE trial_id = :trial)
           OR l.other_record_id IN (SELECT record_id FROM records WHERE trial_id = :trial)
        ORDER BY l.verdict DESC, l.record_id, l.other_record_id"""
    return _rows(db, sql, {"trial": trial_id})


def versions_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    sql = """
        SELECT versions.* FROM versions JOIN records USING (record_id) WHERE trial_id = ?
        ORDER BY record_id, first_fetched_at DESC, update_date DESC, versions.payload_sha256"""
    return _rows(db, sql, (trial_id,))


def titles(db: sqlite3.Connection, trial_ids: Iterable[str]) -> list[Row]:
    """Id, title and status of some trials."""
    wanted = sorted(set(trial_ids))
    sql = f"SELECT trial_id, coalesce(public_title, scientific_title) AS title, recruitment_status FROM trials WHERE trial_id IN ({_marks(wanted)}) ORDER BY trial_id"
    return _rows(db, sql, wanted)


# --------------------------------------------------------------------------------------------- the catalogue as a whole


def sources(db: sqlite3.Connection) -> list[Row]:
    """Sources that have records here, with their terms and dates."""
    return _rows(db, "SELECT * FROM registries WHERE records > 0 ORDER BY records DESC, source")


def totals(db: sqlite3.Connection) -> Row:
    return _rows(db, "SELECT (SELECT count(*) FROM trials) AS trials, (SELECT count(*) FROM records) AS records")[0]


def registry_counts(db: sqlite3.Connection) -> list[Row]:
    """Registries whose entries are here, whichever source served them."""
    sql = "SELECT registry, count(*) AS records, count(DISTINCT trial_id) AS trials FROM records GROUP BY registry ORDER BY trials DESC, registry"
    return _rows(db, sql)


def common_conditions(db: sqlite3.Connection, limit: int) -> list[str]:
    """Conditions that most trials study, in a spelling that is used."""
    sql = """
        SELECT min(condition) FROM conditions WHERE length(condition_normalized) BETWEEN 4 AND 40
        GROUP BY condition_normalized ORDER BY count(DISTINCT record_id) DESC, condition_normalized LIMIT ?"""
    return [row[0] for row in db.execute(sql, (limit,))]


def newest_trial(db: sqlite3.Connection) -> str | None:
    """The trial that a registry updated last."""
    sql = "SELECT trial_id FROM trials WHERE last_update_date IS NOT NULL ORDER BY last_update_date DESC, trial_id LIMIT 1"
    found = db.execute(sql).fetchone()
    return str(found[0]) if found else None


def runs(db: sqlite3.Connection, limit: int) -> list[Row]:
    return _rows(db, "SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT ?", (limit,))


def rejections(db: sqlite3.Connection) -> list[Row]:
    return _rows(db, "SELECT source, count(*) AS payloads FROM rejected_payloads GROUP BY source ORDER BY source")


def unmapped(db: sqlite3.Connection) -> list[Row]:
    sql = "SELECT vocabulary, count(*) AS spellings, sum(records) AS records FROM unmapped_values GROUP BY vocabulary ORDER BY vocabulary"
    return _rows(db, sql)


def warned_fields(db: sqlite3.Connection) -> list[Row]:
    sql = "SELECT field, count(*) AS warnings, count(DISTINCT record_id) AS records FROM warnings GROUP BY field ORDER BY warnings DESC, field"
    return _rows(db, sql)


def facts(db: sqlite3.Connection) -> list[Row]:
    return _rows(db, "SELECT key, value FROM about ORDER BY key")
