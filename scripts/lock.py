"""Writes the three lock files from pyproject.toml: `python scripts/lock.py`.

Rules of this module:

1. One resolution serves every supported Python and platform; every file of every pin has its hash.
2. No host, path or index of the machine that locked stands in a lock.
3. The resolver lives in a throw-away environment: it is no dependency of the product.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
RESOLVER: Final = "uv==0.13.9"
LOWEST_PYTHON: Final = "3.11"
LOCKS: Final = {
    "requirements.lock": ("pyproject.toml",),
    "requirements-dev.lock": ("pyproject.toml", "--group", "dev", "--constraint", "requirements.lock"),
    "requirements-installer.lock": ("--group", "installer", "--constraint", "requirements.lock"),
}
OPTIONS: Final = (
    "--universal",
    "--python-version",
    LOWEST_PYTHON,
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "--custom-compile-command",
    "make lock",
)


def main() -> int:
    """Lock in the order of LOCKS, the later ones held to the first. Returns 0, or the resolver's exit code."""
    upgrade = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "install", "--quiet", RESOLVER], check=True)
        for name, inputs in LOCKS.items():
            command = [f"{folder}/bin/uv", "pip", "compile", "--quiet", *OPTIONS, *upgrade, *inputs, "--output-file", name]
            resolved = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
            if resolved.returncode != 0:
                return resolved.returncode
            print(f"{name}: {(ROOT / name).read_text(encoding='utf-8').count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
