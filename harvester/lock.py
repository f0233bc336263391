"""Harvester room: one writer at a time in a data folder. Used by every command that writes there.

The lock is the operating system's, on the open file `.lock` of the folder: it ends with the process that holds it (and with
the crawl's process, which inherits it), so a dead owner's lock is free at once. What the file says is for people: who, where,
since when. A file that still says something although the lock is free was left by an owner that was killed.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from spiders.payloads import now


class Owner(Struct):
    """Who holds the lock, as the file says."""

    work: str  # the command: refresh, import, build
    pid: int
    host: str
    since: str  # ISO 8601, UTC


class Lock(Struct):
    """A lock that is held: its open file, and the owner before it that ended without releasing it."""

    file: int
    taken_over: Owner | None


class Locked(Exception):
    """Somebody else is at work in the folder. The message names them and says what to do."""


@contextmanager
def locked(data: Path, work: str) -> Iterator[Lock]:
    """Holds the folder's lock; makes the folder where it is missing. Raises Locked, or OSError when the folder refuses."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / ".lock"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(_busy(data, _owner(path))) from None
        before = _owner(path)
        _write(file, msgspec.json.encode(Owner(work=work, pid=os.getpid(), host=socket.gethostname(), since=now())))
        try:
            yield Lock(file=file, taken_over=before)
        finally:
            _write(file, b"")
    finally:
        os.close(file)


def at_work(data: Path) -> Owner | None:
    """Who is at work in the folder, as far as the file tells; None when its process on this machine is gone. Takes no lock, so
    that asking never gets in the way of a refresh that begins at this moment."""
    path = data / ".lock"
    owner = _owner(path) if path.exists() else None
    if owner is None or owner.host != socket.gethostname():
        return owner
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:  # alive, and somebody else's
        pass
    return owner


def describe_takeover(owner: Owner) -> str:
    """A sentence for the log."""
    return (
        f"the {owner.work} of process {owner.pid} on {owner.host}, begun {_age(owner)} ago ({owner.since}), ended without finishing: "
        "its lock is taken over and its work goes on from what it had stored"
    )


def _busy(data: Path, owner: Owner | None) -> str:
    if owner is None:
        return f"another harvester is at work in {data}: wait for it"
    return (
        f"another harvester is at work in {data}: {owner.work}, process {owner.pid} on {owner.host}, for {_age(owner)}. Wait "
        f"for it; if it hangs, end it there with `kill {owner.pid}`"
    )


def _age(owner: Owner) -> str:
    try:
        seconds = (datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(owner.since)).total_seconds()
    except ValueError:
        return "an unknown time"
    if seconds < 0:
        return "a time that lies ahead (the clock was set back)"
    return f"{seconds / 3600:,.1f} hours" if seconds >= 7200 else f"{seconds / 60:,.0f} minutes"


def _owner(path: Path) -> Owner | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Owner)
    except msgspec.DecodeError:  # empty: released; anything else was half written by a process that died
        return None


def _write(file: int, text: bytes) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, text, 0)
    os.fsync(file)
