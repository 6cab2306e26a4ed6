"""One message that is being answered: who asks, when, in which language; and the buttons that an answer may carry.

Rule 1: an answer shows what its asker may see, and nothing else; a row that he may not see is not there for him.
Rule 2: a button of an answer stands for the contract and the question of now; whoever clicks it is checked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from contractops.graphs.lifecycle import FINAL
from contractops.operator import cases
from contractops.operator.showing.tokens import remember
from contractops.operator.slack.actions import Action, Button
from contractops.operator.store import gates
from contractops.operator.store.tables import Renewal
from contractops.operator.talk.known import visible_owners
from contractops.operator.talk.phrases import say
from contractops.tools.people import Person

TALK: Final = "talk"
"""Mark in the arguments of a button that stands in an answer of a conversation."""
CARD: Final = "talk/"
"""How the keys begin under which such buttons are kept; no card has such a key."""


@dataclass(frozen=True)
class Asked:
    """A message of ``who``. ``key``: of its inbox row; ``now`` is business time."""

    session: Session
    who: Person
    now: datetime
    rules: cases.Rules
    lang: str
    key: str

    def say(self, sentence: str, **values: object) -> str:
        """A frame sentence in the language of the message."""
        return say(sentence, self.lang, **values)

    @cached_property
    def owners(self) -> tuple[str, ...] | None:
        """Owners whose contracts the asker may see; None: all of them."""
        return visible_owners(self.session, self.who)

    def visible(self) -> SelectOfScalar[Renewal]:
        """Open renewals that the asker may see."""
        query = select(Renewal).where(col(Renewal.stage).not_in([str(stage) for stage in FINAL]))
        return query if self.owners is None else query.where(col(Renewal.owner_id).in_(self.owners))

    def row(self, contract: str) -> Renewal | None:
        """The open renewal of a contract: of several units the most urgent one; None when there is none that the asker may see."""
        rows = self.session.exec(self.visible().where(Renewal.contract_id == contract).order_by(col(Renewal.sequence), col(Renewal.id)))
        return min(rows, key=lambda row: (row.decide_by is None, row.decide_by or self.now), default=None)

    def overview(self, row: Renewal) -> cases.Overview:
        """The facts of a renewal now."""
        return cases.overview(self.session, row, self.now, self.rules)

    def button(self, action: Action, row: Renewal, *, shown: str = "", about: str = "", **more: Any) -> Button:
        """A button of the answer. ``shown`` goes into its label, ``about`` names its object."""
        gate = gates.open_of(self.session, row.id, row.version)
        args = {"about": about or shown, "renewal": row.id, TALK: True, **more}
        token = remember(self.session, self.rules.token_secret, f"{CARD}{self.key}", action, gate, args)
        return Button(action=action, token=token, about=shown)

    def listing(self, items: list[str], joint: str = "and") -> str:
        """``a``, ``a and b``, ``a, b and c`` in the language of the message."""
        return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {self.say(joint)} {items[-1]}" if items else ""
