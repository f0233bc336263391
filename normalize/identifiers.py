"""Values room: registry numbers of trials, in every form in which registers and their users write them.

Called by the normalizers (`secondary_ids`) and by linking (`canonical`). The forms are those of each registry's own documentation and of
WHO ICTRP's network; every one is listed once, in `_FORMS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from normalize.closed_lists import SecondaryIdType
from normalize.schema import SecondaryId
from normalize.text import fold


class Found(NamedTuple):
    """A registry number in a text: `raw` is exactly `text[start:end]`, `normalized` its registry's canonical form."""

    registry: str
    normalized: str
    raw: str
    start: int
    end: int


class _Form(NamedTuple):
    """How a registry's numbers look: `pattern` captures the pieces that `shape` puts together, letters in the given case."""

    registry: str
    pattern: str
    shape: str
    case: Callable[[str], str] = str.upper


_UTN = "WHO UTN"

# Between a prefix and its figures: "NCT#00379470", "ISRCTN : 64254080", "DRKS-ID: 00012345"
_GAP = r"[\W_]{0,3}(?:(?:no|nr|id|number)\b[\W_]{0,3})?"
# Between blocks of figures: any dash of Unicode, blanks round it ("2011‐005132‐26", with U+2010, in a ClinicalTrials.gov record)
_DASH = r"\s?[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]\s?"
_LOOSE_DASH = rf"(?:{_DASH}|\s)?"
_SLASH = r"\s?[-/\u2010-\u2015\u2212]\s?"
_YEAR = r"(?<![0-9])((?:19|20)[0-9]{2})"
_END = r"(?!-?[0-9])"
_JAPAN = r"(?:JPRN[\W_]?)?"  # ICTRP puts JPRN- before all Japanese numbers


