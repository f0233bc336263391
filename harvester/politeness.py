"""Harvester room: how a request behaves on its way to a registry. Four downloader middlewares, named in `settings`.

`Robots` obeys robots.txt and its Crawl-delay, `PatientRetry` tries again after growing pauses and honours Retry-After,
`Unpack` undoes gzip within bounds, `OwnHost` refuses to be led to another host. What they refuse is a `Fault`, so that no
refusal can pass for an empty registry. Three of Scrapy's own are replaced: its robots middleware drops a forbidden request
without an error, takes an unreachable robots.txt for leave and ignores Crawl-delay; its retry middleware tries again at
once, whatever Retry-After says; its compression middleware hands on the first part of a compressed answer that broke off.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import zlib
from typing import Self
from urllib.parse import urljoin, urlsplit

from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    NotConfigured,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from scrapy.utils.response import response_status_message
from twisted.internet.error import ConnectError, ConnectionClosed

from spiders.base import AGENT, CUT_OFF, RegistrySpider
from spiders.faults import CONNECTION_ERRORS, Fault, connection_sentence, is_certificate_fault, seconds_asked
from spiders.payloads import looks_like

logger = logging.getLogger(__name__)

#: Product token that robots.txt groups are matched against.
TOKEN = AGENT.partition("/")[0]

WORTH_ANOTHER_TRY = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    TunnelError,
    ConnectError,
    ConnectionClosed,
)


def spider_of(crawler: Crawler) -> RegistrySpider:
    """The running spider, with its type."""
    if not isinstance(crawler.spider, RegistrySpider):
        raise TypeError(f"{crawler.spider!r} is no spider of a registry")
    return crawler.spider


class Robots:
    """Asks for robots.txt once, before the first request, and then keeps to it (RFC 9309)."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self._rules: dict[str, RobotParser] = {}
        self._lock = asyncio.Lock()
        self._free_at = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        async with self._lock:
            parts = urlsplit(request.url)
            site = f"{parts.scheme}://{parts.netloc}"
            if site not in self._rules:
                self._rules[site] = await self._read(f"{site}/robots.txt")
            rules = self._rules[site]
            if not rules.allowed(request.url, TOKEN):
                raise Fault(f"{site}/robots.txt forbids programs to ask for {parts.path}. {self._way_out()}")
            await self._keep_distance(rules.crawl_delay(TOKEN) or 0.0)

    async def _read(self, address: str) -> RobotParser:
        """The rules of a site. No file means no rules; a site in trouble means that its rules are unknown: no request."""
        spider = spider_of(self.crawler)
        request = Request(address, meta={"dont_obey_robotstxt": True}, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(request)
        except CONNECTION_ERRORS as error:
            raise Fault(f"{address} could not be read, so nothing was asked: {connection_sentence(error)}") from error
        if response.status == 429 or response.status >= 500:
            status = response_status_message(response.status)
            raise Fault(f"{address} answered {status}, so its rules are unknown and nothing was asked: try again later")
        is_page = looks_like(response.body) == "text/html"  # sites without the file can answer with a page and 200
        found = response.status < 300 and not is_page
        rules = ProtegoRobotParser(response.body if found else b"", spider)
        delay = rules.crawl_delay(TOKEN) or 0.0
        pace = f"; Crawl-delay {delay:g} s is kept" if delay else ""
        spider.facts.append(
            f"{address} was read{pace}"
            if found
            else f"{address}: there is none ({response.status}{', a page of HTML' * is_page})"
        )
        self._free_at = asyncio.get_running_loop().time() + delay
        return rules

    async def _keep_distance(self, delay: float) -> None:
        """Waits until Crawl-delay seconds have passed since the request before."""
        clock = asyncio.get_running_loop().time
        if (wait := self._free_at - clock()) > 0:
            await asyncio.sleep(wait)
        self._free_at = clock() + delay

    def _way_out(self) -> str:
        spider = spider_of(self.crawler)
        permit = f"With the registry's permission set obey_robots = false under [registries.{spider.name}] in harvester.toml."
        return f"{spider.other_way} {permit}".strip()


class PatientRetry:
    """Tries again what may be temporary: 403, 408, 429, 5xx, timeouts, resets, answers that broke off. Pauses double from
    PAUSE_BASE to PAUSE_CAP."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.statuses = {int(status) for status in crawler.settings.getlist("RETRY_HTTP_CODES")}
        self.base = crawler.settings.getfloat("PAUSE_BASE")
        self.cap = crawler.settings.getfloat("PAUSE_CAP")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in self.statuses and CUT_OFF not in response.flags:
            return response
        if response.status == 403 and request.meta.get("dont_obey_robotstxt"):
            return response  # a robots.txt that is kept from us is no robots.txt (RFC 9309, 2.3.1.3)
        asked = seconds_asked(response.headers.get("Retry-After"), datetime.datetime.now(datetime.UTC)) or 0.0
        if asked > self.cap:
            return response  # nobody waits for hours within a run: the message says when to come back
        reason = CUT_OFF if CUT_OFF in response.flags else response_status_message(response.status)
        again = self._again(request, reason)
        if again is None:
            return response
        await self._pause(again, asked)
        return again

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, WORTH_ANOTHER_TRY) or is_certificate_fault(exception):
            return None
        again = self._again(request, exception)
        if again is not None:
            await self._pause(again, 0.0)
        return again

    def _again(self, request: Request, reason: str | Exception) -> Request | None:
        return get_retry_request(request, spider=spider_of(self.crawler), reason=reason, give_up_log_level="INFO")

    async def _pause(self, again: Request, asked: float) -> None:
        growing = min(self.base * 2 ** (again.meta["retry_times"] - 1), self.cap)
        pause = max(asked, growing)
        logger.info("%s: next try in %.0f s", again.url, pause)
        await asyncio.sleep(pause)


class Unpack:
    """Asks for gzip and undoes it, never beyond DOWNLOAD_MAXSIZE; an answer whose compression breaks off is flagged."""

    def __init__(self, crawler: Crawler) -> None:
        self.limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        request.headers["Accept-Encoding"] = "gzip"

    def process_response(self, request: Request, response: Response) -> Response:
        encoding = b",".join(response.headers.getlist("Content-Encoding")).strip().lower()
        if encoding in (b"", b"identity") or not response.body:
            return response
        if encoding not in (b"gzip", b"x-gzip"):
            raise Fault(
                f"{response.url} answered in the encoding {encoding.decode('latin-1')!r}, asked for gzip or none"
            )
        body = gunzip(response.body, self.limit)
        if body is None:
            return response.replace(flags=[*response.flags, CUT_OFF])
        if len(body) > self.limit:
            raise Fault(
                f"{response.url}: the answer unpacks to more than DOWNLOAD_MAXSIZE, {self.limit:,} bytes: ask for smaller "
                "pages (page_size)"
            )
        response.headers.pop("Content-Encoding")
        return response.replace(body=body)


def gunzip(packed: bytes, limit: int) -> bytes | None:
    """What gzip packed, all members, at most one byte more than `limit`; None when it is broken or ends early."""
    unpacked = bytearray()
    while packed and len(unpacked) <= limit:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            unpacked += member.decompress(packed, limit + 1 - len(unpacked))
        except zlib.error:
            return None
        if not member.eof:
            return bytes(unpacked) if len(unpacked) > limit else None
        packed = member.unused_data
    return bytes(unpacked)


class OwnHost:
    """Refuses a redirect that leaves the registry's host, or leaves https for http."""

    def process_response(self, request: Request, response: Response) -> Response:
        location = response.headers.get("Location")
        if location is None or not 300 <= response.status < 400:
            return response
        target = urljoin(request.url, location.decode("latin-1").strip())
        if not is_same_registry(request.url, target):
            raise Fault(
                f"{request.url} redirects to {target}, another host: refused. "
                "If the registry has moved, set its base_url to the new address"
            )
        return response


def is_same_registry(url: str, target: str) -> bool:
    """Whether a redirect stays at home: the same host and port, `www.` and the step from http to https aside."""
    here, there = urlsplit(url), urlsplit(target)
    try:
        ports = (here.port, there.port)
    except ValueError:  # https://host:no-number/
        return False
    hosts = tuple((part.hostname or "").removeprefix("www.") for part in (here, there))
    return hosts[0] == hosts[1] and ports[0] == ports[1] and (here.scheme, there.scheme) in _SAFE_STEPS


_SAFE_STEPS = {("http", "http"), ("https", "https"), ("http", "https")}
