"""Related-trials room: the words of a trial, field by field, and the facts that two trials are compared by.

Called by `relate`. Reads records and what hangs below them, writes `trial_terms` and, as numbers, `trial_roots` and
`trial_aliases`; a trial's rows depend on its own records alone.
What a term is, and which are one, `relate_phrases` says.
"""

from __future__ import annotations

import sqlite3
import struct
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from harvester.batches import marks
from harvester.catalogue import insert_into
from harvester.catalogue_tables import TABLES
from harvester.relate_phrases import abbreviations, is_tested, is_tested_in_mesh, root, rooted_terms, whole
from normalize.text import fold
from normalize.variables import VAGUE

#: A name of an intervention has at most this many words; what is longer describes.
_LONGEST_NAME = 8
#: Characters of a criterion that others may write alike.
_LONGEST_CRITERION = 80
#: Outcomes of a record that are read; registrations with hundreds would be like everything.
_OUTCOMES_READ = 20
#: Words of what stands for an investigator in the registries and is an office, a line or a firm.
_NO_PERSON = frozenset(
    (
        "affairs", "call", "center", "centre", "clinical", "contact", "department", "desk", "development", "director", "gmbh", "group",
        "help", "inc", "information", "limited", "ltd", "manager", "medical", "monitor", "office", "pharma", "research", "responsible",
        "sponsor", "study", "team", "trial", "trials", "unit",
    )
)  # fmt: skip
#: Records are read in batches of this many trials.
_BATCH = 200

# ------------------------------------------------------------------------------------------------------ reading trials

_FACTS = (
    "trial_id", "date_of_registration", "study_type", "phase", "allocation", "intervention_model", "masking", "primary_purpose",
    "minimum_age_years", "maximum_age_years", "sex", "healthy_volunteers",
)  # fmt: skip
_BELOW = {
    "titles": "SELECT record_id, public_title, scientific_title FROM records WHERE record_id IN ({})",
    "summaries": "SELECT record_id, brief_summary FROM records WHERE record_id IN ({}) AND brief_summary IS NOT NULL",
    "mesh_terms": "SELECT record_id, field, is_ancestor, term FROM mesh_terms WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "conditions": "SELECT record_id, condition, meddra_code FROM conditions WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "keywords": "SELECT record_id, keyword FROM keywords WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "interventions": "SELECT record_id, name, other_names FROM interventions WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "outcomes": f"SELECT record_id, measure FROM outcomes WHERE record_id IN ({{}}) AND ordinal <= {_OUTCOMES_READ} ORDER BY record_id, ordinal",
    "investigators": "SELECT record_id, name FROM investigators WHERE record_id IN ({}) ORDER BY record_id, ordinal",
    "numbers": "SELECT record_id, id_normalized FROM secondary_ids WHERE record_id IN ({}) AND registry IS NOT NULL ORDER BY record_id, ordinal",
    "sponsors": "SELECT record_id, s.sponsor_id, s.name FROM record_sponsors p JOIN sponsors s USING (sponsor_id)"
    " WHERE record_id IN ({}) AND p.role = 'primary' ORDER BY 2",
    # A criterion by its limits where they could be read (ages are facts of a trial) and tell something, else by its words, where they are few.
    "criteria": "SELECT c.record_id, c.kind, c.text, m.variable, m.negated, coalesce(m.canonical_lower, m.lower), m.lower_inclusive,"
    " coalesce(m.canonical_upper, m.upper), m.upper_inclusive, coalesce(m.canonical_unit, m.unit) FROM criteria c"
    " LEFT JOIN criterion_measures m ON m.record_id = c.record_id AND m.criterion_ordinal = c.ordinal WHERE c.record_id IN ({})"
    " AND c.heading IS NULL"
    f" AND (m.variable NOT IN {('age', *VAGUE)} OR m.variable IS NULL AND length(c.text) <= {_LONGEST_CRITERION}) ORDER BY c.record_id, c.ordinal, m.ordinal",
    "publications": "SELECT record_id, pmid, doi FROM publications WHERE record_id IN ({}) ORDER BY record_id, ordinal",
}


#: Columns of `trial_terms` that hold terms, in the order of `roots`.
FIELDS = (
    "title", "conditions", "keywords", "interventions", "described", "outcomes", "investigators", "publications",
    "condition_codes", "intervention_codes", "condition_classes", "intervention_classes", "condition_names", "intervention_names",
    "sponsors", "criteria",
)  # fmt: skip
_COLUMNS = TABLES["trial_terms"].names
#: What an entry of `roots` says of where its term stands: the place in FIELDS, or that it is a pair of words of a title.
TITLE_PAIR = len(FIELDS)
PLACE_BITS = 5


