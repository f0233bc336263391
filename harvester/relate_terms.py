"""Related-trials room: the words of a trial, field by field, and the facts that two trials are compared by.

Called by `relate`. Reads records and what hangs below them, writes `trial_terms`; a trial's row depends on its own records alone.
A term is a word or a pair of neighbouring words, folded, as the source spells it; `root` says which terms are one.
"""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from harvester.catalogue import TABLES, insert_into
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
_BARRIERS = frozenset((_GRAMMAR + _COMPARATORS).split())

#: A name of an intervention has at most this many words; what is longer describes.
_LONGEST_NAME = 8
#: Outcomes of a record that are read; registrations with hundreds would be like everything.
_OUTCOMES_READ = 20
#: Records are read in batches of this many trials.
_BATCH = 2000

#: How international nonproprietary names are respelled from language to language (WHO: "f" for "ph", "t" for "th", "e" for "ae" and "oe",
#: "i" for "y", no "h", no "k"; WHO/PHARM S/NOM 1570), and what registrants take for one another.
_RESPELLED = (
    ("ph", "f"), ("th", "t"), ("ch", "c"), ("ck", "c"), ("ae", "e"), ("oe", "e"), ("y", "i"), ("k", "c"), ("z", "s"), ("h", ""), ("qu", "c"),
)  # fmt: skip
_DOUBLED = re.compile(r"([^\d])\1")
_ENDING = re.compile(r"(?:ies|es|s|e|a|um|us|o|i)$")
_FIGURE = re.compile(r"\d")


def root(term: str) -> str:
    """What the spellings of a term have in common: `hydroxychloroquine`, `hydroxychloroquin`, `hidroxicloroquina` are one.

    Words of a pair are rooted each. Words with a figure and those of three letters stay as they are.
    """
    return " ".join([_root(word) for word in term.split(" ")])


@cache
def _root(word: str) -> str:
    if len(word) <= 3 or _FIGURE.search(word):
        return word
    for spelled, sound in _RESPELLED:
        word = word.replace(spelled, sound)
    word = _DOUBLED.sub(r"\1", word)
    return _ENDING.sub("", word) if len(word) > 5 else word.rstrip("s")


def terms(text: str, *, pairs: bool) -> list[str]:
    """Words and, where asked for, pairs of neighbouring words, in reading order."""
    found: list[str] = []
    before = ""
    for word in fold(text).split():
        if word in _BARRIERS:
            before = ""
            continue
        if before and pairs:
            found.append(f"{before} {word}")
        if word.isdigit():
            before = ""
            continue
        if len(word) > 1:
            found.append(word)
        before = word
    return found


# ------------------------------------------------------------------------------------------------------ reading trials

_FACTS = (
    "trial_id", "date_of_registration", "study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose",
    "minimum_age_years", "maximum_age_years", "sex", "healthy_volunteers",
)  # fmt: skip
_BELOW = {
    "titles": "SELECT record_id, public_title, scientific_title FROM records WHERE record_id IN ({})",
    "conditions": "SELECT record_id, condition FROM conditions WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "keywords": "SELECT record_id, keyword FROM keywords WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "interventions": "SELECT record_id, name, other_names FROM interventions WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "outcomes": f"SELECT record_id, measure FROM outcomes WHERE record_id IN ({{}}) AND ordinal <= {_OUTCOMES_READ} ORDER BY record_id, ordinal",
    "investigators": "SELECT record_id, name FROM investigators WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "publications": "SELECT record_id, pmid, doi FROM publications WHERE record_id IN ({}) ORDER BY record_id, ordinal",
}


#: Columns of `trial_terms` that hold terms, in the order of `roots`.
FIELDS = (
    "title", "conditions", "keywords", "interventions", "described", "outcomes", "investigators", "publications",
)  # fmt: skip
#: What an entry of `roots` says of where its term stands: the place in FIELDS, or that it is a pair of words of a title.
TITLE_PAIR = len(FIELDS)
PLACE_BITS = 4


