"""Whatever a text holds, reading it takes time in proportion to its length, and no more than 50 ms for 10 kB."""

from __future__ import annotations

import gc
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normalize import eligibility, eligibility_facts, measures
from tests.normalize.entry import record_of

#: Milliseconds of processor time for 10,000 characters.
MOST = 50.0
#: On a machine that does other things besides, the quickest of so many readings counts.
TRIES = 6


def milliseconds(text: str) -> float:
    """Processor time of the quickest reading of a text from fields to facts, nothing kept from the one before."""
    quickest = float("inf")
    gc.collect()
    gc.disable()
    for _ in range(TRIES):
        for kept in (eligibility._field, measures._of_criterion, eligibility_facts._said):
            kept.cache_clear()
        begin = time.thread_time()
        eligibility_facts.facts(record_of([("unspecified", text)]))
        quickest = min(quickest, (time.thread_time() - begin) * 1000)
        if quickest * 10_000 < MOST / 2 * len(text):
            break  # far below
    gc.enable()
    return quickest


_WORD = re.compile(r"[a-z]+(?=\s|$)")
#: Milliseconds that `_fixed_work` takes where the bar is measured; a machine that shares its cores takes up to three times as long.
_REFERENCE = 2.2


def _fixed_work() -> float:
    """Milliseconds of processor time for some work of strings, patterns and dictionaries, the quickest of several times."""
    text = "age over forty years and two or more losses before week twelve " * 60
    quickest = float("inf")
    for _ in range(TRIES):
        begin = time.thread_time()
        for _ in range(10):
            counted: dict[str, int] = {}
            for match in _WORD.finditer(text):
                word = match[0]
                counted[word] = counted.get(word, 0) + len(word.upper().rstrip("S"))
        quickest = min(quickest, (time.thread_time() - begin) * 1000)
    return quickest


def takes_at_most(milliseconds_here: float, most: float) -> bool:
    """Whether a time is within a bar, on a machine that is as slow now as this one is."""
    return milliseconds_here < most or milliseconds_here < most * max(1.0, _fixed_work() / _REFERENCE)


#: Repeated until the text is long enough.
HOSTILE = [
    "1234567890", "1", "1,", "1.", "1,000", "1 000 ", "-5 ", "(5", "/5", "5/", "2+", "1-2-", "1 - 2 ", "1 to ", "1 or ", "1, 2, ",
    " ", "\t", "\u00a0", "\n", "\r\n", "(", ")", "[", "((a) ", ":", "a: ", ";", "a; ", ",", ".", "'", "_", "*", "+", "=", "<", "<>", "\\",
    "≥", "≥1", "≥ 1 ", "> ", "-", "- ", "- • ", "- a\n", "  - x:\n    - y:\n", "(a) (b) ", "a) ", "1. a 2. b 3. c ", "1. a\n2. b\n", "a: (1) b; ",
    "a. - b", "Inclusion Criteria:\n", "Inclusion Criteria: ", "Exclusion criteria: a\n", "non inclusion ", "criteria ", "following ",
    "Patients will be excluded if they ", "critères de non ", "F.1.1 ", "ULN ", "x ULN ", "3 times the upper limit of the ", "of the upper limit ",
    "more than ", "not more than ", "at least ", "at least two ", "between ", "between 1 and ", "from 1 to ", "grade ≥ 3 or ", "NYHA ", "NYHA II, ",
    "NYHA I/", "I, ", "10^", "x 10^9 ", "mg/", "5 mg/dL ", "mm Hg ", "% ", "18 years ", "age 18 ", "18 < age < ", "per ", "1 a day ", "minimum 5 ",
    "exceeding the limit (5 ", "maximum age of ", "ECOG 0, 1, 2, ", "male ", "both sexes ", "pregnant ", "not be currently ", "negative a ",
    "pregnancy test a ", "history ", "consent ", "healthy adult ", "no ", "d'âge ", "° ", "o ", "a", "A", "a1", "ß", "İ", "中文", "مرحبا ", "😀",
    "eighteen (18) ", "18 (eighteen) ", "5 (inclusive) ", "no history of more than 2 ", "increase in FEV1 by > 2 % ", "18 to < 40 ",
    "≥ 18-65 years ", "losses before the 10th week ", "below the lower limit of normal ", "3 times above the ULN ", "a. EXCLUSION: ",
    "Criterios de inclusión: a. ", "criteria for inclusion: ", "two to four ", "Age (years): ", "any of the following (1) ", "5+0~8+6 ", "m²ULN ", "two or more ", "two mMol or more ", "µL 100 (18) or more ",
    "\ud800", "\0", "aÄαж中≥", "word " * 19 + "\n", "&lt;", "ab\n",
]  # fmt: skip


@pytest.mark.parametrize("shape", HOSTILE, ids=ascii)
def test_no_shape_of_text_takes_long(shape: str) -> None:
    assert takes_at_most(milliseconds((shape * (10_000 // len(shape) + 1))[:10_000]), MOST)


@pytest.mark.parametrize(
    "shape", ["-5 ", "≥1", "1-2-", "NYHA ", "1. a 2. b 3. c ", "a: (1) b; ", "- a\n", "at least two "], ids=ascii
)
def test_time_grows_with_the_length(shape: str) -> None:
    ten, twenty, forty = (milliseconds(shape * (size // len(shape))) for size in (10_000, 20_000, 40_000))
    assert takes_at_most(twenty, max(4 * ten, 2 * MOST))
    assert takes_at_most(forty, max(8 * ten, 4 * MOST))


def test_deep_nesting_takes_no_longer() -> None:
    assert takes_at_most(milliseconds("".join("  " * depth + "- x:\n" for depth in range(100))), MOST)


def test_a_line_of_100_kilobytes() -> None:
    took = milliseconds("Adults aged 20 to 60 years with platelets ≥ 100 x 10^9/L, " * 1700)
    assert takes_at_most(took, 10 * MOST)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=6)), min_size=1, max_size=5))
def test_no_mixture_of_shapes_takes_long(pieces: list[str]) -> None:
    unit = "".join(pieces) or " "
    assert takes_at_most(milliseconds((unit * (10_000 // len(unit) + 1))[:10_000]), MOST)
