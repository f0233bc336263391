"""Export room: trials as references (RIS), for Zotero, Covidence, EndNote, Rayyan. Called by `export` and the site's `/search.ris`.

A trial is an online database entry (TY DBASE): AN and ID its number, by which EndNote finds duplicates; TI, T2 the titles; AB summary;
AU the sponsor, with the comma that tells EndNote and Zotero that it is no person; DB the registries, PY and DA the registration, KW
conditions, interventions, keywords; N1 status, phase, size and all other numbers; UR the registry's page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, TextIO

from rispy import RisWriter

_BATCH = 500


class _Writer(RisWriter):  # type: ignore[misc]  # rispy is not typed
    """RIS without the running number that rispy puts before each reference; lines end as the format says."""

    NEWLINE = "\r\n"
    DEFAULT_IGNORE: ClassVar[list[str]] = []

    def set_header(self, count: int) -> str:
        return ""


def _line(text: Any) -> str:
    """A value on one line: RIS has no others."""
    return " ".join(str(text).split())


def _lines(text: str | None) -> list[str]:
    return [line for part in (text or "").splitlines() if (line := _line(part))]


def _notes(row: Mapping[str, Any]) -> Iterator[str]:
    sizes = [
        f"{row[column]} {word}"
        for column, word in (("target_sample_size", "planned"), ("actual_enrollment", "enrolled"))
        if row[column] is not None
    ]
    parts = {
        "Recruitment status": (row["recruitment_status"] or "").replace("_", " "),
        "Phase": (row["phase"] or "").replace("_", " "),
        "Study type": (row["study_type"] or "").replace("_", " "),
        "Participants": ", ".join(sizes),
        "First enrollment": row["date_of_first_enrollment"],
        "Completion": row["completion_date"],
        "Countries": ", ".join(_lines(row["countries"])),
        "Results posted": {1: "yes", 0: "no"}.get(row["has_results"]),
        "Numbers": ", ".join(_lines(row["identifiers"])),
    }
    return (f"{name}: {value}" for name, value in parts.items() if value)


def reference(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `trials` under rispy's names."""
    title = row["public_title"] or row["scientific_title"] or row["trial_id"]
    other = row["scientific_title"] if row["scientific_title"] != title else None
    registered = row["date_of_registration"] or row["date_of_first_enrollment"] or ""
    found: dict[str, Any] = {
        "type_of_reference": "DBASE",
        "id": row["trial_id"],
        "accession_number": row["trial_id"],
        "title": _line(title),
        "translated_title": _line(other) if other else None,
        "short_title": _line(row["acronym"]) if row["acronym"] else None,
        "authors": [f"{_line(row['primary_sponsor']).replace(',', '')},"] if row["primary_sponsor"] else [],
        "year": registered[:4],
        "date": registered.replace("-", "/"),
        "secondary_title": row["registries"],
        "name_of_database": row["registries"],
        "publisher": _line(row["primary_sponsor"]) if row["primary_sponsor"] else None,
        "type_of_work": "Clinical trial registration",
        "abstract": _line(row["brief_summary"]) if row["brief_summary"] else None,
        "keywords": list(dict.fromkeys(_lines(row["conditions"]) + _lines(row["interventions"]) + _lines(row["keywords"]))),
        "urls": [row["url"]] if row["url"] else [],
        "notes": list(_notes(row)),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def ris(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of `trials` as references, each followed by an empty line."""
    return "".join(f"{text}{_Writer.NEWLINE}" for text in (_Writer().formats([reference(row)]) for row in rows))


def write_ris(names: tuple[str, ...], rows: Iterator[tuple[Any, ...]], out: TextIO) -> int:
    """Streams references. The number of them."""
    count = 0
    for row in rows:
        out.write(ris([dict(zip(names, row, strict=True))]))
        count += 1
    return count