def read_terms(db: sqlite3.Connection, trials: Collection[str] | None) -> None:
    """Brings `trial_terms` up to date: for all trials, or for those named (trials that are gone lose their row).

    A trial that was related before and has other terms now loses its `fingerprint`.
    """
    if trials is None:
        wanted = [row[0] for row in db.execute("SELECT trial_id FROM trials ORDER BY trial_id")]
    else:
        wanted = sorted(trials)
    names = TABLES["trial_terms"].names
    before = slice(1, 1 + len(FIELDS))
    insert = insert_into("trial_terms")
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        marks = ", ".join("?" * len(batch))
        old = {row[0]: row for row in db.execute(f"SELECT * FROM trial_terms WHERE trial_id IN ({marks})", batch)}
        db.execute(f"DELETE FROM trial_terms WHERE trial_id IN ({marks})", batch)
        for values in _rows(db, batch):
            row = tuple(values[name] for name in names)
            known = old.get(row[0])
            db.execute(
                insert,
                row if known is None else (*row[:-2], known[-2] if known[before] == row[before] else None, known[-1]),
            )


def _rows(db: sqlite3.Connection, trials: Sequence[str]) -> Iterator[dict[str, Any]]:
    marks = ", ".join("?" * len(trials))
    facts = db.execute(f"SELECT {', '.join(_FACTS)} FROM trials WHERE trial_id IN ({marks}) ORDER BY trial_id", trials)
    trial_of = dict(
        db.execute(f"SELECT record_id, trial_id FROM records WHERE trial_id IN ({marks}) ORDER BY record_id", trials)
    )
    below: dict[str, dict[str, list[tuple[Any, ...]]]] = {trial: {name: [] for name in _BELOW} for trial in trials}
    for name, sql in _BELOW.items():
        for record_id, *values in db.execute(sql.format(", ".join("?" * len(trial_of))), list(trial_of)):
            below[trial_of[record_id]][name].append(tuple(values))
    for values in facts.fetchall():
        row = dict(zip(_FACTS, values, strict=True))
        found = _fields(below[row["trial_id"]])
        row |= {field: "\n".join(found[field]) or None for field in FIELDS}
        row["roots"] = b"".join(
            [
                entry(term, TITLE_PAIR if place == 0 and " " in term else place)
                for place, field in enumerate(FIELDS)
                for term in found[field]
            ]
        )
        yield row | {"fingerprint": None, "least": None}


@lru_cache(maxsize=300_000)
def entry(term: str, place: int) -> bytes:
    """A term in `roots`: a hash of 60 bits, so wide that no two of millions are alike and terms need no list with numbers."""
    hashed = blake2b(root(term).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(hashed, "little") >> PLACE_BITS << PLACE_BITS | place).to_bytes(8, "little")


def spelled(db: sqlite3.Connection, trials: Sequence[str]) -> dict[str, dict[int, str]]:
    """trial -> root as in `Profiles.roots` -> the trial's own spelling of it."""
    found: dict[str, dict[int, str]] = {}
    for start in range(0, len(trials), _BATCH):
        batch = trials[start : start + _BATCH]
        sql = f"SELECT trial_id, roots, {', '.join(FIELDS)} FROM trial_terms WHERE trial_id IN ({', '.join('?' * len(batch))})"
        for trial, roots, *texts in db.execute(sql, batch):
            terms = "\n".join(filter(None, texts)).split("\n")
            entries = struct.unpack(f"<{len(roots) // 8}Q", roots)
            found[trial] = {
                number >> PLACE_BITS: term for number, term in zip(reversed(entries), reversed(terms), strict=False)
            }
    return found


def _fields(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    names = [text for pair in rows["interventions"] for text in _lines(pair)]
    short = [name for name in names if name.count(" ") < _LONGEST_NAME]
    long = [name for name in names if name.count(" ") >= _LONGEST_NAME]
    return {
        "title": _joined(terms(text, pairs=True) for text in _texts(rows["titles"])),
        "conditions": _joined(terms(text, pairs=True) for text in _texts(rows["conditions"])),
        "keywords": _joined(terms(text, pairs=True) for text in _texts(rows["keywords"])),
        "interventions": _joined(terms(text, pairs=True) for text in short),
        "described": _joined(terms(text, pairs=False) for text in long),
        "outcomes": _joined(terms(text, pairs=False) for text in _texts(rows["outcomes"])),
        "investigators": _joined([fold(text)] for text in _texts(rows["investigators"])),
        "publications": _joined(
            [f"PMID {pmid}" if pmid else f"doi:{doi.lower()}"] for pmid, doi in rows["publications"] if pmid or doi
        ),
    }


def _texts(rows: Iterable[tuple[str | None, ...]]) -> Iterator[str]:
    return (text for row in rows for text in row if text)


def _lines(values: tuple[str | None, ...]) -> Iterator[str]:
    return (line for value in values if value for line in value.splitlines())


def _joined(found: Iterable[list[str]]) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(term for some in found for term in some))
