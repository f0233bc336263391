"""Sample room: the EU Clinical Trials Register as the sample server speaks it, over the country records of `records/euctr`.

Called by `server` for each request; pure but for `load`, which reads the data files. A data file is one country record as
the text download gives it, from its "Summary" to its end. The search page, the summary and the feed are made from it.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from harvester.sample.euctr_page import protocol
from harvester.sample.wire import Answer, Holding, Listing, Request, Reshape, Shelf, listing, page

BASE = "/euctr"
PAGE_SIZE = 20
TITLE_WIDTH = 200  # longer titles are cut on the results page
REGISTER = "https://www.clinicaltrialsregister.eu"

# A download begins with a sentence for people; what it says in the sample is the sample's own.
PREAMBLE = (
    "Full details of the trials selected, made by the sample server: one record for each country of each trial.\n\n"
)
NOTHING = "Query did not match any clinical trials"

AGES: tuple[tuple[str, str], ...] = (
    ("F.1.1.1 ", "In utero"),
    ("F.1.1.2 ", "Preterm newborn infants"),
    ("F.1.1.3 ", "Newborns"),
    ("F.1.1.4 ", "Infants and toddlers"),
    ("F.1.1.5 ", "Children"),
    ("F.1.1.6 ", "Adolescents"),
    ("F.1.2 ", "Adults"),
    ("F.1.3 ", "Elderly"),
)


def load(folder: Path) -> tuple[Holding, ...]:
    """The country records of a folder, by number and country, `3rd` last; a record's number is `2017-001400-29/FR`."""
    files = sorted(folder.glob("*.txt"), key=lambda file: (file.stem[:14], file.stem.endswith("-3rd"), file.stem))
    texts = [file.read_text("utf-8") for file in files]
    return tuple(Holding("/".join(address(text)), text) for text in texts)


def renumbered(holding: Holding, index: int) -> Holding:
    """A copy of a country record as a trial of its own, for sample registries of any size."""
    old, country = holding.number.split("/")
    number = f"1999-{index:06d}-{index % 97:02d}"
    return Holding(f"{number}/{country}", holding.text.replace(old, number))


def address(text: str) -> tuple[str, str]:
    """EudraCT number and country of a record, as its link spells them (`3rd` in lower case)."""
    link = re.search(r"^Link: \S+/trial/(\d{4}-\d{6}-\d{2})/(\w+)/", text, re.MULTILINE)
    if link is None:
        raise ValueError(f"A sample record has no line 'Link: .../trial/<EudraCT>/<CC>/': {text[:80]!r}")
    return link[1], link[2]


def answer(shelf: Shelf, request: Request, reshape: Reshape, page_size: int) -> Answer:
    """What the register says to one request; `page_size` is its fixed number of trials on a page."""
    route = request.path.removeprefix(BASE).removeprefix("/ctr-search")
    if record := re.fullmatch(r"/(trial|rest/download/trial)/([^/]+)/([^/]+)/?", route):
        return single(shelf, record[1], f"{record[2]}/{record[3]}")
    if route in ("/search", "/rest/download/summary", "/rest/download/full"):
        asked = request.parameter("page", "1")
        number = int(asked) if asked.isdigit() and int(asked) else 1
        found = reshape(listing(matching(shelf, request), page_size))
        numbers, _ = found.page(number)
        if route == "/search":
            return results_page(shelf, request, found, number, numbers)
        if route == "/rest/download/summary":
            return Answer("".join(summary(records(shelf, each)) for each in numbers).encode())
        held = [holding.text for each in numbers for holding in records(shelf, each)]
        return Answer((PREAMBLE + "\n".join(held)).encode() if held else b"")
    if route == "/rest/feed/bydates":
        return feed(shelf, request)
    return page("<html><body><h1>HTTP Status 404</h1></body></html>", 404)


def single(shelf: Shelf, route: str, number: str) -> Answer:
    """One country record as text or page; for an unknown one the register's way of saying so: 200 and a sentence."""
    held = [holding.text for holding in shelf.holdings if holding.number == number]
    if not held:
        return page(nothing(f"No trial {number}"))
    if route == "trial":
        return page(protocol(held[-1]))
    return Answer((PREAMBLE + "\n".join(held)).encode(), "text/plain;charset=UTF-8")


def records(shelf: Shelf, eudract: str) -> list[Holding]:
    return [holding for holding in shelf.holdings if holding.number.startswith(eudract + "/")]


