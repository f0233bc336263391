"""Private by default: what of a record's people is published without `publish_contacts = true`.

Called by `reading` before a record's rows are written; pure. E-mail addresses and telephone numbers of contacts stay in the archive,
also where a registrant wrote the address for a name (a site contact of NCT01949129) or an affiliation (an official of NCT05907980), or whom to
write to for data among the terms of sharing them. ISRCTN's plain English summary ends with "Who is the main contact?", its field for ethics
approval has the committee's address (ISRCTN76463425). Eligibility criteria stay as they are: their rows are slices of the text.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from normalize.schema import Contact, Investigator, Record

_ADDRESS = re.compile(r"[(<\[]?(?:mailto:)?[^\s()<>\[\],;:]+@[^\s()<>\[\],;:]+[)>\]]?", re.IGNORECASE)
#: In prose, "100mg@8am" is no address; a number is a telephone's where it has the code of a country.
_ADDRESS_IN_PROSE = re.compile(r"(?:mailto:)?[^\s()<>\[\],;:@]+@[^\s()<>\[\],;:@]+\.[A-Za-z]{2,}", re.IGNORECASE)
_TELEPHONE = re.compile(r"(?<![\w+])\+\d{1,3}(?=(?:\D{0,2}\d){8})(?:[ .\-/]?\(?\d{1,9}\)?){1,8}", re.ASCII)

#: Columns and rows in which registrants write whom to ask.
_PROSE = ("brief_summary", "detailed_description", "ipd_description", "ipd_access_criteria")
_PROSE_OF_ROWS = (("documents", "label"), ("ethics_reviews", "committee"))


def published(record: Record) -> Record:
    """The record without ways to reach its people. A person of whom nothing else is said is left out."""
    contacts = (
        replace(one, name=_unaddressed(one.name), affiliation=_unaddressed(one.affiliation), email=None, phone=None)
        for one in record.contacts
    )
    named = ((one, _unaddressed(one.name)) for one in record.investigators)
    prose = {column: _withheld(getattr(record, column)) for column in _PROSE}
    rows = {
        table: tuple(replace(row, **{column: _withheld(getattr(row, column))}) for row in getattr(record, table))
        for table, column in _PROSE_OF_ROWS
    }
    return replace(
        record,
        **prose,
        **rows,
        contacts=tuple(one for one in contacts if one != Contact(kind=one.kind)),
        investigators=tuple(
            Investigator(name=name, role=one.role, affiliation=_unaddressed(one.affiliation))
            for one, name in named
            if name
        ),
    )


def _withheld(text: str | None) -> str | None:
    """A text that may say whom to ask, with a remark in the place of each address and number."""
    if text and "@" in text:
        text = _ADDRESS_IN_PROSE.sub("[e-mail address withheld]", text)
    return _TELEPHONE.sub("[telephone number withheld]", text) if text and "+" in text else text


def _unaddressed(text: str | None) -> str | None:
    """The text without e-mail addresses; None when nothing else is left."""
    if text is None or "@" not in text:
        return text
    left = re.sub(r"\s+(?=[,;])", "", _ADDRESS.sub("", text))
    return re.sub(r"\s{2,}", " ", left).strip(" ,;:-") or None