#: EudraCT and EU CT numbers, which begin with a year and need no prefix. They look alike; the second block tells: 0 is EudraCT's, 5 is
#: CTIS's. The order matters: the longer form first.
_EU_FORMS = (
    # ISRCTN writes an EudraCT number as CTIS2020-005891-36-00.
    _Form(
        "EUCTR",
        rf"CTIS{_GAP}{_YEAR}{_DASH}(0(?!00000)[0-9]{{5}}){_DASH}([0-9]{{2}}){_DASH}[0-9]{{2}}{_END}",
        "{}-{}-{}",
    ),
    _Form(
        "CTIS",
        rf"(?:CTIS{_GAP})?{_YEAR}{_DASH}(5[0-9]{{5}}){_DASH}([0-9]{{2}}){_DASH}([0-9]{{2}}){_END}",
        "{}-{}-{}-{}",
    ),
    # Without the last pair, which counts resubmissions (2023-503651-10 in a field of ClinicalTrials.gov): the first one.
    _Form("CTIS", rf"(?:CTIS{_GAP})?{_YEAR}{_DASH}(5[0-9]{{5}}){_DASH}([0-9]{{2}}){_END}", "{}-{}-{}-00"),
    # With or without the country of the record: EUCTR2017-001400-29-FR, 2021-000037-14-DK, EUCTR2011-005852-33-3RD. A second block of
    # noughts alone is a place kept for a number.
    _Form(
        "EUCTR",
        rf"(?:EUCTR{_GAP})?{_YEAR}{_DASH}(0(?!00000)[0-9]{{5}}){_DASH}([0-9]{{2}})(?:-(?-i:[A-Z]{{2}}|3RD|3rd)(?![A-Za-z0-9])|{_END})",
        "{}-{}-{}",
    ),
)
#: Numbers that begin with letters and stand alone as words, in any text. The order matters where one number could be read as another.
_WORD_FORMS = (
    _Form("ClinicalTrials.gov", rf"NCT{_GAP}([0-9]{{8}})", "NCT{}"),
    _Form("ClinicalTrials.gov", r"NCTO([0-9]{7})", "NCT0{}"),  # the letter O for the first nought
    _Form("ISRCTN", rf"IS(?:RCTN|CRTN|RTCN){_GAP}([0-9]{{8}})", "ISRCTN{}"),
    _Form("ANZCTR", rf"A(?:CTRN|NZCTRN?){_GAP}([0-9]{{14}})(p?)", "ACTRN{}{}", str.lower),
    # Until 2017 with letters: ChiCTR-TRC-08000219
    _Form("ChiCTR", rf"ChiCTR{_GAP}((?!ChiCTR|(?:no|nr|id)\b)[A-Z]{{2,5}}){_GAP}([0-9]{{8,10}})", "ChiCTR-{}-{}"),
    _Form("ChiCTR", rf"ChiCTR{_GAP}([0-9]{{8,10}})", "ChiCTR{}"),
    _Form("ITMCTR", rf"ITMCTR{_GAP}([0-9]{{10}})", "ITMCTR{}"),
    _Form("CRiS", rf"KCT{_GAP}([0-9]{{7}})", "KCT{}"),
    _Form("CTRI", rf"CTRI{_GAP}([0-9]{{4}}){_SLASH}([0-9]{{2,3}}){_SLASH}([0-9]{{6}})", "CTRI/{}/{}/{}"),
    # Noughts at the front are lost where a spreadsheet or a person leaves them out.
    _Form("CTRI", rf"CTRI{_GAP}([0-9]{{4}}){_SLASH}([0-9]{{2,3}}){_SLASH}([0-9]{{5}})", "CTRI/{}/{}/0{}"),
    _Form("CTRI", rf"CTRI{_GAP}([0-9]{{4}}){_SLASH}([0-9]){_SLASH}([0-9]{{6}})", "CTRI/{}/0{}/{}"),
    _Form("DRKS", rf"DRKS{_GAP}([0-9]{{8}})", "DRKS{}"),
    _Form("IRCT", rf"IRCT{_GAP}([0-9]{{8,17}})\s?N([0-9]{{1,3}})", "IRCT{}N{}"),
    _Form("IRCT", rf"IRCT{_GAP}([0-9]{{8,17}})", "IRCT{}"),
    _Form("JapicCTI", rf"{_JAPAN}Japic[\W_]?CTI{_GAP}([0-9]{{6}})", "JapicCTI-{}"),
    _Form("JMACCT", rf"{_JAPAN}JMA[\W_]?IIA{_GAP}([0-9]{{5}})", "JMA-IIA{}"),
    _Form("jRCT", rf"{_JAPAN}jRCTs{_GAP}([0-9]{{9}})", "jRCTs{}"),
    _Form("jRCT", rf"{_JAPAN}jRCT{_GAP}([0-9]{{10}})", "jRCT{}"),
    _Form("UMIN", rf"{_JAPAN}UMIN(?:[\W_]?CTR)?{_GAP}(?:UMIN)?([0-9]{{9}})", "UMIN{}"),
    _Form("UMIN", r"JPRN[\W_]?C([0-9]{9})", "C{}"),  # UMIN's first numbers
    _Form("LBCTR", rf"LBCTR{_GAP}([0-9]{{10}})", "LBCTR{}"),
    _Form("NL-OMON", rf"NL[\W_]?OMON{_GAP}([0-9]{{1,6}})", "NL-OMON{}"),
    _Form("NTR", r"(?-i:NTR)[-\s]?([0-9]{3,4})", "NTR{}"),
    _Form("PACTR", rf"PACTR{_GAP}([0-9]{{15,16}})", "PACTR{}"),
    _Form("ReBec", r"(?-i:RBR)-((?=[A-Za-z]{0,9}[0-9])[A-Za-z0-9]{6,10})", "RBR-{}", str.lower),
    _Form("REPEC", rf"(?-i:PER){_DASH}([0-9]{{3}}){_DASH}([0-9]{{2}})", "PER-{}-{}"),
    _Form("RPCEC", rf"RPCEC{_GAP}([0-9]{{8}})", "RPCEC{}"),
    _Form("SLCTR", rf"SLCTR{_GAP}([0-9]{{4}}){_SLASH}([0-9]{{3}})", "SLCTR/{}/{}"),
    _Form("TCTR", rf"TCTR{_GAP}([0-9]{{11}})", "TCTR{}"),
    _Form(_UTN, rf"U([0-9]{{4}}){_DASH}([0-9]{{4}}){_DASH}([0-9]{{4}})", "U{}-{}-{}"),
    # All that WHO has given out begin with 1111: with it dashes may be missing, and behind "UTN" the U.
    _Form(_UTN, rf"U[\W_]?(1111){_LOOSE_DASH}([0-9]{{4}}){_LOOSE_DASH}([0-9]{{4}})", "U{}-{}-{}"),
    _Form(_UTN, rf"UTN{_GAP}U?(1111){_LOOSE_DASH}([0-9]{{4}}){_LOOSE_DASH}([0-9]{{4}})", "U{}-{}-{}"),
)
#: Short forms that hit much else as well: only where the whole of a field for identifiers is one.
_SHORT_FORMS = (
    _Form("NTR", r"NTR[-\s]?([0-9]{1,4})", "NTR{}"),
    _Form("NTR", r"NL[-\s]?([0-9]{2,4})", "NL{}"),
    _Form("UMIN", r"C([0-9]{9})", "C{}"),
    _Form(_UTN, rf"(1111){_DASH}([0-9]{{4}}){_DASH}([0-9]{{4}})", "U{}-{}-{}"),
    _Form("ReBec", r"RBR[\W_]?((?=[A-Za-z]{0,9}[0-9])[A-Za-z0-9]{6,10})", "RBR-{}", str.lower),
)
_ALL_FORMS = _EU_FORMS + _WORD_FORMS + _SHORT_FORMS