def matching(shelf: Shelf, request: Request) -> tuple[str, ...]:
    """The EudraCT numbers that a query finds, newest start date first; a trial without a date is in no span of dates. An empty query is
    the whole register."""
    hits: dict[str, str] = {}
    trials: dict[str, list[Holding]] = {}
    for holding in shelf.holdings:
        trials.setdefault(holding.number.split("/")[0], []).append(holding)
    wanted = {value.lower() for name, value in request.query if name == "country" and value}
    earliest, latest = request.parameter("dateFrom"), request.parameter("dateTo") or "9"
    for eudract, held in trials.items():
        if not says(" ".join(each.text for each in held), request.parameter("query")):
            continue
        if wanted and wanted.isdisjoint(each.number.split("/")[1].lower() for each in held):
            continue
        started = start_date(held)
        if earliest <= started <= latest:
            hits[eudract] = started
    return tuple(sorted(hits, key=lambda eudract: (hits[eudract], eudract), reverse=True))


def says(text: str, query: str) -> bool:
    """Whether a trial holds the words: `OR` between alternatives, all other words must be there, quotes keep a phrase."""
    if number := re.fullmatch(r"\s*eudract_number:\s*(\S+)\s*", query):
        return number[1] in text
    held = text.lower()
    for alternative in re.split(r"\s+OR\s+", query):
        words = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|([^\s"()]+)', alternative)]
        if all(word.lower() in held for word in words if word != "AND"):
            return True
    return False


@cache
def field(text: str, label: str) -> str:
    """The first line of the first field whose line begins with `label`."""
    line = re.search(rf"^{re.escape(label)}[^:\n]*: ?(.*)$", text, re.MULTILINE)
    return line[1].strip() if line else ""


def start_date(held: list[Holding]) -> str:
    """The date the register shows as start: the authority's decision, or, outside the EEA, the entry into EudraCT."""
    decided = [field(each.text, "N. Date of Competent Authority Decision") for each in held]
    entered = [field(each.text, "Date on which this record was first entered") for each in held]
    return min(filter(None, decided), default=min(filter(None, entered), default=""))


def countries(held: list[Holding]) -> list[tuple[str, str, str]]:
    """Of each country record: its country in the address, the name shown, its status."""
    listed = []
    for each in held:
        country = each.number.split("/")[1]
        shown = "Outside EU/EEA" if country == "3rd" else country
        listed.append((country, shown, field(each.text, "Trial Status") or "Completed"))
    return listed


def population(text: str) -> tuple[str, str]:
    """Age groups and gender as the summary writes them."""
    ages = [name for label, name in AGES if field(text, label) == "Yes"]
    sexes = [name for label, name in (("F.2.2 ", "Male"), ("F.2.1 ", "Female")) if field(text, label) == "Yes"]
    return ", ".join(ages), ", ".join(sexes)


def diseases(text: str) -> list[tuple[str, str, str, str, str]]:
    """The MedDRA terms: version, system organ class, code, term, level."""
    block = re.compile(
        r"^E\.1\.2 Version: (.*)\nE\.1\.2 Level: (.*)\nE\.1\.2 Classification code: (.*)\n"
        r"E\.1\.2 Term: (.*)\nE\.1\.2 System Organ Class: (.*)$",
        re.MULTILINE,
    )
    return [(version, organ, code, term, level) for version, level, code, term, organ in block.findall(text)]


def summary(held: list[Holding]) -> str:
    """One trial in the summary download."""
    first = held[0].text
    ages, sexes = population(first)
    lines = [
        ("EudraCT Number:", held[0].number.split("/")[0]),
        ("Sponsor Protocol Number:", field(first, "Sponsor's Protocol Code Number")),
        ("Sponsor Name:", field(first, "B.1.1 ")),
        ("Full Title:", short(field(first, "A.3 "))),
        ("Start Date:", start_date(held)),
        ("Medical condition:", field(first, "E.1.1 ")),
        *(
            (
                "Disease:",
                f"Version: {version}, SOC Term: {organ}, Classification Code: {code}, Term: {term}, Level: {level}",
            )
            for version, organ, code, term, level in diseases(first)
        ),
        ("Population Age:", ages),
        ("Gender:", sexes),
        ("Trial protocol:", "".join(f"{shown}({status}) " for _, shown, status in countries(held))),
        ("Link:", f"{REGISTER}/ctr-search/search?query=eudract_number:{held[0].number.split('/')[0]}"),
    ]
    return "\n".join(f"{label:<25}{value}" for label, value in lines) + "\n\n"


def short(title: str) -> str:
    return title if len(title) <= TITLE_WIDTH else title[:TITLE_WIDTH].rstrip() + "..."


def results_page(shelf: Shelf, request: Request, found: Listing, number: int, numbers: tuple[str, ...]) -> Answer:
    """One page of search results. Nothing found is HTTP 200 and a sentence."""
    query = request.parameter("query")
    if not found.announced:
        return page(nothing(query))
    last = len(found.pages())
    kept = [(name, value) for name, value in request.query if name != "page"]
    pager = "".join(
        f'<a href="/ctr-search/search?{escape(urlencode([*kept, ("page", str(each))]))}">{each}</a>\n'
        for each in range(1, last + 1)
        if each != number
    )
    hits = "\n".join(result(records(shelf, each)) for each in numbers)
    return page(
        f"""<!DOCTYPE html>
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<title>Clinical Trials register - Search for {escape(query)}</title>
</head>
<body>
<div id="tabs" class="container_12">
    <ul>
        <li>
            <a id="ui-id-1" href="#tabs-1">
                Trials with a EudraCT protocol ({found.announced:,})
            </a>
        </li>
    </ul>
    <div id="tabs-1" class="grid12">
    <div class="outcome grid_12">
        {found.announced:,} result(s) found for: {escape(query)}.
        Displaying page {number} of {last}.
    </div>
    <div class="pager grid_8plus">{pager}</div>
    <div class="results grid_8plus">
{hits}
    </div>
    </div>
</div>
</body>
</html>
"""
    )


def result(held: list[Holding]) -> str:
    """One trial on a page of search results."""
    eudract, first = held[0].number.split("/")[0], held[0].text
    ages, sexes = population(first)
    terms = "".join(
        "<tr>" + "".join(f"<td>{escape(value)}</td>" for value in disease) + "</tr>\n" for disease in diseases(first)
    )
    protocols = "\n".join(
        f'<a href="/ctr-search/trial/{eudract}/{country}">{shown}</a>\n<span class="status">({status})</span>'
        for country, shown, status in countries(held)
    )
    return f"""<table class="result">
<tr>
<td style="width: 33%"><input type="checkbox" name="enchx" value="{eudract}" title="Mark this result for download"/>
<span class="label">EudraCT Number:</span> {eudract}</td>
<td style="width: 33%"><span class="label">Sponsor Protocol Number:</span> {escape(field(first, "Sponsor's Protocol Code Number"))}</td>
<td style="width: 33%"><span class="label">Start Date<span class="info-tip startdatetip">*</span>:</span> {start_date(held)}</td>
</tr>
<tr class="even"><td colspan="3"><span class="label">Sponsor Name:</span>{escape(field(first, "B.1.1 "))}</td></tr>
<tr><td colspan="3"><span class="label">Full Title:</span> {escape(short(field(first, "A.3 ")))}</td></tr>
<tr class="even"><td colspan="3"><span class="label">Medical condition:</span> {escape(field(first, "E.1.1 "))}</td></tr>
<tr><td colspan="3"><table class="meddra"><tr><td class="label">Disease:</td></tr>
{terms}</table></td></tr>
<tr class="even">
<td colspan="2"><span class="label">Population Age:</span> {ages}</td><td><span class="label">Gender:</span> {sexes}</td>
</tr>
<tr><td colspan="3"><span class="label">Trial protocol:</span>
{protocols}
</td></tr>
<tr class="even"><td colspan="3"><span class="label">Trial results:</span> <i>(No results available)</i></td></tr>
</table>"""


def nothing(query: str) -> str:
    return f"""<!DOCTYPE html>
<html>
<head><title>Clinical Trials register - Search for {escape(query)}</title></head>
<body>
<div class="nooutcome"><strong>{NOTHING}.</strong></div>
</body>
</html>
"""


def feed(shelf: Shelf, request: Request) -> Answer:
    """The feed of trials added or changed in the last seven days: those whose text is no longer that of the data files."""
    changed = {number.split("/")[0] for number in shelf.changed}
    items = "".join(
        f"<item><title>{escape(field(records(shelf, each)[0].text, 'A.3 '))}</title>"
        f"<link>{REGISTER}/ctr-search/search?query=eudract_number:{each}</link>"
        f'<guid isPermaLink="false">{each}</guid></item>\n'
        for each in matching(shelf, request)
        if each in changed
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>EU Clinical Trials Register - {escape(request.parameter('query'))}</title>"
        f"<link>{REGISTER}/ctr-search/search</link><description>Trials added or updated in the last 7 days</description>\n"
        f"{items}</channel></rss>\n"
    )
    return Answer(text.encode(), "application/rss+xml; charset=utf-8")
