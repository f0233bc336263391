"""Site room: rows as CSV and JSON, streamed: RFC 4180, UTF-8, line breaks kept inside quotes, an empty cell for no value.

Called by `search` and `trial`. Rows come in pieces, so a download of any length needs little memory.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Protocol

from datasette.utils.asgi import AsgiStream


class _Writer(Protocol):
    def write(self, chunk: str) -> Awaitable[None]: ...


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as lines of CSV."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def attachment(name: str, media_type: str, chunks: Callable[[], AsyncIterator[str]]) -> AsgiStream:
    """An answer that a browser saves under `name`."""

    async def stream(out: _Writer) -> None:
        async for chunk in chunks():
            await out.write(chunk)

    safe = "".join(c if c.isalnum() and c.isascii() or c in "-_." else "-" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "X-Content-Type-Options": "nosniff"}
    return AsgiStream(stream, headers=headers, content_type=f"{media_type}; charset=utf-8")
