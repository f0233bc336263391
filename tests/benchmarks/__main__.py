"""`make bench`: what everything costs, each figure beside its bar and as a multiple of its floor; and the content hash.

    python -m tests.benchmarks              all figures, each group in a process of its own
    python -m tests.benchmarks NAME...      these groups of MEASURES
    python -m tests.benchmarks hash FILE    the hash over all tables of a catalogue
    python -m tests.benchmarks.linking, .refreshing, .sponsors [SIZE]      one of them, at any size

Reading is of the recorded payloads; linking, refreshing and sponsors are of generated ones. Times are CPU time, of all processes that took part,
so that what else the machine does matters little. The floor of reading is the bare parser over the same bytes (orjson, lxml); that of writing is `executemany` of the same
rows into tables without indexes.
"""

from __future__ import annotations

import gc
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lxml.etree
import lxml.html
import orjson

import normalize
from harvester import catalogue
from harvester.archive import Archive
from harvester.build import build, content_hash
from harvester.imports import files_of, import_files
from harvester.rows import RecordKey, RecordProvenance
from normalize import eligibility, eligibility_facts, measures, sections
from normalize.schema import Record
from spiders.payloads import Piece, cut
from tests.benchmarks import comparing as comparison
from tests.benchmarks.judging import judging
from tests.benchmarks.linking import linking
from tests.benchmarks.loading import loading
from tests.benchmarks.refreshing import refreshing
from tests.benchmarks.relating import relating
from tests.benchmarks.sponsors import naming
from tests.benchmarks.swapping import swapping
from tests.benchmarks.table import HEAD, line

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "recorded"
#: Each folder is read so often that a figure stands on at least this many seconds.
SECONDS = 2.0
NCT = re.compile(rb"NCT\d{8}")


def pieces(source: str, folder: str) -> list[Piece]:
    found = []
    for file, _ in files_of([RECORDED / folder]):
        with file.open("rb") as stream:
            found += [piece for piece in cut(source, stream, lambda note: None) if piece.registry_id]
    return found


def forget() -> None:
    """Texts that were read in a round before are read again in the next."""
    for kept in (eligibility._field, sections.heading, measures._of_criterion, eligibility_facts._said):
        kept.cache_clear()


