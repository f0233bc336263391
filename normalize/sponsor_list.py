"""Sponsors room: how a name is found among the organizations that vocabulary/organizations.yml knows. Called by `sponsors`."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from rapidfuzz.distance import OSA

from normalize.sponsor_file import Known, ambiguous, ordered_words, ordinary, organizations, own_words, together
from normalize.sponsor_names import Name, tokens, words_of
from normalize.sponsor_namesakes import is_a_company_of_its_own, is_town_of_another, universities
from normalize.sponsor_words import (
    COMMERCE,
    COUNTRIES,
    COUNTRY_CODES,
    GENERIC,
    HEADS,
    LEGAL_FORMS,
    LOCAL,
    OTHER_KINDS,
    PATRONS,
    PLACES,
    QUALIFIERS,
    STATES,
    STOP,
    STRANGERS,
    TRADE,
    distinctive,
)
from normalize.tables import compiled
from normalize.text import fold


class Match(NamedTuple):
    known: Known
    rule: str


class _Window(NamedTuple):
    at: int
    size: int
    known: Known


class _Index(NamedTuple):
    whole: dict[str, Known]
    sorted_: dict[tuple[str, ...], Known]
    ordered: dict[tuple[str, ...], Known]
    glued: dict[str, Known]
    long_words: dict[str, list[str]]  # by first letter
    longest: int
    ambiguous: frozenset[str]


_IN_NAME = "known organization in the name"
#: Words that may be lost from a spelling without loss of sense.
_JOINING = frozenset(
    {"of", "and", "for", "the", "in", "on", "de", "du", "des", "del", "di", "la", "le", "et", "y", "und", "der", "fur"}
)
#: What a name is called when two known organizations stand in it.
_PRECEDENCE = {
    "hospital": 3,
    "network": 3,
    "industry": 3,
    "other_nonprofit": 2,
    "university": 2,
    "individual": 1,
    "government": 1,
    "unknown": 0,
}


@compiled
def _index() -> _Index:
    index = _Index({}, {}, {}, {}, {}, 12, frozenset(ambiguous()))
    for known in organizations().values():
        for spelling in (*known.whole, *known.phrases):
            if index.whole.setdefault(fold(spelling), known) != known:
                raise ValueError(
                    f"vocabulary/organizations.yml has {spelling!r} under {known.name} and {index.whole[fold(spelling)].name}"
                )
        for spelling in (known.name, *known.phrases):
            words = words_of(spelling)
            if loses_its_name(spelling):
                continue
            if len(words) == 1 and len(words[0]) < 5 and STOP.intersection(fold(spelling).split()):
                continue  # "Il-Yang" would be every Yang
            if (
                not words
                or " ".join(words) in index.ambiguous
                or (spelling == known.name and not _name_is_phrase(known))
            ):
                continue
            where, key = (
                (index.ordered, words) if ordered_words().intersection(words) else (index.sorted_, tuple(sorted(words)))
            )
            if where.setdefault(key, known) != known:
                raise ValueError(
                    f"vocabulary/organizations.yml: {spelling!r} reads like {where[key].name}, under {known.name}"
                )
            if len("".join(words)) >= 6:
                index.glued.setdefault("".join(words), known)
            if len(words) == 1 and len(words[0]) >= 8 and distinctive(words):
                index.long_words.setdefault(words[0][0], []).append(words[0])
    return index


def loses_its_name(spelling: str) -> bool:
    """Whether what is left of a spelling says less than it: "E-DA Hospital" would be any hospital, "Texas A&M University" any of Texas."""
    words = words_of(spelling)
    lost = set(fold(spelling).split()) & (LEGAL_FORMS | STOP) - _JOINING - set(words)
    letters = any(len(w) == 1 and w != "s" for w in lost)
    return bool(lost) and not distinctive(words) and (letters or not any(w in PLACES for w in words))


def is_ambiguous(words: tuple[str, ...]) -> bool:
    """Whether these words mean more than one organization, so that no likeness may join them to one."""
    return " ".join(words) in _index().ambiguous


def _name_is_phrase(known: Known) -> bool:
    return fold(known.name) not in (fold(w) for w in known.whole[1:])


def _kind(known: Known, words: tuple[str, ...]) -> str:
    if known.class_ != "academic_or_hospital":
        return known.class_
    if _are_initials(known, words):  # they say nothing of their kind: the name does
        words = words_of(known.name)
    return "university" if "university" in words and "hospital" not in words else "hospital"


def _are_initials(known: Known, words: tuple[str, ...]) -> bool:
    return words == ("".join(word[0] for word in fold(known.name).split()),)


def find(name_raw: str, name: Name, person: bool) -> Match | None:
    """The known organization that a name names, and by which rule; None when the file knows none or the name says more than one could.

    Where it is nothing but a person's, one word names no organization ("Hiroshi Takeda").
    """
    index = _index()
    folded = fold(name_raw)
    whole = index.whole.get(folded) or index.whole.get(" ".join(tokens(name_raw)))
    if whole is not None and folded not in index.ambiguous:
        return Match(whole, "name in organizations.yml")
    if folded in index.ambiguous or is_ambiguous(name.words):
        return None
    windows = _own(_windows(index, name.words), name_raw, name)
    if person:
        return _best(name.words, [window for window in windows if window.size > 1], _IN_NAME)
    standing = {window.known.name for window in windows}
    for names, known in together():
        if names <= standing:
            return Match(known, "sponsors together in organizations.yml")
    return (
        _best(name.words, windows, _IN_NAME)
        or _by_abbreviation(index, name, folded)
        or _best(name.words, _own(_misspelt(index, name.words), name_raw, name), f"{_IN_NAME}, misspelt")
    )


def _windows(index: _Index, words: tuple[str, ...]) -> list[_Window]:
    """Runs of words that are a known spelling, the longest first, none overlapping another."""
    found: list[_Window] = []
    taken: set[int] = set()
    for size in range(min(index.longest, len(words)), 0, -1):
        for at in range(len(words) - size + 1):
            window = words[at : at + size]
            known = index.ordered.get(window) or index.sorted_.get(tuple(sorted(window)))
            if known is None and 1 < size <= 4:
                known = index.glued.get("".join(window))
            if known is None and size == 1 and len(window[0]) >= 7:
                known = index.glued.get(window[0])
            if known is not None and not taken.intersection(range(at, at + size)):
                taken.update(range(at, at + size))
                found.append(_Window(at, size, known))
    return found


def _own(windows: list[_Window], name_raw: str, name: Name) -> list[_Window]:
    """The windows without those that are but the town of another university, or a word of a company's own name, and of a name whose address
    was cut off without what is of another country ("Hospital Santo António - Sinop, MT, Brazil")."""
    named = universities(name_raw) if windows else frozenset()
    homes = name.countries - frozenset(name.words)
    return [
        window
        for window in windows
        if not (homes and window.known.class_ != "industry" and _abroad(window.known, homes))
        and not is_town_of_another(name.words, window.at, window.size, named)
        and not (
            name.company
            and window.size == 1
            and window.known.class_ == "academic_or_hospital"
            and is_a_company_of_its_own(name.words, window.at)
        )
    ]


def _misspelt(index: _Index, words: tuple[str, ...]) -> list[_Window]:
    """Single words of eight letters or more that are a known name but for one letter, from twelve on but for two."""
    out = []
    for at, word in enumerate(words):
        if len(word) < 8 or word in GENERIC or word in PLACES:
            continue
        allowed = 1 if len(word) < 12 else 2
        near = sorted(
            (OSA.distance(word, spelling, score_cutoff=allowed), spelling)
            for spelling in index.long_words.get(word[0], ())
            if abs(len(spelling) - len(word)) <= allowed
        )
        if near and near[0][0] <= allowed:
            out.append(_Window(at, 1, index.glued[near[0][1]]))
    return out


def _best(words: tuple[str, ...], windows: list[_Window], rule: str) -> Match | None:
    best: tuple[tuple[int, int, int], Known] | None = None
    for at, size, known in windows:
        window, rest = words[at : at + size], [*words[:at], *words[at + size :]]
        kind = _kind(known, window)
        strangers = STRANGERS.get(kind, frozenset()) - own_words()[known.name]
        if kind != "industry" and (_elsewhere(known, window, rest) or _abroad(known, rest)):
            continue
        if strangers.intersection(rest) or not (
            distinctive(window)
            or _stands(known, window, rest, {*words[max(at - 1, 0) : at], *words[at + size : at + size + 1]})
        ):
            continue
        if size == 1 and known.class_ == "academic_or_hospital" and is_of_commerce(rest):
            continue  # "Duke Therapeutics"
        if size == 1 and window[0] in ordinary() and not _in_trade(rest):
            continue  # "Summit Medical Group"
        if window[-1] == "university" and not OTHER_KINDS.isdisjoint(words[at + size : at + size + 1]):
            continue  # "Tokyo University of Science"
        if rule.endswith("misspelt") and not _says_its_kind(known, rest):
            continue
        rank = (_PRECEDENCE.get(kind, 2), -at if kind == "industry" else size, -at)
        if best is None or rank > best[0]:
            best = (rank, known)
    return Match(best[1], rule) if best else None


def _by_abbreviation(index: _Index, name: Name, folded: str) -> Match | None:
    """The organization whose abbreviation stands in brackets or apart ("Centre for X (CAMH)"), when its first letter begins a word."""
    for abbreviation in name.abbreviations:
        known = index.whole.get(abbreviation)
        if known is None or len(abbreviation) < 3 or known.class_ == "industry":
            continue
        if abbreviation in name.apart or abbreviation[0] in {
            word[0] for word in folded.split() if word != abbreviation
        }:
            return Match(known, "abbreviation in organizations.yml")
    return None


def is_of_commerce(words: Collection[str]) -> bool:
    """Whether words beside a name say that it is a company's, and not a department's ("dept. Pharm-Tox")."""
    return not COMMERCE.isdisjoint(words) and "dept" not in words


def _in_trade(rest: list[str]) -> bool:
    """Whether the words beside a company's name are of pharmacy, places and countries only."""
    return all(w in TRADE or w in PLACES or w in COUNTRIES for w in rest)


