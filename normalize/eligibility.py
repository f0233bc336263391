"""Eligibility text -> inclusion and exclusion -> criteria -> measures. Called by every registry's normalizer; registry-blind.

A text is read line by line: a line is a heading (`sections`), an item of a list (`lists`), or goes on with the item
before it. No character is changed: every criterion is a slice of the text, and every character that is neither blank,
bullet nor heading lies in exactly one criterion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from normalize import lists, measures, runs, sections
from normalize.closed_lists import CriterionKind
from normalize.heading_scope import NO_SCOPE, scope
from normalize.headings import GROUP, LABEL, Heading
from normalize.lists import NO_BULLET, Bullet, Item
from normalize.schema import Criterion, CriterionMeasure
from normalize.text import searchable


class Eligibility(NamedTuple):
    """What the eligibility fields of one registry entry say."""

    raw: str | None = None  # the fields that are not blank, unchanged, with an empty line between them
    inclusion: str | None = None  # the inclusion part of `raw` as it is written, without plain headings
    exclusion: str | None = None
    criteria: tuple[Criterion, ...] = ()
    measures: tuple[CriterionMeasure, ...] = ()


def parse(parts: Sequence[tuple[CriterionKind, str]]) -> Eligibility:
    """The criteria of the source's eligibility fields, and the numeric limits in them.

    `parts` are the fields in the source's order, each with the half that it stands for ("unspecified" for a field of
    both); headings in a text override it. Texts arrive without escapes of the transport, lines end with newlines.
    Where no heading says so, the kind stays as given: it is never guessed from what a criterion says.
    """
    texts = [(kind, text) for kind, text in parts if text and not text.isspace()]
    if not texts:
        return Eligibility()
    fields = [(_field if len(text) <= _LONGEST_KEPT else _field.__wrapped__)(kind, text) for kind, text in texts]
    first, *others = fields
    criteria, limits = first.criteria, first.measures
    at = len(texts[0][1]) + 2
    for (_, text), field in zip(texts[1:], others, strict=True):
        limits += tuple([_moved_limit(limit, len(criteria), at) for limit in field.measures])
        criteria += tuple([_moved(criterion, len(criteria), at) for criterion in field.criteria])
        at += len(text) + 2
    return Eligibility(
        raw="\n\n".join([text for _, text in texts]),
        inclusion="\n\n".join([field.inclusion for field in fields if field.inclusion]) or None,
        exclusion="\n\n".join([field.exclusion for field in fields if field.exclusion]) or None,
        criteria=criteria,
        measures=limits,
    )


class _Field(NamedTuple):
    """What one field says, places counted from its beginning."""

    inclusion: str
    exclusion: str
    criteria: tuple[Criterion, ...]
    measures: tuple[CriterionMeasure, ...]


#: Characters; longer fields are not kept.
_LONGEST_KEPT = 20_000


# The country records of one EUCTR trial have the same texts, and follow one upon the other.
@lru_cache(maxsize=64)
def _field(kind: CriterionKind, text: str) -> _Field:
    low = searchable(text)
    form = _FORM if "F.1." in text else None
    reader = _Reader(text, form)
    reader.read(kind, low)
    criteria = lists.outline(text, runs.apart(text, reader.items))
    # A form's age bands are no limits: "F.1.2 Adults (18-64 years) no"
    limits = measures.measures(low, criteria, form)
    return _Field(
        inclusion=reader.half("inclusion"), exclusion=reader.half("exclusion"), criteria=criteria, measures=limits
    )


def _moved(one: Criterion, ordinals: int, places: int) -> Criterion:
    """A criterion behind those of the fields before."""
    parent = one.parent_ordinal
    return Criterion(
        kind=one.kind,
        depth=one.depth,
        parent_ordinal=parent + ordinals if parent else None,
        heading=one.heading,
        text=one.text,
        start=one.start + places,
        end=one.end + places,
    )


def _moved_limit(one: CriterionMeasure, ordinals: int, places: int) -> CriterionMeasure:
    return replace(
        one, criterion_ordinal=one.criterion_ordinal + ordinals, start=one.start + places, end=one.end + places
    )


#: EUCTR's question F.1 about ages, which WHO ICTRP appends to the inclusion criteria (EUCTR2017-001400-29-FR):
#: a form with yes and no, neither inclusion nor exclusion.
_FORM = re.compile(r"Are the trial subjects under 18\?|F\.1\.\d|Number of subjects for this age range")

#: The last word of a line that cannot be the end of a criterion.
_OPEN_END = re.compile(r"(?:\b(?:of|the|with|to|for|in|by|a|an|than|from|at|on|is|are|be)|[(/])$")
#: The last characters of those.
_OPEN_ENDS = "fehornyatms(/"


#: What a line begins with that hardly begins a criterion, beside a small letter.
_GOES_ON_WITH = "0123456789<>≥≤=%"

#: Characters of a line that a sentence in small letters after it goes on with, rather than another criterion.
_LONG_LINE = 50

#: Characters of a line that names a group.
_LONGEST_LABEL = 60
_WORDLESS = re.compile(r"[\W_]*")

#: More headings on one line are no headings any more.
_HEADINGS_A_LINE = 8


class _Reader:
    """Goes through one field; collects the items and the slices of the readable halves."""

    def __init__(self, raw: str, form: re.Pattern[str] | None) -> None:
        self.raw = raw
        self.lines = raw.split("\n")
        self._width: int | None = None
        self.form = form  # how its lines begin
        self.items: list[Item] = []
        self.halves: list[tuple[CriterionKind, int, int]] = []
        self.kind: CriterionKind = "unspecified"
        self.last: Item | None = None  # the item that the next line may go on with
        self.since = -1  # where the open slice of the current half begins, -1 for none
        self.until = -1  # and where the heading ends that it begins with, if it does
        self.heading_goes_on = False
        self.heading: str | None = None  # the one above, where it says for whom or when
        self.label: str | None = None  # the line that names the group before its halves ("Cohort 1")
        self.labels_share = False  # whether what excludes is told once for all labelled groups
        self.scope: tuple[int, CriterionKind, str | None] | None = (
            None  # of a heading in a list: its indentation, what held before
        )
        self.scope_entered = False

    @property
    def width(self) -> int:
        """The width at which the text was wrapped, 0 when it was not; kept by hand, for a compiled `cached_property` keeps nothing."""
        if self._width is None:
            self._width = lists.wrapped_at(self.lines)
        return self._width

    def half(self, kind: CriterionKind) -> str:
        """The slices of one half, an empty line between them."""
        return "\n\n".join([self.raw[start:end] for part, start, end in self.halves if part == kind])

    def read(self, kind: CriterionKind, low: bytes) -> None:
        """Read the field, whose kind it is until a heading says something else; `low` is it made `searchable`."""
        self.kind = kind
        stems = iter(sections.stems(low))
        stem = next(stems)
        for begin, indent, bullet, start, end, body in lists.lines(self.lines, self.items):
            if self.scope is not None:
                self._leave_scope(indent, bullet)
            may_be_heading = self.heading_goes_on
            while stem < end:
                may_be_heading, stem = True, next(stems)
            if may_be_heading or (
                (body[-1] in sections.ENDS or not body.isascii()) and sections.may_have_no_stem(body)
            ):
                rest = self._line(begin, indent, bullet, start, body)
                if rest:
                    self._rest(indent, start + rest, body[rest:])
            elif bullet[0] or not self._goes_on(indent, body, end):
                self._item(begin, indent, bullet, start, end)
        self._close_half()

    def _rest(self, indent: int, start: int, body: str) -> None:
        """Read what follows a heading on its line."""
        for _ in range(_HEADINGS_A_LINE):
            start, body = start + len(body) - len(body.lstrip()), body.lstrip()
            bullet, inner = lists.bullet_of(body, self.items)
            rest = self._between(indent, bullet, start + inner, body[inner:])
            rest = rest or self._line(start, indent, bullet, start + inner, body[inner:])
            if not rest:
                return
            start, body = start + inner + rest, body[inner + rest :]
        self._item(start, indent, NO_BULLET, start, start + len(body))

    def _between(self, indent: int, bullet: Bullet, start: int, body: str) -> int:
        """Read what stands between two headings of a line ("Women Exclusion criteria: ..."), which looks like the title of the second."""
        hidden, found = sections.inside(body), sections.heading(body, bool(bullet[0]))
        if hidden is None or found is None or found.plain or not hidden[0] < found.end:
            return 0
        return self._content(start, indent, bullet, start, body)

    def _line(self, line_start: int, indent: int, bullet: Bullet, start: int, body: str) -> int:
        """Read a line, or what follows a heading on it; gives the place in `body` where something follows a heading, else 0."""
        if self.heading_goes_on:
            self.heading_goes_on = False
            if not bullet[0] and len(body) < 80 and body[-1] in ":：.)":
                # the rest of "Subjects must meet all of the following criteria to be eligible for this / study:"
                return 0
        look = sections.heading if len(body) <= sections.LONGEST_KEPT else sections.heading.__wrapped__
        bulleted = bool(bullet[0])
        found = look(body, bulleted)
        if found is None or (bulleted and found.end < len(body) and found.kind == self.kind):
            # "4. Further inclusion criteria: own bicycle" in a list of inclusion criteria
            return self._content(line_start, indent, bullet, start, body)
        if bulleted and found.kind is not None:
            self.scope, self.scope_entered = (indent, self.kind, self.heading), False
        elif not bulleted:
            self.scope = None
        self._open_half(found, start)
        self.heading_goes_on = found.unfinished and bool(self.width)
        return found.end if found.end < len(body) else 0

    def _content(self, line_start: int, indent: int, bullet: Bullet, start: int, body: str) -> int:
        """Take in a line that begins with no heading but may hide one; gives the place in `body` where something follows it, else 0."""
        end = start + len(body)
        if not bullet[0] and self._goes_on(indent, body, end):
            return 0
        hidden = sections.inside(body)
        if hidden is None:
            self._item(line_start, indent, bullet, start, end)
            return 0
        at, heading = hidden
        before = body[:at].rstrip()
        if before:
            self._item(line_start, indent, bullet, start, start + len(before))
        self._open_half(heading, start + at)
        return at + heading.end if at + heading.end < len(body) else 0

    def _item(self, line_start: int, indent: int, bullet: Bullet, start: int, end: int) -> None:
        if self.form and self.kind != "unspecified" and self.form.match(self.raw, start):
            self._close_half()
            self.kind, self.heading = "unspecified", None
        style, number = bullet
        if style and self.last is not None and not self.last.style and self._is_label(self.last):
            self.last.is_label = True
        self.last = last = Item(self.kind, indent, start - line_start, style, number, start, end, self.heading)
        self.items.append(last)
        if self.since < 0:
            self.since = line_start

    def _open_half(self, found: Heading, start: int) -> None:
        """Begin the part that a heading announces; a heading that says more than that is kept in the readable half."""
        label = self._part_label() if found.kind == "inclusion" else None
        self._close_half()
        if label is not None:
            self.labels_share = self.label is not None and self.kind != "exclusion"
            self.label = scope(self.raw[label.start : label.end]).says
            self.since = label.start
        elif found.kind == "exclusion" and self.labels_share:
            self.label = None
        if found.kind is not None:
            self.kind = found.kind
        said = NO_SCOPE if found.plain else scope(self.raw[start : start + found.end])
        self.heading = None if said.is_for_all else said.says or self.label
        if not found.plain and self.since < 0:
            self.since = start
        self.until = start + found.end
        self.last = None

    def _part_label(self) -> Item | None:
        """The line before "Inclusion criteria" where it names the group whose criteria follow ("Group B (controls)"): no criterion.

        Where that is likely and no more, after a list of exclusions, it stays one of neither half: it excludes no one.
        """
        label = self.last
        if label is None or label.style or label.end - label.start > _LONGEST_LABEL:
            return None
        if self.form and self.form.match(self.raw, label.start):
            return None  # "F.1.2 Adults" is a question of a form
        before = self.items[-2] if len(self.items) > 1 else None
        if self._is_label(label):
            self.items.pop()
        elif (
            before and before.style and before.kind == self.kind == "exclusion" and self.raw[label.end - 1] not in ".;,"
        ):
            label.kind, label.heading = "unspecified", None
        else:
            return None
        self.last = before if before and before.start >= self.since else None
        if self.last is None and self.until <= self.since:
            self.since = -1
        return label

    def _is_label(self, one: Item) -> bool:
        """Whether a line does nothing but name a group or a part of the study: "Controls", "Cohort 2:"."""
        if one.end - one.start > _LONGEST_LABEL:
            return False
        start = one.start + 4 if self.raw.startswith(("For ", "for ", "FOR "), one.start) else one.start
        if LABEL.match(self.raw, start, one.end):
            return True
        # "Pregnant women" in a list of exclusions is one of them
        return one.kind != "exclusion" and GROUP.match(self.raw, start, one.end) is not None

    def _close_half(self) -> None:
        if self.since >= 0:
            self.halves.append((self.kind, self.since, self.last.end if self.last else self.until))
        self.since = -1

    def _leave_scope(self, indent: int, bullet: Bullet) -> None:
        """A heading among list items ("* Patients are excluded if:") rules what is indented below it.

        Where nothing is, it rules all that follows.
        """
        assert self.scope is not None
        outer_indent, outer_kind, outer_heading = self.scope
        if indent > outer_indent:
            self.scope_entered = True
        elif not self.scope_entered:
            self.scope = None
        elif bullet[0]:
            self.scope = None
            self.heading = outer_heading
            if outer_kind != self.kind:
                self._close_half()
                self.kind = outer_kind
                self.last = None

    def _goes_on(self, indent: int, body: str, end: int) -> bool:
        """Take in a line without bullet that belongs to the item before it; False for any other."""
        last = self.last
        if last is None or not self._belongs(last, indent, body):
            return False
        last.end = end
        return True

    def _belongs(self, last: Item, indent: int, body: str) -> bool:
        raw = self.raw
        if not body[0].isalnum() and _WORDLESS.fullmatch(body):
            return True  # a stray ";"
        if lists.is_lead(raw, last):
            return False
        if last.style and indent > last.indent and indent >= last.column:
            return True  # Markdown: a paragraph of the item
        ended = raw[last.end - 1] in ".;:!?"
        if (body[0].islower() or not ended or last.style) and self.width:
            line_start = raw.rfind("\n", 0, last.end) + 1
            if last.end - line_start + 1 + len(body.split(None, 1)[0]) > self.width:
                return True  # the first word had no room on the line before
        if last.style and not ended and (body[0].islower() or body[0] in _GOES_ON_WITH):
            return True
        if not ended and body[0].islower() and last.end - last.start >= _LONG_LINE and raw[last.start].isupper():
            return True
        return (
            raw[last.end - 1] in _OPEN_ENDS
            and _OPEN_END.search(raw, max(last.start, last.end - 12), last.end) is not None
        )
