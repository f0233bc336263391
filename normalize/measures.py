"""Numeric and ordinal limits of criteria. Called by `eligibility`; registry-blind.

A limit is a number with a comparison ("≥ 18", "at least 18 years", "18 years or older", "18-65 years", "ECOG 0 or 1"). For
each number that has one, its bounds, its unit and what is limited are read from the words around it. Numbers without
comparison (doses, days, versions) and windows of time ("within 4 weeks") are no limits. A lone "=" is none either: WHO
ICTRP turns "≥" and "≤" into "=" (NCT04335032).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from normalize import units
from normalize.schema import Criterion, CriterionMeasure
from normalize.units import Unit

# ----------------------------------------------------------------------------------------------------------- variables

_WORD = re.compile(r"[^\W_]+")


class Variable(NamedTuple):
    """An entry of the vocabulary: what is limited."""

    name: str
    unit: Unit  # the canonical unit
    others: dict[str, float | None]  # UCUM code -> factor to the canonical unit


def _canonical(code: str) -> Unit:
    if code in ("{score}", "{count}"):
        return Unit(code, "score", 1.0)
    found = units.ucum(code)
    if found is None:
        raise ValueError(f"vocabulary/measures.yml: normalize/units.py does not know the unit {code}.")
    return found


_NAMES: dict[str, Variable] = {}
for _name, (_code, _names, *_rest) in units.VOCABULARY["variables"].items():
    _variable = Variable(_name, _canonical(_code), dict(_rest[0]) if _rest else {})
    for _spelling in (*_names.split("|"), _name.replace("_", " ")):
        _NAMES.setdefault(" ".join(_WORD.findall(_spelling.lower())), _variable)
_CAPITALS = frozenset(units.VOCABULARY["capitals"].split())

#: Last (first) word of a name -> how many words the names with that end (beginning) have, longest first.
_BY_LAST: dict[str, tuple[int, ...]] = {}
_BY_FIRST: dict[str, tuple[int, ...]] = {}
for _spelling in _NAMES:
    _words = _spelling.split()
    _BY_LAST[_words[-1]] = tuple(sorted({*_BY_LAST.get(_words[-1], ()), len(_words)}, reverse=True))
    _BY_FIRST[_words[0]] = tuple(sorted({*_BY_FIRST.get(_words[0], ()), len(_words)}, reverse=True))

_AGE = _NAMES["age"]
_GESTATION = _NAMES["gestational age"]


def _fits(variable: Variable, unit: Unit | None) -> bool:
    """Whether a limit with this unit can be one on the variable."""
    if unit is None or unit.dimension in ("uln", "lln", "percentile", "sd"):
        return True
    own = variable.unit
    if unit.dimension == own.dimension or unit.ucum in variable.others:
        return True
    if own.dimension == "score":
        return unit.dimension in ("score", "letters", "one")
    return own.dimension.endswith("/volume") and unit.dimension.endswith("/volume")


# ------------------------------------------------------------------------------------------------------------- numbers

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:[\u00a0\u2009\u202f' ]\d{3})+(?![\d,.]\d)|\d+(?:[.,·]\d+)?)"
_SPELLED = {
    name: value
    for value, name in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
} | {"fifteen": 15, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
_BEFORE_NUMBER = r"(?:(?<![\w^.,])|(?<=[Aa]ge)|(?<=[Aa]ged))(?<![A-Za-z][-–/.])"
_NUMBER = re.compile(_BEFORE_NUMBER + _DIGITS)
_NUMBER_OR_WORD = re.compile(rf"{_BEFORE_NUMBER}{_DIGITS}|\b(?:{'|'.join(_SPELLED)})\b", re.IGNORECASE)
_SPELLED_LIMIT = re.compile(
    rf"\b(?:least|most|than|minimum(?: of)?|over|under|up to|between|of) (?:{'|'.join(_SPELLED)})\b|\b(?:{'|'.join(_SPELLED)}) (?:\w+ )?or (?:more|greater|fewer|less|older)",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINT_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")


def _value(text: str) -> float:
    """The number that a text from `_NUMBER_OR_WORD` means: thousands separators, decimal commas, words."""
    if text[0].isalpha():
        return float(_SPELLED[text.lower()])
    if _THOUSANDS.fullmatch(text) and not text.startswith("0"):
        return float(text.replace(",", ""))
    for blank in "\u00a0\u2009\u202f' ":
        text = text.replace(blank, "")
    return float(text.replace(",", ".").replace("·", "."))


# --------------------------------------------------------------------------------------------------------- comparisons

_SIGNS = "<>≥≤≧≦＞＜⩾⩽˃˂﹥﹤"
_GREATER = frozenset(">≥≧＞⩾˃﹥")
_SIGN = rf"(?:[{_SIGNS}](?:\s?/?\s?(?:or\s?)?[=＝]{{1,2}})?|[=＝]\s?/?\s?[<>＜＞])"
_SIGN_BEFORE = re.compile(rf"(?<![-–=]){_SIGN}\s*$")
_SIGN_AFTER = re.compile(rf"\s?(?P<sign>{_SIGN})\s?(?=[^\W\d_])")

_THAN_OR_EQUAL = r"\s(?:than\s)?or\s?(?:equals?|=)(?:\s(?:to|than))?"
_PHRASES = {
    "ge": rf"""at\sleast|(?:no|not)\s(?:less|fewer|lower|younger|shorter|smaller|earlier)\s(?:than|then)|(?:a\s)?min(?:imum|imal|\.)?(?:\sof)?:?
        |(?:greater|more|higher|larger|older|longer|bigger|above|over){_THAN_OR_EQUAL}|(?:equals?|=)\s?(?:to\s)?or\s(?:greater|more|higher|above|older|over|larger|longer|superior|>)(?:\s(?:than|to))?
        |superior\sor\sequal\sto|au\smoins|(?:al|por\slo)\smenos|mindestens|almeno|pelo\smenos|co\snajmniej|legalább|τουλάχιστον|minst
        |may[oó]r(?:es)?\so\sigual(?:es)?\s(?:de|a|que)|sup[ée]rieure?s?\sou\s[ée]gale?s?\sà|maior(?:es)?\sou\sigual\s(?:a|que)""",
    "gt": r"""(?:more|greater|higher|larger|older|longer|bigger|later|heavier|worse|better)\s(?:than|then)|over|above|exceed(?:s|ing|ed)?|in\sexcess\sof|superior\sto|beyond|upwards?\sof|aged\sover
        |plus\sde|m[áa]s\sde|may[oó]r(?:es)?\s(?:de|a|que)|mehr\sals|älter\sals|über|più\sdi|mais\sde|maior(?:es)?\s(?:de|a|que)|sup[ée]rieure?s?\sà|powyżej""",
    "le": rf"""at\s(?:the\s)?most|(?:no|not)\s(?:more|greater|higher|larger|longer|older|later)\s(?:than|then)|(?:a\s)?max(?:imum|imal|\.)?(?:\sof)?:?|up\sto(?:\sand\sincluding)?
        |(?:less|lower|smaller|fewer|younger|shorter|below|under){_THAN_OR_EQUAL}|(?:equals?|=)\s?(?:to\s)?or\s(?:less|lower|below|younger|smaller|shorter|fewer|under|inferior|<)(?:\s(?:than|to))?
        |(?:not|doesn?['’]?t?)\s(?:to\s)?exceed(?:s|ing)?|inferior\sor\sequal\sto|höchstens|au\splus|como\smáximo
        |menor(?:es)?\so\sigual(?:es)?\s(?:de|a|que)|inf[ée]rieure?s?\sou\s[ée]gale?s?\sà|menor(?:es)?\sou\sigual\s(?:a|que)""",
    "lt": r"""(?:less|lower|fewer|smaller|younger|shorter|earlier|worse)\s(?:than|then)|below|under|inferior\sto|less
        |moins\sde|menos\sde|menor(?:es)?\s(?:de|a|que)|weniger\sals|jünger\sals|unter|meno\sdi|inf[ée]rieure?s?\sà|poniżej""",
    "from": r"between|betwen|from|rang(?:e|es|ed|ing)(?:\s(?:of|from|between))?:?|entre|zwischen|tra|de|von|od|pomiędzy|między|μεταξύ",
}
_FILLER = r"""(?:\s(?:the|an?|or|of|is|in|approximately|about|approx\.))*(?:\s(?:ages?|average|total|mean|score|value|level|grade|class|stage|nyha|ecog|gina|asa|step|scores|duration|period|interval)(?:\s(?:of|range))?){0,2}"""
_PHRASE_BEFORE = re.compile(
    r"\b(?:" + "|".join(rf"(?P<{name}>{phrases})" for name, phrases in _PHRASES.items()) + rf"){_FILLER}[\s(:]*$", re.IGNORECASE | re.VERBOSE
)
#: A word that a phrase can end in: a quick look before the pattern.
_PHRASE_ENDS = frozenset(
    """than then least most over above below under exceed exceeds exceeding exceeded beyond to of age ages average total mean score value level
    grade class stage nyha ecog gina asa step scores between betwen from range ranges ranged ranging the a an or is in approximately about
    minimum minimal min maximum maximal max less duration period interval including equal equals moins plus menos de a que mindestens
    almeno más mas mehr als älter über unter più di meno mais à sup powyżej poniżej najmniej legalább τουλάχιστον minst entre zwischen tra von
    od pomiędzy między μεταξύ menor mayor maior höchstens máximo = < > over: approx""".split()
)
_NOT_BEFORE = re.compile(r"\b(?:not|n't|nor|never)(?:\s(?:be|being|to be|have|having))?\s*$", re.IGNORECASE)
_EXTREME = re.compile(r"\b(?:(?P<ge>min(?:imum|imal)?|lowest)|(?P<le>max(?:imum|imal)?|highest))\s(?:[\w-]+\s?){1,3}?(?:\s(?:of|is))?[\s:=]*$", re.IGNORECASE)

_AFTER = re.compile(
    r"""\s*(?:\(?(?:inclusive|incl\.?)\)?\s*)?(?:(?:,\s)?(?:and|or|&|/)\s?
    (?:(?P<more>older|over|above|more|greater|higher|upwards?|up|longer|better|beyond|larger|onwards?|plus|más|plus|mehr|älter|superior(?:es)?|mayor(?:es)?)
    |(?P<less>younger|less|fewer|lower|below|under|shorter|smaller|earlier|menos|moins|weniger))\b(?!\s*(?:than|then|the\sage|age|to\b|or\sequal|\(?[\d<>≥≤=]))
    |(?P<plus>\+)(?![\d+])|\s?(?P<min>minimum)\b|\s?(?P<max>maximum)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_RANGE = re.compile(rf"\s*(?:(?P<sign>[-–—−~～‐‑]{{1,2}}|\bto\b|\bthrough\b|\bthru\b|\buntil\b|\bup\sto\b)|(?P<and>\band\b|&|\by\b|\bet\b|\bund\b|\be\b|\ba\b|\bà\b|\bbis\b|\bi\b|\bκαι\b|\bés\b|\bdo\b))\s*(?={_DIGITS}|[-−]\d)", re.IGNORECASE)
_ORDINALS = re.compile(r"\s*(?:,|/|\bor\b|\band\b|,\s*or\b|,\s*and\b)\s*(?P<next>\d)(?![\d.,]\d)", re.IGNORECASE)
_ROMAN_RANGE = re.compile(
    r"\s*[:,]?\s*(?:(?:physical\s)?(?:class|status|stage|grade|score|functional\sclass|classification|type|level|classes|grades|types|levels|ps|of|is|must\sbe|category|or|in|from|between|\(asa\))\s*){0,4}"
    r"\(?(?P<first>I{1,3}|IV|VI?|[ⅠⅡⅢⅣⅤ])(?P<mid>(?:\s*(?:,|/|-|–|—|~|\bto\b|\bor\b|\band\b|&|,\s*or\b)\s*(?:I{1,3}|IV|VI?|[ⅠⅡⅢⅣⅤ])){1,4})(?![\w])"
)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}

_UNIT = re.compile(r"\s{0,2}-?(?P<unit>" + units.PATTERN + ")")
_OF_AGE = re.compile(r"[\s,-]*(?:of\sage|in\sage|old\b|of\slife\b|y/o|de\sedad|d['’]âge|alt\b|de\sidade|di\setà|év\w*|ηλικίας)", re.IGNORECASE)
_OF_GESTATION = re.compile(r"['’\s,]*(?:\d+\sdays?\s)?(?:of\s)?(?:gestation|gestational|pregnan|amenorrh)", re.IGNORECASE)

# ------------------------------------------------------------------------------------------------------- what is limited

_PEOPLE = frozenset(
    """patient patients subject subjects participant participants adult adults man men woman women male males female females people person persons
    individual individuals child children volunteer volunteers both sexes sex gender genders adolescent adolescents mother mothers infant infants
    recipient recipients those either and or inpatients outpatients inpatient outpatient hospitalized smokers nonpregnant pregnant aged elderly any all ethnicity race consecutive
    who are is must be being age boys girls parents caregivers caregiver donors donor""".split()
)
_NOT_AGE_AFTER = re.compile(
    r"\s*(?:of(?!\sage)|prior|before|after|since|post|ago|from|history|duration|disease|without|post-?menopaus|in\s(?:duration|remission|the)|for|during|free|earlier|preceding|previous|later|following|follow)",
    re.IGNORECASE,
)
_AGE_MAY_FOLLOW = re.compile(r"\s*(?:$|[,;.)(/]|(?:and|or|who|with|at|undergoing|that|inclusive|male|female|men|women|patients|in|scheduled|presenting|on|having|as|treated|were|are|is|&|to|but)\b)", re.IGNORECASE)
_STOP = frozenset(
    """a an the of with who whom whose have has had having is are was were be been being must should will would can may at for and or to in on by as than that this these those
    least more less greater lower higher not no if any all other than then least both either least within over under about approximately from their its his her measured defined
    including e g i e such during per only also which when least patients patient subjects subject participants participant value values level levels""".split()
)
_CLAUSE = re.compile(r"[.;](?=\s)|\n\s*\n|[；。]")
_TOO_VAGUE = re.compile(r"\s*(?:of the following|of these|of following|of:|of the below|of the criteria|of the above|following|hand\b|side\b|or both|arm\b|another|more\b)", re.IGNORECASE)
_DATE_AFTER = re.compile(r"\s?(?:[/:]\s?\d|(?:am|pm|a\.m|p\.m)\b)", re.IGNORECASE)
_SLASH_VALUE = re.compile(rf"\s?/\s?({_DIGITS})")


class _Limit:
    """A comparison in the making."""

    __slots__ = ("age_tail", "end", "lower", "lower_inclusive", "names", "negated", "ordinal", "side", "start", "unit", "upper", "upper_inclusive", "variables")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.lower: float | None = None
        self.lower_inclusive: bool | None = None
        self.upper: float | None = None
        self.upper_inclusive: bool | None = None
        self.unit = ""
        self.negated = False
        self.age_tail = False
        self.variables: list[Variable] = []
        self.names: list[str] = []


def measures(raw: str, criteria: Iterable[tuple[int, Criterion]]) -> tuple[CriterionMeasure, ...]:
    """The limits in criteria of one text, in the order of the text; `criteria` come with their ordinals."""
    out: list[CriterionMeasure] = []
    texts: dict[int, str] = {}
    for ordinal, criterion in criteria:
        texts[ordinal] = criterion.text
        limits = _limits(raw, criterion.start, criterion.end)
        if not limits:
            continue
        lead = texts.get(criterion.parent_ordinal or 0, "")
        for limit in _joined(raw, limits):
            _name(raw, limit, limits, criterion.start, criterion.end, lead)
            out.extend(_rows(raw, ordinal, limit))
    return tuple(out)
