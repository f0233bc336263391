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
_IN_BRACKETS = re.compile(
    rf"\((?=\s?[0-9efnost][0-9a-z\s-]{{0,17}}\))\s?(?:(?P<figure>[0-9]{{1,3}})|{_SPELLED})\s?\)", re.IGNORECASE
)
_WORD_BEFORE = re.compile(rf"\b{_SPELLED}$", re.IGNORECASE)
_FIGURE_BEFORE = re.compile(r"\b[0-9]{1,3}$")
#: Characters of the longest of these words: "seventy-three".
_LONGEST_WORD = 14
#: "between 18 (inclusive) and 65 (inclusive)": both ends of a range are allowed without it.
_INCLUSIVE = re.compile(r"(?:\((?<=[\w%]\()|\s(?<=[\w%]\s)\()(?:inclusive|incl\.?|both inclusive)\)", re.IGNORECASE)
#: A power of ten that is the number: "< 10^3 copies/mL"; not in "5 x 10^9/L", "100 10^9/L", "platelets (10^9/L)".
_POWER = re.compile(
    r"10(?<![x×*✕∙·•.,0-9(]10)(?<![x×*✕∙·•0-9]\s10)\s?(?:\^\s?\(?(?P<exponent>[-−–]?[0-9]{1,2})(?![0-9.])\)?|(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))"
)
_RAISED_TEN = re.compile("10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]")
_RAISED = str.maketrans("⁻−–⁰¹²³⁴⁵⁶⁷⁸⁹", "---0123456789")

#: The point of thousands where more than the number says so: "1.500/mm3", a weight of "1.500 g"; no English count is written so.
_POINT = re.compile(
    r"\.(?<=[0-9]\.)(?<!\b0\.)(?=[0-9]{3}(?:\s?(?:c[eé]l[\w.]*|Zellen|cellule)?\s?(?:/|per\s)\s?(?:mm|[µμum]c?[lL]\b|cmm)))"
)
_POINT_OF_WEIGHT = re.compile(r"\.(?<=[1-9]\.)(?=[0-9]{3}\s?g(?:r|ramos|ramas|ramm|rammi|rammes)?\b(?!\s?/))")
#: A decimal point that a blank follows: "< 0. 6 x 10^9/L".
_POINT_AND_BLANK = re.compile(r"(?<=(?<![\w.,])0\.)\s(?=[0-9]+\s?[x×*])")
#: "17 years 11 months", "37 years and 364 days".
_YEARS_AND = re.compile(
    r"y(?:ears?|rs?)?\s(?P<and>and\s)?(?:(?P<months>[0-9]{1,2})\s?months?\b(?:\s(?:and\s)?(?P<more>[0-9]{1,2})\s?days?\b)?|(?P<days>[0-9]{1,3})\s?days?\b)"
)
_YEARS = re.compile(r"(?<![0-9.,])([0-9]{1,2})\s?$")
#: After "2 years and 6 months": the months are of something else.
_OF_ANOTHER = re.compile(r"\s(?!of\sage|and|or|old|to|inclusive)\w")
_HALVES = re.compile(r"\b(?:(one|two)\sand\sa\shalf|half\san?)\s(?=(?:year|month|hour|day|week)s?\b)", re.IGNORECASE)
#: "3/10 or higher": of a score, out of how many.
_OUT_OF = re.compile(
    r"/(?<=[0-9]/)(?:5|10|15|30|40|50|60|100)(?=\sor\s(?:more|higher|greater|above|over|less|lower|below|fewer)\b)"
)
_SCORED = re.compile(r"(?<![0-9/.])([0-9]{1,2})(/[0-9]+)")

_ESCAPED = re.compile(r"&(?:(?P<gt>gt)|(?P<lt>lt)|(?P<ge>ge)|le);(?P<equal>\s?=)?")

_HALF = {"": "0.5 ", "one": "1.5 ", "two": "2.5 "}

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
    if "0" in text:
        if "." in text:
            if "0/" in text or "0 /" in text or "0 c" in text:
                edits += [(found.span(), "") for found in _POINT.finditer(text)]
            if "0. " in text:
                edits += [(found.span(), "") for found in _POINT_AND_BLANK.finditer(text)]
            if "0 g" in text and ("eso " in text or "oids " in text or "ewicht " in text):
                edits += [(found.span(), "") for found in _POINT_OF_WEIGHT.finditer(text)]
        if "10" in text and ("10^" in text or "10 ^" in text or (not text.isascii() and _RAISED_TEN.search(text))):
            edits += [(found.span(), _power(found)) for found in _POWER.finditer(text)]
    if "year" in text and (" month" in text or " day" in text):
        edits += _years_said_in_two(text)
    if "half " in text:
        edits += [(found.span(), _HALF[(found[1] or "").lower()]) for found in _HALVES.finditer(text)]
    if "/" in text and ("0 or " in text or "5 or " in text):
        edits += [(found.span(), "") for found in _OUT_OF.finditer(text) if _is_score(text, found)]
    return _edited(text, sorted(edits)) if edits else (text, [])


def _said_twice(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Numbers that are said in a word and in a figure, each with its figure."""
    for bracket in _IN_BRACKETS.finditer(text):
        figure, end = bracket["figure"], bracket.start()
        end -= text[end - 1 : end].isspace()
        pattern = _WORD_BEFORE if figure else _FIGURE_BEFORE
        if before := pattern.search(text, max(0, end - _LONGEST_WORD), end):
            yield (before.start(), bracket.end()), figure or before[0]


def _years_said_in_two(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Ages in years and months, or days, each in years."""
    for said in _YEARS_AND.finditer(text):
        years = _YEARS.search(text, max(0, said.start() - 4), said.start())
        if years is None:
            continue
        months, days = int(said["months"] or 0), int(said["days"] or said["more"] or 0)
        whole = months == 11 or days > 300  # all but one: "37 years and 364 days"
        if months < 12 and days < 366 and (whole or not said["and"] or not _OF_ANOTHER.match(text, said.end())):
            yield (years.start(1), said.end()), f"{round(int(years[1]) + months / 12 + days / 365.25, 4):g} years"


def _is_score(text: str, out_of: re.Match[str]) -> bool:
    """Whether a ratio is a score, so many of so many, and neither visual acuity ("20/40 or better") nor two pressures."""
    said = _SCORED.search(text, max(0, out_of.start() - 3), out_of.end())
    return said is not None and said[1] != "20" and int(said[1]) <= int(said[2][1:])


def _power(of_ten: re.Match[str]) -> str:
    """ "10^5" in figures, "10^-4" too."""
    exponent = int((of_ten["exponent"] or of_ten["raised"]).translate(_RAISED))
    return str(10**exponent) if exponent >= 0 else f"{10.0**exponent:.{-exponent}f}"


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
