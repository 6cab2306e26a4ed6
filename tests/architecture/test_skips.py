"""A skip is said in words, and cannot hide a browser test where a browser was promised; no key of the shell reaches a test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

SKIPPING = """
import pytest

@pytest.mark.browser
def test_page() -> None:
    pytest.skip("no browser here")
"""
READING = """
import os

def test_environment() -> None:
    assert "SLACK_BOT_TOKEN" not in os.environ
    assert "CONTRACTOPS_DATABASE_URL" not in os.environ
    assert os.environ["LANGGRAPH_STRICT_MSGPACK"] == "true"
"""


def run(folder: Path, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """pytest over one test file, under the product's own conftest and configuration."""
    shutil.copy(ROOT / "tests/conftest.py", folder / "conftest.py")
    (folder / "test_planted.py").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(folder),
        "-p",
        "no:cacheprovider",
        str(folder),
    ]
    kept = {name: value for name, value in os.environ.items() if name != "CONTRACTOPS_REQUIRE_BROWSER"}
    return subprocess.run(command, cwd=folder, env=kept | variables, capture_output=True, text=True, check=False)


def test_a_skip_is_printed_with_its_reason(tmp_path: Path) -> None:
    """Without a promise the skipped browser test passes, and the summary says what was not run and why."""
    ran = run(tmp_path, SKIPPING)
    assert ran.returncode == 0, ran.stdout
    assert "not run: " in ran.stdout
    assert "no browser here" in ran.stdout


def test_a_skipped_browser_test_fails_where_a_browser_was_promised(tmp_path: Path) -> None:
    """In the continuous integration the same skip is a failure."""
    ran = run(tmp_path, SKIPPING, CONTRACTOPS_REQUIRE_BROWSER="1")
    assert ran.returncode == 1, ran.stdout
    assert "a browser was promised" in ran.stdout


def test_no_key_of_the_shell_reaches_a_test(tmp_path: Path) -> None:
    """Vendor and product variables are gone before the first test module is imported."""
    ran = run(
        tmp_path, READING, SLACK_BOT_TOKEN="xoxb-real", CONTRACTOPS_DATABASE_URL="sqlite:///real.db", LANGGRAPH_STRICT_MSGPACK="false"
    )
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("command", ["make lint", "make test", "make demo ARGS=--script"])
def test_the_continuous_integration_runs_the_same_commands(command: str) -> None:
    """What a person types is what is checked, verbatim."""
    assert command in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
