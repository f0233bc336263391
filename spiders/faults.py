"""Spiders room: what ends a run early, as sentences: registry, cause, way out. Pure; used by the spiders and by the middlewares of
`harvester.politeness`.
"""

from __future__ import annotations

import datetime
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from scrapy import exceptions
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.http import Response
from twisted.internet.error import ConnectError, ConnectionClosed


class Fault(Exception):
    """The run of a registry cannot go on. The message is a sentence: registry, cause, way out."""


#: What each failure of a connection means, in the order in which they are tried.
_CONNECTION_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.CannotResolveHostError, "the host name is not known: is this machine online, is base_url right"),
    (exceptions.DownloadConnectionRefusedError, "the connection was refused: is base_url right, and https_proxy, if this machine has one"),
    (exceptions.DownloadTimeoutError, "no answer in time: try again later"),
    (exceptions.DownloadCancelledError, "the answer is larger than DOWNLOAD_MAXSIZE allows: ask for smaller pages (page_size)"),
    (exceptions.ResponseDataLossError, "the answer broke off before its end: try again later"),
    (exceptions.DownloadFailedError, "the connection broke: try again later"),
    (exceptions.IgnoreRequest, "the answer was refused"),
    (exceptions.NotSupported, "nothing here can ask for it: is the download_handler of this registry right, is its package installed"),
    (TunnelError, "the proxy of this machine (https_proxy) would not lead there: is it right, does it want a password"),
    (ConnectionClosed, "the connection was closed without an answer: try again later"),
    (ConnectError, "no connection: is this machine online, is base_url right"),
    (OSError, "the answer could not be received"),
)  # fmt: skip
CONNECTION_ERRORS = tuple(kind for kind, _ in _CONNECTION_FAULTS)

#: What a status means when it is still there after all tries.
_STATUS_FAULTS: dict[int, str] = {
    403: "it refuses this client. Some registries refuse some HTTP libraries whatever their User-Agent: set another "
    "download_handler for it (scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler), or wait some hours",
    429: "it asks for fewer requests: set a longer delay for it, or wait some hours",
    404: "there is nothing at this address: is base_url right, has the interface moved",
    400: "it did not understand the request: is the query right",
}


#: Twisted tells why an answer broke off as a list of its own objects.
_TWISTED_FAILURE = re.compile(r"<twisted\.python\.failure\.Failure [\w.]+: (.*?)>")


def seconds_asked(retry_after: bytes | None, clock: datetime.datetime) -> float | None:
    """The pause that a Retry-After header asks for, in seconds: a number or an HTTP date; None when it says neither."""
    text = (retry_after or b"").decode("latin-1").strip()
    if text.isdecimal():
        return float(text)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:  # "-0000" is read as a time without zone
        then = then.replace(tzinfo=datetime.UTC)
    return max(0.0, (then - clock).total_seconds())


def is_certificate_fault(error: Exception) -> bool:
    """Whether a connection failed because the server's TLS certificate could not be verified."""
    text = str(error).lower()
    return "certificate verify failed" in text or "certificate_verify_failed" in text or "verificationerror" in text


def connection_sentence(error: Exception) -> str:
    """What one of CONNECTION_ERRORS means, and what to do."""
    if is_certificate_fault(error):
        return (
            "its TLS certificate could not be verified (an intermediate certificate may be missing on the server): name a "
            "file of certificates that has it in the environment variable SSL_CERT_FILE, or set verify_tls = false for this "
            "registry to go on unprotected"
        )
    words = next(words for kind, words in _CONNECTION_FAULTS if isinstance(error, kind))
    detail = " ".join(_TWISTED_FAILURE.findall(str(error))) or str(error)
    return f"{words} ({detail})" if detail else words


def status_of(response: Response) -> str:
    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def status_sentence(response: Response) -> str:
    meaning = _STATUS_FAULTS.get(response.status) or "the registry is in trouble: try again later"
    tries = response.meta.get("retry_times", 0) + 1
    asked = response.headers.get("Retry-After")
    wait = f", and asks to come back after {asked.decode('latin-1')}" if asked else ""
    said = "" if b"<" in response.body[:200] else response.body[:200].decode("utf-8", "replace").strip()
    words = f" ({said})" if said else ""
    return f"{response.url} answered {status_of(response)}{words} to {tries} {'try' if tries == 1 else 'tries'}{wait}: {meaning}"
