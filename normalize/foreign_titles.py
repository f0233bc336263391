"""Titles of the halves in the other languages of the registries ("Critères de non inclusion"). Called by `sections`; the words are in vocabulary/headings.yml."""

from __future__ import annotations

import re

from normalize.headings import COLON, LABEL, VOCABULARY, Heading

#: One of these is in every title in another language: a quick look before the pattern.
_STEMS = ("crit", "krit", "kryt", "κρι", "кри", "准", "準", "준", "felt", "meril")


def _titles(part: str) -> str:
    return "|".join(VOCABULARY[part].values()).replace(" ", r"\s")


_TITLE = re.compile(
    rf"[\W_]*+(?P<before>[^:：\n]{{0,80}}?)\b(?:(?P<out>{_titles('exclusion')})|(?P<in>{_titles('inclusion')}))"
    rf"(?P<after>[^:：\n]{{0,90}})(?P<stop>{COLON}|$)\s*",
    re.IGNORECASE,
)
_BARE = re.compile(rf"{_titles('exclusion')}|{_titles('inclusion')}", re.IGNORECASE)
#: One in the middle of a line.
_INSIDE = re.compile(
    rf"(?:(?<=[.;)。；])[^\S\n]*|(?<=\s)(?-i:(?=[A-ZÀ-ÞА-Я])))(?P<before>)(?:(?P<out>{_titles('exclusion')})|(?P<in>{_titles('inclusion')}))"
    rf"(?P<after>[^:：.;\n]{{0,60}}){COLON}[^\S\n]*",
    re.IGNORECASE,
)
#: Before one: it is a part of the sentence.
_SAME_SENTENCE = re.compile(
    r"\b(?:aller?|andere[nr]?|das|de[mnrs]?|die|folgende[nr]?|weitere[nr]?|aux|les|tous|las|los|otros|todos|dei|gli|i|os|as|dos|het|och|og|все)\W*$",
    re.IGNORECASE,
)
#: After such a title: for whom it is.
_FOR_WHOM = re.compile(
    r"[(\[,–—-]|(?:para|pour|per|por|für|fur|bei|von|voor|van|för|for|til|dla|pro|для|за|για)\b", re.IGNORECASE
)
#: Words of a title before what makes it one ("Gruppe 2 ...", "Wichtigste ..."), where it does not have a line of its own.
_MOST_BEFORE = 3
_SENTENCE_ENDS = re.compile(r"[;。；]|[^\W\d_]\.\s")


def may_be_foreign(low: str) -> bool:
    """A quick look at a line in lower case."""
    return any(stem in low for stem in _STEMS)


def inside(line: str) -> tuple[int, Heading] | None:
    """A title in the middle of a line: where it starts, and itself."""
    match = _INSIDE.search(line)
    if match is None or _SAME_SENTENCE.search(line, 0, match.start()):
        return None
    return match.start(), titled(match)


def heading(line: str) -> Heading | None:
    """The title that a line begins with; for whom it is belongs to it, anything else after it is content."""
    match = _TITLE.match(line, 0, 260)
    if match is None or (len(line) > 260 and not match["stop"]):
        return None
    before, rest = match["before"], match["after"].lstrip(" .-")
    after = rest.rstrip(" .-")
    follows = match.end() < len(line)
    if _SENTENCE_ENDS.search(before) or ((follows or not match["stop"]) and len(before.split()) > _MOST_BEFORE):
        return None  # what stands before the title is a criterion
    if match["stop"] or not after:
        return titled(match)
    if before or len(line) > 110 or line[0].islower():
        return None
    if _FOR_WHOM.match(after) or LABEL.match(after):
        return titled(match)
    return Heading("exclusion" if match["out"] else "inclusion", match.end("after") - len(rest), True)


def without(heading: str) -> str:
    """What a heading says beside the title itself, in the languages of this room."""
    return _BARE.sub(" ", heading) if may_be_foreign(heading.lower()) else heading


def titled(match: re.Match[str]) -> Heading:
    """What a title in another language says; content may follow."""
    bare = not match["before"] and not match["after"].strip(" .-")
    return Heading("exclusion" if match["out"] else "inclusion", match.end() - match.start(), bare)
