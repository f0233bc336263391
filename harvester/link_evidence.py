"""Linking room: what speaks for and against two entries being one trial. Pure; called by `link`.

Every kind of evidence gives at most one finding, every finding has its points in `link_weights`. The points add up to log-odds, and
their logistic is the score of a link. Nothing but the two entries is looked at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from harvester.link_entries import Entry, Organization
from harvester.link_titles import Likeness, compare, marks, weight, words_of
from harvester.link_weights import START, WEIGHTS
from normalize.sponsor_words import distinctive

#: From this score on two entries are one trial; from the lower one on a person may want to look.
SAME = 0.75
POSSIBLE = 0.3


class Finding(NamedTuple):
    """One piece of evidence: a key of `link_weights`, its points, and the two values in words."""

    name: str
    points: float
    values: str

    def __str__(self) -> str:
        return f"{self.points:+.1f} {WEIGHTS[self.name][1]}: {self.values}"


class Evidence(NamedTuple):
    findings: tuple[Finding, ...]

    @property
    def score(self) -> float:
        """0 to 1, the logistic of the points."""
        points = START + sum(finding.points for finding in self.findings)
        return round(1 / (1 + math.exp(-points)), 3)

    def lines(self, *, speaking_for: bool) -> str | None:
        """The findings for or against, the weightiest first, one a line."""
        found = [f for f in self.findings if (f.points > 0) == speaking_for and f.points]
        return "\n".join(str(f) for f in sorted(found, key=lambda f: (-abs(f.points), f.name))) or None

    def names(self) -> frozenset[str]:
        return frozenset(finding.name for finding in self.findings)


def weigh(one: Entry, other: Entry, *, is_mentioned: bool = False) -> Evidence:
    """All that speaks for and against; `is_mentioned` says that one names the other in its text. Values stand in the order given."""
    found = [*_found(one, other, _BESIDE_TITLES), *_found(one, other, _TITLES)]
    if is_mentioned:
        found.append(Finding("mentioned", WEIGHTS["mentioned"][0], f"{one.number} / {other.number}"))
    return Evidence(tuple(found))


def weigh_if_possible(one: Entry, other: Entry) -> Evidence | None:
    """As `weigh`, but None, and soon, where not even equal titles would make the pair possible."""
    beside = _found(one, other, _BESIDE_TITLES)
    if START + sum(finding.points for finding in beside) + _MOST_OF_TITLES < _LEAST:
        return None
    evidence = Evidence((*beside, *_found(one, other, _TITLES)))
    return evidence if evidence.score >= POSSIBLE else None


def _found(one: Entry, other: Entry, looks: tuple[_Look, ...]) -> list[Finding]:
    return [
        Finding(name, round(WEIGHTS[name][0] * times, 2), values)
        for look in looks
        for name, times, values in look(one, other)
    ]


#: (name of the finding, how often it counts, values in words)
_Found = Iterator[tuple[str, float, str]]


def likest(one: Entry, other: Entry) -> Likeness | None:
    """The two titles that are most alike; None when one of the entries has none."""
    found = [compare(a, b) for a in one.titles for b in other.titles]
    return max(found, key=lambda like: (like.dice + like.letters, like.shared, like.one, like.other), default=None)


def _titles(one: Entry, other: Entry) -> _Found:
    like = likest(one, other)
    if like is None:
        return
    both = f"{_short(like.one.text)} / {_short(like.other.text)}"
    yield _grade(like.dice, _DICE), 1, f"{both} ({like.dice:.2f} of their weight)"
    if like.dice < 0.95 <= like.contained:
        yield "title contained", 1, f"{like.contained:.2f} of its weight"
    if like.letters >= 0.75:
        yield "letters equal" if like.letters >= 0.9 else "letters alike", 1, f"{like.letters:.2f} of their letters"
    if like.dice >= 0.45:
        yield _grade(like.shared, _SAYS), 1, f"weight {like.shared:.1f} in common"
    if like.exchanged:
        words = [sorted(only, key=lambda w: (-weight(w), w))[:3] for only in (like.only_one, like.only_other)]
        yield "words exchanged", min(like.exchanged, 3), " / ".join(" ".join(only) for only in words)
    left, right = like.one.numerals, like.other.numerals
    if left - right and right - left:
        yield "numerals differ", 1, f"{', '.join(sorted(left - right))} / {', '.join(sorted(right - left))}"
    elif left != right:
        yield "numerals of one", 1, ", ".join(sorted(left ^ right))


_DICE = ((0.95, "title equal"), (0.8, "title near"), (0.6, "title alike"), (0.45, "title partly"), (0.0, "title other"))


_SAYS = ((6, "title says much"), (3, "title says enough"), (0, "title says little"))


def _grade(value: float, grades: tuple[tuple[float, str], ...]) -> str:
    return next(name for least, name in grades if value >= least)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else line[:89] + "…"


def _marks(one: Entry, other: Entry) -> _Found:
    left, right = (marks(tuple(w for title in entry.titles for w in title.words)) for entry in (one, other))
    if left ^ right:
        yield "another trial by its words", min(2, len(left ^ right)), ", ".join(sorted(left ^ right))


def _acronyms(one: Entry, other: Entry) -> _Found:
    for a, b in ((one, other), (other, one)):
        for acronym in sorted(a.acronyms):
            if len(acronym) >= 4 and weight(acronym.replace(" ", "")) == 1 and acronym in _named(b):
                yield "acronym", 1, acronym
                return


def _named(entry: Entry) -> str:
    return " ".join([*(title.squeezed for title in entry.titles), *entry.acronyms])


def _sponsors(one: Entry, other: Entry) -> _Found:
    best: tuple[int, str, str] | None = None
    for a, b in [(a, b) for a in one.primary_sponsors for b in other.sponsors] + [
        (a, b) for a in one.sponsors for b in other.primary_sponsors
    ]:
        found = (_SPONSORS.index(_relation(a, b)), a.raw, b.raw)
        best = max(best, found) if best else found
    if best:
        yield _SPONSORS[best[0]], 1, f"{_short(best[1])} / {_short(best[2])}"


#: From the weakest to the strongest.
_SPONSORS = ("sponsor other", "sponsor a person", "sponsor near", "sponsor alike", "sponsor same")


def _relation(one: Organization, other: Organization) -> str:
    if one.known and other.known:
        family = {one.known, one.parent} & {other.known, other.parent} - {None}
        return "sponsor same" if family else "sponsor other"
    left, right = set(one.name.base), set(other.name.base)
    if left and right and (left <= right or right <= left):
        return "sponsor same"
    if distinctive(sorted(left & right)):
        return "sponsor alike"
    if one.name.places & other.name.places:
        return "sponsor near"
    return "sponsor a person" if one.is_person or other.is_person else "sponsor other"


def _codes(one: Entry, other: Entry) -> _Found:
    if shared := one.codes & other.codes:
        yield "code shared", 1, ", ".join(sorted(shared))


def _numbers(one: Entry, other: Entry) -> _Found:
    if shared := one.named & other.named:
        yield "number shared", 1, ", ".join(sorted(number for _, number in shared))
    others = {
        number
        for a, b in ((one, other), (other, one))
        for registry, number in a.named
        if registry == b.registry and number != b.number
    }
    names_it = any((b.registry, b.number) in a.named for a, b in ((one, other), (other, one)))
    if others and not names_it:
        yield "number of another", 1, ", ".join(sorted(others))


def _sizes(one: Entry, other: Entry) -> _Found:
    if not (one.sizes and other.sizes):
        return
    apart, a, b = min((abs(math.log(a / b)), a, b) for a in one.sizes for b in other.sizes)
    values = f"{a} / {b}"
    if apart == 0:
        yield "size equal, round" if a % 10 == 0 else "size equal", 1, values
    else:
        yield _grade(-apart, _SIZES), 1, values


_SIZES = ((-0.1, "size near"), (-0.3, "size alike"), (-0.7, "size other"), (-math.inf, "size far"))


def _starts(one: Entry, other: Entry) -> _Found:
    days = [
        (abs(a - b), x, y)
        for x in one.starts
        for y in other.starts
        for a in [_day(x)]
        for b in [_day(y)]
        if a is not None and b is not None
    ]
    if days:
        apart, x, y = min(days)
        yield _grade(-apart, _STARTS), 1, f"{x} / {y}"


_STARTS = ((-31, "start near"), (-100, "start alike"), (-370, "start other"), (-math.inf, "start far"))
_MONTH = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")


def _day(date: str) -> float | None:
    match = _MONTH.match(date)
    return int(match[1]) * 365.25 + int(match[2]) * 30.44 + int(match[3] or 15) if match else None


def _countries(one: Entry, other: Entry) -> _Found:
    if not (one.countries and other.countries):
        return
    shared = one.countries & other.countries
    share = len(shared) / min(len(one.countries), len(other.countries))
    values = f"{', '.join(sorted(one.countries)[:6])} / {', '.join(sorted(other.countries)[:6])}"
    yield "countries same" if share >= 0.99 else "countries some" if share else "countries other", 1, values


def _phases(one: Entry, other: Entry) -> _Found:
    if not (one.phases and other.phases):
        return
    left, right = (
        {step for phase in e.phases for step in phase.replace("early_1", "1").split("/")} for e in (one, other)
    )
    name = "phase same" if left == right else "phase part" if left & right else "phase other"
    yield name, 1, f"{', '.join(sorted(one.phases))} / {', '.join(sorted(other.phases))}"


def _types(one: Entry, other: Entry) -> _Found:
    if one.study_types and other.study_types and not one.study_types & other.study_types:
        yield "study type other", 1, f"{', '.join(sorted(one.study_types))} / {', '.join(sorted(other.study_types))}"


def _outcomes(one: Entry, other: Entry) -> _Found:
    words = [_outcome_words(entry.outcomes) for entry in (one, other)]
    left, right = (math.fsum(map(weight, of_entry)) for of_entry in words)
    if left < 1 or right < 1:
        return
    shared = words[0] & words[1]
    share = math.fsum(map(weight, shared)) / min(left, right)
    named = ", ".join(sorted(shared, key=lambda word: (-weight(word), word))[:5])
    yield _grade(share, _OUTCOMES), 1, f"{share:.2f} of their weight ({named})"


@lru_cache(5_000)
def _outcome_words(text: str) -> frozenset[str]:
    return frozenset(word for word in words_of(text) if weight(word))


_OUTCOMES = ((0.6, "outcome same"), (0.3, "outcome alike"), (0.0, "outcome other"))


def _interventions(one: Entry, other: Entry) -> _Found:
    if one.interventions and other.interventions:
        shared = one.interventions & other.interventions
        if shared:
            yield "intervention shared", 1, ", ".join(sorted(shared)[:5])
        else:
            yield (
                "intervention other",
                1,
                f"{' '.join(sorted(one.interventions)[:4])} / {' '.join(sorted(other.interventions)[:4])}",
            )


_Look = Callable[[Entry, Entry], _Found]
_TITLES: tuple[_Look, ...] = (_titles, _marks, _acronyms)
_BESIDE_TITLES: tuple[_Look, ...] = (
    _sponsors, _codes, _numbers, _sizes, _starts, _countries, _phases, _types, _outcomes, _interventions
)  # fmt: skip
#: The most that titles can give, and the least points of a possible pair (a margin for rounding).
_MOST_OF_TITLES = sum(WEIGHTS[name][0] for name in ("title equal", "letters equal", "title says much", "acronym"))
_LEAST = math.log(POSSIBLE / (1 - POSSIBLE)) - 0.1
