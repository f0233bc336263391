"""Studies of ClinicalTrials.gov written for the tests of reading them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from normalize.ctgov import normalize
from normalize.schema import Record

FIXTURES = Path(__file__).parent.parent / "fixtures" / "ctgov"


def study(**modules: object) -> dict[str, Any]:
    """A study with its number and the modules given, without the suffix `Module`."""
    protocol: dict[str, Any] = {"identificationModule": {"nctId": "NCT90000004"}}
    return {"protocolSection": protocol | {f"{name}Module": module for name, module in modules.items()}}


def read(payload: object) -> Record:
    return normalize(json.dumps(payload).encode(), "application/json")
