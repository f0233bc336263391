"""Site room: who can take part: criteria as nested lists, limits of age and sex, and the text as the registry has it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from harvester.site import labels
from harvester.site.entries import Entry
from harvester.site.facts import age_limit, with_raw
from harvester.site.queries import Row
from harvester.site.study import Facts, given
from normalize import ratios

_HEADINGS = {
    "inclusion": "Inclusion criteria",
    "exclusion": "Exclusion criteria",
    "unspecified": "Criteria not sorted by the registry",
}


def nested(rows: list[Row], measures: list[Row]) -> list[dict[str, Any]]:
    """Rows of `criteria` of one kind as a tree: each node with its text in pieces, limits apart, and the nodes below it."""
    top: list[dict[str, Any]] = []
    nodes: dict[int, dict[str, Any]] = {}
    for row in rows:
        limits = [measure for measure in measures if measure["criterion_ordinal"] == row["ordinal"]]
        node = {"pieces": list(_pieces(row, limits)), "below": []}
        parent = nodes.get(row["parent_ordinal"]) if row["parent_ordinal"] is not None else None
        (parent["below"] if parent else top).append(node)
        nodes[row["ordinal"]] = node
    return top


def _pieces(criterion: Row, limits: list[Row]) -> Iterator[dict[str, str]]:
    """The text of a criterion in order; a piece that is a limit says how it was read. Limits that overlap share a piece."""
    text, at = criterion["text"], 0
    spans: list[tuple[int, int, list[Row]]] = []
    for limit in sorted(limits, key=lambda limit: (limit["start"], limit["end"])):
        start, end = limit["start"] - criterion["start"], min(limit["end"] - criterion["start"], len(text))
        if not 0 <= start < end:
            continue
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]), [*spans[-1][2], limit])
        else:
            spans.append((start, end, [limit]))
    for start, end, read in spans:
        if start > at:
            yield {"text": text[at:start], "limit": ""}
        yield {"text": text[start:end], "limit": "; ".join(dict.fromkeys(_in_words(limit) for limit in read))}
        at = end
    if at < len(text):
        yield {"text": text[at:], "limit": ""}


def _bound(row: Row, name: str, sign: str, inclusive: int | None) -> str:
    value: float | None = row[name]
    if value is None:
        return ""
    if row["variable"] == "gestational_age":
        written = _weeks_and_days(value)
    else:
        written = _RATIOS[row["unit"]](value) if row["unit"] in _RATIOS else f"{value:,.6g}"
    return f"{sign}{'=' if inclusive else ''} {written}".replace(">=", "≥").replace("<=", "≤")


#: Units that are told by how a number is written: a dilution of 80 is 1:80, visual acuity of 0.5 is 20/40.
_RATIOS: dict[str, Callable[[float], str]] = {
    ratios.TITRE: lambda value: f"1:{value:.6g}",
    ratios.SNELLEN: lambda value: f"20/{20 / value:.4g}",
}


def _weeks_and_days(weeks: float) -> str:
    """36.8571 -> `36+6`, as pregnancies are counted; what is no number of days stays a number of weeks."""
    days = round(weeks % 1 * 7)
    return f"{int(weeks)}+{days}" if days and round(days / 7, 4) == round(weeks % 1, 4) else f"{weeks:,.6g}"


def _limit(row: Row, prefix: str, unit: str) -> str:
    """`≥ 18 and < 40 years`: the bounds of `prefix` lower and upper, with their unit."""
    lower = _bound(row, f"{prefix}lower", ">", row["lower_inclusive"])
    upper = _bound(row, f"{prefix}upper", "<", row["upper_inclusive"])
    limit = " and ".join(bound for bound in (lower, upper) if bound) + (
        f" {unit}" if unit and row["unit"] not in _RATIOS else ""
    )
    return f"not {limit}" if row["negated"] else limit


def _compared(row: Row) -> str:
    """The limit in the unit in which limits on this variable are compared; blank where there is none."""
    return _limit(row, "canonical_", labels.unit(row["canonical_unit"])) if row["canonical_unit"] else ""


def _in_words(row: Row) -> str:
    """`Body mass index: ≥ 18 kg/m²`"""
    return f"{labels.measure(row['variable'])}: {_compared(row) or _limit(row, '', row['unit'] or '')}"


def _measure(row: Row, heading: str | None) -> dict[str, str]:
    return {
        "heading": heading or "",
        "variable": labels.measure(row["variable"]),
        "limit": _limit(row, "", row["unit"] or ""),
        "compared": _compared(row),
        "text": row["text"],
    }


def _parts(rows: list[Row], measures: list[Row]) -> list[dict[str, Any]]:
    """The criteria of one kind in the order of the text, those under one of its headings together."""
    return [
        {"heading": heading, "criteria": nested(list(under), measures)}
        for heading, under in groupby(rows, key=lambda row: row["heading"])
    ]


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
    criteria, measures = entry.below["criteria"], entry.below["criterion_measures"]
    lists = [
        {"heading": title, "parts": _parts([row for row in criteria if row["kind"] == kind], measures)}
        for kind, title in _HEADINGS.items()
    ]
    headings = {row["ordinal"]: row["heading"] for row in criteria}
    content = {
        "facts": _facts(entry.row),
        "lists": [one for one in lists if one["parts"]],
        "raw": entry.row["eligibility_raw"],
        "measures": [_measure(row, headings[row["criterion_ordinal"]]) for row in measures],
    }
    return content if any(content.values()) else None
