"""Site room: what every answer carries, so that a browser runs, loads and frames nothing that is not this site's.

Called by the plugin's `asgi_wrapper`: Datasette's own pages, static files, downloads and errors go through it too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Any, Send], Awaitable[None]]

#: Registry text is escaped; should some slip through one day, the browser still runs and loads nothing of it. No page has
#: script or style of its own within, Datasette's neither: their templates are ours.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_NAMES = {name for name, _ in _RAW}


def guarded(app: App) -> App:
    """The same application, each of its answers with HEADERS."""

    async def with_headers(scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in _NAMES]
                message = {**message, "headers": own + _RAW}
            await send(message)

        await app(scope, receive, sent)

    return with_headers
