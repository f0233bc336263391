"""Headings of eligibility texts: which line opens the inclusion or the exclusion part. Called by `eligibility`; registry-blind.

A heading is a title ("Key Inclusion Criteria for Cohort B:", "Critères de non inclusion") or a sentence that says nothing
but what follows ("Subjects will be excluded if any of the following apply:"). A criterion that merely mentions inclusion
or exclusion ("Patient meets the inclusion criteria for trial entry") is none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from normalize.schema import CriterionKind


class Heading(NamedTuple):
    """What a line says about the lines after it."""

    kind: CriterionKind | None  # None: a heading of both parts or of neither ("Eligibility Criteria:")
    end: int  # where the heading ends in the line; content may follow
    plain: bool  # says nothing but which part begins, so that it can stay out of the readable half
    unfinished: bool = False  # a sentence that may run on in the next line of a wrapped text


_CRITERIA = r"(?:crit[ei]{1,2}ri?[aeo]{1,2}[nrs]?|conditions?|requirements?|characteristics)"
_PART = r"(?P<non>non-?\s?)?(?P<part>in|ex)(?:clu(?:sions?|tion|sionary|ding|ded)|clusive)"
_COLON = r"[:：]"

_PLAIN = re.compile(
    rf"""[\W_]*(?:the\W+)?(?:(?:key|main|major|principal|primary|general|important|patient|subject|participant|study|trial)\W+)*
    {_PART}(?:\W+{_CRITERIA})?(?:\W+(?:are|include|includes|were|is|as\ follows?|the\ following))*(?P<stop>[\W_]*)""",
    re.IGNORECASE | re.VERBOSE,
)
_BOTH = re.compile(
    rf"""[\W_]*(?:(?:key|main|subject|patient)\W+)?
    (?:(?:inclusion\s*(?:/|and|&)\s*exclusion|eligibility|selection|enrol+ment|entry)(?:\W+criteria)?|criteria)\s*{_COLON}[\W_]*
    |[\W_]*(?:inclusion\s*(?:/|and|&)\s*exclusion|eligibility)\s+criteria[\W_]*""",
    re.IGNORECASE | re.VERBOSE,
)
_OPENING = re.compile(
    rf"""[\W_]*(?P<words>(?:(?:the|main|key|general|other|additional|selection\ criteria:)[ ])*)
    (?P<non>non-?\s?)?(?P<part>in|ex)clu(?:sions?|tion|sionary)(?:[^\S\n]+(?:{_CRITERIA}))?(?P<aside>[^\S\n]*\([^()\n]{{1,100}}\))?[^\S\n]*
    (?P<stop>{_COLON}|\.(?=[^\S\n]+(?-i:[A-Z]))|(?=[<>≥≤•●\uf0b7])|-{{2,}}(?=[^\S\n]))[^\S\n]*[.\-–]?[^\S\n]*""",
    re.IGNORECASE | re.VERBOSE,
)
_TITLE = re.compile(rf"(?P<before>[^:;]{{0,90}}?)\b{_PART}\W{{1,3}}{_CRITERIA}\b(?P<after>.{{0,160}})", re.IGNORECASE | re.DOTALL)
_TURNED = re.compile(rf"(?P<before>(?:\w+\W){{0,3}}?){_CRITERIA}\W+(?:for|of)\W+{_PART}\b(?P<after>[^.;]{{0,80}}){_COLON}\W*", re.IGNORECASE)
_EXCLUSIONS = re.compile(
    rf"(?P<before>(?:[\w'&/,()-]+[^\S\n]+){{0,4}}?)(?P<non>non-?\s?)?(?P<part>in|ex)clu(?:sions?|ded)(?P<after>\b[^.:]{{0,60}}){_COLON}\W*",
    re.IGNORECASE,
)
_TYPO = re.compile(rf"[\W_]*(?:(?:key|main)\W+)?(?P<word>(?:in|ex)[a-z]{{4,8}}n)\W+{_CRITERIA}[\W_]*", re.IGNORECASE)

_INSIDE = re.compile(
    rf"""(?<=[\s.;:,)\]])(?:(?P<words>(?:Key|Main|General|Additional|Other|Specific|Principal|Primary|Secondary|Newly\ added)[^\S\n]+)|(?=[A-Z]))
    (?P<non>[Nn][Oo][Nn]-?\s?)?(?P<part>(?i:in|ex))(?i:clusion(?:ary)?[^\S\n]+criteri(?:a|on))\b
    (?P<after>(?:[^\S\n]+(?:for|in|of)\b[^.;:\n]{{0,60}}|[^\S\n]*\([^()\n]{{1,60}}\))?)[^\S\n]*{_COLON}[^\S\n]*
    |(?<=[.;)][ ])(?P<words2>[A-Z][\w-]*[ ](?:[\w-]+[ ]){{0,2}})(?P<non2>non-?)?(?P<part2>in|ex)clusion[ ]criteria\.?$""",
    re.VERBOSE,
)
_SAME_SENTENCE = re.compile(r"\b(?:the|any|all|following|meet|meets|meeting|these|and|or|other)\W*$", re.IGNORECASE)

#: Words before "inclusion criteria" that make a statement of it, and verbs after it that do.
_SAID_BEFORE = re.compile(
    r"""\b(?:not?|meet\w*|met|fulfil\w*|satisf\w*|follow\w*|protocol|per|see|above|below|to|there|do|does|any|all|each|every|one|some
    |without|free|who|if|is|are|was|were|considered)\b|/\s*$|\binclusion\W+and\W*$""",
    re.IGNORECASE | re.VERBOSE,
)
_SAID_AFTER = re.compile(
    r"\b(?:is|are|was|were|may|might|can|could|will|would|must|should|shall|appl\w+|not|met|have|has|had|noted|only if|as defined)\b",
    re.IGNORECASE,
)
_QUALIFIES = re.compile(
    r"\W*$|[^\S\n]*(?:[(\[,–—-]|for|of|in|to|at|on|with|prior|before|after|determined|specific|only|#|[A-Z0-9]{1,3}\b)", re.IGNORECASE
)
_ASIDE = re.compile(r"\([^()]*\)")

#: A sentence that is a heading holds hardly a word outside this list.
_FRAME = frozenset(
    """a an the all any each every either who whom that which both one two more least or and but only of to in into from for on at by
    with as if when not be is are was were been being have has had do does must should will would shall can cannot may might also
    patient patients subject subjects participant participants individual individuals person persons people volunteer volunteers
    woman women man men child children infant infants mother mothers father fathers family families adult adults donor donors case
    cases control controls healthy those they them he she it their this these such there anyone he/she
    meet meets met meeting fulfil fulfill fulfils fulfills fulfilled fulfilling satisfy satisfies satisfied comply complies
    following criteria criterion condition conditions characteristics requirement requirements circumstances reasons situations
    study studies trial trials protocol research investigation participation participate participating enrol enroll enrolled enrolling
    enrolment enrollment entry enter entering entered recruited recruitment admitted admission selected selection registration
    eligible eligibility ineligible excluded exclude excludes excluding exclusion exclusionary included include includes
    inclusion considered disqualified disqualify disqualifies qualify qualified qualifies randomized randomised randomization
    randomisation screening baseline time order listed described defined mentioned above below apply applies applied exist exists
    present presents presence presenting true general additional additionally addition new potential potentially
    cohort cohorts group groups part parts arm arms phase category categories stage section but limited unless otherwise noted""".split()
)
_WORD = re.compile(r"[^\W\d_][\w'’/-]*")
_LEADS_ON = re.compile(r"\bfollow|\bif\b|\bcriteri|\bconditions\b|\bthey\W*$|\bappl|\bexclusionary", re.IGNORECASE)
_LEADS_ON_WITHOUT_COLON = re.compile(r"\bfollowing\b|\bif\W*$|\bthey\W*$", re.IGNORECASE)
_SAYS_IN = re.compile(r"\beligib|\binclu(?:ded|sion)|\bqualif|\benrol|\bent(?:er|ry)|\bparticipat(?:e|ion|ing)\b|\brandomi|\badmitted", re.IGNORECASE)
_SAYS_OUT = re.compile(
    r"""\bexclu(?!siv)|\bineligib|disqualif|\b(?:not|cannot|never|no)\W+(?:\w+\W+){0,2}?
    (?:eligib|includ|enrol|enter|entry|admit|consider|qualif|participat|meet|fulfil)""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS_NOT_OUT = re.compile(r"\b(?:not|no|without)\W+(?:\w+\W+)?(?:exclu(?!sion criteri)|ineligib|disqualif)", re.IGNORECASE)

