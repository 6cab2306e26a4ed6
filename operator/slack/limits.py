"""Slack's sizes as one table, and the check of a message or view against it.

Rule 1: a limit stands once, in ``SIZES`` or ``COUNTS``; the code below only walks.
Rule 2: the check reports every fault with its path; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

SIZES: dict[tuple[str, str], int] = {
    ("header", "text"): 150,
    ("section", "text"): 3000,
    ("section", "fields"): 2000,
    ("context", "elements"): 3000,
    ("button", "text"): 75,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("option", "text"): 75,
    ("option", "description"): 75,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
    ("plain_text_input", "placeholder"): 150,
}
"""Characters of a text object, by (type of its owner, name)."""

STRINGS: dict[tuple[str, str], int] = {
    ("button", "value"): 2000,
    ("button", "url"): 3000,
    ("button", "action_id"): 255,
    ("button", "accessibility_label"): 75,
    ("option", "value"): 150,
    ("modal", "private_metadata"): 3000,
    ("modal", "callback_id"): 255,
    ("image", "alt_text"): 2000,
    ("image", "image_url"): 3000,
}
"""Characters of a plain string, by (type of its owner, name). Every block also has a ``block_id`` of at most 255."""

COUNTS: dict[tuple[str, str], int] = {
    ("section", "fields"): 10,
    ("context", "elements"): 10,
    ("actions", "elements"): 25,
    ("static_select", "options"): 100,
    ("multi_static_select", "options"): 100,
    ("radio_buttons", "options"): 10,
    ("checkboxes", "options"): 10,
}
"""Number of members, by (type of its owner, name)."""

BLOCKS = frozenset({"header", "section", "context", "actions", "input", "image", "divider"})
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MODAL_INPUTS = 10
MESSAGE_TEXT = 40_000

_NAMED = {"confirm": "confirm", "options": "option", "initial_options": "option", "initial_option": "option"}


def check_message(body: Json) -> list[str]:
    """Faults of a message, each with its path; empty when Slack takes it."""
    faults = []
    text = body.get("text", "")
    if not text.strip():
        faults.append("text: empty")
    if len(text) > MESSAGE_TEXT:
        faults.append(f"text: {len(text)} characters, at most {MESSAGE_TEXT}")
    return faults + _blocks(body.get("blocks", []), MESSAGE_BLOCKS)


def check_view(view: Json) -> list[str]:
    """Faults of a modal or home view, each with its path; empty when Slack takes it."""
    faults = list(_walk(view, str(view.get("type")), "view")) if view.get("type") == "modal" else []
    inputs = sum(block.get("type") == "input" for block in view.get("blocks", []))
    if inputs > MODAL_INPUTS:
        faults.append(f"blocks: {inputs} inputs, at most {MODAL_INPUTS}")
    return faults + _blocks(view.get("blocks", []), VIEW_BLOCKS)


def _blocks(blocks: list[Json], most: int) -> list[str]:
    faults = [f"blocks: {len(blocks)}, at most {most}"] if len(blocks) > most else []
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        faults.append("blocks: a block_id stands twice")
    for place, block in enumerate(blocks):
        path = f"blocks[{place}]"
        if block.get("type") not in BLOCKS:
            faults.append(f"{path}: type {block.get('type')!r} is not used")
        named = [each["action_id"] for each in block.get("elements", []) if "action_id" in each]
        if len(named) != len(set(named)):
            faults.append(f"{path}: an action_id stands twice")
        if len(block.get("block_id", "")) > 255:  # noqa: PLR2004 - Slack's limit of every id
            faults.append(f"{path}.block_id: too long")
        if block.get("type") == "section" and not block.get("text") and not block.get("fields"):
            faults.append(f"{path}: neither text nor fields")
        faults += _walk(block, str(block.get("type")), path)
    return faults


def _walk(node: Json, kind: str, path: str) -> Iterator[str]:
    """Faults of ``node`` and of everything in it but nested blocks, which ``_blocks`` visits."""
    for name, value in node.items():
        at = f"{path}.{name}"
        if isinstance(value, dict):
            if "text" in value and isinstance(value["text"], str):
                yield from _length(value["text"], SIZES.get((kind, name)), at)
            else:
                yield from _walk(value, _NAMED.get(name, str(value.get("type", name))), at)
        elif isinstance(value, list) and name != "blocks":
            yield from _members(value, kind, name, at)
        elif isinstance(value, str):
            yield from _length(value, STRINGS.get((kind, name)), at, empty=True)


def _members(members: list[Json], kind: str, name: str, path: str) -> Iterator[str]:
    most = COUNTS.get((kind, name))
    if most is not None and not 0 < len(members) <= most:
        yield f"{path}: {len(members)} members, 1 to {most}"
    for place, member in enumerate(members):
        at = f"{path}[{place}]"
        if not isinstance(member, dict):
            continue
        if isinstance(member.get("text"), str):
            yield from _length(member["text"], SIZES.get((kind, name)), at)
        else:
            yield from _walk(member, _NAMED.get(name, str(member.get("type"))), at)


def _length(words: str, most: int | None, path: str, *, empty: bool = False) -> Iterator[str]:
    if not words and not empty:
        yield f"{path}: empty"
    if most is not None and len(words) > most:
        yield f"{path}: {len(words)} characters, at most {most}"
