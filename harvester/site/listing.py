"""Site room: the list of a search's trials, page by page, and the forms in which the same search can be had.

Called by `search` and `entities`; `_trials.html` and `_forms.html` write them.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from harvester.site import labels, queries
from harvester.site.cards import card, singular, words_found
from harvester.site.downloads import MAKES_XLSX
from harvester.site.finding import Found
from harvester.site.matching import MARK, Either, Matching, Term
from harvester.site.wanted import Wanted

PAGE_SIZE = 25
#: Names of the forms of a search and how their addresses end.
_FORMS = (*((("Excel", "xlsx"),) if MAKES_XLSX else ()), ("CSV", "csv"), ("JSON", "json"), ("RIS", "ris"))


def listed(db: sqlite3.Connection, found: Found, order: str, asked_for: Wanted, base: str) -> dict[str, Any]:
    """The page asked for of the trials found, the last one where that is beyond it; `base` is the path of the list.

    Trials that were ticked stay so on every page: on this one, or, when they stand on another, beside the button that compares them.
    """
    count = found.size
    pages = max(1, -(-count // PAGE_SIZE))
    page = min(asked_for.page, pages)
    rowids = found.ordered(db, order)[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    marked = _marked(db, found.matching, rowids)
    trials = [card(row, marked.get(row["rowid"])) for row in queries.cards(db, rowids)]

    def address(number: int) -> str:
        return asked_for._replace(page=number).path_as(base)

    return {
        "count": labels.number(count),
        "is_one": count == 1,
        "page": page,
        "pages": labels.number(pages),
        "previous": address(page - 1) if page > 1 else None,
        "next": address(page + 1) if page < pages else None,
        "trials": trials,
        "picked": asked_for.picked,
        "picked_elsewhere": [one for one in asked_for.picked if one not in {trial["trial_id"] for trial in trials}],
        "list_path": base,
        "list_pairs": asked_for._replace(picked=()).pairs,
    }


def _marked(db: sqlite3.Connection, matching: Matching, rowids: list[int]) -> dict[int, dict[str, Any]]:
    """rowid -> its columns with matches marked; long texts, which take most of the time, only for the words that short ones lack."""
    if matching.expression is None:
        return {}
    marked = queries.matches(db, matching.expression, rowids, queries.NEAR_MATCHES)
    words = {rowid: words_found(row) for rowid, row in marked.items()}
    for part in matching.parts:
        lacking = [rowid for rowid in marked if _lacks(words[rowid], part)]
        far = queries.matches(db, part.match, lacking, queries.FAR_MATCHES) if lacking else {}
        for rowid, row in far.items():
            marked[rowid] |= {
                name: text for name, text in row.items() if name in queries.FAR_MATCHES and text and MARK in text
            }
    return marked


def _lacks(words: set[str], part: Term | Either) -> bool:
    """Whether a part is not among the words found; of other words for the same it is known only where no word was."""
    if isinstance(part, Either):
        return all(any(_lacks(words, below) for below in one.parts) for one in part.alternatives)
    return not words.issuperset(singular(part.plain)) if part.text else not words


def forms(search: Wanted) -> dict[str, Any]:
    """Addresses of exactly this search in other forms, and the one to keep."""
    whole = search._replace(page=1, picked=())
    return {
        "forms": [(name, whole.path_as(f"/search.{ending}")) for name, ending in _FORMS],
        "feed": whole.path_as("/search.atom"),
        "permanent": whole.path,
    }
