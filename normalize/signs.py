"""Signs and phrases of comparison before a number: "≥", "at least", "not more than", "between". Called by `comparisons`.

The phrases are data, in vocabulary/measures.yml.
"""

from __future__ import annotations

import re
from itertools import product

from normalize import units

SIGNS = "<>≥≤≧≦＞＜⩾⩽˃˂﹥﹤"
_GREATER = frozenset(">≥≧＞⩾˃﹥")
_OR_EQUAL = frozenset("≥≤≧≦⩾⩽=＝")
_SIGN = rf"(?:[{SIGNS}](?:\s?/?\s?(?:or\s?)?[=＝]{{1,2}})?|[=＝]\s?/?\s?[<>＜＞])"
_SIGN_BEFORE = re.compile(rf"(?<![-–=]){_SIGN}\s*$")
#: "greater than (>) 2": a sign in brackets repeats the words before it.
_SIGN_IN_BRACKETS = re.compile(rf"\(\s?({_SIGN})\s?\)$")
#: "≥Grade 3": a sign and the word that it is written on.
_SIGN_ON_WORD = re.compile(rf"({_SIGN})(\w+)$")
#: A sign with a number after it.
COMPARED = re.compile(rf"\s?{_SIGN}\s?[0-9]")
#: "18 < age", "3*10^9/L ≤, ".
SIGN_AFTER = re.compile(rf"\s?({_SIGN}(?=\s?[^\W\d_])|[≤≥≦≧](?=\s*(?:[,;.)]|$)))\s?")


def _phrases() -> dict[str, str]:
    """Phrase -> the side of the number after it that it allows: ge, gt, le, lt; from for "between"."""
    words = units.VOCABULARY
    out = {phrase.strip(): side for side, phrases in words["phrases"].items() for phrase in phrases.split("|")}
    for adjectives, place, strict, equal, denied in (
        ("greater", "above", "gt", "ge", "le"),
        ("less", "below", "lt", "le", "ge"),
    ):
        for word, than in product(words[adjectives].split(), ("than", "then")):
            out |= {f"{word} {than}": strict, f"no {word} {than}": denied, f"not {word} {than}": denied}
        for word, equals, to in product(
            (*words[adjectives].split(), place), ("equal", "equals", "="), (" to", " than", "")
        ):
            out |= dict.fromkeys(
                (f"{word} than or {equals}{to}", f"{word} then or {equals}{to}", f"{word} or {equals}{to}"), equal
            )
            out |= dict.fromkeys((f"{word} than/{equals}{to}", f"{word}/{equals}{to}"), equal)
            out |= dict.fromkeys((f"{equals} or {word}{to}", f"{equals} to or {word}{to}"), equal)
    return out


PHRASES = _phrases()
#: The last word of a phrase -> how many words the phrases with it have, longest first.
_PHRASE_LENGTHS = {
    last: tuple(sorted({len(phrase.split()) for phrase in PHRASES if phrase.split()[-1] == last}, reverse=True))
    for last in {phrase.split()[-1] for phrase in PHRASES}
}
_FILLERS = frozenset(units.VOCABULARY["fillers"].split())
#: One of these stands before a number that a phrase compares.
_LAST_WORDS = frozenset((*_PHRASE_LENGTHS, *_FILLERS))
#: How words begin that compare ages.
_OF_AGE = ("old", "young", "ouder", "jonger", "älter", "jünger")
_DENIALS = frozenset(("not", "never", "nor", "isn't", "aren't"))


class Before:
    """A comparison that stands before a number."""

    def __init__(self, side: str, start: int, denied: bool = False, of_age: bool = False) -> None:
        self.side = side
        self.start = start
        self.denied = denied
        self.of_age = of_age


def is_strict(said: str) -> bool:
    """Whether a comparison leaves out the number itself."""
    return _OR_EQUAL.isdisjoint(said)


def side(sign: str) -> str:
    return ("l" if _GREATER.isdisjoint(sign) else "g") + ("t" if is_strict(sign) else "e")


_SIDES = {sign: side(sign) for sign in SIGNS}
_ENDS = frozenset((*SIGNS, "=", "＝"))
_SIGN_GOES_ON = frozenset(("=", "＝", "/"))
#: Marks that stand beside the words of a comparison: "(above", "older,".
_MARKS = "([]:,"
_MARKS_AS_BLANKS = str.maketrans(dict.fromkeys(_MARKS, " "))
_LAST_OF_SIGNS = SIGNS + "="


