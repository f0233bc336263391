"""Site room: words that say what a filter says: "recruiting", "phase III", "observational". Pure; called by `search`.

Registries keep these in fields of their own, so that as words they are hardly ever found.
"""

from __future__ import annotations

from normalize.text import fold

_ROMAN = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_PHASES = ("1", "1/2", "2", "2/3", "3", "3/4", "4")
#: Facet -> its value -> the words for it.
_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "status": {
        "recruiting": ("recruiting", "currently recruiting", "open for recruitment"),
        "not_yet_recruiting": ("not yet recruiting",),
        "enrolling_by_invitation": ("enrolling by invitation",),
        "active_not_recruiting": ("active, not recruiting", "active not recruiting"),
        "not_recruiting": ("not recruiting",),
        "completed": ("completed",),
        "terminated": ("terminated",),
        "suspended": ("suspended",),
        "withdrawn": ("withdrawn",),
    },
    "phase": {
        phase: (f"phase {phase}", f"phase {'/'.join(_ROMAN[part] for part in phase.split('/'))}") for phase in _PHASES
    },
    "type": {"interventional": ("interventional",), "observational": ("observational",)},
    "results": {"1": ("with results", "has results", "results posted")},
}
_SAID = {
    fold(words): (facet, value)
    for facet, values in _WORDS.items()
    for value, several in values.items()
    for words in several
}


def filter_of(text: str) -> tuple[tuple[str, str], ...]:
    """The filter (facet, value) that a whole text says, if it says one."""
    found = _SAID.get(fold(text))
    return (found,) if found else ()
