"""Which module may name which client: finer than the import contracts, which hold whole folders."""

import pytest

from tests.architecture.source import Module, modules, parse

ROOMS = {
    "langgraph": ("graphs/", "operator/app.py"),
    "dbos": ("operator/engine.py",),
    "docusign_esign": ("operator/adapters/",),
    "slack_bolt": ("operator/slack/", "operator/app.py", "operator/serving.py"),
    "slack_sdk": ("operator/slack/", "operator/app.py"),
    "langchain_openai": ("operator/adapters/", "operator/app.py"),
    "typst": ("operator/documents/",),
    "pypdfium2": ("operator/documents/", "operator/localworld/"),
    "openpyxl": ("operator/importing/", "operator/documents/"),
    "unittest": (),
}
"""Client -> the only modules that import it."""
OWN = "contractops.operator.localworld"


def outside_room(module: Module, client: str) -> list[int]:
    if module.path.startswith(ROOMS[client]):
        return []
    return [line for name, line in module.imports() if name == client or name.startswith(f"{client}.")]


def foreign_to_local_world(module: Module) -> list[str]:
    """What a module of the local world imports from the rest of the product."""
    if not module.path.startswith("operator/localworld/"):
        return []
    return [name for name, _ in module.imports() if name.split(".")[0] == "contractops" and not name.startswith(OWN)]


@pytest.mark.parametrize("client", ROOMS)
def test_a_client_stays_in_its_room(client: str) -> None:
    """A vendor's client is imported by the modules that adapt it, and by no other."""
    strays = [f"{module.path}:{line}" for module in modules() for line in outside_room(module, client)]
    assert not strays, f"{client} is imported outside {ROOMS[client]}: {', '.join(strays)}"


def test_the_local_world_imports_nothing_of_the_product() -> None:
    """The product meets the local world at the wire only, so it cannot be kinder to us than the vendors are."""
    assert not [f"{module.path}: {name}" for module in modules() for name in foreign_to_local_world(module)]


def test_planted_strays_are_found() -> None:
    """Both searches can fail, also for an import inside a function."""
    assert outside_room(parse("tools/planted.py", "def f():\n    import slack_sdk.web\n"), "slack_sdk") == [2]
    stray = parse("operator/localworld/planted.py", "from contractops.tools import values\n")
    assert foreign_to_local_world(stray) == ["contractops.tools.values"]
