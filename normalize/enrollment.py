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

#: Numbers that stand for none, filled in where a form wanted a number.
_SENTINELS = frozenset((99_999, 999_999, 9_999_999, 99_999_999, 999_999_999, 2_147_483_647))
#: A day written without signs between, which has come into the wrong field.
_DAY = re.compile("(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
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
_GROUP = re.compile(
    rf"(?P<label>.*?)[:：]\s*(?:n\s*=\s*)?(?P<count>{_NUMBER})\s*(?:(?:cases|patients|participants|subjects)\b|例|人|名)?\s*"
    r"(?:[;；]\s*|,\s+(?=[^\W\d_])|$)",
    re.DOTALL | re.IGNORECASE,
)
#: A label that holds the number of the group before it, for no semicolon parts them: "Arm A: 30 Arm B". Not asked of what is in brackets.
_NUMBER_IN_LABEL = re.compile(rf"[:：]\s*(?:n\s*=\s*)?(?:{_NUMBER})(?![^\W_])", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[].*?(?:[)\]]|$)", re.DOTALL)
_CLOSED = re.compile(r"[(\[][^()\[\]]*+[)\]]")
#: Labels of one thing with its number, which is no group of that size: "1:1", "60 patients randomised 2:1".
_RATIO = re.compile(r"(?:.*(?:random|ratio|alloc)\D*)?[0-9]+", re.DOTALL | re.IGNORECASE)
#: Words that make a label the total's, folded, alone or with words that may stand beside a number.
_TOTALS = frozenset(
    ("total", "overall", "global", "all", "altogether", "sum", "worldwide", "international", "multinational")
)
_EVERYWHERE = frozenset(("all countries", "all sites", "all centres", "all centers", "whole trial", "whole study"))
#: Words of labels that count the same people again: of "Planned: 100; recruited: 80" neither sum nor part is a number planned for.
_AGAIN = frozenset((
    "planned", "target", "actual", "achieved", "recruited", "enrolled", "screened", "randomised", "randomized", "completed", "analysed",
    "analyzed", "evaluable", "final", "initial", "original", "revised", "amended", "min", "max", "minimum", "maximum", "dropout",
    "dropouts", "attrition",
))  # fmt: skip
#: "Current target as of 01/02/2020: 80; Previous target: 60"
_EARLIER = re.compile(
    r"(?:current|previous|original|revised|updated) (?:planned |target |recruitment )?(?:target|sample|number|size|enrol)"
)
#: What is counted instead of participants: "Couples: 60" are 120 people, "Clusters: 20; Participants: 400" are 400.
_WORDS_FOR_THINGS = """
    animals blocks centers centres classes classrooms clinics clusters communities couple couples cycles dyads embryos eyes families family
    feet fetuses fields follicles hands hips homes hospitals households houses images implants joints kidneys knees legs lesions limbs
    litters locations mice nests oocytes organizations pairs pharmacies plots pools practices pregnancies procedures rats regions roots
    samples schools scans sites slides specimens surfaces surgeries teeth tests tooth triads units villages visits wards wounds
"""
_THINGS = frozenset(_WORDS_FOR_THINGS.split())
#: Two tests that the same people have, in ChiCTR's diagnostic studies.
_TESTS = frozenset(("gold standard", "index test"))
#: "100 patients and 50 controls", "50 + 50"; "2 x 50", "two groups of 50".
_PLUS = re.compile(r"\s*(?:\+|&|\band\b)\s*", re.IGNORECASE)
_ADDEND = re.compile(rf"(?P<count>{_NUMBER})\s*(?P<label>[^0-9;,.]*)")
_FEW = ("two", "three", "four", "five", "six")
_SOME = rf"(?:[2-9]|{'|'.join(_FEW)})"
_ARMS = r"(?:(?:treatment|study|parallel|equal)\s)?(?:groups|arms)"
_MULTIPLIED = re.compile(
    rf"(?P<groups>{_SOME})(?:\s*[x×*]\s*|\s(?:\w+\s)?(?:groups|arms)\sof\s|\s{_ARMS}(?:\swith|\s?[,:])\s?)(?P<each>{_NUMBER})\s*(?P<label>[^0-9;,.=]*)",
    re.IGNORECASE,
)
#: "30 in each of 2 groups", "30 x 2"; of "30 x 2" it is the larger number that one group has.
_IN_EACH_OF = re.compile(
    rf"(?P<each>{_NUMBER})(?:\s*[x×*]\s*|\s(?:(?P<label>[^0-9;,.=]*)\s)?(?:in|for)\seach\sof\s(?:the\s)?)(?P<groups>{_SOME})(?:\s{_ARMS})?",
    re.IGNORECASE,
)
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
_ONE_ARM = r"(?:(?:per|each|every) |/ ?)(?:treatment |study )?(?:arm|group)\b"
_EACH_ARM = re.compile(
    rf"(?P<count>{_NUMBER})(?: (?:in|for|patients|participants|subjects|cases)){{0,2}} ?{_ONE_ARM}",
    re.IGNORECASE,
)
#: "Each group: 30", "Number per arm: 30"
_ARM_LABEL = re.compile(r"(?:number |sample size )?(?:in |for )?(?:per|each|every) (?:treatment |study )?(?:arm|group)")
#: "60 patients with COPD": what else a text says of the people that it counts. It may not go on about groups.
_WHO = re.compile(
    r"(?P<noun>\w+) (?:with|undergoing|suffering from|diagnosed with|scheduled for)\b(?!.*\b(?:arms?|groups?|cohorts?|controls?|without|cent(?:er|re)s?|sites?)\b).*",
    re.IGNORECASE | re.DOTALL,
)
_RANGE = re.compile(
    rf"(?:\bfrom\s+)?(?P<lower>{_NUMBER})\s*(?:[-~\u2010-\u2015\u301c\uff5e]|to)\s*(?P<upper>{_NUMBER})"
    rf"|\bbetween\s+(?P<low>{_NUMBER})\s+and\s+(?P<high>{_NUMBER})",
    re.IGNORECASE,
)
_NO_DECIMALS = re.compile(r"(?P<count>[0-9]{1,10})\.00?")
_COUNT = re.compile(rf"(?<![0-9.,])(?P<count>{_NUMBER})")
_EACH = re.compile(r"\b(?:per|each|every)\b", re.IGNORECASE)

