"""Sample room: the EU Clinical Trials Register's protocol page, made from the text of the same country record.

Called by `euctr` for `/ctr-search/trial/<EudraCT>/<CC>`; pure.
"""

from __future__ import annotations

import re
from html import escape

SECTIONS: dict[str, str] = {
    "A": "A. Protocol Information",
    "B": "B. Sponsor Information",
    "D": "D. IMP Identification",
    "D8": "D.8 Information on Placebo",
    "E": "E. General Information on the Trial",
    "F": "F. Population of Trial Subjects",
    "G": "G. Investigator Networks to be involved in the Trial",
    "N": "N. Review by the Competent Authority or Ethics Committee in the country concerned",
    "H": "H.4 Third Country in which the Trial was first authorised",
    "P": "P. End of Trial",
}

# Headings inside a section: the text download prints them as lines without a value.
HEADINGS = re.compile(
    r"B\.4 Source|B\.5 Contact|D\.3\.8 to D\.3\.10 |E\.1 Medical|MedDRA Classification|E\.1\.2 Medical condition or disease"
    r"|E\.2 Objective|E\.5 End points|E\.6 and E\.7|E\.8 Design|E\.8\.6 Trial|E\.8\.9 Initial|F\.1 Age|F\.2 Gender|F\.3 Group"
    r"|F\.4 Planned|F\.4\.2 For|D\.IMP: \d+|D\.8 Placebo: \d+|Sponsor \d+"
)
SUBHEADINGS = re.compile(r"(B\.5\.3|D\.2|D\.3|D\.3\.10|D\.3\.11|E\.6|E\.7|E\.8\.2) [A-Z]")
FIELD = re.compile(r"([A-HNP](?:\.\d+)+(?: (?:and|to) [A-F](?:\.\d+)+)?|[NP]\.)\s+(.+)")
# What a label ends with in the text download when its value is a repetition in another language: "(es)".
LANGUAGE = re.compile(r"\s*\(([a-z]{2})\)$")
LANGUAGES = {
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "sv": "Swedish",
}
# The label of a field ends at a colon, in D.8.1 at a question mark; labels of section N. have a colon of their own.
LABEL = re.compile(r"(Ethics Committee Opinion: Reason\(s\) for unfavourable opinion|[^:?]*)[:?]\s*(.*)", re.DOTALL)


def protocol(text: str) -> str:
    """The page of a country record."""
    head, _, body = text.partition("\nA. Protocol Information\n")
    summary = "\n".join(
        f'<tr>\n<td class="cellGrey" width="35%">{escape(label)}:</td><td class="cellLighterGrey">{escape(value)}</td>\n</tr>'
        for label, _, value in (line.partition(": ") for line in head.splitlines()[1:] if line.strip())
        if label != "Link"
    )
    sections = "\n".join(section(name, lines) for name, lines in split(body))
    return f"""<!DOCTYPE html>
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<title>Clinical Trials Register</title>
</head>
<body>
<div class="detail">
<a name="summary"></a><table class="section summary">
<thead><tr><th colspan="2"><div class="title">Summary</div></th></tr></thead>
<tbody>
{summary}
</tbody>
</table>
{sections}
</div>
</body>
</html>
"""


def split(body: str) -> list[tuple[str, list[str]]]:
    """The lines of each section, in order; a field that runs over several lines is one entry with line breaks."""
    by_title = {title: name for name, title in SECTIONS.items()}
    found: list[tuple[str, list[str]]] = [("A", [])]
    for line in body.splitlines():
        if line in by_title:
            found.append((by_title[line], []))
        elif HEADINGS.match(line) or SUBHEADINGS.match(line) or (FIELD.match(line) and line[0] == found[-1][0][0]):
            # A line of free text can begin like a field ("D.1 of the manual ..." in E.4 of 2021-099015-40): another letter
            # than the section's is no field.
            found[-1][1].append(line)
        elif found[-1][1]:
            found[-1][1][-1] += "\n" + line
    return found


def section(name: str, lines: list[str]) -> str:
    rows: list[str] = []
    fields: list[tuple[str, str, str, str]] = []
    for line in [*lines, None]:
        cut = field(line) if line is not None else None
        # Repetitions of a field in other languages are one row, with a table of its own.
        if fields and (cut is None or cut[:2] != fields[-1][:2] or not cut[2]):
            rows.append(row(fields))
            fields = []
        if cut:
            fields.append(cut)
        elif line is not None:
            rows.append(heading(line.rstrip()))
    body = "\n".join(rows)
    return f"""<a name="{name}" class="hidden"></a><table id="section-{name.lower()}" class="section content">
<thead><tr><th colspan="3"><div class="title"> {SECTIONS[name]} </div></th></tr></thead>
<tbody>
{body}
</tbody>
</table>"""


def field(line: str) -> tuple[str, str, str, str] | None:
    """Code, label, language ("" where none is said) and value of a line of the text download; None for a heading."""
    if HEADINGS.match(line) or SUBHEADINGS.match(line):
        return None
    parts = FIELD.match(line)
    named = LABEL.match(line[parts.start(2) :]) if parts else None
    if parts is None or named is None:
        return None
    language = LANGUAGE.search(named[1])
    return parts[1], LANGUAGE.sub("", named[1]).strip(), language[1] if language else "", named[2].strip()


def row(fields: list[tuple[str, str, str, str]]) -> str:
    """Code, label and value; a value in several languages is a table of values and names of languages."""
    code, label, _, value = fields[0]
    shown = marked(value)
    if len(fields) > 1:
        languages = "".join(
            f'<tr>\n<td width="90%">{marked(text)}</td><td>{LANGUAGES.get(language, "English")}</td>\n</tr>'
            for _, _, language, text in fields
        )
        shown = f'\n<table border="1" width="100%">\n{languages}\n</table>\n'
    return (
        f'<tr class="tricell">\n<td class="first">{escape(code)}</td><td class="second">{escape(label)}</td>'
        f'<td class="third"> {shown} </td>\n</tr>'
    )


def marked(text: str) -> str:
    return "<br>".join(escape(each) for each in text.split("\n"))


def heading(line: str) -> str:
    """A line without value: a block's name, or the code and name of a group of fields."""
    if SUBHEADINGS.match(line):
        code, _, label = line.partition(" ")
        return f'<tr>\n<td width="5%" class="cellYellow">{code}</td><td colspan="2"> {escape(label)} </td>\n</tr>'
    return f'<tr>\n<td colspan="3" class="cellBlue">{escape(re.sub(r"^Sponsor ", "B.Sponsor: ", line))}</td>\n</tr>'
