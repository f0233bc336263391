"""Site room: `/search`: full text, filters with counts, sorting, paging. A number that one trial has leads to the trial."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

import numpy as np
from datasette.utils.asgi import Request, Response

from harvester.site import labels, links
from harvester.site.cards import facet_label, filters_in_words
from harvester.site.entity_names import derived_terms, sponsor
from harvester.site.facets import HEADINGS, NOT_GIVEN, key_of
from harvester.site.finding import Found, find, occurs
from harvester.site.listing import forms, listed
from harvester.site.lookup import find_trials, number_in, numbers_in
from harvester.site.matching import MOST_TERMS, Either
from harvester.site.other_words import other_words
from harvester.site.pages import ENTITIES, Moved, Shown, entity_path, page, trial_path
from harvester.site.typed_filters import filter_of
from harvester.site.vocabulary import words_of
from harvester.site.wanted import MOST_PICKED, SORTS, Wanted, wanted
from normalize import identifiers
from normalize.identifiers import Found as Number
from normalize.text import fold

if TYPE_CHECKING:
    from datasette.app import Datasette

#: Values of a facet that are shown at once; the rest unfold, up to so many.
_AT_ONCE, _UNFOLDED = 6, 60
#: Facets that need no place on the page while they have only one value.
_ONLY_WHEN_SEVERAL = ("registries", "flag")
#: A word that stands in fewer trials may be a slip.
_RARE = 6


def _facets(search: Wanted, found: Found) -> list[dict[str, Any]]:
    return [facet for name in HEADINGS if (facet := _facet(name, search, found))]


def _facet(name: str, search: Wanted, found: Found) -> dict[str, Any] | None:
    chosen = search.filters.get(name, ())
    counted = found.counts(name)
    if not chosen and (not counted or (name in _ONLY_WHEN_SEVERAL and len(counted) == 1)):
        return None
    if name == "year":
        counted.sort(key=lambda pair: -(pair[0] or 0))
    shown = counted[: _AT_ONCE + _UNFOLDED]
    shown += [pair for pair in counted[len(shown) :] if key_of(pair[0]) in chosen]
    missing = set(chosen) - {key_of(value) for value, _ in shown}
    shown += [(None if key == NOT_GIVEN else key, 0) for key in sorted(missing)]
    path = search.toggling(name)
    values = [
        {
            "label": facet_label(name, value, found.names),
            "count": labels.number(count),
            "path": path(key_of(value)),
            "chosen": key_of(value) in chosen,
        }
        for value, count in shown
    ]
    values.sort(key=lambda value: not value["chosen"])
    return {
        "name": name,
        "heading": HEADINGS[name],
        "first": values[:_AT_ONCE],
        "more": values[_AT_ONCE:],
        "left_out": labels.number(len(counted) - len(shown)) if len(counted) > len(shown) else "",
    }


def _respelt(db: sqlite3.Connection, search: Wanted) -> dict[str, Any] | None:
    """The search with rare words put right, where the catalogue's vocabulary has a much commoner word like them."""
    text, words = search.text, []
    for term in search.matching.terms:
        word = term.plain
        if term.text.startswith('"') or other_words(word) or occurs(db, term.match, _RARE):
            continue
        better = words_of(db).spelling(word)
        if better:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", better, text)
            words.append(better)
    # The whole search, without the filters, the words put right alone: the first that finds something.
    tries = (search._replace(text=text, page=1), Wanted(text=text), Wanted(text=" ".join(words)))
    for other in tries if words else ():
        size = find(db, other).size
        if size:
            return {"text": other.text, "path": other.path, "count": labels.number(size)}
    return None


