"""Related-trials room: from a text to terms, and from terms back to phrases for a reader. Pure; called by the other `relate` files.

A term is a word or a pair of neighbouring words, shown as the source writes it, but in lower case where that is no abbreviation;
`root` says which terms are one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from normalize.text import fold

#: Words that carry no subject; a pair does not reach across them.
_GRAMMAR = """
    a after against all also among an and any are as at be been before between both but by can de do does due during each either
    en et for from had has have if in into is it its la less may more most no non nor not of off on once only or other our out
    over per que same some such than that the their them then there these they this those through to under until up upon use
    used using versus via vs was were when which while who whose will with within without y
"""
#: Words for what the tested thing is compared with, and for arms as such: two trials with a placebo have nothing in common by it.
_COMPARATORS = """
    active arm arms best blank care comparator control controlled controls conventional dummy experimental group groups
    intervention interventions matching nil none placebo placebos regimen regular routine sham soc standard supportive usual
    vehicle
"""
#: Words for what is done to see how people fare: a trial whose intervention is called "blood sample" or "questionnaires" tests none.
_LOOKING = """
    additional biological blood collection draw drawing interview interviews online questionnaire questionnaires saliva sample samples
    sampling specimen specimens survey surveys test tests urine venous
"""
_NO_INTERVENTION = frozenset(fold(word) for word in (_LOOKING + _COMPARATORS).split())
#: The same of MeSH, with what stands above these and terms for arms, forms and treatment as such.
_NO_INTERVENTION_IN_MESH = frozenset((
    "Blood Specimen Collection", "Clinical Laboratory Techniques", "Control Groups", "Data Collection", "Diagnosis",
    "Diagnostic Techniques and Procedures", "Drug Therapy", "Environment and Public Health", "Epidemiologic Methods",
    "Health Care Evaluation Mechanisms", "Health Care Quality, Access, and Evaluation", "Hematologic Tests", "Injections",
    "Interviews as Topic", "Investigative Techniques", "Pharmaceutical Solutions", "Placebos", "Public Health", "Punctures",
    "Quality of Health Care", "Solutions", "Specimen Handling", "Standard of Care", "Surgical Procedures, Operative",
    "Surveys and Questionnaires", "Therapeutics",
))  # fmt: skip
#: How much and how often, with or without a figure before.
_UNITS = """
    bid cc cm dose doses eq gram grams gy h hr hrs hour hours iu kg litre liter mcg meq mg min ml mm mmol ng qd tid ug ui unit units
    μg µg μl day days week weeks month months year years times daily weekly monthly twice once
"""
_PHASES = "phase i ii iii iv"
_BARRIERS = frozenset(fold(word) for word in (_GRAMMAR + _COMPARATORS + _UNITS + _PHASES).split())

#: Words of which no phrase that is told as a reason consists: they say that a trial is a trial, or how a thing is given or measured.
_UNTOLD_WORDS = """
    acute administration adult adults adverse agent application assessed assessment associated baseline capsule capsules case cases
    change changes child children chronic clinical cohort combination combined compared comparing comparison day days design disease
    diseases disorder disorders drug drugs duration early effect effective effectiveness effects efficacy end evaluate evaluation
    event events exposure feasibility follow following frequency group healthy high hospital human impact improvement incidence
    infusion injection injections intravenous investigation label late level levels long low mean measure measured men method mild
    moderate multicenter multicentre new number observation observational occurrence open oral outcome outcomes participant
    participants patient patients people percentage period pilot point population positive prevalence prevention product profile
    program prospective protocol quality questionnaire randomised randomized rate rates received receiving reduction related
    response result results retrospective risk safety scale score scores severe severity short recurrent recurring repeated
    spontaneous primary secondary unexplained habitual idiopathic beyond complete viral bacterial inflammatory respiratory lower
    upper factor factors sample samples survey management intensive delayed confinement pandemic assess refractory history inpatient
    outpatient cells cell protein renal blood serum active single solution status study subcutaneous subject subjects subcutaneously
    symptom symptoms syndrome system tablet tablets test therapeutic therapy time total treat treated treating treatment treatments
    trial trials type use value values women
