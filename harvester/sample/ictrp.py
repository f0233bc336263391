"""Sample room: WHO ICTRP's portal as the sample server speaks it, over the trials of `records/ictrp`.

Called by `server` for each request, and by `write_export` of the package for the export file that a person would download.
The data files hold one `<Trial>` each with plain values; what the portal does to values (padding, line ends, `<br>`) is
done here. Pure but for `load`, which reads the data files.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

from lxml import etree

from harvester.sample.wire import Answer, Holding, Request, Reshape, Shelf, page

BASE = "/ictrp"
TITLE_WIDTH = 2_000  # the portal pads Scientific_title to this many characters
EXPORTED = "11/20/2026 08:00:00"  # MM/DD/YYYY, as the portal writes it since 2024

BLUE = '<td bgcolor="#006699"><font face="Arial" color="White" size="3"><b><span>$heading</span></b></font></td>'
CELL = '<td valign="top"><font face="Arial" color="#000066" size="3">$inside</font></td>'

# The export writes a register's name in full where the page gives its short name.
REGISTERS = {"EU Clinical Trials Register": "EUCTR"}

# Main table of a page: label, element id below DataList3_ctl01_, element of the export.
MAIN: tuple[tuple[str, str, str], ...] = (
    ("Register:", "DescriptionLabel", "Source_Register"),
    ("Last refreshed on:", "Last_updatedLabel", "Last_Refreshed_on"),
    ("Main ID:&nbsp;", "TrialIDLabel", "TrialID"),
    ("Date of registration:", "Date_registrationLabel", "Date_registration"),
    ("Prospective Registration:", "Label1", "Retrospective_flag"),
    ("Primary sponsor:", "Primary_sponsorLabel", "Primary_sponsor"),
    ("Public title:", "Public_titleLabel", "Public_title"),
    ("", "AcronymLabel", "Acronym"),
    ("Scientific title:", "Scientific_titleLabel", "Scientific_title"),
    ("Date of first enrolment:", "Date_enrollementLabel", "Date_enrollement"),
    ("Target sample size:", "Target_sizeLabel", "Target_size"),
    ("Recruitment status:", "Recruitment_statusLabel", "Recruitment_Status"),
    ("URL:&nbsp;", "HyperLink12", "web_address"),
    ("Study type:&nbsp;", "Study_typeLabel", "Study_type"),
    ("Study design:&nbsp;", "Study_designLabel", "Study_design"),
    ("Phase:&nbsp;", "PhaseLabel", "Phase"),
)

# Contacts: label, element id below DataList4_ctl01_, element.
CONTACT: tuple[tuple[str, str, str], ...] = (
    ("Name:", "FirstnameLabel", "Contact_Firstname"),
    ("", "LastnameLabel", "Contact_Lastname"),
    ("Address:&nbsp;", "AddressLabel", "Contact_Address"),
    ("Telephone:", "TelephoneLabel", "Contact_Tel"),
    ("Email:", "EmailLabel", "Contact_Email"),
    ("Affiliation:&nbsp;", "AffiliationLabel", "Contact_Affiliation"),
)

# Lists below the main table: table id, heading, element id below <table>_ctl01_, element.
LISTS: tuple[tuple[str, str, str, str], ...] = (
    ("DataList8", "Health Condition(s) or Problem(s) studied", "Condition_FreeTextLabel", "Condition"),
    ("DataList10", "Intervention(s)", "Intervention_FreeTextLabel", "Intervention"),
    ("DataList12", "Primary Outcome(s)", "Outcome_NameLabel", "Primary_outcome"),
    ("DataList14", "Secondary Outcome(s)", "Outcome_NameLabel", "Secondary_outcome"),
    ("DataList16", "Secondary ID(s)", "SecIDLabel", "Secondary_ID"),
    ("DataList18", "Source(s) of Monetary Support", "Source_NameLabel", "Source_Support"),
    ("DataList20", "Secondary Sponsor(s)", "Sponsor_NameLabel", "Secondary_Sponsor"),
)

# Lists of which the portal prints every entry on a row of its own; the export joins them with semicolons.
ROW_LISTS = frozenset({"Secondary_ID", "Source_Support", "Secondary_Sponsor"})

ETHICS: tuple[tuple[str, str, str], ...] = (
    ("Status:", "Label2001", "Ethics_review_status"),
    ("Approval date:", "Label2002", "Ethics_review_approval_date"),
    ("Contact name:", "Label2003", "Ethics_review_contact_name"),
    ("Contact address:", "Label2004", "Ethics_review_contact_address"),
    ("Contact telephone:", "Label2005", "Ethics_review_contact_phone"),
    ("Contact email:", "Label2006", "Ethics_review_contact_email"),
)

RESULTS: tuple[tuple[str, str, str], ...] = (
    ("Results available:", "lblResultsYesNo", "results_yes_no"),
    ("URL:", "HyperLink12", "results_url_link"),
    ("Date Posted:", "lblResultsDatePosted", "results_date_posted"),
    ("Date of completion:", "lblResultDateCompleted", "results_date_completed"),
)

DISCLAIMER = (
    "Disclaimer: this page was made by the sample server of the project Harvester. It imitates the form of a page of the "
    "WHO ICTRP search portal and is none."
)


def load(folder: Path) -> tuple[Holding, ...]:
    """The trials of a folder in the order of their file names, each as the text of its `<Trial>` element."""
    texts = [file.read_text("utf-8").strip() for file in sorted(folder.glob("*.xml"))]
    return tuple(Holding(elements(text)["TrialID"], text) for text in texts)


def renumbered(holding: Holding, index: int) -> Holding:
    """A copy of a trial under another number, for sample registries of any size."""
    number = f"ChiCTR99{index:08d}"
    return Holding(number, holding.text.replace(holding.number, number))


def elements(text: str) -> dict[str, str]:
    """Element name -> value, entities undone, line breaks as `\\n`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return {str(child.tag): (child.text or "").strip() for child in etree.fromstring(text.encode(), parser)}


