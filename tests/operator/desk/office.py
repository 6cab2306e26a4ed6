"""The desk with everything real around it: an imported portfolio, the Slack door over a socket, the local world; and states to click in.

Rules of this module:

1. A click goes out at the world as a person, comes in over the socket, and is over when the desk has answered it.
2. The database and the world go back together: each test begins with both as they were kept, and knows nothing of another test.
3. A state is made by the answers of people, the clock and the vendors; where only a fault would make it, its rows are written.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from contractops.graphs.steps import NewCard
from contractops.operator.alerting import put
from contractops.operator.clock import wall_now
from contractops.operator.desk.desk import Desk
from contractops.operator.slack import listeners
from contractops.operator.slack.actions import Action
from contractops.operator.slack.commands import Click, Payload, Submit
from contractops.operator.slack.messenger import SlackMessenger
from contractops.operator.store import cards, gates
from contractops.operator.store.tables import Audit, Button, Card, Draft, Gate, Renewal
from contractops.tools.signature import AuthorityMatrix, RoleLimit
from tests.faults.children import Driver
from tests.localworld.worlds import WEB, RunningWorld
from tests.postgres import databases

RENEWAL = "ENT-3391#1"
PATIENCE = 20.0


class Relay:
    """The desk that the door works for at the moment; ``done`` gets the key of each handled payload."""

    def __init__(self) -> None:
        self.desk: Desk | None = None
        self.done: queue.Queue[str] = queue.Queue()

    @property
    def _desk(self) -> Desk:
        assert self.desk is not None
        return self.desk

    def commit(self, key: str, kind: str, payload: Payload) -> bool:
        return self._desk.commit(key, kind, payload)

    def check(self, submit: Submit) -> dict[str, str]:
        return self._desk.check(submit)

    def preview(self, click: Click) -> Payload | None:
        return self._desk.preview(click)

    def handle(self, key: str) -> None:
        try:
            self._desk.handle(key)
        finally:
            self.done.put(key)


@contextmanager
def door(world: RunningWorld, relay: Relay) -> Iterator[None]:
    """The Slack door, open in a thread of its own."""
    begun, stop = threading.Event(), threading.Event()
    problems: list[Exception] = []

    async def run() -> None:
        client = listeners.build_client("xoxb-local", f"{world.url}/slack/api/", 5)
        app = listeners.build_app(client, "A0LOCAL", relay, SlackMessenger("xoxb-local", f"{world.url}/slack/api/", 5))
        socket = listeners.build_socket(app, "xapp-local", ping_interval=1)
        await socket.connect_async()
        begun.set()
        await asyncio.to_thread(stop.wait)
        await socket.close_async()
        if client.session is not None:
            await client.session.close()

    def work() -> None:
        try:
            asyncio.run(run())
        except Exception as problem:  # noqa: BLE001 - told to the test that waits for the door
            problems.append(problem)
            begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert begun.wait(PATIENCE), "the door did not open"
        assert not problems, problems
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)


@dataclass(frozen=True)
class Place:
    """The files that hold everything: a database, and the state of a world, whether it runs or not."""

    database: Path
    world: Path

    @classmethod
    def at(cls, folder: Path) -> Place:
        """The place whose files stand in ``folder``."""
        return cls(folder / "contractops.db", folder / "world.db")

    def copy_to(self, other: Place) -> None:
        """Make ``other`` as this is. Nobody has its database open; its world may run."""
        databases.copy(self.database, other.database)
        with closing(sqlite3.connect(other.world, isolation_level=None)) as there:
            there.executescript(_EMPTY)
            there.execute("ATTACH ? AS kept", (str(self.world),))
            there.executescript(_AS_KEPT)


_EMPTY = """
CREATE TABLE IF NOT EXISTS doc (seq INTEGER PRIMARY KEY, kind TEXT, key TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, at TEXT, surface TEXT, operation TEXT, request TEXT, status INTEGER, answer TEXT);
"""
_AS_KEPT = """
BEGIN IMMEDIATE;
DELETE FROM doc WHERE kind <> 'address';
INSERT INTO doc (kind, key, body) SELECT kind, key, body FROM kept.doc WHERE kind <> 'address' ORDER BY seq;
DELETE FROM journal;
INSERT INTO journal SELECT * FROM kept.journal;
COMMIT;
"""
"""A world's own address is that of its process, and stays."""


