"""The product's modules as syntax trees, for the tests of this folder."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("tools", "prompts", "graphs", "evals", "operator")
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One module: its path relative to the repository, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[FUNCTION]:
        return (node for node in ast.walk(self.tree) if isinstance(node, FUNCTION))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Each dotted name that is imported, wherever in the file, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def files() -> list[str]:
    """Every file of the repository, tracked or about to be, relative to its root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(name for name in set(listed) if (ROOT / name).is_file())


def parse(path: str, text: str) -> Module:
    return Module(path, text, ast.parse(text, path))


def modules() -> list[Module]:
    """The product's modules."""
    found = [parse(name, (ROOT / name).read_text(encoding="utf-8")) for name in files() if is_product(name)]
    assert len(found) > 40, "the search for modules found next to nothing"
    return found


def is_product(name: str) -> bool:
    return name.endswith(".py") and (name.startswith(tuple(f"{folder}/" for folder in FOLDERS)) or name == "__init__.py")
