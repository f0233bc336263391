"""The house holds: imports run one way, names match, a registry has all its rooms, nothing shadows our packages."""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

from harvester.registries import REGISTRIES

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("harvester", "normalize", "spiders")
VALUE_PARSERS_MAY_NOT_IMPORT = {f"normalize.{source}" for source in REGISTRIES}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("spiders", ("harvester", "normalize")),
        ("normalize", ("harvester", "spiders", "scrapy", "sqlite3", "logging", "time", "random")),
    ],
)
def test_imports_run_one_way(room: str, forbidden: tuple[str, ...]) -> None:
    for file in (ROOT / room).rglob("*.py"):
        for name in _imports(file):
            assert name.split(".")[0] not in forbidden, f"{file.relative_to(ROOT)} imports {name}"


def test_a_normalizer_imports_no_other_registry() -> None:
    for source in REGISTRIES:
        for file in (ROOT / "normalize").glob(f"{source}*.py"):
            for name in _imports(file):
                other = name.removeprefix("normalize.").split("_")[0]
                assert other == source or other not in REGISTRIES, f"{file.name} imports {name}"


def test_every_registry_has_its_rooms() -> None:
    for source in REGISTRIES:
        assert (ROOT / "spiders" / f"{source}.py").exists(), f"spiders/{source}.py is missing"
        assert callable(importlib.import_module(f"normalize.{source}").normalize)
        assert any((ROOT / "tests" / "fixtures" / source).iterdir()), f"tests/fixtures/{source}/ is empty"
        assert (ROOT / "tests" / "normalize" / f"test_{source}.py").exists()


def test_no_other_distribution_shadows_our_packages() -> None:
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name == "harvester":
            continue
        tops = {str(file).split("/")[0] for file in distribution.files or ()}
        clash = tops & set(PACKAGES)
        assert not clash, f"the installed distribution {name} brings a package {clash} of its own: uninstall it"
    for package in PACKAGES:
        found = Path(importlib.import_module(package).__file__ or "").resolve()
        assert found.is_relative_to(ROOT), f"{package} is imported from {found.parent}, not from this project"


def test_every_file_says_which_room_it_is() -> None:
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), (
                f"{file.relative_to(ROOT)} has no docstring"
            )


def test_what_can_be_compiled_is_there_and_has_no_structs() -> None:
    hook = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"][
        "mypyc"
    ]
    assert hook["enable-by-default"] is False  # a stranger's machine may have no C compiler
    assert len(hook["include"]) > 20
    for name in hook["include"]:
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        bases = [ast.unparse(base) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases]
        assert "Struct" not in bases, f"{name}: mypyc forgets the options of a msgspec.Struct"
