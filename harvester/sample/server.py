"""Sample room: five registries on loopback, each on a port of its own, speaking the interfaces of the real ones.

`harvester demo` harvests them, and so do the tests of the spiders: real sockets, standard library, no framework. What a
registry answers is in the file of its name, what can go wrong in `faults`; this file listens, logs and sends.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from harvester.sample import ctgov, ctis, euctr
from harvester.sample.faults import ANSWER_FAULTS, LISTING_FAULTS, REGISTRIES, SHELF_FAULTS, spelled_out
from harvester.sample.wire import Answer, Listing, Request, Shelf, plain

RECORDS = Path(__file__).parent / "records"
ADDRESS = "127.0.0.1"
PAGE_SIZES = {"ctgov": ctgov.PAGE_SIZE, "euctr": euctr.PAGE_SIZE, "ctis": ctis.PAGE_SIZE, "isrctn": 1, "ictrp": 1}
#: Registries that are searched with POST; the others refuse it.
SEARCHED_BY_POST = frozenset({"ctis"})

ROBOTS = {
    "ctgov": "User-agent: *\nDisallow: /search?\nDisallow: /expert-search?\nCrawl-delay: {crawl_delay}\n",
    "euctr": "User-agent: *\nDisallow:\n",
    "ctis": "User-agent: *\nDisallow:\n",
    "isrctn": "User-agent: *\nDisallow: /search\nAllow: /api/query\n",
    # The real portal's file is ROBOTS_OF_WHO; the sample's lets everybody in, so that the demo can show ICTRP records.
    "ictrp": "# Sample registry of the project Harvester, not WHO's file\nUser-agent: *\nDisallow:\n",
}
ROBOTS_OF_WHO = "User-agent: *\nDisallow: /\n"


@dataclass
class Fault:
    """A fault that is switched on: which requests it hits, and how often it still will."""

    name: str
    options: dict[str, Any]
    path: str
    skip: int
    left: float

    def strikes(self, request: Request) -> bool:
        """Whether this request is hit; counts it when so."""
        if self.path not in request.path or (request.path == "/robots.txt") != (self.path == "/robots.txt"):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if not self.left:
            return False
        self.left -= 1
        return True


class SampleServer:
    """The sample registries. Use as a context manager, or call `start` and `close`.

    `ports` fixes ports by registry (0 or absent: a free one), `page_sizes` the largest page, `records` another folder of
    data files. `requests` is the log of all that was asked; `robots` may be assigned to.
    """

    def __init__(
        self,
        records: Path = RECORDS,
        ports: dict[str, int] | None = None,
        page_sizes: dict[str, int] | None = None,
        crawl_delay: float = 1,
    ) -> None:
        self.requests: list[Request] = []
        self.robots = {name: text.format(crawl_delay=f"{crawl_delay:g}") for name, text in ROBOTS.items()}
        self.closing = threading.Event()
        self._page_sizes = {**PAGE_SIZES, **(page_sizes or {})}
        self._shelves = {name: Shelf(registry.load(records / name)) for name, registry in REGISTRIES.items()}
        self._faults: dict[str, list[Fault]] = {name: [] for name in REGISTRIES}
        self._lock = threading.Lock()
        self._listeners = {name: Listener((ports or {}).get(name, 0), name, self) for name in REGISTRIES}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> SampleServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> SampleServer:
        """Listens, in threads of its own."""
        for listener in self._listeners.values():
            thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def close(self) -> None:
        """Ends every connection and stops listening."""
        self.closing.set()
        for listener in self._listeners.values():
            if self._threads:
                listener.shutdown()
            listener.end_connections()
            listener.server_close()
        for thread in self._threads:
            thread.join()

    def base_url(self, registry: str) -> str:
        """What a configuration's `base_url` of the registry says: without slash at the end."""
        base: str = REGISTRIES[registry].BASE
        return f"http://{ADDRESS}:{self._listeners[registry].server_port}{base}"

    def numbers(self, registry: str) -> list[str]:
        """The numbers of all records that the registry holds, without faults."""
        return [holding.number for holding in self._shelves[registry].holdings]

    def texts(self, registry: str) -> dict[str, str]:
        """Number -> text in the registry's wire form, without faults."""
        return {holding.number: holding.text for holding in self._shelves[registry].holdings}

    def fault(
        self, registry: str, name: str, *, times: int | None = None, after: int = 0, path: str = "", **options: Any
    ) -> None:
        """Switches a fault on (names: `faults`), for the next `times` requests (None: all) that have `path` in their path.

        The first `after` of these are spared. robots.txt is hit only by `path="/robots.txt"`.
        """
        name, options = spelled_out(name, options)
        self._faults[registry].append(Fault(name, options, path, after, float("inf") if times is None else times))

    def clear(self, registry: str | None = None) -> None:
        """Switches the faults of one or of all registries off."""
        for name in [registry] if registry else list(REGISTRIES):
            self._faults[name].clear()

    def answer(self, request: Request) -> Answer:
        """Logs a request and answers it, with the faults that hit it."""
        with self._lock:
            self.requests.append(request)
            struck = [fault for fault in self._faults[request.registry] if fault.strikes(request)]
        if request.path == "/robots.txt":
            said = Answer(self.robots[request.registry].encode())
        elif request.method not in ("GET", "HEAD", "POST") or (
            request.method == "POST" and request.registry not in SEARCHED_BY_POST
        ):
            said = plain(405, "Method not allowed")
        else:
            said = self._answer_of_registry(request, struck)
        for fault in struck:
            if fault.name in ANSWER_FAULTS:
                said = ANSWER_FAULTS[fault.name](said, request, fault.options)
        return said

    def _answer_of_registry(self, request: Request, struck: list[Fault]) -> Answer:
        shelf = self._shelves[request.registry]
        for fault in struck:
            if fault.name in SHELF_FAULTS:
                shelf = SHELF_FAULTS[fault.name](shelf, request.registry, fault.options)

        def reshape(found: Listing) -> Listing:
            wanted = [fault for fault in struck if fault.name in LISTING_FAULTS]
            return reduce(lambda listing, fault: LISTING_FAULTS[fault.name](listing, fault.options), wanted, found)

        registry = REGISTRIES[request.registry]
        said: Answer = registry.answer(shelf, request, reshape, self._page_sizes[request.registry])
        return said