#: Titles in the other languages of the registries. What is "not included" is excluded.
_FOREIGN_OUT = r"""
    crit[èe]res?\s(?:de\s|d['’]\s?)?(?:non[\s-]*inclusion|exclusion)
    |criterios?\s(?:de\s)?(?:exclusi[óo]n|no\sinclusi[óo]n)|crit[ée]rios?\s(?:de\s)?(?:exclus[ãa]o|n[ãa]o[\s-]inclus[ãa]o)
    |criteri\s(?:di\s)?(?:esclusione|non\sinclusione)|criterii(?:le)?\s(?:de\s)?excludere
    |ausschlu(?:ss|ß)[\s-]?kriteri(?:en|um)|exclusie[\s-]?criteria|e(?:ks|x)klu[sz]j?ions[\s-]?kriterie?r?
    |kryteria\s(?:wy[łl][ąa]czenia|wykluczenia|wykluczaj[ąa]ce|nie\s?w[łl][ąa]czenia)
    |kiz[áa]r[áa]si\s(?:krit[ée]rium|felt[ée]tel)\w*
    |vylu[čc]ovac[ií]\w*\skrit[ée]ri\w+|krit[ée]ri[aá]\s(?:pro\s|na\s)?(?:vylou[čc]en[ií]|vy[řr]azen[ií]|vyl[úu][čc]eni[ae]|neza[řr]azen[ií])
    |(?:kriteriji?\s)?(?:za\s)?isklju[čc]\w+(?:\skriterij\w*)?|izklju[čc]itven\w+\s(?:kriterij|meril)\w*
    |κριτ[ήη]ρια\s(?:αποκλεισμο[ύυ]|μη\s(?:[έε]νταξης|εισαγωγ[ήη]ς))
    |критери[ий]\w?\s(?:за\s)?(?:исключения|изключване|не\s?включения)|изключващи\sкритерии
    |poissulkukriteeri\w*|v[äa]listami(?:se|s)\s?kriteeriumi\w*|izsl[ēe]g[šs]anas\skrit[ēe]rij\w*
    |(?:ne[įi]traukimo|atmetimo|pa[šs]alinimo)\skriterij\w*|(?:d[ıi][şs]lama|d[ıi][şs]lanma|hari[çc]\stutulma)\skriterler\w*
    |排除标准|排除標準|除外基準|除外标准|제외\s?기준"""
