"""A process that has imported everything and opened nothing; it forks a child for each order it reads.

Rules of this module:

1. Between orders the server has one thread and no file beyond the three standard ones: a child never shares a socket, a lock or a database.
2. An order is one JSON line on standard input, its reply one JSON line on standard output; a child writes to its own log only.
3. Whatever was started is killed when standard input ends.
"""

import gc
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy.orm import configure_mappers

from contractops.graphs.renewal import compiled
from contractops.operator.localworld.app import run as run_world
from contractops.tools.calendars import check_calendar
from tests.faults.children import CALLS

READY = "local world: "

LAZY = (
    "alembic.command",
    "docusign_esign",
    "docusign_esign.client.api_exception",
    "holidays.countries",
    "pypdfium2",
    "typst",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
"""What the product and the world import only where they need it."""


def main() -> None:
    """Import everything, then serve orders until standard input ends."""
    for name in LAZY:
        importlib.import_module(name)
    configure_mappers()
    compiled()
    for calendar in ("US-IL", "US-NY", "GB-ENG"):
        check_calendar(calendar)
    gc.freeze()  # the children's collections touch no page of the parent
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(obey(order, running)), flush=True)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def obey(order: dict[str, Any], running: set[int]) -> dict[str, Any]:
    """Do one order: opened, start, wait, signal, world or end."""
    reply: dict[str, Any] = {}
    match order["do"]:
        case "opened":
            reply = {"threads": threading.active_count(), "tasks": _count("/proc/self/task"), "files": _count("/proc/self/fd")}
        case "start":
            pid = _fork(Path(order["log"]), lambda: CALLS[order["call"]](**order["arguments"]))
            running.add(pid)
            reply = {"pid": pid}
        case "wait":
            running.discard(order["pid"])
            reply = {"status": os.waitstatus_to_exitcode(os.waitpid(order["pid"], 0)[1])}
        case "signal":
            os.kill(order["pid"], order["signal"])
        case "world":
            pid, url = _world(Path(order["state"]))
            running.add(pid)
            reply = {"pid": pid, "url": url}
        case "end":
            os.kill(order["pid"], order["signal"])
            running.discard(order["pid"])
            reply = {"status": os.waitstatus_to_exitcode(os.waitpid(order["pid"], 0)[1])}
        case unknown:
            message = f"unknown order {unknown}"
            raise ValueError(message)
    return reply


def _count(folder: str) -> int | None:
    """Entries of a folder of /proc; None where there is none (macOS). The open folder itself is not counted."""
    path = Path(folder)
    return len(list(path.iterdir())) - (1 if path.name == "fd" else 0) if path.exists() else None


def _fork(log: Path, work: Callable[[], object], answers: int | None = None) -> int:
    """A child that does ``work`` and ends with 0, or 1 and a traceback in ``log``. ``answers``: where its standard output goes."""
    pid = os.fork()
    if pid == 0:
        _child(log, work, answers)
    return pid


def _child(log: Path, work: Callable[[], object], answers: int | None) -> NoReturn:
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(out if answers is None else answers, 1)
        os.dup2(out, 2)
        work()
        sys.stdout.flush()
    except SystemExit as end:
        os._exit(int(end.code or 0))
    except BaseException:  # noqa: BLE001 - the child must never return into the server's loop
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _world(state: Path) -> tuple[int, str]:
    reading, writing = os.pipe()
    pid = _fork(state / "world.log", lambda: run_world(0, state), writing)
    os.close(writing)
    with os.fdopen(reading) as answers:
        line = answers.readline()
    if not line.startswith(READY):
        message = f"the local world did not start, see {state / 'world.log'}: {line!r}"
        raise RuntimeError(message)
    return pid, line.removeprefix(READY).strip()


if __name__ == "__main__":
    main()
