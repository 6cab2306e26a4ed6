"""One call at the desk: who, which button of which card, about which renewal; and what is answered.

Rule 1: everything a handler may rely on was checked before it is called: the person is staff, the token is ours, the card is the
original, the form is the one that the button opens.
Rule 2: a handler returns what to say; it says nothing itself.
Rule 3: a button inside an answer is marked as such: it stands in no card's place, and it only leads on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from contractops.operator import cases
from contractops.operator.showing.tokens import remember
from contractops.operator.slack.actions import Action
from contractops.operator.slack.actions import Button as Shown
from contractops.operator.slack.answers import Whisper
from contractops.operator.slack.commands import Click, Submit
from contractops.operator.store.tables import Button, Card, Renewal
from contractops.tools.people import Person
from contractops.tools.values import Value

ANSWER = "answer"
LINK = "link"
"""Marks in the arguments of a button that stands in an answer; a link opens by itself and asks nothing of us."""


@dataclass(frozen=True)
class Call:
    """A click or a sent form, resolved. ``about`` are the arguments of the button."""

    session: Session
    command: Click | Submit
    person: Person
    button: Button
    card: Card
    renewal: Renewal
    now: datetime
    rules: cases.Rules

    @property
    def about(self) -> dict[str, Any]:
        """What the button was made about."""
        return self.button.args

    def way_on(self, action: Action, *, shown: str = "", **about: Any) -> Shown:
        """A button for an answer to this call. ``shown`` goes into its label, ``about`` with its token."""
        args = {"about": f"{ANSWER} {shown}", "renewal": self.renewal.id, ANSWER: True, **about}
        token = remember(self.session, self.rules.token_secret, self.card.key, action, None, args)
        return Shown(action=action, token=token, about=shown)

    def way_to(self, action: Action, card: Card | None, *, shown: str = "") -> Shown | None:
        """A link to ``card``, for whoever may see it: its own person. The address is asked for when the answer is said."""
        if card is None or card.ts is None or card.person_id != self.person.person_id:
            return None
        return self.way_on(action, shown=shown, **{LINK: card.key})


@dataclass(frozen=True)
class Reply:
    """What a handler wants said or shown. ``advance``: the renewal can go on; ``ring``: effects were stored."""

    whisper: Whisper | None = None
    view: Value | None = None  # a view-model, shown to the clicker alone in the thread
    form: dict[str, Any] | None = None  # a modal to open
    upload: tuple[str, bytes] | None = None  # a file for the clicker's thread
    advance: bool = False
    ring: bool = False
    again: bool = False  # nothing was done: the renewal goes on first, then the same call is made anew
    outcome: str = "done"
