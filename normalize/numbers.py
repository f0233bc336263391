"""Numbers in running text, in figures and in words, each with what follows it. Called by `comparisons`.

A number is found as a match: its group `number` is the number, the others tell how the text goes on (`TAIL`).
"""

from __future__ import annotations

import re
from itertools import islice

from normalize import gestation, ratios, units

#: The digits of a number after its first; thousands in groups, or a decimal point or comma.
_MORE_DIGITS = r"(?:[0-9]{0,2}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]{0,2}(?:[\u00a0\u2009\u202f' ](?!10[369]\s?/)[0-9]{3})+(?![0-9]|[,.][0-9])|[0-9]*(?:[.,·][0-9]+)?)"
DIGITS = rf"[0-9]{_MORE_DIGITS}"
SPELLED = {name: value for value, name in enumerate(units.VOCABULARY["numbers"].split(), 1)} | {
    word: value for value, words in units.VOCABULARY["numbers_elsewhere"].items() for word in words.split()
} | {
    "fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
}  # fmt: skip

#: What follows a number: a word that can be its unit; `more` says that more of a unit may follow (a power, another unit);
#: `then` is the word or sign after that, or after the number where no word is.
_TAIL = (
    r"(?:\s{0,2}-?(?P<word>[^\W\d_]+|%)"
    r"(?P<more>\s?(?:[/÷^0-9(]|[.·∙*⋅]\s?[mLk]|per\b|PER\b|each\b|daily\b|weekly\b|a\s(?:day|week|month|year|night)))?)?"
    r"(?:\s*(?P<then>[^\W\d_]+|[^\s\w]))?"
)
#: How most numbers go on: with more figures, and nothing after them that can be more of the number.
_MOST = r"[0-9]*+(?![,.·\u00a0\u2009\u202f' ][0-9]|\s?[+:/w]|[\s-][0-6]/)"
#: What stands before a number (its first digit is looked back over): not "CD4", "PHQ-9", "x10^9", "1.5"; but "Aged18".
_IN_FIGURES = re.compile(
    rf"(?P<number>[0-9](?:(?<![\w^.,].)|(?<=[Aa]ge.)|(?<=[Aa]ged.))(?<![A-Za-z][-–/.].)(?:{_MOST}|(?:(?<=[6-9])|(?<=[1-4])[0-9]){gestation.DAYS}|(?<=[45]){gestation.DAYS_OF_RANGE}|{ratios.MORE}|[0-9]*+(?![,.·\u00a0\u2009\u202f' ][0-9])|{_MORE_DIGITS}))(?={_TAIL})"
)
_IN_WORDS = re.compile(rf"(?P<number>{'|'.join(sorted(SPELLED, key=len, reverse=True))}){_TAIL}", re.IGNORECASE)
_NONE = re.compile(rf"(?P<number>){_TAIL}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|[1-9]\d{0,2}\.000")

#: What stands before a number in words that is compared, and after one.
_BEFORE_WORD = (
    "least ",
    "than ",
    "inimum of ",
    "over ",
    "up to ",
    "etween ",
    "menos ",
    "moins ",
    "stens ",  # "mindestens", "minstens"
    "almeno ",
)
_AFTER_WORD = (" or more", " or fewer", " or older", " or greater", " or longer", " or less", " or higher")
#: What stands before them in a text made `searchable`, and how they begin.
_LEADS = (*_BEFORE_WORD, " or ", "one to ", "two to ", "three to ")
_BEGINNINGS = {name[:3].encode("ascii", "replace").decode() for name in SPELLED} | {words[4:7] for words in _AFTER_WORD}


def _hint() -> re.Pattern[bytes]:
    """The last character of what leads to a number in words, looked for so that most blanks are passed at once."""
    by_letter: dict[str, list[str]] = {}
    for beginning in sorted(_BEGINNINGS):
        by_letter.setdefault(beginning[0], []).append(re.escape(beginning[1:]))
    begins = "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())
    ends = "".join(sorted({lead[-2] for lead in _LEADS}))
    return re.compile(f" (?<=[{ends}] )(?={begins})(?:{'|'.join(f'(?<={lead})' for lead in _LEADS)})".encode())


_HINT = _hint()

#: More numbers in one criterion are a table of data: the first ones are read, and the record gets a warning.
MOST = 300


def in_figures(text: str, most: int = MOST) -> list[re.Match[str]]:
    """The first numbers in figures."""
    return list(islice(_IN_FIGURES.finditer(text), most))


def in_words(text: str) -> list[re.Match[str]]:
    """The numbers in words that stand in comparisons: "at least two", "three or more", "two to four", "two or three"."""
    found = set()
    if text.isupper() and text.isascii():
        text = text.lower()
    for hint in _BEFORE_WORD:
        at = text.find(hint)
        while at >= 0:
            at += len(hint)
            word = text[at : at + 9].partition(" ")[0].rstrip(",;")
            if word.lower() in SPELLED:
                found.add(at)
            at = text.find(hint, at)
    if " or " in text:
        for hint in _AFTER_WORD:
            at = text.find(hint)
            while at >= 0:
                for word in text[max(0, at - 22) : at].split()[-2:]:
                    if word.lower() in SPELLED:
                        found.add(text.rfind(word, 0, at))
                at = text.find(hint, at + 1)
    for hint in (" to ", " or "):
        at = text.find(hint)
        while at >= 0:
            word, after = text[max(0, at - 9) : at].rpartition(" ")[2], text[at + 4 : at + 13].partition(" ")[0]
            if word.lower() in SPELLED and after.lower() in SPELLED:
                found.add(at - len(word))
            at = text.find(hint, at + 1)
    return [number for at in found if (number := _IN_WORDS.match(text, at))]


def hints_of_words(low: bytes) -> list[int]:
    """Where in a text, made `searchable`, a number in words can be that is compared, in order: a quick look."""
    return [found.end() for found in _HINT.finditer(low)]


def tail(text: str, at: int) -> re.Match[str]:
    """How a text goes on at a place, as after a number."""
    found = _NONE.match(text, at)
    assert found is not None  # it matches nothing, too
    return found


def value(number: str) -> float:
    """The number that a text means: thousands separators, decimal commas, words, ratios; weeks where it is weeks and days."""
    if number.isdigit():
        return float(number)
    if number[0].isalpha():
        return float(SPELLED[number.lower()])
    if (ratio := ratios.value(number)) is not None:
        return ratio
    if (weeks := gestation.weeks(number)) is not None:
        return weeks
    if _THOUSANDS.fullmatch(number):
        return float(number.removesuffix(".000").replace(",", "")) * (1000 if number.endswith(".000") else 1)
    for blank in "\u00a0\u2009\u202f' ":
        number = number.replace(blank, "")
    return float(number.replace(",", ".").replace("·", "."))


def is_year(value: float) -> bool:
    """Whether a number can be a calendar year."""
    return 1900 <= value <= 2100 and value == int(value)
