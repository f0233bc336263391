"""Site room: the SQL statements on names: of sponsors, conditions and interventions, their spellings and what they stand beside.

Called by `entities` and `findable`. Everything but the sitemap goes through the indexes on normalized names and on sponsor_id.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from harvester.site.database import plain_text
from harvester.site.queries import Row, rows
from normalize.text import fold

#: Table -> name as the source writes it, name folded.
_COLUMNS = {"conditions": ("condition", "condition_normalized"), "interventions": ("name", "name_normalized")}
_OTHER_NAMES = 12
#: Entries that are asked which MeSH terms a name has.
_ASKED = 2_000


class Common(NamedTuple):
    name: str
    trials: int


def sponsor(db: sqlite3.Connection, text: str) -> Row | None:
    """The organization of a sponsor_id or of a spelling, in capitals or not, with the name of its parent."""
    sql = """
        SELECT s.*, p.name AS parent FROM sponsors s LEFT JOIN sponsors p ON p.sponsor_id = s.parent_sponsor_id
        WHERE s.sponsor_id = coalesce((SELECT sponsor_id FROM sponsors WHERE sponsor_id = :text),
                                      (SELECT sponsor_id FROM sponsor_aliases WHERE name_raw = :text),
                                      (SELECT sponsor_id FROM sponsor_aliases WHERE name_raw = :text COLLATE NOCASE ORDER BY name_raw LIMIT 1))"""
    found = rows(db, sql, {"text": text})
    return found[0] if found else None


def members(db: sqlite3.Connection, sponsor_id: str) -> list[Row]:
    """Organizations that an organization owns."""
    return rows(db, "SELECT sponsor_id, name FROM sponsors WHERE parent_sponsor_id = ? ORDER BY name", (sponsor_id,))


def spellings(db: sqlite3.Connection, sponsor_id: str) -> list[Row]:
    """The spellings joined as one organization, each with its rule and the number of its records, most first."""
    sql = """
        SELECT a.name_raw, a.rule, count(DISTINCT s.record_id) AS records
        FROM sponsor_aliases a LEFT JOIN record_sponsors s ON s.sponsor_id = a.sponsor_id AND s.name_raw = a.name_raw
        WHERE a.sponsor_id = ? GROUP BY a.name_raw ORDER BY records DESC, a.name_raw"""
    return rows(db, sql, (sponsor_id,))


def spelling(db: sqlite3.Connection, table: str, folded: str) -> str | None:
    """The spelling that most rows of a table use for a folded name; None when none has it."""
    written, normalized = _COLUMNS[table]
    sql = f"SELECT {written} FROM {table} WHERE {normalized} = ? GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    found = db.execute(sql, (folded,)).fetchone() if folded else None
    return " ".join(found[0].split()) if found else None


def intervention_types(db: sqlite3.Connection, folded: str) -> list[str]:
    """Kinds that registries give an intervention, the commonest first."""
    sql = "SELECT type FROM interventions WHERE name_normalized = ? AND type IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
    return [row[0] for row in db.execute(sql, (folded,))]


def other_names(db: sqlite3.Connection, folded: str) -> list[str]:
    """Brands, codes and substances that registrants give as other names of an intervention, the commonest first."""
    sql = "SELECT other_names FROM interventions WHERE name_normalized = ? AND other_names IS NOT NULL"
    used = Counter(line for row in db.execute(sql, (folded,)) for line in row[0].splitlines() if fold(line) != folded)
    by_fold: dict[str, str] = {}
    for name, _ in sorted(used.items(), key=lambda pair: (-pair[1], pair[0])):
        by_fold.setdefault(fold(name), name)
    return list(by_fold.values())[:_OTHER_NAMES]


def derived_terms(db: sqlite3.Connection, table: str, folded: str) -> list[Row]:
    """MeSH terms that a registry derived from entries with this one condition or intervention, so that they can only be its own;
    most first. Of a name that many entries have, some tell it."""
    sql = f"""
        SELECT m.mesh_id, m.term, count(*) AS records FROM (SELECT record_id, ordinal FROM {table} WHERE {_COLUMNS[table][1]} = ? LIMIT {_ASKED}) i
            JOIN mesh_terms m USING (record_id)
        WHERE m.field = ? AND NOT m.is_ancestor
            AND NOT EXISTS (SELECT 1 FROM {table} other WHERE other.record_id = i.record_id AND other.ordinal <> i.ordinal)
        GROUP BY 1, 2 ORDER BY records DESC, m.term LIMIT 4"""
    return rows(db, sql, (folded, table.removesuffix("s")))


def common(db: sqlite3.Connection, table: str, rowids: Sequence[int]) -> list[Common]:
    """Names that several of some trials have, the commonest first, each in its commonest spelling."""
    written, normalized = _COLUMNS[table]
    sql = f"""
        SELECT {normalized}, {written}, records.trial_id FROM json_each(?) AS wanted
        CROSS JOIN trials ON trials.rowid = wanted.value CROSS JOIN records USING (trial_id) CROSS JOIN {table} USING (record_id)
        WHERE length({normalized}) BETWEEN 2 AND 60"""
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    trials: dict[str, set[str]] = defaultdict(set)
    with plain_text(db):
        for folded, name, trial_id in db.execute(sql, (json.dumps(list(rowids)),)).fetchall():
            spelt[folded][" ".join(name.split())] += 1
            trials[folded].add(trial_id)
    found = [
        Common(min(spelt[folded].items(), key=lambda pair: (-pair[1], pair[0]))[0], len(of))
        for folded, of in trials.items()
        if len(of) > 1
    ]
    return sorted(found, key=lambda one: (-one.trials, one.name))


def often_used(db: sqlite3.Connection, table: str, most: int) -> list[str]:
    """Folded names that at least two rows of a table have, the commonest first."""
    normalized = _COLUMNS[table][1]
    sql = f"""
        SELECT {normalized} FROM {table} WHERE length({normalized}) BETWEEN 2 AND 80
        GROUP BY 1 HAVING count(*) > 1 ORDER BY count(*) DESC, 1 LIMIT ?"""
    return [row[0] for row in db.execute(sql, (most,))]
