"""A criterion written more plainly, so that limits in it are read in one way, and the way back to places in its own text. Called by `measures`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

#: Where a registry broke a line in the middle of a sentence and indented the rest (WHO ICTRP, at 100 characters).
_WRAPPED = re.compile(r"(?<![.;:\s])[ \t]*\n[ \t]{2,}(?=\S)")

_ONES = "one|two|three|four|five|six|seven|eight|nine"
_SPELLED = (
    rf"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-](?:{_ONES}))?|{_ONES}|ten|eleven|twelve"
    "|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
)
#: A number in brackets that may repeat the one before it: "eighteen (18) years", "18 (eighteen) years".
_IN_BRACKETS = re.compile(rf"\(\s?(?:(?P<figure>[0-9]{{1,3}})|{_SPELLED})\s?\)", re.IGNORECASE)
_WORD_BEFORE = re.compile(rf"\b{_SPELLED}$", re.IGNORECASE)
_FIGURE_BEFORE = re.compile(r"\b[0-9]{1,3}$")
#: Characters of the longest of these words: "seventy-three".
_LONGEST_WORD = 14
#: "between 18 (inclusive) and 65 (inclusive)": both ends of a range are allowed without it.
_INCLUSIVE = re.compile(r"(?<=[\w%])\s?\((?:inclusive|incl\.?|both inclusive)\)", re.IGNORECASE)
#: A power of ten that is the number: "< 10^3 copies/mL"; not in "5 x 10^9/L", "100 10^9/L".
_POWER = re.compile(
    r"(?<![x×*✕∙·•.,0-9])(?<![x×*✕∙·•0-9]\s)10\s?(?:\^\s?(?P<exponent>[0-9]{1,2})(?![0-9.])|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))"
)
_RAISED_TEN = re.compile("10[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

_ESCAPED = re.compile(r"&(?:(?P<gt>gt)|(?P<lt>lt)|(?P<ge>ge)|le);(?P<equal>\s?=)?")

#: Places in the plainer text, in order, and how many characters are gone from there on.
Gone = list[tuple[int, int]]


def plainer(text: str) -> tuple[str, Gone]:
    """The text with signs for their HTML escapes, unbroken lines, numbers that are said once, and powers of ten in figures."""
    if "&" in text:
        text = _unescaped(text)
    edits = []
    if "\n  " in text:
        edits += [(found.span(), " ") for found in _WRAPPED.finditer(text)]
    if "(" in text:
        edits += _said_twice(text)
        if "ncl" in text:
            edits += [(found.span(), "") for found in _INCLUSIVE.finditer(text)]
    if "10^" in text or "10 ^" in text or (not text.isascii() and _RAISED_TEN.search(text)):
        edits += [(found.span(), str(10 ** _exponent(found))) for found in _POWER.finditer(text)]
    return _edited(text, sorted(edits)) if edits else (text, [])


def _said_twice(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Numbers that are said in a word and in a figure, each with its figure."""
    for bracket in _IN_BRACKETS.finditer(text):
        figure, end = bracket["figure"], bracket.start()
        end -= text[end - 1 : end].isspace()
        pattern = _WORD_BEFORE if figure else _FIGURE_BEFORE
        if before := pattern.search(text, max(0, end - _LONGEST_WORD), end):
            yield (before.start(), bracket.end()), figure or before[0]


def _exponent(power: re.Match[str]) -> int:
    return int(power["exponent"] or power["raised"].translate(_RAISED))


def _edited(text: str, edits: list[tuple[tuple[int, int], str]]) -> tuple[str, Gone]:
    """The text with every slice replaced; a slice that begins in the one before is left."""
    pieces, gone = [], []
    done = lost = 0
    for (start, end), plain in edits:
        if start < done:
            continue
        pieces += [text[done:start], plain]
        lost += end - start - len(plain)
        gone.append((end - lost, lost))
        done = end
    return "".join([*pieces, text[done:]]), gone


def place(at: int, gone: Gone) -> int:
    """A place in the plainer text, or the end of a slice of it, as one in the text itself."""
    passed = bisect_right(gone, at, key=itemgetter(0))
    return at + (gone[passed - 1][1] if passed else 0)


def _unescaped(text: str) -> str:
    """The text with signs where a registry has their HTML escapes ("&gt;= 60"), every other character at its place."""

    def sign(escaped: re.Match[str]) -> str:
        meant = ">" if escaped["gt"] else "<" if escaped["lt"] else "≥" if escaped["ge"] else "≤"
        return (meant + ("=" if escaped["equal"] else "")).ljust(len(escaped[0]))

    return _ESCAPED.sub(sign, text)