class Before(NamedTuple):
    """What was known of a trial by which others are taught."""

    registered: str
    roots: bytes
    short_forms: frozenset[int]


class Reread(NamedTuple):
    """The trials of which the terms or facts came, went or changed, and what was known of those that were there."""

    trials: set[str]
    before: dict[str, Before]


class _Rows(NamedTuple):
    """The rows of a trial in `trial_terms`, `trial_roots` and `trial_aliases`."""

    terms: tuple[Any, ...]
    roots: tuple[Any, ...]
    aliases: list[tuple[Any, ...]]


def read_terms(db: sqlite3.Connection, trials: Collection[str] | None) -> Reread:
    """Brings `trial_terms`, `trial_roots` and `trial_aliases` up to date, for all trials or for those named."""
    if trials is None:
        wanted = [row[0] for row in db.execute("SELECT trial_id FROM trials ORDER BY trial_id")]
    else:
        wanted = sorted(trials)
    reread = Reread(set(), {})
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        read_from, given = _given(db, batch)
        known = {} if trials is None else _read_from(db, batch)
        stale = [trial for trial in batch if read_from.get(trial) != known.get(trial)]
        before = what_is_known(db, [trial for trial in stale if trial in known])
        for table in ("trial_terms", "trial_roots", "trial_aliases"):
            db.executemany(f"DELETE FROM {table} WHERE trial_id = ?", [(trial,) for trial in before])
        reread.before.update(before)
        new = [_row(*given[trial], read_from[trial]) for trial in stale if trial in given]
        db.executemany(insert_into("trial_terms"), [row.terms for row in new])
        db.executemany(insert_into("trial_roots"), [row.roots for row in new])
        db.executemany(insert_into("trial_aliases"), [alias for row in new for alias in row.aliases])
        reread.trials.update(stale)
    for function in (_terms, _code, _criterion, _short_form):
        function.cache_clear()  # the matrices that come next need the room
    return reread


def _read_from(db: sqlite3.Connection, trials: Sequence[str]) -> dict[str, int]:
    """What tells whether the rows of some trials were made from the same."""
    return dict(db.execute(f"SELECT trial_id, read_from FROM trial_roots WHERE trial_id IN ({marks(trials)})", trials))


def what_is_known(db: sqlite3.Connection, trials: Iterable[str]) -> dict[str, Before]:
    """Of those trials among some that have terms."""
    found = {}
    for trial in trials:
        row = db.execute("SELECT registered, roots FROM trial_roots WHERE trial_id = ?", (trial,)).fetchone()
        if row is not None:
            short_forms = db.execute("SELECT short FROM trial_aliases WHERE trial_id = ?", (trial,))
            found[trial] = Before(row[0], row[1], frozenset(short for (short,) in short_forms))
    return found


#: What hangs below the records of a trial, by the name of the query.
_Below = dict[str, list[tuple[Any, ...]]]


def _given(
    db: sqlite3.Connection, trials: Sequence[str]
) -> tuple[dict[str, int], dict[str, tuple[tuple[Any, ...], _Below]]]:
    """What the rows of some trials are made from: the facts of each, and what hangs below its records; and a number that tells
    whether that is the same."""
    chosen = f"WHERE trial_id IN ({marks(trials)})"
    facts = db.execute(f"SELECT {', '.join(_FACTS)} FROM trials {chosen} ORDER BY trial_id", trials)
    trial_of = dict(db.execute(f"SELECT record_id, trial_id FROM records {chosen} ORDER BY record_id", trials))
    below: dict[str, _Below] = {trial: {name: [] for name in _BELOW} for trial in trials}
    for name, sql in _BELOW.items():
        take = {record: below[trial][name].append for record, trial in trial_of.items()}
        for row in db.execute(sql.format(marks(trial_of)), list(trial_of)):
            take[row[0]](row[1:])
    given = {values[0]: (values, below[values[0]]) for values in facts}
    return {trial: _digest(repr(values)) >> 1 for trial, values in given.items()}, given


