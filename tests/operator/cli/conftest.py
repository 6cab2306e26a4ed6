"""The real command line in processes of its own, over the sample portfolio imported once.

Rules of this module:

1. A command gets only its own environment: no vendor, no model, no colour of the shell.
2. The imported portfolio is never written to; a test that writes takes a copy.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import databases

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "sample" / "portfolio"
AS_OF = "2026-12-07T15:00:00+00:00"
COMMAND = [sys.executable, "-m", "contractops.operator.cli"]
FOREIGN = ("SLACK_", "CONTRACTOPS_", "OPENAI_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_")


def environment(**more: str) -> dict[str, str]:
    """The shell's environment without what would change an answer, plus `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "PYTHONIOENCODING": "utf-8", **more}


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output, which is one JSON document."""
        return json.loads(self.out)


def run(*arguments: str, db: Path | None = None, stdin: bytes = b"", **variables: str) -> Ran:
    """Run contractops with `arguments` and give its result; `db` adds --db."""
    chosen = ["--db", databases.url_of(db)] if db else []
    done = subprocess.run(
        [*COMMAND, *arguments, *chosen], input=stdin, capture_output=True, env=environment(**variables), timeout=100, check=False
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The sample portfolio in a database, and what its import said."""
    db = tmp_path_factory.mktemp("portfolio") / "sample.db"
    return db, run("import", str(SAMPLE), db=db)


@pytest.fixture(scope="session")
def portfolio(imported: tuple[Path, Ran]) -> Path:
    """The database file of the sample portfolio. Not to be written to."""
    return imported[0]


@pytest.fixture
def own_copy(portfolio: Path, tmp_path: Path) -> Path:
    """A copy of the imported portfolio that a test may change."""
    target = tmp_path / "copy.db"
    databases.copy(portfolio, target)
    return target
