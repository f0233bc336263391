"""EUCTR, fields: one country record of the EU Clinical Trials Register, cut into the numbered fields of its form.

The register serves the same form in two ways, and both give the same list here: the text download (`cut_text`), which has no
escaping at all, and the protocol page (`cut_page`). Called by `euctr.py`, which knows what the fields mean; this file knows only
where they begin and end. The oddities of the text download are written beside the lines that meet them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import lxml.html
from lxml.etree import ParserError, XMLSyntaxError
from msgspec import Struct

from normalize.dates import iso_date
from normalize.euctr_form import EXACT, FOLDED, LABELS, Entry, Kind, place
from normalize.schema import Unmapped, ValueWarning
from normalize.text import breaks


class Field(Struct, frozen=True, gc=False):
    """One filled or empty place of the form."""

    code: str  # as printed: `A.3`, `B.3.1 and B.3.2`, `E.1.2`, `N.`; empty for the unnumbered head of a record
    label: str  # the form's own words, as in FORM
    language: str | None  # ISO 639-1 code of a repetition in another language: `A.3 Full title of the trial (es):`
    value: str  # stripped; empty where nothing was filled in
    kind: Kind = "field"


_PREFERRED: dict[str | None, int] = {"en": 0, None: 1}
_ANSWERS = {"Yes": True, "No": False}


def _preference(field: Field) -> int:
    return _PREFERRED.get(field.language, 2)


class Form:
    """The fields of one record, by code, by section and in order, and what reading them leaves to say."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = fields
        self._sections: dict[str, list[Field]] = defaultdict(list)
        self._filled: dict[str, list[Field]] = defaultdict(list)
        sections, filled = self._sections, self._filled
        for field in fields:
            code = field.code
            sections[code[:1]].append(field)
            if field.value:
                filled[code].append(field)
        self.warnings: list[ValueWarning] = []
        self.unmapped: list[Unmapped] = []

    def warn(self, field: str, raw: str | None, reason: str) -> None:
        self.warnings.append(ValueWarning(field=field, raw_value=raw, reason=reason))

    def all(self, code: str) -> Sequence[Field]:
        """The filled fields of a code, in all languages."""
        return self._filled.get(code, ())

    def section(self, letter: str) -> list[Field]:
        """All fields of a section, B for sponsors, D for products, in the order of the form; the head's letter is empty."""
        return self._sections.get(letter, [])

    def best(self, code: str) -> Field | None:
        """The English field of a code: the one that says so, else the one that names no language, else the first that is filled."""
        filled = self.all(code)
        return min(filled, key=_preference) if filled else None

    def value(self, code: str, label: str | None = None) -> str | None:
        """The text of a code in the language that `best` takes; with `label`, of the field whose label begins with it."""
        filled = self._filled.get(code)
        if not filled:
            return None
        if label is None:
            return filled[0].value if len(filled) == 1 else min(filled, key=_preference).value
        return next((field.value for field in filled if field.label.startswith(label)), None)

    def yes(self, code: str, label: str | None = None) -> bool | None:
        """The answer to a question; None when nothing or something else than Yes and No is said."""
        value = self.value(code, label)
        if value is None:
            return None
        if value in _ANSWERS:
            return _ANSWERS[value]
        # F.3.3.1 of older records has an explanation of several lines behind its answer.
        answer = _ANSWERS.get(value.partition("\n")[0].strip().capitalize())
        if answer is None:
            self.warn(code, value, "The answer to this question is neither Yes nor No.")
        return answer

    def chosen(self, values: Mapping[str, str]) -> list[str]:
        """The values of those questions that are answered with Yes."""
        return [value for code, value in values.items() if self.yes(code)]

    def number(self, code: str, label: str | None = None) -> int | None:
        value = self.value(code, label)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            self.warn(code, value, "Not a whole number.")
            return None
        return int(value)

    def date(self, code: str, label: str) -> str | None:
        """The date of the field whose label begins with `label`, in ISO 8601."""
        value = self.value(code, label)
        read = iso_date(value, "ymd")
        if value is not None and read is None:
            self.warn(f"{code} {label}".strip(), value, "Not a date in the form year-month-day.")
        return read


def caption(field: Field) -> str:
    """The label of a field with its language: `Main objective of the trial (es)`."""
    return field.label if field.language in _PREFERRED else f"{field.label} ({field.language})"


def labelled(fields: Iterable[Field], separator: str = "\n\n") -> str | None:
    """Fields as readable text: each after its caption."""
    return separator.join([f"{caption(field)}: {field.value}" for field in fields]) or None


def blocks(fields: Iterable[Field], opening: tuple[str, str]) -> list[list[Field]]:
    """The fields of a section, cut before each field that is `opening` (code, label)."""
    found: list[list[Field]] = []
    for field in fields:
        if not found or (field.kind == "block" and (field.code, field.label) == opening):
            found.append([])
        found[-1].append(field)
    return found


