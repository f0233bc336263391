"""Finds where one record ends and the next begins in a stream of bytes, without interpreting any.

Called by `spiders.payloads`. Memory is bounded by `LARGEST` whatever the size of the stream; bytes that close no record
are handed back, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

#: No registry's record comes near this size (the largest study of ClinicalTrials.gov has 2.4 MB).
LARGEST = 64 * 1024 * 1024
CHUNK = 1024 * 1024


class Slice(NamedTuple):
    """Bytes of one record, or of what is left where a record should have been."""

    body: bytes
    whole: bool


_BRACE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}"]', re.DOTALL)
_decode = msgspec.json.Decoder(msgspec.Raw).decode


def json_objects(stream: BinaryIO, start: bytes = b"") -> Iterator[Slice]:
    """The outermost JSON objects of a stream that begins with `start`: items of an array, lines of NDJSON.

    What stands between objects (commas, brackets, blanks) is passed over. An object that is not valid JSON inside but
    whose braces are balanced is handed out like any other: whoever decodes it says what is wrong, and its neighbours live.
    """
    buffer, position, depth, opened = start, 0, 0, 0
    while True:
        for token in _BRACE.finditer(buffer, position):
            character = token[0]
            if character == b'"':  # a string that the buffer does not hold whole
                break
            position = token.end()
            if character == b"{":
                if depth == 0:
                    opened = token.start()
                depth += 1
            elif character == b"}" and depth:
                depth -= 1
                if depth == 0:
                    yield Slice(buffer[opened:position], True)
        else:
            position = len(buffer)
        keep = opened if depth else position
        more = stream.read(CHUNK)
        if not more or len(buffer) - keep > LARGEST:
            break
        buffer, position, opened = buffer[keep:] + more, position - keep, 0
    if depth:
        yield Slice(buffer[opened:], False)


def json_headed(stream: BinaryIO, head: re.Pattern[bytes], start: bytes = b"") -> Iterator[Slice]:
    """The JSON objects of a stream that open with `head`, which nothing inside such an object may match.

    Where a brace or a quotation mark is missing, an object ends before the next head, as a part: its neighbours live. What
    stands between objects is passed over, unless a brace in it says that it may be another object.
    """
    buffer, position = start, 0
    while True:
        opening = head.search(buffer, position)
        following = head.search(buffer, opening.end()) if opening else None
        more = b""
        if following is None:
            more = stream.read(CHUNK)
            if more and len(buffer) - position <= LARGEST:
                buffer, position = buffer[position:] + more, 0
                continue
        stop = following.start() if following else len(buffer)
        begin = opening.start() if opening else stop
        end = _closing(buffer, begin, stop)
        if b"{" in buffer[position:begin]:
            yield Slice(buffer[position:begin], False)
        if opening:
            yield Slice(buffer[begin : end or stop], bool(end))
        position = end or stop
        if following is None:
            if b"{" in buffer[position:]:
                yield Slice(buffer[position:], False)
            buffer, position = more, 0
            if not buffer:
                return


def _closing(buffer: bytes, begin: int, stop: int) -> int:
    """Where the object that opens at `begin` is closed; 0 when that is not before `stop`."""
    whole = buffer[begin:stop].rstrip(b", \t\r\n")
    if _is_json(whole):  # as nearly all are: braces are counted only where something else follows, or is broken
        return begin + len(whole)
    depth = 0
    for token in _BRACE.finditer(buffer, begin, stop):
        if token[0] == b'"':  # a string without end
            return 0
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        if depth == 0 and token[0] == b"}":
            return token.end()
    return 0


def _is_json(text: bytes) -> bool:
    try:
        _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def xml_elements(stream: BinaryIO, name: bytes) -> Iterator[Slice]:
    """Every `<name ...>...</name>` of a stream; elements of that name must not be nested.

    An element that is not closed before the next one opens, or before the stream ends, comes as a part.
    """
    opening, closing = re.compile(rb"<" + name + rb"(?=[\s>])"), b"</" + name + b">"
    buffer = stream.read(CHUNK)
    while True:
        begin = opening.search(buffer)
        end = buffer.find(closing, begin.end()) if begin else -1
        if begin and end >= 0:
            end += len(closing)
            again = opening.search(buffer, begin.end(), end)
            if again:
                yield Slice(buffer[begin.start() : again.start()], False)
                buffer = buffer[again.start() :]
            else:
                yield Slice(buffer[begin.start() : end], True)
                buffer = buffer[end:]
            continue
        more = stream.read(CHUNK) if len(buffer) <= LARGEST else b""
        if not more:
            if begin:
                yield Slice(buffer[begin.start() :], False)
            return
        buffer = (buffer[begin.start() :] if begin else buffer[-len(name) - 2 :]) + more


def csv_records(stream: BinaryIO) -> Iterator[Slice]:
    """The records of a CSV stream, header first: a line end inside quotes belongs to the value."""
    pending, quotes = b"", 0
    while line := stream.readline(LARGEST):
        pending += line
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            if pending.strip():
                yield Slice(pending, True)
            pending, quotes = b"", 0
        elif len(pending) > LARGEST:
            yield Slice(pending, False)
            pending, quotes = b"", 0
    if pending.strip():
        yield Slice(pending, False)


def texts_headed(stream: BinaryIO, head: re.Pattern[bytes]) -> Iterator[Slice]:
    """The stream cut before every line that matches `head`; what stands before the first head comes as a part."""
    pending: list[bytes] = []
    size, headed = 0, False
    while line := stream.readline(LARGEST):
        if head.match(line) and (pending or not headed):
            if b"".join(pending).strip():
                yield Slice(b"".join(pending), headed)
            pending, size, headed = [], 0, True
        pending.append(line)
        size += len(line)
        if size > LARGEST:
            yield Slice(b"".join(pending), False)
            pending, size, headed = [], 0, False
    if b"".join(pending).strip():
        yield Slice(b"".join(pending), headed)