def _row(values: tuple[Any, ...], below: _Below, read_from: int) -> _Rows:
    fields: dict[str, Any] = dict(zip(_FACTS, values, strict=True))
    trial = fields["trial_id"]
    found, aliases = _fields(trial, below)
    fields |= {field: _one_a_line(found[field]) for field in FIELDS}
    fields["aliases"] = "\n".join(f"{short}\t{long}" for short, long in aliases) or None
    roots = (trial, fields["date_of_registration"] or "~", _entries(found), read_from)
    forms = {_short_form(short, long) for short, long in aliases}
    short_forms = [(trial, *form) for form in sorted(filter(None, forms))]
    return _Rows(tuple([fields[name] for name in _COLUMNS]), roots, short_forms)


def _one_a_line(terms: _Terms) -> str | None:
    """As many lines as terms: names of sponsors may have two (ACTRN12620000421932)."""
    lines = "\n".join(terms)
    if lines.count("\n") >= len(terms):
        lines = "\n".join([term.replace("\n", " ") for term in terms])
    return lines or None


@lru_cache(maxsize=20_000)
def _short_form(short: str, long: str) -> tuple[int, str] | None:
    """Roots of a short form that is one word or a pair, and of what it stands for."""
    of_short, of_long = rooted_terms(short, pairs=True), rooted_terms(long, pairs=True)
    if len(of_short) not in (1, 3) or not of_long:
        return None
    numbers = sorted({number(rooted) for _, rooted in of_long})
    return number(of_short[len(of_short) // 2][1]), " ".join(map(str, numbers))


#: Terms of a field in reading order, each as it is spelled -> its root as a number, and below it in `PLACE_BITS` bits what
#: `roots` says of it in a title: TITLE_PAIR for two words, else 0.
_Terms = dict[str, int]


def _entries(found: dict[str, _Terms]) -> bytes:
    entries = list(found["title"].values())  # it comes first, and its place is 0
    for place, field in enumerate(FIELDS[1:], 1):
        entries += [entry >> PLACE_BITS << PLACE_BITS | place for entry in found[field].values()]
    return struct.pack(f"<{len(entries)}Q", *entries)


def _entry(rooted: str) -> int:
    return number(rooted) << PLACE_BITS | (TITLE_PAIR if " " in rooted else 0)


@lru_cache(maxsize=50_000)
def number(rooted: str) -> int:
    """A root in `roots`: a hash of 59 bits, so wide that no two of millions are alike and terms need no list with numbers."""
    return _digest(rooted) >> PLACE_BITS


def _digest(text: str) -> int:
    """64 bits."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def of_code(term: str) -> str:
    """What stands for the root of a MeSH term."""
    return f"mesh {term}"


class Spellings(NamedTuple):
    """How some trials write their terms: one trial after another, each in reading order."""

    lengths: list[int]  # how many terms each has
    roots: bytes  # as in `trial_roots`
    terms: bytes  # UTF-8, one a line


def spelled(db: sqlite3.Connection, trials: Sequence[str]) -> Spellings:
    """Of some trials, sorted, each once."""
    blobs: list[bytes] = []
    texts: list[str] = []
    for start in range(0, len(trials), _BATCH):
        batch = trials[start : start + _BATCH]
        sql = (
            f"SELECT roots, {', '.join(FIELDS)} FROM trial_terms JOIN trial_roots USING (trial_id)"
            f" WHERE trial_id IN ({marks(batch)}) ORDER BY trial_id"
        )
        for roots, *fields in db.execute(sql, batch):
            blobs.append(roots)
            texts += filter(None, fields)
    return Spellings([len(blob) // 8 for blob in blobs], b"".join(blobs), "\n".join(texts).encode())


def _fields(trial: str, rows: dict[str, list[tuple[Any, ...]]]) -> tuple[dict[str, _Terms], list[tuple[str, str]]]:
    """What the columns of `trial_terms` hold: terms, and the aliases: short form or other name, what it stands for."""
    titles, keywords, outcomes = (list(_texts(rows[name])) for name in ("titles", "keywords", "outcomes"))
    conditions = [condition for condition, _ in rows["conditions"]]
    names = [text for pair in rows["interventions"] for text in _lines(pair) if is_tested(text)]
    short_forms: dict[str, str] = {}
    for text in dict.fromkeys([*titles, *conditions, *keywords, *names, *_texts(rows["summaries"])]):
        short_forms |= abbreviations(text)

    def read(texts: Iterable[str], *, pairs: bool = True) -> _Terms:
        """Terms; where a short form stands that the trial defines, those of the long form too."""
        found: _Terms = {}
        for text in dict.fromkeys(texts):
            found |= _terms(text + _spelled_out(text, short_forms) if short_forms else text, pairs)
        return found

    mesh: dict[tuple[str, int], _Terms] = defaultdict(dict)
    for field, is_ancestor, term in rows["mesh_terms"]:
        if field == "condition" or is_tested_in_mesh(term):
            mesh[field, is_ancestor][term] = _code(term)
    codes = [f"MedDRA {code}" for _, code in rows["conditions"] if code]
    papers = [f"PMID {pmid}" if pmid else f"doi:{doi.lower()}" for pmid, doi in rows["publications"] if pmid or doi]
    found = {
        "title": read(titles),
        "conditions": read(conditions) | _rooted(codes),
        "keywords": read(keywords),
        "interventions": read(name for name in names if name.count(" ") < _LONGEST_NAME),
        "described": read((name for name in names if name.count(" ") >= _LONGEST_NAME), pairs=False),
        "outcomes": read(outcomes),
        "investigators": _rooted(text for text in _texts(rows["investigators"]) if _is_person(text)),
        "publications": _rooted([trial, *_texts(rows["numbers"]), *papers]),
        "condition_codes": mesh["condition", 0],
        "intervention_codes": mesh["intervention", 0],
        "condition_classes": mesh["condition", 1],
        "intervention_classes": mesh["intervention", 1],
        "condition_names": _wholes(conditions),
        "intervention_names": _wholes(names),
        "sponsors": {name: _entry(f"sponsor {sponsor_id}") for sponsor_id, name in rows["sponsors"]},
        "criteria": _criteria(rows["criteria"]),
    }
    aliases = list(short_forms.items())
    aliases += [(other, name) for name, others in rows["interventions"] for other in _lines((others,))]
    return found, list(dict.fromkeys(aliases))


@lru_cache(maxsize=20_000)
def _terms(text: str, pairs: bool) -> _Terms:
    """Terms of a text: conditions, interventions and outcomes are written in the same words by many."""
    return {term: _entry(rooted) for term, rooted in rooted_terms(text, pairs=pairs)}


@lru_cache(maxsize=20_000)
def _code(term: str) -> int:
    return _entry(of_code(term))


def _rooted(texts: Iterable[str]) -> _Terms:
    return {text: _entry(root(text)) for text in texts}


def _wholes(names: Iterable[str]) -> _Terms:
    return {name: _entry(f"name {name}") for text in names if (name := whole(text))}


def _criteria(rows: Iterable[tuple[Any, ...]]) -> _Terms:
    return dict(
        term for kind, text, variable, *limit in rows
        if (term := _criterion(kind == "exclusion", None if variable else text, variable, *limit))
    )  # fmt: skip


@lru_cache(maxsize=20_000)
def _criterion(is_excluded: bool, text: str | None, variable: str | None, *limit: Any) -> tuple[str, int] | None:
    """`platelets ≥ 100,000 /mm3`, `excluded: active bleeding`: equal where two trials set the same limit or use the same words."""
    said = _limit(variable, *limit) if variable else " ".join((text or "").split()).rstrip(".;,:")
    folded = said if variable else fold(said)
    if not variable and " " not in folded:
        return None
    excluded = "excluded: " if is_excluded else ""
    return excluded + said, _entry(f"criterion {excluded}{folded}")


#: UCUM units that are no more than a number: "miscarriages ≥ 3".
_BARE = ("{count}", "{score}", "{ratio}")
#: UCUM's `{ULN}`, `mm[Hg]` and `{1.73_m2}` for a reader.
_PLAIN_UNIT = str.maketrans("_", " ", "{}[]")


def _limit(
    variable: str, negated: bool, lower: float | None, from_lower: bool, upper: float | None, to_upper: bool, unit: str | None
) -> str:  # fmt: skip
    bounds = [
        f"{sign} {bound:,.10g}"
        for sign, bound in (("≥" if from_lower else ">", lower), ("≤" if to_upper else "<", upper))
        if bound is not None
    ]
    return " ".join(
        filter(
            None,
            (
                "not" if negated else "",
                variable.replace("_", " "),
                " and ".join(bounds),
                "" if unit in _BARE else (unit or "").translate(_PLAIN_UNIT),
            ),
        )
    )


def _is_person(name: str) -> bool:
    return _NO_PERSON.isdisjoint(fold(name).split())


def _spelled_out(text: str, short_forms: dict[str, str]) -> str:
    return "".join(f" ; {long}" for short, long in short_forms.items() if short in text)


def _texts(rows: Iterable[tuple[str | None, ...]]) -> Iterator[str]:
    return (text for row in rows for text in row if text)


def _lines(values: tuple[str | None, ...]) -> Iterator[str]:
    return (line for value in values if value for line in value.splitlines())
