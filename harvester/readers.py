"""Readers: processes that read the payloads of a full build beside it, for that is most of its work. Called by `harvester.build`.

Each opens the archive for reading and answers lists of records with their rows. The build reads lists itself while all of them are
busy, and alone writes, in the order in which one process would have read: the catalogue is the same. A few lists are under way at any
time, so memory does not grow with the archive. A reader ends when its stdin is closed: with its work, or with the process that started it.
"""

from __future__ import annotations

import gc
import marshal
import os
import pickle
import sqlite3
import sys
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from subprocess import Popen

from harvester import catalogue
from harvester.archive import Archive
from harvester.beside import beside
from harvester.catalogue import insert_into
from harvester.checks import BuildFailed
from harvester.reading import Chunk, Progress, Reader

#: Records of one list, and how many there must be before a reader, which takes a third of a second to start, is worth it.
_LIST = 100
_MANY = 2_000
#: More processes than this find more than one can write.
_MOST = 4


def hands(archive: Archive) -> int:
    """How many processes should read in a full build of this archive, the build's own among them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST) if len(archive.records()) >= _MANY else 1


def read_side_by_side(
    archive: Archive, db: sqlite3.Connection, publish_contacts: bool, progress: Progress, hands: int
) -> int:
    """Fills the empty tables as `reading.read` does, with `hands` processes; the number of payloads that were read.

    Raises what reading raises, and BuildFailed when a reader ends without a word.
    """
    records = archive.records()
    done = read = 0
    with closing(_chunks(archive, Reader(archive, db, publish_contacts), publish_contacts, hands - 1)) as chunks:
        for chunk in chunks:
            for table, rows in chunk.rows.items():
                db.executemany(insert_into(table), rows)
            done, read = done + chunk.records, read + chunk.read
            progress(done, len(records))
    return read


def _chunks(archive: Archive, here: Reader, publish_contacts: bool, readers: int) -> Generator[Chunk, None, None]:
    """What was read, in the order of the records. What readers answer waits for its turn as bytes: rows take several times as much."""
    records = archive.records()
    with ExitStack() as at_the_end:
        # Whoever leaves ends the readers first, so that no thread waits for one.
        threads = at_the_end.enter_context(ThreadPoolExecutor(readers))
        idle: SimpleQueue[Popen[bytes]] = SimpleQueue()
        for _ in range(readers):
            idle.put(at_the_end.enter_context(_reader(archive.path, publish_contacts)))

        def ask(asked: list[tuple[str, str]]) -> bytes:
            reader = idle.get()
            try:
                return _ask(reader, asked)
            finally:
                idle.put(reader)

        under_way: deque[Future[bytes] | Chunk] = deque()
        for start in range(0, len(records), _LIST):
            asked = records[start : start + _LIST]
            if sum(not _is_read(one) for one in under_way) < 3 * readers:  # one at work, two to go on with
                under_way.append(threads.submit(ask, asked))
            else:
                under_way.append(here.read_new(asked))
            while under_way and (_is_read(under_way[0]) or len(under_way) > 4 * readers):
                yield _chunk(under_way.popleft())
        while under_way:
            yield _chunk(under_way.popleft())


def _is_read(one: Future[bytes] | Chunk) -> bool:
    return isinstance(one, Chunk) or one.done()


def _chunk(one: Future[bytes] | Chunk) -> Chunk:
    return one if isinstance(one, Chunk) else Chunk(*marshal.loads(one.result()))


@contextmanager
def _reader(path: Path, publish_contacts: bool) -> Iterator[Popen[bytes]]:
    process = beside("from harvester.readers import child; child()")
    assert process.stdin and process.stdout
    try:
        pickle.dump((path, publish_contacts), process.stdin)
        process.stdin.flush()
        yield process
    finally:
        process.kill()  # it only reads
        process.wait()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()


def _ask(reader: Popen[bytes], records: list[tuple[str, str]]) -> bytes:
    """A Chunk as bytes of `marshal`, which for plain rows takes half the time of pickle."""
    assert reader.stdin and reader.stdout
    try:
        pickle.dump(records, reader.stdin)
        reader.stdin.flush()
        answer: bytes | Exception = pickle.load(reader.stdout)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError) as problem:
        raise BuildFailed(
            "a process that read payloads was ended from outside (is memory short?); the old catalogue stands: build again"
        ) from problem
    if isinstance(answer, Exception):
        raise answer
    return answer


def child() -> None:
    """The work of a reader: answers what stdin asks until it is closed."""
    gc.disable()  # as the build itself
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    with closing(sqlite3.connect(":memory:")) as nothing, suppress(EOFError):
        path, publish_contacts = pickle.load(requests)
        catalogue.create(nothing)
        reader: Reader | None = None
        while True:
            asked = pickle.load(requests)
            answer: bytes | Exception
            try:
                reader = reader or Reader(Archive.read(path), nothing, publish_contacts)
                answer = marshal.dumps(tuple(reader.read_new(asked)))
            except Exception as problem:  # noqa: BLE001 - told to the process that asked, which raises it
                answer = problem
            try:
                pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
                answers.flush()
            except BrokenPipeError:
                os._exit(1)  # nobody is left to tell anything
            del answer