def _any_of(forms: tuple[_Form, ...]) -> str:
    """The forms as alternatives; the name of the group that matched, `f<n>`, is the form's place in `_ALL_FORMS`."""
    return "|".join(f"(?P<f{_ALL_FORMS.index(form)}>{form.pattern})" for form in forms)


_WORD_START, _WORD_END = "(?<![A-Za-z0-9])", "(?![A-Za-z0-9])"
# Before the forms their first characters: at most places of a text none of them begins, and one look says so.
_IN_TEXT = re.compile(
    f"{_WORD_START}(?=[ACDIJKLNPRSTU])(?:{_any_of(_WORD_FORMS)}){_WORD_END}|(?=[CE12])(?:{_any_of(_EU_FORMS)})",
    re.IGNORECASE,
)
_WHOLE = re.compile(_any_of(_ALL_FORMS), re.IGNORECASE)
_SQUEEZED = re.compile(_any_of(_WORD_FORMS), re.IGNORECASE)

# A registry number has five figures in a row, behind its prefix or behind a year and a dash; or it has a prefix in capitals that hardly
# stands elsewhere. Long texts are looked through for that first and read only round about: most hold no number at all.
#: What the hints are sought in: a byte for each character, every figure as 0, capitals as they are, all else as a blank.
_SKELETON = bytes(ord("0") if 48 <= code <= 57 else code if 65 <= code <= 90 else ord(" ") for code in range(256))
_BLANKS = bytes(code for code in range(256) if _SKELETON[code] == ord(" "))
_FIVE_FIGURES = re.compile(b"00000+")
_SHORT_NUMBERS = (b"RBR", b"PER000", b"SLCTR", b"NTR000", b"OMON", b"U0000", b"UTN0000")
_PREFIX_OF_SHORT_NUMBER = re.compile("RBR-|PER[^A-Za-z ]|SLCTR|U[^A-Za-z0-9]?1111|U[0-9]{4}[^0-9]|UTN|NTR|OMON")
_PREFIXES = ("NCT", "KCT", "CTR", "RCT", "CRTN", "RTCN", "DRKS", "JAPIC", "IIA", "UMIN", "JPRN", "RPCEC")
_YEAR_BEFORE = re.compile(rf"[0-9]{_DASH}$")
_REACH = 40  # characters, more than any number with its prefix has on either side of the hint


def find(text: str) -> list[Found]:
    """Every registry number in a text, in order, whatever its form: blanks, dashes of any kind, slashes, lower case, a country behind it."""
    return [
        _found(match) for start, end in _places(text) for match in _IN_TEXT.finditer(text, start, end) if _counts(match)
    ]


def _places(text: str) -> list[list[int]]:
    """Stretches of the text in which a number may stand, apart from each other and in order."""
    characters = text.encode("ascii", "replace")
    skeleton = characters.translate(_SKELETON)
    hints: list[int] = []
    if b"00000" in skeleton:
        figures = [match.start() for match in _FIVE_FIGURES.finditer(skeleton)]
        hints += [start for start in figures if _is_told(text[max(0, start - _REACH) : start].upper())]
    squeezed = characters.translate(_SKELETON, _BLANKS)  # of a text in small letters hardly anything is left
    if any(number in squeezed for number in _SHORT_NUMBERS):
        hints += [match.start() for match in _PREFIX_OF_SHORT_NUMBER.finditer(text)]
    if not hints:
        return []
    places: list[list[int]] = []
    for hint in sorted(hints):
        if places and hint - _REACH <= places[-1][1]:
            places[-1][1] = hint + _REACH
        else:
            places.append([max(0, hint - _REACH), hint + _REACH])
    return places


def _is_told(before: str) -> bool:
    """Whether the text before five figures says that they are a registry's."""
    return any(prefix in before for prefix in _PREFIXES) or _YEAR_BEFORE.search(before[-5:]) is not None


