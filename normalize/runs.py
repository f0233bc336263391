"""Items that a text runs together on one line: "1. Adults 2. Women", "any of: (1) shock; (2) fever", "Women. Age 18 to 40". Called by `eligibility`; registry-blind."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import pairwise, zip_longest

from normalize.lists import BLANK, CIRCLED, ROMAN_NAMES, SYMBOL, Item, mark_of

#: "... any of the following: (1) shock; (2) ...", "... the following (1) shock (2) ...", "...: - foo"
_LIST_AFTER_LEAD = re.compile(
    rf"(?P<lead>[:：]|(?<=following)(?= \()){BLANK}*(?:(?P<mark>\(?(?:1|a|i)\)|1\.)\s*(?=[^\W\d_]|[<>≥≤])|-\s+(?=[^\W\d_]))"
)
#: How these begin, and where in it the list does.
_LEADS = {":": 0, "：": 0, "following (": len("following")}
_DASH_AFTER_STOP = re.compile(r"(?<=[.;,])\s+-\s+(?=[^\W\d_])")
_DOT_AFTER = re.compile(rf"{SYMBOL}(?<=[\s.;:,)].){SYMBOL}*\s*(?=[^\W\d_]|[(<>≥≤])")
_FLAT = {"-": re.compile(r"\s+[-–]\s*(?=[^\W\d_])"), "*": re.compile(r"\s+\*\s*(?=[^\W\d_])")}
#: After these the sentence goes on, as it does after initials.
_ABBREVIATED = "approx ca vs no nr dr st incl excl inc resp max min e.g i.e eg ie cf etc al i.v p.o s.c fig spp sp"
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
#: Where a sentence or a clause ends, and brackets.
_CLAUSE = re.compile(r"[(\[（]|[)\]）]|;\s+(?:(?:and|or)\s+)?(?=\w)|[。；]\s*(?=\S)|(?<=[\w)\]%])\.\s+(?=[A-Z≥≤<>])")
#: "stage 2. Surgery" is no item 2.
_NUMBERED = re.compile(
    r"""(?:\b(?:stage|grade|type|class|phase|scores?|level|visits?|least|most|than|to|of|group|arm|cohorts?|part|section
    |criterion|criteria|items?|no|number|covid|version|ecog|nyha|asa|is|was|are|by|about|x|in|with|for|below|above)|[<>≥≤=×~/+-])\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
#: "for 2 years 3. Surgery" neither; but "18 years b) lupus" is two.
_AFTER_TIME = re.compile(r"\b(?:weeks?|days?|months?|years?)\s*$", re.IGNORECASE)
_JOINED = re.compile(r"\b(?:or|and)\s*$", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _enumerator(style: str, number: int) -> tuple[str, re.Pattern[str]]:
    """Enumerator `number` of a list of this style, and what finds it in the middle of a line."""
    opening = style[0] if style[0] in "([（" else ""
    core = str(number) if "1" in style else ROMAN_NAMES.get(number, "-") if "i" in style.lower() else chr(96 + number)
    if style.strip("([（").isupper():
        core = core.upper()
    written = chr(ord(style) + number - 1) if style in CIRCLED else opening + core + style[-1]
    literal = re.escape(written)
    after = r"(?=\s*[^\W\d_]|\s*[<>≥≤(]|\s+\d)" if style[-1] != "." else r"(?=\s+[^\s.]|[^\W\d_])"
    return written, re.compile(rf"{literal}(?<=[\s.;:,，；。)]{literal}){after}\s*")


#: Styles of items that share no line, but where "•" parts them.
_WHOLE = frozenset(("", "*"))


def apart(raw: str, items: list[Item]) -> list[Item]:
    """The items, those apart that a text runs together on one line ("1. Adults 2. Women 3. ...")."""
    dotted = "•" in raw
    out = items
    if dotted or not _WHOLE.issuperset([one.style for one in items]):
        out = []
        for one, after in zip_longest(items, items[1:]):
            out += _apart(raw, one, after, dotted)
    out = _sentences(raw, out)
    if not (leads := _leads(raw)):
        return out
    led = []
    for one in out:
        if leads[bisect_left(leads, one.start)] < one.end:
            led += _split_lead(raw, one)
        else:
            led.append(one)
    return led


def _apart(raw: str, one: Item, after: Item | None, dotted: bool) -> list[Item]:
    """The items that an item is which has this one after it."""
    style, number = one.style, one.number
    if number is not None:
        if after is not None and after.number == number + 1 and after.style == style:
            return [one]
        return _split_numbers(raw, one)
    if style == "-" and " - " in raw[one.start : one.end]:
        return _split_at(raw, one, _bullets(raw, one, _DASH_AFTER_STOP))
    if dotted or not style.isascii():
        return _split_at(raw, one, _bullets(raw, one, _DOT_AFTER))
    return [one]


def _sentences(raw: str, items: list[Item]) -> list[Item]:
    """The items, those apart that a half runs together on one line: "Women. Age 18 to 40", "- adults - two losses - consent"."""
    kinds = [one.kind for one in items]
    if not (alone := [kind for kind in set(kinds) if kinds.count(kind) == 1]):
        return items
    out = []
    for one in items:
        cuts = []
        if one.kind in alone:
            cuts = _flat_bullets(raw, one) or ([] if one.style else _clause_ends(raw, one))
        out += _split_at(raw, one, cuts) if cuts else [one]
    return out


def _flat_bullets(raw: str, one: Item) -> list[tuple[int, int]]:
    """Bullets of a whole list on one line: "- adults - two losses - consent"; one alone may be a dash."""
    inside = _FLAT.get(one.style or "-")  # a title before the list may have taken its first dash
    cuts = _bullets(raw, one, inside) if inside else []
    return cuts if len(cuts) > 1 else []


def _clause_ends(raw: str, one: Item) -> list[tuple[int, int]]:
    """Where sentences and clauses of an item end, outside brackets: after the stop, and where the next begins."""
    ends = []
    open_brackets = 0
    # "QTcF: male > 450 ms; female > 470 ms" is about one thing, and "&gt;" is a sign
    has_clauses = raw.count("; ", one.start, one.end) > 1 and not {":", "&"} & set(raw[one.start : one.end])
    for match in _CLAUSE.finditer(raw, one.start, one.end):
        sign, begin = match[0][0], match.start()
        if sign in "([（":
            open_brackets += 1
        elif sign in ")]）":
            open_brackets -= 1
        elif open_brackets > 0 or (sign == ";" and not has_clauses):
            continue
        elif sign != "." or not _is_abbreviated(raw[max(one.start, begin - 12) : begin]):
            ends.append((begin + len(match[0].rstrip()), match.end()))
    return ends


def _is_abbreviated(before: str) -> bool:
    """Whether the last word before a full stop is one that a sentence goes on after."""
    word = before.split()[-1].lower()
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha())


