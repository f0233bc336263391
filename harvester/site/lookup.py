"""Site room: from a number in any form to the trial that has it. Called by `trial` and `search`."""

from __future__ import annotations

import sqlite3

from harvester.site import queries
from normalize.identifiers import Found, canonical

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


def number_in(text: str) -> Found | None:
    """The registry number that a whole text is, in any form: `nct 0555 7201`, `2017-001400-29`, `EUCTR2017-001400-29-FR`."""
    stripped = text.strip().strip("\"'.,;:()")
    return (canonical(stripped) or canonical(stripped.upper())) if stripped else None


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
    own = queries.trials_numbered(db, [number.normalized, *(prefix + number.normalized for prefix in prefixes)])
    if own:
        return own
    # The countries of one EudraCT number, and the resubmissions of one EU CT number.
    for prefix in prefixes:
        found = queries.trials_with_prefix(db, f"{prefix}{number.normalized}-")
        if found:
            return found
    return queries.trials_naming(db, number.normalized)
