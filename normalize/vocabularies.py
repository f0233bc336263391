"""Values room: the closed lists of the common schema, and each register's spellings of their values.

The lists and spellings are data, `vocabulary/<name>.yml`: one value a key, its spellings below it. Called by every normalizer
through `read`; the catalogue's check and the tests use `VOCABULARIES`. Spellings are compared folded, whole, never in part.
"""

from __future__ import annotations

import re
from functools import lru_cache

from normalize import tables
from normalize.schema import Unmapped
from normalize.text import breaks, fold

_NAMES = (
    "allocation",
    "arm_type",
    "date_type",
    "intervention_model",
    "intervention_type",
    "ipd_sharing",
    "masked_roles",
    "masking",
    "observational_model",
    "phase",
    "primary_purpose",
    "recruitment_status",
    "sampling_method",
    "sex",
    "site_status",
    "sponsor_class",
    "study_type",
    "time_perspective",
)
#: No spelling of a closed list is longer; a longer text is somebody's prose, and is not kept in the cache.
_LONGEST = 400


def _load(name: str) -> dict[str, tuple[str, ...]]:
    """Value -> spellings."""
    return {value: tuple(spellings or ()) for value, spellings in tables.table(name).items()}


def _index(name: str, table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Folded spelling -> value. A spelling under two values is a fault of the file: ValueError."""
    index: dict[str, str] = {}
    for value, spellings in table.items():
        for spelling in (value, *spellings):
            if index.setdefault(fold(spelling), value) != value:
                raise ValueError(f"vocabulary/{name}.yml has {spelling!r} under {index[fold(spelling)]} and {value}")
    return index


_TABLES = {name: _load(name) for name in _NAMES}
_SPELLINGS = {name: _index(name, table) for name, table in _TABLES.items()}

#: The closed lists: vocabulary -> values.
VOCABULARIES: dict[str, frozenset[str]] = {name: frozenset(table) for name, table in _TABLES.items()}


def read(vocabulary: str, raw: str | None, unmapped: list[Unmapped]) -> str | None:
    """The value that a register's spelling stands for; None when blank; None and a row in `unmapped` when the list does not know it.

    Case, accents, punctuation, line breaks and literal `<br>` do not matter: `Recruiting`, `RECRUITING` and
    `Not  yet recruiting.` are found; `Female: yes<br>Male: yes<br>` is `all`.
    """
    if raw is None or not raw.strip():
        return None
    value = _find(vocabulary, raw) if len(raw) <= _LONGEST else None
    if value is None:
        unmapped.append(Unmapped(vocabulary=vocabulary, raw_value=raw))
    return value


def known(vocabulary: str, raw: str | None) -> str | None:
    """The value of a text that holds sometimes this, sometimes that: no report where it says something else."""
    return read(vocabulary, raw, [])


@lru_cache(maxsize=16384)
def _find(vocabulary: str, raw: str) -> str | None:
    if vocabulary == "phase" and _leaves_phases_out(raw):
        return None
    spellings = _SPELLINGS[vocabulary]
    folded = fold(breaks(raw))
    if folded in spellings:
        return spellings[folded]
    if vocabulary == "phase":
        return _phase(folded)
    if vocabulary == "masking":  # "Double (Participant, Investigator)": the roles are masked_roles' business
        return spellings.get(fold(raw.partition("(")[0]))
    return None


# ------------------------------------------------------------------------------------------------------------- phases

# EUCTR's fields E.7.1 to E.7.4 as ICTRP prints them, folded: "human pharmacology phase i no therapeutic exploratory phase ii yes ..."
_ANSWERED_PHASE = re.compile(r"\bphase (i{1,3}|iv) (yes|no)\b")
_PHASE = re.compile(r"(?:phase|fase)?([0-4]|i{1,3}|iv)[abc]?")
_SPAN = re.compile(
    r"\b([0-4]|i{1,3}|iv)[abc]?\s*(?:[-\u2010-\u2015]|to\b)\s*(?:phase\s*)?([0-4]|i{1,3}|iv)[abc]?\b", re.IGNORECASE
)
_NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
#: Words beside the numeral that do not change it: "II (Phase II study)", "Phase I and Phase II (Integrated)- Other" (CTIS).
_WORDS_BESIDE_A_PHASE = """
    phase phases fase fases study studies estudio estudo trial trials clinical drug and or to of in the integrated seamless other others exploratory confirmatory therapeutic
    use human humans pharmacology first administration bioequivalence post market marketing surveillance
"""
_BESIDE_A_PHASE = frozenset(_WORDS_BESIDE_A_PHASE.split())


def _phase(folded: str) -> str | None:
    """Phases named by figures or Roman numerals, joined in order: `Phase I/IIa` -> `1/2`, `0` -> `early_1`; None when others words count."""
    if answers := _ANSWERED_PHASE.findall(folded):
        return _joined({_NUMERALS[numeral] for numeral, answer in answers if answer == "yes"})
    numerals: set[str] = set()
    for word in folded.split():
        if match := _PHASE.fullmatch(word):
            numerals.add(_NUMERALS.get(match[1], match[1]))
        elif word not in _BESIDE_A_PHASE:
            return None
    return _joined(numerals)


def _leaves_phases_out(raw: str) -> bool:
    """Whether a span names its ends alone, "Phase 1-4", "I to III": that the phases between are meant, or are not, is not said."""
    return any(
        abs(int(_NUMERALS.get(one.lower(), one)) - int(_NUMERALS.get(two.lower(), two))) > 1
        for one, two in _SPAN.findall(raw)
    )


def _joined(numerals: set[str]) -> str | None:
    if numerals and numerals <= {"0", "1"} and "0" in numerals:
        return "early_1"
    joined = "/".join(sorted(numerals))
    return joined if joined in VOCABULARIES["phase"] else None
