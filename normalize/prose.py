"""Values room: a name out of a text that its register did not divide.

Called by the normalizers of registers that tell an intervention in prose.
"""

from __future__ import annotations

import re

#: Longest text that is a name as it stands; what is longer has its name in its first line or its first sentences.
LONGEST_NAME = 200
_SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)[.;](?=\s+[A-Z])")


def name_and_rest(text: str) -> tuple[str, str | None]:
    """(name, description) of a text that holds both; put together they are the text. A text without a place to cut is all name."""
    if len(text) <= LONGEST_NAME:
        return text, None
    cut = text.find("\n", 1, LONGEST_NAME)
    if cut < 0:
        cut = max((end.end() for end in _SENTENCE_END.finditer(text, 0, LONGEST_NAME)), default=len(text))
    return text[:cut].strip(), text[cut:].strip() or None
