"""Memory that a build has freed, given back to the system. Called by `build` and `relate_lists`."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """glibc keeps what is freed between pieces that live on, and what the next stage asks for in other sizes comes on top of it.

    Where the system's library knows no such call (musl, macOS), nothing is done.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
