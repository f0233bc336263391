"""Country records of EUCTR written for the tests of reading them."""

from __future__ import annotations

from pathlib import Path

from normalize.euctr import normalize
from normalize.schema import Record

FIXTURES = Path(__file__).parent.parent / "fixtures" / "euctr"
ASTHMA = "EUCTR2031-000042-17-SE"


def payload(name: str, form: str = "txt") -> bytes:
    return (FIXTURES / name / f"payload.{form}").read_bytes()


def text_of(name: str) -> str:
    return payload(name).decode("utf-8")


def read(text: str) -> Record:
    return normalize(text.encode(), "text/plain; charset=utf-8")


def changed(old: str, new: str) -> Record:
    """The asthma record with one piece of its text replaced."""
    text = text_of(ASTHMA)
    assert old in text
    return read(text.replace(old, new, 1))


def solid(text: str | None) -> str:
    """A text without white space."""
    return "".join((text or "").split())