#: ICTRP cuts at 255 characters; what is longer by far is no size.
_LONGEST = 2000
#: Words that may stand beside the one number of a text, folded. What is in brackets behind the number explains it and is not read.
_WORDS_BESIDE = """
    a about actual approx approximately around at aim anticipated be ca case circa enrolled enrollment enrolment estimated estimate
    expected for healthy in included individual intended is least max maximal maximum min minimum n no number of participant patient
    person plan planned pregnant recruit recruited sample size study subject target the to total up us volunteer we will control
    controls mother father infant partners male female randomised randomized evaluable consecutive pts 人 例 名 human infertile
    nulliparous elderly newborn neonatal preterm
"""
_WORDS_FOR_PEOPLE = """
    cases children individuals infants men participants patients people persons subjects volunteers women adults fathers mothers
    newborns neonates males females girls boys adolescents students nurses physicians pacientes participantes sujetos voluntarios
    patienten probanden sujets mujeres hombres embarazadas gestantes ninos frauen femmes inpatients outpatients caregivers carers
    parents babies
"""
_PEOPLE = frozenset(_WORDS_FOR_PEOPLE.split())
_BESIDE = _PEOPLE | frozenset(_WORDS_BESIDE.split())


def parse_size(text: str | None) -> Size:
    """The number of participants in a text, never guessed out of prose.

    `"120"`, `"1,200"`, `"approx. 1 000"`, `"120 patients with COPD"` -> the number. `"120 (60 per arm)"` -> 120, each arm 60.
    `"Case group:50;Control group:50;"` -> 100, a sum, with both groups as parts. `"Planned Sample Size: 100; UK Sample Size: 50"` -> 100,
    of which 50 in the UK. `"100 patients and 50 controls"` -> 150, `"2 x 50"`, `"2 groups, 50 each"` -> 100, sums. A range gives its
    upper end, the number planned for, and keeps the lower.

    No total is the number of one country alone, that of each arm ("60 per arm"), and what counts no participants ("60 couples", "Eyes: 60"). These,
    a sentinel (99999999), a negative number, a ratio, a text without a number and one that is no such form are not `understood`;
    groups of which the last is cut off (ICTRP cuts at 255 characters) are added up, `understood` False.
    """
    value = (text or "").strip()
    if match := _COUNT.fullmatch(value) or _NO_DECIMALS.fullmatch(value):
        return _size(match["count"])
    if fold(value) in _SAYS_NOTHING:
        return _NOTHING
    if len(value) > _LONGEST or value.startswith("-"):
        return _NOT_UNDERSTOOD
    plain = _BRACKETED.sub(" ", value)
    if "%" in plain:
        return _NOT_UNDERSTOOD
    if (match := _WHOLE.match(value)) and (total := _number(match["count"])) is not None:
        return _with_parts(total, value[match.end() :].lstrip(' ";,'))
    if places := _places(value):
        return Size(None, understood=False, places=places)
    if not {":", "："}.isdisjoint(_CLOSED.sub("", value)):
        return _groups(value)
    if (match := _RANGE.search(plain)) and _is_beside(plain[: match.start()] + " " + plain[match.end() :]):
        lower, upper = _number(match["lower"] or match["low"]), _number(match["upper"] or match["high"])
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
    if not others and (arm := _EACH_ARM.search(plain)):  # "60 per arm": how many arms is not said
        return Size(None, understood=False, each=_number(arm["count"]))
    if not others and (who := _WHO.fullmatch(rest.strip())) and fold(who["noun"]) in _PEOPLE:
        rest = ""
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
    return None if number in _SENTINELS or number > 8_000_000_000 or _DAY.fullmatch(digits) else number


