"""Harvester room: a process of the harvester's own code beside this one. Used by `harvester.crawl` and `harvester.readers`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def beside(call: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Starts Python with this harvester, wherever it was started from, and runs `call` there; talk to it by stdin and stdout.

    Ctrl-C does not reach it: who started it ends it. Closed stdin tells it that its owner is gone, however that ended.
    """
    home = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-P", "-c", call],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
        pass_fds=pass_fds,
    )
