"""Values room: the XML of a payload, read strictly where it can be and mended where it must.

Called by the normalizers whose registries serve XML. Entities are not resolved and nothing is fetched. Imports nothing of the
project but the notes and the refusal.
"""

from __future__ import annotations

import re

from lxml import etree

from normalize.objects import Notes
from normalize.schema import Unreadable

_OPTIONS = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
}
_STRICT = etree.XMLParser(**_OPTIONS)  # type: ignore[arg-type]
_LENIENT = etree.XMLParser(recover=True, **_OPTIONS)  # type: ignore[arg-type]

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.-]+)""", re.IGNORECASE)
# What stops an XML parser in the middle of a text and can be mended without a guess: control characters, `&` and `<` unescaped.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")  # libxml2 lets it pass and lxml then cannot hand out the text
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_BARE_LESS_THAN = re.compile(r"<(?![A-Za-z_/!?])")


def utf_8(body: bytes, media_type: str) -> bytes:
    """The payload in UTF-8, by the charset of its media type. Raises ValueError when it is not in that charset."""
    charset = _CHARSET.search(media_type)
    if charset is None or charset[1].lower() in ("utf-8", "utf8"):
        return body
    try:
        return body.decode(charset[1]).encode()
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"said to be in {charset[1]}, but {error}") from None


def parse(body: bytes, expected: str, way_out: str, notes: Notes) -> etree._Element:
    """The root element of UTF-8 `body`; broken XML leaves a warning on "record".

    Raises `Unreadable` when nothing can be made of it: `expected` says what was wanted, `way_out` what to do.
    """
    try:
        if b"\xed" in body and _SURROGATE.search(body):
            raise ValueError("it holds half a surrogate pair, which is no UTF-8")
        return etree.fromstring(body, _STRICT)
    except (etree.XMLSyntaxError, ValueError) as error:
        problem = str(error)
    text = _CONTROL.sub("\ufffd", body.decode("utf-8", errors="replace"))
    text = _REFERENCE.sub(_storable, text)
    text = _BARE_LESS_THAN.sub("&lt;", _BARE_AMPERSAND.sub("&amp;", text))
    try:
        root = etree.fromstring(text.encode(), _LENIENT)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise Unreadable(f"Expected {expected}, found something else ({problem}). {way_out}")
    notes.warn("record", None, f"The XML is broken ({problem}): what could be read of it was.")
    return root


def _storable(reference: re.Match[str]) -> str:
    """A reference to a character; one to half a surrogate pair, or to none, is U+FFFD."""
    digits = reference[1] or reference[2]
    number = int(digits, 16 if reference[1] else 10) if len(digits) < 9 else -1
    is_character = 0 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return reference[0] if is_character else "\ufffd"


def inner_text(element: etree._Element) -> str:
    """All text below an element."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""
