"""Linking is a product of the records: whatever their order of arrival, in one run or step by step."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from harvester import link_keys
from normalize.schema import Record
from tests.harvester.linked import Linked, named, record

_WORDS = [
    "ziralumab",
    "betoxifen",
    "quintarian",
    "fever",
    "gout",
    "placebo",
    "children",
    "phase",
    "2",
    "3",
    "extension",
]
_REGISTRIES = ["ClinicalTrials.gov", "EUCTR", "ISRCTN", "DRKS"]


def _number(registry: str, n: int) -> tuple[str, str, str]:
    """(source, registry id, number)"""
    return {
        "ClinicalTrials.gov": ("ctgov", f"NCT9000000{n}", f"NCT9000000{n}"),
        "EUCTR": ("euctr", f"EUCTR2019-00000{n}-11-FR", f"2019-00000{n}-11"),
        "ISRCTN": ("isrctn", f"ISRCTN9000000{n}", f"ISRCTN9000000{n}"),
        "DRKS": ("ictrp", f"DRKS9000000{n}", f"DRKS9000000{n}"),
    }[registry]


@st.composite
def records(draw: st.DrawFn) -> tuple[str, Record]:
    source, registry_id, _ = _number(draw(st.sampled_from(_REGISTRIES)), draw(st.integers(0, 4)))
    ids = []
    for registry, n, kind in draw(
        st.lists(st.tuples(st.sampled_from(_REGISTRIES), st.integers(0, 4), st.sampled_from(["registry", "alias", "mention"])), max_size=2)
    ):  # fmt: skip
        number = _number(registry, n)[2]
        if number not in registry_id:
            ids.append(named(number, registry, kind))
    if draw(st.booleans()):
        ids.append(named(draw(st.sampled_from(["AB-1234", "CD-5678"])), None, "sponsor_code"))
    return record(
        registry_id,
        " ".join(draw(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=6))),
        source=source,
        sponsor=draw(st.sampled_from([None, "Example Pharma", "Sample University"])),
        size=draw(st.sampled_from([None, 60, 123])),
        start=draw(st.sampled_from([None, "2020-04-01", "2021-04-01"])),
        countries=draw(st.sampled_from(["", "FR", "FR DE"])),
        ids=ids,
    )


def _once_each(drawn: list[tuple[str, Record]]) -> list[tuple[str, Record]]:
    return list({(source, of_source.registry_id): (source, of_source) for source, of_source in drawn}.values())


def test_how_many_keys_wait_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [
        record(f"{prefix}{n}", f"{_WORDS[n % 3]} {_WORDS[n % 4]} in {_WORDS[3 + n % 5]}, study {n // 2}", source=source, size=60 + n // 2)
        for source, prefix in (("ctgov", "NCT9000010"), ("isrctn", "ISRCTN9000010"))
        for n in range(10)
    ]  # fmt: skip
    at_once = Linked(*some).link().content()
    for name, value in {"_WAITING": 7, "_COMPARED": 3}.items():
        monkeypatch.setattr(link_keys, name, value)
    assert Linked(*some).link().content() == at_once


@hypothesis_settings(max_examples=60)
@given(st.lists(records(), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(drawn: list[tuple[str, Record]], rng: random.Random) -> None:
    shuffled = _once_each(drawn)
    first = Linked(*shuffled).link().content()
    rng.shuffle(shuffled)
    assert Linked(*shuffled).link().content() == first


@pytest.fixture(params=[60, 2])
def holders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """With two holders at most, keys fall asleep and wake up all the time."""
    monkeypatch.setattr(link_keys, "MOST_HOLDERS", request.param)
    return int(request.param)


@pytest.mark.parametrize("seed", range(12))
def test_step_by_step_ends_where_a_full_run_does(seed: int, holders: int) -> None:
    rng = random.Random(seed)
    alive: dict[str, tuple[str, Record]] = {}
    steps = Linked(*(_drawn(rng) for _ in range(12)))
    steps.link()
    for key in steps.trial_of():
        alive[key] = ("", Record(registry="", registry_id=""))
    for _ in range(8):
        for _ in range(rng.choice((1, 1, 2))):
            if alive and rng.random() < 0.4:
                gone = rng.choice(sorted(alive))
                steps.remove(gone)
                del alive[gone]
            else:
                source, of_source = _drawn(rng)
                steps.add((source, of_source))
                alive[f"{source}:{of_source.registry_id}"] = (source, of_source)
        content = steps.step().content()
        assert content == steps.link().content()


def _drawn(rng: random.Random) -> tuple[str, Record]:
    source, registry_id, _ = _number(rng.choice(_REGISTRIES), rng.randrange(5))
    ids = [named(_number(registry, n)[2], registry, kind)
           for registry, n, kind in [(rng.choice(_REGISTRIES), rng.randrange(5), rng.choice(["registry", "mention", "alias"]))]
           if rng.random() < 0.4 and _number(registry, n)[2] not in registry_id]  # fmt: skip
    return record(
        registry_id, " ".join(rng.choices(_WORDS, k=rng.randint(2, 6))), source=source, ids=ids,
        sponsor=rng.choice([None, "Example Pharma", "Sample University"]), size=rng.choice([None, 60, 123]),
        start=rng.choice([None, "2020-04-01", "2021-04-01"]), countries=rng.choice(["", "FR", "FR DE"]),
    )  # fmt: skip
