"""Commands as a person runs them: a new process each, on the sample portfolio; and the import of a big one.

Rules of this module:

1. The time is that of the whole process, from its start to its end, interpreter included.
2. Memory is the process's own peak, as the kernel counted it.
3. Files and database are read from the cache of the operating system: one run goes before those that count.
"""

import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench_measure import NOW, ROOT, RUNS, CannotMeasureError, Figure, clean_environment, megabytes, timed

CLI: Final = str(Path(sys.executable).with_name("contractops"))
SAMPLE: Final = ROOT / "sample" / "portfolio"
BIG: Final = 100_000
AT: Final = ("--as-of", NOW)
COMMANDS: Final = (
    ("contractops --help", ("--help",), 0.5),
    ("contractops why ENT-3391 (sample)", ("why", "ENT-3391", *AT), 1.0),
    ("contractops coverage (sample)", ("coverage", *AT), 1.0),
)
REPORTED: Final = (0, 1)
"""Exit codes of an import that did its work; the sample holds rows that are reported."""


@dataclass(frozen=True)
class Ran:
    """One command that has ended."""

    seconds: float
    peak_megabytes: float
    output: str


def commands() -> Iterator[Figure]:
    """Seconds of the commands of a person in a hurry. Raises ``CannotMeasureError`` when one fails."""
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as folder:
        environment = _environment(Path(folder))
        with timed("sample portfolio imported"):
            _run(("import", str(SAMPLE)), environment, allowed=REPORTED)
        for what, arguments, bound in COMMANDS:
            _run(arguments, environment)
            taken = [_run(arguments, environment).seconds for _again in range(RUNS)]
            yield Figure(what, 1, statistics.median(taken), "s", bound)


def big_import() -> Iterator[Figure]:
    """Seconds and peak MB of an import of ``BIG`` contracts with two service orders each, arming included. Once: it is long."""
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as folder:
        data = Path(folder) / "data"
        with timed(f"{BIG:,} contracts with two service orders each written as CSV"):
            _write_big(data)
        ran = _run(("import", str(data), "--json"), _environment(Path(folder)))
        armed = json.loads(ran.output)["armed"]["new"]
        if armed != BIG:
            raise CannotMeasureError(f"{armed} of {BIG} contracts are watched after the import")
        yield Figure("import into an empty database, dates worked out", BIG, ran.seconds, "s", 60.0, runs=1)
        yield Figure("import: peak memory", BIG, ran.peak_megabytes, "MB", 500.0, runs=1)


def _write_big(folder: Path) -> None:
    """The files that the tests of the import use, and one person more."""
    maker = runpy.run_path(str(ROOT / "tests" / "importing" / "big.py"))
    maker["write"](folder, BIG)
    with (folder / "people.csv").open("a", encoding="utf-8") as people:  # without contract-ops nothing is watched
        people.write("ops,Contract Ops,ops@example.com,contract_ops,America/Chicago\n")


def _environment(folder: Path) -> dict[str, str]:
    return clean_environment(CONTRACTOPS_DATABASE_URL=f"sqlite:///{folder / 'bench.db'}")


def _run(arguments: tuple[str, ...], environment: dict[str, str], *, allowed: tuple[int, ...] = (0,)) -> Ran:
    """Run one command to its end. Raises ``CannotMeasureError`` for another exit code than ``allowed``."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen([CLI, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _pid, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, errors):
            stream.seek(0)
        if process.returncode not in allowed:
            raise CannotMeasureError(f"contractops {arguments[0]} ended with {process.returncode}: {errors.read().strip()[-200:]}")
        return Ran(took, megabytes(usage), out.read())