def _advice(db: sqlite3.Connection, search: Wanted) -> list[dict[str, Any]]:
    """What could be tried when nothing was found, each with what it would find."""
    terms = search.matching.terms
    tries = []
    if search.is_filtered:
        tries.append(("Search without the filters", Wanted(text=search.text)))
    numbers = " ".join(number.raw for number in identifiers.find(search.text))
    if numbers and not numbers_in(search.text):
        tries.append(("Only the registry numbers", Wanted(text=numbers)))
    if len(terms) > 1:
        any_words = " OR ".join(term.text for term in terms)
        tries.append(("Look for trials with any of the words", search._replace(text=any_words, page=1)))
        tries += [(f"Only {term.text}", Wanted(text=term.text)) for term in terms]
    found = ((what, other, find(db, other).size) for what, other in tries)
    return [{"what": what, "count": labels.number(count), "path": other.path} for what, other, count in found if count]


def _widened(db: sqlite3.Connection, search: Wanted, found: Found) -> dict[str, Any] | None:
    """The other words and names that were looked for too, how many trials have nothing but these, and the switch."""
    matching = found.matching
    if search.exact:
        return {"is_off": True, "path": search._replace(exact=False, page=1).path}
    if not (matching.same or matching.synonyms):
        return None
    typed = search._replace(exact=True, page=1)
    more = found.size - find(db, typed).size
    return {
        "same": [(words, others) for words, others in matching.same],
        "names": matching.synonyms,
        "more": labels.number(more),
        "is_one": more == 1,
        "path": typed.path,
    }


def _filed(db: sqlite3.Connection, search: Wanted, found: Found) -> list[dict[str, Any]]:
    """The MeSH term under which registries file a condition that was typed, where trials stand there that its words do not find."""
    if "mesh" in search.filters:
        return []
    typed, filed = search.matching, []

    def filed_as(name: str) -> list[dict[str, Any]]:
        either = (derived_terms(db, "conditions", fold(words)) for words in (name, *other_words(name)))
        return next(filter(None, either), [])

    for start, end, terms in typed.named(filed_as):
        left = typed.without(start, end)
        filters = [
            search.toggled("mesh", term["mesh_id"])._replace(text=left)
            for term in terms
            if term["records"] == terms[0]["records"]
        ]
        theirs, other = min(((find(db, one), one) for one in filters), key=lambda pair: pair[0].size)  # the narrowest
        more = int(np.count_nonzero(theirs.trials & ~found.trials))
        if more:
            name = theirs.names[other.filters["mesh"][0]]
            filed.append(
                {
                    "name": typed.typed(start, end).strip('"'),
                    "left": left,
                    "term": name,
                    "more": labels.number(more),
                    "is_one": more == 1,
                    "path": other.path,
                }
            )
    return filed


def _read_as(search: Wanted) -> list[str]:
    """The searches between which OR was read, where it could be read otherwise: several words beside it, and no parentheses."""
    parts = search.matching.parts
    if len(parts) != 1 or not isinstance(parts[0], Either) or "(" in search.text:
        return []
    alternatives = parts[0].alternatives
    return [one.text for one in alternatives] if any(len(one.parts) > 1 for one in alternatives) else []


def _as_filters(db: sqlite3.Connection, search: Wanted) -> dict[str, Any] | None:
    """The search with words such as "recruiting" and "phase 3" as the filters that they say."""
    typed, other, rest, done = search.matching, search._replace(page=1), [], 0
    said = []
    for start, end, ((facet, value),) in typed.named(filter_of, ("",)):
        if value not in other.filters.get(facet, ()):
            other = other.toggled(facet, value)
        said.append(f"{HEADINGS[facet]}: {facet_label(facet, value)}")
        rest.append(typed.typed(done, start))
        done = end
    if not said:
        return None
    left = " ".join(filter(None, (*rest, typed.without(0, done))))
    other = other._replace(text=left)
    count = find(db, other).size
    return (
        {"said": said, "left": left, "count": labels.number(count), "is_one": count == 1, "path": other.path}
        if count
        else None
    )


def _named_sponsor(db: sqlite3.Connection, search: Wanted) -> dict[str, Any] | None:
    """The organization of which the words typed are a spelling, and how many trials it has under all of them."""
    row = sponsor(db, search.text.strip('"')) if search.text and "sponsor" not in search.filters else None
    count = find(db, Wanted(filters={"sponsor": (row["sponsor_id"],)})).size if row else 0
    if row is None or not count:
        return None
    path = entity_path("sponsor", row["sponsor_id"])
    return {"name": row["name"], "path": path, "count": labels.number(count), "is_one": count == 1}


