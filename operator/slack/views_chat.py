"""The answer to a message, as a value: what is said, the steps behind it, and at most a handful of buttons."""

from __future__ import annotations

from pydantic import Field

from contractops.operator.slack.actions import Button
from contractops.tools.values import Reason, Value


class ChatReply(Value):
    """An answer in a conversation. ``lines``: at most four; ``reasons`` are worded with their source in the contract's ``zone``."""

    lines: tuple[str, ...] = Field(min_length=1, max_length=4)
    reasons: tuple[Reason, ...] = ()
    zone: str = "UTC"
    tail: str = ""
    buttons: tuple[Button, ...] = Field(default=(), max_length=4)
