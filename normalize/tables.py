"""The tables of `vocabulary/*.yml`, which the value parsers read once, and what is made of them, which is kept compiled."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import yaml

_FOLDER = Path(__file__).parent / "vocabulary"
#: PyYAML's reader in C where it was built with one: ten times faster, the same result.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
#: Python's own folder for what it compiles of this package.
_COMPILED = Path(__file__).parent / "__pycache__"

Made = TypeVar("Made")


def table(name: str) -> Any:
    """What `vocabulary/<name>.yml` holds. Every scalar is text: `no`, `on` and `1` are words there."""
    return yaml.load((_FOLDER / f"{name}.yml").read_text(encoding="utf-8"), Loader=_LOADER)


def compiled(make: Callable[[], Made]) -> Callable[[], Made]:
    """What a function makes of this package's files alone, made once: kept beside Python's bytecode, and like it made anew
    when a file of the package changed. Where that folder cannot be written it is made in every process."""

    @cache
    def kept() -> Made:
        name = f"{make.__module__}.{make.__name__}"
        file = _COMPILED / f"{name}-{version()}.pickle"
        try:
            with file.open("rb") as stream:
                found: Made = pickle.load(stream)  # as trusted as the bytecode beside it
                return found
        except (OSError, EOFError, pickle.UnpicklingError):
            made = make()
        _keep(file, name, made)
        return made

    return kept


def _keep(file: Path, name: str, made: object) -> None:
    beside = file.with_suffix(f".{os.getpid()}")
    try:
        _COMPILED.mkdir(exist_ok=True)
        beside.write_bytes(pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
        for old in _COMPILED.glob(f"{name}-*.pickle"):
            old.unlink(missing_ok=True)
        beside.replace(file)
    except OSError:
        return  # a read-only installation: the next process makes it again


@cache
def version() -> str:
    """Twelve hex digits that change whenever a rule or a vocabulary of this package does."""
    room = Path(__file__).parent
    digest = sha256()
    for file in sorted((*room.glob("*.py"), *room.glob("vocabulary/*.yml"))):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
