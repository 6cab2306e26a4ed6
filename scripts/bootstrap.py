"""Makes `.venv` and installs the locked wheels into it: `python scripts/bootstrap.py runtime|dev`.

Rules of this module:

1. Standard library only: it runs before anything is installed, on Python 3.11 to 3.14.
2. Nothing is installed without a hash, and nothing is built but this project itself.
3. What cannot work here is said in one line, before anything is changed.
4. A second run with unchanged locks does nothing: a stamp in `.venv` holds the digest of what was installed.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
VENV: Final = ROOT / ".venv"
VENV_PYTHON: Final = VENV / "bin" / "python"
LOCKS: Final = {"runtime": "requirements.lock", "dev": "requirements-dev.lock"}
INSTALLER_LOCK: Final = "requirements-installer.lock"
PYTHONS: Final = ((3, 11), (3, 14))
PLATFORMS: Final = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")}
KEPT_FOR_PIP: Final = re.compile(
    r"^(PATH|HOME|USER|LANG|LC_.*|TMPDIR|TERM|NO_COLOR|PIP_.*|SSL_CERT_.*|.*_CA_BUNDLE|.*_proxy)$", re.IGNORECASE
)
"""Where the network and the certificates are found; no other variable of the shell reaches an install."""
WHEEL_LINE: Final = re.compile(r"(Downloading|Using cached) (\S+\.whl)(?:\.metadata)? \(([\d.]+) (bytes|kB|MB|GB)\)")
UNITS: Final = {"bytes": 1e-6, "kB": 1e-3, "MB": 1.0, "GB": 1e3}
LOG: Final = "install.log"


class CannotInstallError(Exception):
    """Why this machine cannot run the product, as one line for the person at the terminal."""


def main(arguments: list[str]) -> int:
    """Install the lock named by the only argument. Returns 0, or 2 after one line on stderr."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        print(f"usage: bootstrap.py {'|'.join(LOCKS)}", file=sys.stderr)
        return 2
    try:
        install(arguments[0])
    except CannotInstallError as reason:
        print(f"contractops cannot be installed here: {reason}", file=sys.stderr)
        return 2
    return 0


def install(kind: str) -> None:
    """Bring `.venv` to the state of the lock `kind`. Raises CannotInstallError."""
    if is_installed(kind):
        return
    check_machine()
    started = time.perf_counter()
    if not _runs(VENV_PYTHON):
        _make_venv()
    for stamp in VENV.glob("installed-*"):
        stamp.unlink()
    pins = (ROOT / LOCKS[kind]).read_text(encoding="utf-8").count("==")
    print(f"Installing {pins} locked packages into .venv (once; needs the network) ...", flush=True)
    _pip("--require-hashes", "--only-binary", ":all:", "-r", INSTALLER_LOCK)
    output = _pip("--require-hashes", "--only-binary", ":all:", "-r", LOCKS[kind])
    _pip("--no-deps", "--no-index", "--no-build-isolation", "--editable", ".")
    (VENV / f"installed-{kind}").write_text(digest(kind), encoding="utf-8")
    print(_summary(output, time.perf_counter() - started), flush=True)


def is_installed(kind: str) -> bool:
    """Whether `.venv` holds what the lock `kind` asks for; the development lock includes the runtime lock."""
    if not VENV_PYTHON.exists():
        return False
    stamps = ((VENV / f"installed-{name}", name) for name in (kind, "dev"))
    return any(stamp.is_file() and stamp.read_text(encoding="utf-8") == digest(name) for stamp, name in stamps)


def digest(kind: str) -> str:
    """SHA-256 over everything that decides what stands in `.venv`, and over where it stands."""
    parts = [str(VENV).encode()]
    parts += [(ROOT / name).read_bytes() for name in (LOCKS[kind], INSTALLER_LOCK, "pyproject.toml")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def check_machine() -> None:
    """Raises CannotInstallError when the Python, its venv module, the platform or a lock does not fit."""
    low, high = PYTHONS
    if not low <= sys.version_info[:2] <= high:
        raise CannotInstallError(f"it needs Python {_dotted(low)} to {_dotted(high)}; this is {platform.python_version()}.")
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        raise CannotInstallError(
            f"{sys.executable} has no venv module; install it (Debian, Ubuntu: apt install python{_dotted(sys.version_info[:2])}-venv)."
        )
    if (platform.system(), platform.machine()) not in PLATFORMS:
        raise CannotInstallError(
            f"no locked wheels for {platform.system()} {platform.machine()}; it runs on Linux x86_64 and aarch64 and on macOS arm64."
        )
    if platform.system() == "Linux" and platform.libc_ver()[0] != "glibc":
        raise CannotInstallError("no locked wheels for this C library; on Linux it needs glibc 2.28 or newer.")


def _make_venv() -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise CannotInstallError(f"{sys.executable} -m venv failed: {_last_line(made.stdout + made.stderr)}")


def _pip(*arguments: str) -> str:
    """The output of one `pip install`, also appended to the log. Raises CannotInstallError with pip's own reason."""
    kept = {name: value for name, value in os.environ.items() if KEPT_FOR_PIP.match(name)}
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=False)
    with (VENV / LOG).open("a", encoding="utf-8") as log:
        log.write(ran.stdout + ran.stderr)
    if ran.returncode != 0:
        raise CannotInstallError(f"{_reason(ran.stderr)} (all of it: .venv/{LOG})")
    return ran.stdout


def _reason(errors: str) -> str:
    missing = re.search(r"No matching distribution found for (\S+)", errors)
    if missing:
        return f"no wheel of {missing[1]} for Python {platform.python_version()} on {platform.system()} {platform.machine()}."
    if "DO NOT MATCH THE HASHES" in errors:
        return "a downloaded file is not the one that was locked; nothing of it was installed."
    return f"pip stopped: {_last_line(errors)}"


def _summary(output: str, seconds: float) -> str:
    sizes = {wheel: (source, float(number) * UNITS[unit]) for source, wheel, number, unit in WHEEL_LINE.findall(output)}
    fetched = sum(size for source, size in sizes.values() if source == "Downloading")
    cached = sum(size for source, size in sizes.values() if source != "Downloading")
    return f"Installed: {fetched:.1f} MB downloaded, {cached:.1f} MB from pip's cache, {_megabytes(VENV):.0f} MB in .venv, {seconds:.0f} s."


def _megabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def _runs(python: Path) -> bool:
    return python.exists() and subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
