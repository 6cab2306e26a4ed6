"""The desk itself: takes stored payloads, finds out who and about what, lets one handler answer, and says the answer.

Rule 1: handling a payload is one transaction: the decision, the effects and "handled" are stored together; Slack is asked who clicked
before it begins, and what is said comes after it.
Rule 2: a token leads to its card; a card that stands elsewhere than where we posted it is a copy and can do nothing.
Rule 3: handling twice is harmless: a handled row is left alone. A click that meets an answer which the renewal has not followed yet
lets it go on, and is handled anew.
Rule 4: an answer that Slack does not take is lost and logged; what was decided stays decided, and its cards tell.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import structlog
from sqlmodel import Session

from contractops.operator import cases, unreached
from contractops.operator.clock import wall_now
from contractops.operator.desk import settings
from contractops.operator.desk.call import ANSWER, LINK, Call, Reply
from contractops.operator.desk.chat import Chat
from contractops.operator.desk.clicks import CLICKS
from contractops.operator.desk.identity import Stranger, account_of, person_behind
from contractops.operator.desk.lists import due_list
from contractops.operator.desk.submits import SUBMITS
from contractops.operator.desk.talking import choose, may_see_it, prompts, transient
from contractops.operator.logs import about
from contractops.operator.showing import forms
from contractops.operator.slack import commands
from contractops.operator.slack.actions import Action
from contractops.operator.slack.answers import CopiedCard, NotAvailable, NotStaff, RightsUnknown, Simple, Whisper
from contractops.operator.slack.commands import Click, Command, HomeOpened, Payload, Said, Slash, Submit
from contractops.operator.slack.render import render, render_answer, render_home
from contractops.operator.store import cards, inbox
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Button, Card, Inbox, Renewal
from contractops.operator.talk.asked import TALK
from contractops.tools.alerts import days_left
from contractops.tools.errors import InputError, InvariantError, NotFound, VendorError
from contractops.tools.people import Person
from contractops.tools.ports import Clock, Interaction, Messenger, Posted, SlackUser

ATTEMPTS: Final = 20
"""So many people never have to approve the same terms; each attempt follows the answer of another one."""

log = structlog.get_logger("contractops.desk")


class Desk:
    """Implements the Slack side's ``Desk``. ``on_decided`` and ``on_effects`` ring the engine for a renewal id; ``advance`` carries it on here."""

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
        advance: Callable[[str], None],
        chat: Chat | None = None,
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
        self._advance = advance
        self._chat = chat

    def commit(self, key: str, kind: str, payload: Payload) -> bool:
        """Store one inbound payload; False when it is there already."""
        with self._database.write(about=key) as session:
            return inbox.commit(session, key, kind, payload, at=wall_now())

    def check(self, submit: Submit) -> dict[str, str]:
        """Errors of a form by block id; changes nothing."""
        with self._database.read() as session:
            if submit.callback in settings.OWN_SUBMITS:
                return settings.check(session, submit, self._clock.now())
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
        command = self._stored(key)
        if command is None:
            return
        if isinstance(command, Said) and self._chat is not None:
            self._chat.handle(key, command)
            return
        now = self._clock.now()
        account = account_of(self._messenger, command.actor, self._team_id)
        for _attempt in range(ATTEMPTS):
            with self._database.write() as session:
                row = session.get(Inbox, key)
                if row is None or row.handled_at is not None:
                    return  # another thread was first
                renewal_id, reply = self._answer(session, command, account, now)
                gate = self._gate_of(session, command)
                if not reply.again:
                    inbox.handled(session, key, reply.outcome, at=wall_now())
                    break
            if renewal_id:
                self._advance(renewal_id)
        else:
            raise InvariantError("CO-DSK-002", f"{renewal_id} met {ATTEMPTS} answers of others in a row")
        with about(thread=renewal_id, gate=gate):
            log.info("handled", key=key, outcome=reply.outcome)
        if renewal_id and reply.advance:
            self._on_decided(renewal_id)
        if renewal_id and reply.ring:
            self._on_effects(renewal_id)
        self._say(command, reply)

    @staticmethod
    def _gate_of(session: Session, command: Command) -> str | None:
        """The gate that the button or form answers, for the log."""
        button = session.get(Button, command.token) if isinstance(command, Click | Submit) else None
        return button.gate_key if button else None

    def _stored(self, key: str) -> Command | None:
        """The command of a row that still waits. One that asks nothing, or can no longer be read, is marked as handled."""
        with self._database.read() as session:
            row = session.get(Inbox, key)
        if row is None or row.handled_at is not None:
            return None
        try:
            command = commands.parse(row.payload, self._app_id)
            outcome = "nothing asked"
        except InputError as problem:
            command, outcome = None, f"not readable: {problem}"
        if command is None:
            with self._database.write(about=key) as session:
                inbox.handled(session, key, outcome, at=wall_now())
        return command

    def _answer(self, session: Session, command: Command, account: SlackUser | Stranger, now: datetime) -> tuple[str | None, Reply]:
        if isinstance(command, HomeOpened):
            return None, Reply(outcome="home")
        who = account if isinstance(account, Stranger) else person_behind(session, account)
        if isinstance(who, Stranger):
            return self._turn_away(session, command, who, now)
        unreached.sign_of_life(session, who.person_id)
        own = settings.answer(session, command, who, now, self._rules) or choose(session, command, who, now, self._rules)
        if own is not None:
            return None, own
        match command:
            case Slash():
                return None, Reply(view=due_list(session, who, now, self._rules), outcome="list")
            case Said():
                return None, Reply(outcome="nobody answers here")
            case Click() | Submit():
                return self._act(session, command, who, now)

    def _turn_away(self, session: Session, command: Command, who: Stranger, now: datetime) -> tuple[str | None, Reply]:
        """Nobody who may act. The card he clicked on is rewritten, since the answer vanishes; he is told no figure of it."""
        answer = who.answer
        found = _resolve(session, command.token) if isinstance(command, Click | Submit) else None
        if found is None:
            return None, Reply(whisper=answer, outcome=f"stranger: {who.why}")
        _button, card, renewal = found
        if isinstance(answer, RightsUnknown) and renewal.safe_on and renewal.zone:
            answer = answer.model_copy(update={"days_left": days_left(renewal.safe_on, renewal.zone, now)})
        cards.rewrite(session, [card], version=renewal.version, wall=wall_now())
        return renewal.id, Reply(whisper=answer, ring=True, outcome=f"stranger: {who.why}")

    def _act(self, session: Session, command: Click | Submit, who: Person, now: datetime) -> tuple[str | None, Reply]:
        found = _resolve(session, command.token)
        if found is None:
            return None, Reply(whisper=NotAvailable(), outcome="unknown token")
        button, card, renewal = found
        if not may_see_it(session, button, renewal, who):
            return None, Reply(whisper=NotStaff(), outcome="not theirs to see")
        call = Call(session, command, who, button, card, renewal, now, self._rules)
        name = command.callback if isinstance(command, Submit) else command.action
        if name == Action.FORM_CHANGED:
            return None, Reply(outcome="preview")
        if name.value != button.action:
            return None, Reply(whisper=NotAvailable(), outcome="token of another button")
        if isinstance(command, Submit):
            return renewal.id, SUBMITS[command.callback](call)
        return renewal.id, self._clicked(command, call)

    @staticmethod
    def _clicked(command: Click, call: Call) -> Reply:
        """A button: of an answer, of a copy, or of the card itself."""
        if LINK in call.about:
            return Reply(outcome="link opened")
        if not {ANSWER, TALK} & set(call.about) and not _original(call.card, command):
            return Reply(whisper=CopiedCard(button=call.way_to(Action.CARD_OPEN, call.card)), outcome="copied card")
        return CLICKS[command.action](call)

    def _say(self, command: Command, reply: Reply) -> None:
        """Answer inside the live request; after a restart the trigger is gone and only messages still work."""
        try:
            self._answer_in_slack(command, reply)
        except (VendorError, NotFound) as problem:
            log.warning("answer not delivered", outcome=reply.outcome, error=str(problem))

    def _answer_in_slack(self, command: Command, reply: Reply) -> None:
        if isinstance(command, HomeOpened):
            if command.tab == "messages":
                self._interaction.suggest(command.actor.user_id, prompts())
            else:
                self._interaction.publish_home(command.actor.user_id, render_home())
            return
        whisper = reply.whisper
        if reply.form is not None and not self._opened(command, reply.form):
            whisper = Simple(text="The form did not open. Nothing was changed. Please click once more.")
        channel, thread = self._place(command)
        user = command.actor.user_id
        if whisper is not None:
            self._interaction.whisper(channel, user, render_answer(self._with_link(whisper)), thread_ts=thread)
        if reply.view is not None:
            self._interaction.whisper(channel, user, render(reply.view), thread_ts=thread)
        if reply.upload is not None:
            self._interaction.upload(channel, reply.upload[0], reply.upload[1], thread_ts=thread)

    def _opened(self, command: Command, form: dict[str, Any]) -> bool:
        """Open the form; False when the click is too old for it, or Slack does not take it."""
        if not isinstance(command, Click | Slash) or not command.trigger_id:
            return False
        try:
            self._interaction.open_view(command.trigger_id, form)
        except (VendorError, NotFound) as problem:
            log.warning("form not opened", asked=type(command).__name__, error=str(problem))
            return False
        return True

    def _with_link(self, whisper: Whisper) -> Whisper:
        """The answer with the address of the card that its button leads to; without the button when Slack does not say it."""
        if whisper.button is None:
            return whisper
        with self._database.read() as session:
            stored = session.get(Button, whisper.button.token)
            card = session.get(Card, stored.args[LINK]) if stored and LINK in stored.args else None
        if card is None or card.channel is None or card.ts is None:
            return whisper
        try:
            url = self._messenger.permalink(Posted(channel=card.channel, ts=card.ts))
        except (VendorError, NotFound) as problem:
            log.warning("no link to a card", card=card.key, error=str(problem))
            return whisper.model_copy(update={"button": None})
        return whisper.model_copy(update={"button": whisper.button.model_copy(update={"url": url})})

    def _place(self, command: Command) -> tuple[str, str | None]:
        """Channel and thread of the answer: where the click was, or the card that opened the form, or the person's own messages."""
        own = command.actor.user_id
        match command:
            case Submit():
                with self._database.read() as session:
                    found = _resolve(session, command.token)
                return (found[1].channel, found[1].ts) if found and found[1].channel else (own, None)
            case Click():
                with self._database.read() as session:
                    found = _resolve(session, command.token)
                if found and ANSWER in found[0].args and TALK not in found[0].args:  # an answer is no message that could have a thread
                    return found[1].channel or own, found[1].ts
                return command.channel or own, command.thread_ts or command.message_ts
            case Said():
                return command.channel, command.thread_ts
            case Slash():
                return command.channel, None
            case _:
                return own, None


def _resolve(session: Session, token: str) -> tuple[Button, Card, Renewal] | None:
    button = session.get(Button, token)
    card = (session.get(Card, button.card_key) or transient(button)) if button else None
    renewal_id = (card.renewal_id or button.args.get("renewal")) if card and button else None
    renewal = session.get(Renewal, renewal_id) if renewal_id else None
    return (button, card, renewal) if button and card and renewal else None


def _original(card: Card, click: Click) -> bool:
    """Whether the click came from where we posted the card. A click can be faster than the receipt of its own card: then nothing is known yet."""
    return card.ts is None or (card.channel == click.channel and card.ts == click.message_ts)
