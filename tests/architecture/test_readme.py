"""What the README says about settings, commands, fields and files is what the code has."""

import re

from contractops.operator.adapters.salesforce_fields import CHANGE_ORDER_FIELDS, CHANGE_ORDER_ID, CONTRACT_ID, FIELDS
from contractops.operator.cli import app
from contractops.operator.settings import Settings
from tests.architecture.source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
WIDEST = 140


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return str(Settings.model_fields[name].validation_alias or f"CONTRACTOPS_{name}".upper())


def test_the_table_of_settings_is_complete() -> None:
    """Every setting has its row, in the order of the code, under the name that the environment uses; no other row stands there."""
    rows = re.findall(r"^\| `((?:CONTRACTOPS|OPENAI)_[A-Z_]+)` \|", README, re.MULTILINE)
    assert rows == [variable(name) for name in Settings.model_fields]


def test_the_defaults_are_those_of_the_code() -> None:
    """A default that the table names is the one a person gets."""
    rows = dict(re.findall(r"^\| `((?:CONTRACTOPS|OPENAI)_[A-Z_]+)` \|([^|]*)\|", README, re.MULTILINE))
    for name, field in Settings.model_fields.items():
        shown = rows[variable(name)].strip().strip("`")
        if name == "policy":
            assert shown == "packaged"
        elif field.default is None:
            assert not shown, f"{name} has no default"
        elif isinstance(field.default, bool):
            assert shown == str(field.default).lower(), name
        else:
            assert type(field.default)(shown) == field.default, name


def test_every_command_is_listed() -> None:
    """The table of commands names what the command line offers, and nothing else."""
    listed = set(re.findall(r"^\| `contractops ([a-z]+)", README, re.MULTILINE))
    offered = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert listed == offered | {group.name for group in app.registered_groups}


def test_every_salesforce_field_is_named() -> None:
    """Whoever prepares the organisation by the README has every field that is read or written."""
    needed = [CONTRACT_ID, CHANGE_ORDER_ID, *(field.name for field in (*FIELDS.values(), *CHANGE_ORDER_FIELDS.values()))]
    assert [name for name in needed if f"`{name}`" not in README] == []


def test_what_it_points_to_exists() -> None:
    """Pictures and files that the README names stand in the repository."""
    named = re.findall(r"\]\(([a-z/.]+)\)", README) + re.findall(r"`((?:operator|graphs)/[a-z_/]+\.[a-z]+)`", README)
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_its_lines_can_be_read_in_a_terminal() -> None:
    """Prose is wrapped; tables and the diagram are as wide as they are."""
    wide = [line for line in README.splitlines() if len(line) > WIDEST and not line.startswith(("|", " ", "<!--", "!"))]
    assert wide == []
