"""Lists in plain text: bullets, enumerators, items run together on a line, depth. Called by `eligibility`; registry-blind."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from normalize.schema import Criterion, CriterionKind

_BLANK = r"[^\S\n]"
_SYMBOL = r"[•●○◦▪▫■□◾➢➤►▶‣⁃∙·✓✔❖◆◇★☆\uf020-\uf0ff]"
_BULLET = rf"""
    {_SYMBOL}+
    | [-–—−‐‑*]{{1,3}}(?={_BLANK}|[^\W\d_]|[(\["'“])
    | [+?§°](?={_BLANK})
    | o(?=\t|{_BLANK}{{2}}|{_BLANK}[A-Z0-9(<>≥≤])
    | [(\[]?\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}(?:\.?[)\]）]|\.(?!\d)|、|[:．](?={_BLANK}))\.?
    | [(\[]?(?:[A-Za-z]|[ivxIVX]{{2,5}})[)\]）]
    | (?:[a-z]|[ivx]{{2,5}})\.(?={_BLANK})"""
#: Enumerators only when they are the first or the next of a list: "A. fumigatus", "1-Year", "1.1 Mutations".
_DOUBTFUL = rf"""
    \d{{1,2}}(?:\.\d{{1,2}}){{1,3}}(?={_BLANK}+[A-Z][a-z])
    | \d{{1,2}}{_BLANK}?[-–](?={_BLANK}+[^\W\d_]|[A-Z][a-z])
    | (?:[A-Z]|[IVX]{{2,5}})\.(?={_BLANK}*[^a-z\s.])"""

#: One line that is not blank: its indentation, its bullets (a list item can have two: "-  1. Adults"), its text.
_LINE = re.compile(
    rf"({_BLANK}*+)((?:(?:{_BULLET}){_BLANK}*(?:(?:{_BULLET}){_BLANK}*)?|(?:{_DOUBTFUL}){_BLANK}*)?)(\S.*)", re.VERBOSE
)

#: A line's text that is a bullet and nothing else.
_BARE = re.compile(rf"[-–—−‐‑*+_=.?§°]+|{_SYMBOL}+|o|[(\[]?\d{{1,2}}[.)\]:]+|[(\[]?[a-z][.)\]]")

_ENUMERATOR = re.compile(r"([(\[]?)(\d{1,2}(?:\.\d{1,2})*|[A-Za-z]{1,5})\s?(\S?)")
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
_ROMAN_NAMES = {number: name for name, number in _ROMAN.items()}
_DASHES = frozenset("-–—−‐‑")


#: A line that has a text: its indentation; what looks like a bullet, with the blanks after it ("" for none); where the text
#: after that begins; that text.
Line = tuple[int, str, int, str]


def line(text: str) -> Line | None:
    """What a line holds; None when it is blank, a bullet without text, a rule of dashes."""
    all_of_it = text.strip()
    if not all_of_it:
        return None
    # Most lines begin with a word, or with an asterisk, dash or number before one.
    body = all_of_it
    if not body[0].isalpha():
        mark, _, rest = body.partition(" ")
        if mark in _COMMON_MARKS:
            body = rest.lstrip()
    if body[:1].isalpha() and body[0] != "o" and _MARK_ENDS.isdisjoint(body[1:7]):
        indent = text.index(all_of_it[0])
        start = indent + len(all_of_it) - len(body)
        return indent, text[indent:start], start, body
    match = _LINE.match(text)
    if match is None:
        return None
    blanks, mark, body = match.groups()
    body = body.rstrip()
    if len(body) <= 5 and _BARE.fullmatch(body):
        return None
    return len(blanks), mark, match.start(3), body


#: Bullets that need no pattern where a blank and a word follow.
_COMMON_MARKS = frozenset(("*", "-", *[f"{number}{end}" for number in range(100) for end in ".)"]))
#: One of these ends every enumerator.
_MARK_ENDS = frozenset(".)]）、:．")


class Bullet(Struct, frozen=True, gc=False):
    """A bullet on a line. Two items of one list have the same style."""

    style: str
    number: int | None  # of the enumerator
    width: int  # with the blanks after it


NO_BULLET = Bullet("", None, 0)


class _Mark(Struct, frozen=True, gc=False):
    """What looks like a bullet."""

    bullet: Bullet
    roman: int | None = None  # the number when a letter is read as a Roman numeral
    doubtful: bool = False


@lru_cache(maxsize=4096)
def _mark(mark: str) -> _Mark:
    text, width = mark.strip(), len(mark)
    first = text[0]
    if first in _DASHES:
        return _Mark(Bullet("-", None, width))
    match = None if text.split()[0] == "o" else _ENUMERATOR.match(text)
    if match is None:
        return _Mark(Bullet(first, None, width))
    opening, core, closing = match.groups()
    if core[0].isdigit():
        levels = core.split(".")
        style = opening + ".".join("1" * len(levels)) + closing
        return _Mark(Bullet(style, int(levels[-1]), width), None, closing in ("", "-", "–"))
    case = "a" if core.islower() else "A"
    number = ord(core.lower()) - 96 if len(core) == 1 else None
    return _Mark(
        Bullet(opening + case + closing, number, width), _ROMAN.get(core.lower()), case == "A" and closing == "."
    )


class Item(Struct, gc=False):
    """A criterion in the making."""

    kind: CriterionKind
    indent: int  # blanks before the bullet
    column: int  # column of the text after the bullet
    style: str  # of the bullet, "" for none
    number: int | None  # of the enumerator
    start: int
    end: int
    lead: bool  # introduces what follows: ends with a colon
    ordinal: int = 0


def _follows(style: str, number: int, items: list[Item]) -> bool:
    """Whether an item of this style with the number before this one is the latest of its list."""
    for item in reversed(items[-60:]):
        if item.style == style:
            return item.number == number - 1
    return False


def bullet(mark: str, items: list[Item]) -> Bullet | None:
    """What looks like a bullet, on a line after `items`.

    None for what is none: "E. coli" is text, "B. Adults" after "A. Children" is an item.
    """
    said = _mark(mark)
    roman = said.roman
    if roman is None and not said.doubtful:
        return said.bullet
    style, number = said.bullet.style, said.bullet.number
    if roman is not None and not (number is not None and _follows(style, number, items)):
        as_roman = style.replace("a", "i").replace("A", "I")
        if roman == 1 or number is None or _follows(as_roman, roman, items):
            style, number = as_roman, roman
    if said.doubtful and number != 1 and not (number is not None and _follows(style, number, items)):
        return None
    return Bullet(style, number, len(mark))


def mark_of(text: str) -> tuple[str, int]:
    """The bullet that a text begins with, "" for none, and where the text after it begins."""
    match = _LINE.match(text)
    return (match[2], match.start(3)) if match and match[2] else ("", 0)


def wrapped_at(lines: list[str]) -> int:
    """The width at which a text was broken into these lines, 0 when its lines are whole paragraphs.

    WHO ICTRP hands over ClinicalTrials.gov's texts broken at 100 characters (NCT04245631).
    """
    width = len(max(lines, key=len))
    if not 50 <= width <= 115:
        return 0
    return width if sum(len(text) > width - 16 for text in lines) >= 3 else 0


# ---------------------------------------------------------------------------------------------------- items on one line

#: "... any of the following: (1) shock; (2) ...", "...: - foo"
_LIST_AFTER_COLON = re.compile(r"[:：]\s*(?:(?P<mark>\(?(?:1|a|i)\)|1\.)\s*(?=[^\W\d_]|[<>≥≤])|-\s+(?=[^\W\d_]))")
_DASH_AFTER_STOP = re.compile(r"(?<=[.;,])\s+-\s+(?=[^\W\d_])")
_DOT_AFTER = re.compile(rf"(?<=[\s.;:,)]){_SYMBOL}+\s*(?=[^\W\d_]|[(<>≥≤])")
#: "stage 2. Surgery" is no item 2.
_NUMBERED = re.compile(
    r"""(?:\b(?:stage|grade|type|class|phase|scores?|level|visits?|weeks?|days?|months?|years?|least|most|than|to|of|group|arm|cohorts?|part|section
    |criterion|criteria|items?|no|number|covid|version|ecog|nyha|asa|is|was|are|by|about|x|in|with|for|below|above)|[<>≥≤=×~/+-])\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_JOINED = re.compile(r"\b(?:or|and)\s*$", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _next_number(style: str, number: int) -> re.Pattern[str]:
    """Finds enumerator `number` of a list of this style in the middle of a line."""
    opening = re.escape(style[0]) if style[0] in "([" else ""
    core = str(number) if "1" in style else _ROMAN_NAMES.get(number, "-") if "i" in style.lower() else chr(96 + number)
    if style.strip("([").isupper():
        core = core.upper()
    closing = re.escape(style[-1])
    after = r"(?=\s*[^\W\d_]|\s*[<>≥≤(]|\s+\d)" if style[-1] != "." else r"(?=\s+[^\s.]|[^\W\d_])"
    return re.compile(rf"(?:(?<=[\s.;:,，；。)])|^){opening}{core}{closing}{after}\s*")


def split_runs(raw: str, items: list[Item]) -> list[Item]:
    """The items, those apart that a text runs together on one line ("1. Adults 2. Women 3. ...")."""
    dotted, dashed, leads = "•" in raw, " - " in raw, _leads(raw)
    out: list[Item] = []
    for place, one in enumerate(items):
        pieces = [one]
        style = one.style
        if one.number is not None and len(style) > 1:
            after = items[place + 1] if place + 1 < len(items) else None
            if after is None or after.style != style or after.number != one.number + 1:
                pieces = _split_numbers(raw, one)
        elif dashed and style == "-" and raw.find(" - ", one.start, one.end) >= 0:
            pieces = _split_at(raw, one, _DASH_AFTER_STOP)
        elif dotted or not style.isascii():
            pieces = _split_at(raw, one, _DOT_AFTER)
        if not leads:
            out += pieces
            continue
        for piece in pieces:
            if leads[bisect_left(leads, piece.start)] < piece.end:
                out += _split_lead(raw, piece)
            else:
                out.append(piece)
    return out


def _leads(raw: str) -> list[int]:
    """Where in a text a list begins after a colon, in order, and a place behind the text; nothing where none does."""
    found = []
    for colon in ":：":
        at = raw.find(colon)
        while at >= 0:
            if _LIST_AFTER_COLON.match(raw, at):
                found.append(at)
            at = raw.find(colon, at + 1)
    return [*sorted(found), len(raw)] if found else []


def _split_at(raw: str, one: Item, bullet_inside: re.Pattern[str]) -> list[Item]:
    """`one` cut at the bullets in it."""
    cuts = [bullet.span() for bullet in bullet_inside.finditer(raw, one.start, one.end)]
    pieces = []
    for (_, begin), (stop, _) in pairwise([(0, one.start), *cuts, (one.end, 0)]):
        text = raw[begin:stop].rstrip()
        if text:
            end = begin + len(text)
            pieces.append(Item(one.kind, one.indent, one.column, one.style, None, begin, end, text[-1] in ":："))
    return pieces


def _split_numbers(raw: str, one: Item) -> list[Item]:
    pieces = [one]
    while True:
        last = pieces[-1]
        number = (last.number or 0) + 1
        if number > 26 and "1" not in last.style:
            return pieces
        found = None
        for match in _next_number(last.style, number).finditer(raw, last.start + 1, last.end):
            near = max(last.start, match.start() - 14)
            bracketed = last.style[-1] == ")" and raw[match.start()] != "("
            if not _NUMBERED.search(raw, near, match.start()) and (
                bracketed or not _JOINED.search(raw, near, match.start())
            ):
                found = match
                break
        before = raw[last.start : found.start()].rstrip() if found else ""
        if found is None or not before or found.end() >= last.end:
            return pieces
        pieces.append(Item(last.kind, last.indent, last.column, last.style, number, found.end(), last.end, last.lead))
        last.end = last.start + len(before)
        last.lead = before[-1] in ":："


def _split_lead(raw: str, one: Item) -> list[Item]:
    """ "Severe disease, any of: (1) shock; (2) respiratory failure": the part before the colon leads the rest."""
    match = _LIST_AFTER_COLON.search(raw, one.start, one.end)
    if match is None:
        return [one]
    mark = match["mark"]
    sign = _mark(mark or "-").bullet
    inner = Item(one.kind, one.indent + 2, one.indent + 4, sign.style, sign.number, match.end(), one.end, one.lead)
    pieces = _split_numbers(raw, inner) if mark else _split_at(raw, inner, _DASH_AFTER_STOP)
    if mark and len(pieces) == 1:
        return [one]
    one.end = match.start() + 1
    one.lead = True
    return [one, *pieces]


# -------------------------------------------------------------------------------------------------------------- outline


def outline(raw: str, items: list[Item]) -> tuple[Criterion, ...]:
    """The items as criteria, each with its depth and parent: by indentation, and where all begin at one margin by style."""
    criteria: list[Criterion] = []
    open_levels: list[Item] = []  # the item before and those that it is nested in, the outermost first
    before = None
    for ordinal, one in enumerate(items, 1):
        kind, start, end = one.kind, one.start, one.end
        if before is None or before.kind != kind:
            open_levels.clear()
        elif _is_next(one, before):
            open_levels.pop()
        else:
            del open_levels[_depth(one, before.lead, open_levels) :]
        criteria.append(
            Criterion(
                kind=kind,
                depth=len(open_levels),
                parent_ordinal=open_levels[-1].ordinal if open_levels else None,
                text=raw[start:end],
                start=start,
                end=end,
            )
        )
        one.ordinal = ordinal
        open_levels.append(one)
        before = one
    return tuple(criteria)


def _is_next(one: Item, other: Item) -> bool:
    """Whether an item is the next of the list that the other is in."""
    style, number = one.style, one.number
    return (
        other.style == style
        and -2 < other.indent - one.indent < 2
        and (number is None or number - 1 == other.number)
        and (style != "" or other.lead == one.lead)
    )


def _depth(one: Item, after_lead: bool, levels: list[Item]) -> int:
    """How many of the open levels stay open for this item."""
    indent, style, number = one.indent, one.style, one.number
    for depth in range(len(levels) - 1, -1, -1):
        if _is_next(one, levels[depth]):
            return depth
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