def answer(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """What the portal says to one request: `Trial2.aspx?TrialID=...`. An unknown number gets 200 and a page without data."""
    # Where the portal leads whom it takes for a program.
    if request.path.removeprefix(BASE).lower() == "/noaccess.aspx":
        return page('<html><body><form id="aspnetForm"><h1>Access is restricted</h1></form></body></html>')
    if request.path.removeprefix(BASE).lower() != "/trial2.aspx":
        return page("<html><head><title>404 - File or directory not found.</title></head><body></body></html>", 404)
    asked = request.parameter("TrialID")
    for holding in shelf.holdings:
        if holding.number == asked:
            return page(trial_page(elements(holding.text)))
    return page(frame(asked, {}))


def trial_page(values: dict[str, str]) -> str:
    """The page of one trial."""
    return frame(values["TrialID"], values)


def frame(asked: str, values: dict[str, str]) -> str:
    """All tables with their headings; rows only where there are values."""
    tables = [table("DataList3", "Main", [rows("DataList3_ctl01_", MAIN, values)] if values else [])]
    countries = [span(f"DataList2_ctl{n:02d}_Country_Label", each) for n, each in entries(values.get("Countries", ""))]
    tables.append(table("DataList2", "Countries of recruitment", countries))
    tables.append(table("DataList4", "Contacts", contacts(values)))
    tables.append(table("DataList6", "Key inclusion &amp; exclusion criteria", [criteria(values)] if values else []))
    for name, heading, label, element in LISTS:
        value = values.get(element, "")
        held = entries(value) if element in ROW_LISTS else [(1, value)] if value else []
        tables.append(table(name, heading, [span(f"{name}_ctl{n:02d}_{label}", each) for n, each in held]))
    ethics = rows("DataList5_ctl01_", ETHICS, values) if values.get("Ethics_review_status") else ""
    tables.append(table("DataList5", "Ethics review", [ethics] if ethics else []))
    tables.append(
        table("DataListResults", "Results", [rows("DataListResults_ctl01_", RESULTS, values)] if values else [])
    )
    return (
        f'<html><body><form name="form1" method="post" action="./Trial2.aspx?TrialID={html.escape(asked)}" id="form1">\n'
        '<input type="hidden" name="__VIEWSTATEGENERATOR" id="__VIEWSTATEGENERATOR" value="0FED3764" />\n'
        + "\n".join(tables)
        + f'\n<span id="Label18"><b><font face="Arial" size="2">{DISCLAIMER}</font></b></span>\n</form></body></html>\n'
    )


def table(name: str, heading: str, cells: list[str]) -> str:
    head = f"<tr>\n{Template(BLUE).substitute(heading=heading)}\n</tr>"
    body = "".join(f"<tr>\n{Template(CELL).substitute(inside=cell)}\n</tr>" for cell in cells)
    return f'<table id="{name}" cellspacing="0" cellpadding="3" border="0" bgcolor="White" width="100%">\n{head}{body}\n</table>'


def rows(prefix: str, labels: tuple[tuple[str, str, str], ...], values: dict[str, str]) -> str:
    """A two-column table: label and value. An entry without label stands beside the one before it."""
    lines: list[str] = []
    for label, name, element in labels:
        value = values.get(element, "")
        if element == "Source_Register":
            value = REGISTERS.get(value, value)
        if element == "Scientific_title":
            value = value.ljust(TITLE_WIDTH)
        if element in ("web_address", "results_url_link"):
            address = html.escape(value)
            shown = (
                f'<a id="{prefix}{name}"' + (f' href="{address}" target="_blank">{address}' if value else ">") + "</a>"
            )
        else:
            shown = span(prefix + name, value)
        if label:
            lines.append(f'<tr>\n<td style="width: 20%; font-weight: bold;">\n{label}\n</td>\n<td>\n{shown}')
        else:
            lines[-1] += f"&nbsp;\n{shown}"
    return '<table style="width: 100%;">\n' + "</td>\n</tr>\n".join(lines) + "</td>\n</tr>\n</table>"


def contacts(values: dict[str, str]) -> list[str]:
    """One block a person. The export joins names, telephones and addresses each with semicolons."""
    parts = {element: values.get(element, "").split(";") for _, _, element in CONTACT}
    # An address or an affiliation can hold a semicolon of its own; names, telephones and e-mails tell how many there are.
    count = max(len(parts[element]) for element in ("Contact_Firstname", "Contact_Lastname", "Contact_Email"))
    if not "".join(values.get(element, "").strip(" ;") for _, _, element in CONTACT):
        return []
    blocks = []
    for index in range(count):
        person = {element: held[index].strip() if index < len(held) else "" for element, held in parts.items()}
        if len(parts["Contact_Address"]) != count:
            person["Contact_Address"] = values.get("Contact_Address", "")
        blocks.append(rows(f"DataList4_ctl{index + 1:02d}_", CONTACT, person))
    return blocks


def criteria(values: dict[str, str]) -> str:
    shown = (
        ("", "Inclusion_criteriaLabel", "Inclusion_Criteria"),
        ("", "Exclusion_criteriaLabel", "Exclusion_Criteria"),
        ("Age minimum:", "Label8", "Inclusion_agemin"),
        ("Age maximum:", "Label11", "Inclusion_agemax"),
        ("Gender:", "Label12", "Inclusion_gender"),
    )
    return "".join(
        f"{label}\n{span(f'DataList6_ctl01_{name}', values.get(element, ''))}<br />\n" for label, name, element in shown
    )


def span(name: str, value: str) -> str:
    """An element with its id. A literal `<br>` of the text stays one; all else is escaped."""
    text = "<br>".join(html.escape(part, quote=False) for part in re.split(r"<br\s*/?>", value.replace("\r", "\n")))
    return f'<span id="{name}">{text}</span>'


def entries(value: str) -> list[tuple[int, str]]:
    """The entries of a list joined with semicolons, numbered from 1."""
    return list(enumerate((part.strip() for part in value.split(";") if part.strip()), start=1))


def export(texts: list[str], exported: str = EXPORTED) -> bytes:
    """The portal's XML export of these trials in its form of 2024: every value ends in a line break and blanks."""
    trials = "\n".join(export_trial(elements(text), number, exported) for number, text in enumerate(texts, start=1))
    root = "Trials_downloaded_from_ICTRP"
    return f"<?xml version='1.0' encoding='UTF-8' ?>\n<{root}>\n\n{trials}</{root}>".encode()


def export_trial(values: dict[str, str], number: int, exported: str) -> str:
    lines = [f"    <Internal_Number>{99_000_000 + number}\n    </Internal_Number>"]
    for name, value in values.items():
        written = value.ljust(TITLE_WIDTH) if name == "Scientific_title" else value
        text = escape(written).replace("\r", "&#x0D;")
        lines.append(f"    <{name}>{text}\n    </{name}>" if value else f"    <{name}/>")
    return f"    \n  <Trial><Export_date>{exported}</Export_date>\n" + "\n".join(lines) + "\n    \n  </Trial>\n"
