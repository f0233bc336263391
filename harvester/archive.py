"""archive.db: every payload ever fetched, every version, append-only (but for `harvester.retention`, when a person says so).

Written by the crawl's pipeline and by `harvester import`; read by the build. A payload is filed under the sha256 of its
bytes and is never changed or deleted. Every fetch leaves a row in `captures`, also when nothing was new. Payloads are
compressed with zstd; a later version of a record is stored as its difference from the first one, so that a registry
that changes one date in every record costs some hundred bytes a record.

What is committed survives a kill at any instant (write-ahead log, full synchronisation).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Self

import zstandard
from msgspec import Struct

from harvester.archive_tables import FORM, LATER_COLUMNS, TABLES
from harvester.position import Position
from harvester.unusable import Connection, Unusable, connect, connect_to_read, explained
from spiders.payloads import RawRecord

Arrival = Literal["new", "changed", "unchanged"]

#: How a run asked: all that a query (or the registry) has; what changed since a day; new records and the stalest known
#: ones; single numbers; files.
Kind = Literal["sweep", "changes", "recheck", "numbers", "import"]


#: Of a row r of `runs`: what it brought is shown. The same rule as `Verdict.is_published`.
PUBLISHED = "r.verdict <> 'failed' AND r.announced = r.stored + r.rejected"


class Verdict(Struct, kw_only=True):
    """What one run over one registry came to. `stored` counts records that arrived: new + changed + unchanged."""

    registry: str
    query: str
    kind: Kind = "sweep"
    words: str = ""  # the user's words, without a date; empty for a whole registry, for numbers and files
    run_id: int = 0
    announced: int | None = None
    stored: int = 0
    resumed: int = 0  # of these, brought by an unfinished run before and not fetched again
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    withdrawn: int = 0  # asked for by number and no longer served
    requests: int = 0
    retries: int = 0
    bytes: int = 0
    keys_fingerprint: str | None = None  # of the set of keys in the payloads
    new_keys: list[str] = []  # never seen in this registry before
    vanished_keys: list[str] = []  # in nearly every payload of the last good run, in none of this
    verdict: Literal["complete", "incomplete", "failed"] = "complete"
    message: str = ""
    stopped: bool = False  # a signal asked the whole crawl to stop

    @property
    def is_published(self) -> bool:
        """Whether the build shows what this run brought: only when as many records arrived as were announced."""
        return self.verdict != "failed" and self.announced == self.stored + self.rejected


class Version(NamedTuple):
    """One version of a record: its payloads that differ in nothing that means something."""

    source: str
    registry_id: str
    sha256: str  # of its first payload
    media_type: str
    first_fetched_at: str
    last_fetched_at: str
    run_id: int  # the first run that brought it


class Rejection(NamedTuple):
    source: str
    registry_id: str | None
    url: str
    sha256: str
    reason: str


#: What `Archive.body` raises for bytes that cannot be had again.
DAMAGED = (KeyError, ValueError, zstandard.ZstdError)

#: Of zstd. Level 6 takes four times as long for 7 % less: 30 kB of a study become 5.5 kB in 90 microseconds.
_LEVEL = 3


class Archive:
    """An open archive.db; created when it is not there. Raises Unusable, on opening and later, for what is wrong with the file."""

    db: Connection

    def __init__(self, path: Path) -> None:
        self.path = path
        explained(path, path.parent.mkdir, parents=True, exist_ok=True)
        self.db = connect(path)
        self._refuse_newer()
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA foreign_keys = ON")
        self._update()
        self._prepare()

    @classmethod
    def read(cls, path: Path) -> Self:
        """An archive that is there, opened for reading only: also in a folder that may not be written to. One of an older form is
        first brought up to date."""
        archive = cls.__new__(cls)
        archive.path, archive.db = path, connect_to_read(path)
        archive._refuse_newer()
        if archive._form() < FORM:
            archive.db.close()
            cls(path).close()
            archive.db = connect_to_read(path)
        archive._prepare()
        return archive

    def _prepare(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def _form(self) -> int:
        return int(self.db.execute("PRAGMA user_version").fetchone()[0])

    def _refuse_newer(self) -> None:
        form = self._form()
        if form > FORM:
            self.db.close()
            raise Unusable(
                f"{self.path} was written by a newer harvester (form {form}; this one knows {FORM}): update the harvester; nothing was "
                "changed"
            )

    def _update(self) -> None:
        """Makes what is missing of the tables, or brings those of an older form up to date."""
        self.db.executescript(TABLES)
        for table, columns in LATER_COLUMNS.items():
            there = {row[1] for row in self.db.execute(f"PRAGMA table_info({table})")}
            for name in (name for name in columns if name not in there):
                self.db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
        if self._form() < FORM:
            self.db.execute(f"PRAGMA user_version = {FORM}")
            self.db.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Commits what was stored and closes."""
        self.db.commit()
        self.db.close()

    def commit(self) -> None:
        """Acknowledges everything stored so far."""
        self.db.commit()

    # ------------------------------------------------------------------------------------------------------ writing

    def start_run(self, registry: str, query: str, started_at: str, kind: Kind = "sweep", words: str = "") -> int:
        """A new row in `runs`; its number. `started_at` is ISO 8601 in UTC."""
        row = self.db.execute(
            "INSERT INTO runs (registry, query, started_at, kind, words) VALUES (?, ?, ?, ?, ?)",
            (registry, query, started_at, kind, words),
        )
        self.db.commit()
        return int(row.lastrowid or 0)

    def finish_run(self, run_id: int, verdict: Verdict, finished_at: str) -> None:
        """Writes the verdict into the run's row and commits."""
        self.db.execute(
            "UPDATE runs SET finished_at = ?, announced = ?, stored = ?, new = ?, changed = ?, unchanged = ?,"
            " rejected = ?, requests = ?, retries = ?, bytes = ?, verdict = ?, message = ?, withdrawn = ?, resumed = ?,"
            " keys_fingerprint = ?, new_keys = ?, vanished_keys = ? WHERE run_id = ?",
            (finished_at, verdict.announced, verdict.stored, verdict.new, verdict.changed, verdict.unchanged,
             verdict.rejected, verdict.requests, verdict.retries, verdict.bytes, verdict.verdict, verdict.message,
             verdict.withdrawn, verdict.resumed, verdict.keys_fingerprint, "\n".join(verdict.new_keys) or None,
             "\n".join(verdict.vanished_keys) or None, run_id),
        )  # fmt: skip
        self.db.commit()

    def store(self, run_id: int, record: RawRecord) -> Arrival:
        """Files a record's bytes and the fact that they were fetched; says whether they were known."""
        sha256 = hashlib.sha256(record.body).hexdigest()
        known = self.db.execute(
            "SELECT sha256, fingerprint, base_sha256 FROM payloads WHERE source = ? AND registry_id = ? ORDER BY rowid",
            (record.source, record.registry_id),
        ).fetchall()
        arrival: Arrival = "new"
        if known:
            arrival = "unchanged" if any(row[1] == record.fingerprint for row in known) else "changed"
        if not any(row[0] == sha256 for row in known):
            base, packed = self._pack(record.body, known[0][0] if known else None)
            self.db.execute(
                "INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (sha256, record.source, record.registry_id, record.media_type, record.fingerprint, base,
                 len(record.body), packed),
            )  # fmt: skip
        self.db.execute(
            "INSERT OR IGNORE INTO captures (run_id, sha256, url, fetched_at, head) VALUES (?, ?, ?, ?, ?)",
            (run_id, sha256, record.url, record.fetched_at, record.head or None),
        )
        return arrival

    def reject(
        self, run_id: int, source: str, registry_id: str | None, url: str, media_type: str, body: bytes, reason: str
    ) -> None:
        """Keeps bytes that are no record, with the reason as a sentence."""
        sha256 = hashlib.sha256(body).hexdigest()
        self.db.execute(
            "INSERT OR IGNORE INTO rejections (run_id, source, registry_id, url, sha256, media_type, reason, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (run_id, source, registry_id, url, sha256, media_type, reason, self._compressor.compress(body)),
        )

    def note_build(self, built_at: str, verdict: Literal["published", "closed", "accepted"], message: str) -> None:
        """Keeps what the gates said of a build, and who overruled them, and commits."""
        self.db.execute(
            "INSERT INTO builds (built_at, verdict, message) VALUES (?, ?, ?)", (built_at, verdict, message)
        )
        self.db.commit()

    def mark_absent(self, run_id: int, source: str, registry_id: str, seen_at: str) -> None:
        """Notes that the registry was asked for a record and no longer serves it."""
        self.db.execute("INSERT OR IGNORE INTO absences VALUES (?, ?, ?, ?)", (source, registry_id, run_id, seen_at))

    # ------------------------------------------------------------------------------------------------------ reading

    def body(self, sha256: str) -> bytes:
        """The bytes of a payload as they were fetched. Raises one of DAMAGED: KeyError when it is unknown."""
        row = self.db.execute("SELECT data, base_sha256, size FROM payloads WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise KeyError(sha256)
        data, base, size = row
        decompressor = self._decompressor
        if base is not None:
            decompressor = zstandard.ZstdDecompressor(dict_data=_difference_from(self.body(base)))
        body = bytes(decompressor.decompress(data, max_output_size=size))
        if hashlib.sha256(body).hexdigest() != sha256:
            raise ValueError(f"payload {sha256} is damaged: its bytes no longer match their sha256")
        return body

    def known(self, source: str) -> set[str]:
        """Registry ids of all records of a source."""
        return {
            row[0] for row in self.db.execute("SELECT DISTINCT registry_id FROM payloads WHERE source = ?", (source,))
        }

    def records(self) -> list[tuple[str, str]]:
        """(source, registry id) of every record, in the order of `versions`."""
        return self.db.execute("SELECT DISTINCT source, registry_id FROM payloads ORDER BY 1, 2").fetchall()

    def is_fruitless(self) -> bool:
        """Whether no run brought a record that may be shown, and not because registries have none: runs failed or fell short."""
        fell_short, brought = self.db.execute(
            "SELECT EXISTS (SELECT 1 FROM runs WHERE coalesce(verdict, '') <> 'complete'),"
            f" EXISTS (SELECT 1 FROM runs r WHERE {PUBLISHED} AND r.stored > 0)"
        ).fetchone()
        return bool(fell_short and not brought)

    def position(self) -> Position:
        """How far the archive goes now."""
        last = self.db.execute("SELECT coalesce(max(capture_id), 0) FROM captures").fetchone()[0]
        published = self.db.execute(f"SELECT run_id FROM runs r WHERE {PUBLISHED}")
        return Position(last, frozenset(row[0] for row in published))

    def news(self, then: Position) -> set[tuple[str, str]]:
        """(source, registry id) of records of which a capture came or a run was published, or no longer is, since `then`."""
        turned = json.dumps(sorted(self.position().published ^ then.published))
        rows = self.db.execute(
            "SELECT DISTINCT source, registry_id FROM payloads WHERE sha256 IN ("
            " SELECT sha256 FROM captures WHERE capture_id > ? UNION"
            " SELECT sha256 FROM captures WHERE run_id IN (SELECT value FROM json_each(?)))",
            (then.last_capture, turned),
        )
        return set(rows)

    def versions(self, records: Iterable[tuple[str, str]] | None = None) -> Iterator[Version]:
        """Every published version, of every record or of those asked for, ordered by record. Which payload stands for a
        version, and its times, do not depend on the order of arrival. What a run brought that fell short of what was
        announced waits here until a run that does not brings it again (`Verdict.is_published`)."""
        asked = ""
        if records is not None:
            self.db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS asked (source TEXT, registry_id TEXT, PRIMARY KEY (source, registry_id))"
            )
            self.db.execute("DELETE FROM temp.asked")
            self.db.executemany("INSERT INTO temp.asked VALUES (?, ?)", records)
            asked = "temp.asked CROSS JOIN "
        rows = self.db.execute(
            "SELECT p.source, p.registry_id, p.fingerprint, p.sha256, p.media_type, min(c.fetched_at), max(c.fetched_at),"
            f" min(c.run_id) FROM {asked}payloads p {'USING (source, registry_id)' if asked else ''}"
            f" JOIN captures c USING (sha256) JOIN runs r USING (run_id) WHERE {PUBLISHED}"
            " GROUP BY p.source, p.registry_id, p.fingerprint, p.sha256"
            " ORDER BY p.source, p.registry_id, p.fingerprint, min(c.fetched_at), p.sha256"
        )
        current: Version | None = None
        fingerprint = ""
        for source, registry_id, marker, sha256, media_type, first, last, run_id in rows:
            if current and (source, registry_id, marker) == (current.source, current.registry_id, fingerprint):
                last = max(current.last_fetched_at, last)
                current = current._replace(last_fetched_at=last, run_id=min(current.run_id, run_id))
                continue
            if current:
                yield current
            current, fingerprint = Version(source, registry_id, sha256, media_type, first, last, run_id), marker
        if current:
            yield current

    def sightings(self, source: str, registry_id: str) -> list[tuple[str, str, str, int]]:
        """Every published fetch of a record, in the order of time: (fingerprint, sha256, fetched_at, run_id)."""
        return self.db.execute(
            "SELECT p.fingerprint, p.sha256, c.fetched_at, c.run_id FROM payloads p JOIN captures c USING (sha256)"
            f" JOIN runs r USING (run_id) WHERE p.source = ? AND p.registry_id = ? AND {PUBLISHED}"
            " ORDER BY c.fetched_at, c.run_id, p.sha256",
            (source, registry_id),
        ).fetchall()

    def absences(self) -> dict[tuple[str, str], str]:
        """(source, registry id) -> when the registry first said, after the last capture, that it no longer serves it."""
        return {
            (source, registry_id): seen_at
            for source, registry_id, seen_at in self.db.execute(
                "SELECT a.source, a.registry_id, min(a.seen_at) FROM absences a WHERE (a.seen_at, a.run_id) > ("
                " SELECT c.fetched_at, c.run_id FROM payloads p JOIN captures c USING (sha256)"
                " WHERE p.source = a.source AND p.registry_id = a.registry_id ORDER BY 1 DESC, 2 DESC LIMIT 1)"
                " GROUP BY a.source, a.registry_id"
            )
        }

    def rejections(self) -> list[Rejection]:
        """Everything refused, each once."""
        return [
            Rejection(*row)
            for row in self.db.execute(
                "SELECT DISTINCT source, registry_id, url, sha256, reason FROM rejections ORDER BY source, url, sha256"
            )
        ]

    def last_build(self, verdict: str = "%") -> tuple[str, str, str] | None:
        """(time, verdict, message) of the last build, or of the last with this verdict."""
        row = self.db.execute(
            "SELECT built_at, verdict, message FROM builds WHERE verdict LIKE ? ORDER BY build_id DESC LIMIT 1",
            (verdict,),
        ).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def forgotten(self) -> int:
        """How many old versions were taken away by `harvester archive compact`: a catalogue that knew them is built anew."""
        return int(self.db.execute("SELECT coalesce(sum(versions), 0) FROM compactions").fetchone()[0])

    def runs(self, columns: Sequence[str]) -> list[tuple[object, ...]]:
        """All runs, oldest first, in these columns."""
        return self.db.execute(f"SELECT {', '.join(columns)} FROM runs ORDER BY run_id").fetchall()

    def state(self) -> str:
        """A text that changes whenever anything was added."""
        row = self.db.execute(
            "SELECT (SELECT max(capture_id) FROM captures), (SELECT max(rejection_id) FROM rejections),"
            " (SELECT count(*) FROM absences), (SELECT group_concat(run_id || coalesce(verdict, '')) FROM runs)"
        ).fetchone()
        return hashlib.sha256(repr(row).encode()).hexdigest()

    def _pack(self, body: bytes, base: str | None) -> tuple[str | None, bytes]:
        """(payload that this one is stored as its difference from, if any, packed bytes). A damaged one holds up no later version:
        that is stored whole."""
        if base is not None:
            try:
                difference = _difference_from(self.body(base))
            except DAMAGED:
                base = None
            else:
                return base, zstandard.ZstdCompressor(level=_LEVEL, dict_data=difference).compress(body)
        return base, self._compressor.compress(body)


def _difference_from(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
