"""A copy of the tree that a test may build in or plant errors in."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, files


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    """The repository's files in a folder of their own, all tracked by a git of their own."""
    return copy_of_the_tree(tmp_path / "tree")


def copy_of_the_tree(copy: Path) -> Path:
    """The files of the repository at ``copy``, tracked by a git of their own."""
    for name in files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    subprocess.run(["git", "add", "--all"], cwd=copy, check=True)
    return copy
