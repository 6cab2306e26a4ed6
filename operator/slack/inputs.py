"""Small builders of form inputs. Every input has the ``action_id`` ``v``; its ``block_id`` names the field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from contractops.operator.slack import phrases
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.blocks import Block, Bold, plain, section
from contractops.operator.slack.forms import Choice, Form

_ID = Action.FORM_CHANGED.value
_MAX_BOXES = 10
_MAX_OPTIONS = 100


def modal(callback: Callback, token: str, title: str, submit: str, blocks: Sequence[Block]) -> Block:
    """A modal view; title and submit are at most 24 characters."""
    return {
        "type": "modal",
        "callback_id": callback.value,
        "private_metadata": token,
        "title": plain(title, 24),
        "submit": plain(submit, 24),
        "close": plain("Cancel"),
        "notify_on_close": False,
        "blocks": list(blocks),
    }


def entry(block_id: str, label: str, element: Block, *, optional: bool = False, live: bool = False, hint: str = "") -> Block:
    """An input block. ``live``: a change asks for a new preview."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, 2000),
        "element": element | {"action_id": _ID},
        "optional": optional,
        "dispatch_action": live,
    }
    return block | {"hint": plain(hint, 2000)} if hint else block


def option(choice: Choice) -> Block:
    """One option; its words are cut at Slack's 75 characters."""
    shown: Block = {"text": plain(choice.label, 75), "value": choice.value}
    return shown | {"description": plain(choice.detail, 75)} if choice.detail else shown


def select(choices: Sequence[Choice]) -> Block:
    """A drop-down of at most 100 options."""
    return _one("static_select", choices[:_MAX_OPTIONS])


def radios(choices: Sequence[Choice]) -> Block:
    """Radio buttons; at most 10."""
    return _one("radio_buttons", choices[:_MAX_BOXES])


def _one(kind: str, choices: Sequence[Choice]) -> Block:
    element: Block = {"type": kind, "options": [option(choice) for choice in choices]}
    chosen = next((choice for choice in choices if choice.chosen), None)
    return element | {"initial_option": option(chosen)} if chosen else element


def boxes(choices: Sequence[Choice]) -> Block:
    """Checkboxes; more than 10 become a multi-select."""
    kind = "checkboxes" if len(choices) <= _MAX_BOXES else "multi_static_select"
    element: Block = {"type": kind, "options": [option(choice) for choice in choices[:_MAX_OPTIONS]]}
    chosen = [option(choice) for choice in choices[:_MAX_OPTIONS] if choice.chosen]
    return element | {"initial_options": chosen} if chosen else element


def percentage(value: Decimal, most: Decimal) -> Block:
    """A number from 0 to ``most`` with two decimals, previewed on Enter."""
    return {
        "type": "number_input",
        "is_decimal_allowed": True,
        "initial_value": f"{value:.2f}",
        "min_value": "0",
        "max_value": f"{most:.2f}",
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }


def text(most: int, *, least: int = 0, initial: str = "", placeholder: str = "", many_lines: bool = True) -> Block:
    """A text of ``least`` to ``most`` characters."""
    element: dict[str, Any] = {"type": "plain_text_input", "multiline": many_lines, "max_length": most}
    if least:
        element["min_length"] = least
    if initial:
        element["initial_value"] = initial[:most]
    if placeholder:
        element["placeholder"] = plain(placeholder, 150)
    return element


def upload(*kinds: str) -> Block:
    """One file of one of ``kinds`` (endings without a dot)."""
    return {"type": "file_input", "filetypes": list(kinds), "max_files": 1}


def calendar(initial: date | None = None) -> Block:
    """A day."""
    element: Block = {"type": "datepicker"}
    return element | {"initial_date": initial.isoformat()} if initial else element


def who(form: Form, said: str = "") -> Block:
    """Whom and what a form is about, with ``said`` behind it."""
    return section("who", Bold(f"{phrases.name(form.account)}, {form.contract_id}."), f" {said}" if said else "")