class Listener(ThreadingHTTPServer):
    """The listening socket of one registry; knows its open connections, to end them when the server closes."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, registry: str, sample: SampleServer) -> None:
        self.registry, self.sample = registry, sample
        self.connections: set[socket.socket] = set()
        super().__init__((ADDRESS, port), Connection)

    def end_connections(self) -> None:
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # ended by the other side already

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the sample's; anything else is printed as the standard library does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    """One client's connection: reads requests, sends answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # small answers would wait 40 ms each for an acknowledgement
    server_version = "SampleRegistry/1"
    timeout = 60
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal: `SampleServer.requests` is the log."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        request = Request(
            registry=self.server.registry,
            method=self.command,
            path=unquote(address.path),
            query=tuple(parse_qsl(address.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            at=time.monotonic(),
            body=body,
        )
        answer = self.server.sample.answer(request)
        if "gzip" in request.headers.get("accept-encoding", "") and answer.delivery == "whole":
            answer = compressed(answer)
        DELIVERIES[answer.delivery](self, answer)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def send_head(self, answer: Answer, length: int | None) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def send_whole(self, answer: Answer) -> None:
        self.send_head(answer, len(answer.body))
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_truncated(self, answer: Answer) -> None:
        """The length of the whole, half of the bytes, end of the connection."""
        self.send_head(answer, len(answer.body))
        self.wfile.write(answer.body[: len(answer.body) // 2])
        self.close_connection = True

    def send_drip(self, answer: Answer) -> None:
        """Twenty pieces with pauses."""
        self.send_head(answer, len(answer.body))
        size = len(answer.body) // 20 + 1
        for start in range(0, len(answer.body), size):
            self.wfile.write(answer.body[start : start + size])
            if self.server.sample.closing.wait(answer.pace):
                break

    def send_silence(self, answer: Answer) -> None:
        """Nothing for so many seconds, then the end of the connection."""
        self.server.sample.closing.wait(answer.pace)
        self.close_connection = True

    def send_reset_midway(self, answer: Answer) -> None:
        self.send_head(answer, len(answer.body))
        self.wfile.write(answer.body[: len(answer.body) // 2])
        self.send_reset(answer)

    def send_reset(self, answer: Answer) -> None:
        """The connection is reset (RST), not ended."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.connections.discard(self.connection)
        os.close(self.connection.detach())
        self.close_connection = True

    def send_bomb(self, answer: Answer) -> None:
        """A small compressed body that unpacks to `pace` megabytes of blanks."""
        packed = bomb(int(answer.pace))
        self.send_head(replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}), len(packed))
        self.wfile.write(packed)

    def send_oversized(self, answer: Answer) -> None:
        """`pace` megabytes, said so in the header."""
        self.send_head(answer, int(answer.pace) << 20)
        self.pour(int(answer.pace))

    def send_oversized_stream(self, answer: Answer) -> None:
        """`pace` megabytes without a word on how many."""
        self.send_head(answer, None)
        self.pour(int(answer.pace))

    def pour(self, megabytes: int) -> None:
        for _ in range(megabytes):
            if self.server.sample.closing.is_set():
                break
            self.wfile.write(b" " * (1 << 20))


DELIVERIES: dict[str, Callable[[Connection, Answer], None]] = {
    "whole": Connection.send_whole,
    "truncated": Connection.send_truncated,
    "drip": Connection.send_drip,
    "silence": Connection.send_silence,
    "reset": Connection.send_reset,
    "reset-midway": Connection.send_reset_midway,
    "gzip-bomb": Connection.send_bomb,
    "oversized": Connection.send_oversized,
    "oversized-stream": Connection.send_oversized_stream,
}


def compressed(answer: Answer) -> Answer:
    """The answer with a gzip body, unless it is empty or encoded already."""
    if not answer.body or "Content-Encoding" in answer.headers:
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, body=gzip.compress(answer.body, compresslevel=6, mtime=0), headers=headers)


def bomb(megabytes: int) -> bytes:
    """One gzip member of so many megabytes of blanks, made without ever holding them."""
    block = b" " * (1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # A piece that stands by itself and can be repeated.
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    seal = reduce(lambda crc, _: zlib.crc32(block, crc), range(megabytes), 0)
    head = b"\x1f\x8b\x08\x00" + struct.pack("<L", 0) + b"\x02\xff"
    tail = b"\x03\x00" + struct.pack("<LL", seal, (megabytes << 20) & 0xFFFFFFFF)
    return head + packed * megabytes + tail
