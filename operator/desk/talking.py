"""Buttons under the answers of a conversation: what they stand for, and who may use them.

Rule 1: such a button hangs on no card; what it does is done by the same handlers as on a card, with the same checks.
Rule 2: whoever clicks must be somebody who may see the contract, whoever asked.
Rule 3: a choice is answered afresh, with the facts of now.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session

from contractops.graphs.intents import IntentValue
from contractops.graphs.known import Names
from contractops.graphs.lexicon import load
from contractops.operator import cases
from contractops.operator.desk.call import Reply
from contractops.operator.slack.actions import Action
from contractops.operator.slack.answers import NotAvailable, NotStaff
from contractops.operator.slack.commands import Click, Command
from contractops.operator.store.tables import Button, Card, Renewal
from contractops.operator.talk.answers import answer_intent
from contractops.operator.talk.asked import CARD, TALK, Asked
from contractops.operator.talk.known import known, may_see
from contractops.tools.people import Person

_INTENT: Final[TypeAdapter[IntentValue]] = TypeAdapter(IntentValue)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
PROMPTS: Final = (
    "What is due in the next 90 days?",
    "What waits for me?",
    "Which credits are open?",
    "What can you do?",
)


def prompts() -> tuple[str, ...]:
    """The questions that are offered to somebody who opens the conversation; each of them is answered."""
    return PROMPTS


def transient(button: Button) -> Card | None:
    """What stands for the card of a button in an answer: it is never stored and never posted, so a rewrite leaves it alone."""
    if not button.card_key.startswith(CARD) or TALK not in button.args:
        return None
    return Card(key=button.card_key, kind=TALK, renewal_id=button.args.get("renewal"), args={}, created_at=_NEVER, post_at=_NEVER)


def may_see_it(session: Session, button: Button, renewal: Renewal, who: Person) -> bool:
    """Whether ``who`` may see the contract of a button in an answer; on a card, its own rules hold."""
    return TALK not in button.args or may_see(session, who, renewal.owner_id)


def choose(session: Session, command: Command, who: Person, now: datetime, rules: cases.Rules) -> Reply | None:
    """The answer to a choice; None for any other click."""
    if not isinstance(command, Click) or command.action is not Action.TALK_CHOOSE:
        return None
    button = session.get(Button, command.token)
    if button is None or button.action != Action.TALK_CHOOSE:
        return Reply(whisper=NotAvailable(), outcome="unknown token")
    try:
        intent = _INTENT.validate_python(button.args.get("intent"))
    except ValidationError:
        return Reply(whisper=NotAvailable(), outcome="a choice of another version")
    contract = getattr(intent, "contract", None)
    if contract is not None and not Names(known(session, who, now), load()).visible(contract):
        return Reply(whisper=NotStaff(), outcome="not theirs to see")
    key = button.card_key.removeprefix(CARD)
    asked = Asked(session, who, now, rules, str(button.args.get("lang", "en")), f"{key}/{command.action_ts}")
    return Reply(view=answer_intent(asked, intent), outcome=f"chose {intent.name}")


TALK_CLICKS: Final = {Action.TALK_CHOOSE: choose}
"""Actions that are answered here, without a card or a renewal."""