def _page(db: sqlite3.Connection, search: Wanted) -> Shown | Moved:
    """The page of a search; the trial's own where a number was typed that one trial has."""
    number = _number(search)
    if number is not None:
        numbered = find_trials(db, number.normalized)
        if len(numbered) == 1:
            return Moved(trial_path(numbered[0]))
    return Shown("search.html", _results(db, search, number))


def _number(search: Wanted) -> Number | None:
    """The one number that was typed, once or several times."""
    numbers = numbers_in(search.text)
    return numbers[0] if len(numbers) == 1 else number_in(search.text)


def _numbers(db: sqlite3.Connection, search: Wanted, found: Found) -> dict[str, Any] | None:
    """Of a list of numbers: which no trial here has, which several have, and where its trials can be compared."""
    numbers = numbers_in(search.text)
    if len(numbers) < 2:
        return None
    trials = {number: find_trials(db, number.normalized) for number in numbers}
    ids = tuple(dict.fromkeys(trial for those in trials.values() for trial in those))
    may_compare = 2 <= len(ids) <= MOST_PICKED and found.size == len(ids)
    return {
        "typed": len(numbers),
        "trials": len(ids),
        "missing": [_unknown(number) for number, those in trials.items() if not those],
        "shared": [number.normalized for number, those in trials.items() if len(those) > 1],
        "compare": Wanted(picked=ids).path_as("/compare") if may_compare else None,
    }


def _unknown(number: Number) -> dict[str, Any]:
    """A number that no single trial here has, and its page at the registry."""
    url = links.registry_page(number.registry, number.normalized)
    return {"text": number.normalized, "registry": number.registry, "url": url}


def _results(db: sqlite3.Connection, search: Wanted, number: Number | None) -> dict[str, Any]:
    found = find(db, search)
    unpaged = search._replace(page=1)
    match = found.matching.expression
    numbers = _numbers(db, search, found)
    return {
        "q": search.text,
        **listed(db, found, search.order, search, "/search"),
        **forms(search),
        "facets": _facets(search, found),
        "chips": [
            {"label": label, "path": without.path}
            for label, without in filters_in_words(search, found.names)
        ],
        "subjects": [
            {"name": facet_label(kind, key, found.names), "path": entity_path(kind, key)}
            for kind in ENTITIES
            for key in search.filters.get(kind, ())
            if key != NOT_GIVEN
        ],
        "clear": Wanted(text=search.text, sort=search.sort, exact=search.exact, picked=search.picked).path,
        "sorts": [
            {"label": "As typed" if numbers and name == "relevance" else label, "path": unpaged._replace(sort=name).path, "current": name == search.order}
            for name, label in SORTS.items()
            if name != "relevance" or match or numbers
        ],
        "hidden": [pair for pair in search.pairs if pair[0] != "q"],
        "hidden_for_years": [pair for pair in search.pairs if pair[0] not in ("from", "to")],
        "first_year": search.first_year,
        "last_year": search.last_year,
        "respelt": _respelt(db, search) if match else None,
        "widened": _widened(db, search, found),
        "filed": _filed(db, search, found),
        "read_as": _read_as(search) if match else [],
        "as_filters": _as_filters(db, search),
        "sponsor": _named_sponsor(db, search),
        "advice": [] if found.size else _advice(db, search),
        "unknown_number": None if number is None else {**_unknown(number), "is_shared": bool(find_trials(db, number.normalized))},
        "numbers": numbers,
        "left_out": found.matching.left_out,
        "most_terms": MOST_TERMS,
        "nothing_typed": bool(search.text) and match is None and not numbers,
        "only_excluded": match is None and bool(search.matching.excluded),
    }  # fmt: skip


async def search(datasette: Datasette, request: Request) -> Response:
    """`/search`: a number that one trial has leads there; everything else is looked for."""
    asked_for = wanted(request)
    return await page(datasette, request, lambda db: _page(db, asked_for))
