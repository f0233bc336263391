"""Items that a text runs together on one line, and lines that a criterion goes on in."""

from __future__ import annotations

import pytest

from normalize.eligibility import parse


def texts(text: str) -> list[tuple[str, str]]:
    return [(one.kind[:2], one.text) for one in parse([("unspecified", text)]).criteria]


@pytest.mark.parametrize(
    "text",
    [
        "①Riders ②Walkers ③Swimmers",
        "①Riders\n②Walkers\n③Swimmers",
        "⑴ Riders\n⑵ Walkers\n⑶ Swimmers",
        "（1）Riders，（2）Walkers，（3）Swimmers",
        "（1） Riders\n（2） Walkers\n（3） Swimmers",
    ],
)
def test_numbers_as_chinese_registrants_write_them(text: str) -> None:
    found = texts(f"Inclusion Criteria:\n{text}")
    assert [words.rstrip("，") for _, words in found] == ["Riders", "Walkers", "Swimmers"]


def test_sentences_of_a_half_without_a_list_are_criteria() -> None:
    text = "Inclusion Criteria: Riders of two wheels. Age 18 to 60 (see part 3. Ages). Own approx. Ten bicycles.\nExclusion Criteria: Vitamin D. Level low"
    assert texts(text) == [
        ("in", "Riders of two wheels."),
        ("in", "Age 18 to 60 (see part 3. Ages)."),
        ("in", "Own approx. Ten bicycles."),
        ("ex", "Vitamin D. Level low"),
    ]


def test_clauses_of_a_half_without_a_list_are_criteria() -> None:
    text = "Inclusion Criteria: age 18 or older; owns a bicycle (two wheels; brakes); and\nrides it"
    assert texts(text.replace("\n", " "))[1:] == [
        ("in", "owns a bicycle (two wheels; brakes); and"),
        ("in", "rides it"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "QTcF: men > 450 ms; women > 470 ms; children > 440 ms",
        "Weight &gt; 40 kg and height &lt; 2 m; rides; walks",
        "Hemoglobin < 13 g/dL in men; < 12 in women",
    ],
)
def test_what_is_about_one_thing_stays_together(text: str) -> None:
    assert texts(f"Exclusion Criteria: {text}") == [("ex", text)]


@pytest.mark.parametrize(
    "text", ["- Riders - own shoes - walk", "-Riders -own shoes -walk", "*Riders *own shoes *walk"]
)
def test_a_list_on_one_line_is_taken_apart_at_its_bullets(text: str) -> None:
    found = [("ex", "Riders"), ("ex", "own shoes"), ("ex", "walk")]
    assert texts(f"Exclusion Criteria: {text}") == texts(f"Exclusion Criteria:\n{text}") == found


def test_one_dash_is_no_list() -> None:
    assert texts("Exclusion Criteria: Riders - of bicycles") == [("ex", "Riders - of bicycles")]


@pytest.mark.parametrize("mark", ["{}/ ", "{} ) ", "ü ", "Ø ", "~ ", "» "])
def test_more_bullets(mark: str) -> None:
    text = "\n".join(mark.format(n) + words for n, words in enumerate(("Riders", "own shoes"), 1))
    assert texts(f"Inclusion Criteria:\n{text}") == [("in", "Riders"), ("in", "own shoes")]


def test_a_paragraph_of_a_list_stays_whole() -> None:
    text = "Inclusion Criteria:\n- Riders. They own a bicycle. It has two wheels.\n- Walkers"
    assert texts(text) == [("in", "Riders. They own a bicycle. It has two wheels."), ("in", "Walkers")]


@pytest.mark.parametrize("line", ["50 km or less", "≤ 50 km", "= 50 km"])
def test_a_number_on_the_next_line_belongs_to_the_item_before(line: str) -> None:
    assert texts(f"Inclusion Criteria:\n* Rides a week\n{line}\n* Walks") == [
        ("in", f"Rides a week\n{line}"),
        ("in", "Walks"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Inclusion criteria: <p>Riders</p>\n<p>Walkers</p>",
        "Inclusion criteria: <ul>\n<li>Riders</li>\n<li>Walkers</li>\n</ul>",
        "Inclusion criteria: <p>- Riders\n- Walkers</p>",
    ],
)
def test_markup_of_the_source_is_no_criterion(text: str) -> None:
    found = parse([("unspecified", text)])
    assert [one.text for one in found.criteria] == ["Riders", "Walkers"] and found.raw == text


def test_a_sentence_that_goes_on_in_small_letters_is_one_criterion() -> None:
    long = "Riders who have owned a bicycle of two wheels and who ride it"
    assert texts(f"Inclusion Criteria:\n{long}\nto work each day\nAdults\nown shoes") == [
        ("in", f"{long}\nto work each day"), ("in", "Adults"), ("in", "own shoes"),
    ]  # fmt: skip
