"""Site room: a search or a trial whole, as CSV and JSON.

CSV is RFC 4180 in UTF-8: line breaks kept inside quotes, an empty cell for no value, columns as in the data dictionary. A search
is streamed in pieces on a connection of its own: all its trials, all from one catalogue. Routes: `/search.csv`, `/search.xlsx`, `/search.ris`, `/search.json`,
and for `trial` the two forms of one trial.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import AsgiFileDownload, AsgiStream, Request, Response

from harvester.catalogue_tables import TABLES
from harvester.cells import csv_text
from harvester.export_files import write_xlsx
from harvester.references import ris
from harvester.site import queries
from harvester.site.database import in_thread, open_for_download
from harvester.site.finding import find
from harvester.site.wanted import Wanted, wanted

if TYPE_CHECKING:
    from datasette.app import Datasette

_ROWS_A_CHUNK = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Whether the package for worksheets is installed; without it no page offers them.
MAKES_XLSX = find_spec("xlsxwriter") is not None
_NAMES = TABLES["trials"].names


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def headers_for(name: str) -> dict[str, str]:
    """A browser saves the answer under `name`."""
    safe = "".join(c if (c.isalnum() and c.isascii()) or c in "-_." else "-" for c in name)
    return {"Content-Disposition": f'attachment; filename="{safe}"'}


async def _streamed(
    datasette: Datasette,
    search: Wanted,
    head: Callable[[sqlite3.Connection, int], str],
    rows_text: Callable[[Iterable[tuple[Any, ...]], bool], str],
    tail: str,
    name: str,
    media_type: str,
) -> AsgiStream:
    """All trials of a search: a head made of their number, the rows (told which piece is the first), a tail."""
    db = open_for_download(datasette)
    try:
        rowids = await in_thread(datasette, lambda: find(db, search).ordered(db, search.order))
        beginning = await in_thread(datasette, lambda: head(db, len(rowids)))
    except sqlite3.Error:
        db.close()
        raise

    def piece(start: int) -> str:
        return rows_text(queries.whole_trials(db, rowids[start : start + _ROWS_A_CHUNK]), start == 0)

    async def chunks() -> AsyncIterator[str]:
        yield beginning
        for start in range(0, len(rowids), _ROWS_A_CHUNK):
            yield await in_thread(datasette, lambda: piece(start))  # noqa: B023  (awaited before the next turn)
        yield tail

    async def stream(out: Any) -> None:
        try:
            async for chunk in chunks():
                await out.write(chunk)
        finally:
            db.close()

    return AsgiStream(stream, headers=headers_for(name), content_type=f"{media_type}; charset=utf-8")


async def search_csv(datasette: Datasette, request: Request) -> AsgiStream:
    """`/search.csv`: every trial of the search, in its order, with all columns of `trials`."""
    return await _streamed(
        datasette,
        wanted(request),
        head=lambda db, count: csv_text([_NAMES]),
        rows_text=lambda rows, is_first: csv_text(rows),
        tail="",
        name="trials.csv",
        media_type="text/csv",
    )


class _Passing(AsgiFileDownload):  # type: ignore[misc]  # Datasette is not typed
    """A file that is sent and then removed with its folder."""

    def __init__(self, folder: TemporaryDirectory[str], file: Path, name: str) -> None:
        super().__init__(file, content_type=XLSX, headers=headers_for(name))
        self.folder = folder

    async def asgi_send(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        with self.folder:
            await super().asgi_send(send)


async def search_xlsx(datasette: Datasette, request: Request) -> AsgiFileDownload:
    """`/search.xlsx`: every trial of the search as a worksheet, all text as text: no phase becomes a day."""
    search = wanted(request)
    db = open_for_download(datasette)
    folder = TemporaryDirectory(prefix="harvester-")
    file = Path(folder.name) / "trials.xlsx"

    def written() -> None:
        rowids = find(db, search).ordered(db, search.order)
        starts = range(0, len(rowids), _ROWS_A_CHUNK)
        rows = chain.from_iterable(queries.whole_trials(db, rowids[at : at + _ROWS_A_CHUNK]) for at in starts)
        write_xlsx("trials", TABLES["trials"].columns, rows, file)

    try:
        await in_thread(datasette, written)
    finally:
        db.close()
    return _Passing(folder, file, file.name)


async def search_ris(datasette: Datasette, request: Request) -> AsgiStream:
    """`/search.ris`: every trial of the search as a reference, for Zotero, Covidence, EndNote."""
    return await _streamed(
        datasette,
        wanted(request),
        head=lambda db, count: "",
        rows_text=lambda rows, is_first: ris(dict(zip(_NAMES, row, strict=True)) for row in rows),
        tail="",
        name="trials.ris",
        media_type="application/x-research-info-systems",
    )


async def search_json(datasette: Datasette, request: Request) -> AsgiStream:
    """`/search.json`: what was asked, the sources with their terms, and every trial of the search."""
    search = wanted(request)

    def head(db: sqlite3.Connection, count: int) -> str:
        too = find(db, search).matching.also
        about = {"search": search.pairs, "looked_for_too": too, "count": count, "sources": queries.sources(db)}
        return json_text(about)[:-1] + ', "trials": ['

    def rows_text(rows: Iterable[tuple[Any, ...]], is_first: bool) -> str:
        text = ",\n".join(json_text(dict(zip(_NAMES, row, strict=True))) for row in rows)
        return ("\n" if is_first else ",\n") + text

    return await _streamed(datasette, search, head, rows_text, "\n]}\n", "trials.json", "application/json")


def _whole(db: sqlite3.Connection, trial_id: str) -> dict[str, Any]:
    """Everything that the catalogue holds on one trial, table by table."""
    return {
        "trials": [queries.trial(db, trial_id)],
        "records": queries.records_of(db, trial_id),
        **queries.below_records(db, trial_id),
        "trial_links": queries.links_of(db, trial_id),
        "discrepancies": queries.discrepancies_of(db, trial_id),
        "versions": queries.versions_of(db, trial_id),
    }


def trial_json(db: sqlite3.Connection, trial_id: str) -> Response:
    """A trial with its records, and each record with the rows of every table that hangs below it."""
    tables = _whole(db, trial_id)
    below = {
        name: rows
        for name, rows in tables.items()
        if rows and "record_id" in rows[0] and name not in ("records", "trial_links", "discrepancies")
    }
    records = [
        {
            **record,
            **{name: [row for row in rows if row["record_id"] == record["record_id"]] for name, rows in below.items()},
        }
        for record in tables["records"]
    ]
    found = {
        "trial": tables["trials"][0],
        "records": records,
        "trial_links": tables["trial_links"],
        "discrepancies": tables["discrepancies"],
        "sources": queries.sources(db),
    }
    return Response(
        json_text(found) + "\n",
        content_type="application/json; charset=utf-8",
    )


def trial_csv(db: sqlite3.Connection, trial_id: str) -> Response:
    """A trial in long form, one value a line; columns without a value are left out."""
    lines: list[Sequence[Any]] = [("trial_id", "record_id", "table", "ordinal", "column", "value")]
    for table, rows in _whole(db, trial_id).items():
        for n, row in enumerate(rows, 1):
            record_id = row.get("record_id")
            for column in TABLES[table].names:
                if row[column] is not None and column not in ("trial_id", "record_id", "ordinal"):
                    lines.append((trial_id, record_id, table, row.get("ordinal", n), column, row[column]))
    return Response(csv_text(lines), headers=headers_for(f"{trial_id}.csv"), content_type="text/csv; charset=utf-8")
