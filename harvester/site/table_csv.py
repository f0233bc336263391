"""Site room: the CSV that Datasette makes of tables and queries, with its cells defused as in all other CSV files (`cells`).

Called by the plugin's `asgi_wrapper`. Datasette sends a row at a time, and what went wrong in the middle of a file as if it were one more
row: here the answer breaks off instead, which no reader takes for a whole file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from harvester.cells import defused
from harvester.site.safety import App, Message, Send

#: One cell of a row that Python's csv has written.
_CELL = re.compile(r'"[^"]*(?:""[^"]*)*"|[^,\r\n"]+')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


class BrokenOff(Exception):
    """A file that could not be made to its end; the message is Datasette's."""


def defused_row(row: str) -> str:
    """A row with an apostrophe before each text that a spreadsheet would run; numbers stay as they are."""
    return _CELL.sub(lambda cell: cell[0] if _NUMBER.fullmatch(cell[0]) else _defused(cell[0]), row)


def _defused(cell: str) -> str:
    quote, text = ('"', cell[1:]) if cell.startswith('"') else ("", cell)
    return f"{quote}{defused(text)}"


def defusing(app: App, is_ours: Callable[[str], bool]) -> App:
    """The same application, its CSV defused but for what the site's own pages give; `is_ours` tells these by their path."""

    async def with_defused(scope: Any, receive: Any, send: Send) -> None:
        path = scope.get("path", "")
        if not path.endswith(".csv") or is_ours(path):
            await app(scope, receive, send)
            return
        is_csv = False

        async def sent(message: Message) -> None:
            nonlocal is_csv
            if message["type"] == "http.response.start":
                is_csv = message["status"] == 200
            elif is_csv and message.get("body"):
                row = message["body"].decode()
                if not row.endswith("\r\n"):
                    raise BrokenOff(row)
                message = {**message, "body": defused_row(row).encode()}
            await send(message)

        await app(scope, receive, sent)

    return with_defused
