"""Values room: numbers of participants out of a register's text.

Called by the normalizers for target sample size and actual enrollment, with the rows that come of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from normalize.closed_lists import EnrollmentKind
from normalize.countries import country
from normalize.schema import EnrollmentCount
from normalize.text import fold


class Size(NamedTuple):
    """What a text says of the number of participants.

    `total` is None when nothing is said. `parts` are the groups that the text lists, in order: (label, number); `is_sum` says that the
    total was added up from them. A range has `total` and `lower`. `places` are the numbers of countries: (name, number); `each` is the
    number of every arm, where the text gives one for all. `understood` is False when the text could not be read, or not whole: `total` is then what could.
    """

    total: int | None
    parts: tuple[tuple[str, int], ...] = ()
    understood: bool = True
    is_sum: bool = False
    lower: int | None = None
    places: tuple[tuple[str, int], ...] = ()
    each: int | None = None


_NOTHING = Size(None)
_NOT_UNDERSTOOD = Size(None, understood=False)

#: Numbers that stand for none: ClinicalTrials.gov fills them in where a form wanted a number.
_SENTINELS = frozenset((9_999_999, 99_999_999, 999_999_999, 2_147_483_647))
#: No trial is larger than mankind; what has more figures is something else.
_NUMBER = r"[0-9]{1,3}(?:[,.'’ \u00a0\u2009\u202f][0-9]{3})+(?![0-9])|[0-9]{1,10}(?![0-9])"
_SAYS_NOTHING = frozenset(
    (
        "",
        "n a",
        "na",
        "none",
        "nil",
        "null",
        "not applicable",
        "not available",
        "not specified",
        "not stated",
        "unknown",
    )
)

# ChiCTR: "Case group:50;Control group:50;". A label may hold anything, colons and semicolons too.
_GROUP = re.compile(rf"(?P<label>.*?)[:：]\s*(?P<count>{_NUMBER})\s*(?:[;；]\s*|,\s+(?=[^\W\d_])|$)", re.DOTALL)
#: Labels of the total among groups, folded.
_TOTALS = frozenset(("total", "overall", "global", "all", "altogether", "sum", "in total", "total number", "worldwide"))
#: "100 patients and 50 controls", "50 + 50"; "2 x 50".
_SUMMED = re.compile(
    rf"(?P<one>{_NUMBER})\s*(?P<first>[^0-9;,.]*?)\s*(?:\+|&|\band\b)\s*(?P<two>{_NUMBER})\s*(?P<second>[^0-9;,.]*)",
    re.IGNORECASE,
)
_MULTIPLIED = re.compile(rf"(?P<groups>[2-9])\s*[x×*]\s*(?P<each>{_NUMBER})\s*(?P<label>[^0-9;,.]*)", re.IGNORECASE)
# ISRCTN: "Planned Sample Size: 100; UK Sample Size: 50"; CTRI: "Total Sample Size="1200" Sample Size from India="800"". What follows is a part.
_WHOLE = re.compile(
    rf"(?:total|(?:total |overall )?(?:planned |target )?(?:sample size|number of (?:participants|patients|subjects)|enrolment|enrollment))"
    rf"\s*[:=]\s*\"?(?P<count>{_NUMBER})\b",
    re.IGNORECASE,
)
#: A country's number behind the total: "UK Sample Size: 50", "Sample Size from India="800"".
_PLACE = re.compile(
    rf"(?:sample size from (?P<from>[^:=;\"]{{2,40}}?)|(?:^|[;,\s])(?P<of>[^:=;,\"]{{2,40}}?) sample size)\s*[:=]\s*\"?(?P<count>{_NUMBER})",
    re.IGNORECASE,
)
#: "120 (60 per arm)", "400, 200 in each arm".
_EACH_ARM = re.compile(
    rf"(?P<count>{_NUMBER})(?: (?:in|for|patients|participants|subjects|cases)){{0,2}} (?:per|each|every) (?:treatment |study )?(?:arm|group)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"(?P<lower>{_NUMBER})\s*(?:-|\u2010|\u2013|\u2014|to)\s*(?P<upper>{_NUMBER})")
_COUNT = re.compile(rf"(?<![0-9.,])(?P<count>{_NUMBER})")
_EACH = re.compile(r"\b(?:per|each|every)\b", re.IGNORECASE)

#: ICTRP cuts at 255 characters; what is longer by far is no size.
_LONGEST = 2000
#: Words that may stand beside the one number of a text, folded. What is in brackets behind the number explains it and is not read.
_WORDS_BESIDE = """
    a about actual approx approximately around at aim anticipated be ca case cases children circa enrolled enrollment enrolment estimated estimate
    expected for healthy in included infants individual individuals intended is least max maximal maximum men min minimum mothers n no number of
    participant participants patient patients people person persons planned pregnant recruit recruited sample samples size study subject subjects
    target the to total up us volunteer volunteers will women adults control controls fathers mother father infant newborns partners neonates males females
    girls boys adolescents 人 例 名
