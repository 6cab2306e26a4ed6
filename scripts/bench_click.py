"""A click on Approve until the card in Slack shows it, with the engine idle.

Rules of this module:

1. Everything is real but the vendors: the operator's process, its database and engine, the Slack client and the local world's Slack.
2. One click at a time; before the next one the workspace must have been quiet for a while, so that no earlier work competes.
3. The time runs from the click to the first look at the message in which it carries no Approve button any more. The workspace says
   when something has changed; looking more often would compete with what is measured.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import bench_portfolio
import httpx
from bench_measure import CannotMeasureError, Figure, clean_environment, percentile, tell, timed
from running_demo import NoDemoError, demo

CLI: Final = str(Path(sys.executable).with_name("contractops"))
CLICKS: Final = 25
GLANCE: Final = 0.1
QUIET: Final = 0.7
PATIENCE: Final = 30.0
TOKEN: Final = {"Authorization": "Bearer xoxb-local"}
Json = dict[str, Any]
Found = tuple[str, str, Json]
"""Conversation, ts and button of a card."""
T = TypeVar("T")


def figures() -> Iterator[Figure]:
    """p50 and p95 of ``CLICKS`` clicks. Raises ``CannotMeasureError`` when the desk does not answer a click."""
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as place:
        folder = Path(place) / "demo"
        try:
            with (
                demo([CLI, "demo", "--folder", str(folder)], Path(place), clean_environment()) as running,
                httpx.Client(base_url=running.world, timeout=40, trust_env=False) as client,
            ):
                desk = _Desk(client)
                with timed(f"{CLICKS} drafts prepared"):
                    _import(desk, Path(place) / "data", folder / "contractops.db", running.world)
                    for number in range(CLICKS):
                        desk.prepare(number)
                taken = [_approve(desk, number) for number in range(CLICKS)]
        except NoDemoError as said:
            raise CannotMeasureError(f"the demo did not come up: {said}") from said
        yield Figure("click on Approve to the updated card, p50", CLICKS, percentile(taken, 0.5), "s", None, runs=1)
        yield Figure("click on Approve to the updated card, p95", CLICKS, percentile(taken, 0.95), "s", 0.5, runs=1)


class _Desk:
    """The workspace as the bench sees it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def messages(self) -> dict[str, list[Json]]:
        """Every message by conversation."""
        found: dict[str, list[Json]] = self._client.get("/_world/slack/state").json()["messages"]
        return found

    def card(self, number: int, label: str) -> Found | None:
        """(conversation, ts, button) of the card about customer ``number`` with that button."""
        for channel, messages in self.messages().items():
            for message in messages:
                button = _button(message, label)
                if button is not None and bench_portfolio.customer(number) in message.get("text", ""):
                    return channel, message["ts"], button
        return None

    def prepare(self, number: int) -> None:
        """The owner asks for terms, and waits until the draft can be approved."""
        self.press(
            number,
            self.wait(lambda: self.card(number, "Prepare terms"), f"an alert for {bench_portfolio.customer(number)}"),
            "Prepare terms",
        )
        self.wait(lambda: self.card(number, "Approve draft 1"), f"a draft for {bench_portfolio.customer(number)} that can be approved")

    def press(self, number: int, found: Found, label: str) -> None:
        """The owner presses the button of the card; returns when the click is acknowledged."""
        channel, ts, button = found
        body = {
            "user": bench_portfolio.slack_id(number),
            "channel": channel,
            "ts": ts,
            "action_id": button["action_id"],
            "block_id": button["block_id"],
        }
        answer = self._client.post("/_world/slack/act", json=body)
        if not answer.is_success or not answer.json()["acked"]:
            raise CannotMeasureError(f"the click on {label} was not acknowledged: {answer.text[:200]}")

    def message(self, channel: str, ts: str) -> Json:
        """One message as it stands now, by Slack's own method: the whole workspace would be too much to read while the time runs."""
        answer = self._client.post("/slack/api/conversations.replies", data={"channel": channel, "ts": ts}, headers=TOKEN).json()
        if not answer["ok"]:
            raise CannotMeasureError(f"the card could not be read: {answer['error']}")
        found: Json = next(message for message in answer["messages"] if message["ts"] == ts)
        return found

    @contextmanager
    def changes(self) -> Iterator[Iterator[str]]:
        """The stream that says when something in the workspace has changed; nothing is missed from here on."""
        with self._client.stream("GET", "/page/events", timeout=PATIENCE) as stream:
            lines = stream.iter_lines()
            next(lines)
            yield (line for line in lines if line.startswith("data:"))

    def seed(self, body: Json) -> None:
        """Add people to the workspace."""
        self._client.post("/_world/seed", json=body).raise_for_status()

    def quiet(self) -> None:
        """Return when nothing has changed for ``QUIET`` seconds."""
        before, since = self.messages(), time.monotonic()
        while time.monotonic() - since < QUIET:
            time.sleep(0.1)
            now = self.messages()
            if now != before:
                before, since = now, time.monotonic()

    def wait(self, look: Callable[[], T | None], expected: str) -> T:
        """The first thing that ``look`` sees. Raises ``CannotMeasureError`` after ``PATIENCE`` seconds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            seen = look()
            if seen is not None:
                return seen
            time.sleep(GLANCE)
        raise CannotMeasureError(f"{expected} did not appear within {PATIENCE:.0f} s")


def _approve(desk: _Desk, number: int) -> float:
    desk.quiet()
    found = desk.card(number, "Approve draft 1")
    if found is None:
        raise CannotMeasureError(f"{bench_portfolio.customer(number)} has no draft to approve")
    channel, ts, _found = found
    with desk.changes() as changes:
        began = time.perf_counter()
        desk.press(number, found, "Approve draft 1")
        while _button(desk.message(channel, ts), "Approve draft 1") is not None:
            next(changes)
        took = time.perf_counter() - began
    tell(f"click {number + 1} of {CLICKS}: {took * 1000:.0f} ms")
    return took


def _button(message: Json, label: str) -> Json | None:
    for block in message.get("blocks") or ():
        for element in block.get("elements", ()):
            if element.get("type") == "button" and element["text"]["text"].startswith(label):
                return {"block_id": block.get("block_id", ""), **element}
    return None


def _import(desk: _Desk, folder: Path, database: Path, world: str) -> None:
    """One owner, customer and small contract for each click, imported beside the sample portfolio."""
    desk.seed({"users": bench_portfolio.seed(CLICKS)["users"]})
    bench_portfolio.write(folder, CLICKS)
    environment = clean_environment(CONTRACTOPS_DATABASE_URL=f"sqlite:///{database}", CONTRACTOPS_CLOCK_URL=f"{world}/_world/clock")
    ran = subprocess.run([CLI, "import", str(folder)], env=environment, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise CannotMeasureError(f"the contracts of the bench could not be imported: {ran.stderr[-300:]}")
