"""Damage to payloads, drawn from a seed: what wires, disks, proxies and new versions of an interface do to a record.

`mutated` takes a payload and a random generator and gives a damaged one. Every kind of damage is a function of its own in
`BYTES` (any form), `JSON`, `XML` or `TEXT`. Used by `fuzzing` with a hundred thousand payloads and by tests/test_fuzz.py.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

Damage = Callable[[bytes, random.Random], bytes]

#: Characters that parsers, databases and patterns stumble over.
ODD = (
    "\x00", "\x0b", "\x1f", "\u200b", "\u202e", "\ufeff", "\ufffe", "\U0010ffff", "\u0130", "ß", "é", "e\u0301", "½", "²",
    "≥", "≤", "\u2028", "\r", "\r\n", "\n", "\t", "\\", "\"", "'", "<", ">", "&", ";", "|", "%", "=", "+", "-", "{", "[", "٣", "\xa0",
)  # fmt: skip
#: Texts that look like something.
LOOKS = (
    "2020-02-30", "0000-00-00", "9999-99-99", "2020-13", "31/31/2031", "-1 Years", "1e309 Years", "99999999999999999999", "18 Yearss",
    "NaN", "Infinity", "null", "None", "0", "-0", "1,000,000,000,000", "12.5.7", "1/0", "N/A (No limit)", "EUCTR2020-000000-00-3RD",
    "NCT00000000", "NCT99999999999", "<br>", "<![CDATA[", "&#0;", "&amp;amp;", "=1+1", "' OR 1=1 --", "https://", "mailto:a@b",
    "Inclusion Criteria:", "Exclusion Criteria:", "≥ 18 ≤ 65 >= <= > <", "between 5 and", "2-3-4-5", "10^9/L", "x" * 300,
)  # fmt: skip
#: Values of another type than the one that was there.
TYPES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    -(2**70),
    1.5,
    1e308,
    "",
    " ",
    [],
    {},
    [None],
    [[]],
    {"": None},
    ["x", 7, {}],
    "x",
)
#: Characters of a huge field, and levels of a deep one.
HUGE, DEEP = 200_000, 3_000


def mutated(body: bytes, rng: random.Random) -> bytes:
    """The payload with one to three damages."""
    start = body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    form = {b"{": JSON, b"[": JSON, b"<": XML}.get(start, TEXT)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        body = rng.choice(form if rng.random() < 0.7 else BYTES)(body, rng)
    return body


# ------------------------------------------------------------------------------------------------------- any form


def bits_flipped(body: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(rng.choice((1, 1, 3, 30))):
        if damaged:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def cut_off(body: bytes, rng: random.Random) -> bytes:
    return body[: rng.randrange(len(body) + 1)]


def piece_lost(body: bytes, rng: random.Random) -> bytes:
    begin, end = _span(body, rng)
    return body[:begin] + body[end:]


def piece_doubled(body: bytes, rng: random.Random) -> bytes:
    begin, end = _span(body, rng)
    return body[:end] + body[begin:end] + body[end:]


def piece_moved(body: bytes, rng: random.Random) -> bytes:
    begin, end = _span(body, rng)
    rest = body[:begin] + body[end:]
    place = rng.randrange(len(rest) + 1)
    return rest[:place] + body[begin:end] + rest[place:]


def odd_character(body: bytes, rng: random.Random) -> bytes:
    return _put(body, rng, rng.choice(ODD).encode())


def odd_bytes(body: bytes, rng: random.Random) -> bytes:
    """Bytes that are no UTF-8: half a character, a surrogate, an overlong form."""
    return _put(
        body, rng, rng.choice((b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", b"\xff\xfe", b"\xf8\x88\x80\x80\x80"))
    )


def look_alike(body: bytes, rng: random.Random) -> bytes:
    return _put(body, rng, rng.choice(LOOKS).encode())


def huge_piece(body: bytes, rng: random.Random) -> bytes:
    piece = rng.choice(
        (b" ", b"a", b"9", b"<", b"(", b";", b"\n", b"1. ", b">= 5 ", "≥".encode(), b"- x\n", b"and ", b"a;", b"&")
    )
    return _put(body, rng, piece * (rng.choice((HUGE, HUGE // 10, 2_000)) // len(piece)))


def recoded(body: bytes, rng: random.Random) -> bytes:
    text = body.decode("utf-8", "replace")
    return text.encode(rng.choice(("utf-16", "latin-1", "cp1252", "utf-8-sig", "utf-7")), "replace")


def digits_changed(body: bytes, rng: random.Random) -> bytes:
    """One number reads otherwise."""
    found = list(re.finditer(rb"\d+", body))
    if not found:
        return body
    number = rng.choice(found)
    other = rng.choice((b"", b"0", b"-1", b"99", b"9" * 25, b"1.5", b"1e9", number[0] + b"0", number[0][::-1]))
    return body[: number.start()] + other + body[number.end() :]


def _span(body: bytes, rng: random.Random) -> tuple[int, int]:
    begin = rng.randrange(len(body) + 1)
    return begin, min(len(body), begin + int(rng.choice((1, 10, 100, 3_000)) * rng.random()) + 1)


def _put(body: bytes, rng: random.Random, piece: bytes) -> bytes:
    place = rng.randrange(len(body) + 1)
    return body[:place] + piece + body[place:]


# ----------------------------------------------------------------------------------------------------------- JSON


def json_changed(change: Callable[[Any, Any, random.Random], None]) -> Damage:
    """Damage of a JSON document at a random place of it: `change` gets a container and a key of it."""

    def damage(body: bytes, rng: random.Random) -> bytes:
        try:
            tree = json.loads(body, strict=False)
        except (ValueError, RecursionError):
            return bits_flipped(body, rng)
        places = [
            (holder, key)
            for holder in _containers(tree)
            for key in (holder if isinstance(holder, dict) else range(len(holder)))
        ]
        if places:
            change(*rng.choice(places), rng)
        try:
            return json.dumps(tree, ensure_ascii=rng.random() < 0.3).encode("utf-8", "surrogatepass")
        except RecursionError:  # made deep twice
            return bits_flipped(body, rng)

    return damage


def _containers(tree: Any) -> list[Any]:
    found, waiting = [], [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            found.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    return found


def _retype(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = rng.choice(TYPES)


def _wrap(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = [holder[key]] if rng.random() < 0.5 else {"value": holder[key]}


def _drop(holder: Any, key: Any, rng: random.Random) -> None:
    del holder[key]


def _rename(holder: Any, key: Any, rng: random.Random) -> None:
    if isinstance(holder, dict):
        holder[rng.choice((str(key) + "s", str(key).upper(), "", "__proto__", str(key)[:-1]))] = holder.pop(key)
    else:
        holder.append(holder[key])


def _look_alike(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = rng.choice(LOOKS)


def _surrogate(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = str(holder[key]) + rng.choice(("\ud800", "\udfff", "\udc80a", "\x00", "\x00\x00"))


def _huge(holder: Any, key: Any, rng: random.Random) -> None:
    piece = rng.choice(("x", "word ", "* item\n", "9", "≥ 5 mg, ", "(", "1. a\n2. b\n", "Inclusion Criteria:\n"))
    holder[key] = rng.choice((piece * (rng.choice((HUGE, HUGE // 20)) // len(piece)), [holder[key]] * 2_000))


def _deep(holder: Any, key: Any, rng: random.Random) -> None:
    nest: Any = holder[key]
    for _ in range(rng.choice((5, 100, 400))):
        nest = [nest] if rng.random() < 0.5 else {"a": nest}
    holder[key] = nest


def _swap(holder: Any, key: Any, rng: random.Random) -> None:
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    other = rng.choice(keys)
    holder[key], holder[other] = holder[other], holder[key]


def deep_document(body: bytes, rng: random.Random) -> bytes:
    opening = rng.choice((b"[", b'{"a":'))
    return _put(body, rng, opening * DEEP)


# ----------------------------------------------------------------------------------------------------- XML and HTML

_TAG = re.compile(rb"<(/?)([A-Za-z_][\w:.-]*)([^<>]*)>")


def tags_swapped(body: bytes, rng: random.Random) -> bytes:
    """Two tags change places."""
    found = list(_TAG.finditer(body))
    if len(found) < 2:
        return bits_flipped(body, rng)
    one, other = sorted(rng.sample(found, 2), key=lambda tag: tag.start())
    return body[: one.start()] + other[0] + body[one.end() : other.start()] + one[0] + body[other.end() :]


def tag_renamed(body: bytes, rng: random.Random) -> bytes:
    found = list(_TAG.finditer(body))
    if not found:
        return bits_flipped(body, rng)
    name = rng.choice(found)[2]
    other = rng.choice((name.lower(), name.upper(), name + b"s", b"x", rng.choice(found)[2]))
    return re.sub(rb"(</?)" + re.escape(name) + rb"(?=[\s/>])", lambda tag: tag[1] + other, body)


def tag_lost(body: bytes, rng: random.Random) -> bytes:
    found = list(_TAG.finditer(body))
    if not found:
        return bits_flipped(body, rng)
    one = rng.choice(found)
    return (
        body[: one.start()] + rng.choice((b"", one[0] * 2, one[0] + b"<!--", b"<" + one[2] + b"/>")) + body[one.end() :]
    )


def text_replaced(body: bytes, rng: random.Random) -> bytes:
    """The text after a tag is another one, or one with an odd character."""
    found = list(_TAG.finditer(body))
    if not found:
        return bits_flipped(body, rng)
    place = rng.choice(found).end()
    end = body.find(b"<", place)
    text = rng.choice((rng.choice(LOOKS).encode(), b"", b"x; " * 3_000, rng.choice(ODD).encode(), body[place:end] * 2))
    return body[:place] + text + body[end if end >= 0 else len(body) :]


def deep_tags(body: bytes, rng: random.Random) -> bytes:
    found = list(_TAG.finditer(body))
    place = rng.choice(found).end() if found else 0
    return body[:place] + b"<b>" * DEEP + body[place:]


def entities(body: bytes, rng: random.Random) -> bytes:
    return _put(
        body,
        rng,
        rng.choice(
            (
                b"&nbsp;",
                b"&lt;br&gt;",
                b"&#xD800;",
                b"&#0;",
                b"&#x110000;",
                b"&x;",
                b"]]>",
                b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
                b"<?pi?>",
            )
        ),
    )


# ----------------------------------------------------------------------------------------------------- lines of text


def lines_swapped(body: bytes, rng: random.Random) -> bytes:
    lines = body.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def line_changed(body: bytes, rng: random.Random) -> bytes:
    lines = body.split(b"\n")
    place = rng.randrange(len(lines))
    code, _, value = lines[place].partition(b":")
    lines[place] = rng.choice((
        b"", lines[place] * 2, code, code + b":", value, code + b":" + rng.choice(LOOKS).encode(), code + b": " + rng.choice(ODD).encode(),
        code + b": " + b"word " * 20_000, b"E." + code, code.replace(b".", b""), lines[place].replace(b" ", b"\t"), b"B. Sponsor information",
    ))  # fmt: skip
    return b"\n".join(lines)


def line_ends_lost(body: bytes, rng: random.Random) -> bytes:
    return body.replace(b"\n", rng.choice((b"", b" ", b"\r", b"\r\n", b"\n\n")))


BYTES: tuple[Damage, ...] = (
    bits_flipped, cut_off, piece_lost, piece_doubled, piece_moved, odd_character, odd_bytes, look_alike, huge_piece, recoded, digits_changed,
)  # fmt: skip
JSON: tuple[Damage, ...] = (
    *(json_changed(change) for change in (_retype, _retype, _wrap, _drop, _rename, _look_alike, _surrogate, _huge, _deep, _swap)),
    deep_document,
)  # fmt: skip
XML: tuple[Damage, ...] = (tags_swapped, tag_renamed, tag_lost, text_replaced, text_replaced, deep_tags, entities)
TEXT: tuple[Damage, ...] = (lines_swapped, line_changed, line_changed, line_ends_lost)
