"""Every check that reads the code without running it: `python scripts/lint.py [STEP ...]`.

Rules of this module:

1. All steps run, also after a failure: one run shows everything there is to repair.
2. Types and imports are checked on a staged copy, under the package's real names: a folder called `operator` without an
   `__init__.py` is invisible to the checkers in place, and a check of nothing reports success.
3. The copy is made from nothing: an older copy or build folder would bring deleted modules back.
4. The modules checked are exactly those that git tracks, counted from what each checker reports.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STAGE: Final = ROOT / ".lint"
PACKAGE: Final = "contractops"
OUTSIDE_PACKAGE: Final = ("sample/", "scripts/", "tests/")
"""Python files that belong to no package: the first are package data at most."""
NAMESPACE: Final = "operator/__init__.py"
"""The one module that git does not track: it stands in the copy only, so that the checkers see the folder."""
MYPY_COUNT: Final = re.compile(r"(?:no issues found in|checked) (\d+) source files?")
IMPORTS_COUNT: Final = re.compile(r"Graph of (\d+) modules, (?P<all>\d+) with those outside[\s\S]*Analyzed (?P=all) files")
"""import-linter counts the outside packages as files too; its graph is built once more to count our own."""
GRAPH_AND_CONTRACTS: Final = """
import sys, grimp
from importlinter.cli import lint_imports_command
graph = grimp.build_graph("contractops", include_external_packages=True, cache_dir=None)
ours = [name for name in graph.modules if name.split(".")[0] == "contractops"]
print(f"Graph of {len(ours)} modules, {len(graph.modules)} with those outside", flush=True)
sys.exit(lint_imports_command())
"""


def main(wanted: list[str]) -> int:
    """Run the steps named in `wanted`, or all. Returns 1 when any found something."""
    unknown = sorted(set(wanted) - set(STEPS))
    if unknown:
        print(f"unknown step {', '.join(unknown)}; the steps are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    failed = [name for name, step in STEPS.items() if (not wanted or name in wanted) and not step()]
    print(f"lint: {', '.join(failed)} found something" if failed else "lint: all clean")
    return 1 if failed else 0


def ruff() -> bool:
    """Rules and format of every Python file, tests and scripts included."""
    return all([_run("ruff", "check", "."), _run("ruff", "format", "--check", ".")])


def deptry() -> bool:
    """Every import is declared, every declared dependency is imported."""
    return _run("deptry", "--no-ansi", ".")


def types() -> bool:
    """Mypy strict over the whole package and over the scripts."""
    expected = stage()
    if not expected:
        return False
    arguments = ("-m", "mypy", "--config-file", "../pyproject.toml", "--cache-dir", "../.mypy_cache", "-p", PACKAGE)
    ok, output = _capture(*arguments, folder=STAGE)
    return all([ok, _counted("mypy", MYPY_COUNT, output, expected), _script_types()])


def _script_types() -> bool:
    """The scripts import one another, and the product under its real names: they are checked beside the staged copy."""
    scripts = sorted(str(path) for path in (ROOT / "scripts").glob("*.py"))
    arguments = ("-m", "mypy", "--config-file", "../pyproject.toml", "--cache-dir", "../.mypy_cache", "--explicit-package-bases")
    return _capture(*arguments, *scripts, folder=STAGE, environment={"MYPYPATH": f"{ROOT / 'scripts'}:{STAGE}"})[0]


def imports() -> bool:
    """The contracts of pyproject.toml between folders and vendors."""
    expected = stage()
    if not expected:
        return False
    ok, output = _capture("-c", GRAPH_AND_CONTRACTS, "--no-logo", "--no-cache", "../pyproject.toml", folder=STAGE)
    return all([ok, _counted("import-linter", IMPORTS_COUNT, output, expected)])


STEPS: Final[dict[str, Callable[[], bool]]] = {"ruff": ruff, "deptry": deptry, "types": types, "imports": imports}


def stage() -> int:
    """Install a fresh copy of the package into `.lint`; how many modules it has, 0 when it is not what git tracks."""
    for old in (STAGE, ROOT / "build", *ROOT.glob("*.egg-info")):
        shutil.rmtree(old, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile", "--target", str(STAGE)]
    installed = subprocess.run([*pip, *options, "."], cwd=ROOT, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        print(installed.stdout + installed.stderr)
        return 0
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    package = STAGE / PACKAGE
    (package / NAMESPACE).touch()
    _drop_data(package)
    staged = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    tracked = tracked_modules() | {NAMESPACE}
    difference = _difference(staged, tracked)
    if difference:
        print("\n".join(["lint: the copy to check is not what git tracks:", *difference]))
        return 0
    return len(staged)


def _drop_data(package: Path) -> None:
    """Remove folders that hold data: the checkers would count each as a package without modules."""
    for name in OUTSIDE_PACKAGE:
        shutil.rmtree(package / name, ignore_errors=True)
    for folder in [path for path in package.rglob("*") if path.is_dir() and not any(path.rglob("*.py"))]:
        shutil.rmtree(folder, ignore_errors=True)


def tracked_modules() -> set[str]:
    """The modules of the package that git tracks and that stand on disk, relative to the repository."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    return {name for name in listed if not name.startswith(OUTSIDE_PACKAGE) and (ROOT / name).exists()}


def _difference(staged: set[str], tracked: set[str]) -> list[str]:
    untracked, unpacked = sorted(staged - tracked), sorted(tracked - staged)
    lines = [f"  {name}: not tracked by git (git add it)" for name in untracked]
    closed = sorted({Path(name).parent / "__init__.py" for name in tracked if "/" in name} - {Path(name) for name in tracked})
    lines += [f"  {name}: missing, so the checkers do not see its folder" for name in closed]
    lines += [f"  {name}: not in a package of pyproject.toml (add its folder to tool.setuptools.packages)" for name in unpacked]
    return lines


def _counted(checker: str, pattern: re.Pattern[str], output: str, expected: int) -> bool:
    found = pattern.search(output)
    checked = int(found[1]) if found else 0
    print(f"{checker}: {checked} of {expected} modules checked")
    return checked == expected


def _run(module: str, *arguments: str) -> bool:
    print(f"$ {module} {' '.join(arguments)}", flush=True)
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode == 0


def _capture(*arguments: str, folder: Path, environment: dict[str, str] | None = None) -> tuple[bool, str]:
    variables = {**os.environ, **(environment or {})}
    ran = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False, env=variables)
    print(ran.stdout + ran.stderr, end="", flush=True)
    return ran.returncode == 0, ran.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
