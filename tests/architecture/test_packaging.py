"""What a wheel built from the tree carries: every module, every file read at run time, and nothing of the workshop."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import FOLDERS, ROOT, files, is_product

DATA_FOLDERS = tuple(f"{folder}/" for folder in (*FOLDERS, "sample"))
IMPORT_ALL = """
import importlib, pathlib, sys
site = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(site))
import contractops
root = site / "contractops"
assert pathlib.Path(contractops.__file__).is_relative_to(site), contractops.__file__
names = [".".join(path.relative_to(site).with_suffix("").parts) for path in root.rglob("*.py")]
skip = ("__main__", "env", "setup")
names = [name.removesuffix(".__init__") for name in names if name.rpartition(".")[2] not in skip and ".sample." not in name]
for name in sorted(names):
    module = importlib.import_module(name)
    assert pathlib.Path(module.__file__).is_relative_to(site), (name, module.__file__)
print(len(names))
"""


@pytest.fixture
def wheel(copied_tree: Path, tmp_path: Path) -> Path:
    """The wheel of the tree as it is now."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        ".",
    ]
    built = subprocess.run(command, cwd=copied_tree, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return next(tmp_path.glob("contractops-*.whl"))


@pytest.mark.slow
def test_the_wheel_carries_every_module_and_every_data_file(wheel: Path) -> None:
    """A prompt, template, font, migration or sample file that is tracked is also shipped."""
    shipped = {name.removeprefix("contractops/") for name in zipfile.ZipFile(wheel).namelist()}
    wanted = {name for name in files() if is_product(name) or name.startswith(DATA_FOLDERS)}
    missing = sorted(wanted - shipped)
    assert not missing, f"add to tool.setuptools of pyproject.toml: {', '.join(missing)}"


@pytest.mark.slow
def test_the_wheel_carries_nothing_of_the_workshop(wheel: Path) -> None:
    """Tests, scripts and locks stay in the repository."""
    names = zipfile.ZipFile(wheel).namelist()
    assert not [
        name
        for name in names
        if name.startswith(("contractops/tests", "contractops/scripts", "tests", "scripts")) or name.endswith(".lock")
    ]


@pytest.mark.slow
def test_every_module_imports_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    """Installed without the checkout, every module loads, from the wheel and without a side effect on the screen."""
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, cwd=tmp_path)
    ran = subprocess.run([sys.executable, "-I", "-c", IMPORT_ALL, str(site)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 40


@pytest.mark.parametrize("command", [["-c", "import operator; operator.itemgetter"], ["-m", "pytest", "--version"]])
def test_the_standard_operator_module_wins(command: list[str]) -> None:
    """With the repository root on the path, `import operator` is the standard module."""
    assert not (ROOT / "operator" / "__init__.py").exists()
    ran = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
