"""Conversation at the desk: a message is read, answered and posted as a reply in its thread, once.

Rule 1: the answer is stored in the inbox row before it is posted; what is posted is what was stored, also after a crash.
Rule 2: a row is taken for a while by who works on it; when that time is over, another may go on, and looks first whether the answer stands.
Rule 3: Slack is asked who writes before the transaction; nothing of an answer is computed for a stranger.
Rule 4: figures are shown in direct messages and in private channels only.
Rule 5: the answer carries what read the message: rules, or a model with its name and the hash of its prompt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlmodel import Session

from contractops.graphs import conversation
from contractops.graphs.conversation import Conversation, Second, Turn, Voices
from contractops.graphs.known import Memory
from contractops.operator import cases, unreached
from contractops.operator.clock import wall_now
from contractops.operator.desk.identity import Stranger, account_of, person_behind
from contractops.operator.slack.answers import Simple
from contractops.operator.slack.commands import Said
from contractops.operator.slack.render import render, render_answer
from contractops.operator.store import inbox
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Inbox
from contractops.operator.talk.answers import answer, contract_of_card
from contractops.operator.talk.asked import Asked
from contractops.operator.talk.known import Readers
from contractops.operator.talk.phrases import say
from contractops.tools.errors import NotFound, VendorError
from contractops.tools.people import Person
from contractops.tools.ports import Clock, Interaction, Messenger

LEASE: Final = timedelta(seconds=90)
LOOK_BACK: Final = timedelta(minutes=5)
MAIN: Final = "main"

log = structlog.get_logger("contractops.chat")


@dataclass(frozen=True)
class _Work:
    """A row that was taken: the answer to post, and whether an earlier attempt may have posted it."""

    body: dict[str, Any]
    doubtful: bool
    received_at: datetime


class Chat:
    """Answers messages. ``second`` is the model's reading, None without one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: cases.Rules,
        messenger: Messenger,
        interaction: Interaction,
        graph: Callable[[], Conversation],
        *,
        team_id: str | None,
        second: Second | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._messenger = messenger
        self._interaction = interaction
        self._graph = graph
        self._team_id = team_id
        self._second = second
        self._readers = Readers()

    def handle(self, key: str, said: Said) -> None:
        """Answer the message of row ``key``; doing it twice is harmless. Raises ``VendorError`` when Slack takes no answer: recovery goes on."""
        taken = self._take(key)
        if taken is None:
            return
        work = self._stored(taken) or self._answered(key, said, taken)
        if work is not None:
            self._post(key, said, work)

    def _take(self, key: str) -> Inbox | None:
        """The row as it was, and taken from now on; None when it is done or somebody works on it."""
        wall = wall_now()
        with self._database.write() as session:
            row = session.get(Inbox, key, populate_existing=True)
            if row is None or row.handled_at is not None:
                return None
            kept = _kept(row)
            if kept.get("taken_until") and datetime.fromisoformat(kept["taken_until"]) > wall:
                return None
            before = Inbox(**row.model_dump())
            row.outcome = json.dumps({**kept, "taken_until": (wall + LEASE).isoformat(), "attempts": int(kept.get("attempts", 0)) + 1})
            session.add(row)
        return before

    @staticmethod
    def _stored(row: Inbox) -> _Work | None:
        """The answer that an earlier attempt computed: it may stand already."""
        body = _kept(row).get("body")
        return _Work(body, doubtful=True, received_at=row.received_at) if isinstance(body, dict) else None

    def _answered(self, key: str, said: Said, row: Inbox) -> _Work | None:
        """Compute the answer and store it; a stranger is told so, and that is all."""
        account = account_of(self._messenger, said.actor, self._team_id)
        with self._database.read() as session:
            who = account if isinstance(account, Stranger) else person_behind(session, account)
        if isinstance(who, Stranger):
            self._whisper(said, render_answer(who.answer))
            self._done(key, {"outcome": f"stranger: {who.why}"})
            return None
        if not self._is_private(said):
            self._whisper(said, render_answer(Simple(text=say("public", "en"))))
            self._done(key, {"outcome": "public channel"})
            return None
        now = self._clock.now()
        turn, about = self._turn(key, said, who, now)
        with self._database.write() as session:
            unreached.sign_of_life(session, who.person_id)
            asked = Asked(session, who, now, self._rules, turn.read.lang, key)
            body = render(answer(asked, turn, about))
            stored = session.get_one(Inbox, key, populate_existing=True)
            stored.outcome = json.dumps({**_kept(stored), **_record(turn), "body": body})
            session.add(stored)
        return _Work(body, doubtful=False, received_at=row.received_at)

    def _turn(self, key: str, said: Said, who: Person, now: datetime) -> tuple[Turn, str | None]:
        """The message read in its thread, and the contract that the thread was about before."""
        graph, thread = self._graph(), _thread(said)
        with self._database.read() as session:
            interpreter, _known = self._readers.of(session, who, now)
            asked = Asked(session, who, now, self._rules, "en", key)
            card = contract_of_card(asked, said.channel, said.thread_ts)
        seed = Memory(contract=card) if card else self._main(said)
        before = conversation.memory_of(graph, thread) or seed
        turn = conversation.turn(graph, thread, key, said.text, Voices(interpreter, self._second), seed)
        return turn, before.contract

    def _main(self, said: Said) -> Memory:
        """What the direct conversation outside of threads is about: a thread begun in it goes on from there."""
        if said.thread_ts is None or said.channel[:1] != "D":
            return Memory()
        return conversation.memory_of(self._graph(), f"{said.channel}:{MAIN}") or Memory()

    def _is_private(self, said: Said) -> bool:
        return said.channel[:1] == "D" or self._messenger.is_private(said.channel)

    def _post(self, key: str, said: Said, work: _Work) -> None:
        """Post the answer, unless it stands already, and close the row."""
        thread = said.thread_ts or said.ts
        place = None
        if work.doubtful:
            place = self._messenger.find(said.channel, _post_key(key), since=work.received_at - LOOK_BACK, thread_ts=thread)
        if place is None:
            place = self._messenger.post(said.channel, work.body, _post_key(key), thread_ts=thread)
        self._done(key, {"ts": place.ts})

    def _done(self, key: str, more: dict[str, Any]) -> None:
        with self._database.write() as session:
            row = session.get_one(Inbox, key, populate_existing=True)
            kept = {name: value for name, value in _kept(row).items() if name != "taken_until"}
            inbox.handled(session, key, json.dumps({**kept, **more}), at=wall_now())
        log.info("answered", key=key, reading=kept.get("reading"))

    def _whisper(self, said: Said, body: dict[str, Any]) -> None:
        """Best effort: an answer that changed nothing and shows nothing may be lost."""
        try:
            self._interaction.whisper(said.channel, said.actor.user_id, body, thread_ts=said.thread_ts)
        except (VendorError, NotFound) as problem:
            log.warning("answer not delivered", error=str(problem))

    def stored_in(self, session: Session, key: str) -> dict[str, Any]:
        """What is kept of an answer, for who looks into it."""
        row = session.get(Inbox, key)
        return _kept(row) if row else {}


def _record(turn: Turn) -> dict[str, Any]:
    """What read the message, and as what."""
    opinion = turn.opinion
    model = {"model": opinion.model, "prompt": opinion.prompt, "model_said": opinion.intent or opinion.why} if opinion else {}
    return {"reading": turn.read.reading.model_dump(mode="json"), "lang": turn.read.lang, **model}


def _kept(row: Inbox) -> dict[str, Any]:
    """What earlier attempts left in the row."""
    try:
        found = json.loads(row.outcome or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _thread(said: Said) -> str:
    """The thread whose memory counts: in direct messages all that stands outside of threads is one."""
    if said.thread_ts is None and said.channel[:1] == "D":
        return f"{said.channel}:{MAIN}"
    return f"{said.channel}:{said.thread_ts or said.ts}"


def _post_key(key: str) -> str:
    return f"answer/{key}"
