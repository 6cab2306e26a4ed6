"""The two commands where something is missing: one clear line, and nothing half made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import bootstrap, demo

PIP_OUTPUT = """
Collecting a==1
  Downloading a-1-py3-none-any.whl.metadata (512 bytes)
  Downloading a-1-py3-none-any.whl (2.5 MB)
  Using cached b-2-cp311-cp311-manylinux_2_28_x86_64.whl (500 kB)
"""


def make(tree: Path, target: str, path: Path) -> subprocess.CompletedProcess[str]:
    """`make TARGET` with nothing on the PATH but the programs in `path`."""
    program = shutil.which("make")
    assert program, "the tests need make"
    shell = {"PATH": str(path), "HOME": os.environ["HOME"]}
    return subprocess.run([program, target], cwd=tree, env=shell, capture_output=True, text=True, check=False)


def machine(folder: Path, **programs: str) -> Path:
    """A folder of programs: `sh`, `rm` and the given scripts."""
    folder.mkdir()
    for name in ("sh", "rm"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in programs.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


def test_a_machine_without_python(copied_tree: Path, tmp_path: Path) -> None:
    """`make demo` says in one line that no Python was found."""
    ran = make(copied_tree, "demo", machine(tmp_path / "bin"))
    assert ran.returncode != 0
    assert "contractops cannot be installed here: no Python 3.11 to 3.14 was found." in ran.stderr
    assert not (copied_tree / ".venv").exists()


def test_a_python_without_its_venv_module(copied_tree: Path, tmp_path: Path) -> None:
    """A Python that lacks venv is used to say so, and how to get it."""
    hide = f"""#!/bin/sh
exec {sys.executable} -c 'import importlib.util as u, runpy, sys
sys.modules["ensurepip"] = None
real = u.find_spec
u.find_spec = lambda name, *rest: None if name == "ensurepip" else real(name, *rest)
sys.argv = sys.argv[1:]
exec(sys.argv.pop(1), {{}}) if sys.argv[0] == "-c" else runpy.run_path(sys.argv[0], run_name="__main__")' "$@"
"""
    ran = make(copied_tree, "setup", machine(tmp_path / "bin", python3=hide))
    assert ran.returncode != 0
    assert "has no venv module; install it" in ran.stderr, ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sys.version_info", (3, 10, 4), "needs Python 3.11 to 3.14"),
        ("sys.version_info", (3, 15, 0), "needs Python 3.11 to 3.14"),
        ("platform.machine", lambda: "riscv64", "no locked wheels for"),
        ("platform.system", lambda: "Windows", "no locked wheels for"),
    ],
)
def test_a_machine_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, name: str, value: object, words: str) -> None:
    """An unsupported Python or platform is refused before anything is made."""
    monkeypatch.setattr(name, value)
    with pytest.raises(bootstrap.CannotInstallError, match=words):
        bootstrap.check_machine()


def test_reasons_of_pip_become_one_line() -> None:
    """A missing wheel is named; a file that is not the locked one is refused in words."""
    assert "no wheel of typst==0.15.2 for Python" in bootstrap._reason("ERROR: No matching distribution found for typst==0.15.2\n")
    assert "not the one that was locked" in bootstrap._reason("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.")


def test_megabytes_are_those_of_the_wheels() -> None:
    """A wheel counts once, with its own size, apart from its metadata."""
    assert bootstrap._summary(PIP_OUTPUT, 3).startswith("Installed: 2.5 MB downloaded, 0.5 MB from pip's cache")


def test_a_changed_lock_is_installed_again(monkeypatch: pytest.MonkeyPatch, copied_tree: Path) -> None:
    """The stamp answers for the lock it was made from, and for no other."""
    monkeypatch.setattr(bootstrap, "ROOT", copied_tree)
    monkeypatch.setattr(bootstrap, "VENV", copied_tree / ".venv")
    monkeypatch.setattr(bootstrap, "VENV_PYTHON", copied_tree / ".venv/bin/python")
    (copied_tree / ".venv/bin").mkdir(parents=True)
    (copied_tree / ".venv/bin/python").touch()
    assert not bootstrap.is_installed("runtime")
    (copied_tree / ".venv/installed-dev").write_text(bootstrap.digest("dev"), encoding="utf-8")
    assert bootstrap.is_installed("runtime")
    with (copied_tree / "requirements-dev.lock").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    assert not bootstrap.is_installed("runtime")


def test_the_demo_sees_no_key_of_the_shell() -> None:
    """Only the listed variables pass; a model's variables pass when the person asked for the model."""
    shell = {"PATH": "/bin", "OPENAI_API_KEY": "k", "SLACK_BOT_TOKEN": "t", "PYTHONPATH": "x", "https_proxy": "p"}
    assert demo.clean_environment(shell, with_model=False) == {"PATH": "/bin"}
    assert demo.clean_environment(shell, with_model=True) == {"PATH": "/bin", "OPENAI_API_KEY": "k"}