def rate(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Items a second of CPU time, the best of several rounds, with the collector of cyclic garbage off, as the build reads."""
    gc.collect()
    gc.disable()
    best, spent = 0.0, 0.0
    while spent < SECONDS:
        forget()
        begin = time.process_time()
        for item in items:
            work(item)
        took = time.process_time() - begin
        best, spent = max(best, len(items) / took), spent + took
    gc.enable()
    return best


def to_rows(source: str, piece: Piece) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """From payload bytes to the rows of all tables."""
    record: Record = normalize.normalize(source, piece.body, piece.media_type)
    key = RecordKey(f"{source}:{record.registry_id}", None, source)
    provenance = RecordProvenance("2026-01-01T00:00:00Z", "0" * 64, normalize.version(), None)
    rows = [("records", [catalogue.record_row(key, record, provenance)])]
    return [*rows, *catalogue.child_rows(key.record_id, record)]


def reading() -> None:
    cases: list[tuple[str, str, list[Piece], Callable[[Piece], object], int]] = [
        ("ClinicalTrials.gov study", "ctgov", pieces("ctgov", "ctgov/studies"), lambda p: orjson.loads(p.body), 1000),
        ("EUCTR text record", "euctr", pieces("euctr", "euctr/text"), lambda p: p.body.decode().splitlines(), 1000),
        ("ICTRP XML trial", "ictrp", pieces("ictrp", "ictrp/xml"), lambda p: lxml.etree.fromstring(p.body), 3000),
        ("ICTRP page", "ictrp", pieces("ictrp", "ictrp/html"), lambda p: lxml.html.document_fromstring(p.body), 60),
    ]
    for name, source, found, floor, bar in cases:
        ours = rate(lambda piece, source=source: to_rows(source, piece), found)  # type: ignore[misc]
        bare = rate(floor, found)
        print(
            line(f"{name} to rows", ours, "/s", at_least=bar, floor=bare, note=f"floor {bare:,.0f}/s, the bare parser")
        )


def criteria() -> None:
    """Eligibility texts of the recorded studies -> criteria and limits; what was read in a round before is forgotten."""
    texts = []
    for piece in pieces("ctgov", "ctgov/studies"):
        raw = normalize.normalize("ctgov", piece.body, piece.media_type).eligibility_raw
        if raw:
            texts.append(raw)
    quickest = floor = float("inf")
    for _ in range(8):
        forget()
        begin = time.process_time()
        for raw in texts:
            eligibility.parse([("unspecified", raw)])
        read = time.process_time()
        for raw in texts:
            set(raw.split())
        quickest, floor = min(quickest, read - begin), min(floor, time.process_time() - read)
    pace, bare = len(texts) / quickest, len(texts) / floor
    note = f"quickest of 8; floor {bare:,.0f}/s, the set of its words"
    print(line("eligibility text", pace, "/s", at_least=3000, floor=bare, note=note))


#: The recorded studies are taken so often, under numbers of their own, that the costs of a start do not hide the pace.
COPIES = 8


def writing(found: list[Piece]) -> float:
    """Records a second that `executemany` alone writes: the floor of import and build."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for piece in found:
        for table, more in to_rows("ctgov", piece):
            rows[table] += more
    db = sqlite3.connect(":memory:")
    catalogue.create(db)
    begin = time.process_time()
    for table, more in rows.items():
        db.executemany(catalogue.insert_into(table), more)
    pace = len(found) / (time.process_time() - begin)
    db.close()
    return pace


def spent() -> float:
    """Processor seconds of this process and of the readers that its builds had beside them."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def end_to_end() -> None:
    found = pieces("ctgov", "ctgov/studies")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for copies in (1, COPIES):
            file = place / f"{copies}.ndjson"
            with file.open("wb") as out:
                for number, piece in enumerate(found * copies, 90_000_000):
                    out.write(
                        NCT.sub(b"NCT%08d" % number, b" ".join(piece.body.split(b"\n"))).replace(b"\r", b"") + b"\n"
                    )
            begin = spent()
            with Archive(place / f"{copies}.db") as archive:
                import_files(archive, "ctgov", [(file, file.name)])
            imported = spent()
            build(place / f"{copies}.db", place / f"catalogue-{copies}.db")
            done = spent()
            build(place / f"{copies}.db", place / f"catalogue-{copies}.db")
            again = spent()
            count = len(found) * copies
            note = f"import {imported - begin:.2f} s, build {done - imported:.2f} s, build again {again - done:.3f} s"
            pace = count / (done - begin)
            print(
                line(f"import and build, {count:,} studies", pace, "/s", at_least=400, floor=writing(found), note=note)
            )


def memory() -> None:
    """Peak memory while a large ICTRP export without an end, 500 MB, is imported."""
    trial = (RECORDED / "ictrp" / "xml" / "ICTRP-Results_2020-03-18.xml").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.xml"
        with large.open("wb") as out:
            while out.tell() < 500_000_000:
                out.write(trial)
            out.write(b"<Trial><TrialID>")
        child = os.fork()
        if child == 0:
            with Archive(Path(folder) / "archive.db") as archive:
                done = import_files(archive, "ictrp", [(large, large.name)])
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            note = f"{done.records:,} records, {len(done.refusals)} rejected"
            print(line("memory, 500 MB export, broken end", peak, "MB", at_most=500, note=note))
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


def comparing() -> None:
    note = f"quickest of {comparison.ROUNDS}"
    print(line("compare 10 trials of 60 criteria", comparison.milliseconds(), "ms", at_most=300, note=note))


#: In this order. Each begins in a fresh process: its memory is its own, and no fork comes after another one's threads.
MEASURES: dict[str, Callable[[], None]] = {
    measure.__name__: measure
    for measure in (
        comparing, memory, criteria, reading, end_to_end, linking, naming, relating, refreshing, judging, loading, swapping,
    )
}  # fmt: skip


def main() -> None:
    asked = sys.argv[1:]
    if asked[:1] == ["hash"] and len(asked) == 2:
        print(content_hash(Path(asked[1])))
        return
    if unknown := [name for name in asked if name not in MEASURES]:
        sys.exit(f"No measure is called {', '.join(unknown)}. There are: {', '.join(MEASURES)}; and `hash FILE`.")
    if not RECORDED.is_dir():
        sys.exit("make bench needs the recorded payloads in ../shared/recorded")
    if len(asked) == 1:
        MEASURES[asked[0]]()
        return
    print(HEAD, flush=True)
    failed = [
        name
        for name in asked or MEASURES
        if subprocess.run([sys.executable, "-m", "tests.benchmarks", name]).returncode
    ]
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
