"""Site room: from a number in any form to the trial that has it. Called by `trial`, `search`, `finding` and `compare`."""

from __future__ import annotations

import re
import sqlite3

from harvester.site import queries
from normalize.identifiers import Found, canonical, find

#: What WHO ICTRP puts before numbers of some registries.
_PREFIXES = {
    "EUCTR": ("EUCTR",),
    "CTIS": ("CTIS", "EUCTR"),
    "JapicCTI": ("JPRN-",),
    "JMACCT": ("JPRN-",),
    "jRCT": ("JPRN-",),
    "UMIN": ("JPRN-",),
    "NTR": ("NTR-", "NL-"),
    "ISRCTN": ("ISRCTN",),
}


#: The address of a page: a host with a path, no blanks.
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,}/\S+", re.IGNORECASE)


def number_in(text: str) -> Found | None:
    """The registry number that a whole text is, in any form: `nct 0555 7201`, `2017-001400-29`, `EUCTR2017-001400-29-FR`; of the address of
    a registry's page the only number within."""
    stripped = text.strip().strip("\"'.,;:()<>")
    if _ADDRESS.fullmatch(stripped):
        numbers = {found.normalized: found for found in find(stripped)}
        return next(iter(numbers.values())) if len(numbers) == 1 else None
    return (canonical(stripped) or canonical(stripped.upper())) if stripped else None


#: What may stand between numbers of a list.
_BETWEEN = re.compile(r"(?:[\W_]|\b(?:and|or)\b)*", re.IGNORECASE)

#: Where a browser took the line break between two numbers away.
_GLUED = re.compile(r"(?<=[0-9])(?=[A-Za-z]{3})")


def numbers_in(text: str) -> tuple[Found, ...]:
    """The registry numbers of a text that lists numbers, or addresses of registries' pages, and holds nothing else: each once, in its order."""
    words = _GLUED.sub(" ", text).split()
    addressed = {word: number for word in words if _ADDRESS.fullmatch(word) and (number := number_in(word))}
    listed = " ".join(addressed[word].normalized if word in addressed else word for word in words)
    found = find(listed)
    places = [0, *(place for one in found for place in (one.start, one.end)), len(listed)]
    between = zip(places[::2], places[1::2], strict=True)
    is_list = bool(found) and all(_BETWEEN.fullmatch(listed, *gap) for gap in between)
    return tuple({one.normalized: one for one in found}.values()) if is_list else ()


def find_trials(db: sqlite3.Connection, text: str) -> list[str]:
    """Trials that a number names: by its own number, else by that of a record, else by a field for identifiers.

    `text` is a trial_id, record_id, registry number or EudraCT number in any form. Several trials can share one
    (a WHO Universal Trial Number, a code); none is an empty list.
    """
    as_written = queries.trials_numbered(db, [text])
    if as_written:
        return as_written
    number = number_in(text)
    if number is None:
        return []
    prefixes = _PREFIXES.get(number.registry, ())
    # ANZCTR puts a p behind the number of a trial that was registered in time; others leave it out.
    forms = (
        {number.normalized, number.normalized.removesuffix("p")} if number.registry == "ANZCTR" else {number.normalized}
    )
    own = queries.trials_numbered(db, [*forms, *(prefix + form for prefix in prefixes for form in forms)])
    if own:
        return own
    # The countries of one EudraCT number, and the resubmissions of one EU CT number.
    for prefix in prefixes:
        found = queries.trials_with_prefix(db, f"{prefix}{number.normalized}-")
        if found:
            return found
    return queries.trials_naming(db, number.normalized)
