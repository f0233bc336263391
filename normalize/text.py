"""Values room: plain text work that every normalizer and parser shares.

Folding for comparison, cleaning of scalars, and the two escapes of the transport that are undone at the door.
Called by every other file of `normalize`; imports nothing of the project.
"""

from __future__ import annotations

import re
import unicodedata

#: Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "ŧ": "t", "ŋ": "n", "ĸ": "k",
    "™": " ", "℠": " ",  # compatibility forms would glue "tm" to the word before
}  # fmt: skip
#: ASCII: letters to lower case, everything but letters and digits to a blank.
_ASCII = "".join(chr(code).lower() if chr(code).isalnum() else " " for code in range(128))
#: The same as `bytes.translate` wants it, many times faster than a text's own.
_ASCII_BYTES = _ASCII.encode().ljust(256)


class _Folding(dict[int, str]):
    """Table for `str.translate` that fills itself: one character of any script to its folded form."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    lower = character.lower()
    if lower in _LETTERS:
        return _LETTERS[lower]
    parts = (part for part in unicodedata.normalize("NFKD", character).lower() if not unicodedata.combining(part))
    return "".join(_LETTERS.get(part, part) if part.isalnum() else " " for part in parts)


_FOLDING = _Folding(enumerate(_ASCII))


def fold(text: str) -> str:
    """The text in lower case, without accents, every run of punctuation and white space as one blank, stripped.

    For comparison only: `"Non-Small  Cell Lung Cancer (Métastatique)"` -> `"non small cell lung cancer metastatique"`.
    Letters and digits of every script stay. Folding a folded text changes nothing.
    """
    folded = text.encode().translate(_ASCII_BYTES).decode() if text.isascii() else text.translate(_FOLDING)
    return " ".join(folded.split())


#: Signs of English prose that are not ASCII.
_SIGNS = "≥≤–’—•“”°·‘×…"


def plain(text: str) -> str:
    """The text with the signs of English prose that are not ASCII as blanks, a character for a character.

    For searching only: what is ASCII then is put in lower case and cut into words many times faster.
    """
    if not text.isascii():
        for sign in _SIGNS:
            if sign in text:
                text = text.replace(sign, " ")
                if text.isascii():
                    break
    return text


#: Small letters, and a nought for every figure.
_SEARCHABLE = bytes(range(256)).lower().translate(bytes.maketrans(b"123456789", b"000000000"))


def searchable(text: str) -> bytes:
    """A byte for each character: ASCII in lower case, "0" for every figure, "?" for all that is not ASCII.

    For searching only: bytes are searched fastest.
    """
    return text.encode("ascii", "replace").translate(_SEARCHABLE)


#: NUL, which SQLite and CSV readers cut at, and lone surrogates, which cannot be stored as UTF-8.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def clean(value: object) -> str | None:
    """Any scalar as stripped text; None when blank or not a scalar (a list, an object, null).

    Numbers come as JSON writes them, truth values as `true` and `false`. Inner text is untouched, but NUL and lone surrogates
    are replaced by U+FFFD, since neither can be stored.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _UNSTORABLE.search(text):
        text = _UNSTORABLE.sub("\ufffd", text)
    return text or None


_BREAK = re.compile(r"<[bB][rR]\s*/?>")  # a pattern that begins with a character as it is finds its places fastest


def breaks(text: str) -> str:
    """Literal `<br>`, `<br/>`, `<BR />` and the line ends CRLF and CR become newlines."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BREAK.sub("\n", text) if "<" in text else text


_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


def unmarkdown(text: str) -> str:
    r"""Backslash escapes of CommonMark undone: a backslash before ASCII punctuation goes, any other stays.

    ClinicalTrials.gov writes `\>= 18`, `\[mg\]`, `\*` in its long texts.
    """
    # Split at its escapes, a text leaves what stands between them and what they escape.
    return "".join(_ESCAPE.split(text)) if "\\" in text else text
