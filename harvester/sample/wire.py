"""Sample room: what goes over the wire. A request as it came in, an answer to it, and a list cut into pages.

Used by the sample registries (`ctgov`, `euctr`, `ctis`, ...), by `faults` and by `server`; touches no socket and no disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One request that a sample registry received. `query` keeps the order and repeats of its parameters."""

    registry: str
    method: str
    path: str  # decoded, with the registry's prefix: /ctgov/api/v2/studies
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]  # names in lower case
    at: float  # seconds, monotonic: for measuring the pace of a client
    body: bytes = b""

    def parameter(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)


@dataclass(frozen=True)
class Answer:
    """One answer, before it is compressed and sent. `delivery` names how the bytes go out (see `server.DELIVERIES`)."""

    body: bytes
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delivery: str = "whole"
    pace: float = 0.0  # what `delivery` makes of it: seconds between two pieces, or megabytes


@dataclass(frozen=True)
class Holding:
    """One record of a sample registry: its number and its text in the registry's wire form."""

    number: str
    text: str


@dataclass(frozen=True)
class Shelf:
    """What a sample registry holds at the moment of a request."""

    holdings: tuple[Holding, ...]
    changed: frozenset[str] = frozenset()  # numbers whose text is no longer the one of the data file


@dataclass(frozen=True)
class Listing:
    """The hits of a query in their order, as the registry pages through them."""

    numbers: tuple[str, ...]
    page_size: int
    announced: int
    has_empty_page: bool = False
    is_endless: bool = False

    def pages(self) -> list[tuple[str, ...]]:
        """The numbers page by page; at least one page."""
        size = self.page_size
        pages = [self.numbers[start : start + size] for start in range(0, len(self.numbers), size)] or [()]
        if self.has_empty_page:
            pages.insert(len(pages) - 1, ())
        return pages

    def page(self, number: int) -> tuple[tuple[str, ...], bool]:
        """Page `number`, counted from 1, and whether another follows. Beyond the last page: nothing, and none follows."""
        pages = self.pages()
        if self.is_endless:
            return pages[min(number, len(pages)) - 1], True
        return (pages[number - 1] if 1 <= number <= len(pages) else ()), number < len(pages)


Reshape = Callable[[Listing], Listing]


def listing(numbers: tuple[str, ...], page_size: int) -> Listing:
    """An honest listing: what is announced is what is there."""
    return Listing(numbers, page_size, len(numbers))


def plain(status: int, sentence: str) -> Answer:
    """An answer in plain text, as ClinicalTrials.gov gives its errors."""
    return Answer(sentence.encode(), "text/plain; charset=utf-8", status)


def page(html: str, status: int = 200) -> Answer:
    """An HTML page."""
    return Answer(html.encode(), "text/html; charset=UTF-8", status)
