"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded payloads that lies beside the project on its developers' machines."""
    folder = ROOT.parent / "shared"
    if not (folder / "recorded").is_dir():
        pytest.skip("recorded payloads (../shared/recorded) are not on this machine")
    return folder
