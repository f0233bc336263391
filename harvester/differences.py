"""Two texts -> what was removed, what was added, what stayed, word by word. Pure; for the site's page of changes."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "removed", "added", "left_out"]


class Piece(NamedTuple):
    kind: Kind
    text: str


_WORDS = re.compile(r"\s*\S+|\s+")
#: Beyond so many pairs of words the comparison would take seconds; the whole old text is then removed, the new one added.
_MOST_PAIRS = 9_000_000
#: So many words are shown around a difference; between two differences more are left out.
_CONTEXT = 8


def pieces(old: str, new: str) -> list[Piece]:
    """The words of both texts in reading order; a longer run that stayed is cut to what stands beside a difference."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    head = _common(before, after)
    tail = min(_common(before[::-1], after[::-1]), len(before) - head, len(after) - head)
    old_middle, new_middle = before[head : len(before) - tail], after[head : len(after) - tail]
    found = [Piece("same", "".join(before[:head]))]
    if len(old_middle) * len(new_middle) > _MOST_PAIRS:
        found += [Piece("removed", "".join(old_middle)), Piece("added", "".join(new_middle))]
    else:
        for tag, a, b, c, d in SequenceMatcher(None, old_middle, new_middle, autojunk=False).get_opcodes():
            if tag == "equal":
                found.append(Piece("same", "".join(old_middle[a:b])))
            else:
                found += [Piece("removed", "".join(old_middle[a:b])), Piece("added", "".join(new_middle[c:d]))]
    found.append(Piece("same", "".join(before[len(before) - tail :])))
    found = [piece for piece in found if piece.text]
    return [short for place, piece in enumerate(found) for short in _shortened(piece, place, len(found))]


def _common(one: list[str], other: list[str]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _shortened(piece: Piece, place: int, count: int) -> list[Piece]:
    words = _WORDS.findall(piece.text)
    before, after = (_CONTEXT if place else 0), (_CONTEXT if place < count - 1 else 0)
    if piece.kind != "same" or len(words) <= before + after + 2:
        return [piece]
    parts = [
        Piece("same", "".join(words[:before])),
        Piece("left_out", " … "),
        Piece("same", "".join(words[len(words) - after :]).lstrip()),
    ]
    return [part for part in parts if part.text]


def lines(old: str | None, new: str | None) -> tuple[list[str], list[str]]:
    """Of two lists with one item a line: the items removed and the items added, in their order."""
    before, after = (old or "").splitlines(), (new or "").splitlines()
    return _without(before, after), _without(after, before)


def _without(items: list[str], others: list[str]) -> list[str]:
    rest = list(others)
    out = []
    for item in items:
        if item in rest:
            rest.remove(item)
        else:
            out.append(item)
    return out
