"""The lock files: every pin hashed, nothing of the machine that made them, and in step with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-installer.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+?)(?: ; [^\\]+)? \\$")
FOREIGN = re.compile(r"://|(?<![\w-])/\w+/|find-links|index-url|trusted-host|@ ", re.IGNORECASE)


def blocks(lock: str) -> list[list[str]]:
    """The lines of each requirement: the pin, then its hashes."""
    found: list[list[str]] = []
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith(" "):
            found[-1].append(line.strip(" \\"))
        else:
            found.append([line])
    return found


def pins(lock: str) -> dict[str, str]:
    matches = [PIN.match(block[0]) for block in blocks(lock)]
    return {match[1]: match[2] for match in matches if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    """Each block is one exact version and at least one SHA-256."""
    for pin, *hashes in blocks(lock):
        assert PIN.match(pin), pin
        assert hashes, pin
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), pin


@pytest.mark.parametrize("lock", LOCKS)
def test_no_host_or_path_stands_in_a_lock(lock: str) -> None:
    """A lock installs the same from any index: it names none."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if FOREIGN.search(line)]


@pytest.mark.parametrize(
    "line", ["--find-links /srv/wheels", "--index-url https://example.org/simple", "x @ file:///tmp/x.whl", "# from /home/me/x"]
)
def test_a_planted_host_or_path_is_found(line: str) -> None:
    """The search above can fail."""
    assert FOREIGN.search(line)


def test_the_locks_answer_pyproject() -> None:
    """What pyproject.toml asks for is pinned at a version it allows; `make lock` repairs a difference."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = [Requirement(text) for text in project["project"]["dependencies"]]
    dev = [Requirement(text) for text in project["dependency-groups"]["dev"] if isinstance(text, str)]
    for lock, wanted in {"requirements.lock": runtime, "requirements-dev.lock": runtime + dev}.items():
        held = pins(lock)
        wrong = [str(need) for need in wanted if not need.specifier.contains(held.get(canonicalize_name(need.name), "0"), prereleases=True)]
        assert not wrong, f"{lock}: {', '.join(wrong)}; run make lock"


def test_the_development_lock_contains_the_runtime_lock() -> None:
    """Tests run on the versions that are shipped."""
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """No tracked build file carries a home folder."""
    home = str(Path.home())
    names = ("pyproject.toml", "Makefile", ".ci/run", *LOCKS)
    assert not [name for name in names if home in (ROOT / name).read_text(encoding="utf-8")]
