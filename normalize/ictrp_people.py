"""Who runs a trial of ICTRP, and whom to ask: sponsors and contacts. Called by `normalize/ictrp.py` alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from normalize import identifiers
from normalize.closed_lists import SponsorRole
from normalize.ictrp_lists import pieces
from normalize.schema import Contact, RecordSponsor

#: What ICTRP writes instead of a funder (every ClinicalTrials.gov record of 2024).
_NO_FUNDER = "Please refer to primary and secondary sponsors"
_CONTACT = (
    "Contact_Firstname",
    "Contact_Lastname",
    "Contact_Affiliation",
    "Contact_Email",
    "Contact_Tel",
    "Contact_Type",
)


def sponsors(elements: dict[str, str]) -> Iterator[RecordSponsor]:
    if name := elements.get("Primary_sponsor"):
        yield RecordSponsor(role="primary", name_raw=name)
    roles: tuple[tuple[str, SponsorRole], ...] = (("Secondary_Sponsor", "secondary"), ("Source_Support", "funder"))
    for element, role in roles:
        for name in pieces(elements.get(element)):
            if name != _NO_FUNDER and not identifiers.is_junk(name):
                yield RecordSponsor(role=role, name_raw=name)


def contacts(elements: dict[str, str]) -> Iterator[Contact]:
    """The people of the entry. The exports do not say who answers public queries and who scientific ones; the portal's page does."""
    texts = [elements.get(name, "") for name in _CONTACT]
    people = max(texts[0].count(";"), texts[1].count(";")) + 1
    if people == 1 and not texts[0] and not texts[1]:
        people = max(text.count(";") for text in texts) + 1
    # A semicolon too many is one of the text, not of the list: "+00 000 000; +00 000 000" of one person.
    columns = [[text] if text.count(";") >= people else text.split(";") for text in texts]
    seen: set[Contact] = set()
    for row in zip_longest(*columns, fillvalue=""):
        first, last, affiliation, email, phone, kind = map(str.strip, row)
        if not (first or last or affiliation or email or phone):
            continue
        contact = Contact(
            kind="scientific" if kind.lower() == "scientific" else "public",
            name=f"{first} {last}".strip() or None,
            affiliation=affiliation or None,
            email=email or None,
            phone=phone or None,
        )
        if contact not in seen:
            seen.add(contact)
            yield contact
