"""Related-trials room: from a text to terms, and from terms back to phrases for a reader. Pure; called by the other `relate` files.

A term is a word or a pair of neighbouring words, shown as the source writes it, but in lower case where that is no abbreviation;
`root` says which terms are one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from normalize.text import fold

#: Words that carry no subject; a pair does not reach across them.
_GRAMMAR = """
    a after against all also among an and any are as at be been before between both but by can de do does due during each either
    en et for from had has have if in into is it its la less may more most no non nor not of off on once only or other our out
    over per que same some such than that the their them then there these they this those through to under until up upon use
    used using versus via vs was were when which while who whose will with within without y
"""
#: Words for what the tested thing is compared with, and for arms as such: two trials with a placebo have nothing in common by it.
_COMPARATORS = """
    active arm arms best blank care comparator control controlled controls conventional dummy experimental group groups
    intervention interventions matching nil none placebo placebos regimen regular routine sham soc standard supportive usual
    vehicle
"""
#: How much and how often, with or without a figure before.
_UNITS = """
    bid cc cm dose doses eq gram grams gy h hr hrs hour hours iu kg litre liter mcg meq mg min ml mm mmol ng qd tid ug ui unit units
    μg µg μl day days week weeks month months year years times daily weekly monthly twice once
"""
_PHASES = "phase i ii iii iv"
_BARRIERS = frozenset(fold(word) for word in (_GRAMMAR + _COMPARATORS + _UNITS + _PHASES).split())

#: Words of which no phrase that is told as a reason consists: they say that a trial is a trial, or how a thing is given or measured.
_UNTOLD_WORDS = """
    acute administration adult adults adverse agent application assessed assessment associated baseline capsule capsules case
    cases change changes child children chronic clinical cohort combination combined compared comparing comparison day days
    design disease diseases disorder disorders drug drugs duration early effect effective effectiveness effects efficacy end
    evaluate evaluation event events exposure feasibility follow following frequency group healthy high hospital human impact
    improvement incidence infusion injection injections intravenous investigation label late level levels long low mean measure
    measured men method mild moderate multicenter multicentre new number observation observational occurrence open oral outcome
    outcomes participant participants patient patients people percentage period pilot point population positive prevalence
    prevention product profile program prospective protocol quality questionnaire randomised randomized rate rates received
    receiving reduction related response result results retrospective risk safety scale score scores severe severity short
    single solution status study subcutaneous subject subjects subcutaneously symptom symptoms syndrome system tablet tablets
    test therapeutic therapy time total treat treated treating treatment treatments trial trials type use value values women
