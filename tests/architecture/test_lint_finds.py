"""The lint script finds what it is there to find: a check that checks nothing reports success too."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import lint


def run_lint(tree: Path, *steps: str) -> tuple[int, str]:
    ran = subprocess.run([sys.executable, "scripts/lint.py", *steps], cwd=tree, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def plant(tree: Path, name: str, text: str) -> None:
    (tree / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "add", name], cwd=tree, check=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_planted_errors_are_found(copied_tree: Path) -> None:
    """A type error and a forbidden import, both in folders without and with `__init__.py`, fail the lint by name."""
    if (lint.ROOT / ".mypy_cache").is_dir():  # only spares time: each module's own content decides whether its entry counts
        shutil.copytree(lint.ROOT / ".mypy_cache", copied_tree / ".mypy_cache")
    plant(copied_tree, "operator/planted_type.py", '"""Planted."""\n\nx: int = "one"\n')
    plant(copied_tree, "tools/planted_import.py", '"""Planted."""\n\nimport httpx\n\n__all__ = ["httpx"]\n')
    code, output = run_lint(copied_tree, "types", "imports")
    assert code == 1
    assert re.search(r"operator/planted_type\.py:3: error: Incompatible types in assignment", output)
    assert "contractops.tools.planted_import -> httpx" in output
    assert len(re.findall(r"(\d+) of \1 modules checked", output)) == 2, output


def test_a_module_that_git_does_not_track_is_named(copied_tree: Path) -> None:
    """What would be checked here but not elsewhere fails the lint, and the line says what to do."""
    (copied_tree / "tools/untracked.py").write_text('"""Planted."""\n', encoding="utf-8")
    code, output = run_lint(copied_tree, "imports")
    assert code == 1
    assert "tools/untracked.py: not tracked by git (git add it)" in output


def test_a_folder_outside_every_package_is_named(copied_tree: Path) -> None:
    """A new folder that nobody added to the package list fails the lint: its modules would never be shipped."""
    (copied_tree / "tools/fresh").mkdir()
    plant(copied_tree, "tools/fresh/__init__.py", '"""Planted."""\n')
    code, output = run_lint(copied_tree, "imports")
    assert code == 1
    assert "tools/fresh/__init__.py: not in a package of pyproject.toml" in output


def test_an_old_copy_does_not_survive(copied_tree: Path) -> None:
    """A module left in `.lint` or `build` by an earlier run is not checked again."""
    for old in (".lint/contractops/tools", "build/lib/contractops/tools"):
        (copied_tree / old).mkdir(parents=True)
        (copied_tree / old / "ghost.py").write_text("import httpx\n", encoding="utf-8")
    _, output = run_lint(copied_tree, "imports")
    assert "ghost" not in output
    assert re.search(r"(\d+) of \1 modules checked", output)


@pytest.mark.parametrize("output", ["", "Success: no issues found in 1 source file"])
def test_success_over_too_little_is_a_failure(output: str) -> None:
    """A checker that says it is happy with one file, or says nothing, has not passed."""
    assert not lint._counted("mypy", lint.MYPY_COUNT, output, 80)


def test_both_counts_are_understood() -> None:
    """The count is read from a clean and from a failing report."""
    assert lint._counted("mypy", lint.MYPY_COUNT, "Success: no issues found in 80 source files", 80)
    assert lint._counted("mypy", lint.MYPY_COUNT, "Found 3 errors in 1 file (checked 80 source files)", 80)
    assert lint._counted(
        "import-linter", lint.IMPORTS_COUNT, "Graph of 80 modules, 120 with those outside\nAnalyzed 120 files, 200 dependencies.", 80
    )
    assert not lint._counted(
        "import-linter", lint.IMPORTS_COUNT, "Graph of 80 modules, 120 with those outside\nAnalyzed 1 file, 0 dependencies.", 80
    )
