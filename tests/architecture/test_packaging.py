"""What a wheel built from the tree carries: every module, every file read at run time, and nothing of the workshop."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from contractops.operator.settings import SETTINGS_FILE, Settings, secret_names, variable
from tests.architecture.conftest import copy_of_the_tree
from tests.architecture.source import FOLDERS, ROOT, files, is_product

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]

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


INSTALLED = """
import sys
sys.path.insert(0, sys.argv[1])
sys.argv = ["contractops", *sys.argv[2:]]
from contractops.operator import cli
assert cli.__file__.startswith(sys.path[0]), cli.__file__
cli.main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the tree as it is now."""
    tmp_path = tmp_path_factory.mktemp("wheel")
    copied_tree = copy_of_the_tree(tmp_path / "tree")
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
    wanted = {name for name in files() if is_product(name) or name.startswith(DATA_FOLDERS) or name == "py.typed"}
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


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed beside the libraries of this environment and without the checkout."""
    site = tmp_path_factory.mktemp("installed") / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, cwd=site.parent)
    return site


@pytest.mark.slow
def test_the_installed_command_works_outside_the_clone(site: Path, tmp_path: Path) -> None:
    """It says the version of the project, makes its database, reads the shipped sample, and lists it."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-I", "-c", INSTALLED, str(site), *arguments]
        ran = subprocess.run(command, cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False)
        assert ran.returncode in {0, 1}, ran.stderr
        return ran.stdout

    assert run("--version") == f"contractops {VERSION}\n"
    run("import", str(site / "contractops" / "sample" / "portfolio"))
    assert "ENT-3391" in run("coverage")


def test_versions_agree_and_are_semantic() -> None:
    """The newest version of the changelog is that of the project; what is not released stands above it."""
    found = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found[0] == "Unreleased"
    assert found[1] == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


def test_the_licence_is_whole_and_named() -> None:
    """Apache-2.0, as the project says and as its text begins and ends."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "Apache-2.0"
    assert text.split()[:4] == ["Apache", "License", "Version", "2.0,"]
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_image_names_settings_that_exist_and_runs_as_nobody() -> None:
    """Every variable of Dockerfile and compose file is a setting, or the file of a secret; the image names a user after its last copy."""
    known = {variable(name) for name in Settings.model_fields} | {f"{variable(name)}_FILE" for name in secret_names()} | {SETTINGS_FILE}
    docker, compose = ((ROOT / name).read_text(encoding="utf-8") for name in ("Dockerfile", "compose.yaml"))
    for text in (docker, compose):
        assert set(re.findall(r"^ +(CONTRACTOPS_[A-Z_]+)[:=]", text, re.MULTILINE)) <= known
    assert re.search(r"^USER contractops$", docker.rpartition("COPY")[2], re.MULTILINE)
    assert "stop_grace_period" in compose


@pytest.mark.slow
def test_every_module_imports_from_the_installed_wheel(site: Path, tmp_path: Path) -> None:
    """Installed without the checkout, every module loads, from the wheel and without a side effect on the screen."""
    ran = subprocess.run([sys.executable, "-I", "-c", IMPORT_ALL, str(site)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 40


@pytest.mark.parametrize("command", [["-c", "import operator; operator.itemgetter"], ["-m", "pytest", "--version"]])
def test_the_standard_operator_module_wins(command: list[str]) -> None:
    """With the repository root on the path, `import operator` is the standard module."""
    assert not (ROOT / "operator" / "__init__.py").exists()
    ran = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