def _leads(raw: str) -> list[int]:
    """Where in a text a list begins after what leads it, in order, and a place behind the text; nothing where none does."""
    found = []
    for lead, length in _LEADS.items():
        at = raw.find(lead)
        while at >= 0:
            if _LIST_AFTER_LEAD.match(raw, at + length):
                found.append(at)
            at = raw.find(lead, at + 1)
    return [*sorted(found), len(raw)] if found else []


def _bullets(raw: str, one: Item, inside: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where bullets stand in an item."""
    return [bullet.span() for bullet in inside.finditer(raw, one.start, one.end)]


def _split_at(raw: str, one: Item, cuts: list[tuple[int, int]]) -> list[Item]:
    """`one` without what is cut from it, as items."""
    pieces = []
    for (_, begin), (stop, _) in pairwise([(0, one.start), *cuts, (one.end, 0)]):
        text = raw[begin:stop].rstrip()
        if text:
            end = begin + len(text)
            pieces.append(Item(one.kind, one.indent, one.column, one.style, None, begin, end, one.heading))
    return pieces


def _split_numbers(raw: str, one: Item) -> list[Item]:
    pieces = [one]
    while True:
        last = pieces[-1]
        number = (last.number or 0) + 1
        if number > (20 if last.style in CIRCLED else 26) and "1" not in last.style:
            return pieces
        written, pattern = _enumerator(last.style, number)
        if written not in raw[last.start : last.end]:
            return pieces
        coming = pattern.finditer(raw, last.start + 1, last.end)
        found = next((match for match in coming if _may_be_next(raw, last, match.start())), None)
        before = raw[last.start : found.start()].rstrip() if found else ""
        if found is None or not before or found.end() >= last.end:
            return pieces
        pieces.append(Item(last.kind, last.indent, last.column, last.style, number, found.end(), last.end, one.heading))
        last.end = last.start + len(before)


def _may_be_next(raw: str, last: Item, at: int) -> bool:
    """Whether what stands before an enumerator lets it begin the item after `last`."""
    near = max(last.start, at - 14)
    bracketed = last.style[-1] == ")" and raw[at] != "("
    return not (
        _NUMBERED.search(raw, near, at)
        or ("1" in last.style and _AFTER_TIME.search(raw, near, at))
        or (not bracketed and _JOINED.search(raw, near, at))
    )


def _split_lead(raw: str, one: Item) -> list[Item]:
    """ "Severe disease, any of: (1) shock; (2) respiratory failure": the part before the colon leads the rest."""
    match = _LIST_AFTER_LEAD.search(raw, one.start, one.end)
    if match is None:
        return [one]
    mark = match["mark"]
    style, number = mark_of(mark or "-").bullet
    inner = Item(one.kind, one.indent + 2, one.indent + 4, style, number, match.end(), one.end, one.heading)
    pieces = _split_numbers(raw, inner) if mark else _split_at(raw, inner, _bullets(raw, inner, _DASH_AFTER_STOP))
    if mark and len(pieces) == 1:
        return [one]
    one.end = match.end("lead")
    return [one, *pieces]
