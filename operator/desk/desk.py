"""The desk itself: takes stored payloads, finds out who and about what, lets one handler answer, and says the answer.

Rule 1: handling a payload is one transaction: the decision, the effects and "handled" are stored together; what is said comes after.
Rule 2: a token leads to its card; a card that stands elsewhere than where we posted it is a copy and can do nothing.
Rule 3: handling twice is harmless: a handled row is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session

from contractops.operator import cases
from contractops.operator.clock import wall_now
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.clicks import CLICKS
from contractops.operator.desk.identity import Stranger, identify
from contractops.operator.desk.lists import due_list, what_i_can
from contractops.operator.desk.submits import SUBMITS
from contractops.operator.showing import forms
from contractops.operator.slack import commands
from contractops.operator.slack.answers import CopiedCard, NotAvailable
from contractops.operator.slack.commands import Click, Command, HomeOpened, Payload, Said, Slash, Submit
from contractops.operator.slack.render import render, render_answer, render_home
from contractops.operator.store import inbox
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Button, Card, Inbox, Renewal
from contractops.tools.people import Person
from contractops.tools.ports import Clock, Interaction, Messenger

log = structlog.get_logger("contractops.desk")


class Desk:
    """Implements the Slack side's ``Desk``. ``on_decided`` and ``on_effects`` ring the engine for a renewal id."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: cases.Rules,
        messenger: Messenger,
        interaction: Interaction,
        *,
        app_id: str,
        team_id: str | None,
        on_decided: Callable[[str], None],
        on_effects: Callable[[str], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._messenger = messenger
        self._interaction = interaction
        self._app_id = app_id
        self._team_id = team_id
        self._on_decided = on_decided
        self._on_effects = on_effects

    def commit(self, key: str, kind: str, payload: Payload) -> bool:
        """Store one inbound payload; False when it is there already."""
        with self._database.write() as session:
            return inbox.commit(session, key, kind, payload, at=wall_now())

    def check(self, submit: Submit) -> dict[str, str]:
        """Errors of a form by block id; changes nothing."""
        with self._database.read() as session:
            found = _resolve(session, submit.token)
            if found is None:
                return {}
            button, _card, renewal = found
            return forms.check(session, submit.callback, renewal, button, submit.values, self._clock.now(), self._rules)

    def preview(self, click: Click) -> dict[str, Any] | None:
        """The open form with its figures recomputed."""
        with self._database.read() as session:
            found = _resolve(session, click.token)
            if found is None or click.callback is None:
                return None
            button, card, renewal = found
            return forms.preview(session, click.callback, renewal, card, button, click.values, self._clock.now(), self._rules)

    def handle(self, key: str) -> None:
        """Do the work of one stored payload, then answer."""
        now = self._clock.now()
        with self._database.write() as session:
            row = session.get(Inbox, key)
            if row is None or row.handled_at is not None:
                return
            command = commands.parse(row.payload, self._app_id)
            if command is None:
                inbox.handled(session, key, "nothing asked", at=wall_now())
                return
            renewal_id, reply = self._answer(session, command, now)
            inbox.handled(session, key, reply.outcome, at=wall_now())
        log.info("handled", key=key, outcome=reply.outcome)
        if renewal_id and reply.advance:
            self._on_decided(renewal_id)
        if renewal_id and reply.ring:
            self._on_effects(renewal_id)
        self._say(command, reply)

    def _answer(self, session: Session, command: Command, now: datetime) -> tuple[str | None, Reply]:
        if isinstance(command, HomeOpened):
            return None, Reply(outcome="home")
        who = identify(session, self._messenger, command.actor, self._team_id)
        if isinstance(who, Stranger):
            return None, Reply(whisper=who.answer, outcome=f"stranger: {who.why}")
        match command:
            case Slash():
                return None, Reply(view=due_list(session, who, now, self._rules), outcome="list")
            case Said():
                return None, Reply(view=what_i_can(), outcome="said")
            case Click() | Submit():
                return self._act(session, command, who, now)

    def _act(self, session: Session, command: Click | Submit, who: Person, now: datetime) -> tuple[str | None, Reply]:
        found = _resolve(session, command.token)
        if found is None:
            return None, Reply(whisper=NotAvailable(), outcome="unknown token")
        button, card, renewal = found
        if isinstance(command, Click) and command.message_ts is not None and not _original(card, command):
            return renewal.id, Reply(whisper=CopiedCard(), outcome="copied card")
        call = Call(session, command, who, button, card, renewal, now, self._rules, command.values)
        if isinstance(command, Submit):
            return renewal.id, SUBMITS[command.callback](call)
        if command.action != button.action:
            return renewal.id, Reply(whisper=NotAvailable(), outcome="token of another button")
        return renewal.id, CLICKS[command.action](call)

    def _say(self, command: Command, reply: Reply) -> None:
        """Answer inside the live request; after a restart the trigger is gone and only messages still work."""
        if isinstance(command, HomeOpened):
            self._interaction.publish_home(command.actor.user_id, render_home())
            return
        if reply.form is not None and isinstance(command, Click) and command.trigger_id:
            self._interaction.open_view(command.trigger_id, reply.form)
        channel, thread = self._place(command)
        user = command.actor.user_id
        if reply.whisper is not None:
            self._interaction.whisper(channel, user, render_answer(reply.whisper), thread_ts=thread)
        if reply.view is not None:
            self._interaction.whisper(channel, user, render(reply.view), thread_ts=thread)
        if reply.upload is not None:
            self._interaction.upload(channel, reply.upload[0], reply.upload[1], thread_ts=thread)

    def _place(self, command: Command) -> tuple[str, str | None]:
        """Channel and thread of the answer: where the click was, or the card that opened the form, or the person's own messages."""
        if isinstance(command, Submit):
            with self._database.read() as session:
                found = _resolve(session, command.token)
            card = found[1] if found else None
            return (card.channel or command.actor.user_id, card.ts) if card else (command.actor.user_id, None)
        channel = getattr(command, "channel", None) or command.actor.user_id
        thread = getattr(command, "thread_ts", None) or getattr(command, "message_ts", None)
        return channel, thread


def _resolve(session: Session, token: str) -> tuple[Button, Card, Renewal] | None:
    button = session.get(Button, token)
    card = session.get(Card, button.card_key) if button else None
    renewal_id = (card.renewal_id or button.args.get("renewal")) if card and button else None
    renewal = session.get(Renewal, renewal_id) if renewal_id else None
    return (button, card, renewal) if button and card and renewal else None


def _original(card: Card, click: Click) -> bool:
    return card.channel == click.channel and card.ts == click.message_ts
