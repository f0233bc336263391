"""Lists in plain text: bullets, enumerators, depth. Called by `eligibility`; registry-blind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from string import ascii_letters, digits
from typing import NamedTuple

from normalize.closed_lists import CriterionKind
from normalize.schema import Criterion

BLANK = r"[^\S\n]"
SYMBOL = r"[•●○◦▪▫■□◾➢➤►▶‣⁃∙·✓✔❖◆◇★☆\uf020-\uf0ff]"
#: Numbers of one character, each with the first of its kind.
CIRCLED = {chr(ord(first) + n): first for first, last in ("①⑳", "⑴⒇", "⒈⒛", "❶❿", "➀➉", "➊➓") for n in range(ord(last) - ord(first) + 1)}  # fmt: skip
_BULLET = rf"""
    {SYMBOL}+
    | [-–—−‐‑*]{{1,3}}(?={BLANK}|[^\W\d_]|[(\["'“])
    | [+?§°üØ~»›→⇒](?={BLANK})
    | o(?=\t|{BLANK}{{2}}|{BLANK}[A-Z0-9(<>≥≤])
    | </?(?:p|ul|ol|li)>
    | [{"".join(CIRCLED)}]
    | [(\[（]?\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}(?:\.?[)\]）]|{BLANK}[)）]|\.(?!\d)|、|[:．](?={BLANK}))\.?
    | [(\[（]?(?:[A-Za-z]|[ivxIVX]{{2,5}})[)\]）]
    | (?:[a-z]|[ivx]{{2,5}})\.(?={BLANK})"""
#: Enumerators only when they are the first or the next of a list: "A. fumigatus", "1-Year", "1.1 Mutations".
_DOUBTFUL = rf"""
    \d{{1,2}}(?:\.\d{{1,2}}){{1,3}}(?={BLANK}+[A-Z][a-z])
    | \d{{1,2}}/(?={BLANK}+[^\W\d_])
    | \d{{1,2}}{BLANK}?[-–](?={BLANK}+[^\W\d_]|[A-Z][a-z])
    | (?:[A-Z]|[IVX]{{2,5}})\.(?={BLANK}*[^a-z\s.])"""

#: One line that is not blank: its indentation, its bullets (a list item can have two: "-  1. Adults"), its text.
_LINE = re.compile(
    rf"({BLANK}*+)((?:(?:{_BULLET}){BLANK}*(?:(?:{_BULLET}){BLANK}*)?|(?:{_DOUBTFUL}){BLANK}*)?)(\S.*)", re.VERBOSE
)

#: Markup of the source at the end of a line (NL-OMON).
_CLOSING_TAGS = re.compile(r"(?:\s*</?(?:p|ul|ol|li)>)+\Z")
#: A line's text that is a bullet and nothing else.
_BARE = re.compile(rf"[-–—−‐‑*+_=.?§°]+|{SYMBOL}+|o|[(\[]?\d{{1,2}}[.)\]:]+|[(\[]?[a-z][.)\]]")

_ENUMERATOR = re.compile(r"([(\[（]?)(\d{1,2}(?:\.\d{1,2})*|[A-Za-z]{1,5})\s?(\S?)")
_ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}
ROMAN_NAMES = {number: name for name, number in _ROMAN.items()}
_DASHES = frozenset("-–—−‐‑")


#: A bullet on a line: its style, which two items of one list share ("" for no bullet), and the number of an enumerator.
Bullet = tuple[str, int | None]
NO_BULLET: Bullet = ("", None)


class _Mark(NamedTuple):
    """What looks like a bullet."""

    bullet: Bullet
    roman: int | None = None  # the number when a letter is read as a Roman numeral
    doubtful: bool = False


@lru_cache(maxsize=4096)
def mark_of(mark: str) -> _Mark:
    text = mark.strip()
    if text[0] == "<":  # markup of the source, perhaps with a bullet behind it
        bullet = text[text.rindex(">") + 1 :].lstrip()
        return mark_of(bullet) if bullet else _Mark(("<p>", None))
    first = text[0]
    if first in _DASHES:
        return _Mark(("-", None))
    if first in CIRCLED:
        return _Mark((CIRCLED[first], ord(first) - ord(CIRCLED[first]) + 1))
    match = None if text.split()[0] == "o" else _ENUMERATOR.match(text)
    if match is None:
        return _Mark((first, None))
    opening, core, closing = match.groups()
    if core[0].isdigit():
        levels = core.split(".")
        style = opening + ".".join("1" * len(levels)) + closing
        return _Mark((style, int(levels[-1])), None, closing in ("", "-", "–", "/"))
    case = "a" if core.islower() else "A"
    number = ord(core.lower()) - 96 if len(core) == 1 else None
    return _Mark((opening + case + closing, number), _ROMAN.get(core.lower()), case == "A" and closing == ".")


class Item:
    """A criterion in the making."""

    kind: CriterionKind
    indent: int  # blanks before the bullet
    column: int  # column of the text after the bullet
    style: str  # of the bullet, "" for none
    number: int | None  # of the enumerator
    start: int
    end: int
    heading: str | None  # above it, where that says for whom or when
    is_label: bool = False  # names those whom the items below it concern ("Controls")
    ordinal: int = 0  # as a criterion, once it is known

    def __init__(
        self,
        kind: CriterionKind,
        indent: int,
        column: int,
        style: str,
        number: int | None,
        start: int,
        end: int,
        heading: str | None,
    ) -> None:
        self.kind, self.heading = kind, heading
        self.indent, self.column = indent, column
        self.style, self.number = style, number
        self.start, self.end = start, end


def is_lead(raw: str, one: Item) -> bool:
    """Whether an item introduces what follows: ends with a colon, or names a group."""
    return raw[one.end - 1] in ":：" or one.is_label


def _follows(style: str, number: int, items: list[Item]) -> bool:
    """Whether an item of this style with the number before this one is the latest of its list."""
    for item in reversed(items[-60:]):
        if item.style == style:
            return item.number == number - 1
    return False


def _bullet(mark: str, items: list[Item]) -> Bullet:
    """What looks like a bullet, on a line after `items`.

    `NO_BULLET` for what is none: "E. coli" is text, "B. Adults" after "A. Children" is an item.
    """
    said = mark_of(mark)
    roman = said.roman
    if roman is None and not said.doubtful:
        return said.bullet
    style, number = said.bullet
    if roman is not None and not (number is not None and _follows(style, number, items)):
        as_roman = style.replace("a", "i").replace("A", "I")
        if roman == 1 or number is None or _follows(as_roman, roman, items):
            style, number = as_roman, roman
    if said.doubtful and number != 1 and not (number is not None and _follows(style, number, items)):
        return NO_BULLET
    return style, number


#: The bullets that need no pattern where a blank and a word follow.
_COMMON = {mark: mark_of(mark).bullet for mark in ("*", "-", *map("".join, product(map(str, range(100)), ".)")))}
#: The first two characters of a line that begins with a word, and with neither an enumerator ("a)", "A.", "iv.") nor the bullet "o".
_WORDS = frozenset(
    first + second
    for first, second in product(ascii_letters.replace("o", ""), f"{ascii_letters}{digits} -,/'")
    if not (first in "ivxIVX" and second in "ivxIVX")
)

#: A line that has a text: where it begins in the whole, its indentation, its bullet, where its text after that begins and ends,
#: that text.
Line = tuple[int, int, Bullet, int, int, str]


def lines(texts: list[str], items: list[Item]) -> Iterator[Line]:
    """The lines of a text without those that are blank, a bullet without text, a rule of dashes.

    `items` are those that the lines before gave.
    """
    after = 0
    for text in texts:
        begin = after
        size = len(text)
        after += size + 1
        body = text.strip()
        if not body:
            continue
        if body[-1] == ">" and (tags := _CLOSING_TAGS.search(body)):
            body = body[: tags.start()]
            if not body:
                continue
        whole, length = body, len(body)
        indent = size - len(text.lstrip()) if length < size else 0
        end = begin + indent + length
        mark, _, rest = body.partition(" ")
        bullet = NO_BULLET
        if mark in _COMMON:
            bullet, body = _COMMON[mark], rest.lstrip()
        if body[:2] not in _WORDS:  # the pattern tells
            bullet, width = bullet_of(whole, items)
            body = whole[width:]
            if len(body) <= 5 and _BARE.fullmatch(body):
                continue
        yield begin, indent, bullet, end - len(body), end, body


def bullet_of(text: str, items: list[Item]) -> tuple[Bullet, int]:
    """The bullet that a text after `items` begins with, and where the text after it begins."""
    match = _LINE.match(text)
    bullet = _bullet(match[2], items) if match and match[2] else NO_BULLET
    return bullet, match.start(3) if match and bullet[0] else 0


def wrapped_at(lines: list[str]) -> int:
    """The width at which a text was broken into these lines, 0 when its lines are whole paragraphs.

    WHO ICTRP hands over ClinicalTrials.gov's texts broken at 100 characters (NCT04245631).
    """
    width = len(max(lines, key=len))
    if not 50 <= width <= 115:
        return 0
    return width if sum(len(text) > width - 16 for text in lines) >= 3 else 0


def outline(raw: str, items: list[Item]) -> tuple[Criterion, ...]:
    """The items as criteria, each with its depth and parent: by indentation, and where all begin at one margin by style."""
    criteria: list[Criterion] = []
    levels: list[Item] = []  # those that the item before is nested in, the outermost first, and one of its own list
    last, depth, parent = None, 0, None
    for ordinal, one in enumerate(items, 1):
        kind, start, end, heading = one.kind, one.start, one.end, one.heading
        if last is None or last.kind != kind or last.heading != heading:
            levels, depth, parent = [one], 0, None
        elif not _is_next(raw, one, last):
            last.ordinal, levels[-1] = ordinal - 1, last
            depth = _depth(raw, one, levels)
            del levels[depth:]
            parent = levels[-1].ordinal if levels else None
            levels.append(one)
        last = one
        criteria.append(
            Criterion(
                kind=kind,
                depth=depth,
                parent_ordinal=parent,
                heading=heading,
                text=raw[start:end],
                start=start,
                end=end,
            )
        )
    return tuple(criteria)


def _is_next(raw: str, one: Item, other: Item) -> bool:
    """Whether an item is the next of the list that the other is in."""
    return (
        one.style == other.style
        and (one.indent == other.indent or -2 < other.indent - one.indent < 2)
        and (one.number is None or one.number - 1 == other.number)
        and (one.style != "" or is_lead(raw, one) == is_lead(raw, other))
    )


def _depth(raw: str, one: Item, levels: list[Item]) -> int:
    """How many of the open levels stay open for this item."""
    indent, style, number = one.indent, one.style, one.number
    for depth in range(len(levels) - 1, -1, -1):
        if _is_next(raw, one, levels[depth]):
            return depth
    after_lead = is_lead(raw, levels[-1])
    depth = len(levels)
    while depth and levels[depth - 1].indent > indent + 1:
        depth -= 1
    if depth == 0 or indent > levels[depth - 1].indent + 1:
        return depth
    if not style:
        if after_lead and depth == len(levels):
            return depth
        while depth > 1 and levels[depth - 1].style and levels[depth - 1].indent >= indent - 1:
            depth -= 1
        return depth - 1
    for level_depth in range(depth - 1, -1, -1):
        if levels[level_depth].style == style and -2 < levels[level_depth].indent - indent < 2:
            return level_depth
    enumerated = levels[depth - 1].number is not None
    if (after_lead and depth == len(levels)) or (enumerated and (number is None or number == 1)):
        return depth
    return depth - 1
