"""`python -m harvester` and the command `harvester`: loads the command line, and runs it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress


def main() -> None:
    """The command line. Ctrl-C while it is still being loaded ends with a sentence: nothing was begun, so nothing is to be closed."""
    before = signal.signal(signal.SIGINT, _not_begun) if signal.getsignal(signal.SIGINT) != signal.SIG_IGN else None
    from harvester.cli import main as run

    if before is not None:
        signal.signal(signal.SIGINT, before)
    run(prog_name="harvester")


def _not_begun(number: int, frame: object) -> None:
    with suppress(OSError):
        os.write(2, b"harvester: stopped by a signal before it began: nothing was done\n")
    os._exit(1)


if __name__ == "__main__":
    main()
