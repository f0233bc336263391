"""Harvester room: what the archive's runs say about the next one. Read by `harvester.schedule`, `refresh` and the pipeline.

When a query was last read in full, what an unfinished run had brought already, which records a sweep no longer lists. Only
`adopt`, `keep_place` and `follow_up` write; whoever calls them commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from harvester.archive import PUBLISHED, Archive, Arrival
from harvester.registries import REGISTRIES
from spiders.base import Bookmark


class Past(NamedTuple):
    """When complete runs over one query of one registry began (ISO 8601, UTC); empty: never."""

    sweep: str = ""
    success: str = ""  # sweep or changes
    ahead: str = ""  # one that began later than it is now: the clock was set back since, and the run does not count
    doubted: str = ""  # when a gate closed for the registry, after that sweep, which then does not count


def pasts(archive: Archive, until: str) -> dict[tuple[str, str], Past]:
    """(registry, words) -> its past, for every query that was ever read in full. A run that began after `until` is ahead."""
    closed = gates_closed(archive)
    return {
        (registry, words): Past("", success, ahead, closed[registry])
        if sweep and sweep <= closed.get(registry, "")
        else Past(sweep, success, ahead)
        for registry, words, sweep, success, ahead in archive.db.execute(
            "SELECT registry, words, max(iif(kind = 'sweep' AND started_at <= ?1, started_at, '')),"
            " max(iif(started_at <= ?1, started_at, '')), max(iif(started_at > ?1, started_at, '')) FROM runs"
            " WHERE verdict = 'complete' AND kind IN ('sweep', 'changes') GROUP BY registry, words",
            (until,),
        )
    }


def gates_closed(archive: Archive) -> dict[str, str]:
    """Registry -> when a gate first closed for it since a catalogue was last published. What it brought until then may have been
    wrong for a day; only another full reading tells."""
    rows = archive.db.execute(
        "SELECT built_at, message FROM builds WHERE verdict = 'closed' AND build_id >"
        " (SELECT coalesce(max(build_id), 0) FROM builds WHERE verdict <> 'closed') ORDER BY build_id DESC"
    )
    return {
        source: built_at
        for built_at, figures in rows
        for source, registry in REGISTRIES.items()
        if f"{registry.name}: " in figures
    }


def unfinished(archive: Archive, registry: str, query: str, not_before: str) -> int | None:
    """The newest run over the same query, when it was cut off or failed and began at `not_before` or later; else None."""
    row = archive.db.execute(
        "SELECT run_id, verdict, started_at FROM runs WHERE registry = ? AND query = ? ORDER BY run_id DESC LIMIT 1",
        (registry, query),
    ).fetchone()
    if row is None or row[1] not in (None, "failed") or row[2] < not_before:
        return None
    return int(row[0])


def last_run(archive: Archive) -> int:
    """The number of the newest run; 0 when there is none."""
    return int(archive.db.execute("SELECT coalesce(max(run_id), 0) FROM runs").fetchone()[0])


def runs_after(archive: Archive, registry: str, last_run: int) -> list[int]:
    """Runs over a registry that are newer than a run: the other jobs of the same refresh. By number, for a clock may be set
    back. There are none when `last_run` is negative."""
    if last_run < 0:
        return []
    rows = archive.db.execute("SELECT run_id FROM runs WHERE registry = ? AND run_id > ?", (registry, last_run))
    return [row[0] for row in rows]


def captured(archive: Archive, runs: Iterable[int]) -> dict[str, int]:
    """Registry id -> the last of these runs that captured it."""
    found: dict[str, int] = {}
    for run_id in sorted(runs):
        rows = archive.db.execute(
            "SELECT DISTINCT p.registry_id FROM captures c JOIN payloads p USING (sha256) WHERE c.run_id = ?", (run_id,)
        )
        found |= {row[0]: run_id for row in rows}
    return found


def adopt(archive: Archive, run_id: int, source: str, ids: Collection[str], from_run: int) -> dict[str, Arrival]:
    """Counts what another run captured of these records as captured by this one; what each is to the published catalogue."""
    arrivals: dict[str, Arrival] = {}
    for registry_id in ids:
        archive.db.execute(
            "INSERT OR IGNORE INTO captures (run_id, sha256, url, fetched_at, head)"
            " SELECT ?, c.sha256, c.url, c.fetched_at, c.head FROM captures c JOIN payloads p USING (sha256)"
            " WHERE p.source = ? AND p.registry_id = ? AND c.run_id = ?",
            (run_id, source, registry_id, from_run),
        )
        published, same = archive.db.execute(
            "SELECT count(*), sum(p.fingerprint IN (SELECT q.fingerprint FROM captures d JOIN payloads q USING (sha256)"
            "  WHERE d.run_id = ?1 AND q.source = ?2 AND q.registry_id = ?3))"
            " FROM payloads p JOIN captures c USING (sha256) JOIN runs r USING (run_id)"
            f" WHERE p.source = ?2 AND p.registry_id = ?3 AND {PUBLISHED}",
            (run_id, source, registry_id),
        ).fetchone()
        arrivals[registry_id] = "unchanged" if same else "changed" if published else "new"
    return arrivals


def keep_place(archive: Archive, run_id: int, mark: Bookmark) -> None:
    """Notes up to where a run has read, so that the next one can go on from there."""
    row = (run_id, mark.place, mark.announced, mark.rejected)
    archive.db.execute("INSERT OR REPLACE INTO bookmarks VALUES (?, ?, ?, ?)", row)


def place_of(archive: Archive, run_id: int) -> Bookmark | None:
    """Where a run stopped."""
    row = archive.db.execute("SELECT place, announced, rejected FROM bookmarks WHERE run_id = ?", (run_id,)).fetchone()
    return Bookmark(place=row[0], announced=row[1], rejected=row[2]) if row else None


_OF_QUERY = (
    "SELECT p.registry_id, max(c.fetched_at) AS seen FROM runs r JOIN captures c USING (run_id) JOIN payloads p USING (sha256)"
    f" WHERE r.registry = ? AND r.words = ? AND r.kind IN ('sweep', 'changes', 'recheck') AND {PUBLISHED}"
    " GROUP BY p.registry_id"
)


def never_served(archive: Archive, registry: str) -> set[str]:
    """Records that came as something else whenever they were asked for, and never as themselves."""
    rows = archive.db.execute(
        "SELECT DISTINCT r.registry_id FROM rejections r WHERE r.source = ? AND r.registry_id IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM payloads p WHERE p.source = r.source AND p.registry_id = r.registry_id)",
        (registry,),
    )
    return {row[0] for row in rows}


def all_but_stalest(archive: Archive, registry: str, words: str, stalest: int) -> set[str]:
    """The known records of a query, without the `stalest` ones: those whose last capture is longest ago."""
    rows = archive.db.execute(f"{_OF_QUERY} ORDER BY seen, p.registry_id LIMIT -1 OFFSET ?", (registry, words, stalest))
    return {row[0] for row in rows}


def no_longer_listed(archive: Archive, run_id: int, registry: str, words: str) -> list[str]:
    """Records that earlier runs over a query brought and its sweep `run_id` did not, unless known to be withdrawn."""
    here = captured(archive, [run_id])
    withdrawn = archive.absences()
    return sorted(
        registry_id
        for registry_id, _ in archive.db.execute(_OF_QUERY, (registry, words))
        if registry_id not in here and (registry, registry_id) not in withdrawn
    )


def sweeps_to_follow_up(archive: Archive) -> list[tuple[int, str, str]]:
    """(run, registry, words) of the last complete sweep over each query, when what it no longer lists was not asked for:
    it has just ended, or the refresh it belonged to was cut off."""
    rows = archive.db.execute(
        "SELECT max(run_id) AS run_id, registry, words FROM runs WHERE kind = 'sweep' AND verdict = 'complete'"
        " GROUP BY registry, words HAVING max(run_id) NOT IN (SELECT run_id FROM followed_up) ORDER BY run_id"
    )
    return rows.fetchall()


def follow_up(archive: Archive, runs: Iterable[int]) -> None:
    """Notes that what these sweeps no longer list was asked for."""
    archive.db.executemany("INSERT OR IGNORE INTO followed_up VALUES (?)", [(run_id,) for run_id in runs])


def is_imported(archive: Archive, source: str, sha256: str) -> bool:
    """Whether a file of these bytes was imported before."""
    row = archive.db.execute("SELECT 1 FROM imported_files WHERE source = ? AND sha256 = ?", (source, sha256))
    return row.fetchone() is not None
