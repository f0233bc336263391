"""Site room: what a reader types, as an expression for SQLite's full-text search that can never be a syntax error.

Words must all occur; `"two words"` is a phrase; `OR` between words allows either; `-word` and `NOT word` exclude; `immun*` is
a beginning; `sponsor:word` looks in one field only. A word outside quotes is found in singular and plural. Words can be widened to
other words for the same (`same`) and, where they are a coded condition's name, to its other names (`synonyms`). Pure; called by `search`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from normalize.text import fold

T = TypeVar("T")

#: Longer texts (some 250 registry numbers) and more words than these are no search of a reader, and cost time without bound.
LONGEST = 4_000
MOST_TERMS = 30
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
#: Fields in which other words for the same are looked for, too; an organization or a number has none.
_WIDENED = ("", "title", "condition", "intervention", "criteria", "summary")

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
    same: tuple[
        tuple[str, tuple[str, ...]], ...
    ] = ()  # words typed, and other words for the same that `groups` look for too
    left_out: int = 0  # words typed beyond MOST_TERMS

    @property
    def terms(self) -> tuple[Term, ...]:
        return tuple(term for group in self.groups for term in group if term.text)

    @property
    def also(self) -> tuple[str, ...]:
        """All that is looked for beside the words typed."""
        return tuple(dict.fromkeys([other for _, others in self.same for other in others] + list(self.synonyms)))

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

    def named(
        self, known: Callable[[str], Sequence[T]], fields: Sequence[str] = ("", "condition")
    ) -> Iterator[tuple[int, int, Sequence[T]]]:
        """The runs of words, the longest first, of which something is known as of a name: start, end, and what. A run stands in one of `fields`."""
        start = 0
        while start < len(self.groups):
            field = self.groups[start][0].field
            for end in range(min(start + _LONGEST_NAME, len(self.groups)), start, -1):
                run = self.groups[start:end]
                if field not in fields or any(len(group) > 1 or group[0].field not in ("", field) for group in run):
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

    def widened(
        self, other_words: Callable[[str], tuple[str, ...]], coded: Callable[[str], tuple[str, ...]]
    ) -> Matching:
        """The same, with each run of words open to the `other_words` for it, and to the `coded` names of the condition that any of them names."""

        def known(name: str) -> Sequence[tuple[str, ...]]:
            same = other_words(name)
            said = {fold(words) for words in (name, *same)}
            names = (other for words in (name, *same) for other in coded(words) if fold(other) not in said)
            found = (same, tuple(dict.fromkeys(names)))
            return found if any(found) else ()

        groups: list[tuple[Term, ...]] = []
        synonyms: list[str] = []
        told: dict[str, tuple[str, ...]] = {}

        def open_to(term: Term) -> list[Term]:
            """One of several terms of which either is enough, and other words for it."""
            same = other_words(term.plain) if term.field in _WIDENED else ()
            if same:
                told[term.plain] = same
            return [term, Term("", _in_field(term.field, same))] if same else [term]

        def apart(start: int, end: int) -> Iterator[tuple[Term, ...]]:
            for group in self.groups[start:end]:
                yield tuple(one for term in group for one in open_to(term)) if len(group) > 1 else group

        done = 0
        for start, end, (same, names) in self.named(known, _WIDENED):
            run = self.groups[start:end]
            field = run[0][0].field
            either = ["(" + " AND ".join(group[0].match for group in run) + ")"]
            if same:
                either.append(_in_field(field, same))
                told[" ".join(group[0].plain for group in run)] = same
            if names and field in ("", "condition"):
                either.append(f"{{{_NAMES}}} : ({_any_of(names)})")
                synonyms += names
            groups += [*apart(done, start), (Term("", " OR ".join(either)),)]
            done = end
        groups += apart(done, len(self.groups))
        return self._replace(groups=tuple(groups), synonyms=tuple(dict.fromkeys(synonyms)), same=tuple(told.items()))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _both_numbers(text: str) -> str:
    """A text in singular and plural, where its last word has both."""
    before, last = text[: text.rfind(" ") + 1], text[text.rfind(" ") + 1 :]
    other = last[:-1] if _PLURAL.fullmatch(last) else last + "s" if _SINGULAR.fullmatch(last) else None
    return f"({_quoted(text)} OR {_quoted(before + other)})" if other else _quoted(text)


def _any_of(names: Sequence[str]) -> str:
    return " OR ".join(_quoted(name) for name in names)


def _in_field(field: str, words: Sequence[str]) -> str:
    either = " OR ".join(_both_numbers(name) for name in words)
    return f"{{{FIELDS[field]}}} : ({either})" if field else f"({either})"


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
        shown, match = text, _both_numbers(text)
    if not field:
        return Term(shown, match)
    return Term(f"{field}:{shown}", f"{{{FIELDS[field]}}} : {match}", field)


def matching(text: str) -> Matching:
    """Reads what was typed; anything is accepted."""
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    either = without = False
    typed = _TERM.findall(text[:LONGEST])
    for minus, field, phrase, word in typed[:MOST_TERMS]:
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
    return Matching(tuple(map(tuple, groups)), tuple(excluded), left_out=max(len(typed) - MOST_TERMS, 0))


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
