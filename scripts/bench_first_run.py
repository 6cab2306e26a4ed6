"""The first run: a fresh clone, an empty cache, `make demo`, until a person sees an alert.

Rules of this module:

1. The clone is of the last commit: what is not committed is not measured.
2. The packages come over the network once; the import and its first card are repeated in the same clone.
"""

import re
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench_measure import ROOT, RUNS, CannotMeasureError, Figure, clean_environment, tell
from running_demo import NoDemoError, demo

INSTALLED: Final = re.compile(r"Installed: ([\d.]+) MB downloaded.* (\d+) MB in \.venv")


def figures() -> Iterator[Figure]:
    """Seconds and MB of the first run, seconds to the first card. Raises ``CannotMeasureError`` when the demo does not come up."""
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as place:
        folder = Path(place) / "contractops"
        subprocess.run(["git", "clone", "--quiet", "--local", str(ROOT), str(folder)], check=True)
        environment = clean_environment(PIP_CACHE_DIR=str(Path(place) / "empty-cache"), VIRTUAL_ENV="")
        cards = []
        try:
            for run in range(RUNS):
                with demo(["make", "demo"], folder, environment) as running:
                    cards.append(running.first_card)
                    tell(
                        f"make demo {run + 1} of {RUNS}: address after {running.seconds:.1f} s, first card {running.first_card:.1f} s after it began to import"
                    )
                    yield from _installation(running.said, running.seconds) if run == 0 else ()
        except NoDemoError as said:
            raise CannotMeasureError(f"make demo did not come up: {said}") from said
        yield Figure("first run: import to the first card, at first", 1, cards[0], "s", 5.0, runs=1)
        yield Figure("first run: import to the first card", 1, statistics.median(cards), "s", 5.0)


def _installation(said: str, seconds: float) -> Iterator[Figure]:
    found = INSTALLED.search(said)
    if found is None:
        raise CannotMeasureError(f"the first run did not say how much it installed: {said[-300:]}")
    yield Figure("first run: make demo, from an empty cache", 1, seconds, "s", None, runs=1)
    yield Figure("first run: downloaded", 1, float(found[1]), "MB", None, runs=1)
    yield Figure("first run: size of .venv", 1, float(found[2]), "MB", None, runs=1)
