"""Harvester room: how work that was asked to stop ends. Used by every command that writes into a data folder.

SIGTERM and Ctrl-C become `Stopped`, raised where the work is, so that connections and locks are closed on the way out. A
single call into SQLite or NumPy can last longer than a service manager waits: a thread then ends the process after
`LIMIT` seconds. Nothing is lost by it: what the archive acknowledged is on the disk, and a catalogue takes its place whole.
While a crawl runs, `harvester.crawl` has handlers of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: Seconds from a signal to the end of the process at the latest.
LIMIT = 9.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_where = "at its beginning"


class Stopped(BaseException):
    """A signal asked for the end. The message says where the work was and what to do. No `Exception`: a rule that guards
    one record against the faults of another must not take it for one."""


def at(place: str) -> None:
    """Notes where the work is, as words that follow `stopped`: `while it linked records`."""
    global _where
    _where = place


@contextmanager
def stoppable() -> Iterator[None]:
    """Raises Stopped within, in the main thread, when SIGINT or SIGTERM comes; elsewhere signals stay as they are."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    at("at its beginning")
    met: list[int] = []

    def stop(number: int, frame: object) -> None:
        met.append(number)
        if len(met) == 1:
            raise Stopped(_sentence())

    # The system's handler writes to the pipe at once, also while the main thread cannot run Python's.
    listening, told = os.pipe()
    os.set_blocking(told, False)
    waked_before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    threading.Thread(target=_end_at_last, args=(listening,), daemon=True).start()
    try:
        yield
    except Exception as error:
        if met:  # a callback of SQLite turns what is raised in it into an error of its own
            raise Stopped(_sentence()) from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(waked_before)
        os.close(told)


def _end_at_last(listening: int) -> None:
    """Waits for a signal; when the process is still there after LIMIT seconds, ends it. Ends when the pipe is closed."""
    with os.fdopen(listening, "rb", buffering=0) as pipe:
        while number := pipe.read(1):
            if number[0] in _SIGNALS:
                break
        else:
            return
        until = time.monotonic() + LIMIT
        os.set_blocking(listening, False)
        while time.monotonic() < until:
            if pipe.read(1) == b"":  # closed: the work has ended by itself
                return
            time.sleep(0.05)
    with suppress(OSError):
        print(f"harvester: {_sentence()}", file=sys.stderr, flush=True)
    os._exit(1)


def _sentence() -> str:
    return (
        f"stopped by a signal {_where}: what was fetched is kept, and a catalogue that stood is still published; run the "
        "same again, it goes on from there"
    )