def before(text: str, begin: int, start: int) -> Before | None:
    """The comparison that ends where a number starts."""
    window = start - 64 if start - 64 > begin else begin
    left = text[window:start].rstrip()
    if not left:
        return None
    at = window + len(left)
    last = left[-1]
    if last in _ENDS:
        if last in _SIDES and (left[-2:-1].isalnum() or (left[-2:-1] == " " and left[-3:-2] not in _SIGN_GOES_ON)):
            return Before(_SIDES[last], at - 1)
        sign = _SIGN_BEFORE.search(text, max(begin, at - 8), at)
        return Before(side(sign.group()), sign.start()) if sign else None
    if last == ")":
        return _in_brackets(text, begin, at)
    word = left[left.rfind(" ") + 1 :].lower()
    if word not in _LAST_WORDS:
        if word.isalpha():
            return None
        unmarked = word.translate(_MARKS_AS_BLANKS).rstrip() or left.translate(_MARKS_AS_BLANKS).rstrip()
        word = unmarked.rpartition(" ")[2].lower()
        if word and word not in _LAST_WORDS and word.lstrip(_LAST_OF_SIGNS) not in _FILLERS:
            return None
    return _phrase(text, begin, at)


def _in_brackets(text: str, begin: int, at: int) -> Before | None:
    """The sign in brackets that `text[begin:at]` ends with, and the words that it repeats."""
    sign = _SIGN_IN_BRACKETS.search(text, max(begin, at - 8), at)
    if sign is None:
        return None
    said = _phrase(text, begin, sign.start())
    return said if said and said.side == side(sign[1]) else Before(side(sign[1]), sign.start())


def _phrase(text: str, begin: int, at: int) -> Before | None:
    """The phrase of comparison that `text[begin:at]` ends with; words may stand between it and the number."""
    window = max(begin, at - 60)
    left = text[window:at].lower()
    if "(" in left or "," in left or ":" in left or ")" in left or "[" in left or "]" in left:
        left = left.translate(_MARKS_AS_BLANKS)
    if len(left) != at - window:
        return None  # a letter that is two in lower case: places would not fit
    words = left.split()
    if window > begin and not text[window - 1].isspace():
        words.pop(0)  # cut in two by the window
    while words and words[-1] in ("-", "="):
        words.pop()
    for end in range(len(words), max(0, len(words) - 5), -1):
        last = words[end - 1]
        for length in _PHRASE_LENGTHS.get(last, ()):
            allowed = PHRASES.get(" ".join(words[end - length : end])) if length <= end else None
            if allowed is not None:
                first = end - length
                denied = not _DENIALS.isdisjoint(
                    words[max(0, first - 2 if words[first - 1] == "be" else first - 1) : first]
                )
                of_age = words[first].startswith(_OF_AGE)
                if not of_age and end < len(words):
                    of_age = "age" in words[end:] or "ages" in words[end:]
                return Before(allowed, window + _place(left, words[first:]), denied, of_age)
        if not last.isalnum() and (glued := _SIGN_ON_WORD.match(last)):
            if glued[2] not in _FILLERS:
                return None
            return Before(side(glued[1]), window + _place(left, words[end - 1 :]))
        ends = _place(left, words[end - 1 :]) + len(last)
        if last[-1] == ")" and (repeated := _in_brackets(text, begin, window + ends)):
            return repeated
        if end < len(words) and last[-1] in _LAST_OF_SIGNS:
            sign = _SIGN_BEFORE.search(left, 0, ends)
            return Before(side(sign.group()), window + sign.start()) if sign else None
        if last not in _FILLERS:
            return None
    return None


def _place(left: str, words: list[str]) -> int:
    """Where the last `words` of `left` begin."""
    at = len(left)
    for word in reversed(words):
        at = left.rfind(word, 0, at)
    return at


MINUSES = "-−–"
#: What stands before a minus sign; after anything else it is a dash.
_BEFORE_MINUS = f" ({SIGNS}="


def is_negative(text: str, begin: int, start: int) -> bool:
    """Whether the number at a place has a minus sign before it, and no dash."""
    return begin < start and text[start - 1] in MINUSES and (start - 1 == begin or text[start - 2] in _BEFORE_MINUS)
