"""Values room: the items of a text that is a list from its first character to its last.

Called by the normalizers of registers that give several outcomes in one text. What is not surely a list stays one text.
"""

from __future__ import annotations

import re

# "1. ", "2)", "(3) ", "1.\t"; not the "1.1." of an item's own list nor a number such as "1.5 mg"
_NUMBER = re.compile(r"^[ \t]*\(?(\d{1,2})[.):][ \t]*(?=[^\s\d.)])", re.MULTILINE)
_BULLET = re.compile(r"^[ \t]*([-–•*·●])[ \t]+(?=\S)", re.MULTILINE)


def items(text: str) -> list[str]:
    """The items of "1. Pain\\n2. Function", without their numbers, or of "- Pain\\n- Function", else the whole text alone.

    A list begins at the beginning, counts from 1 without a gap, and nothing stands behind its last item that none of the others has: a
    line before or behind it ("All at baseline and 6 weeks") may be about all of them, and one between ("Added 04/05/2022:") about those that follow.
    """
    if "\n" not in text:
        return [text]
    numbers = list(_NUMBER.finditer(text))
    if [int(number[1]) for number in numbers] == list(range(1, len(numbers) + 1)):
        return _between(text, numbers) if numbers else _bulleted(text)
    return [text]


def _bulleted(text: str) -> list[str]:
    bullets = list(_BULLET.finditer(text))
    alike = len({bullet[1] for bullet in bullets}) == 1 and len(bullets) == sum(
        map(bool, map(str.strip, text.split("\n")))
    )
    return _between(text, bullets) if alike else [text]


def _between(text: str, marks: list[re.Match[str]]) -> list[str]:
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    found = [text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)]
    lines = [item.count("\n") for item in found]
    headed = any(item.endswith(":") and "\n" in item for item in found)
    divided = (
        len(found) > 1
        and not headed
        and not text[: marks[0].start()].strip()
        and not (lines[-1] and not any(lines[:-1]))
    )
    return found if divided else [text]
