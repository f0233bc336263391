"""Sponsors room: one spelling of an organization's name taken apart. Called by `sponsors` and `sponsor_list`.

Undoes misread encodings, translates general words, drops legal forms, finds brackets, departments, addresses and abbreviations.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from normalize.sponsor_words import (
    BUSINESS,
    COMPANY_FORMS,
    COUNTRIES,
    DEPARTMENT,
    GENERIC,
    HEADS,
    LEGAL_FORMS,
    NAMED,
    NOBODY,
    PLACES,
    SPECIALTIES,
    STATES,
    STOP,
    STREETS,
    TITLES,
    distinctive,
    english,
)
from normalize.text import fold


class Name(NamedTuple):
    """What one spelling says."""

    words: tuple[str, ...]  # all its words in English and in order, without stop words and legal forms
    base: tuple[str, ...]  # words of the organization itself, in order, without departments, addresses, places
    places: frozenset[str]
    countries: frozenset[str]
    abbreviations: tuple[str, ...]  # those given beside the name ("(AP-HP)"), folded
    apart: tuple[str, ...]  # those that are a whole part of it ("HUS, Korvaklinikka"), folded
    company: bool  # it has a company's legal form
    person: bool  # it is given a doctor's or professor's title and names no organization


# UTF-8 read as a one-byte encoding and then made plain ASCII: "FundaciA3n", "WA1/4rzburg", "DA(c)veloppement" (ICTRP, 2020).
_ASHES = {
    "A1/4": "ü", "A1/2": "ý", "A(c)": "é", "A3": "ó", "A$?": "ä", "A+-": "ñ", "AY=": "å", "APS": "ã", "ASS": "ç", "A?": "ß",
    "A<<": "ë", "Aa": "ê", "A!": "á", "A'": "ô", "Ao": "ú", "A2": "ò", "A1": "ù", "AaEUR(tm)": "'",
}  # fmt: skip
_ASH = re.compile(
    r"(?<=[A-Za-z])A(?:1/4|1/2|\(c\)|\$\?|\+-|Y=|<<)(?=[a-zA-Z, ]|$)|(?<=[a-z])(?:ASSAPS|APS|ASS|A[!'?]|Ao|Aa|A3|A2|A1|AaEUR\(tm\))(?=[a-z])"
)
_ASH_I = re.compile(r"(?<=[a-z])A(?=[a-z]{2})|(?<=[a-z]{3})A (?= )")
_LATIN = re.compile("[ÃÂ√â][^\\sa-zA-Z]")
_POSSESSIVE = re.compile(r"(?<=\w)['’`´‘]\s?s\b", re.IGNORECASE)
_CH = re.compile(r"^\s*CH(?= [A-ZÉd])")  # "CH Valdoria": centre hospitalier
# Syllables of Chinese names kept apart: "Xi'an", "He'nan", "You'an".
_SYLLABLES = re.compile(r"(?<=[a-z])['’`´](?=(?:n?an|ang|e[nr]|a[oi])\b)", re.IGNORECASE)
_SLASH_FORMS = re.compile(r"\b(a/s|n/a|i/s|k/s|c/o|nv/sa|sa/nv)(?!\w)", re.IGNORECASE)
_SPLIT = re.compile(r"[,;|\n:]|\s[-–—]+\s?|[–—]|(?<=\w)-\s|(?<=\w{3})/|/(?=\w{3})|\s/\s")
_TAIL = re.compile(
    r"[\s,(\-–]+(?:(?:an?\s+)?(?:indirect[ ,]+)?(?:wh?ole?ly?|100%)?[ -]*(?:own\w+)?\s*(?:subs[a-z]*ary|affiliate|member|part|division|filial\w*)\s+(?:of|de|company of)\b"
    r"|(?:now\s+)?(?:a|an)\s+[\w.&' ]{2,40}\s+company\b|(?:formerly|previously|formally)\b|f/?k/?a\b|an? company of|now part of|c/o\b"
    r"|acting (?:through|on|by)|represented by|vertreten durch|en (?:nombre|representacion|representación) de|on behalf of|trading as|t/a\b|d/?b/?a\b).*$",
    re.IGNORECASE | re.DOTALL,
)
# ReBec adds the place: "Universidade X - Botucatu, SP, Brazil".
_REBEC = re.compile(r"\s+-\s+[^-,]+,\s*[A-Z]{2},\s*Bra[sz]il\s*$")
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)(?:[)\]}]|$)")
_ABBREVIATION = re.compile(r"(?=(?:[^A-Z]*[A-Z]){2})[A-Z][A-Za-z0-9&.+-]{1,10}")
TITLE = re.compile(
    r"\b(?:(?:univ|assoc|ass|pd|priv|o|a)[.-]*\s*)?(?:prof|dr|doc|doz|docent|md|phd|professor|doctor|mr|mrs|ms|mudr|med|dra|pd|ddr|doctora)\b\.?",
    re.IGNORECASE,
)


def repaired(text: str) -> str:
    """UTF-8 that was read as Latin-1, Windows-1252 or Mac Roman ("FundaciÃ³n", "Fundaci√≥n") as it was meant; other text as it is."""
    if _LATIN.search(text):
        for encoding in ("cp1252", "latin-1", "mac_roman"):
            try:
                return text.encode(encoding).decode("utf-8")
            except (UnicodeEncodeError, UnicodeDecodeError):
                continue
    if "A" in text:
        text = _ASH.sub(lambda found: _ASHES.get(found[0], "çã"), text)
        text = _ASH_I.sub(lambda found: "í" if found[0] == "A" else "à", text)
    return text


def _unslashed(text: str) -> str:
    """ "A/S" as "AS": a slash in a legal form parts nothing."""
    return _SLASH_FORMS.sub(lambda found: found[0].replace("/", ""), text) if "/" in text else text


@lru_cache(maxsize=32_768)
def tokens(text: str) -> tuple[str, ...]:
    """Folded words; single letters that follow one another are one word: "S.p.A." is "spa"."""
    out: list[str] = []
    run = ""
    for word in fold(text).split():
        if len(word) == 1 and word.isalpha():
            run += word
            continue
        if run:
            out.append(run)
            run = ""
        out.append(word)
    if run:
        out.append(run)
    return tuple(out)


@lru_cache(maxsize=32_768)
def words_of(text: str) -> tuple[str, ...]:
    """English words of a text in order, without stop words and legal forms."""
    text = _CH.sub("hospital", text)
    text = _SYLLABLES.sub("", _POSSESSIVE.sub("s", _unslashed(text)))
    every = tuple(english(tokens(text)))
    kept = tuple(w for w in every if w not in STOP and w not in LEGAL_FORMS)
    # "AM-Pharma" and "AB Science" would be left with nothing that names them.
    return every if kept and all(w in BUSINESS for w in kept) else kept


def is_nobody(name_raw: str) -> bool:
    """ "None", "N/A", "Sponsor not yet defined" and the like name no organization."""
    folded = fold(name_raw)
    return not folded or folded in NOBODY or not any(c.isalpha() for c in folded)


def slug(name: str) -> str:
    """A readable key from a name."""
    return fold(name).replace(" ", "-")


def read_name(name_raw: str) -> Name:
    """One spelling taken apart."""
    text = repaired(name_raw)
    company = bool(COMPANY_FORMS.intersection(tokens(_unslashed(text))))
    text, in_brazil = _REBEC.subn("", text)
    home = ("brazil",) if in_brazil else ()
    head = _TAIL.sub("", text) or text
    brackets = _BRACKETS.findall(head)
    outside = _BRACKETS.sub(" ", head)
    if not fold(outside):
        outside = head
        brackets = []
    abbreviations = [b.strip() for b in brackets if _ABBREVIATION.fullmatch(b.strip())]
    parts = [p for p in _SPLIT.split(_unslashed(outside)) if p.strip()]
    apart = [p.strip() for p in parts if len(parts) > 1 and _ABBREVIATION.fullmatch(p.strip()) and p.isupper()]
    abbreviations += apart
    segments = [(_without_department(list(words_of(p))), bool(TITLE.search(p))) for p in parts]
    inside = [words_of(b) for b in brackets]
    every = [w for s, _ in segments for w in s] + [w for s in inside for w in s]
    places = frozenset(w for w in every if w in PLACES) | _towns(segments)
    countries = frozenset(w for w in (*every, *home) if w in COUNTRIES) | {
        NAMED[STATES[w]] for w in every if w in STATES
    }
    base = _core(segments, {fold(a).replace(" ", "") for a in abbreviations})
    person = bool(TITLE.search(head)) and not company and not any(w in HEADS for w in every)
    return Name(
        words_of(text),
        tuple(base),
        places,
        countries,
        tuple(sorted({fold(a).replace(" ", "") for a in abbreviations})),
        tuple(fold(a).replace(" ", "") for a in apart),
        company,
        person,
    )


def _core(segments: list[tuple[list[str], bool]], abbreviations: set[str]) -> list[str]:
    """Words of the segment that names the organization; of all segments when none can stand alone."""
    useful = []
    for words, titled in segments:
        if not words or "".join(words) in abbreviations:
            continue
        if any(len(w) > 3 and w.isdigit() for w in words) or (
            STREETS.intersection(words) and any(c.isdigit() for w in words for c in w)
        ):
            continue  # an address
        if all(w in PLACES or w in COUNTRIES for w in words):
            continue
        useful.append((_rank(words, titled), words))
    if not useful:
        useful = [(0, words) for words, _ in segments if words]
    best = max((rank for rank, _ in useful), default=0)
    chosen = next(
        (words for rank, words in useful if rank == best and best > 1 and distinctive(_without_title(words))), None
    )
    if chosen is None:
        chosen = [w for rank, words in useful if rank > 0 or best == 0 for w in words]
    return [w for w in _without_title(chosen) if w not in PLACES and w not in COUNTRIES]


def _towns(segments: list[tuple[list[str], bool]]) -> frozenset[str]:
    """Short parts after that of a hospital, which are its town where no list knows it ("St. Mary's Hospital, Springfield")."""
    ranks = [_rank(words, titled) if words else 0 for words, titled in segments]
    if 4 not in ranks:
        return frozenset()
    after = segments[ranks.index(4) + 1 :]
    return frozenset(
        w
        for words, titled in after
        if len(words) <= 2 and not titled
        for w in words
        if distinctive([w]) and w.isalpha() and w not in DEPARTMENT
    )


def _without_department(words: list[str]) -> list[str]:
    """ "Emergency Department of X Hospital", "Department of Critical Care Medicine X Hospital": the words from X on, where any follow."""
    if "dept" not in words[:5]:
        return words
    at = words.index("dept") + 1
    while at < len(words) and (
        words[at] in DEPARTMENT or words[at] in SPECIALTIES or (words[at] in GENERIC and words[at] not in HEADS)
    ):
        at += 1
    rest = words[at:]
    return (
        rest
        if {"hospital", "university"}.intersection(rest) and (distinctive(rest) or any(w in PLACES for w in rest))
        else words
    )


def _without_title(words: list[str]) -> list[str]:
    return [w for w in words if w not in TITLES]


def _rank(words: list[str], titled: bool) -> int:
    """How surely a segment names the organization: 3 hospital, 2 another head, 1 any name, 0 a department or a person beside one."""
    kinds = {HEADS[w] for w in words if w in HEADS}
    department = words[0] in DEPARTMENT or "dept" in words
    if "hospital" in words and words[0] != "dept":
        return 4
    if kinds and not department:
        return 3
    if kinds - {"institute", "hospital"}:
        return 2
    if department or titled:
        return 0
    return 1
