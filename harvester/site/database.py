"""Site room: the catalogue file as the site reads it, also when a build swaps it while the site runs.

Datasette keeps one open connection a thread; after `os.replace` that connection would go on reading the old file. Here a
thread changes to the new file as soon as what is kept of it in memory has been made beside the old. All queries of one page
run in one call on one connection, so a page never mixes two catalogues. Called by every view through `read`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datasette.database import Database
from datasette.utils import sqlite_timelimit

from harvester.site.answers import Answers

if TYPE_CHECKING:
    from datasette.app import Datasette

T = TypeVar("T")
#: File system, file, size, time of writing: what tells one catalogue file from the next.
Identity = tuple[int, int, int, int]

Prepare = Callable[["Reading"], object]

#: Milliseconds that the queries of one page may take together.
PAGE_LIMIT = 15_000
#: Seconds between two looks for a new file.
_LOOK_EVERY = 0.5
#: Bytes of the longest value that a query may make: `zeroblob(1e9)` on the SQL page takes no memory.
_LONGEST_VALUE = 50_000_000


class NoCatalogue(Exception):
    """There is nothing to show; the message says what to do."""


class TooSlow(Exception):
    """A page's queries took longer than PAGE_LIMIT; the message says what to do."""


class Reading(sqlite3.Connection):
    """A connection that knows which file it reads."""

    identity: Identity | None = None


#: What was made of a catalogue file is kept for the newest file and the one before it, which a reader may still have open.
_FILES_KEPT = 2


def kept(make: Callable[[sqlite3.Connection], T]) -> Callable[[sqlite3.Connection], T]:
    """`make` at most once for each catalogue file; readers that come meanwhile wait for it."""
    made: dict[Identity, T] = {}
    lock = threading.Lock()

    @wraps(make)
    def once(db: sqlite3.Connection) -> T:
        identity = getattr(db, "identity", None)
        if identity is None:
            return make(db)
        if identity not in made:
            with lock:
                if identity not in made:
                    value = make(db)
                    while len(made) >= _FILES_KEPT:
                        made.pop(next(iter(made)))
                    made[identity] = value
                    return value
        return made[identity]

    return once


@contextmanager
def plain_text(db: sqlite3.Connection, rows: Any = None) -> Iterator[None]:
    """Texts read by SQLite itself, and rows as tuples: three times as fast as Datasette's settings, for hundreds of thousands."""
    held = db.text_factory, db.row_factory
    db.text_factory, db.row_factory = str, rows
    try:
        yield
    finally:
        db.text_factory, db.row_factory = held


