"""Weeks of a pregnancy, with days or without: "30+0", "24 0/7", "6 weeks + 3 days", "20 weeks of gestation", "33 SA". Pure.

Called by `numbers`, which reads weeks and days as one number, by `comparisons` and `measures`.
"""

from __future__ import annotations

import re

from normalize import units
from normalize.limit import Limit

#: What makes a number of weeks one of weeks and days; the same after its weeks, for from 6 to 49 only ("Gleason 4+3" is none).
DAYS = (
    r"(?:\s?\+\s?[0-6](?![0-9]|[.,][0-9])|[\s-][0-6]/7(?![0-9])"
    r"|\s?(?:weeks?|wks?|w)\s?(?:\+|and|,)?\s?[0-6]\s?(?:days?|d)\b)"
)
#: The same after 4 and 5 where a range of such weeks says so: "5+0 to 8+6".
DAYS_OF_RANGE: str = rf"(?=\+[0-6]\s?(?:[-–—~～]|to\s)\s?[1-9][0-9]?\+[0-6]){DAYS}"
WITH_DAYS = rf"(?:[6-9]|[1-4][0-9]){DAYS}"
_HAS_DAYS = re.compile(WITH_DAYS)
_WEEKS_AND_DAYS = re.compile(r"([0-9]+)[^0-9]+([0-6])(?:/7|[^0-9]*)")

#: After weeks: those of a pregnancy.
OF_PREGNANCY = re.compile(
    r"['’\s,]*(?:\d+\sdays?\s)?(?:(?:of|de|di|da|der|van)\s|d['’]\s?)?(?:gesta[tcç]|gestazion|pregnan|grossesse|embarazo|gravidan|gravidez|schwangerschaft|zwangerschap|amenorrh|aménorrh|ga\b)\w*",
    re.IGNORECASE,
)
#: Before weeks: "pregnancies of 12-16 weeks", "pregnant women between 24 and 34 weeks"; not how long ago a pregnancy was.
_PREGNANT_BEFORE = re.compile(
    r"\b(?:trimester|pregnan(?:t|cy|cies))(?:\s(?:women|woman|patients?|females?|subjects?|participants?))?(?:\s(?:of|at|with|from|in|is|are|who|be|must|aged)){0,3}[\s:(,]*$",
    re.IGNORECASE,
)
#: Before weeks: what happens in a pregnancy and is told by its weeks, from ten on, a birth from twenty on: "preterm birth < 34 weeks",
#: "losses before the 10th week"; "birth < 12 weeks" is how long ago it was.
_EVENT_BEFORE = re.compile(
    r"""\b(?:(?P<birth>(?:live\s|still\s?)?births?|deliver(?:y|ies|ed)|born|labou?r|(?:pre-?|full\s)?term\s(?:infants?|newborns?|neonates?|babies|births?)|pre-?term|premature|prematurity|rupture\sof\s(?:the\s)?membranes|P?PROM)
    |miscarriages?|loss(?:es)?|abortions?|(?:fetal|foetal|intrauterine)\s(?:deaths?|demise)|pre-?eclampsia)
    (?:\s(?:at|of|that|occurred|occurring|which|was|were)){0,3}[\s:(,]*$""",
    re.IGNORECASE | re.VERBOSE,
)
#: In the same clause as a range of weeks, before or after it: what only a pregnancy has.
_OBSTETRIC = re.compile(
    r"""\b(?<!not\s)(?<!no\s)(?<!non-)(?:f(?:o?e)tus(?:es)?|f(?:o?e)tal|twins?|singletons?|triplets|cervical\slength|cervix|cerclage|(?:oligo|poly)hydramnios|placentas?|placenta(?:l\sabruption|l\sinsufficiency)?
    |(?:nulli|multi)parous|(?:primi|nulli|multi)gravid[ae]?|nulliparas?|multiparas?|anomaly\sscan|amnio(?:centesis|tic)|membranes|embryos?|EFW|heartbeat|eclampsia|pregnan(?:t|cy|cies)|obstetric|antenatal|gestational)\b""",
    re.IGNORECASE | re.VERBOSE,
)
#: What lasts so long, is done so often or will be, is told in weeks too.
_LASTS = re.compile(
    r"\b(?:for|every|lasting|lasted|duration(?:\sof)?|interval(?:\sof)?|apart|over|during|within|after|follow-?up(?:\sof)?)[\s:(]*$",
    re.IGNORECASE,
)
_CLAUSE_ENDS = re.compile(r"[.;:\n]\s|\n")
_AWAY = re.compile(
    r"[\s)]*(?:prior|before|ago\b|since|after|post|earlier|preceding|previous|apart|following|from\b)", re.IGNORECASE
)
#: How weeks are written; those that are always weeks of a pregnancy (semaines d'aménorrhée, Schwangerschaftswochen, weeks of gestation).
UNITS = frozenset(spelling for spelling, unit in units.ATOMS.items() if unit.ucum == "wk")
_OWN_UNITS = frozenset(("SA", "SSW", "WG", "GW", "WGA", "wga"))


def weeks(number: str) -> float | None:
    """The weeks of a number that is written in weeks and days, to four places; None for any other."""
    said = _WEEKS_AND_DAYS.fullmatch(number) if "+" in number or "/" in number or "w" in number else None
    return round(int(said[1]) + int(said[2]) / 7, 4) if said else None


def is_said(text: str, limit: Limit) -> bool:
    """Whether a limit in weeks says that it is on a pregnancy."""
    start, end = limit.start, limit.end
    if limit.unit in _OWN_UNITS or OF_PREGNANCY.match(text, end):
        return True
    said = text[start:end].lower()
    if ("ga" in said or "gest" in said or "pregn" in said or "norrh" in said) and OF_PREGNANCY.search(text, start, end):
        return True
    return _AWAY.match(text, end) is None and (
        _is_of_pregnant(text[start - 60 if start > 60 else 0 : start])
        or _is_of_event(text, limit)
        or _is_among_obstetrics(text, limit)
    )


def _is_of_pregnant(before: str) -> bool:
    low = before.lower()
    return ("pregnan" in low or "trimester" in low) and _PREGNANT_BEFORE.search(before) is not None


def _is_of_event(text: str, limit: Limit) -> bool:
    """Whether a limit in weeks is on when something happened in a pregnancy."""
    latest = limit.latest()
    if limit.unit not in UNITS or not 10 <= latest <= 45:
        return False
    event = _EVENT_BEFORE.search(text, max(0, limit.start - 60), limit.start)
    return event is not None and (latest >= 20 or not event["birth"])


def _is_among_obstetrics(text: str, limit: Limit) -> bool:
    """Whether a range of weeks stands beside what only a pregnancy has: "cervix ≤ 25 mm between 16 and 24 weeks", "8 to 14 weeks with a live fetus"."""
    if (
        limit.lower is None
        or limit.upper is None
        or not 4 <= limit.lower < limit.upper <= 44
        or limit.unit not in UNITS
    ):
        return False
    before = _CLAUSE_ENDS.split(text[max(0, limit.start - 70) : limit.start])[-1]
    after = _CLAUSE_ENDS.split(text[limit.end : limit.end + 50])[0].partition(",")[0]
    if _LASTS.search(before):
        return False
    return any(_OBSTETRIC.search(part) is not None for part in (before, after))


def has_days(text: str, limit: Limit) -> bool:
    """Whether a limit is written in weeks and days."""
    said = text[limit.number : limit.end]
    return ("+" in said or "/" in said or "w" in said) and _HAS_DAYS.search(said) is not None
