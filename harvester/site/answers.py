"""Site room: pages as they were written, kept while the catalogue stays, so that a page asked for again costs nothing.

A page is made of its address and of the catalogue alone, so it stays the same until the catalogue is replaced. Called by
`pages`; `database` keeps one `Answers` for the catalogue that is shown.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

#: Bytes of all pages that are kept of a catalogue, and of one page.
_MOST, _LARGEST = 48_000_000, 1_000_000


class Answer(NamedTuple):
    """A page and its mark: a browser that names the mark has the page already."""

    body: bytes
    etag: str


class Answers:
    """The pages asked for last. Used in the event loop only, so it needs no lock."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()
        self._size = 0

    def get(self, address: Hashable) -> Answer | None:
        """The page at an address, if it has been kept."""
        answer = self._kept.get(address)
        if answer is not None:
            self._kept.move_to_end(address)
        return answer

    def keep(self, address: Hashable, body: bytes) -> Answer:
        """Keeps a page; those that nobody has asked for the longest go."""
        answer = Answer(body, f'"{hashlib.sha256(body).hexdigest()[:24]}"')
        if len(body) <= _LARGEST and address not in self._kept:
            self._kept[address] = answer
            self._size += len(body)
            while self._size > _MOST:
                self._size -= len(self._kept.popitem(last=False)[1].body)
        return answer
