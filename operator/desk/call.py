"""One call at the desk: who, which button of which card, about which renewal; and what is answered.

Rule 1: everything a handler may rely on was checked before it is called: the person is staff, the token is ours, the card is the
original.
Rule 2: a handler returns what to say; it says nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from contractops.operator import cases
from contractops.operator.slack.answers import Whisper
from contractops.operator.slack.commands import Click, FieldValue, Submit
from contractops.operator.store.tables import Button, Card, Renewal
from contractops.tools.people import Person
from contractops.tools.values import Value


@dataclass(frozen=True)
class Call:
    """A click or a sent form, resolved. ``about`` are the arguments of the button; ``values`` those of the form."""

    session: Session
    command: Click | Submit
    person: Person
    button: Button
    card: Card
    renewal: Renewal
    now: datetime
    rules: cases.Rules
    values: dict[str, FieldValue]

    @property
    def about(self) -> dict[str, Any]:
        """What the button was made about."""
        return self.button.args

    def text(self, name: str) -> str:
        """A text of the form, stripped; empty when it was left out."""
        value = self.values.get(name)
        return value.strip() if isinstance(value, str) else ""


@dataclass(frozen=True)
class Reply:
    """What a handler wants said or shown. ``advance``: the renewal can go on; ``ring``: effects were stored."""

    whisper: Whisper | None = None
    view: Value | None = None  # a view-model, shown to the clicker alone in the thread
    form: dict[str, Any] | None = None  # a modal to open
    upload: tuple[str, bytes] | None = None  # a file for the clicker's thread
    advance: bool = False
    ring: bool = False
    outcome: str = "done"
