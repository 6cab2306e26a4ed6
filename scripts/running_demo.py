"""Runs `contractops demo` for a person who is not there: starts it on a terminal of its own and stops it again.

Rules of this module:

1. It is the demo itself, by its own command; what it prints on the way is kept.
2. What was started is stopped, together with everything that it started.
"""

import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ADDRESS: Final = re.compile(r"Open the local Slack: (http://\S+?)/?\s")
FIRST_CARD: Final = re.compile(r"First card after ([\d.]+) s")
PATIENCE: Final = 600.0
"""Seconds until the address must have been printed; a first installation is part of it."""


class NoDemoError(Exception):
    """The demo ended, or stayed silent, before it printed its address. Carries what it said last."""


@dataclass(frozen=True)
class Demo:
    """A demo that waits for a person. ``seconds``: from the command to the printed address; ``first_card``: as the demo counted it."""

    world: str
    seconds: float
    first_card: float
    said: str


@contextmanager
def demo(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[Demo]:
    """Run ``command`` in ``folder`` until the block ends. Raises ``NoDemoError`` when it does not come up."""
    terminal, end = pty.openpty()
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=end, stderr=end, start_new_session=True
    )
    os.close(end)
    try:
        said = _until_address(terminal, began)
        seconds, card, address = time.monotonic() - began, FIRST_CARD.search(said), ADDRESS.search(said)
        if card is None or address is None:
            raise NoDemoError(said[-400:])
        yield Demo(address[1], seconds, float(card[1]), said)
    finally:
        os.close(terminal)
        _stop(process)


def _until_address(terminal: int, began: float) -> str:
    said = ""
    while not ADDRESS.search(said):
        try:
            said += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the other end of a terminal is closed: the program has ended
            raise NoDemoError(said[-400:]) from None
        if time.monotonic() - began > PATIENCE:
            raise NoDemoError(said[-400:])
    return said


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C to the whole group, as a terminal sends it; SIGKILL for what does not end."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