_FOREIGN_IN = r"""
    crit[èe]res?\s(?:de\s|d['’]\s?)?(?:inclusion|s[ée]lection|[ée]ligibilit[ée])
    |criterios?\s(?:de\s)?inclusi[óo]n|crit[ée]rios?\s(?:de\s)?inclus[ãa]o|criteri\s(?:di\s)?inclusione|criterii(?:le)?\s(?:de\s)?includere
    |einschlu(?:ss|ß)[\s-]?kriteri(?:en|um)|inclusie[\s-]?criteria|inklu[sz]j?ions[\s-]?kriterie?r?
    |kryteria\s(?:w[łl][ąa]czenia|kwalifikuj[ąa]ce)|bev(?:[áa]laszt[áa]|[áa]logat[áa])si\s(?:krit[ée]rium|felt[ée]tel)\w*
    |za[řr]azovac[ií]\skrit[ée]ri\w+|krit[ée]ri[aá]\s(?:pro\s|na\s)?(?:za[řr]azen[ií]|zaradeni[ae])
    |(?:kriteriji?\s)?(?:za\s)?uklju[čc]\w+(?:\skriterij\w*)?|vklju[čc]itven\w+\s(?:kriterij|meril)\w*
    |κριτ[ήη]ρια\s(?:[έε]νταξης|εισαγωγ[ήη]ς|συμπερ[ίι]ληψης|εισδοχ[ήη]ς|επιλεξιμ[όο]τητας)
    |критери[ий]\w?\s(?:за\s)?(?:включения|включване)|включващи\sкритерии
    |(?:sis[äa]{2}notto|mukaanotto)kriteeri\w*|kaasami(?:se|s)\s?kriteeriumi\w*|iek[ļl]au[šs]anas\skrit[ēe]rij\w*
    |[įi]traukimo\skriterij\w*|dahil\s(?:edilme|etme|olma)\skriterler\w*
    |纳入标准|納入標準|入选标准|選択基準|組入れ基準|선정\s?기준"""
_FOREIGN = re.compile(
    rf"[\W_]*(?P<before>[^:：\n]{{0,80}}?)\b(?:(?P<out>{_FOREIGN_OUT})|(?P<in>{_FOREIGN_IN}))(?P<after>[^:：\n]{{0,90}})(?P<stop>{_COLON}|$)\s*",
    re.IGNORECASE | re.VERBOSE,
)


def heading(line: str, *, bulleted: bool) -> Heading | None:
    """The heading that `line` begins with, None when the line is a criterion.

    `line` has neither bullet nor blanks at its ends. `bulleted` says whether it had a bullet: a list item is a heading
    only when it looks like nothing else.
    """
    low = line.lower()
    if "clu" in low or "criter" in low or "eligib" in low or "klu" in low or "qualif" in low:
        for rule in (_plain, _opening, _title, _sentence):
            if found := rule(line, bulleted):
                return found
    elif line.isascii():
        return None
    return _foreign(line)


def inside(line: str) -> tuple[int, Heading] | None:
    """A heading in the middle of a line ("... signed consent Exclusion criteria: ..."): where it starts, and itself."""
    match = _INSIDE.search(line)
    if match is None or _SAME_SENTENCE.search(line, 0, match.start()):
        return None
    if match["part2"]:
        return match.start(), Heading(_named(match["non2"], match["part2"]), match.end() - match.start(), False)
    return match.start(), Heading(_kind(match), match.end() - match.start(), not match["words"] and not match["after"])


