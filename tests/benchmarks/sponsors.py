"""Speed of naming sponsors: 100,000 invented spellings, a third of them of organizations that the list knows.

python -m tests.benchmarks.sponsors [NAMES]
"""

from __future__ import annotations

import random
import resource
import sys
import time

from normalize.sponsor_file import organizations as known_organizations
from normalize.sponsors import NameUse, organizations
from tests.benchmarks.generated import _SYLLABLES
from tests.benchmarks.table import line

_CITIES = [
    "Lyon",
    "Leipzig",
    "Padova",
    "Turku",
    "Leeds",
    "Malmö",
    "Zaragoza",
    "Utrecht",
    "Gdańsk",
    "Cairo",
    "Wuhan",
    "Osaka",
    "Seoul",
    "Recife",
    "Boston",
]
_KINDS = ("{} University Hospital, {}", "Hospital {} {}", "University of {}", "{} Pharma GmbH", "{} Therapeutics Inc.", "Fundación {} {}",
          "Department of Surgery, {} Hospital, {}", "{} Medical Center", "Institut {} de {}", "{} Biotech Co., Ltd.", "Dr {} {}")  # fmt: skip
_ADDED = ("{}", "{}", "{}", "Department of Medicine, {}", "{}, Clinical Trials Unit", "{} - Oncology")


def spellings(count: int) -> list[str]:
    """`count` different spellings, the same at every call."""
    rng = random.Random(1)
    listed = [spelling for known in known_organizations().values() for spelling in known.whole + known.phrases]
    invented = ["".join(rng.choices(_SYLLABLES, k=rng.choice((2, 3, 4)))).capitalize() for _ in range(20_000)]
    found: dict[str, None] = {}
    while len(found) < count:
        if rng.random() < 0.33:
            name = rng.choice(_ADDED).format(rng.choice(listed))
        else:
            name = rng.choice(_KINDS).format(rng.choice(invented), rng.choice(_CITIES))
        found[rng.choice((name, name, name.upper(), name.lower()))] = None
    return list(found)


def naming(count: int = 100_000) -> None:
    begin = time.process_time()
    organizations([])
    known = time.process_time()
    uses = [NameUse(name, None, 1) for name in spellings(count)]
    start = time.process_time()
    found = organizations(uses)
    done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(line("sponsors, the list of organizations alone", known - begin, "s", at_most=0.2))
    note = f"{len(found.organizations):,} organizations; peak memory of the process {peak:,.0f} MB"
    print(line(f"sponsors, {count:,} spellings", done - start, "s", at_most=60, note=note))


if __name__ == "__main__":
    naming(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
