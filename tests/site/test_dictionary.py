"""The data dictionary and metadata.yml say what the schema classes say."""

from __future__ import annotations

import yaml

from harvester import dictionary
from harvester.catalogue_tables import TABLES

HOW = "differs from the schema: run `python -m harvester.dictionary`"


def test_the_data_dictionary_is_up_to_date() -> None:
    assert dictionary.DICTIONARY.read_text(encoding="utf-8") == dictionary.markdown(), f"docs/data-dictionary.md {HOW}"


def test_metadata_is_up_to_date() -> None:
    text = dictionary.METADATA.read_text(encoding="utf-8")
    assert text == dictionary.metadata(text), f"metadata.yml {HOW}"


def test_metadata_describes_every_table_and_column() -> None:
    tables = yaml.safe_load(dictionary.METADATA.read_text(encoding="utf-8"))["databases"]["catalogue"]["tables"]
    assert list(tables) == list(TABLES)
    for name, table in TABLES.items():
        assert list(tables[name]["columns"]) == list(table.names)
        assert tables[name]["description"] and all(tables[name]["columns"].values())


def test_facets_sorts_and_labels_are_columns() -> None:
    for name, shown in dictionary.tables_metadata().items():
        columns = TABLES[name].names
        used = [
            *shown.get("facets", ()),
            *(shown[key] for key in ("sort", "sort_desc", "label_column") if key in shown),
        ]
        assert set(used) <= set(columns), name
