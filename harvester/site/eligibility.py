"""Site room: who can take part: criteria as nested lists, limits of age and sex, and the text as the registry has it. Pure."""

from __future__ import annotations

from typing import Any

from harvester.site import labels
from harvester.site.entries import Entry
from harvester.site.facts import age_limit, with_raw
from harvester.site.queries import Row
from harvester.site.study import Facts, given

_HEADINGS = {
    "inclusion": "Inclusion criteria",
    "exclusion": "Exclusion criteria",
    "unspecified": "Criteria not sorted by the registry",
}


def nested(rows: list[Row]) -> list[dict[str, Any]]:
    """Rows of `criteria` of one kind as a tree: each node with its text and the nodes below it."""
    top: list[dict[str, Any]] = []
    nodes: dict[int, dict[str, Any]] = {}
    for row in rows:
        node = {"text": row["text"], "below": []}
        parent = nodes.get(row["parent_ordinal"]) if row["parent_ordinal"] is not None else None
        (parent["below"] if parent else top).append(node)
        nodes[row["ordinal"]] = node
    return top


def _bound(value: float | None, inclusive: int | None, sign: str) -> str:
    if value is None:
        return ""
    return f"{sign}{'=' if inclusive else ''} {value:g}".replace(">=", "≥").replace("<=", "≤")


def _measure(row: Row) -> dict[str, str]:
    bounds = [_bound(row["lower"], row["lower_inclusive"], ">"), _bound(row["upper"], row["upper_inclusive"], "<")]
    limit = " and ".join(bound for bound in bounds if bound) + (f" {row['unit']}" if row["unit"] else "")
    return {
        "variable": labels.word("measure", row["variable"]),
        "limit": f"not {limit}" if row["negated"] else limit,
        "text": row["text"],
    }


def _facts(row: Row) -> Facts:
    return given(
        (
            ("Minimum age", age_limit(row, "minimum")),
            ("Maximum age", age_limit(row, "maximum")),
            ("Sex", labels.word("sex", row["sex"]) or with_raw("", row["sex_raw"])),
            ("Healthy volunteers", {1: "Accepted", 0: "Not accepted"}.get(row["healthy_volunteers"])),
            ("Study population", row["study_population"]),
            ("Sampling", labels.word("sampling_method", row["sampling_method"])),
        )
    )


def eligibility(entry: Entry) -> dict[str, Any] | None:
    """Everything a record says on who can take part; None when it says nothing."""
    criteria = entry.below["criteria"]
    lists = [
        {"heading": heading, "criteria": nested([row for row in criteria if row["kind"] == kind])}
        for kind, heading in _HEADINGS.items()
    ]
    content = {
        "facts": _facts(entry.row),
        "lists": [one for one in lists if one["criteria"]],
        "raw": entry.row["eligibility_raw"],
        "measures": [_measure(row) for row in entry.below["criterion_measures"]],
    }
    return content if any(content.values()) else None
