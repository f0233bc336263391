"""Site room: what a trial does: titles, conditions, design, arms, interventions, outcomes, numbers of participants. Pure.

Each function prepares one section from one record; called through the table in `sections`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from harvester.site import labels, links
from harvester.site.entries import Entry
from harvester.site.pages import name_path
from harvester.site.wanted import Wanted

Facts = list[dict[str, str | None]]


def given(facts: Iterable[tuple[str, str | None]]) -> list[dict[str, str | None]]:
    """Facts that have a value; one that is an address and nothing else becomes a link."""
    return [{"label": label, "value": value, "url": links.safe(value.strip())} for label, value in facts if value]


def titles(entry: Entry) -> Facts:
    row = entry.row
    facts = (
        ("Public title", row["public_title"]),
        ("Scientific title", row["scientific_title"]),
        ("Acronym", row["acronym"]),
    )
    return given(facts)


#: Of a detailed description so many characters are shown at once, or less, to the end of a paragraph; a rest shorter than half of it is shown too.
_AT_ONCE = 1_600
#: What CTIS has in another language: "Polish, full title: ...".
_TRANSLATED = re.compile(
    r"([A-Z][A-Za-z ()]*), (?=(?:full title|public title|condition|main objective|secondary objective|inclusion|exclusion|primary end point|secondary end point): )"
)


def description(entry: Entry) -> dict[str, Any]:
    """The detailed description: its beginning, and folded up the rest and each other language."""
    text = entry.row["detailed_description"] or ""
    told: list[str] = []
    languages: dict[str, list[str]] = {}
    lines = told
    for line in text.split("\n"):
        translated = _TRANSLATED.match(line) if entry.row["source"] == "ctis" else None
        if translated:
            lines = languages.setdefault(translated[1], [])
        lines.append(line[translated.end() :] if translated else line)
    beginning, rest = _beginning("\n".join(told))
    folded = ([("The rest of the text", rest)] if rest else []) + [
        (name, "\n".join(said)) for name, said in languages.items()
    ]
    return (
        {
            "beginning": beginning,
            "folded": [{"name": name, "length": labels.number(len(said)), "text": said} for name, said in folded],
        }
        if text
        else {}
    )


def _beginning(text: str) -> tuple[str, str]:
    """What is shown at once of a long text, and the rest."""
    if len(text) <= _AT_ONCE * 3 // 2:
        return text, ""
    ends = [
        text.rfind(end, _AT_ONCE // 3, _AT_ONCE) + len(end)
        for end in ("\n\n", "\n", ". ", " ")
        if end in text[_AT_ONCE // 3 : _AT_ONCE]
    ]
    end = ends[0] if ends else _AT_ONCE
    return text[:end].rstrip(), text[end:].lstrip("\n")


def conditions(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            "name": row["condition"],
            "path": name_path("condition", row["condition"]),
            "codes": [
                *([f"MeSH {row['mesh_id']}"] if row["mesh_id"] else []),
                *([_meddra(row)] if row["meddra_code"] else []),
            ],
        }
        for row in entry.below["conditions"]
    ]


def _meddra(row: dict[str, Any]) -> str:
    details = [row["meddra_level"], f"version {row['meddra_version']}" if row["meddra_version"] else None]
    shown = ", ".join(detail for detail in details if detail)
    return f"MedDRA {row['meddra_code']}" + (f" ({shown})" if shown else "")


_MESH = {"condition": "Conditions", "intervention": "Interventions"}


def mesh_terms(entry: Entry) -> list[dict[str, Any]]:
    """Terms that the registry derived from conditions and interventions, and apart the broader ones above them."""
    rows = entry.below["mesh_terms"]
    lists = [
        {
            "heading": heading,
            "terms": [_mesh(row) for row in rows if row["field"] == field and not row["is_ancestor"]],
            "broader": [_mesh(row) for row in rows if row["field"] == field and row["is_ancestor"]],
        }
        for field, heading in _MESH.items()
    ]
    return [one for one in lists if one["terms"] or one["broader"]]


def _mesh(row: dict[str, Any]) -> dict[str, str | None]:
    """A term with the search for all trials that have it, and its page in the MeSH browser."""
    path = Wanted(filters={"mesh": (row["mesh_id"],)}).path
    return {"name": row["term"], "path": path, "code": row["mesh_id"], "url": links.mesh(f"MeSH {row['mesh_id']}")}


def keywords(entry: Entry) -> list[str]:
    return [row["keyword"] for row in entry.below["keywords"]]


def design(entry: Entry) -> Facts:
    row = entry.row
    roles = ", ".join(labels.word("masked_roles", role) for role in (row["masked_roles"] or "").split(", ") if role)
    facts = (
        ("Allocation", labels.word("allocation", row["allocation"])),
        ("Intervention model", labels.word("intervention_model", row["intervention_model"])),
        ("The model in the registrant's words", row["intervention_model_description"]),
        ("Primary purpose", labels.word("primary_purpose", row["primary_purpose"])),
        ("Masking", labels.word("masking", row["masking"])),
        ("Who is masked", roles),
        ("The masking in the registrant's words", row["masking_description"]),
        ("Observational model", labels.word("observational_model", row["observational_model"])),
        ("Time perspective", labels.word("time_perspective", row["time_perspective"])),
        ("Data monitoring committee", labels.yes_no(row["has_data_monitoring_committee"])),
        ("Regulated by the US FDA", labels.yes_no(row["is_fda_regulated"])),
        ("Design as the registry writes it", row["study_design_raw"]),
    )
    return given(facts)


def _given(entry: Entry) -> list[tuple[int, int]]:
    return [(row["arm_ordinal"], row["intervention_ordinal"]) for row in entry.below["arm_interventions"]]


def arms(entry: Entry) -> list[dict[str, Any]]:
    """Arms with the interventions that each gets."""
    interventions = {row["ordinal"]: row for row in entry.below["interventions"]}
    given = _given(entry)
    return [
        {
            "label": row["label"] or f"Group {row['ordinal']}",
            "type": labels.word("arm_type", row["type"]),
            "description": row["description"],
            "gets": [
                {"name": interventions[n]["name"], "type": labels.word("intervention_type", interventions[n]["type"])}
                for arm, n in given
                if arm == row["ordinal"] and n in interventions
            ],
        }
        for row in entry.below["arms"]
    ]


def interventions(entry: Entry) -> list[dict[str, Any]]:
    """Interventions with the arms that get them."""
    names = {row["ordinal"]: row["label"] for row in entry.below["arms"]}
    given = _given(entry)
    return [
        {
            "name": row["name"],
            "path": name_path("intervention", row["name"]),
            "type": labels.word("intervention_type", row["type"]),
            "description": row["description"],
            "arms": [names[arm] for arm, n in given if n == row["ordinal"] and names.get(arm)],
        }
        for row in entry.below["interventions"]
    ]


def other_names(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"name": row["name"], "others": row["other_names"].splitlines()}
        for row in entry.below["interventions"]
        if row["other_names"]
    ]


_OUTCOMES = {"primary": "Primary outcomes", "secondary": "Secondary outcomes", "other": "Other outcomes"}


def outcomes(entry: Entry) -> list[dict[str, Any]]:
    """Outcomes by kind, kinds without one left out."""
    by_kind = {
        heading: [
            {key: row[key] for key in ("measure", "description", "time_frame")}
            for row in entry.below["outcomes"]
            if row["kind"] == kind
        ]
        for kind, heading in _OUTCOMES.items()
    }
    return [{"heading": heading, "outcomes": rows} for heading, rows in by_kind.items() if rows]


_SCOPES = {"total": "All participants", "country": "Country", "region": "Region", "age_band": "Age", "arm": "Arm"}


def participants(entry: Entry) -> list[dict[str, str]]:
    """Planned and actual numbers, when the registry gives more than one number for the total."""
    rows = entry.below["enrollment_counts"]
    if all(row["scope"] == "total" and row["count_lower"] is None and not row["is_sum"] for row in rows):
        return []
    return [
        {
            "kind": labels.word("enrollment_kind", row["kind"]),
            "scope": _SCOPES[row["scope"]],
            "value": labels.country_name(row["scope_value"])
            if row["scope"] == "country"
            else _plain(row["scope_value"]),
            "count": _participants(row),
        }
        for row in rows
    ]


def _participants(row: Mapping[str, Any]) -> str:
    """`120`, `100 to 120`, `120 (added up)`."""
    lower = f"{labels.number(row['count_lower'])} to " if row["count_lower"] is not None else ""
    return f"{lower}{labels.number(row['count'])}{' (added up)' if row['is_sum'] else ''}"


def _plain(value: str | None) -> str:
    return (value or "").replace("_", " ")


def data_sharing(entry: Entry) -> Facts:
    row = entry.row
    facts = (
        ("Plan to share individual data", labels.word("ipd_sharing", row["ipd_sharing"])),
        ("The plan", row["ipd_description"]),
        ("When", row["ipd_time_frame"]),
        ("With whom and how", row["ipd_access_criteria"]),
        ("Where to ask", row["ipd_url"]),
    )
    return given(facts)
