"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure; and what a CI run tries is the same in every run.
settings.register_profile("harvester", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("harvester")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded payloads that lies beside the project on its developers' machines."""
    folder = ROOT.parent / "shared"
    if not (folder / "recorded").is_dir():
        pytest.skip("recorded payloads (../shared/recorded) are not on this machine")
    return folder