class Office(Driver):
    """The operator over a copy of the template's ``Place``, behind the door of the world."""

    def __init__(self, place: Place, template: Place, world: RunningWorld, relay: Relay) -> None:
        super().__init__(place.database.parent, world.url)
        self.place, self.template, self.world, self.relay = place, template, world, relay
        assert self.operator.desk is not None
        relay.desk = self.operator.desk
        self.fresh = False
        """Whether nobody has touched it since the template was copied: see ``states.begin``."""

    # What Slack holds

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.get("/_world/slack/state")
        return found

    def message(self, card: Card) -> dict[str, Any]:
        """The message of a card as Slack has it."""
        return next(one for one in self.state()["messages"][card.channel] if one["ts"] == card.ts)

    def whispers(self, user: str) -> list[dict[str, Any]]:
        """What only ``user`` sees, oldest first."""
        return [one for one in self.state()["ephemeral"] if one["only_for"] == user]

    def view(self, user: str) -> dict[str, Any] | None:
        """The form that is open for ``user``."""
        found = [one for one in self.state()["views"] if one["user"] == user]
        return found[-1]["view"] if found else None

    # What the database holds

    def cards(self, *kinds: str) -> list[Card]:
        """Cards that stand in Slack, oldest first; all kinds when none is named."""
        with self.database.read() as session:
            rows = session.exec(select(Card).where(col(Card.ts).is_not(None)).order_by(col(Card.created_at), col(Card.key))).all()
        return [row for row in rows if not kinds or row.kind in kinds]

    def card(self, kind: str) -> Card:
        """The newest card of ``kind``."""
        return self.cards(kind)[-1]

    def stage(self) -> str:
        return self.renewal().stage

    def events(self) -> list[str]:
        """The chain of the renewal: what happened, in order."""
        with self.database.read() as session:
            return list(session.exec(select(Audit.event).where(Audit.renewal_id == RENEWAL).order_by(col(Audit.number))))

    def decisions(self) -> list[tuple[str, str]]:
        """Every gate that was decided: (decision, by), in order of the visits."""
        with self.database.read() as session:
            rows = session.exec(
                select(Gate).where(Gate.renewal_id == RENEWAL, col(Gate.decision).is_not(None)).order_by(Gate.version)
            ).all()
        return [(str(row.decision), str(row.decided_by)) for row in rows]

    def change(self, model: type[Any], key: str, **values: Any) -> None:
        """Write columns of the rows of ``model`` whose id is ``key``, as a new import or a fault would leave them."""
        self.fresh = False
        with self.database.write() as session:
            for row in session.exec(select(model).where(model.id == key)).all():
                for name, value in values.items():
                    setattr(row, name, value)
                session.add(row)

    # What people do

    def controls(self, card: Card) -> list[tuple[str, str]]:
        """(action id, token) of the buttons of a card as Slack shows it."""
        blocks = self.message(card)["blocks"]
        return [(one["action_id"], one["value"]) for block in blocks if block["type"] == "actions" for one in block["elements"]]

    def act(self, user: str, channel: str, ts: str, action: str, *, times: int = 1, **more: Any) -> None:
        """Click, and wait until the desk has answered."""
        body = {"user": user, "channel": channel, "ts": ts, "action_id": action, "repeat": times, **more}
        answer = WEB.post(f"{self.world.url}/_world/slack/act", json=body)
        assert answer.is_success, f"{action}: {answer.text}"
        assert answer.json()["acked"]
        for _time in range(times):
            self.relay.done.get(timeout=PATIENCE)

    def click(self, user: str, card: Card, action: Action | str, **more: Any) -> None:
        """Click a button of a card, then let everything happen that follows."""
        assert card.channel is not None
        assert card.ts is not None
        self.act(user, card.channel, card.ts, str(action), **more)
        self.drain()

    def submit(self, user: str, values: dict[str, Any]) -> dict[str, Any]:
        """Send the open form; its answer. Everything that follows has happened."""
        view = self.view(user)
        assert view is not None, "no form is open"
        answer: dict[str, Any] = self.world.post("/_world/slack/submit", {"user": user, "view_id": view["id"], "values": values})
        if not answer["errors"]:
            self.relay.done.get(timeout=PATIENCE)
        self.drain()
        return answer

    def first_choices(self, user: str) -> dict[str, str]:
        """The first option of every list of the open form that has nothing chosen yet."""
        found = {}
        for block in (self.view(user) or {"blocks": []})["blocks"]:
            element = block.get("element", {})
            if "options" in element and "initial_option" not in element and element["type"] in {"static_select", "radio_buttons"}:
                found[block["block_id"]] = element["options"][0]["value"]
        return found

    def close_forms(self, user: str) -> None:
        while (view := self.view(user)) is not None:
            self.world.post("/_world/slack/close", {"user": user, "view_id": view["id"]})

    def at(self, when: str) -> None:
        """Business time moves on; what it brings has happened."""
        self.operator.core.clock.move(datetime.fromisoformat(when))  # type: ignore[attr-defined]  # a stored clock, by the settings
        self.jobs.sweep()
        self.drain()
        self.jobs.news()
        self.drain()

    def poll(self) -> None:
        """DocuSign is looked at, the clock's work is done, and everything follows."""
        self.jobs.poll()
        self.drain()
        self.jobs.sweep()
        self.drain()

    def with_levels(self, change: Callable[[RoleLimit], RoleLimit]) -> None:
        """The policy with other limits, as after a start with another policy file."""
        self.fresh = False
        rules = self.operator.core.rules
        object.__setattr__(rules, "matrix", AuthorityMatrix(levels=tuple(change(one) for one in rules.matrix.levels)))

    def ask_too(self, count: int, person: str) -> None:
        """The present draft is asked about under ``count`` more renewals whose dates lie later."""
        now = self.operator.core.clock.now()
        with self.database.write() as session:
            mine = self.renewal()
            draft = session.get_one(Draft, (RENEWAL, mine.draft_number))
            later = select(Renewal).where(Renewal.id != RENEWAL, col(Renewal.safe_on) > mine.safe_on).order_by(col(Renewal.id))
            for row in session.exec(later.limit(count)).all():
                row.next_action_at = None
                values = {
                    "renewal_id": row.id,
                    "version": row.version,
                    "kind": "approver",
                    "payload_hash": "",
                    "draft_number": draft.number,
                }
                session.merge(Draft(**(draft.model_dump() | {"renewal_id": row.id})))
                session.merge(Gate(key=gates.key_of(row.id, row.version), allowed=[person], opened_at=now, **values))
                session.flush()
                args = {"step": 2, "role": "vp_sales", "draft": draft.number}
                card = NewCard(f"{row.id}/second/{draft.number}/0/2/{person}", "second", person, gated=True, args=args)
                put(session, row, card, now, self.operator.core.rules)

    def token(self, card: Card, action: Action) -> Button:
        """What the button of a card stands for."""
        value = next(value for name, value in self.controls(card) if Action.named(name) is action)
        with self.database.read() as session:
            return session.get_one(Button, value)

    # Going back

    def keep(self, folder: Path) -> Place:
        """Copy the database and the world as they are into a new ``folder``."""
        folder.mkdir()
        self.place.copy_to(Place.at(folder))
        return Place.at(folder)

    def restore(self, kept: Place) -> None:
        """The database and the world as they were."""
        self.operator.core.database.dispose()
        kept.copy_to(self.place)

    def rewrite(self, keys: set[str]) -> None:
        """Have the cards of ``keys`` that stand in Slack say what the database says."""
        with self.database.write() as session:
            rows = session.exec(select(Card).where(col(Card.ts).is_not(None), col(Card.key).in_(keys))).all()
            cards.rewrite(session, list(rows), version=0, wall=wall_now())
        self.drain()


def only(office: Office, renewal_id: str) -> None:
    """Every other renewal sleeps, so that a test is about one."""
    with office.database.write() as session:
        for row in session.exec(select(Renewal).where(Renewal.id != renewal_id)).all():
            row.next_action_at = None
            session.add(row)