"""
_UNTOLD = frozenset(_UNTOLD_WORDS.split())

_WORD = re.compile(r"([^\W_]+)")
#: A figure with its unit: `200 mg`, `1.5 mg/kg`, `0,5-1 ml`, `10%`.
_DOSE = re.compile(
    r"(?i)(?<!\w)\d[\d.,]*(?:\s*(?:-|–|to|x)\s*\d[\d.,]*)?\s*-?(?:%|(?:"
    + "|".join(sorted((word for word in _UNITS.split() if word not in ("twice", "once")), key=len, reverse=True))
    + r"|g|l|m)(?:\s*/\s*(?:kg|m2|d|day|h|hr|hour|ml|l|dose|week|min|g|m))*(?!\w))"
)
#: What has more words is no name that others would use too.
_LONGEST_WHOLE = 6
#: What stands between two words that are no pair.
_BREAK = re.compile(r"[;:()\[\]|]|[.!?]\s")
_TIES = frozenset(("-", "/", ", ", "'", "’"))

#: How international nonproprietary names are respelled from language to language (WHO: "f" for "ph", "t" for "th", "e" for "ae" and "oe",
#: "i" for "y", no "h", no "k"; WHO/PHARM S/NOM 1570), and what registrants take for one another.
_RESPELLED = (
    ("ph", "f"), ("th", "t"), ("ch", "c"), ("ck", "c"), ("ae", "e"), ("oe", "e"), ("y", "i"), ("k", "c"), ("z", "s"), ("h", ""), ("qu", "c"),
)  # fmt: skip
_DOUBLED = re.compile(r"([^\d])\1")
_ENDING = re.compile(r"(?:ies|es|s|e|a|um|us|o|i)$")
_FIGURE = re.compile(r"\d")


def root(term: str) -> str:
    """What the spellings of a term have in common: `hydroxychloroquine`, `Hydroxychloroquin`, `hidroxicloroquina` are one.

    Words of a pair are rooted each. Words with a figure and those of three letters stay as they are.
    """
    return " ".join([_root(word) for word in fold(term).split(" ")])


def is_tested(name: str) -> bool:
    """Whether the name of an intervention names one: "Blood sample", "Questionnaires" and "Placebo group" do not."""
    return not _NO_INTERVENTION.issuperset(fold(name).split())


def is_tested_in_mesh(term: str) -> bool:
    """The same of a MeSH term that a registry derived from the interventions."""
    return term not in _NO_INTERVENTION_IN_MESH


@lru_cache(maxsize=50_000)
def _root(word: str) -> str:
    if len(word) <= 3 or _FIGURE.search(word):
        return word
    for spelled, sound in _RESPELLED:
        word = word.replace(spelled, sound)
    word = _DOUBLED.sub(r"\1", word)
    return _ENDING.sub("", word) if len(word) > 5 else word.rstrip("s")


def terms(text: str, *, pairs: bool) -> list[str]:
    """Words and, where asked for, pairs of neighbouring words, in reading order; no doses, units and long figures."""
    return [term for term, _ in rooted_terms(text, pairs=pairs)]


def rooted_terms(text: str, *, pairs: bool) -> list[tuple[str, str]]:
    """`terms`, each with its `root`."""
    if _FIGURE.search(text):
        text = _DOSE.sub(" | ", text)
    if text.isupper() and " " in text:
        text = text.lower()
    found: list[tuple[str, str]] = []
    gaps_and_words = _WORD.split(text)
    gaps, words = gaps_and_words[::2], gaps_and_words[1::2]
    before, before_root = "", ""
    for place, (shown, rooted, kind) in enumerate(map(_read, words)):
        if kind == _BARRIER:
            before = ""
            continue
        if before and pairs:
            gap = gaps[place]
            if gap == " " and kind < _NUMBER and not before.isdigit():
                found.append((f"{before} {shown}", f"{before_root} {rooted}"))
            elif _are_neighbours(before, gap, kind):
                found.append((f"{before}{gap if gap in _TIES else ' '}{shown}", f"{before_root} {rooted}"))
        if kind == _PLAIN or (kind == _CAPITALS and not _begin_a_code(gaps, words, place)):
            found.append((shown, rooted))
        elif kind == _LONG_NUMBER:
            before = ""
            continue
        before, before_root = shown, rooted
    return found


def _begin_a_code(gaps: list[str], words: list[str], place: int) -> bool:
    return gaps[place + 1] == "-" and place + 1 < len(words) and words[place + 1][0].isdecimal()


def _are_neighbours(before: str, gap: str, kind: int) -> bool:
    """Whether a word and one of a kind are a pair: `25-hydroxyvitamin` and `type 2`, `NVK-101`, but not `19 patients` and `cohort 2020`."""
    if _BREAK.search(gap) or (before.isdigit() and gap != "-"):
        return False
    return kind != _LONG_NUMBER or gap == "-"


@lru_cache(maxsize=20_000)
def whole(text: str) -> str:
    """The text as one name, whatever the order of its words: `Abortion, Habitual` is `habitual abortion`. Blank: no name."""
    words = sorted({word for _, rooted in rooted_terms(text, pairs=False) for word in rooted.split()})
    return " ".join(words) if len(words) <= _LONGEST_WHOLE else ""


#: What a word is. Of a letter alone only pairs are terms, of a number too; a long number ends a pair. Of a few capital letters before
#: a hyphen and a figure only the pair is: NVK-101 is a code, where NVK alone is everything of that firm.
_PLAIN, _LETTER, _CAPITALS, _NUMBER, _LONG_NUMBER, _BARRIER = range(6)


@lru_cache(maxsize=50_000)
def _read(word: str) -> tuple[str, str, int]:
    """A word as it is shown, its root, and what it is: `Women` -> `women`, `DistrEss` -> `distress`, but `HCQ`, `mRNA`, `C`, `B12` stay."""
    stays = len(word) == 1 or 2 * sum(map(str.isupper, word)) > len(word) or any(map(str.isdigit, word))
    folded, shown = fold(word), word if stays else word.lower()
    if not folded or folded in _BARRIERS:
        kind = _BARRIER
    elif folded.isdigit():
        kind = _NUMBER if len(folded) <= 2 else _LONG_NUMBER
    elif len(folded) == 1:
        kind = _LETTER
    else:
        kind = _CAPITALS if len(shown) <= 4 and shown.isupper() else _PLAIN
    return shown, root(word), kind


#: A short form in brackets behind the words it stands for: `recurrent pregnancy loss (RPL)`; what these do not reach across, and
#: how many characters they have at most.
_SHORT_FORM = re.compile(r"[(\[]\s*([A-Za-z][\w-]{1,9})\s*[)\]]")
_STOP = re.compile(r"[()\[\];:.,]")
_LONGEST_FORM = 100


def abbreviations(text: str) -> dict[str, str]:
    """Short form -> long form, of those that the text defines.

    The rule is Schwartz and Hearst's (Pac Symp Biocomput 2003:451): read from the end, every letter of the short form is found in
    the words before, its first one at the beginning of a word.
    """
    found: dict[str, str] = {}
    if "(" in text or "[" in text:
        for match in _SHORT_FORM.finditer(text):
            short, end = match[1], match.start()
            if sum(c.isupper() or c.isdigit() for c in short) >= 2:
                before = _STOP.split(text[max(end - 2 * _LONGEST_FORM, 0) : end].rstrip())[-1]
                if long := _long_form(before[-_LONGEST_FORM:], short):
                    found.setdefault(short, long)
    return found


def _long_form(before: str, short: str) -> str | None:
    words = " ".join(before.split()[-min(len(short) + 5, 2 * len(short)) :])
    lower = words.replace("İ", "I").lower()  # else they had not the same places
    at = len(words)
    for letter in reversed(short.lower()):
        if letter.isalnum():
            at = lower.rfind(letter, 0, max(at, 0))
    while at > 0 and words[at - 1].isalnum():
        at = lower.rfind(short[0].lower(), 0, at)
    if at < 0:
        return None
    long = words[words.rfind(" ", 0, at + 1) + 1 :]
    return long if len(long) > len(short) and short not in long else None


#: Outcomes that one word names; of others a reader is told phrases only. After the COMET database's core outcome sets.
_OUTCOME_WORDS = """
    abortion adherence anxiety bleeding birthweight bmi cure death delirium depression dyspnea exacerbation fatigue fever fibrosis
    flare fracture hemorrhage hospitalisation hospitalization hypertension hypoglycemia hypotension infection intubation
    ischemia lvef miscarriage morbidity mortality nausea oxygenation pain preeclampsia pregnancy prematurity progression
    proteinuria readmission recurrence relapse remission sepsis seroconversion stillbirth stroke survival thrombosis
    transfusion viremia vomiting
