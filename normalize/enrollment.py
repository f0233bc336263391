"""Values room: planned and actual numbers of participants out of a register's text."""

from __future__ import annotations

import re
from typing import NamedTuple

_SENTINELS = frozenset((99999999, 9999999, 999999999, 2147483647))
_NUMBER = re.compile(r"\d[\d,. \u00a0\u202f']*\d|\d")
_GROUP = re.compile(r"\s*([^;]*?)\s*:\s*(\d+)\s*(?:;|$)")


class Size(NamedTuple):
    total: int | None
    parts: tuple[tuple[str, int], ...] = ()
    understood: bool = True
    is_sum: bool = False


def parse_size(text: str | None) -> Size:
    """See class."""
    if text is None or not text.strip():
        return Size(None)
    value = text.strip()
    groups = [(m[1], int(m[2])) for m in _GROUP.finditer(value)]
    if groups:
        return Size(sum(n for _, n in groups), tuple(groups), True, True)
    if match := _NUMBER.search(value):
        digits = re.sub(r"\D", "", match[0])
        if int(digits) not in _SENTINELS and not value.startswith("-"):
            return Size(int(digits))
    return Size(None, (), False)
