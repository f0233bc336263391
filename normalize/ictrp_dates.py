"""Dates of a WHO ICTRP record. Called by `ictrp.py` alone."""

from __future__ import annotations

from normalize.dates import Order, iso_date
from normalize.objects import Notes

# ICTRP writes 01/01/1900 where a register gives no date (Ethics_review_approval_date of NL-OMON31535); 1970 is when computers' time begins.
_NO_DATES = frozenset(("1900-01-01", "1970-01-01"))


def iso(text: str | None, field: str, notes: Notes, order: Order = "dmy") -> str | None:
    """ISO date. Registers write the day first or the year first; ICTRP's own Export_date alone has the month first."""
    if not text:
        return None
    date = iso_date(text, order)
    if date is None or date in _NO_DATES:
        reason = "Stands for no date at ICTRP." if date else "Not a date in any form that ICTRP is known to use."
        notes.warn(field, text, reason)
        return None
    return date


def of_results(text: str | None, has_results: bool | None, notes: Notes) -> str | None:
    """When results came, of an entry that says to have some. CRiS and ANZCTR write the date of registration there (KCT0005003), RPCEC
    the date that it hopes for (RPCEC00000320)."""
    if text and not has_results:
        notes.warn("results_date", text, "The entry does not say that there are results: no date of any.")
        return None
    return iso(text, "results_date", notes)
