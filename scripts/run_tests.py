"""Runs every test: `python scripts/run_tests.py [pytest arguments]`.

Rules of this module:

1. Two rounds: what may share the machine runs on five workers (many tests only wait), what kills processes runs after it, on four.
2. The long simulation is left out; `make simulate` runs it.
3. Arguments reach both rounds; a round that selects nothing is no failure as long as the other ran something.
4. Files run in the order of `tests/conftest.py`, the slow ones first: whatever is long and late leaves the other workers idle.
5. Bytecode is kept in `.venv`, whatever the shell says: many tests start commands, and each would compile the product anew.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SHARED: Final = ("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not kill and not long")
ALONE: Final = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "kill")
NOTHING_SELECTED: Final = 5
ENVIRONMENT: Final = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main(arguments: list[str]) -> int:
    """The first exit code that is not 0, of the two rounds; 5 when neither selected a test."""
    codes = [run(*options, *arguments) for options in (SHARED, ALONE)]
    if all(code == NOTHING_SELECTED for code in codes):
        return NOTHING_SELECTED
    return next((code for code in codes if code not in {0, NOTHING_SELECTED}), 0)


def run(*arguments: str) -> int:
    """The exit code of one round of pytest."""
    environment = {**ENVIRONMENT, "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "bytecode")}
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
