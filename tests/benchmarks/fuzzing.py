"""Damaged payloads for every normalizer: no exception escapes, nothing is lost, each takes bounded time.

    python -m tests.benchmarks.fuzzing                        100,000 payloads for each normalizer
    python -m tests.benchmarks.fuzzing --payloads 5000 euctr  fewer, for one
    python -m tests.benchmarks.fuzzing --again 4711 ctgov     one of them again, with the traceback

Payloads are the samples of the project and, where they lie beside it, recorded ones, damaged by `mutations`. A damaged payload
goes the whole way: cut by the spider's room as an imported file is, read by the normalizer, written as rows into the catalogue's own
tables. It must end as the row of a record or as a refusal with a reason.
"""

from __future__ import annotations

import argparse
import io
import random
import sqlite3
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct, field

import normalize
from harvester import catalogue
from harvester.catalogue import insert_into
from harvester.keys import keys_of
from harvester.registries import REGISTRIES
from harvester.rows import RecordKey, RecordProvenance
from normalize.schema import Unreadable
from spiders.payloads import Piece, cut
from tests.benchmarks.mutations import mutated

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "recorded"
#: Recorded payloads of each registry; a larger one would only make the run longer.
FOLDERS = {
    "ctgov": ("ctgov/studies", "ctgov/partial"),
    "euctr": ("euctr/text", "euctr/html"),
    "ictrp": ("ictrp/xml", "ictrp/csv", "ictrp/html"),
    "ctis": ("ctis/retrieve", "ctis/before-2024-06-17"),
    "isrctn": ("isrctn/xml",),
}
LARGEST = 16_000
#: Of so many whole payloads of a registry one is drawn.
MOST = 300
#: Seconds of processor time that a payload may take, and more for each megabyte of it.
SECONDS, SECONDS_A_MEGABYTE = 1.0, 15.0


class Figures(Struct):
    """What became of a registry's damaged payloads."""

    source: str
    payloads: int = 0
    records: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_at: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)  # sentence -> how often
    examples: dict[str, int] = field(default_factory=dict)  # sentence -> place of the first

    def told(self) -> str:
        head = (
            f"{self.source:7} {self.payloads:9,} payloads: {self.records:9,} records, {self.refused:9,} refused, "
            f"{sum(self.faults.values()):,} faults; {self.seconds:,.0f} s, slowest {self.slowest:.2f} s (payload {self.slowest_at})"
        )
        return "\n".join(
            [
                head,
                *(
                    f"    {count} x {sentence} (payload {self.examples[sentence]})"
                    for sentence, count in self.faults.most_common()
                ),
            ]
        )


def whole(source: str, recorded: bool = True) -> list[bytes]:
    """Whole payloads of a registry: the project's own, then recorded ones where they are."""
    own = [ROOT / "harvester" / "sample" / "records" / source, ROOT / "tests" / "fixtures" / source]
    folders = [*own, *(RECORDED / name for name in (FOLDERS[source] if recorded else ()))]
    found: dict[bytes, None] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if not file.is_file() or file.name.startswith(("expected", "README", ".")):
                continue
            with file.open("rb") as stream:
                bodies = [piece.body for piece in cut(source, stream, lambda note: None)]
            found |= dict.fromkeys(body for body in bodies if len(body) <= LARGEST)
    return list(found)[:MOST]


def damaged(source: str, bodies: Sequence[bytes], count: int, first: int = 0) -> Iterator[tuple[int, bytes]]:
    """(place, payload): `count` damaged payloads; the same place gives the same payload."""
    for place in range(first, first + count):
        rng = random.Random(f"{source} {place}")
        yield place, mutated(rng.choice(bodies), rng)


def tables() -> sqlite3.Connection:
    """Empty tables of a catalogue, in memory."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    catalogue.create(db)
    return db


def tried(db: sqlite3.Connection, source: str, body: bytes) -> tuple[int, int]:
    """(records, refusals) that a file of these bytes becomes. Raises what a rule of ours raises."""
    pieces = list(cut(source, io.BytesIO(body), lambda note: None))
    if not pieces:
        raise AssertionError("the payload became no piece: neither a record nor a refusal")
    outcomes = [_becomes_record(db, source, piece) for piece in pieces]
    return sum(outcomes), len(outcomes) - sum(outcomes)


def _becomes_record(db: sqlite3.Connection, source: str, piece: Piece) -> bool:
    """Whether a piece becomes rows. The rows are written and taken back."""
    if piece.registry_id is None:
        if not piece.reason:
            raise AssertionError("a refusal without a reason")
        return False
    keys_of(piece.body, piece.media_type)
    try:
        record = normalize.normalize(source, piece.body, piece.media_type)
    except Unreadable as reason:
        if len(str(reason)) < 10:
            raise AssertionError(f"a refusal that says nothing: {reason!s}") from reason
        return False
    key = RecordKey(f"{source}:{piece.registry_id}", None, source)
    provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, "0" * 12, None)
    db.execute("BEGIN")
    try:
        db.execute(insert_into("records"), catalogue.record_row(key, record, provenance))
        for table, rows in catalogue.child_rows(key.record_id, record):
            db.executemany(insert_into(table), rows)
    finally:
        db.execute("ROLLBACK")
    return True


def fuzz(source: str, bodies: Sequence[bytes], count: int, first: int = 0) -> Figures:
    """Tries `count` damaged payloads of a registry."""
    figures = Figures(source)
    db = tables()
    begun = time.process_time()
    for place, body in damaged(source, bodies, count, first):
        start = time.process_time()
        try:
            records, refused = tried(db, source, body)
        except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
            _note(figures, f"{type(error).__name__} in {_whence(error)}: {str(error)[:100]}", place)
        else:
            figures.records += records
            figures.refused += refused
        took = time.process_time() - start
        if took > figures.slowest:
            figures.slowest, figures.slowest_at = took, place
        if took > SECONDS + SECONDS_A_MEGABYTE * len(body) / 1e6:
            _note(figures, f"too slow: {took:.0f} s for {len(body) // 1000} kB", place)
        figures.payloads += 1
    figures.seconds = time.process_time() - begun
    db.close()
    return figures


def _note(figures: Figures, sentence: str, place: int) -> None:
    figures.faults[sentence] += 1
    figures.examples.setdefault(sentence, place)


def _whence(error: Exception) -> str:
    """File and function of ours that an exception came from."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if str(ROOT) in frame.filename]
    return f"{Path(ours[-1].filename).name}, {ours[-1].name}" if ours else "a library"


def main() -> None:
    parser = argparse.ArgumentParser(description="Damaged payloads for every normalizer.")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help=f"any of {', '.join(REGISTRIES)}; default all")
    parser.add_argument("--payloads", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--again", type=int)
    given = parser.parse_args()
    if unknown := [source for source in given.sources if source not in REGISTRIES]:
        parser.error(f"no registry is called {', '.join(unknown)}; there are {', '.join(REGISTRIES)}")
    faults = 0
    for source in given.sources or REGISTRIES:
        bodies = whole(source)
        if given.again is not None:
            [(_, body)] = damaged(source, bodies, 1, given.again)
            begun = time.process_time()
            print(len(body), body[:300])
            print(tried(tables(), source, body), f"{time.process_time() - begun:.2f} s")
            continue
        figures = fuzz(source, bodies, given.payloads, given.first)
        faults += sum(figures.faults.values())
        print(f"{len(bodies)} whole payloads, {sum(map(len, bodies)) // max(len(bodies), 1):,} bytes on average")
        print(figures.told(), flush=True)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