"""
_BESIDE = frozenset(_WORDS_BESIDE.split())


def parse_size(text: str | None) -> Size:
    """The number of participants in a text, never guessed out of prose.

    `"120"`, `"1,200"`, `"approx. 1 000"` -> the number. `"120 (60 per arm)"` -> 120, each arm 60. `"Case group:50;Control group:50;"`
    -> 100, a sum, with both groups as parts. `"Planned Sample Size: 100; UK Sample Size: 50"` -> 100, of which 50 in the UK. A range
    gives its upper end, the number planned for, and keeps the lower. `"100 patients and 50 controls"` -> 150, `"2 x 50"` -> 100, sums. A sentinel (99999999), a negative number, a text without a number and one that is no such form are `Size(None,
    understood=False)`; groups of which the last is cut off (ICTRP cuts at 255 characters) are added up, `understood` False.
    """
    value = (text or "").strip()
    if match := _COUNT.fullmatch(value):
        return _size(match["count"])
    if fold(value) in _SAYS_NOTHING:
        return _NOTHING
    if len(value) > _LONGEST or "%" in value or value.startswith("-"):
        return _NOT_UNDERSTOOD
    if (match := _WHOLE.match(value)) and (total := _number(match["count"])) is not None:
        return _with_parts(total, value[match.end() :].lstrip(' ";,'))
    if ":" in value or "：" in value:
        return _groups(value)
    plain = re.sub(r"[(\[].*?(?:[)\]]|$)", " ", value, flags=re.DOTALL)
    if (match := _RANGE.search(plain)) and _is_beside(plain[: match.start()] + " " + plain[match.end() :]):
        lower, upper = _number(match["lower"]), _number(match["upper"])
        if lower is None or upper is None or lower >= upper:
            return _NOT_UNDERSTOOD
        return Size(upper, lower=lower)
    if found := _summed(plain.strip()):
        return found
    numbers = list(_COUNT.finditer(plain))
    if not numbers:
        return _NOT_UNDERSTOOD
    first, *others = numbers
    rest = plain[first.end() :]
    if others:  # "400, 200 in each arm": what comes behind the total says how it is shared out
        if not _EACH.search(rest):
            return _NOT_UNDERSTOOD
        rest = re.split("[,;.]", rest)[0]
    if not _is_beside(f"{plain[: first.start()]} {rest}"):
        return _NOT_UNDERSTOOD
    arm = _EACH_ARM.search(value, value.find(first["count"]) + len(first["count"]))
    return _size(first["count"])._replace(each=_number(arm["count"]) if arm else None)


def _number(digits: str) -> int | None:
    number = int(digits if digits.isdecimal() else re.sub("[^0-9]", "", digits))
    return None if number in _SENTINELS or number > 8_000_000_000 else number


def _size(digits: str) -> Size:
    number = _number(digits)
    return _NOT_UNDERSTOOD if number is None else Size(number)


def _is_beside(text: str) -> bool:
    return _BESIDE.issuperset(fold(text).split())


def _with_parts(total: int, rest: str) -> Size:
    """A total that is called so, and what stands behind it: numbers of countries, or of groups."""
    found = ((match["from"] or match["of"], _number(match["count"])) for match in _PLACE.finditer(rest))
    places = tuple((place.strip(), number) for place, number in found if number is not None)
    groups = _groups(rest)
    return Size(total, groups.parts if not places and groups.understood else (), places=places)


def _summed(text: str) -> Size | None:
    """Two groups that are added, or groups of one size."""
    if (match := _MULTIPLIED.fullmatch(text)) and _is_beside(match["label"]):
        each = _number(match["each"])
        return Size(int(match["groups"]) * each, is_sum=True, each=each) if each is not None else None
    if (match := _SUMMED.fullmatch(text)) and _is_beside(f"{match['first']} {match['second']}"):
        one, two = _number(match["one"]), _number(match["two"])
        if one is not None and two is not None:
            return Size(one + two, ((match["first"].strip(), one), (match["second"].strip(), two)), is_sum=True)
    return None


def _groups(value: str) -> Size:
    total = None
    parts: list[tuple[str, int]] = []
    end = 0
    while match := _GROUP.match(value, end):
        number = _number(match["count"])
        if number is None:
            return _NOT_UNDERSTOOD
        label = match["label"].strip()
        if fold(label) in _TOTALS:
            total = number
        else:
            parts.append((label, number))
        end = match.end()
    if total is not None:
        places = [part for part in parts if country(part[0])[0]]
        return Size(total, tuple(part for part in parts if part not in places), end >= len(value), places=tuple(places))
    if not parts:
        return _NOT_UNDERSTOOD
    return Size(sum(number for _, number in parts), tuple(parts), understood=end >= len(value), is_sum=True)


def counts(size: Size, kind: EnrollmentKind, source_field: str) -> Iterator[EnrollmentCount]:
    """The rows of a number: total, arms, countries."""
    if size.total is not None:
        yield EnrollmentCount(
            kind=kind, scope="total", count=size.total, count_lower=size.lower, is_sum=size.is_sum, source_field=source_field
        )  # fmt: skip
    arms = [*size.parts, *([("each arm", size.each)] if size.each is not None else [])]
    for label, count in arms:
        yield EnrollmentCount(kind=kind, scope="arm", scope_value=label or None, count=count, source_field=source_field)
    for place, count in size.places:
        code = country(place)[0] or place
        yield EnrollmentCount(kind=kind, scope="country", scope_value=code, count=count, source_field=source_field)
