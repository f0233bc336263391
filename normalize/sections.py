"""Headings of eligibility texts: which line opens the inclusion or the exclusion part. Called by `eligibility`; registry-blind.

A heading is a title ("Key Inclusion Criteria for Cohort B:", "Critères de non inclusion") or a sentence that says nothing
but what follows ("Subjects will be excluded if any of the following apply:"). A criterion that merely mentions inclusion
or exclusion ("Patient meets the inclusion criteria of the parent study") is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import DamerauLevenshtein

from normalize import foreign_titles, headings
from normalize.headings import COLON, CRITERIA, FRAME, GROUP, LABEL, PART, Heading, kind_of, named
from normalize.text import plain

_PARTS: tuple[Literal["inclusion"], Literal["exclusion"]] = ("inclusion", "exclusion")

_PLAIN = re.compile(
    rf"""[\W_]*(?:the\W+)?(?:(?:key|main|major|principal|primary|general|important|patient|subject|participant|study|trial)\W+)*
    {PART}(?:\W+{CRITERIA})?(?:\W+(?:are|include|includes|were|is|as\ follows?|the\ following))*(?P<stop>[\W_]*)""",
    re.IGNORECASE | re.VERBOSE,
)
_BOTH = re.compile(
    rf"""[\W_]*(?:(?:key|main|subject|patient)\W+)?
    (?:(?:inclusion\s*(?:/|and|&)\s*exclusion|eligibility|selection|enrol+ment|entry)(?:\W+criteria)?|criteria)\s*{COLON}[\W_]*
    |[\W_]*(?:inclusion\s*(?:/|and|&)\s*exclusion|eligibility)\s+criteria[\W_]*""",
    re.IGNORECASE | re.VERBOSE,
)
_OPENING = re.compile(
    rf"""[\W_]*(?P<words>(?:(?:the|main|key|general|other|additional|selection\ criteria:)[ ])*)
    (?P<non>non-?\s?)?(?P<part>in|ex)clu(?:sions?|tion|sionary|sive(?=[ ]crit))(?:[^\S\n]+(?:{CRITERIA}))?(?P<aside>[^\S\n]*\([^()\n]{{1,100}}\))?
    (?P<verb>[^\S\n]+(?:are|were|includes?|included)(?:[ ]as[ ]follows|[ ]the[ ]following)?(?={COLON}))?[^\S\n]*
    (?P<stop>{COLON}|\.(?=[^\S\n]+(?-i:[A-Z]))|(?=[<>≥≤•●\uf0b7])|-{{2,}}(?=[^\S\n]))[^\S\n]*[.\-–]?[^\S\n]*""",
    re.IGNORECASE | re.VERBOSE,
)
_FURTHER = re.compile(r"other|additional", re.IGNORECASE)
_TITLE = re.compile(
    rf"(?P<before>[^:;]{{0,90}}?)\b{PART}\W{{1,3}}{CRITERIA}\b(?P<after>.{{0,160}})", re.IGNORECASE | re.DOTALL
)
_TURNED = re.compile(
    rf"(?P<before>(?:\w+\W){{0,3}}?){CRITERIA}\W+(?:for|of)\W+{PART}\b(?P<after>[^.;]{{0,80}}){COLON}\W*",
    re.IGNORECASE,
)
_TURNED_OPENING = re.compile(
    rf"[\W_]*(?P<words>(?:(?:the|main|key|general|other)[ ])*)(?:{CRITERIA}|reasons?)[ ](?:for|of)[ ]{PART}[^\S\n]*{COLON}[^\S\n]*",
    re.IGNORECASE,
)
_EXCLUSIONS = re.compile(
    rf"(?P<before>(?:[\w'&/,()-]+[^\S\n]+){{0,4}}?)(?P<non>non-?\s?)?(?P<part>in|ex)clu(?:sions?|ded)(?P<after>\b[^.:]{{0,60}}){COLON}\W*",
    re.IGNORECASE,
)
_TYPO = re.compile(rf"[\W_]*(?:(?:key|main)\W+)?(?P<word>(?:in|ex)[a-z]{{4,8}}n)\W+{CRITERIA}[\W_]*", re.IGNORECASE)

_INSIDE = re.compile(
    rf"""(?=[A-Zaceirt])(?:  # how they all begin
    (?<=[\s.;:,)\]])(?:(?P<words>(?:The|Key|Main|General|Additional|Other|Specific|Principal|Primary|Secondary|Newly\ added)[^\S\n]+)|(?=[A-Z]))
    (?P<non>[Nn][Oo][Nn]-?\s?)?(?P<part>(?i:in|ex))(?i:clusion(?:ary)?[^\S\n]+criteri(?:a|on))\b
    (?P<after>(?:[^\S\n]+(?:for|in|of|includes?|included)\b[^.;:\n]{{0,60}}|[^\S\n]+(?P<verb>are|were)\b[^.;:\n]{{0,60}}|[^\S\n]*\([^()\n]{{1,60}}\))?)[^\S\n]*{COLON}[^\S\n]*
    |(?<=[\s.;:,)\]])(?P<part3>(?:IN|EX)CLUSIONS?|(?<=[.;,)\d][ ])(?:In|Ex)clusions?)[^\S\n]*{COLON}[^\S\n]*
    |(?<=[.;)][ ])(?P<part6>(?:In|Ex)clusion)[ ](?i:criteria)[ ][-–][ ]
    |(?<=[.;)][ ])(?P<words4>(?:[A-Z][a-z]+[ ])?)(?i:{CRITERIA})[ ]for[ ](?P<part4>in|ex)clusion[^\S\n]*{COLON}[^\S\n]*
    |(?<=[.;][ ])(?:and[ ])?(?:the[ ])?(?P<part5>in|ex)clusion[ ]criteria(?:[ ](?:are|were|includes?|included))?[^\S\n]*{COLON}[^\S\n]*
    |(?<=[.;)][ ])(?P<words2>[A-Z][\w-]*[ ](?:[\w-]+[ ]){{0,2}})(?P<non2>non-?)?(?P<part2>in|ex)clusion[ ]criteria\.?$)""",
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
#: A title up to a colon with content behind: "Maternal inclusion criteria: ...", "Exclusion criteria for women with lupus: nephritis".
_TITLE_AND_COLON = re.compile(
    rf"(?P<before>(?:[\w'’/&-]+\s){{0,4}}?){PART}\W{{1,3}}{CRITERIA}\b(?P<after>[^:：.;]{{0,80}}){COLON}\s*(?=\S)",
    re.IGNORECASE,
)
_QUALIFIES = re.compile(
    r"\W*$|[^\S\n]*(?:[(\[,–—-]|for|of|in|to|at|on|with|prior|before|after|determined|specific|only|#|(?-i:[A-Z0-9]{1,3})\b)",
    re.IGNORECASE,
)
#: Of a title that begins its line, and after which a criterion follows without a colon: its words, and a verb that leads on.
_TITLE_FIRST = re.compile(
    rf"""[\W_]*(?:(?:the|key|main|major|principal|primary|general|important|patient|subject|participant|study)\s)*
    (?-i:(?=[A-Z])){PART}(?:\s{CRITERIA}\b|(?=\s?[-–—]\s))(?P<verb>\s(?:are|were|includes?|included|comprised?)(?:\sthe\sfollowing|\sas\sfollows)?\b)?[\s–—-]+(?=[\w<>≥≤]|\((?:1|i|a)\))""",
    re.IGNORECASE | re.VERBOSE,
)
#: What is said of the criteria there ("Inclusion criteria not met"), or for whom they are ("Exclusion Criteria - Part A"): no criterion.
_SAID_OF_IT = re.compile(
    r"""(?:the\s)?(?:is|are|was|were|may|might|can|could|will|would|must|should|shall|do|does|did|appl\w+|not|met|have|has|had|noted|only|also|and|or|but|as
    |same|similar|listed|described|defined|above|below|stated|specified|assess\w*|review\w*|check\w*|evaluat\w*|confirm\w*|verif\w*|based|fulfill?\w*|used
    |according|regarding|related|concerning|relevant|determined|specific|for|of|in|to|at|on|with|by|from|per|prior|before|after|until|during|that|which|who
    |include\w*|compris\w*|consist\w*|follow\w*)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ASIDE = re.compile(r"\([^()]*\)")

