"""Site room: one trial as a list shows it, and the words of a filter's values. Pure; called by `search` and `home`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harvester.site import labels
from harvester.site.facets import NOT_GIVEN
from harvester.site.matching import MARK, Piece, pieces
from harvester.site.pages import trial_path
from harvester.site.wanted import FILTERS, Wanted
from normalize.text import fold

_LISTED = 3
#: Of a fact on a card, two lines on a telephone, so many characters are seen.
_SEEN = 70

_FACET_VOCABULARY = {
    "status": "recruitment_status", "type": "study_type", "class": "sponsor_class", "sex": "sex", "age": "age_group",
    "registries": "registries", "flag": "quality_flag",
}  # fmt: skip
#: Heading of a piece of text that holds a match.
_MATCH_HEADINGS = {
    "identifiers": "Numbers", "acronym": "Acronym", "scientific_title": "Scientific title", "conditions": "Conditions",
    "keywords": "Keywords", "interventions": "Interventions", "brief_summary": "Summary", "sponsors": "Sponsors",
    "detailed_description": "Description", "eligibility_raw": "Eligibility",
}  # fmt: skip


def facet_label(facet: str, value: Any, names: Mapping[str, str] | None = None) -> str:
    """The words for a value of a facet; None is a trial for which the registries give none, or that has no flag. `names` names organizations and MeSH terms."""
    if value is None:
        return "None" if facet == "flag" else "Not given"
    if facet == "phase":
        return labels.phase(str(value))
    if facet == "country":
        return labels.country_name(str(value))
    if facet in ("condition", "intervention"):
        return str(value).replace("-", " ")
    if facet in ("sponsor", "partner", "mesh"):
        return (names or {}).get(str(value), str(value))
    if facet == "results":
        return "Yes" if str(value) == "1" else "No"
    if facet in _FACET_VOCABULARY:
        return labels.word(_FACET_VOCABULARY[facet], str(value))
    return str(value)


def filters_in_words(search: Wanted, names: Mapping[str, str]) -> list[tuple[str, Wanted]]:
    """Each filter of a search, `Recruitment status: Recruiting`, with the search without it."""
    found = [
        (f"{FILTERS[name]}: {facet_label(name, None if value == NOT_GIVEN else value, names)}", search.toggled(name, value))
        for name, values in search.filters.items()
        for value in values
    ]  # fmt: skip
    if search.first_year is not None:
        found.append((f"Start from {search.first_year}", search._replace(first_year=None, page=1)))
    if search.last_year is not None:
        found.append((f"Start to {search.last_year}", search._replace(last_year=None, page=1)))
    return found


def badges(row: dict[str, Any]) -> list[dict[str, str]]:
    """Status, phase, type and results of a trial, each with a tone for its colour."""
    status = row["recruitment_status"]
    found = []
    if status:
        found.append(
            {
                "text": "Status unknown" if status == "unknown" else labels.word("recruitment_status", status),
                "tone": labels.STATUS_TONE.get(status, "plain"),
            }
        )
    if row["phase"] and row["phase"] != "not_applicable":
        found.append({"text": labels.phase(row["phase"]), "tone": "plain"})
    if row["study_type"] and row["study_type"] != "other":
        found.append({"text": labels.word("study_type", row["study_type"]), "tone": "plain"})
    if row["has_results"]:
        found.append({"text": "Results posted", "tone": "done"})
    return found


def sample_size(row: dict[str, Any]) -> str:
    """`100 planned, 18 enrolled`."""
    planned, actual = row["target_sample_size"], row["actual_enrollment"]
    parts = [f"{labels.number(planned)} planned"] if planned is not None else []
    return ", ".join(parts + ([f"{labels.number(actual)} enrolled"] if actual is not None else []))


def some(lines: str | None) -> str:
    """`a, b, c and 4 more` of a list with one a line."""
    items = (lines or "").splitlines()
    text = ", ".join(items[:_LISTED])
    return f"{text} and {len(items) - _LISTED} more" if len(items) > _LISTED else text


def words_found(marked: dict[str, Any]) -> set[str]:
    """The words that matched in any column, each in the singular."""
    texts = [text for text in marked.values() if isinstance(text, str) and MARK in text]
    return {word for text in texts for piece in pieces(text) if piece.is_match for word in singular(piece.text)}


def singular(text: str) -> list[str]:
    """The words of a text, folded, without the s of a plural: good to compare words that were found alike."""
    return [word.removesuffix("s") for word in fold(text).split()]


def told(marked: dict[str, Any], shown: str) -> dict[str, Any] | None:
    """The column worth showing, beside what is shown of the trial anyhow: the heading, and the text around the match.

    It is the one that holds most of the words looked for that are not among those shown, the first of several.
    """
    seen, words_seen = fold(shown), set(singular(shown))
    best: tuple[int, dict[str, Any]] | None = None
    for name, heading in _MATCH_HEADINGS.items():
        text = marked.get(name) or ""
        if MARK in text:
            found = pieces(text)
            new = len({word for piece in found if piece.is_match for word in singular(piece.text)} - words_seen)
            if fold("".join(piece.text for piece in found)) not in seen and (best is None or new > best[0]):
                best = new, {"heading": heading, "pieces": found}
    return best[1] if best else None


def card(row: dict[str, Any], marked: dict[str, Any] | None) -> dict[str, Any]:
    """A trial in a list. `marked` holds its columns with matches marked; None when no words were looked for."""
    title = row["public_title"] or row["scientific_title"] or row["trial_id"]
    marked_title = pieces(marked["public_title"]) if marked and row["public_title"] else ()
    facts = {
        "Conditions": some(row["conditions"]),
        "Sponsor": row["primary_sponsor"],
        "Start": labels.date(row["date_of_first_enrollment"]),
        "Participants": sample_size(row),
        "Countries": some(row["countries"]),
    }
    shown = " ".join([title, *((facts[name] or "")[:_SEEN] for name in ("Conditions", "Sponsor", "Countries"))])
    return {
        "trial_id": row["trial_id"],
        "path": trial_path(row["trial_id"]),
        "title": marked_title or (Piece(title, False),),
        "acronym": row["acronym"],
        "badges": badges(row),
        "facts": {name: value for name, value in facts.items() if value},
        "registries": row["registries"],
        "records": row["record_count"],
        "match": told(marked, shown) if marked else None,
    }
