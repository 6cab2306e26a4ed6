"""Prints the figures of this product on this machine: `python scripts/bench.py [--check] [--json] [--readme] [--only GROUP ...]`.

Rules of this module:

1. Every line says what was measured, how often, its bound and whether the bound is met; a missed figure is printed as missed.
2. A group that cannot be measured is a failure with its reason; the other groups go on.
3. Nothing here is a test: a figure depends on the machine, so the commit, the Python and the cores stand above the table.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import bench_bulk
import bench_click
import bench_commands
import bench_first_run
import bench_renewals
import bench_sweep
import bench_talk
import bench_tools
from bench_measure import ROOT, CannotMeasureError, Figure, tell

GROUPS: Final[dict[str, Callable[[], Iterator[Figure]]]] = {
    "import": bench_commands.big_import,
    "sweep": bench_sweep.figures,
    "click": bench_click.figures,
    "renewals": bench_renewals.figures,
    "bulk": bench_bulk.figures,
    "talk": bench_talk.figures,
    "tools": bench_tools.figures,
    "first-run": bench_first_run.figures,
    "commands": bench_commands.commands,
}
"""The import goes first: the system counts to a command the memory that its caller had when it was started."""
LONG: Final = ("renewals", "bulk")
"""Each takes longer than all others together: they are measured when ``--only`` names them."""
WHOLE_FROM: Final = 100
README: Final = ROOT / "README.md"
TABLE: Final = re.compile(r"(<!-- figures -->\n).*?(\n<!-- /figures -->)", re.DOTALL)
BUSY: Final = os.getloadavg()[0]
WORDS: Final = {True: "yes", False: "NO", None: ""}


def main() -> int:
    """Measure, print, and with --check judge. Returns 1 when --check is given and a figure was missed or could not be taken."""
    parser = argparse.ArgumentParser(description="Measures what this product promises.")
    parser.add_argument("--check", action="store_true", help="exit 1 when a figure is missed")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--readme", action="store_true", help="put the table into the README as well")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=GROUPS,
        default=[one for one in GROUPS if one not in LONG],
        metavar="GROUP",
        help=f"some of: {', '.join(GROUPS)}",
    )
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # a notice of a library is no result
    figures, failures = measure(given.only)
    print(as_json(figures, failures) if given.json else as_table(figures, failures))
    if given.readme:
        README.write_text(
            TABLE.sub(lambda marks: f"{marks[1]}{as_table(figures, failures)}{marks[2]}", README.read_text(encoding="utf-8")),
            encoding="utf-8",
        )
    missed = [figure.what for figure in figures if figure.met is False]
    return 1 if given.check and (missed or failures) else 0


def measure(groups: list[str]) -> tuple[list[Figure], dict[str, str]]:
    """(figures of ``groups``, reason by group for those that could not be measured to their end)."""
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    for name in groups:
        tell(f"{name} ...")
        try:
            figures.extend(GROUPS[name]())
        except CannotMeasureError as reason:
            failures[name] = str(reason)
    return figures, failures


def as_table(figures: list[Figure], failures: dict[str, str]) -> str:
    """The figures as a Markdown table of at most 100 columns, under the line that names machine and version."""
    lines = [headline(), "", f"| {'what':<51} | {'n':>9} | {'median (runs)':>14} | {'bound':>12} | met |", "|---|--:|--:|--:|---|"]
    lines += [_line(figure) for figure in figures]
    lines += [f"not measured: {name}: {reason}" for name, reason in failures.items()]
    return "\n".join(lines)


def as_json(figures: list[Figure], failures: dict[str, str]) -> str:
    """The same as one JSON document with stable keys."""
    rows = [asdict(figure) | {"met": figure.met} for figure in figures]
    return json.dumps({"machine": headline(), "figures": rows, "not_measured": failures}, indent=2)


def headline() -> str:
    """Day, commit, Python and machine; its load before anything was measured says how much else it had to do."""
    commit = _git("rev-parse", "--short=7", "HEAD") + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_memory():.0f} GB, load {BUSY:.1f}"
    return f"{day}, commit {commit}, Python {platform.python_version()}, {machine}"


def _line(figure: Figure) -> str:
    sign = "" if figure.bound is None else (">= " if figure.at_least else "< ")
    bound = "" if figure.bound is None else f"{sign}{_number(figure.bound)} {figure.unit}"
    value = f"{_number(figure.value)} {figure.unit}" + (f" ({figure.runs})" if figure.runs != 1 else "")
    return f"| {figure.what:<51} | {figure.n:>9,} | {value:>14} | {bound:>12} | {WORDS[figure.met]:<3} |"


def _number(value: float) -> str:
    """Whole, cut, from a hundred on; else three digits."""
    return f"{int(value):,}" if value >= WHOLE_FROM else f"{value:.3g}"


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return ran.stdout.strip() or ""


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


if __name__ == "__main__":
    sys.exit(main())
