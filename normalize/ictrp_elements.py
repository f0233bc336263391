"""The three forms in which WHO ICTRP serves a trial, read into one: a dict of element name -> text.

Called by `ictrp.py` alone. Names are those of the XML export (`Date_enrollement`, so spelt); the CSV has blanks for the
underscores, and the portal's page gets the name from the id of the label that holds the value. Elements that are missing,
empty and self-closed are the same to ICTRP: none is in the dict. Values are stripped (ICTRP pads with blanks to 2,000
characters and puts a newline and blanks behind values); `<br>` stays in them as ICTRP writes it, for it separates lists too.
"""

from __future__ import annotations

import csv
import html
import io
import re
import sys
from collections.abc import Iterable

from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer

from normalize import identifiers
from normalize.objects import Notes
from normalize.schema import Unreadable
from normalize.xml_payload import inner_text, parse, utf_8

#: Elements seen in exports of 2020 and 2024, and those reported since. A name in another case or with blanks becomes one of these.
NAMES = (
    "Export_date", "Internal_Number", "TrialID", "Last_Refreshed_on", "Public_title", "Scientific_title", "Acronym",
    "Primary_sponsor", "Secondary_Sponsor", "Source_Support", "Retrospective_flag", "Prospective_registration",
    "Date_registration3", "Date_registration", "Source_Register", "web_address", "Recruitment_Status", "other_records",
    "Inclusion_agemin", "Inclusion_agemax", "Inclusion_gender", "Date_enrollement", "Target_size", "Study_type",
    "Study_design", "Phase", "Countries", "Contact_Type", "Contact_Firstname", "Contact_Lastname", "Contact_Address",
    "Contact_Email", "Contact_Tel", "Contact_Affiliation", "Inclusion_Criteria", "Exclusion_Criteria", "Condition",
    "Intervention", "Primary_outcome", "Secondary_outcome", "Secondary_ID", "Bridging_flag_truefalse", "Bridged_type",
    "Ethics_review_status", "Ethics_review_approval_date", "Ethics_review_contact_name", "Ethics_review_contact_address",
    "Ethics_review_contact_phone", "Ethics_review_contact_email", "results_yes_no", "results_date_posted",
    "results_date_completed", "results_date_first_publication", "results_url_link", "results_url_protocol",
    "results_summary", "results_baseline_char", "results_participant_flow", "results_adverse_events",
    "results_outcome_measures", "results_actual_enrollment", "results_IPD_plan", "results_IPD_description",
)  # fmt: skip
_KNOWN = frozenset(NAMES)
_BY_LETTERS = {name.replace("_", "").lower(): name for name in NAMES}

_AGAIN = "Export the trial again from https://trialsearch.who.int/ (XML or CSV)."


def read(body: bytes, media_type: str, notes: Notes) -> dict[str, str]:
    """The filled elements of one trial, by their names in the XML export.

    `body`: one `<Trial>` element (application/xml), a header line with one row (text/csv), or a whole Trial2.aspx page
    (text/html). What was broken but readable is in `notes`. Raises `Unreadable` when there is no trial in it.
    """
    kind, _, parameters = media_type.partition(";")
    reader = _READERS.get(kind.strip().lower())
    if reader is None:
        raise Unreadable(
            f"Expected an ICTRP trial as application/xml, text/csv or text/html, found {media_type!r}. {_AGAIN}"
        )
    try:
        body = utf_8(body, parameters)
    except ValueError as error:
        raise Unreadable(f"The ICTRP trial is {error}. {_AGAIN}") from None
    if b"\x00" in body:
        # Neither SQLite nor XML can hold NUL.
        body = body.replace(b"\x00", "\ufffd".encode())
        notes.warn("record", None, "The payload holds NUL characters: they became U+FFFD.")
    elements = reader(body, notes)
    if "TrialID" not in elements:
        raise Unreadable(f"The ICTRP trial has no TrialID, so it cannot be told from others. {_AGAIN}")
    return elements