def _size(digits: str) -> Size:
    number = _number(digits)
    return _NOT_UNDERSTOOD if number is None else Size(number)


def _is_beside(text: str) -> bool:
    return _BESIDE.issuperset(fold(text).split())


def _with_parts(total: int, rest: str) -> Size:
    """A total that is called so, and what stands behind it: numbers of countries, or of groups."""
    places = _places(rest)
    groups = _groups(rest)
    return Size(total, groups.parts if not places and groups.understood else (), places=places, each=groups.each)


def _places(text: str) -> tuple[tuple[str, int], ...]:
    """The numbers that are called those of a country."""
    found = ((match["from"] or match["of"], _number(match["count"])) for match in _PLACE.finditer(text))
    return tuple((place.strip(), number) for place, number in found if number is not None)


def _summed(text: str) -> Size | None:
    """Groups that are added, or groups of one size. A sum that is told beside them has to be theirs."""
    added, _, told = text.partition("=")
    if match := _MULTIPLIED.fullmatch(added.strip()) or _IN_EACH_OF.fullmatch(added.strip()):
        return _multiplied(match, told)
    found = [_ADDEND.fullmatch(piece) for piece in _PLUS.split(added.strip())]
    addends = [
        (match["label"].strip(), _number(match["count"])) for match in found if match and _is_beside(match["label"])
    ]
    parts = tuple((label, number) for label, number in addends if number is not None)
    if len(found) < 2 or len(parts) < len(found):
        return None
    total = sum(number for _, number in parts)
    if told and parse_size(told).total != total:
        return None
    return Size(total, parts, is_sum=True)


def _multiplied(match: re.Match[str], told: str) -> Size | None:
    """So many groups of one size, "each" said behind it or not."""
    words = re.sub(r"\beach\b(?: (?:arm|group))?", "", fold(match["label"] or ""))
    word, each = match["groups"].lower(), _number(match["each"])
    groups = _FEW.index(word) + 2 if word in _FEW else int(word)
    if each is None or each < groups or not _is_beside(words):
        return None
    total = groups * each
    return None if told and parse_size(told).total != total else Size(total, is_sum=True, each=each)


def _groups(value: str) -> Size:
    total = each = None
    parts: list[tuple[str, int]] = []
    folded: list[str] = []  # their labels
    things = False
    end = 0
    while match := _GROUP.match(value, end):
        number, label = _number(match["count"]), match["label"].strip()
        if number is None or _NUMBER_IN_LABEL.search(_BRACKETED.sub("", label)):
            return _NOT_UNDERSTOOD
        called = fold(label)
        if _says(called, _TOTALS) or called in _EVERYWHERE:
            if total not in (None, number):
                return _NOT_UNDERSTOOD
            total = number
        elif _ARM_LABEL.fullmatch(called):
            each = number
        elif _says(called, _THINGS):
            things = True
        else:
            parts.append((label, number))
            folded.append(called)
        end = match.end()
    understood = end >= len(value)
    places = tuple(part for part in parts if _is_place(part[0]))
    groups = tuple(part for part in parts if part not in places)
    if total is not None:
        return Size(total, groups, understood, places=places, each=each)
    if not parts or (len(parts) > 1 and _count_the_same(folded)):
        return Size(None, understood=False, each=each)
    if each is not None or (things and not (len(parts) == 1 and _says(folded[0], _PEOPLE))):
        return _NOT_UNDERSTOOD
    if len(parts) == 1:
        ((label, number),) = parts
        if places or (_RATIO.fullmatch(label) and value[-1] not in ";；"):
            return Size(None, understood=False, places=places)
        if _is_beside(label):  # "Number: 100" names no group
            return Size(number, understood=understood)
    return Size(sum(number for _, number in parts), groups, understood, is_sum=True, places=places)


def _says(folded: str, words: frozenset[str]) -> bool:
    """Whether a label is one of the words, with nothing else than what may stand beside a number."""
    said = folded.split()
    return not words.isdisjoint(said) and (words | _BESIDE).issuperset(said)


def _count_the_same(folded: list[str]) -> bool:
    """Whether groups with these labels are the same people, counted twice."""
    return (
        any(_says(label, _AGAIN) or _EARLIER.match(label) for label in folded) or len(_TESTS.intersection(folded)) > 1
    )


def _is_place(label: str) -> bool:
    """Whether a label is a country's name. A code of letters may as well be a group's: EG and CG are the experimental and the control group."""
    return (len(label) > 3 or label in ("UK", "USA")) and country(label)[0] is not None


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
