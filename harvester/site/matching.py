"""Site room: what a reader types, as an expression for SQLite's full-text search that can never be a syntax error.

Words must all occur; `"two words"` is a phrase; `OR` between words allows either; `-word` and
`NOT word` exclude; `immun*` is a beginning.
A word outside quotes is found in singular and plural. Pure; called by `search`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: Longer texts and more terms than these are no search of a reader, and cost time without bound.
LONGEST = 400
_MOST_TERMS = 30

_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_PLURAL = re.compile(r"[a-z]{3,}[^su\W\d_i]s", re.IGNORECASE)  # not "ss", "us", "is": loss, lupus, arthritis
_SINGULAR = re.compile(r"[a-z]{3,}[^s\W\d_]", re.IGNORECASE)


class Term(NamedTuple):
    """One word or phrase as typed, and its expression."""

    text: str
    match: str


class Matching(NamedTuple):
    """`expression` is None when nothing that can be looked for was typed."""

    expression: str | None
    terms: tuple[Term, ...]
    excluded: tuple[Term, ...] = ()

    @property
    def any_term(self) -> str | None:
        """The expression for trials with at least one of several terms."""
        return " OR ".join(term.match for term in self.terms) if len(self.terms) > 1 else None


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _term(phrase: str | None, word: str | None) -> Term | None:
    """None for what holds no letter or digit: the tokenizer would find nothing in it."""
    text = (phrase if phrase is not None else word or "").replace("\x00", " ").strip()
    if not _LETTER_OR_DIGIT.search(text):
        return None
    if phrase is not None:
        return Term(f'"{text}"', _quoted(text))
    if text.endswith("*"):
        return Term(text, _quoted(text.rstrip("*")) + "*")
    other = text[:-1] if _PLURAL.fullmatch(text) else text + "s" if _SINGULAR.fullmatch(text) else None
    return Term(text, f"({_quoted(text)} OR {_quoted(other)})" if other else _quoted(text))


def matching(text: str) -> Matching:
    """Reads what was typed; anything is accepted."""
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    either = without = False
    for minus, phrase, word in _TERM.findall(text[:LONGEST])[:_MOST_TERMS]:
        if word in ("AND", "OR", "NOT") and not minus:
            either, without = word == "OR" and bool(groups), word == "NOT"
            continue
        term = _term(phrase or None, word or None)
        if term is None:
            continue
        if minus or without:
            excluded.append(term)
        elif either:
            groups[-1].append(term)
        else:
            groups.append([term])
        either = without = False
    if not groups:
        return Matching(None, ())
    expression = " AND ".join("(" + " OR ".join(term.match for term in group) + ")" for group in groups)
    if excluded:
        expression = f"({expression}) NOT ({' OR '.join(term.match for term in excluded)})"
    return Matching(expression, tuple(term for group in groups for term in group), tuple(excluded))


#: Marks that SQLite puts round a match; registry text that holds them is only marked too, never run.
MARK, END = "\x02", "\x03"


class Piece(NamedTuple):
    """A piece of a text, and whether it matched."""

    text: str
    is_match: bool


def pieces(marked: str | None) -> tuple[Piece, ...]:
    """A text with marks as pieces, white space as single blanks."""
    found = []
    for n, part in enumerate(re.split(f"[{MARK}{END}]", re.sub(r"\s+", " ", marked or ""))):
        if part:
            found.append(Piece(part, n % 2 == 1))
    return tuple(found)
