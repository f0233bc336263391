"""Command line: what is said must not stop what is done. The three standard streams of a command that works in a data folder.

A reader of its output may go away (`| head`), the disk that holds its log may be full, and whoever started it may have closed them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any


def open_streams() -> None:
    """Opens those that are closed: a file opened next would get the number of one, and be written to as if it was that. Data are UTF-8
    whatever the locale says; a terminal of another encoding is shown what it cannot write as `\\u2265`."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the end
    if isinstance(sys.stdout, TextIOWrapper):
        is_shown = sys.stdout.isatty()
        sys.stdout.reconfigure(encoding=None if is_shown else "utf-8", errors="backslashreplace")


@contextmanager
def lasting() -> Iterator[None]:
    """Within, what stdout and stderr no longer take is dropped."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Lasting(before[0]), _Lasting(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Lasting:
    """A text stream whose write and flush never fail."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except OSError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        """Nothing more goes there, not even what waits in a buffer for the end of the process."""
        null = os.open(os.devnull, os.O_WRONLY)
        with suppress(OSError, ValueError):
            os.dup2(null, self._stream.fileno())
        os.close(null)
