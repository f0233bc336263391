"""Site room: the SQL statements of the site's pages, and nothing else. Functions take an open connection and give rows.

Called by `home`, `search`, `lookup`, `trial`, `sources`. Which trials a search finds is told by `finding`; here the trials that
are shown are read whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harvester.batches import PRECEDENCE
from harvester.catalogue_tables import OF_A_RECORD, SEARCHED, TABLES
from harvester.site.matching import END, MARK

Row = dict[str, Any]


def rows(db: sqlite3.Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    return [dict(row) for row in db.execute(sql, values)]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


# ---------------------------------------------------------------------------------------------------- lists of trials


_CARD = (
    "trial_id", "public_title", "scientific_title", "acronym", "recruitment_status", "recruitment_status_raw", "phase",
    "study_type", "date_of_first_enrollment", "target_sample_size", "actual_enrollment", "primary_sponsor", "conditions",
    "countries", "registries", "record_count", "has_results", "last_update_date",
)  # fmt: skip


def cards(db: sqlite3.Connection, rowids: Sequence[int]) -> list[Row]:
    """What a list shows of some trials, in the order of `rowids`."""
    sql = f"SELECT rowid, {', '.join(_CARD)} FROM trials WHERE rowid IN ({_marks(rowids)})"
    by_rowid = {row["rowid"]: row for row in rows(db, sql, rowids)}
    return [by_rowid[rowid] for rowid in rowids]


#: Columns in which a match is worth showing, the short ones first; the others stand on the card anyhow.
NEAR_MATCHES = (
    "identifiers", "acronym", "scientific_title", "conditions", "keywords", "interventions", "brief_summary", "sponsors",
)  # fmt: skip
FAR_MATCHES = ("detailed_description", "eligibility_raw")


def matches(db: sqlite3.Connection, match: str, rowids: Sequence[int], columns: Sequence[str]) -> dict[int, Row]:
    """rowid -> title and pieces of some columns, matches between MARK and END."""
    title = SEARCHED.index("public_title")
    snippets = ", ".join(
        f"snippet(trials_fts, {SEARCHED.index(name)}, ?1, ?2, ' … ', 28) AS {name}" for name in columns
    )
    sql = (
        f"SELECT rowid, highlight(trials_fts, {title}, ?1, ?2) AS public_title, {snippets} FROM trials_fts"
        f" WHERE trials_fts MATCH ?3 AND rowid IN ({_marks(rowids)})"
    )
    return {row["rowid"]: row for row in rows(db, sql, (MARK, END, match, *rowids))}


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


def rowids(db: sqlite3.Connection, trial_ids: Sequence[str]) -> list[int]:
    """rowids of some trials, in their order."""
    sql = f"SELECT trial_id, rowid FROM trials WHERE trial_id IN ({_marks(trial_ids)})"
    found = dict(db.execute(sql, trial_ids).fetchall())
    return [found[trial_id] for trial_id in trial_ids]


def trial_updates(db: sqlite3.Connection, most: int, skipped: int) -> list[Row]:
    """trial_id and date of last update of a piece of all trials, in the order of their ids."""
    sql = "SELECT trial_id, last_update_date FROM trials ORDER BY trial_id LIMIT ? OFFSET ?"
    return rows(db, sql, (most, skipped))


def trial(db: sqlite3.Connection, trial_id: str) -> Row | None:
    found = rows(db, "SELECT * FROM trials WHERE trial_id = ?", (trial_id,))
    return found[0] if found else None


def records_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    return rows(db, f"SELECT * FROM records WHERE trial_id = ? ORDER BY {PRECEDENCE}", (trial_id,))


def below_records(db: sqlite3.Connection, trial_id: str) -> dict[str, list[Row]]:
    """Table -> rows of all records of a trial, by record and ordinal."""
    return {
        table: rows(
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
    return rows(db, sql, {"trial": trial_id})


def discrepancies_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    return rows(db, "SELECT * FROM discrepancies WHERE trial_id = ? ORDER BY ordinal", (trial_id,))


def contradicted(db: sqlite3.Connection) -> int:
    """How many trials have records that contradict each other."""
    return int(db.execute("SELECT count(DISTINCT trial_id) FROM discrepancies").fetchone()[0])


def versions_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    sql = """
        SELECT versions.* FROM versions JOIN records USING (record_id) WHERE trial_id = ?
        ORDER BY record_id, first_fetched_at DESC, update_date DESC, versions.payload_sha256"""
    return rows(db, sql, (trial_id,))


def record_of_payload(db: sqlite3.Connection, sha256: str) -> str | None:
    """The record of which a payload is a version."""
    found = db.execute("SELECT record_id FROM versions WHERE payload_sha256 = ? ORDER BY 1", (sha256,)).fetchone()
    return str(found[0]) if found else None


def has_contacts(db: sqlite3.Connection) -> bool:
    """Whether the catalogue was made with `publish_contacts = true`."""
    sql = "SELECT count(*) FROM about WHERE key = 'publish_contacts' AND value = 'true'"
    return bool(db.execute(sql).fetchone()[0])


def flags_of(db: sqlite3.Connection, trial_id: str) -> list[Row]:
    """A trial's quality flags with their rules, the weightiest first."""
    sql = """
        SELECT f.*, q.title, q.rule, q.severity FROM quality_flags f JOIN quality_rules q USING (flag) WHERE f.trial_id = ?
        ORDER BY CASE q.severity WHEN 'serious' THEN 1 WHEN 'notable' THEN 2 ELSE 3 END, f.flag, f.record_id"""
    return rows(db, sql, (trial_id,))