def _filled(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Stripped values under the names of the XML export; blank ones left out, values of a repeated name joined with `;`."""
    elements: dict[str, str] = {}
    for name, value in pairs:
        if value := value.strip():
            if name not in _KNOWN:
                name = _BY_LETTERS.get(name.replace("_", "").replace(" ", "").lower(), name)
            elements[name] = f"{elements[name]};{value}" if name in elements else value
    return elements


# Registers escape what ICTRP escapes again: ChiCTR writes `nucleic&#32;acid` in interventions (ChiCTR2000030253), REPEC
# `&#8805;18 years` in criteria (PER-010-20).
_TWICE_ESCAPED = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,5}|lt|gt|amp|quot|nbsp);")


def unescape(value: str) -> str:
    """The value without the escapes that a register left in it; `read` keeps them, as the columns `*_raw` do."""
    return _TWICE_ESCAPED.sub(lambda reference: html.unescape(reference[0]), value) if "&" in value else value


_PARAGRAPH = re.compile(r"</?p>", re.IGNORECASE)


def without_paragraphs(elements: dict[str, str]) -> dict[str, str]:
    """The elements of a register that writes HTML paragraphs, with line ends for them: `<p>Not applicable.</p>` (NL-OMON31535)."""
    return {name: _PARAGRAPH.sub("<br>", value).strip() for name, value in elements.items()}


# --- XML: <Trial><TrialID>...</TrialID>...</Trial> ---------------------------------------------------------------------


def _read_xml(body: bytes, notes: Notes) -> dict[str, str]:
    root = parse(body, "the XML of one ICTRP trial", _AGAIN, notes)
    if root.tag != "Trial":
        trials = root.findall("Trial")
        if len(trials) != 1:
            raise Unreadable(f"Expected one <Trial> element, found <{root.tag}> with {len(trials)} of them. {_AGAIN}")
        root = trials[0]
    children = root.iterchildren("*")
    return _filled([(child.tag, inner_text(child) if len(child) else child.text or "") for child in children])


# --- CSV: a header line and one row ------------------------------------------------------------------------------------


def _read_csv(body: bytes, notes: Notes) -> dict[str, str]:
    text = _decoded(body, notes)
    csv.field_size_limit(sys.maxsize)  # the module's own, 131,072 characters, would refuse a row with a cell of 2 MB
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise Unreadable(f"Expected a header line and one row of an ICTRP CSV export, but {error}. {_AGAIN}") from None
    if len(rows) != 2:
        raise Unreadable(
            f"Expected a header line and one row of an ICTRP CSV export, found {len(rows)} lines. {_AGAIN}"
        )
    header, row = rows
    elements = _filled(zip((name.strip() for name in header), row, strict=False))
    if len(row) != len(header):
        problem = f"The CSV row has {len(row)} cells where its header has {len(header)}"
        if identifiers.canonical(elements.get("TrialID", "")) is None:
            raise Unreadable(f"{problem}. {_AGAIN}")
        notes.warn("record", None, f"{problem}: its values may stand in the wrong columns.")
    return elements


def _decoded(body: bytes, notes: Notes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        notes.warn(
            "record", None, f"The payload is not UTF-8 at byte {error.start}: what could not be decoded became U+FFFD."
        )
        return body.decode("utf-8-sig", errors="replace")


# --- HTML: the page Trial2.aspx?TrialID=... ----------------------------------------------------------------------------

#: Label of the page -> element. Repeated lists are DataList.._ctl01, _ctl02 ...: their values are joined with `;` as in the XML.
_LABELS = {
    "DataList3": {
        "DescriptionLabel": "Source_Register",
        "Last_updatedLabel": "Last_Refreshed_on",
        "TrialIDLabel": "TrialID",
        "Date_registrationLabel": "Date_registration",
        "Label1": "Prospective_registration",
        "Primary_sponsorLabel": "Primary_sponsor",
        "Public_titleLabel": "Public_title",
        "AcronymLabel": "Acronym",
        "Scientific_titleLabel": "Scientific_title",
        "Date_enrollementLabel": "Date_enrollement",
        "Target_sizeLabel": "Target_size",
        "Recruitment_statusLabel": "Recruitment_Status",
        "HyperLink12": "web_address",
        "Study_typeLabel": "Study_type",
        "Study_designLabel": "Study_design",
        "AllocationLabel": "Study_design",
        "AssignementLabel": "Study_design",
        "PhaseLabel": "Phase",
    },
    "DataList4": {
        "Label2000": "Contact_Type",
        "FirstnameLabel": "Contact_Firstname",
        "MiddlenameLabel": "Contact_Firstname",
        "LastnameLabel": "Contact_Lastname",
        "AddressLabel": "Contact_Address",
        "Label7": "Contact_Address",
        "Label9": "Contact_Address",
        "Label13": "Contact_Address",
        "TelephoneLabel": "Contact_Tel",
        "EmailLabel": "Contact_Email",
        "AffiliationLabel": "Contact_Affiliation",
    },
    "DataList6": {
        "Inclusion_criteriaLabel": "Inclusion_Criteria",
        "Exclusion_criteriaLabel": "Exclusion_Criteria",
        "Label8": "Inclusion_agemin",
        "Label11": "Inclusion_agemax",
        "Label12": "Inclusion_gender",
    },
    "DataList5": {
        "Label2001": "Ethics_review_status",
        "Label2002": "Ethics_review_approval_date",
        "Label2003": "Ethics_review_contact_name",
        "Label2004": "Ethics_review_contact_address",
        "Label2005": "Ethics_review_contact_phone",
        "Label2006": "Ethics_review_contact_email",
    },
    "DataListResults": {
        "lblResultsYesNo": "results_yes_no",
        "HyperLink12": "results_url_link",
        "HyperLink1": "results_url_protocol",
        "lblResultsDatePosted": "results_date_posted",
        "lblResultDateCompleted": "results_date_completed",
        "Label2": "results_date_first_publication",
        "Label3": "results_summary",
        "Label5": "results_baseline_char",
        "Label6": "results_adverse_events",
        "Label10": "results_outcome_measures",
        "Label14": "results_IPD_plan",
        "Label15": "results_IPD_description",
    },
}
#: Lists of one kind of value: every label in them belongs to one element.
_LISTS = {
    "DataList2": "Countries",
    "DataList8": "Condition",
    "DataList10": "Intervention",
    "DataList12": "Primary_outcome",
    "DataList14": "Secondary_outcome",
    "DataList16": "Secondary_ID",
    "DataList18": "Source_Support",
    "DataList20": "Secondary_Sponsor",
}
#: Tags that the page is made of. `<` before anything else belongs to the text, which the portal does not escape (`SpO2 <93%`).
_TEXT_LESS_THAN = re.compile(
    rb"<(?!/?(?:a|b|body|br|div|font|form|head|html|i|input|link|meta|script|span|style|table|tbody|td|title|tr)\b|!)",
    re.IGNORECASE,
)
_VALUES = SoupStrainer(["span", "a"], id=re.compile(r"\ADataList"))
_PLACE = re.compile(r"(DataList\w+?)_ctl(\d+)_(\w+)")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,300})", re.IGNORECASE)


def _read_html(body: bytes, notes: Notes) -> dict[str, str]:
    page = _decoded(_TEXT_LESS_THAN.sub(b"&lt;", body), notes)
    rows: dict[str, dict[str, list[str]]] = {}
    for label in BeautifulSoup(page, "lxml", parse_only=_VALUES).find_all(["span", "a"]):
        place = _PLACE.fullmatch(str(label.get("id")))
        if place is None:
            continue
        name = _LISTS.get(place[1]) or _LABELS.get(place[1], {}).get(place[3])
        if name:
            rows.setdefault(name, {}).setdefault(place[2], []).append(_label_text(label))
    elements = _filled(
        (name, ";".join(" ".join(part for part in row if part) for row in by_row.values()))
        for name, by_row in rows.items()
    )
    if "TrialID" not in elements:
        raise Unreadable(_no_trial(page))
    return elements


def _label_text(label: Tag) -> str:
    for line_end in label.find_all("br"):
        line_end.replace_with("<br>")
    return label.get_text().strip()


def _no_trial(page: str) -> str:
    expected = "Expected a Trial2.aspx page with a TrialIDLabel"
    if "DataList3" in page:
        # HTTP 200 all the same: the missing label is the only sign.
        return (
            f"{expected}, found its headings without one: WHO ICTRP knows no trial of this number. "
            "Ask for the number as ICTRP writes it (ChiCTR without hyphen, EUCTR with the country: EUCTR2017-001400-29-FR)."
        )
    title = _TITLE.search(page)
    said = f" titled {html.unescape(title[1]).strip()!r}" if title else ""
    return f"{expected}, found another page{said} (an error page or a captcha perhaps). Open the trial in a browser and save its page."


_READERS = {"application/xml": _read_xml, "text/xml": _read_xml, "text/csv": _read_csv, "text/html": _read_html}
