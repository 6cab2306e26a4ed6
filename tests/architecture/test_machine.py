"""The lifecycle picture of the README, and the guard on what LangGraph may deserialise."""

import ast
import subprocess
import sys

import pytest

from contractops.graphs.lifecycle import mermaid
from tests.architecture.source import ROOT, modules

BEGIN, END = "<!-- lifecycle -->", "<!-- /lifecycle -->"
STRICT = "from langgraph.checkpoint.serde import _msgpack; assert _msgpack.STRICT_MSGPACK_ENABLED"


def test_the_readme_shows_the_lifecycle_as_it_is() -> None:
    """The diagram between the markers is the one that the transition table draws."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert BEGIN in readme, f"README.md has no {BEGIN}"
    shown = readme.split(BEGIN)[1].split(END)[0]
    assert shown.strip().removeprefix("```mermaid").removesuffix("```").strip() == mermaid().strip()


@pytest.mark.parametrize("entry", ["jobs", "app", "cli"])
def test_langgraph_is_strict_whatever_the_shell_says(entry: str) -> None:
    """Each way into the product that loads LangGraph makes it refuse unknown types, also without the variable in the shell."""
    code = f"import contractops.operator.{entry}; {STRICT}"
    ran = subprocess.run([sys.executable, "-c", code], env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_langgraph_alone_is_not_strict() -> None:
    """The test above can fail: without our settings the variable is missing and the guard is off."""
    assert subprocess.run([sys.executable, "-c", STRICT], env={"PATH": ""}, capture_output=True, check=False).returncode == 1


def test_every_serializer_names_what_it_may_build() -> None:
    """No serializer is made with the library's own list of modules, and every saver is given one."""
    calls = [(module.path, node) for module in modules() for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    named = [(path, node, node.func.id) for path, node in calls if isinstance(node.func, ast.Name)]
    serializers = [(path, node) for path, node, name in named if name == "JsonPlusSerializer"]
    savers = [(path, node) for path, node, name in named if name.endswith("Saver")]
    assert serializers
    assert not [path for path, node in serializers if "allowed_msgpack_modules" not in {word.arg for word in node.keywords}]
    assert not [path for path, node in savers if "serde" not in {word.arg for word in node.keywords}]
