"""Values room: names of countries, as every register writes them, to ISO 3166-1 codes.

ISO's names come from pycountry, the registers' own spellings from `vocabulary/countries.yml`. Called by the normalizers; nothing is
guessed: a name is known whole, or it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import pycountry

from normalize.schema import Country, Unmapped
from normalize.tables import table
from normalize.text import fold

#: No name of a country is longer; a longer text is not one, and is not kept in the cache.
_LONGEST = 200
#: All countries of the world, each with a comma, are shorter.
_LONGEST_LIST = 5000
_COMMA = re.compile(r",(?![^(]*\))")  # none in brackets, which explain a name
_UNKNOWN = (None, None)


class _Countries(NamedTuple):
    names: dict[str, str]  # alpha-2 -> name shown
    spellings: dict[str, str]  # folded name -> alpha-2
    codes: dict[str, str]  # alpha-2 and alpha-3 in capitals -> alpha-2


@cache
def _countries() -> _Countries:
    listed = table("countries")
    entries = list(pycountry.countries)
    names = {entry.alpha_2: getattr(entry, "common_name", entry.name) for entry in entries} | listed["names"]
    # A code counts in capitals alone: "and" is no Andorra, "are" no Emirates.
    codes = {code: code for code in names} | {entry.alpha_3: entry.alpha_2 for entry in entries}
    spellings = {
        fold(getattr(entry, attribute)): entry.alpha_2
        for entry in entries
        for attribute in ("name", "official_name", "common_name")
        if hasattr(entry, attribute)
    }
    spellings |= {fold(name): code for code, name in names.items()}
    spellings |= {fold(spelling): code for code, words in listed["spellings"].items() for spelling in words}
    return _Countries(names, spellings, codes)


def country(text: str) -> tuple[str | None, str | None]:
    """(ISO 3166-1 alpha-2 code, English short name) of one country; (None, None) for regions, former countries and unknown names.

    An authority or an explanation behind the name does not matter: `Spain - AEMPS` (EUCTR), `Iran (Islamic Republic of)` (ICTRP).
    The parts of the United Kingdom are GB, Kosovo is XK. `Former Serbia and Montenegro`, `Europe`, `Worldwide` have no code.
    """
    return _country(text.strip()) if len(text) <= _LONGEST else _UNKNOWN


@lru_cache(maxsize=4096)
def _country(text: str) -> tuple[str | None, str | None]:
    for name in (text, text.partition(" - ")[0].strip(), text.partition("(")[0].strip()):
        if code := _code(name):
            return code, _countries().names[code]
    return _UNKNOWN


def _code(name: str) -> str | None:
    """The code of what is a country's name as it stands."""
    _, spellings, codes = _countries()
    return codes.get(name) or spellings.get(fold(name))


def parted(text: str) -> list[str]:
    """The names of a list joined with commas. Names that hold one stay whole: `Japan,Korea, Democratic People's Republic of` is two, and
    none of them is the Republic of Korea; but `Japan,Hong Kong,China` is three. A text in which no country is told is one name.
    """
    if len(text) > _LONGEST_LIST or _code(text):
        return [text]
    parts = [part.strip() for part in _COMMA.split(text)]
    names: list[str] = []
    while parts:
        taken = next((end for end in (3, 2) if _is_one_name(parts[:end])), 1)
        names.append(", ".join(parts[:taken]))
        parts = parts[taken:]
    return names if any(country(name)[0] for name in names) else [text]


def _is_one_name(parts: list[str]) -> bool:
    return not all(map(_code, parts)) and _code(", ".join(parts)) is not None


def each_once(names: Iterable[str | None], unmapped: list[Unmapped]) -> Iterator[Country]:
    """Each country of a source's list once, in its order; names that no table knows go to `unmapped` and stay as written.

    Sources repeat them: per site (ClinicalTrials.gov), per registry (ICTRP, NCT03759379), `England` beside `United Kingdom`
    (ISRCTN).
    """
    seen: set[str] = set()
    for raw in names:
        if raw is None:
            continue
        code, name = country(raw)
        if (code or raw) in seen:
            continue
        seen.add(code or raw)
        if code is None:
            unmapped.append(Unmapped(vocabulary="country", raw_value=raw))
        yield Country(country_code=code, country=name, country_raw=raw)
