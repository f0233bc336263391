"""The records of the sample registries are read as they are meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from harvester.sample import RECORDS, SampleServer, ictrp
from harvester.sample.euctr_page import protocol
from normalize import normalize

# Records ----------------------------------------------------------------------------------------------------------------
#: Records that are meant to leave a warning, and the column it is about. All others must be read without one.
WARNED = {
    "ctgov:NCT90000126": {"target_sample_size"},  # enrollment without a type
    "ctgov:NCT90000130": {"target_sample_size"},
    "ictrp:ACTRN12699000001998": {"target_sample_size"},  # 0
    "ictrp:JPRN-UMIN000099001": {"ethics_reviews"},  # 01/01/1900
    "isrctn:ISRCTN99000033": {"brief_summary"},  # "Not provided at time of registration"
    # WHO writes "=" for both signs: the limits of these criteria have no direction there.
    # And for EUCTR's records the day of the authority's decision as that of first enrollment.
    "ictrp:EUCTR2017-001400-29-FR": {"date_of_first_enrollment"},
    "ictrp:EUCTR2019-099010-27-ES": {"criterion_measures", "date_of_first_enrollment"},
    "ictrp:EUCTR2019-099010-27-FR": {"criterion_measures", "date_of_first_enrollment"},
}


def payloads() -> Iterator[tuple[str, str, bytes, str]]:
    """Every record in every form in which it can be met: source, number, bytes, media type."""
    server = SampleServer()
    server.close()
    for number, text in server.texts("ctgov").items():
        yield "ctgov", number, text.encode(), "application/json"
    for number, text in server.texts("euctr").items():
        name = "EUCTR" + number.upper().replace("/", "-")
        yield "euctr", name, text.encode(), "text/plain; charset=utf-8"
        yield "euctr", name, protocol(text).encode(), "text/html; charset=utf-8"
    for number, text in server.texts("ictrp").items():
        exported = re.search(rb"<Trial>.*</Trial>", ictrp.export([text]), re.DOTALL)
        assert exported
        yield "ictrp", number, exported[0], "application/xml"
        yield "ictrp", number, ictrp.trial_page(ictrp.elements(text)).encode(), "text/html; charset=utf-8"
    for number, text in server.texts("ctis").items():
        yield "ctis", number, text.encode(), "application/json"
    for number, text in server.texts("isrctn").items():
        yield "isrctn", number, text.encode(), "application/xml; charset=utf-8"


@pytest.mark.parametrize(
    "payload", [pytest.param(each, id=f"{each[0]}-{each[1]}-{each[3].split(';')[0]}") for each in payloads()]
)
def test_every_record_is_read_with_no_warning_but_the_intended(payload: tuple[str, str, bytes, str]) -> None:
    source, number, body, media_type = payload
    record = normalize(source, body, media_type)
    assert record.registry_id == number
    assert record.criteria
    assert not record.unmapped_values
    assert {warning.field for warning in record.warnings} == WARNED.get(f"{source}:{number}", set()), record.warnings


def test_there_are_sixty_six_records_and_the_readme_names_the_awkward_ones() -> None:
    files = [file for kind in ("json", "txt", "xml") for file in RECORDS.glob(f"*/*.{kind}")]
    assert len(files) == 66
    told = (RECORDS / "README.md").read_text("utf-8")
    numbers = [re.findall(r"NCT\d+|UMIN\d+|ACTRN\d+|ISRCTN\d+|\d{4}-\d{6}-\d{2}", key)[0] for key in WARNED]
    assert [number for number in numbers if number not in told] == []


def test_no_record_holds_a_contact_that_could_be_real() -> None:
    texts = [file.read_text("utf-8") for file in RECORDS.glob("*/*")]
    addresses = {address for text in texts for address in re.findall(r"[\w.+-]+@[\w.-]+\.\w+", text)}
    assert addresses
    assert {address for address in addresses if not address.endswith("example.org")} == set()
