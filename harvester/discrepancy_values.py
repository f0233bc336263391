"""What a record says of each field that contradictions are looked for in, in a form that can be compared. Pure.

Called by `discrepancies`. Each function takes a record (its columns, and the rows below it that `discrepancies` adds) and
gives None where the record says nothing that could contradict another: what only looks like a difference ends here.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

from harvester.batches import Row, tells_enrollment
from harvester.discrepancy_outcomes import outcomes
from normalize.dates import is_prospective
from normalize.sponsor_names import read_name, repaired, tokens
from normalize.sponsor_people import may_be_a_person
from normalize.sponsor_words import STOP, distinctive
from normalize.text import fold

#: Registers that hold one entry for each country of a trial.
PER_COUNTRY = frozenset(("EUCTR",))
#: Registers that know bands of age only, no limits in years.
_BAND_REGISTERS = frozenset(("EUCTR", "CTIS"))
_OLDEST = 99.0  # years; a higher limit shuts nobody out


class Dated(NamedTuple):
    date: str
    kind: str | None


class AgeLimit(NamedTuple):
    years: float
    is_band: bool


class Organization(NamedTuple):
    sponsor_id: str
    parent: str | None
    name: str  # folded
    others: frozenset[str]  # further organizations that the record names
    words: frozenset[str]  # those of its name that tell it from others
    initials: str
    is_person: bool


class Places(NamedTuple):
    codes: frozenset[str]
    is_part: bool  # the register holds a part of the world only: what it does not name may be true


def status(record: Row) -> Any:
    value = record["recruitment_status"]
    return None if value == "unknown" else value


def planned(record: Row) -> Any:
    """None for WHO ICTRP's copies of ClinicalTrials.gov's entries that no longer recruit: their target size may be the number enrolled."""
    is_either = record["source"] == "ictrp" and record["registry"] == "ClinicalTrials.gov"
    if is_either and record["recruitment_status"] not in ("recruiting", "not_yet_recruiting"):
        return None
    return record["target_sample_size"]


def dated(column: str) -> Any:
    def said(record: Row) -> Any:
        return Dated(record[column], record.get(f"{column}_type")) if record[column] else None

    return said


def first_enrollment(record: Row) -> Any:
    return dated("date_of_first_enrollment")(record) if tells_enrollment(record) else None


def registered_in_time(record: Row) -> Any:
    """Whether the trial, registered once it is registered anywhere, was so by the first enrollment that this record tells.

    A registry's own word counts only where it registered the trial first. Nothing where the date of first enrollment says nothing.
    """
    if not tells_enrollment(record):
        return None
    if record["date_of_first_enrollment"]:
        return is_prospective(record["first_registration"], record["date_of_first_enrollment"])
    is_first = record["date_of_registration"] == record["first_registration"]
    return bool(flag) if is_first and (flag := record["prospective_registration"]) is not None else None


def minimum_age(record: Row) -> Any:
    years, raw = record["minimum_age_years"], record["minimum_age_raw"]
    is_band = record["registry"] in _BAND_REGISTERS
    if years is None and (raw is None or re.search(r"\d", raw)):
        return None
    return AgeLimit(years or 0.0, is_band)


def maximum_age(record: Row) -> Any:
    years, raw = record["maximum_age_years"], record["maximum_age_raw"]
    is_band = record["registry"] in _BAND_REGISTERS
    if years is None and (raw is None or (re.search(r"\d", raw) and not is_band)):
        return None
    return AgeLimit(math.inf if years is None or years >= _OLDEST else years, is_band)


def column(name: str) -> Any:
    def said(record: Row) -> Any:
        return record[name]

    return said


def phases(record: Row) -> Any:
    """`2/3` -> {2, 3}; `early_1` -> {1}, for other registers have no such phase; `not_applicable` says nothing of a number."""
    value = record["phase"]
    if value in (None, "not_applicable"):
        return None
    return frozenset(int(part) for part in value.replace("early_", "").split("/") if part.isdigit()) or None


def sponsor(record: Row) -> Any:
    primary = [row for row in record["sponsors"] if row[1] == "primary" and row[0]]
    if not primary:
        return None
    sponsor_id, _, name, parent, class_ = primary[0]
    read = read_name(name)
    return Organization(
        sponsor_id,
        parent,
        fold(name),
        frozenset(row[0] for row in record["sponsors"][1:] if row[0]),
        frozenset(distinctive(read.words)) | read.places,
        "".join(word[0] for word in tokens(repaired(name)) if word not in STOP),
        class_ == "individual" or read.person or (class_ in (None, "unknown") and may_be_a_person(name, read)),
    )


def countries(record: Row) -> Any:
    return Places(record["countries"], record["registry"] in PER_COUNTRY) if record["countries"] else None


def primary_outcomes(record: Row) -> Any:
    """None for a part of an entry that names none: a whole one says by its silence that there is none."""
    rows = record["outcomes"]
    return None if not rows and record["is_partial"] else outcomes(rows)
