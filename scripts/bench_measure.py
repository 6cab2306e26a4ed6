"""What a figure is, and how it is taken: the vocabulary of the bench.

Rules of this module:

1. A figure is the median of its runs unless its name says otherwise; a bound is met or missed, never rounded into being met.
2. Progress goes to standard error; results are values.
"""

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
RUNS: Final = 5
FOREIGN: Final = ("CONTRACTOPS_", "OPENAI_", "SLACK_", "PYTHON", "MAKE", "MFLAGS", "ARGS")
"""Beginnings of variables that would configure the product, a vendor, or Python itself (no bytecode, no buffer), or carry the arguments
of this `make` into the one that is measured."""
NOW: Final = "2026-12-07T15:00:00+00:00"
"""Business time of every figure: Mon 7 Dec 2026, 09:00 in Chicago, as in the sample portfolio."""


class CannotMeasureError(Exception):
    """Why a figure could not be taken: the thing measured did not do what it should."""


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``n`` counts the things measured; ``bound`` is in ``unit``, None where nothing is promised.

    ``at_least``: the value must reach the bound instead of staying below it. ``runs``: how many runs the value is taken from.
    """

    what: str
    n: int
    value: float
    unit: str
    bound: float | None
    at_least: bool = False
    runs: int = RUNS

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.at_least else self.value < self.bound


def seconds(act: Callable[[], object]) -> float:
    """Seconds that one call of ``act`` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def median_seconds(act: Callable[[], object], *, runs: int = RUNS, before: Callable[[], object] = lambda: None) -> float:
    """Median seconds of ``act``; ``before`` each run, unmeasured, puts things back."""
    taken = []
    for _run in range(runs):
        before()
        taken.append(seconds(act))
    return statistics.median(taken)


def percentile(values: list[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 100) // 100) - 1)]


def tell(words: str) -> None:
    """One line of progress on standard error."""
    print(f"  {words}", file=sys.stderr, flush=True)


@contextmanager
def timed(words: str) -> Iterator[None]:
    """Say what is prepared and how long it took; preparation is not part of a figure."""
    began = time.perf_counter()
    yield
    tell(f"{words} ({time.perf_counter() - began:.1f} s)")


def clean_environment(**more: str) -> dict[str, str]:
    """The shell's variables without those of ``FOREIGN``, and ``more``."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | more


def megabytes(usage: resource.struct_rusage) -> float:
    """Peak resident memory in MB of 10^6 bytes (the kernel counts KiB on Linux, bytes on macOS)."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