class CatalogueFile(Database):  # type: ignore[misc]  # Datasette is not typed
    """A database file that may be replaced under the running site.

    A thread of its own looks for a new file, opens it and makes what is `kept` of it, while readers go on with the old one:
    nobody waits, but those who ask for what is `kept` of the first file of all while it is made. `prepare` makes what the new
    file is not shown without, `then` the rest.
    """

    def __init__(self, datasette: Any, path: str, is_mutable: bool, prepare: Prepare, then: Prepare) -> None:
        super().__init__(datasette, path=path, is_mutable=is_mutable)
        self._prepare, self._then = prepare, then
        self._held = threading.local()
        self._preparing = threading.Lock()
        self._prepared: Identity | None = None
        self._ready: list[Reading] = []  # connections to the prepared file, one for each thread that will ask
        self._counted: Identity | None = None
        self.answers = Answers()  # pages written from the catalogue that is shown
        self._closed = threading.Event()

    def watch(self) -> None:
        """Starts the thread that looks for new files; it ends with `close`."""
        threading.Thread(target=self._look, name=f"watch {self.path}", daemon=True).start()

    def _look(self) -> None:
        while not self._closed.is_set():
            with suppress(NoCatalogue):
                self._prepare_newest()
            self._closed.wait(_LOOK_EVERY)

    def close(self) -> None:
        self._closed.set()
        with self._preparing:
            super().close()

    def identity(self) -> Identity:
        """Raises NoCatalogue when the file has gone."""
        try:
            stat = Path(self.path).stat()
        except OSError as problem:
            raise NoCatalogue(f"{self.path} cannot be read: {problem.strerror}. Run `harvester build`.") from problem
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

    def open(self) -> Reading:
        """A connection to the file that is there now; Datasette's `connect` knows nothing of swaps. Raises NoCatalogue."""
        query = "mode=ro" if self.is_mutable else "immutable=1"
        while True:
            identity = self.identity()
            try:
                db = sqlite3.connect(f"file:{self.path}?{query}", uri=True, check_same_thread=False, factory=Reading)
            except sqlite3.OperationalError:
                if self.identity() == identity:
                    raise
                continue  # another file has come in its place
            if self.identity() == identity:
                db.identity = identity
                db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
                return db
            db.close()

    def _connection(self) -> Reading:
        """This thread's connection: to the file that is there now, or to the last one until that is prepared.

        Of the first file pages are shown that need nothing that is `kept`, while that is made.
        """
        identity = self.identity()
        held: Reading | None = getattr(self._held, "connection", None)
        if held is not None and held.identity in (identity, self._prepared):
            return held
        try:
            db = self._ready.pop()
        except IndexError:
            db = self._opened()
        self._held.connection = db
        if held is not None:
            self._closed_one(held)
        return db

    def _prepare_newest(self) -> None:
        """Opens the file that is there now, makes what is kept of it, and lets the threads change to it."""
        with self._preparing:
            if self._closed.is_set() or self.identity() == self._prepared:
                return
            first = self._opened()
            # A file that is no catalogue is told of by the page that reads it.
            with suppress(sqlite3.Error):
                self._prepare(first)
            ready = [self._opened() for _ in range(max(1, self.ds.setting("num_sql_threads")))]
            left, self._ready = self._ready, [db for db in ready if db.identity == first.identity]
            self._prepared, self.answers = first.identity, Answers()
            with suppress(sqlite3.Error):
                self._then(first)
            for db in [first, *left, *(db for db in ready if db.identity != first.identity)]:
                self._closed_one(db)

    def _opened(self) -> Reading:
        db = self.open()
        self._all_file_connections.append(db)
        self.ds._prepare_connection(db, self.name)
        return db

    def _closed_one(self, db: Reading) -> None:
        db.close()
        self._all_file_connections.remove(db)

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        if self.ds.executor is None:
            return fn(self._connection())
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.ds.executor, lambda: fn(self._connection()))

    async def table_counts(self, limit: int = 10) -> Any:
        # Datasette counts the rows of an immutable file once and keeps the numbers for ever.
        identity = self.identity()
        if self._counted not in (None, identity):
            self._cached_table_counts = self.cached_hash = self.cached_size = None
        self._counted = identity
        return await super().table_counts(limit)


def adopt(datasette: Any, prepare: Prepare, then: Prepare) -> None:
    """Puts a CatalogueFile in the place of each database file that Datasette opened; `prepare` and `then` make what is `kept` of it."""
    adopted = {}
    for name, database in datasette.databases.items():
        if database.path and not database.is_memory:
            file = CatalogueFile(datasette, database.path, database.is_mutable, prepare, then)
            file.name, file.route = name, database.route
            database.close()
            file.watch()
            adopted[name] = file
        else:
            adopted[name] = database
    datasette.databases = adopted


def catalogue_of(datasette: Datasette) -> CatalogueFile:
    """The file named `catalogue`, else the first one (a dated snapshot). Raises NoCatalogue when there is none."""
    files = [database for database in datasette.databases.values() if isinstance(database, CatalogueFile)]
    for file in sorted(files, key=lambda file: file.name != "catalogue"):
        return file
    raise NoCatalogue("No catalogue is open. Run `harvester refresh` or `harvester import`, then `harvester serve`.")


async def read(datasette: Datasette, fn: Callable[[sqlite3.Connection], T]) -> T:
    """What `fn` finds in the catalogue. Raises NoCatalogue, TooSlow."""

    def limited(db: sqlite3.Connection) -> T:
        try:
            with sqlite_timelimit(db, PAGE_LIMIT), plain_text(db, db.row_factory):
                return fn(db)
        except sqlite3.OperationalError as problem:
            if str(problem) == "interrupted":
                raise TooSlow("This took too long. Use more specific words or one filter fewer.") from problem
            if str(problem).startswith(("no such table", "no such column")):
                raise NoCatalogue(
                    f"This file is not a catalogue of this version ({problem}). Run `harvester build --full`."
                ) from problem
            raise

    return await catalogue_of(datasette).execute_fn(limited)


async def in_thread(datasette: Datasette, fn: Callable[[], T]) -> T:
    """Runs a piece of a long download beside the event loop."""
    if datasette.executor is None:
        return fn()
    return await asyncio.get_running_loop().run_in_executor(datasette.executor, fn)


def open_for_download(datasette: Datasette) -> sqlite3.Connection:
    """A connection of its own, so that a download of many rows comes from one catalogue whole. The caller closes it."""
    db = catalogue_of(datasette).open()
    db.row_factory = sqlite3.Row
    return db