def _says_its_kind(known: Known, rest: list[str]) -> bool:
    """Whether the words beside a misspelt name are such as stand beside it: of a company its business, of others any general word."""
    if known.class_ == "industry":
        return not distinctive(rest)
    if "university" in words_of(known.name) and "hospital" not in own_words()[known.name]:
        return "university" in rest
    return not rest or any(w in GENERIC for w in rest)


def _elsewhere(known: Known, window: tuple[str, ...], rest: list[str]) -> bool:
    """Whether the words beside a name place it in another town than any spelling of the organization.

    That tells hospitals apart ("Zhongshan Hospital, Xiamen") and initials ("University of Lausanne (UCL)" is not London's).
    """
    named = {w for w in rest if w in PLACES}
    own = own_words()[known.name] & PLACES
    if not named or not own or named & own:
        return False
    headed = any(HEADS.get(w, "") in ("hospital", "university", "institute") for w in window)
    nameless = headed and PLACES.isdisjoint(window)  # "Xinhua Hospital" without its town
    return "hospital" in rest or "clinic" in rest or nameless or _are_initials(known, window)


def _abroad(known: Known, rest: Collection[str]) -> bool:
    """Whether the words beside a name say that it is of another country ("Medical Research Council, South Africa"), or of a state of one
    ("University of Cambridge, Massachusetts")."""
    named = {COUNTRY_CODES[w] for w in rest if w in COUNTRY_CODES and w in COUNTRIES} | {
        STATES[w] for w in rest if w in STATES
    }
    return (
        bool(named)
        and known.country_code is not None
        and len(known.country_code) == 2
        and known.country_code not in named
    )


def _stands(known: Known, window: tuple[str, ...], rest: list[str], beside: set[str]) -> bool:
    """Whether a spelling of general words and places alone may name its organization in this company.

    A single place needs a hospital, a region or the like beside it; general words without a place may have only departments
    and words of business beside them ("Academic Medical Center, Department of Psychiatry", "3M Health Care"),
    and no other place or country than its own ("Ministry of Science and Technology, Vietnam" is not China's).
    """
    if len(window) == 1 and window[0] in PLACES:
        return not rest or bool(LOCAL.intersection(rest))
    if any(w in PLACES for w in window):
        patron = "hospital" in window and "university" not in window and not PATRONS.isdisjoint(beside)
        return not QUALIFIERS & beside and not patron  # "St. Johannes Hospital Dortmund"
    own = own_words()[known.name] & PLACES
    heads = {HEADS[w] for w in own_words()[known.name] if w in HEADS}
    return not QUALIFIERS & beside and all(
        (w in GENERIC and HEADS.get(w, "") in {"", *heads})
        or (w in PLACES and (w in own or not own))
        or COUNTRY_CODES.get(w, "") == known.country_code
        or w.isdigit()
        for w in rest
    )