def quality_rules(db: sqlite3.Connection) -> list[Row]:
    """Every rule."""
    return rows(db, "SELECT * FROM quality_rules ORDER BY rowid")


def titles(db: sqlite3.Connection, trial_ids: Iterable[str]) -> list[Row]:
    """Id, title and status of some trials."""
    wanted = sorted(set(trial_ids))
    sql = f"SELECT trial_id, coalesce(public_title, scientific_title) AS title, recruitment_status FROM trials WHERE trial_id IN ({_marks(wanted)}) ORDER BY trial_id"
    return rows(db, sql, wanted)


def term_names(db: sqlite3.Connection, mesh_ids: Sequence[str]) -> dict[str, str]:
    """MeSH descriptor -> its name."""
    sql = f"SELECT mesh_id, min(term) FROM mesh_terms WHERE mesh_id IN ({_marks(mesh_ids)}) GROUP BY 1"
    return {row[0]: row[1] for row in db.execute(sql, mesh_ids)}


# --------------------------------------------------------------------------------------------- the catalogue as a whole


def sources(db: sqlite3.Connection) -> list[Row]:
    """Sources that have records here, with their terms and dates."""
    return rows(db, "SELECT * FROM registries WHERE records > 0 ORDER BY records DESC, source")


def totals(db: sqlite3.Connection) -> Row:
    return rows(db, "SELECT (SELECT count(*) FROM trials) AS trials, (SELECT count(*) FROM records) AS records")[0]


def freshness(db: sqlite3.Connection) -> list[Row]:
    """Sources that have records or were asked, each with its last run."""
    sql = """
        SELECT registries.source, registries.name, registries.records, registries.last_fetched_at, run.started_at, run.verdict, run.message
        FROM registries LEFT JOIN runs AS run ON run.run_id =
            (SELECT run_id FROM runs WHERE registry = registries.source ORDER BY started_at DESC, run_id DESC LIMIT 1)
        WHERE registries.records > 0 OR run.run_id IS NOT NULL ORDER BY registries.records DESC, registries.source"""
    return rows(db, sql)


def recent_changes(db: sqlite3.Connection, limit: int) -> list[Row]:
    """The records that changed last, with the fields that changed then; the dates that follow every change are none."""
    telling = "field NOT IN ('last_update_date', 'verification_date')"
    sql = f"""
        SELECT records.trial_id, coalesce(records.public_title, records.scientific_title) AS title, changes.seen_at,
               group_concat(DISTINCT changes.field) AS fields
        FROM (SELECT DISTINCT record_id, seen_at FROM changes WHERE {telling} ORDER BY seen_at DESC LIMIT ?) AS newest
        JOIN changes USING (record_id, seen_at) JOIN records USING (record_id) WHERE {telling}
        GROUP BY changes.record_id, changes.seen_at ORDER BY changes.seen_at DESC, changes.record_id"""
    return rows(db, sql, (limit,))


def topics(db: sqlite3.Connection) -> list[Row]:
    """The topics of the configuration, with their queries."""
    return rows(db, "SELECT name, query FROM topics ORDER BY rowid")


def common_conditions(db: sqlite3.Connection, limit: int) -> list[str]:
    """Conditions that registries name most, in a spelling that is used."""
    sql = """
        SELECT (SELECT min(condition) FROM conditions WHERE condition_normalized = common.name) FROM (
            SELECT condition_normalized AS name, count(*) AS times FROM conditions WHERE length(condition_normalized) BETWEEN 4 AND 40
            GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?) AS common ORDER BY times DESC, name"""
    return [row[0] for row in db.execute(sql, (limit,))]


def runs(db: sqlite3.Connection, limit: int) -> list[Row]:
    return rows(db, "SELECT * FROM runs ORDER BY started_at DESC, run_id DESC LIMIT ?", (limit,))


def held(db: sqlite3.Connection) -> list[Row]:
    """Records of each registry that each source served, and when the source processed the first and the last of them."""
    sql = """
        SELECT source, registry, count(*) AS records, min(processed_date) AS first_processed, max(processed_date) AS last_processed
        FROM records GROUP BY source, registry ORDER BY source, records DESC, registry"""
    return rows(db, sql)


def fill_rates(db: sqlite3.Connection) -> list[Row]:
    return rows(db, "SELECT source, field, share FROM fill_rates")


def rejected(db: sqlite3.Connection, most: int) -> list[Row]:
    return rows(db, "SELECT * FROM rejected_payloads ORDER BY source, registry_id, url LIMIT ?", (most,))


def unmapped(db: sqlite3.Connection, most: int) -> list[Row]:
    """Wordings that no list knows, the commonest first."""
    sql = "SELECT * FROM unmapped_values ORDER BY records DESC, vocabulary, source, raw_value LIMIT ?"
    return rows(db, sql, (most,))


def warned_fields(db: sqlite3.Connection) -> list[Row]:
    sql = "SELECT field, count(*) AS warnings, count(DISTINCT record_id) AS records FROM warnings GROUP BY field ORDER BY warnings DESC, field"
    return rows(db, sql)


def facts(db: sqlite3.Connection) -> list[Row]:
    return rows(db, "SELECT key, value FROM about ORDER BY key")
