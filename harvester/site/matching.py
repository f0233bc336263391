"""Site room: what a reader types, as an expression for SQLite's full-text search that can never be a syntax error.

Words must all occur; `"two words"` is a phrase; `OR` between words allows either; `-word` and `NOT word` exclude; `immun*` is
a beginning; `sponsor:word` looks in one field only. A word outside quotes is found in singular and plural. Words that are a
coded condition's name can be widened to its other names (`synonyms`). Pure; called by `search`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")

#: Longer texts and more terms than these are no search of a reader, and cost time without bound.
LONGEST = 400
_MOST_TERMS = 30
#: A name of a condition of more words is not looked for among the words typed.
_LONGEST_NAME = 6

#: Prefix -> the columns that it looks in.
FIELDS = {
    "title": "public_title scientific_title acronym",
    "condition": "conditions keywords",
    "intervention": "interventions",
    "sponsor": "primary_sponsor sponsors",
    "country": "countries",
    "criteria": "eligibility_raw",
    "summary": "brief_summary detailed_description",
    "id": "trial_id identifiers",
}
_NAMES = "conditions keywords public_title scientific_title"

_TERM = re.compile(rf'(-?)(?:({"|".join(FIELDS)}):\s*)?(?:"([^"]*)"?|([^\s"]+))', re.IGNORECASE)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_PLURAL = re.compile(r"[a-z]{3,}[^su\W\d_i]s", re.IGNORECASE)  # not "ss", "us", "is": loss, lupus, arthritis
_SINGULAR = re.compile(r"[a-z]{3,}[^s\W\d_]", re.IGNORECASE)


class Term(NamedTuple):
    """One word or phrase as typed, the field it is looked for in, and its expression."""

    text: str
    match: str
    field: str = ""

    @property
    def plain(self) -> str:
        """The words alone."""
        return self.text.partition(":")[2].strip('"') if self.field else self.text.strip('"')


class Matching(NamedTuple):
    """`expression` is None when nothing that can be looked for was typed."""

    groups: tuple[tuple[Term, ...], ...] = ()  # all groups must occur, of each group one term
    excluded: tuple[Term, ...] = ()
    synonyms: tuple[str, ...] = ()  # other names of conditions that `groups` look for too

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(term for group in self.groups for term in group if term.text)

    @property
    def expression(self) -> str | None:
        if not self.groups:
            return None
        found = " AND ".join("(" + " OR ".join(term.match for term in group) + ")" for group in self.groups)
        return f"({found}) NOT ({' OR '.join(term.match for term in self.excluded)})" if self.excluded else found

    @property
    def any_term(self) -> str | None:
        """The expression for trials with at least one of several terms."""
        return " OR ".join(term.match for term in self.terms) if len(self.terms) > 1 else None

    def named(self, known: Callable[[str], Sequence[T]]) -> Iterator[tuple[int, int, Sequence[T]]]:
        """The runs of words, the longest first, of which something is known as of a condition's name: start, end, and what."""
        start = 0
        while start < len(self.groups):
            for end in range(min(start + _LONGEST_NAME, len(self.groups)), start, -1):
                run = self.groups[start:end]
                if any(len(group) > 1 or group[0].field not in ("", "condition") for group in run):
                    continue
                found = known(" ".join(group[0].plain for group in run))
                if found:
                    yield start, end, found
                    start = end
                    break
            else:
                start += 1

    def typed(self, start: int, end: int) -> str:
        """The words of some groups, as they would be typed."""
        return " ".join(" OR ".join(term.text for term in group) for group in self.groups[start:end])

    def without(self, start: int, end: int) -> str:
        """What is left to type without some groups."""
        left = (self.typed(0, start), self.typed(end, len(self.groups)), *(f"-{term.text}" for term in self.excluded))
        return " ".join(filter(None, left))

    def widened(self, names_of: Callable[[str], Sequence[str]]) -> Matching:
        """The same, with each run of words that is a condition's name open to the names that `names_of` gives for it."""
        groups: list[tuple[Term, ...]] = []
        synonyms: list[str] = []
        done = 0
        for start, end, names in self.named(names_of):
            as_typed = " AND ".join(group[0].match for group in self.groups[start:end])
            also = " OR ".join(_quoted(name) for name in names)
            widened = Term("", f"({as_typed}) OR {{{_NAMES}}} : ({also})")
            groups += [*self.groups[done:start], (widened,)]
            synonyms += names
            done = end
        groups += self.groups[done:]
        return self._replace(groups=tuple(groups), synonyms=tuple(dict.fromkeys(synonyms)))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _term(field: str, phrase: str | None, word: str | None) -> Term | None:
    """None for what holds no letter or digit: the tokenizer would find nothing in it."""
    text = (phrase if phrase is not None else word or "").replace("\x00", " ").strip()
    if not _LETTER_OR_DIGIT.search(text):
        return None
    if phrase is not None:
        shown, match = f'"{text}"', _quoted(text)
    elif text.endswith("*"):
        shown, match = text, _quoted(text.rstrip("*")) + "*"
    else:
        other = text[:-1] if _PLURAL.fullmatch(text) else text + "s" if _SINGULAR.fullmatch(text) else None
        shown, match = text, f"({_quoted(text)} OR {_quoted(other)})" if other else _quoted(text)
    if not field:
        return Term(shown, match)
    return Term(f"{field}:{shown}", f"{{{FIELDS[field]}}} : {match}", field)


def matching(text: str) -> Matching:
    """Reads what was typed; anything is accepted."""
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    either = without = False
    for minus, field, phrase, word in _TERM.findall(text[:LONGEST])[:_MOST_TERMS]:
        if word in ("AND", "OR", "NOT") and not (minus or field):
            either, without = word == "OR" and bool(groups), word == "NOT"
            continue
        term = _term(field.lower(), phrase or None, word or None)
        if term is None:
            continue
        if minus or without:
            excluded.append(term)
        elif either:
            groups[-1].append(term)
        else:
            groups.append([term])
        either = without = False
    return Matching(tuple(tuple(group) for group in groups), tuple(excluded))


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