_FIGURES_BUT_NOUGHT = frozenset("123456789")


def _counts(match: re.Match[str]) -> bool:
    """Whether a match is a number and not a place kept for one (NCT00000000)."""
    return not _FIGURES_BUT_NOUGHT.isdisjoint(match[0])


def _found(match: re.Match[str]) -> Found:
    name = str(match.lastgroup)
    form = _ALL_FORMS[int(name[1:])]
    first = match.re.groupindex[name]
    pieces = map(form.case, match.groups()[first : first + form.shape.count("{}")])
    return Found(form.registry, form.shape.format(*pieces), match[0], *match.span())


# What stands before a number to say which it is: "EudraCT No.: 2005-000666-39", "UTN U1111-1131-9971"
_LABEL = re.compile(
    r"^(?:EudraCT|EUDRA CT|EU CTR?|EU CTIS|CTIS|UTN|WHO)?[\W_]*(?:(?:no|nr|number|code|id)\b[\W_]*)?", re.IGNORECASE
)


def canonical(text: str) -> Found | None:
    """The one registry number that a whole text is, short forms (`NL8501`) and blanks inside (`NCT 0055 7201`) allowed; None for others."""
    value = text.strip().strip(".,;:#()[]\"'")
    match = _WHOLE.fullmatch(value)
    if match is None and (bare := _LABEL.sub("", value)) != value:
        match = _WHOLE.fullmatch(bare)
    if match is None and (squeezed := _squeezed(value)) != value.lower():
        match = _SQUEEZED.fullmatch(squeezed)
    if match is None or not _counts(match):
        return None
    start = text.index(value)
    return _found(match)._replace(raw=value, start=start, end=start + len(value))


def _squeezed(text: str) -> str:
    return "".join(fold(text).split())


_JUNK = frozenset(
    (
        "", "na", "n a", "nd", "n d", "nil", "nil known", "nill known", "nil know", "none", "none known", "no", "no number", "null", "nothing",
        "not applicable", "not available", "not known", "not assigned", "not yet assigned", "not yet available", "not yet known",
        "nill", "none assigned", "none identified", "none provided", "none reported", "none stated", "no aplica", "ninguno", "nao se aplica",
        "keine", "not available yet", "not yet", "not provided", "not registered", "not specified", "unknown", "pending", "to be assigned", "to be confirmed", "to be determined",
        "to follow", "tba", "tbc", "tbd", "does not apply", "no secondary id", "no secondary ids", "other", "x", "xx", "xxx",
    )
)  # fmt: skip


@lru_cache(maxsize=4096)
def is_junk(text: str) -> bool:
    """Whether a field for identifiers says nothing: "Nil known" (ISRCTN), "N/A", "pending", noughts alone, punctuation alone."""
    folded = fold(text)
    return folded in _JUNK or not folded.strip("0 ")


def secondary_ids(
    fields: Iterable[tuple[str, str, SecondaryIdType | None]], texts: Iterable[tuple[str, str]], own: str
) -> tuple[SecondaryId, ...]:
    """All numbers of a record but its own: those of `fields` for identifiers, then those mentioned in `texts`.

    `fields` are (name of the field, value, type hint), `texts` (name of the field, free text). A registry's number is known by its
    form, whatever the hint: type `registry`, `utn` for WHO's, `alias` where the hint says so, `mention` in a text or behind words that
    make it another trial's ("Extension of NCT01234567"). Any other code has
    the type of its hint, else `sponsor_code`, or `other` when it has no figure. A value may hold several numbers; junk is left
    out, and so is `own` in any form (`EUCTR2017-001400-29-FR` leaves out `2017-001400-29`). One row for each number and type.
    """
    numbers = (*_of_fields(fields), *_of_texts(texts))
    if not numbers:
        return ()
    ours = {_same(own), *(_same(found.normalized) for found in [canonical(own)] if found)}
    rows: dict[tuple[str, SecondaryIdType], SecondaryId] = {}
    for row in numbers:
        if _same(row.id_normalized) not in ours:
            rows.setdefault((row.id_normalized, row.type), row)
    return tuple(rows.values())


_EU_CT_NUMBER = re.compile("([0-9]{4}-5[0-9]{5}-[0-9]{2})-[0-9]{2}")


def _same(number: str) -> str:
    """What two forms of one number share: an EU CT number without the pair that counts resubmissions, others without punctuation."""
    resubmission = _EU_CT_NUMBER.fullmatch(number)
    return _key(resubmission[1] if resubmission else number)


