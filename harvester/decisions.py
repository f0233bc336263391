"""Harvester room: CSV files in which a person writes decisions, links.csv and sponsors.csv. Read by `link_overrides` and `written`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from harvester.config import ConfigError


def read_decisions(file: Path, columns: tuple[str, ...], key: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(place, cells by column) of each line; what is not written is empty. `place` names file and line, for messages.

    The first line names the columns, of which the last may be left out. Raises ConfigError; `key` of harvester.toml names the file.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{file} cannot be read: {problem}. {key} in harvester.toml names it.") from problem
    lines = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        if tuple(lines.fieldnames or ())[: len(columns) - 1] != columns[:-1]:
            raise ConfigError(f"{file}: the first line must be {','.join(columns)}")
        for row in lines:
            place = f"{file}, line {lines.line_num}"
            if any(row.get(None) or ()):
                raise ConfigError(
                    f"{place}: it has more cells than the first line; a text with a comma stands in quotes"
                )
            yield place, {column: row.get(column, "") for column in columns}
    except csv.Error as problem:
        raise ConfigError(f"{file}, line {lines.line_num + 1}: {problem}") from problem
