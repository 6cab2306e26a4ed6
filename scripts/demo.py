"""Runs `contractops demo` in a clean environment: `python scripts/demo.py [ARGS]`.

Rules of this module:

1. No variable of the shell reaches the demo but those listed here: a vendor key of the person at the terminal cannot be used by accident.
2. `--model` is the one switch: it lets in the variables of a model endpoint, because then the person asked for it.
"""

import os
import sys
from pathlib import Path
from typing import Final

PYTHON: Final = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"
KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "NO_COLOR", "COLUMNS")
MODEL: Final = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CONTRACTOPS_MODEL")


def clean_environment(shell: dict[str, str], *, with_model: bool) -> dict[str, str]:
    """The variables of `shell` that the demo may see."""
    names = KEPT + MODEL if with_model else KEPT
    return {name: shell[name] for name in names if name in shell}


def main(arguments: list[str]) -> None:
    """Replace this process by the demo; never returns."""
    sys.stdout.flush()
    environment = clean_environment(dict(os.environ), with_model="--model" in arguments)
    os.execve(PYTHON, [str(PYTHON), "-m", "contractops.operator.cli", "demo", *arguments], environment)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