"""
_OUTCOME_ROOTS = frozenset(root(word) for word in _OUTCOME_WORDS.split())


def outcomes(found: tuple[str, ...], worth: tuple[int, ...]) -> tuple[str, ...]:
    """The phrases, and of single words those that name an outcome."""
    return tuple(phrase for phrase in phrases(found, worth) if _PARTS.search(phrase) or root(phrase) in _OUTCOME_ROOTS)


def phrases(found: tuple[str, ...], worth: tuple[int, ...]) -> tuple[str, ...]:
    """Pairs that follow each other joined (`recurrent pregnancy`, `pregnancy loss`), words within a phrase left out, those worth most
    first; without what consists of figures and words that tell nothing. `found`: terms in reading order."""
    joined: list[tuple[int, list[str]]] = []
    single: list[tuple[int, str]] = []
    for term, value in zip(found, worth, strict=True):
        if term.isalnum():
            single.append((value, term))
            continue
        parts = _PARTS.split(term)
        if joined and joined[-1][1][-1].casefold() == parts[0].casefold():
            before, phrase = joined[-1]
            joined[-1] = (max(before, value), [*phrase, *parts[1:]])
        else:
            joined.append((value, parts))
    held = {word.casefold() for _, phrase in joined for word in phrase[::2]}
    told = [(value, "".join(phrase)) for value, phrase in joined if not all(map(_tells_nothing, phrase[::2]))]
    told += [(value, word) for value, word in single if word.casefold() not in held and not _tells_nothing(word)]
    told.sort(key=lambda item: -item[0])
    return tuple(dict.fromkeys(phrase for _, phrase in told))


_PARTS = re.compile(r"([\W_]+)")


@lru_cache(maxsize=20_000)
def _tells_nothing(word: str) -> bool:
    return word.isdigit() or fold(word) in _UNTOLD