def _named(non: str | None, part: str) -> CriterionKind:
    return "exclusion" if non or part[0] in "eE" else "inclusion"


def _kind(match: re.Match[str]) -> CriterionKind:
    return _named(match["non"], match["part"])


def _closed(line: str) -> bool:
    return line.endswith((":", "：", ":-", ": -"))


def _plain(line: str, bulleted: bool) -> Heading | None:
    if len(line) > 70:
        return None
    if match := _PLAIN.fullmatch(line):
        # "... inclusion." and "excluded" are the last words of a wrapped sentence
        if ":" in match["stop"] or "：" in match["stop"] or line[:1].isupper() or line.lower().endswith("criteria"):
            return Heading(_kind(match), len(line), True)
        return None
    if _BOTH.fullmatch(line) and not line[0].islower():
        return Heading(None, len(line), True)
    match = _TYPO.fullmatch(line)
    if match and (_closed(line) or not bulleted):
        for part in ("inclusion", "exclusion"):
            if DamerauLevenshtein.distance(match["word"].lower(), part, score_cutoff=2) <= 2:
                return Heading(_named(None, part), len(line), True)
    return None


def _opening(line: str, bulleted: bool) -> Heading | None:
    """ "Inclusion criteria: 1. Adults", "Exclusion Criteria <18 years": content follows on the line."""
    match = _OPENING.match(line)
    if match is None or (line[match.start("part")].islower() and not match["words"] and match["stop"] not in (":", "：")):
        return None  # "... exclusion criteria. We will include" ends a wrapped sentence
    return Heading(_kind(match), match.end(), not match["words"] and not match["aside"])


def _title(line: str, bulleted: bool) -> Heading | None:
    """ "Part C Abbreviated Inclusion Criteria specific to NSCLC Patients": the whole line is a title."""
    closed = _closed(line)
    if len(line) > 240 or line[-1] in ";,":
        return None
    if closed and (match := _TURNED.fullmatch(line)):
        return Heading(_kind(match), len(line), False)
    if closed and (match := _EXCLUSIONS.fullmatch(line)) and not _SAID_BEFORE.search(match["before"]):
        return None if bulleted and _runs_into(line, match) else Heading(_kind(match), len(line), False)
    match = _TITLE.fullmatch(line)
    if match is None:
        return None
    before, after = match["before"], match["after"]
    if len(before.split()) > 9 or _SAID_BEFORE.search(before) or before.rstrip().endswith(".") or after.count(")") > after.count("("):
        return None
    if bulleted and _runs_into(line, match):
        return None
    if not closed:
        said = not after.lstrip().lower().startswith("for ") and _SAID_AFTER.search(_ASIDE.sub("", after))
        if said or not _QUALIFIES.match(after) or not (line[0].isupper() or bulleted):
            return None
        if bulleted and (len(before.split()) > 3 or len(line) > 90 or re.search(r"(?i)\bwith\b", before)):
            return None
    return Heading(_kind(match), len(line), False, unfinished=after.count("(") > after.count(")"))


def _runs_into(line: str, match: re.Match[str]) -> bool:
    """Whether a criterion runs into the title: "Signed informed consent Exclusion criteria:" in a list item."""
    words = match["before"].split()
    return bool(words) and line[match.start("part")].isupper() and words[-1].islower() and words[-1] not in _FRAME


def _sentence(line: str, bulleted: bool) -> Heading | None:
    """ "Subjects presenting with any of the following will not be included in the study:": a frame without content."""
    closed = _closed(line)
    if not closed and (bulleted or line[-1] in ";,)" or not line[0].isupper() or not _LEADS_ON_WITHOUT_COLON.search(line)):
        return None
    if len(line) > 400 or not _LEADS_ON.search(line):
        return None
    text = _ASIDE.sub("", line)
    words = _WORD.findall(text.lower())
    strange = {word for word in words if word not in _FRAME}
    if len(strange) > 2 or len(strange) * 4 > len(words) or _SAYS_NOT_OUT.search(text):
        return None
    if _SAYS_OUT.search(text):
        return Heading("exclusion", len(line), False, unfinished=not closed)
    if _SAYS_IN.search(text):
        return Heading("inclusion", len(line), False, unfinished=not closed)
    return None


def _foreign(line: str) -> Heading | None:
    match = _FOREIGN.match(line)
    if match is None:
        return None
    before, after = match["before"], match["after"].strip(" .-")
    if len(before.split()) > 3 and not match["stop"] or (after and not match["stop"] and len(line) > 110):
        return None
    return Heading("exclusion" if match["out"] else "inclusion", match.end(), not before and not after)
