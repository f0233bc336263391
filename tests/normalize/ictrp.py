"""Records of WHO ICTRP written for the tests of reading them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.sax.saxutils import escape

from normalize.ictrp import normalize
from normalize.schema import Record

FIXTURES = Path(__file__).parent.parent / "fixtures" / "ictrp"
MEDIA_TYPES = {
    ".xml": "application/xml; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


def payload(number: str) -> tuple[bytes, str]:
    file = next((FIXTURES / number).glob("payload.*"))
    return file.read_bytes(), MEDIA_TYPES[file.suffix]


def trial(register: str = "ClinicalTrials.gov", number: str = "NCT09990009", **elements: str) -> Record:
    """The record of a `<Trial>` with these elements; their texts may hold `<br>`, which the export escapes."""
    named = {"TrialID": number, "Source_Register": register, **elements}
    inner = "".join(f"<{name}>{escape(text)}\n    </{name}>" for name, text in named.items())
    return normalize(f"<Trial>{inner}</Trial>".encode(), "application/xml")


def row(**cells: str) -> Record:
    """The record of a header line and one row; names as the export's CSV has them but for the blanks."""
    out = io.StringIO()
    csv.writer(out).writerows([[name.replace("_", " ") for name in cells], list(cells.values())])
    return normalize(out.getvalue().encode(), "text/csv")
