"""Threads for answers: a slow model holds up nothing, a message is taken once, and a failure is logged and found again."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from contractops.operator.desk.talkers import THREADS, Talkers
from contractops.operator.slack.commands import Payload
from contractops.operator.slack.listeners import _Door
from contractops.tools.errors import VendorError
from tests.localworld.worlds import until

PATIENCE = 10.0


def test_a_slow_answer_holds_up_nothing_and_is_taken_once() -> None:
    """Handing a message over returns at once, also while every thread waits; the same key again changes nothing."""
    gate, begun, seen = threading.Event(), threading.Semaphore(0), []

    def handle(key: str) -> None:
        seen.append(key)
        begun.release()
        gate.wait(PATIENCE)

    talkers = Talkers(handle)
    for number in range(THREADS + 2):
        talkers.submit(f"k{number}")
        talkers.submit(f"k{number}")
    for _thread in range(THREADS):
        assert begun.acquire(timeout=PATIENCE)
    assert len(seen) == THREADS
    assert talkers.has("k0")
    gate.set()
    for _rest in range(2):
        assert begun.acquire(timeout=PATIENCE)
    talkers.close()
    assert sorted(seen) == [f"k{number}" for number in range(THREADS + 2)]
    assert not talkers.has("k0")


def test_a_failed_answer_can_be_taken_again() -> None:
    """It is over for the threads; recovery may hand it over once more."""
    tries: list[str] = []

    def handle(key: str) -> None:
        tries.append(key)
        raise VendorError("CO-SLK-022", "Slack failed")

    talkers = Talkers(handle)
    for _time in range(2):
        talkers.submit("k")
        until(lambda: not talkers.has("k"))
    talkers.close()
    assert tries == ["k", "k"]


class Notebook:
    """A desk that must not be asked to work on a message by the door's own threads."""

    def __init__(self) -> None:
        self.committed: list[str] = []
        self.submitted: list[str] = []

    def commit(self, key: str, kind: str, payload: Payload) -> bool:
        self.committed.append(key)
        return True

    def handle(self, key: str) -> None:
        raise AssertionError(key)

    def submit(self, key: str) -> None:
        assert self.committed == [key], "stored first"
        self.submitted.append(key)


def test_the_door_hands_messages_to_their_own_threads() -> None:
    """Stored, acknowledged, handed over; the pool that commits and clicks use is left alone."""
    desk = Notebook()
    door = _Door("A0LOCAL", desk, None, desk)  # type: ignore[arg-type]  # what a message does not ask for
    event = {"type": "app_mention", "channel": "C0REN", "user": "U0MARIA", "text": "<@U0BOT> hi", "ts": "1.2", "team": "T0LOCAL"}
    body = {"type": "event_callback", "api_app_id": "A0LOCAL", "team_id": "T0LOCAL", "event_id": "Ev1", "event": event}
    acks: list[Any] = []

    async def run() -> None:
        context: dict[str, Any] = {}

        async def ack(**more: Any) -> Any:
            acks.append(more)

        async def next_() -> Any:
            await door.work(context, ack)  # type: ignore[arg-type]

        await door.store_first(body, context, ack, next_)  # type: ignore[arg-type]

    asyncio.run(run())
    assert (desk.submitted, len(acks)) == (["event:Ev1"], 1)
