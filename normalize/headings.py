"""What a heading of an eligibility text is, and the words that make one. Called by `sections` and `foreign_titles`."""

from __future__ import annotations

import re
from typing import NamedTuple

from normalize.closed_lists import CriterionKind
from normalize.tables import table

VOCABULARY = table("headings")
#: Words of sentences that say nothing but what follows.
FRAME = frozenset(VOCABULARY["frame"].split())


class Heading(NamedTuple):
    """What a line says about the lines after it."""

    kind: CriterionKind | None  # None: a heading of both parts or of neither ("Eligibility Criteria:")
    end: int  # where the heading ends in the line; content may follow
    plain: bool  # says nothing but which part begins, so that it can stay out of the readable half
    unfinished: bool = False  # a sentence that may run on in the next line of a wrapped text


CRITERIA = r"(?:crit[ei]{1,2}ri?[aeo]{1,2}[nrs]?|conditions?|requirements?|characteristics)"
PART = r"(?P<non>non-?\s?)?(?P<part>in|ex)(?:clu(?:sions?|tion|sionary|ding|ded)|clusive)"
COLON = r"[:：]"

#: For whom a title is: "Inclusion criteria Cohort B", "Exclusion Criteria - Part 2".
LABEL = re.compile(
    r"""(?:(?-i:[A-Z]|[IVX]+)|\#?\s?\d{1,2}|\w+\s\d{1,2}[a-h]|common|(?:main|sub)-?study|study|trial|cohorts?|groups?|arms?|parts?|phases?|stages?|steps?
    |strat(?:um|a)|section|period|level|visit|cycle|healthy|all|both|each|patients?|subjects?|participants?|controls?|cases?|donors?|volunteers?|screening
    |randomi[sz]ation|enrol+ment|registration|treatment|continued|cont|summary|list)\b
    (?:\W+(?-i:[A-Z][\w-]*|[a-z]?\d{1,2}[a-z]?|and|or|to|only|patients?|subjects?|participants?|controls?|cases?|volunteers?|groups?|cohorts?|phase|part|arm)\b)*\W*$""",
    re.IGNORECASE | re.VERBOSE,
)

#: A line that names some of those who take part, above a list of who they are: "Female partner", "Neonates".
GROUP = re.compile(
    r"""(?:(?:pregnant|postpartum|lactating|female|male|healthy|index|biological)\s)?(?:wom[ae]n|men|mothers?|fathers?|partners?|couples?|neonates?|newborns?|infants?
    |child(?:ren)?|adolescents?|parents?|care-?givers?|carers?|siblings?|recipients?|offspring|females?|males?|boys|girls|relatives|family\smembers?
    |(?:health\s?care\s)?(?:workers|professionals|providers)|clinicians|nurses|midwives|dyads?)[\s:：]*$""",
    re.IGNORECASE | re.VERBOSE,
)

_AFTERWARDS = "withdrawals? discontinuation drop-?\\s?outs? elimination exit termination removal rejection shedding suspension stopping".replace(
    " ", "|"
)
#: Criteria of what ends taking part: neither inclusion nor exclusion.
_ENDING = re.compile(
    rf"""(?:(?:the|study|trial|subject|patient|participant|early|premature)\s)*
    (?:(?:{_AFTERWARDS})(?:\s(?:and|or|/)\s(?:{_AFTERWARDS}))?\scriteria|criteria\sfor\s(?:(?:study|early|premature|subject|patient)\s)*(?:{_AFTERWARDS})(?:\sfrom\s(?:the\s)?(?:study|trial))?
    |criterios\sde\s(?:eliminaci[óo]n|retiro|salida)|crit[èe]res\s(?:de\ssortie|d['’]arr[êe]t)|crit[ée]rios\sde\s(?:descontinua[çc][ãa]o|retirada))
    \s*(?:{COLON}\s*|$)""",
    re.IGNORECASE | re.VERBOSE,
)


def afterwards(line: str) -> Heading | None:
    """ "Withdrawal criteria: a pregnancy": what ends taking part is no exclusion from it."""
    match = _ENDING.match(line)
    return Heading("unspecified", match.end(), False) if match else None


def named(non: str | None, part: str) -> CriterionKind:
    return "exclusion" if non or part[0] in "eE" else "inclusion"


def kind_of(match: re.Match[str]) -> CriterionKind:
    return named(match["non"], match["part"])