"""
_UNTOLD = frozenset(_UNTOLD_WORDS.split())

_WORD = re.compile(r"[^\W_]+")
#: A figure with its unit: `200 mg`, `1.5 mg/kg`, `0,5-1 ml`, `10%`.
_DOSE = re.compile(
    r"(?i)(?<!\w)\d[\d.,]*(?:\s*(?:-|–|to|x)\s*\d[\d.,]*)?\s*-?(?:%|(?:"
    + "|".join(sorted((word for word in _UNITS.split() if word not in ("twice", "once")), key=len, reverse=True))
    + r"|g|l|m)(?:\s*/\s*(?:kg|m2|d|day|h|hr|hour|ml|l|dose|week|min|g|m))*(?!\w))"
)
#: What stands between two words that are no pair.
_BREAK = re.compile(r"[;:()\[\]|]|[.!?]\s")
_TIES = frozenset(("-", "/", ", ", "'", "’"))

#: How international nonproprietary names are respelled from language to language (WHO: "f" for "ph", "t" for "th", "e" for "ae" and "oe",
#: "i" for "y", no "h", no "k"; WHO/PHARM S/NOM 1570), and what registrants take for one another.
_RESPELLED = (
    ("ph", "f"), ("th", "t"), ("ch", "c"), ("ck", "c"), ("ae", "e"), ("oe", "e"), ("y", "i"), ("k", "c"), ("z", "s"), ("h", ""), ("qu", "c"),
)  # fmt: skip
_DOUBLED = re.compile(r"([^\d])\1")
_ENDING = re.compile(r"(?:ies|es|s|e|a|um|us|o|i)$")
_FIGURE = re.compile(r"\d")


def root(term: str) -> str:
    """What the spellings of a term have in common: `hydroxychloroquine`, `Hydroxychloroquin`, `hidroxicloroquina` are one.

    Words of a pair are rooted each. Words with a figure and those of three letters stay as they are.
    """
    return " ".join([_root(word) for word in fold(term).split(" ")])


@cache
def _root(word: str) -> str:
    if len(word) <= 3 or _FIGURE.search(word):
        return word
    for spelled, sound in _RESPELLED:
        word = word.replace(spelled, sound)
    word = _DOUBLED.sub(r"\1", word)
    return _ENDING.sub("", word) if len(word) > 5 else word.rstrip("s")


def terms(text: str, *, pairs: bool) -> list[str]:
    """Words and, where asked for, pairs of neighbouring words, in reading order; no doses, units and long figures."""
    text = _DOSE.sub(" | ", text)
    if text.isupper() and " " in text:
        text = text.lower()
    found: list[str] = []
    before, end = "", 0
    for match in _WORD.finditer(text):
        gap, end = text[end : match.start()], match.end()
        word, shown = _read(match[0])
        if not word or word in _BARRIERS:
            before = ""
            continue
        is_figure = word.isdigit()
        if before and pairs and _are_neighbours(before, gap, word):
            found.append(f"{before}{gap if gap in _TIES else ' '}{shown}")
        if is_figure and len(word) > 2:
            before = ""
            continue
        if len(word) > 1 and not is_figure:
            found.append(shown)
        before = shown
    return found


def _are_neighbours(before: str, gap: str, word: str) -> bool:
    """Whether two words are a pair: `25-hydroxyvitamin` and `type 2`, but not `19 patients` and `cohort 2020`."""
    if _BREAK.search(gap) or (before.isdigit() and gap != "-"):
        return False
    return not word.isdigit() or (len(word) <= 2 and not before.isdigit())


@lru_cache(maxsize=200_000)
def _read(word: str) -> tuple[str, str]:
    """A word folded, and as it is shown: `Women` -> `women`, but `HCQ`, `mRNA`, `C` and `B12` stay."""
    stays = len(word) == 1 or any(c.isupper() or c.isdigit() for c in word[1:])
    return fold(word), word if stays else word.lower()


@lru_cache(maxsize=100_000)
def phrases(found: Sequence[str]) -> tuple[str, ...]:
    """Pairs of words that overlap joined (`recurrent pregnancy`, `pregnancy loss`), words within a phrase left out; the first term
    found stands first. What consists of words that tell nothing, or is a figure, is left out."""
    joined: list[list[str]] = []
    waiting = [parts for term in found if len(parts := _PARTS.split(term)) == 3]
    while waiting:
        phrase = waiting.pop(0)
        while (
            pair := next((p for p in waiting if _same(p[0], phrase[-1]) or _same(p[-1], phrase[0])), None)
        ) is not None:
            waiting.remove(pair)
            phrase = [*phrase, *pair[1:]] if _same(pair[0], phrase[-1]) else [*pair[:-1], *phrase]
        joined.append(phrase)
    held = {word.casefold() for phrase in joined for word in phrase[::2]}
    joined += [[term] for term in found if len(_PARTS.split(term)) == 1 and term.casefold() not in held]
    place = {word.casefold(): n for n, term in reversed(list(enumerate(found))) for word in _PARTS.split(term)[::2]}
    joined.sort(key=lambda phrase: min(place.get(word.casefold(), 0) for word in phrase[::2]))
    return tuple(
        dict.fromkeys("".join(phrase) for phrase in joined if not all(_tells_nothing(word) for word in phrase[::2]))
    )


_PARTS = re.compile(r"([\W_]+)")


def _same(word: str, other: str) -> bool:
    return word.casefold() == other.casefold()


def _tells_nothing(word: str) -> bool:
    return word.isdigit() or fold(word) in _UNTOLD
