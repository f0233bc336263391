"""Values room: JSON objects of unknown shape, read without surprises.

Called by the normalizers whose registries answer in JSON. Registries add, drop and retype keys without notice: whatever has
the wrong type reads as absent and leaves a warning that names the place. Registry-blind.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from msgspec import Struct

from normalize import vocabularies
from normalize.dates import Order, iso_date
from normalize.schema import Unmapped, ValueWarning
from normalize.text import clean

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ROOT = re.compile(r"<([A-Za-z][\w:.-]*)")
_OBJECT = msgspec.json.Decoder(dict[str, Any])
#: SQLite's whole numbers end here.
_LARGEST = 2**63 - 1


class Notes(Struct, frozen=True):
    """What a normalizer has to say about values that it could not take over."""

    warnings: list[ValueWarning]
    unmapped: list[Unmapped]

    def warn(self, field: str, raw: object, reason: str) -> None:
        self.warnings.append(ValueWarning(field=field, raw_value=clean(raw), reason=reason))


def decode(body: bytes, notes: Notes, decoder: msgspec.json.Decoder[Any] = _OBJECT) -> object:
    """The JSON value of `body`, all its texts storable. A `decoder` of a TypedDict passes over the members that it does not name.

    Lone surrogates, NUL and other raw control characters, NaN and bytes that are not UTF-8 are read all the same and leave a warning, for
    one odd character must not cost a trial: what SQLite cannot store becomes U+FFFD. Raises ValueError with what the bytes are instead
    of JSON: "an HTML page", "XML with the root element rss", "JSON that breaks at character 12 of 40 (Expecting value)".
    """
    try:
        value: object = decoder.decode(body.removeprefix(_BYTE_ORDER_MARK))
        if b"\\u0000" not in body:
            return value
    except (ValueError, RecursionError):
        value = _lenient(body)
    if isinstance(value, dict):
        notes.warn("record", None, "JSON with characters that cannot be stored, such as NUL: read, each as U+FFFD.")
    try:
        return _storable(value)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None


def _lenient(body: bytes) -> object:
    text = body.decode("utf-8-sig", errors="replace")
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        if text.lstrip()[:1] in ("{", "["):
            raise ValueError(f"JSON that breaks at character {error.pos + 1} of {len(text)} ({error.msg})") from None
        raise ValueError(_other_form(text[:5000].strip())) from None
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None


def _other_form(text: str) -> str:
    if not text:
        return "nothing"
    if text.startswith("PK\x03\x04"):
        return "a zip archive"
    root = _ROOT.search(text) if text.startswith("<") else None
    if root is None:
        return f"text that begins {text[:80]!r}"
    return "an HTML page" if root[1].lower() == "html" else f"XML with the root element {root[1]}"


def _storable(value: object) -> object:
    """The value with its texts cleaned."""
    if isinstance(value, str):
        return clean(value) or ""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    return value


class Part(Struct, frozen=True, gc=False):
    """One object of an answer, with its place in it and the notes that reading it adds to."""

    data: dict[str, Any]
    key: str  # under which it stands in the object above, empty for the whole answer
    notes: Notes
    above: Part | None = None

    @property
    def path(self) -> str:
        """The keys that lead to it; only warnings ask."""
        return self.above._below(self.key) if self.above else self.key

    def text(self, key: str) -> str | None:
        """Text, stripped; numbers as written. None when absent, blank, or neither (with a warning)."""
        value = self.data.get(key)
        if type(value) is str:
            return value.strip() or None
        if value is None:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return clean(value)
        self._unexpected(key, value, "a text")
        return None

    def value(self, key: str, vocabulary: str) -> Any:
        """The value of a vocabulary that the text stands for. Any, since the schema has `Literal` types that mypy cannot see it fits."""
        text = self.text(key)
        return None if text is None else vocabularies.read(vocabulary, text, self.notes.unmapped)

    def date(self, key: str, order: Order, column: str) -> str | None:
        """ISO 8601 date; None when absent, or unreadable (with a warning on `column`)."""
        text = self.text(key)
        if text is None:
            return None
        date = iso_date(text, order)
        if date is None:
            self.notes.warn(column, text, f"{self.path}.{key} is not a date.")
        return date

    def flag(self, key: str) -> bool | None:
        """True or false."""
        value = self.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._unexpected(key, value, "true or false")
        return None

    def count(self, key: str) -> int | None:
        """A whole number from 0; `12.0` is one."""
        value = self.number(key)
        if value is None:
            return None
        if value != int(value) or not 0 <= value <= _LARGEST:
            self._unexpected(key, value, "a count")
            return None
        return int(value)

    def number(self, key: str) -> float | None:
        """A finite number."""
        value: float | None = self.data.get(key)
        if value is None:
            return None
        if type(value) not in (int, float) or not -_LARGEST <= value <= _LARGEST:
            self._unexpected(key, value, "a number")
            return None
        return value

    def part(self, key: str) -> Part:
        """The object below `key`; an empty one when absent or no object."""
        value = self.data.get(key)
        if type(value) is not dict:
            if value is not None:
                self._unexpected(key, value, "an object")
            value = {}
        return Part(value, key, self.notes, self)

    def parts(self, key: str) -> list[Part]:
        """The objects of the list below `key`."""
        values = self._list(key)
        if not values:
            return []
        notes = self.notes
        objects = [Part(value, key, notes, self) for value in values if type(value) is dict]
        if len(objects) < len(values):
            self._unlike(values, dict, key, "a list of objects")
        return objects

    def texts(self, key: str) -> list[str]:
        """The texts of the list below `key`, stripped, without blank ones."""
        values = self._list(key)
        texts = [value.strip() for value in values if type(value) is str]
        if len(texts) < len(values):
            self._unlike(values, str, key, "a list of texts")
        return [text for text in texts if text]

    def left_out(self, table: str, key: str) -> None:
        """Notes that this row cannot stand in `table`, for want of `key`, with all that it said."""
        said = "; ".join(
            f"{name}: {value}" for name, value in self.data.items() if isinstance(value, (str, int, float))
        )
        self.notes.warn(table, said, f"{self.path} has an entry without {key}: left out.")

    def _below(self, key: str) -> str:
        path = self.path
        return f"{path}.{key}" if path else key

    def _list(self, key: str) -> list[Any]:
        value = self.data.get(key)
        if type(value) is list:
            return value
        if value is not None:
            self._unexpected(key, value, "a list")
        return []

    def _unlike(self, values: list[Any], kind: type, key: str, expected: str) -> None:
        for value in values:
            if type(value) is not kind:
                self._unexpected(key, value, expected)

    def _unexpected(self, key: str, value: object, expected: str) -> None:
        found = _KINDS.get(type(value), "a number")
        self.notes.warn(self._below(key), value, f"Expected {expected}, found {found}: left out.")


_KINDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
