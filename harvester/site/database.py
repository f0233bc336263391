"""Site room: the catalogue file as the site reads it, also when a build swaps it while the site runs.

Datasette keeps one open connection a thread; after `os.replace` that connection would go on reading the old file. Here a
thread looks at the file before each use and opens it anew when it is another one. All queries of one page run in one
call on one connection, so a page never mixes two catalogues. Called by every view through `read`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from datasette.database import Database
from datasette.utils import sqlite_timelimit

if TYPE_CHECKING:
    from datasette.app import Datasette

T = TypeVar("T")
#: File system, file, size, time of writing: what tells one catalogue file from the next.
Identity = tuple[int, int, int, int]

#: Milliseconds that the queries of one page may take together.
PAGE_LIMIT = 15_000


class NoCatalogue(Exception):
    """There is nothing to show; the message says what to do."""


class TooSlow(Exception):
    """A page's queries took longer than PAGE_LIMIT; the message says what to do."""


class CatalogueFile(Database):  # type: ignore[misc]  # Datasette is not typed
    """A database file that may be replaced under the running site."""

    def __init__(self, datasette: Any, path: str, is_mutable: bool) -> None:
        super().__init__(datasette, path=path, is_mutable=is_mutable)
        self._held = threading.local()
        self._counted: Identity | None = None

    def identity(self) -> Identity:
        """Raises NoCatalogue when the file has gone."""
        try:
            stat = Path(self.path).stat()
        except OSError as problem:
            raise NoCatalogue(f"{self.path} cannot be read: {problem.strerror}. Run `harvester build`.") from problem
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection to the file that is there now."""
        identity = self.identity()
        held: tuple[Identity, sqlite3.Connection] | None = getattr(self._held, "connection", None)
        if held is not None:
            if held[0] == identity:
                return held[1]
            held[1].close()
            self._all_file_connections.remove(held[1])
        db: sqlite3.Connection = self.connect()
        self.ds._prepare_connection(db, self.name)
        self._held.connection = (identity, db)
        return db

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


def adopt(datasette: Any) -> None:
    """Puts a CatalogueFile in the place of each database file that Datasette opened."""
    adopted = {}
    for name, database in datasette.databases.items():
        if database.path and not database.is_memory:
            file = CatalogueFile(datasette, database.path, database.is_mutable)
            file.name, file.route = name, database.route
            database.close()
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
            with sqlite_timelimit(db, PAGE_LIMIT):
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
    file = catalogue_of(datasette)
    file.identity()
    query = "mode=ro" if file.is_mutable else "immutable=1"
    db = sqlite3.connect(f"file:{file.path}?{query}", uri=True, check_same_thread=False)
    db.row_factory = sqlite3.Row
    return db