def _key(code: str) -> str:
    """A code without punctuation, in capitals: "CRUKD/22/002" -> "CRUKD22002"."""
    return _squeezed(code).upper() or code


def _of_texts(texts: Iterable[tuple[str, str]]) -> Iterator[SecondaryId]:
    texts = list(texts)
    # Most records mention no other trial: one look at all texts together costs less than one at each. After it only those are
    # read in which it found something.
    places = find("\n\n".join([text for _, text in texts]))
    end = -2
    for field, text in texts if places else ():
        start, end = end + 2, end + 2 + len(text)
        if any(place.start < end and place.end > start for place in places):
            for found in find(text):
                yield _row(found.raw, found.normalized, found.registry, "mention", field)


def _of_fields(fields: Iterable[tuple[str, str, SecondaryIdType | None]]) -> Iterator[SecondaryId]:
    for field, value, hint in fields:
        for piece in _SEPARATOR.split(value):
            if is_junk(piece):
                continue
            numbers = find(piece) or [found for found in [canonical(piece) or _without_prefix(field, piece)] if found]
            for found in numbers:
                kind = _kind(found, hint, f"{field}: {piece[: found.start]}", piece[found.end :])
                yield _row(found.raw, found.normalized, found.registry, kind, field)
            for code in _codes_beside(piece, numbers) if numbers else [piece.strip()]:
                is_code = _FIGURE.search(code) and not _DATE.fullmatch(code)
                yield _row(code, _key(code), None, hint or ("sponsor_code" if is_code else "other"), field)


_SEPARATOR = re.compile(r"[;\n]")  # no identifier holds a semicolon; ICTRP joins with it
_FIGURE = re.compile("[0-9]")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")

# Words before a number in a field for identifiers that make it the number of another trial: "Extension of NCT01234567".
_OTHER_STUDY = (
    r"(?:parent|preceding|previous|prior|earlier|feeder|core|lead-?in|main|master|related|associated|original|extension|roll[ -]?over|companion)"
    r"\s+(?:clinical\s+)?(?:stud(?:y|ies)|trials?|protocol)"
)
_ANOTHERS = re.compile(
    r"\b(?:(?:extension|continuation|follow[ -]?up|sub-?stud(?:y|ies)|sub-?trial|ancillary|companion|addendum|part|roll[ -]?over)\b.{0,20}\b(?:of|to|from|for)"
    rf"|{_OTHER_STUDY}|(?:related|linked|associated)\s+(?:to|with))\b",
    re.IGNORECASE,
)
# The same behind it, in brackets or after a dash: "NCT01234567 (parent study)".
_ANOTHERS_NUMBER = re.compile(rf"\s*[(\[\u2010-\u2015-]\s*(?:the\s+)?(?:{_OTHER_STUDY})\s*(?:[)\]]|\Z)", re.IGNORECASE)


def _kind(found: Found, hint: SecondaryIdType | None, before: str, behind: str) -> SecondaryIdType:
    if hint == "alias":
        return "alias"
    if found.registry == _UTN:
        return "utn"
    return "mention" if _ANOTHERS.search(before) or _ANOTHERS_NUMBER.match(behind) else "registry"


def _row(raw: str, normalized: str, registry: str | None, kind: SecondaryIdType, field: str) -> SecondaryId:
    return SecondaryId(id_raw=raw, id_normalized=normalized, registry=registry, type=kind, source_field=field)


def _without_prefix(field: str, piece: str) -> Found | None:
    """Bare figures in a field that is named after a registry: `64254080` in EUCTR's A.5.1, the number in the ISRCTN."""
    figures = piece.strip()
    if not (figures.isascii() and figures.isdecimal() and 7 <= len(figures) <= 17):
        return None
    numbers = (canonical(word + figures) for word in fold(field).split() if len(word) > 2)
    return next((found._replace(raw=figures) for found in numbers if found), None)


# A code that shares its field with a registry's number, parted from it: "CUV029 (EudraCT 2010-018024-10)"; a date is none.
_CODE = re.compile(rf"(?=\S*[0-9])(?!{_DATE.pattern}$)\S{{4,}}")


def _codes_beside(piece: str, numbers: list[Found]) -> list[str]:
    rest = piece
    for found in reversed(numbers):
        rest = f"{rest[: found.start]},{rest[found.end :]}"
    parts = (part.strip(" .:-") for part in re.split(r"[,()\[\]|]|\band\b", rest))
    return [part for part in parts if _CODE.fullmatch(part)]
