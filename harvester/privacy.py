"""Private by default: what of a record's people is published without `publish_contacts = true`.

Called by `reading` before a record's rows are written; pure. E-mail addresses and telephone numbers of contacts stay in the archive,
also where a registrant wrote the address for a name (a site contact of NCT01949129) or an affiliation (an official of NCT05907980), or whom to write to for data among the terms of sharing them.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from normalize.schema import Contact, Investigator, Record

_ADDRESS = re.compile(r"[(<\[]?(?:mailto:)?[^\s()<>\[\],;:]+@[^\s()<>\[\],;:]+[)>\]]?", re.IGNORECASE)


def published(record: Record) -> Record:
    """The record without ways to reach its people. A person of whom nothing else is said is left out."""
    contacts = (
        replace(one, name=_unaddressed(one.name), affiliation=_unaddressed(one.affiliation), email=None, phone=None)
        for one in record.contacts
    )
    named = ((one, _unaddressed(one.name)) for one in record.investigators)
    return replace(
        record,
        ipd_description=_withheld(record.ipd_description),
        ipd_access_criteria=_withheld(record.ipd_access_criteria),
        contacts=tuple(one for one in contacts if one != Contact(kind=one.kind)),
        investigators=tuple(
            Investigator(name=name, role=one.role, affiliation=_unaddressed(one.affiliation))
            for one, name in named
            if name
        ),
    )


def _withheld(text: str | None) -> str | None:
    """A text that may say whom to write to for data, with a remark in the place of each address."""
    return text if text is None or "@" not in text else _ADDRESS.sub("[e-mail address withheld]", text)


def _unaddressed(text: str | None) -> str | None:
    """The text without e-mail addresses; None when nothing else is left."""
    if text is None or "@" not in text:
        return text
    left = re.sub(r"\s+(?=[,;])", "", _ADDRESS.sub("", text))
    return re.sub(r"\s{2,}", " ", left).strip(" ,;:-") or None
