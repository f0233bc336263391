"""What a reader types becomes an expression that SQLite accepts, whatever it is."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harvester.site.matching import END, FIELDS, MARK, Piece, matching, pieces

TEXTS = ["recurrent miscarriage", "recurrent implantation failure", "lupus in pregnancy", "arthritis", "IL-2 in lupus"]


@pytest.fixture(scope="module")
def db() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE VIRTUAL TABLE texts USING fts5(text, tokenize="unicode61 remove_diacritics 2")')
    connection.executemany("INSERT INTO texts VALUES (?)", [(text,) for text in TEXTS])
    return connection


def found(db: sqlite3.Connection, typed: str) -> list[str]:
    expression = matching(typed).expression
    if expression is None:
        return []
    return [row[0] for row in db.execute("SELECT text FROM texts WHERE texts MATCH ? ORDER BY rowid", (expression,))]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("recurrent", TEXTS[:2]),
        ("recurrent miscarriage", TEXTS[:1]),
        ("miscarriage recurrent", TEXTS[:1]),
        ('"miscarriage recurrent"', []),
        ("miscarriages", TEXTS[:1]),
        ("pregnancies", []),
        ("miscarriage OR lupus", [TEXTS[0], TEXTS[2], TEXTS[4]]),
        ("recurrent -implantation", TEXTS[:1]),
        ("recurrent NOT implantation", TEXTS[:1]),
        ("recurr*", TEXTS[:2]),
        ("il-2", TEXTS[4:]),
        ("LUPUS", [TEXTS[2], TEXTS[4]]),
        ("arthritis", TEXTS[3:4]),
        ("-lupus", []),
        ("", []),
        ("recurrent miscarriage OR lupus pregnancy", [TEXTS[0], TEXTS[2]]),
        ("lupus (pregnancy OR IL-2)", [TEXTS[2], TEXTS[4]]),
        ("(recurrent miscarriage) OR (lupus in pregnancy)", [TEXTS[0], TEXTS[2]]),
        ('("recurrent miscarriage" OR arthritis) -lupus', [TEXTS[0], TEXTS[3]]),
        ("lupus -(pregnancy OR arthritis)", TEXTS[4:]),
        ("lupus NOT (IL-2)", [TEXTS[2]]),
        ("(lupus -pregnancy) OR arthritis", TEXTS[3:]),
        ("((recurrent (miscarriage OR (implantation failure))))", TEXTS[:2]),
        ("recurrent (miscarriage", TEXTS[:1]),
        ("recurrent miscarriage)", TEXTS[:1]),
        ("OR lupus OR", [TEXTS[2], TEXTS[4]]),
        ("() lupus (-pregnancy)", TEXTS[4:]),
    ],
)
def test_words_phrases_and_operators(db: sqlite3.Connection, typed: str, expected: list[str]) -> None:
    assert found(db, typed) == expected


@pytest.mark.parametrize(
    "typed", ['"', "(", "a AND", "OR", "NEAR(a b)", "text: x", "*", "a^2", '"a" "', "''", "--", "a + b", "{x}"]
)
def test_operators_of_sqlite_are_text(db: sqlite3.Connection, typed: str) -> None:
    found(db, typed)


@given(st.text(max_size=60))
@example("ID:0")
@example("sponsor:-")
@example("-(a OR -b) NOT (c")
@example("title:((a) OR")
def test_no_text_is_a_syntax_error(typed: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        columns = sorted({column for columns in FIELDS.values() for column in columns.split()})
        connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5(text, {', '.join(columns)})")
        found(connection, typed.encode("utf-8", "replace").decode())
    connection.close()


def test_marks_become_pieces() -> None:
    assert pieces(f"a {MARK}b{END}\n c") == (Piece("a ", False), Piece("b", True), Piece(" c", False))


def test_a_field_before_a_parenthesis_is_of_all_within() -> None:
    assert [term.text for term in matching("title:(recurrent (miscarriage OR loss)) heparin").terms] == [
        "title:recurrent", "title:miscarriage", "title:loss", "heparin",
    ]  # fmt: skip


@given(
    st.lists(
        st.sampled_from(["lupus", "OR", "NOT", "(", ")", "-", '"il 2"', "recurrent", "-(", "pregnancy"]), max_size=14
    )
)
def test_what_is_read_means_the_same_when_it_is_typed_again(db: sqlite3.Connection, words: list[str]) -> None:
    read = matching(" ".join(words))
    assert found(db, " ".join(words)) == found(db, read.text)
