"""Linking room: ties between numbers -> trials. Pure; called by `link`.

The strongest ties join first, and a join that would break a rule is refused with a sentence: so a trial that grew too large is cut
at its weakest tie, and of two candidates of one registry the better one gets the trial. The outcome depends on the ties alone, not
on their order of arrival, and a group of numbers without a tie to others can be settled without looking at the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

#: More registry numbers than this are not one trial: the most that hand-checked trials have is eight.
MOST_NUMBERS = 12
#: Registries of which a trial has one number whatever names another; of the others, two may be named by each other but not be
#: found by their texts.
_ONE_NUMBER_A_TRIAL = ("ClinicalTrials.gov", "EUCTR")

OVERRIDE, ALIAS, IDENTIFIER, TEXT = range(4)


class Tie(NamedTuple):
    """Evidence that would join two numbers; sorted, the strongest comes first."""

    rank: int
    weakness: float  # 1 - score
    one: str
    other: str


class Settled(NamedTuple):
    trial_of: dict[str, str]  # number -> the smallest number of its trial
    refused: dict[Tie, str]  # why a tie did not join


def settle(registries: Mapping[str, str], ties: Iterable[Tie], apart: Collection[frozenset[str]]) -> Settled:
    """Joins numbers into trials. `registries` holds the registry of every number, `apart` pairs that a person keeps apart."""
    root = {number: number for number in registries}
    members = {number: [number] for number in registries}
    refused: dict[Tie, str] = {}
    for tie in sorted(ties):
        left, right = sorted((root[tie.one], root[tie.other]))
        if left == right:
            continue
        reason = _against(tie, members[left], members[right], registries, apart)
        if reason:
            refused[tie] = reason
            continue
        for number in members[right]:
            root[number] = left
        members[left] += members.pop(right)
    return Settled(root, refused)


def _against(
    tie: Tie,
    left: list[str],
    right: list[str],
    registries: Mapping[str, str],
    apart: Collection[frozenset[str]],
) -> str | None:
    if apart:
        for pair in sorted(sorted((one, other)) for one in left for other in right):
            if frozenset(pair) in apart:
                return f"a person keeps {' and '.join(pair)} apart"
    if tie.rank == OVERRIDE:
        return None
    if len(left) + len(right) > MOST_NUMBERS:
        return (
            f"the trial would have {len(left) + len(right)} registry numbers, more than {MOST_NUMBERS}: cut at its weakest link; "
            "links.csv can join them"
        )
    if tie.rank == ALIAS:
        return None
    held = [{registries[number] for number in side} for side in (left, right)]
    for registry in sorted(held[0] & held[1]):
        if registry in _ONE_NUMBER_A_TRIAL or tie.rank == TEXT:
            numbers = sorted(number for number in (*left, *right) if registries[number] == registry)
            return f"a trial has one number at {registry}: {' and '.join(numbers)}"
    return None
