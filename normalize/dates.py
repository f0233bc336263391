"""Values room: dates of every register as ISO 8601 text, and what follows from two of them.

Called by the normalizers. A date that cannot exist is None, and the caller says so in a warning.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import Literal

Order = Literal["ymd", "dmy", "mdy"]

#: A trial outside these years is a slip of the pen ("0202-03-01") or a place kept for a date ("9999-12-31").
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
#: Characters; no date with its time of day is longer. What is shorter is kept, for the records of one source share many dates.
_LONGEST = 100

#: English month names by their first three letters; the rest of the word must be the rest of the name.
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH_NUMBER = (
    {name: number for number, name in enumerate(_MONTHS, 1)}
    | {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
    | {"sept": 9}
)

# What may follow a date: a time of day with what belongs to it. It is cut off.
_ZONE = r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})"
_TIME = rf"(?:[T\s,]+\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?\s*{_ZONE}?)?"
_SEPARATOR = r"\s*[-/.\u2010-\u2015]\s*"
_YEAR_FIRST = re.compile(rf"(\d{{4}})(?:{_SEPARATOR}(\d{{1,2}})(?:{_SEPARATOR}(\d{{1,2}}){_ZONE}?)?)?{_TIME}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{6}Z?)?")
_YEAR_LAST = re.compile(rf"(\d{{1,2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR}(\d{{4}}){_TIME}")
_MONTH_AND_YEAR = re.compile(rf"(\d{{1,2}}){_SEPARATOR}(\d{{4}})")
# "18 October 2023", "18-Oct-2023", "18th of October, 2023", "October 2023"
_DAY_NAMED_MONTH = re.compile(
    rf"(?:(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of\b)?[\s/,.-]*)?([A-Za-z]{{3,9}})\.?[\s/,.-]*(\d{{4}}){_TIME}"
)
# "March 18, 2020", "Mar-18-2020"
_NAMED_MONTH_DAY = re.compile(
    rf"([A-Za-z]{{3,9}})\.?[\s/.-]*(\d{{1,2}})(?:st|nd|rd|th)?(?:\s*[,/.-]\s*|\s+)(\d{{4}}){_TIME}"
)
# "2020-Mar-18", "2020 March"
_YEAR_NAMED_MONTH = re.compile(
    rf"(\d{{4}})[\s/,.-]+([A-Za-z]{{3,9}})\.?(?:[\s/,.-]*(\d{{1,2}})(?:st|nd|rd|th)?)?{_TIME}"
)


def iso_date(text: str | None, order: Order) -> str | None:
    """The date in ISO 8601, as exact as it was: `2024`, `2024-03` or `2024-03-05`; None when blank, impossible or unreadable.

    `order` is that of the register for dates in figures alone. A year that stands first is read as such whatever the order,
    since only one reading exists (Japan's registers mix `27/01/2020` and `2020/01/27`). Day and month are never exchanged:
    `03/27/2020` under "dmy" is None. Times of day are cut off.
    """
    if text is None:
        return None
    value = text.strip().rstrip(".;,")
    return _iso_date(value, order) if len(value) <= _LONGEST else None


@lru_cache(maxsize=8192)
def _iso_date(value: str, order: Order) -> str | None:
    if match := _YEAR_FIRST.fullmatch(value) or _COMPACT.fullmatch(value):
        return _iso(*match.groups())
    if match := _YEAR_LAST.fullmatch(value):
        first, second, year = match.groups()
        return _iso(year, first, second) if order == "mdy" else _iso(year, second, first) if order == "dmy" else None
    if match := _MONTH_AND_YEAR.fullmatch(value):
        return _iso(match[2], match[1], None)
    if match := _DAY_NAMED_MONTH.fullmatch(value):
        return _named(match[3], match[2], match[1])
    if match := _NAMED_MONTH_DAY.fullmatch(value):
        return _named(match[3], match[1], match[2])
    if match := _YEAR_NAMED_MONTH.fullmatch(value):
        return _named(match[1], match[2], match[3])
    return None


def _named(year: str, name: str, day: str | None) -> str | None:
    month = _MONTH_NUMBER.get(name.lower())
    return _iso(year, str(month), day) if month else None


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        return None
    try:
        whole = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return whole.isoformat()[: 4 if month is None else 7 if day is None else 10]


def is_prospective(registered: str | None, enrolled: str | None) -> bool | None:
    """Whether registration came on or before first enrollment; both ISO 8601, as `iso_date` gives them.

    A partial date stands for all its days. None when a date is missing or the days leave it open: registered 2020-03-05, enrolled
    2020-03; but registered 2020-03-05, enrolled 2020-04 is true.
    """
    if not registered or not enrolled:
        return None
    if latest(registered) <= earliest(enrolled):
        return True
    return False if earliest(registered) > latest(enrolled) else None


def earliest(iso: str) -> str:
    """The first day of a partial date: `2024-02` -> `2024-02-01`."""
    return iso + "-01-01"[len(iso) - 4 :] if len(iso) < 10 else iso


def latest(iso: str) -> str:
    """The last day of a partial date: `2024-02` -> `2024-02-29`."""
    if len(iso) == 4:
        return f"{iso}-12-31"
    return f"{iso}-{monthrange(int(iso[:4]), int(iso[5:7]))[1]}" if len(iso) == 7 else iso