#: What the register prints for a question that EudraCT did not yet ask when the record was made (2005-002909-23-PT).
_NOT_ASKED = "Information not present in EudraCT"
#: Fields of free text, in which a line of the registrant may look like a field.
_FREE_TEXT = frozenset(("A.3", "A.3.1", "A.3.2", "F.3.3.6.1", "F.3.3.7.1", "F.5"))

#: Before a line that may open a field; and where the field's name ends in it.
_BEFORE_OPENING = re.compile(
    r"\n(?=[ \t]*(?:[A-P]\.|Summary|EudraCT Number|Sponsor|National Competent|Clinical Trial Type|Trial Status|Trial results"
    r"|Date on which|Link|MedDRA Class))"
)
_END_OF_NAME = re.compile(r"[\n:?]")
_LANGUAGE = re.compile(r"(.*?)\s*\(([a-z]{2,3})(?:[-_][a-z]{2,4})?\)")
_NUMBERED_SPONSOR = re.compile(r"sponsor \d+")
_NEW_FIELD = re.compile(r"([ABDFGH](?:\.\d+){1,6}|[NP]\.)[ \t]+([A-Z(][^\n]{2,200})")


class _Opening(Struct, frozen=True, gc=False):
    """A line that opens a field."""

    entry: Entry
    place: float  # in the order of the form
    language: str | None
    length: int  # of the name as printed
    value: str  # what the line says after it
    field: Field | None  # None: a heading of the form


#: Characters; longer lines are the registrant's own words.
_LONGEST_KEPT = 200


def cut_text(text: str) -> list[Field]:
    """The fields of a record of the text download, in the order of the form; empty when no line opens a field.

    `text` has newlines only. A line opens a field when its code *and* its label are those of the form (the language of a
    repetition may follow: `(es)`), for criteria and titles hold lines such as `1.1 ...`, `A. ...` and `E.3 ...`. The fields of the
    form only move forward, so of lines that contradict its order the fewest are taken as free text.
    """
    pieces = _BEFORE_OPENING.split("\n" + text)
    fields = []
    end = len(pieces)
    for at, opening in zip(range(end - 1, -1, -1), reversed(_in_order(_openings(pieces))), strict=True):
        if opening is None:
            continue
        # Pieces that open nothing belong to the one before them.
        if end > at + 1:
            opening = _opened("\n".join(pieces[at:end]), opening.entry, opening.language, opening.length)
        if opening.field is not None:
            fields.append(opening.field)
        elif opening.value:
            continue  # A heading holds nothing. One that does is a line of the free text before it, and goes back there.
        end = at
    return fields[::-1]


def _openings(pieces: list[str]) -> list[_Opening | None]:
    """What each piece opens, None where it opens nothing."""
    known = [_opening(piece) if len(piece) <= _LONGEST_KEPT else _opening.__wrapped__(piece) for piece in pieces]
    known[0] = None  # what stands before the first line that may open a field
    if known.count(None) > 1:
        last = ""
        for at, opening in enumerate(known):
            if opening is None and pieces[at][1:2] == "." and last not in _FREE_TEXT:
                opening = known[at] = _new_field(pieces[at], last)
            last = opening.entry.code if opening else last
    return known


# Most lines of the form say the same in thousands of records: "F.2.1 Female: Yes".
@lru_cache(maxsize=8192)
def _opening(piece: str) -> _Opening | None:
    """The field that a piece opens, None where it opens none that the form has."""
    printed = piece.partition(":")[0]
    if printed not in EXACT:
        printed = _END_OF_NAME.split(piece, 1)[0]
    entry, language = EXACT.get(printed), None
    if entry is None:
        entry, language = (_look_up if len(printed) <= _LONGEST_KEPT else _look_up.__wrapped__)(printed)
    return _opened(piece, entry, language, len(printed)) if entry else None


def _opened(piece: str, entry: Entry, language: str | None, length: int) -> _Opening:
    value = said = piece[length:].strip().removeprefix("?").lstrip().removeprefix(":").lstrip()
    if entry.tail:
        said = value.removeprefix(entry.tail).removeprefix(":").lstrip()
    field = Field(entry.code, entry.label, language, "" if said == _NOT_ASKED else said, entry.kind)
    return _Opening(entry, entry.place, language, length, value, None if entry.kind == "heading" else field)


@lru_cache(maxsize=1024)
def _look_up(printed: str) -> tuple[Entry | None, str | None]:
    """The field that a line's beginning names, whatever its blanks and capitals, and the language it says."""
    folded = " ".join(printed.lower().split())
    if (entry := FOLDED.get(folded)) is not None:
        return entry, None
    if _NUMBERED_SPONSOR.fullmatch(folded):
        return FOLDED["b. sponsor"], None
    if tagged := _LANGUAGE.fullmatch(folded):
        return FOLDED.get(tagged[1]), tagged[2]
    return None, None


