"""The data dictionary, written from the schema classes: docs/data-dictionary.md, and the sources and tables in metadata.yml.

`python -m harvester.dictionary` rewrites both in a checkout; a test fails when they differ from what this module writes. What is
not in the schema, how Datasette shows a table, stands here as data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harvester.catalogue_tables import SEARCHED, TABLES, Table
from harvester.registries import REGISTRIES

ROOT = Path(__file__).parent.parent
DICTIONARY = ROOT / "docs" / "data-dictionary.md"
METADATA = ROOT / "metadata.yml"

_LINE = "    # ---- from here on written by python -m harvester.dictionary ----\n"

#: How Datasette shows a table, where its defaults do not serve. Wide rows: few a page.
_SHOWN: dict[str, dict[str, Any]] = {
    "trials": {
        "size": 20,
        "sort_desc": "last_update_date",
        "facets": ["recruitment_status", "phase", "study_type", "sponsor_class", "sex", "has_results", "start_year"],
        "label_column": "public_title",
        "fts_table": "trials_fts",
        "fts_pk": "rowid",
    },
    "records": {
        "size": 20,
        "sort_desc": "last_update_date",
        "facets": ["source", "registry", "recruitment_status", "phase"],
        "label_column": "registry_id",
    },
    "secondary_ids": {"facets": ["type", "registry"]},
    "conditions": {"facets": ["meddra_level"]},
    "interventions": {"facets": ["type"]},
    "outcomes": {"facets": ["kind"]},
    "criteria": {"facets": ["kind"]},
    "criterion_measures": {"facets": ["variable"]},
    "eligibility_facts": {"facets": ["fact", "origin", "value"]},
    "enrollment_counts": {"facets": ["kind", "scope"]},
    "record_sponsors": {"facets": ["role", "class_registry"]},
    "countries": {"facets": ["country"]},
    "sponsors": {"facets": ["class"], "label_column": "name"},
    "sponsor_aliases": {"facets": ["rule"]},
    "trial_links": {"facets": ["verdict", "evidence"]},
    "quality_flags": {"facets": ["flag"]},
    "quality_rules": {"facets": ["severity"]},
    "versions": {"facets": ["is_current", "is_partial"]},
    "warnings": {"facets": ["field"]},
    "unmapped_values": {"facets": ["vocabulary", "source"], "sort_desc": "records"},
    "rejected_payloads": {"facets": ["source"]},
    "runs": {"facets": ["registry", "verdict"], "sort_desc": "started_at"},
}

_HEAD = """# Data dictionary

Every table and column of `catalogue.db`. This file is written by `python -m harvester.dictionary` from the classes in
`normalize/schema.py`, `harvester/rows.py` and `harvester/relate_rows.py`, which also make the tables (`harvester/catalogue_tables.py`):
change a description there.

A **record** is one registry's entry as one source served it; a **trial** is the real study behind one or more records. Names are
those of the WHO Trial Registration Data Set 1.3.1 (TRDS, with the item's number), then of ClinicalTrials.gov. Dates are ISO 8601
text and may be partial (`2024`, `2024-03`). INTEGER columns that answer yes or no hold 1 and 0. NULL means that the source does not
say; a value that could not be read is NULL too, and then has a row in `warnings` or `unmapped_values`. `ordinal` counts from 1 in
the source's order.

"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table_markdown(name: str, table: Table) -> str:
    lines = [f"## {name}", "", table.description, "", f"Primary key: {', '.join(f'`{key}`' for key in table.key)}.", ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    for column in table.columns:
        pointing = [f" Points to `{other}.{key}`." for own, other, key in table.references if own == column.name]
        kind = column.type if column.required else f"{column.type} or NULL"
        lines.append(f"| `{column.name}` | {kind} | {_cell(column.description)}{''.join(pointing)} |")
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """The text of docs/data-dictionary.md."""
    contents = ", ".join(f"[{name}](#{name})" for name in TABLES)
    searched = ", ".join(f"`{name}`" for name in SEARCHED)
    tables = "\n".join(_table_markdown(name, table) for name, table in TABLES.items())
    return f"{_HEAD}Tables: {contents}.\n\nFull-text search (`trials_fts`) looks through these columns of `trials`: {searched}.\n\n{tables}"


def tables_metadata() -> dict[str, Any]:
    """What metadata.yml says of each table: description, columns, and how Datasette shows it."""
    return {
        name: {
            "description": table.description,
            **_SHOWN.get(name, {}),
            "columns": {column.name: column.description for column in table.columns},
        }
        for name, table in TABLES.items()
    }


def metadata(text: str) -> str:
    """The text of metadata.yml: its upper part as it stands in `text`, and below it the sources and the tables."""
    upper = text.partition(_LINE)[0].rstrip("\n") + "\n"
    sources = "; ".join(f"{registry.attribution} ({registry.licence})" for registry in REGISTRIES.values())
    written = {"source": sources, "source_url": "/about", "tables": tables_metadata()}
    dumped = yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=130)
    return upper + _LINE + "".join(f"    {line}\n" for line in dumped.splitlines())


def rewrite() -> None:
    """Writes both files of a checkout."""
    DICTIONARY.parent.mkdir(exist_ok=True)
    DICTIONARY.write_text(markdown(), encoding="utf-8")
    METADATA.write_text(metadata(METADATA.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
