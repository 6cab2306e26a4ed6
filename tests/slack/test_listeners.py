"""The Slack door over a real socket: stored before acknowledged, handled once, and always answered."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from contractops.operator.slack import commands, listeners
from contractops.operator.slack.actions import Action, Callback
from contractops.operator.slack.blocks import Body
from contractops.operator.slack.commands import Click, Payload, Submit
from contractops.operator.slack.forms import FormErrors
from contractops.operator.slack.messenger import SlackMessenger
from contractops.operator.slack.modals import render_form
from contractops.operator.slack.render import render
from contractops.operator.slack.submissions import read_values
from contractops.tools.errors import Refused
from tests.localworld.worlds import RunningWorld, until
from tests.slack import payloads
from tests.slack.payloads import APP
from tests.slack.samples import ALERT, CARDS, DRAFT
from tests.slack.test_forms import EDIT, FORM_SAMPLES

Step = Callable[["Stage"], Awaitable[None]]


class Notebook:
    """A desk that keeps its inbox in memory and notes what happens, in order."""

    def __init__(self, messenger: SlackMessenger) -> None:
        self.messenger = messenger
        self.rows: dict[str, Payload] = {}
        self.handled: list[str] = []
        self.previews: list[Click] = []
        self.refuse_commits = 0
        self.fail: Exception | None = None
        self.form: Body | None = None
        self._lock = threading.Lock()

    def commit(self, key: str, kind: str, payload: Payload) -> bool:
        with self._lock:
            if self.refuse_commits:
                self.refuse_commits -= 1
                raise OSError("the database is not there")
            if key in self.rows:
                return False
            self.rows[key] = payload
            return True

    def check(self, submit: Submit) -> dict[str, str]:
        found = read_values(submit)
        return found.errors if isinstance(found, FormErrors) else {}

    def preview(self, click: Click) -> Payload | None:
        self.previews.append(click)
        return render_form(EDIT.model_copy(update={"term": int(str(click.values["term"])), "preview": None}))

    def handle(self, key: str) -> None:
        self.handled.append(key)
        command = commands.parse(self.rows[key], APP)
        if isinstance(command, Click) and self.form is not None and command.trigger_id is not None:
            self.messenger.open_view(command.trigger_id, self.form)
        if self.fail is not None:
            raise self.fail


class Stage:
    """A world with the door open."""

    def __init__(self, world: RunningWorld) -> None:
        self.world = world
        self.messenger = SlackMessenger("xoxb-local", f"{world.url}/slack/api/", 5)
        self.desk = Notebook(self.messenger)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await asyncio.to_thread(self.world.post, path, body)

    async def click(self, body: Body, action_id: str, key: str, **more: Any) -> Any:
        place = await asyncio.to_thread(self.messenger.post, "U0MARIA", body, key)
        return await self.post(
            "/_world/slack/act", {"user": "U0MARIA", "action_id": action_id, "channel": place.channel, "ts": place.ts, **more}
        )

    async def handled(self, number: int) -> None:
        await asyncio.to_thread(until, lambda: len(self.desk.handled) >= number)

    def whispers(self) -> list[str]:
        journal = self.world.get("/_world/journal", surface="slack", operation="chat.postEphemeral")
        return [str(entry["request"]) for entry in journal]


def played(world: RunningWorld, *steps: Step) -> Notebook:
    """Open the door, play ``steps``, close it."""
    stage = Stage(world)

    async def run() -> None:
        client = listeners.build_client("xoxb-local", f"{world.url}/slack/api/", 5)
        app = listeners.build_app(client, APP, stage.desk, stage.messenger)
        socket = listeners.build_socket(app, "xapp-local", ping_interval=1)
        await socket.connect_async()
        try:
            for step in steps:
                await step(stage)
        finally:
            await socket.close_async()
            if client.session is not None:
                await client.session.close()
            await asyncio.sleep(0.05)

    asyncio.run(run())
    return stage.desk


@pytest.fixture
def world(fresh_world: RunningWorld) -> RunningWorld:
    return fresh_world


def test_click_is_stored_acknowledged_and_handled(world: RunningWorld) -> None:
    """One click: one row, one ack, handled once."""

    async def step(stage: Stage) -> None:
        answer = await stage.click(render(ALERT), "renewal_prepare", "card:1")
        assert (answer["acked"], answer["attempts"]) == (True, 1)
        await stage.handled(1)

    desk = played(world, step)
    assert list(desk.rows) == desk.handled
    assert len(desk.rows) == 1


def test_no_ack_before_the_commit(world: RunningWorld) -> None:
    """The inbox fails once: no acknowledgement; Slack sends again, and the second delivery is stored and handled once."""

    async def step(stage: Stage) -> None:
        stage.desk.refuse_commits = 1
        answer = await stage.click(render(ALERT), "renewal_why", "card:1", repeat=1)
        assert (answer["acked"], answer["attempts"]) in {(True, 2), (False, 1)}
        if not answer["acked"]:  # Slack does not repeat a click; the person sees a warning and clicks again
            assert stage.desk.rows == {}
            await stage.click(render(ALERT), "renewal_why", "card:2")
        await stage.handled(1)

    desk = played(world, step)
    assert len(desk.rows) == len(desk.handled) == 1


def test_no_ack_before_the_commit_of_an_event(world: RunningWorld) -> None:
    """An event that could not be stored is delivered again by Slack and then handled once."""

    async def step(stage: Stage) -> None:
        place = await asyncio.to_thread(stage.messenger.post, "U0MARIA", render(ALERT), "card:1")
        stage.desk.refuse_commits = 1
        said = await stage.post("/_world/slack/say", {"user": "U0MARIA", "channel": place.channel, "text": "what is due?"})
        assert (said["acked"], said["attempts"]) == (True, 2)
        await stage.handled(1)

    desk = played(world, step)
    assert len(desk.rows) == len(desk.handled) == 1


def test_duplicate_delivery_is_handled_once(world: RunningWorld) -> None:
    """The same envelope twice: both acknowledged, one row, handled once."""
    world.fault("duplicate", "socket")

    async def step(stage: Stage) -> None:
        answer = await stage.click(render(DRAFT), "draft_approve", "card:1")
        assert answer["acked"] is True
        await stage.handled(1)
        await asyncio.sleep(0.3)

    desk = played(world, step)
    assert len(desk.rows) == len(desk.handled) == 1


def test_socket_that_breaks_loses_no_click(world: RunningWorld) -> None:
    """A dropped connection is opened again and the click arrives once."""
    world.fault("disconnect", "socket")

    async def step(stage: Stage) -> None:
        await stage.click(render(DRAFT), "draft_approve", "card:1")
        await stage.handled(1)

    assert len(played(world, step).handled) == 1


def test_unknown_button_is_acknowledged_and_answered(world: RunningWorld) -> None:
    """A button of an older version: no row, no work, and a sentence that only the person sees."""
    odd = {
        "text": "Old card",
        "blocks": [
            {"type": "actions", "elements": [{"type": "button", "action_id": "gone", "text": {"type": "plain_text", "text": "Go"}}]}
        ],
    }

    async def step(stage: Stage) -> None:
        answer = await stage.click(odd, "gone", "card:1")
        assert answer["acked"] is True
        whispers = await asyncio.to_thread(stage.whispers)
        assert "I don't know this button any more" in whispers[0]

    assert played(world, step).rows == {}


def test_payload_of_another_app_does_nothing(world: RunningWorld) -> None:
    """With another app id configured, every payload is acknowledged and dropped."""
    stage = Stage(world)

    async def run() -> None:
        client = listeners.build_client("xoxb-local", f"{world.url}/slack/api/", 5)
        socket = listeners.build_socket(listeners.build_app(client, "A0OTHER", stage.desk, stage.messenger), "xapp-local")
        await socket.connect_async()
        try:
            assert (await stage.click(render(ALERT), "renewal_why", "card:1"))["acked"] is True
        finally:
            await socket.close_async()
            if client.session is not None:
                await client.session.close()

    asyncio.run(run())
    assert stage.desk.rows == {}


def test_failure_after_the_ack_is_told(world: RunningWorld) -> None:
    """What goes wrong after the acknowledgement is said to the person, with a code for the log; the row stays."""

    async def step(stage: Stage) -> None:
        stage.desk.fail = Refused("CO-TEST-001", "no")
        await stage.click(render(ALERT), "renewal_why", "card:1")
        await asyncio.to_thread(until, stage.whispers)
        assert "CO-TEST-001" in (await asyncio.to_thread(stage.whispers))[0]

    assert len(played(world, step).rows) == 1


def test_form_with_errors_stays_open_and_is_not_stored(world: RunningWorld) -> None:
    """A form is checked before it is stored; put right, the same open form is taken."""

    async def step(stage: Stage) -> None:
        stage.desk.form = render_form(FORM_SAMPLES["form_decline"])
        await stage.click(render(CARDS["second"]), "second_decline", "card:1")
        await stage.handled(1)
        view_id = await asyncio.to_thread(_open_view, stage.world)
        stage.desk.form = None
        form = {"user": "U0MARIA", "view_id": view_id}
        wrong = await stage.post("/_world/slack/submit", form | {"values": {"reason": "price", "text": "No"}})
        assert "Please say in a sentence what would make it acceptable." in str(wrong)
        assert len(stage.desk.rows) == 1
        await stage.post("/_world/slack/submit", form | {"values": {"reason": "price", "text": "Twelve months would be fine."}})
        await stage.handled(2)

    desk = played(world, step)
    submit = commands.parse(desk.rows[desk.handled[1]], APP)
    assert isinstance(submit, Submit)
    assert submit.values == {"reason": "price", "text": "Twelve months would be fine."}


def test_changed_input_recomputes_the_preview(world: RunningWorld) -> None:
    """A new term in the open form asks the desk for a preview and replaces the view."""

    async def step(stage: Stage) -> None:
        stage.desk.form = render_form(EDIT)
        await stage.click(render(DRAFT), "draft_edit", "card:1")
        await stage.handled(1)
        view_id = await asyncio.to_thread(_open_view, stage.world)
        stage.desk.form = None
        change = {"user": "U0MARIA", "view_id": view_id, "action_id": "v", "block_id": "term", "value": "24"}
        assert (await stage.post("/_world/slack/act", change))["acked"] is True
        await stage.handled(2)

    desk = played(world, step)
    assert [click.values["term"] for click in desk.previews] == ["24"]
    views = world.get("/_world/journal", surface="slack", operation="views.update")
    assert "unknown until every field can be read" in str(views)


def _open_view(world: RunningWorld) -> str:
    """Id of the form that was opened last, as the server answered it."""
    opened = until(
        lambda: [each for each in world.get("/_world/journal", surface="slack", operation="views.open") if each["status"] == 200]
    )
    return str(opened[-1]["answer"]["view"]["id"])


def test_slash_home_and_speech_reach_the_desk(world: RunningWorld) -> None:
    """``/renewals``, an opened App Home and a direct message are stored and handled."""

    async def step(stage: Stage) -> None:
        place = await asyncio.to_thread(stage.messenger.post, "U0MARIA", render(ALERT), "card:1")
        slash = {"user": "U0MARIA", "command": "/renewals", "text": "90", "channel": place.channel}
        assert (await stage.post("/_world/slack/slash", slash))["acked"] is True
        await stage.post("/_world/slack/home", {"user": "U0MARIA"})
        await stage.post("/_world/slack/say", {"user": "U0MARIA", "channel": place.channel, "text": "ok"})
        await stage.handled(3)

    desk = played(world, step)
    kinds = {commands.kind(command) for row in desk.rows.values() if (command := commands.parse(row, APP))}
    assert kinds == {"slash", "homeopened", "said"}


@functools.cache
def _door() -> listeners.AsyncApp:
    messenger = SlackMessenger("xoxb-local", "http://127.0.0.1:9/api/", 5)
    return listeners.build_app(listeners.build_client("xoxb-local", "http://127.0.0.1:9/api/", 5), APP, Notebook(messenger), messenger)


@pytest.mark.parametrize("suffix", ["", ":2"])
def test_every_action_has_one_listener(suffix: str) -> None:
    """Whatever button a card of ours can carry, exactly one listener matches it."""
    missed = [action for action in Action if _matching(payloads.click(action.value + suffix)) != 1]
    assert missed == []


def test_every_form_has_one_listener() -> None:
    """Whatever form is sent, exactly one listener matches it."""
    missed = [callback for callback in Callback if _matching(payloads.form(callback.value)) != 1]
    assert missed == []


def test_unknown_names_have_no_listener() -> None:
    """The search above does not match everything."""
    assert _matching(payloads.click("gone")) == 0
    assert _matching(payloads.click("draft_approve_all")) == 0
    assert _matching(payloads.form("gone")) == 0


def _matching(payload: Payload) -> int:
    request = AsyncBoltRequest(mode="socket_mode", body=payload)

    async def ask() -> int:
        return sum([await each.async_matches(req=request, resp=BoltResponse(status=200)) for each in _door()._async_listeners])

    return asyncio.run(ask())


def test_refused_request_is_logged_without_its_content(caplog: pytest.LogCaptureFixture) -> None:
    """Signature and body of a refused request never reach the log."""
    _door()
    logger = logging.getLogger("slack_bolt.AsyncRequestVerification")
    logger.setLevel(logging.INFO)
    with caplog.at_level(logging.INFO):
        logger.info("Invalid request signature detected (signature: v0=abc, body: token=secret)")
    assert "secret" not in caplog.text
    assert "invalid signature" in caplog.text
