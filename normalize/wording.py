"""The source's own words for what a limit is about, where the vocabulary knows no variable. Called by `measures` and `unknown`."""

from __future__ import annotations

import re

from normalize import units

#: Lists of words that decide what a number is about (`words` of vocabulary/measures.yml).
WORDS: dict[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in units.VOCABULARY["words"].items()}
_ARTICLES = frozenset(("of", "a", "an", "the"))
_NO_END = _ARTICLES | {"and/or"}
_DELIMITER = re.compile(r"[,;:()\[\].\n]")
_ABBREVIATED = re.compile(r"[(\[]\s*([\w/+ -]{1,24}?)\s*[)\]]$")
#: "at least one but not more than three earlier regimens"
_WORDS_AFTER = re.compile(r"\s*(?:but\snot?\smore\sthan\s[\w-]+\s)?((?:[^\W\d_][\w'’/-]*\s{0,24}){1,5})")


#: "of the 11 ACR criteria", "of 3 Amsterdam criteria"; which things those are is said before ("of the following 4 criteria").
_ONE_OF = re.compile(
    r"\sof\s(?:the\s|these\s)?(?:[0-9]{1,4}|three|four|five|six|seven|eight|nine|ten|eleven)\s"
    r"((?!(?:of|these|following|conditions|above|below)\b)[^\W\d_][\w'’/-]*(?:\s\(?[^\W\d_][\w'’/-]*\)?){0,6}?\s(?:criteria|features|items|signs|symptoms|domains|components|tests))\b"
)

_OWN_NAME = re.compile(
    r"(?:[,;(]|\b(?:and|or)\b)(?:\s*(?:and/or|and|or)\b)?\s*((?:[^\W\d_][\w'’-]*\s){0,3}[^\W\d_][\w'’-]*)[\s:(]*$"
)
_BORROWED = WORDS["no_name"] | WORDS["name_ends"] | WORDS["people"] | WORDS["qualifiers"]


def own_name(text: str, begin: int, end: int) -> int | None:
    """Where what is limited is named anew between two limits, whether or not the vocabulary knows it; None where it is not.

    "TSH > 2.5 mIU/L, anti-XYZ > 35 IU/mL" does not limit TSH twice; "temperature ≥ 37.5 °C, oral ≥ 38 °C" limits it twice.
    """
    between = text[begin:end].rstrip(" :(")
    if len(between) < 5 or between.rpartition(" ")[2].lower() in _BORROWED:
        return None
    found = _OWN_NAME.search(text, begin, end)
    if found is None or "etween" in text[begin : found.start()] or not _BORROWED.isdisjoint(found[1].lower().split()):
        return None
    return found.start(1)


def before(left: str) -> str:
    """The source's words for what is limited, from those before the limit."""
    left = left.rstrip(" \t\n:=,-")
    if not left:
        return ""
    for _ in range(4):
        cut = left.rsplit(None, 1)
        if len(cut) < 2 or cut[1] == "A" or cut[1].lower() not in WORDS["no_name"]:
            break
        left = cut[0]
    short = _ABBREVIATED.search(left[-30:])
    if short and not short[1][0].isdigit():
        return short[1]
    left = left.rstrip(" )]([:,")
    words = _DELIMITER.split(left)[-1].split()
    while words and words[-1] != "A" and words[-1].lower().strip("'\"-•*.") in WORDS["no_name"]:
        words.pop()
    words = words[-6:]
    while words and words[0].lower().strip("'\"-•*.") in WORDS["no_name"]:
        words.pop(0)
    return "" if all(not word.strip("'\"-•*.").isalpha() and len(word) < 3 for word in words) else " ".join(words)


def after(rest: str) -> str:
    """The source's words for what is limited, from those after the limit: "at least 3 failed cycles"."""
    found = _WORDS_AFTER.match(rest)
    said = found[1].split() if found else []
    words: list[str] = []
    for at, word in enumerate(said):
        if word.lower() in WORDS["name_ends"] and (words or word.lower() != "prior"):
            if at == 1 and word == "or" and said[0][-1] != "s" and said[3:] and said[3][-1] == "s":
                words += said[1:4]  # "fresh or frozen cycles"
            break
        words.append(word)
    while words and words[0].lower() in _ARTICLES:
        words.pop(0)
    while words and words[-1].lower() in _NO_END and not "".join(words[-2:-1]).isupper():  # "BILAG A"
        words.pop()
    return " ".join(words)


def one_of(rest: str) -> str:
    """What a number of things are some of: "ACR criteria" after "at least 4" in "at least 4 of the 11 ACR criteria"; "" for nothing."""
    found = _ONE_OF.match(rest) if rest.startswith(" of ") else None
    return found[1] if found else ""


def counts(rest: str) -> bool:
    """Whether a number is followed by what it counts: " lesions", " prior losses", not " or", ")" or " prior to"."""
    word, _, more = rest[1:].partition(" ") if rest[:1] == " " else ("", "", "")
    if word == "prior":
        word = more.partition(" ")[0]
    return word[:1].isalpha() and word.rstrip(",.;)").lower() not in WORDS["not_counted"]