_WORD = re.compile(r"[^\W\d_][\w'’/-]*")
_LEADS_ON = re.compile(
    r"\bfollow|\b(?:take\spart|participate)\W*$|\bif\b|\bcriteri|\bconditions\b|\b(?:they|who)\W*$|\bmust(?:\s(?:be|have|meet))?\W*$|\bappl|\bexclusionary",
    re.IGNORECASE,
)
#: "II. Exclusion criteria" where no list has come so far.
_NUMBERED = re.compile(r"(?:[IVX]{1,4}|[A-Z]|\d{1,2})\s?[.)]\s*(?=\w)")
_SHORT = re.compile(
    rf"(?P<non>[Nn]ot\s)?(?P<part>[Ii]n|[Ee]x)(?:clude[ds]?|(?<=I.|E.)cl\.?(?:\scriteria)?)\s?{COLON}\s*(?=\S)"
)
_MISSPELT = re.compile(
    rf"(?:(?:key|main)\s)?(?P<word>(?:in|ex)[a-z]{{4,8}}n)\s(?P<criteria>c[a-z]{{5,9}})\s?{COLON}\s*(?=\S)",
    re.IGNORECASE,
)
_STOPS = (":", "：", " - ", " – ", "? ")
_LEAD_STOP = re.compile(rf"{COLON}\s+(?=\S)|\s[-–]\s|\?\s+(?=\S)")
#: At the end of a lead that says nothing else: "Eligible subjects:", "Patients not eligible for inclusion:".
_ELIGIBLE_LAST = re.compile(
    r"\b(?:in)?eligible(?:\s(?:patients|subjects|participants|women|men|individuals|persons|people|couples|children|(?:for|to)\s[\w\s]{3,30}))?\W*$",
    re.IGNORECASE,
)
#: A title in the markup of a web page.
_MARKED = re.compile(r"<(b|strong|u|em|h[1-6])>(?P<title>[^<>]{1,120})</\1>\s?:?", re.IGNORECASE)
_LEADS_ON_WITHOUT_COLON = re.compile(
    r"\bfollowing\b|\bif\W*$|\bthey\W*$|\b(?:take\spart|participate)\?$", re.IGNORECASE
)
_SAYS_IN = re.compile(
    r"\beligib|\binclu(?:ded|sion)|\bqualif|\btake\spart|\benrol|\bent(?:er|ry)|\bparticipat(?:e|ion|ing)\b|\brandomi|\badmitted",
    re.IGNORECASE,
)
_SAYS_OUT = re.compile(
    r"""\bexclu(?!siv)|\bineligib|disqualif|(?:\b(?:not|cannot|never|no)|n['’]t)\W+(?:\w+\W+){0,2}?
    (?:eligib|includ|enrol|take\spart|enter|entry|admit|consider|qualif|participat|meet|fulfil)""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS_NOT_OUT = re.compile(
    r"\b(?:not|no|without)\W+(?:\w+\W+)?(?:exclu(?!sion criteri)|ineligib|disqualif)", re.IGNORECASE
)


#: One of these is in every heading, unless `may_have_no_stem`. A pattern that begins with a letter, a rare one, is found fastest.
_STEMS = tuple(
    map(re.compile, (rb"c(?:l[u.:]|riter)", rb"g(?<=elig)ib", rb"k(?:rit|ryt|lud|(?<=tak)e part)", rb"w(?<=follow)ing"))
)
#: One of these is in every sentence that leads to content on its own line.
_LEADS = ("clu", "cl.", "cl:", "criter", "eligib", "take part", "following")
_COLONS = (":", "：", ":-", ": -")
_RUNS_ON = (" if", " they", "part?", "pate?")
_CLOSINGS = (*_COLONS, *_RUNS_ON)
#: The last characters of those.
ENDS = ":：-fFyY?"


def stems(low: bytes) -> list[int]:
    """Where in a text, made `searchable`, stems of headings stand: a quick look for lines that can be one. The last is behind the text."""
    return [*sorted([found.start() for stem in _STEMS for found in stem.finditer(low)]), len(low) + 1]


def may_have_no_stem(line: str) -> bool:
    """A quick look at a line with one of `ENDS` or that is not ASCII: whether it can be a heading without any of the stems."""
    if line[-5:].lower().endswith(_CLOSINGS):
        return True
    rest = plain(line)
    return not rest.isascii() and foreign_titles.may_be_foreign(rest.lower())


#: Characters; longer lines are hardly written twice, and are not kept.
LONGEST_KEPT = 500


@lru_cache(maxsize=8192)
def heading(line: str, bulleted: bool) -> Heading | None:
    """The heading that `line` begins with, None when the line is a criterion.

    `line` has neither bullet nor blanks at its ends. `bulleted` says whether it had a bullet: a list item is a heading
    only when it looks like nothing else.
    """
    if line[0] == "<" and (marked := _MARKED.match(line)):
        said = _unnumbered(marked["title"].strip(), bulleted)
        return said._replace(end=marked.end()) if said and said.end == len(marked["title"].strip()) else None
    numbered = None if bulleted or line[0].islower() else _NUMBERED.match(line)
    if numbered is None:
        return _unnumbered(line, bulleted)
    found = _unnumbered(line[numbered.end() :], bulleted)
    return found._replace(end=found.end + numbered.end()) if found else None


def _unnumbered(line: str, bulleted: bool) -> Heading | None:
    low = plain(line).lower()
    if "crit" in low and not bulleted and (found := headings.afterwards(line)):
        return found
    titled = "clusi" in low or "cluti" in low
    closed = low.endswith(_COLONS)
    short = len(line) <= 60 and ("criter" in low or "clu" in low or "eligib" in low)
    if (titled or short) and (found := _plain(line, closed, bulleted)):
        return found
    if titled and (found := _opening(line) or _turned_opening(line)):
        return found
    if titled and (found := (not closed and _title_and_more(line)) or _title(line, closed, bulleted)):
        return found
    leads = not closed and any(stop in line for stop in _STOPS) and any(stem in low for stem in _LEADS)
    if leads and (found := _lead_and_more(line, bulleted)):
        return found
    if closed and "clu" in low and (found := _exclusions(line, bulleted)):
        return found
    leads_on = closed or "following" in low or low.endswith(_RUNS_ON)
    if leads_on and (found := _sentence(line, closed, bulleted)):
        return found
    if (
        (titled and ("criterio" in low or "criteri " in low or "clusie" in low))
        or ("krit" in low or "kryt" in low or "klud" in low)
        or (not low.isascii() and foreign_titles.may_be_foreign(low))
    ):
        return foreign_titles.heading(line)
    return None


#: One of these follows a heading in the middle of a line.
_HIDES = (":", "：", "riteria - ", "riteria – ")


def _may_hide(line: str) -> bool:
    """A quick look: whether a line can have a heading in its middle, before a colon or at its end."""
    if not any(sign in line for sign in _HIDES) and not line.endswith(("criteria", "criteria.")):
        return False
    if "lusi" in line or "LUSI" in line or "krit" in line or "Krit" in line or "kryt" in line or "Kryt" in line:
        return True
    return not line.isascii() and foreign_titles.may_be_foreign(line.lower())


def inside(line: str) -> tuple[int, Heading] | None:
    """A heading in the middle of a line ("... signed consent Exclusion criteria: ..."): where it starts, and itself."""
    if not _may_hide(line):
        return None
    match = _INSIDE.search(line) if "clusion" in line.lower() else None
    if match is None:
        return foreign_titles.inside(line)
    if _SAME_SENTENCE.search(line, 0, match.start()) or (match["verb"] and _FURTHER.match(match["words"] or "")):
        return None
    size = match.end() - match.start()
    if match["part2"]:
        return match.start(), Heading(named(match["non2"], match["part2"]), size, False)
    if part := match["part3"] or match["part4"] or match["part5"] or match["part6"]:
        return match.start(), Heading(named(None, part), size, not match["words4"])
    return match.start(), Heading(
        kind_of(match), match.end() - match.start(), not match["words"] and not match["after"]
    )


def _plain(line: str, closed: bool, bulleted: bool) -> Heading | None:
    if len(line) > 70:
        return None
    if match := _PLAIN.fullmatch(line):
        # "... inclusion." and "excluded" are the last words of a wrapped sentence
        if ":" in match["stop"] or "：" in match["stop"] or _begins_large(line) or line.lower().endswith("criteria"):
            return Heading(kind_of(match), len(line), True)
        return None
    if _BOTH.fullmatch(line) and not line[0].islower():
        return Heading(None, len(line), True)
    match = _TYPO.fullmatch(line)
    if match and (closed or not bulleted) and (part := _meant(match["word"])):
        return Heading(part, len(line), True)
    return None


def _meant(word: str) -> Literal["inclusion", "exclusion"] | None:
    """The half that a misspelt word names: "Inculsion", "Exlusion"."""
    near = [(DamerauLevenshtein.distance(word.lower(), part, score_cutoff=2), part) for part in _PARTS]
    distance, part = min(near)
    return part if distance <= 2 else None


def _begins_large(line: str) -> bool:
    first = _WORD.search(line)
    return first is not None and first[0][0].isupper()


def _opening(line: str) -> Heading | None:
    """ "Inclusion criteria: 1. Cyclists", "Exclusion Criteria <21 years": content follows on the line."""
    match = _OPENING.match(line)
    if match is None or (
        line[match.start("part")].islower() and not match["words"] and match["stop"] not in (":", "：")
    ):
        return None  # "... exclusion criteria. Then they" ends a wrapped sentence
    if match["verb"] and _FURTHER.search(match["words"]):
        return None  # "Other inclusion criteria are: (1) ..." leads a list of its half
    return Heading(kind_of(match), match.end(), not match["words"] and not match["aside"])


def _turned_opening(line: str) -> Heading | None:
    """ "Main criteria for inclusion: cyclists": content follows on the line."""
    match = _TURNED_OPENING.match(line)
    return Heading(kind_of(match), match.end(), not match["words"]) if match else None


def _title(line: str, closed: bool, bulleted: bool) -> Heading | None:
    """ "Stage Two Shortened Inclusion Criteria specific to Cyclists": the whole line is a title."""
    if len(line) > 240 or line[-1] in ";,":
        return None
    if closed and (match := _TURNED.fullmatch(line)):
        return Heading(kind_of(match), len(line), False)
    match = _TITLE.fullmatch(line)
    if match is None:
        return None
    before, after = match["before"], match["after"]
    if (
        len(before.split()) > 9
        or _SAID_BEFORE.search(before)
        or before.rstrip().endswith(".")
        or after.count(")") > after.count("(")
    ):
        return None
    if bulleted and _runs_into(line, match):
        return None
    if not closed:
        said = not after.lstrip().lower().startswith("for ") and _SAID_AFTER.search(_ASIDE.sub("", after))
        if said or not (_QUALIFIES.match(after) or LABEL.match(after.lstrip())) or not (line[0].isupper() or bulleted):
            return None
        if bulleted and (len(before.split()) > 3 or len(line) > 90 or re.search(r"(?i)\bwith\b", before)):
            return None
    return Heading(kind_of(match), len(line), False, unfinished=after.count("(") > after.count(")"))


def _title_and_more(line: str) -> Heading | None:
    """ "Maternal exclusion criteria: lupus", "Exclusion criteria include dialysis", "Exclusion Criteria Women with lupus": content follows on the line."""
    if (":" in line or "：" in line) and (match := _TITLE_AND_COLON.match(line)):
        before, after = match["before"], match["after"]
        said = not after.lstrip().lower().startswith("for ") and _SAID_AFTER.search(after)
        if said or _SAID_BEFORE.search(before) or _runs_into(line, match) or not _QUALIFIES.match(after):
            return None
        return Heading(kind_of(match), match.end(), False)
    match = _TITLE_FIRST.match(line)
    if match is None or any(said.match(line, match.end()) for said in (_SAID_OF_IT, LABEL, GROUP)):
        return None
    return Heading(kind_of(match), match.end(), not match["verb"])


def _exclusions(line: str, bulleted: bool) -> Heading | None:
    """ "Cancer-Specific Exclusions:", "Excluded within 3 weeks of the first visit:"."""
    match = _EXCLUSIONS.fullmatch(line) if len(line) <= 160 else None
    if match is None or _SAID_BEFORE.search(match["before"]) or (bulleted and _runs_into(line, match)):
        return None
    return Heading(kind_of(match), len(line), False)


def _runs_into(line: str, match: re.Match[str]) -> bool:
    """Whether a criterion runs into the title: "Signed informed consent Exclusion criteria:" in a list item."""
    words = match["before"].split()
    return bool(words) and line[match.start("part")].isupper() and words[-1].islower() and words[-1] not in FRAME


def _sentence(line: str, closed: bool, bulleted: bool) -> Heading | None:
    """ "Persons with any of the following will not be admitted to the trial:": a frame without content."""
    if not closed and (
        bulleted or line[-1] in ";,)" or not line[0].isupper() or not _LEADS_ON_WITHOUT_COLON.search(line)
    ):
        return None
    if len(line) > 400:
        return None
    text = _ASIDE.sub("", line) if "(" in line else line
    first = _WORD.search(text)
    leads_on = _LEADS_ON.search(line) is not None
    if first is None or first[0].lower() not in FRAME or not (leads_on or _ELIGIBLE_LAST.search(text)):
        return None
    words = _WORD.findall(text.lower().replace("’", "'"))
    strange = {word for word in words if word not in FRAME}
    if (
        (strange and not leads_on)
        or len(strange) > (1 if bulleted else 2)
        or len(strange) * 4 > len(words)
        or _SAYS_NOT_OUT.search(text)
    ):
        return None
    if _SAYS_OUT.search(text):
        return Heading("exclusion", len(line), False, unfinished=not closed)
    if _SAYS_IN.search(text):
        return Heading("inclusion", len(line), False, unfinished=not closed)
    return None


def _lead_and_more(line: str, bulleted: bool) -> Heading | None:
    """ "Excluded: smokers", "The following are excluded - smokers", "Exclusion citeria: novices": content follows on the line."""
    if match := _SHORT.match(line):
        return Heading(kind_of(match), match.end(), True)
    match = _MISSPELT.match(line)
    if (
        match
        and DamerauLevenshtein.distance(match["criteria"].lower(), "criteria") <= 2
        and (part := _meant(match["word"]))
    ):
        return Heading(part, match.end(), True)
    stop = _LEAD_STOP.search(line)
    if stop is None or not _begins_large(line):
        return None
    lead = f"{line[: stop.start()].rstrip()}:"
    if _BOTH.fullmatch(lead):
        return Heading(None, stop.end(), True)
    found = _sentence(lead, True, bulleted)
    return Heading(found.kind, stop.end(), False) if found else None
