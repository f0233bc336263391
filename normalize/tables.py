"""The tables of `vocabulary/*.yml`, which the value parsers read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent / "vocabulary"
#: PyYAML's reader in C where it was built with one: ten times faster, the same result.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def table(name: str) -> Any:
    """What `vocabulary/<name>.yml` holds. Every scalar is text: `no`, `on` and `1` are words there."""
    return yaml.load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"), Loader=_LOADER)