def _new_field(piece: str, last: str) -> _Opening | None:
    """A field that the form here does not know, in the sections of short answers; not in E, where the registrant's text is."""
    printed = _END_OF_NAME.split(piece, 1)[0]
    match = _NEW_FIELD.fullmatch(printed)
    if match is None or piece[len(printed) :][:1] not in (":", "?") or last[:1] != match[1][0]:
        return None
    return _opened(piece, Entry(match[1], match[2].strip(), "new", place(match[1]), ""), None, len(printed))


def _in_order(openings: list[_Opening | None]) -> list[_Opening | None]:
    """The longest run of openings that never goes back in the form (patience sorting): all of them, as a rule. None for the others."""
    places = [opening.place for opening in openings if opening is not None]
    if places == sorted(places):
        return openings
    opened = [at for at, opening in enumerate(openings) if opening is not None]
    lowest: list[float] = []
    tops: list[int] = []
    before: list[int] = []
    for number, where in enumerate(places):
        pile = bisect_right(lowest, where)
        before.append(tops[pile - 1] if pile else -1)
        lowest[pile : pile + 1] = [where]
        tops[pile : pile + 1] = [number]
    kept: list[_Opening | None] = [None] * len(openings)
    number = tops[-1]
    while number >= 0:
        kept[opened[number]] = openings[opened[number]]
        number = before[number]
    return kept


# ------------------------------------------------------------------------------------------------- the protocol page

#: Languages as the page names them beside a repetition.
_LANGUAGE_NAMES = {
    "english": "en", "bulgarian": "bg", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl", "estonian": "et",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hungarian": "hu", "icelandic": "is", "irish": "ga",
    "italian": "it", "latvian": "lv", "lithuanian": "lt", "maltese": "mt", "norwegian": "no", "polish": "pl", "portuguese": "pt",
    "romanian": "ro", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swedish": "sv",
}  # fmt: skip


def cut_page(page: str) -> list[Field]:
    """The fields of a protocol page (`/ctr-search/trial/<EudraCT>/<CC>`), in its order; empty when it is another page."""
    try:
        document = lxml.html.document_fromstring(
            page.encode("utf-8", "replace"), parser=lxml.html.HTMLParser(encoding="utf-8")
        )
    except (ParserError, XMLSyntaxError):
        return []
    return [field for row in document.iter("tr") for field in _row(row)]


def _row(row: lxml.html.HtmlElement) -> Iterator[Field]:
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    kinds = [cell.get("class") for cell in cells]
    if kinds == ["first", "second", "third"]:
        yield from _numbered_row(_line(cells[0]), _line(cells[1]), cells[2])
    elif kinds == ["cellGrey", "cellLighterGrey"]:
        entry = FOLDED.get(_line(cells[0]).rstrip(":? ").lower())
        if entry is not None:
            yield Field(entry.code, entry.label, None, " ".join(_lines(cells[1]).split()), entry.kind)
    elif kinds == ["cellBlue"]:
        printed, _, number = _line(cells[0]).partition(":")
        entry, _ = _look_up(printed)
        if entry is not None and entry.kind == "block":
            yield Field(entry.code, entry.label, None, number.strip(), entry.kind)


def _numbered_row(code: str, label: str, cell: lxml.html.HtmlElement) -> Iterator[Field]:
    entry = FOLDED.get(f"{code} {label.rstrip(':? ')}".lower())
    kind: Kind = "field" if (code, label) in LABELS else "new"
    if entry is not None:
        code, label, kind = entry.code, entry.label, entry.kind
    values: dict[str | None, list[str]] = {}
    for language, value in _values(cell):
        values.setdefault(language, []).append(value)
    for language, parts in values.items():
        value = breaks("\n".join(parts)).strip()
        yield Field(code, label, language, "" if value == _NOT_ASKED else value, kind)


def _values(cell: lxml.html.HtmlElement) -> Iterator[tuple[str | None, str]]:
    """The values of a cell: its text, or the rows of the table in it, whose second cell names the language of the first."""
    tables = [part for table in cell.findall("table") for part in (table, *table.findall("tbody"))]
    rows = [[inner for inner in row if inner.tag == "td"] for table in tables for row in table.findall("tr")]
    if not rows:
        yield None, _lines(cell)
    for inner in rows:
        language = _LANGUAGE_NAMES.get(_line(inner[1]).lower()) if len(inner) == 2 else None
        for part in inner[:1] if language else inner:
            yield language if language != "en" else None, _lines(part)


def _line(cell: lxml.html.HtmlElement) -> str:
    return " ".join(cell.text_content().split())


_SOURCE_BREAK = re.compile(r"[\r\n]+[ \t]*")


def _lines(cell: lxml.html.HtmlElement) -> str:
    """The text of a cell with a newline for each `<br>`; line ends of the page's source are blanks."""
    lines = [cell.text or ""]
    for element in cell.iterdescendants():
        if element.tag == "br":
            lines.append("")
        elif isinstance(element.tag, str):
            lines[-1] += element.text or ""
        lines[-1] += element.tail or ""
    return "\n".join(_SOURCE_BREAK.sub(" ", line.strip("\r\n")) for line in lines).strip()
