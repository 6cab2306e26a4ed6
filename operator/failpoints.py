"""Places where a test may kill the process. Off unless a test arms one; then the process ends there as if by SIGKILL.

Rule 1: a name is ``{effect kind}:{point}``; the six points stand in ``POINTS``.
Rule 2: an armed point is written to its log before it kills, so that a test can prove that it was hit.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

POINTS: Final = ("before_intent", "after_intent", "before_call", "after_call", "before_receipt", "after_receipt")

_armed: dict[str, Path] = {}


def arm(name: str, log: Path) -> None:
    """Kill this process the next time it passes ``name``; say so in ``log`` first."""
    _armed[name] = log


def disarm() -> None:
    """Forget every armed point."""
    _armed.clear()


def passing(kind: str, point: str) -> None:
    """Called at each point of each effect; does nothing in production."""
    if not _armed:
        return
    name = f"{kind}:{point}"
    log = _armed.pop(name, None)
    if log is not None:
        with log.open("a") as out:
            out.write(name + "\n")
            out.flush()
            os.fsync(out.fileno())
        os.kill(os.getpid(), signal.SIGKILL)
