"""EUCTR, payload: whether the bytes are one country record, which one, and whether it is whole.

Called by `euctr.py`. What is no record is told in a sentence (`Unreadable`) that says what it is and what to fetch instead.
"""

from __future__ import annotations

import re

from normalize.countries import country
from normalize.euctr_fields import Field, Form, cut_page, cut_text
from normalize.schema import Unreadable
from normalize.text import breaks

THIRD = "3RD"  # the record of a trial outside the EU/EEA has this in the place of a country
_LINK = re.compile(r"/trial/(\d{4}-\d{6}-\d{2})/([A-Z]{2}|3RD)(?![A-Z0-9])", re.IGNORECASE)
_NUMBER = re.compile(r"\d{4}-\d{6}-\d{2}")
#: Authorities that the register prints without their country.
_AUTHORITIES = {"bulgarian drug agency": "BG"}
#: The sections with which a whole record ends: first authorisation outside the EEA, reviews, end of trial.
_LAST_SECTIONS = ("H", "N", "P")
_HEAD = re.compile(r"(?:^|\n)Summary[ \t]*\n+EudraCT Number:")
_CODE = re.compile(r"[A-P]\.\d+(?:\.\d+)* ?[A-Z]")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w-]+)", re.IGNORECASE)
_CHARSETS = frozenset(("utf-8", "iso-8859-1", "windows-1252", "us-ascii"))


def decoded(body: bytes, media_type: str) -> str:
    """The payload as text; what cannot be read, and NUL, which cannot be stored, is U+FFFD."""
    said = _CHARSET.search(media_type)
    charset = said[1].lower() if said and said[1].lower() in _CHARSETS else "utf-8"
    text = body.decode(charset, errors="replace").removeprefix("\ufeff")
    return text.replace("\0", "\ufffd") if b"\0" in body else text


def fields(text: str, media_type: str) -> list[Field]:
    """The fields of the form that a payload holds, in its order. Raises Unreadable when it is no country record."""
    kind = media_type.partition(";")[0].strip().lower()
    if not text or text.isspace():
        raise Unreadable("EUCTR answered with nothing where a country record was expected; fetch it again later.")
    if kind == "text/plain":
        lines = breaks(text)
        found = cut_text(lines)
        fault = _fault_of_text(lines, found)
    elif kind == "text/html":
        found = cut_page(text)
        fault = None if len(found) > 2 else _fault_of_page(text)
    else:
        fault = f"a payload of type {media_type!r}, which the register does not serve records in"
    if fault is not None:
        raise Unreadable(f"Expected one country record of EUCTR, found {fault}.")
    return found


def _fault_of_text(text: str, fields: list[Field]) -> str | None:
    """What is wrong with a text download, as the end of a sentence; None when it is one record."""
    heads = len(_HEAD.findall(text)) if text.count("EudraCT Number:") > 1 else 1
    if heads > 1:
        return f"{heads} records in one payload: cut the download at its lines 'Summary' and give one record at a time"
    if any(field.code for field in fields):
        return None
    if "did not match any clinical trials" in text:
        return "'Query did not match any clinical trials': the register has no record of this number and country"
    if text.lstrip()[:1] == "<":
        return _fault_of_page(text)
    if "Full Title:" in text and "Trial protocol:" in text:
        return "the summary of a trial: download the full record (rest/download/trial/<EudraCT>/<country>)"
    if len(_CODE.findall(text)) > 5:
        return (
            "a text whose line breaks are lost, so that no field has a beginning and an end: download the record again"
        )
    return "a text without the fields of the register's form: download the record again"


def _fault_of_page(page: str) -> str:
    """What a page that is no protocol page is, as the end of a sentence."""
    lower = page.lower()
    if "did not match any clinical trials" in lower:
        return "the answer 'Query did not match any clinical trials': the register has no record of this number and country"
    if "captcha" in lower:
        return "a page that asks for a captcha: open the record in a browser, save it and import the file"
    if "trials with a eudract protocol (" in lower or "advanced-controls" in lower:
        return (
            "a page of search results: fetch the protocol page (ctr-search/trial/<EudraCT>/<country>) of a trial in it"
        )
    if "global end of trial date" in lower or "clinical trial results" in lower:
        return "a page of results: fetch the protocol page (ctr-search/trial/<EudraCT>/<country>)"
    title = re.search(r"<title[^>]*>([^<]{1,200})", page, re.IGNORECASE)
    named = f" (its title: {' '.join(title[1].split())!r})" if title else ""
    return f"an HTML page without the table of a protocol{named}"


def identity(form: Form) -> tuple[str, str]:
    """(EudraCT number, country or 3RD) of the record: from its link, else from A.2 and A.1. Raises Unreadable."""
    stated = form.value("A.2") or form.value("", "EudraCT Number")
    link = form.value("", "Link")
    if link and (match := _LINK.search(link)):
        if stated and stated != match[1]:
            form.warn("registry_id", stated, f"The record's link is that of {match[1]}, which is taken.")
        return match[1], match[2].upper()
    number = _NUMBER.fullmatch(stated or "")
    if number is None:
        raise Unreadable(
            "Expected one country record of EUCTR, found fields of the form without link and EudraCT number."
        )
    if form.value("", "Clinical Trial Type") == "Outside EU/EEA":
        return number[0], THIRD
    authority = form.value("A.1") or form.value("", "National Competent Authority") or ""
    code = country(authority)[0] or _AUTHORITIES.get(authority.lower())
    if code is None:
        raise Unreadable(
            f"Record of EudraCT number {number[0]} without link, and its country is not known by {authority!r} (A.1)."
        )
    return number[0], code


def is_cut_off(form: Form) -> bool:
    """Whether the end of the record is missing; a warning says where it stops."""
    last = form.fields[-1].code
    if last[:1] in _LAST_SECTIONS:
        return False
    form.warn(
        "record", last or "Summary", "The record ends in this place of the form: it was cut off, the rest is missing."
    )
    return True
