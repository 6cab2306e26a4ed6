"""Runs every test: `python scripts/run_tests.py [--postgres] [pytest arguments]`.

Rules of this module:

1. Two rounds: what may share the machine runs on five workers (many tests only wait), what kills processes runs after it, on four.
2. The long ones are left out; `make simulate` and `make chaos` run them.
3. Arguments reach both rounds; a round that selects nothing is no failure as long as the other ran something.
4. Files run in the order of `tests/conftest.py`, the slow ones first: whatever is long and late leaves the other workers idle.
5. Bytecode is kept in `.venv`, whatever the shell says: many tests start commands, and each would compile the product anew.
6. With --postgres the tests that open a database (a test that is not listed here cannot open one) run on PostgreSQL instead of SQLite.
   When fewer passed there than SQLite has, the run has failed. Only what is about the file of SQLite itself is left out (marker ``sqlite``).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SHARED: Final = ("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not kill and not long{more}")
ALONE: Final = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "kill and not long{more}")
NOTHING_SELECTED: Final = 5
ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
WITH_DATABASE: Final = (
    "tests/adapters/test_crm_contract.py",
    "tests/faults",
    "tests/graphs",
    "tests/importing",
    "tests/operator",
    "tests/showing",
)
"""Where tests open databases; `tests/conftest.py` fails a test elsewhere that does."""


def main(arguments: list[str]) -> int:
    """The first exit code that is not 0, of the two rounds; 5 when neither selected a test."""
    if arguments[:1] == ["--postgres"]:
        return on_postgres(arguments[1:])
    return rounds(*arguments)


def rounds(*arguments: str, more: str = "", **variables: str) -> int:
    """The two rounds with these arguments; ``more`` narrows which tests they select."""
    codes = [run(*(one.format(more=more) for one in options), *arguments, **variables) for options in (SHARED, ALONE)]
    if all(code == NOTHING_SELECTED for code in codes):
        return NOTHING_SELECTED
    return next((code for code in codes if code not in {0, NOTHING_SELECTED}), 0)


def on_postgres(arguments: list[str]) -> int:
    """The rounds on PostgreSQL, compared with what SQLite would have run: 1 when tests are missing."""
    chosen = [*WITH_DATABASE, *arguments]
    with tempfile.TemporaryDirectory() as folder:
        count = Path(folder) / "passed"
        code = rounds(*chosen, more=" and not sqlite", CONTRACTOPS_TEST_DATABASE="postgres", CONTRACTOPS_TEST_COUNT=str(count))
        passed = sum(int(line) for line in count.read_text(encoding="utf-8").split()) if count.exists() else 0
    wanted = collected(chosen)
    print(f"PostgreSQL: {passed} tests passed, SQLite has {wanted} of them.")
    return code or (1 if passed < wanted else 0)


def collected(arguments: list[str]) -> int:
    """How many tests the two rounds select on SQLite."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-m", "not long and not sqlite", *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    return sum(int(number) for number in re.findall(r"^\S+\.py: (\d+)$", ran.stdout, re.MULTILINE))


def run(*arguments: str, **variables: str) -> int:
    """The exit code of one round of pytest."""
    environment = {**ENVIRONMENT, "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "bytecode"), **variables}
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
