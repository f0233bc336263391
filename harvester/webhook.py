"""Harvester room: tells somebody's web address what a refresh came to. Called by `harvester refresh` at its end.

A message that does not arrive is a warning and changes nothing. The address is often a secret: it can stand in an environment
variable, and sentences name only its host.
"""

from __future__ import annotations

import http.client
import string
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

#: Seconds that a connection, and each part of an answer, may take.
PATIENCE = 5.0


class NotTold(Exception):
    """The message did not arrive. The message of the error is a sentence without the secret parts of the address."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message that is sent on would arrive as an empty GET, or somewhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post(written: str, message: object, environment: Mapping[str, str]) -> None:
    """POSTs a message as JSON. `written` is the key `webhook`: an address, `$NAME` in it an environment variable. Raises NotTold."""
    url = _address(written, environment)
    host = urlsplit(url).hostname
    request = urllib.request.Request(
        url, data=msgspec.json.encode(message), headers={"Content-Type": "application/json", "User-Agent": "Harvester"}
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=PATIENCE):
            pass
    except urllib.error.HTTPError as problem:
        problem.close()
        raise NotTold(f"the webhook at {host} answered {problem.code}: is its address right") from problem
    except (OSError, http.client.HTTPException, ValueError) as problem:
        cause = getattr(problem, "reason", None) or type(problem).__name__
        raise NotTold(f"the webhook at {host} could not be told ({cause}): is its address right, is it up") from problem


def _address(written: str, environment: Mapping[str, str]) -> str:
    try:
        url = string.Template(written).substitute(environment)
    except KeyError as problem:
        raise NotTold(
            f"webhook needs the environment variable {problem.args[0]}, which is not set: nobody was told"
        ) from None
    except ValueError:
        raise NotTold(
            "webhook holds a $ that begins no name of an environment variable: write $$ for the sign itself"
        ) from None
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise NotTold("webhook is no address that begins with https:// or http://: nobody was told")
    return url
