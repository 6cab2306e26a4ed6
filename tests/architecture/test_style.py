"""The house rules that no off-the-shelf checker knows, read from the syntax trees.

Each rule is a function from a module to the lines that break it; each has a planted offender that it must find.
"""

import ast
import re
from collections.abc import Callable

import pytest

from tests.architecture.source import Module, modules, parse

LONGEST_FUNCTION = 60
LONGEST_MODULE = 400
MODULES_WITHIN = 0.9
BROAD = {"Exception", "BaseException"}
BROAD_ALLOWED = {
    "operator/cli.py": "the outermost handler: an unknown failure becomes exit code 70 with an id",
}
ENVIRONMENT_READERS = {
    "operator/settings.py": "the product's settings",
    "__init__.py": "sets the one variable that LangGraph reads when it is first imported",
    "operator/demo.py": "hands the environment on to the processes of the first run",
    "operator/localworld/guard.py": "the local world imports nothing of the product, and refuses real credentials by itself",
    "operator/localworld/__main__.py": "hands the environment to the guard",
}


def no_docstring(module: Module) -> list[int]:
    """A module opens by stating its rules."""
    return [] if ast.get_docstring(module.tree) else [1]


def long_functions(module: Module) -> list[int]:
    """A function fits on a screen."""
    return [node.lineno for node in module.functions() if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION]


def broad_excepts(module: Module) -> list[int]:
    """A failure is caught by its name: a broad handler also swallows the interrupt of a graph."""
    if module.path in BROAD_ALLOWED:
        return []
    return [node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler) and _is_broad(node.type)]


def interrupt_beside_try(module: Module) -> list[int]:
    """A function that asks a person holds no `try`: LangGraph raises through it."""
    return [
        node.lineno
        for node in module.functions()
        if _calls(node, "interrupt") and any(isinstance(part, ast.Try) for part in ast.walk(node))
    ]


def environment_reads(module: Module) -> list[int]:
    """Only the settings read the environment."""
    if module.path in ENVIRONMENT_READERS:
        return []
    imported = [line for name, line in module.imports() if name in {"os.environ", "os.getenv", "os.environb"}]
    read = (node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
    return imported + [node.lineno for node in read if isinstance(node.value, ast.Name) and node.value.id == "os"]


def invoke_with_none(module: Module) -> list[int]:
    """A graph is never continued with `invoke(None)`: that runs the node after the question without an answer."""
    calls = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    named = (
        node for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr in {"invoke", "ainvoke", "stream"} and node.args
    )
    return [node.lineno for node in named if isinstance(node.args[0], ast.Constant) and node.args[0].value is None]


def unfinished(module: Module) -> list[int]:
    """What is not done is said in the README, not left in a comment."""
    return [number for number, line in enumerate(module.text.splitlines(), 1) if re.search(r"#.*\b(TODO|FIXME|XXX|HACK)\b", line)]


RULES = [unfinished, no_docstring, long_functions, broad_excepts, interrupt_beside_try, environment_reads, invoke_with_none]
OFFENDERS = {
    unfinished: "x = 1  # FIXME: later\n",
    no_docstring: "x = 1\n",
    long_functions: "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION,
    broad_excepts: "try:\n    pass\nexcept (ValueError, Exception):\n    pass\n",
    interrupt_beside_try: "def f():\n    try:\n        pass\n    finally:\n        interrupt({})\n",
    environment_reads: "import os\nkey = os.environ['KEY']\n",
    invoke_with_none: "graph.invoke(None, config)\n",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_breaks_the_rule(rule: Callable[[Module], list[int]]) -> None:
    """Every module of the product keeps every rule of the house."""
    broken = [f"{module.path}:{line}" for module in modules() for line in rule(module)]
    assert not broken, f"{rule.__doc__} Broken at: {', '.join(broken)}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_finds_a_planted_offender(rule: Callable[[Module], list[int]]) -> None:
    """Each rule can fail."""
    assert rule(parse("operator/planted.py", OFFENDERS[rule]))


def test_most_modules_are_short() -> None:
    """Nine of ten modules have at most 400 lines."""
    lengths = {module.path: max((getattr(node, "end_lineno", 0) or 0 for node in module.tree.body), default=0) for module in modules()}
    long = [f"{path} ({length})" for path, length in lengths.items() if length > LONGEST_MODULE]
    assert len(long) <= len(lengths) * (1 - MODULES_WITHIN), f"too many long modules: {', '.join(long)}"


def test_the_exemptions_are_still_needed() -> None:
    """An exemption for a module that is gone is removed."""
    paths = {module.path for module in modules()}
    stale = (set(BROAD_ALLOWED) | set(ENVIRONMENT_READERS)) - paths
    assert not stale


def _is_broad(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    return any(isinstance(part, ast.Name) and part.id in BROAD for part in ast.walk(caught))


def _calls(function: ast.AST, name: str) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(
        (isinstance(func, ast.Name) and func.id == name) or (isinstance(func, ast.Attribute) and func.attr == name) for func in calls
    )
