"""Site room: what a reader types, as an expression for SQLite's full-text search that can never be a syntax error.

Words must all occur; `"two words"` is a phrase; `these words OR those` allows either, and parentheses say how far that goes;
`-word` and `NOT word` exclude; `immun*` is a beginning; `sponsor:word` looks in one field only. A word outside quotes is found in
singular and plural. Words can be widened to other words for the same (`same`) and, where they are a coded condition's name, to its
other names (`synonyms`). Pure; called by `search`.
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

_TOKEN = re.compile(rf'(-?)(?:({"|".join(FIELDS)}):\s*)?(?:(\()|"([^"]*)"?|([^\s"]+))', re.IGNORECASE)
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


class Either(NamedTuple):
    """Several searches of which one is enough: `(recurrent miscarriage OR pregnancy loss)`."""

    alternatives: tuple[Matching, ...]

    @property
    def text(self) -> str:
        return f"({' OR '.join(one.text for one in self.alternatives)})"

    @property
    def match(self) -> str:
        return " OR ".join(f"({one.expression})" for one in self.alternatives)


class Matching(NamedTuple):
    """`expression` is None when nothing that can be looked for was typed."""

    parts: tuple[Term | Either, ...] = ()  # all must occur
    excluded: tuple[Term | Either, ...] = ()
    synonyms: tuple[str, ...] = ()  # other names of conditions that are looked for too
    same: tuple[
        tuple[str, tuple[str, ...]], ...
    ] = ()  # words typed, and other words for the same that are looked for too
    left_out: int = 0  # words typed beyond MOST_TERMS

    @property
    def terms(self) -> tuple[Term, ...]:
        """The words and phrases that were typed to be found."""
        found: list[Term] = []
        for part in self.parts:
            if isinstance(part, Term):
                found += [part] if part.text else []
            else:
                found += [term for one in part.alternatives for term in one.terms]
        return tuple(found)

    @property
    def also(self) -> tuple[str, ...]:
        """All that is looked for beside the words typed."""
        return tuple(dict.fromkeys([other for _, others in self.same for other in others] + list(self.synonyms)))

    @property
    def expression(self) -> str | None:
        if not self.parts:
            return None
        found = " AND ".join(f"({part.match})" for part in self.parts)
        return f"({found}) NOT ({' OR '.join(f'({part.match})' for part in self.excluded)})" if self.excluded else found

    @property
    def text(self) -> str:
        """All of it, as it would be typed."""
        return self.without(0, 0)

    def named(
        self, known: Callable[[str], Sequence[T]], fields: Sequence[str] = ("", "condition")
    ) -> Iterator[tuple[int, int, Sequence[T]]]:
        """The runs of words, the longest first, of which something is known as of a name: start, end, and what. A run stands in one of `fields`."""
        start = 0
        while start < len(self.parts):
            for end in range(min(start + _LONGEST_NAME, len(self.parts)), start, -1):
                run = _run(self.parts[start:end])
                if not run or run[0].field not in fields or any(term.field not in ("", run[0].field) for term in run):
                    continue
                found = known(" ".join(term.plain for term in run))
                if found:
                    yield start, end, found
                    start = end
                    break
            else:
                start += 1

    def typed(self, start: int, end: int) -> str:
        """The words of some parts, as they would be typed."""
        return " ".join(part.text for part in self.parts[start:end])

    def without(self, start: int, end: int) -> str:
        """What is left to type without some parts."""
        left = (self.typed(0, start), self.typed(end, len(self.parts)), *(f"-{part.text}" for part in self.excluded))
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

        parts: list[Term | Either] = []
        synonyms: list[str] = []
        told: dict[str, tuple[str, ...]] = {}

        def apart(start: int, end: int) -> Iterator[Term | Either]:
            """The parts between two runs, each alternative widened by itself."""
            for part in self.parts[start:end]:
                if isinstance(part, Either):
                    part = Either(tuple(one.widened(other_words, coded) for one in part.alternatives))
                    for one in part.alternatives:
                        synonyms.extend(one.synonyms)
                        told.update(one.same)
                yield part

        done = 0
        for start, end, (same, names) in self.named(known, _WIDENED):
            run = _run(self.parts[start:end])
            field = run[0].field
            either = ["(" + " AND ".join(term.match for term in run) + ")"]
            if same:
                either.append(_in_field(field, same))
                told[" ".join(term.plain for term in run)] = same
            if names and field in ("", "condition"):
                either.append(f"{{{_NAMES}}} : ({_any_of(names)})")
                synonyms += names
            parts += [*apart(done, start), Term("", " OR ".join(either))]
            done = end
        parts += apart(done, len(self.parts))
        return self._replace(parts=tuple(parts), synonyms=tuple(dict.fromkeys(synonyms)), same=tuple(told.items()))


def _run(parts: Sequence[Term | Either]) -> tuple[Term, ...]:
    """The words of some parts; none where one of the parts is more than a word."""
    words = tuple(part for part in parts if isinstance(part, Term))
    return words if len(words) == len(parts) else ()


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


class _Open:
    """What was read since a parenthesis was opened, or since the beginning."""

    def __init__(self, excludes: bool = False, field: str = "") -> None:
        self.excludes, self.field = excludes, field
        self.runs: list[list[Term | Either]] = [[]]  # alternatives: what stands between two OR
        self.excluded: list[Term | Either] = []

    def add(self, part: Term | Either, excludes: bool) -> None:
        (self.excluded if excludes else self.runs[-1]).append(part)

    @property
    def read(self) -> Matching:
        """All of it."""
        runs = [tuple(run) for run in self.runs if run]
        parts = runs[0] if len(runs) == 1 else (Either(tuple(map(Matching, runs))),) if runs else ()
        return Matching(parts, tuple(self.excluded))

    def closed_into(self, outer: _Open) -> None:
        """Puts what was read where the parenthesis stands; one that holds a plain list of words changes nothing."""
        inner = self.read
        if inner.parts and (self.excludes or inner.excluded):
            outer.add(Either((inner,)), self.excludes)
        else:
            outer.runs[-1] += inner.parts
            outer.excluded += inner.excluded if not self.excludes else ()


def matching(text: str) -> Matching:
    """Reads what was typed; anything is accepted. OR separates all words before it from all after it, within its parentheses."""
    levels = [_Open()]
    without = False
    terms = 0
    for minus, field, opening, phrase, word in _TOKEN.findall(text[:LONGEST]):
        if word in ("AND", "OR", "NOT") and not (minus or field):
            if word == "OR":
                levels[-1].runs.append([])
            without = word == "NOT"
            continue
        excludes, within = bool(minus) or without, field.lower() or levels[-1].field
        if opening:
            levels.append(_Open(excludes, within))
            without = False
            continue
        closing = max(min(len(word) - len(word.rstrip(")")), word.count(")") - word.count("(")), 0)
        term = _term(within, phrase or None, word[: len(word) - closing] or None)
        if term is not None and terms < MOST_TERMS:
            levels[-1].add(term, excludes)
            without = False
        terms += term is not None
        for _ in range(min(closing, len(levels) - 1)):
            levels.pop().closed_into(levels[-1])
    while len(levels) > 1:
        levels.pop().closed_into(levels[-1])
    return levels[0].read._replace(left_out=max(terms - MOST_TERMS, 0))


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
