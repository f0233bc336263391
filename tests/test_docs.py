"""The documents say what is true: every command, configuration key, dependency and source is in the README."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from msgspec.structs import fields

from harvester.cli import main
from harvester.config import Config, RegistryConfig, Site, Topic
from harvester.registries import REGISTRIES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme() -> None:
    missing = [name for name in main.commands if f"harvester {name}" not in README and f"make {name}" not in README]
    assert missing == []


def test_every_key_of_the_configuration_is_in_the_readme() -> None:
    keys = [field.name for kind in (Config, RegistryConfig, Site, Topic) for field in fields(kind)]
    assert [key for key in keys if key not in README] == []


def test_every_dependency_is_in_the_readme_with_its_reason_and_licence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=~ ]", dependency)[0].lower() for dependency in project["dependencies"]]
    rows = {cells[1].strip().lower(): cells for line in README.splitlines() if len(cells := line.split("|")) == 5}
    assert [name for name in names if name not in rows or not all(cell.strip() for cell in rows[name][1:4])] == []


def test_every_source_and_its_terms_are_in_the_readme() -> None:
    assert [registry.name for registry in REGISTRIES.values() if registry.name not in README] == []
    assert "no marketing, promotional or commercial use" in README


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    wanted = [name for name in wanted if not name.startswith("harvester[")]
    assert [name for name in wanted if re.split(r"[<>=~ ]", name)[0].lower() not in pinned] == []


def test_no_address_of_a_machine_or_package_registry_is_committed() -> None:
    for file in (ROOT / "constraints.txt", ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / "pyproject.toml"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"pypi\.|index-url|file://|/root/|/home/|/work/", text), file.name
