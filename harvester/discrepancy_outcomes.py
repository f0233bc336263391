"""How far the primary outcomes of two records are about the same thing. Pure; called by `discrepancies`.

Registries are told of one outcome in different words and at different lengths. So what counts is whether the words that say something
of the one stand in the other, descriptions included: "ICU admission" agrees with a paragraph on admission to intensive care. Words are
taken without their endings, and words for one event (death, mortality, survival) are one. Texts in two languages say nothing of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz

from harvester.relate_phrases import root
from normalize.text import fold

#: Words for the same event, the first stands for all.
_ALIKE = """
    death mortality died survival survive survived survivors alive fatality lethality dies dying dead deceased
    icu intensive
    ventilation ventilator ventilated intubation intubated extubation weaning weaned
    hospital hospitalization hospitalisation hospitalized hospitalised
    oxygen oxygenation oxygenated hypoxemia hypoxia saturation
    infection infected infections seropositivity antibodies antibody serologic serological seroconversion
    clearance eradication negative negativity
    pregnancy pregnancies pregnant
    birth births delivery born
    safety adverse tolerability toxicity
    cardiovascular mace
    relapse recurrence recurrent flare flares
"""
#: Words that any outcome may have.
_SAYING_NOTHING = """
    a an and are as at be been by for from has have in into is it its of on or that the their this to was were which who whom will with
    within without after before during until first any all each both other not no least most than more less between if
    number numbers percentage percent proportion rate rates ratio frequency incidence occurrence prevalence change changes difference
    differences increase decrease improvement reduction time times days day hours hour weeks week months month years year date duration
    patients patient participants participant subjects subject people person individuals volunteers group groups arm arms treatment
    treatments treated therapy intervention standard care control placebo compared compare comparison versus
    primary outcome outcomes endpoint endpoints end point measure measures measured measuring measurement assess assessed assessment
    evaluate evaluated evaluation evaluating determine effect effects efficacy effectiveness study trial total mean median maximum minimum
    baseline follow up followup defined definition based criteria randomization randomisation enrollment inclusion start beginning
    clinical score scores scale scales covid sars cov coronavirus disease virus
"""
_SAME = {root(word): group.split()[0] for group in _ALIKE.strip().splitlines() for word in group.split()}
_EMPTY = frozenset(_SAYING_NOTHING.split())
#: Words by which a language is known.
_GRAMMAR = {
    "en": "the of and in to with for from at by is are will or",
    "fr": "le la les des du et dans par pour une est sur au aux",
    "es": "el la los las del y en con por para una es que al",
    "de": "der die das und den dem von mit zu im bei oder nach ist",
    "it": "il la lo gli dei della di e con per una nel alla",
    "pt": "o a os as do da dos das e em com por para uma",
    "nl": "de het een van en met op voor bij is na",
}
_LANGUAGES = {language: frozenset(words.split()) for language, words in _GRAMMAR.items()}


class Outcomes(NamedTuple):
    """The primary outcomes of a record; all empty for a whole entry that names none."""

    measures: str  # folded
    described: str  # measures with descriptions, folded
    subject: frozenset[str]  # words of the measures that say something
    told: frozenset[str]  # those of measures and descriptions
    language: str | None


@lru_cache(maxsize=65536)
def _subject(word: str) -> str | None:
    if word in _EMPTY or word.isdigit() or len(word) < 2:
        return None
    return _SAME.get(root(word), root(word))


def _words(text: str) -> frozenset[str]:
    return frozenset(found for word in text.split() if (found := _subject(word)))


def _language(text: str) -> str | None:
    """The language whose grammar the text has most of; None when it has little of any, or as much of another."""
    words = text.split()
    counts = sorted(((sum(word in known for word in words), name) for name, known in _LANGUAGES.items()), reverse=True)
    (most, language), (second, _) = counts[:2]
    return language if most >= 3 and most > second else None


def outcomes(rows: Iterable[tuple[str, str | None]]) -> Outcomes:
    """From (measure, description) of each."""
    pairs = list(rows)
    measures = fold(" ".join(measure for measure, _ in pairs))
    described = fold(" ".join(" ".join(filter(None, pair)) for pair in pairs))
    return Outcomes(measures, described, _words(measures), _words(described), _language(described))


def likeness(one: Outcomes, two: Outcomes) -> float:
    """0 to 100: how many of the words of one stand in the other, or how alike the texts are, whichever is more."""
    shares = [
        len(words & other.told) / len(words) for words, other in ((one.subject, two), (two.subject, one)) if words
    ]
    texts = max(fuzz.token_set_ratio(a, b) for a in one[:2] for b in two[:2])
    return max(100 * max(shares, default=0.0), texts if texts >= _ALIKE_AS_TEXTS else 0.0)


#: Texts that are so similar, letter by letter, tell the same.
_ALIKE_AS_TEXTS = 60


def are_comparable(one: Outcomes, two: Outcomes) -> bool:
    """Not when they are in two languages, or when one of them has no word that says something."""
    if not one.measures or not two.measures:
        return True
    speak_two = one.language and two.language and one.language != two.language
    return bool(one.told and two.told and not speak_two)
